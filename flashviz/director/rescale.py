"""The rescale: what happens to l and to acc when the max rises. A film of one row at one tile; every number is the trace's."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from manim import Create, Group, VGroup, VMobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import theme
from flashviz.chapters import rescale
from flashviz.chapters.rescale import beats_of, facts, gather
from flashviz.director.material import provenance
from flashviz.director.one_entry import Entry, Quotient
from flashviz.director.rescale_film import RescaleFilm
from flashviz.director.shots import MOVE, TEXT, ShotScene, beat
from flashviz.director.words import (
    LABEL,
    NAME,
    NUMBER,
    ONE_NUMBER,
    SPACE,
    SYMBOLS,
    Counter,
    Word,
    fly,
    labelled,
    line_width,
    middle,
    slid,
    struck,
    symbols,
    word,
    worded,
)
from flashviz.figures import number, total
from flashviz.layout import Rect
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.bars import SignedBars, fit
from flashviz.mobjects.measured import CEILING_PX, KEPT, Measured, Scale
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, early, late
from flashviz.mobjects.named import Named
from flashviz.mobjects.tile_rows import TileRows
from flashviz.mobjects.tiles import Matrix, Rectangles, box, flat_row
from flashviz.palette import spread
from flashviz.trace import Kind

GAP = em(24)
SHOWN, REST = 8, 4.0  # of the tiles behind the rise so many are shown, in so many seconds
OVER_OLD = 24  # px between the dashes and words on them
PALE, STALE = 0.3, 0.6  # of what would be false now; of what counts by the old max
OUTSIDE = 10  # px beyond the frame's edge, from where a tile comes
TAKEN = 80  # of 255: how clear a row of V is whose key has joined
EVENLY = 0.4  # of the time in which V is gone through, what all rows take alike
LARGEST_SYMBOLS = 150  # px of a formula that has the frame to itself


class RescaleStage(ShotScene):
    """The scene that the rescale is played on."""

    script = rescale.SCRIPT

    def open(self, run: Callable[..., Any]) -> RescaleFilm:
        """Record the row: ``flashviz_kernels.recorder.run``."""
        found = gather(self.settings.config, self.settings.source, run)
        self.provenance = [provenance(found.trace)]
        said = facts(found)
        self.set_board(beats_of(found), said)
        film = RescaleFilm(self, found, said)
        film.enter()
        return film


# ------------------------------------------------------------------------------------------------------------- the sum


@beat("past")
def past(film: RescaleFilm) -> None:
    """A term for each of the first keys grows; where the tallest ends, there is the ceiling."""
    film.reached(Kind.QK_DOT, 0)
    chart, first = film.chart, film.past(0)
    film.hold(0.5)
    film.move(Shows(chart, lambda share: chart.display(film.past(0, terms=grown(first.terms, share, 1.0)))), seconds=1.6)
    chart.display(first)
    film.move(Shows(chart, chart.ceiling.reveal), seconds=TEXT)
    chart.display(first)
    film.scene.tell()


@beat("sum")
def one_sum(film: RescaleFilm) -> None:
    """The terms slide together and level at the ceiling: their area is the sum. They stay for their values."""
    film.explained = film.term()
    film.move(FadeIn(film.explained), seconds=TEXT)
    film.scene.tell()
    film.reached(Kind.SOFTMAX_L, 0)
    pour(film, partial(film.past, 0, kept=film.past(0).terms), 1.1)
    film.move(FadeIn(film.l_name, film.l_words, *film.numbers.pieces), FadeOut(film.explained), seconds=TEXT)
    film.hold(1.0)


def pour(film: RescaleFilm, state: Callable[..., Measured], seconds: float = MOVE, *also: Any) -> None:
    """Terms slide against the block, and level at the ceiling; ``also`` happens meanwhile."""
    chart = film.chart
    film.move(Shows(chart, lambda share: chart.display(state(joined=share)), rate_func=ease_in_out_cubic), seconds=seconds)

    def level(share: float) -> None:
        chart.display(state(joined=1.0, level=share))
        chart.turn_yellow(share)

    chart.turn_yellow(0.0)
    film.move(Shows(chart, level, rate_func=ease_in_out_cubic), *also, seconds=seconds)


@beat("answer")
def answer(film: RescaleFilm) -> None:
    """Key by key, term times value joins acc, one bar a feature; beneath, on an axis of its own, acc / l as dots on stems."""
    found, quotient = film.found, film.so_far(0)
    film.reached(Kind.PV_DOT, 0)
    film.acc.values, film.answer.values = 0 * quotient, 0 * quotient
    film.away = film.placed(film.acc, film.acc_name, film.acc_words)
    terms = found.terms(found.m_old, 0)
    lay(film, 0, terms)
    film.scene.tell()
    accumulate(film, 0, terms, 2.6)


@beat("divide")
def divide(film: RescaleFilm) -> None:
    """The sum comes back; acc over it is what softmax is: a weighted mean of the values."""
    quotient, skin = film.so_far(0), film.skin
    film.reached(Kind.PV_DOT, 0)
    film.go("answer")
    formula = "(sum e^(s - m) v) / (sum e^(s - m))"
    film.fraction_of = symbols(formula, SYMBOLS, skin.ink, film.shot["fraction"], "formula")
    film.scene.add(film.answer)
    film.move(FadeIn(film.answer_name, film.answer_words, film.fraction_of), seconds=TEXT)
    film.move(Shows(film.answer, lambda share: film.answer.display(quotient * share), rate_func=ease_in_out_cubic), seconds=MOVE)
    film.scene.tell()
    film.move(FadeOut(film.fraction_of), seconds=TEXT)


def lay(film: RescaleFilm, t: int, terms: np.ndarray) -> None:
    """The terms that stayed lie down, each beside its row of V, which arrives."""
    place, chart, skin = film.scene.shot("values"), film.chart, film.skin
    values, lying, standing = film.bars_in(place["values"]), place["weights"], chart.at
    film.weights = weights = Rectangles(skin.scores, name="weights", opacity=KEPT)
    weights.values = terms
    upright, flat = standing.standing(terms), lying_down(lying, terms)
    ways = np.stack([upright, squares(upright), squares(flat), flat])

    def turn(share: float) -> None:
        piece, within = divmod(min(share, 1.0) * (len(ways) - 1), 1.0)
        start, stop = ways[int(piece)], ways[min(int(piece) + 1, len(ways) - 1)]
        weights.display(start + (stop - start) * within)
        weights.set_fill(opacity=KEPT + (1 - KEPT) * share)

    chart.display(Measured(float(film.found.of("l_new", t)), 0 * terms))
    turn(0.0)
    film.scene.add(weights)
    tile = np.abs(np.asarray(film.found.values.v[t], dtype=np.float64))
    film.v_tile = picture = Matrix(tile, values, skin, "V", 0.0, spread(tile)[1])
    film.v_names = VGroup(
        word("terms", NAME, skin.scores, place["weights name"], "terms"),
        Named(
            *labelled(place["values name"], ("V", skin.v), (f"one row a key, {tile.shape[1]} features", skin.ink)),
            tag="name", text="V",
        ),
    )  # fmt: skip
    away = film.shot.frame.y1 - values.y0 + em(OUTSIDE)
    start = [(part, part.points.copy()) for part in (picture.image, picture.frame)]

    def arrive(share: float) -> None:
        for part, points in start:
            part.points = points + np.array([0.0, away * (1 - share), 0.0])

    arrive(0.0)
    film.scene.add(picture)
    film.go("values", Shows(weights, turn, rate_func=ease_in_out_cubic), Shows(picture, arrive, rate_func=ease_in_out_cubic), seconds=1.2)
    film.move(FadeIn(film.v_names), seconds=TEXT)


def squares(bars: np.ndarray) -> np.ndarray:
    """[n, 4] where bars begin, as squares as wide as the narrower of a bar's sides: so small they go from place to place."""
    side = np.minimum(bars[:, 2] - bars[:, 0], bars[:, 3] - bars[:, 1])
    return np.stack([bars[:, 0], bars[:, 1], bars[:, 0] + side, bars[:, 1] + side], 1)


