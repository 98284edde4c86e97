"""How figures are written on screen. KiB = 1024 B; a true minus sign; nothing is rounded that could be exact."""

from __future__ import annotations

import math

KIB, MIB, GIB = 1024, 1024**2, 1024**3
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: float, decimals: int = 3) -> str:
    """m or alpha of the followed row: three decimals; very small ones as a power of ten; infinities by their sign."""
    value = float(value) + 0.0  # a negative zero has no sign to show
    if math.isinf(value):
        return "−∞" if value < 0 else "∞"
    text = f"{value:.{decimals}f}" if value == 0 or abs(value) >= 0.5 * 10**-decimals else f"{value:.0e}"
    return text.replace("-", "−")


def total(value: float) -> str:
    """l of the followed row: two decimals, so that l x alpha can be checked with the three decimals of alpha."""
    return number(value, 2)


def plus(before: float, after: float) -> str:
    """What is added to l, so that what is written adds up: the difference of both totals as they are written."""
    return total(round(after, 2) - round(before, 2))


def quarters(count: float) -> str:
    """A count of tiles with quarters spelled out, as ``144 1/4``; other fractions to one decimal."""
    if abs(count * 4 - round(count * 4)) > 1e-9:
        return f"{count:,.1f}"
    whole, part = divmod(round(count * 4), 4)
    rest = ("", "1/4", "1/2", "3/4")[part]
    return rest if rest and not whole else f"{whole:,} {rest}".rstrip()


def kib(nbytes: float) -> str:
    """Bytes of a running counter: KiB, so that the unit does not change while it counts; MiB and GiB beyond 100 MiB."""
    if nbytes >= 100 * GIB:
        return f"{nbytes / GIB:,.0f} GiB"
    if nbytes >= 100 * MIB:
        return f"{nbytes / MIB:,.0f} MiB"
    digits = f"{nbytes / KIB:,.2f}".rstrip("0").rstrip(".")
    return f"{digits} KiB"


def counter(nbytes: int, final: int) -> str:
    """A running counter that ends at ``final``, in one unit throughout: bytes, KiB or MiB, whichever is short. At most 12 characters."""
    if final < 64 * KIB:
        return f"{nbytes:,} B"
    return kib(nbytes) if final < 10_000 * KIB else f"{nbytes / MIB:,.1f} MiB" if final < 10_000 * MIB else f"{nbytes / GIB:,.1f} GiB"


def amount(nbytes: float) -> str:
    """A size in words: the largest unit that is exact, as 8 KiB or 1 MiB, else as a counter shows it."""
    for size, unit in ((GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if nbytes >= size and nbytes % size == 0:
            return f"{nbytes // size:,.0f} {unit}"
    return kib(nbytes) if nbytes >= KIB else f"{nbytes:.0f} B"


def times(value: float) -> str:
    """How many times over: three digits, all of them before the point from 100 on; never a power of ten."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value >= 0.001 or value == 0 else "< 0.001"


def power(value: float) -> str:
    """An error: two digits and a power of ten, as 1.2 × 10⁻⁴; 0 where there is none."""
    if value == 0:
        return "0"
    digits, _, exponent = f"{value:.1e}".partition("e")
    return f"{digits} × 10{str(int(exponent)).translate(SUPERSCRIPT)}"


def seconds(value: float, digits: int = 3) -> str:
    """A time in the unit that needs no zeros before it."""
    for unit, name in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if value >= unit * (1 - 1e-9):
            return f"{value / unit:,.{digits}g} {name}"
    return f"{value / 1e-9:,.{digits}g} ns"


def compact(nbytes: float) -> str:
    """Measured bytes to three digits in the unit that fits: measurement is no better than that."""
    for unit, name in ((GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if nbytes >= unit:
            return f"{nbytes / unit:.3g} {name}"
    return f"{nbytes:.0f} B"
