"""The backward pass: P made again on its tile, dP and dS, the program that owns a key tile, and dQ, to which all programs add."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from manim import Group, Mobject, VGroup, VMobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import palette, theme
from flashviz.chapters import backward
from flashviz.chapters.backward import Backward, Given, gather, products, sums
from flashviz.director.film.parts import LOAD, Columns, fitting, heading, matrix_to, put, reveal
from flashviz.director.material import provenance
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, StepBack, beat, step_forth
from flashviz.director.words import LABEL, NAME, NUMBER, Word, fitted, labelled, word
from flashviz.layout import Rect, Shot, columns, rows
from flashviz.layout.backward import Grid, arrivals, magnified
from flashviz.lettering import Face, em
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, early
from flashviz.mobjects.named import Named
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.tiles import Matrix, Rectangles, box, edges
from flashviz.palette import spread

SWEEP, PRODUCT, ROWS = 3.3, 0.8, 2.2  # seconds: of the forward pass, of a product, of a tile's rows
WALK, ALL = 3.4, 2.4  # seconds: of one program, of all
BESIDE = 0.6  # seconds that two pictures stand beside each other
LINE = em(6)  # under digits that differ, and about what is framed
SIGNED = "dSD"  # with what the name of a picture begins whose zero is the middle of its ramp
SIGNS = {"−": -1.0, "0": 0.0, "+": 1.0}  # what the ends of a ramp are, and its middle
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

    def __init__(self, scene: ShotScene, found: Backward) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.tiles: dict[str, Matrix] = {}
        self.words: dict[str, Mobject] = {}
        self.counted: list[str] = []  # products

    def matrix(self, tensor: str, values: np.ndarray, rect: Rect, scale: np.ndarray | None = None) -> Matrix:
        """A picture of values on the ramp of its tensor, which reaches over all of ``scale`` where that is given.

        S, P, gradients, and D are drawn by the root of their size with its sign, so that what is small is seen. Zero is the ramp's middle,
        but for weights: theirs reaches from 0 to the largest, since none is below.
        """
        ramp = values if scale is None else scale
        if tensor == "P":
            return Matrix(roots(values), rect, self.skin, tensor, 0.0, float(roots(ramp).max()))
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

    def listed(self, name: str, at: int, of: int) -> Word:
        """A product of two tiles by its number, in its place of the list of them."""
        place = self.place["count"]
        slots = columns(place, of) if place.width > place.height else rows(place, of)
        made = self.words[f"count {at}"] = word(f"{at + 1} {name}", NAME, self.skin.hue(name), slots[at], "count")
        return made

    def count(self, name: str, source: Sequence[float], of: int) -> Shows:
        """The next product comes into the list, from the middle of where it is made."""
        self.counted.append(name)
        entry = self.listed(name, len(self.counted) - 1, of)
        begin, end = np.array([source[0] - entry.wide / 2, source[1]]), np.array([entry.left, entry.baseline])
        return Shows(entry, lambda share: entry.put_at(*(begin + (end - begin) * share)), rate_func=ease_in_out_cubic, introducer=True)

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
    lines = outlined(skin.quiet).display(grid.cells)
    tile = film.matrix("P", found.followed.p, grid.cell(*visits[0]))

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


def outlined(color: str) -> Rectangles:
    """Empty places of tiles."""
    return Rectangles(color, name="cells", opacity=0.0).set_stroke(color, width=theme.HAIRLINE, opacity=1)


# -------------------------------------------------------------------------------------------------------------- on one tile


@beat("again")
def again(film: BackwardFilm) -> None:
    """One tile grows out of the grid, with its rows' LSE; Q and K make S of it again, and LSE makes P, row by row: the forward pass's."""
    place, skin, found = film.place, film.skin, film.found
    tile, usual, frame = found.followed, len(products(found.trace)), nearer(film)
    film.move(
        film.arrive("q", "Q", found.rows_of("Q", found.row_block)),
        film.arrive("k", "K", found.keys_of("K", found.key_tile).T),
        seconds=LOAD,
    )
    names = film.name("q name", "Q", skin.q), film.name("k name", "K", skin.k), film.name("lse name", "LSE", skin.stats)
    film.scene.remove(frame)
    film.move(
        *names,
        film.key("key", "dP", SIGNS),
        film.fitted("p name", ["S = Q Kᵀ / √d"], skin.scores),
        film.made("p", "S", tile.s),
        seconds=PRODUCT,
    )
    film.move(film.name("count name", "products", skin.ink), film.count("S", place["p"].center, usual), seconds=LOAD)
    with film.scene.telling():
        scores = film.tiles["p"]
        film.tiles["p"] = weights = film.matrix("P", tile.p, place["p"])
        film.rename("p name", ["P = exp(S − LSE)"], skin.scores)
        film.move(film.key("p key", "P", {"0": 0.0, found.said["largest"]: 1.0}), seconds=TEXT)
        film.move(row_by_row(film, weights, (place["p"], place["lse"])), seconds=ROWS)
        film.scene.remove(scores)
        forward = film.matrix("P", found.final_weights, place["ds"], tile.p)
        film.move(FadeIn(forward), film.fitted("ds name", ["P of the forward pass", "forward's P"], skin.scores), seconds=TEXT)
        film.scene.hold(BESIDE)
        film.move(matrix_to(forward, place["p"]), seconds=MOVE)
        film.scene.remove(forward)
        film.rename("ds name", [f"the same to {found.said['apart']}", f"same to {found.said['apart']}"], skin.scores)


def nearer(film: BackwardFilm) -> VMobject:
    """The followed cell grows to a tile's place, the grid about it leaves, and its rows' numbers come out of all that were kept."""
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
    film.move(Shows(Group(lines, frame), grow, rate_func=ease_in_out_cubic), matrix_to(own, place["lse"]), gone, seconds=MOVE)
    film.scene.remove(lines)
    return frame


def row_by_row(film: BackwardFilm, made: Matrix, *used: tuple[Rect, Rect]) -> Shows:
    """A picture fills from its top; frames are about the row that is made, and what it is made of, each from one place to another."""
    count, high = len(made.values), made.rect.height / len(made.values)
    frame = Rectangles(film.skin.ink, name="row", opacity=0.0).set_stroke(film.skin.ink, width=theme.OUTLINE, opacity=1)

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
    film.move(*film.leave("ds name"), seconds=TEXT)
    with film.scene.telling():
        film.move(film.arrive("do", "dO", found.rows_of("dO", found.row_block)), seconds=LOAD)
        film.move(film.name("do name", "dO", skin.o), film.arrive("v", "V", found.keys_of("V", found.key_tile).T), seconds=LOAD)
        names = film.name("v name", "V", skin.v), film.name("ds name", "dP = dO Vᵀ", skin.scores)
        film.move(*names, film.made("ds", "dP", found.followed.dp), seconds=PRODUCT)
        film.move(film.count("dP", film.place["ds"].center, len(products(found.trace))), seconds=LOAD)


@beat("softmax")
def softmax(film: BackwardFilm) -> None:
    """D comes, a number a row; row by row P, dP and D make dS, where dP stood."""
    place, skin, found = film.place, film.skin, film.found
    film.move(film.arrive("d", "D", finite(found.followed.d)), seconds=LOAD)
    told = (
        film.fitted("note", ["D = dO · O, one number a row:", "D = dO · O, one a row:"], skin.hue("D")),
        film.fitted("further", ["the row's average of dP, weighted by P", "average of dP, weighted by P"], skin.hue("D")),
    )
    film.move(film.name("d name", "D", skin.hue("D")), *told, seconds=TEXT)
    with film.scene.telling():
        gradients = film.tiles["ds"]
        film.tiles["ds"] = made = film.matrix("dS", found.followed.ds, place["ds"])
        film.rename("ds name", ["dS = P × (dP − D)"], skin.scores)
        film.move(row_by_row(film, made, (place["p"], place["p"]), (place["ds"], place["d"])), seconds=ROWS)
        film.scene.remove(gradients)
    film.move(*film.leave("note", "further"), seconds=TEXT)


@beat("outputs")
def outputs(film: BackwardFilm) -> None:
    """Each product beside what it is made of, all else dimmer: dV under P, dK under dS, dQ at the right of dS."""
    skin, found = film.skin, film.found
    here = found.parts[found.programs.index(found.key_tile)]
    (dk, dv), (all_k, all_v) = found.gained(found.row_block), found.gathered[-1]
    with film.scene.telling():
        for part, tensor, text, values, scale, factors in (
            ("dv", "dV", "dV += Pᵀ dO", dv.T, all_v, ("p", "do")),
            ("dk", "dK", "dK += dSᵀ Q / √d", dk.T, all_k, ("ds", "q")),
            ("dq", "dQ", "dQ += dS K / √d", here, here, ("ds", "k")),
        ):
            others = StepBack([each for name, each in film.tiles.items() if name not in factors], palette.DIM)
            film.move(others, seconds=TEXT)
            named = film.fitted(f"{part} name", [text, tensor], skin.hue(tensor))  # in a narrow place the name alone
            film.move(film.made(part, tensor, values, scale), named, seconds=PRODUCT)
            film.move(step_forth(others), film.count(tensor, film.place[part].center, len(products(found.trace))), seconds=LOAD)


# ----------------------------------------------------------------------------------------------------------- whose is what

Cell = tuple[int, int]  # row block, key tile


class Walk(Group):
    """All tiles of a key/value head, with the inputs of their rows and columns, dK and dV of the columns, and what was added to dQ."""

    def __init__(self, film: BackwardFilm, place: Shot) -> None:
        self.tag, self.skin, self.found = "walk", film.skin, film.found
        self.columns = [[(block, j) for block in walk] for j, walk in enumerate(self.found.walks)]
        by_row = [[cell for column in self.columns for cell in column if cell[0] == block] for block in range(self.found.row_blocks)]
        self.rows, self.most = by_row, max(map(len, by_row))  # that add to one row block
        self.finished = [j for j, column in enumerate(self.columns) if column]  # once all have run
        self.lines = outlined(self.skin.quiet)
        self.inputs = {
            name: Rectangles(self.skin.hue(name), name=f"input {name}", opacity=palette.RESTING) for name in ROW_INPUTS + COLUMN_INPUTS
        }
        self.used = {name: Rectangles(self.skin.hue(name), name=f"used {name}", opacity=palette.LIT) for name in self.inputs}
        self.heads = Rectangles(self.skin.scores, name="heads", opacity=palette.LIT)
        self.own = {name: Rectangles(self.skin.hue(name), name=f"stored {name}", opacity=palette.LIT) for name in OWN}
        self.added = Rectangles(self.skin.q, name="added", opacity=palette.LIT)
        self.flying = Rectangles(self.skin.q, name="part of dQ", opacity=palette.LIT)
        self.digits = VGroup()
        inputs = *self.inputs.values(), *self.used.values()
        super().__init__(self.lines, *inputs, self.heads, *self.own.values(), self.added, self.flying, self.digits)
        self.place(place)

    def place(self, place: Shot | dict[str, Rect]) -> Walk:
        """Stand in the parts of a shot."""
        rows, count = self.found.row_blocks, len(self.columns)
        self.grid, self.sums, self.slots = (
            Grid(place["grid"], rows, count),
            Grid(place["dq"], rows, 1),
            Grid(place["turns"], rows, self.most),
        )
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

    def send(self, block: int, j: int, share: float) -> None:
        """A part of dQ leaves its tile for the row block's sum in HBM, in the second half of the time."""
        way = ease_in_out_cubic(max(2 * share - 1, 0.0))
        self.flying.display(edges([self.grid.cell(block, j).toward(self.level(block, 1), way)] if way else []))

    def cleared(self, *parts: Mobject) -> FadeOut:
        """What was added fades, with these parts; all begins anew."""
        gone = Group(self.added.copy(), *self.digits, *parts)
        self.digits.remove(*self.digits)
        self.added.display(edges([]))
        return FadeOut(gone)

    def run(self, programs: Sequence[Sequence[Cell]], seed: int, done: Sequence[int] | None = None) -> Callable[[float], None]:
        """All programs at once, each at a pace of its own, over its cells; beside each row, in the order in which they come, who added.

        ``done``: columns whose dK and dV are there already; where none is given, each is once its last tile was.
        """
        when = {cell: time for (cell, _), time in arrivals(programs, seed).items()}
        turns = {cell: at for row in self.rows for at, cell in enumerate(sorted(row, key=lambda cell: when[cell]))}
        numbers = {
            cell: heading(self.slots.cell(cell[0], at), f"{cell[1]}", self.skin.ink, LABEL, "part") for cell, at in turns.items()
        } if self.slots.legible else {}  # fmt: skip
        self.digits.add(*numbers.values())

        def show(share: float) -> None:
            ahead = [[cell for cell in walk if when[cell] > share] for walk in programs]
            ended = [j for j, walk in enumerate(self.columns) if walk and when[walk[-1]] <= share] if done is None else done
            added = {block: sum(when[cell] <= share for cell in row) for block, row in enumerate(self.rows)}
            self.display([cells[0] for cells in ahead if cells], added, ended)
            for cell, number in numbers.items():
                number.set_fill(opacity=float(when[cell] <= share))

        show(0.0)
        return show


