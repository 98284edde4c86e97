"""The matrices of one head as a cross.

The geometry says what multiplies what: the score grid is in the middle, Q along its left edge, O along its right, K^T along its top, V
along its bottom; tile i of Q and O is row i, tile j of K and V is column j.
"""

from __future__ import annotations

from dataclasses import dataclass

from flashviz.config import AttentionConfig
from flashviz.layout.rect import GAP, Rect, centered
from flashviz.lettering import TITLE_PX, em

THINNEST = 0.14  # of a strip of tiles: 19 px
BAND_LIMIT = 32  # more tiles a side than this are merged into bands


@dataclass(frozen=True)
class Cross:
    """The matrices of one head in HBM. Cells are tiles, or bands of ``band`` x ``band`` tiles where there are too many.

    ``cell_width`` x ``cell_height`` is one score tile; ``depth_x`` (Q, O) and ``depth_y`` (K, V) the head dimension.
    """

    rect: Rect
    grid: Rect
    n_rows: int
    n_cols: int
    band_rows: int
    band_cols: int
    depth_x: float
    depth_y: float
    gap: float

    @property
    def cell_width(self) -> float:
        return self.grid.width / self.n_cols

    @property
    def cell_height(self) -> float:
        return self.grid.height / self.n_rows

    def row_of(self, i: int) -> int:
        """Shown row of row block i."""
        return i // self.band_rows

    def col_of(self, j: int) -> int:
        """Shown column of key tile j."""
        return j // self.band_cols

    def cell(self, row: int, col: int) -> Rect:
        x, y = self.grid.x0 + col * self.cell_width, self.grid.y1 - row * self.cell_height
        return Rect(x, y - self.cell_height, x + self.cell_width, y)

    def tile(self, tensor: str, index: int) -> Rect:
        """Strip cell of Q, O (``index`` a shown row) or K, V (a shown column)."""
        g = self.grid
        if tensor in ("Q", "O"):
            cell = self.cell(index, 0)
            x0 = g.x0 - self.gap - self.depth_x if tensor == "Q" else g.x1 + self.gap
            return Rect(x0, cell.y0, x0 + self.depth_x, cell.y1)
        cell = self.cell(0, index)
        y0 = g.y1 + self.gap if tensor == "K" else g.y0 - self.gap - self.depth_y
        return Rect(cell.x0, y0, cell.x1, y0 + self.depth_y)

    def strip(self, tensor: str) -> Rect:
        """The whole matrix beside the grid."""
        count = self.n_rows if tensor in ("Q", "O") else self.n_cols
        first, last = self.tile(tensor, 0), self.tile(tensor, count - 1)
        return Rect(min(first.x0, last.x0), min(first.y0, last.y0), max(first.x1, last.x1), max(first.y1, last.y1))

    def label(self, tensor: str) -> Rect:
        """Room for the matrix's name where no tile flies: Q left of its column, the others at corners of the cross."""
        side = em(TITLE_PX) * 1.2
        q, k, v, o = (self.strip(t) for t in "QKVO")
        if tensor == "Q":
            return centered(q.x0 - side / 2 - GAP / 2, self.grid.center[1], side, side)
        if tensor == "V":
            return centered(v.x0 - GAP - side / 2, min(v.center[1], q.y0 - 0.02 - side / 2), side, side)
        x = k.x0 - GAP - side / 2 if tensor == "K" else o.center[0]
        return centered(x, max(k.center[1], q.y1 + 0.02 + side / 2), side, side)


def cross(config: AttentionConfig, rect: Rect) -> Cross:
    """Fit the matrices of one head into ``rect``: areas are elements unless a side would be too thin to see."""
    side = em(TITLE_PX) * 1.2 + GAP
    gap = min(GAP, rect.width / 30)
    key_tiles = max(config.col_blocks, 1)  # without keys, one empty place
    band_rows, band_cols = -(-config.row_blocks // BAND_LIMIT), -(-key_tiles // BAND_LIMIT)
    n_rows, n_cols = -(-config.row_blocks // band_rows), -(-key_tiles // band_cols)
    # elements a side, counted in whole tiles so that all cells are equal
    tall, wide = n_rows * band_rows * config.block_m, n_cols * band_cols * config.block_n
    letter = side - GAP
    overhang = max(0.0, letter + 0.02 - gap - THINNEST, (letter - THINNEST) / 2)  # of a label beyond a thin strip
    room_x, room_y = rect.width - 2 * side - 2 * gap, rect.height - 2 * gap - 2 * overhang
    scale = min(room_x / (wide + 2 * config.head_dim), room_y / (tall + 2 * config.head_dim))
    depth_x, depth_y = _readable(config.head_dim * scale, room_x), _readable(config.head_dim * scale, room_y)
    grid_w = min(max(wide * scale, n_cols * 0.06, 0.35), room_x - 2 * depth_x)
    grid_h = min(max(tall * scale, n_rows * 0.06, 0.35), room_y - 2 * depth_y)
    cx, cy, _ = rect.center
    return Cross(rect, centered(cx, cy, grid_w, grid_h), n_rows, n_cols, band_rows, band_cols, depth_x, depth_y, gap)


def _readable(length: float, room: float) -> float:
    """A strip's thickness: true to scale between 0.14 units (19 px) and a quarter of the room."""
    return min(max(length, THINNEST), room / 4)
