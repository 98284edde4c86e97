"""A chart: axes, measured points as dots, formulas as curves, names beside their ends instead of a legend."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from manim import LEFT, UP, Dot, Group, Line, VGroup, VMobject
from manim.typing import Vector3D

from flashviz import palette, theme
from flashviz.chapters.figure import Figure, Point, Series
from flashviz.chapters.placing import LABEL_H, NOTE_H, TITLE_LINE_H, ChartPlace, at
from flashviz.layout import GAP, Rect
from flashviz.lettering import KEY_PX, LABEL_PX, NOTE_PX, TITLE_PX, Face
from flashviz.mobjects.named import Named
from flashviz.palette import Theme

DOT = 0.085  # radius: 23 px across
TICK = 0.07


class Curve(VMobject):
    """A formula as a line through ``values`` [n, 2]."""

    def __init__(self, name: str, values: Sequence[Point], color: str, width: float) -> None:
        super().__init__(stroke_color=color, stroke_width=width, fill_opacity=0)
        self.tag, self.values = f"curve {name}", np.asarray(values)


class Measured(Dot):
    """One measured value, ``values`` [2]."""

    def __init__(self, name: str, value: Point, color: str, where: tuple[float, float, float]) -> None:
        super().__init__(point=np.array(where), radius=DOT, color=color)
        self.tag, self.values = f"point {name}", np.asarray(value)


class Chart(Group):
    """The frame of a figure: title, axes, ticks, the note. Points, curves and names are made from it, and come when a beat has them."""

    def __init__(self, figure: Figure, place: ChartPlace, skin: Theme) -> None:
        self.tag, self.text = "chart", figure.title
        self.figure, self.place, self.skin = figure, place, skin
        self.title = Named(
            *_lines(place.title_lines, place.title, TITLE_PX, TITLE_LINE_H, skin.ink, Face.STRONG), tag="title", text=figure.heading
        )
        self.across, self.up = self._across(), self._up()
        self.note = Named(*_lines(place.note_lines, place.note, NOTE_PX, NOTE_H, skin.quiet), tag="note", text=figure.note)
        super().__init__(self.title, self.across, self.up, self.note)

    def _across(self) -> VGroup:
        """The x axis: its line, ticks left to right, its name."""
        plot, skin, figure = self.place.plot, self.skin, self.figure
        drawn = VGroup(Line((plot.x0, plot.y0, 0), (plot.x1, plot.y0, 0), stroke_color=skin.edge, stroke_width=theme.OUTLINE))
        for value, text in figure.x.ticks:
            x = at(figure, plot, value, figure.y.low)[0]
            tick = VGroup(Line((x, plot.y0, 0), (x, plot.y0 - TICK, 0), stroke_color=skin.edge, stroke_width=theme.OUTLINE))
            if text in self.place.x_texts:
                words = theme.line(text, NOTE_PX, skin.ink, Face.MONO)
                theme.on_baseline(words, NOTE_PX, x - words.width / 2, self.place.x_ticks.y0 + 0.25 * NOTE_H, text, Face.MONO)
                tick.add(Named(words, tag="tick x", text=text))
            drawn.add(tick)
        name = theme.line(figure.x.label, NOTE_PX, skin.quiet).move_to(self.place.x_label.center)
        return drawn.add(Named(name, tag="axis x", text=figure.x.label))

    def _up(self) -> VGroup:
        """The y axis: its line, then ticks upwards, each with its rule."""
        plot, skin, figure = self.place.plot, self.skin, self.figure
        drawn = VGroup(Line((plot.x0, plot.y0, 0), (plot.x0, plot.y1, 0), stroke_color=skin.edge, stroke_width=theme.OUTLINE))
        for value, text in figure.y.ticks:
            y = at(figure, plot, figure.x.low, value)[1]
            words = theme.line(text, NOTE_PX, skin.ink, Face.MONO)
            words.move_to((plot.x0 - GAP - words.width / 2, y, 0))
            rule = Line((plot.x0, y, 0), (plot.x1, y, 0), stroke_color=skin.edge, stroke_width=theme.HAIRLINE, stroke_opacity=palette.DIM)
            drawn.add(VGroup(rule, Named(words, tag="tick y", text=text)))
        return drawn

    def dots(self, series: Series) -> list[Measured]:
        """A dot for each measured value, left to right."""
        color = self.skin.hue(series.tensor)
        return [Measured(series.name, value, color, self._at(*value)) for value in series.points]

    def line(self, series: Series, width: float = theme.HEAVY) -> Curve:
        """The formula's line."""
        drawn = Curve(series.name, series.curve, self.skin.hue(series.tensor), width)
        drawn.set_points_as_corners([np.array(self._at(*value)) for value in series.curve])
        return drawn

    def label(self, series: Series) -> Named:
        """What the series is, beside its end."""
        place = self.place.labels[series.name]
        top = place.rect.top(len(place.name) * LABEL_H)
        words = _lines(place.name, top, LABEL_PX, LABEL_H, self.skin.hue(series.tensor), Face.STRONG)
        return Named(*words, tag=f"name {series.name}", text=series.label)

    def formula(self, series: Series) -> Named:
        """What its curve is, beneath its name."""
        place = self.place.labels[series.name]
        words = _lines(place.formula, place.rect.below(len(place.name) * LABEL_H), NOTE_PX, NOTE_H, self.skin.ink)
        return Named(*words, tag=f"formula {series.name}", text=series.formula)

    def span(self) -> Named:
        """How far two values are apart: a line between them, and right of it their ratio."""
        span, place = self.figure.span, self.place.ratio
        assert span is not None
        assert place is not None
        start, end = (np.array(self._at(span.x, y)) for y in (span.low, span.high))
        inset = UP * 1.6 * DOT
        line = Line(start + inset, end - inset, stroke_color=self.skin.warn, stroke_width=theme.HEAVY)
        words = theme.line(span.text, KEY_PX, self.skin.ink, Face.STRONG).move_to(place.center).align_to((place.x0, 0, 0), LEFT)
        return Named(line, Named(words, tag="span", text=span.text), tag="span line")

    def value(self, series: Series, point: Point, text: str, side: Vector3D = UP) -> Named:
        """A figure beside its dot: above, beneath, or at a corner."""
        words = theme.line(text, NOTE_PX, self.skin.hue(series.tensor), Face.MONO)
        away = np.array([words.width / 2 + DOT, words.height / 2 + DOT + GAP / 2, 0])
        words.move_to(np.array(self._at(*point)) + side * away)
        return Named(words, tag=f"value {series.name}", text=text)

    def figures(self, series: Series, side: Vector3D) -> list[Named]:
        """The series' figures: each beside its dot, or in a row beneath the axis that its name ends."""
        if series.name not in self.place.table:
            return [self.value(series, point, text, side) for point, text in zip(series.points, series.values, strict=True)]
        row, hue = self.place.table[series.name], self.skin.hue(series.tensor)
        found = []
        for (tick, _), text in zip(self.figure.x.ticks, series.values, strict=True):
            words = theme.line(text, NOTE_PX, hue, Face.MONO).move_to((self._at(tick, self.figure.y.low)[0], row.center[1], 0))
            found.append(Named(words, tag=f"value {series.name}", text=text))
        name = theme.line(series.label, NOTE_PX, hue)
        name.move_to((self.place.plot.x1 + 2 * GAP + name.width / 2, row.center[1], 0))
        found[-1] = Named(found[-1], Named(name, tag=f"row {series.name}", text=series.label), tag="row")
        return found

    def _at(self, x: float, y: float) -> tuple[float, float, float]:
        return at(self.figure, self.place.plot, x, y)


def _lines(texts: Sequence[str], rect: Rect, px: float, pitch: float, color: str, face: Face = Face.TEXT) -> VGroup:
    """Lines from the top of ``rect``, at its left, on baselines ``pitch`` apart."""
    block = VGroup()
    for index, text in enumerate(texts):
        block.add(theme.on_baseline(theme.line(text, px, color, face), px, rect.x0, rect.y1 - (index + 0.75) * pitch, text, face))
    return block
