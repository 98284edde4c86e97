"""What a larger chip buys: standard attention's bytes pile up, then M grows as a box, sweeps get fewer, and the bar sinks beneath them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
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
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, NUMBER, Word, amid, first_that_fits, labelled, middle, word, worded
from flashviz.figures import amount, kib
from flashviz.layout import Rect
from flashviz.layout.io_complexity import Blocks, Plot, Square
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows
from flashviz.mobjects.named import Named
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.sweeps import Bars, HeldBlocks, Sweeps, Trail
from flashviz.mobjects.tiles import Rectangles, edges
from flashviz.palette import FAINT, SECOND

STANDARD = ("standard attention", "nothing is read twice", "nothing read twice")
FLASH = ("FlashAttention, 2022", "Algorithm 1, outer loop: K, V", "outer loop: K, V")
WAYS = ("S out", "S back", "P out", "P back")
ENDS = "Q, K, V, O"  # what crosses besides
AXIS = ("M, numbers on chip: each tick 2 ×", "M, each tick 2 ×")
BYTES = ("read from and written to HBM, the GPU's memory", "read from and written to HBM")
CACHED = ("standard attention, perfect cache", "standard, perfect cache", "perfect cache")
CHIP = "on-chip memory, M numbers"
BESIDES = ("S: scores, besides these M", "S: besides M")
EACH, ONCE = "of Q, O, ℓ, m", ("K, V, start: once", "K, V: once")
EQUAL = "equal at M ≈ "
SLOW, FAST = 2.4, 3.4  # seconds: of the first sweep, and of all others
GROWTH = 1.6  # of a doubling of M
PILED = 0.75  # of a way of S or P to its place in the bar
COPIED = 0.45  # of a copy of the last bar
MARKED = 0.34  # of the plot: how high the line of a chip is
SAMPLES = 400  # of the curve, a doubling: sweeps are whole, so that it is a stair


class IOStage(ShotScene):
    """The scene that the tile grows on."""

    script = io_complexity.BEATS

    def open(self, run: Callable[..., Any]) -> IOFilm:
        """Record Algorithm 1 at growing M: ``flashviz_kernels.recorder.run``."""
        found = gather(self.settings.config, run)
        self.provenance = [provenance(trace) for trace in found.traces]
        self.set_board(found.beats, found.said)
        return IOFilm(self, found)


class IOFilm(ChapterFilm):
    """Everything on stage, made here once."""

    name: Named  # whose algorithm it is
    words: list[Word]  # what a beat leaves for the next one to take away
    passed: list[Named | Rectangles]  # what is said of the curve on its way to the last bar
    sheet: Rectangles  # S, as standard attention stores it

    def __init__(self, scene: ShotScene, found: IO) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.place = place = scene.shot("io")
        first = found.steps[0]
        self.step = first
        self.plot = Plot.of(place["plot"], first.m, found.largest, max(first.nbytes, float(found.cached)))
        self.square = Sweeps(Square.of(place["square"]), found.config.seq_k, self.skin)
        self.bar, self.curve = Bars(self.plot, found.once, self.skin), Trail(self.plot, self.skin.o)
        self.m = self.readout("numbers", f"M = {found.largest:,.0f}", place["m"]).display(f"M = {first.m:,.0f}")
        self.sweeps = self.readout("count", counted(first.sweeps), place["sweeps"], NUMBER).display(counted(0))
        self.number = Readout(rounded(0.0), NAME, self.skin.ink, name="bytes", face=Face.MONO_STRONG)
        self.dots = Rectangles(self.skin.o, name="dots")
        self.blocks = HeldBlocks(found.config.head_dim, self.skin)
        self.unit = Blocks.unit(place["chip"], found.last.columns, found.config.head_dim)
        self.counted: list[Step] = []
        self.words, self.passed = [], []

    def titled(self, title: tuple[str, str, str]) -> Named:
        """Whose algorithm it is, and what of it matters."""
        text, more, short = title
        return Named(*labelled(self.place["name"], (text, self.skin.ink), (more, self.skin.ink), short), tag="order", text=text)

    def parts(self) -> list[Word]:
        """What a sweep adds, and what crosses but once, as the bar has them."""
        found, skin, place = self.found, self.skin, self.place
        texts = (("each", f"× {kib(found.sweep)}", skin.o, (EACH,)), ("once", f"+ {kib(found.once)}", skin.k, ONCE))
        words = []
        for name, text, hue, why in texts:
            at = place[f"{name} why"]
            words += [
                word(text, NAME, hue, place[name], f"bytes {name}", Face.MONO_STRONG),
                Word(first_that_fits(why, LABEL, at.width), LABEL, hue, at.x0, middle(at, LABEL), "why", Face.TEXT),
            ]
        return words

    def readout(self, name: str, longest: str, rect: Rect, px: float = NAME) -> Readout:
        """A number with its name that changes as things move, smaller where its longest text would not fit."""
        return Readout(longest, fitting(longest, px, rect), self.skin.ink, name=name, face=Face.MONO_STRONG).at(rect)

    def show(self, step: Step, swept: float, nbytes: float, sweeps: float) -> None:
        """The square, the bar and the numbers, at one M."""
        self.square.display(step.columns, step.rows, swept)
        self.bar.display(step.m, nbytes, sweeps, self.found.sweep)
        self.number.display(rounded(nbytes))
        top = self.plot.bar(step.m, nbytes)
        middle_of = max(top.y1, self.plot.rect.y0 + em(40))
        self.number.at(Rect(top.x1 + em(14), middle_of - em(30), top.x1 + em(14), middle_of + em(30)))
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

        everything = Group(self.square, self.bar, self.curve, self.number, self.m, self.sweeps, self.blocks)
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


@beat("best")
def best(film: IOFilm) -> None:
    """The square of all scores is S: it goes out and comes back, P as well, each way a copy into one bar; its top is the line to beat."""
    found, place, skin, step, plot = film.found, film.place, film.skin, film.found.steps[0], film.plot
    rect, half, over, n = plot.rect, em(2), place["bytes"], found.config.seq_q
    film.square.display(step.columns, step.rows)
    film.square.remove(film.square.moving, film.square.lines)
    film.name = film.titled(STANDARD)
    base = Rectangles(skin.quiet, name="base").display(np.array([[rect.x0, rect.y0 - half, rect.x1, rect.y0 + half]]))
    crossed = Word(first_that_fits(BYTES, LABEL, over.width, Face.STRONG), LABEL, skin.ink, over.x0, middle(over, LABEL), "note")
    texts = f"S: {n:,} × {found.config.seq_k:,} × {found.config.itemsize} bytes = {amount(found.scores)}", f"S: {amount(found.scores)}"
    size = word(first_that_fits(texts, LABEL, place["m"].width, Face.STRONG), LABEL, skin.ink, place["m"], "size")
    film.words, film.sheet = [size], Rectangles(skin.scores, name="sheet S", opacity=FAINT).display(edges([film.square.place.grid]))
    film.move(FadeIn(film.square, film.name, setting(film)), seconds=0.4)
    film.move(FadeIn(base, crossed, size, film.sheet), seconds=TEXT)
    with film.scene.telling():
        for index, way in enumerate(WAYS):
            stop = plot.best(index * found.scores, (index + 1) * found.scores)
            pile(film, film.square.place.grid, stop, f"{way}: {amount(found.scores)}", middle(stop, LABEL))
        ends = plot.best(len(WAYS) * found.scores, found.cached)
        pile(film, film.square.place.q, ends, f"{ENDS}: {amount(4 * found.matrix)}", line_base(film))
        film.move(line(film), seconds=0.6)
        film.move(FadeIn(line_words(film)[0]), seconds=TEXT)


def pile(film: IOFilm, start: Rect, stop: Rect, text: str, baseline: float) -> None:
    """A copy of what crosses becomes its part of the bar, and says so."""
    part, seam = Rectangles(film.skin.scores, name="way", opacity=SECOND), min(em(2), 0.1 * stop.height)
    end = stop.inset(0.0, seam)
    film.words.append(Word(text, LABEL, film.skin.ink, stop.x1 + em(18), baseline, "way name", Face.TEXT))

    def go(share: float) -> None:
        part.display(edges([start.toward(end, share)]))

    film.move(Shows(part, go, rate_func=ease_in_out_cubic, introducer=True), seconds=PILED)
    film.move(FadeIn(film.words[-1]), seconds=0.15)


def line(film: IOFilm) -> Shows:
    """The line of what standard attention moves where each tensor crosses once a way, from the top of its bar on."""
    rect, y, half = film.plot.rect, film.plot.y(film.found.cached), em(2)
    drawn = Rectangles(film.skin.scores, name="cached")

    def draw(share: float) -> None:
        drawn.display(np.array([[rect.x0, y - half, rect.x0 + rect.width * share, y + half]]))
        drawn.values = np.array([film.found.cached])

    return Shows(drawn, draw, rate_func=ease_in_out_cubic, introducer=True)


def line_words(film: IOFilm) -> tuple[Word, Word]:
    """Its bytes and its name, over its right end."""
    rect, number, gap, base = film.plot.rect, rounded(film.found.cached), em(14), line_base(film)
    wide = text_width(number, LABEL, Face.STRONG)
    text = first_that_fits(CACHED, LABEL, 0.6 * rect.width - gap - wide, Face.TEXT)  # clear of the first bars
    left = rect.x1 - wide - gap - text_width(text, LABEL)
    return (
        Word(number, LABEL, film.skin.ink, rect.x1 - wide, base, "cached bytes"),
        Word(text, LABEL, film.skin.ink, left, base, "cached name", Face.TEXT),
    )


def line_base(film: IOFilm) -> float:
    """Of words over the line."""
    return film.plot.y(film.found.cached) + em(12)


@beat("square")
def square(film: IOFilm) -> None:
    """FlashAttention: M as a box on chip, and what fills it, closely; the tile that these blocks make goes to its corner of the square."""
    step, place, skin = film.found.steps[0], film.place, film.skin
    film.move(FadeOut(*film.words, film.name, film.sheet), seconds=TEXT)
    film.name = film.titled(FLASH)
    rect, unit = closely(film)
    blocks = film.blocks.display(rect, unit, step.rows, step.columns)
    chip = word(CHIP, LABEL, skin.ink, place["m"], "chip name")
    texts = ["4", "×", str(step.columns), "×", str(film.found.config.head_dim), "=", f"{step.m:,.0f}", "=", "M"]
    product = worded(place["sum"], texts, NAME, [skin.ink] * len(texts), "sum")
    besides = word(first_that_fits(BESIDES, LABEL, place["note"].width), LABEL, skin.ink, place["note"], "note", Face.TEXT)
    film.move(FadeIn(film.name, line_words(film)[1], chip, blocks.box, film.square.lines), seconds=0.4)
    with film.scene.telling():
        for name in "KVQO":
            film.move(FadeIn(blocks.blocks[name], blocks.letters[name]), seconds=0.35)
        film.move(FadeIn(*product), seconds=TEXT)
        film.scene.hold(0.5)
        film.move(FadeIn(blocks.blocks["S"], blocks.letters["S"], besides), seconds=0.4)
        film.scene.hold(0.3)
        tile, cell = film.square.tile, film.square.cell(step.columns, step.rows)
        start = Blocks.of(rect, unit, step.rows, step.columns, film.found.config.head_dim).s

        def go(share: float) -> None:
            tile.display(edges([start.toward(cell, share)]))

        film.move(Shows(tile, go, rate_func=ease_in_out_cubic, introducer=True), seconds=1.2)
    film.words = [chip, *product, besides]
    film.scene.remove(tile)
    film.square.add(film.square.lines, film.square.moving)
    film.scene.add(film.square, blocks)


def closely(film: IOFilm) -> tuple[Rect, float]:
    """Where the first blocks stand while they are looked at, and how large a number is there: as large as the sum beside them allows."""
    rect, step, d = film.place["chip"], film.found.steps[0], film.found.config.head_dim
    room = rect.left(film.place["sum"].x0 - rect.x0 - em(30))
    return rect, Blocks.unit(room, step.columns, d)


@beat("sweep")
def sweep(film: IOFilm) -> None:
    """One column slowly, what its bytes are; then all others: each sweep adds its bytes to the bar, which outgrows the line."""
    found, step, place, skin = film.found, film.step, film.place, film.skin
    at = place["axis"]
    axis = Word(first_that_fits(AXIS, LABEL, at.width), LABEL, skin.ink, at.x0, middle(at, LABEL), "note", Face.TEXT)
    film.show(step, 0.0, found.once, 0.0)
    chip, (large, unit) = place["chip"], closely(film)
    film.blocks.display(large, unit, step.rows, step.columns)
    film.move(FadeOut(*film.words), seconds=TEXT)

    def land(share: float) -> None:
        film.blocks.display(chip, unit + (film.unit - unit) * share, step.rows, step.columns)

    film.move(Shows(film.blocks, land, rate_func=ease_in_out_cubic), seconds=MOVE)
    film.move(FadeIn(film.m, numbers(film), axis, film.sweeps, film.bar, film.number, *film.parts()), seconds=TEXT)
    film.scene.event = len(found.traces[0])

    def show(done: float) -> None:
        whole = float(int(done + 1e-9))  # bytes are counted when a sweep is through: bar, counter and sum say the same
        film.show(step, done, found.once + whole * found.sweep, whole)
        film.sweeps.display(counted(int(whole)))

    everything = Group(film.square, film.bar, film.number, film.sweeps)
    with film.scene.telling():
        film.move(Shows(everything, show), seconds=SLOW)
        film.scene.hold(0.4)
        film.move(Shows(everything, lambda share: show(1 + (step.sweeps - 1) * share)), seconds=FAST)
        film.curve.display(np.array([[step.m, step.nbytes]]))
        film.scene.add(film.curve, film.dots)
        film.move(film.dot(), seconds=TEXT)


@beat("double")
def double(film: IOFilm) -> None:
    """M doubles: the tile widens, sweeps halve, the bar sinks and leaves the curve."""
    first, moving = film.step, film.square.moving
    film.move(FadeOut(moving), seconds=TEXT)
    film.show(first, 0.0, first.nbytes, float(first.sweeps))
    film.move(FadeIn(moving), seconds=TEXT)
    film.scene.add(film.square)
    with film.scene.telling():
        film.move(film.grow(film.found.steps[1].m), seconds=2.0 * GROWTH)
        film.move(film.dot(), seconds=TEXT)


@beat("cached")
def cached(film: IOFilm) -> None:
    """Where the curve went under standard attention's line: left of it the chip is too small."""
    m = film.found.crossing
    assert m is not None  # else the board has no such beat
    mark, said = equal(film, m)
    film.passed.append(said)
    with film.scene.telling():
        film.move(FadeIn(mark), seconds=0.4)
        film.move(down(film, m), seconds=1.6)
        film.move(FadeIn(said), seconds=TEXT)


