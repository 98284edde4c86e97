"""How exact: how far off either O is, and what the worst entry's row of scores is off by, followed through softmax and V into it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from manim import Animation, Group, Mobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz.chapters import exactness
from flashviz.chapters.exactness import SIDES, Exactness, OutputOf, RowOf, gather
from flashviz.director.film.parts import matrix_to
from flashviz.director.material import provenance
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, NUMBER, Counter, Word, amid, fitted, middle, slid, struck, word, worded
from flashviz.layout import Rect, Shot
from flashviz.layout.exactness import FULL, Chart
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.bars import round_level
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, early, late
from flashviz.mobjects.rulers import Dot
from flashviz.mobjects.tiles import Matrix, Rectangles, edges, line_of, outlines
from flashviz.palette import spread

MADE, MINUS = "its output O", ("its O − float64's O", "O − float64's O")
TRUTH, REFERENCE = "float64", "the reference"
ERROR, MOST = "error × {:,}", "largest error"
AXIS = ("a column is one query's O: {d} numbers", "a column: one query's O")
NOTES = {
    "flash": ("its scores S stay on chip, in float32", "S stays on chip: float32"),
    "standard": ("its scores S go out to HBM, as {}", "S goes out to HBM: {}"),
}
KEYS = ("the {:,} keys behind the ringed entry of O, one bar each", "{:,} keys behind this entry of O, a bar each", "{:,} keys, a bar each")
# what the bars are of, and how they are read
SCORES, WEIGHTS, TIMES = (("each score S", "off by up to"), ("each weight P", "off by up to"), ("error of P × V", "up to"))
SUM, SIGNS = "this entry of O", {True: "too large by", False: "too small by"}
WEIGHS, FACTOR = "P = {}", "V = {}"
ROUNDS = ("rounds to {}:", "scores S,", "weights P,", "O")
OF = (
    "largest of all {:,} entries of O; N = {:,}, d = {}, {}, against float64", "of all {:,} entries of O; N = {:,}, d = {}, {}",
    "{:,} entries of O, N = {:,}, d = {}, {}",
)  # fmt: skip
LONG = 6  # decimals
SHADES = 64  # of a key to colours
NAMED = 2  # keys whose weight, and whose number in V, is written: those that count most
WIDEST = em(14)  # at least so wide is a bar when few are left to be seen
# seconds: of O taken away, errors made brighter, bars that come, that turn into others, that are added up, and of the answer
TAKEN, BRIGHTER, COME, TURN, ADDED, FOUND = 2.2, 2.8, 2.6, 1.6, 3.2, 1.2
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

    ``most``: the largest of them, by side; ``near``: words at single bars.
    """

    key: list[Mobject]  # the values that the pictures' colours stand for
    ring: Dot  # about what standard attention's largest error comes of

    def __init__(self, scene: ShotScene, found: Exactness) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.names: dict[str, Word] = {}
        self.stage: list[Mobject] = []
        self.outputs: dict[str, Matrix] = {}
        self.left: dict[str, Matrix] = {}  # of O when O in float64 is taken from it
        self.what: dict[str, Word | Counter] = {}  # what either picture shows
        self.axis: list[Word] = []  # what the pictures' columns are
        self.told: list[Word] = []
        self.near: list[Word] = []
        row, keys = scene.shot("row errors"), len(found.followed.values)
        unit = FULL * row["standard"].height / 2 / found.followed.most
        self.charts = {side: Chart(row[side], keys, unit) for side in SIDES}
        self.frames = {side: outlines(self.skin.edge, "frame") for side in SIDES}
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

    def show(self, values: Mapping[str, np.ndarray], wide: float) -> None:
        """Both charts' bars, of the first so many keys."""
        for side, chart in self.charts.items():
            self.bars[side].display(chart.bars(values[side], wide))

    def count(self, side: str, text: str) -> None:
        """A number beside a chart."""
        self.most[side].say(word(text, NUMBER, self.skin.hue("error"), self.scene.shot("row errors")[f"{side} most"], "up to"))

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


