"""The backward pass: P made again on its tile, dP and dS, the program that owns a key tile, and dQ, to which all programs add."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from manim import Group, Mobject, VMobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import palette, theme
from flashviz.chapters import backward
from flashviz.chapters.backward import Backward, Given, gather
from flashviz.director.film.parts import LOAD, Columns, fitting, heading, matrix_to, put, reveal
from flashviz.director.material import provenance
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, StepBack, beat, step_forth
from flashviz.director.words import CORNER, LABEL, NAME, NUMBER, Word, first_that_fits, fitted, fly, labelled, word, worded
from flashviz.layout import Rect, Shot, columns
from flashviz.layout.backward import Grid, arrivals, magnified
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.areas import Areas
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, early, late
from flashviz.mobjects.named import Named
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.tiles import Matrix, Rectangles, box, edges, flat_row, line_of, outlines
from flashviz.palette import spread, weight_spread

SWEEP, PRODUCT, ROWS = 2.8, 0.8, 1.3  # seconds: of the forward pass, of a product, of a tile's rows
LEVEL, PARTS = 1.8, 1.2  # seconds: until all bars are level, and until they are apart again
ALL, PASS = 2.0, 1.3  # seconds: of all programs at once, of either pass of a fixed order
MADE, APART = ("products:", "made:", "Σ:"), 20  # what is listed; px, from there to the first
LINE = em(6)  # under digits that differ, and about what is framed
SIGNED = "dSD"  # with what the name of a picture begins whose zero is the middle of its ramp
SIGNS = {"−": -1.0, "0": 0.0, "+": 1.0}  # what the ends of a ramp are, and its middle
EQUAL = (  # why dO · O is the areas of all bars together, term by term, each in the hue of what it is of
    ("D", "D"), ("=", "S"), ("Σ P × dP", "P"), ("=", "S"), ("Σ P × (", "P"), ("dO · V", "O"), (")", "P"),
    ("=", "S"), ("dO ·", "O"), ("Σ P V", "V"), ("=", "S"), ("dO · O", "O"),
)  # fmt: skip
AT_ONCE = {"off": ["all columns run at once;"], "usual": ["who is first adds first"]}
ENTRY = em(16)  # of a number that is pointed at
ROW_INPUTS, COLUMN_INPUTS, OWN = ("Q", "dO"), ("K", "V"), ("dK", "dV")  # beside the rows, over the columns, under them


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
        self.kept_words: dict[str, Mobject] = {}  # of the tile, while one of its rows is looked at

    def matrix(self, tensor: str, values: np.ndarray, rect: Rect, scale: np.ndarray | None = None) -> Matrix:
        """A picture of values on the ramp of its tensor, which reaches over all of ``scale`` where that is given.

        S, P, gradients, and D are drawn by the root of their size with its sign, so that what is small is seen. Zero is the ramp's middle,
        but for weights: theirs reaches from 0, since none is below, to where all but a few are.
        """
        ramp = values if scale is None else scale
        if tensor == "P":
            return Matrix(roots(values), rect, self.skin, tensor, *weight_spread(roots(ramp)))
        if tensor[0] in SIGNED:
            end = spread(np.abs(roots(ramp)))[1]
            return Matrix(roots(values), rect, self.skin, tensor, -end, end)
        return Matrix(values, rect, self.skin, tensor, *spread(ramp))

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
        self.words[part] = fitted(texts, NAME, color, self.place[part], part)
        return FadeIn(self.words[part])

    def leave(self, *parts: str) -> list[FadeOut]:
        """Words of these parts, of all where none is named."""
        return [FadeOut(self.words.pop(part)) for part in parts or tuple(self.words)]

    def rename(self, part: str, texts: Sequence[str], color: str) -> None:
        """Another word in the place of one."""
        self.move(*self.leave(part), seconds=TEXT / 2)
        self.move(self.fitted(part, texts, color), seconds=TEXT / 2)

    def arrive(self, part: str, tensor: str, values: np.ndarray) -> Shows:
        """A tile comes over the nearest edge of the frame to its part of the shot."""
        rect = self.place[part]
        start = self.outside(rect)
        self.tiles[part] = tile = self.matrix(tensor, values, start)
        return matrix_to(tile, rect, start, introducer=True)

    def outside(self, rect: Rect) -> Rect:
        """Just past the frame's nearest edge, but its lower one, where the caption stands."""
        whole = self.scene.frame
        ways = (whole.x0 - rect.x1, 0.0), (whole.x1 - rect.x0, 0.0), (0.0, whole.y1 - rect.y0)
        return rect.shifted(*min(ways, key=lambda way: abs(sum(way))))

    def made(self, part: str, tensor: str, values: np.ndarray, scale: np.ndarray | None = None) -> Columns:
        """A product fills its part of the shot, column by column."""
        self.tiles[part] = tile = self.matrix(tensor, values, self.place[part], scale)
        self.scene.add(tile)
        return Columns(tile)

    def listed(self, part: str, names: Sequence[str], of: int) -> list[Word]:
        """Products of two tiles, one beside the other, in that many places."""
        made = [
            heading(slot, name, self.skin.hue(name), NUMBER, "product")
            for slot, name in zip(columns(self.place[part], of), names, strict=False)
        ]
        self.words[part] = Group(*made)
        return made

    def counted(self, tensor: str) -> FadeIn:
        """Another product that was made, at the end of their list."""
        first, *slots = columns(self.place["made"], 1 + len(backward.products(self.found.trace)))
        if "made" not in self.words:
            self.words["made"] = Group(fitted(MADE, NAME, self.skin.ink, first.before(em(APART)), "made"))
        listed = self.words["made"]
        at = len(listed.submobjects)
        listed.add(word(f"{at} {tensor}", NAME, self.skin.hue(tensor), slots[at - 1], "made"))
        return FadeIn(*listed.submobjects[0 if at == 1 else at :])

    def key(self, part: str, tensor: str, shades: Mapping[str, float]) -> FadeIn:
        """Which shade of a tensor's ramp is what."""
        cells = columns(self.place[part], len(shades))
        swatches = [
            self.matrix(tensor, np.full((1, 1), shade), cell.left(0.8 * cell.height).inset(em(8)), np.arange(2))
            for shade, cell in zip(shades.values(), cells, strict=True)
        ]
        for swatch in swatches:
            swatch.tag = "swatch"
        signs = [word(sign, NAME, self.skin.ink, cell.beyond(0.9 * cell.height), "part") for sign, cell in zip(shades, cells, strict=True)]
        self.words[part] = Group(*swatches, *signs)
        return FadeIn(self.words[part])


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
    """The forward pass once more: each tile of weights is there for a moment; rows of O and numbers of LSE are left."""
    place, skin, found = film.place, film.skin, film.found
    c, (b, shared, g) = found.config, found.head
    grid = Grid(place["grid"], c.row_blocks, c.col_blocks)
    head = shared * c.group + g
    o = film.matrix("O", np.asarray(found.given["O"][b, head], np.float64), place["o"])
    numbers = film.matrix("LSE", finite(np.asarray(found.given["LSE"][b, head], np.float64)), place["lse"])
    visits = [(i, j) for i in range(c.row_blocks) for j in c.key_tiles(i)]
    lines = outlines(skin.quiet, "cells", theme.HAIRLINE).display(grid.cells)
    shades = weight_spread(roots(found.followed.p))
    tile = Matrix(roots(found.followed.p), grid.cell(*visits[0]), skin, "P", *shades)

    def show(share: float) -> None:
        at = min(int(share * len(visits)), len(visits) - 1)
        row, column = visits[at]
        put(tile, grid.cell(row, column))
        tile.display(roots(found.tile(g * c.row_blocks + row, column).p))
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
    with film.scene.telling():
        note = film.fitted("lse note", ["LSE = log of its row's Σ exp(S)", "LSE = log Σ exp(S)", "= log Σ exp(S)"], skin.stats)
        film.move(FadeIn(film.words["o name"], film.words["lse name"]), note, seconds=TEXT)
        film.move(Shows(Group(o, numbers, tile), show), seconds=SWEEP)
        film.move(FadeOut(tile), film.name("s kept", "never stored", skin.ink), seconds=TEXT)
    film.tiles |= {"o": o, "kept lse": numbers}
    film.words["lines"] = lines


