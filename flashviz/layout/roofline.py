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
# roof; ``up`` and ``axis`` name its axes, numbers stand in ``ticks`` and at its left. Before it, ``pair`` has two tiles and a product,
# ``facts`` how large they are. At the end the plot has the whole frame: ``wide`` and what names its axes, and ``limit`` over it.
ROOF: Mapping[Aspect, Table] = {
    "16:9": {
        "who": (60, 20, 960, 76), "ways head": (200, 96, 570, 150), "work head": (610, 96, 1030, 150),
        "ways": (200, 156, 568, 716), "work": (610, 166, 978, 726), "ways note": (200, 722, 590, 774), "work note": (610, 722, 980, 774),
        "count": (60, 790, 1000, 850), "note": (60, 862, 960, 914),
        "badge": (1080, 20, 1840, 74), "up": (1080, 76, 1840, 130), "plot": (1080, 140, 1840, 790), "ticks": (1040, 796, 1840, 848),
        "axis": (1040, 856, 1840, 912),
        "pair": (1080, 110, 1840, 430), "facts": (1080, 450, 1880, 790),
        "wide": (150, 140, 1840, 800), "wide up": (60, 84, 1000, 136), "wide badge": (1250, 84, 1840, 136),
        "wide ticks": (60, 806, 1840, 858), "wide axis": (60, 864, 1840, 918), "limit": (60, 20, 1860, 80),
    },
    "4:3": {
        "who": (30, 20, 680, 76), "ways head": (160, 96, 400, 150), "work head": (410, 96, 660, 150),
        "ways": (160, 156, 392, 636), "work": (410, 170, 642, 650), "ways note": (160, 646, 400, 696), "work note": (410, 646, 660, 696),
        "note": (30, 720, 690, 780), "count": (30, 810, 690, 870),
        "badge": (730, 20, 1420, 74), "up": (730, 76, 1420, 130), "plot": (730, 140, 1420, 800), "ticks": (700, 806, 1420, 858),
        "axis": (720, 864, 1430, 920),
        "pair": (730, 110, 1420, 400), "facts": (710, 420, 1430, 800),
        "wide": (130, 140, 1400, 800), "wide up": (40, 84, 880, 136), "wide badge": (900, 84, 1420, 136),
        "wide ticks": (40, 806, 1400, 858), "wide axis": (40, 864, 1400, 918), "limit": (30, 20, 1420, 80),
    },
    "1:1": {
        "who": (30, 8, 690, 56), "ways head": (700, 60, 1060, 108), "work head": (700, 180, 1060, 228),
        "ways": (160, 60, 416, 346), "work": (432, 62, 688, 348), "ways note": (700, 108, 1060, 156), "work note": (700, 228, 1060, 276),
        "count": (30, 348, 1050, 398), "note": (700, 8, 1060, 56),
        "badge": (30, 400, 540, 448), "up": (560, 400, 1050, 448), "plot": (125, 452, 1040, 826), "ticks": (40, 830, 1040, 878),
        "axis": (40, 882, 1040, 934),
        "pair": (60, 470, 620, 690), "facts": (60, 700, 1040, 920),
        "wide": (125, 140, 1040, 826), "wide up": (30, 84, 440, 136), "wide badge": (560, 84, 1060, 136),
        "wide ticks": (40, 830, 1040, 878), "wide axis": (40, 882, 1040, 934), "limit": (30, 20, 1060, 80),
    },
    "9:16": {
        "who": (60, 40, 1020, 96), "ways head": (200, 104, 560, 156), "work head": (610, 104, 1020, 156),
        "ways": (200, 162, 568, 594), "work": (610, 166, 978, 598), "ways note": (200, 600, 600, 648), "work note": (610, 600, 1020, 648),
        "count": (60, 656, 1020, 712), "note": (60, 716, 1020, 764),
        "badge": (60, 772, 1020, 822), "up": (60, 824, 1020, 874), "plot": (140, 880, 1020, 1262), "ticks": (60, 1268, 1020, 1320),
        "axis": (60, 1324, 1020, 1384),
        "pair": (80, 800, 1000, 1080), "facts": (60, 1090, 1030, 1370),
        "wide": (140, 250, 1020, 1262), "wide up": (60, 130, 1020, 180), "wide badge": (60, 186, 1020, 236),
        "wide ticks": (60, 1268, 1020, 1320), "wide axis": (60, 1324, 1020, 1384), "limit": (60, 60, 1020, 120),
    },
}  # fmt: skip

BEYOND = 1.48  # times the largest intensity that is shown: the right edge
HEADROOM = em(64)  # above the roof, for its name
SIGN, NAMED = 0.3, em(60)  # of a square's side, between two; over them, for their names
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


def pair_of(rect: Rect) -> tuple[Rect, Rect, Rect]:
    """Two tiles and their product, equal squares in a row, with room for a sign between them and a name over each."""
    side = min(rect.width / (3 + 2 * SIGN), rect.height - NAMED)
    left = rect.center[0] - side * (3 + 2 * SIGN) / 2
    first = Rect(left, rect.y0, left + side, rect.y0 + side)
    return first, first.shifted((1 + SIGN) * side, 0.0), first.shifted(2 * (1 + SIGN) * side, 0.0)


@dataclass(frozen=True)
class Axes:
    """A plot from zero both ways: operations a byte to the right, TFLOP/s up."""

    rect: Rect
    most: tuple[float, float]  # at the right edge, and at the roof's height

    def x(self, intensity: float) -> float:
        return self.rect.x0 + intensity / self.most[0] * self.rect.width

    def y(self, rate: float) -> float:
        return self.rect.y0 + rate / self.most[1] * (self.rect.height - HEADROOM)
