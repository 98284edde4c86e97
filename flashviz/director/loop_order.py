"""Which loop is outside: two grids, a line through the tiles as each loop visits them, and a tick for every crossing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from manim import Group
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz.chapters import loop_order
from flashviz.chapters.loop_order import MATRICES, NAMES, STAYS, Flown, LoopOrder, Order, gather
from flashviz.director.flash import provenance
from flashviz.director.shots import TEXT, ShotScene, StepBack, beat, step_forth
from flashviz.director.words import LABEL, NAME, NUMBER, Word, labelled, middle, worded
from flashviz.layout import Rect, fringe
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.fringed import FringedCross
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows
from flashviz.mobjects.named import Named
from flashviz.mobjects.tiles import Rectangles

BACK = 0.22  # of what waits while the other is spoken of
SIDES = ("first", "second")
FIRST_TILE, PASS = 1.8, 2.4  # seconds: of the first tile, slowly, and of the rest of its pass
FLIGHT = 0.4  # seconds of a tile's way, and at most so much of the time of its score tile


class LoopOrderStage(ShotScene):
    """The scene that the loops are played on."""

    script = loop_order.BEATS

    def open(self, run: Callable[..., Any]) -> LoopOrderFilm:
        """Record both loop orders: ``flashviz_kernels.recorder.run``."""
        found = gather(self.settings.config, self.settings.source, run)
        self.provenance = [provenance(order.trace) for order in found.orders]
        self.set_board(loop_order.BEATS, found.said)
        return LoopOrderFilm(self, found)


class LoopOrderFilm:
    """Everything on stage, made here once."""

    stays: list[Named]  # what waits on chip, beneath each cross
    back: StepBack
    ticks_back: StepBack
    o_back: StepBack

    def __init__(self, scene: ShotScene, found: LoopOrder) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.place = place = scene.shot("loops")
        self.views: list[FringedCross] = []
        self.names: list[Named] = []
        for side, order, (name, paper) in zip(SIDES, found.orders, NAMES, strict=True):
            view = FringedCross(fringe(found.config, place[side], found.most), order.passes, self.skin, name=side)
            self.views.append(view.cross_at(counts(order, 0)).visit([0.0] * len(order.passes)).store(order.folded.stored_share(0)))
            outer = self.skin.k if order.outer else self.skin.q
            self.names.append(named(place[f"{side} name"], name, paper, outer, self.skin.ink))
        self.tick = tick(self)
        self.sums: list[Word] = []

    def run(self, side: int, start: float, stop: float, seconds: float = 0.0) -> Shows:
        """The loop of one side, over the score tiles ``start`` to ``stop``, at an even pace; tiles fly where ``seconds`` are given."""
        view, order = self.views[side], self.found.orders[side]
        flights = order.flights(start, stop, FLIGHT * (stop - start) / seconds) if seconds else []

        def show(share: float) -> None:
            visited = start + (stop - start) * share
            display(view, order, visited)
            view.fly([(*tile, ease_in_out_cubic(way)) for tile, way in on_the_way(flights, visited)])

        return Shows(view, show)

    def first_pass(self, side: int) -> int:
        """How many score tiles the outer loop's first pass visits."""
        return len(self.found.orders[side].passes[0])

    def move(self, *animations: Any, seconds: float) -> None:
        self.scene.move(*animations, seconds=seconds)

    def read(self) -> None:
        """Stand until the beat's caption has been read; then things move."""
        self.scene.arrived()


def named(rect: Rect, name: str, paper: str, color: str, ink: str) -> Named:
    """A loop order's name and, where there is room for it, the algorithm that is known for it."""
    wide = text_width(name, NAME, Face.STRONG) + 0.4 * em(NAME) + text_width(paper, LABEL)
    if wide <= rect.width:
        return Named(*labelled(rect, (name, color), (paper, ink)), tag="order", text=name)
    return Named(Word(name, NAME, color, rect.x0, middle(rect, NAME), "name"), tag="order", text=name)