# -------------------------------------------------------------------------------------------------------------- on one tile


@beat("again")
def again(film: BackwardFilm) -> None:
    """One tile grows out of the grid, with its rows' LSE; Q and K make S of it again, and LSE makes P, row by row."""
    place, skin, found = film.place, film.skin, film.found
    tile = found.followed
    with film.scene.telling():
        frame = nearer(film)
        names = film.name("q name", "Q", skin.q), film.name("k name", "K", skin.k), film.name("lse name", "LSE", skin.stats)
        film.scene.remove(frame)
        film.move(*names, film.fitted("p name", ["S = Q Kᵀ / √d"], skin.scores), film.made("p", "S", tile.s), seconds=PRODUCT)
        film.move(film.counted("S"), seconds=TEXT)
        scores = film.tiles["p"]
        film.tiles["p"] = weights = film.matrix("P", tile.p, place["p"])
        film.rename("p name", ["P = exp(S − LSE)"], skin.scores)
        film.move(row_by_row(film, weights, (place["p"], place["lse"])), seconds=ROWS)
        film.scene.remove(scores)
        film.move(film.key("p key", "P", {"0": 0.0, found.said["bright"]: 1.0}), seconds=TEXT)


def nearer(film: BackwardFilm) -> VMobject:
    """The followed cell grows to a tile's place, to which Q and K come; the grid leaves, and its rows' LSE comes out of all."""
    place, skin, found = film.place, film.skin, film.found
    from_shot = film.scene.shot("kept")
    whole = Grid(from_shot["grid"], found.config.row_blocks, found.config.col_blocks)
    block, lines = found.forward.chosen.program[0], film.words.pop("lines")
    cell = whole.cell(block, found.key_tile)
    frame, large = box(cell, stroke=skin.scores), magnified(whole.rect, cell, place["p"])
    numbers = finite(found.rows_of("LSE", found.row_block))
    kept_at = Grid(from_shot["lse"], found.config.row_blocks, 1)
    film.tiles["lse"] = own = film.matrix("LSE", numbers, kept_at.cell(block, 0), film.tiles["kept lse"].values)
    film.move(FadeOut(film.tiles.pop("o")), *film.leave(), FadeIn(frame, own), seconds=TEXT)

    def grow(share: float) -> None:
        lines.display(replace(whole, rect=whole.rect.toward(large, share)).cells).set_stroke(opacity=1 - early(share))
        frame.set_points(box(cell.toward(place["p"], share), stroke=skin.ink).points)

    gone = FadeOut(film.tiles.pop("kept lse"), rate_func=early)
    film.move(
        Shows(Group(lines, frame), grow, rate_func=ease_in_out_cubic), matrix_to(own, place["lse"]), gone,
        film.arrive("q", "Q", found.rows_of("Q", found.row_block)), film.arrive("k", "K", found.keys_of("K", found.key_tile).T),
        seconds=MOVE,
    )  # fmt: skip
    film.scene.remove(lines)
    return frame


