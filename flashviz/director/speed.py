"""How fast: two bars of time; what crosses, and its bytes, for either algorithm; the work; then a GPU measured here, N by N."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from manim import Group, Mobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import palette, theme
from flashviz.chapters import speed
from flashviz.chapters.measured import sweep_of
from flashviz.chapters.speed import BYTES, SIDES, TIME, Figure, Speed, gather, quoted
from flashviz.citations import FIGURE_2
from flashviz.config import AttentionConfig
from flashviz.director.film.parts import LANDED, arrived_of, flight, heading
from flashviz.director.material import sheets
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, NUMBER, Word, amid, first_that_fits, machine, middle, word
from flashviz.figures import roughly, seconds
from flashviz.inputs import make_inputs
from flashviz.layout import Rect, Shot, columns
from flashviz.layout import rows as split
from flashviz.layout.speed import BESIDE, LINE, Band, Chart, units
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, early, late
from flashviz.mobjects.named import Named
from flashviz.mobjects.stored import Stored
from flashviz.mobjects.tiles import Rectangles, box, edges
from flashviz.mobjects.whole import Chip

TURN = 0.8  # seconds in which a picture leaves, and then another comes
RUN, GROW = 3.8, 0.45  # seconds: of the longer bar of time, of the columns of one N
EACH = 0.025  # seconds of a tile's crossing, of either algorithm
FILL, MORE = 1.2, 0.7  # seconds in which the products of both fill, and in which one more comes
SEAM = em(2)  # around squares
KEY = em(36)  # side of a square of colour
AGAIN = ("{} again", "+ {}")
MADE = {"ACC": "O"}  # by its name in a kernel
NAMES = {  # of the bands; the first that fits
    "products": (
        "matrix products, counted here: forward S and O; backward the gradients dV, dP, dQ and dK",
        "matrix products: forward S and O; backward gradients dV to dK",
        "products: forward S and O; backward gradients",
    ),
    "bytes": (
        "read from and written to HBM, forward and backward: a square is 1 {} ({})",
        "read from and written to HBM: a square is 1 {} ({})",
        "HBM: a square is 1 {} ({})",
        "1 square: 1 {} ({})",
    ),
    "time": ("time of one pass forward and backward", "time, forward and backward"),
}
AS_MANY = "{} times as many"  # of products, which are counted here; of quoted figures none is derived
CALLED = {"S": "S: scores", "P": "P: weights"}
HBM = ("HBM: the GPU's memory", "HBM, its memory", "HBM")
TRIPS = {  # what crosses, whether it goes out of the chip, and what is said of it; each matrix whole, tile by tile
    "standard": (
        ("Q", False, "in"), ("K", False, ""), ("S", True, "out"), ("S", False, "back"), ("P", True, "out"), ("P", False, "back"),
        ("V", False, ""), ("O", True, "out"),
    ),
    "flash": (("Q", False, "in"), ("K", False, ""), ("V", False, ""), ("O", True, "out")),
}  # fmt: skip
NOTES = {"standard": ("softmax:", "P from S"), "flash": ("S and P", "stay here")}  # on chip
NOTED = {"standard": "P", "flash": "V"}  # with whose first way that comes
NOWHERE = ("never stored", "not stored")
AXIS = ("Height: time of one call. FlashAttention's is 1 everywhere.", "time of a call, FlashAttention's = 1")
LENGTH = ("N = {:,}", "{:,}")
TIMES = "{} ×"
PEAK = "largest"
LATER = (
    "From {:,} to {:,}: standard attention takes {} times as long, FlashAttention {} times",
    "{:,} to {:,}: standard × {}, FlashAttention × {}",
)


class SpeedStage(ShotScene):
    """The scene that the bars grow on."""

    script = speed.BEATS

    def open(self, measured: Callable[[], Any], run: Callable[..., Any]) -> SpeedFilm:
        """Read the measurement and count products.

        Args:
            measured: ``flashviz_kernels.bench.measured.measured``.
            run: ``flashviz_kernels.recorder.run``.
        """
        sweep = sweep_of(measured())
        found = gather(sweep, run)
        self.provenance = [sweep.provenance]
        self.set_board(speed.BEATS, {"peak": f"{found.lengths[found.peak]:,}"})
        return SpeedFilm(self, found)


Boxes = Callable[[Rect, float, float], list[Rect]]  # what a bar is drawn as: of its place, an amount, and the most that has room


class Pair:
    """One quantity of both algorithms: its name, a bar of each, and a figure where each ends.

    Args:
        title: Its name, in words.
        amounts: Of both.
        figures: What stands where each ends.
    """

    def __init__(
        self, name: str, title: Word, skin: palette.Theme, boxes: Boxes, amounts: Mapping[str, float], figures: Mapping[str, Word]
    ) -> None:
        self.name, self.boxes, self.amounts, self.figures = title, boxes, amounts, figures
        hues = {"standard": skin.scores, "flash": skin.o}
        self.bars = {side: Rectangles(hue, name=f"{name} {side}") for side, hue in hues.items()}
        self.now = dict.fromkeys(amounts, 0.0)

    @property
    def parts(self) -> list[Mobject]:
        """All of it."""
        return [self.name, *self.bars.values(), *self.figures.values()]

    def bar(self, side: str) -> Rect:
        """Where it may grow."""
        return dict(zip(SIDES, self.band.bars, strict=True))[side]

    def put(self, band: Band) -> Pair:
        """Stand there, as far as it has grown."""
        self.band = band
        self.name.put(band.name)
        for side, figure in self.figures.items():
            self.show(side, self.now[side])
            bar = self.bar(side)
            figure.put_at(max(each.x1 for each in self.drawn(side, self.amounts[side])) + BESIDE, middle(bar, NUMBER))
        return self

    def drawn(self, side: str, amount: float) -> list[Rect]:
        """A bar of so much."""
        return self.boxes(self.bar(side), amount, max(self.amounts.values()))

    def show(self, side: str, amount: float) -> None:
        """So much of one."""
        self.now[side] = amount
        self.bars[side].display(edges(self.drawn(side, amount)))
        self.bars[side].values = np.array([amount])

    def grow(self, start: float, stop: float, *sides: str) -> Shows:
        """Bars become so long, each at most as long as it is."""

        def show(share: float) -> None:
            for side in sides:
                self.show(side, min(start + share * (stop - start), self.amounts[side]))

        return Shows(Group(*(self.bars[side] for side in sides)), show)

    def ratio(self, text: str, color: str) -> Word:
        """What one is of the other, by what stands there, beside FlashAttention's figure."""
        beside = self.figures["flash"]
        baseline = middle(self.bar("flash"), NAME)
        return Word(text.format(ratio_of(self.amounts.values())), NAME, color, beside.left + beside.wide + 2 * BESIDE, baseline, "ratio")


