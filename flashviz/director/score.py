"""What a score is: a query and a key as bars, their products, which stack into one number, and its division."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz.chapters import score
from flashviz.chapters.rescale import gather
from flashviz.chapters.score import Score
from flashviz.director.material import provenance
from flashviz.director.rescale import grown
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import NAME, Word, labelled, worded
from flashviz.figures import number
from flashviz.layout import Rect
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows
from flashviz.mobjects.named import Named
from flashviz.mobjects.tiles import Rectangles

GROW, STACK = 1.4, 2.2  # seconds


class ScoreStage(ShotScene):
    """The scene that the pair stands on."""

    script = score.BEATS

    def open(self, run: Callable[..., Any]) -> ScoreFilm:
        """Record the row: ``flashviz_kernels.recorder.run``."""
        found = gather(self.settings.config, self.settings.source, run)
        self.provenance = [provenance(found.trace)]
        pair = score.score_of(found)
        self.set_board(score.BEATS, {"d": f"{len(pair.q)}", "divisor": pair.divisor})
        return ScoreFilm(self, pair)


class ScoreFilm(ChapterFilm):
    """Everything on stage, made here once. ``words``: the arithmetic so far."""

    words: list[Word]

    def __init__(self, scene: ShotScene, pair: Score) -> None:
        self.scene, self.pair, self.skin = scene, pair, scene.skin
        self.place = place = scene.shot("pair")
        skin, d = self.skin, len(pair.q)
        self.bars = {name: Rectangles(color, name=name) for name, color in zip(("q", "k", "products", "sum"), self.colors, strict=True)}
        for name, values in (("q", pair.q), ("k", pair.k), ("products", pair.products), ("sum", pair.products.sum(keepdims=True))):
            self.bars[name].values = values
        said = (("q", skin.q, f"query {pair.query:,}"), ("k", skin.k, f"key {pair.key:,}"))
        self.names = {
            name: Named(*labelled(place[f"{name} name"], (name, color), (words, skin.ink)), tag="name") for name, color, words in said
        }
        self.names["products"] = Named(
            *labelled(place["products name"], ("q × k", skin.ink), (f"{d} products", skin.ink), f"{d}"), tag="name"
        )
        self.ends = np.cumsum(pair.products)  # where each product ends in the stack

    @property
    def colors(self) -> tuple[str, str, str, str]:
        return self.skin.q, self.skin.k, self.skin.scores, self.skin.scores

    def display(self, name: str, share: float) -> None:
        """The numbers of q or k as bars about a line in the middle of their place, grown from the left."""
        values, room = np.asarray(self.bars[name].values), self.place[name]
        unit = 0.5 * room.height / max(float(np.abs(values).max()), 1e-30)
        self.bars[name].display(upright(room, 0 * values, signed(values, share), room.center[1], unit))

    @property
    def ground(self) -> tuple[float, float]:
        """Where zero stands in the places of the products and of their sum, and how high 1 is: one scale for both."""
        room, heights = self.place["products"], np.concatenate([[0.0], self.pair.products, self.ends])
        least, most = float(heights.min()), float(heights.max())
        unit = room.height / max(most - least, 1e-30)
        return room.y0 - least * unit, unit

    def stacked(self, share: float) -> np.ndarray:
        """[d, 4] each product begins where the one before it ends; from the left, one after another."""
        products, begins = self.pair.products, self.ends - self.pair.products
        return upright(self.place["products"], signed(begins, share), products, *self.ground)

    def sum(self, share: float) -> np.ndarray:
        """[1, 4] the whole sum times ``share``."""
        zero, unit = self.ground
        room, height = self.place["sum"], share * float(self.ends[-1]) * unit
        return np.array([[room.x0, min(zero, zero + height), room.x1, max(zero, zero + height)]])


def signed(values: np.ndarray, share: float) -> np.ndarray:
    """Numbers that grow from left to right, each towards its own sign."""
    return np.asarray(np.sign(values) * grown(np.abs(values), share, np.inf))


def upright(room: Rect, begins: np.ndarray, values: np.ndarray, zero: float, unit: float) -> np.ndarray:
    """[n, 4] bars side by side in ``room``, from ``begins`` on, ``unit`` high for 1 above a ``zero``."""
    step = room.width / len(values)
    x, base = room.x0 + np.arange(len(values)) * step, zero + begins * unit
    top = base + values * unit
    return np.stack([x, np.minimum(base, top), x + 0.8 * step, np.maximum(base, top)], 1)


@beat("pair")
def pair(film: ScoreFilm) -> None:
    """A query's numbers grow as bars, then those of a key beneath it."""
    for name in ("q", "k"):
        film.display(name, 0.0)
        film.scene.add(film.bars[name])
        film.move(FadeIn(film.names[name]), Shows(film.bars[name], partial(film.display, name)), seconds=GROW)
    film.scene.tell()


@beat("products")
def products(film: ScoreFilm) -> None:
    """Beneath each pair of numbers its product grows, up or down by its sign, on one line."""
    bars = film.bars["products"]

    def grow(share: float) -> None:
        bars.display(upright(film.place["products"], 0 * film.ends, signed(film.pair.products, share), *film.ground))

    grow(0.0)
    film.scene.add(bars)
    film.move(FadeIn(film.names["products"]), Shows(bars, grow), seconds=1.5 * GROW)
    film.scene.tell()


@beat("stack")
def stack(film: ScoreFilm) -> None:
    """From the left each product moves to where the one before it ends; the last one ends at their sum, which stands up beside."""
    bars, whole = film.bars["products"], film.bars["sum"]
    film.move(Shows(bars, lambda share: bars.display(film.stacked(share))), seconds=STACK)
    film.scene.add(whole.display(film.sum(0.0)))
    film.words = worded(film.place["number"], [number(float(film.ends[-1]))], NAME, [film.skin.ink], "number")
    film.move(Shows(whole, lambda share: whole.display(film.sum(share)), rate_func=ease_in_out_cubic), seconds=MOVE)
    film.move(FadeIn(*film.words), seconds=TEXT)
    film.scene.tell()


@beat("scale")
def scale(film: ScoreFilm) -> None:
    """The sum shrinks to the score, on the same scale."""
    whole, ink = film.bars["sum"], film.skin.ink
    texts = [number(float(film.ends[-1])), "/", film.pair.divisor.partition(" ")[0], "=", number(film.pair.score)]
    words = worded(film.place["number"], texts, NAME, [ink, ink, ink, ink, film.skin.scores], "number")
    film.move(FadeOut(*film.words), seconds=TEXT)
    film.move(FadeIn(*words[:3]), seconds=TEXT)
    film.move(
        Shows(whole, lambda share: whole.display(film.sum(1 + (film.pair.scale - 1) * share)), rate_func=ease_in_out_cubic), seconds=MOVE
    )
    film.move(FadeIn(*words[3:]), seconds=TEXT)
    film.scene.tell()
