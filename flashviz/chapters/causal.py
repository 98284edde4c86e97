"""CausalScene: skipped, masked and full tiles, told apart by the events of a causal trace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from flashviz.chapters.crosses import Folded
from flashviz.figures import kib
from flashviz.layout import Cross, Rect
from flashviz.storyboard import Beat
from flashviz.trace import Kind, Trace

BEATS: tuple[Beat, ...] = (
    Beat("limit", "The limit", 9, fresh=True, caption=
         "Causal: no query looks ahead. The last query sees the last key, so the limit ends in the lower right corner."),
    Beat("sweep", "Tiles that are visited", 14, still=1.2, caption=
         "Below the limit tiles are full and need no mask. On it they are masked. Beyond it they are never loaded."),
    Beat("kinds", "Three kinds", 8, still=1.2, caption="{full} full, {masked} masked, {skipped} skipped, of {tiles} tiles."),
    Beat("bytes", "Bytes", 8, still=1.2, caption=
         "K and V: {kv} crossed, {kv_all} without the limit. Part of a masked tile is computed for nothing."),
    Beat("blind", "Rows that see no key", 8, still=1.2, caption="{blind} no key at all: O is zero there, and LSE is −∞."),
)  # fmt: skip
RAGGED = " The last {ragged} {verb} ragged: what is beyond the edge is masked too."
LEGEND = {"full": "full: {full}, no mask", "masked": "masked: {masked}", "skipped": "skipped: {skipped}, never loaded"}
SKIPPED, MASKED, FULL = range(3)


@dataclass(frozen=True)
class Causal:
    """A causal trace of one head. ``kinds`` [row blocks, key tiles] of SKIPPED, MASKED, FULL."""

    folded: Folded
    kinds: np.ndarray
    blind: int  # queries that see no key
    said: dict[str, str]

    @property
    def beats(self) -> tuple[Beat, ...]:
        """Rows without a key have a beat where there are any; ragged tiles are spoken of where there are any."""
        kept = BEATS if self.blind else BEATS[:-1]
        return tuple(replace(b, caption=b.caption + self.said["edge"]) if b.name == "kinds" else b for b in kept)


def kinds_of(trace: Trace, stop: int | None = None) -> np.ndarray:
    """What each tile is, by whether the first ``stop`` events (or all) computed and masked its scores: [row blocks, key tiles]."""
    kinds = np.full((trace.config.row_blocks, trace.config.col_blocks), SKIPPED)
    for event, found in ((Kind.QK_DOT, FULL), (Kind.MASK, MASKED)):
        where = np.flatnonzero(trace.columns["kind"][:stop] == event)
        kinds[trace.columns["i"][where], trace.columns["j"][where]] = found
    return kinds


def gather(causal: Trace, whole: Trace, o: np.ndarray, lse: np.ndarray) -> Causal:
    """Classify the tiles and fold the bytes.

    Args:
        causal: fa2 trace of one head.
        whole: The same without the limit.
        o: Output [1, 1, N_q, d] of the causal run.
        lse: Its statistics [1, 1, N_q].
    """
    config, folded, kinds = causal.config, Folded(causal), kinds_of(causal)
    unseeing = np.isneginf(lse[0, 0])
    assert not o[0, 0, unseeing].any()
    blind = int(unseeing.sum())
    count = {name: f"{int((kinds == kind).sum()):,}" for name, kind in (("full", FULL), ("masked", MASKED), ("skipped", SKIPPED))}
    said = {
        **count, "tiles": f"{kinds.size:,}", "kv": keys_and_values(folded), "kv_all": keys_and_values(Folded(whole)),
        "blind": "The first query sees" if blind == 1 else f"The first {blind:,} queries see",
        "edge": edge(config.seq_q % config.block_m > 0, config.seq_k % config.block_n > 0),
    }  # fmt: skip
    return Causal(folded, kinds, blind, said)


def keys_and_values(folded: Folded) -> str:
    """Bytes of K and V that crossed."""
    return kib(sum(folded.final.get(tensor, 0) for tensor in "KV"))


def edge(rows_ragged: bool, keys_ragged: bool) -> str:
    """What is said of tiles that the matrix does not fill. Only keys beyond the edge need a mask."""
    return RAGGED.format(ragged="key tile", verb="is") if keys_ragged else " The last row block is ragged." if rows_ragged else ""


def cells_of(kinds: np.ndarray, kind: int, cross: Cross) -> list[Rect]:
    """Cells of the grid that hold this kind; a band of tiles of several kinds counts as masked."""
    found = []
    for row in range(cross.n_rows):
        for col in range(cross.n_cols):
            band = kinds[row * cross.band_rows : (row + 1) * cross.band_rows, col * cross.band_cols : (col + 1) * cross.band_cols]
            same = int(band.flat[0]) if (band == band.flat[0]).all() else MASKED
            if same == kind:
                found.append(cross.cell(row, col))
    return found


def point(cross: Cross, folded: Folded, row: float, col: float) -> tuple[float, float, float]:
    """Where query ``row`` and key ``col`` meet in the grid, which is drawn in whole tiles."""
    c, grid = folded.trace.config, cross.grid
    x = grid.x0 + grid.width * col / (cross.n_cols * cross.band_cols * c.block_n)
    y = grid.y1 - grid.height * row / (cross.n_rows * cross.band_rows * c.block_m)
    return (x, y, 0.0)


def limit(cross: Cross, folded: Folded) -> Sequence[tuple[float, float, float]]:
    """Ends of the limit: query r sees keys below r + 1 + N_k - N_q."""
    c = folded.trace.config
    first = max(0, c.seq_q - c.seq_k)
    return point(cross, folded, first, first + c.seq_k - c.seq_q), point(cross, folded, c.seq_q, c.seq_k)
