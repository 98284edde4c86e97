"""How fast: a lane for either algorithm. Its time, here and by the paper; its bytes through a pipe, where a tile of S goes, its work."""

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
from flashviz.director.film.parts import heading
from flashviz.director.material import sheets
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, StepBack, beat, step_forth
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
from flashviz.palette import DIM

RACE, POUR, UNIT, FILL = 2.6, 4.6, 0.82, 2.2  # seconds: of the longer time, of bytes, of one thing that is done with a tile, of products
ALOFT = 6  # squares that are on their way at once
SEAM = em(2)  # around squares
PLATE = em(60), 0.6  # side of what is behind a letter; at most so much of the tile's
MID = 0.5  # of what is done in a step, from or until which a tile has its letter
GATES = (0.0, 0.3, 0.7, 1.0)  # of a tile's way: it leaves, is at either end of the pipe, arrives
FORWARD, BACKWARD = ("forward",), ("backward: gradients", "backward")  # over the blocks of either pass
AGAIN = "made again"  # under the block of a product that was made before
STANDS = {"ACC": "O"}  # for it, by its name in a kernel
NAMES = {  # of what is seen; the first that fits
    "time": ("time of one pass, forward and backward", "time, forward and backward"),
    "bytes": ("bytes to and from HBM, the GPU's memory", "bytes to and from HBM, its memory", "bytes to and from HBM"),
    "scores": ("one tile of scores S, of weights P", "one tile of S, of P"),
    "again": ("work: products of two matrices, counted here", "work: products of two matrices", "work: matrix products"),
    "measured": ("time of one forward pass",),
}
SQUARE = "1 square = 1 {}"
WAITS = ("waits",)
CROSSING = ("S out", "S back", "P out", "P back")
MADE, WEIGHED, USED, OUT = "made", "softmax", "used", "O out"  # S is made of Q and K; it becomes P; P V adds to O, which leaves at the end
LIVES = {  # of a tile: what is done with it, in the order of the trace
    "standard": (MADE, *CROSSING[:2], WEIGHED, *CROSSING[2:], USED, OUT),
    "flash": (*(MADE, WEIGHED, USED) * 3, OUT),
}
PACE = {MADE: 1.4, WEIGHED: 1.0, USED: 1.2, OUT: 1.0, **dict.fromkeys(CROSSING, 1.8)}  # units of time that each takes
BRINGS = {MADE: "K", USED: "V"}  # what comes in for a step, in its first ...
COMES = 0.5  # ... part
CROSSES = {  # in the places of what crosses; the first that fits
    "standard": tuple((each,) for each in CROSSING),
    "flash": (("Q, K, V in", "QKV in"), ("O out",), ("S and P: never", "never")),
}


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
    """Squares of bytes that go through the pipe one after another, in and out, and are counted as they have crossed."""

    def __init__(self, lane: Lane, hue: str, amount: float, most: float) -> None:
        super().__init__(hue, name=f"bytes {lane.side}")
        self.pipe, self.most, self.pile = lane.pipe, most, units(lane["bytes"], most, amount)
        self.shares = [min(1.0, amount - at) for at in range(len(self.pile))]
        self.pour(0.0)

    @property
    def done(self) -> float:
        """Share of the time in which most is poured, after which all of these have crossed."""
        return (len(self.pile) - 1 + ALOFT) / (math.ceil(self.most) - 1 + ALOFT)

    def pour(self, share: float) -> Poured:
        """One sets out after another, at the same pace whatever there is."""
        clock = share * (math.ceil(self.most) - 1 + ALOFT)
        over = [float(np.clip((clock - at) / ALOFT, 0.0, 1.0)) for at in range(len(self.pile))]
        counted = [each for each, at in zip(self.pile, over, strict=True) if at == 1]
        aloft = [self.aloft(index, at) for index, at in enumerate(over) if 0 < at < 1]
        self.display(edges([each.inset(SEAM) for each in (*counted, *aloft)]))
        self.values = np.array([sum(part for part, at in zip(self.shares, over, strict=True) if at == 1)])
        return self

    def aloft(self, index: int, share: float) -> Rect:
        """What is seen of a square in the pipe: every other one goes out, above those that come in."""
        out = index % 2
        row = split(self.pipe, 2)[1 - out]
        return passing(row, row.height, 1 - share if out else share).top(row.height * self.shares[index])


