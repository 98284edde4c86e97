"""What a chip's memory buys: a block of K and V stays while Q and O pass, sweep by sweep; then twice the memory, and again."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from manim import Group
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import palette, theme
from flashviz.chapters import io_complexity
from flashviz.chapters.io_complexity import IO, Step, gather, named, on_chip
from flashviz.citations import THEOREM_2
from flashviz.director.material import provenance
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, StepBack, beat, step_forth
from flashviz.director.words import LABEL, NAME, NUMBER, Counter, Word, amid, first_that_fits, fitted, middle, word
from flashviz.figures import KIB
from flashviz.layout import Rect
from flashviz.layout.io_complexity import BAR, BEFORE, Band, Columns, Cross, Square
from flashviz.layout.rect import rows
from flashviz.lettering import Face, em, text_width, wrap
from flashviz.memory import FLOAT32
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, early, late
from flashviz.mobjects.named import Named
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.sweeps import Bars, Block, Memory, Stripes, Sweeps, strength
from flashviz.mobjects.tiles import DASH, THIN, Rectangles, box, dashes, edges, outlines, span

WHOLE = ("scores: never in HBM", "never in HBM")
ROOM = ("on chip, M = {kib}: 4 blocks of {columns} rows", "M = {kib}: 4 blocks of {columns} rows")
SUMS = ("and its sums", "+ its sums", "+ sums")
CUT = ("N = {n} rows each,", "d = {d} numbers a row,", "{sweeps} blocks of {columns} rows")
SCORES, PART = "scores", "part"
DROPPED = ("made and dropped,", "not counted in M", "({paper})")
AGAIN = ("the same block", "of O, unfinished")
CHIP = "M = {kib}"
BLOCKS = ("K, V: {sweeps} blocks of {columns} rows", "{sweeps} blocks of {columns} rows")
SWEEP = ("one sweep: {parts} = {all}", "sweep: {parts} = {all}", "sweep: {all}")
WITHIN = {
    "Q in": ("{n} rows × {d} numbers × {size} bytes",),
    "O in": tuple(f"{text} a row, {{stat}} bytes each" for text in ("the same + a sum and a max", "+ a sum and a max", "+ sum, max")),
    "O out": ("the same again",),
}  # fmt: skip
LAID = "{} each sweep"
SUM = "{sweeps} × {each:,.0f} = {all:,.0f} KiB"
ONCE = "once: K and V in, first O (zeros) out: {parts} = {all}"
AXIS = ("KiB moved between HBM and chip", "KiB between HBM and chip")
MEMORY = ("M: {}", "{}")
REAL = ("{}, M:", "{}")
STANDARD, AT_BEST = ("standard", "attention"), "at best:"
EXCESS = "{} more"
TERMS = ("N", " /", " (", "M", " /", " 4", "d", ")", " sweeps", " ×", " 3", " N", " d", " numbers")
BECOME = {0: "N²", 11: "N²", 6: "d²", 12: "d²", 5: "12", 10: "12", 1: "/", 3: "M", 13: "numbers"}  # of terms, by their place
EACH_SWEEP = 9  # terms before those of one sweep
LIFTED = "{}: N d"
ALL_LAW = "12 N² d² / M numbers"
IN_NUMBERS = "M = {kib} = {m:,.0f} numbers"
BY_LAW = ("law: {}", "{}")
REST = (
    "above the frames: sums, first pass, sweeps rounded up", "above: sums, first pass, sweeps rounded up",
    "above: sums, first pass, whole sweeps", "above: sums, K, V, whole sweeps",
)  # fmt: skip
WIDTHS = ("M / 4d = {}", "N = {}")
SIZE = 56  # px: of the law
NEARER = 1.4  # columns: in one of so many the first bar grows
LARGE = 5  # sweeps: as many fill the place at first
FLIGHT, MADE_IN, SEEN = 0.6, 0.45, 0.6  # seconds: a block's way, until the tile is lit, and a look
CALM, FIRST = 0.5, 0.9  # seconds: before the first block, and of its way
VISITS, OTHERS = (0.9, 0.6), 1.0  # seconds: of visits that are seen one by one, and of all others
ARRIVED, LEAVES = 0.4, 0.6  # shares of a visit: its blocks have come, O goes
PACES, REST_OF = (0.8, 0.5, 0.4, 0.3), 2.2  # seconds: of sweeps that are seen one by one, and of all others
PACE, GROWTH, LEAST = 1.2, 0.7, 0.6  # seconds: of all sweeps at the smallest M, of twice M, and of few sweeps
PIECE, COMPARED, LIT, ENDS = 0.3, 1.0, 0.6, 2.5  # seconds: of a piece of a bar, of two bars, of a term, of the last picture
BACK, DIM = 0.22, 0.7  # opacities: of what is not spoken of, and of the veil over what the law does not count
JUST = 1e-6  # of a sweep: it has begun
BY_LINE, LINE = 12, 46  # px: from a line or a bar to its words, and to the next line of words


class IOStage(ShotScene):
    """The scene that the chip grows on."""

    script = io_complexity.BEATS

    def open(self, run: Callable[..., Any]) -> IOFilm:
        """Record Algorithm 1 at growing M: ``flashviz_kernels.recorder.run``."""
        found = gather(self.settings.config, run)
        self.provenance = [provenance(trace) for trace in found.traces]
        self.set_board(found.beats, {"device": found.device, "room": in_kib(found.room)})
        return IOFilm(self, found)


class IOFilm(ChapterFilm):
    """Everything on stage, made here once."""

    said: Sequence[Any] = ()  # beside the chip's blocks, and later at its strip
    each: Word  # what a sweep moves
    excess: Sequence[Named] = ()  # what the smallest chip moves beyond standard attention
    backs: Sequence[StepBack]  # the bars but the first

    def __init__(self, scene: ShotScene, found: IO) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.place = place = scene.shot("io")
        self.step, made = found.steps[0], len(found.steps)
        self.columns, self.under = Columns(place["plot"], made + 2, max(self.step.nbytes, float(found.standard))), place["under"]
        self.square = Sweeps(Square.of(place["square"], found.config.seq_k), self.skin)
        self.hbm = amid(["HBM"], self.skin.ink, place["hbm"], "hbm")
        self.whole = amid(WHOLE, self.skin.ink, self.square.place.grid, "whole")
        self.cross, self.memory = Cross(place["panel"], place["made"]), Memory(self.skin, "memory")
        self.die = Named(box(place["die"], stroke=self.skin.quiet, fill=self.skin.chip), tag="die")
        self.slots = [Rectangles(self.skin.hue(name), name="slot").display(dashes(self.cross.slot(name))) for name in "KVQO"]
        self.letters = {name: self.lettered(name, self.skin.hue(name)) for name in "KVQO"}
        self.on_chip = dict[str, Rect]()  # blocks that are there
        self.flying = {name: Rectangles(self.skin.hue(name), name=f"flying {name}") for name in "KVQO"}
        self.block = Block(self.skin, 1 / self.step.sweeps)
        slot = self.cross.slot("scores")
        self.tile = Group(
            Rectangles(self.skin.scores, name="scores").display(edges([slot])), centred_word(SCORES, self.skin.ground, slot, "made")
        )
        texts = [text.format(paper=THEOREM_2.citation.partition(",")[0]) for text in DROPPED]
        self.dropped = [
            word(text, LABEL, self.skin.ink, line, "dropped") for text, line in zip(texts, rows(place["dropped"], len(texts)), strict=True)
        ]
        self.band = Band(place["band"], tuple(way.nbytes for way in found.each))
        self.lines = dict(zip(named(found.each), Band(place["band"], tuple(named(found.each).values())).stripes(), strict=True))
        self.shares = dict.fromkeys(self.lines, 0.0)  # of one sweep, what has crossed
        self.stripes, (self.names, self.crossed) = Stripes(found.each, self.skin), self.beside_stripes()
        self.bars = [Bars(index, found.each[::-1], found.starts, self.skin) for index in range(made + 1)]  # the last one: of a real chip
        self.standard = Bars(made + 1, (), found.pieces, self.skin)
        self.counts = [Counter(self.skin.ink, "swept") for _ in self.bars]
        self.kept = [Memory(self.skin, "memory kept", theme.OUTLINE) for _ in found.steps]
        self.at = {index: list[Any]() for index in range(made + 2)}  # words at bars
        self.brackets = Rectangles(self.skin.ink, name="brackets")
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

    def lettered(self, name: str, color: str) -> list[Word]:
        """On a block or its empty slot what it is, and how large; with O's block come its rows' sums."""
        letter, size, sums = rows(self.cross.slot(name).inset(em(BY_LINE)), 3)
        left = letter.center[0] - text_width(name, NUMBER, Face.STRONG) / 2
        found = [Word(name, NUMBER, color, left, middle(letter, NUMBER), "held name")]
        found.append(centred_word(on_chip(self.step.m / len(self.slots), self.found.config), color, size, "held size"))
        if name == "O":
            found.append(centred_word(first_that_fits(SUMS, LABEL, sums.width, Face.STRONG), color, sums, "held sums"))
        return [each.set_z_index(2, family=True) for each in found]

    def holds(self, name: str) -> None:
        """A block has come: it is on chip, and its letter is read on it."""
        self.scene.remove(self.flying[name])
        if name not in self.on_chip:
            self.scene.remove(*self.letters[name])
            self.letters[name] = self.lettered(name, self.skin.ink if name == "O" else self.skin.ground)
            self.scene.add(*self.letters[name])
        if name != "O":
            self.on_chip[name] = self.cross.slot(name)
            self.memory.display(self.place["panel"], self.on_chip)

    def loads(self, index: int, seconds: float) -> None:
        """A block of K and one of V fly from HBM onto the chip."""
        place, step, flying = self.square.place, self.step, Group(self.flying["K"], self.flying["V"])
        starts = {name: place.block(name, float(index * step.columns), step.columns) for name in "KV"}

        def show(share: float) -> None:
            for name, start in starts.items():
                self.flying[name].display(edges([start.toward(self.cross.slot(name), share)]))

        self.scene.add(flying)
        self.move(Shows(flying, show, rate_func=ease_in_out_cubic), seconds=seconds)
        for name in "KV":
            self.holds(name)

    def drops(self, *names: str) -> None:
        """Blocks leave the chip: they are not written back."""
        for name in names:
            self.scene.remove(self.flying[name], *self.letters[name])
            self.on_chip.pop(name, None)
            self.letters[name] = self.lettered(name, self.skin.hue(name))
            self.scene.add(*self.letters[name])
        self.memory.display(self.place["panel"], self.on_chip)

    def beside_stripes(self) -> tuple[list[Word], list[Readout]]:
        """Before each stripe its name, after it how many bytes have crossed."""
        names, counters = list[Word](), list[Readout]()
        for name, stripe in self.lines.items():
            hue = self.skin.hue(name[0])
            names.append(word(name, LABEL, hue, self.band.before(stripe), "way"))
            counter = Readout("", LABEL, hue, name="crossed", face=Face.MONO_STRONG, anchor="right")
            counters.append(counter.at(self.band.after(stripe)))
        return names, counters

    def crosses(self, *shares: float) -> None:
        """So much of each line has crossed: its stripes, and its bytes after them."""
        self.shares = dict(zip(self.lines, shares, strict=True))
        self.stripes.display(self.band.stripes(), [self.shares[way.name] for way in self.found.each])
        for nbytes, share, counter in zip(named(self.found.each).values(), shares, self.crossed, strict=True):
            counter.display(f"{share * nbytes / KIB:,.0f} KiB")

    def comes(self, name: str, index: int, crossed: Sequence[float] = (), strong: bool = False) -> None:
        """A block of Q or of O comes from HBM onto the chip, and its stripes go on from what has crossed to what then has."""
        start, stop, flying = self.square.place.rows(name, index, self.step.rows), self.cross.slot(name), self.flying[name]
        before = tuple(self.shares.values())

        def show(share: float) -> None:
            rect = start.toward(stop, share)
            if name == "Q":
                flying.display(edges([rect]))
            else:
                self.block.display([] if strong else [rect], [rect] if strong else [])
            if crossed:
                self.crosses(*(was + (now - was) * share for was, now in zip(before, crossed, strict=True)))

        thing = flying if name == "Q" else self.block
        self.scene.add(thing)
        counts = [self.stripes, *self.crossed] if crossed else []
        self.move(Shows(Group(thing, *counts), show, rate_func=ease_in_out_cubic), seconds=FLIGHT)
        self.holds(name)

    def first_visit(self) -> None:
        """A block of Q and one of O come; Q and K make scores, these and V a part, which is added to O's block; that goes out."""
        place, slot, step, after = self.square.place, self.cross.slot("O"), self.step, 1 / self.visits
        tile, beneath, o = self.cross.slot("scores"), self.cross.slot("part"), place.rows("O", 0, step.rows)
        part, name = Block(self.skin, 1 / step.sweeps, "part of O"), centred_word(PART, self.skin.ink, tile, "part")
        copies = {each: Rectangles(self.skin.hue(each), name=f"copy {each}", opacity=palette.SECOND) for each in "QKV"}
        goals = {"Q": tile.left(tile.width / 2), "K": tile.right(tile.width / 2), "V": tile}
        baseline = name.baseline

        def meet(names: str) -> Shows:
            def show(share: float) -> None:
                for each in names:
                    copies[each].display(edges([self.cross.slot(each).toward(goals[each], share)]))

            self.scene.add(*(copies[each] for each in names))
            return Shows(Group(*(copies[each] for each in names)), show, rate_func=ease_in_out_cubic)

        def made(share: float) -> None:
            rect = tile.toward(beneath, share)
            part.display([], [rect])
            name.put_at(rect.center[0] - name.wide / 2, baseline)

        def added(share: float) -> None:
            part.display([], [beneath.toward(slot, share)])

        def o_out(share: float) -> None:
            self.block.display([], [slot.toward(o, share)])
            self.crosses(after, after, after * share)

        self.comes("Q", 0, (after, 0.0, 0.0))
        self.comes("O", 0, (after, after, 0.0))
        self.move(meet("QK"), seconds=MADE_IN)
        self.move(FadeIn(self.tile, *self.dropped), FadeOut(copies["Q"], copies["K"]), seconds=TEXT)
        self.scene.hold(SEEN)
        self.move(meet("V"), seconds=MADE_IN)
        self.scene.add(part, name)
        self.move(Shows(Group(part, name), made, rate_func=ease_in_out_cubic), FadeOut(copies["V"]), seconds=FLIGHT)
        self.move(Shows(part, added, rate_func=ease_in_out_cubic), FadeOut(name), seconds=FLIGHT)
        self.block.display([], [slot])
        self.scene.remove(part)
        go = Shows(Group(self.block, self.stripes, *self.crossed), o_out, rate_func=ease_in_out_cubic)
        self.move(FadeOut(self.tile), go, seconds=FLIGHT)
        self.scene.remove(self.block)
        self.passes(after)

    def rest(self) -> None:
        """All other blocks of Q and of O: some are seen one by one, of all others only their rows, and how the last one goes out."""
        place, step, flying, slot, begun = self.square.place, self.step, self.flying["Q"], self.cross.slot("O"), len(VISITS) + 1
        visits, tile = self.visits, self.tile
        clock = np.cumsum([0.0, *VISITS, OTHERS, VISITS[-1] / 2])

        def show(share: float) -> None:
            at = float(np.interp(share * clock[-1], clock, [*range(1, begun + 1), visits - 0.5, visits]))
            index = min(int(at), visits - 1)
            seen = index < begun or at > visits - 0.5
            way = at - index if seen else 0.5  # of a visit
            q_come, o_come = (min(max(way / ARRIVED - late, 0.0) * 2, 1.0) for late in (0.0, 0.5))
            gone = max((way - LEAVES) / (1 - LEAVES), 0.0)
            q, o = place.rows("Q", index, step.rows), place.rows("O", index, step.rows)
            flying.display(edges([q.toward(self.cross.slot("Q"), q_come)]))
            self.block.display([o.toward(slot, o_come)] if way < 0.5 else [], [slot.toward(o, gone)] if way >= 0.5 else [])
            for each in tile:
                each.set_fill(opacity=float(o_come >= 1 and gone <= 0))
            self.passes((index + (gone >= 1)) / visits if share < 1 else 1.0)
            self.crosses(*((index + each if seen else at) / visits for each in (q_come, o_come, gone)))

        self.scene.add(flying, self.block, tile)
        self.move(Shows(Group(flying, self.block, tile, self.square, self.stripes, *self.crossed), show), seconds=clock[-1])
        self.holds("Q")
        self.scene.remove(self.block, tile)

    def passes(self, swept: float) -> None:
        """The square after so many sweeps."""
        self.square.display(self.step.columns, self.step.rows, max(swept, JUST))

    # ------------------------------------------------------------------------------------------------------ bars of bytes

    def near(self, nbytes: float) -> Columns:
        """As the first bar grows: wide, and from further and further away once some sweeps fill the place."""
        return replace(self.columns, count=NEARER, most=max(nbytes, float(LARGE * self.found.sweep)))

    def swept(self, index: int, seconds: float) -> None:
        """All sweeps of a bar, and over them what crosses once; the square goes with them."""
        square, step, found, bar, count = self.square, self.step, self.found, self.bars[index], self.counts[index]

        def show(share: float) -> None:
            nbytes = share * step.nbytes
            sweeps = min(nbytes / found.sweep, float(step.sweeps))
            square.display(step.columns, step.rows, sweeps)
            bar.display(self.columns, sweeps, max(nbytes - step.sweeps * found.sweep, 0.0) / found.once)
            self.counted(index, sweeps, nbytes, self.columns)

        self.scene.add(bar, count)
        self.move(Shows(Group(square, bar, count), show), seconds=seconds)

    def counted(self, index: int, sweeps: float, nbytes: float, columns: Columns) -> None:
        """Over a bar of so many bytes, how many sweeps it is, or the first that is under way."""
        place = self.above(index, nbytes, 0, columns).left(self.columns.pitch)
        self.counts[index].say(word(counted(max(int(sweeps + 1e-6), 1)), LABEL, self.skin.ink, place, "swept"))

    def above(self, index: int, nbytes: float, line: int, columns: Columns | None = None) -> Rect:
        """Over a bar of so many bytes, a line of words from below."""
        columns = columns or self.columns
        left, low = columns.x(index, 0.0) + em(BY_LINE), columns.y(nbytes) + em(BY_LINE / 2 + line * LINE)
        return Rect(left, low, columns.rect.x1, low + em(LINE))

    def of_all(self, forms: Sequence[str], sizes: Sequence[str]) -> str:
        """The first form in which every one of these fits into a column: all bars speak alike."""
        room = self.columns.pitch - em(BY_LINE)
        return next((form for form in forms if all(text_width(form.format(size), LABEL, Face.STRONG) <= room for size in sizes)), forms[-1])

    def in_form(self, nbytes: float) -> str:
        """Bytes at bars; where the longest does not fit, their unit stands at the axis alone."""
        return self.of_all(("{} KiB", "{}"), [f"{self.columns.most / KIB:,.0f}"]).format(f"{nbytes / KIB:,.0f}")

    def moved(self, index: int, nbytes: float, line: int = 1, columns: Columns | None = None) -> Word:
        """Over a bar, its bytes."""
        self.at[index].append(word(self.in_form(nbytes), LABEL, self.skin.ink, self.above(index, nbytes, line, columns), "bytes"))
        found: Word = self.at[index][-1]
        return found

    def sized(self, index: int, m: float, device: str = "") -> list[Word]:
        """Under a bar, how large the memory is, and whose it is."""
        found = self.found
        form = self.of_all(MEMORY, [on_chip(step.m, found.config) for step in found.steps])
        size = on_chip(m, found.config)
        whose = [self.beneath(index, REAL[form == MEMORY[-1]].format(device), 0, "chip")] if device else []
        words = [*whose, self.beneath(index, size if device else form.format(size), 1, "size")]
        self.at[index] += words
        return words

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

    def beside(self, text: str, high: float, name: str) -> list[Word]:
        """Beside the first bar as it stands near, lines of words from a height down."""
        near = self.near(0.0)
        left = near.x(0, BAR[1]) + em(5 * BY_LINE)
        texts = wrap(text, near.rect.x1 - left, LABEL, Face.STRONG)
        place = Rect(left, high - em(LINE) * len(texts), near.rect.x1, high)
        return [word(each, LABEL, self.skin.ink, row, name) for each, row in zip(texts, rows(place, len(texts)), strict=True)]

    def bracketed(self, columns: Columns, *parts: tuple[float, float]) -> None:
        """Beside the first bar, from some bytes to others."""
        x = columns.x(0, BAR[1]) + em(2 * BY_LINE)
        found = [span(columns.y(low) + em(3), columns.y(high) - em(3), x, em(2), em(9))[:, [1, 0, 3, 2]] for low, high in parts]
        self.brackets.display(np.concatenate(found))

    def measured(self) -> list[Word]:
        """At the strip of memory, how large it is, and how it cuts K and V."""
        return [
            word(CHIP.format(kib=on_chip(self.step.m, self.found.config)), LABEL, self.skin.ink, self.place["chip"], "chip"),
            self.cut(),
        ]

    def cut(self) -> Word:
        """How K and V are cut."""
        texts = [form.format(sweeps=self.step.sweeps, columns=self.step.columns) for form in BLOCKS]
        return fitted(texts, LABEL, self.skin.ink, self.place["blocks"], "blocks")

    def lay_standard(self, nbytes: float) -> None:
        """Standard attention's bar, with so many bytes laid."""
        shares, low = [], 0.0
        for way in self.found.pieces:
            shares.append(((way,), float(np.clip((nbytes - low) / way.nbytes, 0.0, 1.0))))
            low += way.nbytes
        self.standard.pile(self.columns, shares)

    def at_bar(self, index: int) -> list[Any]:
        """What stands on stage of a bar, and at it."""
        bar = [self.bars[index], self.counts[index]] if index < len(self.bars) else [self.standard, self.line]
        return [each for each in (*bar, *self.kept[index : index + 1], *self.at[index]) if self.scene.on_stage(each)]

    def by_law(self, index: int) -> Rect:
        """Of a bar, what the law counts."""
        return self.columns.bar(index, 0.0, self.found.law(self.of_bar(index).m))

    def of_bar(self, index: int) -> Step:
        """M and what crosses; the last bar is the real chip's."""
        return (*self.found.steps, self.found.real)[index]

    def framed(self, rects: Sequence[Rect]) -> Rectangles:
        """What is counted."""
        return outlines(self.skin.stats, "lit", 2 * theme.HEAVY).display(edges(rects)).set_z_index(3)

    def in_numbers(self) -> list[Any]:
        """The strip of memory under the first bar comes up, and beside it stands how many numbers it holds."""
        step, place = self.found.steps[0], self.place["rest"]
        start = self.columns.memory(0, self.under, step.m / self.found.steps[-1].m)
        stop = place.left(start.width).inset(0.0, (place.height - start.height) / 2)

        def show(share: float) -> None:
            rect = start.toward(stop, share)
            self.memory.display(rect, Memory.quarters(rect, filled(step)))

        text = IN_NUMBERS.format(kib=on_chip(step.m, self.found.config), m=step.m)
        words = word(text, NAME, self.skin.ink, place.beyond(start.width + em(2 * BY_LINE)), "numbers")
        self.scene.add(self.memory)
        self.move(Shows(self.memory, show, rate_func=ease_in_out_cubic), seconds=FLIGHT)
        self.move(FadeIn(words), seconds=TEXT)
        return [self.memory, words]

    def terms(self) -> list[Word]:
        """Sweeps times the numbers of one, term by term."""
        place, texts = self.place["law"], "".join(TERMS)
        px = SIZE * min(1.0, place.width / text_width(texts, SIZE, Face.STRONG))
        lefts = [
            place.x0 + text_width("".join(TERMS[:index]) + " " * term.startswith(" "), px, Face.STRONG) for index, term in enumerate(TERMS)
        ]
        return [Word(term.strip(), px, self.skin.ink, left, middle(place, px), "term") for term, left in zip(TERMS, lefts, strict=True)]

    def lifted(self, terms: Sequence[Word]) -> list[Any]:
        """Q in, O in and O out of the first sweep leave their bar and are large, each N d numbers in a frame."""
        ways, low, starts = self.found.each, float(self.found.sweep), list[Rect]()
        for way in ways:
            low -= way.nbytes
            starts.append(self.columns.bar(0, low, low + way.nbytes))
        counted = [(way, start) for way, start in zip(ways, starts, strict=True) if way.tensor != "L"]
        stops = rows(self.place["lifted"], len(counted), em(BY_LINE / 2))
        parts = [Rectangles(self.skin.hue(way.tensor), name="lifted") for way, _ in counted]

        def show(share: float) -> None:
            for part, (_, start), stop in zip(parts, counted, stops, strict=True):
                part.display(edges([start.toward(stop, share)]))

        self.scene.add(*parts)
        self.move(Shows(Group(*parts), show, rate_func=ease_in_out_cubic), seconds=MOVE)
        names = [
            centred_word(LIFTED.format(way.name), self.skin.ground, stop, "lifted name")
            for (way, _), stop in zip(counted, stops, strict=True)
        ]
        frames = self.framed(stops)
        self.move(FadeIn(*names, frames, *terms), seconds=TEXT)
        return [*parts, *names, frames]

    def cancels(self, terms: Sequence[Word], strips: Sequence[Any]) -> None:
        """Terms of one kind meet: 4 and 3, N and N, d and d."""
        place, px = self.place["law"], terms[0].px
        total = Word(ALL_LAW, px, self.skin.ink, place.x0, middle(place, px), "law")
        into = {text: place.x0 + text_width(ALL_LAW.partition(text)[0], px, Face.STRONG) for text in BECOME.values()}
        stay = {index: terms[index] for index in BECOME}
        starts = {index: term.left for index, term in stay.items()}

        def meet(share: float) -> None:
            for index, term in stay.items():
                term.put_at(starts[index] + (into[BECOME[index]] - starts[index]) * share, term.baseline)

        self.move(FadeOut(*strips, *(term for index, term in enumerate(terms) if index not in stay)), seconds=TEXT)
        self.move(Shows(Group(*stay.values()), meet, rate_func=ease_in_out_cubic), seconds=MOVE)
        self.scene.remove(*stay.values())
        self.scene.add(total)

    def sorted(self, index: int) -> Shows:
        """Rows' sums leave the sweeps of a bar."""
        bar, step = self.bars[index], self.of_bar(index)
        return Shows(bar, lambda share: bar.sift(self.columns, step.sweeps, share), rate_func=ease_in_out_cubic)

    def beyond(self, index: int) -> list[Any]:
        """A veil over what the law does not count, and over the bar the law's own sum."""
        step, first = self.of_bar(index), self.found.steps[0]
        veil = Rectangles(self.skin.ground, name="veil", opacity=DIM)
        veil.display(edges([self.columns.bar(index, self.found.law(step.m), step.nbytes)]))
        form = self.of_all(BY_LAW, [f"{self.found.law(first.m) / KIB:,.0f}"])
        text = form.format(f"{self.found.law(step.m) / KIB:,.0f}")
        return [veil, word(text, LABEL, self.skin.stats, self.above(index, step.nbytes, 0), "by law")]

    def spanned(self) -> list[Word | Rectangles]:
        """Under the square, how wide a block is, and all of them."""
        square, ink, columns = self.square.place, self.skin.ink, self.step.columns
        grid, spans, words = square.grid, list[np.ndarray](), list[Word]()
        for text, wide, line in ((WIDTHS[0].format(columns), columns * square.unit, 0), (WIDTHS[1].format(square.n), grid.width, 1)):
            y = grid.y0 - em(24 + line * LINE)
            spans.append(span(grid.x0, grid.x0 + wide, y, em(2), em(9)))
            left = grid.x0 + wide + em(BY_LINE)
            words.append(Word(text, LABEL, ink, left, y - 0.36 * em(LABEL), "span"))
        return [Rectangles(ink, name="spans").display(np.concatenate(spans)), *words]

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


