"""Shots of ExactnessScene: two outputs and their difference, what each algorithm stores, one rounding, and rulers with errors as dots."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flashviz.layout.rect import Aspect, Rect, centered, columns, rows
from flashviz.layout.table import Table
from flashviz.lettering import em

# ``left`` minus ``right`` equals ``rest``: pictures of one size, each with its name, what is seen of it, and how large it is.
OUTPUTS: Mapping[Aspect, Table] = {
    "16:9": {
        "left": (100, 176, 620, 790), "right": (700, 176, 1220, 790), "rest": (1300, 176, 1820, 790),
        "left name": (100, 50, 620, 108), "right name": (700, 50, 1220, 108), "rest name": (1300, 50, 1820, 108),
        "left seen": (100, 112, 620, 160), "right seen": (700, 112, 1220, 160), "rest seen": (1300, 112, 1820, 160),
        "left most": (100, 804, 620, 924), "right most": (700, 804, 1220, 924), "rest most": (1300, 804, 1820, 924),
        "minus": (620, 176, 700, 790), "equals": (1220, 176, 1300, 790),
    },
    "4:3": {
        "left": (500, 40, 1010, 300), "right": (500, 350, 1010, 610), "rest": (500, 660, 1010, 920),
        "left name": (60, 110, 480, 168), "right name": (60, 420, 480, 478), "rest name": (60, 730, 480, 788),
        "left seen": (60, 172, 480, 220), "right seen": (60, 482, 480, 530), "rest seen": (60, 792, 480, 840),
        "left most": (1030, 110, 1380, 230), "right most": (1030, 420, 1380, 540), "rest most": (1030, 730, 1380, 850),
        "minus": (500, 300, 1010, 350), "equals": (500, 610, 1010, 660),
    },
    "1:1": {
        "left": (410, 40, 740, 300), "right": (410, 350, 740, 610), "rest": (410, 660, 740, 920),
        "left name": (40, 110, 400, 168), "right name": (40, 420, 400, 478), "rest name": (40, 730, 400, 788),
        "left seen": (40, 172, 400, 220), "right seen": (40, 482, 400, 530), "rest seen": (40, 792, 400, 840),
        "left most": (750, 110, 1040, 230), "right most": (750, 420, 1040, 540), "rest most": (750, 730, 1040, 850),
        "minus": (410, 300, 740, 350), "equals": (410, 610, 740, 660),
    },
    "9:16": {
        "left": (60, 110, 1020, 370), "right": (60, 550, 1020, 810), "rest": (60, 990, 1020, 1250),
        "left name": (60, 40, 520, 98), "right name": (60, 480, 520, 538), "rest name": (60, 920, 520, 978),
        "left seen": (540, 40, 1020, 98), "right seen": (540, 480, 1020, 538), "rest seen": (540, 920, 1020, 978),
        "left most": (60, 376, 1020, 440), "right most": (60, 816, 1020, 880), "rest most": (60, 1256, 1020, 1320),
        "minus": (60, 440, 1020, 484), "equals": (60, 880, 1020, 924),
    },
}  # fmt: skip
# What either algorithm makes on its way to O, and in which dtype it is kept.
STORED: Mapping[Aspect, Table] = {
    "16:9": {"standard": (100, 40, 1820, 470), "flash": (100, 500, 1820, 930)},
    "4:3": {"standard": (60, 40, 1380, 470), "flash": (60, 500, 1380, 930)},
    "1:1": {"standard": (40, 50, 1040, 470), "flash": (40, 500, 1040, 920)},
    "9:16": {"standard": (60, 60, 1020, 660), "flash": (60, 730, 1020, 1330)},
}
# ``note``: what the ticks are; ``line``: numbers of a dtype about a score; ``rows``: what the rounding makes of weight and output.
GAP: Mapping[Aspect, Table] = {
    "16:9": {"note": (100, 40, 1820, 110), "line": (100, 130, 1820, 570), "rows": (100, 620, 1820, 920)},
    "4:3": {"note": (60, 50, 1380, 120), "line": (60, 140, 1380, 570), "rows": (60, 620, 1380, 920)},
    "1:1": {"note": (40, 60, 1040, 130), "line": (40, 150, 1040, 570), "rows": (40, 620, 1040, 910)},
    "9:16": {"note": (60, 100, 1020, 170), "line": (60, 220, 1020, 800), "rows": (60, 880, 1020, 1280)},
}
# ``legend``: whose the dots are; ``rulers``: one beneath the other; ``ticks``: numbers beneath the last; ``axis``: what they measure.
RULERS: Mapping[Aspect, Table] = {
    "16:9": {"legend": (100, 30, 1820, 96), "rulers": (100, 110, 1820, 816), "ticks": (100, 818, 1820, 864), "axis": (100, 866, 1820, 930)},
    "4:3": {"legend": (60, 40, 1380, 106), "rulers": (60, 130, 1380, 808), "ticks": (60, 810, 1380, 856), "axis": (60, 860, 1380, 924)},
    "1:1": {"legend": (40, 50, 1040, 116), "rulers": (40, 140, 1040, 798), "ticks": (40, 800, 1040, 846), "axis": (40, 850, 1040, 914)},
    "9:16": {
        "legend": (60, 80, 1020, 146), "rulers": (60, 190, 1020, 1210), "ticks": (60, 1212, 1020, 1262), "axis": (60, 1270, 1020, 1340),
    },
}  # fmt: skip

TALL = em(18)  # how far a ruler's ticks stand up


def stages(rect: Rect) -> tuple[Rect, list[Rect], list[Rect]]:
    """The name of an algorithm over three boxes for S, P and O, and the arrows between these."""
    name, under = rect.top(em(64)), Rect(rect.x0, rect.y0, rect.x1, rect.y1 - em(76))
    gap = rect.width / 20
    boxes = columns(under, 3, gap)
    return name, boxes, [Rect(box.x1, box.y0, box.x1 + gap, box.y1) for box in boxes[:-1]]


@dataclass(frozen=True)
class Axis:
    """A line for numbers that are near each other, with room for a word over each end."""

    rect: Rect
    first: float
    last: float

    def x(self, value: float) -> float:
        room = self.rect.inset(self.rect.width / 8, 0.0)
        return room.x0 + (value - self.first) / (self.last - self.first) * room.width

    @property
    def line(self) -> float:
        """Its height: beneath it numbers, over it what happens."""
        return self.rect.y0 + em(110)

    @property
    def span(self) -> float:
        """Where a distance is measured, over the line."""
        return self.line + em(110)

    def over(self, x: float) -> Rect:
        """Room for words over what is measured, within the frame."""
        return centered(x, self.span + em(50), min(self.rect.width, 2 * (x - self.rect.x0), 2 * (self.rect.x1 - x)), em(60))

    def under(self, x: float) -> Rect:
        """Room for a number."""
        return centered(x, self.rect.y0 + em(44), self.rect.width / 4, em(60))


@dataclass(frozen=True)
class Ruler:
    """A line of decades for shares, with two lanes above it for dots, and its name at the left."""

    rect: Rect  # all of it
    start: float  # where the line begins
    low: float  # log10 of the share there
    pitch: float  # a decade

    def x(self, share: float) -> float:
        """Where a share of the largest value stands."""
        return self.start + (math.log10(share) - self.low) * self.pitch

    @property
    def decades(self) -> range:
        """Powers of ten that have a tick."""
        return range(math.ceil(self.low), math.floor(self.low + (self.rect.x1 - self.start) / self.pitch) + 1)

    @property
    def line(self) -> float:
        """Height of the line."""
        return self.rect.y0 + em(14)

    @property
    def heights(self) -> list[float]:
        """Of the two lanes, the upper first."""
        return [row.center[1] for row in rows(Rect(self.start, self.line + TALL, self.rect.x1, self.rect.y1), 2)]

    @property
    def name(self) -> Rect:
        return Rect(self.rect.x0, self.line, self.start, self.rect.y1)


def rulers(rect: Rect, count: int, shares: Sequence[float], name: float, left: float, right: float) -> list[Ruler]:
    """``count`` rulers, one beneath the other, on which all ``shares`` have a place, with room for words beside the outermost dots."""
    low, high = math.log10(min(shares)), math.log10(max(shares))
    pitch = (rect.width - name - left - right) / max(high - low, 1.0)
    return [Ruler(place, rect.x0 + name, low - left / pitch, pitch) for place in rows(rect, count, em(14))]
