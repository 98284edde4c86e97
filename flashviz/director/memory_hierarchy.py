"""Memories of one machine: pipes as wide as their bandwidths, and one zoom from the largest memory to what a program may use."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from manim import Group, Mobject, VGroup
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import palette, theme
from flashviz.chapters import memory_hierarchy
from flashviz.chapters.memory_hierarchy import ON_SCREEN, PROGRAM, MemoryHierarchy
from flashviz.director.film.parts import heading
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, NUMBER, ONE_NUMBER, Counter, Word, fitted, machine, middle, word
from flashviz.figures import amount
from flashviz.layout import Rect, centered
from flashviz.layout.hierarchy import NEXT, Zoom, beyond, copies, pieces, pipe
from flashviz.lettering import Face, em
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows
from flashviz.mobjects.named import Named
from flashviz.mobjects.tiles import Rectangles, edges, plane

PITCH, THICK, PACE = em(52), em(24), em(150)  # of what flows: from one stripe to the next, a stripe, a second's way
OPEN, FLOW, COME, GROW, FILL, ZOOM, SLIDE, LOAD = 1.1, 2.0, 0.7, 2.0, 1.4, 2.0, 1.4, 0.7  # seconds
REST = 2.2  # seconds at the end
CRACK, LINE = em(8), em(50)  # between pieces of S; from one line of type to the next


class MemoryHierarchyStage(ShotScene):
    """The scene that the memories stand on."""

    script = memory_hierarchy.BEATS

    def open(self) -> MemoryHierarchyFilm:
        """All is quoted, but the tiles, which are the configuration's."""
        found = MemoryHierarchy(self.settings.config)
        self.provenance = [{"quoted": found.hierarchy.quote.citation}]
        self.set_board(found.beats, found.said)
        return MemoryHierarchyFilm(self, found)


