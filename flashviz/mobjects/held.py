"""The chip beside a small cross: which tiles it holds, and where they land."""

from __future__ import annotations

from collections.abc import Collection

from manim import VGroup

from flashviz import palette, theme
from flashviz.chapters.crosses import ChipPlace
from flashviz.lettering import NOTE_PX, Face
from flashviz.mobjects.tiles import box, dashed, panel
from flashviz.palette import Theme


class HeldTiles(VGroup):
    """A place for a tile of Q, K, V and O; filled while the chip holds one. Values are not shown."""

    def __init__(self, place: ChipPlace, skin: Theme, *, name: str) -> None:
        self.tag, self.text = f"chip {name}", ""
        ground = panel(place.rect, fill=skin.chip, edge=skin.edge)
        words = theme.line("on chip", NOTE_PX, skin.quiet).move_to(place.name.center)
        empty = VGroup(*(dashed(rect, skin.hue(tensor)) for tensor, rect in place.slots.items()))
        letters = VGroup(*(theme.line(t, NOTE_PX, skin.hue(t), Face.MONO_STRONG).move_to(r.center) for t, r in place.letters.items()))
        self.tiles = {tensor: box(rect, stroke=skin.hue(tensor), width=0) for tensor, rect in place.slots.items()}
        super().__init__(ground, words, empty, letters, *self.tiles.values())

    def display(self, held: Collection[str]) -> HeldTiles:
        """Fill the places of these tensors; acc is O's place."""
        shown = {"O" if tensor == "ACC" else tensor for tensor in held}
        for tensor, tile in self.tiles.items():
            tile.set_fill(opacity=palette.LIT if tensor in shown else 0.0)
        self.text = " ".join(tensor for tensor in self.tiles if tensor in shown)
        return self
