"""What a chip's memory buys: a block of K and V stays while Q and O pass, sweep by sweep; then twice the memory, and again."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from manim import Group
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import theme
from flashviz.chapters import io_complexity
from flashviz.chapters.io_complexity import IO, Step, elements, gather, on_chip
from flashviz.citations import THEOREM_2
from flashviz.director.material import provenance
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, StepBack, beat, step_forth
from flashviz.director.words import LABEL, NAME, NUMBER, Counter, Word, amid, first_that_fits, fitted, middle, slid, word
from flashviz.figures import KIB
from flashviz.layout import Rect
from flashviz.layout.io_complexity import BAR, BEFORE, Band, Columns, Cross, Square
from flashviz.layout.rect import rows
from flashviz.lettering import Face, em, text_width, wrap
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows
from flashviz.mobjects.named import Named
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.sweeps import Bars, Block, Memory, Stripes, Sweeps
from flashviz.mobjects.tiles import DASH, THIN, Rectangles, box, dashes, edges, outlines, span

WHOLE = ("S: never in HBM", "never in HBM")
ROOM = ("on chip: M = {m:,}", "numbers of {size} bytes", "= 4 blocks of {columns} × {d}", "= {kib}", "scores: not counted")
CUT = ("N = {n} rows each,", "d = {d} numbers a row,", "{sweeps} blocks of {columns} rows")
SCORES = ("scores:", "made and", "dropped")
CHIP = ("on chip: {kib}, blocks of {columns} rows", "on chip: {kib}")
SWEEP = ("one sweep: {}", "sweep: {}")
SUMS = ("O: {} and {} of row sums and maxima", "O: {} and {} of row sums", "O: and {1} of row sums")
ONCE = "once in all: K and V in, O of zeros out: {}"
SUM = "{sweeps} × {each:,.0f} + {once:,.0f} = {all:,.0f} KiB"
AXIS = ("KiB that cross between HBM and chip", "KiB between HBM and chip")
MEMORY = ("M: {}", "{}")
REAL = ("{}, M:", "{}")
STANDARD, ONCE_EACH = ("standard", "attention"), ("each matrix once", "each once")
EXCESS = "{} more"
REAL_SWEEPS = ("{columns} keys, then the last {rest}", "all {n} keys at once")
LAW = (
    ("width = M / 4d", ("rows of a block", "rows")),
    ("N / width", ("sweeps",)),
    ("× 3 N d", ("numbers each: Q in, O in, O out", "numbers each sweep")),
    ("= 12 N² d² / M", ("numbers that cross, about", "numbers, about", "about")),
)
FIGURES = "M = {:,.0f}: about {}"
SIZE = 60  # px: of the law
OVER = 1.3  # columns: how wide words over standard attention's bar may be
NEARER = 2  # columns: in one of so many the first bar grows
FLIGHT, MADE_IN, SEEN = 0.7, 0.45, 0.8  # seconds: a block's way, until the tile is lit, and a look
QUICK = 0.4  # of a block's way, later
AT_ONCE = 2  # blocks on their way, once all pass
CALM, FIRST, REST_OF = 0.7, 0.8, 1.9  # seconds: before the first block, of its way, and of the rest of the first sweep
ONE, PACE, GROWTH, LEAST = 0.9, 1.8, 0.8, 0.9  # seconds: of a sweep, of all at the smallest M, of twice M, and of few sweeps
PIECE, COMPARED, LIT, LAST = 0.4, 1.6, 1.5, 1.7  # seconds: of a piece of a bar, of two bars, of a frame, of the last picture
BACK = 0.22  # opacity of what is not spoken of
SOONER = 2.0  # power: sweeps go faster and faster
JUST = 1e-6  # of a sweep: it has begun
BY_LINE, LINE = 12, 46  # px: from a line or a bar to its words, and to the next line of words


class IOStage(ShotScene):
    """The scene that the chip grows on."""

    script = io_complexity.BEATS

    def open(self, run: Callable[..., Any]) -> IOFilm:
        """Record Algorithm 1 at growing M: ``flashviz_kernels.recorder.run``."""
        found = gather(self.settings.config, run)
        self.provenance = [provenance(trace) for trace in found.traces]
        self.set_board(found.beats, {"device": found.device})
        return IOFilm(self, found)


class IOFilm(ChapterFilm):
    """Everything on stage, made here once."""

    said: Sequence[Word | Readout] = ()  # beside the chip's blocks, and later over its strip
    each: Word  # what a sweep moves
    once: Word  # how often standard attention moves a matrix
    excess: Sequence[Named] = ()  # what the smallest chip moves beyond standard attention
    sums: Sequence[Word] = ()  # beside the first bar, what it is made of
    back: StepBack  # all but the first bar and the law
    lit: Sequence[Rectangles] = ()  # what is framed
    shares: tuple[float, ...] = (0.0, 0.0, 0.0)  # of Q in, O in and O out, of one sweep

    def __init__(self, scene: ShotScene, found: IO) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.place = place = scene.shot("io")
        self.step, made = found.steps[0], len(found.steps)
        self.columns, self.under = Columns(place["plot"], made + 2, max(self.step.nbytes, float(found.standard))), place["under"]
        self.near = replace(self.columns, count=NEARER)
        self.square = Sweeps(Square.of(place["square"], found.config.seq_k), self.skin)
        self.hbm = amid(["HBM"], self.skin.ink, place["hbm"], "hbm")
        self.whole = amid(WHOLE, self.skin.ink, self.square.place.grid, "whole")
        self.cross, self.memory = Cross(place["cross"]), Memory(self.skin, "memory")
        self.slots = [Rectangles(self.skin.hue(name), name="slot").display(dashes(self.cross.slot(name))) for name in "KVQO"]
        self.empty = [self.letter(name, self.skin.hue(name)) for name in "KVQO"]
        self.letters, self.on_chip = dict[str, Word](), dict[str, Rect]()  # of blocks that are on chip
        self.flying = {name: Rectangles(self.skin.hue(name), name=f"flying {name}") for name in "KVQ"}
        self.block = Block(self.skin, 1 / self.step.sweeps)
        slot = self.cross.slot("S")
        names = [
            amid([text], self.skin.ground, row, "made") for text, row in zip(SCORES, rows(slot.inset(0.0, slot.height / 5), 3), strict=True)
        ]
        self.tile = Group(Rectangles(self.skin.scores, name="scores").display(edges([slot])), *names)
        self.band = Band(place["band"], tuple(way.nbytes for way in found.each))
        self.stripes, (self.names, self.crossed) = Stripes(found.each, self.skin), self.beside_stripes()
        self.bars = [Bars(index, found.starts, found.each, self.skin) for index in range(made + 1)]  # the last one: of a real chip
        self.standard = Bars(made + 1, (), found.pieces, self.skin)
        self.counts = [Counter(self.skin.ink, "swept") for _ in self.bars]
        self.kept = [Memory(self.skin, "memory kept", theme.OUTLINE) for _ in found.steps]
        self.axis = fitted(AXIS, LABEL, self.skin.ink, place["axis"], "axis", Face.TEXT)
        self.line = Rectangles(self.skin.scores, name="standard").set_z_index(1)

    @property
    def index(self) -> int:
        """Which M it is."""
        return self.found.steps.index(self.step)

    @property
    def visits(self) -> int:
        """Blocks of Q, and of O."""
        return -(-self.found.config.seq_q // self.step.rows)

    @property
    def held(self) -> Rect:
        """The strip of memory, as wide as M is large."""
        return self.place["held"].left(self.place["held"].width * self.step.m / self.found.steps[-1].m)

    # ------------------------------------------------------------------------------------------------- the chip, closely

    def letter(self, name: str, color: str) -> Word:
        """On a block or its empty slot, what it is."""
        rect, wide = self.cross.slot(name), text_width(name, NUMBER, Face.STRONG)
        return Word(name, NUMBER, color, rect.center[0] - wide / 2, middle(rect, NUMBER), "held name")

    def lettered(self, name: str) -> None:
        """What is on chip gets its letter."""
        self.letters[name] = self.letter(name, self.skin.ink if name == "O" else self.skin.ground).set_z_index(2, family=True)
        self.scene.add(self.letters[name])

    def loads(self, name: str, start: Rect, stop: Rect, seconds: float) -> None:
        """A block flies from HBM onto the chip; what it replaces stays until it has come."""
        flying = self.flying[name]
        self.scene.add(flying)
        self.move(
            Shows(flying, lambda share: flying.display(edges([start.toward(stop, share)])), rate_func=ease_in_out_cubic), seconds=seconds
        )

    def beside_stripes(self) -> tuple[list[Word], list[Readout]]:
        """Before each stripe its name, after it how many bytes have crossed."""
        names, counters = list[Word](), list[Readout]()
        for way, stripe in zip(self.found.each, self.band.stripes(), strict=True):
            hue = self.skin.hue(way.tensor)
            names.append(word(way.name, LABEL, hue, self.band.before(stripe), "way"))
            counter = Readout("", LABEL, hue, name="crossed", face=Face.MONO_STRONG, anchor="right")
            counters.append(counter.at(self.band.after(stripe)))
        return names, counters

    def crosses(self, *shares: float) -> None:
        """So much of each way has crossed: its stripe, and its bytes over it."""
        self.shares = shares
        self.stripes.display(self.band.stripes(), shares)
        for way, share, counter in zip(self.found.each, shares, self.crossed, strict=True):
            counter.display(f"{share * way.nbytes / KIB:,.0f} KiB")

    def visit(self, index: int, flight: float, lit: float) -> None:
        """A block of Q and one of O come in, the tile is lit, O goes out: each crosses, and its stripe grows."""
        square, slot, step, visits = self.square.place, self.cross.slot("O"), self.step, self.visits
        before, after = index / visits, (index + 1) / visits
        q, o, flying = square.rows("Q", index, step.rows), square.rows("O", index, step.rows), self.flying["Q"]

        def q_in(share: float) -> None:
            flying.display(edges([q.toward(self.cross.slot("Q"), share)]))
            self.crosses(before + (after - before) * share, before, before)

        def o_in(share: float) -> None:
            self.block.display([o.toward(slot, share)])
            self.crosses(after, before + (after - before) * share, before)

        def o_out(share: float) -> None:
            self.block.display([], [slot.toward(o, share)])
            self.crosses(after, after, before + (after - before) * share)

        self.scene.add(flying)
        self.move(Shows(Group(flying, self.stripes, *self.crossed), q_in, rate_func=ease_in_out_cubic), seconds=flight)
        self.holds("Q")
        self.scene.add(self.block)
        self.move(Shows(Group(self.block, self.stripes, *self.crossed), o_in, rate_func=ease_in_out_cubic), seconds=flight)
        self.scene.remove(*self.empty)
        self.lettered("O")
        self.move(FadeIn(self.tile), seconds=lit)
        self.block.display([], [slot])
        self.scene.hold(lit)
        self.scene.remove(self.letters.pop("O"), self.tile)
        self.move(Shows(Group(self.block, self.stripes, *self.crossed), o_out, rate_func=ease_in_out_cubic), seconds=flight)
        self.scene.remove(self.block)
        self.passes(after)

    def rest(self, begun: int, seconds: float) -> None:
        """All other blocks of Q and of O, some at once on their way: what one replaces stays until it has come, so that all four meet."""
        square, step, visits, flying = self.square.place, self.step, self.visits, self.flying["Q"]
        q_slot, o_slot = self.cross.slot("Q"), self.cross.slot("O")

        def show(share: float) -> None:
            at = begun - AT_ONCE + 1 + (visits - begun + 2 * AT_ONCE - 1) * share
            come = {index: (at - index - 1 + AT_ONCE) / AT_ONCE for index in range(begun, visits)}  # of its way in
            gone = {index: (at - index - 1) / AT_ONCE for index in range(begun, visits)}  # of its way out
            flying.display(edges([square.rows("Q", index, step.rows).toward(q_slot, way) for index, way in come.items() if 0 < way < 1]))
            inward = [square.rows("O", index, step.rows).toward(o_slot, way) for index, way in come.items() if 0 < way < 1]
            outward = [o_slot.toward(square.rows("O", index, step.rows), way) for index, way in gone.items() if 0 <= way < 1]
            self.block.display(inward, [*([o_slot] if come[begun] >= 1 > come[visits - 1] else []), *outward])
            done = begun + sum(way >= 1 for way in gone.values())
            self.passes(done / visits)
            through = float(np.clip(at, begun, visits)) / visits
            self.crosses(through, through, float(np.clip(at - AT_ONCE, begun, visits)) / visits)

        self.scene.add(flying, self.block, self.tile)
        self.lettered("O")
        self.move(Shows(Group(flying, self.block, self.square, self.stripes, *self.crossed), show), seconds=seconds)
        self.scene.remove(flying, self.block, self.tile, self.letters.pop("O"))

    def holds(self, name: str) -> None:
        """A block has come: it is on chip, with its letter."""
        self.scene.remove(self.flying[name], *(each for each in self.empty if each.text == name))
        fresh = name not in self.letters
        self.on_chip[name] = self.cross.slot(name)
        self.memory.display(self.place["panel"], self.on_chip)
        if fresh:
            self.lettered(name)

    def passes(self, swept: float) -> None:
        """The square after so many sweeps."""
        self.square.display(self.step.columns, self.step.rows, max(swept, JUST))

    def roomy(self, texts: Sequence[str]) -> list[Word]:
        """Lines beside the chip's blocks."""
        lines = rows(self.place["room"], len(texts))
        px = min(
            NAME, 0.9 * NAME * lines[0].height / em(NAME), *(NAME * lines[0].width / text_width(text, NAME, Face.STRONG) for text in texts)
        )
        return [word(text, px, self.skin.ink, line, "numbers") for text, line in zip(texts, lines, strict=True)]

    # ------------------------------------------------------------------------------------------------------ bars of bytes

    def swept(self, index: int, start: float, stop: float, sooner: float = 1.0, columns: Columns | None = None) -> Shows:
        """Sweeps go on from one to another: the square, and the bar."""
        square, step, lays = self.square, self.step, self.lays(index, columns or self.columns)

        def show(share: float) -> None:
            swept = start + (stop - start) * share**sooner
            square.display(step.columns, step.rows, swept)
            lays(swept)

        return Shows(Group(square, self.bars[index], self.counts[index]), show)

    def lays(self, index: int, columns: Columns) -> Callable[[float], None]:
        """A bar, and over it how many sweeps it is, or the first that is under way."""
        bar, count = self.bars[index], self.counts[index]

        def show(swept: float) -> None:
            bar.display(columns, swept)
            place = self.above(index, bar.values[1], 0).left(self.columns.pitch)
            count.say(word(counted(max(int(swept + 1e-6), 1)), LABEL, self.skin.ink, place, "swept"))

        self.scene.add(bar, count)
        return show

    def above(self, index: int, nbytes: float, line: int) -> Rect:
        """Over a bar of so many bytes, a line of words from below."""
        left, low = self.columns.x(index, 0.0) + em(BY_LINE), self.columns.y(nbytes) + em(BY_LINE / 2 + line * LINE)
        return Rect(left, low, self.columns.rect.x1, low + em(LINE))

    def of_all(self, forms: Sequence[str], sizes: Sequence[str]) -> str:
        """The first form in which every one of these fits into a column: all bars speak alike."""
        room = self.columns.pitch - em(BY_LINE)
        return next((form for form in forms if all(text_width(form.format(size), LABEL, Face.STRONG) <= room for size in sizes)), forms[-1])

    def in_form(self, nbytes: float) -> str:
        """Bytes at bars; where the longest does not fit, their unit stands at the axis alone."""
        return self.of_all(("{} KiB", "{}"), [f"{self.columns.most / KIB:,.0f}"]).format(f"{nbytes / KIB:,.0f}")

    def moved(self, index: int, nbytes: float, line: int = 1) -> Word:
        """Over a bar, its bytes."""
        return word(self.in_form(nbytes), LABEL, self.skin.ink, self.above(index, nbytes, line), "bytes")

    def sized(self, index: int, m: float, device: str = "") -> list[Word]:
        """Under a bar, how large the memory is, and whose it is."""
        found = self.found
        form = self.of_all(MEMORY, [on_chip(step.m, found.config) for step in found.steps])
        size = on_chip(m, found.config)
        if not device:
            return [self.beneath(index, form.format(size), 1, "size")]
        whose = REAL[form == MEMORY[-1]].format(device)
        return [self.beneath(index, whose, 0, "chip"), self.beneath(index, size, 1, "size")]

    def copied(self) -> Shows:
        """A copy of the strip of memory goes under its bar."""
        step, kept, start = self.step, self.kept[self.index], self.held
        stop = self.columns.memory(self.index, self.under, step.m / self.found.steps[-1].m)

        def show(share: float) -> None:
            rect = start.toward(stop, share)
            kept.display(rect, Memory.quarters(rect, filled(step)))

        return Shows(kept, show, introducer=True, rate_func=ease_in_out_cubic)

    def beneath(self, index: int, text: str, line: int, name: str) -> Word:
        """Under a bar, a line of words from above."""
        left, line_of = self.columns.x(index, 0.0) + em(BY_LINE), rows(self.under, 2)[line]
        return word(text, LABEL, self.skin.ink, Rect(left, line_of.y0, self.columns.x(index, 1.0), line_of.y1), name)

    def beside(self, text: str, px: float, line: float, name: str) -> list[Word]:
        """Beside the first bar as it stands near, words from a line on, counted from its top."""
        near, left = self.near, self.near.x(0, BAR[1]) + 4 * em(BY_LINE)
        texts, high = wrap(text, near.rect.x1 - left, px, Face.STRONG), near.y(near.most) - em(line * LINE)
        place = Rect(left, high - em(LINE) * len(texts), near.rect.x1, high)
        return [word(each, px, self.skin.ink, row, name) for each, row in zip(texts, rows(place, len(texts)), strict=True)]

    def measured(self) -> list[Word]:
        """Over the strip of memory, how large it is and its blocks are."""
        figures = {"kib": on_chip(self.step.m, self.found.config), "columns": self.step.columns}
        return [fitted([text.format(**figures) for text in CHIP], LABEL, self.skin.ink, self.place["chip"], "chip")]

    def lay_standard(self, nbytes: float) -> None:
        """Standard attention's bar, with so many bytes laid."""
        shares, low = [], 0.0
        for way in self.found.pieces:
            shares.append(((way,), float(np.clip((nbytes - low) / way.nbytes, 0.0, 1.0))))
            low += way.nbytes
        self.standard.pile(self.columns, shares)

    def others(self, said: Sequence[Word]) -> list[Any]:
        """All of the picture but the first bar with its words, and what is said now."""
        first, x1 = [self.bars[0], self.counts[0], self.kept[0], *said], self.columns.x(1, 0.0)
        stage = [part for each in self.scene.picture for part in (each.submobjects if type(each) is Group else [each])]
        its = [each for each in stage if isinstance(each, Word) and each.tag in {"bytes", "size"} and each.left < x1]
        kept = {id(each) for each in (*first, *its)}
        return [each for each in stage if id(each) not in kept]

    def level(self, share: float = 1.0) -> None:
        """From the top of standard attention's bar over all others, so far drawn."""
        rect, y = self.columns.rect, self.columns.y(self.found.standard)
        x1 = self.columns.x(self.standard.index, BAR[0])
        boxes = dashed_level(x1 - share * (x1 - rect.x0), x1, y)
        for index, step in enumerate(self.found.steps[1 : self.index + 1], 1):
            words = [self.above(index, step.nbytes, line) for line in (0, 1)]
            if words[0].y0 - em(BY_LINE) < y < words[1].y1:  # not through a bar's words
                wide = text_width(self.in_form(step.nbytes), LABEL, Face.STRONG) + em(BY_LINE)
                boxes = boxes[(boxes[:, 2] < words[0].x0 - em(BY_LINE)) | (boxes[:, 0] > words[0].x0 + wide)]
        self.line.values = np.array([self.found.standard])
        self.line.display(boxes)


