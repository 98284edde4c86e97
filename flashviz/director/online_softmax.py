"""How parts of a softmax merge: two blocks under two ceilings, the lower max yields, they join; in any order, to the same block."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from manim import DashedVMobject, VGroup, VMobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import palette, theme
from flashviz.chapters import online_softmax
from flashviz.chapters.online_softmax import CITATION, OnlineSoftmax, Pair, gather, merge, pair_of
from flashviz.director.material import provenance
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NUMBER, SPACE, Numbers, Word, first_that_fits, fly, labelled, middle, symbols
from flashviz.figures import number
from flashviz.layout import Rect, columns
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.bars import SignedBars, fit
from flashviz.mobjects.measured import Ceiling
from flashviz.mobjects.merging import Block, Merging
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, late
from flashviz.mobjects.named import Named
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.tiles import box
from flashviz.palette import Theme

SIDES = ("left", "right")
APART = 3.0  # keys between a block and what stands at its right
CLOSEST = 2.2  # times wider, once the terms are summed
ROOMY = 6.0  # times as wide as the name of a sum, where there is room for it
FIRST, REST = 1.4, 3.0  # seconds: of each of the first two tiles, and of all others together


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
    """Everything on stage, made here once. Side 0 is the left part of the row, side 1 the right one."""

    term: Named  # what a term is
    power: Named  # what the lower sum is multiplied by
    factor: Word
    outline: VMobject  # where the lower block was, and where the merged one stands
    total: VMobject
    readout: Readout  # l, while all tiles merge
    ceiling: Ceiling  # and what they are measured by

    def __init__(self, scene: ShotScene, found: OnlineSoftmax) -> None:
        self.scene, self.found, self.skin, self.said = scene, found, scene.skin, found.said
        self.place = place = scene.shot("merge")
        rect, parts = place["blocks"], found.parts
        pairs = [part.pair for part in parts]
        most = max(pair.l for pair in (*map(pair_of, found.tiles), *pairs, *found.path, *found.shuffled, found.merged))
        keys = max(len(part.terms) for part in parts)
        far = rect.width / (keys + pairs[0].l + APART)  # as long as terms are seen
        self.close = max(far, min((place["right"].x0 - rect.x0) / (most + 1.0), (rect.x1 - place["right"].x0) / most, CLOSEST * far))
        self.chart = Merging(rect, far, self.skin)
        self.x = [rect.x0, place["right"].x0]
        self.own = [Block(x, pair.l) for x, pair in zip(self.x, pairs, strict=True)]
        self.low, self.high = found.lower, 1 - found.lower
        self.ceilings = [named_by_m(pair, self.skin) for pair in pairs]
        sign, rects = "ℓ =", [place[side] for side in SIDES]
        room = text_width(sign, NUMBER, Face.STRONG) + SPACE * em(NUMBER)
        room = room if rects[0].width > ROOMY * room else 0.0  # else the numbers stand without their name
        words = [Word(sign, NUMBER, self.skin.stats, rect.x0, middle(rect, NUMBER), "sign") for rect in rects]
        self.signs = [Named(*([word] if room else []), tag="signs") for word in words]
        self.numbers = [Numbers(rect.beyond(room)) for rect in rects]
        self.written = [self.said["l" if side == self.high else "l_lower"] for side in (0, 1)]

    def span(self, side: int) -> tuple[float, float]:
        """Ends of a block's own ceiling: as long as the block, and as its name."""
        x = self.x[side]
        return x - em(20), x + max(self.own[side].area * self.chart.key + em(50), em(250))

    @property
    def whole(self) -> tuple[float, float]:
        """Ends of a ceiling over all."""
        return self.chart.rect.x0 - em(20), self.chart.rect.x1 + em(16)

    def lid(self, ceiling: Ceiling, ends: tuple[float, float], tall: float = 1.0) -> Ceiling:
        """A ceiling between these ends."""
        return ceiling.place(ends[0], ends[1], self.chart.y(tall), (ends[0] + em(30), ends[0]))

    @property
    def shrunk(self) -> Block:
        """The lower block, measured by the larger max."""
        return Block(self.own[self.low].x, self.own[self.low].area * self.found.factor, self.found.factor)

    def joined(self, side: int) -> list[Block]:
        """Both blocks on one ruler, one against the other, at the left or at the right one's place."""
        areas = [self.own[0].area, self.own[1].area]
        areas[self.low] *= self.found.factor
        x = self.own[side].x
        return [Block(x, areas[0]), Block(x + areas[0] * self.chart.key, areas[1])]

    @property
    def apart(self) -> list[Block]:
        """Both blocks on one ruler and level, each in its place."""
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


