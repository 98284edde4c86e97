"""The chip: one tile of each matrix as the same cross; shared memory outside, registers in the middle."""

from __future__ import annotations

import numpy as np
from manim import LEFT, UP, Polygon, VGroup

from flashviz import theme
from flashviz.layout import ChipTiles, Rect
from flashviz.lettering import NOTE_PX, TITLE_PX, Face
from flashviz.mobjects.named import Named
from flashviz.mobjects.tiles import dashed, panel
from flashviz.theme import Theme


class ChipPanel(VGroup):
    """The zone's ground, the register file, an outlined place for each tile, and the names of both memories."""

    def __init__(self, rect: Rect, title: Rect, tiles: ChipTiles, skin: Theme) -> None:
        self.tag, self.tiles, self.skin = "chip", tiles, skin
        self.ground = panel(rect, fill=skin.chip, edge=skin.edge)
        self.title = theme.line("on chip: one SM", TITLE_PX, skin.quiet, Face.STRONG)
        self.title.move_to(title.center).align_to((title.x0, 0, 0), LEFT)
        self.registers = panel(tiles.registers, fill=skin.registers, edge=skin.edge)
        self.places = {name: dashed(tiles.of(name), skin.hue(name)) for name in ("Q", "K", "V", "S", "M", "L", "ACC")}
        corner = tiles.note_shared
        shared = theme.lines(["shared", "memory"], NOTE_PX, skin.quiet).align_to((corner.x0, 0, 0), LEFT).align_to((0, corner.y1, 0), UP)
        self.notes = VGroup(shared, theme.line("registers", NOTE_PX, skin.quiet).move_to(tiles.note_registers.center))
        super().__init__(self.ground, self.title, self.registers, *self.places.values(), self.notes)

    def label(self, tensor: str, formula: str) -> Named:
        """The name of what a place holds now, as Q_4."""
        rect = {
            "Q": self.tiles.label_q, "K": self.tiles.label_k, "V": self.tiles.label_v, "S": self.tiles.label_s,
            "P": self.tiles.label_s, "M": self.tiles.label_m, "L": self.tiles.label_l, "ACC": self.tiles.label_acc,
        }[tensor]  # fmt: skip
        mark = theme.maths(formula, TITLE_PX, self.skin.hue(tensor))
        if tensor in ("K", "V"):
            mark.move_to(rect.center).align_to((rect.x0, 0, 0), LEFT)
        else:
            mark.move_to(rect.center)
        return Named(mark, tag=f"label {tensor}", text=formula)


class RowMark(VGroup):
    """A small arrowhead at the followed row, beside the tile that holds it."""

    def __init__(self, tile: Rect, row: int, n_rows: int, skin: Theme) -> None:
        self.tag, self.row = "row mark", row
        y = tile.y1 - (row + 0.5) * tile.height / n_rows
        x, size = tile.x0 - 0.02, 0.09
        corners = ((x, y, 0), (x - size, y + 0.7 * size, 0), (x - size, y - 0.7 * size, 0))
        super().__init__(Polygon(*corners, stroke_width=0, fill_color=skin.ink, fill_opacity=1))


def spread(values: np.ndarray) -> tuple[float, float]:
    """Where the ramp of a matrix starts and ends: all but the outermost percent, so that one outlier hides nothing."""
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return 0.0, 1.0
    low, high = np.percentile(finite, [1, 99.5])
    return (float(low), float(high)) if high > low else (float(low) - 1.0, float(low) + 1.0)
