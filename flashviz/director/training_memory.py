"""What is kept over a training step: cards of layers, with P or with LSE on them; one tile of P is made again; then N doubles, twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from manim import Group, Mobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import theme
from flashviz.chapters import training_memory
from flashviz.chapters.training_memory import KEPT, LAYERS, LENGTHS, SHARED, Tile, TrainingMemory, gather
from flashviz.director.film.parts import Columns, fitting, heading, matrix_to, put, reveal
from flashviz.director.material import provenance, sheets
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, NUMBER, ONE_NUMBER, Word, amid, fitted, fly, middle
from flashviz.figures import kib
from flashviz.layout import Rect, Shot, centered
from flashviz.layout.backward import Grid
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, early, late
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.stored import Picture, on_ground
from flashviz.mobjects.tiles import THIN, Matrix, Rectangles, box, dashes, edges, flat_row, line_of, outlines, plane
from flashviz.palette import Theme, spread

SWEEP, LAYER, GROWS = 3.0, 0.9, 1.5  # seconds: of rows, of a layer's forward pass, of a doubling
PRODUCT, ROWS, TILES = 1.6, 1.4, 1.4  # seconds: of a product, of a tile's rows, of all tiles
SIDES = {
    "standard": ("Standard attention keeps P", "Standard keeps P"),
    "flash": ("FlashAttention keeps LSE", "Flash keeps LSE"),
}  # fmt: skip
NOT_KEPT = ("P not kept", "no P")
AGAIN = (("made again:", "one more Q Kᵀ"), ("again:", "Q Kᵀ"))
NOTE = ("areas are bytes; LSE drawn thicker", "areas are bytes", "to scale")
STEP, PAD = em(30), em(8)  # from a layer's card to the next one; about what lies on a card
HAIR, SLOT = em(8), em(20)  # the least width of LSE that is seen, and of what a letter names
BESIDE = em(14)  # from one thing on a card to the next
BANDS = 24  # of P, that a row is shown by
LINE = em(6)  # about what is framed


class TrainingMemoryStage(ShotScene):
    """The scene that the cards lie on."""

    script = training_memory.BEATS

    def open(self, run: Callable[..., Any]) -> TrainingMemoryFilm:
        """Record a layer's forward pass, both ways: ``flashviz_kernels.recorder.run``."""
        found = gather(self.settings.config, run)
        self.provenance = [provenance(trace) for trace in (found.standard, found.flash)]
        self.set_board(training_memory.BEATS, {})
        return TrainingMemoryFilm(self, found)


class Card(Group):
    """What one layer keeps: P or LSE, and Q, K, V and O beside it, each as large as its bytes."""

    def __init__(self, film: TrainingMemoryFilm, kept: str) -> None:
        skin, self.kept = film.skin, kept
        self.ground = plane(skin.ground, skin.quiet, "card")
        self.strips = {name: Rectangles(skin.hue(name), name=f"kept {name}") for name in (*SHARED, kept) if name != "P"}
        self.p = [film.picture("kept P"), outlines(skin.ink, "rim")] if kept == "P" else []
        super().__init__(self.ground, *self.strips.values(), *self.p)

    def display(self, parts: Mapping[str, Rect], there: float = 1.0, ground: float = 1.0) -> None:
        """As far as it is written, from the top."""
        part = {name: rect.top(rect.height * there) for name, rect in parts.items() if name in (*SHARED, self.kept)}
        for name, strip in self.strips.items():
            strip.display(edges([part[name]] if there else []))
        if self.p:
            self.p[0].display(parts["P"], part["P"])
            self.p[1].display(edges([part["P"]] if there else []))
        left, right = part[self.kept].x0 - PAD, part["O"].x1 + PAD
        self.ground.display(edges([Rect(left, parts["O"].y0 - PAD, right, parts["O"].y1 + PAD)] if there else []))
        self.ground.set_fill(opacity=ground).set_stroke(opacity=ground)


