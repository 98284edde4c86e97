"""Which loop is outside: two grids, a line through the tiles as each loop visits them, and a tick for every crossing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np
from manim import Group
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import theme
from flashviz.chapters import loop_order
from flashviz.chapters.loop_order import COMES, LOOPS, MATRICES, NAMES, STAYS, Flown, LoopOrder, Order, gather
from flashviz.director.material import provenance
from flashviz.director.shots import TEXT, ChapterFilm, ShotScene, StepBack, beat, step_forth
from flashviz.director.words import (
    LABEL,
    NAME,
    NUMBER,
    Counter,
    Word,
    amid,
    centred,
    corner,
    first_that_fits,
    labelled,
    line_width,
    middle,
    word,
    worded,
)
from flashviz.figures import kib
from flashviz.layout import Rect, fringe
from flashviz.layout import rows as split
from flashviz.layout.loop_order import close
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.fringed import FringedCross
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, during, late, moved
from flashviz.mobjects.named import Named
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.tiles import Rectangles, edges, outlines, plane
from flashviz.palette import LIT, RESTING, SECOND, Theme
from flashviz.trace import state_at

FLY, SHRINK = 0.7, 0.8  # seconds in which a cross grows from its place, and goes back to it
BACK = 0.22  # of what waits while the other is spoken of
SIDES = ("first", "second")
FIRST_TILE, PASS = 3.0, 3.2  # seconds: of the first tile, slowly, and of the rest of its pass, in either order
ALL = 4.8  # seconds of all passes that are left, in either order
STATISTICS = "m", "ℓ"
STAGGER = 0.15  # of the time in which ticks line up, over which tiles set off
CAME = ("O", "comes and goes"), ("O", "leaves once")  # by side, of every tile
ZOOM, WORK = 0.9, 2.6  # seconds in which a visit is come close to, and in which it is worked on
COPIED, SCORED, WEIGHED = 0.3, 0.55, 0.8  # of the work: Q and K are there, scores are, V is
INSIDE = 0.2  # of a score tile: what a copy of a tile takes of it on its edge
MEET = 1.2  # seconds in which two programs reach for O
REACH = em(8)  # how thick the line is that reaches for a tile of O
LOOKED, ZEROS = 0.3, 1.2  # seconds that both crosses stand alone, and in which O is written as zeros
MEETING = {True: ("both programs want this", "O"), False: ("each has its own", "O")}
APART = em(24)  # between two parts' bytes
PROGRAM = ("program: one worker on the GPU", "program: one GPU worker")  # the first that fits
CROSSED = "O crossed"
CODE, INDENT = 40.0, 4  # px of a loop's line, and by how many letters the inner one is indented
FLIGHT, HURRY = 0.55, 0.33  # seconds of a tile's way, and at most so much of the time of its score tile


class LoopOrderStage(ShotScene):
    """The scene that the loops are played on."""

    script = loop_order.BEATS

    def open(self, run: Callable[..., Any]) -> LoopOrderFilm:
        """Record both loop orders: ``flashviz_kernels.recorder.run``."""
        found = gather(self.settings.config, self.settings.source, run)
        self.provenance = [provenance(order.trace) for order in found.orders]
        self.set_board(loop_order.BEATS, found.said)
        return LoopOrderFilm(self, found)


class LoopOrderFilm(ChapterFilm):
    """Everything on stage, made here once."""

    stays: list[Named] | list[Counter]  # words beneath each cross
    alone: list[Any]  # HBM and the chip about a cross that is alone, and what is said there
    told: list[Any]  # of these, what is said of its order
    sum_names: list[Word]
    back: StepBack
    ticks_back: StepBack
    o_back: StepBack

    def __init__(self, scene: ShotScene, found: LoopOrder) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.place = place = scene.shot("loops")
        self.views: list[FringedCross] = []
        self.large: list[FringedCross] = []  # the same, alone
        alone = scene.shot("alone")
        self.chip = Chip(self, close(alone["work"]))
        self.names: list[Named] = []
        for side, order, (_, paper) in zip(SIDES, found.orders, NAMES, strict=True):
            view = FringedCross(fringe(found.config, place[side], found.most), order.passes, self.skin, name=side)
            self.views.append(view.cross_at(counts(order, 0)).visit([0.0] * len(order.passes)).store(order.folded.stored_share(0)))
            first = counts(order, int(order.ends[len(order.passes[0])]))
            most = {tensor: float(each.max(initial=0)) for tensor, each in first.items()}
            large = FringedCross(fringe(found.config, alone["cross"], most), order.passes, self.skin, name=f"alone {side}")
            self.large.append(large.cross_at(counts(order, 0)).visit([0.0] * len(order.passes)).store(order.folded.stored_share(0)))
            self.names.append(loops(place[f"{side} name"], order.outer, paper, self.skin))
        self.tick = tick(self, self.place["tick"])
        self.sums: list[Readout] = []

    def run(self, side: int, start: float, stop: float, seconds: float) -> Shows:
        """The loop of one side, over the score tiles ``start`` to ``stop``, at an even pace: tiles fly between HBM and the chip."""
        view, order = self.large[side], self.found.orders[side]
        pace = (stop - start) / seconds
        flights = order.flights(start, stop, min(FLIGHT * pace, HURRY))

        def show(share: float) -> None:
            visited = start + (stop - start) * share
            display(view, order, visited, order.event_with(flights, visited))
            self.chip.work(*at_work(order, flights, visited)).fly(view, order, flights, visited)

        return Shows(Group(view, self.chip), show)

    def initialise(self, share: float) -> None:
        """So much of what keys outside write before their loops begin: O as zeros, tile by tile."""
        view, order = self.large[0], self.found.first
        k = round(share * order.begun)
        view.cross_at(counts(order, k)).store(order.folded.stored_share(k))

    def first_pass(self, side: int) -> int:
        """How many score tiles the outer loop's first pass visits."""
        return len(self.found.orders[side].passes[0])


