"""Memories of a hierarchy, in true proportion: bandwidths as bars, capacities as areas."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from manim import Group, VGroup

from flashviz import theme
from flashviz.citations import Memory
from flashviz.layout import GAP, Rect, columns, rows
from flashviz.lettering import KEY_PX, LABEL_PX, LINE_PITCH, Face, em, text_width
from flashviz.mobjects.named import Named
from flashviz.mobjects.tiles import Rectangles
from flashviz.theme import Theme

HEAD_H = em(KEY_PX) * LINE_PITCH


def words(text: str, px: float, color: str, x: float, y: float, side: str = "left", face: Face = Face.TEXT) -> Named:
    """A quoted or computed text whose left edge, middle or right edge stands at x."""
    drawn = theme.line(text, px, color, face)
    shift = {"left": 0.5, "center": 0.0, "right": -0.5}[side] * drawn.width
    return Named(drawn.move_to((x + shift, y, 0)), tag="quoted", text=text)


class Figures(Group):
    """One line a memory: name, size, bandwidth, as they are quoted."""

    def __init__(self, rect: Rect, memories: Sequence[Memory], skin: Theme) -> None:
        self.tag = "figures"
        self.lines = []
        for memory, row in zip(memories, rows(rect, len(memories)), strict=True):
            name, size, speed = columns(row, 3)
            y = row.center[1]
            self.lines.append(VGroup(
                words(memory.name, KEY_PX, skin.ink, name.x0, y, face=Face.STRONG),
                words(memory.size, KEY_PX, skin.ink, size.x1, y, "right"),
                words(memory.speed, KEY_PX, skin.ink, speed.x1, y, "right"),
            ))  # fmt: skip
        super().__init__(*self.lines)


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
    """One square a memory, whose area is its capacity's share of the largest; they stand on one line, smallest first."""

    def __init__(self, rect: Rect, memories: Sequence[Memory], shares: Sequence[float], skin: Theme) -> None:
        self.tag = "capacities"
        names_h = 2 * em(LABEL_PX) * LINE_PITCH
        floor = rect.bottom(names_h)
        room = rect.above(names_h + GAP)
        least = max(text_width(text, LABEL_PX, Face.STRONG) for m in memories for text in (m.name, m.size)) + 2 * GAP
        side = min(room.height, rect.width - (least + GAP) * (len(memories) - 1))
        widths = [max(side * math.sqrt(share), least) for share in shares]
        self.squares, self.names = [], []
        x = room.center[0] - (sum(widths) + GAP * (len(widths) - 1)) / 2
        for memory, share, column in zip(memories, shares, widths, strict=True):
            edge = side * math.sqrt(share)
            left = x + (column - edge) / 2
            square = Rectangles(skin.scores, name=f"area {memory.name}").display(np.array([[left, room.y0, left + edge, room.y0 + edge]]))
            upper, lower = rows(floor, 2)
            self.squares.append(square)
            self.names.append(VGroup(
                words(memory.name, LABEL_PX, skin.ink, x + column / 2, upper.center[1], "center", Face.STRONG),
                words(memory.size, LABEL_PX, skin.ink, x + column / 2, lower.center[1], "center"),
            ))  # fmt: skip
            x += column + GAP
        super().__init__(*self.squares, *self.names)
