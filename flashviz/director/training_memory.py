"""What is kept over a training step: plates of P, or blocks of LSE, layer by layer; P is read, or made again; then N doubles, twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from manim import Group, Mobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import palette
from flashviz.chapters import training_memory
from flashviz.chapters.training_memory import KEPT, LAYERS, LENGTHS, TrainingMemory, gather
from flashviz.director.film.parts import fitting, heading
from flashviz.director.material import provenance, sheets
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, NUMBER, ONE_NUMBER, Word, amid, fitted, middle
from flashviz.figures import KIB, kib
from flashviz.layout import Rect, Shot
from flashviz.layout.backward import Grid
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, early, late
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.stored import Picture, on_ground
from flashviz.mobjects.tiles import Rectangles, dashes, edges, outlines

SWEEP, FOLD, FORWARD, GROWS = 2.4, 1.5, 2.6, 2.0  # seconds: of rows, of LSE's folding, of layers forward, of a doubling
CLOSELY, BACK = 3.8, 2.6  # seconds: of the last layer's turn back, and of all others'
SLOWLY = 1.7  # how much the first tiles take longer: the power of the time by which they come
SIDES = {
    "standard": ("Standard attention keeps P", "Standard keeps P"),
    "flash": ("FlashAttention keeps LSE", "Flash keeps LSE"),
}  # fmt: skip
GOES_BACK = {  # what a side's backward pass does for P; the first that fits
    "standard": ("Standard attention reads P", "Standard reads P"), "flash": ("FlashAttention makes P again", "Flash makes P again"),
}  # fmt: skip
LAYER = ("layer {}", "{}")
NOT_KEPT = ("P is not kept", "no P")
NOTES = {
    "both": ("both also keep Q, K, V and O", "and Q, K, V, O"),
    "smaller": ("all drawn smaller, on one scale", "all drawn smaller"),
}  # fmt: skip
STEP = em(46)  # from a plate to the next one
STRIP, BESIDE = em(30), em(10)  # of Q and K beside a P: how wide, and how far from it
INNER = em(16)  # between a thing and its name
PITCH = em(72)  # from a block of LSE to the next one
ROWS = 24  # bands of P that a row is shown by
FALL = 0.25  # turns, in which a layer leaves that is dropped


class TrainingMemoryStage(ShotScene):
    """The scene that the plates lie on."""

    script = training_memory.BEATS

    def open(self, run: Callable[..., Any]) -> TrainingMemoryFilm:
        """Record a layer's forward pass, both ways: ``flashviz_kernels.recorder.run``."""
        found = gather(self.settings.config, run)
        self.provenance = [provenance(trace) for trace in (found.standard, found.flash)]
        self.set_board(training_memory.BEATS, {})
        return TrainingMemoryFilm(self, found)


