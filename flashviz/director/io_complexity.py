"""What a larger chip buys: M grows as a tile on the N x N square, sweeps get fewer, and the bar of bytes leaves its curve."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from manim import Group
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz.chapters import io_complexity
from flashviz.chapters.io_complexity import BOUND, CHIPS, IO, Step, bytes_at, elements, gather, rounded, step_at
from flashviz.citations import SM_LIMITS
from flashviz.config import SHARED_LIMIT
from flashviz.director.film.parts import fitting
from flashviz.director.material import provenance
from flashviz.director.shots import TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, NUMBER, Word, amid, first_that_fits, labelled, line_width, middle, symbols, word, worded
from flashviz.figures import amount, kib
from flashviz.layout import Rect, rows
from flashviz.layout.io_complexity import Blocks, Plot, Square
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows
from flashviz.mobjects.named import Named
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.sweeps import Bars, HeldBlocks, Sweeps, Trail
from flashviz.mobjects.tiles import Rectangles
from flashviz.palette import SECOND

NAMED = ("FlashAttention, 2022", "Algorithm 1, outer loop: K, V", "outer loop: K, V")
AXIS = ("M, numbers on chip: each tick 2 ×", "M, each tick 2 ×")
BYTES = ("read from and written to HBM, the GPU's memory", "read from and written to HBM")
CACHED = ("standard attention, if nothing is read twice", "standard, if nothing is read twice", "standard at its best")
MEANT = ("O: output. S: scores, held besides these M numbers", "S: scores, held besides M", "S: besides M")
ONCE = ("K, V and start: once", "K, V, start: once", "K, V: once")
EQUAL = "equal at M ≈ "
SLOW, FAST = 2.8, 3.4  # seconds: of the first sweep, and of all others
GROWTH = 1.6  # of a doubling of M
MARKED = 0.34  # of the plot: how high the line of a chip is
SAMPLES = 400  # of the curve, a doubling: sweeps are whole, so that it is a stair


class IOStage(ShotScene):
    """The scene that the tile grows on."""

    script = io_complexity.BEATS

    def open(self, run: Callable[..., Any]) -> IOFilm:
        """Record Algorithm 1 at growing M: ``flashviz_kernels.recorder.run``."""
        found = gather(self.settings.config, run)
        self.provenance = [provenance(trace) for trace in found.traces]
        self.set_board(io_complexity.BEATS, found.said)
        return IOFilm(self, found)


class IOFilm(ChapterFilm):
    """Everything on stage, made here once."""

    def __init__(self, scene: ShotScene, found: IO) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.place = place = scene.shot("io")
        first = found.steps[0]
        self.step = first
        self.plot = Plot.of(place["plot"], first.m, found.largest, max(first.nbytes, float(found.cached)))
        self.square = Sweeps(Square.of(place["square"]), found.config.seq_k, self.skin)
        self.bar, self.curve = Bars(self.plot, found.once, self.skin), Trail(self.plot, self.skin.o)
        self.name = Named(
            *labelled(place["name"], (NAMED[0], self.skin.ink), (NAMED[1], self.skin.ink), NAMED[2]), tag="order", text=NAMED[0]
        )
        self.m = self.readout("numbers", f"M = {found.largest:,.0f}", place["m"]).display(f"M = {first.m:,.0f}")
        self.sweeps = self.readout("count", counted(first.sweeps), place["sweeps"]).display(counted(0))
        # the sum of the bytes, where it has a place
        self.totals = [self.readout("total", f"= {kib(first.nbytes)}", place["total"])] if "total" in place else []
        self.number = Readout(rounded(0.0), NAME, self.skin.ink, name="bytes", face=Face.MONO_STRONG)
        self.dots = Rectangles(self.skin.o, name="dots")
        self.tile = self.readout("tile size", sized(found.last, place["cut"]), place["cut"])
        self.blocks = HeldBlocks(found.config.head_dim, self.skin)
        self.unit = Blocks.unit(place["chip"], found.last.columns, found.config.head_dim)
        self.bound: list[Named] = []
        self.counts: list[Word] = []
        self.counted: list[Step] = []

    def parts(self) -> list[Word]:
        """What a sweep adds, and what crosses but once, as the bar has them."""
        found, skin = self.found, self.skin
        texts = (("each", f"× {kib(found.sweep)}", skin.o), ("once", f"+ {kib(found.once)}", skin.k))
        words = [word(text, NAME, hue, self.place[name], f"bytes {name}", Face.MONO_STRONG) for name, text, hue in texts]
        if "why" in self.place:
            at = self.place["why"]
            words.append(word(first_that_fits(ONCE, LABEL, at.width), LABEL, skin.k, at, "why", Face.TEXT))
        return words

    def made_of(self) -> list[Word]:
        """The bytes of a sweep and of what crosses but once, tensor by tensor, where they have a place."""
        if "made" not in self.place:
            return []
        found, skin = self.found, self.skin
        whole, start = found.matrix, found.matrix + 2 * found.statistic
        texts = (
            (f"Q {_kib(whole)} + O 2 × {_kib(whole)} + ℓ, m {_kib(4 * found.statistic)} = {kib(found.sweep)}", skin.o),
            (f"K, V {_kib(2 * whole)} + start {_kib(start)} = {kib(found.once)}", skin.k),
        )
        lines = zip(texts, rows(self.place["made"], len(texts)), strict=True)
        return [word(text, LABEL, hue, line, "made of", Face.TEXT) for (text, hue), line in lines]

    def readout(self, name: str, longest: str, rect: Rect) -> Readout:
        """A number with its name that changes as things move, smaller where its longest text would not fit."""
        return Readout(longest, fitting(longest, NAME, rect), self.skin.ink, name=name, face=Face.MONO_STRONG).at(rect)

    def show(self, step: Step, swept: float, nbytes: float, sweeps: float) -> None:
        """The square, the bar and the numbers, at one M."""
        self.square.display(step.columns, step.rows, swept)
        self.bar.display(step.m, nbytes, sweeps, self.found.sweep)
        self.number.display(rounded(nbytes))
        top = self.plot.bar(step.m, nbytes)
        middle_of = max(top.y1, self.plot.rect.y0 + em(40))
        self.number.at(Rect(top.x1 + em(14), middle_of - em(30), top.x1 + em(14), middle_of + em(30)))
        self.tile.display(sized(step, self.place["cut"]))
        for total in self.totals:
            total.display(f"= {kib(self.found.once + int(sweeps + 0.5) * self.found.sweep)}")  # of as many as are written
        self.blocks.display(self.place["chip"], self.unit, step.rows, step.columns)

    def grow(self, stop: float) -> Shows:
        """M grows; the tile with it, sweeps and bytes fall, and the bar's top leaves the curve."""
        start, c = self.step.m, self.found.config
        left = self.curve.values[:-1] if len(self.curve.values) else self.curve.values
        self.step = step_at(stop, c)

        def show(share: float) -> None:
            now = start * (stop / start) ** share
            step = step_at(now, c)
            self.show(step, 0.0, step.nbytes, float(step.sweeps))
            self.m.display(f"M = {min(elements(step.columns, c.head_dim), self.found.largest):,.0f}")  # what these blocks fill
            self.sweeps.display(counted(step.sweeps))
            passed = np.geomspace(start, now, max(2, int(SAMPLES * share * np.log2(stop / start)) + 1))
            self.curve.display(np.concatenate([left, [(m, bytes_at(m, c)) for m in passed]]))

        everything = Group(self.square, self.bar, self.curve, self.number, self.m, self.sweeps, self.tile, self.blocks, *self.totals)
        return Shows(everything, show, rate_func=ease_in_out_cubic)

    def dot(self) -> FadeIn:
        """Where a trace counted: its M beneath the axis."""
        step, rect = self.step, self.place["ticks"]
        self.counted.append(step)
        side = em(11)
        spots = [(self.plot.x(each.m), self.plot.y(each.nbytes)) for each in self.counted]
        self.dots.display(np.array([[x - side, y - side, x + side, y + side] for x, y in spots]))
        text = f"{step.m:,.0f}"
        wide = text_width(text, LABEL, Face.STRONG)
        skipped = wide + em(16) > self.plot.pitch and len(self.counted) % 2 == 0
        tick = Rectangles(self.skin.edge, name="tick")
        x, y, half = self.plot.x(step.m), self.plot.rect.y0, em(2)
        tick.display(np.array([[x - half, y - em(14), x + half, y]]))
        words = [] if skipped else [Word(text, LABEL, self.skin.ink, x - wide / 2, middle(rect, LABEL) - em(6), "tick M")]
        return FadeIn(tick, *words)


