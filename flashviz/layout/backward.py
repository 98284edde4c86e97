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
        "formula": (1000, 40, 1860, 150), "note": (1000, 160, 1880, 220), "further": (1000, 230, 1880, 290), "key": (836, 866, 1276, 926),
    },
    "4:3": {
        "left": (20, 430, 200, 860), "top": (210, 240, 640, 420), "tile": (210, 430, 640, 860), "column": (654, 430, 690, 860),
        "second": (980, 430, 1410, 860), "left name": (20, 372, 200, 426), "top name": (654, 300, 750, 360),
        "tile name": (210, 866, 640, 926), "column name": (702, 620, 960, 680), "second name": (980, 866, 1430, 926),
        "formula": (770, 80, 1410, 190), "note": (770, 210, 1420, 270), "further": (770, 280, 1420, 340), "key": (654, 866, 970, 926),
    },
    "1:1": {
        "left": (16, 490, 120, 860), "top": (130, 250, 500, 480), "tile": (130, 490, 500, 860), "column": (510, 490, 540, 860),
        "second": (690, 490, 1060, 860), "left name": (16, 430, 126, 486), "top name": (510, 340, 610, 400),
        "tile name": (130, 868, 500, 926), "column name": (548, 640, 684, 700), "second name": (690, 868, 1070, 926),
        "formula": (130, 16, 1050, 96), "note": (130, 104, 1060, 160), "further": (130, 168, 1060, 224), "key": (690, 360, 1060, 420),
    },
    "9:16": {
        "left": (60, 820, 500, 1260), "top": (530, 360, 970, 800), "tile": (530, 820, 970, 1260), "column": (984, 820, 1020, 1260),
        "second": (60, 290, 500, 730), "left name": (60, 1270, 500, 1334), "top name": (980, 540, 1060, 610),
        "tile name": (530, 1270, 920, 1334),
        "column name": (940, 1270, 1060, 1334), "second name": (60, 736, 500, 796), "formula": (60, 60, 1020, 170),
        "note": (60, 170, 1020, 226), "further": (60, 228, 1020, 284), "key": (530, 296, 970, 352),
    },
}  # fmt: skip
# One row of P and dP over all keys: a bar's width is its weight, its height dP. What its mean is, in steps.
WEIGHTED: Mapping[Aspect, Table] = {
    "16:9": {
        "proof": (100, 20, 1820, 100), "mean name": (100, 110, 980, 180), "d name": (1010, 110, 1820, 180), "bars": (150, 270, 1770, 830),
        "dO name": (1010, 186, 1086, 250), "dO": (1096, 200, 1420, 240), "O name": (1440, 186, 1490, 250), "O": (1500, 200, 1820, 240),
        "width name": (100, 850, 1820, 920),
    },
    "4:3": {
        "proof": (60, 60, 1400, 140), "mean name": (60, 150, 700, 220), "d name": (740, 150, 1400, 220), "bars": (110, 320, 1330, 810),
        "dO name": (740, 226, 816, 290), "dO": (820, 240, 1090, 276), "O name": (1110, 226, 1154, 290), "O": (1160, 240, 1400, 276),
        "width name": (60, 830, 1380, 900),
    },
    "1:1": {
        "proof": (40, 20, 1060, 90), "mean name": (40, 100, 530, 164), "d name": (550, 100, 1060, 164), "bars": (80, 250, 1000, 820),
        "dO name": (550, 166, 626, 230), "dO": (630, 180, 826, 216), "O name": (840, 166, 884, 230), "O": (890, 180, 1060, 216),
        "width name": (40, 840, 1040, 904),
    },
    "9:16": {
        "proof": (40, 90, 1050, 160), "mean name": (40, 180, 530, 250), "d name": (550, 180, 1050, 250), "bars": (100, 360, 980, 1220),
        "dO name": (550, 256, 626, 320), "dO": (630, 270, 826, 306), "O name": (840, 256, 884, 320), "O": (890, 270, 1060, 306),
        "width name": (40, 1250, 1040, 1320),
    },
}  # fmt: skip


