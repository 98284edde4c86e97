"""What programs on one core (SM) share, to scale: registers and shared memory, and in them what the compiler gave a program."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from manim import Group, Mobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import theme
from flashviz.device import SHARED_RESERVED, Resources, Room
from flashviz.director.film.parts import label
from flashviz.director.film.stage import Film
from flashviz.director.words import LABEL, NUMBER, Word, first_that_fits, labelled, middle
from flashviz.figures import kib
from flashviz.layout import Rect
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import Shows, Veil
from flashviz.mobjects.tiles import Rectangles, box, edges
from flashviz.trace import Kind, Trace, state_at

WAITING = 0.3  # how strong programs are that wait
ELSE = "m, ℓ, all else", "all else"  # of registers: also pieces of tiles on their way into a product, and addresses
FULL = "no room for one more program"
APART = 4  # px between programs, and between tiles


class Stretch(NamedTuple):
    """Where in a program's share of a room a tile lies, in bytes; no tensor: what is not told apart."""

    tensor: str
    first: int
    nbytes: int


class Places(NamedTuple):
    """Where a room is drawn: its name over it; under it what is in it and, if that is said, how many programs are."""

    name: Rect
    inside: Rect
    letters: Rect
    many: Rect | None = None


class Residents(Group):
    """A room that the programs on one SM share, to scale, and the programs; of each, its tiles.

    Args:
        given: What the compiler gave a program.
        room: Of these, the registers or the shared memory.
        held: Bytes a tensor, of one program.
        most: Bytes for which ``at`` is wide enough.
    """

    def __init__(self, film: Film, at: Places, given: Resources, room: Room, held: Mapping[str, int], most: int) -> None:
        skin, self.tag = film.skin, "slots"
        each_byte = at.inside.width / most
        inside = at.inside.left(room.whole * each_byte)
        words = (f"of {room.name} on one core (SM)", skin.ink)
        self.names = labelled(at.name, (kib(room.whole), skin.ink), words, f"{room.name}, an SM", px=LABEL)
        beside = Rect(self.names[1].left + self.names[1].wide + em(LABEL), at.name.y0, at.name.x1, at.name.y1)
        fits = room == given.scarce and text_width(FULL, LABEL) <= beside.width
        self.full_up = [label(beside, FULL, skin.ink, name="full")] if fits else list[Word]()
        self.box = box(inside, stroke=skin.ink, width=theme.OUTLINE)
        wide = room.each * each_byte
        self.places = [Rect(inside.x0 + k * wide, inside.y0, inside.x0 + (k + 1) * wide, inside.y1) for k in range(given.programs)]
        self.each, self.stretches = room.each, stretches(given, room, held)
        self.bars: list[dict[str, Rectangles]] = []
        self.programs = [self._program(film, place) for place in self.places]
        self.full = [[part.get_fill_opacity() for part in each] for each in self.programs]
        self.words = [*self._words(film, at.letters), *([] if at.many is None else turns_of(given, at.many, skin.ink))]
        super().__init__(*self.names, self.box, *self.programs, *self.words)

    def lie(self, tensor: str, place: Rect) -> list[Rect]:
        """Where the tiles of a tensor lie in a program's place."""
        scale, apart = place.width / self.each, em(APART) / 2
        return [
            Rect(place.x0 + first * scale, place.y0, place.x0 + (first + nbytes) * scale, place.y1).inset(apart, 2 * apart)
            for name, first, nbytes in self.stretches
            if name == tensor
        ]

    def _program(self, film: Film, place: Rect) -> Group:
        """Its share of the room, and on it its tiles."""
        bars = {
            tensor: Rectangles(film.skin.hue(tensor), name=f"held {tensor}").display(edges(self.lie(tensor, place)))
            for tensor in dict.fromkeys(stretch.tensor for stretch in self.stretches)
        }
        self.bars.append(bars)
        return Group(box(place.inset(em(APART) / 2, em(APART)), stroke=film.skin.edge, fill=film.skin.edge, opacity=0.5), *bars.values())

    def _words(self, film: Film, letters: Rect) -> list[Word]:
        """Under what it names, where there is room: the tiles of the first program, what else it takes, and what all of that is."""
        skin, words, left, place, each = film.skin, list[Word](), letters.x0, self.places[0], self.each
        named = [(letter(tensor), skin.hue(tensor), first, nbytes) for tensor, first, nbytes in self.stretches]
        end = max((first + nbytes for _, first, nbytes in self.stretches), default=0)
        room = (each - end) * place.width / each
        rest = [text for text in ELSE if text_width(text, LABEL, Face.STRONG) <= room] if named else []
        named += [(text, skin.quiet, end, each - end) for text in rest[:1]]
        for text, color, first, nbytes in named:
            size = text_width(text, LABEL, Face.STRONG)
            x = max(left, place.x0 + (first + nbytes / 2) * place.width / each - size / 2)
            words.append(Word(text, LABEL, color, x, middle(letters, LABEL), "letter"))
            left = x + size + em(24)
        left = max(left, place.x1 + em(24)) if words else left
        behind, takes = Rect(left, letters.y0, letters.x1, letters.y1), f"{kib(each)} a program"
        ahead = list[str]()
        if "S" in self.bars[0]:
            ahead = [f"{takes}, S and acc in fp32"]
        elif {"K", "V"} <= {name for name in self.bars[0] if self.copies(name) > 1}:
            ahead = [f"{takes}: the next tiles of K and V too, and {kib(SHARED_RESERVED)} for the system"]
        says = first_that_fits((*ahead, takes, f"{kib(each)} each", kib(each)), LABEL, behind.width)
        return [*words, label(behind, says, skin.ink, name="held")]

    def copies(self, tensor: str) -> int:
        """How many tiles of it a program holds at once."""
        return sum(stretch.tensor == tensor for stretch in self.stretches)

    def come(self, start: Mapping[str, Rect], stop: Mapping[str, Rect] | None = None) -> Shows:
        """The first program's tiles go from where they start to where they lie, or stop before; one that is there twice comes apart."""
        bars = self.bars[0]
        goal = {tensor: edges(self.lie(tensor, self.places[0]) if stop is None else [stop[tensor]]) for tensor in bars}

        def show(share: float) -> None:
            for tensor, bar in bars.items():
                begin = np.array(start[tensor].edges)
                bar.display(begin + (goal[tensor] - begin) * share)

        return Shows(Group(*bars.values()), show, rate_func=ease_in_out_cubic)

    @property
    def shared(self) -> list[Mobject]:
        """The room and the programs in it."""
        return [self.box, *self.programs]

    @property
    def said(self) -> list[Mobject]:
        """What is written about them."""
        return [*self.names, *self.words]


