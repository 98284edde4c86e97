"""Standard attention's traffic: S goes out and comes back, P goes out and comes back, V comes in, O goes out: all of it in one bar."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from manim import Create, Group, Mobject
from manim.utils.rate_functions import linear

from flashviz import theme
from flashviz.chapters.film import PathTimes
from flashviz.director.film.crossing import cross
from flashviz.director.film.parts import (
    Columns,
    Way,
    beside,
    fitting,
    gates,
    heading,
    label,
    put,
    reveal,
    share_grid,
    show_columns,
)
from flashviz.director.film.stage import Film
from flashviz.director.shots import MOVE, TEXT, StepBack, beat
from flashviz.director.words import LABEL, NAME, NUMBER, Word, labelled, middle
from flashviz.figures import amount, quarters, seconds
from flashviz.layout import Rect, Shot, centered
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, late
from flashviz.mobjects.named import Named
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.tiles import Matrix, Rectangles, box, outlines
from flashviz.palette import SECOND, spread, weight_spread
from flashviz.storyboard import crossed_bytes
from flashviz.trace import Kind, Trace

# what crosses, in the order of the three kernels: S = Q K^T, P = softmax(S), O = P V
CROSSINGS = (
    (Kind.LOAD_Q, "Q", "Q"), (Kind.LOAD_K, "K", "K"), (Kind.STORE_S, "S", "S out"), (Kind.LOAD_S, "S", "S back"),
    (Kind.STORE_P, "P", "P out"), (Kind.LOAD_P, "P", "P back"), (Kind.LOAD_V, "V", "V"), (Kind.STORE_O, "O", "O"),
)  # fmt: skip
PILED = {"P": SECOND}  # opacity of squares in the bar, where it is not 1
SMALL = 56  # px of a tile on its way
PASSES = 0.0, 0.25, 0.8, 1.0  # of its time: when it leaves, is at the path, is through, is in its place
WAITED, AT_ONCE = 2.7, 0.3  # seconds that a tile is on the path; that its product takes, where no source says how long
SLOWLY, FOLLOWED = 3.0, 2.5  # seconds, with fewer than which nothing is slow; steps that a tile is on its way where each is followed
BAR = 0.3  # of the place for a time, its bar; beneath it stands the number
ASIDE = 0.35  # of what steps back while a question stands


@beat("memory")
def memory(film: Film) -> None:
    """HBM, the chip, and the path between them; a tile of Q and a tile of K cross it, and make scores."""
    place, skin = film.scene.shot("machine"), film.skin
    film.hbm.display(lit={}, written=frozenset(), seam=1.0)
    film.move(*film.leave(film.hbm), film.arrive(film.hbm, place["hbm"]), FadeIn(*furniture(film), rate_func=late), seconds=MOVE)
    empty = box(place["s"], stroke=skin.quiet, width=theme.OUTLINE)
    waits = heading(place["s"], "waits", skin.ink, LABEL)
    film.hbm.display(lit={"Q": frozenset({0})})
    film.move(come_in(film, "Q", place["q"]), seconds=1.4)
    film.move(FadeIn(empty, waits), seconds=TEXT)
    film.hbm.display(lit={"K": frozenset({0})})
    arrives, times = come_in(film, "K", place["k"]), film.times
    computing = AT_ONCE if times is None else WAITED * times.computing(product_flops(film)) / times.crossing(film.unit)
    with film.scene.telling():
        film.move(arrives, seconds=WAITED)
        film.hbm.display(lit={})
        film.scene.remove(waits)
        film.tiles["S"] = scores = film.tile("S", 0, place["s"])
        film.scene.add(scores)
        film.move(Columns(scores), FadeOut(empty), seconds=computing)
    if times is not None:
        film.notes = path_notes(film, place, times)
        film.move(FadeIn(*film.notes), seconds=TEXT)
        film.hold(2.0)


def come_in(film: Film, tensor: str, to: Rect) -> Shows:
    """The first tile of a tensor takes the path to its place on chip."""
    source = film.hbm.cross.tile(tensor, 0)
    film.tiles[tensor] = tile = film.tile(tensor, 0, to)
    return brought_in(film, tile, source, to)


def brought_in(film: Film, tile: Matrix, source: Rect, to: Rect) -> Shows:
    """A tile leaves its place in HBM by the path for its place on chip."""
    path, start = gates(film.scene.shot("machine")["pipe"]), source.center[:2]
    put(tile, source)
    film.scene.add(tile)
    corners = beside(film.hbm.cross, tile.tensor, start)
    way = Way.of(start, *corners, (corners[-1][0], path[0][1]), *path, to.center)
    return Shows(tile, partial(pass_through, tile, source, way, to), rate_func=linear)


def product_flops(film: Film) -> int:
    """Of the product of a tile of Q and a tile of K."""
    return 2 * film.config.block_m * film.config.block_n * film.config.head_dim


def path_notes(film: Film, place: Shot, times: PathTimes) -> list[Mobject]:
    """How long a tile is on the path, and what its product takes, as bars of one scale, by quoted figures of a whole device."""
    ink, notes = film.skin.ink, list[Mobject]()
    taken = {"path": times.crossing(film.unit), "product": times.computing(product_flops(film))}
    for part, spent in taken.items():
        at = place[f"{part} time"]
        bar = Rectangles(film.skin.k if part == "path" else film.skin.scores, name=f"{part} bar")
        bar.display(np.array([at.top(BAR * at.height).left(at.width * spent / max(taken.values())).edges]))
        words = labelled(at.bottom((1 - BAR) * at.height), (seconds(spent, 4), ink), (f"the {part}", ink), part)
        notes += [bar, Named(*words, tag="note", text=" ".join(word.text for word in words))]
    quoted = f"{times.device} at full rate: {amount(film.unit)} at {times.speed}, the product at {times.peak:.0f} TFLOP/s"
    return [*notes, label(place["times from"], quoted, ink, name="note")]


def pass_through(tile: Matrix, source: Rect, way: Way, to: Rect, share: float) -> None:
    """A tile leaves HBM as small as it lies there, passes the path, and is enlarged in its place."""
    out, inside, end = way.reached[-3:]
    at = float(np.interp(share, PASSES, (0.0, out, inside, end)))
    large = max(0.0, (at - inside) / (end - inside))
    small = min(em(SMALL), source.width, source.height)
    put(tile, centered(*way.at(at / end), small + (to.width - small) * large, small + (to.height - small) * large))


def furniture(film: Film) -> list[Mobject]:
    """The chip, the path to it, and what the two memories are called."""
    place = film.scene.shot("machine")
    hbm = labelled(place["hbm name"], ("HBM", film.skin.ink), ("the GPU's memory: large, slow", film.skin.ink), "large, slow")
    return [*on_machine(film, place), Named(*hbm, tag="name")]


def on_machine(film: Film, place: Shot, words: str = "small, fast", short: str = "") -> list[Mobject]:
    """The chip with its name and ``words`` about it, and the path to it."""
    path = Rectangles(film.skin.registers, name="pipe").display(np.array([place["pipe"].edges]))
    return [film.chip.place(place["chip"]), path, chip_name(film, place, words, short)]


def chip_name(film: Film, place: Shot, words: str, short: str = "") -> Named:
    """The chip's name and what is said about it; shortly, where there is no room."""
    return Named(*labelled(place["chip name"], ("on chip", film.skin.ink), (words, film.skin.ink), short), tag="name")


