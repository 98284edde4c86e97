"""Film of PipelineScene: the lanes of an SM, whose gaps a second program fills; one picture, looked at from further and further away."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from manim import Group, Line, Mobject, VMobject, config
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import theme
from flashviz.chapters import pipeline
from flashviz.chapters.lanes import BLEND, SCORES, SOFTMAX, K, V
from flashviz.chapters.pipeline import Interval
from flashviz.director.captions import curves, lines_of, width
from flashviz.director.chapters import ChapterScene
from flashviz.director.material import provenance
from flashviz.director.scene import beat
from flashviz.director.words import first_that_fits, machine, middle
from flashviz.layout import GAP, Rect, centered, rows
from flashviz.lettering import CAPTION_PX, LINE_PITCH, TITLE_PX, Face, em, ink_box, text_width, wrap
from flashviz.mobjects.lanes import SECOND, Elapse, LanesPicture, Look, View
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, early, late
from flashviz.mobjects.named import Named
from flashviz.mobjects.tiles import Rectangles, box, edges, outlines
from flashviz.palette import LIT, RESTING
from flashviz.storyboard import Beat
from flashviz.trace import Trace

FIGURE_PX = 60
TEXT, SLIDE, ZOOM = 0.3, 1.8, 2.4  # seconds: a text comes, programs move, from two turns to all of one SM's
SLOW, FAST = 2.8, 1.6  # seconds of a turn: of the first one, and where it comes again
WAITS = "waits"
LETTERS = {  # what each box of a turn is, and shorter where there is no room
    K: ((K, ("copy K", "K")), (V, ("copy V", "V"))), SCORES: ((SCORES, ("QKᵀ",)),),
    SOFTMAX: ((SOFTMAX, ("softmax",)),), BLEND: ((BLEND, ("PV",)),),
}  # fmt: skip
TICK = 0.07
TICK_PITCH = 1.5  # least distance between two ticks
GPU = "One {model}: {sms} SMs, each with its own tensor cores"
ONE = "One SM runs one program: {rows} queries, against all keys"
TWO = "The same SM runs a second program: {rows} other queries"
ORDER = ("issued here by", "the compiler")  # tests/test_pipeline.py finds it in the machine code
TOGETHER = "both at once: counted once"
PAIRS = ("first two programs", "next two programs")
SEAM = "next two programs start"
HONEST = "Recording slows the kernel: shares are this recording's."
BUSY = "{both} busy"
PLUS = ("", "+ ")
IDLE = ("{idle} waiting", "{idle}")


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
            for name in ("one", "beside", "two", "once")
        }
        self.views["sm"] = replace(self.views["once"], across=(0, found.recorded.span))
        self.axis: list[Named] = []
        self.words: dict[str, VMobject] = {}
        self.bands: list[VMobject] = []
        self.waits: list[Named] = []
        self.letters: list[Named] = []
        self.handed: list[Named] = []

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
        """One of all SMs has the frame, and a block of queries comes to it; then two turns as time passes, the first slowly, box by box."""
        one, (start, stop) = self.found.followed[0], self.found.window
        said = {"rows": f"{self.found.recorded.trace.config.block_m}", **self.found.said}
        self.lanes = LanesPicture(self.place["lanes"], replace(self.views["one"], now=start), self.skin)
        self.enter(said)
        rect = self.lanes.rect
        head = Line((rect.x0, rect.y1, 0), (rect.x0, rect.y0, 0), stroke_color=self.skin.ink, stroke_width=theme.HEAVY)
        self.add(self.lanes, head)
        turn = pipeline.turn(one, start)
        length = turn[-1][1][1] - start
        following = [state for state, _ in turn[1:]] + [turn[0][0]]
        with self.telling():
            self.move(FadeIn(self.tiled(0)), seconds=TEXT)
            for (state, (begin, end)), after in zip(turn, following, strict=True):
                self.pass_time(head, begin, end, SLOW * (end - begin) / length)
                named = [self.letter(part, texts, (begin, end)) for part, texts in LETTERS[state]]
                self.move(*(FadeIn(letter) for letter in named), self.hand_over(end, state, after), seconds=2 * TEXT)
                self.letters += named
            again = pipeline.turn(one, start + length)
            self.add(self.tiled(1))
            self.pass_time(head, *again[0][1], FAST * (again[0][1][1] - again[0][1][0]) / (stop - start - length))
            self.add(*self.ordered(again[0][1][1]))
            self.pass_time(head, again[0][1][1], stop, FAST)
            self.remove(head)
            named = [self.letter(part, texts, bar) for state, bar in again for part, texts in LETTERS[state]]
            self.letters += named
            self.move(*(FadeIn(letter) for letter in named), seconds=TEXT)

    @beat("copy")
    def copy(self) -> None:
        """The same time once more: where it multiplies nothing, waiting grows in the tensor cores' lane."""
        start, stop = self.found.window
        lane = pipeline.ALONE["tensor cores"]
        with self.telling():
            for _, gap in self.found.gaps:
                self.bands.append(self.passing(gap, lane, 2 * FAST * (gap[1] - gap[0]) / (stop - start)))
                self.waits += self.waiting(gap, lane)
                self.add(*self.waits)

    @beat("two")
    def two(self) -> None:
        """The second program comes from below; its products slide up into the first one's waiting; where both multiply, one is counted."""
        lane, goal = pipeline.ALONE["tensor cores"], pipeline.SHARED
        self.remove(self.cores)  # waiting and products cover it
        self.move(*(FadeOut(part) for part in (*self.letters, *self.waits, *self.handed)), seconds=TEXT)
        with self.telling():
            shift = [self.moving(band, gap, lane, goal) for band, (_, gap) in zip(self.bands, self.found.gaps, strict=True)]
            old = [self.program, *self.gutter]
            own = self.names(pipeline.products_named(1), self.hue)
            self.gutter = [*self.names({"tensor cores": goal} | pipeline.named(0)), *self.names(pipeline.named(1), self.hue)]
            self.move(
                Look(self.lanes, self.views["beside"], rate_func=ease_in_out_cubic),
                *shift,
                *(FadeOut(part, rate_func=early) for part in old),
                *(FadeIn(part, rate_func=late) for part in (*self.gutter, *own)),
                *self.rewrite("title", TWO.format(rows=self.found.recorded.trace.config.block_m)),
                seconds=SLIDE,
            )
            self.move(Look(self.lanes, self.views["two"], rate_func=ease_in_out_cubic), *(FadeOut(part) for part in own), seconds=SLIDE)
            self.meetings = self.met()
            self.move(*(FadeIn(part) for part in self.meetings), seconds=TEXT)
            self.hold(2 * TEXT)
            self.waits = self.waiting(self.found.longest_wait, goal)
            self.move(Look(self.lanes, self.views["once"]), *(FadeOut(band) for band in self.bands), seconds=2 * TEXT)
            self.move(*(FadeIn(part) for part in self.waits), seconds=TEXT)

    @beat("sm")
    def sm(self) -> None:
        """Further away: the whole time of the SM; of it only what its tensor cores do is left, and has the frame."""
        followed = self.found.followed
        self.move(*(FadeOut(part) for part in (*self.axis, *self.meetings, *self.waits, self.room)), seconds=TEXT)
        title = self.rewrite("title", f"One SM: {len(followed)} programs, {self.found.recorded.places} at a time")
        with self.telling():
            self.move(Look(self.lanes, self.views["sm"], rate_func=ease_in_out_cubic), *title, seconds=ZOOM)
            pairs = self.pairs()
            self.move(*(FadeIn(part) for part in (*self.times(), *pairs)), *(FadeOut(part) for part in self.gutter), seconds=TEXT)
            whole, view = self.found.recorded, self.lanes.view
            self.lanes.display(replace(view, strips=pipeline.strips(whole, pipeline.SHOTS["once"])))
            only = replace(view, strips=pipeline.strips(whole, pipeline.SHOTS["cores"]))
            self.move(Look(self.lanes, only), *(FadeOut(part, rate_func=late) for part in pairs), seconds=3 * TEXT)
            self.move(Look(self.lanes, self.line(), rate_func=ease_in_out_cubic), seconds=SLIDE / 2)
            upper, lower = rows(self.place["names"], 2)
            self.gutter, self.legend = self.lines(["its tensor", "cores"], upper), self.looks(rows(lower, len(pipeline.LOOKS)))
            self.move(*(FadeIn(part) for part in (*self.gutter, *self.legend)), seconds=TEXT)

    @beat("together")
    def together(self) -> None:
        """Further away the SM is one of all lines; of each, what is work is pushed to the left, what is waiting to the right."""
        whole = self.found.recorded
        title = self.rewrite("title", f"{len(whole.sms)} SMs, {len(whole.programs)} programs")
        self.move(*(FadeOut(part) for part in (*self.axis, *self.gutter)), seconds=TEXT)
        with self.telling():
            self.move(Look(self.lanes, self.overall(0.0), rate_func=ease_in_out_cubic), *title, seconds=SLIDE)
            self.gutter = self.lines([f"{len(whole.sms)} SMs,", "each a line"], rows(self.place["names"], 4)[1])
            pointed = [*self.seam(), *self.short()]
            self.move(*(FadeIn(part) for part in (*self.gutter, *pointed)), seconds=TEXT)
            self.hold(SLIDE)
            self.move(*(FadeOut(part) for part in pointed), seconds=TEXT)
            push = Shows(self.lanes, lambda share: self.lanes.display(self.overall(share)), rate_func=ease_in_out_cubic)
            self.move(push, seconds=ZOOM)

    @beat("all")
    def all(self) -> None:
        """The lines level out at their average: how much first programs multiply, second ones add, and nobody multiplies."""
        found, span = self.found, self.found.recorded.span
        parts = found.recorded.parts
        ends = [0.0, *accumulate(parts)]
        level = Shows(self.lanes, lambda share: self.lanes.display(self.overall(1.0, share)), rate_func=ease_in_out_cubic)
        title = self.rewrite("title", f"{len(found.recorded.sms)} SMs on average")
        with self.telling():
            self.move(level, *title, *(FadeOut(part) for part in self.gutter), seconds=SLIDE / 2)
            self.write("honest", HONEST)
            marks = {pipeline.percent(ends[0]): ends[0], BUSY.format(**found.said): ends[-2], pipeline.percent(ends[-1]): ends[-1]}
            axis = self.ticks({text: share * span for text, share in marks.items()}, "of the time")
            self.move(*(FadeIn(part) for part in (*axis, self.words["honest"])), seconds=TEXT)
            adding = [(start + pipeline.percent(part),) for start, part in zip(PLUS, parts[:-1], strict=True)]
            texts = [*adding, tuple(text.format(**found.said) for text in IDLE)]
            colors = [self.skin.ground] * len(parts[:-1]) + [self.skin.ink]
            for words, color, (start, stop) in zip(texts, colors, pairwise(ends), strict=True):
                area = self.lanes.place((start * span, stop * span), (0.0, float(len(found.recorded.sms))))
                self.move(FadeIn(self.amid(words, color, area)), seconds=2 * TEXT)

    # -------------------------------------------------------------------------------------------------------------- what they share

    def enter(self, said: Mapping[str, str]) -> None:
        """All SMs, of which one grows until its tensor cores are a lane; then a block of queries comes into it: a program."""
        names, lanes, sms = self.place["names"], self.lanes.rect, sorted(self.found.recorded.sms)
        whole = Rect(names.x0 - GAP, lanes.y0, lanes.x1 + GAP, lanes.y1 + GAP)
        lane = self.lanes.place(self.lanes.view.across, pipeline.ALONE["tensor cores"])
        others = pipeline.grid(whole, len(sms))
        own = others.pop(sms.index(self.found.sm))
        rest = [
            outlines(self.skin.edge, "sms").display(edges(others)),
            Rectangles(self.skin.edge, name="sms").display(edges([pipeline.within(lane, whole, cell) for cell in others])),
        ]
        self.room, self.cores = outlines(self.skin.edge, "sm"), Rectangles(self.skin.edge, name="cores")

        def grown(share: float) -> None:
            cell = own.toward(whole, share)
            self.room.display(edges([cell]))
            self.cores.display(edges([pipeline.within(lane, whole, cell)])).set_fill(opacity=1 + (RESTING - 1) * share)

        grown(0.0)
        device = machine(self.found.recorded.machine, self.settings.aspect, self.skin)
        self.write("title", GPU.format(model=device.text, **said))
        self.write("note", self.found.recorded.machine)
        self.add(*rest, self.cores, self.room, *self.words.values(), device)
        self.hold(SLIDE / 2)
        self.gutter = self.names(pipeline.ALONE)
        self.move(
            Shows(Group(self.room, self.cores), grown, rate_func=ease_in_out_cubic),
            *(FadeOut(part, rate_func=early) for part in rest),
            *(FadeIn(part, rate_func=late) for part in self.gutter),
            *self.rewrite("title", ONE.format(**said)),
            seconds=SLIDE / 2,
        )
        self.program, start = self.card(f"{said['rows']} queries"), self.found.window[0]
        way = self.program.get_right()[0] - self.frame.x0
        come = Shows(self.program, placing(self.program, -way), rate_func=ease_in_out_cubic, introducer=True)
        self.move(come, *(FadeIn(part) for part in self.times(start)), seconds=SLIDE / 2)

    def card(self, text: str) -> Named:
        """A program: the block of queries that it works on, above its lanes' names."""
        row, names = self.lanes.place(self.lanes.view.across, pipeline.TILES), self.place["names"]
        rect = Rect(names.x0, row.y0, names.x0 + text_width(text, TITLE_PX) + 2 * GAP, row.y1)
        frame = box(rect, stroke=self.skin.scores, fill=self.skin.ground, opacity=1.0)
        return Named(frame, *self.lines([text], rect.beyond(GAP)), tag="program")

    def tiled(self, turn: int) -> Named:
        """Which keys a turn works on, above it: a line as long, and their numbers."""
        text, (start, stop) = self.found.tiles[turn]
        rect = self.lanes.place((start, stop), pipeline.TILES)
        line = Line((rect.x0, rect.y0, 0), (rect.x1 - GAP / 2, rect.y0, 0), stroke_color=self.skin.k, stroke_width=theme.HEAVY)
        self.letters.append(Named(line, *self.lines([text], rect), tag="turn"))
        return self.letters[-1]

    def ordered(self, time: float) -> list[Named]:
        """Why copies begin where they do, behind those of the second turn, which end at ``time``."""
        row = self.lanes.place((time, self.found.window[1]), pipeline.ALONE["copies"])
        self.letters += (made := self.lines(ORDER, row.beyond(GAP)))
        return made

    def met(self) -> list[Named]:
        """Where both programs multiply at once, beneath the tensor cores' lane: a line each, and at the first one what becomes of it."""
        row, made = self.lanes.rect, []
        for start, stop in self.found.meeting.tolist():
            under = self.lanes.place((start, stop), pipeline.BETWEEN)
            y = self.lanes.place((start, stop), pipeline.SHARED).y0 - GAP / 2
            line = Line((under.x0, y, 0), (under.x1, y, 0), stroke_color=self.skin.ink, stroke_width=2 * theme.HEAVY)
            made.append(Named(line, tag="meeting"))
        wide, center = text_width(TOGETHER, TITLE_PX), self.lanes.x(float(self.found.meeting[0].mean()))
        left = min(max(center - wide / 2, row.x0), row.x1 - wide)
        between = self.lanes.place(self.found.window, pipeline.BETWEEN)
        return [*made, *self.lines([TOGETHER], Rect(left, between.y0, left + wide, between.y1))]

    def pairs(self) -> list[Named]:
        """Beneath the tensor cores' lane: which of the SM's programs were there when."""
        begins = [p.start for p in self.found.followed[:: self.found.recorded.places]]
        made = []
        for text, (start, stop) in zip(PAIRS, pairwise([*begins, max(p.stop for p in self.found.followed)]), strict=True):
            rect = self.lanes.place((start, stop), pipeline.BETWEEN)
            line = Line((rect.x0, rect.y1, 0), (rect.x1 - GAP, rect.y1, 0), stroke_color=self.skin.ink, stroke_width=theme.HEAVY)
            made.append(Named(line, *self.lines([text], rect), tag="pair"))
        return made

    def seam(self) -> list[Named]:
        """From beneath, where one pair of programs follows another: an arrow and a word."""
        x, row, foot = self.lanes.x(self.found.next_pair), self.place["ticks"], self.lanes.rect.y0
        tip, wide = foot + 6 * TICK, text_width(SEAM, TITLE_PX)
        wings = [(x - 2 * TICK, tip - 2 * TICK, 0), (x, tip, 0), (x + 2 * TICK, tip - 2 * TICK, 0)]
        arrow = VMobject(stroke_color=self.skin.ink, stroke_width=theme.HEAVY)
        arrow.set_points_as_corners([(x, row.y1, 0), (x, tip, 0), *wings])
        return [Named(arrow, tag="seam"), *self.lines([SEAM], Rect(x - wide / 2, row.y0, x + wide / 2, row.y1))]

    def short(self) -> list[Named]:
        """Left of the lines of SMs that ran fewer programs: a bracket, and how many."""
        text, count = self.found.fewer
        rect, names = self.lanes.rect, self.place["names"]
        low, x = self.lanes.y(count), rect.x0 - GAP / 2
        bracket = Line((x, rect.y1, 0), (x, low, 0), stroke_color=self.skin.ink, stroke_width=2 * theme.HEAVY)
        whole = Rect(names.x0, rect.y1 - 2 * LINE_PITCH * em(TITLE_PX), names.x1, rect.y1)
        return [Named(bracket, tag="fewer"), *self.lines([text, "programs"], whole)]

    def amid(self, texts: Sequence[str], color: str, area: Rect) -> Named:
        """The first of these that fits, large in the middle of an area; the last smaller, where none does."""
        text = first_that_fits(texts, FIGURE_PX, area.width - 2 * GAP, Face.STRONG)
        px = FIGURE_PX * min(1.0, (area.width - GAP) / text_width(text, FIGURE_PX, Face.STRONG))
        words = theme.line(text, px, color, Face.STRONG)
        theme.on_baseline(words, px, area.center[0] - text_width(text, px, Face.STRONG) / 2, middle(area, px), text, Face.STRONG)
        return Named(words, tag="share", text=text)

    def hand_over(self, time: float, state: str, after: str) -> FadeIn:
        """What a step of the first turn made goes to the next one: an arrow from its lane to the other's nearer edge."""
        lanes = pipeline.SHOTS["one"].lanes[0]
        own, other = (self.lanes.place((time, time), lanes[_last(each)]) for each in (state, after))
        start, stop, back = (own.y0, other.y1, TICK) if own.y0 > other.y0 else (own.y1, other.y0, -TICK)
        x, wings = own.x0, stop + 2 * back
        points = [(x, start, 0), (x, stop, 0), (x - TICK, wings, 0), (x, stop, 0), (x + TICK, wings, 0)]
        arrow = VMobject(stroke_color=self.skin.ink, stroke_width=theme.HEAVY).set_points_as_corners(points)
        self.handed.append(Named(arrow, tag="handed"))
        return FadeIn(self.handed[-1])

    def overall(self, together: float, level: float = 0.0) -> View:
        """All SMs and the whole time, so far pushed together, and so far levelled."""
        whole = self.found.recorded
        return View(pipeline.strips(whole, pipeline.SHOTS["all"], together, level), (0, whole.span), (0, len(whole.sms)))

    def line(self) -> View:
        """The followed SM alone."""
        whole, sm = self.found.recorded, self.found.sm
        return replace(self.overall(0.0), down=(whole.rank[sm], whole.rank[sm] + 1))

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
        """Words of a part of the stage, wrapped to its width; what is honest stands beneath the note."""
        face = Face.STRONG if part == "title" else Face.TEXT
        color = self.skin.quiet if part == "note" else self.skin.ink
        rect = self.place["note" if part == "honest" else part]
        top = rect.y1 - (len(self.words["note"]) * LINE_PITCH * em(TITLE_PX) if part == "honest" else 0.0)
        lines = theme.lines(wrap(text, rect.width, TITLE_PX, face), TITLE_PX, color, face)
        lines.shift((rect.x0, top - ink_box("Hg", TITLE_PX, face)[0], 0))
        self.words[part] = Named(*lines, tag="note", text=text)

    def rewrite(self, part: str, text: str) -> list[Any]:
        """New words in the place of old ones."""
        old = self.words[part]
        self.write(part, text)
        return [FadeOut(old, rate_func=early), FadeIn(self.words[part], rate_func=late)]

    def names(self, lanes: Mapping[str, Interval], color: str = "") -> list[Named]:
        """Lanes' names, left of them, in ink or in a program's colour."""
        whole, made = self.place["names"], []
        for name, lane in lanes.items():
            row = self.lanes.place(self.lanes.view.across, lane)
            made += self.lines([name], Rect(whole.x0, row.y0, whole.x1, row.y1), color)
        return made

    def lines(self, texts: Sequence[str], rect: Rect, color: str = "") -> list[Named]:
        """Lines in the middle of a rectangle's height, at its left."""
        found = []
        for index, text in enumerate(texts):
            baseline = rect.center[1] + ((len(texts) - 1) / 2 - index) * LINE_PITCH * em(TITLE_PX) - 0.36 * em(TITLE_PX)
            drawn = theme.on_baseline(theme.line(text, TITLE_PX, color or self.skin.ink), TITLE_PX, rect.x0, baseline, text)
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
            x, words = self.lanes.x(at), theme.line(text, TITLE_PX, self.skin.ink)
            theme.on_baseline(words, TITLE_PX, x - words.width / 2, middle(row, TITLE_PX), text)
            words.shift((max(0.0, rect.x0 - words.get_left()[0]) - max(0.0, words.get_right()[0] - rect.x1), 0, 0))
            mark = Line((x, rect.y0, 0), (x, rect.y0 - TICK, 0), stroke_color=self.skin.edge, stroke_width=theme.OUTLINE)
            self.axis.append(Named(Named(mark, tag="tick"), Named(words, tag="tick x", text=text), tag="time"))
        return self.axis

    def letter(self, state: str, texts: Sequence[str], bar: Interval) -> Named:
        """What a bar of the turn is, in it, or beneath it where it is too short."""
        rect, color = self.lanes.place(bar, pipeline.SHOTS["one"].lanes[0][state]), self.skin.ground
        wide = {text: theme.line(text, TITLE_PX, color, Face.STRONG).width for text in texts}
        text = next((text for text in texts if wide[text] <= rect.width), texts[-1])
        if wide[text] > rect.width:
            rect, color = Rect(rect.x0, rect.y0 - GAP - em(TITLE_PX), rect.x1, rect.y0), self.skin.ink
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

    @property
    def hue(self) -> str:
        """Of the second program."""
        return self.skin.hue(SECOND)

    gutter: Sequence[Named] = ()
    legend: Sequence[Mobject] = ()


def placing(part: VMobject, way: float) -> Callable[[float], None]:
    """A part comes level to its place from so far away."""
    family = [(leaf, leaf.points.copy()) for leaf in part.family_members_with_points()]

    def place(share: float) -> None:
        for leaf, points in family:
            leaf.points = points + np.array([(1 - share) * way, 0.0, 0.0])

    return place


def _last(state: str) -> str:
    """The lane at the lower edge of what is done in a step: copies of K and V end together."""
    return V if state == K else state


def _between(one: Interval, other: Interval, share: float) -> Interval:
    """A lane on its way to another."""
    top, bottom = ((1 - share) * a + share * b for a, b in zip(one, other, strict=True))
    return top, bottom
