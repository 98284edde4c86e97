"""The shot of IOScene: blocks of K and V over the N x N square, the chip's memory that holds one of each, and bars of what crosses."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from flashviz.layout.rect import Aspect, Rect
from flashviz.layout.table import Table
from flashviz.lettering import em

# ``square``: the scores with K and V above, Q and O at the right; ``hbm`` says where these are, ``border`` where it ends. ``held``: on-chip
# memory, as wide as it is large, all of it the largest that is seen; ``chip``, over it, says how large that is, ``numbers``, under it, what
# M counts; at first all three are ``near``, with what M is in ``bytes`` and how many ``rows`` matrices have. ``head``: what the bars are
# of, which stand on the lower edge of ``plot``; ``under``: the memory that each is of, and its size. At the end bars have the frame:
# ``wide``, ``wide under``; ``law``: why they fall so, line by line, clear of standard attention's line, ``bound``: its source.
IO: Mapping[Aspect, Table] = {
    "16:9": {
        "square": (40, 24, 760, 700), "hbm": (608, 60, 748, 124), "border": (20, 704, 800, 707),
        "chip": (102, 712, 760, 762), "held": (102, 768, 742, 848),
        "numbers": (102, 856, 760, 906),
        "head": (840, 24, 1880, 80), "plot": (840, 90, 1880, 800), "under": (840, 808, 1880, 910),
        "wide": (80, 10, 1840, 790), "wide under": (80, 800, 1840, 912), "law": (690, 158, 1860, 370), "bound": (690, 372, 1860, 418),
        "near chip": (900, 300, 1860, 356), "near held": (900, 370, 1740, 610), "near numbers": (900, 624, 1860, 680),
        "near bytes": (900, 684, 1860, 740), "near rows": (900, 744, 1860, 800),
    },
    "4:3": {
        "square": (20, 60, 600, 610), "hbm": (474, 92, 594, 152), "border": (20, 623, 600, 626),
        "chip": (70, 640, 600, 690), "held": (70, 698, 590, 768),
        "numbers": (70, 776, 600, 826),
        "head": (640, 24, 1430, 80), "plot": (640, 90, 1420, 800), "under": (640, 808, 1420, 910),
        "wide": (60, 10, 1400, 790), "wide under": (60, 800, 1400, 912), "law": (520, 158, 1420, 370), "bound": (520, 372, 1420, 418),
        "near chip": (690, 300, 1420, 356), "near held": (690, 370, 1390, 590), "near numbers": (690, 604, 1420, 660),
        "near bytes": (690, 664, 1420, 720), "near rows": (690, 724, 1420, 780),
    },
    "1:1": {
        "square": (10, 100, 510, 560), "hbm": (398, 116, 504, 172), "border": (10, 578, 510, 581),
        "chip": (54, 600, 510, 650), "held": (54, 656, 494, 726),
        "numbers": (54, 732, 510, 782),
        "head": (530, 16, 1075, 66), "plot": (530, 76, 1070, 800), "under": (530, 808, 1070, 910),
        "wide": (40, 240, 1040, 790), "wide under": (40, 800, 1040, 912), "law": (40, 10, 1060, 206), "bound": (40, 208, 1060, 254),
        "near chip": (560, 260, 1060, 310), "near held": (560, 320, 1050, 500), "near numbers": (560, 512, 1060, 562),
        "near bytes": (560, 566, 1060, 616), "near rows": (560, 620, 1066, 670),
    },
    "9:16": {
        "square": (40, 40, 580, 570), "hbm": (450, 48, 570, 130), "border": (592, 40, 595, 570),
        "chip": (610, 200, 1040, 250), "held": (610, 258, 1030, 338),
        "numbers": (610, 346, 1040, 396),
        "head": (60, 600, 1030, 654), "plot": (60, 664, 1020, 1250), "under": (60, 1258, 1020, 1366),
        "wide": (60, 440, 1020, 1240), "wide under": (60, 1250, 1020, 1366), "law": (60, 120, 1040, 376), "bound": (60, 382, 1040, 438),
        "near chip": (100, 760, 1000, 816), "near held": (100, 826, 960, 1086), "near numbers": (100, 1098, 1000, 1154),
        "near bytes": (100, 1158, 1000, 1214), "near rows": (100, 1218, 1000, 1274),
    },
}  # fmt: skip

BAND, NEAR = 1 / 8, em(10)  # thickness of a strip of a matrix, of the square's side, and its distance from the square
SIDE, UNDER = em(42), em(48)  # beside the grid and beneath it: letters
HEADROOM = em(104)  # above the tallest bar, for its two lines of words
BAR = (0.02, 0.46)  # of a bar's column: where it begins and ends; words stand at its right
SPAN = 0.92  # of a column: the largest memory, under its bar


@dataclass(frozen=True)
class Square:
    """The N x N square, and the strips of K, V, Q and O along it."""

    grid: Rect
    n: int

    @classmethod
    def of(cls, rect: Rect, n: int) -> Square:
        """As large as it fits, in the middle."""
        gaps = 1.5 * NEAR
        side = min(rect.width - SIDE - gaps, rect.height - UNDER - gaps) / (1 + 2 * BAND)
        x0 = rect.center[0] - (SIDE + side * (1 + 2 * BAND) + gaps) / 2 + SIDE
        y1 = rect.y1 - 2 * BAND * side - gaps
        return cls(Rect(x0, y1 - side, x0 + side, y1), n)

    @property
    def unit(self) -> float:
        """Of a query or a key."""
        return self.grid.width / self.n

    @property
    def band(self) -> float:
        """Thickness of a strip."""
        return BAND * self.grid.width

    def strip(self, name: str) -> Rect:
        """Where a matrix stands."""
        grid = self.grid
        if name in "KV":
            return self.block(name, 0.0, self.n)
        left = grid.x1 + NEAR + (0.0 if name == "Q" else self.band + NEAR / 2)
        return Rect(left, grid.y0, left + self.band, grid.y1)

    def block(self, name: str, key: float, columns: float) -> Rect:
        """So many keys of K or V from one on, K over V; the last block is what is left."""
        low = self.grid.y1 + NEAR + (self.band + NEAR / 2 if name == "K" else 0.0)
        x0 = self.grid.x0 + key * self.unit
        return Rect(x0, low, min(x0 + columns * self.unit, self.grid.x1), low + self.band)

    def starts(self, columns: float) -> np.ndarray:
        """First key of each sweep."""
        return np.arange(math.ceil(self.n / columns - 1e-9)) * columns


@dataclass(frozen=True)
class Columns:
    """Bars from the lower edge of a place, one a column, all of one scale."""

    rect: Rect
    count: int
    most: float  # bytes, beneath the headroom

    @property
    def pitch(self) -> float:
        """Width of a column."""
        return self.rect.width / self.count

    def x(self, index: int, share: float) -> float:
        """In a column."""
        return self.rect.x0 + (index + share) * self.pitch

    def y(self, nbytes: float) -> float:
        return self.rect.y0 + nbytes / self.most * (self.rect.height - HEADROOM)

    def bar(self, index: int, low: float, high: float) -> Rect:
        """From some bytes to others."""
        return Rect(self.x(index, BAR[0]), self.y(low), self.x(index, BAR[1]), self.y(high))

    def beside(self, index: int) -> tuple[float, float]:
        """Where the room for words at the right of a bar begins, and ends."""
        return self.x(index, BAR[1]), self.x(index, 1.0)

    def memory(self, index: int, under: Rect, share: float) -> Rect:
        """Under its bar, as wide as a share of the largest one."""
        left = self.x(index, BAR[0])
        return Rect(left, under.center[1], left + share * SPAN * self.pitch, under.y1)
