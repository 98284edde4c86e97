"""A roof from zero both ways, in squares what one row block moves and multiplies, and how long both take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from manim import VGroup, VMobject

from flashviz import theme
from flashviz.chapters.roofline import PRODUCTS, WAYS, Count, Roof
from flashviz.figures import KIB, times
from flashviz.layout import Rect
from flashviz.layout.roofline import Axes, Lanes, Squares
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.tiles import Hatch, Rectangles, box, edges
from flashviz.palette import RESTING, Theme

LEAST = 1e-3  # of a line: a path has a length
LABEL, MILLION = 36, 10**6  # px; operations
STOP, BESIDE = 34, 20  # px, of a line beneath what fills; from a bar to words beside it


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


class Piles(VGroup):
    """What is counted of one row block: a full square for each tile that crosses, by way, a framed one for each product of tiles.

    Args:
        moved: A row for each way.
        done: A place for each product.
        square: Bytes of a full one.
        product: Operations of a framed one.
    """

    def __init__(self, moved: Squares, done: Sequence[Squares], square: float, product: float, skin: Theme) -> None:
        self.tag, self.moved, self.done, self.square, self.product = "piles", moved, done, square, product
        self.ways = [Rectangles(skin.hue(way.tensor), name=f"way {way.name}") for way in WAYS]
        self.products = [Rectangles(skin.ink, name=f"product {name}", opacity=RESTING) for name in PRODUCTS]
        for drawn in self.products:
            drawn.set_stroke(skin.ink, width=theme.OUTLINE, opacity=1.0)
        super().__init__(*self.ways, *self.products)

    def display(self, count: Count, aloft: Sequence[tuple[Count, Count, float]] = ()) -> Piles:
        """So much was moved and multiplied: loads lie at the chip, stores at HBM. ``aloft`` is under way, from a count to one, so far."""
        for row, (drawn, way, nbytes) in enumerate(zip(self.ways, WAYS, count.ways, strict=True)):
            flying = [
                self.moved.crossing(row, after.ways[row] / self.square, before.ways[row] / self.square, share, right=way.inward)
                for before, after, share in aloft
                if after.ways[row] > before.ways[row]
            ]
            drawn.display(np.concatenate([self.moved.of(row, nbytes / self.square, right=way.inward), *flying]))
            drawn.values = np.array([nbytes])
        for place, drawn, operations in zip(self.done, self.products, count.products, strict=True):
            drawn.display(place.flow(operations / self.product))
            drawn.values = np.array([operations])
        return self


class Clocks(VGroup):
    """How long the operations of a count take, and how long its bytes, in the hues of what crosses; the operations wait for these.

    Args:
        lanes: Where both stand as times, with words over them.
        axis: Where both stand as times from the roof's zero on.
        ridge: Of the same height, from the roof's zero to its ridge: there the time of the bytes is one length, whatever they are.
        rates: What the bandwidth and the peak are called.
    """

    def __init__(self, lanes: Lanes, axis: Lanes, ridge: Rect, roof: Roof, rates: tuple[str, str], skin: Theme) -> None:
        self.tag, self.lanes, self.axis, self.ridge, self.roof, self.rates = "clocks", lanes, axis, ridge, roof, rates
        self.ways = [Rectangles(skin.hue(way.tensor), name=f"time of {way.name}") for way in WAYS]
        self.operations, self.waits = Rectangles(skin.ink, name="time of operations"), Hatch(skin.quiet, "waits")
        self.words = [Readout("", LABEL, skin.ink, name="clock", face=Face.MONO_STRONG) for _ in range(2)]
        super().__init__(*self.ways, self.waits, self.operations, *self.words)

    def display(self, count: Count, waited: float = 1.0, under: float = 0.0, ratio: float = 0.0, *, spoken: bool = True) -> Clocks:
        """So much of the wait is seen, and words where the count is ``spoken`` of.

        ``under`` (1) the axis bars start at its zero; by ``ratio`` (1) the bytes' reaches its ridge.
        """
        moving, computing = self.roof.times(count)
        assert computing is not None  # else there are no clocks
        shares = Lanes(self.ridge, max(moving, LEAST), head=0.0)

        def bar(index: int, start: float, stop: float) -> Rect:
            times = self.lanes.bar(index, start, stop).toward(self.axis.bar(index, start, stop), under)
            return times.toward(shares.bar(index, start, stop), ratio)

        ends = np.cumsum(self.roof.moving(count.ways))
        for drawn, start, stop in zip(self.ways, [0.0, *ends[:-1]], ends, strict=True):
            drawn.display(edges([bar(1, start, stop)] if stop > start else []))
        self.operations.display(edges([bar(0, 0.0, computing)]))
        self.operations.values = np.array([computing])
        until = computing + (moving - computing) * waited
        self.waits.display(edges([bar(0, computing, until)] if until > computing else []))
        amounts = f"{times(count.operations / MILLION)} M operations", f"{count.nbytes / KIB:,.0f} KiB"
        ends_at, waits = (computing, moving), (waited >= 1.0 and computing < moving, False)
        for index, said in enumerate(self.words):
            what, stop = amounts[index], f"{ends_at[index]:.0f} ns"
            over, at = self.lanes.words(index), bar(index, 0.0, moving)
            beside = Rect(max(at.x1, bar(index, 0.0, ends_at[index]).x1) + em(BESIDE), at.y0, self.lanes.rect.x1, at.y1)
            if under < 0.5:
                timed = f"{what} at {self.rates[index]}: {stop}"
                texts, place = [f"{timed}, then tensor cores wait"] * int(waits[index]) + [timed], over
            else:
                texts, place = self.stretched(count, index, what) if ratio else [f"{what}: {stop}", stop], beside
            said.text = next((text for text in texts if text_width(text, LABEL, Face.MONO_STRONG) <= place.width), texts[-1])
            said.at(place).set_fill(opacity=spoken * settled(under) * settled(ratio))
        return self

    def stretched(self, count: Count, index: int, what: str) -> list[str]:
        """How far on the axis a bar reaches, and, of the bytes', how it came to reach there."""
        knee = self.roof.knee
        assert knee is not None  # as above
        if not index:
            return [f"{what}: {count.intensity:.0f}", f"{count.intensity:.0f}"]
        unit = self.axis.bar(1, 0.0, self.roof.times(count)[0])
        return [
            f"{what}, {'stretched' if unit.width < self.ridge.width else 'squeezed'} to {knee:.0f}",
            f"{what}: {knee:.0f}",
            f"{knee:.0f}",
        ]