def centred_word(text: str, color: str, rect: Rect, name: str) -> Word:
    """A label in the middle of ``rect``."""
    return Word(text, LABEL, color, rect.center[0] - text_width(text, LABEL, Face.STRONG) / 2, middle(rect, LABEL), name)


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


def summed(ways: Sequence[io_complexity.Way]) -> dict[str, str]:
    """Bytes of each name, and of all."""
    parts = named(ways).values()
    return {"parts": " + ".join(f"{nbytes / KIB:,.0f}" for nbytes in parts), "all": in_kib(sum(parts))}


def counted(sweeps: int) -> str:
    """How many sweeps there are."""
    return f"{sweeps} sweep{'s' * (sweeps != 1)}"


# --------------------------------------------------------------------------------------------------------------- beats


@beat("chip")
def chip(film: IOFilm) -> None:
    """HBM with Q, K, V and O around the scores that are never stored, and a chip with room for four blocks; one of K and of V come."""
    c, columns = film.found.config, film.step.columns
    figures = {"n": c.seq_k, "d": c.head_dim, "sweeps": film.step.sweeps, "columns": columns, "kib": on_chip(film.step.m, c)}
    film.square.display(columns, film.step.rows, 0.0)
    film.memory.display(film.place["panel"], {})
    lines = rows(film.place["cut"].top(em(LINE) * len(CUT)), len(CUT))
    film.said = [
        fitted([text.format(**figures) for text in ROOM], NAME, film.skin.ink, film.place["room"], "room"),
        *(word(text.format(**figures), LABEL, film.skin.ink, line, "cut") for text, line in zip(CUT, lines, strict=True)),
    ]
    letters = itertools.chain(*film.letters.values())
    film.scene.add(film.square, film.whole, film.hbm, film.die, film.memory, *film.slots, *letters, *film.said)
    film.scene.hold(CALM)
    with film.scene.telling():
        film.loads(0, FIRST)
        film.passes(0.0)


