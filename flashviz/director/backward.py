"""The backward pass: P made again on its tile, dP and dS, the sums that go into dV, dK and dQ, and dQ, to which all programs add."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from manim import Group, Mobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import palette, theme
from flashviz.chapters import backward
from flashviz.chapters.backward import NUDGE, Backward, Given, added, gather
from flashviz.director.film.parts import LOAD, Columns, fitting, heading, matrix_to, put, reveal
from flashviz.director.material import provenance
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, StepBack, beat, step_forth
from flashviz.director.words import LABEL, NAME, NUMBER, Word, fitted, fly, labelled, word, worded
from flashviz.figures import number
from flashviz.layout import Rect, Shot, columns
from flashviz.layout.backward import Bands, Grid, arrivals, magnified
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.areas import Areas
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, early, late
from flashviz.mobjects.named import Named
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.tile_walk import COLUMN_INPUTS, OWN, ROW_INPUTS, Walk
from flashviz.mobjects.tiles import Matrix, Rectangles, box, edges, flat_row, line_of, outlines, span
from flashviz.palette import spread, weight_spread

CALM = 1.1  # seconds of the first picture
PRODUCT, ROWS, SUM = 0.7, 1.2, 1.7  # seconds: of a product, of a tile's rows, of a tile's part of a gradient
GROW, LEVEL, PARTS = 1.3, 1.2, 1.0  # seconds: of a bar that widens, until all are level, and until they are apart again
ALL, WAIT, STEPS = 2.0, 0.25, 1.0  # seconds: of all programs at once, until the second one adds, of one program's way along its row
BANDS, ON_THEIR_WAY = 8, 2.0  # parts in which a tile's sum is carried, and how many of them are on their way
MADE, APART = ("products:", "made:", "Σ:"), 20  # what is listed; px, from there to the first
LINE = em(6)  # under digits that differ, and about what is framed
SIGNED = "dSD"  # with what the name of a picture begins whose zero is the middle of its ramp
EQUAL = (  # why dO · O is the areas of all bars together, term by term, each in the hue of what it is of
    ("D", "D"), ("=", "S"), ("Σ P × dP", "P"), ("=", "S"), ("dO ·", "O"), ("Σ P V", "V"), ("=", "S"), ("dO · O", "O"),
)  # fmt: skip
ENTRY = em(22)  # of a number that is pointed at


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
        return self.fitted(part, [text], color)

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

    def arrive(self, part: str, tensor: str, values: np.ndarray) -> Shows:
        """A tile comes over the nearest edge of the frame to its part of the shot."""
        start = self.outside(self.place[part])
        self.tiles[part] = tile = self.matrix(tensor, values, start)
        return matrix_to(tile, self.place[part], start, introducer=True)

    def outside(self, rect: Rect) -> Rect:
        """Just past the frame's nearest edge, but its lower one, where the caption stands."""
        whole = self.scene.frame
        ways = (whole.x0 - rect.x1, 0.0), (whole.x1 - rect.x0, 0.0), (0.0, whole.y1 - rect.y0)
        return rect.shifted(*min(ways, key=lambda way: abs(sum(way))))

    def made(self, part: str, tensor: str, values: np.ndarray) -> Columns:
        """A product fills its part of the shot, column by column."""
        self.tiles[part] = tile = self.matrix(tensor, values, self.place[part])
        self.scene.add(tile)
        return Columns(tile)

    def listed(self, part: str, names: Sequence[str], of: int) -> list[Word]:
        """Products of two tiles, one beside the other, in that many places."""
        slots = zip(columns(self.place[part], of), names, strict=False)
        made = [heading(slot, name, self.skin.hue(name), NUMBER, "product") for slot, name in slots]
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
    """What is there after the forward pass: Q, K, O and LSE, and no P. Then one tile is framed, with what it comes back from."""
    place, skin, found = film.place, film.skin, film.found
    grid = Grid(place["grid"], found.config.row_blocks, found.config.col_blocks)
    for part, tensor in (("q", "Q"), ("k", "K"), ("o", "O"), ("lse", "LSE")):
        film.tiles[part] = film.matrix(tensor, film.whole(tensor), place[part])
        film.tiles[part].tag = f"all {tensor}"
    film.words["lines"] = outlines(skin.quiet, "cells", theme.HAIRLINE).display(grid.cells)
    film.words["frames"] = frames = outlines(skin.ink, "frames", theme.HEAVY).display(edges(list(framed(film).values())))
    film.scene.add(*film.tiles.values(), film.words["lines"])
    for part in ("q", "k"):
        film.name(f"{part} name", part.upper(), skin.hue(part.upper()))
        film.scene.add(film.words[f"{part} name"])
    said = (
        ("s name", ("P", skin.scores), "never stored", "never stored"),
        ("o name", ("O", skin.o), "kept: d numbers a query", "d numbers a query"),
        ("lse name", ("LSE", skin.stats), "kept: one number a query", "one a query"),
    )  # fmt: skip
    for part, called, words, short in said:
        film.words[part] = Named(*labelled(place[part], called, (words, skin.ink), short, px=NUMBER), tag=part)
    with film.scene.telling():
        film.scene.hold(CALM)
        for part, *_ in said:
            film.move(FadeIn(film.words[part]), seconds=TEXT)
            film.scene.hold(TEXT)
        film.move(FadeIn(frames), seconds=TEXT)


