"""How exact: the difference of two outputs is magnified, held against float64, laid to what is stored, and seen in every dtype."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any, get_args

import numpy as np
from manim import Group, Mobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import theme
from flashviz.chapters import exactness
from flashviz.chapters.exactness import NAMES, SHORT, Errors, Exactness, OutputOf, ScoreOf, gather
from flashviz.config import DType
from flashviz.director.film.parts import Columns, heading
from flashviz.director.material import provenance
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, StepBack, beat
from flashviz.director.words import LABEL, NAME, NUMBER, Word, amid, first_that_fits, fly, line_width, middle
from flashviz.figures import roughly
from flashviz.layout import Rect
from flashviz.layout import rows as split
from flashviz.layout.exactness import TALL, Axis, Ruler, rulers, stages
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, early, late
from flashviz.mobjects.named import Named
from flashviz.mobjects.rulers import DOT, Dot, Scale
from flashviz.mobjects.tiles import Matrix, Rectangles, box

SIDES, PICTURES = ("left", "right"), ("left", "right", "rest")
OUTPUT = ("O: {} rows × {}, {}", "O: {} × {}, {}", "{} × {}, {}")
UNMAGNIFIED = ("in the same colours", "same colours")
MAGNIFIED = ("magnified × {:,}", "× {:,}")
OFF = ("minus O in float64, × {:,}", "O − float64, × {:,}", "− float64, × {:,}")
MOST, OF_WHAT = ("at most {}", "≤ {}"), ("of O's largest value", "of O's largest")
STAGES = ("S, scores", "P, weights", "O, output")
HBM, CHIP = "stored in HBM", "stays on chip"
KEPT = {"standard": (HBM, HBM, HBM), "flash": (CHIP, CHIP, HBM)}  # where each of the three is kept
UNROUNDED = "float32"  # what FlashAttention keeps S in
TICKS = ("{0} has about {1} digits: nothing between two ticks", "{0}: nothing between two ticks")
HALF = ("off by {}: half a gap at most", "off by {}")
EFFECTS = (
    ("its term exp(score)", "exp(score)"),
    ("O, if only S is rounded", "O, only S rounded"),
    ("O of standard attention", "O of standard"),
)
OFF_BY = "off by {}"
DIGITS = ("about {} digits", "{} digits")
GAPS, SHORT_GAPS = ("{} × smaller", "{} × larger"), ("{} ×", "{} × more")
ALIKE = ("about equal: S is float32 in both", "about equal")
AXIS = ("largest error, in % of O's largest value (each tick is 10 times the last)", "largest error, in % of O's largest value")
SWEEP, MAGNIFY, SNAP = 3.2, 2.0, 1.2  # seconds: a subtraction, a difference made larger, a rounding
WIDE = em(1500)  # a frame that has room for many words
BACK = 0.35  # of their opacity keep stages that do not differ
NEAR = 2 * DOT  # from a dot to its words


class ExactnessStage(ShotScene):
    """The scene that the errors are shown on."""

    script = exactness.BEATS

    def open(
        self, run: Callable[..., Any], truth_of: OutputOf, scores_stored: OutputOf, most_rounded: ScoreOf
    ) -> ExactnessFilm:  # fmt: skip
        """Run both algorithms in every dtype.

        Args:
            run: ``flashviz_kernels.recorder.run``.
            truth_of: ``flashviz_kernels.exactness.truth_of``.
            scores_stored: ``flashviz_kernels.exactness.scores_stored``.
            most_rounded: ``flashviz_kernels.exactness.score_most_rounded``.
        """
        found = gather(self.settings.config, self.settings.source, run, truth_of, scores_stored, most_rounded)
        self.provenance = [provenance(trace) for trace in found.traces]
        own = found.errors[found.own]
        self.set_board(found.beats, {"dtype": own.dtype, "digits": str(own.digits)})
        return ExactnessFilm(self, found)


class ExactnessFilm(ChapterFilm):
    """Everything on stage, made here once."""

    pictures: list[Matrix]
    signs: list[Word]  # between the pictures
    value: Word  # the score that is shown as standard attention stores it
    seen: dict[str, Word]  # what of a picture's algorithm is seen
    stage: list[Mobject]  # what the next beat takes away

    def __init__(self, scene: ShotScene, found: Exactness) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.place, self.config = scene.shot("outputs"), scene.settings.config
        self.own = found.errors[found.own]
        low, high = found.ramp
        outputs = [
            Matrix(o, self.place[side], self.skin, "O", low, high) for o, side in zip((found.standard, found.flash), SIDES, strict=True)
        ]
        self.pictures = [*outputs, Matrix(found.apart, self.place["rest"], self.skin, "O", 0.0, high - low)]
        self.hues = (self.skin.scores, self.skin.o)
        at = scene.shot("rulers")["rulers"]
        self.wide = at.width > WIDE
        self.px = NAME if self.wide else LABEL  # of names and of what is to be kept in mind
        shares = [share for each in found.errors for share in each.shares]
        beside = NEAR + max(text_width(percent(share), LABEL, Face.STRONG) for share in shares)
        further = NEAR + max(text_width(gap_of(self, each), self.px, Face.STRONG) for each in found.errors if each.dtype != UNROUNDED)
        name = max(text_width(text, self.px, Face.STRONG) for text in (*get_args(DType), DIGITS[1 - self.wide])) + em(LABEL)
        self.rulers = rulers(at, len(found.errors), shares, name, beside, max(beside, further))

    def dot(self, at: int, name: str = "point") -> Dot:
        """The dot of one of both."""
        return Dot(self.hues[at], hollow=False, name=f"{name} {SHORT[at]}")

    def sees(self, picture: str, texts: tuple[str, ...]) -> Word:
        """What is seen in a picture, under the name of its algorithm."""
        rect = self.place[f"{picture} seen"]
        return amid(texts, self.skin.ink, rect, "seen")

    def most(self, picture: str, error: float) -> Named:
        """How large a picture's largest error is, and of what; on one line where there is room."""
        rect, share = self.place[f"{picture} most"], percent(error / self.own.largest)
        whole = f"{MOST[0].format(share)} {OF_WHAT[0]}"
        if line_width([whole], NAME) <= rect.width:
            lines = [heading(rect, whole, self.skin.ink, NAME)]
        else:
            upper, lower = split(rect, 2)
            first = first_that_fits([each.format(share) for each in MOST], NAME, rect.width, Face.STRONG)
            lines = [heading(upper, first, self.skin.ink, NAME), amid(OF_WHAT, self.skin.ink, lower, "part")]
        for each in lines:
            each.tag = "part"
        return Named(*lines, tag="most", text=" ".join(each.text for each in lines))


