"""The bill: all that crossed as two piles of tiles, as time, and as a perfect cache would leave it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from manim import DL, UR, Animation, Create, Group, Mobject, VMobject

from flashviz import theme
from flashviz.director.film.parts import label
from flashviz.director.film.stage import Film
from flashviz.director.shots import TEXT, beat
from flashviz.director.sweep import crossed
from flashviz.director.words import LABEL, NAME, NUMBER, Word, first_that_fits, machine, middle
from flashviz.figures import amount, kib, quarters, seconds
from flashviz.forms import compulsory
from flashviz.layout import Rect
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, early, late
from flashviz.mobjects.tiles import Rectangles, box
from flashviz.palette import SECOND
from flashviz.storyboard import crossed_bytes
from flashviz.trace import Kind, state_at

POUR = 4.4  # seconds in which all squares of the bill come
IN_FLIGHT = 24  # squares on their way to the bill at once
REPEAT = 0.22  # opacity of what a perfect cache would spare


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
            room, last = pile.x(first + count) - pile.x(first), tensor == pile.parts[-1][0]
            texts = [f"{tensor} out and back", tensor] if tensor in "SP" else [tensor]
            if count < 1:  # a sliver: what it is of a square
                texts = [f"{tensor}: {kib(round(count * film.square))}"]
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
        texts = (f"tiles at {times.speed} take at least", f"at {times.speed} at least", f"at {times.speed}:", "tiles:")
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
        texts = "tiles, if none is loaded twice", "none loaded twice", "once each"
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
