"""The N x N square that Algorithm 1 goes through in sweeps, and bars of bytes that leave a curve behind."""

from __future__ import annotations

import numpy as np
from manim import VGroup, VMobject

from flashviz import palette, theme
from flashviz.layout import Rect
from flashviz.layout.io_complexity import Blocks, Plot, Square
from flashviz.lettering import Face, em
from flashviz.mobjects.cast import Cast
from flashviz.mobjects.named import Named
from flashviz.mobjects.tiles import Rectangles, box
from flashviz.palette import Theme

LETTER = 36  # px
SWEPT = 0.30  # opacity of the columns that were swept
SEAM = em(2)  # between two sweeps in a bar, where there is room
INSET = em(3)  # of a block on chip
LEGIBLE = 0.8  # of a letter's size


class Sweeps(VGroup):
    """The square with a line between two blocks of keys, the strips of K, Q and O, and the tile. Scores are computed here, not stored."""

    def __init__(self, place: Square, n: int, skin: Theme) -> None:
        self.tag, self.place, self.n, self.skin = "sweeps", place, n, skin
        edges = (("grid", place.grid, skin.scores), ("K", place.k, skin.k), ("Q", place.q, skin.q), ("O", place.o, skin.o))
        frames = [
            Named(box(rect, stroke=hue, fill=hue, opacity=0.0 if name == "grid" else palette.DIM), tag=f"sweeps {name}")
            for name, rect, hue in edges
        ]
        under = place.grid.y0 - em(30)
        letters = {"K": (place.q.center[0], place.k.center[1]), "Q": (place.q.center[0], under), "O": (place.o.center[0], under)}
        named = [
            Named(theme.line(name, LETTER, skin.hue(name), Face.STRONG).move_to((*at, 0)), tag=f"label {name}", text=name)
            for name, at in letters.items()
        ]
        self.lines = Rectangles(skin.quiet, name="columns", opacity=palette.SECOND)
        self.swept = Rectangles(skin.scores, name="swept", opacity=SWEPT)
        self.lit = {name: Rectangles(skin.hue(name), name=f"lit {name}") for name in "KQO"}
        self.tile = Rectangles(skin.ink, name="tile")
        self.moving = VGroup(self.swept, *self.lit.values(), self.tile)
        super().__init__(*frames, *named, self.lines, self.moving)

    def cell(self, columns: float, rows: float) -> Rect:
        """Where the first tile stands."""
        grid = self.place.grid
        return Rect(grid.x0, grid.y1 - rows * grid.height / self.n, grid.x0 + columns * grid.width / self.n, grid.y1)

    def display(self, columns: float, rows: float, swept: float = 0.0) -> Sweeps:
        """A tile of ``rows`` x ``columns`` scores after so many sweeps."""
        grid, n = self.place.grid, self.n
        wide, high = columns * grid.width / n, rows * grid.height / n
        count = int(np.ceil(n / columns - 1e-9))
        edges = np.minimum(grid.x0 + np.arange(count + 1) * wide, grid.x1)
        inner, thin = edges[1:-1], em(1.0)
        self.lines.display(np.stack([inner - thin, np.full_like(inner, grid.y0), inner + thin, np.full_like(inner, grid.y1)], 1))
        done = int(min(swept, count) + 1e-9)
        part = 0.0 if done == count else swept - done
        gap, top = min(em(2), 0.15 * wide), grid.y1 - part * (grid.height - high)
        boxes = [[edges[at] + gap, grid.y0, edges[at + 1] - gap, grid.y1] for at in range(done)]
        left, right = edges[min(done, count - 1)], edges[min(done, count - 1) + 1]
        if part:
            boxes.append([left + gap, top, right - gap, grid.y1])
        self.swept.display(np.array(boxes).reshape(-1, 4))
        self.swept.values = np.array([swept])
        self.tile.display(np.array([[left, top - high, right, top]]))
        self.tile.values = np.array([columns, rows])
        k, q, o = self.place.k, self.place.q, self.place.o
        self.lit["K"].display(np.array([[left, k.y0, right, k.y1]]))
        self.lit["Q"].display(np.array([[q.x0, top - high, q.x1, top]]))
        self.lit["O"].display(np.array([[o.x0, top - high, o.x1, top]]))
        return self


