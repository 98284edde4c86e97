"""How parts of a softmax merge: two blocks under two ceilings, the lower max yields, they join; in any order, to the same block."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from manim import DashedVMobject, VGroup, VMobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import palette, theme
from flashviz.chapters import online_softmax
from flashviz.chapters.online_softmax import CITATION, OnlineSoftmax, Pair, gather, merge, pair_of
from flashviz.director.material import provenance
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import (
    LABEL,
    NAME,
    NUMBER,
    SPACE,
    Numbers,
    Word,
    amid,
    centred,
    first_that_fits,
    fitted,
    fly,
    labelled,
    middle,
    slid,
    symbols,
    word,
    worded,
)  # fmt: skip
from flashviz.figures import number
from flashviz.layout import Rect, columns
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.bars import SignedBars, fit
from flashviz.mobjects.cast import set_ends
from flashviz.mobjects.measured import CEILING_PX, Ceiling
from flashviz.mobjects.merging import Block, Merging
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, early, late
from flashviz.mobjects.named import Named
from flashviz.mobjects.tiles import box
from flashviz.palette import Theme

SIDES = ("left", "right")
APART = 3.0  # keys between a block and what stands at its right
CLOSEST = 1.65  # times larger, once the terms are summed
ROOMY = 6.0  # times as wide as the name of a sum, where there is room for it
RISEN, PRESSED = 0.35, 0.65  # of a tile's time: until it has come, and until the lower of the two sums has shrunk
SLOW = 3  # tiles that come slowly, and the last
SEEN, REST = 1.5, 1.0  # seconds: of a slow one, and of all others
GHOST = 0.85  # opacity of outlines: what was here


class OnlineSoftmaxStage(ShotScene):
    """The scene that the merge is played on."""

    script = online_softmax.BEATS

    def open(self, run: Callable[..., Any]) -> MergeFilm:
        """Record the row: ``flashviz_kernels.recorder.run``."""
        found = gather(self.settings.config, self.settings.source, run)
        self.provenance = [provenance(found.trace)]
        self.set_board(found.beats, found.said)
        return MergeFilm(self, found)


class MergeFilm(ChapterFilm):
    """Everything on stage, made here once. Side 0 is the part that comes first, at the left; side 1 the other."""

    notes: list[Any]  # what a term is, and what a block
    power: Named  # what the lower sum is multiplied by
    factor: Word
    outline: VMobject  # where the lower block was, and where the merged one stands
    total: VMobject
    accs: Accs
    ceiling: Ceiling  # while all tiles merge, ...
    row: list[Any]  # ... and what tells of them
    numbers: list[Numbers]  # the arithmetic of l at the left and at the right, ...
    signs: list[list[Word]]  # ... and its name

    def __init__(self, scene: ShotScene, found: OnlineSoftmax) -> None:
        self.scene, self.found, self.skin, self.said = scene, found, scene.skin, found.said
        self.place = place = scene.shot("merge")
        self.hues, self.seat = (self.skin.stats, self.skin.further[1]), [0, 1]
        rect, parts = place["blocks"], found.parts
        pairs = [part.pair for part in parts]
        most = max(pair.l for pair in (*map(pair_of, found.tiles), *pairs, *found.path, *found.shuffled, found.merged))
        keys = max(len(part.terms) for part in parts)
        far = rect.width / (keys + pairs[0].l + APART)  # as long as terms are seen
        self.close = max(far, min((place["right"].x0 - rect.x0) / (most + 1.0), (rect.x1 - place["right"].x0) / most, CLOSEST * far))
        self.chart = Merging(rect, far, self.hues, self.skin)
        self.sunk = 0.0
        self.come_to(far)
        self.low, self.high = found.lower, 1 - found.lower
        self.ceilings = self.own_ceilings
        self.write_in("left", "right")
        self.written = [self.said["l" if side == self.high else "l_lower"] for side in (0, 1)]

    def write_in(self, *parts: str) -> None:
        """From now on the sums stand in these parts of the shot, without their name where there is no room."""
        sign, rects = "ℓ =", [self.place[part] for part in parts]
        room = text_width(sign, NUMBER, Face.STRONG) + SPACE * em(NUMBER)
        room = room if rects[0].width > ROOMY * room else 0.0
        words = [Word(sign, NUMBER, self.skin.stats, rect.x0, middle(rect, NUMBER), "sign") for rect in rects]
        self.signs = [[word] if room else [] for word in words]
        self.numbers = [Numbers(rect.beyond(room)) for rect in rects]

    def come_to(self, key: float) -> None:
        """The picture so near that a key is so wide; all of it alike, from its lower left corner."""
        self.near = key / self.close
        self.chart.key, self.chart.unit = key, self.chart.rect.height * self.near

    def sink(self, share: float) -> None:
        """The picture goes down and gets smaller, all of it alike, and leaves room above it; both blocks stay where they begin."""
        blocks, self.sunk = self.place["blocks"], share
        self.chart.rect = rect = blocks.toward(self.place["low"], share)
        self.chart.key, self.chart.unit = self.close * rect.height / blocks.height, rect.height
        set_ends(self.chart.baseline, (rect.x0, rect.y0, 0), (rect.x1, rect.y0, 0))

    def x(self, side: int) -> float:
        """Where a block stands, as near as the picture is."""
        x0 = self.chart.rect.x0
        return x0 + (self.place[SIDES[self.seat[side]]].x0 - x0) * self.near

    @property
    def own(self) -> list[Block]:
        """Both, each under its own ceiling."""
        return [Block(self.x(side), part.pair.l) for side, part in enumerate(self.found.parts)]

    @property
    def own_ceilings(self) -> list[Ceiling]:
        """The max of each, in its colour."""
        return [named_by_m(part.pair, self.skin, hue) for part, hue in zip(self.found.parts, self.hues, strict=True)]

    def span(self, block: Block) -> tuple[float, float]:
        """Ends of a block's own ceiling: as long as the block, and as its name."""
        return block.x - em(20), block.x + max(block.wide * self.chart.key + em(50), em(250))

    @property
    def whole(self) -> tuple[float, float]:
        """Ends of a ceiling over all."""
        return self.chart.rect.x0 - em(20), self.chart.rect.x1 + em(16)

    def lid(self, ceiling: Ceiling, ends: tuple[float, float], tall: float = 1.0, name: float | None = None) -> Ceiling:
        """A ceiling between these ends; its m at its left, or from ``name`` on."""
        left = ends[0] if name is None else name
        return ceiling.place(ends[0], ends[1], self.chart.y(tall), (left + em(30), left))

    @property
    def shrunk(self) -> Block:
        """The lower block, measured by the larger max."""
        return Block(self.own[self.low].x, self.own[self.low].area * self.found.factor, self.found.factor)

    @property
    def joined(self) -> list[Block]:
        """Both blocks measured by one max, one against the other, at the left."""
        areas = [block.area for block in self.own]
        areas[self.low] *= self.found.factor
        first = self.seat.index(0)
        blocks = [Block(self.x(first), area) for area in areas]
        blocks[1 - first] = Block(self.x(first) + areas[first] * self.chart.key, areas[1 - first])
        return blocks

    @property
    def apart(self) -> list[Block]:
        """Both blocks measured by one max and level, each in its place."""
        blocks = list(self.own)
        blocks[self.low] = Block(self.own[self.low].x, self.shrunk.area)
        return blocks

    def show(self, blocks: list[Block]) -> None:
        for side, block in enumerate(blocks):
            self.chart.stand(side, block)

    def ghost(self, block: Block) -> VMobject:
        """A dashed outline: here it was, or will be."""
        x0, y0, x1, y1 = self.chart.box(block)
        edge = box(Rect(x0, y0, x1, y1), stroke=self.skin.ink, width=theme.HEAVY)
        return Named(DashedVMobject(edge, num_dashes=max(12, int(14 * (x1 - x0 + y1 - y0)))), tag="outline")


