"""How tiles of a softmax merge: two blocks under two ceilings, the lower max yields, they join; in another order, to the same block."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from manim import Create, DashedVMobject, VGroup, VMobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import palette, theme
from flashviz.chapters import online_softmax
from flashviz.chapters.online_softmax import CITATION, OnlineSoftmax, Pair, gather
from flashviz.director.material import provenance
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, StepBack, beat, step_forth
from flashviz.director.words import (
    LABEL,
    NAME,
    NUMBER,
    SPACE,
    SYMBOLS,
    Counter,
    Numbers,
    Word,
    amid,
    fitted,
    labelled,
    line_width,
    middle,
    slid,
    struck,
    symbols,
    word,
    worded,
)  # fmt: skip
from flashviz.figures import number, total
from flashviz.layout import Rect
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.bars import SignedBars, fit, round_level
from flashviz.mobjects.cast import set_ends
from flashviz.mobjects.measured import CEILING_PX, Ceiling
from flashviz.mobjects.merging import Block, Merging, ScoreStrip
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, during, early, late
from flashviz.mobjects.named import Named
from flashviz.mobjects.tiles import Rectangles, box, edges, outlines
from flashviz.palette import Theme

SIDES = ("left", "right")
APART = 6.0  # keys between a block and what stands at its right
ROOMY = 6.0  # times as wide as the name of a sum, where there is room for it
BESIDE, SPARE = 2.0, 4.0  # keys from a block to a term that is taken out of it, and that are kept free for it
SETTLES, COMES, NAMED, TURNS = (0.0, 0.1), (0.04, 0.2), (0.18, 0.24), (0.36, 0.44)  # of a tile's time: it comes, the max rises, ...
FACTORS, PRESSES, JOINS, ENDS = (0.4, 0.48), (0.52, 0.7), (0.74, 0.88), (0.88, 0.95)  # ... the lower sum shrinks, joins, and is added
MOST = {"lower": 3.5, "higher": 4.9, "low": 3.2, "rest": 3.7}  # seconds of all tiles that come in a beat
BACK, TURN = 3.2, 0.7  # seconds of the other order, and the share of a tile's time in which its block has come
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
    line: list[Word]  # what of l's arithmetic is not its first number

    def __init__(self, scene: ShotScene, found: OnlineSoftmax) -> None:
        self.scene, self.found, self.skin, self.said = scene, found, scene.skin, found.said
        self.place = place = scene.shot("merge")
        self.hues = self.skin.stats, self.skin.further[1]
        rect, parts = place["blocks"], found.parts
        pairs, keys = [part.pair for part in parts], max(len(part.terms) for part in parts)
        far = rect.width / (keys + pairs[0].l + APART)  # as long as terms are seen
        second = place["right order"]
        beside = [found.path[at - 1].l + found.own(at).l for at in range(1, len(found.order))]
        self.close = min(
            (second.x0 - rect.x0) / (pairs[0].l + SPARE), (rect.x1 - second.x0) / (pairs[1].l + SPARE),
            rect.width / (max([found.merged.l + 1.0, *beside]) + APART), second.width / (max(pair.l for pair in found.backward) + 1.0),
        )  # fmt: skip
        self.strip = ScoreStrip(found.tiles, self.skin)
        self.digits = digits(found, place["strip"].width / len(found.tiles), self.skin)
        self.chart = Merging(rect, far, self.hues, self.skin)
        self.far = far
        self.lit = outlines(self.hues[1], "tile lit", 2 * theme.HEAVY)
        self.low, self.high = found.lower, 1 - found.lower
        self.ceilings = self.own_ceilings
        self.write_in()
        self.line = []
        self.written = [self.said["l" if side == self.high else "l_lower"] for side in (0, 1)]

    def unroll(self, share: float) -> None:
        """The row is as large as the frame, and comes to be a strip at its upper edge; the tiles' numbers stand above."""
        rect, head = self.place["row"].toward(self.place["strip"], share), em(LABEL + 12) if self.digits else 0.0
        self.strip.place(rect.bottom(rect.height - head))
        for digit, cell in zip(self.digits, self.strip.cells, strict=False):
            digit.put_at(cell.center[0] - digit.wide / 2, rect.y1 - em(LABEL - 6))

    def keys_of(self, side: int) -> np.ndarray:
        """[keys, 4] where a part's scores stand in the strip."""
        part = self.found.parts[side]
        return np.asarray(self.strip.boxes[part.tile][part.keys])

    def write_in(self) -> None:
        """Where the sums stand, without their name where there is no room."""
        sign, rects = "ℓ =", [self.place[side] for side in SIDES]
        room = text_width(sign, NUMBER, Face.STRONG) + SPACE * em(NUMBER)
        room = room if rects[0].width > ROOMY * room else 0.0
        words = [Word(sign, NUMBER, self.skin.stats, rect.x0, middle(rect, NUMBER), "sign") for rect in rects]
        self.signs = [[word] if room else [] for word in words]
        self.numbers = [Numbers(rect.beyond(room)) for rect in rects]

    def rise(self, share: float) -> None:
        """The picture goes up to leave room for acc, and cells get wider, of both blocks alike."""
        rect = self.place["blocks"].toward(self.place["upper"], share)
        self.chart.place(rect, self.far + (self.close - self.far) * share)
        self.show(self.own)
        for side in (0, 1):
            self.lid(self.ceilings[side], self.span(self.own[side]))
            old, new = (self.place[f"{name}{SIDES[side]}"] for name in ("", "upper "))
            way, room = old.toward(new, share), self.numbers[side].rect
            self.numbers[side].rect = Rect(room.x0, way.y0, room.x1, way.y1)
            beneath(self, side)

    def light(self, *tiles: int) -> None:
        """These tiles of the row have a frame."""
        self.lit.display(edges([self.strip.cells[tile] for tile in tiles]))

    def x(self, side: int) -> float:
        """Where a block stands."""
        return self.place[SIDES[side]].x0

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
        """Parts that are one sum have its colour, so far; so have their tiles and the ceiling."""
        hue = theme.between(self.hues[1], self.hues[0], share)
        self.chart.blocks[1].set_fill(hue)
        self.strip.bars[self.found.parts[1].tile].set_fill(hue)
        if self.high == 1:
            ceiling = self.ceilings[1]
            ceiling.line.set_stroke(hue)
            VGroup(ceiling.sign, ceiling.m).set_fill(hue)

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
    """All scores of one query in their tiles, large; two tiles take a colour each."""
    found, skin, said = film.found, film.skin, film.said
    what = "one query's scores"
    texts = [f"{what}: {said['tiles']} tiles of {said['keys']} keys", f"{what}: {said['tiles']} tiles"] if len(found.tiles) > 1 else [what]
    name = fitted(texts, NAME, skin.ink, film.place["row name"], "note", Face.TEXT)
    film.unroll(0.0)
    film.scene.add(film.strip, *film.digits, name)
    film.scene.hold(0.6)
    lit = dict(reversed([(part.tile, hue) for part, hue in zip(found.parts, film.hues, strict=True)]))
    frames = [outlines(hue, "tile lit", 2 * theme.HEAVY).display(edges([film.strip.cells[tile]])) for tile, hue in lit.items()]

    def light(share: float) -> None:
        for tile, hue in lit.items():
            film.strip.bars[tile].set_fill(theme.between(skin.scores, hue, share))

    with film.scene.telling():
        film.scene.hold(0.6)
        film.move(Shows(VGroup(*(film.strip.bars[tile] for tile in lit)), light), FadeIn(*frames), seconds=0.6)
        film.scene.hold(0.9)
    film.notes = [name, *frames]


