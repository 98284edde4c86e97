"""How the chapters write what was measured, and what a point is."""

from __future__ import annotations

from flashviz.figures import GIB, KIB, MIB

Point = tuple[float, float]
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def seconds(value: float) -> str:
    """A time in the unit that needs no zeros before it."""
    for unit, name in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if value >= unit * (1 - 1e-9):
            return f"{value / unit:,.3g} {name}"
    return f"{value / 1e-9:,.3g} ns"


def compact(nbytes: float) -> str:
    """Measured bytes to three digits in the unit that fits: measurement is no better than that."""
    for unit, name in ((GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if nbytes >= unit:
            return f"{nbytes / unit:.3g} {name}"
    return f"{nbytes:.0f} B"


def times(ratio: float) -> str:
    """A ratio to two digits, or whole from 10 on."""
    return f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.1f}"