def loops(rect: Rect, outer: int, paper: str, skin: Theme) -> Named:
    """Both loops as two lines of code, the inner one indented; beside the outer one, where there is room, the algorithm known for it."""
    lines, hues = LOOPS[outer], (skin.q, skin.k) if outer == 0 else (skin.k, skin.q)
    indent = text_width(" " * INDENT, CODE, Face.MONO_STRONG)
    px = CODE * min(1.0, rect.width / (indent + max(text_width(text, CODE, Face.MONO_STRONG) for text in lines)))
    places = split(rect, len(lines))
    lefts = rect.x0, rect.x0 + indent * px / CODE
    words = [
        Word(text, px, hue, left, middle(at, px), "name", Face.MONO_STRONG)
        for text, hue, left, at in zip(lines, hues, lefts, places, strict=True)
    ]  # fmt: skip
    left = words[0].left + words[0].wide + em(24)
    if left + text_width(paper, LABEL) <= rect.x1:
        words.append(Word(paper, LABEL, skin.ink, left, words[0].baseline, "name", Face.TEXT))
    return Named(*words, tag="order", text=" ".join(lines))


def named(rect: Rect, name: str, paper: str, color: str, ink: str) -> Named:
    """A loop order's name and, where there is room for it, the algorithm that is known for it."""
    wide = text_width(name, NAME, Face.STRONG) + 0.4 * em(NAME) + text_width(paper, LABEL)
    if wide <= rect.width:
        return Named(*labelled(rect, (name, color), (paper, ink)), tag="order", text=name)
    return Named(Word(name, NAME, color, rect.x0, middle(rect, NAME), "name"), tag="order", text=name)


def at_work(order: Order, flights: Sequence[Flown], visited: float) -> tuple[set[str], float, int]:
    """What the chip holds, how far it has come with its score tile, and how many key tiles have added to its tile of O before."""
    number = min(int(visited + 1e-9), len(order.visits) - 1)
    now = [flown for flown in flights if int(flown.start + 1e-9) == number]
    begins = max((flown.stops for flown in now if flown.loads), default=float(number))
    ends = min((flown.start for flown in now if not flown.loads), default=number + 1.0)
    state = state_at(order.trace, order.event_with(flights, visited))
    held = {"O" if tensor == "ACC" else tensor for tensor in (*state.smem, *state.registers)}
    left = {flown.tensor for flown in now if not flown.loads and flown.start <= visited}
    return held - left, float(np.clip((visited - begins) / max(ends - begins, 1e-9), 0, 1)), parts_of(order, number)


def parts_of(order: Order, number: int) -> int:
    """How many key tiles have added to the tile of O of a visit, before it."""
    return int((order.visits[:number, 0] == order.visits[number, 0]).sum())


def counts(order: Order, k: int) -> dict[str, np.ndarray]:
    """How often each tile has crossed after ``k`` events."""
    return {tensor: order.crossings(tensor, k) for tensor in MATRICES}


def display(view: FringedCross, order: Order, visited: float, event: int | None = None) -> None:
    """After so many score tiles, or ``event`` events: ticks event by event, the line, the shares of O that are stored."""
    k = order.event_at(visited) if event is None else event
    before = np.cumsum([0, *(len(visits) for visits in order.passes)])
    view.visit([float(np.clip(visited - start, 0, len(visits))) for start, visits in zip(before, order.passes, strict=False)])
    view.cross_at(counts(order, k)).store(order.folded.stored_share(k))


def tick(film: LoopOrderFilm, place: Rect, *, amid: bool = True) -> Named:
    """What a tick is, ``amid`` its place or at its left: one of them, and how many bytes it stands for."""
    skin, gap = film.skin, em(18)
    text = first_that_fits([f"one tile crosses: {film.found.said[size]}" for size in ("size", "tile")], LABEL, place.width - gap)
    left = place.center[0] - (text_width(text, LABEL) + gap) / 2 if amid else place.x0 + em(6)
    mark = Rectangles(skin.ink, name="tick")
    mark.display(np.array([[left - em(6), place.center[1] - em(18), left + em(4), place.center[1] + em(18)]]))
    return Named(mark, Word(text, LABEL, skin.ink, left + gap, middle(place, LABEL), "note", Face.TEXT), tag="tick words")