def brightest(film: ExactnessFilm, high: float) -> Word:
    """The value at the bright end."""
    return word(shortly(high), LABEL, film.skin.ink, film.scene.shot("errors")["key high"], "key high", Face.TEXT)


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
    made = [film.what[side] for side in SIDES]
    for side in SIDES:
        film.what[side] = fitted(MINUS, NAME, skin.hue("error"), place[f"{side} what"], "what")
    edge, taking = Rectangles(skin.ink, name="edge"), [film.outputs[side] for side in SIDES]
    film.move(FadeOut(*made, rate_func=early), FadeIn(*(film.what[side] for side in SIDES), rate_func=late), seconds=2 * TEXT)
    with film.scene.telling():
        film.scene.add(*film.left.values(), *taking, edge)  # what is left lies beneath
        film.move(Shows(Group(*film.left.values(), *taking, edge), partial(taken, taking, edge)), seconds=TAKEN)
        film.scene.remove(*taking, edge)
        film.scene.hold(2 * TEXT)
    old, film.key = film.key, keyed(film, "error", 0.0, film.found.largest)
    film.move(FadeOut(film.outputs["truth"], film.names.pop("truth"), film.what.pop("truth"), *old), seconds=TEXT)
    grows = [matrix_to(film.left[side], large[side]) for side in SIDES]
    film.move(*grows, *film.called(large), *placed_what(film, large), FadeIn(*film.key, rate_func=late), seconds=MOVE)


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
    """What is left of both is made twice as bright again and again, until both are seen: the bright end stands for less and less."""
    place, power, skin = film.scene.shot("errors"), film.found.power, film.skin
    counters, bright = {side: Counter(skin.hue("error"), "what") for side in SIDES}, Counter(skin.ink, "key high")

    def show(share: float) -> None:
        times = 2 ** round(share**SOON * math.log2(power))
        bright.say(brightest(film, film.found.largest / times))
        for side, counter in counters.items():
            film.left[side].display(times * film.found.left[side].T)
            counter.say(magnified(film, place[f"{side} what"], times))

    show(0.0)
    film.scene.remove(film.key.pop())
    film.scene.add(bright)
    film.move(FadeOut(*film.what.values(), rate_func=early), FadeIn(*counters.values(), rate_func=late), seconds=2 * TEXT)
    with film.scene.telling():
        film.move(Shows(Group(*film.left.values(), *counters.values(), bright), show), seconds=BRIGHTER)
    film.what, film.key = dict(counters), [*film.key, bright]


def magnified(film: ExactnessFilm, rect: Rect, times: int) -> Word:
    """What a picture shows: errors, so many times as bright."""
    return word(ERROR.format(times), NAME, film.skin.hue("error"), rect, "what")


@beat("worst")
def worst(film: ExactnessFilm) -> None:
    """Standard attention's largest error is ringed; by the same ring its number stands."""
    place, skin = film.scene.shot("errors"), film.skin
    rings, most = ringed(film, "standard", place["standard"]), largest(film, place["standard most"])
    number = word(film.found.written(film.found.errors["standard"]), NUMBER, skin.hue("error"), place["standard number"], "largest")
    film.move(FadeIn(*rings), seconds=TEXT)
    with film.scene.telling():
        film.scene.hold(TEXT)
        film.move(FadeIn(*most, number), seconds=TEXT)
    film.stage = [*film.left.values(), *film.what.values(), *film.axis, *film.key, *rings, *most, number]


def largest(film: ExactnessFilm, rect: Rect) -> list[Mobject]:
    """What a ring is about: the same ring, and words."""
    sign = Dot(film.skin.ink, hollow=True, name="sign", radius=0.7 * DOT).at((rect.x0 + 0.7 * DOT, rect.center[1], 0))
    return [sign, word(MOST, LABEL, film.skin.ink, rect.beyond(2 * DOT), "most", Face.TEXT)]


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