def named_by_m(pair: Pair, skin: Theme, hue: str) -> Ceiling:
    """A ceiling with its m, and no words: there may be two."""
    ceiling = Ceiling(number(pair.m), skin, hue)
    ceiling.remove(ceiling.words)
    return ceiling


def between(first: Block, second: Block, share: float) -> Block:
    """Of one area, on the way from one to the other: it keeps its area where both have the same."""
    return Block(
        first.x + (second.x - first.x) * share,
        first.area + (second.area - first.area) * share,
        first.tall * (second.tall / first.tall) ** share if first.tall > 0 < second.tall else second.tall,
    )


def squeezed(first: Block, factor: float, share: float) -> Block:
    """A block on its way to ``factor`` of its height: its width stays."""
    tall = 1 + (factor - 1) * share
    return Block(first.x, first.area * tall, first.tall * tall)


# --------------------------------------------------------------------------------------------------------------- beats


def grow(film: MergeFilm, side: int) -> float:
    """Terms grow under a ceiling of their own; where the first of them stands."""
    chart, terms, ceiling = film.chart, film.found.parts[side].terms, film.ceilings[side]
    at = chart.rect.x0 if side == 0 else chart.rect.x1 - len(terms) * chart.key
    left = film.whole[0] if side == 0 else max(film.span(film.own[0])[1] + em(90), at - em(20))
    film.scene.add(chart.terms)
    film.move(Shows(chart.terms, lambda share: chart.pour(terms, side, at, grown=share)), seconds=0.8)
    film.move(FadeIn(film.lid(ceiling, (left, film.whole[1]))), seconds=TEXT)
    return at