def passing(pipe: Rect, wide: float, share: float) -> Rect:
    """What is seen of a square in a pipe, so far on its way from one end to the other: it comes out of HBM and vanishes in the chip."""
    left = pipe.x0 - wide + share * (pipe.width + wide)
    return Rect(max(left, pipe.x0), pipe.y0, min(left + wide, pipe.x1), pipe.y1)


class Load(Group):
    """A square of one of Q, K, V and O that goes through the pipe, with its letter while all of it is seen."""

    def __init__(self, tensor: str, lane: Lane, skin: palette.Theme) -> None:
        self.pipe, self.out = lane.pipe.inset(0.0, MARGIN / 2), tensor == "O"
        self.square = Rectangles(skin.hue(tensor), name=f"load {tensor} {lane.side}")
        self.letter = heading(self.pipe, tensor, skin.ground, LABEL, "part")
        super().__init__(self.square, self.letter)

    def display(self, share: float) -> None:
        """So far on its way; nothing is seen at either end."""
        side = self.pipe.height
        seen = passing(self.pipe, side, 1 - share if self.out else share)
        self.square.display(edges([seen] if 0 < share < 1 else []))
        self.letter.put_at(seen.center[0] - self.letter.wide / 2, self.letter.baseline)
        self.letter.set_fill(opacity=float(0 < share < 1 and seen.width > side * (1 - 1e-9)))


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
        self.loads = {tensor: Load(tensor, lane, skin) for tensor in "QKVO"}
        pictures_of = [each for made in (*self.tiles, self.stored, self.aloft) for each in made.values()]
        super().__init__(*pictures_of, self.plate, *self.letters.values(), *self.named.values(), self.waits, *self.loads.values())
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
        at, whole = self.now(time)
        step, slot = self.steps[at], self.lane.slot
        part = max(0.0, (whole - COMES) / (1 - COMES)) if step in BRINGS else whole
        self.carry(at, whole)
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
        away = {"out": part, "back": 1 - part}.get(step.split()[-1], 0.0) if step in CROSSING else 0.0
        self.waits.set_fill(opacity=float(away > GATES[1]))
        return self

    def carry(self, at: int, whole: float) -> None:
        """Q, K and V come in for what is made of them: Q once, ahead of the first K; O goes out."""
        step = self.steps[at]
        come = whole / COMES
        shares = {BRINGS.get(step, ""): come, "O": whole if step == OUT else 0.0}
        if at == 0:
            shares |= {"Q": 1.4 * come, "K": 1.4 * come - 0.4}
        for tensor, load in self.loads.items():
            load.display(shares.get(tensor, 0.0))

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
    aside: StepBack  # what is not spoken of

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
        self.pipes = {side: pipe_of(lane.pipe, self.skin) for side, lane in self.lanes.items()}
        self.source = [self.said(self.cited()), machine(FIGURE_2.setting, aspect, self.skin)]
        self.here = [self.said(found.setting), machine(str(found.sweep.provenance["machine"]), aspect, self.skin)]
        self.title = self.titled("title", NAMES["measured"])
        self.memories = list(memories(self.lanes, self.skin))

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


def memories(lanes: Mapping[str, Lane], skin: palette.Theme) -> Iterator[Mobject]:
    """HBM and the chip of either lane."""
    for lane in lanes.values():
        for rect, text in ((lane.hbm, "HBM"), (lane.chip, "on chip")):
            yield Chip(skin).place(rect)
            yield heading(rect.top(TITLE), text, skin.ink, LABEL, "memory")


def rooms(film: SpeedFilm) -> list[Rectangles]:
    """Places of a tile, in HBM and on chip."""
    places = [[*lane.stored.values(), lane.slot] for lane in film.lanes.values()]
    return [Rectangles(film.skin.quiet, name="room").display(np.concatenate([dashes(each) for each in lane])) for lane in places]


# --------------------------------------------------------------------------------------------------------------- beats


@beat("measured")
def measured(film: SpeedFilm) -> None:
    """Two bars of time grow equally fast, each to where it was measured here."""
    programs = film.programs()
    film.scene.add(*film.names, film.title, *film.here, *programs)
    with film.scene.telling():
        film.race(film.ours, RACE)
    film.gone = [*film.here, *programs, *film.ours.parts]


@beat("time")
def time(film: SpeedFilm) -> None:
    """Two bars of time again, of another machine, as the paper measured them."""
    film.move(FadeOut(*film.gone, rate_func=early), *film.turned("time"), FadeIn(*film.source, rate_func=late), seconds=2 * TEXT)
    with film.scene.telling():
        film.race(film.time, RACE)


