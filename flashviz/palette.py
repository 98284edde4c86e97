"""The only colours and opacities, without manim: films draw with them, and so does the player in a page.

Two skins, each with its own palette, checked for contrast in tests/test_theme.py. Hues follow Okabe and Ito's colour-blind-safe
set, lightened for the dark skin and darkened for the light one, since one value cannot reach 4.5:1 on both grounds. A tensor is
never told by hue alone: place and label say it too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

DIM, RESTING, LIT = 0.28, 0.30, 0.92  # opacity of: what is not in play, a tile at rest, a tile in use
FAINT, SECOND = 0.55, 0.62  # of what will matter later; of P beside S, which share a hue
MOST_WEIGHTS = 0.97  # of weights that are told apart by how bright they are

ThemeName = Literal["dark", "light"]


@dataclass(frozen=True)
class Theme:
    """One skin. ``ink`` is for text and the high end of the score ramp, ``quiet`` for secondary text."""

    name: ThemeName
    ground: str
    panel: str
    chip: str
    registers: str
    edge: str
    ink: str
    quiet: str
    q: str
    k: str
    v: str
    o: str
    stats: str
    scores: str  # S and P: the neutral ramp's strong end, nobody's hue
    warn: str
    further: tuple[str, str, str]  # beside the tensors' five, where a kernel has eight

    def hue(self, tensor: str) -> str:
        """Colour of a tensor, and of its gradient, as dQ of Q; LSE shares the hue of the statistics that it is made of, D has its own.

        ``error`` is by how much a value is off.
        """
        return {
            "Q": self.q, "K": self.k, "V": self.v, "O": self.o, "ACC": self.o,
            "M": self.stats, "L": self.stats, "LSE": self.stats, "D": self.further[0], "S": self.scores, "P": self.scores,
            "error": self.further[0],
        }[tensor.removeprefix("d")]  # fmt: skip

    @property
    def below(self) -> str:
        """Of values under zero, where those over it are drawn as scores are."""
        return self.further[0]

    @property
    def hues(self) -> tuple[str, ...]:
        """For tensors that have no colour of their own, in their order."""
        return self.q, self.k, self.v, self.o, self.stats, *self.further


DARK = Theme(
    name="dark", ground="#0B0F15", panel="#121924", chip="#141B26", registers="#1C2733", edge="#43546B",
    ink="#EEF3F8", quiet="#A3B2C6", q="#35ABEF", k="#F7A439", v="#58DBAA", o="#CE90BA", stats="#F2E672",
    scores="#D7DEE8", warn="#FF8A6B", further=("#D97A86", "#DBC0F2", "#D1FCB7"),
)  # fmt: skip
LIGHT = Theme(
    name="light", ground="#FFFFFF", panel="#F4F6F9", chip="#EEF2F7", registers="#E1E8F0", edge="#8C9BB0",
    ink="#10161E", quiet="#4A586B", q="#0064BC", k="#A1500C", v="#006240", o="#950567", stats="#534100",
    scores="#2B3644", warn="#B3261E", further=("#631D40", "#2B25A4", "#7A4B8B"),
)  # fmt: skip
THEMES: dict[ThemeName, Theme] = {"dark": DARK, "light": LIGHT}


def weight_spread(weights: np.ndarray) -> tuple[float, float]:
    """Where the ramp of weights starts and ends: a few are much larger than all others, which are told apart by how bright they are."""
    return 0.0, max(float(np.nanquantile(weights, MOST_WEIGHTS)), 1e-6)


def spread(values: np.ndarray) -> tuple[float, float]:
    """Where the ramp of a matrix starts and ends: all but the outermost percent, so that one outlier hides nothing."""
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return 0.0, 1.0
    low, high = np.percentile(finite, [1, 99.5])
    return (float(low), float(high)) if high > low else (float(low) - 1.0, float(low) + 1.0)
