"""What a chip's size buys: one sweep closely, then half the chip and twice the sweeps, and back: the columns drain, and the bar sinks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from flashviz.director.words import LABEL, NAME, Word, amid, first_that_fits, middle, word
from flashviz.figures import KIB, amount, kib
from flashviz.layout import Rect
from flashviz.layout.io_complexity import Plot, Square
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.sweeps import Bars, Part, Sweeps, Trail
from flashviz.mobjects.tiles import Rectangles, edges
from flashviz.palette import FAINT, SECOND

FLASH = ("FlashAttention, 2022: outer loop over K, V", "FlashAttention, 2022: K, V outside", "FlashAttention, 2022")
QUARTERS = ("S, the scores, comes besides", "S comes besides")
BRIGHT = ("bright: what each sweep moves, on one scale", "bright: what sweeps move", "bright: bytes moved")
AXIS = ("room on chip: M numbers of {} bytes", "on chip: M × {} bytes")
WHY = ("each: Q in, O in and out, ℓ, m; once: K, V, start", "each: Q, O, ℓ, m; once: K, V, start", "Q, O, ℓ, m; once: K, V")
CACHED = ("standard attention, perfect cache: {}", "standard, perfect cache: {}", "perfect cache: {}")
ENDS = ("4 × {} of S and P, the rest Q, K, V, O", "4 × {} of S and P, Q, K, V, O", "4 × {}: S, P")
BYTES = ("read from and written to HBM, the GPU's memory", "read from and written to HBM")
PLACES = {"numbers": "m", "sum": "sum"}  # where numbers stand that change
FIRST, NEXT, OTHERS = 2.6, 1.0, 1.8  # seconds: of the first sweep, of the next, and of all others
BACK, GROWTH, SINKS, WIDER, CHIP = 0.5, 1.4, 2.6, 3.2, 1.4  # of the chip to the first keys, of half of M, of the ways back, to a chip
LINE, UNDER_LINE = (14, 62), (-94, -46)  # px: baselines of the words at standard attention's line, over it or under it
MARKED = (0.38, 0.47)  # of the plot: how high the lines of chips are
SAMPLES = 400  # of the curve, a doubling: sweeps are whole, so that it is a stair


class IOStage(ShotScene):
    """The scene that the chip shrinks and grows on."""

    script = io_complexity.BEATS

    def open(self, run: Callable[..., Any]) -> IOFilm:
        """Record Algorithm 1 at growing M: ``flashviz_kernels.recorder.run``."""
        found = gather(self.settings.config, run)
        self.provenance = [provenance(trace) for trace in found.traces]
        self.set_board(found.beats, {})
        return IOFilm(self, found)


class IOFilm(ChapterFilm):
    """Everything on stage, made here once."""

    setting: Word  # the problem
    why: Word  # what bytes are of
    bound: Word  # of what order they are

    def __init__(self, scene: ShotScene, found: IO) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.forms: dict[str, int] = {}  # which form of a number is written
        self.place = place = scene.shot("io")
        smallest, self.step = found.steps[0], found.steps[-1]
        self.plot = Plot.of(place["plot"], smallest.m, found.largest, max(smallest.nbytes, float(found.cached)))
        c = found.config
        ways = [Part(name, found.matrix / found.sweep, opacity) for name, opacity in (("Q", 1.0), ("O", 1.0), ("O", SECOND))]
        parts = [*ways, Part("L", 4 * found.statistic / found.sweep)]
        self.square = Sweeps(Square.of(place["square"], c.seq_k, smallest.columns), parts, self.skin)
        self.bar, self.curve = Bars(self.plot, found.once, self.skin), Trail(self.plot, self.skin.o)
        self.m = self.readout("numbers", numbers(found.largest, found))
        self.sum = self.readout("sum", summed(smallest.sweeps, found))
        self.counted: list[Word] = []  # the bytes of bars that stay
        at = place["name"]
        self.name = word(first_that_fits(FLASH, LABEL, at.width, Face.STRONG), LABEL, self.skin.ink, at, "order")
        self.ticked: list[float] = []  # M that stand beneath the axis
        self.note = amid(BRIGHT, self.skin.ink, place["note"], "note")

    def readout(self, name: str, longest: Sequence[str]) -> Readout:
        """A number that changes as things move; the first of its forms that can be read is taken, by its place."""
        rect = self.place[PLACES[name]]
        sizes = [fitting(text, NAME, rect) for text in longest]
        self.forms[name] = next((at for at, px in enumerate(sizes) if px >= LABEL), len(longest) - 1)
        return Readout("", sizes[self.forms[name]], self.skin.ink, name=name, face=Face.MONO_STRONG).at(rect)

    def show(self, step: Step, m: float, swept: float, *, first: bool = False) -> None:
        """The square, the bar and the numbers at one M, after so many sweeps; bytes are counted when a sweep is through.

        Args:
            first: The chip is over the first keys, whatever was swept.
        """
        found, whole = self.found, int(swept + 1e-9)
        nbytes = found.once + whole * found.sweep
        self.square.display(step.columns, step.rows, swept)
        if first:
            self.square.hold(step.columns)
        self.bar.display(m, nbytes, whole, found.sweep)
        held = min(elements(step.columns, found.config.head_dim), found.largest)  # what these blocks fill
        self.m.display(numbers(held, found)[self.forms["numbers"]])
        self.sum.display(summed(whole, found)[self.forms["sum"]])

    def everything(self) -> Group:
        """What changes with M and with sweeps."""
        return Group(self.square, self.bar, self.m, self.sum)

    def grow(self, stop: float, *, trail: bool = False) -> Shows:
        """M goes to another one; the columns with it, sweeps and bytes, and where it is asked for the bar's top leaves the curve."""
        start, c = self.step.m, self.found.config
        left = self.curve.values[:-1] if len(self.curve.values) else self.curve.values
        self.step = step_at(stop, c)

        def show(share: float) -> None:
            now = start * (stop / start) ** share
            step = step_at(now, c)
            self.show(step, now, float(step.sweeps), first=True)
            if trail:
                passed = np.geomspace(start, now, max(2, int(SAMPLES * share * abs(np.log2(stop / start))) + 1))
                self.curve.display(np.concatenate([left, [(m, bytes_at(m, c)) for m in passed]]))

        return Shows(Group(self.everything(), self.curve), show, rate_func=ease_in_out_cubic)

    def stays(self) -> list[Word | Rectangles]:
        """The bar of a trace, which stays where another one goes on: its bytes at its right, clear of the curve."""
        step, rect = self.step, self.plot.bar(self.step.m, self.step.nbytes)
        bar = Rectangles(self.skin.o, name="counted", opacity=FAINT).display(edges([rect]))
        bar.values = np.array([step.m, step.nbytes])
        self.counted.append(Word(rounded(step.nbytes), LABEL, self.skin.ink, rect.x1 + em(8), rect.y1 + em(2), "bytes"))
        return [bar, self.counted[-1], *self.tick()]

    def tick(self) -> list[Word]:
        """What this M is in bytes, beneath the axis, where there is room beside the others."""
        x, text = self.plot.x(self.step.m), amount(self.step.m * self.found.config.itemsize)
        wide = text_width(text, LABEL, Face.STRONG)
        if any(abs(x - other) < wide + em(12) for other in self.ticked):
            return []
        self.ticked.append(x)
        return [self.amid(x, text, middle(self.place["ticks"], LABEL), "tick M")]

    def amid(self, x: float, text: str, baseline: float, name: str) -> Word:
        """A word in the middle over or under a bar."""
        return Word(text, LABEL, self.skin.ink, x - text_width(text, LABEL, Face.STRONG) / 2, baseline, name)

    @property
    def above(self) -> bool:
        """Whether there is room for two lines of words over standard attention's line."""
        return self.plot.y(self.found.cached) + em(max(LINE) + LABEL) < self.plot.rect.y1

    def cited(self, *texts: str) -> Word:
        """Whence something is, at the right of its place."""
        room, low = self.place["bound"], self.plot.y(self.found.cached) + em(min(UNDER_LINE) - 20)
        if not self.above and room.y0 < self.plot.rect.y1:  # the line's words stand there
            room = room.shifted(0.0, low - room.y1)
        text = first_that_fits(texts, LABEL, room.width)
        return Word(text, LABEL, self.skin.ink, room.x1 - text_width(text, LABEL), middle(room, LABEL), "cited", Face.TEXT)


