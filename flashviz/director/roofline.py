"""Bytes pull a dot left under a quoted roof: what crosses fills the grid of scores; where less does, it climbs, until registers end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from manim import Group
from manim.utils.rate_functions import ease_in_out_cubic, there_and_back

from flashviz.chapters import roofline
from flashviz.chapters.roofline import DEVICE, WAYS, Count, Height, Roofline, gather, quotes_of
from flashviz.device import REGISTERS
from flashviz.director.film.parts import fitting
from flashviz.director.material import provenance
from flashviz.director.shots import TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, Word, amid, first_that_fits, fly, line_width, machine, middle, word, worded
from flashviz.figures import amount, kib, times
from flashviz.layout import Rect
from flashviz.layout.roofline import BEYOND, Axes, Work
from flashviz.lettering import Face, em, text_width
from flashviz.memory import FLOAT32
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows
from flashviz.mobjects.named import Named
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.roof import Crossed, Reading, Registers, RoofView
from flashviz.mobjects.rulers import Dot
from flashviz.palette import Theme

RATE = ("TFLOP/s at best: 10¹² operations a second", "TFLOP/s, at best")
CROSSED = ("operations for each byte that crosses between HBM and chip", "operations for each byte that crosses")
WAITS, WORKS = "waits", "computes"  # the two sides of the ridge
MEMORY = "HBM: "
CELL = ("each cell: a tile of scores", "cells: tiles of scores")
BRIGHT = ("bright: bytes that crossed, to scale", "bright: bytes that crossed")
STANDARD = ("standard attention", "no cache")
FLASH = "FlashAttention-2"
HELD = ("registers of an SM: {}", "registers: {}")
IN_FLIGHT = 2.5  # copies of a tile, or of a strip, that are on their way at once
ARRIVAL, PASSES, WAY = 2.0, 3.2, 0.85  # seconds of the first row block, of all others, and of a way of S or P
STAYS = 1.8  # in which S and P leave the picture
GROWTH, SETTLED = 1.7, 1.2  # of a doubling of the tile, and of a step back
OUT = 1.6  # in which what is spilled goes out and comes back
WAITING = 130  # px, left of the ridge, in which that is said
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


class RooflineFilm(ChapterFilm):
    """Everything on stage, made here once."""

    limits: list[Word]  # the names of both limits, at their parts of the roof
    registers: Registers | None = None  # from when they are spoken of
    spill: Word  # what a program spills
    held: list[Word]  # what each program takes

    def __init__(self, scene: ShotScene, found: Roofline) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.place = place = scene.shot("roof")
        seen = [found.standard.intensity, *(height.intensity for height in found.heights), found.roof.knee or 0.0]
        most = BEYOND * max(seen)
        self.axes = Axes(place["plot"], (most, found.roof.at(most)))
        self.roof = RoofView(found.roof, self.axes, self.skin)
        self.config = config = found.traces[0].config
        self.work = Work.of(place["grid"], config.seq_q, config.seq_k, config.block_m, config.head_dim)
        self.crossed = Crossed(self.work, config.block_n, self.skin).blocks(config.block_m)
        self.dot, self.reading = Dot(self.skin.o, hollow=False, name="point"), Reading(self.skin.quiet, name="reading")
        self.number = Readout("", LABEL, self.skin.ink, name="number", face=Face.MONO_STRONG)  # operations a byte, at the dot
        self.rate = Readout("", LABEL, self.skin.ink, name="rate", face=Face.MONO_STRONG, anchor="right")
        self.division = Readout("", NAME, self.skin.ink, name="division", face=Face.MONO_STRONG)  # whence the dot comes
        operations = times(found.standard.operations / 10**6)
        sizes = {unit: fitting(f"{operations} {unit} ÷ {0:.3f} MB = 0,000", NAME, place["count"]) for unit in ("M operations", "M")}
        self.unit = next((unit for unit, px in sizes.items() if px >= LABEL), "M")
        self.size = sizes[self.unit]
        self.who, self.note = self.doing(self.problem), amid(CELL, self.skin.ink, place["note"], "note")
        self.across = True  # the dot is read across, to its rate
        self.marks: dict[int, Named] = {}  # of the heights that were passed, by their rows

    @property
    def problem(self) -> tuple[str, ...]:
        """Of what operations and bytes are."""
        return (f"attention of one head, N = {max(self.config.seq_q, self.config.seq_k):,}, d = {self.config.head_dim}",
                f"N = {max(self.config.seq_q, self.config.seq_k):,}, d = {self.config.head_dim}")  # fmt: skip

    def doing(self, texts: Sequence[str]) -> Word:
        """Who does the work."""
        at = self.place["who"]
        return word(first_that_fits(texts, LABEL, at.width, Face.STRONG), LABEL, self.skin.ink, at, "who")

    def tiled(self, height: Height) -> Word:
        """FlashAttention's kernel with tiles of some height."""
        return self.doing((f"{FLASH}, query tiles of {height.rows} rows", f"{FLASH}, {height.rows} rows", f"{height.rows} rows"))

    def copies(self, height: Height) -> np.ndarray:
        """[2, n, 4] tiles of K and V that row blocks of a height read."""
        return self.work.copies(height.rows, self.config.block_n, self.visited(height))

    def visited(self, height: Height) -> list[int]:
        """By each of its row blocks."""
        problem = self.found.traces[self.found.heights.index(height)].config
        return [len(problem.key_tiles(i)) for i in range(problem.row_blocks)]

    def everything(self) -> Group:
        """What changes with what crossed."""
        return Group(self.crossed, self.dot, self.reading, self.number, self.rate, self.division)

    def ride(self, operations: float, nbytes: float) -> None:
        """The dot at operations by bytes, as they are written; beyond the frame it is not seen."""
        skin, axes, place = self.skin, self.axes, self.place
        divided = f" ÷ {times(nbytes / 10**6)} MB = {operations / nbytes:,.0f}" if nbytes else ""
        self.division.px, self.division.text = self.size, f"{times(operations / 10**6)} {self.unit}{divided}"
        self.division.at(place["count"])
        inside = operations <= axes.most[0] * nbytes
        intensity = operations / nbytes if inside else axes.most[0]
        x, y, _ = self.roof.spot(intensity)
        rate = self.found.roof.at(intensity)
        peak = self.found.roof.peak
        self.dot.at((x, y, 0.0)).set_opacity(float(inside))
        self.reading.at(axes, intensity, rate, 1.0 if self.across else 0.5).set_fill(skin.quiet, float(inside))
        self.number.text = f"{intensity:.0f}" if inside else ""
        self.number.at(self.beside(x, y))
        beneath = peak is None or axes.y(peak.value) - y > em(LABEL)  # else the level's own number stands there
        self.rate.text = f"{rate:.0f}" if inside and beneath and self.across else ""
        self.rate.at(Rect(axes.rect.x0, y - em(20), axes.rect.x0 - em(12), y + em(20)))

    def beside(self, x: float, y: float) -> Rect:
        """Where the number of a dot stands: beneath the roof, clear of its line; over it where arithmetic is said to wait."""
        axes, roof = self.axes, self.found.roof
        low = max(y - em(56), axes.rect.y0 + em(2))
        left = max(x + em(24), axes.x((low + em(42) - axes.rect.y0) / (axes.y(1.0) - axes.rect.y0) / roof.bandwidth))
        waits = axes.x(roof.knee) - em(WAITING) if roof.knee is not None else axes.rect.x1
        if low < axes.rect.y0 + em(80) and waits - em(80) < left < axes.rect.x1 and x < axes.x(roof.knee or 0.0):
            left, low = x - em(20), y + em(14)
        return Rect(left, low, left, low + em(48))

    @property
    def indent(self) -> float:
        """From the left of what stands beneath the axis to the axis' own left."""
        return self.axes.rect.x0 - self.place["ticks"].x0

    def at_side(self, rate: float) -> Word:
        """A rate as a number at the left of the plot."""
        text = f"{rate:.0f}"
        wide = text_width(text, LABEL, Face.STRONG)
        return Word(text, LABEL, self.skin.ink, self.axes.rect.x0 - wide - em(12), self.axes.y(rate) - 0.36 * em(LABEL), "level")

    def names(self) -> list[Word]:
        """Both limits at their parts of the roof."""
        skin, axes, roof, quotes = self.skin, self.axes, self.found.roof, quotes_of(DEVICE, self.found.roof)
        x, y, _ = self.roof.spot(SLOPE_NAME * (roof.knee or axes.most[0]))
        text = f"{MEMORY}{quotes[0][0]}"
        left, baseline = x + em(40), y - em(60)
        if baseline < axes.rect.y0 + em(80):  # what arithmetic does stands there
            left, baseline = x - em(24) - text_width(text, LABEL, Face.STRONG), y + em(22)
        words = [Word(text, LABEL, skin.ink, left, baseline, "limit")]
        for level, _ in quotes[1:]:
            wide = text_width(level, LABEL, Face.STRONG)
            words.append(Word(level, LABEL, skin.ink, axes.rect.x1 - wide, axes.y(axes.most[1]) + em(18), "limit"))
        return words

    def cited(self) -> Word:
        """Who is quoted."""
        quotes, at = quotes_of(DEVICE, self.found.roof), self.place["badge"]
        sources = "; ".join(dict.fromkeys(source for _, source in quotes))
        short = "; ".join(dict.fromkeys(source.partition(",")[0] for _, source in quotes))
        return word(first_that_fits((sources, short), LABEL, at.width), LABEL, self.skin.ink, at, "cited", Face.TEXT)

    def side_names(self) -> list[Word]:
        """What arithmetic does on both sides of the ridge; smaller where its right side is narrow."""
        rect, floor = self.axes.rect, self.axes.rect.y0 + em(24)
        ridge, gap = self.axes.x(self.found.roof.knee or 0.0), em(16)
        left = ridge - gap - text_width(WAITS, LABEL, Face.STRONG)
        places = Rect(left, floor, ridge - gap + em(1), floor + em(50)), Rect(ridge + gap, floor, rect.x1, floor + em(50))
        return [word(text, LABEL, self.skin.ink, at, "side") for text, at in zip((WAITS, WORKS), places, strict=True)]

    def mark(self, height: Height, *, spills: bool = False) -> Named:
        """A dot that stays on the roof, a ring where a program spills, and the rows that it is of."""
        skin, (x, y, _) = self.skin, self.roof.spot(height.intensity)
        dot = Dot(skin.warn if spills else skin.o, hollow=spills, name="mark").at((x, y, 0.0))
        if spills:
            dot.set_fill(skin.ground, 1.0)
        lower = [self.roof.spot(each.intensity) for each in self.found.heights if each.rows < height.rows]
        crowded = bool(lower) and y - lower[-1][1] < em(LABEL)  # no room for a line above the one before
        room = x - (lower[-1][0] if crowded else self.axes.rect.x0) - em(32)
        text = first_that_fits((f"{height.rows} rows", f"{height.rows}"), LABEL, room, Face.STRONG)
        left = x - text_width(text, LABEL, Face.STRONG) - em(24)
        return Named(dot, Word(text, LABEL, skin.warn if spills else skin.o, left, y + em(22), "mark rows"), tag="passed", text=text)


