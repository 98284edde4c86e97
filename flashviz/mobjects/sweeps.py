"""The N x N square that Algorithm 1 goes through in sweeps, the chip that holds a block, what flies between, and bars of bytes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from manim import VGroup, VMobject

from flashviz import palette, theme
from flashviz.layout import Rect
from flashviz.layout.io_complexity import Plot, Room, Square
from flashviz.lettering import Face, em
from flashviz.mobjects.named import Named
from flashviz.mobjects.tiles import Rectangles, box, edges, panel
from flashviz.palette import Theme

LETTER = 36  # px
SEAM = em(2)  # between two blocks
CHIP = "KVQO"  # its quarters


class Sweeps(VGroup):
    """The square, its blocks of K and V, the one that is on chip, and the rows of Q and O that pass. Scores are computed, not stored."""

    def __init__(self, place: Square, skin: Theme, tag: str = "sweeps") -> None:
        self.tag, self.place = tag, place
        frames = [Named(box(place.grid, stroke=skin.edge, fill=skin.chip, opacity=1.0), tag=f"{tag} grid")]
        frames += [Named(box(place.strip(name), stroke=skin.hue(name)), tag=f"{tag} {name}") for name in "QO"]
        self.blocks = {name: Rectangles(skin.hue(name), name=f"blocks {name}", opacity=palette.DIM) for name in "KV"}
        self.held = {name: Rectangles(skin.hue(name), name=f"held {name}", opacity=palette.SECOND) for name in "KV"}
        self.passing = {name: Rectangles(skin.hue(name), name=f"passing {name}") for name in "QO"}
        self.lines = Rectangles(skin.quiet, name="columns", opacity=palette.SECOND)
        self.swept = Rectangles(skin.scores, name="swept", opacity=palette.DIM)
        self.tile = Rectangles(skin.scores, name="tile")
        letters = {name: (place.strip(name).center[0], place.grid.y0 - em(28)) for name in "QO"}
        letters |= {name: (place.grid.x0 - em(24), place.strip(name).center[1]) for name in "KV"}
        named = [
            Named(theme.line(name, LETTER, skin.hue(name), Face.STRONG).move_to((*at, 0)), tag=f"label {name}", text=name)
            for name, at in letters.items()
        ]
        super().__init__(
            *frames, *self.blocks.values(), self.swept, self.lines, *self.held.values(), *self.passing.values(), self.tile, *named
        )  # fmt: skip

    def display(self, columns: float, rows: float, swept: float = 0.0) -> Sweeps:
        """Blocks of so many keys and a tile of ``rows`` x ``columns`` scores after so many sweeps; at their end there is none."""
        place, grid, unit = self.place, self.place.grid, self.place.unit
        starts, thin = place.starts(columns), em(1)
        inner = grid.x0 + starts[1:] * unit
        self.lines.display(np.stack([inner - thin, np.full_like(inner, grid.y0), inner + thin, np.full_like(inner, grid.y1)], 1))
        at = min(int(swept + 1e-9), len(starts) - 1)
        passes = 0 < swept < len(starts)
        for name in "KV":
            blocks = edges([place.block(name, float(key), columns) for key in starts]) + np.array([SEAM / 2, 0, -SEAM / 2, 0])
            self.blocks[name].display(blocks)
            self.held[name].display(blocks[at : at + 1] if passes else blocks[:0])
        self.blocks["K"].values = np.array([columns, len(starts)])
        block = place.block("K", float(starts[at]), columns)
        through = swept - at if passes else 1.0
        top = grid.y1 - through * (grid.height - rows * unit)
        done = int(min(swept + 1e-9, len(starts)))
        full = [Rect(grid.x0, grid.y0, place.block("K", float(starts[done - 1]), columns).x1, grid.y1)] if done else []
        self.swept.display(edges([*full, *([Rect(block.x0, top, block.x1, grid.y1)] if passes else [])]))
        self.swept.values = np.array([columns, swept])
        for thing, x0, x1 in (
            (self.tile, block.x0, block.x1), *((lit, place.strip(name).x0, place.strip(name).x1) for name, lit in self.passing.items()),
        ):  # fmt: skip
            thing.display(np.array([[x0, top - rows * unit, x1, top]] if passes else []).reshape(-1, 4))
        self.tile.values = np.array([columns, rows])
        return self


class Chip(VGroup):
    """The chip: what its memory M counts, a block of each matrix, framed, and S, which M does not count.

    Args:
        whole: The chip.
    """

    def __init__(self, whole: Rect, room: Room, skin: Theme) -> None:
        self.tag, self.room = "chip", room
        self.panel = Named(panel(whole, fill=skin.chip, edge=skin.edge), tag="chip panel")
        self.quarters = {name: Rectangles(skin.hue(name), name=f"quarter {name}") for name in CHIP}
        self.scores = Rectangles(skin.scores, name="scores besides", opacity=palette.SECOND)
        self.border = VMobject(stroke_color=skin.ink, stroke_width=theme.HEAVY, fill_opacity=0.0)
        x = room.rect.x0 - em(26)
        letters = [theme.line(name, LETTER, skin.hue(name), Face.STRONG) for name in CHIP]
        self.letters = {
            name: Named(letter.move_to((x, room.quarter(at, 0.0).center[1], 0)), tag=f"quarter label {name}", text=name)
            for at, (name, letter) in enumerate(zip(CHIP, letters, strict=True))
        }
        super().__init__(self.panel, *self.quarters.values(), self.border, self.scores, *self.letters.values())
        self.set_z_index(-1, family=True)  # beneath its words, and what flies to it

    def display(self, quarter: float, scores: float, used: float) -> Chip:
        """So many bytes in a quarter of M, and of S; Q and O, whose blocks are no taller than d, take this share of their quarters."""
        rects = [self.slot(name, quarter) for name in CHIP]
        for name, rect in zip(CHIP, rects, strict=True):
            share = used if name in "QO" else 1.0
            self.quarters[name].display(edges([rect.left(share * rect.width)]))
            self.quarters[name].values = np.array([share * quarter])
        whole = Rect(rects[0].x0, rects[-1].y0, rects[0].x1, rects[0].y1)
        self.border.set_points_as_corners(corners(whole))
        self.scores.display(edges([self.room.besides(quarter, scores)]))
        self.scores.values = np.array([scores])
        return self

    def slot(self, name: str, quarter: float) -> Rect:
        """Where a block is held."""
        return self.room.quarter(CHIP.index(name), quarter).inset(0.0, SEAM)


class Flying(Rectangles):
    """A block on its way between HBM and its place on the chip."""

    def __init__(self, name: str, skin: Theme) -> None:
        super().__init__(skin.hue(name), name=f"flying {name}")

    def between(self, start: Rect, stop: Rect, share: float) -> Flying:
        """So far on its way; gone where it has arrived."""
        self.display(edges([start.toward(stop, share)] if share < 1 else []))
        return self


def corners(rect: Rect) -> np.ndarray:
    """[5, 3] around a rectangle."""
    return np.array([[rect.x0, rect.y0, 0], [rect.x1, rect.y0, 0], [rect.x1, rect.y1, 0], [rect.x0, rect.y1, 0], [rect.x0, rect.y0, 0]])


class Bars(VGroup):
    """What crosses at one M, as a bar, in the hues of its tensors: beneath what crosses but once, then a piece a sweep.

    Args:
        once: Bytes by tensor, from below.
        each: Bytes of a sweep by tensor, from below.
    """

    def __init__(self, plot: Plot, once: Mapping[str, float], each: Mapping[str, float], skin: Theme) -> None:
        self.tag, self.plot, self.once, self.each = "bar", plot, once, each
        self.parts = {name: Rectangles(skin.hue(name), name=f"bar {name}") for name in {**once, **each}}
        super().__init__(*self.parts.values())

    def display(self, m: float, sweeps: float) -> Bars:
        """At M, after so many sweeps; of one that is not through, so much of it."""
        pieces: dict[str, list[tuple[float, float]]] = {name: [] for name in self.parts}
        whole, rest = divmod(sweeps + 1e-9, 1.0)
        low = 0.0
        for amounts, share in ((self.once, 1.0), *[(self.each, 1.0)] * int(whole), *([(self.each, rest)] if rest > 1e-6 else [])):
            for name, nbytes in amounts.items():
                pieces[name].append((low, low + share * nbytes))
                low += share * nbytes
        for name, spans in pieces.items():
            rects = [self.plot.bar(m, high) for _, high in spans]
            self.parts[name].display(edges([Rect(r.x0, self.plot.y(span[0]), r.x1, r.y1) for r, span in zip(rects, spans, strict=True)]))
        self.values = np.array([m, low])
        return self
