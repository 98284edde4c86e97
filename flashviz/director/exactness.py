"""How exact: two outputs slide over each other, what is left is magnified, and each error becomes a dot beside a dtype's rounding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from manim import Group, Mobject
from manim.utils.rate_functions import ease_in_cubic, ease_in_out_cubic

from flashviz.chapters import exactness
from flashviz.chapters.exactness import NAMES, SHORT, Errors, Exactness, OutputOf, gather, plain
from flashviz.director.film.parts import heading, matrix_to
from flashviz.director.material import provenance
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, NUMBER, Word, amid, first_that_fits, fly, line_width, middle
from flashviz.figures import SUPERSCRIPT
from flashviz.layout import Rect, centered
from flashviz.layout import rows as split
from flashviz.layout.exactness import Ruler, alone, rulers
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows
from flashviz.mobjects.named import Named
from flashviz.mobjects.overlay import Overlay
from flashviz.mobjects.rulers import BOLD, DOT, Dot, Mark, Scale
from flashviz.mobjects.tiles import Matrix

SIDES = ("left", "right")
APART = ("their difference", "difference")
VALUES = ("in values up to", "values to")
LEFT = ("what is left", "left")
CAUSE = ("only S and P rounded", "S, P rounded")
UNIT = ("one rounding: {}", "{}")
ZERO = "← 0"
STEPS = ("every step is rounded to it, in both", "every step rounds", "all round")
SLIDE, MAGNIFY, STEP = 3.4, 2.0, 0.7  # seconds: outputs over each other, their difference larger, a dot
OVER, SEEN, AWAY = 2.2, 1.2, 2.4  # seconds: one error over another, what is then left, all errors toward 0
NEAR = 2.2 * DOT  # from a dot to its words
AXIS = ("error as a share of O's largest value: each tick 2 ×", "error / O's largest value, each tick 2 ×")


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
    between: list[Mobject]  # what stands between both errors
    most: Named
    note: Word  # how far the errors are magnified
    squares: list[Matrix]
    words: list[Named]  # whose they are, and how large
    dtype: Word
    ticks: list[Word]  # numbers of the ruler at the foot
    unit: Word
    lanes: list[Word]  # whose the dots are, on the first ruler
    times: list[Word]
    on: dict[int, tuple[Mark, list[Dot]]]  # by ruler, what stands on it
    said: list[Word]  # on the last rulers

    def __init__(self, scene: ShotScene, found: Exactness) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.place = place = scene.shot("outputs")
        low, high = found.ramp
        edges = [place[side].edges for side in (*SIDES, "both")]
        everywhere = Rect(*(pick(each[at] for each in edges) for at, pick in enumerate((min, min, max, max))))
        self.overlay = Overlay(found.standard, found.flash, everywhere, self.skin, low, high).place(place["left"], place["right"])
        self.hues = (self.skin.scores, self.skin.o, self.skin.ink)
        rulers_at = scene.shot("rulers")["rulers"]
        shares = tuple(share for each in found.errors for share in (*each.shares, each.unit))
        self.rulers = rulers(rulers_at, len(found.errors), shares, len(NAMES))
        own = found.errors[found.own]
        self.calls, self.call_px = called(rulers_at.width)
        room = max(text_width(text, self.call_px, Face.STRONG) for text in self.calls) + 4 * DOT
        room += max(text_width(text, NAME, Face.STRONG) for text in own.times) + NEAR
        self.alone = alone(rulers_at, (*own.shares, own.unit), len(NAMES), room)
        self.scale = Scale(self.skin, own.dtype)
        self.dots = [self.dot(lane) for lane in range(len(NAMES))]
        self.mark = Mark(self.skin)

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

    def dot(self, lane: int, name: str = "point") -> Dot:
        """The dot of one of the three."""
        return Dot(self.hues[lane], hollow=lane == len(NAMES) - 1, name=f"{name} {SHORT[lane]}")

    def difference(self, values: np.ndarray, rect: Rect) -> Matrix:
        """Distances on the ramp of O, from zero."""
        low, high = self.found.ramp
        return Matrix(values, rect, self.skin, "O", 0.0, high - low)

    def of_what(self, error: float, rect: Rect) -> Named:
        """How large an error is, and of values how large; on two lines where one would be small."""
        rect, largest = rect.inset(em(14), 0.0), self.found.errors[self.found.own].largest
        px, first = NUMBER if rect.width > em(900) else NAME, f"at most {plain(error)}"
        whole, *short = (f"{words} {plain(largest)}" for words in VALUES)
        lines = [f"{first}, {whole}"]
        if line_width(lines, px) > rect.width:
            first = first_that_fits((first, f"≤ {plain(error)}"), px, rect.width, Face.STRONG)
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
    larger = heading(place["note"], f"their difference × {found.magnified:,}{cut}", film.skin.ink)
    film.titles, film.most = [larger], film.of_what(float(found.apart.max()), place["most"])
    with film.scene.telling():
        film.move(FadeOut(note), seconds=TEXT)
        film.move(FadeIn(larger), film.left.to(found.apart * found.magnified), seconds=MAGNIFY)
        film.move(FadeIn(film.most), seconds=TEXT)


@beat("truth")
def truth(film: ExactnessFilm) -> None:
    """The difference makes room; at its right and left, magnified alike, how far each output is from float64 attention."""
    place, found, skin = film.place, film.found, film.skin
    film.note = heading(place["error note"], f"how far apart, and how far from float64, × {found.magnified:,}", skin.ink)
    first, middle_one, last = (place[f"error {at}"] for at in range(len(NAMES)))
    film.squares = [film.difference(off * found.magnified, rect) for off, rect in zip(found.off, (first, last, last), strict=True)]
    film.words = [words_of(film, lane, slot) for lane, slot in enumerate((0, 2, 2))]
    name = titled(film, APART, 1)
    film.between = [film.left, name]
    film.move(*(FadeOut(each) for each in (film.most, *film.titles)), seconds=TEXT)
    with film.scene.telling():
        film.move(matrix_to(film.left, middle_one), FadeIn(name), seconds=MOVE)
        film.move(FadeIn(film.note), seconds=TEXT)
        for lane in reversed(range(len(SIDES))):
            film.move(FadeIn(film.squares[lane], film.words[lane]), seconds=1.0)
            film.scene.hold(0.6)


def titled(film: ExactnessFilm, texts: tuple[str, ...], slot: int) -> Word:
    """The first of these names that fits, over one of the three places."""
    rect = film.place[f"error {slot} name"]
    return heading(rect, first_that_fits(texts, NAME, rect.width, Face.STRONG), film.skin.ink)


def words_of(film: ExactnessFilm, lane: int, slot: int) -> Named:
    """Whose error a square is, over its middle, and beneath it the largest, and of what."""
    most = film.of_what(float(film.found.off[lane].max()), film.place[f"error {slot} most"])
    return Named(titled(film, (NAMES[lane], SHORT[lane]), slot), most, tag="words")


@beat("twist")
def twist(film: ExactnessFilm) -> None:
    """The difference slides over standard attention's error: what is left is FlashAttention's, at most."""
    with film.scene.telling():
        slide_over(film, film.found.apart)


@beat("why")
def why(film: ExactnessFilm) -> None:
    """The cause alone: float64 attention with S and P rounded, and nothing else, is off where standard attention is."""
    found = film.found
    film.between = [film.difference(found.cause * found.magnified, film.place["error 1"]), titled(film, CAUSE, 1)]
    film.between.append(film.of_what(float(found.cause.max()), film.place["error 1 most"]))
    with film.scene.telling():
        film.move(FadeIn(*film.between), seconds=1.0)
        film.scene.hold(0.6)
        slide_over(film, found.cause)


def slide_over(film: ExactnessFilm, values: np.ndarray) -> None:
    """The square in the middle slides over standard attention's; where they overlap only their difference is seen; then it is gone."""
    low, high = film.found.ramp
    stop, start = film.place["error 0"], film.place["error 1"]
    around = Rect(stop.x0, stop.y0, start.x1, start.y1)
    both = [each * film.found.magnified for each in (film.found.off[0], values)]
    overlay = Overlay(both[0], both[1], around, film.skin, 0.0, high - low).place(stop, start)
    overlay.tag = "error"
    square, *words = film.between
    film.scene.add(overlay)
    film.scene.remove(square)

    def slide(share: float) -> None:
        overlay.place(stop, start.toward(stop, share))

    most = film.of_what(float(np.abs(values - film.found.off[0]).max()), film.place["error 0 most"])
    left = Named(titled(film, LEFT, 0), most, tag="words")
    film.move(Shows(overlay, slide, rate_func=ease_in_out_cubic), *(FadeOut(each) for each in (*words, film.words[0])), seconds=OVER)
    film.move(FadeIn(left), seconds=TEXT)
    film.scene.hold(SEEN)
    film.move(FadeOut(overlay, left), FadeIn(film.words[0]), seconds=0.5)
    film.between = []


