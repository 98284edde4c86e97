"""How fast: two bars of time; why, on a machine that is seen closely, either algorithm; then work, bytes and time of both."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from manim import Group, Mobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import palette, theme
from flashviz.chapters import speed
from flashviz.chapters.measured import sweep_of
from flashviz.chapters.speed import BYTES, SIDES, TIME, Speed, gather, quoted
from flashviz.citations import FIGURE_2
from flashviz.config import AttentionConfig
from flashviz.director.film.parts import LANDED, Way, arrived_of, flight, gates, heading
from flashviz.director.material import sheets
from flashviz.director.shots import TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, NUMBER, Word, amid, first_that_fits, fitted, machine, middle, word
from flashviz.figures import seconds
from flashviz.inputs import make_inputs
from flashviz.layout import Rect, Shot, centered
from flashviz.layout import rows as split
from flashviz.layout.speed import BESIDE, LINE, Band, units
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, early, late
from flashviz.mobjects.named import Named
from flashviz.mobjects.stored import HeldTile, Stored
from flashviz.mobjects.tiles import THIN, Rectangles, box, dashes, edges
from flashviz.mobjects.whole import Chip

TURN = 0.8  # seconds in which a picture leaves, and then another comes
READ = 1.2  # seconds in which it is read what the pairs are of
RACE, FILL, POUR, LAST = 4.2, 1.6, 2.2, 3.0  # seconds of the longer bar: of time measured here, of products, of bytes, of the paper's time
EACH = 0.025  # seconds of a tile's crossing, in standard attention
COMES, MADE, USED, DROPPED = 0.55, 1.0, 1.2, 0.5  # seconds of one tile, closely: K or V comes, S is made, P is used, and it is gone
ROW, OUT, REST = 2.5, 0.4, 2.0  # seconds: the first row block's other tiles, a tile of O on its way, all other row blocks
STEPS = 4  # of a tile
AFLIGHT = 0.5  # of the time in which many squares go a way: one of them
BEHIND = 0.04  # of a row block's time: as V follows K
SEAM = em(2)  # around squares
PLATE = em(60)  # side of what is behind a letter
KEY = em(36)  # side of a square of colour
AGAIN = ("{} again", "+ {}")
STANDS = {"ACC": "O"}  # for it, by its name in a kernel
NAMES = {  # of the bands; the first that fits
    "ours": ("time of one forward pass",),
    "products": (
        "work: products of two matrices, counted here; S again in the backward pass",
        "work: products, counted here; S again in the backward pass",
        "work: products; S again in the backward pass",
    ),
    "bytes": ("bytes to and from HBM, the GPU's memory: 1 square = 1 {}", "bytes to and from HBM: 1 square = 1 {}"),
    "time": ("time of one pass forward and backward",),
}
TRAINING = "Training {on}, {n}"
CALLED = {"S": "S: scores", "P": "P: weights"}
HBM = ("HBM: the GPU's memory", "HBM, its memory", "HBM")
PASS = "one head, forward pass"
WHOLE = (  # standard attention: what crosses, whether it goes out of the chip, what is said of it, and what is on chip meanwhile
    ("Q", False, "in", ""), ("K", False, "", "Q"), ("S", True, "out", "QKS"), ("S", False, "back", ""), ("P", True, "out", "P"),
    ("P", False, "back", ""), ("V", False, "", "P"), ("O", True, "out", "PVO"),
)  # fmt: skip
SOFTMAX = (("softmax:",), ("S becomes P",))  # what is done on chip as P first goes out
LIFE = (  # of a tile of S; the first that fits
    ("made of Q and K", "made"), ("softmax: S becomes P", "softmax: P"), ("P V adds to O, then dropped", "used, dropped"),
)  # fmt: skip
NOWHERE = ("never stored", "not stored", "empty")


class SpeedStage(ShotScene):
    """The scene that the bars grow on."""

    script = speed.BEATS

    def open(self, measured: Callable[[], Any], run: Callable[..., Any]) -> SpeedFilm:
        """Read the measurement and count products.

        Args:
            measured: ``flashviz_kernels.bench.measured.measured``.
            run: ``flashviz_kernels.recorder.run``.
        """
        sweep = sweep_of(measured())
        self.provenance = [sweep.provenance]
        self.set_board(speed.BEATS, {})
        return SpeedFilm(self, gather(sweep, run))


Boxes = Callable[[Rect, float, float], list[Rect]]  # what a bar is drawn as: of its place, an amount, and the most that has room


class Pair:
    """One quantity of both algorithms: its name, a bar of each, and a figure where each ends.

    Args:
        name: Tag of its bars.
        title: Its name, in words.
        amounts: Of both.
        figures: What stands where each ends.
    """

    def __init__(
        self,
        name: str,
        title: Word,
        hues: Mapping[str, str],
        boxes: Boxes,
        amounts: Mapping[str, float],
        figures: Mapping[str, Word],
        band: Band,
    ) -> None:
        self.name, self.boxes, self.amounts, self.figures, self.band = title, boxes, amounts, figures, band
        self.bars = {side: Rectangles(hue, name=f"{name} {side}") for side, hue in hues.items()}
        for side, figure in figures.items():
            ends = max(each.x1 for each in self.drawn(side, amounts[side]))
            figure.put_at(ends + BESIDE, middle(self.place(side), figure.px))

    @property
    def parts(self) -> list[Mobject]:
        """All of it."""
        return [self.name, *self.bars.values(), *self.figures.values()]

    def place(self, side: str) -> Rect:
        """Where a bar may grow."""
        return dict(zip(SIDES, self.band.bars, strict=True))[side]

    def drawn(self, side: str, amount: float) -> list[Rect]:
        """A bar of so much."""
        return self.boxes(self.place(side), amount, max(self.amounts.values()))

    def grow(self, start: float, stop: float) -> Shows:
        """Bars become so long, each at most as long as it is."""

        def show(share: float) -> None:
            for side, bar in self.bars.items():
                amount = min(start + share * (stop - start), self.amounts[side])
                bar.display(edges(self.drawn(side, amount)))
                bar.values = np.array([amount])

        return Shows(Group(*self.bars.values()), show)


class Machine:
    """HBM with the matrices of one head, and the chip with a tile of each: Q left of S, K over it, V under it, O right."""

    def __init__(self, place: Shot, skin: palette.Theme) -> None:
        self.place, self.skin, config = place, skin, AttentionConfig()
        self.grid = config.row_blocks, config.col_blocks
        pictures = zip("SP", sheets(config, make_inputs(config)), strict=True)
        self.stores = {name: Stored(each, place[name], self.grid, skin, name) for name, each in pictures}
        blocks = {"Q": config.row_blocks, "K": config.col_blocks, "V": config.col_blocks, "O": config.row_blocks}
        self.cells = {name: [each.inset(SEAM) for each in split(place[name], count)] for name, count in blocks.items()}
        self.strips = {name: Rectangles(skin.hue(name), name=f"strip {name}") for name in blocks}
        self.slots = {name: place[f"on {'S' if name == 'P' else name}"] for name in (*blocks, "S", "P")}
        self.strip_tiles = {name: Rectangles(skin.hue(name), name=f"on chip {name}") for name in blocks}
        self.score_tiles = {name: HeldTile(store, self.slots[name], f"on chip {name}") for name, store in self.stores.items()}
        self.held: dict[str, Rectangles | HeldTile] = {**self.strip_tiles, **self.score_tiles}
        self.letters = {name: heading(self.slots[name], name, skin.ink, NAME, "part") for name in self.stores}
        self.plate = Rectangles(skin.ground, name="plate", opacity=palette.LIT)
        self.flying = {name: Rectangles(skin.hue(name), name=f"in flight {name}") for name in self.slots}
        pipe = Rectangles(skin.registers, name="pipe").set_stroke(skin.quiet, width=theme.HAIRLINE, opacity=1)
        room = Rectangles(skin.quiet, name="room").display(np.concatenate([dashes(place[f"on {name}"].inset(THIN)) for name in "QKSVO"]))
        named = [heading(place[f"{name} name"], text, skin.ink, LABEL) for name, text in CALLED.items()]
        named += [heading(place[f"{name} name"], name, skin.hue(name), LABEL) for name in blocks]
        called = fitted(HBM, LABEL, skin.ink, place["HBM name"], "name")
        turn = Word(PASS, LABEL, skin.ink, 0.0, 0.0, "pass", Face.TEXT)
        self.parts = [
            Chip(skin).place(place["HBM"]), Chip(skin).place(place["chip"]), pipe.display(edges([place["pipe"]])), room, called,
            word("on chip", LABEL, skin.ink, place["chip name"], "name"), box(place["O"], stroke=skin.quiet, width=theme.OUTLINE),
            *self.stores.values(), *self.strips.values(), *named, turn.put_at(place["pass"].x1 - turn.wide, middle(place["pass"], LABEL)),
        ]  # fmt: skip
        self.moving = Group(*self.held.values(), *self.flying.values(), self.plate, *self.letters.values())
        self.said: list[Mobject] = []  # of the algorithm that is seen
        self.empty()

    def empty(self) -> None:
        """The inputs alone are there."""
        for name in (*self.stores, *self.strips):
            self.fill(name, 0 if name in "SPO" else self.count(name))
        self.hold()

    def count(self, name: str) -> int:
        """Tiles of a matrix."""
        return self.stores[name].count if name in self.stores else len(self.cells[name])

    def cell(self, name: str, index: int) -> Rect:
        """Where one of them lies."""
        return self.stores[name].cell(index) if name in self.stores else self.cells[name][index]

    def fill(self, name: str, count: float) -> None:
        """So many of them are there."""
        if name in self.stores:
            self.stores[name].display(count)
        else:
            self.strips[name].display(edges(self.cells[name][: round(count)]))

    def hold(self, names: str = "", **parts: Rect) -> None:
        """These tiles are on chip, of some a part alone; nothing is on its way."""
        tiles = {name: self.slots[name] for name in names} | parts
        for name, held in self.held.items():
            held.display(edges([tiles[name]] if name in tiles else []))
            self.flying[name].display(edges([]))
        plates = {name: centered(*self.slots[name].center[:2], PLATE, PLATE) for name in self.letters}
        seen = [name for name, plate in plates.items() if name in tiles and tiles[name].contains(plate)]
        self.plate.display(edges([plates[name] for name in seen]))
        for name, letter in self.letters.items():
            letter.set_fill(opacity=float(name in seen))

    def turn(self, index: int) -> None:
        """Which tile of S and P is on chip, in row order."""
        for tile in self.score_tiles.values():
            tile.turn(index)

    def send(self, name: str, share: float, cells: Sequence[Rect], *, out: bool = False) -> None:
        """These tiles of a matrix are on their way, one after another."""
        boxes = self.walk(name, share, cells) if name in "KV" else self.fly(name, share, cells, out=out)
        self.flying[name].display(boxes if share < LANDED else boxes[:0])

    def fly(self, name: str, share: float, cells: Sequence[Rect], *, out: bool) -> np.ndarray:
        """[n, 4] boxes of squares that go the shortest way."""
        return flight(min(share / LANDED, 1.0), len(cells), cells.__getitem__, self.slots[name], self.place["pipe"], out=out)

    def walk(self, name: str, share: float, cells: Sequence[Rect]) -> np.ndarray:
        """[n, 4] boxes of squares of K or V, as wide as they lie in HBM: they go around Q, for S lies in their shortest way."""
        slot, (begin, end), wide = self.slots[name], gates(self.place["pipe"]), cells[0].width
        lane, y = self.slots["Q"].x0 - wide, slot.center[1]
        inside = [end, (lane, end[1]), (lane, y), (slot.x0 + wide / 2, y)]
        each, boxes = (AFLIGHT if len(cells) > 1 else LANDED), []
        for cell, start in zip(cells, np.linspace(0, LANDED - each, len(cells)), strict=True):
            at = (share - start) / each
            if 0 < at < 1:
                x, level = cell.center[:2]
                center = Way.of((x, level), (x, begin[1]), begin, *inside).at(ease_in_out_cubic(at))
                boxes.append(centered(*center, wide, wide))
        return edges(boxes)

    def whole(self, name: str, chip: str, share: float, *, out: bool) -> None:
        """All tiles of a matrix go one way, while others are on chip."""
        arrived = arrived_of(share)
        if name in self.stores:
            rows, cols = self.grid
            self.turn(min(int(arrived * rows), rows - 1) * cols)
        self.hold(chip + name if arrived and name not in chip else chip)
        self.send(name, share, [self.cell(name, index) for index in range(self.count(name))], out=out)
        if out:
            self.fill(name, arrived * self.count(name))

    def tile(self, col: int, share: float) -> None:
        """K comes and S is made of it; V comes, and what P gives O of it is used up from the left: then it is gone."""
        step = min(int(share * STEPS), STEPS - 1)
        part, s = share * STEPS - step, self.slots["S"]
        self.turn(col)
        if share == 1:
            self.hold("QO")
        elif step == 0:
            self.hold("Q" + "O" * (col > 0))
            self.send("K", part, [self.cell("K", col)])
        elif step == 1:
            self.hold("QK" + "O" * (col > 0), S=s.left(s.width * part))
        elif step == 2:
            self.hold("QKS" + "O" * (col > 0))
            self.send("V", part, [self.cell("V", col)])
        else:
            o = self.slots["O"]
            self.hold("QKV", P=s.beyond(s.width * part), O=o if col else o.left(o.width * part))

    def first(self, step: int, share: float) -> None:
        """So much of one step of the first tile."""
        self.tile(0, (step + share) / STEPS)

    def others(self, share: float) -> None:
        """The row block's other tiles."""
        count = self.grid[1] - 1
        at = min(int(share * count), count - 1)
        self.tile(1 + at, share * count - at)

    def output(self, row: int, share: float) -> None:
        """A tile of O goes out, once."""
        self.hold("O")
        self.send("O", share, [self.cell("O", row)], out=True)
        self.fill("O", row + (share >= LANDED))

    def rest(self, share: float) -> None:
        """All other row blocks, each as the first one: K and V come anew, and S stays on chip."""
        count = self.grid[0] - 1
        row = min(int(share * count), count - 1)
        part = share * count - row
        self.turn((1 + row) * self.grid[1])
        self.hold("QKSVO" if share < 1 else "")
        self.send("K", part, self.cells["K"])
        self.send("V", max(part - BEHIND, 0.0), self.cells["V"])
        self.fill("O", 1 + row + (part >= LANDED))

    def way(self, name: str, text: str, *, second: bool = False) -> Word:
        """That a matrix goes out or comes in, beneath it; of S and P the second way beside the first."""
        rect = self.place[f"{name} ways"]
        if name in self.stores:
            rect = rect.right(rect.width / 2) if second else rect.left(rect.width / 2)
        said = heading(rect, text, self.skin.ink)
        said.tag = f"{name} {text}"
        return said

    def notes(self, lines: Sequence[Sequence[str]]) -> list[Word]:
        """What happens on chip, line under line."""
        rows = split(self.place["chip note"], len(LIFE))
        fit = [first_that_fits(texts, NAME, rows[0].width, Face.STRONG) for texts in lines]
        return [word(text, NAME, self.skin.ink, row, "note") for text, row in zip(fit, rows, strict=False)]


