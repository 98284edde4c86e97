"""How tall a tile may be: its dot slides up a quoted roof as it grows, while it fills an SM; then bars that a GPU was measured at."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from manim import Group, Mobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz.chapters import roofline
from flashviz.chapters.roofline import DEVICE, Height, Rate, Roof, Roofline, gather, quotes_of
from flashviz.config import AttentionConfig
from flashviz.director.film.parts import fitting
from flashviz.director.material import provenance
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, NUMBER, Word, amid, first_that_fits, machine, middle, word
from flashviz.figures import amount
from flashviz.layout import Rect, Shot, rows
from flashviz.layout.roofline import RIGHT, Decades
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows
from flashviz.mobjects.named import Named
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.roof import Reading, Registers, RoofView, UnderRoof
from flashviz.mobjects.rulers import Dot
from flashviz.mobjects.tiles import Rectangles

RATE = ("TFLOP/s at best: 10¹² operations a second", "TFLOP/s, at best")
CORE = "a core of the GPU"
NAMES = {"standard": "standard attention", "flash": "FlashAttention"}
GROWTH, DOUBLED = 1.35, 0.7  # seconds of a doubling of the tile, of N
SETTLED = 1.2  # seconds in which the tile comes back to the height that it should have


class RooflineStage(ShotScene):
    """The scene that the dot climbs on."""

    script = roofline.BEATS

    def open(self, record: Callable[..., Any], measured: Callable[[], Any], compiled: Callable[..., Any]) -> RooflineFilm:
        """Count operations and bytes of traces, ask the compiler, and take what was measured.

        Args:
            record: ``flashviz_kernels.recorder.record``.
            measured: ``flashviz_kernels.bench.measured.measured``.
            compiled: ``flashviz_kernels.compiler.resources_of``.
        """
        report = measured()
        found = gather(self.settings.config, self.settings.source, record, report, compiled)
        self.provenance = [provenance(trace) for trace in found.traces]
        if found.gpu is not None:
            self.provenance.append({"benchmark": report.benchmark, "date": report.date, "machine": report.machine.gpu})
        self.set_board(found.beats, found.said)
        return RooflineFilm(self, found)


class RooflineFilm(ChapterFilm):
    """Everything on stage, made here once."""

    words: list[Mobject]  # the badge, the axis and the names of both limits
    standard_name: Word
    reading: Reading
    product: Word
    marks: list[Named]  # the rows of the heights that were passed
    tile: Rectangles
    rows: Readout
    registers: Registers
    core: Word  # what an SM is, then what a program spills
    fit: Readout
    number: Readout  # at the dot

    def __init__(self, scene: ShotScene, found: Roofline) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        place = scene.shot("roof")
        climbing = [height.intensity for height in found.heights]
        xs = [*climbing, found.standard.counted, *([found.roof.knee] if found.roof.knee else [])]
        ends = min(xs), max(xs)
        self.plot = Decades.of(place["plot"], ends, (found.roof.at(ends[0]), found.roof.at(ends[1] * 2**RIGHT)))
        self.roof = RoofView(found.roof, self.plot, place["ticks"], self.skin)
        self.standard = Dot(self.skin.scores, hollow=False, name="point standard")
        self.dot = Dot(self.skin.o, hollow=False, name="point flash")

    def badge(self, device: str, roof: Roof, rect: Rect) -> Group:
        """A machine, and who quotes its limits."""
        skin, quotes = self.skin, quotes_of(device, roof)
        sources = "; ".join(dict.fromkeys(source for _, source in quotes))
        short = "; ".join(dict.fromkeys(source.partition(",")[0] for _, source in quotes))
        cited = word(first_that_fits((sources, short), LABEL, rect.width), LABEL, skin.ink, rect, "cited", Face.TEXT)
        return Group(machine(device, self.scene.settings.aspect, skin), cited)

    def limits(self, plot: Decades, place: Shot) -> list[Mobject]:
        """Badge, the axes' names, and both limits at their parts of the roof."""
        skin, roof, quotes = self.skin, self.found.roof, quotes_of(DEVICE, self.found.roof)
        axis = amid(axis_texts(self.found.traces[-1].config), skin.ink, place["axis"], "axis")
        slope = quotes[0][0]
        wide = text_width(slope, LABEL, Face.STRONG)
        base = plot.y(roof.at(plot.value(plot.rect.x0 + wide + em(84)))) + em(76)
        base_of = plot.rect.y1 - em(24)
        base = min(base, base_of - em(46))  # clear of the name of the vertical axis
        up = Word(first_that_fits(RATE, LABEL, 0.9 * plot.rect.width), LABEL, skin.ink, plot.rect.x0, base_of, "axis", Face.TEXT)
        limit = Word(slope, LABEL, skin.ink, plot.rect.x0 + em(34), base, "limit")
        words: list[Mobject] = [self.badge(DEVICE, roof, place["badge"]), axis, up, limit]
        for level, _ in quotes[1:]:
            wide = text_width(level, LABEL, Face.STRONG)
            words.append(Word(level, LABEL, skin.ink, plot.rect.x1 - wide, plot.y(roof.at(plot.ends[1])) + em(20), "limit"))
        return words


