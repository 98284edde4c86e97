"""The shot of GroupedQueryScene: twice stored pairs of K and V, beside them a grid of query heads and row blocks, and two bars beneath."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flashviz.layout.rect import Aspect, Rect, columns, rows
from flashviz.layout.table import Table
from flashviz.lettering import em

# Without sharing, and with it, on one scale: a grid, beneath it a bar of what is stored and one of what is loaded. ``factor``: how often.
GROUPED: Mapping[Aspect, Table] = {
    "16:9": {
        "first name": (40, 16, 930, 76), "second name": (990, 16, 1880, 76), "first": (40, 82, 930, 620), "second": (990, 82, 1880, 620),
        "first stored": (40, 642, 930, 702), "second stored": (990, 642, 1880, 702),
        "first loaded": (40, 722, 930, 782), "second loaded": (990, 722, 1880, 782), "factor": (60, 806, 1860, 926),
    },
    "4:3": {
        "first name": (30, 30, 700, 90), "second name": (740, 30, 1410, 90), "first": (30, 96, 700, 620), "second": (740, 96, 1410, 620),
        "first stored": (30, 642, 700, 702), "second stored": (740, 642, 1410, 702),
        "first loaded": (30, 722, 700, 782), "second loaded": (740, 722, 1410, 782), "factor": (40, 806, 1400, 926),
    },
    "1:1": {
        "first name": (30, 16, 1050, 66), "first": (30, 68, 1050, 300), "first stored": (30, 304, 1050, 354),
        "first loaded": (30, 358, 1050, 408), "second name": (30, 424, 1050, 474), "second": (30, 476, 1050, 708),
        "second stored": (30, 712, 1050, 762), "second loaded": (30, 766, 1050, 816), "factor": (30, 830, 1050, 930),
    },
    "9:16": {
        "first name": (60, 50, 1020, 110), "first": (60, 116, 1020, 480), "first stored": (60, 490, 1020, 550),
        "first loaded": (60, 560, 1020, 620), "second name": (60, 664, 1020, 724), "second": (60, 730, 1020, 1094),
        "second stored": (60, 1104, 1020, 1164), "second loaded": (60, 1174, 1020, 1234), "factor": (60, 1250, 1020, 1370),
    },
}  # fmt: skip

# One head closely: its pair of K and V, and its Q.
ONE_HEAD: Mapping[Aspect, Table] = {
    "16:9": {"of": (480, 90, 1440, 160), "pair": (480, 180, 1000, 680), "queries": (1120, 180, 1440, 680), "makes": (480, 710, 1440, 780)},
    "4:3": {"of": (270, 90, 1170, 160), "pair": (270, 180, 750, 680), "queries": (850, 180, 1170, 680), "makes": (270, 710, 1170, 780)},
    "1:1": {"of": (140, 110, 940, 180), "pair": (140, 200, 560, 680), "queries": (660, 200, 940, 680), "makes": (140, 710, 940, 780)},
    "9:16": {"of": (120, 310, 960, 380), "pair": (120, 400, 540, 900), "queries": (640, 400, 960, 900), "makes": (120, 940, 960, 1010)},
}

HEAD, GAP, AXIS = 0.03, 0.03, 0.21  # of the width: marks of query heads, between parts, and room at the right for how many there are
SEAM = 0.07  # of a cell or a pair, on each side
LABEL_H = em(56)  # above the grid


@dataclass(frozen=True)
class Pairs:
    """``bricks``: one a stored pair, ``heads``: one a query head, ``cells`` [heads][row blocks]: the programs that load."""

    bricks: tuple[Rect, ...]
    heads: tuple[Rect, ...]
    cells: tuple[tuple[Rect, ...], ...]
    grid: Rect

    def group(self, pair: int) -> Rect:
        """The cells of the heads that read a pair."""
        each = len(self.heads) // len(self.bricks)
        top, bottom = self.cells[pair * each][0], self.cells[(pair + 1) * each - 1][0]
        return Rect(self.grid.x0, bottom.y0, self.grid.x1, top.y1)


def pairs(rect: Rect, heads: int, stored: int, blocks: int) -> Pairs:
    """So many query heads on so many stored pairs, over so many row blocks."""
    body = rect.below(LABEL_H)
    wide = rect.width * (1 - HEAD - 2 * GAP - AXIS) / (blocks + 1)  # of a pair, stored or loaded: equal bytes, equal areas
    lines = rows(body, heads)
    places, each = [line.left(wide) for line in lines], heads // stored
    bricks = []
    for pair in range(stored):
        top, bottom = places[pair * each], places[(pair + 1) * each - 1]
        middle = (top.y1 + bottom.y0) / 2
        bricks.append(Rect(top.x0, middle - top.height / 2, top.x1, middle + top.height / 2))
    marks = [line.beyond(wide + GAP * rect.width).left(HEAD * rect.width) for line in lines]
    grid = body.beyond(wide + (HEAD + 2 * GAP) * rect.width).before(AXIS * rect.width)
    cells = tuple(tuple(columns(line, blocks)) for line in rows(grid, heads))
    return Pairs(tuple(bricks), tuple(marks), cells, grid)


def seamed(rect: Rect) -> Rect:
    """With a seam around it."""
    seam = SEAM * min(rect.width, rect.height)
    return rect.inset(seam)
