"""Memories of one machine: pipes as wide as their bandwidths, and one zoom from the largest memory to what a program may use."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from manim import Group, Mobject, VGroup
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import palette, theme
from flashviz.chapters import memory_hierarchy
from flashviz.chapters.memory_hierarchy import ON_SCREEN, MemoryHierarchy
from flashviz.director.film.parts import heading
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, NUMBER, Word, fitted, machine, word
from flashviz.figures import amount
from flashviz.layout import Rect, centered
from flashviz.layout.hierarchy import NEXT, Zoom, beyond, copies, pieces, pipe
from flashviz.lettering import Face, em
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows
from flashviz.mobjects.named import Named
from flashviz.mobjects.tiles import Rectangles, box, plane

PITCH, THICK, PACE = em(52), em(24), em(150)  # of what flows: from one stripe to the next, a stripe, a second's way
UNDER = em(120)  # for what is said beneath the tiles
FLOW, COME, FILL, ZOOM, LOAD = 2.0, 0.7, 1.4, 2.0, 0.5  # seconds
CRACK, LINE = em(8), em(44)  # between pieces of S; from one line of type to the next


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
    ratio: list[Mobject]  # of the area that is looked at and the next one
    scores: Sequence[Mobject] = ()  # what does not fit, and its name, while it is shown
    spot: Rect  # where that lies
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
        self.names = [heading(place[f"{name} name"], ON_SCREEN[name], self.hues.get(name, self.skin.ink), NAME) for name in self.stations]
        for part, text, name in (("far", "far from the arithmetic", first), ("near", "near", others[0])):
            self.names.append(heading(place[part], text, self.hues[name], LABEL, "near or far"))
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
        hue = self.hues[name]
        return Rectangles(hue, name=f"copies {name}", opacity=palette.DIM).set_stroke(hue, width=theme.HAIRLINE, opacity=palette.FAINT)

    def body(self, name: str) -> Rectangles:
        """A pipe, empty."""
        return plane(self.skin.registers, self.skin.quiet, f"pipe {name}")

    def source(self, beat: str) -> Word:
        """Where figures stand that are shown from a beat on."""
        rect = self.place["note"]
        return fitted(self.found.notes[beat], LABEL, self.skin.ink, rect, "note", Face.TEXT)

    def label(self, name: str, size: str, wide: float = NEXT, hue: str = "") -> Named:
        """An area's name and size, one above the other."""
        place, ink = self.scene.shot("capacities"), self.skin.ink
        parts = [word(name, NAME, hue or ink, place["name"].left(wide), "part"), word(size, NUMBER, ink, place["size"].left(NEXT), "part")]
        return Named(*parts, tag="size", text=f"{name} {size}")

    def compare(self, index: int) -> None:
        """How many of the next area fit into one: copies of it fill the larger one, and are counted in it, until it is left."""
        drawn, boxes = self.copies[index], copies(*self.zoom.at(index)[index : index + 2])
        number = heading(self.zoom.focus, self.found.next(index), self.skin.ink, NUMBER)
        behind = centered(*self.zoom.focus.center[:2], number.wide + em(NUMBER), em(2 * NUMBER))
        self.ratio = [box(behind, stroke=self.skin.ground, fill=self.skin.ground, opacity=palette.LIT), number]
        self.move(Shows(drawn, lambda share: drawn.display(boxes[: round(share * len(boxes))]), introducer=True), seconds=FILL)
        self.move(FadeIn(*self.ratio), seconds=TEXT)

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
    film.move(FadeIn(*film.areas[:2], *film.others, *film.names, film.note, device), seconds=0.5)
    with film.scene.telling():
        open_pipes(film)


def open_pipes(film: MemoryHierarchyFilm) -> None:
    """One after another."""
    for memory in film.found.memories:
        body, rect = film.bodies[memory.name], film.pipes[memory.name]
        number = heading(film.place[f"{memory.name} speed"], memory.speed, film.skin.ink, NUMBER)
        film.numbers.add(number)
        film.move(Shows(body, partial(opened, body, rect), introducer=True, rate_func=ease_in_out_cubic), FadeIn(number), seconds=0.6)


