"""The rescale: what happens to l and to acc when the max rises. A film of one row at one tile; every number is the trace's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from manim import Create, DashedLine, DashedVMobject, Line, RoundedRectangle, VGroup, VMobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import palette, theme
from flashviz.chapters import rescale
from flashviz.chapters.rescale import Rescale, beats_of, facts, gather
from flashviz.director.flash import provenance
from flashviz.director.shots import MOVE, TEXT, ShotScene, Shows, beat, slide
from flashviz.layout import Rect, Shot
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.bars import SignedBars, fit
from flashviz.mobjects.measured import Ceiling, Measured, MeasuredSum
from flashviz.mobjects.motion import Enlarge, FadeIn, FadeOut
from flashviz.mobjects.named import Named
from flashviz.mobjects.tiles import Matrix, Rectangles, box
from flashviz.palette import spread
from flashviz.trace import Kind

LABEL, NAME, NUMBER, ONE_NUMBER, SYMBOLS = 36, 46, 72, 96, 76  # px: labels, names, numbers, the number that matters, formulas
GAP = em(24)
PALE, BACK = 0.22, 0.4  # of what would be false now; of what steps back behind a formula
GHOST = 0.55
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
        return RescaleFilm(self, found, said)


class RescaleFilm:
    """Everything on stage, made here once. ``found`` is what is shown, ``said`` its numbers as they are written."""

    def __init__(self, scene: ShotScene, found: Rescale, said: dict[str, str]) -> None:
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
        at_right = self.spike >= len(found.before) / 2
        m_at = self.chart.terms_x if at_right else self.right - em(250)
        self.ceiling = Ceiling(said.get("m_old", rescale.number(found.m_old)), skin).place(self.left, self.right, lid, m_at)
        self.at_right = at_right
        self.baseline = Line((self.left, self.chart.rect.y0, 0), (self.right, self.chart.rect.y0, 0)).set_stroke(skin.edge, theme.HEAVY)
        shared = place["acc"].y0 < self.chart.rect.y0 < place["acc"].y1  # acc stands on the same baseline where there is room beside l
        spread_of_acc = (found.of("acc_old"), found.of("acc_new"), found.brought)
        zero, scale = fit(place["acc"], *spread_of_acc, zero=self.chart.rect.y0 if shared else None)
        features = len(found.of("acc_old"))
        self.acc = SignedBars("acc", skin.o, skin).place(place["acc"], zero, scale, features)
        self.was = SignedBars("acc was", skin.o, skin, hollow=True, opacity=GHOST, axis=False).place(place["acc"], zero, scale, features)
        self.brought = SignedBars("P V", skin.v, skin, axis=False).place(place["acc"], zero, scale, features)
        room = place["answer"]
        answers = [self.quotient("old"), self.quotient("new")]
        factor = min(max(1 / float(found.of("alpha")), 1.0), 2.6) if found.rises else 1.0
        high = max(float(a.max(initial=0.0)) for a in answers)
        deep = -min(float(a.min(initial=0.0)) for a in answers)
        scale = room.height / max(factor * (high + deep), 1e-12)
        zero = room.y0 + factor * deep * scale
        self.answer = SignedBars("acc / l", skin.o, skin).place(room, zero, scale, features)
        self.answer_was = SignedBars("answer was", skin.o, skin, hollow=True, opacity=GHOST, axis=False).place(room, zero, scale, features)
        self.would_be = SignedBars("answer would be", skin.o, skin, opacity=ALONE, axis=False).place(room, zero, scale, features)
        self.acc_name = named(place["acc name"], [("acc", NAME, skin.o, Face.STRONG), ("the values, weighted by the terms", LABEL, skin.quiet, Face.TEXT)])
        self.answer_name = named(
            place["answer name"], [("acc / ℓ", NAME, skin.o, Face.STRONG), ("the answer, if we stopped here", LABEL, skin.quiet, Face.TEXT)]
        )
        names = place["names"]
        self.l_name = named(names, [("ℓ", NAME, skin.stats, Face.STRONG)])
        terms_at = Rect(self.chart.terms_x, names.y0, names.x1, names.y1)
        self.terms_name = named(terms_at, [(f"{len(found.before)} new terms", LABEL, skin.quiet, Face.TEXT)])
        by = Rect(self.terms_name.get_right()[0] + 0.3 * em(LABEL), names.y0, names.x1, names.y1)
        self.by_old = named(by, [("by the old ruler", LABEL, skin.quiet, Face.TEXT)])
        self.numbers = Numbers(place["sum"], skin)
        self.l_number = self.numbers.first(said["l_old"], skin.stats)
        self.block_was: VMobject = VMobject()
        self.dashes: VMobject = VMobject()
        self.height: Named = Named(tag="height")
        self.ratio: list[Named] = []
        self.copies: list[Named] = []
        self.frame: VMobject = VMobject()

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


class Numbers:
    """The arithmetic of l: pieces of one line, each beside the last. What stands first is l."""

    def __init__(self, rect: Rect, skin: palette.Theme) -> None:
        self.rect, self.skin = rect, skin
        self.px = NUMBER * min(1.0, rect.width / text_width("13.22 × 0.407 = 5.38", NUMBER, Face.STRONG))
        self.pieces: list[Named] = []

    def first(self, text: str, color: str) -> Named:
        """Alone at the left."""
        self.pieces = []
        return self.next(text, color, "l")

    def next(self, text: str, color: str, name: str = "sum") -> Named:
        """The next piece, in its place."""
        space = text_width("n", self.px, Face.STRONG) * 0.5
        left = self.end + space if self.pieces else self.rect.x0
        self.end = left + text_width(text, self.px, Face.STRONG)
        piece = written(text, self.px, color, left, self.baseline, name)
        self.pieces.append(piece)
        return piece

    @property
    def baseline(self) -> float:
        return self.rect.center[1] - 0.36 * em(self.px)

    def settle(self, result: Named, *others: Named) -> tuple[Shows, list[FadeOut]]:
        """The result comes to the first place; what it was made of leaves."""
        gone = [FadeOut(piece) for piece in self.pieces if piece is not result]
        shift = np.array([self.rect.x0 - result.left, 0.0, 0.0])
        self.pieces, self.end = [result], self.rect.x0 + result.wide
        result.left = self.rect.x0
        return slide(result, result.get_center() + shift), [*gone, *(FadeOut(each) for each in others)]


def written(text: str, px: float, color: str, left: float, baseline: float, name: str, face: Face = Face.STRONG) -> Named:
    """One line of text by its left edge and baseline."""
    drawn = theme.on_baseline(theme.line(text, px, color, face), px, left, baseline, text, face)
    piece = Named(drawn, tag=name, text=text)
    piece.left, piece.wide = left, text_width(text, px, face)  # of its advance
    return piece


def named(rect: Rect, parts: list[tuple[str, float, str, Face]]) -> Named:
    """Words side by side on one baseline, from the left of ``rect``; smaller where they would not fit."""
    gap = 0.45 * em(parts[0][1])
    wide = sum(text_width(text, px, face) for text, px, _, face in parts) + gap * (len(parts) - 1)
    share = min(1.0, rect.width / wide)
    left, baseline, drawn = rect.x0, rect.center[1] - 0.36 * em(parts[0][1]) * share, []
    for text, px, color, face in parts:
        drawn.append(theme.on_baseline(theme.line(text, px * share, color, face), px * share, left, baseline, text, face))
        left += text_width(text, px * share, face) + gap * share
    return Named(*drawn, tag="name", text=" ".join(text for text, *_ in parts))


def paled(part: VMobject, before: float, after: float) -> Shows:
    """The fill of bars goes from one opacity to another."""
    return Shows(part, lambda share: part.set_fill(opacity=before + (after - before) * share))


# --------------------------------------------------------------------------------------------------------------- beats


@beat("past")
def past(film: RescaleFilm) -> None:
    """l as an area and acc as bars grow from the baseline; acc / l grows out of acc."""
    found = film.found
    if found.t:
        film.reach(Kind.PV_DOT, found.t - 1)
    acc, none = found.of("acc_old"), np.zeros(len(found.before))
    film.scene.add(film.baseline, film.ceiling)
    film.chart.show(film.measured(terms=none, tall=0.0))
    film.scene.add(film.chart, film.acc, film.acc_name, film.l_name)
    film.move(
        Shows(film.chart, lambda share: film.chart.show(film.measured(terms=none, tall=share))),
        Shows(film.acc, lambda share: film.acc.show(acc * share)),
        seconds=1.2,
    )
    film.move(FadeIn(film.l_number), seconds=TEXT)
    film.scene.arrived()
    film.answer.show(acc * 0)
    quotient = film.quotient("old")
    start, stop = film.acc.boxes(acc), film.answer.boxes(quotient)
    film.scene.add(film.answer)
    film.move(
        Shows(film.answer, lambda share: film.answer.bars.display(start + (stop - start) * share), rate_func=ease_in_out_cubic),
        seconds=MOVE,
    )
    film.answer.show(quotient)
    film.move(FadeIn(film.answer_name), seconds=TEXT)


def grown(terms: np.ndarray, share: float, height: float) -> np.ndarray:
    """Terms that grow from left to right, each in a quarter of the time, and none beyond ``height``."""
    start = 0.75 * np.arange(len(terms)) / max(len(terms), 1)
    return np.minimum(terms * np.clip((share - start) / 0.25, 0, 1), height)


@beat("terms")
def terms(film: RescaleFilm) -> None:
    """The new terms grow as outlines; the largest stops at the ceiling and then breaks through it."""
    film.reach(Kind.QK_DOT)
    before, tallest = film.found.before, float(film.found.before.max())
    film.move(FadeIn(film.terms_name), FadeIn(film.by_old), seconds=TEXT)
    film.move(Shows(film.chart, lambda share: film.chart.show(film.measured(terms=grown(before, share, 1.0)))), seconds=2.0)
    film.hold(0.3)
    film.move(
        Shows(film.chart, lambda share: film.chart.show(film.measured(terms=np.minimum(before, 1 + (tallest - 1) * share)))), seconds=1.5
    )
    film.height = beside(film, film.said["height"], ONE_NUMBER, film.skin.warn, film.chart.y(tallest) - 0.8 * em(ONE_NUMBER), "height")
    film.move(FadeIn(film.height), seconds=TEXT)
    film.hold(0.7)


def beside(film: RescaleFilm, text: str, px: float, color: str, baseline: float, name: str) -> Named:
    """A number beside the tallest term, on the side where there is room."""
    x, wide = film.chart.x(film.spike), text_width(text, px, Face.STRONG)
    left = x - film.chart.key - GAP - wide if film.at_right else x + film.chart.key + GAP
    return written(text, px, color, left, baseline, name)


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
    film.dashes = DashedLine((film.left, lid, 0), (film.right, lid, 0), dash_length=0.09, stroke_color=skin.quiet, stroke_width=theme.OUTLINE)
    film.scene.add(film.dashes)

    def lift(share: float) -> None:
        film.ceiling.at(lid + (top - lid) * share)

    def under(share: float) -> None:
        chart.show(film.measured(ceiling=1 + (tallest - 1) * share))

    film.move(
        Shows(film.ceiling, lift, rate_func=ease_in_out_cubic), Shows(chart, under, rate_func=ease_in_out_cubic), seconds=1.3
    )
    film.move(film.ceiling.m.turn(film.said["m_new"]), seconds=0.35)
    film.hold(0.4)
    parts = ["1 / ", film.said["height"], " = ", film.said["alpha"]]
    wide = [text_width(part, NUMBER, Face.STRONG) for part in parts]
    x = chart.x(film.spike)
    room = x - GAP - chart.key - film.left if film.at_right else film.right - x - GAP - chart.key
    share = min(1.0, room / sum(wide))
    left = x - chart.key - GAP - sum(wide) * share if film.at_right else x + chart.key + GAP
    pieces = []
    for part, width in zip(parts, wide, strict=True):
        color = skin.ink
        pieces.append(written(part, NUMBER * share, color, left, lid + em(26), "alpha" if part == film.said["alpha"] else "ratio"))
        left += width * share
    one, height, equals, alpha = pieces
    film.ratio = pieces
    copy = film.height.copy()
    start, stop, ratio = copy.get_center(), height.get_center(), height.height / copy.height
    outline = copy[0].points.copy()

    def fall(share: float) -> None:
        copy[0].points = (outline - start) * (1 + (ratio - 1) * share) + start + (stop - start) * share
        copy[0].set_fill(theme.between(skin.warn, skin.ink, share))

    film.move(FadeIn(one), Shows(copy, fall, rate_func=ease_in_out_cubic), seconds=MOVE)
    film.scene.remove(copy)
    film.scene.add(height)
    film.move(FadeIn(equals), FadeIn(alpha), seconds=TEXT)
    film.hold(2.0)


@beat("squeeze")
def squeeze(film: RescaleFilm) -> None:
    """The factor sends a copy to l and one to acc; acc, block, terms and ceiling shrink together; the quotient does not move."""
    film.reach(Kind.ALPHA)
    found, skin, chart, said = film.found, film.skin, film.chart, film.said
    alpha, tallest = float(found.of("alpha")), float(found.before.max())
    factor = film.numbers.next(f"× {said['alpha']}", skin.ink)
    name = film.place["acc name"]
    px = NUMBER * min(1.0, film.numbers.px / NUMBER)
    wide = text_width(f"× {said['alpha']}", px, Face.STRONG)
    at_acc = written(f"× {said['alpha']}", px, skin.ink, film.place["acc"].x1 - wide, name.center[1] - 0.36 * em(px) + em(64), "alpha acc")
    source = film.ratio[-1]
    flights = [fly(factor, source), fly(at_acc, source)]
    film.copies = [factor, at_acc]
    film.move(*flights, seconds=MOVE)
    acc, block = found.of("acc_old"), chart.block.copy()
    film.was.show(acc)
    edge = Rect(chart.rect.x0, chart.rect.y0, chart.rect.x0 + float(found.of("l_old")) * chart.key, chart.y(1.0))
    film.block_was = DashedVMobject(box(edge, stroke=skin.stats, width=theme.OUTLINE), num_dashes=max(12, int(20 * (edge.width + edge.height))))
    film.block_was.set_stroke(opacity=0.8)
    del block
    film.scene.add(film.was, film.block_was)
    result = film.numbers.next(f"= {said['l_scaled']}", skin.stats)
    leaving = [film.height, *film.ratio, film.by_old]

    def scale(share: float) -> float:
        return 1 + (alpha - 1) * share

    film.move(*(FadeOut(each) for each in leaving), FadeOut(film.dashes), seconds=TEXT)
    film.move(
        Shows(chart, lambda share: chart.show(film.measured(tall=scale(share), terms=found.before * scale(share), ceiling=tallest * scale(share))), rate_func=ease_in_out_cubic),
        Shows(film.ceiling, lambda share: film.ceiling.at(chart.y(tallest * scale(share))), rate_func=ease_in_out_cubic),
        Shows(film.acc, lambda share: film.acc.show(acc * scale(share)), rate_func=ease_in_out_cubic),
        FadeIn(result, rate_func=late),
        seconds=2.0,
    )  # fmt: skip
    film.acc.show(found.of("acc_scaled"))
    measured = found.measured
    film.move(Shows(chart, lambda share: chart.show(film.measured(tall=alpha, terms=measured, filled=share))), seconds=0.4)


def late(share: float) -> float:
    """In the second half."""
    return min(max(2 * share - 1, 0.0), 1.0)


def fly(target: Named, source: Named) -> Shows:
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
    """The quotient is framed."""
    film.reach(Kind.ALPHA)
    bars, rect = film.answer.bars, film.place["answer"]
    low, high = bars.get_bottom()[1] - em(14), bars.get_top()[1] + em(14)
    film.frame = RoundedRectangle(
        corner_radius=em(14), width=rect.width + em(32), height=high - low, stroke_color=film.skin.ink, stroke_width=theme.HEAVY
    ).move_to((rect.center[0], (low + high) / 2, 0))
    film.move(Create(film.frame), seconds=0.6)
    film.scene.tell()


@beat("alone")
def alone(film: RescaleFilm) -> None:
    """A pale copy of the quotient with l alone squeezed; it is too tall, and fades."""
    found = film.found
    quotient, alpha = film.quotient("old"), float(found.of("alpha"))
    film.move(FadeOut(film.frame), *(FadeOut(each) for each in film.copies[1:]), seconds=TEXT)
    film.would_be.show(quotient)
    film.scene.add(film.would_be)
    would = lambda share: film.would_be.show(quotient * (1 + (1 / alpha - 1) * share))  # noqa: E731
    film.move(Shows(film.would_be, would, rate_func=ease_in_out_cubic), seconds=1.2)
    words = named(film.place["note"], [(f"{film.said['height']} × too tall", NAME, film.skin.ink, Face.STRONG)])
    stacked = film.place["note"] == film.place["answer name"]
    film.move(FadeIn(words), *([FadeOut(film.answer_name)] if stacked else []), seconds=TEXT)
    film.hold(1.4)
    film.move(FadeOut(film.would_be), FadeOut(words), *([FadeIn(film.answer_name)] if stacked else []), seconds=0.4)


@beat("join")
def join(film: RescaleFilm) -> None:
    """The terms slide against the block, and the stair of both levels at the ceiling: the same area."""
    film.reach(Kind.SOFTMAX_L)
    found, chart, said, skin = film.found, film.chart, film.said, film.skin
    alpha, measured = float(found.of("alpha")), found.measured
    result = film.numbers.pieces[-1]
    moving, gone = film.numbers.settle(result)
    film.move(moving, *gone, FadeOut(film.was), FadeOut(film.block_was), seconds=MOVE)
    tag = film.numbers.next(f"+ {said['added']}", skin.scores)
    at_terms = tag.copy()
    shift = chart.x(film.spike) - tag.get_center()[0]
    at_terms.shift((min(shift, film.right - tag.get_right()[0]), 0, 0))
    film.move(FadeIn(at_terms), seconds=TEXT)
    film.hold(0.5)
    film.move(
        Shows(chart, lambda share: chart.show(film.measured(tall=alpha, terms=measured, joined=share, filled=1.0)), rate_func=ease_in_out_cubic),
        slide(at_terms, tag.get_center(), rate_func=ease_in_out_cubic),
        FadeOut(film.terms_name), paled(film.answer.bars, 1.0, PALE), seconds=MOVE,
    )  # fmt: skip
    film.scene.remove(at_terms)
    film.scene.add(tag)
    equals = film.numbers.next(f"= {said['l_new']}", skin.stats)

    def level(share: float) -> None:
        chart.show(film.measured(tall=alpha, terms=measured, joined=1.0, filled=1.0, level=share))
        chart.turn_yellow(share)

    film.move(Shows(chart, level, rate_func=ease_in_out_cubic), FadeIn(equals, rate_func=late), seconds=1.3)
    film.hold(1.0)


@beat("values")
def values(film: RescaleFilm) -> None:
    """V's tile arrives, its rows fade to their terms and sum to 64 bars; they land on acc; the quotient moves."""
    film.reach(Kind.PV_DOT)
    found, skin, place = film.found, film.skin, film.place["values"]
    result = film.numbers.pieces[-1]
    moving, gone = film.numbers.settle(result)
    j = int(found.values.j[found.t])
    tile = np.asarray(found.values.v[found.t], dtype=np.float64)
    low, high = spread(tile)
    picture = Matrix(tile, place, skin, "V", low, high)
    name = theme.maths(f"V_{j}", NAME, skin.v)
    name.move_to((place.x1 + 0.5 * name.width + GAP, place.y1 - 0.5 * name.height, 0))
    label = Named(name, tag="name", text=f"V_{j}")
    film.move(moving, *gone, seconds=MOVE)
    group = Named(tag="V")
    del group
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
    zero = place.y0 + em(10)
    landed = film.brought.boxes(pv, scaled)
    pitch = place.width / len(pv)
    x = place.x0 + (np.arange(len(pv)) + 0.15) * pitch
    ends = np.stack([np.full(len(pv), zero), zero + pv * film.acc.scale])
    lifted = np.stack([x, ends.min(0), x + 0.7 * pitch, ends.max(0)], 1)
    flat = lifted.copy()
    flat[:, 1], flat[:, 3] = zero, zero
    height = place.height

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
    del height
    film.move(
        Shows(film.brought, lambda share: film.brought.bars.display(lifted + (landed - lifted) * share), rate_func=ease_in_out_cubic),
        FadeOut(label), seconds=MOVE,
    )  # fmt: skip
    film.move(Shows(film.brought, lambda share: film.brought.bars.set_fill(theme.between(skin.v, skin.o, share))), seconds=0.4)
    film.scene.remove(film.brought)
    film.acc.show(found.of("acc_new"))
    before, after = film.quotient("old"), film.quotient("new")
    film.answer_was.show(before)
    film.scene.add(film.answer_was)

    def answer(share: float) -> None:
        film.answer.show(before + (after - before) * share)
        film.answer.bars.set_fill(opacity=PALE + (1 - PALE) * min(1.0, 2 * share))

    film.move(Shows(film.answer, answer, rate_func=ease_in_out_cubic), seconds=MOVE)


