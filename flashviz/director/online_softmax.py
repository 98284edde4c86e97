"""How tiles of a softmax merge: two blocks under two ceilings, the lower max yields, they join; in two orders, to the same block."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from manim import Create, DashedVMobject, VGroup, VMobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import palette, theme
from flashviz.chapters import online_softmax
from flashviz.chapters.online_softmax import CITATION, OnlineSoftmax, Pair, gather, merge, pair_of
from flashviz.director.material import provenance
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, StepBack, beat, step_forth
from flashviz.director.words import (
    LABEL,
    NAME,
    NUMBER,
    SPACE,
    SYMBOLS,
    Numbers,
    Word,
    amid,
    fitted,
    fly,
    labelled,
    line_width,
    middle,
    slid,
    struck,
    symbols,
    word,
    worded,
)  # fmt: skip
from flashviz.figures import number
from flashviz.layout import Rect
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.bars import SignedBars, fit, round_level
from flashviz.mobjects.measured import CEILING_PX, Ceiling
from flashviz.mobjects.merging import Block, Merging, ScoreStrip
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, early, late
from flashviz.mobjects.named import Named
from flashviz.mobjects.tiles import Rectangles, box
from flashviz.palette import Theme

SIDES = ("left", "right")
APART = 6.0  # keys between a block and what stands at its right
CLOSEST = 1.65  # times larger, once the terms are summed
ROOMY = 6.0  # times as wide as the name of a sum, where there is room for it
BESIDE, SPARE = 2.0, 4.0  # keys from a block to a term that is taken out of it, and that are kept free for it
COMES, PRESSES, JOINS = (0.0, 0.28), (0.4, 0.6), (0.65, 0.85)  # of a tile's time: it comes, the sum with the lower max shrinks, they join
READS, LEAVES, RISES, ENDS = (0.0, 0.1), (0.36, 0.4), (0.42, 0.5), (0.7, 0.8)  # its arithmetic comes, what was goes, a new max, the sum
EACH = 1.8  # seconds of a tile, ...
MOST = {"tiles": 3.2, "low": 2.6, "all": 4.0}  # ... and of all that come in a beat
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
    lone: Rectangles  # one term of the lower part, ...
    back: StepBack  # ... behind which all else steps back
    formula: Cancelling
    outlines: list[VMobject]  # where the lower block and its term were
    accs: Accs
    orders: list[Order]  # all tiles, in two

    def __init__(self, scene: ShotScene, found: OnlineSoftmax) -> None:
        self.scene, self.found, self.skin, self.said = scene, found, scene.skin, found.said
        self.place = place = scene.shot("merge")
        self.hues = self.skin.stats, self.skin.further[1]
        rect, parts = place["blocks"], found.parts
        pairs, keys = [part.pair for part in parts], max(len(part.terms) for part in parts)
        far = rect.width / (keys + pairs[0].l + APART)  # as long as terms are seen
        room = min(
            (place["right"].x0 - rect.x0) / (pairs[0].l + SPARE), (rect.x1 - place["right"].x0) / (pairs[1].l + SPARE),
            rect.width / (found.merged.l + 1.0),
        )  # fmt: skip
        self.close = max(far, min(room, CLOSEST * far))
        self.strip = ScoreStrip(found.tiles, self.skin)
        self.digits = digits(found, place["strip"].width / len(found.tiles), self.skin)
        self.chart = Merging(rect, far, self.hues, self.skin)
        self.come_to(far)
        self.low, self.high = found.lower, 1 - found.lower
        self.ceilings = self.own_ceilings
        self.write_in("left", "right")
        self.orders = []
        self.written = [self.said["l" if side == self.high else "l_lower"] for side in (0, 1)]

    def unroll(self, share: float) -> None:
        """The row is as large as the frame, and comes to be a strip at its upper edge; the tiles' numbers stand beneath."""
        rect, foot = self.place["row"].toward(self.place["strip"], share), em(LABEL + 8) if self.digits else 0.0
        self.strip.place(rect.above(foot))
        for digit, cell in zip(self.digits, self.strip.cells, strict=False):
            digit.put_at(cell.center[0] - digit.wide / 2, rect.y0 + em(6))

    def keys_of(self, side: int) -> np.ndarray:
        """[keys, 4] where a part's scores stand in the strip."""
        part = self.found.parts[side]
        return np.asarray(self.strip.boxes[part.tile][part.keys])

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
        blocks = self.place["blocks"]
        rect = blocks.toward(self.place["low"], share)
        self.chart.place(rect, self.close * rect.height / blocks.height)

    def x(self, side: int) -> float:
        """Where a block stands, as near as the picture is."""
        x0 = self.chart.rect.x0
        return x0 + (self.place[SIDES[side]].x0 - x0) * self.near

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
        first, second = (block.area for block in self.apart)
        return [Block(self.x(0), first), Block(self.x(0) + first * self.chart.key, second)]

    @property
    def apart(self) -> list[Block]:
        """Both blocks measured by one max and level, each in its place."""
        blocks = list(self.own)
        blocks[self.low] = Block(self.own[self.low].x, self.shrunk.area)
        return blocks

    @property
    def term(self) -> Block:
        """One term of the lower part, beside its block."""
        height, block = float(self.found.parts[self.low].terms[self.found.key]), self.own[self.low]
        return Block(block.x + (block.wide + BESIDE) * self.chart.key, height, height)

    def show(self, blocks: list[Block]) -> None:
        for side, block in enumerate(blocks):
            self.chart.stand(side, block)

    def one_sum(self, share: float) -> None:
        """Parts that are one sum have its colour, so far."""
        self.chart.blocks[1].set_fill(theme.between(self.hues[1], self.hues[0], share))

    def ghost(self, block: Block) -> VMobject:
        """A dashed outline: here it was."""
        x0, y0, x1, y1 = self.chart.box(block)
        edge = box(Rect(x0, y0, x1, y1), stroke=self.skin.ink, width=theme.HEAVY)
        return Named(DashedVMobject(edge, num_dashes=max(12, int(14 * (x1 - x0 + y1 - y0)))), tag="outline")


