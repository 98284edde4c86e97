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
        "s name": (1230, 220, 1880, 300), "o name": (1230, 460, 1880, 540), "lse name": (1230, 700, 1880, 780),
    },
    "4:3": {
        "q": (40, 190, 140, 840), "k": (150, 90, 800, 180), "grid": (150, 190, 800, 840),
        "o": (816, 190, 900, 840), "lse": (916, 190, 950, 840), "q name": (40, 132, 88, 184), "k name": (92, 106, 146, 164),
        "s name": (980, 230, 1430, 300), "o name": (980, 440, 1430, 510), "lse name": (980, 650, 1430, 720),
    },
    "1:1": {
        "q": (30, 120, 110, 620), "k": (120, 30, 750, 110), "grid": (120, 120, 750, 620),
        "o": (770, 120, 870, 620), "lse": (890, 120, 930, 620), "q name": (30, 62, 110, 114), "k name": (770, 42, 830, 98),
        "s name": (30, 640, 1040, 704), "o name": (30, 730, 1040, 794), "lse name": (30, 820, 1040, 884),
    },
    "9:16": {
        "q": (50, 220, 150, 950), "k": (160, 120, 800, 210), "grid": (160, 220, 800, 950),
        "o": (816, 220, 926, 950), "lse": (946, 220, 986, 950), "q name": (50, 162, 150, 214), "k name": (816, 138, 880, 194),
        "s name": (60, 990, 1020, 1056), "o name": (60, 1100, 1020, 1166), "lse name": (60, 1210, 1020, 1276),
    },
}  # fmt: skip
# One tile of it, as large as the frame allows, with what it is made of.
ONE: Mapping[Aspect, Table] = {
    "16:9": {
        "q": (250, 204, 410, 864), "k": (420, 40, 1080, 194), "p": (420, 204, 1080, 864), "lse": (1092, 204, 1142, 864),
        "q name": (250, 146, 350, 198), "k name": (360, 90, 414, 144), "lse name": (1092, 146, 1260, 198),
        "p name": (1190, 430, 1880, 510), "lse note": (1190, 540, 1880, 610),
    },
    "4:3": {
        "q": (60, 250, 200, 800), "k": (210, 100, 760, 240), "p": (210, 250, 760, 800), "lse": (770, 250, 810, 800),
        "q name": (60, 192, 140, 244), "k name": (150, 144, 204, 198), "lse name": (770, 192, 900, 244),
        "p name": (850, 440, 1420, 510), "lse note": (850, 540, 1420, 600),
    },
    "1:1": {
        "q": (30, 230, 150, 760), "k": (160, 90, 690, 220), "p": (160, 230, 690, 760), "lse": (700, 230, 736, 760),
        "q name": (30, 172, 96, 224), "k name": (100, 128, 154, 180), "lse name": (700, 172, 830, 224),
        "p name": (160, 770, 1040, 830), "lse note": (160, 850, 1040, 910),
    },
    "9:16": {
        "q": (60, 330, 220, 1010), "k": (230, 170, 910, 320), "p": (230, 330, 910, 1010), "lse": (920, 330, 970, 1010),
        "q name": (60, 272, 160, 324), "k name": (170, 218, 224, 272), "lse name": (920, 272, 1050, 324),
        "p name": (230, 1040, 1040, 1100), "lse note": (230, 1130, 1040, 1190),
    },
}  # fmt: skip
# Two tiles of the same queries and keys, P and dS: what they are made of at their left and over them, what they give under them and at
# their right. Queries are rows, keys columns.
TILE: Mapping[Aspect, Table] = {
    "16:9": {
        "q": (60, 184, 216, 684), "k": (228, 76, 728, 172), "p": (228, 184, 728, 684), "lse": (740, 184, 780, 684),
        "do": (900, 184, 1056, 684), "v": (1068, 76, 1568, 172), "ds": (1068, 184, 1568, 684), "d": (1580, 184, 1620, 684),
        "dv": (228, 756, 728, 852), "dk": (1068, 756, 1568, 852), "dq": (1710, 184, 1866, 684),
        "q name": (60, 126, 216, 178), "k name": (170, 92, 222, 144), "p name": (228, 690, 890, 746), "lse name": (740, 126, 880, 178),
        "do name": (900, 126, 1056, 178), "v name": (1010, 92, 1062, 144), "ds name": (1068, 690, 1520, 746),
        "d name": (1580, 126, 1690, 178), "dv name": (228, 858, 880, 914), "dk name": (1068, 858, 1700, 914),
        "dq name": (1530, 690, 1900, 746), "note": (1068, 756, 1890, 816), "made": (60, 14, 1860, 66),
    },
    "4:3": {
        "q": (20, 250, 130, 580), "k": (140, 120, 470, 240), "p": (140, 250, 470, 580), "lse": (480, 250, 510, 580),
        "do": (600, 250, 710, 580), "v": (720, 120, 1050, 240), "ds": (720, 250, 1050, 580), "d": (1060, 250, 1090, 580),
        "dv": (140, 644, 470, 764), "dk": (720, 644, 1050, 764), "dq": (1250, 250, 1360, 580),
        "q name": (20, 192, 130, 244), "k name": (140, 62, 470, 114), "p name": (140, 586, 590, 640), "lse name": (480, 192, 596, 244),
        "do name": (600, 192, 710, 244), "v name": (720, 62, 1050, 114), "ds name": (720, 586, 1170, 640), "d name": (1060, 192, 1180, 244),
        "dv name": (140, 770, 590, 826), "dk name": (720, 770, 1180, 826), "dq name": (1180, 586, 1430, 640),
        "note": (600, 650, 1420, 706),
        "made": (40, 840, 1420, 896),
    },
    "1:1": {
        "q": (16, 280, 96, 550), "k": (104, 160, 374, 270), "p": (104, 280, 374, 550), "lse": (382, 280, 406, 550),
        "do": (470, 280, 550, 550), "v": (558, 160, 828, 270), "ds": (558, 280, 828, 550), "d": (836, 280, 860, 550),
        "dv": (104, 614, 374, 724), "dk": (558, 614, 828, 724), "dq": (960, 280, 1040, 550),
        "q name": (16, 226, 98, 276), "k name": (104, 104, 374, 156), "p name": (104, 556, 550, 608), "lse name": (382, 226, 468, 276),
        "do name": (470, 226, 552, 276), "v name": (558, 104, 828, 156), "ds name": (558, 556, 1000, 608), "d name": (836, 226, 940, 276),
        "dv name": (104, 730, 550, 782), "dk name": (558, 730, 1000, 782), "dq name": (836, 620, 1072, 672),
        "note": (390, 620, 1072, 676),
        "made": (16, 800, 1064, 860),
    },
    "9:16": {
        "q": (60, 128, 210, 488), "k": (220, 30, 580, 120), "p": (220, 128, 580, 488), "lse": (588, 128, 618, 488),
        "do": (60, 792, 210, 1152), "v": (220, 694, 580, 784), "ds": (220, 792, 580, 1152), "d": (588, 792, 618, 1152),
        "dv": (220, 552, 580, 642), "dk": (220, 1216, 580, 1306), "dq": (820, 792, 970, 1152),
        "q name": (60, 494, 210, 546), "k name": (590, 48, 690, 102), "p name": (220, 494, 790, 546), "lse name": (628, 128, 760, 180),
        "do name": (60, 1158, 210, 1210), "v name": (590, 712, 690, 766), "ds name": (220, 1158, 790, 1210), "d name": (628, 792, 760, 844),
        "dv name": (590, 570, 1040, 624), "dk name": (590, 1234, 1040, 1288), "dq name": (800, 1158, 1060, 1210),
        "note": (220, 1222, 1060, 1278),
        "made": (50, 1314, 1040, 1370),
    },
}  # fmt: skip
# One query's row: a bar a key about a level, whose name stands at the right of it; what the areas are, then dO and O of that query.
QUERY: Mapping[Aspect, Table] = {
    "16:9": {
        "height": (100, 24, 1820, 84), "plot": (100, 96, 1560, 712), "level": (1580, 96, 1880, 712), "width": (100, 716, 1820, 774),
        "law": (100, 792, 1820, 852), "sum": (100, 860, 1820, 926),
        "do name": (100, 788, 180, 846), "do": (190, 788, 1190, 846), "o name": (100, 862, 180, 920), "o": (190, 862, 1190, 920),
        "dot": (1230, 816, 1880, 892),
    },
    "4:3": {
        "height": (40, 24, 1400, 84), "plot": (40, 100, 1120, 660), "level": (1136, 100, 1430, 660), "width": (40, 672, 1400, 732),
        "law": (40, 750, 1400, 820), "sum": (40, 836, 1400, 906),
        "do name": (40, 756, 120, 816), "do": (130, 756, 830, 816), "o name": (40, 836, 120, 896), "o": (130, 836, 830, 896),
        "dot": (860, 790, 1420, 866),
    },
    "1:1": {
        "height": (30, 20, 1050, 76), "plot": (30, 90, 810, 600), "level": (822, 90, 1074, 600), "width": (30, 612, 1050, 668),
        "law": (30, 690, 1050, 756), "sum": (30, 770, 1050, 836),
        "do name": (30, 684, 106, 740), "do": (116, 684, 1050, 740), "o name": (30, 752, 106, 808), "o": (116, 752, 1050, 808),
        "dot": (116, 826, 1050, 900),
    },
    "9:16": {
        "height": (50, 110, 1030, 170), "plot": (50, 190, 800, 860), "level": (814, 190, 1070, 860), "width": (50, 876, 1030, 936),
        "law": (50, 980, 1030, 1050), "sum": (50, 1076, 1030, 1146),
        "do name": (50, 976, 130, 1036), "do": (140, 976, 1030, 1036), "o name": (50, 1060, 130, 1120), "o": (140, 1060, 1030, 1120),
        "dot": (140, 1150, 1030, 1230),
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
# One row of them and its block of dQ; what is told of two orders, or of two passes; what it comes to.
ROW_OF: Mapping[Aspect, Table] = {
    "16:9": {
        "columns": (60, 100, 1250, 160), "row": (60, 168, 1250, 317), "dq": (1320, 168, 1860, 708), "dq name": (1320, 100, 1860, 160),
        "first": (60, 410, 690, 500), "first list": (710, 410, 1250, 500), "last": (60, 540, 690, 630), "last list": (710, 540, 1250, 630),
        "entry name": (1320, 716, 1860, 776), "total": (60, 740, 1860, 880),
    },
    "4:3": {
        "columns": (40, 60, 1000, 116), "row": (40, 124, 1000, 244), "dq": (1050, 124, 1410, 484), "dq name": (1050, 60, 1410, 116),
        "first": (40, 310, 520, 390), "first list": (530, 310, 1010, 390), "last": (40, 430, 520, 510), "last list": (530, 430, 1010, 510),
        "entry name": (1050, 494, 1420, 550), "total": (40, 650, 1400, 770),
    },
    "1:1": {
        "columns": (30, 30, 700, 86), "row": (30, 94, 700, 178), "dq": (740, 94, 1050, 404), "dq name": (740, 30, 1050, 86),
        "first": (30, 230, 700, 290), "first list": (30, 300, 700, 380), "last": (30, 430, 700, 490), "last list": (30, 500, 700, 580),
        "entry name": (740, 412, 1060, 468), "total": (30, 690, 1050, 800),
    },
    "9:16": {
        "columns": (40, 150, 1040, 206), "row": (40, 214, 1040, 339), "dq": (40, 470, 540, 970), "dq name": (40, 404, 540, 460),
        "first": (570, 470, 1050, 530), "first list": (570, 540, 1050, 620),
        "last": (570, 700, 1050, 760), "last list": (570, 770, 1050, 850),
        "entry name": (40, 980, 540, 1040), "total": (40, 1130, 1040, 1250),
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
