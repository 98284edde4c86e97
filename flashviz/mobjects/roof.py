"""A roof of doublings, and an SM whose registers fill with programs."""

from __future__ import annotations

import math

import numpy as np
from manim import VGroup, VMobject

from flashviz import theme
from flashviz.chapters.roofline import Roof
from flashviz.layout import Rect
from flashviz.layout.roofline import Decades
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.cast import Cast
from flashviz.mobjects.tiles import Rectangles, box
from flashviz.palette import SECOND, Theme

LABEL = 36  # px
CLEAR = 0.3  # doublings between the lower edge and a number at the left
SEAM = em(5)  # between two programs
MOST = em(46)  # of what is spilled


class RoofView(VGroup):
    """What a device attains at the most, over operations a byte: the slope of its memory, the level of its arithmetic."""

    def __init__(self, roof: Roof, plot: Decades, ticks: Rect, skin: Theme) -> None:
        self.tag, self.roof, self.skin = "roof", roof, skin
        self.under = VMobject(stroke_width=0, fill_color=skin.panel, fill_opacity=1.0)
        self.line = VMobject(stroke_color=skin.ink, stroke_width=1.6 * theme.HEAVY, fill_opacity=0.0)
        self.base = Rectangles(skin.quiet, name="base")
        low, high = plot.ends
        values = [2.0**power for power in range(math.ceil(math.log2(low)), math.floor(math.log2(high)) + 1)]
        self.values, self.words = values, VGroup(*(_number(f"{value:,.10g}", skin.ink) for value in values))
        least, most = plot.low[1], math.log2(roof.at(high))
        self.rates = [2.0**power for power in range(math.ceil(least + CLEAR), math.floor(most) + 1)]
        self.numbers = VGroup(*(_number(f"{rate:,.10g}", skin.ink) for rate in self.rates))
        self.word_casts, self.number_casts = ([Cast(each) for each in group] for group in (self.words, self.numbers))
        self.knee = Rectangles(skin.quiet, name="knee")
        self.ridge = VGroup() if roof.knee is None else VGroup(_number(f"{roof.knee:,.0f}", skin.ink))
        self.ridge_casts = [Cast(each) for each in self.ridge]
        super().__init__(self.under, self.base, self.knee, self.line, self.words, self.numbers, self.ridge)
        self.place(plot, ticks)

    def place(self, plot: Decades, ticks: Rect, shown: float = 1.0) -> RoofView:
        """Stand in a plot; so much of the line is drawn, from the left."""
        self.plot = plot
        low, high = plot.ends
        end = low * (high / low) ** max(shown, 1e-3)
        points = [(plot.x(x), plot.y(y), 0.0) for x, y in self.roof.between(low, end)]
        self.line.set_points_as_corners(points)
        floor = plot.rect.y0
        self.under.set_points_as_corners([*points, (points[-1][0], floor, 0.0), (points[0][0], floor, 0.0), points[0]])
        half, boxes = em(2), [[plot.rect.x0, floor - em(2), plot.rect.x1, floor + em(2)]]
        ridge = self._mark_knee(ticks, end)
        step = 1 if plot.rect.width / plot.span[0] > text_width("1,024", LABEL, Face.STRONG) + em(10) else 2
        for index, (value, words) in enumerate(zip(self.values, self.words, strict=True)):
            x = plot.x(value)
            boxes.append([x - half, floor - em(12), x + half, floor])
            cast = self.word_casts[index]
            inside = plot.rect.x0 + cast.width / 2 <= x <= plot.rect.x1 - cast.width / 2
            clear = all(abs(x - number.get_x()) > (number.width + cast.width) / 2 + em(24) for number in ridge)
            cast.move_to((x, ticks.center[1], 0))
            words.set_opacity(float(index % step == 0 and inside and clear))
        for rate, cast in zip(self.rates, self.number_casts, strict=True):
            y = plot.y(rate)
            boxes.append([plot.rect.x0, y - half, plot.rect.x0 + em(12), y + half])
            cast.move_to((plot.rect.x0 - em(12) - cast.width / 2, y, 0))
        self.base.display(np.array(boxes))
        return self

    def _mark_knee(self, ticks: Rect, end: float) -> VGroup:
        """Where both limits meet, and its number among those of the axis; nothing yet, where the line has not come so far."""
        plot, knee, half = self.plot, self.roof.knee, em(2)
        for cast in self.ridge_casts:
            cast.move_to((plot.x(knee or plot.ends[0]), ticks.center[1], 0))
        if knee is None or not plot.ends[0] < knee < end:
            self.knee.display(np.zeros((0, 4)))
            self.ridge.set_opacity(0.0)
            return VGroup()
        x = plot.x(knee)
        self.knee.display(np.array([[x - half, plot.rect.y0, x + half, plot.y(self.roof.at(knee))]]))
        self.ridge.set_opacity(1.0)
        return self.ridge

    def spot(self, intensity: float) -> tuple[float, float, float]:
        """Where an intensity stands on the roof."""
        return self.plot.x(intensity), self.plot.y(self.roof.at(intensity)), 0.0


