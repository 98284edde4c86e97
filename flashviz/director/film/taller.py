"""What taller tiles change: what every row block reads, and the programs that an SM has room for."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from manim import Animation, Group, Mobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import theme
from flashviz.device import Resources
from flashviz.director.film.parts import heading, label, placed
from flashviz.director.film.stage import Film
from flashviz.director.shots import MOVE, TEXT, beat
from flashviz.director.words import LABEL, NAME, NUMBER, Word, first_that_fits, labelled, middle, worded
from flashviz.figures import kib
from flashviz.layout import Rect, rows
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, early, late, moved
from flashviz.mobjects.tiles import Rectangles, box
from flashviz.trace import Kind, Trace, state_at

TURN_BY_TURN, WAITING = 3.0, 0.3  # seconds in which all programs on an SM have had a turn; how strong those are that wait
FULL = " in fp32"  # what is computed on chip is not rounded to 16 bit
SHELVES = 0.2, 0.36, 0.19, 0.25  # of what is written about an SM: its room's name, the room, what a program takes, how many fit


@dataclass(frozen=True)
class Side:
    """So many rows a program: what every row block reads, how many tiles that is, and what a program holds."""

    name: Word
    reads: Reads
    crosses: list[Word]
    held: Slots | Residents


@beat("turns")
def turns(film: Film) -> None:
    """The programs that an SM has room for: one computes while the others wait, and so on."""
    given, skin = film.taller.before, film.skin
    assert given is not None  # else this beat is left out
    held = Residents(film, film.scene.shot("turns")["held"], given, held_at_most(film.material.fa2))
    above = [Rect(each.x0, each.y1 + em(8), each.x1, each.y1 + em(72)) for each in held.places]
    waits, computes = ([heading(rect, text, skin.ink, NAME) for rect in above] for text in ("waits", "computes"))
    held.words += waits
    come(film, held, *film.leave())
    film.residents = held
    with film.scene.telling():
        for k in range(len(waits)):
            turned = [FadeOut(computes[k - 1], rate_func=early), FadeIn(waits[k - 1], rate_func=late)] if k else []
            come_in = FadeOut(waits[k], rate_func=early), FadeIn(computes[k], rate_func=late)
            film.move(held.compute(held.programs[k]), *turned, *come_in, seconds=TEXT)
            film.hold(max(0.1, TURN_BY_TURN / len(waits) - TEXT))


@beat("taller")
def taller(film: Film) -> None:
    """Beside what every row block reads, the same with row blocks paired: half the K and V, and twice the chip for a program."""
    place, (before, after) = film.scene.shot("taller"), sides_of(film)
    reads, held, was = FadeIn(before.name, before.reads, *before.crosses, rate_func=late), before.held, film.residents
    if isinstance(held, Residents) and was is not None:
        film.scene.remove(*was.shared)
        film.scene.add(*held.shared)
        came = [moved(Group(*was.shared), Group(*held.shared)), FadeIn(*held.said, rate_func=late)]
        film.move(*film.leave(*held.shared), reads, *came, seconds=MOVE)
    else:
        film.move(*film.leave(), reads, FadeIn(held, rate_func=late), seconds=MOVE)
    film.hold(0.5)
    with film.scene.telling():
        film.scene.add(after.reads.place(place["left"]))
        film.move(placed(after.reads, place["right"]), seconds=MOVE)
        pair = Shows(after.reads, lambda share: after.reads.display(share, 0.0), rate_func=ease_in_out_cubic)
        film.move(pair, FadeIn(after.name), seconds=0.7)
        film.move(Shows(after.reads, lambda share: after.reads.display(1.0, share), rate_func=ease_in_out_cubic), seconds=1.2)
        film.move(FadeIn(*after.crosses), seconds=TEXT)
        come(film, after.held)
    film.hold(1.2)


def sides_of(film: Film) -> tuple[Side, Side]:
    """The film's configuration, and the same with twice the rows."""
    place, skin, config = film.scene.shot("taller"), film.skin, film.config
    traces, resources = (film.material.fa2, film.taller.trace), (film.taller.before, film.taller.after)
    known = all(each is not None and each.scarce is not None for each in resources)
    held = [held_at_most(trace) for trace in traces]
    most = max(max(each.values()) for each in held)

    def one(side: str, trace: Trace, each: Mapping[str, int], word: Resources | None, m: int) -> Side:
        at, name = place[f"{side} held"], label(place[f"{side} name"], f"{m} rows a program", skin.ink, NAME, "title")
        crosses = counted(place[f"{side} number"], film.crossed_by(trace), skin.ink)
        if known and word is not None:
            return Side(name, Reads(film, place[side]), crosses, Residents(film, at, word, each))
        return Side(name, Reads(film, place[side]), crosses, Slots(film, at, each, most, None if None in resources else word))

    left, right = (one(*of) for of in zip(("left", "right"), traces, held, resources, (config.block_m, 2 * config.block_m), strict=True))
    return left, right


