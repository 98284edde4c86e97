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
        "needs", "The backward pass needs P", 4.5, shot="training", late=True, along=True,
        caption="Standard attention keeps P: V's gradient dV needs it.",
    ),
    Beat(
        "twice", "Twice the N", 3.9, shot="training", late=True, along=True,
        caption="Twice the tokens: four times the P.",
    ),
    Beat(
        "ask", "What gives P back?", 4.2, shot="training", late=True, along=True,
        caption="FlashAttention keeps no P. What gives it back?",
    ),
    Beat(
        "inputs", "What is still there", 3.7, shot="training", late=True, along=True,
        caption="Q and K are still there.",
    ),
    Beat(
        "scores", "A row of scores again", 3.3, shot="one row", late=True, along=True,
        caption="A row of scores can be made again.",
    ),
    Beat(
        "row", "LSE of a row", 5.5, shot="one row", late=True, along=True,
        caption="Missing: the sum of the row's exp(S). LSE is its log.",
    ),
    Beat(
        "weights", "The row again", 6.8, shot="one row", late=True, along=True,
        caption="Scores and LSE give back all weights of the row.",
    ),
    Beat(
        "keep", "What is kept", 3.9, shot="training", late=True, along=True,
        caption="Kept in place of P: LSE, one number a row.",
    ),
    Beat(
        "tile", "One tile again", 4.3, shot="training", late=True, along=True,
        caption="P is made again. The price: S is computed twice.",
    ),
    Beat(
        "back", "Used, and dropped", 8.4, shot="training", late=True, along=True,
        caption="Each tile adds to V's gradient dV, and is dropped.",
    ),
    Beat(
        "idea", "The idea", 5.2, shot="two sides", late=True, along=True,
        caption="Keep one number a row, and make P again.",
    ),
)  # fmt: skip
LENGTHS = (1, 2, 4)  # times as many queries and keys
KEPT = {"standard": "P", "flash": "LSE"}  # by each side
SHARED = ("Q", "K", "V", "O")  # by both
WHOLE = 100  # from which on a number is written without decimals
SEEN, LARGE = 0.01, 0.2  # of a row: a weight that is told from nothing, and one that is told from all others


@dataclass(frozen=True)
class Row:
    """One query's scores.

    Args:
        at: Which row of the first head it is.
        scores: [keys] Q K^T / sqrt(d), -inf where the query does not see the key.
    """

    at: int
    scores: np.ndarray

    @cached_property
    def terms(self) -> np.ndarray:
        """[keys] e^S."""
        return np.asarray(np.exp(self.scores))

    @property
    def total(self) -> float:
        return float(self.terms.sum())

    @property
    def lse(self) -> float:
        """log of the sum of e^S: never below the largest score."""
        return float(np.log(self.total))

    @property
    def weights(self) -> np.ndarray:
        """[keys] e^(S - LSE)."""
        return np.asarray(np.exp(self.scores - self.lse))

    @property
    def key(self) -> int:
        """The one with the largest score."""
        return int(self.scores.argmax())

    @property
    def said(self) -> dict[str, str]:
        """Its numbers. The difference and the term are those of what is written, so that they can be checked by hand."""
        score, lse = round(float(self.scores[self.key]), 2), round(self.lse, 2)
        numbers = {"score": score, "LSE": lse, "difference": score - lse, "weight": float(self.weights[self.key])}
        counts = {"term": float(np.exp(score)), "sum": self.total}
        whole = {name: f"{value:,.0f}" if value >= WHOLE else number(value, 2) for name, value in counts.items()}
        return {name: number(value, 2) for name, value in numbers.items()} | whole


@dataclass(frozen=True)
class Tile:
    """One tile of the first head, float32: what it is made again of.

    Args:
        place: Row block and key tile.
        s: [rows, keys] Q K^T / sqrt(d), -inf where a query does not see a key.
        lse: [rows] of whole rows, as the forward pass wrote it.
        largest: [rows] the largest weight of the whole row.
    """

    place: tuple[int, int]
    s: np.ndarray
    lse: np.ndarray
    largest: np.ndarray

    @cached_property
    def p(self) -> np.ndarray:
        """[rows, keys] e^(S - LSE); of a row that sees no key, 0."""
        return np.asarray(np.exp(self.s - np.where(np.isinf(self.lse), np.inf, self.lse)[:, None].astype(np.float32)))


