"""Stored pairs of K and V, a grid of query heads and row blocks in which each load leaves a copy, and bars of bytes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from manim import VGroup

from flashviz import palette, theme
from flashviz.layout import Rect
from flashviz.layout.grouped import Pairs, seamed
from flashviz.lettering import em
from flashviz.mobjects.tiles import Rectangles, edges
from flashviz.palette import Theme

LINE = em(3)  # half of a bracket's


class Printed(VGroup):
    """A pair is a brick, K above and V beneath; a copy of it fills from the left as its tiles are loaded."""

    def __init__(self, place: Pairs, skin: Theme, *, name: str) -> None:
        self.place, self.skin, self.tag = place, skin, name
        hues = (("K", skin.k), ("V", skin.v))
        self.bricks = [Rectangles(hue, name=f"stored {tensor}", opacity=palette.LIT) for tensor, hue in hues]
        self.copies = [Rectangles(hue, name=f"loaded {tensor}", opacity=palette.LIT) for tensor, hue in hues]
        self.heads = Rectangles(skin.q, name="heads", opacity=palette.LIT)
        self.ask(place.heads)
        self.cells = Rectangles(skin.quiet, name="cells", opacity=0.0).set_stroke(skin.quiet, width=theme.HAIRLINE, opacity=1)
        self.cells.display(edges([seamed(rect) for line in place.cells for rect in line]))
        self.brackets = Rectangles(skin.ink, name="brackets")
        super().__init__(self.cells, *self.copies, self.heads, self.brackets, *reversed(self.bricks))  # K slides over V

    def share(self, place: Pairs) -> Printed:
        """Fewer pairs are stored, each with a line to the heads that read it."""
        self.place = place
        self.store(list(place.bricks))
        each = len(place.heads) // len(place.bricks)
        x = (place.bricks[0].x1 + place.heads[0].x0) / 2
        groups = [place.heads[pair * each : (pair + 1) * each] for pair in range(len(place.bricks))]
        upright = [Rect(x - LINE, seamed(group[-1]).y0, x + LINE, seamed(group[0]).y1) for group in groups]
        level = [Rect(brick.x1, brick.center[1] - LINE, x - LINE, brick.center[1] + LINE) for brick in place.bricks]
        self.brackets.display(edges([*upright, *level]))
        return self

    def store(self, bricks: Sequence[Rect], values: Sequence[Rect] | None = None) -> Printed:
        """Stored pairs stand here: K's, and V's where they are on their way."""
        for half, (drawn, rects) in enumerate(zip(self.bricks, (bricks, bricks if values is None else values), strict=True)):
            drawn.values = np.array([len(rects)])
            drawn.display(edges([part(seamed(rect), half, 1.0) for rect in rects]))
        return self

    def ask(self, heads: Sequence[Rect]) -> Printed:
        """Query heads stand here."""
        self.heads.display(edges([seamed(rect) for rect in heads]))
        return self

    def lay(self, share: float) -> Printed:
        """Cells for copies are seen so far."""
        self.cells.set_stroke(opacity=share)
        return self

    def again(self) -> Rectangles:
        """A veil over every copy but the first of its pair: what a cache may have kept since the pair was first loaded."""
        each = len(self.place.heads) // len(self.place.bricks)
        cells = [
            rect for head, line in enumerate(self.place.cells) for block, rect in enumerate(line) if head % each or block
        ]  # fmt: skip
        veil = Rectangles(self.skin.ground, name="again", opacity=palette.LIT)
        return veil.display(edges([seamed(rect) for rect in cells]))

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
        self.rect, self.unit, self.tag, self.nbytes = rect, unit, f"bar {name}", 0.0
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

    def keep(self) -> BytesBar:
        """Its outline stays."""
        self.was.display(edges([self.rect.left(self.nbytes * self.unit)]))
        return self


def part(rect: Rect, half: int, share: float) -> Rect:
    """So much of a pair's K (0), above, or V (1), beneath, from the left."""
    middle = (rect.y0 + rect.y1) / 2
    low, high = (middle, rect.y1) if half == 0 else (rect.y0, middle)
    return Rect(rect.x0, low, rect.x0 + share * rect.width, high)