class CrossedBar(Group):
    """All that crosses, as one line of squares, and how many tiles that is.

    Args:
        crossings: What crosses, in the order in which it lies in the bar.
        most: Squares for which ``rect`` has room, so that two bars have one scale.
    """

    def __init__(self, film: Film, trace: Trace, crossings: Sequence[tuple[Kind, str, str]], most: float, rect: Rect, at: Rect) -> None:
        self.tag, self.film, self.rect, self.crossings = "crossed", film, rect, crossings
        nbytes = {kind: int(trace.columns["nbytes"][trace.columns["kind"] == kind].sum()) for kind, _, _ in crossings}
        self.squares = {kind: each / film.square for kind, each in nbytes.items()}
        self.pitch = rect.width / max(most, 1e-12)
        self.parts = {kind: Rectangles(film.skin.hue(name), name=f"crossed {words}", opacity=PILED.get(name, 1.0))
                      for kind, name, words in crossings}  # fmt: skip
        self.shares, self.named = dict.fromkeys(self.squares, 0.0), Group()
        px = fitting(quarters(sum(nbytes.values()) / film.unit), NUMBER, at)
        self.counter = Readout(quarters(0), px, film.skin.ink, name="crossed", face=Face.MONO_STRONG).at(at)
        super().__init__(*self.parts.values(), self.counter)

    def display(self, shares: Mapping[Kind, float]) -> CrossedBar:
        """So much of these has crossed; of the others what had. Whole tiles are counted, until all of what began has crossed."""
        self.shares |= shares
        for kind, part in self.parts.items():
            part.display(self.boxes(kind))
        count = sum(self.shares[kind] * n for kind, n in self.squares.items()) * self.film.grain
        whole = all(each in (0.0, 1.0) for each in self.shares.values())
        self.counter.display(quarters(count if whole else np.floor(count + 1e-9)))
        return self

    def boxes(self, kind: Kind) -> np.ndarray:
        """[n, 4] where the squares stand that have crossed; a part of one is a sliver."""
        count = self.shares[kind] * self.squares[kind]
        k = np.arange(int(np.ceil(count - 1e-9)))
        x = self.start(kind) + k * self.pitch
        wide = np.minimum(0.78, count - k) * self.pitch
        return np.stack([x, np.full(len(k), self.rect.y0), x + wide, np.full(len(k), self.rect.y1)], 1)

    def start(self, kind: Kind) -> float:
        """Where its squares begin: behind all that crossed of those before it."""
        before = itertools.takewhile(lambda each: each != kind, self.squares)
        return self.rect.x0 + self.pitch * sum(math.ceil(self.shares[each] * self.squares[each] - 1e-9) for each in before)

    def derived(self, kind: Kind, text: str) -> list[str]:
        """How many tiles of these cross; where each of so many row blocks reads each of so many tiles, that, too."""
        count, cross = self.squares[kind] * self.film.grain, self.film.hbm.cross
        said = f"{text}: {quarters(count)}"
        every = kind in (Kind.LOAD_K, Kind.LOAD_V) and count == cross.n_rows * cross.n_cols
        return [f"{text}: {cross.n_rows} × {cross.n_cols} = {quarters(count)}"] * every + [said]

    def names(self, at: Rect, *kinds: Kind) -> list[Word]:
        """What the squares of these are, beneath them, where there is room."""
        words: list[Word] = []
        for kind, _, text in self.crossings:
            if kind not in kinds:
                continue
            middle_x, wide = self.start(kind) + self.squares[kind] * self.pitch / 2, self.squares[kind] * self.pitch
            taken = max((word.left + word.wide + em(LABEL) / 2 for word in (*self.named, *words)), default=at.x0)
            for said in (*self.derived(kind, text), text):
                size = text_width(said, LABEL, Face.STRONG)
                left = max(min(middle_x - size / 2, at.x1 - size), taken)
                if left + size <= at.x1 and abs(left + size / 2 - middle_x) <= max(wide, size):
                    words.append(Word(said, LABEL, self.film.skin.ink, left, middle(at, LABEL), "title"))
                    break
        return words


