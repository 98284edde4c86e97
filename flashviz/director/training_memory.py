"""What is kept for the backward pass: P grows as N squared; a row's LSE gives its weights back; one tile made again, used and dropped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from manim import Group, Mobject, VMobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import theme
from flashviz.chapters import training_memory
from flashviz.chapters.training_memory import KEPT, LENGTHS, SHARED, TrainingMemory, gather
from flashviz.director.film.parts import Columns, fitting, reveal
from flashviz.director.material import provenance
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, StepBack, beat, step_forth
from flashviz.director.words import LABEL, NAME, NUMBER, ONE_NUMBER, Word, first_that_fits, fitted, fly, middle, worded
from flashviz.director.worklist import transposed
from flashviz.figures import KIB, kib
from flashviz.layout import Rect, Shot
from flashviz.layout.rect import centered
from flashviz.lettering import Face, bearing, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, early, late
from flashviz.mobjects.named import Named
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.stored import GROUND, Picture, on_ground
from flashviz.mobjects.tiles import THIN, Hatch, Matrix, Rectangles, dashes, edges, flat_row, image_corners, outlines
from flashviz.palette import DIM, FAINT, Theme, spread

TURN, PASS, FALL, RISE = 1.0, 1.6, 1.4, 0.9  # seconds: of bars to another measure, of a query along K, of bars to their sum, to LSE
GROWS, EMPTIES, COMES, SWEEP = 1.1, 0.9, 0.9, 0.8  # seconds: of a doubling, of P until it is not kept, of a row to its place, of all
NEARS = 0.9  # seconds: from the longest N to the first
PARTS, FILLS, STANDS = 1.1, 0.8, 2.1  # seconds: until the place of P is aside, until P is kept beside it, and of the last picture
NEAR, PRODUCT, ROWS, WALK = 0.9, 1.0, 1.0, 1.6  # seconds: of a way to a tile, of a product, of a tile's rows, of all tiles
MEETS = 0.7  # seconds: of rows of dO to their tile, and of both to dV
RUN = 0.1  # of all keys: those that stand up or fall at a time
HASTE = 2.0  # power of the time by which tiles are made: the first ones slowly
STANDARD, FLASH = "Standard attention", "FlashAttention"
TITLES = {"standard": f"{STANDARD} keeps P", "flash": f"{FLASH} keeps LSE"}
SHORT = {"standard": "Standard keeps P", "flash": "Flash keeps LSE"}
LSE = "LSE: the log of the sum of exps"
GRADIENT, BEFORE = "dV = Pᵀ dO", "dV = "  # V's gradient, and what is before P in it
ASKED = "P = ?"
FURTHER = "further tokens"
NOT_KEPT = "P: not kept"
AGAIN = ("P is made again", "P again")
FLIPPED, OUTLINE = [0, 2, 1, 3], [0, 1, 3, 2, 0]  # corners of a picture: about its diagonal, and one after another
ACROSS = ("K", "V")  # lie along the keys of P; all others stand along its queries
BETWEEN = 5 / 8  # of P's side: where its letter stands, on no seam
CAPITAL = 0.73  # of an em: how high a letter is
PAD = em(8)  # between a thing and its letter
LAST = 0.7  # of a move
FORMULA = 2.5 * ONE_NUMBER  # px, at most: of the formula that P is asked for by
HAIR = em(6)  # the least width of LSE that is seen
KEY, QUERY = em(10), em(14)  # the least width of the key that is followed, and the width of a query on its way along K
LENS = 5 / 8  # of P's side: a tile, when it is seen large
BESIDE = em(14)  # from one thing to the next
LINE = em(6)  # about what is framed; of what is a hair, how thick it is seen
FINEST = 512  # pixels a side of P
WING = em(16)  # of a measure's ends
PLATE = em(12)  # what is behind words on a hatching, beyond them


class TrainingMemoryStage(ShotScene):
    """The scene that P and LSE are kept on."""

    script = training_memory.BEATS

    def open(self, run: Callable[..., Any]) -> TrainingMemoryFilm:
        """Record a layer's forward pass, both ways.

        Args:
            run: ``flashviz_kernels.recorder.run``.
        """
        found = gather(self.settings.config, run)
        self.provenance = [provenance(trace) for trace in (found.standard, found.flash)]
        self.set_board(training_memory.BEATS, {})
        return TrainingMemoryFilm(self, found)


class Bars:
    """One row, a bar a key: as scores, end to end as e^S, as weights. LSE is where the axis of the scores ends."""

    def __init__(self, found: TrainingMemory, place: Shot) -> None:
        self.row, self.plot, self.place = found.row, place["plot"], place
        self.seen = np.isfinite(self.row.scores)
        self.low = min(0.0, float(self.row.scores[self.seen].min()))
        self.x = flat_row(self.plot, len(self.row.scores))[:, [0, 2]]

    def height(self, score: float | np.ndarray) -> Any:
        """Where a score stands."""
        return self.plot.y0 + (score - self.low) / (self.row.lse - self.low) * self.plot.height

    @property
    def scores(self) -> np.ndarray:
        """[keys, 4] boxes from 0; where a query does not see a key, none."""
        zero = self.height(0.0)
        tops = np.where(self.seen, self.height(np.where(self.seen, self.row.scores, 0.0)), zero)
        return np.stack([self.x[:, 0], np.minimum(zero, tops), self.x[:, 1], np.maximum(zero, tops)], 1)

    @property
    def flat(self) -> np.ndarray:
        """Before they stand up."""
        zero = np.full(len(self.x), self.height(0.0))
        return np.stack([self.x[:, 0], zero, self.x[:, 1], zero], 1)

    @property
    def weights(self) -> np.ndarray:
        """On an axis of their own, from 0 to the largest, beneath LSE."""
        tops = self.plot.y0 + self.row.weights / self.row.weights.max() * self.plot.below(em(LABEL)).height
        return np.stack([self.x[:, 0], np.full(len(tops), self.plot.y0), self.x[:, 1], tops], 1)

    @property
    def band(self) -> np.ndarray:
        """End to end, each as long as its share of the sum."""
        rect, ends = self.place["band"], np.cumsum(self.row.weights)
        x = rect.x0 + np.stack([ends - self.row.weights, ends], 1) * rect.width
        seam = np.minimum(em(1), (x[:, 1] - x[:, 0]) / 4)
        return np.stack([x[:, 0], np.full(len(x), rect.y0), x[:, 1] - seam, np.full(len(x), rect.y1)], 1)

    def of_key(self, boxes: np.ndarray) -> np.ndarray:
        """[1, 4] the bar of the key that is followed, so wide that it is seen."""
        x0, y0, x1, y1 = boxes[self.row.key]
        more = max(KEY - (x1 - x0), 0.0) / 2
        return np.array([[x0 - more, y0, x1 + more, y1]])

    def axis(self, measure: str, skin: Theme) -> Group:
        """What bars of scores or of weights are measured by, at their right: round numbers, and the name above."""
        if measure == "S":
            top, zero, unit = self.row.lse, self.height(0.0), self.height(1.0) - self.height(0.0)
        else:
            top, zero = float(self.row.weights.max()), self.plot.y0
            unit = (self.weights[self.row.key, 3] - zero) / top
        marks = {f"{value:,g}": zero + value * unit for value in rounds(top)}
        x, half = self.plot.x1, THIN / 2
        upright = Rect(x - half, self.plot.y0, x + half, self.plot.y1)
        lines = [Rect(self.plot.x0, zero - half, x, zero + half), upright, *(Rect(x, y - half, x + WING, y + half) for y in marks.values())]
        names = [Word(text, LABEL, skin.ink, x + WING + PAD, y - em(LABEL) / 3, "part") for text, y in marks.items()]
        names.append(Word(measure, NAME, skin.ink, x - text_width(measure, NAME, Face.STRONG) - 2 * PAD, self.plot.y1 - em(NAME), "part"))
        return Group(Rectangles(skin.quiet, name=f"axis of {measure}").display(edges(lines)), *names)

    @property
    def ground(self) -> Rect:
        """What scores stand on."""
        y = self.height(0.0)
        return Rect(self.plot.x0, y - THIN / 2, self.plot.x1, y + THIN / 2)

    @property
    def top(self) -> Rect:
        """Between the largest score and LSE."""
        x0, x1 = self.x[self.row.key]
        return Rect(x0, self.height(self.row.lse), x1, self.height(self.row.scores[self.row.key]))

    @property
    def sum_line(self) -> Rect:
        """Along the sum, beneath it."""
        rect = self.place["band"]
        return Rect(rect.x0, rect.y0 - 2 * PAD - LINE, rect.x1, rect.y0 - 2 * PAD)

    @property
    def level(self) -> Rect:
        """LSE, over the scores."""
        y = self.height(self.row.lse)
        return Rect(self.plot.x0, y - LINE / 2, self.plot.x1, y + LINE / 2)

    def query(self, share: float) -> Rect:
        """A query, so far on its way along K."""
        keys = self.place["keys"]
        return centered(keys.x0 + keys.width * share, keys.center[1], QUERY, keys.height + 2 * PAD)


def in_turn(count: int, share: float) -> np.ndarray:
    """[count, 1] how far each of as many has come that set out one after another."""
    return np.clip((share * (1 + RUN) - np.arange(count) / count) / RUN, 0.0, 1.0)[:, None]


def rounds(top: float) -> list[float]:
    """0 and the multiples of half of 1, 2 or 5 times a power of ten, the largest that is not above ``top``, up to it."""
    if top <= 0:
        return [0.0]
    ten = 10.0 ** np.floor(np.log10(top))
    step = max(each for each in (1, 2, 5) if each * ten <= top * (1 + 1e-9)) * ten / 2
    return [float(step * at) for at in range(int(top / step * (1 + 1e-9)) + 1)]


def stays(part: Mobject) -> Shows:
    """It stands as it is, over what moves with it."""
    return Shows(Group(part), lambda _: None)


class Guides(VMobject):
    """Two lines from a small rectangle to a larger one: the same, seen large."""

    def __init__(self, color: str) -> None:
        super().__init__(stroke_color=color, stroke_width=theme.OUTLINE, fill_opacity=0)
        self.tag = "guides"

    def display(self, small: Rect, large: Rect) -> Guides:
        """From those corners that see each other, past both."""
        falls = (large.center[0] - small.center[0]) * (large.center[1] - small.center[1]) < 0
        ends = [[(each.x1, each.y1), (each.x0, each.y0)] if falls else [(each.x0, each.y1), (each.x1, each.y0)] for each in (small, large)]
        thirds = np.array([0, 1 / 3, 2 / 3, 1])[None, :, None]
        start, stop = (np.array(each)[:, None] for each in ends)
        flat = (start * (1 - thirds) + stop * thirds).reshape(-1, 2)
        self.points = np.concatenate([flat, np.zeros((len(flat), 1))], axis=1)
        return self


class TrainingMemoryFilm(ChapterFilm):
    """Everything on stage, made here once.

    ``n``: how many times as many queries and keys are drawn; ``rows``, ``lse``: how much of P and of LSE is kept; ``near``: how far
    one tile has grown out of its place; ``lit``: how far all but that tile's Q, K and LSE have stepped back; ``room``: how far O has made
    room for LSE; ``split``: how far P, kept, and the place of P, not kept, have come to either side.
    """

    formula: tuple[Named, Word]  # that needs P, and its P
    made: Matrix
    gains: Gains

    def __init__(self, scene: ShotScene, found: TrainingMemory) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.place, self.ends = scene.shot("training"), scene.shot("two sides")
        place, skin = self.place, self.skin
        self.n, self.rows, self.lse, self.near, self.lit, self.room, self.split = 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0
        self.bars_of = Bars(found, scene.shot("one row"))
        self.accent = skin.further[0]  # of one key, from its score to its weight
        self.bars, self.key = Rectangles(skin.scores, name="bars"), Rectangles(self.accent, name="key")
        self.terms, self.part = Rectangles(skin.scores, name="terms"), Rectangles(self.accent, name="term of the key")
        self.axes = {measure: self.bars_of.axis(measure, skin) for measure in ("S", "P")}
        self.level, self.gap = Rectangles(skin.stats, name="level"), Rectangles(skin.ink, name="gap")
        self.query, self.row = Rectangles(skin.q, name="query"), outlines(skin.ink, "one row", theme.HEAVY)
        self.words = dict[str, Word]()
        self.picture = self.p_picture("kept P")
        self.further, self.hatch = Rectangles(skin.scores, name="further P", opacity=GROUND), Hatch(skin.quiet, "hatch")
        self.hatch.set_stroke(opacity=FAINT)
        self.rim, self.hollow = outlines(skin.ink, "rim"), Rectangles(skin.quiet, name="P, not kept")
        self.seams, self.cuts = Rectangles(skin.ground, name="seams"), Rectangles(skin.ground, name="cuts")
        names = (*SHARED, "LSE")
        self.strips = {name: Rectangles(skin.hue(name), name=f"kept {name}") for name in names}
        self.shared = {name: Rectangles(skin.hue(name), name=f"kept {name} of {STANDARD}") for name in SHARED}
        self.used = {name: Rectangles(skin.hue(name), name=f"used {name}") for name in ("Q", "K", "LSE", "dO")}
        self.gradient = Rectangles(skin.o, name="dO", opacity=DIM)
        self.letters = {name: Word(name, NAME, skin.hue(name), 0.0, 0.0, "part") for name in names}
        self.letters["P"] = Word("P", NUMBER, skin.ink, 0.0, 0.0, "part")
        self.tiles = outlines(skin.quiet, "all tiles")
        self.frame, self.lens, self.guides = outlines(skin.ink, "tile", theme.HEAVY), outlines(skin.ink, "lens"), Guides(skin.quiet)
        self.first, self.first_name, self.further_name = (
            outlines(skin.ink, "first P", theme.HEAVY),
            self.name_of_first(),
            self.name_of_further(),
        )
        self.bytes = {
            side: self.readout(f"bytes {side}", "bytes", ONE_NUMBER, self.bytes_of, side, skin.hue(kept)) for side, kept in KEPT.items()
        }
        self.how = {side: self.readout(f"how {side}", "how", NAME, self.numbers_of, side, skin.ink) for side in KEPT}
        self.count = self.readout("count", "n", NUMBER, lambda _, n: self.length(n), "", skin.ink)
        self.rest = self.readout("rest", "rest", NAME, lambda _, n: self.rest_of(n), "", skin.ink)
        self.each = {side: fitted_in(place, "each", [self.each_of(kept)], skin.ink) for side, kept in KEPT.items()}
        self.note = fitted_in(place, "note", [f"kept, too ({found.heads})"], skin.ink)
        self.kept = Group(self.picture, self.further, self.hatch, self.seams, self.rim)
        self.display()

    def p_picture(self, tag: str) -> Picture:
        """P of the first head, on a ground that is seen."""
        c = self.found.config
        return Picture(shade(self.found.weights[steps(c.seq_q)][:, steps(c.seq_k)]), self.skin, "P", tag)

    def name_of_first(self) -> Word:
        """Of the first P: how many tokens it is of, so short that it stands in it at last."""
        tokens = f"{self.found.config.seq_q:,}"
        text = first_that_fits([f"N = {tokens}", tokens], LABEL, self.home.width / LENGTHS[-1] - 2 * PAD, Face.STRONG)
        return Word(text, LABEL, self.skin.ink, 0.0, 0.0, "part")

    def name_of_further(self) -> Group:
        """Of what is not the first P, low in it, on a plate: it is not computed, and hatched."""
        low = self.home.bottom(self.home.height / LENGTHS[-1])
        name = inside([FURTHER], self.skin.ink, low, LABEL)
        plate = Rectangles(self.skin.ground, name="plate")
        return Group(plate.display(edges([centered(*low.center[:2], name.wide + 2 * PLATE, em(LABEL) + 2 * PLATE)])), name)

    def readout(self, name: str, part: str, most: float, says: Callable[[str, float], str], side: str, color: str) -> Readout:
        """A number, so large that its widest text fits."""
        widest, rect = max((says(side, n) for n in LENGTHS), key=len), self.place[part]
        return Readout(widest, fitting(widest, most, rect), color, name=name, face=Face.MONO_STRONG).at(rect)

    def says(self, part: str, *texts: str, color: str = "", px: float = NAME, **pace: Any) -> FadeIn:
        """A word, in ink if no colour is given, comes to its part of the beat's shot; it stands until it is left."""
        assert self.scene.beat is not None
        self.words[part] = fitted_in(self.scene.shot(self.scene.beat.shot), part, texts, color or self.skin.ink, px)
        return FadeIn(self.words[part], **pace)

    def leave(self, *parts: str, **pace: Any) -> list[FadeOut]:
        """These words go, or all."""
        return [FadeOut(self.words.pop(part), **pace) for part in parts or tuple(self.words)]

    # ------------------------------------------------------------------------------------------------------------ how many

    def length(self, n: float) -> str:
        """How many queries and keys there are."""
        c = self.found.config
        queries, keys = (f"{round(n * each):,}" for each in (c.seq_q, c.seq_k))
        return f"N = {queries} tokens" if c.seq_q == c.seq_k else f"N × M = {queries} × {keys}"

    def bytes_of(self, side: str, n: float, share: float = 1.0) -> str:
        """What a side alone keeps, or so much of it."""
        return f"{KEPT[side]} {counted(share * self.found.bytes_of(KEPT[side], n))}"

    def shape_of(self, side: str, n: float) -> str:
        """How many numbers that is, as a product."""
        c = self.found.config
        heads = c.batch * c.heads
        sides = [heads] * (heads > 1) + [round(n * each) for each in ((c.seq_q, c.seq_k) if side == "standard" else (c.seq_q,))]
        return " × ".join(f"{each:,}" for each in sides)

    def numbers_of(self, side: str, n: float) -> str:
        """The same, and of what."""
        return f"{self.shape_of(side, n)} {'weights' if side == 'standard' else 'numbers'}"

    def each_of(self, name: str) -> str:
        """How large one of them is."""
        return f"{self.found.width_of(name)} bytes each"

    def rest_of(self, n: float) -> str:
        """What both keep."""
        return f"Q K V O {counted(sum(self.found.bytes_of(name, n) for name in SHARED))}"

    def tell(self) -> None:
        """The numbers are those of what is drawn."""
        for side, share in zip(KEPT, (self.rows, self.lse), strict=True):
            self.bytes[side].display(self.bytes_of(side, self.n, share))
            self.how[side].display(self.numbers_of(side, self.n))
        self.count.display(self.length(self.n))
        self.rest.display(self.rest_of(self.n))

    # -------------------------------------------------------------------------------------------------------------- where

    @property
    def field(self) -> Rect:
        """The stage without what O needs to make room for LSE."""
        stage = self.place["stage"]
        return stage.left(stage.width - HAIR - BESIDE)

    @cached_property
    def home(self) -> Rect:
        """P, as large as it fits its stage with Q, K, V and O around it at first."""
        return centered(*self.field.center[:2], *self.fits(self.field, 1))

    def fits(self, stage: Rect, n: float) -> tuple[float, float]:
        """How wide and high P is at most with Q, K, V and O around it."""
        c = self.found.config
        one = centered(0.0, 0.0, c.seq_k / c.seq_q, 1.0)
        around = self.thick(one, n)
        aside, over = max(around["Q"], around["O"]), max(around["K"], around["V"])
        scale = min((stage.width - 2 * BESIDE) / (one.width + 2 * aside), (stage.height - 2 * BESIDE) / (one.height + 2 * over))
        return scale * one.width, scale

    def thick(self, p: Rect, n: float) -> dict[str, float]:
        """Of all that lies along P: areas as bytes, if P is so large."""
        unit = p.width * p.height / self.found.bytes_of("P", n)
        names = (*SHARED, "LSE")
        return {name: self.found.bytes_of(name, n) * unit / (p.width if name in ACROSS else p.height) for name in names}

    @property
    def kept_at(self) -> Rect:
        """Where P is kept."""
        return self.home.toward(self.end("standard"), self.split)

    @property
    def view(self) -> Rect:
        """Where P is not kept."""
        return self.home.toward(self.end("flash"), self.split)

    @property
    def large(self) -> Rect:
        """Where the tile that is made again is seen large: in the corner of P's place that is farthest from it."""
        cell, view = self.cell_of(self.regions["tile"]), self.view.inset(BESIDE)
        times = max(LENS * min(view.width / cell.width, view.height / cell.height), 1.0)
        wide, high = (min(times * cell.width, view.width), min(times * cell.height, view.height))
        x0 = view.x1 - wide if cell.center[0] < view.center[0] else view.x0
        y0 = view.y0 if cell.center[1] > view.center[1] else view.y1 - high
        return Rect(x0, y0, x0 + wide, y0 + high)

    def end(self, side: str) -> Rect:
        """Where a side has P at last, Q at its left, K over it and, in FlashAttention, LSE at its right."""
        stage = self.ends[side].before(max(self.letters["LSE"].wide, BESIDE + HAIR))
        wide, high = self.fits(stage, LENGTHS[-1])
        around = self.thick(Rect(0.0, 0.0, wide, high), LENGTHS[-1])
        x0, y1 = stage.x0 + around["Q"] + BESIDE, stage.y1 - around["K"] - BESIDE
        return Rect(x0, y1 - high, x0 + wide, y1)

    @property
    def around(self) -> dict[str, Rect]:
        """What lies along the view."""
        return self.along(self.view, self.room)

    def along(self, p: Rect, room: float) -> dict[str, Rect]:
        """What lies along P; O has made so much room for LSE."""
        wide = self.thick(p, self.n)
        lse, aside = max(wide["LSE"], HAIR), BESIDE + room * (HAIR + BESIDE)
        return {
            "Q": Rect(p.x0 - BESIDE - wide["Q"], p.y0, p.x0 - BESIDE, p.y1),
            "K": Rect(p.x0, p.y1 + BESIDE, p.x1, p.y1 + BESIDE + wide["K"]),
            "V": Rect(p.x0, p.y0 - BESIDE - wide["V"], p.x1, p.y0 - BESIDE),
            "O": Rect(p.x1 + aside, p.y0, p.x1 + aside + wide["O"], p.y1),
            "LSE": Rect(p.x1 + BESIDE, p.y0, p.x1 + BESIDE + lse, p.y1),
        }  # fmt: skip

    @cached_property
    def regions(self) -> dict[str, Rect]:
        """Of P: all, and the tile that is made again."""
        return {"all": self.span((0, 0), tuple(blocks - 1 for blocks in self.blocks)), "tile": self.span(self.found.tile.place)}

    @property
    def blocks(self) -> tuple[int, int]:
        """Row blocks and key tiles."""
        return self.found.config.row_blocks, self.found.config.col_blocks

    def span(self, first: tuple[int, ...], last: tuple[int, ...] | None = None) -> Rect:
        """A tile, or all to another one: keys to the right, queries downwards."""
        c, (i, j) = self.found.config, last or first
        return Rect(first[1] * c.block_n, -min((i + 1) * c.block_m, c.seq_q), min((j + 1) * c.block_n, c.seq_k), -first[0] * c.block_m)

    def cell_of(self, region: Rect) -> Rect:
        """Where a region of P lies in the view."""
        return mapped(region, self.regions["all"], self.view)

    def block(self, name: str, span: Rect) -> Rect:
        """The queries, or the keys, of a region, in what lies along P."""
        rect, cell = self.around[name], self.cell_of(span)
        return Rect(cell.x0, rect.y0, cell.x1, rect.y1) if name in ACROSS else Rect(rect.x0, cell.y0, rect.x1, cell.y1)

    def line_of(self, rect: Rect) -> Rect:
        """The row whose LSE is taken, in P or in what stands along its queries."""
        y = rect.y1 - rect.height * (self.found.row.at + 0.5) / self.found.config.seq_q
        return Rect(rect.x0, y - LINE / 2, rect.x1, y + LINE / 2)

    # --------------------------------------------------------------------------------------------------------------- what

    def display(self, **state: float) -> TrainingMemoryFilm:
        """All that is kept; ``state`` is what of n, rows, lse, near, lit, room and split has changed."""
        for name, value in state.items():
            setattr(self, name, value)
        self.display_p()
        around, letters = self.around, self.letters
        for name, strip in self.strips.items():
            rect = around[name]
            strip.display(edges([rect.top(rect.height * (self.lse if name == "LSE" else 1.0))]))
            strip.set_fill(opacity=1 - (1 - DIM) * self.lit)
        beyond = around["LSE"].x0 + letters["LSE"].wide + PAD  # where no letter of LSE stands
        beside = self.along(self.kept_at, 0.0)
        for name, strip in self.shared.items():
            strip.display(edges([beside[name]]))
        for name in ("Q", "O", "LSE"):  # beneath Q, over the others; that of LSE begins with it
            rect, wide = around[name], letters[name].wide
            left = rect.x0 if name == "LSE" else rect.center[0] - wide / 2
            left += self.room * max(beyond - left, 0.0) if name == "O" else 0.0
            letters[name].put_at(left, rect.y0 - PAD - em(NAME) * CAPITAL if name == "Q" else rect.y1 + PAD)
        for name in ACROSS:
            rect = around[name]
            letters[name].put_at(rect.x0 - PAD - letters[name].wide if name == "K" else rect.x1 + PAD, middle(rect, NAME))
        p = self.kept_at
        letters["P"].put_at(p.x0 + p.width * BETWEEN - letters["P"].wide / 2, p.y1 - p.height * BETWEEN - 0.36 * em(NUMBER))
        self.light(self.regions["tile"])
        cell = self.cell_of(self.regions["tile"])
        large = cell.toward(self.large, self.near)
        self.lens.display(edges([large]))
        self.guides.display(cell, large)
        self.tell()
        return self

    def display_p(self) -> None:
        """P where it is kept, as it is at first; what further tokens have of it, plain; and where it is not kept."""
        whole = self.kept_at if self.rows else self.view
        seen, first = whole.top(whole.height * self.rows), whole.left(whole.width / self.n).top(whole.height / self.n)
        top = first.top(min(first.height, seen.height))
        self.picture.display(first, top)
        beyond = edges([seen.beyond(first.width), seen.left(first.width).below(top.height)])
        self.further.display(beyond)
        self.hatch.display(beyond)
        at, half = np.arange(1, np.ceil(self.n - 1e-9)) / self.n, THIN / 2
        cuts = [(whole.x0, y - half, whole.x1, y + half) for y in whole.y1 - whole.height * at]
        self.seams.display(np.array([*cuts, *((x - half, whole.y0, x + half, whole.y1) for x in whole.x0 + whole.width * at)]))
        self.rim.display(edges([seen]))
        self.first.display(edges([first]))
        self.first_name.put_at(first.center[0] - self.first_name.wide / 2, middle(first, LABEL))
        q, k, v, o = (self.around[name] for name in ("Q", "K", "V", "O"))
        along = [(x0, y - half, x1, y + half) for y in whole.y1 - whole.height * at for x0, x1 in ((q.x0, q.x1), (o.x0, o.x1))]
        across = [(x - half, y0, x + half, y1) for x in whole.x0 + whole.width * at for y0, y1 in ((k.y0, k.y1), (v.y0, v.y1))]
        self.cuts.display(np.array([*along, *across]))
        self.hollow.display(dashes(self.view))

    def light(self, span: Rect) -> None:
        """A region of P, and the Q, K and LSE of which it is made."""
        self.frame.display(edges([self.cell_of(span).inset(-LINE / 2)]))
        for name, part in self.used.items():
            part.display(edges([self.block(name.removeprefix("d"), span)]))

    def goes(self, things: Sequence[Mobject], *others: Any, seconds: float, **ends: float) -> None:
        """What is on stage of all that is kept comes to another state."""
        starts = {name: getattr(self, name) for name in ends}

        def show(share: float) -> None:
            self.display(**{name: start + (ends[name] - start) * share for name, start in starts.items()})

        self.move(Shows(Group(*things), show, rate_func=ease_in_out_cubic), *others, seconds=seconds)

    def weights_of(self, span: Rect) -> np.ndarray:
        """[rows, keys] of a tile, as they are drawn in P."""
        rows, keys = slice(round(-span.y1), round(-span.y0)), slice(round(span.x0), round(span.x1))
        return shade(self.found.weights[rows], None)[:, keys]

    def matrix(self, name: str, values: np.ndarray, rect: Rect) -> Matrix:
        """A picture of a tile: scores, or shares of P's hue."""
        if name == "P":
            return Matrix(values, rect, self.skin, name, 0.0, 1.0)
        low, high = spread(values)
        shares = on_ground((values - low) / (high - low or 1.0))
        return Matrix(np.where(np.isfinite(values), shares, np.nan), rect, self.skin, name, 0.0, 1.0)