def falling(start: np.ndarray, stop: np.ndarray, share: float) -> tuple[np.ndarray, float]:
    """[2, n, 4] copies one after another on their way, and how many of them are there."""
    count = start.shape[1]
    ways = np.clip((share * (count - 1 + IN_FLIGHT) - np.arange(count)) / IN_FLIGHT, 0.0, 1.0)
    eased = np.array([ease_in_out_cubic(way) for way in ways]).reshape(-1, 1)
    return start + (stop - start) * eased, float(ways.sum())


# --------------------------------------------------------------------------------------------------------------- beats


@beat("roof")
def roof(film: RooflineFilm) -> None:
    """The slope of the memory, then the level of the arithmetic, each with its quoted figure, beside the work that is to be done."""
    place, view, knee, skin = film.place, film.roof, film.found.roof.knee, film.skin
    film.limits, at = film.names(), place["up"]
    axis = amid(CROSSED, skin.ink, place["axis"], "axis")
    up = Word(first_that_fits(RATE, LABEL, at.width), LABEL, skin.ink, at.x0, middle(at, LABEL), "axis", Face.TEXT)
    view.place(film.axes, 0.0, 0.0)
    film.ride(film.found.standard.operations, 0)
    film.scene.add(film.crossed, view, film.who, film.division, film.note, axis, up, machine(DEVICE, film.scene.settings.aspect, skin))
    film.move(FadeIn(film.cited()), seconds=TEXT)
    stops = [0.0, 1.0] if knee is None else [0.0, knee / film.axes.most[0], 1.0]
    with film.scene.telling():
        for (start, stop), name in zip(pairwise(stops), film.limits, strict=True):
            film.move(Shows(view, partial(draw, view, film.axes, start, stop)), seconds=1.4)
            film.move(FadeIn(name), seconds=TEXT)
            film.scene.hold(0.3)
    if film.found.roof.peak is not None:
        film.move(FadeIn(film.at_side(film.axes.most[1])), seconds=TEXT)


