"""Films of the chapters that are charts: what each beat brings into the chart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from manim import Create, FadeIn, FadeOut, linear

from flashviz.chapters import memory_scaling
from flashviz.chapters.figure import Figure
from flashviz.chapters.measured import sweep_of
from flashviz.chapters.placing import chapter_room, chart_place
from flashviz.director.scene import TraceScene, beat
from flashviz.layout import Rect
from flashviz.mobjects.chart import Chart
from flashviz.storyboard import Beat


class ChartScene(TraceScene):
    """What the chapters share: one chart at a time, to which beats add points, curves and names."""

    chart: Chart

    @property
    def room(self) -> Rect:
        """Where the picture stands: everything above the caption."""
        return chapter_room(self.settings.aspect, self.caption_rect)

    def set_board(self, beats: Sequence[Beat], said: Mapping[str, str]) -> None:
        """Fill the captions; stills with a question are a setting."""
        kept = [each for each in beats if self.settings.pauses or not each.pause]
        self.board = tuple(replace(each, caption=each.caption.format(**said)) for each in kept)

    def enter(self, figure: Figure) -> None:
        """The empty chart arrives; what stood there goes."""
        self.clear_all()
        self.chart = Chart(figure, chart_place(figure, self.room), self.skin)
        self.move(FadeIn(self.chart), seconds=0.8)
        self.arrived()

    def clear_all(self) -> None:
        """Everything but the caption goes."""
        gone = [thing for thing in self.mobjects if thing is not self.caption]
        if gone:
            self.move(*(FadeOut(thing) for thing in gone), seconds=0.5)

    def show_points(self, name: str) -> None:
        """Measured points one by one, then what they are."""
        series = self.chart.figure.named(name)
        dots = self.chart.dots(series)
        each = 0.75 * self.motion / len(dots)
        for dot in dots:
            self.move(FadeIn(dot, scale=0.5), seconds=0.5 * each)
            self.hold(0.5 * each)
        self.move(FadeIn(self.chart.label(series)), seconds=0.5)

    def show_curve(self, name: str) -> None:
        """The formula's curve is drawn through the points, then named."""
        series = self.chart.figure.named(name)
        self.move(Create(self.chart.line(series), rate_func=linear), seconds=0.6 * self.motion)
        self.move(FadeIn(self.chart.formula(series)), seconds=0.5)


class MemoryScalingFilm(ChartScene):
    """Beats of MemoryScalingScene."""

    def open(self, measured: Callable[[], Any]) -> None:
        """Read the measurement: ``flashviz_kernels.bench.measured.measured``."""
        sweep = sweep_of(measured())
        self.found = memory_scaling.gather(sweep)
        self.provenance = [sweep.provenance]
        self.set_board(memory_scaling.BEATS, self.found.said)

    @beat("question")
    def question(self) -> None:
        """The empty chart."""
        self.enter(self.found.figure)

    @beat("standard")
    def standard(self) -> None:
        """Points of standard attention."""
        self.show_points("standard")

    @beat("square")
    def square(self) -> None:
        """S and P as a formula, through them."""
        self.show_curve("standard")

    @beat("flash")
    def flash(self) -> None:
        """Points of FlashAttention."""
        self.show_points("flash")

    @beat("linear")
    def linear(self) -> None:
        """O as a formula, through them."""
        self.show_curve("flash")

    @beat("gap")
    def gap(self) -> None:
        """How far the last two points are apart."""
        span = self.chart.span(self.found.n, *self.found.ends, self.found.ratio)
        self.move(FadeIn(span), seconds=0.6)
