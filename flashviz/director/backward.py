"""The backward pass: of dO come dQ, dK and dV, line by line of a list, on one tile; and dQ, to which all programs add."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from manim import Group, Mobject
from manim.utils.rate_functions import ease_in_out_cubic, ease_out_cubic

from flashviz import palette, theme
from flashviz.chapters import backward
from flashviz.chapters.backward import Backward, Given, added, gather
from flashviz.director.film.parts import LOAD, Columns, fitting, heading, matrix_to, put, reveal
from flashviz.director.material import provenance
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, StepBack, beat, step_forth
from flashviz.director.words import LABEL, NAME, NUMBER, ONE_NUMBER, Word, first_that_fits, fitted, line_width, middle, slid, word, worded
from flashviz.director.worklist import Worklist
from flashviz.figures import number
from flashviz.layout import Rect, Shot, columns
from flashviz.layout.backward import Bands, Grid, magnified
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.areas import Areas
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, early, late, moved
from flashviz.mobjects.named import Named
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.tile_walk import COLUMN_INPUTS, OWN, ROW_INPUTS, Walk
from flashviz.mobjects.tiles import Matrix, Rectangles, Signed, edges, flat_row, line_of, outlines, span
from flashviz.palette import spread, weight_spread

CALM = 1.3  # seconds of the first picture
PRODUCT, ROWS, SUM = 0.7, 0.8, 1.0  # seconds: of a product, of a tile's rows, of a tile's part of a gradient
TERM, FALL, REST = 0.45, 0.8, 0.5  # seconds: of a row that is weighed, until all are one sum, of all other columns
JOIN = 1.2  # seconds in which bars of other tiles come beside a tile's
RAISE, GATHER, LEVEL, PARTS = 0.9, 1.4, 1.0, 0.8  # seconds: a weight is raised, all lose a part, until all are level, until they are apart
ALONE, ALL, MEET = 1.2, 1.4, 1.8  # seconds: of one program, of all others at once, of two parts on their way to one dQ
LOOK = 1.3  # seconds that what is to be read stands
BANDS, ON_THEIR_WAY = 8, 2.0  # parts in which a tile's sum is carried, and how many of them are on their way
LSE = ["LSE: one a query, log Σ exp(S)", "LSE: log Σ exp(S)"]
SLOPE = ["how the loss changes with O", "the loss's slope at O", "slope at O"]
RULES = {  # what is made, in its order
    "S": "S = Q Kᵀ / √d", "P": "P = exp(S − LSE)", "dV": "dV = Pᵀ dO", "dP": "dP = dO Vᵀ", "dS": "dS = P × (dP − D)",
    "dK": "dK = dSᵀ Q / √d", "dQ": "dQ = dS K / √d",
}  # fmt: skip
SOFTMAX = "P", "dS"  # softmax's two steps: no products of matrices
WANTED = {"dv": "dV", "dk": "dK", "dq": "dQ"}
WHOSE = {  # of each gradient: who adds to it
    "dV": ["added up by one program", "by one program"], "dK": ["added up by one program", "by one program"],
    "dQ": ["added up by all programs", "by all programs"],
}  # fmt: skip
HASTE = 1.5  # power of the time by which bands set out: the first ones slowly
LINE = em(6)  # under digits that differ, and about what is framed
SIGNED = "dD"  # with what the name of a picture begins whose zero is the middle of its ramp
SCORES = "S", "dP", "dS"  # pictures whose zero is the ground: one hue above it, another one under it
PATCH = em(24)  # of a hue in a key
ENTRY = em(22)  # of a number that is pointed at
TURN = 0.5  # seconds in which a symbol goes to the next line
V_IS = ["v: a key's row of V", "v: a row of V"]
O_IS = ["O already holds the sum over all keys", "O holds the sum over keys", "O holds the sum"]
RATE = ["dS: how fast the loss rises with a score", "dS: the loss's slope at a score", "dS: slope at a score"]
SIDES = "first", "last"  # one order of the two who are last, and the other
STEPS = [  # lines of a sum
    ["dQ so far"], ["the first adds", "first adds"], ["sum, rounded", "rounded"], ["the second adds", "then adds"],
    ["sum, rounded", "rounded"], ["exact sum", "exact"],
]  # fmt: skip
ONE_OF = ["dQ: one number of it", "one number of dQ", "dQ"]
BOTH = ["both are right, up to the last digit: float32 rounds each sum", "both right: each sum is rounded"]
SLOTS = {  # where each of the tile's pictures stands
    "q": "rows", "do": "rows", "k": "keys", "v": "keys", "s": "tile", "p": "tile", "dp": "tile", "ds": "tile", "lse": "stats", "d": "stats",
}  # fmt: skip


class BackwardStage(ShotScene):
    """The scene that the tile is taken back on."""

    script = backward.BEATS

    def open(self, run: Callable[..., Any], given: Given) -> BackwardFilm:
        """Record both passes.

        Args:
            run: ``flashviz_kernels.recorder.run``.
            given: ``flashviz_kernels.differentiating.inputs``.
        """
        found = gather(self.settings.config, self.settings.source, run, given)
        self.provenance = [provenance(trace) for trace in (found.forward.trace, found.trace)]
        self.set_board(found.beats, found.said)
        return BackwardFilm(self, found)


class BackwardFilm(ChapterFilm):
    """Everything on stage, made here once. ``tiles`` and ``words``: what stands there now, by the parts of the shot."""

    walk: Walk
    areas: Areas

    def __init__(self, scene: ShotScene, found: Backward) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.tiles: dict[str, Matrix] = {}
        self.away: dict[str, Matrix] = {}  # outside the frame
        self.words: dict[str, Mobject] = {}
        self.kept_words: dict[str, Mobject] = {}  # of the tile, while one of its rows is looked at

    def matrix(self, tensor: str, values: np.ndarray, rect: Rect, scale: np.ndarray | None = None) -> Matrix:
        """A picture of values on the ramp of its tensor, which reaches over all of ``scale`` where that is given.

        S, P, gradients, and D are drawn by the root of their size with its sign, so that what is small is seen. Zero is the ramp's middle,
        but for weights: theirs reaches from 0, since none is below, to where all but a few are; and for S, dP and dS, whose zero is the
        ground, with a hue on either side of it.
        """
        ramp = values if scale is None else scale
        if tensor == "P":
            return Matrix(roots(values), rect, self.skin, tensor, *weight_spread(roots(ramp)))
        if tensor in SCORES:
            return Signed(roots(values), rect, self.skin, tensor, weight_spread(np.abs(roots(ramp)))[1])
        if tensor[0] in SIGNED:
            end = spread(np.abs(roots(ramp)))[1]
            return Matrix(roots(values), rect, self.skin, tensor, -end, end)
        return Matrix(values, rect, self.skin, tensor, *spread(ramp))

    def name(self, part: str, text: str, color: str) -> FadeIn:
        """A word at the left of a part of the shot; it stands until it is left."""
        return self.fitted(part, [text], color)

    @property
    def place(self) -> Shot:
        """The shot of the beat that is played."""
        assert self.scene.beat is not None
        return self.scene.shot(self.scene.beat.shot)

    def said_in(self, part: str, texts: Sequence[tuple[str, str]]) -> FadeIn:
        """Words of several hues in a part of the shot."""
        self.words[part] = Group(*worded(self.place[part], [text for text, _ in texts], NUMBER, [hue for _, hue in texts], part))
        return FadeIn(self.words[part])

    def fitted(self, part: str, texts: Sequence[str], color: str, px: float = NAME) -> FadeIn:
        """The first of these that fits there."""
        self.words[part] = fitted(texts, px, color, self.place[part], part)
        return FadeIn(self.words[part])

    def leave(self, *parts: str) -> list[FadeOut]:
        """Words of these parts, of all where none is named."""
        return [FadeOut(self.words.pop(part)) for part in parts or tuple(self.words)]

    def whole(self, tensor: str) -> np.ndarray:
        """Q, O and LSE of the followed head, a query a row; K, a key a column."""
        values = self.found.all_of(tensor)
        return values.T if tensor == "K" else finite(values) if tensor == "LSE" else values

    def own(self, tensor: str) -> np.ndarray:
        """The followed tile's rows of Q and LSE, and its keys."""
        if tensor == "K":
            return self.found.keys_of("K", self.found.key_tile).T
        values = self.found.rows_of(tensor, self.found.row_block)
        return finite(values) if tensor == "LSE" else values

    def slot(self, part: str) -> Rect:
        """Where a part of the tile stands: operands take turns in one place."""
        return self.place[SLOTS.get(part, part)]

    def called(self, part: str, text: str) -> FadeIn:
        """The name of what stands there now."""
        return self.name(f"{SLOTS.get(part, part)} name", text, self.skin.hue(text))

    def arrive(self, part: str, tensor: str, values: np.ndarray) -> Shows:
        """A tile comes over the nearest edge of the frame to its part of the shot."""
        start = self.outside(self.slot(part))
        self.tiles[part] = tile = self.matrix(tensor, values, start)
        return matrix_to(tile, self.slot(part), start, introducer=True)

    def depart(self, part: str) -> Shows:
        """It leaves over the same edge."""
        self.away[part] = tile = self.tiles.pop(part)
        return matrix_to(tile, self.outside(tile.rect), remover=True)

    def back(self, part: str) -> Shows:
        """What has left comes again."""
        self.tiles[part] = tile = self.away.pop(part)
        return matrix_to(tile, self.slot(part), introducer=True)

    def outside(self, rect: Rect) -> Rect:
        """Just past the frame's nearest edge, but its lower one, where the caption stands."""
        whole = self.scene.frame
        ways = (whole.x0 - rect.x1, 0.0), (whole.x1 - rect.x0, 0.0), (0.0, whole.y1 - rect.y0)
        return rect.shifted(*min(ways, key=lambda way: abs(sum(way))))

    def made(self, part: str, tensor: str, values: np.ndarray) -> Columns:
        """A product fills its part of the shot, column by column."""
        self.tiles[part] = tile = self.matrix(tensor, values, self.slot(part))
        self.scene.add(tile)
        return Columns(tile)

    def list_of(self, part: str, px: float) -> Worklist:
        """All that is made, in a part of the shot: products have their number, softmax's two steps have none."""
        counts = {tensor: f"{at}" for at, tensor in enumerate((each for each in RULES if each not in SOFTMAX), 1)}
        lines = [(counts.get(tensor, ""), rule, self.skin.hue(tensor)) for tensor, rule in RULES.items()]
        self.words["list"] = made = Worklist(lines, self.place[part], px, self.skin)
        return made

    def making(self, tensor: str) -> Shows:
        """The list comes to what is made now; to its end, where that is nothing."""
        steps = self.words["list"]
        assert isinstance(steps, Worklist)
        return steps.go([*RULES, ""].index(tensor))

    def want(self, part: str, home: Rect) -> Rectangles:
        """The outline of a gradient that is not there yet."""
        self.words[f"{part} wanted"] = drawn = outlines(self.skin.hue(WANTED[part]), f"wanted {WANTED[part]}").display(edges([home]))
        return drawn