@dataclass(frozen=True)
class TrainingMemory:
    """Traces of one layer's forward pass.

    Args:
        standard: P is written whole, and the backward pass reads it.
        flash: LSE is written, and the backward pass makes P of it again.
        row: One, whose LSE is taken.
        tile: The one with that row, made again.
        weights: [rows, keys] P of the first head.
    """

    standard: Trace
    flash: Trace
    row: Row
    tile: Tile
    weights: np.ndarray

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

    def width_of(self, name: str) -> int:
        """Bytes of one of P's numbers, or of LSE's."""
        return self.sizes[name] // self.count_of(name)

    @property
    def order(self) -> list[tuple[int, int]]:
        """Row block and key tile of all tiles: down one key tile after another, as the backward kernel goes, from the one that is shown."""
        return [self.tile.place, *(each for each in down(self.config) if each != self.tile.place)]

    def count_of(self, name: str) -> int:
        """How many numbers P has, or LSE, of all heads."""
        c = self.config
        return c.batch * c.heads * c.seq_q * (c.seq_k if name == "P" else 1)

    @property
    def heads(self) -> str:
        """Of how many heads the bytes are."""
        heads = self.config.batch * self.config.heads
        return "one head" if heads == 1 else f"{heads} heads"


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
    scores = scores_of(config, flash)
    weights = softmax(scores)
    rows, keys, place = first(config, weights)
    lse = run(config, source="numpy", algorithm="fa2", computed=range(place[0], place[0] + 1)).lse[0, 0, rows]
    tile = Tile(place, scores[rows, keys], np.asarray(lse, np.float32), weights[rows].max(1))
    at = rows.start + telling(weights[rows])
    return TrainingMemory(standard, flash, Row(at, scores[at].astype(np.float64)), tile, weights)


def scores_of(config: AttentionConfig, trace: Trace) -> np.ndarray:
    """[rows, keys] of the first head, float32."""
    q, k = (each[0, 0].astype(np.float32) for each in trace.inputs[:2])
    scores = np.asarray(q @ k.T * np.float32(config.scale))
    sees = np.arange(config.seq_q)[:, None] + config.seq_k - config.seq_q >= np.arange(config.seq_k)
    return np.where(sees, scores, np.float32(-np.inf)) if config.causal else scores


def down(config: AttentionConfig) -> list[tuple[int, int]]:
    """Row block and key tile of each tile: all of a key tile's, then the next one's."""
    return [(i, j) for j in range(config.col_blocks) for i in range(config.row_blocks)]


def first(config: AttentionConfig, weights: np.ndarray) -> tuple[slice, slice, tuple[int, int]]:
    """Rows, keys and place of the first tile that has a weight."""
    c = config
    parts = {(i, j): (slice(i * c.block_m, (i + 1) * c.block_m), slice(j * c.block_n, (j + 1) * c.block_n)) for i, j in down(c)}
    place = next(each for each in parts if weights[parts[each]].any())
    return *parts[place], place


def telling(weights: np.ndarray) -> int:
    """The row that has the most weights to be seen, of those with a large one if there are any."""
    seen, largest = (weights > SEEN).sum(1), weights.max(1)
    return int(np.where(largest >= min(LARGE, largest.max()), seen, -1).argmax())


def softmax(scores: np.ndarray) -> np.ndarray:
    """[rows, keys] weights; of a row that sees no key, 0."""
    top = scores.max(1, keepdims=True)
    terms = np.exp(scores - np.where(np.isfinite(top), top, 0.0))
    return np.asarray(terms / np.maximum(terms.sum(1, keepdims=True), np.finfo(np.float32).tiny))
