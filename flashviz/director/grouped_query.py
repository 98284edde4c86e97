"""Query heads that share keys and values: stored pairs, and a copy for every program that loads one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from manim import Group, Line, VGroup
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import palette, theme
from flashviz.chapters import grouped_query
from flashviz.chapters.grouped_query import NAMES, GroupedQuery, Loads, gather
from flashviz.director.material import provenance
from flashviz.director.shots import TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, ONE_NUMBER, SPACE, Counter, Word, first_that_fits, middle, word, worded
from flashviz.figures import kib
from flashviz.layout import Rect
from flashviz.layout.grouped import pairs, seamed
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows
from flashviz.mobjects.named import Named
from flashviz.mobjects.printed import BytesBar, Printed, part
from flashviz.mobjects.tiles import Rectangles, edges

BARS = ("stored", "loaded")
SLOWLY = 2  # copies that are seen to fly
AGAIN, AT_BEST = "as before", "at best"
BESIDE, SHORTER = em(20), em(6)  # between a bar and its number; of a bracket, at each end


class GroupedQueryStage(ShotScene):
    """The scene that the loads are played on."""

    script = grouped_query.BEATS

    def open(self, run: Callable[..., Any]) -> GroupedQueryFilm:
        """Record both: ``flashviz_kernels.recorder.run``."""
        found = gather(self.settings.config, self.settings.source, run)
        self.provenance = [provenance(loads.trace) for loads in (found.own, found.shared)]
        self.set_board(grouped_query.BEATS, found.said)
        return GroupedQueryFilm(self, found)


class GroupedQueryFilm(ChapterFilm):
    """Everything on stage, made here once."""

    def __init__(self, scene: ShotScene, found: GroupedQuery) -> None:
        self.scene, self.found, self.skin, self.said = scene, found, scene.skin, found.said
        self.place = place = scene.shot("grouped")
        c = found.config
        self.own, self.shared = (pairs(place["grid"], c.heads, stored, c.row_blocks) for stored in (c.heads, c.kv_heads))
        self.panel = Printed(self.own, self.skin, name="grid").store(list(self.own.bricks)).load(found.own.after(0))
        at = place["name"]
        self.names = {
            side: Word(first_that_fits(texts, NAME, at.width, Face.STRONG), NAME, self.skin.ink, at.x0, middle(at, NAME), "name side")
            for side, texts in NAMES.items()
        }
        self.pair = word(self.said["pair"], LABEL, self.skin.ink, place["factor"], "note", Face.TEXT)
        self.labels = [Word(what, NAME, self.skin.ink, place[what].x0, middle(place[what], NAME), "name bar") for what in BARS]
        left = max(label.wide for label in self.labels) + em(30)
        room = text_width(self.said["own_loaded"], NAME, Face.STRONG) + text_width(AGAIN, LABEL) + 2 * BESIDE
        rects = {what: place[what].beyond(left).before(room) for what in BARS}
        unit = rects["loaded"].width / max(found.own.total, found.own.stored)
        self.bars = {what: BytesBar(rect, unit, self.skin, name=what) for what, rect in rects.items()}
        self.columns = self.header()
        self.counter = Counter(self.skin.ink, "bytes loaded")  # of what is loaded so far
        self.stored: Word
        self.again: Word  # that as much is loaded as without sharing

    def header(self) -> VGroup:
        """What the stored pairs, the rows and the columns are."""
        y, panel = self.own.grid.y1 + em(14), self.own
        space = SPACE * em(LABEL)
        k = Word("K", LABEL, self.skin.k, panel.bricks[0].x0, y, "label K")
        v = Word("V", LABEL, self.skin.v, k.left + k.wide + space, y, "label V")
        left = max(panel.heads[0].x0, v.left + v.wide + 2 * space)
        heads = Word(f"{self.said['heads']} query heads ↓", LABEL, self.skin.q, left, y, "note", Face.TEXT)
        left = heads.left + heads.wide + 2 * space
        texts = f"{self.said['blocks']} row blocks of {self.said['rows']} queries →", f"{self.said['blocks']} row blocks →"
        text = first_that_fits(texts, LABEL, panel.grid.x1 - left)
        return VGroup(k, v, heads, Word(text, LABEL, self.skin.ink, left, y, "note", Face.TEXT))

    def number(self, what: str) -> Word:
        """Bytes at a bar's end, or where it once ended."""
        bar = self.bars[what]
        left = max(bar.rect.x0 + bar.nbytes * bar.unit, bar.was.get_right()[0] if len(bar.was.points) else bar.rect.x0)
        return Word(kib(bar.nbytes), NAME, self.skin.ink, left + BESIDE, middle(bar.rect, NAME), f"bytes {what}")

    def beside(self, number: Word, text: str, name: str) -> Word:
        """What a number is to the one before."""
        return Word(text, LABEL, self.skin.ink, number.left + number.wide + BESIDE, number.baseline, name, Face.TEXT)

    def run(self, loads: Loads, start: float = 0.0) -> Shows:
        """The programs load, in the order of the trace, from a share of its events on; bar and number of what was loaded grow with them."""
        count = len(loads.trace)

        def show(share: float) -> None:
            self.load(loads.after(int(count * (start + (1 - start) * share) + 1e-6)))

        return Shows(Group(self.panel, self.bars["loaded"], self.counter), show)

    def load(self, shares: np.ndarray) -> Word:
        """Every program has loaded so much of its pair, and so many bytes are written at the bar's end."""
        self.panel.load(shares)
        self.bars["loaded"].display(float(shares.sum()) * self.found.own.half)
        number = self.number("loaded")
        self.counter.say(number)
        return number