def roots(values: np.ndarray) -> np.ndarray:
    """The root of each number's size, with its sign; of a score that is masked, nothing."""
    seen = np.where(np.isfinite(values), values, np.nan)
    return np.asarray(np.sign(seen) * np.sqrt(np.abs(seen)))


def finite(values: np.ndarray) -> np.ndarray:
    """[n, 1] numbers of rows; of a row that sees no key, nothing."""
    return np.where(np.isfinite(values), values, np.nan)[:, None]


# ------------------------------------------------------------------------------------------------------------- what was kept


@beat("kept")
def kept(film: BackwardFilm) -> None:
    """What the loss gives, dO, and what is wanted, dQ, dK and dV; P is not kept, O and one number a query are. Then one tile is framed."""
    place, skin, found = film.place, film.skin, film.found
    grid = Grid(place["grid"], found.config.row_blocks, found.config.col_blocks)
    for part, tensor in (("q", "Q"), ("do", "dO"), ("k", "K"), ("v", "V"), ("o", "O"), ("lse", "LSE")):
        film.tiles[part] = film.matrix(tensor, film.whole(tensor), place[part])
        film.tiles[part].tag = f"all {tensor}"
        film.name(f"{part} name", tensor, skin.hue(tensor))
    for part, tensor in WANTED.items():
        film.want(part, place[part])
        film.name(f"{part} name", tensor, skin.hue(tensor))
    film.said_in("given", [("given:", skin.ink), ("dO", skin.o)])
    film.fitted("slope", SLOPE, skin.o, LABEL)
    film.said_in("wanted", [("wanted:", skin.ink), ("dQ", skin.q), ("dK", skin.k), ("dV", skin.v)])
    film.scene.add(*film.tiles.values(), *film.words.values())
    film.words["lines"] = outlines(skin.quiet, "cells", theme.HAIRLINE).display(grid.cells)
    film.words["frames"] = frames = outlines(skin.ink, "frames", theme.HEAVY)
    frames.display(edges([home for part, home in framed(film).items() if part not in WANTED]))
    film.scene.add(film.words["lines"])
    with film.scene.telling():
        film.scene.hold(CALM)
        left = film.said_in("p note", [("not kept:", skin.ink), ("P", skin.scores)])
        kept_ones = film.said_in("lse note", [("kept:", skin.ink), ("O", skin.o), ("LSE", skin.stats)])
        film.move(left, kept_ones, film.fitted("lse what", LSE, skin.stats, LABEL), seconds=TEXT)
        film.scene.hold(4 * TEXT)
        film.move(FadeIn(frames), seconds=TEXT)


def framed(film: BackwardFilm) -> dict[str, Rect]:
    """The followed tile in the grid, its rows in Q, LSE and dQ, and its keys in K, dK and dV."""
    found, place = film.found, film.scene.shot("kept")
    rows, count, (block, j) = found.config.row_blocks, found.config.col_blocks, (found.forward.chosen.program[0], found.key_tile)
    return {
        "p": Grid(place["grid"], rows, count).cell(block, j),
        **{part: Grid(place[part], rows, 1).cell(block, 0) for part in ("q", "lse", "dq")},
        **{part: Grid(place[part], 1, count).cell(0, j) for part in ("k", "dv", "dk")},
    }