class MemoryHierarchyFilm(ChapterFilm):
    """Everything on stage, made here once. ``areas``: HBM and L2, which are stations first, then what one program may use."""

    note: Word
    ratio: list[Word]  # how many of the next area fill the one that is looked at
    scores: Sequence[Mobject] = ()  # all of S, what of it does not fit, and what is said of it, while it is shown
    spot: Rect  # where S lies
    labels: list[Named]

    def __init__(self, scene: ShotScene, found: MemoryHierarchy) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.place = place = scene.shot("pipes")
        self.stations = [memory.name for memory in found.memories] + ["used"]
        first, second, *others = self.stations
        self.hues = dict(zip((*self.stations[:3], "program"), (*self.skin.further, self.skin.further[-1]), strict=True))
        self.areas = [self.memory(f"area {name}", self.hues[name]) for name in (first, second, "program")]
        self.others = [self.memory(f"station {name}", self.hues.get(name, self.skin.quiet)) for name in others]
        for name, drawn in zip(self.stations, [*self.areas[:2], *self.others], strict=True):
            drawn.display(np.array([place[name].edges]))
        self.names = {
            name: heading(place[f"{name} name"], ON_SCREEN[name], self.hues.get(name, self.skin.ink), NAME) for name in self.stations
        }
        self.pipes = {
            name: pipe(place[name], place[after], found.flows[name]) for name, after in zip(self.stations, self.stations[1:], strict=False)
        }
        self.bodies = {name: self.body(name) for name in self.pipes}
        self.stripes = {name: Rectangles(self.hues[name], name=f"flow {name}") for name in self.pipes}
        self.copies = [self.filling(name) for name in (second, "program")]
        self.numbers = VGroup()
        self.zoom = Zoom(scene.shot("capacities")["focus"], [nbytes for *_, nbytes in found.areas])

    def memory(self, name: str, hue: str) -> Rectangles:
        """A memory, or what is made of one."""
        return Rectangles(hue, name=name, opacity=palette.RESTING).set_stroke(hue, width=theme.HEAVY, opacity=1)

    def filling(self, name: str) -> Rectangles:
        """Copies of a memory, as many as fill the next larger one."""
        drawn = Rectangles(self.hues[name], name=f"copies {name}", opacity=palette.FAINT)
        return drawn.set_stroke(self.skin.ground, width=theme.HAIRLINE, opacity=1)

    def body(self, name: str) -> Rectangles:
        """A pipe, empty."""
        return plane(self.skin.registers, self.skin.quiet, f"pipe {name}")

    def source(self, beat: str) -> Word:
        """Where figures stand that are shown from a beat on."""
        rect = self.place["note"]
        return fitted(self.found.notes[beat], LABEL, self.skin.ink, rect, "note", Face.TEXT)

    def label(self, name: Word, size: str) -> Named:
        """An area's name and, beneath it, its size."""
        number = word(size, NUMBER, self.skin.ink, self.scene.shot("capacities")["size"].left(NEXT), "part")
        number.put_at(name.left, number.baseline)
        name.tag = number.tag
        return Named(name, number, tag="size", text=f"{name.text} {size}")

    def compare(self, index: int) -> None:
        """How many of the next area fit into one: copies of it fill the larger one, until it is left; how many is said beside it."""
        drawn, boxes = self.copies[index], copies(*self.zoom.at(index)[index : index + 2])
        count, what = self.found.next(index)
        self.ratio = self.say((count, ONE_NUMBER), (what, LABEL))
        self.move(Shows(drawn, lambda share: drawn.display(boxes[: round(share * len(boxes))]), introducer=True), seconds=FILL)
        self.move(FadeIn(*self.ratio), seconds=TEXT)

    def say(self, *lines: tuple[str, float]) -> list[Word]:
        """Lines of type beside the area that is looked at, one beneath the other."""
        place, heights = self.zoom.aside, [em(1.4 * px) for _, px in lines]
        top, wide = place.center[1] + sum(heights) / 2, self.scene.frame.x1 - place.x0 - LINE
        words = []
        for (text, px), high in zip(lines, heights, strict=True):
            words.append(word(text, px, self.skin.ink, Rect(place.x0, top - high, place.x0 + wide, top), "beside"))
            top -= high
        return words

    def scaled(self, start: Rect, stop: Rect) -> list[Shows]:
        """What one program may use on another scale, and its name beneath it."""
        area, label = self.areas[-1], self.labels[-1]
        shows = (area, partial(between, area, start, stop)), (label, lambda share: stand(label, start.toward(stop, share).x0))
        return [Shows(part, show, rate_func=ease_in_out_cubic) for part, show in shows]

    def display(self, stage: float) -> None:
        """So far into the zoom: areas, and their names beneath their left edges."""
        rects = self.zoom.at(stage)
        for area, rect in zip(self.areas, rects, strict=True):
            area.display(np.array([rect.edges]))
        for label, rect in zip(self.labels, rects, strict=False):
            stand(label, rect.x0)


def stand(label: Named, left: float) -> None:
    """An area's name and size move to its left edge."""
    for part in label.submobjects:
        if isinstance(part, Word):
            part.put_at(left, part.baseline)


# --------------------------------------------------------------------------------------------------------------- beats


@beat("pipes")
def pipes(film: MemoryHierarchyFilm) -> None:
    """Stations; then from each to the next a pipe opens, with its bandwidth."""
    film.note = film.source("pipes")
    device = machine(film.found.hierarchy.device, film.scene.settings.aspect, film.skin)
    film.move(FadeIn(*film.areas[:2], *film.others, *film.names.values(), film.note, device), seconds=0.5)
    with film.scene.telling():
        open_pipes(film)


def open_pipes(film: MemoryHierarchyFilm) -> None:
    """One after another."""
    for memory in film.found.memories:
        body, rect = film.bodies[memory.name], film.pipes[memory.name]
        number = heading(film.place[f"{memory.name} speed"], memory.speed, film.skin.ink, NUMBER)
        film.numbers.add(number)
        opening = Shows(body, partial(opened, body, rect, lying(film)), introducer=True, rate_func=ease_in_out_cubic)
        film.move(opening, FadeIn(number), seconds=OPEN)


