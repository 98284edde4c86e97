"""The shot of TrainingMemoryScene: what each layer keeps while a training step goes on, layer on layer, on one scale of bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from flashviz.layout.rect import Aspect, Rect
from flashviz.layout.table import Table

# The places of the slabs stand side by side; what they outgrow is the frame's upper edge. FlashAttention's leave room for the words.
TRAINING: Mapping[Aspect, Table] = {
    "16:9": {
        "up": (80, 30, 900, 86), "along": (80, 86, 900, 142),
        "standard": (80, 20, 900, 690), "standard way": (80, 704, 900, 754), "standard name": (80, 756, 900, 816),
        "standard bytes": (80, 818, 900, 914),
        "flash": (1020, 20, 1840, 690), "flash way": (1020, 704, 1840, 754), "flash name": (1020, 756, 1840, 816),
        "flash bytes": (1020, 818, 1840, 914),
        "scale": (904, 20, 1016, 690), "n": (1020, 30, 1840, 140), "units": (1020, 140, 1840, 196),
        "law P": (1020, 206, 1520, 262), "factor P": (1540, 206, 1840, 262),
        "law LSE": (1020, 266, 1520, 322), "factor LSE": (1540, 266, 1840, 322),
        "law either": (1020, 326, 1520, 382), "factor either": (1540, 326, 1840, 382),
        "reads": (1020, 206, 1840, 262), "makes": (1020, 266, 1840, 322), "drops": (1020, 326, 1840, 382),
        "ratio": (1020, 206, 1840, 326), "idea": (1020, 330, 1840, 386),
    },
    "4:3": {
        "up": (30, 70, 660, 126), "along": (30, 126, 660, 182),
        "standard": (30, 60, 660, 690), "standard way": (30, 704, 660, 754), "standard name": (30, 756, 660, 816),
        "standard bytes": (30, 818, 660, 914),
        "flash": (780, 60, 1410, 690), "flash way": (780, 704, 1410, 754), "flash name": (780, 756, 1410, 816),
        "flash bytes": (780, 818, 1410, 914),
        "scale": (664, 60, 776, 690), "n": (780, 70, 1410, 160), "units": (780, 160, 1410, 216),
        "law P": (780, 226, 1170, 282), "factor P": (1190, 226, 1410, 282),
        "law LSE": (780, 286, 1170, 342), "factor LSE": (1190, 286, 1410, 342),
        "law either": (780, 346, 1170, 402), "factor either": (1190, 346, 1410, 402),
        "reads": (780, 226, 1410, 282), "makes": (780, 286, 1410, 342), "drops": (780, 346, 1410, 402),
        "ratio": (780, 226, 1410, 346), "idea": (780, 350, 1410, 406),
    },
    "1:1": {
        "up": (20, 44, 480, 100), "along": (20, 100, 480, 156),
        "standard": (20, 40, 480, 690), "standard way": (20, 704, 480, 754), "standard name": (20, 756, 480, 816),
        "standard bytes": (20, 818, 480, 914),
        "flash": (600, 40, 1060, 690), "flash way": (600, 704, 1060, 754), "flash name": (600, 756, 1060, 816),
        "flash bytes": (600, 818, 1060, 914),
        "scale": (484, 40, 596, 690), "n": (600, 40, 1060, 120), "units": (600, 120, 1060, 170),
        "law P": (600, 176, 890, 232), "factor P": (910, 176, 1060, 232),
        "law LSE": (600, 236, 890, 292), "factor LSE": (910, 236, 1060, 292),
        "law either": (600, 296, 890, 352), "factor either": (910, 296, 1060, 352),
        "reads": (600, 176, 1060, 232), "makes": (600, 236, 1060, 292), "drops": (600, 296, 1060, 352),
        "ratio": (600, 176, 1060, 296), "idea": (600, 300, 1060, 356),
    },
    "9:16": {
        "up": (20, 90, 480, 146), "along": (20, 146, 480, 202),
        "standard": (20, 60, 480, 1130), "standard way": (20, 1144, 480, 1194), "standard name": (20, 1196, 480, 1256),
        "standard bytes": (20, 1258, 480, 1354),
        "flash": (600, 60, 1060, 1130), "flash way": (600, 1144, 1060, 1194), "flash name": (600, 1196, 1060, 1256),
        "flash bytes": (600, 1258, 1060, 1354),
        "scale": (484, 60, 596, 1130), "n": (600, 90, 1060, 180), "units": (600, 180, 1060, 236),
        "law P": (600, 246, 890, 302), "factor P": (910, 246, 1060, 302),
        "law LSE": (600, 306, 890, 362), "factor LSE": (910, 306, 1060, 362),
        "law either": (600, 366, 890, 422), "factor either": (910, 366, 1060, 422),
        "reads": (600, 246, 1060, 302), "makes": (600, 306, 1060, 362), "drops": (600, 366, 1060, 422),
        "ratio": (600, 246, 1060, 366), "idea": (600, 370, 1060, 426),
    },
}  # fmt: skip
GIVEN, GOES = 0.25, 0.7  # shares of a layer's time: until Q, K and V are there, forward; from when what it kept goes, backward
SAMPLES = 240  # points of an edge: where it leaves the frame it is cut


@dataclass(frozen=True)
class Step:
    """A training step from left to right: each layer's work forward, the first one's first, then back. What is kept stands upright.

    Args:
        sizes: Bytes of each matrix of one layer, the lowest first.
        unit: How high a byte is.
        top: Where the frame ends.
    """

    rect: Rect
    layers: int
    sizes: Mapping[str, float]
    unit: float
    top: float

    def held(self, name: str, layer: int, time: np.ndarray) -> np.ndarray:
        """How much of a layer's matrix is kept, at times in layers' work from the step's begin: 0 to 2 ``layers``."""
        forward, back = (np.clip(time - begin, 0, 1) for begin in (layer, 2 * self.layers - 1 - layer))
        there = np.minimum(forward / GIVEN, 1) if name in ("Q", "K", "V") else np.maximum(forward - GIVEN, 0) / (1 - GIVEN)
        return np.asarray(there * np.minimum((1 - back) / (1 - GOES), 1))

    def bytes_at(self, name: str, time: float) -> float:
        """Of all layers' matrices of this name."""
        return sum(float(self.held(name, layer, np.array(time))) for layer in range(self.layers)) * self.sizes[name]

    def x(self, time: np.ndarray | float) -> np.ndarray:
        """Where times in layers' work stand."""
        return np.asarray(self.rect.x0 + np.asarray(time) * self.rect.width / (2 * self.layers))

    def turn(self, now: float) -> int | None:
        """Which layer's backward pass uses P now; none while what a layer kept goes, and none forward."""
        layer = 2 * self.layers - 1 - int(now)
        return layer if self.layers < now < 2 * self.layers and now % 1 < GOES else None

    def used(self, layer: int, nbytes: float) -> Rect:
        """Where P [``nbytes``] of a layer stands while its backward pass uses it: in its place, or on what is kept where it is not kept."""
        low = sum(self.sizes.values()) * layer + sum(size for name, size in self.sizes.items() if name != "P")
        begin = 2 * self.layers - 1 - layer
        y0, y1 = (min(self.rect.y0 + each * self.unit, self.top) for each in (low, low + nbytes))
        return Rect(float(self.x(begin)), y0, float(self.x(begin + GOES)), y1)

    def slab(self, name: str, layer: int, now: float) -> np.ndarray:
        """[corners, 2] where a layer's matrix was kept until now, on all that was kept beneath it; nothing before its layer's work."""
        end = min(now, 2 * self.layers - layer)
        if end <= layer:
            return np.zeros((0, 2))
        bends = [layer + GIVEN, layer + 1, 2 * self.layers - 1 - layer + GOES]
        time = np.unique([*np.linspace(layer, end, SAMPLES), *(each for each in bends if each < end)])
        low = np.zeros_like(time)
        for below in range(layer + 1):
            for other, size in self.sizes.items():
                if (below, other) == (layer, name):
                    break
                low = low + self.held(other, below, time) * size
        ends = (low, low + self.held(name, layer, time) * self.sizes[name])
        lower, upper = (np.minimum(self.rect.y0 + each * self.unit, self.top) for each in ends)
        x = self.x(time)
        return np.concatenate([np.stack([x, upper], 1), np.stack([x, lower], 1)[::-1]])
