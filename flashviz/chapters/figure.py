"""A chart as data: axes with their ticks, series of points and curves. Nothing here knows where it will stand."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from flashviz.figures import GIB, KIB, MIB

Point = tuple[float, float]
MOST_TICKS = 7
ROOM = 0.08  # of the axis, beyond the values: for what is written over and under a dot
SOURCES = {"numpy": "NumPy twin", "triton-interpreter": "Triton kernel, interpreted", "triton-gpu": "Triton kernel on a GPU"}
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Axis:
    """A range of values, logarithmic unless it counts categories, with ``ticks`` as (value, text)."""

    label: str
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    logarithmic: bool = True

    def share(self, value: float) -> float:
        """Where ``value`` stands between ``low`` (0) and ``high`` (1)."""
        if self.logarithmic:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


@dataclass(frozen=True)
class Series:
    """Measured ``points`` and the ``curve`` of a formula, in one hue, named directly beside its last point.

    Args:
        name: Which one it is, as a structural snapshot calls it.
        label: What stands beside it.
        formula: What the curve is, beneath the label; empty where there is no curve.
        tensor: Whose hue it takes: S is the neutral one of standard attention, O that of FlashAttention.
        values: The points' figures, where they are written out: one a category of x.
    """

    name: str
    label: str
    tensor: str
    points: tuple[Point, ...] = ()
    curve: tuple[Point, ...] = ()
    formula: str = ""
    values: tuple[str, ...] = ()

    @property
    def end(self) -> Point:
        """The last point, or where there are none the curve's end."""
        return (self.points or self.curve)[-1]


@dataclass(frozen=True)
class Span:
    """How far two values at one ``x`` are apart, and what is written beside: their ratio."""

    x: float
    low: float
    high: float
    text: str


@dataclass(frozen=True)
class Figure:
    """One chart: ``title`` says what is measured, ``note`` on what, or where that is quoted from."""

    title: str
    x: Axis
    y: Axis
    series: tuple[Series, ...]
    note: str = ""
    span: Span | None = None

    @property
    def heading(self) -> str:
        """The title; with a logarithmic scale, how its ticks follow one another: they look as if the same were added each time."""
        if not self.y.logarithmic or len(self.y.ticks) < 2:
            return self.title
        (lower, _), (upper, _) = self.y.ticks[:2]
        return f"{self.title}; each tick {upper / lower:,.10g} × the one below"

    def named(self, name: str) -> Series:
        return next(series for series in self.series if series.name == name)


def doubling(label: str, values: Iterable[float], pad: float = 1.25) -> Axis:
    """An axis whose ticks are the values themselves, such as N = 256, 512, 1,024."""
    ordered = sorted(set(values))
    return Axis(label, ordered[0] / pad, ordered[-1] * pad, tuple((value, f"{value:,.0f}") for value in ordered))


def in_bytes(label: str, values: Sequence[float]) -> Axis:
    """An axis of bytes: ticks at powers of two, as few as there is room for."""
    return _powers(label, values, 2, size)


def in_tens(label: str, values: Sequence[float], unit: str = "") -> Axis:
    """An axis whose ticks are powers of ten: seconds, with their prefixes, or plain numbers."""
    return _powers(label, values, 10, seconds if unit == "s" else ten_to)


def categories(label: str, names: Sequence[str]) -> Axis:
    """Names side by side at 0, 1, 2, ..."""
    return Axis(label, -0.5, len(names) - 0.5, tuple((float(at), name) for at, name in enumerate(names)), logarithmic=False)


def _powers(label: str, values: Sequence[float], base: int, write: Callable[[float], str]) -> Axis:
    """Ticks at every n-th power of ``base``, at most ``MOST_TICKS``, and room above the largest value and below the smallest."""
    smallest, largest = min(values), max(values)
    first, last = math.floor(math.log(smallest, base) + 1e-9), math.ceil(math.log(largest, base) - 1e-9)
    step = -(-(last - first) // (MOST_TICKS - 1)) or 1
    if base == 2:
        step = 1 << (step - 1).bit_length()
        first -= first % step
    margin = (largest / float(base) ** first * base) ** ROOM
    low, high = min(float(base) ** first, smallest / margin), largest * margin
    marks = [float(base) ** power for power in range(first, last + 1, step) if float(base) ** power <= high]
    return Axis(label, low, high, tuple((mark, write(mark)) for mark in marks))


def size(nbytes: float) -> str:
    """A power of two of bytes in its unit."""
    for unit, name in ((GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if nbytes >= unit:
            return f"{nbytes / unit:,.0f} {name}"
    return f"{nbytes:,.0f} B"


def seconds(value: float) -> str:
    """A time in the unit that needs no zeros before it."""
    for unit, name in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if value >= unit * (1 - 1e-9):
            return f"{value / unit:,.3g} {name}"
    return f"{value / 1e-9:,.3g} ns"


def ten_to(value: float) -> str:
    """A power of ten as 10⁻³."""
    return "10" + str(round(math.log10(value))).translate(SUPERSCRIPT)


def compact(nbytes: float) -> str:
    """Measured bytes to three digits in the unit that fits: measurement is no better than that."""
    for unit, name in ((GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if nbytes >= unit:
            return f"{nbytes / unit:.3g} {name}"
    return f"{nbytes:.0f} B"


def ratio_at_the_end(low: Series, high: Series) -> Span:
    """How many times as much as ``low`` the last point of ``high`` is."""
    (x, least), (_, most) = low.end, high.end
    return Span(x, least, most, f"{times(most / least)} ×")


def times(ratio: float) -> str:
    """A ratio to two digits, or whole from 10 on."""
    return f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.1f}"
