"""One program's work on one row block: a row asks for its sum; scores, a ceiling, a sum, a blend; calm tiles, a second rise, the end."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from functools import partial

import numpy as np
from manim import Group
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import theme
from flashviz.chapters.rescale import facts as rescale_facts
from flashviz.director.film.parts import (
    LOAD,
    Columns,
    formula,
    heading,
    label,
    matrix_to,
    put,
    show_rows,
)
from flashviz.director.film.stage import Film
from flashviz.director.film.sweeping import sweep
from flashviz.director.rescale import (
    accumulate,
    answered,
    from_to,
    grown,
    lay,
    lowered,
    lowers,
    others,
    outdate,
    renew,
    squeezed,
    whole_comes,
    whole_lands,
)
from flashviz.director.rescale_film import RescaleFilm
from flashviz.director.shots import MOVE, TEXT, beat
from flashviz.director.sweep import crossed
from flashviz.director.words import LABEL, NAME, NUMBER, ONE_NUMBER, SYMBOLS, Word, labelled, middle, symbols
from flashviz.figures import number, plus, total
from flashviz.layout import Rect, rows
from flashviz.lettering import Face, em
from flashviz.mobjects.measured import Measured
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, early, late
from flashviz.mobjects.named import Named
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.tiles import Matrix, Rectangles, box, flat_row, line_of
from flashviz.palette import spread
from flashviz.trace import Kind, state_at

ENDING = 5.9  # seconds in which the row's end is proved, behind its last tile
STEPS = 3  # tiles that are shown one by one, of those that pass faster
COUNTER, SYMBOL, ON_CEILING = 56, 60, 90  # px; of these what rides on the ceiling takes the last


@beat("row")
def row(film: Film) -> None:
    """Of a row one tile is known; the division waits at the end of the row."""
    place, skin, values, chosen = film.scene.shot("row"), film.skin, film.material.values, film.material.chosen
    rect, known, count = place["scores"], values.s[0, chosen.row], film.config.seq_k
    wide, here = rect.width * len(values.k[0]) / count, len(values.k[0])
    film.strip = first = Matrix(np.nan_to_num(known[:here], neginf=0.0)[None, :], rect.left(wide), skin, "S", *spread(known))
    unknown = Rectangles(skin.edge, name="unknown", opacity=0.0)
    unknown.set_stroke(skin.quiet, width=theme.OUTLINE, opacity=1)
    lefts = np.arange(rect.x0 + wide, rect.x1 - 1e-6, wide)  # a box for each tile of keys
    boxes = [Rect(float(x), rect.y0, min(float(x) + wide, rect.x1), rect.y1) for x in lefts]
    unknown.display(np.array([each.edges for each in boxes]).reshape(-1, 4))
    marks = [heading(each, "?", skin.quiet, NUMBER) for each in boxes] if wide > em(NUMBER) else []
    left = f"of {count}: {count - here} still unknown" if count > here else "all of them"
    names = Named(*labelled(place["scores name"], (f"{here} scores", skin.ink), (left, skin.ink)), tag="names")
    come = FadeIn(names, unknown, *marks, rate_func=late)
    tile = film.tiles.pop("S", None)
    if tile is not None and film.scene.on_stage(tile):
        source = line_of(tile.rect, len(tile.values), chosen.row)
        put(first, source)
        film.scene.add(first)
        film.move(*film.leave(first, film.chip), film.zoom_in(), matrix_to(first, rect.left(wide), source), come, seconds=MOVE)
    else:
        film.move(*film.leave(film.chip), film.zoom_in(), FadeIn(first, rate_func=late), come, seconds=MOVE)
    if film.back is not None:
        film.back.forward()  # for the next time
    sign = Word("÷ ?", ONE_NUMBER, skin.ink, rect.x0 + wide + em(20), place["divide"].center[1] - em(30), "divide")
    film.move(FadeIn(sign), seconds=TEXT)
    points, way = sign[0].points.copy(), np.array([rect.x1 - sign.wide - sign.left, 0.0, 0.0])

    def later(share: float) -> None:
        sign[0].points = points + way * share

    with film.scene.telling():
        film.hold(0.4)
        film.move(Shows(sign, later, rate_func=ease_in_out_cubic), seconds=1.2)


@beat("carry")
def carry(film: Film) -> None:
    """Three things are carried until then."""
    place, skin = film.scene.shot("row")["carry"], film.skin
    texts = (("m", "largest so far"), ("ℓ", "sum so far"), ("acc", "weighted values so far"))
    beside = place.height < 0.2 * place.width
    shares = np.cumsum([0.0, 0.31, 0.27, 0.42])
    sides = [Rect(place.x0 + a * place.width, place.y0, place.x0 + b * place.width, place.y1) for a, b in itertools.pairwise(shares)]
    colors = (skin.stats, skin.stats, skin.o)
    with film.scene.telling():
        for (name, words), color, at in zip(texts, colors, sides if beside else rows(place, 3), strict=True):
            carried = labelled(at, (name, color), (words, skin.ink), px=ONE_NUMBER if beside else NUMBER)
            film.move(FadeIn(Named(*carried, tag="carried")), seconds=TEXT)
            film.hold(0.5)


@beat("score")
def score(film: Film) -> None:
    """Q leaves HBM and stays; K arrives above; S fills at the crossing."""
    place, skin, i = film.scene.shot("score"), film.skin, film.material.chosen.program[0]
    film.hbm.place(place["hbm"]).display(lit={}, cursor=None, written=frozenset(), seam=1.0)
    film.crossed = Readout(film.tiles_of(0), COUNTER, skin.ink, name="crossed", face=Face.MONO_STRONG).at(place["crossed"])
    small = [label(place[part], text, skin.ink) for part, text in (("hbm name", "HBM"), ("crossed name", "crossed so far"))]
    small.append(label(place["chip name"], "on chip", skin.ink, NAME))
    film.map, film.tiles, film.names = Group(film.hbm, film.crossed, *small), {}, {}
    film.move(*film.leave(film.chip), film.enter(place["chip"]), FadeIn(film.map, rate_func=late), seconds=0.8)
    before = film.material.fa2.program(*film.material.chosen.program).start
    if before:  # the counter is never ahead of what was seen

        def count(nbytes: Mapping[str, int]) -> None:
            film.crossed.display(film.tiles_of(sum(nbytes.values())))

        sweep(film, 0, before, 0.4, count, film.crossed)
    load(film, "Q", i, place["a"], 0, place["a name"], f"Q_{i}")
    j = int(film.material.values.j[0])
    with film.scene.telling():
        load(film, "K", j, place["b"], 0, place["b name"], f"K_{j}^top")
        film.hbm.display(cursor=(film.hbm.cross.row_of(i), film.hbm.cross.col_of(int(film.material.values.j[0]))))
        film.tiles["S"] = scores = film.tile("S", 0, place["ab"])
        film.reach(Kind.QK_DOT, 0)
        one_score(film, scores)
        film.scene.add(scores)
        film.move(Columns(scores), seconds=1.2)
    film.names["S"] = formula("S = Q K^top slash sqrt(d)", SYMBOL, skin.ink, place["ab name"])
    line, at = line_of(scores.rect, len(scores.values), film.material.chosen.row), place["row name"]
    mark = box(Rect(line.x0 - em(8), line.y0 - em(3), line.x1 + em(8), line.y1 + em(3)), stroke=skin.stats, width=theme.HEAVY)
    name = Word(f"row {film.material.chosen.row}", LABEL, skin.stats, at.x0, middle(at, LABEL), "row")
    film.move(FadeIn(film.names["S"]), FadeIn(mark, name), seconds=TEXT)


def one_score(film: Film, scores: Matrix) -> None:
    """A row of Q times a column of K is one score: the largest of the followed row, which will be its m."""
    values, r, skin, place = film.material.values, film.material.chosen.row, film.skin, film.scene.shot("score")
    line = values.s[0, r, : len(values.k[0])].astype(np.float64)
    key = int(np.argmax(line))
    q, k = film.tiles["Q"], film.tiles["K"]
    row, here = (line_of(each.rect, len(scores.values), r) for each in (q, scores))
    step = here.width / scores.values.shape[1]
    column = Rect(here.x0 + key * step, k.rect.y0, here.x0 + (key + 1) * step, k.rect.y1)
    cell = Rect(column.x0, here.y0, column.x1, here.y1)
    pair = [
        Matrix(q.values[r : r + 1], row, skin, "Q", q.low, q.high),
        Matrix(k.values[:, key : key + 1], column, skin, "K", k.low, k.high),
    ]
    for each in pair:
        each.frame.set_stroke(skin.ink, width=theme.HEAVY)
    film.move(FadeIn(*pair), seconds=TEXT)
    down = Rect(column.x0, scores.rect.y0, column.x1, scores.rect.y1)
    film.move(matrix_to(pair[0], here), matrix_to(pair[1], down), seconds=0.8)
    one = formula(f"q dot k slash sqrt(d) = {number(float(line[key])).replace('−', '-')}", SYMBOL, skin.ink, place["ab name"])
    score = Matrix(np.array([[line[key]]]), cell, skin, "S", scores.low, scores.high)
    score.frame.set_stroke(skin.stats, width=theme.HEAVY)
    film.move(*(matrix_to(each, cell) for each in pair), FadeIn(one, rate_func=late), seconds=0.5)
    film.scene.remove(*pair)
    film.scene.add(score)
    film.hold(0.9)
    film.move(FadeOut(score, one), seconds=TEXT)


def load(film: Film, tensor: str, index: int, to: Rect, t: int, name_at: Rect, name: str) -> None:
    """A tile of Q, K or V leaves HBM and is enlarged on its way to its place; the counter steps."""
    kind = {"Q": Kind.LOAD_Q, "K": Kind.LOAD_K, "V": Kind.LOAD_V}[tensor]
    cross = film.hbm.cross
    shown = cross.row_of(index) if tensor == "Q" else cross.col_of(index)
    film.scene.event = film.material.fa2.program(*film.material.chosen.program).start + 1 if tensor == "Q" else film.found.event(kind, t)
    state = state_at(film.material.fa2, film.scene.event)
    film.hbm.display(lit={k: v for k, v in film.hbm.now.lit.items() if k == "Q"} | {tensor: frozenset({shown})})
    tile, source = film.tile(tensor, t, to), cross.tile(tensor, shown)
    put(tile, source)
    film.scene.add(tile)
    film.move(matrix_to(tile, to, source), seconds=LOAD)
    film.names[tensor] = Named(theme.maths(name, SYMBOL, film.skin.hue(tensor)).move_to(name_at.center), tag="formula", text=name)
    film.tiles[tensor] = tile
    film.move(FadeIn(film.names[tensor]), film.crossed.turn(film.tiles_of(sum(crossed(state).values()))), seconds=0.35)


@beat("ceiling")
def ceiling(film: Film) -> None:
    """The largest score of the row sets the ceiling; under it the row's terms stand up, each beneath its score."""
    inner, skin, values, r = film.row, film.skin, film.material.values, film.material.chosen.row
    place, chart = film.scene.shot("ceiling"), film.row.chart
    here = len(values.k[0])
    scores = values.s[0, r, :here].astype(np.float64)
    terms = np.where(np.isfinite(scores), np.exp(np.where(np.isfinite(scores), scores, 0.0) - float(values.m_new[0, r])), 0.0)
    what = inner.term()[0]
    inner.stand("ceiling")
    chart.ceiling.reveal(0.0)
    chart.display(Measured(0.0, 0 * terms))
    above = Rect(chart.at.terms_x, place["scores"].y0, chart.at.terms_x + here * chart.at.key, place["scores"].y1)
    strip = Matrix(np.nan_to_num(scores, neginf=0.0)[None, :], above, skin, "S", *spread(values.s[0]))
    tile = film.tiles.get("S")
    source = above if tile is None else line_of(tile.rect, len(tile.values), r)
    put(strip, source)
    film.scene.add(strip)
    inner.key_arrives(0)
    title = Word(f"row {r}: {here} scores", LABEL, skin.ink, above.x0, above.y1 + em(16), "name", Face.TEXT)
    what.scale(min(1.0, place["term"].width / what.width, place["term"].height / what.height)).move_to(place["term"].center)
    top = above.x0 + int(np.argmax(np.nan_to_num(scores, neginf=-np.inf))) * chart.at.key
    mark = box(Rect(top, above.y0, top + chart.at.key, above.y1).inset(-em(5)), stroke=skin.stats, width=theme.HEAVY)
    above_it = [inner.kept, inner.keys, *([inner.crossed] if "crossed" in inner.shot else [])]
    gone = film.leave(strip, film.chip)
    come = FadeIn(title, chart.baseline, *above_it, rate_func=late)
    film.move(*gone, film.zoom_in(), matrix_to(strip, above, source), come, seconds=MOVE)
    film.scene.remove(chart.baseline)
    film.scene.add(chart)
    film.reach(Kind.SOFTMAX_M, 0)
    with film.scene.telling():
        film.move(FadeIn(mark, rate_func=early), Shows(chart, chart.ceiling.reveal, rate_func=late), seconds=0.9)
        film.move(FadeIn(what), seconds=TEXT)
        film.move(Shows(chart, lambda share: chart.display(Measured(0.0, grown(terms, share, 1.0), filled=1.0))), seconds=1.3)
    chart.display(Measured(0.0, terms, filled=1.0))
    film.first_terms = terms


