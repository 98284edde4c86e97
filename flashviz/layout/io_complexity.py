"""The shot of IOScene: blocks of K and V over the N x N square, the chip's memory that holds one of each, and bars of what crosses."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from flashviz.layout.rect import Aspect, Rect
from flashviz.layout.table import Table
from flashviz.lettering import em

# ``square``: the scores with K and V above, Q and O at the right; ``hbm`` says where these are. ``panel``: the chip, seen closely, with a
# tile and its blocks in ``cross``; ``corner``: what happens there, and what crosses. Then memory is a strip, ``held``, as wide as it is
# large, ``chip`` says how large, and bars of what crosses stand on the lower edge of ``plot``; ``under``: the memory that each is of. At
# the end sweeps times what each moves are the bars: ``end square``, ``strips``, and ``end plot`` over ``end under``; what each is stands
# in ``sweeps`` and ``width``, in ``each`` and ``moved``, and in ``law`` over ``bound``, its source.
IO: Mapping[Aspect, Table] = {
    "16:9": {
        "square": (30, 16, 800, 800), "hbm": (656, 30, 800, 150),
        "panel": (850, 16, 1890, 910), "cross": (880, 46, 1716, 882), "corner": (1190, 56, 1870, 530),
        "chip": (72, 802, 800, 848), "held": (72, 856, 712, 916),
        "plot": (850, 16, 1890, 800), "under": (850, 808, 1890, 910),
        "end square": (20, 20, 660, 690), "strips": (740, 80, 1100, 612),
        "end plot": (1190, 20, 1890, 612), "end under": (1190, 618, 1890, 710),
        "sweeps": (40, 752, 700, 832), "width": (40, 842, 720, 902), "each": (760, 752, 1140, 832), "moved": (760, 842, 1160, 902),
        "law": (1190, 752, 1890, 832), "bound": (1190, 842, 1890, 902),
    },
    "4:3": {
        "square": (10, 30, 640, 690), "hbm": (516, 40, 640, 130),
        "panel": (670, 30, 1424, 900), "cross": (690, 262, 1310, 882), "corner": (920, 50, 1410, 600),
        "chip": (50, 740, 640, 786), "held": (50, 794, 570, 854),
        "plot": (670, 30, 1424, 790), "under": (670, 798, 1424, 900),
        "end square": (0, 60, 480, 560), "strips": (520, 110, 840, 500),
        "end plot": (880, 40, 1430, 500), "end under": (880, 506, 1430, 600),
        "sweeps": (20, 690, 490, 760), "width": (20, 770, 490, 830), "each": (530, 690, 860, 760), "moved": (530, 770, 870, 830),
        "law": (900, 690, 1420, 760), "bound": (900, 770, 1430, 830),
    },
    "1:1": {
        "square": (4, 40, 462, 540), "hbm": (362, 44, 462, 110),
        "panel": (480, 30, 1072, 900), "cross": (500, 386, 1000, 886), "corner": (510, 50, 1060, 370),
        "chip": (8, 640, 462, 690), "held": (8, 698, 458, 768),
        "plot": (470, 30, 1072, 800), "under": (470, 808, 1072, 910),
        "end square": (4, 10, 460, 400), "strips": (580, 60, 940, 380),
        "end plot": (20, 560, 620, 830), "end under": (20, 836, 620, 920),
        "sweeps": (20, 440, 260, 510), "width": (20, 512, 500, 562), "each": (560, 440, 1060, 510), "moved": (560, 512, 1060, 562),
        "law": (600, 640, 1060, 710), "bound": (600, 720, 1074, 780),
    },
    "9:16": {
        "square": (30, 30, 600, 640), "hbm": (482, 40, 600, 130),
        "panel": (30, 660, 1050, 1376), "cross": (50, 680, 730, 1360), "corner": (310, 690, 1040, 1060),
        "chip": (620, 320, 1050, 370), "held": (620, 380, 1040, 450),
        "plot": (60, 640, 1020, 1250), "under": (60, 1258, 1020, 1366),
        "end square": (10, 20, 520, 500), "strips": (80, 606, 460, 935),
        "end plot": (50, 1000, 670, 1280), "end under": (50, 1286, 670, 1376),
        "sweeps": (560, 200, 1060, 270), "width": (560, 280, 1060, 340), "each": (590, 720, 1060, 790), "moved": (590, 800, 1060, 860),
        "law": (590, 1020, 1060, 1090), "bound": (590, 1096, 1068, 1156),
    },
}  # fmt: skip

BAND, NEAR = 1 / 8, em(10)  # thickness of a strip of a matrix, of the square's side, and its distance from the square
SIDE, UNDER = em(48), em(54)  # beside the grid and beneath it: letters
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

    def rows(self, name: str, index: int, count: float) -> Rect:
        """A block of so many rows of Q or O; the last one is what is left."""
        strip, high = self.strip(name), count * self.unit
        return Rect(strip.x0, max(strip.y1 - (index + 1) * high, strip.y0), strip.x1, strip.y1 - index * high)

    def starts(self, columns: float) -> np.ndarray:
        """First key of each sweep."""
        return np.arange(math.ceil(self.n / columns - 1e-9)) * columns


@dataclass(frozen=True)
class Cross:
    """On chip, seen closely: a tile of scores with its blocks as they stand in the square, K over V above, Q and O at the right."""

    rect: Rect

    def slot(self, name: str) -> Rect:
        """Where a block is held, or S."""
        side = (min(self.rect.width, self.rect.height) - 2 * NEAR) / 3
        x0 = self.rect.x0 + "SQO".find(name) * (side + NEAR) if name in "QO" else self.rect.x0
        y0 = self.rect.y0 + "SVK".index(name) * (side + NEAR) if name in "KV" else self.rect.y0
        return Rect(x0, y0, x0 + side, y0 + side)


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
