"""Signed numbers as bars on a zero line: acc, and what is made of it. A ramp of colour would blur which way they point."""

from __future__ import annotations

import numpy as np
from manim import Line, VGroup, VMobject

from flashviz import theme
from flashviz.layout import Rect
from flashviz.lettering import em, text_width
from flashviz.mobjects.cast import Cast, set_ends
from flashviz.mobjects.named import Named
from flashviz.mobjects.tiles import Rectangles
from flashviz.palette import Theme

FILLED = 0.7  # of a bar's pitch: what is left is the gap between two bars
STEM, DOT = 0.3, 0.86  # of the pitch: a stem, and the dot that it carries
LARGEST = em(14)  # pitch for which they are drawn
LEVEL_PX, LEVEL_GAP = 33, 6  # px: the type of what stands at the end of a scale, and its distance


def round_level(most: float) -> float:
    """The largest of 1, 2 and 5 times a power of ten that is no larger than ``most``; 0 for none."""
    if most <= 0:
        return 0.0
    power = 10.0 ** np.floor(np.log10(most))
    return float(max(digit * power for digit in (1, 2, 5) if digit * power <= most))


class SignedBars(VGroup):
    """One bar a value. ``unit`` is the height of 1 in scene units; bars beyond their room are cut at its edge, and have no dot.

    Args:
        hollow: Outlines: what was here.
        dotted: A square dot on a stem for each value: a quantity with a scale of its own. Hollow, the dots alone.
        level: Above and below zero a rule stands at this value, which is written at the end of the upper one: by it a change of scale
            is seen as one. 0 for none.
    """

    def __init__(
        self, name: str, color: str, skin: Theme, *, hollow: bool = False, dotted: bool = False, opacity: float = 1.0, axis: bool = True,
        level: float = 0.0,
    ) -> None:  # fmt: skip
        self.tag, self.dotted, self.hollow = name, dotted, hollow
        self.values: np.ndarray | None = None  # nothing is shown yet
        self.bars = Rectangles(color, name=f"{name} bars", opacity=0.0 if hollow else opacity)
        if hollow:
            self.bars.set_stroke(color, width=theme.HAIRLINE, opacity=opacity)
        self.axis = theme.rule(skin.edge, theme.OUTLINE)
        self.level, self.levels, self.scale_width = level, list[Line](), 0.0
        self.scale_of: list[VMobject] = [self.axis] if axis else []  # what bars are read by
        if level:
            text = f"{level:g}"
            said = Named(theme.on_baseline(theme.line(text, LEVEL_PX, skin.ink), LEVEL_PX, 0, 0, text), tag="level", text=text)
            self.levels, self.level_cast = [theme.rule(skin.edge, theme.HAIRLINE) for _ in range(2)], Cast(said)
            self.scale_width = em(LEVEL_GAP) + text_width(text, LEVEL_PX)
            self.scale_of += [*self.levels, said]
        super().__init__(*self.scale_of, self.bars)

    def place(self, rect: Rect, zero: float, unit: float, count: int, room: Rect | None = None) -> SignedBars:
        """Stand in ``rect`` on the height ``zero``; ``count`` bars fill its width, and may reach as far as ``room``, where there is one."""
        self.rect, self.zero, self.unit, self.pitch, self.room = rect, zero, unit, rect.width / max(count, 1), room or rect
        set_ends(self.axis, (rect.x0, zero, 0), (rect.x1, zero, 0))
        for line, value in zip(self.levels, (self.level, -self.level), strict=False):
            height = zero + value * unit
            set_ends(line, (rect.x0, height, 0), (rect.x1, height, 0))
        if self.levels:
            self.level_cast.shift((rect.x1 + em(LEVEL_GAP), zero + self.level * unit - 0.36 * em(LEVEL_PX), 0))
        return self

    def boxes(self, values: np.ndarray, start: np.ndarray | float = 0.0) -> np.ndarray:
        """[n, 4] of bars from ``start`` to ``start + values``; with dots [2 n, 4], the stems first."""
        index = np.arange(len(values))
        x = self.rect.x0 + (index + (1 - FILLED) / 2) * self.pitch
        ends = np.stack(np.broadcast_arrays(start, start + values)) * self.unit + self.zero
        inside = (ends[1] >= self.room.y0 - 1e-9) & (ends[1] <= self.room.y1 + 1e-9)
        ends = np.clip(ends, self.room.y0, self.room.y1)
        if not self.dotted:
            return np.stack([x, ends.min(0), x + FILLED * self.pitch, ends.max(0)], 1)
        size = min(self.pitch, LARGEST)
        middle, half, thin = x + 0.5 * FILLED * self.pitch, 0.5 * DOT * size * inside, 0.5 * STEM * size
        dots = np.stack([middle - half, ends[1] - half, middle + half, ends[1] + half], 1)
        stems = np.stack([middle - thin, ends.min(0), middle + thin, ends.max(0)], 1)
        return dots if self.hollow else np.concatenate([stems, dots])

    def display(self, values: np.ndarray, start: np.ndarray | float = 0.0) -> SignedBars:
        """These values; from ``start`` on, where they are added to others."""
        self.values = np.asarray(values, dtype=np.float64)
        self.bars.display(self.boxes(self.values, start))
        return self


def fit(rect: Rect, *values: np.ndarray) -> tuple[float, float]:
    """Height of the zero line and of 1, with which all ``values`` fit into ``rect``."""
    high = max((float(v.max(initial=0.0)) for v in values), default=0.0)
    low = -min((float(v.min(initial=0.0)) for v in values), default=0.0)
    scale = rect.height / max(high + low, 1e-12)
    return rect.y0 + low * scale, scale