@beat("sum")
def summed(film: Film) -> None:
    """The terms pour into a block as high as the ceiling: its area is l. Where they stood they stay, pale, for their values."""
    inner, values, r = film.row, film.material.values, film.material.chosen.row
    chart, terms = inner.chart, film.first_terms
    film.reach(Kind.SOFTMAX_P, 0)
    state = partial(Measured, 0.0, terms, filled=1.0, kept=terms)

    def pour(share: float) -> None:
        level = max(2 * share - 1, 0.0)
        chart.display(state(joined=ease_in_out_cubic(min(2 * share, 1.0)), level=ease_in_out_cubic(level)))
        chart.turn_yellow(level)

    with film.scene.telling():
        film.move(Shows(chart, pour), seconds=2.8)
    film.reach(Kind.SOFTMAX_L, 0)
    l_now = float(values.l_new[0, r])
    chart.display(Measured(l_now, 0 * terms, kept=terms))
    chart.turn_yellow(0.0)
    inner.numbers.first(total(l_now), film.skin.stats)
    film.move(FadeIn(inner.l_name, inner.l_words), seconds=TEXT)
    film.move(FadeIn(*inner.numbers.pieces), seconds=TEXT)


@beat("blend")
def blend(film: Film) -> None:
    """V arrives; the terms lie down, each beside its row of V, and term times value joins acc, row by row. Beneath, what acc / l is."""
    inner, quotient = film.row, film.row.so_far(0)
    film.reach(Kind.PV_DOT, 0)
    leave_scores(film)
    if not film.scene.on_stage(inner.acc):
        inner.acc.values = 0 * film.found.of("acc_new", 0)
        inner.away = inner.placed(inner.acc, inner.acc_name, inner.acc_words)
    lay(inner, 0, film.first_terms)
    with film.scene.telling():
        accumulate(inner, 0, film.first_terms, 2.6)
        film.scene.add(inner.answer)
        film.move(FadeIn(inner.answer_name, inner.answer_words), seconds=TEXT)
        film.move(Shows(inner.answer, lambda share: inner.answer.display(quotient * share), rate_func=ease_in_out_cubic), seconds=MOVE)