def framed(film: BackwardFilm) -> dict[str, Rect]:
    """The followed tile in the grid, and in Q, K and LSE its rows and keys."""
    found, place = film.found, film.scene.shot("kept")
    rows, count, (block, j) = found.config.row_blocks, found.config.col_blocks, (found.forward.chosen.program[0], found.key_tile)
    return {
        "p": Grid(place["grid"], rows, count).cell(block, j), "q": Grid(place["q"], rows, 1).cell(block, 0),
        "k": Grid(place["k"], 1, count).cell(0, j), "lse": Grid(place["lse"], rows, 1).cell(block, 0),
    }  # fmt: skip


# -------------------------------------------------------------------------------------------------------------- on one tile


@beat("again")
def again(film: BackwardFilm) -> None:
    """One tile grows out of the grid, with its rows' Q and LSE and its keys; Q and K make S of it again, and LSE makes P, row by row."""
    place, skin, found = film.place, film.skin, film.found
    tile = found.followed
    with film.scene.telling():
        nearer(film)
        names = film.name("q name", "Q", skin.q), film.name("k name", "K", skin.k), film.name("lse name", "LSE", skin.stats)
        film.move(*names, film.name("p name", "S = Q Kᵀ / √d", skin.scores), film.made("p", "S", tile.s), seconds=PRODUCT)
        scores = film.tiles["p"]
        film.tiles["p"] = weights = film.matrix("P", tile.p, place["p"])
        film.move(*film.leave("p name"), seconds=TEXT / 2)
        film.move(film.name("p name", "P = exp(S − LSE)", skin.scores), seconds=TEXT / 2)
        film.move(
            row_by_row(film, weights, (place["p"], place["lse"])),
            film.fitted("lse note", ["LSE = log of its row's Σ exp(S)", "LSE = log Σ exp(S)"], skin.stats), seconds=ROWS,
        )  # fmt: skip
        film.scene.remove(scores)


