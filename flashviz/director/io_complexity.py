"""What a chip's memory buys: a block of K and V stays, Q and O pass, their bytes are laid on a bar; then twice the memory, and again."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from manim import Group
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import theme
from flashviz.chapters import io_complexity
from flashviz.chapters.io_complexity import BOUND, IO, Step, Way, elements, gather, on_chip
from flashviz.director.material import provenance
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, NUMBER, Word, amid, first_that_fits, fitted, middle, word
from flashviz.figures import amount, kib
from flashviz.layout import Rect
from flashviz.layout.io_complexity import Columns, Square
from flashviz.layout.rect import rows
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, early, late
from flashviz.mobjects.named import Named
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.sweeps import SEAM, Bars, Flying, Memory, Sweeps
from flashviz.mobjects.tiles import Rectangles, box, dashes, edges, outlines

HEAD = ("FlashAttention, 2022: bytes between HBM and chip", "bytes between HBM and chip", "HBM to chip and back")
WHOLE = ("S: never stored",)
ADDED = ("once {once} + one sweep {each} = {all} KiB", "once {once} + sweep {each} KiB")
ONCE = ("once: {} KiB", "once: {}", "{} KiB")
AT_FIRST = ("these cross once: {} KiB", "once: {} KiB")
STORED = ("{0}: {2} KiB out, {2} back", "{0}: {2} out, {2} back", "{0}: {1}", "{0}")
CHIP, SMALL, BYTES = "on chip: {}", "on a small chip: {}", "× {} bytes each = {}"
NUMBERS = "M = {0:,} numbers"
LARGER = ("a larger chip: {}", "{}")
PARTS = ("O: {} of {} parts", "O: {} of {}")
SHARED = ("Q, K, V in, O out: {1}", "Q, K, V, O: {1}", "{1}")
FOUR = "M = 4 blocks of {columns} × {d} = {m:,} numbers"
SIZES = "N = {n}, d = {d}"
ROWS = "K, V, Q, O: N = {n} rows of d = {d} numbers"
LAW = (
    ("M = 4 blocks × width × d",),
    ("N / width = 4 N d / M sweeps", "4 N d / M sweeps"),
    ("× 3 N d numbers: Q in, O in, O out, sums aside", "× 3 N d numbers: Q in, O in, O out", "× 3 N d numbers each"),
    ("= 12 N² d² / M: twice M, half as many", "= 12 N² d² / M"),
)  # fmt: skip
LINE_NAME = ("standard attention: {}", "standard: {}", "{}")
SLOW, FIRST, PACE = (2.0, 1.4), 2.2, 3.6  # seconds: of a visit's flights, of the rest of the first sweep, of all sweeps at the smallest M
LIT = 1.0  # seconds for which what a line of the law counts is framed
HELD, GROWTH, SCALED = 0.8, 1.3, 1.2  # of a block's way to the chip, of twice M, of a bar from near to its scale
PILED, STEP = 1.6, 0.2  # of standard attention's bytes, and of each way besides
CROSSING, COUNTED = 0.35, (0.3, 0.3, 0.65)  # of a visit: a flight, and when Q's, O's and again O's copies set out to the bar
BY_LINE, LINE = 12, 46  # px: from a line or a bar to its words, and to the next line of words


class IOStage(ShotScene):
    """The scene that the chip grows on."""

    script = io_complexity.BEATS

    def open(self, run: Callable[..., Any]) -> IOFilm:
        """Record Algorithm 1 at growing M: ``flashviz_kernels.recorder.run``."""
        found = gather(self.settings.config, run)
        self.provenance = [provenance(trace) for trace in found.traces]
        self.set_board(found.beats, {})
        return IOFilm(self, found)


class IOFilm(ChapterFilm):
    """Everything on stage, made here once."""

    whole: Word  # what becomes of the scores
    said: Sequence[Word] = ()  # how large the memory is
    slots: Sequence[Named]  # the bar's outlines, near
    ways: Sequence[Word]  # what each is
    standard: Word  # what standard attention moves
    excess: Sequence[Named] = ()  # what the smallest chip moves beyond it
    over: Sequence[Word] = ()  # words over bars
    rest: Sequence[Word]  # what crosses once
    larger: Word  # how large the largest memory is

    def __init__(self, scene: ShotScene, found: IO) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.place = place = scene.shot("io")
        self.step, most = found.steps[0], max(found.steps[0].nbytes, float(found.standard))
        self.near = Columns(place["plot"], len(found.steps), found.once + found.sweep)
        self.far = Columns(place["plot"], len(found.steps), most)
        self.columns, self.under = self.near, place["under"]
        self.square = Sweeps(Square.of(place["square"], found.config.seq_k), self.skin)
        self.memory = Memory(self.skin, "memory")
        self.bars = [Bars(index, found.starts, found.each, self.skin) for index in range(len(found.steps))]
        self.border = Rectangles(self.skin.quiet, name="border").display(edges([place["border"]]))
        self.hbm = amid(["HBM"], self.skin.ink, place["hbm"], "hbm")
        self.kept = [Memory(self.skin, "memory kept") for _ in found.steps]
        self.sizes: list[Word] = []  # of the memory under each bar
        self.largest = Rectangles(self.skin.quiet, name="largest memory").display(dashes(place["held"]))
        self.parts = self.counted()
        self.fixed = Rectangles(self.skin.ink, name="fixed").set_z_index(1)
        self.line = Rectangles(self.skin.scores, name="standard").set_z_index(1)
        self.head = fitted(HEAD, LABEL, self.skin.ink, place["head"], "head")

    @property
    def index(self) -> int:
        """Which M it is."""
        return self.found.steps.index(self.step)

    @property
    def held(self) -> Rect:
        """Where the memory stands, as large as it is."""
        return self.wide(self.step.m)

    def wide(self, m: float) -> Rect:
        """Memory of M numbers."""
        return self.place["held"].left(self.place["held"].width * m / self.found.steps[-1].m)

    def show(self, swept: float) -> None:
        """The square and the bar after so many sweeps."""
        self.square.display(self.step.columns, self.step.rows, swept)
        self.count()
        self.bars[self.index].display(self.columns, swept)

    def counted(self) -> Readout:
        """In the square: how many parts have been added to O, of how many."""
        grid, sweeps = self.square.place.grid, self.found.steps[0].sweeps
        self.parts_text = next((t for t in PARTS if text_width(t.format(sweeps, sweeps), LABEL, Face.MONO_STRONG) < grid.width), PARTS[-1])
        return Readout("", LABEL, self.skin.o, name="parts of O", face=Face.MONO_STRONG, anchor="center").at(grid.bottom(grid.height / 4))

    def count(self) -> None:
        """As the square is."""
        self.parts.display(self.parts_text.format(*self.square.finished))

    def passing(self, start: float, stop: float, seconds: float) -> None:
        """Sweeps go on from one to another."""
        moving = Group(self.square, self.parts, self.bars[self.index])
        self.move(Shows(moving, lambda share: self.show(start + (stop - start) * share)), seconds=seconds)

    def block(self, name: str, index: int) -> Rect:
        """Where the first block of K or V stands in HBM, or that of so many visits later of Q or O."""
        place = self.square.place
        if name in "KV":
            return place.block(name, 0.0, self.step.columns)
        strip, high = place.strip(name), self.step.rows * place.unit
        return Rect(strip.x0, max(strip.y1 - (index + 1) * high, strip.y0), strip.x1, strip.y1 - index * high)

    def visit(self, index: int, visits: int, seconds: float) -> None:
        """A block of Q and one of O fly to the chip, a copy of each to its part of the bar, and of O as it flies back."""
        blocks = {name: Flying(name, self.skin) for name in "QO"}
        ways = {name: (self.block(name, index), Memory.slot(self.held, name, filled(self.step)[name])) for name in "QO"}
        counted, low = list[tuple[Flying, Rect, Rect, float]](), self.found.once  # copies, their ways, and when they set out
        for way, begins in zip(self.found.each, COUNTED, strict=False):
            laid = self.columns.bar(0, low + index * way.nbytes / visits, low + (index + 1) * way.nbytes / visits)
            counted.append((Flying(way.tensor, self.skin), ways[way.tensor][1], laid, begins))
            low += way.nbytes

        def fly(share: float) -> None:
            self.square.display(self.step.columns, self.step.rows, max(index / visits, 1e-6))
            self.count()
            self.bars[0].display(self.columns, (index + late(share)) / visits)
            for copy, start, stop, begins in counted:
                copy.between(start, stop, ease_in_out_cubic(min((share - begins) / CROSSING, 1.0)) if share > begins else 1.0)
            for name, (there, here) in ways.items():
                inward = there.toward(here, ease_in_out_cubic(min(share / CROSSING, 1.0)))
                back = ease_in_out_cubic(max(1 - (1 - share) / CROSSING, 0.0))
                blocks[name].between(inward, there, back if name == "O" else float(share >= CROSSING))  # Q stays in its quarter

        flying = [*blocks.values(), *(copy for copy, *_ in counted)]
        self.scene.add(*flying)
        self.move(Shows(Group(self.square, self.parts, self.bars[0], *flying), fly), seconds=seconds)
        self.scene.remove(*flying)

    def measured(self, near: str = "") -> list[Word]:
        """How large the memory is, and what M counts; ``near`` at first, where it is seen closely, and how many rows the matrices have."""
        c, columns = self.found.config, self.step.columns
        figures = {"columns": columns, "d": c.head_dim, "m": elements(columns, c.head_dim), "n": c.seq_k}
        texts = {
            f"{near}chip": (SMALL if near else CHIP).format(on_chip(figures["m"], c)),
            f"{near}numbers": (FOUR if near else NUMBERS).format(figures["m"], **figures),
        }
        texts |= {"near bytes": BYTES.format(c.itemsize, on_chip(figures["m"], c)), "near rows": ROWS.format(**figures)} if near else {}
        short = {"near numbers": NUMBERS.format(figures["m"]), "near rows": SIZES.format(**figures)}
        return [
            fitted([text, short.get(part, text)], LABEL, self.skin.ink, self.place[part], part.split()[-1]) for part, text in texts.items()
        ]

    def named_largest(self, rect: Rect) -> Word:
        """How large the largest memory is, in the part of its outline that the smallest one leaves."""
        free = rect.beyond(rect.width * self.step.m / self.found.steps[-1].m).inset(em(BY_LINE), 0.0)
        text = first_that_fits([each.format(on_chip(self.found.steps[-1].m, self.found.config)) for each in LARGER], LABEL, free.width)
        return Word(text, LABEL, self.skin.ink, free.x1 - text_width(text, LABEL), middle(free, LABEL), "larger", Face.TEXT)

    def outlined(self) -> list[Named]:
        """Of all that crosses until the first sweep is through, way by way."""
        found, low = [], 0.0
        for way in (*self.found.starts, *self.found.each):
            rect = self.columns.bar(0, low, low + way.nbytes)
            found.append(Named(box(rect, stroke=self.skin.hue(way.tensor)), tag="slot"))
            low += way.nbytes
        return found

    def listed(self, ways: Sequence[Way], low: float) -> list[Word]:
        """What each way is, beside its part of the bar, in KiB."""
        left, right = (self.columns.beside(0)[0] + em(BY_LINE), self.place["plot"].x1)
        found = []
        for way in ways:
            y = self.columns.y(low + way.nbytes / 2)
            rect = Rect(left, y - em(LINE) / 2, right, y + em(LINE) / 2)
            found.append(word(f"{way.name}: {amount(way.nbytes)}", LABEL, self.skin.hue(way.tensor), rect, "way"))
            low += way.nbytes
        return found

    def on_bar(self, texts: Sequence[str], name: str, lift: float = BY_LINE) -> list[Word]:
        """Lines over a bar, the first one highest."""
        left, top = self.columns.x(self.index, 0.0), self.columns.y(self.bars[self.index].values[1])
        return [
            Word(text, LABEL, self.skin.ink, left + em(BY_LINE), top + em(lift + at * LINE), name)
            for at, text in enumerate(reversed(texts))
        ]  # fmt: skip

    def added(self, texts: Sequence[str]) -> list[Word]:
        """Over the first bar and its last way's name: how much it is."""
        found = self.found
        figures = {"once": number(found.once), "each": number(found.sweep), "all": number(found.once + found.sweep)}
        said = [text.format(number(found.once), **figures) for text in texts]
        return self.on_bar(
            [first_that_fits(said, LABEL, self.columns.rect.width - em(2 * BY_LINE), Face.STRONG)], "added", BY_LINE + LINE / 2
        )

    def remains(self) -> None:
        """A bar stands: its sweeps and bytes over it, and under it the memory that it is of."""
        step, kept, start = self.step, self.kept[self.index], self.held
        if self.index:  # out of the one before, which half of it is
            before = self.found.steps[self.index - 1]
            start = self.columns.memory(self.index - 1, self.under, before.m / self.found.steps[-1].m)
        stop = self.columns.memory(self.index, self.under, step.m / self.found.steps[-1].m)
        words = self.on_bar((swept(step), amount(step.nbytes)), "bytes")
        self.over = [*self.over, *words]
        self.sizes.append(self.size(self.index))
        self.move(FadeIn(*words), seconds=TEXT)
        copied = Shows(
            kept, lambda share: kept.display(start.toward(stop, share), filled(step)), introducer=True, rate_func=ease_in_out_cubic
        )  # fmt: skip
        self.move(copied, seconds=MOVE)
        self.move(FadeIn(self.sizes[-1]), seconds=TEXT)

    def size(self, index: int) -> Word:
        """How large a memory is, under it, and where there is room how many rows of Q and O, no more than d, if fewer than of K and V."""
        left, low = self.columns.x(index, 0.0) + em(BY_LINE), self.under.y0 + em(BY_LINE)
        step = self.found.steps[index]
        kibs = on_chip(step.m, self.found.config)
        texts = [f"{kibs} on chip", kibs]
        if step.rows < step.columns:  # why Q's and O's quarters are not full
            texts = [f"{kibs}; Q, O: at most d rows", f"{kibs}; Q, O: {step.rows} rows", *texts]
        return Word(first_that_fits(texts, LABEL, self.columns.pitch - em(BY_LINE), Face.STRONG), LABEL, self.skin.ink, left, low, "size")

    def constant(self) -> list[Word]:
        """Beside the last bar: what of it crosses once, where there is room."""
        last = len(self.bars) - 1
        left, right = (x + em(BY_LINE) * sign for x, sign in zip(self.columns.beside(last), (1, 0), strict=True))
        texts = [each.format(number(self.found.once)) for each in ONCE]
        text = first_that_fits(texts, LABEL, right - left, Face.STRONG)
        if text_width(text, LABEL, Face.STRONG) > right - left:
            return []
        return [Word(text, LABEL, self.skin.ink, left, self.columns.y(self.found.once / 2) - 0.36 * em(LABEL), "once")]

    def piled(self) -> tuple[list[Shows], list[Word]]:
        """Standard attention's ways as pieces of a second bar, over the line of what crosses once; beside each what it is."""
        pieces, words, low = list[Shows](), list[Word](), 0.0
        for way in self.found.stored:
            piece = Rectangles(self.skin.hue(way.tensor), name="piece").set_z_index(2)
            pieces.append(Shows(piece, partial(self.grown, piece, low, way.nbytes), introducer=True))
            low += way.nbytes
            if way.tensor in "SP":
                words.append(self.beside_piece(STORED, way.name, low - way.nbytes / 2, way.nbytes, self.skin.hue(way.tensor)))
            elif way.tensor == "O":  # all that is not stored between two launches, together
                words.append(self.beside_piece(SHARED, "", low / 2, low, self.skin.ink))
        return pieces, words

    def grown(self, piece: Rectangles, low: float, nbytes: float, share: float) -> Rectangles:
        """So much of a piece of the second bar."""
        piece.values = np.array([nbytes])
        return piece.display(edges([self.columns.bar(1, low, low + share * nbytes)]) + np.array([0, SEAM / 2, 0, -SEAM / 2]) * share)

    def beside_piece(self, texts: Sequence[str], name: str, middle_of: float, nbytes: float, color: str) -> Word:
        """What pieces of the second bar are, beside their middle."""
        left, right = self.columns.beside(1)[0] + em(BY_LINE), self.columns.rect.x1
        said = [text.format(name, kib(nbytes), number(nbytes / 2)) for text in texts]
        text = first_that_fits(said, LABEL, right - left, Face.STRONG)
        return Word(text, LABEL, color, left, self.columns.y(middle_of) - 0.36 * em(LABEL), "stored")

    def named_standard(self) -> Word:
        """Over the line at what standard attention moves, at its right end."""
        rect, y = self.columns.rect, self.columns.y(self.found.standard)
        texts = [text.format(amount(self.found.standard)) for text in LINE_NAME]
        text = first_that_fits(texts, LABEL, rect.x1 - self.columns.x(1, 0.0), Face.STRONG)
        return Word(text, LABEL, self.skin.ink, rect.x1 - text_width(text, LABEL, Face.STRONG), y + em(BY_LINE), "standard bytes")

    def level(self, nbytes: float, line: Rectangles, stop: float) -> Rectangles:
        """A line from the left of the columns, at so many bytes."""
        y = self.columns.y(nbytes)
        line.values = np.array([nbytes])
        return line.display(edges([Rect(self.columns.rect.x0, y - em(2), stop, y + em(2))]))

    def level_once(self) -> Rectangles:
        """That of what crosses once: it ends with the last bar, where it is named."""
        return self.level(self.found.once, self.fixed, self.columns.beside(len(self.bars) - 1)[0])

    def arrange(self, columns: Columns, under: Rect) -> None:
        """All bars, in these columns, and the memories under them."""
        self.columns, self.under, largest = columns, under, self.found.steps[-1]
        for index, (bar, kept, step) in enumerate(zip(self.bars, self.kept, self.found.steps, strict=True)):
            bar.display(columns, step.sweeps)
            kept.display(columns.memory(index, under, step.m / largest.m), filled(step))
        self.level_once()


