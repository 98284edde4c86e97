"""How exact: one score, kept on chip or rounded on its way through HBM, followed into its weight and its row of O; and how far off O is."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from manim import Group, ManimColor, Mobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz.chapters import exactness
from flashviz.chapters.exactness import SIDES, WEIGHT_DECIMALS, Exactness, OutputOf, RowOf, gather
from flashviz.director.film.parts import heading
from flashviz.director.material import provenance
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, NUMBER, ONE_NUMBER, Counter, Word, amid, fitted, fly, middle, slid, word, worded
from flashviz.figures import number
from flashviz.layout import Rect, Shot, centered
from flashviz.layout.exactness import TALL, Axis
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.bars import SignedBars, fit, round_level
from flashviz.mobjects.motion import Fade, FadeIn, FadeOut, Shows, early, late
from flashviz.mobjects.rulers import Dot, Scale
from flashviz.mobjects.tiles import Matrix, Rectangles, dashed, edges, line_of, panel, span
from flashviz.mobjects.whole import Chip
from flashviz.palette import Theme, spread

ON_CHIP, IN_HBM = "on chip: float32", "HBM: {}"
OFF = "off by {}"
WHICH = ("query {}, where the worst error will lie; key {}", "query {} (worst error), key {}", "query {}, key {}")
TICKS = ("a tick: a {} number", "ticks: {}")
APART = ("{} apart", "{}")
NOTES = {"flash": "S stays on chip", "standard": "S goes out to HBM"}
ROUNDED = {"flash": "rounds P and O to {}", "standard": "rounds S, P and O to {}"}
PARTS, TOO = ("score S", "row's max", "row's sum", "weight P"), "rounded"
FACTOR, TIMES = "its weight is off by", "× V of key {}"
MOVED, CHANGE, ALONE, REST, ALL = (
    "= change of O, query {}",
    "change of O, query {}",
    "by key {}: up to",
    "by other keys: up to",
    "by all keys: up to",
)
BAR = ("a bar for each of the row's {} numbers", "a bar: one of {} numbers")
MADE, MINUS = "its O", ("its O − float64's O", "O − float64's O")
ERROR = "error × {:,}"
ROW = "query {}"
UNIT = ("largest error of any entry of O, whose values reach {}", "largest error in O, which reaches {}")
OF = ("in an entry of O that is {}", "in an O of {}")
AXIS = ("a column is one query's O: {d} numbers", "a column: one query's O")
REACH = 1.25  # gaps of the dtype that are seen at either side of what the score becomes
# seconds: of lines, a rounding, what is made of a row of V, a difference, an error, and the largest one
DRAW, SNAP, MADE_OF, TAKEN, MAGNIFIED, FOUND = 0.7, 1.1, 1.4, 2.4, 2.8, 1.4
DOT, RIM = em(22), em(5)  # radius, and how thick what sets a ring off is
FORMULA = 84  # px
MARK = em(10), em(24)  # how wide what points at a column is, and how tall
SOON = 0.6  # a power of the share: the first doublings, of which nothing is seen, are over soon
BARS = 0.64  # of its place, the larger bar


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
    """Everything on stage, made here once. ``stage``: what leaves before the outputs come; ``numbers``: the score, by lane."""

    lanes: dict[str, Axis]
    numbers: dict[str, Word]
    ring: Dot  # where standard attention's score was
    was: Rectangles  # a dashed line through it
    returned: Word  # standard attention's score, as it was stored
    chip: Chip
    off: Word  # by how much standard attention's weight is
    moves: SignedBars  # by how much the row of O is
    alone: list[Word]  # by how much one key moves it
    bar: Word  # what a bar is

    def __init__(self, scene: ShotScene, found: Exactness) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.dots = {side: Dot(self.skin.scores, hollow=False, name=f"dot {side}", radius=DOT) for side in SIDES}
        self.names: dict[str, Word] = {}
        self.notes: dict[str, Word] = {}  # beneath them
        self.stage: list[Mobject] = []
        self.left: dict[str, Matrix] = {}  # of O when O in float64 is taken from it
        self.what: list[Word | Counter] = []  # what either picture shows
        self.around: list[Mobject] = []  # what names the pictures' columns

    def named(self, place: Shot) -> dict[str, Word]:
        """Both algorithms' names, as they stand in a shot."""
        return {
            side: word(text, NAME, self.skin.ink, place[f"{side} name"], "name") for side, text in SIDES.items() if f"{side} name" in place
        }

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

    def number(self, value: float, lane: str) -> Word:
        """A score over its place on a line."""
        return heading(self.lanes[lane].over(value), self.found.followed.score.written(value), self.skin.ink, NUMBER)

    def called(self, place: Shot, *, rounds: bool = False) -> list[Shows]:
        """Names and what is beneath them come to their places in another shot."""
        names, notes = self.named(place), self.noted(place, rounds=rounds)
        pairs = [(old[side], to) for old, new in ((self.names, names), (self.notes, notes)) for side, to in new.items() if side in old]
        return [slid(was, to.left, to.baseline) for was, to in pairs]


