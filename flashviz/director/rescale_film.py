"""What is on stage while one row is rescaled, and how it goes from one shot to another."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from manim import Line, Mobject, RoundedRectangle, VGroup, VMobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import theme
from flashviz.chapters.rescale import Rescale
from flashviz.director.one_entry import Entry, Quotient
from flashviz.director.shots import MOVE, ShotScene
from flashviz.director.words import LABEL, NAME, NUMBER, Numbers, Word, first_that_fits, symbols
from flashviz.figures import total
from flashviz.layout import Rect
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.bars import SignedBars, fit, round_level
from flashviz.mobjects.key_tiles import KeyTiles
from flashviz.mobjects.measured import Measured, MeasuredSum, Scale
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, early, late
from flashviz.mobjects.named import Named
from flashviz.mobjects.tile_rows import TileRows
from flashviz.mobjects.tiles import Matrix, Rectangles
from flashviz.trace import Kind

GHOST = 0.85
GONE = 0.2  # of a move, until words have left
MARGIN = 8  # px beside a shot's parts that the value of a scale may take
SYMBOLS_OF_TERM = 120  # px
HIGHER = {"ceiling": 0.54, "rescale": 0.53, "squeeze": 0.86}  # how high the ceiling is where little or nothing rises above it, of the chart
NEAR = {"squeeze": 1.0}  # where l's block stands alone

Placing = tuple[str, Mobject, Callable[[Rect], Any]]  # the part of a shot that a thing stands in, the thing, and what puts it there


class RescaleFilm:
    """Everything that can be seen, made here once. ``found`` is what is shown, ``said`` its numbers as they are written."""

    explained: VGroup  # what a term is
    height: Word  # how tall the tallest term is
    power: Named
    ratio: list[Word]  # alpha = 1 / height
    copies: list[VMobject]  # of alpha, at acc, and what is written with them
    entry: Entry  # of acc, and acc / l there
    one_quotient: Quotient
    fraction: list[Word]
    strokes: list[Line]
    note: Word
    fraction_of: Named  # acc / l, written as sums
    formula: VGroup
    weights: Rectangles  # the terms, one beside each row of ``v_tile``
    v_tile: Matrix
    v_names: VGroup
    tile: TileRows | None = None  # once all rows are shown

    def __init__(self, scene: ShotScene, found: Rescale, said: dict[str, str]) -> None:
        self.scene, self.found, self.said, self.skin = scene, found, said, scene.skin
        skin = scene.skin
        self.shot = scene.shot("sum" if found.seen else "rescale")
        self.away: list[Placing] = []  # what has left, and may come back
        self.spike = int(found.before.argmax())
        tallest = max(float(found.before.max()), 1.0)
        l_most = max(float(found.of("l_new", t)) for t in range(found.last + 1))
        keys = max(len(k) for k in found.values.k)
        self.chart = MeasuredSum(keys, l_most, tallest, said["m_old"], skin)
        self.chart.named = found.before
        self.lens = self.lens_in(self.shot.name)
        self.put_chart(self.shot["measured"])
        self.keys = KeyTiles(len(found.values.j), skin)
        self.keys_name = Word(f"keys, {len(found.values.k[0])} at a time", LABEL, skin.k, 0, 0, "words", Face.TEXT)
        reached, answered = (round_level(float(np.abs(each).max(initial=0.0))) for each in (found.of("acc_new"), self.so_far(found.last)))
        self.acc = SignedBars("acc", skin.o, skin, level=reached)
        self.was = SignedBars("acc was", skin.o, skin, hollow=True, opacity=GHOST, axis=False)
        self.brought = SignedBars("P V", skin.v, skin, axis=False)
        self.answer = SignedBars("acc / l", skin.o, skin, dotted=True, level=answered)
        self.answer_was = SignedBars("answer was", skin.ink, skin, hollow=True, dotted=True, axis=False)
        self.whole = SignedBars("whole", skin.ink, skin, hollow=True, dotted=True)
        self.frame = VMobject(stroke_color=skin.ink, stroke_width=theme.HEAVY)  # around the quotient, once it is to be watched
        tiles = range(found.last + 1)
        all_of = {
            "acc": [each(t) for t in tiles for each in (partial(found.of, "acc_new"), found.brought)],
            "answer": [*map(self.so_far, tiles)],
        }
        self.reach = {which: (np.max(values, 0), np.min(values, 0)) for which, values in all_of.items()}  # [d] each axis has room for
        two = [scene.shot(name) for name in ("values", "rescale")]
        self.acc_name, self.answer_name = Word("acc", NUMBER, skin.o, 0, 0, "name"), Word("acc / ℓ", NAME, skin.o, 0, 0, "name")
        acc_room, answer_room = (min(each[part].width for each in two) for part in ("acc words", "answer words"))
        acc_words = first_that_fits(["values × terms, summed", "values × terms"], LABEL, acc_room)
        answer_words = first_that_fits(["the answer so far, for us", "the answer so far", "answer so far"], LABEL, answer_room)
        self.acc_words = Word(acc_words, LABEL, skin.ink, 0, 0, "words", Face.TEXT)
        self.answer_words = Word(answer_words, LABEL, skin.ink, 0, 0, "words", Face.TEXT)
        self.l_name = Word("ℓ", NAME, skin.stats, 0, 0, "name")
        self.l_words = Word("the sum", LABEL, skin.ink, 0, 0, "words", Face.TEXT)
        self.terms_name = Word(f"{len(found.before)} new terms", LABEL, skin.ink, 0, 0, "terms", Face.TEXT)
        self.numbers = Numbers(min((scene.shot(name)["sum"] for name in ("sum", "rescale", "squeeze")), key=lambda rect: rect.width))
        self.numbers.first(total(float(found.of("l_new", 0))), skin.stats)
        self.ratio, self.copies, self.fraction, self.strokes = [], [], [], []
        self.stand(self.shot.name)

    def enter(self) -> None:
        """What is there from the first frame on."""
        self.chart.ceiling.reveal(0.0 if self.found.seen else 1.0)
        self.chart.display(self.past(0, terms=0 * self.past(0).terms) if self.found.seen else self.measured(terms=0 * self.found.before))
        self.scene.add(self.chart, *([self.keys, self.keys_name] if self.found.seen else []))

    def placings(self) -> list[Placing]:
        """Everything that keeps its place in a shot, and has a place of its own in the next."""
        return [
            ("keys name", self.keys_name, self.keys_name.put), ("keys", self.keys, self.keys.place),
            ("measured", self.chart, self.put_chart), ("names", self.l_name, self.l_name.put),
            ("names", self.l_words, self.put_l_words), ("names", self.terms_name, self.put_terms_name),
            *(("sum", piece, partial(self.numbers.put, piece)) for piece in self.numbers.pieces),
            ("acc name", self.acc_name, self.acc_name.put), ("acc words", self.acc_words, self.acc_words.put),
            *(("acc", each, partial(self.put_bars, each, "acc")) for each in (self.acc, self.was, self.brought)),
            ("answer name", self.answer_name, self.answer_name.put), ("answer words", self.answer_words, self.answer_words.put),
            *(("answer", each, partial(self.put_bars, each, "answer")) for each in (self.answer, self.answer_was)),
            ("answer", self.frame, self.put_frame),
        ]  # fmt: skip

    def placed(self, *things: Mobject) -> list[Placing]:
        """How these are placed."""
        return [each for each in self.placings() if any(each[1] is thing for thing in things)]

    def go(self, name: str, *also: Any, seconds: float = MOVE) -> None:
        """To another shot: each part by one map to where it stands there. What is not in it leaves before what is new is there."""
        old, new = self.shot, self.scene.shot(name)
        back = [thing for part, thing, _ in self.away if part in new]
        on_stage = {id(part) for top in (*self.scene.mobjects, *back) for part in top.get_family()}
        moves: list[Any] = [Shows(self.chart, partial(self.focus, self.lens, self.lens_in(name)), rate_func=ease_in_out_cubic)]
        leaving: list[Placing] = []
        if not (id(self.chart) in on_stage and "measured" in old and "measured" in new):
            self.lens, moves = self.lens_in(name), []
        for part, thing, put in self.placings():
            if id(thing) not in on_stage:
                continue
            start, stop = old.parts.get(part), new.parts.get(part)
            if start is not None and start == stop:
                put(start)
            elif start is not None and stop is not None:
                put(start)
                if isinstance(thing, Word) and part.endswith("words"):  # what stands beside it in one shot may stand beneath it in the next
                    moves.append(Shows(thing, partial(_over, thing, put, start, stop)))
                else:
                    moves.append(Shows(thing, partial(_between, put, start, stop), rate_func=ease_in_out_cubic))
            elif stop is not None:
                put(stop)
                moves.append(FadeIn(thing, rate_func=late))
            else:
                leaving.append((part, thing, put))
                moves.append(FadeOut(thing, rate_func=early))
        self.scene.add(*back)
        if moves or also:
            self.move(*moves, *also, seconds=seconds)
        self.away = [each for each in self.away if each[0] not in new] + leaving
        self.scene.remove(*(thing for _, thing, _ in leaving))
        self.stand(name)

    def lens_in(self, name: str) -> tuple[float, float]:
        """How high the ceiling is in a shot, of the chart's height, and how near l's block is looked at."""
        return max(self.chart.high, HIGHER.get(name, 0.0)), NEAR.get(name, 0.0)

    def scale_in(self, name: str) -> Scale:
        """The chart's scale in a shot."""
        return self.chart.scale_in(self.scene.shot(name)["measured"], *self.lens_in(name))

    def focus(self, start: tuple[float, float], stop: tuple[float, float], share: float) -> None:
        """So far from one lens to another."""
        self.lens = start[0] + (stop[0] - start[0]) * share, start[1] + (stop[1] - start[1]) * share

    def put_chart(self, rect: Rect) -> None:
        self.chart.place(rect, *self.lens)

    def stand(self, name: str) -> None:
        """Be in a shot, without a way there."""
        self.shot, self.lens = self.scene.shot(name), self.lens_in(name)
        self.numbers.rect = self.shot.parts.get("sum", self.numbers.rect)
        for part, _, put in self.placings():
            if part in self.shot:
                put(self.shot[part])

    def stands(self, thing: Mobject) -> bool:
        """Whether it is on stage, by itself or in a group."""
        return any(part is thing for top in self.scene.mobjects for part in top.get_family())

    def bars_in(self, rect: Rect) -> Rect:
        """Where bars stand in their part of a shot: at the end of their scale its value has room."""
        return rect.left(rect.width - max(0.0, self.scale_width - em(MARGIN)))

    @property
    def scale_width(self) -> float:
        """How wide the wider scale is: bars of acc and of the answer stand over one another."""
        return max(self.acc.scale_width, self.answer.scale_width)

    def put_bars(self, bars: SignedBars, which: str, rect: Rect) -> None:
        rect = self.bars_in(rect)
        zero, scale = fit(rect, *self.reach[which])
        bars.place(rect, zero, scale, len(self.reach[which][0]), self.shot["room"] if which == "answer" and "room" in self.shot else None)
        if bars.values is not None:
            bars.display(bars.values)

    def acc_nearer(self, *values: np.ndarray) -> Shows:
        """acc's axis, on its way to another shot, comes to have room for these values only, and for its rules."""
        acc, start = self.acc, self.reach["acc"]
        rules = min(acc.level, start[0].max()), max(-acc.level, start[1].min())
        stop = np.maximum(np.max(values, 0), rules[0]), np.minimum(np.min(values, 0), rules[1])

        def show(share: float) -> None:
            reach = tuple(a + (b - a) * share for a, b in zip(start, stop, strict=True))
            self.reach = {**self.reach, "acc": reach}
            acc.place(acc.rect, *fit(acc.rect, *reach), len(reach[0]))
            if acc.values is not None:
                acc.display(acc.values)

        return Shows(acc, show, rate_func=ease_in_out_cubic)

    def put_frame(self, rect: Rect) -> None:
        """Around the quotient as it is now."""
        self.put_bars(self.answer, "answer", rect)
        bars, rect = self.answer.bars, self.bars_in(rect)
        low, high = bars.get_bottom()[1] - em(14), bars.get_top()[1] + em(14)
        left, right = rect.x0 - em(16), rect.x1 + max(self.scale_width + em(10), em(16))
        drawn = RoundedRectangle(corner_radius=em(14), width=right - left, height=high - low)
        self.frame.points = drawn.move_to(((left + right) / 2, (low + high) / 2, 0)).points

    def put_l_words(self, rect: Rect) -> None:
        self.l_words.put_at(rect.x0 + self.l_name.wide + 0.4 * em(NAME), self.l_name.baseline)

    def put_terms_name(self, rect: Rect) -> None:
        """Under the terms, where there is room; else as far to the right as there is."""
        left, wide = rect.x1 - self.chart.at.keys * self.chart.at.key, self.terms_name.wide
        close = left < self.l_words.left + self.l_words.wide + em(LABEL)
        self.terms_name.put_at(rect.x1 - wide if close else min(left, rect.x1 - wide), self.l_name.baseline)

    def term(self) -> VGroup:
        """What a term is: e^(s - m), and what s is."""
        rect = self.scene.shot("sum")["term"]
        written = symbols('"term" = e^(s - m) <= 1', SYMBOLS_OF_TERM, self.skin.ink, rect.above(em(60)), "formula term")
        written.family_members_with_points()[-3].set_fill(self.skin.stats)
        words = "s: the key's score"
        left = rect.center[0] - text_width(words, NAME) / 2
        return VGroup(written, Word(words, NAME, self.skin.ink, left, rect.y0 + em(12), "score", Face.TEXT))

    def past(self, t: int, **changes: Any) -> Measured:
        """The terms of an earlier tile beside the sum of those before it. Till the rise there is one max."""
        before = float(self.found.of("l_new", t - 1)) if t else 0.0
        return Measured(**{"past": before, "terms": self.found.terms(self.found.m_old, t), "filled": 1.0, **changes})

    def all_rows(self, name: str) -> np.ndarray:
        """[rows, ...] of the tile: ``acc_old`` and its like. float64."""
        return np.asarray(getattr(self.found.values, name)[self.found.t], dtype=np.float64)

    @property
    def maxima(self) -> tuple[str, str]:
        """The old and the new max as formulas write them."""
        return self.said["m_old"].replace("−", "-"), self.said["m_new"].replace("−", "-")

    @property
    def wrong(self) -> np.ndarray:
        """[d] acc / l, if l alone were scaled."""
        return self.found.of("acc_old") / float(self.found.of("l_scaled"))

    def quotient(self, which: str) -> np.ndarray:
        """[d] acc / l of the past or with this tile; of no keys 0."""
        return self.found.of(f"acc_{which}") / (float(self.found.of(f"l_{which}")) or 1.0)

    def so_far(self, t: int) -> np.ndarray:
        """[d] acc / l with visited tile ``t``; of no keys 0."""
        return self.found.of("acc_new", t) / (float(self.found.of("l_new", t)) or 1.0)

    def reached(self, kind: Kind, t: int | None = None) -> None:
        """Set the film's clock just after an event."""
        self.scene.event = self.found.event(kind, t)
        self.come(kind)

    def key_arrives(self, t: int) -> None:
        """K of visited tile ``t`` has come."""
        self.keys.display(t)
        self.reached(Kind.LOAD_K, t)

    def come(self, kind: Kind) -> None:
        """The tile of V has come, once its product is there."""
        if kind == Kind.PV_DOT:
            self.keys.display(self.keys.now, v=True)

    def measured(self, **changes: Any) -> Measured:
        """The chart before anything is scaled, but for these changes."""
        start = {"past": float(self.found.of("l_old")), "terms": self.found.before}
        return Measured(**{**start, **changes})

    def move(self, *animations: Any, seconds: float) -> None:
        self.scene.move(*animations, seconds=seconds)

    def hold(self, seconds: float) -> None:
        self.scene.hold(seconds)

    def read(self) -> None:
        """Stand until the beat's caption has been read; then things move."""
        assert self.scene.beat is not None
        self.hold(self.scene.beat.still)


def _between(put: Callable[[Rect], Any], start: Rect, stop: Rect, share: float) -> None:
    put(start.toward(stop, share))


def _over(word: Word, put: Callable[[Rect], Any], start: Rect, stop: Rect, share: float) -> None:
    """Words do not travel: they leave where they were, and are back where they will be."""
    put(start if share < 0.5 else stop)
    word.set_fill(opacity=max(0.0, 1 - min(share, 1 - share) / GONE))
