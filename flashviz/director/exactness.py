"""How exact: one score's way through both algorithms, kept on chip or rounded on its way through HBM, and how far off either O is."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from manim import Group, Mobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz.chapters import exactness
from flashviz.chapters.exactness import SIDES, Exactness, OutputOf, ScoreOf, gather
from flashviz.director.film.parts import heading
from flashviz.director.material import provenance
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, NUMBER, ONE_NUMBER, Word, amid, fitted, word
from flashviz.layout import Rect, Shot
from flashviz.layout.exactness import Axis, difference
from flashviz.lettering import Face, em
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, early, late
from flashviz.mobjects.rulers import Dot, Scale
from flashviz.mobjects.tiles import DASH, Matrix, Rectangles, edges, line_of, panel
from flashviz.mobjects.whole import Chip
from flashviz.palette import spread

ON_CHIP, IN_HBM = "on chip: float32", "HBM: {}"
OFF = "off by {}"
NOTES = {"flash": "stays on chip", "standard": "goes out to HBM"}
ZERO = "O in float64"
TERMS = (("O",), (ZERO,), ("what is left", "left"))  # of a difference
MAGNIFIED = ("what is left × {:,}", "left × {:,}", "× {:,}")
ROUNDS = ("rounds {what} to {dtype}", "rounds {what}")
AXIS = (
    "magnified: its largest error, in % of O's largest value", "magnified: error in % of O's largest value",
    "magnified: error in % of O's most",
)  # fmt: skip
REACH = 1.25  # gaps of the dtype that are seen at either side of what the score becomes
DRAW, SNAP, MAGNIFY, LEAVE, GROW = 1.2, 1.3, 1.4, 1.3, 1.6  # seconds: lines of numbers, a rounding, and of an error
DOT = em(22)  # radius


class ExactnessStage(ShotScene):
    """The scene that the errors are shown on."""

    script = exactness.BEATS

    def open(self, run: Callable[..., Any], truth_of: OutputOf, scores_stored: OutputOf, score_rounded: ScoreOf) -> ExactnessFilm:
        """Run both algorithms.

        Args:
            run: ``flashviz_kernels.recorder.run``.
            truth_of: ``flashviz_kernels.exactness.truth_of``.
            scores_stored: ``flashviz_kernels.exactness.scores_stored``.
            score_rounded: ``flashviz_kernels.exactness.score_rounded``.
        """
        found = gather(self.settings.config, self.settings.source, run, truth_of, scores_stored, score_rounded)
        self.provenance = [provenance(trace) for trace in found.traces]
        self.set_board(found.beats, {"dtype": found.score.dtype})
        self.poster = found.beats[-1].name
        return ExactnessFilm(self, found)


class ExactnessFilm(ChapterFilm):
    """Everything on stage, made here once. ``stage``: what leaves before the outputs come; ``numbers``: the score, by lane."""

    lanes: dict[str, Axis]
    numbers: dict[str, Word]
    ring: Dot  # where standard attention's score was
    was: Rectangles  # a dashed line through it
    returned: Word  # standard attention's score, as it was stored

    def __init__(self, scene: ShotScene, found: Exactness) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.dots = {side: Dot(self.skin.scores, hollow=False, name=f"dot {side}", radius=DOT) for side in SIDES}
        self.names: dict[str, Word] = {}
        self.stage: list[Mobject] = []
        self.left: list[Matrix] = []  # of O when O in float64 is taken from it, by side
        self.worst: dict[str, Rect] = {}  # its largest entry
        self.rings: list[Dot] = []  # about it

    def named(self, place: Shot) -> dict[str, Word]:
        """Both algorithms' names, as they stand in a shot."""
        return {side: word(text, NAME, self.skin.ink, place[f"{side} name"], "name") for side, text in SIDES.items()}

    def remember(self, pace: Callable[[float], float]) -> Shows:
        """The dashed line goes on to where the score was in HBM, or comes back from there where the pace runs backwards."""
        x, (above, chip, below) = self.ring.get_center()[0], (lane.y for lane in self.lanes.values())

        def show(share: float) -> None:
            lower = dashes(x, chip - DOT - pace(share) * (chip - DOT - below), chip - DOT)
            self.was.display(np.concatenate([dashes(x, chip + DOT, above - DOT), lower]))

        return Shows(self.was, show)

    def note(self, side: str) -> Word:
        """What becomes of its score, beneath an algorithm's name."""
        return word(NOTES[side], LABEL, self.skin.ink, self.scene.shot("way")[f"{side} note"], "note", Face.TEXT)

    def rounded(self, side: str, what: str) -> Word:
        """What an algorithm rounds, beneath its number."""
        place = self.scene.shot("errors")[f"{side} note"]
        texts = [text.format(what=what, dtype=self.found.score.dtype) for text in ROUNDS]
        return fitted(texts, LABEL, self.skin.ink, place, "rounds", Face.TEXT)

    def number(self, value: float, lane: str) -> Word:
        """A score over its place on a line."""
        return heading(self.lanes[lane].over(value), self.found.score.written(value), self.skin.ink, NUMBER)