def row_by_row(film: BackwardFilm, made: Matrix, *used: tuple[Rect, Rect]) -> Shows:
    """A picture fills from its top; frames are about the row that is made, and what it is made of, each from one place to another."""
    count, high = len(made.values), made.rect.height / len(made.values)
    frame = outlines(film.skin.ink, "row")

    def show(share: float) -> None:
        at = int(share * count)
        tops = [(first, last, first.y1 - at * high) for first, last in used] if at < count else []
        frame.display(edges([Rect(first.x0, top - high, last.x1, top).inset(-LINE) for first, last, top in tops]))
        reveal(made, share)

    show(0.0)
    film.scene.add(made, frame)
    return Shows(Group(made, frame), show)


@beat("upstream")
def upstream(film: BackwardFilm) -> None:
    """Beside P, dO comes, and V: over the same keys and queries they make dP, the gradient of each weight."""
    skin, found = film.skin, film.found
    with film.scene.telling():
        film.move(
            film.arrive("do", "dO", found.rows_of("dO", found.row_block)),
            film.arrive("v", "V", found.keys_of("V", found.key_tile).T), seconds=LOAD,
        )  # fmt: skip
        film.move(film.name("do name", "dO", skin.o), film.name("v name", "V", skin.v), seconds=TEXT)
        film.move(film.name("ds name", "dP = dO Vᵀ", skin.scores), film.made("ds", "dP", found.followed.dp), seconds=PRODUCT)
        film.move(film.counted("dP"), seconds=TEXT)
        told = ["dP: how the loss changes with each weight", "dP: the loss's change by each weight", "dP: gradient of each weight"]
        film.move(film.key("key", "dP", SIGNS), film.fitted("note", told, skin.ink), seconds=TEXT)


# ------------------------------------------------------------------------------------------------------------- on one query


