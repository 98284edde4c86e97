"""ExactnessScene: a score is rounded on its way through HBM or stays on chip, and how far off that leaves either output."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from flashviz.config import AttentionConfig
from flashviz.errors import ConfigError
from flashviz.figures import number
from flashviz.inputs import make_inputs, numpy_dtype
from flashviz.storyboard import Beat
from flashviz.trace import Trace

BEATS: tuple[Beat, ...] = (
    Beat("score", "One score", 4.3, shot="way", late=True, along=True, caption="Is FlashAttention approximate? Follow one score S."),
    Beat("store", "Out to HBM", 4.6, shot="way", late=True, along=True, caption="Stored as {dtype}, it snaps to the nearest number."),
    Beat("back", "And back", 4.2, shot="way", late=True, along=True, caption="It comes back rounded, and so does every score."),
    Beat("weight", "Its weight", 5.4, shot="softmax", late=True, along=True, caption="Softmax of the rounded row: its weight is off, too."),
    Beat("row", "Its row of O", 5.5, shot="moved", late=True, along=True, caption="Times V: this key changes every entry of a row of O."),
    Beat("keys", "All keys", 7.8, shot="keys", late=True, along=True, caption="The other keys change it, too. All add up."),
    Beat("apart", "Against float64", 5.4, shot="errors", late=True, along=True, caption="Subtract O in float64: nothing seems left."),
    Beat("magnify", "What is left", 4.6, shot="errors", late=True, along=True, caption="Magnified {power} times, both errors are seen."),
    Beat("exact", "Exact", 6.8, shot="largest", late=True, along=True,
         caption="Nothing is left out: FlashAttention only rounds, and less."),
    Beat("equal", "Exact", 6.5, shot="largest", late=True, along=True, caption="Same formula, nothing left out: both only round."),
)  # fmt: skip
CAUSES = ("score", "store", "back", "weight", "row", "keys")  # beats that lay standard attention's error to its S
SIDES = {"flash": "FlashAttention", "standard": "standard attention"}
MOSTLY = 2  # times the other's largest error: then most of a difference is one side's
EQUAL = 1.2  # times: errors that are no further apart are about equal
SEEN = 0.99  # of either's errors are below O's largest value when magnified
WEIGHT_DECIMALS = 4  # that are written of a weight
PLAINLY = 0.45  # of the way to the next number at most: a score that is rounded to no side by accident
SIGNIFICAND = {"float16": 11, "bfloat16": 8, "float32": 24}  # bits, the leading one among them

Run = Callable[..., Any]
OutputOf = Callable[[AttentionConfig], np.ndarray]
Place = tuple[int, int, int, int]  # batch, head, row and column of an entry of O
RowOf = Callable[[AttentionConfig, np.ndarray], tuple[Place, np.ndarray]]


@dataclass(frozen=True)
class Stored:
    """A score, and what is left of it in a dtype."""

    score: float
    stored: float
    dtype: str

    @property
    def gap(self) -> float:
        """From one number of the dtype to the next, where the score is."""
        return float(2.0 ** (math.floor(math.log2(abs(self.score))) + 1 - SIGNIFICAND[self.dtype]))

    @property
    def decimals(self) -> int:
        """That are written of it: two more than tell two numbers of the dtype apart."""
        return max(0, math.ceil(-math.log10(self.gap))) + 2

    @property
    def off(self) -> float:
        """What it is too large by, so that what is written adds up."""
        return round(self.stored, self.decimals) - round(self.score, self.decimals)

    @property
    def neighbours(self) -> tuple[float, ...]:
        """The number of the dtype that the score becomes and those beside it, as far as their distance is this gap, the smallest first."""
        power = 2.0 ** math.floor(math.log2(abs(self.score)))
        near = (self.stored + each * self.gap for each in (-1, 0, 1))
        return tuple(each for each in near if power <= abs(each) <= 2 * power)

    @property
    def apart(self) -> str:
        """The gap in words: a power of two."""
        return f"1/{1 / self.gap:,.0f}" if self.gap < 1 else f"{self.gap:,.0f}"

    def written(self, value: float) -> str:
        """A number near the score, or a difference of two."""
        return number(value, self.decimals)


@dataclass(frozen=True)
class Weight:
    """exp(score - most) / total, by which a key's row of V counts."""

    score: float
    most: float
    total: float

    @property
    def weight(self) -> float:
        return math.exp(self.score - self.most) / self.total


