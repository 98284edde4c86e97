"""Words that have a place: by their left edge and baseline, so that they can be moved from one shot to another and laid out in a line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from manim import Line, Mobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import palette, theme
from flashviz.layout import Aspect, Rect, machine_rect
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.cast import Cast
from flashviz.mobjects.motion import FadeOut, Shows, early, late
from flashviz.mobjects.named import Named, NamedPath
from flashviz.mobjects.tiles import box

LABEL, NAME, NUMBER, ONE_NUMBER, SYMBOLS = 36, 46, 72, 96, 95  # px: labels, names, numbers, the one that matters, formulas
CORNER = 33  # px, of what stands beneath the captions
MODEL = re.compile(r"\b[A-Z]{1,3}\d{1,3}\b")  # of a GPU, in what its driver or a paper says: H100
SPACE = 0.26  # between words of arithmetic, in em


class Word(Named):
    """One word by its left edge and baseline; ``wide`` is its advance, ``px`` its size."""

    def __init__(self, text: str, px: float, color: str, left: float, baseline: float, name: str, face: Face = Face.STRONG) -> None:
        self.left, self.baseline, self.wide, self.px = left, baseline, text_width(text, px, face), px
        super().__init__(theme.on_baseline(theme.line(text, px, color, face), px, left, baseline, text, face), tag=name, text=text)
        self.cast, self.made_at = Cast(self), (left, baseline)

    def put(self, rect: Rect) -> Word:
        """Stand at the left of ``rect``."""
        return self.put_at(rect.x0, middle(rect, self.px))

    def put_at(self, left: float, baseline: float) -> Word:
        self.cast.shift((left - self.made_at[0], baseline - self.made_at[1], 0))
        self.left, self.baseline = left, baseline
        return self


def slid(each: Word, left: float, baseline: float, **options: Any) -> Shows:
    """A word goes from where it stands to another place."""
    x, y = each.left, each.baseline
    way = {"rate_func": ease_in_out_cubic, **options}
    return Shows(each, lambda share: each.put_at(x + (left - x) * share, y + (baseline - y) * share), **way)


class Counter(NamedPath):
    """A number that changes while things move: one path, whatever it says."""

    def __init__(self, color: str, name: str) -> None:
        self.text = ""
        super().__init__(name, stroke_width=0, fill_color=color, fill_opacity=1)

    def say(self, number: Word) -> None:
        """As ``number`` stands."""
        self.px = number.px
        self.write(number)

    def write(self, number: Named) -> None:
        """As a number stands with the words at it."""
        self.text = number.text
        self.points = np.concatenate([part.points for part in number.get_family() if len(part.points)])


def word(text: str, px: float, color: str, rect: Rect, name: str, face: Face = Face.STRONG) -> Word:
    """A word at the left of ``rect``, smaller where it would not fit."""
    px *= min(1.0, rect.width / text_width(text, px, face))
    return Word(text, px, color, rect.x0, middle(rect, px), name, face)


def first_that_fits(texts: Sequence[str], px: float, width: float, face: Face = Face.TEXT) -> str:
    """The first of ``texts`` that is no wider; the last, where none is."""
    return next((text for text in texts if text_width(text, px, face) <= width), texts[-1])


def fitted(texts: Sequence[str], px: float, color: str, rect: Rect, name: str, face: Face = Face.STRONG) -> Word:
    """The first of ``texts`` that fits, at the left of ``rect``; the last is smaller where it would not fit either."""
    return word(first_that_fits(texts, px, rect.width, face), px, color, rect, name, face)


def amid(texts: Sequence[str], color: str, rect: Rect, name: str) -> Word:
    """The first of ``texts`` that fits, as a label in the middle of ``rect``."""
    text = first_that_fits(texts, LABEL, rect.width)
    return Word(text, LABEL, color, rect.center[0] - text_width(text, LABEL) / 2, middle(rect, LABEL), name, Face.TEXT)


def corner(text: str, rect: Rect, color: str) -> Word:
    """A memory's name, in its upper left corner."""
    return word(text, NAME, color, rect.top(em(NAME + 24)).inset(em(20), 0.0), "memory")


