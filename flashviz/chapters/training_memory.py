"""TrainingMemoryScene: what waits between the forward and the backward pass of a training step. Before it is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from flashviz.config import AttentionConfig
from flashviz.errors import ConfigError
from flashviz.figures import number
from flashviz.storyboard import Beat
from flashviz.trace import Trace, traffic

BEATS: tuple[Beat, ...] = (
    Beat(
        "layer", "One layer", 6.8, shot="one layer", late=True, along=True,
        caption="The backward pass needs P: keep it, or make it again?",
    ),
    Beat(
        "forward", "The forward pass", 6.0, shot="training", late=True, along=True,
        caption="Layer by layer this is kept for the backward pass.",
    ),
    Beat(
        "scores", "One tile again", 7.0, shot="remade", late=True, along=True,
        caption="Going back, Q and K make the scores of a tile again.",
    ),
    Beat(
        "back", "The backward pass", 9.2, shot="remade", late=True, along=True,
        caption="Score minus its row's LSE, then exp: the stored weight.",
    ),
    Beat(
        "twice", "Twice the N", 5.6, shot="training", late=True, along=True,
        caption="Twice the tokens: four times the P, twice the LSE.",
    ),
    Beat(
        "idea", "And again", 7.0, shot="training", late=True, along=True,
        caption="Keep one number a row, and make P again.",
    ),
)  # fmt: skip
LAYERS = 3  # that are drawn, equal ones
LENGTHS = (1, 2, 4)  # times as many queries and keys
KEPT = {"standard": "P", "flash": "LSE"}  # by each side
SHARED = ("Q", "K", "V", "O")  # by both
SEEN = 0.01  # of a row: a weight that is told from nothing
QUARTER = 0.25  # of a row: a weight that is neither nothing nor all of it


@dataclass(frozen=True)
class Tile:
    """One tile of the first head, float32: what it is made again of, and what it was.

    Args:
        place: Row block and key tile.
        q: [rows, d].
        k: [keys, d].
        s: [rows, keys] Q K^T / sqrt(d), -inf where a query does not see a key.
        lse: [rows] of whole rows, as the forward pass wrote it.
        stored: [rows, keys] weights as standard attention stores them: of stored scores, in the inputs' dtype.
    """

    place: tuple[int, int]
    q: np.ndarray
    k: np.ndarray
    s: np.ndarray
    lse: np.ndarray
    stored: np.ndarray

    @cached_property
    def p(self) -> np.ndarray:
        """[rows, keys] e^(S - LSE); of a row that sees no key, 0."""
        return np.asarray(np.exp(self.s - np.where(np.isinf(self.lse), np.inf, self.lse)[:, None].astype(np.float32)))

    @cached_property
    def entry(self) -> tuple[int, int]:
        """Row and key of the weight nearest to a quarter: one that is reckoned."""
        row, key = np.unravel_index(int(np.abs(self.p - QUARTER).argmin()), self.p.shape)
        return int(row), int(key)

    @property
    def said(self) -> dict[str, str]:
        """Its numbers. The difference is that of what is written, so that it can be checked by hand."""
        score, lse = round(float(self.s[self.entry]), 2), round(float(self.lse[self.entry[0]]), 2)
        numbers = {"score": score, "LSE": lse, "difference": score - lse, "weight": self.p[self.entry], "stored": self.stored[self.entry]}
        return {name: number(float(value), 2) for name, value in numbers.items()}


@dataclass(frozen=True)
class TrainingMemory:
    """Traces of one layer's forward pass.

    Args:
        standard: P is written whole, and the backward pass reads it.
        flash: LSE is written, and the backward pass makes P of it again.
        tile: One that is made again.
    """

    standard: Trace
    flash: Trace
    tile: Tile

    @property
    def config(self) -> AttentionConfig:
        return self.flash.config

    @cached_property
    def sizes(self) -> dict[str, int]:
        """Bytes of each matrix of one layer, all heads: inputs, and outputs as the traces wrote them."""
        inputs = dict(zip("QKV", (each.nbytes for each in self.flash.inputs), strict=True))
        flash = traffic(self.flash).written
        return {**inputs, "O": flash["O"], "P": traffic(self.standard).written["P"], "LSE": flash["LSE"]}

    def bytes_of(self, name: str, n: float = 1) -> float:
        """Bytes of a matrix of one layer, with ``n`` times as many queries and keys: a number of P is a pair of them."""
        return self.sizes[name] * (n * n if name == "P" else n)

    @property
    def each(self) -> dict[str, int]:
        """Bytes of one number of P and of LSE."""
        c = self.config
        rows = c.batch * c.heads * c.seq_q
        return {"P": self.sizes["P"] // (rows * c.seq_k), "LSE": self.sizes["LSE"] // rows}

    @property
    def units(self) -> list[str]:
        """What N numbers are of: the first line says all, the last what fits everywhere."""
        c = self.config
        heads = "one head" if c.batch * c.heads == 1 else f"{c.batch * c.heads} heads"
        return [f"a layer: {heads}, d = {c.head_dim}, {c.dtype}", f"{heads}, d = {c.head_dim}, {c.dtype}", f"d = {c.head_dim}, {c.dtype}"]


def gather(config: AttentionConfig, run: Callable[..., Any]) -> TrainingMemory:
    """Events of both forward passes; values of one row block.

    Args:
        run: ``flashviz_kernels.recorder.run``.

    Raises:
        ConfigError: There is no key.
    """
    if config.seq_k == 0:
        raise ConfigError("seq_k must be at least 1 for a film, got 0; there is nothing to attend to")
    standard, flash = (run(config, source="numpy", algorithm=name, computed=range(0)).trace for name in ("standard", "fa2"))
    return TrainingMemory(standard, flash, remade(config, flash, run))


def remade(config: AttentionConfig, flash: Trace, run: Callable[..., Any]) -> Tile:
    """The tile of the first head that has the most weights to be seen."""
    c = config
    q, k = (each[0, 0] for each in flash.inputs[:2])
    scores = q.astype(np.float32) @ k.astype(np.float32).T * np.float32(c.scale)
    if c.causal:
        scores = np.where(np.arange(c.seq_q)[:, None] + c.seq_k - c.seq_q >= np.arange(c.seq_k), scores, np.float32(-np.inf))
    stored = softmax(scores.astype(q.dtype).astype(np.float32)).astype(q.dtype).astype(np.float32)
    places = [(i, j) for i in range(c.row_blocks) for j in range(c.col_blocks)]
    parts = {(i, j): (slice(i * c.block_m, (i + 1) * c.block_m), slice(j * c.block_n, (j + 1) * c.block_n)) for i, j in places}
    place = max(places, key=lambda each: int((stored[parts[each]] > SEEN).sum()))
    rows, keys = parts[place]
    lse = run(config, source="numpy", algorithm="fa2", computed=range(place[0], place[0] + 1)).lse[0, 0, rows]
    return Tile(place, *(np.asarray(each, np.float32) for each in (q[rows], k[keys], scores[rows, keys], lse, stored[rows, keys])))


def softmax(scores: np.ndarray) -> np.ndarray:
    """[rows, keys] weights; of a row that sees no key, 0."""
    top = scores.max(1, keepdims=True)
    terms = np.exp(scores - np.where(np.isfinite(top), top, 0.0))
    return np.asarray(terms / np.maximum(terms.sum(1, keepdims=True), np.finfo(np.float32).tiny))
