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
    Beat("time", "Less time", 3.7, shot="speed", late=True, along=True, caption="As the paper measured it: less time."),
    Beat("bytes", "Fewer bytes", 5.5, shot="speed", late=True, along=True, caption="And fewer bytes go to and from HBM, the memory. Why?"),
    Beat("whole", "All the way", 5.9, shot="speed", late=True, along=True,
         caption="Standard attention: each tile of S goes out to HBM."),
    Beat("tile", "Used at once", 7.4, shot="speed", late=True, along=True,
         caption="FlashAttention: each tile goes into O and is dropped."),
    Beat("pace", "The same pace", 4.9, shot="speed", late=True, along=True,
         caption="The same bytes so far: the pipe sets the pace."),
    Beat("short", "Done sooner", 4.8, shot="speed", late=True, along=True,
         caption="FlashAttention moves fewer bytes, so it is done sooner."),
    Beat("rest", "S and P on their way", 4.8, shot="speed", late=True, along=True,
         caption="Standard attention still moves S and P, out and back."),
    Beat("difference", "S and P", 9.1, shot="speed", late=True, along=True,
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
    """A tile that crosses: a block of rows of Q or O, of keys of K or V, or one of S or P.

    ``launch``, ``i``, ``j``: of which kernel, for which row block, of which key tile (-1 for none).
    ``start`` and ``stop``: bytes that have crossed before it, and with it.
    """

    tensor: str
    out: bool
    launch: int
    i: int
    j: int
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

    @property
    def tile(self) -> int:
        """Bytes of a block of Q, which are those of any tile."""
        return next(each.stop - each.start for each in self.packets["flash"] if each.tensor == "Q")

    @cached_property
    def output(self) -> np.ndarray:
        """[N, d] O, float64."""
        q, k, v = (each[0, 0].astype(np.float64) for each in self.traces["flash"].inputs)
        scores = q @ k.T * self.config.scale
        weights = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(weights @ v / weights.sum(1, keepdims=True))


def packets(trace: Trace) -> Iterator[Packet]:
    """What each program of a trace loads and stores, tile by tile."""
    crossed = 0
    for launch, i, j, kind, nbytes in zip(*(trace.columns[name].tolist() for name in ("launch", "i", "j", "kind", "nbytes")), strict=True):
        if Kind(kind).name in WAYS:
            yield Packet(*WAYS[Kind(kind).name], launch, i, j, crossed, crossed + nbytes)
            crossed += nbytes


def gather(run: Callable[..., Any]) -> Speed:
    """Traces of both forward passes of one head: ``flashviz_kernels.recorder.run``."""
    config = AttentionConfig()
    return Speed({side: run(config, source="numpy", algorithm=name, computed=range(0)).trace for side, name in ALGORITHMS.items()})
