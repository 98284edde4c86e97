"""What is kept over a training step: layer on layer it is left, N doubles on one scale until P bursts the frame, and all of it goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from manim import Group
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import palette, theme
from flashviz.chapters import training_memory
from flashviz.chapters.training_memory import EITHER, KEPT, LAYERS, LENGTHS, TrainingMemory, gather
from flashviz.director.film.parts import fitting
from flashviz.director.material import provenance
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, NUMBER, ONE_NUMBER, Word, amid, first_that_fits, word, worded
from flashviz.figures import amount, kib, times
from flashviz.layout import Rect, Shot
from flashviz.layout.backward import Grid
from flashviz.layout.training import Step
from flashviz.lettering import Face, em
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, early
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.tiles import Rectangles, dashes, edges

SWEEP, TILES, FORWARD, GROWS, BACK = 2.4, 2.6, 2.4, 1.8, 2.4  # seconds: of rows, of tiles, of layers forward, of a doubling, of layers back
SIDES = {"standard": "Standard attention", "flash": "FlashAttention"}
FULL = 0.97  # of its place is what standard attention keeps at a length that fits
LINE, TICK, MIDDLE = em(4), em(12), em(40)  # under the slabs: its width, between two layers, and between both passes
INNER = em(16)  # from a letter to its slab's edge
ROWS, SEAM = 24, em(5)  # bands of P that a row is shown by; between what P was and as much again
COLUMN = em(14)  # of P that is used now: its width
MARK = em(120)  # the height that the scale's bar has at most, at first


class TrainingMemoryStage(ShotScene):
    """The scene that the slabs stand on."""

    script = training_memory.BEATS

    def open(self, run: Callable[..., Any]) -> TrainingMemoryFilm:
        """Record a layer's forward pass, both ways: ``flashviz_kernels.recorder.run``."""
        found = gather(self.settings.config, run)
        self.provenance = [provenance(trace) for trace in (found.standard, found.flash)]
        self.set_board(training_memory.BEATS, {})
        return TrainingMemoryFilm(self, found)


