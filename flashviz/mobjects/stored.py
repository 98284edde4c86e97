"""Matrices of scores as standard attention keeps them in HBM: pictures that appear tile by tile."""

from __future__ import annotations

import numpy as np
from manim import RESAMPLING_ALGORITHMS, Group, ImageMobject, Mobject

from flashviz import palette, theme
from flashviz.layout import Rect
from flashviz.lettering import em
from flashviz.mobjects.tiles import box, image, image_corners

PIXEL = em(8)  # two of a film of 270 lines
GROUND = 0.14  # of the way from the ground to the hue, where a weight is 0


def on_ground(shares: np.ndarray) -> np.ndarray:
    """Shares 0..1 of a hue, so that a picture of weights that are mostly 0 is seen where it ends."""
    return np.asarray(GROUND + (1 - GROUND) * shares)


class Picture(ImageMobject):
    """A picture of a matrix of scores in a rectangle, or what a part of this has of it.

    Args:
        shares: [rows, columns] 0..1.
        name: "S" or "P".
    """

    def __init__(self, shares: np.ndarray, skin: palette.Theme, name: str, tag: str) -> None:
        super().__init__(theme.ramp(shares, skin.panel, skin.hue(name)))
        self.set_resampling_algorithm(RESAMPLING_ALGORITHMS["nearest"])
        self.whole, self.tag = self.pixel_array, tag

    def display(self, rect: Rect, part: Rect | None = None, opacity: float = 1.0) -> Picture:
        """In ``rect``; nothing of it is drawn beyond ``part``, which lies in it; nothing at all where that is a hair."""
        part = part or rect
        (rows, columns), clear = self.whole.shape[:2], min(part.width, part.height) < PIXEL
        y0, y1 = (round((rect.y1 - y) / (rect.height or 1.0) * rows) for y in (part.y1, part.y0))
        x0, x1 = (round((x - rect.x0) / (rect.width or 1.0) * columns) for x in (part.x0, part.x1))
        self.pixel_array = self.whole[min(y0, rows - 1) : max(y1, y0 + 1), min(x0, columns - 1) : max(x1, x0 + 1)].copy()
        self.pixel_array[:, :, 3] = 0 if clear else round(255 * opacity)
        self.points = image_corners(part.left(PIXEL).top(PIXEL) if clear else part)
        return self


class TiledPicture(Group):
    """A picture of a whole matrix of scores, tile after tile in row order; ``parts`` lie under it."""

    rect: Rect
    grid: tuple[int, int]  # rows and columns of tiles

    def __init__(self, shares: np.ndarray, skin: palette.Theme, name: str, *parts: Mobject) -> None:
        self.image = image(theme.ramp(shares, skin.panel, skin.hue(name)))
        super().__init__(*parts, self.image)

    def stand(self, rect: Rect, grid: tuple[int, int]) -> None:
        """In this rectangle, in so many tiles."""
        self.rect, self.grid = rect, grid
        self.image.points = image_corners(rect)

    def cell(self, index: int) -> Rect:
        """Where a tile lies."""
        (n, m), rect = self.grid, self.rect
        row, col = divmod(index, m)
        wide, high = rect.width / m, rect.height / n
        x, y = rect.x0 + col * wide, rect.y1 - row * high
        return Rect(x, y - high, x + wide, y)

    def uncover(self, tiles: float) -> None:
        """The first tiles are seen, the others are clear."""
        self._see(np.arange(self.grid[0] * self.grid[1]) < round(tiles))

    def only(self, tile: int) -> None:
        """One tile is seen, in row order, the others are clear."""
        self._see(np.arange(self.grid[0] * self.grid[1]) == tile)

    def _see(self, seen: np.ndarray) -> None:
        """[tiles] which are seen."""
        n, m = self.grid
        height, width = self.image.pixel_array.shape[:2]
        row, col = np.arange(height) * n // height, np.arange(width) * m // width
        self.image.pixel_array[:, :, 3] = np.where(seen.reshape(n, m)[row][:, col], 255, 0)


class Stored(TiledPicture):
    """S or P in a place of its own; its outline is there before it is."""

    def __init__(self, shares: np.ndarray, rect: Rect, grid: tuple[int, int], skin: palette.Theme, name: str) -> None:
        self.tag = f"stored {name}"
        super().__init__(shares, skin, name, box(rect, stroke=skin.quiet, width=theme.OUTLINE))
        self.stand(rect, grid)
        self.display(0)

    @property
    def count(self) -> int:
        """Of its tiles."""
        return self.grid[0] * self.grid[1]

    def display(self, tiles: float) -> Stored:
        """So many of them, in row order."""
        self.values = np.array([round(tiles)])
        self.uncover(tiles)
        return self
