"""How exact: two outputs slide over each other, what is left is magnified, and each error becomes a dot beside a dtype's rounding."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from manim import Group, Line, Mobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import theme
from flashviz.chapters import exactness
from flashviz.chapters.exactness import CAUSE, NAMES, SHORT, Errors, Exactness, OutputOf, gather
from flashviz.director.film.parts import heading, matrix_to
from flashviz.director.material import provenance
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, NUMBER, Word, amid, first_that_fits, fly, line_width, middle
from flashviz.figures import SUPERSCRIPT, number, power, roughly
from flashviz.layout import Rect, centered
from flashviz.layout import rows as split
from flashviz.layout.exactness import Ruler, alone, rulers
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.cast import set_ends
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows
from flashviz.mobjects.named import Named
from flashviz.mobjects.overlay import Overlay
from flashviz.mobjects.rulers import BOLD, DOT, Dot, Mark, Scale
from flashviz.mobjects.tiles import Matrix

SIDES = ("left", "right")
LANES, BETWEEN = (0, 2), 1  # of a ruler, from the top: standard attention's and FlashAttention's, and the one of the cause
OFF = ("{} − float64, shown × {:,}", "{} − float64, × {:,}", "{} × {:,}")
VALUES = ("in values up to", "values to")
MARK = "one rounding: {}"
UNIT = (": one rounding is {}", ": one is {}", ": {}")
TIMES = ("{} roundings", "{} ×")
STEPS = ("every step is rounded to it, in both", "every step rounds", "all round")
SLIDE, MAGNIFY, STEP, TRAIL = 3.4, 2.0, 0.9, 1.4  # seconds: outputs over each other, their difference larger, a dot, a line
NEAR = 2.2 * DOT  # from a dot to its words
WIDE = em(1500)  # a ruler that has room for words beside numbers
AXIS = ("largest error, as a share of O's largest value (each tick is twice the last)", "error / O's largest value, each tick 2 ×")


class ExactnessStage(ShotScene):
    """The scene that the errors are shown on."""

    script = exactness.BEATS

    def open(self, run: Callable[..., Any], truth_of: OutputOf, scores_stored: OutputOf) -> ExactnessFilm:
        """Run both algorithms in every dtype.

        Args:
            run: ``flashviz_kernels.recorder.run``.
            truth_of: ``flashviz_kernels.exactness.truth_of``.
            scores_stored: ``flashviz_kernels.exactness.scores_stored``.
        """
        found = gather(self.settings.config, self.settings.source, run, truth_of, scores_stored)
        self.provenance = [provenance(trace) for trace in found.traces]
        self.set_board(found.beats, {"dtype": self.settings.config.dtype})
        return ExactnessFilm(self, found)


class ExactnessFilm(ChapterFilm):
    """Everything on stage, made here once."""

    titles: list[Word]
    left: Matrix  # what is left of both outputs
    most: Named
    squares: list[Matrix]
    words: list[Named]  # whose they are, and how large
    dtype: Word
    ticks: list[Word]  # numbers of the ruler at the foot
    unit: Word
    lanes: list[Word]  # whose the dots are, on the first ruler
    times: list[Word]
    cause: list[Mobject]  # the ring of what is rounded beside O, and its words

    def __init__(self, scene: ShotScene, found: Exactness) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.place = place = scene.shot("outputs")
        low, high = found.ramp
        edges = [place[side].edges for side in (*SIDES, "both")]
        everywhere = Rect(*(pick(each[at] for each in edges) for at, pick in enumerate((min, min, max, max))))
        self.overlay = Overlay(found.standard, found.flash, everywhere, self.skin, low, high).place(place["left"], place["right"])
        self.hues = (self.skin.scores, self.skin.o)
        rulers_at = scene.shot("rulers")["rulers"]
        shares = tuple(share for each in found.errors for share in (*each.shares, each.unit))
        lanes, most = max(LANES) + 1, [times for each in found.errors for times in each.times]
        own = found.errors[found.own]
        self.calls, self.call_px = called(rulers_at.width)
        names = max(text_width(text, self.call_px, Face.STRONG) for text in (*self.calls, CAUSE[-1])) + 4 * DOT
        large, small = (NEAR + max(text_width(self.times_of(each), px, Face.STRONG) for each in most) for px in (NAME, LABEL))
        self.alone = alone(rulers_at, (*own.shares, own.unit), lanes, names + large, large)
        self.rulers = rulers(rulers_at, len(found.errors), shares, lanes, small)
        self.scale = Scale(self.skin, own.dtype)
        self.dots = [self.dot(at) for at in range(len(NAMES))]
        self.mark, self.cause = Mark(self.skin), []

    def numbered(self, line: Ruler) -> list[Word]:
        """The numbers of a ruler's tall ticks, beneath it."""
        at = self.scene.shot("rulers")["ticks"]
        made = []
        for octave in line.octaves:
            text, x = f"2{str(octave).translate(SUPERSCRIPT)}", line.x(2.0**octave)
            half = text_width(text, LABEL) / 2
            if octave % BOLD == 0 and line.rect.x0 <= x - half and x + half <= line.rect.x1:
                made.append(Word(text, LABEL, self.skin.ink, x - half, middle(at, LABEL), "tick", Face.TEXT))
        return made

    def dot(self, at: int, name: str = "point") -> Dot:
        """The dot of one of both."""
        return Dot(self.hues[at], hollow=False, name=f"{name} {SHORT[at]}")

    def times_of(self, times: str) -> str:
        """So many roundings, in as few words as the frame has room for."""
        return TIMES[self.scene.shot("rulers")["rulers"].width < WIDE].format(times)

    def difference(self, values: np.ndarray, rect: Rect) -> Matrix:
        """Distances on the ramp of O, from zero."""
        low, high = self.found.ramp
        return Matrix(values, rect, self.skin, "O", 0.0, high - low)

    def of_what(self, error: float, rect: Rect) -> Named:
        """How large an error is, and of values how large; on two lines where one would be small."""
        rect, largest = rect.inset(em(14), 0.0), self.found.errors[self.found.own].largest
        first, (whole, *short) = f"at most {power(error)}", (f"{words} {number(largest, 2)}" for words in VALUES)
        lines = [f"{first}, {whole}"]
        px = NUMBER if line_width(lines, NUMBER) <= rect.width else NAME
        if line_width(lines, px) > rect.width:
            first = first_that_fits((first, f"≤ {power(error)}"), px, rect.width, Face.STRONG)
            lines = [first, first_that_fits((whole, *short), LABEL, rect.width, Face.STRONG)]
        sizes = [px, *(LABEL for _ in lines[1:])]
        words = [heading(at, text, self.skin.ink, size) for at, text, size in zip(split(rect, len(lines)), lines, sizes, strict=True)]
        for each in words:
            each.tag = "part"
        return Named(*words, tag="most", text=" ".join(lines))


