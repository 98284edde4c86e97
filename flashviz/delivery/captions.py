"""Captions as files, from a film's beats: SubRip and WebVTT, in cues that can be read and do not overlap."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from flashviz.storyboard import Told

LINE, LINES = 42, 2  # letters a line, lines a cue: what subtitle guides allow
GAP = 0.05  # seconds without a cue between two


class Cue(NamedTuple):
    """What is read from ``start`` to ``end``, in seconds."""

    start: float
    end: float
    text: str


def cues(told: Sequence[Told]) -> list[Cue]:
    """One cue a beat; a long caption is two or more, each as long as its share of the letters."""
    found = []
    for beat in told:
        parts = even(beat.caption, math.ceil(len(wrapped(beat.caption, LINE)) / LINES), LINE * LINES)
        letters, at = sum(map(len, parts)), beat.start
        for part in parts:
            seconds = beat.seconds * len(part) / letters
            found.append(Cue(at, at + seconds - GAP, "\n".join(even(part, len(wrapped(part, LINE)), LINE))))
            at += seconds
    return found


def even(text: str, count: int, longest: int) -> list[str]:
    """Cut between words into ``count`` parts of about the same length, or into more where one would be longer than ``longest``."""
    if count < 2 or not text:
        return [text] if text else []
    tried = (wrapped(text, width) for width in range(math.ceil(len(text) / count), longest + 1))
    return next((parts for parts in tried if len(parts) <= count), wrapped(text, longest))


def wrapped(text: str, width: int) -> list[str]:
    """Lines of at most so many letters, or a word."""
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)


def vtt(told: Sequence[Told]) -> str:
    """As WebVTT, whose text has entities."""
    return "\n".join(["WEBVTT\n", *(f"{stamp(a)} --> {stamp(b)}\n{escape(text, quote=False)}\n" for a, b, text in cues(told))])


def srt(told: Sequence[Told]) -> str:
    """As SubRip, whose text is plain."""
    numbered = enumerate(cues(told), 1)
    return "\n".join(f"{number}\n{stamp(a, ',')} --> {stamp(b, ',')}\n{text}\n" for number, (a, b, text) in numbered)


def stamp(seconds: float, point: str = ".") -> str:
    """Hours, minutes, seconds and thousandths."""
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}{point}{thousandths:03}"
