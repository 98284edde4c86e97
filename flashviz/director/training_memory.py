"""What waits between the forward and the backward pass: layer by layer it is left, then it goes, the last one first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from manim import Group
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import palette, theme
from flashviz.chapters import training_memory
from flashviz.chapters.training_memory import EITHER, KEPT, LAYERS, TrainingMemory, gather
from flashviz.director.film.parts import fitting
from flashviz.director.material import provenance
from flashviz.director.shots import TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import NAME, NUMBER, ONE_NUMBER, Word, word, worded
from flashviz.figures import KIB, kib
from flashviz.layout import Rect
from flashviz.layout.backward import Grid
from flashviz.layout.rect import rows
from flashviz.layout.training import BESIDE, Layers
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.tiles import Rectangles, box, edges

LAYER, BACK = 1.4, 2.0  # seconds of a layer: forward, and back
GIVEN, COMES, GOES = 0.25, 0.18, 0.88  # shares of a layer's time: until Q, K and V are there; until dO is; from when all of it goes
SIDES = {"standard": "Standard attention", "flash": "FlashAttention"}
FLOAT32 = 4  # bytes of LSE's numbers
MORE = 2  # times as many queries and keys
SMALLEST = 33  # px of type that can be read
MARK, SWEPT = em(6), 0.5  # a row, where it is shown, and how far down it goes: between the words


class TrainingMemoryStage(ShotScene):
    """The scene that the layers stand on."""

    script = training_memory.BEATS

    def open(self, run: Callable[..., Any]) -> TrainingMemoryFilm:
        """Record a layer's forward pass, both ways: ``flashviz_kernels.recorder.run``."""
        found = gather(self.settings.config, run)
        self.provenance = [provenance(trace) for trace in (found.standard, found.flash)]
        self.set_board(training_memory.BEATS, found.said)
        return TrainingMemoryFilm(self, found)