@beat("row")
def row(film: BackwardFilm) -> None:
    """A query's row leaves both tiles: its weights become widths on a line, its dP the heights; bars of all other keys come beside them."""
    skin, found, tile_shot = film.skin, film.found, film.scene.shot("tile pair")
    rows, at = len(found.followed.p), found.row
    film.areas = areas = Areas(found.whole.p[at], found.whole.dp[at], float(found.followed.d[at]), found.own, film.place["plot"], skin)
    keys = len(found.followed.p[at])
    lines = {part: line_of(tile_shot[part], rows, at) for part in ("p", "ds")}
    frame = outlines(skin.ink, "row")
    frame.display(edges([line.inset(-LINE) for line in lines.values()]))
    film.move(FadeIn(frame), seconds=TEXT)
    flat, feet = areas.boxes(0.0, 0.0)[areas.chosen], Rectangles(skin.scores, name="weights", opacity=palette.LIT)
    flat[:, 3] += LINE
    bars = areas.boxes(0.0, areas.values)[areas.chosen]
    from_p, from_dp = (flat_row(lines[part], keys) for part in ("p", "ds"))
    with film.scene.telling():
        gone = FadeOut(frame, *film.tiles.values(), *film.words.values(), rate_func=late)
        film.kept_words, film.words = film.words, {}
        areas.own.display(from_dp)
        film.scene.add(feet.display(from_p), areas.own)
        film.move(
            gone, Shows(feet, lambda share: feet.display(from_p + (flat - from_p) * share), rate_func=ease_in_out_cubic),
            film.fitted("width", ["width: the weight P of a key; all together 1", "width: weight P, together 1"], skin.ink), seconds=MOVE,
        )  # fmt: skip
        film.move(
            Shows(areas.own, lambda share: areas.own.display(from_dp + (bars - from_dp) * share), rate_func=ease_in_out_cubic),
            film.fitted("height", ["height: its dP, above 0 or below", "height: its dP"], skin.ink), seconds=MOVE,
        )  # fmt: skip
        film.scene.remove(feet)
        film.words["zero"] = word("0", NAME, skin.quiet, beside(film, 0.0), "part")
        film.scene.add(film.words["zero"])
        areas.grow(0.0)
        film.scene.remove(areas.own)
        film.scene.add(areas)
        film.move(Shows(areas, areas.grow), seconds=MOVE)
        film.move(
            film.fitted("law", ["strong: this tile's keys; pale: all other keys", "strong: this tile's keys"], skin.ink), seconds=TEXT
        )


@beat("mean")
def mean(film: BackwardFilm) -> None:
    """All bars sink and rise to one level, the mean by weight, and the level is drawn."""
    areas = film.areas
    with film.scene.telling():
        film.move(Shows(areas, areas.settle, rate_func=ease_in_out_cubic), seconds=LEVEL)
        film.move(Shows(areas, areas.rise), seconds=MOVE)
        film.move(levelled(film), seconds=TEXT)


def levelled(film: BackwardFilm) -> FadeIn:
    """D and its number, at the right of its level."""
    film.words["level"] = word(f"D = {film.found.said['mean']}", NAME, film.skin.hue("D"), beside(film, film.areas.mean), "level")
    return FadeIn(film.words["level"])


def beside(film: BackwardFilm, value: float) -> Rect:
    """A line of type at the right of the areas, at a value's height; that of 0 makes room for the mean's."""
    place, areas, half = film.place["level"], film.areas, em(NAME) / 2
    y, level = areas.level_of(value), areas.level_of(areas.mean)
    if value == 0 and abs(y - level) < 2 * half:
        y = level + np.copysign(2 * half, y - level)
    return Rect(place.x0, y - half, place.x1, y + half)


@beat("share")
def share(film: BackwardFilm) -> None:
    """The bars are parted by the level: areas above it and below it are dS, of which one is reckoned."""
    areas, skin, said = film.areas, film.skin, film.found.said
    with film.scene.telling():
        film.move(*film.leave("height", "width", "law"), seconds=TEXT)
        film.move(
            Shows(areas, areas.part, rate_func=ease_in_out_cubic),
            film.fitted("height", ["above D: dS > 0; below D, the same area: dS < 0", "above D: dS > 0; below: dS < 0"], skin.ink),
            seconds=PARTS,
        )  # fmt: skip
        box_of = areas.boxes(areas.mean, areas.values)[areas.chosen][film.found.key]
        film.words["key"] = box(Rect(*box_of).inset(-LINE), stroke=skin.ink, width=theme.HEAVY)
        film.move(
            FadeIn(film.words["key"]), film.fitted("law", ["framed: dS = P × (dP − D)", "dS = P × (dP − D)"], skin.scores), seconds=TEXT
        )
        reckoned = f"{said['weight']} × ({said['gradient']} − {said['mean']}) = {said['part']}"
        film.move(film.fitted("sum", [reckoned], skin.ink), seconds=TEXT)


