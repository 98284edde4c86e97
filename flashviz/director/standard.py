"""Standard attention on one machine: S pours out and comes back, P pours out and comes back, each way into one unwrapped bar."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from manim import Animation, Group, Mobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import palette, theme
from flashviz.chapters import standard_attention
from flashviz.chapters.standard_attention import KERNELS, REST, StandardAttention, gather
from flashviz.director.film.parts import Columns, chip_box, flight, formula, heading, matrix_to
from flashviz.director.material import first_tiles, provenance, sheets
from flashviz.director.shots import TEXT, ShotScene, beat
from flashviz.director.words import LABEL, NAME, NUMBER, Word, line_width, word, worded
from flashviz.layout import Rect
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows
from flashviz.mobjects.named import Named
from flashviz.mobjects.stored import Stored
from flashviz.mobjects.tiles import Matrix, Rectangles, box

POUR, ROW, REST_OF_ROWS = 3.4, 2.6, 3.2  # seconds: of a matrix, of the first rows slowly, of all others
SET_OUT, LANDED = 0.06, 0.96  # of a pour's time: until the first tile has arrived, and the last one
LEAST = 34  # px: type that is smaller is left out
SHEET = {"S": 0.95, "P": 0.6}  # opacity of what crossed


class StandardAttentionStage(ShotScene):
    """The scene that the three kernels run on."""

    script = standard_attention.BEATS

    def open(self, run: Callable[..., Any]) -> StandardAttentionFilm:
        """Record standard attention: ``flashviz_kernels.recorder.run``."""
        found = gather(self.settings.config, run)
        self.provenance = [provenance(found.trace)]
        self.set_board(standard_attention.BEATS, found.said)
        return StandardAttentionFilm(self, found)


class StandardAttentionFilm:
    """Everything on stage, made here once."""

    kernel: Named | None = None  # the formula of the kernel that runs
    on_chip: list[Mobject]  # what stands there until the next kernel

    def __init__(self, scene: ShotScene, found: StandardAttention) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.place = place = scene.shot("standard")
        self.pictures = dict(zip("SP", sheets(found.config, found.trace.inputs), strict=True))
        self.stored = {name: Stored(self.pictures[name], place[name], found.grid, self.skin, name) for name in "SP"}
        self.flying = {name: Rectangles(self.skin.hue(name), name="in flight", opacity=SHEET[name]) for name in "SP"}
        self.bars = {name: self.bar(name) for name in found.moved}
        self.output = Rectangles(self.skin.o, name="stored O", opacity=palette.LIT)
        self.on_chip = []

    def bar(self, name: str) -> Rectangles:
        """One way of S or P, or all else."""
        color, opacity = (self.skin.quiet, palette.RESTING) if name == REST else (self.skin.scores, SHEET[name[0]])
        return Rectangles(color, name=f"bar {name}", opacity=opacity)

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

    def named_bar(self, name: str) -> list[Word]:
        """What a part of the bar is, and its bytes where there is room."""
        rect, place = self.segment(name), self.place
        found = []
        for part, text, px in (("names", name, LABEL), ("bytes", self.found.amount(name), NAME)):
            room = Rect(rect.x0, place[f"bar {part}"].y0, rect.x1, place[f"bar {part}"].y1)
            size = px * min(1.0, 0.88 * room.width / text_width(text, px, Face.STRONG))
            if size >= LEAST:
                found.append(word(text, size, self.skin.ink, room, f"bar {part}"))
        return found

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

    def pour(self, name: str, share: float, start: int, stop: int, tile: Rect, *, out: bool) -> None:
        """Tiles ``start`` to ``stop`` of S or P between their places in HBM and one on chip."""
        sheet, count = self.stored[name], stop - start
        boxes = flight(min(share / LANDED, 1.0), count, lambda index: sheet.cell(start + index), tile, self.place["pipe"], out=out)
        self.flying[name].display(boxes if share < LANDED else boxes[:0])
        arrived = start + arrived_of(share) * count
        if out:
            sheet.display(arrived)
        self.pile(f"{name} {'out' if out else 'back'}", arrived / sheet.count)

    def move(self, *animations: Any, seconds: float) -> None:
        self.scene.move(*animations, seconds=seconds)


def arrived_of(share: float) -> float:
    """How much has arrived of what set out one after another."""
    return float(np.clip((share - SET_OUT) / (LANDED - SET_OUT), 0.0, 1.0))


# --------------------------------------------------------------------------------------------------------------- beats


@beat("kernels")
def kernels(film: StandardAttentionFilm) -> None:
    """HBM with room for S and for P, the chip, and the path between them."""
    place, skin = film.place, film.skin
    pipe = Rectangles(skin.registers, name="pipe").set_stroke(skin.quiet, width=theme.HAIRLINE, opacity=1)
    pipe.display(np.array([place["pipe"].edges]))
    names = [word(text, NAME, skin.ink, place[part], "name") for part, text in (("hbm name", "HBM"), ("chip name", "on chip"))]
    letters = [heading(place[f"{name} name"], name, skin.ink, NAME) for name in "SP"]
    letters.append(heading(place["O name"], "O", skin.o, NAME))
    rows_of_o = box(place["O"], stroke=skin.o, width=theme.OUTLINE)
    film.move(FadeIn(chip_box(place["chip"], skin), pipe, *film.stored.values(), rows_of_o, *names, *letters), seconds=0.8)
    film.scene.arrived()


@beat("s-out")
def s_out(film: StandardAttentionFilm) -> None:
    """A tile of Q and a tile of K make scores; tile after tile leaves for its place in HBM."""
    place, skin = film.place, film.skin
    film.scene.event = film.found.cuts[1]
    film.move(*film.begin("s-out"), seconds=TEXT)
    tiles = first_tiles(film.found.config, film.found.trace.inputs)
    spreads = {name: palette.spread(tiles[name]) for name in tiles}
    drawn = {name: Matrix(tiles[name], place[name.lower() if name in "QK" else "tile"], skin, name, *spreads[name]) for name in tiles}
    film.on_chip = list(drawn.values())
    film.move(FadeIn(drawn["Q"], drawn["K"]), seconds=0.4)
    film.scene.add(drawn["S"])
    film.move(Columns(drawn["S"]), seconds=0.7)
    film.scene.add(film.bars["S out"], film.flying["S"])
    moving = Group(film.flying["S"], film.stored["S"], film.bars["S out"])
    show = partial(film.pour, "S", start=0, stop=film.stored["S"].count, tile=place["tile"], out=True)
    film.move(Shows(moving, show), seconds=POUR)
    film.move(FadeIn(*film.named_bar("S out")), seconds=TEXT)


@beat("s-back")
def s_back(film: StandardAttentionFilm) -> None:
    """The first rows tile by tile: only when the last is there, weights come of them. Then all others."""
    place, skin, columns = film.place, film.skin, film.found.grid[1]
    film.scene.event = film.found.cuts[2]
    film.move(*film.begin("s-back"), seconds=TEXT)
    scores, weights = film.strip("S", "rows"), film.strip("P", "weights")
    empty = [box(place[part], stroke=skin.quiet, width=theme.OUTLINE) for part in ("rows", "weights")]
    said = [word("whole rows of S", LABEL, skin.ink, place["rows name"], "note", Face.TEXT)]
    film.move(FadeIn(*empty, *said), seconds=TEXT)
    film.scene.add(scores, film.bars["S back"], film.bars["P out"], film.flying["S"], film.flying["P"])
    into, out_of = film.port("rows"), film.port("weights")

    def come(share: float) -> None:
        film.pour("S", share, 0, columns, into, out=False)
        known(scores, arrived_of(share) * columns, columns)

    film.move(Shows(Group(scores, film.flying["S"], film.bars["S back"]), come), seconds=ROW)
    film.scene.hold(0.4)
    over = [
        word("each row over its own sum", LABEL, skin.ink, place["softmax"], "note", Face.TEXT),
        word("weights: P", LABEL, skin.ink, place["weights name"], "note", Face.TEXT),
    ]  # fmt: skip
    film.move(FadeIn(over[0]), seconds=TEXT)
    film.scene.add(weights)
    film.move(matrix_to(weights, place["weights"], place["rows"]), FadeIn(over[1]), seconds=0.8)
    film.on_chip = [scores, weights, *empty, *said, *over]
    count = film.stored["S"].count

    def rest(share: float) -> None:
        film.pour("S", share, columns, count, into, out=False)
        film.pour("P", share, 0, count, out_of, out=True)

    moving = Group(*film.flying.values(), film.stored["P"], film.bars["S back"], film.bars["P out"])
    if count > columns:
        film.move(Shows(moving, rest), seconds=REST_OF_ROWS)
    else:
        out = partial(film.pour, "P", start=0, stop=count, tile=out_of, out=True)
        film.move(Shows(moving, out), seconds=REST_OF_ROWS)
    film.move(FadeIn(*film.named_bar("S back"), *film.named_bar("P out")), seconds=TEXT)


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
    weights, values = film.strip("P", "rows"), Rectangles(skin.v, name="V", opacity=palette.RESTING).set_stroke(skin.v, theme.OUTLINE, 1)
    values.display(np.array([place["weights"].edges]))
    said = [
        word("whole rows of P", LABEL, skin.ink, place["rows name"], "note", Face.TEXT),
        word("× V", NAME, skin.v, place["weights name"], "name"),
    ]  # fmt: skip
    film.scene.add(film.bars["P back"], film.flying["P"], film.output)
    film.move(FadeIn(weights, values, *said), seconds=TEXT)
    film.on_chip = [weights, values, *said]
    count, strip = film.stored["P"].count, place["O"]

    def come(share: float) -> None:
        film.pour("P", share, 0, count, film.port("rows"), out=False)
        film.output.display(np.array([strip.top(max(arrived_of(share), 1e-3) * strip.height).edges]))

    film.move(Shows(Group(film.flying["P"], film.bars["P back"], film.output), come), seconds=POUR)
    film.move(FadeIn(*film.named_bar("P back")), seconds=TEXT)


@beat("bill")
def bill(film: StandardAttentionFilm) -> None:
    """What else crossed joins the bar."""
    film.scene.add(film.bars[REST])
    film.move(Shows(film.bars[REST], partial(film.pile, REST), rate_func=ease_in_out_cubic), seconds=0.9)
    film.move(FadeIn(*film.named_bar(REST)), seconds=TEXT)
    said, ink = film.found.said, film.skin.ink
    total = ["in all:", said["total"]]
    right = film.place["total"]
    sums = [
        *worded(film.place["sum"], ["S and P:", said["scores"]], LABEL, [ink, ink], "sum"),
        *worded(right.right(min(right.width, line_width(total, LABEL))), total, LABEL, [ink, ink], "sum"),
    ]
    film.move(FadeIn(*sums), seconds=TEXT)
    film.scene.hold(0.3)
    film.scene.tell()