def percent(share: float) -> str:
    """To two digits, however small, without a power of ten."""
    return np.format_float_positional(100 * share, precision=2, unique=False, fractional=False).rstrip(".") + "%"


# --------------------------------------------------------------------------------------------------------------- beats


@beat("score")
def score(film: ExactnessFilm) -> None:
    """A line of numbers for each algorithm, on chip; the same score stands on both."""
    place, skin, found = film.scene.shot("way"), film.skin, film.found.score
    film.lanes = {lane: Axis(place[lane], found.stored, REACH * found.gap) for lane in (*SIDES, "stored")}
    chip = Chip(skin).place(place["chip"])
    film.names = film.named(place)
    lines = [Scale(skin, side, film.lanes[side]) for side in SIDES]
    hbm = panel(place["HBM"], fill=skin.ground, edge=skin.edge)
    where = [
        word(text, LABEL, skin.ink, place[f"{part} name"], "where", Face.TEXT)
        for part, text in (("chip", ON_CHIP), ("HBM", IN_HBM.format(found.dtype)))
    ]
    film.numbers = {side: film.number(found.score, side) for side in SIDES}
    film.move(FadeIn(chip, hbm, *where, *film.names.values()), seconds=TEXT)
    with film.scene.telling():
        film.move(*(Shows(line, line.reach, introducer=True) for line in lines), seconds=DRAW)
        for side, dot in film.dots.items():
            dot.at((film.lanes[side].x(found.score), film.lanes[side].y, 0))
        film.move(FadeIn(*film.dots.values(), *film.numbers.values()), seconds=TEXT)
    film.stage = [chip, hbm, *where, *lines]


@beat("store")
def store(film: ExactnessFilm) -> None:
    """HBM has the dtype's numbers only, each a tick: standard attention's score goes down to it, and on to the nearest."""
    skin, found, dot = film.skin, film.found.score, film.dots["standard"]
    above, chip, below = film.lanes.values()
    start, stop = chip.x(found.score), chip.x(found.stored)
    ticks = [amid((found.written(each),), skin.ink, below.under(each), "tick") for each in found.neighbours]
    line = Scale(skin, "stored", below, found.neighbours)
    film.ring = Dot(skin.scores, hollow=True, name="ring", radius=DOT).at((start, chip.y, 0))
    film.was = Rectangles(skin.quiet, name="was").display(dashes(start, chip.y + DOT, above.y - DOT))
    film.returned = film.number(found.stored, "stored")
    number, notes = film.numbers["standard"], {side: film.note(side) for side in SIDES}
    film.move(FadeIn(line, *ticks), seconds=2 * TEXT)
    film.scene.add(film.was, film.ring, dot)
    with film.scene.telling():
        film.move(carried(dot, number, below.y), FadeIn(notes["standard"]), seconds=MOVE)
        film.scene.hold(0.4)
        film.move(
            Shows(dot, lambda share: dot.at((start + (stop - start) * share, below.y, 0)), rate_func=ease_in_out_cubic),
            FadeOut(number, rate_func=early), film.remember(late), seconds=SNAP,
        )  # fmt: skip
        film.move(FadeIn(film.returned), seconds=TEXT)
        film.scene.hold(0.4)
        film.move(FadeIn(notes["flash"]), seconds=TEXT)
    film.stage += [line, *ticks, film.was, film.ring, *notes.values()]


def carried(dot: Dot, number: Word, to: float) -> Shows:
    """A dot goes up or down to another height, and its number with it."""
    x, start, baseline = dot.get_center()[0], dot.get_center()[1], number.baseline

    def show(share: float) -> None:
        dot.at((x, start + (to - start) * share, 0))
        number.put_at(number.left, baseline + (to - start) * share)

    return Shows(Group(dot, number), show, rate_func=ease_in_out_cubic)


def dashes(x: float, low: float, high: float) -> np.ndarray:
    """[n, 4] boxes of an upright dashed line."""
    y, half = np.arange(low, high, 2 * DASH), em(4) / 2
    return np.stack([x - half + 0 * y, y, x + half + 0 * y, np.minimum(y + DASH, high)], 1)


@beat("back")
def back(film: ExactnessFilm) -> None:
    """The rounded score comes back to the chip, beside where it was: so much is it off; FlashAttention's stands where it stood."""
    skin, found, dot = film.skin, film.found.score, film.dots["standard"]
    chip = film.lanes["standard"]
    start, stop = chip.x(found.score), chip.x(found.stored)
    off = Rectangles(skin.hue("error"), name="off")
    off.display(np.array([[min(start, stop) + DOT, chip.y - em(6), max(start, stop) - DOT, chip.y + em(6)]]))
    size = heading(chip.under((found.score + found.stored) / 2), OFF.format(found.written(found.off)), skin.hue("error"), NAME)
    with film.scene.telling():
        film.move(carried(dot, film.returned, chip.y), film.remember(lambda share: 1 - late(share)), seconds=MOVE)
        film.scene.hold(0.5)
        film.move(FadeIn(off, size), seconds=TEXT)
    film.stage += [film.numbers["flash"], film.returned, off, size]


