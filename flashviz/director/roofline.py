"""One row block as squares, what it moves beside what it multiplies; their ratio is a dot, and the dot climbs a quoted roof."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from manim import Group
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz.chapters import roofline
from flashviz.chapters.roofline import DEVICE, WAYS, Count, Height, Roofline, gather, quotes_of, steps_of
from flashviz.director.film.parts import fitting
from flashviz.director.material import provenance
from flashviz.director.shots import TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, Word, amid, first_that_fits, fly, line_width, machine, middle, word, worded
from flashviz.figures import KIB, amount, times
from flashviz.layout import Rect
from flashviz.layout.roofline import BEYOND, Axes, Squares
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows
from flashviz.mobjects.named import Named
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.roof import Climb, Piles, Reading, RoofView
from flashviz.mobjects.rulers import Dot
from flashviz.mobjects.tiles import box

RATE = ("TFLOP/s at best: 10¹² operations a second", "TFLOP/s, at best")
RATIO = ("operations per byte moved",)
WAITS, WORKS, FULL = ("waits for", "memory"), ("computes at", "full rate"), ("full rate",)  # the two sides of the ridge
MEMORY = "HBM: "
MOVED, DONE = ("bytes moved, in tiles", "bytes moved"), ("operations, in products", "operations")
EACH = ("each square: {}", "each: {}")
NO_CACHE = ("no cache: every transfer is counted", "no cache counted", "no cache")
STANDARD, FLASH = "standard attention", "FlashAttention-2"
BLOCK = ("{}: a block of {} queries", "{}, {} queries", "{} queries")
COUNTS, RISES = 4.6, 1.2  # seconds of one row block, and of a dot to the roof
STAYS, GROWTH = 2.0, 2.0  # in which S and P leave the picture, and of a doubling of the rows
UNDER, OVER, NEAR, BESIDE, ABOUT, LEAST = 34, 14, 18, 24, 8, 4  # px, from the roof, a dot or the axis to what is written of a dot
FLOOR, SIDE_LINE = 10, 44  # px, of words over the axis
SLOPE_NAME = 0.6  # of the ridge: where the slope's name stands
CLIMBS = 2.0


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

    sides: Sequence[Word] = ()  # what happens left of the ridge
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
        self.ratio.text = "" if lifted or not count.nbytes else f"{count.intensity:.0f}"
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
        """What a dot is of, at its right and beneath the roof; over the roof where it would cross the ridge."""
        x, y, _ = self.roof.spot(height.intensity)
        left = x + em(NEAR)
        roof_there = self.axes.y(self.found.roof.at(height.intensity * (left - self.axes.rect.x0) / (x - self.axes.rect.x0)))
        baseline = max(min(roof_there - em(UNDER), y - em(ABOUT)), self.axes.rect.y0 + em(LEAST))
        ridge, wide = self.axes.x(self.found.roof.knee or self.axes.most[0]), text_width(name[0], LABEL, Face.STRONG)
        if x < ridge < left + wide and x - em(BESIDE) - wide > self.axes.rect.x0:
            return Word(name[0], LABEL, color, x - em(BESIDE) - wide, y + em(OVER), "mark rows")
        right = ridge if x < ridge else self.axes.rect.x1
        room = min((side.left for side in self.sides if abs(side.baseline - baseline) < em(SIDE_LINE)), default=right) - left
        return Word(first_that_fits(name, LABEL, room, Face.STRONG), LABEL, color, left, baseline, "mark rows")

    def rows(self, height: Height) -> list[str]:
        """What is written of FlashAttention's dots."""
        return [f"{height.rows} rows: {height.intensity:.0f}", f"{height.rows} rows", f"{height.rows}"]

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

    def cited(self) -> Word:
        """Who is quoted."""
        quotes, at = quotes_of(DEVICE, self.found.roof), self.place["badge"]
        sources = "; ".join(dict.fromkeys(source for _, source in quotes))
        short = "; ".join(dict.fromkeys(source.partition(",")[0] for _, source in quotes))
        return word(first_that_fits((sources, short), LABEL, at.width), LABEL, self.skin.ink, at, "cited", Face.TEXT)

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
    return f"{millions} {'operations ' if unit else ''}÷ {moved} = {count.intensity:.0f} per byte"


