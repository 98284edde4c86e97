"""Query heads that share keys and values: pairs become one, one row block loads it, then all, and what of that a cache could save."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from manim import Group, VGroup
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import palette, theme
from flashviz.chapters import grouped_query
from flashviz.chapters.grouped_query import NAMES, GroupedQuery, Loads, gather
from flashviz.config import AttentionConfig
from flashviz.director.material import provenance
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, StepBack, beat
from flashviz.director.words import LABEL, NAME, NUMBER, SPACE, Counter, Word, amid, first_that_fits, middle, word, worded
from flashviz.figures import kib
from flashviz.layout import Rect, centered, rows
from flashviz.layout.grouped import Sweep, large, pairs, seamed, sweep
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows
from flashviz.mobjects.named import Named
from flashviz.mobjects.printed import BytesBar, Printed, part
from flashviz.mobjects.tiles import Rectangles, dashes, edges

BARS = {"stored": ("stored in HBM", "stored"), "loaded": ("loaded to the chip", "loaded")}  # the first that fits
ROOM = 0.45  # of a bar's place: more than that a name may not take
MAKES = "O = softmax(QKᵀ / √d) V"
CLOSELY = "keys K", "values V", "queries Q"
CHIP = "chip: a tile is used, then dropped", "chip: used, then dropped", "chip"  # the first that fits
BESIDE = em(20)  # between a bar and its number
BACK = 0.16  # of the grids, once they are filled
TILE = 0.35  # of the time of a sweep: what one tile's way takes at most
RAIL = em(2)  # half of a line's


class GroupedQueryStage(ShotScene):
    """The scene that the loads are played on."""

    script = grouped_query.BEATS

    def open(self, run: Callable[..., Any]) -> GroupedQueryFilm:
        """Record both: ``flashviz_kernels.recorder.run``."""
        found = gather(self.settings.config, self.settings.source, run)
        self.provenance = [provenance(loads.trace) for loads in (found.own, found.shared)]
        self.set_board(grouped_query.BEATS, found.said)
        return GroupedQueryFilm(self, found)


class GroupedQueryFilm(ChapterFilm):
    """Everything on stage, made here once."""

    title: Word
    stored: Named  # how what is stored, or was loaded, comes about
    letters: list[Word]
    numbers: list[Word]

    def __init__(self, scene: ShotScene, found: GroupedQuery) -> None:
        self.scene, self.found, self.skin, self.said = scene, found, scene.skin, found.said
        self.place, c = scene.shot("grouped"), found.config
        self.own, self.shared = Side(self, "first", "own", found.own), Side(self, "second", "shared", found.shared)
        self.sides = self.own, self.shared
        heads = scene.shot("heads")
        self.large = [large(heads["row"], c.heads, stored) for stored in (c.heads, c.kv_heads)]
        self.row = Printed(self.large[0], self.skin, name="row")
        self.hbm = ground(self.skin.panel, self.skin.edge, "hbm").display(edges([heads["hbm"]]))
        self.hbm_name = corner("HBM", heads["hbm"], self.skin.ink)
        self.pull = Pull(self)

    def sum_of(self, count: int, total: str) -> Named:
        """Pairs, times what one takes: what is stored."""
        texts = ["K and V:", f"{count:,}", "pairs" if count > 1 else "pair", "×", self.said["pair"], "=", total, "in HBM"]
        rect = self.scene.shot("heads")["stored"]
        return Named(*centred(worded(rect, texts, NAME, [self.skin.ink] * len(texts), "part"), rect), tag="stored", text=" ".join(texts))


def ground(fill: str, edge: str, name: str) -> Rectangles:
    """Of a memory."""
    return Rectangles(fill, name=name).set_stroke(edge, width=theme.OUTLINE, opacity=1)


def corner(text: str, rect: Rect, color: str) -> Word:
    """A memory's name, in its upper left corner."""
    return word(text, NAME, color, rect.top(em(NAME + 24)).inset(em(20), 0), "memory")


def centred(words: list[Word], rect: Rect) -> list[Word]:
    """A line of words in the middle of ``rect``."""
    rest = (rect.x1 - words[-1].left - words[-1].wide) / 2
    return [each.put_at(each.left + rest, each.baseline) for each in words]


