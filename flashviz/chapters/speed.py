"""SpeedScene: less time and fewer bytes, as the paper measured them, and why: what either algorithm moves through one pipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from flashviz.citations import FIGURE_2
from flashviz.config import AttentionConfig
from flashviz.storyboard import Beat
from flashviz.trace import Kind, Trace

BEATS: tuple[Beat, ...] = (
    Beat("time", "Less time", 4.0, shot="speed", late=True, along=True, caption="As the paper measured it: less time."),
    Beat("bytes", "Fewer bytes", 4.9, shot="speed", late=True, along=True, caption="And fewer bytes go to and from HBM, the memory. Why?"),
    Beat("whole", "All the way", 11.6, shot="speed", late=True, along=True,
         caption="Standard attention: S goes out and back, and so does P."),
    Beat("short", "Done sooner", 10.2, shot="speed", late=True, along=True,
         caption="FlashAttention moves fewer bytes, so it is done sooner."),
    Beat("difference", "S and P", 6.4, shot="speed", late=True, along=True,
         caption="S and P, out and back: FlashAttention never moves them."),
)  # fmt: skip
SIDES = {"standard": "standard attention", "flash": "FlashAttention"}
ALGORITHMS = {"standard": "standard", "flash": "fa2"}  # of their forward passes
TIME, BYTES = "runtime", "HBM reads and writes"
WAYS = {f"{way}_{name}": (name, way == "STORE") for way in ("LOAD", "STORE") for name in "QKVOSP"}  # what crosses, and whether it goes out
WAYS["STORE_LSE"] = ("LSE", True)  # a number a row, that leaves with O


@dataclass(frozen=True)
class Figure:
    """One figure: as it is written, and its value."""

    text: str

    @property
    def value(self) -> float:
        """In the unit that it is written in."""
        return float(self.text.split()[0])

    @property
    def unit(self) -> str:
        return self.text.split()[1]


def quoted(what: str) -> dict[str, Figure]:
    """Standard attention's and FlashAttention's."""
    (row,) = [row for row in FIGURE_2.rows if row[0] == what]
    return {side: Figure(text) for side, text in zip(SIDES, row[1:], strict=True)}


@dataclass(frozen=True)
class Packet:
    """What a program moves of one matrix in one way: of Q and O row block ``i``, of K and V all key tiles, of S and P a row of tiles.

    ``start`` and ``stop``: bytes that have crossed before it, and with it.
    """

    tensor: str
    out: bool
    i: int
    start: int
    stop: int

    @property
    def part(self) -> tuple[str, bool]:
        """Of all bytes, those of one matrix in one way."""
        return self.tensor, self.out

    @property
    def middle(self) -> float:
        """Bytes that have crossed with half of it."""
        return (self.start + self.stop) / 2


@dataclass(frozen=True)
class Speed:
    """Traces of both forward passes."""

    traces: dict[str, Trace]

    @property
    def config(self) -> AttentionConfig:
        return self.traces["flash"].config

    @cached_property
    def packets(self) -> dict[str, list[Packet]]:
        """What crosses in either, in the order of its trace."""
        return {side: list(packets(trace)) for side, trace in self.traces.items()}

    @property
    def moved(self) -> dict[str, int]:
        """Bytes of either."""
        return {side: found[-1].stop for side, found in self.packets.items()}

    def weights(self, i: int) -> np.ndarray:
        """[rows, N] exp of a row block's scores above the row's largest, float64."""
        c, (q, k, _) = self.config, self.traces["flash"].inputs
        scores = q[0, 0, i * c.block_m : (i + 1) * c.block_m].astype(np.float64) @ k[0, 0].astype(np.float64).T * c.scale
        return np.asarray(np.exp(scores - scores.max(axis=1, keepdims=True)))

    def output(self, i: int) -> np.ndarray:
        """[rows, d] O of a row block, float64."""
        terms = self.weights(i)
        return np.asarray(terms @ self.traces["flash"].inputs[2][0, 0].astype(np.float64) / terms.sum(1, keepdims=True))


def packets(trace: Trace) -> Iterator[Packet]:
    """Bytes that each program of a trace moves of each matrix, in the order in which these are first touched."""
    sums: dict[tuple[int, int, str, bool], int] = {}
    rows = zip(*(trace.columns[name].tolist() for name in ("launch", "pid_m", "kind", "nbytes")), strict=True)
    for launch, i, kind, nbytes in rows:
        if Kind(kind).name in WAYS:
            key = (launch, i, *WAYS[Kind(kind).name])
            sums[key] = sums.get(key, 0) + nbytes
    crossed = 0
    for (_, i, tensor, out), nbytes in sums.items():
        yield Packet(tensor, out, i, crossed, crossed + nbytes)
        crossed += nbytes


def gather(run: Callable[..., Any]) -> Speed:
    """Traces of both forward passes of one head: ``flashviz_kernels.recorder.run``."""
    config = AttentionConfig()
    return Speed({side: run(config, source="numpy", algorithm=name, computed=range(0)).trace for side, name in ALGORITHMS.items()})