def digits(found: OnlineSoftmax, width: float, skin: Theme) -> list[Word]:
    """The tiles' numbers; none where there is no room for them."""
    texts = [f"{at + 1}" for at in range(len(found.tiles))]
    fit = max(text_width(text, LABEL, Face.STRONG) for text in texts) < 0.9 * width
    return [Word(text, LABEL, skin.ink, 0.0, 0.0, "tile number") for text in texts] if fit and len(texts) > 1 else []


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
    shrinks = 1 + (factor - 1) * share
    return Block(first.x, first.area * shrinks, first.tall * shrinks)


# --------------------------------------------------------------------------------------------------------------- beats


@beat("row")
def row(film: MergeFilm) -> None:
    """All scores of one query in their tiles, large; two tiles take a colour each, and the row goes to the upper edge."""
    found, skin, said = film.found, film.skin, film.said
    what = "one query's scores"
    texts = [f"{what}: {said['tiles']} tiles of {said['keys']} keys", f"{what}: {said['tiles']} tiles"] if len(found.tiles) > 1 else [what]
    name = fitted(texts, NAME, skin.ink, film.place["row name"], "note", Face.TEXT)
    film.unroll(0.0)
    film.scene.add(film.strip, *film.digits, name)
    film.scene.hold(0.6)
    lit = [(film.strip.bars[part.tile], hue) for part, hue in zip(found.parts, film.hues, strict=True)]

    def light(share: float) -> None:
        for bars, hue in lit[: len({part.tile for part in found.parts})]:
            bars.set_fill(theme.between(skin.scores, hue, share))

    with film.scene.telling():
        film.scene.hold(0.7)
        film.move(Shows(VGroup(*(bars for bars, _ in lit)), light), seconds=0.6)
        film.scene.hold(0.7)
        away = Shows(VGroup(film.strip, *film.digits), film.unroll, rate_func=ease_in_out_cubic)
        film.move(away, FadeOut(name, rate_func=early), FadeIn(film.chart.baseline, rate_func=late), seconds=MOVE)


def come_out(film: MergeFilm, side: int, *also: Any) -> float:
    """A tile's scores come out of the row and become terms, under a ceiling of their own; where the first of them stands."""
    chart, terms, ceiling, start = film.chart, film.found.parts[side].terms, film.ceilings[side], film.keys_of(side)
    at = chart.rect.x0 if side == 0 else chart.rect.x1 - len(terms) * chart.key
    left = film.whole[0] if side == 0 else max(film.span(film.own[0])[1] + em(60), at - em(20))
    chart.terms.set_fill(film.hues[side])
    film.scene.add(chart.terms)
    film.move(Shows(chart.terms, lambda share: chart.come(terms, at, start, share), rate_func=ease_in_out_cubic), *also, seconds=1.0)
    film.move(FadeIn(film.lid(ceiling, (left, film.whole[1]))), seconds=TEXT)
    return at


def pour(film: MergeFilm, side: int, at: float) -> None:
    """The terms join and level: their area is the sum, which comes to its place."""
    chart, terms, ceiling, stop = film.chart, film.found.parts[side].terms, film.ceilings[side], film.own[side]
    film.move(Shows(chart.terms, lambda share: chart.pour(terms, at, joined=share), rate_func=ease_in_out_cubic), seconds=0.5)

    def level(share: float) -> None:
        chart.pour(terms, at, joined=1.0, level=share)

    film.move(Shows(chart.terms, level, rate_func=ease_in_out_cubic), seconds=MOVE)
    chart.clear()
    film.scene.add(chart.blocks[side])
    points = ceiling.line.get_start_and_end()
    start, ends = tuple(float(point[0]) for point in points), film.span(stop)

    def settle(share: float) -> None:
        chart.stand(side, Block(at + (stop.x - at) * share, stop.area))
        film.lid(ceiling, (start[0] + (ends[0] - start[0]) * share, start[1] + (ends[1] - start[1]) * share))

    settle(0.0)
    film.numbers[side].first(film.written[side], film.hues[side])
    sums = FadeIn(*beneath(film, side), rate_func=late)
    film.move(Shows(VGroup(chart.blocks[side], ceiling), settle, rate_func=ease_in_out_cubic), sums, seconds=0.6)


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
    """One tile's scores become terms, what a term is and what m; they level to a block of which each cell is 1."""
    rect, skin, ceiling = film.place["factor"], film.skin, film.ceilings[0]
    term = symbols('"term" = e^("score" - m)', NUMBER, skin.ink, rect.left(0.6 * rect.width), "formula term")
    term.shift((rect.x0 - term.get_left()[0], 0, 0))
    beside = rect.beyond(term.width + em(NAME))
    why, area = (
        fitted(texts, NAME, skin.ink, beside, "note", Face.TEXT)
        for texts in (["so that the largest term is 1", "the largest: 1"], ["a cell is 1 × 1: the area is ℓ", "the area is ℓ"])
    )
    at = come_out(film, 0, FadeIn(term, rate_func=early))
    with film.scene.telling():
        left, base = ceiling.base
        left += text_width(ceiling.m.text, CEILING_PX, Face.STRONG) + em(LABEL)
        most = Word("the largest of these scores", LABEL, skin.ink, left, base, "note", Face.TEXT)
        film.move(FadeIn(most, why), seconds=TEXT)
        film.scene.hold(1.2)
        film.move(FadeOut(most, why), seconds=TEXT)
        film.move(FadeIn(area), seconds=TEXT)
        pour(film, 0, at)
    film.notes = [term, area]


