"""Query heads that share keys and values: the same problem without sharing and with it, side by side, and a copy for every load."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from manim import Group, Line, Mobject, VGroup
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import palette, theme
from flashviz.chapters import grouped_query
from flashviz.chapters.grouped_query import NAMES, GroupedQuery, Loads, gather
from flashviz.director.material import provenance
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, ONE_NUMBER, SPACE, Counter, Word, amid, first_that_fits, middle, worded
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
AT_BEST = "at best"
MAKES = "O = softmax(QKᵀ) V"
CLOSELY = "keys K", "values V", "queries Q"
FACTORS = {"own": "stored × row blocks", "shared": "stored × row blocks × heads"}
LINE = 0.6  # of the height that an equation has with what its factors are
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
        self.place = scene.shot("grouped")
        self.own, self.shared = Side(self, "first", "own", found.own), Side(self, "second", "shared", found.shared)
        self.sides = self.own, self.shared
        self.pair = amid([self.said["pair"], self.said["pair"].split(": ")[-1]], self.skin.ink, self.place["factor"], "note")


class Side:
    """Stored pairs, a grid of copies, and a bar each of what is stored and of what is loaded. All begins with a pair a head."""

    stored: Word

    def __init__(self, film: GroupedQueryFilm, where: str, name: str, loads: Loads) -> None:
        self.loads, self.name, self.skin, self.said, self.config = loads, name, film.skin, film.said, film.found.config
        c, place, own = self.config, film.place, film.found.own
        self.before, self.after = (pairs(place[where], c.heads, stored, c.row_blocks) for stored in (c.heads, loads.trace.config.kv_heads))
        self.panel = Printed(self.before, self.skin, name=f"grid {name}").store(list(self.before.bricks)).load(loads.after(0)).lay(0.0)
        at = place[f"{where} name"]
        text = first_that_fits(NAMES[name], NAME, at.width, Face.STRONG)
        self.title = Word(text, NAME, self.skin.ink, at.x0, middle(at, NAME), "name side")
        rects = {what: place[f"{where} {what}"] for what in BARS}
        self.labels = [Word(what, NAME, self.skin.ink, rect.x0, middle(rect, NAME), "name bar") for what, rect in rects.items()]
        left = max(label.wide for label in self.labels) + BESIDE
        room = text_width(film.said["loaded"], NAME, Face.STRONG) + BESIDE
        unit = (rects["loaded"].width - left - room) / max(own.total, own.stored)
        self.bars = {what: BytesBar(rect.beyond(left), unit, self.skin, name=f"{what} {name}") for what, rect in rects.items()}
        self.counter = Counter(self.skin.ink, f"bytes loaded {name}")  # of what is loaded so far

    def store(self, nbytes: float) -> Word:
        """So many bytes are stored, and are written at the bar's end."""
        self.bars["stored"].display(nbytes)
        self.stored = self.number("stored")
        return self.stored

    def number(self, what: str) -> Word:
        """Bytes at a bar's end, or where it once ended."""
        bar = self.bars[what]
        left = max(bar.rect.x0 + bar.nbytes * bar.unit, bar.was.get_right()[0] if len(bar.was.points) else bar.rect.x0)
        return Word(kib(bar.nbytes), NAME, self.skin.ink, left + BESIDE, middle(bar.rect, NAME), f"bytes {what} {self.name}")

    def run(self, start: float = 0.0) -> Shows:
        """The programs load, in the order of the trace, from a share of its events on; bar and number of what was loaded grow with them."""
        count = len(self.loads.trace)

        def show(share: float) -> None:
            self.load(self.loads.after(int(count * (start + (1 - start) * share) + 1e-6)))

        return Shows(Group(self.panel, self.bars["loaded"], self.counter), show)

    def load(self, shares: np.ndarray) -> None:
        """Every program has loaded so much of its pair, and so many bytes are written at the bar's end."""
        self.panel.load(shares)
        self.bars["loaded"].display(float(shares.sum()) * self.loads.half)
        self.counter.say(self.number("loaded"))

    def letters(self) -> VGroup:
        """Above the stored pairs K and V, above the heads Q."""
        y, head = self.before.grid.y1 + em(14), self.before.heads[0]
        k = Word("K", LABEL, self.skin.k, self.before.bricks[0].x0, y, "label K")
        v = Word("V", LABEL, self.skin.v, k.left + k.wide + SPACE * em(LABEL), y, "label V")
        left = max(head.center[0] - text_width("Q", LABEL, Face.STRONG) / 2, v.left + v.wide + SPACE * em(LABEL))
        return VGroup(k, v, Word("Q", LABEL, self.skin.q, left, y, "label Q"))

    def axes(self) -> VGroup:
        """The two sides of the grid with what is counted along them: row blocks above, at the right heads, of each group that shares."""
        said, skin, grid = self.said, self.skin, self.after.grid
        high, left = grid.y1 + em(4), grid.x1 + em(14)
        across = Line((grid.x0, high, 0), (grid.x1, high, 0), stroke_color=skin.ink, stroke_width=theme.HEAVY)
        above = f"{said['blocks']} row blocks of {self.config.block_m:,} queries", f"{said['blocks']} row blocks", said["blocks"]
        blocks = amid(above, skin.ink, Rect(grid.x0, high, grid.x1, high + em(LABEL + 14)), "axis")
        alone = len(self.after.bricks) == len(self.after.heads)
        groups = [grid] if alone else [self.after.group(pair) for pair in range(len(self.after.bricks))]
        down = [
            Line((left, at.y0 + SHORTER, 0), (left, at.y1 - SHORTER, 0), stroke_color=skin.q, stroke_width=theme.HEAVY) for at in groups
        ]
        count = said["heads"] if alone else said["group"]
        text = first_that_fits((f"{count} heads", count), LABEL, self.room.x1 - left - em(14), Face.STRONG)
        named = groups if groups[0].height > em(NAME) else groups[:1]
        counts = [Word(text, LABEL, skin.q, left + em(14), middle(at, LABEL), "count group") for at in named]
        return VGroup(across, blocks, *down, *counts)

    @property
    def room(self) -> Rect:
        """From the stored pairs to the place's right edge."""
        bars = self.bars["stored"].rect
        return Rect(self.before.bricks[0].x0, self.before.grid.y0, bars.x1, self.before.grid.y1)


