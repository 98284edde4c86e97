"""What a score is: a query and a key as bars, their products, which stack into one number, its division, and why by that."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from manim import Group
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import theme
from flashviz.chapters import score
from flashviz.chapters.rescale import gather
from flashviz.chapters.score import Score, spread_of
from flashviz.director.material import provenance
from flashviz.director.rescale import grown
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import NAME, Word, labelled, word, worded
from flashviz.figures import number
from flashviz.layout import Rect
from flashviz.lettering import em
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows
from flashviz.mobjects.named import Named
from flashviz.mobjects.tiles import Rectangles
from flashviz.mobjects.walks import Walks

GROW, STACK, WALK, SQUEEZE = 1.4, 2.2, 3.0, 1.4  # seconds
PALE = 0.5  # of the opacity of each random sum


class ScoreStage(ShotScene):
    """The scene that the pair stands on."""

    script = score.BEATS

    def open(self, run: Callable[..., Any]) -> ScoreFilm:
        """Record the row: ``flashviz_kernels.recorder.run``."""
        found = gather(self.settings.config, self.settings.source, run)
        self.provenance = [provenance(found.trace)]
        pair = score.score_of(found)
        self.set_board(pair.beats, {"d": f"{len(pair.q)}", "divisor": pair.divisor})
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
    with film.scene.telling():
        for name in ("q", "k"):
            film.display(name, 0.0)
            film.scene.add(film.bars[name])
            film.move(FadeIn(film.names[name]), Shows(film.bars[name], partial(film.display, name)), seconds=GROW)


@beat("products")
def products(film: ScoreFilm) -> None:
    """Beneath each pair of numbers its product grows, up or down by its sign, on one line."""
    bars = film.bars["products"]

    def grow(share: float) -> None:
        bars.display(upright(film.place["products"], 0 * film.ends, signed(film.pair.products, share), *film.ground))

    grow(0.0)
    film.scene.add(bars)
    with film.scene.telling():
        film.move(FadeIn(film.names["products"]), Shows(bars, grow), seconds=1.5 * GROW)


@beat("stack")
def stack(film: ScoreFilm) -> None:
    """From the left each product moves to where the one before it ends; the last one ends at their sum, which stands up beside."""
    bars, whole = film.bars["products"], film.bars["sum"]
    film.words = worded(film.place["number"], [number(float(film.ends[-1]))], NAME, [film.skin.ink], "number")
    with film.scene.telling():
        film.move(Shows(bars, lambda share: bars.display(film.stacked(share))), seconds=STACK)
        film.scene.add(whole.display(film.sum(0.0)))
        film.move(Shows(whole, lambda share: whole.display(film.sum(share)), rate_func=ease_in_out_cubic), seconds=MOVE)
        film.move(FadeIn(*film.words), seconds=TEXT)


@beat("scale")
def scale(film: ScoreFilm) -> None:
    """The sum shrinks to the score, on the same scale."""
    whole, ink = film.bars["sum"], film.skin.ink
    texts = [number(float(film.ends[-1])), "/", film.pair.divisor.partition(" ")[0], "=", number(film.pair.score)]
    words = worded(film.place["number"], texts, NAME, [ink, ink, ink, ink, film.skin.scores], "number")
    shrink = Shows(whole, lambda share: whole.display(film.sum(1 + (film.pair.scale - 1) * share)), rate_func=ease_in_out_cubic)
    film.move(FadeOut(*film.words), seconds=TEXT)
    film.words = words
    with film.scene.telling():
        film.move(FadeIn(*words[:3]), seconds=TEXT)
        film.move(shrink, seconds=MOVE)
        film.move(FadeIn(*words[3:]), seconds=TEXT)


@beat("spread")
def spread(film: ScoreFilm) -> None:
    """Sums of random products walk away from zero as far as the root of their number; divided by the root of d they are 1 wide."""
    place, skin, sums, root = film.place, film.skin, spread_of(film.scene.settings.config), 1 / film.pair.scale
    room, steps = place["products"], np.arange(sums.shape[1])
    unit = 0.5 * room.height / float(np.abs(sums).max())
    walks = Walks(sums, skin.scores, theme.OUTLINE, name="walks").set_stroke(opacity=PALE)
    edge = Walks(np.sqrt(steps) * np.array([[1], [-1]]), skin.ink, theme.HEAVY, name="root")
    gone = (film.bars["products"], film.bars["sum"], film.names["products"], *film.words)
    words = f"added up, {len(sums)} random pairs", f"{len(sums)} random pairs"
    name = Named(*labelled(place["products name"], ("q × k", skin.ink), (words[0], skin.ink), words[1]), tag="name")
    both = Group(walks, edge)

    def show(high: float, share: float) -> None:
        for each in (walks, edge):
            each.display(room, high, share)

    def wide(value: float, high: float) -> Word:
        left, y, half = place["sum"].x0, room.center[1] + value * high, em(NAME)
        return word(f"± {value:.4g}", NAME, skin.ink, Rect(left, y - half, place["number"].x1, y + half), "wide")

    show(unit, 0.0)
    film.move(*(FadeOut(each) for each in gone), seconds=TEXT)
    with film.scene.telling():
        film.move(FadeIn(name), Shows(both, partial(show, unit), introducer=True), seconds=WALK)
        far = wide(root, unit)
        film.move(FadeIn(far), seconds=TEXT)
        film.scene.hold(0.8)
        film.move(FadeOut(far), seconds=TEXT)
        film.move(Shows(both, lambda share: show(unit * (1 + (1 / root - 1) * share), 1.0), rate_func=ease_in_out_cubic), seconds=SQUEEZE)
        film.move(FadeIn(wide(1.0, unit / root)), seconds=TEXT)
