"""One program's work on one row block: a row asks for its sum, scores, a ceiling, a blend; calm tiles, a second rise, the end."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np
from manim import Group
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import theme
from flashviz.director.film.closing import sweep
from flashviz.director.film.parts import LOAD, formula, matrix_to, put
from flashviz.director.film.stage import Film
from flashviz.director.rescale import LABEL, NAME, NUMBER, ONE_NUMBER, Word, grown, labelled, middle
from flashviz.director.shots import MOVE, TEXT, Shows, beat
from flashviz.director.stage import Columns
from flashviz.director.sweep import crossed
from flashviz.figures import kib, number, total
from flashviz.layout import Rect, rows
from flashviz.lettering import Face, em
from flashviz.mobjects.measured import Measured
from flashviz.mobjects.motion import FadeIn, FadeOut
from flashviz.mobjects.named import Named
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.tiles import Matrix, Rectangles, box
from flashviz.palette import spread
from flashviz.trace import Kind, state_at

CALM_SHOWN = 2  # tiles without a rise that are shown one by one


@beat("row")
def row(film: Film) -> None:
    """Of a row one tile is known; the division waits for the others."""
    place, skin = film.scene.shot("row"), film.skin
    values, chosen = film.material.values, film.material.chosen
    film.move(*(FadeOut(each) for each in film.words), FadeOut(film.hbm, *film.sheets.values()), seconds=0.4)
    rect, known = place["scores"], values.s[0, chosen.row]
    count = film.config.seq_k
    wide = rect.width * len(values.k[0]) / count
    first = Matrix(np.nan_to_num(known, neginf=0.0)[None, :], rect.left(wide), skin, "S", *spread(known))
    film.strip = first
    unknown = Rectangles(skin.edge, name="unknown", opacity=0.0)
    unknown.set_stroke(skin.edge, width=theme.HAIRLINE, opacity=0.4)
    x = rect.x0 + wide + np.arange(count - len(values.k[0])) * rect.width / count
    step = rect.width / count
    unknown.display(np.stack([x, np.full(len(x), rect.y0), x + step, np.full(len(x), rect.y1)], 1))
    names = Named(
        *labelled(
            place["scores name"], (f"{len(values.k[0])} scores", skin.ink), (f"{count - len(values.k[0])} still unknown", skin.quiet)
        ),
        tag="names",
    )
    film.move(FadeIn(first), FadeIn(names), seconds=0.4)
    film.move(FadeIn(unknown), seconds=0.6)
    sign = Word("÷ ?", ONE_NUMBER, skin.ink, rect.x0 + wide + em(20), place["divide"].center[1] - em(30), "divide")
    film.move(FadeIn(sign), seconds=TEXT)
    film.hold(1.0)
    home, start = rect.x1 - sign.wide, sign.left
    points = sign[0].points.copy()

    def later(share: float) -> None:
        sign[0].points = points + np.array([(home - start) * share, 0, 0])

    film.move(Shows(sign, later, rate_func=ease_in_out_cubic), seconds=1.2)
    film.words = [names, unknown, sign]


@beat("carry")
def carry(film: Film) -> None:
    """Three things are carried until then."""
    place, skin = film.scene.shot("row")["carry"], film.skin
    texts = (("m", "largest so far"), ("ℓ", "sum so far"), ("acc", "weighted values so far"))
    colors = (skin.stats, skin.stats, skin.o)
    beside = place.height < 0.2 * place.width
    shares = np.cumsum([0.0, 0.31, 0.27, 0.42])
    sides = [Rect(place.x0 + a * place.width, place.y0, place.x0 + b * place.width, place.y1) for a, b in itertools.pairwise(shares)]
    for (name, words), color, at in zip(texts, colors, sides if beside else rows(place, 3), strict=True):
        carried = Named(*labelled(at, (name, color), (words, skin.quiet), px=ONE_NUMBER if beside else NUMBER), tag="carried")
        film.move(FadeIn(carried), seconds=TEXT)
        film.hold(0.4)
        film.words.append(carried)
    film.scene.tell()


@beat("score")
def score(film: Film) -> None:
    """Q leaves HBM and stays; K arrives above; S fills at the crossing."""
    place = film.scene.shot("score")
    film.hbm.place(place["hbm"]).display(lit={}, cursor=None)
    film.crossed = Readout(kib(0), 56, film.skin.ink, name="crossed", face=Face.MONO_STRONG).at(place["crossed"])
    small = [
        Word(text, LABEL, film.skin.quiet, place[part].x0, middle(place[part], LABEL), "name")
        for part, text in (("hbm name", "HBM"), ("crossed name", "crossed"))
    ]
    film.map = Group(film.hbm, film.crossed, *small)
    film.move(*(FadeOut(each) for each in (*film.words, film.strip)), FadeIn(film.map), seconds=0.4)
    film.names = {}
    before = film.material.fa2.program(*film.material.chosen.program).start
    if before:  # the counter is never ahead of what was seen

        def count(nbytes: Mapping[str, int]) -> None:
            film.crossed.display(kib(sum(nbytes.values())))

        sweep(film, 0, before, 1.2, count, film.crossed)
    i = film.material.chosen.program[0]
    load(film, "Q", i, place["a"], 0, place["a name"], f"Q_{i}")
    film.hold(0.3)
    load(film, "K", 0, place["b"], 0, place["b name"], "K_0^top")
    film.hbm.display(cursor=(film.hbm.cross.row_of(i), 0))
    scores = film.tile("S", 0, place["ab"])
    film.reach(Kind.QK_DOT, 0)
    film.scene.add(scores)
    film.move(Columns(scores), seconds=1.6)
    film.tiles["S"] = scores
    film.names["S"] = formula("S = Q K^top slash sqrt(d)", NAME, film.skin.ink, place["ab name"])
    film.move(FadeIn(film.names["S"]), seconds=TEXT)
    row_h = scores.rect.height / scores.values.shape[0]
    y = scores.rect.y1 - film.material.chosen.row * row_h
    film.mark_rect = Rect(scores.rect.x0, y - row_h, scores.rect.x1, y)
    film.mark = box(
        Rect(scores.rect.x0 - em(8), y - row_h - em(3), scores.rect.x1 + em(8), y + em(3)), stroke=film.skin.stats, width=theme.HEAVY
    )
    at = place["row name"]
    film.mark_name = Word(f"row {film.material.chosen.row}", LABEL, film.skin.stats, at.x0, middle(at, LABEL), "row")
    film.move(FadeIn(film.mark), FadeIn(film.mark_name), seconds=TEXT)


def load(film: Film, tensor: str, index: int, to: Rect, t: int, name_at: Rect, formula: str) -> None:
    """A tile of Q, K or V leaves HBM and is enlarged on its way to its place; the counter steps."""
    kind = {"Q": Kind.LOAD_Q, "K": Kind.LOAD_K, "V": Kind.LOAD_V}[tensor]
    events = film.material.fa2.program(*film.material.chosen.program)
    film.scene.event = events.start + 1 if tensor == "Q" else film.found.event(kind, t)
    state = state_at(film.material.fa2, film.scene.event)
    lit = {k: v for k, v in film.hbm.now.lit.items() if k == "Q"} | {tensor: frozenset({index})}
    film.hbm.display(lit=lit)
    tile, source = film.tile(tensor, t, to), film.hbm.tile(tensor, index)
    put(tile, source)
    film.scene.add(tile)
    film.move(matrix_to(tile, to, source), seconds=LOAD)
    name = theme.maths(formula, NAME * 1.2, film.skin.hue(tensor)).move_to(name_at.center)
    film.names[tensor] = Named(name, tag="name", text=formula)
    film.tiles[tensor] = tile
    film.move(FadeIn(film.names[tensor]), film.crossed.turn(kib(sum(crossed(state).values()))), seconds=0.35)


@beat("ceiling")
def ceiling(film: Film) -> None:
    """The row's terms stand under a ceiling that the largest touches; they pour into a block: its area is l."""
    inner, skin, values = film.row, film.skin, film.material.values
    r = film.material.chosen.row
    place = film.scene.shot("ceiling")
    gone = [*film.names.values(), film.tiles["Q"], film.tiles.pop("K"), film.map, film.mark, film.mark_name, film.tiles.pop("S")]
    scores = np.nan_to_num(values.s[0, r], neginf=0.0)
    strip = Matrix(scores[None, :], place["scores"], skin, "S", *spread(values.s[0]))
    strip.rect = place["scores"]
    rect = Rect(inner.chart.terms_x, strip.rect.y0, inner.chart.rect.x1, strip.rect.y1)
    start = film.mark_rect
    put(strip, start)
    film.scene.add(strip)
    film.move(*(FadeOut(each) for each in gone), matrix_to(strip, rect, start), seconds=MOVE)
    title = Word(f"row {r}: {len(scores)} scores", LABEL, skin.quiet, rect.x0, rect.y1 + em(20), "name")
    terms = np.exp(np.where(np.isfinite(values.s[0, r]), values.s[0, r].astype(np.float64), -np.inf) - float(values.m_new[0, r]))
    film.reach(Kind.SOFTMAX_M, 0)
    inner.chart.display(Measured(0.0, 0 * terms))
    inner.ceiling.m.display(number(float(values.m_new[0, r])))
    film.scene.add(inner.baseline, inner.chart)
    film.move(FadeIn(title), FadeIn(inner.baseline), seconds=TEXT)
    film.move(Shows(inner.chart, lambda share: inner.chart.display(Measured(0.0, grown(terms, share, 1.0), filled=1.0))), seconds=1.8)
    film.move(FadeIn(inner.ceiling), seconds=0.4)
    film.reach(Kind.SOFTMAX_P, 0)
    film.hold(1.2)
    film.move(FadeOut(strip), FadeOut(title), seconds=TEXT)

    def pour(share: float) -> None:
        inner.chart.display(Measured(0.0, terms, filled=1.0, joined=min(2 * share, 1.0), level=max(2 * share - 1, 0.0)))
        inner.chart.turn_yellow(max(2 * share - 1, 0.0))

    film.move(Shows(inner.chart, pour), seconds=2.4)
    film.reach(Kind.SOFTMAX_L, 0)
    l_now = float(values.l_new[0, r])
    inner.chart.display(Measured(l_now, 0 * terms))
    film.l_number = inner.numbers.first(total(l_now), skin.stats)
    film.move(FadeIn(inner.l_name), FadeIn(film.l_number), seconds=TEXT)


