"""A line of numbers, and a dot that stands somewhere on it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from manim import Circle
from manim.typing import Point3DLike

from flashviz import theme
from flashviz.layout.exactness import TALL, Axis
from flashviz.lettering import em
from flashviz.mobjects.cast import Cast
from flashviz.mobjects.tiles import Rectangles
from flashviz.palette import Theme

DOT = em(15)  # radius, of one among others


class Scale(Rectangles):
    """A line of numbers with a tick at each of ``ticks``; without one where numbers are too many to be told apart."""

    def __init__(self, skin: Theme, name: str, axis: Axis, ticks: Sequence[float] = ()) -> None:
        super().__init__(skin.quiet, name=f"scale {name}")
        self.axis, self.ticks = axis, ticks
        self.reach(1.0)

    def reach(self, share: float) -> None:
        """So much of it is there, from the left."""
        axis, half = self.axis, em(4) / 2
        end = axis.rect.x0 + share * axis.rect.width
        ticks = [[x - half, axis.y - TALL, x + half, axis.y + TALL] for x in map(axis.x, self.ticks) if x <= end]
        self.display(np.array([[axis.rect.x0, axis.y - half, end, axis.y + half], *ticks]))


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
