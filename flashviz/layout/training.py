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
        "standard": (80, 20, 900, 664), "standard now": (80, 676, 900, 716), "standard way": (80, 720, 900, 766),
        "standard name": (80, 770, 900, 824), "standard bytes": (80, 828, 900, 914),
        "flash": (1020, 20, 1840, 664), "flash now": (1020, 676, 1840, 716), "flash way": (1020, 720, 1840, 766),
        "flash name": (1020, 770, 1840, 824), "flash bytes": (1020, 828, 1840, 914),
        "scale": (904, 20, 1016, 664), "n": (1020, 30, 1840, 140), "units": (1020, 140, 1840, 196),
        "law P": (1020, 206, 1840, 262), "law LSE": (1020, 266, 1840, 322), "law either": (1020, 326, 1840, 382),
    },
    "4:3": {
        "up": (30, 70, 660, 126), "along": (30, 126, 660, 182),
        "standard": (30, 60, 660, 664), "standard now": (30, 676, 660, 716), "standard way": (30, 720, 660, 766),
        "standard name": (30, 770, 660, 824), "standard bytes": (30, 828, 660, 914),
        "flash": (780, 60, 1410, 664), "flash now": (780, 676, 1410, 716), "flash way": (780, 720, 1410, 766),
        "flash name": (780, 770, 1410, 824), "flash bytes": (780, 828, 1410, 914),
        "scale": (664, 60, 776, 664), "n": (780, 70, 1410, 160), "units": (780, 160, 1410, 216),
        "law P": (780, 226, 1410, 282), "law LSE": (780, 286, 1410, 342), "law either": (780, 346, 1410, 402),
    },
    "1:1": {
        "up": (20, 44, 480, 100), "along": (20, 100, 480, 156),
        "standard": (20, 40, 480, 664), "standard now": (20, 676, 480, 716), "standard way": (20, 720, 480, 766),
        "standard name": (20, 770, 480, 824), "standard bytes": (20, 828, 480, 914),
        "flash": (600, 40, 1060, 664), "flash now": (600, 676, 1060, 716), "flash way": (600, 720, 1060, 766),
        "flash name": (600, 770, 1060, 824), "flash bytes": (600, 828, 1060, 914),
        "scale": (484, 40, 596, 664), "n": (600, 40, 1060, 120), "units": (600, 120, 1060, 170),
        "law P": (600, 180, 1060, 236), "law LSE": (600, 240, 1060, 296), "law either": (600, 300, 1060, 356),
    },
    "9:16": {
        "up": (20, 90, 480, 146), "along": (20, 146, 480, 202),
        "standard": (20, 60, 480, 1104), "standard now": (20, 1116, 480, 1156), "standard way": (20, 1160, 480, 1206),
        "standard name": (20, 1210, 480, 1264), "standard bytes": (20, 1268, 480, 1354),
        "flash": (600, 60, 1060, 1104), "flash now": (600, 1116, 1060, 1156), "flash way": (600, 1160, 1060, 1206),
        "flash name": (600, 1210, 1060, 1264), "flash bytes": (600, 1268, 1060, 1354),
        "scale": (484, 60, 596, 1104), "n": (600, 90, 1060, 180), "units": (600, 180, 1060, 236),
        "law P": (600, 246, 1060, 302), "law LSE": (600, 306, 1060, 362), "law either": (600, 366, 1060, 422),
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
# A layer's backward pass on both sides: P that is read, and the place of a P that is not stored; a tile of it is seen larger.
ONE_TILE: Mapping[Aspect, Table] = {
    "16:9": {
        "standard name": (80, 30, 640, 96), "standard P": (80, 180, 560, 660), "standard keeps": (80, 720, 640, 786),
        "flash name": (660, 30, 1300, 96), "K": (720, 130, 1200, 166), "Q": (670, 180, 706, 660), "flash P": (720, 180, 1200, 660),
        "LSE": (1212, 180, 1228, 660), "K name": (1214, 120, 1260, 176), "Q name": (656, 120, 712, 176), "LSE name": (1236, 400, 1330, 456),
        "flash keeps": (660, 720, 1300, 786),
        "tile name": (1360, 30, 1840, 96), "tile K": (1410, 180, 1790, 216), "tile Q": (1360, 230, 1396, 610),
        "tile": (1410, 230, 1790, 610), "tile LSE": (1804, 230, 1822, 610),
        "rules": (1360, 650, 1860, 890),
    },
    "4:3": {
        "standard name": (40, 60, 450, 120), "standard P": (40, 210, 420, 590), "standard keeps": (40, 640, 450, 700),
        "flash name": (470, 60, 1000, 120), "K": (540, 166, 920, 200), "Q": (496, 210, 530, 590), "flash P": (540, 210, 920, 590),
        "LSE": (930, 210, 944, 590), "K name": (928, 156, 970, 206), "Q name": (486, 150, 536, 204), "LSE name": (950, 370, 1040, 430),
        "flash keeps": (470, 640, 980, 700),
        "tile name": (1040, 60, 1420, 120), "tile K": (1090, 210, 1370, 240), "tile Q": (1050, 250, 1080, 530),
        "tile": (1090, 250, 1370, 530), "tile LSE": (1380, 250, 1396, 530),
        "rules": (1000, 590, 1420, 830),
    },
    "1:1": {
        "standard name": (20, 40, 510, 96), "standard P": (60, 190, 380, 510), "standard keeps": (20, 530, 520, 586),
        "flash name": (540, 40, 1070, 96), "K": (600, 150, 920, 180), "Q": (560, 190, 590, 510), "flash P": (600, 190, 920, 510),
        "LSE": (930, 190, 944, 510), "K name": (930, 138, 970, 188), "Q name": (548, 138, 596, 188), "LSE name": (952, 320, 1040, 376),
        "flash keeps": (540, 530, 1070, 586),
        "tile name": (460, 610, 1060, 666), "tile K": (120, 610, 380, 640), "tile Q": (80, 650, 110, 910), "tile": (120, 650, 380, 910),
        "tile LSE": (390, 650, 404, 910), "rules": (460, 676, 1060, 912),
    },
    "9:16": {
        "standard name": (40, 60, 520, 116), "standard P": (60, 220, 460, 620), "standard keeps": (40, 690, 520, 746),
        "flash name": (540, 60, 1060, 116), "K": (600, 176, 1000, 210), "Q": (556, 220, 590, 620), "flash P": (600, 220, 1000, 620),
        "LSE": (1010, 220, 1026, 620), "K name": (1010, 166, 1060, 216), "Q name": (544, 166, 594, 216), "LSE name": (970, 630, 1060, 684),
        "flash keeps": (540, 690, 1060, 746),
        "tile name": (620, 830, 1050, 890), "tile K": (120, 786, 540, 820), "tile Q": (76, 830, 110, 1250), "tile": (120, 830, 540, 1250),
        "tile LSE": (550, 830, 568, 1250), "rules": (620, 930, 1050, 1166),
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

    def slab(self, name: str, layer: int, now: float) -> Rect | None:
        """Where a layer's matrix was kept until now, on all that is kept beneath it; nowhere before its layer's turn."""
        if now <= layer:
            return None
        whole, end = self.whole(name, layer), self.x(min(now, 2 * self.layers - layer))
        return Rect(whole.x0, min(whole.y0, self.top), end, min(whole.y1, self.top))

    def whole(self, name: str, layer: int) -> Rect:
        """Where a layer's matrix is kept through the whole step, whatever the frame has of it."""
        below = itertools.takewhile(lambda other: other != name, self.sizes)
        low = self.rect.y0 + (sum(self.sizes.values()) * layer + sum(self.sizes[other] for other in below)) * self.unit
        return Rect(self.x(layer), low, self.x(2 * self.layers - layer), low + self.sizes[name] * self.unit)
