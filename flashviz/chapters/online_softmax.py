"""OnlineSoftmaxScene: one row of scores, tile by tile; pairs (m, l) merge in any order to the same result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np

from flashviz.chapters.figure import SOURCES
from flashviz.citations import ONLINE_SOFTMAX
from flashviz.config import AttentionConfig
from flashviz.errors import ConfigError
from flashviz.figures import number, total
from flashviz.storyboard import Beat, follow_in
from flashviz.trace import Trace, replay

BEATS: tuple[Beat, ...] = (
    Beat("row", "One row", 7, fresh=True, still=2.0, caption=
         "One row of scores: {keys} keys in {tiles} tiles. Softmax needs its max m and its sum ℓ."),
    Beat("passes", "Three passes", 15, still=1.2, caption=
         "As it is written, softmax goes over the row three times: for the max, the sum, the quotient."),
    Beat("merge", "Pairs merge", 10, fresh=True, still=4.0, caption=
         "But part of a row is known by its own pair (m, ℓ), and two pairs merge into one."),
    Beat("online", "One pass", 13, fresh=True, still=1.2, caption=
         "So one pass is enough: m and ℓ are those of all keys so far. The quotient waits until the end."),
    Beat("shuffled", "Another order", 13, fresh=True, still=1.2, caption=
         "The same tiles in another order: another path, the same m = {m} and ℓ = {l}{rounded}."),
)  # fmt: skip
PASSES = ("m = inline(max_j) s_j", "ell = inline(sum_j) e^(s_j - m)", "p_j = e^(s_j - m) thin slash thin ell")
MERGE = ("m = max(m_1, m_2)", "ell = ell_1 thin e^(m_1 - m) + ell_2 thin e^(m_2 - m)")
CITATION = f"{ONLINE_SOFTMAX.short}, arXiv {ONLINE_SOFTMAX.arxiv}, section 3.1: the merge is associative and commutative"

Run = Callable[..., Any]


class Pair(NamedTuple):
    """Max m of some scores and l, the sum of e^(s - m) over them."""

    m: float
    l: float

    @property
    def written(self) -> tuple[str, str]:
        """m and l as they stand on screen."""
        return number(self.m), total(self.l)


def pair_of(scores: np.ndarray) -> Pair:
    """(m, l) of scores [keys], in float64; of none that is finite: (-inf, 0)."""
    scores = np.asarray(scores, dtype=np.float64)
    m = float(np.max(scores, initial=-np.inf))
    return Pair(m, float(np.exp(scores - m).sum()) if np.isfinite(m) else 0.0)


def merge(one: Pair, other: Pair) -> Pair:
    """m = max(m1, m2), l = l1 e^(m1 - m) + l2 e^(m2 - m) (Milakov & Gimelshein 2018, section 3.1)."""
    m = max(one.m, other.m)
    if not np.isfinite(m):
        return Pair(m, 0.0)
    return Pair(m, one.l * float(np.exp(one.m - m)) + other.l * float(np.exp(other.m - m)))


@dataclass(frozen=True)
class OnlineSoftmax:
    """The followed row.

    ``tiles``: its scores, one array [keys] a tile that its program visits. ``path``: the trace's m and l after each of them.
    ``order``: the tiles shuffled; ``shuffled``: m and l after each in that order, merged in float64.
    """

    trace: Trace
    row: int  # of Q
    tiles: tuple[np.ndarray, ...]
    path: tuple[Pair, ...]
    order: tuple[int, ...]
    shuffled: tuple[Pair, ...]
    said: dict[str, str]

    @property
    def beats(self) -> tuple[Beat, ...]:
        """Where the row has one tile there is no other order."""
        return BEATS if len(self.tiles) > 1 else tuple(beat for beat in BEATS if beat.name != "shuffled")

    @property
    def results(self) -> tuple[str, str, str]:
        """What each of the three passes finds: m, l, and the largest weight, e^0 / l."""
        m, denominator = self.path[-1].written
        largest = 1 / self.path[-1].l if self.path[-1].l else 0.0
        return f"m = {m}", f"ℓ = {denominator}", f"max p = {number(largest)}"

    def note(self, *, merged: bool = False) -> str:
        """Which row of which problem, and who computed m and l: the trace's source, or ``merge``."""
        c = self.trace.config
        origin = "merged in float64" if merged else SOURCES[self.trace.header.source]
        return f"row {self.row:,} of S, N = {c.seq_q:,}, d = {c.head_dim}, {c.inputs} inputs; m and ℓ: {origin}"


def gather(config: AttentionConfig, source: str | None, run: Run) -> OnlineSoftmax:
    """The followed row's scores in its tiles, what the trace carried after each, and another order.

    Args:
        run: ``flashviz_kernels.recorder.run``.

    Raises:
        ConfigError: There is no key.
    """
    if config.seq_k == 0:
        raise ConfigError("seq_k must be at least 1 for a softmax, got 0; there is nothing to attend to")
    trace = run(config, source=source, algorithm="fa2").trace
    chosen = follow_in(trace)
    values, row = replay(trace, chosen.program), chosen.row
    tiles = tuple(values.s[t, row, : len(values.k[t])].astype(np.float64) for t in range(len(values.j)))
    path = tuple(Pair(float(values.m_new[t, row]), float(values.l_new[t, row])) for t in range(len(tiles)))
    order = shuffled_order(len(tiles), config.seed)
    merged = tuple(accumulate((pair_of(tiles[t]) for t in order), merge))
    m, denominator = path[-1].written
    rounded = "" if merged[-1].written == path[-1].written else " but for float32 rounding"
    seen = sum(int(np.isfinite(tile).sum()) for tile in tiles)
    said = {"keys": f"{seen:,}", "tiles": f"{len(tiles):,}", "m": m, "l": denominator, "rounded": rounded}
    return OnlineSoftmax(trace, chosen.program[0] * config.block_m + row, tiles, path, order, merged, said)


def shuffled_order(count: int, seed: int) -> tuple[int, ...]:
    """0..count-1 in another order, where there is one."""
    generator = np.random.default_rng(seed)
    order: Sequence[int] = range(count)
    while count > 1 and list(order) == list(range(count)):
        order = generator.permutation(count).tolist()
    return tuple(order)
