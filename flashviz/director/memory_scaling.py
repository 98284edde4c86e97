"""What attention stores as N doubles: the frame zooms out and squares fill it again; a strip gets longer."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from manim import Animation, VGroup
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import palette, theme
from flashviz.chapters import memory_scaling
from flashviz.chapters.measured import sweep_of
from flashviz.chapters.memory_scaling import MemoryScaling, gather
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, NUMBER, ONE_NUMBER, Word, fitted, line_width, machine, word, worded
from flashviz.layout import Rect
from flashviz.layout.scaling import Areas
from flashviz.lettering import Face, em
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows
from flashviz.mobjects.named import Named
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.tiles import Rectangles

GROW, ZOOM = 1.5, 1.3  # seconds of the first doubling: into the room, and of the frame before
FAST = 0.6  # seconds of each, of those that follow
DASH, THICK = em(11), em(3)  # of what was here
SEEN = em(10)  # a smaller square has no outline


class MemoryScalingStage(ShotScene):
    """The scene that N doubles on."""

    script = memory_scaling.BEATS

    def open(self, measured: Callable[[], Any]) -> MemoryScalingFilm:
        """Read the measurement: ``flashviz_kernels.bench.measured.measured``."""
        found = gather(sweep_of(measured()))
        self.provenance = [found.sweep.provenance]
        self.set_board(found.beats, found.said)
        return MemoryScalingFilm(self, found)


class MemoryScalingFilm(ChapterFilm):
    """Everything on stage, made here once."""

    names: Named  # of what FlashAttention stores
    factors: Named  # how many times as much, when N doubles

    def __init__(self, scene: ShotScene, found: MemoryScaling) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.place = place = scene.shot("scaling")
        self.areas = Areas(place["standard"], place["flash"], found.sweep.d, found.extra)
        self.parts = {name: self.area(name) for name in self.areas.at(1, 1)}
        self.was = Rectangles(self.skin.scores, name="was here")
        self.letters = {name: self.letter(name) for name in "SP"}
        self.n = Readout(self.n_at(0), NUMBER, self.skin.ink, name="N", face=Face.MONO_STRONG).at(place["n"])
        self.bytes = {side: self.number(side) for side in ("standard", "flash")}
        self.index = 0
        self.letter_at(self.areas.at(found.lengths[0], found.lengths[0]), found.lengths[0])

    def area(self, name: str) -> Rectangles:
        """One matrix; scores with an edge."""
        if name in "SP":
            made = Rectangles(self.skin.scores, name=f"area {name}", opacity=palette.RESTING)
            return made.set_stroke(self.skin.scores, width=theme.OUTLINE, opacity=1)
        return Rectangles(self.skin.stats if name == "LSE" else self.skin.o, name=f"area {name}", opacity=palette.LIT)

    def letter(self, name: str) -> Named:
        """A square's name and what it is."""
        texts = [f"{name}:", "N × N"]
        words = worded(self.areas.standard, texts, NAME, [self.skin.ink] * 2, "part")
        return Named(*words, tag="name", text=" ".join(texts))

    def number(self, side: str) -> Readout:
        text, rect = self.found.bytes_at(side, 0), self.place[f"{side} bytes"]
        widest = max(len(self.found.bytes_at(side, index)) for index in range(len(self.found.lengths)))
        px = min(float(NUMBER), NUMBER * rect.width / (widest * 0.6 * em(NUMBER)))
        return Readout(text, px, self.skin.ink, name=f"bytes {side}", face=Face.MONO_STRONG).at(rect)

    def n_at(self, index: int) -> str:
        return f"N = {self.found.lengths[index]:,}"

    def display(self, n: float, fitted: float) -> None:
        """N so large, on the scale on which a square of ``fitted`` rows fits; dashes where squares of earlier N were."""
        areas = self.areas.at(n, fitted)
        for name, rect in areas.items():
            self.parts[name].display(np.array([rect.edges]))
        unit, past = self.areas.unit(fitted), [each for each in self.found.lengths[: self.index + 1] if each < n]
        lines = [dashes(corner(areas[name], each * unit)) for name in "SP" for each in past if each * unit > SEEN]
        self.was.display(np.concatenate([*lines, np.zeros((0, 4))]))
        self.letter_at(areas, fitted)

    def letter_at(self, areas: dict[str, Rect], fitted: float) -> None:
        """In the upper left quarter of a square that fits, which no outline of what was here crosses."""
        for name, letter in self.letters.items():
            square, side = areas[name], self.areas.side(fitted)
            from_left = max(side / 4, letter.width / 2 + em(14))
            letter.move_to((square.x1 - side + from_left, square.y0 + 0.75 * side, 0))

    @property
    def drawn(self) -> VGroup:
        """What grows."""
        return VGroup(*self.parts.values(), self.was, *self.letters.values())


