"""What is kept over a training step: layer on layer it is left, N doubles on one scale until P bursts the frame, and all of it goes."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from manim import Group, Mobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import palette, theme
from flashviz.chapters import training_memory
from flashviz.chapters.training_memory import EITHER, KEPT, LAYERS, LENGTHS, TrainingMemory, gather
from flashviz.director.film.parts import fitting
from flashviz.director.material import provenance, sheets
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, NUMBER, ONE_NUMBER, Word, amid, first_that_fits, fitted, line_width, middle, word, worded
from flashviz.figures import amount, kib
from flashviz.layout import Rect, Shot
from flashviz.layout import rows as split
from flashviz.layout.backward import Grid, magnified
from flashviz.layout.training import Step
from flashviz.lettering import Face, em
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, early, late
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.stored import Picture
from flashviz.mobjects.tiles import Rectangles, dashes, edges

SWEEP, FORWARD, GROWS, BACK = 2.4, 2.4, 1.8, 3.0  # seconds: of rows, of layers forward, of a doubling, of layers back
CLOSE, WEIGH, DROPPED, TILES = 1.0, 1.8, 0.5, 2.8  # seconds: S of a tile is made; it becomes P; it is dropped; all others of its keys
MADE, WEIGHED, USED = 0.25, 0.6, 0.85  # of a tile's time, until which S is there, P is, and P is needed no more
SIDES = {"standard": "Standard attention", "flash": "FlashAttention"}
GOES_BACK = {  # what a side's backward pass does for P; the first that fits
    "standard": ("Standard attention reads P", "Standard reads P"), "flash": ("FlashAttention makes P again", "Flash makes P again"),
}  # fmt: skip
FULL = 0.97  # of its place is what standard attention keeps at a length that fits
LINE, TICK = em(4), em(12)  # under the slabs: its width, and between two layers
INNER = em(16)  # from a letter to its slab's edge
PIECE = em(18)  # of LSE, on its way across a tile: its width
ROWS, SEAM = 24, em(5)  # bands of P that a row is shown by; between what P was and as much again
COLUMN = em(40)  # of a tile of P that is used now: its width
GROUND = 0.25  # of the way from the ground to the hue, where a weight is 0
FALL = 0.5  # turns, in which a layer dims that is dropped
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
    """Everything on stage, made here once.

    ``n``: how many times as many queries and keys are drawn, ``now``: until when, ``past``: how much is seen of what was dropped.
    """

    axes: list[Word]
    said: dict[str, Mobject]
    units: Word
    narrow: Rect
    column: Rectangles

    def __init__(self, scene: ShotScene, found: TrainingMemory) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.place = place = scene.shot("training")
        self.n, self.now, self.past = 1.0, 0.0, palette.DIM
        self.unit = self.fitting(LENGTHS[1])
        self.sheets = dict(zip("SP", (GROUND + (1 - GROUND) * each for each in sheets(found.config, found.flash.inputs)), strict=True))
        self.square = self.picture("P of a layer")
        self.slabs = {(side, name): Slabs(self, name) for side in SIDES for name in (*EITHER, KEPT[side])}
        most = {side: kept_now(self.bytes_at(side, LENGTHS[-1], LAYERS)) for side in SIDES}
        self.bytes = {side: self.readout(f"bytes {side}", most[side], place[f"{side} bytes"], NUMBER) for side in SIDES}
        self.count = self.readout("count", self.counted(LENGTHS[-1]), place["n"], ONE_NUMBER)
        self.names = [word(text, NAME, self.skin.ink, place[f"{side} name"], "name") for side, text in SIDES.items()]
        self.letters = [Word("P", LABEL, self.skin.scores, 0.0, 0.0, "part") for _ in range(LAYERS)]
        self.factors = {n: [Word(f"× {n * n}", LABEL, self.skin.scores, 0.0, 0.0, "factor P") for _ in range(LAYERS)] for n in LENGTHS[1:]}
        self.grown = {n: Word(f"all × {n}", LABEL, self.skin.ink, 0.0, 0.0, "factor flash") for n in LENGTHS[1:]}
        sizes = ("N × N", "N × d") if self.even else ("N × M", "N, M × d")
        self.laws = [*self.law("P", ["P"], sizes[0]), *self.law("LSE", ["LSE"], "N"), *self.law("either", EITHER, sizes[1])]
        self.sums = self.summed()
        self.parts = Rectangles(self.skin.ground, name="as much as before")
        self.playhead = {side: Rectangles(self.skin.ink, name=f"now {side}") for side in SIDES}
        self.nows = {side: Word("now", LABEL, self.skin.ink, 0.0, 0.0, "now") for side in SIDES}
        self.all = Group(*self.slabs.values(), self.parts, *self.bytes.values(), self.count)
        self.scale = Scale(self)
        self.reading = Rectangles(self.skin.ink, name="P that is read", opacity=palette.DIM)
        self.tile = Rectangles(self.skin.scores, name="tile of P").set_stroke(self.skin.scores, width=theme.OUTLINE, opacity=1)
        self.tiled = Word(f"one tile of P: {amount(found.tile)}", LABEL, self.skin.scores, 0.0, 0.0, "tile")
        self.all.add(self.reading, self.tile, self.tiled, self.scale, *self.playhead.values(), *self.nows.values())
        self.display(1.0, 0.0)

    def picture(self, tag: str, name: str = "P") -> Picture:
        """P of the first head, or S, on a ground that is seen."""
        return Picture(self.sheets[name], self.skin, name, tag)

    @property
    def heaviest(self) -> int:
        """The column of tiles in which most of P's picture is bright: of others little would be seen."""
        return int(np.argmax([part.sum() for part in np.array_split(self.sheets["P"], self.found.config.col_blocks, axis=1)]))

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
                self.slabs[side, name].display(step, now, self.past)
            self.mark(side, step)
            self.bytes[side].display(kept_now(self.bytes_at(side, said or n, now)))
        self.use()
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

    def use(self) -> None:
        """What a layer's backward pass has of its P now: all that it read so far; or one tile that it made again, on what is kept."""
        read, flash = self.step("standard", self.n), self.step("flash", self.n)
        layer = read.turn(self.now)
        x, rect = flash.x(min(self.now, 2 * LAYERS)), self.place["flash"]
        self.tiled.set_fill(opacity=float(layer is not None))
        self.tiled.put_at(min(x, rect.x1) - self.tiled.wide, flash.whole("LSE", LAYERS - 1).y1 + INNER)
        if layer is None:
            self.reading.display(edges([]))
            self.tile.display(edges([]))
            return
        slab = read.whole("P", layer)
        self.reading.display(edges([Rect(read.x(2 * LAYERS - 1 - layer), slab.y0, read.x(self.now), slab.y1)]))
        y = flash.whole("LSE", layer).y1
        self.tile.display(edges([Rect(x - COLUMN, y, x, y + self.found.tile * self.unit)]))

    def mark(self, side: str, step: Step) -> None:
        """A line at the time that has come, as high as all that is kept then, and "now" under it."""
        x, rect, word_ = step.x(min(self.now, 2 * LAYERS)), self.place[f"{side} now"], self.nows[side]
        top = min(step.rect.y0 + self.bytes_at(side, self.n, self.now) * self.unit, step.top)
        self.playhead[side].display(edges([Rect(x - LINE, rect.y1, x + LINE, top)]))
        word_.put_at(min(max(x - word_.wide / 2, rect.x0), rect.x1 - word_.wide), middle(rect, LABEL))

    def letter(self) -> None:
        """P's letters beside its slabs at the time that has come, where these are high enough, and how many times as much each is."""
        step = self.step("standard", self.n)
        for layer, letter in enumerate(self.letters):
            slab = step.slab("P", layer, self.now)
            letter.set_fill(opacity=float(slab is not None and slab.height > em(LABEL)))
            if slab is not None:
                letter.put_at(slab.x1 + INNER, middle(slab, LABEL))
                for words in self.factors.values():
                    words[layer].put_at(letter.left + letter.wide + INNER, letter.baseline)

    def times(self, n: int) -> list[Word]:
        """How many times as much there is of each P, beside its letter, and of all that FlashAttention keeps, beside it."""
        own, step, said = self.step("standard", n), self.step("flash", n), self.grown[n]
        high = self.bytes_at("flash", n, self.now) * self.unit
        said.put_at(step.x(self.now) + 2 * INNER, middle(Rect(0, step.rect.y0, 0, step.rect.y0 + high), NAME))
        slabs = [own.slab("P", layer, self.now) for layer in range(LAYERS)]
        return [each for each, slab in zip(self.factors[n], slabs, strict=True) if slab and slab.height > em(LABEL)] + [said]

    def law(self, row: str, tensors: Sequence[str], size: str) -> list[Word]:
        """How many numbers of these a head of a layer keeps, in their colours."""
        rect = self.place[f"law {row}"]
        size = first_that_fits([f"{size}, drawn thicker", size], NAME, rect.width - em(120), Face.STRONG) if row == "LSE" else size
        return worded(rect, [*tensors[:-1], f"{tensors[-1]}:", size], NAME, [*map(self.skin.hue, tensors), self.skin.ink], "law")

    def summed(self) -> list[Word]:
        """What both sides keep of a layer, and each side's own added to it."""
        sizes, hue, ink = self.found.sizes, self.skin.hue, self.skin.ink
        both = sum(sizes[name] for name in EITHER)
        said = worded(self.place["law P"], [*EITHER[:-1], f"{EITHER[-1]}:", kib(both)], NAME, [*map(hue, EITHER), ink], "sum")
        for name in KEPT.values():
            total, place = kib(both + sizes[name]), self.place["law LSE" if name == "P" else "law either"]
            texts = [
                ["+", f"{name}:", kib(sizes[name]), f"= {total} a layer"],
                ["+", f"{name}:", kib(sizes[name]), f"= {total}"],
                [f"with {name}:", total],
            ]
            fits = next((each for each in texts if line_width(each, NAME) <= place.width), texts[-1])
            said += worded(place, fits, NAME, [hue(name) if name in each else ink for each in fits], "sum")
        return said

    def fitted(self, part: str, texts: Sequence[str], px: float = NAME) -> Word:
        """The first of these that fits there, in ink."""
        return fitted_in(self.place, part, texts, self.skin.ink, px)

    def runs(self, until: float, seconds: float) -> None:
        """The step goes on."""
        start = self.now
        self.move(Shows(self.all, lambda share: self.display(self.n, start + (until - start) * share)), seconds=seconds)

    def grows(self, n: int) -> None:
        """All that is kept grows to another N, on its scale, and is counted once it is there; then P is shown as four of before."""
        start, parts = self.n, self.parts

        def grow(share: float) -> None:
            self.display(start + (n - start) * share, LAYERS, n if share == 1 else round(start))

        growth = Shows(Group(self.all, *self.letters), grow, rate_func=ease_in_out_cubic)
        self.divide(0.0)
        self.move(growth, seconds=GROWS)
        self.move(Shows(parts, self.divide), seconds=TEXT)


