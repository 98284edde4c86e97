"""How exact: two outputs slide over each other, what is left is magnified, and each error becomes a dot beside a dtype's rounding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from manim import Group
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz.chapters import exactness
from flashviz.chapters.exactness import NAMES, SHORT, Errors, Exactness, OutputOf, gather, plain
from flashviz.director.film.parts import heading, matrix_to
from flashviz.director.material import provenance
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, NUMBER, Word, amid, first_that_fits, fly, line_width, middle, worded
from flashviz.figures import SUPERSCRIPT, roughly
from flashviz.layout import Rect, centered, columns
from flashviz.layout import rows as split
from flashviz.layout.exactness import Ruler, alone, rulers
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows
from flashviz.mobjects.named import Named
from flashviz.mobjects.overlay import Overlay
from flashviz.mobjects.rulers import BOLD, DOT, Dot, Mark, Scale
from flashviz.mobjects.tiles import Matrix, Rectangles

SIDES = ("left", "right")
CAUSE = ("true O, with S and P rounded", "true O, S and P rounded", "S and P rounded", "S, P")
STEPS = ("every step is rounded to it, in both", "every step rounds", "all round")
SLIDE, MAGNIFY, STEP, TEST = 3.6, 2.4, 0.8, 2.8  # seconds: outputs over each other, their difference larger, a dot, the cause alone
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
        self.set_board(found.beats, {"dtype": self.settings.config.dtype, "ratio": roughly(found.ratio)})
        return ExactnessFilm(self, found)


class ExactnessFilm(ChapterFilm):
    """Everything on stage, made here once."""

    titles: list[Word]
    left: Matrix  # what is left of both outputs
    most: Named
    note: Word  # how far the errors are magnified
    squares: list[Matrix]
    words: list[Named]  # whose they are, and how large
    dtype: Word
    ticks: list[Word]  # of the first ruler
    unit: Word
    lanes: list[Word]  # whose the dots are, on the first ruler
    times: list[Word]

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
        """An error with what it is an error of, in the middle of its place; on more lines where one would be small."""
        rect, largest = rect.inset(em(14), 0.0), self.found.errors[self.found.own].largest
        px = NUMBER if rect.width > em(900) else NAME
        first, number, second = "at most", plain(error), ["of", plain(largest)]
        ways = [[[first, number, *second]], [[first, number], second], [[first], [number], second]]
        lines = next((way for way in ways if max(line_width(line, px) for line in way) <= rect.width), ways[-1])
        words = [word for at, texts in zip(split(rect, len(lines)), lines, strict=True) for word in self.line(at, texts, px)]
        return Named(*words, tag="most", text=" ".join((first, number, *second)))

    def line(self, rect: Rect, texts: list[str], px: float) -> list[Word]:
        """Words in the middle of a place."""
        words = worded(rect, texts, px, [self.skin.ink] * len(texts), "part")
        shift = (rect.x1 - words[-1].left - words[-1].wide) / 2
        return [each.put_at(each.left + shift, each.baseline) for each in words]


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
    cut = f"; brighter than the scale: {found.beyond:.1%}" if found.beyond else ""
    larger = heading(place["note"], f"their difference × {found.magnified:,}{cut}", film.skin.ink)
    film.titles, film.most = [larger], film.of_what(float(found.apart.max()), place["most"])
    with film.scene.telling():
        film.move(FadeOut(note), seconds=TEXT)
        film.move(FadeIn(larger), film.left.to(found.apart * found.magnified), seconds=MAGNIFY)
        film.move(FadeIn(film.most), seconds=TEXT)


@beat("truth")
def truth(film: ExactnessFilm) -> None:
    """Each output beside float64 attention of the same inputs: how far it is off, magnified alike."""
    place, found, skin = film.place, film.found, film.skin
    film.note = heading(place["error note"], f"distance from float64 attention × {found.magnified:,}", skin.ink)
    places = halves(film)
    film.squares = [film.difference(off * found.magnified, rect) for off, rect in zip(found.off, places, strict=True)]
    film.words = [words_of(film, at) for at in range(len(NAMES))]
    for words, at, rect in zip(film.words, range(len(NAMES)), places, strict=True):
        words.shift((rect.center[0] - place[f"error {at}"].center[0], 0, 0))
    film.move(*(FadeOut(each) for each in (film.left, film.most, *film.titles)), FadeIn(film.note), seconds=0.5)
    with film.scene.telling():
        for at in range(len(SIDES)):
            film.move(FadeIn(film.squares[at], film.words[at]), seconds=1.0)
            film.scene.hold(0.6)


def halves(film: ExactnessFilm) -> list[Rect]:
    """Where the errors of both algorithms stand while they are alone, and the third in its own place."""
    first, second, third = (film.place[f"error {at}"] for at in range(len(NAMES)))
    return [*columns(Rect(first.x0, first.y0, third.x1, first.y1), len(SIDES), second.x0 - first.x1), third]


def words_of(film: ExactnessFilm, at: int) -> Named:
    """Whose error a square is, over its middle, and beneath it the largest, and of what."""
    rect, below = film.place[f"error {at} name"], film.place[f"error {at} most"]
    text = first_that_fits((NAMES[at], SHORT[at]), NAME, rect.width, Face.STRONG)
    return Named(heading(rect, text, film.skin.ink), film.of_what(float(film.found.off[at].max()), below), tag="words")


@beat("rounded")
def rounded(film: ExactnessFilm) -> None:
    """Both make room for the true O, rounded to the dtype: what no output of that dtype can beat everywhere."""
    starts = halves(film)[: len(SIDES)]
    stops = [film.place[f"error {at}"] for at in range(len(SIDES))]
    moving = [matrix_to(square, stop) for square, stop in zip(film.squares, stops, strict=False)]
    for words, start, stop in zip(film.words, starts, stops, strict=False):
        moving.append(shifted(words, stop.center[0] - start.center[0]))
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


@beat("factor")
def factor(film: ExactnessFilm) -> None:
    """A bracket from the dot of one algorithm to the other's, and how many times the one is the other."""
    line, found = film.alone, film.found.errors[film.found.own]
    stop, start = (line.x(share) for share in found.shares[: len(SIDES)])
    y, thick, high = sum(line.heights[: len(SIDES)]) / 2, em(5), em(18)
    bracket = Rectangles(film.skin.ink, name="bracket")

    def grow(share: float) -> None:
        end = start + (stop - start) * share
        bars = [[x - thick / 2, y - high, x + thick / 2, y + high] for x in (start, end)]
        bracket.display(np.array([[min(start, end), y - thick / 2, max(start, end), y + thick / 2], *bars]))

    room, texts = line.rect, [roughly(film.found.ratio), "×"]
    half = line_width(texts, NAME) / 2
    x = float(np.clip((start + stop) / 2, room.x0 + half, room.x1 - half))
    words = worded(Rect(x - half, y, room.x1 + half, y + em(1.5 * NAME)), texts, NAME, [film.skin.ink] * len(texts), "part")
    with film.scene.telling():
        film.move(Shows(bracket, grow, rate_func=ease_in_out_cubic, introducer=True), seconds=2.0)
        film.move(FadeIn(*words), seconds=TEXT)
    film.move(FadeOut(bracket, *words), seconds=TEXT)


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
    wide = text_width(found.mark, NAME, Face.STRONG)
    left = float(np.clip(line.x(found.unit) - wide / 2, line.rect.x0, line.rect.x1 - wide))
    return Word(found.mark, NAME, film.skin.ink, left, middle(line.head, NAME), "unit")


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


