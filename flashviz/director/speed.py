"""How fast: a lane for either algorithm. Its time, its bytes through a pipe, where a tile of S goes, its work; then another GPU's times."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from manim import Group, Mobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import palette
from flashviz.chapters import speed
from flashviz.chapters.measured import sweep_of
from flashviz.chapters.speed import BYTES, SIDES, TIME, Speed, gather, quoted
from flashviz.citations import FIGURE_2
from flashviz.config import AttentionConfig
from flashviz.director.film.parts import Way, heading
from flashviz.director.material import sheets
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, NUMBER, Word, amid, fitted, machine, middle, word
from flashviz.figures import seconds
from flashviz.inputs import make_inputs
from flashviz.layout import Rect, centered
from flashviz.layout import rows as split
from flashviz.layout.speed import BESIDE, LINE, MARGIN, PIPE, TITLE, Lane, units
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, early, late
from flashviz.mobjects.named import Named
from flashviz.mobjects.stored import Picture, on_ground
from flashviz.mobjects.tiles import Rectangles, dashes, edges, plane
from flashviz.mobjects.whole import Chip

RACE, POUR, UNIT, FILL = 3.8, 6.0, 0.85, 2.2  # seconds: of the longer time, of bytes, of one thing that is done with a tile, of products
ALOFT = 6  # squares that are on their way at once
SEAM = em(2)  # around squares
PLATE = em(60), 0.6  # side of what is behind a letter; at most so much of the tile's
MID = 0.5  # of a step, from or until which a tile has its letter
GATES = (0.0, 0.3, 0.7, 1.0)  # of a tile's way: it leaves, is at either end of the pipe, arrives
AGAIN = "again"  # under the block of a product that was made before
STANDS = {"ACC": "O"}  # for it, by its name in a kernel
NAMES = {  # of what is seen; the first that fits
    "time": ("time of one pass, forward and backward", "time, forward and backward"),
    "bytes": ("bytes to and from HBM, the GPU's memory", "bytes to and from HBM, its memory", "bytes to and from HBM"),
    "scores": ("one tile of scores S, of weights P", "one tile of S, of P"),
    "again": ("work: products of two matrices, counted here", "work: products of two matrices", "work: matrix products"),
    "measured": ("time of one forward pass",),
}
SQUARE = "1 square = 1 {}"
PIPES = {"standard": ("pipe to and from HBM", "pipe to HBM", "pipe"), "flash": ("the same pipe",)}  # the first that fits
WAITS, NEVER = ("waits",), ("never",)
CROSSING = ("S out", "S back", "P out", "P back")
MADE, WEIGHED, USED = "made", "softmax", "used"  # S is made of Q and K; it becomes P; P V adds to O, and P is dropped
LIVES = {  # of a tile: what is done with it, in the order of the trace
    "standard": (MADE, *CROSSING[:2], WEIGHED, *CROSSING[2:], USED),
    "flash": (MADE, WEIGHED, USED) * 3,
}
PACE = {step: 1.5 if step in CROSSING else 1.0 for steps in LIVES.values() for step in steps}  # units of time that each takes


class SpeedStage(ShotScene):
    """The scene that the lanes stand on."""

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
    """One quantity of both algorithms: a bar in either lane, and a figure.

    Args:
        name: Tag of its bars.
        figures: What either comes to, in words.
    """

    def __init__(
        self, name: str, hues: Mapping[str, str], boxes: Boxes, places: Mapping[str, Rect], amounts: Mapping[str, float],
        figures: Mapping[str, Word],
    ) -> None:  # fmt: skip
        self.boxes, self.places, self.amounts, self.figures = boxes, dict(places), amounts, figures
        self.bars = {side: Rectangles(hue, name=f"{name} {side}") for side, hue in hues.items()}
        for side, figure in figures.items():
            figure.put_at(max(each.x1 for each in self.drawn(side)) + BESIDE, middle(places[side], figure.px))

    @property
    def parts(self) -> list[Mobject]:
        """All of it."""
        return [*self.bars.values(), *self.figures.values()]

    def drawn(self, side: str, amount: float | None = None) -> list[Rect]:
        """A bar of so much, or of all."""
        return self.boxes(self.places[side], self.amounts[side] if amount is None else amount, max(self.amounts.values()))

    def grow(self, start: float, stop: float) -> Shows:
        """Bars become so long, each at most as long as it is."""

        def show(share: float) -> None:
            for side, bar in self.bars.items():
                amount = min(start + share * (stop - start), self.amounts[side])
                bar.display(edges(self.drawn(side, amount)))
                bar.values = np.array([amount])

        return Shows(Group(*self.bars.values()), show)

    def goes(self, to: Mapping[str, Rect], figures: Mapping[str, Rect]) -> Shows:
        """To other places, and so do its figures."""
        starts, words = dict(self.places), {side: (each.left, each.baseline) for side, each in self.figures.items()}

        def show(share: float) -> None:
            for side, figure in self.figures.items():
                self.places[side] = starts[side].toward(to[side], share)
                self.bars[side].display(edges(self.drawn(side)))
                (x, y), ends = words[side], figures[side]
                rise = early(share)  # before its bar comes to where it stood
                figure.put_at(x + (ends.x0 - x) * share, y + (middle(ends, figure.px) - y) * rise)

        return Shows(Group(*self.parts), show, rate_func=ease_in_out_cubic)


class Poured(Rectangles):
    """Squares of bytes that wait, go through the pipe one after another, and lie where they are counted."""

    def __init__(self, lane: Lane, hue: str, amount: float, most: float) -> None:
        super().__init__(hue, name=f"bytes {lane.side}")
        wait, self.pipe, self.most = lane.waiting, lane.long_pipe, most
        mirrored = (Rect(wait.x0 + wait.x1 - each.x1, each.y0, wait.x0 + wait.x1 - each.x0, each.y1) for each in units(wait, most, amount))
        self.ways = list(zip(mirrored, units(lane["bytes"], most, amount), strict=True))
        self.shares = [min(1.0, amount - at) for at in range(len(self.ways))]
        self.pour(0.0)

    @property
    def done(self) -> float:
        """Share of the time in which most is poured, after which all of these have crossed."""
        return (len(self.ways) - 1 + ALOFT) / (math.ceil(self.most) - 1 + ALOFT)

    def pour(self, share: float) -> Poured:
        """One sets out after another, at the same pace whatever there is."""
        clock = share * (math.ceil(self.most) - 1 + ALOFT)
        over = [float(np.clip((clock - at) / ALOFT, 0.0, 1.0)) for at in range(len(self.ways))]
        self.display(edges([self.aloft(*way, at).inset(SEAM) for way, at in zip(self.ways, over, strict=True)]))
        self.values = np.array([sum(part for part, at in zip(self.shares, over, strict=True) if at == 1)])
        return self

    def aloft(self, start: Rect, stop: Rect, share: float) -> Rect:
        """Where a square is."""
        y = self.pipe.center[1]
        x, level = Way.of(start.center, (self.pipe.x0, y), (self.pipe.x1, y), stop.center).at(share)
        size = start.toward(stop, share)
        return centered(x, level, size.width, size.height)


class Life(Group):
    """A tile of S, what becomes of it, and where it is meanwhile: on chip, on its way, in HBM; of one side."""

    def __init__(self, lane: Lane, pictures: Sequence[Mapping[str, np.ndarray]], skin: palette.Theme) -> None:
        self.lane, self.steps = lane, LIVES[lane.side]
        self.tiles = [{name: Picture(each, skin, name, f"tile {name} {lane.side}") for name, each in made.items()} for made in pictures]
        first = pictures[0]
        self.stored = {name: Picture(first[name], skin, name, f"stored {name} {lane.side}") for name in lane.stored}
        self.aloft = {name: Picture(first[name], skin, name, f"aloft {name} {lane.side}") for name in lane.stored}
        self.plate = Rectangles(skin.ground, name="plate", opacity=palette.LIT)
        self.letters = {name: heading(lane.slot, name, skin.ink, NAME, "part") for name in lane.stored}
        self.named = {name: heading(rect, name, skin.ink, LABEL, "part") for name, rect in lane.stored.items()}
        self.waits = amid(WAITS, skin.ink, lane.slot, "waits")
        pictures_of = [each for made in (*self.tiles, self.stored, self.aloft) for each in made.values()]
        super().__init__(*pictures_of, self.plate, *self.letters.values(), *self.named.values(), self.waits)
        self.display(0.0)

    def now(self, time: float) -> tuple[int, float]:
        """Which step is done, and how much of it."""
        for at, step in enumerate(self.steps):
            if time < PACE[step]:
                return at, time / PACE[step]
            time -= PACE[step]
        return len(self.steps) - 1, 1.0

    def display(self, time: float) -> Life:
        """At a time, in units."""
        at, part = self.now(time)
        step, slot = self.steps[at], self.lane.slot
        before = self.steps[:at]
        turn = (*before, step).count(MADE) - 1
        s, p = {MADE: (part, 0.0), WEIGHED: (1 - part, part), USED: (0.0, 1 - part)}.get(step, (0.0, 0.0))
        for index, tile in enumerate(self.tiles):
            tile["S"].display(slot, (slot.left if step == MADE else slot.right)(slot.width * s * (index == turn)))
            tile["P"].display(slot, (slot.right if step == USED else slot.left)(slot.width * p * (index == turn)))
        for name, rect in self.lane.stored.items():
            there = f"{name} out" in before
            self.stored[name].display(rect, rect if there else rect.left(0.0))
            self.named[name].set_fill(opacity=float(there))
            ways = {f"{name} out": part, f"{name} back": 1 - part}
            aloft = self.way(name, ways[step]) if step in ways else slot
            self.aloft[name].display(aloft, None if step in ways else slot.left(0.0))
        seen = {"S": step == MADE and part > MID, "P": (step == WEIGHED and part > MID) or (step == USED and part < MID)}
        seen["S"] |= step == WEIGHED and part <= MID
        plated = [slot] * any(seen.values()) + [rect for name, rect in self.lane.stored.items() if f"{name} out" in before]
        self.plate.display(edges([plate(rect) for rect in plated]))
        for name, letter in self.letters.items():
            letter.set_fill(opacity=float(seen[name]))
        self.waits.set_fill(opacity=float(step in CROSSING))
        return self

    def way(self, name: str, share: float) -> Rect:
        """Where a tile is on its way out of the chip, small in the pipe."""
        pipe, side = self.lane.pipe, PIPE - MARGIN
        gates = [centered(x, pipe.center[1], side, side) for x in (pipe.x1, pipe.x0)]
        stops = np.array([each.edges for each in (self.lane.slot, *gates, self.lane.stored[name])])
        x0, y0, x1, y1 = (float(np.interp(share, GATES, stops[:, axis])) for axis in range(4))
        return Rect(x0, y0, x1, y1)


def plate(tile: Rect) -> Rect:
    """What is behind the letter of a tile."""
    side = min(PLATE[0], PLATE[1] * tile.width)
    return centered(*tile.center[:2], side, side)


class SpeedFilm(ChapterFilm):
    """Everything on stage, made here once. ``gone``: what the next beat takes away."""

    gone: Sequence[Mobject]

    def __init__(self, scene: ShotScene, found: Speed) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.place = scene.shot("lanes")
        self.lanes = {side: Lane(self.place.parts, side) for side in SIDES}
        self.hues = {"standard": self.skin.scores, "flash": self.skin.o}
        self.names = [word(text, NAME, self.skin.ink, self.lanes[side]["name"], "name side") for side, text in SIDES.items()]
        times, gigabytes = quoted(TIME), quoted(BYTES)
        here = {side: speed.Figure(seconds(each)) for side, each in found.seconds.items()}
        self.time = self.timed("bar", "time", {side: each.value for side, each in times.items()}, times)
        self.ours = self.timed("measured", "seconds", found.seconds, here)
        most = max(each.value for each in gigabytes.values())
        self.poured = {side: Poured(lane, self.hues[side], gigabytes[side].value, most) for side, lane in self.lanes.items()}
        self.amounts = {
            side: word(gigabytes[side].text, NUMBER, self.skin.ink, lane["amount"], f"amount {side}") for side, lane in self.lanes.items()
        }
        counts = {side: float(len(each)) for side, each in found.products.items()}
        figures = {side: Word(f"{count:.0f}", NAME, self.skin.ink, 0.0, 0.0, f"count {side}") for side, count in counts.items()}
        places = {side: lane["stage"].before(em(NUMBER)).inset(0.0, lane["stage"].height / 4) for side, lane in self.lanes.items()}
        self.products = Pair("products", self.hues, blocked, places, counts, figures)
        self.columns = [self.titled("bytes title", [SQUARE.format(gigabytes["flash"].unit)]), self.titled("time title", ["time"])]
        aspect = scene.settings.aspect
        self.pipes = {side: pipe_of(lane.long_pipe, self.skin) for side, lane in self.lanes.items()}
        self.source = [self.said(self.cited()), machine(FIGURE_2.setting, aspect, self.skin)]
        self.here = [self.said(found.setting), machine(str(found.sweep.provenance["machine"]), aspect, self.skin)]
        self.title = self.titled("title", NAMES["time"])

    def timed(self, name: str, tag: str, amounts: Mapping[str, float], figures: Mapping[str, speed.Figure]) -> Pair:
        """Bars of time through the whole lanes; their figures are so large that they fit into the columns of time."""
        room = min(lane["seconds"].width for lane in self.lanes.values())
        px = NUMBER * min(1.0, *(room / text_width(each.text, NUMBER, Face.STRONG) for each in figures.values()))
        words = {side: Word(each.text, px, self.skin.ink, 0.0, 0.0, f"{tag} {side}") for side, each in figures.items()}
        wide = BESIDE + max(each.wide for each in words.values())
        return Pair(name, self.hues, bar, {side: lane["lane"].before(wide) for side, lane in self.lanes.items()}, amounts, words)

    def titled(self, part: str, texts: Sequence[str]) -> Word:
        """What stands in a column."""
        return fitted(texts, LABEL, self.skin.ink, self.place[part], "name", Face.TEXT)

    def turned(self, name: str) -> list[Any]:
        """Another thing is seen on the stage."""
        old, self.title = self.title, self.titled("title", NAMES[name])
        return [FadeOut(old, rate_func=early), FadeIn(self.title, rate_func=late)]

    def cited(self) -> str:
        """Whose figures these are, and of what, in short."""
        model, n, *_, passes, device = FIGURE_2.setting.split(", ")
        return f"{FIGURE_2.quote.citation}: {model}, {n}, {passes}, {device}"

    def said(self, text: str) -> Named:
        """Whose measurement it is, and of what, on as many lines as it takes."""
        rect = self.place["source"]
        lines = parted(text, rect.width)
        places = split(rect.top(len(lines) * LINE), len(lines))
        words = [
            Word(each, LABEL, self.skin.ink, at.x0, middle(at, LABEL), "part", Face.TEXT) for each, at in zip(lines, places, strict=True)
        ]
        return Named(*words, tag="source", text=" ".join(lines))

    def programs(self) -> list[Word]:
        """Whose programs were measured here, beside the names of the lanes."""
        made = []
        for name, (side, text) in zip(self.names, self.found.programs.items(), strict=True):
            at = self.lanes[side]["lane"]
            left = name.left + name.wide + BESIDE
            made.append(word(text, LABEL, self.skin.ink, Rect(left, name.baseline, at.x1, name.baseline), "program", Face.TEXT))
            made[-1].put_at(left, name.baseline)
        return made

    def race(self, pair: Pair, seconds: float) -> None:
        """Two bars grow equally fast, each to where it was measured or counted, and only there has its number."""
        first, last = sorted(SIDES, key=lambda side: pair.amounts[side])
        few, most = pair.amounts[first], pair.amounts[last]
        self.scene.add(*pair.bars.values())
        self.move(pair.grow(0.0, few), seconds=seconds * few / most)
        self.move(FadeIn(pair.figures[first]), pair.grow(few, most), seconds=seconds * (1 - few / most))
        self.move(FadeIn(pair.figures[last]), seconds=TEXT)


def pipe_of(rect: Rect, skin: palette.Theme) -> Rectangles:
    """Between HBM and the chip."""
    return plane(skin.registers, skin.quiet, "pipe").display(edges([rect]))


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


def bar(place: Rect, amount: float, most: float) -> list[Rect]:
    """One bar."""
    return [place.left(place.width * amount / most)]


def blocks(place: Rect, most: float, count: float) -> list[Rect]:
    """``count`` blocks from the left of a bar that has room for ``most``; the last one is as wide as what is left."""
    wide = place.width / most
    return [place.beyond(at * wide).left(wide * min(1.0, count - at)) for at in range(math.ceil(count))]


def blocked(place: Rect, count: float, most: float) -> list[Rect]:
    """As they are drawn."""
    return [each.before(min(SEAM, each.width)) for each in blocks(place, most, count)]


def lives(film: SpeedFilm) -> dict[str, Life]:
    """Tiles of the first row block: their scores and weights."""
    config = AttentionConfig()
    s, p = (
        np.array_split(np.array_split(on_ground(each), config.row_blocks)[0], config.col_blocks, axis=1)
        for each in sheets(config, make_inputs(config))
    )
    counts = {side: steps.count(MADE) for side, steps in LIVES.items()}
    made = [{"S": scores, "P": weights} for scores, weights in zip(s, p, strict=True)]
    return {side: Life(lane, made[: counts[side]], film.skin) for side, lane in film.lanes.items()}


def memories(film: SpeedFilm) -> Iterator[Mobject]:
    """HBM and the chip of either lane, each with the places of a tile."""
    for lane in film.lanes.values():
        for rect, text in ((lane.hbm, "HBM"), (lane.chip, "on chip")):
            yield Chip(film.skin).place(rect)
            yield heading(rect.top(TITLE), text, film.skin.ink, LABEL, "memory")
        places = [*lane.stored.values(), lane.slot]
        yield Rectangles(film.skin.quiet, name="room").display(np.concatenate([dashes(each) for each in places]))


# --------------------------------------------------------------------------------------------------------------- beats


@beat("time")
def time(film: SpeedFilm) -> None:
    """Two bars of time grow equally fast, each to where the paper measured it."""
    film.scene.add(*film.names, film.title, *film.source)
    with film.scene.telling():
        film.race(film.time, RACE)


@beat("bytes")
def pour(film: SpeedFilm) -> None:
    """Times step aside; both have a pipe as wide, and through it all bytes go, square after square, until there is none left."""
    columns = {side: lane["time"] for side, lane in film.lanes.items()}, {side: lane["seconds"] for side, lane in film.lanes.items()}
    same = [amid(PIPES[side], film.skin.ink, pipe_name(lane), "pipe name") for side, lane in film.lanes.items()]
    film.move(film.time.goes(*columns), *film.turned("bytes"), FadeIn(film.columns[1], rate_func=late), seconds=MOVE)
    film.move(FadeIn(*film.pipes.values(), *film.poured.values(), *same, film.columns[0]), seconds=TEXT)
    few, most = (film.poured[side] for side in ("flash", "standard"))
    pouring = Group(*film.poured.values())

    def until(start: float, stop: float) -> Shows:
        return Shows(pouring, lambda share: [each.pour(start + (stop - start) * share) for each in (few, most)])

    with film.scene.telling():
        film.move(until(0.0, few.done), seconds=POUR * few.done)
        film.move(FadeIn(film.amounts["flash"]), until(few.done, 1.0), seconds=POUR * (1 - few.done))
        film.move(FadeIn(film.amounts["standard"]), seconds=TEXT)
    film.gone = same


def pipe_name(lane: Lane) -> Rect:
    """Over a pipe."""
    pipe = lane.long_pipe
    return pipe.shifted(0.0, pipe.height)


def shortened(pipe: Rectangles, lane: Lane) -> Shows:
    """From the pipe that bytes went through to the one between HBM and the chip."""
    return Shows(pipe, lambda share: pipe.display(edges([lane.long_pipe.toward(lane.pipe, share)])), rate_func=ease_in_out_cubic)


@beat("scores")
def scores(film: SpeedFilm) -> None:
    """Either's pipe is seen with HBM and the chip. Standard attention's tile goes out and comes back, twice; FlashAttention's stay."""
    stage, moving = list(memories(film)), lives(film)
    both = Group(*moving.values())
    pipes = [shortened(film.pipes[side], lane) for side, lane in film.lanes.items()]
    film.move(*pipes, FadeOut(*film.gone), *film.turned("scores"), seconds=MOVE)
    film.move(FadeIn(*stage), seconds=TEXT)
    film.scene.add(*film.pipes.values(), both)
    places = zip(CROSSING, film.lanes["standard"].ways, strict=True)
    said = {text: amid([text], film.skin.ink, rect, "way") for text, rect in places}
    never = amid(NEVER, film.skin.ink, film.lanes["flash"].ways[1], "way")
    clock = 0.0

    def until(start: float, stop: float) -> Shows:
        return Shows(both, lambda share: [each.display(start + (stop - start) * share) for each in moving.values()])

    with film.scene.telling():
        for step in LIVES["standard"]:
            start, stop = clock, clock + PACE[step]
            words = [FadeIn(said[step], rate_func=early)] if step in said else []
            film.move(until(start, stop), *words, seconds=UNIT * (stop - start))
            clock = stop
        film.move(FadeIn(never), seconds=TEXT)
    film.gone = [*stage, both, *film.pipes.values(), *said.values(), never]


