"""Shots of TrainingMemoryScene: one layer, its P in use, and what layers keep while a training step goes on, on one scale of bytes."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

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
        "reads": (1020, 206, 1840, 262), "makes": (1020, 266, 1840, 322),
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
        "reads": (780, 226, 1410, 282), "makes": (780, 286, 1410, 342),
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
        "reads": (600, 176, 1060, 232), "makes": (600, 236, 1060, 292),
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
        "reads": (600, 246, 1060, 302), "makes": (600, 306, 1060, 362),
        "ratio": (600, 246, 1060, 366), "idea": (600, 370, 1060, 426),
    },
}  # fmt: skip
# One layer's P and LSE, their areas as their bytes.
ONE_LAYER: Mapping[Aspect, Table] = {
    "16:9": {
        "P": (140, 150, 740, 750), "LSE": (780, 150, 840, 750), "P name": (1000, 150, 1880, 230), "P note": (1000, 236, 1880, 292),
        "P bytes": (1000, 302, 1880, 386), "LSE name": (1000, 470, 1880, 550), "LSE note": (1000, 556, 1880, 612),
        "LSE bytes": (1000, 622, 1880, 706), "units": (1000, 770, 1880, 826),
    },
    "4:3": {
        "P": (40, 120, 740, 820), "LSE": (770, 120, 820, 820), "P name": (850, 140, 1420, 220), "P note": (850, 226, 1420, 282),
        "P bytes": (850, 292, 1420, 376), "LSE name": (850, 480, 1420, 560), "LSE note": (850, 566, 1420, 622),
        "LSE bytes": (850, 632, 1420, 716), "units": (850, 770, 1420, 820),
    },
    "1:1": {
        "P": (30, 40, 610, 620), "LSE": (640, 40, 680, 620), "P name": (30, 640, 520, 710), "P note": (30, 712, 520, 762),
        "P bytes": (30, 770, 520, 840), "LSE name": (560, 640, 1060, 710), "LSE note": (560, 712, 1060, 762),
        "LSE bytes": (560, 770, 1060, 840), "units": (30, 856, 1050, 910),
    },
    "9:16": {
        "P": (40, 60, 900, 920), "LSE": (940, 60, 1000, 920), "P name": (40, 950, 1040, 1026), "P note": (40, 1030, 700, 1086),
        "P bytes": (710, 1026, 1050, 1090), "LSE name": (40, 1120, 1040, 1196), "LSE note": (40, 1200, 700, 1256),
        "LSE bytes": (710, 1196, 1050, 1260), "units": (40, 1300, 1040, 1356),
    },
}  # fmt: skip
# A layer's backward pass on both sides: P that is read, and a tile of P that is made of Q, K and LSE, used and dropped.
ONE_TILE: Mapping[Aspect, Table] = {
    "16:9": {
        "standard name": (80, 20, 900, 86), "standard P": (140, 150, 740, 750), "standard reads": (80, 766, 900, 832),
        "standard price": (80, 838, 900, 904),
        "flash name": (1000, 20, 1860, 86), "K": (1130, 92, 1730, 138), "Q": (1068, 150, 1114, 750), "flash P": (1130, 150, 1730, 750),
        "LSE": (1746, 150, 1770, 750), "K name": (1742, 86, 1830, 146), "Q name": (1000, 420, 1062, 480),
        "LSE name": (1782, 420, 1890, 480), "flash reads": (1000, 766, 1880, 832), "flash price": (1000, 838, 1880, 904),
    },
    "4:3": {
        "standard name": (30, 60, 660, 120), "standard P": (90, 230, 550, 690), "standard reads": (30, 730, 660, 790),
        "standard price": (30, 800, 660, 860),
        "flash name": (720, 60, 1410, 120), "K": (850, 176, 1310, 216), "Q": (796, 230, 836, 690), "flash P": (850, 230, 1310, 690),
        "LSE": (1322, 230, 1342, 690), "K name": (1320, 166, 1400, 222), "Q name": (730, 430, 790, 490), "LSE name": (1348, 430, 1432, 490),
        "flash reads": (720, 730, 1430, 790), "flash price": (720, 800, 1430, 860),
    },
    "1:1": {
        "standard name": (20, 40, 510, 96), "standard P": (60, 250, 460, 650), "standard reads": (20, 700, 520, 760),
        "standard price": (20, 780, 520, 840),
        "flash name": (550, 40, 1070, 96), "K": (640, 204, 1000, 238), "Q": (594, 250, 628, 650), "flash P": (640, 250, 1000, 650),
        "LSE": (1008, 250, 1024, 650), "K name": (1008, 190, 1064, 244), "Q name": (546, 420, 590, 480), "LSE name": (980, 654, 1070, 700),
        "flash reads": (550, 700, 1070, 760), "flash price": (550, 780, 1070, 840),
    },
    "9:16": {
        "standard name": (40, 40, 1040, 100), "standard P": (120, 130, 620, 630), "standard reads": (640, 260, 1060, 320),
        "standard price": (640, 340, 1060, 400),
        "flash name": (40, 680, 1040, 740), "K": (120, 770, 620, 810), "Q": (66, 824, 106, 1324), "flash P": (120, 824, 620, 1324),
        "LSE": (632, 824, 654, 1324), "K name": (632, 762, 700, 818), "Q name": (60, 764, 110, 820), "LSE name": (668, 1250, 800, 1310),
        "flash reads": (680, 960, 1060, 1020), "flash price": (680, 1040, 1060, 1100),
    },
}  # fmt: skip


@dataclass(frozen=True)
class Step:
    """A training step from left to right: each layer's turn forward, the first one's first, then back. What is kept stands upright.

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

    def keeps(self, layer: int, now: float) -> bool:
        """Whether a layer's matrices are kept: from its turn forward, the ``layer``-th of 2 ``layers``, through its turn back."""
        return layer < now < 2 * self.layers - layer

    def bytes_at(self, name: str, now: float) -> float:
        """Of all layers' matrices of this name, in turns from the step's begin: 0 to 2 ``layers``."""
        return sum(self.keeps(layer, now) for layer in range(self.layers)) * self.sizes[name]

    def x(self, time: float) -> float:
        """Where a time, in turns, stands."""
        return self.rect.x0 + time * self.rect.width / (2 * self.layers)

    def turn(self, now: float) -> int | None:
        """Which layer's backward pass uses P now; none forward."""
        return 2 * self.layers - 1 - int(now) if self.layers < now < 2 * self.layers else None

    def used(self, layer: int, nbytes: float) -> Rect:
        """Where P [``nbytes``] of a layer stands while its backward pass uses it: in its place, or on what is kept where it is not kept."""
        low = sum(self.sizes.values()) * layer + sum(size for name, size in self.sizes.items() if name != "P")
        begin = 2 * self.layers - 1 - layer
        return self._from(begin, begin + 1, low, low + nbytes)

    def slab(self, name: str, layer: int, now: float) -> Rect | None:
        """Where a layer's matrix was kept until now, on all that is kept beneath it; nowhere before its layer's turn."""
        if now <= layer:
            return None
        below = itertools.takewhile(lambda other: other != name, self.sizes)
        low = sum(self.sizes.values()) * layer + sum(self.sizes[other] for other in below)
        return self._from(layer, min(now, 2 * self.layers - layer), low, low + self.sizes[name])

    def _from(self, begin: float, end: float, low: float, high: float) -> Rect:
        """From one time to another, and from so many bytes to so many, as far as the frame reaches."""
        y0, y1 = (min(self.rect.y0 + each * self.unit, self.top) for each in (low, high))
        return Rect(self.x(begin), y0, self.x(end), y1)