class Machine:
    """HBM with the matrices of one head, and the chip, on which only a tile of each has room."""

    def __init__(self, place: Shot, skin: palette.Theme) -> None:
        self.place, self.skin, config = place, skin, AttentionConfig()
        pictures = zip("SP", sheets(config, make_inputs(config)), strict=True)
        self.stores = {name: Stored(each, place[name], (config.row_blocks, config.col_blocks), skin, name) for name, each in pictures}
        blocks = {"Q": config.row_blocks, "K": config.col_blocks, "V": config.col_blocks, "O": config.row_blocks}
        self.cells = {name: [each.inset(SEAM) for each in split(place[name], count)] for name, count in blocks.items()}
        self.strips = {name: Rectangles(skin.hue(name), name=f"strip {name}") for name in blocks}
        pipe = Rectangles(skin.registers, name="pipe").set_stroke(skin.quiet, width=theme.HAIRLINE, opacity=1)
        pipe.display(edges([place["pipe"]]))
        tile = Rectangles(skin.scores, name="tile", opacity=palette.SECOND).display(edges([place["tile"]]))
        named = [heading(place[f"{name} name"], text, skin.ink, LABEL) for name, text in CALLED.items()]
        named += [heading(place[f"{name} name"], name, skin.hue(name), LABEL) for name in blocks]
        called = word(first_that_fits(HBM, LABEL, place["HBM name"].width, Face.STRONG), LABEL, skin.ink, place["HBM name"], "name")
        self.parts = [
            Chip(skin).place(place["HBM"]), Chip(skin).place(place["chip"]), pipe, tile, called,
            word("on chip", LABEL, skin.ink, place["chip name"], "name"), box(place["O"], stroke=skin.quiet, width=theme.OUTLINE),
            *self.stores.values(), *self.strips.values(), *named,
        ]  # fmt: skip
        self.flying = Rectangles(skin.scores, name="in flight")
        self.said: list[Mobject] = []  # of the algorithm that is seen
        self.empty()

    def empty(self) -> None:
        """The inputs alone are there."""
        for name in (*self.stores, *self.strips):
            self.fill(name, 0 if name in "SPO" else self.count(name))

    def count(self, name: str) -> int:
        """Tiles of a matrix."""
        return self.stores[name].count if name in self.stores else len(self.cells[name])

    def cell(self, name: str, index: int) -> Rect:
        """Where one of them lies."""
        return self.stores[name].cell(index) if name in self.stores else self.cells[name][index]

    def fill(self, name: str, count: float) -> None:
        """So many of them are there."""
        if name in self.stores:
            self.stores[name].display(count)
        else:
            self.strips[name].display(edges(self.cells[name][: round(count)]))

    def total(self, side: str) -> int:
        """Tiles that cross."""
        return sum(self.count(name) for name, *_ in TRIPS[side])

    def fly(self, name: str, share: float, *, out: bool) -> None:
        """All tiles of a matrix go one way."""
        tile, pipe = self.place["tile"], self.place["pipe"]
        boxes = flight(min(share / LANDED, 1.0), self.count(name), partial(self.cell, name), tile, pipe, out=out)
        self.flying.set_fill(self.skin.hue(name)).display(boxes if share < LANDED else boxes[:0])
        if out:
            self.fill(name, arrived_of(share) * self.count(name))

    def way(self, name: str, text: str, *, second: bool) -> Word:
        """What is said of a way, beneath the matrix."""
        rect = self.place[f"{name} ways"]
        rect = columns(rect, 2)[second] if name in self.stores else rect
        said = heading(rect, text, self.skin.ink, LABEL)
        said.tag = f"{name} {text}"
        return said

    def noted(self, side: str) -> list[Word]:
        """What happens on chip."""
        lines = split(self.place["chip note"], len(NOTES[side]))
        return [heading(line, text, self.skin.ink, LABEL) for line, text in zip(lines, NOTES[side], strict=True)]