@beat("visit")
def visit(film: IOFilm) -> None:
    """One block of Q and one of O: scores, a part, O with the part goes back; what crosses is a stripe each."""
    film.crosses(*film.shares.values())
    film.said = [*film.said, *film.names, *film.crossed]
    film.move(FadeIn(film.stripes, *film.names, *film.crossed), seconds=TEXT)
    with film.scene.telling():
        film.first_visit()
    film.said = [*film.said, *film.dropped]


@beat("sweep")
def sweep(film: IOFilm) -> None:
    """All other blocks of Q and of O pass: the stripes are full, and what they are made of is written in them."""
    found, c, beneath = film.found, film.found.config, film.band.beneath
    with film.scene.telling():
        film.rest()
        film.scene.event = len(found.traces[0])
        figures = {"n": c.seq_q, "d": c.head_dim, "size": c.itemsize, "stat": FLOAT32}
        within = [
            fitted([text.format(**figures) for text in WITHIN[name]], LABEL, film.skin.ground, stripe.inset(em(BY_LINE), 0.0), "within")
            for name, stripe in film.lines.items()
        ]
        texts = [text.format(**summed(found.each)) for text in SWEEP]
        film.each = fitted(texts, LABEL, film.skin.ink, beneath.beyond(BEFORE), "each").set_z_index(2, family=True)
        film.said = [*film.said, *within]
        film.move(FadeIn(*within, film.each), seconds=TEXT)
        film.scene.hold(SEEN)