def hue_of(text: str, skin: Theme) -> str:
    """Names of matrices and statistics have their colour."""
    text = text.removesuffix(",")
    return skin.hue(text) if text in MATRICES else skin.stats if text in STATISTICS else skin.ink


class Chip(Group):
    """A score tile on chip, and about it the tiles that it is made of, as they stand about the grid.

    Q and K make its scores, V turns them into a part of O. What is held is filled, what is not has an outline alone.
    """

    def __init__(self, film: LoopOrderFilm, at: dict[str, Rect]) -> None:
        self.tag, self.skin, self.parts, self.text = "chip", film.skin, film.found.config.col_blocks, ""
        skin = film.skin
        self.tiles = {t: Rectangles(skin.hue(t), name=f"tile {t}", opacity=RESTING if t == "O" else LIT) for t in MATRICES}
        self.outlines = {t: Rectangles(skin.hue(t), name=f"outline {t}", opacity=0.0) for t in (*MATRICES, "S")}
        self.made = {t: Rectangles(skin.hue(t), name=f"made {t}", opacity=SECOND if t == "S" else LIT) for t in "SO"}
        self.copies = {t: Rectangles(skin.hue(t), name=f"copy {t}", opacity=LIT) for t in "QKV"}
        self.flights = {t: Rectangles(skin.hue(t), name=f"flying {t}", opacity=RESTING if t == "O" else LIT) for t in MATRICES}
        self.sums = Rectangles(skin.o, name="flying sums", opacity=LIT)
        for tensor, outline in self.outlines.items():
            color, width = (skin.ink, theme.HEAVY) if tensor == "S" else (skin.hue(tensor), theme.OUTLINE)
            outline.set_stroke(color, width=width, opacity=1)
        parts = (self.tiles, self.made, self.copies, self.outlines, self.flights)
        super().__init__(*(drawn for each in parts for drawn in each.values()), self.sums)
        self.stand(at).work((), 0.0, 0)

    def stand(self, at: dict[str, Rect]) -> Chip:
        """Here."""
        self.at = at
        for tensor, drawn in self.outlines.items():
            drawn.display(np.array([at[tensor].edges]))
        return self

    def work(self, held: Collection[str], share: float, before: int) -> Chip:
        """With these tiles on chip: copies of Q and K come to the score tile's edges and become its scores; one of V comes, and O gets
        a part more than the ``before``.
        """
        cell, nothing = self.at["S"], np.zeros((0, 4))
        for tensor, drawn in self.tiles.items():
            drawn.display(np.array([self.at[tensor].edges]) if tensor in held else nothing)
        wide, high = INSIDE * cell.width, INSIDE * cell.height
        inside = {"Q": cell.left(wide), "K": cell.top(high), "V": cell.bottom(high)}
        ways = {"Q": (0.0, COPIED), "K": (0.0, COPIED), "V": (SCORED, WEIGHED)}
        until = {"Q": SCORED, "K": SCORED, "V": 1.0}
        for tensor, drawn in self.copies.items():
            begin, end = ways[tensor]
            way = ease_in_out_cubic(during(begin, end)(share))
            flying = begin < share < until[tensor]
            drawn.display(edges([self.at[tensor].toward(inside[tensor], way)]) if flying else nothing)
        scored, summed = (during(*pace)(share) for pace in ((COPIED, SCORED), (WEIGHED, 1.0)))
        self.made["S"].display(edges([cell.left(scored * cell.width)]) if scored else nothing)
        done = (before + summed) / self.parts if "O" in held else 0.0
        self.made["O"].display(edges([self.at["O"].left(done * self.at["O"].width)]) if done else nothing)
        self.text = " ".join(tensor for tensor in MATRICES if tensor in held)
        return self

    def fly(self, view: FringedCross, order: Order, flights: Sequence[Flown], visited: float) -> Chip:
        """Tiles on their way between their places in HBM and on chip; O's with the parts that it has."""
        boxes: dict[str, list[Rect]] = {tensor: [] for tensor in MATRICES}
        sums = []
        for flown in flights:
            way = (visited - flown.start) / flown.takes
            if 0 < way < 1:
                cross = view.cross
                home = cross.tile(flown.tensor, cross.row_of(flown.tile) if flown.tensor in "QO" else cross.col_of(flown.tile))
                rect = home.toward(self.at[flown.tensor], ease_in_out_cubic(way if flown.loads else 1 - way))
                boxes[flown.tensor].append(rect)
                if flown.tensor == "O":
                    done = parts_of(order, int(flown.start + 1e-9)) + (not flown.loads)
                    sums.append(rect.left(done / self.parts * rect.width))
        for tensor, drawn in self.flights.items():
            drawn.display(edges(boxes[tensor]))
        self.sums.display(edges(sums))
        return self


def around(view: FringedCross, visit: np.ndarray) -> dict[str, Rect]:
    """A score tile and its tiles of Q, K, V and O, where they stand in a cross."""
    cross, (i, j) = view.cross, visit.tolist()
    row, column = cross.row_of(i), cross.col_of(j)
    return {"S": cross.cell(row, column)} | {t: cross.tile(t, row if t in "QO" else column) for t in MATRICES}


