"""The shot of RooflineScene: what one row block moves and multiplies, in squares, beside the roof that operations a byte stand under."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from flashviz.layout.rect import Aspect, Rect
from flashviz.layout.table import Table
from flashviz.lettering import em

# At one side the work of one row block: ``who`` does it; ``ways`` has a square for each tile that crosses, a row a way across, named at its
# left; ``work`` one for each product; over them what they are (``ways head``, ``work head``), beneath how much a square is (``ways note``,
# ``work note``); ``count`` divides them, ``note`` says what is not counted. At the other ``badge``: who quotes the limits; ``plot``: the
# roof; ``up`` and ``axis`` name its axes, numbers stand in ``ticks`` and at its left.
ROOF: Mapping[Aspect, Table] = {
    "16:9": {
        "who": (60, 20, 960, 76), "ways head": (200, 96, 570, 150), "work head": (610, 96, 1030, 150),
        "ways": (200, 156, 568, 716), "work": (610, 166, 978, 726), "ways note": (200, 722, 590, 774), "work note": (610, 722, 980, 774),
        "count": (60, 790, 980, 850), "note": (60, 862, 960, 914),
        "badge": (1080, 20, 1840, 74), "up": (1080, 76, 1840, 130), "plot": (1080, 140, 1840, 790), "ticks": (1040, 796, 1840, 848),
        "axis": (1040, 856, 1840, 912),
    },
    "4:3": {
        "who": (30, 20, 680, 76), "ways head": (160, 96, 400, 150), "work head": (410, 96, 660, 150),
        "ways": (160, 156, 392, 636), "work": (410, 170, 642, 650), "ways note": (160, 646, 400, 696), "work note": (410, 646, 660, 696),
        "note": (30, 720, 690, 780), "count": (30, 810, 690, 870),
        "badge": (730, 20, 1420, 74), "up": (730, 76, 1420, 130), "plot": (730, 140, 1420, 800), "ticks": (700, 806, 1420, 858),
        "axis": (720, 864, 1430, 920),
    },
    "1:1": {
        "who": (30, 8, 690, 56), "ways head": (700, 60, 1060, 108), "work head": (700, 180, 1060, 228),
        "ways": (160, 60, 416, 346), "work": (432, 62, 688, 348), "ways note": (700, 108, 1060, 156), "work note": (700, 228, 1060, 276),
        "count": (30, 348, 1050, 398), "note": (700, 8, 1060, 56),
        "badge": (30, 400, 540, 448), "up": (560, 400, 1050, 448), "plot": (125, 452, 1040, 826), "ticks": (40, 830, 1040, 878),
        "axis": (40, 882, 1040, 934),
    },
    "9:16": {
        "who": (60, 40, 1020, 96), "ways head": (200, 104, 560, 156), "work head": (610, 104, 1020, 156),
        "ways": (200, 162, 568, 594), "work": (610, 166, 978, 598), "ways note": (200, 600, 600, 648), "work note": (610, 600, 1020, 648),
        "count": (60, 656, 1020, 712), "note": (60, 716, 1020, 764),
        "badge": (60, 772, 1020, 822), "up": (60, 824, 1020, 874), "plot": (140, 880, 1020, 1262), "ticks": (60, 1268, 1020, 1320),
        "axis": (60, 1324, 1020, 1384),
    },
}  # fmt: skip

BEYOND = 1.48  # times the largest intensity that is shown: the right edge
HEADROOM = em(64)  # above the roof, for its name
FILLED = 0.86  # of a square's pitch: what is left is the gap between two


@dataclass(frozen=True)
class Squares:
    """Equal squares that stand for equal amounts: in named rows, or flowing from row to row."""

    rect: Rect
    columns: int
    rows: int

    @property
    def pitch(self) -> float:
        """Between squares, so that all fit."""
        return min(self.rect.width / self.columns, self.rect.height / self.rows)

    def line(self, row: int) -> Rect:
        """One of the named rows, which fill the place."""
        high = self.rect.height / self.rows
        return Rect(self.rect.x0, self.rect.y1 - (row + 1) * high, self.rect.x1, self.rect.y1 - row * high)

    def of(self, row: int, amount: float) -> np.ndarray:
        """[n, 4] so many squares in a named row; the last one is as wide as what is left."""
        middle = self.line(row).center[1]
        return self._boxes(np.zeros(int(np.ceil(amount)), int), np.full(int(np.ceil(amount)), middle), amount)

    def flow(self, amount: float) -> np.ndarray:
        """[n, 4] so many squares, row after row from the top."""
        row = np.arange(int(np.ceil(amount))) // self.columns
        return self._boxes(row, self.rect.y1 - (row + 0.5) * self.pitch, amount)

    def _boxes(self, row: np.ndarray, middle: np.ndarray, amount: float) -> np.ndarray:
        """At the heights ``middle``, each beside the one before in its row."""
        index, half = np.arange(len(row)), FILLED * self.pitch / 2
        left = self.rect.x0 + (index - row * self.columns) * self.pitch
        wide = 2 * half * np.clip(amount - index, 0.0, 1.0)
        return np.stack([left, middle - half, left + wide, middle + half], 1)


@dataclass(frozen=True)
class Axes:
    """A plot from zero both ways: operations a byte to the right, TFLOP/s up."""

    rect: Rect
    most: tuple[float, float]  # at the right edge, and at the roof's height

    def x(self, intensity: float) -> float:
        return self.rect.x0 + intensity / self.most[0] * self.rect.width

    def y(self, rate: float) -> float:
        return self.rect.y0 + rate / self.most[1] * (self.rect.height - HEADROOM)