@dataclass(frozen=True)
class Followed:
    """One score, to the end: in the row of O in which standard attention's largest error lies, it moves that entry most.

    Args:
        query: The row.
        key: Whose score it is.
        score: As it is, and stored.
        weights: What softmax makes of it, by side: of the row's scores, and of the rounded ones.
        values: The key's row of V [d].
        off: Standard attention's O - float64 attention in this row [d].
    """

    query: int
    key: int
    score: Stored
    weights: dict[str, Weight]
    values: np.ndarray
    off: np.ndarray

    @property
    def by(self) -> float:
        """What standard attention's weight is too large by."""
        return self.weights["standard"].weight - self.weights["flash"].weight

    @property
    def by_in_words(self) -> str:
        """So that it is the difference of both weights as they are written, with its sign."""
        before, after = (round(each.weight, WEIGHT_DECIMALS) for each in self.weights.values())
        return number(after - before, WEIGHT_DECIMALS)

    @property
    def share(self) -> np.ndarray:
        """By which this key alone moves the row of O [d]."""
        return self.by * self.values

    @property
    def rest(self) -> np.ndarray:
        """By which all other keys, and what else is rounded, move it [d]."""
        return np.asarray(self.off - self.share)


def follow(config: AttentionConfig, o: np.ndarray, truth: np.ndarray, row_of: RowOf) -> Followed:
    """The score that moves an entry of O [B, H, N_q, d] most, where this is furthest from the truth; one that is plainly rounded."""
    (b, h, row, column), scores = row_of(config, o)
    stored = scores.astype(numpy_dtype(config.dtype)).astype(np.float64)
    v = make_inputs(config)[2][b, h // config.group].astype(np.float64)
    rows = {"flash": scores, "standard": stored}
    most = {side: s.max() for side, s in rows.items()}
    terms = {side: np.exp(s - most[side]) for side, s in rows.items()}
    before, after = (each / each.sum() for each in terms.values())
    seen = np.isfinite(scores) & (scores != 0)
    gaps = 2.0 ** (np.floor(np.log2(np.abs(scores[seen]))) + 1 - SIGNIFICAND[config.dtype])
    plain = seen.copy()
    plain[seen] = np.abs(stored[seen] - scores[seen]) <= PLAINLY * gaps
    key = int(np.where(plain if plain.any() else seen, np.abs((after - before) * v[:, column]), -1.0).argmax())
    weights = {side: Weight(float(s[key]), float(most[side]), float(terms[side].sum())) for side, s in rows.items()}
    score = Stored(float(scores[key]), float(stored[key]), config.dtype)
    return Followed(row, key, score, weights, v[key], (o - truth)[b, h, row])


@dataclass(frozen=True)
class Exactness:
    """The largest |O - float64 attention| of both algorithms, over all heads.

    Args:
        errors: By side.
        cause: The same of float64 attention whose S alone is rounded, as standard attention stores it.
        largest: O's largest value.
        followed: One score, from S to O.
        outputs: O [N_q, d] of the head in which the largest error lies, by side.
        truths: The same in float64 attention.
    """

    errors: dict[str, float]
    cause: float
    largest: float
    followed: Followed
    outputs: dict[str, np.ndarray]
    truths: dict[str, np.ndarray]
    traces: tuple[Trace, ...]

    @property
    def dtype(self) -> str:
        """In which O is stored, and in standard attention S and P."""
        return self.followed.score.dtype

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
    def worst(self) -> dict[str, float]:
        """In float64 attention, the entry of O in which either's largest error lies."""
        return {side: float(self.truths[side].flat[int(left.argmax())]) for side, left in self.left.items()}

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
    followed = follow(config, outputs["standard"], truth, row_of)
    worst = {side: np.unravel_index(int(np.abs(o - truth).argmax()), o.shape)[:2] for side, o in outputs.items()}
    return Exactness(
        errors, cause, float(np.abs(truth).max()), followed, {side: outputs[side][head] for side, head in worst.items()},
        {side: truth[head] for side, head in worst.items()},
        tuple(each.trace for each in ran.values()),
    )  # fmt: skip
