"""The rescale: what happens to l and to acc when the max rises. A film of one row at one tile; every number is the trace's."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from manim import Create, Line, Mobject, VGroup
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import theme
from flashviz.chapters import rescale
from flashviz.chapters.rescale import beats_of, facts, gather
from flashviz.director.flash import provenance
from flashviz.director.rescale_film import RescaleFilm, outline
from flashviz.director.shots import MOVE, TEXT, ShotScene, beat
from flashviz.director.words import (
    CODE,
    LABEL,
    NAME,
    NUMBER,
    ONE_NUMBER,
    SPACE,
    SYMBOLS,
    Word,
    fly,
    labelled,
    line_width,
    middle,
    struck,
    symbols,
    word,
    worded,
)
from flashviz.figures import total
from flashviz.layout import Rect
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.bars import SignedBars
from flashviz.mobjects.measured import KEPT, Measured, Scale
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows
from flashviz.mobjects.named import Named
from flashviz.mobjects.tile_rows import TileRows
from flashviz.mobjects.tiles import Matrix, Rectangles
from flashviz.palette import spread
from flashviz.trace import Kind

GAP = em(24)
PALE = 0.3  # of what would be false now
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
        if not found.rises:
            self.poster = self.board[-1].name
        film = RescaleFilm(self, found, said)
        film.enter()
        return film


# ------------------------------------------------------------------------------------------------------------- the sum


@beat("past")
def past(film: RescaleFilm) -> None:
    """The first terms slide together and level at the ceiling: their area is the sum. They stay for their values."""
    film.reached(Kind.PV_DOT, 0)
    term = film.term()
    film.move(FadeIn(term), seconds=TEXT)
    film.read()
    pour(film, partial(film.past, 0, stay=True))
    film.move(FadeIn(film.l_name, film.l_words, *film.numbers.pieces), FadeOut(term), seconds=TEXT)


def pour(film: RescaleFilm, state: Callable[..., Measured], seconds: float = MOVE, *also: Any) -> None:
    """Terms slide against the block, and level at the ceiling."""
    chart = film.chart
    film.move(Shows(chart, lambda share: chart.display(state(joined=share)), rate_func=ease_in_out_cubic), *also, seconds=seconds)

    def level(share: float) -> None:
        chart.display(state(joined=1.0, level=share))
        chart.turn_yellow(share)

    chart.turn_yellow(0.0)
    film.move(Shows(chart, level, rate_func=ease_in_out_cubic), seconds=seconds)


@beat("answer")
def answer(film: RescaleFilm) -> None:
    """The terms weigh the rows of V, whose sum is acc, one bar a feature; beneath, on an axis of its own, acc / l as dots on stems."""
    film.read()
    found, quotient = film.found, film.so_far(0)
    film.reached(Kind.PV_DOT, 0)
    film.acc.values, film.answer.values = 0 * quotient, 0 * quotient
    film.away = [each for each in film.placings() if each[1] in (film.acc, film.acc_name, film.acc_words)]
    weigh(film, 0, found.terms(found.m_old, 0))
    film.acc.display(found.of("acc_new", 0))
    film.go("answer")
    film.scene.add(film.answer)
    film.move(FadeIn(film.answer_name, film.answer_words), seconds=TEXT)
    film.move(Shows(film.answer, lambda share: film.answer.display(quotient * share), rate_func=ease_in_out_cubic), seconds=MOVE)


@beat("add")
def add(film: RescaleFilm) -> None:
    """More tiles, and none of their terms is above the ceiling: terms join l, their values acc. The later ones are faster."""
    film.read()
    found, chart, last = film.found, film.chart, film.found.t - 1
    film.reached(Kind.PV_DOT, last)
    chart.display(Measured(float(found.of("l_new", 0)), 0 * film.past(1).terms))
    film.go("rescale")
    for t in range(1, last + 1):
        seconds = 0.6 if t == 1 else 0.35
        film.move(Shows(chart, partial(_grow, film, t)), seconds=seconds)
        pour(film, partial(film.past, t), seconds, *joined(film, t - 1, t))
        film.move(*renumbered(film, total(float(found.of("l_new", t)))), seconds=TEXT)
    chart.display(Measured(float(found.of("l_old")), 0 * film.past(last).terms))


def _grow(film: RescaleFilm, t: int, share: float) -> None:
    film.chart.turn_yellow(0.0)
    film.chart.display(film.past(t, terms=grown(film.past(t).terms, share, 1.0)))


def joined(film: RescaleFilm, before: int, t: int) -> list[Shows]:
    """acc and the answer, from what they were at one tile to what they are at another."""
    acc = film.found.of("acc_new", before), film.found.of("acc_new", t)
    answer = film.so_far(before), film.so_far(t)
    return [
        Shows(bars, partial(_from_to, bars, *values), rate_func=ease_in_out_cubic)
        for bars, values in ((film.acc, acc), (film.answer, answer))
    ]  # fmt: skip


def _from_to(bars: SignedBars, before: np.ndarray, after: np.ndarray, share: float) -> None:
    bars.display(before + (after - before) * share)


def renumbered(film: RescaleFilm, text: str) -> list[Any]:
    """l's number gives way to another."""
    gone = [FadeOut(piece) for piece in film.numbers.pieces]
    return [*gone, FadeIn(film.numbers.first(text, film.skin.stats))]


