"""Numbers that flip from old to new. One path a number, composed from a glyph atlas: no Text is built while a film plays."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from manim import VMobject
from manim.typing import Point3D_Array

from flashviz import theme
from flashviz.layout import Rect
from flashviz.lettering import Face, bearing, em, ink_box, text_width
from flashviz.mobjects.named import Act

ADVANCE = 0.6  # of JetBrains Mono, in em
EM_OF_ONE = 135.0  # px: em(135) == 1


@cache
def _outline(char: str, face: Face) -> Point3D_Array:
    """Points of one glyph of em 1: left edge of its advance box at x = 0, baseline at y = 0."""
    px = EM_OF_ONE
    drawn = theme.line(char, px, "#FFFFFF", face)
    _, bottom = ink_box(char, px, face)
    drawn.shift((bearing(char, face) - drawn.get_left()[0], bottom - drawn.get_bottom()[1], 0))
    family = [glyph.points for glyph in drawn.family_members_with_points()]
    return np.concatenate(family) if family else np.zeros((0, 3))


class Readout(VMobject):
    """Text in a monospaced face that can flip to another text. ``name`` and ``text`` are what structural snapshots read.

    Args:
        text: What it shows at first.
        px: Em in pixels of a 1080 px frame.
        anchor: ``left``, ``center`` or ``right``: which side stays in place when the length changes.
        minus: Whose minus sign is drawn: the monospaced faces have a hyphen in its place.
    """

    def __init__(
        self, text: str, px: float, color: str, *, name: str, face: Face = Face.MONO, anchor: str = "left", minus: Face | None = None
    ) -> None:
        super().__init__(stroke_width=0, fill_color=color, fill_opacity=1)
        self.tag, self.px, self.face, self.anchor = name, px, face, anchor
        self.faces = {"−": minus or face}
        self.text = text
        self.home = np.zeros(3)
        self.display(text)

    def at(self, rect: Rect) -> Readout:
        """Stand on the middle line of ``rect``, at its anchor side."""
        x = {"left": rect.x0, "center": rect.center[0], "right": rect.x1}[self.anchor]
        self.home = np.array([x, rect.center[1] - 0.36 * em(self.px), 0.0])
        return self.display(self.text)

    def display(self, text: str) -> Readout:
        self.text = text
        self.points = self._compose(text, np.ones(len(text)), self._start(len(text)))
        return self

    def turn(self, text: str, run_time: float = 0.35) -> Flip:
        return Flip(self, text, run_time=run_time)

    @property
    def step(self) -> float:
        return ADVANCE * em(self.px)

    def _start(self, length: int) -> float:
        share = {"left": 0.0, "center": 0.5, "right": 1.0}[self.anchor]
        return float(self.home[0]) - share * length * self.step

    def _compose(self, text: str, heights: np.ndarray, start: float) -> Point3D_Array:
        """Glyph outlines side by side, each squeezed to ``heights`` about the middle of the digits."""
        size, middle = em(self.px), 0.365
        parts = []
        for index, (char, height) in enumerate(zip(text, heights, strict=True)):
            if char == " " or height == 0:
                continue
            face = self.faces.get(char, self.face)
            points = _outline(char, face).copy()
            points[:, 0] += (ADVANCE - text_width(char, EM_OF_ONE, face)) / 2  # in the middle of its place
            points[:, 1] = middle + (points[:, 1] - middle) * height
            parts.append(points * size + np.array([start + index * self.step, self.home[1], 0.0]))
        return np.concatenate(parts) if parts else np.zeros((0, 3))


class Flip(Act):
    """Old digits fold away, new ones unfold; digits that stay do not move. Never counts through values in between."""

    def __init__(self, readout: Readout, text: str, **kwargs: Any) -> None:
        self.old, self.new = readout.text, text
        super().__init__(readout, **kwargs)

    def begin(self) -> None:
        self.old = self.mobject.text  # an earlier flip may have run since this one was made
        self.mobject.text = self.new
        super().begin()

    def interpolate_mobject(self, alpha: float) -> None:
        readout: Readout = self.mobject
        text, fold = (self.old, 1 - 2 * alpha) if alpha < 0.5 else (self.new, 2 * alpha - 1)
        same_length = len(self.old) == len(self.new)
        stays = [same_length and old == new for old, new in zip(self.old, self.new, strict=False)]
        heights = [1.0 if same_length and stays[index] else max(0.0, fold) for index in range(len(text))]
        readout.points = readout._compose(text, np.array(heights), readout._start(len(text)))
