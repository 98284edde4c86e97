"""Film of RooflineScene: bytes against the height of a tile, then what they allow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from manim import DL, DR, UL, UP, UR, Create, VMobject, linear
from manim.typing import Vector3D

from flashviz import theme
from flashviz.chapters import roofline
from flashviz.chapters.figure import Point, Series, times
from flashviz.chapters.io_complexity import Record
from flashviz.director.chapters import ChartScene
from flashviz.director.flash import provenance
from flashviz.director.scene import beat
from flashviz.layout import Rect
from flashviz.mobjects.motion import FadeIn, FadeOut

STRETCH = {"standard": 4 * theme.HEAVY, "flash": 2 * theme.HEAVY}  # where they share the roof, both are seen


class RooflineFilm(ChartScene):
    """Beats of RooflineScene."""

    script = roofline.SCRIPT

    def open(self, record: Record, measured: Callable[[], Any]) -> None:
        """Count operations and bytes of traces, and take what was measured.

        Args:
            record: ``flashviz_kernels.recorder.record``.
            measured: ``flashviz_kernels.bench.measured.measured``.
        """
        report = measured()
        self.found = roofline.gather(self.settings.config, self.settings.source, record, report)
        self.provenance = [provenance(trace) for trace in self.found.traces]
        if self.found.gpu is not None:
            self.provenance.append({"benchmark": report.benchmark, "date": report.date, "machine": report.machine.gpu})
        self.script = self.found.told(self.script)
        self.set_board(self.script, self.found.said)

    @beat("height")
    def height(self) -> None:
        """The empty chart over BLOCK_M."""
        self.enter(self.found.over_rows)

    @beat("taller")
    def taller(self) -> None:
        """A trace for each height, and the closed form through the dots: it steps where a row block is saved."""
        self.show_points("rows")
        self.show_curves("rows")

    @beat("flip")
    def flip(self) -> None:
        """What standard attention would move if every tensor crossed once."""
        self.show_curves("cached")
        self.move(FadeIn(self.chart.label(self.chart.figure.named("cached"))), seconds=0.5)

    @beat("roof")
    def roof(self) -> None:
        """The empty chart, then the roof and its knee."""
        self.enter(self.found.roofline)
        self.dots = {series.name: self.chart.dots(series) for series in self.chart.figure.series}
        self.taken: list[VMobject] = [dot for dots in self.dots.values() for dot in dots]
        series = self.chart.figure.named("roof")
        self.move(Create(self.chart.line(series), rate_func=linear), seconds=0.5 * self.motion)
        for knee, dot in zip(series.points, self.dots["roof"], strict=True):
            self.move(FadeIn(dot, scale=0.5), *self.figure(series, knee, times(knee[0]), UP), seconds=0.5)
        self.move(FadeIn(self.chart.label(series)), FadeIn(self.chart.formula(series)), seconds=0.5)

    @beat("standard")
    def standard(self) -> None:
        """Its stretch of the roof."""
        self.stretch("standard")

    @beat("flash")
    def flash(self) -> None:
        """Its stretch of the roof."""
        self.stretch("flash")

    @beat("tiles")
    def tiles(self) -> None:
        """The counted end for each height; figures of the stretches make room."""
        gone = [thing for thing in self.taken if vars(thing).get("tag") in ("value standard", "value flash")]
        self.taken = [thing for thing in self.taken if thing not in gone]
        if gone:
            self.move(*(FadeOut(text) for text in gone), seconds=0.4)
        series = self.chart.figure.named("tiles")
        each = 0.75 * self.motion / len(series.points)
        for rows, point, dot in zip(self.found.rows, series.points, self.dots["tiles"], strict=True):
            self.move(FadeIn(dot, scale=0.5), *self.figure(series, point, f"{rows}", DR, UL), seconds=0.5 * each)
            self.hold(0.5 * each)
        self.move(FadeIn(self.chart.label(series)), seconds=0.5)

    @beat("gpu")
    def gpu(self) -> None:
        """Another device's roof, and what was measured under it as N doubles."""
        figure = self.found.gpu
        assert figure is not None
        self.enter(figure)
        limit = figure.named("limit")
        self.move(Create(self.chart.line(limit), rate_func=linear), seconds=0.3 * self.motion)
        self.move(FadeIn(self.chart.label(limit)), FadeIn(self.chart.formula(limit)), seconds=0.5)
        for name in ("measured standard", "measured flash"):
            self.show_points(name)

    def stretch(self, name: str) -> None:
        """From the counted bytes to a perfect cache: one end, the way, the other end, then whose it is."""
        series = self.chart.figure.named(name)
        (start, end), (counted, once) = self.dots[name], series.points
        line = self.chart.line(series, STRETCH[name])
        self.move(FadeIn(start, scale=0.5), *self.figure(series, counted, times(counted[0]), UL, DR), seconds=0.5)
        self.move(Create(line, rate_func=linear), seconds=0.5 * self.motion)
        self.move(FadeIn(end, scale=0.5), *self.figure(series, once, times(once[0]), DR, UL), seconds=0.5)
        self.move(FadeIn(self.chart.label(series)), FadeIn(self.chart.formula(series)), seconds=0.5)

    def figure(self, series: Series, point: Point, text: str, *sides: Vector3D) -> list[FadeIn]:
        """A figure on the first side of its dot that is free; where none is, the caption and the axis must do."""
        for side in sides:
            words = self.chart.value(series, point, text, side)
            if not any(extent(words).overlaps(extent(other)) for other in self.taken):
                self.taken.append(words)
                return [FadeIn(words)]
        return []


def extent(thing: VMobject) -> Rect:
    """The box around it."""
    (x0, y0, _), (x1, y1, _) = thing.get_corner(DL), thing.get_corner(UR)
    return Rect(float(x0), float(y0), float(x1), float(y1))
