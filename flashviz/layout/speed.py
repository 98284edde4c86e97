"""The shot of SpeedScene: three bands of two bars each, what crosses between HBM and the chip, and a pair of columns for each N."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from flashviz.layout.rect import Aspect, Rect, columns, rows
from flashviz.layout.table import Table
from flashviz.lettering import em

# ``standard key`` and ``flash key``: whose each colour is; ``alone``: the band of time, alone; ``HBM`` to ``chip note``: what crosses, over
# the band ``traffic``, which goes to ``bytes``; ``setting`` and ``measured``: whose measurement it is; ``columns``: a pair for each N, with
# what they are (``axis``) and what is to be said of the last (``note``) where the first are low.
LANES: Mapping[Aspect, Table] = {
    "16:9": {
        "standard key": (80, 14, 700, 66), "flash key": (720, 14, 1840, 66), "alone": (80, 84, 1840, 770),
        "products": (80, 72, 1840, 302), "bytes": (80, 308, 1840, 538), "time": (80, 544, 1840, 774), "setting": (80, 800, 1840, 900),
        "HBM": (80, 76, 1300, 664), "HBM name": (124, 84, 700, 140), "who": (720, 84, 1256, 140),
        "Q": (130, 190, 175, 550), "K": (201, 190, 246, 550), "V": (272, 190, 317, 550),
        "S": (362, 190, 722, 550), "P": (770, 190, 1130, 550), "O": (1187, 190, 1232, 550),
        "Q name": (120, 144, 185, 190), "K name": (191, 144, 256, 190), "V name": (262, 144, 327, 190), "O name": (1177, 144, 1242, 190),
        "S name": (362, 144, 722, 190), "P name": (770, 144, 1130, 190), "Q ways": (130, 608, 317, 658),
        "S ways": (362, 608, 722, 658), "P ways": (770, 608, 1130, 658), "O ways": (1173, 608, 1245, 658),
        "pipe": (1300, 556, 1520, 604), "chip": (1520, 76, 1840, 664), "chip name": (1540, 84, 1820, 140),
        "tile": (1600, 270, 1760, 430), "chip note": (1530, 146, 1830, 246),
        "traffic": (80, 676, 1840, 906),
        "measured": (80, 72, 1840, 168), "axis": (80, 172, 1290, 220), "note": (80, 226, 1300, 322), "columns": (80, 180, 1840, 916),
    },
    "4:3": {
        "standard key": (60, 14, 520, 66), "flash key": (540, 14, 1410, 66), "alone": (60, 84, 1380, 770),
        "products": (60, 72, 1380, 302), "bytes": (60, 308, 1380, 538), "time": (60, 544, 1380, 774), "setting": (60, 782, 1380, 926),
        "HBM": (60, 76, 1020, 664), "HBM name": (90, 84, 520, 140), "who": (530, 84, 990, 140),
        "Q": (92, 200, 131, 512), "K": (145, 200, 184, 512), "V": (198, 200, 237, 512),
        "S": (262, 200, 574, 512), "P": (602, 200, 914, 512), "O": (940, 200, 979, 512),
        "Q name": (85, 150, 138, 200), "K name": (138, 150, 191, 200), "V name": (191, 150, 244, 200), "O name": (933, 150, 986, 200),
        "S name": (262, 150, 574, 200), "P name": (602, 150, 914, 200), "Q ways": (92, 586, 237, 640),
        "S ways": (262, 586, 574, 640), "P ways": (602, 586, 914, 640), "O ways": (923, 586, 995, 640),
        "pipe": (1020, 530, 1120, 578), "chip": (1120, 76, 1380, 664), "chip name": (1130, 84, 1370, 140),
        "tile": (1180, 280, 1320, 420), "chip note": (1126, 150, 1374, 250),
        "traffic": (60, 676, 1380, 906),
        "measured": (60, 74, 1380, 172), "axis": (60, 176, 960, 224), "note": (60, 230, 960, 330), "columns": (60, 180, 1380, 920),
    },
    "1:1": {
        "standard key": (40, 14, 1040, 66), "flash key": (40, 66, 1040, 118), "alone": (40, 130, 1040, 776),
        "products": (40, 122, 1040, 340), "bytes": (40, 342, 1040, 560), "time": (40, 562, 1040, 780), "setting": (40, 784, 1040, 930),
        "HBM": (40, 122, 740, 694), "HBM name": (60, 130, 200, 186), "who": (210, 130, 720, 186),
        "Q": (58, 290, 85, 506), "K": (103, 290, 130, 506), "V": (148, 290, 175, 506),
        "S": (194, 290, 410, 506), "P": (434, 290, 650, 506), "O": (672, 290, 699, 506),
        "Q name": (51, 240, 92, 286), "K name": (96, 240, 137, 286), "V name": (141, 240, 182, 286), "O name": (665, 240, 706, 286),
        "S name": (194, 240, 410, 286), "P name": (434, 240, 650, 286), "Q ways": (58, 590, 175, 640),
        "S ways": (194, 590, 410, 640), "P ways": (434, 590, 650, 640), "O ways": (649, 590, 721, 640),
        "pipe": (740, 530, 810, 574), "chip": (810, 122, 1040, 694), "chip name": (816, 130, 1034, 186),
        "tile": (860, 316, 990, 446), "chip note": (814, 192, 1036, 292),
        "traffic": (40, 700, 1040, 918),
        "measured": (40, 122, 1040, 266), "axis": (40, 272, 740, 320), "note": (40, 330, 640, 430), "columns": (40, 326, 1040, 928),
    },
    "9:16": {
        "standard key": (60, 40, 1020, 92), "flash key": (60, 96, 1020, 148), "alone": (60, 170, 1020, 1230),
        "products": (60, 160, 1020, 515), "bytes": (60, 520, 1020, 875), "time": (60, 880, 1020, 1235), "setting": (60, 1240, 1020, 1390),
        "HBM": (60, 156, 1020, 700), "HBM name": (90, 164, 520, 220), "who": (530, 164, 990, 220),
        "Q": (92, 276, 131, 588), "K": (145, 276, 184, 588), "V": (198, 276, 237, 588),
        "S": (262, 276, 574, 588), "P": (602, 276, 914, 588), "O": (940, 276, 979, 588),
        "Q name": (85, 226, 138, 276), "K name": (138, 226, 191, 276), "V name": (191, 226, 244, 276), "O name": (933, 226, 986, 276),
        "S name": (262, 226, 574, 276), "P name": (602, 226, 914, 276), "Q ways": (92, 596, 237, 650),
        "S ways": (262, 596, 574, 650), "P ways": (602, 596, 914, 650), "O ways": (923, 596, 995, 650),
        "pipe": (515, 700, 565, 800), "chip": (60, 800, 1020, 1020), "chip name": (84, 810, 420, 866),
        "tile": (460, 830, 620, 990), "chip note": (650, 850, 1000, 960),
        "traffic": (60, 1024, 1020, 1379),
        "measured": (60, 156, 1020, 300), "axis": (60, 306, 740, 354), "note": (60, 366, 640, 466), "columns": (40, 360, 1040, 1380),
    },
}  # fmt: skip

NAMED = em(60)  # height of a band's name over its bars
BETWEEN = em(8)  # two bars
BESIDE = em(20)  # from a bar to its figure
PAIR = 0.66  # of the width, for the columns of an N
FOOT = ("N", "standard", "flash")  # beneath them: N, and both times
LINE, OVER = em(46), em(130)  # height of such a line; over the highest column


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

    def toward(self, other: Band, share: float) -> Band:
        """So far on the way to another place."""
        return Band(self.rect.toward(other.rect, share), self.room)


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


@dataclass(frozen=True)
class Chart:
    """A pair of columns for each N, both on one baseline: the second is one unit high everywhere.

    Args:
        rect: All of it.
        count: Of pairs.
        most: Units of the highest column.
    """

    rect: Rect
    count: int
    most: float

    @property
    def unit(self) -> float:
        """Height of the second column."""
        return (self.rect.height - OVER - len(FOOT) * LINE) / self.most

    def column(self, at: int) -> Rect:
        """All of a pair and its words."""
        return columns(self.rect, self.count)[at]

    def pair(self, at: int, first: float, second: float) -> list[Rect]:
        """Both columns, so many units high."""
        whole = self.column(at).above(len(FOOT) * LINE)
        both = columns(whole.inset((1 - PAIR) / 2 * whole.width, 0.0), 2, BETWEEN)
        return [each.bottom(high * self.unit) for each, high in zip(both, (first, second), strict=True)]

    def foot(self, at: int) -> dict[str, Rect]:
        """Lines beneath a pair, by name."""
        return dict(zip(FOOT, rows(self.column(at).bottom(len(FOOT) * LINE), len(FOOT)), strict=True))