def down(film: IOFilm, m: int) -> Shows:
    """From where the curve meets the line down to its M."""
    drawn, x, half, floor = Rectangles(film.skin.ink, name="down"), film.plot.x(m), em(2), film.plot.rect.y0
    top = film.plot.y(film.found.cached)
    return Shows(drawn, lambda share: drawn.display(np.array([[x - half, top - (top - floor) * share, x + half, top]])), introducer=True)


def equal(film: IOFilm, m: int) -> tuple[Rectangles, Word]:
    """Where the curve meets the line: a mark, its M to three digits, and how many bytes these are, beneath the line."""
    x, y, side = film.plot.x(m), film.plot.y(film.found.cached), em(13)
    mark = Rectangles(film.skin.ink, name="crossing").display(np.array([[x - side, y - side, x + side, y + side]]))
    mark.values = np.array([m])
    told, near = round(m, 3 - len(str(m))), y - film.number.get_top()[1] < em(52)
    left = film.number.get_right()[0] + em(16) if near else x + em(30)
    texts = f"{EQUAL}{told:,}, {rounded(told * film.found.config.itemsize)}", f"{EQUAL}{told:,}", f"M ≈ {told:,}"
    text = first_that_fits(texts, LABEL, film.plot.rect.x1 - left, Face.STRONG)
    return mark, Word(text, LABEL, film.skin.ink, left, y - em(42), "equal")


