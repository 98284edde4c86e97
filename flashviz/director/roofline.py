"""How tall a tile may be: its dot slides up a quoted roof as it grows, while it fills an SM, until what does not fit has a price."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from manim import Group, Mobject
from manim.utils.rate_functions import ease_in_out_cubic, there_and_back

from flashviz.chapters import roofline
from flashviz.chapters.roofline import DEVICE, Count, Height, Roofline, gather, quotes_of
from flashviz.config import AttentionConfig
from flashviz.device import Resources
from flashviz.director.film.parts import fitting
from flashviz.director.material import provenance
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, Word, amid, first_that_fits, fly, line_width, machine, middle, word, worded
from flashviz.figures import amount, times
from flashviz.layout import Rect, Shot
from flashviz.layout.roofline import BEYOND, Axes
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows
from flashviz.mobjects.named import Named
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.roof import Reading, Registers, RoofView
from flashviz.mobjects.rulers import Dot
from flashviz.mobjects.tiles import Rectangles
from flashviz.palette import Theme

RATE = ("TFLOP/s at best: 10¹² operations a second", "TFLOP/s, at best")
CROSSED = ("operations for each byte that crosses between HBM and chip", "operations for each byte that crosses")
WAITS, WORKS = "waits", "computes"  # the two sides of the ridge, and what a program does
MEMORY = "HBM: "
CORE = "a core of the GPU"
NAMES = {"standard": "standard attention", "flash": "FlashAttention"}
GROWTH = 1.5  # seconds of a doubling of the tile
SETTLED = 1.2  # in which the tile comes back to the height that it should have
OUT = 1.8  # in which what is spilled goes out and comes back
FITTED = 1.2  # in which programs come to the SM
TURN = 1.1  # in which one program computes
SLOPE_NAME = 0.45  # of the ridge: where the slope's name stands


class RooflineStage(ShotScene):
    """The scene that the dot climbs on."""

    script = roofline.BEATS

    def open(self, record: Callable[..., Any], compiled: Callable[..., Any]) -> RooflineFilm:
        """Count operations and bytes of traces, and ask the compiler.

        Args:
            record: ``flashviz_kernels.recorder.record``.
            compiled: ``flashviz_kernels.compiler.resources_of``.
        """
        found = gather(self.settings.config, self.settings.source, record, compiled)
        self.provenance = [provenance(trace) for trace in found.traces]
        self.set_board(found.beats, found.said)
        return RooflineFilm(self, found)


@dataclass
class Division:
    """Operations by bytes, and what it gives: how far right a dot stands."""

    name: Word
    words: list[Word]

    @property
    def parts(self) -> list[Word]:
        """All of it."""
        return [self.name, *self.words]

    @property
    def result(self) -> Word:
        """What stands last."""
        return self.words[-1]


class RooflineFilm(ChapterFilm):
    """Everything on stage, made here once."""

    words: list[Mobject]  # who is quoted, the axis and the names of both limits
    sides: list[Word]  # of the ridge
    sums: list[Division]
    foot: list[Word]  # numbers beneath the axis, and the ridge's first
    rates: list[Word]  # numbers at the left
    readings: list[Reading]
    marks: list[Named]  # the rows of the heights that were passed
    tile: Rectangles
    rows: Readout
    registers: Registers
    spill: Word  # what an SM is, then what a program spills
    fit: Readout
    doing: Group  # what each program does
    number: Readout  # operations a byte, beneath the dot
    division: Readout  # whence it comes

    def __init__(self, scene: ShotScene, found: Roofline) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.sums, self.foot, self.rates, self.readings, self.sides, self.doing = [], [], [], [], [], Group()
        seen = [found.standard.intensity, *(height.intensity for height in found.heights), found.roof.knee or 0.0]
        most = BEYOND * max(seen)
        self.axes = Axes(scene.shot("roof")["plot"], (most, found.roof.at(most)))
        self.roof = RoofView(found.roof, self.axes, self.skin)
        self.standard = Dot(self.skin.scores, hollow=False, name="point standard")
        self.dot = Dot(self.skin.o, hollow=False, name="point flash")

    def limits(self, place: Shot) -> list[Mobject]:
        """Who is quoted, the axis, and both limits at their parts of the roof."""
        skin, roof, axes, quotes = self.skin, self.found.roof, self.roof.axes, quotes_of(DEVICE, self.found.roof)
        sources = "; ".join(dict.fromkeys(source for _, source in quotes))
        short = "; ".join(dict.fromkeys(source.partition(",")[0] for _, source in quotes))
        at = place["badge"]
        cited = word(first_that_fits((sources, short), LABEL, at.width), LABEL, skin.ink, at, "cited", Face.TEXT)
        axis = amid(CROSSED, skin.ink, place["axis"], "axis")
        words: list[Mobject] = [cited, axis]
        if "up" in place:  # the slope has room for its name
            x, y, _ = self.roof.spot(SLOPE_NAME * (roof.knee or axes.most[0]))
            words.append(Word(f"{MEMORY}{quotes[0][0]}", LABEL, skin.ink, x + em(40), y - em(60), "limit"))
        for level, _ in quotes[1:]:
            wide = text_width(level, LABEL, Face.STRONG)
            words.append(Word(level, LABEL, skin.ink, axes.rect.x1 - wide, axes.y(axes.most[1]) + em(18), "limit"))
        return words

    def side_names(self) -> list[Word]:
        """What arithmetic does on both sides of the ridge; smaller where its right side is narrow."""
        rect, floor = self.roof.axes.rect, self.roof.axes.rect.y0 + em(24)
        ridge, gap = self.roof.axes.x(self.found.roof.knee or 0.0), em(16)
        left = ridge - gap - text_width(WAITS, LABEL, Face.STRONG)
        places = Rect(left, floor, ridge - gap + em(1), floor + em(50)), Rect(ridge + gap, floor, rect.x1, floor + em(50))
        return [word(text, LABEL, self.skin.ink, at, "side") for text, at in zip((WAITS, WORKS), places, strict=True)]

    def at_foot(self, intensity: float, color: str, place: Shot) -> Word:
        """An intensity as a number of the axis."""
        text, rect = f"{intensity:.0f}", place["ticks"]
        wide = text_width(text, LABEL, Face.STRONG)
        return Word(text, LABEL, color, self.roof.axes.x(intensity) - wide / 2, middle(rect, LABEL), "intensity")

    def at_side(self, rate: float, color: str) -> Word:
        """A rate as a number at the left of the plot."""
        text = f"{rate:.0f}"
        wide = text_width(text, LABEL, Face.STRONG)
        return Word(text, LABEL, color, self.roof.axes.rect.x0 - wide - em(12), self.roof.axes.y(rate) - 0.36 * em(LABEL), "rate")


def divided(film: RooflineFilm, name: str, count: Count, hue: str, name_rect: Rect, rect: Rect) -> Division:
    """A name, and beneath it operations by bytes, written so that it checks by hand."""
    operations, nbytes = (times(value / 10**6) for value in (count.operations, count.nbytes))
    ends = ["÷", f"{nbytes} MB", "=", f"{count.intensity:.0f}"]
    whole = [f"{operations} M operations", *ends]
    texts = whole if line_width(whole, LABEL) <= rect.width else [f"{operations} M", *ends]
    skin = film.skin
    return Division(
        word(name, LABEL, hue, name_rect, "sum name"), worded(rect, texts, NAME, [skin.ink, skin.ink, skin.ink, skin.ink, hue], "sum")
    )


def problem_of(config: AttentionConfig) -> str:
    """Of what problem operations and bytes are."""
    return f"N = {max(config.seq_q, config.seq_k):,}, d = {config.head_dim}"


def said_in_turn(film: RooflineFilm, words: list[Word]) -> None:
    """Word by word, an operand with its sign."""
    for pair in (words[:1], words[1:3], words[3:]):
        film.move(FadeIn(*pair), seconds=TEXT)
        film.scene.hold(0.2)


# --------------------------------------------------------------------------------------------------------------- beats


@beat("roof")
def roof(film: RooflineFilm) -> None:
    """The slope of the memory, then the level of the arithmetic, each with its quoted figure."""
    place, view, knee = film.scene.shot("roof"), film.roof, film.found.roof.knee
    film.words = film.limits(place)
    cited, axis, *names = film.words
    at = place["up"]
    up = Word(first_that_fits(RATE, LABEL, at.width), LABEL, film.skin.ink, at.x0, middle(at, LABEL), "axis", Face.TEXT)
    film.words.append(up)
    view.place(film.axes, 0.0, 0.0)
    film.move(FadeIn(view, machine(DEVICE, film.scene.settings.aspect, film.skin), cited, axis, up), seconds=0.5)
    stops = [0.0, 1.0] if knee is None else [0.0, knee / film.axes.most[0], 1.0]
    with film.scene.telling():
        for (start, stop), name in zip(pairwise(stops), names, strict=True):
            film.move(Shows(view, partial(draw, view, film.axes, start, stop), introducer=True), seconds=1.4)
            film.move(FadeIn(name), seconds=TEXT)
            film.scene.hold(0.3)
    if film.found.roof.peak is not None:
        film.rates.append(film.at_side(film.axes.most[1], film.skin.ink))
        film.move(FadeIn(*film.rates), seconds=TEXT)


def draw(view: RoofView, axes: Axes, start: float, stop: float, share: float) -> None:
    """The roof from the left, on the way from one share of its line to another."""
    view.place(axes, start + (stop - start) * share, 0.0)


@beat("ridge")
def ridge(film: RooflineFilm) -> None:
    """Where both limits meet: arithmetic by bandwidth is so many operations a byte; what happens on either side."""
    place, view, skin, knee = film.scene.shot("roof"), film.roof, film.skin, film.found.roof.knee
    assert knee is not None  # else the board has no such beat
    film.move(Shows(view, lambda share: view.place(film.axes, 1.0, share), rate_func=ease_in_out_cubic), seconds=0.8)
    (bandwidth, _), (peak, _) = quotes_of(DEVICE, film.found.roof)
    name = word("operations a byte, where both meet", LABEL, skin.ink, place["first name"], "sum name", Face.TEXT)
    words = worded(place["first"], [peak, "÷", bandwidth, "=", f"{knee:.0f}"], NAME, [skin.ink] * 5, "sum")
    film.move(FadeIn(name), seconds=TEXT)
    said_in_turn(film, words)
    film.foot.append(film.at_foot(knee, skin.ink, place))
    film.move(fly(film.foot[-1], words[-1]), seconds=0.7)
    film.sides = film.side_names()
    with film.scene.telling():
        film.move(FadeIn(film.sides[0]), seconds=0.4)
        film.scene.hold(0.8)
        film.scene.add(view.works)
        film.move(FadeIn(view.works, film.sides[1]), seconds=0.4)
    film.move(FadeOut(name, *words), seconds=TEXT)


@beat("standard")
def standard(film: RooflineFilm) -> None:
    """Standard attention's operations by its bytes: so far right; up to the roof, and across to the rate that they allow."""
    film.scene.event = len(film.found.traces[-1])
    read_off(film, "standard", film.found.standard, film.standard, film.skin.scores)


