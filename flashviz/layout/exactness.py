"""Shots of ExactnessScene: one score's way on three lines of numbers, and how far off either output is, as bars from zero."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from flashviz.layout.rect import Aspect, Rect, centered, columns
from flashviz.layout.table import Table
from flashviz.lettering import em

# ``flash`` and ``standard``: a line of numbers each, on the ``chip``; ``stored``: one in ``HBM``.
WAY: Mapping[Aspect, Table] = {
    "16:9": {
        "chip": (60, 24, 1860, 580), "chip name": (100, 40, 760, 96), "HBM": (60, 620, 1860, 930), "HBM name": (100, 636, 760, 692),
        "flash name": (100, 196, 560, 256), "flash note": (100, 256, 560, 312), "flash": (600, 96, 1820, 326),
        "standard name": (100, 436, 560, 496), "standard note": (100, 496, 560, 552), "standard": (600, 336, 1820, 566),
        "stored": (600, 670, 1820, 900),
    },
    "4:3": {
        "chip": (30, 24, 1410, 580), "chip name": (60, 40, 720, 96), "HBM": (30, 620, 1410, 930), "HBM name": (60, 636, 720, 692),
        "flash name": (60, 196, 500, 256), "flash note": (60, 256, 500, 312), "flash": (520, 96, 1390, 326),
        "standard name": (60, 436, 500, 496), "standard note": (60, 496, 500, 552), "standard": (520, 336, 1390, 566),
        "stored": (520, 670, 1390, 900),
    },
    "1:1": {
        "chip": (20, 24, 1060, 590), "chip name": (50, 36, 400, 86), "HBM": (20, 640, 1060, 930), "HBM name": (50, 652, 400, 702),
        "flash name": (50, 96, 470, 156), "flash note": (50, 156, 470, 212), "flash": (300, 110, 1040, 330),
        "standard name": (50, 346, 470, 406), "standard note": (50, 406, 470, 462), "standard": (300, 360, 1040, 580),
        "stored": (300, 690, 1040, 910),
    },
    "9:16": {
        "chip": (20, 40, 1060, 880), "chip name": (60, 60, 700, 116), "HBM": (20, 950, 1060, 1370), "HBM name": (60, 970, 700, 1026),
        "flash name": (60, 150, 700, 210), "flash note": (60, 210, 700, 266), "flash": (60, 220, 1020, 450),
        "standard name": (60, 520, 700, 580), "standard note": (60, 580, 700, 636), "standard": (60, 590, 1020, 820),
        "stored": (60, 1080, 1020, 1310),
    },
}  # fmt: skip
# ``flash`` and ``standard``: as long as the larger error, from the line ``zero`` on; the ``axis`` says what they measure, and each ``note``
# what an algorithm rounds. Before, a difference of pictures stands in either (``difference``), its names at the height of ``zero name``.
ERRORS: Mapping[Aspect, Table] = {
    "16:9": {
        "flash name": (100, 120, 620, 190), "flash number": (100, 200, 620, 310), "flash": (664, 70, 1820, 370),
        "flash note": (100, 316, 630, 370), "standard note": (100, 696, 630, 750),
        "standard name": (100, 500, 620, 570), "standard number": (100, 580, 620, 690), "standard": (664, 450, 1820, 750),
        "zero": (656, 30, 664, 800), "zero name": (480, 816, 840, 876), "axis": (860, 816, 1840, 876),
    },
    "4:3": {
        "flash name": (60, 120, 480, 190), "flash number": (60, 200, 480, 310), "flash": (524, 70, 1380, 370),
        "flash note": (60, 316, 506, 370), "standard note": (60, 696, 506, 750),
        "standard name": (60, 500, 480, 570), "standard number": (60, 580, 480, 690), "standard": (524, 450, 1380, 750),
        "zero": (516, 30, 524, 800), "zero name": (370, 810, 670, 864), "axis": (370, 870, 1380, 924),
    },
    "1:1": {
        "flash name": (84, 80, 540, 150), "flash number": (560, 60, 1020, 170), "flash": (64, 180, 1020, 360),
        "flash note": (84, 366, 1020, 420), "standard note": (84, 714, 1020, 768),
        "standard name": (84, 430, 540, 500), "standard number": (560, 410, 1020, 520), "standard": (64, 530, 1020, 710),
        "zero": (56, 50, 64, 768), "zero name": (60, 776, 280, 836), "axis": (60, 850, 1020, 910),
    },
    "9:16": {
        "flash name": (84, 140, 540, 210), "flash number": (560, 120, 1020, 230), "flash": (64, 250, 1020, 520),
        "flash note": (84, 532, 1020, 592), "standard note": (84, 1048, 1020, 1108),
        "standard name": (84, 660, 540, 730), "standard number": (560, 640, 1020, 750), "standard": (64, 770, 1020, 1040),
        "zero": (56, 100, 64, 1100), "zero name": (60, 1120, 280, 1180), "axis": (60, 1230, 1020, 1300),
    },
}  # fmt: skip

TALL = em(20)  # how far a tick stands out to either side
HIGH = 0.42  # of its place, beneath a line
SIGN = em(90)  # between two pictures


def difference(rect: Rect) -> tuple[list[Rect], list[Rect]]:
    """Where a - b = c stand in ``rect``: three pictures from the left, and the two signs between them."""
    pictures = columns(rect, 3, SIGN)
    return pictures, [Rect(before.x1, rect.y0, after.x0, rect.y1) for before, after in pairwise(pictures)]


@dataclass(frozen=True)
class Axis:
    """A line of numbers about ``middle``, as far as ``reach`` to either side."""

    rect: Rect
    middle: float
    reach: float

    def x(self, value: float) -> float:
        return self.rect.center[0] + (value - self.middle) / self.reach * self.rect.width / 2

    @property
    def y(self) -> float:
        """Its height."""
        return self.rect.y0 + HIGH * self.rect.height

    def over(self, value: float) -> Rect:
        """Room for a number over its place."""
        return centered(self.x(value), self.y + em(74), self.rect.width / 5, em(80))

    def under(self, value: float) -> Rect:
        """And beneath it."""
        return centered(self.x(value), self.y - em(56), self.rect.width / 3, em(60))
