"""What a score is: the numbers of a query and of a key, multiplied column by column, stack into one number; and why that is divided."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from manim import Group
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import theme
from flashviz.chapters import score
from flashviz.chapters.rescale import gather
from flashviz.chapters.score import KEYS, Score, softmax, spread_of
from flashviz.director.material import provenance
from flashviz.director.rescale import grown
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, StepBack, beat, step_forth
from flashviz.director.words import LABEL, NAME, NUMBER, Word, amid, first_that_fits, fitted, labelled, line_width, word, worded
from flashviz.figures import number, total
from flashviz.layout import Rect
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.cast import Cast
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows
from flashviz.mobjects.named import Named
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.tiles import Polygons, Rectangles
from flashviz.mobjects.walks import Walks

LOOKED, GROW, SLOWLY, STACK, WALK, SQUEEZE, NEARER = 0.4, 1.6, 3.2, 2.6, 2.6, 1.6, 1.0  # seconds
FIRST = 8  # the part of all columns that is multiplied slowly is one of so many
PALE = 0.6  # of the opacity of each random sum
BEHIND = 0.35  # of the opacity of the pair, while one column of it or other sums are spoken of
FALL = 0.45  # of the opacity of a product: what is taken away from the sum
SEAM = em(2)  # between weights
JOINED = 0.25  # of the opacity of what joins a sum to its weight


class ScoreStage(ShotScene):
    """The scene that the pair stands on."""

    script = score.BEATS

    def open(self, run: Callable[..., Any]) -> ScoreFilm:
        """Record the row: ``flashviz_kernels.recorder.run``."""
        found = gather(self.settings.config, self.settings.source, run)
        self.provenance = [provenance(found.trace)]
        pair, sums = score.score_of(found), spread_of(self.settings.config)[:, -1]
        most, less = (number(float(softmax(sums * scale).max())) for scale in (1.0, pair.scale))
        match = number(float(softmax(np.append(sums * pair.scale, pair.score))[-1]))
        said = {"d": f"{len(pair.q)}", "divisor": pair.divisor, "keys": f"{KEYS}", "most": most, "less": less, "match": match}
        self.set_board(pair.beats, said)
        return ScoreFilm(self, pair)


class ScoreFilm(ChapterFilm):
    """Everything on stage, made here once. ``words``: the arithmetic so far."""

    words: Sequence[Word | Rectangles]
    back: StepBack
    spread: Spread
    name: Named  # of the lines
    told: tuple[Word, Rectangles]  # what the edge of the lines is

    def __init__(self, scene: ShotScene, pair: Score) -> None:
        self.scene, self.pair, self.skin = scene, pair, scene.skin
        self.place = place = scene.shot("pair")
        skin, d = self.skin, len(pair.q)
        self.bars = {name: Rectangles(color, name=name) for name, color in zip(("q", "k", "products", "sum"), self.colors, strict=True)}
        for name, values in (("q", pair.q), ("k", pair.k), ("products", pair.products), ("sum", pair.products.sum(keepdims=True))):
            self.bars[name].values = values
        self.falls = Rectangles(skin.scores, name="negative products", opacity=FALL)
        self.level = Rectangles(skin.quiet, name="so far")  # from the last product to the sum so far
        self.lit = Rectangles(skin.registers, name="lit").set_z_index(-1)  # behind the column that is multiplied
        self.factors = {name: Rectangles(color, name=f"lit {name}") for name, color in (("q", skin.q), ("k", skin.k))}
        said = (("q", skin.q, "a query"), ("k", skin.k, "a key"))
        self.names = {
            name: Named(*labelled(place[f"{name} name"], (name, color), (words, skin.ink)), tag="name") for name, color, words in said
        }
        self.names["products"] = Named(
            *labelled(place["products name"], ("q × k", skin.ink), (f"{d} products", skin.ink), f"{d}"), tag="name"
        )
        self.cast = Cast(self.names["k"])
        room, longest = place["product"], "−8.888 × −8.888 = −88.88"
        px = NUMBER * min(1.0, room.width / text_width(longest, NUMBER, Face.MONO_STRONG))
        self.product = Readout("", px, skin.ink, name="product", face=Face.MONO_STRONG, minus=Face.STRONG).at(room)
        room = place["number"]
        px = NUMBER * min(1.0, room.width / text_width("−88.888", NUMBER, Face.MONO_STRONG))
        self.total = Readout("", px, skin.ink, name="total", face=Face.MONO_STRONG, anchor="center", minus=Face.STRONG).at(room)
        self.so_far = amid(("sum so far",), skin.ink, place["so far"], "label")
        self.ends = np.cumsum(pair.products)  # where each product ends in the stack

    @property
    def adding(self) -> Group:
        """What changes with each product, but for its own column."""
        return Group(*self.bars.values(), self.falls, self.level, self.total)

    @property
    def colors(self) -> tuple[str, str, str, str]:
        return self.skin.q, self.skin.k, self.skin.scores, self.skin.scores

    @property
    def slowly(self) -> int:
        """Columns that are multiplied one at a time."""
        return max(1, len(self.pair.q) // FIRST)

    def columns(self, near: float) -> float:
        """How many are as wide as their place: all from afar, and near the first that are multiplied."""
        return float(len(self.pair.q) * (self.slowly / len(self.pair.q)) ** near)

    def boxes(self, name: str, room: Rect, share: float = 1.0, near: float = 0.0) -> np.ndarray:
        """[d, 4] the numbers of q or k as bars about a line in the middle of a place, grown from the left; near, those in sight."""
        values = np.asarray(self.bars[name].values)
        unit = 0.5 * room.height / max(float(np.abs(values).max()), 1e-30)
        return upright(room, 0 * values, signed(values, share), room.center[1], unit, self.columns(near))

    def grow(self, name: str, share: float) -> None:
        """They grow where they fill the frame."""
        self.bars[name].display(self.boxes(name, self.place[f"{name} first"], share))

    def make_room(self, share: float) -> None:
        """Both go up into two rows, and a name with its row; the first columns come near."""
        for name in self.factors:
            room = self.place[f"{name} first"].toward(self.place[name], share)
            self.bars[name].display(self.boxes(name, room, near=share))
        drop = self.place["k first name"].y0 - self.place["k name"].y0
        self.cast.shift((0.0, drop * (1 - share), 0.0))

    @property
    def ground(self) -> tuple[float, float]:
        """Where zero stands in the places of the products and of their sum, and how high 1 is: one scale for both."""
        return self.ground_of(self.place["products"], len(self.ends))

    def ground_of(self, room: Rect, columns: int) -> tuple[float, float]:
        """The same for the first products, so that they are as high as a place."""
        heights = np.concatenate([[0.0], self.pair.products[:columns], self.ends[:columns]])
        least, most = float(heights.min()), float(heights.max())
        unit = room.height / max(most - least, 1e-30)
        return room.y0 - least * unit, unit

    def multiplied(self, columns: float, near: float = 0.0) -> None:
        """So many products, each from where the one before it ended; the column of the one that grows is lit."""
        pair, room = self.pair, self.place["products"]
        now = min(int(columns), len(pair.q) - 1)
        share = np.clip(columns - np.arange(len(pair.q)), 0.0, 1.0)
        begins, wide = self.ends - pair.products, self.columns(near)
        close, far = self.ground_of(room.below(self.place["products"].y1 - self.place["product"].y0), self.slowly), self.ground
        zero, unit = far[0] + (close[0] - far[0]) * near, far[1] * (close[1] / far[1]) ** near
        done = share * pair.products
        for bars, sign in ((self.bars["products"], 1), (self.falls, -1)):
            bars.display(upright(room, begins * (share > 0), np.where(pair.products * sign > 0, done, 0.0), zero, unit, wide))
        self.add_up(begins[now] + done[now], room.x0 + (now + 0.8) * room.width / wide, zero, unit)
        step = room.width / wide
        left = room.x0 + (now - 0.1) * step
        self.lit.display(np.array([[left, room.y0, min(left + step, room.x1), self.place["q"].y1]]))
        for name, bars in self.factors.items():
            self.bars[name].display(self.boxes(name, self.place[name], near=near))
            bars.display(self.boxes(name, self.place[name], near=near)[now : now + 1])
        self.product.display(f"{number(pair.q[now])} × {number(pair.k[now])} = {total(pair.products[now])}")
        self.total.display(number(float(self.ends[min(round(columns), len(pair.q)) - 1])) if columns >= 1 else "")

    def add_up(self, total: float, left: float, zero: float, unit: float) -> None:
        """The sum so far as a bar beside the products, on their scale, and a line to it from the last of them, which ends at ``left``."""
        room, top = self.place["sum"], zero + total * unit
        self.bars["sum"].display(np.array([[room.x0, min(zero, top), room.x1, max(zero, top)]]))
        self.level.display(level(min(left, room.x0), room.x0, top))

    def sum(self, share: float) -> None:
        """The whole sum times ``share``."""
        self.add_up(share * float(self.ends[-1]), self.place["sum"].x0, *self.ground)


class Spread:
    """Sums of random products as lines that walk from zero, between ± the root of how many; and their softmax as one bar of height 1.

    The line of the largest sum and its weight have a colour of their own, and so has the pair's, which is no random one; each line's end is
    joined to its weight.
    """

    def __init__(self, film: ScoreFilm) -> None:
        self.skin, self.place, self.root = film.skin, film.place, 1 / film.pair.scale
        self.room = film.place["fan"]
        self.sums = spread_of(film.scene.settings.config)
        self.sums = self.sums[np.argsort(self.sums[:, -1])]
        self.unit = 0.5 * self.room.height / float(np.abs(self.sums).max())
        skin = self.skin
        self.walks = Walks(self.sums[:-1], skin.scores, theme.OUTLINE, name="walks").set_stroke(opacity=PALE)
        self.most = Walks(self.sums[-1:], skin.hue("error"), 2 * theme.HEAVY, name="largest sum")
        self.edge = Walks(np.sqrt(np.arange(self.sums.shape[1])) * np.array([[1], [-1]]), skin.ink, theme.HEAVY, name="root")
        self.match = Walks(np.append(0.0, film.ends)[None], skin.k, 2 * theme.HEAVY, name="match")
        self.match_weight, self.match_join = Rectangles(skin.k, name="match weight"), Polygons(skin.k, "match join", 2 * JOINED)
        self.lines = Group(self.walks, self.edge, self.most)
        self.zero = Rectangles(skin.quiet, name="zero").display(level(self.room.x0, self.room.x1, self.room.center[1]))
        self.weights = Rectangles(skin.scores, name="weights")
        self.largest_weight = Rectangles(skin.hue("error"), name="largest weight")
        self.joins = Polygons(skin.scores, "joins", JOINED)
        self.largest_join = Polygons(skin.hue("error"), "largest join", 2 * JOINED)
        self.shares = Group(self.joins, self.largest_join, self.weights, self.largest_weight)

    def walk(self, divisor: float, share: float = 1.0, zoom: float = 1.0) -> None:
        """So many of the steps, of sums that are divided; so much higher than they are drawn at first."""
        for each in (self.walks, self.most, self.edge):
            each.display(self.room, zoom * self.unit / divisor, share)

    @property
    def zoom(self) -> float:
        """With which the pair's score is as high as the largest sum was."""
        return float(np.abs(self.sums).max() / np.abs(self.match.sums / self.root).max())

    def come(self, share: float) -> None:
        """So many of the pair's own products, divided and added; and its weight, were it one of all these keys."""
        self.match.display(self.room, self.zoom * self.unit / self.root, share)
        steps = self.match.sums.shape[1] - 1
        self.weigh(self.root, zoom=self.zoom, match=float(self.match.sums[0, max(1, round(share * steps))]) / self.root)

    def weigh(self, divisor: float, share: float = 1.0, zoom: float = 1.0, match: float | None = None) -> None:
        """Softmax of the divided sums, the largest at the top, piled from the bottom up to a share of its height; over them a match's."""
        room, scores = self.place["weights"], np.append(self.sums[:, -1] / divisor, [] if match is None else match)
        weights, count = softmax(scores), len(self.sums)
        tops = np.minimum(np.cumsum(weights), share) * room.height + room.y0
        bottoms = np.concatenate([[room.y0], tops[:-1]])
        seams = np.minimum(SEAM, (tops - bottoms) / 4)
        slices = np.array([[room.x0, low, room.x1, high - seam] for low, high, seam in zip(bottoms, tops, seams, strict=True)])
        self.weights.values = weights[:count]
        self.weights.display(slices[:count])
        self.largest_weight.display(slices[count - 1 : count])
        ends = self.room.center[1] + scores * self.unit * zoom
        left, right = self.place["joins"].x0, self.place["joins"].x1
        joins = [np.array([(left, end), (right, low), (right, high)]) for end, (_, low, _, high) in zip(ends, slices, strict=True)]
        self.joins.display(joins[: count - 1])
        self.largest_join.display(joins[count - 1 : count])
        self.match_weight.display(slices[count:])
        self.match_join.display(joins[count:])

    def added(self, steps: int) -> list[Word]:
        """What the lines go along: how many products are added, from 1 to all."""
        room, ink = self.place["added"], self.skin.ink
        last = f"{steps}"
        return [
            word("1", LABEL, ink, room, "tick", Face.TEXT), amid(("products added",), ink, room, "axis"),
            word(last, LABEL, ink, room.right(text_width(last, LABEL)), "tick", Face.TEXT),
        ]  # fmt: skip

    def ends_at(self, value: float, zoom: float = 1.0) -> list[Word]:
        """So far from zero the edge ends, above and below: beyond its end."""
        high = value * self.unit * zoom
        return [
            Word(
                f"{sign}{value:.4g}",
                LABEL,
                self.skin.ink,
                self.room.x1 + em(10),
                self.room.center[1] + way * high - 0.36 * em(LABEL),
                "end",
            )
            for sign, way in (("+", 1), ("−", -1))
        ]

    def softmax(self) -> Word:
        """What makes weights of sums."""
        return amid(("softmax",), self.skin.ink, self.place["softmax"], "softmax")

    def axis(self) -> Word:
        """Zero, beside its line."""
        return Word("0", LABEL, self.skin.ink, self.room.x0 - em(LABEL), self.room.center[1] - 0.36 * em(LABEL), "zero")

    def told(self) -> tuple[Word, Rectangles]:
        """What the edge is, beside a piece of it."""
        upper = self.place["wide"].top(0.5 * self.place["wide"].height)
        text = first_that_fits(["typical spread: one standard deviation", "typical spread:"], LABEL, upper.width - em(80), Face.STRONG)
        piece = Rectangles(self.skin.ink, name="piece").display(level(upper.x0, upper.x0 + em(60), upper.center[1]))
        return word(text, LABEL, self.skin.ink, upper.beyond(em(76)), "spread"), piece

    def wide(self, texts: Sequence[str]) -> Word:
        """How far the edge is from zero: the first words that fit."""
        lower = self.place["wide"].bottom(0.5 * self.place["wide"].height).beyond(em(76))
        return fitted(texts, NAME, self.skin.ink, lower, "wide")

    def largest(self, divisor: float) -> list[Word]:
        """The largest weight, over the bar."""
        return self.over("largest weight:", float(softmax(self.sums[:, -1] / divisor).max()), self.skin.hue("error"))

    def over(self, text: str, weight: float, color: str) -> list[Word]:
        """A weight, over the bar."""
        room, texts = self.place["largest"], [text, number(weight)]
        wide = line_width(texts, LABEL)
        left = max(room.x0, min(self.place["weights"].center[0] - wide / 2, room.x1 - wide))
        return worded(Rect(left, room.y0, room.x1, room.y1), texts, LABEL, 2 * [color], "largest")


