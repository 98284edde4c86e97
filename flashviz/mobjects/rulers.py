"""A ruler of decades, and dots in the lanes above its line."""

from __future__ import annotations

import numpy as np
from manim import Circle
from manim.typing import Point3DLike

from flashviz import theme
from flashviz.layout.exactness import TALL, Ruler
from flashviz.lettering import em
from flashviz.mobjects.cast import Cast
from flashviz.mobjects.tiles import Rectangles
from flashviz.palette import Theme

DOT = em(15)  # radius


class Scale(Rectangles):
    """The line of a ruler and a tick for each decade."""

    def __init__(self, skin: Theme, name: str, ruler: Ruler) -> None:
        super().__init__(skin.quiet, name=f"scale {name}")
        y, half = ruler.line, em(3) / 2
        ticks = [[x - half, y, x + half, y + TALL] for x in (ruler.x(10.0**decade) for decade in ruler.decades)]
        self.display(np.array([[ruler.start, y - half, ruler.rect.x1, y + half], *ticks]))


class Dot(Circle):
    """A dot of one algorithm, or a ring."""

    def __init__(self, color: str, *, hollow: bool, name: str) -> None:
        self.tag = name
        super().__init__(
            radius=DOT, stroke_color=color, stroke_width=2 * theme.OUTLINE, fill_color=color, fill_opacity=0.0 if hollow else 1.0
        )  # fmt: skip
        self.cast = Cast(self)

    def at(self, place: Point3DLike) -> Dot:
        """Stand there."""
        self.cast.move_to(place)
        return self