@beat("dot")
def dot(film: BackwardFilm) -> None:
    """All areas are D, and so is dO · O, since O is all weighted rows of V; the other keys leave, and two rows of the query give D back."""
    areas, skin, found = film.areas, film.skin, film.found
    bars = Group(areas.own, areas.above, areas.below)
    others = Group(areas.others, areas.above_others, areas.below_others)
    with film.scene.telling():
        film.move(
            *film.leave("key", "law", "sum", "height"), Shows(Group(bars, others), lambda share: areas.stand(share, others=True)),
            seconds=2 * TEXT,
        )  # fmt: skip
        equal = worded(film.place["width"], [text for text, _ in EQUAL], NAME, [skin.hue(tensor) for _, tensor in EQUAL], "equal")
        film.words["width"] = Group(*equal)
        steps = 0, *[at for at, (text, _) in enumerate(EQUAL) if text == "="][1:], len(EQUAL)
        for start, stop in pairwise(steps):
            film.move(FadeIn(*equal[start:stop]), seconds=TEXT)
            film.scene.hold(TEXT)
        for part, called in (("do", "dO"), ("o", "O")):
            values = found.rows_of(called, found.row_block)
            film.tiles[f"{part} row"] = strip = film.matrix(called, values, film.place[part])
            strip.display(strip.values[found.row : found.row + 1])
            strip.tag = f"row of {called}"
        film.move(
            FadeIn(film.tiles["do row"], film.tiles["o row"]),
            film.name("do name", "dO", skin.o),
            film.name("o name", "O", skin.o),
            FadeOut(others, areas.level), *film.leave("level"),
            film.fitted("height", ["on chip: only this tile's keys", "on chip: this tile's keys"], skin.ink),
            seconds=2 * TEXT,
        )  # fmt: skip
        film.move(film.fitted("dot", [f"dO · O = {found.said['mean']}"], skin.hue("D")), seconds=TEXT)
        levelled(film)
        source, target = film.words["dot"], film.words["level"]
        assert isinstance(source, Word)
        assert isinstance(target, Word)
        film.move(fly(target, source), seconds=MOVE)
        film.scene.add(areas.level)
        film.move(Shows(areas.level, areas.rise), Shows(bars, lambda share: areas.stand(1 - late(share))), seconds=LOAD)
        areas.part(1.0)  # cut, now that D is known


# ------------------------------------------------------------------------------------------------------------ on the tile again


@beat("softmax")
def softmax(film: BackwardFilm) -> None:
    """The row goes back into its tile; D comes, a number a row, and row by row dP becomes dS."""
    place, skin, found, areas = film.place, film.skin, film.found, film.areas
    strips = [film.tiles.pop(part) for part in ("do row", "o row")]
    line = flat_row(line_of(place["ds"], len(found.followed.p), found.row), len(found.followed.p[0]))
    parts = [(drawn, drawn.points.copy()) for drawn in (areas.above, areas.below)]
    homes = [Rectangles(skin.scores, name="home").display(line).points] * 2
    film.scene.remove(areas)
    film.scene.add(*(drawn for drawn, _ in parts))
    with film.scene.telling():
        film.move(FadeOut(*strips, areas.axis, areas.level), *film.leave(), seconds=TEXT / 2)

        def back(share: float) -> None:
            for (drawn, start), home in zip(parts, homes, strict=True):
                drawn.points = start + (home - start) * share

        film.words = {part: each for part, each in film.kept_words.items() if part != "note"}  # that was of dP
        film.move(
            FadeIn(*film.tiles.values(), *film.words.values()),
            Shows(Group(*(drawn for drawn, _ in parts)), back, rate_func=ease_in_out_cubic), seconds=MOVE,
        )  # fmt: skip
        film.move(film.arrive("d", "D", finite(found.followed.d)), seconds=LOAD)
        film.scene.remove(*(drawn for drawn, _ in parts))
        film.move(film.name("d name", "D", skin.hue("D")), seconds=TEXT / 2)
        gradients = film.tiles["ds"]
        film.tiles["ds"] = made = film.matrix("dS", found.followed.ds, place["ds"])
        film.move(row_by_row(film, made, (place["p"], place["p"]), (place["ds"], place["d"])), *film.leave("ds name"), seconds=ROWS)
        film.scene.remove(gradients)
        film.move(film.name("ds name", "dS = P × (dP − D)", skin.scores), seconds=TEXT / 2)


@beat("outputs")
def outputs(film: BackwardFilm) -> None:
    """Each product beside what it is made of, all else dimmer: dV under P, dK under dS, dQ at the right of dS."""
    skin, found = film.skin, film.found
    here = found.parts[found.programs.index(found.key_tile)]
    (dk, dv), (all_k, all_v) = found.gained(found.row_block), found.gathered[-1]
    with film.scene.telling():
        film.move(*film.leave("p key", "key"), seconds=TEXT)
        for part, tensor, text, values, scale, factors in (
            ("dv", "dV", "dV += Pᵀ dO", dv.T, all_v, ("p", "do")),
            ("dk", "dK", "dK += dSᵀ Q / √d", dk.T, all_k, ("ds", "q")),
            ("dq", "dQ", "dQ += dS K / √d", here, here, ("ds", "k")),
        ):
            others = StepBack([each for name, each in film.tiles.items() if name not in factors], palette.DIM)
            film.move(others, seconds=TEXT)
            named = film.fitted(f"{part} name", [text, tensor], skin.hue(tensor))  # in a narrow place the name alone
            film.move(film.made(part, tensor, values, scale), named, seconds=PRODUCT)
            film.move(step_forth(others), film.counted(tensor), seconds=TEXT)


