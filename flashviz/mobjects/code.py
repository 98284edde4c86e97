"""Kernel lines in step with the trace: the text comes from the trace's own header, never typed here."""

from __future__ import annotations

from manim import VGroup

from flashviz.layout import CODE_LINES, Rect, centered, rows
from flashviz.lettering import CODE_PX, em
from flashviz.mobjects.named import Named
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.tiles import box, panel
from flashviz.palette import Theme


class CodePane(VGroup):
    """A few kernel lines; the one that runs is lit.

    Args:
        excerpt: (line number, text) of the shown statements.
        lit: The line number that the current event reports.
        lines: How many there is room for.
    """

    def __init__(self, rect: Rect, excerpt: list[tuple[int, str]], lit: int, skin: Theme, lines: int = CODE_LINES) -> None:
        self.tag, self.lit = "code", lit
        self.lines = [text for _, text in excerpt]
        self.text = next((text for number, text in excerpt if number == lit), "")
        inner = rect.inset(0.15, 0.1)
        room = int(inner.width / (0.6 * em(CODE_PX)))
        self.ground = panel(rect, fill=skin.panel, edge=skin.edge)
        super().__init__(self.ground)
        for (number, text), place in zip(excerpt, rows(inner, lines), strict=False):
            on = number == lit
            if on:
                band = box(place.inset(-0.05, 0.01), stroke=skin.stats, fill=skin.stats, opacity=0.16, width=0)
                self.add(Named(band, tag="lit"))
                self.add(box(centered(rect.x0 + 0.06, place.center[1], 0.05, place.height), stroke=skin.stats, opacity=1, width=0))
            self.add(Readout(clip(text, room), CODE_PX, skin.ink if on else skin.quiet, name="code line").at(place))


def clip(text: str, room: int) -> str:
    """At most ``room`` characters; a cut is shown."""
    return text if len(text) <= room else text[: room - 1] + "…"
