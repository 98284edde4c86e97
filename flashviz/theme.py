"""How things are drawn in the colours of ``palette``: fonts and strokes, lines of text, formulas, ramps."""

from __future__ import annotations

import numpy as np
from manim import Line, MathTypst, VGroup, VMobject
from manim.typing import RGBAPixelArray

from flashviz.lettering import LINE_PITCH, Face, em, ink_box
from flashviz.outlines import outline

PANEL_CORNER = 0.12
HAIRLINE, OUTLINE, HEAVY = 1.2, 2.0, 3.5
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


def rule(color: str, width: float) -> Line:
    """A straight line that is given its ends where it is placed."""
    return Line((0, 0, 0), (1, 0, 0), stroke_color=color, stroke_width=width)


def between(first: str, second: str, share: float) -> str:
    """The colour so far on the way from one to another, linear in sRGB."""
    mixed = rgb(first) * (1 - share) + rgb(second) * share
    return "#" + "".join(f"{round(float(part) * 255):02X}" for part in mixed)


def maths(formula: str, px: float, color: str) -> MathTypst:
    """A Typst formula whose em is ``px`` pixels on a 1080 px frame."""
    # manim keeps what it has parsed after it was scaled: a formula that is set a second time would have other strokes
    return MathTypst(formula, font_size=em(px) / _TYPST_EM * 48, color=color, use_svg_cache=False)


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