@beat("owner")
def owner(film: BackwardFilm) -> None:
    """All goes back to its place among all tiles; the column's program walks down: dK and dV gather there, each row of dQ gets a part."""
    place, skin, found, j = film.place, film.skin, film.found, film.found.key_tile
    film.walk = walk = Walk(film, place)
    farther(film)
    blocks = found.walks[j]
    before = int(blocks[0] == found.row_block)  # the tile that was seen is the first of the walk, or comes later
    steps = len(blocks) - before
    top, bottom = walk.over["K"].cell(0, j), walk.under["dV"].cell(0, j)
    film.words["column"] = box(Rect(bottom.x0, bottom.y0, top.x1, top.y1).inset(-LINE), stroke=skin.ink, width=theme.HEAVY)
    film.words["columns"] = columns_of(film)
    own = [film.tiles[part] for part in ("dk", "dv")]

    def show(share: float) -> None:
        done = before + min(int(share * steps), steps) if steps else len(blocks)
        walk.display([(blocks[done], j)] if done < len(blocks) else [], dict.fromkeys(blocks[:done], 1), [])
        walk.send(blocks[done], j, share * steps % 1) if done < len(blocks) else walk.flying.display(edges([]))
        for at, tile in enumerate(own):
            tile.display(roots(found.gathered[done - 1][at].T) if done else 0 * tile.values)

    with film.scene.telling():
        names = [film.name(f"{name.lower()} name", name, skin.hue(name)) for name in (*ROW_INPUTS, *COLUMN_INPUTS, *OWN)]
        names.append(film.fitted("dq name", ["dQ: each tile adds its part", "dQ: each tile adds", "dQ: parts"], skin.q))
        names.append(film.fitted("note", ["framed: one program", "one program"], skin.ink))
        names.append(film.fitted("first", ["on chip: its K, V, dK, dV", "on chip: K, V, dK, dV"], skin.ink))
        film.move(FadeIn(film.words["column"], film.words["columns"]), *names, seconds=TEXT)
        film.move(Shows(Group(walk, *own), show), seconds=WALK)


