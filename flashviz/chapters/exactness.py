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
from flashviz.storyboard import Beat
from flashviz.trace import Trace

BEATS: tuple[Beat, ...] = (
    Beat("score", "One score", 4.6, shot="way", late=True, along=True, caption="Both compute the same score S on chip, in float32."),
    Beat("store", "Out to HBM", 6.0, shot="way", late=True, along=True,
         caption="Stored in HBM as {dtype}, it snaps to the nearest number."),
    Beat("back", "And back", 4.6, shot="way", late=True, along=True, caption="It comes back rounded, and so does every score."),
    Beat("apart", "Against float64", 6.6, shot="errors", late=True, along=True,
         caption="Subtract the reference, O in float64: nothing seems left."),
    Beat("magnify", "What is left", 5.2, shot="errors", late=True, along=True,
         caption="Magnify both {power} times, and their errors are seen."),
    Beat("exact", "Exact", 6.2, shot="errors", late=True, along=True, caption="Same formula, nothing left out: it only rounds, and less."),
    Beat("equal", "Exact", 6.2, shot="errors", late=True, along=True, caption="Same formula, nothing left out: both only round."),
)  # fmt: skip
CAUSES = ("score", "store", "back")  # beats that lay standard attention's error to its S
SIDES = {"flash": "FlashAttention", "standard": "standard attention"}
MOSTLY = 2  # times the other's largest error: then most of a difference is one side's
EQUAL = 1.2  # times: errors that are no further apart are about equal
SEEN = 0.99  # of FlashAttention's errors are below O's largest value when magnified
SIGNIFICAND = {"float16": 11, "bfloat16": 8, "float32": 24}  # bits, the leading one among them

Run = Callable[..., Any]
OutputOf = Callable[[AttentionConfig], np.ndarray]
ScoreOf = Callable[[AttentionConfig], tuple[float, float]]


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
        """By how much it is off, so that what is written adds up."""
        return abs(round(self.stored, self.decimals) - round(self.score, self.decimals))

    @property
    def neighbours(self) -> tuple[float, ...]:
        """The number of the dtype that the score becomes and those beside it, as far as their distance is this gap, the smallest first."""
        power = 2.0 ** math.floor(math.log2(abs(self.score)))
        near = (self.stored + each * self.gap for each in (-1, 0, 1))
        return tuple(each for each in near if power <= abs(each) <= 2 * power)

    def written(self, value: float) -> str:
        """A number near the score, or a difference of two."""
        return number(value, self.decimals)


@dataclass(frozen=True)
class Exactness:
    """The largest |O - float64 attention| of both algorithms, over all heads.

    Args:
        errors: By side.
        cause: The same of float64 attention whose S alone is rounded, as standard attention stores it.
        largest: O's largest value.
        score: One that is rounded as S is stored, and plainly to one side.
        outputs: O [N_q, d] of the head in which the largest error lies, by side.
        truths: The same in float64 attention.
    """

    errors: dict[str, float]
    cause: float
    largest: float
    score: Stored
    outputs: dict[str, np.ndarray]
    truths: dict[str, np.ndarray]
    traces: tuple[Trace, ...]

    @property
    def shares(self) -> dict[str, float]:
        """Each error as a share of the largest value of O."""
        return {side: error / self.largest for side, error in self.errors.items()}

    @property
    def left(self) -> dict[str, np.ndarray]:
        """|O - float64 attention| [N_q, d] of those heads, as a share of the largest value of O."""
        return {side: np.abs(o - self.truths[side]) / self.largest for side, o in self.outputs.items()}

    @property
    def power(self) -> int:
        """The largest power of two by which FlashAttention's errors may be magnified so that nearly all stay below O's largest value."""
        left = self.left["flash"]
        most = float(np.quantile(left, SEEN)) or float(left.max())
        return int(2 ** max(0, math.floor(-math.log2(most))))

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


def gather(
    config: AttentionConfig, source: str | None, run: Run, truth_of: OutputOf, scores_stored: OutputOf, score_rounded: ScoreOf
) -> Exactness:
    """Run both algorithms, and compare with float64 attention of the same inputs.

    Args:
        config: The problem.
        source: Kernel or twin, for FlashAttention.
        run: ``flashviz_kernels.recorder.run``.
        truth_of: ``flashviz_kernels.exactness.truth_of``.
        scores_stored: ``flashviz_kernels.exactness.scores_stored``.
        score_rounded: ``flashviz_kernels.exactness.score_rounded``.

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
    score = Stored(*score_rounded(config), config.dtype)
    worst = {side: np.unravel_index(int(np.abs(o - truth).argmax()), o.shape)[:2] for side, o in outputs.items()}
    return Exactness(
        errors, cause, float(np.abs(truth).max()), score, {side: outputs[side][head] for side, head in worst.items()},
        {side: truth[head] for side, head in worst.items()},
        tuple(each.trace for each in ran.values()),
    )  # fmt: skip
