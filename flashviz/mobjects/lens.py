"""The followed row: terms e^(s-m) as bars under a ceiling of 1, the past as one block of area l.

Everything is drawn to one scale: a bar of height e^(s-m) is one key wide, so that *areas* are terms and the block's area is
the running denominator. The rise is one motion: the view zooms out by alpha until the new tallest bar touches the ceiling.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from manim import LEFT, DashedLine, DashedVMobject, Group, Line, RoundedRectangle, VGroup

from flashviz import theme
from flashviz.layout import Lens, Rect
from flashviz.lettering import KEY_PX, NOTE_PX, Face, em
from flashviz.mobjects.named import Act
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.tiles import Rectangles, box, panel
from flashviz.palette import Theme


@dataclass(frozen=True)
class Ceiling:
    """One state of the chart. Heights are in ceilings, widths in keys.

    ``bars`` [n]: e^(s - m) of this tile's keys. ``poured`` 0..1: 0 the bars stand in their own columns, 1 they lie in the block.
    ``past`` (width, height): the block. ``outline`` (width, height): the block's old shape, or None.
    ``rising``: height of the new ceiling while the old one still counts, or None.
    """

    bars: np.ndarray
    past: tuple[float, float] = (0.0, 1.0)
    poured: float = 0.0
    outline: tuple[float, float] | None = None
    rising: float | None = None

    @property
    def area(self) -> float:
        return self.past[0] * self.past[1]


def between(old: Ceiling, new: Ceiling, alpha: float) -> Ceiling:
    """Bars and pouring move linearly; the block's sides geometrically, so that a change of shape keeps its area."""

    def side(a: float, b: float) -> float:
        return a + (b - a) * alpha if min(a, b) <= 0 else float(a ** (1 - alpha) * b**alpha)

    bars = old.bars + (new.bars - old.bars) * alpha if old.bars.shape == new.bars.shape else new.bars
    past = (side(old.past[0], new.past[0]), side(old.past[1], new.past[1]))
    rising = None if new.rising is None else side(old.rising or 1.0, new.rising)
    return Ceiling(bars, past, old.poured + (new.poured - old.poured) * alpha, new.outline if alpha > 0 else old.outline, rising)


class Chart(Group):
    """Draws a Ceiling. ``height`` is the ceiling's height in units, ``key`` one key's width."""

    def __init__(self, rect: Rect, axis_note: Rect, n_keys: int, l_most: float, headroom: float, skin: Theme) -> None:
        self.tag, self.rect, self.skin = "ceiling", rect, skin
        self.tall = rect.height / headroom * 0.97
        self.key = rect.width / (n_keys + l_most + max(2.0, 0.06 * n_keys))
        self.bars_x = rect.x1 - n_keys * self.key
        self.state = Ceiling(np.zeros(n_keys))
        axis = Line((rect.x0, rect.y0, 0), (rect.x1, rect.y0, 0), stroke_color=skin.edge, stroke_width=theme.OUTLINE)
        y = rect.y0 + self.tall
        self.line = DashedLine((rect.x0, y, 0), (rect.x1, y, 0), stroke_color=skin.ink, stroke_width=theme.OUTLINE, dash_length=0.07)
        one = theme.line("1", NOTE_PX, skin.ink, Face.MONO)
        one.move_to((rect.x0 - 0.6 * em(NOTE_PX), y, 0))
        self.new_line = Rectangles(skin.warn, name="new ceiling")
        self.bars = Rectangles(skin.ink, name="bars")
        self.block = Rectangles(skin.stats, name="past")
        self.outline = Group()
        self.note_past = theme.line("past = ℓ", NOTE_PX, skin.stats).move_to(axis_note.center)
        self.note_past.align_to((axis_note.x0, 0, 0), LEFT).set_opacity(0)
        self.note_bars = theme.line("this tile's terms", NOTE_PX, skin.quiet).move_to(axis_note.center)
        self.note_bars.align_to((axis_note.x1, 0, 0), -LEFT).set_opacity(0)
        super().__init__(axis, self.line, one, self.block, self.outline, self.bars, self.new_line, self.note_past, self.note_bars)

    def display(self, state: Ceiling) -> Chart:
        self.state = state
        x0, y0, h, key = self.rect.x0, self.rect.y0, self.tall, self.key
        width, tall = state.past
        self.block.display(np.array([[x0, y0, x0 + width * key, y0 + tall * h]]) if width > 0 else np.zeros((0, 4)))
        terms = np.nan_to_num(state.bars, nan=0.0)
        index = np.arange(len(terms))
        standing = np.stack([self.bars_x + (index + 0.08) * key, np.full(len(terms), y0),
                             self.bars_x + (index + 0.92) * key, y0 + terms * h], 1)  # fmt: skip
        reach = x0 + (width + np.concatenate([[0.0], np.cumsum(terms)])) * key
        lying = np.stack([reach[:-1], np.full(len(terms), y0), reach[1:], np.full(len(terms), y0 + h)], 1)
        boxes = standing * (1 - state.poured) + lying * state.poured
        boxes[:, 3] = np.minimum(boxes[:, 3], self.rect.y1)  # a bar beyond the picture is cut at its edge
        self.bars.display(boxes[terms > 1e-4])
        self._show_outline(state.outline)
        level = y0 + min((state.rising or 0.0) * h, self.rect.height)
        self.new_line.display(np.array([[x0, level - 0.015, self.rect.x1, level + 0.015]]) if state.rising else np.zeros((0, 4)))
        return self

    def _show_outline(self, shape: tuple[float, float] | None) -> None:
        if shape is None:
            self.outline.submobjects = []
        elif not self.outline.submobjects:
            rect = Rect(self.rect.x0, self.rect.y0, self.rect.x0 + shape[0] * self.key, self.rect.y0 + shape[1] * self.tall)
            self.outline.add(DashedVMobject(box(rect, stroke=self.skin.stats, width=theme.OUTLINE), num_dashes=28))

    def to(self, state: Ceiling, run_time: float = 1.0, **kwargs: Any) -> CeilingTo:
        return CeilingTo(self, state, run_time=run_time, **kwargs)


