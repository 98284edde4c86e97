"""l and a tile's terms, measured by one ceiling: a term is a bar one key wide, l a block as wide as it is large, so that areas are sums."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from manim import Group, VGroup

from flashviz import theme
from flashviz.layout import Rect
from flashviz.lettering import em, text_width
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.tiles import Rectangles
from flashviz.palette import Theme

CEILING_PX, LABEL_PX = 46, 38  # type of what rides on the ceiling
WORDS = "largest score"
FILLED = 0.8  # of a key's width, as long as terms stand apart
APART = 5.0  # keys between the block and the terms
TALLEST = 212 / 135  # of the ceiling, in scene units
LOWEST = 60 / 135  # a ceiling no lower: a bar that does not fit is broken
BREAK = 0.72, 0.06  # where the gap of a broken bar begins, as a share of the room, and how high it is, in scene units


@dataclass(frozen=True)
class Measured:
    """One state. Heights are in first ceilings, widths in keys.

    ``past`` is l as it was summed, ``tall`` what it has been scaled by, so that past x tall is its area. ``terms`` [n] are heights,
    ``joined`` 0..1 is how far they have come to the block, ``level`` 0..1 how far they have levelled at the ceiling, ``settled`` 0..1 how
    far the block has.
    ``filled`` 0..1: outlines until they are measured by the kernel's max.
    """

    past: float
    terms: np.ndarray
    tall: float = 1.0
    ceiling: float = 1.0
    joined: float = 0.0
    level: float = 0.0
    settled: float = 0.0
    filled: float = 0.0

    @property
    def area(self) -> float:
        """Of the block and the terms, in ceilings x keys."""
        return self.past * self.tall + float(self.terms.sum())


class MeasuredSum(Group):
    """Draws a ``Measured`` in a rectangle whose lower edge is the baseline."""

    def __init__(self, keys: int, l_most: float, tallest: float, skin: Theme) -> None:
        self.tag, self.keys, self.l_most, self.tallest, self.skin = "measured", keys, l_most, tallest, skin
        self.block = Rectangles(skin.stats, name="block")
        self.outlines, self.bars = Rectangles(skin.scores, name="terms outlined"), Rectangles(skin.scores, name="terms")
        self.over = Rectangles(skin.warn, name="above the ceiling")
        self.outlines.set_fill(opacity=0).set_stroke(skin.scores, width=theme.OUTLINE, opacity=1)
        super().__init__(self.block, self.outlines, self.bars, self.over)

    def place(self, rect: Rect) -> MeasuredSum:
        """Stand in ``rect``: the block at its left, the terms at its right; a key is as wide as both allow."""
        self.rect = rect
        self.key = rect.width / (self.keys + self.l_most + APART)
        self.unit = min(TALLEST, max(rect.height / max(self.tallest, 1.0), LOWEST))
        self.terms_x = rect.x1 - self.keys * self.key
        return self

    def y(self, height: float) -> float:
        """Of so many ceilings, at most the upper edge."""
        return min(self.rect.y0 + height * self.unit, self.rect.y1)

    def x(self, key: int) -> float:
        """Middle of a term's bar."""
        return self.terms_x + (key + 0.5) * self.key

    def display(self, now: Measured) -> MeasuredSum:
        self.now = now
        self.values = np.array([now.past, now.tall, now.ceiling, *now.terms])
        low, unit, key = self.rect.y0, self.unit, self.key
        wide, tall = (
            np.concatenate([[now.past], np.ones(len(now.terms))]),
            np.concatenate([[now.tall], now.terms]),
        )
        share = np.array([now.settled, *(now.level for _ in now.terms)])
        grown = np.where(tall > 0, np.maximum(tall, 1e-12) ** share, 1.0)  # each keeps its area: as much narrower as it is taller
        wide, tall = wide * grown, np.where(tall > 0, tall / grown, 0.0)
        reach = self.rect.x0 + np.concatenate([[0.0], np.cumsum(wide)]) * key
        lying = np.stack([reach[:-1], np.full(len(wide), low), reach[1:], low + tall * unit], 1)
        index = np.arange(len(now.terms))
        standing = np.stack([
            self.terms_x + (index + (1 - FILLED) / 2) * key, np.full(len(index), low),
            self.terms_x + (index + (1 + FILLED) / 2) * key, low + now.terms * unit,
        ], 1)  # fmt: skip
        boxes = standing * (1 - now.joined) + lying[1:] * now.joined
        cut = boxes[:, 3] > self.rect.y1 + 1e-9
        boxes[:, 3] = np.minimum(boxes[:, 3], self.rect.y1)
        self.block.display(lying[:1] if now.past > 0 else np.zeros((0, 4)))
        lid = self.y(now.ceiling)
        under, over = boxes.copy(), boxes.copy()
        under[:, 3], over[:, 1] = np.minimum(under[:, 3], lid), lid
        shown = now.terms > 0
        high = over[:, 3] > lid + 1e-6
        self.over.display(self.broken(over[shown & high], cut[shown & high]))
        under = self.broken(under[shown], cut[shown])
        self.outlines.display(under)
        self.outlines.set_stroke(opacity=1 - now.filled)
        self.bars.display(under).set_fill(opacity=0.16 + 0.84 * now.filled)
        return self

    def broken(self, boxes: np.ndarray, cut: np.ndarray) -> np.ndarray:
        """Bars that are taller than the room have a gap: they are not drawn to scale."""
        gap = self.rect.y0 + BREAK[0] * self.rect.height
        cut = cut & (boxes[:, 1] < gap) & (boxes[:, 3] > gap + BREAK[1])
        low, high = boxes[cut].copy(), boxes[cut].copy()
        low[:, 3], high[:, 1] = gap, gap + BREAK[1]
        return np.concatenate([boxes[~cut], low, high])

    def clear(self, terms: np.ndarray, height: float, left: float, right: float) -> list[tuple[float, float]]:
        """Where no term stands taller than ``height``, between ``left`` and ``right``: spans of x, for words."""
        tall = [self.x(int(key)) for key in np.flatnonzero(terms > height)]
        edges = [left, *(x + side * self.key for x in tall for side in (-0.5, 0.5)), right]
        return list(zip(edges[::2], edges[1::2], strict=True))

    def turn_yellow(self, share: float) -> None:
        """The terms take l's colour: they are part of the sum."""
        self.bars.set_fill(theme.between(self.skin.scores, self.skin.stats, share))


