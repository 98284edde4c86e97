"""S or P as standard attention keeps it in HBM: a picture of the whole matrix that appears tile by tile."""

from __future__ import annotations

import numpy as np
from manim import RESAMPLING_ALGORITHMS, Group, ImageMobject

from flashviz import palette, theme
from flashviz.layout import Rect
from flashviz.mobjects.tiles import box


class Stored(Group):
    """A matrix of scores as it lies in HBM, tile after tile in row order; its outline is there before it is."""

    def __init__(self, shares: np.ndarray, rect: Rect, grid: tuple[int, int], skin: palette.Theme, name: str) -> None:
        self.tag, self.rect, self.grid = f"stored {name}", rect, grid
        self.image = ImageMobject(theme.ramp(shares, skin.panel, skin.hue(name)))
        self.image.set_resampling_algorithm(RESAMPLING_ALGORITHMS["nearest"])
        self.image.points = np.array([[rect.x0, rect.y1, 0], [rect.x1, rect.y1, 0], [rect.x0, rect.y0, 0], [rect.x1, rect.y0, 0]])
        super().__init__(box(rect, stroke=skin.quiet, width=theme.OUTLINE), self.image)
        self.display(0)

    @property
    def count(self) -> int:
        """Of its tiles."""
        return self.grid[0] * self.grid[1]

    def cell(self, index: int) -> Rect:
        """Where a tile lies."""
        (n, m), rect = self.grid, self.rect
        row, col = divmod(index, m)
        x, y = rect.x0 + col * rect.width / m, rect.y1 - row * rect.height / n
        return Rect(x, y - rect.height / n, x + rect.width / m, y)

    def display(self, tiles: float) -> Stored:
        """So many of them, in row order."""
        n, m = self.grid
        self.values = np.array([round(tiles)])
        filled = (np.arange(n * m) < round(tiles)).reshape(n, m)
        height, width = self.image.pixel_array.shape[:2]
        row, col = np.arange(height) * n // height, np.arange(width) * m // width
        self.image.pixel_array[:, :, 3] = np.where(filled[row][:, col], 255, 0)
        return self
