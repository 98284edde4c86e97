"""Film of PipelineScene: one program's time, whose waiting a second one fills; then all of an SM's time, sorted, and all SMs'."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import accumulate, groupby, pairwise
from typing import Any

import numpy as np
from manim import Group, Line, ManimColor, VMobject, interpolate_color
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import theme
from flashviz.chapters import pipeline
from flashviz.chapters.lanes import BLEND, PLACES, PRODUCTS, SCORES, SOFTMAX, K, V, zoomed
from flashviz.chapters.pipeline import Interval, Rows
from flashviz.citations import FLASH_ATTENTION_2, PING_PONG
from flashviz.director.captions import curves, lines_of, width
from flashviz.director.chapters import ChapterScene
from flashviz.director.material import provenance
from flashviz.director.scene import beat
from flashviz.director.words import CORNER, LABEL, NUMBER, ONE_NUMBER, Counter, first_that_fits, machine, middle
from flashviz.layout import GAP, Rect
from flashviz.lettering import CAPTION_PX, LINE_PITCH, TITLE_PX, Face, em, ink_box, text_width, wrap
from flashviz.mobjects.cast import set_ends
from flashviz.mobjects.lanes import TENSOR, Elapse, LanesPicture, Look, View
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, early, late
from flashviz.mobjects.named import Named
from flashviz.mobjects.tiles import box
from flashviz.outlines import outline
from flashviz.palette import LIT, RESTING
from flashviz.storyboard import Beat
from flashviz.trace import Trace

TEXT, DROP, SLIDE, ZOOM = 0.3, 1.4, 1.4, 2.6  # seconds: a text comes, a product reaches its row, programs move, from a turn to all time
CALM, TURN, SORT, STACK = 1.8, 5.0, 3.6, 2.6  # seconds: first, for a turn, until an SM's time is sorted, until all are seen
RISE, SLOT = 1.0, 1.0  # seconds: until there is room for the plan, and for the products of a slot of it
SLOWER = "softmax\non other, slower units"  # Dao 2023, section 3.1: 312 TFLOP/s of products, 19.5 of other fp32
LETTERS = {
    K: ("copy K from HBM", "copy K", "K"),
    V: ("copy V from HBM", "copy V", "V"),
    SCORES: ("QKᵀ",),
    SOFTMAX: (SLOWER, "softmax"),
    BLEND: ("PV",),
}  # or shorter
UP, DOWN = 0.24, -0.5  # of a number's size: its middle, and that of the word's first line, over the middle of an area
TICK = 0.07
TICK_PITCH = 1.5  # least distance between two ticks
KERNEL = "{kernel} in Triton, on one of the {sms} SMs of an {model}: turn {turn} of {turns}"
TWO = "The same SM also runs a second program, for other queries"
WHOLE = "This SM from start to end"
ALL = "All {sms} SMs, one line each"
AVERAGE = "{kernel} in Triton, recorded: all {sms} SMs on average"
PLAN = "{planner}, a schematic, not to scale; it raised {gain} ({citation})"
FEWER = ("{few} SMs got fewer of the {programs} programs", "{few} SMs got fewer programs")
SEEN = "the turn we saw"
PROGRAM = "program {place}"
HALVES = (("one half", "of a program"), ("the other", "half"))
CORES = ("tensor cores",)
WAITING = "waiting"
HERE = "waiting in this turn"
SHARE = "of the time"
ONWARD = "time →"


class PipelineFilm(ChapterScene):
    """Beats of PipelineScene.

    ``pinned`` are things that stand on the rows of the picture, each with what places it on them anew.
    """

    script = pipeline.BEATS

    def open(self, clocked: Callable[[], Trace]) -> None:
        """Read the recording: ``flashviz_kernels.bench.measured.clocked``."""
        trace = clocked()
        self.found = found = pipeline.gather(trace)
        self.provenance = [provenance(trace)]
        self.set_board(pipeline.BEATS, found.said)
        self.place = pipeline.stage(self.settings.aspect)
        self.rows = pipeline.ROWS["one"]
        self.axis: list[Named] = []
        self.words: dict[str, VMobject] = {}
        self.pinned: dict[VMobject, Callable[[Rows], Any]] = {}
        start, _ = found.window
        self.number, self.waited, self.area = Counter(self.skin.ink, "share").set_z_index(1), 0.0, (start, start)

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
        """A program's turn, pale and named at once, lights up as time passes; tensor cores wait for its copies, then have a product."""
        start, steps = self.found.window[0], self.found.steps(0)
        self.lanes = LanesPicture(self.place["lanes"], replace(self.closely(), now=start), self.skin)
        rect, names = self.lanes.rect, self.place["names"]
        room = box(Rect(names.x0 - GAP, rect.y0, rect.x1 + GAP, rect.y1 + GAP), stroke=self.skin.edge)
        pale = Named(*(bar for step in steps for bar in self.bars(0, step, RESTING)), tag="program")
        lane = self.pin(lambda rows: Named(self.bar(self.skin.edge, self.found.window, rows.cores, RESTING), tag="cores"))
        program = self.named((PROGRAM.format(place=1), f"{self.found.recorded.trace.config.block_m} queries"), lambda rows: rows.first)
        self.cores = self.named(CORES, lambda rows: rows.cores)
        self.letter_of = {step: self.letters(0, step) for step in steps}
        device = machine(self.found.recorded.machine, self.settings.aspect, self.skin)
        self.title(KERNEL, model=device.text, turn=self.found.turn, turns=self.found.turns)
        self.write("note", self.found.recorded.machine)
        self.room = [room, *self.times(start)]
        self.add(*self.room, pale, lane, self.lanes, program, self.cores, *self.words.values(), device)
        self.add(*(letter.set_color(self.skin.ink) for letters in self.letter_of.values() for letter in letters))
        self.hold(CALM)
        self.pale, self.clock = pale, self.head()
        with self.telling():
            self.add(self.clock)
            self.elapse(*steps[: len(steps) // 2])

    @beat("copy")
    def copy(self) -> None:
        """Its softmax, in which tensor cores wait too, and its other product; then for how much of the turn they waited."""
        steps, waits = self.found.steps(0), self.found.waits()
        with self.telling():
            self.elapse(*steps[len(steps) // 2 :])
            self.remove(self.pale)
            self.count(sum(map(length, waits)), max(waits, key=length))
            self.pinned[self.number] = lambda rows: self.count(self.waited, self.area, rows)
            self.move(FadeOut(self.clock), FadeIn(self.number), seconds=2 * TEXT)

    @beat("two")
    def two(self) -> None:
        """A second program comes from below, its steps in the same colours; its products go up into the first one's waiting."""
        left = max(self.found.waits(PLACES), key=length)
        with self.telling():
            coming = [*self.settle("two"), *self.retitle(TWO), FadeOut(self.words["note"])]
            program = self.named((PROGRAM.format(place=2), "out of step"), lambda rows: rows.second)
            letters = [letter for step in self.found.steps(1) for letter in self.letters(1, step)]
            self.move(*coming, *(FadeIn(part, rate_func=last) for part in (program, *letters)), seconds=SLIDE)
            self.hold(2 * TEXT)
            for step in self.products(1):
                self.move(self.drop(1, step), self.filled(length(step[1]), left), seconds=DROP)
                self.hold(2 * TEXT)

    @beat("sm")
    def sm(self) -> None:
        """The programs leave; the turn that was seen shrinks to its place in all of the SM's time."""
        found = self.found
        self.lanes.display(self.closely(work=1.0))
        leaving = [FadeOut(part) for part in (self.words["title"], *self.room, *self.pinned) if part is not self.cores]
        self.move(*leaving, Look(self.lanes, self.closely(programs=0.0, work=1.0)), seconds=2 * TEXT)
        self.pinned = {self.cores: self.pinned[self.cores]}
        turn = self.pin(
            lambda rows: Named(box(self.stretch(found.window, rows.cores), stroke=self.skin.ink, width=theme.HEAVY), tag="turn")
        )
        with self.telling():
            self.move(*self.settle("sm", programs=0.0, work=1.0), FadeIn(turn), seconds=SLIDE / 2)
            self.lanes.display(replace(self.entire(0.0), across=found.window))
            self.move(self.away(turn), seconds=ZOOM)
            middle_x, above = self.lanes.x(sum(found.window) / 2), self.stretch(self.lanes.view.across, (0.0, self.rows.cores[0]))
            seen = written(SEEN, LABEL, self.skin.ink, Rect(middle_x, above.y0, middle_x, above.y1), "word")
            self.title(WHOLE)
            self.move(*(FadeIn(part) for part in (self.words["title"], *self.times(), seen)), seconds=TEXT)
        self.turn = [turn, seen]

    @beat("sort")
    def sort(self) -> None:
        """A line sorts the SM's time: what lies left of it is as long as it was, and no longer when it was."""
        span, head = float(self.found.recorded.span), self.head()
        self.pinned = {}
        self.move(*(FadeOut(part) for part in (*self.turn, *self.axis)), FadeIn(head), seconds=TEXT)

        def sorted_to(share: float) -> None:
            x = self.lanes.x(share * span)
            self.lanes.display(self.entire(share * span))
            set_ends(head, (x, self.lanes.rect.y1, 0), (x, self.lanes.rect.y0, 0))

        with self.telling():
            self.move(Shows(Group(self.lanes, head), sorted_to), seconds=SORT)
            self.parts = self.captioned(self.found.recorded.shares[self.found.sm])
            marks = {pipeline.percent(share): share * span for share in (0.0, 0.5, 1.0)}
            self.move(FadeOut(head), *(FadeIn(part) for part in (*self.parts, *self.ticks(marks, SHARE))), seconds=2 * TEXT)

    @beat("together")
    def together(self) -> None:
        """Further away the SM is one of all lines, each sorted."""
        whole = self.found.recorded
        rank = whole.rank[self.found.sm]
        self.lanes.display(replace(self.overall(apart=pipeline.APART), down=(rank, rank + 1)))
        with self.telling():
            self.move(Look(self.lanes, self.overall(), rate_func=ease_in_out_cubic), *self.retitle(ALL), seconds=STACK)
            self.fewer = self.stairs()
            self.move(FadeIn(self.fewer), seconds=TEXT)

    @beat("all")
    def all(self) -> None:
        """The lines level out at their average: for how much of all the time tensor cores wait."""
        whole = self.found.recorded
        own, mean = np.array(whole.shares[self.found.sm]), np.array(whole.parts)

        def level(share: float) -> None:
            self.lanes.display(self.overall(share))
            become(self.parts, self.captioned(((1 - share) * own + share * mean).tolist()))

        with self.telling():
            levelled = Shows(Group(self.lanes, *self.parts), level, rate_func=ease_in_out_cubic)
            self.move(levelled, *self.retitle(AVERAGE), FadeOut(self.fewer, rate_func=early), seconds=SLIDE)
            self.write("note", whole.machine)
            self.shares = self.captioned(whole.parts, numbers=True)
            self.move(*(FadeIn(part) for part in (*self.shares, self.words["note"])), seconds=2 * TEXT)

    @beat("plan")
    def plan(self) -> None:
        """What was recorded moves up; beneath it stands another kernel's plan, whose halves' products come to the tensor cores by turns."""
        whole = self.found.recorded
        start, up = self.lanes.view, replace(self.lanes.view, down=(0.0, len(whole.sms) / pipeline.RECORDED[1]))
        before, span = self.cores.copy(), float(whole.span)

        def rise(share: float) -> None:
            self.lanes.display(start.to(up, share))
            become(self.parts, self.captioned(whole.parts))
            become(self.shares, self.captioned(whole.parts, numbers=True))
            self.cores.become(before).set_y(self.sheet().center[1])

        self.move(
            Shows(Group(self.lanes, self.cores, *self.parts, *self.shares), rise, rate_func=ease_in_out_cubic),
            *(FadeOut(part, rate_func=early) for part in (*self.axis, self.words["note"])), seconds=RISE,
        )  # fmt: skip
        self.rows = pipeline.ROWS["plan"]
        halves = [pipeline.planned(place, span) for place in range(PLACES)]
        shown = [
            *self.source(),
            *self.ticks({}, ONWARD),
            self.bar(self.skin.edge, (0.0, span), self.rows.cores, RESTING),
            self.named(CORES, lambda rows: rows.cores),
            *(self.named(HALVES[place], partial(Rows.program, place=place)) for place in range(PLACES)),
            *(bar for place, steps in enumerate(halves) for step in steps for bar in self.bars(place, step)),
            *(letter for place, steps in enumerate(halves) for step in steps for letter in self.letters(place, step, brief=True)),
        ]
        self.move(*(FadeIn(part) for part in shown), seconds=2 * TEXT)
        with self.telling():
            products = [(place, step) for place, steps in enumerate(halves) for step in steps if step[0] in PRODUCTS]
            for _, slot in groupby(sorted(products, key=lambda each: each[1][1]), key=lambda each: each[0]):
                self.move(*(self.drop(place, step) for place, step in slot), seconds=SLOT)

    # ------------------------------------------------------------------------------------------------- what stands on the rows

    def away(self, turn: VMobject) -> Shows:
        """From the time that is seen closely to all of it: the picture, and the frame around what was seen."""
        start, end = self.lanes.view, self.entire(0.0)

        def look(share: float) -> None:
            self.lanes.display(replace(end, across=zoomed(start.across, end.across, share)))
            self.pinned[turn](self.rows)

        return Shows(Group(self.lanes, turn), look, rate_func=ease_in_out_cubic)

    def closely(self, programs: float = 1.0, work: float = 0.0) -> View:
        """So much of what the followed SM's programs and its tensor cores do in the time that is seen closely."""
        rank = self.found.recorded.rank[self.found.sm]
        return View(pipeline.strips(self.found, self.rows, programs=programs, work=work), self.found.window, (rank, rank + 1))

    def entire(self, time: float) -> View:
        """All that the tensor cores of the followed SM do, sorted up to a time, ns."""
        rank = self.found.recorded.rank[self.found.sm]
        strips = pipeline.strips(self.found, self.rows, work=1.0, time=time)
        return View(strips, (0.0, float(self.found.recorded.span)), (rank, rank + 1))

    def overall(self, level: float = 0.0, apart: float = 0.0) -> View:
        """All SMs' time, sorted and so far levelled."""
        whole = self.found.recorded
        return View(pipeline.stacked(whole, level, apart), (0.0, float(whole.span)), (0, len(whole.sms)))

    def pin(self, draw: Callable[[Rows], VMobject]) -> VMobject:
        """A thing that is drawn anew wherever the rows are."""
        thing = draw(self.rows)
        self.pinned[thing] = lambda rows: thing.become(draw(rows))
        return thing

    def settle(self, name: str, **seen: float) -> list[Any]:
        """The rows, and all that stands on them, go to other places."""
        start, self.rows = self.rows, pipeline.ROWS[name]
        end, things = self.rows, list(self.pinned.items())

        def come(share: float) -> None:
            for _, place in things:
                place(start.to(end, share))

        pinned = Shows(Group(*(thing for thing, _ in things)), come, rate_func=ease_in_out_cubic)
        return [Look(self.lanes, self.closely(**seen), rate_func=ease_in_out_cubic), pinned]

    def named(self, texts: Sequence[str], row: Callable[[Rows], Interval]) -> VMobject:
        """Lines left of a row."""
        names = self.place["names"]

        def draw(rows: Rows) -> Named:
            rect = self.stretch(self.lanes.view.across, row(rows))
            return Named(*self.lines(texts, Rect(names.x0, rect.y0, names.x1, rect.y1)), tag="name")

        return self.pin(draw)

    def bar(self, color: str, times: Interval, lane: Interval, opacity: float = LIT) -> VMobject:
        """A stretch of time on a lane."""
        return box(self.stretch(times, lane), stroke=color, fill=color, opacity=opacity, width=0)

    def bars(self, place: int, step: tuple[str, Interval], opacity: float = LIT) -> list[VMobject]:
        """A step of a program on its row; two for what is copied at once."""
        state, times = step
        lanes = pipeline.halves(self.rows.program(place))
        return [self.bar(self.skin.hue(TENSOR[each]), times, lanes[each], opacity) for each in ((K, V) if state == K else (state,))]

    def elapse(self, *steps: tuple[str, Interval]) -> None:
        """The first program's steps light up as their time passes; tensor cores wait, or are given a product when it is done."""
        start, stop = self.found.window
        for step in steps:
            darker = [self.darkening(letter) for letter in self.letter_of[step]]
            idle = [] if step[0] in PRODUCTS else [self.growing(step[1])]
            self.move(Elapse(self.lanes, self.clock, *step[1]), *darker, *idle, seconds=TURN * length(step[1]) / (stop - start))
            if step[0] in PRODUCTS:
                self.move(self.drop(0, step), seconds=DROP)

    def darkening(self, letter: VMobject) -> Shows:
        """A word goes from the ink of a pale bar to the ground's colour as the line passes its middle."""
        colors = ManimColor(self.skin.ink), ManimColor(self.skin.ground)
        return Shows(letter, lambda share: letter.set_color(interpolate_color(*colors, min(max(10 * share - 4.5, 0.0), 1.0))))

    def letters(self, place: int, step: tuple[str, Interval], brief: bool = False) -> list[VMobject]:
        """What a step of a program is, in its bar, ``brief`` without a reason; two words for what is copied at once."""
        state, times = step

        def lettered(each: str) -> VMobject:
            return self.pin(lambda rows: Named(*self.letter(each, times, pipeline.halves(rows.program(place))[each], brief), tag="word"))

        found = [lettered(each).set_z_index(1, family=True) for each in ((K, V) if state == K else (state,))]
        return [each for each in found if len(each)]

    def letter(self, state: str, times: Interval, lane: Interval, brief: bool = False) -> list[Named]:
        """What is done, in its bar: the longest word, as large as can be; none where the bar is too short."""
        rect = self.stretch(times, lane)
        lines = [text.splitlines() for text in LETTERS[state][-1 if brief else 0 :]]
        fitting = [(each, px) for each in lines for px in (TITLE_PX, CORNER) if max(ink_width(line, px) for line in each) <= rect.width]
        return [
            written(line, px, self.skin.ground, rect.shifted(0.0, ((len(each) - 1) / 2 - at) * LINE_PITCH * em(px)), "letter")
            for each, px in fitting[:1]
            for at, line in enumerate(each)
        ]

    def products(self, place: int) -> list[tuple[str, Interval]]:
        """Steps of a program that tensor cores do."""
        return [step for step in self.found.steps(place) if step[0] in PRODUCTS]

    def drop(self, place: int, step: tuple[str, Interval]) -> Shows:
        """A product goes from its program's row to the tensor cores', and leaves a trail."""
        (state, times), hue = step, self.skin.hue(TENSOR[step[0]])

        def draw(rows: Rows, share: float = 1.0) -> Named:
            own, here = rows.program(place), pipeline.toward(rows.program(place), rows.cores, share)
            trail = (own[1], max(own[1], here[0])) if own < here else (min(own[0], here[1]), own[0])
            ground = self.bar(self.skin.ground, times, here, 1.0)  # what it passes is not seen through it
            return Named(
                self.bar(hue, times, trail, RESTING), ground, self.bar(hue, times, here), *self.letter(state, times, here), tag="job"
            )

        job = self.pin(draw).set_z_index(2, family=True)  # over the words of the row that it leaves
        job.become(draw(self.rows, 0.0))
        return Shows(job, lambda share: job.become(draw(self.rows, share)), rate_func=ease_in_out_cubic, introducer=True)

    def growing(self, wait: Interval) -> Shows:
        """A stretch of waiting grows in the tensor cores' row as its time passes once more."""

        def draw(rows: Rows, share: float = 1.0) -> Named:
            return Named(self.bar(self.skin.edge, (wait[0], wait[0] + share * length(wait)), rows.cores), tag="band")

        band = self.pin(draw)
        band.become(draw(self.rows, 0.0))
        return Shows(band, lambda share: band.become(draw(self.rows, share)), introducer=True)

    def filled(self, time: float, left: Interval) -> Shows:
        """The share of waiting loses a time, ns, and goes to the middle of the longest stretch that is left."""
        before, start = self.waited, self.area

        def show(share: float) -> None:
            self.count(before - share * time, pipeline.toward(start, left, share))

        return Shows(self.number, show, rate_func=ease_in_out_cubic)

    def count(self, waited: float, area: Interval, rows: Rows | None = None) -> None:
        """So much of the time that is seen closely is waited for, ns: in the tensor cores' row, amid a stretch of it."""
        self.waited, self.area = waited, area
        rect = self.stretch(area, (rows or self.rows).cores)
        text = pipeline.percent(waited / length(self.found.window))
        lines = [*self.figure(text, HERE, self.skin.ink, rect, NUMBER), *self.figure(text, HERE, self.skin.ink, rect, NUMBER, word=True)]
        self.number.write(Named(*lines, tag="share", text=f"{text} {HERE}"))

    def figure(self, number: str, what: str, color: str, area: Rect, px: float, word: bool = False) -> list[Named]:
        """A number amid an area, or the words that stand beneath it, smaller where both would not fit."""
        px *= min(1.0, (area.width - 2 * GAP) / ink_width(number, px), area.height / em(1.6 * px))
        x, y = area.center[:2]

        def line(text: str, size: float, up: float) -> Named:
            return written(text, size, color, Rect(x, y + up * em(px), x, y + up * em(px)), "line")

        size = max(px / 2, CORNER)
        lines, pitch = wrap(what, area.width - 2 * GAP, size, Face.STRONG), LINE_PITCH * size / px
        raised = (len(lines) - 1) / 2 * pitch
        return [line(text, size, DOWN + raised - at * pitch) for at, text in enumerate(lines)] if word else [line(number, px, UP + raised)]

    def stretch(self, times: Interval, row: Interval) -> Rect:
        """Where a stretch of time stands in the picture; ``row`` is of its height."""
        start, stop = self.lanes.view.down
        return self.lanes.place(times, (row[0] * (stop - start), row[1] * (stop - start)))

    def sheet(self) -> Rect:
        """Where all SMs' lines stand, or the one that is seen alone."""
        start, stop = self.lanes.view.down
        return self.stretch(self.lanes.view.across, (0.0, min(1.0, len(self.found.recorded.sms) / (stop - start))))

    def captioned(self, shares: Sequence[float], numbers: bool = False) -> list[Named]:
        """In a sorted picture: what each part is, or for how much of the time it lasts."""
        sheet, found = self.sheet(), []
        ends = [self.lanes.x(share * self.found.recorded.span) for share in (0.0, *accumulate(shares))]
        words = (*(LETTERS[state][0] for state in PRODUCTS), WAITING)
        for what, share, (x0, x1) in zip(words, shares, pairwise(ends), strict=True):
            color = self.skin.ink if what == WAITING else self.skin.ground
            area, text = Rect(x0, sheet.y0, x1, sheet.y1), pipeline.percent(share)
            lines = self.figure(text, what, color, area, ONE_NUMBER, word=not numbers)
            found.append(Named(*lines, tag="share" if numbers else "letter", text=text if numbers else what))
        return found

    def stairs(self) -> VMobject:
        """Beside the last lines: why their SMs wait longest."""
        whole = self.found.recorded
        few = [sm for sm in whole.sms if whole.ran[sm] < max(whole.ran.values())]
        first = min(whole.rank[sm] for sm in few)
        rect = self.lanes.place((whole.span * (1 - whole.shares[few[0]][-1]), whole.span), (first, len(whole.sms))).inset(2 * GAP, 0.0)
        texts = [text.format(few=len(few), programs=len(whole.programs)) for text in FEWER]
        return Named(*self.lines((first_that_fits(texts, TITLE_PX, rect.width),), rect), tag="word")

    def source(self) -> list[Named]:
        """Between the two pictures: whose plan the lower one is, and where it stands."""
        rect, names = self.stretch(self.lanes.view.across, pipeline.HEADING), self.place["names"]
        text = PLAN.format(citation=PING_PONG.citation, **self.found.said)
        lines = wrap(text, rect.x1 - names.x0, TITLE_PX, Face.STRONG)
        return self.lines(lines, Rect(names.x0, rect.y0, rect.x1, rect.y1), Face.STRONG)

    # ------------------------------------------------------------------------------------------------------- what is around them

    def head(self) -> Line:
        """A line at the left that moves with time."""
        rect = self.lanes.rect
        return Line((rect.x0, rect.y1, 0), (rect.x0, rect.y0, 0), stroke_color=self.skin.ink, stroke_width=theme.HEAVY)

    def write(self, part: str, text: str) -> None:
        """Words of a part of the stage, wrapped to its width."""
        face, color = (Face.STRONG, self.skin.ink) if part == "title" else (Face.TEXT, self.skin.quiet)
        rect = self.place[part]
        broken = [line for part in text.splitlines() for line in wrap(part, rect.width, TITLE_PX, face)]
        lines = theme.lines(broken, TITLE_PX, color, face)
        lines.shift((rect.x0, rect.y1 - ink_box("Hg", TITLE_PX, face)[0], 0))
        self.words[part] = Named(*lines, tag="note", text=text)

    def title(self, text: str, **values: Any) -> None:
        """What is seen, and on what."""
        self.write("title", text.format(kernel=FLASH_ATTENTION_2.name, **self.found.said, **values))

    def retitle(self, text: str) -> list[Any]:
        """A new title in the place of the old one."""
        old = self.words["title"]
        self.title(text)
        return [FadeOut(old, rate_func=early), FadeIn(self.words["title"], rate_func=late)]

    def lines(self, texts: Sequence[str], rect: Rect, face: Face = Face.TEXT) -> list[Named]:
        """Lines in the middle of a rectangle's height, at its left."""
        found = []
        for index, text in enumerate(texts):
            baseline = rect.center[1] + ((len(texts) - 1) / 2 - index) * LINE_PITCH * em(TITLE_PX) - 0.36 * em(TITLE_PX)
            drawn = theme.on_baseline(theme.line(text, TITLE_PX, self.skin.ink, face), TITLE_PX, rect.x0, baseline, text, face)
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


def become(parts: Sequence[VMobject], others: Sequence[VMobject]) -> None:
    """Each as the other one."""
    for part, other in zip(parts, others, strict=True):
        part.become(other)


def last(share: float) -> float:
    """A pace: in the last quarter."""
    return late(late(share))


def length(times: Interval) -> float:
    """How long, ns."""
    return times[1] - times[0]


def ink_width(text: str, px: float) -> float:
    """How wide a word is drawn."""
    return float(np.ptp(outline(text, Face.STRONG)[:, 0])) * em(px)


def written(text: str, px: float, color: str, rect: Rect, tag: str) -> Named:
    """A word in the middle of a rectangle."""
    left, baseline = rect.center[0] - ink_width(text, px) / 2, middle(rect, px)
    return Named(theme.line_at(outline(text, Face.STRONG), px, color, left, baseline), tag=tag, text=text)