def pour(film: MergeFilm, side: int, at: float) -> None:
    """The terms join and level: their area is the sum, which comes to its place."""
    chart, terms, ceiling, stop = film.chart, film.found.parts[side].terms, film.ceilings[side], film.own[side]
    film.move(Shows(chart.terms, lambda share: chart.pour(terms, side, at, joined=share), rate_func=ease_in_out_cubic), seconds=0.5)

    def level(share: float) -> None:
        chart.pour(terms, side, at, joined=1.0, level=share)

    film.move(Shows(chart.terms, level, rate_func=ease_in_out_cubic), seconds=MOVE)
    chart.clear()
    film.scene.add(chart.blocks[side])
    points = ceiling.line.get_start_and_end()
    start, ends = tuple(float(point[0]) for point in points), film.span(stop)

    def settle(share: float) -> None:
        chart.stand(side, Block(at + (stop.x - at) * share, stop.area))
        film.lid(ceiling, (start[0] + (ends[0] - start[0]) * share, start[1] + (ends[1] - start[1]) * share))

    settle(0.0)
    film.move(Shows(VGroup(chart.blocks[side], ceiling), settle, rate_func=ease_in_out_cubic), seconds=0.7)
    film.numbers[side].first(film.written[side], film.hues[side])
    film.move(FadeIn(*beneath(film, side)), seconds=TEXT)


def beneath(film: MergeFilm, side: int) -> list[Word]:
    """The sum of a block, where the block stands as near as the picture is."""
    words, behind = [*film.signs[side], *film.numbers[side].pieces], film.place[SIDES[side]].x0 - film.x(side)
    left = film.place[SIDES[side]].x0
    for each in words:
        each.put_at(left - behind, each.baseline)
        left += each.wide + SPACE * em(each.px)
    return words


@beat("part")
def part(film: MergeFilm) -> None:
    """The terms of one tile, what a term is and what m; they level to a block of which each cell is 1."""
    rect, skin, ceiling = film.place["factor"], film.skin, film.ceilings[0]
    term = symbols('"term" = e^("score" - m)', NUMBER, skin.ink, rect.left(0.6 * rect.width), "formula term")
    term.shift((rect.x0 - term.get_left()[0], 0, 0))
    why = fitted(["so that the largest term is 1", "the largest: 1"], NAME, skin.ink, rect.beyond(term.width + em(NAME)), "note", Face.TEXT)
    film.scene.add(film.chart.baseline, term)
    at = grow(film, 0)
    with film.scene.telling():
        left, base = ceiling.base
        left += text_width(ceiling.m.text, CEILING_PX, Face.STRONG) + em(LABEL)
        most = Word("max of these scores", LABEL, skin.ink, left, base, "note", Face.TEXT)
        film.move(FadeIn(most, why), seconds=TEXT)
        film.scene.hold(1.4)
        film.move(FadeOut(most), seconds=TEXT)
        pour(film, 0, at)
        beside = Rect(film.span(film.own[0])[1] + em(LABEL), film.chart.rect.y0, rect.x1, film.chart.y(1.0))
        area = fitted(["a cell is 1 × 1: the area is ℓ", "the area is ℓ"], NAME, skin.ink, beside, "note", Face.TEXT)
        film.move(FadeIn(area), seconds=TEXT)
    film.notes = [term, why, area]


@beat("other")
def other(film: MergeFilm) -> None:
    """The terms of another, under another ceiling. Then the picture comes closer: all of it gets larger alike."""
    film.move(FadeOut(film.notes.pop()), seconds=TEXT)
    with film.scene.telling():
        pour(film, 1, grow(film, 1))
        closer(film)


