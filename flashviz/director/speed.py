"""How fast: two bars that grow alike stop where a paper measured; what crosses as areas; and a GPU measured here, N by N."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from manim import Group, VGroup
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz.chapters import speed
from flashviz.chapters.measured import sweep_of
from flashviz.chapters.speed import BYTES, NOTES, TIME, Speed, gather, quoted
from flashviz.citations import FIGURE_2
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, NUMBER, Word, first_that_fits, machine, middle, word
from flashviz.layout import Rect
from flashviz.layout import rows as split
from flashviz.layout.speed import Pairs, side_of, squares
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, Shows
from flashviz.mobjects.named import Named
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.tiles import Rectangles

SIDES = ("standard", "flash")
NAMES = {"standard": "standard attention", "flash": "FlashAttention"}
RUN, POUR, SHADE = 4.2, 4.0, 1.6  # seconds in which the longer bar grows, the larger pile, the shade
BESIDE, SEAM = em(20), em(2)  # from squares to their number, around each
SHARE = 0.78  # of a bar's place, for the longer one: the rest is for its number


class SpeedStage(ShotScene):
    """The scene that the bars grow on."""

    script = speed.BEATS

    def open(self, measured: Callable[[], Any]) -> SpeedFilm:
        """Read the measurement: ``flashviz_kernels.bench.measured.measured``."""
        report = measured()
        sweep = sweep_of(report)
        found = gather(sweep)
        self.provenance = [sweep.provenance]
        self.set_board(found.beats, {})
        return SpeedFilm(self, found)


class SpeedFilm(ChapterFilm):
    """Everything on stage, made here once."""

    pairs: Pairs
    ticks: list[Word]
    units: Rectangles
    many: Rectangles
    numbers: list[Word]

    def __init__(self, scene: ShotScene, found: Speed) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.place = scene.shot("race")
        self.hues = {"standard": self.skin.scores, "flash": self.skin.o}
        self.bars = {side: Rectangles(self.hues[side], name=f"bar {side}") for side in SIDES}
        self.squares = {side: Rectangles(self.hues[side], name=f"squares {side}") for side in SIDES}
        self.times = dict(zip(SIDES, quoted(TIME), strict=True))
        self.bytes = dict(zip(SIDES, quoted(BYTES), strict=True))
        right = self.place["setting"].x1
        self.rooms = {side: Rect(*self.place[side].edges[:2], right, self.place[side].y1) for side in SIDES}  # until areas come
        self.clocks = {side: Readout("", NUMBER, self.skin.ink, name=f"time {side}", face=Face.MONO_STRONG) for side in SIDES}
        self.counters = {side: Readout("", NAME, self.skin.ink, name=f"bytes {side}", face=Face.MONO_STRONG) for side in SIDES}

    def crossed(self, amount: float) -> None:
        """Both piles after so many GB; each stops at its own, and its number with it."""
        side = side_of(self.place["standard area"], max(each.value for each in self.bytes.values()))
        for name, whole in self.bytes.items():
            rect, so_far = self.place[f"{name} area"], min(amount, whole.value)
            boxes = [(each.inset(min(SEAM, each.width / 2), SEAM)).edges for each in squares(rect, so_far, side)]
            self.squares[name].display(np.array(boxes, float).reshape(-1, 4))
            self.squares[name].values = np.array([so_far])
            counter = self.counters[name]
            counter.text = whole.text if amount >= whole.value else f"{so_far:.1f} {whole.unit}"
            end = squares(rect, whole.value, side)[-1]  # at whose right the pile never comes
            counter.at(Rect(end.x1 + BESIDE, end.y0, rect.x1, end.y1))

    def at(self, now: float) -> None:
        """Both bars after so much time; each stops at its own, and its number with it."""
        most = max(each.value for each in self.times.values())
        for side in SIDES:
            rect, time = self.rooms[side], self.times[side]
            spent = min(now, time.value)
            wide = SHARE * rect.width * spent / most
            self.bars[side].display(np.array([[rect.x0, rect.y0, rect.x0 + wide, rect.y1]]))
            self.bars[side].values = np.array([spent])
            text = time.text if now >= time.value else f"{spent:.1f} {time.unit}"
            clock = self.clocks[side]
            clock.px = NUMBER * min(1.0, ((1 - SHARE) * self.place[side].width - em(24)) / text_width("41.7 ms", NUMBER, Face.MONO_STRONG))
            clock.text = text
            clock.at(Rect(rect.x0 + wide + em(20), rect.y0, rect.x1, rect.y1))


# --------------------------------------------------------------------------------------------------------------- beats


@beat("race")
def race(film: SpeedFilm) -> None:
    """Two bars grow equally fast; FlashAttention's stops first, where the paper printed it, then standard attention's."""
    place, skin = film.place, film.skin
    names = [
        Word(NAMES[side], NAME, skin.ink, place[f"{side} name"].x0, middle(place[f"{side} name"], NAME), "name side") for side in SIDES
    ]
    film.at(0.0)
    parts = [*film.bars.values(), *film.clocks.values()]
    film.move(FadeIn(setting(film), machine(FIGURE_2.setting, film.scene.settings.aspect, skin), *names, *parts), seconds=0.6)
    most = max(each.value for each in film.times.values())
    with film.scene.telling():
        film.move(Shows(Group(*parts), lambda share: film.at(share * most)), seconds=RUN)


def setting(film: SpeedFilm) -> Named:
    """Whose measurement it is, and of what, on as many lines as it takes."""
    rect, skin = film.place["setting"], film.skin
    texts = parted(f"{FIGURE_2.quote.citation}: {FIGURE_2.setting}", rect.width)
    lines = split(rect.top(len(texts) * em(48)), len(texts))
    words = [Word(text, LABEL, skin.ink, line.x0, middle(line, LABEL), "part", Face.TEXT) for text, line in zip(texts, lines, strict=True)]
    return Named(*words, tag="setting", text=" ".join(texts))


def parted(text: str, width: float) -> list[str]:
    """Lines that break at commas alone, so that N stays with its number."""
    lines: list[str] = []
    for part in text.split(", "):
        longer = f"{lines[-1]}, {part}" if lines else part
        if lines and text_width(f"{longer},", LABEL) > width:
            lines[-1] += ","
            lines.append(part)
        else:
            lines[-1:] = [longer]
    return lines


@beat("bytes")
def nbytes(film: SpeedFilm) -> None:
    """What crossed HBM, a square for each GB: both piles pour equally fast, and each stops where the paper measured."""
    place, skin = film.place, film.skin
    at, unit = place["areas name"], film.bytes["standard"].unit
    text = first_that_fits([f"{what}, one {unit} a square" for what in (BYTES, "HBM traffic", "HBM")], LABEL, at.width, Face.STRONG)
    most = max(each.value for each in film.bytes.values())
    film.crossed(0.0)
    parts = [*film.squares.values(), *film.counters.values()]
    with film.scene.telling():
        make_room(film)
        film.move(FadeIn(Word(text, LABEL, skin.ink, at.x0, middle(at, LABEL), "name areas"), *film.counters.values()), seconds=TEXT)
        film.move(Shows(Group(*parts), lambda share: film.crossed(share * most)), seconds=POUR)


def make_room(film: SpeedFilm) -> None:
    """Both bars get shorter alike, where the squares will stand at their right."""
    starts, most = dict(film.rooms), max(each.value for each in film.times.values())

    def show(share: float) -> None:
        film.rooms = {side: starts[side].toward(film.place[side], share) for side in SIDES}
        film.at(most)

    if any(starts[side].width > film.place[side].width + em(1) for side in SIDES):
        film.move(Shows(Group(*film.bars.values(), *film.clocks.values()), show, rate_func=ease_in_out_cubic), seconds=MOVE)


@beat("again")
def again(film: SpeedFilm) -> None:
    """Beneath each bar, what its backward pass does for S: both measurements hold it."""
    with film.scene.telling():
        for side in SIDES:
            rect = film.place[f"{side} note"]
            film.move(FadeIn(word(NOTES[side], LABEL, film.skin.ink, rect, "note", Face.TEXT)), seconds=TEXT)
            film.scene.hold(1.4)


@beat("measured")
def measured(film: SpeedFilm) -> None:
    """For each N FlashAttention's time as a unit, and standard attention's as so many of it."""
    found, skin, place = film.found, film.skin, film.scene.shot("times")
    device = str(found.sweep.provenance["machine"])
    badge, note = badge_of(film, place["badge"], device), note_of(film, place["note"])
    film.pairs = Pairs.of(place["plot"], len(found.lengths), max(found.ratios))
    film.ticks = [tick(film, place["ticks"], at, f"{n:,}") for at, n in enumerate(found.lengths)]
    film.scene.clear_all(0.3)
    film.move(FadeIn(badge, note, *film.ticks), seconds=0.5)
    film.units, film.many = Rectangles(skin.o, name="units"), Rectangles(skin.scores, name="ratios")
    film.numbers = []
    film.scene.add(film.units, film.many)
    with film.scene.telling():
        compare(film)


def compare(film: SpeedFilm) -> None:
    """N by N both bars grow, and the number of the taller one comes; then both times at the largest N."""
    found, skin, place = film.found, film.skin, film.scene.shot("times")
    for at in range(len(found.lengths)):

        def grow(share: float, at: int = at) -> None:
            pairs = [film.pairs.bars(each, found.ratios[each]) for each in range(at + 1)]
            tall = [*(1.0 for _ in range(at)), share]
            for drawn, side in ((film.units, 0), (film.many, 1)):
                boxes = [pair[side] for pair in pairs]
                heights = [box.height * each for box, each in zip(boxes, tall, strict=True)]
                drawn.display(np.array([[box.x0, box.y0, box.x1, box.y0 + high] for box, high in zip(boxes, heights, strict=True)]))
            film.many.values = np.array(found.ratios[: at + 1])

        film.move(Shows(Group(film.units, film.many), grow), seconds=0.5)
        _, bar = film.pairs.bars(at, found.ratios[at])
        text = found.numbers[at]
        wide, column = text_width(text, LABEL, Face.STRONG), film.pairs.columns[at]
        left = min(bar.center[0] - wide / 2, column.x1 - wide)
        film.numbers.append(Word(text, LABEL, skin.ink, left, bar.y1 + em(14), "ratio"))
        film.move(FadeIn(film.numbers[-1]), seconds=0.12)
    rect = place["plot"]
    lines = [
        Word(text, LABEL, skin.ink, rect.x0, rect.y1 - em(46 + 52 * at), "last", Face.TEXT if at == len(found.last) - 1 else Face.STRONG)
        for at, text in enumerate(found.last)
    ]
    film.move(FadeIn(*lines), seconds=TEXT)
    film.numbers += lines


def badge_of(film: SpeedFilm, rect: Rect, device: str) -> Group:
    """The machine in its corner; at the top what the driver calls it, and whose the bars are."""
    sweep, skin = film.found.sweep, film.skin
    short = f"{device}, d = {sweep.d}, {sweep.heads} heads"
    text = first_that_fits((f"{short}, {sweep.kernel}", short), LABEL, rect.width)
    return Group(machine(device, film.scene.settings.aspect, skin), word(text, LABEL, skin.ink, rect, "badge", Face.TEXT))


def note_of(film: SpeedFilm, rect: Rect) -> VGroup:
    """What the bars are."""
    skin, side = film.skin, em(30)
    texts = ("FlashAttention: 1", "standard attention")
    gap = em(60)
    wide = sum(side + em(14) + text_width(text, LABEL, Face.STRONG) for text in texts) + gap
    left, parts = rect.center[0] - wide / 2, []
    for text, hue in zip(texts, (skin.o, skin.scores), strict=True):
        key = Rectangles(hue, name="key").display(np.array([[left, rect.center[1] - side / 2, left + side, rect.center[1] + side / 2]]))
        word = Word(text, LABEL, skin.ink, left + side + em(14), middle(rect, LABEL), "name side")
        parts += [key, word]
        left += side + em(14) + word.wide + gap
    return VGroup(*parts)


def tick(film: SpeedFilm, rect: Rect, at: int, text: str) -> Word:
    """N beneath its bars."""
    column = film.pairs.columns[at]
    text = f"N = {text}" if at == 0 and text_width(f"N = {text}", LABEL, Face.STRONG) < column.width else text
    return Word(text, LABEL, film.skin.ink, column.center[0] - text_width(text, LABEL, Face.STRONG) / 2, middle(rect, LABEL), "tick N")


@beat("cache")
def cache(film: SpeedFilm) -> None:
    """The lengths whose scores are larger than the cache that all SMs share are shaded."""
    found, skin, place = film.found.cache, film.skin, film.scene.shot("times")
    assert found is not None  # else the board has no such beat
    rect, column = place["shade"], film.pairs.columns[found.first]
    shade = Rectangles(skin.registers, name="shade")
    shade.values = np.array([film.found.lengths[found.first]])

    def grow(share: float) -> None:
        right = place["plot"].x1
        shade.display(np.array([[right - (right - column.x0) * share, column.y0, right, rect.y1]]))

    grow(0.0)
    texts = (
        f"S: {found.scores} and more; L2 cache: {found.size} ({found.citation})", f"S: {found.scores}; L2: {found.size} ({found.citation})",
        f"S: {found.scores}; L2: {found.size}",
    )  # fmt: skip
    room = Rect(column.x0 + em(20), rect.y0, rect.x1, rect.y1)
    text = first_that_fits(texts, LABEL, room.width, Face.STRONG)
    left = max(rect.x0, min(room.x0, rect.x1 - text_width(text, LABEL, Face.STRONG)))
    words = Word(text, LABEL, skin.ink, left, middle(rect, LABEL), "cache")
    film.scene.add(shade, film.units, film.many, *film.numbers)
    with film.scene.telling():
        film.move(Shows(shade, grow, rate_func=ease_in_out_cubic), seconds=SHADE)
        film.move(FadeIn(words), seconds=TEXT)
        film.scene.add(film.units, film.many, *film.numbers, words)