class TrainingMemoryFilm(ChapterFilm):
    """Everything on stage, made here once. ``n``: how many times as many queries and keys are drawn, ``now``: until when."""

    axes: list[Word]
    uses: list[Word]
    said: dict[str, Word]
    given: list[Rectangles]
    units: Word
    narrow: Rect
    square: Rectangles
    column: Rectangles

    def __init__(self, scene: ShotScene, found: TrainingMemory) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.place = place = scene.shot("training")
        self.n, self.now = 1.0, 0.0
        self.unit = self.fitting(LENGTHS[1])
        self.slabs = {(side, name): self.slab(name) for side in SIDES for name in (*EITHER, KEPT[side])}
        most = {side: self.bytes_at(side, LENGTHS[-1], LAYERS) for side in SIDES}
        self.bytes = {side: self.readout(f"bytes {side}", at_most(most[side]), place[f"{side} bytes"], NUMBER) for side in SIDES}
        self.count = self.readout("count", self.counted(LENGTHS[-1]), place["n"], ONE_NUMBER)
        self.names = [word(text, NAME, self.skin.ink, place[f"{side} name"], "name") for side, text in SIDES.items()]
        self.letters = [Word("P", NAME, self.skin.ground, 0.0, 0.0, "part") for _ in range(LAYERS)]
        sizes = ("N × N", "N × d") if self.even else ("N × M", "N, M × d")
        self.laws = Law(self, "P", ["P"], sizes[0], 2), Law(self, "LSE", ["LSE"], "N", 1), Law(self, "either", EITHER, sizes[1], 1)
        self.parts = Rectangles(self.skin.ground, name="as much as before")
        self.all = Group(*self.slabs.values(), self.parts, *self.bytes.values(), self.count)
        self.scale = Scale(self)
        self.using = {side: Rectangles(self.skin.scores, name=f"P in use, {side}", opacity=palette.LIT) for side in SIDES}
        self.unkept = Rectangles(self.skin.scores, name="P, not kept")
        self.all.add(*self.using.values(), self.unkept, self.scale)
        self.display(1.0, 0.0)

    def slab(self, name: str) -> Rectangles:
        """One matrix of all layers. LSE's are thinner than what can be drawn: they have an outline."""
        made = Rectangles(self.skin.hue(name), name=f"kept {name}", opacity=palette.SECOND if name == "P" else palette.LIT)
        return made.set_stroke(self.skin.hue(name), width=theme.OUTLINE, opacity=1) if name == "LSE" else made

    def fitting(self, n: float) -> float:
        """How high a byte is, where all that standard attention keeps at a length fits its place."""
        return FULL * self.place["standard"].height / (LAYERS * sum(self.found.kept("standard", n).values()))

    def readout(self, name: str, widest: str, rect: Rect, most: float) -> Readout:
        """A number, so large that its widest text fits."""
        return Readout(widest, fitting(widest, most, rect), self.skin.ink, name=name, face=Face.MONO_STRONG).at(rect)

    @property
    def even(self) -> bool:
        """Whether there are as many queries as keys."""
        return self.found.config.seq_q == self.found.config.seq_k

    def counted(self, n: float) -> str:
        """How many queries and keys there are."""
        queries, keys = (f"{round(n * each):,}" for each in (self.found.config.seq_q, self.found.config.seq_k))
        return f"N = {queries}" if self.even else f"N × M = {queries} × {keys}"

    def step(self, side: str, n: float) -> Step:
        """All that a side keeps, at a length."""
        return Step(self.place[side], LAYERS, self.found.kept(side, n), self.unit, self.scene.frame.y1)

    def bytes_at(self, side: str, n: float, time: float) -> float:
        """Bytes that a side keeps at a time of the step."""
        step = self.step(side, n)
        return sum(step.bytes_at(name, time) for name in step.sizes)

    def display(self, n: float, now: float, said: int | None = None) -> TrainingMemoryFilm:
        """The step until now, of ``n`` times as many queries and keys, with the bytes that are kept now, of ``said`` times as many."""
        self.n, self.now = n, now
        for side in SIDES:
            step = self.step(side, n)
            for name in step.sizes:
                self.slabs[side, name].display(edges([rect for layer in range(LAYERS) if (rect := step.slab(name, layer, now))]))
            self.use(side, step)
            self.bytes[side].display(f"kept: {kib(round(self.bytes_at(side, said or n, now)))}")
        self.count.display(self.counted(said or n))
        self.scale.display(self.unit)
        self.letter()
        return self

    def divide(self, share: float) -> None:
        """Lines in each layer's P, between what was there at half the N and as much again, three times."""
        step, half = self.step("standard", self.n), share * SEAM / 2
        slabs = [rect for layer in range(LAYERS) if (rect := step.slab("P", layer, self.now))]
        levels = [(rect, rect.y0 + part * step.sizes["P"] * self.unit / 4) for rect in slabs for part in (1, 2, 3)]
        self.parts.display(edges([Rect(rect.x0, y - half, rect.x1, y + half) for rect, y in levels if y < rect.y1 and half]))

    def use(self, side: str, step: Step) -> None:
        """What a layer's backward pass has of its P now: all that it read so far, or the one column that it made again, and drops."""
        layer = step.turn(self.now)
        boxes = []
        if layer is not None:
            place = step.used(layer, self.found.bytes_of("P", self.n))
            done = place.left(step.x(self.now) - place.x0)
            boxes = [done.right(min(COLUMN, done.width)) if side == "flash" else done]
        if side == "flash":
            self.unkept.display(dashes(place) if boxes else edges([]))
        self.using[side].display(edges(boxes))

    def letter(self) -> None:
        """P's letters at the foot of its slabs, before the end of the forward pass, where these are high enough."""
        step = self.step("standard", self.n)
        for layer, letter in enumerate(self.letters):
            slab = step.slab("P", layer, self.now)
            letter.set_fill(opacity=float(slab is not None and slab.height > em(NAME)))
            if slab is not None:
                letter.put_at(slab.x0 + INNER, slab.y0 + INNER)

    def fitted(self, part: str, texts: Sequence[str], px: float = NAME) -> Word:
        """The first of these that fits there, in ink."""
        return word(first_that_fits(texts, px, self.place[part].width, Face.STRONG), px, self.skin.ink, self.place[part], part)

    def runs(self, until: float, seconds: float) -> None:
        """The step goes on."""
        start = self.now
        self.move(Shows(self.all, lambda share: self.display(self.n, start + (until - start) * share)), seconds=seconds)

    def grows(self, n: int) -> None:
        """N is another at once, and all that is kept grows to it, on the scale that it has; then each P is four times what it was."""
        start, parts = self.n, self.parts
        growth = Shows(
            Group(self.all, *self.letters), lambda share: self.display(start + (n - start) * share, LAYERS, n), rate_func=ease_in_out_cubic
        )
        self.divide(0.0)
        self.move(growth, seconds=GROWS)
        self.move(Shows(parts, self.divide), seconds=TEXT)