class SpeedFilm(ChapterFilm):
    """Everything on stage, made here once."""

    labels: list[Word]  # of products
    ratio: Word  # how many times as many they are

    def __init__(self, scene: ShotScene, found: Speed) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.place = place = scene.shot("lanes")
        times, amounts = quoted(TIME), quoted(BYTES)
        counts = {side: Figure(f"{len(each)}") for side, each in found.products.items()}
        figures = [each.text for each in (*times.values(), *amounts.values())]
        room = BESIDE + max(text_width(text, NUMBER, Face.STRONG) for text in figures)
        wide = 3 * BESIDE + text_width(counts["flash"].text, NUMBER, Face.STRONG)
        wide += text_width(AS_MANY.format(ratio_of(each.value for each in counts.values())), NAME, Face.STRONG)
        self.bands = {name: Band(place[name], room) for name in ("alone", "bytes", "traffic", "time")}
        self.bands["products"] = Band(place["products"], wide)
        self.hues = {"standard": self.skin.scores, "flash": self.skin.o}
        self.time = self.pair("time", ("bar", "time"), timed, times)
        self.bytes = self.pair("bytes", ("bytes", "amount"), squared, amounts)
        self.products = self.pair("products", ("products", "count"), blocked, counts)
        self.time.put(self.bands["alone"])
        self.bytes.put(self.bands["traffic"])
        self.machine = Machine(place, self.skin)
        self.keys = {side: self.key(side, text) for side, text in SIDES.items()}
        self.source = self.setting([f"Time and bytes: {FIGURE_2.quote.citation}: {FIGURE_2.setting}"], "setting")
        self.badge = machine(FIGURE_2.setting, scene.settings.aspect, self.skin)

    def pair(self, name: str, tags: tuple[str, str], boxes: Boxes, figures: Mapping[str, Figure]) -> Pair:
        """One quantity of both, in its band; ``tags`` are those of its bars and of its figures."""
        band = self.bands[name]
        names = [each.format(quoted(BYTES)["flash"].unit, FIGURE_2.quote.citation) for each in NAMES[name]]
        title = word(first_that_fits(names, LABEL, band.rect.width), LABEL, self.skin.ink, band.name, "name", Face.TEXT)
        said = {side: Word(each.text, NUMBER, self.skin.ink, 0.0, 0.0, f"{tags[1]} {side}") for side, each in figures.items()}
        return Pair(tags[0], title, self.skin, boxes, {side: each.value for side, each in figures.items()}, said).put(band)

    def key(self, side: str, text: str) -> Named:
        """Whose a colour is."""
        at = self.place[f"{side} key"]
        square = Rectangles(self.hues[side], name="key").display(edges([at.left(KEY).inset(0.0, (at.height - KEY) / 2)]))
        return Named(square, word(text, LABEL, self.skin.ink, at.beyond(KEY + BESIDE), "part"), tag="name side", text=text)

    def setting(self, said: Sequence[str], part: str) -> Named:
        """Whose measurement it is, and of what, on as many lines as it takes."""
        words = self.lines([line for text in said for line in parted(text, self.place[part].width)], part)
        return Named(*words, tag=part, text=" ".join(each.text for each in words))

    def lines(self, texts: Sequence[str], part: str) -> list[Word]:
        """Lines from the top of a part."""
        rect = self.place[part]
        rows = split(rect.top(len(texts) * LINE), len(texts))
        return [Word(each, LABEL, self.skin.ink, at.x0, middle(at, LABEL), "part", Face.TEXT) for each, at in zip(texts, rows, strict=True)]

    def seen(self, side: str) -> Word:
        """Whose matrices are in HBM now."""
        rect = self.place["who"]
        made = word(SIDES[side], LABEL, self.skin.ink, rect, "who")
        return made.put_at(rect.x1 - made.wide, made.baseline)


