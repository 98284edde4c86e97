"""What attention stores as N doubles: three more squares come round each square, a strip gets as long again; then the frame zooms out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from manim import Group
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import palette, theme
from flashviz.chapters import memory_scaling
from flashviz.chapters.measured import sweep_of
from flashviz.chapters.memory_scaling import SIDES, MemoryScaling, gather, mib
from flashviz.director.film.parts import heading
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, StepBack, beat, step_forth
from flashviz.director.words import LABEL, NAME, NUMBER, ONE_NUMBER, Counter, Word, first_that_fits, fitted, fly, machine, word
from flashviz.figures import compact
from flashviz.layout import Rect
from flashviz.layout.scaling import Areas
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, during, early, late
from flashviz.mobjects.readout import ADVANCE, Flip, Readout
from flashviz.mobjects.tiles import Rectangles, dashed, dashes, edges, image, image_corners, outlines, span

FILL = 0.9  # seconds in which a square fills
OUT, WIDER = 1.1, 0.6  # seconds in which the frame zooms out, and N's line gets twice as long
COPIES = {"S": 2.7, "P": 1.2, "O": 0.7, "flash O": 0.7}  # seconds in which so much comes round each matrix as makes it complete
NEXT, QUICKER = 1.8, 0.8  # seconds of the second doubling, and of each that follows, times so much
CUT, FLIP = 0.65, 0.35  # seconds of a fold, and in which a number becomes the next one
CAME = 0.85  # of a doubling: when all is so large that its bytes are said
DASH, RULE = em(11), em(1)  # of what was here, a dash; half of the line that says how wide S is
SMALL = em(10)  # a square that is smaller has no outline
REST = 0.2  # seconds after each doubling
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
    """Everything on stage, made here once. ``aside``: how far right of its place what standard attention stores is drawn."""

    title: Word  # standard attention's name
    factors: list[Word]  # by how much each matrix grew
    back: StepBack  # what is not spoken of, while FlashAttention is

    def __init__(self, scene: ShotScene, found: MemoryScaling) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.place = place = scene.shot("scaling")
        self.areas = Areas(place["standard"], place["flash"], found.sweep.d, found.extra)
        self.aside = self.areas.alone(found.lengths[0])
        self.shades = shades(found.pictures(scene.settings.config), self.skin)
        self.values = {name: image(self.shades[name][0]) for name in "SP"}
        self.parts = {name: self.area(name) for name in self.areas.at(1, 1)}
        self.was = Rectangles(self.skin.ink, name="was here")
        self.width = Rectangles(self.skin.ink, name="width")
        self.names = {name: Counter(self.hue(name), f"name {name}") for name in self.parts}
        self.n = Counter(self.skin.ink, "N")
        self.bytes = {side: self.number(side) for side in SIDES}
        self.counted: dict[str, int] = {}  # of each part that has come, at which length its bytes are counted
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

    def rects(self, n: float, fitted: float) -> dict[str, Rect]:
        """Where each matrix of ``n`` rows is drawn, on the scale on which squares of ``fitted`` rows fit."""
        return {name: rect.shifted(self.aside if name in "SPO" else 0.0, 0.0) for name, rect in self.areas.at(n, fitted).items()}

    def display(self, n: float, fitted: float, index: int, came: int | None = None) -> None:
        """N so large, on the scale on which squares of ``fitted`` rows fit; what is written is of lengths that were measured.

        Bytes are those of the length ``came``, where that is not yet the one that is named.
        """
        told = index if came is None else came
        rects, lengths = self.rects(n, fitted), self.found.lengths
        for name, rect in rects.items():
            self.fill(name, n, rect)
        self.mark(rects, [each for each in lengths if each < n - 1e-6], self.areas.unit(fitted))
        self.write(rects, told)
        self.count(rects["P" if self.areas.stacked else "S"], index)
        for side, number in self.bytes.items():
            number.display(self.found.bytes_at(side, told))

    def fill(self, name: str, n: float, rect: Rect) -> None:
        """One matrix of ``n`` rows and, of S and P, its values."""
        self.parts[name].display(np.array([rect.edges]))
        if name in self.values:
            lengths = self.found.lengths
            upper = next(k for k, length in enumerate(lengths) if length >= n - 1e-6)
            whole = self.shades[name][upper]
            rows = max(round(len(whole) * n / lengths[upper]), 1)
            self.values[name].pixel_array, self.values[name].points = whole[:rows, :rows], image_corners(rect)

    def mark(self, rects: dict[str, Rect], past: list[int], unit: float) -> None:
        """Dashes where squares of earlier N were, and where the strips of the last one ended."""
        lines = [corner(rects[name], each * unit) for name in "SP" for each in past if each * unit > SMALL]
        if past:
            lines += [level(rects[name], past[-1] * unit) for name in ("O", "flash O") if rects[name].width > DASH]
        self.was.display(np.concatenate([*lines, np.zeros((0, 4))]))

    def write(self, rects: dict[str, Rect], index: int) -> None:
        """A name and its bytes beside each matrix."""
        for name, rect in rects.items():
            self.call(name, index, rect)

    def call(self, name: str, index: int, rect: Rect) -> None:
        """What a matrix is, and its bytes."""
        self.names[name].say(self.named(name, self.said(name, index), rect))

    def said(self, name: str, index: int) -> str:
        """Bytes of a part, as they are written: of LSE, which is small, in its own unit."""
        return (compact if name == "LSE" else mib)(self.found.parts_at(index)[name])

    def counts(self, side: str, index: int, *names: str) -> Flip | FadeIn:
        """The bytes of a side with those of ``names`` at a length: the number comes, or becomes another."""
        first = not any(name in self.counted for name in SIDES[side])
        self.counted.update(dict.fromkeys(names, index))
        text = self.found.total({name: self.counted[name] for name in SIDES[side] if name in self.counted})
        return FadeIn(self.bytes[side].display(text)) if first else self.bytes[side].turn(text)

    def count(self, square: Rect, index: int) -> None:
        """N, beneath a line as wide as a square."""
        self.width.display(span(square.x0 + RULE, square.x1 - RULE, square.y0 - em(13), RULE, em(8)))
        text = f"N = {self.found.lengths[index]:,}"
        middle = square.center[0] - text_width(text, NAME, Face.STRONG) / 2
        left = square.x0 if self.areas.stacked else max(middle, square.x0)  # O's bytes stand beneath the same square there
        self.n.say(Word(text, NAME, self.skin.ink, left, beneath(square), "part"))

    def named(self, name: str, amount: str, rect: Rect) -> Word:
        """Above a square, at its left; beneath a strip of O, inwards where there is no room; beside LSE."""
        color = self.hue(name)
        if name in "SP":
            what = {"S": "scores", "P": "weights"}[name]
            most = self.areas.side(self.found.lengths[0]) * 0.75
            text = first_that_fits([f"{name}: {what}, {amount}", f"{name}: {amount}"], LABEL, most, Face.STRONG)
            return Word(text, LABEL, color, rect.x0, rect.y1 + PAD, "part")
        text = f"{name.removeprefix('flash ')}: {amount}"
        if name == "O":
            widest = max(text_width(f"O: {self.said('O', index)}", LABEL, Face.STRONG) for index in range(len(self.found.lengths)))
            inwards = rect.x0 + widest > self.areas.flash.x0 - PAD
            return Word(text, LABEL, color, rect.x1 - text_width(text, LABEL, Face.STRONG) if inwards else rect.x0, beneath(rect), "part")
        if name == "LSE":
            return Word(text, LABEL, color, rect.x1 + PAD, rect.y1 - em(LABEL), "part")
        return Word(text, LABEL, color, rect.x0, beneath(rect), "part")

    def times(self, name: str, rect: Rect) -> Word:
        """By how much a matrix grew, above it: at the right of a square's name."""
        before, after = (self.found.parts_at(index)[name] for index in (0, 1))
        text = f"× {after / before:.3g}"
        left = rect.x1 - text_width(text, NAME, Face.STRONG) if name in "SP" else rect.x0
        return Word(text, NAME, self.hue(name), left, rect.y1 + PAD, "part")

    @property
    def drawn(self) -> Group:
        """What grows."""
        return Group(*self.values.values(), *self.parts.values(), self.was, self.width, self.n, *self.names.values(), *self.bytes.values())


