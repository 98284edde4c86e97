"""What is folded from the trace of one head: bytes by tensor, the order of score tiles, transfers in their time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from flashviz.config import AttentionConfig
from flashviz.trace import Kind, Trace


def one_head(config: AttentionConfig, **changes: Any) -> AttentionConfig:
    """The problem of a single head: the others do the same."""
    return replace(config, batch=1, heads=1, kv_heads=1, **changes)


class Folded:
    """What a trace of one head had moved and done before any of its events, by prefix sums.

    Args:
        trace: Of fa1 or fa2.
    """

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        kinds, nbytes = trace.columns["kind"], trace.columns["nbytes"]
        moving = [each for each in trace.header.statements if each.tensor is not None and (kinds == each.code).any()]
        self._sums: dict[str, np.ndarray] = {}
        for statement in sorted(moving, key=lambda each: _ORDER.index(each.subject)):
            steps = np.where(kinds == statement.code, nbytes, 0).astype(np.int64)
            tensor = statement.subject
            self._sums[tensor] = self._sums.get(tensor, np.zeros(len(trace) + 1, np.int64)) + np.concatenate([[0], np.cumsum(steps)])

    def bytes_at(self, k: int) -> dict[str, int]:
        """Bytes per tensor, in either direction, of the first ``k`` events."""
        return {tensor: int(sums[k]) for tensor, sums in self._sums.items()}

    @property
    def final(self) -> dict[str, int]:
        """Of all events."""
        return self.bytes_at(len(self.trace))

    @property
    def total(self) -> int:
        """Of all events and tensors."""
        return sum(self.final.values())

    @cached_property
    def products(self) -> np.ndarray:
        """Events that compute a score tile, in order: the clock that two loop orders share."""
        return np.flatnonzero(self.trace.columns["kind"] == Kind.QK_DOT)

    @cached_property
    def arrivals(self) -> np.ndarray:
        """Events that load a tile of Q or K: with one of them the work on the next score tile begins."""
        return np.flatnonzero(np.isin(self.trace.columns["kind"], [Kind.LOAD_Q, Kind.LOAD_K]))

    def event_after(self, visited: float) -> int:
        """Events until so many score tiles are done and nothing of the next has come."""
        count = int(visited + 1e-9)
        if count == 0 or count >= len(self.products):
            return 0 if count == 0 < len(self.products) else len(self.trace)
        return int(self.arrivals[np.searchsorted(self.arrivals, self.products[count - 1])])

    def moves(self, start: float, stop: float, most: int) -> list[tuple[int, float]]:
        """Transfers of Q, K, V and O that belong to score tiles ``start`` to ``stop``, at most so many of them, evenly chosen.

        Returns:
            (event, when): 0..1 of the clock on which each score tile takes as long, transfers of one tile in equal steps.
        """
        first, last = self.event_after(start), self.event_after(stop)
        kinds = self.trace.columns["kind"][first:last]
        tiles = [each.code for each in self.trace.header.statements if each.tensor is not None and each.tensor in "QKVO"]
        found = first + np.flatnonzero(np.isin(kinds, tiles) & (kinds != Kind.INIT_O))
        tile = np.searchsorted(self._tile_ends, found, side="right")
        count = np.bincount(tile, minlength=len(self.products) + 1)
        before = np.concatenate([[0], np.cumsum(count)])[tile]
        when = (tile + (np.arange(len(found)) - before) / count[tile] - start) / max(stop - start, 1e-9)
        chosen = np.unique(np.linspace(0, max(0, len(found) - 1), min(most, len(found))).astype(int))
        return [(int(found[at]), float(when[at])) for at in chosen]

    @cached_property
    def _tile_ends(self) -> np.ndarray:
        """``event_after`` of each score tile."""
        return np.array([self.event_after(count) for count in range(1, len(self.products) + 1)])

    def stored_share(self, k: int) -> np.ndarray:
        """Of the stores of each tile of O, the share that the first ``k`` events made: [row blocks]."""
        return np.asarray(self._stores(k) / np.maximum(1, self._stores(len(self.trace))))

    def _stores(self, k: int) -> np.ndarray:
        found = self.trace.columns["kind"][:k] == Kind.STORE_O
        return np.bincount(self.trace.columns["i"][:k][found], minlength=self.trace.config.row_blocks)


_ORDER: Sequence[str] = ("Q", "K", "V", "O", "L", "M", "LSE", "S", "P")