def _products(side: float, tops: tuple[float, float, float], **columns: tuple[float, float]) -> Table:
    """A product a row: two factors, what they make, squares of ``side``, and words beside; ``columns``: left and right of each."""
    return {
        f"{row} {column.replace('_', ' ')}": (left, top, right, top + side)
        for row, top in zip(("dV", "dK", "dQ"), tops, strict=True) for column, (left, right) in columns.items()
    }  # fmt: skip


# A tile's three products.
PRODUCTS: Mapping[Aspect, Table] = {
    "16:9": {
        "part": (60, 20, 1240, 90), "key": (1400, 20, 1860, 90),
        **_products(
            256, (110, 380, 650), first_name=(60, 180), first=(200, 456), second_name=(496, 600), second=(616, 872), made_name=(900, 960),
            made=(976, 1232), note=(1280, 1880),
        ),
    },
    "4:3": {
        "part": (30, 20, 1000, 90), "key": (1030, 20, 1410, 90),
        **_products(
            244, (120, 386, 652), first_name=(30, 116), first=(122, 366), second_name=(386, 460), second=(466, 710), made_name=(722, 762),
            made=(770, 1014), note=(1036, 1430),
        ),
    },
    "1:1": {
        "part": (20, 12, 1060, 72), "key": (640, 84, 1060, 144),
        **_products(
            200, (160, 410, 660), first_name=(8, 92), first=(94, 288), second_name=(298, 364), second=(368, 568), made_name=(576, 610),
            made=(614, 814), note=(826, 1070),
        ),
    },
    "9:16": {
        "part": (30, 50, 1050, 120), "key": (600, 130, 1050, 190),
        **_products(
            200, (300, 660, 1020), first_name=(8, 92), first=(94, 288), second_name=(298, 364), second=(368, 568), made_name=(576, 610),
            made=(614, 814), note=(826, 1070),
        ),
    },
}  # fmt: skip
# A column of the grid and its program's chip; dQ beside the rows, dK and dV beneath the columns.
WALK: Mapping[Aspect, Table] = {
    "16:9": {
        "grid": (170, 80, 830, 720), "dq": (860, 80, 1060, 720), "dk": (170, 744, 830, 818), "dv": (170, 836, 830, 910),
        "dq name": (860, 16, 1880, 76), "dk name": (60, 744, 160, 818), "dv name": (60, 836, 160, 910),
        "chip": (1100, 80, 1880, 910), "chip name": (1126, 94, 1856, 160), "dk tile": (1126, 280, 1476, 630),
        "dv tile": (1506, 280, 1856, 630), "dk tile name": (1126, 640, 1476, 710), "dv tile name": (1506, 640, 1856, 710),
        "chip note": (1126, 800, 1866, 870),
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
# One number of dQ: what the programs add to it, in two orders.
ENDS: Mapping[Aspect, Table] = {
    "16:9": {
        "first name": (60, 10, 1180, 86), "first": (250, 116, 1180, 323), "first number": (1210, 86, 1880, 317),
        "first who": (60, 326, 240, 385), "first order": (250, 326, 1180, 385),
        "first what": (60, 385, 240, 445), "first adds": (250, 385, 1180, 445), "differ": (1210, 345, 1880, 445),
        "last name": (60, 472, 1180, 549), "last": (250, 578, 1180, 785), "last number": (1210, 549, 1880, 780),
        "last who": (60, 788, 240, 848), "last order": (250, 788, 1180, 848),
        "last what": (60, 848, 240, 908), "last adds": (250, 848, 1180, 908), "off": (1210, 807, 1880, 908),
    },
    "4:3": {
        "first name": (30, 20, 960, 102), "first": (190, 133, 960, 303), "first number": (980, 113, 1420, 303),
        "first who": (30, 309, 180, 373), "first order": (190, 309, 960, 373),
        "first what": (30, 373, 180, 438), "first adds": (190, 373, 960, 438), "differ": (980, 350, 1420, 438),
        "last name": (30, 478, 960, 560), "last": (190, 592, 960, 770), "last number": (980, 581, 1420, 770),
        "last who": (30, 776, 180, 841), "last order": (190, 776, 960, 841),
        "last what": (30, 841, 180, 905), "last adds": (190, 841, 960, 905), "off": (980, 817, 1420, 905),
    },
    "1:1": {
        "first name": (30, 8, 1050, 80), "first": (190, 95, 1050, 232), "first number": (30, 350, 560, 447),
        "first who": (30, 234, 180, 290), "first order": (190, 234, 1050, 290),
        "first what": (30, 290, 180, 345), "first adds": (190, 290, 1050, 345), "differ": (590, 356, 1050, 441),
        "last name": (30, 466, 1050, 538), "last": (190, 553, 1050, 690), "last number": (30, 808, 560, 905),
        "last who": (30, 692, 180, 748), "last order": (190, 692, 1050, 748),
        "last what": (30, 748, 180, 803), "last adds": (190, 748, 1050, 803), "off": (590, 814, 1050, 899),
    },
    "9:16": {
        "first name": (40, 40, 1040, 117), "first": (190, 140, 1050, 424), "first number": (40, 567, 580, 683),
        "first who": (40, 429, 180, 491), "first order": (190, 429, 1050, 491),
        "first what": (40, 491, 180, 552), "first adds": (190, 491, 1050, 552), "differ": (600, 580, 1050, 670),
        "last name": (40, 718, 1040, 795), "last": (190, 818, 1050, 1102), "last number": (40, 1246, 580, 1361),
        "last who": (40, 1108, 180, 1169), "last order": (190, 1108, 1050, 1169),
        "last what": (40, 1169, 180, 1230), "last adds": (190, 1169, 1050, 1230), "off": (600, 1259, 1050, 1348),
    },
}  # fmt: skip
# Two ways to launch the same work: a grid of tiles and dQ beside its rows, and a pair of tiles' products as equal blocks beneath.
LAUNCHES: Mapping[Aspect, Table] = {
    "16:9": {
        "usual name": (60, 16, 900, 76), "usual note": (60, 80, 900, 136), "usual grid": (160, 216, 600, 656),
        "usual dQ": (620, 216, 800, 656),
        "usual": (60, 690, 760, 800), "usual count": (60, 820, 900, 900),
        "fixed name": (960, 16, 1880, 76), "fixed note": (960, 80, 1880, 136), "fixed grid": (1060, 216, 1500, 656),
        "fixed dQ": (1520, 216, 1700, 656), "fixed": (960, 690, 1880, 800), "fixed count": (960, 820, 1880, 900),
    },
    "4:3": {
        "usual name": (20, 40, 650, 100), "usual note": (20, 104, 650, 160), "usual grid": (60, 240, 440, 620),
        "usual dQ": (456, 240, 596, 620),
        "usual": (20, 670, 520, 760), "usual count": (20, 790, 650, 870),
        "fixed name": (710, 40, 1420, 100), "fixed note": (710, 104, 1420, 160), "fixed grid": (770, 240, 1150, 620),
        "fixed dQ": (1166, 240, 1306, 620), "fixed": (710, 670, 1420, 760), "fixed count": (710, 790, 1420, 870),
    },
    "1:1": {
        "usual name": (16, 20, 506, 76), "usual note": (16, 80, 506, 136), "usual grid": (30, 220, 370, 560),
        "usual dQ": (384, 220, 484, 560),
        "usual": (16, 630, 376, 720), "usual count": (16, 760, 506, 830),
        "fixed name": (548, 20, 1068, 76), "fixed note": (548, 80, 1068, 136), "fixed grid": (572, 220, 912, 560),
        "fixed dQ": (926, 220, 1026, 560), "fixed": (548, 630, 1068, 720), "fixed count": (548, 760, 1068, 830),
    },
    "9:16": {
        "usual name": (40, 40, 1040, 100), "usual note": (40, 100, 1040, 156), "usual grid": (60, 226, 420, 586),
        "usual dQ": (436, 226, 576, 586),
        "usual": (610, 260, 1050, 350), "usual count": (610, 400, 1050, 480),
        "fixed name": (40, 660, 1040, 720), "fixed note": (40, 720, 1040, 776), "fixed grid": (60, 846, 420, 1206),
        "fixed dQ": (436, 846, 576, 1206), "fixed": (40, 1250, 1040, 1360), "fixed count": (610, 900, 1050, 980),
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
