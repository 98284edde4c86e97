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

# ``name``: whose algorithm it is. ``square``: the scores with K and V above, Q and O at the right, for a small chip, ``wide`` for a
# larger one; ``blocks`` and ``wide blocks``: how many of how many keys. ``list``: what moves, line by line, before that.
# ``chip`` is the whole chip: ``m`` what M counts, ``room`` its quarters and S, which ``besides`` names; ``why``, there: the end's lines.
# ``sum``: all that crossed; ``up`` and ``axis`` name the plot's axes, bars of bytes stand on its lower edge, ``ticks`` beneath.
IO: Mapping[Aspect, Table] = {
    "16:9": {
        "name": (60, 20, 980, 76), "square": (60, 84, 500, 524), "blocks": (60, 528, 500, 580), "list": (540, 100, 990, 560),
        "wide": (540, 84, 980, 524), "wide blocks": (540, 528, 990, 580), "chip": (60, 600, 980, 920), "m": (80, 606, 970, 660),
        "room": (130, 670, 960, 906), "besides": (560, 668, 970, 780), "why": (60, 612, 990, 912),
        "sum": (1030, 20, 1870, 82), "up": (1030, 84, 1870, 136), "plot": (1140, 146, 1870, 800), "ticks": (1140, 806, 1870, 856),
        "axis": (1100, 864, 1880, 920),
    },
    "4:3": {
        "name": (30, 20, 700, 76), "square": (20, 84, 360, 424), "blocks": (20, 428, 370, 480), "list": (380, 100, 735, 550),
        "wide": (375, 84, 715, 424), "wide blocks": (375, 428, 730, 480), "chip": (20, 560, 720, 900), "m": (40, 566, 710, 620),
        "room": (90, 630, 700, 886), "besides": (410, 630, 715, 750), "why": (20, 560, 730, 900),
        "sum": (760, 20, 1425, 82), "up": (760, 84, 1425, 136), "plot": (860, 146, 1420, 800), "ticks": (860, 806, 1420, 856),
        "axis": (800, 864, 1430, 920),
    },
    "1:1": {
        "name": (10, 4, 700, 52), "square": (10, 54, 350, 394), "blocks": (10, 396, 360, 444), "list": (364, 58, 708, 446),
        "wide": (360, 54, 700, 394), "wide blocks": (365, 396, 712, 444), "chip": (716, 60, 1070, 440), "m": (726, 64, 1066, 112),
        "room": (772, 208, 1060, 430), "besides": (726, 114, 1066, 206), "why": (716, 60, 1070, 440),
        "sum": (20, 450, 560, 500), "up": (580, 450, 1070, 500), "plot": (130, 506, 1060, 826), "ticks": (130, 830, 1060, 878),
        "axis": (130, 882, 1060, 934),
    },
    "9:16": {
        "name": (60, 24, 1020, 76), "square": (40, 80, 520, 480), "blocks": (60, 482, 520, 532), "list": (560, 90, 1030, 520),
        "wide": (550, 80, 1030, 480), "wide blocks": (560, 482, 1030, 532), "chip": (60, 546, 1020, 816), "m": (80, 550, 1010, 602),
        "room": (130, 610, 1000, 806), "besides": (580, 606, 1010, 706), "why": (60, 550, 1020, 812),
        "sum": (60, 824, 1020, 876), "up": (60, 878, 1020, 926), "plot": (170, 932, 1020, 1264), "ticks": (170, 1268, 1020, 1316),
        "axis": (60, 1322, 1020, 1384),
    },
}  # fmt: skip

BAND, NEAR = em(36), em(10)  # of a strip of a matrix, and from the grid to it
SIDE, UNDER = em(42), em(48)  # beside the grid and beneath it: letters
APART = em(22)  # from the chip's quarters to S
HEADROOM, EDGE = em(100), em(200)  # above the tallest bar and at the right of the last one's middle, for their numbers
CUTS = 4  # quarters; S takes two of them at most: Br <= d rows of float32 beside d numbers of two bytes
BAR = 0.6  # of the least distance between two bars
TICKS, STEPS = 4, (1, 2, 5)  # numbers at the left axis, at most, and what they are multiples of


@dataclass(frozen=True)
class Square:
    """The N x N square, and the strips of K, V, Q and O along it."""

    grid: Rect
    n: int

    @classmethod
    def of(cls, rect: Rect, n: int) -> Square:
        """As large as it fits, in the middle."""
        over = 2 * BAND + 2 * NEAR
        side = min(rect.width - over - SIDE, rect.height - over - UNDER)
        x0, y1 = rect.x0 + SIDE, rect.y1 - over
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
        left = grid.x1 + NEAR + (0.0 if name == "Q" else BAND + NEAR / 2)
        return Rect(left, grid.y0, left + BAND, grid.y1)

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
    """In the chip: four quarters one over the other, as wide as they hold, and S at their right; equal areas are equal bytes."""

    rect: Rect
    most: float  # of a quarter, that takes half the place's width

    @property
    def slot(self) -> float:
        """Height of a quarter."""
        return self.rect.height / CUTS

    @property
    def half(self) -> float:
        """Width of the largest quarter."""
        return (self.rect.width - APART) / 2

    def quarter(self, index: int, size: float) -> Rect:
        """One of them, from the top, of so many bytes."""
        top = self.rect.y1 - index * self.slot
        return Rect(self.rect.x0, top - self.slot, self.rect.x0 + size / self.most * self.half, top)

    def besides(self, size: float, scores: float) -> Rect:
        """S, as wide as a quarter of ``size`` bytes."""
        left, wide = self.rect.x1 - self.half, size / self.most * self.half
        return Rect(left, self.rect.y0, left + wide, self.rect.y0 + self.slot * scores / size)


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


def round_steps(most: float) -> list[float]:
    """Round numbers up to ``most``, at most TICKS of them: multiples of 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(most))
    step = next(step for step in (power / 10 * each for each in (*STEPS, *(10 * each for each in STEPS))) if most / step < TICKS + 1)
    return [step * at for at in range(1, int(most / step) + 1)]
