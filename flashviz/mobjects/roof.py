"""A roof from zero both ways, the work and what crosses for it, and an SM whose registers fill with programs."""

from __future__ import annotations

import numpy as np
from manim import VGroup, VMobject

from flashviz import theme
from flashviz.chapters.roofline import Roof
from flashviz.layout import Rect
from flashviz.layout.roofline import Axes, Work
from flashviz.lettering import Face, em
from flashviz.mobjects.named import Named
from flashviz.mobjects.tiles import Rectangles, box, edges
from flashviz.palette import DIM, FAINT, SECOND, Theme

LETTER = 36  # px
SEAM = em(5)  # between two programs
LEAST = 1e-3  # of the line: a path has a length


class RoofView(VGroup):
    """What a device attains at the most, over operations a byte: the slope of its memory, the level of its arithmetic.

    ``works`` is what lies right of the ridge, and stands by itself: it comes with its name.
    """

    def __init__(self, roof: Roof, axes: Axes, skin: Theme) -> None:
        self.tag, self.roof = "roof", roof
        self.under = VMobject(stroke_width=0, fill_color=skin.panel, fill_opacity=1.0)
        self.line = VMobject(stroke_color=skin.ink, stroke_width=1.6 * theme.HEAVY, fill_opacity=0.0)
        self.base, self.knee = Rectangles(skin.quiet, name="base"), Rectangles(skin.ink, name="knee")
        self.works = Rectangles(skin.registers, name="works")
        super().__init__(self.under, self.base, self.knee, self.line)
        self.place(axes)

    def place(self, axes: Axes, shown: float = 1.0, dropped: float = 1.0) -> RoofView:
        """Stand in a plot; so much of the line is drawn, from the left, and of the ridge's, from the roof down to its number."""
        self.axes, rect = axes, axes.rect
        points = [(axes.x(x), axes.y(y), 0.0) for x, y in self.roof.between(0.0, axes.most[0] * max(shown, LEAST))]
        self.line.set_points_as_corners(points)
        floor, half = rect.y0, em(2)
        self.under.set_points_as_corners([*points, (points[-1][0], floor, 0.0), (points[0][0], floor, 0.0), points[0]])
        self.base.display(np.array([[rect.x0, floor - half, rect.x1, floor + half], [rect.x0 - half, floor, rect.x0 + half, rect.y1]]))
        if self.roof.knee is not None:
            x, top = axes.x(self.roof.knee), axes.y(self.roof.at(self.roof.knee))
            self.knee.display(np.array([[x - half, top - (top - floor) * dropped, x + half, top]]))
            self.knee.values = np.array([self.roof.knee])
            self.works.display(np.array([[x + half, floor + half, rect.x1, top - half]]))
        return self

    def spot(self, intensity: float) -> tuple[float, float, float]:
        """Where an intensity stands on the roof."""
        return self.axes.x(intensity), self.axes.y(self.roof.at(intensity)), 0.0


class Reading(Rectangles):
    """How a dot is read: up from its operations a byte to the roof, then across to its rate."""

    def at(self, axes: Axes, intensity: float, rate: float, shown: float = 1.0) -> Reading:
        """So much of the way."""
        x, y, half, floor = axes.x(intensity), axes.y(rate), em(2), axes.rect.y0
        up, across = min(2 * shown, 1.0), max(2 * shown - 1, 0.0)
        self.display(np.array([
            [x - half, floor, x + half, floor + (y - floor) * up], [x - (x - axes.rect.x0) * across, y - half, x, y + half],
        ]))  # fmt: skip
        self.values = np.array([intensity, rate])
        return self