class Pull(Group):
    """A stored pair in HBM, and on chip a row block of each head that reads it, with the copies that they load."""

    def __init__(self, film: GroupedQueryFilm) -> None:
        self.tag, self.skin, loads = "pull", film.skin, film.found.shared
        place, group = film.scene.shot("sweep"), film.found.config.group
        self.at: Sweep = sweep(place["pair"], place["slots"], group)
        shares = loads.after(len(loads.trace))[:group].sum(-1)
        self.block = int(shares[0].argmax())  # one that sees most keys
        self.pieces = loads.pieces(0, self.block)
        self.nbytes = [float(each) * loads.half for each in shares[:, self.block]]
        self.chip = ground(self.skin.chip, self.skin.edge, "chip panel").display(edges([place["chip"]]))
        self.chip_name = corner(first_that_fits(CHIP, NAME, place["slots"].width, Face.STRONG), place["chip"], self.skin.ink)
        self.pair = [
            Rectangles(hue, name=f"pair {tensor}", opacity=palette.LIT) for tensor, hue in (("K", self.skin.k), ("V", self.skin.v))
        ]
        self.copies = [
            Rectangles(hue, name=f"copy {tensor}", opacity=palette.LIT) for tensor, hue in (("K", self.skin.k), ("V", self.skin.v))
        ]
        self.used = [
            Rectangles(hue, name=f"loaded {tensor}", opacity=palette.FAINT) for tensor, hue in (("K", self.skin.k), ("V", self.skin.v))
        ]
        self.rails = Rectangles(self.skin.ink, name="rails")
        self.queries = [self.asked(head, film.found.config) for head in range(group)]
        super().__init__(self.rails, *self.pair, *self.used, *self.copies)

    def asked(self, head: int, config: AttentionConfig) -> Named:
        """A row block of a head's queries."""
        rect = self.at.queries[head]
        drawn = Rectangles(self.skin.q, name="queries", opacity=palette.LIT).display(edges([rect]))
        texts = [f"{min(config.block_m, config.seq_q):,} queries", f"of head {head + 1}"]
        texts = (
            texts
            if rect.height > 2 * em(LABEL) and fits(texts[0], rect)
            else [f"head {head + 1}" if fits(f"head {head + 1}", rect) else f"{head + 1}"]
        )
        lines = rows(centered(*rect.center[:2], rect.width, len(texts) * em(LABEL + 8)), len(texts))
        words = [amid([text], self.skin.ground, line, "part") for text, line in zip(texts, lines, strict=True)]
        room = Rectangles(self.skin.quiet, name="room").display(dashes(self.at.copies[head]))
        return Named(room, drawn, *words, tag="asked", text=" ".join(texts))

    def letters(self) -> list[Word]:
        """On the pair, where there is room."""
        halves = [part(self.at.pair, half, 1.0) for half in range(2)]
        return [
            amid([text], self.skin.ground, rect, "note") for text, rect in zip(CLOSELY, halves, strict=False) if rect.height > em(LABEL)
        ]

    def hold(self, rect: Rect) -> None:
        """The pair stands here."""
        for half, drawn in enumerate(self.pair):
            drawn.display(edges([part(rect, half, 1.0)]))

    def reach(self, heads: int) -> None:
        """Lines from the pair to the first heads."""
        start, rail = self.at.pair, self.at.rail
        ends = [rect.center[1] for rect in self.at.queries[:heads]]
        low, high = min(*ends, start.center[1]), max(*ends, start.center[1])
        lines = [Rect(rail, y - RAIL, self.at.copies[0].x0, y + RAIL) for y in ends]
        lines += [
            Rect(start.x1, start.center[1] - RAIL, rail, start.center[1] + RAIL),
            Rect(rail - RAIL, low - RAIL, rail + RAIL, high + RAIL),
        ]
        self.rails.display(edges(lines))

    def load(self, share: float) -> None:
        """The first row block's loads, one after the other, each from its place in the pair to the same in the copy."""
        step = (1 - TILE) / max(1, len(self.pieces) - 1)
        self.put([(0, float(np.clip((share - at * step) / TILE, 0, 1)), piece) for at, piece in enumerate(self.pieces)])

    def load_all(self, share: float) -> None:
        """The other heads' copies leave the pair together, each for its own place."""
        self.put([(head, 1.0 if head == 0 else share, piece) for head in range(len(self.at.copies)) for piece in self.pieces])

    def put(self, ways: Sequence[tuple[int, float, tuple[int, float, float]]]) -> None:
        """For a head, how far each tile is on its way; what has come is used and steps back: the chip does not keep it."""
        flying: list[list[Rect]] = [[], []]
        there: list[list[Rect]] = [[], []]
        for head, way, (half, start, stop) in ways:
            source, target = (span(rect, half, start, stop) for rect in (self.at.pair, self.at.copies[head]))
            if way > 0:
                (there if way >= 1 else flying)[half].append(source.toward(target, float(ease_in_out_cubic(way))))
        for drawn, rects in zip((*self.copies, *self.used), (*flying, *there), strict=True):
            drawn.display(edges(rects))
        for half, drawn in enumerate(self.used):
            drawn.values = np.array([len(there[half])])


