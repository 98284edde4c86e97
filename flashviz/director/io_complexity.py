"""What a chip's size buys: one sweep closely and all others, standard attention's bytes, then twice the chip: the bar sinks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from manim import Group
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz.chapters import io_complexity
from flashviz.chapters.io_complexity import BOUND, IO, Step, bytes_at, elements, gather, on_chip, scores_bytes, step_at
from flashviz.director.film.parts import fitting
from flashviz.director.material import provenance
from flashviz.director.shots import TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, Word, amid, first_that_fits, middle, word
from flashviz.figures import KIB, amount, kib, times
from flashviz.layout import Rect
from flashviz.layout.io_complexity import Plot, Room, Square
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.rulers import Dot
from flashviz.mobjects.sweeps import Bars, Chip, Sweeps, Trail
from flashviz.mobjects.tiles import Rectangles, edges
from flashviz.palette import DIM

FLASH = ("FlashAttention, 2022: loop over K and V outside", "FlashAttention, 2022: K, V outside", "FlashAttention, 2022")
AXIS = ("on-chip memory M, in KiB",)
UP = ("KiB between HBM and chip, no cache", "KiB moved, no cache")
WHOLE = ("scores S: {0:,} × {0:,}", "S: {0:,} × {0:,}")
BESIDES = ("S besides: {}", "S: {}")
EACH, ONCE = ("a sweep: ", "sweep: "), ("once, at the start: ", "once: ")
STANDARD, CACHE = ("standard attention, no cache", "standard, no cache", "standard"), ("perfect cache", "cached")
RATIOS = ("twice M: sweeps ÷ {0}, bytes ÷ {1}", "sweeps ÷ {0}, bytes ÷ {1}", "bytes ÷ {1}")
PLACES = {"numbers": "m", "sum": "sum", "blocks": "blocks"}  # where numbers stand that change
FIRST, NEXT, OTHERS = 3.0, 1.0, 2.0  # seconds: of the first sweep, of the next, and of all others
GROWTH, BACK = 2.6, 0.8  # of a doubling of M, and of the way back
BY_LINE, LINE = 10, 46  # px: from a line or a bar to its number, and to the next line of words
SAMPLES = 400  # of the curve, a doubling: sweeps are whole, so that it is a stair


class IOStage(ShotScene):
    """The scene that the chip grows on."""

    script = io_complexity.BEATS

    def open(self, run: Callable[..., Any]) -> IOFilm:
        """Record Algorithm 1 at growing M: ``flashviz_kernels.recorder.run``."""
        found = gather(self.settings.config, run)
        self.provenance = [provenance(trace) for trace in found.traces]
        self.set_board(found.beats, found.said)
        return IOFilm(self, found)


class IOFilm(ChapterFilm):
    """Everything on stage, made here once."""

    whole: Word  # how many scores there are
    each: Word  # bytes of a sweep, and what crosses but once
    once: Word
    written: float  # where the words over the last bar end
    besides: Word  # how much of S there is room for
    keys: Sequence[Word] = ()  # how many keys each block has, where that can be read

    def __init__(self, scene: ShotScene, found: IO) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.forms: dict[str, int] = {}  # which form of a number is written
        self.place = place = scene.shot("io")
        self.step, largest, c = found.steps[0], found.steps[-1], found.config
        self.plot = Plot.of(place["plot"], tuple(step.m for step in found.steps), max(self.step.nbytes, float(found.standard)))
        self.square = Sweeps(Square.of(place["square"], c.seq_k), self.skin)
        self.chip = Chip(Room(place["chip"], quarter(largest, found)), self.skin)
        each = {"Q": found.matrix, "O": 2 * found.matrix, "L": 4 * found.statistic}
        once = {"K": found.matrix, "V": found.matrix, "O": found.matrix, "L": 2 * found.statistic}
        self.bar, self.curve = Bars(self.plot, once, each, self.skin), Trail(self.plot, self.skin.o)
        self.m = self.readout("numbers", numbers(largest, found))
        self.sum = self.readout("sum", summed(self.step.sweeps, found))
        uneven = [blocked(step_at(step.m - 4 * c.head_dim, c), found) for step in (self.step, largest)]  # something is left for the last
        self.blocks = self.readout("blocks", max(uneven, key=lambda texts: len(texts[0])))
        at = place["name"]
        self.name = word(first_that_fits(FLASH, LABEL, at.width, Face.STRONG), LABEL, self.skin.ink, at, "order")

    def readout(self, name: str, longest: Sequence[str]) -> Readout:
        """A number that changes as things move; the first of its forms that can be read is taken, by its place."""
        rect = self.place[PLACES[name]]
        sizes = [fitting(text, NAME, rect) for text in longest]
        self.forms[name] = next((at for at, px in enumerate(sizes) if px >= LABEL), len(longest) - 1)
        px = min(sizes[self.forms[name]], LABEL if name == "blocks" else NAME)
        return Readout("", px, self.skin.ink, name=name, face=Face.MONO_STRONG).at(rect)

    def show(self, step: Step, m: float, swept: float) -> None:
        """The square, the chip, the bar and the numbers at one M, after so many sweeps; bytes are counted when a sweep is through."""
        whole = int(swept + 1e-9)
        self.square.display(step.columns, step.rows, swept)
        self.chip.display(quarter(step, self.found), scores_bytes(step))
        self.bar.display(m, whole)
        self.m.display(numbers(step, self.found)[self.forms["numbers"]])
        self.blocks.display(blocked(step, self.found)[self.forms["blocks"]])
        self.sum.display(summed(whole, self.found)[self.forms["sum"]])

    def everything(self) -> Group:
        """What changes with M and with sweeps."""
        return Group(self.square, self.chip, self.bar, self.m, self.sum, self.blocks)

    def grow(self, stop: Step, *, trail: bool = True) -> Shows:
        """M goes to another one; blocks with it, sweeps and bytes, and the bar's top leaves the curve where it has not yet been."""
        start, c, left = self.step.m, self.found.config, self.curve.values
        self.step = stop

        def show(share: float) -> None:
            now = start + (stop.m - start) * share
            step = step_at(now, c)
            self.show(step, now, float(step.sweeps))
            if trail:
                passed = np.linspace(start, now, max(2, int(SAMPLES * share) + 1))
                self.curve.display(np.concatenate([left, [(m, bytes_at(m, c)) for m in passed]]))

        return Shows(Group(self.everything(), self.curve), show, rate_func=ease_in_out_cubic)

    def stays(self) -> list[Word | Rectangles]:
        """The bar of a trace, which stays where another one goes on: its sweeps and bytes over it, its M beneath the axis."""
        step, rect = self.step, self.plot.bar(self.step.m, self.step.nbytes)
        bar = Rectangles(self.skin.o, name="counted", opacity=DIM).display(edges([rect]))
        bar.values = np.array([step.m, step.nbytes])
        told = {"bytes": amount(step.nbytes), "sweep count": f"{step.sweeps} {'sweep' if step.sweeps == 1 else 'sweeps'}"}
        joined = f"{told['sweep count']}, {told['bytes']}"
        room = 0 < self.plot.y(self.found.cached) - rect.y1 < em(2 * LINE)  # for one line, beneath standard attention's bytes
        if room and self.left(rect, joined) + text_width(joined, LABEL, Face.STRONG) < self.plot.rect.x1:
            told = {"bytes": joined}
        words = [
            Word(text, LABEL, self.skin.ink, self.left(rect, text), rect.y1 + em(BY_LINE + at * LINE), name)
            for at, (name, text) in enumerate(told.items())
        ]
        self.written = max(word.left + word.wide for word in words)
        tick = on_chip(step.m, self.found.config).partition(" ")[0]
        left = self.plot.x(step.m) - text_width(tick, LABEL, Face.STRONG) / 2
        return [bar, *words, Word(tick, LABEL, self.skin.ink, left, middle(self.place["ticks"], LABEL), "tick M")]

    def left(self, rect: Rect, text: str) -> float:
        """Where a word over a bar begins: in the middle of the first, and right of others, clear of the curve that ends there."""
        if self.step is not self.found.steps[0]:
            return rect.x1 + em(BY_LINE)
        return max(rect.center[0] - text_width(text, LABEL, Face.STRONG) / 2, self.plot.rect.x0 + em(BY_LINE))

    def keyed(self) -> list[Word]:
        """How many keys each block has, in K, where all can be read; the last one has what is left."""
        place, columns, n = self.square.place, self.step.columns, self.found.config.seq_k
        found = []
        for key in place.starts(columns).tolist():
            rect, text = place.block("K", key, columns), f"{min(columns, n - int(key))}"
            wide = text_width(text, LABEL, Face.STRONG)
            if wide > rect.width:
                return []
            found.append(Word(text, LABEL, self.skin.ink, rect.center[0] - wide / 2, middle(rect, LABEL), "keys"))
        return found

    def beside(self) -> Word:
        """Of how much S there must be room."""
        at, size = self.place["besides"], amount(scores_bytes(self.step))
        text = first_that_fits([text.format(size) for text in BESIDES], LABEL, at.width)
        return word(text, LABEL, self.skin.ink, at, "besides", Face.TEXT)

    def line(self, part: str, names: Sequence[str], amounts: Mapping[str, float]) -> Word:
        """What bytes are of, in KiB, so that they add up."""
        at, total = self.place[part], kib(sum(amounts.values()))
        named = " + ".join(f"{name} {kib(each).partition(' ')[0]}" for name, each in amounts.items())
        texts = [*(f"{name}{named} = {total}" for name in names), f"{named} = {total}", f"{names[1]}{total}"]
        return word(first_that_fits(texts, LABEL, at.width), LABEL, self.skin.ink, at, part, Face.TEXT)


