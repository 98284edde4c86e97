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
from flashviz.director.words import LABEL, NAME, NUMBER, SPACE, Numbers, Word, amid, fitted, fly, labelled, middle, slid, symbols
from flashviz.figures import number
from flashviz.layout import Rect, columns
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.bars import SignedBars, fit, round_level
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
RISEN, PRESSED = 0.27, 0.55  # of a tile's time: until it has come, and until the lower of the two sums has shrunk
TOLD = 3  # tiles: the first, and those of the two merges whose factors are told
FIRST, RISE, PRESS, COME, REST = 0.9, 0.5, 0.9, 0.7, 3.0  # seconds: of the first tile, of the parts of a told one, and of all others
HIGH = 0.6  # of the largest, where a scale is marked


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
    ceiling: Ceiling  # while all tiles merge

    def __init__(self, scene: ShotScene, found: OnlineSoftmax) -> None:
        self.scene, self.found, self.skin, self.said = scene, found, scene.skin, found.said
        self.place = place = scene.shot("merge")
        self.hues = (self.skin.stats, self.skin.further[1])
        rect, parts = place["blocks"], found.parts
        pairs = [part.pair for part in parts]
        most = max(pair.l for pair in (*map(pair_of, found.tiles), *pairs, *found.path, *found.shuffled, found.merged))
        keys = max(len(part.terms) for part in parts)
        far = rect.width / (keys + pairs[0].l + APART)  # as long as terms are seen
        self.close = max(far, min((place["right"].x0 - rect.x0) / (most + 1.0), (rect.x1 - place["right"].x0) / most, CLOSEST * far))
        self.chart = Merging(rect, far, self.hues, self.skin)
        self.come_to(far)
        self.low, self.high = found.lower, 1 - found.lower
        self.ceilings = self.own_ceilings
        sign, rects = "ℓ =", [place[side] for side in SIDES]
        room = text_width(sign, NUMBER, Face.STRONG) + SPACE * em(NUMBER)
        room = room if rects[0].width > ROOMY * room else 0.0  # else the numbers stand without their name
        words = [Word(sign, NUMBER, self.skin.stats, rect.x0, middle(rect, NUMBER), "sign") for rect in rects]
        self.signs = [[word] if room else [] for word in words]
        self.numbers = [Numbers(rect.beyond(room)) for rect in rects]
        self.written = [self.said["l" if side == self.high else "l_lower"] for side in (0, 1)]

    def come_to(self, key: float) -> None:
        """The picture so near that a key is so wide; all of it alike, from its lower left corner."""
        self.chart.key, self.chart.unit = key, self.chart.rect.height * key / self.close

    def x(self, side: int) -> float:
        """Where a block stands, as near as the picture is."""
        x0 = self.chart.rect.x0
        return x0 + (self.place[SIDES[side]].x0 - x0) * self.chart.key / self.close

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
        x = self.x(0)
        return [Block(x, areas[0]), Block(x + areas[0] * self.chart.key, areas[1])]

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


def press(film: MergeFilm, start: list[Block]) -> Callable[[float], None]:
    """The larger max's ceiling reaches over all, and the lower block shrinks with its own."""
    low, high, block = film.ceilings[film.low], film.ceilings[film.high], start[film.low]
    own, ends, whole = film.span(block), film.span(start[film.high]), film.whole

    def show(share: float) -> None:
        reach, down = (ease_in_out_cubic(float(np.clip(at, 0, 1))) for at in (3 * share, 1.5 * share - 0.5))
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
    said, skin, side = film.said, film.skin, film.low
    with film.scene.telling():
        gone = FadeOut(film.outline, film.power, film.factor, film.ceilings[side], rate_func=early)
        film.move(*(settle(film.numbers[0]) if side == 0 else []), gone, seconds=0.5)
        film.move(levels(film, film.shrunk, film.apart[side]), seconds=0.8)
        film.scene.hold(0.5)
        film.move(slides(film, film.apart, film.joined), *added(film, film.hues[1]), seconds=MOVE)
        result = film.numbers[0].next("=", skin.ink), film.numbers[0].next(said["sum"], skin.ink)
        film.total = film.ghost(Block(film.own[0].x, film.found.merged.l))
        film.move(FadeIn(*result, film.total), seconds=TEXT)


