"""Where outlines stand that are moved in every frame: reckoned from how they were made.

manim moves by the difference to where a thing is now, which rounds at each frame. What a play leaves would then depend on whether its
frames were drawn or skipped, in the last bit: what follows has another name in the cache, and now and then another pixel.
"""

from __future__ import annotations

import numpy as np
from manim import Line, Mobject
from manim.typing import Point3DLike


class Cast:
    """The points of ``drawn`` and all its parts as they are now; each place is one step from these."""

    def __init__(self, drawn: Mobject) -> None:
        self.parts = [(part, part.points.copy()) for part in drawn.family_members_with_points()]
        self.center, self.corner = drawn.get_center(), np.array([drawn.get_left()[0], drawn.get_bottom()[1], 0.0])
        self.width = float(drawn.width)

    def shift(self, by: Point3DLike) -> None:
        """Stand so far from where it was made."""
        for part, points in self.parts:
            part.points = points + np.asarray(by)

    def move_to(self, center: Point3DLike, scale: float = 1.0) -> None:
        """Stand with the middle there, at a size that is 1 as it was made."""
        for part, points in self.parts:
            part.points = (points - self.center) * scale + np.asarray(center)

    def corner_to(self, left: float, bottom: float) -> None:
        """Stand with the left and the lower edge there."""
        self.shift(np.array([left, bottom, 0.0]) - self.corner)


def set_ends(line: Line, start: Point3DLike, end: Point3DLike) -> None:
    """A straight line from one point to another, wherever it was."""
    line.set_points_by_ends(start, end)
