"""Tiles: plain squares that fly, and matrices that show their values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from manim import (
    RESAMPLING_ALGORITHMS,
    Group,
    ImageMobject,
    Rectangle,
    RoundedRectangle,
    VMobject,
)

from flashviz import theme
from flashviz.layout import Rect
from flashviz.lettering import em
from flashviz.mobjects.named import Act
from flashviz.palette import Theme

DASH, THIN = em(12), em(3)  # how long a dash is, about, and how thick
HATCH = em(16)  # between two lines of a hatching, across


def image_corners(rect: Rect) -> np.ndarray:
    """[4, 3] where an image's corners stand: the upper two from the left, then the lower two."""
    return np.array([[rect.x0, rect.y1, 0], [rect.x1, rect.y1, 0], [rect.x0, rect.y0, 0], [rect.x1, rect.y0, 0]])


def box(rect: Rect, *, stroke: str, fill: str | None = None, opacity: float = 0.0, width: float = theme.OUTLINE) -> Rectangle:
    """A plain rectangle that fills ``rect``."""
    return Rectangle(
        width=rect.width, height=rect.height, stroke_color=stroke, stroke_width=width, fill_color=fill or stroke, fill_opacity=opacity
    ).move_to(rect.center)


def panel(rect: Rect, *, fill: str, edge: str) -> RoundedRectangle:
    """A zone's ground."""
    radius = min(theme.PANEL_CORNER, rect.width / 3, rect.height / 3)
    return RoundedRectangle(
        corner_radius=radius, width=rect.width, height=rect.height, stroke_color=edge, stroke_width=theme.HAIRLINE,
        fill_color=fill, fill_opacity=1,
    ).move_to(rect.center)  # fmt: skip


def dashes(rect: Rect) -> np.ndarray:
    """[n, 4] boxes along the outline of ``rect``, for ``Rectangles``: where something was, or is not kept."""

    def along(start: float, stop: float) -> tuple[np.ndarray, np.ndarray]:
        step = (stop - start) / max(int((stop - start) / (2 * DASH)), 1)
        begins = np.arange(start + step / 4, stop, step)
        return begins, begins + step / 2

    (x0, x1), (y0, y1), half = along(rect.x0, rect.x1), along(rect.y0, rect.y1), THIN / 2
    level = [np.stack([x0, 0 * x0 + y - half, x1, 0 * x0 + y + half], 1) for y in (rect.y0, rect.y1)]
    upright = [np.stack([0 * y0 + x - half, y0, 0 * y0 + x + half, y1], 1) for x in (rect.x0, rect.x1)]
    return np.concatenate([*level, *upright])


def dashed(x: float, low: float, high: float, dash: float = DASH) -> np.ndarray:
    """[n, 4] boxes of an upright dashed line, for ``Rectangles``."""
    y, half = np.arange(low, high, 2 * dash), em(4) / 2
    return np.stack([x - half + 0 * y, y, x + half + 0 * y, np.minimum(y + dash, high)], 1)


def span(left: float, right: float, y: float, half: float, tall: float) -> np.ndarray:
    """[3, 4] boxes of a level line that measures, ``half`` to either side of ``y`` thick, and its two ends, ``tall`` to either side."""
    ends = [(x - half, y - tall, x + half, y + tall) for x in (left, right)]
    return np.array([(left, y - half, right, y + half), *ends])


def edges(rects: Sequence[Rect]) -> np.ndarray:
    """[n, 4] of x0, y0, x1, y1, for ``Rectangles``."""
    return np.array([rect.edges for rect in rects]).reshape(-1, 4)


def rectangles(boxes: np.ndarray) -> np.ndarray:
    """Points of many axis-aligned rectangles as one path. ``boxes`` [n, 4] of x0, y0, x1, y1 -> [16 n, 3] cubic curves."""
    boxes = np.asarray(boxes, dtype=float).reshape(-1, 4)
    x0, y0, x1, y1 = boxes.T
    corners = np.stack([np.stack([x0, y0], -1), np.stack([x1, y0], -1), np.stack([x1, y1], -1), np.stack([x0, y1], -1)], 1)
    ends = np.roll(corners, -1, axis=1)
    thirds = np.array([0, 1 / 3, 2 / 3, 1])[None, None, :, None]
    curves = corners[:, :, None] * (1 - thirds) + ends[:, :, None] * thirds  # [n, 4 sides, 4 handles, 2]
    flat = curves.reshape(-1, 2)
    return np.concatenate([flat, np.zeros((len(flat), 1))], axis=1)


def line_of(rect: Rect, count: int, row: int) -> Rect:
    """Where a row of a tile of ``count`` rows lies."""
    height = rect.height / count
    return Rect(rect.x0, rect.y1 - (row + 1) * height, rect.x1, rect.y1 - row * height)


def flat_row(line: Rect, count: int) -> np.ndarray:
    """[count, 4] a row of a tile as boxes side by side."""
    x = line.x0 + np.arange(count) * line.width / count
    return np.stack([x, np.full(count, line.y0), x + line.width / count, np.full(count, line.y1)], 1)


class Rectangles(VMobject):
    """Many rectangles of one colour drawn as one path. ``values`` are what they stand for, where a snapshot is to read them."""

    values: np.ndarray | None = None

    def __init__(self, color: str, *, name: str, opacity: float = 1.0) -> None:
        super().__init__(stroke_width=0, fill_color=color, fill_opacity=opacity)
        self.tag = name

    def display(self, boxes: np.ndarray) -> Rectangles:
        self.points = rectangles(boxes)
        return self


