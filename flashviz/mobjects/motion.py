"""How things move. Every animation is a pure function of its alpha: a skipped play leaves the same picture as a played one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from manim import Group, Mobject, Scene, VMobject, linear, smooth
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz.mobjects.named import Act

LIFT, TRAVEL, LAND = 0.15, 0.5, 0.15  # seconds: STORYBOARD's load
OPACITIES = ("fill_rgbas", "stroke_rgbas", "background_stroke_rgbas", "pixel_array")  # whose fourth column they are
LIFTED = 1.1  # how much larger a tile is drawn while it is off the board


class Flight(Act):
    """Lift, travel along ``path`` at cubic in-out, land. The size in flight is constant: one square is one tile of bytes.

    Args:
        tile: What flies; it starts at the first point of the path.
        path: [n, 3] corner points: start, slot, target.
    """

    def __init__(self, tile: Mobject, path: np.ndarray, run_time: float = LIFT + TRAVEL + LAND, **kwargs: Any) -> None:
        self.path = np.asarray(path, dtype=float)
        lengths = np.linalg.norm(np.diff(self.path, axis=0), axis=1)
        self.reached = np.concatenate([[0.0], np.cumsum(lengths)]) / max(lengths.sum(), 1e-9)
        super().__init__(tile, run_time=run_time, rate_func=linear, **kwargs)

    def point(self, share: float) -> np.ndarray:
        """Where the tile is after ``share`` of its way."""
        return np.array([np.interp(share, self.reached, self.path[:, axis]) for axis in range(3)])

    def interpolate_mobject(self, alpha: float) -> None:
        total = LIFT + TRAVEL + LAND
        seconds = alpha * total
        share = ease_in_out_cubic(float(np.clip((seconds - LIFT) / TRAVEL, 0, 1)))
        height = smooth(float(np.clip(min(seconds / LIFT, (total - seconds) / LAND), 0, 1)))
        self.mobject.become(self.starting_mobject)
        self.mobject.scale(1 + (LIFTED - 1) * height).move_to(self.point(share))


class Enlarge(Act):
    """A picture grows from a tile's size to its place on the chip; ends exactly as it was made."""

    def __init__(self, picture: Mobject, from_width: float, from_height: float, **kwargs: Any) -> None:
        self.start = np.array([from_width / max(picture.width, 1e-9), from_height / max(picture.height, 1e-9)])
        super().__init__(picture, **kwargs)

    def interpolate_mobject(self, alpha: float) -> None:
        factor = self.start + (1 - self.start) * alpha
        center = self.starting_mobject.get_center()
        for mobject, start in zip(self.mobject.get_family(), self.starting_mobject.get_family(), strict=True):
            if len(start.points):
                mobject.points = start.points.copy()
                mobject.points[:, :2] = center[:2] + (start.points[:, :2] - center[:2]) * factor


class Veil(Act):
    """A part's fill comes to an opacity: as a zone that is not in play is veiled by the ground's colour."""

    def __init__(self, veil: Mobject, opacity: float, **kwargs: Any) -> None:
        self.goal = opacity
        super().__init__(veil, **kwargs)

    def interpolate_mobject(self, alpha: float) -> None:
        was = self.starting_mobject.get_fill_opacity()
        self.mobject.set_fill(opacity=was + (self.goal - was) * alpha)


class Shows(Act):
    """A part shows what ``show`` makes of the share of its time that has passed: a pure function, at the pace of ``rate_func``."""

    def __init__(self, part: Mobject, show: Callable[[float], Any], **kwargs: Any) -> None:
        self.show = show
        super().__init__(part, **{"rate_func": linear, **kwargs})

    def create_starting_mobject(self) -> Mobject:
        """Nothing is copied: ``show`` knows where it began."""
        part: Mobject = self.mobject
        return part

    def interpolate_mobject(self, alpha: float) -> None:
        self.show(self.rate_func(alpha))