class SpeedFilm(ChapterFilm):
    """Everything on stage, made here once."""

    def __init__(self, scene: ShotScene, found: Speed) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.place = place = scene.shot("lanes")
        self.hues = {"standard": self.skin.scores, "flash": self.skin.o}
        times, amounts = quoted(TIME), quoted(BYTES)
        counts = {side: len(each) for side, each in found.products.items()}
        self.ours = self.pair(
            "ours", "alone", ("measured", "seconds"), timed, found.seconds, {side: seconds(each) for side, each in found.seconds.items()}
        )
        self.products = self.pair(
            "products", "products", ("products", "count"), blocked, counts, {side: f"{n}" for side, n in counts.items()}
        )
        self.bytes = self.pair("bytes", "bytes", ("bytes", "amount"), squared, *values_of(amounts))
        self.time = self.pair("time", "time", ("bar", "time"), timed, *values_of(times))
        self.machine = Machine(place, self.skin)
        self.keys = {side: self.key(side, text) for side, text in SIDES.items()}
        device, aspect = str(found.sweep.provenance["machine"]), scene.settings.aspect
        self.here = [self.setting(found.setting, "measured"), machine(device, aspect, self.skin)]
        self.source = [
            self.setting([f"Bytes and time: {FIGURE_2.quote.citation}: {FIGURE_2.setting}"], "setting"),
            machine(FIGURE_2.setting, aspect, self.skin),
            self.training(),
        ]

    def pair(
        self, name: str, part: str, tags: tuple[str, str], boxes: Boxes, amounts: Mapping[str, float], texts: Mapping[str, str]
    ) -> Pair:
        """One quantity of both, in its band; ``tags`` are those of its bars and of its figures. All bands have bars of one length."""
        room = BESIDE + max(text_width(row[1], NUMBER, Face.STRONG) for row in FIGURE_2.rows)
        band = Band(self.place[part], room)
        names = [each.format(quoted(BYTES)["flash"].unit) for each in NAMES[name]]
        title = fitted(names, LABEL, self.skin.ink, band.name, "name", Face.TEXT)
        px = NUMBER if boxes is timed else NAME
        said = {side: Word(text, px, self.skin.ink, 0.0, 0.0, f"{tags[1]} {side}") for side, text in texts.items()}
        return Pair(tags[0], title, self.hues, boxes, amounts, said, band)

    def key(self, side: str, text: str) -> Named:
        """Whose a colour is."""
        at = self.place[f"{side} key"]
        square = Rectangles(self.hues[side], name="key").display(edges([at.left(KEY).inset(0.0, (at.height - KEY) / 2)]))
        return Named(square, word(text, LABEL, self.skin.ink, at.beyond(KEY + BESIDE), "part"), tag="name side", text=text)

    def setting(self, said: Sequence[str], part: str) -> Named:
        """Whose measurement it is, and of what, on as many lines as it takes."""
        rect = self.place[part]
        lines = [line for text in said for line in parted(text, rect.width)]
        rows = split(rect.top(len(lines) * LINE), len(lines))
        words = [
            Word(each, LABEL, self.skin.ink, at.x0, middle(at, LABEL), "part", Face.TEXT) for each, at in zip(lines, rows, strict=True)
        ]
        return Named(*words, tag=part, text=" ".join(lines))

    def training(self) -> Word:
        """What the paper's figures are of, in short: what is done, on what, and N."""
        parts, at = FIGURE_2.setting.split(", "), self.place["training"]
        text = TRAINING.format(on=parts[-1], n=next(part for part in parts if part.startswith("N = ")))
        said = word(text, NAME, self.skin.ink, at, "training")
        return said.put_at(at.x1 - said.wide, said.baseline)

    def race(self, pair: Pair, seconds: float) -> None:
        """Two bars grow equally fast, each to where it was measured or counted, and only there has its number."""
        first, last = sorted(SIDES, key=lambda side: pair.amounts[side])
        few, most = pair.amounts[first], pair.amounts[last]
        self.scene.add(*pair.bars.values())
        self.move(pair.grow(0.0, few), seconds=seconds * few / most)
        self.move(FadeIn(pair.figures[first]), pair.grow(few, most), seconds=seconds * (1 - few / most))
        self.move(FadeIn(pair.figures[last]), seconds=TEXT)