def level(left: float, right: float, y: float) -> np.ndarray:
    """[1, 4] a thin line."""
    return np.array([[left, y - em(2), right, y + em(2)]])


def signed(values: np.ndarray, share: float) -> np.ndarray:
    """Numbers that grow from left to right, each towards its own sign."""
    return np.asarray(np.sign(values) * grown(np.abs(values), share, np.inf))


def upright(room: Rect, begins: np.ndarray, values: np.ndarray, zero: float, unit: float, wide: float) -> np.ndarray:
    """[n, 4] bars side by side, ``wide`` of them as wide as ``room``, from ``begins`` on, ``unit`` high for 1 above a ``zero``.

    Those that would stand beyond the room are left out.
    """
    step = room.width / wide
    x, base = room.x0 + np.arange(len(values)) * step, zero + begins * unit
    top = base + values * unit
    bars = np.stack([x, np.minimum(base, top), np.minimum(x + 0.8 * step, room.x1), np.maximum(base, top)], 1)
    return np.asarray(bars[x < room.x1 - 1e-9])


# --------------------------------------------------------------------------------------------------------------- beats


@beat("pair")
def pair(film: ScoreFilm) -> None:
    """A query's numbers stand as bars; those of a key grow beneath it."""
    film.make_room(0.0)
    film.grow("k", 0.0)
    film.scene.add(film.names["q"], film.bars["q"], film.bars["k"])
    film.scene.hold(LOOKED)
    with film.scene.telling():
        film.move(FadeIn(film.names["k"]), Shows(film.bars["k"], partial(film.grow, "k")), seconds=GROW)


