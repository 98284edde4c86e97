"""What films of several kinds draw: boxes that move together, one line of words, the last card."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from manim import LEFT, RIGHT, VGroup

from flashviz import theme
from flashviz.layout import Rect
from flashviz.lettering import LINE_PITCH, Face, em
from flashviz.mobjects.named import Act, Named
from flashviz.mobjects.tiles import Rectangles


class Boxes(Act):
    """Rectangles move linearly from old to new boxes; ``sweep`` reveals them left to right instead."""

    def __init__(self, drawn: Rectangles, old: np.ndarray, new: np.ndarray, *, sweep: bool = False, **kwargs: object) -> None:
        self.old, self.new, self.sweep = old, new, sweep
        super().__init__(drawn, **kwargs)  # type: ignore[arg-type]

    def interpolate_mobject(self, alpha: float) -> None:
        if self.sweep:
            self.mobject.display(self.new[: round(alpha * len(self.new))])
        else:
            self.mobject.display(self.old + (self.new - self.old) * alpha)


def note(text: str, px: float, color: str, rect: Rect, side: str = "left", face: Face = Face.TEXT) -> Named:
    """One line in the middle of ``rect``, at its left, centre or right."""
    drawn = theme.line(text, px, color, face).move_to(rect.center)
    if side == "left":
        drawn.align_to((rect.x0, 0, 0), LEFT)
    elif side == "right":
        drawn.align_to((rect.x1, 0, 0), RIGHT)
    return Named(drawn, tag="note", text=text)


def card_lines(texts: Sequence[tuple[str, float, str]], rect: Rect) -> VGroup:
    """Lines of the last card, from the top of ``rect``: (text, px, colour)."""
    block, y = VGroup(), rect.y1
    for text, px, color in texts:
        y -= em(px) * LINE_PITCH
        if text:
            block.add(theme.on_baseline(theme.line(text, px, color), px, rect.x0, y, text))
    return block