def on_the_way(flights: list[Flown], visited: float) -> list[tuple[tuple[str, int, int, int], float]]:
    """The tiles that are under way, each with how far it is from its place towards the cursor."""
    found = []
    for flown in flights:
        way = (visited - flown.start) / flown.takes
        if 0 < way < 1:
            found.append(((flown.tensor, flown.tile, flown.i, flown.j), way if flown.loads else 1 - way))
    return found


def counts(order: Order, k: int) -> dict[str, np.ndarray]:
    """How often each tile has crossed after ``k`` events."""
    return {tensor: order.crossings(tensor, k) for tensor in MATRICES}


def display(view: FringedCross, order: Order, visited: float) -> None:
    """After so many score tiles: ticks event by event, the line, the shares of O that are stored."""
    k = order.event_at(visited)
    before = np.cumsum([0, *(len(visits) for visits in order.passes)])
    view.visit([float(np.clip(visited - start, 0, len(visits))) for start, visits in zip(before, order.passes, strict=False)])
    view.cross_at(counts(order, k)).store(order.folded.stored_share(k))


def tick(film: LoopOrderFilm) -> Named:
    """What a tick is: one of them, and words."""
    rect, skin = film.place["tick"], film.skin
    text = f"one tile crosses: {film.found.said['tile']}"
    wide, gap = text_width(text, LABEL), em(18)
    left = rect.center[0] - (wide + gap) / 2
    mark = Rectangles(skin.ink, name="tick")
    mark.display(np.array([[left - em(6), rect.center[1] - em(18), left + em(4), rect.center[1] + em(18)]]))
    return Named(mark, Word(text, LABEL, skin.ink, left + gap, middle(rect, LABEL), "note", Face.TEXT), tag="tick words")


# --------------------------------------------------------------------------------------------------------------- beats


@beat("stage")
def stage(film: LoopOrderFilm) -> None:
    """Two crosses."""
    film.move(FadeIn(*film.views, *film.names), seconds=0.8)
    film.read()


@beat("keys")
def keys(film: LoopOrderFilm) -> None:
    """The first column: K and V stay, Q and O come and go, a tick each time."""
    stay(film, 0)


@beat("queries")
def queries(film: LoopOrderFilm) -> None:
    """The first row: Q stays and O is not seen until the row is done; K and V come and go."""
    stay(film, 1)


def stay(film: LoopOrderFilm, side: int) -> None:
    """One pass of one side's outer loop; the other side waits in the background. Then what stayed on chip is said."""
    skin, view = film.skin, film.views[side]
    others = [step_forth(film.back)] if side else []
    film.back = StepBack([film.views[1 - side], film.names[1 - side], *(film.stays if side else [])], BACK)
    film.move(*others, film.back, seconds=TEXT)
    film.read()
    film.scene.event = film.found.orders[side].event_at(film.first_pass(side))
    if not side:
        film.move(FadeIn(film.tick), seconds=TEXT)
    slow = FIRST_TILE if not side else 0.6 * FIRST_TILE
    film.move(film.run(side, 0.0, 1.0, slow), seconds=slow)
    if film.first_pass(side) > 1:
        film.move(film.run(side, 1.0, float(film.first_pass(side)), PASS), seconds=PASS)
    rect = film.place[f"{SIDES[side]} note"]
    first, second = tuple(STAYS[side])
    words = worded(rect, [first, "and", second, "wait on chip"], NAME, [skin.hue(first), skin.ink, skin.hue(second), skin.ink], "part")
    shift = view.cross.grid.center[0] - (words[0].left + words[-1].left + words[-1].wide) / 2
    stays = Named(*words, tag="stays", text=" ".join(word.text for word in words))
    left = float(np.clip(shift, rect.x0 - words[0].left, max(rect.x0 - words[0].left, rect.x1 - words[-1].left - words[-1].wide)))
    film.stays = [*(film.stays if side else []), stays.shift((left, 0, 0))]
    film.move(FadeIn(stays), seconds=TEXT)


