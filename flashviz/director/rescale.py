"""The rescale: what happens to l and to acc when the max rises. A film of one row at one tile; every number is the trace's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from manim import Animation, Create, DashedLine, DashedVMobject, Line, Mobject, RoundedRectangle, VGroup, VMobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import palette, theme
from flashviz.chapters import rescale
from flashviz.chapters.rescale import Rescale, beats_of, facts, gather
from flashviz.director.flash import provenance
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
PALE, BACK = 0.22, 0.4  # of what would be false now; of what steps back behind a formula
GHOST = 0.85
LIFTED = 0.8  # of V's place: how high its weighted sum stands
ALONE = 0.38  # of the copy that shows what would be


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
    dashes: VMobject
    frame: VMobject
    ratio: list[Word]  # 1 / height = alpha
    copies: list[Word]  # of alpha, at acc
    fraction: list[Word]
    strokes: list[Line]
    height: Word  # how tall the tallest term is
    formula: VGroup
    tile_shown: Matrix  # acc of all rows, and what stands beside it
    rows_shown: list[Mobject]
    back: StepBack  # how the row stepped back behind the formula

    def __init__(self, scene: ShotScene, found: Rescale, said: dict[str, str], *, on_stage: bool = True) -> None:
        self.scene, self.found, self.said, self.skin = scene, found, said, scene.skin
        skin, place = scene.skin, scene.shot("rescale")
        self.place: Shot = place
        self.spike = int(found.before.argmax())
        tallest = max(float(found.before.max()), 1.0)
        l_most = max(float(found.of("l_old")), float(found.of("l_new")))
        self.chart = MeasuredSum(len(found.before), l_most, tallest, skin).place(place["measured"])
        self.left = place["measured"].x0 - em(20)
        self.right = place["measured"].x1 + em(16)
        lid = self.chart.y(1.0)
        x0 = place["measured"].x0
        span = max(self.chart.clear(found.before, 0.95, x0, self.right), key=lambda span: (span[0] == x0, span[1] - span[0]))
        self.ceiling = Ceiling(said["m_old"], skin, span[1] - span[0] - 2 * GAP).place(self.left, self.right, lid, span[0])
        self.baseline = Line((self.left, self.chart.rect.y0, 0), (self.right, self.chart.rect.y0, 0)).set_stroke(skin.edge, theme.HEAVY)
        shared = place["acc"].y0 < self.chart.rect.y0 < place["acc"].y1  # acc stands on the same baseline where there is room beside l
        spread_of_acc = (found.of("acc_old"), found.of("acc_new"), found.brought)
        zero, scale = fit(place["acc"], *spread_of_acc, zero=self.chart.rect.y0 if shared else None)
        features = len(found.of("acc_old"))
        self.acc = SignedBars("acc", skin.o, skin).place(place["acc"], zero, scale, features)
        self.was = SignedBars("acc was", skin.o, skin, hollow=True, opacity=GHOST, axis=False).place(place["acc"], zero, scale, features)
        self.brought = SignedBars("P V", skin.v, skin, axis=False).place(place["acc"], zero, scale, features)
        zero, scale = fit(place["answer"], self.quotient("old"), self.quotient("new"))
        room = place["answer room"]
        self.answer = SignedBars("acc / l", skin.o, skin).place(room, zero, scale, features)
        self.answer_was = SignedBars("answer was", skin.o, skin, hollow=True, opacity=GHOST, axis=False).place(room, zero, scale, features)
        self.would_be = SignedBars("answer would be", skin.o, skin, opacity=ALONE, axis=False).place(room, zero, scale, features)
        self.acc_name, self.acc_words = labelled(
            place["acc name"], ("acc", skin.o), ("values, weighted by the terms", skin.quiet), "weighted values"
        )
        self.answer_name = Named(
            *labelled(place["answer name"], ("acc / ℓ", skin.o), ("the answer, if we stopped here", skin.quiet), "the answer so far"),
            tag="answer name",
        )
        names = place["names"]
        self.l_name = Named(*labelled(names, ("ℓ", skin.stats), ("sum", skin.quiet)), tag="l name")
        wide = text_width(f"{len(found.before)} new terms", LABEL) + 0.4 * em(LABEL) + text_width("old ruler", LABEL)
        terms_at = Rect(min(self.chart.terms_x, names.x1 - wide), names.y0, names.x1, names.y1)  # under the terms, where there is room
        self.terms_name, self.by_old = labelled(
            terms_at, (f"{len(found.before)} new terms", skin.ink), ("by the old ruler", skin.quiet), "old ruler", px=LABEL, face=Face.TEXT
        )
        self.numbers = Numbers(place["sum"])
        self.l_number = self.numbers.first(said["l_old"], skin.stats)
        self.block_was, self.dashes, self.frame = VMobject(), VMobject(), VMobject()
        self.ratio, self.copies, self.fraction, self.strokes = [], [], [], []
        self.height, self.formula = self.l_number, VGroup()
        self.chart.display(self.measured(terms=0 * found.before))
        self.rows_shown = []
        if on_stage:
            scene.add(self.baseline, self.ceiling, self.chart, self.was, self.acc)
        if found.seen and on_stage:
            self.acc.display(found.of("acc_old"))
            scene.add(self.acc_name, self.acc_words, self.l_name, self.l_number)

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

    @property
    def stacked(self) -> bool:
        """Whether a note stands where the answer's name does: there is no room for both."""
        return self.place["note"] == self.place["answer name"]

    def swap_name(self, arrives: Animation, *, seconds: float) -> None:
        """A note arrives; where it takes the place of the answer's name, that leaves before."""
        if self.stacked:
            self.move(FadeOut(self.answer_name), seconds=seconds)
        self.move(arrives, seconds=seconds)

    def move(self, *animations: Any, seconds: float) -> None:
        self.scene.move(*animations, seconds=seconds)

    def hold(self, seconds: float) -> None:
        self.scene.hold(seconds)


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
    left, words = rect.x0, []
    for text, color in zip(texts, colors, strict=True):
        words.append(Word(text, px, color, left, middle(rect, px), name))
        left += words[-1].wide + SPACE * em(px)
    return words