def lying_down(rect: Rect, terms: np.ndarray) -> np.ndarray:
    """[n, 4] a bar a term, from the left of ``rect``, the first on top; the largest is as wide as it."""
    pitch, wide = rect.height / len(terms), terms / max(float(terms.max()), 1e-12) * rect.width
    tops = rect.y1 - np.arange(len(terms)) * pitch
    return np.stack([np.full(len(terms), rect.x0), tops - 0.9 * pitch, rect.x0 + wide, tops - 0.1 * pitch], 1)


def accumulate(film: RescaleFilm, t: int, terms: np.ndarray, seconds: float) -> None:
    """Row by row of V, from the first key to the last: term times value joins acc. Then what came takes acc's colour.

    Rows take the time that they weigh: what a large term brings is seen to come.
    """
    place, brought, pv, skin = film.shot, film.brought, film.found.brought(t), film.skin
    v = np.asarray(film.found.values.v[t], dtype=np.float64)[: len(terms)]
    sums = np.concatenate([np.zeros((1, v.shape[1])), np.cumsum(terms[:, None] * v, 0)])
    sums += (pv - sums[-1]) * np.linspace(0, 1, len(sums))[:, None]  # the kernel rounds its terms for the product
    before, picture, weights, lying = film.acc.values, film.v_tile, film.weights, place["weights"]
    assert before is not None
    pitch = lying.height / len(terms)
    takes = EVENLY / len(terms) + (1 - EVENLY) * terms / max(float(terms.sum()), 1e-12)
    begins = np.concatenate([[0.0], np.cumsum(takes / takes.sum())])
    here = VMobject(stroke_color=skin.ink, stroke_width=theme.HEAVY)
    brought.bars.set_fill(skin.v)
    film.put_bars(brought, "acc", place["acc"])

    def take(share: float) -> None:
        key = min(int(np.searchsorted(begins, share, side="right")) - 1, len(terms) - 1)
        within = (share - begins[key]) / (begins[key + 1] - begins[key])
        top = lying.y1 - pitch * (key + within)
        brought.display(sums[key] + (sums[key + 1] - sums[key]) * within, before)
        brought.values = brought.values if share < 1 else pv
        picture.image.pixel_array[:, :, 3] = np.where(np.arange(len(picture.values)) < key, TAKEN, 255)[:, None]
        row = Rect(lying.x0 - em(10), top - pitch, picture.frame.get_right()[0] + em(10), top)
        here.points = box(row, stroke=skin.ink).points

    weights.display(lying_down(lying, terms))
    take(0.0)
    if t:
        film.put_bars(film.was, "acc", place["acc"])
        film.scene.add(film.was.display(before))
    film.scene.add(brought, here)
    things = Group(brought, weights, picture, here)
    film.move(Shows(things, take), seconds=seconds)
    film.scene.remove(here, weights)
    film.move(
        FadeOut(picture, film.v_names),
        Shows(brought, lambda share: brought.bars.set_fill(theme.between(skin.v, skin.o, share))),
        seconds=0.4,
    )
    film.scene.remove(brought, film.was)
    film.acc.display(film.found.of("acc_new", t))


@beat("add")
def add(film: RescaleFilm) -> None:
    """More tiles, and none of their terms is above the ceiling: terms join l, their values acc. The later ones are faster."""
    found, chart, last = film.found, film.chart, film.found.t - 1
    film.reached(Kind.PV_DOT, last)
    chart.display(Measured(float(found.of("l_new", 0)), 0 * film.past(1).terms))
    film.go("rescale")
    done = 0
    for t in sorted({1, last}):  # of many the first and the last
        seconds = 0.8 if t == 1 else 0.35
        film.key_arrives(t)
        film.move(Shows(chart, partial(_grow, film, t)), seconds=seconds)
        if t == 1:
            film.scene.tell()
        pour(film, partial(film.past, t), seconds, *joined(film, done, t), *renumbered(film, total(float(found.of("l_new", t)))))
        done = t
    chart.display(Measured(float(found.of("l_old")), 0 * film.past(last).terms))


def _grow(film: RescaleFilm, t: int, share: float) -> None:
    film.chart.turn_yellow(0.0)
    film.chart.display(film.past(t, terms=grown(film.past(t).terms, share, 1.0)))


def joined(film: RescaleFilm, before: int, t: int) -> list[Shows]:
    """acc and the answer, from what they were at one tile to what they are at another."""
    acc = partial(from_to, film.acc, film.found.of("acc_new", before), film.found.of("acc_new", t))
    return [Shows(film.acc, acc, rate_func=ease_in_out_cubic), answered(film, before, t)]


