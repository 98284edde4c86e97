"""Query heads that share keys and values: pairs become one, heads load it one after the other, and bars say what that saves."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from manim import Group
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import palette, theme
from flashviz.chapters import grouped_query
from flashviz.chapters.grouped_query import NAMES, GroupedQuery, gather
from flashviz.director.film.parts import heading
from flashviz.director.material import provenance
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, NUMBER, Counter, Word, amid, centred, corner, first_that_fits, fitted, middle, word, worded
from flashviz.figures import kib
from flashviz.layout import Rect, centered, columns
from flashviz.layout.grouped import large, pairs, seamed
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, late
from flashviz.mobjects.named import Named
from flashviz.mobjects.printed import BytesBar, Printed, part
from flashviz.mobjects.tiles import Rectangles, dashes, edges, outlines, plane

CLOSELY = "keys K", "values V", "queries Q"
BARS = {"own": "Multi-head", "shared": "Grouped-query"}
LOADED = "loaded to the chip", "loaded"  # the first that fits
CACHES = "caches not counted: a perfect one would read each pair once", "a perfect cache would read each pair once"
BESIDE = em(20)  # between a bar and its number
NUMBERS = 0.3  # of a bar's place: what the number at its end takes at most
RAIL = em(2)  # half of a line's
COME, USED, DROPPED = 0.4, 0.45, 0.8  # of a tile's time: until it has come, from when it is used, and from when it is dropped
SLOWLY = 0.3  # of the first head's time: its first tile
SWEEP, SWEEPS, CHANGE = 5.2, 6.9, 0.3  # seconds of the first head, of all others, and the share of a head's in which it takes its place


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
    stored: Named  # how what is stored comes about
    letters: list[Word]
    numbers: list[Word]
    about: list[Any]  # what stands about HBM and the chip
    asked: Named  # the queries that are on the chip

    def __init__(self, scene: ShotScene, found: GroupedQuery) -> None:
        self.scene, self.found, self.skin, self.said = scene, found, scene.skin, found.said
        c, heads = found.config, scene.shot("heads")
        self.large = [large(heads["row"], c.heads, stored) for stored in (c.heads, c.kv_heads)]
        self.row = Printed(self.large[0], self.skin, name="row")
        self.hbm = plane(self.skin.panel, self.skin.edge, "hbm").display(edges([heads["hbm"]]))
        self.hbm_name = corner("HBM", heads["hbm"], self.skin.ink)
        self.pull = Pull(self)
        self.at = pairs(scene.shot("grouped")["grid"], c.heads, c.kv_heads, c.row_blocks)
        self.grid = Printed(self.at, self.skin, name="grid").load(self.printed(0.0))
        self.counter = Counter(self.skin.ink, "bytes loaded")
        place = scene.shot("bars")
        rect = place["own loaded"]
        self.px = NAME * min(1.0, NUMBERS * rect.width / text_width(self.said["loaded"], NAME, Face.STRONG))  # of the numbers at the bars
        room = rect.width - text_width(self.said["loaded"], self.px, Face.STRONG) - BESIDE
        unit = room / max(found.own.total, found.own.stored) * 2 * found.shared.half
        self.bars = {
            f"{side} {what}": BytesBar(place[f"{side} {what}"], unit, self.skin, name=f"{what} {side}")
            for side in BARS for what in ("stored", "loaded")
        }  # fmt: skip

    def printed(self, share: float) -> np.ndarray:
        """[heads, row blocks, 2] of what each program has loaded after so much of the trace; the first group's one row block has all."""
        loads = self.found.shared
        shares, whole = (loads.after(int(len(loads.trace) * done + 1e-6)) for done in (share, 1.0))
        shares[: self.found.config.group, self.pull.block] = whole[: self.found.config.group, self.pull.block]
        return shares

    def sum_of(self, count: int, total: str) -> Named:
        """Pairs, times what one takes: what is stored."""
        texts = [f"{count:,}", "pairs" if count > 1 else "pair", "×", self.said["pair"], "=", total, "stored"]
        rect = self.scene.shot("heads")["stored"]
        return Named(*centred(worded(rect, texts, NUMBER, [self.skin.ink] * len(texts), "part"), rect), tag="stored", text=" ".join(texts))


def beside(film: GroupedQueryFilm, rect: Rect, middles: dict[str, float]) -> list[Word]:
    """Letters of matrices in their colour, each at its height."""
    return [
        Word(text, NAME, film.skin.hue(text), rect.center[0] - text_width(text, NAME, Face.STRONG) / 2, y - 0.36 * em(NAME), "letter")
        for text, y in middles.items()
    ]