class Entry:
    """One weight of the tile, large: ``cross`` leads along its query and key to its score, ``said`` is how it is reckoned."""

    def __init__(self, tile: Tile, place: Shot, skin: Theme) -> None:
        (row, key), written = tile.entry, tile.said
        lines = {part: line_of(place[part], len(tile.p), row) for part in ("Q", "S", "LSE", "stored")}
        score, stored = (Rect(*flat_row(lines[part], tile.p.shape[1])[key]) for part in ("S", "stored"))
        across = Rect(lines["Q"].x0, score.y0, lines["LSE"].x1, score.y1), Rect(score.x0, score.y0, score.x1, place["K"].y1)
        self.cross = outlines(skin.ink, "row").display(edges([rect.inset(-LINE) for rect in across]))
        self.stored = outlines(skin.ink, "entry", theme.HEAVY).display(edges([stored.inset(-LINE)]))
        self.begins = {"score": score, "less": lines["LSE"], "stored value": stored}
        texts = {
            "score": (f"S = {written['score']}", skin.scores), "less": (f"LSE = {written['LSE']}", skin.stats),
            "difference": (f"S − LSE = {written['difference']}", skin.ink),
            "weight": (f"exp({written['difference']}) = {written['weight']}", skin.scores),
            "stored value": (f"stored: {written['stored']}", skin.scores),
        }  # fmt: skip
        self.said = {part: fitted_in(place, part, [text], color, NUMBER) for part, (text, color) in texts.items()}

    def comes(self, part: str) -> Shows:
        """A number comes out of where it is drawn as a shade."""
        said, begin = self.said[part], self.begins[part]
        return fly(said, Word(said.text, LABEL, "white", begin.x0, begin.y0, "part"))


