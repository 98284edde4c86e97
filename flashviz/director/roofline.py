"""One row block on chip and in HBM; its operations over its bytes are a number, a place on an axis, and there a dot under a quoted roof."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from manim import Group, Mobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz.chapters import roofline
from flashviz.chapters.pipeline import ticks as round_ticks
from flashviz.chapters.roofline import (
    DEVICE,
    NAMES,
    STATISTICS,
    Count,
    Height,
    Moment,
    Roofline,
    gather,
    moment,
    passage,
    quotes_of,
    steps_of,
)
from flashviz.director.material import provenance
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, NUMBER, Word, first_that_fits, fitted, fly, machine, middle, word
from flashviz.figures import amount, kib, times
from flashviz.layout import Rect
from flashviz.layout.roofline import BEYOND, RULER, Axes, Cells, Chip, Squares
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, early, late
from flashviz.mobjects.named import Named
from flashviz.mobjects.roof import TENSORS, Block, Climb, Fraction, RoofView
from flashviz.mobjects.rulers import Dot
from flashviz.mobjects.tiles import Rectangles, box, edges, outlines
from flashviz.trace import Trace

RATE = ("TFLOP/s at best: 10¹² operations a second", "TFLOP/s, at best")
RATIO = ("operations per byte moved",)
WAITS, WORKS, FULL = ("waits for", "memory"), ("computes at", "full rate"), ("full rate",)  # the two sides of the ridge
UNITS, EACH = ("operations", "bytes moved"), "per byte"
RATES = (("{peak:.0f} × 10¹² operations/s", "{bandwidth:g} × 10¹² bytes/s"), ("{peak:.0f} TFLOP/s", "{bandwidth:g} TB/s"))
CITED = ("{device}, at best: {long}", "{device}, at best: {short}", "{short}")
SLOPE = ("{speed} × operations per byte", "{speed}")
CHIP, HBM, TILE = "chip: one SM", "HBM", "{} a tile"
STANDARD, SHORT, FLASH = "standard attention", "standard", "FlashAttention-2"
BLOCK = ("{name}: {rows} queries, {keys} keys in {tiles} tiles", "{name}: {rows} queries, {keys} keys", "{rows} queries, {keys} keys")
REGISTERS, STOP = ("registers: {}", "{}"), ("{} queries", "{}")
TAKES = ("{rows} × {each} numbers × 4 bytes: {held}", "{rows} queries take {held}", "take {held}")
NEEDS = ("{rows} queries need {held} of {whole}", "need {held} of {whole}")
CROSSES, CHIPS = ("one byte on its way from HBM",), ("to the chip",)
TIME, DONE, IDLE = (
    ("meanwhile the GPU has time for {ridge} operations",),
    ("{standard}: all there is to do",),
    ("the rest of the time it waits",),
)
MADE = {"S": "= Q Kᵀ", "P": "= softmax of S", "O": "adds P V"}  # how what registers hold comes about
ONE = ("1 number a query",)  # what LSE is
STATS = "m, ℓ"
NO_ROOM = ("{} queries:", "no room in registers"), ("{}:", "no room")
LEVELS = 4  # most numbers on the axis of rates
SLOWLY, COUNTS = 0.8, 6.8  # seconds of a step that is watched, and of standard attention's others
STREAMS, GROWTH, LANDS, CLIMBS, DRAWN = 3.0, 1.5, 1.1, 0.7, 0.9  # of FlashAttention's others, of twice the rows, of a number's flight, ...
FLIGHT = 0.08  # of all steps: for so long a tile is under way
CLEAR, UNDER, BESIDE, OVER = 40, 80, 24, 14  # px: from a dot to words over the slope, and under it; from a line to words beside it, over it
FLOOR, SIDE_LINE, MARK = 10, 44, 30  # px, of words over the axis; the ridge's mark on it
SLOPE_NAME = 0.6  # of the ridge: where the slope's name stands


@dataclass(frozen=True)
class Run:
    """A trace as it is seen: at first slowly, then all the rest."""

    steps: Sequence[Count]
    times: np.ndarray  # [steps - 1, 2] of ``passage``
    slow: float  # when the first tile is through

    def at(self, now: float) -> Moment:
        """What is seen then."""
        return moment(self.steps, self.times, now)

    @property
    def ends(self) -> float:
        """When all is through."""
        return float(self.times.max())


def run_of(trace: Trace, first: int) -> Run:
    """``first`` steps one after another, then all others, several of them under way at once."""
    steps = steps_of(trace)
    alone = passage(steps[: first + 1], 1.0)
    return Run(steps, np.concatenate([alone, alone.max() + passage(steps[first:], FLIGHT * len(steps))]), float(alone.max()))


class RooflineStage(ShotScene):
    """The scene that the dots climb on."""

    script = roofline.BEATS

    def open(self, record: Callable[..., Any]) -> RooflineFilm:
        """Count operations and bytes of traces: ``flashviz_kernels.recorder.record``."""
        found = gather(self.settings.config, self.settings.source, record)
        self.provenance = [provenance(trace) for trace in found.traces]
        self.set_board(found.beats, {"ridge": times(found.roof.knee or 0.0), "standard": times(found.standard.intensity)})
        return RooflineFilm(self, found)


class RooflineFilm(ChapterFilm):
    """Everything on stage, made here once."""

    def __init__(self, scene: ShotScene, found: Roofline) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.work, self.place = scene.shot("work"), scene.shot("roof")
        c, drawn = found.traces[0].config, [*self.measured, found.impossible]
        most = BEYOND * max(*(height.intensity for height in self.measured), found.roof.knee or 0.0)
        self.axes = Axes(self.place["plot"], (most, found.roof.at(most)))
        self.roof = RoofView(found.roof, self.axes, self.skin).place(self.axes, 0.0, 0.0, 0.0)
        chip = Chip(self.work["core"], found.keys, c.head_dim, STATISTICS, found.capacity, found.too_many)
        columns = int(np.ceil(max(height.count.ways.max() for height in drawn) / found.square))
        stock = {name: Squares(self.work[name], columns) for name in TENSORS}
        self.block = Block(chip, stock, found.square, found.heights[0].rows, self.skin)
        self.rows = found.heights[0].rows
        digits = max(len(f"{height.count.operations:,.0f}") for height in drawn)
        asides = [em(BESIDE) + text_width("= 88.8", px, Face.STRONG) for px in (NUMBER, NAME)]  # as wide as a result of three digits
        least = Fraction.width_of(digits, UNITS, LABEL)
        self.aside = next((aside for aside in asides if least + aside <= self.work["count"].width), asides[-1])
        self.fraction = Fraction(self.work["count"], NAME, digits, UNITS, self.aside, self.skin)
        self.runs = [run_of(found.traces[-1], 4), run_of(found.traces[0], 5)]
        self.climbed = Climb(self.axes, found.roof, self.skin)
        self.guide = Rectangles(self.skin.quiet, name="guide")
        self.dots = [Dot(color, hollow=False, name="mark").set_z_index(2) for color in self.hues]
        self.ring = Dot(self.skin.warn, hollow=True, name="no room").set_z_index(2)
        self.who = self.doing(STANDARD, found.standard.rows, self.skin.ink)
        self.labels = {name: self.label(name) for name in TENSORS}
        self.inside = self.named_registers()
        made = [self.making(name) for name in MADE]
        clear = all(each.left + each.wide + em(OVER) < self.inside.left for each in made)
        self.made = dict(zip(MADE, made, strict=True)) if clear else {}
        self.sides = self.both_sides()
        self.waiting: list[Mobject] = []  # a byte on its way, and what could be computed meanwhile
        self.ruler: list[Mobject] = []  # under the registers
        self.needed: list[Mobject] = []  # of the GPU: both rates, and what their quotient is
        self.stand: list[Mobject] = []  # what stands around the block
        self.names: list[Word] = []  # of dots on the axis
        self.result: list[Word] = []  # what operations over bytes are
        self.use: list[Word] = []  # of registers

    @property
    def measured(self) -> list[Height]:
        """All blocks, in the order in which they climb."""
        return [self.found.standard, *self.found.heights]

    @property
    def hues(self) -> list[str]:
        """Of their dots."""
        return [self.skin.scores, *([self.skin.o] * len(self.found.heights))]

    def doing(self, name: str, rows: int, color: str) -> Word:
        """Whose row block it is, in the colour of its dot."""
        c = self.found.traces[0].config
        said = {"name": name, "rows": rows, "keys": c.seq_k, "tiles": -(-c.seq_k // self.found.keys)}
        return fitted([text.format(**said) for text in BLOCK], NAME, color, self.work["who"], "who")

    def label(self, name: str) -> Word:
        """Of a tensor, at the left of its squares."""
        line = self.work[name]
        return Word(
            name, LABEL, self.skin.hue(name), line.x0 - em(OVER) - text_width(name, LABEL, Face.STRONG), middle(line, LABEL), "tensor"
        )

    def making(self, name: str) -> Word:
        """How it comes about, beside it in the registers."""
        slot = self.block.chip.slot(name, self.rows)
        return Word(MADE[name], LABEL, self.skin.ink, slot.x1 + em(OVER), middle(slot, LABEL), "made").set_fill(opacity=0.0)

    def named_registers(self) -> Word:
        """How large they are, at their right."""
        inside, whole = self.block.chip.registers, amount(self.found.registers)
        room = inside.x1 - self.block.chip.x(self.rows) - 2 * em(OVER)
        name = first_that_fits([text.format(whole) for text in REGISTERS], LABEL, room, Face.STRONG)
        left = inside.x1 - em(OVER) - text_width(name, LABEL, Face.STRONG)
        return Word(name, LABEL, self.skin.ink, left, middle(inside, LABEL), "registers name").set_z_index(1)

    def stage(self) -> list[Mobject]:
        """HBM and the chip, framed, with their names."""
        skin, work = self.skin, self.work
        frames = [Named(box(work[part], stroke=skin.quiet), tag=part) for part in ("hbm", "chip")]
        names = [word(text, LABEL, skin.ink, work[f"{part} name"], "place") for part, text in (("hbm", HBM), ("chip", CHIP))]
        return [*frames, *names, word(TILE.format(amount(self.found.square)), LABEL, skin.ink, work["tile"], "legend", Face.TEXT)]

    def stops(self) -> list[Mobject]:
        """How many queries fill how much of the registers."""
        skin, chip = self.skin, self.block.chip
        inside = chip.registers
        ruler = Rectangles(skin.quiet, name="stops")
        stops = [*(height.rows for height in self.found.heights), self.found.too_many]
        ruler.display(edges([Rect(chip.x(rows) - em(1.5), inside.y0 - em(OVER), chip.x(rows) + em(1.5), inside.y0) for rows in stops]))
        ruler.values = np.array(stops)
        below = Rect(inside.x0, inside.y0 - RULER, inside.x1, inside.y0 - em(OVER) / 2)
        said = []
        for before, rows in pairwise([0, *stops]):
            room = chip.x(rows) - chip.x(before) - em(BESIDE)
            text = first_that_fits([text.format(rows) for text in STOP], LABEL, room, Face.STRONG)
            wide = text_width(text, LABEL, Face.STRONG)
            if wide <= room:
                said.append(Word(text, LABEL, skin.ink, chip.x(rows) - em(8) - wide, middle(below, LABEL), "stop"))
        return [ruler, *said]

    def used(self, rows: int) -> Word:
        """How much of the registers a block of so many queries takes."""
        at, over = self.work["use"], rows >= self.found.capacity
        said = {"rows": rows, "each": self.found.numbers, "held": kib(self.found.held(rows)), "whole": amount(self.found.registers)}
        text = first_that_fits([text.format(**said) for text in (NEEDS if over else TAKES)], LABEL, at.width, Face.STRONG)
        color = self.skin.warn if over else self.skin.ink
        return Word(text, LABEL, color, at.x1 - text_width(text, LABEL, Face.STRONG), middle(at, LABEL), "use")

    def show(self, now: Moment, whole: Count, rows: float, awaited: Sequence[str]) -> None:
        """A moment of a block: what is where, and what has been counted."""
        self.block.display(now, whole, rows, awaited)
        self.fraction.display(now.count)
        for name, made in self.made.items():
            here = name != "P" or not now.count.ways[NAMES.index("P back")]  # else it came from HBM
            made.set_fill(opacity=float(name in now.held and rows == self.rows and here))

    def runs_on(self, run: Run, start: float, stop: float, awaited: Sequence[str]) -> Shows:
        """From one time of a trace to another."""
        return Shows(
            Group(self.block, self.fraction, *self.made.values()),
            lambda share: self.show(run.at(start + (stop - start) * share), run.steps[-1], self.rows, awaited),
        )

    def equals(self, rect: Rect, left: float, number: float, name: str) -> list[Word]:
        """What a fraction is, right of it; the number last."""
        px = NUMBER * min(1.0, (rect.x1 - left - em(BESIDE)) / text_width(f"= {times(number)}", NUMBER, Face.STRONG))
        sign = Word("=", px, self.skin.ink, left + em(BESIDE), middle(rect, px), "equals")
        result = Word(times(number), px, self.skin.ink, sign.left + text_width("= ", px, Face.STRONG), middle(rect, px), name)
        after = result.left + result.wide + em(OVER)
        each = (
            [Word(EACH, LABEL, self.skin.ink, after, result.baseline, "each", Face.TEXT)]
            if text_width(EACH, LABEL) < rect.x1 - after
            else []
        )
        return [sign, *each, result]

    def tick(self, intensity: float) -> Word:
        """A number beneath the axis, in the middle under its place."""
        text, at = times(intensity), self.place["ticks"]
        left = self.axes.x(intensity) - text_width(text, LABEL, Face.STRONG) / 2
        return Word(text, LABEL, self.skin.ink, left, middle(at, LABEL), "intensity")

    def rates(self) -> tuple[list[Mobject], list[Word]]:
        """Both quoted rates, one over the other, and what their quotient is."""
        roof, rect = self.found.roof, self.work["rates"]
        assert roof.peak is not None  # else the board has no such beat
        room = rect.width - self.aside
        texts = [[text.format(peak=roof.peak.value, bandwidth=roof.bandwidth) for text in pair] for pair in RATES]
        pair = next((pair for pair in texts if max(text_width(text, LABEL, Face.STRONG) for text in pair) <= room), texts[-1])
        wide, half = max(text_width(text, LABEL, Face.STRONG) for text in pair), em(2)
        words = [
            Word(text, LABEL, self.skin.ink, rect.x0, middle(line, LABEL), "rate")
            for text, line in zip(pair, (rect.top(rect.height / 2), rect.bottom(rect.height / 2)), strict=True)
        ]  # fmt: skip
        rule = Rectangles(self.skin.ink, name="rule")
        rule.display(np.array([[rect.x0, rect.center[1] - half, rect.x0 + wide, rect.center[1] + half]]))
        return [*words, rule], self.equals(rect, rect.x0 + wide, roof.peak.value / roof.bandwidth, "needed")

    def mark(self, name: Sequence[str], height: Height, color: str) -> Word:
        """What a dot is of: at its right, under the roof, or at its left, over the line that it is read by, where the ridge is too near."""
        x, y, _ = self.roof.spot(height.intensity)
        left, knee = x + em(UNDER), self.axes.x(self.found.roof.knee or self.axes.most[0])
        right = min(
            (side.left for side in self.sides if abs(side.baseline - y) < 1.5 * em(SIDE_LINE)),
            default=knee if x < knee else self.axes.rect.x1,
        )
        room = right - em(OVER) - left
        ahead = first_that_fits(name, LABEL, x - em(CLEAR) - self.axes.rect.x0, Face.STRONG)
        wide = text_width(ahead, LABEL, Face.STRONG)
        if text_width(name[-1], LABEL, Face.STRONG) > room and x - em(CLEAR) - wide > self.axes.rect.x0:
            return Word(ahead, LABEL, color, x - em(CLEAR) - wide, y + em(OVER), "mark rows")
        return Word(first_that_fits(name, LABEL, room, Face.STRONG), LABEL, color, left, y - 0.36 * em(LABEL), "mark rows")

    def rated(self, at: int) -> list[str]:
        """What is written of a dot."""
        height = self.measured[at]
        name, rate = f"{height.rows} queries" if at else STANDARD, f"{self.found.roof.at(height.intensity):.0f}"
        return [f"{name}: {rate} TFLOP/s", f"{name}: {rate}", name, *([] if at else [SHORT])]

    def limits(self) -> list[Word]:
        """Both limits at their parts of the roof, as they are quoted."""
        skin, axes, quotes = self.skin, self.axes, quotes_of(DEVICE, self.found.roof)
        x, y, _ = self.roof.spot(SLOPE_NAME * (self.found.roof.knee or axes.most[0]))
        room = x - em(BESIDE + OVER) - axes.rect.x0
        text = first_that_fits([text.format(speed=quotes[0][0]) for text in SLOPE], LABEL, room, Face.STRONG)
        words = [Word(text, LABEL, skin.ink, x - em(BESIDE) - text_width(text, LABEL, Face.STRONG), y + em(BESIDE), "limit")]
        for level, _ in quotes[1:]:
            wide = text_width(level, LABEL, Face.STRONG)
            words.append(Word(level, LABEL, skin.ink, axes.rect.x1 - wide, axes.y(axes.most[1]) + em(18), "limit"))
        return words

    def levels(self) -> list[Mobject]:
        """What the axis of rates is of, and round numbers on it, with their marks."""
        found, x = [level for level in round_ticks((0.0, self.axes.most[1]), LEVELS) if level], self.axes.rect.x0
        marks = Rectangles(self.skin.quiet, name="level marks")
        marks.display(edges([Rect(x - em(OVER), self.axes.y(level) - em(1.5), x, self.axes.y(level) + em(1.5)) for level in found]))
        words: list[Mobject] = [
            Word(f"{level:.0f}", LABEL, self.skin.ink, x - em(BESIDE) - text_width(f"{level:.0f}", LABEL, Face.TEXT),
                 self.axes.y(level) - 0.36 * em(LABEL), "level", Face.TEXT)
            for level in found
        ]  # fmt: skip
        return [fitted(RATE, LABEL, self.skin.ink, self.place["up"], "axis", Face.TEXT), marks, *words]

    def cited(self) -> Word:
        """Who is quoted."""
        sources = list(dict.fromkeys(source for _, source in quotes_of(DEVICE, self.found.roof)))
        said = {"device": DEVICE, "long": "; ".join(sources), "short": "; ".join(source.partition(",")[0] for source in sources)}
        return fitted([text.format(**said) for text in CITED], LABEL, self.skin.ink, self.place["badge"], "cited", Face.TEXT)

    def named_axis(self) -> Word:
        """What the axis is of, at its end."""
        at = self.place["axis"]
        text = first_that_fits(RATIO, LABEL, at.width)
        return Word(text, LABEL, self.skin.ink, at.x1 - text_width(text, LABEL), middle(at, LABEL), "axis", Face.TEXT)

    def side(self, texts: Sequence[str], right: float | None = None, *, left: float = 0.0) -> list[Word]:
        """Words over the axis, one line over the other, that end or begin somewhere."""
        lows = [self.axes.rect.y0 + em(FLOOR + SIDE_LINE * at) for at in reversed(range(len(texts)))]
        return [
            Word(text, LABEL, self.skin.ink, left if right is None else right - text_width(text, LABEL, Face.STRONG), low, "side")
            for text, low in zip(texts, lows, strict=True)
        ]  # fmt: skip

    def both_sides(self) -> list[Word]:
        """What happens on either side of the ridge; nothing where there is none."""
        knee = self.found.roof.knee
        if knee is None:
            return []
        x, wide = self.axes.x(knee), max(text_width(text, LABEL, Face.STRONG) for text in WORKS)
        works = WORKS if x + em(BESIDE) + wide < self.axes.rect.x1 else FULL
        return [*self.side(WAITS, x - em(BESIDE)), *self.side(works, left=x + em(BESIDE))]

    @property
    def reaches(self) -> bool:
        """Whether the first block that has no room would stand under the flat part, in the plot."""
        knee = self.found.roof.knee
        return knee is not None and knee < self.found.impossible.intensity < self.axes.most[0]

    def no_room(self) -> list[Word]:
        """That a block does not fit, in two lines under where it would stand, clear of the ridge."""
        x, y, _ = self.roof.spot(self.found.impossible.intensity)
        left, right = self.axes.x(self.found.roof.knee or 0.0) + em(BESIDE), self.axes.rect.x1
        pairs = [[text.format(self.found.too_many) for text in pair] for pair in NO_ROOM]
        wides = [[text_width(text, LABEL, Face.STRONG) for text in pair] for pair in pairs]
        pair, wide = next((each for each in zip(pairs, wides, strict=True) if max(each[1]) <= right - left), (pairs[-1], wides[-1]))
        lefts = [max(left, min(x - each / 2, right - each)) for each in wide]
        return [
            Word(text, LABEL, self.skin.ink, low, y - em(UNDER + SIDE_LINE * at), "mark rows")
            for at, (text, low) in enumerate(zip(pair, lefts, strict=True))
        ]  # fmt: skip


# --------------------------------------------------------------------------------------------------------------- beats


@beat("block")
def block(film: RooflineFilm) -> None:
    """Standard attention: one tile of Q, one of K come, S is made of them and leaves."""
    (run, _), scene = film.runs, film.scene
    film.show(run.at(0.0), run.steps[-1], film.rows, "SPO")
    labels = [word for name, word in film.labels.items() if name != "LSE"]
    stage = film.stage()
    scene.add(film.who, *stage, film.block, film.inside, *labels, *film.made.values(), film.fraction)
    scene.add(machine(DEVICE, scene.settings.aspect, film.skin))
    film.stand = [*stage, film.inside, *labels]
    scene.event = len(film.found.traces[-1])
    with scene.telling():
        scene.hold(1.5)
        film.move(film.runs_on(run, 1.0, run.slow, "SPO"), seconds=SLOWLY * (run.slow - 1.0))


@beat("standard")
def standard(film: RooflineFilm) -> None:
    """All other tiles, until O is through."""
    run, _ = film.runs
    with film.scene.telling():
        film.move(film.runs_on(run, run.slow, run.ends, "SPO"), seconds=COUNTS)


@beat("ratio")
def ratio(film: RooflineFilm) -> None:
    """Operations over bytes are a number, and it goes down to its place on an axis."""
    with film.scene.telling():
        divide(film, film.found.standard.intensity)
        film.scene.hold(2 * TEXT)
        film.move(FadeIn(film.roof, film.named_axis()), seconds=2 * TEXT)
        land(film, 0)


def divide(film: RooflineFilm, intensity: float) -> None:
    """The result is written beside its fraction."""
    film.result = film.equals(film.work["count"], film.fraction.right, intensity, "result")
    film.move(FadeIn(*film.result), seconds=TEXT)


def land(film: RooflineFilm, at: int) -> None:
    """The number comes down to the axis, and over it a dot with its name."""
    height = film.measured[at]
    dot, name = film.dots[at], named(film, height.intensity, [f"{height.rows} queries", str(height.rows)] if at else [SHORT], film.hues[at])
    drop(film, height.intensity, dot, name)


def named(film: RooflineFilm, intensity: float, texts: Sequence[str], color: str) -> Word:
    """Over a place on the axis, in the middle, what stands there: clear of the one before it."""
    at, x = film.place["dots"], film.axes.x(intensity)
    free = max((name.left + name.wide + em(OVER) for name in film.names), default=at.x0)
    text = first_that_fits(texts, LABEL, 2 * min(x - free, at.x1 - x), Face.STRONG)
    return Word(text, LABEL, color, max(free, x - text_width(text, LABEL, Face.STRONG) / 2), middle(at, LABEL), "dot name")


def drop(film: RooflineFilm, intensity: float, dot: Dot, name: Word) -> None:
    """A result flies to its place."""
    tick = film.tick(intensity)
    film.names = [*film.names, name]
    film.move(fly(tick, film.result[-1]), seconds=LANDS)
    film.move(FadeIn(dot.at(film.roof.spot(intensity, 0.0)), name), seconds=TEXT)


@beat("ridge")
def ridge(film: RooflineFilm) -> None:
    """What the GPU computes and moves in a second, divided alike: from there on it would compute at full rate."""
    knee, view, axes = film.found.roof.knee, film.roof, film.axes
    assert knee is not None  # else the board has no such beat
    rates, needed = film.rates()
    with film.scene.telling():
        film.move(FadeIn(*rates, film.cited()), seconds=2 * TEXT)
        film.scene.hold(1.0)
        film.move(FadeIn(*needed), seconds=TEXT)
        film.scene.hold(2 * TEXT)
        film.move(fly(film.tick(knee), needed[-1]), seconds=LANDS)
        mark = em(MARK) / (view.spot(knee)[1] - axes.rect.y0)
        film.move(Shows(view, lambda share: view.place(axes, 0.0, mark * share, 0.0)), seconds=2 * TEXT)
    film.needed = [*rates, *needed]


@beat("waits")
def waits(film: RooflineFilm) -> None:
    """In the place of HBM and chip: while one byte crosses there is time for so many operations, a cell each; these have few for it."""
    knee, each, place = film.found.roof.knee, film.found.standard.intensity, film.scene.shot("wait")
    assert knee is not None  # else the board has no such beat
    skin, said = film.skin, {"ridge": times(knee), "standard": times(each)}
    lane, cells = place["lane"], Cells(place["cells"], round(knee))
    rail, byte = Rectangles(skin.quiet, name="rail"), Rectangles(skin.scores, name="byte")
    rail.display(np.array([[lane.x0, lane.center[1] - em(2), lane.x1, lane.center[1] + em(2)]]))
    could, done = outlines(skin.quiet, "time"), Rectangles(skin.scores, name="used")
    parts = (("from", CROSSES), ("to", CHIPS), ("cells name", TIME), ("done", DONE), ("idle", IDLE))
    words = {part: fitted([text.format(**said) for text in texts], LABEL, skin.ink, place[part], part) for part, texts in parts}
    words["to"].put_at(place["to"].x1 - words["to"].wide, words["to"].baseline)

    def show(share: float) -> None:
        left = lane.x0 + share * (lane.width - lane.height)
        byte.display(np.array([[left, lane.y0, left + lane.height, lane.y1]]))
        could.display(cells.first(share * cells.count))
        done.display(cells.first(min(each, share * cells.count)))
        could.values, done.values = np.array([cells.count]), np.array([each])

    show(0.0)
    film.waiting = [rail, *words.values(), could, done, byte]
    gone = film.block, *film.stand, *film.made.values()
    film.move(FadeOut(*gone, rate_func=early), FadeIn(rail, byte, words["from"], words["to"], rate_func=late), seconds=MOVE)
    with film.scene.telling():
        film.move(FadeIn(words["cells name"]), seconds=TEXT)
        film.scene.add(could, done)
        film.move(Shows(Group(byte, could, done), show), seconds=2.4)
        film.move(FadeIn(words["done"]), seconds=TEXT)
        film.move(FadeIn(words["idle"]), seconds=TEXT)


@beat("flash")
def flash(film: RooflineFilm) -> None:
    """The same block anew: S becomes P where it was made, and V comes to it; nothing of both leaves."""
    _, run = film.runs
    scored, height = [film.labels["S"], film.labels["P"]], film.found.heights[0]
    here = [] if film.waiting else [film.block, *film.stand, *film.made.values()]
    film.move(FadeOut(film.who, film.fraction, *film.result, *film.waiting, *here), seconds=TEXT)
    film.who = film.doing(FLASH, height.rows, film.skin.o)
    film.stand = [each for each in film.stand if each not in scored]
    film.show(run.at(0.0), run.steps[-1], film.rows, "O")
    film.move(FadeIn(film.who, *film.stand, film.block, film.fraction, *film.made.values()), seconds=2 * TEXT)
    with film.scene.telling():
        film.move(film.runs_on(run, 1.0, run.slow, "O"), seconds=SLOWLY * (run.slow - 1.0))
        film.move(film.runs_on(run, run.slow, run.ends, "O"), seconds=STREAMS)
        stats, lse = statistics(film), film.labels["LSE"]
        note = fitted(ONE, LABEL, film.skin.stats, film.work["LSE"].beyond(em(2 * OVER)), "note", Face.TEXT)
        film.use = [film.used(height.rows)]
        film.stand = [*film.stand, stats, lse, note]
        film.move(FadeIn(lse, note, stats, *film.use), seconds=TEXT)
        divide(film, height.intensity)
        film.scene.hold(2 * TEXT)
        land(film, 1)


def statistics(film: RooflineFilm) -> Word:
    """m and l, beside their line in the registers."""
    inside = film.block.chip.registers
    wide = text_width(STATS, LABEL, Face.STRONG)
    return Word(STATS, LABEL, film.skin.stats, inside.x0 - em(OVER) - wide, inside.y0 - em(LABEL), "stats")


@beat("climb")
def climb(film: RooflineFilm) -> None:
    """Twice as many rows, again and again: twice the products and twice of Q and O, and no more of K and V; the registers fill."""
    film.ruler = film.stops()
    film.stand += film.ruler
    with film.scene.telling():
        film.move(FadeIn(*film.ruler), seconds=TEXT)
        for at, (before, after) in enumerate(pairwise(film.found.heights), 2):
            grow(film, before, after)
            divide(film, after.intensity)
            film.scene.hold(2 * TEXT)
            land(film, at)
            film.scene.hold(TEXT)


def grow(film: RooflineFilm, before: Height, after: Height) -> None:
    """From one height to a greater one: tiles widen, and what is counted grows with them."""
    held = dict.fromkeys(("Q", "K", "V", "P", "O", "LSE"), 1.0)

    def show(share: float) -> None:
        count = before.count.toward(after.count, share)
        film.show(Moment(count, count, (), held), count, before.rows + (after.rows - before.rows) * share, "")

    film.move(FadeOut(film.who, *film.result, *film.use), seconds=TEXT)
    film.who, film.use = film.doing(FLASH, after.rows, film.skin.o), [film.used(after.rows)]
    film.move(FadeIn(film.who), seconds=TEXT)
    widens = Shows(Group(film.block, film.fraction), show, rate_func=ease_in_out_cubic)
    leaves = [FadeOut(film.inside, rate_func=early)] if after.rows > film.found.heights[-1].rows else []
    film.move(widens, *leaves, seconds=GROWTH)
    film.move(FadeIn(*film.use), seconds=TEXT)


@beat("limit")
def limit(film: RooflineFilm) -> None:
    """Twice as many queries once more would reach past the ridge, and need more registers than there are."""
    tallest, next_one = film.found.heights[-1], film.found.impossible
    many = next_one.rows
    with film.scene.telling():
        grow(film, tallest, next_one)
        film.stand = [each for each in film.stand if each is not film.inside]
        film.scene.hold(2 * TEXT)
        divide(film, next_one.intensity)
        if film.reaches:
            drop(film, next_one.intensity, film.ring, named(film, next_one.intensity, [text.format(many) for text in STOP], film.skin.warn))


@beat("roof")
def roof(film: RooflineFilm) -> None:
    """Over the same axis a roof: the slope is the memory's, the flat part the arithmetic's; each dot rises to it."""
    found, axes, view = film.found, film.axes, film.roof
    knee = found.roof.knee
    gone = [film.block, film.fraction, film.who, *film.stand, *film.made.values(), *film.result, *film.use, *film.names]
    mark = em(MARK) / (view.spot(knee)[1] - axes.rect.y0) if knee is not None else 0.0
    if knee is None:
        film.scene.add(film.cited())
    rises = Shows(view, lambda share: view.place(axes, 0.0, mark, share), rate_func=ease_in_out_cubic)
    film.move(FadeOut(*gone, *film.needed, rate_func=early), rises, FadeIn(*film.levels(), rate_func=late), seconds=MOVE)
    stops = [0.0, 1.0] if knee is None else [0.0, knee / axes.most[0], 1.0]
    with film.scene.telling():
        for (start, stop), name in zip(pairwise(stops), film.limits(), strict=True):
            film.move(Shows(view, partial(draw, film, start, stop, mark)), FadeIn(name), seconds=DRAWN)
        for dot, height in zip(film.dots, film.measured, strict=True):
            film.scene.add(film.guide)
            film.move(Shows(Group(film.guide, dot), partial(rise, film, height, dot), rate_func=ease_in_out_cubic), seconds=CLIMBS)
            film.scene.remove(film.guide)
        for at, height in enumerate(film.measured):
            film.move(FadeIn(film.mark(film.rated(at), height, film.hues[at])), seconds=1.5 * TEXT)
        ridge = Shows(view, lambda share: view.place(axes, 1.0, mark + (1 - mark) * share))
        film.move(ridge, *([FadeIn(*film.sides)] if film.sides else []), seconds=2 * TEXT)


def draw(film: RooflineFilm, start: float, stop: float, mark: float, share: float) -> None:
    """The roof from the left, on the way from one share of its line to another."""
    film.roof.place(film.axes, start + (stop - start) * share, mark)


def rise(film: RooflineFilm, height: Height, dot: Dot, share: float) -> None:
    """A dot on its way from the axis to the roof, over a line."""
    x, y, _ = film.roof.spot(height.intensity, share)
    film.guide.display(edges([Rect(x - em(1.5), film.axes.rect.y0, x + em(1.5), y)]))
    film.guide.values = np.array([height.intensity])
    dot.at((x, y, 0.0))


@beat("answer")
def answer(film: RooflineFilm) -> None:
    """The way that was climbed is drawn; twice as many queries would stand under the flat part, and have no room."""
    low, high = film.found.standard.intensity, film.found.heights[-1].intensity
    film.climbed.display(low, low)
    film.scene.add(film.climbed)
    film.scene.bring_to_front(*film.dots)
    with film.scene.telling():
        film.move(
            Shows(film.climbed, lambda share: film.climbed.display(low, low + (high - low) * share), rate_func=ease_in_out_cubic),
            seconds=2 * MOVE,
        )  # fmt: skip
        if film.reaches:
            beyond = film.found.impossible.intensity
            film.move(
                Shows(film.ring, lambda share: film.ring.at(film.roof.spot(beyond, share)), rate_func=ease_in_out_cubic), seconds=MOVE
            )
            film.move(FadeIn(*film.no_room()), seconds=TEXT)
