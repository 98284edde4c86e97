"""The shots of RooflineScene: what one row block moves and multiplies, how long both take, and the roof over their ratio."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from flashviz.layout.rect import Aspect, Rect, rows
from flashviz.layout.table import Table
from flashviz.lettering import em

# ``who`` does it. ``ways`` lies between ``hbm`` and ``chip`` and has a square for each tile that crosses, a row a way, named in ``hbm``;
# ``cores`` are the chip's, ``first`` and ``second`` have a square for each product of tiles; over them what they are. ``lanes``: how long
# both take; ``badge``: who quotes the rates. ``note``: how much a product is.
WORK: Mapping[Aspect, Table] = {
    "16:9": {
        "who": (60, 20, 980, 76), "badge": (1000, 20, 1860, 70), "hbm": (40, 88, 238, 672), "hbm name": (60, 92, 230, 142),
        "ways head": (250, 88, 890, 138), "ways": (250, 146, 890, 662), "chip": (902, 88, 1880, 672), "chip name": (930, 92, 1850, 138),
        "cores": (916, 142, 1866, 530), "work head": (930, 146, 1850, 196),
        "first name": (930, 202, 1350, 248), "first": (930, 254, 1350, 520), "second name": (1430, 202, 1850, 248),
        "second": (1430, 254, 1850, 520), "note": (930, 538, 1850, 662), "lanes": (60, 700, 1860, 906),
    },
    "4:3": {
        "who": (30, 20, 930, 76), "badge": (950, 20, 1420, 70), "hbm": (20, 88, 198, 672), "hbm name": (36, 92, 190, 142),
        "ways head": (208, 88, 700, 138), "ways": (208, 146, 700, 662), "chip": (710, 88, 1424, 672), "chip name": (730, 92, 1404, 138),
        "cores": (718, 142, 1416, 530), "work head": (730, 146, 1404, 196),
        "first name": (730, 202, 1046, 248), "first": (730, 254, 1046, 520), "second name": (1088, 202, 1404, 248),
        "second": (1088, 254, 1404, 520), "note": (730, 538, 1404, 662), "lanes": (30, 700, 1420, 906),
    },
    "1:1": {
        "who": (20, 10, 1060, 60), "badge": (590, 520, 1070, 566), "hbm": (10, 66, 178, 640), "hbm name": (24, 68, 170, 114),
        "ways head": (186, 66, 570, 112), "ways": (186, 118, 570, 630), "chip": (578, 66, 1072, 516), "chip name": (596, 68, 1056, 114),
        "cores": (586, 116, 1064, 398), "work head": (594, 118, 1060, 164),
        "first name": (596, 168, 812, 212), "first": (596, 216, 812, 390), "second name": (840, 168, 1056, 212),
        "second": (840, 216, 1056, 390), "note": (588, 404, 1070, 512), "lanes": (20, 690, 1060, 900),
    },
    "9:16": {
        "who": (60, 40, 1020, 96), "badge": (60, 1074, 1020, 1120), "hbm": (40, 108, 228, 626), "hbm name": (60, 110, 220, 160),
        "ways head": (240, 108, 840, 158), "ways": (240, 166, 840, 616), "chip": (852, 108, 1040, 626), "chip name": (870, 110, 1030, 160),
        "cores": (40, 638, 1040, 968), "work head": (60, 642, 1020, 692),
        "first name": (60, 698, 500, 746), "first": (60, 752, 500, 962), "second name": (560, 698, 1020, 746),
        "second": (560, 752, 1000, 962), "note": (60, 972, 1020, 1072), "lanes": (60, 1126, 1020, 1376),
    },
}  # fmt: skip

# ``badge``: who quotes the limits; ``plot``: the roof; ``up`` and ``axis`` name its axes, numbers stand in ``ticks``, and in ``sum`` what
# the first one is of. Under it ``lanes`` as before, and in their place, at the end, an SM's ``registers``.
ROOF: Mapping[Aspect, Table] = {
    "16:9": {
        "up": (60, 20, 960, 70), "badge": (1000, 20, 1860, 70), "plot": (150, 80, 1860, 588), "ticks": (60, 594, 1860, 640),
        "axis": (1380, 644, 1860, 690), "sum": (60, 644, 1360, 690), "lanes": (60, 700, 1860, 906), "registers": (60, 700, 1860, 906),
    },
    "4:3": {
        "up": (30, 20, 930, 70), "badge": (950, 20, 1420, 70), "plot": (120, 80, 1420, 588), "ticks": (30, 594, 1420, 640),
        "axis": (940, 644, 1420, 690), "sum": (30, 644, 920, 690), "lanes": (30, 700, 1420, 906), "registers": (30, 700, 1420, 906),
    },
    "1:1": {
        "up": (20, 10, 520, 58), "badge": (540, 10, 1060, 58), "plot": (104, 64, 1050, 570), "ticks": (20, 576, 1060, 622),
        "axis": (590, 626, 1060, 674), "sum": (20, 626, 574, 674), "lanes": (20, 690, 1060, 900), "registers": (20, 690, 1060, 900),
    },
    "9:16": {
        "up": (60, 40, 1020, 90), "badge": (60, 96, 1020, 146), "plot": (150, 156, 1020, 960), "ticks": (60, 966, 1020, 1012),
        "axis": (300, 1016, 1020, 1064), "sum": (60, 1066, 1020, 1114), "lanes": (60, 1126, 1020, 1376),
        "registers": (60, 1120, 1020, 1360),
    },
}  # fmt: skip

BEYOND = 1.5  # times the largest intensity that is shown: the right edge
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

    def of(self, row: int, amount: float, start: float = 0.0, *, right: bool = False) -> np.ndarray:
        """[n, 4] the squares from ``start`` to ``amount`` in a named row, from its left end or its right; the last may be narrower."""
        middle = self.line(row).center[1]
        boxes = self._boxes(np.zeros(int(np.ceil(amount)), int), np.full(int(np.ceil(amount)), middle), amount, start)
        if right:
            boxes[:, [0, 2]] = self.rect.x0 + self.rect.x1 - boxes[:, [2, 0]]
        return boxes

    def crossing(self, row: int, amount: float, start: float, share: float, *, right: bool = False) -> np.ndarray:
        """[n, 4] the same on their way there, out of the opposite side."""
        boxes = self.of(row, amount, start, right=right)
        way = self.rect.x0 - boxes[:, 2].max() if right else self.rect.x1 - boxes[:, 0].min()
        boxes[:, [0, 2]] = np.clip(boxes[:, [0, 2]] + (1.0 - share) * way, self.rect.x0, self.rect.x1)
        return boxes

    def flow(self, amount: float) -> np.ndarray:
        """[n, 4] so many squares, row after row from the top."""
        row = np.arange(int(np.ceil(amount))) // self.columns
        return self._boxes(row, self.rect.y1 - (row + 0.5) * self.pitch, amount)

    def _boxes(self, row: np.ndarray, middle: np.ndarray, amount: float, start: float = 0.0) -> np.ndarray:
        """At the heights ``middle``, each beside the one before in its row."""
        index, half = np.arange(len(row)), FILLED * self.pitch / 2
        left = self.rect.x0 + (index - row * self.columns) * self.pitch
        low, high = (2 * half * np.clip(end - index, 0.0, 1.0) for end in (start, amount))
        return np.stack([left + low, middle - half, left + high, middle + half], 1)[int(start) :]


@dataclass(frozen=True)
class Lanes:
    """Two bars one over the other from one start, each with a line of words over it: equal lengths are equal times."""

    rect: Rect
    most: float  # of what the longest bar stands for
    head: float = WORDS  # of a lane: the line of words

    def lane(self, index: int) -> Rect:
        """One of them, from the top."""
        return rows(self.rect, 2)[index]

    def words(self, index: int) -> Rect:
        """Over its bar."""
        return self.lane(index).top(self.head * self.lane(index).height)

    def bar(self, index: int, start: float, stop: float) -> Rect:
        """From one time to another."""
        low = self.lane(index).below(self.head * self.lane(index).height).above(em(10))
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