def shades(pictures: list[tuple[np.ndarray, np.ndarray]], skin: palette.Theme) -> dict[str, list[Any]]:
    """Of S and P, at each length, their values as brightness."""
    high = theme.between(skin.panel, skin.scores, palette.SECOND)

    def shade(values: np.ndarray, reach: tuple[float, float]) -> Any:
        return theme.ramp((values - reach[0]) / (reach[1] - reach[0]), skin.panel, high)

    scores = palette.spread(pictures[-1][0])
    return {"S": [shade(s, scores) for s, _ in pictures], "P": [shade(p, palette.weight_spread(p)) for _, p in pictures]}


def corner(square: Rect, side: float) -> np.ndarray:
    """[n, 4] the lower and the right edge of a square's upper left corner, in dashes."""
    lower = dashed(square.y1 - side, square.x0, square.x0 + side, DASH)[:, [1, 0, 3, 2]]
    return np.concatenate([lower, dashed(square.x0 + side, square.y1 - side, square.y1, DASH)])


def hull(rects: list[Rect]) -> Rect:
    """What holds all of them."""
    left, low, right, high = np.array([rect.edges for rect in rects]).T
    return Rect(left.min(), low.min(), right.max(), high.max())


def level(strip: Rect, low: float) -> np.ndarray:
    """[n, 4] dashes across a strip, so far beneath its top."""
    return dashed(strip.y1 - low, strip.x0, strip.x1, DASH)[:, [1, 0, 3, 2]]