class Slabs(Group):
    """A matrix of all layers: of P its picture, of the others a plane; LSE's are thinner than what can be drawn and have an outline."""

    def __init__(self, film: TrainingMemoryFilm, name: str) -> None:
        self.tensor, hue = name, film.skin.hue(name)
        self.tag = f"kept {name}"
        self.slabs: list[Any] = [
            film.picture("slab") if name == "P" else Rectangles(hue, name="slab", opacity=palette.LIT) for _ in range(LAYERS)
        ]
        if name == "LSE":
            for slab in self.slabs:
                slab.set_stroke(hue, width=theme.OUTLINE, opacity=1)
        super().__init__(*self.slabs)

    def display(self, step: Step, now: float, past: float) -> Slabs:
        """As far as each was kept until now; what was dropped dims to ``past``."""
        for layer, slab in enumerate(self.slabs):
            rect = step.slab(self.tensor, layer, now)
            gone = min(max(0.0, now - (2 * step.layers - layer)) / FALL, 1.0)
            opacity = 1.0 + (past - 1.0) * gone
            if isinstance(slab, Picture):
                whole = step.whole(self.tensor, layer)
                slab.display(whole, rect or whole.left(0.0), opacity)
            else:
                slab.display(edges([rect] if rect else [])).set_fill(opacity=opacity * palette.LIT)
                slab.set_stroke(opacity=opacity)
        return self


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


