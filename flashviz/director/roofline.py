"""One row block as squares; how long its bytes take, and how long its operations; their ratio is a dot, and it climbs a quoted roof."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from manim import Group, Mobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz.chapters import roofline
from flashviz.chapters.pipeline import ticks as round_ticks
from flashviz.chapters.roofline import DEVICE, PRODUCTS, WAYS, Count, Height, Roofline, gather, passage, quotes_of, steps_of
from flashviz.director.material import provenance
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, Word, first_that_fits, fitted, machine, middle, word
from flashviz.figures import amount, kib, times
from flashviz.layout import Rect, Shot
from flashviz.layout.roofline import BEYOND, Axes, Lanes, Squares
from flashviz.lettering import Face, em, text_width
from flashviz.memory import FLOAT32
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, early, late
from flashviz.mobjects.named import Named
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.roof import MILLION, Climb, Clocks, Filling, Piles, RoofView
from flashviz.mobjects.rulers import Dot
from flashviz.mobjects.tiles import Rectangles, box, edges

RATE = ("TFLOP/s at best: 10¹² operations a second", "TFLOP/s, at best")
RATIO = ("operations per byte moved",)
WAITS, WORKS, FULL = ("waits for", "memory"), ("computes at", "full rate"), ("full rate",)  # the two sides of the ridge
MEMORY = "HBM: "
MOVED = ("{} each: {} × {} × {} bytes", "{} each")
QUOTIENT = (  # what a number on the axis is of
    "{done} M operations divided by {moved} = {ratio} per byte", "{done} M divided by {moved} = {ratio}", "{done} M / {moved} = {ratio}",
)  # fmt: skip
STRETCHED = ("both bars stretched alike, until the bytes end at {}", "both alike, until bytes end at {}", "bytes end at {}")
CORES, SOMEWHERE = "tensor cores", "computed"  # who multiplies, where it is their peak that is quoted; else no one is named
SIDES = {"hbm": "HBM", "chip": "chip"}  # between which tiles cross
IDEAL = "ideal, no cache: "  # times and bytes
NOTE = (
    ("2 × {m} queries × {n} keys × {d} numbers (d)", "2 × {m} × {n} × {d} (d)"),
    ("= {product:,} operations a square", "= {product:,} a square", "= {product:,}"),
)  # fmt: skip
ONE = ("one number a query", "1 a query")  # what LSE is
STANDARD, SHORT, FLASH = "standard attention", "standard", "FlashAttention-2"
BLOCK = ("{}: a block of {} queries", "{}, {} queries", "{} queries")
REGISTERS = (
    "registers of one SM, {whole}: {keys} scores S and {d} of acc a query, {size} bytes each", "one SM: {whole}; {size}-byte S and acc",
    "registers: {whole}",
)  # fmt: skip
NO_ROOM = ("{} queries: no room", "{}: no room", "no room")
LEVELS = 4  # most numbers on the axis of rates
STOP = ("{} queries", "{}")
FULL_OF = ("{rows} queries would take all {whole}: nothing is left for the rest", "{rows} queries: all {whole}", "{rows}: full")
SLOWLY, COUNTS, TICKS = 2.8, 4.2, 1.4  # seconds to the first product, of all other events, and of the wait
ALIGNS, MEETS, DROPS = 0.9, 1.6, 0.9  # in which bars come under the axis, are stretched, and in which a dot rises from their ratio
STAYS, GROWTH, CLIMBS, FILLS = 2.4, 1.8, 1.5, 0.9  # in which S and P leave, of twice the rows, of a dot's way to the next, of registers
FLIGHT = 0.08  # of all steps: for so long a tile is under way
CLEAR, UNDER, BESIDE, OVER = 40, 80, 24, 14  # px: from a dot to words over the slope, and under it; from a line to words beside it, over it
CLOSE = 8  # px, of a number to its line
FLOOR, SIDE_LINE = 10, 44  # px, of words over the axis
SLOPE_NAME = 0.6  # of the ridge: where the slope's name stands
BAR, STOPS = 0.44, 0.24  # of the registers' place, under their words: the bar, and at how many queries it stands


class RooflineStage(ShotScene):
    """The scene that the dot climbs on."""

    script = roofline.BEATS

    def open(self, record: Callable[..., Any]) -> RooflineFilm:
        """Count operations and bytes of traces: ``flashviz_kernels.recorder.record``."""
        found = gather(self.settings.config, self.settings.source, record)
        self.provenance = [provenance(trace) for trace in found.traces]
        self.set_board(found.beats, {})
        return RooflineFilm(self, found)


class RooflineFilm(ChapterFilm):
    """Everything on stage, made here once."""

    words: Sequence[Word] = ()  # what squares are
    marks: Sequence[Word] = ()  # what dots are of
    sides: Sequence[Word] = ()  # what happens on either side of the ridge
    ticks: Sequence[Word] = ()  # numbers on the axis

    def __init__(self, scene: ShotScene, found: Roofline) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.work, self.place = scene.shot("work"), scene.shot("roof")
        counts = [found.standard.count, *(height.count for height in found.heights)]
        seen = [*(count.intensity for count in counts), found.roof.knee or 0.0]
        most = BEYOND * max(seen)
        self.axes = Axes(self.place["plot"], (most, found.roof.at(most)))
        self.roof = RoofView(found.roof, self.axes, self.skin)
        columns = int(np.ceil(max(count.ways.max() for count in counts) / found.square))
        products = max(count.products.max() for count in counts) / found.product
        places = [Squares(self.work[part], columns, int(np.ceil(products / columns))) for part in ("first", "second")]
        self.piles = Piles(Squares(self.work["ways"], columns, len(WAYS)), places, found.square, found.product, self.skin)
        self.clocks: Clocks | None = None
        if found.roof.peak is not None:
            longest = max(found.roof.times(count)[0] for count in counts)
            slope, flat = (level for level, _ in quotes_of(DEVICE, found.roof))
            lanes = self.place["lanes"]
            ridge = Rect(self.axes.rect.x0, lanes.y0, self.axes.x(found.roof.knee or most), lanes.y1)
            axis = Lanes(replace(lanes, x0=self.axes.rect.x0), longest, head=0.0)
            self.clocks = Clocks(Lanes(lanes, longest), axis, ridge, found.roof, (flat, slope), self.skin)
        self.guide = Rectangles(self.skin.quiet, name="guide")
        self.dot = Dot(self.skin.o, hollow=False, name="point").set_z_index(1)
        self.climbed = Climb(self.axes, found.roof, self.skin)
        self.dots = [
            Dot(self.skin.scores, hollow=False, name="mark").set_z_index(2),  # what climbs comes out from behind it
            *(Dot(self.skin.o, hollow=False, name="mark") for _ in found.heights),
        ]
        self.who = self.doing(STANDARD, found.standard, self.skin.ink)
        self.names = [self.named(at) for at in range(len(WAYS))]
        self.places = self.sides_of()

    def doing(self, name: str, height: Height, color: str) -> Word:
        """Whose row block it is, in the colour of its dot."""
        at = self.work["who"]
        texts = [text.format(*words) for text, words in zip(BLOCK, ((name, height.rows), (name, height.rows), (height.rows,)), strict=True)]
        return fitted(texts, NAME, color, at, "who")

    def named(self, at: int) -> Word:
        """A way across, at the left of its squares."""
        way, line = WAYS[at], self.piles.moved.line(at)
        left = self.work["hbm"].x1 - em(OVER) - text_width(way.name, LABEL, Face.STRONG)
        return Word(way.name, LABEL, self.skin.hue(way.tensor), left, middle(line, LABEL), "way name")

    def sides_of(self) -> list[Mobject]:
        """HBM and the chip with its tensor cores, in frames, with their names: squares cross between them."""
        frames = [Named(box(self.work[part], stroke=self.skin.quiet), tag=part) for part in (*SIDES, "cores")]
        return [*frames, *(word(name, LABEL, self.skin.ink, self.work[f"{part} name"], "place") for part, name in SIDES.items())]

    def legend(self) -> tuple[list[Word], list[Word]]:
        """How much a square that crosses is; then who multiplies, which product, and how much one of those squares is."""
        found, c, ink = self.found, self.found.traces[-1].config, self.skin.ink
        keys = min(c.block_n, c.seq_k)
        said = {"m": c.seq_q, "n": keys, "d": c.head_dim, "product": found.product}
        lines = {
            "ways head": [text.format(amount(found.square), keys, c.head_dim, c.itemsize) for text in MOVED],
            "work head": [SOMEWHERE if found.roof.peak is None else CORES],
            **{f"{part} name": [name] for part, name in zip(("first", "second"), PRODUCTS, strict=True)},
        }  # fmt: skip
        moved, *done = [
            word(first_that_fits(texts, LABEL, self.work[part].width), LABEL, ink, self.work[part], "legend")
            for part, texts in lines.items()
        ]
        at, high = self.work["note"], self.work["note"].height / len(NOTE)
        notes = [
            word(first_that_fits(texts, LABEL, at.width), LABEL, ink, at.below(row * high).top(high), "note")
            for row, texts in enumerate([text.format(**said) for text in texts] for texts in NOTE)
        ]  # fmt: skip
        return [moved], [*done, *notes]

    def lse(self) -> Word:
        """What LSE is, beside its squares."""
        line = self.piles.moved.line([way.name for way in WAYS].index("LSE"))
        return fitted(ONE, LABEL, self.skin.stats, line.beyond(self.piles.moved.pitch), "way note", Face.TEXT)

    def lead(self, intensity: float, share: float = 1.0, *, whole: bool = True) -> None:
        """From the end of the operations' time up to the moving dot, which is so far on its way to the roof; the number stands between.

        Only the upper part of the way is seen where the bar does not end there yet.
        """
        x, top, _ = self.roof.spot(intensity)
        floor, half, under = self.axes.rect.y0, em(1.5), self.place["ticks"].y0
        y = floor + (top - floor) * share
        upper, lower = Rect(x - half, floor, x + half, y), Rect(x - half, self.place["lanes"].y1, x + half, under)
        self.guide.display(edges([upper, lower] if whole and self.clocks is not None else [upper]))
        self.guide.values = np.array([intensity])
        self.dot.at((x, y, 0.0))

    def show(self, count: Count) -> None:
        """The squares of a count, and its clocks."""
        self.piles.display(count)
        if self.clocks is not None:
            self.clocks.display(count)

    @property
    def counted(self) -> Group:
        """What changes with a count."""
        return Group(self.piles, *([] if self.clocks is None else [self.clocks]))

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

    def rated(self, name: str, height: Height) -> list[str]:
        """What is written of a dot."""
        rate = f"{self.found.roof.at(height.intensity):.0f}"
        return [f"{name}: {rate} TFLOP/s", f"{name}: {rate}", name]

    def limits(self) -> list[Word]:
        """Both limits at their parts of the roof, as they are quoted."""
        skin, axes, quotes = self.skin, self.axes, quotes_of(DEVICE, self.found.roof)
        text = f"{MEMORY}{quotes[0][0]}"
        x, y, _ = self.roof.spot(SLOPE_NAME * (self.found.roof.knee or axes.most[0]))
        words = [Word(text, LABEL, skin.ink, x - em(BESIDE) - text_width(text, LABEL, Face.STRONG), y + em(BESIDE), "limit")]
        for level, _ in quotes[1:]:
            wide = text_width(level, LABEL, Face.STRONG)
            words.append(Word(level, LABEL, skin.ink, axes.rect.x1 - wide, axes.y(axes.most[1]) + em(18), "limit"))
        return words

    def named_axes(self) -> list[Word]:
        """What both axes are of, at their ends."""
        up, at = self.place["up"], self.place["axis"]
        ratio = first_that_fits(RATIO, LABEL, at.width)
        return [
            fitted(RATE, LABEL, self.skin.ink, up, "axis", Face.TEXT),
            Word(ratio, LABEL, self.skin.ink, at.x1 - text_width(ratio, LABEL), middle(at, LABEL), "axis", Face.TEXT),
        ]  # fmt: skip

    def levels(self) -> list[Mobject]:
        """Round numbers on the axis of rates, with their marks."""
        found, x = [level for level in round_ticks((0.0, self.axes.most[1]), LEVELS) if level], self.axes.rect.x0
        marks = Rectangles(self.skin.quiet, name="level marks")
        marks.display(edges([Rect(x - em(OVER), self.axes.y(level) - em(1.5), x, self.axes.y(level) + em(1.5)) for level in found]))
        words: list[Mobject] = [
            Word(f"{level:.0f}", LABEL, self.skin.ink, x - em(BESIDE) - text_width(f"{level:.0f}", LABEL, Face.TEXT),
                 self.axes.y(level) - 0.36 * em(LABEL), "level", Face.TEXT)
            for level in found
        ]  # fmt: skip
        return [marks, *words]

    def cited(self, shot: Shot, before: str = "") -> Word:
        """Who is quoted, where it fits after what figures are."""
        quotes, at = quotes_of(DEVICE, self.found.roof), shot["badge"]
        sources = "; ".join(dict.fromkeys(source for _, source in quotes))
        short = "; ".join(dict.fromkeys(source.partition(",")[0] for _, source in quotes))
        return fitted((before + sources, before + short, sources, short), LABEL, self.skin.ink, at, "cited", Face.TEXT)

    def tick(self, intensity: float, of: str = "") -> Word:
        """A number beneath the axis, in the middle under its place, and at its right what it is of."""
        text, at = f"{intensity:.0f}", self.place["ticks"]
        left = self.axes.x(intensity) - text_width(text, LABEL, Face.STRONG) / 2
        return Word(text + of, LABEL, self.skin.ink, left, middle(at, LABEL), "intensity")

    def free(self, tick: Word) -> bool:
        """Whether a number on the axis is clear of those that stand there."""
        gap = em(OVER)
        return all(tick.left > other.left + other.wide + gap or other.left > tick.left + tick.wide + gap for other in self.ticks)

    def quotient(self, height: Height) -> Word:
        """Operations by bytes, left of the line that leads to the dot."""
        count, at = height.count, self.place["sum"]
        room = min(at.width, self.axes.x(height.intensity) - em(OVER) - at.x0)
        said = {"done": times(count.operations / MILLION), "moved": kib(count.nbytes), "ratio": f"{count.intensity:.0f}"}
        text = first_that_fits([text.format(**said) for text in QUOTIENT], LABEL, room, Face.STRONG)
        return Word(text, LABEL, self.skin.ink, at.x0, middle(at, LABEL), "quotient")

    def ridge_words(self) -> list[Word]:
        """The ridge's number beneath the axis and what it is of, then what happens on either side; nothing where there is no ridge."""
        knee = self.found.roof.knee
        if knee is None:
            return []
        roof, x = self.found.roof, self.axes.x(knee)
        number = self.tick(knee, f" = {roof.at(knee):.0f} / {roof.bandwidth:g}")
        wide = max(text_width(text, LABEL, Face.STRONG) for text in WORKS)
        works = WORKS if x + em(BESIDE) + wide < self.axes.rect.x1 else FULL
        return [number, *self.side(WAITS, x - em(BESIDE)), *self.side(works, left=x + em(BESIDE))]

    def no_room(self) -> list[Mobject]:
        """Where the first block would stand that leaves no register, and that it does not fit; nothing where that is not in the plot."""
        found, knee, at = self.found, self.found.roof.knee, self.axes.rect
        x, y, _ = self.roof.spot(found.beyond)
        if knee is None or not knee < found.beyond < self.axes.most[0]:
            return []
        left = self.axes.x(knee) + em(BESIDE)
        text = first_that_fits([text.format(found.too_many) for text in NO_ROOM], LABEL, at.x1 - left, Face.STRONG)
        dot = Dot(self.skin.warn, hollow=True, name="no room").at((x, y, 0.0)).set_z_index(2)
        return [dot, Word(text, LABEL, self.skin.ink, left, y - em(UNDER), "mark rows")]

    def side(self, texts: Sequence[str], right: float | None = None, *, left: float = 0.0) -> list[Word]:
        """Words over the axis, one line over the other, that end or begin somewhere."""
        lows = [self.axes.rect.y0 + em(FLOOR + SIDE_LINE * at) for at in reversed(range(len(texts)))]
        return [
            Word(text, LABEL, self.skin.ink, left if right is None else right - text_width(text, LABEL, Face.STRONG), low, "side")
            for text, low in zip(texts, lows, strict=True)
        ]  # fmt: skip


