"""The rescale: what happens to l and to acc when the max rises. A film of one row at one tile; every number is the trace's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from manim import Create, DashedLine, DashedVMobject, Group, Line, Mobject, RoundedRectangle, VGroup, VMobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import palette, theme
from flashviz.chapters import rescale
from flashviz.chapters.rescale import Rescale, beats_of, facts, gather
from flashviz.director.material import provenance
from flashviz.director.shots import MOVE, TEXT, ShotScene, Shows, StepBack, beat, slide
from flashviz.layout import Rect, Shot
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.bars import SignedBars, fit
from flashviz.mobjects.measured import Ceiling, Measured, MeasuredSum
from flashviz.mobjects.motion import FadeIn, FadeOut
from flashviz.mobjects.named import Named
from flashviz.mobjects.tiles import Matrix, Rectangles, box
from flashviz.palette import spread
from flashviz.trace import Kind

CODE, LABEL, NAME, NUMBER, ONE_NUMBER, SYMBOLS = 34, 36, 46, 72, 96, 95  # px: code, labels, names, numbers, the one that matters, formulas
GAP = em(24)
SPACE = 0.26  # between words of arithmetic, in em
PALE, BACK = 0.3, 0.3  # of what would be false now; of what steps back behind a formula
GHOST = 0.85
TOO_TALL = 3.0  # answers: the height for which there is room
TILES = 3  # of the past that are seen to be summed; what was before them is summed already


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
        return RescaleFilm(self, found, said)


class RescaleFilm:
    """Everything on stage, made here once. ``found`` is what is shown, ``said`` its numbers as they are written."""

    block_was: VMobject  # outlines of l's block, at the old ceiling, and around the quotient
    dashes: VGroup
    frame: VMobject
    copies: list[Word]  # of alpha, at acc
    fraction: list[Word]
    strokes: list[Line]
    height: Word  # how tall the tallest term is
    power: Named
    ratio: list[Word]  # alpha = 1 / height
    note: Named
    formula: VGroup
    tile: TileRows
    words: list[Word]  # what is said of the columns

    def __init__(self, scene: ShotScene, found: Rescale, said: dict[str, str]) -> None:
        self.scene, self.found, self.said, self.skin = scene, found, said, scene.skin
        skin, place = scene.skin, scene.shot("rescale")
        self.place: Shot = place
        self.spike = int(found.before.argmax())
        tallest = max(float(found.before.max()), 1.0)
        l_most = max(float(found.of("l_old")), float(found.of("l_new")))
        keys = max(len(found.values.k[t]) for t in range(found.t + 1))
        self.chart = MeasuredSum(keys, l_most, tallest, skin).place(place["measured"])
        self.left = place["measured"].x0 - em(20)
        self.right = place["measured"].x1 + em(16)
        lid = self.chart.y(1.0)
        x0 = place["measured"].x0
        span = max(self.chart.clear(found.before, 0.95, x0, self.right), key=lambda span: (span[0] == x0, span[1] - span[0]))
        self.ceiling = Ceiling(said["m_old"], skin, span[1] - span[0] - 2 * GAP).place(self.left, self.right, lid, span[0])
        self.baseline = Line((self.left, self.chart.rect.y0, 0), (self.right, self.chart.rect.y0, 0)).set_stroke(skin.edge, theme.HEAVY)
        spread_of_acc = (found.of("acc_old"), found.of("acc_new"), found.brought)
        zero, scale = fit(place["acc"], *spread_of_acc)
        features = len(found.of("acc_old"))
        self.acc = SignedBars("acc", skin.o, skin).place(place["acc"], zero, scale, features)
        self.was = SignedBars("acc was", skin.o, skin, hollow=True, opacity=GHOST, axis=False).place(place["acc"], zero, scale, features)
        self.brought = SignedBars("P V", skin.v, skin, axis=False).place(place["acc"], zero, scale, features)
        tall = min(tallest, TOO_TALL) * self.quotient("old")  # of the wrong answer so much is in the room; what is taller leaves it
        zero, scale = fit(place["answer"], self.quotient("old"), self.quotient("new"), tall)
        self.answer = SignedBars("acc / l", skin.o, skin, dotted=True).place(place["answer"], zero, scale, features)
        self.answer_was = SignedBars("answer was", skin.ink, skin, hollow=True, dotted=True, axis=False)
        self.answer_was.place(place["answer"], zero, scale, features)
        self.acc_name, self.acc_words = labelled(
            place["acc name"], ("acc", skin.o), ("values × terms, summed", skin.ink), "values × terms", px=NUMBER
        )
        self.answer_name = Named(
            *labelled(place["answer name"], ("acc / ℓ", skin.o), ("answer so far, own scale", skin.ink), "the answer so far"),
            tag="answer name",
        )
        names = place["names"]
        self.l_name = Named(*labelled(names, ("ℓ", skin.stats), ("sum", skin.ink)), tag="l name")
        wide = text_width(f"{len(found.before)} new terms", LABEL)
        terms_at = Rect(min(self.chart.terms_x, names.x1 - wide), names.y0, names.x1, names.y1)  # under the terms, where there is room
        self.terms_name = Word(f"{len(found.before)} new terms", LABEL, skin.ink, terms_at.x0, middle(terms_at, LABEL), "terms", Face.TEXT)
        rect, formula = place["term"], '"term" = e^(s - m)'
        written = symbols(formula, SYMBOLS, skin.ink, Rect(rect.x0, rect.y0 + em(56), rect.x1, rect.y1), "formula term")
        written.family_members_with_points()[-1].set_fill(skin.stats)
        words = "s: the key's score"
        left = rect.center[0] - text_width(words, LABEL) / 2
        self.term = VGroup(written, Word(words, LABEL, skin.ink, left, rect.y0 + em(12), "score", Face.TEXT))
        self.numbers = Numbers(place["sum"])
        self.l_number = self.numbers.first(said["l_old"], skin.stats)
        self.copies, self.fraction, self.strokes = [], [], []
        self.summed = list(range(max(0, found.t - TILES), found.t))  # tiles that are seen to join the sum
        self.chart.display(self.past(self.summed[0], filled=1.0) if found.seen else self.measured(terms=0 * found.before))
        scene.add(self.baseline, self.ceiling, self.chart, self.term)
        if not found.seen:
            scene.add(self.was, self.acc)

    def past(self, t: int, **changes: Any) -> Measured:
        """The terms of an earlier tile beside the sum of those before it, all measured from the max of the past."""
        before = sum(float(self.found.terms(self.found.m_old, u).sum()) for u in range(t))
        return Measured(**{"past": before, "terms": self.found.terms(self.found.m_old, t), **changes})

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
        total = float(self.found.of(f"l_{which}"))
        return self.found.of(f"acc_{which}") / total if total else 0.0 * self.found.of(f"acc_{which}")

    def reach(self, kind: Kind, t: int | None = None) -> None:
        """Set the film's clock just after an event."""
        self.scene.event = self.found.event(kind, t)

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