def leave_scores(film: Film) -> None:
    """The row's scores and what a term is are no longer spoken of."""
    inner = film.row
    names = inner.l_name, inner.l_words, inner.acc_name, inner.acc_words, *inner.numbers.pieces
    film.move(*film.leave(film.chip, inner.chart, inner.kept, inner.keys, inner.crossed, inner.acc, *names), seconds=TEXT)


@beat("calm")
def calm(film: Film) -> None:
    """Tiles whose terms stay under the ceiling join l and acc, one after another."""
    inner = film.row
    chart = inner.chart
    chart.display(Measured(float(film.found.of("l_new", 0)), 0 * inner.found.before))
    if inner.shot.name == "ceiling":  # as in the digest, which does not weigh V's rows
        leave_scores(film)
        bring_acc(film)
    inner.go("rescale")
    passed = list(range(1, film.found.t if film.found.rises else film.found.t + 1))
    shown = passed if len(passed) <= STEPS else [passed[0], *passed[1 - STEPS :]]  # of many, the first and the last
    film.scene.announce()
    for t in shown:
        join_calmly(film, t, film.scene.motion / (len(shown) - shown.index(t)))
    chart.turn_yellow(0.0)


def bring_acc(film: Film) -> None:
    """acc and the answer after the first tile: where the shot has no place for them, the next one brings them along."""
    inner, acc, answer = film.row, film.found.of("acc_new", 0), film.row.so_far(0)
    names = inner.acc_name, inner.acc_words, inner.answer_name, inner.answer_words
    if "acc" not in inner.shot:
        inner.acc.values, inner.answer.values = acc, answer
        inner.away = inner.placed(inner.acc, inner.answer, *names)
        return
    film.scene.add(inner.acc, inner.answer.display(0 * answer))
    grow = [
        Shows(bars, partial(from_to, bars, 0 * values, values), rate_func=ease_in_out_cubic)
        for bars, values in ((inner.acc, acc), (inner.answer, answer))
    ]
    film.move(*grow, FadeIn(*(name for name in names if not film.scene.on_stage(name))), seconds=MOVE)


