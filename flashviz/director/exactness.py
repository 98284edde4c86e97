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
from flashviz.director.words import LABEL, NAME, NUMBER, ONE_NUMBER, Counter, Word, amid, fitted, fly, slid, word
from flashviz.layout import Rect, Shot
from flashviz.layout.exactness import Axis
from flashviz.lettering import Face, em
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, early, late
from flashviz.mobjects.rulers import Dot, Scale
from flashviz.mobjects.tiles import DASH, Matrix, Rectangles, edges, line_of, panel
from flashviz.mobjects.whole import Chip
from flashviz.palette import spread

ON_CHIP, IN_HBM = "on chip: float32", "HBM: {}"
OFF = "off by {}"
NOTES = {"flash": "S stays on chip", "standard": "S goes out to HBM"}
MADE = "O = softmax(S) V"
MINUS = ("O − O in float64", "O − float64's O")
ERROR = "error × {:,}"
LARGEST, SHARE = "largest error", "of O's largest value"
AXIS = ("a column is one query's O: {d} numbers", "a column: one query's O")
REACH = 1.25  # gaps of the dtype that are seen at either side of what the score becomes
DRAW, SNAP, TAKEN, MAGNIFIED, FOUND = 1.0, 1.3, 2.6, 3.0, 1.2  # seconds: of lines, a rounding, a difference, an error, and the largest one
DOT, RIM = em(22), em(5)  # radius, and how thick what sets a ring off is


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
        self.set_board(found.beats, {"dtype": found.score.dtype, "power": f"{found.power:,}"})
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
        self.notes: dict[str, Word] = {}  # beneath them
        self.stage: list[Mobject] = []
        self.left: dict[str, Matrix] = {}  # of O when O in float64 is taken from it
        self.what: list[Word] = []  # what either picture shows

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

    def noted(self, place: Shot) -> dict[str, Word]:
        """What becomes of either's scores, beneath its name."""
        return {side: word(text, LABEL, self.skin.ink, place[f"{side} note"], "note", Face.TEXT) for side, text in NOTES.items()}

    def number(self, value: float, lane: str) -> Word:
        """A score over its place on a line."""
        return heading(self.lanes[lane].over(value), self.found.score.written(value), self.skin.ink, NUMBER)


def percent(share: float) -> str:
    """To two digits, however small, without a power of ten."""
    return np.format_float_positional(100 * share, precision=2, unique=False, fractional=False).rstrip(".") + "%"


# --------------------------------------------------------------------------------------------------------------- beats


@beat("score")
def score(film: ExactnessFilm) -> None:
    """A line of numbers for each algorithm, on chip, and HBM's, which has the dtype's only, each a tick; the same score on chip, twice."""
    place, skin, found = film.scene.shot("way"), film.skin, film.found.score
    film.lanes = {lane: Axis(place[lane], found.stored, REACH * found.gap) for lane in (*SIDES, "stored")}
    chip = Chip(skin).place(place["chip"])
    film.names = film.named(place)
    lines = [*(Scale(skin, side, film.lanes[side]) for side in SIDES), Scale(skin, "stored", film.lanes["stored"], found.neighbours)]
    ticks = [amid((found.written(each),), skin.ink, film.lanes["stored"].under(each), "tick") for each in found.neighbours]
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
        film.move(FadeIn(*film.dots.values(), *film.numbers.values(), *ticks), seconds=TEXT)
    film.stage = [chip, hbm, *where, *lines, *ticks]


@beat("store")
def store(film: ExactnessFilm) -> None:
    """Standard attention's score goes down to HBM, and on to the nearest of its numbers; FlashAttention's stays."""
    skin, found, dot = film.skin, film.found.score, film.dots["standard"]
    above, chip, below = film.lanes.values()
    start, stop = chip.x(found.score), chip.x(found.stored)
    film.ring = Dot(skin.scores, hollow=True, name="ring", radius=DOT).at((start, chip.y, 0))
    film.was = Rectangles(skin.quiet, name="was")
    film.returned = film.number(found.stored, "stored")
    number, film.notes = film.numbers["standard"], film.noted(film.scene.shot("way"))
    film.scene.add(film.was, film.ring, dot)
    with film.scene.telling():
        low, high = chip.y + DOT, above.y - DOT
        reaching = Shows(film.was, lambda share: film.was.display(dashes(start, high - (high - low) * share, high)), rate_func=late)
        film.move(carried(dot, number, below.y), reaching, FadeIn(film.notes["standard"]), seconds=MOVE)
        film.scene.hold(0.4)
        film.move(
            Shows(dot, lambda share: dot.at((start + (stop - start) * share, below.y, 0)), rate_func=ease_in_out_cubic),
            FadeOut(number, rate_func=early), film.remember(late), seconds=SNAP,
        )  # fmt: skip
        film.move(FadeIn(film.returned), seconds=TEXT)
        film.scene.hold(0.4)
        film.move(FadeIn(film.notes["flash"]), seconds=TEXT)
    film.stage += [film.was, film.ring]


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
    """Both outputs look the same; from left to right O in float64 is taken from either, and what is left is dark."""
    place, skin = film.scene.shot("errors"), film.skin
    names = [*film.named(place).values(), *film.noted(place).values()]
    come: list[Shows | FadeIn] = [FadeIn(*names)]
    if film.stage:
        film.move(FadeOut(*film.stage, *film.dots.values()), seconds=TEXT)
        come = [slid(old, new.left, new.baseline) for old, new in zip((*film.names.values(), *film.notes.values()), names, strict=True)]
    outputs = [picture(film, side, "O") for side in SIDES]
    film.left = {side: picture(film, side, "error") for side in SIDES}
    film.what = [word(MADE, NAME, skin.ink, place[f"{side} what"], "what") for side in SIDES]
    minus = [fitted(MINUS, NAME, skin.hue("error"), place[f"{side} what"], "what") for side in SIDES]
    axis = [text.format(d=len(film.left["flash"].values)) for text in AXIS]
    columns = fitted(axis, LABEL, skin.ink, place["axis"], "where", Face.TEXT)
    edge = Rectangles(skin.ink, name="edge")
    film.move(*come, FadeIn(*outputs, *film.what, columns, rate_func=late), seconds=MOVE)
    film.scene.hold(0.6)
    with film.scene.telling():
        film.move(FadeOut(*film.what, rate_func=early), FadeIn(*minus, rate_func=late), seconds=2 * TEXT)
        film.what = minus
        film.scene.add(*film.left.values(), *outputs, edge)  # what is left lies beneath
        film.move(Shows(Group(*film.left.values(), *outputs, edge), partial(taken, outputs, edge)), seconds=TAKEN)
        film.scene.remove(*outputs, edge)