@beat("scores")
def scores(film: ExactnessFilm) -> None:
    """The ringed entry opens into its query's row, as either algorithm has it: key by key, by how much each score is off."""
    place, skin, followed = film.scene.shot("row errors"), film.skin, film.found.followed
    entry = largest_of(film.scene.shot("errors")["standard"], film.found.left["standard"].T)
    opening = [framed(film, side, entry, chart.rect, introducer=True) for side, chart in film.charts.items()]
    texts = [text.format(len(followed.values)) for text in KEYS]
    film.told = said(film, *(SCORES for _ in SIDES))
    lines: list[Mobject] = [*film.noted(place).values(), amid(texts, skin.ink, place["axis"], "where")]
    for side in SIDES:
        lines += ruled(film, side)

    def come(share: float) -> None:
        so_far = {side: off[: round(share * len(off))] for side, off in followed.scores.items()}
        film.show(so_far, film.thin)
        for side, off in so_far.items():
            film.count(side, film.found.most(off))

    come(0.0)
    arriving = FadeIn(*lines, *film.told, *film.most.values(), rate_func=late)
    film.move(FadeOut(*film.stage, rate_func=early), *opening, *film.called(place), arriving, seconds=FOUND)
    with film.scene.telling():
        film.move(Shows(Group(*film.bars.values(), *film.most.values()), come, introducer=True), seconds=COME)
    film.stage = [*lines, *film.bars.values(), *film.most.values()]


def framed(film: ExactnessFilm, side: str, start: Rect, stop: Rect, **options: Any) -> Shows:
    """A frame opens from a cell of a picture into a chart, or goes from a chart to a picture."""
    frame = film.frames[side]
    return Shows(frame, lambda share: frame.display(edges([start.toward(stop, share)])), rate_func=ease_in_out_cubic, **options)


def ruled(film: ExactnessFilm, side: str) -> list[Mobject]:
    """A chart's zero, round values above and below it as far apart in both charts, and the outermost in words."""
    chart, room, skin = film.charts[side], film.scene.shot("row errors")[f"{side} level"], film.skin
    step = round_level(0.9 * film.charts["flash"].reach)
    most = int(chart.reach / step)
    zero, rules = Rectangles(skin.quiet, name="zero"), Rectangles(skin.edge, name="rules")
    zero.display(edges([rule(chart, 0.0, em(4))]))
    rules.display(edges([rule(chart, sign * each * step, em(3)) for each in range(1, most + 1) for sign in (-1, 1)]))
    made: list[Mobject] = [rules, zero]
    for value in (most * step, 0.0, -most * step):
        at = rule(chart, value, em(LABEL))
        text = word(f"{value:g}".replace("-", "−"), LABEL, skin.ink, Rect(room.x0, at.y0, room.x1, at.y1), "level", Face.TEXT)
        made.append(text.put_at(room.x1 - text.wide, text.baseline))
    return made


def rule(chart: Chart, value: float, thick: float) -> Rect:
    """A level line across a chart, at a value."""
    y = float(chart.y(value))
    return Rect(chart.rect.x0, y - thick / 2, chart.rect.x1, y + thick / 2)


def said(film: ExactnessFilm, *texts: tuple[str, str]) -> list[Word]:
    """Of either chart: what is in it, and how its number is read."""
    place, ink = film.scene.shot("row errors"), film.skin.ink
    made = []
    for side, (what, how) in zip(SIDES, texts, strict=True):
        made += [word(what, LABEL, ink, place[f"{side} what"], "bars of"), word(how, LABEL, ink, place[f"{side} how"], "how", Face.TEXT)]
    return made


