"""The shot of MemoryScalingScene: what standard attention stores, and what FlashAttention stores, areas on one scale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flashviz.layout.rect import Aspect, Rect
from flashviz.layout.table import Table
from flashviz.lettering import em

# ``standard`` grows from its lower right corner, ``flash`` from its lower left one; beneath them N, names, bytes and the machine.
SCALING: Mapping[Aspect, Table] = {
    "16:9": {
        "standard": (100, 50, 1440, 636), "flash": (1530, 50, 1870, 636), "n": (100, 646, 1440, 726), "o name": (1160, 646, 1440, 726),
        "flash o name": (1530, 646, 1870, 726), "standard name": (100, 736, 1440, 794), "flash name": (1530, 736, 1870, 794),
        "standard bytes": (100, 796, 1000, 876), "flash bytes": (1530, 796, 1870, 876), "ratio": (1010, 786, 1500, 886),
        "note": (100, 884, 1820, 936),
    },
    "4:3": {
        "standard": (50, 120, 1060, 606), "flash": (1120, 120, 1410, 606), "n": (50, 618, 1060, 698), "o name": (820, 618, 1060, 698),
        "flash o name": (1120, 618, 1410, 698), "standard name": (50, 712, 1030, 770), "flash name": (1090, 712, 1410, 770),
        "standard bytes": (50, 776, 620, 856), "flash bytes": (1090, 776, 1410, 856), "ratio": (640, 770, 1070, 862),
        "note": (50, 874, 1400, 928),
    },
    "1:1": {
        "standard": (30, 180, 790, 520), "flash": (830, 180, 1060, 520), "n": (30, 534, 790, 610), "o name": (590, 534, 790, 610),
        "flash o name": (830, 534, 1060, 610), "standard name": (30, 640, 700, 696), "flash name": (760, 640, 1060, 696),
        "standard bytes": (30, 704, 390, 784), "flash bytes": (760, 704, 1060, 784), "ratio": (430, 704, 710, 784),
        "note": (30, 830, 1060, 890),
    },
    "9:16": {
        "standard": (50, 60, 690, 1040), "flash": (740, 60, 1050, 1040), "n": (50, 1050, 480, 1126), "o name": (490, 1050, 690, 1126),
        "flash o name": (740, 1050, 1050, 1126), "standard name": (50, 1140, 690, 1196), "flash name": (740, 1140, 1050, 1196),
        "standard bytes": (50, 1200, 400, 1280), "flash bytes": (740, 1200, 1050, 1280), "ratio": (440, 1200, 700, 1280),
        "note": (50, 1310, 1050, 1370),
    },
}  # fmt: skip
BETWEEN, BESIDE = em(12), em(5)  # S, P and O; O and LSE


@dataclass(frozen=True)
class Areas:
    """One number takes the same area in every matrix. ``extra``: how many columns as wide as O's FlashAttention stores besides it."""

    standard: Rect
    flash: Rect
    d: int
    extra: float

    @property
    def stacked(self) -> bool:
        """Whether S stands over P: where the place is high."""
        return self.standard.height > 1.3 * self.standard.width

    def side(self, n: float) -> float:
        """Of S of ``n`` rows where it fits into its place."""
        wide, high, strip = self.standard.width - BETWEEN, self.standard.height, self.d / n
        if self.stacked:
            return min((high - BETWEEN) / 2, wide / (1 + strip))
        return min(high, (wide - BETWEEN) / (2 + strip))

    def unit(self, fitted: float) -> float:
        """How wide one number is where S of ``fitted`` rows fits."""
        return self.side(fitted) / fitted

    def at(self, n: float, fitted: float) -> dict[str, Rect]:
        """Each matrix of ``n`` rows, on the scale on which S of ``fitted`` rows fits."""
        unit, right, low = self.unit(fitted), self.standard.x1, self.standard.y0
        o = Rect(right - self.d * unit, low, right, low + n * unit)
        p = Rect(o.x0 - BETWEEN - n * unit, low, o.x0 - BETWEEN, low + n * unit)
        s = p.shifted(0, BETWEEN + n * unit) if self.stacked else p.shifted(-BETWEEN - n * unit, 0)
        flash = Rect(self.flash.x0, low, self.flash.x0 + self.d * unit, low + n * unit)
        lse = Rect(flash.x1 + BESIDE, low, flash.x1 + BESIDE + self.extra * unit, low + n * unit)
        return {"S": s, "P": p, "O": o, "flash O": flash, "LSE": lse}
