"""Signed numbers as bars on a zero line: acc, and what is made of it. A ramp of colour would blur which way they point."""

from __future__ import annotations

import numpy as np
from manim import VGroup

from flashviz import theme
from flashviz.layout import Rect
from flashviz.mobjects.tiles import Rectangles
from flashviz.palette import Theme

FILLED = 0.7  # of a bar's pitch: what is left is the gap between two bars
STEM = 0.2  # of the pitch: a stem that carries a dot


class SignedBars(VGroup):
    """One bar a value. ``unit`` is the height of 1 in scene units; bars beyond ``rect`` are cut at its edge.

    Args:
        hollow: Outlines: what was here.
        dotted: A square dot on a stem for each value: a quantity with a scale of its own.
    """

    def __init__(
        self, name: str, color: str, skin: Theme, *, hollow: bool = False, dotted: bool = False, opacity: float = 1.0, axis: bool = True
    ) -> None:
        self.tag, self.dotted = name, dotted
        self.values: np.ndarray | None = None  # nothing is shown yet
        self.bars = Rectangles(color, name=f"{name} bars", opacity=0.0 if hollow else opacity)
        if hollow:
            self.bars.set_stroke(color, width=theme.HAIRLINE, opacity=opacity)
        self.axis = theme.rule(skin.edge, theme.OUTLINE)
        super().__init__(*([self.axis] if axis else []), self.bars)

    def place(self, rect: Rect, zero: float, unit: float, count: int) -> SignedBars:
        """Stand in ``rect`` on the height ``zero``; ``count`` bars fill its width."""
        self.rect, self.zero, self.unit, self.pitch = rect, zero, unit, rect.width / max(count, 1)
        self.axis.put_start_and_end_on((rect.x0, zero, 0), (rect.x1, zero, 0))
        return self

    def boxes(self, values: np.ndarray, start: np.ndarray | float = 0.0) -> np.ndarray:
        """[n, 4] of bars from ``start`` to ``start + values``; with dots [2 n, 4], first the stems."""
        index = np.arange(len(values))
        x = self.rect.x0 + (index + (1 - FILLED) / 2) * self.pitch
        ends = np.stack(np.broadcast_arrays(start, start + values)) * self.unit + self.zero
        ends = np.clip(ends, self.rect.y0, self.rect.y1)
        right = x + FILLED * self.pitch
        if not self.dotted:
            return np.stack([x, ends.min(0), right, ends.max(0)], 1)
        thin = 0.5 * (FILLED - STEM) * self.pitch
        tip, half = ends[1], 0.5 * FILLED * self.pitch
        stems = np.stack([x + thin, ends.min(0), right - thin, ends.max(0)], 1)
        return np.concatenate([stems, np.stack([x, tip - half, right, tip + half], 1)])

    def display(self, values: np.ndarray, start: np.ndarray | float = 0.0) -> SignedBars:
        """These values; from ``start`` on, where they are added to others."""
        self.values = np.asarray(values, dtype=np.float64)
        self.bars.display(self.boxes(self.values, start))
        return self


def fit(rect: Rect, *values: np.ndarray, zero: float | None = None) -> tuple[float, float]:
    """Height of the zero line and of 1, with which all ``values`` fit into ``rect``; the zero line may be given."""
    high = max((float(v.max(initial=0.0)) for v in values), default=0.0)
    low = -min((float(v.min(initial=0.0)) for v in values), default=0.0)
    if zero is None:
        scale = rect.height / max(high + low, 1e-12)
        return rect.y0 + low * scale, scale
    return zero, min((rect.y1 - zero) / max(high, 1e-12), (zero - rect.y0) / max(low, 1e-12))