def weigh(film: RescaleFilm, t: int, terms: np.ndarray) -> None:
    """The terms that stayed lie down, one beside each row of V; the weighted rows sum to one bar a feature, which join acc."""
    place, chart, skin = film.scene.shot("values"), film.chart, film.skin
    values = place["values"]
    film.weights = weights = Rectangles(skin.scores, name="weights", opacity=KEPT)
    weights.values = terms
    tallest = max(float(terms.max()), 1e-12)
    standing, lying = chart.at, place["weights"]
    unit = chart.at.standing(terms) - np.array([standing.terms_x, standing.rect.y0] * 2)
    unit = unit / np.array([standing.key * len(terms), standing.unit * tallest] * 2)  # keys 0 to 1, heights 0 to 1

    def lie(share: float) -> None:
        """The row of bars turns by a right angle."""
        angle = -np.pi / 2 * share
        size = np.array([standing.key * len(terms), standing.unit * tallest]) * (1 - share) + np.array([lying.height, lying.width]) * share
        corner = np.array([standing.terms_x, standing.rect.y0]) * (1 - share) + np.array([lying.x0, lying.y1]) * share
        weights.display(unit * np.tile(size, 2))
        turned = weights.points[:, :2] @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        weights.points[:, :2] = turned + corner
        weights.set_fill(opacity=KEPT + (1 - KEPT) * share)

    chart.display(Measured(chart.now.past + float(terms.sum()) if chart.now.joined else chart.now.past, 0 * terms))
    lie(0.0)
    film.scene.add(weights)
    film.go("values", Shows(weights, lie, rate_func=ease_in_out_cubic))
    tile = np.abs(np.asarray(film.found.values.v[t], dtype=np.float64))
    picture = Matrix(tile, values, skin, "V", 0.0, spread(tile)[1])
    names = VGroup(
        word("terms", NAME, skin.scores, place["weights name"], "terms"),
        Named(
            *labelled(place["values name"], ("V", skin.v), (f"{len(terms)} keys, {tile.shape[1]} numbers each", skin.ink)),
            tag="name",
            text="V",
        ),
    )
    away = film.shot.frame.y1 - values.y0
    start = [(part, part.points.copy()) for part in (picture.image, picture.frame)]

    def arrive(share: float) -> None:
        for part, points in start:
            part.points = points + np.array([0.0, away * (1 - share), 0.0])

    arrive(0.0)
    film.scene.add(picture)
    film.move(Shows(picture, arrive, rate_func=ease_in_out_cubic), seconds=0.7)
    film.move(FadeIn(names), seconds=TEXT)
    film.hold(0.5)
    film.move(picture.to(tile * terms[:, None] / max(float(terms.max()), 1e-12)), seconds=0.8)
    land(film, t, picture, names)