# --------------------------------------------------------------------------------------------------------------- beats


@beat("square")
def square(film: IOFilm) -> None:
    """The square of all scores, K above it, Q and O at its sides; what M holds, seen closely; its tile goes to its corner."""
    step, d = film.found.steps[0], film.found.config.head_dim
    film.square.display(step.columns, step.rows)
    film.square.remove(film.square.moving)
    rect, unit = closely(film)
    blocks = film.blocks.display(rect, unit, step.rows, step.columns)
    film.move(FadeIn(film.square, film.name, setting(film)), seconds=0.4)
    *product, meant = counts(film)
    with film.scene.telling():
        for name in "QKVO":
            film.move(FadeIn(blocks.blocks[name], blocks.letters[name]), seconds=0.4)
            film.scene.hold(0.1)
        film.move(FadeIn(*product), seconds=TEXT)
        film.scene.hold(0.6)
        film.move(FadeIn(blocks.blocks["S"], blocks.letters["S"], blocks.limit, blocks.measure, meant), seconds=0.4)
    film.scene.add(blocks)
    tile, cell = film.square.tile, film.square.cell(step.columns, step.rows)
    start = Blocks.of(rect, unit, step.rows, step.columns, d).s
    film.move(
        Shows(tile, lambda share: tile.display(np.array([start.toward(cell, share).edges])), rate_func=ease_in_out_cubic, introducer=True),
        seconds=1.2,
    )
    film.scene.remove(tile)
    film.square.add(film.square.moving)
    film.scene.add(film.square)