class Hatch(VMobject):
    """Diagonal lines in boxes, of what is empty. They stand where they are while a box grows."""

    def __init__(self, color: str, name: str) -> None:
        super().__init__(stroke_color=color, stroke_width=theme.HEAVY)
        self.tag = name

    def display(self, boxes: np.ndarray) -> Hatch:
        """[n, 4] of left, low, right, high."""
        lines = [np.zeros((0, 2, 3))]
        for left, low, right, high in boxes:
            tall = high - low
            feet = HATCH * np.arange(np.ceil((left - tall) / HATCH), right / HATCH)
            rise = np.clip(np.stack([left - feet, right - feet]), 0.0, tall)  # at which each line comes into the box, and leaves it
            inside = np.moveaxis(np.stack([feet + rise, low + rise, 0 * rise], 2), 0, 1)
            lines.append(inside[rise[1] > rise[0]])
        start, stop = np.concatenate(lines).transpose(1, 0, 2)
        self.points = np.stack([start + (stop - start) * share for share in (0.0, 1 / 3, 2 / 3, 1.0)], 1).reshape(-1, 3)
        return self


class Polygons(VMobject):
    """Many polygons of one colour as one path."""

    def __init__(self, color: str, name: str, opacity: float = 1.0) -> None:
        super().__init__(stroke_width=0, fill_color=color, fill_opacity=opacity)
        self.tag = name

    def display(self, parts: Sequence[np.ndarray]) -> None:
        """[corners, 2] each."""
        points = []
        for part in parts:
            if len(part):
                ends = np.concatenate([part, part[:1]])
                thirds = np.array([0, 1 / 3, 2 / 3, 1])[None, :, None]
                points.append((ends[:-1, None] * (1 - thirds) + ends[1:, None] * thirds).reshape(-1, 2))
        flat = np.concatenate(points) if points else np.zeros((0, 2))
        self.points = np.concatenate([flat, np.zeros((len(flat), 1))], 1)


def outlines(color: str, name: str, width: float = theme.OUTLINE) -> Rectangles:
    """Rectangles that are hollow."""
    return Rectangles(color, name=name, opacity=0.0).set_stroke(color, width=width, opacity=1)


def plane(fill: str, edge: str, name: str) -> Rectangles:
    """Rectangles with an outline: of a memory, or of a path to it."""
    return Rectangles(fill, name=name).set_stroke(edge, width=theme.OUTLINE, opacity=1)


def image(pixels: np.ndarray) -> ImageMobject:
    """A picture whose pixels [rows, cols, 4] stay squares, however large it is drawn."""
    drawn = ImageMobject(pixels)
    drawn.set_resampling_algorithm(RESAMPLING_ALGORITHMS["nearest"])
    return drawn


class Matrix(Group):
    """A tile whose values are seen: an image of ``values`` [rows, cols] between ``low`` and ``high``, framed in its hue."""

    def __init__(self, values: np.ndarray, rect: Rect, theme_: Theme, tensor: str, low: float, high: float) -> None:
        self.tensor, self.rect, self.values = tensor, rect, np.asarray(values, dtype=float)
        self.low, self.high, self.skin = low, high, theme_
        self.tag = tensor
        self.image = image(self.pixels(self.values))
        self.image.stretch_to_fit_width(rect.width).stretch_to_fit_height(rect.height).move_to(rect.center)
        self.frame = box(rect, stroke=theme_.hue(tensor), width=theme.OUTLINE)
        super().__init__(self.image, self.frame)

    def pixels(self, values: np.ndarray) -> np.ndarray:
        """[rows, cols, 4] of its hue, as strong as its values are high."""
        share = (values - self.low) / max(self.high - self.low, 1e-30)
        return theme.ramp(share, self.skin.panel, self.skin.hue(self.tensor))

    def display(self, values: np.ndarray) -> Matrix:
        self.values = np.asarray(values, dtype=float)
        self.image.pixel_array = self.pixels(self.values)
        return self

    def to(self, values: np.ndarray, run_time: float = 1.0) -> MatrixTo:
        return MatrixTo(self, values, run_time=run_time)


class Signed(Matrix):
    """A tile of values of either sign: zero is the ground, ``high`` its hue, minus ``high`` another one."""

    def __init__(self, values: np.ndarray, rect: Rect, theme_: Theme, tensor: str, high: float) -> None:
        super().__init__(values, rect, theme_, tensor, 0.0, high)

    def pixels(self, values: np.ndarray) -> np.ndarray:
        """[rows, cols, 4]"""
        share = values / max(self.high, 1e-30)
        under = theme.ramp(-share, self.skin.panel, self.skin.below)
        return np.where(share[..., None] < 0, under, theme.ramp(share, self.skin.panel, self.skin.hue(self.tensor)))


class MatrixTo(Act):
    """Values pass linearly from old to new: for a matrix that the kernel overwrites in place."""

    def __init__(self, matrix: Matrix, values: np.ndarray, **kwargs: Any) -> None:
        self.old, self.new = matrix.values, np.asarray(values, dtype=float)
        super().__init__(matrix, **kwargs)

    def begin(self) -> None:
        self.old = self.mobject.values
        super().begin()

    def interpolate_mobject(self, alpha: float) -> None:
        self.mobject.display(self.old * (1 - alpha) + self.new * alpha)
