"""How exact: how far off either O is, and what the worst entry's row of scores is off by, followed through softmax and V into it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from manim import Animation, Group, ManimColor, Mobject, interpolate_color
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import theme
from flashviz.chapters import exactness
from flashviz.chapters.exactness import MOSTLY, SIDES, Exactness, OutputOf, RowOf, gather
from flashviz.director.film.parts import matrix_to
from flashviz.director.material import provenance
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, NUMBER, Counter, Word, amid, first_that_fits, fitted, middle, slid, word, worded
from flashviz.layout import Rect, Shot
from flashviz.layout.exactness import FULL, Chart
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.bars import round_level
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, early, late
from flashviz.mobjects.rulers import Dot
from flashviz.mobjects.tiles import Matrix, Polygons, Rectangles, edges, line_of
from flashviz.palette import spread

MADE, MINUS = "its output O", ("its O − float64's O", "O − float64's O")
TRUTH, REFERENCE = "float64", "the reference"
SIZE, TIMES, CLIPPED = "size of the error", ("brightness × {:,}", "× {:,}"), ("{} and more", "≥ {}")
ERROR, MOST, ITS = "error × {:,}", "largest error", {"flash": "its largest, another entry", "standard": "its largest error"}
AXIS = ("a column is one query's O: {d} numbers", "a column: one query's O", "a column: a query")
NOTES = {
    "flash": ("its scores S stay on chip, in float32", "S stays on chip: float32"),
    "standard": ("its scores S go out to HBM, as {}", "S goes out to HBM: {}"),
}
KEYS = ("the {:,} keys behind the ringed entry of O, one bar each", "{:,} keys behind this entry of O, a bar each", "{:,} keys, a bar each")
# what a chart is of: over it, the first that fits
OFF = {"flash": "off in each score S, kept in float32", "standard": "off in each score S, stored as {}"}
SCORES, WEIGHTS, PRODUCTS, SUM = "off in each score S", "off in each weight P", "off in P × V", "their sum, key by key"
UP_TO, SIGNS = "up to", {True: "too large by", False: "too small by"}
EXACT, NUMBERS, GAP = ("this score S, exact: {}", "S: {}"), (("stored as {}: {}", "{}: {}"), ("next {}: {}", "{}: {}")), "off by {}"
ROW, COLUMN = ("weights P: sum 1", "P"), ("V of each key", "V")
WEIGHS, TURNS, GAINS = "P = {}", "V = {}", {True: "gains {}", False: "loses {}"}
ROUNDS, ALSO, SMALLER = "rounds P and O to {}", "and scores S", "{:.1f} times smaller"
OF = (
    "largest of all {:,} entries of O; N = {:,}, d = {}, {}, against float64", "of all {:,} entries of O; N = {:,}, d = {}, {}",
    "{:,} entries of O, N = {:,}, d = {}, {}",
)  # fmt: skip
LONG = 6  # decimals
SHADES = 64  # of a key to colours
NAMED = 2  # keys whose weight, and whose number in V, is written: those that count most
WIDEST = em(14)  # at least so wide is a bar when few are left to be seen
# seconds: of O taken away, errors made brighter, a score rounded, bars that come, that are weighed, that turn into others and are added
# up, and of the answer
TAKEN, BRIGHTER, SNAP, COME, WEIGH, TURN, ADDED, FOUND = 2.2, 2.8, 0.9, 2.4, 2.6, 1.2, 3.2, 0.9
FRONT = 0.3  # of all keys: those that are weighed at a time
PALE, UP = 0.4, 0.7  # of V where it does not count; how high its numbers stand, of a chart's reach
CORNER = 17  # points of a quarter of a ring
DOT, RIM = em(22), em(5)  # radius, and how thick what sets a ring off is
SOON = 0.6  # a power of the share: the first doublings, and the first keys of a sum, of which little is seen, are over soon


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
    """Everything on stage, made here once. ``stage``: what leaves before the next shot; ``told``: what is said of the bars.

    ``most``: the largest of them, by side; ``near``: words at single bars; ``factor``: what they are multiplied by, and its words.
    """

    key: list[Mobject]  # the values that the pictures' colours stand for
    rings: list[Dot]  # about standard attention's largest error
    gap: Rectangles  # by how much one score is off

    def __init__(self, scene: ShotScene, found: Exactness) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.names: dict[str, Word] = {}
        self.stage: list[Mobject] = []
        self.outputs: dict[str, Matrix] = {}
        self.left: dict[str, Matrix] = {}  # of O when O in float64 is taken from it
        self.what: dict[str, Word | Counter] = {}  # what either picture shows
        self.axis: list[Word | Counter] = []  # what the pictures' columns are, or their colours
        self.told: list[Word] = []
        self.near: list[Word] = []
        self.factor: list[Mobject] = []
        row, keys = scene.shot("row errors"), len(found.followed.values)
        unit = FULL * row["standard"].height / 2 / found.followed.most
        self.charts = {side: Chart(row[side], keys, unit) for side in SIDES}
        self.frames = {side: Polygons(self.skin.edge, "frame", 0.0).set_stroke(self.skin.edge, theme.OUTLINE, 1) for side in SIDES}
        self.most = {side: Counter(self.skin.hue("error"), "up to") for side in SIDES}
        self.bars = {side: Rectangles(self.skin.hue("error"), name=f"bars {side}") for side in SIDES}

    def named(self, place: Shot) -> dict[str, Word]:
        """Both algorithms' names, as they stand in a shot."""
        return {side: word(text, NAME, self.skin.ink, place[f"{side} name"], "name") for side, text in SIDES.items()}

    def noted(self, place: Shot) -> dict[str, Word]:
        """What becomes of either's scores."""
        return {
            side: fitted([text.format(self.found.dtype) for text in texts], LABEL, self.skin.ink, place[f"{side} note"], "note", Face.TEXT)
            for side, texts in NOTES.items()
        }

    def called(self, place: Shot) -> list[Shows]:
        """Names come to their places in another shot."""
        return [slid(self.names[side], to.left, to.baseline) for side, to in self.named(place).items()]

    def show(self, values: Mapping[str, np.ndarray], wide: np.ndarray | float) -> None:
        """Both charts' bars, of the first so many keys."""
        for side, chart in self.charts.items():
            self.bars[side].display(chart.bars(values[side], wide))

    def count(self, side: str, text: str) -> None:
        """A number beside a chart."""
        self.most[side].say(word(text, NUMBER, self.skin.hue("error"), self.scene.shot("row errors")[f"{side} most"], "up to"))

    @property
    def step(self) -> float:
        """From one level of the charts to the next."""
        return round_level(0.9 * self.charts["flash"].reach)

    def between(self, value: float) -> float:
        """Where words at a value in standard attention's chart stand, clear of its levels."""
        return float(self.charts["standard"].y(self.step * (math.floor(value / self.step) + 0.5)))

    @property
    def thin(self) -> float:
        """How wide bars are that stand side by side."""
        return self.charts["flash"].pitch

    @property
    def thick(self) -> float:
        """And those that stand apart."""
        return max(self.thin, WIDEST)


