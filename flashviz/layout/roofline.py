"""Shots of RooflineScene: a roof over the whole frame, a roof beside a tile and the SM that it fills, and two bars under their roofs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from flashviz.layout.rect import Aspect, Rect
from flashviz.layout.table import Table
from flashviz.lettering import em

# ``badge``: the machine. ``plot``: the roof, its rates at its left, ``ticks`` and ``axis`` beneath it. ``tile`` and ``sm`` stand on their
# lower edges, each with a name above and a number beneath.
ROOF: Mapping[Aspect, Table] = {
    "16:9": {
        "badge": (100, 24, 1820, 92), "plot": (160, 130, 1820, 800), "ticks": (100, 806, 1820, 858), "axis": (100, 862, 1820, 924),
    },
    "4:3": {"badge": (60, 40, 1380, 108), "plot": (120, 150, 1380, 790), "ticks": (60, 796, 1380, 850), "axis": (60, 856, 1380, 918)},
    "1:1": {"badge": (40, 50, 1040, 118), "plot": (105, 160, 1040, 790), "ticks": (40, 796, 1040, 850), "axis": (40, 856, 1040, 918)},
    "9:16": {"badge": (60, 70, 1020, 138), "plot": (120, 190, 1020, 1220), "ticks": (60, 1230, 1020, 1284), "axis": (60, 1296, 1020, 1360)},
}  # fmt: skip
TILE: Mapping[Aspect, Table] = {
    "16:9": {
        "badge": (760, 24, 1840, 92), "plot": (820, 130, 1840, 800), "ticks": (760, 806, 1840, 858), "axis": (760, 862, 1840, 924),
        "tile name": (60, 24, 300, 84), "tile": (60, 200, 280, 836), "rows": (60, 846, 300, 922),
        "sm name": (330, 24, 740, 84), "spill": (330, 90, 740, 150), "sm": (330, 200, 660, 836), "fit": (330, 846, 740, 922),
    },
    "4:3": {
        "badge": (640, 40, 1400, 108), "plot": (710, 150, 1400, 790), "ticks": (640, 796, 1400, 850), "axis": (640, 856, 1400, 918),
        "tile name": (40, 40, 220, 100), "tile": (40, 220, 200, 826), "rows": (40, 840, 230, 916),
        "sm name": (240, 40, 630, 100), "spill": (240, 106, 630, 166), "sm": (240, 220, 540, 826), "fit": (240, 840, 630, 916),
    },
    "1:1": {
        "badge": (40, 24, 1040, 84), "plot": (105, 100, 1040, 420), "ticks": (40, 424, 1040, 474), "axis": (40, 476, 1040, 530),
        "tile name": (40, 560, 300, 616), "tile": (40, 640, 240, 850), "rows": (40, 864, 340, 930),
        "sm name": (380, 560, 1040, 616), "spill": (720, 640, 1040, 700), "sm": (380, 660, 700, 850), "fit": (380, 864, 1040, 930),
    },
    "9:16": {
        "badge": (60, 50, 1020, 118), "plot": (120, 140, 1020, 600), "ticks": (60, 606, 1020, 660), "axis": (60, 664, 1020, 724),
        "tile name": (60, 770, 340, 830), "tile": (60, 910, 340, 1290), "rows": (60, 1304, 380, 1380),
        "sm name": (420, 770, 1020, 830), "spill": (420, 834, 1020, 894), "sm": (420, 920, 900, 1290), "fit": (420, 1304, 1020, 1380),
    },
}  # fmt: skip

# Of both algorithms a bar under its roof, to one scale, with its name and its rate beneath; ``length``: N of both.
MEASURED: Mapping[Aspect, Table] = {
    "16:9": {
        "badge": (100, 24, 1820, 92), "length": (180, 130, 880, 230), "setting": (180, 236, 880, 392),
        "standard": (180, 170, 880, 720), "standard name": (180, 732, 880, 796), "standard rate": (180, 806, 880, 906),
        "flash": (1040, 170, 1740, 720), "flash name": (1040, 732, 1740, 796), "flash rate": (1040, 806, 1740, 906),
    },
    "4:3": {
        "badge": (60, 40, 1380, 108), "length": (100, 150, 640, 250), "setting": (100, 256, 640, 412),
        "standard": (100, 190, 640, 710), "standard name": (100, 724, 640, 788), "standard rate": (100, 800, 640, 900),
        "flash": (780, 190, 1320, 710), "flash name": (780, 724, 1320, 788), "flash rate": (780, 800, 1320, 900),
    },
    "1:1": {
        "badge": (40, 50, 1040, 118), "length": (40, 160, 500, 260), "setting": (40, 266, 500, 422),
        "standard": (40, 200, 500, 710), "standard name": (40, 724, 500, 788), "standard rate": (40, 800, 500, 900),
        "flash": (560, 200, 1040, 710), "flash name": (560, 724, 1040, 788), "flash rate": (560, 800, 1040, 900),
    },
    "9:16": {
        "badge": (60, 70, 1020, 138), "length": (60, 200, 510, 300), "setting": (60, 306, 510, 462),
        "standard": (60, 250, 510, 1140), "standard name": (60, 1154, 510, 1218), "standard rate": (60, 1230, 510, 1330),
        "flash": (570, 250, 1020, 1140), "flash name": (570, 1154, 1020, 1218), "flash rate": (570, 1230, 1020, 1330),
    },
}  # fmt: skip

LEFT, RIGHT = 1.0, 1.5  # doublings of intensity on both sides of what is shown
FLOOR, HEADROOM = 1.0, em(90)  # doublings of the rate beneath what is shown; above the roof, for its name


@dataclass(frozen=True)
class Decades:
    """A plot of doublings both ways: operations a byte to the right, TFLOP/s up."""

    rect: Rect
    low: tuple[float, float]  # log2 at the left and at the lower edge
    span: tuple[float, float]  # doublings across and up

    @classmethod
    def of(cls, rect: Rect, xs: tuple[float, float], ys: tuple[float, float]) -> Decades:
        """With room for these intensities and rates."""
        x0, x1, y0, y1 = (math.log2(value) for value in (*xs, *ys))
        return cls(rect, (x0 - LEFT, y0 - FLOOR), (x1 - x0 + LEFT + RIGHT, y1 - y0 + FLOOR))

    def at(self, rect: Rect) -> Decades:
        """The same in another place."""
        return Decades(rect, self.low, self.span)

    @property
    def ends(self) -> tuple[float, float]:
        """The smallest and the largest intensity."""
        return 2.0 ** self.low[0], 2.0 ** (self.low[0] + self.span[0])

    def value(self, x: float) -> float:
        """The intensity that stands at ``x``."""
        return float(2.0 ** (self.low[0] + (x - self.rect.x0) / self.rect.width * self.span[0]))

    def x(self, intensity: float) -> float:
        return self.rect.x0 + (math.log2(intensity) - self.low[0]) / self.span[0] * self.rect.width

    def y(self, rate: float) -> float:
        return self.rect.y0 + (math.log2(rate) - self.low[1]) / self.span[1] * (self.rect.height - HEADROOM)