def come_out(film: MergeFilm, side: int, *also: Any) -> float:
    """A tile's scores come out of the row and become terms, under a ceiling of their own; where the first of them stands."""
    chart, terms, ceiling, start = film.chart, film.found.parts[side].terms, film.ceilings[side], film.keys_of(side).copy()
    at = chart.rect.x0 if side == 0 else chart.rect.x1 - len(terms) * chart.key
    left = film.whole[0] if side == 0 else max(film.span(film.own[0])[1] + em(60), at - em(20))
    chart.terms.set_fill(film.hues[side])
    film.scene.add(chart.terms)
    film.move(Shows(chart.terms, lambda share: chart.come(terms, at, start, share), rate_func=ease_in_out_cubic), *also, seconds=1.1)
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
    chart.cut = 0.0
    film.scene.add(chart.blocks[side])
    points = ceiling.line.get_start_and_end()
    start, ends = tuple(float(point[0]) for point in points), film.span(stop)

    def settle(share: float) -> None:
        chart.cut = share
        chart.stand(side, Block(at + (stop.x - at) * share, stop.area))
        film.lid(ceiling, (start[0] + (ends[0] - start[0]) * share, start[1] + (ends[1] - start[1]) * share))

    settle(0.0)
    film.numbers[side].first(film.written[side], film.hues[side])
    sums = FadeIn(*beneath(film, side), rate_func=late)
    film.move(Shows(VGroup(chart.blocks[side], ceiling), settle, rate_func=ease_in_out_cubic), sums, seconds=0.6)


def beneath(film: MergeFilm, side: int) -> list[Word]:
    """The sum of a block, where the block stands as near as the picture is."""
    words, left, rect = [*film.signs[side], *film.numbers[side].pieces], film.x(side), film.numbers[side].rect
    for each in words:
        each.put_at(left, middle(rect, each.px))
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
    film.scene.add(film.chart.baseline)
    up = Shows(VGroup(film.strip, *film.digits), film.unroll, rate_func=ease_in_out_cubic)
    away = FadeOut(*film.notes, rate_func=during(0.0, 0.2)), FadeIn(film.chart.baseline, term, rate_func=late)
    at = come_out(film, 0, up, *away)
    with film.scene.telling():
        left, base = ceiling.base
        left += text_width(ceiling.m.text, CEILING_PX, Face.STRONG) + em(LABEL)
        most = Word("the largest of these scores", LABEL, skin.ink, left, base, "note", Face.TEXT)
        film.move(FadeIn(most, why), seconds=TEXT)
        film.scene.hold(1.0)
        film.move(FadeOut(most, why), seconds=TEXT)
        pour(film, 0, at)
        film.move(FadeIn(area), seconds=TEXT)
        film.scene.hold(0.4)
    film.notes = [term, area]