def values_of(figures: Mapping[str, speed.Figure]) -> tuple[dict[str, float], dict[str, str]]:
    """As numbers and as they are written, by side."""
    return {side: each.value for side, each in figures.items()}, {side: each.text for side, each in figures.items()}


def parted(text: str, width: float) -> list[str]:
    """Lines that break at commas alone, so that N stays with its number."""
    lines: list[str] = []
    for part in text.split(", "):
        longer = f"{lines[-1]}, {part}" if lines else part
        if lines and text_width(f"{longer},", LABEL) > width:
            lines[-1] += ","
            lines.append(part)
        else:
            lines[-1:] = [longer]
    return lines


def timed(bar: Rect, amount: float, most: float) -> list[Rect]:
    """One bar."""
    return [bar.left(bar.width * amount / most)]


def blocks(bar: Rect, most: float, count: float) -> list[Rect]:
    """``count`` blocks from the left of a bar that has room for ``most``; the last one is as wide as what is left."""
    wide = bar.width / most
    return [bar.beyond(at * wide).left(wide * min(1.0, count - at)) for at in range(math.ceil(count))]


def blocked(bar: Rect, count: float, most: float) -> list[Rect]:
    """As they are drawn."""
    return [each.before(min(SEAM, each.width)) for each in blocks(bar, most, count)]