def fits(text: str, rect: Rect) -> bool:
    """Whether a label is no wider."""
    return text_width(text, LABEL) <= rect.width


def span(rect: Rect, half: int, start: float, stop: float) -> Rect:
    """A tile of a pair's K or V."""
    whole = part(rect, half, 1.0)
    return Rect(whole.x0 + start * whole.width, whole.y0, whole.x0 + stop * whole.width, whole.y1).inset(em(1), 0.0)


class Side:
    """Stored pairs over a grid of copies, and a bar each of what is stored and of what is loaded."""

    def __init__(self, film: GroupedQueryFilm, where: str, name: str, loads: Loads) -> None:
        self.loads, self.name, self.skin, self.said, self.config = loads, name, film.skin, film.said, film.found.config
        c, place, own = self.config, film.place, film.found.own
        self.at = pairs(place[where], c.heads, loads.trace.config.kv_heads, c.row_blocks)
        self.panel = Printed(self.at, self.skin, name=f"grid {name}").load(loads.after(0)).lay(1.0)
        at = place[f"{where} name"]
        text = first_that_fits(NAMES[name], NAME, at.width, Face.STRONG)
        self.title = Word(text, NAME, self.skin.ink, at.x0, middle(at, NAME), "name side")
        rects = {what: place[f"{where} {what}"] for what in BARS}
        texts = {what: first_that_fits(BARS[what], LABEL, ROOM * rect.width - BESIDE, Face.STRONG) for what, rect in rects.items()}
        self.labels = [Word(texts[what], LABEL, self.skin.ink, rect.x0, middle(rect, LABEL), "name bar") for what, rect in rects.items()]
        left = max(label.wide for label in self.labels) + BESIDE
        room = text_width(film.said["loaded"], LABEL, Face.STRONG) + BESIDE
        unit = (rects["loaded"].width - left - room) / max(own.total, own.stored)
        self.bars = {what: BytesBar(rect.beyond(left), unit, self.skin, name=f"{what} {name}") for what, rect in rects.items()}
        self.counter = Counter(self.skin.ink, f"bytes loaded {name}")  # of what is loaded so far
        self.bars["stored"].display(loads.stored)
        if loads.stored < own.stored:
            self.bars["stored"].keep(own.stored)
        self.stored = self.number("stored")
        self.note = amid((self.said[f"{name}_sum"], self.said[f"{name}_short"]), self.skin.ink, place[f"{where} note"], "note")
        self.load(loads.after(0))

    def number(self, what: str) -> Word:
        """Bytes at a bar's end, or where it once ended."""
        bar = self.bars[what]
        left = max(bar.rect.x0 + bar.nbytes * bar.unit, bar.was.get_right()[0] if len(bar.was.points) else bar.rect.x0)
        return Word(kib(bar.nbytes), LABEL, self.skin.ink, left + BESIDE, middle(bar.rect, LABEL), f"bytes {what} {self.name}")

    def run(self) -> Shows:
        """The programs load, in the order of the trace; bar and number of what was loaded grow with them."""
        count = len(self.loads.trace)
        return Shows(
            Group(self.panel, self.bars["loaded"]), lambda share: self.load(self.loads.after(int(count * share + 1e-6)))
        )  # fmt: skip

    def load(self, shares: np.ndarray) -> None:
        """Every program has loaded so much of its pair, and so many bytes are written at the bar's end."""
        self.panel.load(shares)
        self.bars["loaded"].display(float(shares.sum()) * self.loads.half)
        self.counter.say(self.number("loaded"))

    def axes(self) -> VGroup:
        """At the right what stands in each row: pairs, heads, and beneath them a row block of queries each."""
        skin, at = self.skin, self.at
        left = at.grid.x1 + em(14)
        k = Word("K", LABEL, skin.k, left, middle(at.bricks[0], LABEL), "label K")
        v = Word("V", LABEL, skin.v, k.left + k.wide + SPACE * em(LABEL), k.baseline, "label V")
        room = self.bars["stored"].rect.x1 - left
        q = Word(
            first_that_fits((f"{self.said['heads']} heads", "heads", "Q"), LABEL, room, Face.STRONG),
            LABEL,
            skin.q,
            left,
            middle(at.heads[0], LABEL),
            "axis",
        )
        rest = Rect(left, at.grid.y0, at.grid.x1, at.grid.y1)
        lines = [rest.top(rest.height / 2).bottom(em(LABEL + 8)), rest.bottom(rest.height / 2).top(em(LABEL + 8))]
        texts = f"{self.said['blocks']} row", "blocks"
        return VGroup(k, v, q, *(Word(t, LABEL, skin.ink, left, middle(line, LABEL), "axis") for t, line in zip(texts, lines, strict=True)))

    @property
    def parts(self) -> list[Any]:
        """All that stands before anything is loaded."""
        return [self.title, self.panel, self.axes(), *self.labels, self.bars["stored"], self.stored, self.bars["loaded"]]