@beat("rounded")
def rounded(film: ExactnessFilm) -> None:
    """FlashAttention's makes room for the true O, rounded to the dtype: what no output of that dtype can beat everywhere."""
    if film.between:
        film.move(*(FadeOut(each) for each in film.between), seconds=TEXT)
    stop, start = (film.place[f"error {at}"] for at in (1, 2))
    moving = [matrix_to(film.squares[1], stop), shifted(film.words[1], stop.center[0] - start.center[0])]
    with film.scene.telling():
        film.move(*moving, seconds=MOVE)
        film.move(FadeIn(film.squares[-1], film.words[-1]), seconds=1.2)


def shifted(thing: Named, across: float) -> Shows:
    """A thing goes so far to the right."""
    family = [(part, part.points.copy()) for part in thing.get_family() if len(part.points)]

    def show(share: float) -> None:
        for part, points in family:
            part.points = points + np.array([across * share, 0.0, 0.0])

    return Shows(thing, show, rate_func=ease_in_out_cubic)


@beat("ruler")
def ruler(film: ExactnessFilm) -> None:
    """Each square shrinks to a dot on the ruler of the settings' dtype."""
    found, skin, line = film.found.errors[film.found.own], film.skin, film.alone
    film.dtype = dtype_name(line, found, skin.ink)
    axis = axis_of(film, film.scene.shot("rulers")["axis"])
    film.move(*(FadeOut(each) for each in (film.note, *film.words)), seconds=TEXT)
    film.ticks = film.numbered(line)
    film.move(FadeIn(film.scale.at(line), film.dtype, axis, *film.ticks), seconds=TEXT)
    film.lanes = []
    with film.scene.telling():
        for lane, (square, share) in enumerate(zip(film.squares, found.shares, strict=True)):
            spot = film.dots[lane].at((line.x(share), line.heights[lane], 0))
            x, y, _ = spot.get_center()
            film.move(matrix_to(square, centered(float(x), float(y), DOT, DOT)), seconds=STEP)
            film.scene.remove(square)
            film.scene.add(spot)
            film.lanes.append(lane_name(film, line, found, lane))
            film.move(FadeIn(film.lanes[-1]), seconds=0.2)