@beat("bytes")
def pour(film: SpeedFilm) -> None:
    """Times step aside; both have as wide a pipe between HBM and chip; all bytes go through it, in and out, until none is left."""
    columns = {side: lane["time"] for side, lane in film.lanes.items()}, {side: lane["seconds"] for side, lane in film.lanes.items()}
    film.move(film.time.goes(*columns), *film.turned("bytes"), FadeIn(film.columns[1], rate_func=late), seconds=MOVE)
    film.move(FadeIn(*film.memories, *film.pipes.values(), *film.poured.values(), film.columns[0]), seconds=TEXT)
    few, most = (film.poured[side] for side in ("flash", "standard"))
    pouring = Group(*film.poured.values())

    def until(start: float, stop: float) -> Shows:
        return Shows(pouring, lambda share: [each.pour(start + (stop - start) * share) for each in (few, most)])

    with film.scene.telling():
        film.move(until(0.0, few.done), seconds=POUR * few.done)
        soon = few.done + TEXT / POUR
        film.move(FadeIn(film.amounts["flash"]), until(few.done, soon), seconds=TEXT)
        film.move(until(soon, 1.0), seconds=POUR * (1 - soon))
        film.move(FadeIn(film.amounts["standard"]), seconds=TEXT)


@beat("scores")
def scores(film: SpeedFilm) -> None:
    """Standard attention's tile goes out and comes back, twice; FlashAttention's stays."""
    places, moving = rooms(film), lives(film)
    both = Group(*moving.values())
    film.aside = StepBack([*film.time.parts, film.poured["standard"], film.amounts["standard"]], DIM)
    film.move(film.aside, *film.turned("scores"), FadeOut(*film.columns, rate_func=early), FadeIn(*places, rate_func=late), seconds=MOVE)
    film.scene.add(both)
    ways = {
        side: [amid(texts, film.skin.ink, rect, "way") for texts, rect in zip(CROSSES[side], lane.ways, strict=False)]
        for side, lane in film.lanes.items()
    }
    words = {"standard": dict(zip(CROSSING, ways["standard"], strict=True)), "flash": dict(zip((MADE, OUT), ways["flash"], strict=False))}
    clock = 0.0

    def until(start: float, stop: float) -> Shows:
        def show(at: float) -> None:
            now = start + (stop - start) * at
            for each in moving.values():
                each.display(now)

        return Shows(both, show)

    with film.scene.telling():
        for step in LIVES["standard"]:
            start, stop = clock, clock + PACE[step]
            said = [FadeIn(words[side].pop(step), rate_func=early) for side in SIDES if step in words[side]]
            film.move(until(start, stop), *said, seconds=UNIT * (stop - start))
            clock = stop
        film.move(FadeIn(ways["flash"][-1]), seconds=TEXT)
    film.gone = [*film.memories, *film.pipes.values(), *places, both, *ways["standard"], *ways["flash"]]


@beat("again")
def again(film: SpeedFilm) -> None:
    """A block for each product of matrices: one more in FlashAttention's lane, which makes S again. Beside them bytes and time stand."""
    names = [each for side in SIDES for each in block_names(film, side)]
    film.move(FadeOut(*film.gone), step_forth(film.aside), *film.turned("again"), FadeIn(*film.columns, rate_func=late), seconds=MOVE)
    with film.scene.telling():
        film.race(film.products, FILL)
        film.move(FadeIn(*names), seconds=TEXT)


def block_names(film: SpeedFilm, side: str) -> Iterator[Word]:
    """What each product makes, in its block; over them, in which pass; under one, that it was made before."""
    made, pair, first = film.found.products[side], film.products, film.found.forward
    places = blocks(pair.places[side], max(pair.amounts.values()), len(made))
    for texts, part in ((FORWARD, places[:first]), (BACKWARD, places[first:])):
        room = Rect(part[0].x0, part[0].y1, part[-1].x1, part[0].y1 + TITLE)
        yield amid(texts, film.skin.ink, room, "pass")
    for at, (name, rect) in enumerate(zip(made, places, strict=True)):
        yield heading(rect, STANDS.get(name, name), film.skin.ground, LABEL, "product")
        if name in made[:at]:
            yield amid([AGAIN], film.skin.ink, rect.shifted(0.0, -rect.height).top(TITLE), "again")
