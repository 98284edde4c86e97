"""A dot that stands somewhere on a line of numbers, or about a place."""

from __future__ import annotations

from manim import Circle
from manim.typing import Point3DLike

from flashviz import theme
from flashviz.lettering import em
from flashviz.mobjects.cast import Cast

DOT = em(15)  # radius, of one among others


class Dot(Circle):
    """A dot, or a ring."""

    def __init__(self, color: str, *, hollow: bool, name: str, radius: float = DOT) -> None:
        self.tag = name
        super().__init__(
            radius=radius, stroke_color=color, stroke_width=2 * theme.OUTLINE, fill_color=color, fill_opacity=0.0 if hollow else 1.0
        )  # fmt: skip
        self.cast = Cast(self)

    def at(self, place: Point3DLike) -> Dot:
        """Stand there."""
        self.cast.move_to(place)
        return self