# --------------------------------------------------------------------------------------------------------------- beats


@beat("block")
def block(film: RooflineFilm) -> None:
    """Standard attention, event by event: one tile of Q, one of K and their product slowly, each with its time; then all others."""
    steps = steps_of(film.found.traces[-1])
    changes = list(pairwise(steps))
    first = next(at for at, (before, after) in enumerate(changes) if after.operations > before.operations)
    alone = passage(steps[: first + 2], 1.0)
    passing = np.concatenate([alone, alone.max() + passage(steps[first + 1 :], FLIGHT * len(steps))])
    moved, done = film.legend()
    film.words = [*moved, *done, film.cited(film.work, IDEAL)] if film.clocks is not None else [*moved, *done]
    film.piles.display(steps[0])
    if film.clocks is not None:
        film.scene.add(film.clocks.display(steps[0], waited=0.0), film.words[-1])
    film.scene.add(film.who, *film.places, film.piles, machine(DEVICE, film.scene.settings.aspect, film.skin))
    for name, way in zip(film.names, WAYS, strict=True):
        if way.standard:
            film.scene.add(name.set_fill(opacity=0.0))

    def show(now: float) -> None:
        landed, going, aloft = steps[0], steps[0], []
        for (before, after), (left, counted) in zip(changes, passing, strict=True):
            share = float(np.clip((now - left) / (counted - left) if counted > left else 1 + now - left, 0.0, 1.0))
            grown = Count(share * (after.products - before.products), share * (after.ways - before.ways))
            going = Count(going.products + grown.products, going.ways + grown.ways)
            if share >= 1 or counted == left:
                landed = Count(landed.products + grown.products, landed.ways + grown.ways)
            elif share > 0:
                aloft.append((before, after, share))
        film.piles.display(landed, aloft)
        for name, nbytes in zip(film.names, going.ways, strict=True):
            name.set_fill(opacity=float(nbytes > 0))
        if film.clocks is not None:
            film.clocks.display(going, waited=0.0)

    def going(start: float, stop: float) -> Shows:
        return Shows(Group(*film.counted, *film.names), lambda share: show(start + (stop - start) * share))

    film.scene.event = len(film.found.traces[-1])
    with film.scene.telling():
        film.move(going(alone.min(), alone[first - 1, 1]), seconds=SLOWLY)
        film.move(FadeIn(*moved), seconds=TEXT)
        film.scene.hold(TEXT)
        film.move(going(alone[first - 1, 1], alone[first, 1]), seconds=2 * TEXT)
        film.move(FadeIn(*done), seconds=TEXT)
        film.scene.hold(2 * TEXT)
        film.move(going(alone[first, 1], passing.max()), seconds=COUNTS)