def answered(film: RescaleFilm, before: int, t: int) -> Shows:
    """The answer alone, from one tile to another."""
    return Shows(film.answer, partial(from_to, film.answer, film.so_far(before), film.so_far(t)), rate_func=ease_in_out_cubic)


def from_to(bars: SignedBars, before: np.ndarray, after: np.ndarray, share: float) -> None:
    """So far on the way from some values to others."""
    bars.display(before + (after - before) * share)


def renumbered(film: RescaleFilm, text: str) -> list[Any]:
    """l's number gives way to another."""
    gone = [FadeOut(piece, rate_func=early) for piece in film.numbers.pieces]
    return [*gone, FadeIn(film.numbers.first(text, film.skin.stats), rate_func=late)]


# ------------------------------------------------------------------------------------------------------- the max rises


def grown(terms: np.ndarray, share: float, height: float) -> np.ndarray:
    """Terms that grow from left to right, each in a quarter of the time, and none beyond ``height``."""
    start = 0.75 * np.arange(len(terms)) / max(len(terms), 1)
    return np.asarray(np.minimum(terms * np.clip((share - start) / 0.25, 0, 1), height))


@beat("terms")
def terms(film: RescaleFilm) -> None:
    """The new terms grow as outlines; the largest stops at the ceiling and then breaks through it."""
    film.key_arrives(film.found.t)
    film.reached(Kind.QK_DOT)
    skin, chart, before = film.skin, film.chart, film.found.before
    chart.display(film.measured(terms=0 * before))
    chart.turn_yellow(0.0)
    film.go("sum")
    tallest = float(before.max())
    film.move(FadeIn(film.terms_name), seconds=TEXT)
    with film.scene.telling():
        film.move(Shows(chart, lambda share: chart.display(film.measured(terms=grown(before, share, 1.0)))), seconds=1.8)
        film.hold(0.3)
        through = Shows(chart, lambda share: chart.display(film.measured(terms=np.minimum(before, 1 + (tallest - 1) * share))))
        film.move(through, seconds=1.4)
    text, (m_old, m_new) = film.said["height"], film.maxima
    power = symbols(f"e^({m_new} - {m_old}) =", SYMBOLS, skin.ink, film.shot.frame, "power")
    space = SPACE * em(ONE_NUMBER)
    bottom = chart.at.y(tallest) - em(140)  # under where the ceiling will stop
    wide = power.width + space + text_width(text, ONE_NUMBER, Face.STRONG)
    left, share = beside(film, chart.at, before, wide, bottom)
    power.scale(share).move_to((left + power.width / 2, 0, 0))
    power.shift((0, bottom - power.get_bottom()[1], 0))
    film.height = Word(text, ONE_NUMBER * share, skin.ink, left + power.width + space * share, bottom, "height")
    film.power = power
    film.move(FadeIn(power, film.height), seconds=TEXT)
    film.hold(0.5)


def beside(film: RescaleFilm, at: Scale, terms: np.ndarray, wide: float, bottom: float) -> tuple[float, float]:
    """Left edge of words beside the tallest term, where no other stands taller than ``bottom``, and the share of ``wide`` that fits.

    On its left where there is room, else on its right, else wherever there is most, and then smaller.
    """
    x, height = at.x(film.spike), (bottom - at.rect.y0) / at.unit
    start = at.rect.x0 if height > 1 else at.rect.x0 + float(film.found.of("l_old")) * at.key  # not on the block
    spans = at.clear(terms, height, start, at.rect.x1)
    beside_it = [span for span in spans if span[1] - span[0] >= wide + 2 * GAP and min(abs(span[0] - x), abs(span[1] - x)) <= at.key]
    left, right = next(iter(beside_it), max(spans, key=lambda span: span[1] - span[0]))
    share = min(1.0, (right - left) / (wide + 2 * GAP))
    return (right - GAP * share - wide * share, share) if right <= x else (left + GAP * share, share)


@beat("question")
def question(film: RescaleFilm) -> None:
    """A still."""
    film.reached(Kind.QK_DOT)


@beat("ruler")
def ruler(film: RescaleFilm) -> None:
    """m becomes the new max. The ceiling is 1 as before: the terms sink until the tallest is 1, and with them the old 1."""
    film.reached(Kind.ALPHA)
    chart = film.chart
    ends = most_of_p(film)
    climb = Climb(film, ends)
    with film.scene.telling():
        film.move(FadeOut(film.power, film.height), seconds=TEXT)
        film.scene.add(climb)
        film.move(Shows(climb, climb.display, rate_func=ease_in_out_cubic), seconds=1.6)
        film.scene.remove(*climb.said)
        film.scene.add(ends[0])
        film.move(FadeIn(*ends[1:]), seconds=TEXT)
    film.move(FadeOut(*ends, climb.over), seconds=TEXT)
    film.move(FadeIn(film.height), seconds=TEXT)
    film.hold(0.3)
    film.move(lowers(film), seconds=2.3)
    chart.display(lowered(film))


def most_of_p(film: RescaleFilm) -> list[VMobject]:
    """Where the numbers end in which P is multiplied: were a score so far above m, its term would be the largest of them."""
    said, skin, at = film.said, film.skin, film.chart.at
    power = symbols(f"e^({said['over']})", NUMBER, skin.ink, film.shot.frame, "limit")
    bottom = at.y(float(film.found.before.max())) - em(140)
    lead, largest, dtype = f"if s were m + {said['over']}:", f"≈ {said['largest']}", said["dtype"]
    number = f"{largest}: {dtype}'s largest number"
    for text in (f"{number}, and terms meet V in {dtype}", number, f"{largest}, {dtype}'s largest", largest):
        wide = max(text_width(lead, NAME), power.width + SPACE * em(NAME) + text_width(text, NAME))
        left, share = beside(film, at, film.found.before, wide, bottom)
        if share * NAME >= LABEL:
            break
    power.scale(share).shift((left - power.get_left()[0], bottom - power.get_bottom()[1], 0))
    px = NAME * share
    first = Word(lead, px, skin.ink, left, bottom + em(1.9 * px), "limit", Face.TEXT)
    return [first, power, Word(text, px, skin.ink, power.get_right()[0] + SPACE * em(px), bottom, "limit", Face.TEXT)]