# ----------------------------------------------------------------------------------------------------------- whose is what

Cell = tuple[int, int]  # row block, key tile


class Walk(Group):
    """All tiles of a key/value head, with the inputs of their rows and columns, dK and dV of the columns, and what was added to dQ."""

    def __init__(self, film: BackwardFilm, place: Shot) -> None:
        self.tag, self.skin, self.found = "walk", film.skin, film.found
        self.columns = [[(block, j) for block in walk] for j, walk in enumerate(self.found.walks)]
        by_row = [[cell for column in self.columns for cell in column if cell[0] == block] for block in range(self.found.row_blocks)]
        self.rows = by_row  # that add to one row block
        self.finished = [j for j, column in enumerate(self.columns) if column]  # once all have run
        self.lines = outlines(self.skin.quiet, "cells", theme.HAIRLINE)
        self.inputs = {
            name: Rectangles(self.skin.hue(name), name=f"input {name}", opacity=palette.RESTING) for name in ROW_INPUTS + COLUMN_INPUTS
        }
        self.used = {name: Rectangles(self.skin.hue(name), name=f"used {name}", opacity=palette.LIT) for name in self.inputs}
        self.heads = Rectangles(self.skin.scores, name="heads", opacity=palette.LIT)
        self.own = {name: Rectangles(self.skin.hue(name), name=f"stored {name}", opacity=palette.LIT) for name in OWN}
        self.added = Rectangles(self.skin.q, name="added", opacity=palette.LIT)
        inputs = *self.inputs.values(), *self.used.values()
        super().__init__(self.lines, *inputs, self.heads, *self.own.values(), self.added)
        self.place(place)

    def place(self, place: Shot | dict[str, Rect]) -> Walk:
        """Stand in the parts of a shot."""
        rows, count = self.found.row_blocks, len(self.columns)
        self.grid, self.sums = Grid(place["grid"], rows, count), Grid(place["dq"], rows, 1)
        self.beside = {name: Grid(place[name.lower()], rows, 1) for name in ROW_INPUTS}
        self.over = {name: Grid(place[name.lower()], 1, count) for name in COLUMN_INPUTS}
        self.under = {name: Grid(place[name.lower()], 1, count) for name in OWN}
        strips = self.beside | self.over | self.under
        self.lines.display(np.concatenate([self.grid.cells, self.sums.cells, *(strip.cells for strip in strips.values())]))
        for name, drawn in self.inputs.items():
            drawn.display(strips[name].cells)
        return self

    def level(self, block: int, count: int) -> Rect:
        """A row block's sum: as high as the share of its parts that were added."""
        cell = self.sums.cell(block, 0)
        return cell.bottom(cell.height * count / len(self.rows[block]))

    def display(self, heads: Sequence[Cell], added: Mapping[int, int], done: Sequence[int]) -> Walk:
        """Tiles at work, with their inputs; how many parts were added to dQ of each row block; columns that are done."""
        self.heads.display(edges([self.grid.cell(*head) for head in heads]))
        for name, strip in self.beside.items():
            self.used[name].display(edges([strip.cell(block, 0) for block in sorted({block for block, _ in heads})]))
        for name, strip in self.over.items():
            self.used[name].display(edges([strip.cell(0, j) for j in sorted({j for _, j in heads})]))
        for name, strip in self.under.items():
            self.own[name].display(edges([strip.cell(0, j) for j in done]))
            self.own[name].values = np.array([len(done)])
        self.added.display(edges([self.level(block, count) for block, count in added.items() if count]))
        self.added.values = np.array([sum(added.values())])
        return self

    def cleared(self) -> FadeOut:
        """Results fade; all begins anew."""
        gone = Group(*(drawn.copy() for drawn in (self.added, *self.own.values())))
        self.display([], {}, [])
        return FadeOut(gone)

    def run(self, programs: Sequence[Sequence[Cell]], seed: int, *, owns: bool = True, adds: bool = True) -> Callable[[float], None]:
        """All programs at once, each at a pace of its own, over its cells.

        ``owns``: dK and dV of a column come as its last tile is done, else they are there. ``adds``: parts are added to dQ.
        """
        when = {cell: time for (cell, _), time in arrivals(programs, seed).items()}

        def show(share: float) -> None:
            ahead = [[cell for cell in walk if when[cell] > share] for walk in programs]
            ended = [j for j, walk in enumerate(self.columns) if walk and all(when[cell] <= share for cell in walk)]
            added = {block: sum(when[cell] <= share for cell in row) for block, row in enumerate(self.rows)} if adds else {}
            self.display([cells[0] for cells in ahead if cells], added, ended if owns else self.finished)

        show(0.0)
        return show


