"""The shot of IOScene: a tile on the N x N square, and beside it what crosses, over the size of on-chip memory."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from flashviz.layout.rect import Aspect, Rect
from flashviz.layout.table import Table
from flashviz.lettering import em

# ``name``: whose algorithm it is; ``m``: what the chip holds. ``square``: the scores with the chip and K and V above, Q and O at their
# sides, and a ``note`` beneath. ``sum``: sweeps times what each moves, ``why``: which that is. ``plot``: bars of bytes stand on its lower
# edge; ``bound`` says of what order they are, ``ticks`` and ``axis`` stand beneath.
IO: Mapping[Aspect, Table] = {
    "16:9": {
        "name": (60, 20, 860, 76), "m": (60, 78, 860, 140), "square": (60, 146, 860, 880), "note": (60, 880, 860, 930),
        "sum": (900, 20, 1840, 82), "why": (900, 84, 1840, 136), "plot": (900, 150, 1840, 806), "ticks": (900, 812, 1840, 864),
        "axis": (900, 868, 1840, 924), "bound": (1100, 212, 1840, 264),
    },
    "4:3": {
        "name": (30, 20, 670, 76), "m": (30, 78, 670, 140), "square": (30, 146, 670, 880), "note": (30, 880, 670, 930),
        "sum": (690, 20, 1410, 82), "why": (690, 84, 1410, 136), "plot": (690, 150, 1410, 806), "ticks": (690, 812, 1410, 864),
        "axis": (690, 868, 1410, 924), "bound": (800, 212, 1410, 264),
    },
    "1:1": {
        "name": (530, 20, 1060, 74), "m": (530, 80, 1060, 134), "square": (20, 20, 520, 490), "note": (530, 330, 1060, 380),
        "sum": (530, 140, 1060, 196), "why": (530, 200, 1060, 252), "plot": (40, 500, 1050, 820), "ticks": (40, 826, 1050, 876),
        "axis": (40, 880, 1050, 934), "bound": (530, 270, 1060, 320),
    },
    "9:16": {
        "name": (60, 40, 1020, 98), "m": (60, 100, 1020, 158), "square": (180, 164, 900, 736), "note": (60, 738, 1020, 786),
        "sum": (60, 788, 1020, 842), "why": (60, 844, 1020, 892), "plot": (60, 950, 1020, 1256), "ticks": (60, 1262, 1020, 1314),
        "axis": (60, 1320, 1020, 1384), "bound": (60, 894, 1020, 944),
    },
}  # fmt: skip

BAND, NEAR = em(25), em(12)  # of the chip, of which it has four, and from the grid to what is around it
SIDE, UNDER = em(64), em(44)  # beside the grid and beneath it: strips and letters
BAR, HEADROOM = 0.34, em(40)  # of a bar, of a doubling of M; above the tallest one
LEFT, RIGHT = 0.7, em(170)  # doublings of M left of the smallest; at the right of the largest, for its number


@dataclass(frozen=True)
class Square:
    """The N x N square, the strips of K, V, Q and O along it, and the chip, whose quarters are as wide as the keys that it holds.

    What a sweep moves is drawn in its column, to one scale: equal areas are equal bytes, and columns of ``least`` keys are full.
    """

    grid: Rect
    n: int
    least: float  # keys of a column that is full

    @classmethod
    def of(cls, rect: Rect, n: int, least: float) -> Square:
        """As large as it fits, in the middle."""
        over = 4 * BAND + 2 * NEAR
        side = min(rect.width - 2 * SIDE, rect.height - over - UNDER)
        x0, y1 = rect.center[0] - side / 2, rect.y1 - over
        return cls(Rect(x0, y1 - side, x0 + side, y1), n, least)

    @property
    def unit(self) -> float:
        """Of a query or a key."""
        return self.grid.width / self.n

    def strip(self, name: str) -> Rect:
        """Where a matrix stands."""
        grid = self.grid
        if name in "KV":
            return self.quarter(name, 0.0, self.n)
        return (Rect(grid.x0 - NEAR - BAND, grid.y0, grid.x0 - NEAR, grid.y1) if name == "Q"
                else Rect(grid.x1 + NEAR, grid.y0, grid.x1 + NEAR + BAND, grid.y1))  # fmt: skip

    def quarter(self, name: str, key: float, columns: float) -> Rect:
        """A block of the chip over the keys that it holds: K and V on their strips, Q and O beneath."""
        low = self.grid.y1 + NEAR + ("O", "Q", "V", "K").index(name) * BAND
        x0 = self.grid.x0 + key * self.unit
        return Rect(x0, low, min(x0 + columns * self.unit, self.grid.x1), low + BAND)

    def starts(self, columns: float) -> np.ndarray:
        """First key of each sweep."""
        return np.arange(math.ceil(self.n / columns - 1e-9)) * columns

    def moved(self, columns: float, before: float, share: float, swept: float) -> np.ndarray:
        """[n, 4] a part of what each sweep moves: a strip in its column, ``share`` of a full one wide and after ``before`` of it.

        Args:
            swept: Sweeps so far; the last of them has come so far down.
        """
        starts, full = self.starts(columns), self.least * self.unit
        downs = np.clip(swept - np.arange(len(starts)), 0.0, 1.0)
        left = np.minimum(self.grid.x0 + starts * self.unit, self.grid.x1 - full) + before * full
        y1, height = np.full_like(left, self.grid.y1), self.grid.height
        boxes = np.stack([left, y1 - downs * height, left + share * full, y1], 1)
        return np.asarray(boxes[downs > 0])


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
        pitch = min((rect.width - RIGHT) / (math.log2(largest) - low), RIGHT / BAR)  # the last bar is no wider than its place
        return cls(rect, low, pitch, (rect.height - HEADROOM) / most)

    def x(self, m: float) -> float:
        return self.rect.x0 + (math.log2(m) - self.low) * self.pitch

    def y(self, nbytes: float) -> float:
        return self.rect.y0 + nbytes * self.unit

    def bar(self, m: float, nbytes: float) -> Rect:
        """So many bytes at M."""
        x, half = self.x(m), BAR * self.pitch / 2
        return Rect(x - half, self.y(0.0), x + half, self.y(nbytes))