@beat("why")
def why(film: ExactnessFilm) -> None:
    """The cause alone: a copy of the true O's ring goes where the true O is off whose S and P are rounded, and in nothing else."""
    line, found, lane = film.alone, film.found.errors[film.found.own], len(NAMES) - 1
    start, stop, y = found.shares[lane], film.found.on_the_way, line.heights[lane]
    ring = film.dot(lane, "on the way")

    def go(share: float) -> None:
        ring.at((line.x(start * (stop / start) ** share), y, 0))

    go(0.0)
    right = line.x(stop) - NEAR
    text = first_that_fits(CAUSE, NAME, right - line.x(found.unit) - em(60), Face.STRONG)
    name = Word(text, NAME, film.skin.ink, right - text_width(text, NAME, Face.STRONG), y - 0.36 * em(NAME), "name cause")
    times = Word(f"{roughly(stop / found.unit)} ×", NAME, film.skin.ink, line.x(stop) + NEAR, y - 0.36 * em(NAME), "times cause")
    x, thick = line.x(found.shares[0]), em(3)
    plumb = Rectangles(film.skin.quiet, name="plumb")  # from standard attention's dot down: where the ring is to land
    plumb.display(np.array([[x - thick / 2, y + DOT, x + thick / 2, line.heights[0] - DOT]]))
    with film.scene.telling():
        film.move(Shows(ring, go, rate_func=ease_in_out_cubic, introducer=True), seconds=TEST)
        film.move(FadeIn(plumb), seconds=TEXT)
        film.move(FadeIn(name, times), seconds=TEXT)
    film.scene.hold(1.6)
    film.move(FadeOut(ring, name, times, plumb), seconds=TEXT)