def kept_now(nbytes: float) -> str:
    """What is kept at a moment."""
    return f"kept now: {kib(round(nbytes))}"


def ground(film: TrainingMemoryFilm) -> Rectangles:
    """What the slabs stand on, with a tick between two layers."""
    boxes = []
    for side in SIDES:
        rect = film.place[side]
        boxes.append(rect.bottom(0.0).inset(0.0, -LINE / 2))
        for layer in range(2 * LAYERS + 1):
            x = rect.x0 + layer * rect.width / (2 * LAYERS)
            boxes.append(Rect(x - LINE / 2, rect.y0 - TICK, x + LINE / 2, rect.y0))
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
    film.column = Rectangles(skin.stats, name="LSE of a layer")
    whole = place["P"]
    thin = place["LSE"].left(whole.width * size["LSE"] / size["P"])
    frame = Rectangles(skin.ink, name="row", opacity=0.0).set_stroke(skin.ink, width=theme.OUTLINE, opacity=1)
    high = whole.height / ROWS

    def show(share: float) -> None:
        top = whole.y1 - min(int(share * ROWS), ROWS - 1) * high
        frame.display(edges([Rect(whole.x0, top - high, thin.x1, top)] if share < 1 else []))
        film.column.display(edges([thin.top(thin.height * share)]))

    film.square.display(whole)
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
    return fitted(texts, px, color, place[part], part)