@beat("other")
def other(film: MergeFilm) -> None:
    """The terms of another, under another ceiling. Then the picture comes closer: all of it gets larger alike."""
    with film.scene.telling():
        at = come_out(film, 1)
        film.scene.hold(0.2)
        pour(film, 1, at)
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
    film.move(Shows(everything, show, rate_func=ease_in_out_cubic), FadeOut(*film.notes, rate_func=early), seconds=MOVE)


class Cancelling:
    """e^(s - lower) x e^(lower - larger) = e^(s - larger), in the trace's numbers: strokes through what cancels, values beneath."""

    def __init__(self, film: MergeFilm) -> None:
        said, skin, rect = film.said, film.skin, film.place["factor"]
        score, lower, larger = (said[key].replace("−", "-") for key in ("score", "m_lower", "m"))
        texts = [f"e^({score} - {lower})", "times", f"e^({lower} - {larger})", "=", f"e^({score} - {larger})"]
        line, foot = rect.above(em(NAME + 14)), rect.bottom(em(NAME + 6))
        self.parts = [symbols(text, SYMBOLS, skin.ink, line, "power" if at == 2 else "formula") for at, text in enumerate(texts)]
        gap = 0.35 * em(NUMBER)
        share = min(1.0, rect.width / (sum(part.width for part in self.parts) + gap * (len(texts) - 1)))
        left, floor = rect.x0, middle(line, NUMBER)
        for at, part in enumerate(self.parts):
            part.scale(share)
            rise = floor - part.get_bottom()[1] if at % 2 == 0 else line.center[1] - part.get_center()[1]
            part.shift((left - part.get_left()[0], rise, 0))
            left += part.width + gap * share
        before, by, after = self.parts[::2]
        hue, other = film.hues[film.low], film.hues[film.high]
        glyphs = [part.family_members_with_points() for part in (before, by, after)]
        old = glyphs[0][-len(lower) :], glyphs[1][1 : 1 + len(lower)]
        for glyph in (*old[0], *old[1]):
            glyph.set_fill(hue)
        for glyph in (*glyphs[1][-len(larger) :], *glyphs[2][-len(larger) :]):
            glyph.set_fill(other)
        self.strokes = [struck(list(each), skin) for each in old]
        self.values = [
            fitted(texts, NAME, hue, Rect(part.get_left()[0], foot.y0, part.get_right()[0], foot.y1), "note")
            for part, hue, texts in (
                (before, hue, [f"one term {said['term']}", said["term"]]),
                (by, skin.ink, [f"factor {said['factor']}", said["factor"]]),
                (after, hue, [f"now {said['new']}", said["new"]]),
            )
        ]


@beat("term")
def term(film: MergeFilm) -> None:
    """One term comes out of the lower sum. The factor takes the lower max out of its exponent and puts the larger one in: it shrinks."""
    chart, block, stop, low = film.chart, film.own[film.low], film.term, film.ceilings[film.low]
    edge = Block(block.x + (block.wide - stop.area) * chart.key, stop.area)
    film.lone, film.formula = Rectangles(film.hues[film.low], name="one term"), Cancelling(film)
    ends = film.span(block)
    reach = max(ends[1], stop.x + chart.key + em(20))

    def come(share: float) -> None:
        film.lone.display(np.array([chart.box(between(edge, stop, share))]))
        film.lid(low, (ends[0], ends[1] + (reach - ends[1]) * share))

    film.scene.add(film.lone)
    film.back = StepBack([*chart.blocks, film.ceilings[film.high], *(word for side in (0, 1) for word in beneath(film, side))], palette.DIM)
    film.move(Shows(VGroup(film.lone, low), come, rate_func=ease_in_out_cubic), film.back, seconds=MOVE)
    before, times, by, equal, after = film.formula.parts
    with film.scene.telling():
        film.move(FadeIn(before, film.formula.values[0]), seconds=TEXT)
        film.scene.hold(0.9)
        film.move(FadeIn(times, by, film.formula.values[1]), seconds=TEXT)
        film.scene.hold(0.7)
        film.move(*(Create(stroke) for stroke in film.formula.strokes), seconds=0.6)
        was = film.ghost(stop)
        film.outlines = [was]
        film.scene.add(was)
        film.move(FadeIn(equal, after), seconds=TEXT)

        def shrink(share: float) -> None:
            film.lone.display(np.array([chart.box(squeezed(stop, film.found.factor, share))]))

        film.move(Shows(film.lone, shrink, rate_func=ease_in_out_cubic), FadeIn(film.formula.values[2], rate_func=late), seconds=1.1)


def pressed(share: float) -> float:
    """How far what shrinks has shrunk: first the ceiling reaches over it."""
    return ease_in_out_cubic(float(np.clip(1.5 * share - 0.5, 0, 1)))


def press(film: MergeFilm, start: list[Block]) -> Callable[[float], None]:
    """The larger max's ceiling reaches over all, and the lower block shrinks under it."""
    high, block = film.ceilings[film.high], start[film.low]
    ends, whole = film.span(start[film.high]), film.whole

    def show(share: float) -> None:
        reach = ease_in_out_cubic(float(np.clip(3 * share, 0, 1)))
        left, right = (ends[end] + (whole[end] - ends[end]) * reach for end in (0, 1))
        film.lid(high, (left, right), name=ends[0])
        film.chart.stand(film.low, squeezed(block, film.found.factor, pressed(share)))

    return show


