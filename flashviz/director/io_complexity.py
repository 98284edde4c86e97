"""What a chip's size buys: blocks fly to it, one sweep is seen closely, standard attention's bytes; then twice the chip, and twice that."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from manim import Group
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz.chapters import io_complexity
from flashviz.chapters.io_complexity import BOUND, IO, Step, elements, gather, on_chip, scores_bytes
from flashviz.director.film.parts import fitting
from flashviz.director.material import provenance
from flashviz.director.shots import TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import CORNER, LABEL, NAME, Word, amid, first_that_fits, middle, word
from flashviz.figures import KIB, amount, kib
from flashviz.layout import Rect
from flashviz.layout.io_complexity import Plot, Room, Square, round_steps
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.sweeps import Bars, Chip, Flying, Sweeps
from flashviz.mobjects.tiles import Rectangles, edges
from flashviz.palette import DIM

FLASH = ("FlashAttention, 2022. In HBM: Q, K, V, O, {0:,} × {1}", "FlashAttention, 2022. HBM: {0:,} × {1}", "FlashAttention, 2022")
AXIS = ("on-chip memory M, in KiB",)
UP = ("KiB between HBM and chip, no cache", "KiB moved, no cache")
WHOLE = ("scores S: {0:,} × {0:,}", "S: {0:,} × {0:,}")
BLOCKS = ("{} blocks of {} keys", "{} × {} keys")
BESIDES = (("S, float32: {}", "S: {}"), ("M does not count S", "not in M"))
EACH, ONCE, STANDARD = ("one sweep, in KiB", "a sweep, KiB"), ("only once", "once"), ("standard, in KiB", "standard, KiB")
LINE_NAME = ("standard attention", "standard")
WHY = (
    ("room for a quarter of M each: block = M / 4d", "block = M / 4d"),
    ("sweeps = N / block: {n} / {few} = {most}, {n} / {many} = {least}", "sweeps = N / block: {most}, then {least}", "sweeps = N / block"),
    ("bytes ≈ sweeps × {each}, so they fall as 1 / M", "bytes ≈ sweeps × {each}", "bytes ~ 1 / M"),
)
SLOW, FIRST, NEXT, OTHERS = (1.3, 0.9), 1.4, 0.7, 1.8  # seconds: of a visit's flights, of the rest of a sweep, of the next, of all others
AGAIN, GROWTH, HELD = 2.2, 1.0, 0.9  # of all sweeps of a larger chip, of twice M, and of a block's way to the chip
BY_LINE, LINE = 10, 46  # px: from a line or a bar to its number, and to the next line of words
CHIP_OF = "KVQO"


class IOStage(ShotScene):
    """The scene that the chip grows on."""

    script = io_complexity.BEATS

    def open(self, run: Callable[..., Any]) -> IOFilm:
        """Record Algorithm 1 at growing M: ``flashviz_kernels.recorder.run``."""
        found = gather(self.settings.config, run)
        self.provenance = [provenance(trace) for trace in found.traces]
        self.set_board(io_complexity.BEATS, found.said)
        return IOFilm(self, found)


class IOFilm(ChapterFilm):
    """Everything on stage, made here once."""

    whole: Word  # how many scores there are
    listing: Sequence[Word] = ()  # what moves, a line each
    besides: Sequence[Word] = ()  # how much of S there is room for
    keys: Sequence[Word] = ()  # how many keys each block has, where that can be read
    cut: Word | None = None  # how the keys of the second square are cut
    written: float  # where the words over the last bar end

    def __init__(self, scene: ShotScene, found: IO) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.place = place = scene.shot("io")
        self.step, largest, c = found.steps[0], found.steps[-1], found.config
        self.plot = Plot.of(place["plot"], tuple(step.m for step in found.steps), max(self.step.nbytes, float(found.standard)))
        self.square = Sweeps(Square.of(place["square"], c.seq_k), self.skin)
        self.wide = Sweeps(Square.of(place["wide"], c.seq_k), self.skin, "wide")
        self.chip = Chip(place["chip"], Room(place["room"], quarter(largest, found)), self.skin)
        each = {"Q": found.matrix, "O": 2 * found.matrix, "L": 4 * found.statistic}
        once = {"K": found.matrix, "V": found.matrix, "O": found.matrix, "L": 2 * found.statistic}
        self.bar = Bars(self.plot, once, each, self.skin)
        self.m, self.numbers = self.readout("m", "numbers", numbers(largest, found))
        self.sum, self.summed = self.readout("sum", "sum", summed(self.step.sweeps, found))
        at = place["name"]
        name = first_that_fits([text.format(c.seq_k, c.head_dim) for text in FLASH], LABEL, at.width, Face.STRONG)
        self.name = word(name, LABEL, self.skin.ink, at, "order")

    def readout(self, place: str, name: str, longest: Sequence[str]) -> tuple[Readout, int]:
        """A number that changes as things move, in its place, and which of its forms can be read there."""
        rect = self.place[place]
        sizes = [fitting(text, NAME, rect) for text in longest]
        form = next((at for at, px in enumerate(sizes) if px >= LABEL), len(longest) - 1)
        return Readout("", min(sizes[form], NAME), self.skin.ink, name=name, face=Face.MONO_STRONG).at(rect), form

    @property
    def now(self) -> Sweeps:
        """The square that is swept."""
        return self.square if self.step is self.found.steps[0] else self.wide

    def show(self, swept: float, counted: float | None = None) -> None:
        """The square, the bar and the sum after so many sweeps; ``counted`` of them on the bar."""
        step, counted = self.step, swept if counted is None else counted
        self.now.display(step.columns, step.rows, swept)
        self.bar.display(step.m, counted)
        self.sum.display(summed(int(counted + 1e-9), self.found)[self.summed])

    def hold(self, step: Step) -> None:
        """What the chip holds at one M."""
        self.chip.display(*held(step, self.found))
        self.m.display(numbers(step, self.found)[self.numbers])

    def passing(self, start: float, stop: float, seconds: float) -> None:
        """Sweeps go on from one to another."""
        moving = Group(self.now, self.bar, self.sum)
        self.move(Shows(moving, lambda share: self.show(start + (stop - start) * share)), seconds=seconds)

    def strip(self, name: str, index: int) -> Rect:
        """Where the first block of K or V stands in HBM, or that of so many visits later of Q or O."""
        place = self.square.place
        if name in "KV":
            return place.block(name, 0.0, self.step.columns)
        strip, high = place.strip(name), self.step.rows * place.unit
        return Rect(strip.x0, strip.y1 - (index + 1) * high, strip.x1, strip.y1 - index * high)

    def visit(self, index: int, visits: int, seconds: float) -> None:
        """A block of Q and one of O fly to the chip, and O flies back; they are on the bar when that is done."""
        blocks = {name: Flying(name, self.skin) for name in "QO"}
        whole, _, used = held(self.step, self.found)
        slots = {name: self.chip.slot(name, whole) for name in "QO"}
        ways = {name: (self.strip(name, index), slot.left(used * slot.width)) for name, slot in slots.items()}

        def fly(share: float) -> None:
            self.show(max(index / visits, 1e-6), index / visits)
            for name, (there, here) in ways.items():
                inward = there.toward(here, ease_in_out_cubic(min(2 * share, 1.0)))
                back = ease_in_out_cubic(max(2 * share - 1, 0.0))
                blocks[name].between(inward, there, back if name == "O" else float(share >= 0.5))  # Q stays in its quarter

        moving = Group(self.square, self.bar, self.sum, *blocks.values())
        self.scene.add(*blocks.values())
        self.move(Shows(moving, fly), seconds=seconds)
        self.scene.remove(*blocks.values())

    def grow(self, before: Step, after: Step, share: float) -> None:
        """On the way from one M to another: areas on the chip."""
        start, stop = (np.array(held(step, self.found)) for step in (before, after))
        self.chip.display(*(start + (stop - start) * share))

    def axes(self) -> list[Word | Rectangles]:
        """Both axes of the plot, what they are, and round numbers of KiB at the left."""
        rect, half, up, skin = self.plot.rect, em(2), self.place["up"], self.skin
        base = Rectangles(skin.quiet, name="base").display(edges([
            Rect(rect.x0, rect.y0 - half, rect.x1, rect.y0 + half), Rect(rect.x0 - half, rect.y0, rect.x0 + half, rect.y1),
        ]))  # fmt: skip
        moved = Word(first_that_fits(UP, LABEL, up.width), LABEL, skin.ink, up.x0, middle(up, LABEL), "axis", Face.TEXT)
        found: list[Word | Rectangles] = [base, moved, amid(AXIS, skin.ink, self.place["axis"], "axis")]
        for step in round_steps(max(self.found.standard, self.found.steps[0].nbytes) / KIB):
            text, y = f"{step:,.0f}", self.plot.y(step * KIB)
            left = rect.x0 - em(BY_LINE) - text_width(text, CORNER, Face.TEXT)
            found.append(Word(text, CORNER, skin.ink, left, y - 0.36 * em(CORNER), "tick KiB", Face.TEXT))
        return found

    def at_right(self, text: str, right: float, baseline: float, name: str) -> Word:
        """A word that ends somewhere."""
        return Word(text, LABEL, self.skin.ink, right - text_width(text, LABEL, Face.STRONG), baseline, name)

    def stays(self) -> list[Word | Rectangles]:
        """The bar of a trace, which stays where another one goes on: its sweeps and bytes over it, its M beneath the axis."""
        step, rect = self.step, self.plot.bar(self.step.m, self.step.nbytes)
        bar = Rectangles(self.skin.o, name="counted", opacity=DIM).display(edges([rect]))
        bar.values = np.array([step.m, step.nbytes])
        told = {"bytes": amount(step.nbytes), "sweep count": f"{step.sweeps} {'sweep' if step.sweeps == 1 else 'sweeps'}"}
        words = [
            Word(text, LABEL, self.skin.ink, self.left(rect, text), rect.y1 + em(BY_LINE + at * LINE), name)
            for at, (name, text) in enumerate(told.items())
        ]
        self.written = max(word.left + word.wide for word in words)
        tick = on_chip(step.m, self.found.config).partition(" ")[0]
        left = self.plot.x(step.m) - text_width(tick, LABEL, Face.STRONG) / 2
        return [bar, *words, Word(tick, LABEL, self.skin.ink, left, middle(self.place["ticks"], LABEL), "tick M")]

    def left(self, rect: Rect, text: str) -> float:
        """Where a word over a bar begins: in its middle, but within the plot."""
        return max(rect.center[0] - text_width(text, LABEL, Face.STRONG) / 2, self.plot.rect.x0 + em(BY_LINE))

    def keyed(self, square: Sweeps) -> list[Word]:
        """How many keys each block has, in K, where all can be read; the last one has what is left."""
        place, columns, n = square.place, self.step.columns, self.found.config.seq_k
        found = []
        for key in place.starts(columns).tolist():
            rect, text = place.block("K", key, columns), f"{min(columns, n - int(key))}"
            wide = text_width(text, CORNER, Face.STRONG)
            if wide > rect.width:
                return []
            found.append(Word(text, CORNER, self.skin.ink, rect.center[0] - wide / 2, middle(rect, CORNER), "keys"))
        return found

    def blocked(self, place: str) -> Word:
        """How the keys are cut."""
        step, at = self.step, self.place[place]
        texts = [text.format(step.sweeps, step.columns) for text in BLOCKS]
        return word(first_that_fits(texts, LABEL, at.width, Face.STRONG), LABEL, self.skin.ink, at, "blocks")

    def beside(self) -> list[Word]:
        """Of how much S there must be room, and that M does not count it."""
        size = amount(scores_bytes(self.step))
        return self.lines("besides", [[text.format(size) for text in texts] for texts in BESIDES], "besides")

    def lines(self, part: str, lines: Sequence[Sequence[str]], name: str) -> list[Word]:
        """Lines of words that fill a place, each the first of its forms that fits."""
        at, ink = self.place[part], self.skin.ink
        rows = [row_of(at, row, at.height / len(lines)) for row in range(len(lines))]
        said = [first_that_fits(texts, LABEL, at.width, Face.TEXT) for texts in lines]
        return [word(text, LABEL, ink, row, name, Face.TEXT) for text, row in zip(said, rows, strict=True)]

    def listed(self, heads: Sequence[str], amounts: Mapping[str, float], name: str, low: int = 0) -> list[Word]:
        """A head, and line by line what moves, in KiB, so that it adds up."""
        at, total = self.place["list"], kib(sum(amounts.values()))
        rows = [(way, kib(each).partition(" ")[0]) for way, each in amounts.items()] + [("together", total)]
        high = min(em(LINE), at.height / (len(self.found.each) + len(self.found.starts) + 4))  # both lists, with heads and totals
        found = [word(first_that_fits(heads, LABEL, at.width, Face.STRONG), LABEL, self.skin.ink, row_of(at, low, high), name)]
        for index, (way, text) in enumerate(rows, low + 1):
            line = row_of(at, index, high)
            right = line.x1 - text_width(text, LABEL, Face.STRONG)
            found.append(word(way, LABEL, self.skin.ink, Rect(line.x0, line.y0, right - em(BY_LINE), line.y1), name, Face.TEXT))
            found.append(Word(text, LABEL, self.skin.ink, right, found[-1].baseline, name))
        return found


def row_of(at: Rect, index: int, high: float) -> Rect:
    """One line of a place."""
    return Rect(at.x0, at.y1 - (index + 1) * high, at.x1, at.y1 - index * high)


def quarter(step: Step, found: IO) -> float:
    """Bytes of a quarter of what its blocks fill."""
    return elements(step.columns, found.config.head_dim) * found.config.itemsize / 4


def held(step: Step, found: IO) -> tuple[float, float, float]:
    """Bytes of a quarter of M and of S, and what share of their quarters Q and O fill: Br of Bc rows."""
    return quarter(step, found), scores_bytes(step), step.rows / step.columns


def numbers(step: Step, found: IO) -> tuple[str, ...]:
    """M, as its blocks fill it, and how many bytes these are; shorter."""
    m, size = elements(step.columns, found.config.head_dim), found.config.itemsize
    whole = on_chip(m, found.config)
    return f"chip: M = {m:,} numbers × {size} B = {whole}", f"chip: M = {m:,} × {size} B = {whole}", f"chip: M = {whole}"


def summed(sweeps: int, found: IO) -> tuple[str, str]:
    """What crosses after so many sweeps, so that it checks by hand; shorter."""
    each, once, total = (nbytes / KIB for nbytes in (found.sweep, found.once, found.once + sweeps * found.sweep))
    short = f"{sweeps} × {each:,g} + {once:,g} = {total:,g} KiB"
    return short.replace(" ×", " sweep ×" if sweeps == 1 else " sweeps ×"), short


# --------------------------------------------------------------------------------------------------------------- beats


@beat("square")
def square(film: IOFilm) -> None:
    """All scores as a square, K and V above in blocks, Q and O beside; the first block of each flies to the chip, where S is besides."""
    step, skin = film.step, film.skin
    film.show(0.0)
    film.hold(step)
    film.whole = amid([text.format(film.found.config.seq_k) for text in WHOLE], skin.ink, film.square.place.grid, "whole")
    film.besides = film.beside()
    film.scene.add(film.chip.panel, film.chip.border, film.square, film.name, film.m, film.blocked("blocks"), film.whole, *film.axes())
    with film.scene.telling():
        for name in CHIP_OF:
            flying, start = Flying(name, skin), film.strip(name, 0)
            stop = film.chip.slot(name, quarter(step, film.found))
            arriving = Shows(flying, partial(flying.between, start, stop), introducer=True, remover=True, rate_func=ease_in_out_cubic)
            film.move(arriving, FadeIn(film.chip.letters[name]), seconds=HELD)
            film.scene.add(film.chip.quarters[name])
        film.move(FadeIn(film.chip.scores, *film.besides), seconds=2 * TEXT)
    film.scene.add(film.chip)


@beat("sweep")
def sweep(film: IOFilm) -> None:
    """Block by block of Q and O flies to the chip, and O back; a sweep's bytes are laid on the bar; then the next, and all others."""
    found, step = film.found, film.step
    visits = -(-found.config.seq_q // step.rows)
    film.show(0.0)
    once, each = film.listed(ONCE, found.starts, "once", len(found.each) + 2), film.listed(EACH, found.each, "each")
    film.listing = [*each, *once]
    film.move(FadeOut(film.whole), seconds=TEXT / 2)
    film.move(FadeIn(film.bar, film.sum, *once), seconds=TEXT)
    film.scene.event = len(found.traces[0])
    with film.scene.telling():
        film.move(FadeIn(*each), seconds=TEXT)
        for index, seconds in enumerate(SLOW[: visits - 1]):
            film.visit(index, visits, seconds)
        film.passing(min(len(SLOW), visits - 1) / visits, 1.0, FIRST)
        film.scene.hold(0.5)
        film.passing(1.0, min(2.0, step.sweeps), NEXT)
        if step.sweeps > 2:
            film.passing(2.0, float(step.sweeps), OTHERS)
        film.move(FadeIn(*film.stays()), seconds=TEXT)


@beat("standard")
def standard(film: IOFilm) -> None:
    """What standard attention moves, way by way; its sum is a line over all M."""
    found, rect, skin = film.found, film.plot.rect, film.skin
    y, thin = film.plot.y(found.standard), em(2)
    line = Rectangles(skin.scores, name="standard")
    line.values = np.array([found.standard])
    film.move(FadeOut(*film.listing), seconds=TEXT)
    film.listing = film.listed(STANDARD, found.ways, "ways")
    head, *rows = film.listing
    with film.scene.telling():
        film.move(FadeIn(head), seconds=TEXT)
        for at in range(0, len(rows), 2):
            film.move(FadeIn(*rows[at : at + 2]), seconds=TEXT)
            film.scene.hold(0.35)
        drawn = Shows(
            line, lambda share: line.display(edges([Rect(rect.x0, y - thin, rect.x0 + share * rect.width, y + thin)])), introducer=True
        )
        film.move(drawn, seconds=0.8)
        number = film.at_right(amount(found.standard), rect.x1 - em(BY_LINE), y + em(BY_LINE), "standard bytes")
        name = first_that_fits(LINE_NAME, LABEL, number.left - film.written - em(3 * BY_LINE), Face.STRONG)
        film.move(FadeIn(number, film.at_right(name, number.left - em(BY_LINE), number.baseline, "standard how")), seconds=TEXT)


@beat("wider")
def wider(film: IOFilm) -> None:
    """M doubles, and again: blocks of all four get as wide, a second square is cut into half as many, and is swept beside the first."""
    found = film.found
    film.move(FadeOut(*film.listing), seconds=TEXT)
    with film.scene.telling():
        for before, step in zip(found.steps, found.steps[1:], strict=False):
            film.step = step
            film.move(FadeOut(*film.besides, *film.keys, *([film.cut] if film.cut else [])), seconds=TEXT)
            film.move(Shows(Group(film.chip), partial(film.grow, before, step), rate_func=ease_in_out_cubic), seconds=GROWTH)
            film.hold(step)
            film.show(0.0)
            film.besides, film.keys, film.cut = film.beside(), film.keyed(film.wide), film.blocked("wide blocks")
            film.move(FadeIn(*film.besides, *film.keys, film.cut, *([film.wide] if before is found.steps[0] else [])), seconds=TEXT)
            film.passing(0.0, float(step.sweeps), AGAIN)
            film.move(FadeIn(*film.stays()), seconds=TEXT)


@beat("answer")
def answer(film: IOFilm) -> None:
    """Both squares, all bars, and why: the block grows with M, sweeps are N by the block, so that bytes fall as 1 / M (Theorem 2)."""
    found, (first, *_, last) = film.found, film.found.steps
    film.move(FadeOut(film.chip, film.m, *film.besides), seconds=TEXT)
    figures = {
        "n": found.config.seq_k, "few": first.columns, "most": first.sweeps, "many": last.columns, "least": last.sweeps,
        "each": kib(found.sweep),
    }  # fmt: skip
    said = [[text.format(**figures) for text in texts] for texts in WHY]
    with film.scene.telling():
        for line in film.lines("why", [*said, BOUND], "why"):
            film.move(FadeIn(line), seconds=TEXT)
            film.scene.hold(0.6)