def land(film: RescaleFilm, t: int, picture: Matrix, names: VGroup) -> None:
    """The weighted rows fall together into one bar a feature; the bars go down to the tips of acc's, and take its colour."""
    place, brought, pv = film.shot["values"], film.brought, film.found.brought(t)
    start = [(part, part.points.copy()) for part in (picture.image, picture.frame)]
    film.put_bars(brought, "acc", film.shot["acc"])
    before = film.acc.values
    assert before is not None
    landed, zero = brought.boxes(pv, before), place.center[1]
    lifted = brought.boxes(pv) + np.array([0.0, zero - brought.zero, 0.0, zero - brought.zero])
    flat = lifted.copy()
    flat[:, 1], flat[:, 3] = zero, zero

    def collapse(share: float) -> None:
        for part, points in start:
            part.points = points.copy()
            part.points[:, 1] = zero + (points[:, 1] - zero) * (1 - share)

    brought.values = pv
    brought.bars.set_fill(film.skin.v)
    film.scene.add(brought)
    film.move(
        Shows(picture, collapse, rate_func=ease_in_out_cubic),
        Shows(brought, lambda share: brought.bars.display(flat + (lifted - flat) * share), rate_func=ease_in_out_cubic),
        FadeOut(film.weights), seconds=MOVE,
    )  # fmt: skip
    film.scene.remove(picture)
    film.move(
        Shows(brought, lambda share: brought.bars.display(lifted + (landed - lifted) * share), rate_func=ease_in_out_cubic),
        FadeOut(names), seconds=MOVE,
    )  # fmt: skip
    film.move(Shows(brought, lambda share: brought.bars.set_fill(theme.between(film.skin.v, film.skin.o, share))), seconds=0.4)
    film.scene.remove(brought)


# ------------------------------------------------------------------------------------------------------- the max rises


def grown(terms: np.ndarray, share: float, height: float) -> np.ndarray:
    """Terms that grow from left to right, each in a quarter of the time, and none beyond ``height``."""
    start = 0.75 * np.arange(len(terms)) / max(len(terms), 1)
    return np.asarray(np.minimum(terms * np.clip((share - start) / 0.25, 0, 1), height))


@beat("terms")
def terms(film: RescaleFilm) -> None:
    """The new terms grow as outlines; the largest stops at the ceiling and then breaks through it."""
    film.read()
    film.reached(Kind.QK_DOT)
    skin, chart, before = film.skin, film.chart, film.found.before
    chart.display(film.measured(terms=0 * before))
    chart.turn_yellow(0.0)
    film.go("sum")
    tallest = float(before.max())
    film.move(FadeIn(film.terms_name), seconds=TEXT)
    film.move(Shows(chart, lambda share: chart.display(film.measured(terms=grown(before, share, 1.0)))), seconds=1.6)
    film.hold(0.3)
    film.move(Shows(chart, lambda share: chart.display(film.measured(terms=np.minimum(before, 1 + (tallest - 1) * share)))), seconds=1.4)
    text, (m_old, m_new) = film.said["height"], film.maxima
    power = symbols(f"e^({m_new} - {m_old}) =", SYMBOLS, skin.ink, film.shot.frame, "power")
    space = SPACE * em(ONE_NUMBER)
    bottom = chart.at.y(tallest) - em(140)  # under where the ceiling will stop
    wide = power.width + space + text_width(text, ONE_NUMBER, Face.STRONG)
    left, share = beside(film, chart.at, before, wide, bottom)
    power.scale(share).move_to((left + power.width / 2, 0, 0))
    power.shift((0, bottom - power.get_bottom()[1], 0))
    film.height = Word(text, ONE_NUMBER * share, skin.warn, left + power.width + space * share, bottom, "height")
    film.power = power
    film.move(FadeIn(power, film.height), seconds=TEXT)
    film.limit = word(f"↑ {film.said['dtype']} ends at {film.said['largest']}", NAME, skin.ink, film.shot["limit"], "limit", Face.TEXT)
    film.move(FadeIn(film.limit), seconds=TEXT)
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
    """The ceiling alone rises to the tallest term, and 1 rides on it; m becomes the new one; dashes stay where the ceiling was."""
    film.read()
    film.reached(Kind.ALPHA)
    skin, chart, tallest = film.skin, film.chart, float(film.found.before.max())
    film.move(FadeOut(film.power, film.limit), seconds=TEXT)

    def lift(share: float) -> None:
        chart.display(film.measured(ceiling=1 + (tallest - 1) * share, old=1.0))

    inked = Shows(film.height, lambda share: film.height.set_fill(theme.between(skin.warn, skin.ink, share)))
    film.move(Shows(chart, lift, rate_func=ease_in_out_cubic), inked, seconds=1.5)
    film.move(chart.ceiling.turn(film.said["m_new"]), seconds=0.5)


