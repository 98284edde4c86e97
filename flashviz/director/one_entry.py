"""One entry of acc, and of acc / l, in numbers that check by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
from manim import VMobject

from flashviz import theme
from flashviz.director.words import LABEL, NUMBER, Word, line_width, middle, worded
from flashviz.figures import number, total
from flashviz.layout import Rect
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.bars import SignedBars
from flashviz.mobjects.motion import FadeIn, FadeOut, early, late
from flashviz.mobjects.tiles import box
from flashviz.palette import Theme


class Entry:
    """The feature of which acc has most, its bar marked: what it comes to before acc is scaled, and after.

    Args:
        bars: acc as it is drawn.
        old, scaled: acc [d] before and after.
        place: Where the number stands, as near over its bar as it can.
    """

    def __init__(self, bars: SignedBars, old: np.ndarray, scaled: np.ndarray, place: Rect, skin: Theme) -> None:
        self.bars, self.skin, self.feature = bars, skin, int(np.abs(old).argmax())
        self.values = float(old[self.feature]), float(scaled[self.feature])
        self.mark = VMobject(stroke_color=skin.ink, stroke_width=theme.OUTLINE)
        self.follow()
        px, middle_of_it = NUMBER * min(1.0, place.height / em(NUMBER)), self.mark.get_center()[0]
        words = []
        for value in self.values:
            text = total(value)
            wide = text_width(text, px, Face.STRONG)
            left = min(max(middle_of_it - wide / 2, place.x0), place.x1 - wide)
            words.append(Word(text, px, skin.o, left, middle(place, px), "entry"))
        self.before, self.after = words

    def follow(self) -> None:
        """The mark goes around its bar as it is now."""
        assert self.bars.values is not None
        self.mark.points = box(Rect(*self.bars.boxes(self.bars.values)[self.feature]).inset(-em(5)), stroke=self.skin.ink).points


class Quotient:
    """What acc / l is at one feature: one number before and after. No words where there is no room, or where its digits do not show it.

    Args:
        entries: acc's entry before it is scaled, and after.
        sums: l likewise.
    """

    def __init__(self, entries: tuple[float, float], sums: tuple[float, float], place: Rect, skin: Theme) -> None:
        pairs = list(zip(entries, sums, strict=True))
        value = number(entries[0] / (sums[0] or 1.0), 2)
        lines = [["=", value, "=", total(acc), "/", total(l)] for acc, l in pairs]
        checks = all(l >= 0.005 and number(round(acc, 2) / round(l, 2), 2) == value for acc, l in pairs)
        self.old, self.new = list[Word](), list[Word]()
        if checks and all(line_width(line, LABEL) <= place.width for line in lines):
            colors = [skin.ink, skin.o, skin.ink, skin.o, skin.ink, skin.stats]
            self.old, self.new = (worded(place, line, NUMBER, colors, "quotient") for line in lines)

    def turn(self) -> list[Any]:
        """What it is made of becomes smaller numbers; what stays is not touched."""
        pairs = list(zip(self.old, self.new, strict=True))
        stay = [before.text == after.text and before.left == after.left for before, after in pairs]
        self.new = [before if same else after for (before, after), same in zip(pairs, stay, strict=True)]
        other = [pair for pair, same in zip(pairs, stay, strict=True) if not same]
        return [*(FadeOut(before, rate_func=early) for before, _ in other), *(FadeIn(after, rate_func=late) for _, after in other)]
