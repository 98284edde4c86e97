"""StandardAttentionScene: three kernels, and what each of them moves. What is shown, before it is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from flashviz.chapters.folded import one_head
from flashviz.chapters.rescale import SHORT
from flashviz.config import AttentionConfig
from flashviz.errors import ConfigError
from flashviz.figures import kib
from flashviz.layout import BAND_LIMIT
from flashviz.storyboard import Beat, crossed_bytes
from flashviz.trace import Kind, Trace

BEATS: tuple[Beat, ...] = (
    Beat("kernels", "Three kernels", 4.6, shot="standard", fresh=True, caption="Three kernels. HBM holds S, then P."),
    Beat("s-out", "S out", 9.6, shot="standard", caption="Kernel 1: scores S go out."),
    Beat("s-back", "S back, P out", 14.4, shot="standard", caption="Softmax needs whole rows: S comes back, P goes out."),
    Beat("p-back", "P back", 9.0, shot="standard", caption="Kernel 3: P comes back, O goes out."),
    Beat("bill", "The bill", 6.2, shot="standard", late=True, caption="Of {total} that crossed, {scores} were S and P."),
)  # fmt: skip
KERNELS = {"s-out": "S = Q K^top", "s-back": 'P = "softmax"(S)', "p-back": "O = P V"}
ENDS = (Kind.STORE_S, Kind.STORE_P, Kind.STORE_O)  # the last thing that each kernel does
STROKES = {"S out": Kind.STORE_S, "S back": Kind.LOAD_S, "P out": Kind.STORE_P, "P back": Kind.LOAD_P}
WAYS = {"Q": Kind.LOAD_Q, "K": Kind.LOAD_K, **STROKES, "V": Kind.LOAD_V, "O": Kind.STORE_O}  # all that crosses, in order


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
        """Bytes of each way, in order: all that crossed."""
        kinds, nbytes = self.trace.columns["kind"], self.trace.columns["nbytes"]
        return {name: int(nbytes[kinds == kind].sum()) for name, kind in WAYS.items()}

    def name(self, way: str) -> str:
        """What a part of the bar is called: K and V come once for each row of tiles."""
        return f"{way} × {self.config.row_blocks}" if way in "KV" and self.config.row_blocks > 1 else way

    @property
    def setting(self) -> str:
        """Of what problem these bytes are."""
        c = self.config
        keys = f" × {c.seq_k:,}" if c.seq_k != c.seq_q else ""
        return f"N = {c.seq_q:,}{keys}, d = {c.head_dim}, {SHORT[c.dtype]}"

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
    found = StandardAttention(trace, cuts)
    assert sum(found.moved.values()) == crossed_bytes(trace)
    return found
