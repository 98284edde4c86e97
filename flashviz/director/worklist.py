"""What is made, line by line: the line that is worked on is framed, those before it are ticked, those after it are pale."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from manim import Group
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import palette, theme
from flashviz.director.words import SPACE, Word, middle
from flashviz.layout import Rect
from flashviz.layout.backward import Bands
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import Shows
from flashviz.mobjects.named import Named
from flashviz.mobjects.tiles import edges, outlines
from flashviz.palette import Theme

TICK, COUNT, RULE = 0.25, 1.35, 2.2  # em from the left: of a tick, of a number, of a formula
SLACK = 0.25  # em at the right of the longest formula
FRAME = 0.94  # of a line's height
SMALL, RAISED = 0.7, 0.34  # em: a transpose's T, and its baseline over the line's


class Worklist(Group):
    """Lines of a number, or none, and a formula. ``position`` is how many are done; a broken one is between two lines.

    Args:
        lines: Of each its number, its formula and its hue.
        rect: All of it.
        px: Em of the type, smaller where the longest line would not fit.
    """

    def __init__(self, lines: Sequence[tuple[str, str, str]], rect: Rect, px: float, skin: Theme) -> None:
        self.tag, self.slots = "list", [Bands(rect, len(lines), 0).of(at) for at in range(len(lines))]
        widest = max(text_width(rule, px, Face.STRONG) for _, rule, _ in lines) + (RULE + SLACK) * em(px)
        px *= min(1.0, rect.width / widest)
        wide = min(rect.width, widest)

        def words(column: float, texts: Sequence[tuple[str, str]], name: str) -> list[Named | None]:
            return [
                transposed(text, px, hue, slot.x0 + column * em(px), middle(slot, px), name) if text else None
                for slot, (text, hue) in zip(self.slots, texts, strict=True)
            ]

        self.ticks = words(TICK, [("✓", skin.ink)] * len(lines), "tick")
        self.counts = words(COUNT, [(count, skin.ink) for count, _, _ in lines], "count")
        self.rules = words(RULE, [(rule, hue) for _, rule, hue in lines], "rule")
        self.slots = [slot.left(wide).inset(0.0, (1 - FRAME) / 2 * slot.height) for slot in self.slots]
        self.frame = outlines(skin.ink, "line", theme.OUTLINE)
        super().__init__(*(each for each in (*self.ticks, *self.counts, *self.rules) if each is not None), self.frame)
        self.display(0.0)

    def display(self, position: float) -> Worklist:
        self.position, last = position, len(self.slots) - 1
        for at in range(len(self.slots)):
            reached, done = np.clip([position - at + 1, position - at], 0.0, 1.0)
            for each, opacity in ((self.ticks[at], done), (self.counts[at], reached), (self.rules[at], reached)):
                if each is not None:
                    least = 0.0 if each is self.ticks[at] else palette.FAINT
                    each.set_fill(opacity=least + (1 - least) * opacity)
        at = min(int(position), last)
        here = self.slots[at].toward(self.slots[min(at + 1, last)], position - at) if position <= last else self.slots[last]
        self.frame.display(edges([here])).set_stroke(opacity=float(np.clip(last + 1 - position, 0.0, 1.0)))
        return self

    def go(self, position: int) -> Shows:
        """All lines before it are done; it is worked on."""
        start = self.position
        return Shows(self, lambda share: self.display(start + (position - start) * share), rate_func=ease_in_out_cubic)


def transposed(text: str, px: float, color: str, left: float, baseline: float, name: str) -> Named:
    """A formula by its left edge and baseline; the T of what is transposed is the face's own letter, small and raised."""
    drawn: list[Word] = []
    for at, part in enumerate(text.split("ᵀ")):
        if at:
            drawn.append(Word("T", SMALL * px, color, left, baseline + RAISED * em(px), "exponent"))
            left += drawn[-1].wide
        if part:
            drawn.append(Word(part.strip(), px, color, left + SPACE * em(px) * part.startswith(" "), baseline, "part"))
            left = drawn[-1].left + drawn[-1].wide
    return Named(*(glyphs for each in drawn for glyphs in each), tag=name, text=text)