@beat("squeeze")
def squeeze(film: MergeFilm) -> None:
    """The same factor comes to the whole sum: the larger max's ceiling reaches over the other block, which shrinks as its term did."""
    said, skin, side, rect = film.said, film.skin, film.low, film.place["factor"]
    numbers, home = film.numbers[side], film.place[SIDES[side]]
    before, times, power, equal, after = film.formula.parts
    start = power.get_left()[0]
    space, px = SPACE * em(NUMBER), film.numbers[side].px
    points = [(glyph, glyph.points.copy()) for glyph in power.family_members_with_points()]
    left = home.x0

    def go(share: float) -> None:
        for glyph, was in points:
            glyph.points = was + np.array([(left - start) * share, 0.0, 0.0])

    rest = Rect(left + power.width + space, rect.y0, rect.x1, rect.y1)
    base = power.get_bottom()[1]
    value = [Word("=", px, skin.ink, rest.x0, base, "sign")]
    value.append(Word(said["factor"], px, skin.ink, value[0].left + value[0].wide + space, base, "factor"))
    film.notes = [power, *value]
    gone = FadeOut(before, times, equal, after, *film.formula.strokes, *film.formula.values, rate_func=early)
    film.move(Shows(power, go, rate_func=lambda share: ease_in_out_cubic(late(share))), gone, step_forth(film.back), seconds=MOVE)
    film.move(FadeIn(*value), seconds=TEXT)
    with film.scene.telling():
        by, factor = numbers.next("×", skin.ink), numbers.next(said["factor"], skin.ink)
        film.move(fly(factor, value[1]), FadeIn(by, rate_func=late), FadeOut(film.ceilings[side], rate_func=late), seconds=0.7)
        was = film.ghost(film.own[side])
        film.outlines.append(was)
        film.scene.add(was)
        result = numbers.next("=", skin.ink), numbers.next(said["shrunk"], film.hues[side])
        pressing = Shows(VGroup(film.chart.blocks[side], film.ceilings[film.high]), press(film, film.own))
        film.move(pressing, FadeIn(*result, rate_func=late), seconds=1.9)


@beat("join")
def join(film: MergeFilm) -> None:
    """The lower block levels at the common ceiling, the same area; then the right one slides against the left. One sum, one colour."""
    low = film.own[film.low]
    beside = Rect(low.x + low.wide * film.chart.key + em(NAME), film.chart.rect.y0, film.place["factor"].x1, film.chart.y(1.0))
    text, under = "same area", film.place["factor"].beyond(film.place[SIDES[film.low]].x0 - film.place["factor"].x0)
    same = word(text, NAME, film.skin.ink, beside if text_width(text, NAME) < beside.width else under, "note", Face.TEXT)
    with film.scene.telling():
        film.move(FadeOut(*film.outlines, film.lone, *film.notes, rate_func=early), FadeIn(same, rate_func=late), seconds=0.4)
        merges(film, also=[FadeOut(same, rate_func=early)])


def merges(film: MergeFilm, *, gone: Sequence[Any] = (), also: Sequence[Any] = (), seconds: float = MOVE) -> None:
    """The lower block, squeezed, comes up to the ceiling with the same area; then the right one slides against the left: one sum."""
    chart, side, numbers = film.chart, film.low, film.numbers
    start, stop = film.shrunk, film.apart[side]
    *made_of, result = numbers[side].pieces
    level = Shows(chart.blocks[side], lambda share: chart.stand(side, between(start, stop, share)), rate_func=ease_in_out_cubic)
    back = slid(result, numbers[side].rect.x0, result.baseline, rate_func=lambda share: ease_in_out_cubic(late(share)))
    film.move(level, back, FadeOut(*made_of, *gone, rate_func=early), seconds=MOVE)
    apart, joined, high, whole = film.apart, film.joined, film.ceilings[film.high], film.whole
    left = film.span(apart[film.high])[0]

    def slide(share: float) -> None:
        film.show([between(a, b, share) for a, b in zip(apart, joined, strict=True)])
        film.lid(high, whole, name=left + (whole[0] - left) * share)

    moves = [Shows(VGroup(*chart.blocks, high), slide, rate_func=ease_in_out_cubic)]
    numbers[side].pieces = [result]
    (more,) = numbers[1].pieces
    first = numbers[0].rect.x0 + numbers[0].pieces[0].wide + SPACE * em(numbers[0].px)
    plus = Word("+", numbers[0].px, film.skin.ink, first, more.baseline, "sum")
    moves.append(slid(more, first + plus.wide + SPACE * em(numbers[0].px), more.baseline))
    film.move(*moves, FadeIn(plus, rate_func=late), *(FadeOut(each, rate_func=early) for each in film.signs[1]), *also, seconds=seconds)
    numbers[0].pieces += [plus, more]
    in_all = FadeIn(numbers[0].next("=", film.skin.ink), numbers[0].next(film.said["sum"], film.skin.stats))
    film.move(Shows(chart.blocks[1], film.one_sum), in_all, seconds=0.4)


def parts(film: MergeFilm) -> None:
    """The merged block comes apart and goes down: each part to its seat, under its own ceiling again, in its own colour."""
    start, stop = film.joined, film.own
    gone = [*film.signs[0], *film.numbers[0].pieces]
    high, whole, lower = film.ceilings[film.high], film.whole, film.own_ceilings[film.low]
    film.write_in("low left", "low right")
    sums = [film.numbers[side].first(film.written[side], film.hues[side]) for side in (0, 1)]
    keys = film.chart.key

    def show(share: float) -> None:
        film.sink(share)
        shrinks = film.chart.key / keys
        begun = [Block(film.chart.rect.x0 + (block.x - film.chart.rect.x0) * shrinks, block.area) for block in start]
        blocks = [between(a, b, share) for a, b in zip(begun, stop, strict=True)]
        film.show(blocks)
        film.one_sum(1 - share)
        left, right = (a + (b - a) * share for a, b in zip(whole, film.span(blocks[film.high]), strict=True))
        film.lid(high, (left, right))

    everything = VGroup(*film.chart.blocks, high, film.chart.baseline)
    words = FadeOut(*gone, rate_func=early), FadeIn(*sums, *film.signs[0], *film.signs[1], rate_func=late)
    film.move(Shows(everything, show, rate_func=ease_in_out_cubic), *words, seconds=MOVE)
    film.ceilings[film.low] = film.lid(lower, film.span(film.own[film.low]))


