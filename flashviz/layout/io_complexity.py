"""The shot of IOScene: a tile on the N x N square, and beside it what crosses, over the size of on-chip memory."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from flashviz.layout.rect import Aspect, Rect
from flashviz.layout.table import Table
from flashviz.lettering import em

# ``square``: the scores with K above, Q and O at their sides; beneath it M and how many sweeps. ``large``: what M holds, closely, and
# ``inset``: while the first bar fills. ``setting``: the problem. ``plot``: the bar of bytes stands on its lower edge; ``bytes`` says of
# what, ``ticks`` and ``axis`` stand beneath. ``bound``: the curve's formula, and later whence the chips' sizes are.
IO: Mapping[Aspect, Table] = {
    "16:9": {
        "name": (60, 24, 1000, 88), "square": (60, 100, 800, 826), "m": (60, 832, 480, 926), "sweeps": (500, 832, 840, 926),
        "large": (900, 130, 1840, 806), "inset": (1260, 130, 1840, 480), "setting": (160, 776, 700, 826), "plot": (900, 110, 1840, 806),
        "ticks": (900, 812, 1840, 864), "axis": (900, 868, 1840, 926), "bytes": (900, 24, 1840, 88), "bound": (1370, 110, 1840, 300),
    },
    "4:3": {
        "name": (20, 40, 736, 104), "square": (40, 120, 660, 760), "m": (40, 764, 660, 840), "sweeps": (40, 846, 660, 922),
        "large": (740, 130, 1410, 790), "inset": (1020, 130, 1410, 420), "setting": (120, 696, 580, 746), "plot": (740, 130, 1410, 790),
        "ticks": (740, 796, 1410, 850), "axis": (740, 858, 1410, 916), "bytes": (740, 40, 1410, 104), "bound": (930, 120, 1410, 310),
    },
    "1:1": {
        "name": (30, 30, 1050, 94), "square": (30, 106, 470, 526), "m": (500, 110, 1050, 200), "sweeps": (500, 205, 1050, 295),
        "large": (40, 560, 1050, 840), "inset": (500, 300, 1050, 480), "setting": (530, 884, 1050, 938),
        "plot": (40, 550, 1050, 820), "ticks": (40, 826, 1050, 880), "axis": (40, 884, 510, 938),
        "bytes": (500, 485, 1050, 545), "bound": (500, 300, 1050, 480),
    },
    "9:16": {
        "name": (60, 40, 1020, 104), "square": (60, 116, 640, 676), "m": (660, 200, 1030, 300), "sweeps": (660, 320, 1030, 420),
        "large": (60, 780, 1020, 1220), "inset": (480, 770, 1020, 960), "setting": (510, 1316, 1020, 1380),
        "plot": (60, 760, 1020, 1250), "ticks": (60, 1256, 1020, 1310), "axis": (60, 1316, 490, 1380),
        "bytes": (60, 694, 1020, 754), "bound": (500, 770, 1020, 950),
    },
}  # fmt: skip

DEPTH, GAP = 0.055, em(10)  # of a strip beside the square, of its side, and the gap between
BAR, HEADROOM = 0.36, em(30)  # of a bar, of a doubling of M; above the tallest one
LETTERS = em(50)  # beneath the strips of Q and O
LEFT, RIGHT = 0.5, em(250)  # doublings of M left of the smallest; room at the right of the largest, for the number


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
    """A tile of scores and the blocks that make it, to one scale: K above it, Q at its left, O at its right, V above O."""

    s: Rect
    q: Rect
    k: Rect
    v: Rect
    o: Rect

    @classmethod
    def of(cls, rect: Rect, rows: float, columns: float, d: float) -> Blocks:
        """As large as it fits."""
        unit = min((rect.width - 2 * GAP) / (2 * d + columns), (rect.height - GAP) / (rows + max(d, columns)))
        wide, high, deep = columns * unit, rows * unit, d * unit
        x, y, _ = rect.center
        s = Rect(x - wide / 2, y - (high + GAP + deep) / 2, x + wide / 2, y + (high - GAP - deep) / 2)
        o = Rect(s.x1 + GAP, s.y0, s.x1 + GAP + deep, s.y1)
        return cls(
            s, Rect(s.x0 - GAP - deep, s.y0, s.x0 - GAP, s.y1), Rect(s.x0, s.y1 + GAP, s.x1, s.y1 + GAP + deep),
            Rect(o.x0, o.y1 + GAP, o.x1, o.y1 + GAP + wide), o,
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
