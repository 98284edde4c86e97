"""How fast: FlashAttention's bars leave standard attention's, grow or shrink: more operations, fewer bytes, less time; then N by N."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from manim import Group, Mobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import palette, theme
from flashviz.chapters import speed
from flashviz.chapters.measured import sweep_of
from flashviz.chapters.speed import BYTES, SIDES, TIME, Speed, gather, quoted
from flashviz.citations import FIGURE_2
from flashviz.config import AttentionConfig
from flashviz.director.film.parts import LANDED, arrived_of, flight, heading
from flashviz.director.material import sheets
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, NUMBER, Word, first_that_fits, machine, middle, word
from flashviz.figures import roughly, seconds
from flashviz.inputs import make_inputs
from flashviz.layout import Rect, cross
from flashviz.layout import rows as split
from flashviz.layout.speed import BESIDE, Band, Chart, units
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows
from flashviz.mobjects.named import Named
from flashviz.mobjects.stored import Stored
from flashviz.mobjects.tiles import Rectangles, edges
from flashviz.mobjects.whole import Chip

LOOKED, TURN = 0.5, 0.5  # seconds that a picture stands before it moves, and in which one takes another's place
RUN, GROW, CROSS = 4.0, 0.4, 1.1  # seconds: of the longer bar of time, of a bar of one N, of one way of S or P
FILL = 1.4  # seconds in which a bar of blocks or squares gets its length
SEAM = em(2)  # around squares
KEY = em(36)  # side of a square of colour
WORK = ("matrix products, forward and backward, counted here", "matrix products, counted here")
CLOCK = ("time of one pass forward and backward", "time, forward and backward")
AGAIN = ("{} again", "+ {}")
MADE = {"ACC": "O"}  # by its name in a kernel
TRAFFIC = (
    "read from and written to HBM, the GPU's memory: a square is 1 {}",
    f"{BYTES}: a square is 1 {{}}",
    "HBM traffic: a square is 1 {}",
    "HBM: a square is 1 {}",
)
CROSSED = ("{} out", "{} back")
CALLED = {"S": "S: scores", "P": "P: weights"}
OUTGROWN = (
    "from here on S of all heads is larger than the {} cache",
    "from here on S is larger than the {} cache",
    "S is larger than the {} cache",
    "S exceeds the {} cache",
    "S exceeds {}",
)
HEADS = ("N", "time of a call", "times as fast")


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
        self.set_board(speed.BEATS, {"least": roughly(min(found.ratios)), "most": roughly(max(found.ratios))})
        return SpeedFilm(self, found)


class SpeedFilm(ChapterFilm):
    """Everything on stage, made here once."""

    clock: Word  # what the bars of time are
    shown: list[Mobject]  # of the bands beside time's
    paper: list[Mobject]  # all that leaves while S and P cross
    stage: list[Mobject]  # where they cross

    def __init__(self, scene: ShotScene, found: Speed) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.place, aspect = scene.shot("lanes"), scene.settings.aspect
        self.times, self.bytes = quoted(TIME), quoted(BYTES)
        room = BESIDE + max(text_width(each.text, NUMBER, Face.STRONG) for each in (*self.times.values(), *self.bytes.values()))
        self.bands = {name: Band(self.place[name], room) for name in ("alone", "products", "bytes", "time")}
        self.hues = {"standard": self.skin.scores, "flash": self.skin.o}
        self.band = self.bands["alone"]  # where the bars of time stand now
        self.bars = {side: Rectangles(hue, name=f"bar {side}") for side, hue in self.hues.items()}
        self.figures: list[Word] = []  # of the bars of time
        self.keys = {side: self.key(side, text) for side, text in SIDES.items()}
        cited = f"{FIGURE_2.quote.citation}: {FIGURE_2.setting}"
        self.shown = []
        self.quoted = [
            self.setting([cited], "setting"),
            machine(FIGURE_2.setting, aspect, self.skin),
        ]

    def key(self, side: str, text: str) -> Named:
        """Whose a colour is."""
        at = self.place[f"{side} key"]
        square = Rectangles(self.hues[side], name="key").display(edges([at.left(KEY).inset(0.0, (at.height - KEY) / 2)]))
        return Named(square, word(text, LABEL, self.skin.ink, at.beyond(KEY + BESIDE), "part"), tag="name side", text=text)

    def setting(self, said: Sequence[str], part: str) -> Named:
        """Whose measurement it is, and of what, on as many lines as it takes."""
        rect = self.place[part]
        texts = [line for text in said for line in parted(text, rect.width)]
        lines = split(rect.top(len(texts) * em(48)), len(texts))
        ink = self.skin.ink
        words = [Word(each, LABEL, ink, line.x0, middle(line, LABEL), "part", Face.TEXT) for each, line in zip(texts, lines, strict=True)]
        return Named(*words, tag=part, text=" ".join(texts))

    def figure(self, text: str, bar: Rect, name: str) -> Word:
        """Beside the end of a bar."""
        return Word(text, NUMBER, self.skin.ink, bar.x1 + BESIDE, middle(bar, NUMBER), name)

    def named(self, band: Band, texts: Sequence[str], name: str) -> Word:
        """What a band measures."""
        return word(first_that_fits(texts, LABEL, band.rect.width), LABEL, self.skin.ink, band.name, name, Face.TEXT)

    def ran(self, now: float) -> None:
        """Both bars of time after so many ms; each stops at its own."""
        most = max(each.value for each in self.times.values())
        for (side, time), bar in zip(self.times.items(), self.band.bars, strict=True):
            spent = min(now, time.value)
            self.bars[side].display(edges([bar.left(bar.width * spent / most)]))
            self.bars[side].values = np.array([spent])

    def end(self, side: str) -> Rect:
        """A bar of time at its end."""
        bars = dict(zip(SIDES, self.band.bars, strict=True))
        return bars[side].left(bars[side].width * self.times[side].value / self.times["standard"].value)


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


# --------------------------------------------------------------------------------------------------------------- beats


@beat("race")
def race(film: SpeedFilm) -> None:
    """Two bars grow equally fast, each to where the paper printed it, and only there has its number."""
    film.ran(0.0)
    film.clock = film.named(film.band, CLOCK, "name")
    film.scene.add(*film.quoted, *film.keys.values(), film.clock, *film.bars.values())
    film.scene.hold(LOOKED)
    times, parts = film.times, Group(*film.bars.values())
    few, most = times["flash"].value, times["standard"].value
    film.figures = [film.figure(time.text, film.end(side), f"time {side}") for side, time in times.items()]
    with film.scene.telling():
        film.move(Shows(parts, lambda share: film.ran(share * few)), seconds=RUN * few / most)
        film.move(FadeIn(film.figures[1]), Shows(parts, lambda share: film.ran(few + share * (most - few))), seconds=RUN * (1 - few / most))
        film.move(FadeIn(film.figures[0]), seconds=TEXT)


@beat("again")
def again(film: SpeedFilm) -> None:
    """Time makes room; a block for each product of standard attention's, a copy comes down as FlashAttention's, and one more joins it."""
    made, band = film.found.products, film.bands["products"]
    most = max(len(each) for each in made.values())
    film.move(gathered(film), seconds=MOVE)
    said = {}
    for (side, each), bar in zip(made.items(), band.bars, strict=True):
        places = blocks(bar, most, len(each))
        names = [block_name(film, each, at, place) for at, place in enumerate(places)]
        said[side] = [*names, film.figure(f"{len(each)}", places[-1], f"count {side}")]
    with film.scene.telling():
        compared(film, "products", WORK, partial(blocked, most=most), {side: len(each) for side, each in made.items()}, said)


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


def block_name(film: SpeedFilm, made: Sequence[str], at: int, rect: Rect) -> Word:
    """What a product makes, in its block; and whether it was made before."""
    text = MADE.get(made[at], made[at])
    texts = [said.format(text) for said in AGAIN] if made[at] in made[:at] else [text]
    name = heading(rect, first_that_fits(texts, LABEL, rect.width, Face.STRONG), film.skin.ground, LABEL)
    name.tag = "product"
    return name


def compared(
    film: SpeedFilm, part: str, texts: Sequence[str], boxes: Callable[[Rect, float], list[Rect]], amounts: Mapping[str, float],
    said: Mapping[str, Sequence[Word]],
) -> None:  # fmt: skip
    """Standard attention's bar fills; a copy of it comes down as FlashAttention's, and gets its own length; words come at each end."""
    band = film.bands[part]
    (upper, lower), (first, last) = band.bars, amounts.values()
    drawn = {side: Rectangles(hue, name=f"{part} {side}") for side, hue in film.hues.items()}
    name = film.named(band, texts, "name")

    def show(side: str, bar: Rect, amount: float) -> None:
        drawn[side].display(edges(boxes(bar, amount)))
        drawn[side].values = np.array([amount])

    ours, theirs = drawn["flash"], drawn["standard"]
    film.move(FadeIn(name), seconds=TEXT)
    film.move(Shows(theirs, lambda share: show("standard", upper, share * first), introducer=True), seconds=FILL)
    film.move(FadeIn(*said["standard"]), seconds=TEXT)
    comes = Shows(ours, lambda share: show("flash", upper.toward(lower, share), first), rate_func=ease_in_out_cubic, introducer=True)
    film.move(comes, seconds=MOVE)
    film.move(Shows(ours, lambda share: show("flash", lower, first + share * (last - first))), seconds=FILL)
    film.move(FadeIn(*said["flash"]), seconds=TEXT)
    film.shown += [name, theirs, ours, *said["standard"], *said["flash"]]


def gathered(film: SpeedFilm) -> Shows:
    """Bars of time and all their words go from the whole frame to the lowest of three bands."""
    start, stop = film.bands["alone"], film.bands["time"]
    words = [*film.figures, film.clock]
    figures, clock = film.figures, film.clock

    def show(share: float) -> None:
        film.band = start.toward(stop, share)
        film.ran(film.times["standard"].value)
        for each, side in zip(figures, SIDES, strict=True):
            end = film.end(side)
            each.put_at(end.x1 + BESIDE, middle(end, NUMBER))
        clock.put(film.band.name)

    return Shows(Group(*film.bars.values(), *words), show, rate_func=ease_in_out_cubic)


@beat("stored")
def stored(film: SpeedFilm) -> None:
    """What standard attention's bytes are: tile by tile S goes out to HBM and comes back, and so does P."""
    place, skin, config = film.place, film.skin, AttentionConfig()
    grids = {name: cross(config, place[name]) for name in "SP"}
    pictures = zip("SP", sheets(config, make_inputs(config)), strict=True)
    stores = {name: Stored(picture, place[name], (grids[name].n_rows, grids[name].n_cols), skin, name) for name, picture in pictures}
    pipe = Rectangles(skin.registers, name="pipe").set_stroke(skin.quiet, width=theme.HAIRLINE, opacity=1)
    pipe.display(edges([place["pipe"]]))
    tile = Rectangles(skin.scores, name="tile", opacity=palette.SECOND).display(edges([place["tile"]]))
    called = [heading(place[f"{name} name"], text, skin.ink, LABEL) for name, text in CALLED.items()]
    names = [*called, word("HBM", NAME, skin.ink, place["HBM name"], "name"), word("on chip", NAME, skin.ink, place["chip name"], "name")]
    flying = Rectangles(skin.scores, name="in flight")
    film.stage = [Chip(skin).place(place["HBM"]), Chip(skin).place(place["chip"]), pipe, *stores.values(), tile, *names]
    film.paper = [*film.shown, *film.bars.values(), *film.figures, film.clock, film.keys["flash"], film.quoted[0]]
    film.move(FadeOut(*film.paper), FadeIn(*film.stage), seconds=TURN)
    film.scene.add(flying)
    with film.scene.telling():
        for name, store in stores.items():
            for text, line, out in zip(CROSSED, split(place[f"{name} ways"], len(CROSSED)), (True, False), strict=True):
                film.move(crossing(film, store, flying, out=out), seconds=CROSS)
                film.stage.append(heading(line, text.format(name), skin.ink, NUMBER))
                film.move(FadeIn(film.stage[-1]), seconds=TEXT)
    film.stage.append(flying)