def number(nbytes: float) -> str:
    """In KiB, without the unit."""
    return kib(nbytes).partition(" ")[0]


def filled(step: Step) -> dict[str, float]:
    """What blocks fill of their quarters: Q and O have Br rows, no more than d, K and V have Bc."""
    return {"K": 1.0, "V": 1.0, "Q": step.rows / step.columns, "O": step.rows / step.columns}


# --------------------------------------------------------------------------------------------------------------- beats


@beat("chip")
def chip(film: IOFilm) -> None:
    """The scores as a square, K and V above in blocks, Q and O beside; the first block of each flies to the memory, seen closely."""
    skin, largest, there = film.skin, film.place["near held"], dict[str, float]()
    share = film.step.m / film.found.steps[-1].m
    large = largest.left(largest.width * share)
    film.square.display(film.step.columns, film.step.rows, 0.0)
    film.memory.display(large, there)
    film.largest.display(dashes(largest))
    film.larger = film.named_largest(largest)
    film.whole = amid(WHOLE, skin.ink, film.square.place.grid, "whole")
    film.said, letters = film.measured("near "), list[Word]()
    film.scene.add(film.square, film.whole, film.hbm, film.largest, film.larger, film.memory, *film.said)
    with film.scene.telling():
        for name, full in filled(film.step).items():
            flying = Flying(name, skin)
            path = film.block(name, 0), Memory.slot(large, name, full)
            film.move(
                Shows(flying, partial(flying.between, *path), introducer=True, remover=True, rate_func=ease_in_out_cubic), seconds=HELD
            )
            there[name] = full
            film.memory.display(large, there)
            letters.append(amid([name], skin.ground, path[1], "held name"))
            film.scene.add(letters[-1])
        film.scene.hold(0.6)

    def goes(share: float) -> None:
        film.memory.display(large.toward(film.held, share), there)
        film.largest.display(dashes(largest.toward(film.place["held"], share)))

    gone = FadeOut(*film.said, film.larger, *letters, rate_func=early)
    film.move(gone, Shows(Group(film.largest, film.memory), goes, rate_func=ease_in_out_cubic), seconds=MOVE)
    film.said, film.larger = film.measured(), film.named_largest(film.place["held"])
    film.move(FadeIn(*film.said, film.larger, film.border), seconds=TEXT)


