"""How exact: how far off either O is, and one score, kept on chip or rounded on its way through HBM, followed into the worst entry."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from manim import Group, Mobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz.chapters import exactness
from flashviz.chapters.exactness import SIDES, Exactness, OutputOf, RowOf, gather
from flashviz.director.film.parts import heading
from flashviz.director.material import provenance
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, NUMBER, Counter, Word, amid, fitted, fly, slid, word
from flashviz.layout import Rect, Shot, centered
from flashviz.layout.exactness import TALL, Axis
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, early, late
from flashviz.mobjects.rulers import Dot, Scale
from flashviz.mobjects.tiles import Matrix, Rectangles, dashed, edges, line_of, panel, span
from flashviz.mobjects.whole import Chip
from flashviz.palette import spread

ON_CHIP, IN_HBM = "on chip: float32", "HBM: {}"
OFF = "off by {}"
ENTRY_OF = ("off in O of query {}; its score for key {}", "off: query {}, key {}", "query {}, key {}")
TICKS = ("a tick: a {} number", "ticks: {}")
APART = ("{} apart", "{}")
NOTES = {"flash": "S stays on chip", "standard": "S goes out to HBM"}
ROUNDED = {"flash": "rounds P and O to {}", "standard": "rounds S, P and O to {}"}
ENTRY = ("O of query {}, entry {} = softmax of its row of S, times V", "O of query {}, entry {} = softmax(S) V", "O: query {}, entry {}")
TRUTH = "exact: float64"
MADE, MINUS = "its O", ("its O − float64's O", "O − float64's O")
ERROR, MOST = "error × {:,}", "largest error"
AXIS = ("a column is one query's O: {d} numbers of up to {most:.2f}", "a column: one query's O")
REACH = 1.25  # gaps of the dtype that are seen at either side of what the score becomes
NEAR = 1.1  # times the distance of two values that is seen of a line in all
# seconds: of lines, a rounding, a difference, an error, and the largest one
DRAW, SNAP, TAKEN, MAGNIFIED, FOUND = 0.7, 1.1, 2.4, 2.8, 1.4
DOT, RIM = em(22), em(5)  # radius, and how thick what sets a ring off is
SOON = 0.6  # a power of the share: the first doublings, of which nothing is seen, are over soon


class ExactnessStage(ShotScene):
    """The scene that the errors are shown on."""

    script = exactness.BEATS

    def open(self, run: Callable[..., Any], truth_of: OutputOf, scores_stored: OutputOf, row_of: RowOf) -> ExactnessFilm:
        """Run both algorithms.

        Args:
            run: ``flashviz_kernels.recorder.run``.
            truth_of: ``flashviz_kernels.exactness.truth_of``.
            scores_stored: ``flashviz_kernels.exactness.scores_stored``.
            row_of: ``flashviz_kernels.exactness.row_furthest``.
        """
        found = gather(self.settings.config, self.settings.source, run, truth_of, scores_stored, row_of)
        self.provenance = [provenance(trace) for trace in found.traces]
        self.set_board(found.beats, {"dtype": found.dtype, "power": f"{found.power:,}"})
        return ExactnessFilm(self, found)


class ExactnessFilm(ChapterFilm):
    """Everything on stage, made here once. ``stage``: what leaves before the next shot; ``numbers``: what is followed, by lane."""

    lanes: dict[str, Axis]
    lines: dict[str, Scale]
    numbers: dict[str, Word]
    ring: Dot  # where standard attention's score was, and what comes of it, were it not rounded
    was: Rectangles  # a dashed line through it
    gap: Rectangles  # from there to what standard attention has
    off: Word  # by how much that is
    chip: Chip
    largest: Word  # standard attention's error, in its ring

    def __init__(self, scene: ShotScene, found: Exactness) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.dots = {side: Dot(self.skin.scores, hollow=False, name=f"dot {side}", radius=DOT) for side in SIDES}
        self.names: dict[str, Word] = {}
        self.notes: dict[str, Word] = {}  # beneath them
        self.stage: list[Mobject] = []
        self.outputs: list[Matrix] = []
        self.left: dict[str, Matrix] = {}  # of O when O in float64 is taken from it
        self.what: list[Word | Counter] = []  # what either picture shows
        self.axis: list[Word] = []  # what the pictures' columns are

    def named(self, place: Shot) -> dict[str, Word]:
        """Both algorithms' names, as they stand in a shot."""
        return {side: word(text, NAME, self.skin.ink, place[f"{side} name"], "name") for side, text in SIDES.items()}

    def remember(self, pace: Callable[[float], float]) -> Shows:
        """The dashed line goes on to where the score was in HBM, or comes back from there where the pace runs backwards."""
        x, (above, chip, below) = self.ring.get_center()[0], (lane.y for lane in self.lanes.values())

        def show(share: float) -> None:
            lower = dashed(x, chip - DOT - pace(share) * (chip - DOT - below), chip - DOT)
            self.was.display(np.concatenate([dashed(x, chip + DOT, above - DOT), lower]))

        return Shows(self.was, show)

    def noted(self, place: Shot, *, rounds: bool = False) -> dict[str, Word]:
        """What becomes of either's scores, beneath its name, or what it ``rounds``: float32 is rounded to nothing less."""
        notes = ROUNDED if rounds and self.found.narrow else NOTES
        return {
            side: word(text.format(self.found.dtype), LABEL, self.skin.ink, place[f"{side} note"], "note", Face.TEXT)
            for side, text in notes.items()
            if f"{side} note" in place
        }

    def number(self, text: str, value: float, lane: str) -> Word:
        """A value over its place on a line."""
        return heading(self.lanes[lane].over(value), text, self.skin.ink, NUMBER)

    def called(self, place: Shot) -> list[Shows]:
        """Names come to their places in another shot."""
        return [slid(self.names[side], to.left, to.baseline) for side, to in self.named(place).items()]

    def cell(self, side: str) -> Rect:
        """Where a picture's largest error is."""
        return largest_of(self.scene.shot("errors")[side], self.found.left[side].T)


