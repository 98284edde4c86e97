"""Standard attention on one machine: S pours out and comes back, P pours out and comes back, each way into one unwrapped bar."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from manim import Animation, Group, Mobject

from flashviz import palette, theme
from flashviz.chapters import standard_attention
from flashviz.chapters.standard_attention import KERNELS, STROKES, StandardAttention, gather
from flashviz.director.film.parts import LANDED, Columns, arrived_of, flight, formula, heading, matrix_to
from flashviz.director.material import first_tiles, provenance, sheets
from flashviz.director.shots import TEXT, ChapterFilm, ShotScene, StepBack, beat
from flashviz.director.words import LABEL, NAME, NUMBER, Word, line_width, word, worded
from flashviz.layout import Rect, centered, columns, rows
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows
from flashviz.mobjects.named import Named
from flashviz.mobjects.stored import Stored
from flashviz.mobjects.tiles import Matrix, Rectangles, box
from flashviz.mobjects.whole import Chip

FIRST, POUR, ROW, REST_OF_ROWS = 0.8, 4.2, 2.6, 3.2  # seconds: of a first tile, of a matrix, of the first rows slowly, of all others
LEAST = 34  # px: type that is smaller is left out
SHEET = {"S": 0.95, "P": 0.6}  # opacity of what crossed, where it is not lit
PACKET, ASIDE, V_WIDE, O_WIDE = 34, 0.3, 0.5, 0.3  # px of a tile on its way; what is not spoken of; shares of a strip on chip
AGAIN = "{} again for each row of tiles"


class StandardAttentionStage(ShotScene):
    """The scene that the three kernels run on."""

    script = standard_attention.BEATS

    def open(self, run: Callable[..., Any]) -> StandardAttentionFilm:
        """Record standard attention: ``flashviz_kernels.recorder.run``."""
        found = gather(self.settings.config, run)
        self.provenance = [provenance(found.trace)]
        self.set_board(standard_attention.BEATS, found.said)
        return StandardAttentionFilm(self, found)


class StandardAttentionFilm(ChapterFilm):
    """Everything on stage, made here once."""

    kernel: Named | None = None  # the formula of the kernel that runs
    on_chip: list[Mobject]  # what stands there until the next kernel

    def __init__(self, scene: ShotScene, found: StandardAttention) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.place = place = scene.shot("standard")
        self.pictures = dict(zip("SP", sheets(found.config, found.trace.inputs), strict=True))
        self.stored = {name: Stored(self.pictures[name], place[name], found.grid, self.skin, name) for name in "SP"}
        self.flying = {name: Rectangles(self.skin.hue(name), name="in flight", opacity=SHEET.get(name, 1.0)) for name in "QKVSPO"}
        self.bars = {name: self.bar(name) for name in found.moved}
        down, across = found.grid
        self.inputs = {name: rows(place[name], down if name in "QO" else across) for name in "QKVO"}
        self.output = Rectangles(self.skin.o, name="stored O", opacity=palette.LIT)
        self.on_chip = []

    def bar(self, name: str) -> Rectangles:
        """One way of a tensor."""
        return Rectangles(self.skin.hue(name[0]), name=f"bar {name}", opacity=SHEET.get(name[0], palette.LIT))

    def segment(self, name: str) -> Rect:
        """Where a way's bytes stand in the bar, all on one scale."""
        moved, whole = self.found.moved, self.place["bar"]
        total, before = sum(moved.values()), sum(list(moved.values())[: list(moved).index(name)])
        left = whole.x0 + whole.width * before / total
        return Rect(left, whole.y0, left + whole.width * moved[name] / total, whole.y1)

    def pile(self, name: str, share: float) -> None:
        """So much of a way has crossed."""
        rect = self.segment(name)
        gap = min(em(3), rect.width / 8)
        self.bars[name].display(np.array([[rect.x0, rect.y0, rect.x0 + max(share, 1e-4) * (rect.width - gap), rect.y1]]))

    def named_bar(self, *ways: str) -> list[Word]:
        """What parts of the bar are."""
        return [each for way in ways for each in self.beneath("bar names", way, self.found.name(way), LABEL)]

    def summed(self, *ways: str) -> None:
        """How much has crossed, once all has."""
        amounts = [each for way in ways for each in self.beneath("bar bytes", way, self.found.amount(way), NAME)]
        if amounts:
            self.move(FadeIn(*amounts), seconds=TEXT)

    def beneath(self, part: str, way: str, text: str, px: float) -> list[Word]:
        """A word under a part of the bar, where there is room."""
        rect = self.segment(way)
        room = Rect(rect.x0, self.place[part].y0, rect.x1, self.place[part].y1)
        size = px * min(1.0, 0.88 * room.width / text_width(text, px, Face.STRONG))
        return [word(text, size, self.skin.ink, room, part)] if size >= LEAST else []

    def rows_of(self, name: str, block: int = 0) -> np.ndarray:
        """The picture of one row of tiles."""
        picture, n = self.pictures[name], self.found.grid[0]
        return picture[block * len(picture) // n : (block + 1) * len(picture) // n]

    def strip(self, name: str, part: str) -> Matrix:
        """Whole rows on chip."""
        return Matrix(self.rows_of(name), self.place[part], self.skin, name, 0.0, 1.0)

    def begin(self, name: str) -> list[Animation]:
        """Another kernel: its formula takes the place of the last one's, and the chip is empty."""
        gone = [FadeOut(each) for each in (self.kernel, *self.on_chip) if each is not None]
        self.on_chip = []
        self.kernel = formula(KERNELS[name], NUMBER, self.skin.ink, self.place["kernel"])
        self.kernel.tag = "kernel"
        if gone:
            self.move(*gone, seconds=TEXT)
        return [FadeIn(self.kernel)]

    def port(self, part: str) -> Rect:
        """Where tiles come and go at a strip on chip: its end by the path, or its middle under a path that stands."""
        rect, pipe = self.place[part], self.place["pipe"]
        return rect.left(rect.height) if pipe.width > pipe.height else rect

    def lane(self, *, out: bool) -> Rect:
        """The half of the path that goes so."""
        pipe = self.place["pipe"]
        return columns(pipe, 2)[out] if pipe.height >= pipe.width else rows(pipe, 2)[out]

    def cells(self, name: str) -> Callable[[int], Rect]:
        """Where the tiles of a tensor lie in HBM, in the order in which they cross; K and V from the first one again and again."""
        return self.stored[name].cell if name in SHEET else lambda index: self.inputs[name][index % len(self.inputs[name])]

    def tiles(self, name: str) -> int:
        """How many tiles of a tensor cross, one way."""
        return self.found.grid[0] if name in "QO" else self.stored["S"].count

    def pour(self, way: str, share: float, tile: Rect, start: int = 0, stop: int | None = None, *, out: bool = False) -> None:
        """Tiles ``start`` to ``stop`` of a way cross between their places in HBM and one on chip, and join the bar."""
        name, count = way[0], self.tiles(way[0])
        cells, stop = self.cells(name), count if stop is None else stop
        lane = self.lane(out=out)
        boxes = flight(min(share / LANDED, 1.0), stop - start, lambda index: cells(start + index), tile, lane, out=out)
        self.flying[name].display(boxes if share < LANDED else boxes[:0])
        arrived = start + arrived_of(share) * (stop - start)
        if out and name in self.stored:
            self.stored[name].display(arrived)
        self.pile(way, arrived / count)

    def filled(self, name: str, rect: Rect, tag: str) -> Rectangles:
        """A matrix whose values are not looked at."""
        color = self.skin.hue(name)
        made = Rectangles(color, name=tag, opacity=palette.RESTING).set_stroke(color, width=theme.OUTLINE, opacity=1)
        made.display(np.array([rect.edges]))
        return made

    def again(self, name: str, part: str) -> list[Word]:
        """Why K or V is more than its matrix, which leaves with what is on chip."""
        if self.found.config.row_blocks == 1:
            return []
        said = word(AGAIN.format(name), LABEL, self.skin.hue(name), self.place[part], "note", Face.TEXT)
        self.on_chip.append(said)
        return [said]


# --------------------------------------------------------------------------------------------------------------- beats


@beat("kernels")
def kernels(film: StandardAttentionFilm) -> None:
    """HBM with room for S and for P, the chip, and the path between them."""
    place, skin = film.place, film.skin
    pipe = Rectangles(skin.registers, name="pipe").set_stroke(skin.quiet, width=theme.HAIRLINE, opacity=1)
    pipe.display(np.array([place["pipe"].edges]))
    names = [word(text, NAME, skin.ink, place[part], "name") for part, text in (("hbm name", "HBM"), ("chip name", "on chip"))]
    letters = [heading(place[f"{name} name"], name, skin.ink if name in SHEET else skin.hue(name), NAME) for name in "QKVSPO"]
    inputs = [film.filled(name, place[name], f"stored {name}") for name in "QKV"]
    rows_of_o = box(place["O"], stroke=skin.o, width=theme.OUTLINE)
    film.move(FadeIn(Chip(skin).place(place["chip"]), pipe, *inputs, *film.stored.values(), rows_of_o, *names, *letters), seconds=0.8)
    film.scene.arrived()
    film.move(FadeIn(word(film.found.setting, LABEL, skin.ink, place["setting"], "setting", Face.TEXT)), seconds=TEXT)


@beat("s-out")
def s_out(film: StandardAttentionFilm) -> None:
    """A tile of Q and a tile of K come and make scores; tile after tile leaves for its place in HBM, and K comes again for each row."""
    place, skin = film.place, film.skin
    film.scene.event = film.found.cuts[1]
    film.move(*film.begin("s-out"), seconds=TEXT)
    tiles = first_tiles(film.found.config, film.found.trace.inputs)
    at = {"Q": place["q"], "K": place["k"], "S": place["tile"]}
    drawn = {name: Matrix(tiles[name], at[name], skin, name, *palette.spread(tiles[name])) for name in at}
    called = {name: heading(place[f"{name} tile"], name, skin.hue(name), NAME) for name in at}
    film.on_chip = [*drawn.values(), *called.values()]
    film.scene.add(film.bars["Q"], film.bars["K"], film.flying["Q"], film.flying["K"])

    def first(share: float) -> None:
        for name in "QK":
            film.pour(name, share, at[name], 0, 1)

    film.move(Shows(Group(film.flying["Q"], film.flying["K"], film.bars["Q"], film.bars["K"]), first), seconds=FIRST)
    small = {name: centered(*at[name].center[:2], em(PACKET), em(PACKET)) for name in "QK"}
    film.scene.add(drawn["Q"], drawn["K"])
    grown = [matrix_to(drawn[name], at[name], small[name]) for name in "QK"]
    film.move(*grown, FadeIn(called["Q"], called["K"]), seconds=0.4)
    film.scene.add(drawn["S"])
    film.move(Columns(drawn["S"]), FadeIn(called["S"]), seconds=0.6)
    film.move(FadeIn(*film.named_bar("Q", "K", "S out"), *film.again("K", "again")), seconds=TEXT)
    film.scene.add(film.bars["S out"], film.flying["S"])
    moving = Group(*(film.flying[name] for name in "QKS"), film.stored["S"], *(film.bars[way] for way in ("Q", "K", "S out")))

    def show(share: float) -> None:
        for name in "QK":
            film.pour(name, share, at[name], 1)
        film.pour("S out", share, at["S"], out=True)

    film.move(Shows(moving, show), seconds=POUR)
    film.summed("Q", "K", "S out")


@beat("s-back")
def s_back(film: StandardAttentionFilm) -> None:
    """The first rows tile by tile: only when the last is there, weights come of them. Then all others."""
    place, skin, across = film.place, film.skin, film.found.grid[1]
    film.scene.event = film.found.cuts[2]
    film.move(*film.begin("s-back"), seconds=TEXT)
    scores, weights = film.strip("S", "rows"), film.strip("P", "weights")
    empty = [box(place[part], stroke=skin.quiet, width=theme.OUTLINE) for part in ("rows", "weights")]
    said = [word("whole rows of S", LABEL, skin.ink, place["rows name"], "note", Face.TEXT)]
    film.move(FadeIn(*empty, *said, *film.named_bar("S back")), seconds=TEXT)
    film.scene.add(scores, film.bars["S back"], film.flying["S"], film.flying["P"])
    into, out_of = film.port("rows"), film.port("weights")

    def come(share: float) -> None:
        film.pour("S back", share, into, 0, across)
        known(scores, arrived_of(share) * across, across)

    film.move(Shows(Group(scores, film.flying["S"], film.bars["S back"]), come), seconds=ROW)
    film.scene.hold(0.4)
    over = [
        word("each row over its own sum", LABEL, skin.ink, place["softmax"], "note", Face.TEXT),
        word("weights: P", LABEL, skin.ink, place["weights name"], "note", Face.TEXT),
    ]  # fmt: skip
    film.move(FadeIn(over[0]), seconds=TEXT)
    film.scene.add(weights)
    film.move(matrix_to(weights, place["weights"], place["rows"]), FadeIn(over[1], *film.named_bar("P out")), seconds=0.8)
    film.on_chip = [scores, weights, *empty, *said, *over]
    film.scene.add(film.bars["P out"])
    count = film.stored["S"].count

    def rest(share: float) -> None:
        if count > across:
            film.pour("S back", share, into, across)
        film.pour("P out", share, out_of, out=True)

    moving = Group(*(film.flying[name] for name in "SP"), film.stored["P"], film.bars["S back"], film.bars["P out"])
    film.move(Shows(moving, rest), seconds=REST_OF_ROWS)
    film.summed("S back", "P out")


def known(rows: Matrix, tiles: float, columns: int) -> None:
    """The tiles of a row that are there."""
    pixels = rows.image.pixel_array
    there = np.arange(pixels.shape[1]) * columns // pixels.shape[1] < round(tiles)
    pixels[:, :, 3] = np.where(there[None, :], 255, 0)


@beat("p-back")
def p_back(film: StandardAttentionFilm) -> None:
    """Weights come back; with V they make the rows of O."""
    place, skin = film.place, film.skin
    film.scene.event = film.found.cuts[3]
    film.move(*film.begin("p-back"), seconds=TEXT)
    weights, strip, over = film.strip("P", "rows"), place["weights"], place["weights name"]
    at = {"V": strip.left(V_WIDE * strip.width), "O": strip.right(O_WIDE * strip.width)}
    drawn = {name: film.filled(name, rect, name) for name, rect in at.items()}
    names = {f"{sign} {name}": Rect(at[name].x0, over.y0, at[name].x1, over.y1) for sign, name in ("×V", "=O")}
    said = [
        word("whole rows of P", LABEL, skin.ink, place["rows name"], "note", Face.TEXT),
        *(word(text, NAME, skin.hue(text[-1]), rect, "name") for text, rect in names.items()),
    ]  # fmt: skip
    coming = ("P back", "V")
    film.scene.add(*(film.bars[way] for way in (*coming, "O")), *(film.flying[name] for name in "PVO"), film.output)
    film.on_chip = [weights, *drawn.values(), *said]
    film.move(FadeIn(weights, *drawn.values(), *said, *film.again("V", "softmax"), *film.named_bar(*coming, "O")), seconds=TEXT)
    whole, lag = place["O"], 1 / (film.found.grid[0] + 1)  # O's first rows wait for whole rows of P

    def come(share: float) -> None:
        film.pour("P back", share, film.port("rows"))
        film.pour("V", share, at["V"])
        done = max(share - lag, 0.0) / (1 - lag)
        film.pour("O", done, at["O"], out=True)
        film.output.display(np.array([whole.top(max(arrived_of(done), 1e-3) * whole.height).edges]))

    moving = Group(*(film.flying[name] for name in "PVO"), *(film.bars[way] for way in (*coming, "O")), film.output)
    film.move(Shows(moving, come), seconds=POUR)
    film.summed(*coming, "O")


@beat("bill")
def bill(film: StandardAttentionFilm) -> None:
    """All that crossed is there; what is neither S nor P steps back, and S and P are added up."""
    said, ink = film.found.said, film.skin.ink
    total, scores = ["in all:", said["total"]], ["S and P:", said["scores"]]
    right, left = film.place["total"], film.place["sum"]
    start = max(left.x0, min(film.segment("S out").x0, left.x1 - line_width(scores, LABEL)))
    film.move(FadeIn(*worded(right.right(min(right.width, line_width(total, LABEL))), total, LABEL, [ink, ink], "sum")), seconds=TEXT)
    film.scene.hold(0.4)
    film.move(StepBack([bar for way, bar in film.bars.items() if way not in STROKES], ASIDE), seconds=0.6)
    film.move(FadeIn(*worded(Rect(start, left.y0, left.x1, left.y1), scores, LABEL, [ink, ink], "sum")), seconds=TEXT)
    film.scene.tell()
