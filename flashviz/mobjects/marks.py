"""Marks in cells of the score grid that say what kind of tile it is, by shape as well as by strength. No value is shown."""

from __future__ import annotations

from typing import Literal

import numpy as np
from manim import VMobject

from flashviz.layout import Rect

Shape = Literal["full", "masked", "skipped"]

# Corners in a cell of side 1, y upwards
CORNERS: dict[Shape, np.ndarray] = {
    "full": np.array([[0.25, 0.25], [0.75, 0.25], [0.75, 0.75], [0.25, 0.75]]),
    "masked": np.array([[0.25, 0.25], [0.75, 0.25], [0.25, 0.75]]),  # what lies below the diagonal
    "skipped": 0.5 + 0.22 * np.array([
        [0.0, 0.2], [0.8, 1.0], [1.0, 0.8], [0.2, 0.0], [1.0, -0.8], [0.8, -1.0],
        [0.0, -0.2], [-0.8, -1.0], [-1.0, -0.8], [-0.2, 0.0], [-1.0, 0.8], [-0.8, 1.0],
    ]),  # a cross
}  # fmt: skip


class Marks(VMobject):
    """One mark a cell, all of one shape, as one path."""

    def __init__(self, shape: Shape, color: str, *, opacity: float = 1.0) -> None:
        super().__init__(stroke_width=0, fill_color=color, fill_opacity=opacity)
        self.tag, self.shape, self.text = f"marks {shape}", shape, ""

    def display(self, cells: list[Rect]) -> Marks:
        """In these cells and no others."""
        self.text = str(len(cells))
        corners = CORNERS[self.shape]
        low = np.array([[c.x0, c.y0] for c in cells]).reshape(-1, 1, 2)
        side = np.array([[c.width, c.height] for c in cells]).reshape(-1, 1, 2)
        starts = low + corners * side  # [cells, corners, 2]
        thirds = np.array([0, 1 / 3, 2 / 3, 1])[None, None, :, None]
        curves = starts[:, :, None] * (1 - thirds) + np.roll(starts, -1, axis=1)[:, :, None] * thirds
        flat = curves.reshape(-1, 2)
        self.points = np.concatenate([flat, np.zeros((len(flat), 1))], axis=1)
        return self
