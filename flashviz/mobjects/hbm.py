"""HBM: the whole matrices as a cross, the score grid in the middle, the bytes that crossed beneath."""

from __future__ import annotations

import numpy as np
from manim import LEFT, RESAMPLING_ALGORITHMS, Group, ImageMobject, Rectangle, VGroup, VMobject

from flashviz import palette, theme
from flashviz.layout import Cross, Rect
from flashviz.lettering import NOTE_PX, TITLE_PX, Face, text_width
from flashviz.mobjects.named import Act
from flashviz.mobjects.tiles import box, panel
from flashviz.palette import Theme

NAMES = {"Q": "Q", "K": "K^top", "V": "V", "O": "O"}


class CrossView(Group):
    """The cross of Q, K^T, V, O around the score grid. In a FlashAttention film the grid is never given anything to show."""

    def __init__(self, cross: Cross, skin: Theme, *, name: str = "cross") -> None:
        self.cross, self.skin, self.tag = cross, skin, name
        self.grid = VMobject(stroke_color=skin.edge, stroke_width=theme.HAIRLINE)
        self.grid.points = grid_points(cross)
        self.strips = {tensor: self._strip(tensor) for tensor in "QKVO"}
        self.labels = {t: theme.maths(NAMES[t], TITLE_PX, skin.hue(t)).move_to(cross.label(t).center) for t in "QKVO"}
        self.cursor = box(cross.cell(0, 0), stroke=skin.ink, width=theme.HEAVY).set_stroke(opacity=0)
        super().__init__(self.grid, *self.strips.values(), *self.labels.values(), self.cursor)

    def _strip(self, tensor: str) -> VGroup:
        count = self.cross.n_rows if tensor in ("Q", "O") else self.cross.n_cols
        resting = 0.0 if tensor == "O" else palette.RESTING
        hue = self.skin.hue(tensor)
        width = theme.OUTLINE if min(self.cross.cell_width, self.cross.cell_height) > 0.15 else theme.HAIRLINE
        return VGroup(*(
            box(_seam(self.cross.tile(tensor, index)), stroke=hue, opacity=resting, width=width) for index in range(count)
        ))  # fmt: skip

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


class ScoreSheet(ImageMobject):
    """S or P as standard attention keeps it in HBM: a picture of the whole matrix that appears tile by tile.

    Args:
        shares: [rows, cols] of 0..1, what each pixel shows on the neutral ramp.
        cross: Whose grid it lies on.
        lift: Offset of the sheet in units, so that a second sheet is seen to be a second sheet.
    """

    def __init__(self, shares: np.ndarray, cross: Cross, skin: Theme, *, name: str, lift: float = 0.0) -> None:
        self.tag, self.cross = name, cross
        super().__init__(theme.ramp(shares, skin.panel, skin.scores))
        self.set_resampling_algorithm(RESAMPLING_ALGORITHMS["nearest"])
        grid = cross.grid
        self.stretch_to_fit_width(grid.width).stretch_to_fit_height(grid.height)
        self.move_to((grid.center[0] + lift, grid.center[1] - lift, 0))
        self.filled = np.zeros((cross.n_rows, cross.n_cols), dtype=bool)
        self.display(0)

    def display(self, count: int) -> ScoreSheet:
        """Show the first ``count`` cells in row order; the others are clear."""
        flat = np.arange(self.filled.size) < count
        self.filled = flat.reshape(self.filled.shape)
        height, width = self.pixel_array.shape[:2]
        row = np.minimum(np.arange(height) * self.cross.n_rows // height, self.cross.n_rows - 1)
        col = np.minimum(np.arange(width) * self.cross.n_cols // width, self.cross.n_cols - 1)
        self.pixel_array[:, :, 3] = np.where(self.filled[row][:, col], 255, 0)
        return self


class SheetTo(Act):
    """Cells appear in row order, linearly."""

    def __init__(self, sheet: ScoreSheet, first: int, last: int, **kwargs: object) -> None:
        self.first, self.last = first, last
        super().__init__(sheet, **kwargs)  # type: ignore[arg-type]

    def interpolate_mobject(self, alpha: float) -> None:
        self.mobject.display(round(self.first + (self.last - self.first) * alpha))


def sheet_lift(cross: Cross) -> float:
    """How far the second sheet is set off: within the gap between the grid and the strips."""
    return 0.75 * cross.gap


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
