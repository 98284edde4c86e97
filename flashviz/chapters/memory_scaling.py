"""MemoryScalingScene: what attention stores beyond Q, K and V as N doubles, and what was measured. Before it is drawn."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from flashviz.chapters.measured import Sweep
from flashviz.config import AttentionConfig
from flashviz.figures import MIB, times
from flashviz.forms import FLOAT32
from flashviz.inputs import make_inputs
from flashviz.storyboard import Beat

BEATS: tuple[Beat, ...] = (
    Beat("stored", "Standard attention", 5.0, shot="scaling", late=True, along=True,
         caption="Standard attention stores scores, weights and output."),
    Beat("flash", "FlashAttention", 4.6, shot="scaling", late=True, along=True,
         caption="FlashAttention stores O and one number a row: LSE."),
    Beat("lse", "LSE", 5.2, shot="scaling", late=True, along=True,
         caption="LSE: the log of a row's sum of exponentials, for training."),
    Beat("double", "Twice the tokens", 9.7, shot="scaling", late=True, along=True, caption="N doubles: S and P × 4, O × 2."),
    Beat("again", "Again and again", 7.6, shot="scaling", late=True, along=True, caption="And again, up to {n}."),
    Beat("fold", "The same area", 3.1, shot="scaling", late=True, along=True, caption="The same area, as a block."),
    Beat("gap", "The gap", 5.8, shot="scaling", late=True, along=True, caption="Without S and P: {flash} instead of {standard}."),
)  # fmt: skip
SIDES = {"standard": ("S", "P", "O"), "flash": ("flash O", "LSE")}  # what each stores
SEEN = 128  # rows and columns of a matrix that are drawn at most


@dataclass(frozen=True)
class MemoryScaling:
    """The measurement, what it is of, and what the captions say."""

    sweep: Sweep
    said: dict[str, str]

    @property
    def lengths(self) -> list[int]:
        """Each N that was measured, growing."""
        return [int(n) for n, _ in self.sweep.memory("standard")]

    @property
    def beats(self) -> tuple[Beat, ...]:
        """Two lengths double once."""
        return BEATS if len(self.lengths) > 2 else tuple(beat for beat in BEATS if beat.name != "again")

    @property
    def extra(self) -> float:
        """What FlashAttention was measured to hold besides O, as columns of O's numbers, at the longest."""
        n, most = self.sweep.memory("flash")[-1]
        return (most - stored_output(n, self.sweep)) / (self.sweep.heads * n * self.sweep.itemsize)

    def pictures(self, config: AttentionConfig) -> list[tuple[np.ndarray, np.ndarray]]:
        """S and P of each length, of one head: [rows, rows] of evenly spaced queries and keys. A shorter one begins a longer."""
        n, d = self.lengths[-1], self.sweep.d
        q, k, _ = make_inputs(replace(config, batch=1, heads=1, kv_heads=1, seq_q=n, seq_k=n, head_dim=d, causal=False))
        queries, keys = q[0, 0].astype(np.float32), k[0, 0].astype(np.float32)
        return [sampled(queries[:length], keys[:length]) for length in self.lengths]

    def bytes_at(self, method: str, index: int) -> str:
        """What was measured at a length, as it is written."""
        return mib(self.sweep.memory(method)[index][1])

    def total(self, parts: Mapping[str, int]) -> str:
        """Bytes of some parts together, each at its length."""
        return mib(sum(self.parts_at(index)[name] for name, index in parts.items()))

    @property
    def ratio(self) -> str:
        """How many times as much standard attention was measured to hold, at the longest."""
        most, least = (self.sweep.memory(method)[-1][1] for method in SIDES)
        return f"{times(most / least)} times less"

    def parts_at(self, index: int) -> dict[str, float]:
        """Bytes of each part at a length; what FlashAttention stores besides O is what is left of what was measured."""
        n, sweep = self.lengths[index], self.sweep
        scores, output = stored_scores(n, sweep) / 2, stored_output(n, sweep)
        return {"S": scores, "P": scores, "O": output, "flash O": output, "LSE": sweep.memory("flash")[index][1] - output}

    @property
    def notes(self) -> tuple[str, str]:
        """The problem, and the same shorter."""
        short = f"Measured: {self.sweep.heads} heads. Drawn: one, to scale."
        return f"{short} d = {self.sweep.d}; {self.sweep.itemsize} bytes a number, {FLOAT32} of LSE.", short


def mib(nbytes: float) -> str:
    """Measured bytes in one unit at every length, to three digits at least."""
    return f"{times(nbytes / MIB)} MiB"


def sampled(queries: np.ndarray, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """S and P of ``queries`` and ``keys`` [n, d], of which no more than SEEN rows and columns are kept."""
    at = np.linspace(0, len(keys), min(len(keys), SEEN), endpoint=False).astype(int)
    scores = queries[at] @ keys.T / math.sqrt(keys.shape[1])
    terms = np.exp(scores - scores.max(1, keepdims=True))
    return scores[:, at], (terms / terms.sum(1, keepdims=True))[:, at]


def stored_scores(n: float, sweep: Sweep) -> float:
    """Bytes of S and P: 2 H N^2 numbers."""
    return 2 * sweep.heads * n**2 * sweep.itemsize


def stored_output(n: float, sweep: Sweep) -> float:
    """Bytes of O: H N d numbers."""
    return sweep.heads * n * sweep.d * sweep.itemsize


def gather(sweep: Sweep) -> MemoryScaling:
    """From a measurement: peak memory of standard and of flash attention beyond the inputs, in bytes, against N."""
    (n, most), (_, least) = sweep.memory("standard")[-1], sweep.memory("flash")[-1]
    return MemoryScaling(sweep, {"n": f"N = {n:,.0f}", "standard": mib(most), "flash": mib(least)})
