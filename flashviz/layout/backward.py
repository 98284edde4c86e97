"""Shots of BackwardScene, in pixels of a frame whose short side has 1080, from its top left corner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from flashviz.layout.rect import Aspect, Rect
from flashviz.layout.table import Table
from flashviz.lettering import em

# The grid of all scores, which stays empty, and what is kept of a row beside it.
KEPT: Mapping[Aspect, Table] = {
    "16:9": {
        "grid": (100, 50, 980, 920), "o": (1020, 50, 1130, 920), "lse": (1160, 50, 1190, 920),
        "s name": (1250, 130, 1860, 200), "s note": (1250, 200, 1860, 260), "o name": (1250, 380, 1860, 450),
        "lse name": (1250, 560, 1860, 630), "lse note": (1250, 630, 1860, 690),
    },
    "4:3": {
        "grid": (40, 110, 780, 860), "o": (806, 110, 900, 860), "lse": (922, 110, 948, 860),
        "s name": (980, 170, 1420, 240), "s note": (980, 240, 1420, 300), "o name": (980, 400, 1420, 470),
        "lse name": (980, 570, 1420, 640), "lse note": (980, 640, 1420, 700),
    },
    "1:1": {
        "grid": (40, 30, 800, 620), "o": (826, 30, 936, 620), "lse": (962, 30, 990, 620),
        "s name": (40, 640, 640, 704), "s note": (660, 640, 1040, 704), "o name": (40, 716, 1040, 780),
        "lse name": (40, 792, 1040, 856), "lse note": (40, 860, 1040, 916),
    },
    "9:16": {
        "grid": (50, 80, 820, 950), "o": (846, 80, 956, 950), "lse": (982, 80, 1012, 950),
        "s name": (60, 980, 1020, 1050), "s note": (60, 1050, 1020, 1106), "o name": (60, 1130, 1020, 1200),
        "lse name": (60, 1220, 1020, 1290), "lse note": (60, 1290, 1020, 1346),
    },
}  # fmt: skip
# A product of two tiles at their crossing, numbers of its rows beside it, and a second tile that it meets.
TILES: Mapping[Aspect, Table] = {
    "16:9": {
        "left": (20, 320, 270, 860), "top": (280, 40, 820, 310), "tile": (280, 320, 820, 860), "column": (836, 320, 876, 860),
        "second": (1290, 320, 1830, 860), "left name": (20, 262, 270, 316), "top name": (836, 140, 940, 210),
        "tile name": (280, 866, 820, 926), "column name": (888, 560, 1070, 620), "second name": (1290, 866, 1880, 926),
        "formula": (1000, 40, 1860, 150), "note": (1000, 160, 1880, 220), "further": (1000, 230, 1880, 290),
    },
    "4:3": {
        "left": (20, 430, 200, 860), "top": (210, 240, 640, 420), "tile": (210, 430, 640, 860), "column": (654, 430, 690, 860),
        "second": (980, 430, 1410, 860), "left name": (20, 372, 200, 426), "top name": (654, 300, 750, 360),
        "tile name": (210, 866, 640, 926), "column name": (702, 620, 960, 680), "second name": (980, 866, 1430, 926),
        "formula": (770, 80, 1410, 190), "note": (770, 210, 1420, 270), "further": (770, 280, 1420, 340),
    },
    "1:1": {
        "left": (16, 490, 120, 860), "top": (130, 250, 500, 480), "tile": (130, 490, 500, 860), "column": (510, 490, 540, 860),
        "second": (690, 490, 1060, 860), "left name": (16, 430, 126, 486), "top name": (510, 340, 610, 400),
        "tile name": (130, 868, 500, 926), "column name": (548, 640, 684, 700), "second name": (690, 868, 1070, 926),
        "formula": (130, 16, 1050, 96), "note": (130, 104, 1060, 160), "further": (130, 168, 1060, 224),
    },
    "9:16": {
        "left": (60, 820, 500, 1260), "top": (530, 360, 970, 800), "tile": (530, 820, 970, 1260), "column": (984, 820, 1020, 1260),
        "second": (60, 290, 500, 730), "left name": (60, 1270, 500, 1334), "top name": (980, 540, 1060, 610),
        "tile name": (530, 1270, 920, 1334),
        "column name": (940, 1270, 1060, 1334), "second name": (60, 736, 500, 796), "formula": (60, 60, 1020, 170),
        "note": (60, 170, 1020, 226), "further": (60, 228, 1020, 284),
    },
}  # fmt: skip
# One row of P and dP over all keys: a bar's width is its weight, its height dP. What its mean is, in steps.
WEIGHTED: Mapping[Aspect, Table] = {
    "16:9": {
        "proof": (100, 20, 1820, 100), "mean name": (100, 110, 900, 180), "d name": (960, 110, 1820, 180), "bars": (150, 210, 1770, 830),
        "width name": (100, 850, 1820, 920),
    },
    "4:3": {
        "proof": (60, 60, 1400, 140), "mean name": (60, 150, 700, 220), "d name": (740, 150, 1400, 220), "bars": (110, 250, 1330, 810),
        "width name": (60, 830, 1380, 900),
    },
    "1:1": {
        "proof": (40, 20, 1060, 90), "mean name": (40, 100, 530, 164), "d name": (550, 100, 1060, 164), "bars": (80, 190, 1000, 820),
        "width name": (40, 840, 1040, 904),
    },
    "9:16": {
        "proof": (40, 90, 1050, 160), "mean name": (40, 180, 530, 250), "d name": (550, 180, 1050, 250), "bars": (100, 300, 980, 1220),
        "width name": (40, 1250, 1040, 1320),
    },
}  # fmt: skip
# A column of the grid and its program's chip; dQ beside the rows, dK and dV beneath the columns.
WALK: Mapping[Aspect, Table] = {
    "16:9": {
        "grid": (170, 80, 830, 720), "dq": (860, 80, 950, 720), "dk": (170, 744, 830, 818), "dv": (170, 836, 830, 910),
        "dq name": (860, 16, 1880, 76), "dk name": (60, 744, 160, 818), "dv name": (60, 836, 160, 910),
        "chip": (1000, 80, 1880, 910), "chip name": (1030, 94, 1840, 160), "dk tile": (1030, 300, 1420, 690),
        "dv tile": (1460, 300, 1850, 690), "dk tile name": (1030, 700, 1420, 770), "dv tile name": (1460, 700, 1850, 770),
        "chip note": (1030, 810, 1860, 880),
    },
    "4:3": {
        "grid": (110, 130, 660, 680), "dq": (684, 130, 764, 680), "dk": (110, 704, 660, 774), "dv": (110, 792, 660, 862),
        "dq name": (684, 66, 1424, 126), "dk name": (20, 704, 104, 774), "dv name": (20, 792, 104, 862),
        "chip": (800, 130, 1424, 862), "chip name": (824, 144, 1400, 206), "dk tile": (820, 280, 1100, 560),
        "dv tile": (1124, 280, 1404, 560), "dk tile name": (820, 570, 1100, 636), "dv tile name": (1124, 570, 1404, 636),
        "chip note": (824, 740, 1410, 800),
    },
    "1:1": {
        "grid": (110, 70, 520, 480), "dq": (540, 70, 610, 480), "dk": (110, 496, 520, 552), "dv": (110, 566, 520, 622),
        "dq name": (540, 10, 1064, 66), "dk name": (16, 496, 106, 552), "dv name": (16, 566, 106, 622),
        "chip": (640, 70, 1064, 920), "chip name": (660, 80, 1050, 136), "dk tile": (720, 150, 980, 410),
        "dv tile": (720, 490, 980, 750), "dk tile name": (720, 416, 1020, 474), "dv tile name": (720, 756, 1020, 814),
        "chip note": (660, 840, 1050, 900),
    },
    "9:16": {
        "grid": (120, 100, 860, 760), "dq": (884, 100, 984, 760), "dk": (120, 780, 860, 844), "dv": (120, 860, 860, 924),
        "dq name": (540, 36, 1050, 92), "dk name": (20, 780, 114, 844), "dv name": (20, 860, 114, 924),
        "chip": (30, 950, 1050, 1386), "chip name": (60, 964, 360, 1024), "dk tile": (380, 980, 690, 1290),
        "chip note": (60, 1060, 370, 1120),
        "dv tile": (715, 980, 1025, 1290), "dk tile name": (380, 1300, 690, 1370), "dv tile name": (715, 1300, 1025, 1370),
    },
}  # fmt: skip
# The same grid; dQ is as wide as its additions need.
ADDS: Mapping[Aspect, Table] = {
    "16:9": {
        "grid": (170, 80, 830, 720), "dq": (880, 80, 1840, 720), "dk": (170, 744, 830, 818), "dv": (170, 836, 830, 910),
        "dq name": (880, 16, 1840, 76), "dk name": (60, 744, 160, 818), "dv name": (60, 836, 160, 910), "note": (880, 744, 1840, 818),
    },
    "4:3": {
        "grid": (110, 130, 660, 680), "dq": (690, 130, 1410, 680), "dk": (110, 704, 660, 774), "dv": (110, 792, 660, 862),
        "dq name": (690, 66, 1410, 126), "dk name": (20, 704, 104, 774), "dv name": (20, 792, 104, 862), "note": (690, 704, 1410, 774),
    },
    "1:1": {
        "grid": (110, 90, 520, 700), "dq": (540, 90, 1050, 700), "dk": (110, 720, 520, 790), "dv": (110, 806, 520, 876),
        "dq name": (540, 26, 1050, 84), "dk name": (16, 720, 106, 790), "dv name": (16, 806, 106, 876), "note": (540, 720, 1050, 790),
    },
    "9:16": {
        "grid": (120, 140, 560, 1080), "dq": (590, 140, 1050, 1080), "dk": (120, 1100, 560, 1180), "dv": (120, 1200, 560, 1280),
        "dq name": (590, 76, 1050, 136), "dk name": (20, 1100, 114, 1180), "dv name": (20, 1200, 114, 1280),
        "note": (590, 1100, 1050, 1180),
    },
}  # fmt: skip
# One number of dQ: what the programs add to it, in two orders; and the products of a pair of tiles, as equal blocks.
ENDS: Mapping[Aspect, Table] = {
    "16:9": {
        "first name": (100, 14, 1120, 74), "first": (100, 82, 1120, 292), "first order": (100, 296, 1120, 350),
        "first number": (1140, 82, 1880, 222), "first off": (1140, 226, 1880, 286),
        "last name": (100, 368, 1120, 428), "last": (100, 436, 1120, 646), "last order": (100, 650, 1120, 704),
        "last number": (1140, 436, 1880, 576), "last off": (1140, 580, 1880, 640), "differ": (1140, 320, 1880, 404),
        "fixed name": (100, 728, 1120, 788), "fixed": (100, 796, 1120, 916), "fixed count": (1140, 816, 1880, 896),
    },
    "4:3": {
        "first name": (60, 20, 880, 76), "first": (60, 84, 860, 290), "first order": (60, 294, 860, 344),
        "first number": (900, 110, 1400, 200), "first off": (900, 206, 1400, 262),
        "last name": (60, 372, 880, 428), "last": (60, 436, 860, 642), "last order": (60, 646, 860, 696),
        "last number": (900, 462, 1400, 552), "last off": (900, 558, 1400, 614), "differ": (900, 340, 1400, 400),
        "fixed name": (60, 712, 1400, 768), "fixed": (60, 776, 960, 906), "fixed count": (990, 800, 1420, 880),
    },
    "1:1": {
        "first name": (40, 10, 1040, 64), "first": (40, 68, 560, 226), "first order": (40, 228, 560, 278),
        "first number": (590, 80, 1050, 160), "first off": (590, 166, 1050, 222),
        "last name": (40, 302, 580, 356), "last": (40, 360, 560, 518), "last order": (40, 520, 560, 570),
        "last number": (590, 380, 1050, 460), "last off": (590, 466, 1050, 522), "differ": (590, 262, 1050, 318),
        "fixed name": (40, 600, 1040, 656), "fixed": (40, 666, 1040, 810), "fixed count": (40, 824, 1040, 904),
    },
    "9:16": {
        "first name": (60, 50, 1020, 114), "first": (60, 124, 1020, 390), "first order": (60, 394, 1020, 450),
        "first number": (60, 456, 580, 540), "first off": (600, 456, 1040, 540),
        "last name": (60, 570, 1020, 634), "last": (60, 644, 1020, 910), "last order": (60, 914, 1020, 970),
        "last number": (60, 976, 580, 1060), "last off": (600, 976, 1040, 1060), "differ": (60, 1066, 1020, 1120),
        "fixed name": (60, 1136, 1020, 1196), "fixed": (60, 1202, 1020, 1318), "fixed count": (60, 1322, 1020, 1386),
    },
}  # fmt: skip

LEGIBLE, ROW = em(36), em(42)  # the least width and height of a slot whose program is named
SEAM = 0.08  # of a cell's shorter side: what is left free around it


@dataclass(frozen=True)
class Grid:
    """Tiles of scores: rows are row blocks, of all heads that share the keys, columns are key tiles."""

    rect: Rect
    rows: int
    columns: int

    def cell(self, row: float, column: float) -> Rect:
        """A tile's place, with a seam; ``row`` and ``column`` may lie between two."""
        wide, high = self.rect.width / self.columns, self.rect.height / self.rows
        x, y = self.rect.x0 + column * wide, self.rect.y1 - row * high
        return Rect(x, y - high, x + wide, y).inset(SEAM * min(wide, high))

    @property
    def cells(self) -> np.ndarray:
        """[rows x columns, 4] all of them, row by row."""
        return np.array([self.cell(row, column).edges for row in range(self.rows) for column in range(self.columns)])

    @property
    def legible(self) -> bool:
        """Whether a cell has room for a number."""
        return self.rect.width / self.columns >= LEGIBLE and self.rect.height / self.rows >= ROW


def magnified(rect: Rect, part: Rect, to: Rect) -> Rect:
    """Where a picture's rectangle stands when a part of it fills ``to``."""
    wide, high = to.width / part.width, to.height / part.height
    x0, y0 = to.x0 - (part.x0 - rect.x0) * wide, to.y0 - (part.y0 - rect.y0) * high
    return Rect(x0, y0, x0 + rect.width * wide, y0 + rect.height * high)


def arrivals(walks: list[list[int]], seed: int) -> dict[tuple[int, int], float]:
    """When each program (column) comes to each row block of its walk, as a share of the time: a pace for each, drawn at random.

    Nobody fixes the paces of programs that run at once: this is one case of many.
    """
    rng = np.random.default_rng(seed)
    takes, paces = rng.uniform(0.6, 1.0, len(walks)), rng.uniform(0.6, 1.5, len(walks))
    return {
        (block, j): float(take * ((at + 1) / len(walk)) ** pace)
        for j, (walk, take, pace) in enumerate(zip(walks, takes, paces, strict=True)) for at, block in enumerate(walk)
    }  # fmt: skip
