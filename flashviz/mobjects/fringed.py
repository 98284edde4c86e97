"""A cross whose loop is seen: a line through the visited tiles, and outside of each tile of Q, K, V and O a tick each time it crosses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from manim import Group, VGroup

from flashviz import palette, theme
from flashviz.layout import Cross, Fringe
from flashviz.lettering import Face, em
from flashviz.mobjects.hbm import CrossView
from flashviz.mobjects.named import Named
from flashviz.mobjects.tiles import Rectangles, outlines
from flashviz.palette import Theme

LINE = em(7)  # how thick the line through visited tiles is
ARRIVES = 0.4  # of a tile's time: then the line has come to it
LETTER = 36  # px


class FringedCross(Group):
    """The matrices of one head. The grid keeps no value: a line, and a hollow cursor at its head, say which tiles were visited.

    Args:
        passes: The visits [n, 2] of (i, j) of each pass of the outer loop.
    """

    def __init__(self, fringe: Fringe, passes: Sequence[np.ndarray], skin: Theme, *, name: str) -> None:
        self.fringe, self.passes, self.skin, self.tag = fringe, passes, skin, name
        cross = fringe.cross
        self.view = CrossView(cross, skin, name=f"cross {name}")
        self.grid, self.strips = self.view.grid, self.view.strips
        self.letters = VGroup(*(
            Named(theme.line(t, LETTER, skin.hue(t), Face.STRONG).move_to(fringe.corner(t).center), tag=f"label {t}", text=t)
            for t in "QKVO"
        ))  # fmt: skip
        self.line = Rectangles(skin.ink, name="visits", opacity=palette.SECOND)
        self.cursors = outlines(skin.ink, "cursors", theme.HEAVY)
        self.waiting = outlines(skin.quiet, "waiting")
        self.ticks = {t: Rectangles(skin.hue(t), name=f"ticks {t}") for t in "QKVO"}
        super().__init__(
            self.grid, *self.strips.values(), self.line, *self.ticks.values(), self.letters, self.waiting, self.cursors
        )  # fmt: skip

    def cross_at(self, counts: Mapping[str, np.ndarray]) -> FringedCross:
        """So often each tile has crossed. ``values`` of the ticks are the counts."""
        for tensor, ticks in self.ticks.items():
            ticks.values = counts[tensor]
            ticks.display(self.boxes(tensor, counts[tensor]))
        return self

    def boxes(self, tensor: str, counts: np.ndarray) -> np.ndarray:
        """[n, 4] of the ticks of a matrix; of merged tiles the mean."""
        cross = self.fringe.cross
        band = cross.band_rows if tensor in "QO" else cross.band_cols
        shown = np.arange(len(counts)) // band
        return self.fringe.ticks(tensor, np.bincount(shown, counts) / np.maximum(1, np.bincount(shown)))

    def visit(self, done: Sequence[float], *, live: bool = False) -> FringedCross:
        """So many tiles of each pass are visited. A cursor stands at the head of each that is under way, where several are
        ``live``, and a faint one where a pass waits to begin.
        """
        lines, heads, at, later = [], [], [], []
        for visits, count in zip(self.passes, done, strict=True):
            if count <= 0:
                later += [self.middle(*visits[0])] if live else []
                continue
            begun = int(count + 1e-9)
            place = max(0.0, begun + min(1.0, (count - begun) / ARRIVES) - 1)
            centers = np.array([self.middle(*visit) for visit in visits[: int(np.ceil(place)) + 1]])
            head = np.array([np.interp(place, np.arange(len(centers)), centers[:, axis]) for axis in (0, 1)])
            (x0, y0), (x1, y1) = np.minimum(centers[0], head), np.maximum(centers[0], head)
            if place > 0 or count >= 1:
                lines.append((x0 - LINE / 2, y0 - LINE / 2, x1 + LINE / 2, y1 + LINE / 2))
            if count < len(visits) - 1e-9:
                heads.append(head)
                at.append(visits[min(int(count), len(visits) - 1)])
        self.line.values = np.asarray(done, dtype=float)
        self.line.display(np.array(lines).reshape(-1, 4))
        half = np.array([self.cross.cell_width, self.cross.cell_height]) / 2
        for drawn, cells in ((self.cursors, heads), (self.waiting, later)):
            drawn.display(np.array([(*(head - half), *(head + half)) for head in cells]).reshape(-1, 4))
        self.light(at)
        return self

    def light(self, visits: Sequence[np.ndarray]) -> None:
        """The tiles of Q, K and V that are in work."""
        lit = {"Q": {self.cross.row_of(int(i)) for i, _ in visits}}
        lit["K"] = lit["V"] = {self.cross.col_of(int(j)) for _, j in visits}
        for tensor, shown in lit.items():
            for index, tile in enumerate(self.strips[tensor]):
                tile.set_fill(opacity=palette.LIT if index in shown else palette.RESTING)

    def store(self, shares: np.ndarray) -> FringedCross:
        """So much of each tile of O is stored."""
        bands = np.arange(len(shares)) // self.cross.band_rows
        for tile, share in zip(self.strips["O"], np.bincount(bands, shares) / np.bincount(bands), strict=True):
            tile.set_fill(opacity=palette.LIT * float(share))
        return self

    @property
    def cross(self) -> Cross:
        return self.fringe.cross

    def middle(self, i: int, j: int) -> np.ndarray:
        """Of the cell that shows score tile (i, j)."""
        cell = self.cross.cell(self.cross.row_of(int(i)), self.cross.col_of(int(j)))
        return np.array(cell.center[:2])