class TrainingMemoryFilm(ChapterFilm):
    """Everything on stage, made here once.

    ``n``: how many times as many queries and keys are drawn, ``layers``: how many of them are written, ``unit``: the area of a byte.
    """

    said: dict[str, Mobject]
    tiles: dict[str, Matrix]

    def __init__(self, scene: ShotScene, found: TrainingMemory) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.place = place = scene.shot("training")
        self.n, self.layers, self.was = 1.0, 1.0, list[int]()
        self.unit = self.fitting(1)
        self.sheet = on_ground(sheets(found.config, found.flash.inputs)[1])
        self.cards = {side: [Card(self, kept) for _ in range(LAYERS)] for side, kept in KEPT.items()}
        self.column = Rectangles(self.skin.stats, name="LSE of a layer")
        self.letters = {
            side: [Word(name, LABEL, self.skin.hue(name), 0.0, 0.0, "part") for name in (kept, *SHARED)] for side, kept in KEPT.items()
        }
        moments = [(n, LAYERS) for n in LENGTHS]
        most = max((self.bytes_of(side, *each) for side in KEPT for each in moments), key=len)
        self.bytes = {
            side: self.readout(f"bytes {side}", most, place[f"{side} bytes"], ONE_NUMBER, self.skin.hue(kept))
            for side, kept in KEPT.items()
        }
        widest = max((self.rest_of(*each) for each in moments), key=len)
        self.rest = {side: self.readout(f"rest {side}", widest, place[f"{side} rest"], NAME, self.skin.ink) for side in KEPT}
        self.count = self.readout("count", self.counted(LENGTHS[-1], LAYERS), place["n"], NUMBER, self.skin.ink)
        self.names = [fitted_in(place, f"{side} name", each, self.skin.ink) for side, each in SIDES.items()]
        self.walking = Group(self.picture("tile of P"), outlines(self.skin.ink, "tile"))
        self.entry = Entry(found.tile, scene.shot("remade"), self.skin)
        self.hollow = Rectangles(self.skin.quiet, name="P, not kept")
        self.before = Rectangles(self.skin.ink, name="was")
        self.absent = amid(NOT_KEPT, self.skin.ink, self.parts("flash", 0)["P"], "no P")
        self.note = fitted_in(place, "note", NOTE, self.skin.ink, LABEL)
        cards = [card for cards in self.cards.values() for card in cards]
        letters = [each for letters in self.letters.values() for each in letters]
        self.drawn = Group(self.hollow, *cards, self.before, *letters, self.absent)
        self.numbers = [self.count, *self.bytes.values(), *self.rest.values()]
        self.all = Group(self.drawn, *self.numbers, *self.names, self.note)
        self.display(1.0, 1.0)
        self.tell()

    def picture(self, tag: str) -> Picture:
        """P of the first head, on a ground that is seen."""
        return Picture(self.sheet, self.skin, "P", tag)

    def readout(self, name: str, widest: str, rect: Rect, most: float, color: str) -> Readout:
        """A number, so large that its widest text fits."""
        return Readout(widest, fitting(widest, most, rect), color, name=name, face=Face.MONO_STRONG).at(rect)

    # ------------------------------------------------------------------------------------------------------------ how many

    @property
    def even(self) -> bool:
        """Whether there are as many queries as keys."""
        return self.found.config.seq_q == self.found.config.seq_k

    def length(self, n: float) -> str:
        """How many queries and keys there are."""
        queries, keys = (f"{round(n * each):,}" for each in (self.found.config.seq_q, self.found.config.seq_k))
        return f"N = {queries}" if self.even else f"N × M = {queries} × {keys}"

    def counted(self, n: float, layers: float) -> str:
        """How long, and how many layers are written."""
        return f"{self.length(n)}, layers: {layers:.0f}"

    def bytes_of(self, side: str, n: float, layers: float) -> str:
        """What a side alone keeps."""
        return f"{KEPT[side]} {kib(layers * self.found.bytes_of(KEPT[side], n))}"

    def rest_of(self, n: float, layers: float) -> str:
        """What both keep."""
        return f"Q K V O {kib(layers * sum(self.found.bytes_of(name, n) for name in SHARED))}"

    @property
    def texts(self) -> list[str]:
        """What the numbers say of what is drawn now."""
        own = [self.bytes_of(side, self.n, self.layers) for side in KEPT]
        return [self.counted(self.n, self.layers), *own, *[self.rest_of(self.n, self.layers)] * len(KEPT)]

    def tell(self) -> None:
        """The numbers are those of what is drawn."""
        for each, text in zip(self.numbers, self.texts, strict=True):
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

    def highest(self, rect: Rect, n: float) -> float:
        """How high P may be, so that all fits beside one another."""
        high = rect.height
        while self.beside(rect, high, n)["O"].x1 > rect.x1:
            high *= 0.99
        return high

    def fitting(self, n: float) -> float:
        """The area of a byte, where the cards fit their places at a length."""
        c, room = self.found.config, (LAYERS - 1) * STEP + 2 * PAD
        high = min(self.highest(self.place[side].before(room).below(room), n) for side in KEPT)
        return high * high * c.seq_k / c.seq_q / self.found.bytes_of("P", n)

    def high(self, n: float) -> float:
        """How high P is: its area is its bytes."""
        c = self.found.config
        return float(np.sqrt(self.found.bytes_of("P", n) * self.unit * c.seq_q / c.seq_k))

    def parts(self, side: str, layer: int) -> dict[str, Rect]:
        """Where a layer's card has what it keeps."""
        found = self.beside(self.place[side], self.high(self.n), self.n)
        return {name: rect.shifted(layer * STEP, -layer * STEP) for name, rect in found.items()}

    @property
    def near(self) -> dict[str, Rect]:
        """Where one layer has them, large."""
        place = self.scene.shot("one layer")["layer"]
        return self.beside(place, self.highest(place, 1), 1)

    @property
    def empty(self) -> Rect:
        """What the cards below leave to be seen of where P is not kept."""
        return self.parts("flash", self.top)["P"].before(self.top * STEP)

    @property
    def top(self) -> int:
        """The uppermost layer."""
        return max(int(np.ceil(self.layers)) - 1, 0)

    # --------------------------------------------------------------------------------------------------------------- what

    def display(self, n: float, layers: float) -> TrainingMemoryFilm:
        """What is kept of so many layers, of ``n`` times as many queries and keys."""
        self.n, self.layers = n, layers
        for side, cards in self.cards.items():
            for layer, card in enumerate(cards):
                card.display(self.parts(side, layer), float(np.clip(layers - layer, 0.0, 1.0)))
            first = self.parts(side, 0)
            for letter in self.letters[side]:
                rect = first[letter.text]
                left = rect.x1 - letter.wide if letter.text == "LSE" else rect.center[0] - letter.wide / 2
                letter.put_at(left, rect.y1 + PAD + BESIDE / 2)
        self.hollow.display(dashes(self.parts("flash", self.top)["P"]))
        empty = self.empty
        self.absent.put_at(empty.center[0] - self.absent.wide / 2, middle(empty, LABEL))
        self.absent.set_fill(opacity=float(self.absent.wide < empty.width))
        p, lse = self.parts("standard", self.top)["P"], self.parts("flash", self.top)["LSE"]
        was = [dashes(p.left(p.width * m / n).top(p.height * m / n)) for m in self.was]
        ends = [edges([lse.below(lse.height * m / n).top(0.0).inset(-LINE, -THIN / 2)]) for m in self.was]
        self.before.display(np.concatenate([np.zeros((0, 4)), *was, *ends]))
        return self

    def writes(self, layers: int) -> None:
        """The next layer after so many is written."""
        self.move(Shows(self.drawn, lambda share: self.display(self.n, layers + share)), seconds=LAYER)

    def grows(self, n: int) -> None:
        """The picture is pulled back, then N grows, and all that is kept; an outline stays of what P was, a mark of how long LSE."""
        start, near, far = round(self.n), self.unit, self.fitting(n)
        self.was.append(start)

        def back(share: float) -> None:
            self.unit = near + (far - near) * share
            self.display(start, LAYERS)

        self.move(Shows(self.drawn, back, rate_func=ease_in_out_cubic), seconds=MOVE)
        self.move(
            Shows(self.drawn, lambda share: self.display(start + (n - start) * share, LAYERS), rate_func=ease_in_out_cubic), seconds=GROWS
        )
        self.turns()

    def turns(self) -> None:
        """The numbers turn to what is drawn."""
        pairs = zip(self.numbers, self.texts, strict=True)
        self.move(*(each.turn(text) for each, text in pairs if each.text != text), seconds=TEXT)

    # ---------------------------------------------------------------------------------------------------------- one tile

    @property
    def pieces(self) -> dict[str, Rect]:
        """Where the tile lies in what is kept: in P, and its rows or keys in the others; and where P is not kept."""
        c, (row, column) = self.found.config, self.found.tile.place
        standard, flash = (self.parts(side, self.top) for side in KEPT)
        rows, keys = ((piece, max(each, 1)) for piece, each in ((row, c.row_blocks), (column, c.col_blocks)))
        strips = {name: Grid(flash[name], count, 1).cell(at, 0) for name, (at, count) in {"Q": rows, "LSE": rows, "K": keys}.items()}
        cells = {
            part: Grid(rect, c.row_blocks, c.col_blocks).cell(row, column)
            for part, rect in {"stored": standard["P"], "S": flash["P"], "P": flash["P"]}.items()
        }
        return {**strips, **cells}

    def walk(self, share: float) -> None:
        """One tile of P after another is made where it is not kept, column by column of tiles, as the kernel's programs take them."""
        c, whole = self.found.config, self.parts("flash", self.top)["P"]
        grid = Grid(whole, c.row_blocks, c.col_blocks)
        column, row = divmod(min(int(share * grid.rows * grid.columns), grid.rows * grid.columns - 1), grid.rows)
        cell = grid.cell(row, column)
        picture, frame = self.walking
        picture.display(whole, cell)
        frame.display(edges([cell]))

    def matrix(self, part: str) -> Matrix:
        """A picture of what a part of the shot has; weights by the root of their size, so that small ones are seen."""
        tile, rect = self.found.tile, self.pieces[part]
        if part in ("stored", "P"):
            weights = np.sqrt(tile.stored if part == "stored" else tile.p)
            return Matrix(weights, rect, self.skin, "P", 0.0, float(np.sqrt(tile.p).max()))
        values = {"Q": tile.q, "K": tile.k.T, "LSE": tile.lse[:, None], "S": tile.s}[part]
        values = np.where(np.isfinite(values), values, np.nan)
        return Matrix(values, rect, self.skin, part, *spread(values))