def span(rect: Rect, half: int, start: float, stop: float) -> Rect:
    """A tile of a pair's K or V."""
    whole = part(rect, half, 1.0)
    return Rect(whole.x0 + start * whole.width, whole.y0, whole.x0 + stop * whole.width, whole.y1).inset(em(1), em(1))


class Pull(Group):
    """A stored pair in HBM, and the chip: one head's queries after another's take it tile by tile, use each and drop it.

    What a head has loaded is printed beneath, as a copy.
    """

    def __init__(self, film: GroupedQueryFilm) -> None:
        self.tag, self.skin, loads, c = "pull", film.skin, film.found.shared, film.found.config
        self.place = place = film.scene.shot("sweep")
        self.half = loads.half
        whole = loads.after(len(loads.trace))[: c.group]
        self.block = int(whole[0].sum(-1).argmax())  # one that sees most keys
        self.loaded = whole[:, self.block]  # [heads of the group, 2]
        self.tiles = [loads.tiles(head, self.block) for head in range(c.group)]
        self.cuts = [(j * c.block_n / c.seq_k, min(1.0, (j + 1) * c.block_n / c.seq_k)) for j in range(c.col_blocks)]
        self.copies_at = [seamed(rect) for rect in columns(place["copies"], c.group)]
        hues = (("K", self.skin.k), ("V", self.skin.v))
        self.pair, self.flying, self.copies = (
            [Rectangles(hue, name=f"{name} {tensor}", opacity=palette.LIT) for tensor, hue in hues] for name in ("pair", "tile", "copy")
        )
        self.out = Rectangles(self.skin.o, name="output", opacity=0.0).display(edges([place["out"]]))  # every tile adds to all of it
        self.rails = Rectangles(self.skin.ink, name="rails").display(edges(self.lines))
        self.counter = Counter(self.skin.ink, "bytes crossed")
        super().__init__(self.rails, *self.pair, *self.copies, self.out, *self.flying, self.counter)
        self.hold(place["pair"])
        self.sweep(0, 0.0)

    def slot(self, cut: tuple[float, float]) -> Rect:
        """Where a tile stands on the chip, as large as in the pair."""
        rect, wide = self.place["slot"], self.place["pair"].width * (cut[1] - cut[0])
        return centered(*rect.center[:2], min(rect.width, wide), rect.height)

    @property
    def lines(self) -> list[Rect]:
        """From the queries to the tile, and from there to the output."""
        slot = self.slot(self.tiles[0][0][0])
        y = slot.center[1]
        return [Rect(self.place["queries"].x1, y - RAIL, slot.x0, y + RAIL), Rect(slot.x1, y - RAIL, self.place["out"].x0, y + RAIL)]

    def hold(self, rect: Rect) -> None:
        """The pair stands here."""
        for half, drawn in enumerate(self.pair):
            drawn.display(edges([span(rect, half, *cut) for cut in self.cuts]))

    def sweep(self, head: int, share: float) -> None:
        """The heads before have loaded all of it, this one so much: a tile comes, is used for the output and dropped, and then the next."""
        tiles, place = self.tiles[head], self.place
        number = min(int(share * len(tiles) + 1e-9), len(tiles) - 1)
        way = share * len(tiles) - number
        loaded = self.loaded.copy()
        loaded[head:] = 0
        for half, drawn in enumerate(self.flying):
            cut = tiles[number][half]
            source = span(place["pair"], half, *cut)
            come = ease_in_out_cubic(float(np.clip(way / COME, 0, 1)))
            drawn.display(edges([source.toward(span(self.slot(cut), half, 0.0, 1.0), come)] if come > 0 else []))
            drawn.set_fill(opacity=palette.LIT * float(np.clip((1 - way) / (1 - DROPPED), 0, 1)))
            loaded[head, half] = cut[come >= 1]
        used = float(np.clip((way - USED) / (DROPPED - USED), 0, 1))
        self.rails.set_fill(opacity=palette.LIT if 0 < used < 1 else palette.RESTING)
        self.out.set_fill(opacity=palette.LIT * (number + used) / len(tiles))
        for half, drawn in enumerate(self.copies):
            drawn.values = loaded[:, half]
            drawn.display(
                edges([part(rect, half, each) for rect, each in zip(self.copies_at, loaded[:, half].tolist(), strict=True) if each])
            )
        self.counter.say(count(loaded.sum() * self.half, self.loaded.sum() * self.half, place["loaded"], self.skin.ink))

    def leave(self, bricks: Rect, cells: list[Rect], share: float) -> None:
        """So far on the way of the pair and its copies to where they stand in a grid."""
        self.hold(self.place["pair"].toward(bricks, share))
        for half, drawn in enumerate(self.copies):
            ways = zip(self.copies_at, cells, self.loaded[:, half].tolist(), strict=True)
            drawn.display(edges([part(source.toward(target, share), half, each) for source, target, each in ways]))

    def queries(self, head: int, texts: tuple[str, ...]) -> Named:
        """A row block of a head's queries, the first of ``texts`` that fits above them."""
        drawn = Rectangles(self.skin.q, name="queries", opacity=palette.LIT).display(edges([self.place["queries"]]))
        name = amid([f"{text} {head + 1}" for text in texts], self.skin.q, self.place["queries name"], "part")
        return Named(drawn, name, tag="asked", text=name.text)