class Scale(Group):
    """A bar that is as high as so many bytes, with their number on it."""

    def __init__(self, film: TrainingMemoryFilm) -> None:
        self.nbytes, self.rect = 2 ** int(np.log2(MARK / film.unit)), film.place["scale"]
        self.bar = Rectangles(film.skin.quiet, name="scale")
        self.words = amid([amount(self.nbytes)], film.skin.ink, self.rect, "scale bytes")
        super().__init__(self.bar, self.words)

    def display(self, unit: float) -> Scale:
        """``unit``: how high a byte is."""
        x, top = self.rect.center[0], self.rect.y0 + self.nbytes * unit
        self.bar.display(edges([Rect(x - LINE, self.rect.y0, x + LINE, top)]))
        self.words.put_at(self.words.left, top + INNER)
        return self


class Law(Group):
    """What a head of a layer keeps, in its colour, and how many times as much it is as at first."""

    def __init__(self, film: TrainingMemoryFilm, row: str, tensors: Sequence[str], size: str, power: int) -> None:
        self.power, skin, rect = power, film.skin, film.place[f"law {row}"]
        self.factor = film.readout("factor", self.says(LENGTHS[-1]), film.place[f"factor {row}"], NAME)
        size = first_that_fits([f"{size}, drawn thicker", size], NAME, rect.width - em(120), Face.STRONG) if row == "LSE" else size
        self.words = worded(rect, [*tensors[:-1], f"{tensors[-1]}:", size], NAME, [*map(skin.hue, tensors), skin.ink], "law")
        super().__init__(*self.words)

    def says(self, n: int) -> str:
        """After so many times as many queries and keys."""
        return f"× {n**self.power}"


def at_most(nbytes: float) -> str:
    """What was kept when most was."""
    return f"at most {kib(round(nbytes))}"


def ground(film: TrainingMemoryFilm) -> Rectangles:
    """What the slabs stand on, with a tick between two layers and a long one between both passes."""
    boxes = []
    for side in SIDES:
        rect = film.place[side]
        boxes.append(rect.bottom(0.0).inset(0.0, -LINE / 2))
        for layer in range(2 * LAYERS + 1):
            x, high = rect.x0 + layer * rect.width / (2 * LAYERS), MIDDLE if layer == LAYERS else TICK
            boxes.append(Rect(x - LINE / 2, rect.y0 - high, x + LINE / 2, rect.y0))
    return Rectangles(film.skin.quiet, name="ground").display(np.array([each.edges for each in boxes]))