class Accs:
    """acc of the parts as they stand, at the left and at the right: rows of V, each times its term, added. Both have one scale."""

    def __init__(self, film: MergeFilm) -> None:
        self.film, found, place, skin = film, film.found, film.place, film.skin
        self.at, lower = film.low, found.parts[film.low]
        self.start = [part.acc for part in found.parts]
        self.stop = [acc * (found.factor if side == self.at else 1.0) for side, acc in enumerate(self.start)]
        self.row, self.term = lower.values[found.key], float(lower.terms[found.key])
        self.whole, self.rects = place["acc"], [place[f"acc {side}"] for side in SIDES]
        self.scale = fit(self.whole, self.stop[0] + self.stop[1], *self.start, self.row)
        self.near = fit(self.rects[self.at], self.row)  # as one row of V is seen
        level = round_level(float(np.abs(self.row).max(initial=0.0)))
        self.bars = [SignedBars(f"acc {side}", skin.o, skin, level=level if at == self.at else 0.0) for at, side in enumerate(SIDES)]
        self.was = SignedBars("acc was", skin.o, skin, hollow=True, opacity=GHOST, axis=False)
        for bars, rect in zip((*self.bars, self.was), (*self.rects, self.rects[self.at]), strict=True):
            bars.place(rect, *self.scale, len(self.row))
        self.scale_at(0.0)
        self.was.display(self.start[self.at]).bars.set_stroke(width=theme.OUTLINE)
        texts = f"rows of V × terms, added: {len(self.row)} numbers", "rows of V × terms"
        names = [labelled(place[f"acc {side} name"], ("acc", skin.o), (texts[0], skin.ink), texts[1]) for side in SIDES]
        self.letters, self.words = [pair[0] for pair in names], [pair[1] for pair in names]
        rect = place[f"acc {SIDES[self.at]} name"]
        self.v_name = labelled(rect, ("V", skin.v), (f"that key's row: {len(self.row)} numbers", skin.ink), "that key's row")

    def times(self, letter: Word, factor: str) -> Word:
        """A factor beside the name of what it scales."""
        return Word(f"× {factor}", letter.px, self.film.skin.ink, letter.left + letter.wide + SPACE * em(letter.px), letter.baseline, "sum")

    def scale_at(self, share: float) -> None:
        """So far from the scale of one row of V to that of acc: a rule tells it, and fades."""
        zero, unit = (near + (far - near) * share for near, far in zip(self.near, self.scale, strict=True))
        self.bars[self.at].place(self.rects[self.at], zero, unit, len(self.row))
        self.reveal(1 - share)

    def reveal(self, share: float) -> None:
        """The rule, so strong."""
        _, *rules, text = self.bars[self.at].scale_of
        for rule in rules:
            rule.set_stroke(opacity=share)
        for glyph in text.family_members_with_points():
            glyph.set_fill(opacity=share)

    def come(self, share: float) -> None:
        """The row of V of the followed key, out of its place in the strip."""
        bars, start = self.bars[self.at], self.film.keys_of(self.at)[self.film.found.key]
        bars.display(self.row).bars.display(start + (bars.boxes(self.row) - start) * share)
        bars.bars.set_fill(self.film.skin.v)
        bars.axis.set_stroke(opacity=share)
        self.reveal(share)

    def weigh(self, share: float) -> None:
        """The row is multiplied by its term: a part of acc."""
        bars = self.bars[self.at]
        bars.display(self.row * (1 + (self.term - 1) * share))
        bars.bars.set_fill(theme.between(self.film.skin.v, self.film.skin.o, share))

    def grow(self, share: float) -> None:
        """All other rows of V, times their terms, add to it; at the other side all."""
        self.scale_at(share)
        for side, (bars, acc) in enumerate(zip(self.bars, self.start, strict=True)):
            first = self.row * self.term if side == self.at else 0.0 * acc
            bars.display(first + (acc - first) * share)
        self.bars[1 - self.at].axis.set_stroke(opacity=share)

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


@beat("values")
def values(film: MergeFilm) -> None:
    """The same two, smaller. A row of V comes, is multiplied by its term and is acc's first part; all others add to it."""
    film.accs = accs = Accs(film)
    parts(film)
    with film.scene.telling():
        come = Shows(accs.bars[accs.at], accs.come, introducer=True, rate_func=ease_in_out_cubic)
        film.move(come, FadeIn(film.ceilings[film.low], rate_func=early), FadeIn(*accs.v_name, rate_func=late), seconds=MOVE)
        film.scene.hold(0.6)
        factor = accs.times(accs.v_name[0], film.said["term"])
        film.move(FadeOut(accs.v_name[1], rate_func=early), FadeIn(factor, rate_func=late), seconds=0.4)
        film.move(Shows(accs.bars[accs.at], accs.weigh, rate_func=ease_in_out_cubic), seconds=0.8)
        names = FadeOut(accs.v_name[0], factor, rate_func=early), FadeIn(*accs.letters, *accs.words, rate_func=late)
        film.scene.add(*accs.bars)
        film.move(Shows(VGroup(*accs.bars), accs.grow, rate_func=ease_in_out_cubic), *names, seconds=1.0)


