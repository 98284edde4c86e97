"""One row of scores as bars, tile by tile, and what is carried along it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from manim import Group, Line, Rectangle, VGroup

from flashviz import palette, theme
from flashviz.layout import GAP, Rect, rows
from flashviz.lettering import LABEL_PX, LINE_PITCH, NOTE_PX, TITLE_PX, Face, em, text_width
from flashviz.mobjects.named import Named
from flashviz.mobjects.tiles import Rectangles, box
from flashviz.palette import Theme

SIGN_W = 0.5  # left of the bars, for the names of the table's rows
APART = 0.07  # of a tile's width, between two tiles


class TileRow(Group):
    """Bars of ``tiles`` (scores [keys] each) in the order in which they stand; under them a table with one column a place.

    A score stands on the zero line; -inf, a masked key, has no bar. ``rect`` holds the tiles' numbers, the bars and the table's rows,
    which are set in ``line_px``.
    """

    def __init__(self, rect: Rect, tiles: Sequence[np.ndarray], signs: Sequence[str], skin: Theme, line_px: float = LABEL_PX) -> None:
        self.tag, self.skin, self.tiles = "tile row", skin, tiles
        name_h, line_h = em(NOTE_PX) * LINE_PITCH, em(line_px) * LINE_PITCH * 1.2  # formulas have subscripts
        body = rect.beyond(SIGN_W)
        self.names_at, self.lines = body.top(name_h), rows(body.bottom(len(signs) * line_h), len(signs))
        self.field = body.below(name_h + GAP).above(len(signs) * line_h + GAP)
        keys = sum(map(len, tiles))
        self.key = self.field.width / (keys * (1 + APART))
        self.apart = self.key * keys * APART / len(tiles)
        finite = np.concatenate([*tiles, [0.0]])
        finite = finite[np.isfinite(finite)]
        self.low, self.unit = float(finite.min()), self.field.height / max(float(np.ptp(finite)), 1e-9)
        zero = self.field.y0 - self.low * self.unit
        self.axis = Line((self.field.x0, zero, 0), (self.field.x1, zero, 0), stroke_color=skin.edge, stroke_width=theme.HAIRLINE)
        self.order = tuple(range(len(tiles)))
        self.bars = [
            Rectangles(skin.scores, name=f"tile {t}", opacity=palette.FAINT).display(b) for t, b in enumerate(self.boxes(self.order))
        ]
        self.names = self._names()
        self.signs = VGroup(*(self._sign(sign, line) for sign, line in zip(signs, self.lines, strict=True) if sign))
        super().__init__(self.axis, *self.bars, *self.names.values(), self.signs)

    def places(self, order: Sequence[int]) -> list[Rect]:
        """Where each tile of ``order`` stands, first place first."""
        ends = self.field.x0 + np.cumsum([0.0, *(self.key * len(self.tiles[t]) + self.apart for t in order)])
        return [Rect(float(a), self.field.y0, float(b) - self.apart, self.field.y1) for a, b in pairwise(ends)]

    def boxes(self, order: Sequence[int]) -> list[np.ndarray]:
        """Bars [keys, 4] of every tile, tile 0 first, where the tiles stand in ``order``."""
        found: dict[int, np.ndarray] = {}
        for tile, place in zip(order, self.places(order), strict=True):
            heights = np.nan_to_num(self.tiles[tile], neginf=0.0) * self.unit
            zero = self.field.y0 - self.low * self.unit
            x = place.x0 + np.arange(len(heights)) * self.key
            found[tile] = np.stack([x, zero + np.minimum(heights, 0), x + 0.85 * self.key, zero + np.maximum(heights, 0)], 1)
        return [found[t] for t in range(len(self.tiles))]

    def weights(self) -> list[np.ndarray]:
        """The same bars as weights from the floor, the largest as tall as the field: e^(s - m) / l over the largest."""
        row = np.concatenate(self.tiles)
        top = float(row.max()) if np.isfinite(row.max()) else 0.0
        tall = [np.exp(tile - top) * self.field.height for tile in self.tiles]
        floor = self.field.y0
        old = self.boxes(self.order)
        return [np.stack([b[:, 0], np.full(len(b), floor), b[:, 2], floor + h], 1) for b, h in zip(old, tall, strict=True)]

    def window(self, place: Rect) -> Rectangle:
        """What is read now."""
        return box(place.inset(0.0, -GAP / 2), stroke=self.skin.warn, width=theme.HEAVY)

    def entry(self, line: int, place: int, order: Sequence[int], text: str, px: float, *, changed: bool) -> Named:
        """A figure of the table, under the place-th tile; quiet where it is what it was."""
        drawn = theme.line(text, px, self.skin.ink if changed else self.skin.quiet, Face.MONO_STRONG if changed else Face.MONO)
        x = self._within(self.places(order)[place].center[0], drawn.width)
        return Named(drawn.move_to((x, self.lines[line].center[1], 0)), tag=f"entry {line} {place}", text=text)

    def entry_px(self, texts: Sequence[str]) -> float:
        """The largest size of type at which these figures fit under every tile, or the smallest."""
        narrowest = min(place.width for place in self.places(self.order))
        fits = (px for px in (TITLE_PX, LABEL_PX) if max(text_width(text, px, Face.MONO_STRONG) for text in texts) + GAP <= narrowest)
        return next(fits, NOTE_PX)

    def written(self, order: Sequence[int], texts: Sequence[str], px: float) -> set[int]:
        """Places whose figures do not touch: the last, and from there to the left each that has room."""
        width = max(text_width(text, px, Face.MONO_STRONG) for text in texts)
        kept: set[int] = set()
        free = np.inf  # left edge of the last that was kept
        for place, rect in reversed(list(enumerate(self.places(order)))):
            x = self._within(rect.center[0], width)
            if x + width / 2 + GAP <= free:
                kept.add(place)
                free = x - width / 2
        return kept

    def _within(self, x: float, width: float) -> float:
        """The nearest middle at which ``width`` does not stand out of the table."""
        return min(max(x, self.field.x0 + width / 2), self.field.x1 - width / 2)

    def _names(self) -> dict[int, Named]:
        """The tiles' numbers over them, where all have room."""
        places = self.places(self.order)
        widest = text_width(str(len(places)), NOTE_PX, Face.MONO) + GAP
        if min(place.width for place in places) < widest:
            return {}
        drawn = {t: theme.line(str(t), NOTE_PX, self.skin.quiet, Face.MONO) for t in self.order}
        return {
            t: Named(line.move_to((places[t].center[0], self.names_at.center[1], 0)), tag=f"tile name {t}", text=str(t))
            for t, line in drawn.items()
        }

    def _sign(self, sign: str, line: Rect) -> Named:
        drawn = theme.maths(sign, LABEL_PX, self.skin.stats).move_to((line.x0 - SIGN_W / 2, line.center[1], 0))
        return Named(drawn, tag="sign", text=sign)