# --------------------------------------------------------------------------------------------------------------- beats


@beat("head")
def head(film: GroupedQueryFilm) -> None:
    """One head closely, its pair and its queries; it takes its place in a row, the others come, and what their pairs take is summed."""
    close, row, place, ink = film.scene.shot("heads"), film.row, film.large[0], film.skin.ground
    start, stop = edges([close["pair"], close["queries"]]), edges([place.bricks[0], place.heads[0]])
    row.wires.set_fill(opacity=0.0)

    def come(share: float) -> None:
        brick, queries = (Rect(*at) for at in start + (stop - start) * share)
        row.store([brick]).ask([queries])

    def join(share: float) -> None:
        count = max(1, round(len(place.heads) * share))
        row.store(place.bricks[:count]).ask(place.heads[:count])

    come(0.0)
    halves = part(close["pair"], 0, 1.0), part(close["pair"], 1, 1.0), close["queries"]
    inside = [amid([text], ink, at, "note") for text, at in zip(CLOSELY, halves, strict=True)]
    about = [
        amid([text], film.skin.ink, close[at], "note") for at, text in (("makes", MAKES), ("size", f"K and V: {film.said['pair_sum']}"))
    ]
    film.move(FadeIn(row, *inside), seconds=TEXT)
    with film.scene.telling():
        for each in about:
            film.scene.hold(0.4)
            film.move(FadeIn(each), seconds=TEXT)
        film.scene.hold(1.4)
        film.move(FadeOut(*inside, *about), seconds=TEXT)
        film.scene.add(film.hbm, row)
        film.move(Shows(row, come, rate_func=ease_in_out_cubic), FadeIn(film.hbm), seconds=MOVE)
        film.title = title(film, "own")
        film.stored = film.sum_of(film.found.config.heads, film.said["own_stored"])
        film.scene.add(row)
        film.move(FadeIn(film.hbm_name, film.title), Shows(row, join), seconds=0.8)
        row.wires.set_fill(opacity=1.0)
        film.numbers = numbers(film)
        film.move(FadeIn(row.wires, film.stored, *film.numbers), seconds=TEXT)
        film.scene.add(row, *film.numbers)


