"""Lanes of a clocked recording as one picture: from two turns of one program to all programs of all SMs it is the same object."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from manim import RESAMPLING_ALGORITHMS, Group, ImageMobject, Line, Mobject, config, linear

from flashviz import theme
from flashviz.chapters.lanes import IDLE, STATES, Strips, coverage, zoomed
from flashviz.layout import Rect
from flashviz.mobjects.cast import set_ends
from flashviz.mobjects.named import Act
from flashviz.palette import LIT, Theme

TENSOR = dict(zip(STATES, ("K", "V", "S", "L", "O", "O"), strict=True))  # whose hue a state has
MOVING = ("top", "bottom", "shift", "weight")  # what of strips changes from one view to another


@dataclass(frozen=True, eq=False)
class View:
    """What is seen of the lanes: time ``across``, ns, SMs ``down``, and nothing after ``now``."""

    strips: Strips
    across: tuple[float, float]
    down: tuple[float, float]
    now: float = np.inf

    def to(self, other: View, share: float) -> View:
        """Between this view and another of the same bars: windows zoom, strips move straight."""
        start, end = self.strips, other.strips
        between = {name: getattr(start, name) * (1 - share) + getattr(end, name) * share for name in MOVING}
        return View(
            start if start is end else replace(start, **between),
            zoomed(self.across, other.across, share), zoomed(self.down, other.down, share), other.now,
        )  # fmt: skip


class LanesPicture(ImageMobject):
    """Each pixel shows by its opacity how much of its time and height is taken, and by its colour with what."""

    def __init__(self, rect: Rect, view: View, skin: Theme, tag: str = "lanes") -> None:
        self.tag = tag
        self.rect = snapped(rect)
        self.unit = config.pixel_width / config.frame_width
        self.size = round(self.rect.height * self.unit), round(self.rect.width * self.unit)
        states = [theme.rgb(skin.hue(TENSOR[state])) for state in STATES]
        self.colours = np.array([*states, theme.rgb(skin.edge)], np.float32)
        super().__init__(np.zeros((*self.size, 4), np.uint8))
        self.set_resampling_algorithm(RESAMPLING_ALGORITHMS["nearest"])
        self.stretch_to_fit_width(self.rect.width).stretch_to_fit_height(self.rect.height).move_to(self.rect.center)
        self.display(view)

    def display(self, view: View) -> LanesPicture:
        """Show a view."""
        self.view = view
        moving = [getattr(view.strips, name).sum() for name in MOVING]
        self.values = np.array([*view.across, *view.down, np.nan_to_num(view.now), *moving])
        share = coverage(view.strips, view.across, view.down, self.size, IDLE + 1)
        if np.isfinite(view.now):
            edges = np.linspace(*view.across, self.size[1] + 1)
            share *= np.clip((view.now - edges[:-1]) / np.diff(edges), 0, 1).astype(np.float32)
        share *= LIT
        whole = share.sum(axis=0)
        mixed = np.einsum("chw,cr->hwr", share, self.colours) / np.maximum(whole, 1e-6)[..., None]
        pixels = np.empty((*self.size, 4), np.uint8)
        pixels[..., :3] = np.round(mixed * 255)
        pixels[..., 3] = np.round(np.minimum(whole, 1) * 255)
        self.pixel_array = pixels
        return self

    def x(self, time: float) -> float:
        """Where a time stands."""
        start, stop = self.view.across
        return self.rect.x0 + (time - start) / (stop - start) * self.rect.width

    def y(self, down: float) -> float:
        """Where a height stands, in SMs from the top."""
        start, stop = self.view.down
        return self.rect.y1 - (down - start) / (stop - start) * self.rect.height

    def place(self, bar: tuple[float, float], lane: tuple[float, float]) -> Rect:
        """Of a bar on a lane of the SM that is seen alone."""
        start, stop = bar
        return Rect(self.x(start), self.y(self.view.down[0] + lane[1]), self.x(stop), self.y(self.view.down[0] + lane[0]))


def snapped(rect: Rect) -> Rect:
    """The nearest rectangle on whole pixels: bars are then as sharp as they can be."""
    unit, left, top = config.pixel_width / config.frame_width, -config.frame_width / 2, config.frame_height / 2

    def on(value: float, start: float) -> float:
        return start + round((value - start) * unit) / unit

    return Rect(on(rect.x0, left), on(rect.y0, top), on(rect.x1, left), on(rect.y1, top))


class Look(Act):
    """The picture passes from its view to another."""

    def __init__(self, picture: LanesPicture, view: View, **kwargs: Any) -> None:
        self.start, self.end = picture.view, view
        super().__init__(picture, **kwargs)

    def create_starting_mobject(self) -> Mobject:
        """Nothing is copied: a view is a pure function of the share."""
        picture: Mobject = self.mobject
        return picture

    def interpolate_mobject(self, alpha: float) -> None:
        share = self.rate_func(alpha)
        self.mobject.display(self.end if share >= 1 else self.start.to(self.end, share))


class Elapse(Act):
    """Time passes at a steady pace from ``start`` to ``stop``, ns: bars grow up to the line that moves with it."""

    def __init__(self, picture: LanesPicture, head: Line, start: float, stop: float, **kwargs: Any) -> None:
        self.picture, self.head, self.times = picture, head, (start, stop)
        super().__init__(Group(picture, head), rate_func=linear, **kwargs)

    def create_starting_mobject(self) -> Mobject:
        """Nothing is copied, as above."""
        both: Mobject = self.mobject
        return both

    def interpolate_mobject(self, alpha: float) -> None:
        start, stop = self.times
        now = start + (stop - start) * alpha
        self.picture.display(replace(self.picture.view, now=now if now < self.picture.view.across[1] else np.inf))
        x, rect = self.picture.x(now), self.picture.rect
        set_ends(self.head, (x, rect.y1, 0), (x, rect.y0, 0))