class HeldBlocks(VGroup):
    """What is on chip for one tile: M as a box, a block each of K, V, Q and O, and the scores S that they make."""

    def __init__(self, d: int, skin: Theme) -> None:
        self.tag, self.d = "blocks", d
        hues = {name: skin.hue(name) for name in "KVQOS"}
        self.box = VMobject(stroke_color=skin.ink, stroke_width=theme.HEAVY, fill_color=skin.chip, fill_opacity=1.0)
        self.blocks = {name: Rectangles(hue, name=f"block {name}") for name, hue in hues.items()}
        self.letters = {
            name: Named(theme.line(name, LETTER, skin.ground, Face.STRONG), tag=f"block name {name}", text=name) for name in hues
        }
        self.full = {name: (letter.width, letter.height) for name, letter in self.letters.items()}
        self.casts = {name: Cast(letter) for name, letter in self.letters.items()}
        super().__init__(self.box, *self.blocks.values(), *self.letters.values())

    def display(self, rect: Rect, unit: float, rows: float, columns: float) -> HeldBlocks:
        """From the left of ``rect``; letters as large as their blocks let them be, none where one would be too small."""
        stands = Blocks.of(rect, unit, rows, columns, self.d)
        self.box.set_points_as_corners(corners(stands.box))
        scales = []
        for name, block in self.blocks.items():
            at: Rect = getattr(stands, name.lower())
            at = at.inset(min(INSET, 0.1 * at.width), min(INSET, 0.1 * at.height))
            block.display(np.array([at.edges]))
            wide, high = self.full[name]
            scales.append(min(1.0, 0.9 * at.height / high, 0.8 * at.width / wide))
            self.casts[name].move_to(at.center, scales[-1])
        for letter in self.letters.values():
            letter.set_opacity(float(min(scales) >= LEGIBLE))
        self.blocks["S"].values = np.array([columns, rows])
        return self


def corners(rect: Rect) -> np.ndarray:
    """[5, 3] around a rectangle."""
    return np.array([[rect.x0, rect.y0, 0], [rect.x1, rect.y0, 0], [rect.x1, rect.y1, 0], [rect.x0, rect.y1, 0], [rect.x0, rect.y0, 0]])


class Bars(VGroup):
    """What crosses at one M, as a bar: beneath what crosses but once, then a piece a sweep, with a seam between two."""

    def __init__(self, plot: Plot, once: float, skin: Theme) -> None:
        self.tag, self.plot, self.once = "bar", plot, once
        self.bar = Rectangles(skin.o, name="bar bytes")
        self.base = Rectangles(skin.k, name="bar once")
        super().__init__(self.bar, self.base)

    def display(self, m: float, nbytes: float, sweeps: float, sweep: float) -> Bars:
        """``sweeps`` of so many bytes each over what crosses but once."""
        rect = self.plot.bar(m, nbytes)
        edges = self.plot.y(0.0) + self.plot.unit * (self.once + sweep * np.arange(np.floor(sweeps + 1e-9) + 1))
        if edges[-1] < rect.y1 - 1e-9:
            edges = np.append(edges, rect.y1)
        seam = SEAM if sweep * self.plot.unit > 3 * SEAM else 0.0
        self.base.display(np.array([[rect.x0, rect.y0, rect.x1, edges[0] - seam]]))
        self.base.values = np.array([self.once])
        low, high = edges[:-1], np.maximum(edges[1:] - seam, edges[:-1])
        self.bar.display(np.stack([np.full_like(low, rect.x0), low, np.full_like(low, rect.x1), high], 1))
        self.bar.values = np.array([m, nbytes])
        return self


class Trail(VMobject):
    """The curve that a bar's top leaves."""

    def __init__(self, plot: Plot, color: str) -> None:
        super().__init__(stroke_color=color, stroke_width=theme.HEAVY, fill_opacity=0.0)
        self.tag, self.plot, self.values = "curve", plot, np.zeros((0, 2))

    def display(self, points: np.ndarray) -> Trail:
        """Through [n, 2] of (M, bytes)."""
        self.values = np.asarray(points, dtype=float)
        if len(points) > 1:
            self.set_points_as_corners([(self.plot.x(m), self.plot.y(nbytes), 0.0) for m, nbytes in self.values])
        else:
            self.clear_points()
        return self
