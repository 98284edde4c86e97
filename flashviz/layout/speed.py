"""Shots of SpeedScene: two bars of time with areas of bytes beside, and bars that say how many times as long, N by N."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from flashviz.layout.rect import Aspect, Rect, columns
from flashviz.layout.table import Table
from flashviz.lettering import em

# ``setting``: whose measurement it is. Of both: a name, a bar that grows to the right, and a place for a square of bytes.
RACE: Mapping[Aspect, Table] = {
    "16:9": {
        "setting": (80, 24, 1840, 130), "standard name": (80, 170, 1180, 240), "standard": (80, 250, 1180, 430),
        "flash name": (80, 560, 1180, 630), "flash": (80, 640, 1180, 820), "areas name": (1230, 104, 1860, 164),
        "standard area": (1230, 176, 1860, 590), "flash area": (1230, 660, 1860, 900),
    },
    "4:3": {
        "setting": (60, 30, 1380, 150), "standard name": (60, 200, 920, 270), "standard": (60, 280, 920, 410),
        "flash name": (60, 540, 920, 610), "flash": (60, 620, 920, 750), "areas name": (980, 160, 1400, 224),
        "standard area": (980, 234, 1400, 560), "flash area": (980, 640, 1400, 880),
    },
    "1:1": {
        "setting": (40, 24, 1040, 180), "standard name": (40, 210, 1040, 270), "standard": (40, 276, 1040, 366),
        "flash name": (40, 390, 1040, 450), "flash": (40, 456, 1040, 546), "areas name": (40, 570, 1040, 626),
        "standard area": (40, 636, 560, 920), "flash area": (580, 636, 1040, 920),
    },
    "9:16": {
        "setting": (60, 50, 1020, 220), "standard name": (60, 270, 1020, 340), "standard": (60, 350, 1020, 480),
        "flash name": (60, 530, 1020, 600), "flash": (60, 610, 1020, 740), "areas name": (60, 800, 1020, 864),
        "standard area": (60, 880, 560, 1300), "flash area": (590, 880, 1020, 1300),
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
BAR = 0.36  # of a column, each of two


def area(rect: Rect, share: float, largest: float) -> Rect:
    """A square at the upper left of ``rect`` whose area is ``share`` of one with the side ``largest``."""
    side = largest * math.sqrt(share)
    return Rect(rect.x0, rect.y1 - side, rect.x0 + side, rect.y1)


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
