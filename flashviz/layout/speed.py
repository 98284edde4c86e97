"""The shot of SpeedScene: bands of two bars each, and a machine whose chip is large enough to see what is on it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from flashviz.layout.rect import Aspect, Rect, rows
from flashviz.layout.table import Table
from flashviz.lettering import em

# ``training``: what the pairs of bands are of.
# ``standard key`` and ``flash key``: whose each colour is; ``alone``: a band of time, alone, and whose measurement it is (``measured``);
# ``HBM`` to ``chip note``: the machine. On chip stand Q left of S, K over it, V under it and O right of it, each as ``on`` and its name.
LANES: Mapping[Aspect, Table] = {
    "16:9": {
        "standard key": (80, 14, 700, 66), "flash key": (720, 14, 1290, 66), "pass": (1300, 14, 1840, 66), "training": (1100, 14, 1840, 66),
        "alone": (80, 84, 1840, 760), "measured": (80, 780, 1840, 922),
        "products": (80, 76, 1840, 316), "bytes": (80, 322, 1840, 562), "time": (80, 568, 1840, 808), "setting": (80, 826, 1840, 922),
        "HBM": (80, 76, 1010, 912), "HBM name": (116, 92, 900, 148),
        "Q": (106, 330, 138, 640), "K": (154, 330, 186, 640), "V": (202, 330, 234, 640),
        "S": (264, 330, 574, 640), "P": (604, 330, 914, 640), "O": (944, 330, 976, 640),
        "Q name": (98, 274, 146, 324), "K name": (146, 274, 194, 324), "V name": (194, 274, 242, 324), "O name": (936, 274, 984, 324),
        "S name": (264, 274, 574, 324), "P name": (604, 274, 914, 324),
        "Q ways": (98, 760, 242, 816), "S ways": (264, 760, 574, 816), "P ways": (604, 760, 914, 816), "O ways": (922, 760, 998, 816),
        "pipe": (1010, 680, 1110, 728), "chip": (1110, 76, 1840, 912), "chip name": (1146, 92, 1500, 148),
        "chip note": (1146, 748, 1820, 892),
        "on S": (1310, 220, 1640, 550), "on Q": (1246, 220, 1294, 550), "on K": (1310, 156, 1640, 204), "on V": (1310, 566, 1640, 614),
        "on O": (1656, 220, 1704, 550),
    },
    "4:3": {
        "standard key": (60, 14, 460, 66), "flash key": (480, 14, 830, 66), "pass": (840, 14, 1380, 66), "training": (840, 14, 1380, 66),
        "alone": (60, 84, 1380, 730), "measured": (60, 742, 1380, 926),
        "products": (60, 76, 1380, 306), "bytes": (60, 312, 1380, 542), "time": (60, 548, 1380, 778), "setting": (60, 786, 1380, 926),
        "HBM": (60, 76, 760, 912), "HBM name": (90, 92, 700, 148),
        "Q": (78, 350, 102, 580), "K": (112, 350, 136, 580), "V": (146, 350, 170, 580),
        "S": (196, 350, 426, 580), "P": (446, 350, 676, 580), "O": (700, 350, 724, 580),
        "Q name": (73, 294, 107, 344), "K name": (107, 294, 141, 344), "V name": (141, 294, 175, 344), "O name": (695, 294, 729, 344),
        "S name": (196, 294, 426, 344), "P name": (446, 294, 676, 344),
        "Q ways": (70, 760, 178, 816), "S ways": (196, 760, 426, 816), "P ways": (446, 760, 676, 816), "O ways": (674, 760, 750, 816),
        "pipe": (760, 640, 850, 688), "chip": (850, 76, 1380, 912), "chip name": (880, 92, 1200, 148),
        "chip note": (880, 740, 1370, 884),
        "on S": (1000, 260, 1230, 490), "on Q": (952, 260, 988, 490), "on K": (1000, 212, 1230, 248), "on V": (1000, 502, 1230, 538),
        "on O": (1242, 260, 1278, 490),
    },
    "1:1": {
        "standard key": (40, 14, 460, 66), "flash key": (480, 14, 1040, 66), "pass": (40, 66, 1040, 118), "training": (40, 66, 1040, 118),
        "alone": (40, 126, 1040, 686), "measured": (40, 698, 1040, 930),
        "products": (40, 122, 1040, 338), "bytes": (40, 342, 1040, 558), "time": (40, 562, 1040, 778), "setting": (40, 786, 1040, 930),
        "HBM": (40, 122, 600, 912), "HBM name": (64, 136, 700, 192),
        "Q": (54, 400, 74, 580), "K": (86, 400, 106, 580), "V": (118, 400, 138, 580),
        "S": (156, 400, 336, 580), "P": (352, 400, 532, 580), "O": (558, 400, 578, 580),
        "Q name": (48, 344, 80, 394), "K name": (80, 344, 112, 394), "V name": (112, 344, 144, 394), "O name": (552, 344, 584, 394),
        "S name": (156, 344, 336, 394), "P name": (352, 344, 532, 394),
        "Q ways": (46, 760, 146, 816), "S ways": (156, 760, 336, 816), "P ways": (352, 760, 532, 816), "O ways": (534, 760, 602, 816),
        "pipe": (600, 640, 680, 688), "chip": (680, 122, 1040, 912), "chip name": (700, 136, 1034, 192), "chip note": (700, 740, 1034, 884),
        "on S": (770, 340, 950, 520), "on Q": (732, 340, 760, 520), "on K": (770, 302, 950, 330), "on V": (770, 530, 950, 558),
        "on O": (960, 340, 988, 520),
    },
    "9:16": {
        "standard key": (60, 40, 1020, 92), "flash key": (60, 96, 1020, 148), "pass": (60, 152, 1020, 204),
        "training": (60, 152, 1020, 204),
        "alone": (60, 170, 1020, 1120), "measured": (60, 1140, 1020, 1380),
        "products": (60, 212, 1020, 550), "bytes": (60, 555, 1020, 892), "time": (60, 897, 1020, 1235), "setting": (60, 1240, 1020, 1390),
        "HBM": (60, 210, 1020, 770), "HBM name": (90, 220, 1000, 276),
        "Q": (92, 402, 131, 714), "K": (145, 402, 184, 714), "V": (198, 402, 237, 714),
        "S": (262, 402, 574, 714), "P": (602, 402, 914, 714), "O": (940, 402, 979, 714),
        "Q name": (85, 346, 138, 396), "K name": (138, 346, 191, 396), "V name": (191, 346, 244, 396), "O name": (933, 346, 986, 396),
        "S name": (262, 346, 574, 396), "P name": (602, 346, 914, 396),
        "Q ways": (92, 288, 237, 338), "S ways": (262, 288, 574, 338), "P ways": (602, 288, 914, 338), "O ways": (923, 288, 995, 338),
        "pipe": (515, 770, 565, 850), "chip": (60, 850, 1020, 1384), "chip name": (90, 866, 420, 922), "chip note": (90, 1180, 440, 1370),
        "on S": (560, 960, 860, 1260), "on Q": (506, 960, 546, 1260), "on K": (560, 906, 860, 946), "on V": (560, 1274, 860, 1314),
        "on O": (874, 960, 914, 1260),
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
