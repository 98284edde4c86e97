"""The shot of TrainingMemoryScene: what each layer keeps for its backward pass, areas on one scale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flashviz.layout.rect import Aspect, Rect, columns, rows
from flashviz.layout.table import Table
from flashviz.lettering import em

TRAINING: Mapping[Aspect, Table] = {
    "16:9": {
        "standard name": (100, 20, 560, 88), "standard bytes": (660, 20, 1240, 88), "standard all": (1280, 20, 1820, 88),
        "standard": (100, 98, 1820, 412),
        "flash name": (100, 430, 560, 498), "flash bytes": (660, 430, 1240, 498), "flash all": (1280, 430, 1820, 498),
        "flash": (100, 508, 1820, 822), "layer": (100, 836, 1040, 930), "ratio": (1100, 836, 1820, 930),
    },
    "4:3": {
        "standard name": (60, 60, 490, 126), "standard bytes": (510, 60, 930, 126), "standard all": (960, 60, 1380, 126),
        "standard": (60, 136, 1380, 420),
        "flash name": (60, 446, 490, 512), "flash bytes": (510, 446, 930, 512), "flash all": (960, 446, 1380, 512),
        "flash": (60, 522, 1380, 806), "layer": (60, 830, 760, 926), "ratio": (790, 830, 1380, 926),
    },
    "1:1": {
        "standard name": (20, 20, 530, 70), "standard bytes": (20, 72, 530, 126), "standard all": (20, 128, 530, 182),
        "standard": (20, 194, 530, 836),
        "flash name": (550, 20, 1060, 70), "flash bytes": (550, 72, 1060, 126), "flash all": (550, 128, 1060, 182),
        "flash": (550, 194, 1060, 836), "layer": (20, 846, 480, 930), "ratio": (500, 846, 1060, 930),
    },
    "9:16": {
        "standard name": (30, 80, 530, 150), "standard bytes": (30, 156, 530, 226), "standard all": (30, 232, 530, 302),
        "standard": (30, 318, 530, 1250),
        "flash name": (550, 80, 1050, 150), "flash bytes": (550, 156, 1050, 226), "flash all": (550, 232, 1050, 302),
        "flash": (550, 318, 1050, 1250), "layer": (30, 1264, 480, 1360), "ratio": (500, 1264, 1050, 1360),
    },
}  # fmt: skip
BETWEEN, BESIDE = em(36), em(8)  # layers; matrices of one layer


@dataclass(frozen=True)
class Layers:
    """What each layer of both sides keeps. One number takes the same area in every matrix.

    Args:
        lse: How many columns as wide as the others' numbers one of LSE's takes: it has more bytes.
        n: How many times as many queries and keys are drawn.
        room: For how many times as many there is room.
    """

    standard: Rect
    flash: Rect
    count: int
    queries: int
    keys: int
    d: int
    lse: float
    n: float = 1
    room: float = 1

    def cells(self, side: str) -> list[Rect]:
        """A layer's room: beside each other, or beneath each other where the place is high."""
        rect = self.standard if side == "standard" else self.flash
        return (rows if rect.height > rect.width else columns)(rect, self.count, BETWEEN)

    @property
    def unit(self) -> float:
        """How wide one number is."""
        cell = self.cells("standard")[0]
        high, wide = self.room * max(self.queries, self.keys), 5 * self.d + self.lse + self.room * self.keys
        return min(cell.height / high, (cell.width - 6 * BESIDE) / wide)

    def of(self, side: str, layer: int) -> dict[str, Rect]:
        """Q, K, V and O from the left; then P, or LSE and beside it the place of P, which is not kept; dO, where it comes."""
        cell, u = self.cells(side)[layer], self.unit
        queries, keys = self.n * self.queries, self.n * self.keys
        q, k = (queries, self.d), (keys, self.d)
        lse = {} if side == "standard" else {"LSE": (queries, self.lse)}
        shapes: dict[str, tuple[float, float]] = {"Q": q, "K": k, "V": k, "O": q, **lse, "P": (queries, keys), "dO": q}
        found, left = {}, cell.x0
        for name, (high, wide) in shapes.items():
            found[name] = Rect(left, cell.y1 - high * u, left + wide * u, cell.y1)
            left += wide * u + BESIDE
        return found