def beneath(rect: Rect) -> float:
    """The baseline of what is written under a matrix."""
    return rect.y0 - em(58)


# --------------------------------------------------------------------------------------------------------------- beats


@beat("stored")
def stored(film: MemoryScalingFilm) -> None:
    """Of S, P and O the places; they fill, row by row, and with each that has come all bytes are more."""
    place, skin, scene, n = film.place, film.skin, film.scene, film.found.lengths[0]
    whole = film.rects(n, n)
    with scene.telling():
        film.title = word("Standard attention", NAME, skin.ink, place["standard name"], "name")
        aside(film, film.aside)
        device = machine(str(film.found.sweep.provenance["machine"]), scene.settings.aspect, skin)
        film.was.display(np.concatenate([dashes(whole[name]) for name in "SPO"]))
        film.move(FadeIn(film.title, film.n, film.width, film.was, note(film), device), seconds=TEXT)
        for k, name in enumerate("SPO"):
            film.move(filling(film, name, whole[name]), seconds=FILL)
            film.was.display(np.concatenate([*(dashes(whole[each]) for each in "SPO"[k + 1 :]), np.zeros((0, 4))]))
            film.move(FadeIn(film.names[name]), film.counts("standard", 0, name), seconds=FLIP)
        film.scene.remove(film.was)


def aside(film: MemoryScalingFilm, far: float) -> None:
    """What standard attention stores stands so far right of its place, and its name and bytes over it."""
    place, n = film.place, film.found.lengths[0]
    film.aside = far
    film.title.put_at(place["standard name"].x0 + far, film.title.baseline)
    film.bytes["standard"].at(place["standard bytes"].shifted(far, 0.0))
    film.display(n, n, 0)


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
    """All makes room; S and P go dark, a copy of O comes over."""
    place, skin, n = film.place, film.skin, film.found.lengths[0]
    far, copy = film.aside, film.parts["flash O"]
    left = Group(*film.values.values(), *(film.parts[name] for name in "SPO"), *(film.names[name] for name in "SPO"))
    film.back = StepBack([*film.values.values(), film.parts["S"], film.parts["P"], film.names["S"], film.names["P"]], palette.DIM)
    with film.scene.telling():
        room = Shows(
            Group(left, film.title, film.n, film.width, film.bytes["standard"]), lambda share: aside(film, far * (1 - share)),
            rate_func=ease_in_out_cubic,
        )  # fmt: skip
        film.move(room, seconds=MOVE)
        film.move(FadeIn(word("FlashAttention", NAME, skin.ink, place["flash name"], "name")), film.back, seconds=0.6)
        whole = film.rects(n, n)
        coming = Shows(
            copy, lambda share: copy.display(np.array([whole["O"].toward(whole["flash O"], share).edges])),
            rate_func=ease_in_out_cubic, introducer=True,
        )  # fmt: skip
        film.move(coming, seconds=MOVE)
        film.move(FadeIn(film.names["flash O"]), film.counts("flash", 0, "flash O"), seconds=FLIP)


