"""The shots of RooflineScene: what one row block moves and multiplies, how long both take, and the roof over their ratio."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from flashviz.layout.rect import Aspect, Rect, rows
from flashviz.layout.table import Table
from flashviz.lettering import em

# ``who`` does it. ``ways`` has a square for each tile that crosses, a row a way, named at its left, ``first`` and ``second`` one for each
# product of tiles; over them what they are. ``lanes``: how long both take; ``badge``: who quotes the
# rates. ``note``: how much a product is.
WORK: Mapping[Aspect, Table] = {
    "16:9": {
        "who": (60, 20, 980, 76), "badge": (1000, 20, 1860, 70), "ways head": (60, 88, 900, 138), "ways": (230, 146, 900, 596),
        "work head": (980, 88, 1860, 138),
        "first name": (980, 146, 1390, 194), "first": (980, 200, 1390, 410), "second name": (1450, 146, 1860, 194),
        "second": (1450, 200, 1860, 410), "note": (980, 440, 1860, 590), "lanes": (60, 634, 1860, 906),
    },
    "4:3": {
        "who": (30, 20, 930, 76), "badge": (950, 20, 1420, 70), "ways head": (30, 88, 690, 138), "ways": (190, 146, 690, 596),
        "work head": (740, 88, 1420, 138),
        "first name": (740, 146, 1060, 194), "first": (740, 200, 1060, 410), "second name": (1100, 146, 1420, 194),
        "second": (1100, 200, 1420, 410), "note": (740, 440, 1420, 590), "lanes": (30, 634, 1420, 906),
    },
    "1:1": {
        "who": (20, 10, 1060, 60), "badge": (590, 520, 1070, 566), "ways head": (20, 66, 560, 112), "ways": (170, 118, 550, 568),
        "work head": (590, 66, 1070, 112),
        "first name": (590, 118, 810, 164), "first": (590, 170, 810, 390), "second name": (850, 118, 1070, 164),
        "second": (850, 170, 1070, 390), "note": (590, 400, 1070, 510), "lanes": (20, 620, 1060, 900),
    },
    "9:16": {
        "who": (60, 40, 1020, 96), "badge": (60, 1074, 1020, 1120), "ways head": (60, 108, 1020, 158), "ways": (230, 166, 1020, 616),
        "work head": (60, 640, 1020, 690),
        "first name": (60, 698, 500, 746), "first": (60, 752, 500, 962), "second name": (560, 698, 1020, 746),
        "second": (560, 752, 1000, 962), "note": (60, 972, 1020, 1072), "lanes": (60, 1126, 1020, 1376),
    },
}  # fmt: skip

# ``badge``: who quotes the limits; ``plot``: the roof; ``up`` and ``axis`` name its axes, numbers stand in ``ticks``. Under it ``lanes`` as
# before, and in their place, at the end, an SM's ``registers``.
ROOF: Mapping[Aspect, Table] = {
    "16:9": {
        "up": (60, 20, 960, 70), "badge": (1000, 20, 1860, 70), "plot": (110, 80, 1860, 510), "ticks": (60, 516, 1860, 562),
        "axis": (900, 566, 1860, 612), "lanes": (60, 634, 1860, 906), "registers": (60, 650, 1860, 900),
    },
    "4:3": {
        "up": (30, 20, 930, 70), "badge": (950, 20, 1420, 70), "plot": (60, 80, 1420, 510), "ticks": (30, 516, 1420, 562),
        "axis": (700, 566, 1420, 612), "lanes": (30, 634, 1420, 906), "registers": (30, 650, 1420, 900),
    },
    "1:1": {
        "up": (20, 10, 520, 58), "badge": (540, 10, 1060, 58), "plot": (40, 64, 1050, 500), "ticks": (20, 506, 1060, 552),
        "axis": (400, 556, 1060, 604), "lanes": (20, 620, 1060, 900), "registers": (20, 640, 1060, 890),
    },
    "9:16": {
        "up": (60, 40, 1020, 90), "badge": (60, 96, 1020, 146), "plot": (80, 156, 1020, 960), "ticks": (60, 966, 1020, 1012),
        "axis": (300, 1016, 1020, 1064), "lanes": (60, 1126, 1020, 1376), "registers": (60, 1120, 1020, 1360),
    },
}  # fmt: skip

BEYOND = 1.48  # times the largest intensity that is shown: the right edge
HEADROOM = em(64)  # above the roof, for its name
FILLED = 0.86  # of a square's pitch: what is left is the gap between two
WORDS = 0.44  # of a lane: the line of words over its bar


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
class Lanes:
    """Two bars one over the other from one start, each with a line of words over it: equal lengths are equal times."""

    rect: Rect
    most: float  # of what the longest bar stands for

    def lane(self, index: int) -> Rect:
        """One of them, from the top."""
        return rows(self.rect, 2)[index]

    def words(self, index: int) -> Rect:
        """Over its bar."""
        return self.lane(index).top(WORDS * self.lane(index).height)

    def bar(self, index: int, start: float, stop: float) -> Rect:
        """From one time to another."""
        low = self.lane(index).below(WORDS * self.lane(index).height).above(em(10))
        unit = self.rect.width / self.most
        return Rect(low.x0 + start * unit, low.y0, low.x0 + stop * unit, low.y1)


@dataclass(frozen=True)
class Axes:
    """A plot from zero both ways: operations a byte to the right, TFLOP/s up."""

    rect: Rect
    most: tuple[float, float]  # at the right edge, and at the roof's height

    def x(self, intensity: float) -> float:
        return self.rect.x0 + intensity / self.most[0] * self.rect.width

    def y(self, rate: float) -> float:
        return self.rect.y0 + rate / self.most[1] * (self.rect.height - HEADROOM)