def goes(part: Rectangles | Picture, start: Rect, to: Rect) -> Shows:
    """One rectangle becomes another."""

    def show(share: float) -> None:
        rect = start.toward(to, share)
        if isinstance(part, Picture):
            part.display(rect)
        else:
            part.display(edges([rect]))

    return Shows(part, show, rate_func=ease_in_out_cubic)


@beat("made")
def made(film: TrainingMemoryFilm) -> None:
    """The layer's backward pass: P is read; or S of a tile is made again, LSE turns it into P, it is used and dropped."""
    before, place, skin, found = film.scene.shot("one layer"), film.scene.shot("one tile"), film.skin, film.found
    size, whole = found.sizes, place["flash P"]
    thin = before["LSE"].left(before["P"].width * size["LSE"] / size["P"])
    film.narrow = place["LSE"].left(whole.width * size["LSE"] / size["P"])
    film.move(FadeOut(*film.said.values()), seconds=TEXT)
    film.move(goes(film.square, before["P"], place["standard P"]), goes(film.column, thin, film.narrow), seconds=0.6)
    tile = Tile(film, place)
    texts = {
        **{f"{side} name": (texts, skin.ink) for side, texts in GOES_BACK.items()},
        "standard keeps": ([f"keeps P: {kib(size['P'])}"], skin.scores),
        "flash keeps": ([f"keeps LSE: {kib(size['LSE'])}"], skin.stats),
        "tile name": (["one tile of it, larger", "one tile"], skin.ink),
    }
    film.said = {part: fitted_in(place, part, *each) for part, each in texts.items()}
    film.said |= {name: fitted_in(place, f"{name} name", [name], skin.hue(name)) for name in ("Q", "K", "LSE")}
    lines = split(place["rules"], 4)
    rules = [
        [word("S = Q Kᵀ / √d", NAME, skin.ink, lines[0], "rule")],
        worded(lines[1], ["P", "=", "exp(S", "−", "LSE", ")"], NAME, [*[skin.ink] * 4, skin.stats, skin.ink], "rule"),
        worded(lines[2], ["=", "exp S /", "row's sum"], NAME, [skin.ink, skin.ink, skin.stats], "rule"),
        [word("used, then dropped", NAME, skin.ink, lines[3], "rule")],
    ]
    film.said |= {f"rule {at}": each for at, each in enumerate(itertools.chain(*rules))}
    count = tile.grid.rows
    with film.scene.telling():
        film.move(FadeIn(*tile.given, *(each for part, each in film.said.items() if not part.startswith("rule"))), seconds=TEXT)
        film.scene.add(tile)
        film.move(Shows(tile, lambda share: tile.display(MADE * share)), FadeIn(*rules[0], rate_func=early), seconds=CLOSE)
        film.move(
            Shows(tile, lambda share: tile.display(MADE + (USED - MADE) * share)),
            FadeIn(*rules[1], *rules[2], rate_func=early),
            seconds=WEIGH,
        )
        film.move(Shows(tile, lambda share: tile.display(USED + (1 - USED) * share)), FadeIn(*rules[3]), seconds=DROPPED)
        film.move(Shows(tile, lambda share: tile.display(1 + (count - 1) * share)), seconds=TILES)
    film.said |= {f"given {at}": each for at, each in enumerate((*tile.given, tile))}