def count(nbytes: float, most: float, rect: Rect, color: str) -> Word:
    """Bytes, at the left of ``rect``, as large as the most of them may be."""
    px = NUMBER * min(1.0, rect.width / text_width(kib(most), NUMBER, Face.STRONG))
    return Word(kib(nbytes), px, color, rect.x0, middle(rect, px), "bytes")


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
    inside = [heading(at, text, ink, NAME, "note") for text, at in zip(CLOSELY, halves, strict=True)]
    size = amid([f"one pair, K and V: {film.said['pair_sum']}", film.said["pair_sum"]], film.skin.ink, close["size"], "note")
    film.move(FadeIn(row, *inside), seconds=TEXT)
    with film.scene.telling():
        film.move(FadeIn(size), seconds=TEXT)
        film.scene.hold(1.8)
        film.move(FadeOut(*inside, size), seconds=TEXT)
        film.scene.add(film.hbm, row)
        film.move(Shows(row, come, rate_func=ease_in_out_cubic), FadeIn(film.hbm), seconds=MOVE)
        film.title = title(film, "own")
        film.stored = film.sum_of(film.found.config.heads, film.said["own_stored"])
        brick, queries = seamed(place.bricks[0]), place.heads[0]
        heights = {"K": part(brick, 0, 1.0).center[1], "V": part(brick, 1, 1.0).center[1], "Q": queries.center[1]}
        film.letters = beside(film, close["letters"], heights)
        film.scene.add(row)
        film.move(FadeIn(film.hbm_name, film.title, *film.letters), Shows(row, join), seconds=0.8)
        row.wires.set_fill(opacity=1.0)
        film.numbers = numbers(film, place.heads)
        film.move(FadeIn(row.wires, film.stored, *film.numbers), seconds=TEXT)
        film.scene.add(row, *film.numbers)


def numbers(film: GroupedQueryFilm, marks: tuple[Rect, ...]) -> list[Word]:
    """On the queries of each head its number, where there is room."""
    room = seamed(marks[-1]).inset(em(6), 0.0).width
    for text in ("head {}", "{}"):
        if text_width(text.format(len(marks)), LABEL) <= room:
            return [amid([text.format(n)], film.skin.ground, rect, "head") for n, rect in enumerate(marks, 1)]
    return []


def title(film: GroupedQueryFilm, name: str) -> Word:
    """How heads and pairs go together, over the row."""
    rect = film.scene.shot("heads")["name"]
    return heading(rect, first_that_fits(NAMES[name], NAME, rect.width, Face.STRONG), film.skin.ink, NAME)


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
        film.title, film.stored = new, film.sum_of(film.found.config.kv_heads, film.said["shared_stored"])

        def tie(share: float) -> None:
            row.tinted(share)
            row.wires.set_fill(opacity=share)

        film.move(Shows(row, tie), seconds=2 * TEXT)
        film.move(FadeIn(film.stored), seconds=TEXT)
        film.scene.add(row, *film.numbers)