@beat("back")
def back(film: IOFilm) -> None:
    """The next block of K and of V, and of O the block that was there at first, as far as it is finished."""
    beneath = film.cross.slot("part")
    lines = rows(Rect(beneath.x0, beneath.y1 - len(AGAIN) * em(LINE), film.cross.made.x1, beneath.y1), len(AGAIN))
    words = [word(text, LABEL, film.skin.hue("O"), line, "again") for text, line in zip(AGAIN, lines, strict=True)]
    with film.scene.telling():
        film.move(FadeOut(*film.dropped), seconds=TEXT)
        film.drops("K", "V", "Q")
        film.scene.hold(MADE_IN)
        film.loads(1, FLIGHT)
        film.passes(1.0 + JUST)
        film.comes("Q", 0)
        film.move(FadeIn(*words), seconds=TEXT)
        film.comes("O", 0, strong=True)
        film.scene.hold(FIRST)
    film.said = [*(each for each in film.said if each not in film.dropped), *words]


@beat("again")
def again(film: IOFilm) -> None:
    """The slab of one sweep is a bar's first layer, the chip a strip; each K and V lays the same again: their sum."""
    found, bar, panel, held, near = film.found, film.bars[0], film.place["panel"], film.held, film.near(0.0)
    quarters, stripes, step = Memory.quarters(held, filled(film.step)), film.band.stripes(), film.step
    starts, o = film.on_chip | {"O": film.cross.slot("O")}, film.memory.parts["O"]
    lows = found.sweep - np.cumsum([0.0, *(way.nbytes for way in found.each)])
    slabs = [near.bar(0, low, high) for high, low in itertools.pairwise(lows)]
    (laid,) = film.beside(LAID.format(in_kib(found.sweep)), near.y(found.sweep / 2) + em(LINE / 2), "laid")

    def lies(share: float) -> None:
        film.stripes.display([start.toward(stop, share) for start, stop in zip(stripes, slabs, strict=True)], [1.0] * len(stripes))

    def shrinks(share: float) -> None:
        o.set_fill(opacity=strength(1 / step.sweeps) + (1 - strength(1 / step.sweeps)) * share)
        film.memory.display(panel.toward(held, share), {name: start.toward(quarters[name], share) for name, start in starts.items()})

    shrinks(0.0)
    film.scene.remove(film.block, film.flying["Q"])
    letters = itertools.chain(*film.letters.values())
    film.move(FadeOut(*film.slots, film.die, film.whole, film.hbm, *letters, film.each, *film.said), seconds=TEXT)
    both = Shows(film.memory, shrinks, rate_func=ease_in_out_cubic), Shows(film.stripes, lies, rate_func=ease_in_out_cubic)
    film.move(*both, seconds=MOVE)
    film.said = film.measured()
    film.scene.remove(film.stripes)
    bar.display(near, 1.0)
    film.counted(0, 1.0, found.sweep, near)
    film.bracketed(near, (0.0, found.sweep))
    film.scene.add(bar, film.counts[0])
    film.move(FadeIn(film.brackets, laid, film.axis, *film.said), seconds=TEXT)
    clock = np.cumsum([0.0, *PACES, REST_OF]) / (sum(PACES) + REST_OF)
    marks = np.log([*range(1, len(clock)), step.sweeps])

    def piles(share: float) -> None:
        sweeps = min(float(np.exp(np.interp(share, clock, marks))), step.sweeps)  # the scale shrinks evenly
        columns = film.near(sweeps * found.sweep)
        film.passes(max(sweeps, 1.0 + JUST))
        bar.display(columns, sweeps)
        film.counted(0, sweeps, sweeps * found.sweep, columns)
        film.bracketed(columns, (0.0, found.sweep))
        laid.put_at(laid.left, middle(Rect(0.0, columns.y(0.0), 1.0, columns.y(found.sweep)), LABEL))

    with film.scene.telling():
        group = Group(film.square, bar, film.counts[0], film.brackets, laid)
        film.move(Shows(group, piles), seconds=sum(PACES) + REST_OF)
        adds(film, laid)


