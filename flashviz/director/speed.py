"""How fast: two bars grow alike and stop where a paper measured, squares of bytes pile up on them; then both on a GPU measured here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from manim import Group
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz.chapters import speed
from flashviz.chapters.measured import sweep_of
from flashviz.chapters.speed import BYTES, NOTES, SIDES, TIME, Speed, gather, quoted
from flashviz.citations import FIGURE_2
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, NUMBER, Word, first_that_fits, machine, middle, word
from flashviz.figures import seconds
from flashviz.layout import Rect
from flashviz.layout import rows as split
from flashviz.layout.speed import BESIDE, MARKS, Lane
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, early
from flashviz.mobjects.named import Named
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.tiles import Rectangles, edges

LOOKED = 0.6  # seconds that the empty lanes stand
RUN, FEW, POUR = 4.2, 2.4, 4.2  # seconds in which the longer bar grows, the smaller pile, and what the larger one has more
STEP, GROW = 0.4, 4.0  # seconds that a doubling of N takes at least, and in which the longest bar would grow by all its length
SEAM = em(2)  # around squares, and after each length


class SpeedStage(ShotScene):
    """The scene that the bars grow on."""

    script = speed.BEATS

    def open(self, measured: Callable[[], Any]) -> SpeedFilm:
        """Read the measurement: ``flashviz_kernels.bench.measured.measured``."""
        sweep = sweep_of(measured())
        found = gather(sweep)
        self.provenance = [sweep.provenance]
        self.set_board(speed.BEATS, {"last": f"{found.lengths[-1]:,}"})
        return SpeedFilm(self, found)


class SpeedFilm(ChapterFilm):
    """Everything on stage, made here once. ``beside``: words that are of one measurement alone."""

    def __init__(self, scene: ShotScene, found: Speed) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.place, aspect = scene.shot("lanes"), scene.settings.aspect
        self.times, self.bytes = quoted(TIME), quoted(BYTES)
        self.lanes = {side: Lane.of(self.place[side], max(each.value for each in self.bytes.values())) for side in SIDES}
        self.rooms = {side: lane.rect for side, lane in self.lanes.items()}  # where bars stand now
        hues = {"standard": self.skin.scores, "flash": self.skin.o}
        self.bars = {side: Rectangles(hues[side], name=f"bar {side}") for side in SIDES}
        self.squares = {side: Rectangles(hues[side], name=f"squares {side}") for side in SIDES}
        self.clocks = {side: Readout("", NUMBER, self.skin.ink, name=f"time {side}", face=Face.MONO_STRONG) for side in SIDES}
        self.counters = {side: Readout("", NUMBER, self.skin.ink, name=f"bytes {side}", face=Face.MONO_STRONG) for side in SIDES}
        self.names = [word(text, NAME, self.skin.ink, self.place[f"{side} name"], "name side") for side, text in SIDES.items()]
        cited = f"{FIGURE_2.quote.citation}: {FIGURE_2.setting}"
        self.beside: list[Named | Rectangles] = [self.setting(cited), machine(FIGURE_2.setting, aspect, self.skin)]

    @property
    def running(self) -> list[Rectangles | Readout]:
        """Bars of time and their figures."""
        return [*self.bars.values(), *self.clocks.values()]

    @property
    def piling(self) -> list[Rectangles | Readout]:
        """Squares of bytes and their figures."""
        return [*self.squares.values(), *self.counters.values()]

    def setting(self, text: str) -> Named:
        """Whose measurement it is, and of what, on as many lines as it takes."""
        rect = self.place["setting"]
        texts = parted(text, rect.width)
        lines = split(rect.top(len(texts) * em(48)), len(texts))
        ink = self.skin.ink
        words = [Word(each, LABEL, ink, line.x0, middle(line, LABEL), "part", Face.TEXT) for each, line in zip(texts, lines, strict=True)]
        return Named(*words, tag="setting", text=" ".join(texts))

    def note(self, side: str, text: str) -> Word:
        """What is to be said of one of them."""
        return word(text, LABEL, self.skin.ink, self.place[f"{side} note"], "note", Face.TEXT)

    def bar(self, side: str, reached: Sequence[float], text: str) -> None:
        """A bar in pieces that end at these shares of the longest one, and its figure at its end."""
        room, full = self.rooms[side], self.lanes[side].full
        ends = room.x0 + full * np.array([0.0, *reached])
        seams = np.minimum(np.where(np.arange(1, len(ends)) < len(ends) - 1, SEAM, 0.0), np.diff(ends) / 2)
        self.bars[side].display(np.array([[x0, room.y0, x1, room.y1] for x0, x1 in zip(ends[:-1], ends[1:] - seams, strict=True)]))
        self.clocks[side].text = text
        self.clocks[side].at(Rect(float(ends[-1]) + BESIDE, room.y0, self.lanes[side].rect.x1, room.y1))

    def ran(self, now: float) -> None:
        """Both bars after so many ms; each stops at its own, and its number with it."""
        most = max(each.value for each in self.times.values())
        for side, time in self.times.items():
            spent = min(now, time.value)
            self.bar(side, [spent / most], time.text if now >= time.value else f"{spent:.1f} {time.unit}")
            self.bars[side].values = np.array([spent])

    def piled(self, side: str, amount: float) -> None:
        """One pile after so many GB, and its number with it."""
        lane, whole = self.lanes[side], self.bytes[side]
        so_far = min(amount, whole.value)
        made = lane.squares(so_far)
        self.squares[side].display(edges([each.inset(SEAM, min(SEAM, each.height / 2)) for each in made]))
        self.squares[side].values = np.array([so_far])
        self.counters[side].text = whole.text if amount >= whole.value else f"{so_far:.1f} {whole.unit}"
        right = max((each.x1 for each in made), default=lane.rect.x0)
        self.counters[side].at(Rect(right + BESIDE, lane.pile.y0, lane.rect.x1, lane.pile.y1))

    def crossed(self, amount: float) -> None:
        """Both piles after so many GB."""
        for side in SIDES:
            self.piled(side, amount)


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


# --------------------------------------------------------------------------------------------------------------- beats


@beat("race")
def race(film: SpeedFilm) -> None:
    """Two bars grow equally fast; FlashAttention's stops first, where the paper printed it, then standard attention's."""
    film.ran(0.0)
    film.scene.add(*film.beside, *film.names, *film.running)
    film.scene.hold(LOOKED)
    most = max(each.value for each in film.times.values())
    with film.scene.telling():
        film.move(Shows(Group(*film.running), lambda share: film.ran(share * most)), seconds=RUN)


@beat("bytes")
def nbytes(film: SpeedFilm) -> None:
    """Both bars get lower; on each a square for each GB that crossed HBM piles up, equally fast, until FlashAttention has no more."""
    at, unit, side = film.place["square"], film.bytes["flash"].unit, film.lanes["flash"].side
    square = Rectangles(film.skin.ink, name="key").display(edges([Rect(at.x0, at.y1 - side, at.x0 + side, at.y1).inset(SEAM)]))
    rect = Rect(at.x0 + side + BESIDE, at.y1 - side, at.x1, at.y1)
    text = first_that_fits([f"1 {unit} of {what}" for what in (BYTES, "HBM traffic")] + [f"1 {unit}"], LABEL, rect.width)
    film.beside += [word(text, LABEL, film.skin.ink, rect, "square", Face.TEXT), square]
    film.crossed(0.0)
    with film.scene.telling():
        film.move(lowered(film, "thin"), seconds=MOVE)
        film.move(FadeIn(*film.beside[-2:], *film.counters.values()), seconds=TEXT)
        film.move(Shows(Group(*film.piling), lambda share: film.crossed(share * film.bytes["flash"].value)), seconds=FEW)


def lowered(film: SpeedFilm, name: str) -> Shows:
    """Both bars get lower or taller, alike."""
    most = max(each.value for each in film.times.values())
    starts = dict(film.rooms)
    stops: dict[str, Rect] = {side: getattr(lane, name) for side, lane in film.lanes.items()}

    def show(share: float) -> None:
        film.rooms = {side: starts[side].toward(stops[side], share) for side in SIDES}
        film.ran(most)

    return Shows(Group(*film.running), show, rate_func=ease_in_out_cubic)


@beat("stored")
def stored(film: SpeedFilm) -> None:
    """Standard attention's pile goes on alone, beside the words that say what crosses."""
    few, most = (film.bytes[side].value for side in ("flash", "standard"))
    parts = Group(film.squares["standard"], film.counters["standard"])
    film.beside.append(film.note("standard", NOTES["standard"]))
    with film.scene.telling():
        film.move(FadeIn(film.beside[-1]), seconds=TEXT)
        film.move(Shows(parts, lambda share: film.piled("standard", few + share * (most - few))), seconds=POUR)