class CeilingTo(Act):
    """From the chart's state to another, as ``between`` says."""

    def __init__(self, chart: Chart, state: Ceiling, **kwargs: Any) -> None:
        self.old, self.new = chart.state, state
        super().__init__(chart, **kwargs)

    def begin(self) -> None:
        self.old = self.mobject.state
        super().begin()

    def interpolate_mobject(self, alpha: float) -> None:
        self.mobject.display(between(self.old, self.new, alpha))


class Strip(Rectangles):
    """A row of a matrix, magnified: one cell a value, as opacity of one hue (the row's largest is full)."""


class Pill(VGroup):
    """alpha, in ink reversed: nobody's hue."""

    def __init__(self, rect: Rect, text: str, skin: Theme) -> None:
        self.tag = "alpha"
        width = min(rect.width, 0.6 * em(KEY_PX) * len(text) + 1.1)
        plate = RoundedRectangle(corner_radius=rect.height * 0.3, width=width, height=rect.height * 0.86, stroke_width=0,
                                 fill_color=skin.ink, fill_opacity=1)  # fmt: skip
        plate.move_to(rect.center).align_to((rect.x0, 0, 0), LEFT)
        sign = theme.maths("alpha =", KEY_PX, skin.ground).move_to(plate.get_center())
        sign.align_to(plate.get_left() + 0.16, LEFT)
        self.number = Readout(text, KEY_PX, skin.ground, name="alpha")
        self.number.at(Rect(sign.get_right()[0] + 0.14, plate.get_bottom()[1], plate.get_right()[0], plate.get_top()[1]))
        self.plate, self.sign = plate, sign
        super().__init__(plate, sign, self.number)


class RowLens(Group):
    """The panel of the followed row: title, strip of its scores, chart, and its numbers m, alpha, l."""

    def __init__(self, rects: Lens, title: str, n_keys: int, l_most: float, headroom: float, skin: Theme) -> None:
        self.tag, self.rects, self.skin = "lens", rects, skin
        self.ground = panel(rects.rect, fill=skin.chip, edge=skin.edge)
        self.title = theme.line(title, NOTE_PX, skin.quiet)
        self.title.move_to(rects.title.center).align_to((rects.title.x0, 0, 0), LEFT)
        self.title_text = title
        self.chart = Chart(rects.chart, rects.axis_note, n_keys, l_most, headroom, skin)
        super().__init__(self.ground, self.title, self.chart)

    def entitle(self, title: str) -> None:
        """Name what the strip shows now."""
        if title != self.title_text:
            self.title_text = title
            fresh = theme.line(title, NOTE_PX, self.skin.quiet)
            self.title.become(fresh.move_to(self.rects.title.center).align_to((self.rects.title.x0, 0, 0), LEFT))


class KeyNumber(Group):
    """A symbol and its number, as ``m  5.175``."""

    def __init__(self, symbol: str, rect: Rect, text: str, name: str, px: float, skin: Theme) -> None:
        self.tag = name
        self.sign = theme.maths(symbol, KEY_PX, skin.stats)
        self.sign.move_to(rect.center).align_to((rect.x0, 0, 0), LEFT)
        self.number = Readout(text, px, skin.ink, name=name).at(rect.beyond(0.5))
        super().__init__(self.sign, self.number)


def headroom(alpha: float) -> float:
    """Ceilings that fit into the chart: what a first rise by ``alpha`` needs, between 1.15 and 3.6."""
    return float(np.clip(1.0 / max(alpha, 1e-9) * 1.02, 1.15, 3.6))