def words_of(film: LoopOrderFilm, at: dict[str, Rect], room: Rect) -> list[Word]:
    """What each tile is, in its colour, where it has room; last what is in the middle, before softmax and after."""
    c, skin = film.found.config, film.skin
    rows, columns = min(c.block_m, c.seq_q), min(c.block_n, c.seq_k)
    q, o = (Rect(room.x0, at["Q"].y0, at["Q"].x0 - em(20), at["Q"].y1), Rect(at["O"].x1 + em(20), at["O"].y0, room.x1, at["O"].y1))
    k, v = (Rect(room.x0, at["K"].y1, room.x1, at["K"].y1 + em(64)), Rect(room.x0, at["V"].y0 - em(64), room.x1, at["V"].y0))
    texts = (
        ("Q", q, (f"Q: {rows:,} queries", "Q")), ("K", k, (f"K: {columns:,} keys",)), ("V", v, ("V: their values",)),
        ("O", o, (f"O: 1 of {c.col_blocks:,} parts", "O")), ("S", at["S"], (f"{rows:,} × {columns:,} scores", "scores")),
        ("S", at["S"], ("softmax: weights P", "P")),
    )  # fmt: skip
    return [amid(several, skin.ground if tensor == "S" else skin.hue(tensor), rect, "note") for tensor, rect, several in texts]


# --------------------------------------------------------------------------------------------------------------- beats


@beat("visit")
def visit(film: LoopOrderFilm) -> None:
    """Two crosses; a cell of the first comes close with its tiles: Q and K make its scores, V turns them into O; then it is small again."""
    film.scene.add(*film.views)
    place = film.scene.shot("visit")
    small, large = around(film.views[0], film.found.first.visits[0]), close(place["close"])
    seen, back = Chip(film, small), StepBack(film.views, 0.0)

    def zoom(share: float, done: float) -> None:
        seen.stand({part: rect.toward(large[part], share) for part, rect in small.items()}).work(MATRICES, done, 0)

    def work(start: float, stop: float) -> Shows:
        return Shows(seen, lambda share: seen.work(MATRICES, start + (stop - start) * share, 0))

    zoom(0.0, 0.0)
    film.scene.add(seen)
    with film.scene.telling():
        film.scene.hold(LOOKED)
        film.move(Shows(seen, lambda share: zoom(share, 0.0), rate_func=ease_in_out_cubic), back, seconds=ZOOM)
        *words, scores, weights = words_of(film, large, place["close"])
        carried = statistics(film, place["with"])
        film.move(FadeIn(*words, carried), seconds=TEXT)
        film.move(work(0.0, SCORED), FadeIn(scores, rate_func=late), seconds=SCORED * WORK)
        film.move(FadeOut(scores), seconds=TEXT)
        film.move(FadeIn(weights), seconds=TEXT)
        film.move(work(SCORED, 1.0), seconds=(1 - SCORED) * WORK)
        film.scene.hold(0.5)
    film.move(FadeOut(*words, carried, weights), seconds=TEXT)
    film.move(Shows(seen, lambda share: zoom(1 - share, 1.0), rate_func=ease_in_out_cubic), step_forth(back), seconds=0.8 * ZOOM)
    film.scene.remove(seen)


def statistics(film: LoopOrderFilm, rect: Rect) -> Named:
    """What m and ℓ are, which go with O."""
    variants = (
        ["O", "has with it", "m,", "each row's largest score so far, and", "ℓ,", "its sum of terms"],
        ["m,", "each row's largest score, and", "ℓ,", "its sum"],
    )
    texts = next((each for each in variants if line_width(each, LABEL) <= rect.width), variants[-1])
    words = worded(rect, texts, LABEL, [hue_of(text, film.skin) for text in texts], "part")
    return Named(*centred(words, rect), tag="with O", text=" ".join(texts))


@beat("stage")
def stage(film: LoopOrderFilm) -> None:
    """Over each cross its loops, line by line."""
    with film.scene.telling():
        for name in film.names:
            film.move(FadeIn(name), seconds=2 * TEXT)


@beat("keys")
def keys(film: LoopOrderFilm) -> None:
    """O is written as zeros; then the first column: K and V stay, Q and O come and go, a tick each time."""
    stay(film, 0)


@beat("queries")
def queries(film: LoopOrderFilm) -> None:
    """The first row: Q stays and O is not seen until the row is done; K and V come and go."""
    stay(film, 1)