def axis_texts(config: AttentionConfig) -> tuple[str, ...]:
    """Of what problem the operations and bytes are, for ever narrower places."""
    problem = f"N = {max(config.seq_q, config.seq_k):,}, d = {config.head_dim}"
    return (
        f"operations a byte, counted at {problem}; each tick 2 ×", f"operations a byte, counted at {problem}",
        f"operations a byte at {problem}",
    )  # fmt: skip


def drawn(view: RoofView, ticks: Rect) -> Shows:
    """The roof grows from the left: its slope, then its level."""
    plot = view.plot
    return Shows(view, lambda share: view.place(plot, ticks, share), introducer=True)


# --------------------------------------------------------------------------------------------------------------- beats


@beat("roof")
def roof(film: RooflineFilm) -> None:
    """The slope of the memory, then the level of the arithmetic, each with its quoted figure."""
    place = film.scene.shot("roof")
    film.words = film.limits(film.plot, place)
    badge, axis, up, *names = film.words
    film.roof.place(film.plot, place["ticks"], 0.0)
    film.move(FadeIn(film.roof, badge, axis, up), seconds=0.5)
    film.move(drawn(film.roof, place["ticks"]), seconds=1.8)
    for name in names:
        film.move(FadeIn(name), seconds=TEXT)
        film.scene.hold(0.2)
    film.scene.tell()


@beat("standard")
def standard(film: RooflineFilm) -> None:
    """Standard attention's dot on the roof: up from its operations a byte, and across to the rate that they allow."""
    film.scene.event = len(film.found.traces[-1])
    intensity = film.found.standard.counted
    rate = film.found.roof.at(intensity)
    film.standard.at(film.roof.spot(intensity))
    film.standard_name = beside(film, NAMES["standard"], intensity)
    film.reading = Reading(film.skin)
    film.move(Shows(film.reading, lambda share: film.reading.at(film.plot, intensity, rate, share / 2), introducer=True), seconds=0.7)
    film.move(FadeIn(film.standard, film.standard_name), seconds=TEXT)
    film.scene.hold(0.2)
    film.move(Shows(film.reading, lambda share: film.reading.at(film.plot, intensity, rate, (1 + share) / 2)), seconds=0.7)
    film.product = product(film, intensity, rate)
    film.move(FadeIn(film.product), seconds=TEXT)
    film.scene.hold(0.2)
    film.scene.tell()


def product(film: RooflineFilm, intensity: float, rate: float) -> Word:
    """Why the roof is there: operations a byte times bytes a second, or the peak where that is less; under the dot's name."""
    (x, y, _), roof = film.roof.spot(intensity), film.found.roof
    slope = f"{intensity:.1f} × {roof.bandwidth:g} TB/s = {rate:.0f} TFLOP/s"
    text = slope if roof.bandwidth * intensity <= rate else f"{rate:.0f} TFLOP/s"
    return Word(text, LABEL, film.skin.ink, x + em(34), y - em(80), "product", Face.TEXT)