@beat("blend")
def blend(film: Film) -> None:
    """P takes Q's place, V lands above, acc fills at the crossing."""
    place, inner = film.scene.shot("score"), film.row
    weights = film.tile("P", 0, place["ab"])
    gone = [inner.chart, inner.ceiling, inner.baseline, inner.l_name, film.l_number]
    film.move(*(FadeOut(each) for each in gone), FadeIn(film.map), FadeIn(weights), seconds=0.5)
    film.hold(0.3)
    film.move(matrix_to(weights, place["a"]), seconds=MOVE)
    p_name = theme.maths("tilde(P)", NAME * 1.2, film.skin.ink).move_to(place["a name"].center)
    film.names = {"P": Named(p_name, tag="name", text="P")}
    film.move(FadeIn(film.names["P"]), seconds=TEXT)
    load(film, "V", 0, place["b"], 0, place["b name"], "V_0")
    state = film.reach(Kind.PV_DOT, 0)
    del state
    acc = film.tile("ACC", 0, place["ab"])
    film.scene.add(acc)
    film.move(Columns(acc), seconds=1.6)
    film.names["ACC"] = formula('"acc" = tilde(P) V', NAME, film.skin.o, place["ab name"])
    film.move(FadeIn(film.names["ACC"]), seconds=TEXT)
    film.move(FadeOut(weights), FadeOut(film.names.pop("P")), seconds=0.4)
    film.tiles["ACC"] = acc