class Numbers:
    """The arithmetic of l, word by word on one line. What stands first is l."""

    def __init__(self, rect: Rect) -> None:
        self.rect = rect
        self.px = NUMBER * min(1.0, rect.width / line_width(["13.22", "×", "0.407", "=", "5.38"], NUMBER))
        self.pieces: list[Word] = []

    def first(self, text: str, color: str) -> Word:
        """Alone at the left."""
        self.pieces = []
        return self.next(text, color, "l")

    def next(self, text: str, color: str, name: str = "sum") -> Word:
        """The next word, in its place."""
        left = self.pieces[-1].left + self.pieces[-1].wide + SPACE * em(self.px) if self.pieces else self.rect.x0
        self.pieces.append(Word(text, self.px, color, left, middle(self.rect, self.px), name))
        return self.pieces[-1]

    def settle(self) -> tuple[Shows, list[FadeOut]]:
        """The result comes to the first place; what it was made of leaves."""
        *others, result = self.pieces
        shift = np.array([self.rect.x0 - result.left, 0.0, 0.0])
        self.pieces, result.left, result.tag = [result], self.rect.x0, "l"
        return slide(result, result.get_center() + shift), [FadeOut(piece) for piece in others]


class Word(Named):
    """One word by its left edge and baseline; ``wide`` is its advance, ``px`` its size."""

    def __init__(self, text: str, px: float, color: str, left: float, baseline: float, name: str, face: Face = Face.STRONG) -> None:
        self.left, self.wide, self.px = left, text_width(text, px, face), px
        super().__init__(theme.on_baseline(theme.line(text, px, color, face), px, left, baseline, text, face), tag=name, text=text)


def worded(rect: Rect, texts: list[str], px: float, colors: list[str], name: str) -> list[Word]:
    """Words on one baseline from the left of ``rect``, smaller where they would not fit."""
    px *= min(1.0, rect.width / line_width(texts, px))
    left = rect.x0
    words: list[Word] = []
    for text, color in zip(texts, colors, strict=True):
        if words and text != ")":
            left += SPACE * em(px)
        words.append(Word(text, px, color, left, middle(rect, px), name))
        left += words[-1].wide
    return words


def struck(part: Mobject | list[Mobject], skin: palette.Theme) -> Line:
    """A line through what cancels."""
    points = np.concatenate([each.get_all_points() for each in (part if isinstance(part, list) else [part])])
    low, high = points.min(0), points.max(0)
    return Line((low[0] - 0.04, low[1], 0), (high[0] + 0.04, high[1], 0), stroke_color=skin.ink, stroke_width=theme.HEAVY)


def symbols(formula: str, px: float, color: str, rect: Rect, name: str) -> Named:
    """A formula in the middle of a rectangle, smaller where it would not fit."""
    drawn = theme.maths(formula, px, color)
    drawn.scale(min(1.0, rect.width / drawn.width, rect.height / drawn.height)).move_to(rect.center)
    return Named(drawn, tag=name, text=formula)


def middle(rect: Rect, px: float) -> float:
    """The baseline of type whose digits stand in the middle of ``rect``."""
    return rect.center[1] - 0.36 * em(px)


def line_width(words: list[str], px: float) -> float:
    """Of words with spaces between."""
    return sum(text_width(word, px, Face.STRONG) for word in words) + SPACE * em(px) * (len(words) - 1)


