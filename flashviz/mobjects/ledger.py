"""The bill: one square is one tile of bytes that crossed the bus; the exact bytes stand beside it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from manim import LEFT, Group, VGroup

from flashviz import theme
from flashviz.figures import kib
from flashviz.layout import Packing, Rect, centered, ledger_unit, pack
from flashviz.lettering import NOTE_PX, Face, em, text_width
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.tiles import Rectangles, box
from flashviz.palette import Theme


def squares(count: float, rect: Rect, packing: Packing) -> np.ndarray:
    """Boxes [n, 4] of ``count`` squares (the last one cut to its fraction), row by row from the top left."""
    whole = int(count / packing.tiles + 1e-9)
    part = count / packing.tiles - whole
    index = np.arange(whole + (part > 1e-9))
    lines = max(1, int(rect.height / packing.pitch + 1e-9))
    x = rect.x0 + (index % packing.per_row) * packing.pitch
    margin = (rect.height - lines * packing.pitch) / 2 + (packing.pitch - packing.side) / 2
    y = rect.y1 - margin - (index // packing.per_row) * packing.pitch
    width = np.full(len(index), packing.side)
    if part > 1e-9:
        width[-1] = packing.side * part
    return np.stack([x, y - packing.side, x + width, y], axis=1)


class LedgerRow(Group):
    """Squares and bytes of one tensor."""

    def __init__(self, tensor: str, rect: Rect, packing: Packing, unit_bytes: int, widest: str, skin: Theme) -> None:
        self.tensor, self.packing, self.unit_bytes = tensor, packing, unit_bytes
        mark = theme.line(tensor, NOTE_PX, skin.hue(tensor), Face.MONO_STRONG)
        mark.move_to(rect.center).align_to((rect.x0, 0, 0), LEFT)
        self.area = squares_area(rect, widest)
        self.squares = Rectangles(skin.hue(tensor), name=f"squares {tensor}")
        self.bytes = Readout("", NOTE_PX, skin.ink, name=f"bytes {tensor}", anchor="right").at(rect)
        self.shown = 0.0
        super().__init__(mark, self.squares, self.bytes)

    def display(self, nbytes: float) -> LedgerRow:
        self.shown = nbytes
        self.squares.display(squares(nbytes / self.unit_bytes, self.area, self.packing))
        return self


def squares_area(rect: Rect, widest: str) -> Rect:
    """Where a row's squares go: between the tensor's name and its bytes."""
    name_w = text_width("LSE", NOTE_PX, Face.MONO_STRONG) + 0.12
    bytes_w = text_width(widest, NOTE_PX, Face.MONO) + 0.12
    return rect.beyond(name_w).before(bytes_w).inset(0, 0.03)


class Ledger(Group):
    """The bytes that crossed so far, per tensor, beside the HBM they left or entered.

    Args:
        final: Bytes per tensor at the end of the trace.
        most: The longest row of all bills that are compared: it sizes the squares, so that equal bytes look equal.
        tile_bytes: Bytes of a tile of K: one square, or a power of two of them where a row would have too many.
    """

    def __init__(
        self, rects: tuple[Rect, ...], final: Mapping[str, int], tile_bytes: int, skin: Theme, *, most: int, name: str = "ledger"
    ) -> None:
        heading, *row_rects = rects
        merged = ledger_unit(most / tile_bytes)
        self.tag, self.unit_bytes = name, tile_bytes * merged
        widest = max((kib(n) for n in (*final.values(), sum(final.values()), most)), key=len)
        packing = pack(most / self.unit_bytes, squares_area(row_rects[0], widest), 1)
        words = "crossed so far" if merged == 1 else f"crossed, one square = {kib(self.unit_bytes)}"
        self.heading = theme.line(words, NOTE_PX, skin.quiet)
        if self.heading.width > heading.width - text_width(widest, NOTE_PX, Face.MONO_STRONG):
            self.heading = theme.line("crossed", NOTE_PX, skin.quiet)
        self.heading.move_to(heading.center).align_to((heading.x0, 0, 0), LEFT)
        self.total = Readout(kib(0), NOTE_PX, skin.ink, name="bytes total", face=Face.MONO_STRONG, anchor="right").at(heading)
        self.rows = {t: LedgerRow(t, r, packing, self.unit_bytes, widest, skin) for (t, r) in zip(final, row_rects, strict=False)}
        super().__init__(self.heading, self.total, *self.rows.values())
        self.display(dict.fromkeys(final, 0))

    def display(self, crossed: Mapping[str, int]) -> Ledger:
        for tensor, row in self.rows.items():
            row.display(crossed.get(tensor, 0))
            row.bytes.display(kib(crossed.get(tensor, 0)))
        self.total.display(kib(sum(crossed.values())))
        return self


def legend(unit: str, skin: Theme, px: float = NOTE_PX) -> VGroup:
    """A square and what it stands for."""
    side = em(px) * 0.62
    mark = box(centered(0, 0, side, side), stroke=skin.ink, fill=skin.quiet, opacity=1, width=0)
    text = theme.line(f"= {unit}", px, skin.quiet)
    return VGroup(mark, text.next_to(mark, buff=0.1))