def stay(film: LoopOrderFilm, side: int) -> None:
    """One pass of one side's outer loop, alone and large, in HBM; outside of it the chip at work. What waits there is said before."""
    place, skin, order, view = film.scene.shot("alone"), film.skin, film.found.orders[side], film.large[side]
    film.scene.event = order.event_at(film.first_pass(side))
    name = loops(place["name"], order.outer, NAMES[side][1], skin)
    waits = said(place["note"], [[*STAYS[side][:1], "and", *STAYS[side][1:], "wait on chip"]], skin, "stays")
    comes = said(place["second"], COMES[side], skin, "comes")
    if side:
        film.move(FadeOut(film.large[0], *film.told), seconds=TEXT)
        film.chip.work((), 0.0, 0)
        film.move(FadeIn(view, name), seconds=TEXT)
        film.scene.add(film.chip)
    else:
        zoom_to_chip(film, name)
    film.told = [name, waits, comes]
    with film.scene.telling():
        if not side:
            write_zeros(film)
        film.move(FadeIn(waits, comes), seconds=TEXT)
        film.scene.hold(0.3)
        film.move(film.run(side, 0.0, 1.0, FIRST_TILE), seconds=FIRST_TILE)
        if film.first_pass(side) > 1:
            film.move(film.run(side, 1.0, float(film.first_pass(side)), PASS), seconds=PASS)


def zoom_to_chip(film: LoopOrderFilm, name: Named) -> None:
    """The first cross grows in HBM; out of its first cell grows the chip, outside of HBM."""
    place, skin, view, old = film.scene.shot("alone"), film.skin, film.large[0], film.views[0]
    film.move(FadeOut(film.views[1], *film.names), seconds=TEXT)
    panels = [plane(fill, skin.edge, part).display(edges([place[part]])) for part, fill in (("hbm", skin.panel), ("chip", skin.chip))]
    names = [corner(text, place[part], skin.ink) for part, text in (("hbm", "HBM"), ("chip", "chip"))]
    legend = tick(film, place["tick"], amid=False)
    film.scene.remove(old)
    film.scene.add(*panels, view)
    film.move(FadeIn(*panels, *names, legend, name), moved(old, view), seconds=FLY)
    small, large = around(view, film.found.first.visits[0]), film.chip.at

    def grow(share: float) -> None:
        film.chip.stand({part: rect.toward(large[part], share) for part, rect in small.items()}).work((), 0.0, 0)

    film.scene.add(*panels, *names, legend, view, film.chip)
    film.move(Shows(film.chip, grow, rate_func=ease_in_out_cubic), seconds=FLY)
    letters = beside(film, large)
    film.move(FadeIn(*letters), seconds=TEXT)
    film.alone = [*panels, *names, legend, *letters, film.chip]


def beside(film: LoopOrderFilm, at: dict[str, Rect]) -> list[Word]:
    """The letter of each tile on the chip, outside of it."""
    side = em(LABEL + 24)
    rooms = {
        "Q": Rect(at["Q"].x0 - side, at["Q"].y0, at["Q"].x0, at["Q"].y1), "O": Rect(at["O"].x1, at["O"].y0, at["O"].x1 + side, at["O"].y1),
        "K": Rect(at["K"].x0, at["K"].y1, at["K"].x1, at["K"].y1 + side), "V": Rect(at["V"].x0, at["V"].y0 - side, at["V"].x1, at["V"].y0),
    }  # fmt: skip
    return [amid([tensor], film.skin.hue(tensor), rect, "note") for tensor, rect in rooms.items()]


def said(rect: Rect, variants: Sequence[list[str]], skin: Theme, name: str) -> Named:
    """A line of words, the first that fits, in which letters of matrices have their colour."""
    texts = next((each for each in variants if line_width(each, LABEL) <= rect.width), variants[-1])
    return Named(*worded(rect, texts, NAME, [hue_of(text, skin) for text in texts], "part"), tag=name, text=" ".join(texts))


def write_zeros(film: LoopOrderFilm) -> None:
    """What stands before the loops: O's tiles go out once."""
    words = said(film.scene.shot("alone")["note"], [["O", "starts as zeros in HBM"]], film.skin, "zeros")
    film.move(FadeIn(words), seconds=TEXT)
    film.move(Shows(film.large[0], film.initialise), seconds=ZEROS)
    film.move(FadeOut(words), seconds=TEXT)


def beneath(film: LoopOrderFilm, side: int, texts: list[str], name: str) -> Named:
    """Words under a cross, about its middle; letters of matrices have their colour."""
    rect, skin = film.place[f"{SIDES[side]} note"], film.skin
    words = worded(rect, texts, NAME, [skin.hue(text) if text in MATRICES else skin.ink for text in texts], "part")
    center = film.views[side].cross.grid.center[0]
    shift = center - (words[0].left + words[-1].left + words[-1].wide) / 2
    low, high = rect.x0 - words[0].left, max(rect.x0 - words[0].left, rect.x1 - words[-1].left - words[-1].wide)
    return Named(*words, tag=name, text=" ".join(texts)).shift((float(np.clip(shift, low, high)), 0, 0))