@beat("calm")
def calm(film: Film) -> None:
    """Back to the row: tiles whose terms stay under the ceiling join, one after another."""
    inner, values, r = film.row, film.material.values, film.material.chosen.row
    acc = film.tiles.pop("ACC")
    line = inner.place["acc"]
    row_h = acc.rect.height / acc.values.shape[0]
    y = acc.rect.y1 - r * row_h
    gone = [film.map, film.tiles.pop("V"), *film.names.values(), acc]
    bars = inner.acc
    start_boxes = bars.boxes(values.acc_new[0, r].astype(np.float64))
    x = acc.rect.x0 + np.arange(len(start_boxes)) * acc.rect.width / len(start_boxes)
    flat = np.stack([x, np.full(len(x), y - row_h), x + acc.rect.width / len(x), np.full(len(x), y)], 1)
    bars.bars.display(flat)
    film.scene.add(inner.was, bars)
    film.move(*(FadeOut(each) for each in gone), seconds=0.3)
    film.move(
        Shows(bars, lambda share: bars.bars.display(flat + (start_boxes - flat) * share), rate_func=ease_in_out_cubic),
        FadeIn(inner.chart, inner.ceiling, inner.baseline),
        seconds=MOVE,
    )
    bars.display(values.acc_new[0, r].astype(np.float64))
    film.move(FadeIn(inner.acc_name, inner.acc_words, inner.l_name, film.l_number), seconds=TEXT)
    del line
    passed = list(range(1, film.found.t if film.found.rises else film.found.t + 1))
    shown = passed if len(passed) <= CALM_SHOWN else [passed[0], passed[-1]]  # of many, the first and the last
    for t in shown:
        join_calmly(film, t, (film.scene.motion - 1.4) / (shown[-1] - shown[0] + 1 if len(passed) <= CALM_SHOWN else 2))
    inner.l_number = film.l_number
    inner.chart.turn_yellow(0.0)
    which = "old" if film.found.rises else "new"
    quotient = inner.quotient(which)
    film.scene.add(inner.answer.display(0 * quotient))
    film.move(FadeIn(inner.answer_name), seconds=TEXT)
    film.move(Shows(inner.answer, lambda share: inner.answer.display(quotient * share), rate_func=ease_in_out_cubic), seconds=MOVE)
    film.words = [
        bars,
        inner.chart,
        inner.ceiling,
        inner.baseline,
        inner.acc_name,
        inner.acc_words,
        inner.l_name,
        film.l_number,
        inner.answer,
        inner.answer_name,
    ]