@beat("other")
def other(film: MergeFilm) -> None:
    """The terms of another, under another ceiling."""
    with film.scene.telling():
        at = come_out(film, 1)
        pour(film, 1, at)


class Cancelling:
    """e^(s - lower) x e^(lower - larger) = e^(s - larger), in the trace's numbers: strokes through what cancels, values beneath."""

    def __init__(self, film: MergeFilm) -> None:
        said, skin, rect = film.said, film.skin, film.place["upper factor"]
        score, lower, larger = (said[key].replace("−", "-") for key in ("score", "m_lower", "m"))
        texts = [f"e^({score} - {lower})", "times", f"e^({lower} - {larger})", "=", f"e^({score} - {larger})"]
        line, foot = rect.above(em(NAME + 14)), rect.bottom(em(NAME + 6))
        self.parts = [symbols(text, SYMBOLS, skin.ink, line, "power" if at == 2 else "formula") for at, text in enumerate(texts)]
        gap = 0.35 * em(NUMBER)
        share = min(1.0, rect.width / (sum(part.width for part in self.parts) + gap * (len(texts) - 1)))
        left, floor = rect.x0, line.y0
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
    sums = [word for side in (0, 1) for word in (*film.signs[side], *film.numbers[side].pieces)]
    film.back = StepBack([*chart.blocks, film.ceilings[film.high], *sums, *film.accs.all], palette.DIM)
    film.move(Shows(VGroup(film.lone, low), come, rate_func=ease_in_out_cubic), film.back, seconds=MOVE)
    before, times, by, equal, after = film.formula.parts
    with film.scene.telling():
        film.move(FadeIn(before, film.formula.values[0]), seconds=TEXT)
        film.scene.hold(0.7)
        film.move(FadeIn(times, by, film.formula.values[1]), seconds=TEXT)
        film.scene.hold(0.6)
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
    """The same factor comes to the whole sum and its acc: the larger max's ceiling reaches over, and both shrink as the term did."""
    said, skin, side, rect, accs = film.said, film.skin, film.low, film.place["upper factor"], film.accs
    numbers, home = film.numbers[side], film.place[f"upper {SIDES[side]}"]
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
        accs.factor = accs.times(accs.letters[side], said["factor"])
        words = FadeIn(by, factor, accs.factor, rate_func=late), FadeOut(film.ceilings[side], accs.words[side], rate_func=early)
        film.move(*words, seconds=0.6)
        was = film.ghost(film.own[side])
        film.outlines.append(was)
        film.scene.add(was, accs.was)
        result = numbers.next("=", skin.ink), numbers.next(said["shrunk"], film.hues[side])
        pressing = press(film, film.own)

        def shrink(share: float) -> None:
            pressing(share)
            accs.shrink(share)

        everything = VGroup(film.chart.blocks[side], film.ceilings[film.high], accs.bars[side])
        film.move(Shows(everything, shrink), FadeIn(*result, rate_func=late), seconds=2.0)


@beat("join")
def join(film: MergeFilm) -> None:
    """The lower block levels at the common ceiling, the same area; then the right one slides against the left, and acc onto acc."""
    low, accs = film.own[film.low], film.accs
    beside = Rect(low.x + low.wide * film.chart.key + em(NAME), film.chart.rect.y0, film.chart.rect.x1, film.chart.y(1.0))
    upper = film.place["upper factor"]
    text, under = "same area", upper.beyond(film.place[f"upper {SIDES[film.low]}"].x0 - upper.x0)
    same = word(text, NAME, film.skin.ink, beside if text_width(text, NAME) < beside.width else under, "note", Face.TEXT)
    with film.scene.telling():
        gone = FadeOut(*film.outlines, film.lone, *film.notes, accs.was, accs.factor, accs.words[1 - accs.at], rate_func=early)
        film.move(gone, FadeIn(same, rate_func=late), seconds=0.4)
        merges(film, [FadeOut(same, accs.letters[1], rate_func=early), Shows(VGroup(*accs.bars), accs.join)])
        film.scene.remove(accs.bars[1])