def quarter(step: Step, found: IO) -> float:
    """Bytes of a quarter of what its blocks fill."""
    return elements(step.columns, found.config.head_dim) * found.config.itemsize / 4


def numbers(step: Step, found: IO) -> tuple[str, ...]:
    """M, as its blocks fill it, and how many bytes these are; shorter."""
    m, size = elements(step.columns, found.config.head_dim), found.config.itemsize
    whole = on_chip(m, found.config)
    return f"M = {m:,} numbers × {size} B = {whole}", f"M = {m:,} × {size} B = {whole}", f"M = {whole}"


def blocked(step: Step, found: IO) -> tuple[str, str]:
    """Blocks of K and V, with what is left for the last one; shorter."""
    whole, rest = divmod(found.config.seq_k, step.columns)
    text = f"{whole} × {step.columns}{f' + {rest}' if rest else ''}"
    return f"blocks of keys: {text}", f"{text} keys"


def summed(sweeps: int, found: IO) -> tuple[str, str]:
    """What crosses after so many sweeps, so that it checks by hand; shorter."""
    each, once, total = (nbytes / KIB for nbytes in (found.sweep, found.once, found.once + sweeps * found.sweep))
    short = f"{sweeps} × {each:,g} + {once:,g} = {total:,g} KiB"
    return short.replace(" ×", " sweep ×" if sweeps == 1 else " sweeps ×"), short