class Ceiling(VGroup):
    """The line at 1, the 1 itself, and m, the largest score, from which all is measured; all ride on the line.

    Args:
        room: What may be as wide as this on the line; where it is too little, m stands without words.
    """

    def __init__(self, m: str, skin: Theme, room: float) -> None:
        self.tag = "ceiling"
        self.line = theme.rule(skin.stats, theme.HEAVY)
        self.one = theme.line("1", CEILING_PX, skin.ink)
        self.sign = theme.maths("m", CEILING_PX * 1.1, skin.stats)
        self.m = Readout(m, CEILING_PX, skin.stats, name="m")
        self.words = theme.line(WORDS, LABEL_PX, skin.ink)
        parts = [self.line, self.one, self.sign, self.m]
        self.name_width = self.sign.width + (len(m) + 1.2) * self.m.step + text_width(WORDS, LABEL_PX)
        super().__init__(*parts, *([self.words] if self.name_width <= room else []))

    def place(self, left: float, right: float, y: float, name_x: float) -> Ceiling:
        """The line from ``left`` to ``right`` at ``y``; m begins at ``name_x``."""
        self.left, self.right, self.name_x = left, right, name_x
        self.line.put_start_and_end_on((left, y, 0), (right, y, 0))
        step = em(CEILING_PX)
        theme.on_baseline(self.one, CEILING_PX, left - 0.75 * step, y - 0.36 * step, "1")
        self.sign.move_to((name_x + self.sign.width / 2, y + 0.5 * step, 0))
        number_x = name_x + self.sign.width + 0.3 * step
        self.m.at(Rect(number_x, y + 0.28 * step, right, y + 1.1 * step))
        words_x = number_x + (len(self.m.text) + 0.7) * self.m.step
        theme.on_baseline(self.words, LABEL_PX, words_x, float(self.m.home[1]), WORDS)
        return self

    def at(self, y: float) -> Ceiling:
        """On another height."""
        return self.place(self.left, self.right, y, self.name_x)