# --------------------------------------------------------------------------------------------------------------- beats


@beat("outputs")
def outputs(film: ExactnessFilm) -> None:
    """Both outputs, large: they look the same."""
    place, skin = film.scene.shot("errors"), film.skin
    film.names, film.outputs = film.named(place), {side: picture(film, side, "O", place[side]) for side in SIDES}
    film.what = {side: word(MADE, NAME, skin.hue("O"), place[f"{side} what"], "what") for side in SIDES}
    texts = [text.format(d=len(film.found.left["flash"].T)) for text in AXIS]
    film.axis = [fitted(texts, LABEL, skin.ink, place["axis"], "where", Face.TEXT)]
    film.key = keyed(film, "O", *spread(film.found.truths["flash"]))
    film.move(FadeIn(*film.outputs.values(), *film.what.values(), *film.axis, *film.key, *film.names.values()), seconds=TEXT)
    with film.scene.telling():
        film.scene.hold(TEXT)


def picture(film: ExactnessFilm, side: str, tensor: str, rect: Rect) -> Matrix:
    """O of one side, a column for each query, or how far off it is, as bright as it is large beside O's largest value."""
    found = film.found
    if tensor == "error":
        return Matrix(found.left[side].T, rect, film.skin, tensor, 0.0, 1.0)
    shown = found.truths["flash"] if side == "truth" else found.outputs[side]
    return Matrix(shown.T, rect, film.skin, tensor, *spread(found.truths["flash"]))


def keyed(film: ExactnessFilm, tensor: str, low: float, high: float) -> list[Mobject]:
    """The darkest value of a picture, the brightest, and all between."""
    place = film.scene.shot("errors")
    shades = Matrix(np.linspace(0.0, 1.0, SHADES)[None], place["key"], film.skin, tensor, 0.0, 1.0)
    shades.tag = "key"
    least = word(shortly(low), LABEL, film.skin.ink, place["key low"], "key low", Face.TEXT)
    least.put_at(place["key low"].x1 - least.wide, least.baseline)
    return [shades, least, brightest(film, high)]