def read_off(film: RooflineFilm, name: str, count: Count, dot: Dot, hue: str) -> None:
    """A division; its result goes beneath the axis, and from there up to the roof and across."""
    place, axes, spot = film.scene.shot("roof"), film.axes, film.roof.spot(count.intensity)
    row, rate = ("first", "second")[len(film.sums)], film.found.roof.at(count.intensity)
    config = film.found.traces[-1].config
    rows = film.found.heights[0].rows
    more = (problem_of(config),) if not film.sums else (f"query tiles of {rows} rows", f"{rows} rows")
    text = first_that_fits([f"{NAMES[name]}, {each}" for each in more], LABEL, place[f"{row} name"].width, Face.STRONG)
    found = divided(film, text, count, hue, place[f"{row} name"], place[row])
    film.move(FadeIn(found.name), seconds=TEXT)
    said_in_turn(film, found.words)
    film.sums.append(found)
    film.foot.append(film.at_foot(count.intensity, hue, place))
    reading = Reading(film.skin.quiet, name="reading")
    film.readings.append(reading)
    with film.scene.telling():
        film.move(fly(film.foot[-1], found.result), seconds=0.7)
        if len(film.sums) > 1:  # as many operations: the dot comes from where the other one stands
            start = film.found.standard.intensity
            film.move(
                Shows(
                    dot, lambda share: dot.at(film.roof.spot(start + (count.intensity - start) * share)),
                    rate_func=ease_in_out_cubic, introducer=True,
                ), seconds=1.2,
            )  # fmt: skip
        film.move(Shows(reading, lambda share: reading.at(axes, count.intensity, rate, share / 2), introducer=True), seconds=0.6)
        if len(film.sums) == 1:
            film.move(FadeIn(dot.at(spot)), seconds=TEXT)
        film.move(Shows(reading, lambda share: reading.at(axes, count.intensity, rate, (1 + share) / 2)), seconds=0.6)
        film.rates.append(film.at_side(rate, hue))
        film.move(FadeIn(film.rates[-1]), seconds=TEXT)


