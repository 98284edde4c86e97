"""ScoreScene: what a score is, for one query and one key of a trace. What is shown, before it is drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from flashviz.chapters.rescale import Rescale
from flashviz.config import AttentionConfig
from flashviz.inputs import make_inputs
from flashviz.storyboard import Beat

BEATS: tuple[Beat, ...] = (
    Beat("pair", "A query and a key", 3.8, shot="pair", late=True, along=True, caption="A query and a key: {d} numbers each."),
    Beat("products", "Their products", 4.8, shot="pair", late=True, along=True, caption="Number by number, they are multiplied."),
    Beat("stack", "One number", 4.6, shot="pair", late=True, along=True, caption="The {d} products stack into one number."),
    Beat("scale", "The score", 4.0, shot="pair", late=True, along=True, caption="Divided by {divisor}: that is one score."),
    Beat("spread", "Why the root", 5.0, shot="pair", late=True, along=True,
         caption="Why √{d}? Sums of {d} random products spread by √{d}."),
    Beat("weights", "Undivided", 5.2, shot="pair", late=True, along=True,
         caption="Softmax of undivided sums: a random key takes {most}."),
    Beat("divided", "Divided", 5.0, shot="pair", late=True, along=True,
         caption="Divided by √{d}: no random key takes more than {less}."),
    Beat("match", "A real match", 6.5, shot="pair", late=True, along=True,
         caption="A real match still wins: the pair's score takes {match}."),
)  # fmt: skip
ROOT = ("spread", "weights", "divided", "match")  # beats that tell why it is the root of d
KEYS = 48  # random ones, of one random query


@dataclass(frozen=True)
class Score:
    """The followed row's query and the key of its largest score: in the tile that raises its max, where one does.

    Args:
        query: Which row of Q.
        key: Which row of K.
        q: [d] float64.
        k: [d] float64.
        score: The trace's own.
        scale: What the sum is multiplied by.
    """

    query: int
    key: int
    q: np.ndarray
    k: np.ndarray
    score: float
    scale: float

    @property
    def products(self) -> np.ndarray:
        """[d] q_c k_c."""
        return np.asarray(self.q * self.k)

    @property
    def by_root(self) -> bool:
        """Whether the sum is divided by the root of d."""
        return math.isclose(self.scale * math.sqrt(len(self.q)), 1)

    @property
    def divisor(self) -> str:
        """1 / scale; where that is the root of d, it is said so."""
        if self.scale == 0:
            return "∞"
        divided = f"{1 / self.scale:.4g}"
        return f"{divided} = √{len(self.q)}" if self.by_root else divided

    @property
    def beats(self) -> tuple[Beat, ...]:
        """Why it is the root is told where it is."""
        return tuple(beat for beat in BEATS if beat.name not in ROOT or self.by_root)


def score_of(found: Rescale) -> Score:
    """The pair out of the row that the films follow."""
    config, values, row = found.trace.config, found.values, found.row
    scores = np.where(np.isfinite(values.s[:, row]), values.s[:, row], -np.inf)  # [T, B_c]
    t = found.t if found.rises else int(scores.max(1).argmax())
    column = int(scores[t].argmax())
    return Score(
        query=found.chosen.program[0] * config.block_m + row,
        key=int(values.j[t]) * config.block_n + column,
        q=np.asarray(values.q[row], np.float64),
        k=np.asarray(values.k[t][column], np.float64),
        score=float(scores[t, column]),
        scale=config.scale,
    )


def spread_of(config: AttentionConfig) -> np.ndarray:
    """[KEYS, d + 1] sums of the first c products of a standard normal query with each of as many keys: their variance is c."""
    q, k, _ = make_inputs(replace(config, inputs="gaussian", batch=1, heads=1, kv_heads=1, seq_q=1, seq_k=KEYS))
    return np.pad(np.cumsum(q[0, 0].astype(np.float64) * k[0, 0].astype(np.float64), axis=1), ((0, 0), (1, 0)))


def softmax(scores: np.ndarray) -> np.ndarray:
    """[n] e^s over the sum of all: what part each key has of the whole weight, which is 1."""
    terms = np.exp(scores - scores.max())
    return np.asarray(terms / terms.sum())