# -------------------------------------------------------------------------------------------------------------- on one tile


@beat("again")
def again(film: BackwardFilm) -> None:
    """One tile grows out of the grid, with its rows' Q and LSE and its keys; Q and K make S of it again, and LSE makes P, row by row."""
    tile = film.found.followed
    with film.scene.telling():
        nearer(film)
        film.move(film.called("s", "S"), film.made("s", "S", tile.s), seconds=PRODUCT)
        scores = film.tiles.pop("s")
        film.tiles["p"] = weights = film.matrix("P", tile.p, film.slot("p"))
        film.move(*film.leave("tile name"), film.making("P"), seconds=2 * TEXT)
        film.move(film.called("p", "P"), row_by_row(film, weights, (film.slot("p"), film.slot("lse"))), seconds=ROWS)
        film.scene.remove(scores)


def nearer(film: BackwardFilm) -> None:
    """The framed tile grows to its place, and so do its parts of Q, K, LSE and what is wanted, with their names; all else leaves."""
    place, found = film.place, film.found
    kept_parts = "q", "k", "lse", *WANTED
    named = {SLOTS.get(part, part): film.words.pop(f"{part} name") for part in kept_parts}
    lines, frames = film.words.pop("lines"), film.words.pop("frames")
    film.move(*film.leave(), seconds=TEXT)
    going = [called(film, f"{part} name", each) for part, each in named.items()]
    homes, whole = framed(film), film.scene.shot("kept")["grid"]
    gone, film.tiles = film.tiles, {}
    for part, tensor in (("q", "Q"), ("k", "K"), ("lse", "LSE")):
        film.tiles[part] = film.matrix(tensor, film.own(tensor), homes[part], film.whole(tensor))
    large = Grid(magnified(whole, homes["p"], film.slot("p")), found.config.row_blocks, found.config.col_blocks)
    wanted = {part: film.want(part, homes[part]) for part in WANTED}

    def grow(share: float) -> None:
        cells = replace(large, rect=whole.toward(large.rect, share)).cells
        lines.display(cells[cells[:, 1] > place["caption"].y1]).set_stroke(opacity=1 - early(share))
        frames.display(edges([homes[part].toward(film.slot(part), share) for part in ("p", *film.tiles)]))
        for part, outline in wanted.items():
            outline.display(edges([homes[part].toward(place[part], share)]))

    film.scene.add(*film.tiles.values(), frames, *wanted.values())
    grown = [matrix_to(each, film.slot(part)) for part, each in film.tiles.items()]
    steps = film.list_of("list", NAME)
    film.move(
        Shows(Group(lines, frames, *wanted.values()), grow, rate_func=ease_in_out_cubic), *grown,
        FadeOut(*gone.values(), rate_func=early), *going, FadeIn(steps, rate_func=late), seconds=MOVE,
    )  # fmt: skip
    film.scene.remove(lines, frames)


def called(film: BackwardFilm, part: str, name: Mobject) -> Shows:
    """A name goes along with what it names, to its part of the shot."""
    assert isinstance(name, Word)
    film.words[part], slot = name, film.place[part]
    return slid(name, slot.x0, middle(slot, name.px))


def row_by_row(film: BackwardFilm, made: Matrix, *used: tuple[Rect, Rect]) -> Shows:
    """A picture fills from its top; frames are about the row that is made, and what it is made of, each from one place to another."""
    count = len(made.values)
    frame = outlines(film.skin.ink, "row")

    def show(share: float) -> None:
        at = int(share * count)
        lines = [(line_of(first, count, at), last) for first, last in used] if at < count else []
        frame.display(edges([replace(line, x1=last.x1).inset(-LINE) for line, last in lines]))
        reveal(made, share)

    show(0.0)
    film.scene.add(made, frame)
    return Shows(Group(made, frame), show)


@beat("dv")
def dv(film: BackwardFilm) -> None:
    """dO comes in Q's place. One column of P weighs its rows, three slowly and then all others, into dV of one key; then all columns."""
    found, skin, place = film.found, film.skin, film.place
    values = found.gained(found.row_block)[1].T
    with film.scene.telling():
        gone = film.leave("rows name", "keys name", "stats name")
        film.move(*gone, FadeOut(film.tiles.pop("lse")), seconds=TEXT / 2)
        coming = film.depart("q"), film.depart("k"), film.arrive("do", "dO", found.rows_of("dO", found.row_block))
        film.move(*coming, film.called("do", "dO"), film.making("dV"), seconds=MOVE)
        column = Bands(film.slot("p"), len(values[0]), 1).of(found.key)
        frame = outlines(skin.ink, "column", theme.HEAVY).display(edges([column.inset(-LINE)]))
        film.move(FadeIn(frame), seconds=TEXT / 2)
        one = weighed(film)
        home = Bands(place["dv"], len(values[0]), 1).of(found.key)

        def turn(share: float) -> None:
            across, down = (place["sum"].toward(home, ease_in_out_cubic(pace(share))) for pace in (early, late))
            put(one, Rect(across.x0, down.y0, across.x1, down.y1))
            one.display(roots(values[:, found.key][None] if share < 1 / 2 else values[:, found.key][:, None]))

        written = [part for part in film.words if part in ("others", "sum name")]
        film.move(Shows(one, turn), *film.leave(*written), seconds=PRODUCT)
        film.scene.remove(frame)
        carry(film, "dv", "dV", values, REST, film.slot("do"))
        film.scene.remove(one, film.words.pop("dv wanted"))


def weighed(film: BackwardFilm) -> Matrix:
    """Rows of dO in which one key weighs most come and are weighed, one after the other; they fall into one sum, and so do all others."""
    found, skin, place, do = film.found, film.skin, film.place, film.tiles["do"]
    (weights, terms), written, given = found.weighed, found.written, found.rows_of("dO", found.row_block)
    rows, pick = len(weights), outlines(skin.ink, "row")
    column, strips = Bands(film.slot("p"), len(found.followed.p[0]), 1).of(found.key), []
    queries = [(found.query(row), number(float(weights[row]))) for row in written]
    ways = ["P of query {}: {} ×", "query {}: {} ×", "{1} ×"]
    said = [[way.format(*each) for each in queries] for way in ways]
    room = place["weight 0"].width
    named = next((texts for texts in said if max(text_width(text, LABEL, Face.STRONG) for text in texts) <= room), said[-1])
    film.scene.add(pick)
    for at, row in enumerate(written):
        strips.append(film.matrix("dO", given[row][None], line_of(do.rect, rows, row), given))
        strips[-1].tag = "row of dO"
        pick.display(edges([line_of(rect, rows, row).inset(-LINE) for rect in (column, do.rect)]))
        told = word(named[at], LABEL, skin.scores, place[f"weight {at}"], "weight")
        film.words[f"weight {at}"] = told
        film.move(come_weighed(strips[-1], place[f"term {at}"], given[row], terms[row]), FadeIn(told, rate_func=late), seconds=TERM)
    film.scene.remove(pick)
    one = film.matrix("dV", np.full_like(given[:1], np.nan), place["sum"], terms.sum(0)[None])
    rest = [f"+ {rows - len(written)} more queries, each × its weight", f"+ {rows - len(written)} more queries"]
    film.scene.add(one)
    film.move(
        film.fitted("others", rest, skin.o),
        film.fitted("sum name", ["= this key's part of dV", "= its part of dV", "= its part"], skin.v),
        seconds=TEXT,
    )
    weights_gone = FadeOut(*(film.words.pop(f"weight {at}") for at in range(len(written))), rate_func=early)
    film.move(fall(film, one, strips), weights_gone, seconds=FALL)
    return one


