"""l and a tile's terms, measured by one ceiling: a term is a bar one key wide, l a block as wide as it is large, so that areas are sums."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from manim import Group, VGroup, VMobject
from manim.typing import Point3D_Array

from flashviz import theme
from flashviz.layout import Rect
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.cast import Cast, set_ends
from flashviz.mobjects.motion import Shows
from flashviz.mobjects.named import Named
from flashviz.mobjects.tiles import Rectangles, outlines
from flashviz.palette import Theme

CEILING_PX, LABEL_PX = 46, 38  # type of what rides on the ceiling
WORDS, OLD = "largest score so far", "old 1"
FILLED = 0.8  # of a key's width, as long as terms stand apart
APART = 5.0  # keys between the block and the terms
APART_ALONE = 0.75  # of the block's width, that is free beside it where it stands alone
TALLEST, LOWEST = 0.45, 0.115  # of the room, that a ceiling may be high: a bar that does not fit under the higher one is broken
BREAK = 0.72, 0.06  # where the gap of a broken bar begins, as a share of the room, and how high it is, in scene units
KEPT = 0.45  # opacity of terms that have joined the sum and stay for their values
DASH = 0.09  # scene units
LINE, NARROWEST = 2, 6  # px of the lines that tell cells of the block apart; of a cell, narrower than which they are not told apart
OVERHANG = 18  # px that the ceiling reaches beyond the bars


@dataclass(frozen=True)
class Measured:
    """One state. Heights are in first ceilings, widths in keys.

    ``past`` is l as it was summed, ``tall`` what it has been scaled by, so that past x tall is its area. ``terms`` [n] are heights,
    ``joined`` 0..1 is how far their copies have come to the block, ``level`` 0..1 how far these have levelled at the ceiling, ``settled``
    0..1 how far the block has. ``filled`` 0..1: outlines until they are measured by the kernel's max. ``kept`` [n]: terms that have joined
    the sum and stand where they stood: their values are still to come. ``old``: where the ceiling was.
    """

    past: float
    terms: np.ndarray
    tall: float = 1.0
    ceiling: float = 1.0
    joined: float = 0.0
    level: float = 0.0
    settled: float = 0.0
    filled: float = 0.0
    kept: np.ndarray | None = None
    old: float | None = None


def seams(left: float, right: float, key: float) -> np.ndarray:
    """[n] where cells of a block part, each a ``key`` wide; none where they are too narrow to be told apart."""
    return np.arange(left + key, right, key) if key >= em(NARROWEST) else np.zeros(0)


@dataclass(frozen=True)
class Scale:
    """Where heights and keys stand in a rectangle whose lower edge is the baseline: the block at its left, ``keys`` terms at its right.

    Every length is a share of the rectangle's, so that two rectangles are one picture.
    """

    rect: Rect
    keys: int
    l_most: float
    high: float  # of the first ceiling, as a share of the rectangle's height
    near: float = 0.0  # 0..1: how near the block is looked at, until it stands alone and the terms are beyond the right edge

    @property
    def key(self) -> float:
        """Width of one, in scene units."""
        beside = (1 - self.near) * (self.keys + APART) + self.near * APART_ALONE * self.l_most
        return self.rect.width / (self.l_most + beside)

    @property
    def unit(self) -> float:
        """Height of the first ceiling."""
        return self.high * self.rect.height

    @property
    def terms_x(self) -> float:
        return self.rect.x0 + (self.l_most + APART) * self.key

    def y(self, height: float) -> float:
        """Of so many ceilings, at most the upper edge."""
        return min(self.rect.y0 + height * self.unit, self.rect.y1)

    def x(self, key: int) -> float:
        """Middle of a term's bar."""
        return self.terms_x + (key + 0.5) * self.key

    def standing(self, terms: np.ndarray) -> np.ndarray:
        """[n, 4] of terms in their places."""
        index = np.arange(len(terms))
        low = np.full(len(index), self.rect.y0)
        left, right = (self.terms_x + (index + 0.5 + side * FILLED / 2) * self.key for side in (-1, 1))
        return np.stack([left, low, right, np.minimum(low + terms * self.unit, self.rect.y1)], 1)

    def clear(self, terms: np.ndarray, height: float, left: float, right: float) -> list[tuple[float, float]]:
        """Where no term stands taller than ``height``, between ``left`` and ``right``: spans of x, for words."""
        tall = [x for x in (self.x(int(key)) for key in np.flatnonzero(terms > height)) if left < x < right]
        edges = [left, *(x + side * self.key for x in tall for side in (-0.5, 0.5)), right]
        return list(zip(edges[::2], edges[1::2], strict=True))