def fitted_in(place: Shot, part: str, texts: Sequence[str], color: str, px: float = NAME) -> Word:
    """The first of these that fits into a part of a shot."""
    return fitted(texts, px, color, place[part], part)


# --------------------------------------------------------------------------------------------------------------- beats


@beat("layer")
def layer(film: TrainingMemoryFilm) -> None:
    """P of one layer, Q, K, V and O beside it, areas as bytes: row after row of P leaves one number, all of them a strip as long as P."""
    place, skin, found = film.scene.shot("one layer"), film.skin, film.found
    near, size, each = film.near, film.found.sizes, film.found.each
    standard, frame, high = film.cards["standard"][0], outlines(skin.ink, "row"), near["P"].height / BANDS

    def show(share: float) -> None:
        top = near["P"].y1 - min(int(share * BANDS), BANDS - 1) * high
        frame.display(edges([Rect(near["P"].x0, top - high, near["LSE"].x1, top).inset(-LINE)] if share < 1 else []))
        film.column.display(edges([near["LSE"].top(near["LSE"].height * share)]))

    standard.display(near, ground=0.0)
    weights = "N × N" if film.even else "N × M"
    shared = kib(sum(size[name] for name in SHARED))
    texts = {
        "P name": ([f"P: {weights} weights", f"P: {weights}"], skin.scores, NUMBER),
        "P note": ([f"{film.length(1)}; {each['P']} bytes a weight", f"{each['P']} bytes each"], skin.ink, NAME),
        "P bytes": ([kib(size["P"])], skin.ink, NUMBER),
        "LSE name": (["LSE: one number a row"], skin.stats, NUMBER),
        "LSE note": ([f"log-sum-exp; {each['LSE']} bytes each", f"{each['LSE']} bytes each"], skin.ink, NAME),
        "LSE bytes": ([kib(size["LSE"])], skin.ink, NUMBER),
        "units": ([f"Q, K, V, O: {shared} together", f"Q, K, V, O: {shared}"], skin.ink, NAME),
        "rest": (found.units, skin.ink, LABEL),
    }
    film.said = {part: fitted_in(place, part, *text) for part, text in texts.items()}
    for name in ("P", *SHARED):
        above = centered(near[name].center[0], near[name].y1 + em(NAME) / 2, max(near[name].width, SLOT), em(NAME))
        film.said[name] = heading(above, name, skin.hue(name), LABEL, "part")
    film.scene.add(standard, *(film.said[part] for part in ("P name", "P note", "P bytes", "units", "rest", "P", *SHARED)))
    with film.scene.telling():
        film.scene.hold(TEXT)
        film.move(
            Shows(Group(film.column, frame), show), FadeIn(film.said["LSE name"], film.said["LSE note"], rate_func=early), seconds=SWEEP
        )
        film.move(FadeIn(film.said["LSE bytes"]), seconds=TEXT)


