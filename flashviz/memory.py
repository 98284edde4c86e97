"""Bytes that cross, as a recording counts them, and bytes on chip: of one tile, and the most that a recording holds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from flashviz.config import AttentionConfig
from flashviz.forms import FLOAT32, Traffic
from flashviz.trace.recording import Trace
from flashviz.trace.statements import Statement
from flashviz.trace.traffic import traffic

__all__ = ["FLOAT32", "Traffic", "sram_peak", "tile_bytes", "traffic"]


def tile_bytes(config: AttentionConfig) -> dict[str, int]:
    """Bytes of one full tile: Q, K, V, O in HBM and shared memory; S, P and acc in registers, float32."""
    row = config.head_dim * config.itemsize
    q_tile, k_tile = config.block_m * row, config.block_n * row
    scores = config.block_m * config.block_n * FLOAT32
    return {
        "Q": q_tile, "K": k_tile, "V": k_tile, "O": q_tile,
        "S": scores, "P": scores, "ACC": config.block_m * config.head_dim * FLOAT32,
        "M": config.block_m * FLOAT32, "L": config.block_m * FLOAT32, "LSE": config.block_m * FLOAT32,
    }  # fmt: skip


def sram_peak(trace: Trace) -> int:
    """The largest ``state_at(trace, k).sram_bytes``: the logical figure; the compiler's includes prefetched tiles."""
    columns = trace.columns
    seen: set[bytes] = set()
    peak = 0
    for first, stop in zip(trace.bounds[:-1].tolist(), trace.bounds[1:].tolist(), strict=True):
        rows, starts, stops = columns["r1"][first:stop] - columns["r0"][first:stop], columns["c0"][first:stop], columns["c1"][first:stop]
        shape = np.stack([columns["kind"][first:stop], rows, starts, stops]).tobytes()
        if shape not in seen:  # programs of one shape hold the same bytes
            seen.add(shape)
            on_chip = _held_bytes(trace, columns["kind"][first:stop], rows, starts, stops)
            peak = max(peak, int(on_chip[:-1].max(initial=0)))  # with its last event the program, and all that it holds, is gone
    return peak


def _held_bytes(trace: Trace, codes: np.ndarray, rows: np.ndarray, starts: np.ndarray, stops: np.ndarray) -> np.ndarray:
    """Bytes on chip after each event of one program: of each product those of its last maker, unless one of its killers came since."""
    total, at = np.zeros(len(codes), np.int64), np.arange(len(codes))

    def last(statements: Sequence[Statement]) -> np.ndarray:
        """After each event, the last so far that executed one of them; -1 before the first."""
        return np.maximum.accumulate(np.where(np.isin(codes, [each.code for each in statements]), at, -1))

    for makers, killers in trace.products.values():
        made, freed = last(makers), last(killers)
        itemsize = np.zeros(int(codes.max()) + 1, np.int64)
        joins = np.zeros(len(itemsize), bool)
        for each in makers:
            if each.makes is not None and each.code < len(itemsize):
                itemsize[each.code], joins[each.code] = each.makes.itemsize, each.makes.gathers
        # a tile that is gathered begins where the first did: the last event that made the product anew
        anew = (made == at) & (~joins[codes] | (np.append(-1, made[:-1]) <= np.append(-1, freed[:-1])))
        begun = np.maximum.accumulate(np.where(anew, at, -1))
        area = rows[made].astype(np.int64) * (stops[made].astype(np.int64) - starts[begun])
        total += np.where(made > freed, area * itemsize[codes[made]], 0)
    return total