# --------------------------------------------------------------------------------------------------------------- beats


@beat("own")
def own(film: GroupedQueryFilm) -> None:
    """A pair a head; each row block of each head prints its copy of the head's pair, and what is loaded grows as a bar."""
    film.bars["stored"].display(film.found.own.stored)
    film.load(film.found.own.after(0))
    film.stored = film.number("stored")
    film.move(FadeIn(film.panel, film.names["own"], film.columns), seconds=0.6)
    film.move(FadeIn(film.bars["stored"], film.labels[0], film.stored, film.pair), seconds=TEXT)
    film.scene.hold(0.8)
    film.scene.event = len(film.found.own.trace)
    with film.scene.telling():
        film.move(FadeIn(film.labels[1], film.bars["loaded"], film.counter), seconds=TEXT)
        film.move(film.run(film.found.own, copies(film, film.found.own, SLOWLY)), seconds=4.2)


@beat("shared")
def shared(film: GroupedQueryFilm) -> None:
    """Copies leave; in each group K slides onto K, then V onto V, and what is stored gets shorter; outlines stay."""
    name, other = film.names["own"], film.names["shared"]
    for bar in film.bars.values():
        bar.keep()

    def leave(share: float) -> None:
        film.panel.shine(1 - share)
        film.bars["loaded"].shine(1 - share)

    leaving = Shows(Group(film.panel, *film.bars.values()), leave)
    film.move(FadeOut(name, film.stored, film.counter), leaving, seconds=0.6)
    film.load(film.found.own.after(0))
    leave(0.0)
    group = film.found.config.group
    start = edges(list(film.own.bricks))
    stop = edges([film.shared.bricks[head // group] for head in range(film.found.config.heads)])
    before, after = film.found.own.stored, film.found.shared.stored

    def come(share: float) -> None:
        ways = (ease_in_out_cubic(min(1.0, max(0.0, 2 * share - at))) for at in range(2))  # of K, and then of V
        film.panel.store(*([Rect(*(a + (b - a) * way)) for a, b in zip(start, stop, strict=True)] for way in ways))
        film.bars["stored"].display(before + (after - before) * share)

    with film.scene.telling():
        film.move(Shows(Group(film.panel, film.bars["stored"]), come), FadeIn(other), seconds=2.8)
        film.panel.share(film.shared)
        number = film.number("stored")
        was = film.beside(number, f"was {film.said['own_stored']}", "was")
        film.move(FadeIn(number, was, film.panel.brackets), seconds=TEXT)


@beat("loads")
def loads(film: GroupedQueryFilm) -> None:
    """The first copies fly; then every program of every head has loaded its own, and the bar fills its outline: as before."""
    found = film.found.shared
    film.scene.event = len(found.trace)
    with film.scene.telling():
        film.move(FadeIn(film.counter), seconds=TEXT)
        film.move(film.run(found, copies(film, found, SLOWLY)), seconds=4.4)
        film.again = film.beside(film.number("loaded"), AGAIN, "as before")
        film.move(FadeIn(film.again), seconds=TEXT)


def copies(film: GroupedQueryFilm, found: Loads, count: int) -> float:
    """So many copies fly from the pair to the program that loads it; which share of the trace's events that is."""
    trace, done = found.trace, 0
    order = list(dict.fromkeys(zip(trace.columns["pid_bh"].tolist(), trace.columns["pid_m"].tolist(), strict=True)))
    for index, (head, block) in enumerate(order[:count]):
        done = int(trace.bounds[index + 1])
        film.move(flight(film, int(head), int(block), found.after(done)), seconds=0.7)
        film.load(found.after(done))
    return done / len(trace)


def flight(film: GroupedQueryFilm, head: int, block: int, shares: np.ndarray) -> Shows:
    """A copy of the pair shrinks into the program's cell."""
    place = film.panel.place
    start, stop = seamed(place.bricks[head * len(place.bricks) // len(place.heads)]), seamed(place.cells[head][block])
    parts = []
    for half, hue in enumerate((film.skin.k, film.skin.v)):
        share = float(shares[head, block, half])
        ends = edges([part(start, half, share)]), edges([part(stop, half, share)])
        parts.append((Rectangles(hue, name="copy"), *ends))

    def fly(share: float) -> None:
        for drawn, before, after in parts:
            drawn.display(before + (after - before) * share)

    fly(0.0)
    flying = VGroup(*(drawn for drawn, *_ in parts))
    return Shows(flying, fly, rate_func=ease_in_out_cubic, remover=True)


@beat("sum")
def total(film: GroupedQueryFilm) -> None:
    """All pairs stored, times the row blocks above, times the heads of every group at the right: what is loaded."""
    said, skin, grid = film.said, film.skin, film.shared.grid
    high, left = grid.y1 + em(4), grid.x1 + em(14)
    across = Line((grid.x0, high, 0), (grid.x1, high, 0), stroke_color=skin.ink, stroke_width=theme.HEAVY)
    groups = [film.shared.group(pair) for pair in range(len(film.shared.bricks))]
    down = VGroup(
        *(Line((left, at.y0 + SHORTER, 0), (left, at.y1 - SHORTER, 0), stroke_color=skin.q, stroke_width=theme.HEAVY) for at in groups)
    )
    text = first_that_fits((f"{said['group']} heads", said["group"]), NAME, film.place["grid"].x1 - left - em(14), Face.STRONG)
    named = groups if groups[0].height > em(NAME) else groups[:1]
    counts = [Word(text, NAME, skin.q, left + em(14), middle(at, NAME), "count group") for at in named]
    film.move(FadeOut(film.pair), seconds=TEXT)
    with film.scene.telling():
        for bracket in (Group(across), Group(down, *counts)):
            film.move(FadeIn(bracket), seconds=0.5)
            film.scene.hold(0.3)
        film.move(FadeIn(equation(film)), seconds=TEXT)


def equation(film: GroupedQueryFilm) -> Named:
    """How often what is stored is loaded: a copy a row block and a head of its group."""
    said, skin, rect = film.said, film.skin, film.place["factor"]
    whole = said["times"] == f"{film.found.config.row_blocks * film.found.config.group:,}"  # else a mask leaves tiles out
    factors = [said["blocks"], "×", said["group"]] if whole else [said["times"]]
    texts = [said["shared_stored"], "×", *factors, "=", said["shared_loaded"]]
    colors = [skin.q if whole and index == 4 else skin.ink for index in range(len(texts))]
    px = min(ONE_NUMBER, rect.height / em(1.2))
    return Named(*worded(rect, texts, px, colors, "part"), tag="factor", text=" ".join(texts))


@beat("cache")
def cache(film: GroupedQueryFilm) -> None:
    """Repeats step back, and the bar falls to what crosses if a cache had kept all of them; then all that is loaded is there again."""
    veil, bar, whole = film.panel.again(), film.bars["loaded"], film.found.shared.total
    once = film.found.shared.once

    def fall(share: float) -> None:
        bar.display(whole + (once - whole) * share)
        veil.set_fill(opacity=palette.LIT * share)

    fall(1.0)
    text = f"{kib(once)} {AT_BEST}"
    best = Word(text, NAME, film.skin.ink, bar.rect.x0 + once * bar.unit + 2 * BESIDE, middle(bar.rect, NAME), "best")
    fall(0.0)
    film.scene.add(veil)
    moved = Group(bar, veil)
    with film.scene.telling():
        film.move(FadeOut(film.again, film.counter), seconds=TEXT)
        film.move(Shows(moved, fall, rate_func=ease_in_out_cubic), seconds=1.6)
        film.move(FadeIn(best), seconds=TEXT)
        film.scene.hold(1.2)
        film.move(FadeOut(best), seconds=TEXT)
        film.move(Shows(moved, lambda share: fall(1 - share), rate_func=ease_in_out_cubic, remover=False), seconds=1.0)
        film.scene.remove(veil)
        film.move(FadeIn(film.again, film.counter), seconds=TEXT)