@beat("acc")
def acc(film: MergeFilm) -> None:
    """One factor shrinks a sum and its acc; both add."""
    accs, numbers, side = film.accs, film.numbers[film.low], film.low
    factor = accs.times(accs.letters[accs.at], film.said["factor"])
    with film.scene.telling():
        by = numbers.next("×", film.skin.ink), numbers.next(film.said["factor"], film.skin.ink)
        film.move(FadeOut(accs.words[accs.at], film.ceilings[side], rate_func=early), FadeIn(*by, factor, rate_func=late), seconds=0.5)
        film.scene.add(accs.was)
        result = numbers.next("=", film.skin.ink), numbers.next(film.said["shrunk"], film.hues[side])
        pressing = press(film, film.own)

        def shrink(share: float) -> None:
            pressing(share)
            accs.shrink(share)

        everything = VGroup(film.chart.blocks[side], film.ceilings[film.high], accs.bars[side])
        film.move(Shows(everything, shrink), FadeIn(*result, rate_func=late), seconds=1.4)
        film.scene.hold(0.2)
        join = Shows(VGroup(*accs.bars), accs.join), FadeOut(accs.letters[1], rate_func=early)
        merges(film, gone=[accs.was, factor, accs.words[1 - accs.at]], also=join, seconds=1.1)
        film.scene.remove(accs.bars[1])


class Order:
    """A half of the frame: one block, to which tiles come in an order, under a ceiling; beneath it the arithmetic and the sum.

    Args:
        past: m and l of the tiles that have come.
    """

    def __init__(self, film: MergeFilm, side: int, tiles: Sequence[int], past: Pair, key: float) -> None:
        self.film, self.name, self.tiles, self.past = film, SIDES[side], tiles, past
        self.rect, self.hues = film.place[f"{self.name} blocks"], film.hues
        skin = film.skin
        self.chart = film.chart if side == 0 else Merging(self.rect, key, film.hues, skin, ("block in order", "tile in order"))
        words, place = ["tiles", *(f"{tile + 1}" for tile in tiles)], film.place[f"{self.name} order"]
        colors = [skin.ink, *(skin.quiet for _ in tiles)]
        self.order = worded(place, words, NAME, colors, "order") if line_width(words, LABEL) < place.width else []
        self.ceiling = named_by_m(past, skin, skin.stats)
        self.ceiling.remove(self.ceiling.m)
        self.m = self.max_of(past)
        self.line: list[Word] = []
        *self.sign, self.sum = self.written(past)

    def cover(self, left: float, right: float) -> Ceiling:
        """Its ceiling, between these ends, and its max."""
        self.ceiling.place(left, right, self.chart.y(1.0), (left + em(30), left))
        self.m.put_at(*self.ceiling.base)
        return self.ceiling

    def max_of(self, pair: Pair) -> Word:
        """m as it stands on the ceiling."""
        return Word(pair.written[0], CEILING_PX, self.film.skin.stats, 0.0, 0.0, "m")

    def max_of_tile(self, pair: Pair, block: Block) -> Word | None:
        """A tile's own max above its block, as far as there is room beside that of all before it."""
        word = Word(f"m {pair.written[0]}", CEILING_PX, self.hues[1], block.x, self.ceiling.base[1], "tile m")
        left = min(block.x, self.rect.x1 - word.wide)
        return word.put_at(left, word.baseline) if left > self.m.left + self.m.wide + em(NAME) and pair.l else None

    def written(self, pair: Pair) -> list[Word]:
        """l as it stands beneath."""
        words = worded(self.film.place[f"{self.name} l"], ["ℓ", "=", pair.written[1]], NUMBER, [self.film.skin.stats] * 3, "sign")
        words[-1].tag = "l"
        return words

    def arithmetic(self, new: Pair, factors: Sequence[float]) -> list[Word]:
        """Old sum and new one, each with its factor unless that is 1."""
        skin, written = self.film.skin, [(self.past.written[1], self.hues[0]), (new.written[1], self.hues[1])]
        pieces = [
            [each, *([("×", skin.ink), (number(factor), skin.ink)] if factor != 1.0 else [])]
            for each, factor in zip(written, factors, strict=True)
        ]
        line = [*pieces[0], ("+", skin.ink), *pieces[1]]
        return worded(self.film.place[f"{self.name} sum"], [text for text, _ in line], 1.2 * NAME, [hue for _, hue in line], "sum")

    def takes(self, at: int) -> tuple[list[Any], Callable[[], None]]:
        """One tile's block comes out of the row; the one with the lower max shrinks; they join. And what is left then."""
        film, chart, tile, past = self.film, self.chart, self.tiles[at], self.past
        new = pair_of(film.found.tiles[tile])
        merged = merge(past, new)
        x0 = self.rect.x0
        both = [Block(x0, past.l), Block(x0 + (past.l + APART) * chart.key, new.l)]
        factors = [float(np.exp(pair.m - merged.m)) if pair.l else 0.0 for pair in (past, new)]
        levelled = [Block(x0, past.l * factors[0]), Block(x0 + past.l * factors[0] * chart.key, new.l * factors[1])]
        risen = chart.cells(both[1])
        lying = within(film.strip.cells[tile], risen)
        bars = film.strip.bars[tile]
        was, digit = str(bars.get_fill_color()), self.order[1 + at] if self.order else None

        def show(share: float) -> None:
            rise, down, come = (ease_in_out_cubic(between_shares(*pace)(share)) for pace in (COMES, PRESSES, JOINS))
            bars.set_fill(theme.between(was, film.skin.stats, rise))
            for side, (start, factor) in enumerate(zip(both, factors, strict=True)):
                if start.area * factor <= 0:
                    chart.stand(side, None)
                    continue
                block = squeezed(start, factor, down)
                chart.stand(side, between(block, levelled[side], come) if come else block)
            if rise < 1 and new.l:
                chart.blocks[1].display(lying + (risen - lying) * rise)
            chart.blocks[1].set_fill(theme.between(*self.hues[::-1], come))
            if digit is not None:
                digit.set_fill(theme.between(film.skin.quiet, self.hues[1], rise) if not come else theme.between(*self.hues[::-1], come))

        everything = VGroup(*chart.blocks, bars, *([digit] if digit is not None else []))
        line, (*_, sum_now), m_now = self.arithmetic(new, factors), self.written(merged), self.max_of(merged).put_at(*self.ceiling.base)
        film.scene.remove(*self.line)
        plays = [Shows(everything, show), FadeIn(*line, rate_func=between_shares(*READS))]
        own = self.max_of_tile(new, both[1])
        if own is not None:
            plays.append(
                Shows(
                    own, lambda share: own.set_fill(opacity=between_shares(*COMES)(share) - between_shares(*JOINS)(share)), introducer=True
                )
            )
        if m_now.text != self.m.text:
            plays += [FadeOut(self.m, rate_func=between_shares(*LEAVES)), FadeIn(m_now, rate_func=between_shares(*RISES))]
            self.m = m_now
        plays += [FadeOut(self.sum, rate_func=between_shares(*LEAVES)), FadeIn(sum_now, rate_func=between_shares(*ENDS))]

        def done() -> None:
            chart.stand(0, Block(x0, merged.l) if merged.l else None).stand(1, None)
            chart.blocks[1].set_fill(self.hues[1])
            film.scene.remove(*([own] if own is not None else []))
            self.past, self.line, self.sum = merged, line, sum_now

        return plays, done