def closer(film: MergeFilm) -> None:
    """Nearer: cells get wider and taller, both blocks and their ceilings alike."""
    far = film.chart.key

    def show(share: float) -> None:
        film.come_to(far + (film.close - far) * share)
        film.show(film.own)
        for side in (0, 1):
            film.lid(film.ceilings[side], film.span(film.own[side]))
        beneath(film, 1)

    everything = VGroup(*film.chart.blocks, *film.ceilings, *beneath(film, 1))
    film.move(Shows(everything, show, rate_func=ease_in_out_cubic), FadeOut(*film.notes), seconds=MOVE)


def pressed(share: float) -> float:
    """How far what shrinks has shrunk: first the ceiling reaches over it."""
    return ease_in_out_cubic(float(np.clip(1.5 * share - 0.5, 0, 1)))


def press(film: MergeFilm, start: list[Block]) -> Callable[[float], None]:
    """The larger max's ceiling reaches over all, and the lower block shrinks with its own."""
    low, high, block = film.ceilings[film.low], film.ceilings[film.high], start[film.low]
    own, ends, whole = film.span(block), film.span(start[film.high]), film.whole

    def show(share: float) -> None:
        reach, down = ease_in_out_cubic(float(np.clip(3 * share, 0, 1))), pressed(share)
        left, right = (ends[end] + (whole[end] - ends[end]) * reach for end in (0, 1))
        film.lid(high, (left, right), name=ends[0])
        now = squeezed(block, film.found.factor, down)
        film.chart.stand(film.low, now)
        film.lid(low, own, now.tall)

    return show


@beat("squeeze")
def squeeze(film: MergeFilm) -> None:
    """The larger max's ceiling reaches over the other block, which shrinks with its own ceiling; outlines stay."""
    said, skin, side = film.said, film.skin, film.low
    low, numbers = film.ceilings[side], film.numbers[side]
    rect = film.place["factor"]
    rect = Rect(film.place[SIDES[side]].x0, rect.y0, film.place[SIDES[side]].x1, rect.y1)
    lower, larger = (said[key].replace("−", "-") for key in ("m_lower", "m"))
    power = symbols(f"e^({lower} - {larger}) =", NUMBER, skin.ink, film.place["factor"], "power")
    space = SPACE * em(NUMBER)
    share = min(1.0, rect.width / (power.width + space + text_width(said["factor"], NUMBER, Face.STRONG)))
    power.scale(share)
    base = middle(rect, NUMBER * share)
    power.shift((rect.x0 - power.get_left()[0], base - power.get_bottom()[1], 0))
    film.factor = Word(said["factor"], NUMBER * share, skin.ink, rect.x0 + power.width + space * share, base, "factor")
    film.power = power
    with film.scene.telling():
        film.move(FadeIn(power, film.factor), FadeOut(low.one), seconds=TEXT)
        low.remove(low.one)
        film.scene.hold(1.4)
        times, factor = numbers.next("×", skin.ink), numbers.next(said["factor"], skin.ink)
        film.move(fly(factor, film.factor), FadeIn(times, rate_func=late), seconds=0.7)
        film.outline = film.ghost(film.own[side])
        film.scene.add(film.outline)
        result = numbers.next("=", skin.ink), numbers.next(said["shrunk"], film.hues[side])
        pressed = Shows(VGroup(film.chart.blocks[side], *film.ceilings), press(film, film.own))
        film.move(pressed, FadeIn(*result, rate_func=late), seconds=2.4)


def settle(numbers: Numbers) -> list[Any]:
    """The result comes to the first place over what it was made of, which leaves."""
    *others, result = numbers.pieces
    numbers.pieces, result.tag = [result], "l"
    return [slid(result, numbers.rect.x0, result.baseline), FadeOut(*others, rate_func=early)]


@beat("join")
def join(film: MergeFilm) -> None:
    """The lower block levels at the common ceiling, the same area; then the right one slides against the left."""
    with film.scene.telling():
        merges(film, [film.outline, film.power, film.factor])
        film.total = film.ghost(Block(film.own[0].x, film.found.merged.l))
        film.move(FadeIn(film.total), seconds=TEXT)