@beat("forward")
def forward(film: TrainingMemoryFilm) -> None:
    """P goes to one side, LSE to the other, Q, K, V and O to both; layer on layer is kept, and counted."""
    near, ends = film.near, {side: film.parts(side, 0) for side in KEPT}

    def goes(share: float) -> None:
        for side in KEPT:
            film.cards[side][0].display({name: near[name].toward(ends[side][name], share) for name in near}, ground=late(share))

    film.move(FadeOut(*film.said.values()), seconds=TEXT)
    goes(0.0)
    film.scene.remove(film.column)
    film.scene.add(film.cards["flash"][0], film.cards["standard"][0])
    rest = [part for part in film.all.submobjects if part is not film.drawn]
    letters = [each for letters in film.letters.values() for each in letters]
    first = [film.hollow, film.absent, *letters, *rest]
    moving = Shows(Group(film.cards["flash"][0], film.cards["standard"][0]), goes, rate_func=ease_in_out_cubic)
    film.move(moving, FadeIn(*first, rate_func=late), seconds=MOVE)
    film.scene.remove(film.cards["flash"][0], film.cards["standard"][0])
    film.scene.add(film.all)
    with film.scene.telling():
        film.scene.hold(TEXT)
        for start in range(1, LAYERS):
            film.writes(start)
            film.turns()


