"""The shot of GroupedQueryScene: a grid of query heads and row blocks, the stored pairs of K and V at its left, and two bars beneath."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flashviz.layout.rect import Aspect, Rect, columns, rows
from flashviz.layout.table import Table
from flashviz.lettering import em

# Beneath the grid a bar of what is stored and one of what is loaded; ``factor``: how often.
GROUPED: Mapping[Aspect, Table] = {
    "16:9": {
        "name": (60, 18, 1860, 84), "grid": (60, 90, 1860, 650), "stored": (60, 668, 1860, 728), "loaded": (60, 742, 1860, 802),
        "factor": (60, 816, 1860, 932),
    },
    "4:3": {
        "name": (40, 40, 1400, 106), "grid": (40, 112, 1400, 630), "stored": (40, 652, 1400, 712), "loaded": (40, 726, 1400, 786),
        "factor": (40, 804, 1400, 920),
    },
    "1:1": {
        "name": (30, 50, 1050, 116), "grid": (30, 122, 1050, 630), "stored": (30, 652, 1050, 712), "loaded": (30, 726, 1050, 786),
        "factor": (30, 804, 1050, 920),
    },
    "9:16": {
        "name": (60, 60, 1020, 126), "grid": (60, 136, 1020, 900), "stored": (60, 950, 1020, 1020), "loaded": (60, 1046, 1020, 1116),
        "factor": (60, 1150, 1020, 1300),
    },
}  # fmt: skip

HEAD, GAP, AXIS = 0.03, 0.03, 0.12  # of the width: marks of query heads, between parts, and room at the right for how many there are
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
