"""Squares of a ledger: how many a row, how large."""

from __future__ import annotations

from dataclasses import dataclass

from flashviz.layout.rect import Rect

LEDGER_ROWS = 7  # a heading, then Q, K, V, S, P, O at most


@dataclass(frozen=True)
class Packing:
    """Squares of a ledger: ``per_row`` a row, ``side`` each on a ``pitch``; one square stands for ``tiles`` tiles."""

    side: float
    pitch: float
    per_row: int
    tiles: int


def pack(count: float, rect: Rect, tiles: int = 1, largest: float = 0.17) -> Packing:
    """The largest squares of which ``count`` fit into ``rect``, filled row by row."""
    need = max(1, int(-(-count // tiles)))
    lines = 1
    while True:
        pitch = min(rect.height / lines, largest * 1.2)
        per_row = max(1, int(rect.width / pitch + 1e-9))
        if per_row * lines >= need:
            return Packing(pitch / 1.2, pitch, per_row, tiles)
        lines += 1


def ledger_unit(most: float, limit: int = 256) -> int:
    """Tiles a square stands for: the smallest power of two that keeps the longest row within ``limit`` squares."""
    unit = 1
    while most / unit > limit:
        unit *= 2
    return unit