def dashed_level(x0: float, x1: float, y: float) -> np.ndarray:
    """[n, 4] boxes of a level dashed line, from its right end."""
    right, half = np.arange(x1, x0, -2 * DASH), THIN / 2
    return np.stack([np.maximum(right - DASH, x0), y - half + 0 * right, right, y + half + 0 * right], 1)


def filled(step: Step) -> dict[str, float]:
    """What blocks fill of their quarters: Q and O have Br rows, no more than d, K and V have Bc."""
    return {"K": 1.0, "V": 1.0, "Q": step.rows / step.columns, "O": step.rows / step.columns}


def in_kib(nbytes: float) -> str:
    """All bars have one unit."""
    return f"{nbytes / KIB:,.0f} KiB"


def counted(sweeps: int) -> str:
    """How many sweeps there are."""
    return f"{sweeps} sweep{'s' * (sweeps != 1)}"


# --------------------------------------------------------------------------------------------------------------- beats


@beat("chip")
def chip(film: IOFilm) -> None:
    """HBM with Q, K, V and O around the scores that are never stored, and a chip with room for four blocks; one of K and of V come."""
    c = film.found.config
    figures = {
        "n": c.seq_k, "d": c.head_dim, "size": c.itemsize, "sweeps": film.step.sweeps, "columns": film.step.columns,
        "m": elements(film.step.columns, c.head_dim), "kib": on_chip(film.step.m, c),
    }  # fmt: skip
    film.square.display(film.step.columns, film.step.rows, 0.0)
    film.memory.display(film.place["panel"], {})
    lines = rows(film.place["cut"].top(em(LINE) * len(CUT)), len(CUT))
    film.said = [
        *film.roomy([text.format(**figures) for text in ROOM]),
        *(word(text.format(**figures), LABEL, film.skin.ink, line, "cut") for text, line in zip(CUT, lines, strict=True)),
    ]
    film.scene.add(film.square, film.whole, film.hbm, film.memory, *film.slots, *film.empty, *film.said)
    film.scene.hold(CALM)
    with film.scene.telling():
        for name in "KV":
            film.loads(name, film.square.place.block(name, 0.0, film.step.columns), film.cross.slot(name), FIRST)
            film.holds(name)
        film.passes(0.0)


