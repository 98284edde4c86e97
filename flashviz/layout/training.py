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
        "standard": (80, 20, 930, 690), "standard way": (80, 704, 930, 754), "standard name": (80, 756, 930, 816),
        "standard bytes": (80, 818, 930, 914),
        "flash": (990, 20, 1840, 690), "flash way": (990, 704, 1840, 754), "flash name": (990, 756, 1840, 816),
        "flash bytes": (990, 818, 1840, 914),
        "n": (990, 30, 1840, 140), "law P": (990, 160, 1517, 226), "factor P": (1537, 160, 1840, 226),
        "law LSE": (990, 232, 1517, 298), "factor LSE": (1537, 232, 1840, 298),
        "law either": (990, 304, 1517, 370), "factor either": (1537, 304, 1840, 370),
        "ratio": (990, 180, 1840, 340),
    },
    "4:3": {
        "standard": (50, 60, 700, 690), "standard way": (50, 704, 700, 754), "standard name": (50, 756, 700, 816),
        "standard bytes": (50, 818, 700, 914),
        "flash": (740, 60, 1390, 690), "flash way": (740, 704, 1390, 754), "flash name": (740, 756, 1390, 816),
        "flash bytes": (740, 818, 1390, 914),
        "n": (740, 70, 1390, 170), "law P": (740, 190, 1143, 256), "factor P": (1163, 190, 1390, 256),
        "law LSE": (740, 262, 1143, 328), "factor LSE": (1163, 262, 1390, 328),
        "law either": (740, 334, 1143, 400), "factor either": (1163, 334, 1390, 400),
        "ratio": (740, 200, 1390, 360),
    },
    "1:1": {
        "standard": (30, 40, 520, 690), "standard way": (30, 704, 520, 754), "standard name": (30, 756, 520, 816),
        "standard bytes": (30, 818, 520, 914),
        "flash": (560, 40, 1050, 690), "flash way": (560, 704, 1050, 754), "flash name": (560, 756, 1050, 816),
        "flash bytes": (560, 818, 1050, 914),
        "n": (560, 50, 1050, 140), "law P": (560, 160, 864, 226), "factor P": (884, 160, 1050, 226),
        "law LSE": (560, 232, 864, 298), "factor LSE": (884, 232, 1050, 298),
        "law either": (560, 304, 864, 370), "factor either": (884, 304, 1050, 370),
        "ratio": (560, 180, 1050, 340),
    },
    "9:16": {
        "standard": (30, 60, 520, 1130), "standard way": (30, 1144, 520, 1194), "standard name": (30, 1196, 520, 1256),
        "standard bytes": (30, 1258, 520, 1354),
        "flash": (560, 60, 1050, 1130), "flash way": (560, 1144, 1050, 1194), "flash name": (560, 1196, 1050, 1256),
        "flash bytes": (560, 1258, 1050, 1354),
        "n": (560, 90, 1050, 180), "law P": (560, 200, 864, 266), "factor P": (884, 200, 1050, 266),
        "law LSE": (560, 272, 864, 338), "factor LSE": (884, 272, 1050, 338),
        "law either": (560, 344, 864, 410), "factor either": (884, 344, 1050, 410),
        "ratio": (560, 220, 1050, 380),
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
        x = self.rect.x0 + time * self.rect.width / (2 * self.layers)
        return np.concatenate([np.stack([x, upper], 1), np.stack([x, lower], 1)[::-1]])