def struck(part: Mobject | list[Mobject], skin: palette.Theme) -> Line:
    """A line through what cancels."""
    points = np.concatenate([each.get_all_points() for each in (part if isinstance(part, list) else [part])])
    low, high = points.min(0), points.max(0)
    return Line((low[0] - 0.04, low[1], 0), (high[0] + 0.04, high[1], 0), stroke_color=skin.stats, stroke_width=theme.HEAVY)


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
    """l is an area, acc are bars on the same baseline; acc / l grows out of acc."""
    found = film.found
    if found.t:
        film.reach(Kind.PV_DOT, found.t - 1)
    grow_answer(film, "old")


def grow_answer(film: RescaleFilm, which: str) -> None:
    """acc / l grows out of acc."""
    acc, quotient, axis = film.found.of(f"acc_{which}"), film.quotient(which), film.answer.axis
    film.answer.display(acc * 0)
    start, stop = film.acc.boxes(acc), film.answer.boxes(quotient)
    axis.set_stroke(opacity=0)  # it comes with its name
    film.scene.add(film.would_be, film.answer_was, film.answer)
    film.move(
        Shows(film.answer, lambda share: film.answer.bars.display(start + (stop - start) * share), rate_func=ease_in_out_cubic),
        seconds=MOVE,
    )
    film.answer.display(quotient)
    film.move(FadeIn(film.answer_name), Shows(film.answer, lambda share: axis.set_stroke(opacity=share)), seconds=TEXT)


def grown(terms: np.ndarray, share: float, height: float) -> np.ndarray:
    """Terms that grow from left to right, each in a quarter of the time, and none beyond ``height``."""
    start = 0.75 * np.arange(len(terms)) / max(len(terms), 1)
    return np.asarray(np.minimum(terms * np.clip((share - start) / 0.25, 0, 1), height))