def merges(film: MergeFilm, also: Sequence[Any]) -> None:
    """The lower block, squeezed, comes up to the ceiling with the same area; then the right one slides against the left: one sum."""
    chart, side, numbers = film.chart, film.low, film.numbers
    start, stop = film.shrunk, film.apart[side]
    *made_of, result = numbers[side].pieces
    level = Shows(chart.blocks[side], lambda share: chart.stand(side, between(start, stop, share)), rate_func=ease_in_out_cubic)
    back = slid(result, numbers[side].rect.x0, result.baseline, rate_func=lambda share: ease_in_out_cubic(late(share)))
    first, then = (film.signs[1], []) if side == 1 else ([], film.signs[1])
    film.move(level, back, FadeOut(*made_of, *first, rate_func=early), seconds=MOVE)
    apart, joined, high, whole = film.apart, film.joined, film.ceilings[film.high], film.whole
    left = film.span(apart[film.high])[0]

    def slide(share: float) -> None:
        film.show([between(a, b, share) for a, b in zip(apart, joined, strict=True)])
        film.lid(high, whole, name=left + (whole[0] - left) * share)

    moves = [Shows(VGroup(*chart.blocks, high), slide, rate_func=ease_in_out_cubic)]
    numbers[side].pieces = [result]
    (more,) = numbers[1].pieces
    end = numbers[0].rect.x0 + numbers[0].pieces[0].wide + SPACE * em(numbers[0].px)
    plus = Word("+", numbers[0].px, film.skin.ink, end, more.baseline, "sum")
    moves.append(slid(more, end + plus.wide + SPACE * em(numbers[0].px), more.baseline))
    film.move(*moves, FadeIn(plus, rate_func=late), *(FadeOut(each, rate_func=early) for each in then), *also, seconds=1.1)
    numbers[0].pieces += [plus, more]
    in_all = FadeIn(numbers[0].next("=", film.skin.ink), numbers[0].next(film.said["sum"], film.skin.stats))
    one = VGroup(chart.blocks[1], film.ceilings[film.high], film.strip.bars[film.found.parts[1].tile])
    film.move(Shows(one, film.one_sum), in_all, seconds=0.4)


class Accs:
    """acc of the parts as they stand, at the left and at the right: rows of V, each times its term, added. Both have one scale.

    The scale is that of all that is to come; as long as there are but two rows of V, it is theirs.
    """

    factor: Word  # what scales it

    def __init__(self, film: MergeFilm) -> None:
        self.film, found, place, skin = film, film.found, film.place, film.skin
        self.at, lower = film.low, found.parts[film.low]
        self.start = [part.acc for part in found.parts]
        self.stop = [acc * (found.factor if side == self.at else 1.0) for side, acc in enumerate(self.start)]
        self.rows, self.terms = ([of[key] for key in (found.key, found.second)] for of in (lower.values, lower.terms))
        self.parts = [row * term for row, term in zip(self.rows, self.terms, strict=True)]
        self.whole, self.rects = place["acc"], [place[f"acc {side}"] for side in SIDES]
        far, near = [*self.start, self.stop[0] + self.stop[1], *found.accs], [*self.rows, self.parts[0], self.parts[0] + self.parts[1]]
        self.ends = [np.array([min(each.min() for each in some), max(each.max() for each in some)]) for some in (near, far)]
        self.scale = fit(self.whole, *far)
        level = round_level(0.9 * float(self.ends[1][1]))
        self.bars = [SignedBars(f"acc {side}", skin.o, skin, level=level) for side in SIDES]
        self.ruler = SignedBars("rule", skin.o, skin, axis=False, level=round_level(float(self.ends[0][1])))
        self.row = [SignedBars(f"row of V {at}", skin.v, skin, axis=False) for at in range(2)]
        self.was = SignedBars("acc was", skin.o, skin, hollow=True, opacity=GHOST, axis=False)
        self.was.place(self.rects[self.at], *self.scale, len(self.start[0])).display(self.start[self.at]).bars.set_stroke(
            width=theme.OUTLINE
        )
        self.zoom(0.0)
        texts = f"rows of V × terms, added: {len(self.start[0])} numbers", "rows of V × terms"
        names = [labelled(place[f"acc {side} name"], ("acc", skin.o), (texts[0], skin.ink), texts[1]) for side in SIDES]
        self.letters, self.words = [pair[0] for pair in names], [pair[1] for pair in names]
        self.v_name = labelled(place["V name"], ("V", skin.v), (f"one key's row: {len(self.start[0])} numbers", skin.ink), "one key's row")

    @property
    def all(self) -> list[Any]:
        """What stands of them once both are made."""
        return [*self.bars, *self.letters, *self.words]

    def times(self, letter: Word, factor: str) -> Word:
        """A factor beside the name of what it scales."""
        return Word(
            f"× {factor}", letter.px, self.film.skin.ink, letter.left + letter.wide + SPACE * em(letter.px), letter.baseline, "scaled"
        )

    def zoom(self, share: float) -> None:
        """So far from the scale of two rows of V to that of acc, both told by a rule; what is drawn fits at any moment."""
        near, far = self.ends
        rect = self.film.place["V"].toward(self.rects[self.at], share)
        zero, unit = fit(rect, near + (far - near) * share)
        for bars in (self.bars[self.at], *self.row, self.ruler):
            bars.place(rect, zero, unit, len(self.start[0]))
        self.bars[1 - self.at].place(self.rects[1 - self.at], *self.scale, len(self.start[0]))
        reveal(self.ruler, late(1 - share))
        reveal(self.bars[self.at], late(share))

    def grow(self, at: int, share: float) -> None:
        """A row of V grows on what is there."""
        self.row[at].display(self.rows[at] * share, start=self.parts[0] * at)

    def weigh(self, at: int, share: float) -> None:
        """The row is multiplied by its term: a part of acc."""
        self.row[at].display(self.rows[at] + (self.parts[at] - self.rows[at]) * share, start=self.parts[0] * at)
        self.row[at].bars.set_fill(theme.between(self.film.skin.v, self.film.skin.o, share))

    def fill(self, share: float) -> None:
        """All other rows of V, times their terms, add to it; at the other side all."""
        self.zoom(share)
        for side, (bars, acc) in enumerate(zip(self.bars, self.start, strict=True)):
            first, way = (self.parts[0] + self.parts[1], share) if side == self.at else (0.0 * acc, late(share))
            bars.display(first + (acc - first) * way)
        other = self.bars[1 - self.at]
        other.axis.set_stroke(opacity=late(share))
        reveal(other, late(share))

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
        reveal(self.bars[0], abs(1 - 2 * share))
        reveal(self.bars[1], 1 - early(share))
        self.bars[0].display(left + right * into)
        self.bars[1].display(right * (1 - into), start=(left + right * into) * come)