def labelled(
    rect: Rect, name: tuple[str, str], words: tuple[str, str], short: str = "", *, px: float = NAME, face: Face = Face.STRONG
) -> tuple[Word, Word]:
    """A name and what it is, on one baseline from the left of ``rect``. Each is (text, colour).

    Where they would not fit, the words are ``short`` ones, and then all is smaller.
    """

    def wide(text: str) -> float:
        return text_width(name[0], px, face) + 0.4 * em(px) + text_width(text, LABEL)

    text = short if short and wide(words[0]) > rect.width else words[0]
    share = min(1.0, rect.width / wide(text))
    baseline = middle(rect, px * share)
    first = Word(name[0], px * share, name[1], rect.x0, baseline, "name", face)
    second = Word(text, LABEL * share, words[1], first.left + first.wide + 0.4 * em(px) * share, baseline, "name", Face.TEXT)
    return first, second


def paled(part: VMobject, before: float, after: float) -> Shows:
    """The fill of bars goes from one opacity to another."""
    return Shows(part, lambda share: part.set_fill(opacity=before + (after - before) * share))


# --------------------------------------------------------------------------------------------------------------- beats


@beat("past")
def past(film: RescaleFilm) -> None:
    """Terms slide together and level at the ceiling: their area is the sum. The later tiles are faster."""
    film.read()
    found, chart = film.found, film.chart
    film.reach(Kind.PV_DOT, found.t - 1)
    for t in film.summed:
        first = t == film.summed[0]
        pour(film, t, grow=0.0 if first else 0.3, join=MOVE if first else 0.4, level=MOVE if first else 0.3)
    chart.display(film.measured(terms=0 * found.before))
    chart.turn_yellow(0.0)
    film.move(FadeIn(film.l_name, film.l_number), seconds=TEXT)


def pour(film: RescaleFilm, t: int, *, grow: float, join: float, level: float) -> None:
    """The terms of an earlier tile grow, slide against the block and level; times in seconds."""
    chart, whole = film.chart, film.past(t).terms

    def show_level(share: float) -> None:
        chart.display(film.past(t, joined=1.0, level=share, filled=1.0))
        chart.turn_yellow(share)

    chart.turn_yellow(0.0)
    if grow:
        film.move(Shows(chart, lambda share: chart.display(film.past(t, terms=grown(whole, share, 1.0), filled=1.0))), seconds=grow)
    film.move(Shows(chart, lambda share: chart.display(film.past(t, joined=share, filled=1.0)), rate_func=ease_in_out_cubic), seconds=join)
    film.move(Shows(chart, show_level, rate_func=ease_in_out_cubic), seconds=level)


@beat("answer")
def answer(film: RescaleFilm) -> None:
    """acc's bars grow; beneath, on an axis of its own, acc / l as dots on stems."""
    film.read()
    acc, quotient = film.found.of("acc_old"), film.quotient("old")
    film.acc.display(0 * acc)
    film.scene.add(film.was, film.acc)
    film.move(FadeIn(film.acc_name, film.acc_words), seconds=TEXT)
    film.move(Shows(film.acc, lambda share: film.acc.display(acc * share), rate_func=ease_in_out_cubic), seconds=MOVE)
    film.hold(0.3)
    film.answer.display(0 * quotient)
    film.scene.add(film.answer)
    film.move(FadeIn(film.answer_name), seconds=TEXT)
    film.move(Shows(film.answer, lambda share: film.answer.display(quotient * share), rate_func=ease_in_out_cubic), seconds=MOVE)


def grown(terms: np.ndarray, share: float, height: float) -> np.ndarray:
    """Terms that grow from left to right, each in a quarter of the time, and none beyond ``height``."""
    start = 0.75 * np.arange(len(terms)) / max(len(terms), 1)
    return np.asarray(np.minimum(terms * np.clip((share - start) / 0.25, 0, 1), height))


@beat("terms")
def terms(film: RescaleFilm) -> None:
    """The new terms grow as outlines; the largest stops at the ceiling and then breaks through it."""
    film.read()
    film.reach(Kind.QK_DOT)
    skin, chart, before = film.skin, film.chart, film.found.before
    tallest = float(before.max())
    film.move(FadeOut(film.term), FadeIn(film.terms_name), seconds=TEXT)
    film.move(Shows(chart, lambda share: chart.display(film.measured(terms=grown(before, share, 1.0)))), seconds=1.6)
    film.hold(0.3)
    film.move(Shows(chart, lambda share: chart.display(film.measured(terms=np.minimum(before, 1 + (tallest - 1) * share)))), seconds=1.4)
    text, (m_old, m_new) = film.said["height"], film.maxima
    power = symbols(f"e^({m_new} - {m_old}) =", NUMBER, skin.ink, film.place.frame, "power")
    space = SPACE * em(ONE_NUMBER)
    bottom = chart.y(tallest) - em(112)  # under where the ceiling will stop
    wide = power.width + space + text_width(text, ONE_NUMBER, Face.STRONG)
    left, share = beside(film, before, wide, (bottom - chart.rect.y0) / chart.unit)
    power.scale(share).move_to((left + power.width / 2, 0, 0))
    power.shift((0, bottom - power.get_bottom()[1], 0))
    film.height = Word(text, ONE_NUMBER * share, skin.warn, left + power.width + space * share, bottom, "height")
    film.power = power
    film.move(FadeIn(power, film.height), seconds=TEXT)
    film.hold(0.5)


