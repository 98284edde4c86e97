"""The keys of a row as a strip of tiles, K above V: which have been seen, which is here, which are still to come."""

from __future__ import annotations

import numpy as np
from manim import VGroup

from flashviz.layout import Rect, columns, rows
from flashviz.mobjects.tiles import Rectangles, outlines
from flashviz.palette import Theme

SEEN = 0.35  # opacity
GAP = 0.05  # between tiles, in scene units, or a tenth of a tile


class KeyTiles(VGroup):
    """Two boxes a tile, in the order in which the row meets them. ``now`` is the tile whose K is here; ``v`` says whether its V came."""

    def __init__(self, count: int, skin: Theme) -> None:
        self.tag, self.count, self.now, self.v = "keys", count, 0, False
        hues = {"K": skin.k, "V": skin.v}
        self.edges = {name: outlines(hue, f"{name} tiles") for name, hue in hues.items()}
        self.seen = {name: Rectangles(hue, name=f"{name} tiles seen", opacity=SEEN) for name, hue in hues.items()}
        self.here = {name: Rectangles(hue, name=f"{name} tile") for name, hue in hues.items()}
        super().__init__(*self.seen.values(), *self.here.values(), *self.edges.values())

    def place(self, rect: Rect) -> KeyTiles:
        gap = min(GAP, 0.1 * rect.width / self.count)
        self.boxes = {
            name: np.array([box.edges for box in columns(line, self.count, gap)])
            for name, line in zip("KV", rows(rect, 2, min(GAP, 0.1 * rect.height)), strict=True)
        }
        for name, edges in self.edges.items():
            edges.display(self.boxes[name])
        return self.display(self.now, v=self.v)

    def display(self, now: int, *, v: bool = False) -> KeyTiles:
        self.now, self.v, self.values = now, v, np.array([now, int(v)])
        for name, come in (("K", now + 1), ("V", now + v)):
            self.seen[name].display(self.boxes[name][:now])
            self.here[name].display(self.boxes[name][now:come])
        return self
