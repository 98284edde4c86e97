"""What a chip's memory buys: a block of K and V stays while Q and O pass, sweep by sweep; then twice the memory, and again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from manim import Group, Mobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import palette, theme
from flashviz.chapters import io_complexity
from flashviz.chapters.io_complexity import BOUND, IO, Step, elements, gather, on_chip
from flashviz.director.material import provenance
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, NUMBER, Word, amid, first_that_fits, fitted, middle, slid, word
from flashviz.figures import KIB, amount, kib
from flashviz.layout import Rect
from flashviz.layout.io_complexity import Columns, Cross, Square
from flashviz.layout.rect import columns, rows
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, late
from flashviz.mobjects.named import Named
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.sweeps import Bars, Block, Memory, Sweeps
from flashviz.mobjects.tiles import Rectangles, box, dashes, edges, outlines, span

WHOLE = ("S: never in HBM", "never in HBM")
ROOM = ("on chip: room for 4 blocks", "of {columns} rows of {d} numbers", "M = {m:,} numbers = {kib}")
CUT = ("in HBM: {n} rows each, {sweeps} blocks of {columns}", "{n} rows: {sweeps} blocks of {columns}")
CHIP = ("on chip: {kib}, blocks of {columns} rows", "on chip: {kib}")
MADE = {"S": ("Q × K", "= scores S"), "P": ("softmax(S)", "= weights P"), "O": ("P × V", "joins O")}
PARTS = ("O: {} of {} parts", "O: {} of {}")
SWEEP = ("one sweep: {}", "a sweep: {}")
ONCE = ("once: K, V, an empty O: {}", "K, V, empty O: {}", "once: {}")
MEMORY = ("M: {}", "{}")
STANDARD = ("standard attention", "standard")
LAW = {"sweeps": "N / width", "width": "sweeps; width = M / 4d", "each": "× 3 N d", "moved": "numbers a sweep", "law": "= 12 N² d² / M"}
LARGE = ("sweeps", "each", "law")  # of its parts
FLIGHT, MADE_IN, WEIGHED, ADDED, SEEN = (
    0.9,
    0.9,
    0.7,
    0.9,
    0.5,
)  # seconds: a block's way, and of a tile's steps, and a look
QUICK = 0.5  # of them, at the second visit
CALM, FIRST, REST_OF = 1.2, 1.2, 2.1  # before the first block, of its way, and of the rest of the first sweep
PACE, GROWTH, LIT, LAST = 3.2, 1.4, 1.0, 2.1  # seconds: of all sweeps at the smallest M, of twice M, of a frame, of the last picture
JUST = 1e-6  # of a sweep: it has begun
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

    said: Sequence[Word | Readout] = ()  # in the chip's corner, and later over its strip
    each: Word  # what a sweep moves
    standard: Sequence[Word]  # what standard attention moves
    excess: Sequence[Named] = ()  # what the smallest chip moves beyond it
    over: Sequence[Mobject] = ()  # words over bars

    def __init__(self, scene: ShotScene, found: IO) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.place = place = scene.shot("io")
        self.step = found.steps[0]
        self.columns, self.under = Columns(place["plot"], len(found.steps), max(self.step.nbytes, float(found.standard))), place["under"]
        self.square = Sweeps(Square.of(place["square"], found.config.seq_k), self.skin)
        self.hbm = amid(["HBM"], self.skin.ink, place["hbm"], "hbm")
        self.whole = amid(WHOLE, self.skin.ink, self.square.place.grid, "whole")
        self.cross, self.memory = Cross(place["cross"]), Memory(self.skin, "memory")
        self.slots = [Rectangles(self.skin.hue(name), name="slot").display(dashes(self.cross.slot(name))) for name in "KVQO"]
        self.empty = [self.letter(name, self.skin.hue(name)) for name in "KVQO"]
        self.letters, self.on_chip = dict[str, Word](), dict[str, Rect]()  # of blocks that are on chip
        self.flying = {name: Rectangles(self.skin.hue(name), name=f"flying {name}") for name in "KVQ"}
        self.block, self.tile = Block(self.skin), Rectangles(self.skin.scores, name="scores")
        self.parts = Readout("", NAME, self.skin.o, name="parts of O", face=Face.MONO_STRONG, anchor="right")
        self.bars = [Bars(index, found.starts, found.each, self.skin) for index in range(len(found.steps))]
        self.counts = [Readout("", LABEL, self.skin.ink, name="swept", face=Face.MONO_STRONG) for _ in found.steps]
        self.kept = [Memory(self.skin, "memory kept") for _ in found.steps]
        self.sizes: list[Word] = []  # of the memory under each bar
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

    def letter(self, name: str, color: str, slot: str = "") -> Word:
        """On a block or its empty slot, what it is."""
        rect, wide = self.cross.slot(slot or name), text_width(name, NUMBER, Face.STRONG)
        return Word(name, NUMBER, color, rect.center[0] - wide / 2, middle(rect, NUMBER), "held name")

    def lettered(self, name: str, slot: str = "") -> None:
        """What is on chip gets its letter."""
        self.letters[slot or name] = self.letter(name, self.skin.ground, slot).set_z_index(2, family=True)
        self.scene.add(self.letters[slot or name])

    def loads(self, name: str, start: Rect, seconds: float) -> None:
        """A block flies from HBM to its slot; what it replaces stays until it has come."""
        flying, slot = self.flying[name], self.cross.slot(name)
        fresh = name not in self.letters
        self.scene.add(flying)
        self.move(
            Shows(flying, lambda share: flying.display(edges([start.toward(slot, share)])), rate_func=ease_in_out_cubic), seconds=seconds
        )
        self.scene.remove(flying, *(each for each in self.empty if each.text == name))
        self.on_chip[name] = slot
        self.memory.display(self.place["panel"], self.on_chip)
        if fresh:
            self.lettered(name)

    def comes(self, index: int, sweep: int, seconds: float) -> None:
        """So does one of O, as far as it is finished; over its slot is said how far that is."""
        self.scene.remove(*self.empty)
        self.scene.add(self.block)
        self.crosses(self.square.place.rows("O", index, self.step.rows), self.cross.slot("O"), sweep, seconds)
        self.finished(sweep)
        self.scene.add(self.parts)

    def leaves(self, index: int, sweep: int, seconds: float) -> None:
        """O's block flies back to HBM, with its part."""
        self.crosses(self.cross.slot("O"), self.square.place.rows("O", index, self.step.rows), sweep + 1, seconds)
        self.scene.remove(self.block, self.parts)
        self.passes(sweep + (index + 1) / self.visits)

    def crosses(self, start: Rect, stop: Rect, parts: int, seconds: float) -> None:
        """O's block on its way between HBM and chip."""
        share = parts / self.step.sweeps
        show = Shows(self.block, lambda way: self.block.display([start.toward(stop, way)], share), rate_func=ease_in_out_cubic)
        self.move(show, seconds=seconds)

    def finished(self, parts: int) -> None:
        """O's block on chip with so many of its parts, and their count."""
        sweeps, slot = self.step.sweeps, self.cross.slot("O")
        texts = [text.format(parts, sweeps) for text in PARTS]
        self.block.display([slot], parts / sweeps)
        self.parts.at(Rect(slot.x0, slot.y1, slot.x1, slot.y1 + em(1.4 * NAME)))
        self.parts.display(first_that_fits(texts, NAME, slot.x1 - self.cross.slot("Q").x0, Face.MONO_STRONG))

    def scored(self, seconds: float) -> None:
        """Scores of the tile, row by row."""
        slot = self.cross.slot("S")
        self.tile.set_fill(opacity=1.0)
        self.scene.add(self.tile)
        self.move(Shows(self.tile, lambda share: self.tile.display(edges([slot.top(slot.height * share)]))), seconds=seconds)
        self.lettered("S")

    def weighed(self, seconds: float) -> None:
        """They become weights."""
        self.scene.remove(self.letters["S"])
        self.lettered("P", "S")
        self.move(Shows(self.tile, lambda share: self.tile.set_fill(opacity=1 + (palette.SECOND - 1) * share)), seconds=seconds)

    def added(self, sweep: int, seconds: float) -> None:
        """The tile ends as one more part of O's block."""
        start, slot, sweeps = self.cross.slot("S"), self.cross.slot("O"), self.step.sweeps
        part = Rect(slot.x0 + slot.width * sweep / sweeps, slot.y0, slot.x0 + slot.width * (sweep + 1) / sweeps, slot.y1)
        self.scene.remove(self.letters.pop("S"))

        def show(share: float) -> None:
            self.tile.display(edges([start.toward(part, share)]))
            self.finished(sweep + (share == 1))

        self.move(Shows(Group(self.tile, self.block, self.parts), show, rate_func=ease_in_out_cubic), seconds=seconds)
        self.scene.remove(self.tile)

    def passes(self, swept: float) -> None:
        """The square after so many sweeps."""
        self.square.display(self.step.columns, self.step.rows, max(swept, JUST))

    def replaced(self, texts: Sequence[str], px: float, name: str) -> None:
        """Other words in the chip's corner."""
        if self.said:
            self.move(FadeOut(*self.said), seconds=TEXT / 2)
        self.said = self.cornered(texts, px, name)
        self.move(FadeIn(*self.said), seconds=TEXT / 2)

    def cornered(self, texts: Sequence[str], px: float, name: str) -> list[Word]:
        """Lines in the chip's corner, from above."""
        place = self.place["corner"]
        px *= min(1.0, *(place.width / text_width(text, px, Face.STRONG) for text in texts))
        lines = rows(place.top(1.4 * em(px) * len(texts)), len(texts))
        return [word(text, px, self.skin.ink, rect, name) for text, rect in zip(texts, lines, strict=True)]

    # ------------------------------------------------------------------------------------------------------ bars of bytes

    def sweeps(self, start: float, stop: float, seconds: float) -> None:
        """Sweeps go on from one to another: the square, the bar, and its count over it."""
        bar, count, step = self.bars[self.index], self.counts[self.index], self.step

        def show(share: float) -> None:
            swept = start + (stop - start) * share
            self.square.display(step.columns, step.rows, swept)
            bar.display(self.columns, swept)
            count.at(self.above(self.index, bar.values[1], 0)).display(counted(int(swept + 1e-6)))

        self.scene.add(bar, count)
        self.move(Shows(Group(self.square, bar, count), show), seconds=seconds)

    def above(self, index: int, nbytes: float, line: int) -> Rect:
        """Over a bar of so many bytes, a line of words from below."""
        left, low = self.columns.x(index, 0.0) + em(BY_LINE), self.columns.y(nbytes) + em(BY_LINE / 2 + line * LINE)
        return Rect(left, low, self.columns.rect.x1, low + em(LINE))

    def remains(self) -> None:
        """A bar stands: its bytes over it, and under it the memory that it is of."""
        step, kept, start = self.step, self.kept[self.index], self.held
        stop = self.columns.memory(self.index, self.under, step.m / self.found.steps[-1].m)
        count = self.counts[self.index]
        moved = word(amount(step.nbytes), LABEL, self.skin.ink, self.above(self.index, step.nbytes, 1), "bytes")
        self.over = [*self.over, count, moved]
        self.sizes.append(self.size(self.index))

        def copied(share: float) -> None:
            rect = start.toward(stop, share)
            kept.display(rect, Memory.quarters(rect, filled(step)))

        self.move(FadeIn(moved), seconds=TEXT)
        self.move(Shows(kept, copied, introducer=True, rate_func=ease_in_out_cubic), seconds=MOVE)
        self.move(FadeIn(self.sizes[-1]), seconds=TEXT)

    def size(self, index: int, texts: Sequence[str] = ("{} on chip", "{}")) -> Word:
        """How large a memory is, under it."""
        left, low = self.columns.x(index, 0.0) + em(BY_LINE), self.under.y0 + em(BY_LINE / 2)
        kibs = on_chip(self.found.steps[index].m, self.found.config)
        text = first_that_fits([text.format(kibs) for text in texts], LABEL, self.columns.pitch - em(BY_LINE), Face.STRONG)
        return Word(text, LABEL, self.skin.ink, left, low, "size")

    def beside(self, texts: Sequence[str], nbytes: float, line: int, name: str) -> Word:
        """Beside the first bar, a line of words from below."""
        left, right = self.columns.beside(0)[0] + em(BY_LINE), self.columns.rect.x1
        text = first_that_fits([each.format(amount(nbytes)) for each in texts], LABEL, right - left, Face.STRONG)
        return Word(text, LABEL, self.skin.ink, left, self.columns.rect.y0 + em(line * LINE), name)

    def measured(self) -> list[Word]:
        """Over the strip of memory, how large it is and its blocks are."""
        figures = {"kib": on_chip(self.step.m, self.found.config), "columns": self.step.columns}
        return [fitted([text.format(**figures) for text in CHIP], LABEL, self.skin.ink, self.place["chip"], "chip")]

    def named_standard(self) -> list[Word]:
        """On the line at what standard attention moves, over the last bar's column."""
        x1, y = self.columns.rect.x1, self.columns.y(self.found.standard)
        room = self.columns.pitch - em(BY_LINE)
        texts = (amount(self.found.standard), first_that_fits(STANDARD, LABEL, room, Face.STRONG))
        return [
            Word(text, LABEL, self.skin.ink, x1 - text_width(text, LABEL, Face.STRONG), y + em(BY_LINE + at * LINE), "standard bytes")
            for at, text in enumerate(texts)
        ]  # fmt: skip

    def level(self, share: float = 1.0) -> None:
        """The line at what standard attention moves, so far drawn."""
        rect, y = self.columns.rect, self.columns.y(self.found.standard)
        self.line.values = np.array([self.found.standard])
        self.line.display(edges([Rect(rect.x0, y - em(2), rect.x0 + share * rect.width, y + em(2))]))