def brightest(film: ExactnessFilm, high: float, *, clipped: bool = False) -> Word:
    """The value at the bright end; ``clipped``, where larger ones are as bright."""
    texts = [text.format(shortly(high)) for text in (CLIPPED if clipped else ("{}",))]
    return fitted(texts, LABEL, film.skin.ink, film.scene.shot("errors")["key high"], "key high", Face.TEXT)


def shortly(value: float) -> str:
    """A value in two digits, by a power of ten where that is shorter."""
    digits = 0 if value == 0 else max(0, 1 - math.floor(math.log10(abs(value))))
    return f"{value:.{digits}f}".replace("-", "−") if digits < LONG else f"{value:.1e}"


@beat("reference")
def reference(film: ExactnessFilm) -> None:
    """Both pictures make room for a third between them: O in float64."""
    place, skin = film.scene.shot("three outputs"), film.skin
    film.outputs["truth"] = picture(film, "truth", "O", place["truth"])
    film.names["truth"] = word(TRUTH, NAME, skin.ink, place["truth name"], "name")
    film.what["truth"] = word(REFERENCE, NAME, skin.hue("O"), place["truth what"], "what")
    shrinks = [matrix_to(film.outputs[side], place[side]) for side in SIDES]
    with film.scene.telling():
        film.move(*shrinks, *film.called(place), *placed_what(film, place), seconds=MOVE)
        film.move(FadeIn(film.outputs["truth"], film.names["truth"], film.what["truth"]), seconds=2 * TEXT)


def placed_what(film: ExactnessFilm, place: Shot) -> list[Shows]:
    """What the pictures show goes along with them."""
    slides = []
    for side in SIDES:
        said, to = film.what[side], place[f"{side} what"]
        if isinstance(said, Word):
            slides.append(slid(said, to.x0, middle(to, said.px)))
    return slides


@beat("apart")
def apart(film: ExactnessFilm) -> None:
    """From left to right O in float64 is taken from either output, and what is left is dark; then the reference has done its part."""
    place, large, skin = film.scene.shot("three outputs"), film.scene.shot("errors"), film.skin
    film.left = {side: picture(film, side, "error", place[side]) for side in SIDES}
    made = [*(film.what[side] for side in SIDES), *film.axis, *film.key]
    film.axis, film.key = [sized(film)], keyed(film, "error", 0.0, film.found.largest)
    for side in SIDES:
        film.what[side] = fitted(MINUS, NAME, skin.hue("error"), place[f"{side} what"], "what")
    edge, taking = Rectangles(skin.ink, name="edge"), [film.outputs[side] for side in SIDES]
    said = [*(film.what[side] for side in SIDES), *film.axis, *film.key]
    film.move(FadeOut(*made, rate_func=early), FadeIn(*said, rate_func=late), seconds=2 * TEXT)
    with film.scene.telling():
        film.scene.add(*film.left.values(), *taking, edge)  # what is left lies beneath
        film.move(Shows(Group(*film.left.values(), *taking, edge), partial(taken, taking, edge)), seconds=TAKEN)
        film.scene.remove(*taking, edge)
        film.scene.hold(2 * TEXT)
    film.move(FadeOut(film.outputs["truth"], film.names.pop("truth"), film.what.pop("truth")), seconds=TEXT)
    grows = [matrix_to(film.left[side], large[side]) for side in SIDES]
    film.move(*grows, *film.called(large), *placed_what(film, large), seconds=MOVE)


def sized(film: ExactnessFilm) -> Word:
    """What the key to the colours is of, at its left."""
    place = film.scene.shot("errors")
    size = word(SIZE, LABEL, film.skin.ink, place["axis"], "where", Face.TEXT)
    return size.put_at(place["axis"].x1 - size.wide, size.baseline)


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
    """What is left of both is made twice as bright again and again, until both are seen: the bright end stands for less then."""
    place, found, skin = film.scene.shot("errors"), film.found, film.skin
    count, room = Counter(skin.hue("error"), "times"), place["times"]
    forms = {each.format(found.power): each for each in TIMES}
    form = forms[first_that_fits([*forms], NAME, room.width, Face.STRONG)]

    def show(share: float) -> None:
        times = 2 ** round(share**SOON * math.log2(found.power))
        count.say(word(form.format(times), NAME, skin.hue("error"), room, "times"))
        for side in SIDES:
            film.left[side].display(times * found.left[side].T)

    show(0.0)
    film.move(FadeOut(film.key.pop(), rate_func=early), FadeIn(count, rate_func=late), seconds=2 * TEXT)
    with film.scene.telling():
        film.move(Shows(Group(*film.left.values(), count), show), seconds=BRIGHTER)
        film.key.append(
            brightest(film, found.largest / found.power, clipped=found.power * max(each.max() for each in found.left.values()) > 1)
        )
        film.move(FadeIn(film.key[-1]), seconds=TEXT)
    film.axis.append(count)