@beat("again")
def again(film: SpeedFilm) -> None:
    """Both run once more, with all their bytes: the one that computes S again is done first."""
    most = max(each.value for each in film.times.values())
    film.beside.append(film.note("flash", NOTES["flash"]))

    def show(share: float) -> None:
        film.ran(share * most)
        for side, time in film.times.items():
            film.piled(side, film.bytes[side].value * min(1.0, share * most / time.value))

    with film.scene.telling():
        film.move(FadeIn(film.beside[-1]), seconds=TEXT)
        film.move(Shows(Group(*film.running, *film.piling), show), seconds=RUN)


@beat("measured")
def measured(film: SpeedFilm) -> None:
    """The paper's figures leave and both bars are rewound; then they grow to what was measured here at each N, which doubles."""
    found, skin, place = film.found, film.skin, film.place
    device = str(found.sweep.provenance["machine"])
    length = Readout("", NUMBER, skin.ink, name="N", face=Face.MONO_STRONG)
    ours = [
        film.setting(found.setting), machine(device, film.scene.settings.aspect, skin),
        *(film.note(side, text) for side, text in found.notes.items()),
    ]  # fmt: skip
    marks = marks_of(film)
    parts = Group(*film.running, length)
    most = max(times[-1] for times in found.seconds.values())
    film.move(rewound(film), FadeOut(*film.beside, *film.piling, *film.clocks.values(), rate_func=early), seconds=MOVE)
    with film.scene.telling():
        film.move(FadeIn(*ours), seconds=TEXT)
        for at in range(len(found.lengths)):
            length.text = f"N = {found.lengths[at]:,}"
            length.at(place["N"])
            before = found.seconds["standard"][at - 1] if at else 0.0
            lasts = max(STEP, GROW * (found.seconds["standard"][at] - before) / most)
            film.move(Shows(parts, partial(doubled, film, at)), seconds=lasts)
            film.scene.add(*(mark for mark, number in marks if number == at))