def merges(film: MergeFilm, gone: list[Any], *also: Any, seconds: float = MOVE) -> None:
    """The lower block, squeezed, comes up to the ceiling with the same area; then the right one slides against the left: one sum."""
    chart, side, seat = film.chart, film.low, film.seat[film.low]
    start, stop = film.shrunk, film.apart[side]
    level = Shows(chart.blocks[side], lambda share: chart.stand(side, between(start, stop, share)), rate_func=ease_in_out_cubic)
    others = [FadeOut(*gone, film.ceilings[side], rate_func=early), *(settle(film.numbers[0]) if seat == 0 else [])]
    film.move(level, *others, seconds=MOVE)
    apart, joined, high, whole = film.apart, film.joined, film.ceilings[film.high], film.whole
    left = film.span(apart[film.high])[0]

    def slide(share: float) -> None:
        film.show([between(a, b, share) for a, b in zip(apart, joined, strict=True)])
        film.lid(high, whole, name=left + (whole[0] - left) * share)

    film.move(Shows(VGroup(*chart.blocks, high), slide, rate_func=ease_in_out_cubic), *added(film), *also, seconds=seconds)
    numbers = film.numbers[0]
    film.move(FadeIn(numbers.next("=", film.skin.ink), numbers.next(film.said["sum"], film.skin.ink)), seconds=TEXT)


def added(film: MergeFilm) -> list[Any]:
    """The sum at the right comes to the one at the left; what it was made of leaves."""
    numbers, (*others, word) = film.numbers[0], film.numbers[1].pieces
    plus, more = numbers.next("+", film.skin.ink), numbers.next(word.text, film.hues[film.seat.index(1)])
    film.scene.remove(word)
    gone = [FadeOut(each, rate_func=early) for each in (*film.signs[1], *others)]
    return [fly(more, word), FadeIn(plus, rate_func=late), *gone]


def parts(film: MergeFilm, seat: list[int], *places: str, gone: Sequence[Any] = (), come: Sequence[Any] = ()) -> None:
    """The merged block comes apart: each part goes to its seat, under its own ceiling again, its sum in these parts of the shot.

    Where these are low, the picture goes down.
    """
    start, sinks = film.joined, places[0] not in SIDES
    gone = [*gone, *film.signs[0], *film.numbers[0].pieces]
    film.seat = seat
    stop, high, whole, lower = film.own, film.ceilings[film.high], film.whole, film.own_ceilings[film.low]
    film.write_in(*places)
    sums = [film.numbers[seat[side]].first(film.written[side], film.hues[side]) for side in (0, 1)]

    def show(share: float) -> None:
        if sinks:
            film.sink(share)
        blocks = [between(a, b, share) for a, b in zip(start, stop, strict=True)]
        film.show(blocks)
        left, right = (a + (b - a) * share for a, b in zip(whole, film.span(blocks[film.high]), strict=True))
        film.lid(high, (left, right))

    everything = VGroup(*film.chart.blocks, high, *([film.chart.baseline] if sinks else []))
    words = FadeOut(*gone, rate_func=early), FadeIn(*sums, *film.signs[0], *film.signs[1], *come, rate_func=late)
    film.move(Shows(everything, show, rate_func=ease_in_out_cubic), *words, seconds=MOVE)
    film.ceilings[film.low] = film.lid(lower, film.span(film.own[film.low]))


def times(film: MergeFilm, *others: Any) -> None:
    """The factor comes to the lower sum."""
    numbers, low = film.numbers[film.seat[film.low]], film.ceilings[film.low]
    words = numbers.next("×", film.skin.ink), numbers.next(film.said["factor"], film.skin.ink)
    film.move(FadeIn(*words), FadeOut(low.one), *others, seconds=TEXT)
    low.remove(low.one)


def shrinks(film: MergeFilm, seconds: float, also: Callable[[float], None] | None = None, things: Sequence[VMobject] = ()) -> None:
    """The lower block shrinks, and what it comes to stands beside it."""
    numbers, pressing = film.numbers[film.seat[film.low]], press(film, film.own)
    result = numbers.next("=", film.skin.ink), numbers.next(film.said["shrunk"], film.hues[film.low])

    def show(share: float) -> None:
        pressing(share)
        if also is not None:
            also(share)

    everything = VGroup(film.chart.blocks[film.low], *film.ceilings, *things)
    film.move(Shows(everything, show), FadeIn(*result, rate_func=late), seconds=seconds)


@beat("either")
def either(film: MergeFilm) -> None:
    """The parts change places, and merge again: they fill the same outline."""
    parts(film, [1, 0], *SIDES)
    film.move(FadeIn(film.ceilings[film.low]), seconds=TEXT)
    with film.scene.telling():
        times(film)
        shrinks(film, 1.2)
        merges(film, [])