@beat("lse")
def lse(film: MemoryScalingFilm) -> None:
    """Beside O grows what else FlashAttention stores, one number a row; then S and P are as bright as they were."""
    n = film.found.lengths[0]
    with film.scene.telling():
        film.move(filling(film, "LSE", film.rects(n, n)["LSE"]), seconds=2 * FILL)
        film.move(FadeIn(film.names["LSE"]), film.counts("flash", 0, "LSE"), seconds=FLIP)
    film.move(step_forth(film.back), seconds=0.5)


@beat("double")
def double(film: MemoryScalingFilm) -> None:
    """The frame zooms out and then keeps its scale: N's line gets twice as long, three more squares come round S and P, one more strip
    beneath O and what FlashAttention stores."""
    before, after = film.found.lengths[:2]
    film.scene.add(film.was)
    with film.scene.telling():
        zoom = Shows(film.drawn, lambda share: film.display(before, between(before, after, share), 0), rate_func=ease_in_out_cubic)
        farther = heading(film.place["standard"].bottom(em(2 * LABEL)), "seen from farther away", film.skin.ink, NAME, "farther")
        film.move(zoom, FadeIn(farther), seconds=OUT)
        old, new, square = film.rects(before, after), film.rects(after, after), "P" if film.areas.stacked else "S"

        def wider(share: float) -> None:
            film.count(old[square].toward(new[square], share), round(share))

        film.move(FadeOut(farther), seconds=TEXT)
        film.move(Shows(Group(film.width, film.n), wider, rate_func=ease_in_out_cubic), seconds=WIDER)
        film.mark(new, [before], film.areas.unit(after))
        film.factors = []
        for name, seconds in COPIES.items():
            grown = ("flash O", "LSE") if name == "flash O" else (name,)
            copies = [each for part in grown for each in copied(film, part, old[part])]
            film.move(*(Shows(copy, come, introducer=True) for copy, come in copies), seconds=seconds)
            film.scene.remove(*(copy for copy, _ in copies))
            for part in grown:
                film.fill(part, after, new[part])
                film.call(part, 1, new[part])
            film.factors.append(film.times(name, new[name]))
            side = next(side for side, parts in SIDES.items() if name in parts)
            film.move(FadeIn(film.factors[-1]), film.counts(side, 1, *grown), seconds=FLIP)
        film.display(after, after, 1)
    film.scene.hold(0.6)


def copied(film: MemoryScalingFilm, name: str, old: Rect) -> list[tuple[Group, Callable[[float], None]]]:
    """What comes out from behind a matrix until N is twice as large: one after another, with the values of their place."""
    ways = [(1, 0), (0, -1), (1, -1)] if name in "SP" else [(0, -1)]
    return [copy(film, name, old, way, np.array([k, k + 1]) / len(ways)) for k, way in enumerate(ways)]


def copy(film: MemoryScalingFilm, name: str, old: Rect, way: tuple[int, int], time: np.ndarray) -> tuple[Group, Callable[[float], None]]:
    """One more of a matrix, beneath it; and where it is at each share of the whole time, of which its own is from ``time`` to ``time``."""
    right, up = way
    begin = old.shifted(0.0, right * up * old.height)  # the last of three comes from behind the one below, and none goes across
    stop = old.shifted(right * old.width, up * old.height)
    part = film.area(name)
    part.tag = f"more {name}"
    thing = Group(part).set_z_index(-1, family=True)
    values = None
    if name in film.values:
        whole = film.shades[name][1]
        half = len(whole) // 2
        values = image(whole[half * -up :, half * right :][:half, :half])
        thing = Group(values, part).set_z_index(-1 + right * up, family=True)

    def come(share: float) -> None:
        rect = begin.toward(stop, ease_in_out_cubic(during(*time)(share)))
        part.display(np.array([rect.edges]))
        if values is not None:
            values.points = image_corners(rect)

    return thing, come