@beat("worst")
def worst(film: ExactnessFilm) -> None:
    """Standard attention's largest error is ringed; by the same ring its number stands."""
    place, skin = film.scene.shot("errors"), film.skin
    film.rings, most = ringed(film, "standard", place["standard"]), largest(film, MOST, place["standard most"])
    number = word(film.found.written(film.found.errors["standard"]), NUMBER, skin.hue("error"), place["standard number"], "largest")
    film.move(FadeIn(*film.rings), seconds=TEXT)
    with film.scene.telling():
        film.scene.hold(TEXT)
        film.move(FadeIn(*most, number), seconds=TEXT)
    film.stage = [*film.left.values(), *film.what.values(), *film.axis, *film.key, *most, number]


def largest(film: ExactnessFilm, text: str, rect: Rect) -> list[Mobject]:
    """What a ring is about: the same ring, and words."""
    sign = Dot(film.skin.ink, hollow=True, name="sign", radius=0.7 * DOT).at((rect.x0 + 0.7 * DOT, rect.center[1], 0))
    return [sign, word(text, LABEL, film.skin.ink, rect.beyond(2 * DOT), "most", Face.TEXT)]


def ringed(film: ExactnessFilm, side: str, rect: Rect) -> list[Dot]:
    """A ring about a picture's largest error, with a rim that sets it off."""
    skin, center = film.skin, largest_of(rect, film.found.left[side].T).center
    looks = ((skin.ground, "halo", DOT - RIM), (skin.ground, "halo", DOT + RIM), (skin.ink, f"ring {side}", DOT))
    return [Dot(color, hollow=True, name=name, radius=radius).at(center) for color, name, radius in looks]


def largest_of(rect: Rect, values: np.ndarray) -> Rect:
    """Where the largest of a picture's values [rows, cols] is."""
    row, col = divmod(int(values.argmax()), values.shape[1])
    line = line_of(rect, len(values), row)
    return line.beyond(col * line.width / values.shape[1]).left(line.width / values.shape[1])


@beat("stored")
def stored(film: ExactnessFilm) -> None:
    """The ring opens into its query's row; the score that is furthest off stands there, and goes to the nearest number of the dtype."""
    place, skin, followed = film.scene.shot("row errors"), film.skin, film.found.followed
    chart, (s, *numbers) = film.charts["standard"], followed.stored
    at, digits = float(chart.x(followed.key)), film.found.decimals
    ring = largest_of(film.scene.shot("errors")["standard"], film.found.left["standard"].T).center
    zeros, notes = [zeroed(film, side) for side in SIDES], list(film.noted(place).values())
    film.told, levels = notes, Rectangles(skin.quiet, name="numbers")
    levels.display(edges([rule(chart, number - s, em(4)) for number in numbers]))
    names = [leveled(film, [text.format(f"{s:.{digits}f}") for text in EXACT], 0.0, 1.0, skin.scores)]
    for number, texts in zip(numbers, NUMBERS, strict=True):
        forms = [text.format(film.found.dtype, f"{number:.{digits}f}") for text in texts]
        names.append(leveled(film, forms, number - s, s - number, skin.ink))
    score, film.gap = Dot(skin.scores, hollow=False, name="score", radius=DOT / 2), Rectangles(skin.hue("error"), name="gap")
    off = numbers[0] - s
    (apart,) = beside(film, [followed.key], [GAP.format(film.found.written(off))], skin.hue("error"), [float(chart.y(off / 2))])

    def snap(share: float) -> None:
        film.gap.display(widened(film, share * off, film.thick))
        score.at((at, float(chart.y(share * off)), 0))

    snap(0.0)
    opens = Shows(film.frames["standard"], partial(opened, film, ring, chart.rect), rate_func=ease_in_out_cubic, introducer=True)
    film.frames["flash"].display([rounded(film.charts["flash"].rect, 0.0)])
    film.move(FadeOut(*film.stage, *film.rings[:-1]), seconds=TEXT)
    film.scene.remove(film.rings[-1])
    arriving = FadeIn(*zeros, *notes, film.frames["flash"], rate_func=late)
    film.move(opens, *film.called(place), arriving, seconds=MOVE)
    with film.scene.telling():
        film.move(FadeIn(names[0], score), seconds=TEXT)
        film.move(FadeIn(levels, *names[1:]), seconds=TEXT)
        film.scene.hold(2 * TEXT)
        film.move(Shows(Group(film.gap, score), snap, rate_func=ease_in_out_cubic, introducer=True), seconds=SNAP)
        film.move(FadeIn(apart), seconds=TEXT)
    film.stage, film.near, film.factor = list[Mobject](zeros), [*names, apart], [levels, score]