class Accs:
    """acc of the parts as they stand, at the left and at the right: rows of V, each times its term, added. Both have one scale."""

    def __init__(self, film: MergeFilm) -> None:
        self.film, found, place = film, film.found, film.place
        self.at = film.seat[film.low]  # where the lower stands
        self.start = [found.parts[film.seat.index(at)].acc for at in (0, 1)]
        self.stop = [acc * (found.factor if at == self.at else 1.0) for at, acc in enumerate(self.start)]
        self.whole, self.rects = place["acc"], [place[f"acc {side}"] for side in SIDES]
        self.scale = fit(self.whole, self.stop[0] + self.stop[1], *self.start)
        self.bars = [SignedBars(f"acc {side}", film.skin.o, film.skin) for side in SIDES]
        self.was = SignedBars("acc was", film.skin.o, film.skin, hollow=True, opacity=GHOST, axis=False)
        for bars, rect in zip((*self.bars, self.was), (*self.rects, self.rects[self.at]), strict=True):
            bars.place(rect, *self.scale, len(self.start[0]))
        self.was.display(self.start[self.at]).bars.set_stroke(width=theme.OUTLINE)
        texts = (f"{len(self.start[0])} numbers: rows of V × terms, added", "rows of V × terms")
        names = [labelled(place[f"acc {side} name"], ("acc", film.skin.o), (texts[0], film.skin.ink), texts[1]) for side in SIDES]
        self.letters, self.words = [pair[0] for pair in names], [pair[1] for pair in names]

    @property
    def times(self) -> Word:
        """The factor beside the lower one's name."""
        letter, factor = self.letters[self.at], self.film.said["factor"]
        return Word(f"× {factor}", letter.px, self.film.skin.ink, letter.left + letter.wide + SPACE * em(letter.px), letter.baseline, "sum")

    def grow(self, share: float) -> None:
        for bars, acc in zip(self.bars, self.start, strict=True):
            bars.display(acc * share)

    def shrink(self, share: float) -> None:
        """The lower part's gets as much smaller as its block."""
        start, stop = self.start[self.at], self.stop[self.at]
        self.bars[self.at].display(start + (stop - start) * pressed(share))

    def join(self, share: float) -> None:
        """Both come to the whole width, one on the other, and are added."""
        left, right = self.stop
        come, into = (ease_in_out_cubic(float(np.clip(at, 0, 1))) for at in (2 * share, 2 * share - 1))
        for bars, rect in zip(self.bars, self.rects, strict=True):
            bars.place(rect.toward(self.whole, come), *self.scale, len(left))
        self.bars[0].display(left + right * into)
        self.bars[1].display(right * (1 - into), start=(left + right * into) * come)


@beat("acc")
def acc(film: MergeFilm) -> None:
    """The same two, smaller, each with its acc above it, large. One factor shrinks a sum and its acc; both add."""
    film.accs = accs = Accs(film)
    parts(film, film.seat, "low left", "low right", gone=[film.total], come=[*accs.letters, *accs.words])
    with film.scene.telling():
        grow = Shows(VGroup(*accs.bars), accs.grow, introducer=True, rate_func=ease_in_out_cubic)
        film.move(grow, FadeIn(film.ceilings[film.low], rate_func=early), seconds=MOVE)
        film.scene.hold(1.0)
        factor = accs.times
        times(film, FadeIn(factor), FadeOut(accs.words[accs.at], rate_func=early))
        film.scene.hold(0.5)
        film.scene.add(accs.was)
        shrinks(film, 2.2, accs.shrink, [accs.bars[accs.at]])
        film.scene.hold(0.6)
        join = Shows(VGroup(*accs.bars), accs.join), FadeOut(accs.letters[1], rate_func=early)
        merges(film, [accs.was, factor, accs.words[1 - accs.at]], *join, seconds=1.2)
        film.scene.remove(accs.bars[1])


def carried(film: MergeFilm, *places: str) -> list[Any]:
    """The sum at the left goes to its place in these parts of the shot; what it was made of leaves."""
    signs, (*others, result) = film.signs[0], film.numbers[0].pieces
    film.write_in(*places)
    numbers, result.tag = film.numbers[0], "l"
    goes = [slid(old, new.left, new.baseline) for old, new in zip(signs, film.signs[0], strict=True)]
    goes.append(slid(result, numbers.rect.x0, middle(numbers.rect, numbers.px)))
    film.signs[0], numbers.pieces = signs, [result]
    return [*goes, *(FadeOut(each, rate_func=early) for each in others)]