class Reading(Rectangles):
    """How a dot is read: up from its operations a byte to the roof, then across to its rate."""

    def __init__(self, skin: Theme) -> None:
        super().__init__(skin.quiet, name="reading")

    def at(self, plot: Decades, intensity: float, rate: float, shown: float) -> Reading:
        """So much of the way."""
        x, y, half, floor = plot.x(intensity), plot.y(rate), em(2), plot.rect.y0
        up, across = min(2 * shown, 1.0), max(2 * shown - 1, 0.0)
        self.display(np.array([
            [x - half, floor, x + half, floor + (y - floor) * up], [x - (x - plot.rect.x0) * across, y - half, x, y + half],
        ]))  # fmt: skip
        self.values = np.array([intensity, rate])
        return self


def _number(text: str, color: str) -> VMobject:
    return theme.line(text, LABEL, color, Face.STRONG)


class UnderRoof(VGroup):
    """A bar of what was attained, in the room that its roof leaves it; heights are to one scale."""

    def __init__(self, rect: Rect, unit: float, color: str, skin: Theme, *, name: str) -> None:
        self.rect, self.unit = rect, unit
        self.room = Rectangles(skin.panel, name=f"room {name}")
        self.bar = Rectangles(color, name=f"bar {name}")
        self.roof = Rectangles(skin.ink, name=f"roof {name}")
        super().__init__(self.room, self.bar, self.roof)

    def display(self, attained: float, most: float) -> UnderRoof:
        """TFLOP/s, and the most that there could be."""
        rect, low, high, half = self.rect, self.rect.y0, self.rect.y0 + most * self.unit, em(4)
        self.room.display(np.array([[rect.x0, low, rect.x1, high]]))
        self.bar.display(np.array([[rect.x0, low, rect.x1, low + attained * self.unit]]))
        self.roof.display(np.array([[rect.x0, high - half, rect.x1, high + half]]))
        self.bar.values, self.roof.values = np.array([attained]), np.array([most])
        return self


class Registers(VGroup):
    """The registers of one SM: a band for each program that fits, and what a program spills beyond the edge."""

    def __init__(self, rect: Rect, skin: Theme) -> None:
        self.tag, self.rect = "registers", rect
        self.frame = box(rect, stroke=skin.ink, fill=skin.registers, opacity=1.0, width=theme.HEAVY)
        self.bands = Rectangles(skin.q, name="programs", opacity=SECOND)
        self.over = Rectangles(skin.warn, name="spilled")
        super().__init__(self.frame, self.bands, self.over)

    def display(self, share: float, programs: int, spilled: float) -> Registers:
        """So many programs, each of a share of all registers; each spills so much of them. What does not fit is cut at the edge."""
        rect = self.rect
        high = share * rect.height
        low = rect.y0 + high * np.arange(programs)
        seam = min(SEAM, 0.2 * high)
        left, right = np.full(programs, rect.x0 + seam), np.full(programs, rect.x1 - seam)
        self.bands.display(np.stack([left, np.minimum(low + seam / 2, rect.y1), right, np.minimum(low + high - seam / 2, rect.y1)], 1))
        self.bands.values = np.array([share, programs])
        beyond = min(programs * spilled * rect.height, MOST)  # more than there is room for is cut
        over = [[rect.x0, rect.y1, rect.x1, rect.y1 + beyond]] if spilled > 0 else []
        self.over.display(np.array(over).reshape(-1, 4))
        self.over.values = np.array([spilled])
        return self