@beat("products")
def products(film: ScoreFilm) -> None:
    """Both make room; column by column the first numbers are multiplied, each product stands on the end of the one before it, and beside
    them stands the sum so far."""
    pair = Group(film.bars["q"], film.bars["k"], film.names["k"])
    parts = Group(film.lit, *film.factors.values(), film.product, film.adding)
    film.back = StepBack([film.bars["q"], film.bars["k"]], BEHIND)
    with film.scene.telling():
        film.move(Shows(pair, film.make_room, rate_func=ease_in_out_cubic), seconds=MOVE)
        film.move(film.back, FadeIn(film.names["products"], film.so_far), seconds=TEXT)
        film.move(Shows(parts, lambda share: film.multiplied(share * film.slowly, near=1.0)), seconds=SLOWLY)


@beat("stack")
def stack(film: ScoreFilm) -> None:
    """The frame zooms out; the others follow, faster, and the sum so far goes up and down with them."""
    first, d = film.slowly, len(film.pair.q)
    lit = Group(film.lit, *film.factors.values())
    with film.scene.telling():
        film.move(FadeOut(film.product), seconds=TEXT)
        out = Shows(Group(lit, film.adding), lambda share: film.multiplied(first, near=1 - share), rate_func=ease_in_out_cubic)
        film.move(out, seconds=NEARER)
        film.move(Shows(Group(lit, film.adding), lambda share: film.multiplied(first + share * (d - first))), seconds=STACK)
        film.move(FadeOut(lit, film.so_far), step_forth(film.back), seconds=TEXT)
        film.sum(1.0)