def join_calmly(film: Film, t: int, seconds: float) -> None:
    """The terms of tile ``t`` grow under the ceiling and join l, which is added up beneath; their values join acc."""
    inner, values, r, skin = film.row, film.material.values, film.material.chosen.row, film.skin
    chart, terms, past = inner.chart, np.nan_to_num(values.p[t, r].astype(np.float64)), float(values.l_old[t, r])
    l_new = float(values.l_new[t, r])
    chart.turn_yellow(0.0)
    inner.key_arrives(t)

    def pour(share: float) -> None:
        chart.display(Measured(past, terms, filled=1.0, joined=min(2 * share, 1.0), level=max(2 * share - 1, 0.0)))
        chart.turn_yellow(max(2 * share - 1, 0.0))

    film.move(Shows(chart, lambda share: chart.display(Measured(past, grown(terms, share, 1.0), filled=1.0))), seconds=0.2 * seconds)
    added = inner.numbers.next("+", skin.ink), inner.numbers.next(plus(past, l_new), skin.scores)
    film.move(Shows(chart, pour), FadeIn(*added, rate_func=early), seconds=0.25 * seconds)
    chart.display(Measured(l_new, 0 * terms))
    result = inner.numbers.next("=", skin.ink), inner.numbers.next(total(l_new), skin.stats)
    film.move(FadeIn(*result), seconds=0.15 * seconds)
    film.reach(Kind.PV_DOT, t)
    moving, gone = inner.numbers.settle()
    bring(inner, t, 0.2 * seconds)
    film.move(answered(inner, t - 1, t), moving, *gone, seconds=0.2 * seconds)
    film.scene.remove(inner.brought)
    inner.acc.display(inner.found.of("acc_new", t))