def come_weighed(strip: Matrix, to: Rect, row: np.ndarray, term: np.ndarray) -> Shows:
    """A row grows to its place, and is made as faint as its weight."""
    start = strip.rect

    def show(share: float) -> None:
        put(strip, start.toward(to, ease_in_out_cubic(early(share))))
        strip.display(roots((row + (term - row) * late(share))[None]))

    return Shows(strip, show, introducer=True)


def fall(film: BackwardFilm, one: Matrix, strips: Sequence[Matrix]) -> Shows:
    """The rows that were written, then bands of all others, each times its weight, come into the sum, which is of all that have."""
    found, do = film.found, film.tiles["do"]
    terms, written, given = found.weighed[1], found.written, found.rows_of("dO", found.row_block)
    others = terms.copy()
    others[written] = 0.0
    lines = [line_of(do.rect, len(terms), row) for row in range(len(terms))]
    parts = [part for part in np.array_split(np.arange(len(terms)), BANDS) if len(part)]
    bands = [film.matrix("dO", others[part], Rect(do.rect.x0, lines[part[-1]].y0, do.rect.x1, lines[part[0]].y1), given) for part in parts]
    for band in bands:
        band.tag = "rows of dO"
    gains = [*terms[written], *(others[part].sum(0) for part in parts)]
    falling = [(each, each.rect) for each in (*strips, *bands)]
    film.scene.add(*bands)

    def show(share: float) -> None:
        ways = np.clip((share * (len(falling) + ON_THEIR_WAY) - np.arange(len(falling))) / ON_THEIR_WAY, 0.0, 1.0)
        for at, ((each, start), way) in enumerate(zip(falling, ways, strict=True)):
            put(each, start.toward(one.rect, ease_in_out_cubic(float(way))))
            reveal(each, float((at < len(strips) or way > 0) and way < 1))
        landed = [gain for gain, way in zip(gains, ways, strict=True) if way >= 1]
        one.display(roots(np.sum(landed, axis=0)[None]) if landed else np.full_like(given[:1], np.nan))

    show(0.0)
    return Shows(Group(one, *strips, *bands), show)


def carry(film: BackwardFilm, part: str, tensor: str, values: np.ndarray, seconds: float, *frames: Rect) -> None:
    """From band after band of the tile its sum goes into the place of the product: columns come down, rows go over."""
    place, source, across = film.place, film.slot("p"), 0 if part == "dq" else 1
    count = min(BANDS, values.shape[across])
    start, home = (Bands(rect, count, across) for rect in (source, place[part]))
    bands = [film.matrix(tensor, each, source, values) for each in np.array_split(values, count, across)]
    frame = outlines(film.skin.ink, "row", theme.HEAVY)

    def show(share: float) -> None:
        set_out = share**HASTE * (count + ON_THEIR_WAY)
        for at, band in enumerate(bands):
            way = float(np.clip((set_out - at) / ON_THEIR_WAY, 0.0, 1.0))
            put(band, start.of(at).toward(home.of(at), ease_in_out_cubic(way)))
            reveal(band, float(way > 0))
        at = int(set_out)
        frame.display(edges([rect.inset(-LINE) for rect in (start.of(at), *frames)] if at < count else []))

    show(0.0)
    film.scene.add(*bands, frame)
    film.move(Shows(Group(*bands, frame), show), seconds=seconds)
    film.scene.remove(*bands, frame)
    film.tiles[part] = film.matrix(tensor, values, place[part])
    film.scene.add(film.tiles[part])


@beat("upstream")
def upstream(film: BackwardFilm) -> None:
    """P steps aside, V comes in K's place; with dO it makes dP, the gradient of each weight."""
    found = film.found
    with film.scene.telling():
        film.move(film.arrive("v", "V", found.keys_of("V", found.key_tile).T), step_aside(film), seconds=MOVE)
        film.move(film.called("v", "V"), *key_of_signs(film), film.making("dP"), seconds=TEXT)
        film.move(film.called("dp", "dP"), film.made("dp", "dP", found.followed.dp), seconds=ROWS)


def step_aside(film: BackwardFilm) -> Shows:
    """P gets smaller, goes across and then up or down, under what it passes; its name goes up or down first, past the list."""
    weights, goal, name = film.tiles["p"], film.place["beside"], film.words.pop("tile name")
    assert isinstance(name, Word)
    start, film.words["beside name"], slot = weights.rect, name, film.place["beside name"]
    (x0, y0), (x1, y1) = (name.left, name.baseline), (slot.x0, middle(slot, name.px))

    def go(share: float) -> None:
        first, across, then = (ease_in_out_cubic(pace) for pace in (early(share), share, late(share)))
        size, x, y = start.toward(goal, first), start.toward(goal, across).x0, start.toward(goal, then).y0
        put(weights, Rect(x, y, x + size.width, y + size.height))
        name.put_at(x0 + (x1 - x0) * across, y0 + (y1 - y0) * first)

    return Shows(Group(weights, name), go)


def key_of_signs(film: BackwardFilm) -> list[FadeIn]:
    """The two hues of dP and dS."""
    made = []
    for part, text, hue in (("above", "> 0", film.skin.scores), ("under", "< 0", film.skin.below)):
        slot = film.place[part]
        patch = slot.left(PATCH).inset(0.0, (slot.height - PATCH) / 2)
        beside = slot.right(slot.width - 1.5 * PATCH)
        film.words[part] = Group(Rectangles(hue, name=part).display(edges([patch])), word(text, LABEL, film.skin.ink, beside, part))
        made.append(FadeIn(film.words[part]))
    return made


# ------------------------------------------------------------------------------------------------------------- on one query