def crossing(film: SpeedFilm, store: Stored, flying: Rectangles, *, out: bool) -> Shows:
    """All tiles of S or of P go one way."""

    def show(share: float) -> None:
        boxes = flight(min(share / LANDED, 1.0), store.count, store.cell, film.place["tile"], film.place["pipe"], out=out)
        flying.display(boxes if share < LANDED else boxes[:0])
        if out:
            store.display(arrived_of(share) * store.count)

    return Shows(Group(store, flying), show)


@beat("bytes")
def nbytes(film: SpeedFilm) -> None:
    """Squares of standard attention's bytes; a copy comes down as FlashAttention's and loses all that is not read and written."""
    band, amounts = film.bands["bytes"], {side: each.value for side, each in film.bytes.items()}
    most = max(amounts.values())
    film.move(FadeOut(*film.stage), FadeIn(*film.paper), seconds=TURN)
    said = {}
    for (side, each), bar in zip(film.bytes.items(), band.bars, strict=True):
        end = max(square.x1 for square in units(bar, most, each.value))
        said[side] = [film.figure(each.text, bar.left(end - bar.x0), f"amount {side}")]
    texts = [text.format(film.bytes["flash"].unit) for text in TRAFFIC]
    with film.scene.telling():
        compared(film, "bytes", texts, partial(squared, most=most), amounts, said)