def named_by_m(pair: Pair, skin: Theme) -> Ceiling:
    """A ceiling with its m, and no words: there may be two."""
    ceiling = Ceiling(number(pair.m), skin)
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


def pour(film: MergeFilm, side: int) -> None:
    """Terms grow under a ceiling of their own, join and level: their area is the sum."""
    chart, terms = film.chart, film.found.parts[side].terms
    at = film.chart.rect.x0 if side == 0 else film.chart.rect.x1 - len(terms) * chart.key
    x, ceiling = film.own[side].x, film.ceilings[side]
    start = film.whole if side == 0 else (max(film.span(0)[1] + em(90), at - em(20)), film.whole[1])
    film.scene.add(chart.terms)
    film.move(Shows(chart.terms, lambda share: chart.pour(terms, at, at, grown=share)), seconds=0.8)
    film.move(FadeIn(film.lid(ceiling, start)), seconds=TEXT)
    film.read()
    film.move(Shows(chart.terms, lambda share: chart.pour(terms, at, at, joined=share), rate_func=ease_in_out_cubic), seconds=0.5)

    def level(share: float) -> None:
        chart.pour(terms, at, at, joined=1.0, level=share)

    film.move(Shows(chart.terms, level, rate_func=ease_in_out_cubic), seconds=MOVE)
    chart.clear()
    film.scene.add(chart.blocks[side])
    stop = film.span(side)

    def settle(share: float) -> None:
        chart.stand(side, Block(at + (x - at) * share, film.own[side].area))
        film.lid(ceiling, (start[0] + (stop[0] - start[0]) * share, start[1] + (stop[1] - start[1]) * share))

    settle(0.0)
    film.move(Shows(VGroup(chart.blocks[side], ceiling), settle, rate_func=ease_in_out_cubic), seconds=0.7)
    film.move(FadeIn(film.signs[side], film.numbers[side].first(film.written[side], film.skin.stats)), seconds=TEXT)


@beat("part")
def part(film: MergeFilm) -> None:
    """The terms of one tile, and what a term is."""
    rect = film.place["factor"]
    film.term = symbols('"term" = e^("score" - m)', NUMBER, film.skin.ink, rect.left(0.6 * rect.width), "formula term")
    film.term.shift((rect.x0 - film.term.get_left()[0], 0, 0))
    film.scene.add(film.chart.baseline, film.term)
    pour(film, 0)


@beat("other")
def other(film: MergeFilm) -> None:
    """The terms of another, under another ceiling. Then the picture comes closer: both blocks get wider alike."""
    pour(film, 1)
    closer(film)


def closer(film: MergeFilm) -> None:
    """A key gets wider, for both blocks and their ceilings."""
    far = film.chart.key

    def show(share: float) -> None:
        film.chart.key = far + (film.close - far) * share
        film.show(film.own)
        for side in (0, 1):
            film.lid(film.ceilings[side], film.span(side))

    everything = VGroup(*film.chart.blocks, *film.ceilings)
    film.move(Shows(everything, show, rate_func=ease_in_out_cubic), FadeOut(film.term), seconds=MOVE)