@beat("measure")
def measure(film: RescaleFilm) -> None:
    """At the dashes: what the old 1 is by the new ruler."""
    film.reached(Kind.ALPHA)
    found, skin, chart, said = film.found, film.skin, film.chart, film.said
    texts = ["α", "=", "1", "/", said["height"], "=", said["alpha"]]
    bottom = chart.at.y(1.0) + em(24)
    left, share = beside(film, chart.at, found.before, line_width(texts, NUMBER), bottom)
    film.ratio = []
    for text in texts:
        name = "alpha" if text == said["alpha"] else "ratio"
        film.ratio.append(Word(text, NUMBER * share, skin.ink, left, bottom, name))
        left += film.ratio[-1].wide + SPACE * em(NUMBER * share)
    alpha, equals, one, over, height, *result = film.ratio
    film.scene.remove(film.height)
    film.move(FadeIn(alpha, equals, one, over, rate_func=late), fly(height, film.height), seconds=MOVE)  # the number itself
    film.move(FadeIn(*result), seconds=TEXT)
    film.scene.tell()


# ------------------------------------------------------------------------------------------------------ what must follow


@beat("watch")
def watch(film: RescaleFilm) -> None:
    """acc and the answer come back beside the sum; the answer is framed before anything happens to what it is made of."""
    film.reached(Kind.ALPHA)
    film.frame = outline(film.skin)
    place = film.scene.shot("rescale")
    at, found = film.chart.scale_in(place["measured"]), film.found
    alpha, equals, *between, result = film.ratio
    film.move(*(FadeOut(each) for each in between[:-1]), FadeOut(between[-1]), seconds=TEXT)
    bottom = at.y(1.0) + em(24)
    wide = line_width([alpha.text, equals.text, result.text], alpha.px)
    left, _ = beside(film, at, found.before, wide, bottom)
    ways = []
    for each in (alpha, equals, result):
        ways.append(Shows(each, partial(_slid, each, each.left, each.baseline, left, bottom), rate_func=ease_in_out_cubic))
        left += each.wide + SPACE * em(each.px)
    film.ratio = [alpha, equals, result]
    film.go("rescale", *ways)
    film.put_frame(place["answer"])
    film.move(Create(film.frame), seconds=0.6)
    film.scene.tell()


def _slid(each: Word, left: float, baseline: float, to_left: float, to_baseline: float, share: float) -> None:
    each.put_at(left + (to_left - left) * share, baseline + (to_baseline - baseline) * share)


@beat("squeeze")
def squeeze(film: RescaleFilm) -> None:
    """The factor sends a copy to l and one to acc; the ceiling comes down, and with it all that it measures. The quotient does not move."""
    film.read()
    film.reached(Kind.ALPHA)
    found, skin, chart, said = film.found, film.skin, film.chart, film.said
    alpha, acc, tallest = float(found.of("alpha")), found.of("acc_old"), float(found.before.max())
    source, px = film.ratio[-1], film.acc_name.px
    times, factor = film.numbers.next("×", skin.ink), film.numbers.next(said["alpha"], skin.ink)
    base, left = middle(film.shot["acc name"], px), film.acc_name.left + film.acc_name.wide + SPACE * em(px)
    times_acc = Word("×", px, skin.ink, left, base, "times")
    at_acc = Word(said["alpha"], px, skin.ink, left + times_acc.wide + SPACE * em(px), base, "alpha acc")
    film.copies = [times_acc, at_acc]
    film.move(FadeOut(film.acc_words), seconds=TEXT)
    film.move(fly(factor, source), fly(at_acc, source), FadeIn(times, times_acc, rate_func=late), seconds=MOVE)
    film.put_bars(film.was, "acc", film.shot["acc"])
    film.was.display(acc)
    film.scene.add(film.was, film.acc)
    result = film.numbers.next("=", skin.ink), film.numbers.next(said["l_scaled"], skin.stats)
    film.move(*(FadeOut(each) for each in film.ratio), seconds=TEXT)

    def shrink(share: float) -> None:
        scale = 1 + (1 / tallest - 1) * share
        chart.display(film.measured(
            tall=1 + (alpha - 1) * share, terms=found.before * scale, ceiling=tallest * scale, old=scale, ghost=True, filled=late(share)
        ))  # fmt: skip

    film.move(
        Shows(chart, shrink, rate_func=ease_in_out_cubic),
        Shows(film.acc, lambda share: film.acc.display(acc * (1 + (alpha - 1) * share)), rate_func=ease_in_out_cubic),
        FadeIn(*result, rate_func=late),
        seconds=2.4,
    )  # fmt: skip
    chart.display(squeezed(film, ghost=True))
    film.acc.display(found.of("acc_scaled"))