def filled(step: Step) -> dict[str, float]:
    """What blocks fill of their quarters: Q and O have Br rows, no more than d, K and V have Bc."""
    return {"K": 1.0, "V": 1.0, "Q": step.rows / step.columns, "O": step.rows / step.columns}


def counted(sweeps: int) -> str:
    """How many sweeps there are."""
    return f"{sweeps} sweep{'s' * (sweeps != 1)}"


# --------------------------------------------------------------------------------------------------------------- beats


@beat("chip")
def chip(film: IOFilm) -> None:
    """HBM with Q, K, V and O around the scores that are never stored, and a chip with room for four blocks; one of K and of V come."""
    c = film.found.config
    figures = {"columns": film.step.columns, "d": c.head_dim, "m": elements(film.step.columns, c.head_dim), "kib": on_chip(film.step.m, c)}
    film.square.display(film.step.columns, film.step.rows, 0.0)
    film.memory.display(film.place["panel"], {})
    cut = [text.format(n=c.seq_k, sweeps=film.step.sweeps, **figures) for text in CUT]
    below = fitted(cut, LABEL, film.skin.ink, film.place["chip"], "cut")
    film.said = [*film.cornered([text.format(**figures) for text in ROOM], NAME, "numbers"), below]
    film.scene.add(film.square, film.whole, film.hbm, film.memory, *film.slots, *film.empty, *film.said)
    film.scene.hold(CALM)
    with film.scene.telling():
        for name in "KV":
            film.loads(name, film.square.place.block(name, 0.0, film.step.columns), FIRST)


