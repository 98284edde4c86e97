"""The shot of MemoryScalingScene: what standard attention stores, and what FlashAttention stores, areas on one scale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flashviz.layout.rect import Aspect, Rect
from flashviz.layout.table import Table
from flashviz.lettering import em

# ``standard`` grows from its lower right corner, ``flash`` from its lower left one; above them whose they are and all bytes, a name
# above each square, beneath them N and the names of strips, and what was measured.
SCALING: Mapping[Aspect, Table] = {
    "16:9": {
        "standard": (70, 230, 1390, 800), "flash": (1480, 230, 1880, 800), "n": (70, 806, 1880, 866),
        "standard name": (84, 30, 1390, 86), "flash name": (1480, 30, 1880, 86),
        "standard bytes": (84, 86, 1390, 166), "flash bytes": (1480, 86, 1880, 166), "note": (84, 878, 1880, 930),
    },
    "4:3": {
        "standard": (40, 330, 1000, 750), "flash": (1070, 330, 1420, 750), "n": (40, 756, 1420, 816),
        "standard name": (40, 130, 1000, 186), "flash name": (1070, 130, 1420, 186),
        "standard bytes": (40, 186, 1000, 266), "flash bytes": (1070, 186, 1420, 266), "note": (40, 844, 1420, 898),
    },
    "1:1": {
        "standard": (30, 400, 720, 700), "flash": (760, 400, 1070, 700), "n": (30, 706, 1070, 766),
        "standard name": (30, 196, 720, 252), "flash name": (760, 196, 1060, 252),
        "standard bytes": (30, 252, 720, 332), "flash bytes": (760, 252, 1060, 332), "note": (30, 816, 1060, 870),
    },
    "9:16": {
        "standard": (50, 240, 690, 1170), "flash": (740, 240, 1060, 1170), "n": (50, 1176, 1060, 1236),
        "standard name": (50, 40, 690, 96), "flash name": (730, 40, 1050, 96),
        "standard bytes": (50, 96, 690, 176), "flash bytes": (730, 96, 1050, 176), "note": (50, 1276, 1050, 1330),
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
        """Each matrix of ``n`` rows, on the scale on which S of ``fitted`` rows fits."""
        unit, right, low = self.unit(fitted), self.standard.x1, self.standard.y0
        o = Rect(right - self.d * unit, low, right, low + n * unit)
        p = Rect(o.x0 - BETWEEN - n * unit, low, o.x0 - BETWEEN, low + n * unit)
        s = p.shifted(0, ABOVE + n * unit) if self.stacked else p.shifted(-BETWEEN - n * unit, 0)
        flash = Rect(self.flash.x0, low, self.flash.x0 + self.d * unit, low + n * unit)
        lse = Rect(flash.x1 + BESIDE, low, flash.x1 + BESIDE + self.extra * unit, low + n * unit)
        return {"S": s, "P": p, "O": o, "flash O": flash, "LSE": lse}

    def folded(self, n: float, share: float) -> tuple[Rect, Rect]:
        """What FlashAttention stores, on its way from two strips into one square of the same area."""
        unit, wide = self.unit(n), self.d + self.extra
        high = n * unit * (wide / n) ** (share / 2)
        width = n * unit * wide * unit / high
        whole = Rect(self.flash.x0, self.flash.y0, self.flash.x0 + width, self.flash.y0 + high)
        lse = width * self.extra / wide
        return whole.before(lse), whole.right(lse).shifted(BESIDE * (1 - share), 0)