@beat("terms")
def terms(film: RescaleFilm) -> None:
    """The new terms grow as outlines; the largest stops at the ceiling and then breaks through it."""
    film.reach(Kind.QK_DOT)
    before, tallest = film.found.before, float(film.found.before.max())
    film.move(FadeIn(film.terms_name), FadeIn(film.by_old), seconds=TEXT)
    film.move(Shows(film.chart, lambda share: film.chart.display(film.measured(terms=grown(before, share, 1.0)))), seconds=2.0)
    film.hold(0.3)
    film.move(
        Shows(film.chart, lambda share: film.chart.display(film.measured(terms=np.minimum(before, 1 + (tallest - 1) * share)))), seconds=1.5
    )
    text, x = film.said["height"], film.chart.x(film.spike)
    wide = text_width(text, ONE_NUMBER, Face.STRONG)
    left = min(x - wide / 2, film.place.frame.x1 - GAP - wide)
    film.height = Word(text, ONE_NUMBER, film.skin.warn, left, film.chart.y(tallest) + em(16), "height")  # above it: the ceiling will rise
    film.move(FadeIn(film.height), seconds=TEXT)
    film.hold(0.7)


def beside(film: RescaleFilm, words: list[str], px: float, height: float) -> tuple[float, float]:
    """Left edge and size of words beside the tallest term, where no other term stands taller than ``height``.

    On its left where there is room, else on its right, else wherever there is most, and then smaller.
    """
    x, wide = film.chart.x(film.spike), line_width(words, px) + 2 * GAP
    spans = film.chart.clear(film.found.before, height, film.left, film.right)
    beside_it = [span for span in spans if span[1] - span[0] >= wide and min(abs(span[0] - x), abs(span[1] - x)) <= film.chart.key]
    left, right = next(iter(beside_it), max(spans, key=lambda span: span[1] - span[0]))
    px *= min(1.0, (right - left) / wide)
    at_left = right <= x
    return (right - GAP - line_width(words, px), px) if at_left else (left + GAP, px)


@beat("question")
def question(film: RescaleFilm) -> None:
    """A still."""
    film.reach(Kind.QK_DOT)


@beat("ruler")
def ruler(film: RescaleFilm) -> None:
    """The ceiling alone rises to the tallest term, 1 and m riding on it; dashes stay; beside them 1 / height = alpha."""
    film.reach(Kind.ALPHA)
    skin, chart, tallest = film.skin, film.chart, float(film.found.before.max())
    lid, top = chart.y(1.0), chart.y(tallest)
    film.dashes = DashedLine(
        (film.left, lid, 0), (film.right, lid, 0), dash_length=0.09, stroke_color=skin.quiet, stroke_width=theme.OUTLINE
    )
    film.scene.add(film.dashes)

    def lift(share: float) -> None:
        film.ceiling.at(lid + (top - lid) * share)

    inked = Shows(film.height, lambda share: film.height.set_fill(theme.between(skin.warn, skin.ink, share)))

    def under(share: float) -> None:
        chart.display(film.measured(ceiling=1 + (tallest - 1) * share))

    film.move(Shows(film.ceiling, lift, rate_func=ease_in_out_cubic), Shows(chart, under, rate_func=ease_in_out_cubic), inked, seconds=1.3)
    film.move(film.ceiling.m.turn(film.said["m_new"]), seconds=0.35)
    film.hold(0.4)
    parts, film.ratio = ["1", "/", film.said["height"], "=", film.said["alpha"]], []
    left, px = beside(film, parts, NUMBER, 1.0)
    for part in parts:
        film.ratio.append(Word(part, px, skin.ink, left, lid + em(26), "alpha" if part == film.said["alpha"] else "ratio"))
        left += film.ratio[-1].wide + SPACE * em(px)
    one, over, height, *result = film.ratio
    film.scene.remove(film.height)
    film.move(FadeIn(one, over), fly(height, film.height), seconds=MOVE)  # the number itself, from where it stood
    film.move(FadeIn(*result), seconds=TEXT)
    film.hold(2.0)


