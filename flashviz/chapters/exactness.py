"""ExactnessScene: both outputs and their difference, how far each is from float64, and the rounding of each dtype as the ruler."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, get_args

import numpy as np

from flashviz.config import AttentionConfig, DType
from flashviz.errors import ConfigError
from flashviz.figures import SUPERSCRIPT, power, roughly
from flashviz.inputs import numpy_dtype
from flashviz.palette import spread
from flashviz.storyboard import Beat
from flashviz.trace import Trace

BEATS: tuple[Beat, ...] = (
    Beat("outputs", "Two outputs", 6.2, shot="outputs", late=True, along=True, caption="Same inputs, two algorithms. The same O?"),
    Beat("speckle", "What is left", 4.6, shot="outputs", late=True, along=True, caption="Nothing visible is left: magnify it."),
    Beat("truth", "The truth", 6.6, shot="outputs", late=True, along=True, caption="Which of the two is off? Ask float64 attention."),
    Beat("twist", "Whose error it is", 5.8, shot="outputs", late=True, along=True,
         caption="Nearly all of it is standard attention's own error."),
    Beat("why", "Where it comes from", 6.8, shot="outputs", late=True, along=True,
         caption="The cause: it stores S and P, and so rounds them."),
    Beat("rounded", "Rounded", 5.0, shot="outputs", late=True, along=True, caption="Even the true O is off, once it is stored."),
    Beat("ruler", "The largest", 5.1, shot="rulers", late=True, along=True, caption="The largest error of each becomes a dot."),
    Beat("mark", "What rounding costs", 5.2, shot="rulers", late=True, along=True, caption="The mark: what rounding to {dtype} may cost."),
    Beat("dtypes", "Other dtypes", 9.2, shot="rulers", late=True, along=True,
         caption="16 bits round what is stored, float32 rounds every step."),
    Beat("exact", "Exact", 5.2, shot="rulers", late=True, along=True, caption="In real numbers every error is 0. That is exact."),
)  # fmt: skip
NAMES = ("standard attention", "FlashAttention", "true O, stored")
SHORT = ("standard", "flash", "true, stored")
MOSTLY = 2  # times the other's largest error: then most of a difference is one side's
SIGNIFICAND = {"float16": 11, "bfloat16": 8, "float32": 24}  # bits, the leading one among them

Run = Callable[..., Any]
OutputOf = Callable[[AttentionConfig], np.ndarray]


@dataclass(frozen=True)
class Errors:
    """The largest error of O in one dtype: of both algorithms, and of the true O once it is rounded; ``largest`` is O's largest value."""

    dtype: str
    errors: tuple[float, float, float]
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
        return f"1 × = 2{str(-SIGNIFICAND[self.dtype]).translate(SUPERSCRIPT)}"

    @property
    def shares(self) -> tuple[float, ...]:
        """Each error as a share of the largest value of O."""
        return tuple(error / self.largest for error in self.errors)

    @property
    def times(self) -> tuple[str, ...]:
        """Each share in units of the rounding."""
        return tuple(f"{roughly(share / self.unit)} ×" for share in self.shares)


@dataclass(frozen=True)
class Exactness:
    """Outputs of the first head, float64 [N_q, d], how far they are from the truth, and the largest errors of every dtype."""

    standard: np.ndarray
    flash: np.ndarray
    off: tuple[np.ndarray, ...]  # |O - truth| of both algorithms and of the truth as it is stored
    cause: np.ndarray  # |O - truth| of the truth with nothing but S and P rounded, as they are stored
    errors: tuple[Errors, ...]  # by dtype, the settings' own among them
    own: int  # which
    traces: tuple[Trace, ...]

    @property
    def beats(self) -> tuple[Beat, ...]:
        """Nothing is said of S and P unless standard attention alone is beyond the mark, nor in float32, in which sums are rounded too."""
        own = self.errors[self.own]
        standard, flash, _ = own.shares
        said = standard > max(own.unit, MOSTLY * flash) and not own.every_step
        return tuple(beat for beat in BEATS if beat.name not in ("twist", "why") or said)

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
    for index, dtype in enumerate(get_args(DType)):
        problem = replace(config, dtype=dtype)
        truth = truth_of(problem)
        outputs = [run(problem, source=where, algorithm=name) for where, name in (("numpy", "standard"), (source, "fa2"))]
        values = [each.o.astype(np.float64) for each in outputs] + [truth.astype(numpy_dtype(dtype)).astype(np.float64)]
        found.append(errors_of(dtype, values, truth))
        traces += [each.trace for each in outputs]
        if dtype == config.dtype:
            own = index
            pictures = (*(each[0, 0] for each in (*values, scores_stored(problem))), truth[0, 0])
    standard, flash, stored, caused, truth = pictures
    check("the difference", config.dtype, float(np.abs(standard - flash).max()))
    off = tuple(np.abs(each - truth) for each in (standard, flash, stored))
    return Exactness(standard, flash, off, np.abs(caused - truth), tuple(found), own, tuple(traces))


def errors_of(dtype: str, values: list[np.ndarray], truth: np.ndarray) -> Errors:
    """Largest distances from the truth over all heads, which must have a logarithm."""
    errors = [float(np.abs(each - truth).max(initial=0.0)) for each in values]
    for name, error in zip(NAMES, errors, strict=True):
        check(name, dtype, error)
    first, second, third = errors
    return Errors(dtype, (first, second, third), float(np.abs(truth).max()))


def plain(value: float) -> str:
    """A number to two digits, with a power of ten where it would have many zeros."""
    if value >= 1e-4:
        return f"{value:.2g}" if value < 1 else f"{value:.3g}"
    return power(value)


def check(name: str, dtype: str, error: float) -> None:
    """Raises ConfigError where an error cannot be drawn."""
    if not 0 < error < math.inf:
        remedy = "more keys" if error == 0 else "a smaller scale"
        raise ConfigError(f"errors must be above 0 and finite to be drawn, got {error} of {name} in {dtype}; try {remedy}")