def lying(film: MemoryHierarchyFilm) -> bool:
    """Whether pipes lie, and do not stand."""
    before, after = film.stations[:2]
    return film.place[before].x1 <= film.place[after].x0


def opened(body: Rectangles, rect: Rect, level: bool, share: float) -> None:
    """A pipe, from its middle line to its width."""
    thin = centered(*rect.center[:2], rect.width, 0) if level else centered(*rect.center[:2], 0, rect.height)
    body.display(np.array([thin.toward(rect, share).edges]))


@beat("flow")
def flow(film: MemoryHierarchyFilm) -> None:
    """Stripes set out in all pipes at once, and go equally fast."""
    flows = VGroup(*film.stripes.values())
    film.scene.add(*flows)

    def at(seconds: float) -> None:
        for name, drawn in film.stripes.items():
            drawn.display(stripes(film, film.pipes[name], seconds))

    def go(start: float, seconds: float) -> Shows:
        return Shows(flows, lambda share: at(start + seconds * share))

    with film.scene.telling():
        film.move(go(0.0, FLOW), seconds=FLOW)
        start = FLOW
        for memory in film.found.memories[1:]:
            times = heading(film.place[f"{memory.name} times"], film.found.times(memory), film.skin.ink, NAME)
            film.numbers.add(times)
            film.move(go(start, COME), FadeIn(times), seconds=COME)
            start += COME
        film.move(go(start, COME), seconds=COME)


def stripes(film: MemoryHierarchyFilm, rect: Rect, seconds: float) -> np.ndarray:
    """[n, 4] what flows in a pipe, so long after it set out; cut off at its end."""
    level = lying(film)
    length = rect.width if level else rect.height
    ahead = PACE * seconds - np.arange(0, PACE * seconds, PITCH)
    start, stop = np.clip(ahead - THICK, 0, length), np.clip(ahead, 0, length)
    kept = stop > start
    start, stop, one = start[kept], stop[kept], np.ones(kept.sum())
    if level:
        return np.stack([rect.x0 + start, rect.y0 * one, rect.x0 + stop, rect.y1 * one], 1)
    return np.stack([rect.x0 * one, rect.y1 - stop, rect.x1 * one, rect.y1 - start], 1)


@beat("hbm")
def hbm(film: MemoryHierarchyFilm) -> None:
    """Pipes leave; the largest memory grows out of its place to its area, and the cache becomes as small as it is beside it."""
    stations = film.stations[:2]
    start, stop = [film.place[name] for name in stations], film.zoom.at(0)
    names = [film.names[name] for name in stations]
    left = [(name.left, name.baseline) for name in names]
    line = middle(film.scene.shot("capacities")["name"], NAME)

    def show(share: float) -> None:
        for area, before, after in zip(film.areas, start, stop, strict=False):
            between(area, before, after, share)
        for name, (x, y), after in zip(names, left, stop, strict=False):
            name.put_at(x + (after.x0 - x) * share, y + (line - y) * share)

    with film.scene.telling():
        away = [film.names[name] for name in film.stations[2:]]
        film.move(FadeOut(*film.bodies.values(), *film.stripes.values(), film.numbers, *film.others, *away), seconds=MOVE)
        film.move(Shows(VGroup(*film.areas[:2], *names), show, rate_func=ease_in_out_cubic), seconds=GROW)
        film.labels = [film.label(name, size) for name, (_, size, _) in zip(names, film.found.areas, strict=False)]
        sizes = [label.submobjects[1] for label in film.labels]
        film.move(FadeIn(*sizes), seconds=TEXT)
        film.scene.remove(*names, *sizes)
        film.scene.add(*film.labels)
        film.compare(0)


def between(area: Rectangles, start: Rect, stop: Rect, share: float) -> None:
    """On its way from one rectangle to another."""
    area.display(np.array([start.toward(stop, share).edges]))


