"""What a recording may take of a machine's memory, estimated before anything of it is made."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from flashviz.config import AttentionConfig
from flashviz.errors import ConfigError

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
