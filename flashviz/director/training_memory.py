"""What waits between the forward and the backward pass: layer by layer it is left, then taken back, the last one first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from manim import Group

from flashviz import palette, theme
from flashviz.chapters import training_memory
from flashviz.chapters.training_memory import KEPT, LAYERS, TrainingMemory, gather
from flashviz.director.material import provenance
from flashviz.director.shots import TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import NAME, NUMBER, ONE_NUMBER, Word, middle, word, worded
from flashviz.layout import Rect
from flashviz.layout.backward import Grid
from flashviz.layout.training import Layers
from flashviz.lettering import Face, em
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows
from flashviz.mobjects.readout import ADVANCE, Readout
from flashviz.mobjects.tiles import Rectangles

LAYER, BACK = 1.3, 1.5  # seconds of a layer: forward, and back
SIDES = {"standard": "Standard attention", "flash": "FlashAttention"}
FLOAT32 = 4  # bytes of LSE's numbers


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

    def __init__(self, scene: ShotScene, found: TrainingMemory) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.place = place = scene.shot("training")
        c = found.config
        self.layers = Layers(place["standard"], place["flash"], LAYERS, c.seq_q, c.seq_k, c.head_dim, FLOAT32 / c.itemsize)
        self.areas = {(side, name): self.area(side, name) for side in SIDES for name in ("Q", "K", "V", "O", KEPT[side])}
        self.again = Rectangles(self.skin.scores, name="P again", opacity=palette.LIT)
        self.letters = {
            side: Word(f"{KEPT[side]}:", NUMBER, self.skin.hue(KEPT[side]), *corner(place[f"{side} bytes"]), "letter") for side in SIDES
        }
        rooms = {side: place[f"{side} bytes"].beyond(letter.wide + em(20)) for side, letter in self.letters.items()}
        self.bytes = {side: self.readout(side, found.wrote(side, LAYERS), rooms[side], NUMBER) for side in SIDES}
        self.layer = self.readout("layer", f"backward, layer {LAYERS} of {LAYERS}", place["layer"], NAME)
        for side, number in self.bytes.items():
            number.display(found.wrote(side, 0))
        self.layer.display(self.at(0, "forward"))
        self.names = [word(text, NAME, self.skin.ink, place[f"{side} name"], "name") for side, text in SIDES.items()]
        self.all = Group(*self.areas.values(), self.again, *self.bytes.values(), self.layer)

    def area(self, side: str, name: str) -> Rectangles:
        """One matrix of all layers."""
        made = Rectangles(
            self.skin.hue(name), name=f"kept {side} {name}", opacity=palette.LIT if name in KEPT.values() else palette.RESTING
        )
        return made.set_stroke(self.skin.hue(name), width=theme.HAIRLINE, opacity=float(name not in KEPT.values()))

    def readout(self, name: str, widest: str, rect: Rect, most: float) -> Readout:
        """A number, so large that its widest text fits."""
        px = min(float(most), most * rect.width / (len(widest) * ADVANCE * em(most)))
        return Readout(widest, px, self.skin.ink, name=f"bytes {name}", face=Face.MONO_STRONG).at(rect)

    def at(self, done: float, way: str) -> str:
        """Which layer is at work, after so many have been."""
        layer = min(int(done), LAYERS - 1) if way == "forward" else max(int(np.ceil(done)), 1) - 1
        return f"{way}, layer {layer + 1} of {LAYERS}"

    def display(self, kept: float, way: str) -> None:
        """So many layers are kept, the last one of them in part: forward what it has left so far, back what is still needed."""
        boxes: dict[tuple[str, str], list[tuple[float, ...]]] = {key: [] for key in self.areas}
        again = []
        for side in SIDES:
            for layer in range(LAYERS):
                share, areas = float(np.clip(kept - layer, 0, 1)), self.layers.of(side, layer)
                for name in ("Q", "K", "V", "O", KEPT[side]):
                    whole = areas[name]
                    in_part = name == "P" or (way == "forward" and name in ("O", "LSE"))  # Q, K and V are there before
                    if share > 0:
                        boxes[side, name].append((whole.top(share * whole.height) if in_part else whole).edges)
                if side == "flash" and 0 < share < 1:
                    again.append(self.tile_of(areas["P"], share, way).edges)
        for key, drawn in self.areas.items():
            drawn.values = np.array([len(boxes[key])])
            drawn.display(np.array(boxes[key]).reshape(-1, 4))
        self.again.display(np.array(again).reshape(-1, 4))

    def tile_of(self, rect: Rect, kept: float, way: str) -> Rect:
        """The tile that is on chip for a moment: forward row block after row block, back key tile after key tile, as the kernels go."""
        c = self.found.config
        visits = [(i, j) for i in range(c.row_blocks) for j in range(max(c.visited(i), 1))]
        share = kept if way == "forward" else 1 - kept
        visits = visits if way == "forward" else sorted(visits, key=lambda pair: pair[::-1])
        return Grid(rect, c.row_blocks, c.col_blocks).cell(*visits[min(int(share * len(visits)), len(visits) - 1)])

    def pass_(self, way: str) -> Shows:
        """All layers, one after the other, with the bytes that wait."""

        def show(share: float) -> None:
            kept = LAYERS * (share if way == "forward" else 1 - share)
            self.display(kept, way)
            whole = int(kept + 1e-9) if way == "forward" else int(np.ceil(kept - 1e-9))
            for side, number in self.bytes.items():
                number.display(self.found.wrote(side, whole))
            self.layer.display(self.at(kept, way))

        return Shows(self.all, show)


def corner(rect: Rect) -> tuple[float, float]:
    """Where type of the largest numbers begins: its left edge and its baseline."""
    return rect.x0, middle(rect, NUMBER)


@beat("forward")
def forward(film: TrainingMemoryFilm) -> None:
    """Layer by layer Q, K, V and O are left, and P or LSE; of FlashAttention's P a tile is there for a moment."""
    film.display(0.0, "forward")
    film.words = worded(
        film.place["ratio"], ["Q", "K", "V", "O", "kept either way"], NAME, [*map(film.skin.hue, "QKVO"), film.skin.ink], "either"
    )
    film.move(FadeIn(*film.names, *film.letters.values(), *film.bytes.values(), film.layer, *film.words), seconds=TEXT)
    film.scene.add(film.all)
    film.move(film.pass_("forward"), seconds=LAYERS * LAYER)
    film.scene.tell()