def bring(inner: RescaleFilm, t: int, seconds: float) -> None:
    """What the values of tile ``t`` add grows on acc, in their colour; the caller takes it away."""
    brought, before = inner.brought, inner.found.of("acc_scaled", t)
    added = inner.found.brought(t)
    brought.bars.set_fill(inner.skin.v)
    inner.put_bars(brought, "acc", inner.shot["acc"])
    inner.scene.add(brought.display(0 * added, before))
    inner.move(Shows(brought, lambda share: brought.display(added * share, before)), seconds=seconds)


@beat("again")
def again(film: Film) -> None:
    """A later rise, the same gesture: the terms sink to the ceiling, l and acc shrink alike, the answer stands; the new terms join."""
    row, found, skin = film.row, film.later, film.skin
    assert found is not None
    chart, first = row.chart, row.found.t
    before, quotient = found.before, found.of("acc_old") / float(found.of("l_old"))
    film.move(*(FadeOut(each) for each in (row.answer_was,) if row.stands(each)), seconds=TEXT)
    chart.display(Measured(float(row.found.of("l_new")), 0 * before))
    left = range(first + 1, found.last + 1)
    row.go("rescale", row.acc_nearer(found.of("acc_new", first), *(found.of("acc_new", t) for t in left), *map(found.brought, left)))
    if found.t - 1 > first:
        pass_tiles(film, first, found.t - 1, 0.9)
    film.scene.announce()
    row.found, row.said = found, rescale_facts(found)
    row.key_arrives(found.t)
    chart.named = before
    said, tallest = row.said, max(float(before.max()), 1.0)
    row.reached(Kind.QK_DOT)
    chart.turn_yellow(0.0)
    film.move(Shows(chart, lambda share: chart.display(row.measured(terms=grown(before, share, 1.0)))), seconds=0.8)
    film.move(Shows(chart, lambda share: chart.display(row.measured(terms=np.minimum(before, 1 + (tallest - 1) * share)))), seconds=0.8)
    row.reached(Kind.ALPHA)
    film.hold(0.2)
    alpha = how_alpha(row)
    film.move(lowers(row), FadeIn(alpha, rate_func=late), seconds=1.5)
    chart.display(lowered(row))
    copy = shrink_both(film)
    moving, gone = row.numbers.settle()
    film.move(moving, *gone, seconds=0.3)
    l_scaled, l_new = float(found.of("l_scaled")), float(found.of("l_new"))
    added = row.numbers.next("+", skin.ink), row.numbers.next(plus(l_scaled, l_new), skin.scores)

    def join(share: float) -> None:
        level = max(2 * share - 1, 0.0)
        chart.display(squeezed(row, joined=min(2 * share, 1.0), level=level, settled=level))
        chart.turn_yellow(level)

    film.move(FadeOut(copy, alpha), seconds=TEXT)
    film.move(Shows(chart, join), FadeIn(*added, rate_func=early), FadeIn(row.acc_words), seconds=1.2)
    result = row.numbers.next("=", skin.ink), row.numbers.next(said["l_new"], skin.stats)
    film.move(FadeIn(*result), seconds=TEXT)
    row.reached(Kind.PV_DOT)
    scaled, after, new = found.of("acc_scaled"), found.of("acc_new"), row.quotient("new")
    chart.display(Measured(float(found.of("l_new")), 0 * found.measured))
    chart.turn_yellow(0.0)

    def add(share: float) -> None:
        row.acc.display(scaled + (after - scaled) * share)
        row.answer.display(quotient + (new - quotient) * share)

    film.move(Shows(Group(row.acc, row.answer), add, rate_func=ease_in_out_cubic), seconds=0.9)
    moving, gone = row.numbers.settle()
    film.move(moving, *gone, seconds=0.3)