def numbers(m: float, found: IO) -> tuple[str, str]:
    """M, and how many bytes these are; shorter."""
    size = f"{m * found.config.itemsize / KIB:,.0f} KiB"
    return f"M = {m:,.0f} numbers = {size}", f"M = {m:,.0f} = {size}"


def summed(sweeps: int, found: IO) -> tuple[str, str]:
    """What crosses after so many sweeps, so that it checks by hand; shorter."""
    each, once = kib(found.sweep), kib(found.once)
    return f"{sweeps} {'sweep' if sweeps == 1 else 'sweeps'} × {each} + {once}", f"{sweeps} × {each} + {once}"


# --------------------------------------------------------------------------------------------------------------- beats


@beat("square")
def square(film: IOFilm) -> None:
    """All scores as a square, K and V above, Q and O at its sides; the chip over the keys that it holds, quarter by quarter."""
    step, skin, sweeps = film.step, film.skin, film.square
    sweeps.display(step.columns, step.rows)
    sweeps.remove(sweeps.held)
    film.setting = setting(film)
    rect, half, at = film.plot.rect, em(2), film.place["why"]
    base = Rectangles(skin.quiet, name="base").display(np.array([[rect.x0, rect.y0 - half, rect.x1, rect.y0 + half]]))
    axis = amid([text.format(film.found.config.itemsize) for text in AXIS], skin.ink, film.place["axis"], "axis")
    film.why = Word(first_that_fits(BYTES, LABEL, at.width), LABEL, skin.ink, at.x0, middle(at, LABEL), "why", Face.TEXT)
    film.scene.add(sweeps, film.name, film.setting, base, axis, film.why, *standard(film))
    film.m.display(numbers(step.m, film.found)[film.forms["numbers"]])
    film.move(FadeIn(sweeps.chip, film.m), seconds=0.4)
    quarter = sweeps.place.quarter("Q", 0.0, step.columns)
    left, low = quarter.x1 + em(14), sweeps.place.quarter("O", 0.0, step.columns).y0
    room = Rect(left, low, film.place["square"].x1, quarter.y1)
    text = first_that_fits(QUARTERS, LABEL, room.width)
    besides = Word(text, LABEL, skin.ink, left, middle(room, LABEL), "besides", Face.TEXT)
    with film.scene.telling():
        for block in sweeps.quarters.values():
            film.move(FadeIn(block), seconds=0.4)
            film.scene.hold(0.3)
        film.move(FadeIn(besides), seconds=TEXT)
    sweeps.add(sweeps.held)
    film.scene.add(sweeps)
    film.move(FadeOut(besides), seconds=TEXT)