@beat("l2")
def l2(film: MemoryHierarchyFilm) -> None:
    """The frame zooms until the cache fills it."""
    with film.scene.telling():
        zoom(film, 0)


@beat("program")
def program(film: MemoryHierarchyFilm) -> None:
    """Beside it is what one program may use: copies fill the cache; then that fills the frame."""
    old, film.note = film.note, film.source("program")
    place, wide = film.scene.shot("capacities")["name"], film.scene.frame.x1 - film.zoom.aside.x0 - LINE
    name = fitted(PROGRAM, LABEL, film.hues["program"], Rect(place.x0, place.y0, place.x0 + wide, place.y1), "part")
    film.move(FadeOut(old), seconds=TEXT)
    with film.scene.telling():
        film.labels.append(film.label(name, film.found.areas[2][1]))
        film.display(1)
        film.move(FadeIn(film.note, film.areas[2], film.labels[-1]), seconds=TEXT)
        film.compare(1)
        film.scene.hold(TEXT)
        zoom(film, 1)


def zoom(film: MemoryHierarchyFilm, stage: int) -> None:
    """From one area to the next; what was looked at is gone then."""
    film.scene.add(film.areas[stage + 1])
    film.move(FadeOut(*film.ratio), seconds=TEXT)
    filling = film.copies[stage]
    moving = VGroup(*film.areas[stage : stage + 2], filling, *film.labels[stage : stage + 2])

    def dive(share: float) -> None:
        film.display(stage + share)
        filling.display(copies(*film.zoom.at(stage + share)[stage : stage + 2]))

    film.move(Shows(moving, dive, rate_func=ease_in_out_cubic), seconds=ZOOM)
    film.scene.remove(film.areas[stage], filling, film.labels[stage])


@beat("scores")
def scores(film: MemoryHierarchyFilm) -> None:
    """All steps back, on one scale; the whole matrix of scores slides onto what one program may use, and most of it is beside it."""
    skin, focus, found = film.skin, film.zoom.focus, film.found
    place = film.scene.shot("capacities")["scores"]
    small, film.spot = film.zoom.under(found.scores, place)
    start = film.spot.shifted(film.scene.frame.x1 - film.spot.x0, 0.0)
    matrix, over = Rectangles(skin.hue("S"), name="matrix S", opacity=palette.LIT), Rectangles(skin.warn, name="overflow")
    limit = Rectangles(film.hues["program"], name="limit", opacity=0).set_stroke(film.hues["program"], width=theme.HEAVY, opacity=1)
    beside = Rect(film.spot.x1 + LINE, place.y0, place.x1, film.spot.y1)
    lines = zip((("S, all scores",), (amount(found.scores),), found.matrix), (NAME, NUMBER, LABEL), strict=True)
    rows = [Rect(beside.x0, beside.y1 - (k + 1.6) * em(NUMBER), beside.x1, beside.y1 - (k + 0.6) * em(NUMBER)) for k in range(3)]
    said = [fitted(texts, px, skin.ink, row, "beside") for (texts, px), row in zip(lines, rows, strict=True)]
    over.display(beyond(film.spot, small))
    limit.display(edges([small]))
    with film.scene.telling():
        film.move(*film.scaled(focus, small), seconds=MOVE)
        film.scene.add(matrix, limit)
        film.move(Shows(matrix, partial(between, matrix, start, film.spot), rate_func=ease_in_out_cubic), seconds=SLIDE)
        film.move(FadeIn(*said), seconds=TEXT)
        inside, outside = heading(small, "fits", skin.ground, NAME), heading(upper(film.spot, small), "does not fit", skin.ground, NAME)
        film.scores = [matrix, over, limit, inside, outside, *said]
        film.move(FadeIn(over, inside, outside), seconds=MOVE)
        film.scene.add(limit)