@beat("block")
def block(film: GroupedQueryFilm) -> None:
    """The first pair closely, over the chip: one head's queries take it tile by tile; each is used for their output, and dropped."""
    pull, place, row, skin = film.pull, film.scene.shot("sweep"), film.row, film.skin
    start, stop = edges([seamed(film.large[1].bricks[0]), film.scene.shot("heads")["hbm"]]), edges([place["pair"], place["hbm"]])

    def come(share: float) -> None:
        pair, hbm = start + (stop - start) * share
        pull.hold(Rect(*pair))
        film.hbm.display(np.array([hbm]))

    come(0.0)
    film.scene.add(pull)
    pull.counter.set_fill(opacity=0.0)
    pull.rails.set_fill(opacity=0.0)
    film.move(FadeOut(row, *film.numbers, film.title, film.stored, film.hbm_name, *film.letters), seconds=TEXT)
    film.hbm_name = corner("HBM", place["hbm"], skin.ink)
    film.letters = beside(film, place["letters"], {tensor: part(place["pair"], at, 1.0).center[1] for at, tensor in enumerate("KV")})
    chip = plane(skin.chip, skin.edge, "chip").display(edges([place["chip"]]))
    film.about = [film.hbm_name, whose(film), *film.letters, chip, corner("chip", place["chip"], skin.ink), *workplace(film)]
    film.asked = asked(film, 0)
    pull.counter.set_fill(opacity=1.0)
    pull.rails.set_fill(opacity=palette.RESTING)
    closer = Shows(Group(film.hbm, *pull.pair), come, rate_func=ease_in_out_cubic)
    film.move(closer, FadeIn(*film.about, film.asked, pull.counter, pull.rails, rate_func=late), seconds=MOVE)
    film.scene.add(*film.about, film.asked, pull)
    with film.scene.telling():
        film.scene.hold(0.3)
        first = 1 / len(pull.tiles[0])
        slow = SWEEP * (SLOWLY if first < 1 else 1.0)
        film.move(Shows(pull, lambda share: pull.sweep(0, first * share)), seconds=slow)
        if first < 1:
            film.move(Shows(pull, lambda share: pull.sweep(0, first + (1 - first) * share)), seconds=SWEEP - slow)


def whose(film: GroupedQueryFilm) -> Word:
    """Over the pair: which heads read it, and in what it is cut."""
    place, tiles, group = film.pull.place, film.said["tiles"], film.said["group"]
    room = Rect(place["pair"].x0, film.hbm_name.baseline - em(10), place["pair"].x1, film.hbm_name.baseline + em(NAME))
    room = room.beyond(film.hbm_name.left + film.hbm_name.wide + em(NAME) - room.x0)
    texts = [f"{whole} of heads 1 to {group}{rest}" for whole, rest in (("the pair", f": {tiles}"), ("pair", f": {tiles}"), ("pair", ""))]
    found = fitted(texts, LABEL, film.skin.ink, room, "part", Face.TEXT)
    return found.put_at(found.left, film.hbm_name.baseline)


def asked(film: GroupedQueryFilm, head: int) -> Named:
    """The queries of a head, on the chip."""
    return film.pull.queries(head, (f"{film.said['queries']} queries of head", "queries of head", "head"))


def workplace(film: GroupedQueryFilm) -> list[Any]:
    """On chip: a place for a tile, between the queries that use it and the output that it adds to; what has crossed is named beneath."""
    place, skin, pull = film.pull.place, film.skin, film.pull
    outline = outlines(skin.o, "outline", theme.HEAVY)
    return [
        Rectangles(skin.quiet, name="room").display(dashes(pull.slot(pull.tiles[0][0][0]))),
        outline.display(edges([place["out"]])),
        amid(["one tile of K and V", "one tile", "tile"], skin.ink, place["slot name"], "part"),
        amid(["their output O", "output O", "O"], skin.o, place["out name"], "part"),
        fitted(LOADED, NAME, skin.ink, place["loaded name"], "name loaded"),
    ]


@beat("again")
def again(film: GroupedQueryFilm) -> None:
    """The queries of the next head of the group find nothing of the pair on chip: it crosses again for them, and for each that follows."""
    pull, group = film.pull, film.found.config.group
    seconds = SWEEPS / (group - 1)
    with film.scene.telling():
        for head in range(1, group):
            film.move(FadeOut(film.asked, pull.out), seconds=CHANGE * seconds / 2)
            film.asked = asked(film, head)
            pull.sweep(head, 0.0)
            film.move(FadeIn(film.asked), seconds=CHANGE * seconds / 2)
            film.scene.add(film.asked, pull)
            film.move(Shows(pull, partial(pull.sweep, head)), seconds=(1 - CHANGE) * seconds)


@beat("loads")
def loads(film: GroupedQueryFilm) -> None:
    """The copies take their places in a grid of heads and row blocks; in each other place a copy is printed, until all have loaded."""
    film.scene.event, pull, grid, at, place = len(film.found.shared.trace), film.pull, film.grid, film.at, film.scene.shot("grouped")
    cells, half = [seamed(at.cells[head][pull.block]) for head in range(film.found.config.group)], film.found.shared.half
    words, loaded = around(film), place["loaded"]

    def run(share: float) -> None:
        shares = film.printed(share)
        grid.load(shares)
        film.counter.say(count(float(shares.sum()) * half, film.found.shared.total, loaded, film.skin.ink))

    run(0.0)
    film.move(FadeOut(*film.about, film.asked, film.hbm, pull.out, pull.counter, pull.rails), seconds=TEXT)
    parts = Group(*pull.pair, *pull.copies)
    leave = Shows(parts, partial(pull.leave, seamed(at.bricks[0]), cells), rate_func=ease_in_out_cubic)
    film.move(leave, FadeIn(grid, *words, film.counter, rate_func=late), seconds=MOVE)
    film.scene.remove(*parts)
    with film.scene.telling():
        film.scene.hold(0.3)
        film.move(Shows(Group(grid, film.counter, *words), run), seconds=3.4)
    film.numbers = words