@beat("tile")
def tile(film: IOFilm) -> None:
    """A block of Q and one of O come; scores are made on the tile, become weights and end as a part of O, which goes back to HBM."""
    with film.scene.telling():
        film.move(FadeOut(*film.said), seconds=TEXT)
        film.said = ()
        film.passes(0.0)
        film.loads("Q", film.square.place.rows("Q", 0, film.step.rows), FLIGHT)
        film.comes(0, 0, FLIGHT)
        film.replaced(MADE["S"], NUMBER, "made")
        film.scored(MADE_IN)
        film.scene.hold(SEEN)
        film.replaced(MADE["P"], NUMBER, "made")
        film.weighed(WEIGHED)
        film.replaced(MADE["O"], NUMBER, "made")
        film.added(0, ADDED)
        film.scene.hold(SEEN)
        film.leaves(0, 0, FLIGHT)


@beat("sweep")
def sweep(film: IOFilm) -> None:
    """The next block of Q and of O, and the rest of them: what has crossed is counted, way by way, until the sweep is through."""
    found, visits, strips = film.found, film.visits, film.square.place
    hues = [film.skin.hue(way.tensor) for way in found.each]
    lines = [f"{way.name:<12} {kib(way.nbytes):>8}" for way in found.each]
    place = film.place["corner"]
    px = min(NAME, NAME * place.width / text_width(lines[0], NAME, Face.MONO_STRONG))
    *rects, last = rows(place.top(1.4 * em(px) * (len(lines) + 1)), len(lines) + 1)
    counters = [Readout("", px, hue, name="crossed", face=Face.MONO_STRONG).at(rect) for rect, hue in zip(rects, hues, strict=True)]

    def crossed(index: int) -> None:
        for counter, way in zip(counters, found.each, strict=True):
            counter.display(f"{way.name:<12} {way.nbytes * index / visits / KIB:>4,.0f} KiB")

    with film.scene.telling():
        crossed(1)
        film.move(FadeOut(*film.said), seconds=TEXT / 2)
        film.move(FadeIn(*counters), seconds=TEXT)
        film.said = ()
        film.loads("Q", strips.rows("Q", 1, film.step.rows), QUICK)
        film.comes(1, 0, QUICK)
        film.scored(QUICK)
        film.added(0, QUICK)

        def rest(share: float) -> None:
            index = 1 + int((visits - 2) * share)
            film.passes(index / visits)
            crossed(index)

        film.move(Shows(Group(film.square, *counters), rest), seconds=REST_OF)
        film.leaves(visits - 1, 0, QUICK)
        crossed(visits)
    film.scene.event = len(found.traces[0])
    film.each, film.said = fitted([each.format(amount(found.sweep)) for each in SWEEP], NAME, film.skin.ink, last, "each"), counters
    film.move(FadeIn(film.each), seconds=TEXT)


