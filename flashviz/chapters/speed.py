"""SpeedScene: less time and fewer bytes, as the paper measured them, and why: what either algorithm makes, and what it waits for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from flashviz.chapters.backward import products
from flashviz.citations import FIGURE_2
from flashviz.config import AttentionConfig
from flashviz.storyboard import Beat
from flashviz.trace import Kind, Trace

BEATS: tuple[Beat, ...] = (
    Beat("time", "Less time", 4.9, shot="speed", late=True, along=True, caption="As the paper measured it: less time."),
    Beat("bytes", "Fewer bytes", 5.2, shot="speed", late=True, along=True, caption="And fewer bytes go to and from HBM, the memory. Why?"),
    Beat("out", "S out", 8.6, shot="speed", late=True, along=True, caption="Standard attention: all of S goes out to HBM."),
    Beat("back", "And back", 6.4, shot="speed", late=True, along=True, caption="S comes back. Then P goes out, and P comes back."),
    Beat("scores", "Never out", 9.6, shot="speed", late=True, along=True,
         caption="FlashAttention uses each tile at once. None leaves the chip."),
    Beat("again", "Made again", 7.2, shot="speed", late=True, along=True,
         caption="One product more, but no wait for S or P."),
)  # fmt: skip
SIDES = {"standard": "standard attention", "flash": "FlashAttention"}
ALGORITHMS = {"standard": "standard", "flash": "fa2"}  # of their forward passes
TIME, BYTES = "runtime", "HBM reads and writes"
CROSSING = {"STORE_S": "S out", "LOAD_S": "S back", "STORE_P": "P out", "LOAD_P": "P back"}  # by what a trace calls it
MADE = {"QK_DOT": "S", "PV_DOT": "O"}
WAYS = {f"{way}_{name}": (name, way == "STORE") for way in ("LOAD", "STORE") for name in "QKVOSP"}  # what crosses, and whether it goes out


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
class Step:
    """One of what an algorithm does with whole matrices: a product makes ``name``, or one is waited for that goes out or comes back."""

    name: str
    what: Literal["product", "wait", "again"]
    forward: bool


@dataclass(frozen=True)
class Crossing:
    """One tile that crosses: of Q and O row block ``i``, of K and V key tile ``j``, of S and P both."""

    tensor: str
    out: bool
    i: int
    j: int


@dataclass(frozen=True)
class Speed:
    """Traces of both forward passes, and what either does with whole matrices, backward too."""

    traces: dict[str, Trace]
    steps: dict[str, tuple[Step, ...]]

    @property
    def config(self) -> AttentionConfig:
        return self.traces["flash"].config

    def crossings(self, side: str) -> list[Crossing]:
        """Tiles of Q, K, V, O, S and P, in the order in which they cross."""
        columns = self.traces[side].columns
        rows = zip(columns["kind"].tolist(), columns["i"].tolist(), columns["j"].tolist(), strict=True)
        return [Crossing(*WAYS[Kind(kind).name], i, j) for kind, i, j in rows if Kind(kind).name in WAYS]

    def weights(self, i: int) -> np.ndarray:
        """[rows, N] exp of a row block's scores above the row's largest, float64."""
        c, (q, k, _) = self.config, self.traces["flash"].inputs
        scores = q[0, 0, i * c.block_m : (i + 1) * c.block_m].astype(np.float64) @ k[0, 0].astype(np.float64).T * c.scale
        return np.asarray(np.exp(scores - scores.max(axis=1, keepdims=True)))

    def output(self, i: int, tiles: int) -> np.ndarray:
        """[rows, d] O of a row block as its first key tiles alone would have it, float64."""
        seen = slice(0, tiles * self.config.block_n)
        terms = self.weights(i)[:, seen]
        return np.asarray(terms @ self.traces["flash"].inputs[2][0, 0, seen].astype(np.float64) / terms.sum(1, keepdims=True))


def forward(trace: Trace) -> Iterator[Step]:
    """What a forward pass makes of whole matrices and where it waits for S or P, each once, in the order of its trace."""
    for name in (Kind(code).name for code in dict.fromkeys(trace.columns["kind"].tolist())):
        if name in MADE:
            yield Step(MADE[name], "product", forward=True)
        elif name in CROSSING:
            yield Step(CROSSING[name], "wait", forward=True)


def backward(made: list[str], *, kept: bool) -> Iterator[Step]:
    """The backward pass: P was kept in HBM and comes back, or S is made again; then gradients."""
    again, *gradients = made
    yield Step("P back", "wait", forward=False) if kept else Step(again, "again", forward=False)
    yield from (Step(name, "product", forward=False) for name in gradients)


def gather(run: Callable[..., Any]) -> Speed:
    """Traces of both forward passes of one head, and what the backward pass makes of a pair of tiles.

    Args:
        run: ``flashviz_kernels.recorder.run``.
    """
    config = AttentionConfig()
    traces = {side: run(config, source="numpy", algorithm=name, computed=range(0)).trace for side, name in ALGORITHMS.items()}
    one = AttentionConfig(seq_q=config.block_m, seq_k=config.block_n)
    made = products(run(one, source="numpy", algorithm="backward").trace)
    return Speed(traces, {side: (*forward(traces[side]), *backward(made, kept=side == "standard")) for side in SIDES})