def ways(film: TrainingMemoryFilm) -> list[Word]:
    """Which layers work, from left to right."""
    found, order = [], [f"{layer + 1}" for layer in range(LAYERS)]
    for side in SIDES:
        rect = film.place[f"{side} way"]
        half = rect.width / 2
        for text, numbers, part in (("forward", order, rect.left(half)), ("backward", order[::-1], rect.right(half))):
            found.append(amid([f"{text}: layers {', '.join(numbers)}", text], film.skin.ink, part, "way"))
    return found


# --------------------------------------------------------------------------------------------------------------- beats


@beat("layer")
def layer(film: TrainingMemoryFilm) -> None:
    """P of one layer and LSE, their areas as their bytes: row after row of P leaves one number."""
    place, skin, size = film.scene.shot("one layer"), film.skin, film.found.sizes
    film.square, film.column = (
        Rectangles(skin.scores, name="P of a layer", opacity=palette.SECOND),
        Rectangles(skin.stats, name="LSE of a layer"),
    )
    whole = place["P"]
    thin = place["LSE"].left(whole.width * size["LSE"] / size["P"])
    frame = Rectangles(skin.ink, name="row", opacity=0.0).set_stroke(skin.ink, width=theme.OUTLINE, opacity=1)
    high = whole.height / ROWS

    def show(share: float) -> None:
        top = whole.y1 - min(int(share * ROWS), ROWS - 1) * high
        frame.display(edges([Rect(whole.x0, top - high, thin.x1, top)] if share < 1 else []))
        film.column.display(edges([thin.top(thin.height * share)]))

    film.square.display(edges([whole]))
    count = "N × N" if film.even else "N × M"
    texts = {
        "P name": ([f"P: {count} weights", f"P: {count}"], skin.scores, NUMBER),
        "P note": (
            [f"{film.counted(1)}; standard attention keeps it", f"{film.counted(1)}; standard keeps it", film.counted(1)],
            skin.ink,
            NAME,
        ),
        "P bytes": ([f"{kib(size['P'])} a layer", kib(size["P"])], skin.ink, NUMBER),
        "LSE name": (["LSE: N numbers", "LSE: N"], skin.stats, NUMBER),
        "LSE note": (
            ["log of each row's sum of exp(S), float32", "log of the row's Σ exp(S), float32", "log Σ exp(S), float32"],
            skin.ink,
            NAME,
        ),
        "LSE bytes": ([f"{kib(size['LSE'])} a layer", kib(size["LSE"])], skin.ink, NUMBER),
    }
    film.said = {part: fitted_in(place, part, *each) for part, each in texts.items()}
    film.said["units"] = fitted_in(place, "units", film.found.units, skin.ink, LABEL)
    film.scene.add(film.square, film.said["P name"], film.said["units"])
    with film.scene.telling():
        film.move(FadeIn(*(film.said[part] for part in ("P note", "P bytes", "LSE name", "LSE note"))), seconds=TEXT)
        film.move(Shows(Group(film.column, frame), show), seconds=SWEEP)
        film.move(FadeIn(film.said["LSE bytes"]), seconds=TEXT)


def fitted_in(place: Shot, part: str, texts: Sequence[str], color: str, px: float = NAME) -> Word:
    """The first of these that fits into a part of a shot."""
    return word(first_that_fits(texts, px, place[part].width, Face.STRONG), px, color, place[part], part)


def goes(part: Rectangles, start: Rect, to: Rect) -> Shows:
    """One rectangle becomes another."""
    return Shows(part, lambda share: part.display(edges([start.toward(to, share)])), rate_func=ease_in_out_cubic)


