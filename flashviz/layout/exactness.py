"""Shots of ExactnessScene: one score's way on three lines of numbers, and how far off either output is, as pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flashviz.layout.rect import Aspect, Rect, centered
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
# ``flash`` and ``standard``: a picture each, ``what`` it shows, how large its ``largest`` entry is as a ``number``, and of what it is a
# ``share``. ``axis``: what the pictures' columns are.
ERRORS: Mapping[Aspect, Table] = {
    "16:9": {
        "flash name": (60, 24, 640, 80), "flash note": (60, 80, 640, 130), "flash what": (60, 138, 640, 198), "flash": (660, 30, 1860, 420),
        "flash largest": (60, 216, 640, 266), "flash number": (60, 268, 640, 370), "flash share": (60, 372, 640, 422),
        "standard name": (60, 454, 640, 510), "standard note": (60, 510, 640, 560), "standard what": (60, 568, 640, 628),
        "standard": (660, 460, 1860, 850), "standard largest": (60, 646, 640, 696), "standard number": (60, 698, 640, 800),
        "standard share": (60, 802, 640, 852), "axis": (660, 864, 1860, 920),
    },
    "4:3": {
        "flash name": (40, 24, 540, 80), "flash note": (40, 80, 540, 130), "flash what": (40, 138, 540, 198), "flash": (560, 30, 1400, 420),
        "flash largest": (40, 216, 540, 266), "flash number": (40, 268, 540, 370), "flash share": (40, 372, 540, 422),
        "standard name": (40, 454, 540, 510), "standard note": (40, 510, 540, 560), "standard what": (40, 568, 540, 628),
        "standard": (560, 460, 1400, 850), "standard largest": (40, 646, 540, 696), "standard number": (40, 698, 540, 800),
        "standard share": (40, 802, 540, 852), "axis": (560, 864, 1400, 920),
    },
    "1:1": {
        "flash name": (40, 10, 540, 66), "flash note": (40, 66, 540, 114), "flash what": (560, 30, 1040, 90), "flash": (40, 120, 1040, 300),
        "flash largest": (40, 310, 540, 360), "flash number": (560, 308, 1040, 410), "flash share": (40, 360, 540, 410),
        "standard name": (40, 424, 540, 480), "standard note": (40, 480, 540, 528), "standard what": (560, 444, 1040, 504),
        "standard": (40, 534, 1040, 714), "standard largest": (40, 724, 540, 774), "standard number": (560, 722, 1040, 824),
        "standard share": (40, 774, 540, 824), "axis": (40, 860, 1040, 916),
    },
    "9:16": {
        "flash name": (60, 30, 540, 90), "flash note": (60, 90, 540, 146), "flash what": (560, 50, 1020, 120),
        "flash": (60, 156, 1020, 480), "flash largest": (60, 498, 560, 550), "flash number": (580, 498, 1020, 606),
        "flash share": (60, 552, 560, 606),
        "standard name": (60, 640, 540, 700), "standard note": (60, 700, 540, 756), "standard what": (560, 660, 1020, 730),
        "standard": (60, 766, 1020, 1090), "standard largest": (60, 1108, 560, 1160), "standard number": (580, 1108, 1020, 1216),
        "standard share": (60, 1162, 560, 1216), "axis": (60, 1250, 1020, 1310),
    },
}  # fmt: skip

TALL = em(20)  # how far a tick stands out to either side
HIGH = 0.42  # of its place, beneath a line


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