def moved(old: Mobject, new: Mobject) -> Shows:
    """A thing comes to its place from where one like it stands, and becomes as strong; parts of other outlines are there at once."""
    pairs = [(part, was.points.copy(), part.points.copy()) for was, part in zip(old.get_family(), new.get_family(), strict=True)]
    alike = [pair for pair in pairs if pair[1].shape == pair[2].shape]
    fills = [
        (part, was.get_fill_opacity(), part.get_fill_opacity())
        for was, part in zip(old.get_family(), new.get_family(), strict=True)
        if isinstance(was, VMobject)
    ]
    changing = [fill for fill in fills if fill[1] != fill[2]]

    def come(share: float) -> None:
        for part, start, stop in alike:
            part.points = start + (stop - start) * share
        for part, pale, full in changing:
            part.set_fill(opacity=pale + (full - pale) * share, family=False)

    return Shows(new, come, rate_func=ease_in_out_cubic)


def during(start: float, stop: float) -> Callable[[float], float]:
    """A pace: from one share of the time to another."""
    return lambda share: min(max((share - start) / (stop - start), 0.0), 1.0)


def early(share: float) -> float:
    """A pace: in the first half."""
    return min(2 * share, 1.0)


def late(share: float) -> float:
    """A pace: in the second half."""
    return min(max(2 * share - 1, 0.0), 1.0)


class Fade(Act):
    """Opacities alone change. manim's fades interpolate the points too, which then differ in their last bits: all is outlined anew.

    Args:
        mobjects: Outlines and images.
        scale: Of their size, at the clear end.
    """

    def __init__(self, *mobjects: Mobject, scale: float = 1, **kwargs: Any) -> None:
        self.scale = scale
        super().__init__(mobjects[0] if len(mobjects) == 1 else Group(*mobjects), **kwargs)

    def create_starting_mobject(self) -> Mobject:
        """What each part looks like in full, instead of manim's copy of all of it."""
        self.full = [(part, looks_of(part, points=self.scale != 1)) for part in self.mobject.get_family()]
        self.center = self.mobject.get_center()
        whole: Mobject = self.mobject
        return whole

    def shown(self, alpha: float) -> float:
        """How much is to be seen."""
        raise NotImplementedError

    def interpolate_mobject(self, alpha: float) -> None:
        self.show(self.shown(self.rate_func(alpha)))

    def show(self, share: float) -> None:
        """So much of each opacity."""
        for part, looks in self.full:
            for name, value in looks.items():
                setattr(part, name, _faded(name, value, share, self.center, self.scale))


class FadeIn(Fade):
    """From clear to full."""

    def __init__(self, *mobjects: Mobject, **kwargs: Any) -> None:
        super().__init__(*mobjects, introducer=True, **kwargs)

    def shown(self, alpha: float) -> float:
        return alpha


class FadeOut(Fade):
    """From full to clear; what has left the stage is in full again."""

    def __init__(self, *mobjects: Mobject, **kwargs: Any) -> None:
        super().__init__(*mobjects, remover=True, **kwargs)

    def shown(self, alpha: float) -> float:
        return 1 - alpha

    def clean_up_from_scene(self, scene: Scene) -> None:
        super().clean_up_from_scene(scene)
        self.show(1)


def looks_of(part: Mobject, *, points: bool = False) -> dict[str, np.ndarray]:
    """The arrays that a fade changes."""
    names = (*OPACITIES, "points") if points else OPACITIES
    return {name: value for name in names if isinstance(value := vars(part).get(name), np.ndarray)}


def dimmed(full: np.ndarray, share: float) -> np.ndarray:
    """Colours [..., 4] with so much of their opacity; of an image: rounded down to whole steps, as manim does."""
    if share == 1:
        return full
    clear: np.ndarray = full.copy()
    clear[..., 3] = full[..., 3] * share
    return clear


def _faded(name: str, full: np.ndarray, share: float, center: np.ndarray, scale: float) -> np.ndarray:
    if name != "points":
        return dimmed(full, share)
    return full if share == 1 else np.asarray(center + (full - center) * (scale + (1 - scale) * share), dtype=full.dtype)