def digits(value: float) -> str:
    """To two digits, however small, without a power of ten."""
    return np.format_float_positional(value, precision=2, unique=False, fractional=False).rstrip(".")


# --------------------------------------------------------------------------------------------------------------- beats


@beat("score")
def score(film: ExactnessFilm) -> None:
    """A line of numbers for each algorithm, on chip, and HBM's, which has the dtype's only, each a tick; the same score on chip, twice."""
    place, skin, followed = film.scene.shot("way"), film.skin, film.found.followed
    found = followed.score
    film.lanes = {lane: Axis(place[lane], found.stored, REACH * found.gap) for lane in (*SIDES, "stored")}
    film.chip = Chip(skin).place(place["chip"])
    film.names = film.named(place)
    lines = [*(Scale(skin, side, film.lanes[side]) for side in SIDES), Scale(skin, "stored", film.lanes["stored"], found.neighbours)]
    ticks = [amid((found.written(each),), skin.ink, film.lanes["stored"].under(each), "tick") for each in found.neighbours]
    apart = distance(film)
    hbm = panel(place["HBM"], fill=skin.ground, edge=skin.edge)
    where = [
        word(text, LABEL, skin.ink, place[f"{part} name"], "where", Face.TEXT)
        for part, text in (("chip", ON_CHIP), ("HBM", IN_HBM.format(found.dtype)))
    ]
    where.append(fitted([text.format(found.dtype) for text in TICKS], LABEL, skin.ink, place["HBM note"], "where", Face.TEXT))
    which = fitted([text.format(followed.query, followed.key) for text in WHICH], NAME, skin.ink, place["what"], "which")
    film.numbers = {side: film.number(found.score, side) for side in SIDES}
    film.move(FadeIn(film.chip, hbm, *where, which, *film.names.values()), seconds=TEXT)
    with film.scene.telling():
        film.move(*(Shows(line, line.reach, introducer=True) for line in lines), seconds=DRAW)
        for side, dot in film.dots.items():
            dot.at((film.lanes[side].x(found.score), film.lanes[side].y, 0))
            film.move(FadeIn(dot, film.numbers[side]), seconds=TEXT)
            film.scene.hold(0.3)
        film.move(FadeIn(*ticks, *apart), seconds=TEXT)
    film.stage = [hbm, *where, which, *lines, *ticks, *apart]


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
    film.stage += [film.was, film.ring]


def sunk(dot: Dot, to: float) -> Shows:
    """A dot goes up or down to another height."""
    x, start, _ = dot.get_center()
    return Shows(dot, lambda share: dot.at((x, start + (to - start) * share, 0)), rate_func=ease_in_out_cubic)