@beat("squeeze")
def squeeze(film: MergeFilm) -> None:
    """The larger max's ceiling reaches over the other block, which shrinks with its own ceiling; outlines stay."""
    said, skin, chart, side = film.said, film.skin, film.chart, film.low
    high, low = film.ceilings[film.high], film.ceilings[side]
    start, whole, own = film.span(film.high), film.whole, film.span(side)
    name = start[0] + em(30), start[0]  # without words

    def reach(share: float) -> None:
        left, right = (start[end] + (whole[end] - start[end]) * share for end in (0, 1))
        high.place(left, right, chart.y(1.0), name)

    film.move(Shows(high, reach, rate_func=ease_in_out_cubic), FadeOut(low.one), seconds=0.7)
    low.remove(low.one)
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
    film.move(FadeIn(power, film.factor), seconds=TEXT)
    film.read()
    numbers = film.numbers[side]
    times, factor = numbers.next("×", skin.ink), numbers.next(said["factor"], skin.ink)
    film.move(fly(factor, film.factor), FadeIn(times, rate_func=late), seconds=0.7)
    film.outline = film.ghost(film.own[side])
    film.scene.add(film.outline)
    result = numbers.next("=", skin.ink), numbers.next(said["shrunk"], skin.stats)

    def shrink(share: float) -> None:
        block = squeezed(film.own[side], film.found.factor, share)
        chart.stand(side, block)
        film.lid(low, own, block.tall)

    film.move(Shows(VGroup(chart.blocks[side], low), shrink, rate_func=ease_in_out_cubic), FadeIn(*result, rate_func=late), seconds=1.8)


@beat("join")
def join(film: MergeFilm) -> None:
    """The lower block levels at the common ceiling, the same area; then the right one slides against the left."""
    film.read()
    said, skin, chart, side = film.said, film.skin, film.chart, film.low
    moving, gone = film.numbers[side].settle()
    film.move(moving, *gone, *(FadeOut(each) for each in (film.outline, film.power, film.factor, film.ceilings[side])), seconds=0.5)
    stop = film.joined(0)
    film.move(levels(film, 0.0, 1.0), seconds=0.7)
    numbers, word = film.numbers[0], film.numbers[1].pieces[0]
    plus, added = numbers.next("+", skin.ink), numbers.next(word.text, skin.stats)
    film.scene.remove(word)
    film.move(
        slides(film, film.apart, stop), fly(added, word), FadeIn(plus, rate_func=late), FadeOut(film.signs[1]), seconds=MOVE
    )  # fmt: skip
    result = numbers.next("=", skin.ink), numbers.next(said["sum"], skin.stats)
    film.total = film.ghost(Block(film.own[0].x, film.found.merged.l))
    film.move(FadeIn(*result, film.total), seconds=TEXT)
    chart.stand(0, stop[0])


def levels(film: MergeFilm, start: float, stop: float) -> Shows:
    """The lower block, squeezed (0), comes up to the ceiling (1)."""
    shrunk, level = film.shrunk, film.apart[film.low]

    def show(share: float) -> None:
        film.chart.stand(film.low, between(shrunk, level, start + (stop - start) * share))

    return Shows(film.chart.blocks[film.low], show, rate_func=ease_in_out_cubic)


def slides(film: MergeFilm, start: list[Block], stop: list[Block]) -> Shows:
    """Both blocks from one place to another."""

    def show(share: float) -> None:
        film.show([between(a, b, share) for a, b in zip(start, stop, strict=True)])

    return Shows(VGroup(*film.chart.blocks), show, rate_func=ease_in_out_cubic)