# --------------------------------------------------------------------------------------------------------------- beats


@beat("square")
def square(film: IOFilm) -> None:
    """All scores as a square, K and V above in blocks, Q and O at its sides; the chip, quarter by quarter, and S besides."""
    step, skin, rect, half, up = film.step, film.skin, film.plot.rect, em(2), film.place["up"]
    film.show(step, step.m, 0.0)
    film.bar.display(step.m, 0)
    base = Rectangles(skin.quiet, name="base").display(edges([
        Rect(rect.x0, rect.y0 - half, rect.x1, rect.y0 + half), Rect(rect.x0 - half, rect.y0, rect.x0 + half, rect.y1),
    ]))  # fmt: skip
    axis = amid(AXIS, skin.ink, film.place["axis"], "axis")
    moved = Word(first_that_fits(UP, LABEL, up.width), LABEL, skin.ink, up.x0, middle(up, LABEL), "axis", Face.TEXT)
    film.scene.add(film.square, film.name, film.m, film.blocks, base, axis, moved, film.chip.border)
    film.keys = film.keyed()
    grid = film.square.place.grid
    film.whole = amid([text.format(film.found.config.seq_k) for text in WHOLE], skin.ink, grid, "whole")
    film.scene.add(*film.keys, film.whole)
    film.besides = film.beside()
    with film.scene.telling():
        for name, block in film.chip.quarters.items():
            film.move(FadeIn(block, film.chip.letters[name]), seconds=0.4)
            film.scene.hold(0.3)
        film.move(FadeIn(film.chip.scores, film.besides), seconds=0.4)
    film.scene.add(film.chip)


@beat("sweep")
def sweep(film: IOFilm) -> None:
    """All rows of Q and O pass by a block of K and V, and what they moved is laid on the bar; then the next block, and all others."""
    found, step = film.found, film.step
    film.show(step, step.m, 0.0)
    film.move(FadeOut(film.whole), seconds=TEXT / 2)
    film.once, film.each = film.line("once", ONCE, found.starts), film.line("each", EACH, found.each)
    film.move(FadeIn(film.bar, film.sum, film.once), seconds=TEXT)
    film.scene.event = len(found.traces[0])

    def pass_by(start: float, stop: float, seconds: float) -> None:
        film.move(Shows(film.everything(), lambda share: film.show(step, step.m, start + (stop - start) * share)), seconds=seconds)

    with film.scene.telling():
        film.move(FadeIn(film.each), seconds=TEXT)
        pass_by(0.0, 1.0, FIRST)
        film.scene.hold(0.5)
        pass_by(1.0, 2.0, NEXT)
        if step.sweeps > 2:
            pass_by(2.0, float(step.sweeps), OTHERS)
        film.move(FadeIn(*film.stays()), seconds=TEXT)


