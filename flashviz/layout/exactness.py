"""Shots of ExactnessScene: how far off either output is, as pictures, and one score's way there on lines of numbers."""

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
        "stored": (600, 670, 1820, 900), "HBM note": (100, 692, 580, 748), "what": (600, 40, 1820, 96),
    },
    "4:3": {
        "chip": (30, 24, 1410, 580), "chip name": (60, 40, 720, 96), "HBM": (30, 620, 1410, 930), "HBM name": (60, 636, 720, 692),
        "flash name": (60, 196, 500, 256), "flash note": (60, 256, 500, 312), "flash": (520, 96, 1390, 326),
        "standard name": (60, 436, 500, 496), "standard note": (60, 496, 500, 552), "standard": (520, 336, 1390, 566),
        "stored": (520, 670, 1390, 900), "HBM note": (60, 692, 500, 748), "what": (620, 40, 1390, 96),
    },
    "1:1": {
        "chip": (20, 24, 1060, 590), "chip name": (50, 36, 400, 86), "HBM": (20, 640, 1060, 930), "HBM name": (50, 652, 400, 702),
        "flash name": (50, 96, 470, 156), "flash note": (50, 156, 470, 212), "flash": (300, 110, 1040, 330),
        "standard name": (50, 346, 470, 406), "standard note": (50, 406, 470, 462), "standard": (300, 360, 1040, 580),
        "stored": (300, 690, 1040, 910), "HBM note": (50, 702, 330, 752), "what": (420, 36, 1040, 86),
    },
    "9:16": {
        "chip": (20, 40, 1060, 880), "chip name": (60, 52, 700, 104), "HBM": (20, 950, 1060, 1370), "HBM name": (60, 970, 700, 1026),
        "flash name": (60, 168, 700, 224), "flash note": (60, 224, 700, 276), "flash": (60, 220, 1020, 450),
        "standard name": (60, 520, 700, 580), "standard note": (60, 580, 700, 636), "standard": (60, 590, 1020, 820),
        "stored": (60, 1080, 1020, 1310), "HBM note": (60, 1026, 700, 1082), "what": (60, 104, 1020, 160),
    },
}  # fmt: skip
# What became of the score: a line of numbers each for ``truth``, ``flash`` and ``standard``, beneath what they are numbers of.
ENTRY: Mapping[Aspect, Table] = {
    "16:9": {
        "chip": (60, 24, 1860, 930), "what": (100, 50, 1820, 120),
        "truth name": (100, 253, 560, 313), "truth": (600, 150, 1820, 380),
        "flash name": (100, 503, 560, 563), "flash off": (100, 563, 560, 623), "flash": (600, 400, 1820, 630),
        "standard name": (100, 753, 560, 813), "standard off": (100, 813, 560, 873), "standard": (600, 650, 1820, 880),
    },
    "4:3": {
        "chip": (30, 24, 1410, 930), "what": (60, 50, 1380, 120),
        "truth name": (60, 253, 500, 313), "truth": (520, 150, 1390, 380),
        "flash name": (60, 503, 500, 563), "flash off": (60, 563, 500, 623), "flash": (520, 400, 1390, 630),
        "standard name": (60, 753, 500, 813), "standard off": (60, 813, 500, 873), "standard": (520, 650, 1390, 880),
    },
    "1:1": {
        "chip": (20, 24, 1060, 930), "what": (50, 40, 1030, 100),
        "truth name": (50, 110, 470, 166), "truth": (50, 156, 1030, 386),
        "flash name": (50, 382, 470, 438), "flash off": (50, 578, 470, 634), "flash": (50, 428, 1030, 658),
        "standard name": (50, 654, 470, 710), "standard off": (50, 850, 470, 906), "standard": (50, 700, 1030, 930),
    },
    "9:16": {
        "chip": (20, 40, 1060, 1370), "what": (60, 80, 1020, 150),
        "truth name": (60, 210, 700, 270), "truth": (60, 270, 1020, 500),
        "flash name": (60, 580, 700, 640), "flash off": (60, 810, 480, 870), "flash": (60, 640, 1020, 870),
        "standard name": (60, 960, 700, 1020), "standard off": (60, 1190, 480, 1250), "standard": (60, 1020, 1020, 1250),
    },
}  # fmt: skip
# ``flash`` and ``standard``: a picture each, and ``what`` it shows. ``axis``: what the pictures' columns are. At the end, what is rounded
# (``note``), the largest error and a ``bar`` as long.
ERRORS: Mapping[Aspect, Table] = {
    "16:9": {
        "flash name": (60, 30, 640, 90), "flash note": (60, 90, 640, 146), "flash what": (60, 160, 640, 230),
        "flash": (660, 30, 1860, 420), "flash most": (60, 270, 300, 350), "flash number": (310, 270, 640, 350),
        "flash bar": (60, 360, 610, 420),
        "standard name": (60, 460, 640, 520), "standard note": (60, 520, 640, 576), "standard what": (60, 590, 640, 660),
        "standard": (660, 460, 1860, 850), "standard most": (60, 700, 300, 780), "standard number": (310, 700, 640, 780),
        "standard bar": (60, 790, 610, 850), "axis": (660, 866, 1860, 922),
    },
    "4:3": {
        "flash name": (40, 30, 540, 90), "flash note": (40, 90, 540, 146), "flash what": (40, 160, 540, 230),
        "flash": (560, 30, 1400, 420), "flash most": (40, 270, 270, 350), "flash number": (280, 270, 540, 350),
        "flash bar": (40, 360, 510, 420),
        "standard name": (40, 460, 540, 520), "standard note": (40, 520, 540, 576), "standard what": (40, 590, 540, 660),
        "standard": (560, 460, 1400, 850), "standard most": (40, 700, 270, 780), "standard number": (280, 700, 540, 780),
        "standard bar": (40, 790, 510, 850), "axis": (560, 866, 1400, 922),
    },
    "1:1": {
        "flash name": (40, 20, 540, 76), "flash note": (40, 76, 540, 126), "flash what": (560, 30, 1040, 110),
        "flash": (40, 136, 1040, 366), "flash most": (40, 374, 270, 438), "flash number": (280, 374, 540, 438),
        "flash bar": (560, 382, 1040, 430),
        "standard name": (40, 452, 540, 508), "standard note": (40, 508, 540, 558), "standard what": (560, 462, 1040, 542),
        "standard": (40, 568, 1040, 798), "standard most": (40, 806, 270, 870), "standard number": (280, 806, 540, 870),
        "standard bar": (560, 814, 1040, 862), "axis": (40, 878, 1040, 930),
    },
    "9:16": {
        "flash name": (60, 60, 540, 120), "flash note": (60, 120, 560, 176), "flash what": (570, 70, 1020, 150),
        "flash": (60, 190, 1020, 560), "flash most": (60, 570, 290, 650), "flash number": (300, 570, 560, 650),
        "flash bar": (580, 580, 1020, 640),
        "standard name": (60, 690, 540, 750), "standard note": (60, 750, 560, 806), "standard what": (570, 700, 1020, 780),
        "standard": (60, 820, 1020, 1190), "standard most": (60, 1200, 290, 1280), "standard number": (300, 1200, 560, 1280),
        "standard bar": (580, 1210, 1020, 1270), "axis": (60, 1300, 1020, 1356),
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
        return centered(self.x(value), self.y + em(74), self.rect.width / 4, em(80))

    def between(self, first: float, second: float) -> Rect:
        """Room for their distance, between over and the line."""
        return Rect(self.x(first), self.y + TALL, self.x(second), self.y + em(110))

    def under(self, value: float) -> Rect:
        """And beneath it."""
        return centered(self.x(value), self.y - em(56), self.rect.width / 3, em(60))