def digits(value: float) -> str:
    """A number to two digits, however small, without a power of ten."""
    return np.format_float_positional(value, precision=2, unique=False, fractional=False).rstrip(".")


def percent(share: float) -> str:
    """A share, so written."""
    return f"{digits(100 * share)}%"


# --------------------------------------------------------------------------------------------------------------- beats


@beat("outputs")
def outputs(film: ExactnessFilm) -> None:
    """O of FlashAttention is taken from O of standard attention, column by column: at their own size nothing is left."""
    place, skin, config = film.place, film.skin, film.config
    shape = tuple(text.format(config.seq_q, config.head_dim, config.dtype) for text in OUTPUT)
    film.seen = {side: film.sees(side, shape) for side in SIDES} | {"rest": film.sees("rest", UNMAGNIFIED)}
    names = {side: title(place[f"{side} name"], (name, short), film) for side, name, short in zip(SIDES, NAMES, SHORT, strict=True)}
    names["rest"] = title(place["rest name"], ("difference",), film)
    film.stage = [*names.values()]
    film.signs = [heading(place[name], text, skin.ink, NUMBER) for name, text in (("minus", "−"), ("equals", "="))]
    left, right, rest = film.pictures
    film.move(FadeIn(left, right, *(names[side] for side in SIDES), *(film.seen[side] for side in SIDES)), seconds=0.6)
    at = Rectangles(skin.ink, name="at")

    def sweep(share: float) -> None:
        ends = [(rect.x0 + rect.width * share, rect) for rect in (place[name] for name in PICTURES)]
        at.display(np.array([[x - em(3), rect.y0, x + em(3), rect.y1] for x, rect in ends]))

    with film.scene.telling():
        film.scene.hold(0.6)
        film.move(FadeIn(*film.signs, names["rest"], film.seen["rest"]), seconds=TEXT)
        film.move(Columns(rest, introducer=True), Shows(at, sweep, introducer=True, remover=True), seconds=SWEEP)