@beat("rest")
def rest(film: LoopOrderFilm) -> None:
    """Both loops to their end; over O's ticks stands what O has moved so far."""
    film.scene.event = len(film.found.second.trace)
    for side, (view, order) in enumerate(zip(film.views, film.found.orders, strict=True)):
        display(view, order, float(film.first_pass(side)))
    film.sums = sums(film)
    film.sum_names = sum_names(film)
    film.stays = [beneath(film, side, [*CAME[side]], "came") for side in range(len(SIDES))]
    come = FadeIn(film.views[0], *film.names, *film.sums, *film.sum_names, *film.stays, film.tick, rate_func=late)
    film.move(*(FadeOut(each) for each in (*film.alone, *film.told)), seconds=TEXT)  # one by one: the cross stays before them
    total, runs = len(film.found.first.visits), []
    for side, (order, view, readout) in enumerate(zip(film.found.orders, film.views, film.sums, strict=True)):
        start = film.first_pass(side)

        def show(share: float, order: Order = order, view: FringedCross = view, readout: Readout = readout, start: int = start) -> None:
            visited = start + (total - start) * share
            display(view, order, visited)
            readout.display(o_so_far(order, order.event_at(visited)))

        runs.append(Shows(Group(view, readout), show))
    with film.scene.telling():
        film.scene.remove(film.large[1])
        film.scene.add(film.views[1])
        film.move(moved(film.large[1], film.views[1]), come, seconds=SHRINK)
        film.move(*runs, seconds=ALL)


def o_so_far(order: Order, k: int) -> str:
    """Bytes of O that crossed."""
    return kib(order.folded.bytes_at(k)["O"])


def sums(film: LoopOrderFilm) -> list[Readout]:
    """What O has moved, over its ticks, equally large on both sides."""
    texts, rooms = [film.found.said[f"o_{side}"] for side in SIDES], []
    for side, view in zip(SIDES, film.views, strict=True):
        k = view.cross.strip("K")
        rooms.append(Rect(view.cross.grid.x1 + em(20), k.y1 + em(20), film.place[side].x1, film.place[side].y1))
    wide = max(len(text) for text in texts) * 0.6 * em(NUMBER)
    px = max(float(LABEL), NUMBER * min(1.0, *(min(room.width / wide, room.height / em(NUMBER)) for room in rooms)))
    made = []
    for number, (room, order) in enumerate(zip(rooms, film.found.orders, strict=True)):
        text, rect = o_so_far(order, order.event_at(film.first_pass(number))), room.bottom(em(px))
        made.append(Readout(text, px, film.skin.o, name="bytes O", face=Face.MONO_STRONG, anchor="right").at(rect))
    return made


def sum_names(film: LoopOrderFilm) -> list[Word]:
    """What the numbers are, above each, where there is room."""
    named = []
    for side, readout in zip(SIDES, film.sums, strict=True):
        left, top = film.place[side].x1 - text_width(CROSSED, LABEL, Face.STRONG), readout.get_top()[1] + em(10)
        if top + em(LABEL) <= film.place[f"{side} name"].y0:
            named.append(Word(CROSSED, LABEL, film.skin.o, left, top, "sum name"))
    return named


@beat("o")
def o_alone(film: LoopOrderFilm) -> None:
    """O's ticks stay, all else steps back; beneath stands how their sum comes about."""
    film.scene.event = len(film.found.second.trace)
    others = [part for view in film.views for part in (view.line, view.grid, *(view.strips[tensor] for tensor in "QKV"))]
    ticks = [view.ticks[tensor] for view in film.views for tensor in "QKV"]
    film.back, film.ticks_back = StepBack(others, BACK), StepBack(ticks, BACK)
    film.move(film.back, film.ticks_back, FadeOut(*film.stays), seconds=0.5)
    film.stays = [beneath(film, side, [film.found.said[f"sum_{name}"]], "product") for side, name in enumerate(SIDES)]
    parts = list(film.stays)
    if "why" in film.found.said:
        film.move(FadeOut(film.tick), seconds=TEXT)
        film.tick = amid([film.found.said["why"]], film.skin.ink, film.place["tick"], "note")
        parts.insert(1, film.tick)
    with film.scene.telling():
        for each in parts:
            film.move(FadeIn(each), seconds=TEXT)
            film.scene.hold(0.8)


def faded(back: StepBack, start: float, stop: float) -> Shows:
    """What stepped back keeps so much of its opacity, and then so much."""
    return Shows(back.mobject, lambda share: back.show(start + (stop - start) * share))


class Reach(Group):
    """The first two programs of an order, one a pass of its outer loop, at their first tiles: each reaches for its tile of O."""

    def __init__(self, view: FringedCross, skin: Theme) -> None:
        self.tag, self.cross = "reach", view.cross
        self.firsts = [(self.cross.row_of(int(i)), self.cross.col_of(int(j))) for i, j in (visits[0] for visits in view.passes[:2])]
        self.cells = outlines(skin.ink, "programs", theme.HEAVY)
        self.lines, self.wanted = Rectangles(skin.o, name="reach"), Rectangles(skin.o, name="wanted", opacity=LIT)
        if self.shared:
            self.wanted.set_stroke(skin.warn, width=2 * theme.HEAVY, opacity=1)  # one too many for it
        self.cells.display(np.array([self.cross.cell(*at).edges for at in self.firsts]))
        super().__init__(self.lines, self.wanted, self.cells)
        for number, at in enumerate(self.firsts, 1):
            if (cell := self.cross.cell(*at)).height > em(LABEL):
                self.add(amid([f"{number}"], skin.ink, cell, "program"))
        self.reach(0.0)

    @property
    def shared(self) -> bool:
        """Whether both want the same tile."""
        return len({row for row, _ in self.firsts}) < len(self.firsts)

    def reach(self, share: float) -> None:
        """So far from the cells' edges to O, one line above the other where both go along one row; then the tiles that are wanted."""
        lines, tiles = [], []
        for number, (row, column) in enumerate(self.firsts):
            cell, tile = self.cross.cell(row, column), self.cross.tile("O", row)
            y = cell.y1 - cell.height * (2 * number + 1) / (2 * len(self.firsts)) if self.shared else cell.center[1]
            lines.append((cell.x1, y - REACH / 2, cell.x1 + (tile.x0 - cell.x1) * share, y + REACH / 2))
            tiles.append(tile.edges)
        self.lines.display(np.array(lines))
        self.wanted.display(np.array(tiles) if share >= 1 else np.zeros((0, 4)))