# --------------------------------------------------------------------------------------------------------------- beats


@beat("outputs")
def outputs(film: ExactnessFilm) -> None:
    """O by standard attention and O by FlashAttention slide over each other; where they overlap their difference is seen."""
    place, skin = film.place, film.skin
    film.titles = [heading(place[f"{side} name"], name, skin.ink) for side, name in zip(SIDES, NAMES, strict=False)]
    film.move(FadeIn(film.overlay, *film.titles), seconds=0.6)
    starts = [place[side] for side in SIDES]

    def slide(share: float) -> None:
        film.overlay.place(*(start.toward(place["both"], share) for start in starts))

    note = heading(place["note"], "their difference", skin.ink)
    film.scene.hold(0.4)
    with film.scene.telling():
        film.move(Shows(film.overlay, slide, rate_func=ease_in_out_cubic), *(FadeOut(title) for title in film.titles), seconds=SLIDE)
    film.left = film.difference(film.found.apart, place["both"])
    film.scene.add(film.left)
    film.scene.remove(film.overlay)
    film.titles = [note]
    film.move(FadeIn(note), seconds=TEXT)


@beat("speckle")
def speckle(film: ExactnessFilm) -> None:
    """The difference is magnified until it is seen; beneath stands how large it is, and of what."""
    place, found = film.place, film.found
    (note,) = film.titles
    cut = f", {found.beyond:.1%} off the scale" if found.beyond else ""
    larger = heading(place["note"], f"their difference, shown × {found.magnified:,}{cut}", film.skin.ink)
    film.titles, film.most = [larger], film.of_what(float(found.apart.max()), place["most"])
    with film.scene.telling():
        film.move(FadeOut(note), seconds=TEXT)
        film.move(FadeIn(larger), film.left.to(found.apart * found.magnified), seconds=MAGNIFY)
        film.move(FadeIn(film.most), seconds=TEXT)


