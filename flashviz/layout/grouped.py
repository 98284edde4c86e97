"""Shots of GroupedQueryScene: heads with their pairs of K and V in a row, a pair over the chip, a grid of copies, and four bars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flashviz.layout.rect import Aspect, Rect, centered, columns, rows
from flashviz.layout.table import Table

# One head closely: its pair of K and V, and its Q; then all heads in a row in HBM, and beneath what their pairs take.
HEADS: Mapping[Aspect, Table] = {
    "16:9": {
        "pair": (300, 130, 980, 700), "queries": (1120, 130, 1620, 700), "size": (100, 730, 1820, 810), "name": (100, 26, 1820, 106),
        "hbm": (100, 116, 1820, 790), "row": (190, 196, 1780, 764), "letters": (120, 196, 180, 764), "stored": (100, 800, 1820, 920),
    },
    "4:3": {
        "pair": (160, 130, 720, 700), "queries": (840, 130, 1280, 700), "size": (60, 730, 1380, 810), "name": (60, 26, 1380, 106),
        "hbm": (60, 116, 1380, 790), "row": (140, 196, 1350, 764), "letters": (76, 196, 130, 764), "stored": (60, 800, 1380, 920),
    },
    "1:1": {
        "pair": (110, 130, 570, 700), "queries": (670, 130, 970, 700), "size": (40, 730, 1040, 810), "name": (40, 26, 1040, 106),
        "hbm": (40, 116, 1040, 790), "row": (110, 196, 1016, 764), "letters": (56, 196, 100, 764), "stored": (40, 800, 1040, 920),
    },
    "9:16": {
        "pair": (100, 300, 560, 950), "queries": (660, 300, 980, 950), "size": (60, 990, 1020, 1060), "name": (60, 150, 1020, 230),
        "hbm": (60, 240, 1020, 1160), "row": (130, 330, 1000, 1130), "letters": (76, 330, 120, 1130), "stored": (60, 1180, 1020, 1300),
    },
}  # fmt: skip

# A stored pair in HBM over the chip, on which one head's row block of queries takes a tile of it after the other;
# beneath, a copy for each head that has loaded the pair.
SWEEP: Mapping[Aspect, Table] = {
    "16:9": {
        "hbm": (100, 36, 1820, 330), "letters": (120, 110, 190, 312), "pair": (200, 110, 1780, 312), "between": (100, 346, 1820, 424),
        "chip": (100, 440, 1820, 790), "queries name": (280, 712, 720, 776), "queries": (330, 462, 670, 706),
        "slot name": (760, 712, 1160, 776), "slot": (700, 470, 1220, 698),
        "out name": (1200, 712, 1640, 776), "out": (1250, 462, 1590, 706),
        "loaded name": (100, 808, 540, 922), "copies": (560, 808, 1380, 922), "loaded": (1400, 808, 1820, 922),
    },
    "4:3": {
        "hbm": (40, 36, 1400, 330), "letters": (56, 110, 110, 312), "pair": (120, 110, 1376, 312), "between": (40, 346, 1400, 424),
        "chip": (40, 440, 1400, 790), "queries name": (150, 712, 570, 776), "queries": (210, 462, 510, 706),
        "slot name": (580, 712, 860, 776), "slot": (530, 470, 910, 698), "out name": (870, 712, 1290, 776), "out": (930, 462, 1230, 706),
        "loaded name": (40, 808, 400, 922), "copies": (410, 808, 1060, 922), "loaded": (1076, 808, 1400, 922),
    },
    "1:1": {
        "hbm": (30, 36, 1050, 330), "letters": (44, 110, 90, 312), "pair": (96, 110, 1034, 312), "between": (30, 346, 1050, 424),
        "chip": (30, 440, 1050, 790), "queries name": (40, 720, 350, 778), "queries": (90, 512, 300, 714),
        "slot name": (390, 720, 690, 778), "slot": (380, 520, 700, 706), "out name": (730, 720, 1040, 778), "out": (780, 512, 990, 714),
        "loaded name": (30, 808, 180, 922), "copies": (190, 808, 760, 922), "loaded": (774, 808, 1050, 922),
    },
    "9:16": {
        "hbm": (60, 80, 1020, 480), "letters": (74, 160, 120, 460), "pair": (126, 160, 1000, 460), "between": (60, 500, 1020, 590),
        "chip": (60, 610, 1020, 1150), "queries name": (70, 1066, 370, 1126), "queries": (110, 710, 330, 1050),
        "slot name": (400, 1066, 680, 1126), "slot": (370, 720, 710, 1040),
        "out name": (710, 1066, 1010, 1126), "out": (750, 710, 970, 1050),
        "loaded name": (60, 1170, 560, 1250), "copies": (60, 1256, 1020, 1376), "loaded": (580, 1170, 1020, 1250),
    },
}  # fmt: skip

# Stored pairs over their heads, and beneath each head its row blocks: in each a copy of what it has loaded.
GROUPED: Mapping[Aspect, Table] = {
    "16:9": {
        "grid": (100, 30, 1370, 920), "pairs": (1420, 34, 1860, 104), "heads": (1420, 186, 1860, 246), "blocks": (1420, 330, 1860, 390),
        "rows": (1420, 390, 1860, 450), "cell": (1420, 520, 1860, 580), "loaded name": (1420, 700, 1860, 760),
        "loaded": (1420, 760, 1860, 860),
    },
    "4:3": {
        "grid": (40, 30, 1000, 920), "pairs": (1030, 34, 1410, 104), "heads": (1030, 186, 1410, 246), "blocks": (1030, 330, 1410, 390),
        "rows": (1030, 390, 1410, 450), "cell": (1030, 520, 1410, 580), "loaded name": (1030, 700, 1410, 760),
        "loaded": (1030, 760, 1410, 860),
    },
    "1:1": {
        "grid": (30, 30, 720, 920), "pairs": (745, 34, 1056, 104), "heads": (745, 186, 1056, 246), "blocks": (745, 330, 1056, 390),
        "rows": (745, 390, 1056, 450), "cell": (745, 520, 1056, 580), "loaded name": (745, 700, 1056, 760),
        "loaded": (745, 760, 1056, 860),
    },
    "9:16": {
        "grid": (60, 60, 1020, 1010), "pairs": (60, 1040, 520, 1100), "heads": (540, 1040, 1020, 1100), "blocks": (60, 1100, 520, 1160),
        "rows": (540, 1100, 1020, 1160), "cell": (60, 1160, 1020, 1220), "loaded name": (60, 1260, 520, 1340),
        "loaded": (540, 1250, 1020, 1350),
    },
}  # fmt: skip

# What is stored, and what is loaded, without sharing and with it: four bars on one scale, under a line each that says how they compare.
BARS: Mapping[Aspect, Table] = {
    "16:9": {
        "stored": (100, 30, 1820, 126), "own stored name": (100, 140, 440, 250), "own stored": (460, 140, 1820, 250),
        "shared stored name": (100, 268, 440, 378), "shared stored": (460, 268, 1820, 378),
        "loaded": (100, 430, 1820, 526), "own loaded name": (100, 540, 440, 650), "own loaded": (460, 540, 1820, 650),
        "shared loaded name": (100, 668, 440, 778), "shared loaded": (460, 668, 1820, 778), "why": (460, 794, 1820, 854),
        "caches": (460, 858, 1820, 918),
    },
    "4:3": {
        "stored": (60, 30, 1380, 126), "own stored name": (60, 140, 350, 250), "own stored": (370, 140, 1380, 250),
        "shared stored name": (60, 268, 350, 378), "shared stored": (370, 268, 1380, 378),
        "loaded": (60, 430, 1380, 526), "own loaded name": (60, 540, 350, 650), "own loaded": (370, 540, 1380, 650),
        "shared loaded name": (60, 668, 350, 778), "shared loaded": (370, 668, 1380, 778), "why": (60, 794, 1380, 854),
        "caches": (60, 858, 1380, 918),
    },
    "1:1": {
        "stored": (40, 30, 1040, 126), "own stored name": (40, 140, 300, 250), "own stored": (320, 140, 1040, 250),
        "shared stored name": (40, 268, 300, 378), "shared stored": (320, 268, 1040, 378),
        "loaded": (40, 430, 1040, 526), "own loaded name": (40, 540, 300, 650), "own loaded": (320, 540, 1040, 650),
        "shared loaded name": (40, 668, 300, 778), "shared loaded": (320, 668, 1040, 778), "why": (40, 794, 1040, 854),
        "caches": (40, 858, 1040, 918),
    },
    "9:16": {
        "stored": (60, 140, 1020, 236), "own stored name": (60, 260, 320, 390), "own stored": (340, 260, 1020, 390),
        "shared stored name": (60, 420, 320, 550), "shared stored": (340, 420, 1020, 550),
        "loaded": (60, 640, 1020, 736), "own loaded name": (60, 760, 320, 890), "own loaded": (340, 760, 1020, 890),
        "shared loaded name": (60, 920, 320, 1050), "shared loaded": (340, 920, 1020, 1050), "why": (60, 1084, 1020, 1144),
        "caches": (60, 1150, 1020, 1210),
    },
}  # fmt: skip

WIRE, HEAD = 0.07, 0.075  # of the height of a row with a grid: from pairs to heads, and marks of heads
LARGE_PAIR, LARGE_WIRE = 0.5, 0.2  # of the height of a row without a grid
SEAM = 0.07  # of a cell or a pair, on each side


@dataclass(frozen=True)
class Pairs:
    """``bricks``: one a stored pair, ``heads``: one a query head, ``cells`` [heads][row blocks]: the programs that load."""

    bricks: tuple[Rect, ...]
    heads: tuple[Rect, ...]
    cells: tuple[tuple[Rect, ...], ...]
    grid: Rect

    @property
    def each(self) -> int:
        """Heads that read one pair."""
        return len(self.heads) // len(self.bricks)


def large(rect: Rect, heads: int, stored: int) -> Pairs:
    """So many query heads beneath so many stored pairs, without a grid."""
    return _pairs(rect, heads, stored, 0, LARGE_PAIR * rect.height, LARGE_WIRE * rect.height)


def pairs(rect: Rect, heads: int, stored: int, blocks: int) -> Pairs:
    """So many query heads beneath so many stored pairs, over so many row blocks; a pair is as large as a cell: equal bytes, equal areas."""
    return _pairs(rect, heads, stored, blocks, rect.height * (1 - HEAD - WIRE) / (blocks + 1), WIRE * rect.height)


def _pairs(body: Rect, heads: int, stored: int, blocks: int, tall: float, wire: float) -> Pairs:
    lanes, each = columns(body, heads), heads // stored
    tops = [lane.top(tall) for lane in lanes]
    groups = [tops[pair * each : (pair + 1) * each] for pair in range(stored)]
    bricks = [centered((group[0].x0 + group[-1].x1) / 2, group[0].center[1], group[0].width, tall) for group in groups]
    under = [lane.below(tall + wire) for lane in lanes]
    marks = [lane.top(HEAD * body.height if blocks else lane.height) for lane in under]
    grid = body.below(tall + wire + HEAD * body.height) if blocks else Rect(body.x0, body.y0, body.x1, body.y0)
    cells = tuple(tuple(rows(lane, blocks)) if blocks else () for lane in columns(grid, heads))
    return Pairs(tuple(bricks), tuple(marks), cells, grid)


def seamed(rect: Rect) -> Rect:
    """With a seam around it."""
    seam = SEAM * min(rect.width, rect.height)
    return rect.inset(seam)