def beside(film: RooflineFilm, name: str, intensity: float) -> Word:
    """Words at the right of a dot on the roof, under its line."""
    text, (x, y, _) = f"{name}: {intensity:.0f}", film.roof.spot(intensity)
    text = first_that_fits((text, text.replace(" attention", "")), LABEL, film.roof.plot.rect.x1 - x - em(40), Face.STRONG)
    return Word(text, LABEL, film.skin.ink, x + em(34), y - em(30), "dot name")


@beat("tile")
def tile(film: RooflineFilm) -> None:
    """The roof makes room; a low tile, the program that holds it, and its dot."""
    place, skin, first = film.scene.shot("tile"), film.skin, film.found.heights[0]
    start, ticks = film.plot.rect, film.scene.shot("roof")["ticks"]
    gone = [*film.words, film.standard_name, film.reading, film.product]
    film.move(*(FadeOut(each) for each in gone), seconds=TEXT)

    def go(share: float) -> None:
        film.roof.place(film.plot.at(start.toward(place["plot"], share)), ticks.toward(place["ticks"], share))
        film.standard.at(film.roof.spot(film.found.standard.counted))

    film.move(Shows(Group(film.roof, film.standard), go, rate_func=ease_in_out_cubic), seconds=MOVE)
    film.plot = film.roof.plot
    film.words = film.limits(film.plot, place)
    film.standard_name = beside(film, "standard", film.found.standard.counted)
    film.tile = Rectangles(skin.q, name="query tile")
    film.rows = Readout("", NAME, skin.ink, name="rows", face=Face.MONO_STRONG)
    titles = [word("query tile", LABEL, skin.ink, place["tile name"], "name")]
    parts: list[Any] = [film.tile, film.rows]
    film.registers = Registers(place["sm"], skin)
    film.fit = Readout("", NAME, skin.ink, name="fit", face=Face.MONO_STRONG)
    if first.given is not None:
        titles.append(word("registers of one SM", LABEL, skin.ink, place["sm name"], "name"))
        film.core = word(CORE, LABEL, skin.ink, place["spill"], "core", Face.TEXT)
        titles.append(film.core)
        parts += [film.registers, film.fit]
    show(film, first, first, 1.0)
    film.move(FadeIn(*film.words, *titles, *parts), seconds=0.5)
    film.scene.hold(0.6)
    film.dot.at(film.roof.spot(first.intensity))
    film.marks = [row_mark(film, first)]
    film.number = Readout("", LABEL, skin.o, name="intensity", face=Face.MONO_STRONG)
    ride(film, first.intensity)
    film.move(FadeIn(film.dot, film.number, *film.marks), seconds=0.5)
    film.scene.hold(0.4)
    film.scene.tell()


def show(film: RooflineFilm, before: Height, after: Height, share: float) -> None:
    """The tile and the SM on the way from one height to another; what is written is one or the other's, since none is between."""
    place, told = film.scene.shot("tile"), told_of(before, after, share)
    rect, d = place["tile"], film.found.traces[0].config.head_dim
    unit = min(rect.height / film.found.heights[-1].rows, rect.width / d)
    rows = before.rows * (after.rows / before.rows) ** share
    film.tile.display(np.array([[rect.x0, rect.y0, rect.x0 + d * unit, rect.y0 + rows * unit]]))
    film.tile.values = np.array([rows])
    fitted(film.rows, f"{told.rows} rows", "256 rows", place["rows"])
    if told.given is not None:
        taken = before.share + (after.share - before.share) * share
        spilled = before.spilled + (after.spilled - before.spilled) * share
        film.registers.display(taken, told.given.programs, spilled)
        fits = "1 program fits" if told.given.programs == 1 else f"{told.given.programs} programs fit"
        fitted(film.fit, fits, "7 programs fit", place["fit"])


def told_of(before: Height, after: Height, share: float) -> Height:
    """Which of two heights is written, so far on the way between them."""
    return before if share < 0.5 else after


def fitted(readout: Readout, text: str, longest: str, rect: Rect, px: float = NAME) -> None:
    """A number at the left of its place, smaller where its longest text would not fit."""
    readout.px = fitting(longest, px, rect)
    readout.text = text
    readout.at(rect)