@beat("sweep")
def sweep(film: IOFilm) -> None:
    """A block of Q and one of O come, the tile is lit, O goes back; all others: what crosses grows as a stripe each, one sweep's band."""
    found, beneath = film.found, film.band.beneath
    each = [text.format(in_kib(found.sweep)) for text in SWEEP]
    film.each = fitted(each, LABEL, film.skin.ink, beneath.beyond(BEFORE), "each").set_z_index(2, family=True)
    texts = [text.format(in_kib(found.matrix), in_kib(found.sums)) for text in SUMS]
    sums = fitted(texts, LABEL, film.skin.o, beneath.beyond(BEFORE + film.each.wide + 2 * em(NAME)), "sums", Face.TEXT)
    film.said = [*film.said, *film.names, *film.crossed, sums]
    film.crosses(*film.shares)
    film.move(FadeIn(film.stripes, *film.names, *film.crossed, sums), seconds=TEXT)
    with film.scene.telling():
        film.visit(0, FLIGHT, MADE_IN)
        film.rest(1, REST_OF)
    film.scene.event = len(found.traces[0])
    film.move(FadeIn(film.each), seconds=TEXT)
    film.scene.hold(SEEN)


@beat("again")
def again(film: IOFilm) -> None:
    """The band lies down on a bar, the chip becomes a strip; the next K and V come, and sweep upon sweep lays the same band: their sum."""
    found, bar, panel, held = film.found, film.bars[0], film.place["panel"], film.held
    quarters, stripes, place = Memory.quarters(held, filled(film.step)), film.band.stripes(), film.square.place
    starts = film.on_chip | {"O": place.rows("O", film.visits - 1, film.step.rows)}
    lows = found.once + np.cumsum([0.0, *(way.nbytes for way in found.each)])
    slabs = [film.near.bar(0, low, high) for low, high in itertools.pairwise(lows)]
    (each,) = film.beside(SWEEP[0].format(in_kib(found.sweep)), LABEL, 0, "each")
    once = film.beside(ONCE.format(in_kib(found.once)), LABEL, 1, "once")
    parts = {"each": found.sweep / KIB, "once": found.once / KIB, "all": film.step.nbytes / KIB}
    total = film.beside(SUM.format(sweeps=film.step.sweeps, **parts), NAME, 1.5 + len(once), "total")

    def goes(share: float) -> None:
        film.memory.display(panel.toward(held, share), {name: start.toward(quarters[name], share) for name, start in starts.items()})
        film.stripes.display([start.toward(stop, share) for start, stop in zip(stripes, slabs, strict=True)], film.shares)
        bar.display(film.near, 0.0, share)

    film.move(FadeOut(*film.slots, film.whole, film.hbm, *film.letters.values(), *film.said), seconds=TEXT)
    film.scene.add(bar)
    lies = Shows(Group(film.memory, film.stripes, bar), goes, rate_func=ease_in_out_cubic)
    film.move(lies, slid(film.each, each.left, each.baseline), seconds=MOVE)
    film.scene.remove(film.stripes)
    film.lays(0, film.near)(1.0)
    film.said, film.sums = film.measured(), [film.each, *once, *total]
    film.move(FadeIn(*once, film.axis, *film.said), seconds=TEXT)
    with film.scene.telling():
        for name in "KV":
            film.loads(name, place.block(name, float(film.step.columns), film.step.columns), quarters[name], QUICK)
            film.scene.remove(film.flying[name])
        film.move(film.swept(0, 1.0, 2.0, columns=film.near), seconds=ONE)
        film.move(film.swept(0, 2.0, float(film.step.sweeps), SOONER, film.near), seconds=PACE)
        film.move(FadeIn(film.moved(0, film.step.nbytes), *total), seconds=TEXT)
        film.scene.hold(COMPARED)