def closely(film: IOFilm) -> tuple[Rect, float]:
    """Where the first blocks stand while they are looked at, and how large a number is there."""
    rect, columns, d = film.place["large"], film.found.steps[0].columns, film.found.config.head_dim
    unit = Blocks.unit(rect, columns, d)
    wide = Blocks.of(rect, unit, 1, columns, d).o.x1 - rect.x0
    return rect.shifted((rect.width - wide) / 2, 0.0), unit


def counts(film: IOFilm) -> list[Word]:
    """M of the first tile as the paper counts it: a block each of Q, K, V and O."""
    step, rect = film.found.steps[0], film.place["sum"]
    texts = ["4", "×", str(step.columns), "×", str(film.found.config.head_dim), "=", f"{step.m:,.0f}", "=", "M"]
    px = NAME * min(1.0, rect.width / line_width(texts, NAME))
    centred = rect.beyond((rect.width - line_width(texts, px)) / 2)
    film.counts = worded(centred, texts, px, [film.skin.ink] * len(texts), "sum")
    film.counts.append(amid(MEANT, film.skin.ink, film.place["note"], "meant"))
    return film.counts


@beat("sweep")
def sweep(film: IOFilm) -> None:
    """One column slowly, what its bytes are; then, under standard attention's line, all others; each sweep adds its bytes to the bar."""
    found, step, place = film.found, film.step, film.place
    rect, half, at, over = film.plot.rect, em(2), place["axis"], place["bytes"]
    base = Rectangles(film.skin.quiet, name="base").display(np.array([[rect.x0, rect.y0 - half, rect.x1, rect.y0 + half]]))
    axis = Word(first_that_fits(AXIS, LABEL, at.width), LABEL, film.skin.ink, at.x0, middle(at, LABEL), "note", Face.TEXT)
    crossed = Word(first_that_fits(BYTES, LABEL, over.width, Face.STRONG), LABEL, film.skin.o, over.x0, middle(over, LABEL), "note")
    film.show(step, 0.0, found.once, 0.0)
    (large, unit), chip, on_chip = closely(film), place["chip"], numbers(film)
    film.move(FadeOut(*film.counts), seconds=TEXT)

    def land(share: float) -> None:
        film.blocks.display(large.toward(chip, share), unit + (film.unit - unit) * share, step.rows, step.columns)

    film.move(Shows(film.blocks, land, rate_func=ease_in_out_cubic), seconds=0.9)
    film.move(FadeIn(film.m, on_chip, base, axis, crossed, film.sweeps, film.bar, film.number, *film.parts(), *film.totals), seconds=TEXT)
    film.scene.event = len(found.traces[0])

    def show(done: float) -> None:
        whole = float(int(done + 1e-9))  # bytes are counted when a sweep is through: bar, counter and sum say the same
        film.show(step, done, found.once + whole * found.sweep, whole)
        film.sweeps.display(counted(int(whole)))

    made = film.made_of()
    if made:
        film.move(FadeIn(*made), seconds=TEXT)
    everything = Group(film.square, film.bar, film.number, film.sweeps, *film.totals)
    with film.scene.telling():
        film.move(Shows(everything, show), seconds=SLOW)
        film.move(*(FadeOut(each) for each in made), best(film), seconds=0.5)
        film.move(FadeIn(*best_words(film)), seconds=TEXT)
        film.move(Shows(everything, lambda share: show(1 + (step.sweeps - 1) * share)), seconds=FAST)
        film.curve.display(np.array([[step.m, step.nbytes]]))
        film.scene.add(film.curve, film.dots)
        film.move(film.dot(), seconds=TEXT)