def squared(bar: Rect, amount: float, most: float) -> list[Rect]:
    """Unit squares as they are drawn."""
    return [each.inset(SEAM, min(SEAM, each.height / 2)) for each in units(bar, most, amount)]


# --------------------------------------------------------------------------------------------------------------- beats


@beat("measured")
def measured(film: SpeedFilm) -> None:
    """Two bars of time grow equally fast, each to where it was measured."""
    film.scene.add(*film.here, *film.keys.values(), film.ours.name)
    with film.scene.telling():
        film.race(film.ours, RACE)


@beat("stored")
def stored(film: SpeedFilm) -> None:
    """Standard attention: tile by tile S goes out to HBM and comes back, and so does P."""
    model = film.machine
    gone = [*film.ours.parts, *film.here, film.keys["flash"]]
    film.move(FadeOut(*gone, rate_func=early), FadeIn(*model.parts, rate_func=late), seconds=TURN)
    film.scene.add(model.moving)
    first: set[str] = set()
    with film.scene.telling():
        for name, out, text, chip in WHOLE:
            said = [model.way(name, text, second=name in first)] if text else []
            said += model.notes(SOFTMAX) if name == "P" and out else []
            first.add(name)
            ways = Shows(model.moving, partial(model.whole, name, chip, out=out))
            film.move(ways, *(FadeIn(each, rate_func=late) for each in said), seconds=EACH * model.count(name))
            model.said += said
        model.hold()


