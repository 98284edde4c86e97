"""A ruler of octaves with a mark, and dots in lanes above its line, each with its number."""

from __future__ import annotations

import numpy as np
from manim import Circle
from manim.typing import Point3DLike

from flashviz import theme
from flashviz.layout.exactness import STEP, TALL, Ruler
from flashviz.lettering import em
from flashviz.mobjects.cast import Cast
from flashviz.mobjects.tiles import Rectangles
from flashviz.palette import Theme

DOT = em(15)  # radius
BOLD = 4  # a tick that is taller: every fourth octave


class Scale(Rectangles):
    """The line of a ruler and a tick for each octave."""

    def __init__(self, skin: Theme, name: str) -> None:
        super().__init__(skin.quiet, name=f"scale {name}")

    def at(self, ruler: Ruler) -> Scale:
        """Stand where a ruler does, with its range."""
        rect, y, thick = ruler.rect, ruler.line, em(3)
        boxes = [[rect.x0, y - thick / 2, rect.x1, y + thick / 2]]
        for octave in ruler.octaves:
            x, high = ruler.x(2.0**octave), TALL if octave % BOLD == 0 else STEP
            boxes.append([x - thick / 2, y, x + thick / 2, y + high])
        self.display(np.array(boxes))
        return self


class Mark(Rectangles):
    """What rounding may cost: a line across a ruler's lanes."""

    def __init__(self, skin: Theme) -> None:
        super().__init__(skin.ink, name="mark")

    def at(self, ruler: Ruler, share: float, shown: float = 1.0) -> Mark:
        """Stand at a share of the largest value, so much of its height."""
        x, thick = ruler.x(share), em(5)
        self.values = np.array([share])
        self.display(np.array([[x - thick / 2, ruler.line, x + thick / 2, ruler.line + (ruler.top - ruler.line) * shown]]))
        return self


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