@beat("row")
def row(film: BackwardFilm) -> None:
    """A query's row leaves P, and its weights become widths on a line; it leaves dP, whose numbers become the bars' heights.

    Bars of all other keys come beside them, from the left and from the right; of one bar width and height are written.
    """
    skin, found, place = film.skin, film.found, film.place
    rows, at = len(found.followed.p), found.row
    film.areas = areas = Areas(
        found.whole.p[at], found.whole.dp[at], float(found.followed.d[at]), found.own, found.own.start + found.key, place["plot"], skin
    )
    keys = len(found.followed.p[at])
    lines = {part: line_of(film.tiles[part].rect, rows, at) for part in ("p", "dp")}
    frames = {part: outlines(skin.ink, "row", theme.HEAVY).display(edges([line.inset(-LINE)])) for part, line in lines.items()}
    from_p, from_dp = (flat_row(lines[part], keys) for part in ("p", "dp"))
    bars, feet = areas.boxes(0.0, areas.values)[areas.chosen], Rectangles(skin.scores, name="weights", opacity=palette.LIT)
    flat = areas.boxes(0.0, 0.0)[areas.chosen]
    flat[:, 3] += LINE
    query, *told = keys_told(film, keys, len(areas.values) - keys)
    goal, (x, low, _, high) = (query.left, query.baseline), film.scene.shot("one tile")["query"].edges
    y = float(np.clip(lines["dp"].center[1], low + em(LABEL) / 2, high - em(LABEL) / 2))
    query.put_at(x, middle(Rect(x, y, x, y), query.px))
    with film.scene.telling():
        film.move(FadeIn(*frames.values(), query), seconds=TEXT)
        film.scene.hold(3 * TEXT)
        gone = FadeOut(frames["p"], *film.tiles.values(), *film.words.values(), rate_func=early)
        film.kept_words, film.words = film.words, {}
        areas.own.display(from_dp)
        film.scene.add(areas.own, frames["dp"])
        lifted = Shows(feet, lambda share: feet.display(from_p + (flat - from_p) * share), rate_func=ease_in_out_cubic, introducer=True)
        film.move(gone, lifted, slid(query, *goal), FadeIn(areas.axis), seconds=MOVE)
        raised = Shows(areas.own, lambda share: areas.own.display(from_dp + (bars - from_dp) * share), rate_func=ease_in_out_cubic)
        film.move(FadeOut(frames["dp"], rate_func=early), raised, FadeIn(told[0]), seconds=MOVE)
        film.scene.remove(feet, areas.own, areas.axis)
        areas.join(0.0, film.scene.frame)
        film.scene.add(areas)
        joined = Shows(areas, lambda share: areas.join(share, film.scene.frame), rate_func=ease_in_out_cubic)
        film.move(joined, *(FadeIn(each) for each in told[1:]), seconds=JOIN)
        film.move(FadeOut(query, *told), seconds=TEXT)
        film.words["zero"] = word("0", NAME, skin.quiet, beside(film, 0.0), "part")
        high_ones, wide_ones = measured(film)
        film.move(Shows(areas, areas.point), FadeIn(film.words["zero"], *axis(film), *high_ones), seconds=TEXT)
        film.scene.hold(TEXT)
        film.move(FadeIn(*wide_ones), seconds=TEXT)


def keys_told(film: BackwardFilm, here: int, others: int) -> list[Word]:
    """The query, how many keys its row has in the tile, and how many in all others, where there are any."""
    query, slot, tiles = f"query {film.found.said['query']}", film.place["height"], len(film.found.programs) - 1
    ways = [[query, f"· {here} keys of this tile", f"+ {others} of the {tiles} others"], [query, f"· {here} keys", f"+ {others} more"]]
    texts = next((way for way in ways if line_width(way, LABEL) <= slot.width), ways[-1])[: 3 if others else 2]
    return worded(slot, texts, LABEL, [film.skin.ink] * len(texts), "keys")


def axis(film: BackwardFilm) -> list[Mobject]:
    """At the right of the bars: what their height is."""
    level, skin, half = film.place["level"], film.skin, LINE / 4
    x = level.x0 - 2 * LINE
    film.words["axis"] = Rectangles(skin.quiet, name="axis").display(np.array([[x - half, level.y0, x + half, level.y1]]))
    film.words["axis name"] = word("height: dP", NAME, skin.ink, level.top(em(NAME)), "axis name")
    return [film.words["axis"], film.words["axis name"]]


def measured(film: BackwardFilm) -> tuple[list[Mobject], list[Mobject]]:
    """One bar's height, over it; and its width, under it, with that of all bars together."""
    areas, skin, place, said = film.areas, film.skin, film.place, film.found.said
    left, right = areas.left[areas.at], areas.right[areas.at]
    x, y, top = (left + right) / 2, areas.zero - 3 * LINE, areas.level_of(areas.values[areas.at])
    rise = [x - LINE / 3, top, x + LINE / 3, place["height"].y0]
    film.words["rise"] = Rectangles(skin.ink, name="measure").display(np.array([rise]))
    film.words["measures"] = Rectangles(skin.ink, name="measure").display(span(left, right, y, LINE / 3, LINE))
    under = Rect(areas.plot.x0, y - em(NAME) - 2 * LINE, areas.plot.x1, y - 2 * LINE)
    for part, text, rect in (("high", f"dP = {said['gradient']}", place["height"]), ("wide", f"P = {said['weight']}", under)):
        film.words[part] = at_key(film, [text], rect, part)
    full, line = place["width"], place["width"].y1 - LINE
    film.words["all"] = Rectangles(skin.ink, name="measure").display(span(full.x0, full.x1, line, LINE / 3, LINE))
    told = [f"width: P, of all {len(areas.values)} keys together 1", "width: P, together 1"]
    film.words["width"] = fitted(told, NAME, skin.ink, full.below(4 * LINE), "width")
    return [film.words[part] for part in ("rise", "high")], [film.words[part] for part in ("measures", "wide", "all", "width")]


def at_key(film: BackwardFilm, texts: Sequence[str], rect: Rect, name: str) -> Word:
    """Words over or under the bar that is looked at: the first that is no wider than all bars."""
    areas = film.areas
    text, x = first_that_fits(texts, NAME, areas.plot.width, Face.STRONG), (areas.left[areas.at] + areas.right[areas.at]) / 2
    wide = text_width(text, NAME, Face.STRONG)
    start = float(np.clip(x - wide / 2, areas.plot.x0, areas.plot.x1 - wide))
    return word(text, NAME, film.skin.ink, Rect(start, rect.y0, start + wide, rect.y1), name)


@beat("raise")
def raised(film: BackwardFilm) -> None:
    """One score is raised: the bar of its weight gains a piece, and all together are more than 1.

    So each loses the same share of itself: these slivers leave all bars and come before that piece, as wide as it; the gaps close.
    """
    areas = film.areas
    film.words["law"] = Group(*law(film))
    with film.scene.telling():
        film.move(*film.leave("measures", "rise", "wide", "high"), seconds=TEXT)
        told(film, ["its score is raised: it gains weight, P", "it gains weight, P"])
        film.move(Shows(areas, areas.widen, rate_func=ease_in_out_cubic), seconds=RAISE)
        film.move(FadeIn(*film.words["law"][:2]), seconds=TEXT)
        film.scene.hold(TEXT)
        film.move(*film.leave("height"), seconds=TEXT / 2)
        told(film, ["so each loses the same share, P in all", "each loses a share"], Shows(areas, areas.mark))
        film.scene.hold(2 * TEXT)
        film.move(Shows(areas, areas.gather, rate_func=ease_in_out_cubic), seconds=GATHER)
        film.move(Shows(areas, areas.close, rate_func=ease_in_out_cubic), seconds=PRODUCT)


def told(film: BackwardFilm, texts: Sequence[str], *along: Shows) -> None:
    """Words come over the bar that is looked at."""
    film.words["height"] = at_key(film, texts, film.place["height"], "height")
    film.move(FadeIn(film.words["height"]), *along, seconds=2 * TEXT if along else TEXT)


def law(film: BackwardFilm) -> list[Word]:
    """What the raised one gains, what all lose, and the one without the other, which is dS."""
    skin = film.skin
    hues = [skin.ink, skin.ink, skin.ink, skin.hue("D"), skin.hue("D"), skin.ink, skin.ink, skin.ink, skin.scores]
    return worded(film.place["law"], ["gained", "P × dP", "−", "lost", "P × D", "=", "P × (dP − D)", "=", "dS"], NUMBER, hues, "law")


