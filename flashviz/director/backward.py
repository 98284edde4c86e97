"""The backward pass: P made again on its tile, dP and dS, the program that owns a key tile, and dQ, to which all programs add."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from manim import Group, Mobject, VGroup, VMobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import palette, theme
from flashviz.chapters import backward
from flashviz.chapters.backward import Backward, Given, gather, products, sums
from flashviz.director.film.parts import LOAD, Columns, fitting, formula, matrix_to, reveal
from flashviz.director.material import provenance
from flashviz.director.score import upright
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, NUMBER, ONE_NUMBER, Word, first_that_fits, labelled, middle, word, worded
from flashviz.figures import plus
from flashviz.layout import Rect, Shot, columns, rows
from flashviz.layout.backward import Grid, arrivals, magnified
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, early, late
from flashviz.mobjects.named import Named
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.tiles import Matrix, Rectangles, box, edges, line_of, panel
from flashviz.palette import spread

SWEEP, ROWS = 3.3, 1.5  # seconds: of the forward pass, of a tile's rows for P
PUSH, WALK, ALL, SUM = 1.6, 3.0, 2.6, 1.2  # seconds: of one score, of one program, of all, of a sum
STRIP = 0.25, 0.75  # shares of a place's height between which a row's weights stand side by side
SEAM = em(2)  # between two of them
SYMBOL = 72  # px of a formula
OF_P = 'P = e^S \\/ sum e^S = e^(S - "LSE")'
OF_DS = '"dS" = P compose ("dP" - D)'
OF_LSE = ["= log of its row's Σ exp(S)", "= log Σ exp(S)"]
PARTS = (["Part 1: one tile, from P to dS"], ["Part 2: who adds up dV, dK and dQ", "Part 2: who adds them up"])
LINE = em(6)  # under digits that differ
GAP = em(60)  # between two launches
OVER = em(56)  # over a grid, for its columns' numbers


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
        self.provenance = [provenance(trace) for trace in (found.forward.trace, found.trace, found.fixed)]
        self.set_board(found.beats, found.said)
        return BackwardFilm(self, found)


class BackwardFilm(ChapterFilm):
    """Everything on stage, made here once. ``tiles`` and ``words``: what stands there now, by the parts of the shot."""

    walk: Walk
    areas: Areas

    def __init__(self, scene: ShotScene, found: Backward) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.tiles: dict[str, Matrix] = {}
        self.words: dict[str, Mobject] = {}

    def matrix(self, tensor: str, values: np.ndarray, rect: Rect, scale: np.ndarray | None = None) -> Matrix:
        """A picture of values on the ramp of its tensor, which reaches over all of ``scale`` where that is given.

        Gradients, and D, which is taken off one, are drawn by the root of their size with its sign, so that what is small is seen: zero
        is the ramp's middle.
        """
        if tensor[0] in "dD":
            end = spread(np.abs(roots(values if scale is None else scale)))[1]
            return Matrix(roots(values), rect, self.skin, tensor, -end, end)
        return Matrix(values, rect, self.skin, tensor, *spread(values if scale is None else scale))

    def name(self, part: str, text: str, color: str) -> FadeIn:
        """A word at the left of a part of the shot; it stands until it is left."""
        self.words[part] = word(text, NAME, color, self.place[part], part)
        return FadeIn(self.words[part])

    @property
    def place(self) -> Shot:
        """The shot of the beat that is played."""
        assert self.scene.beat is not None
        return self.scene.shot(self.scene.beat.shot)

    def fitted(self, part: str, texts: Sequence[str], color: str) -> FadeIn:
        """The first of these that fits there."""
        return self.name(part, first_that_fits(texts, NAME, self.place[part].width, Face.STRONG), color)

    def leave(self, *parts: str) -> list[FadeOut]:
        """Words of these parts, of all where none is named."""
        return [FadeOut(self.words.pop(part)) for part in parts or tuple(self.words)]

    def arrive(self, part: str, tensor: str, values: np.ndarray, *, above: bool) -> Shows:
        """A tile comes over the edge of the frame to its part of the shot: from above, or from the left."""
        rect = self.place[part]
        start = self.outside(rect, above=above)
        self.tiles[part] = tile = self.matrix(tensor, values, start)
        self.scene.add(tile)
        return matrix_to(tile, rect, start)

    def outline_to(self, frame: VMobject, start: Rect, to: Rect) -> Shows:
        """A plain frame goes from one place to another."""
        return Shows(
            frame, lambda share: frame.set_points(box(start.toward(to, share), stroke=self.skin.ink).points), rate_func=ease_in_out_cubic
        )  # fmt: skip

    def outside(self, rect: Rect, *, above: bool) -> Rect:
        """Just past the frame's edge."""
        whole = self.scene.frame
        return rect.shifted(0, whole.y1 - rect.y0) if above else rect.shifted(whole.x0 - rect.x1, 0)

    def key(self) -> FadeIn:
        """Which shade is below zero, zero, and above it, where a ramp's middle is zero."""
        cells = columns(self.place["key"], 3)
        swatches = [
            self.matrix("dP", np.full((1, 1), side), cell.left(0.8 * cell.height).inset(em(8)), np.arange(2))
            for side, cell in zip((-1, 0, 1), cells, strict=True)
        ]
        for swatch in swatches:
            swatch.tag = "swatch"
        signs = [word(sign, NAME, self.skin.ink, cell.beyond(0.9 * cell.height), "part") for sign, cell in zip("−0+", cells, strict=True)]
        self.words["key"] = Group(*swatches, *signs)
        return FadeIn(self.words["key"])


def roots(values: np.ndarray) -> np.ndarray:
    """The root of each number's size, with its sign."""
    return np.asarray(np.sign(values) * np.sqrt(np.abs(values)))


# ------------------------------------------------------------------------------------------------------------- what was kept