@beat("back")
def back(film: ExactnessFilm) -> None:
    """The rounded score comes back to the chip, beside where it was: so much is it off; FlashAttention's stands where it stood."""
    skin, found, dot = film.skin, film.found.followed.score, film.dots["standard"]
    chip = film.lanes["standard"]
    start, stop = chip.x(found.score), chip.x(found.stored)
    off = Rectangles(skin.hue("error"), name="off")
    off.display(np.array([[min(start, stop) + DOT, chip.y - em(6), max(start, stop) - DOT, chip.y + em(6)]]))
    returned = film.number(found.stored, "standard")
    size = heading(chip.under((found.score + found.stored) / 2), OFF.format(found.written(found.off)), skin.hue("error"), NAME)
    with film.scene.telling():
        film.move(sunk(dot, chip.y), film.remember(lambda share: 1 - late(share)), FadeIn(returned, rate_func=late), seconds=MOVE)
        film.scene.hold(0.3)
        film.move(FadeIn(off, size), seconds=TEXT)
    film.numbers["standard"] = returned
    film.stage += [off, size]


@beat("weight")
def weight(film: ExactnessFilm) -> None:
    """Either score goes into its line of softmax, through exp and its row's sum; a weight comes out, and one of them is off."""
    place, skin, followed = film.scene.shot("softmax"), film.skin, film.found.followed
    start, lines = film.chip.rect, {side: softmax(film, side) for side in SIDES}
    scores = {side: line[1] for side, line in lines.items()}
    colors = (skin.ink, skin.stats, skin.stats, skin.ink)
    parts = [beneath(each, text, color, place["parts"]) for each, text, color in zip(lines["flash"][1:8:2], PARTS, colors, strict=True)]
    parts[:2] = [*parts[:2], *(beneath(each, TOO, skin.hue("error"), place["rounded"]) for each in lines["standard"][1:4:2])]
    gone = FadeOut(*film.stage, *film.dots.values(), rate_func=early)
    film.scene.remove(*film.numbers.values())
    grows = Shows(film.chip, lambda share: film.chip.place(start.toward(place["chip"], share)), rate_func=ease_in_out_cubic)

    def coming(first: int, last: int, named: list[Word], **pace: Any) -> FadeIn:
        return FadeIn(*(piece for line in lines.values() for piece in line[first:last] if piece not in scores.values()), *named, **pace)

    flying = [fly(score, film.numbers[side]) for side, score in scores.items()]
    film.move(gone, grows, *film.called(place), *flying, coming(0, 1, parts[:4:2], rate_func=late), seconds=MOVE)
    film.off = word(OFF.format(followed.by_in_words), NAME, skin.hue("error"), place["off"], "off")
    film.off.put_at(min(lines["standard"][-1].left, place["off"].x1 - film.off.wide), film.off.baseline)
    with film.scene.telling():
        for first, last, named in ((1, 4, parts[1:4:2]), (4, 6, parts[4:5]), (6, 8, parts[5:])):
            film.move(coming(first, last, named), seconds=2 * TEXT)
            film.scene.hold(0.4)
        film.move(FadeIn(film.off), seconds=TEXT)
    film.stage = [*lines["flash"], *lines["standard"], *parts]


def softmax(film: ExactnessFilm, side: str) -> list[Word]:
    """exp(score - max) / sum = weight, as it is written."""
    skin, followed = film.skin, film.found.followed
    found, said = followed.weights[side], followed.score.written
    texts = ["exp(", said(found.score), "−", said(found.most), ") /", said(found.total), "=", number(found.weight, WEIGHT_DECIMALS)]
    colors = [skin.ink, skin.ink, skin.ink, skin.stats, skin.ink, skin.stats, skin.ink, skin.ink]
    return worded(film.scene.shot("softmax")[side], texts, FORMULA, colors, "softmax")


def beneath(piece: Word, text: str, color: str, place: Rect) -> Word:
    """What a number is, beneath it."""
    px = LABEL * min(1.0, (piece.wide + em(30)) / text_width(text, LABEL))
    left = piece.left + (piece.wide - text_width(text, px)) / 2
    return Word(text, px, color, left, middle(place, px), "part", Face.TEXT)