@beat("share")
def share(film: BackwardFilm) -> None:
    """All bars, and what they have lost, settle at one level, the mean by weight: D. What was gained stays as high as its dP.

    The gained piece without what covers it is dS, of this key and then of all.
    """
    areas, skin, said, words = film.areas, film.skin, film.found.said, film.words["law"]
    with film.scene.telling():
        film.move(*film.leave("height"), seconds=TEXT / 2)
        level = ["one level for all: the mean dP, D", "one level: the mean, D"]
        film.move(Shows(areas, areas.settle, rate_func=ease_in_out_cubic), film.fitted("height", level, skin.hue("D")), seconds=LEVEL)
        film.move(Shows(areas, areas.rise), levelled(film), seconds=2 * TEXT)
        film.move(FadeIn(*words[2:5]), seconds=TEXT)
        film.scene.hold(2 * TEXT)
        film.move(FadeIn(*words[5:]), *film.leave("height"), seconds=TEXT)
        film.words["sum"] = word(
            f"{said['weight']} × ({said['gradient']} − {said['mean']}) = {said['part']}", NUMBER, skin.ink, film.place["sum"], "sum"
        )
        film.move(FadeIn(film.words["sum"]), film.fitted("height", RATE, skin.ink), seconds=TEXT)
        film.scene.hold(3 * TEXT)
        film.move(Shows(areas, areas.part, rate_func=ease_in_out_cubic), seconds=PARTS)


def levelled(film: BackwardFilm) -> FadeIn:
    """D and its number, at the right of its level."""
    film.words["level"] = word(f"D = {film.found.said['mean']}", NUMBER, film.skin.hue("D"), beside(film, film.areas.mean), "level")
    return FadeIn(film.words["level"])


def beside(film: BackwardFilm, value: float) -> Rect:
    """A line of type at the right of the areas, at a value's height; that of 0 makes room for the mean's."""
    place, areas, half = film.place["level"], film.areas, em(NUMBER) / 2
    y, level = areas.level_of(value), areas.level_of(areas.mean)
    if value == 0 and abs(y - level) < 2 * half:
        y = level + np.copysign(2 * half, y - level)
    return Rect(place.x0, y - half, place.x1, y + half)


@beat("dot")
def dot(film: BackwardFilm) -> None:
    """The mean is a sum over keys; with dP written out dO comes before it, and what is left of it is O. The other keys leave."""
    areas, place, skin = film.areas, film.place, film.skin
    start, level, zero = areas.plot, film.words["level"], film.words["zero"]
    assert isinstance(level, Word)
    assert isinstance(zero, Word)

    def smaller(share: float) -> None:
        areas.place(start.toward(place["small"], share))
        areas.part(1.0)
        areas.rise(1.0)
        level.put(beside(film, areas.mean))
        zero.put(beside(film, 0.0))

    line = equations(film)
    with film.scene.telling():
        gone = film.leave("law", "sum", "height", "width", "all", "axis", "axis name")
        film.move(*gone, Shows(Group(areas, level, zero), smaller, rate_func=ease_in_out_cubic), seconds=PRODUCT)
        film.move(FadeIn(*line["line 0"]), seconds=TEXT)
        film.move(FadeIn(*line["note 0"]), film.fitted("what 0", V_IS, skin.v, LABEL), seconds=TEXT)
        film.scene.hold(TEXT)
        pulled, output = line["line 1"], line["note 1"]
        film.move(*(settle(piece, source) for piece, source in zip(pulled[2:4], line["note 0"][2:4], strict=True)), seconds=TURN)
        film.move(FadeIn(*pulled[:2], *pulled[4:7], rate_func=early), settle(pulled[7], line["note 0"][4]), seconds=TURN)
        film.move(FadeIn(*output), film.fitted("what 1", O_IS, skin.o, LABEL), seconds=TEXT)
        film.scene.hold(TEXT)
        *last, equal, mean = line["line 2"]
        film.move(
            *(settle(piece, source) for piece, source in zip(last, [*pulled[:4], output[5]], strict=True)),
            FadeOut(areas.above_others, areas.below_others), seconds=MOVE,
        )  # fmt: skip
        film.move(FadeIn(equal, mean), seconds=TEXT)
        film.scene.hold(2 * TEXT)


def equations(film: BackwardFilm) -> dict[str, list[Word]]:
    """D as a sum over keys, then with dO before the sum, then as dO . O, and what each step says: words of one size."""
    skin, mean, place = film.skin, film.found.said["mean"], film.place
    texts = {
        "line 0": "D = Σ P × dP", "note 0": "dP = dO · v", "line 1": "D = dO · Σ P × v", "note 1": "Σ P × v = O",
        "line 2": f"D = dO · O = {mean}",
    }  # fmt: skip
    hues = {"P": skin.scores, "dP": skin.scores, "v": skin.v, "O": skin.o, "dO": skin.o, "D": skin.hue("D"), mean: skin.hue("D")}
    parts = {part: text.split() for part, text in texts.items()}
    px = ONE_NUMBER * min(1.0, *(place[part].width / line_width(words, ONE_NUMBER) for part, words in parts.items()))
    made = {part: worded(place[part], words, px, [hues.get(each, skin.ink) for each in words], part) for part, words in parts.items()}
    film.words |= {part: Group(*words) for part, words in made.items()}
    return made


def settle(piece: Word, source: Word) -> Shows:
    """A symbol of one line comes into the next: down, then across, so that it passes through no other."""
    (x0, y0), (x1, y1) = (source.left, source.baseline), (piece.left, piece.baseline)

    def come(share: float) -> None:
        across, down = ease_in_out_cubic(late(share)), ease_out_cubic(early(share))
        piece.put_at(x0 + (x1 - x0) * across, y0 + (y1 - y0) * down)

    return Shows(piece, come, introducer=True)


# ------------------------------------------------------------------------------------------------------------ on the tile again


@beat("softmax")
def softmax(film: BackwardFilm) -> None:
    """The row goes back into its tile; D comes, a number a row, and row by row dP becomes dS."""
    skin, found, areas = film.skin, film.found, film.areas
    gradients = film.tiles.pop("dp")
    line = flat_row(line_of(gradients.rect, len(found.followed.p), found.row), len(found.followed.p[0]))
    parts = [(drawn, drawn.points.copy()) for drawn in (areas.above, areas.below)]
    homes = [Rectangles(skin.scores, name="home").display(line).points] * 2
    film.scene.remove(areas)
    film.scene.add(*(drawn for drawn, _ in parts))
    with film.scene.telling():
        film.move(FadeOut(areas.gained, areas.axis, areas.level), *film.leave(), seconds=TEXT / 2)

        def back(share: float) -> None:
            for (drawn, start), home in zip(parts, homes, strict=True):
                drawn.points = start + (home - start) * share

        film.words = film.kept_words
        film.move(
            FadeIn(gradients, *film.tiles.values(), *film.words.values(), rate_func=early),
            Shows(Group(*(drawn for drawn, _ in parts)), back, rate_func=ease_in_out_cubic), seconds=MOVE,
        )  # fmt: skip
        film.scene.remove(*(drawn for drawn, _ in parts))
        film.move(film.arrive("o", "O", found.rows_of("O", found.row_block)), film.called("o", "O"), film.making("dS"), seconds=LOAD)
        film.tiles["d"] = means = film.matrix("D", finite(found.followed.d), film.slot("d"))
        do, o = film.tiles["do"].rect, film.tiles["o"].rect
        film.move(film.called("d", "D"), row_by_row(film, means, (do, do), (means.rect, o)), seconds=ROWS)
        film.move(*film.leave("tile name"), seconds=TEXT / 2)
        film.tiles["ds"] = made = film.matrix("dS", found.followed.ds, film.slot("ds"))
        weights = film.tiles["p"].rect
        film.move(row_by_row(film, made, (weights, weights), (made.rect, means.rect)), film.called("ds", "dS"), seconds=ROWS)
        film.scene.remove(gradients)


