"""Memories of one machine: pipes as wide as their bandwidths, and one zoom from the largest memory to what a program may use."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from manim import Mobject, VGroup
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import palette, theme
from flashviz.chapters import memory_hierarchy
from flashviz.chapters.memory_hierarchy import ON_SCREEN, MemoryHierarchy
from flashviz.director.film.parts import heading
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, NUMBER, Word, fitted, machine, word
from flashviz.figures import amount
from flashviz.layout import Rect, centered
from flashviz.layout.hierarchy import NEXT, Zoom, pipe
from flashviz.lettering import Face, em
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows
from flashviz.mobjects.named import Named
from flashviz.mobjects.tiles import Rectangles, plane

PITCH, THICK, PACE = em(52), em(24), em(150)  # of what flows: from one stripe to the next, a stripe, a second's way
UNDER = em(120)  # for what is said beneath the tiles
FLOW, COME, ZOOM, LOAD = 2.4, 0.7, 2.4, 0.7  # seconds


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
    ratio: Word  # of the area that is looked at and the next one
    scores: Sequence[Mobject] = ()  # what does not fit, with its name, while it is shown
    labels: list[Named]

    def __init__(self, scene: ShotScene, found: MemoryHierarchy) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.place = place = scene.shot("pipes")
        self.stations = [memory.name for memory in found.memories] + ["used"]
        first, second, *others = self.stations
        self.areas = [self.memory(f"area {name}") for name in (first, second, "program")]
        self.others = [self.memory(f"station {name}") for name in others]
        for name, drawn in zip(self.stations, [*self.areas[:2], *self.others], strict=True):
            drawn.display(np.array([place[name].edges]))
        self.names = [heading(place[f"{name} name"], ON_SCREEN[name], self.skin.ink, NAME) for name in self.stations]
        self.pipes = {
            name: pipe(place[name], place[after], found.flows[name]) for name, after in zip(self.stations, self.stations[1:], strict=False)
        }
        self.bodies = {name: self.body(name) for name in self.pipes}
        self.stripes = Rectangles(self.skin.ink, name="flow")
        self.numbers = VGroup()
        self.zoom = Zoom(scene.shot("capacities")["focus"], [nbytes for *_, nbytes in found.areas])

    def memory(self, name: str) -> Rectangles:
        """A memory, or what is made of one."""
        made = Rectangles(self.skin.quiet, name=name, opacity=palette.RESTING)
        return made.set_stroke(self.skin.quiet, width=theme.HAIRLINE, opacity=1)

    def body(self, name: str) -> Rectangles:
        """A pipe, empty."""
        return plane(self.skin.registers, self.skin.quiet, f"pipe {name}")

    def source(self, beat: str) -> Word:
        """Where figures stand that are shown from a beat on."""
        rect = self.place["note"]
        return fitted(self.found.notes[beat], LABEL, self.skin.ink, rect, "note", Face.TEXT)

    def label(self, name: str, size: str, wide: float = NEXT) -> Named:
        """An area's name and size, one above the other."""
        place, ink = self.scene.shot("capacities"), self.skin.ink
        parts = [word(name, NAME, ink, place["name"].left(wide), "part"), word(size, NUMBER, ink, place["size"].left(NEXT), "part")]
        return Named(*parts, tag="size", text=f"{name} {size}")

    def compare(self, index: int) -> FadeIn:
        """How many of the next area fit into one: said in the larger one, until it is left."""
        self.ratio = heading(self.zoom.focus, self.found.next(index), self.skin.ink, NUMBER)
        return FadeIn(self.ratio)

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
    film.move(FadeIn(*film.areas[:2], *film.others, *film.names), seconds=0.5)
    for memory in film.found.memories:
        body, rect = film.bodies[memory.name], film.pipes[memory.name]
        number = heading(film.place[f"{memory.name} speed"], memory.speed, film.skin.ink, NUMBER)
        film.numbers.add(number)
        film.move(Shows(body, partial(opened, body, rect), introducer=True, rate_func=ease_in_out_cubic), FadeIn(number), seconds=0.6)
    device = machine(film.found.hierarchy.device, film.scene.settings.aspect, film.skin)
    film.move(FadeIn(film.note, device), seconds=TEXT)
    film.scene.tell()


def opened(body: Rectangles, rect: Rect, share: float) -> None:
    """A pipe, from its middle line to its width."""
    thin = centered(*rect.center[:2], rect.width, 0) if rect.width > rect.height else centered(*rect.center[:2], 0, rect.height)
    body.display(np.array([thin.toward(rect, share).edges]))


@beat("flow")
def flow(film: MemoryHierarchyFilm) -> None:
    """Stripes set out in all pipes at once, and go equally fast."""
    film.scene.add(film.stripes)

    def go(start: float, seconds: float) -> Shows:
        return Shows(film.stripes, lambda share: film.stripes.display(stripes(film, start + seconds * share)))

    film.move(go(0.0, FLOW), seconds=FLOW)
    for index, memory in enumerate(film.found.memories[1:]):
        times = heading(film.place[f"{memory.name} times"], film.found.times(memory), film.skin.ink, NAME)
        film.numbers.add(times)
        film.move(go(FLOW + index * COME, COME), FadeIn(times), seconds=COME)
    film.scene.tell()