def between(before: float, after: float, share: float) -> float:
    """On the way from one length to the next, at an even zoom."""
    return float(before * (after / before) ** share)


@beat("again")
def again(film: MemoryScalingFilm) -> None:
    """The same for each N that follows, faster and faster."""
    seconds = NEXT
    with film.scene.telling():
        film.move(FadeOut(*film.factors), seconds=TEXT)
        for index in range(2, len(film.found.lengths)):
            grow(film, index, seconds)
            film.scene.hold(REST)
            seconds *= QUICKER


def grow(film: MemoryScalingFilm, index: int, seconds: float) -> None:
    """The frame zooms out; then N becomes the next that was measured, all grows, and at last what is written does."""
    before, after = film.found.lengths[index - 1 : index + 1]

    def show(share: float) -> None:
        out, more = (between(before, after, ease_in_out_cubic(pace(share))) for pace in (early, late))
        film.display(more, out, index if share > 0.5 else index - 1, index if share > CAME else index - 1)

    film.move(Shows(film.drawn, show), seconds=seconds)


@beat("fold")
def fold(film: MemoryScalingFilm) -> None:
    """FlashAttention's strips are cut in two and laid side by side until they are a block."""
    n, names = film.found.lengths[-1], ("flash O", "LSE")
    last = len(film.found.lengths) - 1
    strips = Group(*(film.parts[name] for name in names), *(film.names[name] for name in names))

    def lay(done: int, share: float) -> None:
        strip, line = (hull(rects) for rects in film.areas.folded(n, done + share).values())
        for name, rects in film.areas.folded(n, done + share).items():
            film.parts[name].display(edges(rects))
        film.call("flash O", last, strip)
        said, came = film.named("LSE", film.said("LSE", last), line), min(done + share, 1.0)
        lower = (strip.x0, beneath(strip) - 1.2 * em(LABEL))  # beneath O's name
        film.names["LSE"].say(
            said.put_at(*((1 - came) * here + came * there for here, there in zip((said.left, said.baseline), lower, strict=True)))
        )

    with film.scene.telling():
        for done in range(film.areas.folds(n)):
            film.move(Shows(strips, partial(lay, done), rate_func=ease_in_out_cubic), seconds=CUT)


@beat("gap")
def gap(film: MemoryScalingFilm) -> None:
    """What FlashAttention stores, and all bytes of both, are written large; then how many times less that is."""
    n, names = film.found.lengths[-1], ("flash O", "LSE")
    block = hull(film.areas.folded(n, film.areas.folds(n))["flash O"])
    high = em(NUMBER + 24)
    rows = [Rect(block.x0, block.y0 - (k + 1) * high, film.areas.flash.x1, block.y0 - k * high) for k in range(len(names) + 1)]
    parts = [
        fly(word(film.names[name].text, NUMBER, film.hue(name), row, "part"), film.names[name])
        for name, row in zip(names, rows, strict=False)
    ]
    with film.scene.telling():
        film.scene.remove(*(film.names[name] for name in names))
        film.move(*parts, seconds=MOVE)
        film.move(*(larger(film, side) for side in film.bytes), seconds=MOVE)
        film.move(FadeIn(word(film.found.ratio, NUMBER, film.skin.ink, rows[-1], "ratio")), seconds=TEXT)
    film.scene.hold(2 * MOVE)


def larger(film: MemoryScalingFilm, side: str) -> Shows:
    """What was measured of all grows as large as its place allows."""
    number, rect = film.bytes[side], film.place[f"{side} bytes"]
    small, large = number.px, min(ONE_NUMBER, rect.width / (len(number.text) * ADVANCE * em(1)))

    def show(share: float) -> None:
        number.px = small + (large - small) * share
        number.at(rect)

    return Shows(number, show, rate_func=ease_in_out_cubic)
