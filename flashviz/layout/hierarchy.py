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
        "flow": (110, 170, 1810, 590),
        "GMEM": (110, 170, 340, 590), "L2": (600, 170, 830, 590), "SMEM": (1090, 170, 1320, 590), "used": (1580, 170, 1810, 590),
        "GMEM name": (60, 90, 390, 156), "L2 name": (540, 90, 890, 156), "SMEM name": (1030, 90, 1380, 156),
        "used name": (1520, 90, 1870, 156),
        "GMEM speed": (290, 610, 650, 700), "L2 speed": (780, 610, 1140, 700), "SMEM speed": (1270, 610, 1630, 700),
        "L2 times": (740, 710, 1180, 780), "SMEM times": (1230, 710, 1670, 780),
        "far": (60, 30, 600, 86), "near": (1030, 30, 1380, 86), "note": (100, 862, 1820, 922),
    },
    "4:3": {
        "flow": (50, 170, 1388, 590),
        "GMEM": (50, 170, 230, 590), "L2": (436, 170, 616, 590), "SMEM": (822, 170, 1002, 590), "used": (1208, 170, 1388, 590),
        "GMEM name": (20, 90, 260, 156), "L2 name": (396, 90, 656, 156), "SMEM name": (742, 90, 1082, 156),
        "used name": (1148, 90, 1430, 156),
        "GMEM speed": (170, 610, 490, 700), "L2 speed": (560, 610, 880, 700), "SMEM speed": (945, 610, 1265, 700),
        "L2 times": (560, 710, 880, 780), "SMEM times": (945, 710, 1265, 780),
        "far": (20, 30, 460, 86), "near": (742, 30, 1082, 86), "note": (60, 862, 1380, 922),
    },
    "1:1": {
        "flow": (60, 40, 600, 860),
        "GMEM": (60, 40, 600, 150), "L2": (60, 278, 600, 388), "SMEM": (60, 516, 600, 626), "used": (60, 754, 600, 860),
        "GMEM name": (100, 62, 560, 128), "L2 name": (100, 300, 560, 366), "SMEM name": (100, 538, 560, 604),
        "used name": (100, 776, 560, 842),
        "GMEM speed": (620, 150, 1060, 220), "L2 speed": (620, 388, 1060, 458), "SMEM speed": (620, 626, 1060, 696),
        "L2 times": (620, 456, 1060, 516), "SMEM times": (620, 694, 1060, 754),
        "far": (620, 62, 1060, 128), "near": (620, 538, 1060, 604), "note": (60, 872, 1060, 930),
    },
    "9:16": {
        "flow": (60, 70, 600, 1240),
        "GMEM": (60, 70, 600, 220), "L2": (60, 410, 600, 560), "SMEM": (60, 750, 600, 900), "used": (60, 1090, 600, 1240),
        "GMEM name": (100, 110, 560, 180), "L2 name": (100, 450, 560, 520), "SMEM name": (100, 790, 560, 860),
        "used name": (100, 1130, 560, 1200),
        "GMEM speed": (630, 250, 1050, 340), "L2 speed": (630, 580, 1050, 670), "SMEM speed": (630, 920, 1050, 1010),
        "L2 times": (630, 670, 1050, 740), "SMEM times": (630, 1010, 1050, 1080),
        "far": (630, 110, 1050, 180), "near": (630, 790, 1050, 860), "note": (50, 1300, 1040, 1366),
    },
}  # fmt: skip
# ``far`` and ``near``: of the arithmetic, at the first memory and at the last. ``beside``: for what is larger beside the last area.
# ``focus``: where the area stands that is looked at; right of it the next one, beneath both their names.
CAPACITIES: Mapping[Aspect, Table] = {
    "16:9": {
        "beside": (100, 50, 1820, 680), "focus": (100, 50, 1500, 680),
        "name": (100, 690, 1500, 750), "size": (100, 752, 1500, 836), "note": (100, 862, 1820, 922),
    },
    "4:3": {
        "beside": (60, 60, 1380, 680), "focus": (60, 60, 1040, 680),
        "name": (60, 692, 1040, 752), "size": (60, 754, 1040, 838), "note": (60, 862, 1380, 922),
    },
    "1:1": {
        "beside": (40, 50, 1040, 680), "focus": (40, 50, 700, 680),
        "name": (40, 690, 700, 746), "size": (40, 748, 700, 828), "note": (60, 872, 1060, 930),
    },
    "9:16": {
        "beside": (50, 70, 1030, 1100), "focus": (50, 70, 710, 1100),
        "name": (50, 1114, 710, 1174), "size": (50, 1176, 710, 1260), "note": (50, 1300, 1040, 1366),
    },
}  # fmt: skip
WIDEST = em(310)  # of a pipe
APART = em(16)  # between areas
NEXT = em(330)  # for the name of what stands beside


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

    def beside(self, size: float, whole: Rect) -> tuple[Rect, Rect]:
        """The last area and a square of more bytes, on one scale, side by side in ``whole``."""
        focus, gap = self.focus, 3 * APART
        wide = math.sqrt(self.sizes[-1] / size * focus.width / focus.height)  # of the area, beside a square of side 1
        side = min(whole.height, (whole.width - gap) / (1 + wide))
        if wide * side < NEXT:
            side = min(whole.height, whole.width - gap - NEXT)
        area = Rect(whole.x0, whole.y0, whole.x0 + wide * side, whole.y0 + wide * side * focus.height / focus.width)
        left = whole.x0 + max(area.width, NEXT) + gap
        return area, Rect(left, whole.y0, left + side, whole.y0 + side)

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
