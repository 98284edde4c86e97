"""Stored pairs of K and V, and a grid of programs in which each load leaves a copy: rows are query heads, columns row blocks."""

from __future__ import annotations

import numpy as np
from manim import VGroup

from flashviz import palette, theme
from flashviz.layout import Rect
from flashviz.layout.grouped import Pairs, seamed
from flashviz.lettering import em
from flashviz.mobjects.tiles import Rectangles
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
        self.heads.display(edges([seamed(rect) for rect in place.heads]))
        self.cells = Rectangles(skin.edge, name="cells", opacity=0.0).set_stroke(skin.edge, width=theme.HAIRLINE, opacity=1)
        self.cells.display(edges([seamed(rect) for line in place.cells for rect in line]))
        self.brackets = Rectangles(skin.ink, name="brackets")
        super().__init__(self.cells, *self.copies, self.heads, self.brackets, *self.bricks)

    def bracket(self) -> Printed:
        """A line from each pair to the heads that read it."""
        place = self.place
        each = len(place.heads) // len(place.bricks)
        x = (place.bricks[0].x1 + place.heads[0].x0) / 2
        groups = [place.heads[pair * each : (pair + 1) * each] for pair in range(len(place.bricks))]
        upright = [Rect(x - LINE, seamed(group[-1]).y0, x + LINE, seamed(group[0]).y1) for group in groups]
        level = [Rect(brick.x1, brick.center[1] - LINE, x - LINE, brick.center[1] + LINE) for brick in place.bricks]
        self.brackets.display(edges([*upright, *level]))
        return self

    def store(self, bricks: list[Rect]) -> Printed:
        """Stored pairs stand here."""
        for half, drawn in enumerate(self.bricks):
            drawn.values = np.array([len(bricks)])
            drawn.display(edges([part(seamed(rect), half, 1.0) for rect in bricks]))
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


def part(rect: Rect, half: int, share: float) -> Rect:
    """So much of a pair's K (0), above, or V (1), beneath, from the left."""
    middle = (rect.y0 + rect.y1) / 2
    low, high = (middle, rect.y1) if half == 0 else (rect.y0, middle)
    return Rect(rect.x0, low, rect.x0 + share * rect.width, high)


def edges(rects: list[Rect]) -> np.ndarray:
    """[n, 4]"""
    return np.array([(rect.x0, rect.y0, rect.x1, rect.y1) for rect in rects]).reshape(-1, 4)
