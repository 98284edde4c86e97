"""The shot of IOScene: blocks of K and V over the N x N square, the chip's memory that holds one of each, and bars of what crosses."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from flashviz.layout.rect import Aspect, Rect, columns
from flashviz.layout.table import Table
from flashviz.lettering import em

# ``square``: the scores with K and V above, Q and O at the right; ``hbm`` says where these are, ``cut`` how large, and how they are cut.
# ``die``: the chip, seen closely. In it ``panel`` is M with its blocks, which ``room`` describes; beneath it, in ``made``, stands what
# is made of them, and beside that, in ``dropped``, what becomes of it; ``band``: what crosses in one sweep.
# Then memory is a strip, ``held``, as wide as it is large, ``chip`` says how large, ``blocks`` how K and V are cut, and bars of what
# crosses stand on the lower edge of ``plot``, which ``axis`` names; ``under``: the memory that each is of. Above them ``law``, beneath it
# in ``lifted`` what crosses in one sweep, and later its source, ``bound``; over it how much M is, and later what is not counted: ``rest``.
IO: Mapping[Aspect, Table] = {
    "16:9": {
        "square": (16, 16, 676, 720), "hbm": (560, 24, 676, 124),
        "die": (700, 16, 1896, 552), "room": (724, 22, 1884, 82), "panel": (716, 86, 1880, 318), "made": (716, 334, 1880, 540),
        "dropped": (1460, 350, 1884, 524), "band": (700, 566, 1896, 912),
        "cut": (66, 772, 676, 908), "chip": (1214, 62, 1414, 112), "held": (1420, 64, 1650, 108), "blocks": (66, 772, 676, 818),
        "plot": (700, 16, 1896, 800), "under": (700, 808, 1896, 912), "axis": (940, 12, 1400, 62),
        "rest": (940, 16, 1650, 66), "law": (940, 72, 1896, 142), "lifted": (1420, 150, 1896, 306), "bound": (940, 150, 1896, 196),
    },
    "4:3": {
        "square": (0, 10, 470, 480), "hbm": (370, 20, 470, 110),
        "die": (490, 10, 1424, 484), "room": (510, 14, 1414, 70), "panel": (502, 72, 1412, 272), "made": (502, 286, 1412, 474),
        "dropped": (1082, 300, 1418, 460), "band": (16, 644, 1424, 904),
        "cut": (50, 490, 680, 636), "chip": (520, 226, 1424, 276), "held": (520, 150, 1100, 220), "blocks": (520, 300, 1424, 350),
        "plot": (16, 500, 1424, 806), "under": (16, 812, 1424, 912), "axis": (400, 510, 1424, 560),
        "rest": (520, 10, 1424, 60), "law": (520, 64, 1424, 130), "lifted": (860, 136, 1424, 292), "bound": (520, 136, 1424, 182),
    },
    "1:1": {
        "square": (4, 10, 420, 440), "hbm": (330, 14, 420, 90),
        "die": (440, 10, 1072, 640), "room": (460, 14, 1062, 74), "panel": (450, 78, 1062, 268), "made": (450, 282, 1062, 472),
        "dropped": (596, 482, 1062, 632), "band": (4, 660, 1072, 912),
        "cut": (4, 450, 436, 650), "chip": (450, 250, 1072, 300), "held": (450, 180, 1050, 242), "blocks": (450, 330, 1072, 380),
        "plot": (16, 480, 1072, 806), "under": (16, 812, 1072, 912), "axis": (240, 470, 770, 520),
        "rest": (450, 10, 1072, 60), "law": (450, 64, 1072, 124), "lifted": (640, 130, 1072, 286), "bound": (450, 130, 1072, 180),
    },
    "9:16": {
        "square": (20, 20, 560, 620), "hbm": (460, 30, 560, 120),
        "die": (20, 650, 1060, 1100), "room": (40, 654, 1050, 712), "panel": (32, 714, 1048, 902), "made": (32, 914, 1048, 1090),
        "dropped": (680, 926, 1050, 1080), "band": (20, 1110, 1060, 1376),
        "cut": (600, 200, 1060, 490), "chip": (600, 440, 1060, 490), "held": (600, 496, 1050, 570), "blocks": (580, 380, 1072, 430),
        "plot": (8, 650, 1072, 1270), "under": (8, 1276, 1072, 1378), "axis": (210, 660, 760, 710),
        "rest": (230, 660, 1060, 710), "law": (230, 716, 1060, 786), "lifted": (560, 792, 1060, 930), "bound": (230, 792, 1060, 842),
    },
}  # fmt: skip

CHIP = "OQKV"  # blocks of M, from the left
BAND, NEAR = 1 / 8, em(10)  # thickness of a strip of a matrix, of the square's side, and its distance from the square
SIDE, UNDER = em(48), em(54)  # beside the grid and beneath it: letters
WORDS, BEFORE, AFTER = em(60), em(130), em(150)  # a line of words beneath stripes; a name before one, its bytes after it
HEADROOM = em(104)  # above the tallest bar, for its two lines of words
BAR = (0.05, 0.6)  # of a bar's column: where it begins and ends
SPAN = 0.8  # of a column: the largest memory, under its bar


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
    """On chip, seen closely: M's blocks side by side, and beneath them the scores, between Q and K, and the part, under O."""

    panel: Rect
    made: Rect

    def slot(self, name: str) -> Rect:
        """Where a block is held; ``scores`` and ``part`` are not M's."""
        slots = dict(zip(CHIP, columns(self.panel.inset(NEAR), len(CHIP), NEAR), strict=True))
        if name in slots:
            return slots[name]
        x0 = slots["O"].x0 if name == "part" else (slots["Q"].x0 + slots["K"].x0) / 2
        return Rect(x0, self.made.y0, x0 + slots["O"].width, self.made.y1)


@dataclass(frozen=True)
class Band:
    """One sweep's bytes, seen closely: a stripe a way, as high as it has bytes, its name before it, its bytes after it, words beneath."""

    rect: Rect
    nbytes: tuple[int, ...]

    @property
    def beneath(self) -> Rect:
        """A line of words."""
        return self.rect.bottom(WORDS)

    def stripes(self) -> list[Rect]:
        """From above."""
        place, found = self.rect.above(WORDS).beyond(BEFORE).before(AFTER), list[Rect]()
        for each in self.nbytes:
            high = found[-1].y0 if found else place.y1
            found.append(Rect(place.x0, high - place.height * each / sum(self.nbytes), place.x1, high))
        return found

    def before(self, stripe: Rect) -> Rect:
        """Where its name stands."""
        return Rect(self.rect.x0, stripe.y0, stripe.x0, stripe.y1)

    def after(self, stripe: Rect) -> Rect:
        """Where its bytes stand."""
        return Rect(stripe.x1, stripe.y0, self.rect.x1, stripe.y1)


@dataclass(frozen=True)
class Columns:
    """Bars from the lower edge of a place, one a column, all of one scale."""

    rect: Rect
    count: float  # a column is nearer where there are fewer
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

    def memory(self, index: int, under: Rect, share: float) -> Rect:
        """Under its bar, as wide as a share of the largest one."""
        left = self.x(index, BAR[0])
        return Rect(left, under.center[1], left + share * SPAN * self.pitch, under.y1)