def beside(film: RescaleFilm, terms: np.ndarray, wide: float, height: float) -> tuple[float, float]:
    """Left edge of words beside the tallest term, where no other stands taller than ``height``, and the share of ``wide`` that fits.

    On its left where there is room, else on its right, else wherever there is most, and then smaller.
    """
    x = film.chart.x(film.spike)
    start = film.left if height > 1 else film.chart.rect.x0 + float(film.found.of("l_old")) * film.chart.key  # not on the block
    spans = film.chart.clear(terms, height, start, film.right)
    beside_it = [
        span for span in spans if span[1] - span[0] >= wide + 2 * GAP and min(abs(span[0] - x), abs(span[1] - x)) <= film.chart.key
    ]
    left, right = next(iter(beside_it), max(spans, key=lambda span: span[1] - span[0]))
    share = min(1.0, (right - left) / (wide + 2 * GAP))
    return (right - GAP * share - wide * share, share) if right <= x else (left + GAP * share, share)


@beat("question")
def question(film: RescaleFilm) -> None:
    """A still."""
    film.reach(Kind.QK_DOT)


@beat("ruler")
def ruler(film: RescaleFilm) -> None:
    """The ceiling alone rises to the tallest term, 1 and m riding on it, and m flips as it does; dashes stay."""
    film.read()
    film.reach(Kind.ALPHA)
    skin, chart, tallest = film.skin, film.chart, float(film.found.before.max())
    lid, top = chart.y(1.0), chart.y(tallest)
    dashes = DashedLine((film.left, lid, 0), (film.right, lid, 0), dash_length=0.09, stroke_color=skin.quiet, stroke_width=theme.OUTLINE)
    old_one = Word("old 1", LABEL, skin.ink, film.right - text_width("old 1", LABEL), lid + em(8), "old 1", Face.TEXT)
    film.dashes = VGroup(dashes, old_one)
    film.scene.add(film.dashes)
    flip = film.ceiling.m.turn(film.said["m_new"])
    flip.begin()

    def lift(share: float) -> None:
        film.ceiling.at(lid + (top - lid) * ease_in_out_cubic(share))
        flip.interpolate(share)

    def under(share: float) -> None:
        chart.display(film.measured(ceiling=1 + (tallest - 1) * share))

    inked = Shows(film.height, lambda share: film.height.set_fill(theme.between(skin.warn, skin.ink, share)))
    film.move(FadeOut(film.power), seconds=TEXT)
    film.move(Shows(film.ceiling, lift), Shows(chart, under, rate_func=ease_in_out_cubic), inked, seconds=1.5)


@beat("measure")
def measure(film: RescaleFilm) -> None:
    """Terms, ceiling and the old ceiling's dashes shrink until 1 is where it was: now the dashes stand at alpha. l and acc still wait."""
    film.reach(Kind.ALPHA)
    found, skin, chart, said = film.found, film.skin, film.chart, film.said
    tallest = float(found.before.max())

    def scale(share: float) -> float:
        return 1 + (1 / tallest - 1) * share

    def shrink(share: float) -> None:
        chart.display(film.measured(terms=found.before * scale(share), ceiling=tallest * scale(share)))
        film.dashes.shift((0, chart.y(scale(share)) - film.dashes[0].get_center()[1], 0))

    below = film.ceiling.line.get_center()[1] - film.height.get_top()[1]  # the number stays under the ceiling

    def fall(share: float) -> None:
        film.ceiling.at(chart.y(tallest * scale(share)))
        film.height.shift((0, film.ceiling.line.get_center()[1] - below - film.height.get_top()[1], 0))

    film.move(Shows(chart, shrink, rate_func=ease_in_out_cubic), Shows(film.ceiling, fall, rate_func=ease_in_out_cubic), seconds=1.6)
    film.move(Shows(chart, lambda share: chart.display(film.measured(terms=found.measured, filled=share))), seconds=0.4)
    film.scene.remove(film.dashes)
    film.scene.add(film.dashes)
    texts = ["α", "=", "1", "/", said["height"], "=", said["alpha"]]
    bottom = chart.y(1 / tallest) + em(24)
    left, share = beside(film, found.measured, line_width(texts, NUMBER), (bottom - chart.rect.y0) / chart.unit)
    if share * NUMBER < NAME or bottom + em(0.75 * NUMBER * share) > chart.y(1.0):  # no room beside the dashes: over the ceiling
        above = film.place["term"]
        share = min(1.0, above.width / line_width(texts, NUMBER))
        left, bottom = above.x0, middle(above, NUMBER * share)
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


@beat("watch")
def watch(film: RescaleFilm) -> None:
    """The quotient is framed before anything happens to what it is made of."""
    film.reach(Kind.ALPHA)
    bars, rect = film.answer.bars, film.place["answer"]
    low, high = bars.get_bottom()[1] - em(14), bars.get_top()[1] + em(14)
    film.frame = RoundedRectangle(
        corner_radius=em(14), width=rect.width + em(32), height=high - low, stroke_color=film.skin.ink, stroke_width=theme.HEAVY
    ).move_to((rect.center[0], (low + high) / 2, 0))
    film.move(Create(film.frame), seconds=0.6)
    film.scene.tell()