def rewound(film: SpeedFilm) -> Shows:
    """Both bars go back to the left, as they take all of their lanes but a line for marks."""
    most = max(each.value for each in film.times.values())
    taller = lowered(film, "marked")

    def show(share: float) -> None:
        taller.show(share)
        film.ran((1 - share) * most)

    return Shows(taller.mobject, show, rate_func=ease_in_out_cubic)


def doubled(film: SpeedFilm, at: int, share: float) -> None:
    """Both bars on their way from one length of the measurement to the next, on one scale; those before have left their ends."""
    found = film.found
    most = max(times[-1] for times in found.seconds.values())
    for side, times in found.seconds.items():
        before = times[at - 1] if at else 0.0
        now = before + share * (times[at] - before)
        film.bar(side, [each / most for each in (*times[:at], now)], seconds(now))
        film.bars[side].values = np.array([*times[:at], now])


def marks_of(film: SpeedFilm) -> list[tuple[Word, int]]:
    """N beneath the end of each piece that has room for it, from the longest on; and which length it is."""
    found, made = film.found, []
    most = max(times[-1] for times in found.seconds.values())
    for side, times in found.seconds.items():
        line = film.lanes[side].rect.bottom(MARKS)
        free = line.x1
        for at in reversed(range(len(times))):
            text = f"{found.lengths[at]:,}"
            wide = text_width(text, LABEL)
            left = min(max(line.x0 + film.lanes[side].full * times[at] / most - wide / 2, line.x0), line.x1 - wide)
            if left + wide <= free:
                made.append((Word(text, LABEL, film.skin.ink, left, middle(line, LABEL), "mark", Face.TEXT), at))
                free = left - em(LABEL)
    return made
