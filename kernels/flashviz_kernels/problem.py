"""One launch as it is asked for: its shape and tiling, and where a traced one writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from flashviz.config import padded_head_dim


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


def default_blocks(dtype: str, head_dim: int) -> tuple[int, int]:
    """BLOCK_M and BLOCK_N that do not spill, or hardly, when compiled ahead of time for sm_80 and sm_90.

    float32 is multiplied in three tf32 steps and needs registers for all of them: beyond a head dim of 64 some 100 bytes spill.
    """
    padded = padded_head_dim(head_dim)
    if dtype == "float32":
        return {16: (32, 32), 32: (32, 32), 64: (32, 32), 128: (32, 16), 256: (16, 16)}[padded]
    return (64, 64) if padded <= 128 else (64, 32)


def backward_blocks(dtype: str, head_dim: int) -> tuple[int, int]:
    """The same of the backward pass, which has two sums on chip: in 16 bits nothing spills; in float32 up to 80 bytes, at 256 some 650."""
    padded = padded_head_dim(head_dim)
    if dtype == "float32":
        return {16: (32, 32), 32: (32, 32), 64: (32, 16), 128: (16, 16), 256: (16, 16)}[padded]
    return {16: (64, 64), 32: (64, 64), 64: (64, 32), 128: (32, 32), 256: (16, 16)}[padded]


def choose_warps(block_m: int, head_dim: int) -> int:
    """Eight warps where four would spill: ahead-of-time compilation for sm_90 says so from 128 x 128 on."""
    return 8 if block_m * padded_head_dim(head_dim) > 64 * 128 else 4
