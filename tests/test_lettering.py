"""Type measures: the fonts that layout measures are the fonts that the theme draws."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from manim import LEFT

from flashviz import lettering, theme
from flashviz.lettering import CAPTION_PX, KEY_PX, NOTE_PX, Face, em, ink_box, text_width, wrap
from flashviz.mobjects.readout import Readout

words = st.lists(st.text("abcdefghij mnop", min_size=1, max_size=12).filter(str.strip), min_size=1, max_size=25)


def test_em_is_a_share_of_the_short_side() -> None:
    assert em(1080) == pytest.approx(8.0)
    assert em(KEY_PX) / em(NOTE_PX) == KEY_PX / NOTE_PX


@pytest.mark.parametrize("face", Face)
@pytest.mark.parametrize("px", [NOTE_PX, CAPTION_PX, KEY_PX])
def test_measured_width_is_the_drawn_width(face: Face, px: float) -> None:
    """Advance and ink differ by the side bearings of the first and last letter only: under a tenth of an em each."""
    text = "HBM reads 1,154 KiB in n"
    drawn = theme.line(text, px, "#FFFFFF", face)
    assert abs(drawn.width - text_width(text, px, face)) < 0.2 * em(px)


@pytest.mark.parametrize("face", Face)
def test_measured_ink_is_the_drawn_ink(face: Face) -> None:
    for text in ("Hg", "x", "−12.345", "ℓ"):
        top, bottom = ink_box(text, 135.0, face)
        assert theme.line(text, 135.0, "#FFFFFF", face).height == pytest.approx(top - bottom, abs=0.03)


@pytest.mark.parametrize("face", [Face.MONO, Face.MONO_STRONG])
def test_every_digit_is_as_wide(face: Face) -> None:
    widths = {text_width(char, KEY_PX, face) for char in "0123456789−.,/ e∞×=+KiBMG"}
    assert len({round(width, 9) for width in widths}) == 1
    assert widths.pop() == pytest.approx(0.6 * em(KEY_PX))


@pytest.mark.parametrize("char", "ℓα×→−∞0123456789,./()=+'")
def test_fonts_have_the_symbols_of_captions(char: str) -> None:
    """A missing glyph would be drawn from some other font of the machine, or as a box."""
    font = lettering._font(Face.TEXT)
    assert font.getmask(char).getbbox() is not None
    assert bytes(font.getmask(char)) != bytes(font.getmask("\U0010fffd")), "the box of a missing glyph"


@given(words, st.floats(1.0, 12.0))
def test_wrap_keeps_every_word_and_the_width(parts: list[str], width: float) -> None:
    text = " ".join(parts)
    lines = wrap(text, width, CAPTION_PX)
    assert " ".join(lines).split() == text.split()
    for line in lines:
        assert text_width(line, CAPTION_PX) <= width + 1e-9 or len(line.split()) == 1


@given(words, st.floats(1.0, 12.0))
def test_wrap_uses_no_more_lines_than_greedy(parts: list[str], width: float) -> None:
    text = " ".join(parts)
    assert len(wrap(text, width, CAPTION_PX)) == len(lettering._break(text.split(), width, lambda line: text_width(line, CAPTION_PX)))


def test_wrap_leaves_no_lone_word() -> None:
    text = "Softmax divides by a sum over the whole row. So carry two numbers a row: max m and sum ℓ."
    for width in (8.0, 10.0, 12.0, 14.0):
        lines = wrap(text, width, CAPTION_PX)
        widths = [text_width(line, CAPTION_PX) for line in lines]
        assert len(lines) == 1 or min(widths) > 0.55 * max(widths), lines


def test_wrap_of_nothing_is_nothing() -> None:
    assert wrap("", 5.0, CAPTION_PX) == []


def test_composed_code_looks_as_pango_sets_it() -> None:
    """A readout is put together glyph by glyph: each ink stands where the whole line has it."""
    text = "qk=tl.dot(q,k_T)*scale#[f(j),illi"
    composed = Readout(text, KEY_PX, "#FFFFFF", name="code")
    whole = theme.line(text, KEY_PX, "#FFFFFF", Face.MONO)
    whole.align_to(composed, LEFT)
    assert composed.get_right()[0] == pytest.approx(whole.get_right()[0], abs=0.02)
    for index in range(len(text)):
        alone = Readout(text[: index + 1], KEY_PX, "#FFFFFF", name="code")
        part = theme.line(text[: index + 1], KEY_PX, "#FFFFFF", Face.MONO).align_to(composed, LEFT)
        assert alone.get_right()[0] == pytest.approx(part.get_right()[0], abs=0.02)