def draw(view: RoofView, axes: Axes, start: float, stop: float, share: float) -> None:
    """The roof from the left, on the way from one share of its line to another."""
    view.place(axes, start + (stop - start) * share, 0.0)


@beat("ridge")
def ridge(film: RooflineFilm) -> None:
    """Where both limits meet: arithmetic by bandwidth is so many operations a byte; what happens on either side."""
    place, view, skin, knee = film.place, film.roof, film.skin, film.found.roof.knee
    assert knee is not None  # else the board has no such beat
    film.move(Shows(view, lambda share: view.place(film.axes, 1.0, share), rate_func=ease_in_out_cubic), seconds=0.8)
    (bandwidth, _), (peak, _) = quotes_of(DEVICE, film.found.roof)
    whole = [peak, "÷", bandwidth, "=", f"{knee:.0f}"]
    short = [text.partition(" ")[0] for text in whole]  # without units
    texts = whole if line_width(whole, LABEL) <= place["first"].width else short
    words = worded(place["first"], texts, NAME, [skin.ink] * len(texts), "sum")
    for pair in (words[:1], words[1:3], words[3:]):  # an operand with its sign
        film.move(FadeIn(*pair), seconds=TEXT)
    rect, text = place["ticks"], f"{knee:.0f}"
    left = film.axes.x(knee) - text_width(text, LABEL, Face.STRONG) / 2
    sides = film.side_names()
    with film.scene.telling():
        film.move(fly(Word(text, LABEL, skin.ink, left, middle(rect, LABEL), "intensity"), words[-1]), seconds=0.7)
        film.move(FadeIn(sides[0]), seconds=0.4)
        film.scene.hold(0.6)
        film.scene.add(view.works)
        film.move(FadeIn(view.works, sides[1]), seconds=0.4)
    film.move(FadeOut(*words), seconds=TEXT)