class Climb(Group):
    """A score that rises above m: its term leaves the frame, and both are counted until P's numbers end.

    Args:
        ends: What is written where they end, of which the first line says how far above m that is.
    """

    def __init__(self, film: RescaleFilm, ends: list[VMobject]) -> None:
        self.tag, self.film, (lead, _, last) = "overflow", film, ends
        assert isinstance(lead, Word)
        assert isinstance(last, Word)
        self.lead, self.place = lead, (lead.left, last.baseline, last.px)
        skin, self.over = film.skin, Rectangles(film.skin.warn, name="overflow", opacity=PALE)
        self.over.set_stroke(skin.warn, width=theme.OUTLINE, opacity=1)
        self.said = Counter(skin.ink, "limit"), Counter(skin.ink, "limit")
        super().__init__(self.over, *self.said)

    def display(self, share: float) -> Climb:
        """From the tallest term to the largest number of P's dtype, by equal steps of the score."""
        at, (left, baseline, px), lead = self.film.chart.at, self.place, self.lead
        start, stop = np.log(float(self.film.found.before.max())), float(self.film.said["over"])
        above = start + (stop - start) * share
        x0, _, x1, top = at.standing(self.film.found.before)[self.film.spike]
        height = min(at.rect.y0 + float(np.exp(above)) * at.unit, self.film.shot.frame.y1 + em(20))
        self.over.display(np.array([[x0, top, x1, max(top, height)]]))
        score, term = f"{above:.2f}", f"{np.exp(above):,.2f}" if above < np.log(1000) else f"{np.exp(above):,.0f}"
        number_of = self.film.said["largest"] if score == self.film.said["over"] else term
        rising = lead.text.replace(self.film.said["over"], score)
        self.said[0].say(Word(rising, lead.px, self.film.skin.ink, lead.left, lead.baseline, "limit", Face.TEXT))
        self.said[1].say(Word(f"its term: {number_of}", px, self.film.skin.ink, left, baseline, "limit", Face.TEXT))
        return self


def lowers(film: RescaleFilm) -> Shows:
    """m turns into the new max, and the terms sink with it; l, which counts by the old one, steps back meanwhile."""
    turn = film.chart.ceiling.turn(film.said["m_new"])

    def lower(share: float) -> None:
        film.chart.display(lowered(film, ease_in_out_cubic(share)))
        outdate(film.chart.block, share)
        turn.show(early(share))

    return Shows(film.chart, lower)


def outdate(part: VMobject, share: float) -> None:
    """What counts by the old max steps back."""
    part.set_fill(opacity=1 + (STALE - 1) * share)


def lowered(film: RescaleFilm, share: float = 1.0) -> Measured:
    """The chart on the way from the old max to the new: e^(s - m) for an m between them, and the old 1, which is e^(m_old - m)."""
    if share == 1:
        return film.measured(terms=film.found.measured, old=float(film.found.of("alpha")), filled=1.0)
    scale = max(float(film.found.before.max()), 1.0) ** -share
    return film.measured(terms=film.found.before * scale, old=scale, filled=late(share))


@beat("measure")
def measure(film: RescaleFilm) -> None:
    """At the dashes: what the old 1 is by the new ruler."""
    film.reached(Kind.ALPHA)
    skin, chart, said = film.skin, film.chart, film.said
    texts = ["α", "=", "1", "/", said["height"], "=", said["alpha"]]
    left, share, bottom = on_old(film, chart.at, line_width(texts, NUMBER))
    film.ratio = []
    for text in texts:
        name = "alpha" if text == said["alpha"] else "ratio"
        film.ratio.append(Word(text, NUMBER * share, skin.ink, left, bottom, name))
        left += film.ratio[-1].wide + SPACE * em(NUMBER * share)
    alpha, equals, one, over, height, *result = film.ratio
    film.scene.remove(film.height)
    with film.scene.telling():
        film.move(FadeIn(alpha, equals, one, over, rate_func=late), fly(height, film.height), seconds=MOVE)  # the number itself
        film.move(FadeIn(*result), seconds=TEXT)


def on_old(film: RescaleFilm, at: Scale, wide: float) -> tuple[float, float, float]:
    """Left edge, share of ``wide`` that fits and baseline of words on the dashes of the old 1.

    Beneath the ceiling where there is room; else above what rides on it. Beside the block where this stands alone.
    """
    y, lid = at.y(float(film.found.of("alpha"))), at.y(1.0)
    if at.near:
        left = at.rect.x0 + float(film.found.of("l_old")) * at.key + GAP
        return left, min(1.0, (at.rect.x1 - left) / wide), y + em(OVER_OLD)
    bottoms = [y + em(OVER_OLD)] if lid - y > em(OVER_OLD + 0.8 * NUMBER) else []
    places = [
        (*beside(film, at, film.found.measured, wide, bottom), bottom) for bottom in (*bottoms, lid + em(OVER_OLD + 1.3 * CEILING_PX))
    ]
    return next((place for place in places if place[1] == 1), max(places, key=lambda place: place[1]))


# ------------------------------------------------------------------------------------------------------ what must follow


@beat("stale")
def stale(film: RescaleFilm) -> None:
    """l's block comes near; acc and the answer come back. l and acc count by the old 1 and step back; what acc / l is is written."""
    film.reached(Kind.ALPHA)
    at = film.scale_in("squeeze")
    alpha, equals, *between, result = film.ratio
    film.move(*(FadeOut(each) for each in between), seconds=TEXT)
    left, share, bottom = on_old(film, at, line_width([alpha.text, equals.text, result.text], NUMBER))
    film.ratio, ways = [], []
    for each in (alpha, equals, result):
        film.ratio.append(Word(each.text, NUMBER * share, film.skin.ink, left, bottom, each.tag))
        ways.append(fly(film.ratio[-1], each))
        left += film.ratio[-1].wide + SPACE * em(NUMBER * share)
    film.scene.remove(alpha, equals, result)
    film.go("squeeze", *ways, FadeOut(film.terms_name, rate_func=early))
    found = film.found
    film.entry = Entry(film.acc, found.of("acc_old"), found.of("acc_scaled"), film.shot["entry"], film.skin)
    sums = (float(found.of("l_old")), float(found.of("l_scaled")))
    film.one_quotient = Quotient(film.entry.values, sums, film.shot["answer words"], film.skin)
    with film.scene.telling():
        film.move(Shows(film.acc, lambda share: outdate(film.acc.bars, share)), seconds=0.9)
        film.move(FadeOut(film.acc_words, rate_func=early), FadeIn(film.entry.mark, film.entry.before, rate_func=late), seconds=TEXT)
        gone = [FadeOut(film.answer_words)] if film.one_quotient.old else []
        film.move(*gone, FadeIn(*film.one_quotient.old), seconds=TEXT)