class Tile(Group):
    """A tile of P as the backward pass has it: where it is in P, which is not stored, and larger. ``given``: what it is made of."""

    def __init__(self, film: TrainingMemoryFilm, place: Shot) -> None:
        c, skin = film.found.config, film.skin
        self.place, self.grid, self.column = place, Grid(place["flash P"], c.row_blocks, c.col_blocks), film.heaviest
        hollow = np.concatenate([dashes(place[part]) for part in ("flash P", "tile")])
        self.given = [Rectangles(skin.quiet, name="P, not stored").display(hollow)]
        for name in ("Q", "K"):
            self.given.append(Rectangles(skin.hue(name), name=f"{name} of a layer", opacity=palette.FAINT).display(edges([place[name]])))
        for name in ("Q", "K", "LSE"):
            self.given.append(Rectangles(skin.hue(name), name=f"{name} of a tile").display(edges([place[f"tile {name}"]])))
        self.s, self.p = ([film.picture(f"tile of {name}", name) for _ in range(2)] for name in "SP")
        self.lse = Rectangles(skin.stats, name="LSE on its way")
        self.used = {name: Rectangles(skin.hue(name), name=f"{name} in use") for name in ("Q", "K", "LSE")}
        super().__init__(*self.s, *self.p, self.lse, *self.used.values())

    def display(self, at: float) -> Tile:
        """``at``: how many tiles of these keys are done. S fills from the left, LSE passes over it from the right and leaves P."""
        row = min(int(at), self.grid.rows - 1)
        part, place = at - row, self.place
        cell, large = self.grid.cell(row, self.column), place["tile"]
        filled, weighed = (float(np.interp(part, when, (0, 1))) for when in ((0, MADE), (MADE, WEIGHED)))
        there = part < USED
        for each, s, p in zip((large, cell), self.s, self.p, strict=True):
            whole = magnified(self.grid.rect, cell, each)
            s.display(whole, each.left(each.width * (filled - weighed)))
            p.display(whole, each.right(each.width * weighed * there))
        x = place["tile LSE"].x0 + (large.x0 - place["tile LSE"].x0) * weighed
        self.lse.display(edges([Rect(x, large.y0, x + PIECE, large.y1)] if 0 < weighed < 1 else []))
        for name, used in self.used.items():
            rect = place[name]
            piece = Rect(cell.x0, rect.y0, cell.x1, rect.y1) if name == "K" else Rect(rect.x0, cell.y0, rect.x1, cell.y1)
            used.display(edges([piece] if there else []))
        return self


@beat("forward")
def forward(film: TrainingMemoryFilm) -> None:
    """P and LSE drop into their stacks; layer on layer Q, K, V and O are kept, and P or LSE."""
    near = film.scene.shot("one tile")
    film.units = film.fitted("units", film.found.units, LABEL)
    film.axes = [film.fitted("up", ["height: bytes that are kept"], LABEL), film.fitted("along", ["left to right: a training step"], LABEL)]
    slabs = film.step("standard", 1).slab("P", 0, 1), film.step("flash", 1).slab("LSE", 0, 1)
    starts = near["standard P"], film.narrow
    film.move(FadeOut(*film.said.values()), seconds=TEXT)
    parts: tuple[Picture | Rectangles, ...] = (film.square, film.column)
    drops = [goes(part, start, slab) for part, start, slab in zip(parts, starts, slabs, strict=True) if slab]
    film.move(FadeIn(ground(film), *film.names, *ways(film), film.units, *film.sums, *film.axes), *drops, seconds=MOVE)
    film.display(1.0, 1.0)
    film.scene.add(film.all, *film.letters)
    film.scene.remove(film.square, film.column)
    with film.scene.telling():
        film.scene.hold(0.6)
        film.runs(LAYERS, FORWARD)