def adds(film: IOFilm, laid: Word) -> None:
    """What all sweeps move, and over it K, V and the first O: copies of them come, since they cross once."""
    found, bar, step, swept = film.found, film.bars[0], film.step, film.step.sweeps * film.found.sweep
    before, near = film.near(swept), film.near(step.nbytes)
    place, lows = film.square.place, swept + np.cumsum([0.0, *named(found.starts).values()])
    once = film.beside(ONCE.format(**summed(found.starts)), near.y(step.nbytes), "once")
    figures = {"sweeps": step.sweeps, "each": found.sweep / KIB, "all": swept / KIB}
    below = once[-1].baseline - em(BY_LINE)
    total = film.beside(SUM.format(**figures), min(near.y(swept / 2) + em(LINE / 2), below), "total")
    copies = [film.flying[name] for name in "KVO"]

    def come(share: float) -> None:
        bar.display(film.near(swept + (step.nbytes - swept) * share), step.sweeps)
        film.counted(0, step.sweeps, swept + (step.nbytes - swept) * share, film.near(swept + (step.nbytes - swept) * share))
        for copy, name, (low, high) in zip(copies, "KVO", itertools.pairwise(lows), strict=True):
            way = ease_in_out_cubic((late if name == "O" else early)(share))
            copy.display(edges([place.strip(name).toward(near.bar(0, low, high), way)]))

    film.bracketed(before, (0.0, swept))
    film.move(FadeOut(laid), seconds=TEXT / 2)
    film.move(FadeIn(*total), seconds=TEXT)
    film.move(FadeOut(film.brackets), seconds=TEXT / 2)
    come(0.0)
    film.scene.add(*copies)
    film.move(Shows(Group(bar, film.counts[0], *copies), come), seconds=MOVE)
    film.scene.remove(*copies)
    bar.display(near, step.sweeps, 1.0)
    film.bracketed(near, (0.0, swept), (swept, step.nbytes))
    film.said = [*film.said, film.brackets, *total, *once]
    film.move(FadeIn(film.brackets, *once, film.moved(0, step.nbytes, columns=near)), seconds=TEXT)
    film.scene.hold(COMPARED)