def opened(film: ExactnessFilm, ring: tuple[float, float, float], rect: Rect, share: float) -> None:
    """A ring has opened so far into a chart's frame: its corners are ever less round, its line is as thick as a frame's at last."""
    frame, skin = film.frames["standard"], film.skin
    begin = Rect(ring[0] - DOT, ring[1] - DOT, ring[0] + DOT, ring[1] + DOT)
    frame.display([rounded(begin.toward(rect, share), (1 - share) * DOT)])
    frame.set_stroke(interpolate_color(ManimColor(skin.ink), ManimColor(skin.edge), share), (2 - share) * theme.OUTLINE)


def rounded(rect: Rect, radius: float) -> np.ndarray:
    """[corners, 2] of a rectangle whose corners are quarters of a circle."""
    turns = np.linspace(0, math.pi / 2, CORNER)
    inner = rect.inset(radius)
    corners = ((inner.x1, inner.y1), (inner.x0, inner.y1), (inner.x0, inner.y0), (inner.x1, inner.y0))
    arcs = [
        np.array(corner) + radius * np.stack([np.cos(turns + k * math.pi / 2), np.sin(turns + k * math.pi / 2)], 1)
        for k, corner in enumerate(corners)
    ]
    return np.concatenate(arcs)


def widened(film: ExactnessFilm, value: float, wide: float) -> np.ndarray:
    """[1, 4] the bar of the score that is furthest off, at a height and so wide."""
    chart, key = film.charts["standard"], film.found.followed.key
    return chart.bars(np.append(np.zeros(key), value), wide)[-1:]


def leveled(film: ExactnessFilm, texts: list[str], value: float, side: float, color: str) -> Word:
    """Words at a level in standard attention's chart, at the left: above it, or below it where ``side`` is negative."""
    chart = film.charts["standard"]
    y = float(chart.y(value)) + math.copysign(em(LABEL) * 0.8, side)
    room = Rect(chart.rect.x0 + em(LABEL) / 2, y - em(LABEL) / 2, float(chart.x(film.found.followed.key)) - DOT, y + em(LABEL) / 2)
    return fitted(texts, LABEL, color, room if room.width > em(4 * LABEL) else Rect(room.x0, room.y0, chart.rect.x1, room.y1), "number")


@beat("scores")
def scores(film: ExactnessFilm) -> None:
    """Its bar stays; all other scores of the row come to it, as either algorithm has them: key by key, by how much each is off."""
    skin, followed = film.skin, film.found.followed
    texts = [text.format(len(followed.values)) for text in KEYS]
    film.axis = [amid(texts, skin.ink, under(film), "where")]
    lines: list[Mobject] = [*film.axis]
    for side in SIDES:
        lines += ruled(film, side)
    old = film.told
    film.told = said(film, {side: (text.format(film.found.dtype), SCORES) for side, text in OFF.items()}, dict.fromkeys(SIDES, UP_TO))
    largest = followed.scores["standard"][followed.key]

    def come(share: float) -> None:
        so_far = {side: off[: round(share * len(off))] for side, off in followed.scores.items()}
        film.show(so_far, film.thin)
        film.gap.display(widened(film, largest, film.thick + share * (film.thin - film.thick)))
        film.count("flash", film.found.most(so_far["flash"]))
        film.count("standard", film.found.most(np.append(so_far["standard"], largest)))

    film.move(FadeOut(*film.near, *film.factor, *old), seconds=TEXT)
    come(0.0)
    film.move(FadeIn(*lines, *film.told, *film.most.values()), seconds=TEXT)
    with film.scene.telling():
        film.move(Shows(Group(*film.bars.values(), film.gap, *film.most.values()), come, introducer=True), seconds=COME)
    film.scene.remove(film.gap)
    film.near, film.factor = [], []
    film.stage += [*lines, *film.bars.values(), *film.most.values()]


def under(film: ExactnessFilm) -> Rect:
    """Where it is said what is along the charts, while nothing stands beneath them."""
    place = film.scene.shot("row errors")
    return place["factor"].top(place["axis"].height)


def framed(film: ExactnessFilm, side: str, start: Rect, stop: Rect) -> Shows:
    """A frame goes from a chart to a picture."""
    frame = film.frames[side]
    return Shows(frame, lambda share: frame.display([rounded(start.toward(stop, share), 0.0)]), rate_func=ease_in_out_cubic)


def zeroed(film: ExactnessFilm, side: str) -> Rectangles:
    """A chart's line at 0."""
    return Rectangles(film.skin.quiet, name="zero").display(edges([rule(film.charts[side], 0.0, em(4))]))