def steps(count: int) -> slice:
    """Of so many rows or keys, those of which P's picture is made."""
    return slice(None, None, max(1, count // FINEST))


def shade(weights: np.ndarray, largest: np.ndarray | None = None) -> np.ndarray:
    """Weights as shares of a hue: by the root of their share of their row's largest, on a ground that is seen."""
    top = weights.max(1) if largest is None else largest
    return on_ground(np.sqrt(weights / np.maximum(top, np.finfo(np.float32).tiny)[:, None]))


def counted(nbytes: float) -> str:
    """A counter of bytes, in whole KiB where they are many."""
    return kib(round(nbytes / KIB) * KIB if nbytes >= FINEST * KIB / 8 else round(nbytes / KIB, 1) * KIB)


def fit(region: Rect, place: Rect) -> Rect:
    """A rectangle of a region's shape, as large as fits, from the upper left corner of its place."""
    scale = min(place.width / region.width, place.height / region.height)
    return place.left(region.width * scale).top(region.height * scale)


def mapped(part: Rect, region: Rect, to: Rect) -> Rect:
    """Where a part of a region stands when the region fills ``to``."""
    wide, high = to.width / region.width, to.height / region.height
    x0, y0 = to.x0 + (part.x0 - region.x0) * wide, to.y0 + (part.y0 - region.y0) * high
    return Rect(x0, y0, x0 + part.width * wide, y0 + part.height * high)


def fitted_in(place: Shot, part: str, texts: Sequence[str], color: str, px: float = NAME) -> Word:
    """The first of these that fits into a part of a shot; no larger than that is high."""
    return fitted(texts, min(px, place[part].height / em(1)), color, place[part], part)


def hastens(share: float) -> float:
    """A pace: slow at first."""
    return float(share**HASTE)


def last(share: float) -> float:
    """A pace: when what moves has all but come to its place."""
    return max((share - LAST) / (1 - LAST), 0.0)


def inside(texts: Sequence[str], color: str, rect: Rect, px: float) -> Word:
    """The first of these that fits, in the middle of a rectangle."""
    text = next((each for each in texts if text_width(each, px, Face.STRONG) <= rect.width - 2 * BESIDE), texts[-1])
    px = min(px, px * (rect.width - 2 * BESIDE) / text_width(text, px, Face.STRONG))
    return Word(text, px, color, rect.center[0] - text_width(text, px, Face.STRONG) / 2, middle(rect, px), "part")


# ------------------------------------------------------------------------------------------------------------ the problem


def asking(film: TrainingMemoryFilm, rect: Rect, px: float) -> tuple[Named, Word]:
    """The formula that needs P, at the left of a rectangle, and its P once more, lit."""
    skin = film.skin
    px *= min(1.0, rect.width / transposed(GRADIENT, px, skin.quiet, 0.0, 0.0, "part").width)
    line = middle(rect, px)
    inked = bearing("P", Face.STRONG) - bearing(BEFORE[0], Face.STRONG)  # a word stands by the left edge of its ink
    lit = Word("P", px, skin.ink, rect.x0 + text_width(BEFORE, px, Face.STRONG) + inked * em(px), line, "part")
    return transposed(GRADIENT, px, skin.quiet, rect.x0, line, "part"), lit


@beat("needs")
def needs(film: TrainingMemoryFilm) -> None:
    """V's gradient is computed from P: the formula steps aside, and its P opens; Q, K, V and O lie along it, areas as bytes."""
    home, letter, frame, stage = film.home, film.letters["P"], film.place.frame, film.place["stage"]
    shared, letters = [film.strips[name] for name in SHARED], [film.letters[name] for name in SHARED]
    film.formula = asking(film, film.place["title"], NUMBER)
    formula, p = asking(film, Rect(frame.x0, stage.y0, frame.x1, stage.y1).inset(BESIDE), FORMULA)
    aside = frame.center[0] - formula.get_center()[0]
    formula.shift((aside, 0.0, 0.0))
    p.put_at(p.left + aside, p.baseline)
    glyph = Rect(p.left, p.baseline, p.left + p.wide, p.baseline + em(p.px) * CAPITAL)
    film.scene.add(formula, p)

    def opens(share: float) -> None:
        seen = glyph.toward(home, share)
        film.picture.display(seen)
        film.rim.display(edges([seen]))

    with film.scene.telling():
        film.scene.hold(5 * TEXT)
        film.scene.remove(formula, p)
        opening = Shows(Group(film.picture, film.rim), opens, rate_func=ease_in_out_cubic, introducer=True)
        film.move(opening, *(fly(new, old) for new, old in zip((*film.formula, letter), (formula, p, p), strict=True)), seconds=MOVE)
        film.scene.add(film.kept, letter)
        film.move(FadeIn(*shared, *letters, film.count), seconds=TEXT)
        film.move(FadeIn(film.bytes["standard"], film.how["standard"], film.each["standard"]), seconds=TEXT)
        film.scene.hold(4 * TEXT)
        film.move(FadeIn(film.rest, film.note), seconds=TEXT)
        film.scene.hold(TEXT)


@beat("twice")
def twice(film: TrainingMemoryFilm) -> None:
    """N doubles, and again: the frame is pulled back as P grows; the first P, in a frame, is at last a quarter of its side."""
    shared, letters = [film.strips[name] for name in SHARED], [film.letters[name] for name in ("P", *SHARED)]
    numbers, first = [film.count, film.bytes["standard"], film.how["standard"], film.rest], [film.first, film.first_name]
    with film.scene.telling():
        film.scene.add(film.cuts)
        film.move(FadeIn(*first), seconds=TEXT)
        things = [film.kept, *shared, film.cuts, *letters, *first, *numbers]
        for n, named in zip(LENGTHS[1:], (FadeIn(film.further_name, rate_func=late), stays(film.further_name)), strict=True):
            film.goes(things, named, seconds=GROWS, n=n)
            film.scene.hold(2 * TEXT)


@beat("ask")
def ask(film: TrainingMemoryFilm) -> None:
    """P is not kept: row after row of it goes, and its place stays empty; what gives it back?"""
    named = [film.letters["P"], film.first, film.first_name, film.further_name]
    asked = inside([ASKED], film.skin.scores, film.view, ONE_NUMBER)
    with film.scene.telling():
        film.move(FadeOut(*film.formula, *named, film.how["standard"], film.each["standard"]), seconds=TEXT)
        film.move(FadeIn(film.hollow), film.says("title", FLASH, px=NUMBER), seconds=TEXT)
        film.goes([film.kept, film.bytes["standard"]], seconds=EMPTIES, rows=0.0)
        film.scene.remove(film.kept)
        film.words["asked"] = asked
        film.move(FadeIn(asked), seconds=TEXT)
        film.scene.hold(2 * TEXT)


@beat("inputs")
def inputs(film: TrainingMemoryFilm) -> None:
    """Back from the longest N to the first; one query is framed in Q, and its row in P's empty place; with K they come forward."""
    around = [part for name in SHARED for part in (film.strips[name], film.letters[name])]
    tokens = f"{film.found.config.seq_q:,}"
    with film.scene.telling():
        film.move(*film.leave(), FadeOut(film.note, film.bytes["standard"]), FadeIn(film.first, film.first_name), seconds=TEXT)
        title = film.says("title", f"Back to {tokens} tokens", f"To {tokens} tokens", px=NUMBER)
        film.goes([*around, film.cuts, film.first, film.first_name, film.count, film.rest], title, seconds=NEARS, n=LENGTHS[0])
        film.scene.remove(film.cuts)
        q, p = (film.line_of(rect) for rect in (film.around["Q"], film.view))
        film.query.display(edges([q]))
        film.row.display(edges([each.inset(-LINE / 2) for each in (q, p)]))
        marked = FadeIn(film.query, film.row), film.says("bytes", "One query", px=NUMBER), film.says("how", "its row of P")
        film.move(FadeOut(film.first, film.first_name, film.count, film.rest), *marked, seconds=TEXT)
        film.scene.hold(4 * TEXT)
        nearer(film)


def nearer(film: TrainingMemoryFilm) -> None:
    """K, one query and the place of its row come forward, and all else goes."""
    bars = film.bars_of
    q, p = (film.line_of(rect) for rect in (film.around["Q"], film.view))
    k, keys, query, count = film.around["K"], bars.place["keys"], bars.query(0.0), len(bars.row.scores)

    def comes(share: float) -> None:
        film.strips["K"].display(edges([k.toward(keys, share)]))
        one = q.toward(query, share)
        film.query.display(edges([one]))
        film.row.display(edges([one.inset(-LINE / 2 * (1 - share)), p.inset(-LINE / 2).toward(bars.ground, share)]))

    strips = [film.strips[name] for name in SHARED if name != "K"]
    gone = FadeOut(*strips, *(film.letters[name] for name in SHARED), film.hollow, rate_func=early)
    leaving = film.leave(rate_func=early)
    titles = f"One query meets {count:,} keys: {count:,} scores S", f"One query's {count:,} scores S", "Scores S"
    film.words["what"] = title = fitted_in(bars.place, "what", titles, film.skin.ink, NUMBER)
    film.words["keys"] = name = Word(f"K: {count:,} keys", LABEL, film.skin.ground, keys.x0 + BESIDE + QUERY, middle(keys, LABEL), "part")
    coming = Shows(Group(film.strips["K"], film.query, film.row), comes, rate_func=ease_in_out_cubic)
    film.move(coming, gone, *leaving, FadeIn(title, name, rate_func=late), seconds=MOVE)


# ------------------------------------------------------------------------------------------------------------- one row


def turned(film: TrainingMemoryFilm, start: np.ndarray, end: np.ndarray) -> Shows:
    """Bars become others, and that of the key that is followed with them."""

    def show(share: float) -> None:
        film.bars.display(start + (end - start) * share)
        film.key.display(film.bars_of.of_key(start) * (1 - share) + film.bars_of.of_key(end) * share)

    return Shows(Group(film.bars, film.key), show, rate_func=ease_in_out_cubic)


def beside(film: TrainingMemoryFilm, texts: Sequence[str], color: str, at: Rect) -> Word:
    """The first of these labels that has room in the plot at the right of what it names; the last one else, at the left."""
    left, plot = at.x1 + WING, film.bars_of.plot
    text = first_that_fits(texts, LABEL, plot.x1 - WING - left, Face.STRONG)
    label = Word(text, LABEL, color, left, middle(at, LABEL), "part")
    return label if left + label.wide <= plot.x1 else label.put_at(at.x0 - WING - label.wide, label.baseline)


def at_top(film: TrainingMemoryFilm, texts: Sequence[str], boxes: np.ndarray) -> Word:
    """A label beside the end of the bar of the key that is followed."""
    bar = Rect(*film.bars_of.of_key(boxes)[0])
    return beside(film, texts, film.accent, bar.below(PAD).top(em(LABEL)))


def over(rect: Rect, text: str, color: str, within: Rect, px: float) -> Word:
    """A label over the middle of what it names, no farther than that in which this lies."""
    label = Word(text, px, color, 0.0, 0.0, "part")
    left = min(max(rect.center[0] - label.wide / 2, within.x0), within.x1 - label.wide)
    return label.put_at(left, rect.y1 + PAD)


@beat("scores")
def scores(film: TrainingMemoryFilm) -> None:
    """One query passes over all keys; under each its score stands up."""
    bars, skin = film.bars_of, film.skin
    count, plot, score = len(bars.row.scores), bars.plot, f"S = {bars.row.said['score']}"
    name = Word("query", LABEL, skin.q, 0.0, 0.0, "part")

    def passes(share: float) -> None:
        query = bars.query(share)
        film.query.display(edges([query]))
        name.put_at(min(max(query.center[0] - name.wide / 2, plot.x0), plot.x1 - name.wide), query.y1 + PAD)
        film.bars.display(bars.flat + (bars.scores - bars.flat) * in_turn(count, share))

    with film.scene.telling():
        passes(0.0)
        film.words["query"] = name
        film.move(FadeIn(name, film.axes["S"]), FadeOut(film.row), seconds=TEXT)
        film.move(Shows(Group(film.bars, film.query, name), passes), seconds=PASS)
        film.key.display(bars.of_key(bars.scores))
        mark = film.words["mark"] = at_top(film, [f"one key: {score}", score], bars.scores)
        film.move(FadeIn(film.key, mark), seconds=TEXT)
        film.scene.hold(2 * TEXT)


@beat("row")
def row(film: TrainingMemoryFilm) -> None:
    """Of each score exp(S) falls and lies down, end to end: their sum; its logarithm is a level on the axis of the scores, LSE."""
    skin, bars, said = film.skin, film.bars_of, film.found.row.said
    count, band = len(bars.row.scores), bars.place["band"]

    def falls(share: float) -> None:
        shares = in_turn(count, share)
        film.terms.display(bars.scores + (bars.band - bars.scores) * shares)
        start, one = bars.of_key(bars.scores), shares[bars.row.key]
        film.part.display(start + (bars.band[bars.row.key] - start) * one)

    def rises(share: float) -> None:
        film.level.display(edges([bars.sum_line.toward(bars.level, share)]))

    with film.scene.telling():
        film.move(*film.leave("what", "keys", "query"), FadeOut(film.strips["K"], film.query), seconds=TEXT)
        falling = film.says("what", "exp(S) of each score, end to end", "exp(S), end to end", px=NUMBER, rate_func=early)
        film.move(Shows(Group(film.terms, film.part), falls), falling, seconds=FALL)
        term = film.words["term"] = over(Rect(*bars.band[bars.row.key]), f"exp({said['score']}) = {said['term']}", film.accent, band, NAME)
        film.move(FadeIn(term), seconds=TEXT)
        film.scene.hold(TEXT)
        film.level.display(edges([bars.sum_line]))
        film.move(FadeIn(film.level), film.says("sum", f"sum = {said['sum']}", color=skin.stats), *film.leave("what"), seconds=TEXT)
        film.scene.hold(2 * TEXT)
        meant = film.says("what", LSE, "LSE: log of the sum of exps", color=skin.stats, px=NUMBER, rate_func=last)
        mark = film.words["level"] = at_level(film, said["LSE"])
        film.move(Shows(film.level, rises, rate_func=ease_in_out_cubic), meant, FadeIn(mark, rate_func=last), seconds=RISE)
        film.move(film.says("LSE name", f"LSE = ln({said['sum']}) = {said['LSE']}", color=skin.stats, px=NUMBER), seconds=TEXT)
        film.scene.hold(4 * TEXT)


def at_level(film: TrainingMemoryFilm, text: str) -> Word:
    """LSE on the axis of the scores, upon its level: what is beneath belongs to the next mark."""
    level = film.bars_of.level
    return Word(text, NAME, film.skin.stats, level.x1 + WING, level.center[1], "part")


def equal(film: TrainingMemoryFilm, text: str, figures: str) -> list[Word]:
    """What a weight is equal to, and beneath it the numbers of the key."""
    place = film.bars_of.place
    return [
        fitted_in(place, "way", [text], film.skin.ink, NUMBER), fitted_in(place, "figures", [figures], film.accent, NUMBER),
    ]  # fmt: skip


def measured(film: TrainingMemoryFilm) -> Word:
    """How far beneath LSE the key's score stands, large: at the left of the gap, or at its right where no room is."""
    bars, texts = film.bars_of, [f"S − LSE = {film.found.row.said['difference']}", film.found.row.said["difference"]]
    top = bars.top
    text = first_that_fits(texts, NUMBER, top.x0 - 2 * WING - bars.plot.x0, Face.STRONG)
    label = Word(text, NUMBER, film.skin.ink, 0.0, 0.0, "part")
    left = top.x0 - 2 * WING - label.wide
    return label.put_at(left if left >= bars.plot.x0 else top.x1 + 2 * WING, bars.level.y0 - PAD - em(NUMBER) * CAPITAL)


@beat("weights")
def weights(film: TrainingMemoryFilm) -> None:
    """A key's share of the sum is exp of how far beneath LSE its score stands; so the bars of scores become bars of weights."""
    bars, said = film.bars_of, film.found.row.said
    top, weight = bars.top, f"P = {said['weight']}"
    x, half = top.center[0], LINE / 2
    film.gap.display(
        np.array([(x - half, top.y1, x + half, top.y0), *((x - WING, y - half, x + WING, y + half) for y in (top.y0, top.y1))])
    )
    off = measured(film)
    shares = equal(film, "P = exp(S) / sum", f"{said['term']} / {said['sum']} = {said['weight']}")
    result = equal(film, "P = exp(S) / exp(LSE) = exp(S − LSE)", f"exp({said['score']} − {said['LSE']}) = {said['weight']}")
    under = bars.level.left(film.words["LSE name"].wide)

    def shrinks(share: float) -> None:
        film.level.display(edges([bars.level.toward(under, share)]))

    with film.scene.telling():
        film.move(*film.leave("what"), FadeIn(*shares), seconds=TEXT)
        film.scene.hold(5 * TEXT)
        film.move(FadeOut(*shares), *film.leave("term", "sum"), FadeOut(film.terms, film.part), seconds=TEXT)
        back, pale = StepBack([film.bars, film.words["LSE name"]], DIM), StepBack([film.axes["S"]], DIM)
        film.move(back, pale, stays(film.key), FadeIn(film.gap, off), seconds=TEXT)
        film.scene.hold(2 * TEXT)
        film.move(FadeIn(*result), seconds=TEXT)
        film.scene.hold(6 * TEXT)
        film.words |= {"way": result[0], "figures": result[1]}
        film.move(step_forth(back), stays(film.key), FadeOut(film.gap, off, film.axes["S"]), *film.leave("mark", "level"), seconds=TEXT)
        shrinking = Shows(film.level, shrinks, rate_func=ease_in_out_cubic)
        film.move(turned(film, bars.scores, bars.weights), shrinking, FadeIn(film.axes["P"], rate_func=last), seconds=TURN)
        film.words["mark"] = at_top(film, [f"weight {weight}", weight], bars.weights)
        film.move(FadeIn(film.words["mark"]), seconds=TEXT)
        film.scene.hold(2 * TEXT)


# ---------------------------------------------------------------------------------------------------------- what is kept


@beat("keep")
def keep(film: TrainingMemoryFilm) -> None:
    """The row goes to its place in P, its LSE to its place along it; every row keeps its LSE, which is counted."""
    bars = film.bars_of
    film.display(n=LENGTHS[0], room=1.0)
    line, piece = film.line_of(film.view), film.line_of(film.around["LSE"])
    under, start, end = bars.level.left(film.words["LSE name"].wide), bars.weights, flat_row(line, len(bars.row.scores))

    def comes(share: float) -> None:
        film.bars.display(start + (end - start) * share)
        film.level.display(edges([under.toward(piece, share)]))

    lying = [part for name in SHARED for part in (film.strips[name], film.letters[name])]
    leaving = film.leave()
    film.words["absent"] = inside([NOT_KEPT], film.skin.ink, film.view, NAME)
    title = film.says("title", FLASH, px=NUMBER, rate_func=late)
    numbers = FadeIn(film.words["absent"], film.count, film.rest, film.note, rate_func=late)
    around = FadeIn(film.hollow, *lying, film.letters["LSE"])
    with film.scene.telling():
        film.move(*leaving, FadeOut(film.axes["P"], film.key), seconds=TEXT)
        film.scene.remove(film.bars, film.level)
        coming = Shows(Group(film.bars, film.level), comes, rate_func=ease_in_out_cubic)
        film.move(coming, around, numbers, title, seconds=COMES)
        film.scene.add(film.strips["LSE"])
        film.goes([film.strips["LSE"]], seconds=SWEEP, lse=1.0)
        film.move(FadeIn(film.bytes["flash"], film.how["flash"], film.each["flash"]), seconds=TEXT)
        film.scene.hold(3 * TEXT)
    film.scene.remove(film.level)


# -------------------------------------------------------------------------------------------------------------- one tile


@beat("tile")
def tile(film: TrainingMemoryFilm) -> None:
    """One tile of the empty place is seen large: Q and K make its scores, and LSE its weights."""
    skin, found, side = film.skin, film.found, "flash"
    numbers = FadeOut(film.bars, film.count, film.rest, film.note, film.bytes[side], film.how[side], film.each[side], rate_func=early)
    with film.scene.telling():
        leaving = [numbers, *film.leave(rate_func=early)]
        title = film.says("title", "One tile of P again", px=NUMBER, rate_func=late)
        formula = film.says("S name", "S = Q Kᵀ / √d", color=skin.scores, px=ONE_NUMBER, rate_func=late)
        parts = [*film.strips.values(), *(film.used[name] for name in ("Q", "K", "LSE")), film.guides, film.lens]
        film.goes(parts, *leaving, FadeIn(film.frame, rate_func=early), title, formula, seconds=NEAR, near=1.0, lit=1.0)
        cell = film.large
        made_s = film.matrix("S", found.tile.s, cell)
        again = film.says("price", "computed a second time", "a second time")
        film.move(Columns(made_s), again, seconds=PRODUCT)
        film.made = made = film.matrix("P", shade(found.tile.p, found.tile.largest), cell)
        result = film.says("P name", "P = exp(S − LSE)", color=skin.scores, px=ONE_NUMBER)
        film.move(Shows(made, lambda share: reveal(made, share)), result, seconds=ROWS)
    film.scene.remove(made_s)


class Gains:
    """dV: each key tile's is the brighter as a whole, by the root, the more row blocks have added to it."""

    def __init__(self, film: TrainingMemoryFilm) -> None:
        self.film = film
        self.sums = [Rectangles(film.skin.v, name=f"dV {column}") for column in range(film.blocks[1])]
        self.whole = outlines(film.skin.v, "dV")
        self.into = outlines(film.skin.ink, "block of dV", theme.HEAVY)
        self.parts = Group(*self.sums, self.whole, self.into)
        for column, part in enumerate(self.sums):
            part.display(edges([self.place(column)]))
        self.whole.display(edges([film.around["V"]]))
        self.display(0)

    def place(self, column: int) -> Rect:
        """Of a key tile's dV."""
        return self.film.block("V", self.film.span((0, column)))

    def display(self, count: int) -> None:
        """So many tiles, in their order, have been used; the block that they are added to is framed."""
        into = self.film.found.order[max(count - 1, 0)][1]
        self.into.display(edges([self.place(into).inset(-LINE / 2)]))
        used = np.bincount([column for _, column in self.film.found.order[:count]], minlength=self.film.blocks[1])
        for part, share in zip(self.sums, used / self.film.blocks[0], strict=True):
            part.set_fill(opacity=float(np.sqrt(share)))


class Product:
    """A tile of P, turned, beside its rows of dO, both as large as the place of P has room for; the tile flips about its diagonal."""

    def __init__(self, film: TrainingMemoryFilm, index: int) -> None:
        self.film, self.span = film, film.span(film.found.order[index])
        self.into = film.gains.place(film.found.order[index][1])
        cell, rows = film.cell_of(self.span), film.block("O", self.span)
        wide, high = cell.height + rows.width, max(cell.width, cell.height)  # of P turned and of dO
        room = film.view.inset(BESIDE).below(em(NAME) + PAD)
        scale = min((room.width - BESIDE) / wide, room.height / high)
        x, y = room.center[0] - (scale * wide + BESIDE) / 2, room.y0 + scale * high
        self.turned = Rect(x, y - scale * cell.width, x + scale * cell.height, y)
        left = self.turned.x1 + BESIDE
        self.beside = Rect(left, y - scale * rows.height, left + scale * rows.width, y)
        self.rows = Rectangles(film.skin.o, name="dO of the tile")
        self.start = rows

    def names(self) -> tuple[Named, Named]:
        """Over both."""
        skin = self.film.skin
        both = ("Pᵀ", skin.ink, self.turned), ("dO", skin.o, self.beside)
        first, second = (transposed(text, NAME, color, rect.x0, rect.y1 + PAD, "part") for text, color, rect in both)
        return first, second

    def turns(self, tile: Matrix, start: Rect) -> Shows:
        """What is a row becomes a column."""
        begin, end = image_corners(start), image_corners(self.turned)[FLIPPED]
        return Shows(tile, lambda share: cornered(tile, begin + (end - begin) * share), rate_func=ease_in_out_cubic)

    def comes(self) -> Shows:
        """The rows of dO."""
        rows, start, end = self.rows, self.start, self.beside
        return Shows(rows, lambda share: rows.display(edges([start.toward(end, share)])), rate_func=ease_in_out_cubic)

    def adds(self, tile: Matrix) -> Shows:
        """Both go into dV of the tile's keys."""
        into = self.into

        def show(share: float) -> None:
            cornered(tile, image_corners(self.turned.toward(into, share))[FLIPPED])
            self.rows.display(edges([self.beside.toward(into, share)]))

        return Shows(Group(self.rows, tile), show, rate_func=ease_in_out_cubic)


def cornered(tile: Matrix, corners: np.ndarray) -> None:
    """A picture and its frame between these corners [4, 3]: the upper two from the left, then the lower two."""
    tile.image.points = corners
    tile.frame.set_points_as_corners(corners[OUTLINE])


@beat("back")
def back(film: TrainingMemoryFilm) -> None:
    """dO comes; the tile turns, meets its rows of dO and is added with them to dV of its keys; so is the next one, and then all others."""
    skin, film.gains, gradient = film.skin, Gains(film), film.used["dO"]
    o, block = film.around["O"], film.block("O", film.regions["tile"])

    def comes(share: float) -> None:
        film.gradient.display(edges([o.top(o.height * share)]))
        gradient.display(edges([block.top(min(block.height, o.height * share))]))

    with film.scene.telling():
        leaving = FadeOut(*(part for name in ("V", "O") for part in (film.strips[name], film.letters[name])))
        made, start = film.made, film.large
        film.move(leaving, FadeOut(film.guides, film.lens), *film.leave("title", "S name", "price", "P name"), seconds=TEXT)
        for name in ("V", "O"):
            letter = film.letters[name]
            film.words[f"d{name}"] = Word(f"d{name}", NAME, skin.hue(name), letter.left, letter.baseline, "part")
        titles = [
            film.says("title", "V's gradient dV", color=skin.v, px=NUMBER), film.says("S name", "dV += Pᵀ dO", color=skin.v, px=ONE_NUMBER),
            film.says("price", "dO: O's gradient", color=skin.o),
        ]  # fmt: skip
        letters = FadeIn(film.words["dV"], film.words["dO"], film.gains.parts)
        film.move(Shows(Group(film.gradient, gradient), comes, rate_func=ease_in_out_cubic), letters, *titles, seconds=SWEEP)
        product = Product(film, 0)
        names = product.names()
        film.move(product.turns(made, start), FadeIn(names[0], rate_func=last), seconds=MOVE)
        film.move(product.comes(), FadeIn(names[1], rate_func=last), seconds=MEETS)
        film.scene.hold(TEXT)
        added(film, product, made, 1)
        if len(film.found.order) > 1:
            again(film, 1)
        walks(film, names)


def again(film: TrainingMemoryFilm, index: int) -> None:
    """The next tile, in the same way."""
    span = film.span(film.found.order[index])
    cell, product = film.cell_of(span), Product(film, index)
    film.light(span)
    made = film.matrix("P", film.weights_of(span), cell)
    film.move(FadeIn(made), seconds=TEXT)
    film.move(product.turns(made, cell), product.comes(), seconds=MOVE)
    added(film, product, made, index + 1)


def added(film: TrainingMemoryFilm, product: Product, made: Matrix, count: int) -> None:
    """A tile and its rows go into dV, which has one tile more, and are dropped."""
    film.move(product.adds(made), seconds=MEETS)
    film.gains.display(count)
    film.scene.remove(made, product.rows)
    film.scene.hold(TEXT)


def walks(film: TrainingMemoryFilm, names: Sequence[Mobject]) -> None:
    """One tile after another is made and used, column by column, in the grid of all."""
    order, done = film.found.order, min(2, len(film.found.order))
    walking, (rows, columns) = film.p_picture("tile of P"), film.blocks
    film.tiles.display(edges([film.cell_of(film.span((i, j))) for i in range(rows) for j in range(columns)]))

    def walk(share: float) -> None:
        at = min(done + int(share * (len(order) - done)), len(order) - 1)
        film.gains.display(at if share < 1 else len(order))
        walking.display(film.view, film.cell_of(film.span(order[at])))
        film.light(film.span(order[at]))

    count = film.says("P name", f"{rows} × {columns} tiles, one by one", f"{rows} × {columns} tiles", px=NUMBER)
    film.move(FadeOut(*names), FadeIn(film.tiles), count, seconds=TEXT)
    film.move(Shows(Group(walking, *film.used.values(), film.gains.parts, film.frame), walk, rate_func=hastens), seconds=WALK)
    film.scene.remove(walking, film.frame)


# ---------------------------------------------------------------------------------------------------------------- the idea


@beat("idea")
def idea(film: TrainingMemoryFilm) -> None:
    """At the longest N, all that either keeps, areas as bytes: Q, K, V and O with P, and with LSE along the place of P, made again."""
    skin, ends, n = film.skin, film.ends, LENGTHS[-1]
    words = {side: [fitted_in(ends, f"{side} name", [TITLES[side], SHORT[side]], skin.ink), *total(film, side)] for side in KEPT}
    again = inside(AGAIN, skin.ink, film.end("flash"), NAME)
    with film.scene.telling():
        used = [*film.used.values(), film.gradient, film.gains.parts, film.tiles]
        film.count.at(ends["n"])
        leaving = FadeOut(*used, *(film.letters[name] for name in ("Q", "K")))
        film.move(*film.leave(), leaving, FadeIn(*(film.strips[name] for name in ("V", "O"))), seconds=TEXT)
        aside = [film.hollow, *film.strips.values(), film.letters["LSE"]]
        film.goes(aside, FadeIn(film.count, rate_func=last), seconds=PARTS, n=n, split=1.0, lit=0.0)
        film.move(FadeIn(*words["flash"], again), seconds=TEXT)
        film.goes([film.kept], FadeIn(*film.shared.values(), rate_func=early), seconds=FILLS, rows=1.0)
        film.move(FadeIn(*words["standard"]), seconds=TEXT)
        film.scene.hold(STANDS)


def total(film: TrainingMemoryFilm, side: str) -> list[Word]:
    """What a side keeps at the longest N, and the parts that it is the sum of."""
    skin, found, ends, kept = film.skin, film.found, film.ends, KEPT[side]
    own, both = found.bytes_of(kept, LENGTHS[-1]), sum(found.bytes_of(name, LENGTHS[-1]) for name in SHARED)
    whole, *parts = (counted(nbytes) for nbytes in (own + both, own, both))
    unit = whole[whole.index(" ") :]
    if all(part.endswith(unit) for part in parts):  # said once, of the sum
        parts = [part.removesuffix(unit) for part in parts]
    texts = [f"{kept} {parts[0]}", "+", *SHARED, parts[1]]
    colors = [skin.hue(kept), skin.ink, *(skin.hue(name) for name in SHARED), skin.ink]
    return [fitted_in(ends, f"{side} bytes", [whole], skin.ink, ONE_NUMBER), *worded(ends[f"{side} how"], texts, NAME, colors, "part")]
