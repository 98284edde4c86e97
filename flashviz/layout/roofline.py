"""Shots of RooflineScene: a roof over the whole frame, and a roof beside a tile and the SM that it fills."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flashviz.layout.rect import Aspect, Rect
from flashviz.layout.table import Table
from flashviz.lettering import em

# ``badge``: who quotes the limits. ``plot``: the roof; ``up`` and ``axis`` name its axes, numbers stand in ``ticks`` and at its left.
# ``first`` and ``second``: operations by bytes, of what is named above them. ``tile`` and ``sm`` stand on their lower edges, each with a
# name above and a number beneath; what a program spills goes ``out`` and back, as ``spill`` says.
ROOF: Mapping[Aspect, Table] = {
    "16:9": {
        "badge": (100, 20, 1820, 76), "up": (100, 82, 1200, 136), "plot": (170, 170, 1820, 790), "ticks": (100, 796, 1820, 848),
        "axis": (100, 856, 1820, 918),
        "first name": (220, 160, 1000, 212), "first": (220, 214, 1120, 276),
        "second name": (220, 300, 960, 352), "second": (220, 354, 960, 416),
    },
    "4:3": {
        "badge": (60, 20, 1380, 76), "up": (60, 82, 1000, 136), "plot": (130, 170, 1380, 790), "ticks": (60, 796, 1380, 848),
        "axis": (60, 856, 1380, 918),
        "first name": (160, 160, 900, 212), "first": (160, 214, 940, 276),
        "second name": (160, 300, 780, 352), "second": (160, 354, 780, 416),
    },
    "1:1": {
        "badge": (40, 20, 1040, 72), "up": (40, 296, 1040, 350), "plot": (125, 360, 1040, 790), "ticks": (40, 796, 1040, 848),
        "axis": (40, 856, 1040, 918),
        "first name": (60, 76, 1020, 122), "first": (60, 124, 1020, 180),
        "second name": (60, 186, 1020, 232), "second": (60, 234, 1020, 290),
    },
    "9:16": {
        "badge": (60, 60, 1020, 112), "up": (60, 460, 1020, 512), "plot": (140, 530, 1020, 1220), "ticks": (60, 1230, 1020, 1284),
        "axis": (60, 1296, 1020, 1360),
        "first name": (60, 150, 1020, 204), "first": (60, 208, 1020, 276),
        "second name": (60, 300, 1020, 354), "second": (60, 358, 1020, 426),
    },
}  # fmt: skip
TILE: Mapping[Aspect, Table] = {
    "16:9": {
        "badge": (1380, 20, 1840, 76), "second": (820, 92, 1840, 154), "plot": (820, 170, 1840, 790), "ticks": (760, 796, 1840, 848),
        "axis": (760, 856, 1840, 918),
        "tile name": (60, 24, 300, 84), "tile": (60, 290, 280, 836), "rows": (60, 846, 300, 922),
        "sm name": (330, 24, 740, 84), "spill": (330, 86, 740, 142), "out": (330, 160, 660, 290), "sm": (330, 290, 660, 836),
        "fit": (330, 846, 740, 922),
    },
    "4:3": {
        "badge": (880, 40, 1400, 96), "second": (710, 106, 1400, 164), "plot": (710, 180, 1400, 790), "ticks": (640, 796, 1400, 848),
        "axis": (640, 856, 1400, 918),
        "tile name": (40, 40, 220, 100), "tile": (40, 300, 200, 826), "rows": (40, 840, 230, 916),
        "sm name": (240, 40, 630, 100), "spill": (240, 104, 630, 160), "out": (240, 180, 540, 300), "sm": (240, 300, 540, 826),
        "fit": (240, 840, 630, 916),
    },
    "1:1": {
        "badge": (40, 20, 1040, 72), "second": (105, 76, 1040, 132), "plot": (105, 140, 1040, 430), "ticks": (40, 434, 1040, 482),
        "axis": (40, 484, 1040, 534),
        "tile name": (40, 556, 300, 606), "tile": (40, 680, 240, 860), "rows": (40, 870, 340, 934),
        "sm name": (380, 556, 1040, 606), "spill": (720, 640, 1040, 700), "out": (380, 616, 700, 680), "sm": (380, 680, 700, 860),
        "fit": (380, 870, 1040, 934),
    },
    "9:16": {
        "badge": (60, 50, 1020, 106), "second": (120, 116, 1020, 176), "plot": (120, 190, 1020, 620), "ticks": (60, 626, 1020, 680),
        "axis": (60, 684, 1020, 740),
        "tile name": (60, 780, 340, 836), "tile": (60, 970, 340, 1290), "rows": (60, 1304, 380, 1380),
        "sm name": (420, 780, 1020, 836), "spill": (420, 838, 1020, 894), "out": (420, 900, 900, 970), "sm": (420, 970, 900, 1290),
        "fit": (420, 1304, 1020, 1380),
    },
}  # fmt: skip

BEYOND = 1.4  # times the largest intensity that is shown: the right edge
HEADROOM = em(64)  # above the roof, for its name


@dataclass(frozen=True)
class Axes:
    """A plot from zero both ways: operations a byte to the right, TFLOP/s up."""

    rect: Rect
    most: tuple[float, float]  # at the right edge, and at the roof's height

    def at(self, rect: Rect) -> Axes:
        """The same in another place."""
        return Axes(rect, self.most)

    def x(self, intensity: float) -> float:
        return self.rect.x0 + intensity / self.most[0] * self.rect.width

    def y(self, rate: float) -> float:
        return self.rect.y0 + rate / self.most[1] * (self.rect.height - HEADROOM)