@beat("kept")
def kept(film: BackwardFilm) -> None:
    """The forward pass once more: each tile of scores is there for a moment; rows of O and numbers of LSE are left."""
    place, skin, found = film.place, film.skin, film.found
    c, (b, shared, g) = found.config, found.head
    grid = Grid(place["grid"], c.row_blocks, c.col_blocks)
    head = shared * c.group + g
    o = film.matrix("O", np.asarray(found.given["O"][b, head], np.float64), place["o"])
    numbers = film.matrix("LSE", finite(np.asarray(found.given["LSE"][b, head], np.float64)), place["lse"])
    lines, tile = outlined(skin.edge).display(grid.cells), Rectangles(skin.scores, name="tile", opacity=palette.LIT)
    visits = [(i, j) for i in range(c.row_blocks) for j in c.key_tiles(i)]

    def show(share: float) -> None:
        at = min(int(share * len(visits)), len(visits) - 1)
        row, column = visits[at]
        tile.display(np.array([grid.cell(row, column).edges])[: int(share < 1)])
        done = row / c.row_blocks if share < 1 else 1.0
        reveal(o, done)
        reveal(numbers, done)

    show(0.0)
    said = (
        ("s name", ("P", skin.scores), "one weight a query and key", "a weight a pair"),
        ("o name", ("O", skin.o), "stored: d numbers a query", "d numbers a query"),
        ("lse name", ("LSE", skin.stats), "stored: one number a query", "one a query"),
    )  # fmt: skip
    for part, called, words, short in said:
        film.words[part] = Named(*labelled(place[part], called, (words, skin.ink), short, px=NUMBER), tag=part)
    film.scene.add(lines, film.words["s name"], o, numbers, tile)
    left = [film.words[part] for part in ("o name", "lse name")]
    axes = film.fitted("s note", ["rows: queries, columns: keys", "a row a query"], skin.ink)
    with film.scene.telling():
        film.move(film.fitted("part", PARTS[0], skin.ink), FadeIn(*left), axes, film.fitted("lse note", OF_LSE, skin.ink), seconds=TEXT)
        film.move(Shows(Group(o, numbers, tile), show), seconds=SWEEP)
        film.move(film.name("s kept", "never stored", skin.ink), seconds=TEXT)
    film.tiles |= {"o": o, "lse": numbers}
    film.words["lines"] = lines


def outlined(color: str) -> Rectangles:
    """Empty places of tiles."""
    return Rectangles(color, name="cells", opacity=0.0).set_stroke(color, width=theme.HAIRLINE, opacity=1)


# -------------------------------------------------------------------------------------------------------------- on one tile


@beat("again")
def again(film: BackwardFilm) -> None:
    """One tile grows out of the grid; beside the forward pass's P, Q and K make S of it again, and LSE makes P, row by row."""
    place, skin, found = film.place, film.skin, film.found
    tile, rect = found.followed, place["tile"]
    kept = film.scene.shot("kept")
    whole = Grid(kept["grid"], found.config.row_blocks, found.config.col_blocks)
    block = found.forward.chosen.program[0]
    cell, lines = whole.cell(block, found.key_tile), film.words.pop("lines")
    frame, large = box(cell, stroke=skin.scores), magnified(whole.rect, cell, rect)
    gone = [FadeOut(film.tiles.pop(part)) for part in ("o", "lse")]
    film.move(*gone, *film.leave(), FadeIn(frame), seconds=TEXT)

    def nearer(share: float) -> None:
        lines.display(replace(whole, rect=whole.rect.toward(large, share)).cells).set_stroke(opacity=1 - early(early(share)))

    zoom = Shows(lines, nearer, rate_func=ease_in_out_cubic, remover=True), film.outline_to(frame, cell, rect)
    film.move(*zoom, seconds=MOVE)
    coming = (
        film.arrive("left", "Q", found.rows_of("Q", found.row_block), above=False),
        film.arrive("top", "K", found.keys_of("K", found.key_tile).T, above=True),
    )
    film.move(*coming, seconds=LOAD)
    scores = film.matrix("S", np.where(np.isfinite(tile.s), tile.s, np.nan), rect)
    names = (
        film.name("left name", "Q", skin.q),
        film.name("top name", "Kᵀ", skin.k),
        film.fitted("tile name", ["S = Q Kᵀ / √d", "S"], skin.scores),
    )
    film.scene.remove(frame)
    film.scene.add(scores)
    film.move(*names, Columns(scores), seconds=0.8)
    film.tiles["column"] = film.matrix("LSE", finite(found.rows_of("LSE", found.row_block)), place["column"])
    film.words["formula"] = formula(OF_P, SYMBOL, skin.ink, place["formula"])
    film.move(FadeIn(film.tiles["column"], film.words["formula"]), film.name("column name", "LSE", skin.stats), seconds=TEXT)
    film.tiles["second"] = film.matrix("P", roots(found.final_weights), place["second"], roots(tile.p))
    with film.scene.telling():
        film.tiles["tile"] = weights = film.matrix("P", roots(tile.p), rect)
        film.move(*film.leave("tile name"), seconds=TEXT / 2)
        film.move(film.fitted("tile name", ["S becomes P, row by row", "S becomes P", "S to P"], skin.scores), seconds=TEXT / 2)
        film.move(row_by_row(film, weights, rect, place["column"]), seconds=ROWS)
        film.scene.remove(scores)
        film.move(*film.leave("tile name"), seconds=TEXT / 2)
        film.move(film.fitted("tile name", ["P, made again", "P again"], skin.scores), seconds=TEXT)
        named = film.fitted("second name", ["P of the forward pass", "forward's P"], skin.scores)
        film.move(FadeIn(film.tiles["second"]), named, seconds=TEXT)
        same_again(film, weights)


def row_by_row(film: BackwardFilm, made: Matrix, first: Rect, last: Rect) -> Shows:
    """A picture fills from its top; a frame from ``first`` to ``last`` is about the row that is made, and what it is made of."""
    count, high = len(made.values), first.height / len(made.values)
    frame = Rectangles(film.skin.ink, name="row", opacity=0.0).set_stroke(film.skin.ink, width=theme.OUTLINE, opacity=1)

    def show(share: float) -> None:
        at = int(share * count)
        top = first.y1 - at * high
        frame.display(edges([Rect(first.x0, top - high, last.x1, top).inset(-LINE)] if at < count else []))
        reveal(made, share)

    show(0.0)
    film.scene.add(made, frame)
    return Shows(Group(made, frame), show)


def same_again(film: BackwardFilm, weights: Matrix) -> None:
    """A copy of P as the forward pass left it slides over P made again; how far apart they are at most. Weights are drawn by their root."""
    place, found = film.place, film.found
    copy = film.matrix("P", film.tiles["second"].values, place["second"], weights.values)
    film.move(matrix_to(copy, place["tile"], place["second"]), seconds=MOVE)
    film.scene.remove(copy)
    apart = found.said["apart"]
    film.move(film.fitted("note", [f"largest difference {apart}", f"apart: {apart}"], film.skin.ink), seconds=TEXT)