@beat("scores")
def scores(film: TrainingMemoryFilm) -> None:
    """One tile of P is taken large, as it is stored and where it is not; what is kept of it comes there, and Q and K make S."""
    place, skin, pieces = film.scene.shot("remade"), film.skin, film.pieces
    frames = outlines(skin.ink, "tile", theme.HEAVY).display(edges([rect.inset(-LINE) for rect in pieces.values()]))
    film.move(FadeIn(frames), seconds=TEXT)
    film.scene.hold(TEXT)
    film.tiles = {part: film.matrix(part) for part in ("stored", "Q", "K", "LSE")}
    empty = box(pieces["S"], stroke=skin.quiet)

    def come(share: float) -> None:
        empty.set_points(box(pieces["S"].toward(place["S"], share), stroke=skin.quiet).points)

    came = Shows(empty, come, rate_func=ease_in_out_cubic)
    film.scene.add(*film.tiles.values(), empty)
    film.move(FadeOut(film.all, frames), *(matrix_to(tile, place[part]) for part, tile in film.tiles.items()), came, seconds=1.2 * MOVE)
    film.said = {
        f"{part} name": fitted_in(place, f"{part} name", texts, color)
        for part, texts, color in (
            ("stored", ["P, as stored", "stored P"], skin.scores),
            *((name, [name], skin.hue(name)) for name in ("Q", "K", "LSE")),
        )
    }
    film.said["S name"] = fitted_in(place, "S name", ["S = Q Kᵀ / √d"], skin.scores)
    film.said["price"] = fitted_in(place, "price", ["the price: this product once more", "price: one more product"], skin.ink)
    with film.scene.telling():
        film.move(FadeIn(*(film.said[part] for part in ("stored name", "Q name", "K name", "LSE name"))), seconds=TEXT)
        film.tiles["S"] = made = film.matrix("S")
        film.scene.add(made)
        put(made, place["S"])
        film.scene.remove(empty)
        film.move(Columns(made), FadeIn(film.said["S name"]), seconds=PRODUCT)
        film.move(FadeIn(film.said["price"]), seconds=TEXT)
        film.move(FadeIn(film.entry.cross), seconds=TEXT)
        film.move(film.entry.comes("score"), seconds=MOVE)


@beat("back")
def back(film: TrainingMemoryFilm) -> None:
    """One weight is reckoned of its score and its row's LSE: it is the stored one. So is each; the tile is used, and dropped."""
    place, entry, said = film.scene.shot("remade"), film.entry, film.entry.said
    with film.scene.telling():
        film.move(entry.comes("less"), seconds=MOVE)
        film.scene.hold(TEXT)
        film.move(FadeIn(said["difference"]), seconds=TEXT)
        film.scene.hold(TEXT)
        film.move(FadeIn(said["weight"]), seconds=TEXT)
        film.scene.hold(TEXT)
        film.move(FadeIn(entry.stored), entry.comes("stored value"), seconds=MOVE)
        film.scene.hold(2 * TEXT)
        film.tiles["P"] = made = film.matrix("P")
        put(made, place["S"])
        film.scene.add(made)
        renamed = fitted_in(place, "S name", ["P = exp(S − LSE)"], film.skin.scores)
        film.move(FadeOut(film.said.pop("S name"), film.said.pop("price"), entry.cross, entry.stored), seconds=TEXT)
        film.move(Shows(made, lambda share: reveal(made, share)), FadeIn(renamed, rate_func=early), seconds=ROWS)
    film.scene.remove(film.tiles.pop("S"))
    film.move(FadeOut(*said.values(), renamed, *film.said.values()), seconds=TEXT)
    ends = film.pieces
    film.move(*(matrix_to(each, ends[part]) for part, each in film.tiles.items()), FadeIn(film.all, rate_func=late), seconds=MOVE)
    film.scene.remove(*(film.tiles.pop(part) for part in tuple(film.tiles)))
    film.scene.add(film.walking)
    film.move(Shows(film.walking, film.walk), seconds=TILES)
    film.scene.remove(film.walking)


@beat("twice")
def twice(film: TrainingMemoryFilm) -> None:
    """Twice the queries and keys: the picture is pulled back, P grows both ways, all others one way."""
    with film.scene.telling():
        film.grows(LENGTHS[1])


@beat("idea")
def idea(film: TrainingMemoryFilm) -> None:
    """And again: four times the P, twice the LSE; where P is not kept stands what it costs to make it again."""
    with film.scene.telling():
        film.grows(LENGTHS[2])
        rect = film.empty.inset(2 * BESIDE, 0.0)
        line = centered(*rect.center[:2], rect.width, em(NAME))
        texts = next((pair for pair in AGAIN if text_width(pair[-1], LABEL, Face.STRONG) <= rect.width), AGAIN[-1])
        again = [heading(line.shifted(0.0, em(NAME) * (1 - 2 * at)), text, film.skin.ink, NAME, "price") for at, text in enumerate(texts)]
        film.move(FadeOut(film.absent, rate_func=early), FadeIn(*again, rate_func=late), seconds=2 * TEXT)
