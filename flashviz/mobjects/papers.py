"""Papers and the code that follows them, as boxes with wires between; and where two formulas differ."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from manim import Group, Line, Mobject, VGroup, VMobject

from flashviz import theme
from flashviz.chapters.references import Code
from flashviz.citations import Source
from flashviz.layout import GAP, Rect, columns, rows
from flashviz.lettering import LABEL_PX, NOTE_PX, TITLE_PX, Face, text_width
from flashviz.mobjects.named import Named
from flashviz.mobjects.tiles import panel
from flashviz.palette import Theme

ALIKE = 0.05  # largest distance of two glyphs' outlines that are the same, as a share of their height


class PaperMap(Group):
    """Papers in a row, one code above and one beneath; a wire says which paper a code follows.

    ``steps`` are the parts in the order in which they come: the papers, then each code with its wires.
    """

    def __init__(self, rect: Rect, papers: Sequence[Source], codes: tuple[Code, Code], skin: Theme) -> None:
        self.tag, self.skin = "papers and code", skin
        above, middle, below = rows(rect, 3, rect.height / 9)
        places = columns(middle, len(papers), 2 * GAP)
        boxes = [self._box(place, p.name, LABEL_PX, Face.STRONG, p.short, "note") for p, place in zip(papers, places, strict=True)]
        self.steps = [VGroup(*boxes)]
        for code, place in zip(codes, (above, below), strict=True):
            fits = (px for px in (TITLE_PX, LABEL_PX) if text_width(code.name, px, Face.MONO) < place.width - GAP)
            wires = [self._wire(places[papers.index(paper)], place) for paper in code.follows]
            self.steps.append(VGroup(*wires, self._box(place, code.name, next(fits, NOTE_PX), Face.MONO, code.what, "reference")))
        super().__init__(*self.steps)

    def _box(self, place: Rect, name: str, px: float, face: Face, what: str, tag: str) -> VGroup:
        upper, lower = rows(place.inset(0.0, place.height / 6), 2)
        return VGroup(
            panel(place, fill=self.skin.panel, edge=self.skin.edge),
            Named(theme.line(name, px, self.skin.ink, face).move_to(upper.center), tag=tag, text=name),
            Named(theme.line(what, NOTE_PX, self.skin.quiet).move_to(lower.center), tag="note", text=what),
        )

    def _wire(self, paper: Rect, code: Rect) -> Line:
        x = paper.center[0]
        start, end = (paper.y1, code.y0) if code.y0 > paper.y1 else (paper.y0, code.y1)
        return Line((x, start, 0), (x, end, 0), stroke_color=self.skin.quiet, stroke_width=theme.OUTLINE)


def added(longer: VMobject, shorter: VMobject) -> list[Mobject]:
    """Glyphs that ``longer`` has and ``shorter`` has not, where it is ``shorter`` with one run of glyphs put in."""
    ours, theirs = longer.family_members_with_points(), shorter.family_members_with_points()
    extra = len(ours) - len(theirs)
    same = 0
    while same < len(theirs) and _alike(ours[same], theirs[same]):
        same += 1
    return ours[same : same + extra]


def _alike(one: Mobject, other: Mobject) -> bool:
    """Whether two glyphs have the same outline, wherever they stand."""
    if len(one.points) != len(other.points):
        return False
    apart = (one.points - one.points[0]) / one.height - (other.points - other.points[0]) / other.height
    return bool(np.abs(apart).max() < ALIKE)