@beat("upstream")
def upstream(film: BackwardFilm) -> None:
    """Q and K go, P steps aside, where the forward pass's was; dO comes, and V: dP, the gradient of each weight."""
    place, skin, found = film.place, film.skin, film.found
    tile, weights = found.followed, film.tiles["tile"]
    used = (film.tiles[part] for part in ("left", "top"))
    film.move(*film.leave(), FadeOut(film.tiles.pop("column")), seconds=TEXT)
    film.move(*(matrix_to(each, film.outside(each.rect, above=each.tensor == "K"), remover=True) for each in used), seconds=MOVE / 2)
    with film.scene.telling():
        aside = matrix_to(weights, place["second"])
        film.move(aside, film.arrive("left", "dO", found.rows_of("dO", found.row_block), above=False), seconds=LOAD)
        film.scene.remove(film.tiles["second"])
        film.tiles["second"] = weights
        names = film.name("left name", "dO", skin.o), film.name("second name", "P", skin.scores)
        film.move(*names, film.fitted("note", ["dO: the gradient that arrives for O", "dO: O's gradient"], skin.o), seconds=TEXT)
        film.move(film.arrive("top", "V", found.keys_of("V", found.key_tile).T, above=True), seconds=LOAD)
        film.tiles["tile"] = made = film.matrix("dP", tile.dp, place["tile"])
        film.scene.add(made)
        names = film.name("top name", "Vᵀ", skin.v), film.name("tile name", "dP", skin.scores)
        film.move(
            *names,
            film.fitted("further", ["dP = dO Vᵀ: the gradient of P", "dP: P's gradient"], skin.scores),
            film.key(),
            Columns(made),
            seconds=0.8,
        )


# --------------------------------------------------------------------------------------------------------------- on one row


class Areas(Group):
    """A row's keys as bars as wide as their weights, one of them lit: all of them are as wide as the place."""

    def __init__(self, film: BackwardFilm, rect: Rect) -> None:
        self.rect, self.row, self.key = rect, film.found.row, film.found.swayed
        levels = np.array([0.0, self.row.d, *self.row.dp[self.row.p > 0]])
        self.unit = rect.height / max(float(np.ptp(levels)), 1e-30)
        self.zero = rect.y0 - float(levels.min()) * self.unit
        low, high = ((rect.y0 + share * rect.height - self.zero) / self.unit for share in STRIP)
        self.strip = np.full(len(self.row.p), low), np.full(len(self.row.p), high)
        self.others = Rectangles(film.skin.scores, name="other weights", opacity=palette.FAINT)
        self.own = Rectangles(film.skin.scores, name="one weight", opacity=palette.LIT)
        self.seams = Rectangles(film.skin.ground, name="seams")
        super().__init__(self.others, self.own, self.seams)
        self.weigh(self.row.p)

    def weigh(self, weights: np.ndarray) -> Areas:
        """As wide as these weights [keys]."""
        ends = np.concatenate([[0.0], np.cumsum(weights, dtype=np.float64)])
        self.x = self.rect.x0 + ends * self.rect.width / ends[-1]
        return self

    def boxes(self, tops: np.ndarray, base: np.ndarray | float = 0.0) -> np.ndarray:
        """[keys, 4] bars from a level to other levels [keys], in units of dP."""
        low, high = (self.zero + self.unit * each(np.broadcast_to(base, tops.shape), tops) for each in (np.minimum, np.maximum))
        return np.stack([self.x[:-1], low, self.x[1:], high], 1)

    def display(self, tops: np.ndarray, base: np.ndarray | float = 0.0) -> Areas:
        """These bars are there."""
        boxes, own = self.boxes(tops, base), np.arange(len(tops)) == self.key
        for drawn, keys in ((self.others, ~own), (self.own, own)):
            drawn.display(boxes[keys])
            drawn.values = (tops - base)[keys]
        self.seams.display(edges([]))
        return self

    def side_by_side(self, weights: np.ndarray) -> Areas:
        """A strip of these weights [keys]: all as high, with a seam between two that are wide enough."""
        low, high = self.strip
        self.weigh(weights).display(high, low)
        boxes, wide = self.boxes(high, low), np.diff(self.x) > 2 * SEAM
        ends = boxes[1:][wide[1:] & wide[:-1]]
        ends[:, 2] = ends[:, 0] + SEAM
        self.seams.display(ends)
        return self

    def of(self, keys: np.ndarray) -> Rect:
        """Where keys [keys] that are neighbours stand in the strip."""
        low, high = (self.zero + level[0] * self.unit for level in self.strip)
        first, *_, last = np.flatnonzero(np.concatenate([keys, [False]]) | np.concatenate([[False], keys]))
        return Rect(float(self.x[first]), low, float(self.x[last]), high)

    def line(self, color: str, level: float, name: str) -> Rectangles:
        """Across all bars."""
        y = self.zero + level * self.unit
        return Rectangles(color, name=name).display(np.array([[self.rect.x0, y - LINE / 3, self.rect.x1, y + LINE / 3]]))


PROOF = (  # of what the weighted mean is, step by step; each part in the colour of what it stands for
    (("D", "D"), ("=", ""), ("Σ P dP", "P")),
    (("=", ""), ("Σ P", "P"), ("(dO", "O"), ("·", ""), ("V", "V"), (")", "")),
    (("=", ""), ("dO", "O"), ("·", ""), ("Σ P", "P"), ("V", "V")),
    (("=", ""), ("dO · O", "O")),
)


