"""The shot of SpeedScene: bands of two bars each, and a machine whose chip is large enough to see what is on it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from flashviz.layout.rect import Aspect, Rect, rows
from flashviz.layout.table import Table
from flashviz.lettering import em

# ``standard key`` and ``flash key``: whose each colour is; ``alone``: a band of time, alone, and whose measurement it is (``measured``);
# ``HBM`` to ``chip note``: the machine. On chip stand Q left of S, K over it, V under it and O right of it, each as ``on`` and its name.
LANES: Mapping[Aspect, Table] = {
    "16:9": {
        "standard key": (80, 14, 700, 66), "flash key": (720, 14, 1290, 66), "pass": (1300, 14, 1840, 66),
        "alone": (80, 84, 1840, 760), "measured": (80, 780, 1840, 922),
        "products": (80, 76, 1840, 316), "bytes": (80, 322, 1840, 562), "time": (80, 568, 1840, 808), "setting": (80, 826, 1840, 922),
        "HBM": (80, 76, 1250, 912), "HBM name": (116, 92, 900, 148),
        "Q": (116, 282, 152, 682), "K": (176, 282, 212, 682), "V": (236, 282, 272, 682),
        "S": (316, 282, 716, 682), "P": (760, 282, 1160, 682), "O": (1190, 282, 1226, 682),
        "Q name": (106, 226, 162, 276), "K name": (166, 226, 222, 276), "V name": (226, 226, 282, 276), "O name": (1180, 226, 1236, 276),
        "S name": (316, 226, 716, 276), "P name": (760, 226, 1160, 276),
        "Q ways": (116, 772, 272, 828), "S ways": (316, 772, 716, 828), "P ways": (760, 772, 1160, 828), "O ways": (1170, 772, 1246, 828),
        "pipe": (1250, 702, 1370, 750), "chip": (1370, 76, 1840, 912), "chip name": (1406, 92, 1820, 148),
        "chip note": (1406, 760, 1820, 910),
        "on S": (1505, 304, 1705, 504), "on Q": (1451, 304, 1491, 504), "on K": (1505, 250, 1705, 290), "on V": (1505, 518, 1705, 558),
        "on O": (1719, 304, 1759, 504),
    },
    "4:3": {
        "standard key": (60, 14, 460, 66), "flash key": (480, 14, 830, 66), "pass": (840, 14, 1380, 66),
        "alone": (60, 84, 1380, 730), "measured": (60, 742, 1380, 926),
        "products": (60, 76, 1380, 306), "bytes": (60, 312, 1380, 542), "time": (60, 548, 1380, 778), "setting": (60, 786, 1380, 926),
        "HBM": (60, 76, 960, 912), "HBM name": (90, 92, 700, 148),
        "Q": (86, 312, 116, 612), "K": (134, 312, 164, 612), "V": (182, 312, 212, 612),
        "S": (244, 312, 544, 612), "P": (576, 312, 876, 612), "O": (906, 312, 936, 612),
        "Q name": (77, 256, 125, 306), "K name": (125, 256, 173, 306), "V name": (173, 256, 221, 306), "O name": (897, 256, 945, 306),
        "S name": (244, 256, 544, 306), "P name": (576, 256, 876, 306),
        "Q ways": (86, 714, 212, 766), "S ways": (244, 714, 544, 766), "P ways": (576, 714, 876, 766), "O ways": (886, 714, 956, 766),
        "pipe": (960, 640, 1050, 688), "chip": (1050, 76, 1380, 912), "chip name": (1076, 92, 1370, 148),
        "chip note": (1076, 730, 1372, 890),
        "on S": (1140, 326, 1290, 476), "on Q": (1096, 326, 1128, 476), "on K": (1140, 282, 1290, 314), "on V": (1140, 488, 1290, 520),
        "on O": (1302, 326, 1334, 476),
    },
    "1:1": {
        "standard key": (40, 14, 460, 66), "flash key": (480, 14, 1040, 66), "pass": (40, 66, 1040, 118),
        "alone": (40, 126, 1040, 726), "measured": (40, 736, 1040, 930),
        "products": (40, 76, 1040, 306), "bytes": (40, 312, 1040, 542), "time": (40, 548, 1040, 778), "setting": (40, 786, 1040, 930),
        "HBM": (40, 122, 720, 912), "HBM name": (64, 136, 700, 192),
        "Q": (58, 366, 82, 586), "K": (94, 366, 118, 586), "V": (130, 366, 154, 586),
        "S": (178, 366, 398, 586), "P": (422, 366, 642, 586), "O": (672, 366, 696, 586),
        "Q name": (52, 310, 88, 360), "K name": (88, 310, 124, 360), "V name": (124, 310, 160, 360), "O name": (664, 310, 704, 360),
        "S name": (178, 310, 398, 360), "P name": (422, 310, 642, 360),
        "Q ways": (58, 690, 154, 742), "S ways": (178, 690, 398, 742), "P ways": (422, 690, 642, 742), "O ways": (652, 690, 716, 742),
        "pipe": (720, 614, 790, 658), "chip": (790, 122, 1040, 912), "chip name": (806, 136, 1034, 192), "chip note": (806, 720, 1034, 880),
        "on S": (860, 360, 970, 470), "on Q": (824, 360, 850, 470), "on K": (860, 324, 970, 350), "on V": (860, 480, 970, 506),
        "on O": (980, 360, 1006, 470),
    },
    "9:16": {
        "standard key": (60, 40, 1020, 92), "flash key": (60, 96, 1020, 148), "pass": (60, 152, 1020, 204),
        "alone": (60, 170, 1020, 1170), "measured": (60, 1190, 1020, 1380),
        "products": (60, 160, 1020, 515), "bytes": (60, 520, 1020, 875), "time": (60, 880, 1020, 1235), "setting": (60, 1240, 1020, 1390),
        "HBM": (60, 210, 1020, 770), "HBM name": (90, 220, 1000, 276),
        "Q": (92, 402, 131, 714), "K": (145, 402, 184, 714), "V": (198, 402, 237, 714),
        "S": (262, 402, 574, 714), "P": (602, 402, 914, 714), "O": (940, 402, 979, 714),
        "Q name": (85, 346, 138, 396), "K name": (138, 346, 191, 396), "V name": (191, 346, 244, 396), "O name": (933, 346, 986, 396),
        "S name": (262, 346, 574, 396), "P name": (602, 346, 914, 396),
        "Q ways": (92, 288, 237, 338), "S ways": (262, 288, 574, 338), "P ways": (602, 288, 914, 338), "O ways": (923, 288, 995, 338),
        "pipe": (515, 770, 565, 850), "chip": (60, 850, 1020, 1384), "chip name": (90, 866, 420, 922), "chip note": (90, 1010, 400, 1230),
        "on S": (430, 1010, 650, 1230), "on Q": (376, 1010, 416, 1230), "on K": (430, 956, 650, 996), "on V": (430, 1244, 650, 1284),
        "on O": (664, 1010, 704, 1230),
    },
}  # fmt: skip

NAMED = em(60)  # height of a band's name over its bars
BETWEEN = em(8)  # two bars
BESIDE = em(20)  # from a bar to its figure
LINE = em(46)  # height of a line of a setting


@dataclass(frozen=True)
class Band:
    """A quantity of both algorithms: its name, and a bar for each from the left, the first above.

    Args:
        rect: All of it.
        room: For a figure beside the longest bar.
    """

    rect: Rect
    room: float

    @property
    def name(self) -> Rect:
        return self.rect.top(NAMED)

    @property
    def bars(self) -> list[Rect]:
        """As long as the longest."""
        return rows(self.rect.below(NAMED).before(self.room), 2, BETWEEN)


def units(bar: Rect, most: float, amount: float) -> list[Rect]:
    """``amount`` unit squares in columns from the left of a bar that has room for ``most``; the last one is as high as what is left."""
    lines = max(range(1, math.ceil(most) + 1), key=lambda count: side_of(bar, most, count))
    side, made = side_of(bar, most, lines), []
    for at in range(math.ceil(amount)):
        column, line = divmod(at, lines)
        x, y = bar.x0 + column * side, bar.y0 + line * side
        made.append(Rect(x, y, x + side, y + side * min(1.0, amount - at)))
    return made


def side_of(bar: Rect, most: float, lines: int) -> float:
    """Of the squares, where so many lie one upon another."""
    return min(bar.height / lines, bar.width / math.ceil(most / lines))
