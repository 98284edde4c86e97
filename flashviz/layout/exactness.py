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
# One line of arithmetic for each algorithm, by how much the results differ (``off``), and beneath each what its numbers are.
SOFTMAX: Mapping[Aspect, Table] = {
    "16:9": {
        "chip": (60, 24, 1860, 930), "flash name": (100, 70, 700, 130), "flash note": (100, 130, 700, 186), "flash": (100, 200, 1820, 320),
        "parts": (100, 320, 1820, 376), "standard name": (100, 500, 700, 560), "standard note": (100, 560, 700, 616),
        "standard": (100, 630, 1820, 750), "off": (1000, 780, 1820, 880), "rounded": (100, 750, 1820, 806),
    },
    "4:3": {
        "chip": (30, 24, 1410, 930), "flash name": (60, 90, 700, 150), "flash note": (60, 150, 700, 206), "flash": (60, 220, 1380, 320),
        "parts": (60, 320, 1380, 376), "standard name": (60, 500, 700, 560), "standard note": (60, 560, 700, 616),
        "standard": (60, 630, 1380, 730), "off": (700, 790, 1380, 870), "rounded": (60, 730, 1380, 786),
    },
    "1:1": {
        "chip": (20, 24, 1060, 930), "flash name": (50, 90, 700, 150), "flash note": (50, 150, 700, 206), "flash": (50, 230, 1030, 310),
        "parts": (50, 310, 1030, 366), "standard name": (50, 480, 700, 540), "standard note": (50, 540, 700, 596),
        "standard": (50, 620, 1030, 700), "off": (480, 760, 1030, 850), "rounded": (50, 700, 1030, 756),
    },
    "9:16": {
        "chip": (20, 40, 1060, 1370), "flash name": (60, 180, 700, 240), "flash note": (60, 240, 700, 296), "flash": (60, 360, 1030, 440),
        "parts": (50, 440, 1030, 496), "standard name": (60, 720, 700, 780), "standard note": (60, 780, 700, 836),
        "standard": (60, 900, 1030, 980), "off": (480, 1060, 1030, 1150), "rounded": (50, 980, 1030, 1036),
    },
}  # fmt: skip
# ``V``: a row of it as bars, by how much its weight is off (``factor``), and by how much that moves a row of ``O``.
MOVED: Mapping[Aspect, Table] = {
    "16:9": {
        "chip": (60, 24, 1860, 930), "standard name": (100, 50, 640, 110), "standard note": (100, 110, 640, 162),
        "factor name": (100, 216, 640, 268), "factor": (100, 268, 640, 348), "V name": (100, 356, 640, 416), "V": (680, 60, 1730, 430),
        "O name": (100, 530, 640, 590), "O note": (100, 594, 640, 648), "O number": (100, 652, 640, 752), "O": (680, 480, 1730, 850),
        "bar": (680, 862, 1820, 918),
    },
    "4:3": {
        "chip": (30, 24, 1410, 930), "standard name": (60, 50, 500, 110), "standard note": (60, 110, 500, 162),
        "factor name": (60, 216, 500, 268), "factor": (60, 268, 500, 348), "V name": (60, 356, 500, 416), "V": (520, 60, 1290, 430),
        "O name": (60, 530, 500, 590), "O note": (60, 594, 500, 648), "O number": (60, 652, 500, 752), "O": (520, 480, 1290, 850),
        "bar": (520, 862, 1380, 918),
    },
    "1:1": {
        "chip": (20, 24, 1060, 930), "standard name": (50, 40, 450, 90), "standard note": (50, 90, 450, 138),
        "factor name": (560, 40, 1030, 90), "factor": (560, 90, 830, 160), "V name": (50, 150, 460, 206), "V": (50, 216, 920, 456),
        "O name": (50, 476, 560, 532), "O note": (50, 532, 560, 582), "O number": (580, 480, 1030, 580), "O": (50, 600, 920, 850),
        "bar": (50, 866, 1030, 918),
    },
    "9:16": {
        "chip": (20, 40, 1060, 1370), "standard name": (60, 80, 560, 140), "standard note": (60, 140, 560, 194),
        "factor name": (60, 230, 560, 282), "factor": (60, 282, 560, 362), "V name": (60, 366, 640, 426), "V": (60, 440, 930, 760),
        "O name": (60, 800, 560, 860), "O note": (60, 860, 560, 914), "O number": (600, 800, 1030, 910), "O": (60, 940, 930, 1270),
        "bar": (60, 1290, 1030, 1346),
    },
}  # fmt: skip
# How much one key changes a row of O, and the ``rest`` of them, as bars with a name and a size; then ``all`` in the place of both.
KEYS: Mapping[Aspect, Table] = {
    "16:9": {
        "chip": (60, 24, 1860, 930), "standard name": (100, 50, 640, 110), "standard note": (100, 110, 640, 162),
        "what": (100, 200, 640, 260), "one": (100, 270, 640, 326), "one size": (100, 326, 640, 406), "one bars": (680, 60, 1730, 430),
        "rest": (100, 590, 640, 646), "rest size": (100, 646, 640, 726), "rest bars": (680, 480, 1730, 850),
        "all": (100, 270, 640, 326), "all size": (100, 326, 640, 426), "all bars": (680, 60, 1730, 850), "bar": (680, 862, 1820, 918),
    },
    "4:3": {
        "chip": (30, 24, 1410, 930), "standard name": (60, 50, 500, 110), "standard note": (60, 110, 500, 162),
        "what": (60, 200, 500, 260), "one": (60, 270, 500, 326), "one size": (60, 326, 500, 406), "one bars": (520, 60, 1290, 430),
        "rest": (60, 590, 500, 646), "rest size": (60, 646, 500, 726), "rest bars": (520, 480, 1290, 850),
        "all": (60, 270, 500, 326), "all size": (60, 326, 500, 426), "all bars": (520, 60, 1290, 850), "bar": (520, 862, 1380, 918),
    },
    "1:1": {
        "chip": (20, 24, 1060, 930), "standard name": (50, 40, 450, 90), "standard note": (50, 90, 450, 138),
        "what": (540, 40, 1040, 96), "one": (50, 150, 560, 206), "one size": (580, 140, 1030, 212), "one bars": (50, 222, 920, 482),
        "rest": (50, 510, 560, 566), "rest size": (580, 500, 1030, 572), "rest bars": (50, 590, 920, 850),
        "all": (50, 150, 560, 206), "all size": (580, 136, 1030, 216), "all bars": (50, 230, 920, 850), "bar": (50, 866, 1030, 918),
    },
    "9:16": {
        "chip": (20, 40, 1060, 1370), "standard name": (60, 80, 560, 140), "standard note": (60, 140, 560, 194),
        "what": (60, 220, 640, 280), "one": (60, 300, 560, 356), "one size": (600, 290, 1030, 370), "one bars": (60, 390, 930, 760),
        "rest": (60, 810, 560, 866), "rest size": (600, 800, 1030, 880), "rest bars": (60, 900, 930, 1270),
        "all": (60, 300, 560, 356), "all size": (600, 280, 1030, 370), "all bars": (60, 400, 930, 1270), "bar": (60, 1290, 1030, 1346),
    },
}  # fmt: skip
# ``flash`` and ``standard``: a picture each, and ``what`` it shows. ``axis``: what the pictures' columns are; ``row`` names one of them.
ERRORS: Mapping[Aspect, Table] = {
    "16:9": {
        "flash name": (60, 40, 640, 100), "flash note": (60, 100, 640, 156), "flash what": (60, 180, 640, 250),
        "flash": (660, 30, 1860, 400),
        "standard name": (60, 450, 640, 510), "standard note": (60, 510, 640, 566), "standard what": (60, 590, 640, 660),
        "standard": (660, 440, 1860, 810), "row": (660, 822, 1900, 870), "axis": (660, 874, 1860, 926),
    },
    "4:3": {
        "flash name": (40, 40, 540, 100), "flash note": (40, 100, 540, 156), "flash what": (40, 180, 540, 250),
        "flash": (560, 30, 1400, 400),
        "standard name": (40, 450, 540, 510), "standard note": (40, 510, 540, 566), "standard what": (40, 590, 540, 660),
        "standard": (560, 440, 1400, 810), "row": (560, 822, 1430, 870), "axis": (560, 874, 1400, 926),
    },
    "1:1": {
        "flash name": (40, 20, 540, 80), "flash note": (40, 80, 540, 132), "flash what": (560, 40, 1040, 110),
        "flash": (40, 140, 1040, 400),
        "standard name": (40, 430, 540, 490), "standard note": (40, 490, 540, 542), "standard what": (560, 450, 1040, 520),
        "standard": (40, 556, 1040, 816), "row": (40, 828, 1070, 872), "axis": (40, 876, 1040, 926),
    },
    "9:16": {
        "flash name": (60, 60, 540, 120), "flash note": (60, 120, 540, 176), "flash what": (560, 70, 1020, 150),
        "flash": (60, 190, 1020, 620),
        "standard name": (60, 680, 540, 740), "standard note": (60, 740, 540, 796), "standard what": (560, 690, 1020, 770),
        "standard": (60, 810, 1020, 1240), "row": (60, 1252, 1060, 1300), "axis": (60, 1304, 1020, 1360),
    },
}  # fmt: skip
# A bar each, and of what ``value`` it is the error, over the numbers of one ``axis``, which has a ``unit``; ``plot``: what is between the
# axis and the upper edge.
LARGEST: Mapping[Aspect, Table] = {
    "16:9": {
        "flash name": (60, 110, 640, 170), "flash note": (60, 170, 640, 226), "flash": (660, 80, 1860, 240),
        "flash value": (680, 244, 1860, 296),
        "standard name": (60, 390, 640, 450), "standard note": (60, 450, 640, 506), "standard": (660, 360, 1860, 520),
        "standard value": (680, 524, 1860, 576),
        "plot": (660, 40, 1860, 690), "axis": (660, 690, 1860, 760), "unit": (660, 780, 1860, 840),
    },
    "4:3": {
        "flash name": (40, 110, 540, 170), "flash note": (40, 170, 540, 226), "flash": (560, 80, 1400, 240),
        "flash value": (580, 244, 1400, 296),
        "standard name": (40, 390, 540, 450), "standard note": (40, 450, 540, 506), "standard": (560, 360, 1400, 520),
        "standard value": (580, 524, 1400, 576),
        "plot": (560, 40, 1400, 690), "axis": (560, 690, 1400, 760), "unit": (560, 780, 1400, 840),
    },
    "1:1": {
        "flash name": (64, 40, 540, 100), "flash note": (64, 100, 1040, 152), "flash": (40, 170, 1040, 300),
        "flash value": (64, 304, 1040, 352),
        "standard name": (64, 360, 540, 420), "standard note": (64, 420, 1040, 472), "standard": (40, 480, 1040, 610),
        "standard value": (64, 614, 1040, 666),
        "plot": (40, 160, 1040, 690), "axis": (40, 690, 1040, 760), "unit": (40, 780, 1040, 840),
    },
    "9:16": {
        "flash name": (84, 150, 640, 210), "flash note": (84, 210, 1020, 266), "flash": (60, 290, 1020, 470),
        "flash value": (84, 474, 1020, 526),
        "standard name": (84, 570, 640, 630), "standard note": (84, 630, 1020, 686), "standard": (60, 710, 1020, 890),
        "standard value": (84, 894, 1020, 946),
        "plot": (60, 130, 1020, 1060), "axis": (60, 1060, 1020, 1130), "unit": (60, 1150, 1020, 1210),
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

    def between(self, first: float, second: float) -> Rect:
        """Room for their distance, between over and the line."""
        return Rect(self.x(first), self.y + TALL, self.x(second), self.y + em(110))

    def under(self, value: float) -> Rect:
        """And beneath it."""
        return centered(self.x(value), self.y - em(56), self.rect.width / 3, em(60))