@beat("flash")
def flash(film: RooflineFilm) -> None:
    """FlashAttention at the same N: as many operations, fewer bytes, so that its dot stands further up."""
    read_off(film, "flash", film.found.heights[0].count, film.dot, film.skin.o)


@beat("tile")
def tile(film: RooflineFilm) -> None:
    """The roof makes room; the query tile, the programs that hold one, and the division that the dot follows."""
    roof, place, skin, first, start = film.scene.shot("roof"), film.scene.shot("tile"), film.skin, film.found.heights[0], film.axes
    moving = Group(film.roof, film.roof.works, film.standard, film.dot)
    film.move(
        FadeOut(*film.words, *film.sides, *film.foot, *film.rates, *film.readings, *film.sums[0].parts, *film.sums[1].parts), seconds=TEXT
    )

    def go(share: float) -> None:
        film.roof.place(start.at(roof["plot"].toward(place["plot"], share)))
        film.standard.at(film.roof.spot(film.found.standard.intensity))
        film.dot.at(film.roof.spot(first.intensity))

    film.move(Shows(moving, go, rate_func=ease_in_out_cubic), seconds=MOVE)
    film.axes = film.roof.axes
    film.words, film.foot = film.limits(place), [film.at_foot(film.found.standard.intensity, skin.scores, place)]
    if film.found.roof.knee is not None:
        film.sides = film.side_names()
        film.foot.append(film.at_foot(film.found.roof.knee, skin.ink, place))
    film.tile, film.rows = Rectangles(skin.q, name="query tile"), Readout("", NAME, skin.ink, name="rows", face=Face.MONO_STRONG)
    film.number = Readout("", LABEL, skin.o, name="number", face=Face.MONO_STRONG, anchor="center")
    film.division = Readout("", NAME, skin.o, name="division", face=Face.MONO_STRONG)
    film.registers, film.fit = Registers(place["sm"], place["out"], skin), Readout("", NAME, skin.ink, name="fit", face=Face.MONO_STRONG)
    film.readings = [Reading(skin.quiet, name="reading")]
    show(film, first, first, 1.0)
    film.marks = [row_mark(film, first)]
    film.move(FadeIn(*film.words, *film.sides, *film.foot, *film.readings, film.number, film.division, *film.marks), seconds=0.4)
    with film.scene.telling():
        name = word("query tile", LABEL, skin.ink, place["tile name"], "name")
        film.move(FadeIn(name), Shows(film.tile, lambda share: stand(film, share * first.rows), introducer=True), seconds=1.0)
        film.move(FadeIn(film.rows), seconds=TEXT)
        if first.given is not None:
            fill(film, first, first.given)