@beat("next")
def following(film: IOFilm) -> None:
    """The next block of K and of V come; O's first block comes again, unfinished, gets its second part and goes back."""
    place, columns = film.square.place, film.step.columns
    film.move(FadeOut(*film.said), seconds=TEXT)
    film.said = ()
    with film.scene.telling():
        for name in "KV":
            film.loads(name, place.block(name, float(columns), columns), FLIGHT)
        film.passes(1 + JUST)
        film.loads("Q", place.rows("Q", 0, film.step.rows), QUICK)
        film.comes(0, 1, FLIGHT)
        film.scored(QUICK)
        film.added(1, ADDED)
        film.scene.hold(SEEN)
        film.leaves(0, 1, FLIGHT)


@beat("again")
def again(film: IOFilm) -> None:
    """The chip becomes a strip; all sweeps go on, each lays the same slab on a bar."""
    found, bar, panel, held = film.found, film.bars[0], film.place["panel"], film.held
    starts = film.on_chip | {"O": film.square.place.rows("O", 1, film.step.rows)}
    quarters = Memory.quarters(held, filled(film.step))
    swept = 1 + 1 / film.visits

    def goes(share: float) -> None:
        film.memory.display(panel.toward(held, share), {name: start.toward(quarters[name], share) for name, start in starts.items()})

    film.move(FadeOut(*film.slots, film.whole, film.hbm, *film.letters.values()), seconds=TEXT)
    once = film.beside(ONCE, found.once, 0, "once")
    each = film.beside(SWEEP, found.sweep, 1, "each")
    laid = Shows(bar, lambda share: bar.display(film.columns, swept * share, share), introducer=True, rate_func=late)
    film.move(Shows(film.memory, goes, rate_func=ease_in_out_cubic), slid(film.each, each.left, each.baseline), laid, seconds=MOVE)
    film.said = film.measured()
    film.scene.remove(film.each)
    film.scene.add(each)
    film.move(FadeIn(*film.said, once), seconds=TEXT)
    with film.scene.telling():
        film.sweeps(swept, float(film.step.sweeps), PACE)
        film.move(FadeOut(once, each), seconds=TEXT)
        film.remains()