def corner(square: Rect, side: float) -> Rect:
    """The lower right corner of a square."""
    return Rect(square.x1 - side, square.y0, square.x1, square.y0 + side)


def dashes(square: Rect) -> np.ndarray:
    """[n, 4] the upper and the left edge of a square; the others lie on edges of a larger one."""
    along = np.arange(0.0, square.width, 2 * DASH)
    long = np.minimum(along + DASH, square.width)
    half = np.full(len(along), THICK / 2)
    upper = np.stack([square.x0 + along, square.y1 - half, square.x0 + long, square.y1 + half], 1)
    left = np.stack([square.x0 - half, square.y1 - long, square.x0 + half, square.y1 - along], 1)
    return np.concatenate([upper, left])


# --------------------------------------------------------------------------------------------------------------- beats


@beat("stored")
def stored(film: MemoryScalingFilm) -> None:
    """S, P and O fill, row by row; then what was measured."""
    place, skin, n = film.place, film.skin, film.found.lengths[0]
    title = word("Standard attention", NAME, skin.ink, place["standard name"], "name")
    film.move(FadeIn(title, film.n), seconds=TEXT)
    whole = film.areas.at(n, n)
    for name in "SPO":
        part, rect = film.parts[name], whole[name]
        filling = Shows(part, partial(fill, part, rect), introducer=True)
        film.move(filling, FadeIn(film.letters[name] if name in "SP" else film_o(film)), seconds=0.8)
    device = machine(str(film.found.sweep.provenance["machine"]), film.scene.settings.aspect, skin)
    film.move(FadeIn(film.bytes["standard"], note(film), device), seconds=TEXT)
    film.scene.tell()


def fill(part: Rectangles, rect: Rect, share: float) -> None:
    """Its upper rows."""
    part.display(np.array([rect.top(max(share, 1e-3) * rect.height).edges]))


def film_o(film: MemoryScalingFilm) -> Named:
    """O's name, beneath its strip, from the right."""
    rect, texts = film.place["o name"], ["O:", "N × d"]
    px = LABEL * min(1.0, rect.width / line_width(texts, LABEL))
    words = worded(Rect(rect.x1 - line_width(texts, px), rect.y0, rect.x1, rect.y1), texts, px, [film.skin.o, film.skin.ink], "part")
    return Named(*words, tag="name", text=" ".join(texts))


def note(film: MemoryScalingFilm) -> Word:
    """The machine."""
    rect = film.place["note"]
    return fitted(film.found.notes, LABEL, film.skin.ink, rect, "note", Face.TEXT)


@beat("flash")
def flash(film: MemoryScalingFilm) -> None:
    """A copy of O comes over; beside it grows what else is stored, one number a row."""
    place, skin, n = film.place, film.skin, film.found.lengths[0]
    whole, copy = film.areas.at(n, n), film.parts["flash O"]
    film.move(FadeIn(word("FlashAttention", NAME, skin.ink, place["flash name"], "name")), seconds=TEXT)
    coming = Shows(
        copy, lambda share: copy.display(np.array([whole["O"].toward(whole["flash O"], share).edges])),
        rate_func=ease_in_out_cubic, introducer=True,
    )  # fmt: skip
    film.move(coming, seconds=MOVE)
    film.names = flash_names(film, lse=film.found.extra_is_lse)
    lse = film.parts["LSE"]
    film.move(Shows(lse, partial(fill, lse, whole["LSE"]), introducer=True), FadeIn(film.names), seconds=0.5)
    film.move(FadeIn(film.bytes["flash"]), seconds=TEXT)