def doubles(film: TrainingMemoryFilm, n: int) -> None:
    """N is twice what it was; then how many times as much there is of each as at first, on what it counts."""
    before = film.times(n // 2) if n // 2 in film.factors else []
    with film.scene.telling():
        if before:
            film.move(FadeOut(*before), seconds=TEXT)
        film.grows(n)
        film.move(FadeIn(*film.times(n)), seconds=TEXT)


@beat("twice")
def twice(film: TrainingMemoryFilm) -> None:
    """N doubles, on the same scale."""
    against = [f"× : as much as at {film.counted(1)}", f"× : of {film.counted(1)}"]
    film.move(FadeOut(*film.axes, *film.sums, film.units), seconds=TEXT)
    film.units = film.fitted("units", against, LABEL)
    film.move(FadeIn(film.units, *film.laws), seconds=TEXT)
    doubles(film, LENGTHS[1])


@beat("again")
def again(film: TrainingMemoryFilm) -> None:
    """N doubles once more: what standard attention keeps leaves the frame."""
    doubles(film, LENGTHS[2])


@beat("back")
def back(film: TrainingMemoryFilm) -> None:
    """Both are drawn smaller, on one scale. The last layer's goes first: P is read where it was kept, or made again where it was not."""
    n, start = LENGTHS[-1], film.unit

    def smaller(share: float) -> None:
        film.unit = start + (film.fitting(n) - start) * share
        film.display(n, LAYERS).divide(1 - share)

    note = film.fitted("law P", ["all smaller, on one scale"])
    film.move(FadeOut(*film.laws, *film.times(n), film.units), seconds=TEXT)
    film.units = film.fitted("units", film.found.units, LABEL)
    film.move(FadeIn(note, film.units), Shows(Group(film.all, *film.letters), smaller, rate_func=ease_in_out_cubic), seconds=MOVE)
    film.scene.hold(0.3)
    film.move(FadeOut(note), seconds=TEXT)
    before, film.names = film.names, [film.fitted(f"{side} name", texts) for side, texts in GOES_BACK.items()]
    with film.scene.telling():
        film.move(FadeOut(*before, rate_func=early), FadeIn(*film.names, rate_func=late), seconds=2 * TEXT)
        film.move(FadeOut(*film.letters), seconds=TEXT)
        film.runs(2 * LAYERS + FALL, BACK)


@beat("idea")
def idea(film: TrainingMemoryFilm) -> None:
    """How much was kept when most was, and what takes P's place."""
    n, size = LENGTHS[-1], {name: kib(film.found.bytes_of(name, LENGTHS[-1])) for name in KEPT.values()}
    skin, place = film.skin, film.place
    most = [
        word(kib(film.bytes_at(side, n, LAYERS)), ONE_NUMBER, skin.ink, place[f"{side} bytes"], f"most {side}", Face.MONO_STRONG)
        for side in SIDES
    ]
    before, film.names = (
        film.names,
        [film.fitted(f"{side} name", [f"{text} keeps at most", "keeps at most"]) for side, text in SIDES.items()],
    )
    gone = film.past

    def light(share: float) -> None:
        film.past = gone + (1.0 - gone) * share
        film.display(n, film.now)

    with film.scene.telling():
        film.move(FadeOut(*film.bytes.values(), *film.playhead.values(), *film.nows.values(), *before, *film.letters), seconds=TEXT)
        film.move(FadeIn(*most, *film.names), Shows(Group(*film.slabs.values()), light), seconds=MOVE / 2)
        said = [
            *worded(place["law P"], [f"a layer: {size['LSE']} of", "LSE"], NAME, [skin.ink, skin.stats], "idea"),
            *worded(place["law LSE"], [f"in place of {size['P']} of", "P"], NAME, [skin.ink, skin.scores], "idea"),
        ]
        film.move(FadeIn(*said), seconds=TEXT)
