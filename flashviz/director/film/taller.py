"""What taller tiles change: what every row block reads, and the programs that an SM has room for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from manim import Animation, Group, Mobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz.device import Resources
from flashviz.director.film.core import Places, Residents, compute, held_at_most, letter, split
from flashviz.director.film.held import Held
from flashviz.director.film.parts import heading, label, placed
from flashviz.director.film.stage import Film
from flashviz.director.shots import MOVE, TEXT, beat
from flashviz.director.words import LABEL, NAME, NUMBER, Word, labelled, middle, worded
from flashviz.figures import kib
from flashviz.layout import Rect, rows
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, early, late, moved
from flashviz.mobjects.tiles import Rectangles
from flashviz.palette import Theme
from flashviz.trace import Trace

OWN = "Q", "O", "LSE"  # of a row block alone
TURN_BY_TURN = 2.2  # seconds in which all programs on an SM have had a turn
FULL = " in fp32"  # what is computed on chip is not rounded to 16 bit
SHELVES = 0.2, 0.36, 0.19, 0.25  # of what is written about an SM: its room's name, the room, what a program takes, how many fit


@dataclass(frozen=True)
class Side:
    """So many rows a program: what every row block reads, how many tiles that is, and what a program holds."""

    name: Word
    reads: Reads
    letters: list[Word]
    crosses: list[Word]
    held: Slots | Residents


@beat("turns")
def turns(film: Film) -> None:
    """One program's tiles on chip go where the compiler put them. As many programs as there is room for: one computes, the others wait."""
    given, skin, place = film.taller.before, film.skin, film.scene.shot("turns")
    assert given is not None  # else this beat is left out
    assert given.scarce is not None
    held, most = held_at_most(film.material.fa2), max(room.whole for room in given.rooms)
    rooms = [
        Residents(film, Places(place[f"{at} name"], place[at], place[f"{at} letters"]), given, room, held, most)
        for at, room in zip(("registers", "shared"), given.rooms, strict=True)
    ]
    chip, title = Held(film, place["places"]), label(place["registers name"], "one program's tiles on chip", skin.ink, NAME)
    waits, computes = (
        [heading(Rect(at.x0, place["states"].y0, at.x1, place["states"].y1), text, skin.ink, NAME) for at in rooms[0].places]
        for text in ("waits", "computes")
    )
    film.move(*film.leave(), FadeIn(title, chip, rate_func=late), seconds=0.6)
    film.hold(0.2)
    tiles = [bar for room in rooms for bar in room.bars[0].values()]
    full = {tensor: name for tensor, (_, name) in chip.pieces.items() if any(tensor in room.bars[0] for room in rooms)}
    film.scene.remove(*(chip.pieces[tensor][0] for tensor in full))
    film.scene.add(*tiles, *(name.set_fill(skin.ground).set_z_index(1, family=True) for name in full.values()))  # on full places
    gone = [FadeOut(each, rate_func=early) for each in film.others(*tiles)]
    registers, shared = rooms
    below = in_a_row(chip.at, [tensor for tensor in chip.at if tensor in shared.bars[0]])  # off the registers, until these are full
    settle(film, registers, registers.come(chip.at), shared.come(chip.at, below), *gone)
    settle(film, shared, shared.come(below))
    for n in range(1, given.programs):
        film.move(FadeIn(*(room.programs[n] for room in rooms)), seconds=0.6 / given.programs)
    film.residents = rooms[given.rooms.index(given.scarce)]
    film.move(FadeIn(*waits, *(word for room in rooms for word in room.full_up)), seconds=TEXT)
    with film.scene.telling():
        for k in range(len(waits)):
            turned = [FadeOut(computes[k - 1], rate_func=early), FadeIn(waits[k - 1], rate_func=late)] if k else []
            come_in = FadeOut(waits[k], rate_func=early), FadeIn(computes[k], rate_func=late)
            film.move(*compute(rooms, k), *turned, *come_in, seconds=TEXT)
            film.hold(max(0.1, TURN_BY_TURN / len(waits) - TEXT))


def settle(film: Film, room: Residents, *ways: Animation) -> None:
    """A room of an SM, in which the first program's tiles come to lie, and what they are."""
    film.move(*ways, FadeIn(*room.names, room.box, rate_func=late), seconds=0.9)
    film.scene.add(room.programs[0])
    film.move(FadeIn(*room.words), seconds=TEXT)


def in_a_row(places: Mapping[str, Rect], tensors: Sequence[str]) -> dict[str, Rect]:
    """These, as large as they are, side by side in the lowest row that all of the places have."""
    left, right = min(at.x0 for at in places.values()), max(at.x1 for at in places.values())
    low, pitch = min(at.y0 for at in places.values()), (right - left) / max(len(tensors), 1)
    sizes = [(places[tensor].width, places[tensor].height) for tensor in tensors]
    starts = [left + pitch * (k + 0.5) - wide / 2 for k, (wide, _) in enumerate(sizes)]
    return {tensor: Rect(x, low, x + wide, low + high) for tensor, x, (wide, high) in zip(tensors, starts, sizes, strict=True)}