@beat("stream")
def stream(film: RooflineFilm) -> None:
    """K and V go past one row block after another and leave a copy in its band: byte by byte the dot comes from the right."""
    found, config = film.found, film.config
    everywhere = [config.col_blocks] * config.row_blocks
    start, stop = (of(config.block_n, everywhere) for of in (film.work.sources, partial(film.work.copies, config.block_m)))
    every, first = start.shape[1], config.col_blocks
    moved = found.standard.nbytes - sum(found.ways)
    film.move(FadeOut(film.who, film.note, *film.limits), seconds=TEXT)
    film.who, film.note = film.doing((", ".join(STANDARD), *STANDARD[:1])), amid(BRIGHT, film.skin.ink, film.place["note"], "note")
    film.ride(found.standard.operations, 0)
    film.scene.add(film.reading, film.dot, film.number, film.rate)
    film.move(FadeIn(film.who, film.note), seconds=TEXT)

    def one(share: float) -> None:
        boxes, there = falling(start[:, :first], stop[:, :first], share)
        film.crossed.load(boxes).once(there / every)
        film.ride(found.standard.operations, moved * there / every)

    def others(share: float) -> None:
        strips, there = falling(start[:, first:].reshape(2, -1, first * 4), stop[:, first:].reshape(2, -1, first * 4), share)
        film.crossed.load(np.concatenate([stop[:, :first], strips.reshape(2, -1, 4)], 1)).once((first + there * first) / every)
        film.ride(found.standard.operations, moved * (first + there * first) / every)

    with film.scene.telling():
        film.move(Shows(film.everything(), one), seconds=ARRIVAL)
        if config.row_blocks > 1:
            film.move(Shows(film.everything(), others), seconds=PASSES)