@beat("waits")
def waits(film: TrainingMemoryFilm) -> None:
    """What waits of all layers, and how many times as much the one is."""
    film.move(FadeOut(*film.words), seconds=TEXT)
    areas = {side: film.layers.of(side, 0)["P"] for side in SIDES}  # over the one P, and where the other would be
    named = {"standard": (["P:", "N × N"], [film.skin.ground] * 2), "flash": (["LSE:", "N"], [film.skin.stats, film.skin.ink])}
    film.words = [
        each for side, (texts, colors) in named.items() for each in worded(areas[side].inset(em(14), 0), texts, NAME, colors, "size")
    ]  # fmt: skip
    film.move(FadeIn(*film.words), seconds=TEXT)
    film.scene.hold(0.4)
    texts, ink = ["P", "takes", film.found.ratio, "×", "LSE"], film.skin.ink
    ratio = worded(film.place["ratio"], texts, ONE_NUMBER, [film.skin.hue("P"), ink, ink, ink, film.skin.stats], "ratio")
    film.words += ratio
    film.move(FadeIn(*ratio), seconds=TEXT)
    film.scene.tell()


@beat("back")
def back(film: TrainingMemoryFilm) -> None:
    """The last layer's first: P is read and let go, or made again tile by tile; then all that its layer kept goes."""
    film.move(FadeOut(*film.words), seconds=TEXT)
    film.move(film.pass_("backward"), seconds=LAYERS * BACK)
