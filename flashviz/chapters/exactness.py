"""ExactnessScene: the algebra in a line, float64 as its witness, then the errors of each dtype, computed now."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, get_args

import numpy as np

from flashviz.chapters.figure import SOURCES, Figure, Series, categories, in_tens
from flashviz.config import AttentionConfig, DType
from flashviz.errors import ConfigError
from flashviz.figures import power
from flashviz.storyboard import Beat
from flashviz.trace import Trace

BEATS: tuple[Beat, ...] = (
    Beat("identity", "The identity", 12, fresh=True, still=4.0, caption=
         "Softmax is the same whatever m is subtracted: the factor cancels. So m may change on the way."),
    Beat("reordered", "In float64", 8, fresh=True, still=2.0, caption="Tiles or whole rows: in float64 they differ by rounding alone."),
    Beat("question", "The question", 5, fresh=True, still=1.2, caption="And in the precisions that GPUs use?"),
    Beat("standard", "Standard attention", 7, still=1.2, caption="Standard attention rounds S and P to the dtype: it stores both in HBM."),
    Beat("flash", "FlashAttention", 8, still=1.2, caption=
         "FlashAttention keeps S in float32 on chip. It approximates nothing that standard attention does not."),
    Beat("rounded", "Rounding", 8, still=1.2, caption=
         "The true O, merely rounded to the dtype, is off too: no output in that dtype comes closer."),
)  # fmt: skip
IDENTITY = (
    "o = (sum_j e^(s_j - m) v_j) / (sum_j e^(s_j - m)) quad \"for every\" m",
    "e^(s - m) dot e^(m - m') = e^(s - m')",
)  # fmt: skip
SIDE = 0.27  # how far a dtype's two dots stand apart, of a column

Run = Callable[..., Any]
ErrorOf = Callable[[AttentionConfig, np.ndarray], float]


@dataclass(frozen=True)
class Exactness:
    """The chart, the traces whose outputs were compared, and the largest difference between tiles and whole rows in float64."""

    figure: Figure
    traces: tuple[Trace, ...]
    reordered: float


def gather(
    config: AttentionConfig, source: str | None, run: Run, error_of: ErrorOf, stored_error: Callable[[AttentionConfig], float],
    reordered: Callable[[AttentionConfig], float],
) -> Exactness:  # fmt: skip
    """max |O - O64| of standard and flash attention, and of O64 itself once it is stored, for each dtype.

    Args:
        config: The problem; only its dtype is varied.
        source: Kernel or twin, for FlashAttention.
        run: ``flashviz_kernels.recorder.run``.
        error_of: max |O - O64| of an output.
        stored_error: The same of O64 rounded to the config's dtype.
        reordered: max difference of tiled and whole-row attention in float64.

    Raises:
        ConfigError: An error is zero or infinite: a logarithm has no place for it.
    """
    names = get_args(DType)
    problems = [replace(config, dtype=name) for name in names]
    flash = [run(c, source=source, algorithm="fa2") for c in problems]
    standard = [run(c, source="numpy", algorithm="standard") for c in problems]
    errors = {
        "standard": [error_of(c, each.o) for c, each in zip(problems, standard, strict=True)],
        "flash": [error_of(c, each.o) for c, each in zip(problems, flash, strict=True)],
        "rounded": [stored_error(c) for c in problems],
    }
    _check(errors, names)
    looks = (
        ("standard", "standard attention", "S", -SIDE),
        ("flash", "FlashAttention", "O", SIDE),
        ("rounded", "true O, rounded", "M", 0.0),
    )
    figure = Figure(
        title="Largest error of O against float64 attention",
        x=categories("dtype of Q, K, V, O", names),
        y=in_tens("", [error for some in errors.values() for error in some]),
        series=tuple(
            Series(
                name,
                label,
                tensor,
                tuple((at + side, error) for at, error in enumerate(errors[name])),
                values=tuple(power(error) for error in errors[name]),
            )
            for name, label, tensor, side in looks
        ),
        note=f"N = {config.seq_q:,}, d = {config.head_dim}, tiles {config.block_m} × {config.block_n}, {config.inputs} inputs; "
        f"FlashAttention: {SOURCES[flash[0].trace.header.source]}; standard: {SOURCES[standard[0].trace.header.source]}",
    )
    return Exactness(figure, tuple(each.trace for each in (*flash, *standard)), reordered(config))


def _check(errors: dict[str, list[float]], dtypes: tuple[str, ...]) -> None:
    for name, some in errors.items():
        for dtype, error in zip(dtypes, some, strict=True):
            if not 0 < error < math.inf:
                remedy = "more keys" if error == 0 else "a smaller scale"
                raise ConfigError(f"errors must be above 0 and finite to be drawn, got {error} of {name} in {dtype}; try {remedy}")
