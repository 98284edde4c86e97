"""ExactnessScene: both outputs and their difference, how far each is from float64, where standard attention rounds more, every dtype."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, get_args

import numpy as np

from flashviz.config import AttentionConfig, DType
from flashviz.errors import ConfigError
from flashviz.figures import number
from flashviz.palette import spread
from flashviz.storyboard import Beat
from flashviz.trace import Trace

BEATS: tuple[Beat, ...] = (
    Beat("outputs", "Two outputs", 6.6, shot="outputs", late=True, along=True, caption="Same inputs, two algorithms. The same output O?"),
    Beat("speckle", "What is left", 4.8, shot="outputs", late=True, along=True, caption="No difference is visible: magnify it."),
    Beat("truth", "The truth", 6.4, shot="outputs", late=True, along=True,
         caption="Which is off? Compare with float64: 16 digits, not {digits}."),
    Beat("why", "Where it comes from", 8.4, shot="stored", late=True, along=True,
         caption="Only standard attention rounds the scores S to {dtype}."),
    Beat("gap", "What rounding costs", 10.0, shot="gap", late=True, along=True,
         caption="A score snaps to the nearest {dtype}. That moves O."),
    Beat("dtypes", "Every dtype", 7.0, shot="rulers", late=True, along=True,
         caption="More digits, smaller errors, with either algorithm."),
    Beat("exact", "Exact", 6.4, shot="rulers", late=True, along=True,
         caption="Same formula: fewer stored roundings, smaller error."),
)  # fmt: skip
CAUSES = ("why", "gap")  # beats that lay standard attention's error to its S
NAMES = ("standard attention", "FlashAttention")
SHORT = ("standard", "flash")
MOSTLY = 2  # times the other's largest error: then most of a difference is one side's
EQUAL = 1.2  # times: errors that are no further apart are about equal
SIGNIFICAND = {"float16": 11, "bfloat16": 8, "float32": 24}  # bits, the leading one among them

Run = Callable[..., Any]
OutputOf = Callable[[AttentionConfig], np.ndarray]
ScoreOf = Callable[[AttentionConfig], tuple[float, float]]


@dataclass(frozen=True)
class Errors:
    """The largest error of O in one dtype by both algorithms.

    Args:
        cause: The largest error of float64 attention whose S alone is rounded, as standard attention stores it.
        largest: O's largest value.
    """

    dtype: str
    errors: tuple[float, float]
    cause: float
    largest: float

    @property
    def digits(self) -> int:
        """How many decimal digits a number of the dtype has, about."""
        return round(SIGNIFICAND[self.dtype] * math.log10(2))

    @property
    def shares(self) -> tuple[float, ...]:
        """Each error as a share of the largest value of O."""
        return tuple(error / self.largest for error in self.errors)

    @property
    def caused(self) -> float:
        """The cause's error as a share of the largest value of O."""
        return self.cause / self.largest

    @property
    def smaller(self) -> float:
        """How many times smaller FlashAttention's error is."""
        standard, flash = self.errors
        return standard / flash

    @property
    def apart(self) -> bool:
        """Whether both errors are further apart than what is called about equal."""
        return max(self.smaller, 1 / self.smaller) >= EQUAL


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
    def off(self) -> float:
        return abs(self.stored - self.score)

    @property
    def term_off(self) -> float:
        """By what share the score's term e^s is off."""
        return abs(math.expm1(self.stored - self.score))

    @property
    def neighbours(self) -> tuple[float, ...]:
        """Numbers of the dtype about the score, as far as their distance is this gap: two at either side, the smallest first."""
        first, power = math.floor(abs(self.score) / self.gap) - 1, 2.0 ** math.floor(math.log2(abs(self.score)))
        near = [(first + each) * self.gap for each in range(4)]
        return tuple(sorted(math.copysign(each, self.score) for each in near if power <= each <= 2 * power))

    def written(self, value: float) -> str:
        """A number near the score, with a digit more than tells two of the dtype apart."""
        return number(value, max(0, math.ceil(-math.log10(self.gap))) + 1)


