"""How tall a tile may be: its dot slides up a quoted roof as it grows, while it fills an SM; then another GPU, measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from manim import Group
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import theme
from flashviz.chapters import roofline
from flashviz.chapters.measured import Point
from flashviz.chapters.roofline import DEVICE, Height, Roof, Roofline, gather, quotes_of
from flashviz.director.material import provenance
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, Word, first_that_fits, machine, middle, word
from flashviz.figures import amount
from flashviz.layout import Rect, Shot
from flashviz.layout.roofline import Decades
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows
from flashviz.mobjects.named import Named
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.roof import Reading, Registers, RoofView
from flashviz.mobjects.rulers import Dot
from flashviz.mobjects.tiles import Rectangles

AXIS = ("operations a byte, counted: each tick 2 ×", "operations a byte, counted", "operations a byte")
RATE = ("TFLOP/s at best: 10¹² operations a second", "TFLOP/s, at best")
ATTAINED = ("TFLOP/s measured: 10¹² operations a second", "TFLOP/s, measured")
CORE = "a core of the GPU"
CACHED = ("operations a byte with a perfect cache: each tick 2 ×", "operations a byte, perfect cache", "operations a byte")
NAMES = {"standard": "standard attention", "flash": "FlashAttention"}
SHORT = {"standard": "standard", "flash": "flash"}
GROWTH = 1.35  # seconds of a doubling


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

    words: list[Named]  # the badge, the axis and the names of both limits
    standard_name: Word
    reading: Reading
    product: Word
    marks: list[Named]  # the rows of the heights that were passed
    tile: Rectangles
    rows: Readout
    registers: Registers
    core: Word  # what an SM is, then what a program spills
    fit: Readout
    lengths: list[Word]  # N at FlashAttention's dots
    number: Readout  # at the dot

    def __init__(self, scene: ShotScene, found: Roofline) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        place = scene.shot("roof")
        climbing = [height.intensity for height in found.heights]
        xs = [*climbing, found.standard.counted, *([found.roof.knee] if found.roof.knee else [])]
        ends = min(xs), max(xs)
        self.plot = Decades.of(place["plot"], ends, (found.roof.at(ends[0]), found.roof.at(ends[1])))
        self.roof = RoofView(found.roof, self.plot, place["ticks"], self.skin)
        self.standard = Dot(self.skin.scores, hollow=False, name="point standard")
        self.dot = Dot(self.skin.o, hollow=False, name="point flash")
        self.now = found.heights[0]

    def limits(
        self, device: str, roof: Roof, plot: Decades, place: Shot, axes: tuple[str, ...] = AXIS, rate: tuple[str, ...] = RATE
    ) -> list[Named]:
        """Badge with its sources, the axes' names, and both limits at their parts of the roof."""
        skin, quotes = self.skin, quotes_of(device, roof)
        sources = "; ".join(dict.fromkeys(source for _, source in quotes))
        short = "; ".join(dict.fromkeys(source.partition(",")[0] for _, source in quotes))
        text = first_that_fits((sources, short), LABEL, place["badge"].width)
        cited = word(text, LABEL, skin.ink, place["badge"], "cited", Face.TEXT)
        badge = Named(machine(device, self.scene.settings.aspect, skin), cited, tag="badge", text=device)
        at = place["axis"]
        text = first_that_fits(axes, LABEL, at.width)
        axis = Word(text, LABEL, skin.ink, at.center[0] - text_width(text, LABEL) / 2, middle(at, LABEL), "axis", Face.TEXT)
        slope = quotes[0][0]
        wide = text_width(slope, LABEL, Face.STRONG)
        base = plot.y(roof.at(plot.value(plot.rect.x0 + wide + em(84)))) + em(76)
        base_of = plot.rect.y1 + (em(6) if rate == ATTAINED else -em(24))
        base = min(base, base_of - em(46))  # clear of the name of the vertical axis
        up = Word(first_that_fits(rate, LABEL, 0.9 * plot.rect.width), LABEL, skin.ink, plot.rect.x0, base_of, "axis", Face.TEXT)
        words: list[Named] = [badge, axis, up, Word(slope, LABEL, skin.ink, plot.rect.x0 + em(34), base, "limit")]
        for level, _ in quotes[1:]:
            wide = text_width(level, LABEL, Face.STRONG)
            words.append(Word(level, LABEL, skin.ink, plot.rect.x1 - wide, plot.y(roof.at(plot.ends[1])) + em(20), "limit"))
        return words


