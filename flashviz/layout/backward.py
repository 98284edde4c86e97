"""Shots of BackwardScene, in pixels of a frame whose short side has 1080, from its top left corner."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from flashviz.layout.rect import Aspect, Rect, columns, rows
from flashviz.layout.table import Table

# The grid of all weights, which is empty; beside it what the loss gives and what is wanted of it, and what is not kept and what is.
KEPT: Mapping[Aspect, Table] = {
    "16:9": {
        "q": (60, 165, 150, 730), "do": (165, 165, 255, 730), "k": (270, 30, 1030, 85), "v": (270, 95, 1030, 150),
        "grid": (270, 165, 1030, 730), "o": (1046, 165, 1116, 730), "lse": (1136, 165, 1166, 730), "dq": (1196, 165, 1276, 730),
        "dk": (270, 742, 1030, 804), "dv": (270, 814, 1030, 876),
        "q name": (60, 106, 150, 160), "do name": (165, 106, 262, 160), "k name": (1042, 30, 1100, 85), "v name": (1042, 95, 1100, 150),
        "o name": (1062, 740, 1100, 794), "lse name": (1108, 740, 1196, 794), "dq name": (1206, 740, 1286, 794),
        "dk name": (194, 745, 262, 801), "dv name": (194, 817, 262, 873),
        "given": (1310, 150, 1890, 230), "slope": (1310, 234, 1890, 288), "wanted": (1310, 330, 1890, 410),
        "p note": (1310, 510, 1890, 590), "lse note": (1310, 630, 1890, 710), "lse what": (1310, 714, 1890, 768),
    },
    "4:3": {
        "q": (40, 150, 110, 720), "do": (120, 150, 190, 720), "k": (200, 30, 830, 80), "v": (200, 90, 830, 140),
        "grid": (200, 150, 830, 720), "o": (842, 150, 894, 720), "lse": (906, 150, 932, 720), "dq": (946, 150, 1000, 720),
        "dk": (200, 732, 830, 786), "dv": (200, 796, 830, 850),
        "q name": (40, 90, 110, 144), "do name": (116, 90, 194, 144), "k name": (842, 28, 900, 82), "v name": (842, 88, 900, 142),
        "o name": (846, 728, 884, 782), "lse name": (888, 728, 966, 782), "dq name": (974, 728, 1040, 782),
        "dk name": (124, 732, 192, 786), "dv name": (124, 796, 192, 850),
        "given": (1020, 150, 1430, 210), "slope": (1020, 214, 1430, 264), "wanted": (1020, 310, 1430, 370),
        "p note": (1020, 470, 1430, 530), "lse note": (1020, 570, 1430, 630), "lse what": (1020, 634, 1430, 684),
    },
    "1:1": {
        "q": (20, 112, 80, 520), "do": (88, 112, 148, 520), "k": (158, 12, 800, 54), "v": (158, 62, 800, 104),
        "grid": (158, 112, 800, 520), "o": (812, 112, 868, 520), "lse": (882, 112, 908, 520), "dq": (928, 112, 1000, 520),
        "dk": (158, 528, 800, 572), "dv": (158, 580, 800, 624),
        "q name": (20, 56, 80, 108), "do name": (82, 56, 154, 108), "k name": (810, 6, 860, 58), "v name": (810, 58, 860, 110),
        "o name": (818, 526, 856, 578), "lse name": (862, 526, 940, 578), "dq name": (950, 526, 1020, 578),
        "dk name": (84, 524, 152, 576), "dv name": (84, 578, 152, 630),
        "given": (30, 650, 530, 716), "slope": (30, 718, 530, 768), "wanted": (30, 790, 530, 856),
        "p note": (570, 650, 1060, 716), "lse note": (570, 740, 1060, 806), "lse what": (570, 808, 1060, 858),
    },
    "9:16": {
        "q": (30, 230, 106, 900), "do": (114, 230, 190, 900), "k": (200, 110, 880, 160), "v": (200, 170, 880, 220),
        "grid": (200, 230, 880, 900), "o": (892, 230, 946, 900), "lse": (958, 230, 984, 900), "dq": (996, 230, 1056, 900),
        "dk": (200, 912, 880, 970), "dv": (200, 980, 880, 1038),
        "q name": (30, 172, 106, 224), "do name": (110, 172, 194, 224), "k name": (890, 108, 960, 162), "v name": (890, 168, 960, 222),
        "o name": (894, 908, 930, 962), "lse name": (934, 908, 1000, 962), "dq name": (1008, 908, 1066, 962),
        "dk name": (124, 914, 192, 968), "dv name": (124, 982, 192, 1036),
        "given": (40, 1080, 530, 1150), "slope": (40, 1152, 530, 1206), "wanted": (40, 1240, 530, 1310),
        "p note": (570, 1080, 1050, 1150), "lse note": (570, 1190, 1050, 1260), "lse what": (570, 1262, 1050, 1316),
    },
}  # fmt: skip
# One tile of it: the operand with its queries at its left, that with its keys over it, numbers of its rows at its right, with O beside
# them; under it what its columns give, then, at its right, what its rows give. Beside it P, or the rows that one column of it weighs; and
# all that is made, line by line.
ONE: Mapping[Aspect, Table] = {
    "16:9": {
        "rows": (84, 130, 250, 690), "keys": (262, 24, 822, 120), "tile": (262, 130, 822, 690), "stats": (910, 130, 950, 690),
        "o": (966, 130, 1086, 690), "dk": (262, 702, 822, 798), "dv": (262, 810, 822, 906), "dq": (1110, 130, 1230, 690),
        "rows name": (84, 72, 184, 124), "keys name": (200, 42, 256, 98), "stats name": (880, 72, 960, 124),
        "o name": (966, 72, 1060, 124), "dk name": (186, 722, 256, 778), "dv name": (186, 830, 256, 886),
        "dq name": (1110, 72, 1230, 124), "tile name": (830, 632, 904, 690), "query": (836, 130, 1096, 620),
        "above": (850, 726, 1016, 780), "under": (850, 786, 1016, 840),
        "beside": (1290, 60, 1670, 440), "beside name": (1686, 220, 1880, 290),
        "weight 0": (1280, 40, 1690, 94), "term 0": (1700, 40, 1890, 94), "weight 1": (1280, 108, 1690, 162),
        "term 1": (1700, 108, 1890, 162), "weight 2": (1280, 176, 1690, 230), "term 2": (1700, 176, 1890, 230),
        "others": (1290, 240, 1890, 292), "sum": (1290, 304, 1890, 374), "sum name": (1290, 380, 1890, 434),
        "list": (1270, 480, 1890, 910),
    },
    "4:3": {
        "rows": (60, 164, 188, 604), "keys": (200, 70, 640, 152), "tile": (200, 164, 640, 604), "stats": (716, 164, 746, 604),
        "o": (756, 164, 836, 604), "dk": (200, 616, 640, 698), "dv": (200, 710, 640, 792), "dq": (852, 164, 936, 604),
        "rows name": (60, 106, 140, 158), "keys name": (142, 84, 194, 138), "stats name": (664, 106, 754, 158),
        "o name": (766, 106, 840, 158), "dk name": (126, 630, 194, 684), "dv name": (126, 724, 194, 778), "dq name": (862, 106, 942, 158),
        "tile name": (646, 552, 712, 604), "query": (652, 164, 846, 544),
        "above": (656, 630, 784, 682), "under": (656, 690, 784, 742),
        "beside": (960, 70, 1290, 400), "beside name": (1304, 210, 1420, 270),
        "weight 0": (960, 70, 1250, 120), "term 0": (1260, 70, 1430, 120), "weight 1": (960, 132, 1250, 182),
        "term 1": (1260, 132, 1430, 182), "weight 2": (960, 194, 1250, 244), "term 2": (1260, 194, 1430, 244),
        "others": (960, 254, 1430, 304), "sum": (960, 314, 1430, 374), "sum name": (960, 380, 1430, 432),
        "list": (950, 460, 1430, 900),
    },
    "1:1": {
        "rows": (20, 84, 110, 414), "keys": (120, 24, 450, 76), "tile": (120, 84, 450, 414), "stats": (526, 84, 548, 414),
        "o": (558, 84, 622, 414), "dk": (120, 422, 450, 474), "dv": (120, 482, 450, 534), "dq": (640, 84, 704, 414),
        "rows name": (20, 28, 112, 80), "keys name": (456, 24, 500, 78), "stats name": (454, 200, 524, 252),
        "o name": (564, 28, 630, 80), "dk name": (46, 422, 114, 474), "dv name": (46, 482, 114, 534), "dq name": (638, 28, 714, 80),
        "tile name": (454, 362, 522, 414), "query": (460, 84, 634, 356),
        "above": (462, 424, 562, 474), "under": (462, 484, 562, 534),
        "beside": (730, 84, 1010, 364), "beside name": (1016, 200, 1066, 260),
        "weight 0": (540, 560, 850, 604), "term 0": (860, 560, 1060, 604), "weight 1": (540, 612, 850, 656),
        "term 1": (860, 612, 1060, 656), "weight 2": (540, 664, 850, 708), "term 2": (860, 664, 1060, 708),
        "others": (540, 716, 1060, 764), "sum": (540, 776, 1060, 830), "sum name": (540, 836, 1060, 886),
        "list": (20, 556, 520, 914),
    },
    "9:16": {
        "rows": (40, 230, 180, 770), "keys": (196, 130, 736, 218), "tile": (196, 230, 736, 770), "stats": (812, 230, 838, 770),
        "o": (848, 230, 928, 770), "dk": (196, 782, 736, 866), "dv": (196, 878, 736, 962), "dq": (946, 230, 1046, 770),
        "rows name": (40, 172, 128, 224), "keys name": (136, 146, 190, 200), "stats name": (760, 172, 850, 224),
        "o name": (862, 172, 930, 224), "dk name": (122, 796, 190, 850), "dv name": (122, 892, 190, 946), "dq name": (950, 172, 1050, 224),
        "tile name": (740, 718, 808, 770), "query": (750, 230, 938, 710),
        "above": (752, 796, 892, 850), "under": (752, 892, 892, 946),
        "beside": (600, 985, 940, 1325), "beside name": (956, 1120, 1050, 1180),
        "weight 0": (570, 985, 880, 1031), "term 0": (890, 985, 1050, 1031), "weight 1": (570, 1043, 880, 1089),
        "term 1": (890, 1043, 1050, 1089), "weight 2": (570, 1101, 880, 1147), "term 2": (890, 1101, 1050, 1147),
        "others": (570, 1156, 1050, 1206), "sum": (570, 1220, 1050, 1274), "sum name": (570, 1280, 1050, 1332),
        "list": (30, 985, 550, 1375),
    },
}  # fmt: skip
# All that was made, and whose it is.
RECAP: Mapping[Aspect, Table] = {
    "16:9": {"list": (80, 50, 880, 900), "whose": (890, 50, 1880, 900)},
    "4:3": {"list": (60, 60, 790, 900), "whose": (820, 60, 1420, 900)},
    "1:1": {"list": (30, 60, 600, 880), "whose": (620, 60, 1060, 880)},
    "9:16": {"list": (40, 200, 620, 1300), "whose": (640, 200, 1060, 1300)},
}  # fmt: skip
# One query's row: a bar a key about a level, named at its right, and what the areas are; then, smaller, over three formulas.
QUERY: Mapping[Aspect, Table] = {
    "16:9": {
        "height": (60, 24, 1580, 84), "plot": (60, 100, 1440, 650), "level": (1600, 100, 1890, 650), "width": (60, 664, 1440, 760),
        "law": (60, 774, 1860, 850), "sum": (60, 852, 1860, 928),
        "small": (60, 110, 1440, 400),
        "line 0": (60, 470, 1010, 600), "line 1": (60, 630, 1010, 760), "line 2": (60, 790, 1010, 920),
        "note 0": (1120, 470, 1890, 600), "note 1": (1120, 630, 1890, 760),
        "what 0": (1120, 440, 1890, 490), "what 1": (1120, 600, 1890, 650),
    },
    "4:3": {
        "height": (40, 24, 1150, 84), "plot": (40, 100, 1040, 610), "level": (1166, 100, 1430, 610), "width": (40, 624, 1040, 730),
        "law": (40, 750, 1400, 826), "sum": (40, 832, 1400, 906),
        "small": (40, 110, 1040, 390),
        "line 0": (40, 460, 770, 580), "line 1": (40, 620, 770, 740), "line 2": (40, 780, 770, 900),
        "note 0": (850, 460, 1420, 580), "note 1": (850, 620, 1420, 740),
        "what 0": (850, 424, 1420, 472), "what 1": (850, 584, 1420, 632),
    },
    "1:1": {
        "height": (30, 20, 820, 76), "plot": (30, 90, 740, 560), "level": (836, 90, 1074, 560), "width": (30, 572, 740, 668),
        "law": (30, 690, 1050, 756), "sum": (30, 770, 1050, 836),
        "small": (30, 90, 740, 360),
        "line 0": (30, 430, 570, 530), "line 1": (30, 590, 570, 690), "line 2": (30, 750, 570, 850),
        "note 0": (640, 430, 1060, 530), "note 1": (640, 590, 1060, 690),
        "what 0": (640, 398, 1060, 444), "what 1": (640, 558, 1060, 604),
    },
    "9:16": {
        "height": (50, 110, 810, 170), "plot": (50, 190, 730, 820), "level": (824, 190, 1074, 820), "width": (50, 836, 730, 940),
        "law": (50, 980, 1030, 1060), "sum": (50, 1076, 1030, 1156),
        "small": (50, 190, 730, 560),
        "line 0": (50, 680, 570, 800), "line 1": (50, 880, 570, 1000), "line 2": (50, 1080, 570, 1200),
        "note 0": (640, 680, 1050, 800), "note 1": (640, 880, 1050, 1000),
        "what 0": (640, 646, 1050, 692), "what 1": (640, 846, 1050, 892),
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