@beat("squeeze")
def squeeze(film: RescaleFilm) -> None:
    """The factor sends a copy to l and one to acc; acc, block, terms and ceiling shrink together; the quotient does not move."""
    film.reach(Kind.ALPHA)
    found, skin, chart, said = film.found, film.skin, film.chart, film.said
    alpha, tallest = float(found.of("alpha")), float(found.before.max())
    source, px = film.ratio[-1], film.numbers.px
    times, factor = film.numbers.next("×", skin.ink), film.numbers.next(said["alpha"], skin.ink)
    beside_acc = film.acc_name.left + film.acc_name.wide + SPACE * em(px)
    times_acc = Word("×", px, skin.ink, beside_acc, middle(film.place["acc name"], NAME), "times")
    at_acc = Word(
        said["alpha"], px, skin.ink, beside_acc + times_acc.wide + SPACE * em(px), middle(film.place["acc name"], NAME), "alpha acc"
    )
    film.copies = [times_acc, at_acc]
    film.move(FadeOut(film.acc_words), seconds=TEXT)
    film.move(fly(factor, source), fly(at_acc, source), FadeIn(times, times_acc, rate_func=late), seconds=MOVE)
    acc = found.of("acc_old")
    film.was.display(acc)
    edge = Rect(chart.rect.x0, chart.rect.y0, chart.rect.x0 + float(found.of("l_old")) * chart.key, chart.y(1.0))
    film.block_was = DashedVMobject(
        box(edge, stroke=skin.stats, width=theme.OUTLINE), num_dashes=max(12, int(20 * (edge.width + edge.height)))
    )
    film.block_was.set_stroke(opacity=0.8)
    film.scene.add(film.block_was)
    result = film.numbers.next("=", skin.ink), film.numbers.next(said["l_scaled"], skin.stats)
    leaving = [*film.ratio, film.by_old]

    def scale(share: float) -> float:
        return 1 + (alpha - 1) * share

    def shrink(share: float) -> None:
        chart.display(film.measured(tall=scale(share), terms=found.before * scale(share), ceiling=tallest * scale(share)))

    film.move(*(FadeOut(each) for each in leaving), FadeOut(film.dashes), seconds=TEXT)
    film.move(
        Shows(chart, shrink, rate_func=ease_in_out_cubic),
        Shows(film.ceiling, lambda share: film.ceiling.at(chart.y(tallest * scale(share))), rate_func=ease_in_out_cubic),
        Shows(film.acc, lambda share: film.acc.display(acc * scale(share)), rate_func=ease_in_out_cubic),
        FadeIn(*result, rate_func=late),
        seconds=2.0,
    )  # fmt: skip
    film.acc.display(found.of("acc_scaled"))
    measured = found.measured
    film.move(Shows(chart, lambda share: chart.display(film.measured(tall=alpha, terms=measured, filled=share))), seconds=0.4)


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
    """The quotient is framed; the factor above cancels the factor below."""
    film.reach(Kind.ALPHA)
    bars, rect = film.answer.bars, film.place["answer"]
    low, high = bars.get_bottom()[1] - em(14), bars.get_top()[1] + em(14)
    film.frame = RoundedRectangle(
        corner_radius=em(14), width=rect.width + em(32), height=high - low, stroke_color=film.skin.ink, stroke_width=theme.HEAVY
    ).move_to((rect.center[0], (low + high) / 2, 0))
    film.move(Create(film.frame), seconds=0.6)
    parts = ["acc", "×", film.said["alpha"], "/", "(", "ℓ", "×", film.said["alpha"], ")"]
    colors = [{"acc": film.skin.o, "ℓ": film.skin.stats}.get(part, film.skin.ink) for part in parts]
    film.fraction = worded(film.place["note"], parts, NAME, colors, "fraction")
    factors = [word for word in film.fraction if word.text == film.said["alpha"]]
    film.strokes = [struck(word, film.skin) for word in factors]
    film.swap_name(FadeIn(*film.fraction), seconds=TEXT)
    film.move(*(Create(stroke) for stroke in film.strokes), seconds=0.4)
    film.scene.tell()