@beat("squeeze")
def squeeze(film: RescaleFilm) -> None:
    """The factor sends a copy to l and one to acc; both shrink together, the block down to the dashes; the quotient does not move."""
    film.read()
    film.reach(Kind.ALPHA)
    found, skin, chart, said = film.found, film.skin, film.chart, film.said
    alpha, acc = float(found.of("alpha")), found.of("acc_old")
    source, px = film.ratio[-1], film.acc_name.px
    times, factor = film.numbers.next("×", skin.ink), film.numbers.next(said["alpha"], skin.ink)
    base, left = middle(film.place["acc name"], px), film.acc_name.left + film.acc_name.wide + SPACE * em(px)
    times_acc = Word("×", px, skin.ink, left, base, "times")
    at_acc = Word(said["alpha"], px, skin.ink, left + times_acc.wide + SPACE * em(px), base, "alpha acc")
    film.copies = [times_acc, at_acc]
    film.move(FadeOut(film.acc_words), seconds=TEXT)
    film.move(fly(factor, source), fly(at_acc, source), FadeIn(times, times_acc, rate_func=late), seconds=MOVE)
    film.was.display(acc)
    edge = Rect(chart.rect.x0, chart.rect.y0, chart.rect.x0 + float(found.of("l_old")) * chart.key, chart.y(1.0))
    film.block_was = DashedVMobject(
        box(edge, stroke=skin.stats, width=theme.OUTLINE), num_dashes=max(12, int(20 * (edge.width + edge.height)))
    )
    film.block_was.set_stroke(opacity=0.8)
    film.scene.add(film.block_was)
    result = film.numbers.next("=", skin.ink), film.numbers.next(said["l_scaled"], skin.stats)
    film.move(*(FadeOut(each) for each in film.ratio), seconds=TEXT)

    def shrink(share: float) -> None:
        chart.display(film.measured(tall=1 + (alpha - 1) * share, terms=found.measured, filled=1.0))

    film.move(
        Shows(chart, shrink, rate_func=ease_in_out_cubic),
        Shows(film.acc, lambda share: film.acc.display(acc * (1 + (alpha - 1) * share)), rate_func=ease_in_out_cubic),
        FadeIn(*result, rate_func=late),
        seconds=2.2,
    )  # fmt: skip
    film.acc.display(found.of("acc_scaled"))
    film.move(FadeOut(film.dashes), seconds=TEXT)


def late(share: float) -> float:
    """In the second half."""
    return min(max(2 * share - 1, 0.0), 1.0)


def fly(target: Word, source: Word) -> Shows:
    """A copy of ``source`` becomes ``target``: it leaves from there, and comes to its place at its size."""
    family = [(part, part.points.copy()) for part in target.get_family() if len(part.points)]
    start, stop = source.get_center(), target.get_center()
    ratio = source.height / target.height

    def show(share: float) -> None:
        for part, points in family:
            part.points = (points - stop) * (ratio + (1 - ratio) * share) + start + (stop - start) * share

    return Shows(target, show, rate_func=ease_in_out_cubic, introducer=True)


@beat("same")
def same(film: RescaleFilm) -> None:
    """The factor above cancels the factor below."""
    film.reach(Kind.ALPHA)
    parts = ["(acc", "×", film.said["alpha"], ")", "/", "(ℓ", "×", film.said["alpha"], ")", "=", "acc", "/", "ℓ"]
    colors = [film.skin.o if "acc" in part else film.skin.stats if "ℓ" in part else film.skin.ink for part in parts]
    film.fraction = worded(film.place["note"], parts, NUMBER, colors, "fraction")
    factors = [word for word in film.fraction if word.text == film.said["alpha"]]
    film.strokes = [struck(word, film.skin) for word in factors]
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
    film.answer_was.display(film.quotient("old"))
    film.scene.add(film.answer_was)
    film.move(*unscaled(film, 0.0, 1.0), seconds=1.5)
    film.note = Named(*worded(film.place["note"], [film.said["height"], "×", "too tall"], NUMBER, [film.skin.warn] * 3, "note"), tag="note")
    film.move(FadeIn(film.note), seconds=TEXT)
    film.hold(2.6)


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


@beat("join")
def join(film: RescaleFilm) -> None:
    """The block levels at the ceiling, the same area; the terms slide against it and level: it is wider by their sum."""
    film.read()
    film.reach(Kind.SOFTMAX_L)
    found, chart, said, skin = film.found, film.chart, film.said, film.skin
    alpha, measured = float(found.of("alpha")), found.measured

    def state(**changes: Any) -> Measured:
        return film.measured(tall=alpha, terms=measured, filled=1.0, **changes)

    moving, gone = film.numbers.settle()
    leaving = (film.was, film.block_was, *film.copies)
    film.move(*gone, *(FadeOut(each) for each in leaving), seconds=TEXT)
    film.move(moving, Shows(chart, lambda share: chart.display(state(settled=share)), rate_func=ease_in_out_cubic), seconds=MOVE)
    plus, added = film.numbers.next("+", skin.ink), film.numbers.next(said["added"], skin.scores)
    home = added.get_center()
    shift = film.chart.terms_x + em(8) - added.left
    added.shift((min(max(shift, 0.0), film.right - added.get_right()[0]), 0, 0))
    film.move(FadeIn(added), seconds=TEXT)
    film.hold(0.7)
    film.move(
        Shows(chart, lambda share: chart.display(state(settled=1.0, joined=share)), rate_func=ease_in_out_cubic),
        slide(added, home), FadeIn(plus, rate_func=late), FadeOut(film.terms_name), paled(film.answer.bars, 1.0, PALE), seconds=1.2,
    )  # fmt: skip
    result = film.numbers.next("=", skin.ink), film.numbers.next(said["l_new"], skin.stats)

    def level(share: float) -> None:
        chart.display(state(settled=1.0, joined=1.0, level=share))
        chart.turn_yellow(share)

    film.move(Shows(chart, level, rate_func=ease_in_out_cubic), FadeIn(*result, rate_func=late), seconds=1.2)
    chart.display(Measured(float(found.of("l_new")), 0 * measured))