def squeezed(film: RescaleFilm, **changes: Any) -> Measured:
    """The chart once all is measured by the new max, and nothing has joined yet."""
    return film.measured(tall=float(film.found.of("alpha")), terms=film.found.measured, filled=1.0, **changes)


def late(share: float) -> float:
    """In the second half."""
    return min(max(2 * share - 1, 0.0), 1.0)


@beat("same")
def same(film: RescaleFilm) -> None:
    """The factor above cancels the factor below."""
    film.reached(Kind.ALPHA)
    parts = ["(acc", "×", film.said["alpha"], ")", "/", "(ℓ", "×", film.said["alpha"], ")", "=", "acc", "/", "ℓ"]
    colors = [film.skin.o if "acc" in part else film.skin.stats if "ℓ" in part else film.skin.ink for part in parts]
    film.fraction = worded(film.shot["note"], parts, NUMBER, colors, "fraction")
    factors = [each for each in film.fraction if each.text == film.said["alpha"]]
    film.strokes = [struck(each, film.skin) for each in factors]
    film.move(FadeIn(*film.fraction[:-4]), seconds=TEXT)
    film.hold(0.3)
    film.move(*(Create(stroke) for stroke in film.strokes), seconds=0.4)
    film.move(FadeIn(*film.fraction[-4:]), seconds=TEXT)
    film.scene.tell()


@beat("alone")
def alone(film: RescaleFilm) -> None:
    """acc grows back to what it was while l stays squeezed: the answer breaks out of its frame, the true one stays as an outline."""
    film.read()
    film.move(*(FadeOut(each) for each in (*film.copies, *film.fraction, *film.strokes)), seconds=TEXT)
    film.put_bars(film.answer_was, "answer", film.shot["answer"])
    film.answer_was.display(film.quotient("old"))
    film.scene.add(film.answer_was)
    film.move(*unscaled(film, 0.0, 1.0), seconds=1.5)
    film.note = Named(*worded(film.shot["note"], [film.said["height"], "×", "too tall"], NUMBER, [film.skin.warn] * 3, "note"), tag="note")
    film.move(FadeIn(film.note), seconds=TEXT)
    film.hold(2.0)


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
    film.move(FadeOut(film.note), FadeIn(*film.copies), seconds=TEXT)
    film.move(*unscaled(film, 1.0, 0.0), seconds=0.6)
    film.scene.remove(film.answer_was)
    film.scene.tell()


