"""The chip: one tile of each matrix as the same cross; shared memory outside, registers in the middle."""

from __future__ import annotations

from manim import LEFT, UP, VGroup

from flashviz import palette, theme
from flashviz.device import KIB, SMS, Resources
from flashviz.layout import GAP, ChipTiles, Rect
from flashviz.lettering import LINE_PITCH, NOTE_PX, TITLE_PX, Face, em, wrap
from flashviz.mobjects.named import Named
from flashviz.mobjects.tiles import dashed, panel
from flashviz.palette import Theme

BEHIND = 0.8 * GAP  # to the right, a further copy of a tile: short of the label


class ChipPanel(VGroup):
    """The zone's ground, the register file, an outlined place for each tile, and the names of both memories."""

    def __init__(self, rect: Rect, title: Rect, tiles: ChipTiles, skin: Theme, resources: Resources | None = None) -> None:
        self.tag, self.tiles, self.skin = "chip", tiles, skin
        self.ground = panel(rect, fill=skin.chip, edge=skin.edge)
        self.title = theme.line("on chip: one SM", TITLE_PX, skin.quiet, Face.STRONG)
        self.title.move_to(title.center).align_to((title.x0, 0, 0), LEFT)
        self.registers = panel(tiles.registers, fill=skin.registers, edge=skin.edge)
        self.places = {name: dashed(tiles.of(name), skin.hue(name)) for name in ("Q", "K", "V", "S", "M", "L", "ACC")}
        self.further = VGroup() if resources is None else further_copies(tiles, resources, skin)
        self.notes = VGroup(
            shared_note(tiles.note_shared, resources, skin),
            theme.line("registers", NOTE_PX, skin.quiet).move_to(tiles.note_registers.center),
        )
        super().__init__(self.ground, self.title, self.registers, self.further, *self.places.values(), self.notes)

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


def shared_note(corner: Rect, resources: Resources | None, skin: Theme) -> Named:
    """The name of the memory, and what the compiler gave a program of what the SM has, where there is room for it."""
    name, figure = ["shared", "memory"], "" if resources is None else used_of(resources)
    below = wrap(figure, corner.width, NOTE_PX) if figure else []
    if (len(name) + len(below)) * LINE_PITCH * em(NOTE_PX) > corner.height:
        below, figure = [], ""
    block = theme.lines(name + below, NOTE_PX, skin.quiet).align_to((corner.x0, 0, 0), LEFT).align_to((0, corner.y1, 0), UP)
    return Named(*block, tag="shared memory", text=figure)


def used_of(resources: Resources) -> str:
    """As ``40 of 228 KiB``."""
    return f"{resources.shared / KIB:,.4g} of {SMS[resources.arch].shared / KIB:,.4g} KiB"


def further_copies(tiles: ChipTiles, resources: Resources, skin: Theme) -> VGroup:
    """Places behind those of K and V for the copies that the compiler keeps for tiles to come; a trace does not fill them."""
    outlines = VGroup()
    for buffer in resources.buffers:
        for copy in range(1, buffer.copies if buffer.name in ("K", "V") else 1):
            place = tiles.of(buffer.name)
            edges = dashed(Rect(place.x0 + copy * BEHIND, place.y0, place.x1 + copy * BEHIND, place.y1), skin.hue(buffer.name))
            outlines.add(edges.set_stroke(opacity=palette.DIM))
    return outlines
