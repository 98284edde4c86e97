"""Shots of ExactnessScene: outputs and how far off they are, as pictures, and what a row of scores is off by, a bar a key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from flashviz.layout.rect import Aspect, Rect
from flashviz.layout.table import Table
from flashviz.lettering import em

# What a column of the pictures is, and the values that their colours stand for: the ``key``, from ``low`` to ``high``.
KEY: Mapping[Aspect, Table] = {
    "16:9": {
        "axis": (660, 866, 1180, 922), "key low": (1190, 866, 1290, 922), "key": (1302, 876, 1552, 912), "key high": (1566, 866, 1860, 922),
    },
    "4:3": {
        "axis": (560, 866, 972, 922), "key low": (974, 866, 1076, 922), "key": (1086, 876, 1230, 912), "key high": (1242, 866, 1400, 922),
    },
    "1:1": {
        "axis": (40, 866, 320, 922), "key low": (532, 866, 634, 922), "key": (644, 876, 870, 912), "key high": (882, 866, 1040, 922),
    },
    "9:16": {
        "axis": (60, 1230, 510, 1286),
        "key low": (60, 1300, 162, 1356), "key": (172, 1310, 710, 1346), "key high": (724, 1300, 1020, 1356),
    },
}  # fmt: skip
# ``flash`` and ``standard``: a picture of O each, and ``what`` it shows; between them ``truth``, to which they are compared.
THREE: Mapping[Aspect, Table] = {
    "16:9": {
        "flash name": (60, 30, 640, 90), "flash what": (60, 100, 640, 160), "flash": (660, 30, 1860, 290),
        "truth name": (60, 310, 640, 370), "truth what": (60, 380, 640, 440), "truth": (660, 310, 1860, 570),
        "standard name": (60, 590, 640, 650), "standard what": (60, 660, 640, 720), "standard": (660, 590, 1860, 850), **KEY["16:9"],
    },
    "4:3": {
        "flash name": (40, 30, 540, 90), "flash what": (40, 100, 540, 160), "flash": (560, 30, 1400, 290),
        "truth name": (40, 310, 540, 370), "truth what": (40, 380, 540, 440), "truth": (560, 310, 1400, 570),
        "standard name": (40, 590, 540, 650), "standard what": (40, 660, 540, 720), "standard": (560, 590, 1400, 850), **KEY["4:3"],
    },
    "1:1": {
        "flash name": (40, 14, 540, 68), "flash what": (560, 14, 1040, 68), "flash": (40, 74, 1040, 284),
        "truth name": (40, 298, 540, 352), "truth what": (560, 298, 1040, 352), "truth": (40, 358, 1040, 568),
        "standard name": (40, 582, 540, 636), "standard what": (560, 582, 1040, 636), "standard": (40, 642, 1040, 852), **KEY["1:1"],
    },
    "9:16": {
        "flash name": (60, 50, 540, 110), "flash what": (570, 50, 1020, 110), "flash": (60, 120, 1020, 420),
        "truth name": (60, 440, 540, 500), "truth what": (570, 440, 1020, 500), "truth": (60, 510, 1020, 810),
        "standard name": (60, 830, 540, 890), "standard what": (570, 830, 1020, 890), "standard": (60, 900, 1020, 1200), **KEY["9:16"],
    },
}  # fmt: skip
# Those two alone, ``times`` as bright; at last ``standard number``: its largest error, beneath what that is (``most``).
ERRORS: Mapping[Aspect, Table] = {
    "16:9": {
        "flash name": (60, 30, 640, 90), "flash what": (60, 100, 640, 160), "flash": (660, 30, 1860, 420),
        "standard name": (60, 460, 640, 520), "standard what": (60, 530, 640, 590), "standard": (660, 460, 1860, 850),
        "standard most": (60, 646, 640, 702), "standard number": (60, 706, 640, 800), "times": (60, 866, 640, 922), **KEY["16:9"],
    },
    "4:3": {
        "flash name": (40, 30, 540, 90), "flash what": (40, 100, 540, 160), "flash": (560, 30, 1400, 420),
        "standard name": (40, 460, 540, 520), "standard what": (40, 530, 540, 590), "standard": (560, 460, 1400, 850),
        "standard most": (40, 646, 540, 702), "standard number": (40, 706, 540, 800), "times": (40, 866, 540, 922), **KEY["4:3"],
    },
    "1:1": {
        "flash name": (40, 14, 540, 68), "flash what": (560, 14, 1040, 68), "flash": (40, 76, 1040, 366),
        "standard name": (40, 390, 540, 444), "standard what": (560, 390, 1040, 444), "standard": (40, 452, 1040, 742),
        "standard most": (40, 764, 500, 844), "standard number": (520, 764, 1040, 844), "times": (330, 866, 530, 922), **KEY["1:1"],
    },
    "9:16": {
        "flash name": (60, 50, 540, 110), "flash what": (570, 50, 1020, 110), "flash": (60, 120, 1020, 530),
        "standard name": (60, 570, 540, 630), "standard what": (570, 570, 1020, 630), "standard": (60, 640, 1020, 1050),
        "standard most": (60, 1090, 500, 1180), "standard number": (520, 1090, 1020, 1180), "times": (570, 1230, 1020, 1286), **KEY["9:16"],
    },
}  # fmt: skip
# A chart for each algorithm, over it in a ``note`` what it is of; beside it how it is read (``how``) and its largest number (``most``);
# beneath standard attention's the row's weights, then V's column (``factor``).
ROW: Mapping[Aspect, Table] = {
    "16:9": {
        "flash name": (60, 24, 500, 84), "flash note": (520, 24, 1500, 84), "flash level": (40, 94, 180, 226),
        "flash": (200, 94, 1490, 226), "flash how": (1540, 88, 1890, 138), "flash most": (1540, 140, 1890, 230),
        "standard name": (60, 244, 500, 304), "standard note": (520, 244, 1500, 304), "standard level": (40, 312, 180, 742),
        "standard": (200, 312, 1490, 742), "standard how": (1540, 560, 1890, 610), "standard most": (1540, 612, 1890, 702),
        "factor": (200, 758, 1490, 866), "factor name": (1540, 787, 1890, 837), "axis": (200, 872, 1490, 928),
    },
    "4:3": {
        "flash name": (40, 24, 480, 84), "flash note": (500, 24, 1420, 84), "flash level": (20, 94, 150, 226),
        "flash": (165, 94, 1050, 226), "flash how": (1100, 88, 1425, 138), "flash most": (1100, 140, 1425, 230),
        "standard name": (40, 244, 480, 304), "standard note": (500, 244, 1420, 304), "standard level": (20, 312, 150, 742),
        "standard": (165, 312, 1050, 742), "standard how": (1100, 560, 1425, 610), "standard most": (1100, 612, 1425, 702),
        "factor": (165, 758, 1050, 866), "factor name": (1100, 787, 1425, 837), "axis": (165, 872, 1050, 928),
    },
    "1:1": {
        "flash name": (40, 10, 470, 62), "flash note": (490, 10, 1050, 62), "flash level": (10, 132, 140, 262),
        "flash": (155, 132, 1030, 262), "flash how": (155, 66, 490, 122), "flash most": (500, 62, 1050, 126),
        "standard name": (40, 276, 470, 328), "standard note": (490, 276, 1050, 328), "standard level": (10, 398, 140, 742),
        "standard": (155, 398, 1030, 742), "standard how": (155, 332, 490, 388), "standard most": (500, 328, 1050, 392),
        "factor": (155, 754, 1030, 862), "factor name": (10, 783, 145, 833), "axis": (155, 868, 1030, 924),
    },
    "9:16": {
        "flash name": (60, 50, 700, 108), "flash note": (60, 108, 1020, 164), "flash level": (20, 250, 150, 430),
        "flash": (165, 250, 1020, 430), "flash how": (165, 172, 500, 232), "flash most": (510, 168, 1020, 240),
        "standard name": (60, 460, 700, 518), "standard note": (60, 518, 1020, 574), "standard level": (20, 660, 150, 1150),
        "standard": (165, 660, 1020, 1150), "standard how": (165, 582, 500, 642), "standard most": (510, 578, 1020, 650),
        "factor": (165, 1166, 1020, 1286), "factor name": (20, 1200, 155, 1250), "axis": (165, 1296, 1020, 1352),
    },
}  # fmt: skip
# Both pictures, smaller, with what is rounded (``note``), the largest error and a ``bar`` as long; ``axis``: of what problem that is.
ANSWER: Mapping[Aspect, Table] = {
    "16:9": {
        "flash name": (60, 30, 500, 90), "flash what": (520, 30, 900, 90), "flash": (60, 100, 900, 430),
        "flash note": (950, 100, 1870, 160), "flash most": (950, 200, 1440, 290), "flash number": (1460, 200, 1870, 290),
        "flash bar": (950, 320, 1860, 400),
        "standard name": (60, 460, 500, 520), "standard what": (520, 460, 900, 520), "standard": (60, 530, 900, 860),
        "standard note": (950, 530, 1870, 590), "standard most": (950, 630, 1440, 720), "standard number": (1460, 630, 1870, 720),
        "standard bar": (950, 750, 1860, 830), "axis": (60, 874, 1860, 926),
    },
    "4:3": {
        "flash name": (40, 30, 420, 90), "flash what": (430, 30, 690, 90), "flash": (40, 100, 690, 430),
        "flash note": (730, 100, 1420, 160), "flash most": (730, 166, 1420, 216), "flash number": (730, 222, 1420, 312),
        "flash bar": (730, 320, 1400, 400),
        "standard name": (40, 460, 420, 520), "standard what": (430, 460, 690, 520), "standard": (40, 530, 690, 860),
        "standard note": (730, 530, 1420, 590), "standard most": (730, 596, 1420, 646), "standard number": (730, 652, 1420, 742),
        "standard bar": (730, 750, 1400, 830), "axis": (40, 874, 1400, 926),
    },
    "1:1": {
        "flash name": (40, 10, 540, 64), "flash what": (560, 10, 1040, 64), "flash": (40, 70, 1040, 230),
        "flash note": (40, 236, 1040, 288), "flash most": (40, 292, 530, 366), "flash number": (550, 292, 1040, 366),
        "flash bar": (40, 370, 1040, 420),
        "standard name": (40, 438, 540, 492), "standard what": (560, 438, 1040, 492), "standard": (40, 498, 1040, 658),
        "standard note": (40, 664, 1040, 716), "standard most": (40, 720, 530, 794), "standard number": (550, 720, 1040, 794),
        "standard bar": (40, 798, 1040, 848), "axis": (40, 866, 1040, 922),
    },
    "9:16": {
        "flash name": (60, 50, 540, 110), "flash what": (570, 50, 1020, 110), "flash": (60, 116, 1020, 376),
        "flash note": (60, 390, 1020, 450), "flash most": (60, 464, 550, 554), "flash number": (570, 464, 1020, 554),
        "flash bar": (60, 564, 1020, 634),
        "standard name": (60, 680, 540, 740), "standard what": (570, 680, 1020, 740), "standard": (60, 746, 1020, 1006),
        "standard note": (60, 1020, 1020, 1080), "standard most": (60, 1094, 550, 1184), "standard number": (570, 1094, 1020, 1184),
        "standard bar": (60, 1194, 1020, 1264), "axis": (60, 1296, 1020, 1352),
    },
}  # fmt: skip

FULL = 0.96  # of a chart's height: what the largest value takes, up and down
STEP = em(8)  # how thick a walk is


@dataclass(frozen=True)
class Chart:
    """Room for a bar a key about a zero line in the middle, and for what they add up to. ``unit`` is the height of 1."""

    rect: Rect
    keys: int
    unit: float

    @property
    def reach(self) -> float:
        """The largest value that it has room for, up and down."""
        return self.rect.height / 2 / self.unit

    def y(self, value: np.ndarray | float) -> np.ndarray:
        """The height of a value."""
        return np.asarray(self.rect.center[1] + np.asarray(value) * self.unit)

    def x(self, key: np.ndarray | int) -> np.ndarray:
        """The middle of a key's bar."""
        return np.asarray(self.rect.x0 + (np.asarray(key) + 0.5) * self.pitch)

    @property
    def pitch(self) -> float:
        """From one key to the next."""
        return self.rect.width / self.keys

    def bars(self, values: np.ndarray, wide: np.ndarray | float) -> np.ndarray:
        """[n, 4] boxes of the first n keys' values."""
        x, ends = self.x(np.arange(len(values))), np.sort([self.y(0.0 * values), self.y(values)], 0)
        return np.stack([x - wide / 2, ends[0], x + wide / 2, ends[1]], 1)

    def walk(self, sums: np.ndarray, share: float) -> np.ndarray:
        """[n, 4] boxes of steps from sum to sum, each at its key and the last at the right edge; the left ``share`` of them."""
        at, half = np.append(self.x(np.arange(self.keys)), self.rect.x1), STEP / 2
        left, right = np.append(self.rect.x0, at), np.minimum(np.append(at, self.rect.x1), self.rect.x0 + share * self.rect.width)
        y = self.y(np.append(0.0, sums))
        low, high = np.minimum(y[:-1], y[1:]), np.maximum(y[:-1], y[1:])
        level = np.stack([left, y - half, right + half, y + half], 1)[left < right]
        upright = np.stack([at - half, low - half, at + half, high + half], 1)[at <= self.rect.x0 + share * self.rect.width + 1e-9]
        return np.concatenate([level, upright])