@beat("standard")
def standard(film: RooflineFilm) -> None:
    """S goes out band by band and comes back, P too: four times as many bytes as S has, and the dot slides on to the left."""
    found = film.found
    film.scene.event = len(found.traces[-1])
    sums = np.cumsum([found.standard.nbytes - sum(found.ways), *found.ways])

    def go(index: int, share: float) -> None:
        film.crossed.out(index + share)
        film.ride(found.standard.operations, float(sums[index] + found.ways[index] * share))

    with film.scene.telling():
        for index, way in enumerate(WAYS):
            film.move(FadeOut(film.note), seconds=TEXT / 2)
            film.note = amid((f"{way}: {amount(found.ways[index])}",), film.skin.ink, film.place["note"], "note")
            film.move(FadeIn(film.note), seconds=TEXT / 2)
            film.move(Shows(film.everything(), partial(go, index)), seconds=WAY)


@beat("flash")
def flash(film: RooflineFilm) -> None:
    """S and P are taken away, what crossed for them with them: the dot slides back up, and leaves standard attention's behind."""
    height, skin = film.found.heights[0], film.skin
    config, before, after = film.config, film.found.standard, film.found.heights[0].count
    full = [config.col_blocks] * config.row_blocks
    copies = film.work.copies(height.rows, config.block_n, full)
    keeps = np.concatenate([np.arange(config.col_blocks) < count for count in film.visited(height)])
    leaves = np.where(keeps[:, None], copies, film.work.sources(config.block_n, full))  # tiles that a mask spares go back
    x, y, _ = film.roof.spot(before.intensity)
    left = Dot(skin.scores, hollow=False, name="point standard").at((x, y, 0.0))
    name = word(f"{STANDARD[0]}: {before.intensity:.0f}", LABEL, skin.scores, film.place["ticks"].beyond(film.indent), "standard name")
    film.move(FadeOut(film.who, film.note), seconds=TEXT)
    film.who, film.note = film.tiled(height), amid(BRIGHT, skin.ink, film.place["note"], "note")
    film.scene.add(left, film.dot)
    film.move(FadeIn(film.who, film.note), seconds=TEXT)

    def go(share: float) -> None:
        film.crossed.out(len(WAYS) * (1 - share)).load(copies + (leaves - copies) * share)
        film.ride(*between(before, after, share))

    with film.scene.telling():
        film.move(Shows(film.everything(), go, rate_func=ease_in_out_cubic), seconds=STAYS)
        film.crossed.load(film.copies(height))
        film.marks[height.rows] = film.mark(height)
        film.move(FadeIn(film.marks[height.rows], name), seconds=TEXT)


def between(before: Count, after: Count, share: float) -> tuple[float, float]:
    """Operations and bytes on the way from one count to another."""
    return (before.operations + (after.operations - before.operations) * share, before.nbytes + (after.nbytes - before.nbytes) * share)


@beat("climb")
def climb(film: RooflineFilm) -> None:
    """Row blocks pair, again and again: what the lower one reads slides under what the upper one reads, and the dot climbs."""
    with film.scene.telling():
        for before, after in pairwise(film.found.heights):
            step(film, before, after, GROWTH)
            film.marks[after.rows] = film.mark(after)
            film.move(FadeIn(film.marks[after.rows]), seconds=0.2)