def compare(film: IOFilm) -> None:
    """A line at what standard attention moves; what the smallest chip moves beyond it is framed."""
    found = film.found
    film.standard = film.named_standard()
    with film.scene.telling():
        film.move(Shows(film.line, film.level, introducer=True), seconds=MOVE)
        film.move(FadeIn(*film.standard), seconds=TEXT)
        if film.step.nbytes > found.standard:
            excess = box(film.columns.bar(0, found.standard, film.step.nbytes), stroke=film.skin.warn, width=2 * theme.HEAVY)
            film.excess = [Named(excess, tag="excess")]
            film.move(FadeIn(*film.excess), seconds=TEXT)


more, less = beat("more")(compare), beat("less")(compare)


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

            film.move(FadeOut(*film.said), seconds=TEXT)
            film.move(Shows(Group(film.square, film.memory), grow, rate_func=ease_in_out_cubic), seconds=GROWTH)
            film.said = film.measured()
            film.move(FadeIn(*film.said), seconds=TEXT)
            film.sweeps(0.0, float(step.sweeps), PACE * step.sweeps / found.steps[0].sweeps)
            film.remains()


@beat("answer")
def answer(film: IOFilm) -> None:
    """Sweeps, as many as blocks fit into N, times what each moves, Q and O in and O out, are the bars: half as tall for twice M."""
    found, place, skin = film.found, film.place, film.skin
    start, under = film.columns, film.under
    film.move(FadeOut(film.memory, film.line, *film.said, *film.standard, *film.over, *film.sizes), seconds=TEXT)
    stop = Square.of(place["end square"], found.config.seq_k)
    goes = carried(film.square, film.square.place.grid, stop.grid)

    def arrange(share: float) -> None:
        goes(share)
        film.columns = replace(start, rect=start.rect.toward(place["end plot"], share))
        film.under = under.toward(place["end under"], share)
        for index, (bar, kept, step) in enumerate(zip(film.bars, film.kept, found.steps, strict=True)):
            rect = film.columns.memory(index, film.under, step.m / found.steps[-1].m)
            bar.display(film.columns, step.sweeps)
            kept.display(rect, Memory.quarters(rect, filled(step)))

    film.move(Shows(Group(film.square, *film.bars, *film.kept), arrange, rate_func=ease_in_out_cubic), seconds=MOVE)
    film.sizes = [film.size(index, MEMORY) for index in range(len(found.steps))]
    counts = [
        word(counted(step.sweeps), LABEL, skin.ink, film.above(index, step.nbytes, 0), "count") for index, step in enumerate(found.steps)
    ]
    repeats = [film.columns.bar(index, found.once, step.nbytes) for index, step in enumerate(found.steps)]
    law = {name: word(text, NUMBER if name in LARGE else LABEL, skin.ink, place[name], "law") for name, text in LAW.items()}
    bound = fitted(BOUND, LABEL, skin.ink, place["bound"], "bound", Face.TEXT)
    film.move(FadeIn(*counts, *film.sizes), seconds=TEXT)
    with film.scene.telling():
        film.move(FadeIn(law["sweeps"], *spanned(film, stop)), seconds=TEXT)
        framed(film, [stop.block(name, float(key), film.step.columns) for key in stop.starts(film.step.columns) for name in "KV"])
        film.move(FadeIn(law["width"]), seconds=TEXT)
        framed(film, [Memory.quarters(film.columns.memory(len(found.steps) - 1, film.under, 1.0), filled(film.step))["K"]])
        crossing(film, stop)
        film.move(FadeIn(law["each"], law["moved"]), seconds=TEXT)
        film.scene.hold(LIT)
        film.move(FadeIn(law["law"], bound), seconds=TEXT)
        framed(film, repeats)
        film.scene.hold(LAST)