def added(film: MergeFilm, hue: str) -> list[Any]:
    """The sum at the right comes to the one at the left; what it was made of leaves."""
    numbers, (*others, word) = film.numbers[0], film.numbers[1].pieces
    plus, more = numbers.next("+", film.skin.ink), numbers.next(word.text, hue)
    film.scene.remove(word)
    gone = [FadeOut(each, rate_func=early) for each in (*film.signs[1], *others)]
    return [fly(more, word), FadeIn(plus, rate_func=late), *gone]


def levels(film: MergeFilm, start: Block, stop: Block) -> Shows:
    """The lower block, squeezed, comes up to the ceiling, with the same area."""

    def show(share: float) -> None:
        film.chart.stand(film.low, between(start, stop, share))

    return Shows(film.chart.blocks[film.low], show, rate_func=ease_in_out_cubic)


def slides(film: MergeFilm, start: list[Block], stop: list[Block]) -> Shows:
    """Both blocks from one place to another."""

    def show(share: float) -> None:
        film.show([between(a, b, share) for a, b in zip(start, stop, strict=True)])

    return Shows(VGroup(*film.chart.blocks), show, rate_func=ease_in_out_cubic)


@beat("either")
def either(film: MergeFilm) -> None:
    """The parts change places, and each has its acc beneath: rows of V, each times its term. One factor shrinks a sum and its acc."""
    said, skin, chart, found, low = film.said, film.skin, film.chart, film.found, film.low
    start = [Block(film.x(1 - side), part.pair.l) for side, part in enumerate(found.parts)]  # by part, which are swapped
    film.move(FadeOut(film.total, film.ceilings[film.high], *film.signs[0], *film.numbers[0].pieces), seconds=TEXT)
    film.move(slides(film, film.joined, start), seconds=MOVE)
    film.ceilings = [film.lid(each, film.span(block)) for each, block in zip(film.own_ceilings, start, strict=True)]
    texts = [film.numbers[1 - side].first(film.written[side], film.hues[side]) for side in (0, 1)]
    film.move(FadeIn(*film.ceilings, *texts, *film.signs[0], *film.signs[1]), seconds=TEXT)
    with film.scene.telling():
        rows = Rows(film)
        at = 1 - low
        rows.name("V", "of one key, whose term is 1", "of one key")
        film.move(FadeIn(*rows.names), Shows(VGroup(*rows.bars), rows.first, introducer=True), seconds=0.5)
        film.scene.hold(1.0)
        gone = FadeOut(*rows.names, rate_func=early)
        rows.name("acc", "every V × its term, added", "all V × term")
        film.move(Shows(VGroup(*rows.bars), rows.add, rate_func=ease_in_out_cubic), gone, FadeIn(*rows.names, rate_func=late), seconds=1.2)
        film.scene.hold(0.6)
        numbers = film.numbers[at]
        times, factor = numbers.next("×", skin.ink), numbers.next(said["factor"], skin.ink)
        also = rows.times(at, said["factor"])
        film.move(
            FadeOut(rows.words[at], film.ceilings[low].one, rate_func=early), FadeIn(times, factor, also, rate_func=late), seconds=0.5
        )
        film.ceilings[low].remove(film.ceilings[low].one)
        film.scene.hold(0.5)
        pressing = press(film, start)

        def shrink(share: float) -> None:
            pressing(share)
            rows.shrink(share)

        result = numbers.next("=", skin.ink), numbers.next(said["shrunk"], film.hues[low])
        everything = VGroup(chart.blocks[low], *film.ceilings, *rows.bars)
        film.move(Shows(everything, shrink), FadeIn(*result, rate_func=late), seconds=1.8)
        film.scene.hold(0.3)
        level = Block(start[low].x, start[low].area * found.factor)
        film.move(*settle(numbers), FadeOut(film.ceilings[low], also, *rows.words[1 - at : 2 - at], rate_func=early), seconds=0.5)
        film.move(levels(film, Block(level.x, level.area, found.factor), level), seconds=0.6)
        stop = list(start)
        stop[low] = level
        first = stop[1].area * chart.key
        come = slides(film, stop, [Block(film.x(0) + first, stop[0].area), Block(film.x(0), stop[1].area)])
        high, left, whole = film.ceilings[film.high], film.span(start[film.high])[0], film.whole
        rides = Shows(high, lambda share: film.lid(high, whole, name=left + (whole[0] - left) * share), rate_func=ease_in_out_cubic)
        acc = Shows(rows.bars[1], rows.join), FadeOut(rows.letters[1], rate_func=early)
        film.move(come, rides, *added(film, film.hues[0]), *acc, seconds=1.2)
        result = film.numbers[0].next("=", skin.ink), film.numbers[0].next(said["sum"], skin.ink)
        film.move(FadeIn(*result, film.total), seconds=TEXT)
        film.scene.remove(rows.bars[1])