@beat("exact")
def exact(film: RescaleFilm) -> None:
    """The factor times an old term is the term by the new max: the old max cancels."""
    film.reach(Kind.PV_DOT)
    said, skin, place = film.said, film.skin, film.place["formula"]
    m_old, m_new = said["m_old"].replace("−", "-"), said["m_new"].replace("−", "-")
    formulas = [f"e^(s - {m_old})", "dot", f"e^({m_old} - {m_new})", "=", f"e^(s - {m_new})"]
    drawn = [theme.maths(formula, SYMBOLS * 1.25, skin.ink) for formula in formulas]
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
    words = [(drawn[0], "an old term"), (drawn[2], said["alpha"]), (drawn[4], "by the new max")]
    notes = []
    for part, text in words:
        y = bottom - em(18)
        line = Line((part.get_left()[0], y, 0), (part.get_right()[0], y, 0), stroke_color=skin.quiet, stroke_width=theme.OUTLINE)
        px = LABEL if text != said["alpha"] else NAME
        px *= min(1.0, part.width * 1.35 / text_width(text, px))
        label = theme.on_baseline(theme.line(text, px, skin.ink), px, part.get_center()[0] - text_width(text, px) / 2, y - em(46), text)
        notes.append(Named(line, label, tag="note", text=text))
    old, dot, factor, equals, new = (Named(part, tag="formula", text=text) for part, text in zip(drawn, formulas, strict=True))
    film.move(*stepped_back(film, 1.0, BACK), FadeOut(film.answer_was), seconds=0.4)
    film.move(FadeIn(old), FadeIn(notes[0]), seconds=TEXT)
    film.hold(0.6)
    film.move(FadeIn(dot), FadeIn(factor), FadeIn(notes[1]), seconds=TEXT)
    film.hold(0.6)
    strokes = [strike(part, m_old, m_new, first=first, skin=skin) for part, first in ((drawn[0], False), (drawn[2], True))]
    film.move(*(Create(stroke) for stroke in strokes), seconds=0.4)
    film.move(FadeIn(equals), FadeIn(new), FadeIn(notes[2]), seconds=TEXT)
    film.formula = VGroup(old, dot, factor, equals, new, *notes, *strokes)
    film.scene.tell()


