"""The keys of a row as a strip of tiles: which have been seen, which is here, which are still to come."""

from __future__ import annotations

import numpy as np
from manim import VGroup

from flashviz import theme
from flashviz.layout import Rect, columns
from flashviz.mobjects.tiles import Rectangles
from flashviz.palette import Theme

SEEN = 0.35  # opacity
GAP = 0.05  # between tiles, in scene units, or a tenth of a tile


class KeyTiles(VGroup):
    """One box a tile, in the order in which the row meets them. ``now`` is the tile that is here."""

    def __init__(self, count: int, skin: Theme) -> None:
        self.tag, self.count, self.now = "keys", count, 0
        self.edges = Rectangles(skin.k, name="key tiles", opacity=0).set_stroke(skin.k, width=theme.OUTLINE, opacity=1)
        self.seen, self.here = Rectangles(skin.k, name="key tiles seen", opacity=SEEN), Rectangles(skin.k, name="key tile")
        super().__init__(self.seen, self.here, self.edges)

    def place(self, rect: Rect) -> KeyTiles:
        self.boxes = np.array([box.edges for box in columns(rect, self.count, min(GAP, 0.1 * rect.width / self.count))])
        self.edges.display(self.boxes)
        return self.display(self.now)

    def display(self, now: int) -> KeyTiles:
        self.now, self.values = now, np.array([now])
        self.seen.display(self.boxes[:now])
        self.here.display(self.boxes[now : now + 1])
        return self
