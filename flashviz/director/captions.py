"""A caption in its band: English as layout measures it, other languages as Pango sets them, from the right where they are read so."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np

from flashviz import palette, theme
from flashviz.catalogue import Catalogue
from flashviz.errors import UsageError
from flashviz.layout import CAPTION_LINES, Rect
from flashviz.lettering import CAPTION_PX, LINE_PITCH, em, ink_box, text_width, wrap, wrap_as_measured
from flashviz.mobjects.named import Named
from flashviz.outlines import outline_in
from flashviz.settings import Aspect
from flashviz.storyboard import Beat

CENTRED_PX = 46  # of captions in a band of their own
FROM_THE_RIGHT = "\u200f"  # a line that begins with a number or a formula runs from right to left all the same
TOP = 0.04  # between the band and the first line's capitals


def caption(text: str, rect: Rect, skin: palette.Theme, language: Catalogue | None = None) -> Named:
    """A caption, first line at the top of ``rect``; left-aligned, or right-aligned in languages that are read from the right."""
    first = rect.y1 - ink_box("Hg", CAPTION_PX)[0] - TOP
    if language is None:
        block = theme.lines(wrap(text, rect.width, CAPTION_PX), CAPTION_PX, skin.ink)
        block.shift((rect.x0, first, 0))
        return Named(*block, tag="caption", text=text)
    drawn = []
    for index, line in enumerate(lines_of(text, rect, language)):
        left = rect.x1 - width(language, line) if language.right_to_left else rect.x0
        drawn.append(theme.line_at(curves(language, line), CAPTION_PX, skin.ink, left, first - index * LINE_PITCH * em(CAPTION_PX)))
    return Named(*drawn, tag="caption", text=text)


def centred(text: str, rect: Rect, skin: palette.Theme, language: Catalogue | None = None) -> Named:
    """A caption whose lines stand in the middle of ``rect``."""
    px = CENTRED_PX
    lines = lines_of(text, rect, language, px)
    drawn = []
    for index, line in enumerate(lines):
        baseline = rect.center[1] + ((len(lines) - 1) / 2 - index) * LINE_PITCH * em(px)
        if language is None:
            left = rect.center[0] - text_width(line, px) / 2
            drawn.append(theme.on_baseline(theme.line(line, px, skin.ink), px, left, baseline, line))
        else:
            left = rect.center[0] - width(language, line, px) / 2
            drawn.append(theme.line_at(curves(language, line), px, skin.ink, left, baseline))
    return Named(*drawn, tag="caption", text=text)


def lines_of(text: str, rect: Rect, language: Catalogue | None, px: float = CAPTION_PX) -> list[str]:
    """The lines of a caption."""
    if language is None:
        return wrap(text, rect.width, px)
    return wrap_as_measured(text, rect.width, partial(width, language, px=px))


def width(language: Catalogue, line: str, px: float = CAPTION_PX) -> float:
    """Of a line's ink, in scene units."""
    drawn = curves(language, line)
    return float(np.ptp(drawn[:, 0])) * em(px) if len(drawn) else 0.0


def curves(language: Catalogue, line: str) -> np.ndarray:
    """Of a line as Pango sets it, at an em of 1."""
    return outline_in(FROM_THE_RIGHT + line if language.right_to_left else line, language.font)


def check_fit(
    beats: Iterable[Beat], rect: Rect, aspect: Aspect, language: Catalogue | None, px: float = CAPTION_PX, lines: int | None = None
) -> None:
    """Refuse captions that their band does not hold, before anything is drawn.

    Args:
        lines: As many as there is room for; None for what the stage of this aspect has.

    Raises:
        UsageError: A caption takes more lines than there is room for, or has a word wider than the frame.
        MissingPartError: No font here has its letters.
    """
    most, place = CAPTION_LINES[aspect] if lines is None else lines, "" if language is None else f"{language.file}: "
    for beat in beats:
        found = lines_of(beat.caption, rect, language, px)
        widths = (text_width(line, px) if language is None else width(language, line, px) for line in found)
        if len(found) > most or any(wide > rect.width for wide in widths):
            raise UsageError(
                f"{place}expected captions of at most {most} lines at {aspect}, "
                f"got {len(found)} in {beat.name}: {beat.caption!r}; shorten it"
            )
