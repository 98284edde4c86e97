"""The IO model: logical transfers between HBM and the chip. Visited tiles, clipped at N_q and N_k, counted per query head.

Caches are not counted: a K or V tile counts each time that it is loaded. The closed forms know nothing of events.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from flashviz.config import AttentionConfig
from flashviz.errors import ConfigError
from flashviz.trace.recording import Trace
from flashviz.trace.statements import Statement
from flashviz.trace.traffic import Traffic, traffic

__all__ = ["Traffic", "closed_form", "compulsory", "hbm_extra", "sram_peak", "tile_bytes", "traffic"]

FLOAT32 = 4


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


def closed_form(config: AttentionConfig, algorithm: str) -> Traffic:
    """Bytes that an algorithm must move, by formula.

    fa2 (FlashAttention-2, Algorithm 1): Q and O once; K and V once a row block that visits them; LSE in float32.
    fa1 (FlashAttention, Algorithm 1): K and V once; Q, O, l, m once a visited tile pair; O, l, m also initialised.
    standard: Q once; K and V once a row block; S and P written and read, in the inputs' dtype.

    Args:
        config: The problem.
        algorithm: ``standard``, ``fa1`` or ``fa2``.

    Raises:
        ConfigError: No such algorithm.
    """
    c = config
    copies = c.batch * c.heads
    row = c.head_dim * c.itemsize
    rows_once = copies * c.seq_q * row
    keys_once = copies * c.seq_k * row
    if algorithm == "fa2":
        keys = copies * row * _keys_visited(c)
        read = {"Q": rows_once, "K": keys, "V": keys}
        return _without_zeros(read, {"O": rows_once, "LSE": copies * c.seq_q * FLOAT32})
    if algorithm == "fa1":
        visits = copies * _rows_visited(c)
        statistics = visits * FLOAT32
        initial = copies * c.seq_q
        read = {"Q": visits * row, "K": keys_once, "V": keys_once, "O": visits * row, "L": statistics, "M": statistics}
        ends = {"O": (initial + visits) * row, "L": (initial + visits) * FLOAT32, "M": (initial + visits) * FLOAT32}
        return _without_zeros(read, ends)
    if algorithm != "standard":
        raise ConfigError(f"algorithm must be one of standard, fa1, fa2, got {algorithm!r}; another has a closed form of its own")
    keys = keys_once * c.row_blocks
    scores = copies * c.seq_q * c.seq_k * c.itemsize
    read = {"Q": rows_once, "K": keys, "V": keys, "S": scores, "P": scores}
    return _without_zeros(read, {"S": scores, "P": scores, "O": rows_once})


def _keys_visited(c: AttentionConfig) -> int:
    """Sum over row blocks of the keys in their visited tiles: whole tiles, the last one clipped at N_k."""
    if not c.causal:
        return c.row_blocks * c.seq_k
    last_rows = np.minimum(np.arange(1, c.row_blocks + 1) * c.block_m, c.seq_q)
    seen = np.clip(last_rows + c.seq_k - c.seq_q, 0, c.seq_k)
    return int(np.minimum(-(-seen // c.block_n) * c.block_n, c.seq_k).sum())


def _rows_visited(c: AttentionConfig) -> int:
    """Sum over key tiles of the queries in row blocks that visit them."""
    if not c.causal:
        return c.col_blocks * c.seq_q
    first_columns = np.arange(c.col_blocks) * c.block_n
    first_rows = np.maximum(first_columns - (c.seq_k - c.seq_q), 0)  # the first query that sees the tile
    return int((c.seq_q - first_rows // c.block_m * c.block_m).sum())


def _without_zeros(read: dict[str, int], written: dict[str, int]) -> Traffic:
    """A tensor that never crosses is not in a trace either."""
    return Traffic({t: n for t, n in read.items() if n}, {t: n for t, n in written.items() if n})


def compulsory(config: AttentionConfig, algorithm: str) -> Traffic:
    """The same with a perfect cache: every tensor that is stored in HBM crosses once a direction.

    For ``standard`` with one head and N_q = N_k = N: 4 N d + 4 N^2 elements.
    """
    once = closed_form(config, algorithm)
    row = config.head_dim * config.itemsize
    queries = config.batch * config.heads * config.seq_q
    keys = config.batch * config.kv_heads * config.seq_k * row
    scores = queries * config.seq_k * config.itemsize
    size = {
        "Q": queries * row, "K": keys, "V": keys, "O": queries * row, "S": scores, "P": scores,
        "LSE": queries * FLOAT32, "L": queries * FLOAT32, "M": queries * FLOAT32,
    }  # fmt: skip
    inner = {"O", "L", "M"} if algorithm == "fa1" else set()  # a perfect cache keeps them on chip until the end
    return Traffic(
        {tensor: min(size[tensor], moved) for tensor, moved in once.read.items() if tensor not in inner},
        {tensor: min(size[tensor], moved) for tensor, moved in once.written.items()},
    )


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


def hbm_extra(config: AttentionConfig, algorithm: str) -> int:
    """Bytes kept in HBM beyond Q, K, V and O: S and P for ``standard``, l and m for ``fa1``, LSE for ``fa2``.

    Raises:
        ConfigError: No such algorithm.
    """
    queries = config.batch * config.heads * config.seq_q
    extra = {
        "standard": 2 * queries * config.seq_k * config.itemsize,
        "fa1": 2 * queries * FLOAT32,
        "fa2": queries * FLOAT32,
    }  # fmt: skip
    if algorithm not in extra:
        raise ConfigError(f"algorithm must be one of {', '.join(extra)}, got {algorithm!r}; try fa2")
    return extra[algorithm]