def settled(share: float) -> float:
    """How much of words is seen of what is so far on its way: all of it at rest at either end."""
    return min(1.0, max(0.0, abs(1.0 - 2.0 * share) * 8.0 - 7.0))


class Filling(VGroup):
    """A place for so much, and the blocks that fill it from the left, each with its name where it has room.

    Args:
        hues: Of each block, by name.
    """

    def __init__(self, rect: Rect, most: float, hues: Mapping[str, str], skin: Theme) -> None:
        self.tag, self.rect, self.most, self.hues, self.skin = "filling", rect, most, hues, skin
        self.frame = box(rect, stroke=skin.ink)
        self.blocks = {name: Rectangles(hue, name=f"filled {name}") for name, hue in hues.items()}
        self.names = {name: Readout("", LABEL, skin.ground, name="block", face=Face.MONO_STRONG, anchor="center") for name in hues}
        self.stops = Rectangles(skin.ink, name="stops")
        super().__init__(*self.blocks.values(), self.frame, self.stops, *self.names.values())

    def x(self, held: float) -> float:
        """How far so much fills it."""
        return self.rect.x0 + min(held / self.most, 1.0) * self.rect.width

    def mark(self, held: Sequence[float]) -> None:
        """Where it has stood: lines beneath."""
        half, y = em(1.5), self.rect.y0
        self.stops.display(edges([Rect(self.x(each) - half, y - em(STOP), self.x(each) + half, y) for each in held]))
        self.stops.values = np.array(held)

    def display(self, held: Mapping[str, float], *, sized: bool = True) -> Filling:
        """Its frame is in alarm where nothing is left; ``sized`` blocks say how much they are."""
        start, places = 0.0, {}
        for name, size in held.items():
            places[name] = Rect(self.x(start), self.rect.y0, self.x(start + size), self.rect.y1)
            start += size
            self.blocks[name].display(edges([places[name]]))
            self.blocks[name].values = np.array([size])

        def room(texts: Mapping[str, str]) -> bool:
            return all(text_width(text, LABEL, Face.MONO_STRONG) + em(BESIDE) < places[name].width for name, text in texts.items())

        figures = {name: f"{name} {size / KIB:,.0f} KiB" for name, size in held.items()}
        texts_of = [figures] * sized + [{name: name for name in held}]
        said = next((texts for texts in texts_of if room(texts)), dict.fromkeys(held, ""))
        for name, text in said.items():
            self.names[name].at(places[name]).display(text)
        full = start >= self.most
        self.frame.set_stroke(self.skin.warn if full else self.skin.ink, width=3 * theme.HEAVY if full else theme.OUTLINE)
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
