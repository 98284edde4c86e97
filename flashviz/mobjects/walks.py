"""Sums as they grow: one line a sum, from zero at the left."""

from __future__ import annotations

import numpy as np

from flashviz.layout import Rect
from flashviz.mobjects.named import NamedPath


class Walks(NamedPath):
    """Each row of ``sums`` as a line, all in one path.

    Args:
        sums: [n, d + 1] what each comes to after 0 to d steps.
        width: Of the lines.
    """

    def __init__(self, sums: np.ndarray, color: str, width: float, *, name: str) -> None:
        self.sums, self.values = sums, sums[:, -1]
        super().__init__(name, stroke_color=color, stroke_width=width)

    def display(self, room: Rect, unit: float, share: float = 1.0) -> Walks:
        """So many of the steps, across ``room``; zero is its middle, and 1 is ``unit`` high."""
        steps = self.sums.shape[1] - 1
        taken = max(1, round(share * steps))
        corners = np.zeros((len(self.sums), taken + 1, 3))
        corners[..., 0] = room.x0 + np.arange(taken + 1) / steps * room.width
        corners[..., 1] = room.center[1] + self.sums[:, : taken + 1] * unit
        start, step = corners[:, :-1, None], np.diff(corners, axis=1)[:, :, None]
        self.points = (start + step * np.array([0, 1 / 3, 2 / 3, 1])[:, None]).reshape(-1, 3)  # a cubic curve a step
        return self
