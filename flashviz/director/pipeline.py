"""Film of PipelineScene: from two turns of one program to all SMs, one picture that is looked at from further and further away."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from manim import LEFT, ORIGIN, RIGHT, DashedVMobject, Line, VGroup, VMobject, config
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import theme
from flashviz.chapters import pipeline
from flashviz.chapters.lanes import BLEND, SCORES, K, Program, V, empty
from flashviz.chapters.pipeline import Interval, Recorded
from flashviz.director.captions import curves, lines_of, width
from flashviz.director.chapters import ChapterScene
from flashviz.director.material import provenance
from flashviz.director.scene import beat
from flashviz.director.words import machine
from flashviz.layout import GAP, Rect
from flashviz.lettering import CAPTION_PX, LINE_PITCH, TITLE_PX, Face, em, ink_box, text_width, wrap
from flashviz.mobjects.lanes import Elapse, LanesPicture, Look, View
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows
from flashviz.mobjects.named import Named
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.tiles import box
from flashviz.storyboard import Beat
from flashviz.trace import Trace

FIGURE_PX = 72
TEXT, MOVE, ZOOM, SWEEP = 0.3, 0.9, 2.8, 4.2  # seconds: a text's arrival, a move, from one SM to all, all the time that is seen
COPY = 1.4  # seconds in which a copy passes before the eye once more
BAND = 0.14  # opacity of what marks a stretch of time
TICK = 0.07
DASHES = 60
TICK_PITCH = 1.35  # least distance between two ticks
COPYING = {1: "copy K and V", 2: "both copy K and V"}
BEHIND = "The compiled kernel asks for the next K and V behind PV, and then waits for both."
HONEST = "Reporting takes time: see the order, not the speed."


class PipelineFilm(ChapterScene):
    """Beats of PipelineScene."""

    script = pipeline.BEATS

    def open(self, recordings: Callable[[], tuple[Trace, Trace]]) -> None:
        """Read the recordings: ``flashviz_kernels.bench.measured.recordings``, without a mask and with one."""
        plain, causal = recordings()
        self.found = found = pipeline.gather(plain, causal)
        self.provenance = [provenance(plain), provenance(causal)]
        self.set_board(pipeline.BEATS, found.said)
        self.place = pipeline.stage(self.settings.aspect)
        first = found.plain.rank[found.sm]
        alone = replace(found.plain, programs=found.followed)
        self.views = {name: View(pipeline.strips(alone, lanes), found.window, (first, first + 1)) for name, lanes in pipeline.SHOTS.items()}
        self.views["sm"] = replace(self.views["two"], across=(0, found.plain.span))
        self.axis: list[Named] = []
        self.words: dict[str, VMobject] = {}

    # ------------------------------------------------------------------------------------------------------ captions, in the middle

    @property
    def caption_rect(self) -> Rect:
        return pipeline.stage(self.settings.aspect)["caption"]

    def take(self, beats: Iterable[Beat]) -> None:
        """These beats, each still for as long as its caption is read."""
        super().take(replace(each, still=pipeline.reading(each.caption)) for each in beats)

    def say(self, text: str) -> None:
        """The old caption leaves before the new one comes."""
        if self.caption is not None:
            self.move(FadeOut(self.caption), seconds=TEXT / 2)
        self.caption = None
        if text:
            self.caption = self.centred(text) if self.settings.captions else Named(tag="caption")
            self.move(FadeIn(self.caption), seconds=TEXT / 2)

    def centred(self, text: str) -> Named:
        """A caption whose lines stand in the middle of their band."""
        rect, language, drawn = self.caption_rect, self.language, []
        lines = wrap(text, rect.width, CAPTION_PX) if language is None else lines_of(text, rect, language)
        for index, line in enumerate(lines):
            baseline = rect.center[1] + ((len(lines) - 1) / 2 - index) * LINE_PITCH * em(CAPTION_PX) - 0.36 * em(CAPTION_PX)
            if language is None:
                left = rect.center[0] - text_width(line, CAPTION_PX) / 2
                drawn.append(theme.on_baseline(theme.line(line, CAPTION_PX, self.skin.ink), CAPTION_PX, left, baseline, line))
            else:
                left = rect.center[0] - width(language, line) / 2
                drawn.append(theme.line_at(curves(language, line), CAPTION_PX, self.skin.ink, left, baseline))
        return Named(*drawn, tag="caption", text=text)

    # --------------------------------------------------------------------------------------------------------------- the beats

    @beat("one")
    def one(self) -> None:
        """Two turns of one program as time passes: copies above, softmax, products beneath."""
        start, stop = self.found.window
        self.lanes = LanesPicture(self.place["lanes"], replace(self.views["one"], now=start), self.skin)
        self.add(self.lanes)
        one = self.found.followed[0]
        self.write("title", "One program on one SM")
        self.write("about", f"row block {one.pid_m} of head {one.pid_bh}: two of its {len(one.bars[K])} key tiles")
        self.write("note", f"{self.found.plain.machine} {HONEST}")
        self.gutter = self.names(pipeline.ALONE)
        device = machine(self.found.plain.machine, self.settings.aspect, self.skin)
        self.add(*self.words.values(), *self.gutter, *self.ticks(), device)
        self.hold(MOVE)
        with self.telling():
            self.pass_time(start, stop, SWEEP)
            self.letters = self.spelt(one)
            self.move(*(FadeIn(letter) for letter in self.letters), seconds=TEXT)

    @beat("copy")
    def copy(self) -> None:
        """Its copies through all lanes; how much of its time they are."""
        start, stop = self.found.window
        copies = [bar for bar in self.found.followed[0].bars[K].tolist() if start < bar[0] and bar[1] < stop]
        whole = _from_to(pipeline.ALONE["copies"], pipeline.ALONE["tensor cores"])
        with self.telling():
            self.bands = [self.passing((bar[0], bar[1]), whole) for bar in copies]
            about = self.rewrite("about", "of the time that a program is alone on an SM")
            note = self.rewrite("note", f"{self.found.plain.machine} {BEHIND}")
            self.move(*about, *note, *(FadeIn(part) for part in self.figures(1)), seconds=TEXT)

    @beat("pause-a")
    def pause_a(self) -> None:
        """The copies as a still, with a question."""

    @beat("two")
    def two(self) -> None:
        """The second program of the SM rises from below; products of both share the tensor cores' lane. Then copies beside products."""
        note = self.rewrite("note", f"{self.found.plain.machine} {HONEST}")
        self.move(*(FadeOut(part) for part in (*self.letters, *self.bands, *self.gutter)), *note, seconds=TEXT)
        with self.telling():
            self.move(Look(self.lanes, self.views["two"], rate_func=ease_in_out_cubic), seconds=MOVE + TEXT)
            self.gutter = self.names(pipeline.both_named())
            self.move(*(FadeIn(name) for name in self.gutter), *self.rewrite("title", "One SM, two programs"), seconds=TEXT)
            pairs = zip(self.found.meanwhile, (pipeline.UPPER, pipeline.LOWER), (pipeline.LOWER, pipeline.UPPER), strict=True)
            self.bands = [self.passing(bar, _from_to(own["copies"], other["tensor cores"])) for bar, own, other in pairs]
            self.move(*self.refigured(2), *self.rewrite("about", "of the time that two are on an SM"), seconds=2 * TEXT)

    @beat("sm")
    def sm(self) -> None:
        """Further away: the whole time of the SM."""
        self.move(*(FadeOut(part) for part in (*self.bands, *self.axis)), seconds=TEXT)
        with self.telling():
            self.move(Look(self.lanes, self.views["sm"], rate_func=ease_in_out_cubic), seconds=ZOOM)
            resources = self.found.plain.trace.header.resources
            assert resources is not None
            fit = f"{resources.registers} registers a thread: {resources.programs} programs fit on an SM"
            title = self.rewrite("title", f"One SM, {len(self.found.followed)} programs")
            leaving = [FadeOut(self.words.pop(part)) for part in ("first", "second")]
            self.move(*(FadeIn(part) for part in self.ticks()), *title, *self.rewrite("about", fit), *leaving, seconds=TEXT)

    @beat("all")
    def all(self) -> None:
        """Further away still: the SM becomes one of all, its lanes a ribbon a place."""
        plain = self.found.plain
        self.lanes.display(replace(self.lanes.view, strips=pipeline.strips(plain, pipeline.SHOTS["two"])))
        leaving = [FadeOut(part) for part in (*self.gutter, self.words.pop("title"), self.words.pop("about"))]
        self.move(*leaving, seconds=TEXT)
        with self.telling():
            self.move(Look(self.lanes, self.overall(plain), rate_func=ease_in_out_cubic), seconds=ZOOM)
            self.head(plain)
            self.move(*(FadeIn(part) for part in self.outcome(plain.empty, plain.span)), seconds=TEXT)

    @beat("causal")
    def causal(self) -> None:
        """The other recording, as time passes; then, of its programs, those that began last."""
        causal = self.found.causal
        self.move(*(FadeOut(part) for part in (self.lanes, *self.gutter, *self.axis, *self.words.values())), seconds=TEXT)
        self.words = {}
        self.lanes = LanesPicture(self.place["lanes"], replace(self.overall(causal), now=0.0), self.skin)
        self.add(self.lanes)
        self.write("note", f"{causal.machine} {HONEST}")
        self.move(FadeIn(self.words["note"]), *(FadeIn(part) for part in self.ticks()), seconds=TEXT)
        self.head(causal)
        with self.telling():
            self.pass_time(0.0, causal.span, SWEEP)
            lit = replace(self.lanes.view, strips=pipeline.late(causal, self.lanes.view.strips))
            self.move(Look(self.lanes, lit), seconds=2 * TEXT)
            self.move(*(FadeIn(part) for part in self.outcome(causal.empty, causal.span)), seconds=TEXT)

    @beat("longest")
    def longest(self) -> None:
        """Every program moves to where it would be, were the longest to begin first."""
        causal = self.found.causal
        longest = _micro(max(p.seconds for p in causal.programs))
        title = self.rewrite("title", "The same programs, longest first")
        about = self.rewrite("about", "computed from their measured times")
        note = self.rewrite("note", f"{causal.machine} No order ends before the longest program, which takes {longest}.")
        self.move(*title, *about, *note, seconds=TEXT)
        goal = pipeline.rearranged(causal, self.lanes.view.strips)
        self.add(self.outline(causal))
        with self.telling():
            self.move(Look(self.lanes, replace(self.lanes.view, strips=goal), rate_func=ease_in_out_cubic), seconds=ZOOM)
            whole = replace(goal, weight=np.ones_like(goal.weight))
            self.move(Look(self.lanes, replace(self.lanes.view, strips=whole)), seconds=2 * TEXT)
            ends = [start + p.seconds for p, (_, start) in zip(causal.programs, causal.longest_first, strict=True)]
            left = empty([p.seconds for p in causal.programs], causal.places * len(causal.sms), max(ends))
            self.move(*self.turned({"first": _percent(left), "second": _micro(max(ends))}), seconds=2 * TEXT)

    # -------------------------------------------------------------------------------------------------------------- what they share

    def overall(self, recording: Recorded) -> View:
        """All SMs and the whole time."""
        lanes = pipeline.ribbons(recording.places)
        return View(pipeline.strips(recording, lanes), (0, recording.span), (0, len(recording.sms)))

    def head(self, recording: Recorded) -> None:
        """What is said of all SMs."""
        resources = recording.trace.header.resources
        assert resources is not None
        self.write("title", f"{len(recording.sms)} SMs, {len(recording.programs)} programs")
        self.write("about", f"{resources.programs} places for programs on each SM; first to end on top")
        self.gutter = self.lines(["all", f"{len(recording.sms)} SMs"], self.place["names"])
        self.move(*(FadeIn(part) for part in (self.words["title"], self.words["about"], *self.gutter)), seconds=TEXT)

    def outline(self, recording: Recorded) -> VMobject:
        """Where each SM had its last report: dashes, as what was there."""
        last = {p.sm: max(other.stop for other in recording.programs if other.sm == p.sm) for p in recording.programs}
        ends = [(self.lanes.x(last[sm]), self.lanes.y(rank + side), 0) for rank, sm in enumerate(recording.sms) for side in (0, 1)]
        path = VMobject(stroke_color=self.skin.quiet, stroke_width=theme.HEAVY).set_points_as_corners(np.array(ends))
        return Named(DashedVMobject(path, num_dashes=DASHES), tag="outline")

    def pass_time(self, start: float, stop: float, seconds: float) -> None:
        """Bars grow behind a line that moves with time."""
        rect = self.lanes.rect
        head = Line((rect.x0, rect.y1, 0), (rect.x0, rect.y0, 0), stroke_color=self.skin.ink, stroke_width=theme.HEAVY)
        self.add(head)
        self.move(Elapse(self.lanes, head, start, stop), seconds=seconds)
        self.remove(head)

    def write(self, part: str, text: str) -> None:
        """Words of a part of the stage, wrapped to its width."""
        color, face = (self.skin.ink, Face.STRONG) if part == "title" else (self.skin.quiet, Face.TEXT)
        rect = self.place[part]
        lines = theme.lines(wrap(text, rect.width, TITLE_PX, face), TITLE_PX, color, face)
        lines.shift((rect.x0, rect.y1 - ink_box("Hg", TITLE_PX, face)[0], 0))
        self.words[part] = Named(*lines, tag="note", text=text)

    def rewrite(self, part: str, text: str) -> list[Any]:
        """New words in the place of old ones."""
        old = self.words[part]
        self.write(part, text)
        return [FadeOut(old), FadeIn(self.words[part])]

    def figures(self, many: int) -> list[VMobject]:
        """How much of the time all programs of an SM copy, and how much any of them multiplies."""
        found = self.found.shares[many]
        copying = self.figure("first", _percent(found.copying), COPYING[many])
        return [copying, self.figure("second", _percent(found.multiplying), "multiply, at most")]

    def refigured(self, many: int) -> list[Any]:
        """The same numbers of another count of programs: digits turn."""
        found, old = self.found.shares[many], self.words["first"][1]
        self.words["first"][1] = self.beneath("first", COPYING[many])
        numbers = self.turned({"first": _percent(found.copying), "second": _percent(found.multiplying)})
        return [*numbers, FadeOut(old), FadeIn(self.words["first"][1])]

    def turned(self, numbers: Mapping[str, str]) -> list[Any]:
        """Digits of figures turn."""
        return [self.words[part][0].turn(text) for part, text in numbers.items()]

    def outcome(self, left: float, span: int) -> list[VMobject]:
        """How much of all places' time is empty, and when the last program ended."""
        return [self.figure("first", _percent(left), "of places empty"), self.figure("second", _micro(span), "to the end")]

    def figure(self, part: str, number: str, about: str) -> VMobject:
        """A number and what it is of, beneath."""
        rect = self.place[part].above(em(TITLE_PX) * LINE_PITCH)
        value = Readout(number, FIGURE_PX, self.skin.ink, name="figure", face=Face.MONO_STRONG, anchor="right").at(rect)
        self.words[part] = VGroup(value, self.beneath(part, about))
        return self.words[part]

    def beneath(self, part: str, about: str) -> Named:
        """What a number is of."""
        rect, words = self.place[part], theme.line(about, TITLE_PX, self.skin.quiet)
        baseline = rect.y0 + 0.36 * em(TITLE_PX)
        theme.on_baseline(words, TITLE_PX, rect.x1 - words.width, baseline, about)
        return Named(words, tag="note", text=about)

    def names(self, lanes: Mapping[str, Interval]) -> list[Named]:
        """Lanes' names, left of them."""
        whole, made = self.place["names"], []
        for name, lane in lanes.items():
            row = self.lanes.place(self.lanes.view.across, lane)
            made += self.lines([name], Rect(whole.x0, row.y0, whole.x1, row.y1))
        return made

    def lines(self, texts: Sequence[str], rect: Rect) -> list[Named]:
        """Lines in the middle of a rectangle's height, at its left."""
        found = []
        for index, text in enumerate(texts):
            baseline = rect.center[1] + ((len(texts) - 1) / 2 - index) * LINE_PITCH * em(TITLE_PX) - 0.36 * em(TITLE_PX)
            drawn = theme.on_baseline(theme.line(text, TITLE_PX, self.skin.ink), TITLE_PX, rect.x0, baseline, text)
            found.append(Named(drawn, tag="note", text=text))
        return found

    def ticks(self) -> list[Named]:
        """Round times under the lanes."""
        rect, row = self.lanes.rect, self.place["ticks"]
        line = Line((rect.x0, rect.y0, 0), (rect.x1, rect.y0, 0), stroke_color=self.skin.edge, stroke_width=theme.OUTLINE)
        self.axis = [Named(line, tag="axis")]
        for at in pipeline.ticks(self.lanes.view.across, int(rect.width / TICK_PITCH)):
            text, x = f"{at / 1000:g} µs", self.lanes.x(at)
            words = theme.line(text, TITLE_PX, self.skin.ink)
            theme.on_baseline(words, TITLE_PX, x - words.width / 2, row.center[1] - 0.36 * em(TITLE_PX), text)
            words.shift((max(0.0, rect.x0 - words.get_left()[0]) - max(0.0, words.get_right()[0] - rect.x1), 0, 0))
            mark = Line((x, rect.y0, 0), (x, rect.y0 - TICK, 0), stroke_color=self.skin.edge, stroke_width=theme.OUTLINE)
            self.axis.append(Named(Named(mark, tag="tick"), Named(words, tag="tick x", text=text), tag="time"))
        return self.axis

    def spelt(self, program: Program) -> list[Named]:
        """What the bars of a turn are: the first product is named from its begin, the second to its end, since copies lie between."""
        copies, (top, _) = pipeline.SHOTS["one"][0], pipeline.ALONE["tensor cores"]
        above = (top - 0.15, top)
        found, after = [], self.found.window[0]
        for state, text, lane, color, side in (
            (K, "K", copies[K], self.skin.ground, ORIGIN), (V, "V", copies[V], self.skin.ground, ORIGIN),
            (SCORES, "QKᵀ", above, self.skin.ink, LEFT), (BLEND, "PV", above, self.skin.ink, RIGHT),
        ):  # fmt: skip
            after, stop = next(bar for bar in program.bars[state].tolist() if bar[0] >= after)
            rect = self.lanes.place((after, stop), lane)
            words = theme.line(text, TITLE_PX, color, Face.STRONG).move_to(rect.center)
            words.shift(side * (rect.width - words.width - GAP) / 2)
            found.append(Named(words, tag="letter", text=text))
        return found

    def passing(self, bar: Interval, lane: Interval) -> VMobject:
        """The same stretch, that grows as its time passes once more."""
        (start, stop), frames = bar, round(COPY * config.frame_rate)

        def grown(share: float) -> VMobject:
            return self.band((start, start + max(share, 1 / frames) * (stop - start)), lane)

        band = grown(0.0)
        self.add(band)
        self.move(Shows(band, lambda share: band.become(grown(share))), seconds=COPY)
        return band

    def band(self, bar: Interval, lane: Interval) -> VMobject:
        """A stretch of time through lanes."""
        return Named(box(self.lanes.place(bar, lane), stroke=self.skin.ink, opacity=BAND, width=theme.HEAVY), tag="band")

    gutter: Sequence[Named] = ()
    bands: Sequence[VMobject] = ()
    letters: Sequence[Named] = ()


def _from_to(one: Interval, other: Interval) -> Interval:
    """The stretch that holds both."""
    return float(np.min([one, other])), float(np.max([one, other]))


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%"


def _micro(time: float) -> str:
    return f"{time / 1000:,.0f} µs"