@beat("apart")
def apart(film: ExactnessFilm) -> None:
    """Of either algorithm O minus O in float64 leaves nothing that is seen; magnified it is, and its largest entry is ringed."""
    place, skin, found = film.scene.shot("errors"), film.skin, film.found
    if film.stage:
        film.move(FadeOut(*film.stage, *film.names.values(), *film.dots.values()), seconds=TEXT)
    pairs = list(zip(*(terms(film, side, place[side]) for side in SIDES), strict=True))  # of both sides, term by term
    rects, below = difference(place["flash"])[0], place["zero name"]
    under = [Rect(rect.x0, below.y0, rect.x1, below.y1) for rect in rects]
    said = [amid(texts, skin.ink, rect, "where") for texts, rect in zip(TERMS, under, strict=True)]
    magnified = amid([text.format(found.power) for text in MAGNIFIED], skin.ink, under[-1], "where")
    names = film.named(place).values()
    film.stage = [*(part for pair in pairs for term in pair for part in term), *said[:-1], magnified, *film.rings]
    with film.scene.telling():
        for pair, term, first in zip(pairs, said, (names, (), ()), strict=True):
            film.move(FadeIn(*first, *(part for each in pair for part in each), term), seconds=2 * TEXT)
            film.scene.hold(0.5)
        film.move(
            *(left.to(found.power * left.values) for left in film.left), FadeOut(said[-1], rate_func=early),
            FadeIn(magnified, rate_func=late), seconds=MAGNIFY,
        )  # fmt: skip
        film.move(FadeIn(*film.rings), seconds=TEXT)


def terms(film: ExactnessFilm, side: str, rect: Rect) -> list[list[Mobject]]:
    """O, minus O in float64, equals what is left: pictures and signs, term by term. Where its largest entry is becomes known."""
    found, skin = film.found, film.skin
    (o, truth, left), (minus, equals) = difference(rect)
    low, high = spread(found.truths[side])
    film.left.append(Matrix(found.left[side].T, left, skin, "error", 0.0, 1.0))
    film.worst[side] = entry(left, found.left[side].T)
    film.rings.append(Dot(skin.ink, hollow=True, name=f"ring {side}", radius=DOT).at(film.worst[side].center))
    return [
        [Matrix(found.outputs[side].T, o, skin, "O", low, high)],
        [heading(minus, "−", skin.ink, NUMBER), Matrix(found.truths[side].T, truth, skin, "O", low, high)],
        [heading(equals, "=", skin.ink, NUMBER), film.left[-1]],
    ]


def entry(rect: Rect, values: np.ndarray) -> Rect:
    """Where the largest of a picture's values [rows, cols] is."""
    row, col = divmod(int(values.argmax()), values.shape[1])
    line = line_of(rect, len(values), row)
    return line.beyond(col * line.width / values.shape[1]).left(line.width / values.shape[1])


def measure(film: ExactnessFilm) -> None:
    """Both largest entries become bars, as fast, each to its end; then its number comes, and what was rounded on the way to it."""
    place, skin, shares = film.scene.shot("errors"), film.skin, film.found.shares
    bars = {side: Rectangles(skin.hue("error"), name=f"bar {side}") for side in SIDES}
    least, most = sorted(shares.values())

    def bar(side: str, share: float) -> Rect:
        return place[side].left(place[side].width * min(share, shares[side]) / most)

    def leave(side: str, share: float) -> None:
        bars[side].display(edges([film.worst[side].toward(bar(side, least), share)]))

    def grow(side: str, share: float) -> None:
        bars[side].display(edges([bar(side, least + (most - least) * share)]))

    zero = Rectangles(skin.ink, name="zero").display(edges([place["zero"]]))
    axis = fitted(AXIS, LABEL, skin.ink, place["axis"], "where", Face.TEXT)
    numbers = [word(percent(shares[side]), ONE_NUMBER, skin.ink, place[f"{side} number"], "value") for side in SIDES]
    notes = [film.rounded(side, what) for side, what in film.found.rounded.items()]
    with film.scene.telling():
        film.move(
            FadeOut(*film.stage, rate_func=early), FadeIn(zero, amid((ZERO,), skin.ink, place["zero name"], "where"), axis, rate_func=late),
            *(Shows(bars[side], partial(leave, side), rate_func=ease_in_out_cubic, introducer=True) for side in SIDES), seconds=LEAVE,
        )  # fmt: skip
        film.move(*(Shows(bars[side], partial(grow, side)) for side in SIDES), seconds=GROW)
        film.move(FadeIn(*numbers), seconds=TEXT)
        if notes:
            film.scene.hold(0.5)
            film.move(FadeIn(*notes), seconds=TEXT)


@beat("exact")
def exact(film: ExactnessFilm) -> None:
    """The largest errors grow from the line, as fast, each to its end: FlashAttention's is the smaller."""
    measure(film)


@beat("equal")
def equal(film: ExactnessFilm) -> None:
    """The largest errors grow from the line, as fast, each to its end: about as far."""
    measure(film)