@beat("truth")
def truth(film: ExactnessFilm) -> None:
    """The difference leaves; how far each output is from float64 attention, magnified alike."""
    place, found = film.place, film.found
    film.squares = [film.difference(off * found.magnified, place[side]) for off, side in zip(found.off, SIDES, strict=True)]
    film.words = [words_of(film, lane) for lane in range(len(SIDES))]
    gone = [FadeOut(each) for each in (film.most, film.left, *film.titles)]
    with film.scene.telling():
        for square, words in zip(film.squares, film.words, strict=True):
            film.move(*gone, FadeIn(square, words), seconds=1.0)
            film.scene.hold(0.8)
            gone = []


def words_of(film: ExactnessFilm, lane: int) -> Named:
    """Whose error a square is, over its middle, and beneath it the largest, and of what."""
    side = SIDES[lane]
    rect = film.place[f"{side} name"]
    texts = [text.format(name, film.found.magnified) for name, some in ((NAMES[lane], OFF[:-1]), (SHORT[lane], OFF)) for text in some]
    name = heading(rect, first_that_fits(texts, NAME, rect.width, Face.STRONG), film.skin.ink)
    return Named(name, film.of_what(float(film.found.off[lane].max()), film.place[f"{side} most"]), tag="words")


@beat("ruler")
def ruler(film: ExactnessFilm) -> None:
    """Each square shrinks to a dot on the ruler of the settings' dtype."""
    found, line = film.found.errors[film.found.own], film.alone
    film.dtype = dtype_name(film, line, found, [""])
    axis = axis_of(film, film.scene.shot("rulers")["axis"])
    film.move(*(FadeOut(each) for each in film.words), seconds=TEXT)
    film.ticks = film.numbered(line)
    film.move(FadeIn(film.scale.at(line), film.dtype, axis, *film.ticks), seconds=TEXT)
    film.lanes = []
    with film.scene.telling():
        for at, (square, share) in enumerate(zip(film.squares, found.shares, strict=True)):
            spot = film.dots[at].at((line.x(share), line.heights[LANES[at]], 0))
            x, y, _ = spot.get_center()
            film.move(matrix_to(square, centered(float(x), float(y), DOT, DOT)), seconds=STEP)
            film.scene.remove(square)
            film.scene.add(spot)
            film.lanes.append(lane_name(film, film.calls[at], share, LANES[at], found.times[at]))
            film.move(FadeIn(film.lanes[-1]), seconds=TEXT)


def called(width: float) -> tuple[tuple[str, ...], float]:
    """Names of the dots and their size: no wider than a third of the ruler."""
    for texts, px in ((NAMES, NAME), (SHORT, NAME), (SHORT, LABEL)):
        if max(text_width(text, px, Face.STRONG) for text in texts) <= width / 3:
            break
    return texts, px


def lane_name(film: ExactnessFilm, text: str, share: float, lane: int, times: str) -> Word:
    """Whose a dot of the first ruler is, at its left, clear of the mark, and of its number, where that will stand between."""
    line, px, unit = film.alone, film.call_px, film.found.errors[film.found.own].unit
    wide, at = text_width(text, px, Face.STRONG), line.x(unit)
    right = min(line.x(share), number_at(line, share, unit, text_width(film.times_of(times), NAME, Face.STRONG))) - NEAR
    if right - wide - em(12) < at < right + em(12):  # the mark would go through it
        right = at - em(16)
    return Word(text, px, film.skin.ink, right - wide, line.heights[lane] - 0.36 * em(px), "name dot")


def dtype_name(film: ExactnessFilm, line: Ruler, found: Errors, texts: Sequence[str]) -> Word:
    """The dtype's name and the first that fits of what follows it, at the end that its mark is far from."""
    head, at = line.head, line.x(found.unit)
    room, px = max(at - head.x0, head.x1 - at) - em(NAME), NAME if head.width > WIDE else LABEL
    text = first_that_fits([f"{found.dtype}{each.format(found.mark)}" for each in texts], px, room, Face.STRONG)
    left = head.x0 if at > head.center[0] else head.x1 - text_width(text, px, Face.STRONG)
    return Word(text, px, film.skin.ink, left, middle(head, px), "dtype")


def axis_of(film: ExactnessFilm, rect: Rect) -> Word:
    """What the rulers measure."""
    return amid(AXIS, film.skin.ink, rect, "note")