class Numbers:
    """The arithmetic of l, word by word on one line. What stands first is l."""

    def __init__(self, rect: Rect) -> None:
        self.rect = rect
        self.px = NUMBER * min(1.0, rect.width / line_width(["13.22", "×", "0.407", "=", "5.38"], NUMBER))
        self.pieces: list[Word] = []

    def first(self, text: str, color: str) -> Word:
        """Alone at the left."""
        self.pieces = []
        return self.next(text, color, "l")

    def next(self, text: str, color: str, name: str = "sum") -> Word:
        """The next word, in its place."""
        left = self.pieces[-1].left + self.pieces[-1].wide + SPACE * em(self.px) if self.pieces else self.rect.x0
        self.pieces.append(Word(text, self.px, color, left, middle(self.rect, self.px), name))
        return self.pieces[-1]

    def put(self, piece: Word, rect: Rect) -> None:
        """One of them, as the line stands in ``rect``."""
        ahead = self.pieces[: self.pieces.index(piece)]
        piece.put_at(rect.x0 + sum(each.wide + SPACE * em(self.px) for each in ahead), middle(rect, self.px))

    def settle(self) -> tuple[Shows, list[FadeOut]]:
        """The result comes to the first place; what it was made of leaves."""
        *others, result = self.pieces
        self.pieces, result.tag = [result], "l"
        moving = slid(result, self.rect.x0, result.baseline, rate_func=lambda share: ease_in_out_cubic(late(share)))
        return moving, [FadeOut(piece, rate_func=early) for piece in others]


def worded(rect: Rect, texts: list[str], px: float, colors: list[str], name: str) -> list[Word]:
    """Words on one baseline from the left of ``rect``, smaller where they would not fit."""
    px *= min(1.0, rect.width / line_width(texts, px))
    left = rect.x0
    words: list[Word] = []
    for text, color in zip(texts, colors, strict=True):
        if words and text != ")":
            left += SPACE * em(px)
        words.append(Word(text, px, color, left, middle(rect, px), name))
        left += words[-1].wide
    return words


def centred(words: list[Word], rect: Rect) -> list[Word]:
    """A line of words in the middle of ``rect``."""
    rest = (rect.x1 - words[-1].left - words[-1].wide) / 2
    return [each.put_at(each.left + rest, each.baseline) for each in words]


def labelled(
    rect: Rect, name: tuple[str, str], words: tuple[str, str], short: str = "", *, px: float = NAME, face: Face = Face.STRONG
) -> tuple[Word, Word]:
    """A name and what it is, on one baseline from the left of ``rect``. Each is (text, colour).

    Where they would not fit, the words are ``short`` ones, and then all is smaller.
    """

    def wide(text: str) -> float:
        return text_width(name[0], px, face) + 0.4 * em(px) + text_width(text, LABEL)

    text = short if short and wide(words[0]) > rect.width else words[0]
    share = min(1.0, rect.width / wide(text))
    baseline = middle(rect, px * share)
    first = Word(name[0], px * share, name[1], rect.x0, baseline, "name", face)
    second = Word(text, LABEL * share, words[1], first.left + first.wide + 0.4 * em(px) * share, baseline, "name", Face.TEXT)
    return first, second


def machine(device: str, aspect: Aspect, skin: palette.Theme) -> Named:
    """The machine whose figures stand, in a frame: always in the same corner, in every film."""
    place, found = machine_rect(aspect), MODEL.search(device)
    text, pad = found.group() if found else device, em(12)
    name = word(text, CORNER, skin.ink, place.inset(pad, 0.0), "part")
    name.put_at(place.x1 - pad - name.wide, name.baseline)
    frame = box(place.right(name.wide + 2 * pad), stroke=skin.quiet)
    return Named(frame, name, tag="machine", text=text).set_z_index(1, family=True)


def symbols(formula: str, px: float, color: str, rect: Rect, name: str) -> Named:
    """A formula in the middle of a rectangle, smaller where it would not fit."""
    drawn = theme.maths(formula, px, color)
    drawn.scale(min(1.0, rect.width / drawn.width, rect.height / drawn.height)).move_to(rect.center)
    return Named(drawn, tag=name, text=formula)


def struck(part: Mobject | list[Mobject], skin: palette.Theme) -> Line:
    """A line through the middle of what cancels."""
    points = np.concatenate([each.get_all_points() for each in (part if isinstance(part, list) else [part])])
    low, high = points.min(0), points.max(0)
    y = (low[1] + high[1]) / 2
    return Line((low[0] - 0.05, y, 0), (high[0] + 0.05, y, 0), stroke_color=skin.ink, stroke_width=2 * theme.HEAVY)


def middle(rect: Rect, px: float) -> float:
    """The baseline of type whose digits stand in the middle of ``rect``."""
    return rect.center[1] - 0.36 * em(px)


def line_width(words: list[str], px: float) -> float:
    """Of words with spaces between."""
    return sum(text_width(text, px, Face.STRONG) for text in words) + SPACE * em(px) * (len(words) - 1)


def fly(target: Named, source: Named | Counter) -> Shows:
    """A copy of ``source`` becomes ``target``: it leaves from there, and comes to its place at its size."""
    family = [(part, part.points.copy()) for part in target.get_family() if len(part.points)]
    start, stop = source.get_center(), target.get_center()
    ratio = source.height / target.height

    def show(share: float) -> None:
        for part, points in family:
            part.points = (points - stop) * (ratio + (1 - ratio) * share) + start + (stop - start) * share

    return Shows(target, show, rate_func=ease_in_out_cubic, introducer=True)