def farther(film: BackwardFilm) -> None:
    """From one tile to all: each picture goes to its place in the row or column of its tile; P and dS meet in the tile's cell."""
    walk, found, place = film.walk, film.found, film.place
    block, j, tiles = found.row_block, found.key_tile, film.tiles
    cell = walk.grid.cell(block, j)
    homes = {name.lower(): strip.cell(block, 0) for name, strip in walk.beside.items()}
    homes |= {name.lower(): strip.cell(0, j) for name, strip in (walk.over | walk.under).items()}
    homes |= {"p": cell, "ds": cell, "dq": walk.level(block, 1)}
    parts = ("q", "do", "k", "v", "grid", "dq", "turns", "dk", "dv")
    near = {part: magnified(place[part], cell, film.scene.shot("tile pair")["ds"]) for part in parts}

    def show(share: float) -> None:
        walk.place({part: near[part].toward(place[part], share) for part in parts})

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
    """All that was added is cleared; all programs walk at once and add to the same dQ, in an order that nobody fixes."""
    walk, skin = film.walk, film.skin
    gone = FadeOut(*film.tiles.values()), *film.leave("column", "note", "first", "dq name")
    film.tiles, count = {}, len(walk.finished)
    with film.scene.telling():
        film.move(*gone, walk.cleared(), seconds=TEXT)
        show = walk.run(walk.columns, film.found.seeds[0])
        film.move(
            film.fitted("dq name", ["dQ sums parts of programs", "dQ sums parts of", "dQ sums"], skin.q),
            film.fitted("note", [f"restart: all {count} programs at once", f"restart: all {count} at once"], skin.ink), seconds=TEXT,
        )  # fmt: skip
        film.move(Shows(walk, show), seconds=ALL)