def ruled(film: ExactnessFilm, side: str) -> list[Mobject]:
    """Round values above and below a chart's zero, as far apart in both charts, and the outermost in words."""
    chart, room, skin = film.charts[side], film.scene.shot("row errors")[f"{side} level"], film.skin
    step = film.step
    most = int(chart.reach / step)
    rules = Rectangles(skin.edge, name="rules")
    rules.display(edges([rule(chart, sign * each * step, em(3)) for each in range(1, most + 1) for sign in (-1, 1)]))
    made: list[Mobject] = [rules]
    for value in (most * step, 0.0, -most * step):
        at = rule(chart, value, em(LABEL))
        text = word(f"{value:g}".replace("-", "−"), LABEL, skin.ink, Rect(room.x0, at.y0, room.x1, at.y1), "level", Face.TEXT)
        made.append(text.put_at(room.x1 - text.wide, text.baseline))
    return made


def rule(chart: Chart, value: float, thick: float) -> Rect:
    """A level line across a chart, at a value."""
    y = float(chart.y(value))
    return Rect(chart.rect.x0, y - thick / 2, chart.rect.x1, y + thick / 2)


def said(film: ExactnessFilm, titles: Mapping[str, Sequence[str]], ways: Mapping[str, str]) -> list[Word]:
    """Over either chart what it is of, and beside it how its number is read."""
    place, skin = film.scene.shot("row errors"), film.skin
    made = []
    for side in SIDES:
        made.append(fitted(titles[side], NAME, skin.hue("error"), place[f"{side} note"], "title"))
        made.append(word(ways[side], LABEL, skin.ink, place[f"{side} how"], "how", Face.TEXT))
    return made


def retold(film: ExactnessFilm, title: str, after: Mapping[str, np.ndarray], near: list[Word]) -> None:
    """What all bars are now, and the largest of them; and words at those that count."""
    old, was, film.near = film.told, film.near, near
    film.told = said(film, dict.fromkeys(SIDES, (title,)), dict.fromkeys(SIDES, UP_TO))
    film.move(FadeOut(*old, *film.most.values(), *was), seconds=TEXT)
    for side, off in after.items():
        film.count(side, film.found.most(off))
    film.move(FadeIn(*film.told, *film.most.values(), *near), seconds=TEXT)


@beat("weights")
def weights(film: ExactnessFilm) -> None:
    """The row's weights come, then each error shrinks to what its weight moves by, key by key: what one gains, another loses.

    That is, to first order, P times (the error less the row's mean error by P): all weights still sum to 1.
    """
    followed, found, skin = film.found.followed, film.found, film.skin
    row, foot = Rectangles(skin.scores, name="weights"), Rectangles(skin.quiet, name="foot")
    foot.display(edges([film.scene.shot("row errors")["factor"].bottom(em(3))]))
    label = factored(film, ROW, skin.scores)
    numbers = at_factor(film, WEIGHS, followed.exact, skin.scores)
    along = np.arange(len(followed.exact)) / len(followed.exact)

    def weigh(share: float) -> None:
        done = np.clip((share * (1 + FRONT) - along) / FRONT, 0.0, 1.0)
        values = {side: off + done * (followed.weights[side] - off) for side, off in followed.scores.items()}
        film.show(values, film.thin + done**3 * (film.thick - film.thin))

    with film.scene.telling():
        room = strip(film, followed.exact)
        film.move(*slid_axis(film, film.scene.shot("row errors")["axis"]), FadeIn(foot, label, rate_func=late), seconds=2 * TEXT)
        film.move(
            Shows(
                row, lambda share: row.display(room.bars(share * followed.exact, film.thick)), rate_func=ease_in_out_cubic, introducer=True
            ),
            seconds=2 * TEXT,
        )
        film.move(FadeIn(*numbers), seconds=TEXT)
        film.scene.hold(TEXT)
        film.move(Shows(Group(*film.bars.values()), weigh), seconds=WEIGH)
        keys, off = followed.foremost(NAMED), followed.weights["standard"]
        texts = [GAINS[bool(off[key] > 0)].format(found.written(off[key])) for key in keys]
        near = beside(film, keys, texts, skin.hue("error"), [film.between(off[key] / 2) for key in keys])
        retold(film, WEIGHTS, followed.weights, near)
    film.factor = [row, foot, label, *numbers]


def slid_axis(film: ExactnessFilm, rect: Rect) -> list[Shows]:
    """What is along the charts goes to another line."""
    return [slid(each, each.left, middle(rect, LABEL)) for each in film.axis if isinstance(each, Word)]