def around(film: GroupedQueryFilm) -> list[Word]:
    """What stands in each row of the grid, what a copy takes, and over the sum what it is of."""
    place, skin, said, c = film.scene.shot("grouped"), film.skin, film.said, film.found.config
    lines = {
        "pairs": ((f"{c.kv_heads:,} {'pairs' if c.kv_heads > 1 else 'pair'} stored", "stored"), skin.ink),
        "heads": ((f"{c.heads:,} heads",), skin.q),
        "blocks": ((f"{said['blocks']} row blocks a head", f"{said['blocks']} row blocks"), skin.q),
        "rows": ((f"of {said['queries']} queries",), skin.q),
        "cell": ((f"a copy: {said['pair']}",), skin.ink),
        "loaded name": (LOADED, skin.ink),
    }  # fmt: skip
    words = []
    for name, (texts, color) in lines.items():
        words.append(fitted(texts, LABEL, color, place[name], "axis"))
    return words + numbers(film, film.at.heads)


@beat("sum")
def total(film: GroupedQueryFilm) -> None:
    """Pairs and copies leave the grid and line up as bars; over them come those without sharing: fewer bytes are stored, as many loaded."""
    grid, bars, place, own = film.grid, film.bars, film.scene.shot("bars"), film.found.own
    shares, cells = film.printed(1.0).reshape(-1, 2), [seamed(cell) for line in film.at.cells for cell in line]
    bricks, pair = [seamed(brick) for brick in film.at.bricks], np.ones((1, 2))
    film.move(
        FadeOut(*film.numbers, film.counter, grid.cells, grid.heads, grid.wires),
        Shows(grid, lambda share: grid.tinted(1 - share)),
        seconds=TEXT,
    )
    film.scene.remove(grid, *grid.submobjects)

    def gather_all(share: float) -> None:
        bars["shared stored"].gather(bricks, np.repeat(pair, len(bricks), 0), share)
        bars["shared loaded"].gather(cells, shares, share)

    def grow(share: float) -> None:
        bars["own stored"].display(pair.repeat(film.found.config.heads, 0) * share)
        bars["own loaded"].display(own.after(int(len(own.trace) * share + 1e-6)).reshape(-1, 2))

    gather_all(0.0)
    grow(0.0)
    shared = Group(bars["shared stored"], bars["shared loaded"])
    film.scene.add(shared)
    with film.scene.telling():
        film.move(Shows(shared, gather_all, rate_func=ease_in_out_cubic), seconds=1.0)
        film.move(FadeIn(*ends(film, "shared")), seconds=TEXT)
        film.move(Shows(Group(bars["own stored"], bars["own loaded"]), grow, introducer=True), seconds=1.2)
        film.move(FadeIn(*ends(film, "own")), seconds=TEXT)
        film.scene.hold(0.3)
        for what, text in (("stored", f"Stored in HBM: {film.said['group']} × less"), ("loaded", "Loaded to the chip: the same")):
            film.move(FadeIn(word(text, NUMBER, film.skin.ink, place[what], "answer")), seconds=TEXT)
        why = word(film.said["why"], LABEL, film.skin.ink, place["why"], "note", Face.TEXT)
        film.move(FadeIn(why), seconds=TEXT)
        film.scene.hold(0.6)
        film.move(FadeIn(fitted(CACHES, LABEL, film.skin.ink, place["caches"], "caches", Face.TEXT)), seconds=TEXT)


def ends(film: GroupedQueryFilm, side: str) -> list[Word]:
    """The name of each bar of a side, and the bytes at its end."""
    place, loads, words = film.scene.shot("bars"), getattr(film.found, side), []
    for what, nbytes in (("stored", loads.stored), ("loaded", loads.total)):
        bar = film.bars[f"{side} {what}"]
        left = bar.rect.x0 + bar.unit * nbytes / (2 * loads.half) + BESIDE
        words.append(word(BARS[side], NAME, film.skin.ink, place[f"{side} {what} name"], "name bar"))
        words.append(Word(kib(nbytes), film.px, film.skin.ink, left, middle(bar.rect, film.px), f"bytes {what} {side}"))
    return words