# ---------------------------------------------------------------------------------------------------------------- two orders


@beat("order")
def order(film: BackwardFilm) -> None:
    """One number of a row block's dQ as it was summed; in another order it has other last bits, and is as near to the exact sum."""
    walk, found, skin = film.walk, film.found, film.skin
    turns = Grid(film.place["turns"], found.row_blocks, 1).cell(found.row_block, 0)
    block = walk.sums.cell(found.row_block, 0)
    row = Rect(block.x0, block.y0, turns.x1, block.y1)
    film.words["row"] = box(row.inset(-LINE), stroke=skin.ink, width=theme.HEAVY)
    with film.scene.telling():
        film.move(*film.leave("note"), seconds=TEXT / 2)
        first = summed(film, "first")
        first.show(1.0)
        film.move(
            FadeIn(film.words["row"], first.mobject),
            film.fitted("note", ["a number of the framed row", "a number of this row", "a number"], skin.ink), seconds=TEXT,
        )  # fmt: skip
        film.move(walk.cleared(), seconds=TEXT)
        film.move(Shows(walk, walk.run(walk.columns, found.seeds[1], walk.finished)), summed(film, "last"), seconds=ALL)
        film.words["digits"] = Group(underlined(film, "first"), underlined(film, "last"))
        off = [f"both within {found.said['off']} of the exact sum", f"off by at most {found.said['off']}", f"off ≤ {found.said['off']}"]
        film.move(FadeIn(film.words["digits"]), film.fitted("off", off, skin.ink), seconds=TEXT)


