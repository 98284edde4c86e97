"""The shot of CausalScene: a grid of score tiles with room for one column more, and what of each tile a query may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from flashviz.config import AttentionConfig
from flashviz.layout.cross import BAND_LIMIT, Cross
from flashviz.layout.rect import Aspect, Rect
from flashviz.layout.table import Table
from flashviz.lettering import em

# The grid with Q at its left and K above; beside or beneath it three counts, or one sum with its notes, or
# the places that programs run on: two sets of lanes.
CAUSAL: Mapping[Aspect, Table] = {
    "16:9": {
        "grid": (60, 40, 880, 880), "rule": (990, 330, 1860, 430), "tile": (990, 440, 1860, 510), "first": (990, 210, 1860, 320),
        "second": (990, 350, 1860, 460), "third": (990, 490, 1860, 600), "sum": (990, 250, 1860, 380), "note": (990, 410, 1860, 480),
        "bytes": (990, 500, 1860, 570), "in order name": (930, 40, 1860, 110), "in order": (930, 116, 1800, 440),
        "longest name": (930, 480, 1860, 550), "longest": (930, 556, 1800, 880),
    },
    "4:3": {
        "grid": (40, 90, 720, 800), "rule": (790, 340, 1410, 430), "tile": (790, 440, 1410, 510), "first": (790, 230, 1410, 340),
        "second": (790, 370, 1410, 480), "third": (790, 510, 1410, 620), "sum": (790, 260, 1410, 390), "note": (790, 420, 1410, 490),
        "bytes": (790, 510, 1410, 580), "in order name": (760, 110, 1410, 180), "in order": (760, 186, 1350, 440),
        "longest name": (760, 490, 1410, 560), "longest": (760, 566, 1350, 820),
    },
    "1:1": {
        "grid": (20, 50, 540, 560), "rule": (40, 720, 1040, 810), "tile": (40, 816, 1040, 886), "first": (580, 130, 1060, 230),
        "second": (580, 260, 1060, 360), "third": (580, 390, 1060, 490), "sum": (40, 650, 1040, 760), "note": (40, 780, 1040, 840),
        "bytes": (40, 850, 1040, 910), "in order name": (40, 600, 500, 660), "in order": (40, 666, 480, 920),
        "longest name": (570, 600, 1040, 660), "longest": (570, 666, 1000, 920),
    },
    "9:16": {
        "grid": (60, 60, 820, 780), "rule": (110, 960, 1020, 1060), "tile": (110, 1070, 1020, 1140), "first": (200, 900, 1020, 1000),
        "second": (200, 1020, 1020, 1120), "third": (200, 1140, 1020, 1240), "sum": (110, 920, 1020, 1050), "note": (110, 1070, 1020, 1140),
        "bytes": (110, 1160, 1020, 1230), "in order name": (60, 840, 1020, 900), "in order": (60, 904, 960, 1090),
        "longest name": (60, 1130, 1020, 1190), "longest": (60, 1194, 960, 1380),
    },
}  # fmt: skip

DEPTH, GAP = em(34), em(10)
SEAM = 0.03  # of a cell, on each side
FLATTEST = 3.0  # a grid no longer than so many times its width


def masked_grid(config: AttentionConfig, rect: Rect) -> Cross:
    """Q and K beside a grid whose cells are as long as they have elements, with room for one column more at its right."""
    band_rows, band_cols = -(-config.row_blocks // BAND_LIMIT), -(-config.col_blocks // BAND_LIMIT)
    n_rows, n_cols = -(-config.row_blocks // band_rows), -(-config.col_blocks // band_cols)
    tall, wide = float(n_rows * band_rows * config.block_m), float(n_cols * band_cols * config.block_n)
    tall, wide = max(tall, wide / FLATTEST), max(wide, tall / FLATTEST)
    room = rect.beyond(DEPTH + GAP).below(DEPTH + GAP)
    scale = min(room.width / (wide * (n_cols + 1) / n_cols), room.height / tall)
    spare = (room.width - wide * scale * (n_cols + 1) / n_cols) / 2, (room.height - tall * scale) / 2
    left, top = room.x0 + spare[0], room.y1 - spare[1]
    grid = Rect(left, top - tall * scale, left + wide * scale, top)
    return Cross(rect, grid, n_rows, n_cols, band_rows, band_cols, DEPTH, DEPTH, GAP)


@dataclass(frozen=True)
class Limit:
    """Where query ``row`` and key ``key`` meet in a grid, and what lies before the limit: query r sees keys below r + 1 + N_k - N_q."""

    config: AttentionConfig
    grid: Cross

    def at(self, row: float, key: float) -> tuple[float, float]:
        """Scene coordinates. The grid is drawn in whole tiles."""
        c, g = self.config, self.grid
        x = g.grid.x0 + g.grid.width * key / (g.n_cols * g.band_cols * c.block_n)
        return x, g.grid.y1 - g.grid.height * row / (g.n_rows * g.band_rows * c.block_m)

    def ends(self, beyond: float = 0.0) -> tuple[tuple[float, float], tuple[float, float]]:
        """Of the line, where it is so many keys beyond its place; within the matrix."""
        c = self.config
        shift = c.seq_k - c.seq_q + beyond
        first, last = np.clip([0.0, float(c.seq_q)], max(0.0, -shift), max(0.0, min(c.seq_q, c.seq_k - shift)))
        return self.at(first, first + shift), self.at(last, last + shift)

    def seen(self, row: int, col: int, beyond: float = 0.0) -> np.ndarray:
        """[corners, 2] of the part of a cell that is before the limit and within the matrix; none of a cell of which nothing is."""
        c, g = self.config, self.grid
        rows = np.minimum(np.array([row + SEAM, row + 1 - SEAM]) * g.band_rows * c.block_m, c.seq_q)
        keys = np.minimum(np.array([col + SEAM, col + 1 - SEAM]) * g.band_cols * c.block_n, c.seq_k)
        corners = np.array([(rows[0], keys[0]), (rows[0], keys[1]), (rows[1], keys[1]), (rows[1], keys[0])], dtype=float)
        room = corners[:, 0] + c.seq_k - c.seq_q + beyond - corners[:, 1]  # to the limit; negative beyond it
        kept = []
        for here, after, left, right in zip(corners, np.roll(corners, -1, 0), room, np.roll(room, -1), strict=True):
            if left >= 0:
                kept.append(here)
            if left * right < 0:  # the limit goes through this side
                kept.append(here + (after - here) * left / (left - right))
        found = np.array([self.at(*corner) for corner in kept]).reshape(-1, 2)
        return found if len(found) > 2 and np.ptp(found, 0).min() > 1e-9 else np.zeros((0, 2))