def nearer(film: BackwardFilm) -> None:
    """The framed tile grows to its place, and so do its parts of Q, K and LSE; all else leaves."""
    place, found = film.place, film.found
    homes, whole = framed(film), film.scene.shot("kept")["grid"]
    lines, frames = film.words.pop("lines"), film.words.pop("frames")
    gone, film.tiles = film.tiles, {}
    for part, tensor in (("q", "Q"), ("k", "K"), ("lse", "LSE")):
        film.tiles[part] = film.matrix(tensor, film.own(tensor), homes[part], film.whole(tensor))
    large = Grid(magnified(whole, homes["p"], place["p"]), found.config.row_blocks, found.config.col_blocks)

    def grow(share: float) -> None:
        cells = replace(large, rect=whole.toward(large.rect, share)).cells
        lines.display(cells[cells[:, 1] > place["caption"].y1]).set_stroke(opacity=1 - early(share))
        frames.display(edges([home.toward(place[part], share) for part, home in homes.items()]))

    film.scene.add(*film.tiles.values(), frames)
    grown = [matrix_to(each, place[part]) for part, each in film.tiles.items()]
    film.move(
        Shows(Group(lines, frames), grow, rate_func=ease_in_out_cubic), *grown,
        FadeOut(*gone.values(), rate_func=early), *film.leave(), seconds=MOVE,
    )  # fmt: skip
    film.scene.remove(lines, frames)


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
    """All steps aside for dO, which comes, and V: over the same keys and queries they make dP, the gradient of each weight."""
    place, skin, found = film.place, film.skin, film.found
    with film.scene.telling():
        film.move(*film.leave(), seconds=TEXT / 2)
        aside = [matrix_to(tile, place[part]) for part, tile in film.tiles.items()]
        film.move(
            *aside, film.arrive("do", "dO", found.rows_of("dO", found.row_block)),
            film.arrive("v", "V", found.keys_of("V", found.key_tile).T), seconds=MOVE,
        )  # fmt: skip
        named = (("q", "Q", skin.q), ("k", "K", skin.k), ("lse", "LSE", skin.stats), ("do", "dO", skin.o), ("v", "V", skin.v))
        film.move(
            *(film.name(f"{part} name", text, hue) for part, text, hue in named), film.name("p name", "P = exp(S − LSE)", skin.scores),
            film.counted("S"), seconds=TEXT,
        )  # fmt: skip
        film.move(film.name("ds name", "dP = dO Vᵀ", skin.scores), film.made("ds", "dP", found.followed.dp), seconds=PRODUCT)
        told = ["d: how the loss changes with it", "d: the loss's change"]
        film.move(film.counted("dP"), film.fitted("note", told, skin.ink), seconds=TEXT)


# ------------------------------------------------------------------------------------------------------------- on one query


@beat("row")
def row(film: BackwardFilm) -> None:
    """A query's row leaves both tiles: its weights become widths on a line, its dP the heights; bars of all other keys come beside them."""
    skin, found, tile_shot = film.skin, film.found, film.scene.shot("tile pair")
    rows, at = len(found.followed.p), found.row
    film.areas = areas = Areas(
        found.whole.p[at], found.whole.dp[at], float(found.followed.d[at]), found.own, found.own.start + found.key, film.place["plot"], skin
    )
    keys = len(found.followed.p[at])
    lines = {part: line_of(tile_shot[part], rows, at) for part in ("p", "ds")}
    frame = outlines(skin.ink, "row")
    frame.display(edges([line.inset(-LINE) for line in lines.values()]))
    flat, feet = areas.boxes(0.0, 0.0)[areas.chosen], Rectangles(skin.scores, name="weights", opacity=palette.LIT)
    flat[:, 3] += LINE
    bars = areas.boxes(0.0, areas.values)[areas.chosen]
    from_p, from_dp = (flat_row(lines[part], keys) for part in ("p", "ds"))

    def leave(share: float) -> None:
        feet.display(from_p + (flat - from_p) * share)
        areas.own.display(from_dp + (bars - from_dp) * share)

    with film.scene.telling():
        film.move(FadeIn(frame), seconds=TEXT)
        gone = FadeOut(frame, *film.tiles.values(), *film.words.values(), rate_func=late)
        film.kept_words, film.words = film.words, {}
        leave(0.0)
        film.scene.add(feet, areas.own)
        film.move(gone, Shows(Group(feet, areas.own), leave, rate_func=ease_in_out_cubic), seconds=MOVE)
        film.words["zero"] = word("0", NAME, skin.quiet, beside(film, 0.0), "part")
        film.move(
            FadeIn(film.words["zero"]), film.fitted("height", ["height of a bar: dP of a key", "height: dP of a key"], skin.ink),
            film.fitted("width", [f"width: its weight P; all {len(areas.values)} keys together 1", "width: its weight P"], skin.ink),
            seconds=TEXT,
        )  # fmt: skip
        film.scene.remove(feet, areas.own)
        areas.grow(0.0)
        film.scene.add(areas)
        film.move(Shows(areas, areas.grow), seconds=MOVE)
        film.move(film.fitted("law", ["bright: this tile's keys", "bright: this tile"], skin.ink), seconds=TEXT)