@beat("either")
def either(film: MergeFilm) -> None:
    """The part with the lower max comes first; the other arrives and raises the ceiling. The outline is the first result's."""
    said, skin, chart, found = film.said, film.skin, film.chart, film.found
    low, high = found.parts[found.lower].pair, found.parts[1 - found.lower].pair
    first, second = Block(film.x[0], low.l), Block(film.x[1], high.l)
    gone = (*chart.blocks, film.ceilings[film.high], *film.numbers[0].pieces)
    film.move(*(FadeOut(each) for each in gone), seconds=TEXT)
    film.show([first, Block(second.x, 0.0, 0.0)])
    film.ceiling = film.lid(named_by_m(low, skin), film.span(0))
    film.move(FadeIn(chart.blocks[0], film.ceiling, film.numbers[0].first(said["l_lower"], skin.stats)), seconds=0.4)
    film.scene.add(chart.blocks[1])
    film.read()
    turn, ends, whole = film.ceiling.turn(number(high.m)), film.span(0), film.whole
    film.move(
        Shows(chart.blocks[1], lambda share: chart.stand(1, Block(second.x, second.area * share, share)), rate_func=ease_in_out_cubic),
        FadeIn(film.signs[1], film.numbers[1].first(said["l"], skin.stats)), seconds=0.5,
    )  # fmt: skip
    times, factor = film.numbers[0].next("×", skin.ink), film.numbers[0].next(said["factor"], skin.ink)

    def press(share: float) -> None:
        film.lid(film.ceiling, (ends[0], ends[1] + (whole[1] - ends[1]) * min(1.0, 3 * share)))
        turn.show(min(1.0, 2 * share))
        chart.stand(0, squeezed(first, found.factor, ease_in_out_cubic(share)))

    film.move(Shows(VGroup(chart.blocks[0], film.ceiling), press), FadeIn(times, factor), seconds=1.2)
    result = film.numbers[0].next("=", skin.ink), film.numbers[0].next(said["shrunk"], skin.stats)
    film.move(FadeIn(*result), seconds=TEXT)
    moving, left = film.numbers[0].settle()
    level = Block(first.x, low.l * found.factor)
    small = Block(first.x, level.area, found.factor)

    def rise(share: float) -> None:
        chart.stand(0, between(small, level, share))

    film.move(Shows(chart.blocks[0], rise, rate_func=ease_in_out_cubic), moving, *left, seconds=0.6)
    word = film.numbers[1].pieces[0]
    film.scene.remove(word)
    plus, added = film.numbers[0].next("+", skin.ink), film.numbers[0].next(said["l"], skin.stats)
    come = slides(film, [level, second], [level, Block(first.x + level.area * chart.key, high.l)])
    film.move(come, fly(added, word), FadeIn(plus, rate_func=late), FadeOut(film.signs[1]), seconds=MOVE)
    result = film.numbers[0].next("=", skin.ink), film.numbers[0].next(said["sum"], skin.stats)
    film.move(FadeIn(*result), seconds=TEXT)


@beat("all")
def all_tiles(film: MergeFilm) -> None:
    """Every tile of the row, in another order: each arrives as a block and merges. The outline is what the trace ends with."""
    found, skin, chart, place = film.found, film.skin, film.chart, film.place
    film.move(*(FadeOut(each) for each in (*chart.blocks, film.ceiling, film.total, *film.numbers[0].pieces)), seconds=TEXT)
    outline = film.ghost(Block(film.own[0].x, found.path[-1].l))
    cells = [box(rect.inset(em(3), 0.0), stroke=skin.scores, opacity=0.0) for rect in columns(place["row"], len(found.tiles))]
    rect, end = place["right"], found.path[-1]
    texts = [f"dashed, in order: m {number(end.m)}, ℓ {end.written[1]}", f"in order: ℓ {end.written[1]}"]
    text = first_that_fits(texts, LABEL, rect.width)
    note = Word(text, LABEL, skin.ink, rect.x0, middle(rect, LABEL), "note", Face.TEXT)
    film.move(FadeIn(outline, note, *cells), seconds=TEXT)
    film.read()
    chart.stand(0, None).stand(1, None)
    film.scene.add(*chart.blocks)
    first = pair_of(found.tiles[found.order[0]])
    film.ceiling = film.lid(named_by_m(first, skin), film.whole)
    film.readout = Readout("", NUMBER, skin.stats, name="l", face=Face.MONO_STRONG).at(film.numbers[0].rect)
    film.scene.add(film.readout)
    film.move(FadeIn(film.ceiling), seconds=TEXT)
    past = Pair(-np.inf, 0.0)
    for count, tile in enumerate(found.order):
        seconds = FIRST if count < 2 else REST / max(1, len(found.order) - 2)
        past = arrive(film, past, pair_of(found.tiles[tile]), cells[tile], seconds)