def fill(film: RooflineFilm, height: Height, given: Resources) -> None:
    """The registers of an SM, and one program after another in them."""
    place, skin = film.scene.shot("tile"), film.skin
    film.spill = word(CORE, LABEL, skin.ink, place["spill"], "spill", Face.TEXT)
    film.registers.display(height.share, 0, 0.0)
    film.move(FadeIn(word("registers of one SM", LABEL, skin.ink, place["sm name"], "name"), film.spill, film.registers), seconds=0.4)
    for programs in range(1, given.programs + 1):
        film.registers.display(height.share, programs, height.spilled)
        film.scene.hold(FITTED / given.programs)
    film.move(FadeIn(film.fit), seconds=TEXT)


def stand(film: RooflineFilm, rows: float) -> None:
    """A query tile of so many rows, on one scale with the tallest."""
    rect, d = film.scene.shot("tile")["tile"], film.found.traces[0].config.head_dim
    unit = min(rect.height / film.found.heights[-1].rows, rect.width / d)
    film.tile.display(np.array([[rect.x0, rect.y0, rect.x0 + d * unit, rect.y0 + rows * unit]]))
    film.tile.values = np.array([rows])


def show(film: RooflineFilm, before: Height, after: Height, share: float) -> None:
    """The tile, the SM and the dot on the way from one height to another; what is written is one or the other's, since none is between."""
    place, told = film.scene.shot("tile"), before if share < 0.5 else after
    stand(film, before.rows * (after.rows / before.rows) ** share)
    fitted(film.rows, f"{told.rows} rows", "256 rows", place["rows"])
    if told.given is not None:
        taken = before.share + (after.share - before.share) * share
        film.registers.display(taken, told.given.programs, before.spilled + (after.spilled - before.spilled) * share)
        fits = "1 program fits" if told.given.programs == 1 else f"{told.given.programs} programs fit"
        fitted(film.fit, fits, "7 programs fit", place["fit"])
    ride(film, told, before.intensity * (after.intensity / before.intensity) ** share)