class TrainingMemoryFilm(ChapterFilm):
    """Everything on stage, made here once. ``words``: what is said of it now."""

    words: list[Word]
    either: list[Word]  # what both keep
    wide: Rectangles  # LSE of the first layer, enlarged ...
    strip: Rect  # ... to here
    mark: Rectangles  # a row of P, and its number of LSE

    def __init__(self, scene: ShotScene, found: TrainingMemory) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.place = place = scene.shot("training")
        c = found.config
        visits = [(i, j) for i in range(c.row_blocks) for j in c.key_tiles(i) or range(1)]
        self.visits = {"forward": visits, "backward": sorted(visits, key=lambda pair: pair[::-1])}  # rows first, back keys first
        self.layers = Layers(place["standard"], place["flash"], LAYERS, c.seq_q, c.seq_k, c.head_dim, FLOAT32 / c.itemsize)
        self.areas = {(side, name): self.area(side, name) for side in SIDES for name in (*EITHER, KEPT[side], "dO")}
        self.work = {name: Rectangles(self.skin.hue(name), name=f"{name} in use", opacity=palette.LIT) for name in ("Q", "K", "LSE", "P")}
        self.read_now = Rectangles(self.skin.ground, name="P is read", opacity=palette.SECOND)
        self.letters = {side: word(f"{KEPT[side]}:", NUMBER, self.skin.hue(KEPT[side]), place[f"{side} bytes"], "letter") for side in SIDES}
        rooms = {side: place[f"{side} bytes"].beyond(letter.wide + em(20)) for side, letter in self.letters.items()}
        self.bytes = {side: self.readout(side, found.waiting(KEPT[side], n=MORE), rooms[side], NUMBER) for side in SIDES}
        self.total = {
            side: self.readout(f"{side} all", f"kept: {found.waiting(*EITHER, KEPT[side], n=MORE)}", place[f"{side} all"], NAME, "right")
            for side in SIDES
        }
        self.count = self.readout("count", self.counted(MORE), place["layer"], NUMBER)
        self.layer = self.readout("layer", f"backward, layer {LAYERS} of {LAYERS}", place["layer"], NAME)
        self.names = [word(text, NAME, self.skin.ink, place[f"{side} name"], "name") for side, text in SIDES.items()]
        self.numbers = [*self.bytes.values(), *self.total.values()]
        self.stack = Group(*self.areas.values(), *self.numbers)
        self.all = Group(*self.areas.values(), *self.work.values(), self.read_now, *self.numbers, self.layer)

    def area(self, side: str, name: str) -> Rectangles:
        """One matrix of all layers."""
        bright = name in (KEPT[side], "dO")
        made = Rectangles(self.skin.hue(name), name=f"kept {side} {name}", opacity=palette.LIT if bright else palette.RESTING)
        return made.set_stroke(self.skin.hue(name), width=theme.HAIRLINE, opacity=float(not bright))

    def readout(self, name: str, widest: str, rect: Rect, most: float, anchor: str = "left") -> Readout:
        """A number, so large that its widest text fits."""
        px = fitting(widest, most, rect)
        return Readout(widest, px, self.skin.ink, name=f"bytes {name}", face=Face.MONO_STRONG, anchor=anchor).at(rect)

    def counted(self, n: float) -> str:
        """How many queries and keys there are."""
        queries, keys = (f"{round(n * each):,}" for each in (self.found.config.seq_q, self.found.config.seq_k))
        return f"N = {queries}" if queries == keys else f"N × M = {queries} × {keys}"

    def most(self, side: str) -> str:
        """All that waits between the passes."""
        return self.found.waiting(*EITHER, KEPT[side])

    def on_bars(self, layer: int, sides: Sequence[str], names: Sequence[str]) -> list[Word]:
        """Letters on the bars of a layer, where they are wide enough."""
        found = []
        for rect, name in ((self.layers.of(side, layer)[name], name) for side in sides for name in names):
            px = min(NAME, NAME * (rect.width + BESIDE) / text_width(name, NAME, Face.STRONG))
            if px >= SMALLEST:
                left = rect.center[0] - text_width(name, px, Face.STRONG) / 2
                color = self.skin.ground if name == "P" else self.skin.ink
                found.append(Word(name, px, color, left, rect.y1 - em(60), "size"))
        return found

    def share(self, name: str, layer: int, done: float, way: str) -> float:
        """How much of a layer's matrix is there after so many layers' work, the last one's first on the way back."""
        if way == "forward":
            now = float(np.clip(done - layer, 0, 1))
            return min(now / GIVEN, 1.0) if name in ("Q", "K", "V") else max(now - GIVEN, 0.0) / (1 - GIVEN)
        now = float(np.clip(done - (LAYERS - 1 - layer), 0, 1))
        return min((1 - now) / (1 - GOES), 1.0)

    def display(self, done: float, way: str) -> None:
        """What is there after so many layers' work, with its bytes."""
        at = min(int(done), LAYERS - 1)
        layer, now = at if way == "forward" else LAYERS - 1 - at, done - at
        whole = done == int(done) and self.layers.n == int(self.layers.n)
        queries = self.found.config.seq_q
        n = round(self.layers.n * queries) / queries  # bytes are those of the N that is written
        for side in SIDES:
            bytes_now = dict.fromkeys((*EITHER, KEPT[side]), 0.0)
            for name in bytes_now:
                shares = [self.share(name, each, done, way) for each in range(LAYERS)]
                bytes_now[name] = sum(shares) * self.found.bytes_of(name, n)
                self.put(side, name, shares)
            arriving = [min(now / COMES, 1.0) * self.share("dO", each, done, way) * (each == layer) for each in range(LAYERS)]
            self.put(side, "dO", arriving if way == "backward" else [0.0] * LAYERS)
            self.bytes[side].display(written(bytes_now[KEPT[side]], whole=whole))
            self.total[side].display(f"kept: {written(sum(bytes_now.values()), whole=whole)}")
        self.layer.display(f"{way}, layer {layer + 1} of {LAYERS}")
        begin, end = (GIVEN, 1.0) if way == "forward" else (COMES, GOES)
        self.tile(layer, (now - begin) / (end - begin), way)

    def put(self, side: str, name: str, shares: Sequence[float]) -> None:
        """So much of a matrix of each layer: its upper rows; dO comes from the layer behind."""
        boxes = []
        for layer, share in enumerate(shares):
            rect = self.layers.of(side, layer)[name]
            if share > 0:
                boxes.append(rect.right(share * rect.width) if name == "dO" else rect.top(share * rect.height))
        self.areas[side, name].values = np.array([len(boxes)])
        self.areas[side, name].display(edges(boxes))

    def tile(self, layer: int, share: float, way: str) -> None:
        """The tile of P that is on chip for a moment, and what it is made of."""
        c, areas = self.found.config, self.layers.of("flash", layer)
        boxes: dict[str, list[Rect]] = {name: [] for name in self.work}
        read: list[Rect] = []
        if 0 <= share < 1:
            i, j = self.visits[way][int(share * len(self.visits[way]))]
            boxes["P"] = [Grid(areas["P"], c.row_blocks, c.col_blocks).cell(i, j)]
            boxes["Q"], boxes["K"] = [Grid(areas["Q"], c.row_blocks, 1).cell(i, 0)], [Grid(areas["K"], c.col_blocks, 1).cell(j, 0)]
            if way == "backward":
                boxes["LSE"] = [rows(areas["LSE"], c.row_blocks)[i].inset(-BESIDE / 2, 0)]  # wide enough to be seen
                read = [Grid(self.layers.of("standard", layer)["P"], c.row_blocks, c.col_blocks).cell(i, j)]
        for name, drawn in self.work.items():
            drawn.display(edges(boxes[name]))
        self.read_now.display(edges(read))

    def grow(self, n: float, room: float) -> None:
        """All layers are done, of ``n`` times as many queries and keys, drawn so that ``room`` times as many fit."""
        self.layers = replace(self.layers, n=n, room=room)
        self.display(LAYERS, "forward")
        self.count.display(self.counted(n))

    def pass_(self, way: str, begin: float = 0, end: float = LAYERS) -> Shows:
        """Layers one after the other, with the bytes that wait."""
        return Shows(self.all, lambda share: self.display(begin + (end - begin) * share, way))


