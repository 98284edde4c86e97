"""One row block as squares, what it moves beside what it multiplies; their ratio is a dot, and the dot climbs a quoted roof."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from manim import Group
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import theme
from flashviz.chapters import roofline
from flashviz.chapters.roofline import DEVICE, WAYS, Count, Height, Roofline, gather, quotes_of, steps_of
from flashviz.director.film.parts import fitting
from flashviz.director.material import provenance
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, Word, amid, first_that_fits, line_width, machine, middle, word, worded
from flashviz.figures import KIB, amount, times
from flashviz.layout import Rect
from flashviz.layout.roofline import BEYOND, Axes, Squares, pair_of
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, early
from flashviz.mobjects.named import Named
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.roof import Climb, Piles, Reading, RoofView
from flashviz.mobjects.rulers import Dot
from flashviz.mobjects.tiles import Rectangles, box, edges

RATE = ("TFLOP/s at best: 10¹² operations a second", "TFLOP/s, at best")
RATIO = ("operations per byte moved",)
WAITS, WORKS, FULL = ("waits for", "memory"), ("computes at", "full rate"), ("full rate",)  # the two sides of the ridge
MEMORY = "HBM: "
MOVED, DONE = ("bytes moved, in tiles", "bytes moved"), ("operations, in products", "operations")
A_ROW = ("one number a row", "1 a row")
GAP = ("{} of it lost", "{} lost")
EACH = ("each square: {}", "each: {}")
NO_CACHE = ("no cache: it would spare some of these bytes", "no cache: every transfer counts", "no cache counted", "no cache")
PAIR = (
    ("Q: {m} queries of d = {d} numbers, {tile}", "Q: {m} × {d} numbers, {tile}"),
    ("K: {n} keys of d = {d} numbers, {tile_k}", "K: {n} × {d} numbers, {tile_k}"),
    ("multiply and add: 2 × {m} × {n} × {d}", "2 × {m} × {n} × {d}"), ("= {product:,} operations", "{product:,} operations"),
)  # fmt: skip
DEFINED = (
    ("N = {keys} keys: {tiles} tiles of K, and of V",), ("S = scores, from Q and K",),
    ("P = softmax of S, the weights", "P = softmax of S"),
    ("both go out to HBM and come back", "both go out and back"),
)  # fmt: skip
LIMIT = (
    "{rows} queries: S and acc take {taken} of an SM's {whole} of registers; {twice} would take {double}",
    "S and acc of {rows}: {taken} of {whole} of registers; of {twice}: {double}", "{rows} queries: {taken} of {whole} of registers",
)  # fmt: skip
STANDARD, FLASH = "standard attention", "FlashAttention-2"
BLOCK = ("{}: a block of {} queries", "{}, {} queries", "{} queries")
COUNTS, RISES = 4.2, 1.2  # seconds of one row block, and of a dot to the roof
STAYS, GROWTH = 2.0, 2.2  # in which S and P leave the picture, and of a doubling of the rows
CLEAR, BESIDE, OVER = 40, 24, 14  # px: from a dot's middle to its words, from a line to words beside it, and over it
FLOOR, SIDE_LINE = 10, 44  # px, of words over the axis
SLOPE_NAME = 0.6  # of the ridge: where the slope's name stands
CLIMBS = 1.4


class RooflineStage(ShotScene):
    """The scene that the dot climbs on."""

    script = roofline.BEATS

    def open(self, record: Callable[..., Any]) -> RooflineFilm:
        """Count operations and bytes of traces: ``flashviz_kernels.recorder.record``."""
        found = gather(self.settings.config, self.settings.source, record)
        self.provenance = [provenance(trace) for trace in found.traces]
        self.set_board(found.beats, found.said)
        return RooflineFilm(self, found)


class RooflineFilm(ChapterFilm):
    """Everything on stage, made here once."""

    sides: Sequence[Word] = ()  # what happens on either side of the ridge
    facts: Sequence[Word] = ()  # what a tile and a product are, then what S and P are
    limited: Sequence[Word]  # both limits, as they are quoted
    marks: Sequence[Word] = ()  # what dots are of
    axis: Sequence[Word]  # names of the axes, and who is quoted
    knee: Sequence[Word] = ()  # the ridge's number
    gap: Sequence[Word | Rectangles] = ()  # from the first dot up to the full rate
    left: Sequence[Dot] = ()  # dots that stay
    notes: Sequence[Word]  # what squares are
    statistic: Word  # what LSE is
    frame: Named  # around what is of S and P

    def __init__(self, scene: ShotScene, found: Roofline) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.place = place = scene.shot("roof")
        seen = [found.standard.intensity, *(height.intensity for height in found.heights), found.roof.knee or 0.0]
        most = BEYOND * max(seen)
        self.axes = Axes(place["plot"], (most, found.roof.at(most)))
        self.roof = RoofView(found.roof, self.axes, self.skin)
        counts = [found.standard.count, *(height.count for height in found.heights)]
        columns = int(np.ceil(max(count.ways.max() for count in counts) / found.square))
        products = max(count.operations for count in counts) / found.product
        self.piles = Piles(
            Squares(place["ways"], columns, len(WAYS)), Squares(place["work"], columns, int(np.ceil(products / columns))),
            found.square, found.product, self.skin,
        )  # fmt: skip
        self.point = Dot(self.skin.scores, hollow=False, name="point standard")
        self.dot = Dot(self.skin.o, hollow=False, name="point")
        self.reading = Reading(self.skin.quiet, name="reading")
        self.rate = Readout("", LABEL, self.skin.ink, name="rate", face=Face.MONO_STRONG, anchor="right")
        widest = max((divided(count, unit=True) for count in counts), key=len)
        self.unit = fitting(widest, NAME, place["count"]) >= LABEL
        size = fitting(widest if self.unit else divided(counts[-1], unit=False), NAME, place["count"])
        self.division = Readout("", size, self.skin.ink, name="division", face=Face.MONO_STRONG).at(place["count"])
        self.ratio = Readout("", LABEL, self.skin.ink, name="ratio", face=Face.MONO_STRONG, anchor="center")  # beneath the dot, on the axis
        self.who = self.doing(STANDARD, found.standard, self.skin.ink)
        self.names = [self.named(at) for at in range(len(WAYS))]

    def doing(self, name: str, height: Height, color: str) -> Word:
        """Whose row block it is, in the colour of its dot."""
        at = self.place["who"]
        texts = [text.format(*words) for text, words in zip(BLOCK, ((name, height.rows), (name, height.rows), (height.rows,)), strict=True)]
        return word(first_that_fits(texts, LABEL, at.width, Face.STRONG), LABEL, color, at, "who")

    def named(self, at: int) -> Word:
        """A way across, at the left of its squares."""
        way, line = WAYS[at], self.piles.moved.line(at)
        left = line.x0 - em(BESIDE) - text_width(way.name, LABEL, Face.STRONG)
        return Word(way.name, LABEL, self.skin.hue(way.tensor), left, middle(line, LABEL), "way name")

    def legend(self) -> list[Word]:
        """What the squares are, how much each of them is, and what is not counted."""
        found, skin = self.found, self.skin
        texts = {
            "ways head": MOVED, "work head": DONE, "ways note": [text.format(amount(found.square)) for text in EACH],
            "work note": [text.format(f"{found.product:,}") for text in EACH], "note": NO_CACHE,
        }  # fmt: skip
        return [
            word(first_that_fits(options, LABEL, self.place[part].width, Face.TEXT), LABEL, skin.ink, self.place[part], "legend", Face.TEXT)
            for part, options in texts.items()
        ]  # fmt: skip

    def ride(self, dot: Dot, count: Count, lifted: float = 1.0) -> None:
        """The squares of a count, their division, and the dot at its ratio: on the axis, on the roof, or between."""
        self.piles.display(count)
        self.division.display(divided(count, unit=self.unit))
        x, y, _ = self.roof.spot(count.intensity)
        dot.at((x, self.axes.rect.y0 + (y - self.axes.rect.y0) * lifted, 0.0))
        beneath = self.place["ticks"]
        self.ratio.text = "" if lifted else times(count.intensity)
        self.ratio.at(Rect(x, beneath.y0, x, beneath.y1).shifted(0.0, -em(FLOOR)))

    def read_off(self, intensity: float, shown: float = 1.0) -> None:
        """Across from the roof to the rate at the left."""
        rate = self.found.roof.at(intensity)
        self.reading.at(self.axes, intensity, rate, shown)
        self.rate.text = f"{rate:.0f}"
        self.rate.at(self.left_of(rate))

    def left_of(self, rate: float) -> Rect:
        """Where a rate is written."""
        y, right = self.axes.y(rate), self.axes.rect.x0 - em(12)
        return Rect(right - em(LABEL), y - em(20), right, y + em(20))

    def everything(self, dot: Dot) -> Group:
        """What changes with a count."""
        return Group(self.piles, self.division, dot, self.ratio, self.reading, self.rate)

    def mark(self, name: Sequence[str], height: Height, color: str) -> Word:
        """What a dot is of: at its right, under the roof, or at its left, over the line that it is read by, where the ridge is too near."""
        x, y, _ = self.roof.spot(height.intensity)
        left, knee = x + em(CLEAR), self.axes.x(self.found.roof.knee or self.axes.most[0])
        right = min(
            (side.left for side in self.sides if abs(side.baseline - y) < em(SIDE_LINE)), default=knee if x < knee else self.axes.rect.x1
        )
        room = right - em(OVER) - left
        wide = text_width(name[0], LABEL, Face.STRONG)
        if text_width(name[-1], LABEL, Face.STRONG) > room and x - em(CLEAR) - wide > self.axes.rect.x0:
            return Word(name[0], LABEL, color, x - em(CLEAR) - wide, y + em(OVER), "mark rows")
        return Word(first_that_fits(name, LABEL, room, Face.STRONG), LABEL, color, left, y - 0.36 * em(LABEL), "mark rows")

    def rows(self, height: Height) -> list[str]:
        """What is written of FlashAttention's dots."""
        return [f"{height.rows} queries: {times(height.intensity)}", f"{height.rows} queries"]

    def rated(self, name: str, height: Height) -> list[str]:
        """What is written of a dot at the end."""
        rate = f"{self.found.roof.at(height.intensity):.0f}"
        return [f"{name}: {rate} TFLOP/s", f"{name}: {rate}", name]

    def fact_lines(self, lines: Sequence[Sequence[str]], part: str) -> list[Word]:
        """Lines of words that fill a place, the first of their forms that fits."""
        c, at, found = self.found.traces[-1].config, self.place[part], self.found
        keys = min(c.block_n, c.seq_k)
        said = {
            "m": c.seq_q, "n": keys, "d": c.head_dim, "tile": amount(c.seq_q * c.head_dim * c.itemsize), "tile_k": amount(found.square),
            "product": found.product, "keys": c.seq_k, "tiles": -(-c.seq_k // keys),
        }  # fmt: skip
        high = at.height / len(lines)
        return [
            word(
                first_that_fits([text.format(**said) for text in texts], LABEL, at.width, Face.TEXT), LABEL, self.skin.ink,
                Rect(at.x0, at.y1 - (row + 1) * high, at.x1, at.y1 - row * high), "facts", Face.TEXT,
            )
            for row, texts in enumerate(lines)
        ]  # fmt: skip

    def limits(self) -> list[Word]:
        """Both limits at their parts of the roof, as they are quoted."""
        skin, axes, quotes = self.skin, self.axes, quotes_of(DEVICE, self.found.roof)
        text = f"{MEMORY}{quotes[0][0]}"
        x, y, _ = self.roof.spot(SLOPE_NAME * (self.found.roof.knee or axes.most[0]))
        words = [Word(text, LABEL, skin.ink, x - em(BESIDE) - text_width(text, LABEL, Face.STRONG), y + em(BESIDE), "limit")]
        for level, _ in quotes[1:]:
            wide = text_width(level, LABEL, Face.STRONG)
            words.append(Word(level, LABEL, skin.ink, axes.rect.x1 - wide, axes.y(axes.most[1]) + em(18), "limit"))
        return words

    def upright(self, part: str) -> Word:
        """What the axis at the left is of."""
        at = self.place[part]
        return Word(first_that_fits(RATE, LABEL, at.width), LABEL, self.skin.ink, at.x0, middle(at, LABEL), "axis", Face.TEXT)

    def cited(self, part: str) -> Word:
        """Who is quoted."""
        quotes, at = quotes_of(DEVICE, self.found.roof), self.place[part]
        sources = "; ".join(dict.fromkeys(source for _, source in quotes))
        short = "; ".join(dict.fromkeys(source.partition(",")[0] for _, source in quotes))
        return word(first_that_fits((sources, short), LABEL, at.width), LABEL, self.skin.ink, at, "cited", Face.TEXT)

    def ridge_words(self, ticks: Rect) -> list[Word]:
        """The ridge's number beneath the axis, then what happens at its left, and at its right; nothing where there is no ridge."""
        knee = self.found.roof.knee
        if knee is None:
            return []
        text, x = f"{knee:.0f}", self.axes.x(knee)
        number = Word(text, LABEL, self.skin.ink, x - text_width(text, LABEL, Face.STRONG) / 2, middle(ticks, LABEL), "intensity")
        wide = max(text_width(text, LABEL, Face.STRONG) for text in WORKS)
        works = WORKS if x + em(BESIDE) + wide < ticks.x1 else FULL
        return [number, *self.side(WAITS, x - em(BESIDE)), *self.side(works, left=x + em(BESIDE))]

    def added(self) -> list[Word]:
        """The ways that FlashAttention has, as they are named."""
        return [name for name, way in zip(self.names, WAYS, strict=True) if not way.scored]

    def side(self, texts: Sequence[str], right: float | None = None, *, left: float = 0.0) -> list[Word]:
        """Words over the axis, one line over the other, that end or begin somewhere."""
        lows = [self.axes.rect.y0 + em(FLOOR + SIDE_LINE * at) for at in reversed(range(len(texts)))]
        return [
            Word(text, LABEL, self.skin.ink, left if right is None else right - text_width(text, LABEL, Face.STRONG), low, "side")
            for text, low in zip(texts, lows, strict=True)
        ]  # fmt: skip


def divided(count: Count, *, unit: bool) -> str:
    """Operations by bytes, so that it checks by hand."""
    millions = f"{times(count.operations / 10**6)} M"
    moved = f"{count.nbytes / KIB:,.0f} KiB"
    if not count.nbytes:
        return ""
    return f"{millions} {'operations ' if unit else ''}÷ {moved} = {times(count.intensity)} per byte"


# --------------------------------------------------------------------------------------------------------------- beats


@beat("product")
def product(film: RooflineFilm) -> None:
    """A tile of Q, one of K and what they make, large and with their sizes; then each goes to its place among the counted squares."""
    skin, steps, piles = film.skin, steps_of(film.found.traces[-1]), film.piles
    places = pair_of(film.place["pair"])
    targets = (piles.moved.of(0, 1.0)[0], piles.moved.of(1, 1.0)[0], piles.done.flow(1.0)[0])
    hues, names = (skin.q, skin.k, skin.ink), ("Q", "K", "S")
    boxes = [Rectangles(hue, name=f"pair {name}", opacity=0.0 if name == "S" else 1.0) for hue, name in zip(hues, names, strict=True)]
    boxes[-1].set_stroke(skin.ink, width=theme.OUTLINE, opacity=1.0)
    for drawn, place in zip(boxes, places, strict=True):
        drawn.display(edges([place]))
    written = [
        Word(name, NAME, hue, place.center[0] - text_width(name, NAME, Face.STRONG) / 2, place.y1 + em(OVER), "pair name")
        for name, hue, place in zip(names, hues, places, strict=True)
    ]  # fmt: skip
    signs = [
        Word(sign, NAME, skin.ink, (a.x1 + b.x0 - text_width(sign, NAME, Face.STRONG)) / 2, middle(a, NAME), "pair sign")
        for sign, a, b in zip("×=", places, places[1:], strict=False)
    ]  # fmt: skip
    film.facts = film.fact_lines(PAIR, "facts")
    counted = [name for name, way in zip(film.names, WAYS, strict=True) if way.standard]
    film.notes = film.legend()
    film.scene.add(film.who, *counted, *film.notes, machine(DEVICE, film.scene.settings.aspect, skin))
    film.piles.display(steps[0])
    film.scene.add(film.piles)
    with film.scene.telling():
        for drawn, name, fact in zip(boxes[:2], written, film.facts, strict=False):
            film.move(FadeIn(drawn, name, fact), seconds=2 * TEXT)
            film.scene.hold(0.6)
        film.move(FadeIn(*signs, boxes[2], written[2], *film.facts[2:]), seconds=2 * TEXT)
        film.scene.hold(1.2)
        film.move(FadeOut(*signs, *written), seconds=TEXT)

        def shrink(share: float) -> None:
            for drawn, place, target in zip(boxes, places, targets, strict=True):
                drawn.display(edges([place.toward(Rect(*target.tolist()), share)]))

        film.move(Shows(Group(*boxes), shrink, rate_func=ease_in_out_cubic), seconds=MOVE)
    film.piles.display(next(step for step in steps if step.operations))
    film.scene.remove(*boxes)


@beat("block")
def block(film: RooflineFilm) -> None:
    """Standard attention, event by event: a square for each tile that crosses, one for each product; then their ratio."""
    steps = steps_of(film.found.traces[-1])
    first = next(at for at, step in enumerate(steps) if step.operations)
    film.move(FadeOut(*film.facts), seconds=TEXT)
    film.facts = film.fact_lines(DEFINED, "plot")

    def go(share: float) -> None:
        at = first + share * (len(steps) - 1 - first)
        low = min(int(at), len(steps) - 2)
        film.piles.display(steps[low].toward(steps[low + 1], at - low))

    film.scene.event = len(film.found.traces[-1])
    with film.scene.telling():
        film.move(FadeIn(*film.facts), seconds=TEXT)
        film.move(Shows(film.piles, go), seconds=COUNTS)
        film.division.display(divided(steps[-1], unit=film.unit))
        film.move(FadeIn(film.division), seconds=TEXT)


@beat("roof")
def roof(film: RooflineFilm) -> None:
    """The dot at its ratio, on the axis; the slope of the memory, then the level of the arithmetic, each with its quoted figure."""
    knee = film.found.roof.knee
    film.roof.place(film.axes, 0.0, 0.0)
    film.ride(film.point, film.found.standard.count, 0.0)
    film.axis = (film.cited("badge"), film.upright("up"), amid(RATIO, film.skin.ink, film.place["axis"], "axis"))
    film.move(FadeOut(*film.facts), seconds=TEXT / 2)
    film.move(FadeIn(film.roof, *film.axis), seconds=TEXT)
    film.move(FadeIn(film.point, film.ratio), seconds=TEXT)
    stops = [0.0, 1.0] if knee is None else [0.0, knee / film.axes.most[0], 1.0]
    film.limited = film.limits()
    with film.scene.telling():
        for (start, stop), name in zip(pairwise(stops), film.limited, strict=True):
            film.move(Shows(film.roof, partial(draw, film.roof, film.axes, start, stop)), seconds=1.2)
            film.move(FadeIn(name), seconds=TEXT)
            film.scene.hold(0.3)


def draw(view: RoofView, axes: Axes, start: float, stop: float, share: float) -> None:
    """The roof from the left, on the way from one share of its line to another."""
    view.place(axes, start + (stop - start) * share, 0.0)


@beat("ridge")
def ridge(film: RooflineFilm) -> None:
    """Where both limits meet: arithmetic by bandwidth is so many operations a byte; what happens on either side."""
    place, view, skin, knee = film.place, film.roof, film.skin, film.found.roof.knee
    assert knee is not None  # else the board has no such beat
    film.move(FadeOut(film.division), seconds=TEXT)
    film.move(Shows(view, lambda share: view.place(film.axes, 1.0, share), rate_func=ease_in_out_cubic), seconds=0.4)
    (bandwidth, _), (peak, _) = quotes_of(DEVICE, film.found.roof)
    whole = [peak, "÷", bandwidth, "=", f"{knee:.0f} per byte"]
    short = [text.partition(" ")[0] for text in whole]  # without units
    texts = whole if line_width(whole, LABEL) <= place["count"].width else short
    words = worded(place["count"], texts, NAME, [skin.ink] * len(texts), "sum")
    film.move(FadeIn(*words[:-2]), seconds=TEXT)
    film.move(FadeIn(*words[-2:]), seconds=TEXT)
    number, *film.sides = film.ridge_words(place["ticks"])
    film.knee = [number]
    waits, works = film.sides[: len(WAITS)], film.sides[len(WAITS) :]
    with film.scene.telling():
        film.move(FadeIn(*film.knee), seconds=TEXT)
        film.move(FadeIn(*waits), seconds=0.4)
        film.scene.hold(0.8)
        film.move(FadeIn(*works), seconds=0.4)
    film.move(FadeOut(*words), seconds=TEXT)


@beat("standard")
def standard(film: RooflineFilm) -> None:
    """What is of S and P is framed; the dot rises to the slope, as its bytes allow; what is missing to the full rate is a gap over it."""
    found, skin, axes = film.found, film.skin, film.axes
    intensity, pad, rate, peak = found.standard.intensity, em(FLOOR), found.roof.at(found.standard.intensity), found.roof.peak
    lines = [film.piles.moved.line(at) for at, way in enumerate(WAYS) if way.scored]
    left = min(name.left for name in film.names)
    film.frame = Named(box(Rect(left - pad, lines[-1].y0, lines[0].x1 + pad / 2, lines[0].y1), stroke=skin.ink), tag="scored")
    film.move(FadeIn(film.frame), *([FadeOut(film.division)] if peak is None else []), seconds=TEXT)
    (bandwidth, _), *_ = quotes_of(DEVICE, found.roof)
    whole = [f"{times(intensity)} per byte", "×", bandwidth, "=", f"{rate:.0f} TFLOP/s"]
    short = [text.partition(" ")[0] for text in whole]  # without units
    texts = whole if line_width(whole, LABEL) <= film.place["count"].width else short
    words = worded(film.place["count"], texts, NAME, [skin.ink] * len(texts), "attained")
    gap = Rectangles(skin.warn, name="gap")
    gap.values = np.array([rate, axes.most[1]])
    x, low, high, half = axes.x(intensity), axes.y(rate), axes.y(axes.most[1]), em(4)
    with film.scene.telling():
        film.move(Shows(film.point, partial(film.ride, film.point, found.standard.count), rate_func=ease_in_out_cubic), seconds=RISES)
        film.read_off(intensity, 0.0)
        film.move(FadeIn(*words), seconds=TEXT)
        film.move(Shows(Group(film.reading), partial(film.read_off, intensity)), seconds=0.4)
        film.marks = [film.mark((f"standard: {times(intensity)}", "standard"), found.standard, skin.scores)]
        film.move(FadeIn(film.rate, *film.marks), FadeOut(film.limited[0]), seconds=TEXT)
        if peak is not None:
            film.move(
                Shows(gap, lambda share: gap.display(edges([Rect(x - half, low, x + half, low + (high - low) * share)])), introducer=True),
                seconds=0.8,
            )
            lost = first_that_fits(
                [text.format(f"{1 - rate / peak.value:.0%}") for text in GAP], LABEL, axes.x(found.roof.knee or 0) - x, Face.STRONG
            )
            film.gap = [gap, Word(lost, LABEL, skin.ink, x + em(BESIDE), high - em(SIDE_LINE), "lost")]
            film.move(FadeIn(film.gap[1]), seconds=TEXT)
    film.scene.hold(0.6)
    film.move(FadeOut(*words), seconds=TEXT)


@beat("flash")
def flash(film: RooflineFilm) -> None:
    """S and P are taken away, and the bytes that crossed for them: a dot leaves standard attention's and slides up."""
    before, height = film.found.standard, film.found.heights[0]
    scored = [name for name, way in zip(film.names, WAYS, strict=True) if way.scored]
    line = film.piles.moved.line(len(WAYS) - 1)
    said = first_that_fits(A_ROW, LABEL, line.width - em(BESIDE))
    film.statistic = Word(said, LABEL, film.skin.ink, line.x0 + em(BESIDE), middle(line, LABEL), "a row", Face.TEXT)
    added = [film.statistic, *(name for name, way in zip(film.names, WAYS, strict=True) if not way.standard)]
    film.move(FadeOut(film.who, film.frame, *scored, *film.gap), seconds=TEXT)
    film.who = film.doing(FLASH, height, film.skin.o)
    film.scene.add(film.dot)
    film.ride(film.dot, before.count)
    film.move(FadeIn(film.who, film.division, *added), seconds=TEXT)
    with film.scene.telling():
        film.move(climbing(film, before, height), seconds=STAYS)
        leave(film, height)


def climbing(film: RooflineFilm, before: Height, after: Height) -> Shows:
    """From one count to another: the squares, the dot and its rate."""

    def go(share: float) -> None:
        count = before.count.toward(after.count, share)
        film.ride(film.dot, count)
        film.read_off(count.intensity)

    return Shows(film.everything(film.dot), go, rate_func=ease_in_out_cubic)


def leave(film: RooflineFilm, height: Height) -> None:
    """A dot that stays where the moving one stands, with what it is of."""
    stays = Dot(film.skin.o, hollow=False, name="mark").at(film.roof.spot(height.intensity))
    film.marks = [*film.marks, film.mark(film.rows(height), height, film.skin.o)]
    film.left = [*film.left, stays]
    film.move(FadeIn(stays, film.marks[-1]), seconds=TEXT)


@beat("climb")
def climb(film: RooflineFilm) -> None:
    """Twice as many rows, again and again: twice the products and twice of Q and O, and no more of K and V."""
    with film.scene.telling():
        for before, after in pairwise(film.found.heights):
            film.move(climbing(film, before, after), FadeOut(film.who, rate_func=early), seconds=GROWTH)
            film.who = film.doing(FLASH, after, film.skin.o)
            film.move(FadeIn(film.who), seconds=TEXT)
            leave(film, after)


@beat("answer")
def answer(film: RooflineFilm) -> None:
    """What was counted leaves and the plot has the frame; from standard attention's dot up to the largest block's, and what limits that."""
    found, skin, place = film.found, film.skin, film.place
    words = [*film.marks, *film.sides, *film.limited[1:], *film.knee, *film.axis, film.rate]
    ledger = [film.piles, film.division, film.who, film.statistic, *film.added(), *film.notes]
    film.move(FadeOut(*words, *ledger, film.reading, film.dot), seconds=TEXT)
    start, stop, dots = film.axes.rect, place["wide"], [(film.point, found.standard), *zip(film.left, found.heights, strict=True)]

    def widen(share: float) -> None:
        film.axes = Axes(start.toward(stop, share), film.axes.most)
        film.roof.place(film.axes)
        for dot, height in dots:
            dot.at(film.roof.spot(height.intensity))

    film.move(Shows(Group(film.roof, *(dot for dot, _ in dots)), widen, rate_func=ease_in_out_cubic), seconds=MOVE)
    climbed = Climb(film.axes, found.roof, skin)
    ridge = film.ridge_words(place["wide ticks"])
    film.sides = ridge[1:]
    film.marks = [
        film.mark(film.rated(STANDARD, found.standard) + film.rated("standard", found.standard), found.standard, skin.scores),
        *(film.mark(film.rated(f"{height.rows} queries", height), height, skin.o) for height in found.heights),
    ]  # fmt: skip
    taken, whole = found.registers
    rows = found.heights[-1].rows
    said = {"rows": rows, "twice": 2 * rows, "taken": amount(taken), "double": amount(2 * taken), "whole": amount(whole)}
    at = place["limit"]
    limit = first_that_fits([text.format(**said) for text in LIMIT], LABEL, at.width, Face.STRONG)
    axis = [film.upright("wide up"), film.cited("wide badge"), amid(RATIO, skin.ink, place["wide axis"], "axis")]

    def go(share: float) -> None:
        low, high = found.standard.intensity, found.heights[-1].intensity
        climbed.display(low, low + (high - low) * share)

    with film.scene.telling():
        film.move(FadeIn(*axis, *film.marks, *film.limits()[1:], *ridge), seconds=TEXT)
        film.move(Shows(climbed, go, introducer=True, rate_func=ease_in_out_cubic), seconds=CLIMBS)
        film.scene.bring_to_front(*(dot for dot, _ in dots))
        film.move(FadeIn(word(limit, LABEL, skin.ink, at, "limit of rows")), seconds=TEXT)
