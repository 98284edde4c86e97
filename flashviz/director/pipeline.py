"""Film of PipelineScene: the lanes of an SM, whose gaps a second program fills; one picture, looked at from further and further away."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from manim import Line, Mobject, VGroup, VMobject, config
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import theme
from flashviz.chapters import pipeline
from flashviz.chapters.lanes import BLEND, SCORES, SOFTMAX, K, V
from flashviz.chapters.pipeline import Interval
from flashviz.director.captions import curves, lines_of, width
from flashviz.director.chapters import ChapterScene
from flashviz.director.material import provenance
from flashviz.director.scene import beat
from flashviz.director.words import machine, middle
from flashviz.layout import GAP, Rect, centered, columns, rows
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
TEXT, SLIDE, ZOOM = 0.3, 1.8, 2.4  # seconds: a text comes, programs move, from two turns to all of one SM's
SLOW, FAST = 2.8, 1.6  # seconds of a turn: of the first one, and where it comes again
WAITS = "waits"
LETTERS = {  # what each box of a turn is, and shorter where there is no room
    K: ((K, ("copy K", "K")), (V, ("copy V", "V"))), SCORES: ((SCORES, ("QKᵀ",)),),
    SOFTMAX: ((SOFTMAX, ("softmax",)),), BLEND: ((BLEND, ("PV",)),),
}  # fmt: skip
TICK = 0.07
TICK_PITCH = 1.5  # least distance between two ticks
FRAME = 0.01  # of all the time, between what is framed and its frame
WORK = "of this time tensor cores multiply"
WHOLE = "start, change and end included"
HONEST = "Recording slows the kernel: percentages are of this recording."
CORES = "An SM is one of the GPU's {sms} processors; its tensor cores multiply matrices."
HALF = "Half as high: both programs multiply at once."
ROOM = "Registers, a thread's own memory, have room for {places} programs."
CHANGE = "Framed: both store O (pink), then the next two begin."
EMPTY = "Framed: {programs} programs, {slots} at a time: in the last round {empty} places stay empty."
ALL = "of all SMs' time tensor cores multiply"


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
            name: View(pipeline.strips(alone, pipeline.SHOTS[name]), found.window, (first, first + 1))
            for name in ("one", "beside", "two", "waits")
        }
        self.views["sm"] = replace(self.views["waits"], across=(0, found.recorded.span))
        self.axis: list[Named] = []
        self.words: dict[str, VMobject] = {}
        self.bands: list[VMobject] = []
        self.waits: list[Named] = []
        self.letters: list[Named] = []
        self.frames: list[Named] = []

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
        """Two turns of one program as time passes: the first slowly, each box named as it ends, then the second."""
        one, (start, stop) = self.found.followed[0], self.found.window
        config = self.found.recorded.trace.config
        self.lanes = LanesPicture(self.place["lanes"], replace(self.views["one"], now=start), self.skin)
        self.write("title", f"One program: one block of {config.block_m} queries")
        self.write("about", CORES.format(**self.found.said))
        self.write("note", f"{self.found.recorded.machine} {HONEST}")
        self.gutter = self.names(pipeline.ALONE)
        device = machine(self.found.recorded.machine, self.settings.aspect, self.skin)
        rect = self.lanes.rect
        head = Line((rect.x0, rect.y1, 0), (rect.x0, rect.y0, 0), stroke_color=self.skin.ink, stroke_width=theme.HEAVY)
        self.add(self.lanes, *self.words.values(), *self.gutter, *self.times(start), device, head)
        turn = pipeline.turn(one, start)
        length = turn[-1][1][1] - start
        with self.telling():
            for state, (begin, end) in turn:
                self.pass_time(head, begin, end, SLOW * (end - begin) / length)
                named = [self.letter(part, texts, (begin, end)) for part, texts in LETTERS[state]]
                self.move(*(FadeIn(letter) for letter in named), seconds=TEXT)
                self.letters += named
            self.pass_time(head, start + length, stop, FAST)
            self.remove(head)

    @beat("copy")
    def copy(self) -> None:
        """The same time once more: where it multiplies nothing, waiting grows in the tensor cores' lane; then how much is left."""
        start, stop = self.found.window
        lane = pipeline.ALONE["tensor cores"]
        with self.telling():
            for _, gap in self.found.gaps:
                self.bands.append(self.passing(gap, lane, 2 * FAST * (gap[1] - gap[0]) / (stop - start)))
                self.waits += self.waiting(gap, lane)
                self.add(*self.waits)
            self.move(*self.counted("copy", WORK), seconds=2 * TEXT)

    @beat("two")
    def two(self) -> None:
        """The second program comes from below, striped; then its products slide up from their lane into the first one's waiting."""
        lane, goal = pipeline.ALONE["tensor cores"], pipeline.SHARED
        leaving = (*self.letters, *self.gutter, *self.waits, self.words["title"], self.words["about"])
        self.move(*(FadeOut(part) for part in leaving), seconds=TEXT)
        self.write("title", "One SM, two programs")
        self.write("about", HALF)
        with self.telling():
            shift = [self.moving(band, gap, lane, goal) for band, (_, gap) in zip(self.bands, self.found.gaps, strict=True)]
            self.move(Look(self.lanes, self.views["beside"], rate_func=ease_in_out_cubic), *shift, seconds=SLIDE)
            self.gutter = self.names(pipeline.both_named())
            own = self.names(pipeline.second_named())
            self.move(*(FadeIn(part) for part in (*self.gutter, *own, self.words["title"])), seconds=TEXT)
            self.move(Look(self.lanes, self.views["two"], rate_func=ease_in_out_cubic), *(FadeOut(part) for part in own), seconds=SLIDE)
            self.move(Look(self.lanes, self.views["waits"]), *(FadeOut(band) for band in self.bands), seconds=TEXT)
            row = self.lanes.place(self.lanes.view.across, pipeline.LOWER["tensor cores"])
            self.legend = self.looks(columns(row, len(pipeline.LOOKS)))
            self.move(*(FadeIn(part) for part in (*self.legend, self.words["about"])), *self.counted("two", WORK), seconds=2 * TEXT)

    @beat("sm")
    def sm(self) -> None:
        """Further away: the whole time of the SM; then the change from its first two programs to the next ones is framed."""
        self.move(*(FadeOut(part) for part in self.axis), *self.rewrite("about", ROOM.format(**self.found.said)), seconds=2 * TEXT)
        with self.telling():
            self.move(Look(self.lanes, self.views["sm"], rate_func=ease_in_out_cubic), seconds=ZOOM)
            title = self.rewrite("title", f"One SM: {len(self.found.followed)} programs, {self.found.recorded.places} at a time")
            self.move(*(FadeIn(part) for part in self.times()), *title, *self.counted("sm", WHOLE), seconds=2 * TEXT)
            self.frames = [self.framed(pipeline.change(self.found.followed), pipeline.LINE)]
            away = (FadeOut(part, rate_func=early) for part in self.legend)
            self.move(FadeIn(self.frames[0], rate_func=late), *away, *self.rewrite("about", CHANGE), seconds=2 * TEXT)

    @beat("all")
    def all(self) -> None:
        """Of the SM only what its tensor cores do is left; further away it is one of all lines, and those with less work are framed."""
        whole = self.found.recorded
        first, sms = whole.rank[self.found.sm], len(whole.sms)
        self.lanes.display(replace(self.lanes.view, strips=pipeline.strips(whole, pipeline.SHOTS["waits"])))
        self.move(*(FadeOut(part) for part in self.gutter), seconds=TEXT)
        title = self.rewrite("title", f"{sms} SMs, {len(whole.programs)} programs")
        with self.telling():
            line = replace(self.overall(0.0), down=(first, first + 1))
            self.move(Look(self.lanes, line, rate_func=ease_in_out_cubic), seconds=SLIDE / 2)
            self.move(Look(self.lanes, self.overall(0.0), rate_func=ease_in_out_cubic), *title, seconds=SLIDE)
            upper, lower = rows(self.place["names"], 2)
            self.gutter = self.lines([f"{sms} SMs,", "each a line"], upper)
            self.legend = self.looks(rows(lower, len(pipeline.LOOKS)))
            self.move(*(FadeIn(part) for part in (*self.gutter, *self.legend)), *self.counted("all", ALL), seconds=2 * TEXT)
            fewer = self.framed((pipeline.change(self.found.followed)[1], whole.span), (0, whole.fewer))
            text = EMPTY.format(programs=len(whole.programs), slots=whole.places * sms, empty=whole.empty)
            self.move(FadeIn(fewer), FadeOut(self.frames.pop()), *self.rewrite("about", text), seconds=2 * TEXT)
            self.frames.append(fewer)

    @beat("pushed")
    def pushed(self) -> None:
        """What is work is pushed to the left, what is waiting to the right; then how much each of them is of the time."""
        whole, (first, second, _) = self.found.recorded, self.found.parts
        self.move(*(FadeOut(part) for part in (*self.axis, *self.frames, self.words.pop("about"))), seconds=TEXT)
        with self.telling():
            push = Shows(self.lanes, lambda share: self.lanes.display(self.overall(share)), rate_func=ease_in_out_cubic)
            self.move(push, seconds=SLIDE)
            marks = {pipeline.percent(part): part * whole.span for part in (0.0, first, first + second, 1.0)}
            self.move(*(FadeIn(part) for part in self.ticks(marks, "of the time")), seconds=2 * TEXT)

    # -------------------------------------------------------------------------------------------------------------- what they share

    def overall(self, together: float) -> View:
        """All SMs and the whole time, so far pushed together."""
        whole = self.found.recorded
        return View(pipeline.strips(whole, pipeline.SHOTS["all"], together), (0, whole.span), (0, len(whole.sms)))

    def framed(self, across: Interval, down: Interval) -> Named:
        """A frame about a time, ns, and lines, counted from the top."""
        margin = FRAME * self.found.recorded.span
        start, stop = max(across[0] - margin, self.lanes.view.across[0]), min(across[1] + margin, self.lanes.view.across[1])
        return Named(box(self.lanes.place((start, stop), down), stroke=self.skin.ink, width=theme.HEAVY), tag="frame")

    def looks(self, places: Sequence[Rect]) -> list[Mobject]:
        """What each look of the picture stands for: a piece of it and a word, in these places."""
        found: list[Mobject] = []
        for (text, look), place in zip(pipeline.LOOKS.items(), places, strict=True):
            row = centered(*place.center[:2], place.width, em(TITLE_PX))
            square = Rect(row.x0, row.y0, row.x0 + row.height, row.y1)
            found.append(LanesPicture(square, View(pipeline.swatch(look), (0, 1), (0, 1)), self.skin, "swatch"))
            found += self.lines([text], Rect(square.x1 + GAP, row.y0, row.x1, row.y1))
        return found

    def pass_time(self, head: Line, start: float, stop: float, seconds: float) -> None:
        """Bars grow behind a line that moves with time."""
        self.move(Elapse(self.lanes, head, start, stop), seconds=seconds)

    def write(self, part: str, text: str) -> None:
        """Words of a part of the stage, wrapped to its width."""
        face = Face.STRONG if part == "title" else Face.TEXT
        color = self.skin.quiet if part == "note" else self.skin.ink
        rect = self.place[part]
        lines = theme.lines(wrap(text, rect.width, TITLE_PX, face), TITLE_PX, color, face)
        lines.shift((rect.x0, rect.y1 - ink_box("Hg", TITLE_PX, face)[0], 0))
        self.words[part] = Named(*lines, tag="note", text=text)

    def rewrite(self, part: str, text: str) -> list[Any]:
        """New words in the place of old ones."""
        old = self.words[part]
        self.write(part, text)
        return [FadeOut(old, rate_func=early), FadeIn(self.words[part], rate_func=late)]

    def counted(self, name: str, about: str) -> list[Any]:
        """The figure of a beat and what it is of, beneath, in the place of the old one."""
        rect = self.place["figure"].above(em(TITLE_PX) * LINE_PITCH)
        number, below = pipeline.percent(self.found.shares[name]), self.place["figure"]
        value = Readout(number, FIGURE_PX, self.skin.ink, name="figure", face=Face.MONO_STRONG, anchor="right").at(rect)
        words = theme.line(about, TITLE_PX, self.skin.ink)
        theme.on_baseline(words, TITLE_PX, below.x1 - words.width, below.y0 + 0.36 * em(TITLE_PX), about)
        old = self.words.get("figure")
        self.words["figure"] = VGroup(value, Named(words, tag="note", text=about))
        return [*([FadeOut(old, rate_func=early)] if old is not None else []), FadeIn(self.words["figure"], rate_func=late)]

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

    def times(self, origin: float = 0.0) -> list[Named]:
        """Round times under the lanes, counted from ``origin``, ns."""
        most, (start, stop) = int(self.lanes.rect.width / TICK_PITCH), self.lanes.view.across
        self.origin = origin
        return self.ticks({f"{at / 1000:g} µs": origin + at for at in pipeline.ticks((start - origin, stop - origin), most)}, "time")

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

    def letter(self, state: str, texts: Sequence[str], bar: Interval) -> Named:
        """What a bar of the turn is, in it, or above it where it is too short."""
        rect, color = self.lanes.place(bar, pipeline.SHOTS["one"].lanes[0][state]), self.skin.ground
        wide = {text: theme.line(text, TITLE_PX, color, Face.STRONG).width for text in texts}
        text = next((text for text in texts if wide[text] <= rect.width), texts[-1])
        if wide[text] > rect.width:
            rect, color = Rect(rect.x0, rect.y1, rect.x1, rect.y1 + GAP + em(TITLE_PX)), self.skin.ink
        words, left = theme.line(text, TITLE_PX, color, Face.STRONG), rect.center[0] - wide[text] / 2
        theme.on_baseline(words, TITLE_PX, left, middle(rect, TITLE_PX), text, Face.STRONG)
        return Named(words, tag="letter", text=text).set_z_index(1, family=True)  # over the bars that grow

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
        if text_width(WAITS, TITLE_PX) > rect.width - GAP:
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
    legend: Sequence[Mobject] = ()


def _between(one: Interval, other: Interval, share: float) -> Interval:
    """A lane on its way to another."""
    top, bottom = ((1 - share) * a + share * b for a, b in zip(one, other, strict=True))
    return top, bottom