@beat("push")
def push(film: BackwardFilm) -> None:
    """A row of P is lifted out, and goes on over all keys, side by side: one score is pushed up, one weight grows and all others shrink."""
    place, skin, found = film.place, film.skin, film.found
    row, said, pair = found.row, found.said, film.scene.shot("tile pair")
    film.areas = areas = Areas(film, place["bars"])
    line = line_of(pair["second"], len(found.followed.d), found.forward.row).inset(-LINE)
    mark, pushed = box(line, stroke=skin.ink), row.pushed(areas.key)
    film.move(*film.leave(), FadeIn(mark), seconds=TEXT)
    own = areas.of(found.in_tile)
    film.move(*(FadeOut(tile) for tile in film.tiles.values()), film.outline_to(mark, line, own), seconds=LOAD)
    here, keys = f"{found.in_tile.sum():,}", f"{len(row.p):,}"
    titles = film.fitted(
        "proof", [f"one row of P: this tile's {here} keys (framed), {keys} in all", f"framed: {here} of a row's {keys} keys"], skin.scores
    )
    names = film.fitted("width name", ["width: the weight P; all together are 1", "width: P, together 1"], skin.scores)
    with film.scene.telling():
        film.move(FadeIn(areas.side_by_side(row.p)), titles, names, seconds=TEXT)
        film.scene.add(mark)
        film.words["mark"] = mark

        def grow(share: float) -> None:
            areas.side_by_side(row.p + (pushed - row.p) * share)
            mark.set_points(box(areas.of(found.in_tile), stroke=skin.ink).points)

        film.scene.hold(0.6)
        film.move(Shows(Group(areas, mark), grow, rate_func=ease_in_out_cubic), seconds=PUSH)
        bright, others = f"{said['weight']} → {said['pushed']}", f"{said['others']} → {said['shrunk']}"
        texts = [f"bright: score + 1, weight {bright}", f"score + 1: {bright}"]
        film.move(film.fitted("mean name", texts, skin.scores), seconds=TEXT)
        film.move(film.fitted("d name", [f"all others: {others}", f"others: {others}"], skin.scores), seconds=TEXT)


@beat("mean")
def mean(film: BackwardFilm) -> None:
    """The weights go back, and dP gives each its height. Levelled, the bars keep their area: D, which is dO · O."""
    skin, areas, said = film.skin, film.areas, film.found.said
    row, pushed, (low, high) = film.found.row, film.found.row.pushed(areas.key), areas.strip
    back = Shows(areas, lambda share: areas.side_by_side(pushed + (row.p - pushed) * share), rate_func=ease_in_out_cubic)
    film.move(back, *film.leave("mark", "proof", "mean name", "d name"), seconds=0.6)
    flat = Shows(areas, lambda share: areas.display(high * (1 - share), low * (1 - share)), rate_func=ease_in_out_cubic)
    film.words["zero"] = areas.line(skin.quiet, 0.0, "zero")
    film.words["nil"] = level_name(film, "0", 0.0, skin.ink)
    film.move(flat, FadeIn(film.words["nil"], film.words["zero"]), seconds=0.4)
    names = film.fitted("mean name", [f"height: dP, of the bright bar {said['high']}", f"height: dP; bright {said['high']}"], skin.scores)
    rises = Shows(areas, lambda share: areas.display(row.dp * share), rate_func=ease_in_out_cubic)
    film.move(rises, names, seconds=0.7)
    film.words["was"] = Rectangles(skin.scores, name="was here", opacity=palette.DIM).display(areas.boxes(row.dp))
    first, *steps = proof(film)
    with film.scene.telling():
        film.move(FadeIn(film.words["was"], *first), seconds=TEXT)
        level = Shows(areas, lambda share: areas.display(row.dp + (row.mean - row.dp) * share), rate_func=ease_in_out_cubic)
        film.move(level, *film.leave("mean name"), seconds=1.1)
        film.words |= {"mean": areas.line(skin.hue("D"), row.d, "mean"), "level": level_name(film, "D", row.d, skin.hue("D"))}
        texts = [f"average: Σ P dP = {said['mean']}", f"Σ P dP = {said['mean']}"]
        film.move(film.fitted("mean name", texts, skin.scores), FadeIn(film.words["mean"], film.words["level"]), seconds=TEXT)
        for step in steps:
            film.move(FadeIn(*step), seconds=2 * TEXT)
        film.move(*stored_rows(film), seconds=LOAD)
        texts = [f"dO · O = {said['d']}: no other tile", f"dO · O = {said['d']}"]
        film.move(film.fitted("d name", texts, skin.o), seconds=TEXT)


def stored_rows(film: BackwardFilm) -> list[Shows | FadeIn]:
    """The followed row of dO and of O, all that D needs: they come over the right edge."""
    found, coming = film.found, []
    for tensor in ("dO", "O"):
        rect, values = film.place[tensor], found.rows_of(tensor, found.row_block)[found.forward.row]
        start = rect.shifted(film.scene.frame.x1 - rect.x0, 0.0)
        film.words[tensor] = row = film.matrix(tensor, values[None], start)
        coming.append(matrix_to(row, rect, start, introducer=True))
    return [*coming, *(film.name(f"{tensor} name", tensor, film.skin.o) for tensor in ("dO", "O"))]


def proof(film: BackwardFilm) -> list[list[Word]]:
    """Its steps, on one line."""
    signs = [sign for step in PROOF for sign in step]
    colors = [film.skin.hue(tensor) if tensor else film.skin.ink for _, tensor in signs]
    words = worded(film.place["proof"], [text for text, _ in signs], NUMBER, colors, "proof")
    film.words |= {f"proof {at}": each for at, each in enumerate(words)}
    ends = np.cumsum([0, *(len(step) for step in PROOF)])
    return [words[start:end] for start, end in itertools.pairwise(ends)]


def level_name(film: BackwardFilm, text: str, level: float, color: str) -> Word:
    """What a level is called: zero's at the left of the bars, the mean's at their right."""
    rect, y = film.areas.rect, film.areas.zero + level * film.areas.unit - 0.36 * em(NAME)
    left = rect.x1 + em(10) if level else rect.x0 - em(10) - text_width(text, NAME, Face.STRONG)
    return Word(text, NAME, color, left, y, "level")


@beat("slopes")
def slopes(film: BackwardFilm) -> None:
    """The bars rise again, and are measured from D: the area of each is its dS, and all of them cancel."""
    place, skin, areas, row, said = film.place, film.skin, film.areas, film.found.row, film.found.said
    rises = Shows(areas, lambda share: areas.display(row.mean + (row.dp - row.mean) * share), rate_func=ease_in_out_cubic)
    proven = [part for part in film.words if part.startswith("proof")]
    film.move(rises, *film.leave("was", "mean name", "d name", "dO", "O", "dO name", "O name", *proven), seconds=0.6)
    film.words["formula"] = formula(OF_DS, SYMBOL, skin.ink, place["proof"])
    with film.scene.telling():
        rebased = Shows(areas, lambda share: areas.display(row.dp, row.d * share), rate_func=ease_in_out_cubic)
        film.move(rebased, *film.leave("zero", "nil"), FadeIn(film.words["formula"]), seconds=0.9)
        less = f"+ {said['d'].removeprefix('−')}" if said["d"].startswith("−") else f"− {said['d']}"  # of dP, D
        bright = f"{said['weight']} × ({said['high']} {less}) = {said['slope']}"
        texts = [f"bright bar: dS = {bright}", f"dS = {bright}", f"dS = {said['slope']}"]
        film.move(film.fitted("mean name", texts, skin.scores), seconds=TEXT)
        film.scene.hold(0.6)
        texts = [f"all: {said['above']} above D, {said['below']} below", f"all: {said['above']} and {said['below']}"]
        film.move(film.fitted("d name", texts, skin.scores), seconds=TEXT)


