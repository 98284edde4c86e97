"""HBM as a panel that can be placed: the matrices of one head around the score grid, drawn from ``place`` and ``display``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from manim import Group, RoundedRectangle, VGroup, VMobject

from flashviz import palette, theme
from flashviz.config import AttentionConfig
from flashviz.layout import Cross, Rect, cross
from flashviz.lettering import TITLE_PX, em
from flashviz.mobjects.cast import Cast
from flashviz.mobjects.hbm import NAMES, grid_points
from flashviz.mobjects.named import NamedPath
from flashviz.mobjects.stored import TiledPicture
from flashviz.mobjects.tiles import Rectangles, outlines
from flashviz.palette import Theme

PARTED = 0.16  # of a row block's height, at its upper and its lower side
AROUND = em(7)
NAMED = em(416)  # height from which on matrices have names
CORNER = em(22)
BEHIND, EDGE = 0.07, em(3)  # of the grid's sides: what is seen of the sheet behind; what is left free around both


@dataclass(frozen=True)
class Whole:
    """What of HBM is lit. Indices are shown cells: tiles, or bands of them.

    ``lit``: cells of Q, K, V in use. ``written``: cells of O that hold their values. ``cursor``: the hollow mark on a score tile.
    ``seam``: how wide the cuts between tiles are, 1 at rest. ``apart`` 0..1: how far the row blocks have parted.
    """

    lit: Mapping[str, frozenset[int]] = field(default_factory=dict)
    written: frozenset[int] = frozenset()
    cursor: tuple[int, int] | None = None
    seam: float = 1.0
    apart: float = 0.0


class Chip(VMobject):
    """The chip: a panel, small beside HBM, or as large as the frame while all that is seen happens on it."""

    def __init__(self, skin: Theme) -> None:
        self.tag = "chip"
        super().__init__(stroke_color=skin.edge, stroke_width=theme.OUTLINE, fill_color=skin.chip, fill_opacity=1)

    def place(self, rect: Rect) -> Chip:
        """Fill ``rect``."""
        self.rect = rect
        self.points = RoundedRectangle(corner_radius=CORNER, width=rect.width, height=rect.height).move_to(rect.center).points
        return self


class HbmPanel(Group):
    """The cross of Q, K, V, O around the score grid."""

    def __init__(self, config: AttentionConfig, skin: Theme, name: str) -> None:
        self.tag, self.config, self.skin = name, config, skin
        self.grid = NamedPath(f"{name} grid", stroke_color=skin.edge, stroke_width=theme.HAIRLINE)
        self.resting = {t: self._cells(t, 0.0 if t == "O" else palette.RESTING) for t in "QKVO"}
        self.lit = {t: self._cells(t, palette.LIT) for t in "QKVO"}
        self.names = {t: theme.maths(NAMES[t], 1.2 * TITLE_PX, skin.hue(t)) for t in "QKVO"}
        self.casts = {t: Cast(name) for t, name in self.names.items()}
        self.cursor = outlines(skin.ink, f"{name} cursor", theme.HEAVY)
        self.strips = outlines(skin.ink, f"{name} row blocks")
        self.now = Whole()
        super().__init__(self.grid, *self.resting.values(), *self.lit.values(), VGroup(*self.names.values()), self.cursor, self.strips)

    def _cells(self, tensor: str, opacity: float) -> Rectangles:
        hue = self.skin.hue(tensor)
        cells = Rectangles(hue, name=f"{self.tag} {tensor}", opacity=opacity)
        cells.set_stroke(hue, width=theme.HAIRLINE, opacity=1)
        return cells

    def place(self, rect: Rect) -> HbmPanel:
        """Fit the matrices into ``rect``; names are left out where they would be small."""
        self.rect = rect
        self.cross: Cross = cross(self.config, rect)
        self.grid.points = grid_points(self.cross)
        for tensor, name in self.names.items():
            self.casts[tensor].move_to(self.cross.label(tensor).center)
            name.set_fill(opacity=float(rect.height > NAMED))
        return self.display()

    def display(self, **changes: Any) -> HbmPanel:
        """What is lit now."""
        self.now = replace(self.now, **changes)
        for tensor in "QKVO":
            count = self.cross.n_rows if tensor in "QO" else self.cross.n_cols
            on = self.now.written if tensor == "O" else self.now.lit.get(tensor, frozenset())
            boxes = np.array([self._box(tensor, k) for k in range(count)])
            shown = np.array([k in on for k in range(count)])
            self.resting[tensor].display(boxes[~shown])
            self.lit[tensor].display(boxes[shown])
        cell = None if self.now.cursor is None else self.cross.cell(*self.now.cursor)
        self.cursor.display(np.zeros((0, 4)) if cell is None else np.array([[cell.x0, cell.y0, cell.x1, cell.y1]]))
        self.grid.set_stroke(opacity=1 - self.now.apart)
        blocks = [self._block(row) for row in range(self.cross.n_rows)] if self.now.apart else []
        self.strips.display(np.array(blocks).reshape(-1, 4)).set_stroke(opacity=self.now.apart)
        return self

    def _block(self, row: int) -> tuple[float, float, float, float]:
        """Around a row block: its rows of Q, of the scores and of O."""
        q, o = self._box("Q", row), self._box("O", row)
        return q[0] - AROUND, q[1] - AROUND, o[2] + AROUND, o[3] + AROUND

    def _box(self, tensor: str, index: int) -> tuple[float, float, float, float]:
        tile = self.cross.tile(tensor, index)
        gap = self.now.seam * min(0.018, 0.05 * min(tile.width, tile.height))
        across, along = (0.0, gap + PARTED * self.now.apart * tile.height) if tensor in "QO" else (gap, 0.0)
        tile = tile.inset(across, along)
        return tile.x0, tile.y0, tile.x1, tile.y1

    def tile(self, tensor: str, index: int) -> Rect:
        """Where a tile stands."""
        return self.cross.tile(tensor, self.cross.row_of(index) if tensor in "QO" else self.cross.col_of(index))


class Sheet(TiledPicture):
    """A matrix of scores in HBM, as it lies there: tile after tile.

    Args:
        over: A second sheet lies on the first, to the right and beneath, with an edge of its own, so that the two are told apart.
    """

    def __init__(self, shares: np.ndarray, skin: Theme, name: str, *, over: bool = False) -> None:
        self.tag, self.over = f"sheet {name}", over
        self.paper = Rectangles(skin.ground, name="paper").set_stroke(skin.scores, width=theme.OUTLINE)
        super().__init__(shares, skin, name, *([self.paper] if over else []))

    def place(self, cross: Cross, *, shared: float = 1.0) -> Sheet:
        """On the score grid of a cross: all of it, or (``shared`` up to 1) what a second sheet leaves."""
        wide, high = BEHIND * cross.grid.width * shared, BEHIND * cross.grid.height * shared
        whole = cross.grid.inset(EDGE)
        self.stand(whole.above(high).before(wide) if not self.over else whole.below(high).beyond(wide), (cross.n_rows, cross.n_cols))
        self.paper.display(np.array([self.rect.edges]))
        return self

    def display(self, cells: float) -> Sheet:
        """The first ``cells`` tiles in row order; of a second sheet the paper is there with the first row."""
        self.uncover(cells)
        there = min(1.0, cells / self.grid[1])
        self.paper.set_fill(opacity=there).set_stroke(opacity=there)
        return self