# --------------------------------------------------------------------------------------------------------------- beats


@beat("outputs")
def outputs(film: ExactnessFilm) -> None:
    """Both outputs, large: they look the same."""
    place, skin = film.scene.shot("errors"), film.skin
    film.names, film.outputs = film.named(place), [picture(film, side, "O") for side in SIDES]
    for name in film.names.values():
        name.set_z_index(1, family=True)  # over the chip that comes
    film.what = [word(MADE, NAME, skin.hue("O"), place[f"{side} what"], "what") for side in SIDES]
    film.axis = [columns(film)]
    film.move(FadeIn(*film.outputs, *film.what, *film.axis, *film.names.values()), seconds=TEXT)
    with film.scene.telling():
        film.scene.hold(TEXT)


def columns(film: ExactnessFilm) -> Word:
    """What a column of either picture is."""
    texts = [text.format(d=len(film.found.left["flash"].T), most=film.found.largest) for text in AXIS]
    return fitted(texts, LABEL, film.skin.ink, film.scene.shot("errors")["axis"], "where", Face.TEXT)


def picture(film: ExactnessFilm, side: str, tensor: str) -> Matrix:
    """O of one side, a column for each query, or how far off it is, as bright as it is large beside O's largest value."""
    found, rect = film.found, film.scene.shot("errors")[side]
    if tensor == "error":
        return Matrix(found.left[side].T, rect, film.skin, tensor, 0.0, 1.0)
    return Matrix(found.outputs[side].T, rect, film.skin, tensor, *spread(found.truths[side]))