def title(rect: Rect, texts: tuple[str, ...], film: ExactnessFilm) -> Word:
    """The first of these names that fits as a label, as large as there is room for, in the middle of its place."""
    return heading(rect, first_that_fits(texts, LABEL, rect.width, Face.STRONG), film.skin.ink, NAME)


@beat("speckle")
def speckle(film: ExactnessFilm) -> None:
    """The difference is magnified until it is seen; beneath stands how large it is, and of what."""
    found = film.found
    film.stage.append(film.most("rest", float(found.apart.max())))
    with film.scene.telling():
        change(film, "rest", tuple(text.format(found.magnified) for text in MAGNIFIED))
        film.move(film.pictures[-1].to(found.apart * found.magnified), seconds=MAGNIFY)
        film.move(FadeIn(film.stage[-1]), seconds=TEXT)


def change(film: ExactnessFilm, picture: str, texts: tuple[str, ...]) -> None:
    """Something else is seen of a picture's algorithm."""
    film.move(FadeOut(film.seen[picture]), seconds=TEXT)
    film.seen[picture] = film.sees(picture, texts)
    film.move(FadeIn(film.seen[picture]), seconds=TEXT)


@beat("truth")
def truth(film: ExactnessFilm) -> None:
    """Each output becomes its distance from float64 attention, magnified as the difference is, which stays beside them."""
    found, (low, high) = film.found, film.found.ramp
    film.move(FadeOut(*film.signs), seconds=TEXT)
    with film.scene.telling():
        for at, (side, off) in enumerate(zip(SIDES, found.off, strict=True)):
            film.move(FadeOut(film.seen[side]), seconds=TEXT)
            output, film.pictures[at] = film.pictures[at], Matrix(off * found.magnified, film.place[side], film.skin, "O", 0.0, high - low)
            film.seen[side] = film.sees(side, tuple(text.format(found.magnified) for text in OFF))
            film.stage.append(film.most(side, float(off.max())))
            film.move(FadeIn(film.pictures[at], film.seen[side], film.stage[-1]), seconds=0.8)
            film.scene.remove(output)
            film.scene.hold(0.6)
    film.stage += [*film.pictures, *film.seen.values()]


def leave(film: ExactnessFilm) -> None:
    """What the beat before has shown goes."""
    film.move(FadeOut(*film.stage), seconds=TEXT)
    film.stage = []


@beat("why")
def why(film: ExactnessFilm) -> None:
    """What either algorithm makes on its way to O, and in which dtype it is kept; then only S is left in front, where they differ."""
    leave(film)
    place, alike = film.scene.shot("stored"), []
    with film.scene.telling():
        for at, side in enumerate(SHORT):
            name, boxes, arrows = stages(place[side])
            head = Word(NAMES[at], NAME, film.skin.ink, name.x0, middle(name, NAME), "name")
            film.stage.append(head)
            for index, rect in enumerate(boxes):
                parts: list[Mobject] = [kept(film, at, index, rect)]
                parts += [heading(arrows[index - 1], "→", film.skin.ink, NUMBER)] if index else [head]
                film.move(FadeIn(*parts), seconds=0.6)
                film.stage += parts[: 2 if index else 1]
                alike += parts if index else []
        film.scene.hold(0.6)
        film.move(StepBack(alike, BACK), seconds=0.6)