@beat("clocks")
def clocks(film: RooflineFilm) -> None:
    """Bytes by bandwidth, operations by peak, from one start: what is through first waits for the other."""
    count, ticking = film.found.standard.count, film.clocks
    assert ticking is not None  # else the board has no such beat
    with film.scene.telling():
        film.move(Shows(ticking, lambda share: ticking.display(count, waited=share)), seconds=TICKS)


def counting(film: RooflineFilm, before: Height, after: Height) -> Shows:
    """From one count to another: the squares and the clocks."""
    return Shows(film.counted, lambda share: film.show(before.count.toward(after.count, share)), rate_func=ease_in_out_cubic)


@beat("flash")
def flash(film: RooflineFilm) -> None:
    """S and P are taken away, and the time that they took."""
    before, height = film.found.standard, film.found.heights[0]
    scored = [name for name, way in zip(film.names, WAYS, strict=True) if way.scored]
    film.move(FadeOut(film.who), seconds=TEXT)
    film.who = film.doing(FLASH, height, film.skin.o)
    film.words = [*film.words, film.lse()]
    fresh = [name for name, way in zip(film.names, WAYS, strict=True) if not way.standard]
    film.move(FadeIn(film.who, *(name.set_fill(opacity=1.0) for name in fresh), film.words[-1]), seconds=TEXT)
    with film.scene.telling():
        film.move(counting(film, before, height), FadeOut(*scored), seconds=STAYS)