@beat("alone")
def alone(film: RescaleFilm) -> None:
    """A pale copy of the quotient with l alone squeezed; it is too tall, and fades."""
    found = film.found
    quotient, alpha = film.quotient("old"), float(found.of("alpha"))

    def grow(share: float) -> None:
        film.would_be.display(quotient * (1 + (1 / alpha - 1) * share))

    film.move(*(FadeOut(each) for each in (film.frame, *film.copies, *film.fraction, *film.strokes)), seconds=TEXT)
    film.move(Shows(film.would_be, grow, rate_func=ease_in_out_cubic), seconds=1.3)
    words = Named(*labelled(film.place["note"], (film.said["height"], film.skin.ink), ("times too tall", film.skin.ink)), tag="note")
    film.move(FadeIn(words), seconds=TEXT)
    film.hold(1.4)
    film.move(FadeOut(film.would_be), FadeOut(words), FadeIn(film.acc_words), seconds=TEXT)
    if film.stacked:
        film.move(FadeIn(film.answer_name), seconds=TEXT)


@beat("join")
def join(film: RescaleFilm) -> None:
    """The terms slide against the block, and the stair of both levels at the ceiling: the same area."""
    film.reach(Kind.SOFTMAX_L)
    found, chart, said, skin = film.found, film.chart, film.said, film.skin
    alpha, measured = float(found.of("alpha")), found.measured
    moving, gone = film.numbers.settle()
    film.move(*gone, FadeOut(film.was), FadeOut(film.block_was), seconds=TEXT)
    film.move(moving, seconds=0.7)
    plus, added = film.numbers.next("+", skin.ink), film.numbers.next(said["added"], skin.scores)
    home = added.get_center()
    shift = chart.x(film.spike) - home[0]
    added.shift((min(shift, film.right - added.get_right()[0]), 0, 0))
    film.move(FadeIn(added), seconds=TEXT)
    film.hold(0.5)

    def join_block(share: float) -> None:
        chart.display(film.measured(tall=alpha, terms=measured, joined=share, filled=1.0))

    film.move(
        Shows(chart, join_block, rate_func=ease_in_out_cubic), slide(added, home), FadeIn(plus, rate_func=late),
        FadeOut(film.terms_name), paled(film.answer.bars, 1.0, PALE), seconds=MOVE,
    )  # fmt: skip
    result = film.numbers.next("=", skin.ink), film.numbers.next(said["l_new"], skin.stats)

    def level(share: float) -> None:
        chart.display(film.measured(tall=alpha, terms=measured, joined=1.0, filled=1.0, level=share))
        chart.turn_yellow(share)

    film.move(Shows(chart, level, rate_func=ease_in_out_cubic), FadeIn(*result, rate_func=late), seconds=1.3)
    chart.display(Measured(float(found.of("l_new")), 0 * measured))
    film.hold(1.0)


@beat("values")
def values(film: RescaleFilm) -> None:
    """V's tile arrives, its rows fade to their terms and sum to 64 bars; they land on acc; the quotient moves."""
    film.reach(Kind.PV_DOT)
    found, skin, place = film.found, film.skin, film.place["values"]
    moving, gone = film.numbers.settle()
    j = int(found.values.j[found.t])
    tile = np.asarray(found.values.v[found.t], dtype=np.float64)
    low, high = spread(tile)
    picture = Matrix(tile, place, skin, "V", low, high)
    name = theme.maths(f"V_{j}", NAME, skin.v)
    name.move_to((place.x1 + 0.5 * name.width + GAP, place.y1 - 0.5 * name.height, 0))
    label = Named(name, tag="name", text=f"V_{j}")
    film.move(*gone, seconds=TEXT)
    film.move(moving, seconds=0.7)
    away = film.place.frame.y1 - place.y0
    start = [(part, part.points.copy()) for part in (picture.image, picture.frame)]

    def arrive(share: float) -> None:
        for part, points in start:
            part.points = points + np.array([0.0, away * (1 - share), 0.0])

    film.scene.add(picture)
    film.move(Shows(picture, arrive, rate_func=ease_in_out_cubic), seconds=0.7)
    film.move(FadeIn(label), seconds=TEXT)
    weight = np.sqrt(found.measured / max(float(found.measured.max()), 1e-12))
    faded = low + (tile - low) * weight[:, None]
    film.move(picture.to(faded), seconds=MOVE)
    pv, scaled = found.brought, found.of("acc_scaled")
    zero, unit = fit(Rect(place.x0, place.y0, place.x1, place.y0 + LIFTED * place.height), pv)  # large, until they land on acc's scale
    landed = film.brought.boxes(pv, scaled)
    pitch = place.width / len(pv)
    x = place.x0 + (np.arange(len(pv)) + 0.15) * pitch
    ends = np.stack([np.full(len(pv), zero), zero + pv * unit])
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
        seconds=MOVE,
    )
    film.scene.remove(picture)
    film.move(
        Shows(film.brought, lambda share: film.brought.bars.display(lifted + (landed - lifted) * share), rate_func=ease_in_out_cubic),
        FadeOut(label), seconds=MOVE,
    )  # fmt: skip
    film.hold(0.8)
    film.move(Shows(film.brought, lambda share: film.brought.bars.set_fill(theme.between(skin.v, skin.o, share))), seconds=0.4)
    film.scene.remove(film.brought)
    film.acc.display(found.of("acc_new"))
    before, after = film.quotient("old"), film.quotient("new")
    film.answer_was.display(before)

    def answer(share: float) -> None:
        film.answer.display(before + (after - before) * share)
        film.answer.bars.set_fill(opacity=PALE + (1 - PALE) * min(1.0, 2 * share))

    film.move(Shows(film.answer, answer, rate_func=ease_in_out_cubic), seconds=MOVE)