@beat("row")
def row(film: ExactnessFilm) -> None:
    """By so much is the weight off: times the key's row of V, that changes every entry of the row of O."""
    place, skin, followed = film.scene.shot("moved"), film.skin, film.found.followed
    hue, start = skin.hue("error"), film.chip.rect
    v = signed("V", skin.hue("V"), skin, place["V"], followed.values)
    film.moves = changes("moved", film, hue, place["O"])
    factor = word(followed.by_in_words, NUMBER, hue, place["factor"], "factor")
    title = word(FACTOR, LABEL, skin.ink, place["factor name"], "where", Face.TEXT)
    times = word(TIMES.format(followed.key), NAME, skin.hue("V"), place["V name"], "where")
    moved = word(MOVED.format(followed.query), NAME, skin.hue("O"), place["O name"], "where")
    film.alone = [
        word(ALONE.format(followed.key), LABEL, skin.ink, place["O note"], "by", Face.TEXT),
        word(digits(np.abs(followed.share).max()), NUMBER, hue, place["O number"], "size"),
    ]
    film.bar = fitted([text.format(len(followed.values)) for text in BAR], LABEL, skin.ink, place["bar"], "where", Face.TEXT)
    grows = Shows(film.chip, lambda share: film.chip.place(start.toward(place["chip"], share)), rate_func=ease_in_out_cubic)
    film.scene.remove(film.off)
    film.move(
        FadeOut(*film.stage, film.names["flash"], film.notes["flash"], rate_func=early), grows, *film.called(place), fly(factor, film.off),
        FadeIn(title, v.display(followed.values), times, film.bar, rate_func=late), seconds=MOVE,
    )  # fmt: skip
    film.moves.bars.set_z_index(1)  # over the pictures that come, and the chip that goes
    film.names["standard"].set_z_index(1, family=True)
    with film.scene.telling():
        film.scene.hold(0.4)
        film.moves.display(followed.share)
        first, last = v.boxes(followed.values), film.moves.boxes(followed.share)
        film.move(FadeIn(moved, *film.moves.scale_of), seconds=TEXT)
        come = Shows(film.moves, lambda share: film.moves.bars.display(first + (last - first) * share), rate_func=ease_in_out_cubic)
        film.move(come, seconds=MADE_OF)
        film.move(FadeIn(*film.alone), seconds=TEXT)
        film.scene.hold(0.4)
    film.stage = [v, factor, title, times, moved]


def changes(name: str, film: ExactnessFilm, color: str, rect: Rect) -> SignedBars:
    """Changes of the row of O, by whichever keys, on one scale in places of one height."""
    followed = film.found.followed
    return signed(name, color, film.skin, rect, followed.share, followed.rest, followed.off)


@beat("keys")
def keys(film: ExactnessFilm) -> None:
    """V leaves; what the other keys change comes beneath what this one does, stands on its ends, and both become what all keys change."""
    place, skin, followed = film.scene.shot("keys"), film.skin, film.found.followed
    moves, hue = film.moves, skin.hue("error")
    what = word(CHANGE.format(followed.query), NAME, skin.hue("O"), place["what"], "where")
    alone = [
        word(ALONE.format(followed.key), LABEL, skin.ink, place["one"], "by", Face.TEXT),
        word(film.alone[1].text, NUMBER, hue, place["one size"], "size"),
    ]
    rest, others = changes("rest", film, skin.ink, place["rest bars"]), sized(film, "rest", REST, followed.rest, skin.ink)
    film.move(FadeOut(*film.stage, rate_func=early), FadeIn(what, rate_func=late), *film.called(place), seconds=2 * TEXT)
    film.move(
        placed(moves, followed.share, place["one bars"]),
        *(slid(was, to.left, to.baseline) for was, to in zip(film.alone, alone, strict=True)), seconds=MOVE,
    )  # fmt: skip
    with film.scene.telling():
        film.move(FadeIn(others[0], *rest.scale_of), seconds=TEXT)
        film.move(Shows(rest.bars, lambda share: rest.display(followed.rest * share), introducer=True), seconds=MADE_OF)
        film.move(FadeIn(others[1]), seconds=TEXT)
        film.scene.hold(0.6)
        first, last = rest.boxes(followed.rest), moves.boxes(followed.rest, followed.share)
        onto = Shows(rest.bars, lambda share: rest.bars.display(first + (last - first) * share), rate_func=ease_in_out_cubic)
        film.move(onto, FadeOut(*others, *rest.scale_of, rate_func=early), seconds=MADE_OF)
        film.scene.hold(0.3)
        one, both = moves.boxes(followed.share), moves.boxes(followed.off)

        def join(share: float) -> None:
            moves.bars.display(one + (both - one) * share)
            rest.bars.display(last + (both - last) * share)

        film.move(
            Shows(Group(moves.bars, rest.bars), join, rate_func=ease_in_out_cubic), FadeOut(*film.alone, rate_func=early), seconds=MOVE
        )
        film.scene.remove(rest.bars)
        whole = sized(film, "all", ALL, followed.off, hue)
        film.move(placed(moves, followed.off, place["all bars"]), FadeIn(*whole, rate_func=late), seconds=MOVE)
    film.stage = [what, *whole, film.bar, *moves.scale_of]


