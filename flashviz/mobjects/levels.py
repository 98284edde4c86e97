"""Memories of a hierarchy, in true proportion: bandwidths as bars, capacities as areas."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from manim import Group, Line, VGroup

from flashviz import theme
from flashviz.citations import Memory
from flashviz.layout import GAP, Rect, centered, columns, rows
from flashviz.lettering import KEY_PX, LABEL_PX, LINE_PITCH, Face, em, text_width
from flashviz.mobjects.named import Named
from flashviz.mobjects.tiles import Rectangles
from flashviz.palette import Theme

HEAD_H = em(KEY_PX) * LINE_PITCH
NAME_H, NAME_LINES = em(LABEL_PX) * LINE_PITCH, 3  # beneath a square: name, size, whether it is enlarged


def words(
    text: str, px: float, color: str, x: float, y: float, side: str = "left", face: Face = Face.TEXT, tag: str = "quoted"
) -> Named:  # fmt: skip
    """A quoted or computed text whose left edge, middle or right edge stands at x, its digits' middle at y."""
    drawn = theme.line(text, px, color, face)
    left = x - {"left": 0.0, "center": 0.5, "right": 1.0}[side] * drawn.width
    return Named(theme.on_baseline(drawn, px, left, y - 0.36 * em(px), text, face), tag=tag, text=text)


class Figures(Group):
    """One line a memory: name, size, bandwidth, as they are quoted, under ``heads``."""

    def __init__(self, rect: Rect, memories: Sequence[Memory], skin: Theme) -> None:
        self.tag = "figures"
        self.lines = []
        head, *places = rows(rect, len(memories) + 1)
        _, size, speed = columns(head, 3)
        low = head.y0 + 0.25 * head.height
        columns_named = (("capacity", size), ("bandwidth", speed))
        self.heads = VGroup(*(words(text, LABEL_PX, skin.quiet, at.x1, low, "right", tag="head") for text, at in columns_named))
        for memory, row in zip(memories, places, strict=True):
            name, size, speed = columns(row, 3)
            y = row.center[1]
            self.lines.append(VGroup(
                words(memory.name, KEY_PX, skin.ink, name.x0, y, face=Face.STRONG),
                words(memory.size, KEY_PX, skin.ink, size.x1, y, "right"),
                words(memory.speed, KEY_PX, skin.ink, speed.x1, y, "right"),
            ))  # fmt: skip
        super().__init__(self.heads, *self.lines)


class Bars(Group):
    """One bar a memory, as long as its bandwidth is of the largest; beside it what it falls short by.

    Args:
        shares: Bandwidths 0..1 of the largest: the lengths, linear and to scale, however short.
        falls: Texts beside the bars, after their ends.
    """

    def __init__(self, rect: Rect, memories: Sequence[Memory], shares: Sequence[float], falls: Sequence[str], skin: Theme) -> None:
        self.tag = "bandwidths"
        self.bars, self.heads, self.falls = [], [], []
        for memory, share, fall, row in zip(memories, shares, falls, rows(rect, len(memories), 2 * GAP), strict=True):
            head, bar = row.top(HEAD_H), row.below(HEAD_H)
            length = share * bar.width
            self.bars.append(
                Rectangles(skin.scores, name=f"bar {memory.name}").display(np.array([[bar.x0, bar.y0, bar.x0 + length, bar.y1]]))
            )
            self.heads.append(VGroup(
                words(memory.name, LABEL_PX, skin.ink, head.x0, head.center[1], face=Face.STRONG),
                words(memory.speed, KEY_PX, skin.ink, head.x1, head.center[1], "right"),
            ))  # fmt: skip
            if fall:
                x = min(bar.x0 + length + 2 * GAP, bar.x1 - text_width(fall, LABEL_PX))
                self.falls.append(words(fall, LABEL_PX, skin.warn, x, bar.center[1]))
        super().__init__(*self.bars, *self.heads, *self.falls)


class Areas(Group):
    """Each memory as a square beside the next smaller one, areas to scale; the smaller is then drawn anew as large as the first was.

    Args:
        memories: Smallest first.
        sides: Of each smaller square, as a share of the larger one's beside it, largest pair first: roots of ratios of capacities.
        enlarged: What is said of the n-th square that is drawn anew.

    ``steps`` are the parts in the order in which they are understood: a square with its names, from the largest on.
    """

    def __init__(self, rect: Rect, memories: Sequence[Memory], sides: Sequence[float], enlarged: Sequence[str], skin: Theme) -> None:
        self.tag, self.skin = "capacities", skin
        texts = [text for memory in memories for text in (memory.name, memory.size)]
        column = max(text_width(text, LABEL_PX, Face.STRONG) for text in texts) + GAP
        fields, names_h = columns(rect, len(sides), GAP), NAME_LINES * NAME_H
        side = min(rect.height - names_h - GAP, fields[0].width - column - GAP)
        whole = centered(*rect.center[:2], rect.width, side + GAP + names_h)
        floor, room = whole.bottom(names_h), whole.top(side)
        self.steps: list[VGroup] = []
        smaller: Rect | None = None
        for field, share, (large, small), said in zip(fields, sides, pairwise(memories[::-1]), ("", *enlarged), strict=True):
            x = field.center[0] - (side + GAP + column) / 2
            square = Rect(x, room.y0, x + side, room.y0 + side)
            lens = [] if smaller is None else [self._lens(smaller, square)]
            self.steps.append(VGroup(*lens, self._square(large, square), self._names(large, square.center[0], floor, said)))
            middle = square.x1 + GAP + column / 2
            smaller = Rect(middle - share * side / 2, room.y0, middle + share * side / 2, room.y0 + share * side)
            self.steps.append(VGroup(self._square(small, smaller), self._names(small, middle, floor)))
        super().__init__(*self.steps)

    def _square(self, memory: Memory, rect: Rect) -> Rectangles:
        return Rectangles(self.skin.scores, name=f"area {memory.name}").display(np.array([[rect.x0, rect.y0, rect.x1, rect.y1]]))

    def _names(self, memory: Memory, x: float, floor: Rect, said: str = "") -> VGroup:
        """Name and size beneath a square, and whether it is enlarged."""
        texts = ((memory.name, Face.STRONG), (memory.size, Face.TEXT), (said, Face.TEXT))
        lines = rows(floor, NAME_LINES)
        return VGroup(*(
            words(text, LABEL_PX, self.skin.ink, x, line.center[1], "center", face)
            for (text, face), line in zip(texts, lines, strict=True) if text
        ))  # fmt: skip

    def _lens(self, small: Rect, large: Rect) -> VGroup:
        """Lines from a square to the same square enlarged."""
        ends = (((small.x1, small.y1, 0), (large.x0, large.y1, 0)), ((small.x1, small.y0, 0), (large.x0, large.y0, 0)))
        return VGroup(*(Line(start, end, stroke_color=self.skin.quiet, stroke_width=theme.OUTLINE) for start, end in ends))