@beat("exact")
def exact(film: RescaleFilm) -> None:
    """The factor times an old term is the term by the new max: the old max cancels."""
    film.reach(Kind.PV_DOT)
    said, skin, place = film.said, film.skin, film.place["formula"]
    m_old, m_new = said["m_old"].replace("−", "-"), said["m_new"].replace("−", "-")
    formulas = [f"e^(s - {m_old})", "dot", f"e^({m_old} - {m_new})", "=", f"e^(s - {m_new})"]
    drawn = [theme.maths(formula, SYMBOLS, skin.ink) for formula in formulas]
    gap = 0.3 * em(SYMBOLS)
    wide = sum(part.width for part in drawn) + gap * (len(drawn) - 1)
    share = min(1.0, place.width / wide)
    left = place.center[0] - wide * share / 2
    base = place.center[1] + 0.1
    for part in drawn:
        part.scale(share)
        part.move_to((left + part.width / 2, base, 0))
        left += part.width + gap * share
    bottom = drawn[0].get_bottom()[1]
    for part in (drawn[0], drawn[2], drawn[4]):
        part.shift((0, bottom - part.get_bottom()[1], 0))
    words = [(drawn[0], "old ruler"), (drawn[2], said["alpha"]), (drawn[4], "new ruler")]
    notes = []
    for part, text in words:
        y = bottom - em(18)
        line = Line((part.get_left()[0], y, 0), (part.get_right()[0], y, 0), stroke_color=skin.quiet, stroke_width=theme.OUTLINE)
        px = float(LABEL if text != said["alpha"] else NAME)
        px *= min(1.0, part.width * 1.35 / text_width(text, px))
        label = theme.on_baseline(theme.line(text, px, skin.ink), px, part.get_center()[0] - text_width(text, px) / 2, y - em(46), text)
        notes.append(Named(line, label, tag="note", text=text))
    old, dot, factor, equals, new = (Named(part, tag="formula", text=text) for part, text in zip(drawn, formulas, strict=True))
    standing = [film.chart, film.ceiling, film.baseline, film.acc, film.answer, film.acc_name, film.acc_words, film.answer_name]
    film.back = StepBack([*standing, film.l_name, *film.numbers.pieces], BACK)
    film.move(film.back, FadeOut(film.answer_was), seconds=0.4)
    film.move(FadeIn(old), FadeIn(notes[0]), seconds=TEXT)
    film.hold(0.6)
    film.move(FadeIn(dot), FadeIn(factor), FadeIn(notes[1]), seconds=TEXT)
    film.hold(0.6)
    exponent: list[Mobject] = [*drawn[0].family_members_with_points()]
    shrinking: list[Mobject] = [*drawn[2].family_members_with_points()]
    strokes = [struck(exponent[-len(m_old) :], skin), struck(shrinking[1 : 1 + len(m_old)], skin)]  # the first glyph is e
    film.move(*(Create(stroke) for stroke in strokes), seconds=0.4)
    film.move(FadeIn(equals), FadeIn(new), FadeIn(notes[2]), seconds=TEXT)
    film.formula = VGroup(old, dot, factor, equals, new, *notes, *strokes)
    film.scene.tell()


