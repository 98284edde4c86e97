"""ExactnessScene: how far off either output is, and why: scores are rounded on their way through HBM, or stay on chip."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from flashviz.config import AttentionConfig
from flashviz.errors import ConfigError
from flashviz.inputs import make_inputs, numpy_dtype
from flashviz.storyboard import Beat
from flashviz.trace import Trace, replay

BEATS: tuple[Beat, ...] = (
    Beat("outputs", "Both outputs", 3.1, shot="errors", late=True, along=True,
         caption="Is FlashAttention less exact?"),
    Beat("reference", "The reference", 3.6, shot="three outputs", late=True, along=True,
         caption="The reference: O computed in float64."),
    Beat("apart", "Against float64", 5.5, shot="three outputs", late=True, along=True,
         caption="Subtract it from both: nothing seems left."),
    Beat("magnify", "What is left", 4.6, shot="errors", late=True, along=True,
         caption="The errors, made {power} times brighter."),
    Beat("worst", "The largest error", 3.9, shot="errors", late=True, along=True,
         caption="Where does the largest error come from?"),
    Beat("stored", "One score stored", 4.8, shot="row errors", late=True, along=True,
         caption="Stored as {dtype}, a score is rounded."),
    Beat("scores", "Rounded scores", 3.5, shot="row errors", late=True, along=True,
         caption="And so is each score of the row."),
    Beat("weights", "Into weights", 6.0, shot="row errors", late=True, along=True,
         caption="Softmax weighs errors: one key gains, another loses."),
    Beat("times", "Times V", 4.0, shot="row errors", late=True, along=True,
         caption="Each is multiplied by its key's number in V."),
    Beat("sum", "Added up", 4.9, shot="row errors", late=True, along=True,
         caption="Added up over all keys: the ringed error of O."),
    Beat("exact", "Exact", 5.5, shot="largest errors", late=True, along=True,
         caption="Less exact? No: FlashAttention is nearer to float64."),
    Beat("equal", "Exact", 6.5, shot="largest errors", late=True, along=True,
         caption="Same formula, nothing left out: both only round."),
)  # fmt: skip
CAUSES = ("worst", "stored", "scores", "weights", "times", "sum")  # beats that lay standard attention's error to its S
SIDES = {"flash": "FlashAttention", "standard": "standard attention"}
MOSTLY = 2  # times the other's largest error: then most of a difference is one side's
EQUAL = 1.2  # times: errors that are no further apart are about equal
SEEN = 0.99  # of either's errors are below O's largest value when magnified
SIGNIFICAND = {"float16": 11, "bfloat16": 8, "float32": 24}  # bits, the leading one among them

Run = Callable[..., Any]
OutputOf = Callable[[AttentionConfig], np.ndarray]
Place = tuple[int, int, int, int]  # batch, head, row and column of an entry of O
Row = tuple[np.ndarray, np.ndarray]  # scores S [N_k] of a query, and its weights P [N_k]
RowOf = Callable[[AttentionConfig, np.ndarray], tuple[Place, dict[str, Row]]]


@dataclass(frozen=True)
class Followed:
    """The entry of O in which standard attention's largest error lies, and what its row is off by [N_k], by side: all against float64.

    Args:
        query: The row of O.
        column: The entry's place in it.
        exact: Each key's weight P in float64.
        stored: The score S that standard attention is furthest off with: in float64, as it is stored, and the next number of the dtype
            on the other side of it.
        scores: By how much each score S is too large.
        weights: The same of each weight P.
        values: V's column [N_k], which the weights are multiplied by.
        off: By how much the entry is too large.
    """

    query: int
    column: int
    exact: np.ndarray
    stored: tuple[float, float, float]
    scores: dict[str, np.ndarray]
    weights: dict[str, np.ndarray]
    values: np.ndarray
    off: dict[str, float]

    @property
    def products(self) -> dict[str, np.ndarray]:
        """What each key's product P V is off by [N_k]."""
        return {side: off * self.values for side, off in self.weights.items()}

    @property
    def sums(self) -> dict[str, np.ndarray]:
        """The same added up, key by key; last, what the entry is off by when it is stored, rounded [N_k + 1]."""
        return {side: np.append(off.cumsum(), self.off[side]) for side, off in self.products.items()}

    @property
    def key(self) -> int:
        """Whose score standard attention is furthest off with."""
        return int(np.abs(self.scores["standard"]).argmax())

    def foremost(self, count: int) -> list[int]:
        """The keys whose products standard attention is furthest off with."""
        return [int(key) for key in np.argsort(-np.abs(self.products["standard"]))[:count]]

    @property
    def most(self) -> float:
        """The largest size of all that is drawn."""
        drawn = (
            np.array(self.stored[1:]) - self.stored[0],
            *self.scores.values(),
            *self.weights.values(),
            *self.products.values(),
            *self.sums.values(),
        )
        return max(float(np.abs(each).max()) for each in drawn)