@beat("made")
def made(film: TrainingMemoryFilm) -> None:
    """The backward pass of that layer: P is read whole; or Q, K and LSE come, and a tile of P is made, used and dropped, and the next."""
    before, place, skin, found = film.scene.shot("one layer"), film.scene.shot("one tile"), film.skin, film.found
    size, price, whole = found.sizes, found.price, place["flash P"]
    thin = before["LSE"].left(before["P"].width * size["LSE"] / size["P"])
    film.narrow = place["LSE"].left(thin.width)
    film.move(FadeOut(*film.said.values()), seconds=TEXT)
    film.move(goes(film.square, before["P"], place["standard P"]), goes(film.column, thin, film.narrow), seconds=0.6)
    c = found.config
    grid = Grid(whole, c.row_blocks, c.col_blocks)
    column = c.col_blocks // 2
    given = {
        name: Rectangles(skin.hue(name), name=f"{name} of a layer", opacity=palette.FAINT).display(edges([place[name]]))
        for name in ("Q", "K")
    }
    outline = Rectangles(skin.quiet, name="P, not stored").display(dashes(whole))
    tile, used = (
        Rectangles(skin.scores, name="tile of P", opacity=palette.LIT),
        {name: Rectangles(skin.hue(name), name=f"{name} in use") for name in ("Q", "K")},
    )

    def show(share: float) -> None:
        row = min(int(share * c.row_blocks), c.row_blocks - 1)
        cell, there = grid.cell(row, column), share * c.row_blocks - row < 0.7 and share < 1  # for a while, then it is dropped
        tile.display(edges([cell] if there else []))
        across, along = place["Q"], place["K"]
        used["Q"].display(edges([Rect(across.x0, cell.y0, across.x1, cell.y1)] if share < 1 else []))
        used["K"].display(edges([Rect(cell.x0, along.y0, cell.x1, along.y1)] if share < 1 else []))

    reads = [
        fitted_in(place, "standard name", ["Standard attention reads P", "Standard reads P"], skin.ink),
        fitted_in(place, "standard reads", [f"P: {kib(size['P'])}, and Q, K, V", f"P: {kib(size['P'])}"], skin.scores),
        fitted_in(place, "flash name", ["FlashAttention makes P again", "Flash makes P again"], skin.ink),
        fitted_in(place, "flash reads", [f"LSE: {kib(size['LSE'])}, and Q, K, V", f"LSE: {kib(size['LSE'])}"], skin.stats),
        *(fitted_in(place, f"{name} name", [name], skin.hue(name)) for name in ("Q", "K", "LSE")),
    ]
    prices = [
        fitted_in(place, "standard price", [f"{price['standard']} products a tile"], skin.ink),
        fitted_in(place, "flash price", [f"{price['flash']} products: Q Kᵀ once more", f"{price['flash']} products a tile"], skin.ink),
    ]
    each = fitted_in(place, "flash price", ["each tile: made, used, dropped", "made, used, dropped"], skin.scores)
    film.said = {f"{at}": words for at, words in enumerate([*reads, *prices])}
    with film.scene.telling():
        film.move(FadeIn(*given.values(), outline, *reads), seconds=TEXT)
        film.move(Shows(Group(tile, *used.values()), show), FadeIn(each, rate_func=early), seconds=TILES)
        film.move(FadeOut(each), seconds=TEXT / 2)
        film.move(FadeIn(*prices), seconds=TEXT)
    film.given = [*given.values(), outline]


@beat("forward")
def forward(film: TrainingMemoryFilm) -> None:
    """P and LSE drop into their stacks; layer on layer Q, K, V and O are kept, and P or LSE."""
    near = film.scene.shot("one tile")
    film.units = film.fitted("units", film.found.units, LABEL)
    film.axes = [film.fitted("up", ["height: bytes that are kept"], LABEL), film.fitted("along", ["left to right: a training step"], LABEL)]
    slabs = film.step("standard", 1).slab("P", 0, 1), film.step("flash", 1).slab("LSE", 0, 1)
    starts = near["standard P"], film.narrow
    film.move(FadeOut(*film.said.values(), *film.given), seconds=TEXT)
    drops = [goes(part, start, slab) for part, start, slab in zip((film.square, film.column), starts, slabs, strict=True) if slab]
    film.move(FadeIn(ground(film), *film.names, *ways(film), film.units, *film.laws, *film.axes), *drops, seconds=MOVE)
    film.display(1.0, 1.0)
    film.scene.add(film.all, *film.letters)
    film.scene.remove(film.square, film.column)
    with film.scene.telling():
        film.scene.hold(0.6)
        film.runs(LAYERS, FORWARD)