@beat("rows")
def rows(film: RescaleFilm) -> None:
    """acc's row becomes one line of its tile; beside every row stands its own factor."""
    film.reach(Kind.PV_DOT)
    found, skin, place = film.found, film.skin, film.scene.shot("rows")
    tile = np.asarray(found.values.acc_new[found.t], dtype=np.float64)
    count = len(tile)
    low, high = spread(tile)
    picture = Matrix(tile, place["tile"], skin, "ACC", low, high)
    height = place["tile"].height / count
    line = Rect(place["tile"].x0, place["tile"].y1 - (found.row + 1) * height, place["tile"].x1, place["tile"].y1 - found.row * height)
    leaving = [
        film.chart, film.ceiling, film.baseline, film.answer, film.acc_name, film.acc_words, film.answer_name, film.l_name, film.formula,
        film.acc.axis, *film.numbers.pieces,
    ]  # fmt: skip
    film.move(*(FadeOut(each) for each in leaving), paled(film.acc.bars, BACK, 1.0), seconds=0.4)
    film.acc.remove(film.acc.axis)
    acc = found.of("acc_new")
    start = film.acc.boxes(acc)
    pitch = line.width / len(acc)
    x = line.x0 + np.arange(len(acc)) * pitch
    stop = np.stack([x, np.full(len(x), line.y0), x + pitch, np.full(len(x), line.y1)], 1)

    def flatten(share: float) -> None:
        film.acc.bars.display(start + (stop - start) * share)

    film.move(Shows(film.acc, flatten, rate_func=ease_in_out_cubic), FadeIn(picture, rate_func=late), seconds=MOVE)
    film.move(FadeOut(film.acc), seconds=TEXT)
    alphas = found.values.alpha[found.t].astype(np.float64)
    place_f = place["factors"]
    tops = place_f.y1 - np.arange(count) * height
    wide = place_f.width / max(float(alphas.max()), 1e-12)  # the largest is as long as the place

    def boxes(share: float) -> np.ndarray:
        return np.stack([place_f.x1 - alphas * wide * share, tops - 0.82 * height, np.full(count, place_f.x1), tops - 0.18 * height], 1)

    factors = Rectangles(skin.quiet, name="alphas")
    factors.values = alphas
    ours = Rectangles(skin.ink, name="alpha of the row")
    name = Named(
        *labelled(place["factors name"], ("α", skin.ink), (f"{film.said['least']} to {film.said['most']}", skin.quiet)), tag="alphas"
    )
    tile_name = Named(*labelled(place["tile name"], ("acc", skin.o), (f"{count} rows", skin.quiet)), tag="name")
    row_y = tops[found.row] - 0.5 * height
    text, px = film.said["alpha"], NAME
    near = np.abs(tops - 0.5 * height - row_y) < 0.6 * em(px)
    right = place_f.x1 - float(alphas[near].max()) * wide - em(16)
    label = Word(text, px, skin.ink, right - text_width(text, px, Face.STRONG), row_y - 0.36 * em(px), "alpha")
    ours.display(boxes(1.0)[found.row : found.row + 1])
    film.scene.add(factors)
    film.move(FadeIn(name), FadeIn(tile_name), seconds=TEXT)
    film.move(Shows(factors, lambda share: factors.display(boxes(share))), seconds=1.0)
    film.scene.add(ours)
    code = found.statement(Kind.RESCALE_ACC)
    code_px = CODE * min(1.0, place["code"].width / text_width(code, CODE, Face.MONO))
    said = Word(code, code_px, skin.ink, place["code"].x0, middle(place["code"], code_px), "code", Face.MONO)
    film.move(FadeIn(label), FadeIn(said), seconds=TEXT)
    film.tile_shown, film.rows_shown = picture, [factors, ours, name, tile_name, label, said]
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