def first_tiles(film: Film) -> dict[Kind, float]:
    """What has crossed of Q and K when the first of their tiles is on chip."""
    c, bar = film.config, film.bar
    rows = {Kind.LOAD_Q: min(c.block_m, c.seq_q), Kind.LOAD_K: min(c.block_n, c.seq_k)}
    return {kind: n * c.head_dim * c.itemsize / (bar.squares[kind] * film.square) for kind, n in rows.items()}


@beat("standard")
def standard(film: Film) -> None:
    """Every tile of S is computed on chip and goes out to HBM; each square that crosses joins one bar."""
    place = film.scene.shot("machine")
    if "S" not in film.tiles:  # the digest comes from the hook
        film.hbm.display(lit={}, written=frozenset(), seam=1.0)
        film.tiles = {tensor: film.tile(tensor, 0, place[tensor.lower()]) for tensor in "QKS"}
        come = FadeIn(*furniture(film), *film.tiles.values(), rate_func=late)
        film.move(*film.leave(film.hbm), film.arrive(film.hbm, place["hbm"]), come, seconds=MOVE)
    film.move(*(FadeOut(note) for note in film.notes), seconds=TEXT)
    for name in "SP":
        film.scene.add(film.sheets[name].place(film.hbm.cross, shared=float(name == "P")).display(0))
    trace = film.material.standard
    film.bar = CrossedBar(film, trace, CROSSINGS, crossed_bytes(trace) / film.square, place["bar"], place["crossed"])
    film.counted = [label(place["crossed name"], "tiles crossed", film.skin.ink)]
    film.move(FadeIn(film.bar.counter, *film.counted), seconds=TEXT)
    film.scene.add(film.bar.display(first_tiles(film)))
    with film.scene.telling():
        on_chip = {tensor: film.tiles[tensor].rect for tensor in "QKS"}
        kinds, left = (Kind.LOAD_Q, Kind.LOAD_K, Kind.STORE_S), max(film.scene.motion - TEXT, 0.85)
        if film.config.row_blocks > 1 and left > SLOWLY:  # the first row block is followed, the others are fast
            cross(film, kinds, on_chip, 0.55 * left, stop=1, lasts=FOLLOWED)
            cross(film, kinds, on_chip, 0.45 * left, first=1)
        else:
            cross(film, kinds, on_chip, left)
    film.around = box(place["s"].inset(-em(10)), stroke=film.skin.ink, width=theme.HEAVY)