def finite(values: np.ndarray) -> np.ndarray:
    """[n, 1] numbers of rows; of a row that sees no key, nothing."""
    return np.where(np.isfinite(values), values, np.nan)[:, None]


# ----------------------------------------------------------------------------------------------------------- whose is what

OUTPUTS = (("dV", "Pᵀ", "dO"), ("dK", "dSᵀ", "Q"), ("dQ", "dS", "K"))  # what a product makes, and of which factors


@beat("outputs")
def outputs(film: BackwardFilm) -> None:
    """P and dS of the whole tile, each beside its other factor: column by column a product makes the tile's part of a gradient."""
    place, skin, found, tile = film.place, film.skin, film.found, film.found.followed
    here = found.parts[found.programs.index(found.key_tile)]
    dk, dv = found.gained(found.row_block)
    factors = {"Pᵀ": roots(tile.p).T, "dSᵀ": tile.ds.T, "dS": tile.ds, "K": found.keys_of("K", found.key_tile)}
    factors |= {name: found.rows_of(name, found.row_block) for name in ("dO", "Q")}
    film.tiles = {}
    gone = FadeOut(film.areas), *film.leave()
    film.move(*gone, film.fitted("part", PARTS[1], skin.ink), film.key(), seconds=TEXT)
    with film.scene.telling():
        for (row, first, second), values in zip(OUTPUTS, (dv, dk, here), strict=True):
            left, right = (
                film.matrix(name.removesuffix("ᵀ"), factors[name], place[f"{row} {part}"])
                for part, name in (("first", first), ("second", second))
            )
            film.words |= {f"{row} second": right}
            film.tiles[f"{row} first"] = left
            names = [
                film.name(f"{row} {part}", text, skin.hue(text.removesuffix("ᵀ")))
                for part, text in (("first name", first), ("second name", second))
            ]
            film.move(FadeIn(left, right), *names, seconds=TEXT)
            film.words[f"{row} made"] = made = film.matrix(row, values, place[f"{row} made"])
            upper, lower = rows(place[f"{row} note"], 2)
            product = word(f"{row} += {first} {second}", NAME, skin.hue(row), upper, "part")
            film.words[f"{row} note"] = note = Named(product, word(f"a part of {row}", LABEL, skin.ink, lower, "part"), tag="note")
            film.scene.add(made)
            film.move(Columns(made), film.name(f"{row} made name", "=", skin.ink), FadeIn(note), seconds=0.8)


class Walk(Group):
    """The grid of a key/value head, with what its programs add to dQ beside the rows, and their dK and dV beneath their columns."""

    def __init__(self, film: BackwardFilm, place: Shot) -> None:
        self.tag, self.skin, self.found = "walk", film.skin, film.found
        self.walks = film.found.walks
        self.most = max(sum(block in walk for walk in self.walks) for block in range(self.found.row_blocks))  # that add to one row block
        self.lines = outlined(self.skin.quiet)
        self.heads = Rectangles(self.skin.scores, name="heads", opacity=palette.LIT)
        self.own = {name: Rectangles(self.skin.hue(name), name=f"stored {name}", opacity=palette.LIT) for name in ("dK", "dV")}
        self.added = Rectangles(self.skin.q, name="added", opacity=palette.LIT)
        self.digits = VGroup()
        self.flying = Rectangles(self.skin.q, name="part of dQ", opacity=palette.LIT)
        super().__init__(self.lines, self.heads, *self.own.values(), self.added, self.flying, self.digits)
        self.place(place)

    def place(self, place: Shot | dict[str, Rect]) -> Walk:
        """Stand in the parts of a shot."""
        count = len(self.walks)
        self.grid = Grid(place["grid"], self.found.row_blocks, count)
        self.slots = Grid(place["dq"], self.found.row_blocks, self.most)
        self.strips = {name: Grid(place[part], 1, count) for name, part in (("dK", "dk"), ("dV", "dv"))}
        rows = Grid(place["dq"], self.found.row_blocks, 1)
        self.lines.display(np.concatenate([self.grid.cells, rows.cells, *(strip.cells for strip in self.strips.values())]))
        return self

    def display(self, heads: Sequence[tuple[int, int]], added: Sequence[tuple[int, int]], done: Sequence[int]) -> Walk:
        """Tiles (row block, key tile) at work; turns (row block, how many before) of dQ that were added; programs that are done."""
        self.heads.display(edges([self.grid.cell(*head) for head in heads]))
        self.added.display(edges([self.slots.cell(*turn) for turn in added]))
        self.added.values = np.array([len(added)])
        for name, strip in self.strips.items():
            self.own[name].display(edges([strip.cell(0, j) for j in done]))
            self.own[name].values = np.array([len(done)])
        return self

    def send(self, block: int, j: int, share: float) -> None:
        """A part of dQ leaves its tile for the row block's sum in HBM, in the second half of the time."""
        way = ease_in_out_cubic(max(2 * share - 1, 0.0))
        self.flying.display(edges([self.grid.cell(block, j).toward(self.slots.cell(block, 0), way)] if way else []))

    def cleared(self) -> Shows:
        """What was added and stored fades."""
        full = [self.added, *self.own.values()]

        def show(share: float) -> None:
            for part in full:
                part.set_fill(opacity=palette.LIT * (1 - share))
            if share == 1:
                self.display([], [], [])
                for part in full:
                    part.set_fill(opacity=palette.LIT)

        return Shows(self, show)

    def run_all(self, seed: int) -> Callable[[float], None]:
        """All programs at once, each at a pace of its own; beside each row, in the order in which they come, who added."""
        when = arrivals(self.walks, seed)
        turn = {(block, j): at for block in range(self.found.row_blocks) for at, j in enumerate(self.found.order(block, seed))}
        numbers = {
            (block, j): number_in(self.slots.cell(block, at), f"{j}", self.skin.ground) for (block, j), at in turn.items()
        } if self.slots.legible else {}  # fmt: skip
        self.digits.add(*numbers.values())

        def show(share: float) -> None:
            here = [pair for pair, time in when.items() if time <= share]
            done = [j for j, walk in enumerate(self.walks) if walk and when[walk[-1], j] <= share]
            self.display(heads_of(self.walks, when, share), [(block, turn[block, j]) for block, j in here], done)
            for pair, number in numbers.items():
                number.set_fill(opacity=float(when[pair] <= share))

        return show