def renew(film: RescaleFilm, share: float) -> None:
    """l and acc count by the new max again: so far they are as strong as before."""
    for part in (film.chart.block, film.acc.bars):
        outdate(part, 1 - share)


@beat("squeeze")
def squeeze(film: RescaleFilm) -> None:
    """The factor sends a copy to l and one to acc, and both shrink: the block down to the dashes. The quotient does not move."""
    film.reached(Kind.ALPHA)
    found, skin, chart, said, entry = film.found, film.skin, film.chart, film.said, film.entry
    alpha, acc, quotient = float(found.of("alpha")), found.of("acc_old"), film.one_quotient
    source, px = film.ratio[-1], film.acc_name.px
    times, factor = film.numbers.next("×", skin.ink), film.numbers.next(said["alpha"], skin.ink)
    base, left = middle(film.shot["acc name"], px), film.acc_name.left + film.acc_name.wide + SPACE * em(px)
    times_acc = Word("×", px, skin.ink, left, base, "times")
    at_acc = Word(said["alpha"], px, skin.ink, left + times_acc.wide + SPACE * em(px), base, "alpha acc")
    film.put_bars(film.was, "acc", film.shot["acc"])
    film.was.display(acc)
    result = film.numbers.next("=", skin.ink), film.numbers.next(said["l_scaled"], skin.stats)
    film.put_frame(film.shot["answer"])

    def shrink(share: float) -> None:
        chart.display(squeezed(film, tall=1 + (alpha - 1) * share, old=alpha))
        film.acc.display(acc * (1 + (alpha - 1) * share))
        entry.follow()
        renew(film, share)

    with film.scene.telling():
        film.scene.remove(source)  # it parts into the two
        film.move(
            fly(factor, source), fly(at_acc, source), FadeOut(*film.ratio[:-1], rate_func=early),
            FadeIn(times, times_acc, rate_func=late), seconds=MOVE,
        )  # fmt: skip
        film.move(Create(film.frame), seconds=0.5)
        film.scene.add(film.was, film.acc)
        film.move(Shows(Group(chart, film.acc, entry.mark), shrink, rate_func=ease_in_out_cubic), seconds=2.0)
        film.acc.display(found.of("acc_scaled"))
        film.move(FadeIn(*result), FadeOut(entry.before, rate_func=early), FadeIn(entry.after, rate_func=late), seconds=0.5)
        if quotient.old:
            film.move(*quotient.turn(), seconds=0.5)
    film.copies = [times_acc, at_acc, entry.mark, entry.after, *quotient.new]


def squeezed(film: RescaleFilm, **changes: Any) -> Measured:
    """The chart once all is measured by the new max, and nothing has joined yet."""
    return film.measured(**{"tall": float(film.found.of("alpha")), "terms": film.found.measured, "filled": 1.0, **changes})


@beat("same")
def same(film: RescaleFilm) -> None:
    """The factor above cancels the factor below."""
    film.reached(Kind.ALPHA)
    parts = ["(acc", "×", film.said["alpha"], ")", "/", "(ℓ", "×", film.said["alpha"], ")", "=", "acc", "/", "ℓ"]
    colors = [film.skin.o if "acc" in part else film.skin.stats if "ℓ" in part else film.skin.ink for part in parts]
    film.fraction = worded(film.shot["note"], parts, NUMBER, colors, "fraction")
    factors = [each for each in film.fraction if each.text == film.said["alpha"]]
    film.strokes = [struck(each, film.skin) for each in factors]
    with film.scene.telling():
        film.move(
            FadeOut(film.answer_name, *film.one_quotient.new, rate_func=early), FadeIn(*film.fraction[:-4], rate_func=late), seconds=MOVE
        )  # in the place of the numbers
        film.hold(0.6)
        film.move(*(Create(stroke) for stroke in film.strokes), seconds=0.6)
        film.move(FadeIn(*film.fraction[-4:]), seconds=TEXT)


@beat("alone")
def alone(film: RescaleFilm) -> None:
    """acc grows back to what it was while l stays squeezed: the answer breaks out of its frame, the true one stays as an outline."""
    with film.scene.telling():
        gone = [each for each in film.copies if film.stands(each)]
        film.move(
            *(FadeOut(each, rate_func=early) for each in (*gone, *film.fraction, *film.strokes)),
            FadeIn(film.answer_name, rate_func=late),
            seconds=MOVE,
        )
        film.put_bars(film.answer_was, "answer", film.shot["answer"])
        film.answer_was.display(film.quotient("old"))
        film.scene.add(film.answer_was)
        film.move(*unscaled(film, 0.0, 1.0), seconds=1.5)
        film.note = word(f"{film.said['height']} × too tall", NAME, film.skin.warn, film.shot["answer words"], "note")
        if film.stands(film.answer_words):
            film.move(FadeOut(film.answer_words), seconds=TEXT / 2)
        film.move(FadeIn(film.note), seconds=TEXT)
    film.hold(1.0)


def unscaled(film: RescaleFilm, start: float, stop: float) -> list[Shows]:
    """acc from scaled (0) to what it was (1), and the answer with it."""
    acc, acc_old, quotient, wrong = film.found.of("acc_scaled"), film.found.of("acc_old"), film.quotient("old"), film.wrong

    def show_acc(share: float) -> None:
        share = start + (stop - start) * share
        film.acc.display(acc * (1 - share) + acc_old * share)

    def show_answer(share: float) -> None:
        share = start + (stop - start) * share
        film.answer.display(quotient * (1 - share) + wrong * share)
        film.answer.bars.set_fill(theme.between(film.skin.o, film.skin.warn, min(1.0, 2 * share)))

    return [Shows(film.acc, show_acc, rate_func=ease_in_out_cubic), Shows(film.answer, show_answer, rate_func=ease_in_out_cubic)]