def kept(film: ExactnessFilm, at: int, index: int, rect: Rect) -> Named:
    """One of S, P and O of an algorithm: its name, a value of it or its error, its dtype, and where it is."""
    score, skin = film.found.score, film.skin
    whole = at > 0 and index == 0
    exact, stored = (score.written(value) for value in (score.score, score.stored))
    values = (exact if whole else f"{exact} → {stored}", "", f"off by {percent(film.own.shares[at])}")
    inside = rect.inset(em(12), em(20))
    dtypes = (f"kept in {UNROUNDED}", UNROUNDED) if whole else (f"rounded to {film.own.dtype}", film.own.dtype)
    texts = (STAGES[index], values[index], first_that_fits(dtypes, LABEL, inside.width, Face.STRONG), KEPT[SHORT[at]][index])
    frame = box(rect, stroke=skin.o if index == len(STAGES) - 1 else skin.scores, width=theme.HEAVY if index == 0 else theme.OUTLINE)
    said = [(text, px) for text, px in zip(texts, (NAME, NAME, LABEL, LABEL), strict=True) if text]
    lines = [heading(row, text, skin.ink, px) for row, (text, px) in zip(split(inside, len(said)), said, strict=True)]
    for each in lines:
        each.tag = "part"
    if at == index == 0:
        film.value = lines[1]
    return Named(frame, *lines, tag=f"marks {SHORT[at]}", text=", ".join(text for text, _ in said))


@beat("gap")
def gap(film: ExactnessFilm) -> None:
    """The score that is rounded most snaps to the nearest number of the dtype; how far off that makes its term and O."""
    place, score, skin = film.scene.shot("gap"), film.found.score, film.skin
    axis = Axis(place["line"], score.neighbours[0], score.neighbours[-1])
    start, stop = axis.x(score.score), axis.x(score.stored)
    note = title(place["note"], tuple(text.format(score.dtype, film.own.digits) for text in TICKS), film)
    spot, ghost = (
        Dot(skin.scores, hollow=hollow, name=name).at((start, axis.line, 0)) for hollow, name in ((False, "score"), (True, "was"))
    )
    named = beside(film, axis, f"score {score.written(score.score)}", start, left=stop > start)
    off = first_that_fits([text.format(digits(score.off)) for text in HALF], NAME, axis.over(start).width, Face.STRONG)
    so_far, span = heading(axis.over((start + stop) / 2), off, skin.ink, NAME), Rectangles(skin.ink, name="off")

    def snap(share: float) -> None:
        x, y, half = start + (stop - start) * share, axis.span, em(3)
        spot.at((x, axis.line, 0))
        ends = [[at - half, axis.line + 2 * DOT, at + half, y + half] for at in (start, x)]
        span.display(np.array([[min(start, x), y - half, max(start, x), y + half], *ends]))

    leave(film)
    film.stage = [note, *numbered(film, axis)]
    film.move(fly(named, film.value), FadeIn(*film.stage), seconds=MOVE)
    film.move(FadeIn(spot), seconds=TEXT)
    film.scene.hold(0.4)
    film.scene.add(ghost, spot)
    with film.scene.telling():
        film.move(Shows(Group(spot, span), snap, rate_func=ease_in_out_cubic), FadeIn(so_far), seconds=SNAP)
        film.stage += [named, ghost, spot, span, so_far]
        for effect in effects(film, place["rows"]):
            film.scene.hold(0.7)
            film.move(FadeIn(*effect), seconds=0.4)
            film.stage += effect


