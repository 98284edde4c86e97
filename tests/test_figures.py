"""How figures are written: exact where they can be, with a true minus sign, units told apart."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashviz.figures import GIB, KIB, MIB, amount, kib, number, plus, power, quarters, total


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (5.1754, "5.175"),
        (-12.3456, "−12.346"),
        (0.0, "0.000"),
        (1.0, "1.000"),
        (0.0005, "0.001"),
        (0.0004, "4e−04"),
        (-3e-7, "−3e−07"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
        (-0.0, "0.000"),
    ],
)
def test_number(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(("value", "text"), [(32.446, "32.45"), (0.0, "0.00"), (64.0, "64.00"), (0.004, "4e−03")])
def test_total_has_two_decimals(value: float, text: str) -> None:
    assert total(value) == text


@given(st.floats(-1e6, 1e6).filter(lambda value: abs(value) >= 5e-4))
def test_number_reads_back_within_half_of_its_last_digit(value: float) -> None:
    text = number(value)
    assert abs(float(text.replace("−", "-")) - value) <= 0.5e-3 + 1e-9
    assert "-" not in text


@given(st.floats(1e-30, 5e-4, exclude_max=True))
def test_small_numbers_are_never_shown_as_zero(value: float) -> None:
    shown = float(number(value).replace("−", "-"))
    assert shown == pytest.approx(value, rel=0.51)
    assert shown > 0


@pytest.mark.parametrize(
    ("count", "text"),
    [(144.25, "144 1/4"), (400, "400"), (0.5, "1/2"), (1234.75, "1,234 3/4"), (0.1, "0.1"), (18.03125, "18.0"), (0, "0")],
)
def test_quarters(count: float, text: str) -> None:
    assert quarters(count) == text


@pytest.mark.parametrize(
    ("nbytes", "text"),
    [
        (0, "0 KiB"),
        (512, "0.5 KiB"),
        (256, "0.25 KiB"),
        (1024, "1 KiB"),
        (1154 * KIB, "1,154 KiB"),
        (99 * MIB, "101,376 KiB"),
        (100 * MIB, "100 MiB"),
        (4096 * MIB, "4,096 MiB"),
        (100 * GIB, "100 GiB"),
        (100 * KIB, "100 KiB"),
    ],
)
def test_kib(nbytes: float, text: str) -> None:
    assert kib(nbytes) == text


@given(st.integers(0, 100 * MIB // 256 - 1))
def test_kib_is_exact_for_every_multiple_of_a_quarter(quarter_kib: int) -> None:
    """Every counter of the films moves in multiples of 256 B or is shown to the hundredth of a KiB."""
    text = kib(quarter_kib * 256)
    assert float(text.removesuffix(" KiB").replace(",", "")) * KIB == quarter_kib * 256


@pytest.mark.parametrize(
    ("nbytes", "text"),
    [(8 * KIB, "8 KiB"), (MIB, "1 MiB"), (3 * GIB, "3 GiB"), (1536, "1.5 KiB"), (1536 * KIB, "1,536 KiB"), (100, "100 B"), (0, "0 B")],
)
def test_amount_is_the_largest_exact_unit(nbytes: float, text: str) -> None:
    assert amount(nbytes) == text


@pytest.mark.parametrize(("value", "text"), [(1.234e-4, "1.2 × 10⁻⁴"), (0.0, "0"), (3.2e-17, "3.2 × 10⁻¹⁷"), (4.56, "4.6 × 10⁰")])
def test_power(value: float, text: str) -> None:
    assert power(value) == text


@given(st.floats(0.01, 1e6), st.floats(0, 1e6))
def test_what_is_written_adds_up(before: float, more: float) -> None:
    after = before + more
    assert Decimal(total(before)) + Decimal(plus(before, after)) == Decimal(total(after))


def test_a_difference_that_is_rounded_by_itself_would_not_add_up() -> None:
    assert (total(11.0444), plus(11.0444, 13.2151), total(13.2151)) == ("11.04", "2.18", "13.22")
    assert total(13.2151 - 11.0444) == "2.17"