def sized(film: ExactnessFilm, part: str, text: str, values: np.ndarray, color: str) -> list[Word]:
    """By which keys, and by how much at most."""
    place, skin = film.scene.shot("keys"), film.skin
    size = word(digits(np.abs(values).max()), NUMBER, color, place[f"{part} size"], "size")
    return [word(text, LABEL, skin.ink, place[part], "by", Face.TEXT), size]


def placed(bars: SignedBars, values: np.ndarray, to: Rect) -> Shows:
    """Bars come to another place, and are as much larger as it is."""
    start, zero, unit, count = bars.rect, bars.zero, bars.unit, len(values)
    ratio = to.height / start.height

    def show(share: float) -> None:
        rect = start.toward(to, share)
        larger = 1 + (ratio - 1) * share
        bars.place(rect, rect.y0 + (zero - start.y0) * larger, unit * larger, count).display(values)

    return Shows(bars, show, rate_func=ease_in_out_cubic)


def signed(name: str, color: str, skin: Theme, rect: Rect, *values: np.ndarray) -> SignedBars:
    """A row of numbers as bars, with room for all of ``values`` and a scale."""
    most = max(float(np.abs(each).max()) for each in values)
    level = round_level(most)
    zero, unit = fit(rect, *values, np.array([level, -level]))
    return SignedBars(name, color, skin, level=level).place(rect, zero, unit, len(values[0]))


@beat("apart")
def apart(film: ExactnessFilm) -> None:
    """Both outputs look the same; from left to right O in float64 is taken from either, and what is left is dark."""
    place, skin = film.scene.shot("errors"), film.skin
    names, notes = film.named(place), film.noted(place, rounds=True)
    columns = [text.format(d=len(film.found.left["flash"].T)) for text in AXIS]
    film.around = [fitted(columns, LABEL, skin.ink, place["axis"], "where", Face.TEXT)]
    come: list[Shows | Fade] = [FadeIn(*names.values(), *notes.values())]
    if film.stage:
        come = [
            FadeOut(*film.stage, film.notes["standard"], film.chip, rate_func=early),
            slid(film.names["standard"], names["standard"].left, names["standard"].baseline),
            landed(film), FadeIn(names["flash"], *notes.values(), rate_func=late),
        ]  # fmt: skip
        names["standard"] = film.names["standard"]
        film.around += marked(film)
    film.names, film.notes = names, notes
    outputs = [picture(film, side, "O") for side in SIDES]
    film.left = {side: picture(film, side, "error") for side in SIDES}
    what: list[Mobject] = [word(MADE, NAME, skin.hue("O"), place[f"{side} what"], "what") for side in SIDES]
    film.what = [fitted(MINUS, NAME, skin.hue("error"), place[f"{side} what"], "what") for side in SIDES]
    edge = Rectangles(skin.ink, name="edge")
    film.move(FadeIn(*outputs, *what, *film.around, rate_func=late), *come, seconds=MOVE)
    film.scene.hold(0.5)
    if film.stage:
        what.append(film.moves.bars)
    with film.scene.telling():
        film.move(FadeOut(*what, rate_func=early), FadeIn(*film.what, rate_func=late), seconds=2 * TEXT)
        film.scene.add(*film.left.values(), *outputs, edge)  # what is left lies beneath
        film.move(Shows(Group(*film.left.values(), *outputs, edge), partial(taken, outputs, edge)), seconds=TAKEN)
        film.scene.remove(*outputs, edge)