def turned(
    film: ExactnessFilm, near: list[Word], texts: tuple[str, str], before: Mapping[str, np.ndarray], after: Mapping[str, np.ndarray],
    wide: float,
) -> None:  # fmt: skip
    """All bars become what they are next, and as thick as bars that stand apart: by what, stands near them; what they are is said then."""
    old, film.told, was, film.near = film.told, said(film, *(texts for _ in SIDES)), film.near, near

    def show(share: float) -> None:
        film.show({side: before[side] + share * (after[side] - before[side]) for side in SIDES}, wide + share * (film.thick - wide))

    if was:
        film.move(FadeOut(*was), seconds=TEXT)
    film.move(FadeIn(*near), seconds=TEXT)
    film.scene.hold(2 * TEXT)
    film.move(FadeOut(*old, *film.most.values()), seconds=TEXT)
    film.move(Shows(Group(*film.bars.values()), show, rate_func=ease_in_out_cubic), seconds=TURN)
    for side, off in after.items():
        film.count(side, film.found.most(off))
    film.move(FadeIn(*film.told, *film.most.values()), seconds=TEXT)


@beat("weights")
def weights(film: ExactnessFilm) -> None:
    """Softmax: what the scores are off by becomes what the weights are off by, and only where weight is, anything is left."""
    followed = film.found.followed
    near = named_bars(film, WEIGHS, followed.exact, film.skin.scores)
    with film.scene.telling():
        turned(film, near, WEIGHTS, followed.scores, followed.weights, film.thin)


@beat("times")
def times(film: ExactnessFilm) -> None:
    """Times V: each bar is as large as its key's number says, and turns over where that is negative."""
    followed = film.found.followed
    near = named_bars(film, FACTOR, followed.values, film.skin.hue("V"))
    with film.scene.telling():
        turned(film, near, TIMES, followed.weights, followed.products, film.thick)


def named_bars(film: ExactnessFilm, text: str, values: np.ndarray, color: str) -> list[Word]:
    """A number of each key that counts most, right of its bar, above; lower, where another one stands."""
    followed, chart = film.found.followed, film.charts["standard"]
    made: list[Word] = []
    for key in np.argsort(-np.abs(followed.products["standard"]))[:NAMED]:
        number = text.format(f"{values[key]:.2f}".replace("-", "−"))
        wide = text_width(number, LABEL, Face.STRONG)
        left = min(float(chart.x(int(key))) + film.thick, chart.rect.x1 - wide)
        rows = sum(abs(left - other.left) < max(wide, other.wide) + em(LABEL) / 2 for other in made)
        baseline = middle(chart.rect.top(em(LABEL * (2 + 3 * rows))), LABEL)
        made.append(Word(number, LABEL, color, left, baseline, "near"))
    return made


@beat("sum")
def added(film: ExactnessFilm) -> None:
    """Key by key all is added up: two walks, and a ring that goes along to where standard attention's ends."""
    followed, found, skin = film.found.followed, film.found, film.skin
    sums = {side: np.append(0.0, each) for side, each in followed.sums.items()}
    walks = {side: Rectangles(skin.ink, name=f"walk {side}") for side in SIDES}
    film.ring = Dot(skin.ink, hollow=True, name="ring", radius=DOT)
    heads = {"flash": Dot(skin.ink, hollow=False, name="head", radius=DOT / 2), "standard": film.ring}

    def show(share: float) -> None:
        for side, chart in film.charts.items():
            x = chart.rect.x0 + share * chart.rect.width
            value = sums[side][-1 if share == 1 else np.searchsorted(chart.x(np.arange(chart.keys)), x)]
            walks[side].display(chart.walk(followed.sums[side], share))
            heads[side].at((x, float(chart.y(value)), 0))
            film.count(side, found.written(value))

    film.move(FadeOut(*film.told, *film.near, *film.most.values()), seconds=TEXT)
    show(0.0)
    film.told = said(film, *((SUM, SIGNS[followed.off[side] > 0]) for side in SIDES))
    film.move(FadeIn(*film.told, *film.most.values(), *heads.values()), seconds=TEXT)
    with film.scene.telling():
        moving = Group(*walks.values(), *heads.values(), *film.most.values())
        film.move(Shows(moving, show, introducer=True, rate_func=lambda share: share**SOON), seconds=ADDED)
    film.stage += [*walks.values(), heads["flash"]]