@beat("apart")
def apart(film: ExactnessFilm) -> None:
    """From left to right O in float64 is taken from either output, and what is left is dark."""
    place, skin, made = film.scene.shot("errors"), film.skin, film.what
    film.left = {side: picture(film, side, "error") for side in SIDES}
    film.what = [fitted(MINUS, NAME, skin.hue("error"), place[f"{side} what"], "what") for side in SIDES]
    edge = Rectangles(skin.ink, name="edge")
    film.move(FadeOut(*made, rate_func=early), FadeIn(*film.what, rate_func=late), seconds=2 * TEXT)
    with film.scene.telling():
        film.scene.add(*film.left.values(), *film.outputs, edge)  # what is left lies beneath
        film.move(Shows(Group(*film.left.values(), *film.outputs, edge), partial(taken, film.outputs, edge)), seconds=TAKEN)
        film.scene.remove(*film.outputs, edge)


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
    """What is left of both is doubled again and again, until both are seen."""
    power = film.found.power
    counters = {side: Counter(film.skin.hue("error"), "what") for side in SIDES}

    def show(share: float) -> None:
        times = 2 ** round(share**SOON * math.log2(power))
        for side, counter in counters.items():
            film.left[side].display(times * film.found.left[side].T)
            counter.say(magnified(film, side, times))

    show(0.0)
    film.move(FadeOut(*film.what, rate_func=early), FadeIn(*counters.values(), rate_func=late), seconds=2 * TEXT)
    with film.scene.telling():
        film.move(Shows(Group(*film.left.values(), *counters.values()), show), seconds=MAGNIFIED)
    film.what = list(counters.values())


def magnified(film: ExactnessFilm, side: str, times: int) -> Word:
    """What a picture shows: errors, so many times as large."""
    return word(ERROR.format(times), NAME, film.skin.hue("error"), film.scene.shot("errors")[f"{side} what"], "what")


@beat("worst")
def worst(film: ExactnessFilm) -> None:
    """Standard attention's largest error is ringed, and its number stands beside it."""
    rings, (ground, film.largest) = ringed(film, "standard"), beside(film, "standard")
    film.move(FadeIn(*rings), seconds=TEXT)
    with film.scene.telling():
        film.scene.hold(TEXT)
        film.move(FadeIn(ground, film.largest), seconds=TEXT)
    film.stage = [*film.left.values(), *film.what, *film.axis, *rings, ground]


def ringed(film: ExactnessFilm, side: str) -> list[Dot]:
    """A ring about a picture's largest error, with a rim that sets it off."""
    skin, center = film.skin, film.cell(side).center
    looks = ((skin.ground, "halo", DOT - RIM), (skin.ground, "halo", DOT + RIM), (skin.ink, f"ring {side}", DOT))
    return [Dot(color, hollow=True, name=name, radius=radius).at(center) for color, name, radius in looks]


def beside(film: ExactnessFilm, side: str) -> tuple[Rectangles, Word]:
    """The error in a ring, beside it, where there is more room; and a ground on which it can be read."""
    text, rect, skin = film.found.written(film.found.errors[side]), film.scene.shot("errors")[side], film.skin
    wide, pad, (x, y, _) = text_width(text, NUMBER, Face.STRONG), em(14), film.cell(side).center
    left = x - 2 * DOT - wide - pad if x > rect.center[0] else x + 2 * DOT + pad
    y = min(max(y, rect.y0 + em(NUMBER) / 2), rect.y1 - em(NUMBER) / 2)
    ground = Rectangles(skin.ground, name="ground")
    ground.display(edges([centered(left + wide / 2, y, wide + 2 * pad, em(NUMBER))]))
    return ground, Word(text, NUMBER, skin.hue("error"), left, y - 0.36 * em(NUMBER), "largest")


def largest_of(rect: Rect, values: np.ndarray) -> Rect:
    """Where the largest of a picture's values [rows, cols] is."""
    row, col = divmod(int(values.argmax()), values.shape[1])
    line = line_of(rect, len(values), row)
    return line.beyond(col * line.width / values.shape[1]).left(line.width / values.shape[1])