@beat("side")
def side_by_side(film: LoopOrderFilm) -> None:
    """Two programs reach for O: columns for one tile, rows for one each. So rows run at once, and columns wait for one another."""
    first, second = film.views
    film.o_back = StepBack([view.ticks["O"] for view in film.views], 0.0)
    gone = [FadeOut(each) for each in (*film.sums, *film.sum_names, *film.stays, film.tick)]
    film.move(step_forth(film.back), film.o_back, faded(film.ticks_back, BACK, 0.0), *gone, seconds=0.4)
    steps = max(len(visits) for visits in (*first.passes, *second.passes))
    film.tick = amid(PROGRAM, film.skin.ink, film.place["tick"], "note")

    def all_rows(step: float) -> None:
        done = [min(max(step, 1e-6), len(visits)) for visits in second.passes]
        second.visit([min(count, len(visits) - 1e-6) for count, visits in zip(done, second.passes, strict=True)], live=True)
        second.store(np.array([float(count >= len(visits)) for count, visits in zip(done, second.passes, strict=True)]))

    visits, starts = film.found.first.visits, np.cumsum([0, *(len(each) for each in first.passes)])

    def columns(step: float) -> None:
        done = min(max(step, 1e-6), len(visits) - 1e-6)
        first.visit([float(np.clip(done - at, 0, len(each))) for at, each in zip(starts, first.passes, strict=False)], live=True)
        stored = np.bincount(visits[: int(done), 0], minlength=film.found.config.row_blocks) / len(first.passes)
        stored[int(visits[int(done), 0])] = 1.0  # O's tile that is in use
        first.store(stored)

    reaches = [Reach(view, film.skin) for view in film.views]
    for view in film.views:
        view.visit([0.0] * len(view.passes)).store(np.zeros(film.found.config.row_blocks))
    film.scene.add(*reaches)
    film.stays = [beneath(film, side, [*MEETING[reach.shared]], "meeting") for side, reach in enumerate(reaches)]
    with film.scene.telling():
        film.move(*(Shows(reach, reach.reach) for reach in reaches), seconds=MEET)
        film.move(FadeIn(*film.stays, film.tick), seconds=TEXT)
        film.scene.hold(1.0)
        film.move(FadeOut(*film.stays, *reaches), seconds=TEXT)
        columns(0.0)
        all_rows(0.0)
        film.stays = counters = [Counter(film.skin.ink, "programs") for _ in SIDES]

        def count(side: int, said: str, step: int = 0) -> None:
            counters[side].write(beneath(film, side, [film.found.said[f"{said}_{SIDES[side]}"].format(f"{step:,}")], "programs"))

        for side in range(len(SIDES)):
            count(side, "step")
        film.move(FadeIn(*film.stays), seconds=TEXT)
        once = len(first.passes[0])  # of the columns, while all rows are done

        def both(share: float) -> None:
            columns(once * share)
            all_rows(steps * share)
            count(0, "step", int(once * share))
            count(1, "step", int(steps * share))

        def alone(share: float) -> None:
            done = once + (len(visits) - once) * share
            columns(done)
            count(0, "step", int(done))

        film.move(Shows(Group(first, second, *counters), both), seconds=2.0)
        count(1, "programs")
        film.scene.hold(1.0)
        film.move(Shows(Group(first, *counters), alone), seconds=1.8)
        count(0, "programs")