def ride(film: RooflineFilm, told: Height, intensity: float) -> None:
    """The dot at an intensity, its number beneath, and of what it comes."""
    place, x = film.scene.shot("tile"), film.axes.x(intensity)
    film.dot.at(film.roof.spot(intensity))
    film.readings[0].at(film.axes, intensity, film.roof.roof.at(intensity), 0.5)
    film.number.text = f"{intensity:.0f}"
    film.number.at(Rect(x, place["ticks"].y0, x, place["ticks"].y1))
    operations, nbytes = (times(value / 10**6) for value in (told.count.operations, told.count.nbytes))
    text = f"{operations} M ÷ {nbytes} MB = {told.intensity:.0f}"
    fitted(film.division, text, text, place["second"])


def fitted(readout: Readout, text: str, longest: str, rect: Rect, px: float = NAME) -> None:
    """A number at the left of its place, smaller where its longest text would not fit."""
    readout.px = fitting(longest, px, rect)
    readout.text = text
    readout.at(rect)


def row_mark(film: RooflineFilm, height: Height) -> Named:
    """A dot that stays on the roof, hollow where a program spills, and the rows that it is of, over the line."""
    skin, (x, y, _) = film.skin, film.roof.spot(height.intensity)
    text = f"{height.rows}: spills" if height.spilled else f"{height.rows} rows"
    lower = [film.roof.spot(each.intensity) for each in film.found.heights if each.rows < height.rows]
    if lower and y - lower[-1][1] < em(LABEL):  # no room for a line above the one before
        text = first_that_fits((text, f"{height.rows}"), LABEL, x - lower[-1][0] - em(8), Face.STRONG)
    hue = skin.warn if height.spilled else skin.o
    mark = Dot(hue, hollow=bool(height.spilled), name="mark").at((x, y, 0.0))
    if height.spilled:
        mark.set_fill(skin.ground, 1.0)
    words = Word(text, LABEL, hue, x - text_width(text, LABEL, Face.STRONG) - em(24), y + em(22), "mark rows")
    return Named(mark, words, tag="passed", text=text)


def everything(film: RooflineFilm) -> Group:
    """What changes with the tile."""
    return Group(film.tile, film.rows, film.dot, film.number, film.division, film.registers, film.fit, *film.readings)