def called(width: float) -> tuple[tuple[str, ...], float]:
    """Names of the dots and their size: no wider than a third of the ruler."""
    for texts, px in ((NAMES, NAME), (SHORT, NAME), (SHORT, LABEL)):
        if max(text_width(text, px, Face.STRONG) for text in texts) <= width / 3:
            break
    return texts, px


def lane_name(film: ExactnessFilm, line: Ruler, found: Errors, lane: int) -> Word:
    """Whose a dot is, at its left, clear of the mark, and of its number, where that will stand between."""
    text, px, x = film.calls[lane], film.call_px, line.x(found.shares[lane])
    wide, at = text_width(text, px, Face.STRONG), line.x(found.unit)
    right = min(x, number_at(line, found, lane, NAME)) - NEAR
    if right - wide - em(12) < at < right + em(12):  # the mark would go through it
        right = at - em(16)
    return Word(text, px, film.skin.ink, right - wide, line.heights[lane] - 0.36 * em(px), "name dot")


def dtype_name(line: Ruler, found: Errors, color: str) -> Word:
    """The dtype's name, at the end that its mark is far from."""
    head, wide = line.head, text_width(found.dtype, NAME, Face.STRONG)
    left = head.x0 if line.x(found.unit) > head.center[0] else head.x1 - wide
    return Word(found.dtype, NAME, color, left, middle(head, NAME), "dtype")


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
    room = line.rect.width - text_width(found.dtype, NAME, Face.STRONG) - em(NAME)
    text = first_that_fits([each.format(found.mark) for each in UNIT], NAME, room, Face.STRONG)
    wide = text_width(text, NAME, Face.STRONG)
    left = float(np.clip(line.x(found.unit) - wide / 2, line.rect.x0, line.rect.x1 - wide))
    return Word(text, NAME, film.skin.ink, left, middle(line.head, NAME), "unit")


def numbers(film: ExactnessFilm, line: Ruler, found: Errors, px: float) -> list[Word]:
    """How many times the rounding each error is, beside its dot."""
    return [
        Word(text, px, film.skin.ink, number_at(line, found, lane, px), line.heights[lane] - 0.36 * em(px), "times")
        for lane, text in enumerate(found.times)
    ]


def number_at(line: Ruler, found: Errors, lane: int, px: float) -> float:
    """Where a dot's number begins: at the right of the dot, or at its left where the mark would go through it or stand between."""
    x, wide, at = line.x(found.shares[lane]), text_width(found.times[lane], px, Face.STRONG), line.x(found.unit)
    left = x + NEAR
    return x - NEAR - wide if x < at < left + wide + em(8) else left