@beat("nudge")
def nudge(film: BackwardFilm) -> None:
    """One key's score is raised: its bar widens, and all others, which share the same width, narrow; then all is as it was."""
    areas, skin, found = film.areas, film.skin, film.found
    line = Rectangles(skin.k, name="measure")
    weight = Readout("", NAME, skin.k, name="weight", face=Face.MONO_STRONG, anchor="center")
    film.words["key"] = Group(line, weight)

    def show(more: float) -> None:
        weights = found.nudged(more)
        areas.weigh(weights)
        left, right = areas.feet[areas.at : areas.at + 2]
        y, text = areas.zero - 3 * LINE, f"P {number(weights[areas.at])}"
        line.display(span(left, right, y, LINE / 3, LINE))
        half = weight.step * len(text) / 2
        x = float(np.clip((left + right) / 2, areas.plot.x0 + half, areas.plot.x1 - half))
        weight.at(Rect(x - half, y - em(NAME) - 2 * LINE, x + half, y - 2 * LINE)).display(text)

    with film.scene.telling():
        show(0.0)
        film.move(
            FadeIn(film.words["key"]), Shows(areas, lambda share: areas.key.set_fill(opacity=palette.LIT * share)),
            *film.leave("law"), seconds=TEXT,
        )  # fmt: skip
        film.scene.hold(TEXT)
        grown = Group(areas, film.words["key"])
        film.move(
            Shows(grown, lambda share: show(NUDGE * share), rate_func=ease_in_out_cubic),
            film.fitted("law", [f"this key: score + {NUDGE:.0f}, weight + {found.said['gain']}"], skin.k), seconds=GROW,
        )  # fmt: skip
        told = f"all others together − {found.said['gain']}: each × {found.said['rest']}"
        film.move(film.fitted("sum", [told, f"all others − {found.said['gain']}"], skin.ink), seconds=TEXT)
        film.scene.hold(film.scene.motion - MOVE / 2)
        film.move(Shows(grown, lambda share: show(NUDGE * (1 - share)), rate_func=ease_in_out_cubic), seconds=MOVE / 2)


@beat("share")
def share(film: BackwardFilm) -> None:
    """All bars settle at one level, the mean by weight; parted by it, the areas above it and below it are dS, of which one is reckoned."""
    areas, skin, said = film.areas, film.skin, film.found.said
    with film.scene.telling():
        film.move(*film.leave("key", "law", "sum", "height", "width"), seconds=TEXT)
        film.move(Shows(areas, areas.settle, rate_func=ease_in_out_cubic), seconds=LEVEL)
        film.move(Shows(areas, areas.rise), levelled(film), seconds=MOVE / 2)
        film.move(
            Shows(areas, areas.part, rate_func=ease_in_out_cubic),
            film.fitted("height", ["above D: dS > 0; below: dS < 0"], skin.ink), seconds=PARTS,
        )  # fmt: skip
        film.move(film.fitted("law", ["dS = P × (dP − D)"], skin.scores), seconds=TEXT)
        reckoned = f"{said['weight']} × ({said['gradient']} − {said['mean']}) = {said['part']}"
        film.move(film.fitted("sum", [reckoned], skin.k), seconds=TEXT)


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