@beat("total")
def total(film: LoopOrderFilm) -> None:
    """The ticks leave their tiles and line up: one bar each, unwrapped, on one scale."""
    place, skin, said = film.scene.shot("bills"), film.skin, film.found.said
    rest = [part for view in film.views for part in (view.grid, view.line, view.cursors, view.waiting, view.letters, *view.strips.values())]
    unit = place["first"].width / (max(order.folded.total for order in film.found.orders) / tile_of(film))
    bars, heads, numbers, letters, at_once = [], [], [], [], []
    for key, order, view, (name, paper) in zip(SIDES, film.found.orders, film.views, NAMES, strict=True):
        bars.append(Bar(film, order, view, place[key], unit))
        rect, outer, text = place[f"{key} name"], skin.k if order.outer else skin.q, said[key]
        wide = text_width(text, NUMBER, Face.STRONG)
        left = max(bars[-1].last.x1 - wide, rect.x0 + text_width(name, NAME, Face.STRONG) + em(30))  # at the bar's end
        heads.append(named(Rect(rect.x0, rect.y0, left - em(30), rect.y1), name, paper, outer, skin.ink))
        numbers.append(Word(text, NUMBER, skin.ink, left, middle(rect, NUMBER), "bytes total"))
        letters += bars[-1].letters(place[f"{key} letters"])
        at_once.append(word(said[f"programs_{key}"], NAME, skin.ink, place[f"{key} note"], "programs", Face.TEXT))
    gone = [FadeOut(each) for each in (*rest, *film.names, *film.stays, film.tick)]
    film.move(*gone, faded(film.ticks_back, 0.0, 1.0), step_forth(film.o_back), seconds=0.4)
    film.scene.remove(*film.views, *(ticks for view in film.views for ticks in view.ticks.values()))
    film.scene.add(*bars)
    with film.scene.telling():
        tile = f"A stripe: one tile, {said['tile']}."
        stripe = amid([f"{tile} LSE: m and ℓ of a row in one number.", tile], skin.ink, place["stripe"], "note")
        film.move(*(Shows(bar, bar.gather) for bar in bars), FadeIn(*heads, stripe, rate_func=late), seconds=1.8)
        film.move(FadeIn(*letters, *numbers, *at_once, *share_saved(film, place["second"], bars[1])), seconds=TEXT)


def share_saved(film: LoopOrderFilm, rect: Rect, bar: Bar) -> list[Word]:
    """How much less the second order moves, beside its bar, where it does and where there is room."""
    text, left = film.found.said["less"], bar.last.x1 + em(40)
    fits = bool(text) and left + text_width(text, NUMBER, Face.STRONG) <= rect.x1
    return [Word(text, NUMBER, film.skin.ink, left, middle(rect, NUMBER), "less")] if fits else []


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
            tiles = [len(view.fringe.ticks(tensor, np.array([count]))) for count in order.crossings(tensor)]
            turn = np.repeat(np.linspace(0, 1, max(len(tiles), 1)), tiles)
            self.parts.append((drawn, start, stop, turn if len(turn) == len(start) else np.linspace(0, 1, len(start))))
            self.spans.append((tensor, left, left + wide, size))
            left += wide
        wide = order.statistics / tile * unit
        self.statistics = Rectangles(film.skin.stats, name="squares L")
        self.statistics.values = np.array([order.statistics])
        self.last = Rect(left, rect.y0, left + wide, rect.y1)
        self.spans.append(("L", left, left + wide, order.statistics))
        self.statistics_name = "LSE" if order.folded.final.get("LSE") else "ℓ, m"
        super().__init__(*(drawn for drawn, *_ in self.parts), self.statistics)
        self.gather(0.0)

    def gather(self, share: float) -> None:
        """How far they have come: tile by tile, one after the other."""
        for drawn, start, stop, begins in self.parts:
            way = np.clip((share - begins * STAGGER) / (1 - STAGGER), 0, 1)
            way = np.where(way < 0.5, 4 * way**3, 1 - (2 - 2 * way) ** 3 / 2)[:, None]  # cubic in and out
            drawn.display(start + (stop - start) * way)
        grown = self.last.width * max(0.0, 2 * share - 1)
        self.statistics.display(np.array([[self.last.x0, self.last.y0, self.last.x0 + grown, self.last.y1]]))

    def letters(self, rect: Rect) -> list[Word]:
        """Beneath each part its letter and its bytes; K and V are as long. Side by side, each as near to its part as there is room."""
        q, k, v, o, last = self.spans
        groups = [
            ((q[0],), q[1], q[2], kib(q[3])), (("K,", "V"), k[1], v[2], f"{kib(k[3])} each"), ((o[0],), o[1], o[2], kib(o[3])),
            ((self.statistics_name,), last[1], last[2], kib(last[3])),
        ]  # fmt: skip
        lines = [[*letters, size] for letters, _, _, size in groups]
        if sum(line_width(line, LABEL) for line in lines) + (len(lines) - 1) * APART > rect.width:
            lines = [list(letters) for letters, *_ in groups]  # no room for bytes
        wides = [line_width(line, LABEL) for line in lines]
        lefts, end = [], rect.x0
        for (_, left, right, _), wide in zip(groups, wides, strict=True):
            lefts.append(max((left + right - wide) / 2, end))
            end = lefts[-1] + wide + APART
        end = rect.x1
        for at in reversed(range(len(lefts))):
            lefts[at] = min(lefts[at], end - wides[at])
            end = lefts[at] - APART
        words = []
        for left, line in zip(lefts, lines, strict=True):
            hue = self.skin.stats if line[0] == self.statistics_name else self.skin.ink
            colors = [self.skin.hue(text.removesuffix(",")) if text.removesuffix(",") in MATRICES else hue for text in line]
            words += worded(Rect(left, rect.y0, rect.x1 + em(1), rect.y1), line, LABEL, colors, "label part")
        return words