@beat("scale")
def scale(film: ScoreFilm) -> None:
    """The sum shrinks to the score, on the same scale."""
    whole, ink = film.bars["sum"], film.skin.ink
    texts = [number(float(film.ends[-1])), "/", film.pair.divisor.partition(" ")[0], "=", number(film.pair.score)]
    words = worded(film.place["number"], texts, NAME, [ink, ink, ink, ink, film.skin.scores], "number")
    with film.scene.telling():
        film.move(FadeOut(film.total), seconds=TEXT)
        film.move(FadeIn(*words[:3]), seconds=TEXT)
        shrink = Shows(Group(whole, film.level), lambda share: film.sum(1 + (film.pair.scale - 1) * share), rate_func=ease_in_out_cubic)
        film.move(shrink, seconds=MOVE)
        film.move(FadeIn(*words[3:]), seconds=TEXT)
    film.words = words


@beat("spread")
def spread(film: ScoreFilm) -> None:
    """The pair leaves; sums of random products walk away from zero as far as the root of their number."""
    film.spread = found = Spread(film)
    film.name = summed(film)
    gone = FadeOut(*film.bars.values(), film.falls, film.level, *film.names.values(), *film.words)
    found.walk(1.0, 0.0)
    with film.scene.telling():
        film.move(gone, FadeIn(film.name, found.zero, found.axis(), *found.added(len(film.pair.q))), seconds=2 * TEXT)
        film.move(Shows(found.lines, lambda share: found.walk(1.0, share), introducer=True), seconds=WALK)
        root = f"± √{len(film.pair.q)}"
        film.words = [found.wide((f"{root} = {found.root:.4g}", root)), *found.ends_at(found.root)]
        film.told = found.told()
        film.move(FadeIn(*film.told, *film.words), seconds=TEXT)


