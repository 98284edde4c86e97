"""A caption in its band: English as layout measures it, other languages as Pango sets them, from the right where they are read so."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np

from flashviz import palette, theme
from flashviz.catalogue import Catalogue
from flashviz.errors import UsageError
from flashviz.layout import CAPTION_LINES, Rect
from flashviz.lettering import CAPTION_PX, LINE_PITCH, em, ink_box, wrap, wrap_as_measured
from flashviz.mobjects.named import Named
from flashviz.outlines import outline_in
from flashviz.settings import Aspect
from flashviz.storyboard import Beat

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


def lines_of(text: str, rect: Rect, language: Catalogue) -> list[str]:
    """The lines of a translated caption."""
    return wrap_as_measured(text, rect.width, partial(width, language))


def width(language: Catalogue, line: str) -> float:
    """Of a line's ink, in scene units."""
    drawn = curves(language, line)
    return float(np.ptp(drawn[:, 0])) * em(CAPTION_PX) if len(drawn) else 0.0


def curves(language: Catalogue, line: str) -> np.ndarray:
    """Of a line as Pango sets it, at an em of 1."""
    return outline_in(FROM_THE_RIGHT + line if language.right_to_left else line, language.font)


def check_fit(beats: Iterable[Beat], rect: Rect, aspect: Aspect, language: Catalogue) -> None:
    """Refuse captions that their band does not hold, before anything is drawn.

    Raises:
        UsageError: A caption takes more lines than there is room for, or has a word wider than the frame.
        MissingPartError: No font here has its letters.
    """
    for beat in beats:
        lines = lines_of(beat.caption, rect, language)
        if len(lines) > CAPTION_LINES[aspect] or any(width(language, line) > rect.width for line in lines):
            most = CAPTION_LINES[aspect]
            raise UsageError(
                f"{language.file}: expected captions of at most {most} lines at {aspect}, "
                f"got {len(lines)} in {beat.name}: {beat.caption!r}; shorten it"
            )