def farther(film: BackwardFilm) -> None:
    """From one tile to all: each picture goes to its place in the row or column of its tile; P and dS meet in the tile's cell."""
    walk, found, place = film.walk, film.found, film.place
    block, j, tiles = found.row_block, found.key_tile, film.tiles
    cell = walk.grid.cell(block, j)
    homes = {name.lower(): strip.cell(block, 0) for name, strip in walk.beside.items()}
    homes |= {name.lower(): strip.cell(0, j) for name, strip in (walk.over | walk.under).items()}
    homes |= {"p": cell, "ds": cell, "dq": walk.level(block, 1)}
    parts = ("q", "do", "k", "v", "grid", "dq", "dk", "dv")
    near = {part: magnified(place[part], cell, film.scene.shot("tile pair")["ds"]) for part in parts}

    def show(share: float) -> None:
        walk.place({part: near[part].toward(place[part], share) for part in parts})
        walk.lines.set_stroke(opacity=late(share))

    gone = FadeOut(tiles.pop("lse"), tiles.pop("d"), rate_func=early)
    film.move(*film.leave(), gone, seconds=TEXT)
    home = [matrix_to(tiles[part], rect) for part, rect in homes.items()]
    film.move(Shows(walk, show, rate_func=ease_in_out_cubic, introducer=True), *home, seconds=MOVE)
    for part in set(homes) - {"dk", "dv"}:
        film.scene.remove(tiles.pop(part))


def columns_of(film: BackwardFilm) -> Named:
    """Over each column its program's number, where there is room."""
    tops, walk = Grid(film.place["columns"], 1, len(film.walk.columns)), film.walk
    numbers = [heading(tops.cell(0, j), f"{j}", film.skin.ink, LABEL, "part") for j in range(tops.columns) if walk.grid.legible]
    return Named(*numbers, tag="part")


@beat("shared")
def shared(film: BackwardFilm) -> None:
    """From one tile to all: a program a column, all at once; each keeps its dK and dV, all add to the same dQ, to a row of it in turn."""
    place, skin, found = film.place, film.skin, film.found
    film.walk = walk = Walk(film, place)
    farther(film)
    gone = FadeOut(*film.tiles.values()) if film.tiles else None
    film.tiles = {}
    block = walk.sums.cell(found.row_block, 0)
    film.words["row"] = box(
        Rect(walk.grid.cell(found.row_block, 0).x0, block.y0, block.x1, block.y1).inset(-LINE), stroke=skin.ink, width=theme.HEAVY
    )
    film.words["row entry"] = entry(film, block)
    film.words["columns"] = columns_of(film)
    with film.scene.telling():
        walk.display([], {}, [])
        names = [film.name(f"{name.lower()} name", name, skin.hue(name)) for name in (*ROW_INPUTS, *COLUMN_INPUTS, *OWN, "dQ")]
        framed = FadeIn(*(film.words[part] for part in ("columns", "row", "row entry")))
        film.move(*([gone] if gone else []), framed, *names, seconds=TEXT)
        film.move(*(film.fitted(part, texts, skin.ink) for part, texts in AT_ONCE.items()), seconds=TEXT)
        film.scene.hold(TEXT)
        ran(film, "first", 0)


def entry(film: BackwardFilm, block: Rect) -> Rectangles:
    """Where in its row block of dQ the number stands whose sums are written."""
    (row, column), (rows, wide), half = film.found.number, film.found.orders[0].shape, ENTRY / 2
    x, y = block.x0 + (column + 0.5) / wide * block.width, block.y1 - (row + 0.5) / rows * block.height
    drawn = Rectangles(film.skin.ink, name="entry").display(edges([Rect(x - half, y - half, x + half, y + half)]))
    return drawn.set_z_index(1)  # over what is added


@beat("order")
def order(film: BackwardFilm) -> None:
    """All is cleared and runs once more, in another order: a number of the framed row has other last digits, and is no further off."""
    found, skin = film.found, film.skin
    with film.scene.telling():
        film.move(film.walk.cleared(), *film.leave(*AT_ONCE), seconds=TEXT)
        ran(film, "last", 1)
        film.words["digits"] = Group(underlined(film, "first"), underlined(film, "last"))
        bound = film.fitted("usual", [f"by at most {found.said['off']}", f"≤ {found.said['off']}"], skin.ink)
        film.move(FadeIn(film.words["digits"]), film.fitted("off", ["both off the exact sum"], skin.ink), bound, seconds=TEXT)