def column(film: ExactnessFilm) -> Rect:
    """Where the followed row of O stands in standard attention's picture, whose columns are rows."""
    rect, found = film.scene.shot("errors")["standard"], film.found
    wide = rect.width / len(found.left["standard"])
    return rect.beyond(found.followed.query * wide).left(wide)


def landed(film: ExactnessFilm) -> Shows:
    """The bars of the followed row become its cells, and light up."""
    bars, place, (dark, bright) = film.moves.bars, column(film), map(ManimColor, (film.skin.hue("error"), film.skin.ink))
    first = film.moves.boxes(film.found.followed.off)
    last = edges([line_of(place, len(first), entry) for entry in range(len(first))])

    def show(share: float) -> None:
        bars.display(first + (last - first) * share).set_fill(dark.interpolate(bright, share))

    return Shows(bars, show, rate_func=ease_in_out_cubic)


def marked(film: ExactnessFilm) -> list[Mobject]:
    """What points at the followed row, above and beneath, and its name."""
    place, at = film.scene.shot("errors")["row"], column(film)
    wide, tall = MARK
    x, text = at.center[0], ROW.format(film.found.followed.query)
    mark = Rectangles(film.skin.ink, name="mark")
    mark.display(edges([Rect(x - wide / 2, at.y1, x + wide / 2, at.y1 + tall), Rect(x - wide / 2, at.y0 - tall, x + wide / 2, at.y0)]))
    half = text_width(text, LABEL) / 2
    left = min(max(x, place.x0 + half), place.x1 - half) - half
    return [mark, Word(text, LABEL, film.skin.ink, left, middle(place, LABEL), "where", Face.TEXT)]


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
    """What is left of both is doubled again and again, until FlashAttention's is seen as well."""
    place, skin, power = film.scene.shot("errors"), film.skin, film.found.power
    counters = {side: Counter(skin.hue("error"), "what") for side in SIDES}

    def show(share: float) -> None:
        times = 2 ** round(share**SOON * math.log2(power))
        for side, counter in counters.items():
            film.left[side].display(times * film.found.left[side].T)
            counter.say(word(ERROR.format(times), NAME, skin.hue("error"), place[f"{side} what"], "what"))

    show(0.0)
    film.move(FadeOut(*film.what, rate_func=early), FadeIn(*counters.values(), rate_func=late), seconds=2 * TEXT)
    with film.scene.telling():
        film.move(Shows(Group(*film.left.values(), *counters.values()), show), seconds=MAGNIFIED)
    film.what = list(counters.values())


def largest(film: ExactnessFilm) -> None:
    """The largest entry of either is ringed; it comes out of its picture and becomes a bar, both on one axis."""
    place, skin, found = film.scene.shot("largest"), film.skin, film.found
    cells = {side: entry(left.rect, found.left[side].T) for side, left in film.left.items()}
    rings = [
        Dot(color, hollow=True, name=name, radius=radius).at(cell.center)
        for side, cell in cells.items()
        for color, name, radius in ((skin.ground, "halo", DOT - RIM), (skin.ground, "halo", DOT + RIM), (skin.ink, f"ring {side}", DOT))
    ]
    unit = BARS * place["plot"].width / max(found.errors.values())
    labels = {side: ringed(film, side, cells[side]) for side in SIDES}
    grounds = [ground for ground, _ in labels.values()]
    film.move(FadeIn(*rings), seconds=TEXT)
    film.scene.hold(0.3)
    film.move(FadeIn(*grounds, *(label for _, label in labels.values())), seconds=TEXT)
    film.scene.hold(1.0)
    gone, grown, values = [*film.left.values(), *film.what, *film.around, *rings], list[Shows](), list[Word]()
    film.scene.remove(*grounds)  # with the numbers that stood on them
    for side, error in found.errors.items():
        bar = place[side].left(unit * error)
        grown.append(grows(Rectangles(skin.hue("error"), name=f"bar {side}"), cells[side], bar))
        figure = word(digits(error), ONE_NUMBER, skin.ink, place[side].beyond(bar.width + em(24)), "value")
        film.scene.remove(labels[side][1])
        grown.append(fly(figure, labels[side][1]))
        texts = [text.format(number(found.worst[side], WEIGHT_DECIMALS)) for text in OF]
        values.append(fitted(texts, LABEL, skin.ink, place[f"{side} value"], "of", Face.TEXT))
    with film.scene.telling():
        film.move(FadeOut(*gone, rate_func=early), *film.called(place, rounds=True), *grown, seconds=FOUND)
        film.move(FadeIn(*ruler(film, place, unit), *values), seconds=2 * TEXT)


