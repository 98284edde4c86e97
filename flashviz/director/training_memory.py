"""What is kept for the backward pass: a row's LSE gives its weights back; P or LSE; one tile made again and used; N doubles, twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from manim import Group, Mobject, VMobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import theme
from flashviz.chapters import training_memory
from flashviz.chapters.training_memory import AROUND, KEPT, LENGTHS, SHARED, TrainingMemory, gather
from flashviz.director.film.parts import Columns, fitting, put, reveal
from flashviz.director.material import provenance
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, NUMBER, ONE_NUMBER, Word, amid, fitted, middle
from flashviz.figures import KIB, kib
from flashviz.layout import Rect, Shot
from flashviz.lettering import Face, em
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, late
from flashviz.mobjects.named import Named
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.stored import Picture
from flashviz.mobjects.tiles import THIN, Matrix, Rectangles, dashes, edges, flat_row, outlines
from flashviz.palette import DIM, FAINT, spread

TURN, LIE, SHRINK = 1.2, 1.5, 1.1  # seconds: of bars from one measure to another, until they lie end to end, of their sum to its log
SWEEP, GROWS = 2.4, 1.7  # seconds: of rows, of a doubling
NEAR, PRODUCT, ROWS, WALK = 1.7, 1.4, 1.4, 2.4  # seconds: of a way to a tile, of a product, of a tile's rows, of all tiles
SIDES = {
    "standard": ("Standard attention keeps P", "Standard keeps P"),
    "flash": ("FlashAttention keeps LSE", "Flash keeps LSE"),
}  # fmt: skip
NOT_KEPT = ("P not kept", "no P")
AGAIN = ("P: made again, tile by tile", "P: made again", "P again")
PRICE = (("the price: 5 products", "5 products"), ("a tile instead of 4", "instead of 4"))  # dV, dP, dQ and dK, and S
PAD = em(8)  # between a thing and its letter
HAIR, SLOT = em(8), em(20)  # the least width of LSE that is seen, and of what a letter names
BESIDE = em(14)  # from one thing to the next
LINE = em(6)  # about what is framed; of what is a hair, how thick it is seen
FINEST = 512  # pixels a side of P
WING = em(16)  # of an arrow
GROUND = 0.4  # of the hue, where a weight is 0: an area that is seen


class TrainingMemoryStage(ShotScene):
    """The scene that P and LSE are kept on."""

    script = training_memory.BEATS

    def open(self, run: Callable[..., Any], given: Callable[..., Any]) -> TrainingMemoryFilm:
        """Record a layer's forward pass, both ways.

        Args:
            run: ``flashviz_kernels.recorder.run``.
            given: ``flashviz_kernels.differentiating.inputs``.
        """
        found = gather(self.settings.config, run, given)
        self.provenance = [provenance(trace) for trace in (found.standard, found.flash)]
        self.set_board(training_memory.BEATS, {})
        return TrainingMemoryFilm(self, found)


class Bars:
    """One row, a bar a key: as scores, as e^S, end to end, as weights. LSE is where the axis of the scores ends."""

    def __init__(self, found: TrainingMemory, place: Shot) -> None:
        self.row, self.plot, self.place = found.row, place["plot"], place
        self.seen = np.isfinite(self.row.scores)
        self.low = min(0.0, float(self.row.scores[self.seen].min()))
        self.x = flat_row(self.plot, len(self.row.scores))[:, [0, 2]]

    def height(self, score: float | np.ndarray) -> Any:
        """Where a score stands."""
        return self.plot.y0 + (score - self.low) / (self.row.lse - self.low) * self.plot.height

    def standing(self, tops: np.ndarray) -> np.ndarray:
        """[keys, 4] boxes from 0 to these heights."""
        zero = self.height(0.0)
        tops = np.where(self.seen, tops, zero)
        return np.stack([self.x[:, 0], np.minimum(zero, tops), self.x[:, 1], np.maximum(zero, tops)], 1)

    @property
    def scores(self) -> np.ndarray:
        return self.standing(self.height(np.where(self.seen, self.row.scores, 0.0)))

    @property
    def terms(self) -> np.ndarray:
        """e^S, and so the weights: the largest is as high as its score was."""
        zero, share = self.height(0.0), self.row.terms / self.row.terms.max()
        return self.standing(zero + share * (self.top.y1 - zero))

    @property
    def band(self) -> np.ndarray:
        """End to end, each as long as its share of the sum."""
        rect, ends = self.place["band"], np.cumsum(self.row.weights)
        x = rect.x0 + np.stack([ends - self.row.weights, ends], 1) * rect.width
        seam = np.minimum(em(1), (x[:, 1] - x[:, 0]) / 4)
        return np.stack([x[:, 0], np.full(len(x), rect.y0), x[:, 1] - seam, np.full(len(x), rect.y1)], 1)

    def zero(self, color: str) -> Rectangles:
        """The line on which bars stand."""
        y = self.height(0.0)
        return Rectangles(color, name="zero").display(edges([Rect(self.plot.x0, y - THIN / 2, self.plot.x1, y + THIN / 2)]))

    def name_of_zero(self, color: str) -> Word:
        """At the right of it."""
        return Word("0", LABEL, color, self.plot.x1 + PAD, self.height(0.0) - em(LABEL) / 3, "part")

    @property
    def top(self) -> Rect:
        """Between the largest score and LSE."""
        x0, x1 = self.x[self.row.key]
        return Rect(x0, self.height(self.row.lse), x1, self.height(self.row.scores[self.row.key]))


class TrainingMemoryFilm(ChapterFilm):
    """Everything on stage, made here once.

    ``n``: how many times as many queries and keys are drawn, ``rows``: how much of them is written, ``unit``: the area of a byte;
    ``away``: how far P has come from where it is kept to the shot of one tile, ``near``: how much of it is out of the frame then.
    """

    made: Matrix
    gains: Gains

    def __init__(self, scene: ShotScene, found: TrainingMemory) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.place, self.tile_place = scene.shot("training"), scene.shot("remade")
        place, skin = self.place, self.skin
        self.n, self.rows, self.away, self.near = 1.0, 0.0, 0.0, 0.0
        self.unit = self.fitting(1)
        self.bars_of = Bars(found, scene.shot("one row"))
        self.bars, self.cell = Rectangles(skin.scores, name="bars"), Rectangles(skin.stats, name="cell")
        self.zero = Group(self.bars_of.zero(skin.quiet), self.bars_of.name_of_zero(skin.ink))
        self.level, self.gap = Rectangles(skin.stats, name="level"), Rectangles(skin.ink, name="gap")
        self.words = dict[str, Word]()
        self.picture = self.p_picture("kept P")
        self.further = Rectangles(skin.scores, name="further P", opacity=FAINT)
        self.rim, self.hollow = outlines(skin.ink, "rim"), Rectangles(skin.quiet, name="P, not kept")
        self.strips = {
            (side, name): Rectangles(skin.hue(name), name=f"kept {name}") for side, kept in KEPT.items() for name in ("LSE", *SHARED)
            if name in (kept, *SHARED)
        }  # fmt: skip
        self.lit = {name: Rectangles(skin.hue(name), name=f"used {name}") for name in ("Q", "K", "LSE")}
        self.seams = Rectangles(skin.ground, name="seams")
        self.frames = outlines(skin.ink, "tile", theme.HEAVY)
        self.letters = {
            side: [Word(name, LABEL, skin.hue(name), 0.0, 0.0, "part") for name in (kept, *SHARED)] for side, kept in KEPT.items()
        }
        most = max((self.bytes_of(side, n) for side in KEPT for n in LENGTHS), key=len)
        self.bytes = {
            side: self.readout(f"bytes {side}", most, place[f"{side} bytes"], ONE_NUMBER, skin.hue(kept)) for side, kept in KEPT.items()
        }
        widest = max((self.rest_of(n) for n in LENGTHS), key=len)
        self.rest = {side: self.readout(f"rest {side}", widest, place[f"{side} rest"], NAME, skin.ink) for side in KEPT}
        self.count = self.readout("count", self.length(LENGTHS[-1]), place["n"], NUMBER, skin.ink)
        self.names = [fitted_in(place, f"{side} name", each, skin.ink) for side, each in SIDES.items()]
        notes = [f"{found.heads}; areas are bytes, LSE drawn thicker", f"{found.heads}; areas are bytes", "areas are bytes"]
        self.note = fitted_in(place, "note", notes, skin.ink, LABEL)
        self.absent = amid(NOT_KEPT, skin.ink, self.parts("flash")["P"], "no P")
        # What goes with one tile into its shot, and what of the shot of both sides stays behind.
        taken = [self.strips["flash", name] for name in self.lit]
        self.kept = Group(self.picture, self.further, self.rim, self.hollow, *taken)
        self.numbers = [self.count, *self.bytes.values(), *self.rest.values()]
        others, letters = [each for each in self.strips.values() if each not in taken], self.letters.values()
        self.behind = Group(*others, *(each for side in letters for each in side), *self.numbers, *self.names, self.note)
        self.display()

    def p_picture(self, tag: str) -> Picture:
        """P of the first head, on a ground that is seen."""
        c = self.found.config
        return Picture(shade(self.found.weights[steps(c.seq_q)][:, steps(c.seq_k)]), self.skin, "P", tag)

    def readout(self, name: str, widest: str, rect: Rect, most: float, color: str) -> Readout:
        """A number, so large that its widest text fits."""
        return Readout(widest, fitting(widest, most, rect), color, name=name, face=Face.MONO_STRONG).at(rect)

    def says(self, part: str, *texts: str, color: str = "", px: float = NAME) -> FadeIn:
        """A word, in ink if no colour is given, comes to its part of the beat's shot; it stands until it is left."""
        assert self.scene.beat is not None
        self.words[part] = fitted_in(self.scene.shot(self.scene.beat.shot), part, texts, color or self.skin.ink, px)
        return FadeIn(self.words[part])

    def leave(self, *parts: str) -> list[FadeOut]:
        """These words go, or all."""
        return [FadeOut(self.words.pop(part)) for part in parts or tuple(self.words)]

    # ------------------------------------------------------------------------------------------------------------ how many

    def length(self, n: float) -> str:
        """How many queries and keys there are."""
        c = self.found.config
        queries, keys = (f"{round(n * each):,}" for each in (c.seq_q, c.seq_k))
        return f"N = {queries} tokens" if c.seq_q == c.seq_k else f"N × M = {queries} × {keys}"

    def bytes_of(self, side: str, n: float, rows: float = 1.0) -> str:
        """What a side alone keeps."""
        return f"{KEPT[side]} {counted(rows * self.found.bytes_of(KEPT[side], n))}"

    def rest_of(self, n: float) -> str:
        """What both keep."""
        return f"Q K V O {counted(sum(self.found.bytes_of(name, n) for name in SHARED))}"

    def tell(self) -> None:
        """The numbers are those of what is drawn."""
        own = [self.bytes_of(side, self.n, self.rows) for side in KEPT]
        for each, text in zip(self.numbers, [self.length(self.n), *own, *[self.rest_of(self.n)] * len(KEPT)], strict=True):
            each.display(text)

    # -------------------------------------------------------------------------------------------------------------- where

    def widths(self, high: float, n: float) -> dict[str, float]:
        """Of all that a layer has, if P is so high: areas as bytes, all as high as P."""
        c = self.found.config
        p = high * c.seq_k / c.seq_q
        wide = {name: p * self.found.bytes_of(name, n) / self.found.bytes_of("P", n) for name in ("P", "LSE", *SHARED)}
        return {**wide, "LSE": max(wide["LSE"], HAIR)}

    def beside(self, rect: Rect, high: float, n: float) -> dict[str, Rect]:
        """Where it stands, from the upper left corner of ``rect``: P, LSE, then Q, K, V and O."""
        left, found = rect.x0, dict[str, Rect]()
        for name, wide in self.widths(high, n).items():
            found[name] = Rect(left, rect.y1 - high, left + wide, rect.y1)
            left += max(wide, SLOT if name in SHARED else wide) + BESIDE
        return found

    def fitting(self, n: float) -> float:
        """The area of a byte, where what either side keeps fits its place at a length."""
        c, found = self.found.config, []
        for rect in (self.place[side] for side in KEPT):
            high = rect.height
            while self.beside(rect, high, n)["O"].x1 > rect.x1:
                high *= 0.99
            found.append(high)
        return min(found) ** 2 * c.seq_k / c.seq_q / self.found.bytes_of("P", n)

    def high(self, n: float) -> float:
        """How high P is: its area is its bytes."""
        c = self.found.config
        return float(np.sqrt(self.found.bytes_of("P", n) * self.unit * c.seq_q / c.seq_k))

    def parts(self, side: str) -> dict[str, Rect]:
        """Where a side has what it keeps."""
        return self.beside(self.place[side], self.high(self.n), self.n)

    @cached_property
    def regions(self) -> dict[str, Rect]:
        """Of P: all, the tile that is made again, and what is seen about it."""
        last = [max(blocks - AROUND, 0) for blocks in self.blocks]
        first = [min(max(at - AROUND // 2, 0), most) for at, most in zip(self.found.tile.place, last, strict=True)]
        ends = [min(start + AROUND, blocks) - 1 for start, blocks in zip(first, self.blocks, strict=True)]
        return {
            "all": self.span((0, 0), tuple(blocks - 1 for blocks in self.blocks)), "tile": self.span(self.found.tile.place),
            "about": self.span(tuple(first), tuple(ends)),
        }  # fmt: skip

    @property
    def blocks(self) -> tuple[int, int]:
        """Row blocks and key tiles."""
        return self.found.config.row_blocks, self.found.config.col_blocks

    def span(self, first: tuple[int, ...], last: tuple[int, ...] | None = None) -> Rect:
        """A tile, or all to another one: keys to the right, queries downwards."""
        c, (i, j) = self.found.config, last or first
        return Rect(first[1] * c.block_n, -min((i + 1) * c.block_m, c.seq_q), min((j + 1) * c.block_n, c.seq_k), -first[0] * c.block_m)

    @property
    def region(self) -> Rect:
        """What is seen of P."""
        return self.regions["all"].toward(self.regions["about"], self.near)

    @property
    def view(self) -> dict[str, Rect]:
        """Where the windows on P stand, and what belongs to the queries and keys that are seen in them."""
        place, standard, flash = self.tile_place, *(self.parts(side) for side in KEPT)
        seen = {name: within(self.region, place[name]) for name in ("stored", "S")}
        here, whole = seen["S"], place["S"]
        q, k, lse, dv = (place[name] for name in ("Q", "K", "LSE", "dV"))
        right, down = here.x1 - whole.x1, here.y0 - whole.y0
        ends = {
            **seen, "Q": Rect(q.x0, here.y0, q.x1, here.y1), "K": Rect(here.x0, k.y0, here.x1, k.y1),
            "LSE": Rect(lse.x0 + right, here.y0, lse.x1 + right, here.y1),
        }  # fmt: skip
        starts = {"stored": standard["P"], "S": flash["P"], **{name: flash[name] for name in self.lit}}
        return {name: starts[name].toward(end, self.away) for name, end in ends.items()} | {
            "dV": Rect(here.x0, dv.y0 + down, here.x1, dv.y1 + down)
        }

    def cell_of(self, region: Rect, window: str = "S") -> Rect:
        """Where a region of P lies in a window."""
        return mapped(region, self.region, self.view[window])

    def block(self, name: str, span: Rect, *, level: bool) -> Rect:
        """The queries, or the keys, of a region, in what lies beside or over P."""
        rect, cell = self.view[name], self.cell_of(span)
        return Rect(cell.x0, rect.y0, cell.x1, rect.y1) if level else Rect(rect.x0, cell.y0, rect.x1, cell.y1)

    def lying(self, span: Rect) -> dict[str, Rect]:
        """The queries' Q and LSE and the keys' K of a region; K is on its way from beside P to over it."""
        upright = mapped(Rect(0.0, -span.x1, 1.0, -span.x0), Rect(0.0, -self.found.config.seq_k, 1.0, 0.0), self.parts("flash")["K"])
        return {
            "Q": self.block("Q", span, level=False), "LSE": self.block("LSE", span, level=False),
            "K": upright.toward(self.block("K", span, level=True), self.away),
        }  # fmt: skip

    # --------------------------------------------------------------------------------------------------------------- what

    def display(self, **state: float) -> TrainingMemoryFilm:
        """All that is kept; ``state`` is what of n, rows, unit, away and near has changed."""
        for name, value in state.items():
            setattr(self, name, value)
        self.display_p()
        view, shared = self.view, {side: self.parts(side) for side in KEPT}
        for (side, name), strip in self.strips.items():
            taken = side == "flash" and name in self.lit
            rect = view[name] if taken else shared[side][name]
            strip.display(edges([rect.top(rect.height * (self.rows if name == "LSE" else 1.0))]))
            strip.set_fill(opacity=1 - (1 - DIM) * self.away * taken)
        self.seams.display(np.concatenate([self.cuts(rect, name) for parts in shared.values() for name, rect in parts.items()]))
        for side, letters in self.letters.items():
            for letter in letters:
                rect = shared[side][letter.text]
                left = rect.x1 - letter.wide if letter.text == "LSE" else rect.center[0] - letter.wide / 2
                letter.put_at(left, rect.y1 + PAD + BESIDE / 2)
        self.light(self.regions["tile"])
        self.tell()
        return self

    def display_p(self) -> None:
        """P where it is kept, as it is at first; what further tokens have of it, plain; and where it is not kept."""
        whole, empty = self.view["stored"], self.view["S"]
        first = whole.left(whole.width / self.n).top(whole.height / self.n)
        self.picture.display(mapped(self.regions["all"], self.region, first), first.top(first.height * self.rows))
        self.further.display(edges([whole.beyond(first.width), whole.left(first.width).below(first.height)]))
        self.rim.display(edges([whole]))
        self.hollow.display(dashes(empty))
        self.absent.put_at(empty.center[0] - self.absent.wide / 2, middle(empty, LABEL))

    def light(self, span: Rect) -> None:
        """A region of P, in both windows, and the Q, K and LSE of which it is made."""
        self.frames.display(edges([self.cell_of(span, window).inset(-LINE / 2) for window in ("stored", "S")]))
        for name, rect in self.lying(span).items():
            self.lit[name].display(edges([rect]))

    def cuts(self, rect: Rect, name: str) -> np.ndarray:
        """[cuts, 4] where pieces as long as all was at first end, in P both ways."""
        at, half = np.arange(1, np.ceil(self.n - 1e-9)) / self.n, THIN / 2
        x, y, ends = rect.x0 + rect.width * at, rect.y1 - rect.height * at, np.ones_like(at)
        level = np.stack([rect.x0 * ends, y - half, rect.x1 * ends, y + half], 1)
        upright = np.stack([x - half, rect.y0 * ends, x + half, rect.y1 * ends], 1)
        return np.concatenate([level, upright]) if name == "P" else level

    def goes(self, things: Sequence[Mobject], *others: Any, seconds: float, **ends: float) -> None:
        """What is on stage of all that is kept comes to another state."""
        starts = {name: getattr(self, name) for name in ends}

        def show(share: float) -> None:
            self.display(**{name: start + (ends[name] - start) * share for name, start in starts.items()})

        self.move(Shows(Group(*things), show, rate_func=ease_in_out_cubic), *others, seconds=seconds)

    def matrix(self, name: str, values: np.ndarray, rect: Rect) -> Matrix:
        """A picture of a tile: weights as in P, gradients by the root of their size about the ramp's middle."""
        if name == "P":
            return Matrix(shade(values, self.found.tile.largest), rect, self.skin, name, 0.0, 1.0)
        if name == "dS":
            roots = np.sign(values) * np.sqrt(np.abs(values))
            end = spread(np.abs(roots))[1]
            return Matrix(roots, rect, self.skin, name, -end, end)
        return Matrix(np.where(np.isfinite(values), values, np.nan), rect, self.skin, name, *spread(values))


def steps(count: int) -> slice:
    """Of so many rows or keys, those of which P's picture is made."""
    return slice(None, None, max(1, count // FINEST))


def shade(weights: np.ndarray, largest: np.ndarray | None = None) -> np.ndarray:
    """Weights as shares of a hue: by the root of their share of their row's largest, on a ground that is seen."""
    top = weights.max(1) if largest is None else largest
    return np.asarray(GROUND + (1 - GROUND) * np.sqrt(weights / np.maximum(top, np.finfo(np.float32).tiny)[:, None]))


def counted(nbytes: float) -> str:
    """A counter of bytes, in whole KiB where they are many."""
    return kib(round(nbytes / KIB) * KIB if nbytes >= FINEST * KIB / 8 else round(nbytes / KIB, 1) * KIB)


def within(region: Rect, place: Rect) -> Rect:
    """A rectangle of a region's shape, as large as fits, from the upper left corner of its place."""
    scale = min(place.width / region.width, place.height / region.height)
    return place.left(region.width * scale).top(region.height * scale)


def mapped(part: Rect, region: Rect, to: Rect) -> Rect:
    """Where a part of a region stands when the region fills ``to``."""
    wide, high = to.width / region.width, to.height / region.height
    x0, y0 = to.x0 + (part.x0 - region.x0) * wide, to.y0 + (part.y0 - region.y0) * high
    return Rect(x0, y0, x0 + part.width * wide, y0 + part.height * high)


def fitted_in(place: Shot, part: str, texts: Sequence[str], color: str, px: float = NAME) -> Word:
    """The first of these that fits into a part of a shot."""
    return fitted(texts, px, color, place[part], part)


def arrow(start: tuple[float, float], tip: tuple[float, float], color: str) -> Named:
    """A line with a head at its end, level or upright."""
    (x0, y0), (x1, y1) = start, tip
    along = np.array([x1 - x0, y1 - y0]) / max(abs(x1 - x0) + abs(y1 - y0), 1e-9)
    across = np.array([-along[1], along[0]])
    wings = [np.array(tip) - WING * along + side * WING * across for side in (1, -1)]
    drawn = VMobject(stroke_color=color, stroke_width=2 * theme.HEAVY)
    drawn.set_points_as_corners([(x0, y0, 0), (x1, y1, 0), (*wings[0], 0), (x1, y1, 0), (*wings[1], 0)])
    return Named(drawn, tag="arrow")


# ------------------------------------------------------------------------------------------------------------- one row


def turned(film: TrainingMemoryFilm, start: np.ndarray, end: np.ndarray) -> Shows:
    """Bars become others."""
    return Shows(film.bars, lambda share: film.bars.display(start + (end - start) * share), rate_func=ease_in_out_cubic)


def over(bars: Bars, text: str, color: str) -> Word:
    """A label on the largest bar."""
    label = Word(text, LABEL, color, 0.0, 0.0, "part")
    left = min(max(bars.top.center[0] - label.wide / 2, bars.plot.x0), bars.plot.x1 - label.wide)
    return label.put_at(left, bars.top.y1 + PAD)


@beat("row")
def row(film: TrainingMemoryFilm) -> None:
    """One row of scores, a bar a key; each becomes its exponential, all lie down end to end; the log of their sum is one cell."""
    skin, bars, said = film.skin, film.bars_of, film.found.row.said
    keys, band, cell = len(bars.row.scores), bars.place["band"], bars.place["cell"]

    def shrinks(share: float) -> None:
        film.cell.display(edges([band.toward(cell, share)]))

    film.says("what", f"One query's {keys:,} scores S, a bar a key", f"One query's {keys:,} scores S", "Scores S", px=NUMBER)
    film.scene.add(film.zero, film.bars.display(bars.scores), film.words["what"])
    with film.scene.telling():
        film.scene.hold(2 * TEXT)
        mark = over(bars, f"S = {said['score']}", skin.scores)
        film.move(FadeIn(mark), seconds=TEXT)
        film.scene.hold(3 * TEXT)
        film.move(FadeOut(mark), *film.leave("what"), seconds=TEXT)
        film.move(turned(film, bars.scores, bars.terms), film.says("what", "exp(S) of each", "exp(S)", px=NUMBER), seconds=TURN)
        mark = over(bars, said["term"], skin.scores)
        film.move(FadeIn(mark), film.says("first", f"exp({said['score']}) = {said['term']}", color=skin.scores, px=NUMBER), seconds=TEXT)
        film.scene.hold(2 * TEXT)
        film.move(FadeOut(mark, film.zero), *film.leave("what"), seconds=TEXT)
        film.move(
            turned(film, bars.terms, bars.band), film.says("what", "All exp(S), end to end: their sum", "Their sum", px=NUMBER), seconds=LIE
        )
        film.move(film.says("second", f"sum = {said['sum']}", color=skin.scores, px=NUMBER), seconds=TEXT)
        film.scene.hold(2 * TEXT)
        film.move(*film.leave("what"), seconds=TEXT)
        shrinking = film.says("what", "Its logarithm: one number, LSE", "Its log: LSE", color=skin.stats, px=NUMBER)
        film.move(Shows(film.cell, shrinks, rate_func=ease_in_out_cubic, introducer=True), shrinking, seconds=SHRINK)
        film.move(
            film.says("third", f"log({said['sum']}) = {said['LSE']}", color=skin.stats, px=NUMBER),
            film.says("LSE name", f"LSE = {said['LSE']}", color=skin.stats, px=NUMBER), seconds=TEXT,
        )  # fmt: skip


@beat("weights")
def weights(film: TrainingMemoryFilm) -> None:
    """All stand up again as scores; LSE is a level over them, and the exponential of how far beneath it a score stands is its weight."""
    skin, bars, said = film.skin, film.bars_of, film.found.row.said
    cell, top = bars.place["cell"], bars.top
    film.move(*film.leave("what", "first", "second", "third"), seconds=TEXT)

    def levels(share: float) -> None:
        film.level.display(edges([Rect(cell.x0 + (bars.plot.x0 - cell.x0) * share, top.y0 - THIN / 2, cell.x0, top.y0 + THIN / 2)]))

    with film.scene.telling():
        rising = film.says("what", "The scores again, and LSE over them", "S, and LSE over them", px=NUMBER)
        film.move(
            FadeIn(film.zero),
            turned(film, bars.band, bars.scores),
            Shows(film.level, levels, rate_func=ease_in_out_cubic),
            rising,
            seconds=TURN,
        )
        x, half = top.center[0], LINE / 2
        film.gap.display(
            np.array([(x - half, top.y1, x + half, top.y0), *((x - WING, y - half, x + WING, y + half) for y in (top.y0, top.y1))])
        )
        off = Word(said["difference"], NAME, skin.ink, x + WING + PAD, middle(top, NAME), "part")
        film.move(
            FadeIn(film.gap, off), film.says("first", f"{said['score']} − {said['LSE']} = {said['difference']}", px=NUMBER), seconds=TEXT
        )
        film.scene.hold(6 * TEXT)
        film.move(FadeOut(film.gap, off), *film.leave("what"), seconds=TEXT)
        falling = film.says("what", "P = exp(S − LSE): the row's weights", "P = exp(S − LSE)", px=NUMBER)
        film.move(turned(film, bars.scores, bars.terms), falling, seconds=TURN)
        film.words["mark"] = over(bars, f"P = {said['weight']}", skin.scores)
        result = film.says("second", f"exp({said['difference']}) = {said['weight']}", color=skin.scores, px=NUMBER)
        film.move(FadeIn(film.words["mark"]), result, seconds=TEXT)


# ---------------------------------------------------------------------------------------------------------- what is kept


@beat("keep")
def keep(film: TrainingMemoryFilm) -> None:
    """The row goes to its place in P, its LSE to the other side; row after row is kept so, and counted."""
    bars, at, queries = film.bars_of, film.found.row.at, film.found.config.seq_q
    cell, p, lse = bars.place["cell"], film.parts("standard")["P"], film.parts("flash")["LSE"]
    y = p.y1 - p.height * (at + 0.5) / queries
    line, piece = (Rect(rect.x0, y - LINE / 2, rect.x1, y + LINE / 2) for rect in (p, lse))
    start, end = bars.terms, flat_row(line, len(bars.row.scores))
    film.move(*film.leave(), FadeOut(film.level, film.zero), seconds=TEXT)

    def comes(share: float) -> None:
        film.bars.display(start + (end - start) * share)
        film.cell.display(edges([cell.toward(piece, share)]))

    def writes(share: float) -> None:
        film.display(rows=share)
        if share * queries > at:  # the row is one of those that are written
            film.bars.display(np.zeros((0, 4)))
            film.cell.display(np.zeros((0, 4)))

    both = Group(film.bars, film.cell)
    film.scene.remove(film.bars, film.cell)
    around = FadeIn(film.kept, film.absent, film.behind, rate_func=late)
    film.move(Shows(both, comes, rate_func=ease_in_out_cubic), around, seconds=1.2 * MOVE)
    with film.scene.telling():
        film.scene.hold(TEXT)
        film.move(Shows(Group(film.kept, *film.numbers, both), writes), seconds=SWEEP)
    film.scene.remove(both)


# -------------------------------------------------------------------------------------------------------------- one tile


@beat("tile")
def tile(film: TrainingMemoryFilm) -> None:
    """The frame comes near to one tile, where P is kept and where it is not; there Q and K make its scores, and LSE its weights."""
    skin, found = film.skin, film.found
    film.move(FadeIn(film.frames), seconds=TEXT)
    film.scene.hold(2 * TEXT)
    film.move(FadeOut(film.behind, film.absent), seconds=TEXT)
    film.goes([film.kept, *film.lit.values(), film.frames], seconds=NEAR, away=1.0, near=1.0)
    cell = film.cell_of(film.regions["tile"])
    with film.scene.telling():
        names = [film.says(f"{name} name", name, color=skin.hue(name)) for name in film.lit]
        names.append(film.says("stored name", "P, where it is kept", "P, kept", color=skin.scores))
        film.move(*names, film.says("made name", "P, where it is not kept", "P, not kept", color=skin.scores), seconds=TEXT)
        made_s = film.matrix("S", found.tile.s, cell)
        price = [film.says(part, *texts, px=LABEL) for part, texts in zip(("price", "price of"), PRICE, strict=True)]
        film.move(Columns(made_s), film.says("S name", "S = Q Kᵀ / √d", color=skin.scores), *price, seconds=PRODUCT)
        film.scene.hold(2 * TEXT)
        film.made = made = film.matrix("P", found.tile.p, cell)
        film.move(Shows(made, lambda share: reveal(made, share)), film.says("P name", "P = exp(S − LSE)", color=skin.scores), seconds=ROWS)
    film.scene.remove(made_s)
    film.scene.add(film.frames)


class Gains:
    """dV: of each key tile as much is filled as row blocks have added to it."""

    def __init__(self, film: TrainingMemoryFilm) -> None:
        self.film, self.done = film, set[tuple[int, ...]]()
        self.filled, self.whole = Rectangles(film.skin.v, name="made dV"), outlines(film.skin.v, "dV")
        self.parts = Group(self.filled, self.whole)
        self.display()

    def part(self, column: int, count: int) -> Rect:
        """What so many row blocks have added to a key tile's."""
        rect = self.film.block("dV", self.film.span((0, column)), level=True)
        return rect.top(rect.height * count / self.film.blocks[0])

    def display(self, *done: tuple[int, ...]) -> None:
        """These tiles, too, are used."""
        self.done.update(done)
        columns = [column for _, column in self.done]
        self.filled.display(edges([self.part(column, columns.count(column)) for column in sorted(set(columns))]))
        self.whole.display(edges([self.film.view["dV"]]))


@beat("back")
def back(film: TrainingMemoryFilm) -> None:
    """The tile goes into dV of its keys and into dS, and is dropped; so are all others, one after another."""
    skin, found, place = film.skin, film.found, film.found.tile.place
    cell, room, film.gains = film.cell_of(film.regions["tile"]), film.tile_place["dS"], Gains(film)
    dv, ds = film.gains.part(place[1], 1), Rect(room.x0, cell.y0, room.x0 + cell.width, cell.y1)
    x, y, _ = cell.center
    down, aside = (arrow(*ends, skin.ink) for ends in (((x, cell.y0 - LINE), (x, dv.y1 + LINE)), ((cell.x1 + LINE, y), (ds.x0 - LINE, y))))
    with film.scene.telling():
        film.move(
            *film.leave("made name"), FadeIn(film.gains.parts, down), film.says("dV name", "dV += Pᵀ dO", "dV", color=skin.v), seconds=TEXT
        )
        copy = copied(film, cell, dv)
        film.gains.display(place)
        film.scene.remove(copy)
        film.scene.hold(2 * TEXT)
        film.move(*film.leave("S name", "price", "price of", "P name"), seconds=TEXT)
        film.move(FadeIn(aside), film.says("dS name", "dS = P ∘ (dP − D)", "dS", color=skin.scores), seconds=TEXT)
        copy, gradient = copied(film, cell, ds), film.matrix("dS", found.tile.ds, ds)
        film.move(Shows(gradient, lambda share: reveal(gradient, share)), seconds=MOVE)
        film.scene.remove(copy)
        film.scene.hold(3 * TEXT)
        film.move(FadeOut(film.made, down, aside, gradient), *film.leave("dS name"), seconds=2 * TEXT)
        film.scene.hold(2 * TEXT)
    walks(film)


def copied(film: TrainingMemoryFilm, start: Rect, end: Rect) -> Matrix:
    """A copy of the tile goes to where it is used."""
    copy = film.matrix("P", film.found.tile.p, start)
    film.move(Shows(copy, lambda share: put(copy, start.toward(end, share)), rate_func=ease_in_out_cubic, introducer=True), seconds=MOVE)
    return copy


def walks(film: TrainingMemoryFilm) -> None:
    """All of P is in the frame again; one tile after another is made and used, column by column."""
    order = [(i, j) for j in range(film.blocks[1]) for i in range(film.blocks[0])]
    walking = film.p_picture("tile of P")

    def out(share: float) -> None:
        film.display(near=1.0 - share)
        film.gains.display()

    def walk(share: float) -> None:
        at = min(int(share * len(order)), len(order) - 1)
        film.gains.display(*order[: at + (share >= 1)])
        walking.display(film.view["S"], film.cell_of(film.span(order[at])))
        film.light(film.span(order[at]))

    whole = Group(film.kept, *film.lit.values(), film.gains.parts, film.frames)
    film.move(Shows(whole, out, rate_func=ease_in_out_cubic), film.says("S name", f"so all {len(order):,} tiles"), seconds=MOVE)
    film.move(Shows(Group(walking, *film.lit.values(), film.gains.parts, film.frames), walk), seconds=WALK)
    film.scene.remove(walking, film.frames)


# -------------------------------------------------------------------------------------------------------------- N doubles


@beat("twice")
def twice(film: TrainingMemoryFilm) -> None:
    """The picture is pulled back to a scale that stands: on it N doubles. P grows both ways, all others one way."""
    film.move(FadeOut(film.gains.parts, *film.lit.values()), *film.leave(), seconds=TEXT)
    film.unit = film.fitting(LENGTHS[-1])
    with film.scene.telling():
        film.goes([film.kept], FadeIn(film.behind, rate_func=late), seconds=1.3 * MOVE, away=0.0)
        film.scene.add(film.seams)
        film.scene.hold(2 * TEXT)
        film.goes([film.kept, film.behind, film.seams], seconds=GROWS, n=LENGTHS[1])


@beat("idea")
def idea(film: TrainingMemoryFilm) -> None:
    """And again: sixteen times the P, four times the LSE; P is made again where it is not kept."""
    with film.scene.telling():
        film.goes([film.kept, film.behind, film.seams], seconds=GROWS, n=LENGTHS[2])
        again = amid(AGAIN, film.skin.ink, film.parts("flash")["P"].inset(BESIDE, 0.0), "no P")
        film.move(FadeIn(again), seconds=TEXT)