class TrainingMemoryFilm(ChapterFilm):
    """Everything on stage, made here once.

    ``n``: how many times as many queries and keys are drawn, ``now``: until when, in layers' turns, ``unit``: the area of a byte.
    """

    said: dict[str, Mobject]

    def __init__(self, scene: ShotScene, found: TrainingMemory) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.place = place = scene.shot("training")
        self.n, self.now = 1.0, 0.0
        wide = place["standard"].width / 5
        texts = [text for text in LAYER if text_width(text.format(LAYERS), LABEL) + 2 * INNER <= wide] or LAYER[-1:]
        self.room = text_width(texts[0].format(LAYERS), LABEL) + 2 * INNER
        self.unit = self.fitting(1)
        _, p = sheets(found.config, found.flash.inputs)
        self.sheet = on_ground(p)
        self.square, self.column = self.picture("P of a layer"), Rectangles(self.skin.stats, name="LSE of a layer")
        self.plates = [self.picture("kept P") for _ in range(LAYERS)]
        self.rims = [outlines(self.skin.ink, "rim") for _ in range(LAYERS)]
        self.blocks = [Rectangles(self.skin.stats, name="kept LSE") for _ in range(LAYERS)]
        self.layers = {
            side: [Word(texts[0].format(layer + 1), LABEL, self.skin.ink, 0.0, 0.0, "layer", Face.TEXT) for layer in range(LAYERS)]
            for side in KEPT
        }
        most = {side: kib(LAYERS * found.bytes_of(name, LENGTHS[-1])) for side, name in KEPT.items()}
        self.bytes = {side: self.readout(f"bytes {side}", most[side], place[f"{side} bytes"], ONE_NUMBER) for side in KEPT}
        self.count = self.readout("count", self.counted(LENGTHS[-1]), place["n"], NUMBER)
        self.names = self.titles(SIDES)
        self.hollow = Rectangles(self.skin.quiet, name="P, not kept")
        self.reading = Rectangles(self.skin.ink, name="P that is read", opacity=palette.DIM)
        self.tile, self.frame = self.picture("tile of P"), outlines(self.skin.ink, "tile")
        self.strips = {name: Rectangles(self.skin.hue(name), name=f"{name} of a layer", opacity=0.0) for name in "QK"}
        self.used = {name: Rectangles(self.skin.hue(name), name=f"{name} in use") for name in "QK"}
        stacked = [part for pair in zip(self.plates, self.rims, strict=True) for part in pair]
        self.absent = amid(NOT_KEPT, self.skin.ink, self.empty, "no P")
        words = [self.absent, *(each for layers in self.layers.values() for each in layers)]
        drawn = [*stacked, self.reading, self.hollow, *self.strips.values(), *self.used.values(), self.tile, self.frame, *self.blocks]
        self.all = Group(*drawn, *words, *self.bytes.values(), self.count)
        self.notes = {name: fitted_in(place, "note", texts, self.skin.ink, LABEL) for name, texts in NOTES.items()}
        self.display(1.0, 0.0)

    def picture(self, tag: str) -> Picture:
        """P of the first head, on a ground that is seen."""
        return Picture(self.sheet, self.skin, "P", tag)

    def titles(self, texts: dict[str, tuple[str, str]]) -> list[Word]:
        """What either side does."""
        return [fitted_in(self.place, f"{side} name", each, self.skin.ink) for side, each in texts.items()]

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

    # -------------------------------------------------------------------------------------------------------------- where

    @property
    def hair(self) -> Rect:
        """LSE of one layer beside its P, as long, its area as its bytes."""
        near, size = self.scene.shot("one layer"), self.found.sizes
        return near["LSE"].left(near["P"].width * size["LSE"] / size["P"])

    @property
    def pieces(self) -> int:
        """In how many it is folded: so that it is about as thick as it is long."""
        return max(1, round(float(np.sqrt(self.hair.height / self.hair.width))))

    def folded(self, share: float) -> list[Rect]:
        """Pieces of it on their way from one under another to one beside another: the same area."""
        hair, count = self.hair, self.pieces
        high, top = hair.height / count, hair.center[1] + hair.height / count / 2
        starts = [hair.below(at * high).top(high) for at in range(count)]
        stops = [Rect(hair.x0 + at * hair.width, top - high, hair.x0 + (at + 1) * hair.width, top) for at in range(count)]
        return [start.toward(stop, share) for start, stop in zip(starts, stops, strict=True)]

    def fitting(self, n: float) -> float:
        """The area of a byte, where P fits its places at a length: in a stack, and beside LSE."""
        stack, alone = self.place["standard"], self.place["flash"]
        wide = min(stack.width - (LAYERS - 1) * STEP - self.room, alone.width)
        high = min(stack.height - (LAYERS - 1) * STEP, alone.height)
        c = self.found.config
        high = min(high, wide * c.seq_q / c.seq_k)
        return high * high * c.seq_k / c.seq_q / self.found.bytes_of("P", n)

    def size(self, n: float) -> tuple[float, float]:
        """Width and height of a P: its area is its bytes."""
        c, area = self.found.config, self.found.bytes_of("P", n) * self.unit
        high = float(np.sqrt(area * c.seq_q / c.seq_k))
        return area / high, high

    def plate(self, layer: int) -> Rect:
        """Where a layer's P lies on those before."""
        (wide, high), rect = self.size(self.n), self.place["standard"]
        return rect.left(wide).top(high).shifted(layer * STEP, -layer * STEP)

    @property
    def empty(self) -> Rect:
        """A P as large, on the other side, where none is kept."""
        wide, high = self.size(self.n)
        return self.place["flash"].left(wide).top(high)

    def block(self, layer: int, share: float = 1.0) -> Rect:
        """Where a layer's LSE lies, or a share of it: one length thick, whatever N is, its area its bytes."""
        thick = float(np.sqrt(self.found.bytes_of("LSE") * self.unit))
        rect = self.place["LSE"].left(thick * self.n * share)
        return Rect(rect.x0, rect.y1 - layer * PITCH - thick, rect.x1, rect.y1 - layer * PITCH)

    # --------------------------------------------------------------------------------------------------------------- what

    def there(self, layer: int) -> float:
        """How much of what a layer keeps is written."""
        return float(np.clip(self.now - layer, 0.0, 1.0))

    def kept(self, layer: int) -> bool:
        """Whether it has not been dropped: until its turn back has ended."""
        return self.now < 2 * LAYERS - layer

    def bytes_at(self, side: str) -> float:
        """Bytes that a side keeps now."""
        return sum(self.there(layer) * self.kept(layer) for layer in range(LAYERS)) * self.found.bytes_of(KEPT[side], self.n)

    def display(self, n: float, now: float) -> TrainingMemoryFilm:
        """The step until now, of ``n`` times as many queries and keys: picture, N and bytes are of one moment."""
        self.n, self.now = n, now
        for layer in range(LAYERS):
            self.show(layer)
        self.use()
        self.hollow.display(dashes(self.empty))
        self.count.display(self.counted(n))
        for side in KEPT:
            self.bytes[side].display(kib(round(self.bytes_at(side) / KIB) * KIB))
        return self

    def show(self, layer: int) -> None:
        """What one layer keeps: written from the top, and gone soon after its turn back."""
        there, whole = self.there(layer), self.plate(layer)
        seen = 1.0 - float(np.clip((self.now - (2 * LAYERS - layer)) / FALL, 0.0, 1.0))
        part, block = whole.top(whole.height * there), self.block(layer, there)
        self.plates[layer].display(whole, part, seen)
        self.rims[layer].display(edges([part] if there else [])).set_stroke(opacity=seen)
        self.blocks[layer].display(edges([block] if there else [])).set_fill(opacity=seen)
        standard, flash = (self.layers[side][layer] for side in KEPT)
        standard.put_at(whole.x1 + INNER, middle(whole.top(STEP), LABEL))
        flash.put_at(self.block(layer).x1 + INNER, middle(block, LABEL))
        for each in (standard, flash):
            each.set_fill(opacity=seen * (there > 0))

    def use(self) -> None:
        """What a layer's backward pass has of its P: all that it read so far; or one tile, which Q, K and LSE make again."""
        c, back = self.found.config, LAYERS <= self.now < 2 * LAYERS
        grid = Grid(self.empty, c.row_blocks, c.col_blocks)
        turn = 2 * LAYERS - 1 - int(self.now)
        part = self.now - int(self.now)
        column, row = divmod(min(int(part * grid.rows * grid.columns), grid.rows * grid.columns - 1), grid.rows)
        cell = grid.cell(row, column)
        whole = self.plate(max(turn, 0))
        self.reading.display(edges([whole.top(whole.height * part)] if back and part else []))
        self.tile.display(self.empty, cell if back and part else cell.left(0.0))
        self.frame.display(edges([cell, self.block(turn)] if back and part else []))
        x, y = self.empty.center[:2]
        self.absent.put_at(x - self.absent.wide / 2, y)
        self.absent.set_fill(opacity=float(self.absent.wide + 2 * INNER < self.empty.width and self.now <= LAYERS))
        strips = {"Q": self.beside("Q"), "K": self.beside("K")}
        pieces = {"Q": Rect(strips["Q"].x0, cell.y0, strips["Q"].x1, cell.y1), "K": Rect(cell.x0, strips["K"].y0, cell.x1, strips["K"].y1)}
        for name, rect in strips.items():
            self.strips[name].display(edges([rect]))
            self.used[name].display(edges([pieces[name]] if back and part else []))

    def beside(self, name: str) -> Rect:
        """Where Q or K lies at the P that they make: rows are queries, columns are keys."""
        rect = self.empty
        if name == "Q":
            return Rect(rect.x0 - BESIDE - STRIP, rect.y0, rect.x0 - BESIDE, rect.y1)
        return Rect(rect.x0, rect.y1 + BESIDE, rect.x1, rect.y1 + BESIDE + STRIP)

    def lit(self, opacity: float) -> Shows:
        """Q and K are seen so much."""
        start = self.strips["Q"].get_fill_opacity()

        def show(share: float) -> None:
            for strip in self.strips.values():
                strip.set_fill(opacity=start + (opacity - start) * share)

        return Shows(Group(*self.strips.values()), show)

    def runs(self, until: float, seconds: float, pace: Callable[[float], float] = lambda share: share) -> None:
        """The step goes on."""
        start = self.now
        self.move(Shows(self.all, lambda share: self.display(self.n, start + (until - start) * pace(share))), seconds=seconds)

    def grows(self, n: int) -> None:
        """N grows, and with it all that is kept and is counted; on the uppermost P stays an outline of what it was."""
        start = self.n
        top = self.plate(LAYERS - 1)
        text = amid([self.counted(start), f"{round(start * self.found.config.seq_q):,}"], self.skin.ink, top.inset(INNER, 0.0), "was")
        text.put_at(top.x1 - INNER - text.wide, top.y0 + INNER)
        self.move(FadeIn(Rectangles(self.skin.ink, name="was").display(dashes(top)), text), seconds=TEXT)
        self.move(
            Shows(self.all, lambda share: self.display(start + (n - start) * share, LAYERS), rate_func=ease_in_out_cubic), seconds=GROWS
        )


