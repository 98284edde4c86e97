"""Which tiles are visited, by closed form: at any size, without walking over tiles or row blocks."""

from __future__ import annotations

import numpy as np

from flashviz.config import AttentionConfig


def visits_of(config: AttentionConfig) -> int:
    """Pairs of a row block and a key tile that it visits, of one head: how many ``config.key_tiles(i)`` are, added."""
    c = config
    if not c.causal:
        return c.row_blocks * c.col_blocks
    # all but the last row block end at row (i + 1) B_r, and see ceil(((i + 1) B_r + N_k - N_q) / B_c) tiles, or none
    ahead = c.seq_k - c.seq_q
    return _floors(c.row_blocks - 1, c.block_m, c.block_m + ahead + c.block_n - 1, c.block_n) + c.col_blocks


def unmasked_of(config: AttentionConfig) -> int:
    """Those of them in which the row block's first row sees every key of a whole tile."""
    c = config
    if not c.causal:
        return c.row_blocks * (c.seq_k // c.block_n)
    return _floors(c.row_blocks, c.block_m, c.seq_k - c.seq_q + 1, c.block_n)


def keys_visited(config: AttentionConfig) -> int:
    """Sum over row blocks of the keys in their visited tiles: whole tiles, the last one clipped at N_k."""
    return config.row_blocks * config.seq_k if not config.causal else int(_row_blocks(config)[1].sum())


def scores_visited(config: AttentionConfig) -> int:
    """Scores in visited tiles, of one head, clipped at N_q and N_k: N_q N_k where all see all."""
    if not config.causal:
        return config.seq_q * config.seq_k
    last_rows, keys = _row_blocks(config)
    return int((np.diff(last_rows, prepend=0) * keys).sum())


def _row_blocks(config: AttentionConfig) -> tuple[np.ndarray, np.ndarray]:
    """One past the last row of each row block under a causal mask, and the keys in the tiles that it visits."""
    c = config
    last_rows = np.minimum(np.arange(1, c.row_blocks + 1) * c.block_m, c.seq_q)
    seen = np.clip(last_rows + c.seq_k - c.seq_q, 0, c.seq_k)
    return last_rows, np.minimum(-(-seen // c.block_n) * c.block_n, c.seq_k)


def rows_visited(config: AttentionConfig) -> int:
    """Sum over key tiles of the queries in row blocks that visit them."""
    c = config
    if not c.causal:
        return c.col_blocks * c.seq_q
    first_columns = np.arange(c.col_blocks) * c.block_n
    first_rows = np.maximum(first_columns - (c.seq_k - c.seq_q), 0)  # the first query that sees the tile
    return int((c.seq_q - first_rows // c.block_m * c.block_m).sum())


def _floors(n: int, a: int, b: int, m: int) -> int:
    """The sum over 0 <= i < n of max(0, floor((a i + b) / m)), for a, m > 0."""
    if b < 0:
        skipped = min(n, (a - b - 1) // a)  # the first i with a i + b >= 0
        n, b = n - skipped, b + a * skipped
    total = 0
    while n > 0:  # Euclid's algorithm on the lattice points under a line
        total += (n - 1) * n // 2 * (a // m) + n * (b // m)
        a, b = a % m, b % m
        top = a * n + b
        if top < m:
            break
        n, b, m, a = top // m, top % m, a, m
    return total