def upper(whole: Rect, part: Rect) -> Rect:
    """What of a square is above what of it fits, or all of it where there is too little for a word."""
    return whole.top(whole.height - min(part.height, whole.height / 2))


@beat("tiles")
def tiles(film: MemoryHierarchyFilm) -> None:
    """S comes apart; one tile of it stays, and one of Q, of K and of V drop in, as large as they are of what one program may use."""
    sizes, focus = film.found.tiles, film.zoom.focus
    stops = dict(zip(sizes, film.zoom.tiles(list(sizes.values())), strict=True))
    drawn = {tensor: Rectangles(film.skin.hue(tensor), name=f"tile {tensor}", opacity=palette.LIT) for tensor in sizes}
    frame, level = film.scene.frame, focus.width >= focus.height
    starts = {
        tensor: stop.shifted(0, frame.y1 - stop.y0) if level else stop.shifted(frame.x0 - stop.x1, 0) for tensor, stop in stops.items()
    }
    count = Counter(film.skin.ink, "together")
    with film.scene.telling():
        if film.scores:
            small, starts["S"] = film.zoom.under(film.found.scores, film.scene.shot("capacities")["scores"])[0], crack(film, drawn["S"])
            film.move(*film.scaled(small, focus), come(drawn["S"], starts["S"], stops["S"]), seconds=SLIDE)
        for k, tensor in enumerate(sizes):
            if tensor != "S" or not film.scores:
                film.move(come(drawn[tensor], starts[tensor], stops[tensor]), seconds=LOAD)
            named(film, tensor, stops[tensor])
            used, whole = amount(sum(list(sizes.values())[: k + 1])), f"of {amount(film.found.program)}"
            what, number, of = film.say(("in use", NAME), (used, ONE_NUMBER), (whole, NAME))
            count.say(number)
            if k == 0:
                film.move(FadeIn(count, what, of), seconds=TEXT)
    film.scene.hold(REST)


def come(tile: Rectangles, start: Rect, stop: Rect) -> Shows:
    """A tile comes to its place."""
    return Shows(tile, partial(between, tile, start, stop), introducer=True, rate_func=ease_in_out_cubic)


def named(film: MemoryHierarchyFilm, tensor: str, tile: Rect) -> None:
    """A tile's letter, and its bytes beneath or beside it."""
    focus = film.zoom.focus
    below = Rect(tile.x0 - LINE, tile.y0 - LINE, tile.x1 + LINE, tile.y0)
    aside = Rect(tile.x1, tile.center[1] - LINE / 2, focus.x1, tile.center[1] + LINE / 2)
    size = heading(below if focus.width >= focus.height else aside, amount(film.found.tiles[tensor]), film.skin.ink, LABEL, "tile size")
    film.move(FadeIn(heading(tile, tensor, film.skin.ground, NUMBER), size), seconds=TEXT)


def crack(film: MemoryHierarchyFilm, tile: Rectangles) -> Rect:
    """S comes apart into tiles; all leave but one that fits. Where that is."""
    matrix, over, *said = film.scores
    down, across = film.found.config.row_blocks, film.found.config.col_blocks
    small, _ = film.zoom.under(film.found.scores, film.scene.shot("capacities")["scores"])
    gap = min(CRACK, film.spot.width / across / 2, film.spot.height / down / 2)

    def show(share: float) -> None:
        boxes = pieces(film.spot, down, across, gap * share)
        outside = (boxes[:, 3] > small.y1) | (boxes[:, 2] > small.x1)
        for drawn, part in ((matrix, boxes[~outside]), (over, boxes[outside])):
            drawn.display(part)

    film.move(FadeOut(*said), seconds=TEXT)
    film.move(Shows(Group(matrix, over), show), seconds=MOVE)
    film.scene.hold(0.5)
    kept = Rect(*pieces(film.spot, down, across, gap)[0])
    tile.display(edges([kept]))
    film.scene.add(tile)
    film.move(FadeOut(matrix, over), seconds=MOVE)
    return kept