def fitted_in(place: Shot, part: str, texts: Sequence[str], color: str, px: float = NAME) -> Word:
    """The first of these that fits into a part of a shot."""
    return fitted(texts, px, color, place[part], part)


# --------------------------------------------------------------------------------------------------------------- beats


@beat("layer")
def layer(film: TrainingMemoryFilm) -> None:
    """P of one layer: row after row of it leaves one number. All of them are a hair as long as P, then a block of the same area."""
    place, skin, size = film.scene.shot("one layer"), film.skin, film.found.sizes
    whole = place["P"]
    hair, high, frame = film.hair, whole.height / ROWS, outlines(skin.ink, "row")

    def show(share: float) -> None:
        top = whole.y1 - min(int(share * ROWS), ROWS - 1) * high
        frame.display(edges([Rect(whole.x0, top - high, hair.x1, top)] if share < 1 else []))
        film.column.display(edges([hair.top(hair.height * share)]))

    film.square.display(whole)
    count = "N × N" if film.even else "N × M"
    keeps = [f"{film.counted(1)}; standard attention keeps it", f"{film.counted(1)}; standard keeps it", film.counted(1)]
    texts = {
        "P name": ([f"P: {count} weights", f"P: {count}"], skin.scores, NUMBER),
        "P note": (keeps, skin.ink, NAME),
        "P bytes": ([f"{kib(size['P'])} a layer", kib(size["P"])], skin.ink, NUMBER),
        "LSE name": (["LSE: one number a row", "LSE: N numbers"], skin.stats, NUMBER),
        "LSE note": (["log-sum-exp; FlashAttention keeps it", "log-sum-exp; Flash keeps it", "its log-sum-exp"], skin.ink, NAME),
        "LSE bytes": ([f"{kib(size['LSE'])} a layer, to scale", f"{kib(size['LSE'])} a layer", kib(size["LSE"])], skin.ink, NUMBER),
    }
    film.said = {part: fitted_in(place, part, *each) for part, each in texts.items()}
    film.said["units"] = fitted_in(place, "units", film.found.units, skin.ink, LABEL)
    film.scene.add(film.square, film.said["P name"], film.said["units"])
    with film.scene.telling():
        film.move(FadeIn(*(film.said[part] for part in ("P note", "P bytes"))), seconds=TEXT)
        film.move(
            Shows(Group(film.column, frame), show), FadeIn(film.said["LSE name"], film.said["LSE note"], rate_func=early), seconds=SWEEP
        )
        film.scene.hold(TEXT)
        fold = Shows(film.column, lambda share: film.column.display(edges(film.folded(share))), rate_func=ease_in_out_cubic)
        film.move(fold, FadeIn(film.said["LSE bytes"], rate_func=late), seconds=FOLD)


