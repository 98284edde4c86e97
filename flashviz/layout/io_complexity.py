"""The shot of IOScene: blocks of K and V over the N x N square, the chip that holds one, and what crosses, over on-chip memory."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from flashviz.layout.rect import Aspect, Rect
from flashviz.layout.table import Table
from flashviz.lettering import em

# ``name``: whose algorithm it is; ``m``: what the chip holds. ``blocks``: how many of how many keys; ``square``: the scores with K and V
# above, Q and O at their sides; ``chip``: its quarters, and S besides, which ``besides`` says. ``each``: bytes of a sweep, ``once``: what
# crosses but once. ``sum``: all of it; ``up`` and ``axis`` name the plot's axes, bars of bytes stand on its lower edge, ``ticks`` beneath.
IO: Mapping[Aspect, Table] = {
    "16:9": {
        "name": (60, 20, 970, 76), "m": (60, 78, 970, 136), "blocks": (60, 142, 690, 192), "square": (60, 196, 680, 800),
        "chip": (740, 250, 950, 690), "besides": (690, 700, 1005, 750), "each": (60, 808, 985, 860), "once": (60, 866, 985, 918),
        "sum": (1020, 20, 1860, 82), "up": (1020, 84, 1860, 136), "plot": (1020, 146, 1860, 800), "ticks": (1020, 806, 1860, 856),
        "axis": (1000, 864, 1870, 920),
    },
    "4:3": {
        "name": (30, 20, 740, 76), "m": (30, 78, 740, 136), "blocks": (30, 142, 540, 192), "square": (30, 196, 540, 750),
        "chip": (590, 250, 740, 650), "besides": (560, 660, 750, 710), "each": (30, 780, 750, 832), "once": (30, 840, 750, 892),
        "sum": (770, 20, 1420, 82), "up": (770, 84, 1420, 136), "plot": (770, 146, 1420, 800), "ticks": (770, 806, 1420, 856),
        "axis": (760, 864, 1430, 920),
    },
    "1:1": {
        "name": (560, 8, 1060, 56), "m": (560, 58, 1060, 106), "blocks": (560, 108, 1060, 156), "square": (10, 8, 540, 448),
        "chip": (600, 160, 790, 362), "besides": (810, 240, 1060, 290), "each": (560, 364, 1060, 410), "once": (560, 410, 1060, 456),
        "sum": (30, 456, 600, 506), "up": (620, 456, 1060, 506), "plot": (40, 510, 1050, 826), "ticks": (40, 830, 1050, 878),
        "axis": (40, 882, 1050, 934),
    },
    "9:16": {
        "name": (60, 40, 1020, 92), "m": (60, 94, 1020, 146), "blocks": (60, 148, 720, 196), "square": (60, 200, 700, 690),
        "chip": (770, 230, 1010, 610), "besides": (740, 616, 1020, 666), "each": (60, 696, 1020, 744), "once": (60, 746, 1020, 794),
        "sum": (60, 798, 1020, 850), "up": (60, 852, 1020, 900), "plot": (60, 906, 1020, 1264), "ticks": (60, 1268, 1020, 1316),
        "axis": (60, 1322, 1020, 1384),
    },
}  # fmt: skip

BAND, NEAR = em(44), em(12)  # of a strip of a matrix, and from the grid to it
SIDE, UNDER = em(84), em(48)  # beside the grid and beneath it: strips and letters
SLOT, APART = em(64), em(22)  # of a quarter of the chip, and from the chip to S
HEADROOM, EDGE = em(100), em(240)  # above the tallest bar and at the right of the last one's middle, for their numbers
CUTS, MOST = 4, 2  # quarters, and how many of them S takes: Br <= d rows of float32 beside d numbers of two bytes
BAR = 0.6  # of the least distance between two bars


@dataclass(frozen=True)
class Square:
    """The N x N square, and the strips of K, V, Q and O along it."""

    grid: Rect
    n: int

    @classmethod
    def of(cls, rect: Rect, n: int) -> Square:
        """As large as it fits, in the middle."""
        over = 2 * BAND + 2 * NEAR
        side = min(rect.width - 2 * SIDE, rect.height - over - UNDER)
        x0, y1 = rect.center[0] - side / 2, rect.y1 - over
        return cls(Rect(x0, y1 - side, x0 + side, y1), n)

    @property
    def unit(self) -> float:
        """Of a query or a key."""
        return self.grid.width / self.n

    def strip(self, name: str) -> Rect:
        """Where a matrix stands."""
        grid = self.grid
        if name in "KV":
            return self.block(name, 0.0, self.n)
        return (Rect(grid.x0 - NEAR - BAND, grid.y0, grid.x0 - NEAR, grid.y1) if name == "Q"
                else Rect(grid.x1 + NEAR, grid.y0, grid.x1 + NEAR + BAND, grid.y1))  # fmt: skip

    def block(self, name: str, key: float, columns: float) -> Rect:
        """So many keys of K or V from one on, K over V; the last block is what is left."""
        low = self.grid.y1 + NEAR + (BAND + NEAR / 2 if name == "K" else 0.0)
        x0 = self.grid.x0 + key * self.unit
        return Rect(x0, low, min(x0 + columns * self.unit, self.grid.x1), low + BAND)

    def starts(self, columns: float) -> np.ndarray:
        """First key of each sweep."""
        return np.arange(math.ceil(self.n / columns - 1e-9)) * columns


@dataclass(frozen=True)
class Room:
    """The chip: four quarters one over the other, as wide as they hold, and S beneath; equal areas are equal bytes."""

    rect: Rect
    most: float  # of a quarter, that is as wide as the place

    @property
    def slot(self) -> float:
        """Height of a quarter."""
        return min(SLOT, (self.rect.height - APART) / (CUTS + MOST))

    def quarter(self, index: int, size: float) -> Rect:
        """One of them, from the top, of so many bytes."""
        top = self.rect.y1 - index * self.slot
        return Rect(self.rect.x0, top - self.slot, self.rect.x0 + size / self.most * self.rect.width, top)

    def besides(self, size: float, scores: float) -> Rect:
        """S, as wide as a quarter of ``size`` bytes."""
        last = self.quarter(3, size)
        return Rect(last.x0, last.y0 - APART - self.slot * scores / size, last.x1, last.y0 - APART)


@dataclass(frozen=True)
class Plot:
    """Over M from zero, bars from the lower edge: both to scale."""

    rect: Rect
    pitch: float  # of a number on chip
    unit: float  # height of a byte
    wide: float  # of a bar

    @classmethod
    def of(cls, rect: Rect, sizes: tuple[float, ...], most: float) -> Plot:
        """With room for these M, smallest first, and for so many bytes."""
        pitch = (rect.width - EDGE) / sizes[-1]
        least = min(after - before for before, after in pairwise(sizes))
        return cls(rect, pitch, (rect.height - HEADROOM) / most, BAR * least * pitch)

    def x(self, m: float) -> float:
        return self.rect.x0 + m * self.pitch

    def y(self, nbytes: float) -> float:
        return self.rect.y0 + nbytes * self.unit

    def bar(self, m: float, nbytes: float) -> Rect:
        """So many bytes at M."""
        x, half = self.x(m), self.wide / 2
        return Rect(x - half, self.y(0.0), x + half, self.y(nbytes))