def best(film: IOFilm) -> Shows:
    """The line of what standard attention moves where each tensor crosses once."""
    rect, y, half = film.plot.rect, film.plot.y(film.found.cached), em(2)
    line = Rectangles(film.skin.scores, name="cached")

    def draw(share: float) -> None:
        line.display(np.array([[rect.x0, y - half, rect.x0 + rect.width * share, y + half]]))
        line.values = np.array([film.found.cached])

    return Shows(line, draw, rate_func=ease_in_out_cubic, introducer=True)


def best_words(film: IOFilm) -> list[Word]:
    """Its name and its bytes, at its right end."""
    rect, base, number, gap = film.plot.rect, best_base(film), rounded(film.found.cached), em(14)
    wide = text_width(number, LABEL, Face.STRONG)
    text = first_that_fits(CACHED, LABEL, 0.6 * rect.width - gap - wide, Face.TEXT)  # clear of the first bars
    left = rect.x1 - wide - gap - text_width(text, LABEL)
    return [
        Word(text, LABEL, film.skin.ink, left, base, "cached name", Face.TEXT),
        Word(number, LABEL, film.skin.ink, rect.x1 - wide, base, "cached bytes"),
    ]


def best_base(film: IOFilm) -> float:
    """Where the line's words stand: above it, or beneath where the formula or the chips' source is near."""
    y, bound = film.plot.y(film.found.cached), film.place["bound"]
    return y + em(12) if y + em(100) < bound.y0 or not film.plot.rect.overlaps(bound) else y - em(42)


@beat("double")
def double(film: IOFilm) -> None:
    """M doubles: the tile widens, sweeps halve, the bar drains and leaves the curve."""
    first, moving = film.step, film.square.moving
    film.move(FadeOut(moving), seconds=TEXT)
    film.show(first, 0.0, first.nbytes, float(first.sweeps))
    film.move(FadeIn(moving, film.tile), seconds=TEXT)
    film.scene.add(film.square, film.tile)
    with film.scene.telling():
        film.move(film.grow(film.found.steps[1].m), seconds=2.5 * GROWTH)
        film.move(film.dot(), seconds=TEXT)