@beat("values")
def values(film: RescaleFilm) -> None:
    """V's tile arrives beside the terms, its rows fade to them and sum to bars of acc's own scale; they land on acc and turn pink."""
    film.read()
    film.reach(Kind.PV_DOT)
    found, skin, place = film.found, film.skin, film.place["values"]
    weights_at, measured = film.place["weights"], found.measured
    tile = np.abs(np.asarray(found.values.v[found.t], dtype=np.float64))
    picture = Matrix(tile, place, skin, "V", 0.0, spread(tile)[1])
    over = Rect(place.x0, place.y1 + em(4), place.x1, place.y1 + em(50))
    label = Named(*labelled(over, ("V", skin.v), ("their values", skin.ink)), tag="name", text="V")
    weights_name = Word("terms", LABEL, skin.ink, weights_at.x0, middle(over, NAME), "terms", Face.TEXT)
    moving, gone = film.numbers.settle()
    film.move(*gone, seconds=TEXT)
    away = film.place.frame.y1 - place.y0
    start = [(part, part.points.copy()) for part in (picture.image, picture.frame)]

    def arrive(share: float) -> None:
        for part, points in start:
            part.points = points + np.array([0.0, away * (1 - share), 0.0])

    arrive(0.0)
    film.scene.add(picture)
    film.move(moving, Shows(picture, arrive, rate_func=ease_in_out_cubic), seconds=0.7)
    height = place.height / len(measured)
    tops = place.y1 - np.arange(len(measured)) * height
    weights = Rectangles(skin.scores, name="weights")
    weights.values = measured

    def weigh(share: float) -> None:
        reach = weights_at.x0 + np.maximum(measured * weights_at.width, em(2)) * share
        weights.display(np.stack([np.full(len(tops), weights_at.x0), tops - height, reach, tops], 1))

    weigh(0.0)
    film.scene.add(weights)
    film.move(FadeIn(label, weights_name), Shows(weights, weigh), seconds=0.5)
    film.hold(0.3)
    film.move(picture.to(tile * measured[:, None]), seconds=0.8)
    land(film, picture, weights, VGroup(weights_name, label))


def land(film: RescaleFilm, picture: Matrix, weights: Rectangles, names: VGroup) -> None:
    """The weighted rows fall together into one bar a feature; the bars go to the tips of acc's, and take its colour."""
    found, skin, place = film.found, film.skin, film.place["values"]
    start = [(part, part.points.copy()) for part in (picture.image, picture.frame)]
    pv, scaled = found.brought, found.of("acc_scaled")
    zero = film.brought.zero if place.y0 < film.brought.zero < place.y1 else place.center[1]
    landed, pitch = film.brought.boxes(pv, scaled), place.width / len(pv)
    x = place.x0 + (np.arange(len(pv)) + 0.15) * pitch
    ends = np.stack([np.full(len(pv), zero), zero + pv * film.brought.unit])
    lifted = np.stack([x, ends.min(0), x + 0.7 * pitch, ends.max(0)], 1)
    flat = lifted.copy()
    flat[:, 1], flat[:, 3] = zero, zero

    def collapse(share: float) -> None:
        for part, points in start:
            part.points = points.copy()
            part.points[:, 1] = zero + (points[:, 1] - zero) * (1 - share)

    film.scene.add(film.brought)
    film.brought.values = pv
    film.move(
        Shows(picture, collapse, rate_func=ease_in_out_cubic),
        Shows(film.brought, lambda share: film.brought.bars.display(flat + (lifted - flat) * share), rate_func=ease_in_out_cubic),
        FadeOut(weights), seconds=MOVE,
    )  # fmt: skip
    film.scene.remove(picture)
    film.hold(0.4)
    film.move(
        Shows(film.brought, lambda share: film.brought.bars.display(lifted + (landed - lifted) * share), rate_func=ease_in_out_cubic),
        FadeOut(names), seconds=1.2,
    )  # fmt: skip
    film.hold(0.6)
    film.move(
        Shows(film.brought, lambda share: film.brought.bars.set_fill(theme.between(skin.v, skin.o, share))),
        FadeIn(film.acc_words), paled(film.answer.bars, PALE, 1.0), seconds=0.4,
    )  # fmt: skip
    film.scene.remove(film.brought)
    film.acc.display(found.of("acc_new"))