@beat("dtypes")
def dtypes(film: ExactnessFilm) -> None:
    """The ruler makes room; copies of its mark and dots come down to the other dtypes' rulers, and go to their places there."""
    shrink(film)
    own = film.found.own
    with film.scene.telling():
        for at in (index for index in range(len(film.found.errors)) if index != own):
            line, found = film.rulers[at], film.found.errors[at]
            film.move(come(film, own, at), seconds=2.0)
            film.move(FadeIn(mark_name(film, line, found), *counted(film, line, found)), seconds=TEXT)
            film.scene.hold(0.4)


def shrink(film: ExactnessFilm) -> None:
    """The ruler becomes one of as many as there are dtypes, with a range that holds all; the dots' names go to the legend."""
    start, stop, found = film.alone, film.rulers[film.found.own], film.found.errors[film.found.own]
    film.move(*(FadeOut(each) for each in (*film.times, *film.ticks, film.unit, film.dtype)), seconds=TEXT)
    keys, words = legend(film, film.scene.shot("rulers")["legend"])

    def show(share: float) -> None:
        line = start.toward(stop, share)
        film.scale.at(line)
        film.mark.at(line, found.unit)
        for spot, value, y in zip(film.dots, found.shares, line.heights, strict=True):
            spot.at((line.x(value), y, 0))

    moving = Shows(Group(film.scale, film.mark, *film.dots), show, rate_func=ease_in_out_cubic)
    film.scene.remove(*film.lanes)
    film.move(moving, *(fly(word, name) for word, name in zip(words, film.lanes, strict=True)), seconds=MOVE)
    parts = dtype_name(stop, found, film.skin.ink), mark_name(film, stop, found), *counted(film, stop, found)
    others = [(line, each) for line, each in zip(film.rulers, film.found.errors, strict=True) if each is not found]
    empty = [part for line, each in others for part in (Scale(film.skin, each.dtype).at(line), dtype_name(line, each, film.skin.ink))]
    film.move(FadeIn(*keys, *parts, *empty, *film.numbered(film.rulers[-1])), seconds=TEXT)


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
        line = start.toward(stop, down)
        moved.at(line, before.unit ** (1 - along) * after.unit**along)
        for lane, copy in enumerate(copies):
            value = before.shares[lane] ** (1 - along) * after.shares[lane] ** along
            copy.at((line.x(value), line.heights[lane], 0))

    show(0.0)
    return Shows(Group(moved, *copies), show, introducer=True)


@beat("exact")
def exact(film: ExactnessFilm) -> None:
    """A still: errors go with the rounding, over all dtypes."""
    film.scene.hold(0.2)
    film.scene.tell()