def reveal(bars: SignedBars, share: float) -> None:
    """The rules at a value, and the value, so strong."""
    *rules, text = bars.scale_of[-3:]
    for rule in rules:
        rule.set_stroke(opacity=share)
    for glyph in text.family_members_with_points():
        glyph.set_fill(opacity=share)


@beat("values")
def values(film: MergeFilm) -> None:
    """The same two go up. A row of V, times its term, is acc's first part; another adds to it, and then all others."""
    film.accs = accs = Accs(film)
    moves = VGroup(*film.chart.blocks, film.chart.baseline, *film.ceilings, *(word for side in (0, 1) for word in beneath(film, side)))
    axis, letter = accs.bars[accs.at].axis, accs.v_name[0]
    come = FadeOut(*film.notes, rate_func=early), FadeIn(axis, accs.ruler, *accs.v_name, rate_func=during(0.8, 1.0))
    film.move(Shows(moves, film.rise, rate_func=ease_in_out_cubic), *come, seconds=MOVE)
    factors = [accs.times(letter, film.said[name]) for name in ("term", "second")]
    with film.scene.telling():
        grow = Shows(accs.row[0], lambda share: accs.grow(0, share), introducer=True, rate_func=ease_in_out_cubic)
        film.move(grow, seconds=MOVE)
        film.scene.hold(0.4)
        film.move(FadeOut(accs.v_name[1], rate_func=early), FadeIn(factors[0], rate_func=late), seconds=0.4)
        film.move(Shows(accs.row[0], lambda share: accs.weigh(0, share), rate_func=ease_in_out_cubic), seconds=0.7)
        grow = Shows(accs.row[1], lambda share: accs.grow(1, share), introducer=True, rate_func=ease_in_out_cubic)
        film.move(grow, FadeOut(factors[0], rate_func=early), FadeIn(factors[1], rate_func=late), seconds=0.6)
        film.move(Shows(accs.row[1], lambda share: accs.weigh(1, share), rate_func=ease_in_out_cubic), seconds=0.6)
        film.scene.remove(*accs.row)
        film.scene.add(*accs.bars)
        names = FadeOut(letter, factors[1], rate_func=early), FadeIn(*accs.letters, *accs.words, rate_func=late)
        film.move(Shows(VGroup(*accs.bars, accs.ruler), accs.fill, rate_func=ease_in_out_cubic), *names, seconds=1.3)
        film.scene.remove(accs.ruler)


def within(rect: Rect, boxes: np.ndarray) -> np.ndarray:
    """[n, 4] boxes as they would fill ``rect`` together."""
    low, high = boxes[:, :2].min(0), boxes[:, 2:].max(0)
    scale = np.array([rect.width, rect.height]) / np.maximum(high - low, 1e-9)
    return np.asarray(np.array([*2 * (rect.x0, rect.y0)]) + (boxes - [*low, *low]) * [*scale, *scale])


def line_of(film: MergeFilm, texts: Sequence[str], colors: Sequence[str]) -> list[Word]:
    """The arithmetic of l from the left, on a scale that the longest has room for."""
    rect, longest = film.place["line"], ["ℓ", "=", "13.22", "×", "0.407", "+", "13.22", "×", "0.407", "=", "13.22"]
    px = NUMBER * min(1.0, rect.width / line_width(longest, NUMBER))
    return worded(rect, ["ℓ", "=", *texts], px, [film.skin.stats, film.skin.stats, *colors], "sum")


