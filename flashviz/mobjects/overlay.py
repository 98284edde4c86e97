"""Two pictures that slide over each other: where they overlap, only their difference is seen."""

from __future__ import annotations

import numpy as np
from manim import RESAMPLING_ALGORITHMS, Group, ImageMobject

from flashviz import theme
from flashviz.layout import Rect
from flashviz.lettering import em
from flashviz.mobjects.tiles import box
from flashviz.palette import Theme

GRAIN = em(2)  # side of a pixel of the picture


class Overlay(Group):
    """Two matrices of one shape, each in its place; what they share of the frame shows |first - second| on the same ramp.

    Args:
        rect: Within which both move.
        low, high: Ends of the ramp.
    """

    def __init__(self, first: np.ndarray, second: np.ndarray, rect: Rect, skin: Theme, low: float, high: float) -> None:
        self.tag, self.skin, self.rect = "overlay", skin, rect
        self.pictures = tuple((each - low) / (high - low) for each in (first, second))
        across, up = round(rect.width / GRAIN), round(rect.height / GRAIN)
        self.x = rect.x0 + (np.arange(across) + 0.5) * rect.width / across
        self.y = rect.y1 - (np.arange(up) + 0.5) * rect.height / up
        self.image = ImageMobject(np.zeros((up, across, 4), np.uint8))
        self.image.set_resampling_algorithm(RESAMPLING_ALGORITHMS["nearest"])
        self.image.stretch_to_fit_width(rect.width).stretch_to_fit_height(rect.height).move_to(rect.center)
        self.frames = [box(rect, stroke=skin.o, width=theme.OUTLINE) for _ in self.pictures]
        super().__init__(self.image, *self.frames)

    def place(self, first: Rect, second: Rect) -> Overlay:
        """Stand in these rectangles."""
        shown = [self._seen(picture, rect) for picture, rect in zip(self.pictures, (first, second), strict=True)]
        here = [np.isfinite(each) for each in shown]
        both = here[0] & here[1]
        values = np.where(both, np.abs(shown[0] - shown[1]), np.where(here[0], shown[0], shown[1]))
        pixels = theme.ramp(values, self.skin.panel, self.skin.o)
        pixels[:, :, 3] = np.where(here[0] | here[1], 255, 0)
        self.image.pixel_array = pixels
        for frame, rect in zip(self.frames, (first, second), strict=True):
            frame.points = box(rect, stroke=self.skin.o).points
        return self

    def _seen(self, picture: np.ndarray, rect: Rect) -> np.ndarray:
        """The values of a picture at each pixel; NaN beside it."""
        rows, columns = picture.shape
        row = np.floor((rect.y1 - self.y) / rect.height * rows).astype(int)
        column = np.floor((self.x - rect.x0) / rect.width * columns).astype(int)
        inside = ((row >= 0) & (row < rows))[:, None] & ((column >= 0) & (column < columns))[None, :]
        values = picture[np.clip(row, 0, rows - 1)[:, None], np.clip(column, 0, columns - 1)[None, :]]
        return np.asarray(np.where(inside, values, np.nan))
