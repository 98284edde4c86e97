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
        "grid": (60, 50, 930, 920), "o": (960, 50, 1040, 920), "lse": (1070, 50, 1100, 920), "part": (1160, 44, 1880, 114),
        "s name": (1160, 190, 1880, 260), "s note": (1160, 264, 1880, 324), "s kept": (1160, 324, 1880, 384),
        "o name": (1160, 470, 1880, 540), "lse name": (1160, 640, 1880, 710), "lse note": (1160, 714, 1880, 774),
    },
    "4:3": {
        "grid": (40, 110, 780, 860), "o": (806, 110, 900, 860), "lse": (922, 110, 948, 860), "part": (40, 30, 1400, 94),
        "s name": (980, 170, 1420, 240), "s note": (980, 244, 1420, 300), "s kept": (980, 300, 1420, 356),
        "o name": (980, 430, 1420, 500), "lse name": (980, 590, 1420, 660), "lse note": (980, 664, 1420, 720),
    },
    "1:1": {
        "grid": (40, 84, 800, 620), "o": (826, 84, 936, 620), "lse": (962, 84, 990, 620), "part": (40, 12, 1040, 72),
        "s name": (40, 636, 640, 700), "s note": (40, 700, 640, 756), "s kept": (660, 640, 1040, 704),
        "o name": (660, 760, 1040, 824), "lse name": (40, 780, 640, 844), "lse note": (40, 848, 640, 904),
    },
    "9:16": {
        "grid": (50, 116, 820, 950), "o": (846, 116, 956, 950), "lse": (982, 116, 1012, 950), "part": (50, 36, 1020, 100),
        "s name": (60, 970, 1020, 1036), "s note": (60, 1036, 730, 1092), "s kept": (744, 1036, 1040, 1092),
        "o name": (60, 1116, 1020, 1186), "lse name": (60, 1210, 1020, 1280), "lse note": (60, 1282, 1020, 1338),
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
        "proof": (100, 20, 1820, 100), "mean name": (100, 110, 980, 180), "d name": (1010, 110, 1820, 180), "bars": (150, 210, 1770, 830),
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
# P and dS of a tile, and beside each what its products make.
PRODUCTS: Mapping[Aspect, Table] = {
    "16:9": {
        "part": (100, 20, 1820, 90), "p": (100, 120, 490, 510), "p name": (510, 280, 640, 350), "dv": (680, 120, 1820, 510),
        "ds": (100, 530, 490, 920), "ds name": (510, 690, 640, 760), "dk": (680, 540, 1820, 720), "dq": (680, 730, 1820, 910),
    },
    "4:3": {
        "part": (60, 30, 1380, 100), "p": (60, 130, 440, 510), "p name": (460, 290, 560, 350), "dv": (580, 280, 1400, 360),
        "ds": (60, 530, 440, 910), "ds name": (460, 690, 560, 750), "dk": (580, 610, 1400, 690), "dq": (580, 750, 1400, 830),
    },
    "1:1": {
        "part": (40, 16, 1040, 80), "p": (40, 120, 350, 430), "p name": (360, 240, 440, 310), "dv": (460, 230, 1050, 320),
        "ds": (40, 520, 350, 830), "ds name": (360, 640, 440, 710), "dk": (460, 560, 1050, 650), "dq": (460, 700, 1050, 790),
    },
    "9:16": {
        "part": (40, 50, 1040, 120), "p": (40, 200, 440, 600), "p name": (460, 210, 640, 280), "dv": (460, 370, 1050, 460),
        "ds": (40, 760, 440, 1160), "ds name": (460, 770, 640, 840), "dk": (460, 890, 1050, 980), "dq": (460, 1050, 1050, 1140),
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
        "grid": (120, 156, 860, 764), "dq": (884, 156, 984, 764), "dk": (120, 780, 860, 844), "dv": (120, 860, 860, 924),
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
# One number of dQ: what the programs add to it, in two orders; and the products of a pair of tiles, as equal blocks, in any and in one.
ENDS: Mapping[Aspect, Table] = {
    "16:9": {
        "first name": (60, 10, 1180, 66), "first": (250, 70, 1180, 240), "first number": (1210, 66, 1880, 236),
        "first who": (60, 242, 240, 286), "first order": (250, 242, 1180, 286),
        "first what": (60, 286, 240, 330), "first adds": (250, 286, 1180, 330), "differ": (1210, 256, 1880, 330),
        "last name": (60, 350, 1180, 406), "last": (250, 410, 1180, 580), "last number": (1210, 406, 1880, 576),
        "last who": (60, 582, 240, 626), "last order": (250, 582, 1180, 626),
        "last what": (60, 626, 240, 670), "last adds": (250, 626, 1180, 670), "off": (1210, 596, 1880, 670),
        "usual name": (60, 706, 400, 800), "usual": (410, 706, 1370, 800), "usual count": (1400, 706, 1880, 800),
        "fixed name": (60, 820, 400, 914), "fixed": (410, 820, 1370, 914), "fixed count": (1400, 820, 1880, 914),
    },
    "4:3": {
        "first name": (30, 20, 960, 76), "first": (190, 84, 960, 214), "first number": (980, 84, 1420, 214),
        "first who": (30, 218, 180, 262), "first order": (190, 218, 960, 262),
        "first what": (30, 262, 180, 306), "first adds": (190, 262, 960, 306), "differ": (980, 246, 1420, 306),
        "last name": (30, 334, 960, 390), "last": (190, 398, 960, 534), "last number": (980, 404, 1420, 534),
        "last who": (30, 538, 180, 582), "last order": (190, 538, 960, 582),
        "last what": (30, 582, 180, 626), "last adds": (190, 582, 960, 626), "off": (980, 566, 1420, 626),
        "usual name": (30, 680, 290, 780), "usual": (300, 680, 1080, 780), "usual count": (1100, 680, 1420, 780),
        "fixed name": (30, 810, 290, 910), "fixed": (300, 810, 1080, 910), "fixed count": (1100, 810, 1420, 910),
    },
    "1:1": {
        "first name": (30, 8, 1050, 60), "first": (190, 64, 1050, 170), "first number": (30, 256, 560, 326),
        "first who": (30, 172, 180, 212), "first order": (190, 172, 1050, 212),
        "first what": (30, 212, 180, 252), "first adds": (190, 212, 1050, 252), "differ": (590, 260, 1050, 322),
        "last name": (30, 340, 1050, 392), "last": (190, 396, 1050, 502), "last number": (30, 588, 560, 658),
        "last who": (30, 504, 180, 544), "last order": (190, 504, 1050, 544),
        "last what": (30, 544, 180, 584), "last adds": (190, 544, 1050, 584), "off": (590, 592, 1050, 654),
        "usual name": (30, 690, 240, 790), "usual": (250, 690, 830, 790), "usual count": (850, 690, 1060, 790),
        "fixed name": (30, 814, 240, 914), "fixed": (250, 814, 830, 914), "fixed count": (850, 814, 1060, 914),
    },
    "9:16": {
        "first name": (40, 40, 1040, 100), "first": (190, 110, 1050, 340), "first number": (40, 452, 580, 542),
        "first who": (40, 344, 180, 392), "first order": (190, 344, 1050, 392),
        "first what": (40, 392, 180, 440), "first adds": (190, 392, 1050, 440), "differ": (600, 462, 1050, 532),
        "last name": (40, 570, 1040, 630), "last": (190, 640, 1050, 870), "last number": (40, 982, 580, 1072),
        "last who": (40, 874, 180, 922), "last order": (190, 874, 1050, 922),
        "last what": (40, 922, 180, 970), "last adds": (190, 922, 1050, 970), "off": (600, 992, 1050, 1062),
        "usual name": (40, 1110, 250, 1220), "usual": (260, 1110, 840, 1220), "usual count": (860, 1110, 1060, 1220),
        "fixed name": (40, 1250, 250, 1360), "fixed": (260, 1250, 840, 1360), "fixed count": (860, 1250, 1060, 1360),
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