def step(film: RooflineFilm, before: Height, after: Height, seconds: float) -> None:
    """From one height to the next one, or to the one before."""
    small, large = sorted((before, after), key=lambda height: height.rows)
    counts = film.visited(small)
    start = film.copies(small)
    upper = np.concatenate([np.full(count, i // 2 * large.rows) for i, count in enumerate(counts)])
    own = np.concatenate([np.full(count, i * small.rows) for i, count in enumerate(counts)])
    rise = (own - upper)[None, :, None] * film.work.unit * np.array([0, 1, 0, 1])

    registers = film.registers

    def go(share: float) -> None:
        film.crossed.load(start + rise * (share if after is large else 1 - share))
        film.ride(*between(before.count, after.count, share))
        told = before if share < 0.5 else after
        if registers is not None and told.given is not None:
            taken, spilled = (was + (will - was) * share for was, will in ((before.share, after.share), (before.spilled, after.spilled)))
            registers.display(taken, told.given.programs, spilled)

    film.move(FadeOut(film.who), seconds=TEXT / 2)
    film.who = film.tiled(after)
    film.crossed.blocks(after.rows)
    film.move(FadeIn(film.who), seconds=TEXT / 2)
    moving = Group(film.everything(), *([] if registers is None else [registers]))
    film.move(Shows(moving, go, rate_func=ease_in_out_cubic), seconds=seconds)
    film.crossed.load(film.copies(after))


@beat("full")
def full(film: RooflineFilm) -> None:
    """The registers of an SM, which programs of the last height fill: what has no place goes out, and comes back when it is needed."""
    place, last, skin = film.place, film.found.heights[-1], film.skin
    assert last.given is not None  # else the board has no such beat
    at, size = place["sm name"], amount(FLOAT32 * REGISTERS)
    name = word(first_that_fits([text.format(size) for text in HELD], LABEL, at.width, Face.STRONG), LABEL, skin.ink, at, "name")
    registers = film.registers = Registers(place["sm"], place["out"], skin).display(last.share, 0, 0.0)
    film.across = False  # the box stands where the dot would be read across
    film.ride(last.count.operations, last.count.nbytes)
    film.move(FadeIn(name, registers), seconds=0.4)
    registers.display(last.share, last.given.programs, last.spilled)
    hold(film, last, registers)

    def go(share: float) -> None:
        assert last.given is not None
        registers.display(last.share, last.given.programs, last.spilled, lifted=share)

    with film.scene.telling():
        for _ in range(2):
            film.move(Shows(registers, go, rate_func=there_and_back), seconds=OUT)


def hold(film: RooflineFilm, height: Height, registers: Registers) -> None:
    """What programs of a height take, each in its band, and what they spill; the height's dot is a ring where they do."""
    assert height.given is not None  # else there are no registers on stage
    programs, spilled, skin = height.given.programs, height.spilled, film.skin
    film.held = [taken(registers.band(index), height, skin) for index in range(programs)]
    lost, at = amount(programs * height.spilled_bytes), film.place["spill"]
    texts = (f"{lost} spill", lost) if spilled else ("nothing spills", "no spill")
    film.spill = word(first_that_fits(texts, LABEL, at.width, Face.STRONG), LABEL, skin.warn if spilled else skin.ink, at, "spill")
    film.move(FadeIn(*film.held, film.spill), seconds=TEXT)
    if spilled:
        film.scene.remove(film.marks[height.rows])
        film.marks[height.rows] = film.mark(height, spills=True)
        film.move(FadeIn(film.marks[height.rows]), seconds=TEXT)


def taken(band: Rect, height: Height, skin: Theme) -> Word:
    """What a program takes, in its band."""
    whole = kib(height.held)
    text = first_that_fits((whole, whole.partition(" ")[0]), LABEL, band.width, Face.STRONG)
    return Word(text, LABEL, skin.ink, band.center[0] - text_width(text, LABEL, Face.STRONG) / 2, middle(band, LABEL), "taken")


@beat("answer")
def answer(film: RooflineFilm) -> None:
    """Back, height by height, to one that spills nothing, and its rate."""
    best, registers = film.found.tallest, film.registers
    assert best is not None  # else the board has no such beat
    assert registers is not None  # some height spills: the beat before has them
    passed = [height for height in film.found.heights if height.rows >= best.rows]
    with film.scene.telling():
        for before, after in pairwise(reversed(passed)):
            film.move(FadeOut(*film.held, film.spill), seconds=TEXT / 2)
            step(film, before, after, SETTLED)
            hold(film, after, registers)
        film.across = True
        reading, intensity, rate = film.reading, best.intensity, film.found.roof.at(best.intensity)
        film.move(Shows(reading, lambda share: reading.at(film.axes, intensity, rate, (1 + share) / 2)), seconds=0.4)
        film.ride(best.count.operations, best.count.nbytes)
        film.move(FadeIn(film.rate), seconds=TEXT)