@beat("taller")
def taller(film: Film) -> None:
    """Beside what every row block reads, the same with row blocks paired: half the K and V, and twice the chip for a program."""
    place, (before, after) = film.scene.shot("taller"), sides_of(film)
    reads = FadeIn(before.name, before.reads, *before.letters, *before.crosses, rate_func=late)
    held, was = before.held, film.residents
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
        film.move(FadeIn(*after.letters, *after.crosses), seconds=TEXT)
        come(film, after.held)
    film.hold(1.0)


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
        reads = Reads(film, place[side])
        said = name, reads, reads.letters(place[f"{side} letters"], skin), crosses
        if known and word is not None and word.scarce is not None:
            top, inside, letters, count = split(at, SHELVES)
            return Side(*said, Residents(film, Places(top, inside, letters, count), word, word.scarce, each, word.scarce.whole))
        return Side(*said, Slots(film, at, each, most, None if None in resources else word))

    left, right = (one(*of) for of in zip(("left", "right"), traces, held, resources, (config.block_m, 2 * config.block_m), strict=True))
    return left, right


def come(film: Film, held: Slots | Residents, *also: Animation) -> None:
    """What a program holds; where it is known for how many there is room, these one by one. ``also`` happens before it is there."""
    if isinstance(held, Slots):
        film.move(*also, FadeIn(held, rate_func=late), seconds=0.4)
        return
    film.move(*also, FadeIn(*held.names, held.box, rate_func=late), seconds=0.4)
    for each in held.programs:
        film.move(FadeIn(each), seconds=0.8 / len(held.programs))
    film.move(FadeIn(*held.words), seconds=TEXT)


def counted(rect: Rect, count: str, color: str) -> list[Word]:
    """So many tiles cross, in the widest size that fits."""
    first, second = worded(rect, [count, "tiles cross"], NUMBER, [color, color], "tiles")
    second.tag = "unit"
    return [first, second]


class Reads(Group):
    """A line a row block: its rows of Q, the tiles of K, above, and of V that it reads, and its rows of O and LSE."""

    def __init__(self, film: Film, rect: Rect) -> None:
        self.tag, skin, trace = "reads", film.skin, film.material.fa2
        tiles = [trace.key_tiles(block, film.material.chosen.program[1]) for block in range(film.config.row_blocks)]
        self.line, self.tile = np.repeat(np.arange(len(tiles)), [len(each) for each in tiles]), np.concatenate(tiles)
        self.blocks, self.across = film.config.row_blocks, max(film.config.col_blocks, 1)
        self.own = {tensor: Rectangles(skin.hue(tensor), name=f"row blocks {tensor}") for tensor in OWN}
        self.piles = {tensor: Rectangles(skin.hue(tensor), name=f"reads {tensor}") for tensor in "KV"}
        super().__init__(*self.own.values(), *self.piles.values())
        self.place(rect)

    def place(self, rect: Rect) -> Reads:
        """Fill ``rect``."""
        self.rect = rect
        return self.display(0.0, 0.0)

    def display(self, paired: float, slid: float) -> Reads:
        """How far the row blocks have paired; how far the tiles of every second one have slid under the other's."""
        room, height = self.rect, self.rect.height / self.blocks
        block = np.arange(self.blocks)
        low, top = room.y1 - (block + 0.92) * height, room.y1 - (block + 0.08 - 0.16 * paired * (block % 2)) * height
        for tensor, (left, right) in self.columns.items():
            self.own[tensor].display(np.stack([0 * low + left, low, 0 * low + right, top], 1))
        start, pitch, side = self.columns["Q"][0] + height, self.inner / self.across, 0.42 * height
        for tensor, pile in self.piles.items():
            y = room.y1 - (self.line - self.line % 2 * slid + 0.5) * height + (0.52 if tensor == "K" else -0.52) * side
            x = start + self.tile * pitch
            pile.display(np.stack([x, y - side / 2, x + 0.84 * pitch, y + side / 2], 1))
        return self

    @property
    def inner(self) -> float:
        """How wide the tiles of K and V are together."""
        return self.columns["O"][0] - self.rect.x0 - self.rect.height / self.blocks

    @property
    def columns(self) -> dict[str, tuple[float, float]]:
        """From where to where the rows of Q, O and LSE stand: a program's of Q and O alike, of LSE a sliver."""
        room, height = self.rect, self.rect.height / self.blocks
        wide, sliver = 0.7 * height, 0.12 * height
        lse = room.x1 - sliver
        return {"Q": (room.x0, room.x0 + wide), "O": (lse - sliver - wide, lse - sliver), "LSE": (lse, room.x1)}

    def letters(self, rect: Rect, skin: Theme) -> list[Word]:
        """What is what, beneath: K and V side by side in the middle, O and LSE at the right."""
        (q, _), _, _ = self.columns.values()
        middles = {"K": q + 0.45 * rect.width, "V": q + 0.55 * rect.width}
        wide = {tensor: text_width(tensor, LABEL, Face.STRONG) for tensor in (*OWN, *middles)}
        lse = rect.x1 - wide["LSE"]
        left = {"Q": q, "O": lse - em(20) - wide["O"], "LSE": lse} | {tensor: x - wide[tensor] / 2 for tensor, x in middles.items()}
        return [Word(tensor, LABEL, skin.hue(tensor), x, middle(rect, LABEL), "letter") for tensor, x in left.items()]


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
            parts.append(Word(letter(tensor), LABEL, skin.hue(tensor), at.x0, middle(at, LABEL), "letter"))
            size = f"{kib(held[tensor])}{FULL * (tensor != 'Q')}"
            parts.append(label(Rect(left + wide + em(16), at.y0, at.x1, at.y1), size, skin.ink, name="held"))
        if compiled is not None:
            text = "program has one core (SM) to itself" if compiled.programs == 1 else "programs take turns on one core (SM)"
            count, what = labelled(places[-1], (str(compiled.programs), skin.ink), (text, skin.ink))
            count.tag = "programs"
            parts += [count, what]
        super().__init__(*parts)