def strike(part: VMobject, m_old: str, m_new: str, *, first: bool, skin: palette.Theme) -> Line:
    """A line through the old max in an exponent: after the base e (and "s -"), or before "- new"."""
    glyphs = part.family_members_with_points()
    chosen = glyphs[1 : 1 + len(m_old)] if first else glyphs[-len(m_old) :]
    low = np.min([glyph.points.min(0) for glyph in chosen], axis=0)
    high = np.max([glyph.points.max(0) for glyph in chosen], axis=0)
    return Line((low[0] - 0.03, low[1], 0), (high[0] + 0.03, high[1], 0), stroke_color=skin.stats, stroke_width=theme.HEAVY)


def stepped_back(film: RescaleFilm, before: float, after: float) -> list[Shows]:
    """What stands on stage steps back behind a formula, or comes forward."""
    parts = [film.chart.block, film.chart.bars, film.acc.bars, film.answer.bars]
    return [paled(part, before, after) for part in parts]


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
    leaving = [film.chart, film.ceiling, film.baseline, film.answer, film.acc_name, film.answer_name, film.l_name, film.formula, *film.numbers.pieces]
    film.move(*(FadeOut(each) for each in leaving), paled(film.acc.bars, BACK, 1.0), seconds=0.4)
    film.scene.remove(film.acc.axis)
    start = film.acc.boxes(film.acc.values)
    pitch = line.width / len(film.acc.values)
    x = line.x0 + np.arange(len(film.acc.values)) * pitch
    stop = np.stack([x, np.full(len(x), line.y0), x + pitch, np.full(len(x), line.y1)], 1)
    film.move(Shows(film.acc, lambda share: film.acc.bars.display(start + (stop - start) * share), rate_func=ease_in_out_cubic), seconds=MOVE)
    film.move(FadeIn(picture), FadeOut(film.acc), seconds=0.5)
    alphas = found.values.alpha[found.t].astype(np.float64)
    place_f = place["factors"]
    tops = place_f.y1 - np.arange(count) * height
    wide = place_f.width

    def boxes(share: float) -> np.ndarray:
        return np.stack([place_f.x1 - alphas * wide * share, tops - 0.82 * height, np.full(count, place_f.x1), tops - 0.18 * height], 1)

    factors = Rectangles(skin.quiet, name="alphas")
    factors.values = alphas
    ours = Rectangles(skin.ink, name="alpha of the row")
    name = named(place["factors name"], [("its factor", LABEL, skin.ink, Face.TEXT)])
    tile_name = named(place["tile name"], [("acc", NAME, skin.o, Face.STRONG), (f"{count} rows", LABEL, skin.quiet, Face.TEXT)])
    number = place["row"]
    row_y = tops[found.row] - 0.5 * height
    text = film.said["alpha"]
    px = NAME * min(1.0, number.width / text_width(text, NAME, Face.STRONG))
    label = written(text, px, skin.ink, number.x1 - text_width(text, px, Face.STRONG), row_y - 0.36 * em(px), "alpha")
    ours.display(boxes(1.0)[found.row : found.row + 1])
    film.scene.add(factors)
    film.move(FadeIn(name), FadeIn(tile_name), seconds=TEXT)
    film.move(Shows(factors, lambda share: factors.display(boxes(share))), seconds=1.0)
    film.scene.add(ours)
    code = found.statement(Kind.RESCALE_ACC)
    px = 34 * min(1.0, place["code"].width / text_width(code, 34, Face.MONO))
    said = written(code, px, skin.ink, place["code"].x0, place["code"].center[1] - 0.36 * em(px), "code", Face.MONO)
    film.move(FadeIn(label), FadeIn(said), seconds=TEXT)
    film.scene.tell()


@beat("calm")
def calm(film: RescaleFilm) -> None:
    """No term of the row's last tile rises above the ceiling."""
    found = film.found
    film.reach(Kind.SOFTMAX_P)
    measured = found.measured
    if film.chart not in film.scene.mobjects:
        film.scene.add(film.baseline, film.ceiling, film.chart)
    film.move(FadeIn(film.terms_name), seconds=TEXT)
    film.move(Shows(film.chart, lambda share: film.chart.show(film.measured(terms=grown(measured, share, 1.0), filled=1.0))), seconds=2.0)
