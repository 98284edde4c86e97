"""Shots of GroupedQueryScene: heads with their pairs of K and V in a row, a pair and what loads it, and two grids with their bars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flashviz.layout.rect import Aspect, Rect, centered, columns, rows
from flashviz.layout.table import Table
from flashviz.lettering import em

# Without sharing, and with it, on one scale: a grid, beneath it a bar of what is stored and one of what is loaded, and how it comes about.
GROUPED: Mapping[Aspect, Table] = {
    "16:9": {
        "first name": (60, 30, 930, 90), "second name": (1010, 30, 1880, 90),
        "first": (60, 100, 930, 660), "second": (1010, 100, 1880, 660),
        "first stored": (60, 682, 930, 742), "second stored": (1010, 682, 1880, 742),
        "first loaded": (60, 762, 930, 822), "second loaded": (1010, 762, 1880, 822),
        "first note": (60, 846, 930, 906), "second note": (1010, 846, 1880, 906),
    },
    "4:3": {
        "first name": (30, 30, 700, 90), "second name": (740, 30, 1410, 90), "first": (30, 100, 700, 660), "second": (740, 100, 1410, 660),
        "first stored": (30, 682, 700, 742), "second stored": (740, 682, 1410, 742),
        "first loaded": (30, 762, 700, 822), "second loaded": (740, 762, 1410, 822),
        "first note": (30, 846, 700, 906), "second note": (740, 846, 1410, 906),
    },
    "1:1": {
        "first name": (30, 30, 525, 90), "second name": (565, 30, 1060, 90), "first": (30, 100, 525, 660), "second": (565, 100, 1060, 660),
        "first stored": (30, 682, 525, 742), "second stored": (565, 682, 1060, 742),
        "first loaded": (30, 762, 525, 822), "second loaded": (565, 762, 1060, 822),
        "first note": (30, 846, 525, 906), "second note": (565, 846, 1060, 906),
    },
    "9:16": {
        "first name": (60, 50, 1020, 106), "first": (60, 112, 1020, 500), "first stored": (60, 510, 1020, 566),
        "first loaded": (60, 576, 1020, 632), "first note": (60, 640, 1020, 690),
        "second name": (60, 724, 1020, 780), "second": (60, 786, 1020, 1174), "second stored": (60, 1184, 1020, 1240),
        "second loaded": (60, 1250, 1020, 1306), "second note": (60, 1314, 1020, 1364),
    },
}  # fmt: skip

# One head closely: its pair of K and V, and its Q; then all heads in a row, their pairs in HBM, and beneath what these take.
HEADS: Mapping[Aspect, Table] = {
    "16:9": {
        "of": (480, 60, 1440, 130), "pair": (480, 150, 1000, 650), "queries": (1120, 150, 1440, 650), "makes": (480, 680, 1440, 750),
        "size": (480, 770, 1440, 840), "name": (160, 40, 1760, 110), "hbm": (160, 120, 1760, 790), "row": (220, 200, 1700, 760),
        "stored": (160, 800, 1760, 900),
    },
    "4:3": {
        "of": (270, 60, 1170, 130), "pair": (270, 150, 750, 650), "queries": (850, 150, 1170, 650), "makes": (270, 680, 1170, 750),
        "size": (270, 770, 1170, 840), "name": (60, 40, 1380, 110), "hbm": (60, 120, 1380, 790), "row": (100, 200, 1340, 760),
        "stored": (60, 800, 1380, 900),
    },
    "1:1": {
        "of": (140, 60, 940, 130), "pair": (140, 150, 560, 650), "queries": (660, 150, 940, 650), "makes": (140, 680, 940, 750),
        "size": (100, 770, 980, 840), "name": (40, 40, 1040, 110), "hbm": (40, 120, 1040, 790), "row": (70, 200, 1010, 760),
        "stored": (40, 800, 1040, 900),
    },
    "9:16": {
        "of": (120, 250, 960, 320), "pair": (120, 340, 540, 840), "queries": (640, 340, 960, 840), "makes": (120, 870, 960, 940),
        "size": (100, 960, 980, 1030), "name": (60, 180, 1020, 250), "hbm": (60, 260, 1020, 1130), "row": (90, 340, 990, 1100),
        "stored": (60, 1150, 1020, 1250),
    },
}  # fmt: skip

# A stored pair, and on chip a place for each head that reads it.
SWEEP: Mapping[Aspect, Table] = {
    "16:9": {
        "hbm": (60, 60, 740, 780), "pair": (120, 130, 680, 760), "chip": (980, 60, 1860, 780), "slots": (1010, 130, 1830, 760),
        "note": (60, 800, 1860, 900),
    },
    "4:3": {
        "hbm": (40, 60, 560, 780), "pair": (80, 130, 520, 760), "chip": (740, 60, 1400, 780), "slots": (764, 130, 1376, 760),
        "note": (40, 800, 1400, 900),
    },
    "1:1": {
        "hbm": (30, 60, 420, 780), "pair": (50, 130, 400, 760), "chip": (520, 60, 1050, 780), "slots": (540, 130, 1030, 760),
        "note": (30, 800, 1050, 900),
    },
    "9:16": {
        "hbm": (60, 80, 420, 1200), "pair": (80, 150, 400, 1180), "chip": (520, 80, 1020, 1200), "slots": (540, 150, 1000, 1180),
        "note": (60, 1220, 1020, 1320),
    },
}  # fmt: skip

WIRE, AXIS = 0.08, 0.27  # of the height, from pairs to heads; of the width, at the right for what is counted
HEAD = 0.07  # of the height: marks of query heads
LARGE_PAIR, LARGE_WIRE = 0.5, 0.2  # of the height of a row without a grid
SEAM = 0.07  # of a cell or a pair, on each side
QUERIES, SLOT_GAP, FLATTEST = 0.32, em(24), 0.5  # of a slot, its row block of queries; between slots; height of a copy, at most, in widths


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
    body = rect.before(AXIS * rect.width)
    return _pairs(body, heads, stored, blocks, body.height * (1 - HEAD - WIRE) / (blocks + 1), WIRE * body.height)


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


@dataclass(frozen=True)
class Sweep:
    """A stored pair, and for each head that reads it the queries of a row block and a copy as large as the pair."""

    pair: Rect
    queries: tuple[Rect, ...]
    copies: tuple[Rect, ...]

    @property
    def rail(self) -> float:
        """Where the lines from the pair part, half way to the chip's places."""
        return (self.pair.x1 + self.copies[0].x0) / 2


def sweep(pair: Rect, slots: Rect, count: int) -> Sweep:
    """So many places."""
    places = rows(slots, count, SLOT_GAP)
    wide = (1 - QUERIES) * places[0].width
    tall = min(places[0].height, FLATTEST * wide)
    places = [centered(*place.center[:2], place.width, tall) for place in places]
    copies = tuple(place.left(wide) for place in places)
    queries = tuple(place.right(QUERIES * place.width - SLOT_GAP / 2) for place in places)
    return Sweep(centered(*pair.center[:2], wide, tall), queries, copies)


def seamed(rect: Rect) -> Rect:
    """With a seam around it."""
    seam = SEAM * min(rect.width, rect.height)
    return rect.inset(seam)