def flash_names(film: MemoryScalingFilm, *, lse: bool) -> Named:
    """O and, where that is what was measured besides, LSE, beneath their strips; how large they are where there is room."""
    rect, skin = film.place["flash o name"], film.skin
    o, extra = [("O:", skin.o), ("N × d", skin.ink)], [("LSE:", skin.stats), ("N", skin.ink)]
    short = [("O,", skin.o), ("LSE", skin.stats)]
    texts = [*o, *extra] if lse else o
    if line_width([text for text, _ in texts], LABEL) > rect.width:
        texts = short if lse else [("O", skin.o)]
    words = worded(rect, [text for text, _ in texts], LABEL, [color for _, color in texts], "part")
    return Named(*words, tag="name", text=" ".join(text for text, _ in texts))


@beat("double")
def double(film: MemoryScalingFilm) -> None:
    """Slowly: the frame zooms out; then all grow about their corners into the room, and how many times is said."""
    film.scene.add(film.was)
    before, after = film.found.lengths[:2]
    film.move(zoomed(film, before, after), seconds=ZOOM)
    film.move(grown(film, before, after), seconds=GROW)
    film.index = 1
    once = after / before
    film.factors = between_bytes(film, ["S, P", f"× {once**2:g},", "O", f"× {once:g}"], NAME, "factors")
    film.move(*turned(film), FadeIn(film.factors), seconds=0.4)
    film.scene.hold(0.3)


@beat("again")
def again(film: MemoryScalingFilm) -> None:
    """The same for each N that follows, faster."""
    if film.found.extra_is_lse:  # its strip is soon too thin to be seen
        film.move(FadeOut(film.names), seconds=TEXT)
        film.move(FadeIn(flash_names(film, lse=False)), seconds=TEXT)
    for index in range(2, len(film.found.lengths)):
        before, after = film.found.lengths[index - 1 : index + 1]
        film.move(zoomed(film, before, after), seconds=FAST)
        film.index = index
        film.move(grown(film, before, after), *turned(film), seconds=FAST)
        film.scene.hold(0.2)


def grown(film: MemoryScalingFilm, before: int, after: int) -> Shows:
    """N grows, on the scale of the new N."""
    return Shows(film.drawn, lambda share: film.display(before + (after - before) * share, after), rate_func=ease_in_out_cubic)


def zoomed(film: MemoryScalingFilm, before: int, after: int) -> Shows:
    """The scale becomes that on which the new N fits."""
    return Shows(film.drawn, lambda share: film.display(before, before * (after / before) ** share), rate_func=ease_in_out_cubic)


def turned(film: MemoryScalingFilm) -> list[Animation]:
    """N and the bytes are those of the new N."""
    numbers = [film.bytes[side].turn(film.found.bytes_at(side, film.index)) for side in film.bytes]
    return [film.n.turn(film.n_at(film.index)), *numbers]


def between_bytes(film: MemoryScalingFilm, texts: list[str], most: float, tag: str) -> Named:
    """Words between both numbers of bytes."""
    rect = film.place["ratio"]
    px = most * min(1.0, rect.width / line_width(texts, most))
    left = rect.center[0] - line_width(texts, px) / 2
    words = worded(Rect(left, rect.y0, rect.x1, rect.y1), texts, px, [film.skin.ink] * len(texts), "part")
    return Named(*words, tag=tag, text=" ".join(texts))


@beat("gap")
def gap(film: MemoryScalingFilm) -> None:
    """How many times as much the one is."""
    film.move(FadeOut(film.factors), seconds=TEXT)
    film.move(FadeIn(between_bytes(film, ["≈", film.found.said["ratio"], "×"], ONE_NUMBER, "ratio")), seconds=TEXT)
    film.scene.hold(0.4)
    film.scene.tell()