def come(film: Film, held: Slots | Residents, *also: Animation) -> None:
    """What a program holds; where it is known for how many there is room, these one by one. ``also`` happens before it is there."""
    if isinstance(held, Slots):
        film.move(*also, FadeIn(held, rate_func=late), seconds=0.4)
        return
    film.move(*also, FadeIn(*held.room, rate_func=late), seconds=0.4)
    for each in held.programs:
        film.move(FadeIn(each), seconds=0.8 / len(held.programs))
    film.move(FadeIn(*held.words), seconds=TEXT)


def counted(rect: Rect, count: str, color: str) -> list[Word]:
    """So many tiles cross, in the widest size that fits."""
    first, second = worded(rect, [count, "tiles cross"], NUMBER, [color, color], "tiles")
    second.tag = "unit"
    return [first, second]


class Reads(Group):
    """A line a row block: its rows of Q, and the tiles of K, above, and of V that it reads."""

    def __init__(self, film: Film, rect: Rect) -> None:
        self.tag, config, skin = "reads", film.config, film.skin
        self.blocks, self.tiles_each = config.row_blocks, max(config.col_blocks, 1)
        self.queries = Rectangles(skin.q, name="row blocks")
        self.piles = {tensor: Rectangles(skin.hue(tensor), name=f"reads {tensor}") for tensor in "KV"}
        super().__init__(self.queries, *self.piles.values())
        self.place(rect)

    def place(self, rect: Rect) -> Reads:
        """Fill ``rect``."""
        self.rect = rect
        return self.display(0.0, 0.0)

    def display(self, paired: float, slid: float) -> Reads:
        """How far the row blocks have paired; how far the tiles of every second one have slid under the other's."""
        room, height = self.rect, self.rect.height / self.blocks
        pitch = (room.width - height) / self.tiles_each
        side = 0.42 * height
        block = np.arange(self.blocks)
        top, low = room.y1 - (block + 0.08) * height, room.y1 - (block + 0.92) * height
        left, right = np.full(self.blocks, room.x0), np.full(self.blocks, room.x0 + 0.7 * height)
        self.queries.display(np.stack([left, low, right, top + 0.16 * height * paired * (block % 2)], 1))
        line, tile = np.divmod(np.arange(self.blocks * self.tiles_each), self.tiles_each)
        for tensor, pile in self.piles.items():
            y = room.y1 - (line - line % 2 * slid + 0.5) * height + (0.52 if tensor == "K" else -0.52) * side
            x = room.x0 + height + tile * pitch
            pile.display(np.stack([x, y - side / 2, x + 0.84 * pitch, y + side / 2], 1))
        return self


class Slots(Group):
    """What a program holds on chip, one bar a tile; beneath, where it is known, what the compiler makes of it.

    Args:
        held: Bytes a tensor.
        most: Bytes for which a bar has room.
    """

    def __init__(self, film: Film, rect: Rect, held: Mapping[str, int], most: int, compiled: Resources | None) -> None:
        skin, self.tag = film.skin, "slots"
        names = [tensor for tensor in ("Q", "S", "ACC") if tensor in held]
        places = rows(rect, len(names) + 1 + (compiled is not None), em(10))
        parts: list[Mobject] = [label(places[0], "on chip, rows of a program:", skin.ink)]
        room = rect.width - em(90) - em(270)
        for tensor, at in zip(names, places[1:], strict=False):
            left, wide = at.x0 + em(90), room * held[tensor] / most
            bar = Rectangles(skin.hue(tensor), name=f"held {tensor}")
            parts.append(bar.display(np.array([[left, at.y0 + 0.15 * at.height, left + wide, at.y1 - 0.15 * at.height]])))
            parts.append(Word(tensor.lower() if tensor == "ACC" else tensor, LABEL, skin.hue(tensor), at.x0, middle(at, LABEL), "letter"))
            size = f"{kib(held[tensor])}{FULL * (tensor != 'Q')}"
            parts.append(label(Rect(left + wide + em(16), at.y0, at.x1, at.y1), size, skin.ink, name="held"))
        if compiled is not None:
            text = "program has one core (SM) to itself" if compiled.programs == 1 else "programs take turns on one core (SM)"
            count, what = labelled(places[-1], (str(compiled.programs), skin.ink), (text, skin.ink))
            count.tag = "programs"
            parts += [count, what]
        super().__init__(*parts)