@beat("mark")
def mark(film: ExactnessFilm) -> None:
    """The mark of the dtype's rounding, and each dot in units of it."""
    line, found = film.alone, film.found.errors[film.found.own]
    film.move(Shows(film.mark, lambda share: film.mark.at(line, found.unit, share), introducer=True), seconds=0.6)
    film.unit, film.times = mark_name(film, line, found), numbers(film, line, found, NAME)
    with film.scene.telling():
        film.move(FadeIn(film.unit), seconds=TEXT)
        film.scene.hold(0.5)
        for number in film.times:
            film.move(FadeIn(number), seconds=TEXT)
            film.scene.hold(0.4)


def mark_name(film: ExactnessFilm, line: Ruler, found: Errors) -> Word:
    """What the mark stands at, over it, within the frame."""
    text = MARK.format(found.mark)
    wide = text_width(text, NAME, Face.STRONG)
    left = float(np.clip(line.x(found.unit) - wide / 2, line.rect.x0, line.rect.x1 - wide))
    return Word(text, NAME, film.skin.ink, left, middle(line.head, NAME), "unit")


def numbers(film: ExactnessFilm, line: Ruler, found: Errors, px: float) -> list[Word]:
    """How many roundings each error is, beside its dot."""
    return [
        counted_at(film, line, found, share, lane, times, px)
        for share, lane, times in zip(found.shares, LANES, found.times, strict=True)
    ]  # fmt: skip


def counted_at(film: ExactnessFilm, line: Ruler, found: Errors, share: float, lane: int, times: str, px: float) -> Word:
    """How many roundings a share is, beside its place."""
    text = film.times_of(times)
    left = number_at(line, share, found.unit, text_width(text, px, Face.STRONG))
    return Word(text, px, film.skin.ink, left, line.heights[lane] - 0.36 * em(px), "times")


def number_at(line: Ruler, share: float, unit: float, wide: float) -> float:
    """Where a dot's number begins: at the right of the dot, or at its left where the mark would go through it or stand between."""
    x, at = line.x(share), line.x(unit)
    left = x + NEAR
    return x - NEAR - wide if x < at < left + wide + em(8) else left


@beat("why")
def why(film: ExactnessFilm) -> None:
    """Float64 attention with nothing but S and P rounded leaves the mark, and comes to where standard attention is."""
    line, found = film.alone, film.found.errors[film.found.own]
    ring = Dot(film.skin.ink, hollow=True, name="point cause")
    text = first_that_fits(CAUSE, film.call_px, max(each.wide for each in film.lanes), Face.STRONG)
    times = roughly(found.caused / found.unit)
    name = lane_name(film, text, found.caused, BETWEEN, times)
    start, stop = math.log2(found.unit), math.log2(found.caused)

    def come_off(share: float) -> None:
        ring.at((line.x(2.0 ** (start + (stop - start) * share)), line.heights[BETWEEN], 0))

    with film.scene.telling():
        film.move(Shows(ring, come_off, rate_func=ease_in_out_cubic, introducer=True), seconds=2.0)
        film.cause = [ring, name, counted_at(film, line, found, found.caused, BETWEEN, times, NAME)]
        film.move(FadeIn(*film.cause[1:]), seconds=TEXT)


@beat("dtypes")
def dtypes(film: ExactnessFilm) -> None:
    """The ruler makes room; copies of its mark and dots come down to the other dtypes' rulers, and go to their places there."""
    shrink(film)
    own = film.found.own
    with film.scene.telling():
        for at in (index for index in range(len(film.found.errors)) if index != own):
            line, found = film.rulers[at], film.found.errors[at]
            film.move(come(film, own, at), seconds=2.0)
            film.move(FadeIn(*counted(film, line, found)), seconds=TEXT)
            film.scene.hold(0.4)