@beat("climb")
def climb(film: RooflineFilm) -> None:
    """Twice as many rows, again and again: twice the products and twice of Q and O, and no more of K and V."""
    with film.scene.telling():
        for before, after in pairwise(film.found.heights):
            film.move(FadeOut(film.who), seconds=TEXT)
            film.who = film.doing(FLASH, after, film.skin.o)
            film.move(FadeIn(film.who), seconds=TEXT)
            film.move(counting(film, before, after), seconds=GROWTH)
            film.scene.hold(1.0)


@beat("roof")
def roof(film: RooflineFilm) -> None:
    """The slope is the memory's, the flat part the arithmetic's, and both meet at the ridge."""
    found, axes, view = film.found, film.axes, film.roof
    knee, ways = found.roof.knee, [name for name, way in zip(film.names, WAYS, strict=True) if not way.scored]
    view.place(axes, 0.0, 0.0)
    plot = FadeIn(view, film.cited(film.place), *film.named_axes(), *film.levels(), rate_func=late)
    film.move(FadeOut(film.piles, film.who, *film.places, *ways, *film.words, rate_func=early), plot, seconds=MOVE)
    stops = [0.0, 1.0] if knee is None else [0.0, knee / axes.most[0], 1.0]
    limits = film.limits()
    with film.scene.telling():
        for (start, stop), name in zip(pairwise(stops), limits, strict=True):
            film.move(Shows(view, partial(draw, view, axes, start, stop)), FadeIn(name), seconds=0.9)
        ridge = film.ridge_words()
        film.sides, film.ticks = ridge[1:], ridge[:1]
        film.move(Shows(view, lambda share: view.place(axes, 1.0, share)), *([FadeIn(*ridge)] if ridge else []), seconds=0.5)