@beat("kept")
def kept(film: SpeedFilm) -> None:
    """FlashAttention: a tile of S is made on chip, used there and dropped, and so is the next; places of S and P in HBM stay empty."""
    model = film.machine
    whole = [*(store.image for store in model.stores.values()), model.strips["O"]]
    film.move(FadeOut(*model.said, *whole, film.keys["standard"]), seconds=TEXT)
    model.empty()
    film.scene.add(*model.stores.values(), model.strips["O"], model.moving)
    never = [amid(NOWHERE, film.skin.ink, film.place[name].inset(BESIDE, 0.0), "nowhere") for name in model.stores]
    life = model.notes(LIFE)
    model.said = [*never, *life, model.way("Q", "in"), model.way("O", "out")]
    film.move(FadeIn(film.keys["flash"], *never), seconds=TEXT)
    with film.scene.telling():
        film.move(Shows(model.moving, lambda share: model.send("Q", share, [model.cell("Q", 0)])), FadeIn(model.said[-2]), seconds=COMES)
        for at, (pace, said) in enumerate(((COMES, []), (MADE, life[:1]), (COMES, life[1:2]), (USED, life[2:]))):
            tile = Shows(model.moving, partial(model.first, at))
            film.move(tile, *(FadeIn(each, rate_func=early) for each in said), seconds=pace)
        film.scene.hold(DROPPED)
        film.move(Shows(model.moving, model.others), seconds=ROW)
        film.move(Shows(model.moving, partial(model.output, 0)), FadeIn(model.said[-1]), seconds=OUT)
        film.move(Shows(model.moving, model.rest), seconds=REST)