@beat("measured")
def measured(film: SpeedFilm) -> None:
    """The paper's figures leave; row by row N doubles, and each row has both measured times and how many times as fast."""
    found, skin, place = film.found, film.skin, film.place
    device = str(found.sweep.provenance["machine"])
    keys = [film.key(side, f"{text}: {found.kernels[side]}") for side, text in SIDES.items()]
    ours = [film.setting(found.setting, "measured"), machine(device, film.scene.settings.aspect, skin), *keys]
    gone = [*film.shown, *film.bars.values(), *film.figures, film.clock, *film.quoted, *film.keys.values()]
    lengths, ratios = ([f"{n:,}" for n in found.lengths], [roughly(each) for each in found.ratios])
    chart = Chart(
        place["rows"], len(lengths), text_width(lengths[-1], LABEL, Face.STRONG) + BESIDE,
        max(text_width(seconds(each), LABEL, Face.STRONG) for some in found.seconds.values() for each in some),
        max(text_width(ratios[-1], NUMBER, Face.STRONG), text_width(HEADS[-1], LABEL)),
    )  # fmt: skip
    film.move(FadeOut(*gone), FadeIn(*ours, *heads_of(film, chart)), seconds=TURN)
    bars = {side: Rectangles(hue, name=f"times {side}") for side, hue in film.hues.items()}
    film.scene.add(*bars.values())
    with film.scene.telling():
        for at, text in enumerate(lengths):
            film.move(FadeIn(Word(text, LABEL, skin.ink, place["rows"].x0, middle(chart.row(at), LABEL), "N")), seconds=0.1)
            film.move(Shows(Group(*bars.values()), partial(timed, film, chart, bars, at)), seconds=GROW)
            film.move(FadeIn(*figures_of(film, chart, at, ratios[at])), seconds=TEXT)
            if at == found.outgrown:
                film.move(FadeIn(*outgrown(film, chart, at)), seconds=TEXT)


