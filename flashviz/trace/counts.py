"""How many events a recording of attention has, by closed form: at any size, without walking over tiles or row blocks."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from flashviz.config import AttentionConfig
from flashviz.errors import ConfigError

EACH_VISIT = {"fa2": 9, "fa1": 15, "standard": 3 + 2 + 3}  # events of one key tile for one row block, without MASK
EACH_BLOCK = {"fa2": 4, "fa1": 3, "standard": 1 + 3 + 1}  # events of a row block besides
EACH_KEY_TILE = {"fa2": 0, "fa1": 2, "standard": 0}  # of fa1, which loads K and V once a tile

AN_EVENT, AN_ELEMENT = 200, 24  # bytes at the peak of a recording, measured: of an event; of an element of Q, K or V
MOST = 4 << 30  # bytes that a recording may take, on any machine
CGROUP = Path("/sys/fs/cgroup/memory.max")

EventsOf = Callable[[AttentionConfig], int]


def check_recording(config: AttentionConfig, events: EventsOf) -> None:
    """Refuse a recording that would not fit this machine's memory, before anything of it is made.

    Args:
        config: The problem.
        events: How many events a recording of a problem has.

    Raises:
        ConfigError: With the estimate, the limit, and lengths that fit.
    """
    limit, need = limit_here(), recording_bytes(config, events)
    if need > limit:
        raise ConfigError(
            f"a recording must take at most {limit:,} B here, got an estimate of {need:,} B for "
            f"{events(config):,} events; try {_fitting(config, events, limit)}"
        )


def recording_bytes(config: AttentionConfig, events: EventsOf) -> int:
    """What a recording takes at its peak, estimated: its events, its inputs and outputs."""
    c = config
    elements = c.batch * c.head_dim * (2 * c.heads * c.seq_q + 2 * c.kv_heads * c.seq_k)
    return AN_EVENT * events(c) + AN_ELEMENT * elements


def limit_here() -> int:
    """Bytes that a recording may take: ``MOST``, or half of what the machine, or its container, has."""
    has = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    said = CGROUP.read_text(encoding="ascii").strip() if CGROUP.exists() else "max"
    return min(MOST, (has if said == "max" else min(has, int(said))) // 2)


def _fitting(config: AttentionConfig, events: EventsOf, limit: int) -> str:
    """Lengths of the same proportion that fit, as few halvings as do; or of one head, where no length does."""
    smaller = config
    while smaller.seq_q > 1:
        smaller = replace(smaller, seq_q=smaller.seq_q // 2, seq_k=smaller.seq_k // 2)
        if recording_bytes(smaller, events) <= limit:
            return f"seq_q={smaller.seq_q}, seq_k={smaller.seq_k}"
    return "batch=1 and heads=1"


def events_of(config: AttentionConfig, algorithm: str, *, rescales: bool = True) -> int:
    """Events of a recording.

    Args:
        config: The problem.
        algorithm: ``standard``, ``fa1`` or ``fa2``.
        rescales: False of a recording that was altered not to rescale: one event less a visit.
    """
    visits, unmasked = visits_of(config), _unmasked(config)
    if algorithm == "standard":  # computes every tile, and masks those that are not wholly seen
        visits = config.row_blocks * config.col_blocks
    a_head = (
        (EACH_VISIT[algorithm] - (not rescales)) * visits
        + (visits - unmasked)
        + EACH_BLOCK[algorithm] * config.row_blocks
        + EACH_KEY_TILE[algorithm] * config.col_blocks
    )
    return config.batch * config.heads * a_head


def visits_of(config: AttentionConfig) -> int:
    """Pairs of a row block and a key tile that it visits, of one head: the sum of ``config.visited(i)``."""
    c = config
    if not c.causal:
        return c.row_blocks * c.col_blocks
    # all but the last row block end at row (i + 1) B_r, and see ceil(((i + 1) B_r + N_k - N_q) / B_c) tiles, or none
    ahead = c.seq_k - c.seq_q
    return _floors(c.row_blocks - 1, c.block_m, c.block_m + ahead + c.block_n - 1, c.block_n) + c.col_blocks


def _unmasked(config: AttentionConfig) -> int:
    """Those of them in which the row block's first row sees every key of a whole tile."""
    c = config
    if not c.causal:
        return c.row_blocks * (c.seq_k // c.block_n)
    return _floors(c.row_blocks, c.block_m, c.seq_k - c.seq_q + 1, c.block_n)


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