def take(film: MergeFilm, at: int, seconds: float, *, slowly: bool) -> None:
    """One tile's block comes out of the row; the sum with the lower max shrinks, and acc if it is the sum so far; they join.

    ``slowly``: the factor of the sum so far is told, and acc keeps an outline of what it was.
    """
    found, chart, skin, strip, accs = film.found, film.chart, film.skin, film.strip, film.accs
    ceiling, tile, past, merged, new = film.ceilings[film.high], found.order[at], found.path[at - 1], found.path[at], found.own(at)
    x0 = chart.rect.x0
    both = [Block(x0, past.l), Block(x0 + (past.l + APART) * chart.key, new.l)]
    factors = [float(np.exp(pair.m - merged.m)) if pair.l else 0.0 for pair in (past, new)]
    levelled = [Block(x0, past.l * factors[0]), Block(x0 + past.l * factors[0] * chart.key, new.l * factors[1])]
    risen, bars = chart.cells(both[1]), strip.bars[tile]
    lying, was = within(strip.cells[tile], risen), str(bars.get_fill_color())
    acc, added = found.accs[at - 1], found.acc_of(at, merged.m)
    m = past.written[0], merged.written[0]
    turns = ceiling.turn(m[1])

    def show(share: float) -> None:
        rise, turn, down, come = (ease_in_out_cubic(during(*pace)(share)) for pace in (COMES, TURNS, PRESSES, JOINS))
        film.light(tile)
        film.lit.set_stroke(opacity=during(*SETTLES)(share) * (1 - during(*ENDS)(share)))
        bars.set_fill(theme.between(was, film.hues[1], rise) if not come else theme.between(*film.hues[::-1], come))
        for side, (start, factor) in enumerate(zip(both, factors, strict=True)):
            block = squeezed(start, factor, down)
            nothing = start.area * factor <= 0
            chart.stand(side, None if nothing else between(block, levelled[side], come) if come else block)
        if rise < 1 and new.l:
            chart.blocks[1].display(lying + (risen - lying) * rise)
        chart.blocks[1].set_fill(theme.between(*film.hues[::-1], come))
        if m[0] != m[1]:
            turns.show(turn)
        accs.bars[0].display(acc * (1 + (factors[0] - 1) * down) + added * come)

    own = Word(f"m {new.written[0]}" if new.l else "", CEILING_PX, film.hues[1], both[1].x, ceiling.base[1], "tile m")
    own.put_at(max(min(both[1].x, chart.rect.x1 - own.wide), x0 + em(250)), own.baseline)
    pieces = [
        [text, *(["×", number(factor)] if factor != 1.0 else [])]
        for text, factor in zip((past.written[1], new.written[1]), factors, strict=True)
    ]
    texts = [*pieces[0], "+", *pieces[1], "=", merged.written[1]]
    colors = [
        film.hues[0],
        *len(pieces[0][1:]) * [skin.ink],
        skin.ink,
        film.hues[1],
        *len(pieces[1][1:]) * [skin.ink],
        skin.ink,
        skin.stats,
    ]
    line = line_of(film, texts, colors)
    first, scaled, plus = line[2], line[3 : 2 + len(pieces[0])], line[2 + len(pieces[0])]
    tile_sum, result = line[3 + len(pieces[0]) : -2], line[-2:]
    first.tag = result[-1].tag = "l"
    plays = [
        Shows(VGroup(*chart.blocks, bars, film.lit, ceiling, accs.bars[0]), show),
        Shows(
            own,
            lambda share: own.set_fill(opacity=during(*NAMED)(share) - during(*PRESSES)(share)),
            introducer=True,
        ),
        FadeIn(plus, tile_sum[0], rate_func=during(*NAMED)),
        FadeIn(*result, rate_func=during(*ENDS)),
    ]
    if scaled or tile_sum[1:]:
        plays.append(FadeIn(*scaled, *tile_sum[1:], rate_func=during(*FACTORS)))
    plays += settled(film, line, SETTLES)
    film.notes = explained(film, scaled[-1].text, m, acc) if slowly and scaled else []
    if film.notes:
        plays.append(FadeIn(*film.notes, rate_func=during(*FACTORS)))
    film.scene.add(film.lit)
    film.move(*plays, seconds=seconds)
    chart.stand(0, Block(x0, merged.l) if merged.l else None).stand(1, None)
    chart.blocks[1].set_fill(film.hues[1])
    film.scene.remove(own)
    film.line = line


def settled(film: MergeFilm, line: list[Word], pace: tuple[float, float]) -> list[Any]:
    """What l was made of leaves; l goes to the first place of the next line, of which it is a part from now on."""
    start, stop = pace
    middle = (start + stop) / 2
    gone, come = during(start, middle), during(middle, stop)
    if not film.line:  # l of the two parts, which is written with the digits that check by hand there
        return [FadeOut(*film.signs[0], *film.numbers[0].pieces, rate_func=gone), FadeIn(*line[:3], rate_func=come)]
    *others, result = film.line[2:]
    place = line[2].left, line[2].baseline
    line[:3] = [*film.line[:2], result]
    plays = [slid(result, *place, rate_func=lambda share: ease_in_out_cubic(come(share)))]
    return [*plays, FadeOut(*others, *film.notes, rate_func=gone)] if others or film.notes else plays


