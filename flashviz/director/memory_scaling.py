"""What attention stores as N doubles: the frame zooms out and squares fill it again; a strip gets longer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from manim import Group
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import palette, theme
from flashviz.chapters import memory_scaling
from flashviz.chapters.measured import sweep_of
from flashviz.chapters.memory_scaling import MemoryScaling, gather
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, StepBack, beat, step_forth
from flashviz.director.words import LABEL, NAME, NUMBER, Counter, Word, first_that_fits, fitted, machine, slid, word
from flashviz.figures import compact
from flashviz.layout import Rect
from flashviz.layout.scaling import Areas
from flashviz.lettering import LINE_PITCH, Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows
from flashviz.mobjects.readout import ADVANCE, Readout
from flashviz.mobjects.tiles import Rectangles, dashed, image, image_corners, outlines, span

FILL = 1.3  # seconds in which a square fills
FIRST, NEXT = 2.0, 1.3  # seconds of a doubling: of the first, and of each that follows
AHEAD = 1.4  # how much faster the frame zooms out than N grows: a square shrinks with what it held, then grows into the room
DASH, RULE = em(11), em(1)  # of what was here, a dash; half of the line that says how wide S is
SMALL = em(10)  # a square that is smaller has no outline
PAD = em(12)  # between a thing and its name


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

    owner: Word  # whose what is stored at the right is

    def __init__(self, scene: ShotScene, found: MemoryScaling) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.place = place = scene.shot("scaling")
        self.areas = Areas(place["standard"], place["flash"], found.sweep.d, found.extra)
        self.shades = shades(found.pictures(scene.settings.config), self.skin)
        self.values = {name: image(self.shades[name][0]) for name in "SP"}
        self.parts = {name: self.area(name) for name in self.areas.at(1, 1)}
        self.was = Rectangles(self.skin.ink, name="was here")
        self.width = Rectangles(self.skin.ink, name="width")
        self.names = {name: Counter(self.hue(name), f"name {name}") for name in self.parts}
        self.n, self.tag = Counter(self.skin.ink, "N"), Counter(self.skin.ink, "was N")
        self.under = Rectangles(self.skin.ground, name="under")
        self.bytes = {side: self.number(side) for side in ("standard", "flash")}
        self.display(found.lengths[0], found.lengths[0], 0)

    def hue(self, name: str) -> str:
        return {"S": self.skin.ink, "P": self.skin.ink, "LSE": self.skin.stats}.get(name, self.skin.o)

    def area(self, name: str) -> Rectangles:
        """One matrix; scores as an edge about their values."""
        return outlines(self.skin.scores, f"area {name}") if name in "SP" else Rectangles(self.hue(name), name=f"area {name}")

    def number(self, side: str) -> Readout:
        text, rect = self.found.bytes_at(side, 0), self.place[f"{side} bytes"]
        widest = max(len(self.found.bytes_at(side, index)) for index in range(len(self.found.lengths)))
        px = NUMBER * min(1.0, rect.width / (widest * ADVANCE * em(NUMBER)))
        return Readout(text, px, self.skin.ink, name=f"bytes {side}", face=Face.MONO_STRONG).at(rect)

    def display(self, n: float, fitted: float, index: int) -> None:
        """N so large, on the scale on which squares of ``fitted`` rows fit; what is written is of a length that was measured."""
        areas, lengths = self.areas.at(n, fitted), self.found.lengths
        for name, rect in areas.items():
            self.parts[name].display(np.array([rect.edges]))
        upper = next(k for k, length in enumerate(lengths) if length >= n - 1e-6)
        for name, drawn in self.values.items():
            whole = self.shades[name][upper]
            rows = max(round(len(whole) * n / lengths[upper]), 1)
            drawn.pixel_array, drawn.points = whole[-rows:, -rows:], image_corners(areas[name])
        self.mark(areas, [each for each in lengths if each < n - 1e-6], self.areas.unit(fitted))
        self.write(areas, index)

    def mark(self, areas: dict[str, Rect], past: list[int], unit: float) -> None:
        """Dashes where squares and strips of earlier N were; those of the last cut S and P in four, and say which N it was."""
        lines = [dashes(corner(areas[name], each * unit)) for name in "SP" for each in past[:-1] if each * unit > SMALL]
        self.tag.points, self.tag.text, label = np.zeros((0, 3)), "", np.zeros((0, 4))
        if past:
            side = past[-1] * unit
            lines += [cross(areas[name], side) for name in "SP"]
            lines += [level(areas[name], side) for name in ("O", "flash O") if areas[name].width > DASH]
            square = corner(areas["S"], side)
            text = first_that_fits([f"N = {past[-1]:,}", f"{past[-1]:,}"], LABEL, side - 2 * PAD, Face.STRONG)
            wide = text_width(text, LABEL, Face.STRONG)
            if wide < side:
                said = Word(text, LABEL, self.skin.ink, square.x1 - PAD - wide, square.y0 + 2 * PAD, "part")
                self.tag.say(said)
                label = np.array([[said.left - PAD, square.y0, square.x1, square.y0 + em(LABEL) + 2 * PAD]])
        self.was.display(np.concatenate([*lines, np.zeros((0, 4))]))
        self.under.display(label)

    def write(self, areas: dict[str, Rect], index: int) -> None:
        """A name and its bytes beside each part, wherever that is; N beneath a square, as wide as it."""
        for name, amount in self.found.parts_at(index).items():
            self.names[name].say(self.named(name, compact(amount), areas[name]))
        square, row = areas["P" if self.areas.stacked else "S"], self.place["n"]
        self.width.display(span(square.x0 + RULE, square.x1 - RULE, row.y1 - em(7), RULE, em(8)))
        text = f"N = {self.found.lengths[index]:,}"
        middle = square.center[0] - text_width(text, NAME, Face.STRONG) / 2
        left = square.x0 if self.areas.stacked else max(middle, row.x0)  # O's bytes stand beneath the same square there
        self.n.say(Word(text, NAME, self.skin.ink, left, row.y0 + PAD, "part"))

    def named(self, name: str, amount: str, rect: Rect) -> Word:
        """Above a square, at its left; beneath a strip of O, inwards; beside LSE."""
        color = self.hue(name)
        if name in "SP":
            what = {"S": "scores", "P": "weights"}[name]
            most = self.areas.side(self.found.lengths[0]) * 0.7
            text = first_that_fits([f"{name}: {what}, {amount}", f"{name}: {amount}"], LABEL, most, Face.STRONG)
            return Word(text, LABEL, color, rect.x0, rect.y1 + PAD, "part")
        text = f"{name.removeprefix('flash ')}: {amount}"
        base = self.place["n"].y0 + PAD
        if name == "O":
            return Word(text, LABEL, color, rect.x1 - text_width(text, LABEL, Face.STRONG), base, "part")
        if name == "LSE":
            return Word(text, LABEL, color, rect.x1 + PAD, self.areas.flash.y0 + em(1.6 * LABEL), "part")
        return Word(text, LABEL, color, rect.x0, base, "part")

    @property
    def drawn(self) -> Group:
        """What grows."""
        return Group(*self.values.values(), *self.parts.values(), self.was, self.under, self.tag, self.width, self.n, *self.names.values())


def shades(pictures: list[tuple[np.ndarray, np.ndarray]], skin: palette.Theme) -> dict[str, list[Any]]:
    """Of S and P, at each length, their values as brightness."""
    high = theme.between(skin.panel, skin.scores, palette.SECOND)

    def shade(values: np.ndarray, reach: tuple[float, float]) -> Any:
        return theme.ramp((values - reach[0]) / (reach[1] - reach[0]), skin.panel, high)

    scores = palette.spread(pictures[-1][0])
    return {"S": [shade(s, scores) for s, _ in pictures], "P": [shade(p, palette.weight_spread(p)) for _, p in pictures]}


def corner(square: Rect, side: float) -> Rect:
    """The lower right corner of a square."""
    return Rect(square.x1 - side, square.y0, square.x1, square.y0 + side)


def dashes(square: Rect) -> np.ndarray:
    """[n, 4] the upper and the left edge of a square; the others lie on edges of a larger one."""
    return np.concatenate([level(square, square.height), upright(square, 0.0)])


def cross(square: Rect, side: float) -> np.ndarray:
    """[n, 4] dashes through a square, so far from its lower right corner."""
    return np.concatenate([level(square, side), upright(square, square.width - side)])


def level(square: Rect, high: float) -> np.ndarray:
    """[n, 4] dashes across a rectangle, so high."""
    return dashed(square.y0 + high, square.x0, square.x1, DASH)[:, [1, 0, 3, 2]]


def upright(square: Rect, left: float) -> np.ndarray:
    """[n, 4] dashes from the foot of a rectangle to its top, so far from its left."""
    return dashed(square.x0 + left, square.y0, square.y1, DASH)


# --------------------------------------------------------------------------------------------------------------- beats


@beat("stored")
def stored(film: MemoryScalingFilm) -> None:
    """S, P and O fill, row by row, each with its bytes; then what was measured of them all."""
    place, skin, scene, n = film.place, film.skin, film.scene, film.found.lengths[0]
    whole = film.areas.at(n, n)
    with scene.telling():
        title = word("Standard attention", NAME, skin.ink, place["standard name"], "name")
        device = machine(str(film.found.sweep.provenance["machine"]), scene.settings.aspect, skin)
        film.move(FadeIn(title, film.n, film.width, note(film), device), seconds=TEXT)
        for name in "SP":
            film.move(filling(film, name, whole[name]), FadeIn(film.names[name]), seconds=FILL)
        film.move(filling(film, "O", whole["O"]), FadeIn(film.names["O"]), seconds=FILL / 2)
        film.move(FadeIn(film.bytes["standard"]), seconds=TEXT)


def filling(film: MemoryScalingFilm, name: str, rect: Rect) -> Shows:
    """Its upper rows, and with them their values."""
    part, values = film.parts[name], film.values.get(name)

    def fill(share: float) -> None:
        upper = rect.top(max(share, 1e-2) * rect.height)
        part.display(np.array([upper.edges]))
        if values is not None:
            whole = film.shades[name][0]
            values.pixel_array = whole[: max(round(len(whole) * share), 1)]
            values.points = image_corners(upper)

    return Shows(part if values is None else Group(values, part), fill, introducer=True)


def note(film: MemoryScalingFilm) -> Word:
    """What was measured."""
    return fitted(film.found.notes, LABEL, film.skin.ink, film.place["note"], "note", Face.TEXT)


@beat("flash")
def flash(film: MemoryScalingFilm) -> None:
    """S and P go dark, a copy of O comes over; beside it grows what else is stored, one number a row."""
    place, skin, n = film.place, film.skin, film.found.lengths[0]
    whole, copy = film.areas.at(n, n), film.parts["flash O"]
    scores = StepBack([*film.values.values(), film.parts["S"], film.parts["P"], film.names["S"], film.names["P"]], palette.DIM)
    with film.scene.telling():
        film.owner = word("FlashAttention", NAME, skin.ink, place["flash name"], "name")
        film.move(FadeIn(film.owner), seconds=TEXT)
        film.move(scores, seconds=0.6)
        coming = Shows(
            copy, lambda share: copy.display(np.array([whole["O"].toward(whole["flash O"], share).edges])),
            rate_func=ease_in_out_cubic, introducer=True,
        )  # fmt: skip
        film.move(coming, seconds=MOVE)
        film.move(FadeIn(film.names["flash O"]), seconds=TEXT)
        lines = lse_lines(film)
        film.move(filling(film, "LSE", whole["LSE"]), FadeIn(film.names["LSE"], *lines), seconds=1.0)
        film.move(FadeIn(film.bytes["flash"]), seconds=TEXT)
    film.scene.hold(0.8)
    film.move(step_forth(scores), *(FadeOut(line) for line in lines), seconds=0.5)


def lse_lines(film: MemoryScalingFilm) -> list[Word]:
    """How many numbers LSE is, above its name."""
    if not film.found.extra_is_lse:
        return []
    name, px = film.areas.flash.y0 + em(1.6 * LABEL), LABEL
    n = film.found.lengths[0]
    left = film.areas.at(n, n)["LSE"].x1 + PAD
    texts = ["one number", "a row:"] if text_width("one number", px) < film.areas.flash.x1 - left else ["1 a row:"]
    lines = [name + (len(texts) - k) * LINE_PITCH * em(px) for k in range(len(texts))]
    return [Word(text, px, film.skin.stats, left, line, "part", Face.TEXT) for text, line in zip(texts, lines, strict=True)]


@beat("double")
def double(film: MemoryScalingFilm) -> None:
    """Slowly: the frame zooms out, and new rows and columns come round the old, until all is as large as it was."""
    film.scene.add(film.was, film.under, film.tag)
    with film.scene.telling():
        grow(film, 1, FIRST)
    film.scene.hold(1.2)


@beat("again")
def again(film: MemoryScalingFilm) -> None:
    """The same for each N that follows."""
    with film.scene.telling():
        for index in range(2, len(film.found.lengths)):
            grow(film, index, NEXT)
            film.scene.hold(0.7)


def grow(film: MemoryScalingFilm, index: int, seconds: float) -> None:
    """N becomes the next that was measured; what is written changes when N does."""
    before, after = film.found.lengths[index - 1 : index + 1]

    def at(share: float) -> float:
        return float(before * (after / before) ** ease_in_out_cubic(share))

    def show(share: float) -> None:
        film.display(at(share), at(min(AHEAD * share, 1.0)), index if share > 0.5 else index - 1)

    numbers = [film.bytes[side].turn(film.found.bytes_at(side, index)) for side in film.bytes]
    film.move(Shows(film.drawn, show), *numbers, seconds=seconds)


@beat("gap")
def gap(film: MemoryScalingFilm) -> None:
    """What FlashAttention stores becomes one square; its name and its bytes come down to it."""
    n, number, gone = film.found.lengths[-1], film.bytes["flash"], [film.names["flash O"], film.names["LSE"]]
    o, lse = film.parts["flash O"], film.parts["LSE"]

    def fold(share: float) -> None:
        for part, rect in zip((o, lse), film.areas.folded(n, share), strict=True):
            part.display(np.array([rect.edges]))

    square = film.areas.folded(n, 1.0)[1]
    here, there = number.home, np.array([square.x1 + 2 * PAD, square.y0, 0.0])

    def down(share: float) -> None:
        number.home = here + (there - here) * share
        number.display(number.text)

    film.move(Shows(Group(o, lse), fold, rate_func=ease_in_out_cubic), *(FadeOut(each) for each in gone), seconds=1.2)
    lower = slid(film.owner, film.areas.flash.x0, square.y1 + em(NUMBER))
    film.move(Shows(number, down, rate_func=ease_in_out_cubic), lower, seconds=MOVE)
    film.scene.tell()
