"""The N x N square that Algorithm 1 goes through in sweeps, with what each moves, and bars of bytes that leave a curve behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from manim import VGroup, VMobject

from flashviz import palette, theme
from flashviz.layout import Rect
from flashviz.layout.io_complexity import Plot, Square
from flashviz.lettering import Face, em
from flashviz.mobjects.named import Named
from flashviz.mobjects.tiles import Rectangles, box, edges
from flashviz.palette import Theme

LETTER = 36  # px
SEAM = em(2)  # between two sweeps in a bar, where there is room


@dataclass(frozen=True)
class Part:
    """What a sweep moves of a tensor in one way: its hue's tensor, and how much of all that a sweep moves."""

    tensor: str
    share: float
    opacity: float = 1.0


class Sweeps(VGroup):
    """The square, the chip over the keys that it holds, and in each column what its sweep moved. Scores are computed here, not stored."""

    def __init__(self, place: Square, parts: Sequence[Part], skin: Theme) -> None:
        self.tag, self.place, self.skin, self.parts = "sweeps", place, skin, parts
        frames = [Named(box(place.grid, stroke=skin.edge, fill=skin.chip, opacity=1.0), tag="sweeps grid")]
        strips = {name: place.strip(name) for name in "KVQO"}
        frames += [Named(box(rect, stroke=skin.hue(name), opacity=palette.DIM), tag=f"sweeps {name}") for name, rect in strips.items()]
        under = place.grid.y0 - em(26)
        beside = em(30)
        letters = {name: (rect.center[0], under) for name, rect in strips.items()}
        letters |= {"K": (place.grid.x0 - beside, strips["K"].center[1]), "V": (place.grid.x1 + beside, strips["V"].center[1])}
        named = [
            Named(theme.line(name, LETTER, skin.hue(name), Face.STRONG).move_to((*at, 0)), tag=f"label {name}", text=name)
            for name, at in letters.items()
        ]
        self.lines = Rectangles(skin.quiet, name="columns", opacity=palette.SECOND)
        self.moved = [Rectangles(skin.hue(part.tensor), name=f"moved {at}", opacity=part.opacity) for at, part in enumerate(parts)]
        self.lit = {name: Rectangles(skin.hue(name), name=f"lit {name}") for name in "QO"}
        self.tile = Rectangles(skin.ink, name="tile", opacity=palette.SECOND)
        self.quarters = {name: Rectangles(skin.hue(name), name=f"quarter {name}") for name in "KVQO"}
        self.chip = VMobject(stroke_color=skin.ink, stroke_width=theme.HEAVY, fill_opacity=0.0)
        self.held = VGroup(*self.quarters.values(), self.chip)
        self.passing = VGroup(*self.lit.values(), self.tile)
        super().__init__(*frames, *named, self.lines, *self.moved, self.passing, self.held)

    def hold(self, columns: float, key: float = 0.0) -> Sweeps:
        """The chip over so many keys from one on."""
        place = self.place
        rects = [place.quarter(name, key, columns) for name in "KVQO"]
        for quarter, rect in zip(self.quarters.values(), rects, strict=True):
            quarter.display(edges([rect.inset(0.0, em(2))]))
        self.chip.set_points_as_corners(corners(Rect(rects[0].x0, rects[-1].y0, rects[0].x1, rects[0].y1)))
        return self

    def display(self, columns: float, rows: float, swept: float = 0.0) -> Sweeps:
        """A tile of ``rows`` x ``columns`` scores after so many sweeps; at their end there is none."""
        place, grid, unit = self.place, self.place.grid, self.place.unit
        starts, thin = place.starts(columns), em(1.0)
        inner = grid.x0 + starts[1:] * unit
        self.lines.display(np.stack([inner - thin, np.full_like(inner, grid.y0), inner + thin, np.full_like(inner, grid.y1)], 1))
        before = 0.0
        for moved, part in zip(self.moved, self.parts, strict=True):
            moved.display(place.moved(columns, before, part.share, swept))
            before += part.share
        self.moved[0].values = np.array([columns, swept])
        at = min(int(swept + 1e-9), len(starts) - 1)
        self.hold(columns, float(starts[at]))
        top, high = grid.y1 - (swept - at) * (grid.height - rows * unit), rows * unit
        passes = 0 < swept < len(starts)
        block = place.quarter("K", float(starts[at]), columns)
        for thing, x0, x1 in (
            (self.tile, block.x0, block.x1), *((lit, place.strip(name).x0, place.strip(name).x1) for name, lit in self.lit.items()),
        ):  # fmt: skip
            thing.display(np.array([[x0, top - high, x1, top]] if passes else []).reshape(-1, 4))
        self.tile.values = np.array([columns, rows])
        return self


def corners(rect: Rect) -> np.ndarray:
    """[5, 3] around a rectangle."""
    return np.array([[rect.x0, rect.y0, 0], [rect.x1, rect.y0, 0], [rect.x1, rect.y1, 0], [rect.x0, rect.y1, 0], [rect.x0, rect.y0, 0]])


class Bars(VGroup):
    """What crosses at one M, as a bar: beneath what crosses but once, then a piece a sweep, with a seam between two."""

    def __init__(self, plot: Plot, once: float, skin: Theme) -> None:
        self.tag, self.plot, self.once = "bar", plot, once
        self.bar = Rectangles(skin.o, name="bar bytes")
        self.base = Rectangles(skin.k, name="bar once")
        super().__init__(self.bar, self.base)

    def display(self, m: float, nbytes: float, sweeps: float, sweep: float) -> Bars:
        """``sweeps`` of so many bytes each over what crosses but once."""
        rect = self.plot.bar(m, nbytes)
        edges = self.plot.y(0.0) + self.plot.unit * (self.once + sweep * np.arange(np.floor(sweeps + 1e-9) + 1))
        if edges[-1] < rect.y1 - 1e-9:
            edges = np.append(edges, rect.y1)
        seam = SEAM if sweep * self.plot.unit > 3 * SEAM else 0.0
        self.base.display(np.array([[rect.x0, rect.y0, rect.x1, edges[0] - seam]]))
        self.base.values = np.array([self.once])
        low, high = edges[:-1], np.maximum(edges[1:] - seam, edges[:-1])
        self.bar.display(np.stack([np.full_like(low, rect.x0), low, np.full_like(low, rect.x1), high], 1))
        self.bar.values = np.array([m, nbytes])
        return self


class Trail(VMobject):
    """The curve that a bar's top leaves."""

    def __init__(self, plot: Plot, color: str) -> None:
        super().__init__(stroke_color=color, stroke_width=theme.HEAVY, fill_opacity=0.0)
        self.tag, self.plot, self.values = "curve", plot, np.zeros((0, 2))

    def display(self, points: np.ndarray) -> Trail:
        """Through [n, 2] of (M, bytes)."""
        self.values = np.asarray(points, dtype=float)
        if len(points) > 1:
            self.set_points_as_corners([(self.plot.x(m), self.plot.y(nbytes), 0.0) for m, nbytes in self.values])
        else:
            self.clear_points()
        return self