@beat("again")
def again(film: SpeedFilm) -> None:
    """A block for each product of matrices: one more in FlashAttention's lane, which makes S again. Beside them bytes and time stand."""
    names = [each for side in SIDES for each in block_names(film, side)]
    film.move(FadeOut(*film.gone), *film.turned("again"), seconds=MOVE)
    with film.scene.telling():
        film.race(film.products, FILL)
        film.move(FadeIn(*names), seconds=TEXT)
    film.gone = names


@beat("measured")
def measured(film: SpeedFilm) -> None:
    """Two bars of time again, of another machine, as they were measured here."""
    old = [*film.gone, *film.products.parts, *film.poured.values(), *film.amounts.values(), *film.time.parts, *film.columns, *film.source]
    film.move(FadeOut(*old), seconds=MOVE / 2)
    film.move(*film.turned("measured"), FadeIn(*film.here, *film.programs()), seconds=MOVE / 2)
    with film.scene.telling():
        film.race(film.ours, RACE / 2)


def block_names(film: SpeedFilm, side: str) -> Iterator[Word]:
    """What each product makes, in its block; under it, whether it was made before."""
    made, pair = film.found.products[side], film.products
    places = blocks(pair.places[side], max(pair.amounts.values()), len(made))
    for at, (name, rect) in enumerate(zip(made, places, strict=True)):
        yield heading(rect, STANDS.get(name, name), film.skin.ground, LABEL, "product")
        if name in made[:at]:
            yield amid([AGAIN], film.skin.ink, rect.shifted(0.0, -rect.height).top(TITLE), "again")