def explained(film: MergeFilm, factor: str, m: tuple[str, str], acc: np.ndarray) -> list[Any]:
    """Beneath the arithmetic what the factor of the sum so far is; it stands at acc as well, of which an outline tells what it was."""
    rect, skin, accs = film.place["upper factor"], film.skin, film.accs
    old, new = (each.replace("−", "-") for each in m)
    power = symbols(f"e^({old} - {new})", SYMBOLS, skin.ink, rect, "power")
    power.shift((rect.x0 - power.get_left()[0], 0, 0))
    glyphs = power.family_members_with_points()
    for glyph, hue in (
        *((each, film.hues[0]) for each in glyphs[1 : 1 + len(old)]),
        *((each, film.hues[1]) for each in glyphs[-len(new) :]),
    ):
        glyph.set_fill(hue)
    space = SPACE * em(NUMBER)
    value = [Word("=", NUMBER, skin.ink, rect.x0 + power.width + space, power.get_bottom()[1], "sign")]
    value.append(Word(factor, NUMBER, skin.ink, value[0].left + value[0].wide + space, value[0].baseline, "factor"))
    accs.was.place(accs.whole, *accs.scale, len(acc)).display(acc)
    return [power, *value, accs.times(accs.letters[0], factor), accs.was]


def take_all(film: MergeFilm, beat: str) -> None:
    """The tiles that come in a beat."""
    times = film.found.times[beat]
    for at in times:
        take(film, at, MOST[beat] / len(times), slowly=beat == "higher")


@beat("lower")
def lower(film: MergeFilm) -> None:
    """The next tiles of the row, whose max is lower."""
    with film.scene.telling():
        take_all(film, "lower")


@beat("higher")
def higher(film: MergeFilm) -> None:
    """A tile whose max is higher: it is the sum so far that shrinks, and acc with it."""
    with film.scene.telling():
        take_all(film, "higher")


@beat("low")
def low(film: MergeFilm) -> None:
    """A tile with a large sum under a low max: measured from the larger one, it is a sliver."""
    with film.scene.telling():
        take_all(film, "low")


@beat("rest")
def rest(film: MergeFilm) -> None:
    """All others, faster."""
    with film.scene.telling():
        take_all(film, "rest")


class Backward:
    """The right half: the row from its last tile to its first, under a ceiling of its own."""

    def __init__(self, film: MergeFilm) -> None:
        self.film, self.found, self.skin, self.left = film, film.found, film.skin, film.place["left order"]
        right, chart = film.place["right order"], film.chart
        self.half = Rect(right.x0, chart.rect.y0, right.x1, chart.rect.y1)
        self.chart = Merging(self.half, chart.key, film.hues, self.skin, ("block in order", "tile in order"))
        self.tiles = range(len(self.found.tiles) - 1, -1, -1)
        self.least = next(pair.m for pair in self.found.backward if pair.l)
        self.ceiling = named_by_m(Pair(self.least, 0.0), self.skin, self.skin.stats)
        self.ceiling.place(self.half.x0 - em(20), self.half.x1, self.chart.y(1.0), (self.half.x0 + em(30), self.half.x0))
        self.orders = [order_of(film, side, tiles) for side, tiles in zip(SIDES, (self.found.order, self.tiles), strict=True)]
        self.line = line_of(film, [film.line[-1].text], [self.skin.stats])
        px, ahead = self.line[0].px, self.half.x0 - self.line[0].left
        self.sign = [Word(each.text, px, self.skin.stats, each.left + ahead, each.baseline, "sign") for each in self.line[:2]]
        self.sum = Counter(self.skin.stats, "l")
        self.sum_at = self.line[2].left + ahead
        self.say(0.0)

    def say(self, l: float) -> None:
        """The sum so far."""
        number = self.line[2]
        self.sum.say(Word(total(l), number.px, self.skin.stats, self.sum_at, number.baseline, "l"))

    def reach(self, share: float) -> None:
        """The ceiling of the first order, and its baseline: over all, or over the left half."""
        film, ends = self.film, self.film.whole
        right = ends[1] + (self.left.x1 - em(CEILING_PX) - ends[1]) * share
        film.lid(film.ceilings[film.high], (ends[0], right), name=ends[0])
        set_ends(film.chart.baseline, (film.chart.rect.x0, film.chart.rect.y0, 0), (min(right, film.chart.rect.x1), film.chart.rect.y0, 0))

    def run(self, share: float) -> None:
        """All tiles come, one after the other."""
        count, path, skin = len(self.tiles), self.found.backward, self.skin
        step = min(int(share * count), count - 1)
        way = ease_in_out_cubic(float(np.clip((share * count - step) / TURN, 0, 1)))
        past, now = path[step - 1] if step else Pair(-np.inf, 0.0), path[step]
        area = past.l + (now.l - past.l) * way
        self.chart.stand(0, Block(self.half.x0, area) if area > 0 else None)
        self.say(area)
        self.ceiling.say(number(max(now.m if way >= 0.5 else past.m, self.least)))
        self.film.light(self.tiles[step])
        self.film.lit.set_stroke(opacity=1.0 if share < 1 else 0.0)
        for at, digit in enumerate(self.orders[1][1:]):
            digit.set_fill(skin.stats if at < step or share == 1 else self.film.hues[1] if at == step else skin.quiet)

    def meet(self) -> list[Any]:
        """Both blocks come together, and so do their sums: one equals the other. One ceiling is over both."""
        film, chart, end = self.film, self.film.chart, self.found.path[-1].l
        equal = Word("=", self.line[2].px, self.skin.ink, (self.left.x1 + self.half.x0) / 2, self.line[2].baseline, "sign")
        equal.put_at(equal.left - equal.wide / 2, equal.baseline)
        space, start = SPACE * em(equal.px), self.sum.points.copy()
        stop, begin = equal.left - space, equal.left + equal.wide + space
        block = max(stop - end * chart.key, chart.rect.x0)

        def show(share: float) -> None:
            chart.stand(0, Block(chart.rect.x0 + (block - chart.rect.x0) * share, end))
            self.chart.stand(0, Block(self.half.x0 + (begin - self.half.x0) * share, self.found.backward[-1].l))
            self.sum.points = start + np.array([(begin - self.sum_at) * share, 0.0, 0.0])
            self.reach(1 - share)

        moves = [chart.blocks[0], self.chart.blocks[0], self.sum, film.ceilings[film.high], chart.baseline]
        plays = [Shows(VGroup(*moves), show, rate_func=ease_in_out_cubic), FadeIn(equal, rate_func=late)]
        for words in (self.line, self.orders[0]):
            plays += [slid(each, each.left + stop - words[-1].left - words[-1].wide, each.baseline) for each in words]
        film.notes = [*self.orders[0], *self.orders[1], equal, self.sum, self.chart.blocks[0]]
        return [*plays, FadeOut(self.ceiling, self.chart.baseline, *self.sign, rate_func=early)]