def join_calmly(film: Film, t: int, seconds: float) -> None:
    """The terms of tile ``t`` grow under the ceiling and join l; their values join acc."""
    inner, values, r = film.row, film.material.values, film.material.chosen.row
    chart, terms, past = inner.chart, np.nan_to_num(values.p[t, r].astype(np.float64)), float(values.l_old[t, r])
    old, new = values.acc_old[t, r].astype(np.float64), values.acc_new[t, r].astype(np.float64)
    chart.turn_yellow(0.0)

    def pour(share: float) -> None:
        chart.display(Measured(past, terms, filled=1.0, joined=min(2 * share, 1.0), level=max(2 * share - 1, 0.0)))
        chart.turn_yellow(max(2 * share - 1, 0.0))

    film.move(Shows(chart, lambda share: chart.display(Measured(past, grown(terms, share, 1.0), filled=1.0))), seconds=0.35 * seconds)
    film.move(Shows(chart, pour), seconds=0.35 * seconds)
    film.reach(Kind.PV_DOT, t)
    chart.display(Measured(float(values.l_new[t, r]), 0 * terms))
    film.scene.remove(film.l_number)
    film.l_number = inner.numbers.first(total(float(values.l_new[t, r])), film.skin.stats)
    film.scene.add(film.l_number)
    film.move(Shows(inner.acc, lambda share: inner.acc.display(old + (new - old) * share)), seconds=0.3 * seconds)


@beat("again")
def again(film: Film) -> None:
    """A later rise, the same gesture: the ceiling lifts, all shrink alike, the new terms join."""
    inner, row, skin = film.row, film.later, film.skin
    assert row is not None
    found, chart, said = row.found, row.chart, row.said
    alpha, acc, before, measured = float(found.of("alpha")), found.of("acc_old"), found.before, found.measured
    tallest = max(float(before.max()), 1.0)
    tile, flat = inner.tile, flat_row(inner.tile.line, acc.size)
    standing = row.acc.boxes(acc)
    row.acc.bars.display(flat)
    film.scene.add(row.acc)
    gone = [thing for thing in film.scene.mobjects if thing not in (film.scene.caption, row.acc)]
    chart.display(row.measured(terms=0 * before))
    film.move(*(FadeOut(each) for each in gone), seconds=0.4)
    film.move(
        Shows(row.acc, lambda share: row.acc.bars.display(flat + (standing - flat) * share), rate_func=ease_in_out_cubic),
        FadeIn(row.baseline, row.ceiling, chart, row.acc_name, row.l_name, row.l_number), seconds=MOVE,
    )  # fmt: skip
    del tile
    row.acc.display(acc)
    row.reach(Kind.QK_DOT)
    film.move(Shows(chart, lambda share: chart.display(row.measured(terms=grown(before, share, tallest)))), seconds=1.0)
    lid, top = chart.y(1.0), chart.y(tallest)
    row.reach(Kind.ALPHA)
    film.move(
        Shows(chart, lambda share: chart.display(row.measured(ceiling=1 + (tallest - 1) * share)), rate_func=ease_in_out_cubic),
        Shows(row.ceiling, lambda share: row.ceiling.at(lid + (top - lid) * share), rate_func=ease_in_out_cubic),
        seconds=0.6,
    )
    factor = [row.numbers.next("×", skin.ink), row.numbers.next(said["alpha"], skin.ink)]
    film.move(row.ceiling.m.turn(said["m_new"]), FadeIn(*factor), seconds=0.35)

    def squeeze(share: float) -> None:
        k = 1 + (alpha - 1) * share
        chart.display(row.measured(terms=before * (1 + (1 / tallest - 1) * share), tall=k, ceiling=1 + (tallest - 1) * (1 - share)))
        row.ceiling.at(top + (lid - top) * share)
        row.acc.display(acc * k)

    film.move(Shows(Group(chart, row.ceiling, row.acc), squeeze, rate_func=ease_in_out_cubic), seconds=1.0)

    def join(share: float) -> None:
        level = max(2 * share - 1, 0.0)
        chart.display(row.measured(terms=measured, tall=alpha, filled=1.0, joined=min(2 * share, 1.0), level=level, settled=level))
        chart.turn_yellow(level)

    film.move(Shows(chart, join), *(FadeOut(each) for each in row.numbers.pieces), seconds=1.2)
    row.reach(Kind.PV_DOT)
    scaled, after = found.of("acc_scaled"), found.of("acc_new")
    result = row.numbers.first(said["l_new"], skin.stats)
    film.move(Shows(row.acc, lambda share: row.acc.display(scaled + (after - scaled) * share)), FadeIn(result), seconds=0.4)
    film.scene.tell()