def how_alpha(row: RescaleFilm) -> Named:
    """What the factor is, over m where it rides on the ceiling."""
    at, (m_old, m_new) = row.chart.at, row.maxima
    above = Rect(at.rect.x0, at.y(1.0) + em(ON_CEILING), at.rect.x1, at.rect.y1)
    return symbols(f"alpha = e^({m_old} - {m_new}) = {row.said['alpha']}", SYMBOLS, row.skin.ink, above, "power")


def shrink_both(film: Film) -> Word:
    """l and acc take their factor; what is written at acc meanwhile."""
    row, said, skin, at = film.row, film.row.said, film.skin, film.row.acc_name
    acc, alpha = row.found.of("acc_old"), float(row.found.of("alpha"))
    factor = [row.numbers.next("×", skin.ink), row.numbers.next(said["alpha"], skin.ink)]
    copy = Word(f"× {said['alpha']}", at.px, skin.ink, at.left + at.wide + em(24), at.baseline, "alpha acc")
    film.move(FadeOut(row.acc_words), Shows(row.acc, lambda share: outdate(row.acc.bars, share)), seconds=TEXT)
    film.move(FadeIn(*factor, copy), seconds=TEXT)
    result = row.numbers.next("=", skin.ink), row.numbers.next(said["l_scaled"], skin.stats)
    film.hold(0.2)

    def squeeze(share: float) -> None:
        tall = 1 + (alpha - 1) * share
        row.chart.display(squeezed(row, tall=tall, old=alpha))
        row.acc.display(acc * tall)
        renew(row, share)

    film.move(Shows(Group(row.chart, row.acc), squeeze, rate_func=ease_in_out_cubic), FadeIn(*result, rate_func=late), seconds=1.5)
    return copy


def are_few(film: Film, start: int, stop: int) -> bool:
    """Whether tiles behind ``start``, up to ``stop``, can be added up one by one: they are few, and have one max."""
    m = film.material.values.m_new[start : stop + 1, film.material.chosen.row]
    return stop - start <= STEPS and bool((m == m[0]).all())


def pass_tiles(film: Film, start: int, stop: int, seconds: float) -> None:
    """Tiles behind ``start``, up to ``stop``, join; what stands then is the trace's after each of those that are seen."""
    if not are_few(film, start, stop):
        others(film.row, start, stop, seconds)
        return
    for t in range(start + 1, stop + 1):
        join_calmly(film, t, seconds / (stop - start))