@dataclass(frozen=True)
class Exactness:
    """Outputs of the first head, float64 [N_q, d], how far they are from the truth, and the largest errors of every dtype."""

    standard: np.ndarray
    flash: np.ndarray
    off: tuple[np.ndarray, ...]  # |O - truth| of both algorithms
    errors: tuple[Errors, ...]  # by dtype, the coarsest first, the settings' own among them
    own: int  # which
    score: Stored  # which moves furthest as S is stored in the settings' dtype
    traces: tuple[Trace, ...]

    @property
    def beats(self) -> tuple[Beat, ...]:
        """An error is laid to S only where standard attention's is much the larger, and S stored alone makes as much."""
        own = self.errors[self.own]
        said = own.smaller > MOSTLY and own.cause > own.errors[0] / MOSTLY
        return tuple(beat for beat in BEATS if beat.name not in CAUSES or said)

    @property
    def apart(self) -> np.ndarray:
        """|standard - flash|."""
        return np.asarray(np.abs(self.standard - self.flash))

    @property
    def ramp(self) -> tuple[float, float]:
        """Where the ramp of colour begins and ends."""
        return spread(self.standard)

    @property
    def magnified(self) -> int:
        """How far the difference is."""
        return magnification(self.apart, self.ramp)


def magnification(apart: np.ndarray, ramp: tuple[float, float]) -> int:
    """The largest power of two that leaves all but the outermost percent of a difference that is above 0 on a ramp; 1 where none is."""
    low, high = ramp
    above = apart[apart > 0]
    return int(2 ** max(0, math.floor(math.log2((high - low) / np.percentile(above, 99))))) if above.size else 1


def gather(
    config: AttentionConfig, source: str | None, run: Run, truth_of: OutputOf, scores_stored: OutputOf, most_rounded: ScoreOf
) -> Exactness:
    """Run both algorithms in every dtype, and compare with float64 attention of the same inputs.

    Args:
        config: The problem; only its dtype is varied.
        source: Kernel or twin, for FlashAttention.
        run: ``flashviz_kernels.recorder.run``.
        truth_of: ``flashviz_kernels.exactness.truth_of``.
        scores_stored: ``flashviz_kernels.exactness.scores_stored``.
        most_rounded: ``flashviz_kernels.exactness.score_most_rounded``.

    Raises:
        ConfigError: An error is zero or infinite: a logarithm has no place for it.
    """
    found, traces, own = [], [], 0
    pictures: tuple[np.ndarray, ...] = ()
    for index, dtype in enumerate(sorted(get_args(DType), key=lambda each: SIGNIFICAND[each])):
        problem = replace(config, dtype=dtype)
        truth = truth_of(problem)
        outputs = [run(problem, source=where, algorithm=name) for where, name in (("numpy", "standard"), (source, "fa2"))]
        values = [each.o.astype(np.float64) for each in outputs]
        found.append(errors_of(dtype, values, truth, partial(scores_stored, problem)))
        traces += [each.trace for each in outputs]
        if dtype == config.dtype:
            own = index
            pictures = (*(each[0, 0] for each in values), truth[0, 0])
    standard, flash, truth = pictures
    check("the difference", config.dtype, float(np.abs(standard - flash).max()))
    off = tuple(np.abs(each - truth) for each in (standard, flash))
    return Exactness(standard, flash, off, tuple(found), own, Stored(*most_rounded(config), config.dtype), tuple(traces))


def errors_of(dtype: str, values: list[np.ndarray], truth: np.ndarray, scores_stored: Callable[[], np.ndarray]) -> Errors:
    """Largest distances from the truth over all heads, which must have a logarithm."""
    errors = [float(np.abs(each - truth).max(initial=0.0)) for each in values]
    for name, error in zip(NAMES, errors, strict=True):
        check(name, dtype, error)
    first, second = errors
    return Errors(dtype, (first, second), float(np.abs(scores_stored() - truth).max()), float(np.abs(truth).max()))


def check(name: str, dtype: str, error: float) -> None:
    """Raises ConfigError where an error cannot be drawn."""
    if not 0 < error < math.inf:
        remedy = "more keys" if error == 0 else "a smaller scale"
        raise ConfigError(f"errors must be above 0 and finite to be drawn, got {error} of {name} in {dtype}; try {remedy}")