def within(rect: Rect, boxes: np.ndarray) -> np.ndarray:
    """[n, 4] boxes as they would fill ``rect`` together."""
    low, high = boxes[:, :2].min(0), boxes[:, 2:].max(0)
    scale = np.array([rect.width, rect.height]) / np.maximum(high - low, 1e-9)
    return np.asarray(np.array([*2 * (rect.x0, rect.y0)]) + (boxes - [*low, *low]) * [*scale, *scale])


def between_shares(start: float, stop: float) -> Callable[[float], float]:
    """A pace: from one share of the time to another."""
    return lambda share: float(np.clip((share - start) / (stop - start), 0, 1))


def take(film: MergeFilm, orders: Sequence[Order], at: int, seconds: float) -> None:
    """The next tile of each of these orders."""
    plays, ends = zip(*(order.takes(at) for order in orders), strict=True)
    film.move(*(each for some in plays for each in some), seconds=seconds)
    for done in ends:
        done()


def take_all(film: MergeFilm, beat: str, start: int, stop: int) -> None:
    """The tiles that come in a beat."""
    for at in range(start, stop):
        take(film, film.orders, at, min(EACH if beat != "low" else MOST[beat], MOST[beat] / (stop - start)))


def key_of(film: MergeFilm) -> float:
    """So wide is a key where all tiles merge that the widest two blocks stand side by side in a half."""
    found, own = film.found, [pair_of(tile).l for tile in film.found.tiles]
    pasts = (found.path, range(len(own))), (found.shuffled, found.order)
    beside = [past.l + own[tile] for path, order in pasts for past, tile in zip(path, order[1:], strict=False)]
    return min(film.place[f"{side} blocks"].width for side in SIDES) / (max(beside) + APART)


@beat("tiles")
def tiles(film: MergeFilm) -> None:
    """The merged block goes to the left half, and all other tiles come to it, in another order; at the right they come as they stand."""
    found, chart, count = film.found, film.chart, len(film.found.parts)
    key, wide = key_of(film), found.merged.l
    film.orders = [left, right] = [
        Order(film, side, order, path[count - 1], key)
        for side, (order, path) in enumerate(((found.order, found.shuffled), (range(len(found.tiles)), found.path)))
    ]
    start, rect = chart.key, chart.rect
    chart.stand(0, Block(rect.x0, wide)).stand(1, None)
    chart.blocks[1].set_fill(film.hues[1])
    film.scene.remove(film.ceilings[film.high])
    lit = [(film.strip.bars[part.tile], str(film.strip.bars[part.tile].get_fill_color())) for part in found.parts]
    ends = film.whole, (left.rect.x0 - em(20), left.rect.x1)

    def go(share: float) -> None:
        chart.place(rect.toward(left.rect, share), start + (key - start) * share)
        chart.stand(0, Block(chart.rect.x0, wide))
        left.cover(*(a + (b - a) * share for a, b in zip(*ends, strict=True)))
        for bars, hue in lit:
            bars.set_fill(theme.between(hue, film.skin.stats, share))

    for order in film.orders:
        for digit in order.order[1 : 1 + count]:
            digit.set_fill(film.skin.stats)
    film.scene.add(left.ceiling, left.m)
    everything = VGroup(chart.blocks[0], chart.baseline, left.ceiling, left.m, *(bars for bars, _ in lit))
    gone = FadeOut(film.accs.bars[0], film.accs.letters[0], *film.signs[0], *film.numbers[0].pieces, rate_func=early)
    come = FadeIn(*left.order, *left.sign, left.sum, rate_func=late)
    film.move(Shows(everything, go, rate_func=ease_in_out_cubic), gone, come, seconds=MOVE)
    with film.scene.telling():
        rises(film, right, count)
        take_all(film, "tiles", count, found.low or count)