def ran(film: BackwardFilm, side: str, at: int) -> None:
    """All programs once; beside them, in the order in which they come, who added to the framed row, and at the end one of its sums."""
    walk, found, skin, place = film.walk, film.found, film.skin, film.place
    seed, turns = found.seeds[at], found.drawn[at]
    when = arrivals(walk.columns, seed)
    slots = columns(place[f"{side} list"], len(turns))
    fit = max(text_width(f"{j}", NAME, Face.STRONG) for j in turns) <= slots[0].width
    numbers = [heading(slot, f"{j}", skin.ink, NAME, "turn") for slot, j in zip(slots, turns, strict=True)] if fit else []
    film.words[f"{side} list"] = listed = Named(*numbers, tag="turns")
    show = walk.run(walk.columns, seed)

    def both(share: float) -> None:
        show(share)
        for j, number in zip(turns, numbers, strict=False):  # none where there is no room
            number.set_fill(opacity=float(when[(found.row_block, j), j] <= share))

    both(0.0)
    digits = found.said[side]
    text = first_that_fits((f"{found.said['entry']} = {digits}", digits), CORNER, place[f"{side} sum"].width, Face.MONO_STRONG)
    film.move(
        film.fitted(
            side, [f"run {at + 1}: who adds to the framed dQ", f"run {at + 1}: who adds to this dQ", f"run {at + 1}: adds"], skin.q
        ),
        seconds=TEXT,
    )
    film.scene.add(listed)
    film.move(Shows(Group(walk, listed), both), seconds=ALL)
    film.words[f"{side} sum"] = total = Readout(
        text, fitting(text, NUMBER, place[f"{side} sum"]), skin.q, name=f"sum {side}", face=Face.MONO_STRONG
    )
    total.at(place[f"{side} sum"])
    film.move(FadeIn(total), seconds=TEXT)


def underlined(film: BackwardFilm, side: str) -> Rectangles:
    """A line under the digits in which the two sums differ."""
    number = film.words[f"{side} sum"]
    assert isinstance(number, Readout)
    first, last = film.found.said["first"], film.found.said["last"]
    same = next(at for at in range(len(first)) if first[: at + 1] != last[: at + 1])
    before = number.text.index(film.found.said[side])
    left, low = float(number.home[0]) + (before + same) * number.step, float(number.home[1]) - 2.5 * LINE
    right = float(number.home[0]) + len(number.text) * number.step
    return Rectangles(film.skin.ink, name="digits").display(np.array([[left, low, right, low + LINE]]))


@beat("fixed")
def fixed(film: BackwardFilm) -> None:
    """Two passes: columns make dK and dV, then rows make dQ, each from the first key tile to the last; S and dP are made in both."""
    walk, found, skin = film.walk, film.found, film.skin
    by_column, by_row = found.passes
    most, seed = max(len(by_column), len(by_row)), found.config.seed
    gone = film.leave(*(part for part in film.words if part.split()[0] in ("row", "digits", "first", "last", *AT_ONCE)))
    with film.scene.telling():
        film.move(*gone, walk.cleared(), seconds=TEXT)
        first = film.listed("first list", by_column, most)
        film.move(
            film.fitted("first", ["pass 1: a program a column", "1: a program a column"], skin.ink),
            FadeIn(film.words["first list"]),
            seconds=TEXT,
        )
        film.move(Shows(walk, walk.run(walk.columns, seed, adds=False)), seconds=PASS)
        last = film.listed("last list", by_row, most)
        sources = {each.text: each for each in first}
        anew = [each for each in last if each.text not in sources]
        film.move(
            film.fitted("last", ["pass 2: a program a row, in order", "pass 2: a program a row", "2: a program a row"], skin.ink),
            *(fly(each, sources[each.text]) for each in last if each.text in sources), *(FadeIn(each) for each in anew), seconds=MOVE,
        )  # fmt: skip
        film.move(Shows(walk, walk.run(walk.rows, seed, owns=False)), seconds=PASS)
        said = f"{len(by_column)} + {len(by_row)} = {found.said['fixed']} products a tile"
        film.move(
            film.fitted("off", [said, f"{len(by_column)} + {len(by_row)} = {found.said['fixed']} a tile"], skin.ink),
            film.fitted("usual", [f"in no fixed order: {found.said['usual']}"], skin.ink), seconds=TEXT,
        )  # fmt: skip
