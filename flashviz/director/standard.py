"""Standard attention on one machine: S pours out and comes back, P pours out and comes back, each way into one bar; the bar's end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from manim import Animation, Group, Mobject, VGroup, VMobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import palette, theme
from flashviz.chapters import standard_attention
from flashviz.chapters.standard_attention import KERNELS, STROKES, StandardAttention, gather
from flashviz.director.film.parts import (
    LANDED,
    SQUARE,
    Columns,
    Way,
    arrived_of,
    flight,
    formula,
    gates,
    heading,
    matrix_to,
    show_rows,
    square_at,
)
from flashviz.director.material import provenance, sheets
from flashviz.director.shots import TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, NUMBER, Counter, Word, centred, fitted, middle, word, worded
from flashviz.figures import kib
from flashviz.layout import Rect, centered, columns, rows
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, early, late, moved
from flashviz.mobjects.named import Named
from flashviz.mobjects.stored import Stored, on_ground
from flashviz.mobjects.tiles import Matrix, Rectangles, box, outlines, plane
from flashviz.mobjects.whole import Chip

FIRST, ROW, AGAIN, REST = 0.8, 2.4, 2.0, 2.6  # seconds: of a first tile, of a row of tiles slowly, of the next one, of all others
LAST = 0.5  # of a row's time: until rows of O are in HBM
SMALLEST = 34  # px: type that is smaller is left out
SHEET = {"S": 0.95, "P": palette.SECOND}  # opacity of what crossed
LIT = 0.45  # opacity of a half of the gate while something crosses
MEMORIES = {"hbm": ("HBM", ": large, slow"), "chip": ("on chip", ": small, fast")}
BOTH = ("S and P, out and back",)
MORE = "Q, K, V and O: K and V again and again", "Q and O; K and V again and again"
LEAST = "Q, K, V and O each once: the least possible", "Q, K, V, O once: the least possible"
ENDS = ("scores", "least")  # bars of the end
QUESTION = "Could S and P stay on chip?"
GAP = em(3)  # between parts of the bar, and between passes in one


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

    kernel: Named  # number and formula of the kernel that runs
    listed: list[Named]  # of all three, before they run
    remark: Word  # beside the chip's name, before they run
    on_chip: list[Mobject]  # what stands there until the next kernel
    stage: list[Mobject]  # what stands until the end

    def __init__(self, scene: ShotScene, found: StandardAttention) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.place = place = scene.shot("standard")
        scores, weights = sheets(found.config, found.trace.inputs)
        self.pictures = {"S": scores, "P": on_ground(weights)}
        self.stored = {name: Stored(self.pictures[name], place[name], found.grid, self.skin, name) for name in "SP"}
        self.flying = {name: Rectangles(self.skin.hue(name), name="in flight", opacity=SHEET.get(name, 1.0)) for name in "QKVSPO"}
        self.bars = {name: self.bar(name) for name in found.moved}
        down, across = found.grid
        self.inputs = {name: rows(place[name], down if name in "QO" else across) for name in "QKVO"}
        step = max(1, found.config.seq_q // len(weights))
        values = dict(zip("QKV", (each[0, 0].astype(np.float64) for each in found.trace.inputs), strict=True))
        values["O"] = found.output(slice(None, None, step))
        self.spreads = {name: palette.spread(each) for name, each in values.items()}
        self.whole = {name: Matrix(each, place[name], self.skin, name, *self.spreads[name]) for name, each in values.items()}
        for name, each in self.whole.items():
            each.tag = f"stored {name}"
        self.spreads["S"] = palette.spread(found.scores(found.rows("Q", 0)))
        self.passes = Counter(self.skin.ink, "passes")
        self.block = outlines(self.skin.ink, "block", theme.HEAVY)
        self.bound: dict[str, bool] = {}  # of the tensors whose tiles cross, or have crossed: whether these go out
        self.gate = {out: Rectangles(self.skin.ink, name="gate", opacity=LIT) for out in (False, True)}
        self.labels: dict[str, list[VMobject]] = {}  # of parts of the bar
        self.short: dict[str, Word] = {}  # bytes of parts that are too short for words beneath
        self.times: dict[str, tuple[Word, Counter]] = {}  # how often K and V have come, which is said as its last word stands
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

    def plays(self, moving: Group, show: Callable[..., None]) -> None:
        """Rows of tiles, from one to another: the first one slowly, the next one too, then all others."""
        down = self.found.grid[0]
        for begin, end, seconds in ((0, 1, ROW), (1, 2, AGAIN), (2, down, REST)):
            if begin < min(end, down):
                self.move(Shows(moving, partial(show, begin=begin, end=end)), seconds=seconds)

    def pile(self, name: str, share: float, rect: Rect | None = None) -> None:
        """So much of a way has crossed; K and V in as many parts as they have passed."""
        rect = rect or self.segment(name)
        gap = min(GAP, rect.width / 8)
        parts = self.found.grid[0] if name in "KV" and rect.width / self.found.grid[0] > 3 * GAP else 1
        full = rect.x0 + max(share, 1e-4) * (rect.width - gap)
        there = [part for part in columns(rect, parts) if part.x0 < full]
        self.bars[name].display(np.array([[part.x0, part.y0, min(part.x1 - gap, full), part.y1] for part in there]))

    def named_bar(self, *ways: str) -> list[VMobject]:
        """What parts of the bar are: Q and O, which are short, above it, the others beneath; K and V with their passes so far."""
        for way in ways:
            rect, text = self.segment(way), self.found.name(way)
            if way in "QO":
                line = worded(self.place["sum"], [way, self.found.amount(way)], LABEL, [self.skin.hue(way), self.skin.ink], "bar names")
                ends = line[-1].left + line[-1].wide
                moved_by = 0.0 if way == "Q" else rect.x1 - ends
                letter, self.short[way] = (each.put_at(each.left + moved_by, each.baseline) for each in line)
                self.labels[way] = [letter]
                continue
            named = self.beneath("bar names", way, text, LABEL)
            self.labels[way] = [*named]
            if way in "KV" and named:
                self.times[way] = named[0], Counter(self.skin.ink, "bar names")
                self.labels[way] = [self.times[way][1]]
                self.count_times(way, 1)
        return [each for way in ways for each in self.labels[way]]

    def count_times(self, way: str, passes: int) -> None:
        """K and V, and how often they have come."""
        if way in self.times:
            last, counter = self.times[way]
            counter.say(Word(self.found.name(way, passes), last.px, self.skin.ink, last.left, last.baseline, "bar names"))

    def summed(self, *ways: str) -> None:
        """How much has crossed, once all has."""
        found = {way: [self.short[way]] if way in "QO" else self.beneath("bar bytes", way, self.found.amount(way), NAME) for way in ways}
        for way, words in found.items():
            self.labels[way] += words
        amounts = [each for words in found.values() for each in words]
        if amounts:
            self.move(FadeIn(*amounts), seconds=TEXT)

    def beneath(self, part: str, way: str, text: str, px: float) -> list[Word]:
        """A word under a part of the bar, where there is room."""
        rect = self.segment(way)
        room = Rect(rect.x0, self.place[part].y0, rect.x1, self.place[part].y1)
        size = px * min(1.0, 0.88 * room.width / text_width(text, px, Face.STRONG))
        return [word(text, size, self.skin.ink, room, part)] if size >= SMALLEST else []

    def rows_of(self, name: str, block: int) -> np.ndarray:
        """The picture of one row of tiles."""
        picture, n = self.pictures[name], self.found.grid[0]
        return picture[block * len(picture) // n : max((block + 1) * len(picture) // n, block * len(picture) // n + 1)]

    def strip(self, name: str, part: str) -> Matrix:
        """Whole rows on chip."""
        return Matrix(self.rows_of(name, 0), self.place[part], self.skin, name, 0.0, 1.0)

    def tile(self, name: str, row: int, column: int) -> np.ndarray:
        """The values of a tile on chip; K lies as K^T."""
        found, q, k = self.found, self.found.rows("Q", row), self.found.rows("K", column)
        match name:
            case "S":
                return found.scores(q, k)
            case "O":
                return found.output(q)
            case _:
                values = found.trace.inputs["QKV".index(name)][0, 0, q if name == "Q" else k].astype(np.float64)
                return values.T if name == "K" else values

    def titled(self, index: int, rect: Rect) -> Named:
        """A kernel's number and what it computes."""
        drawn, text = list(KERNELS.values())[index], f"kernel {index + 1}"
        number = word(str(index + 1), NUMBER, self.skin.stats, rect, "part")
        rest = rect.beyond(number.wide + em(LABEL))
        return Named(number, formula(drawn, NUMBER, self.skin.ink, rest), tag="kernel", text=text)

    def begin(self, name: str) -> list[Animation]:
        """Another kernel: its number and formula take the place of the last one's, and the chip is empty."""
        index = list(KERNELS).index(name)
        new, gone = self.titled(index, self.place["kernel"]), [*self.on_chip]
        if index:
            coming: list[Animation] = [FadeOut(self.kernel, *gone, rate_func=early), FadeIn(new, rate_func=late)]
        else:
            self.scene.remove(self.listed[0])
            self.scene.add(new)
            coming = []
            self.move(moved(self.listed[0], new), FadeOut(self.remark, *self.listed[1:]), seconds=2 * TEXT)
        self.kernel, self.on_chip = new, []
        return coming

    def port(self, part: str) -> Rect:
        """Where tiles come and go at a strip on chip: its end by the path, or its middle under a path that stands."""
        rect, pipe = self.place[part], self.place["pipe"]
        return rect.left(rect.height) if pipe.width > pipe.height else rect

    def way(self, cell: Rect, tile: Rect, *, out: bool) -> Way:
        """A tile's way: between HBM and the path, and on chip around what lies there."""
        pipe, aside = self.place["pipe"], self.place["aside"].center[0]
        lying = pipe.width >= pipe.height
        (gate, end), (x, y, _) = gates(self.lane(out=out)), tile.center
        around = [(x, end[1])] if out else [(aside, end[1]), (aside, y)]
        turn = around if lying else [(end[0], y)]
        corners = [cell.center, (cell.center[0], gate[1]), gate, end, *turn, tile.center]
        return Way.of(*(corners[::-1] if out else corners))

    def cells(self, name: str) -> Callable[[int], Rect]:
        """Where the tiles of a tensor lie in HBM, in the order in which they cross; K and V from the first one again and again."""
        return self.stored[name].cell if name in SHEET else lambda index: self.inputs[name][index % len(self.inputs[name])]

    def tiles(self, name: str) -> int:
        """How many tiles of a tensor cross, one way."""
        return self.found.grid[0] if name in "QO" else self.stored["S"].count

    def pour(self, way: str, share: float, tile: Rect, start: int = 0, stop: int | None = None, *, out: bool = False) -> int:
        """Tiles ``start`` to ``stop`` of a way cross between their places in HBM and one on chip, and join the bar: how many have."""
        name, count = way[0], self.tiles(way[0])
        cells, stop = self.cells(name), count if stop is None else stop
        number = max(stop - start, 0)
        aloft = flight(min(share / LANDED, 1.0), number, lambda index: self.way(cells(start + index), tile, out=out))
        self.flying[name].display(aloft if share < LANDED else np.zeros((0, 4)))
        self.light(name, out=out)
        arrived = start + arrived_of(share) * number
        if out and name in self.stored:
            self.stored[name].display(arrived)
        self.pile(way, arrived / count)
        return int(arrived)

    def leave(self, tile: Rect, first: int, shares: Sequence[float]) -> None:
        """Rows of O, each as far on its way to HBM: they join the bar."""
        ways = [self.way(self.inputs["O"][first + at], tile, out=True) for at in range(len(shares))]
        aloft = [square_at(*way.at(share)) for way, share in zip(ways, shares, strict=True) if 0 < share < 1 - 1e-9]
        self.flying["O"].display(np.array(aloft).reshape(-1, 4))
        self.light("O", out=True)
        arrived = first + sum(share >= 1 - 1e-9 for share in shares)
        show_rows(self.whole["O"], np.arange(self.found.grid[0]) < arrived)
        self.pile("O", arrived / self.found.grid[0])

    def lane(self, *, out: bool) -> Rect:
        """The half of the gate that is for what comes in, or for what goes out."""
        pipe = self.place["pipe"]
        return (rows if pipe.width >= pipe.height else columns)(pipe, 2)[out]

    def light(self, name: str, *, out: bool) -> None:
        """A half of the gate has the hue of what crosses, while it is on its way."""
        self.bound[name] = out
        for side, gate in self.gate.items():
            aloft = [each for each, way in self.bound.items() if way == side and len(self.flying[each].points)]
            gate.set_fill(self.skin.hue(aloft[-1]) if aloft else self.skin.ink)
            gate.display(np.array([self.lane(out=side).edges]) if aloft else np.zeros((0, 4)))

    def parted(self, moved: Mapping[str, int]) -> dict[str, Rect]:
        """Where ways stand at the end: S and P in one bar, all else in another, on the scale on which the longer one has room."""
        sums = {part: sum(self.found.moved[way] for way in self.found.moved if (way in STROKES) == (part == "scores")) for part in ENDS}
        room = min(self.place[f"{part} bar"].width for part in ENDS) - text_width(kib(max(sums.values())), NUMBER) - em(NUMBER)
        scale, rects = room / max(sums.values()), {}
        left = {part: self.place[f"{part} bar"].x0 for part in ENDS}
        for way, nbytes in moved.items():
            part = "scores" if way in STROKES else "least"
            whole = self.place[f"{part} bar"]
            rects[way] = Rect(left[part], whole.y0, left[part] + nbytes * scale, whole.y1)
            left[part] = rects[way].x1
        return rects

    def amount(self, part: str, text: str, rects: Mapping[str, Rect]) -> Word:
        """A bar's bytes, at its end."""
        end = max(rect.x1 for way, rect in rects.items() if (way in STROKES) == (part == "scores"))
        place = self.place[f"{part} bar"].beyond(end + em(NUMBER) / 3 - self.place[f"{part} bar"].x0)
        return word(text, NUMBER, self.skin.ink, place, f"{part} sum")

    def product(self, row: int, column: int) -> np.ndarray:
        """[rows, d] what the tiles of P up to this one give of O."""
        return self.found.output(self.found.rows("Q", row), slice(0, self.found.rows("K", column).stop))

    def count_pass(self, name: str, part: str, arrived: int) -> None:
        """Which pass of K or V it is."""
        rows_of_tiles, across = self.found.grid
        done = min(arrived // across + 1, rows_of_tiles)
        of = round(done / rows_of_tiles * self.found.config.row_blocks)  # of many tiles one cell stands for several
        text = self.found.passes(name, of)
        if text != self.passes.text:
            self.passes.say(word(text, LABEL, self.skin.ink, self.place[part], "passes", Face.TEXT))
            self.count_times(name, of)
        held = {"K": "Q", "V": "P"}[name]
        self.block.display(np.array([rows(self.place[held], rows_of_tiles)[done - 1].edges]))


# --------------------------------------------------------------------------------------------------------------- beats


@beat("kernels")
def kernels(film: StandardAttentionFilm) -> None:
    """HBM with room for S, P and O, the chip, and the bus between them; on the chip the three kernels, one after another."""
    place, skin = film.place, film.skin
    pipe = plane(skin.registers, skin.quiet, "pipe").display(np.array([place["pipe"].edges]))
    (hbm, large), (chip, film.remark) = (worded_name(place[f"{part} name"], texts, skin.ink) for part, texts in MEMORIES.items())
    names = [hbm, large, chip, film.remark, heading(place["bus"], "bus", skin.ink, LABEL, "name")]
    letters = [heading(place[f"{name} name"], name, skin.ink if name in SHEET else skin.hue(name), NAME) for name in "QKVSPO"]
    rows_of_o = box(place["O"], stroke=skin.o, width=theme.OUTLINE)
    names.append(fitted(film.found.settings, LABEL, skin.ink, place["setting"], "setting", Face.TEXT))
    there = [
        Chip(skin).place(place["chip"]),
        pipe,
        *film.gate.values(),
        *(film.whole[name] for name in "QKV"),
        *film.stored.values(),
        rows_of_o,
    ]
    film.stage = [*there, *(each for each in names if each is not film.remark), *letters]
    film.move(FadeIn(*there, *names, *letters), seconds=0.6)
    film.scene.hold(0.6)
    film.listed = [film.titled(index, rect) for index, rect in enumerate(rows(place["list"], len(KERNELS)))]
    with film.scene.telling():
        for each in film.listed:
            film.move(FadeIn(each), seconds=TEXT)
            film.scene.hold(0.5)


def worded_name(rect: Rect, texts: tuple[str, str], color: str) -> tuple[Word, Word]:
    """A memory's name, and what it is like."""
    px = NAME * min(1.0, rect.width / (text_width(texts[0], NAME) + text_width(texts[1], NAME, Face.TEXT)))
    name = Word(texts[0], px, color, rect.x0, middle(rect, px), "name")
    return name, Word(texts[1], px, color, name.left + name.wide, name.baseline, "name", Face.TEXT)


@beat("s-out")
def s_out(film: StandardAttentionFilm) -> None:
    """A tile of Q and a tile of K come and make scores; tile after tile leaves for its place in HBM, and K comes again for each row."""
    place, skin, (down, across) = film.place, film.skin, film.found.grid
    film.scene.event = film.found.cuts[1]
    at = {"Q": place["q"], "K": place["k"], "S": place["tile"]}
    drawn = {name: Matrix(film.tile(name, 0, 0), at[name], skin, name, *film.spreads[name]) for name in at}
    called = {name: heading(place[f"{name} tile"], name, skin.hue(name), NAME) for name in at}
    with film.scene.telling():
        film.begin("s-out")
        film.on_chip = [*drawn.values(), *called.values(), film.passes, film.block]
        film.count_pass("K", "again", 0)
        film.move(FadeIn(film.block, film.passes), seconds=2 * TEXT)
        film.scene.add(film.bars["Q"], film.bars["K"], film.flying["Q"], film.flying["K"])

        def first(share: float) -> None:
            for name in "QK":
                film.pour(name, share, at[name], 0, 1)

        film.move(Shows(Group(film.flying["Q"], film.flying["K"], film.bars["Q"], film.bars["K"]), first), seconds=FIRST)
        small = {name: centered(*at[name].center[:2], em(SQUARE), em(SQUARE)) for name in "QK"}
        film.scene.add(drawn["Q"], drawn["K"])
        grown = [matrix_to(drawn[name], at[name], small[name]) for name in "QK"]
        film.move(*grown, FadeIn(called["Q"], called["K"], *film.named_bar("Q", "K", "S out")), seconds=0.4)
        film.scene.add(drawn["S"])
        film.move(Columns(drawn["S"]), FadeIn(called["S"]), seconds=0.5)
        film.scene.add(film.bars["S out"], film.flying["S"])
        moving = Group(*(film.flying[name] for name in "QKS"), film.stored["S"], *(film.bars[way] for way in ("Q", "K", "S out")))
        moving.add(*drawn.values(), film.passes, *film.labels["K"], film.block, *film.gate.values())

        def show(share: float, begin: int, end: int) -> None:
            """Rows of tiles ``begin`` to ``end``."""
            film.pour("Q", share, at["Q"], max(begin, 1), end)
            here = film.pour("K", share, at["K"], max(begin * across, 1), end * across)
            film.pour("S out", share, at["S"], begin * across, end * across, out=True)
            last = min(max(here - 1, 0), down * across - 1)
            for name, each in drawn.items():
                each.display(film.tile(name, *divmod(last, across)))
            film.count_pass("K", "again", last)

        film.plays(moving, show)
        film.summed("Q", "K", "S out")


@beat("s-back")
def s_back(film: StandardAttentionFilm) -> None:
    """The first rows tile by tile: only when the last is there, one row's terms and their sum, then weights. Then all others."""
    place, skin, (down, across) = film.place, film.skin, film.found.grid
    film.scene.event = film.found.cuts[2]
    count = film.stored["S"].count
    scores, weights = film.strip("S", "rows"), film.strip("P", "weights")
    empty = [box(place[part], stroke=skin.quiet, width=theme.OUTLINE) for part in ("rows", "weights")]
    said = [word("whole rows of S", LABEL, skin.ink, place["rows name"], "note", Face.TEXT)]
    into, out_of = film.port("rows"), film.port("weights")
    with film.scene.telling():
        film.move(*film.begin("s-back"), FadeIn(*empty, *said, *film.named_bar("S back"), rate_func=late), seconds=2 * TEXT)
        film.scene.add(scores, film.bars["S back"], film.flying["S"], film.flying["P"])

        def come(share: float) -> None:
            film.pour("S back", share, into, 0, across)
            known(scores, arrived_of(share) * across, across)

        film.move(Shows(Group(scores, film.flying["S"], film.bars["S back"], *film.gate.values()), come), seconds=ROW)
        terms = Terms(film)
        film.on_chip += [terms, terms.said]
        film.move(Shows(terms, lambda share: terms.display(0, share), introducer=True), FadeIn(terms.said), seconds=1.6)
        film.scene.hold(0.4)
        over = word("divided by its sum: weights P", LABEL, skin.ink, place["weights name"], "note", Face.TEXT)
        film.scene.add(weights)
        film.move(matrix_to(weights, place["weights"], place["rows"]), FadeIn(over, *film.named_bar("P out"), rate_func=late), seconds=0.8)
        film.on_chip += [scores, weights, *empty, *said, over]
        film.scene.add(film.bars["P out"])

        def rest(share: float) -> None:
            if count > across:
                row = min(film.pour("S back", share, into, across) // across, down) - 1
                scores.display(film.rows_of("S", row))
                weights.display(film.rows_of("P", row))
                terms.display(row)
            film.pour("P out", share, out_of, out=True)

        moving = Group(*(film.flying[name] for name in "SP"), film.stored["P"], film.bars["S back"], film.bars["P out"], scores, weights)
        moving.add(terms, *film.gate.values())
        film.move(Shows(moving, rest), seconds=REST)
        film.summed("S back", "P out")


class Terms(Rectangles):
    """Of one row of those on chip, key by key: exp of each score above the row's largest, as a bar."""

    def __init__(self, film: StandardAttentionFilm) -> None:
        super().__init__(film.skin.stats, name="terms")
        self.found, self.rect = film.found, film.place["terms"]
        self.said = word("one row: exp(S − max)", LABEL, film.skin.ink, film.place["softmax"], "note", Face.TEXT)

    def display(self, row: int, share: float = 1.0) -> Terms:  # type: ignore[override]
        """So much of the row whose sum is the largest, of those of a row of tiles."""
        self.values = max(self.found.terms(self.found.rows("Q", row)), key=np.sum)
        count, rect = len(self.values), self.rect
        x = rect.x0 + np.arange(count + 1) * rect.width / count
        boxes = np.stack([x[:-1], np.full(count, rect.y0), x[1:], rect.y0 + self.values * rect.height], 1)
        super().display(boxes[: max(round(share * count), 1)])
        return self


def known(rows: Matrix, tiles: float, columns: int) -> None:
    """The tiles of a row that are there."""
    pixels = rows.image.pixel_array
    there = np.arange(pixels.shape[1]) * columns // pixels.shape[1] < round(tiles)
    pixels[:, :, 3] = np.where(there[None, :], 255, 0)


@beat("p-back")
def p_back(film: StandardAttentionFilm) -> None:
    """A tile of the weights comes back, a tile of V comes, and their product adds to rows of O; V comes again for each row of tiles."""
    place, skin, (down, across) = film.place, film.skin, film.found.grid
    film.scene.event = film.found.cuts[3]
    weights, at = film.strip("P", "rows"), {"V": place["q"], "O": place["tile"]}
    drawn = {name: Matrix(film.tile(name, 0, 0), at[name], skin, name, *film.spreads[name]) for name in at}
    said = [word("rows of P", LABEL, skin.ink, place["rows name"], "note", Face.TEXT)]
    said += [heading(place[part], text, skin.hue(text[-1]), NAME, "name") for part, text in (("Q tile", "× V"), ("O tile", "= O"))]
    coming, part = ("P back", "V"), outlines(skin.ink, "tile of P", theme.HEAVY)
    with film.scene.telling():
        show_rows(film.whole["O"], np.zeros(down, dtype=bool))
        begun = film.begin("p-back")
        film.count_pass("V", "again V", 0)
        known(weights, 0, across)
        drawn["O"].display(np.full_like(drawn["O"].values, np.nan))
        new = [weights, drawn["O"], *said, film.passes, film.block]
        film.move(*begun, FadeIn(*new, *film.named_bar(*coming, "O"), rate_func=late), seconds=2 * TEXT)
        film.on_chip = [*new, drawn["V"], part]
        film.scene.add(*(film.bars[way] for way in (*coming, "O")), film.whole["O"], *(film.flying[name] for name in "PVO"), *film.on_chip)

        def rows_of_o(share: float, begin: int, end: int) -> None:
            """Rows of tiles ``begin`` to ``end``."""
            come = (end - begin) / (end - begin + LAST)  # share of the time until all tiles have come; then the last rows of O leave
            film.pour("P back", min(share / come, 1.0), film.port("rows"), begin * across, end * across)
            here = film.pour("V", min(share / come, 1.0), at["V"], begin * across, end * across)
            film.leave(at["O"], begin, [(share - come * (row + 1) / (end - begin)) / (1 - come) for row in range(end - begin)])
            row, column = divmod(min(max(here - 1, 0), down * across - 1), across)
            weights.display(film.rows_of("P", row))
            known(weights, column + 1 if here > row * across else 0, across)
            part.display(np.array([columns(place["rows"], across)[column].edges]))
            if here > row * across:
                drawn["V"].display(film.tile("V", row, column))
                drawn["O"].display(film.product(row, column))
            film.count_pass("V", "again V", row * across + column)

        drawn["V"].display(np.full_like(drawn["V"].values, np.nan))
        moving = Group(*(film.flying[name] for name in "PVO"), *(film.bars[way] for way in (*coming, "O")), *film.gate.values())
        moving.add(*film.on_chip, *film.labels["V"], film.whole["O"])
        film.plays(moving, rows_of_o)
        film.summed(*coming, "O")


@beat("bill")
def bill(film: StandardAttentionFilm) -> None:
    """All that crossed is there; it parts: S and P, and all else, on one scale; K and V, which came again and again, become one each."""
    place, skin, found = film.place, film.skin, film.found
    ink, once = skin.ink, found.once
    total = centred(worded(place["total"], ["in all:", found.said["total"]], NAME, [ink, ink], "sum"), place["total"])
    film.move(FadeIn(*total), seconds=TEXT)
    film.scene.hold(0.8)
    with film.scene.telling():
        labels = [each for words in film.labels.values() for each in words]
        gone = [*film.stage, film.whole["O"]]
        film.move(FadeOut(film.kernel, *film.on_chip, *gone, *total, *labels), seconds=2 * TEXT)
        starts, parted = {way: film.segment(way) for way in found.moved}, film.parted(found.moved)
        least = film.parted({**found.moved, **once})

        def goes(begin: Mapping[str, Rect], end: Mapping[str, Rect], share: float) -> None:
            for way in found.moved:
                film.pile(way, 1.0, begin[way].toward(end[way], share))

        bars = VGroup(*film.bars.values())
        film.move(Shows(bars, lambda share: goes(starts, parted, share), rate_func=ease_in_out_cubic), seconds=1.2)
        names = {part: described(film, texts, f"{part} name") for part, texts in (("scores", BOTH), ("least", MORE))}
        rest = sum(nbytes for way, nbytes in found.moved.items() if way not in STROKES)
        amounts = {"scores": film.amount("scores", found.said["scores"], parted), "least": film.amount("least", kib(rest), parted)}
        letters = [heading(parted[way], way, skin.ground, LABEL, "held") for way in STROKES]
        film.move(FadeIn(names["scores"], amounts["scores"], *letters), seconds=2 * TEXT)
        film.scene.hold(0.5)
        film.move(FadeIn(names["least"], amounts["least"]), seconds=2 * TEXT)
        film.scene.hold(1.0)
        if found.config.row_blocks > 1:
            film.move(FadeOut(names["least"], amounts["least"]), seconds=TEXT)
            film.move(Shows(bars, lambda share: goes(parted, least, share), rate_func=ease_in_out_cubic), seconds=1.0)
            few = film.amount("least", kib(sum(once.values())), least)
            film.move(FadeIn(described(film, LEAST, "least name"), few), seconds=2 * TEXT)
        film.move(FadeIn(heading(place["question"], QUESTION, skin.stats, NUMBER, "question")), seconds=TEXT)


def described(film: StandardAttentionFilm, texts: Sequence[str], part: str) -> Word:
    """What a bar is."""
    return fitted(texts, NAME, film.skin.ink, film.place[part], "what", Face.TEXT)
