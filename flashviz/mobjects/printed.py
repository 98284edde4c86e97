"""Stored pairs of K and V, a grid of query heads and row blocks in which each load leaves a copy, and bars of bytes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from manim import VGroup

from flashviz import palette, theme
from flashviz.layout import Rect
from flashviz.layout.grouped import Pairs, seamed
from flashviz.lettering import em
from flashviz.mobjects.tiles import Rectangles, dashes, edges, outlines
from flashviz.palette import Theme

LINE = em(2)  # half of a wire's
TINT, MARGIN = 0.3, em(4)  # opacity of what tells two groups apart, and how far within its lane it ends
GAP, GAPS = em(1.5), 0.1  # between two pairs of a bar, at most so much of a pair


class Printed(VGroup):
    """A pair is a brick, K above and V beneath, with lines to its heads; a copy fills from the left as tiles are loaded."""

    def __init__(self, place: Pairs, skin: Theme, *, name: str) -> None:
        self.place, self.skin, self.tag = place, skin, name
        hues = (("K", skin.k), ("V", skin.v))
        self.bricks = [Rectangles(hue, name=f"stored {tensor}", opacity=palette.LIT) for tensor, hue in hues]
        self.copies = [Rectangles(hue, name=f"loaded {tensor}", opacity=palette.LIT) for tensor, hue in hues]
        self.heads = Rectangles(skin.q, name="heads", opacity=palette.LIT)
        self.ask(place.heads)
        self.cells = outlines(skin.q, "cells", theme.HAIRLINE)
        self.cells.display(edges([seamed(rect) for line in place.cells for rect in line]))
        self.was = Rectangles(skin.quiet, name="was").display(np.concatenate([dashes(seamed(brick)) for brick in place.bricks]))
        self.was.set_fill(opacity=0.0)
        self.wires = Rectangles(skin.ink, name="wires")
        self.tints = [Rectangles(hue, name="tint", opacity=TINT) for hue in (skin.edge, skin.further[1])]
        super().__init__(*self.tints, self.cells, *self.copies, self.heads, self.was, self.wires, *reversed(self.bricks))
        self.store(place.bricks).wire(place).tint(place)

    def share(self, place: Pairs) -> Printed:
        """Fewer pairs are stored, each with lines to the heads that read it."""
        self.place = place
        return self.store(place.bricks).wire(place).tint(place)

    def tint(self, place: Pairs) -> Printed:
        """Behind each pair and the heads that read it a ground of their own, of two in turn; none where nothing is shared."""
        groups = [place.heads[at : at + place.each] for at in range(0, len(place.heads), place.each)] if place.each > 1 else []
        low = place.grid.y0 if place.cells[0] else place.heads[0].y0
        grounds = [Rect(group[0].x0 + MARGIN, low, group[-1].x1 - MARGIN, place.bricks[0].y1) for group in groups]
        for turn, drawn in enumerate(self.tints):
            drawn.display(edges(grounds[turn :: len(self.tints)]))
        return self

    def tinted(self, share: float) -> None:
        """So much of the grounds' colour."""
        for drawn in self.tints:
            drawn.set_fill(opacity=TINT * share)

    def wire(self, place: Pairs) -> Printed:
        """Lines from each pair to its heads."""
        groups = [place.heads[pair * place.each : (pair + 1) * place.each] for pair in range(len(place.bricks))]
        y = (place.bricks[0].y0 + place.heads[0].y1) / 2
        lines = [_upright(brick.center[0], y, seamed(brick).y0) for brick in place.bricks]
        lines += [_upright(head.center[0], seamed(head).y1, y) for head in place.heads]
        lines += [Rect(group[0].center[0] - LINE, y - LINE, group[-1].center[0] + LINE, y + LINE) for group in groups]
        self.wires.display(edges(lines))
        return self

    def store(self, bricks: Sequence[Rect]) -> Printed:
        """Stored pairs stand here."""
        for half, drawn in enumerate(self.bricks):
            drawn.values = np.array([len(bricks)])
            drawn.display(edges([part(seamed(rect), half, 1.0) for rect in bricks]))
        return self

    def ask(self, heads: Sequence[Rect]) -> Printed:
        """Query heads stand here."""
        self.heads.display(edges([seamed(rect) for rect in heads]))
        return self

    def load(self, shares: np.ndarray) -> Printed:
        """[heads, row blocks, 2] shares of K and V that each program has loaded."""
        for half, drawn in enumerate(self.copies):
            drawn.values = shares[..., half]
            boxes = [
                part(seamed(rect), half, float(shares[head, block, half]))
                for head, line in enumerate(self.place.cells) for block, rect in enumerate(line) if shares[head, block, half] > 0
            ]  # fmt: skip
            drawn.display(edges(boxes))
        return self


class BytesBar(VGroup):
    """Copies of pairs, or parts of them, side by side as a bar from the left of ``rect``: each as long as its bytes, K above and V beneath.

    Args:
        unit: How long a whole pair is, in scene units.
    """

    def __init__(self, rect: Rect, unit: float, skin: Theme, *, name: str) -> None:
        self.rect, self.unit, self.tag = rect, unit, f"bar {name}"
        self.halves = [Rectangles(hue, name=f"bar {name} {tensor}", opacity=palette.LIT) for tensor, hue in (("K", skin.k), ("V", skin.v))]
        super().__init__(*self.halves)

    def boxes(self, half: int, shares: np.ndarray) -> np.ndarray:
        """[n, 4] of so much of n pairs' K or V."""
        ends = self.rect.x0 + self.unit * np.concatenate([[0.0], np.cumsum(shares)])
        gap = min(GAP, GAPS * self.unit)
        low, high = part(self.rect, half, 1.0).edges[1::2]
        return np.stack([ends[:-1], np.full(len(shares), low), ends[1:] - gap * (shares > 0), np.full(len(shares), high)], 1)

    def display(self, shares: np.ndarray) -> BytesBar:
        """[n, 2] of K and of V of n pairs."""
        for half, drawn in enumerate(self.halves):
            drawn.values = np.array([shares[:, half].sum()])
            drawn.display(self.boxes(half, shares[:, half]))
        return self

    def gather(self, places: Sequence[Rect], shares: np.ndarray, way: float) -> BytesBar:
        """The same, so far on its way from where the pairs stand."""
        for half, drawn in enumerate(self.halves):
            start = edges([part(rect, half, share) for rect, share in zip(places, shares[:, half].tolist(), strict=True)])
            drawn.values = np.array([shares[:, half].sum()])
            drawn.display(start + (self.boxes(half, shares[:, half]) - start) * way)
        return self


def _upright(x: float, low: float, high: float) -> Rect:
    """A line."""
    return Rect(x - LINE, low, x + LINE, high)


def part(rect: Rect, half: int, share: float) -> Rect:
    """So much of a pair's K (0), above, or V (1), beneath, from the left."""
    middle = (rect.y0 + rect.y1) / 2
    low, high = (middle, rect.y1) if half == 0 else (rect.y0, middle)
    return Rect(rect.x0, low, rect.x0 + share * rect.width, high)