@beat("climb")
def climb(film: RooflineFilm) -> None:
    """The tile doubles, again and again: its dot slides up the roof, programs grow, and fewer fit on the SM."""
    with film.scene.telling():
        for before, after in pairwise(film.found.heights):
            film.move(Shows(everything(film), partial(show, film, before, after), rate_func=ease_in_out_cubic), seconds=GROWTH)
            film.marks.append(row_mark(film, after))
            film.move(FadeIn(film.marks[-1]), seconds=0.2)


@beat("full")
def full(film: RooflineFilm) -> None:
    """What one program has no register for goes out, and comes back when it is needed."""
    place, last, registers = film.scene.shot("tile"), film.found.heights[-1], film.registers
    assert last.given is not None  # else the board has no such beat
    nbytes, share, programs = amount(last.spilled_bytes), last.share, last.given.programs
    text = first_that_fits((f"{nbytes} spill to memory", f"{nbytes} spill"), LABEL, place["spill"].width)
    film.move(FadeOut(film.spill), seconds=TEXT / 2)
    film.spill = word(text, LABEL, film.skin.warn, place["spill"], "spill", Face.TEXT)
    film.move(FadeIn(film.spill), seconds=TEXT)

    def go(share_out: float) -> None:
        registers.display(share, programs, last.spilled, lifted=share_out)

    with film.scene.telling():
        for _ in range(2):
            film.move(Shows(registers, go, rate_func=there_and_back), seconds=OUT)


@beat("alone")
def alone(film: RooflineFilm) -> None:
    """While the only program waits for what it loads, nothing on the SM computes."""
    with film.scene.telling():
        take_turns(film, film.found.heights[-1], (None, 0, None, 0))


def take_turns(film: RooflineFilm, height: Height, waiting: tuple[int | None, ...]) -> None:
    """Which program waits, one turn after another; all others compute, as their bands say where there is room."""
    assert height.given is not None
    programs, registers = height.given.programs, film.registers
    for waits in waiting:
        film.scene.remove(film.doing)
        registers.display(height.share, programs, height.spilled, waits=waits)
        film.doing = Group(*(doing(registers.band(index), index == waits, film.skin) for index in range(programs)))
        film.scene.add(film.doing)
        film.scene.hold(TURN)


def doing(band: Rect, waits: bool, skin: Theme) -> Group:
    """What a program does, in its band."""
    text = WAITS if waits else WORKS
    if band.height < em(LABEL):
        return Group()
    px = LABEL * min(1.0, band.inset(em(12), 0.0).width / text_width(WAITS, LABEL, Face.STRONG))
    wide = text_width(text, px, Face.STRONG)
    return Group(Word(text, px, skin.ink, band.center[0] - wide / 2, middle(band, px), "doing"))


@beat("answer")
def answer(film: RooflineFilm) -> None:
    """Back to the last height before one that spills, and its rate; where several programs fit, one computes while another waits."""
    best, last, place = film.found.tallest, film.found.heights[-1], film.scene.shot("tile")
    assert best is not None  # else the board has no such beat
    assert best.given is not None
    film.scene.remove(film.doing)
    film.move(FadeOut(film.spill), seconds=TEXT)
    film.move(Shows(everything(film), partial(show, film, last, best), rate_func=ease_in_out_cubic), seconds=SETTLED)
    film.spill = word("spilled: nothing", LABEL, film.skin.ink, place["spill"], "spill", Face.TEXT)
    film.move(FadeIn(film.spill), seconds=TEXT)
    with film.scene.telling():
        if best.given.programs > 1:
            take_turns(film, best, (0, 1, 0, 1))
        reading, rate = film.readings[0], film.roof.roof.at(best.intensity)
        film.move(Shows(reading, lambda share: reading.at(film.axes, best.intensity, rate, (1 + share) / 2)), seconds=0.5)
        film.rates = [film.at_side(rate, film.skin.o)]
        film.move(FadeIn(*film.rates), seconds=TEXT)