# --------------------------------------------------------------------------------------------------------------- beats


@beat("head")
def head(film: GroupedQueryFilm) -> None:
    """One head closely, its pair and its queries; it takes its place in a row, the others come, and what their pairs take as a bar."""
    side, close = film.own, film.scene.shot("one head")
    panel, place, ink = side.panel, side.before, film.skin.ground
    start, stop = edges([close["pair"], close["queries"]]), edges([place.bricks[0], place.heads[0]])

    def come(share: float) -> None:
        brick, queries = (Rect(*at) for at in start + (stop - start) * share)
        panel.store([brick]).ask([queries])

    def join(share: float) -> None:
        count = max(1, round(len(place.heads) * share))
        panel.store(list(place.bricks[:count])).ask(place.heads[:count])

    come(0.0)
    halves = part(close["pair"], 0, 1.0), part(close["pair"], 1, 1.0), close["queries"]
    inside = [amid([text], ink, at, "note") for text, at in zip(CLOSELY, halves, strict=True)]
    said = {"of": f"one of {film.said['heads']} heads", "makes": MAKES}
    about = [amid([text], film.skin.ink, close[at], "note") for at, text in said.items()]
    film.move(FadeIn(panel, *inside, about[0]), seconds=2 * TEXT)
    with film.scene.telling():
        film.scene.hold(0.6)
        film.move(FadeIn(about[1]), seconds=TEXT)
        film.scene.hold(1.4)
        film.move(FadeOut(*inside, *about), seconds=TEXT)
        film.move(Shows(panel, come, rate_func=ease_in_out_cubic), seconds=MOVE)
        film.move(FadeIn(side.letters()), Shows(panel, join), seconds=1.0)
        number = side.store(film.found.own.stored)
        film.move(FadeIn(side.title, side.bars["stored"], side.labels[0], number, film.pair), seconds=TEXT)


