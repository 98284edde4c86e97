"""ExactnessScene: both outputs and their difference, how far each is from float64, and the rounding of each dtype beside it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, get_args

import numpy as np

from flashviz.config import AttentionConfig, DType
from flashviz.errors import ConfigError
from flashviz.figures import SUPERSCRIPT, roughly
from flashviz.palette import spread
from flashviz.storyboard import Beat
from flashviz.trace import Trace

BEATS: tuple[Beat, ...] = (
    Beat("outputs", "Two outputs", 6.2, shot="outputs", late=True, along=True, caption="Same inputs, two algorithms. The same O?"),
    Beat("speckle", "What is left", 4.6, shot="outputs", late=True, along=True, caption="Nothing visible is left: magnify it."),
    Beat("truth", "The truth", 5.6, shot="outputs", late=True, along=True, caption="Which of the two is off? Compare both with float64."),
    Beat("ruler", "The largest", 5.2, shot="rulers", late=True, along=True, caption="The largest error of each becomes a dot."),
    Beat("mark", "What rounding costs", 5.2, shot="rulers", late=True, along=True, caption="The mark: rounding a number to {dtype}, once."),
    Beat("why", "Where it comes from", 5.0, shot="rulers", late=True, along=True,
         caption="Standard attention rounds S and P, too, as it stores them."),
    Beat("dtypes", "Other dtypes", 9.2, shot="rulers", late=True, along=True,
         caption="16 bits round what is stored, float32 rounds every step."),
    Beat("exact", "Exact", 5.6, shot="rulers", late=True, along=True,
         caption="The error is the rounding of the dtype, in both methods."),
)  # fmt: skip
NAMES = ("standard attention", "FlashAttention")
SHORT = ("standard", "flash")
CAUSE = ("float64, S and P rounded", "S and P rounded", "S, P rounded")
MOSTLY = 2  # times the other's largest error: then most of a difference is one side's
SIGNIFICAND = {"float16": 11, "bfloat16": 8, "float32": 24}  # bits, the leading one among them

Run = Callable[..., Any]
OutputOf = Callable[[AttentionConfig], np.ndarray]


@dataclass(frozen=True)
class Errors:
    """The largest error of O in one dtype by both algorithms.

    Args:
        cause: The largest error of float64 attention whose S and P alone are rounded, as they are stored.
        largest: O's largest value.
    """

    dtype: str
    errors: tuple[float, float]
    cause: float
    largest: float

    @property
    def unit(self) -> float:
        """The most that rounding to the dtype costs, relative to what is rounded."""
        return 2.0 ** -SIGNIFICAND[self.dtype]

    @property
    def every_step(self) -> bool:
        """Whether both algorithms reckon in the dtype: every step is rounded to it, not only what is stored."""
        return self.dtype == "float32"

    @property
    def mark(self) -> str:
        """The unit in words."""
        return f"2{str(-SIGNIFICAND[self.dtype]).translate(SUPERSCRIPT)}"

    @property
    def shares(self) -> tuple[float, ...]:
        """Each error as a share of the largest value of O."""
        return tuple(error / self.largest for error in self.errors)

    @property
    def times(self) -> tuple[str, ...]:
        """Each share in units of the rounding."""
        return tuple(roughly(share / self.unit) for share in self.shares)

    @property
    def caused(self) -> float:
        """The cause's error as a share of the largest value of O."""
        return self.cause / self.largest


@dataclass(frozen=True)
class Exactness:
    """Outputs of the first head, float64 [N_q, d], how far they are from the truth, and the largest errors of every dtype."""

    standard: np.ndarray
    flash: np.ndarray
    off: tuple[np.ndarray, ...]  # |O - truth| of both algorithms
    errors: tuple[Errors, ...]  # by dtype, the coarsest first, the settings' own among them
    own: int  # which
    traces: tuple[Trace, ...]

    @property
    def beats(self) -> tuple[Beat, ...]:
        """Nothing is said of S and P unless standard attention alone is beyond the mark, nor in float32, in which sums are rounded too."""
        own = self.errors[self.own]
        standard, flash = own.shares
        said = standard > max(own.unit, MOSTLY * flash) and not own.every_step
        return tuple(beat for beat in BEATS if beat.name != "why" or said)

    @property
    def apart(self) -> np.ndarray:
        """|standard - flash|."""
        return np.asarray(np.abs(self.standard - self.flash))

    @property
    def ramp(self) -> tuple[float, float]:
        """Where the ramp of colour begins and ends."""
        return spread(self.standard)

    @property
    def beyond(self) -> float:
        """Share of the magnified difference that the ramp's end cuts."""
        low, high = self.ramp
        return float((self.apart * self.magnified > high - low).mean())

    @property
    def magnified(self) -> int:
        """How far the difference is."""
        return magnification(self.apart, self.ramp)


def magnification(apart: np.ndarray, ramp: tuple[float, float]) -> int:
    """The largest power of two that leaves all but the outermost percent of a difference that is above 0 on a ramp; 1 where none is."""
    low, high = ramp
    above = apart[apart > 0]
    return int(2 ** max(0, math.floor(math.log2((high - low) / np.percentile(above, 99))))) if above.size else 1


def gather(config: AttentionConfig, source: str | None, run: Run, truth_of: OutputOf, scores_stored: OutputOf) -> Exactness:
    """Run both algorithms in every dtype, and compare with float64 attention of the same inputs.

    Args:
        config: The problem; only its dtype is varied.
        source: Kernel or twin, for FlashAttention.
        run: ``flashviz_kernels.recorder.run``.
        truth_of: ``flashviz_kernels.exactness.truth_of``.
        scores_stored: ``flashviz_kernels.exactness.scores_stored``.

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
    return Exactness(standard, flash, off, tuple(found), own, tuple(traces))


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
