"""The shot of GroupedQueryScene: two grids of query heads and row blocks, each with the pairs of K and V that are stored beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flashviz.layout.rect import Aspect, Rect, columns, rows
from flashviz.layout.table import Table
from flashviz.lettering import em

# ``own``: a pair a head; ``shared``: a pair a group. Beneath each what is stored and what is loaded; ``factor``: how often.
GROUPED: Mapping[Aspect, Table] = {
    "16:9": {
        "own name": (60, 24, 930, 90), "shared name": (1000, 24, 1870, 90), "own": (60, 100, 920, 640), "shared": (1000, 100, 1860, 640),
        "own stored": (60, 652, 920, 722), "own loaded": (60, 726, 920, 796), "shared stored": (1000, 652, 1860, 722),
        "shared loaded": (1000, 726, 1860, 796), "factor": (100, 812, 1820, 930),
    },
    "4:3": {
        "own name": (40, 60, 690, 126), "shared name": (750, 60, 1400, 126), "own": (40, 140, 690, 620), "shared": (750, 140, 1400, 620),
        "own stored": (40, 640, 690, 704), "own loaded": (40, 710, 690, 774), "shared stored": (750, 640, 1400, 704),
        "shared loaded": (750, 710, 1400, 774), "factor": (60, 800, 1380, 920),
    },
    "1:1": {
        "own name": (30, 60, 520, 126), "shared name": (560, 60, 1050, 126), "own": (30, 140, 520, 620), "shared": (560, 140, 1050, 620),
        "own stored": (30, 640, 520, 704), "own loaded": (30, 710, 520, 774), "shared stored": (560, 640, 1050, 704),
        "shared loaded": (560, 710, 1050, 774), "factor": (40, 800, 1040, 920),
    },
    "9:16": {
        "own name": (60, 50, 1020, 116), "shared name": (60, 660, 1020, 726), "own": (60, 120, 1020, 500), "shared": (60, 730, 1020, 1110),
        "own stored": (60, 508, 1020, 572), "own loaded": (60, 576, 1020, 640), "shared stored": (60, 1118, 1020, 1182),
        "shared loaded": (60, 1186, 1020, 1250), "factor": (60, 1260, 1020, 1380),
    },
}  # fmt: skip

HEAD, GAP, AXIS = 0.03, 0.03, 0.08  # of the width: marks of query heads, between parts, and room at the right for how many there are
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
