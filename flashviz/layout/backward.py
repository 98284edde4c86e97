"""Shots of BackwardScene, in pixels of a frame whose short side has 1080, from its top left corner."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from flashviz.layout.rect import Aspect, Rect, columns, rows
from flashviz.layout.table import Table

# The grid of all weights, which is empty, with Q beside it and K over it, and what is kept of a row at its right.
KEPT: Mapping[Aspect, Table] = {
    "16:9": {
        "q": (70, 140, 200, 910), "k": (215, 40, 985, 125), "grid": (215, 140, 985, 910),
        "o": (1010, 140, 1110, 910), "lse": (1135, 140, 1175, 910), "q name": (70, 82, 140, 136), "k name": (150, 54, 210, 110),
        "o name": (1010, 82, 1110, 136), "lse name": (1130, 82, 1260, 136),
        "p note": (1240, 340, 1890, 420), "lse note": (1240, 540, 1890, 620), "lse what": (1240, 630, 1890, 690),
    },
    "4:3": {
        "q": (40, 190, 140, 840), "k": (150, 90, 800, 180), "grid": (150, 190, 800, 840),
        "o": (816, 190, 900, 840), "lse": (916, 190, 950, 840), "q name": (40, 132, 88, 184), "k name": (92, 106, 146, 164),
        "o name": (816, 132, 900, 184), "lse name": (908, 132, 1030, 184),
        "p note": (980, 340, 1430, 410), "lse note": (980, 540, 1430, 610), "lse what": (980, 618, 1430, 672),
    },
    "1:1": {
        "q": (30, 120, 110, 620), "k": (120, 30, 750, 110), "grid": (120, 120, 750, 620),
        "o": (770, 120, 870, 620), "lse": (890, 120, 930, 620), "q name": (30, 626, 110, 678), "k name": (62, 42, 114, 98),
        "o name": (770, 62, 870, 114), "lse name": (886, 62, 1010, 114),
        "p note": (120, 690, 1040, 760), "lse note": (120, 770, 1040, 840), "lse what": (120, 844, 1040, 900),
    },
    "9:16": {
        "q": (50, 220, 150, 950), "k": (160, 120, 800, 210), "grid": (160, 220, 800, 950),
        "o": (816, 220, 926, 950), "lse": (946, 220, 986, 950), "q name": (50, 162, 92, 214), "k name": (98, 138, 154, 194),
        "o name": (816, 162, 926, 214), "lse name": (940, 162, 1060, 214),
        "p note": (160, 1020, 1020, 1100), "lse note": (160, 1150, 1020, 1230), "lse what": (160, 1236, 1020, 1292),
    },
}  # fmt: skip
# One tile of it: the operand with its queries at its left, that with its keys over it, numbers of its rows at its right; under it what its
# columns give, then, at its right, what its rows give. Beside it P, or the rows that one column of it weighs; the products.
ONE: Mapping[Aspect, Table] = {
    "16:9": {
        "rows": (84, 130, 250, 690), "keys": (262, 24, 822, 120), "tile": (262, 130, 822, 690), "stats": (910, 130, 950, 690),
        "dv": (262, 702, 822, 798), "dk": (262, 810, 822, 906), "dq": (962, 130, 1092, 690),
        "rows name": (84, 72, 184, 124), "keys name": (200, 42, 256, 98), "stats name": (880, 72, 960, 124),
        "dv name": (836, 722, 960, 778), "dk name": (836, 830, 960, 886),
        "dq name": (962, 72, 1092, 124), "tile name": (830, 632, 904, 690),
        "formula": (1110, 40, 1880, 120), "beside": (1110, 190, 1610, 690), "beside name": (1630, 400, 1880, 480),
        "weight 0": (1110, 180, 1370, 244), "term 0": (1380, 180, 1880, 244), "weight 1": (1110, 264, 1370, 328),
        "term 1": (1380, 264, 1880, 328), "weight 2": (1110, 348, 1370, 412), "term 2": (1380, 348, 1880, 412),
        "others": (1380, 420, 1880, 480), "sum": (1380, 510, 1880, 600), "sum name": (1380, 610, 1880, 670),
        "made": (1110, 760, 1880, 860),
    },
    "4:3": {
        "rows": (60, 164, 188, 604), "keys": (200, 70, 640, 152), "tile": (200, 164, 640, 604), "stats": (722, 164, 756, 604),
        "dv": (200, 616, 640, 698), "dk": (200, 710, 640, 792), "dq": (766, 164, 856, 604),
        "rows name": (60, 106, 140, 158), "keys name": (142, 84, 194, 138), "stats name": (690, 106, 780, 158),
        "dv name": (652, 630, 760, 684), "dk name": (652, 724, 760, 778), "dq name": (782, 106, 862, 158),
        "tile name": (646, 552, 718, 604),
        "formula": (870, 70, 1420, 140), "beside": (870, 180, 1270, 580), "beside name": (1286, 350, 1420, 410),
        "weight 0": (870, 170, 1030, 220), "term 0": (1040, 170, 1420, 220), "weight 1": (870, 235, 1030, 285),
        "term 1": (1040, 235, 1420, 285), "weight 2": (870, 300, 1030, 350), "term 2": (1040, 300, 1420, 350),
        "others": (1040, 360, 1420, 410), "sum": (1040, 440, 1420, 510), "sum name": (1040, 520, 1420, 575),
        "made": (60, 816, 1400, 906),
    },
    "1:1": {
        "rows": (20, 84, 110, 414), "keys": (120, 24, 450, 76), "tile": (120, 84, 450, 414), "stats": (526, 84, 548, 414),
        "dv": (120, 422, 450, 474), "dk": (120, 482, 450, 534), "dq": (556, 84, 620, 414),
        "rows name": (20, 28, 112, 80), "keys name": (456, 24, 500, 78), "stats name": (454, 200, 524, 252),
        "dv name": (458, 422, 560, 474), "dk name": (458, 482, 560, 534), "dq name": (554, 28, 624, 80),
        "tile name": (454, 362, 522, 414),
        "formula": (630, 24, 1066, 84), "beside": (630, 110, 960, 440), "beside name": (970, 246, 1066, 306),
        "weight 0": (20, 556, 190, 600), "term 0": (200, 556, 1060, 600), "weight 1": (20, 608, 190, 652),
        "term 1": (200, 608, 1060, 652), "weight 2": (20, 660, 190, 704), "term 2": (200, 660, 1060, 704),
        "others": (200, 708, 1060, 756), "sum": (200, 760, 1060, 810), "sum name": (20, 758, 190, 812),
        "made": (20, 826, 1060, 910),
    },
    "9:16": {
        "rows": (40, 230, 180, 770), "keys": (196, 130, 736, 218), "tile": (196, 230, 736, 770), "stats": (818, 230, 852, 770),
        "dv": (196, 782, 736, 866), "dk": (196, 878, 736, 962), "dq": (866, 230, 1000, 770),
        "rows name": (40, 172, 128, 224), "keys name": (136, 146, 190, 200), "stats name": (770, 172, 862, 224),
        "dv name": (750, 796, 860, 850), "dk name": (750, 892, 860, 946), "dq name": (866, 172, 1000, 224),
        "tile name": (740, 718, 812, 770),
        "formula": (40, 40, 1040, 120), "beside": (40, 980, 340, 1280), "beside name": (360, 1100, 700, 1160),
        "weight 0": (40, 984, 230, 1030), "term 0": (240, 984, 1040, 1030), "weight 1": (40, 1042, 230, 1088),
        "term 1": (240, 1042, 1040, 1088), "weight 2": (40, 1100, 230, 1146), "term 2": (240, 1100, 1040, 1146),
        "others": (240, 1150, 1040, 1200), "sum": (240, 1210, 1040, 1264), "sum name": (40, 1210, 230, 1264),
        "made": (40, 1282, 1040, 1362),
    },
}  # fmt: skip
# One query's row: a bar a key about a level, named at its right, and what the areas are; then, smaller, over three formulas.
QUERY: Mapping[Aspect, Table] = {
    "16:9": {
        "height": (60, 24, 1600, 84), "plot": (60, 100, 1600, 650), "level": (1620, 100, 1890, 650), "width": (60, 664, 1600, 760),
        "law": (60, 774, 1860, 850), "sum": (60, 852, 1860, 928),
        "small": (60, 110, 1600, 400),
        "line 0": (60, 470, 1010, 600), "line 1": (60, 630, 1010, 760), "line 2": (60, 790, 1010, 920),
        "note 0": (1120, 470, 1890, 600), "note 1": (1120, 630, 1890, 760),
    },
    "4:3": {
        "height": (40, 24, 1150, 84), "plot": (40, 100, 1150, 610), "level": (1166, 100, 1430, 610), "width": (40, 624, 1150, 730),
        "law": (40, 750, 1400, 826), "sum": (40, 832, 1400, 906),
        "small": (40, 110, 1150, 390),
        "line 0": (40, 460, 770, 580), "line 1": (40, 620, 770, 740), "line 2": (40, 780, 770, 900),
        "note 0": (850, 460, 1420, 580), "note 1": (850, 620, 1420, 740),
    },
    "1:1": {
        "height": (30, 20, 820, 76), "plot": (30, 90, 820, 560), "level": (832, 90, 1074, 560), "width": (30, 572, 820, 668),
        "law": (30, 690, 1050, 756), "sum": (30, 770, 1050, 836),
        "small": (30, 90, 820, 360),
        "line 0": (30, 430, 570, 530), "line 1": (30, 590, 570, 690), "line 2": (30, 750, 570, 850),
        "note 0": (640, 430, 1060, 530), "note 1": (640, 590, 1060, 690),
    },
    "9:16": {
        "height": (50, 110, 810, 170), "plot": (50, 190, 810, 820), "level": (824, 190, 1074, 820), "width": (50, 836, 810, 940),
        "law": (50, 980, 1030, 1060), "sum": (50, 1076, 1030, 1156),
        "small": (50, 190, 810, 560),
        "line 0": (50, 680, 570, 800), "line 1": (50, 880, 570, 1000), "line 2": (50, 1080, 570, 1200),
        "note 0": (640, 680, 1050, 800), "note 1": (640, 880, 1050, 1000),
    },
}  # fmt: skip
# All tiles: Q and dO beside the rows, K and V over the columns, dK and dV under them, dQ at the right, a block a row.
GRID: Mapping[Aspect, Table] = {
    "16:9": {
        "program": (60, 20, 320, 76), "columns": (340, 20, 1600, 76),
        "q": (60, 214, 180, 690), "do": (200, 214, 320, 690), "k": (340, 84, 1600, 140), "v": (340, 148, 1600, 204),
        "grid": (340, 214, 1600, 690), "dk": (340, 700, 1600, 764), "dv": (340, 772, 1600, 836), "dq": (1650, 214, 1830, 690),
        "q name": (60, 696, 180, 752), "do name": (200, 696, 320, 752), "k name": (1612, 84, 1690, 140), "v name": (1612, 148, 1648, 204),
        "dk name": (1612, 700, 1720, 764), "dv name": (1612, 772, 1720, 836), "dq name": (1704, 150, 1830, 206),
        "note": (340, 856, 1820, 916),
    },
    "4:3": {
        "program": (60, 20, 244, 76), "columns": (250, 20, 1180, 76),
        "q": (60, 214, 140, 690), "do": (152, 214, 232, 690), "k": (250, 84, 1180, 140), "v": (250, 148, 1180, 204),
        "grid": (250, 214, 1180, 690), "dk": (250, 700, 1180, 756), "dv": (250, 764, 1180, 820), "dq": (1210, 214, 1330, 690),
        "q name": (60, 696, 146, 752), "do name": (152, 696, 240, 752), "k name": (1190, 84, 1260, 140), "v name": (1190, 148, 1226, 204),
        "dk name": (1190, 700, 1300, 756), "dv name": (1190, 764, 1300, 820), "dq name": (1240, 150, 1360, 206),
        "note": (250, 840, 1400, 900),
    },
    "1:1": {
        "program": (6, 10, 166, 62), "columns": (170, 10, 880, 62),
        "q": (20, 172, 86, 620), "do": (94, 172, 160, 620), "k": (170, 66, 880, 112), "v": (170, 118, 880, 164),
        "grid": (170, 172, 880, 620), "dk": (170, 628, 880, 680), "dv": (170, 688, 880, 740), "dq": (900, 172, 1000, 620),
        "q name": (20, 626, 90, 678), "do name": (92, 626, 166, 678), "k name": (886, 62, 950, 114), "v name": (886, 114, 920, 166),
        "dk name": (886, 628, 980, 680), "dv name": (886, 688, 980, 740), "dq name": (930, 114, 1040, 166),
        "note": (60, 780, 1040, 840),
    },
    "9:16": {
        "program": (30, 130, 194, 186), "columns": (200, 130, 880, 186),
        "q": (30, 316, 106, 980), "do": (114, 316, 190, 980), "k": (200, 190, 880, 244), "v": (200, 252, 880, 306),
        "grid": (200, 316, 880, 980), "dk": (200, 990, 880, 1050), "dv": (200, 1058, 880, 1118), "dq": (910, 316, 1020, 980),
        "q name": (30, 986, 110, 1042), "do name": (112, 986, 194, 1042), "k name": (888, 186, 970, 244), "v name": (888, 250, 924, 308),
        "dk name": (888, 990, 980, 1050), "dv name": (888, 1058, 980, 1118), "dq name": (930, 250, 1050, 308),
        "note": (60, 1160, 1040, 1220),
    },
}  # fmt: skip
# One row of them and its block of dQ; what one number of it comes to in two orders, step by step.
ROW_OF: Mapping[Aspect, Table] = {
    "16:9": {
        "program": (60, 24, 240, 80), "columns": (260, 24, 1300, 80), "row": (260, 88, 1300, 228),
        "dq name": (1360, 24, 1880, 80), "dq": (1360, 88, 1880, 228),
        "first": (500, 262, 1140, 326), "last": (1230, 262, 1870, 326), "steps": (60, 336, 480, 836),
        "first list": (500, 336, 1140, 836), "last list": (1230, 336, 1870, 836), "note": (60, 852, 1870, 916),
    },
    "4:3": {
        "program": (40, 24, 196, 80), "columns": (206, 24, 980, 80), "row": (206, 88, 980, 200),
        "dq name": (1020, 24, 1410, 80), "dq": (1020, 88, 1410, 200),
        "first": (340, 240, 840, 300), "last": (910, 240, 1410, 300), "steps": (40, 310, 320, 810),
        "first list": (340, 310, 840, 810), "last list": (910, 310, 1410, 810), "note": (40, 836, 1410, 900),
    },
    "1:1": {
        "program": (14, 20, 164, 72), "columns": (170, 20, 720, 72), "row": (170, 78, 720, 168),
        "dq name": (750, 20, 1050, 72), "dq": (750, 78, 1050, 168),
        "first": (225, 206, 620, 262), "last": (665, 206, 1060, 262), "steps": (20, 270, 210, 730),
        "first list": (225, 270, 620, 730), "last list": (665, 270, 1060, 730), "note": (30, 770, 1050, 834),
    },
    "9:16": {
        "program": (20, 120, 172, 176), "columns": (180, 120, 720, 176), "row": (180, 184, 720, 294),
        "dq name": (750, 120, 1050, 176), "dq": (750, 184, 1050, 294),
        "first": (225, 400, 620, 460), "last": (665, 400, 1060, 460), "steps": (20, 480, 210, 1130),
        "first list": (225, 480, 620, 1130), "last list": (665, 480, 1060, 1130), "note": (40, 1200, 1040, 1264),
    },
}  # fmt: skip

PlaceType = TypeVar("PlaceType", bound=Hashable)

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


@dataclass(frozen=True)
class Bands:
    """A picture in so many equal rows (``across`` 0) or columns (1)."""

    rect: Rect
    count: int
    across: int

    def of(self, at: int) -> Rect:
        """One of them."""
        return (columns if self.across else rows)(self.rect, self.count)[at]


def magnified(rect: Rect, part: Rect, to: Rect) -> Rect:
    """Where a picture's rectangle stands when a part of it fills ``to``."""
    wide, high = to.width / part.width, to.height / part.height
    x0, y0 = to.x0 - (part.x0 - rect.x0) * wide, to.y0 - (part.y0 - rect.y0) * high
    return Rect(x0, y0, x0 + rect.width * wide, y0 + rect.height * high)


def arrivals(walks: Sequence[Sequence[PlaceType]], seed: int) -> dict[tuple[PlaceType, int], float]:
    """When each program comes to each place of its walk, as a share of the time: a pace for each, drawn at random.

    Nobody fixes the paces of programs that run at once: this is one case of many.
    """
    rng = np.random.default_rng(seed)
    takes, paces = rng.uniform(0.6, 1.0, len(walks)), rng.uniform(0.6, 1.5, len(walks))
    return {
        (place, program): float(take * ((at + 1) / len(walk)) ** pace)
        for program, (walk, take, pace) in enumerate(zip(walks, takes, paces, strict=True)) for at, place in enumerate(walk)
    }  # fmt: skip