@beat("forward")
def forward(film: TrainingMemoryFilm) -> None:
    """P and LSE go to their places, on one scale; layer on layer is kept, and counted."""
    near, pieces = film.scene.shot("one layer"), film.folded(1.0)
    start = Rect(pieces[0].x0, pieces[0].y0, pieces[-1].x1, pieces[0].y1)
    film.display(1.0, 1.0)
    plate, block = film.plate(0), film.block(0)

    def goes(share: float) -> None:
        film.square.display(near["P"].toward(plate, share))
        film.column.display(edges([start.toward(block, share)]))

    moving = Shows(Group(film.square, film.column), goes, rate_func=ease_in_out_cubic)
    film.move(FadeOut(*film.said.values()), seconds=TEXT)
    first = [film.hollow, film.absent, film.count, *film.bytes.values(), *(words[0] for words in film.layers.values())]
    film.move(moving, FadeIn(*film.names, film.notes["both"], *first, rate_func=late), seconds=MOVE)
    film.scene.add(film.all)
    film.scene.remove(film.square, film.column)
    with film.scene.telling():
        film.scene.hold(0.4)
        film.runs(LAYERS, FORWARD)


@beat("back")
def back(film: TrainingMemoryFilm) -> None:
    """The last layer goes first: its P is read and dropped; or each tile of it is made of Q, K and LSE, and dropped."""
    before, film.names = film.names, film.titles(GOES_BACK)
    q, k = film.beside("Q"), film.beside("K")
    places = {"Q": Rect(q.x0, k.y0, q.x1, k.y1), "K": Rect(k.x1 + BESIDE, k.y0, k.x1 + BESIDE + STRIP, k.y1)}
    letters = [heading(rect, name, film.skin.hue(name), LABEL, "part") for name, rect in places.items()]
    comes = FadeIn(*film.names, *letters, rate_func=late)
    film.move(FadeOut(*before, film.absent, rate_func=early), comes, film.lit(palette.FAINT), seconds=2 * TEXT)
    with film.scene.telling():
        film.runs(LAYERS + 1, CLOSELY, lambda share: share**SLOWLY)
        film.runs(2 * LAYERS + FALL, BACK)
    film.move(film.lit(0.0), FadeOut(*letters), seconds=TEXT)


@beat("twice")
def twice(film: TrainingMemoryFilm) -> None:
    """The next step, drawn smaller; then twice the queries and keys, on one scale."""
    start, stop = film.unit, film.fitting(LENGTHS[-1])
    before, film.names = film.names, film.titles(SIDES)

    def smaller(share: float) -> None:
        film.unit = start + (stop - start) * share
        film.display(1.0, 0.0)

    film.move(
        FadeOut(*before, film.notes["both"], rate_func=early), FadeIn(*film.names, film.notes["smaller"], rate_func=late),
        Shows(film.all, smaller, rate_func=ease_in_out_cubic), seconds=MOVE,
    )  # fmt: skip
    film.runs(LAYERS, MOVE)
    with film.scene.telling():
        film.grows(LENGTHS[1])


@beat("idea")
def idea(film: TrainingMemoryFilm) -> None:
    """And again: four times the P, twice the LSE; that is what waits."""
    film.move(FadeOut(film.notes["smaller"], rate_func=early), FadeIn(film.notes["both"], rate_func=late), seconds=2 * TEXT)
    with film.scene.telling():
        film.grows(LENGTHS[2])
