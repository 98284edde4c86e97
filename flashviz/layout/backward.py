"""Shots of BackwardScene, in pixels of a frame whose short side has 1080, from its top left corner."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from flashviz.layout.rect import Aspect, Rect
from flashviz.layout.table import Table
from flashviz.lettering import em

# The grid of all scores, which stays empty, and what is kept of a row beside it.
KEPT: Mapping[Aspect, Table] = {
    "16:9": {
        "grid": (100, 40, 980, 920), "o": (1010, 40, 1100, 920), "lse": (1130, 40, 1166, 920),
        "s name": (1220, 120, 1880, 200), "s kept": (1220, 206, 1880, 266), "o name": (1220, 400, 1880, 480),
        "lse name": (1220, 640, 1880, 720), "lse note": (1220, 726, 1880, 786),
    },
    "4:3": {
        "grid": (40, 90, 790, 840), "o": (816, 90, 910, 840), "lse": (932, 90, 960, 840),
        "s name": (990, 150, 1420, 220), "s kept": (990, 226, 1420, 282), "o name": (990, 400, 1420, 470),
        "lse name": (990, 590, 1420, 660), "lse note": (990, 664, 1420, 720),
    },
    "1:1": {
        "grid": (40, 30, 800, 620), "o": (826, 30, 936, 620), "lse": (962, 30, 990, 620),
        "s name": (40, 646, 640, 710), "s kept": (660, 650, 1040, 714),
        "o name": (40, 730, 1040, 794), "lse name": (40, 800, 640, 864), "lse note": (40, 868, 640, 924),
    },
    "9:16": {
        "grid": (50, 116, 820, 950), "o": (846, 116, 956, 950), "lse": (982, 116, 1012, 950),
        "s name": (60, 980, 730, 1046), "s kept": (744, 980, 1040, 1046),
        "o name": (60, 1090, 1020, 1160), "lse name": (60, 1200, 1020, 1270), "lse note": (60, 1274, 1020, 1330),
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
        "dq name": (1530, 690, 1900, 746), "key": (1068, 760, 1500, 820), "p key": (228, 760, 890, 820),
        "note": (1068, 836, 1890, 896), "made": (60, 14, 1860, 66),
    },
    "4:3": {
        "q": (20, 250, 130, 580), "k": (140, 120, 470, 240), "p": (140, 250, 470, 580), "lse": (480, 250, 510, 580),
        "do": (600, 250, 710, 580), "v": (720, 120, 1050, 240), "ds": (720, 250, 1050, 580), "d": (1060, 250, 1090, 580),
        "dv": (140, 644, 470, 764), "dk": (720, 644, 1050, 764), "dq": (1250, 250, 1360, 580),
        "q name": (20, 192, 130, 244), "k name": (140, 62, 470, 114), "p name": (140, 586, 590, 640), "lse name": (480, 192, 596, 244),
        "do name": (600, 192, 710, 244), "v name": (720, 62, 1050, 114), "ds name": (720, 586, 1170, 640), "d name": (1060, 192, 1180, 244),
        "dv name": (140, 770, 590, 826), "dk name": (720, 770, 1180, 826), "dq name": (1180, 586, 1430, 640),
        "key": (1110, 56, 1420, 116), "p key": (140, 4, 660, 60), "note": (600, 650, 1420, 706),
        "made": (40, 840, 1420, 896),
    },
    "1:1": {
        "q": (16, 280, 96, 550), "k": (104, 160, 374, 270), "p": (104, 280, 374, 550), "lse": (382, 280, 406, 550),
        "do": (470, 280, 550, 550), "v": (558, 160, 828, 270), "ds": (558, 280, 828, 550), "d": (836, 280, 860, 550),
        "dv": (104, 614, 374, 724), "dk": (558, 614, 828, 724), "dq": (960, 280, 1040, 550),
        "q name": (16, 226, 98, 276), "k name": (104, 104, 374, 156), "p name": (104, 556, 550, 608), "lse name": (382, 226, 468, 276),
        "do name": (470, 226, 552, 276), "v name": (558, 104, 828, 156), "ds name": (558, 556, 1000, 608), "d name": (836, 226, 940, 276),
        "dv name": (104, 730, 550, 782), "dk name": (558, 730, 1000, 782), "dq name": (836, 620, 1072, 672),
        "key": (750, 30, 1060, 90), "p key": (104, 44, 640, 100), "note": (390, 620, 1072, 676),
        "made": (16, 800, 1064, 860),
    },
    "9:16": {
        "q": (60, 128, 210, 488), "k": (220, 30, 580, 120), "p": (220, 128, 580, 488), "lse": (588, 128, 618, 488),
        "do": (60, 792, 210, 1152), "v": (220, 694, 580, 784), "ds": (220, 792, 580, 1152), "d": (588, 792, 618, 1152),
        "dv": (220, 552, 580, 642), "dk": (220, 1216, 580, 1306), "dq": (820, 792, 970, 1152),
        "q name": (60, 494, 210, 546), "k name": (590, 48, 690, 102), "p name": (220, 494, 790, 546), "lse name": (628, 128, 760, 180),
        "do name": (60, 1158, 210, 1210), "v name": (590, 712, 690, 766), "ds name": (220, 1158, 790, 1210), "d name": (628, 792, 760, 844),
        "dv name": (590, 570, 1040, 624), "dk name": (590, 1234, 1040, 1288), "dq name": (800, 1158, 1060, 1210),
        "key": (640, 868, 1040, 928), "p key": (626, 204, 1076, 260), "note": (220, 1222, 1060, 1278),
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
# All tiles: Q and dO beside the rows, K and V over the columns, dK and dV under them, dQ at the right, a block a row. What is told of
# two runs, or of two passes, stands beside it: a heading, a list, a number.
GRID: Mapping[Aspect, Table] = {
    "16:9": {
        "columns": (280, 22, 1080, 78),
        "q": (100, 214, 180, 710), "do": (190, 214, 270, 710), "k": (280, 80, 1080, 138), "v": (280, 146, 1080, 204),
        "grid": (280, 214, 1080, 710), "dk": (280, 720, 1080, 784), "dv": (280, 792, 1080, 856), "dq": (1106, 214, 1216, 710),
        "q name": (100, 716, 182, 776), "do name": (190, 716, 272, 776), "k name": (1092, 80, 1200, 138), "v name": (1092, 146, 1130, 204),
        "dk name": (1092, 720, 1200, 784), "dv name": (1092, 792, 1200, 856), "dq name": (1142, 150, 1250, 206),
        "first": (1260, 130, 1890, 190), "first list": (1260, 200, 1860, 270), "first sum": (1260, 276, 1890, 376),
        "last": (1260, 410, 1890, 480), "last list": (1260, 490, 1860, 560), "last sum": (1260, 566, 1890, 670),
        "off": (1260, 690, 1890, 784), "usual": (1260, 790, 1890, 870),
    },
    "4:3": {
        "columns": (156, 52, 760, 108),
        "q": (20, 230, 80, 680), "do": (88, 230, 148, 680), "k": (156, 110, 760, 164), "v": (156, 170, 760, 224),
        "grid": (156, 230, 760, 680), "dk": (156, 688, 760, 744), "dv": (156, 752, 760, 808), "dq": (784, 230, 874, 680),
        "q name": (20, 686, 84, 742), "do name": (88, 686, 152, 742), "k name": (766, 110, 850, 164), "v name": (766, 170, 802, 224),
        "dk name": (770, 688, 870, 744), "dv name": (770, 752, 870, 808), "dq name": (816, 170, 900, 224),
        "first": (904, 150, 1430, 206), "first list": (904, 214, 1420, 280), "first sum": (904, 288, 1420, 364),
        "last": (904, 420, 1430, 476), "last list": (904, 484, 1420, 550), "last sum": (904, 558, 1420, 634),
        "off": (904, 700, 1430, 756), "usual": (904, 770, 1430, 826),
    },
    "1:1": {
        "columns": (138, 4, 534, 60),
        "q": (10, 150, 66, 540), "do": (74, 150, 130, 540), "k": (138, 62, 534, 102), "v": (138, 106, 534, 146),
        "grid": (138, 150, 534, 540), "dk": (138, 546, 534, 594), "dv": (138, 600, 534, 648), "dq": (548, 150, 620, 540),
        "q name": (10, 546, 68, 594), "do name": (70, 546, 136, 594), "k name": (540, 54, 600, 102), "v name": (538, 100, 570, 148),
        "dk name": (540, 546, 616, 594), "dv name": (540, 600, 616, 648), "dq name": (574, 100, 640, 148),
        "first": (640, 150, 1074, 206), "first list": (640, 212, 1064, 268), "first sum": (632, 274, 1070, 340),
        "last": (640, 370, 1074, 426), "last list": (640, 432, 1064, 488), "last sum": (632, 494, 1070, 560),
        "off": (138, 690, 1060, 750), "usual": (138, 780, 1060, 840),
    },
    "9:16": {
        "columns": (210, 122, 870, 178),
        "q": (30, 300, 110, 780), "do": (120, 300, 200, 780), "k": (210, 180, 870, 232), "v": (210, 240, 870, 292),
        "grid": (210, 300, 870, 780), "dk": (210, 788, 870, 844), "dv": (210, 852, 870, 908), "dq": (900, 300, 1010, 780),
        "q name": (30, 788, 112, 844), "do name": (120, 788, 202, 844), "k name": (880, 170, 970, 226), "v name": (880, 236, 914, 292),
        "dk name": (880, 788, 980, 844), "dv name": (880, 852, 980, 908), "dq name": (930, 240, 1040, 296),
        "first": (60, 940, 1020, 996), "first list": (60, 1002, 540, 1062), "first sum": (560, 1002, 1050, 1062),
        "last": (60, 1090, 1020, 1146), "last list": (60, 1152, 540, 1212), "last sum": (560, 1152, 1050, 1212),
        "off": (60, 1240, 1020, 1300), "usual": (60, 1312, 1020, 1368),
    },
}  # fmt: skip

PlaceType = TypeVar("PlaceType", bound=Hashable)

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
