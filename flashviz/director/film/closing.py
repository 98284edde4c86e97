"""The last beats of the main film: the other row blocks, the bill, taller tiles, the difference, the card."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from manim import DL, UR, Animation, Create, Group, Mobject, VMobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import theme
from flashviz.citations import FLASH_ATTENTION, FLASH_ATTENTION_2, ONLINE_SOFTMAX, Source
from flashviz.device import KIB, SMS, Resources
from flashviz.director.film.held import AtWork, Held
from flashviz.director.film.parts import heading, label, matrix_to, placed, put, show_rows
from flashviz.director.film.stage import Film
from flashviz.director.film.standard import CrossedBar, chip_name, on_machine
from flashviz.director.film.sweeping import CROSSED, WATCHED, Passing, stored_rows, sweep
from flashviz.director.pictures import card_lines
from flashviz.director.shots import MOVE, TEXT, beat
from flashviz.director.sweep import crossed
from flashviz.director.words import LABEL, NAME, NUMBER, Word, first_that_fits, labelled, machine, middle, worded
from flashviz.figures import amount, kib, number, power, quarters, seconds
from flashviz.forms import compulsory
from flashviz.layout import Rect, rows
from flashviz.lettering import NOTE_PX, Face, em, text_width, wrap
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, early, late, moved
from flashviz.mobjects.named import Named
from flashviz.mobjects.tiles import Matrix, Rectangles, box
from flashviz.palette import SECOND
from flashviz.storyboard import crossed_bytes
from flashviz.trace import Kind, Trace, replay, state_at

ZERO_PX = 150  # the number that matters
POUR = 4.4  # seconds in which all squares of the bill come
IN_FLIGHT = 24  # squares on their way to the bill at once
VALUES_FROM = {"snapshot": "kept by the traced code itself", "recomputed": "recomputed from the inputs that the trace names"}
REPEAT = 0.22  # opacity of what a perfect cache would spare
TURN_BY_TURN, WAITING = 3.0, 0.3  # seconds in which all programs on an SM have had a turn; how strong those are that wait
STAYS, OTHERS = ("one program: Q, m, ℓ, acc stay", "Q, m, ℓ, acc stay"), ("the others, shown faster", "the others, faster")
AT_WORK, QUICKENS = 0.7, 1.6  # of the rest's time, what one program is watched for; the power of its pace
FULL = " in fp32"  # what is computed on chip is not rounded to 16 bit
SHELVES = 0.2, 0.36, 0.19, 0.25  # of what is written about an SM: its room's name, the room, what a program takes, how many fit
MAGNIFIED = 1024  # the difference, so that it is seen


@beat("strips")
def strips(film: Film) -> None:
    """Row blocks part: each has its own rows of Q and O, independent of the others."""
    place = film.scene.shot("strips")
    whole = film.outputs[1]
    film.move(*film.leave(film.hbm, whole), seconds=TEXT)
    start = film.hbm.rect

    def come(share: float) -> None:
        film.hbm.place(start.toward(place["hbm"], share)).display(lit={}, cursor=None)
        put(whole, film.hbm.cross.strip("O"))

    count = sum(1 for _ in film.material.fa2.programs)
    figure = Word(f"{count:,}", ZERO_PX, film.skin.ink, place["stored"].x0, place["stored"].y0 + em(20), "programs")
    said = [
        label(place[part], text, film.skin.ink, NAME)
        for part, text in (("stored name", "programs"), ("crossed name", "independent of each other"))
    ]
    with film.scene.telling():
        if film.scene.on_stage(film.hbm):
            film.move(Shows(Group(film.hbm, whole), come, rate_func=ease_in_out_cubic), seconds=MOVE)
        else:
            come(1.0)
            film.move(FadeIn(film.hbm, whole), seconds=0.4)
        film.hbm.display(written=frozenset({film.hbm.cross.row_of(film.material.chosen.program[0])}))
        film.scene.remove(whole)
        film.move(FadeIn(figure, *said), seconds=TEXT)
        film.move(Shows(film.hbm, lambda share: film.hbm.display(apart=share), rate_func=ease_in_out_cubic), seconds=1.0)
        film.hold(1.0)
    film.move(Shows(film.hbm, lambda share: film.hbm.display(apart=1 - share), rate_func=ease_in_out_cubic), seconds=0.4)


@beat("rest")
def rest(film: Film) -> None:
    """All row blocks, on the machine that standard attention ran on: K and V come again and again, O goes out, the grid stays empty."""
    place, skin, trace, whole = film.scene.shot("rest"), film.skin, film.material.fa2, film.outputs[1]
    film.hbm.display(apart=0.0, lit={}, cursor=None, written=frozenset(), seam=1.0)
    first = film.scene.event or 0
    there = film.scene.on_stage(film.hbm)
    film.move(*film.leave(film.hbm), seconds=TEXT)
    film.hbm.place(place["hbm"])
    put(whole, film.hbm.cross.strip("O"))
    show_rows(whole, stored_rows(film, state_at(trace, first)))
    film.scene.add(whole)
    stored = int(np.isin(trace.columns["kind"], [Kind.STORE_S, Kind.STORE_P]).sum())
    name = labelled(place["hbm name"], ("HBM", skin.ink), ("scores stored", skin.ink))
    zero = Word(f"{stored}", NUMBER, skin.ink, name[1].left + name[1].wide + em(20), name[1].baseline, "stored")
    standard = crossed_bytes(film.material.standard) / film.square
    most = max(standard, crossed_bytes(trace) / film.square)
    film.ledger = bar = CrossedBar(film, trace, CROSSED, most, place["bar"], place["crossed"])
    so_far = label(place["crossed name"], "tiles crossed", skin.ink)
    limit, mark = room_of(film, place["bar"], place["bar names"], standard / most)
    count = partial(fill_bar, bar)
    count(crossed(state_at(trace, first)))
    held = Held(film, place["held"])
    watched = watched_program(film, first)
    words = (f"{sum(1 for _ in trace.programs):,} programs, shown in turn",) if watched is None else STAYS
    chip = on_machine(film, place, *words)
    film.move(*([] if there else [FadeIn(film.hbm)]), FadeIn(*chip, held, Named(*name, tag="name"), zero, so_far, bar.counter), seconds=0.4)
    film.scene.add(bar)
    film.move(FadeIn(limit, mark), seconds=TEXT)
    way = partial(Passing, film, inside=held.way, pipe=place["pipe"])
    with film.scene.telling():
        seconds_left = max(2.0, film.scene.motion - 2 * TEXT)
        if watched is not None:
            events, work = trace.program(*watched), AtWork(film, replay(trace, watched), held)
            passing, taken = way(first, events.stop, computed=WATCHED), AT_WORK * seconds_left
            sweep(film, first, events.stop, taken, count, bar, written=whole, passing=passing, at_work=work, pace=quickening)
            first, seconds_left = events.stop, seconds_left - taken
            film.move(FadeOut(chip[-1], rate_func=early), FadeIn(chip_name(film, place, *OTHERS), rate_func=late), seconds=TEXT)
        sweep(film, first, len(trace), seconds_left, count, bar, written=whole, passing=way(first, len(trace)))
    film.hbm.display(lit={}, cursor=None)
    film.move(FadeIn(*bar.names(place["bar names"], *bar.parts)), seconds=TEXT)
    film.scene.event = len(trace)


def watched_program(film: Film, first: int) -> tuple[int, int] | None:
    """The program that begins with event ``first``, if others follow it: the values that it holds are seen."""
    trace = film.material.fa2
    if first == len(trace):
        return None
    block, head = (int(trace.columns[name][first]) for name in trace.header.program[1:])
    events = trace.program(block, head)
    followed = head == film.material.chosen.program[1] and events.start == first and events.stop < len(trace)
    return (block, head) if followed and len(trace.key_tiles(block, head)) else None


def quickening(share: float) -> float:
    """What repeats speeds up."""
    return float(share**QUICKENS)


def fill_bar(bar: CrossedBar, nbytes: Mapping[str, int]) -> None:
    """What has crossed of each tensor."""
    whole = {kind: bar.squares[kind] * bar.film.square for kind, _, _ in bar.crossings}
    bar.display({kind: min(1.0, nbytes.get(tensor, 0) / whole[kind]) for kind, tensor, _ in bar.crossings if whole[kind]})


def room_of(film: Film, bar: Rect, names: Rect, share: float) -> tuple[VMobject, Word]:
    """How long standard attention's bar was, on the same scale."""
    room = box(bar.left(share * bar.width).inset(-em(4)), stroke=film.skin.quiet, width=theme.OUTLINE)
    text = f"standard attention: {film.crossed_by(film.material.standard)}"
    wide = text_width(text, LABEL)
    return room, Word(text, LABEL, film.skin.ink, bar.x0 + share * bar.width - wide, middle(names, LABEL), "limit", Face.TEXT)


