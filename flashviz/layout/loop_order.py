"""Shots of LoopOrderScene, and the cross whose tiles have a fringe: one tick for each time that a tile crosses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from flashviz.config import AttentionConfig
from flashviz.layout.cross import BAND_LIMIT, Cross
from flashviz.layout.rect import Aspect, Rect, centered
from flashviz.layout.table import Table
from flashviz.lettering import em

# Two crosses, the loops in two lines above and a note beneath each; ``tick``: what one is.
LOOPS: Mapping[Aspect, Table] = {
    "16:9": {
        "first name": (40, 14, 930, 110), "second name": (990, 14, 1880, 110), "first": (40, 128, 930, 860),
        "second": (990, 128, 1880, 860), "first note": (40, 868, 620, 930), "second note": (1300, 868, 1880, 930),
        "tick": (640, 868, 1280, 930),
    },
    "4:3": {
        "first name": (30, 16, 700, 112), "second name": (740, 16, 1410, 112), "first": (30, 116, 700, 790),
        "second": (740, 116, 1410, 790), "first note": (30, 800, 700, 860), "second note": (740, 800, 1410, 860),
        "tick": (100, 868, 1340, 930),
    },
    "1:1": {
        "first name": (20, 46, 525, 142), "second name": (555, 46, 1060, 142), "first": (20, 150, 525, 740),
        "second": (555, 150, 1060, 740), "first note": (20, 760, 525, 820), "second note": (555, 760, 1060, 820),
        "tick": (40, 850, 1040, 912),
    },
    "9:16": {
        "first name": (60, 20, 1020, 112), "second name": (60, 694, 1020, 782), "first": (60, 114, 1020, 624),
        "second": (60, 786, 1020, 1274), "first note": (60, 630, 1020, 690), "second note": (60, 1276, 1020, 1330),
        "tick": (60, 1332, 1020, 1386),
    },
}  # fmt: skip
# One cross alone and large, in HBM, and outside of it the chip at work; over the chip the loops, what waits on it and what comes and goes.
ALONE: Mapping[Aspect, Table] = {
    "16:9": {
        "hbm": (60, 40, 990, 915), "tick": (220, 50, 980, 110), "cross": (76, 120, 974, 905), "name": (1080, 40, 1860, 140),
        "note": (1080, 156, 1860, 222), "second": (1080, 222, 1860, 288), "chip": (1080, 305, 1860, 915), "work": (1100, 355, 1840, 905),
    },
    "4:3": {
        "hbm": (30, 40, 750, 915), "tick": (170, 50, 740, 110), "cross": (40, 120, 740, 905), "name": (810, 40, 1410, 140),
        "note": (810, 156, 1410, 222), "second": (810, 222, 1410, 288), "chip": (810, 305, 1410, 915), "work": (820, 365, 1400, 905),
    },
    "1:1": {
        "hbm": (30, 150, 550, 915), "tick": (44, 216, 540, 270), "cross": (36, 276, 544, 905), "name": (30, 40, 1050, 130),
        "note": (590, 150, 1060, 216), "second": (590, 216, 1060, 282), "chip": (590, 300, 1060, 915), "work": (600, 370, 1050, 905),
    },
    "9:16": {
        "hbm": (60, 150, 1020, 790), "tick": (230, 160, 1010, 220), "cross": (80, 226, 1000, 780), "name": (60, 36, 1020, 136),
        "note": (60, 804, 1020, 864), "second": (60, 864, 1020, 924), "chip": (60, 940, 1020, 1380), "work": (70, 946, 1010, 1374),
    },
}  # fmt: skip
# One score tile and the tiles about it, closely; beneath, what goes with O.
VISIT: Mapping[Aspect, Table] = {
    "16:9": {"close": (40, 30, 1880, 850), "with": (100, 860, 1820, 930)},
    "4:3": {"close": (30, 30, 1410, 850), "with": (30, 860, 1410, 930)},
    "1:1": {"close": (20, 60, 1060, 850), "with": (20, 860, 1060, 930)},
    "9:16": {"close": (60, 60, 1020, 1280), "with": (60, 1290, 1020, 1380)},
}
# All that crossed, a bar each, unwrapped and on one scale: a name with its sum above, beneath it letters, and how many run at once.
BILLS: Mapping[Aspect, Table] = {
    "16:9": {
        "first note": (100, 446, 1820, 506), "second note": (100, 846, 1820, 906),
        "stripe": (100, 50, 1820, 112),
        "first name": (100, 130, 1820, 220), "first": (100, 230, 1820, 370), "first letters": (100, 376, 1820, 440),
        "second name": (100, 530, 1820, 620), "second": (100, 630, 1820, 770), "second letters": (100, 776, 1820, 840),
    },
    "4:3": {
        "first note": (70, 456, 1370, 516), "second note": (70, 836, 1370, 896),
        "stripe": (70, 70, 1370, 132),
        "first name": (70, 150, 1370, 240), "first": (70, 250, 1370, 380), "first letters": (70, 386, 1370, 450),
        "second name": (70, 530, 1370, 620), "second": (70, 630, 1370, 760), "second letters": (70, 766, 1370, 830),
    },
    "1:1": {
        "first note": (40, 460, 1040, 520), "second note": (40, 832, 1040, 892),
        "stripe": (40, 90, 1040, 152),
        "first name": (40, 170, 1040, 260), "first": (40, 270, 1040, 390), "first letters": (40, 396, 1040, 456),
        "second name": (40, 540, 1040, 630), "second": (40, 640, 1040, 760), "second letters": (40, 766, 1040, 826),
    },
    "9:16": {
        "first note": (60, 664, 1020, 724), "second note": (60, 1134, 1020, 1194),
        "stripe": (60, 240, 1020, 302),
        "first name": (60, 330, 1020, 420), "first": (60, 430, 1020, 590), "first letters": (60, 596, 1020, 660),
        "second name": (60, 800, 1020, 890), "second": (60, 900, 1020, 1060), "second letters": (60, 1066, 1020, 1130),
    },
}  # fmt: skip

DEPTH, GAP = em(34), em(10)  # of a strip of tiles, and around it
PITCH = 0.22  # of a tick, in sides of a tile
THICK, LONG = 0.62, 0.78  # of a tick, in pitches and in sides of its tile
FINEST = em(4)  # ticks closer than this are one bar
FLATTEST = 4.0  # a grid no longer than so many times its width
CLOSE, CLOSE_DEPTH, CLOSE_GAP = 0.54, 0.2, 0.06  # a score tile, of its room; in its sides, tiles about it and the gap to them


def close(rect: Rect) -> dict[str, Rect]:
    """A score tile S in the middle of ``rect``, and about it its tiles of Q, K, V and O where they stand about the grid."""
    side = CLOSE * min(rect.width, rect.height)
    depth, gap = CLOSE_DEPTH * side, CLOSE_GAP * side
    cell = centered(*rect.center[:2], side, side)
    left, right, bottom, top = cell.x0 - gap, cell.x1 + gap, cell.y0 - gap, cell.y1 + gap
    return {
        "S": cell, "Q": Rect(left - depth, cell.y0, left, cell.y1), "O": Rect(right, cell.y0, right + depth, cell.y1),
        "K": Rect(cell.x0, top, cell.x1, top + depth), "V": Rect(cell.x0, bottom - depth, cell.x1, bottom),
    }  # fmt: skip


@dataclass(frozen=True)
class Fringe:
    """A cross, and outside of each tile room for its ticks: Q's to the left, O's to the right, K's above, V's beneath."""

    cross: Cross
    pitch: float

    def ticks(self, tensor: str, counts: np.ndarray) -> np.ndarray:
        """[n, 4] boxes of so many ticks a tile, a broken one as wide as its part; one bar a tile where they would be too fine."""
        boxes = []
        for index, count in enumerate(counts):
            for start, stop in _pieces(float(count), self.pitch):
                boxes.append(self._box(tensor, index, start * self.pitch, stop * self.pitch))
        return np.array(boxes).reshape(-1, 4)

    def _box(self, tensor: str, index: int, start: float, stop: float) -> tuple[float, float, float, float]:
        """So far outside of its tile."""
        tile = self.cross.tile(tensor, index)
        x, y, _ = tile.center
        wide, high = LONG * tile.width / 2, LONG * tile.height / 2
        if tensor == "Q":
            return tile.x0 - GAP - stop, y - high, tile.x0 - GAP - start, y + high
        if tensor == "O":
            return tile.x1 + GAP + start, y - high, tile.x1 + GAP + stop, y + high
        if tensor == "K":
            return x - wide, tile.y1 + GAP + start, x + wide, tile.y1 + GAP + stop
        return x - wide, tile.y0 - GAP - stop, x + wide, tile.y0 - GAP - start

    def corner(self, tensor: str) -> Rect:
        """Room for a strip's letter, at one of its ends: K's at the left, O's above, V's at the right, Q's below."""
        k, o, v, q = (self.cross.strip(name) for name in "KOVQ")
        return {
            "K": Rect(q.x0, k.y0, q.x1, k.y1), "O": Rect(o.x0, k.y0, o.x1, k.y1), "V": Rect(o.x0, v.y0, o.x1, v.y1),
            "Q": Rect(q.x0, v.y0, q.x1, v.y1),
        }[tensor]  # fmt: skip