@beat("shared")
def shared(film: GroupedQueryFilm) -> None:
    """A second time, at its side: in each group K slides onto K, then V onto V, and what is stored gets shorter; an outline stays."""
    side, group = film.shared, film.found.config.group
    before, after = film.found.own.stored, film.found.shared.stored
    side.store(before)
    side.bars["stored"].keep()
    with film.scene.telling():
        film.scene.add(side.panel)
        film.move(moved(film.own.panel, side.panel), seconds=MOVE)
        film.move(FadeIn(side.title, side.letters(), side.bars["stored"], side.labels[0]), seconds=TEXT)
        start = edges(list(side.before.bricks))
        stop = edges([side.after.bricks[at // group] for at in range(film.found.config.heads)])

        def come(share: float) -> None:
            ways = (ease_in_out_cubic(min(1.0, max(0.0, 2 * share - at))) for at in range(2))  # of K, and then of V
            side.panel.store(*([Rect(*(a + (b - a) * way)) for a, b in zip(start, stop, strict=True)] for way in ways))
            side.bars["stored"].display(before + (after - before) * share)

        film.move(Shows(Group(side.panel, side.bars["stored"]), come), seconds=2.8)
        side.panel.share(side.after)
        film.move(FadeIn(side.store(after), side.panel.brackets), seconds=TEXT)


def moved(old: Mobject, new: Mobject) -> Shows:
    """A thing comes to its place from where one that is like it stands."""
    parts = [(drawn, of.points.copy(), drawn.points.copy()) for of, drawn in zip(old.get_family(), new.get_family(), strict=True)]

    def come(share: float) -> None:
        for drawn, start, stop in parts:
            drawn.points = start + (stop - start) * share

    return Shows(new, come, rate_func=ease_in_out_cubic)


@beat("loads")
def loads(film: GroupedQueryFilm) -> None:
    """The first copies fly; then every row block of every head has loaded its own, on both sides at once, and two equal bars have grown."""
    film.scene.event = len(film.found.shared.trace)
    for side in film.sides:
        side.load(side.loads.after(0))
    cells = [Shows(side.panel, side.panel.lay) for side in film.sides]
    film.move(*cells, FadeIn(*(side.axes() for side in film.sides)), seconds=2 * TEXT)
    with film.scene.telling():
        film.move(FadeIn(*(part for side in film.sides for part in (side.labels[1], side.bars["loaded"], side.counter))), seconds=TEXT)
        starts = copies(film, SLOWLY)
        film.move(*(side.run(start) for side, start in zip(film.sides, starts, strict=True)), seconds=4.4)


def copies(film: GroupedQueryFilm, count: int) -> list[float]:
    """So many copies fly from the pair to the program that loads it, on both sides; which share of the trace's events that is."""
    orders = [list(dict.fromkeys(zip(c["pid_bh"].tolist(), c["pid_m"].tolist(), strict=True)))[:count] for c in columns(film)]
    done = [0, 0]
    for index in range(min(map(len, orders))):
        done = [int(side.loads.trace.bounds[index + 1]) for side in film.sides]
        shares = [side.loads.after(k) for side, k in zip(film.sides, done, strict=True)]
        flights = [flight(side, *order[index], share) for side, order, share in zip(film.sides, orders, shares, strict=True)]
        film.move(*flights, seconds=0.7)
        for side, share in zip(film.sides, shares, strict=True):
            side.load(share)
    return [k / len(side.loads.trace) for side, k in zip(film.sides, done, strict=True)]


def columns(film: GroupedQueryFilm) -> list[Any]:
    """Of both traces."""
    return [side.loads.trace.columns for side in film.sides]


def flight(side: Side, head: int, block: int, shares: np.ndarray) -> Shows:
    """A copy of the pair shrinks into the program's cell."""
    place = side.after
    start, stop = seamed(place.bricks[head * len(place.bricks) // len(place.heads)]), seamed(place.cells[head][block])
    parts = []
    for half, hue in enumerate((side.skin.k, side.skin.v)):
        share = float(shares[head, block, half])
        ends = edges([part(start, half, share)]), edges([part(stop, half, share)])
        parts.append((Rectangles(hue, name="copy"), *ends))

    def fly(share: float) -> None:
        for drawn, before, after in parts:
            drawn.display(before + (after - before) * share)

    fly(0.0)
    flying = VGroup(*(drawn for drawn, *_ in parts))
    return Shows(flying, fly, rate_func=ease_in_out_cubic, remover=True)


@beat("cache")
def cache(film: GroupedQueryFilm) -> None:
    """Repeats step back, and the bars fall to what crosses if a cache had kept all of them; then all that is loaded is there again."""
    falls, best = [], []
    for side in film.sides:
        veil, bar, whole, once = side.panel.again(), side.bars["loaded"], side.loads.total, side.loads.once
        film.scene.add(veil)

        def fall(share: float, veil: Rectangles = veil, bar: BytesBar = bar, whole: int = whole, once: int = once) -> None:
            bar.display(whole + (once - whole) * share)
            veil.set_fill(opacity=palette.LIT * share)

        left = bar.rect.x0 + once * bar.unit + BESIDE
        best.append(Word(f"{kib(once)} {AT_BEST}", NAME, film.skin.ink, left, middle(bar.rect, NAME), "best"))
        falls.append((Group(bar, veil), fall, veil))
        fall(0.0)
    counters = [side.counter for side in film.sides]
    with film.scene.telling():
        film.move(FadeOut(*counters), seconds=TEXT)
        film.move(*(Shows(both, fall, rate_func=ease_in_out_cubic) for both, fall, _ in falls), seconds=1.6)
        film.move(FadeIn(*best), seconds=TEXT)
        film.scene.hold(1.2)
        film.move(FadeOut(*best), seconds=TEXT)
        film.move(*(Shows(both, fall, rate_func=backwards) for both, fall, _ in falls), seconds=1.0)
        film.scene.remove(*(veil for *_, veil in falls))
        film.move(FadeIn(*counters), seconds=TEXT)


def backwards(share: float) -> float:
    """A motion from its end to its begin."""
    return 1 - float(ease_in_out_cubic(share))


@beat("sum")
def total(film: GroupedQueryFilm) -> None:
    """What is stored, times row blocks, times the heads that share: from both sides the one number of what is loaded."""
    film.move(FadeOut(film.pair), seconds=TEXT)
    with film.scene.telling():
        for group in equation(film):
            film.move(FadeIn(*group), seconds=2 * TEXT)
            film.scene.hold(0.4)


def equation(film: GroupedQueryFilm) -> list[list[Named]]:
    """On one line: at the left without sharing, at the right with it, between them what is loaded; beneath, what is multiplied."""
    said, skin, rect = film.said, film.skin, film.place["factor"]
    own, shared = ([said[f"{name}_stored"], "×", *said[f"{name}_times"].split()] for name in ("own", "shared"))
    texts = [*own, "=", said["loaded"], "=", *shared]
    colors = [skin.q if index == len(texts) - 1 and len(shared) > len(own) else skin.ink for index in range(len(texts))]
    words = worded(rect.top(LINE * rect.height), texts, ONE_NUMBER, colors, "part")
    rest = (rect.x1 - words[-1].left - words[-1].wide) / 2
    for each in words:
        each.put_at(each.left + rest, each.baseline)
    groups = words[: len(own)], words[-len(shared) :], words[len(own) : -len(shared)]
    rooms = [Rect(group[0].left, rect.y0, group[-1].left + group[-1].wide, rect.y0 + (1 - LINE) * rect.height) for group in groups]
    whole = len(shared) > len(own)  # each factor has a name
    named = zip(FACTORS.values(), rooms[:2], strict=True)
    notes = [[amid([text], skin.quiet, room, "note")] if whole and text_width(text, LABEL) <= room.width else [] for text, room in named]
    return [
        [Named(*group, tag="factor", text=" ".join(each.text for each in group)), *note]
        for group, note in zip(groups, (*notes, []), strict=True)
    ]