@beat("both")
def both(film: RescaleFilm) -> None:
    """acc takes its factor again, and the answer is back in its frame."""
    film.move(FadeOut(film.note), seconds=TEXT / 2)
    words = [] if film.one_quotient.new else [film.answer_words]
    film.move(FadeIn(*words, *film.copies, rate_func=late), *unscaled(film, 1.0, 0.0), seconds=0.7)
    film.scene.remove(film.answer_was)
    film.scene.tell()


@beat("rows")
def rows(film: RescaleFilm) -> None:
    """acc's row becomes one line of its tile; then every row's l and acc shrink by the row's own factor, and no quotient changes."""
    film.reached(Kind.ALPHA)
    found, skin, place = film.found, film.skin, film.scene.shot("rows")
    acc, scaled, l_old, l_scaled, alphas = (film.all_rows(name) for name in ("acc_old", "acc_scaled", "l_old", "l_scaled", "alpha"))
    film.tile = tile = TileRows(place, acc, l_old, alphas, found.row, skin)
    row = Rectangles(skin.o, name="row")
    start, stop = film.acc.boxes(found.of("acc_scaled")), flat_row(tile.line, acc.shape[1])
    tidy(film)
    film.scene.add(row.display(start))
    film.go("rows", Shows(row, lambda share: row.display(start + (stop - start) * share), rate_func=ease_in_out_cubic))
    texts = [
        ("factors name", ("α", skin.ink), f"{film.said['least']} to {film.said['most']}"), ("sums name", ("ℓ", skin.stats), "× α"),
        ("tile name", ("acc", skin.o), "× α"), ("quotients name", ("acc / ℓ", skin.o), "the answers"),
    ]  # fmt: skip
    pairs = [labelled(place[part], name, (words, skin.ink)) for part, name, words in texts]
    full = [pair[0].px == NAME for pair in pairs]  # words stand where there is room for them
    names = [pair[0] if fits else word(name[0], NAME, name[1], place[part], "name")
             for pair, fits, (part, name, _) in zip(pairs, full, texts, strict=True)]  # fmt: skip
    words = [VGroup(pair[1]) if fits else VGroup() for pair, fits in zip(pairs, full, strict=True)]
    film.scene.add(tile.picture, row)  # the row over its tile
    film.move(FadeIn(tile.picture, tile.marks[1], names[2]), seconds=0.5)
    film.move(FadeIn(tile.sums, tile.answers, tile.marks[0], tile.marks[2], names[1], names[3], words[3]), FadeOut(row), seconds=0.5)
    film.scene.tell()
    film.move(FadeIn(tile.factors, names[0], words[0]), seconds=TEXT)
    film.move(FadeIn(tile.ours, row_label(film, tile)), seconds=TEXT)
    film.hold(0.5)
    film.move(FadeIn(words[1], words[2], statement(film, place["code"])), seconds=TEXT)
    count, front = len(acc), 0.2 * len(acc)

    def sweep(share: float) -> None:
        done = np.clip((share * (count + front) - np.arange(count)) / front, 0.0, 1.0)
        tile.display(acc + (scaled - acc) * done[:, None], l_old + (l_scaled - l_old) * done)

    film.move(Shows(tile, sweep), seconds=2.6)


def tidy(film: RescaleFilm) -> None:
    """What was written beside the squeeze leaves; l's number stands alone again."""
    film.chart.display(squeezed(film))
    moving, gone = film.numbers.settle()
    film.acc_words.put(film.shot["acc words"])
    words = [film.acc_words, *([] if film.stands(film.answer_words) else [film.answer_words])]
    film.move(*(FadeOut(each) for each in (film.was, *film.copies, film.frame)), *gone, seconds=TEXT)
    film.move(FadeIn(*words), moving, seconds=0.4)


@beat("all")
def no_answer_moves(film: RescaleFilm) -> None:
    """Read beside the answers, which are what they were."""
    film.reached(Kind.ALPHA)
    film.scene.tell()


def row_label(film: RescaleFilm, tile: TileRows) -> Word:
    """The row's alpha at the left of its bar, and of the bars that are as high as the words."""
    at, px, text = tile.place["factors"], float(NAME), film.said["alpha"]
    near = np.abs(np.arange(len(tile.alphas)) - film.found.row) * tile.pitch < 0.6 * em(px)
    edge = at.x1 - float(tile.alphas[near].max()) * at.width - em(16)
    px = max(LABEL, px * min(1.0, (edge - at.x0) / text_width(text, px, Face.STRONG)))
    left = max(edge - text_width(text, px, Face.STRONG), at.x0)
    return Word(text, px, film.skin.ink, left, tile.line.center[1] - 0.36 * em(px), "alpha")


def statement(film: RescaleFilm, rect: Rect) -> Word:
    """The kernel's line, as it runs."""
    text = film.found.statement(Kind.RESCALE_ACC)
    px = NAME * min(1.0, rect.width / text_width(text, NAME, Face.MONO))
    return Word(text, px, film.skin.ink, rect.x0, middle(rect, px), "code", Face.MONO)


@beat("exact")
def exact(film: RescaleFilm) -> None:
    """The factor times the old sum is the sum by the new max: in every term the old max cancels. For acc as for l: v is the key's value."""
    film.reached(Kind.ALPHA)
    said, skin, place = film.said, film.skin, film.scene.shot("formula")["formula"]
    gone: list[Any] = []
    if film.stands(film.chart):
        gone = [FadeOut(each, rate_func=early) for each in (film.was, *film.copies, film.frame)] + film.numbers.settle()[1]
        film.away += film.placed(film.acc_words, film.answer_words)
    elif film.tile is not None:
        film.scene.clear_all(0.4)
    places = (place.top(0.5 * place.height), place.bottom(0.42 * place.height))
    share = Proof.fit(film, places[0])
    upper = Proof(film, places[0], share, ("ℓ", skin.stats), "", [said["alpha"], said["l_old"], said["l_scaled"]])
    lower = Proof(film, places[1], share, ("acc", skin.o), " v", [said["alpha"], film.entry.before.text, film.entry.after.text])
    film.go("formula", *gone, FadeIn(*upper.left, rate_func=late))
    film.away = [each for each in film.away if each[1] not in (film.was, film.frame)]  # these do not come back
    with film.scene.telling():
        film.hold(0.6)
        for line in (upper, lower):
            if line is lower:
                film.move(FadeIn(*line.left), seconds=TEXT)
            film.move(*(Create(stroke) for stroke in line.strokes), seconds=0.7)
            film.move(FadeIn(*line.right), seconds=TEXT)
            film.hold(0.75)
    film.formula = VGroup(*upper.left, *upper.strokes, *upper.right, *lower.left, *lower.strokes, *lower.right)


