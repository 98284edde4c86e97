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
        "q": (60, 214, 210, 634), "k": (222, 64, 642, 204), "p": (222, 214, 642, 634), "lse": (654, 214, 690, 634),
        "do": (850, 214, 1000, 634), "v": (1012, 64, 1432, 204), "ds": (1012, 214, 1432, 634), "d": (1444, 214, 1480, 634),
        "dv": (222, 702, 642, 842), "dk": (1012, 702, 1432, 842), "dq": (1560, 214, 1710, 634),
        "q name": (60, 156, 210, 208), "k name": (222, 8, 642, 60), "p name": (222, 640, 840, 696), "lse name": (654, 156, 790, 208),
        "do name": (850, 156, 1000, 208), "v name": (1012, 8, 1432, 60), "ds name": (1012, 640, 1560, 696),
        "d name": (1444, 156, 1600, 208), "dv name": (222, 848, 800, 904), "dk name": (1012, 848, 1590, 904),
        "dq name": (1570, 640, 1850, 696), "count name": (1716, 156, 1890, 208), "count": (1764, 214, 1890, 634),
        "key": (1560, 8, 1880, 68), "p key": (660, 70, 1000, 130), "note": (1012, 710, 1880, 770), "further": (1012, 770, 1880, 830),
    },
    "4:3": {
        "q": (20, 250, 130, 580), "k": (140, 120, 470, 240), "p": (140, 250, 470, 580), "lse": (480, 250, 510, 580),
        "do": (600, 250, 710, 580), "v": (720, 120, 1050, 240), "ds": (720, 250, 1050, 580), "d": (1060, 250, 1090, 580),
        "dv": (140, 644, 470, 764), "dk": (720, 644, 1050, 764), "dq": (1250, 250, 1360, 580),
        "q name": (20, 192, 130, 244), "k name": (140, 62, 470, 114), "p name": (140, 586, 590, 640), "lse name": (480, 192, 596, 244),
        "do name": (600, 192, 710, 244), "v name": (720, 62, 1050, 114), "ds name": (720, 586, 1170, 640), "d name": (1060, 192, 1180, 244),
        "dv name": (140, 770, 590, 826), "dk name": (720, 770, 1180, 826), "dq name": (1180, 586, 1430, 640),
        "count name": (140, 846, 370, 906), "count": (390, 846, 1400, 906),
        "key": (1110, 56, 1420, 116), "p key": (140, 4, 470, 60), "note": (720, 650, 1420, 706), "further": (720, 706, 1420, 762),
    },
    "1:1": {
        "q": (16, 280, 96, 550), "k": (104, 160, 374, 270), "p": (104, 280, 374, 550), "lse": (382, 280, 406, 550),
        "do": (470, 280, 550, 550), "v": (558, 160, 828, 270), "ds": (558, 280, 828, 550), "d": (836, 280, 860, 550),
        "dv": (104, 614, 374, 724), "dk": (558, 614, 828, 724), "dq": (960, 280, 1040, 550),
        "q name": (16, 226, 98, 276), "k name": (104, 104, 374, 156), "p name": (104, 556, 550, 608), "lse name": (382, 226, 468, 276),
        "do name": (470, 226, 552, 276), "v name": (558, 104, 828, 156), "ds name": (558, 556, 1000, 608), "d name": (836, 226, 940, 276),
        "dv name": (104, 730, 550, 782), "dk name": (558, 730, 1000, 782), "dq name": (836, 620, 1072, 672),
        "count name": (16, 810, 230, 866), "count": (250, 810, 1060, 866),
        "key": (750, 30, 1060, 90), "p key": (104, 44, 460, 100), "note": (558, 620, 1072, 676), "further": (558, 676, 1072, 732),
    },
    "9:16": {
        "q": (60, 128, 210, 488), "k": (220, 30, 580, 120), "p": (220, 128, 580, 488), "lse": (588, 128, 618, 488),
        "do": (60, 792, 210, 1152), "v": (220, 694, 580, 784), "ds": (220, 792, 580, 1152), "d": (588, 792, 618, 1152),
        "dv": (220, 552, 580, 642), "dk": (220, 1216, 580, 1306), "dq": (820, 792, 970, 1152),
        "q name": (60, 494, 210, 546), "k name": (590, 48, 690, 102), "p name": (220, 494, 790, 546), "lse name": (628, 128, 760, 180),
        "do name": (60, 1158, 210, 1210), "v name": (590, 712, 690, 766), "ds name": (220, 1158, 790, 1210), "d name": (628, 792, 760, 844),
        "dv name": (590, 570, 1040, 624), "dk name": (590, 1234, 1040, 1288), "dq name": (800, 1158, 1060, 1210),
        "count name": (60, 1336, 250, 1388), "count": (270, 1336, 1060, 1388),
        "key": (730, 44, 1040, 104), "p key": (640, 204, 1040, 260), "note": (220, 1222, 1060, 1278), "further": (220, 1278, 1060, 1334),
    },
}  # fmt: skip
# All tiles: Q and dO beside the rows, K and V over the columns, dK and dV under them;
# dQ at the right, a block a row; beside it stand who added, in turn.
GRID: Mapping[Aspect, Table] = {
    "16:9": {
        "columns": (280, 26, 1080, 82),
        "q": (100, 214, 180, 690), "do": (190, 214, 270, 690), "k": (280, 84, 1080, 140), "v": (280, 148, 1080, 204),
        "grid": (280, 214, 1080, 690), "dk": (280, 700, 1080, 764), "dv": (280, 774, 1080, 838), "dq": (1110, 214, 1220, 690),
        "turns": (1240, 214, 1820, 690),
        "q name": (100, 696, 182, 756), "do name": (190, 696, 272, 756), "k name": (1092, 84, 1200, 140), "v name": (1092, 148, 1200, 204),
        "dk name": (1092, 700, 1200, 764), "dv name": (1092, 774, 1200, 838), "dq name": (1240, 148, 1860, 204),
        "note": (1240, 702, 1820, 758), "first": (1240, 766, 1820, 838), "last": (1240, 846, 1820, 918), "off": (280, 850, 1180, 920),
        "count name": (100, 850, 270, 920), "count": (280, 850, 1180, 920),
    },
    "4:3": {
        "columns": (156, 52, 760, 108),
        "q": (20, 230, 80, 640), "do": (88, 230, 148, 640), "k": (156, 110, 760, 164), "v": (156, 170, 760, 224),
        "grid": (156, 230, 760, 640), "dk": (156, 648, 760, 704), "dv": (156, 712, 760, 768), "dq": (784, 230, 874, 640),
        "turns": (890, 230, 1420, 640),
        "q name": (20, 646, 84, 702), "do name": (88, 646, 152, 702), "k name": (770, 110, 860, 164), "v name": (770, 170, 860, 224),
        "dk name": (770, 648, 870, 704), "dv name": (770, 712, 870, 768), "dq name": (890, 170, 1420, 224),
        "note": (890, 650, 1420, 704), "first": (890, 712, 1420, 792), "last": (890, 800, 1420, 880), "off": (156, 790, 860, 850),
        "count name": (20, 790, 176, 850), "count": (190, 790, 870, 850),
    },
    "1:1": {
        "columns": (138, 4, 534, 60),
        "q": (10, 150, 66, 540), "do": (74, 150, 130, 540), "k": (138, 62, 534, 102), "v": (138, 106, 534, 146),
        "grid": (138, 150, 534, 540), "dk": (138, 546, 534, 594), "dv": (138, 600, 534, 648), "dq": (548, 150, 620, 540),
        "turns": (630, 150, 1070, 540),
        "q name": (10, 546, 68, 594), "do name": (70, 546, 136, 594), "k name": (540, 56, 600, 106), "v name": (540, 104, 600, 150),
        "dk name": (540, 546, 616, 594), "dv name": (540, 600, 616, 648), "dq name": (620, 94, 1070, 146),
        "note": (630, 560, 1070, 612), "first": (630, 620, 1070, 694), "last": (630, 704, 1070, 778), "off": (138, 800, 1060, 856),
        "count name": (10, 800, 190, 856), "count": (204, 800, 1070, 856),
    },
    "9:16": {
        "columns": (210, 122, 640, 178),
        "q": (30, 300, 110, 860), "do": (120, 300, 200, 860), "k": (210, 180, 640, 232), "v": (210, 240, 640, 292),
        "grid": (210, 300, 640, 860), "dk": (210, 868, 640, 924), "dv": (210, 932, 640, 988), "dq": (660, 300, 750, 860),
        "turns": (760, 300, 1060, 860),
        "q name": (30, 868, 112, 924), "do name": (120, 868, 202, 924), "k name": (650, 180, 740, 232), "v name": (650, 240, 740, 292),
        "dk name": (650, 868, 750, 924), "dv name": (650, 932, 750, 988), "dq name": (760, 240, 1060, 292),
        "note": (210, 1020, 1050, 1076), "first": (210, 1080, 1050, 1180), "last": (210, 1190, 1050, 1290), "off": (210, 1310, 1050, 1366),
        "count name": (30, 1310, 200, 1366), "count": (214, 1310, 1060, 1366),
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
