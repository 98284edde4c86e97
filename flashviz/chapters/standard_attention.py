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
    Beat("kernels", "Three kernels", 4.8, shot="standard", late=True, along=True, caption="Three kernels: three launches on the GPU."),
    Beat("s-out", "S out", 10.6, shot="standard", late=True, along=True, caption="Kernel 1 makes S, tile by tile. S goes out to HBM."),
    Beat("s-back", "S back, P out", 9.4, shot="standard", late=True, along=True,
         caption="Kernel 2: softmax needs whole rows, so S comes back."),
    Beat("p-back", "P back", 8.4, shot="standard", late=True, along=True, caption="Kernel 3: P comes back and, with V, makes O."),
    Beat("bill", "The bill", 9.6, shot="standard", late=True, along=True, caption="Of {total} that crossed, {scores} were S and P."),
)  # fmt: skip
KERNELS = {"s-out": "S = Q K^top \\/ sqrt(d)", "s-back": 'P = "softmax"(S)', "p-back": "O = P V"}
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

    def name(self, way: str, passes: int | None = None) -> str:
        """What a part of the bar is called: K and V come once for each row of tiles, so often so far, or at the end."""
        times = self.config.row_blocks if passes is None else passes
        return f"{way} × {times}" if way in "KV" and times > 1 else way

    @property
    def settings(self) -> tuple[str, str]:
        """Of what problem these bytes are, and shorter."""
        c = self.config
        keys = f" × {c.seq_k:,}" if c.seq_k != c.seq_q else ""
        problem = f"N = {c.seq_q:,}{keys}, d = {c.head_dim}"
        return f"{problem}, {c.itemsize} bytes a number", f"{problem}, {SHORT[c.dtype]}"

    def amount(self, name: str) -> str:
        """A way's bytes, as they are written."""
        return kib(self.moved[name])

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of tiles that are shown: of many, one cell stands for several."""
        c = self.config
        rows, columns = -(-c.row_blocks // BAND_LIMIT), -(-c.col_blocks // BAND_LIMIT)
        return -(-c.row_blocks // rows), -(-c.col_blocks // columns)

    def passes(self, name: str, count: int) -> str:
        """What all of K or V comes for: a block of Q, or of P, each anew."""
        rows, blocks = {"K": "Q", "V": "P"}[name], self.config.row_blocks
        match count:
            case 1:
                return f"one block of {rows} needs all of {name}"
            case 2:
                return f"the next one: all of {name} again"
            case _:
                return f"block {count} of {blocks}: all of {name} again"

    def rows(self, name: str, block: int) -> slice:
        """Of Q, K, V or O, as they stand in one of the tiles that are shown."""
        c, (down, across) = self.config, self.grid
        high, bands, most = (c.block_m, down, c.seq_q) if name in "QO" else (c.block_n, across, c.seq_k)
        first = block * -(-most // (high * bands)) * high
        return slice(first, min(first + high, most))

    def scores(self, queries: slice, keys: slice = slice(None)) -> np.ndarray:
        """[queries, keys] S, float64; -inf where it is masked."""
        c, (q, k, _) = self.config, self.trace.inputs
        found = np.asarray(q[0, 0, queries].astype(np.float64) @ k[0, 0, keys].astype(np.float64).T * c.scale)
        if c.causal:
            row, col = np.arange(c.seq_q)[queries], np.arange(c.seq_k)[keys]
            found = np.where(row[:, None] + c.seq_k - c.seq_q >= col[None, :], found, -np.inf)
        return found

    def terms(self, queries: slice) -> np.ndarray:
        """[queries, all keys] exp of what a score is above the row's largest; 0 where it is masked."""
        found = self.scores(queries)
        top = found.max(axis=1, keepdims=True)
        return np.asarray(np.exp(found - np.where(np.isfinite(top), top, 0.0)))

    def output(self, queries: slice, keys: slice = slice(None)) -> np.ndarray:
        """[queries, d] O, or what these keys give of it, float64; 0 where a query sees no key."""
        terms = self.terms(queries)
        values = self.trace.inputs[2][0, 0, keys].astype(np.float64)
        return np.asarray(terms[:, keys] @ values / np.maximum(terms.sum(1, keepdims=True), 1e-300))

    @property
    def once(self) -> dict[str, int]:
        """Bytes of Q, K, V and O, each once."""
        return {way: nbytes // (self.config.row_blocks if way in "KV" else 1) for way, nbytes in self.moved.items() if way not in STROKES}

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