def factored(film: ExactnessFilm, texts: Sequence[str], color: str) -> Word:
    """What the bars beneath standard attention's chart are."""
    return fitted(texts, LABEL, color, film.scene.shot("row errors")["factor name"], "factor")


def strip(film: ExactnessFilm, values: np.ndarray) -> Chart:
    """Room for a bar for each key beneath standard attention's chart: from the foot, or from where 0 is if some are negative."""
    rect = film.scene.shot("row errors")["factor"]
    low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
    unit = rect.height / max(high - low, np.finfo(float).tiny)
    return Chart(rect.shifted(0.0, rect.y0 - low * unit - rect.center[1]), len(values), unit)


def at_factor(film: ExactnessFilm, text: str, values: np.ndarray, color: str) -> list[Word]:
    """A number of each key that counts most, at its bar beneath the chart."""
    keys, top = film.found.followed.foremost(NAMED), film.scene.shot("row errors")["factor"].y1
    return beside(film, keys, numbered(film, keys, text, values[keys]), color, [top - 0.7 * em(LABEL)] * len(keys))


def numbered(film: ExactnessFilm, keys: list[int], text: str, values: np.ndarray) -> list[str]:
    """Numbers in words; alone, where one of them would not fit right of its key's bar."""
    chart, bare = film.charts["standard"], [f"{value:.2f}".replace("-", "−") for value in values]
    said = [text.format(number) for number in bare]
    fit = all(
        float(chart.x(key)) + film.thick + text_width(each, LABEL, Face.STRONG) <= chart.rect.x1
        for key, each in zip(keys, said, strict=True)
    )
    return said if fit else bare


def beside(film: ExactnessFilm, keys: list[int], texts: list[str], color: str, heights: list[float]) -> list[Word]:
    """Words right of keys' bars, left of them where the chart ends; lower, where others stand."""
    chart, made, gap = film.charts["standard"], list[Word](), em(LABEL) / 3
    for key, text, y in zip(keys, texts, heights, strict=True):
        at, wide, off = float(chart.x(key)), text_width(text, LABEL, Face.STRONG), film.thick / 2 + gap
        left, baseline = at + off if at + off + wide <= chart.rect.x1 else at - off - wide, y - 0.36 * em(LABEL)
        while any(abs(baseline - o.baseline) < em(LABEL) and left < o.left + o.wide + gap and o.left < left + wide + gap for o in made):
            baseline -= 1.2 * em(LABEL)
        made.append(Word(text, LABEL, color, left, baseline, "near"))
    return made


@beat("times")
def times(film: ExactnessFilm) -> None:
    """Times V: each bar is as large as its key's number says, and turns over where that is negative."""
    followed, skin, old = film.found.followed, film.skin, film.factor
    keys = followed.foremost(NAMED)
    column, marks = Rectangles(skin.hue("V"), name="V", opacity=PALE), Rectangles(skin.hue("V"), name="V marks")
    label = factored(film, COLUMN, skin.hue("V"))
    numbers = beside(
        film,
        keys,
        numbered(film, keys, TURNS, followed.values[keys]),
        skin.hue("V"),
        [film.between(UP * film.charts["standard"].reach)] * len(keys),
    )
    room = strip(film, followed.values)
    column.display(room.bars(followed.values, film.thin))
    marks.display(room.bars(followed.values, film.thick)[keys])

    def turn(share: float) -> None:
        film.show({side: off * (1 + share * (followed.values - 1)) for side, off in followed.weights.items()}, film.thick)

    leaving, film.near, film.factor = [*old, *film.near], [], [column, marks, label, *numbers]
    with film.scene.telling():
        film.move(FadeOut(*leaving, rate_func=early), FadeIn(*film.factor, rate_func=late), seconds=2 * TEXT)
        film.scene.hold(2 * TEXT)
        film.move(Shows(Group(*film.bars.values()), turn, rate_func=ease_in_out_cubic), seconds=TURN)
        retold(film, PRODUCTS, followed.products, [])


