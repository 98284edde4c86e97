"""StandardAttentionScene: three kernels, and what each of them moves."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from flashviz.figures import amount, kib
from flashviz.storyboard import Beat, crossed_bytes
from flashviz.trace import Kind, Trace, state_at

BEATS: tuple[Beat, ...] = (
    Beat("kernels", "Three kernels", 7, fresh=True, caption=
         "Standard attention is three kernels. Between them HBM holds what they hand on."),
    Beat("s-out", "S out", 14, still=1.2, caption="The first computes the scores and writes every tile of S to HBM: {stored}."),
    Beat("p-out", "S back, P out", 10, still=1.2, caption="Softmax reads S back, whole rows at a time, and writes P: {stored} again."),
    Beat("o-out", "P back, O out", 10, still=1.2, caption=
         "The third reads P back to blend V. Of {total} that crossed, {scores} were S and P."),
    Beat("pause", "Question", 4, pause=True, still=0.0, caption="Why can softmax not be done where the tile is: on the chip?"),
    Beat("obstacle", "The obstacle", 13, fresh=True, caption=
         "Softmax divides by a sum over the whole row: one tile alone does not know it. So S waits in HBM."),
)  # fmt: skip
KERNELS = ("S = Q K^top", 'P = "softmax"(S)', "O = P V")
ENDS = (Kind.STORE_S, Kind.STORE_P, Kind.STORE_O)  # the last thing that each kernel does


@dataclass(frozen=True)
class StandardAttention:
    """A standard trace cut into its kernels: events ``cuts[n]`` to ``cuts[n + 1]`` are the n-th's."""

    trace: Trace
    cuts: tuple[int, ...]
    said: dict[str, str]


def gather(trace: Trace) -> StandardAttention:
    """Where each kernel of a standard trace ends, and what the captions say."""
    kinds = trace.columns["kind"]
    cuts = (0, *(int(np.flatnonzero(kinds == end)[-1]) + 1 for end in ENDS))
    assert all(first < after for first, after in pairwise(cuts))
    state = state_at(trace, len(trace))
    stored = [state.hbm_written[t] for t in "SP"]
    moved = sum(stored) + sum(state.hbm_read[t] for t in "SP")
    assert stored[0] == stored[1]
    return StandardAttention(trace, cuts, {"stored": amount(stored[0]), "scores": kib(moved), "total": kib(crossed_bytes(trace))})
