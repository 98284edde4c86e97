"""The only colours, fonts and strokes. Two skins, each with its own palette, checked for contrast in tests/test_theme.py.

Hues follow Okabe and Ito's colour-blind-safe set, lightened for the dark skin and darkened for the light one, since one
value cannot reach 4.5:1 on both grounds. A tensor is never told by hue alone: place and label say it too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from manim import MathTypst, VGroup, VMobject
from manim.typing import RGBAPixelArray

from flashviz.lettering import LINE_PITCH, Face, em, ink_box
from flashviz.outlines import outline

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

    def hue(self, tensor: str) -> str:
        """Colour of a tensor; LSE is written with O and shares the hue of the statistics it is made of."""
        return {
            "Q": self.q, "K": self.k, "V": self.v, "O": self.o, "ACC": self.o,
            "M": self.stats, "L": self.stats, "LSE": self.stats, "S": self.scores, "P": self.scores,
        }[tensor]  # fmt: skip

    @property
    def hues(self) -> tuple[str, ...]:
        """For tensors that have no colour of their own, in their order, again and again."""
        return self.q, self.k, self.v, self.o, self.stats


DARK = Theme(
    name="dark", ground="#0B0F15", panel="#121924", chip="#141B26", registers="#1C2733", edge="#43546B",
    ink="#EEF3F8", quiet="#A3B2C6", q="#35ABEF", k="#F7A439", v="#58DBAA", o="#CE90BA", stats="#F2E672",
    scores="#D7DEE8", warn="#FF8A6B",
)  # fmt: skip
LIGHT = Theme(
    name="light", ground="#FFFFFF", panel="#F4F6F9", chip="#EEF2F7", registers="#E1E8F0", edge="#8C9BB0",
    ink="#10161E", quiet="#4A586B", q="#0064BC", k="#A1500C", v="#006240", o="#950567", stats="#534100",
    scores="#2B3644", warn="#B3261E",
)  # fmt: skip
THEMES: dict[ThemeName, Theme] = {"dark": DARK, "light": LIGHT}

PANEL_CORNER = 0.12
HAIRLINE, OUTLINE, HEAVY = 1.2, 2.0, 3.5
DIM, RESTING, LIT = 0.28, 0.30, 0.92  # opacity of: what is not in play, a tile at rest, a tile in use
FAINT, SECOND = 0.55, 0.62  # of what will matter later; of P beside S, which share a hue
DIMMED = 0.6  # of the veil over a zone that is not in play

_TYPST_EM = 0.5  # the same of MathTypst


def line(text: str, px: float, color: str, face: Face = Face.TEXT) -> VMobject:
    """One line of text whose em is ``px`` pixels on a 1080 px frame, about the origin. One path: a glyph each is slow to fade and draw."""
    drawn = VMobject(stroke_width=0, fill_color=color, fill_opacity=1)
    drawn.points = outline(text, face) * em(px)
    return drawn.move_to((0, 0, 0))


def lines(texts: list[str], px: float, color: str, face: Face = Face.TEXT) -> VGroup:
    """Lines set one below the other, left-aligned, at the common pitch (ragged heights do not move baselines)."""
    block = VGroup()
    for index, text in enumerate(texts):
        block.add(on_baseline(line(text, px, color, face), px, 0.0, -index * LINE_PITCH * em(px), text, face))
    return block


def line_at(curves: np.ndarray, px: float, color: str, left: float, baseline: float) -> VMobject:
    """A line given by its curves at an em of 1, placed by the left edge of its ink and its baseline."""
    drawn = VMobject(stroke_width=0, fill_color=color, fill_opacity=1)
    drawn.points = curves * em(px)
    drawn.points += (left - drawn.points[:, 0].min(initial=np.inf), baseline, 0) if len(curves) else 0
    return drawn


def on_baseline(drawn: VMobject, px: float, left: float, baseline: float, text: str, face: Face = Face.TEXT) -> VMobject:
    """Place by baseline and left edge, whatever ascenders and descenders the words have."""
    _, bottom = ink_box(text, px, face)
    drawn.shift((left - drawn.get_left()[0], baseline + bottom - drawn.get_bottom()[1], 0))
    return drawn


def maths(formula: str, px: float, color: str) -> MathTypst:
    """A Typst formula whose em is ``px`` pixels on a 1080 px frame."""
    return MathTypst(formula, font_size=em(px) / _TYPST_EM * 48, color=color)


def ramp(values: np.ndarray, low: str, high: str) -> RGBAPixelArray:
    """Image of a matrix: value 0 shows ``low``, 1 shows ``high``, linear in sRGB between. ``values`` [rows, cols] -> uint8 RGBA."""
    start, end = rgb(low), rgb(high)
    share = np.clip(np.nan_to_num(values, nan=0.0, neginf=0.0, posinf=1.0), 0.0, 1.0)[..., None]
    colours = start * (1 - share) + end * share
    alpha = np.ones_like(share)
    return np.round(np.concatenate([colours, alpha], axis=-1) * 255).astype(np.uint8)


def rgb(color: str) -> np.ndarray:
    """[3] floats in 0..1 of ``#RRGGBB``."""
    return np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