def heads_of(film: SpeedFilm, chart: Chart) -> list[Word]:
    """What the columns are."""
    rect, ink = film.place["head"], film.skin.ink
    columns = (rect, rect.beyond(chart.length), rect.right(text_width(HEADS[-1], LABEL)))
    return [Word(text, LABEL, ink, at.x0, middle(at, LABEL), "head", Face.TEXT) for text, at in zip(HEADS, columns, strict=True)]


def spans(film: SpeedFilm, chart: Chart, at: int) -> dict[str, Rect]:
    """Both bars of one N, on the scale of all."""
    most = max(times[-1] for times in film.found.seconds.values())
    return {side: bar.left(bar.width * film.found.seconds[side][at] / most) for side, bar in zip(SIDES, chart.bars(at), strict=True)}


def timed(film: SpeedFilm, chart: Chart, bars: dict[str, Rectangles], at: int, share: float) -> None:
    """Bars of each N before, and so much of this one's."""
    for side, drawn in bars.items():
        whole = [spans(film, chart, index)[side] for index in range(at + 1)]
        whole[-1] = whole[-1].left(share * whole[-1].width)
        drawn.display(edges(whole))
        drawn.values = np.array(film.found.seconds[side][: at + 1])


def figures_of(film: SpeedFilm, chart: Chart, at: int, ratio: str) -> list[Word]:
    """Both times of one N, beside their bars, and how many times as fast: of the last one, large."""
    ink, last = film.skin.ink, at == chart.count - 1
    made = [
        Word(seconds(film.found.seconds[side][at]), LABEL, ink, bar.x1 + BESIDE, middle(bar, LABEL), f"time {side}")
        for side, bar in spans(film, chart, at).items()
    ]
    px, row = NUMBER if last else NAME, chart.row(at)
    made.append(Word(ratio, px, ink, row.x1 - text_width(ratio, px, Face.STRONG), middle(row, px), "ratio"))
    return made


def outgrown(film: SpeedFilm, chart: Chart, at: int) -> list[Mobject]:
    """A line over the first N whose scores are larger than the cache, and what it says."""
    row, ink = chart.row(at), film.skin.ink
    left = max(each.x1 for each in spans(film, chart, at).values()) + chart.figure + 3 * BESIDE
    room = Rect(left, row.y0, row.x1 - chart.ratio - BESIDE, row.y1)
    text = first_that_fits([each.format(film.found.cache.name) for each in OUTGROWN], LABEL, room.width)
    line = Rectangles(film.skin.quiet, name="outgrown").display(edges([Rect(row.x0, row.y1 - em(1.5), row.x1, row.y1 + em(1.5))]))
    return [line, Word(text, LABEL, ink, left, middle(room, LABEL), "cache", Face.TEXT)]