@beat("all")
def all_tiles(film: MergeFilm) -> None:
    """All other tiles come out of the row to the two that are merged, in another order. The outline is what the trace ends with."""
    found, skin, chart, place, end = film.found, film.skin, film.chart, film.place, film.found.path[-1]
    high, other = film.ceilings[film.high], chart.blocks[1]

    def rise(share: float) -> None:
        film.sink(1 - share)
        film.show(film.joined)
        film.lid(high, film.whole)
        other.set_fill(theme.between(film.hues[1], film.hues[0], share))

    everything = VGroup(*chart.blocks, high, chart.baseline)
    gone = FadeOut(film.accs.bars[0], film.accs.letters[0], rate_func=early)
    film.move(Shows(everything, rise, rate_func=ease_in_out_cubic), gone, *carried(film, "left", "right"), seconds=MOVE)
    past, left = found.merged, film.x(film.seat.index(0))
    chart.stand(0, Block(left, past.l)).stand(1, None)
    other.set_fill(film.hues[1])
    film.scene.remove(high)
    film.ceiling = film.lid(named_by_m(past, skin, skin.stats), film.whole)
    film.scene.add(film.ceiling)

    rects = columns(place["row"], len(found.tiles))
    cells = [VGroup(box(rect.inset(em(3), 0.0), stroke=skin.scores, opacity=0.0), *numbered(film, at)) for at, rect in enumerate(rects)]
    for tile in found.order[: len(found.parts)]:
        cells[tile][0].set_fill(opacity=palette.LIT)
    what = fitted(
        ["all tiles of the row, numbered as they come", "tiles, numbered as they come"], LABEL, skin.ink, place["factor"], "note", Face.TEXT
    )
    (x, base), m = film.ceiling.base, text_width(end.written[0], CEILING_PX, Face.STRONG)
    beside = Rect(x + m + em(LABEL), base, place["blocks"].x1, base)
    outline = film.ghost(Block(left, end.l)).set_stroke(width=2 * theme.HEAVY)
    texts = [f"dashed: all tiles read in order, ℓ = {end.written[1]}", f"dashed: in order, ℓ = {end.written[1]}", "dashed: in order"]
    text = first_that_fits(texts, LABEL, beside.width)
    target = Word(text, LABEL, skin.ink, beside.x0, beside.y0, "note", Face.TEXT)
    film.row, film.outline = [*cells, what, target], outline
    film.move(FadeIn(*cells, what), seconds=TEXT)
    with film.scene.telling():
        film.move(FadeIn(outline, target), seconds=TEXT)
        film.scene.hold(0.3)
        film.scene.add(*chart.blocks, outline)
        others = found.order[len(found.parts) :]
        slow = {*others[:SLOW], *others[-1:]}
        for tile in others:
            seconds = SEEN if tile in slow else REST / (len(others) - len(slow))
            past = arrive(film, past, pair_of(found.tiles[tile]), cells[tile], rects[tile], seconds)


def numbered(film: MergeFilm, tile: int) -> list[Word]:
    """When a tile of the row comes, in its cell: in the ground's colour, so that it is seen once the cell is lit."""
    rect = columns(film.place["row"], len(film.found.tiles))[tile]
    text, room = f"{film.found.order.index(tile) + 1}", rect.inset(em(6), 0.0)
    fits = text_width(f"{len(film.found.tiles)}", NAME, Face.STRONG) <= room.width
    return centred([word(text, NAME, film.skin.ground, room, "arrived")], rect) if fits else []