@beat("wider")
def wider(film: IOFilm) -> None:
    """On and on: from d rows on the tile only widens, since S has a quarter of M as well (the proof of Theorem 2)."""
    with film.scene.telling():
        for step in film.found.steps[2:]:
            film.move(film.grow(step.m), seconds=GROWTH)
            film.move(film.dot(), seconds=0.15)
    film.bound = bound(film)
    film.move(FadeIn(*film.bound), seconds=TEXT)


def bound(film: IOFilm) -> list[Named]:
    """The curve's formula, where the bars have left room, and the theorem that it is of."""
    room, (formula, *citations) = free(film), BOUND
    citation = first_that_fits(citations, LABEL, film.place["bound"].width)
    words = [symbols(formula, NUMBER, film.skin.o, room.above(em(54)), "formula bound"), cited(citation, room.bottom(em(50)), film)]
    if "bytes of" in film.place:
        # the sweeps' Q in, O in and out; the rest is l and m, and what crosses but once
        moved = rounded(film.step.sweeps * 3 * film.found.matrix)
        text = f"× {film.found.config.itemsize} bytes = {moved} of the {rounded(film.step.nbytes)}"
        at = film.place["bytes of"].shifted(0.0, room.y1 - film.place["bound"].y1)
        words.append(word(text, LABEL, film.skin.ink, at, "bound bytes", Face.TEXT))
    return words


def free(film: IOFilm) -> Rect:
    """The place of the formula, clear of the perfect cache's line."""
    room, line = film.place["bound"], film.plot.y(film.found.cached)
    inside = film.plot.rect.overlaps(room) and line > room.center[1]
    return room.shifted(0.0, min(0.0, line - em(60) - room.y1)) if inside else room


def cited(text: str, rect: Rect, film: IOFilm) -> Word:
    """Whence it is."""
    wide = text_width(text, LABEL)
    left = min(rect.center[0] - wide / 2, rect.x1 - wide)
    return Word(text, LABEL, film.skin.ink, left, middle(rect, LABEL), "cited", Face.TEXT)


@beat("chips")
def chips(film: IOFilm) -> None:
    """Up to what one program may use: a mark for each chip, named, with the size that is cited."""
    source = cited(SM_LIMITS, free(film).top(em(50)), film)
    if film.found.chips:  # else the theorem speaks of none
        film.move(FadeOut(*film.bound), seconds=TEXT)
        film.move(FadeIn(source), seconds=TEXT)
    with film.scene.telling():
        for index, (name, step) in enumerate(film.found.chips):
            film.move(film.grow(step.m), seconds=1.4)
            film.move(FadeIn(*mark(film, name, step, index)), seconds=TEXT)
            film.scene.hold(0.5)


def mark(film: IOFilm, name: str, step: Step, index: int) -> list[Named | Rectangles]:
    """A chip's name: of the last one above the number at its bar, of others at the top of a line up from the curve."""
    plot, x, half, bar = film.plot, film.plot.x(step.m), em(2), film.plot.bar(step.m, step.nbytes)
    text = first_that_fits((f"{name}, {amount(SHARED_LIMIT[CHIPS[name]])}", name), LABEL, plot.rect.width / 2, Face.STRONG)
    wide = text_width(text, LABEL, Face.STRONG)
    if index == len(film.found.chips) - 1:
        left = min(bar.x1 + em(14), plot.rect.x1 - wide)
        return [Word(text, LABEL, film.skin.ink, left, max(bar.y1, plot.rect.y0 + em(40)) + em(34), "chip")]
    low, top = plot.y(step.nbytes) + em(14), plot.rect.y0 + MARKED * plot.rect.height + em(20)
    line = Rectangles(film.skin.ink, name="chip mark").display(np.array([[x - half, low, x + half, top]]))
    return [line, Word(text, LABEL, film.skin.ink, x + half - wide, top + em(12), "chip")]