@beat("dot")
def dot(film: BackwardFilm) -> None:
    """All areas are D, and so is dO · O, since O is all weighted rows of V; the other keys leave, and two rows of the query give D back."""
    areas, skin, found = film.areas, film.skin, film.found
    bars = Group(areas.own, areas.above, areas.below)
    others = Group(areas.others, areas.above_others, areas.below_others)
    with film.scene.telling():
        film.move(
            *film.leave("law", "sum", "height"), Shows(Group(bars, others), lambda share: areas.stand(share, others=True)),
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
        areas.key.display(np.zeros((0, 4)))


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
            FadeIn(*film.tiles.values(), *film.words.values(), rate_func=early),
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


@beat("dv")
def dv(film: BackwardFilm) -> None:
    """From the columns of P, with dO, parts come down into dV, a key a column."""
    carried(film, "dv", "dV", "dV += Pᵀ dO", film.found.gained(film.found.row_block)[1].T, ("p", "do"))


@beat("dk")
def dk(film: BackwardFilm) -> None:
    """From the columns of dS, with Q, parts come down into dK, a key a column."""
    carried(film, "dk", "dK", "dK += dSᵀ Q / √d", film.found.gained(film.found.row_block)[0].T, ("ds", "q"))


@beat("dq")
def dq(film: BackwardFilm) -> None:
    """From the rows of dS, with K, parts go over into dQ, a query a row."""
    here = film.found.parts[film.found.programs.index(film.found.key_tile)]
    carried(film, "dq", "dQ", "dQ += dS K / √d", here, ("ds", "k"))


def carried(film: BackwardFilm, part: str, tensor: str, text: str, values: np.ndarray, factors: tuple[str, str]) -> None:
    """All but two factors steps back; from band after band of the tile its sum goes into the place of the product."""
    place, skin = film.place, film.skin
    source, other = (film.tiles[name] for name in factors)
    others = StepBack([each for name, each in film.tiles.items() if name not in factors], palette.DIM)
    across = 0 if part == "dq" else 1  # rows go over, columns come down
    count = min(BANDS, values.shape[across])
    cells = [Bands(rect, count, across) for rect in (source.rect, place[part])]
    bands = [film.matrix(tensor, each, source.rect, values) for each in np.array_split(values, count, across)]
    whole, frame = box(place[part], stroke=skin.hue(tensor)), outlines(skin.ink, "row", theme.HEAVY)

    def show(share: float) -> None:
        set_out = share * (count + ON_THEIR_WAY)
        for at, band in enumerate(bands):
            way = float(np.clip((set_out - at) / ON_THEIR_WAY, 0.0, 1.0))
            put(band, cells[0].of(at).toward(cells[1].of(at), ease_in_out_cubic(way)))
            reveal(band, float(way > 0))
        at = int(set_out)
        frame.display(edges([cells[0].of(at).inset(-LINE), other.rect.inset(-LINE)] if at < count else []))

    with film.scene.telling():
        film.move(others, FadeIn(whole), film.fitted(f"{part} name", [text, tensor], skin.hue(tensor)), seconds=TEXT)
        show(0.0)
        film.scene.add(*bands, frame)
        film.move(Shows(Group(*bands, frame), show), seconds=SUM)
        film.scene.remove(*bands, frame, whole)
        film.tiles[part] = film.matrix(tensor, values, place[part])
        film.scene.add(film.tiles[part])
        film.move(step_forth(others), film.counted(tensor), seconds=TEXT)


# ----------------------------------------------------------------------------------------------------------- whose is what


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


def numbers_of(film: BackwardFilm) -> FadeIn:
    """Over each column its program's number, where there is room."""
    slots = columns(film.place["columns"], len(film.found.walks))
    room = text_width(f"{len(slots)}", LABEL, Face.STRONG) <= slots[0].width
    film.words["columns"] = Named(
        *(heading(slot, f"{j}", film.skin.ink, LABEL, "part") for j, slot in enumerate(slots) if room), tag="part"
    )
    return FadeIn(film.words["columns"])


@beat("shared")
def shared(film: BackwardFilm) -> None:
    """From one tile to all: a program a column, all at once; each keeps its dK and dV, all add to the same dQ, to a row of it in turn."""
    place, skin, found = film.place, film.skin, film.found
    film.walk = walk = Walk(found.walks, found.row_blocks, place, skin)
    with film.scene.telling():
        farther(film)
        gone = [FadeOut(*film.tiles.values())] if film.tiles else []
        film.tiles = {}
        walk.display([], {}, [])
        names = [film.name(f"{name.lower()} name", name, skin.hue(name)) for name in (*ROW_INPUTS, *COLUMN_INPUTS, *OWN, "dQ")]
        film.words["program"] = word("program", LABEL, skin.ink, place["program"], "program")
        film.move(*gone, numbers_of(film), FadeIn(film.words["program"]), *names, seconds=TEXT)
        told = [f"{len(found.walks)} programs at once, each at a pace of its own", f"{len(found.walks)} programs at once"]
        film.move(film.fitted("note", told, skin.ink), seconds=TEXT)
        film.move(Shows(walk, walk.run(arrivals(walk.columns, found.config.seed))), seconds=ALL)


# ------------------------------------------------------------------------------------------------------------- one row of dQ


def one_row(film: BackwardFilm, values: np.ndarray) -> None:
    """Nearer, to the followed row and its block of dQ; all else leaves."""
    walk, place, found, skin = film.walk, film.place, film.found, film.skin
    block, start = found.row_block, line_of(walk.grid.rect, found.row_blocks, found.row_block)
    film.words["lines"] = lines = outlines(skin.quiet, "cells")
    film.tiles["dq"] = film.matrix("dQ", values, walk.sums.cell(block, 0), found.orders[0])

    def come(share: float) -> None:
        lines.display(Grid(start.toward(place["row"], share), 1, len(found.walks)).cells)

    film.move(
        FadeOut(walk, rate_func=early), *film.leave(*(part for part in film.words if part != "lines")),
        Shows(lines, come, rate_func=ease_in_out_cubic, introducer=True), matrix_to(film.tiles["dq"], place["dq"], introducer=True),
        seconds=MOVE,
    )  # fmt: skip
    film.move(numbers_of(film), film.name("dq name", "dQ of this row", skin.q), seconds=TEXT)


@beat("order")
def order(film: BackwardFilm) -> None:
    """Two programs come to the row's dQ at once: one adds, then the other; and the other way round a number has other last digits."""
    found, skin, place = film.found, film.skin, film.place
    ready = added(found.in_order(found.parts, found.drawn[0][:-2]))
    with film.scene.telling():
        one_row(film, ready)
        film.words["entry"] = outlines(skin.ink, "entry", theme.HEAVY).display(edges([entry(film)])).set_z_index(1)
        film.move(FadeIn(film.words["entry"]), film.fitted("entry name", ["framed: one number", "one number"], skin.ink), seconds=TEXT)
        for side, turns, total in zip(("first", "last"), found.drawn, found.orders, strict=True):
            film.tiles["dq"].display(roots(ready))
            meet(film, turns[-2:], WAIT if side == "first" else 0.0)
            film.tiles["dq"].display(roots(total))
            text, slot, (one, other) = found.said[side], place[f"{side} list"], turns[-2:]
            px = fitting(text, NUMBER, slot)
            film.words[f"{side} list"] = Readout(text, px, skin.q, name=f"sum {side}", face=Face.MONO_STRONG).at(slot)
            told = [f"program {one} first, then {other}:", f"{one} first, then {other}:", f"{one}, then {other}:"]
            film.move(film.fitted(side, told, skin.ink), FadeIn(film.words[f"{side} list"]), seconds=TEXT)
        film.move(FadeIn(underlined(film)), seconds=TEXT)


def meet(film: BackwardFilm, turns: Sequence[int], wait: float) -> None:
    """Both tiles are lit, and their parts set out together; the second waits at dQ until the first is in."""
    found, place = film.found, film.place
    cells = Grid(place["row"], 1, len(found.walks))
    lit = Rectangles(film.skin.scores, name="heads", opacity=palette.LIT).display(edges([cells.cell(0, j) for j in turns]))
    parts = [film.matrix("dQ", found.parts[found.programs.index(j)], cells.cell(0, j)) for j in turns]
    door = cells.cell(0, cells.columns - 0.5)
    film.move(FadeIn(lit), seconds=TEXT)
    film.scene.add(*parts)
    film.move(*(matrix_to(part, to) for part, to in zip(parts, (entry(film), door), strict=True)), seconds=PRODUCT)
    film.scene.remove(parts[0])
    film.scene.hold(wait)
    film.move(matrix_to(parts[1], entry(film)), FadeOut(lit), seconds=PRODUCT / 2)
    film.scene.remove(parts[1])


def entry(film: BackwardFilm) -> Rect:
    """Where in its row block of dQ the number stands whose sums are written."""
    (row, column), (rows, wide), half, block = film.found.number, film.found.orders[0].shape, ENTRY / 2, film.place["dq"]
    x, y = block.x0 + (column + 0.5) / wide * block.width, block.y1 - (row + 0.5) / rows * block.height
    return Rect(x - half, y - half, x + half, y + half)


def underlined(film: BackwardFilm) -> Rectangles:
    """A line under the digits in which the two sums differ."""
    texts = [film.found.said[side] for side in ("first", "last")]
    same = next(at for at, pair in enumerate(zip(*texts, strict=False)) if pair[0] != pair[1])
    film.words["digits"] = lines = Rectangles(film.skin.ink, name="digits")
    numbers = [each for side in ("first", "last") if isinstance(each := film.words[f"{side} list"], Readout)]
    left = [(each.home[0] + same * each.step, each.home[1] - 2.5 * LINE, each.home[0] + len(each.text) * each.step) for each in numbers]
    return lines.display(np.array([[x0, low, x1, low + LINE] for x0, low, x1 in left]))


@beat("fixed")
def fixed(film: BackwardFilm) -> None:
    """One program goes along the row and alone adds to its dQ; in each tile S and dP, which the columns have made, are made again."""
    found, skin, place = film.found, film.skin, film.place
    by_column, by_row = found.passes
    most = max(len(by_column), len(by_row))
    with film.scene.telling():
        if "lines" not in film.words:
            one_row(film, found.orders[0])
        film.move(*film.leave(*(part for part in film.words if part not in ("lines", "columns", "dq name"))), seconds=TEXT)
        reveal(film.tiles["dq"], 0.0)
        film.tiles["dq"].frame.set_stroke(opacity=1.0)
        film.words["owner"] = box(place["row"].inset(-LINE), stroke=skin.ink, width=theme.HEAVY)
        film.listed("first list", by_column, most)
        film.move(
            FadeIn(film.words["owner"], film.words["first list"]),
            film.fitted("first", ["pass 1: a program a column", "1: a program a column"], skin.ink),
            film.fitted("last", ["pass 2: a program a row", "2: a program a row"], skin.ink), seconds=TEXT,
        )  # fmt: skip
        along(film, by_row, most)
        anew = [slot for slot, name in zip(columns(place["last list"], most), by_row, strict=False) if name in by_column]
        film.words["again"] = outlines(skin.ink, "again").display(edges([slot.inset(LINE) for slot in anew]))
        counts = f"{found.said['fixed']} products", f"not {found.said['usual']}"
        told = [f"{len(by_column)} + {len(by_row)} = {counts[0]} a tile, {counts[1]}", ", ".join(counts)]
        film.words["total"] = fitted(told, NUMBER, skin.ink, place["total"], "total")
        film.move(FadeIn(film.words["again"], film.words["total"]), seconds=TEXT)


def along(film: BackwardFilm, made: Sequence[str], most: int) -> None:
    """The row's program, from its first key tile to its last: S, dP, and what dQ has then. The first tile is shown slowly."""
    found, block = film.found, film.tiles["dq"]
    cells = Grid(film.place["row"], 1, len(found.walks))
    sums = [added(found.parts[: count + 1]) for count in range(len(found.parts))]
    tiles = [(j, found.tile(found.row_block, j)) for j in found.programs]
    pictures = [film.matrix(name, values, cells.cell(0, j)) for j, tile in tiles for name, values in (("S", tile.s), ("dP", tile.dp))]
    (first, second, *others), listed = pictures, film.listed("last list", made, most)
    for picture in (first, second):
        film.scene.add(picture)
        film.move(Columns(picture), FadeIn(listed[made.index(picture.tensor)]), seconds=PRODUCT)
    part = film.matrix("dQ", found.parts[0], second.rect)
    (x, y, _), (from_x, from_y, _) = block.rect.center, part.rect.center
    film.move(matrix_to(part, part.rect.shifted(x - from_x, y - from_y), introducer=True), FadeIn(listed[-1]), seconds=PRODUCT)
    film.scene.remove(part, first, second)

    def step(share: float) -> None:
        for at, picture in enumerate(others):
            reveal(picture, float(at == int(share * len(others))))
        block.display(roots(sums[int(share * (len(sums) - 1))]))
        reveal(block, 1.0)

    step(0.0)
    film.scene.add(*others)
    film.move(Shows(Group(*others, block), step), seconds=STEPS)
    film.scene.remove(*others)
