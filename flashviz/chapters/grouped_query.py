"""GroupedQueryScene: what sharing of K and V heads saves in HBM, and what this kernel loads all the same."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from flashviz.config import AttentionConfig
from flashviz.errors import ConfigError
from flashviz.figures import kib
from flashviz.layout import GAP, Rect, centered, columns, rows
from flashviz.lettering import LABEL_PX, LINE_PITCH, NOTE_PX, TITLE_PX, Face, em, text_width
from flashviz.storyboard import Beat
from flashviz.trace import Kind, Trace

BEATS: tuple[Beat, ...] = (
    Beat("own", "A pair a head", 8, fresh=True, caption="Each of {heads} query heads with its own pair of K and V: {own} to store."),
    Beat("shared", "Shared pairs", 10, still=1.2, caption="{group} query heads share one pair: {stored} to store, {saved} times less."),
    Beat("loads", "Every head loads", 13, still=1.2, caption=
         "This kernel works head by head: each query head loads the tiles that it shares, and each load counts."),
    Beat("sum", "Stored and loaded", 8, still=1.2, caption=
         "{loaded} of K and V crossed, {times} times what is stored. Sharing saves storage; a cache may save loads."),
)  # fmt: skip
HEADS, KV_HEADS = 8, 2  # where the settings have a single head
BARS = {"own": "stored, a pair a head", "stored": "stored, shared", "loaded": "loaded so far"}


@dataclass(frozen=True)
class GroupedQuery:
    """A trace of grouped heads. ``loaded`` [heads, events + 1]: bytes of K and V that each query head had loaded before each event."""

    trace: Trace
    loaded: np.ndarray
    own: int
    stored: int
    said: dict[str, str]

    @property
    def total(self) -> int:
        """Bytes of K and V that crossed."""
        return int(self.loaded[:, -1].sum())


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


def gather(trace: Trace) -> GroupedQuery:
    """Fold the loads of K and V, query head by query head."""
    c = trace.config
    loads = np.isin(trace.columns["kind"], [Kind.LOAD_K, Kind.LOAD_V])
    steps = np.where(loads, trace.columns["nbytes"], 0).astype(np.int64)
    heads = np.arange(c.heads)[:, None] == trace.columns["pid_bh"][None, :]
    loaded = np.concatenate([np.zeros((c.heads, 1), np.int64), np.cumsum(heads * steps, axis=1)], axis=1)
    pair = 2 * c.seq_k * c.head_dim * c.itemsize
    own, stored, total = c.heads * pair, c.kv_heads * pair, int(loaded[:, -1].sum())
    said = {
        "heads": f"{c.heads:,}", "group": f"{c.group:,}", "own": kib(own), "stored": kib(stored), "saved": f"{own / stored:,.0f}",
        "loaded": kib(total), "times": f"{total / stored:,.1f}".removesuffix(".0"),
    }  # fmt: skip
    return GroupedQuery(trace, loaded, own, stored, said)


@dataclass(frozen=True)
class GroupPlace:
    """Query heads above, pairs of K and V below, three bars at the bottom. Names of heads are ``name_px`` high, 0 where none fits."""

    heads: list[Rect]
    own: list[Rect]  # a pair a query head
    shared: list[Rect]  # a pair a group, as large as before: the area is what is stored
    bars: dict[str, tuple[Rect, Rect]]  # words with bytes, and the longest bar
    name_px: float


def placed(config: AttentionConfig, room: Rect) -> GroupPlace:
    """Fit heads, pairs and bars into ``room``."""
    line = em(LABEL_PX) * LINE_PITCH
    lower, upper = room.bottom(len(BARS) * 2 * line + 2 * GAP), room.above(len(BARS) * 2 * line + 3 * GAP)
    top, bottom = upper.top(0.28 * upper.height), upper.bottom(0.36 * upper.height)
    gap = min(GAP, top.width / config.heads / 4)
    heads = columns(top, config.heads, gap)
    bars = {
        name: (rect.top(line), rect.below(line).inset(0.0, 0.1 * line))
        for name, rect in zip(BARS, rows(lower, len(BARS), GAP), strict=True)
    }
    widest = f"Q {config.heads - 1}"
    name_px = next((px for px in (TITLE_PX, LABEL_PX, NOTE_PX) if text_width(widest, px, Face.MONO) < heads[0].width), 0.0)
    own = columns(bottom, config.heads, gap)
    shared = [centered(*middle.center[:2], own[0].width, bottom.height) for middle in columns(bottom, config.kv_heads, gap)]
    return GroupPlace(heads, own, shared, bars, name_px)