def compare(film: IOFilm) -> None:
    """Standard attention's bar, piece by piece, and its level over all others; what the smallest chip moves beyond it is framed."""
    standard, level = film.standard, film.found.standard
    words = [film.beneath(standard.index, text, line, "standard name") for line, text in enumerate(STANDARD)]

    def steps_aside(share: float) -> None:
        count = film.near.count + (film.columns.count - film.near.count) * share
        film.bars[0].display(replace(film.columns, count=count), float(film.step.sweeps))

    film.move(FadeOut(*film.sums), seconds=TEXT)
    film.move(Shows(film.bars[0], steps_aside, rate_func=ease_in_out_cubic), film.copied(), seconds=MOVE)
    film.scene.add(standard)
    with film.scene.telling():
        film.move(FadeIn(*film.sized(film.index, film.step.m), *words), seconds=TEXT)
        names = pieces(film)
        over = film.above(standard.index, level, 1)
        text = first_that_fits(ONCE_EACH, LABEL, OVER * film.columns.pitch, Face.STRONG)
        film.once = word(text, LABEL, film.skin.ink, over.right(text_width(text, LABEL, Face.STRONG) + em(1)), "once each")
        film.move(FadeIn(film.moved(standard.index, level, 0), film.once), seconds=TEXT)
        film.scene.hold(SEEN)
        film.move(FadeOut(*names), seconds=TEXT)
        film.move(Shows(film.line, film.level, introducer=True), seconds=MOVE / 2)
        if film.step.nbytes > level:
            rect = film.columns.bar(0, level, film.step.nbytes)
            excess = Named(box(rect, stroke=film.skin.warn, width=2 * theme.HEAVY), tag="excess")
            beside = Rect(film.columns.x(1, 0.0), rect.y0, film.columns.rect.x1, rect.y1)
            text = EXCESS.format(in_kib(film.step.nbytes - level))
            film.excess = [excess, word(text, NAME, film.skin.ink, beside, "more")]
            film.move(FadeIn(*film.excess), seconds=TEXT)
        film.scene.hold(COMPARED)


