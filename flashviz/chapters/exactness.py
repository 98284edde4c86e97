"""ExactnessScene: how far off either output is, and why: a score is rounded on its way through HBM, or stays on chip."""

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
    Beat("outputs", "Both outputs", 4.6, shot="errors", late=True, along=True,
         caption="Is FlashAttention less exact? Both O look the same."),
    Beat("apart", "Against float64", 4.4, shot="errors", late=True, along=True, caption="Subtract O in float64: nothing seems left."),
    Beat("magnify", "What is left", 4.6, shot="errors", late=True, along=True, caption="Magnified {power} times, both errors are seen."),
    Beat("worst", "The largest error", 4.2, shot="errors", late=True, along=True,
         caption="The largest error: where does it come from?"),
    Beat("score", "One score", 4.6, shot="way", late=True, along=True, caption="Follow one of the scores S behind it."),
    Beat("store", "Out to HBM", 4.4, shot="way", late=True, along=True, caption="Stored as {dtype}, it snaps to the nearest number."),
    Beat("back", "And back", 4.2, shot="way", late=True, along=True, caption="It comes back rounded, and so does every score."),
    Beat("entry", "Its entry of O", 6.4, shot="entry", late=True, along=True, caption="Softmax, times V: this entry of O is off, too."),
    Beat("exact", "Exact", 6.6, shot="errors", late=True, along=True, caption="Less exact? No: FlashAttention is nearer to float64."),
    Beat("equal", "Exact", 6.5, shot="errors", late=True, along=True, caption="Same formula, nothing left out: both only round."),
)  # fmt: skip
CAUSES = ("worst", "score", "store", "back", "entry")  # beats that lay standard attention's error to its S
SIDES = {"flash": "FlashAttention", "standard": "standard attention"}
MOSTLY = 2  # times the other's largest error: then most of a difference is one side's
EQUAL = 1.2  # times: errors that are no further apart are about equal
SEEN = 0.99  # of either's errors are below O's largest value when magnified
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
class Followed:
    """One score, to the end: it moves the entry of O in which standard attention's largest error lies most.

    Args:
        query: The row of O.
        column: The entry's place in it.
        key: Whose score it is.
        score: As it is, and stored.
        outputs: The entry, by side.
        truth: The same in float64 attention.
    """

    query: int
    column: int
    key: int
    score: Stored
    outputs: dict[str, float]
    truth: float

    @property
    def off(self) -> dict[str, float]:
        """What the entry is too large by, by side."""
        return {side: output - self.truth for side, output in self.outputs.items()}


def follow(config: AttentionConfig, outputs: dict[str, np.ndarray], truth: np.ndarray, row_of: RowOf) -> Followed:
    """The score that moves an entry of O most, where standard attention's [B, H, N_q, d] is furthest off; one that is plainly rounded."""
    place, scores = row_of(config, outputs["standard"])
    b, h, row, column = place
    stored = scores.astype(numpy_dtype(config.dtype)).astype(np.float64)
    v = make_inputs(config)[2][b, h // config.group, :, column].astype(np.float64)
    before, after = (np.exp(s - s.max()) for s in (scores, stored))
    moved = np.abs((after / after.sum() - before / before.sum()) * v)
    seen = np.isfinite(scores) & (scores != 0)
    gaps = 2.0 ** (np.floor(np.log2(np.abs(scores[seen]))) + 1 - SIGNIFICAND[config.dtype])
    plain = seen.copy()
    plain[seen] = np.abs(stored[seen] - scores[seen]) <= PLAINLY * gaps
    key = int(np.where(plain if plain.any() else seen, moved, -1.0).argmax())
    score = Stored(float(scores[key]), float(stored[key]), config.dtype)
    return Followed(row, column, key, score, {side: float(o[place]) for side, o in outputs.items()}, float(truth[place]))


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

    def written(self, value: float) -> str:
        """An entry of O or an error of it, to three digits of the larger error: all that are seen have as many decimals."""
        decimals = max(0, 2 - math.floor(math.log10(max(self.errors.values()))))
        return f"{round(value, decimals) + 0.0:.{decimals}f}".replace("-", "−")

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
    followed = follow(config, outputs, truth, row_of)
    worst = {side: np.unravel_index(int(np.abs(o - truth).argmax()), o.shape)[:2] for side, o in outputs.items()}
    return Exactness(
        errors, cause, float(np.abs(truth).max()), followed, {side: outputs[side][head] for side, head in worst.items()},
        {side: truth[head] for side, head in worst.items()},
        tuple(each.trace for each in ran.values()),
    )  # fmt: skip