@beat("rest")
def rest(film: LoopOrderFilm) -> None:
    """Both loops to their end."""
    film.move(step_forth(film.back), seconds=TEXT)
    film.read()
    film.scene.event = len(film.found.second.trace)
    total = len(film.found.first.visits)
    film.move(*(film.run(side, float(film.first_pass(side)), float(total)) for side in (0, 1)), seconds=3.0)


@beat("o")
def o_alone(film: LoopOrderFilm) -> None:
    """O's ticks stay, all else steps back; their sum stands over them."""
    film.scene.event = len(film.found.second.trace)
    others = [part for view in film.views for part in (view.line, view.grid, *(view.strips[tensor] for tensor in "QKV"))]
    ticks = [view.ticks[tensor] for view in film.views for tensor in "QKV"]
    film.back, film.ticks_back = StepBack([*others, *film.stays], BACK), StepBack(ticks, BACK)
    film.move(film.back, film.ticks_back, seconds=0.5)
    texts, rooms = [film.found.said[f"o_{side}"] for side in SIDES], []
    for side, view in zip(SIDES, film.views, strict=True):
        k = view.cross.strip("K")
        rooms.append(Rect(view.cross.grid.x1, k.y1 + em(6), film.place[side].x1, film.place[side].y1))
    shares = [
        min(room.width / text_width(text, NUMBER, Face.STRONG), room.height / em(NUMBER)) for text, room in zip(texts, rooms, strict=True)
    ]
    px = NUMBER * min(1.0, *shares)
    rooms = [room.bottom(em(px)) for room in rooms]
    film.sums = [Word(text, px, film.skin.o, room.x0, middle(room, px), "bytes O") for text, room in zip(texts, rooms, strict=True)]
    for word in film.sums:
        film.move(FadeIn(word), seconds=TEXT)
        film.scene.hold(0.4)
    film.scene.tell()


@beat("side")
def side_by_side(film: LoopOrderFilm) -> None:
    """Every row at once, each into an O of its own; the columns wait for one another, since each goes through the same O."""
    film.read()
    first, second = film.views
    film.o_back = StepBack([view.ticks["O"] for view in film.views], BACK)
    film.move(step_forth(film.back), film.o_back, *(FadeOut(each) for each in (*film.sums, *film.stays, film.tick)), seconds=0.4)
    steps = max(len(visits) for visits in (*first.passes, *second.passes))

    def all_rows(step: float) -> None:
        done = [min(step, len(visits)) for visits in second.passes]
        second.visit(done).store(np.array([float(count >= len(visits)) for count, visits in zip(done, second.passes, strict=True)]))

    def one_column(step: float) -> None:
        done = min(step, len(first.passes[0]))
        first.visit([done, *(0.0 for _ in first.passes[1:])], waiting=True)
        first.store((np.arange(film.found.config.row_blocks) < int(done)) / len(first.passes))

    one_column(0.0)
    all_rows(0.0)
    film.stays = []
    for side, view in zip(SIDES, film.views, strict=True):
        text, center = film.found.said[f"programs_{side}"], view.cross.grid.center[0]
        left = center - text_width(text, NAME, Face.STRONG) / 2
        film.stays.append(Word(text, NAME, film.skin.ink, left, middle(film.place[f"{side} note"], NAME), "programs"))
    film.move(FadeIn(*film.stays), seconds=TEXT)
    film.scene.hold(0.4)
    film.move(Shows(first, lambda share: one_column(steps * share)), Shows(second, lambda share: all_rows(steps * share)), seconds=2.2)


