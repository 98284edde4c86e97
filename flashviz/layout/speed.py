"""Shots of SpeedScene: two bars of time with areas of bytes beside, and bars that say how many times as long, N by N."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from flashviz.layout.rect import Aspect, Rect, columns
from flashviz.layout.table import Table
from flashviz.lettering import em

# ``setting``: whose measurement it is. Of both: a name, a bar that grows to the right, a note beneath it, and a place for squares of bytes.
RACE: Mapping[Aspect, Table] = {
    "16:9": {
        "setting": (80, 24, 1840, 130), "standard name": (80, 170, 1180, 240), "standard": (80, 250, 1180, 430),
        "flash name": (80, 560, 1180, 630), "flash": (80, 640, 1180, 820), "areas name": (1230, 166, 1860, 226),
        "standard area": (1230, 240, 1860, 610), "flash area": (1230, 640, 1860, 820),
        "standard note": (80, 438, 1180, 492), "flash note": (80, 828, 1180, 882),
    },
    "4:3": {
        "setting": (60, 30, 1380, 150), "standard name": (60, 200, 920, 270), "standard": (60, 280, 920, 410),
        "flash name": (60, 540, 920, 610), "flash": (60, 620, 920, 750), "areas name": (980, 200, 1400, 264),
        "standard area": (980, 280, 1400, 600), "flash area": (980, 620, 1400, 750),
        "standard note": (60, 418, 920, 472), "flash note": (60, 758, 920, 812),
    },
    "1:1": {
        "setting": (40, 24, 1040, 180), "standard name": (40, 190, 1040, 250), "standard": (40, 254, 1040, 334),
        "flash name": (40, 388, 1040, 448), "flash": (40, 452, 1040, 532), "areas name": (40, 590, 1040, 640),
        "standard area": (40, 646, 560, 920), "flash area": (570, 646, 1040, 920),
        "standard note": (40, 336, 1040, 386), "flash note": (40, 534, 1040, 584),
    },
    "9:16": {
        "setting": (60, 50, 1020, 220), "standard name": (60, 270, 1020, 340), "standard": (60, 344, 1020, 464),
        "flash name": (60, 530, 1020, 600), "flash": (60, 604, 1020, 724), "standard note": (60, 468, 1020, 522),
        "flash note": (60, 728, 1020, 782), "areas name": (60, 806, 1020, 866),
        "standard area": (60, 880, 1020, 1250), "flash area": (60, 1276, 1020, 1356),
    },
}  # fmt: skip
# ``plot``: bars side by side, N beneath in ``ticks``; ``note``: on what.
TIMES: Mapping[Aspect, Table] = {
    "16:9": {
        "badge": (100, 24, 1820, 92), "plot": (100, 180, 1820, 800), "ticks": (100, 806, 1820, 858), "note": (100, 866, 1820, 926),
        "shade": (100, 104, 1820, 164),
    },
    "4:3": {
        "badge": (60, 40, 1380, 108), "plot": (60, 200, 1380, 790), "ticks": (60, 796, 1380, 848), "note": (60, 856, 1380, 918),
        "shade": (60, 124, 1380, 184),
    },
    "1:1": {
        "badge": (40, 40, 1040, 108), "plot": (40, 200, 1040, 790), "ticks": (40, 796, 1040, 848), "note": (40, 856, 1040, 918),
        "shade": (40, 124, 1040, 184),
    },
    "9:16": {
        "badge": (60, 60, 1020, 128), "plot": (60, 230, 1020, 1220), "ticks": (60, 1230, 1020, 1284), "note": (60, 1300, 1020, 1364),
        "shade": (60, 150, 1020, 210),
    },
}  # fmt: skip

NUMBER_ROOM = em(70)  # over the tallest bar
ACROSS = 9  # unit squares a row
BAR = 0.36  # of a column, each of two


def side_of(rect: Rect, most: float) -> float:
    """Of the unit squares, so that ``most`` of them stand in ``rect``."""
    return min(rect.width / ACROSS, rect.height / math.ceil(most / ACROSS))


def squares(rect: Rect, amount: float, side: float) -> list[Rect]:
    """``amount`` unit squares row by row from the upper left of ``rect``; the last one is as wide as what is left of it."""
    made = []
    for at in range(math.ceil(amount)):
        x, y = rect.x0 + at % ACROSS * side, rect.y1 - at // ACROSS * side
        made.append(Rect(x, y - side, x + side * min(1.0, amount - at), y))
    return made


@dataclass(frozen=True)
class Pairs:
    """Two bars a column, to scale."""

    columns: tuple[Rect, ...]
    unit: float  # height of 1

    @classmethod
    def of(cls, rect: Rect, count: int, most: float) -> Pairs:
        return cls(tuple(columns(rect, count)), (rect.height - NUMBER_ROOM) / most)

    def bars(self, at: int, ratio: float) -> tuple[Rect, Rect]:
        """The unit at the left, how many of it at the right."""
        column = self.columns[at]
        wide, x = BAR * column.width, column.center[0]
        return Rect(x - wide, column.y0, x, column.y0 + self.unit), Rect(x, column.y0, x + wide, column.y0 + self.unit * ratio)