def carried(thing: Mobject, start: Rect, stop: Rect) -> Callable[[float], None]:
    """A picture goes, all of it, as ``start`` goes to ``stop``."""
    family = [(part, part.points.copy()) for part in thing.get_family() if len(part.points)]
    size, (x0, y0, *_), (x1, y1, *_) = stop.width / start.width, start.center, stop.center

    def show(share: float) -> None:
        scale = 1 + (size - 1) * share
        for part, points in family:
            part.points = (points - (x0, y0, 0)) * scale + (x0 + (x1 - x0) * share, y0 + (y1 - y0) * share, 0)

    return show


def framed(film: IOFilm, rects: Sequence[Rect]) -> None:
    """What a line of the law counts."""
    lit = outlines(film.skin.stats, "lit", 2 * theme.HEAVY).display(edges(rects)).set_z_index(3)
    film.move(FadeIn(lit), seconds=TEXT)
    film.scene.hold(LIT)
    film.move(FadeOut(lit), seconds=TEXT)


def spanned(film: IOFilm, square: Square) -> list[Word | Rectangles]:
    """Under the square, how wide a block is, and all of them."""
    grid, ink = square.grid, film.skin.ink
    spans, words = list[np.ndarray](), list[Word]()
    for text, wide, line in (("width", film.step.columns * square.unit, 0), ("N", grid.width, 1)):
        y = grid.y0 - em(24 + line * LINE)
        spans.append(span(grid.x0, grid.x0 + wide, y, em(2), em(9)))
        left = grid.x0 + wide + em(BY_LINE)
        words.append(Word(text, LABEL, ink, left, y - 0.36 * em(LABEL), "span"))
    return [Rectangles(ink, name="spans").display(np.concatenate(spans)), *words]


