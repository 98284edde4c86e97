"""ScoreScene: what a score is, for one query and one key of a trace. What is shown, before it is drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from flashviz.chapters.rescale import Rescale
from flashviz.storyboard import Beat

BEATS: tuple[Beat, ...] = (
    Beat("pair", "A query and a key", 6.2, shot="pair", late=True, caption="A query and a key: {d} numbers each."),
    Beat("products", "Their products", 6.2, shot="pair", late=True, caption="Number by number, they are multiplied."),
    Beat("stack", "One number", 7.0, shot="pair", late=True, caption="The {d} products stack into one number."),
    Beat("scale", "The score", 5.8, shot="pair", late=True, caption="Divided by {divisor}: that is one score."),
)


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
    def divisor(self) -> str:
        """1 / scale; where that is the root of d, it is said so."""
        if self.scale == 0:
            return "∞"
        divided, d = f"{1 / self.scale:.4g}", len(self.q)
        return f"{divided} = √{d}" if math.isclose(self.scale * math.sqrt(d), 1) else divided


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
