"""Films of the chapters that are charts: what each beat brings into the chart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from manim import UP, Create, LaggedStart, linear
from manim.typing import Vector3D

from flashviz import palette, theme
from flashviz.chapters import memory_scaling
from flashviz.chapters.figure import Figure
from flashviz.chapters.measured import sweep_of
from flashviz.chapters.placing import chapter_room, chart_place
from flashviz.director.scene import TraceScene, beat
from flashviz.errors import UsageError
from flashviz.layout import Rect
from flashviz.lettering import KEY_PX
from flashviz.mobjects.chart import Chart
from flashviz.mobjects.motion import FadeIn, FadeOut
from flashviz.mobjects.named import Named
from flashviz.storyboard import Beat

FORMULA_PX = 1.6 * KEY_PX
TICK_LAG = 0.3  # of a tick's fade, until the next begins


class ChapterScene(TraceScene):
    """What the chapters share: a room above the caption, a board, and no recording from outside."""

    @property
    def room(self) -> Rect:
        """Where the picture stands: everything above the caption."""
        return chapter_room(self.settings.aspect, self.caption_rect)

    def setup(self) -> None:
        """A chapter makes its own traces, or none.

        Raises:
            UsageError: The settings name a recording.
        """
        if self.settings.trace is not None:
            raise UsageError(f"expected no recording, since a chapter makes its own, got trace {self.settings.trace}; leave it out")

    def set_board(self, beats: Sequence[Beat], said: Mapping[str, str]) -> None:
        """Fill the captions; stills with a question are a setting."""
        words = {each.name: each for each in (beats if self.language is None else self.script)}
        kept = [replace(each, title=words[each.name].title) for each in beats if self.settings.pauses or not each.pause]
        self.take(replace(each, caption=words[each.name].caption.format(**self.values(said))) for each in kept)

    def clear_all(self) -> None:
        """Everything but the caption goes."""
        gone = [thing for thing in self.mobjects if thing is not self.caption]
        if gone:
            self.move(*(FadeOut(thing) for thing in gone), seconds=0.5)


class ChartScene(ChapterScene):
    """One chart at a time, to which beats add points, curves and names."""

    chart: Chart

    def enter(self, figure: Figure) -> None:
        """What stood there goes. The empty chart arrives in the order in which it is read: what it shows, along x, up y, of what."""
        self.clear_all()
        self.chart = chart = Chart(figure, chart_place(figure, self.room), self.skin)
        self.move(FadeIn(chart.title), seconds=0.5)
        for axis in (chart.across, chart.up):
            self.move(LaggedStart(*(FadeIn(part) for part in axis), lag_ratio=TICK_LAG), seconds=1.0)
        self.move(FadeIn(chart.note), seconds=0.4)
        self.add(chart)  # one thing from here on
        self.arrived()

    def show_points(self, name: str, side: Vector3D = UP) -> None:
        """Measured points one by one, with their figures, then what they are."""
        series = self.chart.figure.named(name)
        dots = self.chart.dots(series)
        written = self.chart.figures(series, side) if series.values else []
        each = 0.75 * self.motion / len(dots)
        for index, dot in enumerate(dots):
            self.move(FadeIn(dot, scale=0.5), *(FadeIn(text) for text in written[index : index + 1]), seconds=0.5 * each)
            self.hold(0.5 * each)
        self.move(FadeIn(self.chart.label(series)), seconds=0.5)

    def show_curves(self, *names: str) -> None:
        """The formulas' curves are drawn through the points, then named."""
        series = [self.chart.figure.named(name) for name in names]
        self.move(*(Create(self.chart.line(each), rate_func=linear) for each in series), seconds=0.6 * self.motion)
        self.move(*(FadeIn(self.chart.formula(each)) for each in series), seconds=0.5)

    def show_ratio(self) -> None:
        """How many times as much the larger of two values is."""
        self.move(FadeIn(self.chart.span()), seconds=0.6)


class MemoryScalingFilm(ChartScene):
    """Beats of MemoryScalingScene."""

    script = memory_scaling.BEATS

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
        self.show_curves("standard")

    @beat("flash")
    def flash(self) -> None:
        """Points of FlashAttention."""
        self.show_points("flash")

    @beat("linear")
    def linear(self) -> None:
        """O as a formula, through them."""
        self.show_curves("flash")

    @beat("gap")
    def gap(self) -> None:
        """How far the last two points are apart."""
        self.show_ratio()


def fitted(formula: str, place: Rect, skin: palette.Theme) -> Named:
    """A formula in the middle of its place, as large as it fits."""
    drawn = theme.maths(formula, FORMULA_PX, skin.ink)
    drawn.scale(min(1.0, place.width / drawn.width)).move_to(place.center)
    return Named(drawn, tag="formula", text=formula)
