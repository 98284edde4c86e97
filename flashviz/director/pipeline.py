"""Film of PipelineScene: the lanes of an SM, whose gaps a second program fills; one picture, looked at from further and further away."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate, pairwise
from typing import Any

from manim import Line, Mobject, VMobject, config
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
from flashviz.layout import GAP, Rect, centered, columns, rows
from flashviz.lettering import CAPTION_PX, LINE_PITCH, TITLE_PX, Face, em, ink_box, text_width, wrap
from flashviz.mobjects.lanes import Elapse, LanesPicture, Look, View
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, early, late
from flashviz.mobjects.named import Named
from flashviz.mobjects.tiles import box
from flashviz.palette import LIT
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
HONEST = "Recording slows the kernel: percentages are of this recording."
ONE = "FlashAttention: one program = one block of {rows} queries, on one SM of {sms}"
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
            for name in ("one", "beside", "two", "waits")
        }
        self.views["sm"] = replace(self.views["waits"], across=(0, found.recorded.span))
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
        """Two turns of one program as time passes: the first slowly, each box named as it ends, then the second."""
        one, (start, stop) = self.found.followed[0], self.found.window
        config = self.found.recorded.trace.config
        self.lanes = LanesPicture(self.place["lanes"], replace(self.views["one"], now=start), self.skin)
        self.write("title", ONE.format(rows=config.block_m, **self.found.said))
        self.write("note", f"{self.found.recorded.machine} {HONEST}")
        self.gutter = self.names(pipeline.ALONE)
        device = machine(self.found.recorded.machine, self.settings.aspect, self.skin)
        rect = self.lanes.rect
        head = Line((rect.x0, rect.y1, 0), (rect.x0, rect.y0, 0), stroke_color=self.skin.ink, stroke_width=theme.HEAVY)
        self.add(self.lanes, *self.words.values(), *self.gutter, *self.times(start), device, head)
        turn = pipeline.turn(one, start)
        length = turn[-1][1][1] - start
        following = [state for state, _ in turn[1:]] + [turn[0][0]]
        with self.telling():
            for (state, (begin, end)), after in zip(turn, following, strict=True):
                self.pass_time(head, begin, end, SLOW * (end - begin) / length)
                named = [self.letter(part, texts, (begin, end)) for part, texts in LETTERS[state]]
                self.move(*(FadeIn(letter) for letter in named), self.hand_over(end, state, after), seconds=2 * TEXT)
                self.letters += named
            self.pass_time(head, start + length, stop, FAST)
            self.remove(head)

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
        """The second program comes from below, darker; then its products slide up from their lane into the first one's waiting."""
        lane, goal = pipeline.ALONE["tensor cores"], pipeline.SHARED
        self.move(*(FadeOut(part) for part in (*self.letters, *self.waits, *self.handed)), seconds=TEXT)
        with self.telling():
            shift = [self.moving(band, gap, lane, goal) for band, (_, gap) in zip(self.bands, self.found.gaps, strict=True)]
            old, self.gutter = self.gutter, self.names(pipeline.both_named())
            own = self.names(pipeline.second_named())
            self.move(
                Look(self.lanes, self.views["beside"], rate_func=ease_in_out_cubic),
                *shift,
                *(FadeOut(part, rate_func=early) for part in old),
                *(FadeIn(part, rate_func=late) for part in (*self.gutter, *own)),
                *self.rewrite("title", "One SM, two programs"),
                seconds=SLIDE,
            )
            self.move(Look(self.lanes, self.views["two"], rate_func=ease_in_out_cubic), *(FadeOut(part) for part in own), seconds=SLIDE)
            self.move(Look(self.lanes, self.views["waits"]), *(FadeOut(band) for band in self.bands), seconds=TEXT)
            row = self.lanes.place(self.lanes.view.across, pipeline.LOWER["tensor cores"])
            looks = {**pipeline.LOOKS, **pipeline.BOTH}
            per = len(looks) if row.width / len(looks) > text_width(next(iter(pipeline.BOTH)), TITLE_PX) + 2 * row.height / 3 else 2
            lines = rows(row, len(looks) // per)
            self.legend = self.looks(looks, [place for line in lines for place in columns(line, per)])
            self.move(*(FadeIn(part) for part in self.legend), seconds=2 * TEXT)

    @beat("sm")
    def sm(self) -> None:
        """Further away: the whole time of the SM; of it only what its tensor cores do is left, and has the frame."""
        followed = self.found.followed
        self.move(*(FadeOut(part) for part in (*self.axis, *self.legend)), seconds=TEXT)
        title = self.rewrite("title", f"One SM: {len(followed)} programs, {self.found.recorded.places} at a time")
        with self.telling():
            self.move(Look(self.lanes, self.views["sm"], rate_func=ease_in_out_cubic), *title, seconds=ZOOM)
            self.move(*(FadeIn(part) for part in self.times()), *(FadeOut(part) for part in self.gutter), seconds=TEXT)
            whole, view = self.found.recorded, self.lanes.view
            self.lanes.display(replace(view, strips=pipeline.strips(whole, pipeline.SHOTS["waits"])))
            self.move(Look(self.lanes, replace(view, strips=pipeline.strips(whole, pipeline.SHOTS["cores"]))), seconds=2 * TEXT)
            self.move(Look(self.lanes, self.line(), rate_func=ease_in_out_cubic), seconds=SLIDE / 2)
            upper, lower = rows(self.place["names"], 2)
            self.gutter, self.legend = (
                self.lines(["its tensor", "cores"], upper),
                self.looks(pipeline.LOOKS, rows(lower, len(pipeline.LOOKS))),
            )
            self.move(*(FadeIn(part) for part in (*self.gutter, *self.legend)), seconds=TEXT)

    @beat("together")
    def together(self) -> None:
        """Further away the SM is one of all lines; of each, what is work is pushed to the left, what is waiting to the right."""
        whole, (upper, _) = self.found.recorded, rows(self.place["names"], 2)
        title = self.rewrite("title", f"{len(whole.sms)} SMs, {len(whole.programs)} programs")
        self.move(*(FadeOut(part) for part in (*self.axis, *self.gutter)), seconds=TEXT)
        self.move(Look(self.lanes, self.overall(0.0), rate_func=ease_in_out_cubic), *title, seconds=SLIDE)
        self.gutter = self.lines([f"{len(whole.sms)} SMs,", "each a line"], upper)
        self.move(*(FadeIn(part) for part in self.gutter), seconds=TEXT)
        with self.telling():
            push = Shows(self.lanes, lambda share: self.lanes.display(self.overall(share)), rate_func=ease_in_out_cubic)
            self.move(push, seconds=ZOOM)

    @beat("all")
    def all(self) -> None:
        """How much of the time first programs multiply, second ones add and nobody multiplies: each number in its area."""
        found, span = self.found, self.found.recorded.span
        ends = [0.0, *accumulate(found.parts)]
        marks = {pipeline.percent(share): share * span for share in (ends[0], ends[-2], ends[-1])}
        self.move(*(FadeIn(part) for part in self.ticks(marks, "of the time")), seconds=TEXT)
        with self.telling():
            texts = [(pipeline.percent(part),) for part in found.parts[:-1]] + [tuple(text.format(**found.said) for text in IDLE)]
            colors = [self.skin.ground] * len(found.parts[:-1]) + [self.skin.ink]
            for words, color, (start, stop) in zip(texts, colors, pairwise(ends), strict=True):
                area = self.lanes.place((start * span, stop * span), (0.0, float(len(found.recorded.sms))))
                self.move(FadeIn(self.amid(words, color, area)), seconds=2 * TEXT)
                self.hold(TEXT)

    # -------------------------------------------------------------------------------------------------------------- what they share

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

    def overall(self, together: float) -> View:
        """All SMs and the whole time, so far pushed together."""
        whole = self.found.recorded
        return View(pipeline.strips(whole, pipeline.SHOTS["all"], together), (0, whole.span), (0, len(whole.sms)))

    def line(self) -> View:
        """The followed SM alone."""
        whole, sm = self.found.recorded, self.found.sm
        return replace(self.overall(0.0), down=(whole.rank[sm], whole.rank[sm] + 1))

    def looks(self, looks: Mapping[str, Sequence[int]], places: Sequence[Rect]) -> list[Mobject]:
        """What each look of the picture stands for: a piece of it and a word, in these places."""
        found: list[Mobject] = []
        for (text, look), place in zip(looks.items(), places, strict=True):
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

    gutter: Sequence[Named] = ()
    legend: Sequence[Mobject] = ()


def _last(state: str) -> str:
    """The lane at the lower edge of what is done in a step: copies of K and V end together."""
    return V if state == K else state


def _between(one: Interval, other: Interval, share: float) -> Interval:
    """A lane on its way to another."""
    top, bottom = ((1 - share) * a + share * b for a, b in zip(one, other, strict=True))
    return top, bottom
