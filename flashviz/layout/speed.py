"""The shot of SpeedScene: three bands of two bars each, what S and P cross between HBM and the chip, and a row of bars for each N."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from flashviz.layout.rect import Aspect, Rect, rows
from flashviz.layout.table import Table
from flashviz.lettering import em

# ``standard key`` and ``flash key``: whose each colour is; ``alone``: the band of time, before the two others join it; ``HBM`` to ``chip``:
# S and P on their way; ``rows``: a row for each N, under ``head``; ``setting`` and ``measured``: whose measurement it is.
LANES: Mapping[Aspect, Table] = {
    "16:9": {
        "standard key": (80, 14, 700, 66), "flash key": (720, 14, 1840, 66), "alone": (80, 84, 1840, 908),
        "products": (80, 80, 1840, 346), "bytes": (80, 360, 1840, 626), "time": (80, 640, 1840, 906),
        "setting": (760, 806, 1840, 906),
        "HBM": (80, 96, 1240, 906), "HBM name": (120, 104, 600, 160), "S name": (130, 164, 630, 214), "P name": (690, 164, 1190, 214),
        "S": (130, 220, 630, 720), "P": (690, 220, 1190, 720), "S ways": (130, 726, 630, 896), "P ways": (690, 726, 1190, 896),
        "pipe": (1240, 400, 1480, 480), "chip": (1480, 96, 1840, 906), "chip name": (1520, 110, 1800, 170), "tile": (1570, 350, 1750, 530),
        "measured": (80, 72, 1840, 168), "head": (80, 172, 1840, 218), "rows": (80, 220, 1840, 916),
    },
    "4:3": {
        "standard key": (60, 14, 520, 66), "flash key": (540, 14, 1410, 66), "alone": (60, 84, 1380, 800),
        "products": (60, 76, 1380, 316), "bytes": (60, 320, 1380, 560), "time": (60, 564, 1380, 804),
        "setting": (60, 814, 1380, 914),
        "HBM": (60, 96, 920, 906), "HBM name": (90, 110, 500, 170), "S name": (90, 190, 470, 240), "P name": (510, 190, 890, 240),
        "S": (90, 250, 470, 630), "P": (510, 250, 890, 630), "S ways": (90, 650, 470, 840), "P ways": (510, 650, 890, 840),
        "pipe": (920, 400, 1080, 480), "chip": (1080, 96, 1380, 906), "chip name": (1100, 110, 1360, 170), "tile": (1150, 360, 1310, 520),
        "measured": (60, 74, 1380, 172), "head": (60, 176, 1380, 226), "rows": (60, 230, 1380, 916),
    },
    "1:1": {
        "standard key": (40, 14, 1040, 66), "flash key": (40, 66, 1040, 118), "alone": (40, 130, 1040, 776),
        "products": (40, 122, 1040, 340), "bytes": (40, 342, 1040, 560), "time": (40, 562, 1040, 780),
        "setting": (40, 784, 1040, 930),
        "HBM": (40, 80, 720, 920), "HBM name": (60, 96, 400, 156), "S name": (60, 190, 360, 240), "P name": (400, 190, 700, 240),
        "S": (60, 250, 360, 550), "P": (400, 250, 700, 550), "S ways": (60, 570, 360, 760), "P ways": (400, 570, 700, 760),
        "pipe": (720, 360, 820, 440), "chip": (820, 80, 1040, 920), "chip name": (830, 96, 1030, 156), "tile": (860, 330, 1000, 470),
        "measured": (40, 122, 1040, 266), "head": (40, 270, 1040, 318), "rows": (40, 320, 1040, 924),
    },
    "9:16": {
        "standard key": (60, 40, 1020, 92), "flash key": (60, 96, 1020, 148), "alone": (60, 170, 1020, 1230),
        "products": (60, 160, 1020, 515), "bytes": (60, 520, 1020, 875), "time": (60, 880, 1020, 1235),
        "setting": (60, 1240, 1020, 1390),
        "HBM": (60, 110, 1020, 860), "HBM name": (90, 120, 700, 176), "S name": (100, 180, 520, 230), "P name": (560, 180, 980, 230),
        "S": (100, 236, 520, 656), "P": (560, 236, 980, 656), "S ways": (100, 666, 520, 846), "P ways": (560, 666, 980, 846),
        "pipe": (500, 860, 580, 1020), "chip": (60, 1020, 1020, 1350), "chip name": (90, 1034, 480, 1094), "tile": (440, 1100, 640, 1300),
        "measured": (60, 156, 1020, 348), "head": (60, 356, 1020, 406), "rows": (60, 410, 1020, 1350),
    },
}  # fmt: skip

NAMED = em(60)  # height of a band's name over its bars
BETWEEN = em(8)  # two bars
BESIDE = em(20)  # from a bar to its figure
PAIR = 0.8  # of a row's height, for the bars of an N


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
    """A row for each N: the N, a bar for each algorithm with its figure, and the ratio of both.

    Args:
        rect: All rows.
        count: Of them.
        length: Width of the column of N.
        figure: Of a figure beside the longest bar.
        ratio: Of the column of ratios.
    """

    rect: Rect
    count: int
    length: float
    figure: float
    ratio: float

    @property
    def full(self) -> float:
        """How long the longest bar is."""
        return self.rect.width - self.length - self.figure - self.ratio - 2 * BESIDE

    def row(self, at: int) -> Rect:
        return rows(self.rect, self.count)[at]

    def bars(self, at: int) -> list[Rect]:
        """Both, as long as the longest of all."""
        row = self.row(at)
        whole = row.inset(0.0, (1 - PAIR) * row.height / 2).beyond(self.length)
        return rows(whole.left(self.full), 2, em(2))
