"""StandardAttentionScene: three kernels, and what each of them moves. What is shown, before it is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from flashviz.chapters.folded import one_head
from flashviz.config import AttentionConfig
from flashviz.errors import ConfigError
from flashviz.figures import kib
from flashviz.layout import BAND_LIMIT
from flashviz.storyboard import Beat, crossed_bytes
from flashviz.trace import Kind, Trace

BEATS: tuple[Beat, ...] = (
    Beat("kernels", "Three kernels", 5.6, shot="standard", fresh=True, caption="Three kernels. Between them HBM holds S, then P."),
    Beat("s-out", "S out", 8.6, shot="standard", caption="The first makes scores: S goes out."),
    Beat("s-back", "S back, P out", 14.4, shot="standard", caption="Softmax needs whole rows: S comes back, P goes out."),
    Beat("p-back", "P back", 7.6, shot="standard", caption="The third blends V: P comes back."),
    Beat("bill", "The bill", 6.4, shot="standard", late=True, caption="Of {total} that crossed, {scores} were S and P."),
)  # fmt: skip
KERNELS = {"s-out": "S = Q K^top", "s-back": 'P = "softmax"(S)', "p-back": "O = P V"}
ENDS = (Kind.STORE_S, Kind.STORE_P, Kind.STORE_O)  # the last thing that each kernel does
STROKES = {"S out": Kind.STORE_S, "S back": Kind.LOAD_S, "P out": Kind.STORE_P, "P back": Kind.LOAD_P}
REST = "Q, K, V, O"


@dataclass(frozen=True)
class StandardAttention:
    """A standard trace cut into its kernels: events ``cuts[n]`` to ``cuts[n + 1]`` are the n-th's."""

    trace: Trace
    cuts: tuple[int, ...]

    @property
    def config(self) -> AttentionConfig:
        return self.trace.config

    @property
    def moved(self) -> dict[str, int]:
        """Bytes of each way of S and of P, in order, and of all else."""
        kinds, nbytes = self.trace.columns["kind"], self.trace.columns["nbytes"]
        ways = {name: int(nbytes[kinds == kind].sum()) for name, kind in STROKES.items()}
        return ways | {REST: crossed_bytes(self.trace) - sum(ways.values())}

    def amount(self, name: str) -> str:
        """A way's bytes, as they are written."""
        return kib(self.moved[name])

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of tiles that are shown: of many, one cell stands for several."""
        c = self.config
        rows, columns = -(-c.row_blocks // BAND_LIMIT), -(-c.col_blocks // BAND_LIMIT)
        return -(-c.row_blocks // rows), -(-c.col_blocks // columns)

    @property
    def said(self) -> dict[str, str]:
        """What the captions say."""
        moved = self.moved
        return {"scores": kib(sum(moved[name] for name in STROKES)), "total": kib(sum(moved.values()))}


def gather(config: AttentionConfig, run: Callable[..., Any]) -> StandardAttention:
    """Record standard attention of one head, and find where each of its kernels ends.

    Args:
        run: ``flashviz_kernels.recorder.run``.

    Raises:
        ConfigError: There is no key.
    """
    config = one_head(config)
    if config.seq_k == 0:
        raise ConfigError("seq_k must be at least 1 for this chapter, got 0; there is no score to store")
    trace = run(config, source="numpy", algorithm="standard", computed=range(0)).trace
    kinds = trace.columns["kind"]
    cuts = (0, *(int(np.flatnonzero(kinds == end)[-1]) + 1 for end in ENDS))
    assert all(first < after for first, after in pairwise(cuts))
    return StandardAttention(trace, cuts)
