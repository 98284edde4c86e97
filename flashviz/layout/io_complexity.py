"""The shot of IOScene: a tile on the N x N square, and beside it what crosses, over the size of on-chip memory."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from flashviz.layout.rect import Aspect, Rect
from flashviz.layout.table import Table
from flashviz.lettering import em

# ``square``: the scores with K above, Q and O at their sides, and ``setting`` beneath: the problem; at its right ``cut``, the tile's size,
# and what makes the bytes: ``sweeps``, what ``each`` adds, what crosses ``once`` and ``why``, and their ``total``. ``chip``: what M holds,
# under ``m``; ``large``: the same closely, ``sum`` beneath with a ``note``, before there are bars. ``plot``: the bar of bytes stands on its
# lower edge; ``bytes`` says of what, ``ticks`` and ``axis`` stand beneath. ``bound``: the curve's formula, later whence chips' sizes are;
# ``bytes of``: what it is in bytes. ``made``: of what the bytes of a sweep are, and those that cross once.
IO: Mapping[Aspect, Table] = {
    "16:9": {
        "name": (60, 24, 880, 88), "square": (60, 100, 560, 580), "setting": (130, 530, 490, 580), "cut": (590, 130, 880, 190),
        "sweeps": (590, 210, 880, 270), "each": (590, 274, 880, 334), "once": (590, 338, 880, 398), "why": (590, 394, 880, 442),
        "total": (590, 450, 880, 510), "note": (900, 856, 1840, 920),
        "m": (60, 590, 880, 650), "chip": (60, 660, 880, 926), "large": (940, 130, 1840, 740), "sum": (940, 764, 1840, 844),
        "plot": (900, 110, 1840, 806), "ticks": (900, 812, 1840, 864), "axis": (900, 868, 1840, 926), "bytes": (900, 24, 1840, 88),
        "bound": (1200, 110, 1840, 250), "bytes of": (1300, 256, 1840, 306), "made": (900, 130, 1840, 250),
    },
    "4:3": {
        "name": (20, 40, 736, 104), "square": (40, 114, 500, 574), "setting": (100, 524, 440, 574), "cut": (510, 130, 730, 190),
        "sweeps": (510, 210, 730, 270), "each": (510, 274, 730, 334), "once": (510, 338, 730, 398), "why": (510, 394, 730, 442),
        "note": (760, 826, 1410, 886),
        "m": (40, 590, 730, 650), "chip": (40, 660, 730, 926), "large": (760, 160, 1410, 720), "sum": (760, 740, 1410, 820),
        "plot": (740, 130, 1410, 790), "ticks": (740, 796, 1410, 850), "axis": (740, 858, 1410, 916), "bytes": (740, 40, 1410, 104),
        "bound": (930, 120, 1410, 310),
    },
    "1:1": {
        "name": (30, 30, 1050, 94), "square": (30, 106, 420, 486), "setting": (530, 884, 1050, 938), "cut": (450, 164, 740, 218),
        "sweeps": (760, 164, 1050, 218), "each": (450, 222, 740, 276), "once": (760, 222, 1050, 276), "note": (40, 876, 500, 936),
        "m": (450, 106, 1050, 160), "chip": (450, 284, 1050, 432), "large": (40, 550, 1050, 800), "sum": (40, 806, 1050, 870),
        "plot": (40, 550, 1050, 820), "ticks": (40, 826, 1050, 880), "axis": (40, 884, 510, 938), "bytes": (30, 490, 440, 546),
        "bound": (560, 436, 1050, 546),
    },
    "9:16": {
        "name": (60, 40, 1020, 104), "square": (60, 116, 560, 616), "setting": (120, 566, 510, 616), "cut": (610, 140, 1030, 200),
        "sweeps": (610, 220, 1030, 280),
        "each": (610, 284, 1030, 344), "once": (610, 348, 1030, 408), "why": (610, 404, 1030, 452), "total": (610, 456, 1030, 516),
        "note": (60, 1256, 1020, 1320),
        "m": (60, 666, 1030, 726), "chip": (60, 736, 1020, 946), "large": (60, 780, 1020, 1160), "sum": (60, 1170, 1020, 1250),
        "plot": (60, 1010, 1020, 1250), "ticks": (60, 1256, 1020, 1310), "axis": (60, 1316, 490, 1380), "bytes": (60, 950, 1020, 1006),
        "bound": (590, 520, 1050, 664),
    },
}  # fmt: skip

DEPTH, GAP = 0.055, em(10)  # of a strip beside the square, of its side, and the gap between
BAR, HEADROOM = 0.36, em(30)  # of a bar, of a doubling of M; above the tallest one
LETTERS = em(50)  # beneath the strips of Q and O
LIMIT = em(56)  # left of what is on chip: the measure of d
LEFT, RIGHT = 0.5, em(300)  # doublings of M left of the smallest; room at the right of the largest, for the number


@dataclass(frozen=True)
class Square:
    """The N x N square and the strips of K, Q and O along it."""

    grid: Rect
    k: Rect
    q: Rect
    o: Rect

    @classmethod
    def of(cls, rect: Rect) -> Square:
        """As large as it fits."""
        deep = DEPTH * min(rect.width, rect.height)
        side = min(rect.width - 2 * (deep + GAP), rect.height - deep - GAP - LETTERS)
        x0, y0 = rect.x0 + deep + GAP, rect.y1 - deep - GAP - side
        grid = Rect(x0, y0, x0 + side, y0 + side)
        return cls(
            grid, Rect(grid.x0, grid.y1 + GAP, grid.x1, grid.y1 + GAP + deep), Rect(grid.x0 - GAP - deep, y0, grid.x0 - GAP, grid.y1),
            Rect(grid.x1 + GAP, y0, grid.x1 + GAP + deep, grid.y1),
        )  # fmt: skip


@dataclass(frozen=True)
class Blocks:
    """What is on chip for a tile of scores, to one scale: Q at its left, K above, O at its right, V lying beneath.

    Between K and V is room for a tile of d rows, no more: ``limit`` is where that one would end.
    """

    s: Rect
    q: Rect
    k: Rect
    v: Rect
    o: Rect
    limit: float

    @staticmethod
    def unit(rect: Rect, columns: float, d: float) -> float:
        """The largest scale at which a tile so wide has room."""
        return min((rect.width - LIMIT - 2 * GAP) / (2 * d + columns), (rect.height - 2 * GAP) / (3 * d))

    @classmethod
    def of(cls, rect: Rect, unit: float, rows: float, columns: float, d: float) -> Blocks:
        """From the left of ``rect``, in its middle; a number is ``unit`` x ``unit``."""
        wide, high, deep = columns * unit, rows * unit, d * unit
        x, y = rect.x0 + LIMIT, rect.center[1] + deep / 2  # of Q's upper corner
        s = Rect(x + deep + GAP, y - high, x + deep + GAP + wide, y)
        limit = y - deep
        return cls(
            s, Rect(x, s.y0, x + deep, y), Rect(s.x0, y + GAP, s.x1, y + GAP + deep), Rect(s.x0, limit - GAP - deep, s.x1, limit - GAP),
            Rect(s.x1 + GAP, s.y0, s.x1 + GAP + deep, y), limit,
        )  # fmt: skip


@dataclass(frozen=True)
class Plot:
    """Over M, doubling by doubling, bars from the lower edge, to scale."""

    rect: Rect
    low: float  # log2 of M at the left edge
    pitch: float  # a doubling
    unit: float  # height of a byte

    @classmethod
    def of(cls, rect: Rect, smallest: float, largest: float, most: float) -> Plot:
        """With room for these M, and for so many bytes."""
        low = math.log2(smallest) - LEFT
        return cls(rect, low, (rect.width - RIGHT) / (math.log2(largest) - low), (rect.height - HEADROOM) / most)

    def x(self, m: float) -> float:
        return self.rect.x0 + (math.log2(m) - self.low) * self.pitch

    def y(self, nbytes: float) -> float:
        return self.rect.y0 + nbytes * self.unit

    def bar(self, m: float, nbytes: float) -> Rect:
        """So many bytes at M."""
        half = BAR * self.pitch / 2
        return Rect(self.x(m) - half, self.rect.y0, self.x(m) + half, self.y(nbytes))