def opened(body: Rectangles, rect: Rect, share: float) -> None:
    """A pipe, from its middle line to its width."""
    thin = centered(*rect.center[:2], rect.width, 0) if rect.width > rect.height else centered(*rect.center[:2], 0, rect.height)
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
    lying = film.place[film.stations[0]].x1 <= film.place[film.stations[1]].x0
    length = rect.width if lying else rect.height
    ahead = PACE * seconds - np.arange(0, PACE * seconds, PITCH)
    start, stop = np.clip(ahead - THICK, 0, length), np.clip(ahead, 0, length)
    kept = stop > start
    start, stop, one = start[kept], stop[kept], np.ones(kept.sum())
    if lying:
        return np.stack([rect.x0 + start, rect.y0 * one, rect.x0 + stop, rect.y1 * one], 1)
    return np.stack([rect.x0 * one, rect.y1 - stop, rect.x1 * one, rect.y1 - start], 1)


@beat("hbm")
def hbm(film: MemoryHierarchyFilm) -> None:
    """Pipes leave; the largest memory grows to its area, and the cache becomes as small as it is beside it."""
    film.move(FadeOut(*film.bodies.values(), *film.stripes.values(), film.numbers, *film.others, *film.names), seconds=0.4)
    start = [film.place[name] for name in film.stations[:2]]
    stop = film.zoom.at(0)
    wide = film.scene.shot("capacities")["name"].width
    hues = [film.hues[name] for name in film.stations[:2]]
    film.labels = [film.label(*film.found.areas[0][:2], wide, hues[0]), film.label(*film.found.areas[1][:2], hue=hues[1])]
    film.display(0)

    def show(share: float) -> None:
        for area, before, after in zip(film.areas, start, stop, strict=False):
            between(area, before, after, share)

    with film.scene.telling():
        film.move(Shows(VGroup(*film.areas[:2]), show, rate_func=ease_in_out_cubic), seconds=MOVE)
        for label in film.labels:
            film.move(FadeIn(label), seconds=TEXT)
        film.compare(0)


def between(area: Rectangles, start: Rect, stop: Rect, share: float) -> None:
    """On its way from one rectangle to another."""
    area.display(np.array([start.toward(stop, share).edges]))


@beat("l2")
def l2(film: MemoryHierarchyFilm) -> None:
    """The frame zooms until the cache fills it; beside it is what one program may use."""
    with film.scene.telling():
        zoom(film, 0)
        film.labels.append(film.label(*film.found.areas[2][:2], hue=film.hues["program"]))
        film.display(1)
        film.move(FadeIn(film.areas[2], film.labels[-1]), seconds=TEXT)
        film.compare(1)


@beat("program")
def program(film: MemoryHierarchyFilm) -> None:
    """Once more, until that fills it."""
    old, film.note = film.note, film.source("program")
    film.move(FadeOut(old), seconds=TEXT)
    with film.scene.telling():
        film.move(FadeIn(film.note), seconds=TEXT)
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
    """All steps back, on one scale, until the whole matrix of scores stands beside what one program may use."""
    skin, focus, area = film.skin, film.zoom.focus, film.areas[-1]
    small, square = film.zoom.beside(film.found.scores, film.scene.shot("capacities")["beside"])
    side, right = square.width * focus.width / small.width, film.scene.frame.x1  # of the matrix, before all steps back
    start = Rect(right, square.y0, right + side, square.y0 + side)
    matrix = Rectangles(skin.hue("S"), name="matrix S", opacity=palette.LIT)

    def show(share: float) -> None:
        between(area, focus, small, share)
        between(matrix, start, square, share)

    film.scene.add(matrix)
    film.move(Shows(VGroup(area, matrix), show, rate_func=ease_in_out_cubic), seconds=ZOOM)
    label = film.label(film.found.matrix, amount(film.found.scores), square.width)
    stand(label, square.x0)
    film.move(FadeIn(label), seconds=TEXT)
    over = Rectangles(skin.warn, name="overflow")
    onto = square.shifted(small.x0 - square.x0, small.y0 - square.y0)

    def slide(share: float) -> None:
        """Onto what one thread block may use: what is beyond it is too much."""
        here = square.toward(onto, share)
        between(matrix, square, onto, share)
        over.display(beyond(here, small) if here.x0 < small.x1 else np.zeros((0, 4)))

    film.scene.add(over)
    film.move(Shows(VGroup(matrix, over), slide, rate_func=ease_in_out_cubic), seconds=MOVE)
    limit = box(small, stroke=film.hues["program"], width=theme.HEAVY)
    letter = heading(onto.top(onto.height - min(small.height, onto.height / 2)), "S", skin.ground, NUMBER)
    film.scores, film.spot = [matrix, over, letter, label, limit], onto
    film.move(FadeIn(letter, limit), seconds=TEXT)
    film.scene.tell()