more, less = beat("more")(compare), beat("less")(compare)


def pieces(film: IOFilm) -> list[Word]:
    """Standard attention's transfers are laid upon each other, those of one name together; each name stands beside what it names."""
    found, bar, names = film.found, film.standard, list[Word]()
    right, low, line = film.columns.x(bar.index, BAR[0]) - em(BY_LINE), 0.0, film.columns.rect.y0
    for name in dict.fromkeys(way.name for way in found.pieces):
        nbytes = float(sum(way.nbytes for way in found.pieces if way.name == name))
        text = f"{name}: {in_kib(nbytes)}"
        line = max(line, film.columns.y(low + nbytes / 2) - em(LINE / 2))
        left = right - text_width(text, LABEL, Face.STRONG)
        names.append(word(text, LABEL, film.skin.ink, Rect(left, line, right + em(1), line + em(LINE)), "piece"))
        line += em(LINE)

        def show(share: float, start: float = low, nbytes: float = nbytes) -> None:
            film.lay_standard(start + nbytes * share)

        film.scene.add(names[-1])
        film.move(Shows(bar, show), seconds=PIECE)
        low += nbytes
    return names


@beat("wider")
def wider(film: IOFilm) -> None:
    """M doubles, and again: blocks get as wide, the square is cut into half as many, and as many sweeps are laid beside the first bar."""
    found = film.found
    film.move(FadeOut(*film.excess), seconds=TEXT)
    film.excess = []
    with film.scene.telling():
        for before, step in zip(found.steps, found.steps[1:], strict=False):
            start, film.step = film.held, step

            def grow(share: float, before: Step = before, step: Step = step, start: Rect = start) -> None:
                film.square.widen(before.columns, step.columns, share)
                rect, was, full = start.toward(film.held, share), filled(before), filled(step)
                film.memory.display(rect, Memory.quarters(rect, {name: was[name] + (full[name] - was[name]) * share for name in full}))

            film.move(FadeOut(*film.said), Shows(Group(film.square, film.memory), grow, rate_func=ease_in_out_cubic), seconds=GROWTH)
            film.said = film.measured()
            film.scene.add(*film.said)
            pace = max(LEAST, PACE * step.sweeps / found.steps[0].sweeps)
            film.move(film.swept(film.index, 0.0, float(step.sweeps)), film.copied(), seconds=pace)
            film.level()
            film.move(FadeIn(film.moved(film.index, step.nbytes), *film.sized(film.index, film.step.m)), seconds=TEXT)