def arrive(film: MergeFilm, past: Pair, new: Pair, cell: VMobject, seconds: float) -> Pair:
    """One tile's block rises at the right; the one with the lower max shrinks; they join at the left."""
    merged, chart, x, ceiling = merge(past, new), film.chart, film.x, film.ceiling
    both = [Block(x[0], past.l), Block(x[1], new.l)]
    factors = [float(np.exp(pair.m - merged.m)) if pair.l else 0.0 for pair in (past, new)]
    levelled = [Block(x[0], past.l * factors[0]), Block(x[0] + past.l * factors[0] * chart.key, new.l * factors[1])]
    flip = ceiling.turn(merged.written[0]) if merged.written[0] != ceiling.m.text else None

    def show(share: float) -> None:
        rise, press, come = (ease_in_out_cubic(float(np.clip(at, 0, 1))) for at in (4 * share, 4 * share - 1.2, 2.2 * share - 1.2))
        cell.set_fill(opacity=palette.SECOND * rise)
        shown: list[Block | None] = []
        for side in (0, 1):
            start, factor = both[side], factors[side]
            if start.area * factor <= 0:
                shown.append(None)
                continue
            block = squeezed(start, factor, press)
            shown.append(between(block, levelled[side], come) if come else block)
        second, up = shown[1], max(rise, 1e-6)
        chart.stand(0, shown[0]).stand(1, second and Block(second.x, second.area * up, second.tall * up))
        if flip is not None:
            flip.show(press)

    film.move(Shows(VGroup(*chart.blocks, cell, ceiling), show), seconds=0.9 * seconds)
    if flip is not None:
        flip.show(1.0)
    chart.stand(0, Block(x[0], merged.l) if merged.l else None).stand(1, None)
    film.readout.display(merged.written[1])
    film.scene.hold(0.1 * seconds)
    return merged


@beat("once")
def once(film: MergeFilm) -> None:
    """acc, carried along, is divided by l: once, at the end. The quotient has a scale of its own."""
    found, skin, place = film.found, film.skin, film.place
    acc, denominator = found.acc, found.path[-1].l
    number_of_l = Word(found.path[-1].written[1], NUMBER, skin.stats, film.numbers[0].rect.x0, middle(place["left"], NUMBER), "l")
    film.scene.clear_all()
    zero, unit = fit(place["acc"], acc)
    bars = SignedBars("acc", skin.o, skin).place(place["acc"], zero, unit, len(acc)).display(0 * acc)
    name = Named(
        *labelled(place["acc name"], ("acc", skin.o), ("values × terms, carried along like ℓ", skin.ink), "carried like ℓ"), tag="head"
    )
    film.scene.add(bars)
    film.move(FadeIn(name), seconds=TEXT)
    film.move(Shows(bars, lambda share: bars.display(acc * share), rate_func=ease_in_out_cubic), seconds=MOVE)
    below = place["o"].y0 + (zero - place["acc"].y0) * min(1.0, place["o"].height / place["acc"].height)
    row = SignedBars("o", skin.o, skin).place(place["o"], below, unit, len(acc))  # on acc's scale
    base, left = middle(place["o name"], NUMBER), place["o name"].x0
    words = [Word("acc", NUMBER, skin.o, left, base, "part")]
    for text, color in (("/", skin.ink), (number_of_l.text, skin.stats), ("=", skin.ink), ("O", skin.o)):
        words.append(Word(text, NUMBER, color, words[-1].left + words[-1].wide + SPACE * em(NUMBER), base, "part"))
    film.move(fly(words[2], number_of_l), FadeIn(words[0], words[1], rate_func=late), seconds=0.7)
    film.move(FadeIn(row.display(acc)), seconds=TEXT)

    def divide(share: float) -> None:
        row.display(acc * (1 + (1 / denominator - 1) * share))

    film.move(Shows(row, divide, rate_func=ease_in_out_cubic), FadeIn(*words[3:], rate_func=late), seconds=1.2)
    row.display(acc / denominator)
    cited = place["cited"]
    left = cited.center[0] - text_width(CITATION, LABEL) / 2
    film.move(FadeIn(Word(CITATION, LABEL, skin.ink, left, middle(cited, LABEL), "quoted", Face.TEXT)), seconds=TEXT)
    film.scene.tell()