def heads_of(walks: Sequence[Sequence[int]], when: dict[tuple[int, int], float], share: float) -> list[tuple[int, int]]:
    """Where the programs that are not done are: (place, program), after a share of the time of ``arrivals``."""
    going = ((program, [place for place in walk if when[place, program] > share]) for program, walk in enumerate(walks))
    return [(ahead[0], program) for program, ahead in going if ahead]


def number_in(rect: Rect, text: str, color: str) -> Word:
    """A number in the middle of a cell."""
    return Word(text, LABEL, color, rect.center[0] - text_width(text, LABEL, Face.STRONG) / 2, middle(rect, LABEL), "part")


@beat("owner")
def owner(film: BackwardFilm) -> None:
    """dS goes back to its place; the program of its column walks down: dK and dV gather on chip, of dQ each row block gets a part."""
    place, skin, found = film.place, film.skin, film.found
    film.walk = walk = Walk(film, place)
    j, (*others, tile) = found.key_tile, film.tiles.values()
    film.move(*film.leave(), *map(FadeOut, others), seconds=TEXT)
    home = walk.grid.cell(found.row_block, j)
    near = {part: magnified(place[part], home, tile.rect) for part in ("grid", "dq", "dk", "dv")}

    def farther(share: float) -> None:
        walk.place({part: rect.toward(place[part], share) for part, rect in near.items()})

    film.move(matrix_to(tile, home), Shows(walk, farther, rate_func=ease_in_out_cubic, introducer=True), seconds=MOVE)
    film.scene.remove(tile)
    chip = panel(place["chip"], fill=skin.chip, edge=skin.edge)
    film.words["chip"] = chip
    film.tiles = {
        name: film.matrix(name, np.zeros_like(final), place[f"{name.lower()} tile"], final)
        for name, final in zip(("dK", "dV"), found.gathered[-1], strict=True)
    }
    first, last = (walk.grid.cell(row, j) for row in (0, found.row_blocks - 1))
    film.words["column"] = column = box(Rect(last.x0, last.y0, first.x1, first.y1).inset(-LINE), stroke=skin.scores)
    film.words["columns"] = columns_of(film)
    steps = len(walk.walks[j])

    def show(share: float) -> None:
        done, blocks = min(int(share * steps), steps), walk.walks[j]
        walk.display([(blocks[done], j)] if done < steps else [], [(block, 0) for block in blocks[:done]], [])
        walk.send(blocks[done], j, share * steps - done) if done < steps else walk.flying.display(edges([]))
        for at, tile in enumerate(film.tiles.values()):
            tile.display(roots(found.gathered[done - 1][at]) if done else 0 * found.gathered[0][at])

    with film.scene.telling():
        coming = FadeIn(chip, column, film.words["columns"]), *(FadeIn(tile) for tile in film.tiles.values())
        film.move(*coming, *owner_names(film, j), seconds=TEXT)
        film.move(Shows(Group(walk, *film.tiles.values()), show), seconds=WALK)


def owner_names(film: BackwardFilm, j: int) -> list[FadeIn]:
    """Of what is in the frame."""
    skin = film.skin
    return [
        film.name("dk name", "dK", skin.k),
        film.name("dv name", "dV", skin.v),
        film.name("dk tile name", "dK += dSᵀ Q", skin.k),
        film.name("dv tile name", "dV += Pᵀ dO", skin.v),
        film.fitted("dq name", ["dQ += dS K, in the GPU's main memory", "dQ += dS K"], skin.q),
        film.fitted("chip note", ["K and V stay too; Q and dO pass", "K, V stay; Q, dO pass", "K, V too"], skin.ink),
        film.fitted("chip name", [f"program {j}: a thread block", f"program {j}, on chip", "on chip"], skin.ink),
    ]


def columns_of(film: BackwardFilm) -> Named:
    """Over each column its program's number, where there is room."""
    grid = film.walk.grid
    over = [Rect(cell.x0, grid.rect.y1, cell.x1, grid.rect.y1 + OVER) for cell in (grid.cell(0, j) for j in range(grid.columns))]
    return Named(*(number_in(rect, f"{j}", film.skin.ink) for j, rect in enumerate(over) if grid.legible), tag="part")


@beat("shared")
def shared(film: BackwardFilm) -> None:
    """dK and dV go to their one place; that is cleared; all programs walk at once and add to the same dQ, in an order that nobody fixes."""
    walk, skin, j = film.walk, film.skin, film.found.key_tile
    old, place = film.scene.shot("walk"), film.place
    homes = {name: Grid(place[name.lower()], 1, len(walk.walks)).cell(0, j) for name in ("dK", "dV")}
    film.move(*film.leave(), seconds=TEXT)
    parts, alone = ("grid", "dq", "dk", "dv"), [(block, 0) for block in walk.walks[j]]

    def widen(share: float) -> None:
        walk.place({part: old[part].toward(place[part], share) for part in parts}).display([], alone, [])

    home = [matrix_to(tile, homes[name]) for name, tile in film.tiles.items()]
    film.move(*home, Shows(walk, widen, rate_func=ease_in_out_cubic), seconds=MOVE)
    film.scene.remove(*film.tiles.values())
    film.tiles = {}
    walk.display([], alone, [j])
    names = [film.name("dk name", "dK", skin.k), film.name("dv name", "dV", skin.v)]
    names.append(film.fitted("dq name", ["rows of dQ: who added, in turn", "dQ: who added, in turn", "dQ: in turn", "dQ"], skin.q))
    film.words["columns"] = columns_of(film)
    first, *_, last = [program for program, blocks in enumerate(walk.walks) if blocks]
    names.append(film.fitted("note", [f"programs {first} to {last}, all at once", f"{first} to {last} at once"], skin.ink))
    with film.scene.telling():
        film.move(*names, FadeIn(film.words["columns"]), seconds=TEXT)
        film.move(walk.cleared(), seconds=TEXT * 2)
        show = walk.run_all(film.found.config.seed)
        show(0.0)
        film.move(Shows(walk, show), seconds=ALL)
        film.move(*film.leave("note"), seconds=TEXT / 2)
        film.move(film.name("note", "one order of many", skin.ink), seconds=TEXT)