def on_chip(trace: Trace, place: Place) -> Row:
    """Of FlashAttention's trace: a query's scores, and what its weights come to when all rescaling is done; 0 where no tile came."""
    config, (b, h, row, _) = trace.config, place
    values = replay(trace, (row // config.block_m, b * config.heads + h))
    at = row - values.rows[0]
    s, p = np.full((2, config.col_blocks * config.block_n), [[-np.inf], [0.0]])
    for tile, j in enumerate(values.j):
        keys = slice(j * config.block_n, (j + 1) * config.block_n)
        rounded = values.p[tile, at].astype(numpy_dtype(config.dtype)).astype(np.float64)  # for the second product
        s[keys], p[keys] = values.s[tile, at], rounded * np.exp(values.m_new[tile, at] - values.m_new[-1, at]) / values.l_new[-1, at]
    return s[: config.seq_k], p[: config.seq_k]


def follow(config: AttentionConfig, outputs: dict[str, np.ndarray], truth: np.ndarray, trace: Trace, row_of: RowOf) -> Followed:
    """The row of O [B, H, N_q, d] in which standard attention is furthest off, of both algorithms."""
    place, rows = row_of(config, outputs["standard"])
    rows["flash"] = on_chip(trace, place)
    seen = np.isfinite(rows["truth"][0])
    scores, weights = ({side: np.zeros(config.seq_k) for side in SIDES} for _ in range(2))
    for side in SIDES:
        for each, mine, exact in zip((scores, weights), rows[side], rows["truth"], strict=True):
            each[side][seen] = mine[seen] - exact[seen]
    key = int(np.abs(scores["standard"]).argmax())
    s, rounded = (float(rows[side][0][key]) for side in ("truth", "standard"))
    b, h, query, column = place
    values = make_inputs(config)[2][b, h // config.group, :, column].astype(np.float64)
    off = {side: float(o[place] - truth[place]) for side, o in outputs.items()}
    return Followed(query, column, rows["truth"][1], (s, rounded, beyond(s, rounded, config)), scores, weights, values, off)


def beyond(exact: float, stored: float, config: AttentionConfig) -> float:
    """The number of the dtype that comes after ``stored``, on the other side of ``exact``."""
    dtype = numpy_dtype(config.dtype)
    return float(np.nextafter(np.asarray(stored, dtype), np.asarray(np.copysign(np.inf, exact - stored), dtype)))


@dataclass(frozen=True)
class Exactness:
    """The largest |O - float64 attention| of both algorithms, over all heads.

    Args:
        errors: By side.
        cause: The same of float64 attention whose S alone is rounded, as standard attention stores it.
        largest: O's largest value.
        followed: The row behind standard attention's.
        config: The problem.
        outputs: O [N_q, d] of the head in which the largest error lies, by side.
        truths: The same in float64 attention.
    """

    errors: dict[str, float]
    cause: float
    largest: float
    followed: Followed
    config: AttentionConfig
    outputs: dict[str, np.ndarray]
    truths: dict[str, np.ndarray]
    traces: tuple[Trace, ...]

    @property
    def dtype(self) -> str:
        """In which O is stored, and in standard attention S and P."""
        return self.config.dtype

    @property
    def narrow(self) -> bool:
        """Whether that is less than what is computed in."""
        return SIGNIFICAND[self.dtype] < SIGNIFICAND["float32"]

    @property
    def left(self) -> dict[str, np.ndarray]:
        """|O - float64 attention| [N_q, d] of those heads, as a share of the largest value of O."""
        return {side: np.abs(o - self.truths[side]) / self.largest for side, o in self.outputs.items()}

    @property
    def power(self) -> int:
        """The largest power of two by which errors may be magnified so that nearly all of either's stay below O's largest value."""
        most = max(float(np.quantile(left, SEEN)) or float(left.max()) for left in self.left.values())
        return int(2 ** max(0, math.floor(-math.log2(most))))

    @property
    def entries(self) -> int:
        """Numbers of O, in all heads."""
        config = self.config
        return config.batch * config.heads * config.seq_q * config.head_dim

    @property
    def decimals(self) -> int:
        """To three digits of the larger error: all that are seen have as many."""
        return max(0, 2 - math.floor(math.log10(max(self.errors.values()))))

    def written(self, value: float) -> str:
        """The size of an error."""
        return f"{abs(value):.{self.decimals}f}"

    def most(self, values: np.ndarray) -> str:
        """The largest size of some errors, or below what it is; 0 of none."""
        largest, least = float(np.abs(values).max(initial=0.0)), 10.0**-self.decimals
        return self.written(largest) if largest >= least or not len(values) else f"< {self.written(least)}"

    @property
    def smaller(self) -> float:
        """How many times smaller FlashAttention's error is."""
        return self.errors["standard"] / self.errors["flash"]

    @cached_property
    def beats(self) -> tuple[Beat, ...]:
        """An error is laid to S only where standard attention's is much the larger, and S stored alone makes as much."""
        caused = self.smaller > MOSTLY and self.cause > self.errors["standard"] / MOSTLY
        left_out = {"equal" if self.smaller >= EQUAL else "exact", *(() if caused else CAUSES)}
        return tuple(beat for beat in BEATS if beat.name not in left_out)


def gather(config: AttentionConfig, source: str | None, run: Run, truth_of: OutputOf, scores_stored: OutputOf, row_of: RowOf) -> Exactness:
    """Run both algorithms, and compare with float64 attention of the same inputs.

    Args:
        config: The problem.
        source: Kernel or twin, for FlashAttention.
        run: ``flashviz_kernels.recorder.run``.
        truth_of: ``flashviz_kernels.exactness.truth_of``.
        scores_stored: ``flashviz_kernels.exactness.scores_stored``.
        row_of: ``flashviz_kernels.exactness.row_furthest``.

    Raises:
        ConfigError: An error is zero or infinite: no bar can be drawn against another.
    """
    truth = truth_of(config)
    ran = {"flash": run(config, source=source, algorithm="fa2"), "standard": run(config, source="numpy", algorithm="standard")}
    outputs = {side: each.o.astype(np.float64) for side, each in ran.items()}
    errors = {side: float(np.abs(o - truth).max(initial=0.0)) for side, o in outputs.items()}
    for side, error in errors.items():
        if not 0 < error < math.inf:
            remedy = "more keys" if error == 0 else "a smaller scale"
            raise ConfigError(
                f"errors must be above 0 and finite to be drawn, got {error} of {SIDES[side]} in {config.dtype}; try {remedy}"
            )
    cause = float(np.abs(scores_stored(config) - truth).max())
    followed = follow(config, outputs, truth, ran["flash"].trace, row_of)
    worst = {side: np.unravel_index(int(np.abs(o - truth).argmax()), o.shape)[:2] for side, o in outputs.items()}
    return Exactness(
        errors, cause, float(np.abs(truth).max()), followed, config, {side: outputs[side][head] for side, head in worst.items()},
        {side: truth[head] for side, head in worst.items()},
        tuple(each.trace for each in ran.values()),
    )  # fmt: skip