def drawn(view: RoofView, ticks: Rect) -> Shows:
    """The roof grows from the left: its slope, then its level."""
    plot = view.plot
    return Shows(view, lambda share: view.place(plot, ticks, share), introducer=True)


# --------------------------------------------------------------------------------------------------------------- beats


@beat("roof")
def roof(film: RooflineFilm) -> None:
    """The slope of the memory, then the level of the arithmetic, each with its quoted figure."""
    place = film.scene.shot("roof")
    film.words = film.limits(DEVICE, film.found.roof, film.plot, place)
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
    film.standard.move_to(film.roof.spot(intensity))
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
        film.standard.move_to(film.roof.spot(film.found.standard.counted))

    film.move(Shows(Group(film.roof, film.standard), go, rate_func=ease_in_out_cubic), seconds=MOVE)
    film.plot = film.roof.plot
    film.words = film.limits(DEVICE, film.found.roof, film.plot, place)
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
    film.dot.move_to(film.roof.spot(first.intensity))
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
        fitted(film.fit, f"{told.given.programs} program" + ("s" if told.given.programs > 1 else ""), "7 programs", place["fit"])


def told_of(before: Height, after: Height, share: float) -> Height:
    """Which of two heights is written, so far on the way between them."""
    return before if share < 0.5 else after


def fitted(readout: Readout, text: str, longest: str, rect: Rect) -> None:
    """A number at the left of its place, smaller where its longest text would not fit."""
    readout.px = NAME * min(1.0, rect.width / text_width(longest, NAME, Face.MONO_STRONG))
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
    """The dot at an intensity, and at its right the number that the axis has there."""
    x, y, _ = film.roof.spot(intensity)
    film.dot.move_to((x, y, 0))
    film.number.text = f"{intensity:.0f} a byte"
    left = min(x + em(30), film.roof.plot.rect.x1 - text_width(film.number.text, LABEL, Face.MONO_STRONG))
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
    film.now = film.found.heights[-1]
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
    given = film.now.given
    assert given is not None  # else the board has no such beat
    film.scene.hold(0.4)
    film.scene.tell()


@beat("gpu")
def gpu(film: RooflineFilm) -> None:
    """Another device's roof, and what was measured under it as N doubles: one dot an N for each algorithm."""
    rates, place, skin = film.found.gpu, film.scene.shot("roof"), film.skin
    assert rates is not None  # else the board has no such beat
    xs = [x for dots in rates.dots.values() for x, _ in dots] + [rates.roof.knee or 1.0]
    ys = [y for dots in rates.dots.values() for _, y in dots]
    plot = Decades.of(place["plot"], (min(xs), max(xs)), (min(ys), rates.roof.at(max(xs))))
    view = RoofView(rates.roof, plot, place["ticks"], skin)
    badge, axis, up, *names = film.limits(rates.device, rates.roof, plot, place, CACHED, ATTAINED)
    film.scene.clear_all(0.3)
    other_machine(film, view, place["ticks"], [axis, up])
    film.move(FadeIn(badge, *names), seconds=TEXT)
    for name, hue in (("standard", skin.scores), ("flash", skin.o)):
        points = rates.dots[name]
        for x, y in points:
            dot = Dot(hue, hollow=False, name=f"measured {name}").move_to((plot.x(x), plot.y(y), 0))
            film.move(FadeIn(dot), seconds=0.16)
        film.lengths = lengths(film, plot, name, points)
        film.move(FadeIn(rates_name(film, plot, name, points), *film.lengths), seconds=TEXT)
    film.plot = plot
    film.move(FadeIn(setting(film, place["plot"])), seconds=TEXT)


def other_machine(film: RooflineFilm, view: RoofView, ticks: Rect, axes: Sequence[Named]) -> None:
    """The first machine's roof on the second one's axes; it rises to the second one's, and what it was is seen meanwhile."""
    was, now, plot = film.found.roof, view.roof, view.plot
    if was.peak is None:  # no source has its peak for such numbers
        film.move(FadeIn(view, *axes), seconds=0.5)
        film.read()
        return
    level = plot.y(was.at(plot.ends[1]))
    name = Word(DEVICE, LABEL, film.skin.ink, plot.rect.x1 - text_width(DEVICE, LABEL, Face.STRONG), level - em(48), "was")
    view.roof = was
    before = view.place(plot, ticks).line.copy().set_stroke(color=film.skin.quiet, width=theme.HEAVY)
    film.move(FadeIn(view, name, *axes), seconds=0.5)
    film.read()
    film.scene.add(before)

    def rise(share: float) -> None:
        view.roof = was.toward(now, share) if share < 1 else now
        view.place(plot, ticks)

    film.move(Shows(view, rise, rate_func=ease_in_out_cubic), seconds=1.2)
    film.scene.hold(0.4)
    film.move(FadeOut(before, name), seconds=TEXT)