# ---------------------------------------------------------------------------------------------------------------- two orders


@beat("order")
def order(film: BackwardFilm) -> None:
    """The row of dQ comes nearer: what each program adds to one of its numbers, summed up; then the same parts in another order."""
    skin, found, walk = film.skin, film.found, film.walk
    first, last = found.drawn
    slots = edges([walk.slots.cell(found.row_block, at) for at in range(len(first))])
    said, gone = found.said, [FadeOut(walk), *film.leave()]
    with film.scene.telling():
        stacked = comes(
            film, "first", ["One number of a block of dQ: what each program adds", "One number of dQ, part by part"], slots, gone
        )
        comes(film, "last", ["The same parts, in another order", "In another order"], stacked[[first.index(j) for j in last]], [])
        film.words["digits"] = Group(underlined(film, "first"), underlined(film, "last"))
        share = f"{said['differ']} of {said['all']}"
        differ = film.fitted("differ", [f"{said['differ']} of the block's {said['all']} differ", f"{share} differ"], skin.ink)
        film.move(FadeIn(film.words["digits"]), differ, seconds=TEXT)
        film.move(
            film.fitted(
                "off", [f"within {said['off']} of the exact sum", f"within {said['off']} of exact", f"off ≤ {said['off']}"], skin.ink
            ),
            seconds=TEXT,
        )


def comes(film: BackwardFilm, side: str, titles: Sequence[str], start: np.ndarray, gone: Sequence[FadeOut]) -> np.ndarray:
    """[programs, 4] where the parts stand, one after another in the order of a side, after they came there from ``start``; their sum."""
    programs = dict(zip(("first", "last"), film.found.drawn, strict=True))[side]
    parts = ordered(film, programs)
    film.words[f"{side} ahead"] = ahead = Rectangles(film.skin.q, name="to be added", opacity=palette.DIM)
    stop = stack(film.place[side], parts, scale_of(film, side))
    film.scene.add(ahead.display(start))
    move = Shows(ahead, lambda share: ahead.display(start + (stop - start) * share), rate_func=ease_in_out_cubic)
    title = film.fitted(f"{side} name", titles, film.skin.q)
    title.rate_func = late
    rows = [("order", "who", "program", [f"{j}" for j in programs]), ("adds", "what", "adds", [plus(0.0, part) for part in parts])]
    under = [each for row in rows for each in numbered(film, side, *row)]
    film.move(*gone, move, title, FadeIn(zero_line(film, side), *under, rate_func=late), seconds=1.0)
    film.move(summed(film, side, parts, stop), seconds=SUM)
    return stop


def ordered(film: BackwardFilm, order: Sequence[int]) -> np.ndarray:
    """[programs] what they add to the number, as they come."""
    return film.found.in_order(film.found.parts[:, *film.found.number], order).astype(np.float64)


def stack(rect: Rect, parts: np.ndarray, ground: tuple[float, float]) -> np.ndarray:
    """[n, 4] each part begins where the one before it ends."""
    unit, zero = ground
    return upright(rect, np.cumsum(parts) - parts, parts, zero, unit)


def scale_of(film: BackwardFilm, side: str) -> tuple[float, float]:
    """How high 1 is, and where zero stands, so that the parts fit in either order."""
    rect = film.place[side]
    levels = np.concatenate([[0.0], *(np.cumsum(ordered(film, order)) for order in film.found.drawn)])
    unit = rect.height / max(float(np.ptp(levels)), 1e-30)
    return unit, rect.y0 - float(levels.min()) * unit


def zero_line(film: BackwardFilm, side: str) -> Rectangles:
    """Where both orders begin."""
    rect, (_, zero) = film.place[side], scale_of(film, side)
    film.words[f"{side} zero"] = line = Rectangles(film.skin.quiet, name="zero")
    return line.display(np.array([[rect.x0, zero - LINE / 4, rect.x1, zero + LINE / 4]]))


def numbered(film: BackwardFilm, side: str, row: str, head: str, name: str, texts: Sequence[str]) -> list[Mobject]:
    """Under each part a number of its program, and what these are, where there is room."""
    rect = film.place[f"{side} {row}"]
    cells = columns(rect, len(texts))
    if cells[0].width < 1.02 * max(text_width(text, LABEL, Face.STRONG) for text in texts):
        return []
    shift = -0.1 * cells[0].width  # a bar fills four fifths of its pitch
    words = [number_in(cell.shifted(shift, 0), text, film.skin.ink) for cell, text in zip(cells, texts, strict=True)]
    film.words[f"{side} {row}"] = made = Named(*words, tag="part")
    film.words[f"{side} {head}"] = called = word(name, LABEL, film.skin.ink, film.place[f"{side} {head}"], "part", Face.TEXT)
    return [made, called]


def summed(film: BackwardFilm, side: str, parts: np.ndarray, boxes: np.ndarray) -> Shows:
    """The sum in float32 as part after part lights up and is added, by as many digits as the last has."""
    rect, text = film.place[f"{side} number"], film.found.said[side]
    said = sums(parts, len(text.partition(".")[2]))
    film.words[f"{side} number"] = made = Readout(
        text, fitting(max(said, key=len), ONE_NUMBER, rect), film.skin.ink, name=f"sum {side}", face=Face.MONO_STRONG
    )
    film.words[f"{side} bars"] = bars = Rectangles(film.skin.q, name=f"parts {side}", opacity=palette.LIT)
    made.at(rect)

    def show(share: float) -> None:
        count = min(int(share * len(said)) + 1, len(said))
        made.display(said[count - 1])
        bars.display(boxes[:count])
        bars.values = parts[:count]

    return Shows(Group(made, bars), show, introducer=True)