def compare(film: IOFilm) -> None:
    """Standard attention's bar, piece by piece, and its level over all others; what the smallest chip moves beyond it is framed."""
    standard, level, step, near = film.standard, film.found.standard, film.step, film.near(film.step.nbytes)
    words = [film.beneath(standard.index, text, line, "standard name") for line, text in enumerate(STANDARD)]
    (amount,) = film.at[0]
    chip, cut, *sums = film.said
    film.said = [chip, cut]

    def steps_aside(share: float) -> None:
        count, most = near.count + (film.columns.count - near.count) * share, near.most + (film.columns.most - near.most) * share
        columns = replace(film.columns, count=count, most=most)
        film.bars[0].display(columns, float(step.sweeps), 1.0)
        film.counted(0, step.sweeps, step.nbytes, columns)
        amount.put(film.above(0, step.nbytes, 1, columns))

    film.move(FadeOut(*sums), seconds=TEXT)
    aside = Shows(Group(film.bars[0], film.counts[0], amount), steps_aside, rate_func=ease_in_out_cubic)
    film.move(aside, film.copied(), seconds=GROWTH)
    film.scene.add(standard)
    with film.scene.telling():
        film.move(FadeIn(*film.sized(film.index, step.m), *words), seconds=TEXT)
        names = pieces(film)
        best = word(AT_BEST, LABEL, film.skin.ink, film.above(standard.index, level, 1), "at best")
        film.move(FadeIn(film.moved(standard.index, level, 0), best), seconds=TEXT)
        film.at[standard.index] += [*words, best]
        film.move(FadeOut(*names), seconds=TEXT)
        film.move(Shows(film.line, film.level, introducer=True), seconds=MOVE / 2)
        if step.nbytes > level:
            rect = film.columns.bar(0, level, step.nbytes)
            excess = Named(box(rect, stroke=film.skin.warn, width=2 * theme.HEAVY), tag="excess")
            beside = Rect(film.columns.x(1, 0.0), rect.y0, film.columns.rect.x1, rect.y1)
            text = EXCESS.format(in_kib(step.nbytes - level))
            film.excess = [excess, word(text, NAME, film.skin.ink, beside, "more")]
            film.move(FadeIn(*film.excess), seconds=TEXT)
        film.scene.hold(COMPARED)


