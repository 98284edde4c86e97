"""CausalScene: skipped, masked and full tiles, told apart by the events of a causal trace. What is shown, before it is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from flashviz.chapters.folded import one_head
from flashviz.config import AttentionConfig
from flashviz.errors import ConfigError
from flashviz.figures import kib
from flashviz.layout import BAND_LIMIT
from flashviz.memory import traffic
from flashviz.storyboard import Beat
from flashviz.trace import Kind, Trace

BEATS: tuple[Beat, ...] = (
    Beat("mask", "The mask", 6.4, shot="causal", fresh=True, caption="Causal: no query looks ahead."),
    Beat("skip", "Skipped tiles", 5.7, shot="causal", fresh=True, caption="{skipped} tiles are empty: never loaded."),
    Beat("kinds", "Masked tiles", 4.6, shot="causal", late=True, caption="Of the rest only {masked} need a mask."),
    Beat("half", "Half", 7.5, shot="causal", fresh=True, caption="A turned copy makes {rows} × {more} tiles."),
    Beat("rows", "Unequal programs", 7.3, shot="causal", fresh=True, caption="Programs of {least} to {most} tiles: longest first."),
    Beat("fewer", "Fewer queries", 7.4, shot="causal", fresh=True, caption="Fewer queries: the last sees the last key."),
    Beat("blind", "Rows that see no key", 6.0, shot="causal", fresh=True, caption="{blind} no key: O = 0, LSE = −∞."),
)  # fmt: skip
SKIPPED, MASKED, FULL = range(3)

Run = Callable[..., Any]


@dataclass(frozen=True)
class Causal:
    """A causal trace of one head. ``kinds`` [row blocks, key tiles] of SKIPPED, MASKED, FULL.

    ``fewer``: the same of its last row blocks alone, as many as ``kept``: queries that follow keys which are there already.
    """

    trace: Trace
    whole: Trace  # without the mask
    kinds: np.ndarray
    kept: int
    fewer: Trace | None
    blind: int  # queries that see no key
    said: dict[str, str]

    @property
    def visited(self) -> np.ndarray:
        """[row blocks] tiles that each visits."""
        return np.asarray((self.kinds != SKIPPED).sum(1))

    @property
    def stairs(self) -> bool:
        """Whether row blocks visit 1, 2, 3, ... tiles, each of which has a cell of its own."""
        rows, cols = self.kinds.shape
        return bool(rows == cols <= BAND_LIMIT and self.visited.tolist() == list(range(1, rows + 1)))

    @property
    def beats(self) -> tuple[Beat, ...]:
        """The beats that this configuration has something to show in."""
        told = {
            "skip": bool((self.kinds == SKIPPED).any()), "kinds": bool((self.kinds == MASKED).any()), "half": self.stairs,
            "rows": int(self.visited.min()) < int(self.visited.max()), "fewer": self.fewer is not None, "blind": self.blind > 0,
        }  # fmt: skip
        return tuple(beat for beat in BEATS if told.get(beat.name, True))


def kinds_of(trace: Trace) -> np.ndarray:
    """What each tile is, by whether the events computed and masked its scores: [row blocks, key tiles]."""
    kinds = np.full((trace.config.row_blocks, trace.config.col_blocks), SKIPPED)
    for event, found in ((Kind.QK_DOT, FULL), (Kind.MASK, MASKED)):
        where = np.flatnonzero(trace.columns["kind"] == event)
        kinds[trace.columns["i"][where], trace.columns["j"][where]] = found
    return kinds


def gather(config: AttentionConfig, source: str | None, run: Run) -> Causal:
    """Record one head with the mask and without, and with half of the queries; classify the tiles.

    Args:
        run: ``flashviz_kernels.recorder.run``.

    Raises:
        ConfigError: There is no key.
    """
    if config.seq_k == 0:
        raise ConfigError("seq_k must be at least 1 for this chapter, got 0; there is nothing to see")
    config = one_head(config, causal=True)
    made = run(config, source=source, algorithm="fa2")
    whole = run(one_head(config, causal=False), source=source, algorithm="fa2").trace
    kinds, unseeing = kinds_of(made.trace), np.isneginf(made.lse[0, 0])
    assert not made.o[0, 0, unseeing].any()
    kept, fewer = config.row_blocks // 2, None
    if kept and config.seq_q == config.seq_k and config.seq_q % config.block_m == 0:
        fewer = run(replace(config, seq_q=kept * config.block_m), source=source, algorithm="fa2").trace
    visited = (kinds != SKIPPED).sum(1)
    count = {name: f"{int((kinds == kind).sum()):,}" for name, kind in (("full", FULL), ("masked", MASKED), ("skipped", SKIPPED))}
    blind = int(unseeing.sum())
    said = {
        **count, "tiles": f"{kinds.size:,}", "visited": f"{int(visited.sum()):,}", "kv": keys_and_values(made.trace),
        "kv_all": keys_and_values(whole), "rows": f"{len(kinds):,}", "more": f"{len(kinds) + 1:,}",
        "least": f"{int(visited.min()):,}", "most": f"{int(visited.max()):,}",
        "blind": "The first query sees" if blind == 1 else f"The first {blind:,} queries see",
    }  # fmt: skip
    shift = config.seq_k - config.seq_q
    said["last"] = "r" if not shift else f"r {'+' if shift > 0 else '−'} {abs(shift):,}"
    if fewer is not None:
        some = kinds_of(fewer)
        said |= {
            "fewer": f"{int((some != SKIPPED).sum()):,} of {some.size:,}",
            "queries": f"{fewer.config.seq_q:,}",
            "keys": f"{config.seq_k:,}",
        }
    return Causal(made.trace, whole, kinds, kept, fewer, blind, said)


def keys_and_values(trace: Trace) -> str:
    """Bytes of K and V that crossed."""
    read = traffic(trace).read
    return kib(read.get("K", 0) + read.get("V", 0))


def shown(kinds: np.ndarray, band_rows: int, band_cols: int) -> np.ndarray:
    """The kinds of bands of tiles; a band of several kinds counts as masked."""
    rows, cols = -(-kinds.shape[0] // band_rows), -(-kinds.shape[1] // band_cols)
    found = np.empty((rows, cols), int)
    for row, col in np.ndindex(rows, cols):
        band = kinds[row * band_rows : (row + 1) * band_rows, col * band_cols : (col + 1) * band_cols]
        found[row, col] = band.flat[0] if (band == band.flat[0]).all() else MASKED
    return found
