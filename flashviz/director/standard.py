"""Standard attention on one machine: S pours out and comes back, P pours out and comes back, each way into one bar."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from manim import Animation, Group, Mobject, VGroup
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import figures, palette, theme
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
)
from flashviz.director.material import provenance, sheets
from flashviz.director.shots import TEXT, ChapterFilm, ShotScene, StepBack, beat
from flashviz.director.words import LABEL, NAME, NUMBER, Counter, Word, centred, slid, word, worded
from flashviz.figures import kib
from flashviz.layout import Rect, centered, columns, rows
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, late, moved
from flashviz.mobjects.named import Named
from flashviz.mobjects.stored import Stored
from flashviz.mobjects.tiles import Matrix, Rectangles, box, plane
from flashviz.mobjects.whole import Chip

FIRST, ROW, REST = 0.8, 2.4, 3.0  # seconds: of a first tile, of the first row of tiles slowly, of all others
LEAST = 34  # px: type that is smaller is left out
SHEET = {"S": 0.95, "P": palette.SECOND}  # opacity of what crossed
ASIDE = 0.3  # how strong what is not spoken of is
QUESTION = "Could they stay on chip?"
BRIGHT = 0.6  # the power by which small weights are seen
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
    on_chip: list[Mobject]  # what stands there until the next kernel

    def __init__(self, scene: ShotScene, found: StandardAttention) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.place = place = scene.shot("standard")
        scores, weights = sheets(found.config, found.trace.inputs)
        self.pictures = {"S": scores, "P": weights**BRIGHT}
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
        self.labels: dict[str, list[Word]] = {}  # of parts of the bar
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

    def pile(self, name: str, share: float, rect: Rect | None = None) -> None:
        """So much of a way has crossed; K and V in as many parts as they have passed."""
        rect = rect or self.segment(name)
        gap = min(GAP, rect.width / 8)
        parts = self.found.grid[0] if name in "KV" and rect.width / self.found.grid[0] > 3 * GAP else 1
        full = rect.x0 + max(share, 1e-4) * (rect.width - gap)
        there = [part for part in columns(rect, parts) if part.x0 < full]
        self.bars[name].display(np.array([[part.x0, part.y0, min(part.x1 - gap, full), part.y1] for part in there]))

    def named_bar(self, *ways: str) -> list[Word]:
        """What parts of the bar are: Q and O, which are short, above it with their bytes, the others beneath."""
        for way in ways:
            rect, text = self.segment(way), self.found.name(way)
            if way in "QO":
                line = worded(self.place["sum"], [way, self.found.amount(way)], LABEL, [self.skin.hue(way), self.skin.ink], "bar names")
                ends = line[-1].left + line[-1].wide
                moved_by = 0.0 if way == "Q" else rect.x1 - ends
                self.labels[way] = [each.put_at(each.left + moved_by, each.baseline) for each in line]
            else:
                self.labels[way] = self.beneath("bar names", way, text, LABEL)
        return [each for way in ways for each in self.labels[way]]

    def summed(self, *ways: str) -> None:
        """How much has crossed, once all has."""
        found = {way: self.beneath("bar bytes", way, self.found.amount(way), NAME) for way in ways}
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
        return [word(text, size, self.skin.ink, room, part)] if size >= LEAST else []

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
            self.move(FadeOut(self.kernel, *gone), seconds=TEXT)
            coming: Animation = FadeIn(new)
        else:
            self.scene.remove(self.listed[0])
            self.scene.add(new)
            coming = moved(self.listed[0], new)
            self.move(coming, FadeOut(*self.listed[1:]), seconds=2 * TEXT)
        self.kernel, self.on_chip = new, []
        return [coming] if index else []

    def port(self, part: str) -> Rect:
        """Where tiles come and go at a strip on chip: its end by the path, or its middle under a path that stands."""
        rect, pipe = self.place[part], self.place["pipe"]
        return rect.left(rect.height) if pipe.width > pipe.height else rect

    def way(self, cell: Rect, tile: Rect, *, out: bool) -> Way:
        """A tile's way: between HBM and the path, and on chip around what lies there."""
        pipe, aside = self.place["pipe"], self.place["aside"].center[0]
        lying = pipe.width >= pipe.height
        lane = (rows if lying else columns)(pipe, 2)[out]
        (gate, end), (x, y, _) = gates(lane), tile.center
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
        arrived = start + arrived_of(share) * number
        if out and name in self.stored:
            self.stored[name].display(arrived)
        if out and name == "O":
            show_rows(self.whole["O"], np.arange(count) < round(arrived))
        self.pile(way, arrived / count)
        return int(arrived)

    def count_pass(self, name: str, part: str, arrived: int) -> None:
        """Which pass of K or V it is."""
        rows_of_tiles, across = self.found.grid
        done = min(arrived // across + 1, rows_of_tiles)
        of = round(done / rows_of_tiles * self.found.config.row_blocks)  # of many tiles one cell stands for several
        text = self.found.passes(name, of)
        if text != self.passes.text:
            self.passes.say(word(text, LABEL, self.skin.ink, self.place[part], "passes"))


# --------------------------------------------------------------------------------------------------------------- beats


@beat("kernels")
def kernels(film: StandardAttentionFilm) -> None:
    """HBM with room for S, P and O, the chip, and the bus between them; on the chip the three kernels, one after another."""
    place, skin = film.place, film.skin
    pipe = plane(skin.registers, skin.quiet, "pipe").display(np.array([place["pipe"].edges]))
    names = [word(text, NAME, skin.ink, place[part], "name") for part, text in (("hbm name", "HBM"), ("chip name", "on chip"))]
    names.append(heading(place["bus"], "bus", skin.ink, LABEL, "name"))
    letters = [heading(place[f"{name} name"], name, skin.ink if name in SHEET else skin.hue(name), NAME) for name in "QKVSPO"]
    rows_of_o = box(place["O"], stroke=skin.o, width=theme.OUTLINE)
    names.append(word(film.found.setting, LABEL, skin.ink, place["setting"], "setting", Face.TEXT))
    there = [Chip(skin).place(place["chip"]), pipe, *(film.whole[name] for name in "QKV"), *film.stored.values(), rows_of_o]
    film.move(FadeIn(*there, *names, *letters), seconds=0.6)
    film.listed = [film.titled(index, rect) for index, rect in enumerate(rows(place["list"], len(KERNELS)))]
    with film.scene.telling():
        for each in film.listed:
            film.move(FadeIn(each), seconds=TEXT)
            film.scene.hold(0.5)


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
        film.on_chip = [*drawn.values(), *called.values(), film.passes]
        film.count_pass("K", "again", 0)
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
        film.move(Columns(drawn["S"]), FadeIn(called["S"], film.passes), seconds=0.5)
        film.scene.add(film.bars["S out"], film.flying["S"])
        moving = Group(*(film.flying[name] for name in "QKS"), film.stored["S"], *(film.bars[way] for way in ("Q", "K", "S out")))
        moving.add(*drawn.values(), film.passes)

        def show(share: float, begin: int, end: int) -> None:
            """Rows of tiles ``begin`` to ``end``."""
            film.pour("Q", share, at["Q"], max(begin, 1), end)
            here = film.pour("K", share, at["K"], max(begin * across, 1), end * across)
            film.pour("S out", share, at["S"], begin * across, end * across, out=True)
            last = min(max(here - 1, 0), down * across - 1)
            for name, each in drawn.items():
                each.display(film.tile(name, *divmod(last, across)))
            film.count_pass("K", "again", last)

        film.move(Shows(moving, lambda share: show(share, 0, 1)), seconds=ROW)
        if down > 1:
            film.move(Shows(moving, lambda share: show(share, 1, down)), seconds=REST)
        film.summed("K", "S out")


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
        film.move(*film.begin("s-back"), FadeIn(*empty, *said, *film.named_bar("S back")), seconds=TEXT)
        film.scene.add(scores, film.bars["S back"], film.flying["S"], film.flying["P"])

        def come(share: float) -> None:
            film.pour("S back", share, into, 0, across)
            known(scores, arrived_of(share) * across, across)

        film.move(Shows(Group(scores, film.flying["S"], film.bars["S back"]), come), seconds=ROW)
        film.move(*row_sum(film), seconds=1.6)
        film.scene.hold(0.6)
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
            film.pour("P out", share, out_of, out=True)

        moving = Group(*(film.flying[name] for name in "SP"), film.stored["P"], film.bars["S back"], film.bars["P out"], scores, weights)
        film.move(Shows(moving, rest), seconds=REST)
        film.summed("S back", "P out")


def row_sum(film: StandardAttentionFilm) -> list[Animation]:
    """Of one row, key by key: exp of each score, as a bar, and their sum so far."""
    place, skin, block = film.place, film.skin, film.found.rows("Q", 0)
    terms = max(film.found.terms(block), key=np.sum)
    total = np.cumsum(terms)
    bars, said = Rectangles(skin.stats, name="terms"), Counter(skin.ink, "row sum")
    bars.values = terms
    rect = place["terms"]
    x = rect.x0 + np.arange(len(terms) + 1) * rect.width / len(terms)
    boxes = np.stack([x[:-1], np.full(len(terms), rect.y0), x[1:], rect.y0 + terms * rect.height], 1)

    def show(share: float) -> None:
        there = max(round(share * len(terms)), 1)
        bars.display(boxes[:there])
        said.say(
            word(f"a row: exp(S − max), sum {figures.total(total[there - 1])}", LABEL, skin.ink, place["softmax"], "row sum", Face.TEXT)
        )

    film.on_chip += [bars, said]
    return [Shows(VGroup(bars, said), show, introducer=True)]


def known(rows: Matrix, tiles: float, columns: int) -> None:
    """The tiles of a row that are there."""
    pixels = rows.image.pixel_array
    there = np.arange(pixels.shape[1]) * columns // pixels.shape[1] < round(tiles)
    pixels[:, :, 3] = np.where(there[None, :], 255, 0)


@beat("p-back")
def p_back(film: StandardAttentionFilm) -> None:
    """Weights come back; with V, which comes again for each row of tiles, they make the rows of O."""
    place, skin, (down, across) = film.place, film.skin, film.found.grid
    film.scene.event = film.found.cuts[3]
    weights, at = film.strip("P", "rows"), {"V": place["q"], "O": place["tile"]}
    drawn = {name: Matrix(film.tile(name, 0, 0), at[name], skin, name, *film.spreads[name]) for name in at}
    said = [word("whole rows of P", LABEL, skin.ink, place["rows name"], "note", Face.TEXT)]
    said += [heading(place[part], text, skin.hue(text[-1]), NAME, "name") for part, text in (("Q tile", "× V"), ("O tile", "= O"))]
    coming, outputs = ("P back", "V"), [film.tile("O", row, 0) for row in range(down)]
    with film.scene.telling():
        new = [weights, *drawn.values(), *said, film.passes]
        show_rows(film.whole["O"], np.zeros(down, dtype=bool))
        begun = film.begin("p-back")
        film.count_pass("V", "again V", 0)
        film.move(*begun, FadeIn(*new, *film.named_bar(*coming, "O")), seconds=TEXT)
        film.on_chip = new
        film.scene.add(*(film.bars[way] for way in (*coming, "O")), film.whole["O"], *(film.flying[name] for name in "PVO"))

        def come(share: float, begin: int, end: int) -> None:
            """Rows of tiles ``begin`` to ``end``; a row of O waits for whole rows of P."""
            film.pour("P back", share, film.port("rows"), begin * across, end * across)
            last = min(max(film.pour("V", share, at["V"], begin * across, end * across) - 1, 0), down * across - 1)
            lag = 1 / (end - begin + 1)
            film.pour("O", max(share - lag, 0.0) / (1 - lag), at["O"], begin, end, out=True)
            row, column = divmod(last, across)
            weights.display(film.rows_of("P", row))
            drawn["V"].display(film.tile("V", row, column))
            drawn["O"].display(outputs[row])
            film.count_pass("V", "again V", last)

        moving = Group(*(film.flying[name] for name in "PVO"), *(film.bars[way] for way in (*coming, "O")))
        moving.add(weights, *drawn.values(), film.passes, film.whole["O"])
        film.move(Shows(moving, lambda share: come(share, 0, 1)), seconds=ROW)
        if down > 1:
            film.move(Shows(moving, lambda share: come(share, 1, down)), seconds=REST)
        film.summed(*coming)


@beat("bill")
def bill(film: StandardAttentionFilm) -> None:
    """All that crossed is there; S and P drop out of it into the chip, with a question; what is left stands beside each tensor once."""
    place, skin, found = film.place, film.skin, film.found
    ink, moved_bytes = skin.ink, found.moved
    total = centred(worded(place["total"], ["in all:", found.said["total"]], LABEL, [ink, ink], "sum"), place["total"])
    film.move(FadeIn(*total), seconds=TEXT)
    film.scene.hold(0.6)
    film.move(FadeOut(film.kernel, *film.on_chip), StepBack(list(film.stored.values()), ASIDE), seconds=TEXT)
    scores = worded(place["rows name"], ["S and P:", found.said["scores"]], NAME, [ink, ink], "sum")
    starts = {way: film.segment(way) for way in STROKES}
    cells = [cell for line in rows(place["held"], 2) for cell in columns(line, 2)]
    stops = {
        way: centered(*cell.center[:2], starts[way].width, starts[way].height) for way, cell in zip(STROKES, cells, strict=True)
    }  # fmt: skip

    def drop(share: float) -> None:
        for way, start in starts.items():
            film.pile(way, 1.0, start.toward(stops[way], share))

    gone = [each for way in STROKES for each in film.labels[way]]
    film.move(
        Shows(VGroup(*(film.bars[way] for way in STROKES)), drop, rate_func=ease_in_out_cubic), FadeOut(*gone, *total), FadeIn(*scores),
        seconds=1.2,
    )  # fmt: skip
    film.move(FadeIn(*(heading(stop, way, skin.ground, LABEL, "held") for way, stop in stops.items())), seconds=TEXT)
    back = sum(start.width for start in starts.values())

    def close(share: float) -> None:
        for way in ("V", "O"):
            film.pile(way, 1.0, film.segment(way).shifted(-share * back, 0.0))

    sliding = [slid(each, each.left - back, each.baseline) for way in ("V", "O") for each in film.labels[way]]
    film.move(Shows(VGroup(film.bars["V"], film.bars["O"]), close, rate_func=ease_in_out_cubic), *sliding, seconds=0.9)
    end = film.segment("O").x1 - back + em(LABEL) / 3
    left, whole = place["left"], place["bar"]
    beyond = Rect(max(left.x0, end), left.y0, max(left.x1, end + left.width), left.y1)
    said: list[Mobject] = [word(f"= {kib(found.left)}", NAME, ink, beyond, "left")]
    if found.config.row_blocks > 1:
        x, scale = place["once"].x0, whole.width / sum(moved_bytes.values())
        for way, nbytes in found.once.items():
            slab = film.bar(way)
            slab.tag = f"once {way}"
            slab.display(np.array([[x, whole.y0, x + nbytes * scale - GAP, whole.y1]]))
            said.append(slab)
            x += nbytes * scale
        said.append(word(kib(sum(found.once.values())), NAME, ink, place["once bytes"].beyond(max(x - place["once bytes"].x0, 0)), "once"))
        said.append(word("Q, K, V, O once", LABEL, ink, place["once name"], "once", Face.TEXT))
    film.move(FadeIn(*said), seconds=TEXT)
    film.move(FadeIn(heading(place["question"], QUESTION, skin.stats, NUMBER, "question")), seconds=TEXT)
    film.scene.tell()