@dataclass(frozen=True)
class Pile:
    """All that one algorithm moved, as squares that fill columns from above: (tensor, first square, how many)."""

    rect: Rect
    parts: tuple[tuple[str, float, float], ...]
    lines: int
    pitch: float

    @classmethod
    def of(cls, rect: Rect, nbytes: Mapping[str, int], unit: int, lines: int, pitch: float) -> Pile:
        """Of bytes a tensor; so many squares a column, so far apart."""
        counts = [nbytes[tensor] / unit for tensor in nbytes]
        starts = np.cumsum([0.0, *counts[:-1]]).tolist()
        return cls(rect, tuple(zip(nbytes, starts, counts, strict=True)), lines, pitch)

    @property
    def count(self) -> float:
        return sum(count for _, _, count in self.parts)

    def boxes(self, first: float, count: float) -> np.ndarray:
        """[n, 4] where ``count`` squares from ``first`` on stand; a part of a tile is a sliver."""
        n = int(np.ceil(count - 1e-9))
        index = round(first) + np.arange(n)
        x, y = self.rect.x0 + (index // self.lines) * self.pitch, self.rect.y1 - (index % self.lines) * self.pitch
        wide = np.where(np.arange(n) + 1 > count + 1e-9, max(count % 1, 0.1), 1.0)
        return np.stack([x, y - 0.84 * self.pitch, x + 0.84 * self.pitch * wide, y], 1)

    def x(self, squares: float) -> float:
        """Far edge of so many squares."""
        return self.rect.x0 + squares / self.lines * self.pitch


@dataclass
class Tally:
    """What stands over a pile: whose it is, how many tiles, and what these come to."""

    rect: Rect
    color: str
    title: Word
    figure: Word
    unit: Word
    result: Word | None

    @classmethod
    def over(cls, rect: Rect, title: Word, figure: str, texts: Sequence[str], result: str, color: str) -> Tally:
        """Behind the title: the first of ``texts`` that leaves room for ``result``, which is as large as it can be."""
        count = Word(figure, NUMBER, color, title.left + title.wide + em(40), middle(rect, NUMBER), "tiles")
        left, gap = count.left + count.wide + em(24), em(20)
        sizes = [(text, px) for px in (NUMBER, NAME) for text in texts]

        def wide(text: str, px: float) -> float:
            return text_width(text, LABEL) + (gap + text_width(result, px, Face.STRONG) if result else 0.0)

        text, px = next((each for each in sizes if wide(*each) <= rect.x1 - left), (texts[-1], NAME))
        share = min(1.0, (rect.x1 - left) / wide(text, px))
        unit = Word(text, LABEL * share, color, left, count.baseline, "unit", Face.TEXT)
        after = left + unit.wide + gap * share
        return cls(rect, color, title, count, unit, Word(result, px * share, color, after, count.baseline, "comes to") if result else None)

    @property
    def behind(self) -> list[Word]:
        """What stands behind the number of tiles."""
        return [self.unit, *([] if self.result is None else [self.result])]

    def turn(self, figure: str, texts: Sequence[str], result: str = "") -> list[Animation]:
        """The same pile by another measure; a number that stays the same stays."""
        new = Tally.over(self.rect, self.title, figure, texts, result, self.color)
        gone, come = [self.figure, *self.behind], [new.figure, *new.behind]
        if figure == self.figure.text:
            gone, come, new.figure = gone[1:], come[1:], self.figure
        self.figure, self.unit, self.result = new.figure, new.unit, new.result
        return [*(FadeOut(each, rate_func=early) for each in gone), FadeIn(*come, rate_func=late)]


@dataclass
class Piles:
    """The two piles of the bill, the squares that are drawn of each, what stands over each, and the names of its squares."""

    of: Mapping[str, Pile]
    drawn: Mapping[str, list[Rectangles]]
    over: Mapping[str, Tally]
    letters: list[Word]
    products: list[Mobject] = field(default_factory=list)


@beat("bill")
def bill(film: Film) -> None:
    """The ledger's own squares go to a pile, and standard attention's pour at equal speed: FlashAttention's stop first."""
    place, skin, trace = film.scene.shot("bill"), film.skin, film.material.fa2
    totals = {
        "standard": crossed(state_at(film.material.standard, len(film.material.standard))),
        "flash": crossed(state_at(trace, len(trace))),
    }
    most = max(sum(total.values()) for total in totals.values()) / film.square
    rect = place["standard"]
    pitch, lines = max((min(rect.height / n, rect.width / float(np.ceil(most / n))), n) for n in range(1, 400))
    piles = {name: Pile.of(place[name], nbytes, film.square, lines, pitch) for name, nbytes in totals.items()}
    titles = {
        name: Word(text, NAME, skin.ink, place[f"{name} name"].x0, middle(place[f"{name} name"], NAME), "title")
        for name, text in (("standard", "standard attention"), ("flash", "FlashAttention"))
    }
    drawn = {
        name: [
            Rectangles(skin.hue(tensor), name=f"bill {name} {tensor}", opacity=SECOND if tensor == "P" else 1.0)
            for tensor, _, _ in pile.parts
        ]
        for name, pile in piles.items()
    }
    kinds = {tensor: kind for kind, tensor, _ in film.ledger.crossings}
    before = [film.ledger.boxes(kinds[tensor]) for tensor, _, _ in piles["flash"].parts]
    for part, boxes in zip(drawn["flash"], before, strict=True):
        part.display(boxes)  # the ledger's own squares
    film.scene.add(*drawn["flash"], *drawn["standard"])
    film.scene.remove(*film.ledger.parts.values())
    film.move(*film.leave(*drawn["flash"], *drawn["standard"]), FadeIn(*titles.values()), seconds=0.4)

    pour = partial(poured, piles, drawn, before)
    squares, end = Group(*drawn["flash"], *drawn["standard"]), most + IN_FLIGHT
    meets = min(piles["flash"].count + IN_FLIGHT, end)
    over = {
        name: Tally.over(
            place[f"{name} name"], titles[name], quarters(pile.count * film.grain), *cost(film, sum(totals[name].values())), skin.ink
        )
        for name, pile in piles.items()
    }
    with film.scene.telling():
        film.move(Shows(squares, partial(pour, 0.0, meets)), seconds=POUR * meets / end)
        film.move(
            FadeIn(over["flash"].figure, rate_func=early),
            Shows(squares, partial(pour, meets, end)),
            seconds=max(POUR * (1 - meets / end), TEXT),
        )
    film.piles = Piles(piles, drawn, over, letters(film, piles))
    film.move(FadeIn(over["standard"].figure, *(word for each in over.values() for word in each.behind), *film.piles.letters), seconds=TEXT)
    film.hold(1.0)


def cost(film: Film, nbytes: int) -> tuple[tuple[str, ...], str]:
    """What is written behind so many tiles, at length and shortly, and the bytes that they come to."""
    several = f", {film.grain} a square" if film.grain > 1 else ""
    return (f"tiles × {amount(film.unit)}{several} =", f"× {amount(film.unit)}{several} =", "tiles =", "="), kib(nbytes)


def poured(
    piles: Mapping[str, Pile], drawn: Mapping[str, list[Rectangles]], ledger: Sequence[np.ndarray], start: float, stop: float, share: float
) -> None:
    """So far on the way from ``start`` to ``stop`` squares: FlashAttention's come from the ledger, standard attention's appear in place."""
    count = start + (stop - start) * share
    flash, standard = piles["flash"], piles["standard"]
    for part, boxes, (_, first, n) in zip(drawn["flash"], ledger, flash.parts, strict=True):
        at = np.clip((count - first - np.arange(len(boxes))) / IN_FLIGHT, 0, 1)[:, None]
        eased = at * at * (3 - 2 * at)
        part.display(boxes + (flash.boxes(first, n) - boxes) * eased)
    for part, (_, first, n) in zip(drawn["standard"], standard.parts, strict=True):
        part.display(standard.boxes(first, n)[: max(0, round(count - IN_FLIGHT - first))])


def letters(film: Film, piles: Mapping[str, Pile]) -> list[Word]:
    """What the squares of a pile are, and which of them went both ways, where they are wide enough for that."""
    words = []
    for name, pile in piles.items():
        at = film.scene.shot("bill")[f"{name} letters"]
        for tensor, first, count in pile.parts:
            texts = [f"{tensor} out and back", tensor] if tensor in "SP" else [tensor]
            room, last = pile.x(first + count) - pile.x(first), tensor == pile.parts[-1][0]
            text = first_that_fits(texts, LABEL, room, Face.STRONG)
            wide = text_width(text, LABEL, Face.STRONG)
            x = pile.x(first + count / 2) - wide / 2 if room >= wide else pile.x(first + count) + em(10)
            if room >= wide or last:  # beside the pile's end there is room
                words.append(Word(text, LABEL, film.skin.hue(tensor), x, middle(at, LABEL), "letter"))
    return words


@beat("waiting")
def waiting(film: Film) -> None:
    """The same as time: over each pile, how long it takes to cross; beneath, on the pile's scale, what both compute."""
    place, skin, times, piles = film.scene.shot("bill"), film.skin, film.times, film.piles
    assert times is not None  # else this beat is left out
    bars, words, turned = [], [], []
    for (name, pile), trace in zip(piles.of.items(), (film.material.standard, film.material.fa2), strict=True):
        at, dots = place[f"{name} letters"], np.isin(trace.columns["kind"], [Kind.QK_DOT, Kind.PV_DOT])
        spent = times.computing(int(trace.columns["flops"][dots].sum()))
        wide = pile.x(spent / times.crossing(film.square)) - pile.rect.x0
        bars.append((Rectangles(skin.ink, name="products"), at.left(wide).inset(0.0, 0.15 * at.height)))
        right, rate = Rect(at.x0 + wide + em(16), at.y0, at.x1, at.y1), f"{times.peak:.0f} TFLOP/s"
        leads = f"{int(dots.sum()):,} products at {rate} take", f"at {rate} the products take", "the products take"
        lead = first_that_fits(leads, LABEL, right.width - text_width(f"{seconds(spent)} ", NAME, Face.STRONG))
        taken = label(right, lead, skin.ink, LABEL, name="computed")
        behind = Rect(right.x0 + text_width(lead, LABEL) + em(16), right.y0, right.x1, right.y1)
        words += [taken, label(behind, seconds(spent), skin.ink, NAME, name="time")]
        crossing = seconds(times.crossing(crossed_bytes(trace)))
        texts = (f"tiles at {times.speed} take", f"at {times.speed} take", f"at {times.speed}:", "tiles:")
        turned += piles.over[name].turn(piles.over[name].figure.text, texts, crossing)
    film.scene.add(*(bar for bar, _ in bars))
    piles.products = [*(bar for bar, _ in bars), *words, machine(times.device, film.scene.settings.aspect, skin)]

    def grow(share: float) -> None:
        for bar, whole in bars:
            bar.display(np.array([whole.left(share * whole.width).edges]))

    with film.scene.telling():
        film.move(*turned, FadeOut(*piles.letters, rate_func=early), FadeIn(piles.products[-1], rate_func=late), seconds=0.6)
        film.hold(0.6)
        film.move(Shows(Group(*(bar for bar, _ in bars)), grow), seconds=0.8)
        film.move(FadeIn(*words), seconds=TEXT)
        results = [each.result for each in piles.over.values() if each.result is not None]
        frames = [around(each, skin.ink) for each in results]
        piles.products += frames
        film.move(*(Create(frame) for frame in frames), seconds=0.5)


def around(word: Word, color: str) -> VMobject:
    """A frame for what is to be compared."""
    (left, low, _), (right, high, _) = word.get_corner(DL), word.get_corner(UR)
    return box(Rect(left, low, right, high).inset(-em(10)), stroke=color, width=theme.OUTLINE)


@beat("cache")
def cache(film: Film) -> None:
    """With a perfect cache each tensor would cross once a direction: on both piles the repeats step back."""
    piles, drawn = film.piles.of, film.piles.drawn
    repeats, turned = [], list[Animation]()
    for (name, pile), algorithm in zip(piles.items(), ("standard", "fa2"), strict=True):
        once = compulsory(film.config, algorithm)
        fewest = {tensor: (once.read.get(tensor, 0) + once.written.get(tensor, 0)) / film.square for tensor, _, _ in pile.parts}
        for part, (tensor, first, count) in zip(drawn[name], pile.parts, strict=True):
            boxes, kept = pile.boxes(first, count), int(np.ceil(min(fewest[tensor], count) - 1e-9))
            part.display(boxes[:kept])
            pale = Rectangles(film.skin.hue(tensor), name=f"repeats {tensor}", opacity=part.get_fill_opacity())
            repeats.append(pale.display(boxes[kept:]))
        texts = "tiles with a perfect cache", "with a perfect cache", "perfect cache"
        turned += film.piles.over[name].turn(quarters(sum(fewest.values()) * film.grain), texts)
    film.scene.add(*repeats)
    full = [part.get_fill_opacity() for part in repeats]

    def pale_out(share: float) -> None:
        for part, opacity in zip(repeats, full, strict=True):
            part.set_fill(opacity=opacity + (REPEAT - opacity) * share)

    named = [FadeOut(*film.piles.products, rate_func=early), FadeIn(*film.piles.letters, rate_func=late)] if film.piles.products else []
    with film.scene.telling():
        film.move(Shows(Group(*repeats), pale_out), *named, seconds=1.2)
        film.move(*turned, seconds=0.5)


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
        parts += [("others", skin.quiet, scarce.each - sum(nbytes for _, _, nbytes in parts))] if kept else []
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


@beat("difference")
def difference(film: Film) -> None:
    """Both O's slide over each other: nothing is left. Magnified, it is speckle. Then both HBMs again."""
    hook, place, skin = film.scene.shot("hook"), film.scene.shot("difference"), film.skin
    film.standard.place(hook["left"]).display(seam=1.0)
    film.hbm.place(hook["right"]).display(lit={}, cursor=None, seam=1.0, apart=0.0)
    for sheet in film.sheets.values():
        sheet.place(film.standard.cross).display(film.cells)
    panels, outputs = (film.standard, film.hbm), film.outputs
    homes = [panel.cross.strip("O") for panel in panels]
    for output, home in zip(outputs, homes, strict=True):
        put(output, home)
        show_rows(output, np.ones(len(output.values), dtype=bool))
    names = (("left", "standard attention"), ("right", "FlashAttention"))
    titles = [heading(hook[f"{side} name"], text, skin.ink) for side, text in names]
    standing = [*panels, *film.sheets.values()]
    film.move(*film.leave(), FadeIn(*standing, *titles, *outputs, rate_func=late), seconds=0.5)
    film.move(
        *(FadeOut(each) for each in standing),
        *(matrix_to(output, place[side]) for output, side in zip(outputs, ("left", "right"), strict=True)), seconds=MOVE,
    )  # fmt: skip
    apart = np.nan_to_num(film.outputs_.apart)
    left = Matrix(apart, place["middle"], skin, "O", 0.0, outputs[0].high - outputs[0].low)
    film.move(*(matrix_to(output, place["middle"]) for output in outputs), *(FadeOut(title) for title in titles), seconds=MOVE)
    film.scene.add(left)
    film.scene.remove(*outputs)
    note = heading(place["note"], "their difference", skin.ink)
    larger = heading(place["note"], f"their difference × {MAGNIFIED:,}", skin.ink)
    error, largest = float(apart.max()), float(np.abs(np.nan_to_num(film.outputs_.standard)).max())
    share = f", {100 * error / largest:.2g} % of the largest of O" if largest else ""
    most = heading(place["most"], f"at most {small(error)}{share}", skin.ink, LABEL)
    with film.scene.telling():
        film.move(FadeIn(note), seconds=TEXT)
        film.hold(0.6)
        film.move(FadeOut(note, rate_func=early), FadeIn(larger, most, rate_func=late), left.to(apart * MAGNIFIED), seconds=0.8)


def small(error: float) -> str:
    """With four decimals, where these show two digits of it."""
    return number(error, 4) if error >= 1e-3 else power(error)


@beat("how")
def how(film: Film) -> None:
    """Both HBMs as at the beginning: a full grid; one that stays empty while all of the trace passes and O is written; and the answer."""
    hook, skin = film.scene.shot("hook"), film.skin
    names = (("left", "standard attention"), ("right", "FlashAttention"))
    titles = [heading(hook[f"{side} name"], text, skin.ink) for side, text in names]
    for output, panel in zip(film.outputs, (film.standard, film.hbm), strict=True):
        put(output, panel.cross.strip("O"))
    traces = {"left": film.material.standard, "right": film.material.fa2}
    notes = [
        heading(hook[f"{side} note"], f"{film.crossed_by(trace)} tiles crossed", skin.ink, LABEL)
        for side, trace in traces.items()
        if f"{side} note" in hook
    ]
    left, right = film.outputs
    show_rows(right, np.zeros(len(right.values), dtype=bool))
    comes = FadeIn(film.standard, film.hbm, *film.sheets.values(), *titles, *notes, left, rate_func=late)
    film.move(*film.leave(), comes, seconds=0.5)
    film.scene.add(right)
    with film.scene.telling():
        sweep(film, 0, len(film.material.fa2), film.scene.motion - TEXT, lambda _: None, written=right)
    film.hbm.display(lit={}, cursor=None)


@beat("card")
def card(film: Film) -> None:
    """Where everything came from."""
    place, skin = film.scene.shot("card")["card"], film.skin
    film.move(*film.leave(), seconds=0.4)
    sources = [f"{s.short}: {s.title}. arXiv {s.arxiv}" for s in sources_of(film)]
    first, last = (
        ["flashviz: what moved is what the kernel did", "", *provenance_lines(film)],
        ["", *sources, "", "Film CC BY 4.0, code MIT"],
    )
    lines = [
        (line, NOTE_PX, color)
        for texts, color in ((first, skin.ink), (last, skin.quiet))
        for text in texts
        for line in (wrap(text, place.width, NOTE_PX) or [""])
    ]
    film.move(FadeIn(Named(card_lines(lines, place), tag="card", text="\n".join(text for text, _, _ in lines))), seconds=0.5)


def sources_of(film: Film) -> tuple[Source, ...]:
    """What the film rests on, and whose figures it quotes."""
    times = film.times
    return tuple(dict.fromkeys((FLASH_ATTENTION, FLASH_ATTENTION_2, ONLINE_SOFTMAX, *(times.sources if times is not None else ()))))


def used_of(resources: Resources) -> str:
    """As ``40 of 228 KiB``."""
    return f"{resources.shared / KIB:,.4g} of {SMS[resources.arch].shared / KIB:,.4g} KiB"


def provenance_lines(film: Film) -> list[str]:
    """Configuration, and of each trace its algorithm, source and hash; what the compiler gave a program, or that it was not asked."""
    c, found = film.config, film.material.fa2.header.resources
    mask = "causal" if c.causal else "not causal"
    problem = f"N = {c.seq_q} × {c.seq_k}, d = {c.head_dim}, tiles {c.block_m} × {c.block_n}, {c.dtype}, {mask}"
    heads = f"batch {c.batch}, heads {c.heads} / {c.kv_heads}"
    compiled = "On-chip bytes are those of the tiles; no compiler was asked."
    if found is not None:
        compiled = (
            f"Compiled for {found.arch}: {used_of(found)} of shared memory and {found.registers} registers a thread for one program, "
            f"{found.programs} programs on one SM."
        )
    return [
        f"{problem}, scale {number(c.scale)}, {heads}, {c.arch}, {c.stages} stages, {c.inputs} inputs, seed {c.seed}",
        *(
            f"{i['algorithm']}: {i['source']}, {i['events']:,} events, trace {i['hash']}, kernel {i['kernel']}"
            for i in film.scene.provenance
        ),
        f"Values of block {film.material.chosen.program[0]}: {VALUES_FROM[film.material.values.source]}.",
        compiled,
        "Logical transfers: caches are not counted. The order shown is the program's, not hardware time.",
    ]