def row_mark(film: RooflineFilm, height: Height) -> Named:
    """A dot that stays on the roof, and the rows that it is of, over the line."""
    x, y, _ = film.roof.spot(height.intensity)
    side, text = em(8), f"{height.rows} rows" if height is film.found.heights[0] else f"{height.rows}"
    mark = Rectangles(film.skin.o, name="mark").display(np.array([[x - side, y - side, x + side, y + side]]))
    words = Word(text, LABEL, film.skin.ink, x - text_width(text, LABEL, Face.STRONG) - em(14), y + em(14), "mark rows")
    return Named(mark, words, tag="passed", text=text)


def ride(film: RooflineFilm, intensity: float) -> None:
    """The dot at an intensity, and at its right the number that the axis has there; beyond the knee's line where it would cross it."""
    x, y, _ = film.roof.spot(intensity)
    film.dot.at((x, y, 0))
    film.number.text = f"{intensity:.0f}"
    wide, plot, knee = text_width(film.number.text, LABEL, Face.MONO_STRONG), film.roof.plot, film.found.roof.knee
    left = x + em(30)
    if knee is not None and left < plot.x(knee) < left + wide:
        left = plot.x(knee) + em(14)
    left = min(left, plot.rect.x1 - wide)
    film.number.at(Rect(left, y - em(66), left, y - em(22)))


@beat("climb")
def climb(film: RooflineFilm) -> None:
    """The tile doubles, again and again: its dot slides up the roof, programs grow, and fewer fit on the SM."""
    for index, (before, after) in enumerate(pairwise(film.found.heights)):

        def grow(share: float, before: Height = before, after: Height = after) -> None:
            show(film, before, after, share)
            ride(film, before.intensity * (after.intensity / before.intensity) ** share)

        everything = Group(film.tile, film.rows, film.dot, film.number, film.registers, film.fit)
        film.move(Shows(everything, grow, rate_func=ease_in_out_cubic), seconds=GROWTH)
        spill(film, before, after)
        film.marks.append(row_mark(film, after))
        film.move(FadeIn(film.marks[-1]), seconds=0.2)
        if index == 0:
            film.scene.tell()
    film.move(FadeIn(film.standard_name), seconds=TEXT)


def spill(film: RooflineFilm, before: Height, after: Height) -> None:
    """What one program has no register for is named as soon as it is there."""
    place = film.scene.shot("tile")["spill"]
    now = after.given.spilled if after.given is not None else 0
    was = before.given.spilled if before.given is not None else 0
    if now == was:
        return
    nbytes = amount(after.spilled_bytes)
    text = first_that_fits((f"spilled: {nbytes} a program", f"spilled: {nbytes}"), LABEL, place.width)
    words = word(text, LABEL, film.skin.warn, place, "spill", Face.TEXT)
    film.move(FadeOut(film.core), seconds=TEXT / 2)
    film.core = words
    film.move(FadeIn(words), seconds=TEXT)


@beat("full")
def full(film: RooflineFilm) -> None:
    """What one program leaves of the SM, and what it spills."""
    film.scene.hold(0.4)
    film.scene.tell()


@beat("answer")
def answer(film: RooflineFilm) -> None:
    """Back to the last height before one that spills."""
    best, last = film.found.tallest, film.found.heights[-1]
    assert best is not None  # else the board has no such beat

    def shrink(share: float) -> None:
        show(film, last, best, share)
        ride(film, last.intensity * (best.intensity / last.intensity) ** share)

    name = film.standard_name
    crowded = film.roof.spot(best.intensity)[0] < name.left + name.wide  # the dot's number comes to stand on it
    film.move(FadeOut(film.core, *([name] if crowded else [])), seconds=TEXT)
    everything = Group(film.tile, film.rows, film.dot, film.number, film.registers, film.fit)
    film.move(Shows(everything, shrink, rate_func=ease_in_out_cubic), seconds=SETTLED)
    film.core = word("spilled: nothing", LABEL, film.skin.ink, film.scene.shot("tile")["spill"], "spill", Face.TEXT)
    film.move(FadeIn(film.core), seconds=TEXT)
    film.scene.hold(0.3)
    film.scene.tell()