@beat("sweep")
def sweep(film: IOFilm) -> None:
    """All rows of Q and O pass by the chip's keys, and leave in the column what they moved; then the next keys, and all others."""
    found, step, at = film.found, film.step, film.place["why"]
    film.show(step, step.m, 0.0)
    film.move(FadeOut(film.setting, film.why), seconds=TEXT / 2)
    film.why = Word(first_that_fits(WHY, LABEL, at.width), LABEL, film.skin.ink, at.x0, middle(at, LABEL), "why", Face.TEXT)
    film.move(FadeIn(film.bar, film.sum, film.why, film.note), seconds=TEXT)
    film.scene.event = len(found.traces[-1])

    def pass_by(start: float, stop: float, seconds: float) -> None:
        film.move(Shows(film.everything(), lambda share: film.show(step, step.m, start + (stop - start) * share)), seconds=seconds)

    with film.scene.telling():
        pass_by(0.0, 1.0, FIRST)
        film.scene.hold(0.3)
        pass_by(1.0, 2.0, NEXT)
        if step.sweeps > 2:
            pass_by(2.0, float(step.sweeps), OTHERS)
        film.move(FadeIn(*film.stays()), seconds=TEXT)


@beat("half")
def half(film: IOFilm) -> None:
    """M is halved, again and again: columns get narrower, there are more of them, and in each crosses as much as before."""
    square, step = film.square, film.step
    last = float(square.place.starts(step.columns)[-1])
    with film.scene.telling():
        back = Shows(square, lambda share: square.hold(step.columns, last * (1 - share)), rate_func=ease_in_out_cubic)
        film.move(back, seconds=BACK)
        for smaller in film.found.steps[-2::-1]:
            film.move(film.grow(smaller.m), seconds=GROWTH)
            film.move(FadeIn(*film.stays()), seconds=TEXT)