@beat("softmax")
def softmax(film: Film) -> None:
    """S comes back tile by tile, until a row block of it is whole on chip; softmax makes weights of it, which go out."""
    place, skin = film.scene.shot("machine"), film.skin
    scores, weights = rows_of_scores(film, place["strip"])
    slots = columns_of(film, place["strip"])
    cells = outlines(skin.quiet, "row of tiles").display(np.array([each.edges for each in slots]))
    show_columns(scores, 0.0)
    scores.remove(scores.frame)  # the cells are one
    film.move(FadeOut(*(film.tiles.pop(tensor) for tensor in "QKS")), FadeIn(cells), seconds=TEXT)
    film.scene.add(scores, cells)
    with film.scene.telling():
        left = max(film.scene.motion - 1.0 - 2 * TEXT, 1.2)
        cross(film, (Kind.LOAD_S,), {"S": slots}, 0.65 * left, stop=1, row=scores, lasts=FOLLOWED)
        film.notes = [label(place["softmax"], "softmax over whole rows", skin.ink, name="note")]
        film.move(FadeIn(weights, *film.notes), FadeOut(cells), seconds=0.6)
        film.scene.remove(scores)
        film.tiles["P"] = weights
        film.move(Shows(film.sheets["S"], partial(share_grid, film.sheets["S"], film.hbm)), seconds=0.4)
        cross(film, (Kind.STORE_P,), {"P": slots}, 0.35 * left, stop=1, lasts=FOLLOWED)


def columns_of(film: Film, strip: Rect) -> list[Rect]:
    """Of rows that lie in ``strip``, where each column of HBM's grid is: of tiles, or of bands of them."""
    grid = film.hbm.cross
    keys = np.arange(grid.n_cols + 1) * grid.band_cols * film.config.block_n
    edges = np.minimum(keys / film.config.seq_k, 1.0) * strip.width + strip.x0
    return [Rect(x0, strip.y0, x1, strip.y1) for x0, x1 in itertools.pairwise(edges.tolist())]