# ------------------------------------------------------------------------------------------------- what goes into Q and K


@beat("dk")
def dk(film: BackwardFilm) -> None:
    """Q comes back in dO's place, V leaves, and columns of dS, with its rows, come down into dK, a key a column."""
    found = film.found
    values = found.gained(found.row_block)[0].T
    with film.scene.telling():
        film.move(
            film.depart("do"), film.depart("v"), film.depart("o"), film.back("q"),
            FadeOut(film.tiles.pop("p"), film.tiles.pop("d"), rate_func=early),
            *film.leave("rows name", "keys name", "beside name", "stats name", "o name"), film.making("dK"), seconds=MOVE,
        )  # fmt: skip
        given_by(film, "dk", "dK", "q", values)


@beat("dq")
def dq(film: BackwardFilm) -> None:
    """K comes back, and rows of dS, with its keys, go over into dQ, a query a row."""
    found = film.found
    values = found.parts[found.programs.index(found.key_tile)]
    with film.scene.telling():
        film.move(film.back("k"), film.making("dQ"), seconds=MOVE)
        given_by(film, "dq", "dQ", "k", values, film.making(""))


def given_by(film: BackwardFilm, part: str, tensor: str, other: str, values: np.ndarray, *then: Shows) -> None:
    """A product of dS and of what has just come, carried to its place; all else steps back, and comes forth with what is next."""
    back = StepBack([each for name, each in film.tiles.items() if name not in ("ds", other)], palette.DIM)
    film.move(back, film.called(other, other.upper()), seconds=TEXT)
    carry(film, part, tensor, values, SUM, film.slot(other))
    film.scene.remove(film.words.pop(f"{part} wanted"))
    film.move(step_forth(back), *then, seconds=TEXT)


# ----------------------------------------------------------------------------------------------------------- whose is what


def farther(film: BackwardFilm) -> None:
    """From one tile to all: each picture goes to its place in the row or column of its tile."""
    walk, found, place, tiles = film.walk, film.found, film.place, film.tiles
    block, j = found.row_block, found.key_tile
    cell, tile = walk.grid.cell(block, j), film.scene.shot("one tile")["tile"]
    homes = {
        "q": walk.beside["Q"].cell(block, 0), "k": walk.over["K"].cell(0, j), "ds": cell, "dq": walk.level(block, 1),
        "dk": walk.under["dK"].cell(0, j), "dv": walk.under["dV"].cell(0, j),
    }  # fmt: skip
    near = {part: magnified(place[part], cell, tile) for part in ("q", "do", "k", "v", "grid", "dq", "dk", "dv")}

    def show(share: float) -> None:
        walk.place({part: near[part].toward(place[part], share) for part in near}, place["caption"].y1)
        walk.lines.set_stroke(opacity=late(share))

    film.move(*film.leave(), seconds=TEXT)
    home = [matrix_to(tiles[part], rect) for part, rect in homes.items()]
    film.move(Shows(walk, show, rate_func=ease_in_out_cubic, introducer=True), *home, seconds=MOVE)
    for part in ("q", "k", "ds", "dq"):
        film.scene.remove(tiles.pop(part))


def numbers_of(film: BackwardFilm) -> Named:
    """Over each column its program's number, where there is room."""
    slots = columns(film.place["columns"], len(film.found.walks))
    room = text_width(f"{len(slots)}", LABEL, Face.STRONG) <= slots[0].width
    film.words["columns"] = made = Named(
        *(heading(slot, f"{j}", film.skin.ink, LABEL, "part") for j, slot in enumerate(slots) if room), tag="part"
    )
    return made


@beat("shared")
def shared(film: BackwardFilm) -> None:
    """From one tile to all: a program a column; the followed one goes down its own, then all others at once.

    Each keeps its dK and dV, all add to the same dQ, to a row of it in turn.
    """
    place, skin, found = film.place, film.skin, film.found
    film.walk = walk = Walk(found.walks, found.row_blocks, place, skin)
    with film.scene.telling():
        farther(film)
        gone = [FadeOut(*film.tiles.values())] if film.tiles else []
        film.tiles = {}
        walk.display([], {}, [])
        names = [film.name(f"{name.lower()} name", name, skin.hue(name)) for name in (*ROW_INPUTS, *COLUMN_INPUTS, *OWN, "dQ")]
        film.words["program"] = word("program", LABEL, skin.ink, place["program"], "program")
        j, own = found.key_tile, found.walks[found.key_tile]
        film.words["column"] = column = outlines(skin.ink, "column", theme.HEAVY).display(edges([column_of(film, j)]))
        told = film.fitted("note", [f"program {j}: one column, a part for each dQ", f"program {j}: one column"], skin.ink)
        film.move(*gone, FadeIn(numbers_of(film), film.words["program"], column), *names, told, seconds=2 * TEXT)
        film.move(Shows(walk, walk.run({(block, j): (at + 1) / len(own) for at, block in enumerate(own)})), seconds=ALONE)
        others = [f"all {len(found.walks)} programs at once, each at a pace of its own", f"all {len(found.walks)} programs at once"]
        film.move(*film.leave("note", "column"), seconds=TEXT / 2)
        film.move(film.fitted("note", others, skin.ink), seconds=TEXT)
        film.move(Shows(walk, walk.run(found.times(found.config.seed))), seconds=ALL)


def column_of(film: BackwardFilm, j: int) -> Rect:
    """All that a program works on: its column, from K to dV."""
    walk = film.walk
    top, low = walk.over["K"].cell(0, j), walk.under["dV"].cell(0, j)
    return Rect(top.x0, low.y0, top.x1, top.y1).inset(-LINE)


# ------------------------------------------------------------------------------------------------------------- one row of dQ


