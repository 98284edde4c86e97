"""Stored pairs of K and V, a grid of query heads and row blocks in which each load leaves a copy, and bars of bytes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from manim import VGroup

from flashviz import palette, theme
from flashviz.layout import Rect
from flashviz.layout.grouped import Pairs, seamed
from flashviz.lettering import em
from flashviz.mobjects.tiles import Rectangles, dashes, edges
from flashviz.palette import Theme

LINE = em(2)  # half of a wire's


class Printed(VGroup):
    """A pair is a brick, K above and V beneath, with lines to its heads; a copy fills from the left as tiles are loaded."""

    def __init__(self, place: Pairs, skin: Theme, *, name: str) -> None:
        self.place, self.skin, self.tag = place, skin, name
        hues = (("K", skin.k), ("V", skin.v))
        self.bricks = [Rectangles(hue, name=f"stored {tensor}", opacity=palette.LIT) for tensor, hue in hues]
        self.copies = [Rectangles(hue, name=f"loaded {tensor}", opacity=palette.LIT) for tensor, hue in hues]
        self.heads = Rectangles(skin.q, name="heads", opacity=palette.LIT)
        self.ask(place.heads)
        self.cells = Rectangles(skin.quiet, name="cells", opacity=0.0).set_stroke(skin.quiet, width=theme.HAIRLINE, opacity=1)
        self.cells.display(edges([seamed(rect) for line in place.cells for rect in line]))
        self.was = Rectangles(skin.quiet, name="was").display(np.concatenate([dashes(seamed(brick)) for brick in place.bricks]))
        self.was.set_fill(opacity=0.0)
        self.wires = Rectangles(skin.ink, name="wires")
        super().__init__(self.cells, *self.copies, self.heads, self.was, self.wires, *reversed(self.bricks))
        self.store(place.bricks).wire(place)

    def share(self, place: Pairs) -> Printed:
        """Fewer pairs are stored, each with lines to the heads that read it."""
        self.place = place
        return self.store(place.bricks).wire(place)

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

    def lay(self, share: float) -> Printed:
        """Cells for copies are seen so far."""
        self.cells.set_stroke(opacity=share)
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
    """Bytes of K, above, and of V, beneath, as a bar from the left of ``rect``; an outline stays where it once ended."""

    def __init__(self, rect: Rect, unit: float, skin: Theme, *, name: str) -> None:
        self.rect, self.unit, self.skin, self.tag, self.nbytes = rect, unit, skin, f"bar {name}", 0.0
        self.halves = [Rectangles(hue, name=f"bar {name} {tensor}", opacity=palette.LIT) for tensor, hue in (("K", skin.k), ("V", skin.v))]
        self.was = Rectangles(skin.quiet, name=f"bar {name} was", opacity=0.0).set_stroke(skin.quiet, width=theme.OUTLINE, opacity=1)
        super().__init__(self.was, *self.halves)

    def display(self, nbytes: float) -> BytesBar:
        """So many."""
        self.nbytes = nbytes
        for half, drawn in enumerate(self.halves):
            drawn.values = np.array([nbytes / 2])
            drawn.display(edges([part(self.rect.left(nbytes * self.unit), half, 1.0)]))
        return self

    def keep(self, nbytes: float) -> BytesBar:
        """An outline stays where so many bytes ended."""
        self.was.display(edges([self.rect.left(nbytes * self.unit)]))
        return self

    def doubt(self, nbytes: float) -> Rectangles:
        """A veil, clear at first, over what lies beyond so many bytes: it may cross, or not."""
        veil = Rectangles(self.skin.ground, name="may cross", opacity=0.0)
        return veil.display(edges([self.rect.left(self.nbytes * self.unit).beyond(nbytes * self.unit)]))


def _upright(x: float, low: float, high: float) -> Rect:
    """A line."""
    return Rect(x - LINE, low, x + LINE, high)


def part(rect: Rect, half: int, share: float) -> Rect:
    """So much of a pair's K (0), above, or V (1), beneath, from the left."""
    middle = (rect.y0 + rect.y1) / 2
    low, high = (middle, rect.y1) if half == 0 else (rect.y0, middle)
    return Rect(rect.x0, low, rect.x0 + share * rect.width, high)