def flat_row(line: Rect, count: int) -> np.ndarray:
    """[count, 4] a row of a tile as boxes side by side."""
    x = line.x0 + np.arange(count) * line.width / count
    return np.stack([x, np.full(count, line.y0), x + line.width / count, np.full(count, line.y1)], 1)


@beat("finish")
def finish(film: Film) -> None:
    """The tile of acc becomes O's tile: divided once, written once, and one number a row beside it."""
    place, skin = film.scene.shot("whole"), film.skin
    values, i = film.material.values, film.material.chosen.program[0]
    shown = film.material.chosen.later or film.found.t
    picture = film.tile("ACC", shown, film.scene.shot("rows")["tile"])
    gone = [thing for thing in film.scene.mobjects if thing is not film.scene.caption]
    film.move(*(FadeOut(each) for each in gone), FadeIn(picture), seconds=0.5)
    last = len(values.j) - 1
    if last > shown:
        faster = Word("the other tiles, shown faster", LABEL, skin.quiet, picture.rect.x0, picture.rect.y1 + em(24), "note")
        film.move(FadeIn(faster), seconds=TEXT)
        film.move(picture.to(np.asarray(values.acc_new[last], dtype=np.float64)), seconds=1.6)
        film.reach(Kind.PV_DOT, last)
        film.move(FadeOut(faster), seconds=TEXT)
    out = np.asarray(values.o, dtype=np.float64)
    result = Matrix(out, picture.rect, skin, "O", *spread(out))
    name = theme.maths('O = "acc" thin slash thin ell', NAME * 1.2, skin.o)
    name.move_to((picture.rect.center[0], picture.rect.y1 + em(60), 0))
    label = Named(name, tag="formula", text="O = acc / l")
    film.move(FadeIn(label), FadeIn(result), FadeOut(picture), seconds=0.6)
    film.hold(0.8)
    film.hbm.place(place["hbm"]).display(lit={"Q": frozenset({film.hbm.cross.row_of(i)})}, cursor=None)
    film.move(FadeOut(label), FadeIn(film.hbm), seconds=0.4)
    events = film.material.fa2.program(*film.material.chosen.program)
    film.scene.event = events.stop
    film.move(matrix_to(result, film.hbm.tile("O", i)), seconds=1.2)
    film.hbm.display(written=frozenset({film.hbm.cross.row_of(i)}), lit={})
    film.scene.remove(result)
    tile = film.hbm.tile("O", i)
    sliver = Rectangles(skin.stats, name="LSE")
    sliver.display(np.array([[tile.x1 + em(4), tile.y0, tile.x1 + em(10), tile.y1]]))
    note = formula('"LSE" = m + log ell', 1.3 * NAME, skin.stats, place["square"])
    film.move(FadeIn(sliver), FadeIn(note), seconds=TEXT)
    film.words = [sliver, note]
