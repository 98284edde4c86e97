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
    Beat("head", "What a head is", 7.8, shot="grouped", late=True, along=True, caption="A head is attention with a Q, K and V of its own."),
    Beat("shared", "Shared pairs", 7.8, shot="grouped", late=True, along=True, caption="Sharing: {group} heads read one pair of K and V."),
    Beat("loads", "Every head loads", 9.0, shot="grouped", late=True, along=True,
         caption="Each row block of each head loads its copy, shared or not."),
    Beat("cache", "Caches", 6.4, shot="grouped", late=True, along=True,
         caption="A perfect cache would load each pair once. Not counted."),
    Beat("sum", "Stored and loaded", 6.6, shot="grouped", late=True, along=True, caption="Less is stored. As much is loaded."),
)  # fmt: skip
HEADS, KV_HEADS = 8, 2  # where the settings have a single head
NAMES = {
    "own": ("Multi-head: a pair each", "Multi-head"),
    "shared": (f"Grouped-query ({GROUPED_QUERIES.short})", "Grouped-query: shared pairs", "Grouped-query"),
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

    @property
    def total(self) -> int:
        """Bytes of K and V that crossed."""
        return int(self.sizes.sum())

    @property
    def once(self) -> int:
        """Bytes that would cross if nothing crossed twice: of each pair as much as the program that loads most of it."""
        c, shares = self.trace.config, self.after(len(self.trace))
        return round(float(shares.reshape(c.kv_heads, -1, 2).max(1).sum()) * self.half)

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
    said = {
        "group": f"{config.group:,}", "blocks": f"{config.row_blocks:,}", "heads": f"{config.heads:,}",
        "pair": f"N = {config.seq_k:,}, d = {config.head_dim}, {config.itemsize} bytes a number: a pair is {kib(2 * shared.half)}",
        "own_stored": kib(own.stored), "shared_stored": kib(shared.stored), "loaded": kib(shared.total),
    }  # fmt: skip
    whole = shared.total == shared.stored * config.row_blocks * config.group  # else a mask leaves tiles out
    for side, loads, factors in (("own", own, (said["blocks"],)), ("shared", shared, (said["blocks"], said["group"]))):
        said[f"{side}_times"] = " × ".join(factors) if whole else f"{loads.total / loads.stored:,.1f}".removesuffix(".0")
    return GroupedQuery(own, shared, said)
