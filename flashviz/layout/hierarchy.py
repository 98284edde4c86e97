"""The shots of MemoryHierarchyScene: memories with pipes between them, as wide as their bandwidths; then capacities as areas."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from flashviz.layout.rect import Aspect, Rect, centered
from flashviz.layout.table import Table
from flashviz.lettering import em

# Stations and, between them, where a pipe lies or stands, all within ``flow``; beside it its bandwidth, and as a multiple of the first.
PIPES: Mapping[Aspect, Table] = {
    "16:9": {
        "flow": (110, 40, 1810, 580),
        "GMEM": (110, 40, 340, 580), "L2": (600, 40, 830, 580), "SMEM": (1090, 40, 1320, 580), "used": (1580, 40, 1810, 580),
        "GMEM name": (60, 592, 390, 658), "L2 name": (540, 592, 890, 658), "SMEM name": (1030, 592, 1380, 658),
        "used name": (1520, 592, 1870, 658),
        "GMEM speed": (290, 676, 650, 766), "L2 speed": (780, 676, 1140, 766), "SMEM speed": (1270, 676, 1630, 766),
        "L2 times": (740, 774, 1180, 840), "SMEM times": (1230, 774, 1670, 840),
        "note": (100, 862, 1820, 922),
    },
    "4:3": {
        "flow": (50, 60, 1388, 580),
        "GMEM": (50, 60, 230, 580), "L2": (436, 60, 616, 580), "SMEM": (822, 60, 1002, 580), "used": (1208, 60, 1388, 580),
        "GMEM name": (20, 592, 260, 658), "L2 name": (396, 592, 656, 658), "SMEM name": (742, 592, 1082, 658),
        "used name": (1148, 592, 1430, 658),
        "GMEM speed": (170, 676, 490, 766), "L2 speed": (560, 676, 880, 766), "SMEM speed": (945, 676, 1265, 766),
        "L2 times": (560, 774, 880, 840), "SMEM times": (945, 774, 1265, 840),
        "note": (60, 862, 1380, 922),
    },
    "1:1": {
        "flow": (60, 40, 600, 860),
        "GMEM": (60, 40, 600, 150), "L2": (60, 278, 600, 388), "SMEM": (60, 516, 600, 626), "used": (60, 754, 600, 860),
        "GMEM name": (100, 62, 560, 128), "L2 name": (100, 300, 560, 366), "SMEM name": (100, 538, 560, 604),
        "used name": (100, 776, 560, 842),
        "GMEM speed": (620, 150, 1060, 220), "L2 speed": (620, 388, 1060, 458), "SMEM speed": (620, 626, 1060, 696),
        "L2 times": (620, 456, 1060, 516), "SMEM times": (620, 694, 1060, 754),
        "note": (60, 872, 1060, 930),
    },
    "9:16": {
        "flow": (60, 70, 600, 1240),
        "GMEM": (60, 70, 600, 220), "L2": (60, 410, 600, 560), "SMEM": (60, 750, 600, 900), "used": (60, 1090, 600, 1240),
        "GMEM name": (100, 110, 560, 180), "L2 name": (100, 450, 560, 520), "SMEM name": (100, 790, 560, 860),
        "used name": (100, 1130, 560, 1200),
        "GMEM speed": (630, 250, 1050, 340), "L2 speed": (630, 580, 1050, 670), "SMEM speed": (630, 920, 1050, 1010),
        "L2 times": (630, 670, 1050, 740), "SMEM times": (630, 1010, 1050, 1080),
        "note": (50, 1300, 1040, 1366),
    },
}  # fmt: skip
# ``scores``: for all of S over the last area.
# ``focus``: where the area stands that is looked at; right of it the next one, beneath both their names.
CAPACITIES: Mapping[Aspect, Table] = {
    "16:9": {
        "scores": (400, 40, 1820, 680), "focus": (100, 40, 1220, 680),
        "name": (100, 690, 1220, 750), "size": (100, 752, 1220, 836), "note": (100, 862, 1820, 922),
    },
    "4:3": {
        "scores": (200, 60, 1380, 680), "focus": (60, 120, 1040, 680),
        "name": (60, 692, 1040, 752), "size": (60, 754, 1040, 838), "note": (60, 862, 1380, 922),
    },
    "1:1": {
        "scores": (40, 50, 1040, 680), "focus": (40, 303, 700, 680),
        "name": (40, 690, 700, 746), "size": (40, 748, 700, 828), "note": (60, 872, 1060, 930),
    },
    "9:16": {
        "scores": (50, 70, 1030, 1100), "focus": (50, 50, 650, 1100),
        "name": (50, 1114, 650, 1174), "size": (50, 1176, 650, 1260), "note": (50, 1300, 1040, 1366),
    },
}  # fmt: skip
WIDEST = em(310)  # of a pipe
APART = em(16)  # between areas
NEXT = em(310)  # for what is said beside an area


def pipe(before: Rect, after: Rect, share: float) -> Rect:
    """From one station to the next, so much of the widest."""
    if before.x1 <= after.x0:
        return centered((before.x1 + after.x0) / 2, before.center[1], after.x0 - before.x1, share * WIDEST)
    return centered(before.center[0], (before.y0 + after.y1) / 2, share * WIDEST, before.y0 - after.y1)


@dataclass(frozen=True)
class Zoom:
    """Areas of one shape, largest first, on one scale at any moment, side by side on a baseline.

    Args:
        focus: What the area that is looked at fills.
        sizes: Bytes.
    """

    focus: Rect
    sizes: Sequence[float]

    def at(self, stage: float) -> list[Rect]:
        """Where each stands when so many of them have been zoomed past; between two whole numbers the zoom is even."""
        past = min(int(stage), len(self.sizes) - 2)
        once = math.sqrt(self.sizes[past] / self.sizes[past + 1])  # how many times larger all gets until the next one fills the focus
        factor = once ** (stage - past)
        moved = (factor - 1) / (once - 1)
        left = self.focus.x1 + APART + (self.focus.x0 - self.focus.x1 - APART) * moved  # of the next one
        scale = [math.sqrt(size / self.sizes[past]) * factor for size in self.sizes]
        edges = [0.0] * len(scale)
        edges[past + 1] = left
        for index in range(past, -1, -1):
            edges[index] = edges[index + 1] - APART - scale[index] * self.focus.width
        for index in range(past + 2, len(scale)):
            edges[index] = edges[index - 1] + scale[index - 1] * self.focus.width + APART
        low = self.focus.y0
        return [
            Rect(x, low, x + part * self.focus.width, low + part * self.focus.height) for x, part in zip(edges, scale, strict=True)
        ]  # fmt: skip

    def under(self, size: float, whole: Rect) -> tuple[Rect, Rect]:
        """The last area and a square of more bytes that lies on it, on one scale, from the lower left corner of ``whole``."""
        focus, gap = self.focus, 3 * APART
        wide = math.sqrt(self.sizes[-1] / size * focus.width / focus.height)  # of the area, where the square's side is 1
        side = min(whole.height, (whole.width - gap - NEXT) / max(1.0, wide))
        area = Rect(whole.x0, whole.y0, whole.x0 + wide * side, whole.y0 + wide * side * focus.height / focus.width)
        return area, Rect(whole.x0, whole.y0, whole.x0 + side, whole.y0 + side)

    def tiles(self, sizes: Sequence[float]) -> list[Rect]:
        """Squares of so many bytes where the last area fills the focus, along its longer side."""
        lying = self.focus.width >= self.focus.height
        sides = [math.sqrt(size / self.sizes[-1] * self.focus.width * self.focus.height) for size in sizes]
        gap = ((self.focus.width if lying else self.focus.height) - sum(sides)) / (len(sides) + 1)
        found, (x, y, _), along = [], self.focus.center, 0.0
        for side in sides:
            along += gap + side
            middle = along - side / 2
            found.append(centered(self.focus.x0 + middle, y, side, side) if lying else centered(x, self.focus.y1 - middle, side, side))
        return found

    @property
    def aside(self) -> Rect:
        """For what is said beside the area that is looked at."""
        return Rect(self.focus.x1 + 2 * APART, self.focus.y0, self.focus.x1 + 2 * APART + NEXT, self.focus.y1)


def copies(whole: Rect, small: Rect) -> np.ndarray:
    """[n, 4] boxes as large as ``small`` that fill ``whole`` from its lower right corner, row by row; the last ones are cut off."""
    across, up = (np.arange(math.ceil(round(full / part, 3))) for full, part in ((whole.width, small.width), (whole.height, small.height)))
    x1, y0 = whole.x1 - across * small.width, whole.y0 + up * small.height
    low, right = (grid.ravel() for grid in np.meshgrid(y0, x1, indexing="ij"))
    left, high = np.maximum(right - small.width, whole.x0), np.minimum(low + small.height, whole.y1)
    return np.stack([left, low, right, high], 1)


def pieces(rect: Rect, down: int, across: int, gap: float) -> np.ndarray:
    """[down * across, 4] tiles of ``rect``, so far apart."""
    wide, high = rect.width / across, rect.height / down
    x, y = np.meshgrid(rect.x0 + np.arange(across) * wide, rect.y0 + np.arange(down) * high)
    return np.stack([x.ravel() + gap / 2, y.ravel() + gap / 2, x.ravel() + wide - gap / 2, y.ravel() + high - gap / 2], 1)


def beyond(rect: Rect, area: Rect) -> np.ndarray:
    """[n, 4] what of ``rect`` lies above ``area`` or right of it, where it lies over it."""
    top = Rect(rect.x0, max(rect.y0, min(area.y1, rect.y1)), rect.x1, rect.y1)
    side = Rect(max(rect.x0, min(area.x1, rect.x1)), rect.y0, rect.x1, top.y0)
    return np.array([part.edges for part in (top, side) if part.width > 0 and part.height > 0]).reshape(-1, 4)