def picture(film: ExactnessFilm, side: str, tensor: str) -> Matrix:
    """O of one side, a column for each query, or how far off it is, as bright as it is large beside O's largest value."""
    found, rect = film.found, film.scene.shot("errors")[side]
    if tensor == "error":
        return Matrix(found.left[side].T, rect, film.skin, tensor, 0.0, 1.0)
    return Matrix(found.outputs[side].T, rect, film.skin, tensor, *spread(found.truths[side]))


def taken(outputs: list[Matrix], edge: Rectangles, share: float) -> None:
    """So many columns of both outputs are gone, up to an edge."""
    rects = [output.rect for output in outputs]
    for output in outputs:
        pixels = output.pixels(output.values)
        pixels[:, : round(share * pixels.shape[1]), -1] = 0
        output.image.pixel_array = pixels
    edge.display(edges([Rect(x - em(3), rect.y0, x + em(3), rect.y1) for rect in rects for x in (rect.x0 + share * rect.width,)]))


@beat("magnify")
def magnify(film: ExactnessFilm) -> None:
    """What is left of both gets brighter, as fast, until FlashAttention's is seen as well."""
    place, skin, power = film.scene.shot("errors"), film.skin, film.found.power
    counters = {side: Counter(skin.hue("error"), "what") for side in SIDES}

    def show(share: float) -> None:
        times = round(1 + share**2 * (power - 1))
        for side, counter in counters.items():
            film.left[side].display(times * film.found.left[side].T)
            counter.say(word(ERROR.format(times), NAME, skin.hue("error"), place[f"{side} what"], "what"))

    show(0.0)
    film.move(FadeOut(*film.what, rate_func=early), FadeIn(*counters.values(), rate_func=late), seconds=2 * TEXT)
    with film.scene.telling():
        film.move(Shows(Group(*film.left.values(), *counters.values()), show), seconds=MAGNIFIED)


def largest(film: ExactnessFilm) -> None:
    """The largest entry of either is ringed, and its number comes out of the ring."""
    place, skin, found = film.scene.shot("errors"), film.skin, film.found
    rings, flown = list[Dot](), list[Shows]()
    for side, left in film.left.items():
        center = entry(left.rect, found.left[side].T).center
        rings += [Dot(skin.ground, hollow=True, name="halo", radius=radius).at(center) for radius in (DOT - RIM, DOT + RIM)]
        rings.append(Dot(skin.ink, hollow=True, name=f"ring {side}", radius=DOT).at(center))
        number = word(percent(found.shares[side]), ONE_NUMBER, skin.ink, place[f"{side} number"], "value")
        flown.append(fly(number, heading(Rect(*center[:2], *center[:2]).inset(-number.wide), number.text, skin.ink, LABEL)))
    said = [
        word(text, LABEL, skin.ink, place[f"{side} {part}"], "where", Face.TEXT)
        for side in SIDES for part, text in (("largest", LARGEST), ("share", SHARE))
    ]  # fmt: skip
    film.move(FadeIn(*rings, *said), seconds=2 * TEXT)
    with film.scene.telling():
        film.move(*flown, seconds=FOUND)


def entry(rect: Rect, values: np.ndarray) -> Rect:
    """Where the largest of a picture's values [rows, cols] is."""
    row, col = divmod(int(values.argmax()), values.shape[1])
    line = line_of(rect, len(values), row)
    return line.beyond(col * line.width / values.shape[1]).left(line.width / values.shape[1])


@beat("exact")
def exact(film: ExactnessFilm) -> None:
    """Both largest errors are ringed and written: FlashAttention's is the smaller."""
    largest(film)


@beat("equal")
def equal(film: ExactnessFilm) -> None:
    """Both largest errors are ringed and written: about as large."""
    largest(film)