def answer(film: ExactnessFilm) -> None:
    """Both pictures, and what is rounded; then the largest error of either is ringed, and both are bars of one unit."""
    place, skin, found = film.scene.shot("largest errors"), film.skin, film.found
    followed = bool(film.stage)
    arrive(film, place)
    rings = {side: ringed(film, side, place[side]) for side in SIDES}
    most = [part for side in SIDES for part in largest(film, place[f"{side} most"])]
    values = [
        word(found.written(error), NUMBER, skin.hue("error"), place[f"{side} number"], "value") for side, error in found.errors.items()
    ]
    config = found.config
    texts = [text.format(found.entries, config.seq_k, config.head_dim, found.dtype) for text in OF]
    of = fitted(texts, LABEL, skin.ink, place["axis"], "where", Face.TEXT)
    unit = place["flash bar"].width / max(found.errors.values())
    bars = {side: Rectangles(skin.hue("error"), name=f"bar {side}") for side in SIDES}

    def grow(share: float) -> None:
        for side, bar in bars.items():
            bar.display(edges([place[f"{side} bar"].left(share * unit * found.errors[side])]))

    with film.scene.telling():
        film.scene.hold(TEXT)
        film.move(FadeIn(*(ring for each in rings.values() for ring in each)), seconds=TEXT)
        film.scene.remove(*([film.ring] if followed else []))
        film.move(FadeIn(*most, *values, of, rate_func=early), Shows(Group(*bars.values()), grow, introducer=True), seconds=FOUND)


def arrive(film: ExactnessFilm, place: Shot) -> None:
    """The pictures of errors come to their places; from a row's charts, the ring goes back to where it was in one of them."""
    found = film.found
    notes = rounds(film, place) if found.narrow else list(film.noted(place).values())
    said = [magnified(film, place[f"{side} what"], found.power) for side in SIDES]
    moves: list[Animation] = [*film.called(place), FadeIn(*notes, *said, rate_func=late)]
    if film.stage:
        film.left = {side: picture(film, side, "error", place[side]) for side in SIDES}
        for side, left in film.left.items():
            left.display(found.power * found.left[side].T)
            start = film.charts[side].rect
            moves += [framed(film, side, start, place[side]), matrix_to(left, place[side], start), FadeIn(left)]
        ring, begin = film.ring, film.ring.get_center()
        center = np.array(largest_of(place["standard"], found.left["standard"].T).center)
        ring.set_z_index(1)
        moves.append(Shows(ring, lambda share: ring.at(begin + share * (center - begin)), rate_func=ease_in_out_cubic))
        film.stage += film.told
    else:
        film.stage = [*film.what.values(), *film.axis, *film.key]
        moves += [matrix_to(film.left[side], place[side]) for side in SIDES]
    film.move(FadeOut(*film.stage, rate_func=early), *moves, seconds=FOUND)
    film.scene.remove(*film.frames.values())


def rounds(film: ExactnessFilm, place: Shot) -> list[Mobject]:
    """What either rounds to its dtype: FlashAttention does not round S."""
    skin, made = film.skin, list[Mobject]()
    texts, colors = [text.format(film.found.dtype) for text in ROUNDS], [skin.ink, skin.scores, skin.scores, skin.hue("O")]
    for side in SIDES:
        words = worded(place[f"{side} note"], texts, NAME, colors, "note")
        made += [*words, *([struck(words[1], skin)] if side == "flash" else [])]
    return made


@beat("exact")
def exact(film: ExactnessFilm) -> None:
    """Both largest errors: FlashAttention's is the smaller."""
    answer(film)


@beat("equal")
def equal(film: ExactnessFilm) -> None:
    """Both largest errors: about as large."""
    answer(film)
