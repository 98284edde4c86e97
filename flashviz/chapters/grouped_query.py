"""GroupedQueryScene: what sharing of K and V heads saves in HBM, and what this kernel loads all the same. Before it is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from flashviz.citations import GROUPED_QUERIES
from flashviz.config import AttentionConfig
from flashviz.errors import ConfigError
from flashviz.figures import kib
from flashviz.storyboard import Beat
from flashviz.trace import Kind, Trace

BEATS: tuple[Beat, ...] = (
    Beat("head", "What a head is", 6.8, shot="heads", late=True, along=True,
         caption="Multi-head: each head has its own keys and values."),
    Beat("shared", "Shared pairs", 5.8, shot="heads", late=True, along=True,
         caption="Grouped-query: {group} heads share one pair of K and V."),
    Beat("block", "One row block loads", 8.2, shot="sweep", late=True, along=True,
         caption="A row block of queries uses each tile once, then drops it."),
    Beat("again", "The next head loads again", 8.4, shot="sweep", late=True, along=True,
         caption="The next head needs the same pair: it crosses again."),
    Beat("loads", "All that is loaded", 6.2, shot="grouped", late=True, along=True,
         caption="All row blocks of all heads: each loads a copy."),
    Beat("sum", "What sharing saves", 8.0, shot="bars", late=True, along=True,
         caption="{group} heads share a pair: less is stored, as much is loaded."),
)  # fmt: skip
HEADS, KV_HEADS = 8, 2  # where the settings have a single head
NAMES = {
    "own": ("Multi-head: a pair each", "Multi-head"),
    "shared": (f"Grouped-query ({GROUPED_QUERIES.short}): shared pairs", f"Grouped-query ({GROUPED_QUERIES.short})", "Grouped-query"),
}  # the first that fits

Run = Callable[..., Any]


class Loads:
    """Loads of K and V, by query head and row block, as shares of a stored pair.

    Args:
        trace: Of all heads of one batch entry.
    """

    def __init__(self, trace: Trace) -> None:
        self.trace, c = trace, trace.config
        self.half = c.seq_k * c.head_dim * c.itemsize  # bytes of K or of V of a pair
        columns = trace.columns
        self.at = np.flatnonzero(np.isin(columns["kind"], [Kind.LOAD_K, Kind.LOAD_V]))
        which = (columns["kind"][self.at] == Kind.LOAD_V).astype(int)
        self.places = np.ravel_multi_index((columns["pid_bh"][self.at], columns["i"][self.at], which), self.shape)
        self.sizes = columns["nbytes"][self.at]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Heads, row blocks, K and V."""
        c = self.trace.config
        return c.heads, c.row_blocks, 2

    def after(self, k: int) -> np.ndarray:
        """[heads, row blocks, 2] the share of K and of V that each program had loaded after ``k`` events."""
        count = int(np.searchsorted(self.at, k))
        sums = np.bincount(self.places[:count], self.sizes[:count], int(np.prod(self.shape)))
        return np.asarray(sums.reshape(self.shape) / self.half)

    def tiles(self, head: int, block: int) -> list[tuple[tuple[float, float], tuple[float, float]]]:
        """The key tiles that a program loads, in order: of K and of V from which share of it to which."""
        found, done = ([], []), [0.0, 0.0]  # type: tuple[list[tuple[float, float]], ...], list[float]
        for place, size in zip(self.places.tolist(), self.sizes.tolist(), strict=True):
            which = place % 2
            if place // 2 == head * self.shape[1] + block:
                found[which].append((done[which], done[which] + size / self.half))
                done[which] += size / self.half
        return list(zip(*found, strict=True))

    @property
    def total(self) -> int:
        """Bytes of K and V that crossed."""
        return int(self.sizes.sum())

    @property
    def stored(self) -> int:
        """Bytes of K and V in HBM."""
        return 2 * self.half * self.trace.config.kv_heads


@dataclass(frozen=True)
class GroupedQuery:
    """The same problem with a pair of K and V a query head, and with shared ones."""

    own: Loads
    shared: Loads
    said: dict[str, str]

    @property
    def config(self) -> AttentionConfig:
        return self.shared.trace.config


def grouped(config: AttentionConfig) -> AttentionConfig:
    """The settings' problem, one batch entry; with a single head, 8 query heads on 2.

    Raises:
        ConfigError: Nothing is shared, or there are no keys.
    """
    if config.seq_k == 0:
        raise ConfigError("seq_k must be at least 1 for this chapter, got 0; there is nothing to load")
    config = replace(config, batch=1)
    if config.heads == 1:
        config = replace(config, heads=HEADS, kv_heads=KV_HEADS)
    if config.group == 1:
        raise ConfigError(f"expected fewer kv_heads than heads, got {config.kv_heads} of {config.heads}; try kv_heads=1")
    return config


def gather(config: AttentionConfig, source: str | None, run: Run) -> GroupedQuery:
    """Record the problem with shared pairs and with a pair a head.

    Args:
        run: ``flashviz_kernels.recorder.run``.
    """
    config = grouped(config)
    shared = Loads(run(config, source=source, algorithm="fa2").trace)
    own = Loads(run(replace(config, kv_heads=config.heads), source=source, algorithm="fa2").trace)
    pair, programs = kib(2 * shared.half), f"{config.heads * config.row_blocks:,}"
    said = {
        "group": f"{config.group:,}", "pair": pair, "own_stored": kib(own.stored), "shared_stored": kib(shared.stored),
        "pair_sum": f"2 × {config.seq_k:,} keys × {config.head_dim} numbers × {config.itemsize} bytes = {pair}",
        "tiles": f"{config.col_blocks:,} tiles of {min(config.block_n, config.seq_k):,} keys", "blocks": f"{config.row_blocks:,}",
        "queries": f"{min(config.block_m, config.seq_q):,}", "loaded": kib(shared.total),
    }  # fmt: skip
    whole = shared.total == shared.stored * config.row_blocks * config.group  # else a mask leaves tiles out
    said["why"] = f"{programs} row blocks × {pair}, shared or not" if whole else f"{programs} row blocks, shared or not"
    return GroupedQuery(own, shared, said)