def _pieces(count: float, pitch: float) -> list[tuple[float, float]]:
    """Where each tick of a tile begins and ends, in pitches."""
    if pitch < FINEST:
        return [(0.0, count)] if count > 0 else []
    whole = int(count + 1e-9)
    pieces = [(n + (1 - THICK) / 2, n + (1 + THICK) / 2) for n in range(whole)]
    if count - whole > 1e-6:
        pieces.append((whole + (1 - THICK) / 2, whole + (1 - THICK) / 2 + THICK * (count - whole)))
    return pieces


def fringe(config: AttentionConfig, rect: Rect, most: Mapping[str, float]) -> Fringe:
    """Fit a cross into ``rect`` with room for ``most`` ticks a tile of each tensor. Cells are as long as they have elements."""
    key_tiles = max(config.col_blocks, 1)
    band_rows, band_cols = -(-config.row_blocks // BAND_LIMIT), -(-key_tiles // BAND_LIMIT)
    n_rows, n_cols = -(-config.row_blocks // band_rows), -(-key_tiles // band_cols)
    tall, wide = float(n_rows * band_rows * config.block_m), float(n_cols * band_cols * config.block_n)
    tall, wide = max(tall, wide / FLATTEST), max(wide, tall / FLATTEST)
    side = PITCH * min(tall / n_rows, wide / n_cols)
    fixed = 2 * DEPTH + 4 * GAP
    scale = min(
        (rect.width - fixed) / (wide + side * (most["Q"] + most["O"])), (rect.height - fixed) / (tall + side * (most["K"] + most["V"]))
    )
    pitch = side * scale
    across = wide * scale + fixed + pitch * (most["Q"] + most["O"])
    up = tall * scale + fixed + pitch * (most["K"] + most["V"])
    left, top = rect.center[0] - across / 2, rect.center[1] + up / 2
    x0, y1 = left + pitch * most["Q"] + 2 * GAP + DEPTH, top - pitch * most["K"] - 2 * GAP - DEPTH
    grid = centered(x0 + wide * scale / 2, y1 - tall * scale / 2, wide * scale, tall * scale)
    return Fringe(Cross(rect, grid, n_rows, n_cols, band_rows, band_cols, DEPTH, DEPTH, GAP), pitch)