def summed(film: ScoreFilm, divided: str = "") -> Named:
    """What the lines are."""
    words = f"for {KEYS} random keys", f"{KEYS} keys"
    drawn = labelled(film.place["fan name"], (f"sum of q × k{divided}", film.skin.ink), (words[0], film.skin.ink), words[1])
    return Named(*drawn, tag="name", text=" ".join(each.text for each in drawn))


@beat("weights")
def weights(film: ScoreFilm) -> None:
    """Softmax of these sums piles up to 1 in one bar, each joined to its line: nearly all of it is one weight."""
    found = film.spread
    found.weigh(1.0, 0.0)
    largest = found.largest(1.0)
    film.words = [*film.words, *largest]
    with film.scene.telling():
        film.move(FadeIn(found.softmax()), seconds=TEXT)
        film.scene.add(found.shares)
        film.move(Shows(found.shares, lambda share: found.weigh(1.0, share)), seconds=GROW)
        film.move(FadeIn(*largest), seconds=TEXT)


@beat("divided")
def divided(film: ScoreFilm) -> None:
    """All sums shrink to what they are divided by the root, and in the bar the one weight makes room for all others."""
    found = film.spread

    def shrink(share: float) -> None:
        divisor = 1 + (found.root - 1) * share
        found.walk(divisor)
        found.weigh(divisor)

    with film.scene.telling():
        film.move(FadeOut(film.name, *film.words), seconds=TEXT)
        film.name = summed(film, f" / {found.root:.4g}")
        film.move(FadeIn(film.name), seconds=TEXT)
        film.move(Shows(Group(found.lines, found.shares), shrink, rate_func=ease_in_out_cubic), seconds=SQUEEZE)
        one = found.wide(["± 1"])
        film.words = [*found.largest(found.root), one, *film.told]
        film.move(FadeIn(one, *film.words[:2]), seconds=TEXT)