@beat("sum")
def added(film: ExactnessFilm) -> None:
    """Key by key all is added up: two walks, and a ring that goes along to where standard attention's ends."""
    followed, found, skin = film.found.followed, film.found, film.skin
    sums = {side: np.append(0.0, each) for side, each in followed.sums.items()}
    walks = {side: Rectangles(skin.ink, name=f"walk {side}") for side in SIDES}
    heads = {
        "flash": Dot(skin.ink, hollow=False, name="head", radius=DOT / 2), "standard": Dot(skin.ink, hollow=True, name="ring", radius=DOT)
    }  # fmt: skip

    def show(share: float) -> None:
        for side, chart in film.charts.items():
            x = chart.rect.x0 + share * chart.rect.width
            value = sums[side][-1 if share == 1 else np.searchsorted(chart.x(np.arange(chart.keys)), x)]
            walks[side].display(chart.walk(followed.sums[side], share))
            heads[side].at((x, float(chart.y(value)), 0))
            film.count(side, found.written(value))

    film.move(FadeOut(*film.told, *film.factor, *film.most.values(), rate_func=early), *slid_axis(film, under(film)), seconds=2 * TEXT)
    show(0.0)
    film.told = said(film, dict.fromkeys(SIDES, (SUM,)), {side: SIGNS[off > 0] for side, off in followed.off.items()})
    film.move(FadeIn(*film.told, *film.most.values(), *heads.values()), seconds=TEXT)
    with film.scene.telling():
        moving = Group(*walks.values(), *heads.values(), *film.most.values())
        film.move(Shows(moving, show, introducer=True, rate_func=lambda share: share**SOON), seconds=ADDED)
    film.stage += [*walks.values(), *heads.values()]


def answer(film: ExactnessFilm) -> None:
    """Both pictures, and what is rounded; then the largest error of either is ringed, and both are bars of one unit."""
    place, skin, found = film.scene.shot("largest errors"), film.skin, film.found
    said = arrive(film, place)
    rings = {side: ringed(film, side, place[side]) for side in SIDES}
    texts = ITS if found.smaller > MOSTLY else dict.fromkeys(SIDES, MOST)
    most = [part for side in SIDES for part in largest(film, texts[side], place[f"{side} most"])]
    values = [
        word(found.written(error), NUMBER, skin.hue("error"), place[f"{side} number"], "value") for side, error in found.errors.items()
    ]
    config = found.config
    forms = [text.format(found.entries, config.seq_k, config.head_dim, found.dtype) for text in OF]
    of = fitted(forms, LABEL, skin.ink, place["axis"], "where", Face.TEXT)
    unit = place["flash bar"].width / max(found.errors.values())
    bars = {side: Rectangles(skin.hue("error"), name=f"bar {side}") for side in SIDES}

    def grow(share: float) -> None:
        for side, bar in bars.items():
            bar.display(edges([place[f"{side} bar"].left(share * unit * found.errors[side])]))

    with film.scene.telling():
        film.move(FadeIn(*said), seconds=TEXT)
        film.move(FadeIn(*(ring for each in rings.values() for ring in each)), seconds=TEXT)
        film.move(FadeIn(*most, *values, of, rate_func=early), Shows(Group(*bars.values()), grow, introducer=True), seconds=FOUND)
        if found.smaller > MOSTLY:
            room = place["flash bar"].beyond(unit * found.errors["flash"] + em(LABEL))
            film.move(FadeIn(word(SMALLER.format(found.smaller), NAME, skin.hue("error"), room, "smaller")), seconds=TEXT)


def arrive(film: ExactnessFilm, place: Shot) -> list[Mobject]:
    """The pictures of errors come to their places; from a row's charts, in their frames. Then there is room for these words."""
    found = film.found
    notes = rounds(film, place) if found.narrow else list(film.noted(place).values())
    said = [word(ERROR.format(found.power), NAME, film.skin.hue("error"), place[f"{side} what"], "what") for side in SIDES]
    moves: list[Animation] = [*film.called(place)]
    if film.stage:
        film.left = {side: picture(film, side, "error", place[side]) for side in SIDES}
        for side, left in film.left.items():
            left.display(found.power * found.left[side].T)
            start = film.charts[side].rect
            moves += [framed(film, side, start, place[side]), matrix_to(left, place[side], start), FadeIn(left)]
        film.stage += film.told
    else:
        film.stage = [*film.what.values(), *film.axis, *film.key]
        moves += [matrix_to(film.left[side], place[side]) for side in SIDES]
    film.move(FadeOut(*film.stage, rate_func=early), *moves, seconds=FOUND)
    film.scene.remove(*film.frames.values())
    return [*notes, *said]


def rounds(film: ExactnessFilm, place: Shot) -> list[Mobject]:
    """What both round to their dtype; and S, which standard attention rounds, too."""
    skin, made, text = film.skin, list[Mobject](), ROUNDS.format(film.found.dtype)
    more = {"flash": [text], "standard": [f"{text},", ALSO]}
    for side, texts in more.items():
        made += worded(place[f"{side} note"], texts, NAME, [skin.ink, skin.hue("error")][: len(texts)], "note")
    return made


@beat("exact")
def exact(film: ExactnessFilm) -> None:
    """Both largest errors: FlashAttention's is the smaller."""
    answer(film)


@beat("equal")
def equal(film: ExactnessFilm) -> None:
    """Both largest errors: about as large."""
    answer(film)