@beat("gpu")
def gpu(film: RooflineFilm) -> None:
    """Another device: a bar for each algorithm under its own roof, as N doubles."""
    rates, place, skin = film.found.gpu, film.scene.shot("measured"), film.skin
    assert rates is not None  # else the board has no such beat
    hues = {"standard": skin.scores, "flash": skin.o}
    unit = place["flash"].height / max(rate.most for each in rates.of.values() for rate in each)
    bars = {name: UnderRoof(place[name], unit, hue, skin, name=name) for name, hue in hues.items()}
    numbers = {name: Readout("", NUMBER, skin.ink, name=f"rate {name}", face=Face.MONO_STRONG) for name in hues}
    roofs = {name: Readout("", LABEL, skin.ink, name=f"roof {name} says", face=Face.MONO_STRONG) for name in hues}
    length = Readout("", NUMBER, skin.ink, name="length", face=Face.MONO_STRONG)
    longest = f"{max(rate.attained for each in rates.of.values() for rate in each):.0f} TFLOP/s"

    def at(doublings: float) -> None:
        before = min(int(doublings), len(rates.lengths) - 2)
        share = doublings - before
        told = before if share < 0.5 else before + 1
        fitted(length, f"N = {rates.lengths[told]:,}", f"N = {rates.lengths[-1]:,}", place["length"], NUMBER)
        for name, bar in bars.items():
            was, now = rates.of[name][before : before + 2]
            most, rect = was.most + (now.most - was.most) * share, place[name]
            bar.display(was.attained + (now.attained - was.attained) * share, most)
            fitted(numbers[name], f"{rates.of[name][told].attained:.0f} TFLOP/s", longest, place[f"{name} rate"], NUMBER)
            high = rect.y0 + most * unit
            text = first_that_fits(roof_texts(rates.of[name][told], rates.roof), LABEL, rect.width, Face.MONO_STRONG)
            fitted(roofs[name], text, text, Rect(rect.x0, high + em(14), rect.x1, high + em(58)), LABEL)

    names = [word(NAMES[name], NAME, skin.ink, place[f"{name} name"], "name side") for name in hues]
    everything = Group(*bars.values(), *roofs.values(), *numbers.values(), length)
    at(0)
    badge, note = film.badge(rates.device, rates.roof, place["badge"]), setting(film, place["setting"])
    film.scene.clear_all(0.3)
    film.move(FadeIn(badge, *note, *names, everything), seconds=0.5)
    film.read()
    for before in range(len(rates.lengths) - 1):

        def double(share: float, before: int = before) -> None:
            at(before + share)

        film.move(Shows(everything, double, rate_func=ease_in_out_cubic), seconds=DOUBLED)


def roof_texts(rate: Rate, roof: Roof) -> tuple[str, str]:
    """What a roof is made of, as at the dot of the first one: the most that its bytes allow, or the peak where that is less."""
    bytes_limit = roof.knee is None or rate.intensity < roof.knee
    text = f"{rate.intensity:.3g} × {roof.bandwidth:g} TB/s = {rate.most:.0f}" if bytes_limit else f"arithmetic, {rate.most:.0f}"
    return f"roof: {text}", text


@beat("close")
def close(film: RooflineFilm) -> None:
    """A still: both rates at the last N."""
    film.scene.hold(0.2)
    film.scene.tell()


def setting(film: RooflineFilm, rect: Rect) -> list[Word]:
    """What was measured, and what its roofs take for granted, beneath N."""
    assert film.found.gpu is not None
    sweep = film.found.gpu.sweep
    made_of = first_that_fits(("roof: operations a byte × TB/s,", "operations a byte × TB/s,"), LABEL, rect.width)
    texts = f"d = {sweep.d}, {sweep.heads} heads", made_of, "each tensor crossing once"
    lines = zip(texts, rows(rect, len(texts)), strict=True)
    return [Word(text, LABEL, film.skin.ink, line.x0, middle(line, LABEL), "setting", Face.TEXT) for text, line in lines]
