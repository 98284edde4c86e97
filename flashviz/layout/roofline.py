"""The shot of RooflineScene: the work and what crosses for it, beside the roof that operations a byte stand under."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from flashviz.layout.rect import Aspect, Rect
from flashviz.layout.table import Table
from flashviz.lettering import em

# At one side the work: the grid of all scores, with what crosses drawn in it; ``who`` does it, the ``count`` of operations by bytes, and a
# ``note`` beneath. At the other ``badge``: who quotes the limits; ``plot``: the roof; ``up`` and ``axis`` name its axes, numbers stand in
# ``ticks`` and at its left; ``first``: how the ridge is computed. ``sm``: registers, under their name; what a program spills goes ``out``
# and back, as ``spill`` says.
ROOF: Mapping[Aspect, Table] = {
    "16:9": {
        "who": (60, 20, 840, 76), "count": (60, 78, 840, 140), "grid": (60, 146, 840, 880), "note": (60, 880, 840, 930),
        "badge": (930, 20, 1840, 74), "up": (930, 76, 1840, 130), "plot": (930, 140, 1840, 800), "ticks": (860, 806, 1840, 858),
        "axis": (900, 864, 1840, 920), "first": (950, 142, 1590, 200),
        "sm name": (950, 142, 1480, 196), "spill": (1510, 142, 1840, 196), "out": (950, 206, 1210, 236), "sm": (950, 236, 1210, 440),
    },
    "4:3": {
        "who": (30, 20, 640, 76), "count": (30, 78, 640, 140), "grid": (30, 146, 640, 880), "note": (30, 880, 640, 930),
        "badge": (710, 20, 1410, 74), "up": (710, 76, 1410, 130), "plot": (730, 140, 1410, 800), "ticks": (660, 806, 1410, 858),
        "axis": (660, 864, 1410, 920), "first": (745, 142, 1160, 200),
        "sm name": (745, 142, 1140, 196), "spill": (1160, 142, 1410, 196), "out": (745, 206, 900, 236), "sm": (745, 236, 900, 430),
    },
    "1:1": {
        "who": (548, 20, 1060, 74), "count": (548, 76, 1060, 132), "grid": (30, 20, 540, 488), "note": (30, 488, 540, 536),
        "badge": (560, 488, 1050, 536), "up": (30, 540, 1050, 590), "plot": (125, 594, 1040, 806), "ticks": (40, 812, 1040, 862),
        "axis": (40, 868, 1040, 924), "first": (140, 596, 790, 652),
        "sm name": (560, 152, 1050, 206), "spill": (840, 300, 1050, 350), "out": (560, 212, 820, 242), "sm": (560, 242, 820, 470),
    },
    "9:16": {
        "who": (60, 40, 1020, 96), "count": (60, 98, 1020, 160), "grid": (60, 170, 720, 760), "note": (60, 764, 1020, 814),
        "badge": (60, 818, 1020, 868), "up": (60, 870, 1020, 920), "plot": (140, 926, 1020, 1262), "ticks": (60, 1268, 1020, 1320),
        "axis": (60, 1324, 1020, 1384), "first": (160, 928, 770, 984),
        "sm name": (730, 180, 1050, 234), "spill": (730, 690, 1050, 744), "out": (730, 240, 1010, 276), "sm": (730, 276, 1010, 680),
    },
}  # fmt: skip

BEYOND = 1.4  # times the largest intensity that is shown: the right edge
HEADROOM = em(64)  # above the roof, for its name
SIDE, OVER, UNDER = em(66), em(92), em(44)  # beside the grid of scores, above it and beneath: strips of the matrices and their letters
NEAR, STRIPS = em(16), em(44)  # from the grid to a strip, and between those of K and V


@dataclass(frozen=True)
class Work:
    """The grid of all scores, a row block a band. What crosses for one is drawn in its band: equal areas are equal bytes.

    A band of B_r rows has room for K and V once, N_k d numbers each, and for S and P out and back, four times B_r N_k: of its height
    K takes d / (2 d + 4 B_r), and S takes B_r / (2 d + 4 B_r).
    """

    grid: Rect
    unit: float  # of a query or a key
    d: int
    keys: int
    rows: int  # of a row block

    @classmethod
    def of(cls, rect: Rect, queries: int, keys: int, rows: int, d: int) -> Work:
        """As large as it fits, in the middle."""
        unit = min((rect.width - 2 * SIDE) / keys, (rect.height - OVER - UNDER) / queries)
        x, y1 = rect.center[0] - keys * unit / 2, rect.y1 - OVER
        return cls(Rect(x, y1 - queries * unit, x + keys * unit, y1), unit, d, keys, rows)

    def deep(self, numbers: float) -> float:
        """How high a strip is that has so many numbers for each key."""
        return numbers * self.unit * self.rows / (2 * self.d + 4 * self.rows)

    def strip(self, name: str) -> Rect:
        """Where a matrix stands: K over V above the grid, Q at its left, O at its right."""
        grid, deep = self.grid, self.deep(self.d)
        if name in "KV":
            low = grid.y1 + NEAR + (STRIPS if name == "K" else 0.0)
            return Rect(grid.x0, low, grid.x1, low + deep)
        left = grid.x0 - NEAR - deep if name == "Q" else grid.x1 + NEAR
        return Rect(left, grid.y0, left + deep, grid.y1)

    def tops(self, rows: np.ndarray) -> np.ndarray:
        """Where rows of queries begin."""
        return np.asarray(self.grid.y1 - rows * self.unit)

    def copies(self, rows: int, columns: int, visited: Sequence[int]) -> np.ndarray:
        """[2, n, 4] K above V at the top of each band of so many rows: the tiles of so many keys that it visits, from the left."""
        at = [(i * rows, j * columns) for i, count in enumerate(visited) for j in range(count)]
        first, start = np.array(at, dtype=float).reshape(-1, 2).T
        left, right = (self.grid.x0 + np.minimum(key, self.keys) * self.unit for key in (start, start + columns))
        deep, top = self.deep(self.d), self.tops(first)
        return np.stack([np.stack([left, top - (n + 1) * deep, right, top - n * deep], 1) for n in range(2)])

    def sources(self, columns: int, visited: Sequence[int]) -> np.ndarray:
        """[2, n, 4] where these tiles come from."""
        boxes = self.copies(0, columns, visited)
        for n, name in enumerate("KV"):
            boxes[n, :, 1], boxes[n, :, 3] = self.strip(name).y0, self.strip(name).y1
        return boxes

    def way(self, index: int, done: float) -> np.ndarray:
        """[n, 4] one of S out, S back, P out, P back, band by band, so much of it; beneath K and V and the ways before."""
        queries = (self.grid.y1 - self.grid.y0) / self.unit
        first = np.arange(0, queries - 1e-6, self.rows)
        rows = np.minimum(self.rows, queries - first)
        shares = np.clip(done * len(first) - np.arange(len(first)), 0.0, 1.0)
        top = self.tops(first) - 2 * self.deep(self.d) - index * self.deep(1.0) * rows
        boxes = np.stack([
            np.full_like(first, self.grid.x0), top - self.deep(1.0) * rows, self.grid.x0 + shares * self.grid.width, top,
        ], 1)  # fmt: skip
        return np.asarray(boxes[shares > 0])


@dataclass(frozen=True)
class Axes:
    """A plot from zero both ways: operations a byte to the right, TFLOP/s up."""

    rect: Rect
    most: tuple[float, float]  # at the right edge, and at the roof's height

    def at(self, rect: Rect) -> Axes:
        """The same in another place."""
        return Axes(rect, self.most)

    def x(self, intensity: float) -> float:
        return self.rect.x0 + intensity / self.most[0] * self.rect.width

    def y(self, rate: float) -> float:
        return self.rect.y0 + rate / self.most[1] * (self.rect.height - HEADROOM)