@beat("wider")
def wider(film: IOFilm) -> None:
    """On and on: each time half the sweeps, and what a sweep moves stays; of what order that is (Theorem 2)."""
    with film.scene.telling():
        for step in film.found.steps[2:]:
            film.move(film.grow(step.m), seconds=GROWTH)
            film.move(film.dot(), seconds=0.15)
        film.passed.append(cited(film, *BOUND))
        film.move(FadeIn(film.passed[-1]), seconds=TEXT)


def cited(film: IOFilm, *texts: str) -> Word:
    """Whence something is, at the right of its place, which is beneath the perfect cache's line where that would cross it."""
    room, y = film.place["bound"], film.plot.y(film.found.cached)
    if abs(y - room.center[1]) < em(70):
        room = room.shifted(0.0, y - em(56) - room.y1)
    text = first_that_fits(texts, LABEL, room.width)
    return Word(text, LABEL, film.skin.ink, room.x1 - text_width(text, LABEL), middle(room, LABEL), "cited", Face.TEXT)


@beat("chips")
def chips(film: IOFilm) -> None:
    """Up to what one program may use: a mark for each chip, named, with the size that is cited."""
    film.move(FadeOut(*film.passed), seconds=TEXT)
    film.passed = []
    film.move(FadeIn(cited(film, SM_LIMITS)), seconds=TEXT)
    with film.scene.telling():
        for index, (name, step) in enumerate(film.found.chips):
            film.move(film.grow(step.m), seconds=1.4)
            parts = mark(film, name, step, index)
            film.passed += parts if step is not film.found.last else []
            film.move(FadeIn(*parts), seconds=TEXT)
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
    drawn = Rectangles(film.skin.ink, name="chip mark").display(np.array([[x - half, low, x + half, top]]))
    return [drawn, Word(text, LABEL, film.skin.ink, x + half - wide, top + em(12), "chip")]