def crossing(film: IOFilm, square: Square) -> None:
    """What crosses at one sweep leaves the square's strips: all of Q in, all of O in and out."""
    ways = [way for way in film.found.each if way.tensor in "QO"]
    thick, strips = square.band, columns(film.place["strips"], len(ways))
    places = [Rect(each.center[0] - thick / 2, each.y0, each.center[0] + thick / 2, each.y0 + square.grid.height) for each in strips]
    moving = [Rectangles(film.skin.hue(way.tensor), name="way") for way in ways]

    def fly(share: float) -> None:
        for way, thing, stop in zip(ways, moving, places, strict=True):
            thing.display(edges([square.strip(way.tensor).toward(stop, share)]))

    film.move(Shows(Group(*moving), fly, introducer=True, rate_func=ease_in_out_cubic), seconds=FLIGHT)
    words = list[Word]()
    for way, strip, stop in zip(ways, strips, places, strict=True):
        hue, line = film.skin.hue(way.tensor), em(LINE)
        words.append(amid([way.name], hue, Rect(strip.x0, stop.y1, strip.x1, stop.y1 + line), "way name"))
        words.append(amid(["d"], film.skin.ink, Rect(strip.x0, stop.y0 - line, strip.x1, stop.y0), "extent"))
    tall = places[0]
    words.append(amid(["N"], film.skin.ink, Rect(tall.x0 - em(LINE), tall.y0, tall.x0, tall.y1), "extent"))
    film.move(FadeIn(*words), seconds=TEXT)