def draw(view: RoofView, axes: Axes, start: float, stop: float, share: float) -> None:
    """The roof from the left, on the way from one share of its line to another."""
    view.place(axes, start + (stop - start) * share, 0.0)


@beat("ratio")
def ratio(film: RooflineFilm) -> None:
    """Both times are stretched alike, the bytes' to the ridge: where the operations' ends is the place on the axis, and a dot rises."""
    found, (*shorter, tallest) = film.found, film.found.heights
    with film.scene.telling():
        words = [] if film.clocks is None else meet(film, film.clocks, tallest)
        quotient = rise(film, tallest, words)
        stay(film, len(found.heights), tallest, film.rated(f"{tallest.rows} queries", tallest))
        downwards = [tallest, *reversed(shorter), found.standard]
        for at, (before, after) in zip(range(len(shorter), -1, -1), pairwise(downwards), strict=True):
            leaves = [FadeOut(quotient, rate_func=early)] if before is tallest else []
            film.move(ride(film, before, after), *leaves, seconds=CLIMBS)
            stay(film, at, after, film.rated(f"{after.rows} queries", after) if at else [*film.rated(STANDARD, after), SHORT])


def meet(film: RooflineFilm, ticking: Clocks, height: Height) -> list[Word]:
    """Both times come under the axis; then both are stretched, until the bytes' reaches to the ridge."""
    place, knee = film.place["sum"], film.found.roof.knee
    film.move(Shows(ticking, lambda share: ticking.display(height.count, under=share), rate_func=ease_in_out_cubic), seconds=ALIGNS)
    words = fitted([text.format(f"{knee:.0f}") for text in STRETCHED], LABEL, film.skin.ink, place, "stretch")
    film.move(FadeIn(words), seconds=TEXT)
    film.move(
        Shows(ticking, lambda share: ticking.display(height.count, under=1.0, ratio=share), rate_func=ease_in_out_cubic), seconds=MEETS
    )  # fmt: skip
    film.scene.hold(2 * TEXT)
    return [words]