more, less = beat("more")(compare), beat("less")(compare)


def pieces(film: IOFilm) -> list[Word]:
    """Standard attention's transfers are laid upon each other, those of one name together; each name stands beside what it names."""
    bar, names = film.standard, list[Word]()
    right, low, line = film.columns.x(bar.index, BAR[0]) - em(BY_LINE), 0.0, film.columns.rect.y0
    for name, nbytes in named(film.found.pieces).items():
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


def doubled(film: IOFilm) -> None:
    """M doubles, blocks get as wide, and the square is cut into half as many; then as many sweeps are laid as the next bar."""
    found, before, start = film.found, film.step, film.held
    film.step = step = found.steps[film.index + 1]
    full, was = filled(step), filled(before)

    def grow(share: float) -> None:
        film.square.widen(before.columns, step.columns, share)
        rect = start.toward(film.held, share)
        film.memory.display(rect, Memory.quarters(rect, {name: was[name] + (full[name] - was[name]) * share for name in full}))

    film.move(FadeOut(*film.said, *film.excess), seconds=TEXT)
    film.excess = []
    with film.scene.telling():
        film.move(Shows(Group(film.square, film.memory), grow, rate_func=ease_in_out_cubic), seconds=GROWTH)
        film.said = film.measured()
        film.move(FadeIn(*film.said), seconds=TEXT)
        film.move(film.copied(), FadeIn(*film.sized(film.index, step.m)), seconds=GROWTH)
        film.swept(film.index, max(LEAST, PACE * step.sweeps / found.steps[0].sweeps))
        film.level()
        film.move(FadeIn(film.moved(film.index, step.nbytes)), seconds=TEXT)
        film.scene.hold(SEEN)