# --------------------------------------------------------------------------------------------------------------- beats


@beat("block")
def block(film: RooflineFilm) -> None:
    """Standard attention, event by event: a square for each tile that crosses, one for each product, and the dot at their ratio."""
    steps = steps_of(film.found.traces[-1])
    film.roof.place(film.axes, 0.0, 0.0)
    film.ride(film.point, steps[0], 0.0)
    axis = amid(RATIO, film.skin.ink, film.place["axis"], "axis")
    counted = [name for name, way in zip(film.names, WAYS, strict=True) if way.standard]
    film.scene.add(film.roof, film.piles, film.division, film.point, film.ratio, film.who, axis, *counted, *film.legend())
    film.scene.add(machine(DEVICE, film.scene.settings.aspect, film.skin))

    def go(share: float) -> None:
        at = share * (len(steps) - 1)
        low = min(int(at), len(steps) - 2)
        film.ride(film.point, steps[low].toward(steps[low + 1], at - low), 0.0)

    film.scene.event = len(film.found.traces[-1])
    with film.scene.telling():
        film.scene.hold(0.8)
        film.move(Shows(film.everything(film.point), go), seconds=COUNTS)


@beat("roof")
def roof(film: RooflineFilm) -> None:
    """The slope of the memory, then the level of the arithmetic, each with its quoted figure."""
    knee, at = film.found.roof.knee, film.place["up"]
    up = Word(first_that_fits(RATE, LABEL, at.width), LABEL, film.skin.ink, at.x0, middle(at, LABEL), "axis", Face.TEXT)
    film.move(FadeIn(film.cited(), up), seconds=TEXT)
    stops = [0.0, 1.0] if knee is None else [0.0, knee / film.axes.most[0], 1.0]
    with film.scene.telling():
        for (start, stop), name in zip(pairwise(stops), film.limits(), strict=True):
            film.move(Shows(film.roof, partial(draw, film.roof, film.axes, start, stop)), seconds=1.4)
            film.move(FadeIn(name), seconds=TEXT)
            film.scene.hold(0.4)
    if film.found.roof.peak is not None:
        rect, level = film.left_of(film.axes.most[1]), f"{film.axes.most[1]:.0f}"
        left = rect.x1 - text_width(level, LABEL, Face.STRONG)
        film.move(FadeIn(Word(level, LABEL, film.skin.ink, left, middle(rect, LABEL), "level")), seconds=TEXT)


def draw(view: RoofView, axes: Axes, start: float, stop: float, share: float) -> None:
    """The roof from the left, on the way from one share of its line to another."""
    view.place(axes, start + (stop - start) * share, 0.0)


@beat("ridge")
def ridge(film: RooflineFilm) -> None:
    """Where both limits meet: arithmetic by bandwidth is so many operations a byte; what happens on either side."""
    place, view, skin, knee = film.place, film.roof, film.skin, film.found.roof.knee
    assert knee is not None  # else the board has no such beat
    film.move(FadeOut(film.division), seconds=TEXT)
    film.move(Shows(view, lambda share: view.place(film.axes, 1.0, share), rate_func=ease_in_out_cubic), seconds=0.8)
    (bandwidth, _), (peak, _) = quotes_of(DEVICE, film.found.roof)
    whole = [peak, "÷", bandwidth, "=", f"{knee:.0f} per byte"]
    short = [text.partition(" ")[0] for text in whole]  # without units
    texts = whole if line_width(whole, LABEL) <= place["count"].width else short
    words = worded(place["count"], texts, NAME, [skin.ink] * len(texts), "sum")
    for pair in (words[:1], words[1:3], words[3:]):  # an operand with its sign
        film.move(FadeIn(*pair), seconds=TEXT)
    rect, text, x = place["ticks"], f"{knee:.0f} per byte", film.axes.x(knee)
    left = min(x - text_width(text, LABEL, Face.STRONG) / 2, rect.x1 - text_width(text, LABEL, Face.STRONG))
    wide = max(text_width(text, LABEL, Face.STRONG) for text in WORKS)
    waits, works = film.side(WAITS, x - em(BESIDE)), film.side(WORKS if x + em(BESIDE) + wide < rect.x1 else FULL, left=x + em(BESIDE))
    film.sides = waits
    with film.scene.telling():
        film.move(fly(Word(text, LABEL, skin.ink, left, middle(rect, LABEL), "intensity"), words[-1]), seconds=0.7)
        film.move(FadeIn(*waits), seconds=0.4)
        film.scene.hold(0.8)
        film.move(FadeIn(*works), seconds=0.4)
    film.move(FadeOut(*words), seconds=TEXT)


