"""Shots of ExactnessScene: two outputs that slide over each other, the error of each, and rulers on which they are dots."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flashviz.layout.rect import Aspect, Rect, rows
from flashviz.layout.table import Table
from flashviz.lettering import em

# ``left`` and ``right``: both outputs, and then their errors, each under its name and over its largest; ``both``: where the outputs meet,
# with a ``note`` over it and how far they are apart beneath.
OUTPUTS: Mapping[Aspect, Table] = {
    "16:9": {
        "left": (100, 120, 900, 810), "right": (1020, 120, 1820, 810), "left name": (100, 40, 900, 108),
        "right name": (1020, 40, 1820, 108), "left most": (100, 824, 900, 930), "right most": (1020, 824, 1820, 930),
        "both": (100, 120, 1820, 810), "note": (100, 40, 1820, 108), "most": (100, 830, 1820, 930),
    },
    "4:3": {
        "left": (60, 140, 690, 800), "right": (750, 140, 1380, 800), "left name": (60, 60, 690, 126),
        "right name": (750, 60, 1380, 126), "left most": (60, 814, 690, 920), "right most": (750, 814, 1380, 920),
        "both": (60, 140, 1380, 800), "note": (60, 60, 1380, 126), "most": (60, 820, 1380, 920),
    },
    "1:1": {
        "left": (40, 150, 520, 790), "right": (560, 150, 1040, 790), "left name": (40, 76, 520, 140),
        "right name": (560, 76, 1040, 140), "left most": (40, 806, 520, 916), "right most": (560, 806, 1040, 916),
        "both": (40, 150, 1040, 790), "note": (40, 76, 1040, 140), "most": (40, 810, 1040, 910),
    },
    "9:16": {
        "left": (60, 120, 1020, 560), "right": (60, 760, 1020, 1200), "left name": (60, 50, 1020, 112),
        "right name": (60, 690, 1020, 752), "left most": (60, 568, 1020, 672), "right most": (60, 1208, 1020, 1312),
        "both": (60, 120, 1020, 1200), "note": (60, 50, 1020, 112), "most": (60, 1220, 1020, 1330),
    },
}  # fmt: skip
# ``legend``: whose the dots are; ``rulers``: one beneath the other; ``ticks``: numbers beneath the last; ``axis``: what they measure.
RULERS: Mapping[Aspect, Table] = {
    "16:9": {"legend": (100, 30, 1820, 96), "rulers": (100, 110, 1820, 816), "ticks": (100, 818, 1820, 864), "axis": (100, 866, 1820, 930)},
    "4:3": {"legend": (60, 40, 1380, 106), "rulers": (60, 130, 1380, 808), "ticks": (60, 810, 1380, 856), "axis": (60, 860, 1380, 924)},
    "1:1": {"legend": (40, 50, 1040, 116), "rulers": (40, 140, 1040, 798), "ticks": (40, 800, 1040, 846), "axis": (40, 850, 1040, 914)},
    "9:16": {
        "legend": (60, 80, 1020, 146), "rulers": (60, 190, 1020, 1210), "ticks": (60, 1212, 1020, 1262), "axis": (60, 1270, 1020, 1340),
    },
}  # fmt: skip

HEAD, FOOT = em(74), em(14)  # of a ruler: its name and the name of its mark, and beneath its line
STEP, TALL = em(10), em(22)  # how far the ticks of the octaves stand up, and how far every fourth


@dataclass(frozen=True)
class Ruler:
    """A line of octaves: a place for each share, lanes above it for dots, a head for its name."""

    rect: Rect
    low: float  # log2 of the share at its left end
    pitch: float  # an octave
    lanes: int

    def x(self, share: float) -> float:
        """Where a share of the largest value stands."""
        return self.rect.x0 + (math.log2(share) - self.low) * self.pitch

    @property
    def octaves(self) -> range:
        """Powers of two that have a tick."""
        return range(math.ceil(self.low), math.floor(self.low + self.rect.width / self.pitch) + 1)

    @property
    def line(self) -> float:
        """Height of the line."""
        return self.rect.y0 + FOOT

    @property
    def top(self) -> float:
        """Up to where a mark stands."""
        return self.rect.y1 - HEAD

    @property
    def head(self) -> Rect:
        return Rect(self.rect.x0, self.top, self.rect.x1, self.rect.y1)

    @property
    def heights(self) -> list[float]:
        """Of the dots, from the top."""
        return [row.center[1] for row in rows(Rect(self.rect.x0, self.line + TALL, self.rect.x1, self.top), self.lanes)]

    def toward(self, other: Ruler, share: float) -> Ruler:
        """So far on the way to another place and another range."""
        low, pitch = (a + (b - a) * share for a, b in ((self.low, other.low), (self.pitch, other.pitch)))
        return Ruler(self.rect.toward(other.rect, share), low, pitch, self.lanes)


def alone(rect: Rect, shares: Sequence[float], lanes: int, left: float, right: float) -> Ruler:
    """One ruler on which these shares are far apart, with so much room for words at the left and at the right of them."""
    low, high = math.log2(min(shares)), math.log2(max(shares))
    pitch = (rect.width - left - right) / max(high - low, 1.0)
    return Ruler(rect, low - left / pitch, pitch, lanes)


def rulers(rect: Rect, count: int, shares: Sequence[float], lanes: int, beside: float) -> list[Ruler]:
    """``count`` rulers, one beneath the other, on which all ``shares`` have a place, and ``beside`` it room for a number at either side."""
    low, high = math.log2(min(shares)), math.log2(max(shares))
    pitch = (rect.width - 2 * beside) / max(high - low, 1.0)
    return [Ruler(place, low - beside / pitch, pitch, lanes) for place in rows(rect, count, em(14))]