@beat("sweep")
def sweep(film: IOFilm) -> None:
    """What crosses once is laid on a bar; then block by block of Q and O flies to the chip, O back, and each way fills its part."""
    found, step, bar = film.found, film.step, film.bars[0]
    visits = -(-found.config.seq_q // step.rows)
    film.slots = film.outlined()
    once, each = film.listed(found.starts, 0.0), film.listed(found.each, found.once)
    film.ways = [*once, *each]
    film.count()
    film.move(FadeIn(film.head, film.parts, *film.slots[: len(once)], *once), seconds=TEXT)
    film.move(Shows(bar, lambda share: bar.display(film.columns, 0.0, share), introducer=True), seconds=1.0)
    film.over = film.added(AT_FIRST)
    film.move(FadeIn(*film.over), seconds=TEXT)
    film.scene.hold(0.6)
    film.scene.event = len(found.traces[0])
    with film.scene.telling():
        film.move(FadeOut(*film.over), seconds=TEXT)
        film.move(FadeIn(*film.slots[len(once) :], *each), seconds=TEXT)
        for index, seconds in enumerate(SLOW[: visits - 1]):
            film.visit(index, visits, seconds)
        film.passing(min(len(SLOW), visits - 1) / visits, 1.0, FIRST)
    film.over = film.added(ADDED)
    film.move(FadeIn(*film.over), seconds=TEXT)


@beat("again")
def again(film: IOFilm) -> None:
    """The bar shrinks to a scale for all sweeps, and they go on: each lays the same slab on it, and adds its part to O."""
    near, far, bar = film.near, film.far, film.bars[0]
    gone, film.over = [*film.ways, *film.over, *film.slots], []

    def scale(share: float) -> None:
        film.columns = replace(near, most=near.most * math.exp(share * math.log(far.most / near.most)))
        bar.display(film.columns, 1.0)
        film.level_once()

    film.scene.add(film.fixed)
    film.move(FadeOut(*gone, rate_func=early), Shows(Group(bar, film.fixed), scale, rate_func=ease_in_out_cubic), seconds=SCALED)
    film.rest = film.constant()
    with film.scene.telling():
        if film.rest:
            film.move(FadeIn(*film.rest), seconds=TEXT)
        if film.step.sweeps > 1:
            film.passing(1.0, float(film.step.sweeps), PACE)
        film.remains()


def compare(film: IOFilm) -> None:
    """What standard attention moves is piled up beside, and stays as a line; what the smallest chip moves beyond it is framed."""
    found, columns, skin = film.found, film.columns, film.skin
    pieces, words = film.piled()
    film.move(FadeOut(*film.rest, film.fixed), seconds=TEXT)
    with film.scene.telling():
        for piece, way in zip(pieces, found.stored, strict=True):
            film.move(piece, seconds=PILED * way.nbytes / found.standard + STEP)
            if way.tensor in "OSP":
                film.scene.add(words["OSP".index(way.tensor)])
        film.standard = film.named_standard()
        left, wide = columns.rect.x0, columns.rect.width
        reach = Shows(film.line, lambda share: film.level(found.standard, film.line, left + share * wide), introducer=True)
        film.move(FadeIn(film.standard), reach, seconds=0.8)
        beyond = film.step.nbytes - found.standard
        if beyond > 0:
            excess = box(columns.bar(0, found.standard, film.step.nbytes), stroke=skin.warn, width=2 * theme.HEAVY)
            film.excess = [Named(excess, tag="excess")]
            film.move(FadeIn(*film.excess), seconds=TEXT)
        film.scene.hold(1.0)
    film.move(FadeOut(*(piece.mobject for piece in pieces), *words), FadeIn(*film.rest, film.fixed), seconds=TEXT)


more, less = beat("more")(compare), beat("less")(compare)


@beat("wider")
def wider(film: IOFilm) -> None:
    """M doubles, and again: blocks get as wide, the square is cut into half as many, and as many sweeps are laid beside the first bar."""
    found = film.found
    with film.scene.telling():
        for before, step in zip(found.steps, found.steps[1:], strict=False):
            start, film.step = film.held, step

            def grow(share: float, before: Step = before, step: Step = step, start: Rect = start) -> None:
                film.square.widen(before.columns, step.columns, share)
                rows = before.rows + (step.rows - before.rows) * share
                of = rows / (before.columns + (step.columns - before.columns) * share)
                film.memory.display(start.toward(film.held, share), {"K": 1.0, "V": 1.0, "Q": of, "O": of})

            film.move(FadeOut(*film.said, *([film.larger] if film.larger in film.scene.mobjects else [])), seconds=TEXT)
            film.move(Shows(Group(film.square, film.memory), grow, rate_func=ease_in_out_cubic), seconds=GROWTH)
            film.said = film.measured()
            film.show(0.0)
            film.move(FadeIn(film.bars[film.index], *film.said), seconds=TEXT)
            film.passing(0.0, float(step.sweeps), PACE * step.sweeps / found.steps[0].sweeps)
            film.remains()


@beat("answer")
def answer(film: IOFilm) -> None:
    """The bars take the whole frame: over each memory its sweeps, half as many for twice as much, and the part that crosses once."""
    found, place, skin = film.found, film.place, film.skin
    start, under, wide = film.columns, film.under, place["wide"]
    gone = [film.square, film.whole, film.hbm, film.border, film.memory, film.largest, *film.said, film.head, film.parts, film.standard]
    gone += [*film.excess, *film.over, *film.sizes, *film.rest]
    film.move(FadeOut(*gone), seconds=TEXT)

    def widen(share: float) -> None:
        film.arrange(replace(start, rect=start.rect.toward(wide, share)), under.toward(place["wide under"], share))
        film.level(found.standard, film.line, film.columns.rect.x1)

    widen(1.0)
    film.sizes = [film.size(index) for index in range(len(found.steps))]
    words = [*film.sizes, *film.constant(), film.named_standard()]
    moving = Shows(Group(*film.bars, *film.kept, film.fixed, film.line), widen, rate_func=ease_in_out_cubic)
    film.move(moving, FadeIn(*words, rate_func=late), seconds=MOVE)
    with film.scene.telling():
        for index, step in enumerate(found.steps):
            film.move(FadeIn(*bracketed(film, index, step)), seconds=TEXT)
            film.scene.hold(0.3)
        for said, rects in zip(law(film), counted(film), strict=True):
            lit = outlines(skin.stats, "lit", 2 * theme.HEAVY).display(edges([rect.inset(-em(BY_LINE) / 2) for rect in rects]))
            lit.set_z_index(3)
            film.move(FadeIn(said, lit), seconds=TEXT)
            film.scene.hold(LIT)
            film.move(FadeOut(lit), seconds=TEXT / 2)


def counted(film: IOFilm) -> list[list[Rect]]:
    """What each line of the law counts: the memories, all sweeps of a bar, one of them, all that repeats; of its source nothing."""
    found, columns = film.found, film.columns
    largest, once = found.steps[-1], found.once
    steps = list(enumerate(found.steps))
    memories = [columns.memory(index, film.under, step.m / largest.m) for index, step in steps]
    repeats = [columns.bar(index, once, step.nbytes) for index, step in steps]
    return [memories[:1], repeats[:1], [columns.bar(0, once, once + found.sweep)], repeats, []]


def law(film: IOFilm) -> list[Word]:
    """Why bars fall so, line by line as the bars are, sweeps by numbers of each, and who says it."""
    place, ink = film.place, film.skin.ink
    said = [fitted(texts, NAME, ink, rect, "law") for texts, rect in zip(LAW, rows(place["law"], len(LAW)), strict=True)]
    return [*said, fitted(BOUND, LABEL, ink, place["bound"], "bound", Face.TEXT)]


def swept(step: Step) -> str:
    """How many sweeps there are."""
    return f"{step.sweeps} sweep{'s' * (step.sweeps != 1)}"


def bracketed(film: IOFilm, index: int, step: Step) -> list[Word | Rectangles]:
    """Beside a bar: a line along what repeats, and how often it does."""
    columns, found, ink = film.columns, film.found, film.skin.ink
    left, right = columns.beside(index)
    low, high, x = columns.y(found.once), columns.y(step.nbytes), left + em(BY_LINE)
    line = Rectangles(ink, name="repeats").display(edges([Rect(x, low + em(6), x + em(5), high)]))
    line.values = np.array([step.sweeps * found.sweep])
    texts = (swept(step), f"× {amount(found.sweep)}")
    room = right - x - em(4 * BY_LINE)
    px = min(NUMBER, 0.42 * (high - low) / em(1), *(NAME * room / text_width(text, NAME, Face.STRONG) for text in texts))
    if px < LABEL:  # over the bar, where there is no room beside it
        px, x, center = LABEL, columns.x(index, 0.0) - em(BY_LINE), high + em(BY_LINE + LABEL)
    else:
        center = (low + high) / 2
    words = [
        Word(text, px, ink, x + em(2 * BY_LINE), center + em(sign * px * 0.6) - 0.36 * em(px), "repeated")
        for text, sign in zip(texts, (1, -1), strict=True)
    ]  # fmt: skip
    return [line, *words]
