"""Shots of ExactnessScene: two outputs that slide over each other, three errors side by side, and rulers on which they are dots."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flashviz.layout.rect import Aspect, Rect, rows
from flashviz.layout.table import Table
from flashviz.lettering import em

# ``left`` and ``right``: both outputs, which meet at ``both``; beneath it how far they are apart. ``error 0`` to ``error 2``: what
# each is off by, a name above and its largest beneath.
OUTPUTS: Mapping[Aspect, Table] = {
    "16:9": {
        "left": (100, 120, 900, 810), "right": (1020, 120, 1820, 810), "left name": (100, 40, 900, 108),
        "right name": (1020, 40, 1820, 108),
        "both": (100, 120, 1820, 810), "note": (100, 40, 1820, 108), "most": (100, 830, 1820, 930),
        "error note": (100, 30, 1820, 90),
        "error 0": (100, 176, 640, 800), "error 1": (690, 176, 1230, 800), "error 2": (1280, 176, 1820, 800),
        "error 0 name": (100, 104, 640, 168), "error 1 name": (690, 104, 1230, 168), "error 2 name": (1280, 104, 1820, 168),
        "error 0 most": (100, 826, 640, 926), "error 1 most": (690, 826, 1230, 926), "error 2 most": (1280, 826, 1820, 926),
    },
    "4:3": {
        "left": (60, 140, 690, 800), "right": (750, 140, 1380, 800), "left name": (60, 60, 690, 126),
        "right name": (750, 60, 1380, 126),
        "both": (60, 140, 1380, 800), "note": (60, 60, 1380, 126), "most": (60, 820, 1380, 920),
        "error note": (60, 40, 1380, 100),
        "error 0": (60, 190, 480, 780), "error 1": (510, 190, 930, 780), "error 2": (960, 190, 1380, 780),
        "error 0 name": (60, 116, 480, 180), "error 1 name": (510, 116, 930, 180), "error 2 name": (960, 116, 1380, 180),
        "error 0 most": (60, 810, 480, 910), "error 1 most": (510, 810, 930, 910), "error 2 most": (960, 810, 1380, 910),
    },
    "1:1": {
        "left": (40, 150, 520, 790), "right": (560, 150, 1040, 790), "left name": (40, 76, 520, 140),
        "right name": (560, 76, 1040, 140),
        "both": (40, 150, 1040, 790), "note": (40, 76, 1040, 140), "most": (40, 810, 1040, 910),
        "error note": (40, 50, 1040, 110),
        "error 0": (40, 200, 360, 770), "error 1": (380, 200, 700, 770), "error 2": (720, 200, 1040, 770),
        "error 0 name": (40, 126, 360, 190), "error 1 name": (380, 126, 700, 190), "error 2 name": (720, 126, 1040, 190),
        "error 0 most": (40, 790, 360, 930), "error 1 most": (380, 790, 700, 930), "error 2 most": (720, 790, 1040, 930),
    },
    "9:16": {
        "left": (60, 160, 1020, 640), "right": (60, 740, 1020, 1220), "left name": (60, 86, 1020, 150),
        "right name": (60, 662, 1020, 730),
        "both": (60, 160, 1020, 1220), "note": (60, 86, 1020, 150), "most": (60, 1240, 1020, 1350),
        "error note": (60, 60, 1020, 124),
        "error 0": (60, 240, 360, 1180), "error 1": (390, 240, 690, 1180), "error 2": (720, 240, 1020, 1180),
        "error 0 name": (60, 160, 360, 230), "error 1 name": (390, 160, 690, 230), "error 2 name": (720, 160, 1020, 230),
        "error 0 most": (60, 1210, 360, 1360), "error 1 most": (390, 1210, 690, 1360), "error 2 most": (720, 1210, 1020, 1360),
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

BESIDE = em(170)  # room for a dot's number, at each end
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


def alone(rect: Rect, shares: Sequence[float], lanes: int, room: float) -> Ruler:
    """One ruler on which these shares are far apart, with ``room`` for a name at the left of each and for a number at the right."""
    low, high = math.log2(min(shares)), math.log2(max(shares))
    pitch = (rect.width - room - BESIDE) / max(high - low, 1.0)
    return Ruler(rect, low - room / pitch, pitch, lanes)


def rulers(rect: Rect, count: int, shares: Sequence[float], lanes: int) -> list[Ruler]:
    """``count`` rulers, one beneath the other, on which all ``shares`` have a place, with so many lanes each."""
    low, high = math.log2(min(shares)), math.log2(max(shares))
    pitch = (rect.width - 2 * BESIDE) / max(high - low, 1.0)
    return [Ruler(place, low - BESIDE / pitch, pitch, lanes) for place in rows(rect, count, em(14))]