@beat("score")
def score(film: ExactnessFilm) -> None:
    """A line of numbers for each algorithm, on chip, and HBM's, which has the dtype's only, each a tick; the same score on chip, twice."""
    place, skin, followed = film.scene.shot("way"), film.skin, film.found.followed
    found = followed.score
    film.lanes = {lane: Axis(place[lane], found.stored, REACH * found.gap) for lane in (*SIDES, "stored")}
    film.chip = Chip(skin).place(place["chip"])
    film.lines = {side: Scale(skin, side, film.lanes[side]) for side in SIDES}
    stored = Scale(skin, "stored", film.lanes["stored"], found.neighbours)
    ticks = [amid((found.written(each),), skin.ink, film.lanes["stored"].under(each), "tick") for each in found.neighbours]
    apart = distance(film)
    hbm = panel(place["HBM"], fill=skin.ground, edge=skin.edge)
    where = [
        word(text, LABEL, skin.ink, place[f"{part} name"], "where", Face.TEXT)
        for part, text in (("chip", ON_CHIP), ("HBM", IN_HBM.format(found.dtype)))
    ]
    where.append(fitted([text.format(found.dtype) for text in TICKS], LABEL, skin.ink, place["HBM note"], "where", Face.TEXT))
    error = word(film.largest.text, NAME, skin.hue("error"), place["what"], "largest")
    room = place["what"].beyond(error.wide + em(20))
    which = fitted([text.format(followed.query, followed.key) for text in ENTRY_OF], NAME, skin.ink, room, "which")
    film.numbers = {side: film.number(found.written(found.score), found.score, side) for side in SIDES}
    for side, dot in film.dots.items():
        dot.at((film.lanes[side].x(found.score), film.lanes[side].y, 0))
    film.scene.remove(film.largest)
    film.move(
        FadeOut(*film.stage, rate_func=early), *film.called(place),
        FadeIn(film.chip, hbm, *where, which, *film.lines.values(), *film.dots.values(), *film.numbers.values(), rate_func=late),
        fly(error, film.largest), seconds=MOVE,
    )  # fmt: skip
    with film.scene.telling():
        film.move(Shows(stored, stored.reach, introducer=True), seconds=DRAW)
        film.move(FadeIn(*ticks, *apart), seconds=TEXT)
    film.stage = [hbm, *where, error, which, stored, *ticks, *apart]


def distance(film: ExactnessFilm) -> tuple[Rectangles, Word]:
    """From one number of the dtype to the next, measured where the score will not come."""
    found, lane = film.found.followed.score, film.lanes["stored"]
    pairs = sorted(itertools.pairwise(found.neighbours), key=lambda pair: abs(sum(pair) / 2 - found.score))
    room = lane.between(*pairs[-1]).inset(em(6), 0.0)
    line = Rectangles(film.skin.quiet, name="apart")
    line.display(span(room.x0, room.x1, room.y0 + em(16), em(2), TALL / 2))
    return line, amid([text.format(found.apart) for text in APART], film.skin.ink, room.above(em(30)), "where")


@beat("store")
def store(film: ExactnessFilm) -> None:
    """Standard attention's score goes down to HBM, and on to the nearest of its numbers; FlashAttention's stays."""
    skin, found, dot = film.skin, film.found.followed.score, film.dots["standard"]
    above, chip, below = film.lanes.values()
    start, stop = chip.x(found.score), chip.x(found.stored)
    film.ring = Dot(skin.scores, hollow=True, name="ring", radius=DOT).at((start, chip.y, 0))
    film.was, film.notes = Rectangles(skin.quiet, name="was"), film.noted(film.scene.shot("way"))
    film.scene.add(film.was, film.ring, dot)
    with film.scene.telling():
        low, high = chip.y + DOT, above.y - DOT
        reaching = Shows(film.was, lambda share: film.was.display(dashed(start, high - (high - low) * share, high)), rate_func=late)
        film.move(
            sunk(dot, below.y), reaching, FadeOut(film.numbers["standard"], rate_func=early), FadeIn(film.notes["standard"]), seconds=MOVE
        )
        film.scene.hold(0.3)
        film.move(
            Shows(dot, lambda share: dot.at((start + (stop - start) * share, below.y, 0)), rate_func=ease_in_out_cubic),
            film.remember(late), seconds=SNAP,
        )  # fmt: skip
        film.scene.hold(0.5)
        film.move(FadeIn(film.notes["flash"]), seconds=TEXT)
    film.stage += film.notes.values()


def sunk(dot: Dot, to: float) -> Shows:
    """A dot goes up or down to another height."""
    x, start, _ = dot.get_center()
    return Shows(dot, lambda share: dot.at((x, start + (to - start) * share, 0)), rate_func=ease_in_out_cubic)