def beside(film: ExactnessFilm, axis: Axis, text: str, x: float, *, left: bool) -> Word:
    """Words over a line, at the left or at the right of a place of it."""
    wide = text_width(text, NAME, Face.STRONG)
    return Word(text, NAME, film.skin.ink, x - NEAR - wide if left else x + NEAR, axis.line + NEAR, "score")


def numbered(film: ExactnessFilm, axis: Axis) -> list[Mobject]:
    """A line with a tick for each of the numbers that the dtype has about the score."""
    score, half, rect = film.found.score, em(4) / 2, axis.rect
    places = [axis.x(value) for value in score.neighbours]
    line = Rectangles(film.skin.quiet, name="line")
    ticks = [[x - half, axis.line - TALL, x + half, axis.line + TALL] for x in places]
    line.display(np.array([[rect.x0, axis.line - half, rect.x1, axis.line + half], *ticks]))
    texts = [amid((score.written(value),), film.skin.ink, axis.under(x), "tick") for value, x in zip(score.neighbours, places, strict=True)]
    return [line, *texts]


def effects(film: ExactnessFilm, rect: Rect) -> list[list[Word]]:
    """Three rows in the middle of their place: what is off because of the rounding, or in all, and by how much."""
    ink = film.skin.ink
    sizes = [OFF_BY.format(percent(share)) for share in (film.found.score.term_off, film.own.caused, film.own.shares[0])]
    sizes = [sizes[0], *(f"{size} {OF_WHAT[0]}" if film.wide else size for size in sizes[1:])]
    names = [texts[not film.wide] for texts in EFFECTS]
    wide, beyond = max(text_width(text, NAME) for text in names), max(text_width(text, NAME, Face.STRONG) for text in sizes)
    left = rect.center[0] - (wide + em(NAME) + beyond) / 2
    return [
        [
            Word(name, NAME, ink, left, middle(row, NAME), "effect", Face.TEXT),
            Word(size, NAME, ink, left + wide + em(NAME), middle(row, NAME), "off by"),
        ]
        for row, name, size in zip(split(rect, len(names)), names, sizes, strict=True)
    ]  # fmt: skip


@beat("dtypes")
def dtypes(film: ExactnessFilm) -> None:
    """A ruler for each dtype, the coarsest first; each error comes as a dot where it is."""
    leave(film)
    place, found = film.scene.shot("rulers"), film.found.errors
    keys = legend(film, place["legend"])
    film.move(FadeIn(*keys, amid(AXIS, film.skin.ink, place["axis"], "note"), *decades(film, film.rulers[-1])), seconds=TEXT)
    with film.scene.telling():
        for line, each in zip(film.rulers, found, strict=True):
            film.move(FadeIn(Scale(film.skin, each.dtype, line), *dtype_name(film, line, each)), seconds=0.4)
            for lane, words in enumerate(values(line, each, film)):
                film.move(FadeIn(film.dot(lane).at((line.x(each.shares[lane]), line.heights[lane], 0)), words), seconds=0.5)
            film.scene.hold(0.3)


def legend(film: ExactnessFilm, rect: Rect) -> list[Mobject]:
    """Whose each dot is, in one line: dots and words."""
    gap, space = 2.2 * DOT, em(60)
    texts = NAMES if width_of(NAMES, gap, space) <= rect.width else SHORT
    left = rect.center[0] - width_of(texts, gap, space) / 2
    keys: list[Mobject] = []
    for lane, text in enumerate(texts):
        keys += [
            film.dot(lane, "key").at((left + DOT, rect.center[1], 0)),
            Word(text, LABEL, film.skin.ink, left + DOT + gap, middle(rect, LABEL), "name"),
        ]
        left += DOT + gap + text_width(text, LABEL, Face.STRONG) + space
    return keys


def width_of(texts: tuple[str, ...], gap: float, space: float) -> float:
    """Of a legend."""
    return sum(DOT + gap + text_width(text, LABEL, Face.STRONG) for text in texts) + space * (len(texts) - 1)


