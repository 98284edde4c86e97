"""A roof from zero both ways, and in squares what one row block moves and multiplies."""

from __future__ import annotations

import numpy as np
from manim import VGroup, VMobject

from flashviz import theme
from flashviz.chapters.roofline import WAYS, Count, Roof
from flashviz.layout.roofline import Axes, Squares
from flashviz.lettering import em
from flashviz.mobjects.tiles import Rectangles
from flashviz.palette import Theme

LEAST = 1e-3  # of a line: a path has a length


class RoofView(VGroup):
    """What a device attains at the most, over operations a byte: the slope of its memory, the level of its arithmetic."""

    def __init__(self, roof: Roof, axes: Axes, skin: Theme) -> None:
        self.tag, self.roof = "roof", roof
        self.under = VMobject(stroke_width=0, fill_color=skin.panel, fill_opacity=1.0)
        self.line = VMobject(stroke_color=skin.ink, stroke_width=1.6 * theme.HEAVY, fill_opacity=0.0)
        self.base, self.knee = Rectangles(skin.quiet, name="base"), Rectangles(skin.ink, name="knee")
        super().__init__(self.under, self.base, self.knee, self.line)
        self.place(axes)

    def place(self, axes: Axes, shown: float = 1.0, dropped: float = 1.0) -> RoofView:
        """Stand in a plot; so much of the line is drawn, from the left, and of the ridge's, from the roof down to its number."""
        self.axes, rect = axes, axes.rect
        points = [(axes.x(x), axes.y(y), 0.0) for x, y in self.roof.between(0.0, axes.most[0] * max(shown, LEAST))]
        self.line.set_points_as_corners(points)
        floor, half = rect.y0, em(2)
        self.under.set_points_as_corners([*points, (points[-1][0], floor, 0.0), (points[0][0], floor, 0.0), points[0]])
        self.base.display(np.array([[rect.x0, floor - half, rect.x1, floor + half], [rect.x0 - half, floor, rect.x0 + half, rect.y1]]))
        if self.roof.knee is not None:
            x, top = axes.x(self.roof.knee), axes.y(self.roof.at(self.roof.knee))
            self.knee.display(np.array([[x - half, top - (top - floor) * dropped, x + half, top]]))
            self.knee.values = np.array([self.roof.knee])
        return self

    def spot(self, intensity: float) -> tuple[float, float, float]:
        """Where an intensity stands on the roof."""
        return self.axes.x(intensity), self.axes.y(self.roof.at(intensity)), 0.0


class Reading(Rectangles):
    """How a dot is read: from the roof across to its rate."""

    def at(self, axes: Axes, intensity: float, rate: float, shown: float = 1.0) -> Reading:
        """So much of the way."""
        x, y, half = axes.x(intensity), axes.y(rate), em(2)
        self.display(np.array([[x - (x - axes.rect.x0) * shown, y - half, x, y + half]]))
        self.values = np.array([intensity, rate])
        return self


class Piles(VGroup):
    """What is counted of one row block: a filled square for each tile that crosses, by way, a hollow one for each product of tiles.

    Args:
        square: Bytes of a filled one.
        product: Operations of a hollow one.
    """

    def __init__(self, moved: Squares, done: Squares, square: float, product: float, skin: Theme) -> None:
        self.tag, self.moved, self.done, self.square, self.product = "piles", moved, done, square, product
        self.ways = [Rectangles(skin.hue(way.tensor), name=f"way {way.name}") for way in WAYS]
        self.products = Rectangles(skin.ink, name="products", opacity=0.0)
        self.products.set_stroke(skin.ink, width=theme.OUTLINE, opacity=1.0)
        super().__init__(*self.ways, self.products)

    def display(self, count: Count) -> Piles:
        """So much was moved and multiplied."""
        for row, (way, nbytes) in enumerate(zip(self.ways, count.ways, strict=True)):
            way.display(self.moved.of(row, nbytes / self.square))
            way.values = np.array([nbytes])
        self.products.display(self.done.flow(count.operations / self.product))
        self.products.values = np.array([count.operations])
        return self


class Climb(VMobject):
    """The part of the roof that a dot has climbed."""

    def __init__(self, axes: Axes, roof: Roof, skin: Theme) -> None:
        super().__init__(stroke_color=skin.o, stroke_width=3 * theme.HEAVY, fill_opacity=0.0)
        self.tag, self.axes, self.roof = "climbed", axes, roof

    def display(self, low: float, high: float) -> Climb:
        """From one intensity to another."""
        self.values = np.array([low, high])
        high = max(high, low + LEAST)
        self.set_points_as_corners([(self.axes.x(x), self.axes.y(y), 0.0) for x, y in self.roof.between(low, high)])
        return self