@beat("ratio")
def ratio(film: IOFilm) -> None:
    """The last bar is copied upwards, as often as whole copies fit beneath standard attention's line."""
    found, plot, nbytes = film.found, film.plot, film.found.last.nbytes
    bar = plot.bar(found.last.m, nbytes)
    copies = Rectangles(film.skin.o, name="copies", opacity=SECOND)
    seam = min(em(3), 0.1 * bar.height)

    def climb(at: int, share: float) -> None:
        """All copies so far, and one on its way to the top."""
        lows = plot.y(0.0) + bar.height * np.append(np.arange(1, at), at - 1 + share)
        copies.display(np.stack([np.full(at, bar.x0), lows + seam, np.full(at, bar.x1), lows + bar.height - seam], 1))
        copies.values = np.array([at])

    times = Word(f"× {found.times}", NUMBER, film.skin.o, bar.x1 + em(14), plot.y(found.times * nbytes / 2) + em(20), "times")
    if film.passed:
        film.move(*(FadeOut(each) for each in film.passed), seconds=TEXT)
    with film.scene.telling():
        for at in range(1, found.times):
            film.move(Shows(copies, partial(climb, at), rate_func=ease_in_out_cubic, introducer=True), seconds=COPIED)
        film.move(FadeIn(times), seconds=TEXT)


def counted(sweeps: int) -> str:
    """How many, in words."""
    return f"{sweeps} sweep" if sweeps == 1 else f"{sweeps} sweeps"


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