def written(nbytes: float, *, whole: bool) -> str:
    """Bytes that wait: exact when a layer is done, whole KiB while they run."""
    return kib(round(nbytes) if whole else nbytes // KIB * KIB)


@beat("forward")
def forward(film: TrainingMemoryFilm) -> None:
    """Layer by layer Q, K, V and O are left, and P or LSE; of FlashAttention's P a tile is there for a moment."""
    film.display(0.0, "forward")
    film.words = [*film.on_bars(0, list(SIDES), EITHER), *film.on_bars(0, ["standard"], ["P"])]  # P's in the dark, until P is there
    kept = [*EITHER, "kept either way"]
    legend = worded(film.place["ratio"], kept, NAME, [*map(film.skin.hue, EITHER), film.skin.ink], "either")
    film.move(FadeIn(*film.names, *film.letters.values(), *film.numbers, film.layer, *film.words, *legend), seconds=TEXT)
    film.scene.add(film.all, *film.words)
    film.words += legend
    with film.scene.telling():
        film.move(film.pass_("forward"), seconds=LAYERS * LAYER)


@beat("waits")
def waits(film: TrainingMemoryFilm) -> None:
    """How large both are, and LSE's line made as wide as can be seen."""
    film.move(FadeOut(*film.words, film.layer), seconds=TEXT)
    areas, c, skin = film.layers.of("flash", 0), film.found.config, film.skin
    film.wide = Rectangles(skin.stats, name="LSE enlarged", opacity=palette.LIT)
    film.strip = areas["P"].left(areas["P"].width / 6)
    upper, lower = rows(film.layers.of("standard", 0)["P"].inset(em(8), 0), 2)
    beside = areas["P"].beyond(film.strip.width)
    keys = "N" if c.seq_q == c.seq_k else "M"
    film.words = [
        *worded(upper, ["P:", f"N × {keys}"], NAME, [skin.ground] * 2, "size"),
        *worded(beside.inset(em(8), 0), ["LSE:", "N"], NAME, [skin.stats, skin.ink], "size"),
        *worded(lower, [keys, "=", f"{c.seq_k:,}"], NAME, [skin.ground] * 3, "size"),
    ]
    either = ["both:", *EITHER, film.found.waiting(*EITHER)]
    film.either = worded(film.place["ratio"], either, NAME, [skin.ink, *map(skin.hue, EITHER), skin.ink], "either")
    film.move(FadeIn(*film.words, *film.either), seconds=TEXT)
    with film.scene.telling():
        grows = Shows(
            film.wide, lambda share: film.wide.display(np.array([areas["LSE"].toward(film.strip, share).edges])),
            rate_func=ease_in_out_cubic, introducer=True,
        )  # fmt: skip
        film.move(grows, seconds=2.2)


@beat("row")
def row(film: TrainingMemoryFilm) -> None:
    """A row of P and its number of LSE, row after row; then their bytes, and how many times as much the one is."""
    skin, c = film.skin, film.found.config
    film.mark = mark = Rectangles(skin.ground, name="row")

    def show(share: float) -> None:
        found = [film.layers.of("standard", 0)["P"], film.strip]
        mark.display(np.array([rect.shifted(0, -SWEPT * share * rect.height).top(MARK).edges for rect in found]))

    texts = [f"{c.seq_k:,}", "×", f"{c.itemsize} bytes", "/", f"{FLOAT32} bytes"]
    colors = [skin.ink, skin.ink, skin.hue("P"), skin.ink, skin.stats]
    bytes_of_row = worded(film.place["layer"], texts, NUMBER, colors, "sum")
    texts, ink = ["P", "takes", film.found.ratio, "×", "LSE"], skin.ink
    ratio = worded(film.place["ratio"], texts, ONE_NUMBER, [skin.hue("P"), ink, ink, ink, skin.stats], "ratio")
    film.move(FadeOut(*film.either), seconds=TEXT)
    with film.scene.telling():
        film.move(Shows(mark, show, introducer=True), seconds=1.6)
        film.move(FadeIn(*bytes_of_row[:3]), seconds=TEXT)
        film.scene.hold(0.4)
        film.move(FadeIn(*bytes_of_row[3:]), seconds=TEXT)
        film.scene.hold(0.4)
        film.move(FadeIn(*ratio), seconds=TEXT)
    film.words += [*bytes_of_row, *ratio]


@beat("grows")
def grows(film: TrainingMemoryFilm) -> None:
    """All is drawn smaller, to have room; then N doubles, with the areas and the bytes that wait."""
    film.move(FadeOut(*film.words, film.wide, film.mark), seconds=TEXT)
    place, skin = film.place, film.skin
    small = word("drawn smaller, to have room", NAME, skin.ink, place["ratio"], "note")
    film.move(
        FadeIn(small), Shows(film.stack, lambda share: film.grow(1, 1 + (MORE - 1) * share), rate_func=ease_in_out_cubic), seconds=0.9
    )
    film.move(FadeOut(small), seconds=TEXT)
    with film.scene.telling():
        more = Shows(Group(film.stack, film.count), lambda share: film.grow(1 + (MORE - 1) * share, MORE), rate_func=ease_in_out_cubic)
        film.move(more, seconds=2.6)
        texts, colors = ["P", f"× {MORE**2},", "LSE", f"× {MORE}"], [skin.hue("P"), skin.ink, skin.stats, skin.ink]
        film.words = worded(place["ratio"], texts, ONE_NUMBER, colors, "law")
        film.move(FadeIn(*film.words), seconds=TEXT)


@beat("back")
def back(film: TrainingMemoryFilm) -> None:
    """The last layer's first: dO comes, P is read, or made again of Q, K and LSE, tile by tile; then all that its layer kept goes."""
    skin = film.skin
    film.move(FadeOut(*film.words), seconds=TEXT)
    film.move(
        Shows(Group(film.stack, film.count), lambda share: film.grow(MORE - (MORE - 1) * share, MORE - (MORE - 1) * share)), seconds=0.6
    )
    film.move(FadeOut(film.count), seconds=TEXT)
    film.display(0.0, "backward")
    comes = worded(film.place["ratio"], ["dO:", "gradient of O"], NAME, [skin.o, skin.ink], "dO")
    texts = ["most:", film.most("standard"), "or", film.most("flash")]
    peaks = worded(film.place["ratio"], texts, NAME, [skin.ink, skin.hue("P"), skin.ink, skin.stats], "most")
    outlines = [
        box(film.layers.of(side, layer)[KEPT[side]], stroke=skin.quiet, width=theme.HAIRLINE)
        for side in SIDES for layer in range(LAYERS)
    ]  # fmt: skip
    film.move(FadeIn(film.layer, *comes, *outlines), seconds=TEXT)
    film.scene.add(film.all)
    with film.scene.telling():
        film.move(film.pass_("backward", 0, GOES), seconds=GOES * BACK)
        film.move(FadeOut(*comes), seconds=TEXT)
        film.move(FadeIn(*peaks), seconds=TEXT)
        film.move(film.pass_("backward", GOES), seconds=(LAYERS - GOES) * BACK)