@beat("total")
def total(film: LoopOrderFilm) -> None:
    """The ticks leave their tiles and line up: one bar each, unwrapped, on one scale."""
    place, skin, said = film.scene.shot("bills"), film.skin, film.found.said
    rest = [part for view in film.views for part in (view.grid, view.line, view.cursors, view.letters, *view.strips.values())]
    film.move(
        *(FadeOut(each) for each in (*rest, *film.names, *film.stays)), step_forth(film.ticks_back), step_forth(film.o_back), seconds=0.4
    )
    unit = place["first"].width / (max(order.folded.total for order in film.found.orders) / tile_of(film))
    bars, heads, numbers, letters = [], [], [], []
    for side, order, view, (name, paper) in zip(SIDES, film.found.orders, film.views, NAMES, strict=True):
        bars.append(Bar(film, order, view, place[side], unit))
        film.scene.remove(view, *view.ticks.values())
        rect, outer, text = place[f"{side} name"], skin.k if order.outer else skin.q, said[side]
        left = rect.x1 - text_width(text, NUMBER, Face.STRONG)
        heads.append(named(Rect(rect.x0, rect.y0, left - em(30), rect.y1), name, paper, outer, skin.ink))
        numbers.append(Word(text, NUMBER, skin.ink, left, middle(rect, NUMBER), "bytes total"))
        letters += bars[-1].letters(place[f"{side} letters"])
    film.scene.add(*bars)
    film.move(*(Shows(bar, bar.gather, rate_func=ease_in_out_cubic) for bar in bars), seconds=1.6)
    film.move(FadeIn(*heads, *letters), seconds=TEXT)
    film.move(FadeIn(*numbers), seconds=TEXT)
    film.scene.hold(0.4)
    film.scene.tell()


def tile_of(film: LoopOrderFilm) -> float:
    """Bytes of a tile of O: what one tick stands for."""
    c = film.found.config
    return float(c.block_m * c.head_dim * c.itemsize)


class Bar(Group):
    """The ticks of one order, on their way from the fringe of their cross into one bar; l, m and LSE come last."""

    def __init__(self, film: LoopOrderFilm, order: Order, view: FringedCross, rect: Rect, unit: float) -> None:
        self.tag, self.skin, self.parts, self.spans = "bar", film.skin, [], []
        left = rect.x0
        tile = tile_of(film)
        sizes = [(tensor, order.folded.final.get(tensor, 0)) for tensor in MATRICES]
        for tensor, size in sizes:
            start = view.boxes(tensor, order.crossings(tensor))
            wide = size / tile * unit
            edges = left + wide * np.linspace(0, 1, len(start) + 1)
            gap = min(em(1.5), 0.2 * wide / max(1, len(start)))
            stop = np.stack([edges[:-1], np.full(len(start), rect.y0), edges[1:] - gap, np.full(len(start), rect.y1)], 1)
            drawn = Rectangles(film.skin.hue(tensor), name=f"squares {tensor}")
            drawn.values = np.array([size])
            self.parts.append((drawn, start, stop))
            self.spans.append((tensor, left, left + wide))
            left += wide
        wide = order.statistics / tile * unit
        self.statistics = Rectangles(film.skin.stats, name="squares L")
        self.statistics.values = np.array([order.statistics])
        self.last = Rect(left, rect.y0, left + wide, rect.y1)
        self.spans.append(("L", left, left + wide))
        super().__init__(*(drawn for drawn, _, _ in self.parts), self.statistics)
        self.gather(0.0)

    def gather(self, share: float) -> None:
        """How far they have come."""
        for drawn, start, stop in self.parts:
            drawn.display(start + (stop - start) * share)
        grown = self.last.width * max(0.0, 2 * share - 1)
        self.statistics.display(np.array([[self.last.x0, self.last.y0, self.last.x0 + grown, self.last.y1]]))

    def letters(self, rect: Rect) -> list[Word]:
        """Beneath each part that is as wide as its letter."""
        words = []
        for tensor, left, right in self.spans:
            text = "ℓ m" if tensor == "L" else tensor
            wide = text_width(text, LABEL, Face.STRONG)
            if right - left > 0.9 * wide:
                words.append(Word(text, LABEL, self.skin.hue(tensor), (left + right - wide) / 2, middle(rect, LABEL), f"label {tensor}"))
        return words