class Proof:
    """One line: name, factor times old sum, strokes through what cancels, and the new sum. Numbers stand beneath: of acc its entry's."""

    LEAD = text_width("acc  ", NUMBER, Face.STRONG)

    @staticmethod
    def parts(film: RescaleFilm, value: str) -> tuple[list[str], list[VMobject]]:
        """Formulas, and how they are written, in full size."""
        m_old, m_new = film.maxima
        texts = [f"e^({m_old} - {m_new})", "dot", f"sum e^(s - {m_old}){value}", "=", f"sum e^(s - {m_new}){value}"]
        return texts, [theme.maths(text, LARGEST_SYMBOLS, film.skin.ink) for text in texts]

    @classmethod
    def fit(cls, film: RescaleFilm, rect: Rect) -> float:
        """The size, of the full one, in which the longer line fits into ``rect``."""
        _, parts = cls.parts(film, " v")
        wide = sum(part.width for part in parts) + 0.3 * em(LARGEST_SYMBOLS) * (len(parts) - 1)
        return min(1.0, (rect.width - cls.LEAD) / wide)

    def __init__(self, film: RescaleFilm, rect: Rect, share: float, name: tuple[str, str], value: str, numbers: list[str]) -> None:
        skin, (m_old, m_new) = film.skin, film.maxima
        texts, parts = self.parts(film, value)
        gap, lead = 0.3 * em(LARGEST_SYMBOLS), self.LEAD
        glyphs = [part.family_members_with_points() for part in parts]
        left = rect.x0 + lead
        for index, part in enumerate(parts):
            part.scale(share).move_to((left + part.width / 2, rect.center[1], 0))
            if "e^" in texts[index]:
                e = glyphs[index][1 if texts[index].startswith("sum") else 0]
                part.shift((0, rect.center[1] - 0.2 * em(LARGEST_SYMBOLS) * share - e.get_bottom()[1], 0))  # all stand on one line
            left += part.width + gap * share
        end = -len(value.strip()) or None
        old_in_sum = glyphs[2][:end][-len(m_old) :]
        old, new = glyphs[0][1 : 1 + len(m_old)], glyphs[0][-len(m_new) :]
        for each in (*old, *new, *old_in_sum, *glyphs[4][:end][-len(m_new) :]):
            each.set_fill(skin.stats)
        self.strokes = [struck(each, skin) for each in (list(old), list(old_in_sum))]
        base = glyphs[0][0].get_bottom()[1]
        label = Word(name[0], NUMBER, name[1], rect.x0, base, "name")
        named = [Named(part, tag="formula", text=text) for part, text in zip(parts, texts, strict=True)]
        bottom, px = min(part.get_bottom()[1] for part in parts), max(LABEL, NUMBER * share)
        notes = []
        for part, text, color in zip((parts[0], parts[2], parts[4]), numbers, (skin.ink, name[1], name[1]), strict=True):
            start = part.get_center()[0] - text_width(text, px, Face.STRONG) / 2
            notes.append(Word(text, px, color, start, bottom - em(16) - 0.76 * em(px), "note"))
        self.left, self.right = [label, *named[:3], *notes[:2]], [*named[3:], *notes[2:]]


# ----------------------------------------------------------------------------------------------------------- and then on


@beat("join")
def join(film: RescaleFilm) -> None:
    """The terms slide against the block, and all levels at the ceiling, each with its own area: as wide as their sum."""
    film.reached(Kind.SOFTMAX_L)
    found, chart, said, skin = film.found, film.chart, film.said, film.skin
    film.answer.bars.set_fill(opacity=PALE)  # acc waits for what l will have
    film.go("sum", FadeOut(film.formula, rate_func=early))
    with film.scene.telling():
        plus, added = film.numbers.next("+", skin.ink), film.numbers.next(said["added"], skin.scores)
        home, start = (added.left, added.baseline), max(film.terms_name.left, added.left)
        added.put_at(min(start, film.shot["sum"].x1 - added.wide), added.baseline)
        film.move(FadeIn(added), seconds=TEXT)
        film.hold(0.2)
        state = partial(squeezed, film, kept=found.measured)
        film.move(
            Shows(chart, lambda share: chart.display(state(joined=share)), rate_func=ease_in_out_cubic),
            slid(added, *home),
            FadeIn(plus, rate_func=late), FadeOut(film.terms_name), seconds=1.1,
        )  # fmt: skip

        def level(share: float) -> None:
            chart.display(state(joined=1.0, level=share, settled=share))
            chart.turn_yellow(share)

        result = film.numbers.next("=", skin.ink), film.numbers.next(said["l_new"], skin.stats)
        film.move(Shows(chart, level, rate_func=ease_in_out_cubic), FadeIn(*result, rate_func=late), seconds=1.2)
    chart.display(Measured(float(found.of("l_new")), 0 * found.measured, kept=found.measured))


@beat("values")
def values(film: RescaleFilm) -> None:
    """The terms weigh V's rows, as before; meanwhile the answer is pale: acc still waits for what l has already."""
    film.reached(Kind.PV_DOT)
    moving, gone = film.numbers.settle()
    film.move(*gone, seconds=TEXT)
    film.move(moving, seconds=0.4)
    film.answer.bars.set_fill(opacity=PALE)
    lay(film, film.found.t, film.found.measured)
    with film.scene.telling():
        accumulate(film, film.found.t, film.found.measured, 2.2)


@beat("moves")
def moves(film: RescaleFilm) -> None:
    """The quotient moves; the outline of the old one stays."""
    film.reached(Kind.PV_DOT)
    film.go("answer")
    before, after = film.quotient("old"), film.quotient("new")
    film.put_bars(film.answer_was, "answer", film.shot["answer"])
    film.scene.add(film.answer_was.display(before))
    film.move(
        Shows(film.answer.bars, lambda share: film.answer.bars.set_fill(opacity=PALE + (1 - PALE) * share)), seconds=TEXT
    )  # fmt: skip
    with film.scene.telling():
        film.hold(0.5)
        come = Shows(film.answer, lambda share: film.answer.display(before + (after - before) * share), rate_func=ease_in_out_cubic)
        film.move(come, seconds=1.6)
    film.answer.display(after)