@beat("dtypes")
def dtypes(film: ExactnessFilm) -> None:
    """The ruler makes room; copies of its mark and dots come down to the other dtypes' rulers, and go to their places there."""
    shrink(film)
    own = film.found.own
    with film.scene.telling():
        for at in (index for index in range(len(film.found.errors)) if index != own):
            line, found = film.rulers[at], film.found.errors[at]
            film.move(come(film, own, at), seconds=2.0)
            words = [mark_name(film, line, found), *counted(film, line, found)]
            film.said += words
            film.move(FadeIn(*words), seconds=TEXT)
            film.scene.hold(0.4)


def shrink(film: ExactnessFilm) -> None:
    """The ruler becomes one of as many as there are dtypes, with a range that holds all; the dots' names go to the legend."""
    start, stop, found = film.alone, film.rulers[film.found.own], film.found.errors[film.found.own]
    film.move(*(FadeOut(each) for each in (*film.times, *film.ticks, film.unit, film.dtype)), seconds=TEXT)
    keys, words = legend(film, film.scene.shot("rulers")["legend"])

    def show(share: float) -> None:
        line = start.toward(stop, share)
        film.scale.at(line)
        stand(line, film.mark, film.dots, found.unit, found.shares)

    moving = Shows(Group(film.scale, film.mark, *film.dots), show, rate_func=ease_in_out_cubic)
    film.scene.remove(*film.lanes)
    film.move(moving, *(fly(word, name) for word, name in zip(words, film.lanes, strict=True)), seconds=MOVE)
    film.on, film.said = {film.found.own: (film.mark, film.dots)}, [mark_name(film, stop, found), *counted(film, stop, found)]
    film.ticks = film.numbered(film.rulers[-1])
    others = [(line, each) for line, each in zip(film.rulers, film.found.errors, strict=True) if each is not found]
    empty = [part for line, each in others for part in (Scale(film.skin, each.dtype).at(line), dtype_name(line, each, film.skin.ink))]
    film.move(FadeIn(*keys, dtype_name(stop, found, film.skin.ink), *film.said, *empty, *film.ticks), seconds=TEXT)


def stand(line: Ruler, mark: Mark, dots: Sequence[Dot], unit: float, shares: Sequence[float]) -> None:
    """A mark and the dots of a dtype, on a ruler."""
    mark.at(line, unit)
    for spot, share, y in zip(dots, shares, line.heights, strict=True):
        spot.at((line.x(share), y, 0))


def counted(film: ExactnessFilm, line: Ruler, found: Errors) -> list[Word]:
    """The dots' numbers; where every step is rounded as the mark says, why both algorithms are beyond it, where there is room."""
    made = numbers(film, line, found, LABEL)
    left, px = max(word.left + word.wide for word in made[: len(SIDES)]) + em(50), LABEL
    if found.every_step:
        text = first_that_fits(STEPS, px, line.rect.x1 - left)
        made.append(Word(text, px, film.skin.ink, left, sum(line.heights[: len(SIDES)]) / 2 - 0.36 * em(px), "steps", Face.TEXT))
    return made


def legend(film: ExactnessFilm, rect: Rect) -> tuple[list[Dot], list[Word]]:
    """Whose each dot is, in one line: dots and words."""
    gap, space = 1.6 * DOT, em(60)
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
    film.on[at] = moved, copies
    return Shows(Group(moved, *copies), show, introducer=True)


@beat("exact")
def exact(film: ExactnessFilm) -> None:
    """Numbers of ever more bits: every mark and every dot goes left, toward 0, which no ruler of octaves has a place for."""
    line = film.rulers[0]
    octaves = (line.rect.x1 - film.scene.shot("rulers").frame.x0 + 2 * DOT) / line.pitch  # all are out of the frame then
    at = film.scene.shot("rulers")["ticks"]
    zero = Word(ZERO, NAME, film.skin.ink, at.x0, middle(at, NAME), "zero")

    def go(share: float) -> None:
        for index, (mark, dots) in film.on.items():
            line, found = film.rulers[index], film.found.errors[index]
            stand(line, mark, dots, found.unit * 2.0 ** -(octaves * share), [each * 2.0 ** -(octaves * share) for each in found.shares])

    everything = [part for mark, dots in film.on.values() for part in (mark, *dots)]
    film.move(*(FadeOut(each) for each in (*film.said, *film.ticks)), seconds=TEXT)
    film.move(FadeIn(zero), seconds=TEXT)
    with film.scene.telling():
        film.move(Shows(Group(*everything), go, rate_func=ease_in_cubic), seconds=AWAY)
        film.scene.remove(*everything)