class Rows:
    """acc of the parts as they stand, at the left and at the right: rows of V, each times its term, added. Both have one scale."""

    def __init__(self, film: MergeFilm) -> None:
        self.film, found = film, film.found
        self.parts = [found.parts[1], found.parts[0]]
        self.at = 1 - film.low  # where the lower stands
        self.factors = [found.factor if at == self.at else 1.0 for at in (0, 1)]
        self.end = self.factors[0] * self.parts[0].acc + self.factors[1] * self.parts[1].acc
        strongest = [part.strongest for part in self.parts]
        level = round_level(HIGH * max(float(np.abs(row).max()) for row in strongest))
        self.bars = [SignedBars(f"acc {side}", film.skin.v, film.skin, level=level) for side in SIDES]
        places = [film.place[f"acc {side}"] for side in SIDES]
        self.rects = [place.left(place.width - self.bars[0].scale_width) for place in places]
        self.near = fit(self.rects[0], *strongest)
        self.scale = fit(self.rects[0], self.end, *(part.acc for part in self.parts))
        self.come_to(0.0)

    def come_to(self, share: float) -> None:
        """From the scale of single rows of V to that of their sums."""
        zero, unit = (start + (stop - start) * share for start, stop in zip(self.near, self.scale, strict=True))
        for bars, rect in zip(self.bars, self.rects, strict=True):
            bars.place(rect, zero, unit, len(self.end))

    def name(self, name: str, words: str, short: str) -> None:
        """What both are."""
        hue, ink = self.film.skin.hue(name.upper()), self.film.skin.ink
        pairs = [labelled(self.film.place[f"acc {side} name"], (name, hue), (words, ink), short) for side in SIDES]
        self.letters, self.words = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        self.names = [*self.letters, *self.words]

    def times(self, at: int, factor: str) -> Word:
        """The factor beside one's name."""
        letter = self.letters[at]
        return Word(f"× {factor}", letter.px, self.film.skin.ink, letter.left + letter.wide + SPACE * em(letter.px), letter.baseline, "sum")

    def first(self, share: float) -> None:
        """The row of V whose term is 1."""
        for bars, part in zip(self.bars, self.parts, strict=True):
            bars.display(part.strongest * share)

    def add(self, share: float) -> None:
        """All others join it, each times its term; the scale makes room for them."""
        self.come_to(share)
        for bars, part in zip(self.bars, self.parts, strict=True):
            bars.display(part.strongest + (part.acc - part.strongest) * share)
            bars.bars.set_fill(theme.between(self.film.skin.v, self.film.skin.o, share))

    def shrink(self, share: float) -> None:
        """The lower part's acc gets as much smaller as its block."""
        down = ease_in_out_cubic(float(np.clip(1.5 * share - 0.5, 0, 1)))
        self.bars[self.at].display(self.parts[self.at].acc * (1 + (self.factors[self.at] - 1) * down))

    def join(self, share: float) -> None:
        """The right one comes to the left one and is added to it."""
        left, right = (factor * part.acc for factor, part in zip(self.factors, self.parts, strict=True))
        come, into = (ease_in_out_cubic(float(np.clip(at, 0, 1))) for at in (2 * share, 2 * share - 1))
        self.bars[0].display(left + right * into)
        self.bars[1].place(self.rects[1].toward(self.rects[0], come), *self.scale, len(right))
        self.bars[1].display(right * (1 - into), start=(left + right * into) * come)


