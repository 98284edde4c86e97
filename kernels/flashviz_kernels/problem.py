"""One launch as it is asked for: its shape and tiling, and where a traced one writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Shape and tiling of one launch, all checked."""

    batch: int
    heads: int
    kv_heads: int
    n_q: int
    n_k: int
    d: int
    dtype: str
    causal: bool
    scale: float
    block_m: int
    block_n: int
    stages: int
    num_warps: int

    @property
    def programs(self) -> int:
        """One a row block, query head and batch entry."""
        return self.batch * self.heads * -(-self.n_q // self.block_m)


@dataclass(frozen=True)
class TraceBuffers:
    """Where a traced kernel writes: events [programs, most events of one, 8, with a clock 12] int32; others as ``forward.trace_values``."""

    events: Any
    stats: Any
    tiles: Any
    slots: Any
    values: bool
    clock: bool = False

    def each(self, convert: Callable[[Any], Any]) -> TraceBuffers:
        """The same buffers, each converted."""
        return replace(
            self, events=convert(self.events), stats=convert(self.stats), tiles=convert(self.tiles), slots=convert(self.slots)
        )  # fmt: skip