@beat("real")
def real(film: IOFilm) -> None:
    """What a thread block of a real GPU may have is the next M: its blocks are shown in the square, its sweeps are the next bar."""
    found, step, index, n = film.found, film.found.real, len(film.found.steps), film.found.config.seq_k
    last, columns = film.step, min(step.columns, n)
    text = REAL_SWEEPS[columns == n].format(columns=columns, rest=n - columns * (step.sweeps - 1), n=n)
    keys = fitted((text,), LABEL, film.skin.ink, film.place["chip"], "keys")
    with film.scene.telling():
        cut = Shows(film.square, lambda share: film.square.widen(last.columns, columns, share), rate_func=ease_in_out_cubic)
        film.move(cut, FadeOut(film.memory, *film.said), FadeIn(*film.sized(index, step.m, found.device)), seconds=MOVE)
        film.step, film.said = replace(step, columns=columns), [keys]
        film.move(FadeIn(keys), seconds=TEXT)
        film.move(film.swept(index, 0.0, float(step.sweeps)), seconds=ONE)
        film.move(FadeIn(film.moved(index, step.nbytes)), seconds=TEXT)
        film.scene.hold(SEEN)


@beat("law")
def law(film: IOFilm) -> None:
    """How wide a block is, how many sweeps that makes, what each moves, and what crosses then; at last with the first M's numbers."""
    found, square, skin = film.found, film.square.place, film.skin
    film.move(FadeOut(film.axis, film.once, *film.said), seconds=TEXT)
    wide, film.step = film.step.columns, found.steps[-1]
    film.said = film.measured()
    cut = Shows(film.square, lambda share: film.square.widen(wide, film.step.columns, share, full=True), rate_func=ease_in_out_cubic)
    film.move(cut, FadeIn(*film.said, *([] if film.scene.on_stage(film.memory) else [film.memory])), seconds=MOVE)
    *lines, last = rows(film.place["law"], len(LAW) + 1)
    lit = (
        [*Memory.quarters(film.held, filled(film.step)).values()],
        [square.block(name, float(key), film.step.columns) for key in square.starts(film.step.columns) for name in "KV"],
        [square.strip(name) for name in "QO"],
        [film.columns.bar(index, found.once, step.nbytes) for index, step in enumerate(found.steps)],
    )
    with film.scene.telling():
        film.move(FadeIn(*spanned(film)), seconds=TEXT)
        said = list[Word]()
        for (text, notes), line, rects in zip(LAW, lines, lit, strict=True):
            factor = word(text, SIZE, skin.ink, line, "law")
            rest = Rect(factor.left + factor.wide + em(2 * BY_LINE), line.y0, line.x1, line.y1)
            said += [factor, fitted(notes, LABEL, skin.ink, rest, "what", Face.TEXT)]
            frames = framed(film, rects)
            film.move(FadeOut(*film.lit), FadeIn(*said[-2:], frames), seconds=TEXT)
            film.lit = [frames]
            film.scene.hold(LIT)
        film.back = StepBack(film.others(said), BACK)
        figures = word(FIGURES.format(found.steps[0].m, in_kib(found.bound)), NAME, skin.ink, last, "figures")
        film.move(film.back, FadeIn(figures), seconds=TEXT)
        film.scene.hold(LIT)


