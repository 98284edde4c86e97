"""Type sizes and text measures, without manim: layout reserves room with the same fonts that the theme draws with.

Sizes are em heights in pixels of a frame whose short side has 1080 pixels, as a lecture projector shows it.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import cache
from pathlib import Path

from PIL import ImageFont

FONTS_DIR = Path(__file__).parent / "fonts"
PX_PER_UNIT = 135.0  # 1080 px on the 8 units of manim's short side

CAPTION_PX = 44
KEY_PX = 56
TITLE_PX = 36
LABEL_PX = 32
NOTE_PX = 28  # the smallest type on screen ...
CODE_PX = 24  # ... but for kernel lines

LINE_PITCH = 1.36  # baseline to baseline, in em

Measure = Callable[[str], float]


class Face(StrEnum):
    """The four bundled font files (Inter and JetBrains Mono under names of their own, OFL; licence text beside them)."""

    TEXT = "FlashvizSans-Regular.otf"
    STRONG = "FlashvizSans-SemiBold.otf"
    MONO = "FlashvizMono-Regular.ttf"
    MONO_STRONG = "FlashvizMono-SemiBold.ttf"


def em(px: float) -> float:
    """Em height in scene units of type that is ``px`` pixels high on a 1080 px frame."""
    return px / PX_PER_UNIT


@cache
def _font(face: Face) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONTS_DIR / face), 1000)


@cache
def text_width(text: str, px: float, face: Face = Face.TEXT) -> float:
    """Advance width of one line in scene units."""
    return _font(face).getlength(text) / 1000 * em(px)


def wrap(text: str, width: float, px: float, face: Face = Face.TEXT) -> list[str]:
    """Lines no wider than ``width`` scene units, balanced so that no line is left with a lone word.

    A word wider than the line stands alone on its own line: the caller's layout test reports it.
    """
    return wrap_as_measured(text, width, lambda line: text_width(line, px, face))


def wrap_as_measured(text: str, width: float, measure: Measure) -> list[str]:
    """The same, of text whose lines are as wide as ``measure`` says, in scene units."""
    words = text.split()
    return _break(words, _narrowest(words, width, measure), measure)


def _narrowest(words: list[str], width: float, measure: Measure) -> float:
    """The smallest line width that needs no more lines than ``width`` does."""
    lines = len(_break(words, width, measure))
    low, high = width / 3, width
    for _ in range(12):
        middle = (low + high) / 2
        if len(_break(words, middle, measure)) > lines or any(measure(word) > middle for word in words):
            low = middle
        else:
            high = middle
    return high


def _break(words: list[str], width: float, measure: Measure) -> list[str]:
    lines: list[str] = []
    for word in words:
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and measure(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


@cache
def ink_box(text: str, px: float, face: Face = Face.TEXT) -> tuple[float, float]:
    """Top and bottom of the ink above the baseline, in scene units (bottom is negative where a letter descends)."""
    inked = [_ink(char, face) for char in set(text) if not char.isspace()]
    return max(top for top, _ in inked) * em(px), min(bottom for _, bottom in inked) * em(px)


@cache
def _ink(char: str, face: Face) -> tuple[float, float]:
    """Top and bottom of one glyph in em. Pillow's getbbox would count the baseline in, and a minus stands above it."""
    mask, (_, top) = _font(face).getmask2(char, anchor="ls")
    box = mask.getbbox()
    return -(top + box[1]) / 1000, -(top + box[3]) / 1000


@cache
def bearing(char: str, face: Face) -> float:
    """Where the ink of a glyph starts, right of its advance box's left edge, in em."""
    ink = _font(face).getmask(char).getbbox()
    return ink[0] / 1000 if ink else 0.0