@beat("tiles")
def tiles(film: MemoryHierarchyFilm) -> None:
    """A tile of each tensor comes in, as large as it is of what one program may use."""
    skin, sizes, focus, area = film.skin, film.found.tiles, film.zoom.focus, film.areas[-1]
    if film.scores:
        crack(film)
        film.move(FadeOut(*film.scores), seconds=TEXT)
        small, _ = film.zoom.beside(film.found.scores, film.scene.shot("capacities")["beside"])
        film.move(Shows(area, partial(between, area, small, focus), rate_func=ease_in_out_cubic), seconds=MOVE)
    stops, words = film.zoom.tiles(list(sizes.values())), []
    lying = focus.width >= focus.height
    for (tensor, size), stop in zip(sizes.items(), stops, strict=True):
        tile = Rectangles(skin.hue(tensor), name=f"tile {tensor}", opacity=palette.LIT)
        start = stop.shifted(0, film.scene.frame.y1 - stop.y0) if lying else stop.shifted(film.scene.frame.x0 - stop.x1, 0)
        film.move(Shows(tile, partial(between, tile, start, stop), introducer=True, rate_func=ease_in_out_cubic), seconds=LOAD)
        film.scene.add(heading(stop, tensor, skin.ground, NUMBER))
        for line, text in enumerate((film.found.shapes[tensor], amount(size)), 1):
            below = Rect(stop.x0 - LINE, stop.y0 - line * LINE, stop.x1 + LINE, stop.y0 - (line - 1) * LINE)
            aside = Rect(stop.x1, stop.center[1] - (line - 1) * LINE, focus.x1, stop.center[1] - (line - 2) * LINE)
            words.append(heading(below if lying else aside, text, skin.ink, LABEL, "tile size"))
        film.move(FadeIn(*words[-2:]), seconds=TEXT)
    low = min(stop.y0 for stop in stops) - (2 * LINE if lying else 0.0)
    beneath = Rect(focus.x0, focus.y0, focus.x1, low).top(min(UNDER, low - focus.y0))
    film.move(FadeIn(heading(beneath, film.found.together, skin.ink, NUMBER)), seconds=TEXT)
    film.scene.tell()


def crack(film: MemoryHierarchyFilm) -> None:
    """S comes apart into tiles."""
    matrix, over, *said = film.scores
    down, across = film.found.config.row_blocks, film.found.config.col_blocks
    small, _ = film.zoom.beside(film.found.scores, film.scene.shot("capacities")["beside"])
    gap = min(CRACK, film.spot.width / across / 2, film.spot.height / down / 2)

    def show(share: float) -> None:
        boxes = pieces(film.spot, down, across, gap * share)
        outside = (boxes[:, 3] > small.y1) | (boxes[:, 2] > small.x1)
        for drawn, part in ((matrix, boxes[~outside]), (over, boxes[outside])):
            drawn.display(part)

    film.move(Shows(Group(matrix, over), show), FadeOut(said[0]), seconds=0.6)
    film.scores = [matrix, over, *said[1:]]