def shrink(film: ExactnessFilm) -> None:
    """The ruler becomes one of as many as there are dtypes, with a range that holds all; the dots' names go to the legend."""
    start, stop, found = film.alone, film.rulers[film.found.own], film.found.errors[film.found.own]
    film.move(*(FadeOut(each) for each in (*film.times, *film.cause, *film.ticks, film.unit, film.dtype)), seconds=TEXT)
    keys, words = legend(film, film.scene.shot("rulers")["legend"])

    def show(share: float) -> None:
        line = start.toward(stop, share)
        film.scale.at(line)
        stand(line, film.mark, film.dots, found.unit, found.shares)

    moving = Shows(Group(film.scale, film.mark, *film.dots), show, rate_func=ease_in_out_cubic)
    film.scene.remove(*film.lanes)
    film.move(moving, *(fly(word, name) for word, name in zip(words, film.lanes, strict=True)), seconds=MOVE)
    pairs = list(zip(film.rulers, film.found.errors, strict=True))
    scales = [Scale(film.skin, each.dtype).at(line) for line, each in pairs if each is not found]
    names = [dtype_name(film, line, each, UNIT) for line, each in pairs]
    film.move(FadeIn(*keys, *names, *counted(film, stop, found), *scales, *film.numbered(film.rulers[-1])), seconds=TEXT)


def stand(line: Ruler, mark: Mark, dots: Sequence[Dot], unit: float, shares: Sequence[float]) -> None:
    """A mark and the dots of a dtype, on a ruler."""
    mark.at(line, unit)
    for spot, share, lane in zip(dots, shares, LANES, strict=True):
        spot.at((line.x(share), line.heights[lane], 0))


def counted(film: ExactnessFilm, line: Ruler, found: Errors) -> list[Word]:
    """The dots' numbers; where every step is rounded as the mark says, why both algorithms are beyond it, where there is room."""
    made = numbers(film, line, found, LABEL)
    left, px = max(word.left + word.wide for word in made) + em(50), LABEL
    if found.every_step:
        text = first_that_fits(STEPS, px, line.rect.x1 - left)
        made.append(Word(text, px, film.skin.ink, left, line.heights[BETWEEN] - 0.36 * em(px), "steps", Face.TEXT))
    return made


def legend(film: ExactnessFilm, rect: Rect) -> tuple[list[Dot], list[Word]]:
    """Whose each dot is, in one line: dots and words."""
    gap, space = 2.2 * DOT, em(60)
    texts = NAMES if width_of(NAMES, gap, space) <= rect.width else SHORT
    left, keys, words = rect.center[0] - width_of(texts, gap, space) / 2, [], []
    for lane, text in enumerate(texts):
        keys.append(film.dot(lane, "key").at((left + DOT, rect.center[1], 0)))
        words.append(Word(text, LABEL, film.skin.ink, left + DOT + gap, middle(rect, LABEL), "name"))
        left += DOT + gap + text_width(text, LABEL, Face.STRONG) + space
    return keys, words


def width_of(texts: tuple[str, ...], gap: float, space: float) -> float:
    """Of a legend."""
    return sum(DOT + gap + text_width(text, LABEL, Face.STRONG) for text in texts) + space * (len(texts) - 1)


def come(film: ExactnessFilm, own: int, at: int) -> Shows:
    """The mark and the dots of one dtype become another's: down first, then along."""
    before, after = film.found.errors[own], film.found.errors[at]
    start, stop = film.rulers[own], film.rulers[at]
    moved, copies = Mark(film.skin), [film.dot(lane) for lane in range(len(NAMES))]

    def show(share: float) -> None:
        down, along = ease_in_out_cubic(min(1.0, 2.5 * share)), ease_in_out_cubic(max(0.0, (share - 0.4) / 0.6))
        shares = [a ** (1 - along) * b**along for a, b in zip(before.shares, after.shares, strict=True)]
        stand(start.toward(stop, down), moved, copies, before.unit ** (1 - along) * after.unit**along, shares)

    show(0.0)
    return Shows(Group(moved, *copies), show, introducer=True)


@beat("exact")
def exact(film: ExactnessFilm) -> None:
    """A line from mark to mark: the fewer bits, the larger a rounding, and the dots of both methods go with it."""
    with film.scene.telling():
        for (upper, first), (lower, second) in itertools.pairwise(zip(film.rulers, film.found.errors, strict=True)):
            start, stop = np.array([upper.x(first.unit), upper.line]), np.array([lower.x(second.unit), lower.top])
            trail = theme.rule(film.skin.ink, theme.OUTLINE)
            film.move(Shows(trail, partial(drawn_to, trail, start, stop), rate_func=ease_in_out_cubic, introducer=True), seconds=TRAIL)


def drawn_to(trail: Line, start: np.ndarray, stop: np.ndarray, share: float) -> None:
    """A line is so far on its way."""
    set_ends(trail, (*start, 0), (*(start + (stop - start) * max(share, 1e-3)), 0))