@beat("again")
def again(film: SpeedFilm) -> None:
    """In training, on another machine: products, bytes and time of both, one pair after another: more work, fewer bytes, less time."""
    model, made = film.machine, film.found.products
    gone = [*model.parts, *model.said, model.moving]
    film.move(FadeOut(*gone, rate_func=early), FadeIn(film.keys["standard"], *film.source, rate_func=late), seconds=TURN)
    names = [block_name(film, side, at) for side, each in made.items() for at in range(len(each))]
    with film.scene.telling():
        film.scene.hold(READ)
        film.move(FadeIn(film.products.name), seconds=TEXT)
        film.race(film.products, FILL)
        film.move(FadeIn(*names), seconds=TEXT)
        film.move(FadeIn(film.bytes.name), seconds=TEXT)
        film.race(film.bytes, POUR)
        film.move(FadeIn(film.time.name), seconds=TEXT)
        film.race(film.time, LAST)


def block_name(film: SpeedFilm, side: str, at: int) -> Word:
    """What a product makes, in its block; and whether it was made before."""
    made, pair = film.found.products[side], film.products
    rect = blocks(pair.place(side), max(pair.amounts.values()), len(made))[at]
    text = STANDS.get(made[at], made[at])
    texts = [said.format(text) for said in AGAIN] if made[at] in made[:at] else [text]
    return heading(rect, first_that_fits(texts, LABEL, rect.width, Face.STRONG), film.skin.ground, LABEL, "product")