def meet(film: BackwardFilm, programs: Sequence[int]) -> None:
    """The followed row and its block of dQ are framed, all else steps back; parts of two programs come to that block at once."""
    walk, found, skin, block = film.walk, film.found, film.skin, film.found.row_block
    goal, row = walk.sums.cell(block, 0), cells_of_row(film, walk.grid.rect)
    starts = [row.cell(0, j) for j in programs]
    film.tiles["dq"] = film.matrix("dQ", added(found.in_order(found.parts, found.drawn[0][:-2])), goal, found.orders[0])
    back = StepBack([walk], palette.DIM)
    named = ["programs {} and {} come to one block of dQ", "{} and {} come to one dQ"]
    film.move(*film.leave(*(part for part in film.words if part not in ("program", "columns"))), back, seconds=TEXT)
    film.words["row"] = outlines(skin.ink, "row", theme.HEAVY).display(edges([replace(row.rect, x1=goal.x1).inset(-LINE)]))
    film.words["lines"] = outlines(skin.quiet, "cells").display(row.cells)
    film.words["heads"] = Rectangles(skin.scores, name="heads", opacity=palette.LIT).display(edges(starts))
    told = film.fitted("note", [each.format(*sorted(programs)) for each in named], skin.ink)
    film.move(FadeIn(film.tiles["dq"], *(film.words[part] for part in ("row", "lines", "heads"))), told, seconds=TEXT)
    parts = Rectangles(skin.q, name="parts", opacity=palette.LIT)

    def come(share: float) -> None:
        parts.display(edges([start.toward(goal, share) for start in starts]))

    film.move(Shows(parts, come, rate_func=ease_in_out_cubic, introducer=True, remover=True), seconds=MEET)
    film.scene.hold(TEXT)


def cells_of_row(film: BackwardFilm, grid: Rect) -> Grid:
    """The followed row of all tiles."""
    return Grid(line_of(grid, film.found.row_blocks, film.found.row_block), 1, len(film.found.walks))


def lift_row(film: BackwardFilm, programs: Sequence[int]) -> None:
    """The row flies up with its block of dQ and the programs' numbers, to be the head of a table; all else leaves."""
    place, (lines, heads), row = film.place, (film.words["lines"], film.words["heads"]), cells_of_row(film, film.walk.grid.rect)
    assert isinstance(lines, Rectangles)
    assert isinstance(heads, Rectangles)

    def come(share: float) -> None:
        cells = replace(row, rect=row.rect.toward(place["row"], share))
        lines.display(cells.cells)
        heads.display(edges([cells.cell(0, j) for j in programs]))

    film.move(
        FadeOut(film.walk, film.words.pop("row"), rate_func=early), *film.leave("note"),
        Shows(Group(lines, heads), come, rate_func=ease_in_out_cubic), matrix_to(film.tiles["dq"], place["dq"]),
        called(film, "program", film.words["program"]), numbers_go(film), seconds=MOVE,
    )  # fmt: skip


def numbers_go(film: BackwardFilm) -> Shows:
    """The programs' numbers go along with their columns."""
    old = film.words["columns"]
    made = numbers_of(film)
    film.scene.remove(old)
    film.scene.add(made)
    return moved(old, made)


@beat("order")
def order(film: BackwardFilm) -> None:
    """Two programs come to one block of dQ; its row flies up, and of one number of it both orders are reckoned.

    Each sum is rounded, and the last digits differ; beneath both stands what comes of it exactly.
    """
    found, skin = film.found, film.skin
    last = found.drawn[0][-2:]
    with film.scene.telling():
        meet(film, last)
        lift_row(film, last)
        film.words["entry"] = outlines(skin.ink, "entry", theme.HEAVY).display(edges([entry(film)])).set_z_index(1)
        heads = [
            film.fitted(side, [f"program {turns[-2]} first", f"{turns[-2]} first"], skin.ink)
            for side, turns in zip(SIDES, found.drawn, strict=True)
        ]
        film.move(FadeIn(film.words["entry"]), film.fitted("dq name", ONE_OF, skin.q), *heads, *a_step(film, 0), seconds=TEXT)
        for at in range(1, len(STEPS)):
            film.move(*a_step(film, at), seconds=TEXT)
            film.scene.hold(TEXT * (at % 2 == 0))
        film.tiles["dq"].display(roots(found.orders[1]))
        film.move(FadeIn(underlined(film)), film.fitted("note", BOTH, skin.ink), seconds=TEXT)
        film.scene.hold(LOOK)


def a_step(film: BackwardFilm, at: int) -> list[FadeIn]:
    """A line of both sums, and what it is."""
    part = f"step {at}"
    film.words[part] = fitted(STEPS[at], NAME, film.skin.ink, Bands(film.place["steps"], len(STEPS), 0).of(at), part)
    return [FadeIn(film.words[part]), *(line_of_sum(film, side, at) for side in SIDES)]


def line_of_sum(film: BackwardFilm, side: str, at: int) -> FadeIn:
    """What is there, what comes, or what that makes, in its line of one order."""
    slot, text = Bands(film.place[f"{side} list"], len(STEPS), 0).of(at), film.found.said[f"{side} {at}"]
    hue, px = film.skin.ink if at % 2 else film.skin.q, fitting(text, NUMBER, slot)
    film.words[f"{side} {at}"] = Readout(text, px, hue, name=f"sum {side} {at}", face=Face.MONO_STRONG).at(slot)
    return FadeIn(film.words[f"{side} {at}"])


def entry(film: BackwardFilm) -> Rect:
    """Where in its row block of dQ the number stands whose sums are written."""
    (row, column), (rows, wide), half, block = film.found.number, film.found.orders[0].shape, ENTRY / 2, film.place["dq"]
    x, y = block.x0 + (column + 0.5) / wide * block.width, block.y1 - (row + 0.5) / rows * block.height
    return Rect(x - half, y - half, x + half, y + half)


def underlined(film: BackwardFilm) -> Rectangles:
    """A line under the digits in which the two sums differ."""
    numbers = [each for side in SIDES if isinstance(each := film.words[f"{side} {len(STEPS) - 2}"], Readout)]
    same = next(at for at, pair in enumerate(zip(*(each.text for each in numbers), strict=True)) if pair[0] != pair[1])
    film.words["digits"] = lines = Rectangles(film.skin.ink, name="digits")
    boxes = []
    for each in numbers:
        (x, y, _), count = each.home, len(each.text.rstrip())
        boxes.append([x + same * each.step, y - 2.5 * LINE, x + count * each.step, y - 1.5 * LINE])
    return lines.display(np.array(boxes))


# ------------------------------------------------------------------------------------------------------------- all that was made


@beat("recap")
def recap(film: BackwardFilm) -> None:
    """The list again, all of it done, and whose each gradient is: dQ alone is shared."""
    skin, place = film.skin, film.place
    with film.scene.telling():
        gone = FadeOut(*film.tiles.values(), *(each.mobject for each in film.leave()), rate_func=early)
        film.tiles = {}
        film.move(gone, FadeIn(film.list_of("list", NUMBER).display(len(RULES)), rate_func=late), seconds=2 * TEXT)
        lines, all_of_it = Bands(place["whose"], len(RULES), 0), Bands(place["list"], len(RULES), 0)
        for tensor, texts in WHOSE.items():
            at = list(RULES).index(tensor)
            film.words[tensor] = fitted(texts, NUMBER, skin.hue(tensor), lines.of(at), f"whose {tensor}")
            film.move(FadeIn(film.words[tensor]), seconds=TEXT)
        film.words["shared"] = outlines(skin.q, "shared", theme.HEAVY)
        film.words["shared"].display(edges([replace(all_of_it.of(at), x1=lines.of(at).x1)]))
        film.move(FadeIn(film.words["shared"]), seconds=TEXT)
        film.scene.hold(LOOK)
