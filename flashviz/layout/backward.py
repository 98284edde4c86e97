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
        "left": (80, 490, 450, 860), "top": (490, 60, 860, 430), "tile": (490, 490, 860, 860), "column": (890, 490, 930, 860),
        "second": (1200, 490, 1570, 860), "left name": (80, 430, 450, 486), "top name": (876, 210, 1000, 280),
        "tile name": (490, 866, 860, 926),
        "column name": (942, 640, 1130, 710), "second name": (1200, 866, 1860, 926), "formula": (1030, 110, 1840, 240),
        "note": (1030, 260, 1860, 320), "further": (1030, 330, 1860, 390),
    },
    "4:3": {
        "left": (30, 490, 390, 850), "top": (420, 90, 780, 450), "tile": (420, 490, 780, 850), "column": (804, 490, 840, 850),
        "second": (1000, 490, 1360, 850), "left name": (30, 430, 390, 486), "top name": (794, 250, 880, 310),
        "tile name": (420, 858, 780, 918),
        "column name": (852, 640, 990, 700), "second name": (1000, 858, 1420, 918), "formula": (870, 90, 1410, 200),
        "note": (870, 250, 1420, 310), "further": (870, 320, 1420, 380),
    },
    "1:1": {
        "left": (30, 560, 330, 860), "top": (350, 240, 650, 540), "tile": (350, 560, 650, 860), "column": (664, 560, 694, 860),
        "second": (750, 560, 1050, 860), "left name": (30, 500, 330, 554), "top name": (664, 380, 760, 440),
        "tile name": (350, 868, 650, 926),
        "column name": (664, 500, 790, 554), "second name": (750, 868, 1070, 926), "formula": (350, 16, 1050, 96),
        "note": (350, 104, 1060, 160), "further": (350, 168, 1060, 224),
    },
    "9:16": {
        "left": (60, 820, 500, 1260), "top": (530, 360, 970, 800), "tile": (530, 820, 970, 1260), "column": (984, 820, 1020, 1260),
        "second": (60, 290, 500, 730), "left name": (60, 1270, 500, 1334), "top name": (980, 540, 1060, 610),
        "tile name": (530, 1270, 920, 1334),
        "column name": (940, 1270, 1060, 1334), "second name": (60, 736, 500, 796), "formula": (60, 60, 1020, 170),
        "note": (60, 170, 1020, 226), "further": (60, 228, 1020, 284),
    },
}  # fmt: skip
# One row of P and dP over all keys: a bar's width is its weight, its height dP.
WEIGHTED: Mapping[Aspect, Table] = {
    "16:9": {
        "mean name": (100, 20, 900, 100), "d name": (960, 20, 1820, 100), "formula": (960, 100, 1820, 200), "bars": (150, 210, 1770, 830),
        "width name": (100, 850, 1820, 920), "height name": (100, 120, 900, 190),
    },
    "4:3": {
        "mean name": (60, 70, 700, 140), "d name": (740, 70, 1400, 140), "formula": (740, 150, 1400, 240), "bars": (110, 260, 1330, 810),
        "width name": (60, 830, 1380, 900), "height name": (60, 160, 700, 230),
    },
    "1:1": {
        "mean name": (40, 20, 530, 84), "d name": (550, 20, 1060, 84), "formula": (550, 90, 1050, 170), "bars": (80, 180, 1000, 820),
        "width name": (40, 840, 1040, 904), "height name": (40, 96, 530, 160),
    },
    "9:16": {
        "mean name": (60, 90, 530, 160), "d name": (550, 90, 1040, 160), "formula": (550, 180, 1040, 260), "bars": (100, 300, 980, 1220),
        "width name": (60, 1250, 1020, 1320), "height name": (60, 190, 530, 260),
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
# One number of dQ: what the programs add to it, in two orders.
ORDERS: Mapping[Aspect, Table] = {
    "16:9": {
        "first name": (100, 20, 1230, 84), "first": (100, 92, 1230, 390), "first order": (100, 396, 1230, 450),
        "first number": (1270, 140, 1880, 250), "first off": (1270, 250, 1880, 320),
        "last name": (100, 474, 1230, 538), "last": (100, 546, 1230, 844), "last order": (100, 850, 1230, 904),
        "last number": (1270, 594, 1880, 704), "last off": (1270, 704, 1880, 774), "differ": (1270, 400, 1880, 460),
    },
    "4:3": {
        "first name": (60, 30, 900, 90), "first": (60, 100, 860, 370), "first order": (60, 376, 860, 430),
        "first number": (900, 140, 1400, 230), "first off": (900, 250, 1400, 310),
        "last name": (60, 484, 900, 550), "last": (60, 560, 860, 830), "last order": (60, 836, 860, 890),
        "last number": (900, 600, 1400, 690), "last off": (900, 710, 1400, 770), "differ": (900, 400, 1400, 460),
    },
    "1:1": {
        "first name": (40, 14, 1040, 70), "first": (40, 76, 1040, 276), "first order": (40, 280, 1040, 330),
        "first number": (40, 336, 560, 410), "first off": (580, 336, 1050, 410),
        "last name": (40, 444, 1040, 500), "last": (40, 506, 1040, 706), "last order": (40, 710, 1040, 760),
        "last number": (40, 766, 560, 840), "last off": (580, 766, 1050, 840), "differ": (40, 868, 1040, 926),
    },
    "9:16": {
        "first name": (60, 50, 1020, 114), "first": (60, 130, 1020, 430), "first order": (60, 436, 1020, 490),
        "first number": (60, 500, 580, 590), "first off": (600, 500, 1040, 590),
        "last name": (60, 680, 1020, 744), "last": (60, 760, 1020, 1060), "last order": (60, 1066, 1020, 1120),
        "last number": (60, 1130, 580, 1220), "last off": (600, 1130, 1040, 1220), "differ": (60, 1280, 1020, 1340),
    },
}  # fmt: skip
# The products of a pair of tiles, as equal blocks: those of one launch, and those of two.
PRODUCTS: Mapping[Aspect, Table] = {
    "16:9": {
        "usual name": (100, 70, 1460, 150), "usual count": (1480, 70, 1820, 150), "usual": (100, 164, 1820, 400),
        "fixed name": (100, 500, 1460, 580), "fixed count": (1480, 500, 1820, 580), "fixed": (100, 594, 1820, 830),
        "fixed other": (1106, 842, 1840, 906),
    },
    "4:3": {
        "usual name": (60, 100, 1090, 180), "usual count": (1100, 100, 1380, 180), "usual": (60, 194, 1380, 410),
        "fixed name": (60, 510, 1090, 590), "fixed count": (1100, 510, 1380, 590), "fixed": (60, 604, 1380, 820),
        "fixed other": (834, 828, 1400, 890),
    },
    "1:1": {
        "usual name": (40, 120, 765, 190), "usual count": (770, 120, 1040, 190), "usual": (40, 204, 1040, 400),
        "fixed name": (40, 520, 765, 590), "fixed count": (770, 520, 1040, 590), "fixed": (40, 604, 1040, 800),
        "fixed other": (460, 808, 1060, 870),
    },
    "9:16": {
        "usual name": (60, 220, 745, 290), "usual count": (750, 220, 1020, 290), "usual": (60, 310, 1020, 620),
        "fixed name": (60, 780, 745, 850), "fixed count": (750, 780, 1020, 850), "fixed": (60, 870, 1020, 1180),
        "fixed other": (460, 1190, 1040, 1250),
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