def ride(film: RooflineFilm, before: Height, after: Height) -> Shows:
    """From a block to another: its bars are times again, become the other's, and are stretched anew, and the dot goes along."""
    ticking = film.clocks

    def show(share: float) -> None:
        back, change, again = (ease_in_out_cubic(float(np.clip(3 * share - at, 0.0, 1.0))) for at in range(3))
        if ticking is not None:
            ticking.display(before.count.toward(after.count, change), under=1.0, ratio=1.0 - back + again, spoken=share in (0.0, 1.0))
        film.lead(before.intensity + (after.intensity - before.intensity) * again, whole=share in (0.0, 1.0))

    return Shows(Group(*([] if ticking is None else [ticking]), film.guide, film.dot), show)


def rise(film: RooflineFilm, height: Height, words: Sequence[Word]) -> Word:
    """Operations by bytes are a number on the axis, at the end of the operations' time; from there a dot rises to the roof."""
    quotient, tick = film.quotient(height), film.tick(height.intensity)
    film.ticks = [*film.ticks, tick]
    film.lead(height.intensity, 0.0)
    film.scene.add(film.guide, film.dot)
    film.move(*(FadeOut(each, rate_func=early) for each in words), FadeIn(quotient, tick, rate_func=late), seconds=2 * TEXT)
    film.move(
        Shows(Group(film.guide, film.dot), lambda share: film.lead(height.intensity, share), rate_func=ease_in_out_cubic), seconds=DROPS
    )  # fmt: skip
    return quotient


