"""The shot of MemoryScalingScene: what standard attention stores, and what FlashAttention stores, areas on one scale."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from flashviz.layout.rect import Aspect, Rect
from flashviz.layout.table import Table
from flashviz.lettering import em

# Both grow from their upper left corners; above them whose they are and all bytes, a name above each square, beneath a square N, beneath
# a strip its name, and what was measured.
SCALING: Mapping[Aspect, Table] = {
    "16:9": {
        "standard": (70, 236, 1390, 806), "flash": (1450, 236, 1880, 806),
        "standard name": (70, 28, 1390, 84), "flash name": (1450, 28, 1880, 84),
        "standard bytes": (70, 84, 1390, 176), "flash bytes": (1450, 84, 1880, 176), "note": (84, 884, 1880, 936),
    },
    "4:3": {
        "standard": (40, 330, 1000, 750), "flash": (1092, 330, 1420, 750),
        "standard name": (40, 116, 1000, 172), "flash name": (1092, 116, 1420, 172),
        "standard bytes": (40, 172, 1000, 266), "flash bytes": (1092, 172, 1420, 266), "note": (40, 844, 1420, 898),
    },
    "1:1": {
        "standard": (30, 400, 720, 700), "flash": (750, 400, 1060, 700),
        "standard name": (30, 190, 720, 246), "flash name": (750, 190, 1060, 246),
        "standard bytes": (30, 246, 720, 332), "flash bytes": (750, 246, 1060, 332), "note": (30, 816, 1060, 870),
    },
    "9:16": {
        "standard": (40, 240, 690, 1170), "flash": (730, 240, 1060, 1170),
        "standard name": (40, 34, 690, 90), "flash name": (730, 34, 1060, 90),
        "standard bytes": (40, 90, 690, 176), "flash bytes": (730, 90, 1060, 176), "note": (40, 1276, 1050, 1330),
    },
}  # fmt: skip
BETWEEN, BESIDE = em(12), em(5)  # S, P and O; O and LSE
ABOVE = em(60)  # a square, for its name


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
            return min((high - ABOVE) / 2, wide / (1 + strip))
        return min(high, (wide - BETWEEN) / (2 + strip))

    def unit(self, fitted: float) -> float:
        """How wide one number is where S of ``fitted`` rows fits."""
        return self.side(fitted) / fitted

    def at(self, n: float, fitted: float) -> dict[str, Rect]:
        """Each matrix of ``n`` rows, on the scale on which S of ``fitted`` rows fits, in the upper left corner of its place there."""
        side, unit = self.side(fitted), self.unit(fitted)
        left, top = self.standard.x0, self.standard.y1
        p_left, p_top = (left, top - side - ABOVE) if self.stacked else (left + side + BETWEEN, top)

        def matrix(x: float, y: float, columns: float) -> Rect:
            return Rect(x, y - n * unit, x + columns * unit, y)

        o = matrix(self.flash.x0, self.flash.y1, self.d)
        return {
            "S": matrix(left, top, n), "P": matrix(p_left, p_top, n), "O": matrix(p_left + side + BETWEEN, p_top, self.d),
            "flash O": o, "LSE": matrix(o.x1 + BESIDE, self.flash.y1, self.extra),
        }  # fmt: skip

    def alone(self, n: float) -> float:
        """How far right of its place what standard attention stores stands in the middle of the frame, while there is nothing else."""
        return (self.flash.x1 - self.at(n, n)["O"].x1) / 2

    def folds(self, n: float) -> int:
        """How often O is cut in two, and its lower half laid beside its upper one, until it is as wide as it is high."""
        return round(math.log2(n / self.d) / 2)

    def folded(self, n: float, folds: float) -> dict[str, list[Rect]]:
        """O and LSE of FlashAttention after so many folds; between two of them, the lower half on its way."""
        strips = self.at(n, n)
        whole, share = divmod(folds, 1.0)
        parts, left = {}, strips["flash O"].x0
        for name in ("flash O", "LSE"):
            wide, high = strips[name].width * 2**whole, strips[name].height / 2**whole
            upper = Rect(left, self.flash.y1 - high / 2, left + wide, self.flash.y1)
            parts[name] = [upper, upper.shifted(share * wide, (share - 1) * high / 2)]
            left += wide * (1 + share) + BESIDE
        return parts