def rises(film: MergeFilm, order: Order, count: int) -> None:
    """The first tiles of the row, merged as they stand, come out of it to the right half."""
    chart, tiles = order.chart, order.tiles[:count]
    cells, strip = chart.cells(Block(order.rect.x0, order.past.l)), film.strip
    first, last = strip.cells[tiles[0]], strip.cells[tiles[-1]]
    lying = within(Rect(first.x0, first.y0, last.x1, last.y1), cells)
    lit = [(strip.bars[tile], str(strip.bars[tile].get_fill_color())) for tile in tiles]

    def rise(share: float) -> None:
        chart.stand(0, Block(order.rect.x0, order.past.l)).blocks[0].display(lying + (cells - lying) * share)
        for bars, hue in lit:
            bars.set_fill(theme.between(hue, film.skin.stats, share))

    film.scene.add(*chart.blocks)
    words = FadeIn(
        *order.order, chart.baseline, order.cover(order.rect.x0 - em(20), order.rect.x1), *order.sign, order.sum, order.m, rate_func=late
    )
    film.move(Shows(VGroup(chart.blocks[0], *(bars for bars, _ in lit)), rise, rate_func=ease_in_out_cubic), words, seconds=0.9)


@beat("low")
def low(film: MergeFilm) -> None:
    """A tile with a large sum under a low max: measured from the larger one, it is a sliver."""
    assert film.found.low is not None
    with film.scene.telling():
        take_all(film, "low", film.found.low, film.found.low + 1)


@beat("all")
def all_tiles(film: MergeFilm) -> None:
    """The rest of the tiles, in both orders: the same max, the same sum."""
    count, after = len(film.found.parts), film.found.low
    with film.scene.telling():
        take_all(film, "all", count if after is None else after + 1, len(film.found.tiles))
        film.scene.hold(1.0)


@beat("once")
def once(film: MergeFilm) -> None:
    """Both blocks are one. acc of all tiles is divided by their sum: once, at the end, on one scale. Outlines stay of what acc was."""
    found, skin, place, acc = film.found, film.skin, film.place, film.found.acc
    end, rect = found.path[-1], place["end"]
    bars, was = SignedBars("o", skin.o, skin), SignedBars("acc was", skin.o, skin, hollow=True, opacity=GHOST, axis=False)
    for each in (bars, was):
        each.place(rect, *fit(rect, acc), len(acc)).display(acc)
    was.bars.set_stroke(width=theme.OUTLINE)
    words = worded(
        place["acc name"], ["acc", "/", end.written[1], "=", "O"], NUMBER, [skin.o, skin.ink, skin.stats, skin.ink, skin.o], "part"
    )
    texts = [f"of all {film.said['tiles']} tiles: {len(acc)} numbers", f"{len(acc)} numbers"]

    def grow(share: float) -> None:
        bars.display(acc * share).axis.set_stroke(opacity=share)

    if film.orders:
        left = one_block(film)
        sums, leave = [*left.sign, left.sum], [left.chart.blocks[0], left.chart.baseline, left.ceiling, left.m]
    else:  # a row of one tile: acc of its two halves stands
        (*others, result), leave = film.numbers[0].pieces, [*film.chart.blocks, film.chart.baseline, film.ceilings[film.high]]
        sums, leave = [*film.signs[0], result], [*leave, *others, film.accs.bars[0], film.accs.letters[0]]
    goes, home = [], place["acc name"].x1  # the sum waits at the right end of the line
    for piece in reversed(sums):
        home -= piece.wide
        goes.append(slid(piece, home, words[2].baseline))
        home -= SPACE * em(piece.px)
    beside = Rect(words[0].left + words[0].wide + em(LABEL), place["acc name"].y0, home, place["acc name"].y1)
    what = fitted(texts, LABEL, skin.ink, beside, "note", Face.TEXT)
    grows = Shows(bars, grow, introducer=True, rate_func=late), FadeIn(words[0], what, rate_func=late)
    film.move(FadeOut(*leave, rate_func=early), *goes, *grows, seconds=1.2)
    film.scene.hold(0.3)
    with film.scene.telling():
        to = words[2].left, words[2].baseline
        go = slid(sums[-1], *to, rate_func=lambda share: ease_in_out_cubic(late(share)))
        film.move(go, FadeIn(words[1], rate_func=late), FadeOut(what, *sums[:-1], rate_func=early), seconds=1.0)
        film.scene.add(was)

        def divide(share: float) -> None:
            bars.display(acc * (1 + (1 / end.l - 1) * share))

        right = place["acc name"].beyond(words[-1].left + words[-1].wide + em(NAME) - place["acc name"].x0)
        legend = fitted(["outlined: acc, filled: O", "filled: O"], LABEL, skin.ink, right, "note", Face.TEXT)
        named = FadeIn(*words[3:], legend, amid([CITATION], skin.ink, place["cited"], "quoted"), rate_func=late)
        film.move(Shows(bars, divide, rate_func=ease_in_out_cubic), named, seconds=1.4)


def one_block(film: MergeFilm) -> Order:
    """The right half goes onto the left one, which it covers."""
    left, right = film.orders
    chart, block, key = right.chart, right.past.l, right.chart.key

    def go(share: float) -> None:
        chart.place(right.rect.toward(left.rect, share), key).stand(0, Block(chart.rect.x0, block))

    words = [*left.order, *right.order, *left.line, *right.line, *right.sign, right.sum]
    gone = FadeOut(*words, right.m, right.ceiling, chart.baseline, rate_func=early)
    film.move(Shows(chart.blocks[0], go, rate_func=ease_in_out_cubic), gone, seconds=0.8)
    film.scene.remove(*chart.blocks)
    return left