def ratio_of(amounts: Iterable[float]) -> str:
    """The larger one over the smaller one."""
    low, high = sorted(amounts)
    return roughly(high / low)


def parted(text: str, width: float) -> list[str]:
    """Lines that break at commas alone, so that N stays with its number."""
    lines: list[str] = []
    for part in text.split(", "):
        longer = f"{lines[-1]}, {part}" if lines else part
        if lines and text_width(f"{longer},", LABEL) > width:
            lines[-1] += ","
            lines.append(part)
        else:
            lines[-1:] = [longer]
    return lines


def timed(bar: Rect, amount: float, most: float) -> list[Rect]:
    """One bar."""
    return [bar.left(bar.width * amount / most)]


def blocks(bar: Rect, most: float, count: float) -> list[Rect]:
    """``count`` blocks from the left of a bar that has room for ``most``; the last one is as wide as what is left."""
    wide = bar.width / most
    return [bar.beyond(at * wide).left(wide * min(1.0, count - at)) for at in range(math.ceil(count))]


def blocked(bar: Rect, count: float, most: float) -> list[Rect]:
    """As they are drawn."""
    return [each.before(min(SEAM, each.width)) for each in blocks(bar, most, count)]


def squared(bar: Rect, amount: float, most: float) -> list[Rect]:
    """Unit squares as they are drawn."""
    return [each.inset(SEAM, min(SEAM, each.height / 2)) for each in units(bar, most, amount)]


# --------------------------------------------------------------------------------------------------------------- beats


@beat("race")
def race(film: SpeedFilm) -> None:
    """Two bars grow equally fast, each to where the paper printed it, and only there has its number."""
    time = film.time
    few, most = time.amounts["flash"], time.amounts["standard"]
    film.scene.add(film.source, film.badge, *film.keys.values(), time.name, *time.bars.values())
    with film.scene.telling():
        film.move(time.grow(0.0, few, *SIDES), seconds=RUN * few / most)
        film.move(FadeIn(time.figures["flash"]), time.grow(few, most, "standard"), seconds=RUN * (1 - few / most))
        film.move(FadeIn(time.figures["standard"]), seconds=TEXT)


