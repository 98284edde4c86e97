"""Film of PipelineScene: the lanes of an SM, whose gaps a second program fills; one picture, looked at from further and further away."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from manim import LEFT, ORIGIN, RIGHT, Line, VGroup, VMobject, config
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import theme
from flashviz.chapters import pipeline
from flashviz.chapters.lanes import BLEND, SCORES, K, Program, V
from flashviz.chapters.pipeline import Interval
from flashviz.director.captions import curves, lines_of, width
from flashviz.director.chapters import ChapterScene
from flashviz.director.material import provenance
from flashviz.director.scene import beat
from flashviz.director.words import LABEL, NAME, first_that_fits, machine, middle
from flashviz.layout import GAP, Rect, centered, rows
from flashviz.lettering import CAPTION_PX, LINE_PITCH, TITLE_PX, Face, em, ink_box, text_width, wrap
from flashviz.mobjects.lanes import Elapse, LanesPicture, Look, View
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, early, late
from flashviz.mobjects.named import Named
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.tiles import box
from flashviz.palette import LIT
from flashviz.storyboard import Beat
from flashviz.trace import Trace

FIGURE_PX = 72
TEXT, RISE, ZOOM, SWEEP = (
    0.3,
    2.6,
    2.8,
    4.2,
)  # seconds: a text comes, a program does, from one SM to all, all the time
WAITS = "waits"
PARTS = (("first", "1st"), ("second", "2nd"), ("tensor cores wait", "wait"))
TICK = 0.07
TICK_PITCH = 1.35  # least distance between two ticks
WORK = "of this time tensor cores multiply, at most"
HONEST = "Recording slows the kernel: trust the order, not the speed."
LANE = "A row: one kind of work. A box: from its start to its end."
LOOKS = "Plain: first program. Striped: second. Grey: waiting."


class PipelineFilm(ChapterScene):
    """Beats of PipelineScene."""

    script = pipeline.BEATS

    def open(self, clocked: Callable[[], Trace]) -> None:
        """Read the recording: ``flashviz_kernels.bench.measured.clocked``."""
        trace = clocked()
        self.found = found = pipeline.gather(trace)
        self.provenance = [provenance(trace)]
        self.set_board(pipeline.BEATS, found.said)
        self.place = pipeline.stage(self.settings.aspect)
        first = found.recorded.rank[found.sm]
        alone = replace(found.recorded, programs=found.followed)
        self.views = {
            name: View(pipeline.strips(alone, pipeline.SHOTS[name]), found.window, (first, first + 1)) for name in ("one", "two", "waits")
        }
        self.views["sm"] = replace(self.views["waits"], across=(0, found.recorded.span))
        self.axis: list[Named] = []
        self.words: dict[str, VMobject] = {}
        self.bands: list[VMobject] = []
        self.waits: list[Named] = []

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
        """Two turns of one program as time passes, from its first copies on: copies above, softmax, products beneath."""
        one, (_, stop) = self.found.followed[0], self.found.window
        first = self.found.gaps[0][1][1]
        self.lanes = LanesPicture(self.place["lanes"], replace(self.views["one"], now=first), self.skin)
        self.add(self.lanes)
        self.write("title", "One program on one SM")
        self.write("about", LANE)
        self.write("note", f"{self.found.recorded.machine} {HONEST}")
        self.gutter = self.names(pipeline.ALONE)
        device = machine(self.found.recorded.machine, self.settings.aspect, self.skin)
        self.letters = self.spelt(one)
        copies, products = self.letters[:2], self.letters[2:]
        self.add(*self.words.values(), *self.gutter, *self.times(), *copies, device)
        with self.telling():
            self.pass_time(first, stop, SWEEP)
            self.move(*(FadeIn(letter) for letter in products), seconds=TEXT)

    @beat("copy")
    def copy(self) -> None:
        """The same time once more: where it multiplies nothing, waiting grows in the tensor cores' lane; then how much is left."""
        start, stop = self.found.window
        lane = pipeline.ALONE["tensor cores"]
        self.move(FadeOut(self.words.pop("about")), seconds=TEXT)
        with self.telling():
            for _, gap in self.found.gaps:
                self.bands.append(self.passing(gap, lane, SWEEP * (gap[1] - gap[0]) / (stop - start)))
                self.waits += self.waiting(gap, lane)
                self.add(*self.waits)
            self.move(FadeIn(self.figure(pipeline.percent(self.found.shares["copy"]), WORK)), seconds=TEXT)

    @beat("two")
    def two(self) -> None:
        """The second program of the SM rises from below, striped, its products onto the first one's waiting; only common waiting stays."""
        lane, goal = pipeline.ALONE["tensor cores"], pipeline.SHARED
        self.move(*(FadeOut(part) for part in (*self.letters, *self.gutter, *self.waits)), seconds=TEXT)
        self.write("about", LOOKS)
        with self.telling():
            shift = [self.moving(band, gap, lane, goal) for band, (_, gap) in zip(self.bands, self.found.gaps, strict=True)]
            self.move(Look(self.lanes, self.views["two"], rate_func=ease_in_out_cubic), *shift, seconds=RISE)
            self.gutter = self.names(pipeline.both_named())
            arriving = [FadeIn(part) for part in (*self.gutter, self.words["about"])]
            self.move(*arriving, *self.rewrite("title", "One SM, two programs"), seconds=TEXT)
            self.move(Look(self.lanes, self.views["waits"]), *(FadeOut(band) for band in self.bands), seconds=2 * TEXT)
            self.move(self.turned("two"), seconds=2 * TEXT)

    @beat("sm")
    def sm(self) -> None:
        """Further away: the whole time of the SM."""
        self.move(*(FadeOut(part) for part in self.axis), seconds=TEXT)
        with self.telling():
            self.move(Look(self.lanes, self.views["sm"], rate_func=ease_in_out_cubic), seconds=ZOOM)
            resources = self.found.recorded.trace.header.resources
            assert resources is not None
            about = self.rewrite("about", f"{resources.registers} registers a thread: {resources.programs} programs fit on an SM")
            title = self.rewrite("title", f"One SM, {len(self.found.followed)} programs")
            self.move(*(FadeIn(part) for part in self.times()), *about, *title, self.turned("sm"), seconds=2 * TEXT)

    @beat("all")
    def all(self) -> None:
        """Further away still: the SM becomes one line of all, and of each only what its tensor cores do is left."""
        whole = self.found.recorded
        self.lanes.display(replace(self.lanes.view, strips=pipeline.strips(whole, pipeline.SHOTS["waits"])))
        self.move(*(FadeOut(part) for part in self.gutter), *self.rewrite("about", LOOKS), seconds=TEXT)
        title = self.rewrite("title", f"{len(whole.sms)} SMs, {len(whole.programs)} programs")
        with self.telling():
            self.move(Look(self.lanes, self.overall(0.0), rate_func=ease_in_out_cubic), *title, seconds=ZOOM)
            self.gutter = self.lines([f"{len(whole.sms)} SMs,", "each a line"], self.place["names"])
            self.move(*(FadeIn(part) for part in self.gutter), self.turned("all"), seconds=2 * TEXT)

    @beat("pushed")
    def pushed(self) -> None:
        """What is work is pushed to the left, what is waiting to the right; then how much each of them is of the time."""
        whole = self.found.recorded
        self.move(*(FadeOut(part) for part in self.axis), seconds=TEXT)
        with self.telling():
            push = Shows(self.lanes, lambda share: self.lanes.display(self.overall(share)), rate_func=ease_in_out_cubic)
            self.move(push, seconds=RISE)
            shares = self.ticks({f"{round(100 * part)}%": part * whole.span for part in (0.0, 0.5, 1.0)}, "of the time")
            self.move(*(FadeIn(part) for part in (*shares, *self.parts())), seconds=2 * TEXT)

    # -------------------------------------------------------------------------------------------------------------- what they share

    def overall(self, together: float) -> View:
        """All SMs and the whole time, so far pushed together."""
        whole = self.found.recorded
        return View(pipeline.strips(whole, pipeline.SHOTS["all"], together), (0, whole.span), (0, len(whole.sms)))

    def parts(self) -> list[Named]:
        """On each part of what was pushed together, whose it is and how much, where there is room on a plate of the ground."""
        rect, left, found = self.lanes.rect, 0.0, []
        for names, part in zip(PARTS, self.found.parts, strict=True):
            place = Rect(rect.x0 + left * rect.width, rect.y0, rect.x0 + (left + part) * rect.width, rect.y1)
            number = pipeline.percent(part)
            texts = number, first_that_fits(names, LABEL, place.width - 2 * GAP)
            sizes, faces = (NAME, LABEL), (Face.STRONG, Face.TEXT)
            wide = max(text_width(text, px, face) for text, px, face in zip(texts, sizes, faces, strict=True)) + 2 * GAP
            x, y, _ = place.center
            plate = centered(x, y, wide, em(2 * (NAME + LABEL)))
            for text, px, face, at in zip(texts, sizes, faces, rows(plate, len(texts)), strict=True):
                words = theme.on_baseline(
                    theme.line(text, px, self.skin.ink, face), px, at.center[0] - text_width(text, px, face) / 2, middle(at, px), text, face
                )
                found.append(Named(words, tag="note", text=text).set_z_index(1, family=True))
            found.append(Named(box(plate, stroke=self.skin.ground, fill=self.skin.ground, opacity=1.0), tag="plate"))
            left += part
        return found

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
        return [FadeOut(old, rate_func=early), FadeIn(self.words[part], rate_func=late)]

    def turned(self, name: str) -> Any:
        """The figure's digits turn to those of a beat."""
        return self.words["figure"][0].turn(pipeline.percent(self.found.shares[name]))

    def figure(self, number: str, about: str) -> VMobject:
        """A number and what it is of, beneath."""
        rect = self.place["figure"].above(em(TITLE_PX) * LINE_PITCH)
        value = Readout(number, FIGURE_PX, self.skin.ink, name="figure", face=Face.MONO_STRONG, anchor="right").at(rect)
        below, words = self.place["figure"], theme.line(about, TITLE_PX, self.skin.quiet)
        theme.on_baseline(words, TITLE_PX, below.x1 - words.width, below.y0 + 0.36 * em(TITLE_PX), about)
        self.words["figure"] = VGroup(value, Named(words, tag="note", text=about))
        return self.words["figure"]

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

    def times(self) -> list[Named]:
        """Round times under the lanes."""
        most = int(self.lanes.rect.width / TICK_PITCH)
        return self.ticks({f"{at / 1000:g} µs": at for at in pipeline.ticks(self.lanes.view.across, most)}, "GPU's clock")

    def ticks(self, marks: Mapping[str, float], name: str) -> list[Named]:
        """An axis under the lanes: marks at their times, and at its left what it is."""
        rect, row = self.lanes.rect, self.place["ticks"]
        line = Line((rect.x0, rect.y0, 0), (rect.x1, rect.y0, 0), stroke_color=self.skin.edge, stroke_width=theme.OUTLINE)
        whole = self.place["names"]
        self.axis = [Named(line, tag="axis"), *self.lines([name], Rect(whole.x0, row.y0, whole.x1, row.y1))]
        for text, at in marks.items():
            x = self.lanes.x(at)
            words = theme.line(text, TITLE_PX, self.skin.ink)
            theme.on_baseline(words, TITLE_PX, x - words.width / 2, row.center[1] - 0.36 * em(TITLE_PX), text)
            words.shift((max(0.0, rect.x0 - words.get_left()[0]) - max(0.0, words.get_right()[0] - rect.x1), 0, 0))
            mark = Line((x, rect.y0, 0), (x, rect.y0 - TICK, 0), stroke_color=self.skin.edge, stroke_width=theme.OUTLINE)
            self.axis.append(Named(Named(mark, tag="tick"), Named(words, tag="tick x", text=text), tag="time"))
        return self.axis

    def spelt(self, program: Program) -> list[Named]:
        """What the bars of a turn are: the first product is named from its begin, the second to its end, since copies lie between."""
        copies, (top, _) = pipeline.SHOTS["one"].lanes[0], pipeline.ALONE["tensor cores"]
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
            found.append(Named(words, tag="letter", text=text).set_z_index(1, family=True))  # over the bars that grow
        return found

    def passing(self, bar: Interval, lane: Interval, seconds: float) -> VMobject:
        """A stretch of waiting that grows as its time passes once more."""
        (start, stop), frames = bar, max(1, round(seconds * config.frame_rate))

        def grown(share: float) -> VMobject:
            return self.band((start, start + max(share, 1 / frames) * (stop - start)), lane)

        band = grown(0.0)
        self.add(band)
        self.move(Shows(band, lambda share: band.become(grown(share))), seconds=seconds)
        return band

    def waiting(self, bar: Interval, lane: Interval) -> list[Named]:
        """What the tensor cores do in it, in a word, where there is room."""
        rect = self.lanes.place(bar, lane)
        if text_width(WAITS, TITLE_PX) > rect.width:
            return []
        words = theme.line(WAITS, TITLE_PX, self.skin.ink)
        theme.on_baseline(words, TITLE_PX, rect.center[0] - text_width(WAITS, TITLE_PX) / 2, middle(rect, TITLE_PX), WAITS)
        return [Named(words, tag="letter", text=WAITS)]

    def moving(self, band: VMobject, bar: Interval, start: Interval, goal: Interval) -> Shows:
        """A stretch of time goes from a lane to another."""
        return Shows(band, lambda share: band.become(self.band(bar, _between(start, goal, share))), rate_func=ease_in_out_cubic)

    def band(self, bar: Interval, lane: Interval) -> VMobject:
        """A stretch of waiting on a lane, behind the bars."""
        drawn = box(self.lanes.place(bar, lane), stroke=self.skin.edge, fill=self.skin.edge, opacity=LIT)
        return Named(drawn, tag="band").set_z_index(-1, family=True)

    gutter: Sequence[Named] = ()
    letters: Sequence[Named] = ()


def _between(one: Interval, other: Interval, share: float) -> Interval:
    """A lane on its way to another."""
    top, bottom = ((1 - share) * a + share * b for a, b in zip(one, other, strict=True))
    return top, bottom