@beat("answer")
def answer(film: IOFilm) -> None:
    """All bars again: those of twice M are half as tall, about."""
    bound = fitted((THEOREM_2.citation,), LABEL, film.skin.ink, film.place["bound"], "bound", Face.TEXT)
    film.move(step_forth(film.back), seconds=MOVE / 2)
    with film.scene.telling():
        film.move(FadeIn(bound), seconds=TEXT)
        film.scene.hold(LAST)


def framed(film: IOFilm, rects: Sequence[Rect]) -> Rectangles:
    """What is counted."""
    return outlines(film.skin.stats, "lit", 2 * theme.HEAVY).display(edges(rects)).set_z_index(3)


def spanned(film: IOFilm) -> list[Word | Rectangles]:
    """Under the square, how wide a block is, and all of them."""
    square, ink = film.square.place, film.skin.ink
    grid, spans, words = square.grid, list[np.ndarray](), list[Word]()
    for text, wide, line in (("width", film.step.columns * square.unit, 0), ("N", grid.width, 1)):
        y = grid.y0 - em(24 + line * LINE)
        spans.append(span(grid.x0, grid.x0 + wide, y, em(2), em(9)))
        left = grid.x0 + wide + em(BY_LINE)
        words.append(Word(text, LABEL, ink, left, y - 0.36 * em(LABEL), "span"))
    return [Rectangles(ink, name="spans").display(np.concatenate(spans)), *words]