@beat("stored")
def stored(film: SpeedFilm) -> None:
    """What makes standard attention's bytes: tile by tile S goes out to HBM and comes back, and so does P; a bar of bytes grows."""
    who = film.seen("standard")
    gone = [*film.time.parts, film.source, film.keys["flash"]]
    film.move(FadeOut(*gone, rate_func=early), FadeIn(*film.machine.parts, who, film.bytes.name, rate_func=late), seconds=TURN)
    film.machine.said.append(who)
    film.scene.add(*film.bytes.bars.values(), film.machine.flying)
    with film.scene.telling():
        crossing(film, "standard")


@beat("kept")
def kept(film: SpeedFilm) -> None:
    """The same for FlashAttention: inputs come in, O goes out, places of S and P stay empty; its bytes grow as fast, and end at once."""
    model = film.machine
    film.move(FadeOut(*model.said, *(model.stores[name].image for name in model.stores), model.strips["O"]), seconds=TEXT)
    model.empty()
    film.scene.add(*model.stores.values(), model.strips["O"], model.flying)
    never = [amid(NOWHERE, film.skin.ink, film.place[name].inset(BESIDE, 0.0), "nowhere") for name in model.stores]
    model.said = [film.seen("flash"), *never]
    film.move(FadeIn(*model.said, film.keys["flash"]), seconds=TEXT)
    with film.scene.telling():
        crossing(film, "flash")


def crossing(film: SpeedFilm, side: str) -> None:
    """Each matrix goes its ways, and a bar of bytes grows with them to where the paper printed it, and only there has its number."""
    model, crossed, amount = film.machine, 0, film.bytes.amounts[side]
    first = set()
    for name, out, text in TRIPS[side]:
        count, said = model.count(name), [model.way(name, text, second=name in first)] if text else []
        if name == NOTED[side] and name not in first:
            said += model.noted(side)
        first.add(name)
        start, stop = (amount * each / model.total(side) for each in (crossed, crossed + count))
        ways = Shows(model.flying, partial(model.fly, name, out=out))
        film.move(ways, film.bytes.grow(start, stop, side), *(FadeIn(each, rate_func=late) for each in said), seconds=EACH * count)
        model.said += said
        crossed += count
    film.move(FadeIn(film.bytes.figures[side]), seconds=TEXT)


@beat("again")
def again(film: SpeedFilm) -> None:
    """Bytes go between work and time; products fill, FlashAttention's by one more; then how many times as many they are."""
    model, made = film.machine, film.found.products
    start, stop = film.bands["traffic"], film.bands["bytes"]
    settle = Shows(Group(*film.bytes.parts), lambda share: film.bytes.put(start.toward(stop, share)), rate_func=ease_in_out_cubic)
    film.move(FadeOut(*model.parts, *model.said, model.flying, rate_func=early), settle, seconds=MOVE)
    film.time.put(film.bands["time"])
    film.move(FadeIn(*film.time.parts, film.source), seconds=TEXT)
    products, few, most = film.products, len(made["standard"]), len(made["flash"])
    places = {side: blocks(products.bar(side), most, len(each)) for side, each in made.items()}
    names = {side: [block_name(film, each, at, places[side][at]) for at in range(len(each))] for side, each in made.items()}
    film.labels = [*names["standard"], *names["flash"]]
    film.ratio = film.products.ratio(AS_MANY, film.skin.ink)
    film.move(FadeIn(products.name), seconds=TEXT)
    with film.scene.telling():
        film.scene.add(*products.bars.values())
        film.move(products.grow(0.0, few, *SIDES), seconds=FILL)
        film.move(FadeIn(*names["standard"], products.figures["standard"]), seconds=TEXT)
        film.move(products.grow(few, most, "flash"), seconds=MORE)
        film.move(FadeIn(*names["flash"], products.figures["flash"]), seconds=TEXT)
        film.move(FadeIn(film.ratio), seconds=2 * TEXT)


def block_name(film: SpeedFilm, made: Sequence[str], at: int, rect: Rect) -> Word:
    """What a product makes, in its block; and whether it was made before."""
    text = MADE.get(made[at], made[at])
    texts = [said.format(text) for said in AGAIN] if made[at] in made[:at] else [text]
    name = heading(rect, first_that_fits(texts, LABEL, rect.width, Face.STRONG), film.skin.ground, LABEL)
    name.tag = "product"
    return name