wider, below, twice = beat("wider")(doubled), beat("below")(doubled), beat("twice")(doubled)


@beat("real")
def real(film: IOFilm) -> None:
    """What a thread block of a real GPU may have is the next M: its blocks are shown in the square, its sweeps are the next bar."""
    found, step, index, n = film.found, film.found.real, len(film.found.steps), film.found.config.seq_k
    last, columns = film.step, min(step.columns, n)
    with film.scene.telling():
        film.move(FadeOut(film.memory, *film.said), seconds=TEXT)
        cut = Shows(film.square, lambda share: film.square.widen(last.columns, columns, share), rate_func=ease_in_out_cubic)
        film.step = replace(step, columns=columns)
        film.said = []
        film.move(cut, FadeIn(*film.sized(index, step.m, found.device)), seconds=MOVE)
        film.swept(index, LEAST)
        film.move(FadeIn(film.moved(index, step.nbytes)), seconds=TEXT)
        film.scene.hold(SEEN)


@beat("law")
def law(film: IOFilm) -> None:
    """At the first M, in numbers: sweeps, times what is lifted out of one of them; terms cancel, and in the bar the sum is framed."""
    found, now = film.found, film.step
    held = [film.memory] if film.scene.on_stage(film.memory) else []
    film.step = first = found.steps[0]
    cut = Shows(film.square, lambda share: film.square.widen(now.columns, first.columns, share, full=True), rate_func=ease_in_out_cubic)
    film.move(FadeOut(film.axis, *film.said, *held, *film.counts[1:]), seconds=TEXT)
    film.backs = [StepBack(things, BACK) for index in film.at if index and (things := film.at_bar(index))]
    film.move(cut, *film.backs, seconds=GROWTH)
    terms = film.terms()
    with film.scene.telling():
        film.said = film.in_numbers()
        film.said = [*film.said, film.cut(), *film.spanned()]
        film.move(FadeIn(*terms[:EACH_SWEEP], *film.said[2:]), seconds=TEXT)
        film.scene.hold(LIT)
        strips = film.lifted(terms[EACH_SWEEP:])
        film.scene.hold(LIT)
        film.cancels(terms, strips)
        source = fitted((THEOREM_2.citation,), LABEL, film.skin.ink, film.place["bound"], "bound", Face.TEXT)
        film.move(FadeOut(film.counts[0]), FadeIn(source), film.sorted(0), seconds=GROWTH)
        film.move(FadeIn(*film.beyond(0), film.framed([film.by_law(0)])), seconds=TEXT)
        film.scene.hold(SEEN)


@beat("answer")
def answer(film: IOFilm) -> None:
    """All bars: copies of the frame go to the others and are what the law says of each, half, and half again."""
    real = len(film.found.steps)
    others = [*range(1, real), *([real] if film.scene.on_stage(film.bars[real]) else [])]
    first, goals = film.by_law(0), [film.by_law(index) for index in others]
    frames = film.framed([first] * len(others))
    rest = fitted(REST, LABEL, film.skin.ink, film.place["rest"], "rest", Face.TEXT)
    with film.scene.telling():
        film.move(FadeOut(*film.said), seconds=TEXT)
        film.scene.add(frames)
        go = Shows(frames, lambda share: frames.display(edges([first.toward(goal, share) for goal in goals])), rate_func=ease_in_out_cubic)
        film.move(*(step_forth(back) for back in film.backs), *(film.sorted(index) for index in others), go, seconds=MOVE)
        film.move(FadeIn(*itertools.chain(*(film.beyond(index) for index in others)), rest), seconds=TEXT)
        film.scene.hold(ENDS)
