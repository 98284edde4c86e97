"""Film of PipelineScene: one program's time, whose waiting a second one fills; then all of an SM's time, sorted, and all SMs'."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from manim import Group, Line, VMobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import theme
from flashviz.chapters import pipeline
from flashviz.chapters.lanes import BLEND, PLACES, PRODUCTS, SCORES, SOFTMAX, K, V, zoomed
from flashviz.chapters.pipeline import Interval, Rows
from flashviz.citations import PING_PONG
from flashviz.director.captions import curves, lines_of, width
from flashviz.director.chapters import ChapterScene
from flashviz.director.material import provenance
from flashviz.director.scene import beat
from flashviz.director.words import CORNER, NUMBER, ONE_NUMBER, Counter, machine, middle
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
TURN, WAIT, SORT, STACK = 3.2, 3.0, 4.4, 2.6  # seconds for a turn, its waiting, until an SM's time is sorted, until all are seen
SLOWER = "softmax\non other, slower units"  # Dao 2023, section 3.1: 312 TFLOP/s of products, 19.5 of other fp32
LETTERS = {K: ("copy K", "K"), V: ("copy V", "V"), SCORES: ("QKᵀ",), SOFTMAX: (SLOWER, "softmax"), BLEND: ("PV",)}  # or shorter
FIGURE, NAMES, REMARK = (0.2, 0.5), (0.62, 0.72), (0.6, 0.9)  # of its height, where what stands in a sorted picture
UP, DOWN, LEAST = 0.24, -0.5, 0.01  # of a number's size: its middle, and its word's, over the middle of both; how small it begins
CROSS = 0.3  # of the time in which a stretch of waiting grows, until the number is there
TICK = 0.07
TICK_PITCH = 1.5  # least distance between two ticks
INSIDE = "Inside one SM, one of the {sms} processors of an {model}"
TWO = "The same SM runs a second program at the same time"
WHOLE = "This SM from start to end: {time} µs"
ALL = "All {sms} SMs, one line each"
AVERAGE = "All {sms} SMs on average"
HONEST = "Timers inside the kernel slow it."
FEWER = "{few} SMs ran fewer programs"
TURNS = "{planner}: one half of a program multiplies while the other half does softmax."
SEEN = "what we just saw"
PROGRAM = "program {place}"
WAITING = "waiting"
BUSY = "busy"


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
        """One SM; a program's turn as time passes, step by step."""
        (start, stop), rows = self.found.window, self.found.recorded.trace.config.block_m
        self.lanes = LanesPicture(self.place["lanes"], replace(self.closely(), now=start), self.skin)
        rect, names = self.lanes.rect, self.place["names"]
        room = box(Rect(names.x0 - GAP, rect.y0, rect.x1 + GAP, rect.y1 + GAP), stroke=self.skin.edge)
        unfilled = Named(self.bar(self.skin.edge, self.found.window, self.rows.first, RESTING), tag="program")
        lane = self.pin(lambda rows: Named(self.bar(self.skin.edge, self.found.window, rows.cores, RESTING), tag="cores"))
        program = self.named((PROGRAM.format(place=1), f"{rows} queries"), lambda rows: rows.first)
        self.cores = self.named(("tensor cores",), lambda rows: rows.cores)
        device = machine(self.found.recorded.machine, self.settings.aspect, self.skin)
        self.write("title", INSIDE.format(model=device.text, **self.found.said))
        self.write("note", f"{self.found.recorded.machine} {HONEST}")
        self.room = [room, *self.times(start)]
        self.add(*self.room, unfilled, lane, self.lanes, program, self.cores, *self.words.values(), device)
        self.hold(SLIDE / 2)
        head = self.head()
        with self.telling():
            self.add(head)
            for step in self.found.steps(0):
                self.move(Elapse(self.lanes, head, *step[1]), seconds=TURN * length(step[1]) / (stop - start))
                self.move(*(FadeIn(letter) for letter in self.letters(0, step)), seconds=TEXT)
            self.move(FadeOut(head), FadeOut(unfilled), seconds=TEXT)

    @beat("copy")
    def copy(self) -> None:
        """Its products come down to the tensor cores; where these have none, waiting grows, and its share in it."""
        waits = self.found.waits()
        with self.telling():
            for step in self.products(0):
                self.move(self.drop(0, step), seconds=DROP)
            self.count(0.0, self.area)
            self.pinned[self.number] = lambda rows: self.count(self.waited, self.area, rows)
            for wait in waits:
                self.move(self.growing(wait), self.counted(wait), seconds=WAIT * length(wait) / sum(map(length, waits)))

    @beat("two")
    def two(self) -> None:
        """A second program comes from below, its steps in the same colours; its products go up into the first one's waiting."""
        rows, left = self.found.recorded.trace.config.block_m, max(self.found.waits(PLACES), key=length)
        with self.telling():
            self.move(*self.settle("two"), *self.rewrite("title", TWO), FadeOut(self.words["note"]), seconds=SLIDE)
            program = self.named((PROGRAM.format(place=2), f"{rows} more"), lambda rows: rows.second)
            letters = [letter for step in self.found.steps(1) for letter in self.letters(1, step)]
            self.move(FadeIn(program), *(FadeIn(letter) for letter in letters), seconds=2 * TEXT)
            for step in self.products(1):
                self.move(self.drop(1, step), self.filled(length(step[1]), left), seconds=DROP)
                self.hold(2 * TEXT)

    @beat("sm")
    def sm(self) -> None:
        """The programs leave; the turn that was seen shrinks to its place in all of the SM's time, which a line then sorts."""
        found, span = self.found, float(self.found.recorded.span)
        self.lanes.display(self.closely(work=1.0))
        self.move(*(FadeOut(part) for part in (*self.room, *self.pinned) if part is not self.cores), seconds=TEXT)
        self.pinned = {self.cores: self.pinned[self.cores]}
        turn = self.pin(
            lambda rows: Named(box(self.lanes.place(found.window, rows.cores), stroke=self.skin.ink, width=theme.HEAVY), tag="turn")
        )
        with self.telling():
            self.move(*self.settle("sm", work=1.0), *self.rewrite("title", WHOLE.format(time=round(span / 1000))), seconds=SLIDE)
            self.lanes.display(replace(self.entire(0.0), across=found.window))
            self.move(self.away(turn), seconds=ZOOM)
            rows, middle_x = self.rows, self.lanes.x(sum(found.window) / 2)
            above = self.lanes.place(self.lanes.view.across, (0.0, rows.cores[0]))
            seen = written(SEEN, CORNER, self.skin.ink, Rect(middle_x, above.y0, middle_x, above.y1), "word")
            self.move(*(FadeIn(part) for part in (*self.times(), seen)), seconds=TEXT)
            self.hold(6 * TEXT)
            head = self.head()
            self.move(FadeOut(turn), FadeOut(seen), FadeIn(head), seconds=TEXT)
            self.pinned = {}

            def sort(share: float) -> None:
                time, waited = share * span, found.waiting(share * span)
                self.lanes.display(self.entire(time))
                self.number.write(
                    self.figure(waited, WAITING, self.skin.ink, self.stretch((time - waited * span, time), FIGURE), ONE_NUMBER)
                )
                x = self.lanes.x(time)
                set_ends(head, (x, self.lanes.rect.y1, 0), (x, self.lanes.rect.y0, 0))

            sort(0.0)
            self.move(Shows(Group(self.lanes, head, self.number), sort, introducer=True), seconds=SORT)
            self.split = self.parts(found.recorded.shares[found.sm])
            idle, *others = self.split
            self.remove(self.number)  # which is drawn as ``idle`` is
            self.add(idle)
            self.move(FadeOut(head), *(FadeIn(part) for part in others), seconds=2 * TEXT)

    @beat("together")
    def together(self) -> None:
        """Further away the SM is one of all lines, each sorted."""
        whole = self.found.recorded
        rank = whole.rank[self.found.sm]
        self.move(*(FadeOut(part) for part in self.split), seconds=TEXT)
        self.lanes.display(replace(self.overall(apart=pipeline.APART), down=(rank, rank + 1)))
        with self.telling():
            title = self.rewrite("title", ALL.format(**self.found.said))
            self.move(Look(self.lanes, self.overall(), rate_func=ease_in_out_cubic), *title, seconds=STACK)
            self.fewer = self.stairs()
            self.move(FadeIn(self.fewer), seconds=TEXT)

    @beat("all")
    def all(self) -> None:
        """The lines level out at their average: for how much of all the time tensor cores wait, and who does something about it."""
        found = self.found
        level = Shows(self.lanes, lambda share: self.lanes.display(self.overall(share)), rate_func=ease_in_out_cubic)
        title = self.rewrite("title", AVERAGE.format(**found.said))
        self.move(level, *title, *(FadeOut(part, rate_func=early) for part in (*self.axis, self.fewer)), seconds=SLIDE)
        marks = {pipeline.percent(share): share * found.recorded.span for share in (0.0, 1.0)}
        shown = [*self.ticks(marks, "of the time"), *self.parts(found.recorded.parts)]
        self.move(*(FadeIn(part) for part in shown), seconds=2 * TEXT)
        with self.telling():
            self.write("note", f"{found.recorded.machine} {HONEST}")
            self.move(FadeIn(self.remark()), FadeIn(self.words["note"]), seconds=2 * TEXT)

    # ------------------------------------------------------------------------------------------------- what stands on the rows

    def away(self, turn: VMobject) -> Shows:
        """From the time that is seen closely to all of it: the picture, and the frame around what was seen."""
        start, end = self.lanes.view, self.entire(0.0)

        def look(share: float) -> None:
            self.lanes.display(replace(end, across=zoomed(start.across, end.across, share)))
            self.pinned[turn](self.rows)

        return Shows(Group(self.lanes, turn), look, rate_func=ease_in_out_cubic)

    def closely(self, work: float = 0.0) -> View:
        """What the followed SM's programs do in the time that is seen closely, and so much of what its tensor cores do."""
        rank = self.found.recorded.rank[self.found.sm]
        return View(pipeline.strips(self.found, self.rows, programs=1.0, work=work), self.found.window, (rank, rank + 1))

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

    def settle(self, name: str, work: float = 0.0) -> list[Any]:
        """The rows, and all that stands on them, go to other places."""
        start, self.rows = self.rows, pipeline.ROWS[name]
        end, things = self.rows, list(self.pinned.items())

        def come(share: float) -> None:
            for _, place in things:
                place(start.to(end, share))

        pinned = Shows(Group(*(thing for thing, _ in things)), come, rate_func=ease_in_out_cubic)
        return [Look(self.lanes, self.closely(work), rate_func=ease_in_out_cubic), pinned]

    def named(self, texts: Sequence[str], row: Callable[[Rows], Interval]) -> VMobject:
        """Lines left of a row."""
        names = self.place["names"]

        def draw(rows: Rows) -> Named:
            rect = self.lanes.place(self.lanes.view.across, row(rows))
            return Named(*self.lines(texts, Rect(names.x0, rect.y0, names.x1, rect.y1)), tag="name")

        return self.pin(draw)

    def bar(self, color: str, times: Interval, lane: Interval, opacity: float = LIT) -> VMobject:
        """A stretch of time on a lane."""
        return box(self.lanes.place(times, lane), stroke=color, fill=color, opacity=opacity, width=0)

    def letters(self, place: int, step: tuple[str, Interval]) -> list[VMobject]:
        """What a step of a program is, in its bar; two words for what is copied at once."""
        state, times = step

        def lettered(each: str) -> VMobject:
            return self.pin(lambda rows: Named(*self.letter(each, times, pipeline.halves(rows.program(place))[each]), tag="word"))

        found = [lettered(each).set_z_index(1, family=True) for each in ((K, V) if state == K else (state,))]
        return [each for each in found if len(each)]

    def letter(self, state: str, times: Interval, lane: Interval) -> list[Named]:
        """What is done, in its bar: the longest word, as large as can be; none where the bar is too short."""
        rect = self.lanes.place(times, lane)
        lines = [text.splitlines() for text in LETTERS[state]]
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

    def counted(self, wait: Interval) -> Shows:
        """The share of waiting grows by a stretch as that grows; it goes there, and stays amid what has grown."""
        before, start = self.waited, self.area

        def show(share: float) -> None:
            grown = wait[0], wait[0] + share * length(wait)
            self.count(before + share * length(wait), pipeline.toward(start, grown, min(1.0, share / CROSS)))

        return Shows(self.number, show, introducer=True)

    def filled(self, time: float, left: Interval) -> Shows:
        """The share of waiting loses a time, ns, and goes to the middle of the longest stretch that is left."""
        before, start = self.waited, self.area

        def show(share: float) -> None:
            self.count(before - share * time, pipeline.toward(start, left, share))

        return Shows(self.number, show, rate_func=ease_in_out_cubic)

    def count(self, waited: float, area: Interval, rows: Rows | None = None) -> None:
        """So much of the time that is seen closely is waited for, ns: in the tensor cores' row, amid a stretch of it."""
        self.waited, self.area = waited, area
        rect = self.lanes.place(area, (rows or self.rows).cores)
        self.number.write(self.figure(waited / length(self.found.window), WAITING, self.skin.ink, rect, NUMBER))

    def figure(self, share: float, what: str, color: str, area: Rect, px: float) -> Named:
        """A share of the time and, beneath it, of what: amid an area, smaller where they would not fit."""
        text = pipeline.percent(share)
        widest = max(ink_width("00%", px), ink_width(what, px / 2))
        px *= min(1.0, max((area.width - 2 * GAP) / widest, LEAST))
        x, y = area.center[:2]
        lines = [
            written(line, size, color, Rect(x, y + up * em(px), x, y + up * em(px)), "line")
            for line, size, up in ((text, px, UP), (what, px / 2, DOWN))
        ]
        return Named(*lines, tag="share", text=f"{text} {what}")

    def stretch(self, times: Interval, row: Interval) -> Rect:
        """Where a stretch of time stands in a sorted picture; ``row`` is of its height."""
        start, stop = self.lanes.view.down
        return self.lanes.place(times, (row[0] * (stop - start), row[1] * (stop - start)))

    def parts(self, shares: Sequence[float]) -> list[Named]:
        """In a sorted picture: how long tensor cores waited, how long they were busy, and which product is which."""
        ends = [share * self.found.recorded.span for share in (0.0, *accumulate(shares))]
        return [
            self.figure(shares[-1], WAITING, self.skin.ink, self.stretch((ends[-2], ends[-1]), FIGURE), ONE_NUMBER),
            self.figure(sum(shares[:-1]), BUSY, self.skin.ground, self.stretch((ends[0], ends[-2]), FIGURE), ONE_NUMBER),
            *(
                written(LETTERS[state][0], TITLE_PX, self.skin.ground, self.stretch(times, NAMES), "letter")
                for state, times in zip(PRODUCTS, pairwise(ends[:-1]), strict=True)
            ),
        ]

    def stairs(self) -> VMobject:
        """Beside the last lines: why their SMs wait longest."""
        whole = self.found.recorded
        few = [sm for sm in whole.sms if whole.ran[sm] < max(whole.ran.values())]
        first = min(whole.rank[sm] for sm in few)
        rect = self.lanes.place((whole.span * (1 - whole.shares[few[0]][-1]), whole.span), (first, len(whole.sms)))
        return Named(*self.lines((FEWER.format(few=len(few)),), rect.inset(2 * GAP, 0.0)), tag="word")

    def remark(self) -> VMobject:
        """In the waiting of the last picture: who does something about it."""
        span = self.found.recorded.span
        rect = self.stretch(((1 - self.found.recorded.parts[-1]) * span, span), REMARK).inset(2 * GAP, 0.0)
        lines = [line for text in (TURNS.format(**self.found.said), f"({PING_PONG.citation})") for line in wrap(text, rect.width, TITLE_PX)]
        return Named(*self.lines(lines, rect, middle=True), tag="word")

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

    def rewrite(self, part: str, text: str) -> list[Any]:
        """New words in the place of old ones."""
        old = self.words[part]
        self.write(part, text)
        return [FadeOut(old, rate_func=early), FadeIn(self.words[part], rate_func=late)]

    def lines(self, texts: Sequence[str], rect: Rect, middle: bool = False) -> list[Named]:
        """Lines in the middle of a rectangle's height, at its left or in its middle."""
        found = []
        for index, text in enumerate(texts):
            baseline = rect.center[1] + ((len(texts) - 1) / 2 - index) * LINE_PITCH * em(TITLE_PX) - 0.36 * em(TITLE_PX)
            left = rect.center[0] - text_width(text, TITLE_PX) / 2 if middle else rect.x0
            drawn = theme.on_baseline(theme.line(text, TITLE_PX, self.skin.ink), TITLE_PX, left, baseline, text)
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