class Ceiling(VGroup):
    """The line at 1, the 1 itself, and m, the largest score, from which all is measured; all ride on the line.

    Args:
        hue: Where there are several, each may have a colour of its own.
    """

    def __init__(self, m: str, skin: Theme, hue: str = "") -> None:
        self.tag, self.hue = "ceiling", hue or skin.stats
        self.line = theme.rule(self.hue, theme.HEAVY)
        self.one = theme.on_baseline(theme.line("1", CEILING_PX, skin.ink), CEILING_PX, 0, 0, "1")
        self.sign = theme.maths("m", CEILING_PX * 1.1, self.hue)
        self.outline, drawn = self.number(m), VMobject(stroke_width=0, fill_color=self.hue, fill_opacity=1)
        self.m = Named(drawn, tag="m", text=m)
        self.words = theme.on_baseline(theme.line(WORDS, LABEL_PX, skin.ink), LABEL_PX, 0, 0, WORDS)
        self.shown = 1.0
        self.casts = [Cast(part) for part in (self.one, self.sign, self.words)]
        self.base = (0.0, 0.0)  # where m's baseline begins
        self.fold(1.0)
        super().__init__(self.line, self.one, self.sign, self.m, self.words)

    def number(self, m: str) -> Point3D_Array:
        """The outline of its digits, from the left end of a baseline at 0."""
        drawn = theme.line(m, CEILING_PX, self.hue, Face.STRONG)
        return theme.on_baseline(drawn, CEILING_PX, 0, 0, m, Face.STRONG).points

    def fold(self, height: float) -> None:
        """m's digits, at this share of their height about their middle."""
        points, middle = self.outline.copy(), 0.365 * em(CEILING_PX)
        points[:, 1] = middle + (points[:, 1] - middle) * height
        self.m[0].points = points + np.array([*self.base, 0.0])

    def place(self, left: float, right: float, y: float, span: tuple[float, float]) -> Ceiling:
        """The line from ``left`` to ``right`` at ``y``; m stands in ``span``, with words where there is room."""
        step = em(CEILING_PX)
        set_ends(self.line, (left, y, 0), (right, y, 0))
        one, sign, words = self.casts
        one.shift((left - 0.75 * step, y - 0.36 * step, 0))
        x, base = span[0], y + 0.32 * step
        sign.corner_to(x, base)
        x += self.sign.width + 0.3 * step
        self.base = (x, base)
        self.fold(1.0)
        x += text_width(self.m.text, CEILING_PX, Face.STRONG) + 0.45 * step
        words.shift((x, base, 0))
        for glyph in self.words.family_members_with_points():
            glyph.set_fill(opacity=self.shown if x + text_width(WORDS, LABEL_PX) <= span[1] else 0.0)
        return self

    def reveal(self, share: float) -> None:
        """So much of its opacity: till there is a score, there is no largest one."""
        self.shown = share
        self.line.set_stroke(opacity=share)
        for part in (self.one, self.sign, self.m, self.words):
            for glyph in part.family_members_with_points():
                glyph.set_fill(opacity=share)

    def say(self, m: str) -> None:
        """m is another, at once."""
        self.m.text, self.outline = m, self.number(m)
        self.fold(1.0)

    def turn(self, m: str) -> Shows:
        """m folds away and unfolds as another: the same path, since manim draws those that were there when a play began."""
        sides = [(self.m.text, self.outline), (m, self.number(m))]

        def show(share: float) -> None:
            self.m.text, self.outline = sides[int(share >= 0.5)]
            self.fold(abs(1 - 2 * share))

        return Shows(self, show)