@beat("last")
def last_tiles(film: Film) -> None:
    """The tiles that are left join; then what softmax over all keys at once gives comes down onto the answer."""
    row, values, r = film.row, film.material.values, film.material.chosen.row
    shown, last = row.found.t if film.found.rises else len(values.j) - 1, len(values.j) - 1
    film.move(*(FadeOut(each) for each in (row.answer_was,) if row.stands(each)), seconds=TEXT)
    row.go("rescale")
    row.chart.display(Measured(float(values.l_new[shown, r]), np.zeros(0)))
    note = [] if are_few(film, shown, last) else [label(row.shot["note"], "shown faster", film.skin.ink, name="note")]
    film.scene.add(*note)
    if shown < last:
        pass_tiles(film, shown, last, max(film.scene.motion - ENDING, 0.3))
    film.scene.remove(*note)
    row.chart.turn_yellow(0.0)
    film.reach(Kind.PV_DOT, last)
    count = f"{int(np.isfinite(values.s[:, r]).sum()):,}"
    whole = (f"= {total(float(values.l_new[last, r]))}", film.skin.stats), (f"the sum over all {count} keys at once", film.skin.ink)
    again = Named(*labelled(row.shot["note"], *whole, f"all {count} keys at once", px=row.numbers.px), tag="note")
    with film.scene.telling():
        film.move(FadeIn(again), seconds=TEXT)
        film.hold(1.6)
        film.move(FadeOut(again), seconds=TEXT)
        whole_lands(row, whole_comes(row))


@beat("finish")
def finish(film: Film) -> None:
    """The quotient becomes its row of O's tile: divided once, written once, and one number a row beside it."""
    skin, values, r = film.skin, film.material.values, film.material.chosen.row
    i, at = film.material.chosen.program[0], film.scene.shot("whole")["square"]
    row = film.row
    on_row = film.scene.on_stage(row.answer)
    film.scene.remove(row.whole)  # it lies on the answer
    film.scene.announce()
    out = np.asarray(values.o, dtype=np.float64)
    result = Matrix(out, at, skin, "O", *spread(out))
    name = formula('O = "acc" slash ell', SYMBOL, skin.o, Rect(at.x0, at.y1 + em(10), at.x1, at.y1 + em(84)))
    if on_row:
        start = row.answer.bars
        boxes = row.answer.boxes(row.answer.values if row.answer.values is not None else out[r])
        flat = np.concatenate([flat_row(line_of(at, len(out), r), out.shape[1])] * (len(boxes) // out.shape[1]))
        row.answer.remove(*row.answer.scale_of)
        film.move(
            *film.leave(row.answer, film.chip),
            Shows(start, lambda share: start.display(boxes + (flat - boxes) * share), rate_func=ease_in_out_cubic),
            FadeIn(name, rate_func=late), seconds=MOVE,
        )  # fmt: skip
    film.move(*film.leave(row.answer if on_row else None, film.chip, name), *([] if on_row else [FadeIn(name)]), seconds=TEXT)
    film.scene.add(result)
    away = np.abs(np.arange(len(out)) - r) / max(r, len(out) - 1 - r, 1)  # [rows] from the followed one to the farthest
    film.move(Shows(result, lambda share: show_rows(result, away <= share)), seconds=0.8)
    film.scene.remove(row.answer)
    place = film.scene.shot("whole")
    film.hbm.place(place["hbm"]).display(lit={"Q": frozenset({film.hbm.cross.row_of(i)})}, cursor=None, written=frozenset(), seam=1.0)
    film.move(FadeOut(name), *film.go_out(), FadeIn(film.hbm), seconds=0.5)
    film.scene.add(result)
    film.scene.event = film.material.fa2.program(*film.material.chosen.program).stop
    film.move(matrix_to(result, film.hbm.cross.tile("O", film.hbm.cross.row_of(i))), seconds=0.7)
    rows_of_o = np.zeros(film.config.seq_q, dtype=bool)
    rows_of_o[values.rows[0] : values.rows[1]] = True
    whole = film.outputs[1]
    put(whole, film.hbm.cross.strip("O"))
    show_rows(whole, rows_of_o)
    film.scene.add(whole)
    film.scene.remove(result)
    tile = film.hbm.cross.tile("O", film.hbm.cross.row_of(i))
    sliver = Rectangles(skin.stats, name="LSE")
    sliver.display(np.array([[tile.x1 + em(5), tile.y0, tile.x1 + em(13), tile.y1]]))
    square = place["square"]
    note = formula('"LSE" = m + log ell', SYMBOL, skin.stats, square.top(em(90)))
    lines = ("one number a row,", "for the backward pass")
    below = [Rect(square.x0, square.y1 - em(160 + 56 * at), square.x1, square.y1 - em(100 + 56 * at)) for at in range(len(lines))]
    words = [heading(rect, line, skin.ink, LABEL) for rect, line in zip(below, lines, strict=True)]
    film.move(FadeIn(sliver, note, *words), seconds=TEXT)
    film.hold(2.0)