def doubles(film: TrainingMemoryFilm, n: int) -> None:
    """N is twice what it was; then how many times as much there is of each as at first."""
    factors = [law.factor for law in film.laws]
    with film.scene.telling():
        if film.scene.on_stage(factors[0]):
            film.move(FadeOut(*factors), seconds=TEXT)
        film.grows(n)
        for law in film.laws:
            law.factor.display(law.says(n))
        film.move(FadeIn(*factors), seconds=TEXT)


@beat("twice")
def twice(film: TrainingMemoryFilm) -> None:
    """N doubles, on the same scale."""
    against = [f"× : as much as at {film.counted(1)}", f"× : of {film.counted(1)}"]
    film.move(FadeOut(*film.axes, film.units), seconds=TEXT)
    film.units = film.fitted("units", against, LABEL)
    film.move(FadeIn(film.units), seconds=TEXT)
    doubles(film, LENGTHS[1])


@beat("again")
def again(film: TrainingMemoryFilm) -> None:
    """N doubles once more: what standard attention keeps leaves the frame."""
    doubles(film, LENGTHS[2])


@beat("back")
def back(film: TrainingMemoryFilm) -> None:
    """Both are drawn smaller, on one scale. The last layer's goes first: P is read where it was kept, or made again where it was not."""
    place, skin, n, start = film.place, film.skin, LENGTHS[-1], film.unit
    stands, ghost = place["standard"], Rectangles(skin.quiet, name="frame before")
    before = Rect(stands.x0, stands.y0, stands.x1, film.scene.frame.y1)

    def smaller(share: float) -> None:
        film.unit = start + (film.fitting(n) - start) * share
        film.display(n, LAYERS).divide(1 - share)
        ghost.display(dashes(before.bottom(before.height * film.unit / start)))

    note = [
        film.fitted("reads", [f"drawn {times(start / film.fitting(n))} × smaller", "drawn smaller"]),
        film.fitted("makes", ["dashed: the frame so far", "dashed: the frame"]),
    ]
    film.move(FadeOut(*film.laws, *(law.factor for law in film.laws), film.units), seconds=TEXT)
    film.units = film.fitted("units", film.found.units, LABEL)
    film.scene.add(ghost)
    film.move(FadeIn(*note, film.units), Shows(Group(film.all, *film.letters, ghost), smaller, rate_func=ease_in_out_cubic), seconds=MOVE)
    film.scene.hold(0.3)
    film.move(FadeOut(ghost, *note), seconds=TEXT)
    film.uses = [
        film.fitted("reads", ["left, bright: P is read", "left: P is read"]),
        film.fitted("makes", ["right, bright: P is made, not kept", "right: P is made"]),
    ]
    with film.scene.telling():
        film.move(FadeIn(*film.uses), seconds=TEXT)
        film.runs(2 * LAYERS, BACK)


@beat("idea")
def idea(film: TrainingMemoryFilm) -> None:
    """How much was kept when most was, how many times less, and what takes P's place."""
    n, size = LENGTHS[-1], {name: kib(film.found.bytes_of(name, LENGTHS[-1])) for name in KEPT.values()}
    film.move(FadeOut(*film.uses), seconds=TEXT)
    with film.scene.telling():
        film.move(*(film.bytes[side].turn(at_most(film.bytes_at(side, n, LAYERS))) for side in SIDES), seconds=MOVE / 2)
        less = worded(film.place["ratio"], [film.found.ratio(n), "× less kept"], ONE_NUMBER, [film.skin.ink] * 2, "ratio")
        film.move(FadeIn(*less), seconds=TEXT)
        film.scene.hold(0.6)
        texts = [f"{size['LSE']} of LSE in place of {size['P']} of P", "LSE in place of P"]
        film.move(FadeIn(film.fitted("idea", texts, LABEL)), seconds=TEXT)