@beat("all")
def all_tiles(film: MergeFilm) -> None:
    """Every tile of the row, in another order: each arrives as a block and merges. The outline is what the trace ends with."""
    found, skin, chart, place = film.found, film.skin, film.chart, film.place
    film.scene.clear_all(TEXT)
    outline, end = film.ghost(Block(film.own[0].x, found.path[-1].l)), found.path[-1]
    rects = columns(place["row"], len(found.tiles))
    cells = [box(rect.inset(em(3), 0.0), stroke=skin.scores, opacity=0.0) for rect in rects]
    told = "target: the tiles read from left to right"
    note = fitted(
        [f"dashed {told}: m {number(end.m)}, ℓ {end.written[1]}", told, "target: in order"],
        LABEL,
        skin.ink,
        place["factor"],
        "note",
        Face.TEXT,
    )
    chart.stand(0, None).stand(1, None)
    film.ceiling = film.lid(named_by_m(pair_of(found.tiles[found.order[0]]), skin, skin.stats), film.whole)
    film.scene.add(*chart.blocks)
    film.move(
        FadeIn(
            chart.baseline,
            film.ceiling,
            outline,
            note,
            *cells,
        ),
        seconds=TEXT,
    )
    film.scene.add(*chart.blocks, outline)
    past, room = Pair(-np.inf, 0.0), rects[0].inset(em(6), 0.0).width
    with film.scene.telling():
        for count, tile in enumerate(found.order):
            arrived = amid([f"{count + 1}"], skin.ground, rects[tile], "arrived")
            shown = [arrived] if text_width(f"{len(rects)}", LABEL) <= room else []
            past = arrive(film, past, pair_of(found.tiles[tile]), VGroup(cells[tile], *shown), count)


def arrive(film: MergeFilm, past: Pair, new: Pair, cell: VGroup, count: int) -> Pair:
    """One tile's block rises at the right; the one with the lower max shrinks, the first times by a factor that is told; they join."""
    merged, chart, ceiling, numbers = merge(past, new), film.chart, film.ceiling, film.numbers
    x = [film.x(side) for side in (0, 1)]
    both = [Block(x[0], past.l), Block(x[1], new.l)]
    factors = [float(np.exp(pair.m - merged.m)) if pair.l else 0.0 for pair in (past, new)]
    levelled = [Block(x[0], past.l * factors[0]), Block(x[0] + past.l * factors[0] * chart.key, new.l * factors[1])]
    flip = ceiling.turn(merged.written[0]) if merged.written[0] != ceiling.m.text else None

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
            block = between(block, levelled[side], come) if come else block
            up = max(rise, 1e-6) if side == 1 else 1.0
            chart.stand(side, Block(block.x, block.area * up, block.tall * up))
        chart.blocks[1].set_fill(theme.between(*film.hues[::-1], come))
        if flip is not None:
            flip.show(down)

    def stretch(start: float, stop: float) -> Shows:
        return Shows(VGroup(*chart.blocks, cell, ceiling), lambda share: show(start + (stop - start) * share))

    show(0.0)
    film.scene.add(cell)
    if 0 < count < TOLD:
        numbers[1].first(new.written[1], film.hues[1])
        comes = [*film.signs[1], *numbers[1].pieces]
        film.move(stretch(0.0, RISEN), FadeIn(*comes), seconds=RISE)
        lower = 0 if past.m < new.m else 1
        told = [numbers[lower].next("×", film.skin.ink), numbers[lower].next(number(factors[lower], 3), film.skin.ink)]
        film.move(FadeIn(*told), seconds=TEXT)
        film.scene.hold(2 * TEXT)
        film.move(stretch(RISEN, PRESSED), seconds=PRESS)
        flip = None  # m has turned: the max that folded away is of no play any more
        film.move(stretch(PRESSED, 1.0), FadeOut(*comes, *told, rate_func=early), seconds=COME)
    else:
        film.move(stretch(0.0, 1.0), seconds=REST / max(1, len(film.found.order) - TOLD) if count else FIRST)
    chart.stand(0, Block(x[0], merged.l) if merged.l else None).stand(1, None)
    film.scene.remove(*numbers[0].pieces)
    film.scene.add(*film.signs[0], numbers[0].first(merged.written[1], film.hues[0]))
    return merged


