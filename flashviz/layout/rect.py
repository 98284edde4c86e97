"""Rectangles in scene units, y upwards, and the frames of the four aspects. Units are manim's: 8 on the short side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Aspect = Literal["16:9", "4:3", "1:1", "9:16"]
ASPECTS: dict[Aspect, tuple[int, int]] = {"16:9": (16, 9), "4:3": (4, 3), "1:1": (1, 1), "9:16": (9, 16)}

SHORT_SIDE = 8.0
MARGIN = 0.2
GAP = 0.12


@dataclass(frozen=True)
class Rect:
    """Axis-aligned box in scene units, y upwards."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        return self.y1 - self.y0

    @property
    def center(self) -> tuple[float, float, float]:
        return ((self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2, 0.0)

    def inset(self, dx: float, dy: float | None = None) -> Rect:
        dy = dx if dy is None else dy
        return Rect(self.x0 + dx, self.y0 + dy, self.x1 - dx, self.y1 - dy)

    def top(self, height: float) -> Rect:
        return Rect(self.x0, self.y1 - height, self.x1, self.y1)

    def bottom(self, height: float) -> Rect:
        return Rect(self.x0, self.y0, self.x1, self.y0 + height)

    def left(self, width: float) -> Rect:
        return Rect(self.x0, self.y0, self.x0 + width, self.y1)

    def right(self, width: float) -> Rect:
        return Rect(self.x1 - width, self.y0, self.x1, self.y1)

    def below(self, height: float) -> Rect:
        """What is left when ``height`` is cut off the top."""
        return Rect(self.x0, self.y0, self.x1, self.y1 - height)

    def above(self, height: float) -> Rect:
        """What is left when ``height`` is cut off the bottom."""
        return Rect(self.x0, self.y0 + height, self.x1, self.y1)

    def beyond(self, width: float) -> Rect:
        """What is left when ``width`` is cut off the left side."""
        return Rect(self.x0 + width, self.y0, self.x1, self.y1)

    def before(self, width: float) -> Rect:
        """What is left when ``width`` is cut off the right side."""
        return Rect(self.x0, self.y0, self.x1 - width, self.y1)

    def shifted(self, dx: float, dy: float) -> Rect:
        return Rect(self.x0 + dx, self.y0 + dy, self.x1 + dx, self.y1 + dy)

    def toward(self, other: Rect, share: float) -> Rect:
        """So far on the way to another rectangle."""
        return Rect(*(a + (b - a) * share for a, b in zip(self.edges, other.edges, strict=True)))

    @property
    def edges(self) -> tuple[float, float, float, float]:
        return (self.x0, self.y0, self.x1, self.y1)

    def contains(self, other: Rect, slack: float = 1e-9) -> bool:
        return (
            self.x0 - slack <= other.x0 and self.y0 - slack <= other.y0
            and other.x1 <= self.x1 + slack and other.y1 <= self.y1 + slack
        )  # fmt: skip

    def overlaps(self, other: Rect, slack: float = 1e-9) -> bool:
        return (
            self.x0 < other.x1 - slack and other.x0 < self.x1 - slack
            and self.y0 < other.y1 - slack and other.y0 < self.y1 - slack
        )  # fmt: skip


def centered(x: float, y: float, width: float, height: float) -> Rect:
    """A rectangle about (x, y)."""
    return Rect(x - width / 2, y - height / 2, x + width / 2, y + height / 2)


def rows(rect: Rect, count: int, gap: float = 0.0) -> list[Rect]:
    """``count`` equal rows, top first."""
    height = (rect.height - gap * (count - 1)) / count
    return [Rect(rect.x0, rect.y1 - k * (height + gap) - height, rect.x1, rect.y1 - k * (height + gap)) for k in range(count)]


def columns(rect: Rect, count: int, gap: float = 0.0) -> list[Rect]:
    """``count`` equal columns, left first."""
    width = (rect.width - gap * (count - 1)) / count
    return [Rect(rect.x0 + k * (width + gap), rect.y0, rect.x0 + k * (width + gap) + width, rect.y1) for k in range(count)]


def frame(aspect: Aspect) -> Rect:
    """The whole picture: 8 units on the short side, centred on the origin."""
    wide, tall = ASPECTS[aspect]
    unit = SHORT_SIDE / min(wide, tall)
    return centered(0.0, 0.0, wide * unit, tall * unit)