def stay(film: RooflineFilm, at: int, height: Height, texts: Sequence[str]) -> None:
    """A dot that stays where the moving one stands, with what it is of, and its number on the axis where that has room."""
    dot, tick = film.dots[at].at(film.roof.spot(height.intensity)), film.tick(height.intensity)
    fresh = [tick] if film.free(tick) else []
    film.marks, film.ticks = [*film.marks, film.mark(texts, height, film.skin.o if at else film.skin.scores)], [*film.ticks, *fresh]
    film.move(FadeIn(dot, film.marks[-1], *fresh), seconds=TEXT)


@beat("answer")
def answer(film: RooflineFilm) -> None:
    """The way that was climbed is drawn, while what a block holds fills an SM's registers; twice as many queries leave nothing."""
    found, place, skin = film.found, film.place["registers"], film.skin
    first = film.found.standard
    bar = place.above(STOPS * place.height).bottom(BAR * place.height)
    filling = Filling(bar, found.registers, {name: skin.hue(name.upper()) for name in found.kept(0)}, skin)
    filling.display(found.kept(0))
    said = Readout("", LABEL, skin.ink, name="registers", face=Face.MONO_STRONG).at(place.top((1 - BAR - STOPS) * place.height))

    def tell(texts: Sequence[str], rows: int) -> None:
        c = found.traces[0].config
        figures = {
            "rows": rows, "whole": amount(found.registers), "keys": min(c.block_n, c.seq_k), "d": c.head_dim, "size": FLOAT32
        }  # fmt: skip
        said.display(first_that_fits([text.format(**figures) for text in texts], LABEL, place.width, Face.MONO_STRONG))

    def stop(rows: int, room: float) -> Word:
        text = first_that_fits([text.format(rows) for text in STOP], LABEL, room - 2 * em(CLOSE), Face.STRONG)
        left = filling.x(found.held(rows)) - em(CLOSE) - text_width(text, LABEL, Face.STRONG)
        filling.mark([found.held(each.rows) for each in found.heights if each.rows <= rows] + [found.held(rows)] * (rows == found.too_many))
        return Word(text, LABEL, skin.ink, left, middle(place.bottom(STOPS * place.height), LABEL), "stop")

    def fill(before: int, after: int) -> Shows:
        def show(share: float) -> None:
            filling.display(found.kept(before + (after - before) * share), sized=bool(share >= 1))

        return Shows(filling, show, rate_func=ease_in_out_cubic)

    film.move(FadeOut(film.guide, *([] if film.clocks is None else [film.clocks])), seconds=TEXT)
    tell(REGISTERS, 0)
    film.move(FadeIn(filling, said), seconds=TEXT)
    with film.scene.telling():
        rows, low = 0, first.intensity
        film.climbed.display(first.intensity, low)
        film.scene.add(film.climbed)
        film.scene.bring_to_front(*film.dots, film.dot)
        for height in found.heights:

            def rise(share: float, low: float = low, height: Height = height) -> None:
                reached = low + (height.intensity - low) * share
                film.climbed.display(first.intensity, reached)
                film.dot.at(film.roof.spot(reached))

            climbing = Shows(Group(film.climbed, film.dot), rise, rate_func=ease_in_out_cubic)
            film.move(fill(rows, height.rows), climbing, seconds=FILLS)
            film.move(FadeIn(stop(height.rows, filling.x(found.held(height.rows)) - filling.x(found.held(rows)))), seconds=TEXT)
            rows, low = height.rows, height.intensity
            film.scene.hold(0.4)
        film.move(fill(rows, found.too_many), seconds=FILLS)
        tell(FULL_OF, found.too_many)
        film.move(FadeIn(stop(found.too_many, filling.rect.x1 - filling.x(found.held(rows))), *film.no_room()), seconds=TEXT)