def rows_of_scores(film: Film, strip: Rect) -> tuple[Matrix, Matrix]:
    """The followed row block of S, whole, and the weights that softmax makes of it."""
    values, skin = film.material.values, film.skin
    scores = np.concatenate(list(values.s), axis=1).astype(np.float64)[:, : film.config.seq_k]
    least = float(scores[np.isfinite(scores)].min())
    top = np.where(np.isfinite(scores).any(1), scores.max(1, initial=-np.inf), 0.0)
    terms = np.exp(scores - top[:, None])
    total = terms.sum(1, keepdims=True)
    shares = terms / np.where(total > 0, total, 1.0)
    whole = Matrix(np.nan_to_num(scores, neginf=least), strip, skin, "S", least, float(top.max()))
    return whole, Matrix(shares, strip, skin, "P", *weight_spread(shares))


@beat("product")
def product(film: Film) -> None:
    """So do the other rows; then P comes back, and with V it makes O, which goes out."""
    place, skin = film.scene.shot("machine"), film.skin
    film.scene.announce()
    left = max(film.scene.motion - 3.1, 2.0)
    slots = columns_of(film, place["strip"])
    if film.config.row_blocks > 1:
        cross(film, (Kind.LOAD_S, Kind.STORE_P), dict.fromkeys("SP", slots), 0.5 * left, first=1)
    weights = film.tiles.pop("P")
    film.move(FadeOut(weights, *film.notes), seconds=TEXT)
    film.notes = []
    film.tiles["P"] = tile = Matrix(weights.values[:, : film.config.block_n], place["s"], skin, "P", weights.low, weights.high)
    film.move(come_in(film, "V", place["k"]), brought_in(film, tile, film.sheets["P"].cell(0), place["s"]), seconds=0.8)
    on_chip_now = {kind: min(1.0, film.unit / (film.bar.squares[kind] * film.square)) for kind in (Kind.LOAD_P, Kind.LOAD_V)}
    film.bar.display(on_chip_now)
    values = np.asarray(film.material.values.o, dtype=np.float64)
    film.tiles["O"] = o = Matrix(values, place["q"], skin, "O", *spread(values))
    film.scene.add(o)
    film.move(Columns(o), seconds=0.8)
    whole = film.outputs[0]
    put(whole, film.hbm.cross.strip("O"))
    reveal(whole, 0.0)
    film.scene.add(whole)
    on_chip = {"P": tile.rect, "V": place["k"], "O": o.rect}
    cross(film, (Kind.LOAD_P, Kind.LOAD_V, Kind.STORE_O), on_chip, 0.5 * left)
    film.hold(0.6)


@beat("pause-a")
def pause_a(film: Film) -> None:
    """Back to the first tile: nothing has gone out yet, and its scores are framed on chip."""
    place, whole, gone = film.scene.shot("machine"), film.outputs[0], [film.tiles.pop(tensor) for tensor in ("P", "V", "O")]
    crossed = [*film.sheets.values(), whole, film.bar, *film.counted]
    film.move(*(FadeOut(each) for each in (*gone, *film.notes, film.bar.named, *crossed)), seconds=TEXT)
    for sheet in film.sheets.values():
        sheet.display(0)
    reveal(whole, 0.0)
    film.tiles |= {tensor: film.tile(tensor, 0, place[tensor.lower()]) for tensor in "QKS"}
    again = label(place["softmax"], "back to the first tile", film.skin.ink, NAME, name="note")
    film.move(FadeIn(again, film.tiles["Q"], film.tiles["K"], film.tiles["S"]), seconds=0.5)
    film.hold(0.5)
    film.move(FadeOut(again), seconds=TEXT)
    film.back = StepBack(film.others(film.tiles["S"], film.chip), ASIDE)
    film.move(film.back, Create(film.around), seconds=0.5)
    film.scene.tell()