class Crossed(VGroup):
    """The grid of all scores, its matrices beside it, and in each band what crossed for it."""

    def __init__(self, work: Work, columns: int, skin: Theme) -> None:
        self.tag, self.work = "crossed", work
        grid, thin = work.grid, em(1)
        self.frame = Named(box(grid, stroke=skin.edge, fill=skin.chip, opacity=1.0), tag="grid")
        inner = np.arange(columns, work.keys, columns) * work.unit + grid.x0
        self.lines = Rectangles(skin.edge, name="columns", opacity=FAINT).display(
            np.stack([inner - thin, np.full_like(inner, grid.y0), inner + thin, np.full_like(inner, grid.y1)], 1)
        )
        self.borders = Rectangles(skin.quiet, name="row blocks")
        self.strips = [Rectangles(skin.hue(name), name=f"strip {name}", opacity=DIM).display(edges([work.strip(name)])) for name in "QKVO"]
        self.crosses = [Rectangles(skin.hue(name), name=f"crossed {name}") for name in "QO"]
        self.letters = [self.letter(name, skin) for name in "QKVO"]
        self.copies = [Rectangles(skin.hue(name), name=f"copies {name}") for name in "KV"]
        self.ways = [Rectangles(skin.scores, name=f"way {n}", opacity=opacity) for n, opacity in enumerate((1.0, 1.0, SECOND, SECOND))]
        super().__init__(self.frame, self.lines, self.borders, *self.ways, *self.strips, *self.crosses, *self.copies, *self.letters)

    def letter(self, name: str, skin: Theme) -> Named:
        """K's and V's at the left of their strips, Q's and O's beneath."""
        strip = self.work.strip(name)
        at = (strip.x0 - em(30), strip.center[1]) if name in "KV" else (strip.center[0], strip.y0 - em(24))
        return Named(theme.line(name, LETTER, skin.hue(name), Face.STRONG).move_to((*at, 0.0)), tag=f"label {name}", text=name)

    def blocks(self, rows: float) -> Crossed:
        """Borders between row blocks of so many rows."""
        grid, half = self.work.grid, em(2)
        y = self.work.tops(np.arange(rows, (grid.y1 - grid.y0) / self.work.unit - 1e-6, rows))
        self.borders.display(np.stack([np.full_like(y, grid.x0), y - half, np.full_like(y, grid.x1), y + half], 1))
        self.borders.values = np.array([rows])
        return self

    def load(self, boxes: np.ndarray) -> Crossed:
        """[2, n, 4] tiles of K and V, with a seam between two where there is room."""
        seam = np.minimum(em(2), 0.1 * (boxes[..., 2] - boxes[..., 0]))[..., None] * [1, 0, -1, 0]
        for copies, at in zip(self.copies, boxes + seam, strict=True):
            copies.display(at)
            copies.values = np.array([len(at)])
        return self

    def once(self, done: float) -> Crossed:
        """So much of Q has come, and of O has gone."""
        for crosses, name in zip(self.crosses, "QO", strict=True):
            strip = self.work.strip(name)
            crosses.display(edges([strip.top(done * strip.height)]))
        return self

    def out(self, done: float) -> Crossed:
        """So many ways of S and P."""
        for index, way in enumerate(self.ways):
            way.display(self.work.way(index, min(max(done - index, 0.0), 1.0)))
        return self


class Registers(VGroup):
    """The registers of one SM: a band for each program that fits, and what a program spills beyond the edge."""

    def __init__(self, rect: Rect, out: Rect, skin: Theme) -> None:
        self.tag, self.rect, self.out = "registers", rect, out
        self.frame = box(rect, stroke=skin.ink, fill=skin.registers, opacity=1.0, width=theme.HEAVY)
        self.bands = Rectangles(skin.q, name="programs", opacity=SECOND)
        self.over = Rectangles(skin.warn, name="spilled")
        super().__init__(self.frame, self.bands, self.over)

    def display(self, share: float, programs: int, spilled: float, *, lifted: float = 0.0) -> Registers:
        """So many programs, each of a share of all registers; each spills so much of them.

        Args:
            lifted: Of the way that what is spilled goes out.
        """
        self.share, rect = share, self.rect
        self.bands.display(edges([self.band(index) for index in range(programs)]))
        self.bands.values = np.array([share, programs])
        high = min(programs * spilled * rect.height, self.out.height / 2)  # more than there is room for is cut
        low = rect.y1 + lifted * (self.out.y1 - high - rect.y1)
        self.over.display(np.array([[rect.x0, low, rect.x1, low + high]] if spilled > 0 else []).reshape(-1, 4))
        self.over.values = np.array([spilled])
        return self

    def band(self, index: int) -> Rect:
        """Where a program stands: from below, with a seam around it; what does not fit is cut at the edge."""
        rect, high = self.rect, self.share * self.rect.height
        seam, low = min(SEAM, 0.2 * high), self.rect.y0 + index * high
        return Rect(rect.x0 + seam, min(low + seam / 2, rect.y1), rect.x1 - seam, min(low + high - seam / 2, rect.y1))