@beat("cached")
def cached(film: IOFilm) -> None:
    """What standard attention moves, over all M: between what it is without a cache, and with a perfect one."""
    found, rect, skin = film.found, film.plot.rect, film.skin
    low, high = (film.plot.y(nbytes) for nbytes in (found.cached, found.standard))
    band, thin = Rectangles(skin.scores, name="standard", opacity=DIM), em(2)
    ends = Rectangles(skin.scores, name="standard ends")
    ends.values = np.array([found.cached, found.standard])

    def draw(share: float) -> None:
        right = rect.x0 + share * rect.width
        band.display(edges([Rect(rect.x0, low, right, high)]))
        ends.display(edges([Rect(rect.x0, y - thin, right, y + thin) for y in (low, high)]))

    with film.scene.telling():
        film.move(Shows(Group(band, ends), draw, introducer=True, rate_func=ease_in_out_cubic), seconds=1.2)
        for nbytes, names, baseline in ((found.standard, STANDARD, high + em(BY_LINE)), (found.cached, CACHE, low + em(BY_LINE))):
            number = at_right(amount(nbytes), rect.x1 - em(BY_LINE), baseline, film, "standard bytes")
            room = number.left - film.written - em(3 * BY_LINE)
            name = first_that_fits(names, LABEL, room, Face.STRONG)
            film.move(FadeIn(number, at_right(name, number.left - em(BY_LINE), baseline, film, "standard how")), seconds=TEXT)
            film.scene.hold(0.6)


def at_right(text: str, right: float, baseline: float, film: IOFilm, name: str) -> Word:
    """A word that ends somewhere."""
    return Word(text, LABEL, film.skin.ink, right - text_width(text, LABEL, Face.STRONG), baseline, name)


@beat("wider")
def wider(film: IOFilm) -> None:
    """M doubles, and again: blocks of K and V get as wide, there are half as many, and the bar sinks."""
    with film.scene.telling():
        for step in film.found.steps[1:]:
            film.move(FadeOut(film.besides, *film.keys), seconds=TEXT)
            film.move(film.grow(step), seconds=GROWTH)
            film.keys, film.besides = film.keyed(), film.beside()
            film.move(FadeIn(film.besides, *film.keys, *film.stays()), seconds=TEXT)


@beat("crossing")
def crossing(film: IOFilm) -> None:
    """Where the curve leaves standard attention's bytes: a line from there to the axis, and how much memory that is."""
    found, plot, m = film.found, film.plot, film.found.crossing
    assert m is not None  # else the board has no such beat
    x, top, thin = plot.x(m), plot.y(bytes_at(m, found.config)), em(2)
    low, high, right = plot.rect.y0, plot.y(found.standard), plot.rect.x1
    dot = Dot(film.skin.ink, hollow=False, name="crossing dot").at((x, top, 0.0))
    line, below = Rectangles(film.skin.ink, name="crossing line"), Rectangles(film.skin.o, name="fewer", opacity=DIM / 2)
    line.values = np.array([m, bytes_at(m, found.config)])
    text = on_chip(m, found.config)
    label = Word(text, LABEL, film.skin.ink, x + em(2 * BY_LINE), high - em(LINE - BY_LINE), "crossing")

    def drop(share: float) -> None:
        line.display(edges([Rect(x - thin, high - (high - low) * share, x + thin, high)]))

    def spread(share: float) -> None:
        below.display(edges([Rect(x, low, x + (right - x) * share, plot.y(found.cached))]))

    with film.scene.telling():
        film.move(FadeIn(dot), seconds=TEXT)
        film.move(Shows(line, drop, introducer=True), seconds=0.8)
        film.move(FadeIn(label), seconds=TEXT)
        film.scene.bring_to_back(below)
        film.move(Shows(below, spread, introducer=True), seconds=1.0)


@beat("answer")
def answer(film: IOFilm) -> None:
    """Once more from the smallest chip to the largest; what doubling divides, and of what order the bytes are (Theorem 2)."""
    steps, place, skin = film.found.steps, film.place, film.skin
    film.move(FadeOut(film.each, film.once, film.besides, *film.keys), seconds=TEXT)
    sweeps, nbytes = (
        ", then ÷ ".join(dict.fromkeys(times(before / after) for before, after in pairwise(each)))
        for each in ([step.sweeps for step in steps], [step.nbytes for step in steps])
    )
    ratios = first_that_fits([text.format(sweeps, nbytes) for text in RATIOS], LABEL, place["each"].width)
    bound = first_that_fits(BOUND, LABEL, place["once"].width)
    film.move(film.grow(steps[0], trail=False), seconds=BACK)
    with film.scene.telling():
        film.move(film.grow(steps[-1], trail=False), seconds=GROWTH)
        film.move(FadeIn(film.besides, *film.keys, word(ratios, LABEL, skin.ink, place["each"], "ratios")), seconds=TEXT)
        film.move(FadeIn(word(bound, LABEL, skin.ink, place["once"], "cited", Face.TEXT)), seconds=TEXT)
