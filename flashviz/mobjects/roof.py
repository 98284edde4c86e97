"""A roof from zero both ways, and an SM whose registers fill with programs."""

from __future__ import annotations

import numpy as np
from manim import VGroup, VMobject

from flashviz import theme
from flashviz.chapters.roofline import Roof
from flashviz.layout import Rect
from flashviz.layout.roofline import Axes
from flashviz.lettering import em
from flashviz.mobjects.tiles import Rectangles, box
from flashviz.palette import DIM, SECOND, Theme

SEAM = em(5)  # between two programs
LEAST = 1e-3  # of the line: a path has a length


class RoofView(VGroup):
    """What a device attains at the most, over operations a byte: the slope of its memory, the level of its arithmetic.

    ``works`` is what lies right of the ridge, and stands by itself: it comes with its name.
    """

    def __init__(self, roof: Roof, axes: Axes, skin: Theme) -> None:
        self.tag, self.roof = "roof", roof
        self.under = VMobject(stroke_width=0, fill_color=skin.panel, fill_opacity=1.0)
        self.line = VMobject(stroke_color=skin.ink, stroke_width=1.6 * theme.HEAVY, fill_opacity=0.0)
        self.base, self.knee = Rectangles(skin.quiet, name="base"), Rectangles(skin.ink, name="knee")
        self.works = Rectangles(skin.registers, name="works")
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
            self.works.display(np.array([[x + half, floor + half, rect.x1, top - half]]))
        return self

    def spot(self, intensity: float) -> tuple[float, float, float]:
        """Where an intensity stands on the roof."""
        return self.axes.x(intensity), self.axes.y(self.roof.at(intensity)), 0.0


class Reading(Rectangles):
    """How a dot is read: up from its operations a byte to the roof, then across to its rate."""

    def at(self, axes: Axes, intensity: float, rate: float, shown: float = 1.0) -> Reading:
        """So much of the way."""
        x, y, half, floor = axes.x(intensity), axes.y(rate), em(2), axes.rect.y0
        up, across = min(2 * shown, 1.0), max(2 * shown - 1, 0.0)
        self.display(np.array([
            [x - half, floor, x + half, floor + (y - floor) * up], [x - (x - axes.rect.x0) * across, y - half, x, y + half],
        ]))  # fmt: skip
        self.values = np.array([intensity, rate])
        return self


class Registers(VGroup):
    """The registers of one SM: a band for each program that fits, and what a program spills beyond the edge."""

    def __init__(self, rect: Rect, out: Rect, skin: Theme) -> None:
        self.tag, self.rect, self.out = "registers", rect, out
        self.frame = box(rect, stroke=skin.ink, fill=skin.registers, opacity=1.0, width=theme.HEAVY)
        self.bands = Rectangles(skin.q, name="programs", opacity=SECOND)
        self.waiting = Rectangles(skin.q, name="waiting", opacity=DIM)
        self.over = Rectangles(skin.warn, name="spilled")
        super().__init__(self.frame, self.bands, self.waiting, self.over)

    def display(self, share: float, programs: int, spilled: float, *, waits: int | None = None, lifted: float = 0.0) -> Registers:
        """So many programs, each of a share of all registers; each spills so much of them.

        Args:
            waits: The program that waits for what it loads; None: nothing is said of it.
            lifted: Of the way that what is spilled goes out.
        """
        self.share, rect = share, self.rect
        boxes = np.array([self.band(index).edges for index in range(programs)]).reshape(-1, 4)
        waiting = np.arange(programs) == (-1 if waits is None else waits)
        self.bands.display(boxes[~waiting])
        self.waiting.display(boxes[waiting])
        self.bands.values = np.array([share, programs])
        high = min(programs * spilled * rect.height, self.out.height / 2)  # more than there is room for is cut
        low = rect.y1 + lifted * (self.out.y1 - high - rect.y1)
        self.over.display(np.array([[rect.x0, low, rect.x1, low + high]] if spilled > 0 else []).reshape(-1, 4))
        self.over.values = np.array([spilled])
        return self

    def band(self, index: int) -> Rect:
        """Where a program stands: from below, with a seam around it; what does not fit is cut at the edge."""
        rect, high = self.rect, self.share * self.rect.height
        seam, low = min(SEAM, 0.2 * high), self.rect.y0 + index * high
        return Rect(rect.x0 + seam, min(low + seam / 2, rect.y1), rect.x1 - seam, min(low + high - seam / 2, rect.y1))