@beat("all")
def another_order(film: MergeFilm) -> None:
    """Beside it the row from its last tile to its first, fast; then both ends come together."""
    back = Backward(film)
    settle = settled(film, back.line, (0.0, 1.0))
    film.line, film.notes = back.line, []
    over = VGroup(film.ceilings[film.high], film.chart.baseline)
    come = FadeIn(*back.orders[0], *back.orders[1], back.chart.baseline, *back.sign, back.ceiling, rate_func=late)
    film.move(Shows(over, back.reach, rate_func=ease_in_out_cubic), *settle, come, seconds=MOVE)
    film.scene.add(*back.chart.blocks, back.sum)
    with film.scene.telling():
        everything = VGroup(*back.chart.blocks, back.sum, back.ceiling, film.lit, *back.orders[1])
        film.move(Shows(everything, back.run), seconds=BACK)
        film.scene.hold(0.2)
        film.move(*back.meet(), seconds=1.0)


def order_of(film: MergeFilm, side: str, tiles: Sequence[int]) -> list[Word]:
    """In which order tiles come; nothing where there is no room."""
    words, place, skin = ["tiles", *(f"{tile + 1}" for tile in tiles)], film.place[f"{side} order"], film.skin
    colors = [skin.ink, *(skin.stats if side == "left" else skin.quiet for _ in tiles)]
    return worded(place, words, NAME, colors, "order") if line_width(words, LABEL) < place.width else []


@beat("once")
def once(film: MergeFilm) -> None:
    """acc comes near, and is divided by the sum: once, at the end, on one scale. Outlines stay of what acc was."""
    found, skin, place, acc, accs = film.found, film.skin, film.place, film.found.acc, film.accs
    rect, was_rect = place["end"], accs.whole
    level = round_level(0.9 * float(acc.max(initial=0.0)))
    bars, was = SignedBars("o", skin.o, skin, level=level), SignedBars("acc was", skin.o, skin, hollow=True, opacity=GHOST, axis=False)
    scales = accs.scale, fit(rect, acc)
    was.place(rect, *scales[1], len(acc)).display(acc).bars.set_stroke(width=theme.OUTLINE)
    *sign, result = film.line or [*film.signs[0], film.numbers[0].pieces[-1]]
    texts = ["acc", "/", result.text, "=", "O"]
    words = worded(place["end name"], texts, NUMBER, [skin.o, skin.ink, skin.stats, skin.ink, skin.o], "part")

    def near(share: float) -> None:
        zero, unit = (a + (b - a) * share for a, b in zip(*scales, strict=True))
        bars.place(was_rect.toward(rect, share), zero, unit, len(acc)).display(acc)
        reveal(bars, late(share))

    leave = [*sign, *film.notes, *film.chart.blocks, film.chart.baseline, film.ceilings[film.high]]
    leave += [] if film.line else film.numbers[0].pieces[:-1]
    with film.scene.telling():
        film.scene.remove(accs.bars[0])
        go = slid(result, words[2].left, words[2].baseline)
        moves = FadeOut(*leave, accs.letters[0], rate_func=early), FadeIn(*words[:2], rate_func=late)
        film.move(Shows(bars, near, introducer=True, rate_func=ease_in_out_cubic), go, *moves, seconds=1.2)
        film.scene.add(was)
        film.scene.hold(0.4)

        def divide(share: float) -> None:
            bars.display(acc * (1 + (1 / found.end.l - 1) * share))

        right = place["end name"].beyond(words[-1].left + words[-1].wide + em(NAME) - place["end name"].x0)
        legend = fitted(["outlined: acc, filled: O", "filled: O"], LABEL, skin.ink, right, "note", Face.TEXT)
        named = FadeIn(*words[3:], legend, amid([CITATION], skin.ink, place["cited"], "quoted"), rate_func=late)
        film.move(Shows(bars, divide, rate_func=ease_in_out_cubic), named, seconds=1.6)