def arrive(film: MergeFilm, past: Pair, new: Pair, cell: VGroup, rect: Rect, seconds: float) -> Pair:
    """One tile's block comes out of the row; the one with the lower max shrinks; they join."""
    merged, chart, ceiling, numbers = merge(past, new), film.chart, film.ceiling, film.numbers
    x = [film.place[side].x0 for side in SIDES]
    both = [Block(x[0], past.l), Block(x[1], new.l)]
    factors = [float(np.exp(pair.m - merged.m)) if pair.l else 0.0 for pair in (past, new)]
    levelled = [Block(x[0], past.l * factors[0]), Block(x[0] + past.l * factors[0] * chart.key, new.l * factors[1])]
    flip = ceiling.turn(merged.written[0]) if merged.written[0] != ceiling.m.text else None
    risen = chart.cells(both[1])
    left, low, right, high = chart.box(both[1])
    lying = np.array([rect.x0, rect.y0, rect.x0, rect.y0]) + (risen - [left, low, left, low]) * [
        *2 * (rect.width / max(right - left, 1e-9), rect.height / (high - low)),
    ]

    def show(share: float) -> None:
        rise = float(np.clip(share / RISEN, 0, 1))
        down = ease_in_out_cubic(float(np.clip((share - RISEN) / (PRESSED - RISEN), 0, 1)))
        come = ease_in_out_cubic(float(np.clip((share - PRESSED) / (1 - PRESSED), 0, 1)))
        cell[0].set_fill(opacity=palette.LIT * rise)
        for side, (start, factor) in enumerate(zip(both, factors, strict=True)):
            if start.area * factor <= 0:
                chart.stand(side, None)
                continue
            block = squeezed(start, factor, down)
            chart.stand(side, between(block, levelled[side], come) if come else block)
        if rise < 1 and new.l:
            chart.blocks[1].display(lying + (risen - lying) * ease_in_out_cubic(rise))
        chart.blocks[1].set_fill(theme.between(*film.hues[::-1], come))
        if flip is not None:
            flip.show(down)

    film.move(Shows(VGroup(*chart.blocks, cell, ceiling), show), seconds=seconds)
    chart.stand(0, Block(x[0], merged.l) if merged.l else None).stand(1, None)
    film.scene.remove(*numbers[0].pieces)
    film.scene.add(*film.signs[0], numbers[0].first(merged.written[1], film.hues[0]))
    return merged


@beat("once")
def once(film: MergeFilm) -> None:
    """acc of all tiles, over the sum of all, is divided by it: once, at the end, on one scale. Outlines stay of what acc was."""
    found, skin, place, chart, acc = film.found, film.skin, film.place, film.chart, film.found.acc
    end, rect = found.path[-1], place["acc"]
    bars, was = SignedBars("o", skin.o, skin), SignedBars("acc was", skin.o, skin, hollow=True, opacity=GHOST, axis=False)
    for each in (bars, was):
        each.place(rect, *fit(rect, acc), len(acc)).display(acc)
    was.bars.set_stroke(width=theme.OUTLINE)
    half = place["acc name"].left(0.5 * place["acc name"].width)
    words = worded(half, ["acc", "/", end.written[1], "=", "O"], NUMBER, [skin.o, skin.ink, skin.stats, skin.ink, skin.o], "part")
    name, carry = FadeIn(words[0], rate_func=late), carried(film, "low left", "low right")
    if film.sunk:  # a row of one tile: acc of its two halves stands already
        film.scene.remove(film.accs.bars[0])
        film.scene.add(bars)
        film.move(*carry, FadeOut(film.accs.letters[0], rate_func=early), name, seconds=MOVE)
    else:
        block = Block(place["left"].x0, end.l)

        def down(share: float) -> None:
            film.sink(share)
            chart.stand(0, block)
            film.lid(film.ceiling, film.whole)

        film.scene.remove(film.outline)  # it is the block's own
        sinking = Shows(VGroup(chart.blocks[0], chart.baseline, film.ceiling), down, rate_func=ease_in_out_cubic)

        def grow(share: float) -> None:
            bars.display(acc * share).axis.set_stroke(opacity=share)

        grows = Shows(bars, grow, introducer=True, rate_func=late)
        film.move(sinking, *carry, FadeOut(*film.row, rate_func=early), grows, name, seconds=1.2)
    film.scene.hold(0.3)
    film.move(fly(words[2], film.numbers[0].pieces[-1]), FadeIn(words[1], rate_func=late), seconds=0.7)
    with film.scene.telling():
        film.scene.add(was)

        def divide(share: float) -> None:
            bars.display(acc * (1 + (1 / end.l - 1) * share))

        film.move(Shows(bars, divide, rate_func=ease_in_out_cubic), FadeIn(*words[3:], rate_func=late), seconds=1.4)
        right = place["acc name"].beyond(words[-1].left + words[-1].wide + em(NAME) - place["acc name"].x0)
        legend = fitted(["outlined: acc, filled: O", "filled: O"], LABEL, skin.ink, right, "note", Face.TEXT)
        film.move(FadeIn(legend, amid([CITATION], skin.ink, place["cited"], "quoted")), seconds=TEXT)
