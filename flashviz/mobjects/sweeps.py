"""The N x N square that Algorithm 1 goes through in sweeps, the memory that holds a block, what flies between, and bars of bytes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from manim import VGroup, VMobject

from flashviz import palette, theme
from flashviz.chapters.io_complexity import Way
from flashviz.layout import Rect
from flashviz.layout.io_complexity import CHIP, Columns, Square
from flashviz.layout.rect import columns
from flashviz.lettering import Face, em
from flashviz.mobjects.named import Named
from flashviz.mobjects.tiles import Rectangles, box, dashes, edges, outlines
from flashviz.palette import Theme

LETTER = 46  # px
SEAM = em(2)  # between two blocks, two ways, and two sweeps


class Sweeps(VGroup):
    """The square, its blocks of K and V, the one that is on chip, and the rows of Q and O that pass.

    Scores are not stored: the square has a dashed outline, and of them the tile that is computed is framed. O is empty at first, and
    each sweep makes all its rows stronger, from above.
    """

    def __init__(self, place: Square, skin: Theme) -> None:
        self.tag, self.place = "sweeps", place
        grid = Rectangles(skin.quiet, name="sweeps grid").display(dashes(place.grid))
        strips = [
            Named(box(place.strip(name), stroke=skin.hue(name), fill=skin.hue(name), opacity=opacity), tag=f"sweeps {name}")
            for name, opacity in (("Q", palette.FAINT), ("O", 0.0))
        ]
        self.blocks = {name: Rectangles(skin.hue(name), name=f"blocks {name}", opacity=palette.FAINT) for name in "KV"}
        self.held = {name: Rectangles(skin.hue(name), name=f"held {name}") for name in "KV"}
        self.before, self.done = (Rectangles(skin.hue("O"), name=name) for name in ("O before", "O so far"))
        self.passing = {"Q": Rectangles(skin.hue("Q"), name="passing Q"), "O": outlines(skin.hue("O"), "passing O")}
        self.lines = Rectangles(skin.quiet, name="columns", opacity=palette.SECOND)
        self.tile = outlines(skin.scores, "tile", theme.HEAVY)
        letters = {name: (place.strip(name).center[0], place.grid.y0 - em(30)) for name in "QO"}
        letters |= {name: (place.grid.x0 - em(28), place.strip(name).center[1]) for name in "KV"}
        named = [
            Named(theme.line(name, LETTER, skin.hue(name), Face.STRONG).move_to((*at, 0)), tag=f"label {name}", text=name)
            for name, at in letters.items()
        ]
        super().__init__(
            grid, *strips, *self.blocks.values(), self.lines, *self.held.values(), self.before, self.done, *self.passing.values(),
            self.tile, *named,
        )  # fmt: skip

    def display(self, columns: float, rows: float, swept: float = 0.0) -> Sweeps:
        """Blocks of so many keys and a tile of ``rows`` x ``columns`` scores after so many sweeps; at their end there is none."""
        place, grid, unit = self.place, self.place.grid, self.place.unit
        starts, thin = place.starts(columns), em(1)
        inner = grid.x0 + starts[1:] * unit
        self.lines.display(np.stack([inner - thin, np.full_like(inner, grid.y0), inner + thin, np.full_like(inner, grid.y1)], 1))
        at = max(math.ceil(swept - 1e-9) - 1, 0)  # a sweep that is through has its block on chip until the next one begins
        passes = 0 < swept < len(starts)
        for name in "KV":
            blocks = edges([place.block(name, float(key), columns) for key in starts]) + np.array([SEAM / 2, 0, -SEAM / 2, 0])
            self.blocks[name].display(blocks)
            self.held[name].display(blocks[at : at + 1] if passes else blocks[:0])
        self.blocks["K"].values = np.array([columns, len(starts)])
        block = place.block("K", float(starts[at]), columns)
        visits = math.ceil(place.n / rows)
        passed = min(math.floor((swept - at if passes else 1.0) * visits + 1e-3), visits)  # row blocks that have this sweep's part
        row = place.rows("O", min(passed, visits - 1), rows)
        for thing, x0, x1 in (
            (self.tile, block.x0, block.x1), *((lit, place.strip(name).x0, place.strip(name).x1) for name, lit in self.passing.items()),
        ):  # fmt: skip
            thing.display(np.array([[x0, row.y0, x1, row.y1]] if passes else []).reshape(-1, 4))
        self.tile.values = np.array([columns, rows])
        o, added = place.strip("O"), at + 1 if swept > 0 else 0
        line = max(o.y1 - passed * rows * unit, o.y0)
        for part, rect, sweeps in ((self.done, o.above(line - o.y0), added), (self.before, o.bottom(line - o.y0), added - 1)):
            part.display(edges([rect] if sweeps > 0 and rect.height > 0 else []))
            part.set_fill(opacity=strength(max(sweeps, 0) / len(starts)))
        return self

    def widen(self, before: float, after: float, share: float, *, full: bool = False) -> Sweeps:
        """On the way from blocks of so many keys to others, before all sweeps or after them."""
        columns = before + (after - before) * share
        return self.display(columns, columns, float(len(self.place.starts(columns))) if full else 0.0)


class Memory(VGroup):
    """On-chip memory M in a frame, with a block of K, V, Q and O; equal areas are equal bytes."""

    def __init__(self, skin: Theme, tag: str, width: float = theme.HEAVY) -> None:
        self.tag = tag
        self.border = VMobject(stroke_color=skin.ink, stroke_width=width, fill_color=skin.chip, fill_opacity=1.0)
        self.parts = {name: Rectangles(skin.hue(name), name=f"{tag} {name}") for name in CHIP}
        super().__init__(self.border, *self.parts.values())

    def display(self, rect: Rect, blocks: Mapping[str, Rect]) -> Memory:
        """As large as ``rect``, with blocks where they are."""
        self.border.set_points_as_corners(corners(rect))
        for name, part in self.parts.items():
            part.display(edges([blocks[name]] if name in blocks else []))
        return self

    @staticmethod
    def quarters(rect: Rect, filled: Mapping[str, float]) -> dict[str, Rect]:
        """Side by side in memory as large as ``rect``, each fills so much of its quarter."""
        places = [quarter.inset(min(SEAM, quarter.width / 8)) for quarter in columns(rect, len(CHIP))]
        return {name: place.left(filled[name] * place.width) for name, place in zip(CHIP, places, strict=True)}


class Block(VGroup):
    """Blocks of O in the first sweep: outlines, and as strong as they are finished once they have been on chip.

    Args:
        share: Of all sweeps, the first.
    """

    def __init__(self, skin: Theme, share: float, tag: str = "block O") -> None:
        self.tag = tag
        self.whole = outlines(skin.hue("O"), f"{tag} whole")
        self.done = Rectangles(skin.hue("O"), name=f"{tag} so far", opacity=strength(share))
        super().__init__(self.done, self.whole)

    def display(self, empty: Sequence[Rect], swept: Sequence[Rect] = ()) -> Block:
        """Where those are that have not been on chip, and those that have."""
        self.whole.display(edges([*empty, *swept]))
        self.done.display(edges(swept))
        return self


def strength(share: float) -> float:
    """Opacity of O so far: the first of many sweeps is to be seen, and each later one makes it stronger."""
    return math.cbrt(share)


class Stripes(VGroup):
    """What crosses in one sweep: a pale stripe a way, bright as far as it has crossed."""

    def __init__(self, ways: Sequence[Way], skin: Theme) -> None:
        self.tag = "stripes"
        self.whole = [Rectangles(skin.hue(way.tensor), name=f"whole {way.name}", opacity=palette.FAINT) for way in ways]
        self.done = [Rectangles(skin.hue(way.tensor), name=f"crossed {way.name}") for way in ways]
        super().__init__(*self.whole, *self.done)

    def display(self, rects: Sequence[Rect], shares: Sequence[float]) -> Stripes:
        """Where each is, and how much of it has crossed."""
        for whole, done, rect, share in zip(self.whole, self.done, rects, shares, strict=True):
            whole.display(edges([rect] if share < 1 else []))
            done.display(edges([rect.left(rect.width * share)] if share else []))
        return self


def corners(rect: Rect) -> np.ndarray:
    """[5, 3] around a rectangle."""
    return np.array([[rect.x0, rect.y0, 0], [rect.x1, rect.y0, 0], [rect.x1, rect.y1, 0], [rect.x0, rect.y1, 0], [rect.x0, rect.y0, 0]])


class Bars(VGroup):
    """What crosses at one M, as a bar, in the hues of its tensors: a slab a sweep, and over them what crosses but once.

    Args:
        each: What crosses at each sweep, from below.
        once: What crosses however many sweeps there are, from below.
    """

    def __init__(self, index: int, each: Sequence[Way], once: Sequence[Way], skin: Theme) -> None:
        self.tag, self.index, self.each, self.once = f"bar {index}", index, each, once
        self.parts = {way.tensor: Rectangles(skin.hue(way.tensor), name=f"bar {way.tensor}") for way in (*each, *once)}
        self.seams = Rectangles(skin.ground, name="seams")
        super().__init__(*self.parts.values(), self.seams)

    def display(self, columns: Columns, sweeps: float, laid: float = 0.0) -> Bars:
        """After so many sweeps, and with so much of what crosses once."""
        whole, rest = divmod(sweeps + 1e-9, 1.0)
        self.pile(columns, [*[(self.each, 1.0)] * int(whole), (self.each, rest if rest > 1e-6 else 0.0), (self.once, laid)])
        self.values = np.array([sweeps, laid * total(self.once) + sweeps * total(self.each)])
        return self

    def sift(self, columns: Columns, sweeps: int, share: float) -> Bars:
        """Rows' sums and maxima leave the sweeps and gather over them, so far on their way; what crosses once stays over them."""
        pieces: dict[str, list[Rect]] = {name: [] for name in self.parts}
        low, goals = 0.0, {True: 0.0, False: float(sweeps * sum(way.nbytes for way in self.each if way.tensor != "L"))}
        seams, thin = [], min(SEAM, columns.bar(self.index, 0.0, total(self.each)).height / 8)
        for _ in range(sweeps):
            for way in self.each:
                goal = goals[way.tensor != "L"]
                start = low + (goal - low) * share
                pieces[way.tensor].append(columns.bar(self.index, start, start + way.nbytes))
                low, goals[way.tensor != "L"] = low + way.nbytes, goal + way.nbytes
            seams.append(pieces["Q"][-1].bottom(thin).shifted(0.0, -thin))
        for way in self.once:
            pieces[way.tensor].append(columns.bar(self.index, low, low + way.nbytes))
            low += way.nbytes
        for name, rects in pieces.items():
            self.parts[name].display(edges(rects))
        self.seams.display(edges(seams))
        return self

    def pile(self, columns: Columns, slabs: Sequence[tuple[Sequence[Way], float]]) -> Bars:
        """Slabs, each as far as it is laid: way upon way, from below."""
        pieces: dict[str, list[Rect]] = {name: [] for name in self.parts}
        seams, thin = [], min(SEAM, columns.bar(self.index, 0.0, total(self.each)).height / 8)  # narrow between low slabs
        low = 0.0
        for ways, share in slabs:
            rest = share * total(ways)
            for way in ways:
                laid = min(rest, way.nbytes)
                if laid > 0:
                    pieces[way.tensor].append(columns.bar(self.index, low, low + laid))
                low, rest = low + laid, rest - laid
            if share == 1:
                seams.append(columns.bar(self.index, low, low).inset(0.0, -thin / 2).shifted(0.0, -thin / 2))
        for name, rects in pieces.items():
            self.parts[name].display(edges(rects))
        self.seams.display(edges(seams))
        return self


def total(ways: Sequence[Way]) -> int:
    """Bytes of all of them."""
    return sum(way.nbytes for way in ways)