@beat("cached")
def cached(film: IOFilm) -> None:
    """Where the curve goes under standard attention's line: left of it the chip is too small."""
    film.scene.hold(0.4)
    if film.found.crossing is not None:
        mark, said = equal(film, film.found.crossing)
        film.move(FadeIn(mark), down(film, film.found.crossing), seconds=0.8)
        film.move(FadeIn(said), seconds=TEXT)
        film.scene.hold(0.3)
    film.scene.tell()


def down(film: IOFilm, m: int) -> Shows:
    """From where the curve meets the line down to its M."""
    line, x, half, floor = Rectangles(film.skin.ink, name="down"), film.plot.x(m), em(2), film.plot.rect.y0
    top = film.plot.y(film.found.cached)
    return Shows(line, lambda share: line.display(np.array([[x - half, top - (top - floor) * share, x + half, top]])), introducer=True)


def equal(film: IOFilm, m: int) -> list[Word | Rectangles]:
    """Where the curve meets the line: a mark, and its M to three digits; beneath the line, where it is clear of the chips' names."""
    x, line, base, side = film.plot.x(m), film.plot.y(film.found.cached), best_base(film), em(13)
    mark = Rectangles(film.skin.ink, name="crossing").display(np.array([[x - side, line - side, x + side, line + side]]))
    mark.values = np.array([m])
    left, baseline = x + em(34), line + em(12) if base < line else base + em(50)
    if base > line and line - film.plot.rect.y0 > MARKED * film.plot.rect.height + em(160):
        left, baseline = x + em(70), line - em(52)
    return [mark, Word(f"{EQUAL}{round(m, 3 - len(str(m))):,}", LABEL, film.skin.ink, left, baseline, "equal")]


@beat("ratio")
def ratio(film: IOFilm) -> None:
    """Over the last bar, what standard attention would have moved as well."""
    found = film.found
    bar, top = film.plot.bar(found.last.m, found.last.nbytes), film.plot.y(found.cached)
    more = Rectangles(film.skin.scores, name="more", opacity=SECOND)

    def rise(share: float) -> None:
        more.display(np.array([[bar.x0, bar.y1, bar.x1, bar.y1 + max(top - bar.y1, 0.0) * share]]))
        more.values = np.array([found.cached - found.last.nbytes])

    with film.scene.telling():
        film.move(Shows(more, rise, rate_func=ease_in_out_cubic, introducer=True), seconds=2.4)


def counted(sweeps: int) -> str:
    """How many, in words."""
    return f"{sweeps} sweep" if sweeps == 1 else f"{sweeps} sweeps"


def _kib(nbytes: int) -> str:
    """KiB without their name."""
    return kib(nbytes).removesuffix(" KiB")


def numbers(film: IOFilm) -> Word:
    """What M counts, beside it."""
    longest, at = f"M = {film.found.largest:,.0f}", film.place["m"]
    left, size = at.x0 + (len(longest) + 1) * film.m.step, film.found.config.itemsize
    text = first_that_fits((f"numbers of {size} bytes on chip", f"numbers of {size} bytes", f"× {size} bytes"), LABEL, at.x1 - left)
    return Word(text, LABEL, film.skin.ink, left, middle(at, film.m.px), "note", Face.TEXT)


def setting(film: IOFilm) -> Word:
    """The problem."""
    c = film.found.config
    texts = f"N = {c.seq_k:,}, d = {c.head_dim}, {c.dtype}", f"N = {c.seq_k:,}, d = {c.head_dim}"
    return amid(texts, film.skin.ink, film.place["setting"], "setting")


def sized(step: Step, place: Rect) -> str:
    """A tile's rows and columns."""
    text = f"{step.rows} × {step.columns}"
    return first_that_fits((f"tile {text}", text), LABEL, place.width, Face.MONO_STRONG)