@beat("back")
def back(film: ExactnessFilm) -> None:
    """The rounded score comes back to the chip, beside where it was: so much is it off; FlashAttention's stands where it stood."""
    skin, found, dot, chip = film.skin, film.found.followed.score, film.dots["standard"], film.lanes["standard"]
    start, stop = chip.x(found.score), chip.x(found.stored)
    film.gap = Rectangles(skin.hue("error"), name="off")
    film.gap.display(between(start, stop, chip.y))
    returned = film.number(found.written(found.stored), found.stored, "standard")
    film.off = heading(chip.under((found.score + found.stored) / 2), OFF.format(found.written(found.off)), skin.hue("error"), NAME)
    with film.scene.telling():
        film.move(sunk(dot, chip.y), film.remember(lambda share: 1 - late(share)), FadeIn(returned, rate_func=late), seconds=MOVE)
        film.scene.hold(0.3)
        film.move(FadeIn(film.gap, film.off), seconds=TEXT)
    film.numbers["standard"] = returned


def between(start: float, stop: float, y: float) -> np.ndarray:
    """A thick level line from one dot to another."""
    low, high = min(start, stop), max(start, stop)
    return np.array([[low + DOT, y - em(6), max(low + DOT, high - DOT), y + em(6)]])


def become(film: ExactnessFilm) -> Shows:
    """Both scores' lines and dots come to their places in the shot of O's entry, as this; the ring, to where float64 has it."""
    place, old, followed = film.scene.shot("entry"), film.lanes, film.found.followed
    middle, reach = (followed.truth + followed.outputs["standard"]) / 2, NEAR * abs(followed.off["standard"])
    film.lanes = {lane: Axis(place[lane], middle, reach) for lane in ("truth", *SIDES)}
    starts = {side: dot.get_center()[:2] for side, dot in film.dots.items()} | {"ring": film.ring.get_center()[:2]}
    ends = {side: (film.lanes[side].x(value), film.lanes[side].y) for side, value in followed.outputs.items()}
    ends["ring"] = film.lanes["standard"].x(followed.truth), film.lanes["standard"].y

    def show(share: float) -> None:
        at = {name: start + share * (np.array(ends[name]) - start) for name, start in starts.items()}
        for side, line in film.lines.items():
            line.axis = Axis(old[side].rect.toward(place[side], share), middle, reach)
            line.reach(1.0)
            film.dots[side].at((*at[side], 0))
        (x, y), above = at["ring"], film.lines["flash"].axis.y
        film.ring.at((x, y, 0))
        film.was.display(dashed(x, y + DOT, above - DOT))
        film.gap.display(between(x, at["standard"][0], y))

    parts = Group(*film.lines.values(), film.was, film.gap, film.ring, *film.dots.values())
    return Shows(parts, show, rate_func=ease_in_out_cubic)


def renumbered(film: ExactnessFilm) -> list[Shows]:
    """Over both dots, the score becomes the entry of O."""
    old, found = film.numbers, film.found
    film.numbers = {side: film.number(found.written(value), value, side) for side, value in found.followed.outputs.items()}
    film.scene.remove(*old.values())
    return [fly(film.numbers[side], was) for side, was in old.items()]


