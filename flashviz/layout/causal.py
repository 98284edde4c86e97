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

# The grid with Q at its left and K above; beside or beneath it three counts, or one sum with its notes.
CAUSAL: Mapping[Aspect, Table] = {
    "16:9": {
        "grid": (60, 30, 1010, 926), "rule": (1090, 380, 1860, 450), "first": (1090, 210, 1860, 320), "second": (1090, 350, 1860, 460),
        "third": (1090, 490, 1860, 600), "sum": (1090, 250, 1860, 380), "note": (1090, 410, 1860, 480), "bytes": (1090, 500, 1860, 570),
        "order": (980, 70, 1760, 870), "caption": (100, 940, 1820, 1080),
    },
    "4:3": {
        "grid": (40, 60, 800, 900), "rule": (850, 400, 1410, 470), "first": (850, 230, 1410, 340), "second": (850, 370, 1410, 480),
        "third": (850, 510, 1410, 620), "sum": (850, 260, 1410, 390), "note": (850, 420, 1410, 490), "bytes": (850, 510, 1410, 580),
        "order": (640, 130, 1330, 830), "caption": (60, 940, 1380, 1080),
    },
    "1:1": {
        "grid": (20, 60, 650, 660), "rule": (40, 760, 1040, 830), "first": (670, 130, 1060, 230), "second": (670, 260, 1060, 360),
        "third": (670, 390, 1060, 490), "sum": (40, 690, 1040, 800), "note": (40, 806, 480, 866), "bytes": (40, 870, 1040, 930),
        "order": (400, 90, 980, 690), "caption": (40, 942, 1040, 1078),
    },
    "9:16": {
        "grid": (60, 60, 1020, 950), "rule": (110, 1100, 1020, 1170), "first": (200, 980, 1020, 1080), "second": (200, 1100, 1020, 1200),
        "third": (200, 1220, 1020, 1320), "sum": (110, 1000, 1020, 1130), "note": (110, 1150, 1020, 1220),
        "bytes": (110, 1240, 1020, 1310), "order": (370, 300, 950, 900), "caption": (60, 1394, 1020, 1536),
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