def standard(film: IOFilm) -> tuple[Rectangles, Word, Word]:
    """What standard attention moves where each tensor crosses once a way, as a line over all M, and of what it is."""
    found, rect = film.found, film.plot.rect
    y, thin = film.plot.y(found.cached), em(2)
    line = Rectangles(film.skin.scores, name="cached").display(np.array([[rect.x0, y - thin, rect.x1, y + thin]]))
    line.values = np.array([found.cached])
    baselines = LINE if film.above else UNDER_LINE
    room = rect.x1 - film.plot.bar(found.steps[0].m, 0.0).x1 - em(20 if film.above else 150)  # beside the first bar's bytes
    names, ends = [text.format(rounded(found.cached)) for text in CACHED], [text.format(amount(found.scores)) for text in ENDS]
    name, sums = (
        at_right(first_that_fits(texts, LABEL, room, Face.STRONG), rect.x1, y + em(above), film, what)
        for texts, above, what in ((names, max(baselines), "cached name"), (ends, min(baselines), "cached sum"))
    )
    return line, name, sums


def at_right(text: str, right: float, baseline: float, film: IOFilm, name: str) -> Word:
    """A word that ends somewhere."""
    return Word(text, LABEL, film.skin.ink, right - text_width(text, LABEL, Face.STRONG), baseline, name)


@beat("cached")
def cached(film: IOFilm) -> None:
    """M grows again: the bar sinks through standard attention's line, and its top leaves a curve."""
    found = film.found
    under = next((step for step in found.steps if step.nbytes <= found.cached), found.steps[-1])
    film.curve.display(np.array([[film.step.m, film.step.nbytes]]))
    with film.scene.telling():
        film.move(film.grow(under.m, trail=True), seconds=SINKS)


@beat("wider")
def wider(film: IOFilm) -> None:
    """On and on: M doubles, columns drain, the bar sinks; of what order that is (Theorem 2)."""
    largest = film.found.steps[-1]
    if not len(film.curve.values):
        film.curve.display(np.array([[film.step.m, film.step.nbytes]]))
    film.bound = film.cited(*BOUND)
    with film.scene.telling():
        if film.step.m < largest.m:
            film.move(film.grow(largest.m, trail=True), seconds=WIDER)
        film.move(FadeIn(film.bound), seconds=TEXT)


@beat("chips")
def chips(film: IOFilm) -> None:
    """Up to what one program may use: a mark for each chip, named, with the size that is cited; at the last one what is moved still."""
    found, plot = film.found, film.plot
    film.move(FadeOut(film.bound, film.counted[0]), seconds=TEXT)  # marks stand where its bytes are written
    film.move(FadeIn(film.cited(SM_LIMITS)), seconds=TEXT)
    with film.scene.telling():
        for (name, step), high in zip(found.chips, MARKED[-len(found.chips) :], strict=True):
            film.move(film.grow(step.m, trail=True), seconds=CHIP)
            x, thin, top = plot.x(step.m), em(2), plot.rect.y0 + high * plot.rect.height
            text = first_that_fits((f"{name}, {amount(SHARED_LIMIT[CHIPS[name]])}", name), LABEL, plot.rect.width / 2, Face.STRONG)
            right = plot.rect.x1 if step is found.last else x + thin
            low = plot.y(step.nbytes) + em(8)
            drawn = Rectangles(film.skin.ink, name="chip mark").display(np.array([[x - thin, low, x + thin, top - em(12)]]))
            film.move(FadeIn(drawn, at_right(text, right, top, film, "chip")), seconds=TEXT)
        bar = plot.bar(found.last.m, found.last.nbytes)
        film.move(FadeIn(Word(rounded(found.last.nbytes), LABEL, film.skin.ink, bar.x1 + em(8), bar.y1 + em(2), "bytes")), seconds=TEXT)


def setting(film: IOFilm) -> Word:
    """The problem, until something moves."""
    c = film.found.config
    texts = f"N = {c.seq_k:,}, d = {c.head_dim}, {c.dtype}", f"N = {c.seq_k:,}, d = {c.head_dim}"
    return amid(texts, film.skin.ink, film.place["note"], "setting")