def ringed(film: ExactnessFilm, side: str, cell: Rect) -> tuple[Rectangles, Word]:
    """The error in a ring, beside it, where there is more room; and a ground on which it can be read."""
    text, rect, skin = digits(film.found.errors[side]), film.left[side].rect, film.skin
    wide, pad, (x, y, _) = text_width(text, NUMBER, Face.STRONG), em(14), cell.center
    left = x - 2 * DOT - wide - pad if x > rect.center[0] else x + 2 * DOT + pad
    y = min(max(y, rect.y0 + em(NUMBER) / 2), rect.y1 - em(NUMBER) / 2)
    ground = Rectangles(skin.ground, name="ground")
    ground.display(edges([centered(left + wide / 2, y, wide + 2 * pad, em(NUMBER))]))
    return ground, Word(text, NUMBER, skin.ink, left, y - 0.36 * em(NUMBER), "error")


def grows(bar: Rectangles, cell: Rect, place: Rect) -> Shows:
    """A cell of a picture comes to a bar's place, and becomes it."""
    return Shows(bar, lambda share: bar.display(edges([cell.toward(place, share)])), introducer=True, rate_func=ease_in_out_cubic)


def ruler(film: ExactnessFilm, place: Shot, unit: float) -> list[Mobject]:
    """The axis of both bars: round values, what they are, and how large O itself is."""
    skin, plot, found = film.skin, place["plot"], film.found
    step = round_level(max(found.errors.values()) / 2)
    ticks = {step * each: plot.x0 + unit * step * each for each in range(int(plot.width / unit / step) + 1)}
    line, half = Rectangles(skin.quiet, name="axis"), em(2)
    upright = [[x - half, plot.y0 - TALL / 2, x + half, plot.y0 + TALL / 2] for x in ticks.values()]
    level = [plot.x0, plot.y0 - half, plot.x1, plot.y0 + half]
    line.display(np.array([level, [plot.x0 - half, plot.y0, plot.x0 + half, plot.y1], *upright]))
    y = place["axis"].center[1] - em(10)
    values = [amid((f"{tick:g}",), skin.ink, centered(x, y, unit * step, em(50)), "tick") for tick, x in ticks.items()]
    return [
        line,
        *values,
        fitted([text.format(f"{found.largest:.2f}") for text in UNIT], LABEL, skin.ink, place["unit"], "unit", Face.TEXT),
    ]


def entry(rect: Rect, values: np.ndarray) -> Rect:
    """Where the largest of a picture's values [rows, cols] is."""
    row, col = divmod(int(values.argmax()), values.shape[1])
    line = line_of(rect, len(values), row)
    return line.beyond(col * line.width / values.shape[1]).left(line.width / values.shape[1])


@beat("exact")
def exact(film: ExactnessFilm) -> None:
    """Both largest errors as bars: FlashAttention's is the smaller."""
    largest(film)


@beat("equal")
def equal(film: ExactnessFilm) -> None:
    """Both largest errors as bars: about as large."""
    largest(film)