@beat("exact")
def exact(film: RescaleFilm) -> None:
    """The factor times the old sum is the sum by the new max: in every term the old max cancels."""
    film.reached(Kind.ALPHA)
    said, skin, place, (m_old, m_new) = film.said, film.skin, film.scene.shot("formula")["formula"], film.maxima
    formulas = [f"e^({m_old} - {m_new})", "dot", f"sum e^(s - {m_old})", "=", f"sum e^(s - {m_new})"]
    drawn = [theme.maths(formula, LARGEST_SYMBOLS, skin.ink) for formula in formulas]
    gap = 0.3 * em(LARGEST_SYMBOLS)
    wide = sum(part.width for part in drawn) + gap * (len(drawn) - 1)
    share = min(1.0, place.width / wide)
    left, base = place.center[0] - wide * share / 2, place.center[1]
    glyphs = [part.family_members_with_points() for part in drawn]
    for index, part in enumerate(drawn):
        part.scale(share)
        part.move_to((left + part.width / 2, base, 0))
        first_e = 1 if formulas[index].startswith("sum") else 0
        if "e^" in formulas[index]:
            part.shift((0, base - em(14) - glyphs[index][first_e].get_bottom()[1], 0))  # all stand on one line
        left += part.width + gap * share
    bottom, px = min(part.get_bottom()[1] for part in drawn), NUMBER * share
    notes = []
    for part, text, color in (
        (drawn[0], said["alpha"], skin.ink),
        (drawn[2], said["l_old"], skin.stats),
        (drawn[4], said["l_scaled"], skin.stats),
    ):
        y = bottom - em(20)
        rule = Line((part.get_left()[0], y, 0), (part.get_right()[0], y, 0), stroke_color=skin.quiet, stroke_width=theme.OUTLINE)
        start = part.get_center()[0] - text_width(text, px, Face.STRONG) / 2
        label = theme.on_baseline(theme.line(text, px, color, Face.STRONG), px, start, y - em(20) - 0.76 * em(px), text, Face.STRONG)
        notes.append(Named(rule, label, tag="note", text=text))
    factor, dot, old, equals, new = (Named(part, tag="formula", text=text) for part, text in zip(drawn, formulas, strict=True))
    film.chart.display(squeezed(film))
    leaving = (film.was, *film.copies, film.frame)
    moving, gone = film.numbers.settle()
    film.move(*(FadeOut(each) for each in leaving), *gone, seconds=TEXT)
    film.go("formula", moving)
    film.move(FadeIn(factor), FadeIn(notes[0]), seconds=TEXT)
    film.hold(0.5)
    film.move(FadeIn(dot), FadeIn(old), FadeIn(notes[1]), seconds=TEXT)
    film.hold(0.5)
    struck_out: list[list[Mobject]] = [[*glyphs[2][-len(m_old) :]], [*glyphs[0][1 : 1 + len(m_old)]]]  # the first glyph is e
    strokes = [struck(each, skin) for each in struck_out]
    film.move(*(Create(stroke) for stroke in strokes), seconds=0.4)
    film.move(FadeIn(equals), FadeIn(new), FadeIn(notes[2]), seconds=TEXT)
    film.formula = VGroup(factor, dot, old, equals, new, *notes, *strokes)
    film.scene.tell()


# ----------------------------------------------------------------------------------------------------------- and then on


@beat("join")
def join(film: RescaleFilm) -> None:
    """The block levels at the ceiling, the same area; the terms slide against it and level: it is wider by their sum."""
    film.read()
    film.reached(Kind.SOFTMAX_L)
    found, chart, said, skin = film.found, film.chart, film.said, film.skin
    film.move(FadeOut(film.formula), seconds=TEXT)
    film.go("sum")
    film.move(
        Shows(chart, lambda share: chart.display(squeezed(film, settled=share)), rate_func=ease_in_out_cubic), seconds=MOVE
    )  # fmt: skip
    plus, added = film.numbers.next("+", skin.ink), film.numbers.next(said["added"], skin.scores)
    home, start = (added.left, added.baseline), max(film.terms_name.left, added.left)
    added.put_at(min(start, film.shot["sum"].x1 - added.wide), added.baseline)
    film.move(FadeIn(added), seconds=TEXT)
    film.hold(0.7)
    back = Shows(added, partial(_slid, added, added.left, added.baseline, *home), rate_func=ease_in_out_cubic)
    pour(
        film, partial(squeezed, film, settled=1.0, stay=True), 1.1, back, FadeIn(plus, rate_func=late), FadeOut(film.terms_name)
    )  # fmt: skip
    result = film.numbers.next("=", skin.ink), film.numbers.next(said["l_new"], skin.stats)
    film.move(FadeIn(*result), seconds=TEXT)
    film.hold(0.6)
    chart.display(Measured(float(found.of("l_new")), found.measured, joined=1.0, level=1.0, stay=True))


@beat("values")
def values(film: RescaleFilm) -> None:
    """The terms weigh V's rows, as before; meanwhile the answer is pale: acc still waits for what l has already."""
    film.read()
    film.reached(Kind.PV_DOT)
    moving, gone = film.numbers.settle()
    film.move(*gone, seconds=TEXT)
    film.move(moving, seconds=0.5)
    film.answer.bars.set_fill(opacity=PALE)
    weigh(film, film.found.t, film.found.measured)
    film.acc.display(film.found.of("acc_new"))
    film.go("answer")


