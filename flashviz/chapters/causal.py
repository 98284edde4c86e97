"""CausalScene: skipped, masked and full tiles, told apart by the events of a causal trace. What is shown, before it is drawn."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
    Beat("row", "One row", 4.6, shot="causal", late=True, along=True, caption="Causal: no query looks ahead. First one row."),
    Beat("mask", "The mask", 5.0, shot="causal", late=True, along=True, caption="All rows: the last query sees the last key."),
    Beat("skip", "Skipped tiles", 4.4, shot="causal", late=True, along=True, caption="{skipped} tiles skipped: nothing is loaded."),
    Beat("kinds", "Masked tiles", 4.2, shot="causal", late=True, along=True, caption="Only {masked} of the rest pay for a mask."),
    Beat("half", "Half", 6.0, shot="causal", late=True, along=True,
         caption="A turned copy makes {rows} × {more} tiles: half is {visited}."),
    Beat("rows", "Unequal programs", 9.4, shot="causal", late=True, along=True,
         caption="{places} run at once: starting the longest first ends sooner."),
    Beat("blind", "Rows that see no key", 5.4, shot="causal", late=True, along=True, caption="{blind} no key: O = 0, LSE = −∞."),
)  # fmt: skip
SKIPPED, MASKED, FULL = range(3)

Run = Callable[..., Any]


@dataclass(frozen=True)
class Causal:
    """A causal trace of one head. ``kinds`` [row blocks, key tiles] of SKIPPED, MASKED, FULL."""

    trace: Trace
    whole: Trace  # without the mask
    kinds: np.ndarray
    blind: int  # queries that see no key
    said: dict[str, str]

    @property
    def visited(self) -> np.ndarray:
        """[row blocks] tiles that each visits."""
        return np.asarray((self.kinds != SKIPPED).sum(1))

    @property
    def places(self) -> int:
        """How many programs run at once, in the picture of their order."""
        return max(2, len(self.kinds) // 2)

    def schedule(self, *, longest_first: bool) -> list[Placed]:
        """The row blocks' programs in their order, or the longest first; equal ones keep theirs."""
        rows = range(len(self.kinds))
        order = sorted(rows, key=lambda row: -self.visited[row]) if longest_first else list(rows)
        return placed([row for row in order if self.visited[row]], self.visited.tolist(), self.places)

    @property
    def ends(self) -> tuple[int, int]:
        """When the last program ends, in their order and the longest first."""
        runs = (self.schedule(longest_first=first) for first in (False, True))
        in_order, longest = (max((run.start + run.tiles for run in each), default=0) for each in runs)
        return in_order, longest

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
            "rows": self.ends[1] < self.ends[0], "blind": self.blind > 0,
        }  # fmt: skip
        return tuple(beat for beat in BEATS if told.get(beat.name, True))


@dataclass(frozen=True)
class Placed:
    """A row block's program on a place: from when, in tiles."""

    row: int
    place: int
    start: int
    tiles: int


def placed(order: Sequence[int], tiles: Sequence[int], places: int) -> list[Placed]:
    """Programs in this order, each on the place that is free first; a program lasts as long as it has tiles."""
    free, found = [(0, place) for place in range(places)], []
    for row in order:
        start, place = heapq.heappop(free)
        found.append(Placed(row, place, start, int(tiles[row])))
        heapq.heappush(free, (start + int(tiles[row]), place))
    return found


def kinds_of(trace: Trace) -> np.ndarray:
    """What each tile is, by whether the events computed and masked its scores: [row blocks, key tiles]."""
    kinds = np.full((trace.config.row_blocks, trace.config.col_blocks), SKIPPED)
    for event, found in ((Kind.QK_DOT, FULL), (Kind.MASK, MASKED)):
        where = np.flatnonzero(trace.columns["kind"] == event)
        kinds[trace.columns["i"][where], trace.columns["j"][where]] = found
    return kinds


def gather(config: AttentionConfig, source: str | None, run: Run) -> Causal:
    """Record one head with the mask and without; classify the tiles.

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
    said["last"] = "query" if not shift else f"query {'+' if shift > 0 else '−'} {abs(shift):,}"
    said["tile"] = f"one tile: {config.block_m} × {config.block_n} scores"
    found = Causal(made.trace, whole, kinds, blind, said)
    said |= {"places": f"{found.places:,}", "in_order": f"{found.ends[0]:,}", "longest": f"{found.ends[1]:,}"}
    return found


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