def underlined(film: BackwardFilm, side: str) -> Rectangles:
    """A line under the digits in which the two sums differ."""
    number = film.words[f"{side} number"]
    assert isinstance(number, Readout)
    first, last = film.found.said["first"], film.found.said["last"]
    same = next(at for at in range(len(first)) if first[: at + 1] != last[: at + 1])
    left, low = float(number.home[0]) + same * number.step, float(number.home[1]) - 2.5 * LINE
    right = float(number.home[0]) + len(number.text) * number.step
    return Rectangles(film.skin.ink, name="digits").display(np.array([[left, low, right, low + LINE]]))


class Launch(Group):
    """A grid whose programs walk, each through a column or a row of tiles, and what they have added to the rows of dQ."""

    def __init__(self, film: BackwardFilm, side: str) -> None:
        found, skin = film.found, film.skin
        self.grid = Grid(film.place[f"{side} grid"], found.row_blocks, len(found.walks))
        self.sums = Grid(film.place[f"{side} dQ"], found.row_blocks, 1)
        self.lines = outlined(skin.quiet).display(np.concatenate([self.grid.cells, self.sums.cells]))
        self.heads = Rectangles(skin.scores, name="heads", opacity=palette.LIT)
        self.added = Rectangles(skin.q, name="added", opacity=palette.LIT)
        super().__init__(self.lines, self.added, self.heads)
        self.tag = "launch"

    def walk(self, walks: list[list[int]], seed: int, *, rows: bool, adds: bool = True) -> Shows:
        """All programs at once, each at a pace of its own; ``rows``: a program's places are of a row, else of a column."""
        when = arrivals(walks, seed)
        pairs = [(program, place) if rows else (place, program) for place, program in when]  # row block, key tile
        times, blocks = np.array(list(when.values())), np.array([block for block, _ in pairs])

        def show(share: float) -> None:
            heads = [(program, place) if rows else (place, program) for place, program in heads_of(walks, when, share)]
            self.heads.display(edges([self.grid.cell(*head) for head in heads]))
            if adds:
                done = [float((times[blocks == block] <= share).mean()) for block in range(self.grid.rows) if (blocks == block).any()]
                cells = [self.sums.cell(block, 0) for block in sorted(set(blocks.tolist()))]
                self.added.display(edges([cell.left(cell.width * part) for cell, part in zip(cells, done, strict=True)]))

        return Shows(self, show)


@beat("fixed")
def fixed(film: BackwardFilm) -> None:
    """Columns share dQ, and a pair of tiles takes so many products; for one order rows own dQ, in a launch that makes S and dP again."""
    place, found, skin, seed = film.place, film.found, film.skin, film.found.config.seed
    first, second = products(found.trace), products(found.fixed)
    count = len(first) - 1  # of the first launch: dQ, made last, has a launch of its own
    gone = [FadeOut(film.walk)] if film.scene.on_stage(film.walk) else []  # where no order changes a bit
    film.move(*gone, *film.leave(), seconds=TEXT)
    usual = columns(place["usual"], len(first), em(14))
    apart = [
        rect.shifted(GAP / 2 if at >= count else 0.0, 0.0)
        for at, rect in enumerate(columns(place["fixed"].before(GAP / 2), len(second), em(14)))
    ]
    ones = [Block(film, name, rect) for name, rect in zip(first, usual, strict=True)]
    others = [Block(film, name, rect) for name, rect in zip(second, apart, strict=True)]
    left, right = Launch(film, "usual"), Launch(film, "fixed")
    by_row = [[j for j, walk in enumerate(found.walks) if block in walk] for block in range(found.row_blocks)]
    with film.scene.telling():
        names = (
            film.fitted("usual name", ["A program a column", "By columns"], skin.ink),
            film.fitted("usual note", ["all add to dQ, in any order", "dQ shared: any order"], skin.q),
        )
        film.move(FadeIn(left, *ones), *names, counted(film, "usual", len(first)), seconds=TEXT)
        film.move(left.walk(found.walks, seed, rows=False), seconds=1.2)
        names = (
            film.fitted("fixed name", ["A fixed order: columns first", "First columns"], skin.ink),
            film.fitted("fixed note", ["dV and dK, no dQ yet", "no dQ yet"], skin.k),
        )
        film.move(FadeIn(right, *others[:count]), *names, seconds=TEXT)
        film.move(right.walk(found.walks, seed, rows=False, adds=False), seconds=0.8)
        film.move(*film.leave("fixed name", "fixed note"), seconds=TEXT / 2)
        film.move(
            film.fitted("fixed name", ["then a program a row", "then rows"], skin.ink),
            film.fitted("fixed note", ["owns its dQ: S and dP once more", "S and dP again"], skin.q), seconds=TEXT / 2,
        )  # fmt: skip
        goes = []
        for block, rect in zip(others[count:], apart[count:], strict=True):
            if block.text in second[:count]:  # once more
                block.square.set_stroke(skin.ink, width=theme.HEAVY)
                block.put(apart[second.index(block.text)])
            goes.append(block.to(rect))
        film.scene.add(*(each.mobject for each in goes))
        film.move(*goes, right.walk(by_row, seed, rows=True), seconds=1.2)
        film.move(counted(film, "fixed", len(second)), seconds=TEXT)


def counted(film: BackwardFilm, part: str, count: int) -> FadeIn:
    """How many products a pair of tiles takes."""
    return film.fitted(f"{part} count", [f"{count} products a tile", f"{count} products"], film.skin.ink)


class Block(Named):
    """One product, with the name of what it makes."""

    def __init__(self, film: BackwardFilm, name: str, rect: Rect) -> None:
        hue = film.skin.hue(name)
        self.square = Rectangles(hue, name=f"product {name}", opacity=palette.RESTING)
        self.square.set_stroke(hue, width=theme.OUTLINE, opacity=1)
        px = NUMBER * min(1.0, rect.width / text_width("dQ", NUMBER, Face.STRONG))  # as wide a name as any
        self.letters = word(name, px, film.skin.ink, rect, "part")
        super().__init__(self.square, self.letters, tag="block", text=name)
        self.put(rect)

    def put(self, rect: Rect) -> Block:
        """Stand in a rectangle, with the name in its middle."""
        self.rect = rect
        self.square.display(np.array([rect.edges]))
        self.letters.put_at(rect.center[0] - self.letters.wide / 2, middle(rect, self.letters.px))
        return self

    def to(self, rect: Rect) -> Shows:
        """It goes there."""
        start = self.rect
        return Shows(self, lambda share: self.put(start.toward(rect, share)), rate_func=ease_in_out_cubic)