def summed(film: BackwardFilm, side: str) -> Shows:
    """The sum in float32 as part after part is added, by as many digits as the last has."""
    found, rect, text = film.found, film.place[side], film.found.said[side]
    programs = dict(zip(("first", "last"), found.drawn, strict=True))[side]
    parts = found.in_order(found.parts[:, *found.number], programs)
    said = sums(np.concatenate([np.zeros_like(parts[:1]), parts]), len(text.partition(".")[2]))
    when = arrivals(film.walk.columns, found.seeds[("first", "last").index(side)])
    times = sorted(time for ((block, _), _), time in when.items() if block == found.row_block)
    px = fitting(max(said, key=len), NUMBER, rect)
    film.words[side] = made = Readout(text, px, film.skin.q, name=f"sum {side}", face=Face.MONO_STRONG)
    made.at(rect)

    def show(share: float) -> None:
        made.display(said[sum(time <= share for time in times)])

    return Shows(made, show, introducer=True)


def underlined(film: BackwardFilm, side: str) -> Rectangles:
    """A line under the digits in which the two sums differ."""
    number = film.words[side]
    assert isinstance(number, Readout)
    first, last = film.found.said["first"], film.found.said["last"]
    same = next(at for at in range(len(first)) if first[: at + 1] != last[: at + 1])
    left, low = float(number.home[0]) + same * number.step, float(number.home[1]) - 2.5 * LINE
    right = float(number.home[0]) + len(number.text) * number.step
    return Rectangles(film.skin.ink, name="digits").display(np.array([[left, low, right, low + LINE]]))


@beat("fixed")
def fixed(film: BackwardFilm) -> None:
    """A program a row: it owns its rows of dQ and adds to them from the first key tile to the last, with S and dP made once more."""
    walk, found, skin = film.walk, film.found, film.skin
    gone = film.leave(*(part for part in ("row", "digits", "first", "last", "off", "note") if part in film.words))
    with film.scene.telling():
        film.move(*gone, walk.cleared(), *film.leave("columns"), seconds=TEXT)
        film.move(
            film.fitted("note", ["dK, dV stand; now a program a row", "now a program a row", "then: a row each"], skin.ink), seconds=TEXT
        )
        film.move(Shows(walk, walk.run(walk.rows, found.config.seed, walk.finished)), seconds=ALL)
        again, count = film.fitted("first", ["makes S and dP once more:", "S and dP once more:"], skin.ink), len(products(found.fixed))
        entries = {name: film.listed(name, at, count) for at, name in enumerate(film.counted)}
        film.move(FadeIn(*entries.values()), film.name("count name", "products", skin.ink), seconds=TEXT)
        film.move(StepBack([entry for name, entry in entries.items() if name not in found.again], palette.DIM), seconds=TEXT)
        for at, name in enumerate(found.again, len(entries)):
            film.move(FadeIn(film.listed(name, at, count)), seconds=TEXT)
        film.move(again, film.fitted("last", [f"{found.said['fixed']} products a tile, not {found.said['usual']}"], skin.ink), seconds=TEXT)


@beat("end")
def end(film: BackwardFilm) -> None:
    """What is left: dQ, dK and dV are there, and P's place is as empty as it was."""
    walk, skin = film.walk, film.skin
    left = [FadeOut(tile) for tile in film.tiles.values()] + film.leave(
        *(part for part in film.words if part in ("note", "first", "last", "columns", "column", "dq name") or part.startswith("count"))
    )
    with film.scene.telling():
        digits = Group(*walk.digits)
        walk.digits.remove(*walk.digits)
        walk.display([], {block: len(row) for block, row in enumerate(walk.rows) if row}, walk.finished)
        film.move(*left, FadeOut(digits), film.name("dq name", "dQ", skin.q), seconds=2 * TEXT)
        film.move(film.fitted("note", ["the empty grid: P", "empty: P"], skin.scores), seconds=TEXT)