def decades(film: ExactnessFilm, line: Ruler) -> list[Word]:
    """The numbers of a ruler's ticks, beneath it: of each, or of every second or third where they would touch."""
    at, made = film.scene.shot("rulers")["ticks"], []
    texts = {decade: f"{10.0 ** (decade + 2):.10f}".rstrip("0").rstrip(".") + "%" for decade in line.decades}
    widest = max(text_width(text, LABEL) for text in texts.values()) + em(LABEL) / 2
    for decade, text in texts.items():
        wide = text_width(text, LABEL)
        left = line.x(10.0**decade) - wide / 2
        if decade % math.ceil(widest / line.pitch) == 0 and left + wide <= line.rect.x1:
            made.append(Word(text, LABEL, film.skin.ink, left, middle(at, LABEL), "tick", Face.TEXT))
    return made


def dtype_name(film: ExactnessFilm, line: Ruler, found: Errors) -> list[Word]:
    """A dtype, and how many digits it has, at the left of its ruler."""
    upper, lower = split(line.name, 2)
    about = first_that_fits([text.format(found.digits) for text in DIGITS], LABEL, line.name.width)
    return [
        Word(found.dtype, film.px, film.skin.ink, upper.x0, middle(upper, film.px), "dtype"),
        Word(about, LABEL, film.skin.ink, lower.x0, middle(lower, LABEL), "digits", Face.TEXT),
    ]


def values(line: Ruler, found: Errors, film: ExactnessFilm) -> tuple[Word, Word]:
    """Each error in words: standard attention's at the right of its dot, FlashAttention's at the left of both."""
    ink, (standard, flash) = film.skin.ink, (percent(share) for share in found.shares)
    first, last = (
        line.x(found.shares[0]) + NEAR,
        min(line.x(share) for share in found.shares) - NEAR - text_width(flash, LABEL, Face.STRONG),
    )
    return (
        Word(standard, LABEL, ink, first, line.heights[0] - 0.36 * em(LABEL), "value"),
        Word(flash, LABEL, ink, last, line.heights[1] - 0.36 * em(LABEL), "value"),
    )


@beat("exact")
def exact(film: ExactnessFilm) -> None:
    """From FlashAttention's dot to under standard attention's: how many times smaller its error is."""
    with film.scene.telling():
        for line, each in zip(film.rulers, film.found.errors, strict=True):
            way = Rectangles(film.skin.ink, name="way")
            if each.apart:
                film.move(Shows(way, partial(reach, way, line, each), introducer=True), seconds=0.9)
            film.move(FadeIn(apart(film, line, each)), seconds=TEXT)
            film.scene.hold(0.4)


def reach(way: Rectangles, line: Ruler, found: Errors, share: float) -> None:
    """So much of a line from the one dot to under the other."""
    standard, flash = (line.x(each) for each in found.shares)
    upper, y = line.heights
    half, begin = em(5) / 2, flash + math.copysign(DOT, standard - flash)
    along, up = begin + (standard - begin) * early(share), y + (upper - DOT - y) * late(share)
    way.display(
        np.array(
            [[min(begin, along), y - half, max(begin, along), y + half], [standard - half, y, standard + half, up]][: 1 + (share > 0.5)]
        )
    )


def apart(film: ExactnessFilm, line: Ruler, found: Errors) -> Word:
    """How far apart two errors are, at the right of both."""
    left = max(line.x(share) for share in found.shares) + NEAR
    return Word(gap_of(film, found), film.px, film.skin.ink, left, line.heights[1] - 0.36 * em(film.px), "gap")


def gap_of(film: ExactnessFilm, found: Errors) -> str:
    """In words."""
    if not found.apart:
        return ALIKE[not film.wide or found.dtype != UNROUNDED]
    return (GAPS if film.wide else SHORT_GAPS)[found.smaller < 1].format(roughly(max(found.smaller, 1 / found.smaller)))