class MeasuredSum(Group):
    """Draws a ``Measured`` in a rectangle: block, terms, baseline and ceiling, and what they were."""

    def __init__(self, keys: int, l_most: float, tallest: float, m: str, skin: Theme) -> None:
        self.tag, self.keys, self.l_most, self.tallest, self.skin = "measured", keys, l_most, tallest, skin
        self.now = Measured(0.0, np.zeros(0))
        self.named = np.zeros(0)  # terms that what rides on the ceiling keeps clear of
        self.block = Rectangles(skin.stats, name="block")
        self.cells = Rectangles(skin.ground, name="cells")  # lines a key apart: under the ceiling each cell is 1, in whatever rectangle
        self.outlines, self.bars = outlines(skin.scores, "terms outlined"), Rectangles(skin.scores, name="terms")
        self.kept = Rectangles(skin.scores, name="terms kept", opacity=KEPT)
        self.over = Rectangles(skin.warn, name="above the ceiling")
        self.dashes = Rectangles(skin.quiet, name="old ceiling")
        self.old = theme.on_baseline(theme.line(OLD, LABEL_PX, skin.ink), LABEL_PX, 0, 0, OLD)
        self.old_cast = Cast(self.old)
        self.baseline = theme.rule(skin.edge, theme.HEAVY)
        self.ceiling = Ceiling(m, skin)
        parts: list[VMobject] = [self.block, self.cells, self.kept, self.outlines, self.bars, self.over, self.dashes, self.old]
        super().__init__(self.baseline, *parts, self.ceiling)

    @property
    def high(self) -> float:
        """How much of its height the first ceiling leaves for the tallest term."""
        return max(min(TALLEST, 1 / max(self.tallest, 1.0)), LOWEST)

    def scale_in(self, rect: Rect, high: float | None = None, near: float = 0.0) -> Scale:
        """Its scale, if it stood in ``rect``; the ceiling at another share of its height where nothing rises above it."""
        return Scale(rect, self.keys, self.l_most, self.high if high is None else high, near)

    def place(self, rect: Rect, high: float | None = None, near: float = 0.0) -> MeasuredSum:
        """Stand in ``rect``, as ``scale_in`` has it."""
        self.at = self.scale_in(rect, high, near)
        self.left, self.right = rect.x0 - em(OVERHANG), rect.x1 + em(OVERHANG)
        set_ends(self.baseline, (self.left, rect.y0, 0), (self.right, rect.y0, 0))
        return self.display(self.now)

    def display(self, now: Measured) -> MeasuredSum:
        self.now, at = now, self.at
        self.values = np.array([now.past, now.tall, now.ceiling, *now.terms])
        low, unit, key = at.rect.y0, at.unit, at.key
        wide, tall = (
            np.concatenate([[now.past], np.ones(len(now.terms))]),
            np.concatenate([[now.tall], now.terms]),
        )
        share = np.array([now.settled, *(now.level for _ in now.terms)])
        grown = np.where(tall > 0, np.maximum(tall, 1e-12) ** share, 1.0)  # each keeps its area: as much narrower as it is taller
        wide, tall = wide * grown, np.where(tall > 0, tall / grown, 0.0)
        reach = at.rect.x0 + np.concatenate([[0.0], np.cumsum(wide)]) * key
        lying = np.stack([reach[:-1], np.full(len(wide), low), reach[1:], low + tall * unit], 1)
        standing, shown = at.standing(now.terms), now.terms > 0
        boxes = standing * (1 - now.joined) + lying[1:] * now.joined
        cut = low + now.terms * unit * (1 - now.joined) + tall[1:] * unit * now.joined > at.rect.y1 + 1e-9
        boxes[:, 3] = np.minimum(boxes[:, 3], at.rect.y1)
        self.block.display(lying[:1] if now.past > 0 else np.zeros((0, 4)))
        self.cells.display(self._cells(lying[0]))
        self.kept.display(at.standing(np.zeros(0) if now.kept is None else now.kept))
        lid = at.y(now.ceiling)
        under, over = boxes.copy(), boxes.copy()
        under[:, 3], over[:, 1] = np.minimum(under[:, 3], lid), lid
        shown &= boxes[:, 2] <= self.right + 1e-9  # where the block comes near, terms leave by the right edge
        high = over[:, 3] > lid + 1e-6
        self.over.display(self.broken(over[shown & high], cut[shown & high]))
        under = self.broken(under[shown], cut[shown])
        beside = max(0.0, 1 - 2 * at.near)  # they leave before they would stand on what is at the right
        self.outlines.display(under).set_stroke(opacity=(1 - now.filled) * beside)
        self.bars.display(under).set_fill(opacity=(0.16 + 0.84 * now.filled) * beside)
        self._was(now)
        span = max(at.clear(self.named, 0.95, at.rect.x0, self.right), key=lambda span: (span[0] == at.rect.x0, span[1] - span[0]))
        self.ceiling.place(self.left, self.right, lid, span)
        return self

    def _cells(self, block: np.ndarray) -> np.ndarray:
        """[n, 4] of the lines within the block, one a key's width."""
        left, low, right, high = block
        x = seams(left, right, self.at.key)
        return np.stack([x - em(LINE) / 2, np.full(len(x), low), x + em(LINE) / 2, np.full(len(x), high)], 1)

    def _was(self, now: Measured) -> None:
        """The old ceiling's dashes."""
        at, x = self.at, np.arange(self.left, self.right - DASH, 2 * DASH)
        y, half = at.y(now.old or 0.0), theme.OUTLINE / 200  # a width of 100 is a unit
        shown = now.old is not None
        self.dashes.display(np.stack([x, np.full(len(x), y - half), x + DASH, np.full(len(x), y + half)], 1)[: len(x) * shown])
        under = max(y - em(0.73 * LABEL_PX + 14), at.rect.y0 + em(10))  # not on the baseline
        self.old_cast.shift((self.right - text_width(OLD, LABEL_PX), under, 0))
        for glyph in self.old.family_members_with_points():
            glyph.set_fill(opacity=float(shown))

    def broken(self, boxes: np.ndarray, cut: np.ndarray) -> np.ndarray:
        """Bars that are taller than the room have a gap: they are not drawn to scale."""
        gap = self.at.rect.y0 + BREAK[0] * self.at.rect.height
        cut = cut & (boxes[:, 1] < gap) & (boxes[:, 3] > gap + BREAK[1])
        low, high = boxes[cut].copy(), boxes[cut].copy()
        low[:, 3], high[:, 1] = gap, gap + BREAK[1]
        return np.concatenate([boxes[~cut], low, high])

    def turn_yellow(self, share: float) -> None:
        """The terms take l's colour: they are part of the sum."""
        self.bars.set_fill(theme.between(self.skin.scores, self.skin.stats, share))