def letter(tensor: str) -> str:
    """As it is written."""
    return tensor.lower() if tensor == "ACC" else tensor


def turns_of(given: Resources, rect: Rect, color: str) -> tuple[Word, Word]:
    """How many programs there is room for."""
    words = "programs take turns" if given.programs != 1 else "program has all of it"
    many, what = labelled(rect, (f"{given.programs}", color), (words, color), px=NUMBER)
    many.tag = "programs"
    return many, what


def stretches(given: Resources, room: Room, held: Mapping[str, int]) -> list[Stretch]:
    """What of a program's share is known: the compiler's tiles of shared memory; of registers S and acc, where they are there whole."""
    buffers = [each for each in given.buffers if not each.scratch]
    if room.name != "registers":
        lie = [
            Stretch(each.name, each.offset + k * each.nbytes // each.copies, each.nbytes // each.copies)
            for each in buffers
            for k in range(each.copies)
        ]
        return sorted(lie, key=lambda each: each.first)
    kept = [tensor for tensor in ("S", "ACC") if tensor in held]
    if {each.name for each in buffers} & set(kept) or sum(held[tensor] for tensor in kept) > room.each:
        return []
    starts = itertools.accumulate((held[tensor] for tensor in kept), initial=0)
    return [Stretch(tensor, first, held[tensor]) for tensor, first in zip(kept, starts, strict=False)]


def compute(rooms: Sequence[Residents], k: int) -> list[Veil]:
    """Program ``k`` computes, and the others wait."""
    return [
        Veil(part, full * (1.0 if n == k else WAITING))
        for room in rooms
        for n, (program, fulls) in enumerate(zip(room.programs, room.full, strict=True))
        for part, full in zip(program, fulls, strict=True)
    ]


def split(rect: Rect, shares: Sequence[float]) -> list[Rect]:
    """Shelves of these shares of the height, the top one first."""
    lines = rect.y1 - np.concatenate([[0.0], np.cumsum(shares)]) / sum(shares) * rect.height
    return [Rect(rect.x0, float(low), rect.x1, float(top)) for top, low in itertools.pairwise(lines)]


def held_at_most(trace: Trace) -> dict[str, int]:
    """Bytes a tensor on chip, when the last tile of the first program has been scored."""
    events = trace.program(*next(program for program in trace.programs if len(trace.key_tiles(*program))))
    state = state_at(trace, trace.last(Kind.QK_DOT, events.start, events.stop) + 1)
    return {tensor: tile.nbytes for tensor, tile in (*state.smem.items(), *state.registers.items())}