class Residents(Group):
    """What the programs on one SM share, to scale, and the programs that fit; of registers, what S and acc take of one program's.

    Args:
        given: What the compiler gave a program.
        held: Bytes a tensor, of one program.
    """

    def __init__(self, film: Film, rect: Rect, given: Resources, held: Mapping[str, int]) -> None:
        skin, self.tag = film.skin, "slots"
        scarce = given.scarce
        assert scarce is not None
        top, inside, letters, count = split(rect, SHELVES)
        self.room: list[Mobject] = [
            *labelled(
                top, (kib(scarce.whole), skin.ink), (f"of {scarce.name} on one core (SM)", skin.ink), f"{scarce.name}, an SM", px=LABEL
            ),
            box(inside, stroke=skin.ink, width=theme.OUTLINE),
        ]
        wide = inside.width * scarce.each / scarce.whole
        self.places = places = [
            Rect(inside.x0 + k * wide, inside.y0, inside.x0 + (k + 1) * wide, inside.y1).inset(em(5), em(5)) for k in range(given.programs)
        ]
        in_registers = scarce.name == "registers" and not any(each.name in held for each in given.buffers if each.name != "Q")
        kept = [tensor for tensor in ("S", "ACC") if in_registers and tensor in held]
        self.programs = [Group(*self._program(film, at, kept, held, scarce.each)) for at in places]
        self.full = [[part.get_fill_opacity() for part in each] for each in self.programs]
        parts = [(tensor.lower() if tensor == "ACC" else tensor, skin.hue(tensor), held[tensor]) for tensor in kept]
        parts += [("all else", skin.quiet, scarce.each - sum(nbytes for _, _, nbytes in parts))] if kept else []
        named, left, start = list[Word](), inside.x0, places[0].x0
        for text, color, nbytes in parts:  # under what it names, where there is room
            wide, size = places[0].width * nbytes / scarce.each, text_width(text, LABEL, Face.STRONG)
            x = max(left, start + (wide - size) / 2)
            named.append(Word(text, LABEL, color, x, middle(letters, LABEL), "letter"))
            left, start = x + size + em(24), start + wide
        room = Rect(left, letters.y0, letters.x1, letters.y1)
        takes = first_that_fits((f"{kib(scarce.each)} a program", f"{kib(scarce.each)} each", kib(scarce.each)), LABEL, room.width)
        each = label(room, takes, skin.ink, name="held")
        words = "programs take turns" if given.programs != 1 else "program has all of it"
        many, what = labelled(count, (f"{given.programs}", skin.ink), (words, skin.ink), px=NUMBER)
        many.tag = "programs"
        self.words = [*named, each, many, what]
        super().__init__(*self.room, *self.programs, *self.words)

    @property
    def shared(self) -> list[Mobject]:
        """The room and the programs in it."""
        return [self.room[-1], *self.programs]

    @property
    def said(self) -> list[Mobject]:
        """What is written about them."""
        return [*self.room[:-1], *self.words]

    def compute(self, program: Group) -> Shows:
        """This program computes, and the others wait."""
        strong = [part.get_fill_opacity() for each in self.programs for part in each]
        goal = [
            full * (1.0 if each is program else WAITING) for each, fulls in zip(self.programs, self.full, strict=True) for full in fulls
        ]
        parts = [part for each in self.programs for part in each]

        def show(share: float) -> None:
            for part, before, after in zip(parts, strong, goal, strict=True):
                part.set_fill(opacity=before + (after - before) * share)

        return Shows(Group(*self.programs), show)

    @staticmethod
    def _program(film: Film, at: Rect, kept: Sequence[str], held: Mapping[str, int], whole: int) -> list[Mobject]:
        """Its share of the room; from the left what of it S and acc take."""
        parts: list[Mobject] = [box(at, stroke=film.skin.edge, fill=film.skin.edge, opacity=0.5)]
        left = at.x0
        for tensor in kept:
            wide = at.width * held[tensor] / whole
            bar = Rectangles(film.skin.hue(tensor), name=f"held {tensor}")
            parts.append(bar.display(np.array([[left, at.y0, left + wide, at.y1]])))
            left += wide
        return parts


def split(rect: Rect, shares: Sequence[float]) -> list[Rect]:
    """Shelves of these shares of the height, the top one first."""
    edges = rect.y1 - np.concatenate([[0.0], np.cumsum(shares)]) / sum(shares) * rect.height
    return [Rect(rect.x0, float(low), rect.x1, float(top)) for top, low in itertools.pairwise(edges)]


def held_at_most(trace: Trace) -> dict[str, int]:
    """Bytes a tensor on chip, when the last tile of the first program has been scored."""
    events = trace.program(*next(program for program in trace.programs if len(trace.key_tiles(*program))))
    state = state_at(trace, trace.last(Kind.QK_DOT, events.start, events.stop) + 1)
    return {tensor: tile.nbytes for tensor, tile in (*state.smem.items(), *state.registers.items())}
