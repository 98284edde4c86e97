"""How fast: time and bytes that the paper measured; then two machines race: each moves its bytes through a pipe, at one pace."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby, pairwise
from typing import Any

import numpy as np
from manim import Group, Mobject, VMobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import palette, theme
from flashviz.chapters import speed
from flashviz.chapters.speed import BYTES, SIDES, TIME, Packet, Speed, gather, quoted
from flashviz.citations import FIGURE_2
from flashviz.director.film.parts import Way, gates, heading, show_rows
from flashviz.director.material import provenance, sheets
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import (
    LABEL,
    NAME,
    NUMBER,
    Counter,
    Word,
    amid,
    first_that_fits,
    fitted,
    labelled,
    line_width,
    machine,
    middle,
    slid,
    word,
    worded,
)
from flashviz.figures import KIB, kib
from flashviz.layout import Rect, Shot, centered, columns
from flashviz.layout import rows as split
from flashviz.layout.speed import BESIDE, LINE, units
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, Veil, early, late
from flashviz.mobjects.named import Named, NamedPath
from flashviz.mobjects.stored import Stored, on_ground
from flashviz.mobjects.tiles import Hatch, Matrix, Rectangles, dashes, edges, outlines, plane, span
from flashviz.mobjects.whole import Chip

BEGUN = 0.2  # of the shorter bar, which is there in the first frame
RACE = 2.4  # seconds: of the longer of two bars
PACE = 400 * KIB  # bytes a second: of a first tile, and of a race
ROWS = {"standard": 260 * KIB, "flash": 100 * KIB}  # of all tiles of the first row
SIDE = em(36)  # of a tile on its way: so long are its bytes, and the rows of tiles have no gaps
SEEN, LANDS, BREAK = 180 * KIB, 60 * KIB, 1000 * KIB  # waits: a tile is seen on chip, it is on its way out, a row is all there
LOW = 0.9 * SIDE  # what is lower has no room for its letter
RUNS_ON = 1.8  # seconds: standard attention's machine, while it is read that the other is done
GROWS, GROWN = 0.9, 0.2  # seconds: of the longer bar at the end; of it, what comes while the machines leave
EDGE = 0.14  # of a tile's side: the inner edge of P
NEXT, STANDS = 1.0, 2.3  # seconds: until the next label comes, and of the end
LEFT = 0.72  # of the ground, over the machine that waits, or is done
TIP = em(24)  # of an arrow, beyond its lane
SLIVER = em(5)  # width of LSE in a bar
SEAM = em(2)  # around squares, and parts of a bar
PLATE = em(50)  # side of what is behind words on a hatching
TALL, FINE = em(8), em(2)  # half of how high the ends of a measure are, and of how thick it is
SPACE = em(40)  # between what stands on one line
APART = 0.04  # of a bar: between what both move, and S and P
HEADS = {
    TIME: ("time", "forward and backward, one GPU"),
    BYTES: ("bytes to and from HBM", "1 square = 1 {}"),
}
MEMORIES = {
    "hbm": ("HBM: large, slow", "HBM"),
    "pipe": ("pipe: same pace", "pipe"),
    "chip": ("on chip: small, fast", "on chip: fast", "on chip"),
}
WHY = ("Counted here: one head, N = {}, forward", "Counted: one head, N = {}, forward")
UNIT = "1 square = {}"
MOVED, DONE = "moved so far", "done"
NOTE = "softmax: S becomes P"
KEPT = (("m,", "l", "and", "O so far", "stay on chip"), ("m,", "l,", "O", "stay on chip"))
MADE = {"standard": ("S", "{} of S written"), "flash": ("O", "{} of O done")}  # what is counted in rows of tiles in HBM
HALF = {Fraction(1, 2): "half"}
NEVER = ("S, P: stay empty", "stay empty")
BOTH = "S and P, out and back: {}"
NONE = ("no S, no P", "none")
SHARED = "K and V: once for each of {} blocks of Q"
ELSE = "all else: {}"
TIMES = ("{} × {}", "{}×{}")
LSE = ("LSE {}: a number a row, kept for training", "LSE {}: a number a row")
BRIGHT = 0.6  # the power by which small weights are seen
SMALL = ("Q", "O", "LSE")  # short parts of a bar: their bytes stand beneath
FIRST, ROW = (0, 0), 3  # the program that is followed, and its packet with which the others of the row begin
SHOWN = "QKVOSP"  # what is seen on its way; LSE, which is small, leaves with O


class SpeedStage(ShotScene):
    """The scene that the machine stands on."""

    script = speed.BEATS

    def open(self, run: Callable[..., Any]) -> SpeedFilm:
        """Record both algorithms: ``flashviz_kernels.recorder.run``."""
        found = gather(run)
        self.provenance = [provenance(trace) for trace in found.traces.values()]
        self.set_board(speed.BEATS, {})
        return SpeedFilm(self, found)


Boxes = Callable[[Rect, float, float], list[Rect]]  # what a bar is drawn as: of its place, an amount, and the most that has room


class Pair:
    """One quantity of both algorithms as the paper has it: what it is, and of either a name, a bar and a figure.

    Args:
        name: Tag of its bars, and of its figures; its places have it in their names.
        what: What the paper calls it.
    """

    def __init__(self, name: str, what: str, boxes: Boxes, place: Shot, skin: palette.Theme) -> None:
        figures, hues = quoted(what), {"standard": skin.scores, "flash": skin.o}
        wide = BESIDE + max(text_width(each.text, NUMBER) for each in figures.values())
        self.boxes, self.standing = boxes, {side: place[f"{side} {name}"].before(wide) for side in SIDES}
        self.alone = {side: place[f"{side} alone"].before(wide) for side in SIDES}
        self.places, self.shot, self.name = self.standing, place, name
        title, note = HEADS[what]
        self.head = labelled(place[f"{name} what"], (title, skin.ink), (note.format(figures["flash"].unit), skin.ink))
        self.names = {side: word(text, LABEL, skin.ink, place[f"{side} {name} name"], "name side") for side, text in SIDES.items()}
        self.amounts = {side: each.value for side, each in figures.items()}
        self.bars = {side: Rectangles(hue, name=f"{name} {side}") for side, hue in hues.items()}
        self.figures = {
            side: Word(each.text, NUMBER, skin.ink, self.end(side) + BESIDE, middle(self.places[side], NUMBER), f"{name} figure {side}")
            for side, each in figures.items()
        }

    @property
    def parts(self) -> list[Mobject]:
        """All of it."""
        return [*self.bars.values(), *self.figures.values()]

    def end(self, side: str) -> float:
        """Where a bar ends."""
        return max(each.x1 for each in self.drawn(side, self.amounts[side]))

    def drawn(self, side: str, amount: float) -> list[Rect]:
        """A bar of so much."""
        return self.boxes(self.places[side], amount, max(self.amounts.values()))

    def rise(self, share: float) -> Pair:
        """So far from where it stands alone to its place, whole."""
        shot, name = self.shot, self.name
        pairs = [(each, "alone what", f"{name} what") for each in self.head]
        pairs += [(word, f"{side} alone name", f"{side} {name} name") for side, word in self.names.items()]
        pairs += [(word, f"{side} alone", f"{side} {name}") for side, word in self.figures.items()]
        for each, alone, place in pairs:
            each.put_at(each.left, each.made_at[1] + (shot[alone].center[1] - shot[place].center[1]) * (1 - share))
        self.places = {side: self.alone[side].toward(rect, share) for side, rect in self.standing.items()}
        self.grow(0.0, max(self.amounts.values())).show(1.0)
        return self

    def grow(self, start: float, stop: float) -> Shows:
        """Bars become so long, each at most as long as it is."""

        def show(share: float) -> None:
            for side, bar in self.bars.items():
                amount = min(start + share * (stop - start), self.amounts[side])
                bar.display(edges(self.drawn(side, amount)))
                bar.values = np.array([amount])

        return Shows(Group(*self.bars.values()), show)


@dataclass(frozen=True)
class Passage:
    """A tile on its way. It is amid the pipe when half of it is counted.

    Args:
        times: [n] when it is at each corner: bytes that could have crossed by then, had nothing waited.
        amid: When it is amid the pipe.
        followed: All the way to its place on chip. Where rows of tiles cross without a wait, chip and pipe are at one time.
    """

    packet: Packet
    way: Way
    times: np.ndarray
    amid: float
    followed: bool

    def seen(self, now: float) -> list[Rect]:
        """Where it is; nothing is seen at either end."""
        x, y = (float(np.interp(now, self.times, self.way.corners[:, axis])) for axis in (0, 1))
        return [centered(x, y, SIDE, SIDE)] if self.leaves < now < self.arrives else []

    @property
    def leaves(self) -> float:
        return float(self.times[0])

    @property
    def arrives(self) -> float:
        return float(self.times[-1])

    @property
    def chip(self) -> float:
        """When it is on chip: it has come, or it leaves."""
        if not self.followed:
            return self.amid
        return self.leaves if self.packet.out else self.arrives


Found = dict[tuple[str, bool, int], Passage]  # of one program


@dataclass(frozen=True)
class Stay:
    """A tile on chip, from when to when."""

    tensor: str
    rect: Rect
    start: float
    stop: float
    share: float = 1.0  # of it that is there


class Machine(Group):
    """HBM, the pipe and the chip while one algorithm's tiles cross. Time is counted in bytes that could have crossed."""

    def __init__(self, film: SpeedFilm, side: str) -> None:
        self.film, self.side, self.skin = film, side, film.skin
        self.config, self.packets = film.found.config, film.found.packets[side]
        self.passages = list(self.cross())
        self.stays = [stay for _, own in groupby(self.passages, program) for stay in self.works(list(own))]
        first, later = ([*own] for _, own in groupby(self.passages, lambda each: program(each) == FIRST))
        self.begin, self.row, self.paused = first[0].leaves, first[ROW].leaves, max(each.arrives for each in first)
        self.again, self.end = min(each.leaves for each in later), max(each.arrives for each in later)
        bounds = [bound for each in self.passages for bound in (each.packet.start, each.packet.stop)]
        times = [each.amid + side * film.found.tile / 2 for each in self.passages for side in (-1, 1)]
        last = self.packets[-1].stop  # of LSE, which follows the last tile
        self.counts = np.array([*times, times[-1] + last - bounds[-1]]), np.array([*bounds, last])
        self.softmax = next(stay.start for stay in self.stays if stay.tensor == "P")
        self.summed = max(each.chip for each in first if not each.packet.out)
        self.ahead = later[0].amid - later[0].packet.middle  # what it has waited when it goes on
        self.grids = {
            name: Stored(film.sheets[name], self.place(name), (self.config.row_blocks, self.config.col_blocks), self.skin, name)
            for name in "SP"
            if any(each.packet.tensor == name for each in self.passages)
        }
        values = {**dict(zip("QKV", (each[0, 0].astype(np.float64) for each in film.found.traces["flash"].inputs), strict=True)),
                  "O": film.found.output}  # fmt: skip
        self.whole = {name: Matrix(each, self.place(name), self.skin, name, *palette.spread(each)) for name, each in values.items()}
        self.squares = {
            name: Rectangles(self.skin.hue(name), name=f"crossing {name}").set_stroke(self.skin.chip, theme.OUTLINE) for name in SHOWN
        }
        self.sum = Rectangles(self.skin.o, name="sum")
        self.inner = outlines(self.skin.ground, "inner edge")
        self.letters = NamedPath("letters", stroke_width=0, fill_color=self.skin.ground, fill_opacity=1)
        self.glyphs = {name: glyphs(heading(centered(0.0, 0.0, SIDE, SIDE), name, self.skin.ground, LABEL)) for name in SHOWN}
        self.counter, self.counted, self.px = Counter(self.skin.ink, f"moved {side}"), self.place("count"), film.px
        self.still = Group(*self.panels(), *(self.whole[name] for name in "QKV"))
        super().__init__(*self.grids.values(), self.whole["O"], self.sum, *self.squares.values(), self.inner, self.letters)
        self.display(self.begin)

    @property
    def parts(self) -> list[Mobject]:
        """All of it that moves, but its number."""
        return [each for each in self.submobjects if each is not self.counter]

    def place(self, part: str) -> Rect:
        """Where a part of this machine is."""
        return self.film.place[f"{self.side} {part}"]

    def panels(self) -> Iterator[Mobject]:
        """HBM, the chip and the pipe; dashed is where a row of tiles has room, and what is never kept would have."""
        yield from (Chip(self.skin).place(self.place(part)) for part in ("hbm", "chip"))
        yield from (lane(half, out=out, skin=self.skin) for half, out in zip(split(self.place("pipe"), 2), (True, False), strict=True))
        rooms = ["strip", "output", *(name for name in "SP" if name not in self.grids)]
        yield Rectangles(self.skin.quiet, name="room").display(np.concatenate([dashes(self.place(part)) for part in rooms]))
        yield from (heading(self.place(f"{name} name"), name, self.skin.hue(name), NAME) for name in "QKVSPO")

    def cell(self, packet: Packet) -> Rect:
        """Where a tile lies in HBM."""
        rect, config = self.place(packet.tensor), self.config
        if packet.tensor in "KV":
            return split(rect, config.col_blocks)[packet.j]
        row = split(rect, config.row_blocks)[packet.i]
        return columns(row, config.col_blocks)[packet.j] if packet.tensor in "SP" else row

    def spot(self, packet: Packet) -> Rect:
        """Where a tile lies on chip."""
        if packet.tensor in "QO":
            return self.place({"Q": "first", "O": "output"}[packet.tensor])
        return columns(self.place("inputs" if packet.tensor in "KV" else "strip"), self.config.col_blocks)[packet.j]

    def cross(self) -> Iterator[Passage]:
        """All that crosses. In the first row of tiles the first one is seen on chip, and the others wait until they are made."""
        waited, lead, row = 0.0, 0.0, FIRST
        for packet in self.packets:
            if packet.tensor not in SHOWN:
                continue
            slow = (packet.launch, packet.i) == FIRST
            way, steps, at = self.way(packet, followed=slow and packet.j < 1)
            times = np.concatenate([[0.0], np.cumsum(steps)])
            if row == FIRST != (packet.launch, packet.i):
                waited += BREAK
            elif slow and packet.out:
                waited += lead + times[at] + (SEEN if packet.j < 1 else 0.0)
            elif slow and packet.j == 0 and packet.tensor == "V":
                waited += lead + 2 * SEEN
            elif slow and packet.j == 1 and packet.tensor == "K":
                waited += lead + LANDS
            lead, row = (0.0 if packet.out else times[-1] - times[at]), (packet.launch, packet.i)
            middle_of = packet.middle + waited
            yield Passage(packet, way, middle_of + times - times[at], middle_of, slow)

    def way(self, packet: Packet, *, followed: bool) -> tuple[Way, np.ndarray, int]:
        """A tile's way between its places in HBM and on chip, how long each piece takes, and which corner is amid the pipe.

        Each direction has its half of the pipe. The way on chip takes no time where it is not followed.
        """
        cell, half = self.cell(packet).center, split(self.place("pipe"), 2)[not packet.out]
        (near, far), level = gates(half), half.center[1]
        way = Way.of(cell, (cell[0], level), near, half.center, far, self.spot(packet).center)
        steps = np.diff(way.reached) / SIDE * self.film.found.tile
        if not followed:
            steps[-1] = 0.0
        return (Way(way.corners[::-1]), steps[::-1], 2) if packet.out else (way, steps, 3)

    def works(self, own: list[Passage]) -> Iterator[Stay]:
        """What is on chip while one program runs."""
        found = {(each.packet.tensor, each.packet.out, each.packet.j): each for each in own}
        last = max(each.chip for each in own)
        for (tensor, out, j), each in found.items():
            rect = self.spot(each.packet)
            if tensor == "Q":
                yield Stay("Q", rect, each.chip, last)
            elif tensor == "K":
                leaves = found.get(("S", True, j))
                stop = leaves.chip if leaves else found["V", False, j].chip
                yield Stay("K", rect, each.chip, stop)
                seen = columns(self.place("strip"), self.config.col_blocks)[j]
                yield Stay("S", seen, each.chip, stop if leaves else (each.chip + stop) / 2)
                if not leaves:
                    yield Stay("P", seen, (each.chip + stop) / 2, after(found, j))
            elif tensor == "V":
                yield Stay("V", rect, each.chip, after(found, j))
            elif tensor == "S" and not out:
                turn = self.turn(found)
                yield Stay("S", rect, each.chip, turn)
                yield Stay("P", rect, turn, found["P", True, j].chip)
            elif tensor == "P" and not out:
                yield Stay("P", rect, each.chip, after(found, j))
        yield from self.sums(found)

    def turn(self, found: Found) -> float:
        """When a row of S, which is all there, becomes P."""
        return (found["S", False, self.config.col_blocks - 1].chip + found["P", True, 0].chip) / 2

    def sums(self, found: Found) -> Iterator[Stay]:
        """O's block is brighter with each tile that went into it."""
        if ("O", True, -1) in found:
            out, count = found["O", True, -1], self.config.col_blocks
            ends = [*(after(found, j) for j in range(count)), out.chip]
            for j, (start, stop) in enumerate(pairwise(ends)):
                yield Stay("O", self.spot(out.packet), start, stop, (j + 1) / count)

    def crossed(self, now: float) -> float:
        """Bytes: tiles wait, and then are at the same pace again; the last bytes of LSE follow the last tile."""
        return float(np.interp(now, *self.counts))

    def display(self, now: float) -> Machine:
        """HBM, the pipe and the chip when so many bytes could have crossed."""
        seen = [(each.packet.tensor, rect) for each in self.passages for rect in each.seen(now)]
        stays = [each for each in self.stays if each.start <= now < each.stop]
        seen += [(each.tensor, each.rect.inset(SEAM)) for each in stays if each.tensor != "O"]
        self.sum.display(edges([each.rect.inset(SEAM) for each in stays if each.tensor == "O"]))
        self.sum.set_fill(opacity=max((each.share for each in stays if each.tensor == "O"), default=1.0))
        for name, squares in self.squares.items():
            squares.display(edges([rect for tensor, rect in seen if tensor == name]))
        self.inner.display(edges([rect.inset(EDGE * rect.width) for tensor, rect in seen if tensor == "P"]))
        points = [self.glyphs[tensor] + np.array(rect.center) for tensor, rect in seen if rect.height > LOW]
        self.letters.points = np.concatenate([np.zeros((0, 3)), *points])
        there = self.arrived(now)
        for name, grid in self.grids.items():
            grid.display(there.count(name))
        show_rows(self.whole["O"], np.arange(self.config.row_blocks) < there.count("O"))
        self.says(self.crossed(now))
        return self

    def arrived(self, now: float) -> list[str]:
        """Tiles that have come to HBM by then."""
        return [each.packet.tensor for each in self.passages if each.packet.out and each.arrives <= now]

    @property
    def rows(self) -> list[float]:
        """When each row of tiles of what it makes, S or O, is in HBM."""
        (name, _), count = MADE[self.side], self.config.row_blocks
        arrivals = sorted(each.arrives for each in self.passages if (each.packet.tensor, each.packet.out) == (name, True))
        return arrivals[len(arrivals) // count - 1 :: len(arrivals) // count]

    def state(self, now: float, part: str) -> Word:
        """How much of what it makes is in HBM by then, in whole rows of tiles."""
        (name, text), rows = MADE[self.side], self.rows
        made = Fraction(sum(each <= now for each in rows), len(rows))
        ink = self.skin.ink if name in "SP" else self.skin.hue(name)
        return word(text.format(HALF.get(made, made)), LABEL, ink, self.place(part), "state", Face.TEXT)

    def says(self, crossed: float) -> None:
        """The bytes so far."""
        place = self.counted
        self.counter.say(Word(kib(crossed // KIB * KIB), self.px, self.skin.ink, place.x0, middle(place, self.px), "moved"))

    def goes(self, to: Rect) -> Shows:
        """The number alone, to another place and to another size."""
        start, px, crossed = self.counted, self.px, self.crossed(self.end)

        def show(share: float) -> None:
            self.counted, self.px = start.toward(to, share), px + (NUMBER - px) * share
            self.says(crossed)

        return Shows(self.counter, show, rate_func=ease_in_out_cubic)


def program(each: Passage) -> tuple[int, int]:
    """Kernel and row block."""
    return each.packet.launch, each.packet.i


def lane(rect: Rect, *, out: bool, skin: palette.Theme) -> VMobject:
    """Half of the pipe as an arrow: its tip is where tiles leave it."""
    (tail, head), tip = ((rect.x1, rect.x0), -TIP) if out else ((rect.x0, rect.x1), TIP)
    corners = [(tail, rect.y0), (head, rect.y0), (head + tip, rect.center[1]), (head, rect.y1), (tail, rect.y1), (tail, rect.y0)]
    drawn = NamedPath("pipe", fill_color=skin.registers, fill_opacity=1, stroke_color=skin.quiet, stroke_width=theme.OUTLINE)
    drawn.set_points_as_corners([(x, y, 0.0) for x, y in corners])
    return drawn


def after(found: Found, j: int) -> float:
    """When a tile has gone into O: halfway to what crosses next."""
    come = found["V", False, j].chip
    following = next(found[key] for key in (("K", False, j + 1), ("P", False, j + 1), ("O", True, -1)) if key in found)
    return max(come, (come + following.chip) / 2)


def glyphs(drawn: Word) -> np.ndarray:
    """[n, 3] a word's outlines, about the middle of the frame."""
    return np.concatenate([part.points for part in drawn.get_family() if len(part.points)])


class Bar(Group):
    """Bytes of an algorithm on one scale for both: what both move, and then S and P, hatched, out and back."""

    def __init__(self, film: SpeedFilm, side: str) -> None:
        self.packets, self.most, self.skin, self.rect = (
            film.found.packets[side],
            max(film.found.moved.values()),
            film.skin,
            film.place[f"{side} end"],
        )
        found = dict.fromkeys(each.part for each in self.packets)
        self.parts = [*(part for part in found if part[0] not in "SP"), *(part for part in found if part[0] in "SP")]
        self.amounts = [sum(each.stop - each.start for each in self.packets if each.part == part) for part in self.parts]
        self.full = {part: Rectangles(self.skin.hue(part[0]), name=f"{part[0]} {side}") for part in self.parts if part[0] not in "SP"}
        self.hatch, self.frames = Hatch(self.skin.warn, f"hatch {side}"), plane(self.skin.panel, self.skin.warn, f"scores {side}")
        super().__init__(self.frames, self.hatch, *self.full.values())
        self.display(0.0)

    def boxes(self, crossed: float, apart: float = 0.0) -> list[Rect]:
        """Of each part, side by side; S and P so far out on the right."""
        wide, gap = self.rect.width * (1 - APART) / self.most, self.rect.width * APART * apart
        ends = self.rect.x0 + wide * np.minimum(np.cumsum([0.0, *self.amounts]), crossed)
        aside = [gap * (part[0] in "SP") for part in self.parts]
        return [Rect(x0 + dx, self.rect.y0, x1 + dx, self.rect.y1) for (x0, x1), dx in zip(pairwise(ends.tolist()), aside, strict=True)]

    def display(self, crossed: float, apart: float = 0.0) -> Bar:
        """So many bytes."""
        there = {part: self.drawn(part[0], box) for part, box in zip(self.parts, self.boxes(crossed, apart), strict=True) if box.width > 0}
        for part, each in self.full.items():
            each.display(edges([there[part]] if part in there else []))
        scores = edges([box for part, box in there.items() if part[0] in "SP"])
        self.frames.display(scores)
        self.hatch.display(scores)
        self.frames.values = np.array([min(crossed, self.packets[-1].stop)])
        return self

    def drawn(self, tensor: str, box: Rect) -> Rect:
        """A part between seams; LSE's sliver is drawn wider than it is, or it would not be seen."""
        return box.left(max(box.width, SLIVER)) if tensor == "LSE" else box.inset(min(SEAM, box.width / 4), 0.0)

    def over(self, *, scores: bool) -> tuple[Rect, int]:
        """S and P once they are apart, or what both move but for LSE, and the bytes of it."""
        chosen = [
            (box, amount)
            for (tensor, _), box, amount in zip(self.parts, self.boxes(self.most, 1.0), self.amounts, strict=True)
            if (tensor in "SP") == scores and tensor != "LSE"
        ]
        return Rect(chosen[0][0].x0, self.rect.y0, chosen[-1][0].x1, self.rect.y1), sum(amount for _, amount in chosen)

    def told(self, *, scores: bool) -> Iterator[Mobject]:
        """Name and bytes of each part of S and P, or of all else; of K and V, which cross once for each row block, how often."""
        for part, amount, box in zip(self.parts, self.amounts, self.boxes(self.most, 1.0), strict=True):
            if part[0] in SMALL or (part[0] in "SP") != scores:
                continue
            times = len({(each.launch, each.i) for each in self.packets if each.part == part}) if part[0] in "KV" else 1
            texts = [[named(*part)], [each.format(times, kib(amount / times)) for each in TIMES] if times > 1 else [kib(amount)]]
            lines = split(centered(*box.center[:2], box.width - 2 * SEAM, 2 * PLATE), 2)
            for said, line, name in zip(texts, lines, ("part name", "part bytes"), strict=True):
                text = first_that_fits(said, LABEL, line.width)
                px = LABEL * min(1.0, line.width / text_width(text, LABEL))
                wide = text_width(text, px)
                if scores:
                    yield Rectangles(self.skin.panel, name="plate").display(edges([centered(*line.center[:2], wide + 2 * SEAM, PLATE)]))
                ink = self.skin.ink if scores else self.skin.ground
                yield Word(text, px, ink, line.center[0] - wide / 2, middle(line, px), name, Face.TEXT)

    def beneath(self) -> Iterator[Mobject]:
        """The bytes of short parts: Q's from the left, O's up to where what both move ends, LSE's and what it is behind it."""
        shared, amounts = self.over(scores=False)[0], {tensor: amount for (tensor, _), amount in zip(self.parts, self.amounts, strict=True)}
        line = Rect(shared.x0, self.rect.y0 - PLATE, shared.x1, self.rect.y0)
        for tensor in SMALL:
            if tensor in amounts:
                beyond = Rect(line.x1 + SPACE, line.y0, self.rect.x1, line.y1)
                texts = [text.format(kib(amounts[tensor])) for text in LSE] if tensor == "LSE" else [f"{tensor} {kib(amounts[tensor])}"]
                text = first_that_fits(texts, LABEL, beyond.width)
                left = {"Q": line.x0, "O": line.x1 - text_width(text, LABEL), "LSE": beyond.x0}[tensor]
                yield Word(text, LABEL, self.skin.hue(tensor), left, middle(line, LABEL), "part bytes", Face.TEXT)


def named(tensor: str, out: bool) -> str:
    """A part of a bar: S and P have been out before they come."""
    return f"{tensor} {'out' if out else 'back'}" if tensor in "SP" else tensor


class SpeedFilm(ChapterFilm):
    """Everything on stage, made here once. ``states``: what either has made; ``gone``: what the end takes away."""

    states: Sequence[Mobject]
    gone: Sequence[Mobject]

    def __init__(self, scene: ShotScene, found: Speed) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.place = place = scene.shot("speed")
        self.time, self.bytes = (
            Pair(name, what, boxes, place, self.skin) for name, boxes, what in (("time", bar, TIME), ("bytes", piled, BYTES))
        )
        self.source = [self.cited(), machine(FIGURE_2.setting, scene.settings.aspect, self.skin)]
        config = found.config
        scores, weights = sheets(config, found.traces["flash"].inputs)
        self.sheets = {"S": on_ground(scores), "P": on_ground(weights**BRIGHT)}
        most = kib(max(found.moved.values()))
        self.px = NUMBER * min(1.0, place["standard count"].width / text_width(most, NUMBER))
        self.machines = {side: Machine(self, side) for side in SIDES}
        self.bars = {side: Bar(self, side) for side in SIDES}
        self.why = fitted([text.format(f"{config.seq_q:,}") for text in WHY], NAME, self.skin.ink, place["why"], "why")
        self.heads = list(self.headings())
        self.labels = {side: word(MOVED, LABEL, self.skin.ink, place[f"{side} state"], "count name", Face.TEXT) for side in SIDES}
        self.veils = {
            side: Rectangles(self.skin.ground, name="veil", opacity=0.0).display(edges([place[f"{side} row"]])).set_z_index(1)
            for side in SIDES
        }

    def headings(self) -> Iterator[Mobject]:
        """Of what stands in both machines, and what a square is."""
        yield from (amid(texts, self.skin.ink, self.place[f"{part} name"], "memory") for part, texts in MEMORIES.items())
        text = UNIT.format(kib(self.found.tile))
        yield Word(
            text,
            LABEL,
            self.skin.ink,
            self.place["unit"].x1 - text_width(text, LABEL),
            middle(self.place["unit"], LABEL),
            "unit",
            Face.TEXT,
        )

    def cited(self) -> Named:
        """Whose figures these are, and of what, on as many lines as it takes."""
        rect = self.place["source"]
        lines = parted(f"{FIGURE_2.quote.citation}: {FIGURE_2.setting}", rect.width)
        places = split(rect.top(len(lines) * LINE), len(lines))
        words = [
            Word(each, LABEL, self.skin.ink, at.x0, middle(at, LABEL), "part", Face.TEXT) for each, at in zip(lines, places, strict=True)
        ]
        return Named(*words, tag="source", text=" ".join(lines))

    def race(self, pair: Pair, begun: float = 0.0) -> None:
        """Two bars grow equally fast, each to where it was measured, and only there has its number; some of them may be there at once."""
        first, last = sorted(SIDES, key=lambda side: pair.amounts[side])
        few, most = pair.amounts[first], pair.amounts[last]
        self.scene.add(*pair.bars.values())
        self.move(pair.grow(begun * few, few), seconds=RACE * (1 - begun) * few / most)
        self.move(FadeIn(pair.figures[first]), pair.grow(few, most), seconds=RACE * (1 - few / most))
        self.move(FadeIn(pair.figures[last]), seconds=TEXT)

    def run(self, start: float, stop: float, pace: float, *sides: str, also: Sequence[Any] = ()) -> None:
        """Machines run, at so many bytes a second; a time is that of one, or, where both run, that of what has crossed."""
        machines = [(self.machines[side], self.machines[side].ahead * (len(sides) > 1)) for side in sides]

        def show(share: float) -> None:
            for each, ahead in machines:
                each.display(start + (stop - start) * share + ahead)

        self.move(Shows(Group(*(each for each, _ in machines)), show), *also, seconds=(stop - start) / pace)

    def waits(self, side: str, share: float) -> Veil:
        """A veil over what waits, so dark."""
        return Veil(self.veils[side], share)

    def names(self, part: str) -> Iterator[Shows]:
        """Those of both algorithms go to their places."""
        for side, name in self.time.names.items():
            rect = self.place[f"{side} {part}"]
            yield slid(name, rect.x0, middle(rect, LABEL))

    def note(self) -> Word:
        """What becomes of S on FlashAttention's chip."""
        return word(NOTE, LABEL, self.skin.ink, self.place["flash note"], "note")

    def kept(self) -> list[Word]:
        """What stays on FlashAttention's chip from tile to tile."""
        rect, skin = self.place["flash note"], self.skin
        texts = next((each for each in KEPT if line_width([*each], LABEL) <= rect.width), KEPT[-1])
        hues = {"m": skin.stats, "l": skin.stats, "O": skin.o}
        return worded(rect, [*texts], LABEL, [hues.get(each.strip(",").split()[0], skin.ink) for each in texts], "kept")

    def never(self) -> Iterator[Mobject]:
        """Over FlashAttention's places of S and P."""
        first, last = (self.place[f"flash {name}"] for name in "SP")
        text = amid(NEVER, self.skin.ink, Rect(first.x0, first.y0, last.x1, first.y1), "never")
        plate = centered(*Rect(first.x0, first.y0, last.x1, first.y1).center[:2], text.wide + 2 * SEAM, PLATE)
        yield Rectangles(self.skin.chip, name="plate").display(edges([plate]))
        yield text

    def finished(self, side: str) -> Word:
        """Beside the number: all has crossed."""
        return word(DONE, self.px, self.skin.o if side == "flash" else self.skin.ink, self.place[f"{side} state"], "done")

    @property
    def done(self) -> float:
        """Bytes at which FlashAttention's last ones have arrived."""
        return self.machines["flash"].end - self.machines["flash"].ahead

    @property
    def half(self) -> float:
        """Bytes at which half of S and half of O have arrived in HBM."""
        return max(each.rows[len(each.rows) // 2 - 1] - each.ahead for each in self.machines.values())

    def over(self, *, scores: bool) -> Iterator[Mobject]:
        """Over standard attention's bar, S and P and their bytes, and the room that they do not take in the other; or all else."""
        rect, amount = self.bars["standard"].over(scores=scores)
        high = self.place["both"]
        line = Rect(rect.x0, high.y0, rect.x1, high.y1)
        ink = self.skin.warn if scores else self.skin.quiet
        yield Rectangles(ink, name="bracket" if scores else "bracket rest").display(span(rect.x0, rect.x1, high.y0, FINE, TALL))
        yield heading(line, (BOTH if scores else ELSE).format(kib(amount)), self.skin.ink, NAME, "both")
        if scores:
            room = Rect(rect.x0, self.place["flash end"].y0, rect.x1, self.place["flash end"].y1)
            yield Rectangles(self.skin.quiet, name="room").display(dashes(room))
            yield amid(NONE, self.skin.ink, room, "none")

    def shared(self) -> Word:
        """How often K and V cross."""
        return word(SHARED.format(self.found.config.row_blocks), LABEL, self.skin.ink, self.place["shared"], "shared", Face.TEXT)


def parted(text: str, width: float) -> list[str]:
    """Lines that break at commas alone, so that N stays with its number."""
    lines: list[str] = []
    for part in text.split(", "):
        longer = f"{lines[-1]}, {part}" if lines else part
        if lines and text_width(f"{longer},", LABEL) > width:
            lines[-1] += ","
            lines.append(part)
        else:
            lines[-1:] = [longer]
    return lines


def at_once(share: float) -> float:
    """A pace: in the first quarter."""
    return min(4 * share, 1.0)


def bar(place: Rect, amount: float, most: float) -> list[Rect]:
    """One bar."""
    return [place.left(place.width * amount / most)]


def piled(place: Rect, amount: float, most: float) -> list[Rect]:
    """A square for each unit."""
    return [each.inset(min(SEAM, each.height / 4)) for each in units(place, most, amount)]


# --------------------------------------------------------------------------------------------------------------- beats


@beat("time")
def time(film: SpeedFilm) -> None:
    """Two bars of time grow equally fast, each to where the paper measured it."""
    film.time.rise(0.0).grow(0.0, BEGUN * min(film.time.amounts.values())).show(1.0)
    film.scene.add(*film.time.head, *film.time.names.values(), *film.time.bars.values(), *film.source)
    with film.scene.telling():
        film.race(film.time, BEGUN)


@beat("bytes")
def moved(film: SpeedFilm) -> None:
    """Under them, of the same run, its bytes: a square for each gigabyte."""
    pair = Group(*film.time.head, *film.time.names.values(), *film.time.parts)
    up = Shows(pair, film.time.rise, rate_func=ease_in_out_cubic)
    film.move(up, FadeIn(*film.bytes.head, *film.bytes.names.values(), rate_func=late), seconds=MOVE)
    with film.scene.telling():
        film.race(film.bytes)


@beat("whole")
def whole(film: SpeedFilm) -> None:
    """Another run, as its title says; two machines. In standard attention's the first tile of S is followed out to its place."""
    machine = film.machines["standard"]
    gone = [*film.source, *film.time.head, *film.time.parts, *film.bytes.head, *film.bytes.parts, *film.bytes.names.values()]
    stage = [film.why, *film.heads, *(part for each in film.machines.values() for part in (each.still, each))]
    with film.scene.telling():
        film.move(FadeOut(*gone, rate_func=early), *film.names("name"), FadeIn(*stage), seconds=MOVE)
        film.scene.add(*film.veils.values())
        film.move(film.waits("flash", LEFT), seconds=TEXT)
        film.run(machine.begin, machine.row, PACE, "standard")
        film.run(machine.row, machine.paused, ROWS["standard"], "standard")
        film.states = [machine.state(machine.paused, "count")]
        film.move(FadeIn(*film.states), seconds=2 * TEXT)


@beat("tile")
def tile(film: SpeedFilm) -> None:
    """FlashAttention's first tile: it is made, becomes P, goes into O and is dropped, and so is each other one of its row."""
    machine, note, kept = film.machines["flash"], film.note(), film.kept()
    film.move(film.waits("standard", LEFT), film.waits("flash", 0.0), seconds=2 * TEXT)
    with film.scene.telling():
        film.run(machine.begin, machine.softmax, PACE, "flash")
        film.run(machine.softmax, machine.row, PACE, "flash", also=[FadeIn(note, rate_func=at_once)])
        film.run(
            machine.row, machine.summed, ROWS["flash"], "flash", also=[FadeOut(note, rate_func=at_once), FadeIn(*kept, rate_func=late)]
        )
        film.run(machine.summed, machine.paused, PACE, "flash", also=[FadeOut(*kept)])
        state = machine.state(machine.paused, "count")
        never = [*film.never()]
        film.move(FadeIn(state, *never), seconds=2 * TEXT)
    film.states, film.gone = [*film.states, state], never


@beat("pace")
def pace(film: SpeedFilm) -> None:
    """Both go on, at one pace, until half of O is there: the same bytes have crossed, and standard attention has half of S."""
    machines = film.machines.values()
    film.move(film.waits("standard", 0.0), seconds=2 * TEXT)
    start, counted = min(each.again - each.ahead for each in machines), max(each.crossed(each.paused) for each in machines)
    soon = counted + 2 * TEXT * PACE
    with film.scene.telling():
        film.run(start, counted, PACE, *SIDES, also=[FadeOut(*film.states, rate_func=early)])
        for each in machines:
            each.add(each.counter)
        film.run(counted, soon, PACE, *SIDES, also=[FadeIn(*(each.counter for each in machines), *film.labels.values())])
        film.run(soon, film.half, PACE, *SIDES)
        film.states = [each.state(film.half + each.ahead, "state") for each in machines]
        film.move(FadeOut(*film.labels.values(), rate_func=early), FadeIn(*film.states, rate_func=late), seconds=2 * TEXT)


@beat("short")
def short(film: SpeedFilm) -> None:
    """They go on until all that FlashAttention has to move has crossed: its machine is dim, and the other one goes on."""
    standard, label = film.machines["standard"], film.labels["flash"]
    begin = film.done + standard.ahead
    with film.scene.telling():
        film.move(FadeOut(*film.states, rate_func=early), FadeIn(*film.labels.values(), rate_func=late), seconds=2 * TEXT)
        film.run(film.half, film.done, PACE, *SIDES)
        done = film.finished("flash")
        turn = [FadeOut(label, rate_func=early), FadeIn(done, rate_func=late), film.waits("flash", LEFT)]
        film.run(begin, begin + 2 * TEXT * PACE, PACE, "standard", also=turn)
        film.run(begin + 2 * TEXT * PACE, begin + RUNS_ON * PACE, PACE, "standard")
    film.gone = [*film.gone, done]


@beat("rest")
def rest(film: SpeedFilm) -> None:
    """Standard attention goes on alone, at the same pace, to the end: S is back, becomes P, goes out, and comes back."""
    machine = film.machines["standard"]
    with film.scene.telling():
        film.run(film.done + machine.ahead + RUNS_ON * PACE, machine.end, PACE, "standard")
        done = film.finished("standard")
        film.move(FadeOut(film.labels["standard"], rate_func=early), FadeIn(done, rate_func=late), seconds=2 * TEXT)
    film.gone = [*film.gone, done]


@beat("difference")
def difference(film: SpeedFilm) -> None:
    """The machines leave; all bytes as bars, part by part: S and P go out of standard attention's, and what is left is FlashAttention's."""
    machines, bars, most = film.machines.values(), film.bars.values(), max(film.found.moved.values())
    gone = [part for each in machines for part in (each.still, *each.parts)]
    numbers = [each.goes(film.place[f"{side} end count"]) for side, each in film.machines.items()]

    def grow(start: float, stop: float, **options: Any) -> Shows:
        return Shows(Group(*bars), lambda share: [each.display((start + (stop - start) * share) * most) for each in bars], **options)

    film.move(
        FadeOut(*film.gone, *film.heads, *film.veils.values(), *gone, rate_func=early),
        *film.names("end name"), *numbers, grow(0.0, GROWN, rate_func=late), seconds=MOVE,
    )  # fmt: skip
    with film.scene.telling():
        film.move(grow(GROWN, 1.0), seconds=GROWS)
        apart = Shows(Group(*bars), lambda share: [each.display(most, share) for each in bars], rate_func=ease_in_out_cubic)
        film.move(apart, seconds=MOVE)
        parts = [part for each in bars for part in (*each.told(scores=False), *each.beneath())]
        scores = [*film.bars["standard"].told(scores=True), *film.over(scores=True)]
        for labels, seconds in ((scores, NEXT), ([*film.over(scores=False)], NEXT), ([*parts, film.shared()], STANDS)):
            film.move(FadeIn(*labels), seconds=2 * TEXT)
            film.scene.hold(seconds)