def rates_name(film: RooflineFilm, plot: Decades, name: str, points: Sequence[Point]) -> Word:
    """Whose dots they are and their rates, beneath them: standard attention's at their left, FlashAttention's at the right."""
    low, high = min(y for _, y in points), max(y for _, y in points)
    rate = f"{low:.0f} to {high:.0f} TFLOP/s" if name == "standard" else f"up to {high:.0f} TFLOP/s"
    text = first_that_fits((f"{NAMES[name]}: {rate}", f"{SHORT[name]}: {rate}"), NAME, 0.7 * plot.rect.width, Face.STRONG)
    wide = text_width(text, NAME, Face.STRONG)
    if name == "standard":
        return Word(text, NAME, film.skin.ink, plot.rect.x0 + em(8), plot.y(low) - em(76), "rates")
    over = [plot.y(y) for x, y in points if plot.x(x) > plot.rect.x1 - wide - em(30)]
    return Word(text, NAME, film.skin.ink, plot.rect.x1 - wide, min(over) - em(80), "rates")


def lengths(film: RooflineFilm, plot: Decades, name: str, points: Sequence[Point]) -> list[Word]:
    """N of the first dot and of the last: standard attention's at their right, FlashAttention's above."""
    assert film.found.gpu is not None
    sizes = [n for n, _ in film.found.gpu.sweep.flops]
    words: list[Word] = []
    if plot.rect.width / plot.span[0] < text_width(f"N = {sizes[0]:,.0f}", LABEL):  # no room
        return words
    for index in (0, -1):
        text, (x, y) = f"N = {sizes[index]:,.0f}", points[index]
        wide = text_width(text, LABEL)
        left, base = plot.x(x) + em(30), plot.y(y) - 0.36 * em(LABEL)
        if name == "flash":
            left, base = min(plot.x(x) - wide / 2, plot.rect.x1 - wide), plot.y(y) + em(30)
        words.append(Word(text, LABEL, film.skin.ink, left, base, "dot N", Face.TEXT))
    return words


@beat("close")
def close(film: RooflineFilm) -> None:
    """What the picture says."""
    film.scene.hold(0.2)
    film.scene.tell()


@beat("gap")
def gap(film: RooflineFilm) -> None:
    """What FlashAttention's last dot leaves of the roof above it."""
    rates = film.found.gpu
    assert rates is not None  # else the board has no such beat
    (intensity, rate), plot, half = rates.dots["flash"][-1], film.plot, em(3)
    x, low, high = plot.x(intensity), plot.y(rate), plot.y(rates.roof.at(intensity))
    left = Rectangles(film.skin.ink, name="gap")

    def rise(share: float) -> None:
        left.display(np.array([[x - half, low, x + half, low + (high - low) * share]]))
        left.values = np.array([rates.share])

    film.move(FadeOut(*film.lengths), seconds=TEXT)
    film.move(Shows(left, rise, rate_func=ease_in_out_cubic, introducer=True), seconds=0.9)
    text = first_that_fits((f"{rates.share:.0%} of the roof", f"{rates.share:.0%}"), NAME, x - plot.rect.x0 - em(40), Face.STRONG)
    wide = text_width(text, NAME, Face.STRONG)
    film.move(FadeIn(Word(text, NAME, film.skin.ink, x - em(24) - wide, (low + high) / 2, "share")), seconds=TEXT)
    film.scene.hold(0.5)
    film.scene.tell()


def setting(film: RooflineFilm, rect: Rect) -> Word:
    """What was measured, in the corner of the plot."""
    assert film.found.gpu is not None
    sweep = film.found.gpu.sweep
    lengths = f"N = {sweep.flops[0][0]:,.0f} to {sweep.flops[-1][0]:,.0f}"
    text = first_that_fits((f"{lengths}, d = {sweep.d}, {sweep.heads} heads", lengths), LABEL, 0.35 * rect.width)
    return Word(text, LABEL, film.skin.ink, rect.x1 - text_width(text, LABEL), rect.y0 + em(24), "setting", Face.TEXT)