@beat("once")
def once(film: MergeFilm) -> None:
    """acc of all tiles is divided by l: once, at the end. What comes out is seen larger, on a scale that says so."""
    found, skin, place, acc = film.found, film.skin, film.place, film.found.acc
    denominator = found.path[-1].l
    written = Word(found.path[-1].written[1], NUMBER, skin.stats, film.numbers[0].rect.x0, middle(place["left"], NUMBER), "l")
    film.scene.clear_all()
    bars = [
        SignedBars(name, skin.o, skin, level=round_level(HIGH * np.abs(each).max()))
        for name, each in (("acc", acc), ("o", acc / denominator))
    ]
    rects = [place[name].left(place[name].width - max(each.scale_width for each in bars)) for name in ("acc", "o")]
    zero, unit = fit(rects[0], acc)
    below = rects[1].y0 + (zero - rects[0].y0) * min(1.0, rects[1].height / rects[0].height)
    bars[0].place(rects[0], zero, unit, len(acc)).display(0 * acc)
    bars[1].place(rects[1], below, unit, len(acc)).display(acc)  # on acc's scale
    base, left = middle(place["acc name"], NUMBER), place["acc name"].x0
    words = [Word("acc", NUMBER, skin.o, left, base, "part")]
    for text, color in (("/", skin.ink), (written.text, skin.stats), ("=", skin.ink), ("O", skin.o)):
        words.append(Word(text, NUMBER, color, words[-1].left + words[-1].wide + SPACE * em(NUMBER), base, "part"))
    film.move(FadeIn(words[0]), Shows(bars[0], lambda share: bars[0].display(acc * share), introducer=True), seconds=0.6)
    film.move(fly(words[2], written), FadeIn(words[1], rate_func=late), seconds=0.7)
    with film.scene.telling():
        film.move(FadeIn(bars[1]), seconds=TEXT)

        def divide(share: float) -> None:
            bars[1].display(acc * (1 + (1 / denominator - 1) * share))

        film.move(Shows(bars[1], divide, rate_func=ease_in_out_cubic), FadeIn(*words[3:], rate_func=late), seconds=1.2)
        large = Rect(rects[0].x0, rects[1].y0, rects[0].x1, rects[0].y1)
        target = fit(large, acc / denominator)

        def nearer(share: float) -> None:
            rect = rects[1].toward(large, share)
            zero_now, unit_now = (start + (stop - start) * share for start, stop in zip((below, unit), target, strict=True))
            bars[1].place(rect, zero_now, unit_now, len(acc)).display(acc / denominator)

        film.move(Shows(bars[1], nearer, rate_func=ease_in_out_cubic), FadeOut(bars[0], rate_func=early), seconds=MOVE)
        film.move(FadeIn(amid([CITATION], skin.ink, place["cited"], "quoted")), seconds=TEXT)