@beat("moves")
def moves(film: RescaleFilm) -> None:
    """The quotient moves; the outline of the old one stays."""
    film.reach(Kind.PV_DOT)
    before, after = film.quotient("old"), film.quotient("new")
    film.answer_was.display(before)
    film.scene.add(film.answer_was)
    film.move(
        Shows(film.answer, lambda share: film.answer.display(before + (after - before) * share), rate_func=ease_in_out_cubic), seconds=1.2
    )
    film.answer.display(after)
    film.scene.tell()


@beat("exact")
def exact(film: RescaleFilm) -> None:
    """The factor times the old sum is the sum by the new max: in every term the old max cancels."""
    film.reach(Kind.PV_DOT)
    said, skin, place, (m_old, m_new) = film.said, film.skin, film.place["formula"], film.maxima
    formulas = [f"e^({m_old} - {m_new})", "dot", f"sum e^(s - {m_old})", "=", f"sum e^(s - {m_new})"]
    drawn = [theme.maths(formula, SYMBOLS, skin.ink) for formula in formulas]
    gap = 0.3 * em(SYMBOLS)
    wide = sum(part.width for part in drawn) + gap * (len(drawn) - 1)
    share = min(1.0, place.width / wide)
    left, base = place.center[0] - wide * share / 2, place.center[1] + 0.1
    glyphs = [part.family_members_with_points() for part in drawn]
    for index, part in enumerate(drawn):
        part.scale(share)
        part.move_to((left + part.width / 2, base, 0))
        first_e = 1 if formulas[index].startswith("sum") else 0
        if "e^" in formulas[index]:
            part.shift((0, base - 0.1 - glyphs[index][first_e].get_bottom()[1], 0))  # all stand on one line
        left += part.width + gap * share
    bottom = min(part.get_bottom()[1] for part in drawn)
    notes = []
    for part, text, color in (
        (drawn[0], said["alpha"], skin.ink),
        (drawn[2], said["l_old"], skin.stats),
        (drawn[4], said["l_scaled"], skin.stats),
    ):
        y = bottom - em(14)
        rule = Line((part.get_left()[0], y, 0), (part.get_right()[0], y, 0), stroke_color=skin.quiet, stroke_width=theme.OUTLINE)
        center = part.get_center()[0] - text_width(text, NAME, Face.STRONG) / 2
        label = theme.on_baseline(theme.line(text, NAME, color, Face.STRONG), NAME, center, y - em(50), text, Face.STRONG)
        notes.append(Named(rule, label, tag="note", text=text))
    factor, dot, old, equals, new = (Named(part, tag="formula", text=text) for part, text in zip(drawn, formulas, strict=True))
    standing = [film.chart, film.ceiling, film.baseline, film.acc, film.answer, film.acc_name, film.acc_words, film.answer_name]
    film.move(StepBack([*standing, film.l_name, *film.numbers.pieces], BACK), FadeOut(film.answer_was), FadeOut(film.frame), seconds=0.4)
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


class TileRows(Group):
    """All rows of a tile: of each its alpha and its l as bars, and its acc, by magnitude, as a line of a matrix. ``row`` is the film's."""

    def __init__(self, place: Shot, acc: np.ndarray, l: np.ndarray, alphas: np.ndarray, row: int, skin: palette.Theme) -> None:
        self.tag, self.place, self.alphas = "rows", place, alphas
        self.pitch = place["tile"].height / len(acc)
        self.tops = place["tile"].y1 - np.arange(len(acc)) * self.pitch
        self.line = Rect(place["tile"].x0, self.tops[row] - self.pitch, place["tile"].x1, self.tops[row])
        self.picture = Matrix(np.abs(acc), place["tile"], skin, "ACC", 0.0, spread(np.abs(acc))[1])
        self.factors, self.sums = Rectangles(skin.quiet, name="alphas"), Rectangles(skin.stats, name="sums")
        self.ours = Rectangles(skin.ink, name="alpha of the row")
        self.factors.values, self.most = alphas, max(float(l.max()), 1e-12)
        reach = place["factors"].x1 - alphas * place["factors"].width  # of 1: the whole width
        self.factors.display(self.bars(reach, np.full(len(alphas), place["factors"].x1)))
        self.ours.display(self.bars(reach, np.full(len(alphas), place["factors"].x1))[row : row + 1])
        self.marks = VGroup(*(
            box(Rect(rect.x0 - em(5), self.line.y0 - em(3), rect.x1 + em(5), self.line.y1 + em(3)), stroke=skin.ink, width=theme.OUTLINE)
            for rect in (place["sums"], place["tile"])
        ))  # fmt: skip
        super().__init__(self.picture, self.factors, self.sums, self.ours, self.marks)
        self.display(acc, l)

    def bars(self, x0: np.ndarray, x1: np.ndarray) -> np.ndarray:
        """[rows, 4] one bar a row, between these edges."""
        return np.stack([x0, self.tops - 0.86 * self.pitch, x1, self.tops - 0.14 * self.pitch], 1)

    def display(self, acc: np.ndarray, l: np.ndarray) -> None:
        """These values: [rows, d] and [rows]."""
        self.picture.display(np.abs(acc))
        self.sums.values, at = l, self.place["sums"]
        self.sums.display(self.bars(np.full(len(l), at.x0), at.x0 + l / self.most * at.width))

    def label(self, text: str, row: int, color: str) -> Word:
        """The row's alpha at the left of its bar, and of the bars that are as high as the words."""
        at, px = self.place["factors"], float(NAME)
        near = np.abs(np.arange(len(self.alphas)) - row) * self.pitch < 0.6 * em(px)
        edge = at.x1 - float(self.alphas[near].max()) * at.width - em(16)
        px = max(LABEL, px * min(1.0, (edge - at.x0) / text_width(text, px, Face.STRONG)))
        left = max(edge - text_width(text, px, Face.STRONG), at.x0)
        return Word(text, px, color, left, self.line.center[1] - 0.36 * em(px), "alpha")