def stripes(film: MemoryHierarchyFilm, seconds: float) -> np.ndarray:
    """[n, 4] what flows in all pipes, so long after it set out; cut off at their ends."""
    lying = film.place[film.stations[0]].x1 <= film.place[film.stations[1]].x0
    boxes = []
    for rect in film.pipes.values():
        length = rect.width if lying else rect.height
        ahead = PACE * seconds - np.arange(0, PACE * seconds, PITCH)
        start, stop = np.clip(ahead - THICK, 0, length), np.clip(ahead, 0, length)
        kept = stop > start
        start, stop, one = start[kept], stop[kept], np.ones(kept.sum())
        if lying:
            boxes.append(np.stack([rect.x0 + start, rect.y0 * one, rect.x0 + stop, rect.y1 * one], 1))
        else:
            boxes.append(np.stack([rect.x0 * one, rect.y1 - stop, rect.x1 * one, rect.y1 - start], 1))
    return np.concatenate(boxes)


@beat("hbm")
def hbm(film: MemoryHierarchyFilm) -> None:
    """Pipes leave; the largest memory grows to its area, and the cache becomes as small as it is beside it."""
    film.move(FadeOut(*film.bodies.values(), film.stripes, film.numbers, *film.others, *film.names), seconds=0.4)
    start = [film.place[name] for name in film.stations[:2]]
    stop = film.zoom.at(0)
    wide = film.scene.shot("capacities")["name"].width
    film.labels = [film.label(*film.found.areas[0][:2], wide), film.label(*film.found.areas[1][:2])]
    film.display(0)

    def show(share: float) -> None:
        for area, before, after in zip(film.areas, start, stop, strict=False):
            between(area, before, after, share)

    film.move(Shows(VGroup(*film.areas[:2]), show, rate_func=ease_in_out_cubic), seconds=MOVE)
    for label in film.labels:
        film.move(FadeIn(label), seconds=TEXT)
        film.scene.hold(0.3)
    film.move(film.compare(0), seconds=TEXT)
    film.scene.tell()


def between(area: Rectangles, start: Rect, stop: Rect, share: float) -> None:
    """On its way from one rectangle to another."""
    area.display(np.array([start.toward(stop, share).edges]))


@beat("l2")
def l2(film: MemoryHierarchyFilm) -> None:
    """The frame zooms until the cache fills it; beside it is what one program may use."""
    zoom(film, 0)
    film.labels.append(film.label(*film.found.areas[2][:2]))
    film.display(1)
    film.move(FadeIn(film.areas[2], film.labels[-1]), seconds=TEXT)
    film.move(film.compare(1), seconds=TEXT)


@beat("program")
def program(film: MemoryHierarchyFilm) -> None:
    """Once more, until that fills it."""
    old, film.note = film.note, film.source("program")
    film.move(FadeOut(old), seconds=TEXT)
    film.move(FadeIn(film.note), seconds=TEXT)
    zoom(film, 1)


def zoom(film: MemoryHierarchyFilm, stage: int) -> None:
    """From one area to the next; what was looked at is gone then."""
    film.scene.add(film.areas[stage + 1])
    film.move(FadeOut(film.ratio), seconds=TEXT)
    moving = VGroup(*film.areas[stage : stage + 2], *film.labels[stage : stage + 2])
    film.move(Shows(moving, lambda share: film.display(stage + share), rate_func=ease_in_out_cubic), seconds=ZOOM)
    film.scene.remove(film.areas[stage], film.labels[stage])


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
    film.scores = [matrix, heading(square, "S", skin.ground, NUMBER), label]
    film.move(FadeIn(*film.scores[1:]), seconds=TEXT)
    film.scene.tell()


@beat("tiles")
def tiles(film: MemoryHierarchyFilm) -> None:
    """A tile of each tensor comes in, as large as it is of what one program may use."""
    skin, sizes, focus, area = film.skin, film.found.tiles, film.zoom.focus, film.areas[-1]
    if film.scores:
        film.move(FadeOut(*film.scores), seconds=TEXT)
        small, _ = film.zoom.beside(film.found.scores, film.scene.shot("capacities")["beside"])
        film.move(Shows(area, partial(between, area, small, focus), rate_func=ease_in_out_cubic), seconds=MOVE)
    stops = film.zoom.tiles(list(sizes.values()))
    for tensor, stop in zip(sizes, stops, strict=True):
        tile = Rectangles(skin.hue(tensor), name=f"tile {tensor}", opacity=palette.LIT)
        start = stop.shifted(film.scene.frame.x0 - stop.x1, 0)
        film.move(Shows(tile, partial(between, tile, start, stop), introducer=True, rate_func=ease_in_out_cubic), seconds=LOAD)
        film.scene.add(heading(stop, tensor, skin.ground, NUMBER))
    beneath = Rect(focus.x0, focus.y0, focus.x1, min(stop.y0 for stop in stops)).top(UNDER)
    film.move(FadeIn(heading(beneath, film.found.together, skin.ink, NUMBER)), seconds=TEXT)
    film.scene.tell()