@beat("entry")
def entry(film: ExactnessFilm) -> None:
    """HBM leaves; on the same lines either score becomes the entry of O, and float64's own comes above: it is where FlashAttention's is."""
    place, skin, found = film.scene.shot("entry"), film.skin, film.found
    followed, start = found.followed, film.chip.rect
    title = fitted([text.format(followed.query, followed.column) for text in ENTRY], NAME, skin.hue("O"), place["what"], "which")
    off = {
        side: word(OFF.format(found.written(by)), NAME, skin.hue("error"), place[f"{side} off"], "off") for side, by in followed.off.items()
    }
    grows = Shows(film.chip, lambda share: film.chip.place(start.toward(place["chip"], share)), rate_func=ease_in_out_cubic)
    moved, numbers = become(film), renumbered(film)
    lane, truth = film.lanes["truth"], followed.truth
    line, name = Scale(skin, "truth", lane), word(TRUTH, NAME, skin.ink, place["truth name"], "name")
    dot = Dot(skin.ink, hollow=True, name="dot truth", radius=DOT).at((lane.x(truth), lane.y, 0))
    exact, down = film.number(found.written(truth), truth, "truth"), Rectangles(skin.quiet, name="was")
    high, low = lane.y - DOT, film.lanes["flash"].over(truth).y1
    film.move(
        FadeOut(*film.stage, film.off, rate_func=early), FadeIn(title, line, name, rate_func=late), grows, *film.called(place), moved,
        *numbers, seconds=FOUND,
    )  # fmt: skip
    with film.scene.telling():
        film.scene.hold(0.6)
        film.move(FadeIn(dot, exact), seconds=TEXT)
        film.move(
            Shows(down, lambda share: down.display(dashed(lane.x(truth), high - share * (high - low), high)), introducer=True), seconds=DRAW
        )
        film.move(FadeIn(*off.values()), seconds=TEXT)
    film.off = off["standard"]
    film.stage = [
        title, line, name, dot, exact, down, *film.lines.values(), film.was, film.gap, film.ring, film.dots["flash"],
        *film.numbers.values(), off["flash"],
    ]  # fmt: skip


def grows(bar: Rectangles, cell: Rect, place: Rect) -> Shows:
    """A cell of a picture comes to a bar's place, and becomes it."""
    return Shows(bar, lambda share: bar.display(edges([cell.toward(place, share)])), introducer=True, rate_func=ease_in_out_cubic)


def answer(film: ExactnessFilm) -> None:
    """Both pictures, with the largest error of either ringed: it comes out as a number and as a bar, both bars in one unit."""
    place, skin, found = film.scene.shot("errors"), film.skin, film.found
    most = {side: word(MOST, LABEL, skin.ink, place[f"{side} most"], "most", Face.TEXT) for side in SIDES}
    numbers = {
        side: word(found.written(error), NUMBER, skin.hue("error"), place[f"{side} number"], "value")
        for side, error in found.errors.items()
    }
    notes = film.noted(place, rounds=True)
    if film.stage:
        returned(film, most["standard"], numbers["standard"])
    rings = {side: ringed(film, side) for side in SIDES}
    unit = place["flash bar"].width / max(found.errors.values())
    bars = []
    for side, error in found.errors.items():
        bars.append(grows(Rectangles(skin.hue("error"), name=f"bar {side}"), film.cell(side), place[f"{side} bar"].left(unit * error)))
    come = [each["flash"] for each in (most, numbers)] if film.stage else [*most.values(), *numbers.values()]
    with film.scene.telling():
        film.move(FadeIn(*(ring for each in rings.values() for ring in each)), seconds=TEXT)
        if film.stage:
            film.scene.remove(film.dots["standard"])
        film.move(*bars, FadeIn(*come, rate_func=late), seconds=FOUND)
        film.move(FadeIn(*notes.values()), seconds=TEXT)


def returned(film: ExactnessFilm, name: Word, error: Word) -> None:
    """The pictures come back: the followed entry goes to its place in one of them, and what it is off by is the largest error."""
    place, dot, center = film.scene.shot("errors"), film.dots["standard"], film.cell("standard").center
    start = dot.get_center()
    film.left = {side: picture(film, side, "error") for side in SIDES}
    for side, left in film.left.items():
        left.display(film.found.power * film.found.left[side].T)
    what = [magnified(film, side, film.found.power) for side in SIDES]
    dot.set_z_index(1)
    film.scene.remove(film.off)
    film.move(
        FadeOut(film.chip, *film.stage, rate_func=early), FadeIn(*film.left.values(), *what, name, columns(film), rate_func=late),
        *film.called(place), fly(error, film.off),
        Shows(dot, lambda share: dot.at(start + share * (np.array(center) - start)), rate_func=ease_in_out_cubic), seconds=FOUND,
    )  # fmt: skip


@beat("exact")
def exact(film: ExactnessFilm) -> None:
    """Both largest errors: FlashAttention's is the smaller."""
    answer(film)


@beat("equal")
def equal(film: ExactnessFilm) -> None:
    """Both largest errors: about as large."""
    answer(film)