@beat("match")
def match(film: ScoreFilm) -> None:
    """From near: the pair's own products add up far above all random sums, and its weight takes nearly all of the bar."""
    found, pair = film.spread, film.pair

    def nearer(share: float) -> None:
        zoom = 1 + (found.zoom - 1) * share
        found.walk(found.root, zoom=zoom)
        found.weigh(found.root, zoom=zoom)

    texts = [number(float(film.ends[-1])), "/", f"{found.root:.4g}", "=", number(pair.score)]
    row, wide = film.place["wide"], line_width(texts, NAME)
    right = found.room.x1 - 0.12 * found.room.width  # left of where its line ends
    score = worded(Rect(max(right - wide, row.x0), row.y0, right, row.y1), texts, NAME, 5 * [film.skin.k], "score")
    weight = float(softmax(np.append(found.sums[:, -1] / found.root, pair.score))[-1])
    with film.scene.telling():
        film.move(Shows(Group(found.lines, found.shares), nearer, rate_func=ease_in_out_cubic), seconds=NEARER)
        film.move(FadeOut(*film.words), FadeIn(*found.ends_at(1.0, found.zoom)), seconds=TEXT)
        lines = Group(found.match, found.shares, found.match_join, found.match_weight)
        film.move(Shows(lines, found.come), seconds=WALK)
        film.move(FadeIn(*score, *found.over("its weight:", weight, film.skin.k)), seconds=TEXT)