@beat("rows")
def rows(film: RescaleFilm) -> None:
    """acc's row becomes one line of its tile; then every row's l and acc shrink by the row's own factor, from the first to the last."""
    film.read()
    film.reach(Kind.PV_DOT)
    found, skin, place = film.found, film.skin, film.scene.shot("rows")
    acc, scaled, l_old, l_scaled, alphas = (film.all_rows(name) for name in ("acc_old", "acc_scaled", "l_old", "l_scaled", "alpha"))
    film.tile = tile = TileRows(place, acc, l_old, alphas, found.row, skin)
    leaving = [
        film.chart, film.ceiling, film.baseline, film.answer, film.acc_name, film.acc_words, film.answer_name, film.l_name, film.formula,
        film.acc.axis, *film.numbers.pieces,
    ]  # fmt: skip
    film.move(*(FadeOut(each) for each in leaving), paled(film.acc.bars, BACK, 1.0), seconds=0.4)
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
    names, film.words = [first for first, _ in pairs], [second for _, second in pairs]
    film.move(FadeIn(tile.sums, tile.factors, *names, *film.words), FadeOut(film.acc), seconds=0.5)
    code = found.statement(Kind.RESCALE_ACC)
    code_px = CODE * min(1.0, place["code"].width / text_width(code, CODE, Face.MONO))
    said = Word(code, code_px, skin.ink, place["code"].x0, middle(place["code"], code_px), "code", Face.MONO)
    film.move(FadeIn(tile.ours, tile.label(film.said["alpha"], found.row, skin.ink), tile.marks, said), seconds=TEXT)
    film.hold(0.8)
    count, front = len(acc), 0.2 * len(acc)

    def sweep(share: float) -> None:
        done = np.clip((share * (count + front) - np.arange(count)) / front, 0.0, 1.0)
        tile.display(acc + (scaled - acc) * done[:, None], l_old + (l_scaled - l_old) * done)

    film.move(Shows(tile, sweep), seconds=2.6)


@beat("next")
def onward(film: RescaleFilm) -> None:
    """The tile's own terms and values join every row: it is ready for the next."""
    film.reach(Kind.PV_DOT)
    acc, new, l_scaled, l_new = (film.all_rows(name) for name in ("acc_scaled", "acc_new", "l_scaled", "l_new"))
    film.move(FadeOut(*film.words[1:]), seconds=TEXT)
    film.move(
        Shows(film.tile, lambda share: film.tile.display(acc + (new - acc) * share, l_scaled + (l_new - l_scaled) * share)), seconds=MOVE
    )
    film.scene.tell()


@beat("calm")
def calm(film: RescaleFilm) -> None:
    """No term of the row's last tile rises above the ceiling: the terms join l, their values acc, and nothing is corrected."""
    found, chart = film.found, film.chart
    film.reach(Kind.PV_DOT)
    measured, acc, answer = found.measured, found.of("acc_new"), film.quotient("new")
    film.move(FadeIn(film.terms_name), seconds=TEXT)
    film.move(Shows(chart, lambda share: chart.display(film.measured(terms=grown(measured, share, 1.0), filled=1.0))), seconds=2.0)
    film.hold(0.5)

    def pour(share: float) -> None:
        chart.display(film.measured(terms=measured, filled=1.0, joined=min(2 * share, 1.0), level=max(2 * share - 1, 0.0)))
        chart.turn_yellow(max(2 * share - 1, 0.0))

    film.move(Shows(chart, pour), FadeOut(film.terms_name), seconds=2 * MOVE)
    chart.display(Measured(float(found.of("l_new")), 0 * measured))
    gone = [FadeOut(piece) for piece in film.numbers.pieces] if found.seen else [FadeIn(film.l_name, film.acc_name, film.acc_words)]
    film.move(*gone, FadeIn(film.numbers.first(film.said["l_new"], film.skin.stats)), seconds=TEXT)
    acc_was, answer_was = found.of("acc_old"), film.quotient("old")
    if not found.seen:
        film.scene.add(film.answer.display(answer_was))
    film.move(
        Shows(film.acc, lambda share: film.acc.display(acc_was + (acc - acc_was) * share), rate_func=ease_in_out_cubic),
        Shows(film.answer, lambda share: film.answer.display(answer_was + (answer - answer_was) * share), rate_func=ease_in_out_cubic),
        seconds=MOVE,
    )
    if not found.seen:
        film.move(FadeIn(film.answer_name), seconds=TEXT)
    film.scene.tell()