@beat("moves")
def moves(film: RescaleFilm) -> None:
    """The quotient moves; the outline of the old one stays."""
    film.reached(Kind.PV_DOT)
    before, after = film.quotient("old"), film.quotient("new")
    film.put_bars(film.answer_was, "answer", film.shot["answer"])
    film.scene.add(film.answer_was.display(before))
    film.move(
        Shows(film.answer.bars, lambda share: film.answer.bars.set_fill(opacity=PALE + (1 - PALE) * share)), seconds=TEXT
    )  # fmt: skip
    film.move(
        Shows(film.answer, lambda share: film.answer.display(before + (after - before) * share), rate_func=ease_in_out_cubic), seconds=1.2
    )
    film.answer.display(after)
    film.scene.tell()


@beat("rows")
def rows(film: RescaleFilm) -> None:
    """acc's row becomes one line of its tile; then every row's l and acc shrink by the row's own factor, from the first to the last."""
    film.read()
    film.reached(Kind.PV_DOT)
    found, skin, place = film.found, film.skin, film.scene.shot("rows")
    acc, scaled, l_old, l_scaled, alphas = (film.all_rows(name) for name in ("acc_old", "acc_scaled", "l_old", "l_scaled", "alpha"))
    film.tile = tile = TileRows(place, acc, l_old, alphas, found.row, skin)
    film.move(*(FadeOut(each) for each in (film.answer, film.answer_was, film.acc_name, film.acc_words, film.answer_name,
                                           film.answer_words)), seconds=0.4)  # fmt: skip
    film.scene.remove(film.acc.axis)
    film.acc.remove(film.acc.axis)
    start, pitch = film.acc.boxes(found.of("acc_new")), tile.line.width / acc.shape[1]
    x = tile.line.x0 + np.arange(acc.shape[1]) * pitch
    stop = np.stack([x, np.full(len(x), tile.line.y0), x + pitch, np.full(len(x), tile.line.y1)], 1)
    film.scene.add(tile.picture, film.acc)  # the row over its tile
    film.move(
        Shows(film.acc, lambda share: film.acc.bars.display(start + (stop - start) * share), rate_func=ease_in_out_cubic),
        FadeIn(tile.picture), seconds=MOVE,
    )  # fmt: skip
    pairs = [
        labelled(place["factors name"], ("α", skin.ink), (f"{film.said['least']} to {film.said['most']}", skin.ink)),
        labelled(place["sums name"], ("ℓ", skin.stats), ("× α", skin.ink)),
        labelled(place["tile name"], ("acc", skin.o), ("× α", skin.ink)),
    ]
    film.words = [each for pair in pairs for each in pair]
    film.move(FadeIn(tile.sums, tile.factors, *film.words), FadeOut(film.acc), seconds=0.5)
    film.move(FadeIn(tile.ours, row_label(film, tile), tile.marks, *statements(film, place["code"])), seconds=TEXT)
    film.hold(0.8)
    count, front = len(acc), 0.2 * len(acc)

    def sweep(share: float) -> None:
        done = np.clip((share * (count + front) - np.arange(count)) / front, 0.0, 1.0)
        tile.display(acc + (scaled - acc) * done[:, None], l_old + (l_scaled - l_old) * done)

    film.move(Shows(tile, sweep), seconds=2.6)
    film.hold(1.0)


def row_label(film: RescaleFilm, tile: TileRows) -> Word:
    """The row's alpha at the left of its bar, and of the bars that are as high as the words."""
    at, px, text = tile.place["factors"], float(NAME), film.said["alpha"]
    near = np.abs(np.arange(len(tile.alphas)) - film.found.row) * tile.pitch < 0.6 * em(px)
    edge = at.x1 - float(tile.alphas[near].max()) * at.width - em(16)
    px = max(LABEL, px * min(1.0, (edge - at.x0) / text_width(text, px, Face.STRONG)))
    left = max(edge - text_width(text, px, Face.STRONG), at.x0)
    return Word(text, px, film.skin.ink, left, tile.line.center[1] - 0.36 * em(px), "alpha")


def statements(film: RescaleFilm, rect: Rect) -> list[Word]:
    """The kernel's two lines, as they run."""
    lines = [film.found.statement(kind) for kind in (Kind.SOFTMAX_L, Kind.RESCALE_ACC)]
    px = CODE * min(1.0, rect.width / max(text_width(line, CODE, Face.MONO) for line in lines))
    halves = (rect.top(rect.height / 2), rect.bottom(rect.height / 2))
    return [Word(line, px, film.skin.ink, half.x0, middle(half, px), "code", Face.MONO) for line, half in zip(lines, halves, strict=True)]


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
