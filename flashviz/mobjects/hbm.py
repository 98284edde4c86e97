"""HBM: the whole matrices as a cross, the score grid in the middle, the bytes that crossed beneath."""

from __future__ import annotations

import numpy as np
from manim import LEFT, Group, Rectangle, VGroup, VMobject

from flashviz import palette, theme
from flashviz.layout import Cross, Rect
from flashviz.lettering import NOTE_PX, TITLE_PX, Face, text_width
from flashviz.mobjects.named import Named, NamedPath
from flashviz.mobjects.tiles import box, panel
from flashviz.palette import Theme

NAMES = {"Q": "Q", "K": "K^top", "V": "V", "O": "O"}


class CrossView(Group):
    """The cross of Q, K^T, V, O around the score grid. In a FlashAttention film the grid is never given anything to show."""

    def __init__(self, cross: Cross, skin: Theme, *, name: str = "cross") -> None:
        self.cross, self.skin, self.tag = cross, skin, name
        self.grid = NamedPath(f"{name} grid", stroke_color=skin.edge, stroke_width=theme.HAIRLINE)
        self.grid.points = grid_points(cross)
        self.strips = {tensor: self._strip(tensor) for tensor in "QKVO"}
        self.labels = {t: theme.maths(NAMES[t], TITLE_PX, skin.hue(t)).move_to(cross.label(t).center) for t in "QKVO"}
        self.cursor = box(cross.cell(0, 0), stroke=skin.ink, width=theme.HEAVY).set_stroke(opacity=0)
        super().__init__(self.grid, *self.strips.values(), *self.labels.values(), self.cursor)

    def _strip(self, tensor: str) -> Named:
        count = self.cross.n_rows if tensor in ("Q", "O") else self.cross.n_cols
        resting = 0.0 if tensor == "O" else palette.RESTING
        hue = self.skin.hue(tensor)
        width = theme.OUTLINE if min(self.cross.cell_width, self.cross.cell_height) > 0.15 else theme.HAIRLINE
        return Named(*(
            box(_seam(self.cross.tile(tensor, index)), stroke=hue, opacity=resting, width=width) for index in range(count)
        ), tag=f"{self.tag} {tensor}")  # fmt: skip

    def tile(self, tensor: str, index: int) -> VMobject:
        """The shown cell that holds tile ``index`` of ``tensor`` (a band where tiles are merged)."""
        shown = self.cross.row_of(index) if tensor in ("Q", "O", "LSE") else self.cross.col_of(index)
        return self.strips["O" if tensor == "LSE" else tensor][shown]

    def point_at(self, i: int, j: int) -> Rectangle:
        """Set the hollow cursor on score tile (i, j): a place, not a value."""
        cell = self.cross.cell(self.cross.row_of(i), self.cross.col_of(j))
        self.cursor.move_to(cell.center)
        return self.cursor


def _seam(rect: Rect) -> Rect:
    """Neighbouring tiles keep a little apart."""
    return rect.inset(min(0.02, rect.width * 0.06), min(0.02, rect.height * 0.06))


def grid_points(cross: Cross) -> np.ndarray:
    """[n, 3] curves of the lines of the score grid."""
    lines = []
    for col in range(cross.n_cols + 1):
        x = cross.grid.x0 + col * cross.cell_width
        lines.append([[x, cross.grid.y0, 0], [x, cross.grid.y1, 0]])
    for row in range(cross.n_rows + 1):
        y = cross.grid.y1 - row * cross.cell_height
        lines.append([[cross.grid.x0, y, 0], [cross.grid.x1, y, 0]])
    ends = np.array(lines, dtype=float)
    thirds = np.array([0, 1 / 3, 2 / 3, 1])[None, :, None]
    return np.asarray(ends[:, :1] * (1 - thirds) + ends[:, 1:] * thirds).reshape(-1, 3)


class HbmPanel(VGroup):
    """The zone's ground and its name."""

    def __init__(self, rect: Rect, title: Rect, skin: Theme, text: str = "HBM") -> None:
        self.tag, self.text = "hbm", text
        self.ground = panel(rect, fill=skin.panel, edge=skin.edge)
        px = TITLE_PX if text_width(text, TITLE_PX, Face.STRONG) <= title.width else NOTE_PX
        self.title = theme.line(text, px, skin.quiet, Face.STRONG)
        self.title.move_to(title.center).align_to((title.x0, 0, 0), LEFT)
        super().__init__(self.ground, self.title)


class Slot(VGroup):
    """The bus: the only way between HBM and the chip."""

    def __init__(self, rect: Rect, skin: Theme) -> None:
        self.tag = "slot"
        super().__init__(box(rect, stroke=skin.edge, fill=skin.edge, opacity=0.55, width=0))