@beat("rest")
def rest(film: RescaleFilm) -> None:
    """The row's other tiles, faster: l, acc and the answer after each, and m where it rises."""
    found, chart = film.found, film.chart
    film.reached(Kind.PV_DOT, found.last)
    film.move(FadeOut(film.answer_was), seconds=TEXT)
    chart.display(Measured(float(found.of("l_new")), np.zeros(0)))
    chart.named = np.zeros(0)
    film.go("rescale")
    film.scene.tell()
    others(film, found.t, found.last, REST)


def others(film: RescaleFilm, start: int, stop: int, seconds: float) -> None:
    """Tiles behind ``start``, up to ``stop``, in so many seconds: l, acc and the answer after each that is shown, and m where it rises."""
    found, chart = film.found, film.chart
    shown = np.unique(np.linspace(start, stop, min(stop - start, SHOWN) + 1).round().astype(int)).tolist()
    m = number(float(found.of("m_new", start)))
    for done, t in itertools.pairwise(shown):
        film.key_arrives(t)
        film.reached(Kind.PV_DOT, t)
        before, after, now = float(found.of("l_new", done)), float(found.of("l_new", t)), number(float(found.of("m_new", t)))
        wide = Shows(chart, partial(_widen, film, before, after, None if now == m else chart.ceiling.turn(now)))
        film.move(wide, *joined(film, done, t), *renumbered(film, total(after)), seconds=seconds / (len(shown) - 1))
        m = now


def _widen(film: RescaleFilm, before: float, after: float, turn: Shows | None, share: float) -> None:
    film.chart.display(Measured(before + (after - before) * ease_in_out_cubic(share), np.zeros(0)))
    if turn is not None:
        turn.interpolate_mobject(share)


@beat("whole")
def whole(film: RescaleFilm) -> None:
    """What softmax over all keys at once gives comes down onto the answer."""
    film.reached(Kind.PV_DOT, film.found.last)
    words = whole_comes(film)
    film.scene.tell()
    whole_lands(film, words)
    film.hold(1.5)


def whole_comes(film: RescaleFilm) -> list[Word]:
    """What softmax over all keys at once gives stands over the answer, with its name."""
    place, skin = film.scene.shot("final"), film.skin
    film.go("final")
    name = word("softmax × V", NAME, skin.ink, place["whole name"], "name")
    words = word(f"of all {film.said['keys']} keys at once", LABEL, skin.ink, place["whole words"], "words", Face.TEXT)
    of_o = word(f"row {film.found.row} of O", LABEL, skin.ink, place["answer words"], "words", Face.TEXT)
    film.move(magnified(film, place["answer"]), FadeOut(film.answer_words, rate_func=early), FadeIn(of_o, rate_func=late), seconds=0.7)
    film.put_bars(film.whole, "answer", place["whole"])
    film.scene.add(film.whole.display(film.found.whole))
    film.move(FadeIn(film.whole, name, words), seconds=0.5)
    return [name, words, of_o]


def magnified(film: RescaleFilm, rect: Rect) -> Shows:
    """The answer's axis now has room for what the answer is in the end, not for all that it was."""
    rect = film.bars_in(rect)
    start = fit(rect, *film.reach["answer"])
    film.reach = {**film.reach, "answer": (film.found.whole, film.so_far(film.found.last))}
    stop, answer = fit(rect, *film.reach["answer"]), film.so_far(film.found.last)

    def show(share: float) -> None:
        zero, unit = (a + (b - a) * share for a, b in zip(start, stop, strict=True))
        film.answer.place(rect, zero, unit, len(answer)).display(answer)

    return Shows(film.answer, show, rate_func=ease_in_out_cubic)


def whole_lands(film: RescaleFilm, words: list[Word]) -> None:
    """It comes down onto the answer."""
    place, down = film.shot, partial(film.put_bars, film.whole, "answer")
    film.move(
        Shows(film.whole, lambda share: down(place["whole"].toward(place["answer"], share)), rate_func=ease_in_out_cubic),
        FadeOut(*words), seconds=1.6,
    )  # fmt: skip


@beat("calm")
def calm(film: RescaleFilm) -> None:
    """No term of the row's last tile rises above the ceiling: the terms join l, their values acc, and nothing is corrected."""
    found, chart = film.found, film.chart
    film.reached(Kind.PV_DOT)
    measured, acc, answer = found.measured, found.of("acc_new"), film.quotient("new")
    chart.display(film.measured(terms=0 * measured))
    if found.seen:
        film.go("rescale")
    else:
        film.acc.values, film.answer.values = found.of("acc_old"), film.quotient("old")
        film.scene.add(chart)
    film.move(FadeIn(film.terms_name), seconds=TEXT)
    film.move(Shows(chart, lambda share: chart.display(film.measured(terms=grown(measured, share, 1.0), filled=1.0))), seconds=2.0)
    film.hold(0.5)
    pour(film, partial(film.measured, terms=measured, filled=1.0), MOVE, FadeOut(film.terms_name))
    chart.display(Measured(float(found.of("l_new")), 0 * measured))
    gone = (
        [FadeOut(piece) for piece in film.numbers.pieces]
        if found.seen
        else [FadeIn(film.l_name, film.l_words, film.acc_name, film.acc_words)]
    )
    film.numbers.rect = film.shot["sum"]
    film.move(*gone, FadeIn(film.numbers.first(film.said["l_new"], film.skin.stats)), seconds=TEXT)
    acc_was, answer_was = found.of("acc_old"), film.quotient("old")
    film.scene.add(film.acc.display(acc_was), film.answer.display(answer_was))
    film.move(
        Shows(film.acc, lambda share: film.acc.display(acc_was + (acc - acc_was) * share), rate_func=ease_in_out_cubic),
        Shows(film.answer, lambda share: film.answer.display(answer_was + (answer - answer_was) * share), rate_func=ease_in_out_cubic),
        seconds=MOVE,
    )
    if not found.seen:
        film.move(FadeIn(film.answer_name, film.answer_words), seconds=TEXT)
    film.scene.tell()