@beat("measured")
def measured(film: SpeedFilm) -> None:
    """The paper's figures leave; N by N two columns grow equally fast, FlashAttention's to 1, the other's to its share of that."""
    found, skin, place = film.found, film.skin, film.place
    device = str(found.sweep.provenance["machine"])
    keys = [film.key(side, f"{text}: {found.kernels[side]}") for side, text in SIDES.items()]
    axis = first_that_fits(AXIS, LABEL, place["axis"].width)
    ours = [film.setting(found.setting, "measured"), machine(device, film.scene.settings.aspect, skin), *keys, *film.lines([axis], "axis")]
    pairs = [part for each in (film.products, film.bytes, film.time) for part in each.parts]
    gone = [*pairs, *film.labels, film.ratio, film.source, film.badge, *film.keys.values()]
    film.move(FadeOut(*gone, rate_func=early), FadeIn(*ours, rate_func=late), seconds=TURN)
    chart = Chart(place["columns"], len(found.lengths), max(found.ratios))
    bars = {side: Rectangles(hue, name=f"times {side}") for side, hue in film.hues.items()}
    film.scene.add(*bars.values())
    with film.scene.telling():
        for at in range(chart.count):
            film.move(Shows(Group(*bars.values()), partial(risen, film, chart, bars, at)), FadeIn(*beneath(film, chart, at)), seconds=GROW)
            film.move(FadeIn(*over(film, chart, at)), seconds=TEXT)
        if found.peak < chart.count - 1:
            film.move(FadeIn(*film.lines(later(film), "note")), seconds=TEXT)


def risen(film: SpeedFilm, chart: Chart, bars: dict[str, Rectangles], at: int, share: float) -> None:
    """Columns of each N before, and as much of this one's as share of its highest has passed."""
    units_ = [(ratio, 1.0) for ratio in film.found.ratios[: at + 1]]
    now = share * max(units_[at])
    units_[at] = (min(now, units_[at][0]), min(now, units_[at][1]))
    pairs = [chart.pair(index, *each) for index, each in enumerate(units_)]
    for index, (side, drawn) in enumerate(bars.items()):
        drawn.display(edges([pair[index] for pair in pairs]))
        drawn.values = np.array(film.found.seconds[side][: at + 1])


def beneath(film: SpeedFilm, chart: Chart, at: int) -> list[Word]:
    """N, and both times."""
    foot, found = chart.foot(at), film.found
    longest = [text.format(max(found.lengths)) for text in LENGTH]
    length = LENGTH[longest.index(first_that_fits(longest, LABEL, chart.column(at).width - BESIDE, Face.STRONG))]
    colors = {"N": film.skin.ink, **film.hues}
    texts = {"N": length.format(found.lengths[at]), **{side: seconds(found.seconds[side][at]) for side in SIDES}}
    made = []
    for name, rect in foot.items():
        face = Face.STRONG if name == "N" else Face.TEXT
        left = rect.center[0] - text_width(texts[name], LABEL, face) / 2
        made.append(Word(texts[name], LABEL, colors[name], left, middle(rect, LABEL), name if name == "N" else f"time {name}", face))
    return made


def over(film: SpeedFilm, chart: Chart, at: int) -> list[Word]:
    """How many times as long standard attention's call lasts; the most of all is larger, and is said to be."""
    ratio, peak = film.found.ratios[at], at == film.found.peak
    top = chart.pair(at, ratio, 1.0)[0].y1 + BESIDE / 2
    rect = Rect(chart.column(at).x0, top, chart.column(at).x1, top + em(NUMBER if peak else NAME))
    number = heading(rect, TIMES.format(roughly(ratio)), film.skin.ink, NUMBER if peak else NAME)
    number.tag = "ratio"
    return [number, heading(rect.shifted(0.0, rect.height).top(em(LABEL)), PEAK, film.skin.ink, LABEL)] if peak else [number]


def later(film: SpeedFilm) -> list[str]:
    """What the last step is, which does not lead to the largest ratio."""
    found, width = film.found, film.place["note"].width
    grown = [roughly(found.growth(side)) for side in SIDES]
    said = [parted(text.format(*found.lengths[-2:], *grown), width) for text in LATER]
    return next((lines for lines in said if max(text_width(line, LABEL) for line in lines) <= width), said[-1])
