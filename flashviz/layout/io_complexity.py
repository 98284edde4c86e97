"""The shot of IOScene: a tile on the N x N square, and beside it what crosses, over the size of on-chip memory."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from flashviz.layout.rect import Aspect, Rect
from flashviz.layout.table import Table
from flashviz.lettering import em

# ``name``: whose algorithm it is. ``square``: the scores with K above, Q and O at their sides, and ``setting`` beneath: the problem. At its
# right what makes the bytes: ``sweeps``, what ``each`` adds and what crosses ``once``, each with a ``why``. ``chip``: what M holds, under
# ``m``; its ``sum`` and a ``note`` stand beside the first one. ``plot``: bars of bytes stand on its lower edge; ``bytes`` says of what,
# ``ticks`` and ``axis`` stand beneath. ``bound``: of what order it is, later whence chips' sizes are.
IO: Mapping[Aspect, Table] = {
    "16:9": {
        "name": (60, 24, 880, 88), "square": (60, 100, 560, 580), "setting": (130, 530, 490, 580),
        "sweeps": (590, 140, 880, 220), "each": (590, 250, 880, 310), "each why": (590, 308, 880, 354), "once": (590, 390, 880, 450),
        "once why": (590, 448, 880, 494),
        "m": (60, 590, 880, 650), "chip": (60, 664, 880, 926), "sum": (350, 700, 880, 770), "note": (350, 790, 880, 840),
        "plot": (900, 110, 1840, 806), "ticks": (900, 812, 1840, 864), "axis": (900, 868, 1840, 926), "bytes": (900, 24, 1840, 88),
        "bound": (1100, 110, 1840, 160),
    },
    "4:3": {
        "name": (20, 40, 730, 104), "square": (30, 114, 480, 574), "setting": (90, 524, 420, 574),
        "sweeps": (496, 140, 730, 210), "each": (496, 240, 730, 300), "each why": (496, 298, 730, 344), "once": (496, 380, 730, 440),
        "once why": (496, 438, 730, 484),
        "m": (40, 590, 726, 650), "chip": (40, 660, 726, 926), "sum": (280, 700, 726, 770), "note": (280, 790, 726, 840),
        "plot": (740, 130, 1410, 790), "ticks": (740, 796, 1410, 850), "axis": (740, 858, 1410, 916), "bytes": (740, 40, 1410, 104),
        "bound": (870, 130, 1410, 180),
    },
    "1:1": {
        "name": (30, 24, 1050, 84), "square": (30, 90, 380, 440), "setting": (530, 884, 1050, 938),
        "sweeps": (400, 90, 590, 146), "each": (596, 90, 820, 146), "once": (826, 90, 1050, 146), "each why": (596, 142, 820, 184),
        "once why": (826, 142, 1050, 184),
        "m": (400, 190, 1050, 244), "chip": (400, 250, 1050, 440), "sum": (600, 270, 1050, 330), "note": (600, 340, 1050, 390),
        "plot": (40, 510, 1050, 820), "ticks": (40, 826, 1050, 880), "axis": (40, 884, 510, 938), "bytes": (30, 456, 1050, 506),
        "bound": (280, 508, 1050, 558),
    },
    "9:16": {
        "name": (60, 40, 1020, 104), "square": (60, 116, 560, 616), "setting": (120, 566, 510, 616),
        "sweeps": (610, 150, 1030, 230), "each": (610, 260, 1030, 320), "each why": (610, 318, 1030, 364), "once": (610, 410, 1030, 470),
        "once why": (610, 468, 1030, 514),
        "m": (60, 630, 1030, 690), "chip": (60, 696, 1020, 856), "sum": (420, 700, 1020, 766), "note": (420, 780, 1020, 830),
        "plot": (60, 920, 1020, 1250), "ticks": (60, 1256, 1020, 1310), "axis": (60, 1316, 1020, 1380), "bytes": (60, 866, 1020, 916),
        "bound": (280, 920, 1020, 968),
    },
}  # fmt: skip

DEPTH, GAP = 0.055, em(10)  # of a strip beside the square, of its side, and the gap between
BAR, HEADROOM = 0.5, em(30)  # of a bar, of a doubling of M; above the tallest one
LETTERS = em(50)  # beneath the strips of Q and O
LEFT, RIGHT = 1.3, em(310)  # doublings of M left of the smallest, for standard attention's bar; at the right of the largest, for its number
BEST = 0.4  # of these: the middle of standard attention's bar


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
    """What is on chip for a tile of scores, to one scale: a box of M numbers, two blocks of d rows wide and high.

    K and V above, Q and O beneath, and S after them: it stands out of the box while the tile is small, since M does not count it.
    """

    box: Rect
    s: Rect
    q: Rect
    k: Rect
    v: Rect
    o: Rect

    @staticmethod
    def unit(rect: Rect, columns: float, d: float) -> float:
        """The largest scale at which a tile so wide, and all narrower ones, have room."""
        return min(rect.width / max(2 * columns, 2 * min(columns, d) + columns), rect.height / (2 * d))

    @classmethod
    def of(cls, rect: Rect, unit: float, rows: float, columns: float, d: float) -> Blocks:
        """From the left of ``rect``, in its middle; a number is ``unit`` x ``unit``."""
        wide, high, deep, x, y = columns * unit, rows * unit, d * unit, rect.x0, rect.center[1]
        return cls(
            Rect(x, y - deep, x + 2 * wide, y + deep), Rect(x + 2 * high, y - high, x + 2 * high + wide, y), Rect(x, y - deep, x + high, y),
            Rect(x, y, x + wide, y + deep), Rect(x + wide, y, x + 2 * wide, y + deep), Rect(x + high, y - deep, x + 2 * high, y),
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
        return self._upright(self.x(m), 0.0, nbytes)

    def best(self, low: float, high: float) -> Rect:
        """A part of standard attention's bar, at the left of all M."""
        return self._upright(self.rect.x0 + BEST * self.pitch, low, high)

    def _upright(self, x: float, low: float, high: float) -> Rect:
        half = BAR * self.pitch / 2
        return Rect(x - half, self.y(low), x + half, self.y(high))