def numbers(film: GroupedQueryFilm) -> list[Word]:
    """On the queries of each head its number, where there is room."""
    marks = film.large[0].heads
    texts = next(
        (
            each
            for each in ([f"head {n + 1}" for n in range(len(marks))], [f"{n + 1}" for n in range(len(marks))])
            if fits(each[-1], seamed(marks[-1]).inset(em(6), 0.0))
        ),
        [],
    )
    return [amid([text], film.skin.ground, rect, "head") for text, rect in zip(texts, marks, strict=False)]


def title(film: GroupedQueryFilm, name: str) -> Word:
    """How heads and pairs go together, over the row."""
    rect = film.scene.shot("heads")["name"]
    text = first_that_fits(NAMES[name], NAME, rect.width, Face.STRONG)
    return Word(text, NAME, film.skin.ink, rect.center[0] - text_width(text, NAME, Face.STRONG) / 2, middle(rect, NAME), "title")


@beat("shared")
def shared(film: GroupedQueryFilm) -> None:
    """In each group the pairs slide onto one; dashes stay where they stood, and lines go from the one to all of its heads."""
    row, (before, after), group = film.row, film.large, film.found.config.group
    new = title(film, "shared")
    film.move(FadeOut(film.title, film.stored, row.wires), seconds=TEXT)
    film.scene.add(row, *film.numbers)
    row.wires.set_fill(opacity=0.0)
    with film.scene.telling():
        film.move(FadeIn(new), seconds=TEXT)

        def slide(share: float) -> None:
            row.was.set_fill(opacity=share)
            row.store([brick.toward(after.bricks[at // group], share) for at, brick in enumerate(before.bricks)])

        film.move(Shows(row, slide, rate_func=ease_in_out_cubic), seconds=2.0)
        row.share(after)
        row.wires.set_fill(opacity=1.0)
        film.title, film.stored = new, film.sum_of(film.found.config.kv_heads, film.said["shared_stored"])
        film.move(FadeIn(row.wires), seconds=2 * TEXT)
        film.move(FadeIn(film.stored), seconds=TEXT)
        film.scene.add(row, *film.numbers)


@beat("block")
def block(film: GroupedQueryFilm) -> None:
    """The first pair closely, beside it the chip with one row block of one head: tile by tile all of K and V cross to it."""
    pull, place, row = film.pull, film.scene.shot("sweep"), film.row
    start, stop = edges([seamed(film.large[1].bricks[0]), film.scene.shot("heads")["hbm"]]), edges([pull.at.pair, place["hbm"]])

    def come(share: float) -> None:
        pair, hbm = start + (stop - start) * share
        pull.hold(Rect(*pair))
        film.hbm.display(np.array([hbm]))

    come(0.0)
    film.scene.add(pull)
    film.move(FadeOut(row, *film.numbers, film.title, film.stored, film.hbm_name), seconds=TEXT)
    film.move(Shows(Group(film.hbm, pull), come, rate_func=ease_in_out_cubic), seconds=MOVE)
    film.hbm_name, film.letters = corner("HBM", place["hbm"], film.skin.ink), pull.letters()
    film.scene.add(pull.chip)
    film.move(FadeIn(film.hbm_name, *film.letters, pull.chip, pull.chip_name, pull.queries[0]), seconds=TEXT)
    film.scene.add(pull, *film.letters)
    pull.reach(1)
    film.stored = crossed(film, 1)
    with film.scene.telling():
        film.move(FadeIn(pull.rails), seconds=TEXT)
        film.scene.add(pull, *film.letters)
        film.move(Shows(pull, pull.load), seconds=3.2)
        film.move(FadeIn(film.stored), seconds=TEXT)


def crossed(film: GroupedQueryFilm, heads: int) -> Named:
    """What so many heads have loaded for one row block each."""
    rect, pull, c = film.scene.shot("sweep")["note"], film.pull, film.found.config
    one, all_ = kib(pull.nbytes[0]), kib(sum(pull.nbytes[:heads]))
    texts = (
        [f"{heads:,}", "copies", "×", one, "=", all_, "loaded"]
        if heads > 1
        else ["1 row block", "=", f"{min(c.block_m, c.seq_q):,} queries:", one, "loaded"]
    )
    return Named(*centred(worded(rect, texts, NAME, [film.skin.ink] * len(texts), "part"), rect), tag="crossed", text=" ".join(texts))


@beat("copies")
def copies(film: GroupedQueryFilm) -> None:
    """The other heads of the group ask for the same pair: along lines from it each pulls a copy of its own."""
    pull, group = film.pull, film.found.config.group
    film.move(FadeOut(film.stored), seconds=TEXT)
    film.stored = crossed(film, group)
    with film.scene.telling():
        film.move(FadeIn(*pull.queries[1:]), seconds=TEXT)
        pull.reach(group)
        film.scene.hold(0.3)
        film.move(Shows(pull, pull.load_all), seconds=1.8)
        film.move(FadeIn(film.stored), seconds=TEXT)


@beat("loads")
def loads(film: GroupedQueryFilm) -> None:
    """Without sharing and with it, side by side: every row block of every head loads its copy, and two equal bars grow."""
    film.scene.event, pull = len(film.found.shared.trace), film.pull
    film.move(FadeOut(pull, *film.letters, pull.chip, pull.chip_name, *pull.queries, film.hbm, film.hbm_name, film.stored), seconds=TEXT)
    film.move(FadeIn(*(each for side in film.sides for each in side.parts)), seconds=2 * TEXT)
    with film.scene.telling():
        one = amid([f"one cell: one copy, {film.said['pair']}"], film.skin.ink, film.place["first note"], "note")
        film.move(FadeIn(one), seconds=TEXT)
        film.move(*(side.run() for side in film.sides), seconds=3.4)
        film.move(FadeOut(one), FadeIn(*(side.counter for side in film.sides)), seconds=TEXT)
        film.move(FadeIn(*(side.note for side in film.sides)), seconds=TEXT)


@beat("cache")
def cache(film: GroupedQueryFilm) -> None:
    """The grids step back. Of each bar, what a perfect cache would let cross stays bright: all beyond it may cross, or not."""
    back = StepBack([side.panel for side in film.sides], BACK)
    film.move(back, FadeOut(*(side.note for side in film.sides)), seconds=2 * TEXT)
    veils = [side.bars["loaded"].doubt(side.loads.once) for side in film.sides]
    names = [between(film, side, where) for side, where in zip(film.sides, ("first", "second"), strict=True)]
    film.scene.add(*veils)
    with film.scene.telling():
        film.move(*(Shows(each, partial(veil, each)) for each in veils), seconds=1.4)
        film.move(FadeIn(*names), seconds=2 * TEXT)


def veil(over: Rectangles, share: float) -> None:
    """So far on the way to hiding what a perfect cache would spare."""
    over.set_fill(opacity=palette.SECOND * share)


def between(film: GroupedQueryFilm, side: Side, where: str) -> Word:
    """Beneath a bar: from what with a perfect cache to what without one."""
    low, high = film.said[f"{side.name}_once"], film.said["loaded"]
    texts = f"{low} with a perfect cache, {high} without", f"{low} cached, {high} not", f"{low} to {high}"
    return amid(texts, film.skin.ink, film.place[f"{where} note"], "between")


@beat("sum")
def total(film: GroupedQueryFilm) -> None:
    """Over the pale grids stands what each side stores, and how many more keys the same memory holds where heads share."""
    times = f"{film.found.own.stored / film.found.shared.stored:,.1f}".removesuffix(".0")
    notes = {
        "own": ("one pair a head",),
        "shared": (f"{times} × less: room for {times} × the keys", f"room for {times} × the keys", f"{times} × less"),
    }
    with film.scene.telling():
        for side in film.sides:
            room = side.at.grid.inset(0.0, side.at.grid.height / 5)
            number, note = rows(room, 2)
            text = f"{film.said[f'{side.name}_stored']} stored"
            px = NUMBER * min(1.0, number.width / text_width(text, NUMBER, Face.STRONG))
            left = number.center[0] - text_width(text, px, Face.STRONG) / 2
            words = Word(text, px, film.skin.ink, left, middle(number, px), "answer"), amid(notes[side.name], film.skin.ink, note, "note")
            film.move(FadeIn(*words), seconds=2 * TEXT)
            film.scene.hold(0.6)