@beat("standard")
def standard(film: RooflineFilm) -> None:
    """What is of S and P is framed; the dot rises to the slope and is read across, to its rate."""
    found, skin = film.found, film.skin
    intensity, pad = found.standard.intensity, em(FLOOR)
    lines = [film.piles.moved.line(at) for at, way in enumerate(WAYS) if way.scored]
    left = min(name.left for name in film.names)
    film.frame = Named(box(Rect(left - pad, lines[-1].y0, lines[0].x1 + pad / 2, lines[0].y1), stroke=skin.ink), tag="scored")
    film.move(FadeIn(film.frame, *([film.division] if found.roof.knee is not None else [])), seconds=TEXT)
    with film.scene.telling():
        film.move(Shows(film.point, partial(film.ride, film.point, found.standard.count), rate_func=ease_in_out_cubic), seconds=RISES)
        film.read_off(intensity, 0.0)
        film.move(Shows(Group(film.reading), partial(film.read_off, intensity)), seconds=0.4)
        film.move(FadeIn(film.rate, film.mark((f"standard: {intensity:.0f}", "standard"), found.standard, skin.scores)), seconds=TEXT)


@beat("flash")
def flash(film: RooflineFilm) -> None:
    """S and P are taken away, and the bytes that crossed for them: a dot leaves standard attention's and slides up."""
    before, height = film.found.standard, film.found.heights[0]
    scored = [name for name, way in zip(film.names, WAYS, strict=True) if way.scored]
    added = [name for name, way in zip(film.names, WAYS, strict=True) if not way.standard]
    film.move(FadeOut(film.who, film.frame, *scored), seconds=TEXT)
    film.who = film.doing(FLASH, height, film.skin.o)
    film.scene.add(film.dot)
    film.ride(film.dot, before.count)
    film.move(FadeIn(film.who, *added), seconds=TEXT)
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
    film.move(FadeIn(stays, film.mark(film.rows(height), height, film.skin.o)), seconds=TEXT)


@beat("climb")
def climb(film: RooflineFilm) -> None:
    """Twice as many rows, again and again: twice the products and twice of Q and O, and no more of K and V."""
    with film.scene.telling():
        for before, after in pairwise(film.found.heights):
            film.move(FadeOut(film.who), seconds=TEXT / 2)
            film.who = film.doing(FLASH, after, film.skin.o)
            film.move(FadeIn(film.who), seconds=TEXT / 2)
            film.move(climbing(film, before, after), seconds=GROWTH)
            leave(film, after)


@beat("answer")
def answer(film: RooflineFilm) -> None:
    """From standard attention's dot to the tallest tile's, the part of the roof that was climbed."""
    low, high = film.found.standard.intensity, film.found.heights[-1].intensity
    climbed = Climb(film.axes, film.found.roof, film.skin)

    def go(share: float) -> None:
        climbed.display(low, low + (high - low) * share)

    with film.scene.telling():
        film.move(Shows(climbed, go, introducer=True, rate_func=ease_in_out_cubic), seconds=CLIMBS)
