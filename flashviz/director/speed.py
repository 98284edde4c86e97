"""How fast: time and bytes that the paper measured; then either algorithm on one machine, and its steps in a row: products and waits."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from manim import Group, Mobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import palette
from flashviz.chapters import speed
from flashviz.chapters.speed import BYTES, SIDES, TIME, Crossing, Speed, Step, gather, quoted
from flashviz.citations import FIGURE_2
from flashviz.director.film.parts import Way, gates, heading, show_rows, square_at
from flashviz.director.material import provenance, sheets
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, NUMBER, Counter, Word, amid, first_that_fits, machine, middle, slid, word
from flashviz.layout import Rect, centered, columns
from flashviz.layout import rows as split
from flashviz.layout.speed import BESIDE, LINE, units
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, early, late
from flashviz.mobjects.named import Named
from flashviz.mobjects.stored import Picture, Stored, on_ground
from flashviz.mobjects.tiles import Hatch, Matrix, Rectangles, dashes, edges, plane
from flashviz.mobjects.whole import Chip

CALM = 0.8  # seconds that the first picture stands
RACE = 2.4  # seconds: of the longer of two bars
COME, MAKE, LEAVE, STREAM = 1.2, 0.8, 1.9, 2.6  # seconds: a first tile comes, another is made of it, it leaves; all others
ALOFT = 7  # tiles that are on their way at once
SEAM = em(2)  # around squares
CARRIED = em(60)  # side of a tile on its way that is named, and of what is behind a letter
GATES = (0.0, 0.35, 0.65, 1.0)  # of a tile's way: it leaves, is at either end of the pipe, arrives
NAMED = em(48)  # height of a name over a row of steps or beneath it
PLATE = em(44)  # height of what is behind the name of a wait
TITLE = ("attention of one model in training: forward and backward", "attention in training: forward and backward")
FORWARD, BACKWARD = ("forward",), ("backward: gradients", "backward")  # over the steps of either pass
AGAIN = "made again"
NEVER = "stays empty"
WAITS, COMPUTES = "waits for HBM", "computes"
MEMORIES = {"hbm": ("HBM: large, slow", "HBM"), "chip": ("on chip: small, fast", "on chip")}
SQUARE = "1 square = 1 {}"
KEY = {"product": "a product of two matrices", "wait": "a wait for S or P"}
STEPS_NOT_TIMES = "a block is a step, not a time"
BRIGHT = 0.6  # the power by which small weights are seen
STANDS = {"ACC": "O"}  # for it, by its name in a kernel
SHOWS = {"K": "S", "S": "S", "V": "P", "P": "P"}  # what a tile on chip is, by what crossed last


class SpeedStage(ShotScene):
    """The scene that the machine stands on."""

    script = speed.BEATS

    def open(self, run: Callable[..., Any]) -> SpeedFilm:
        """Record both algorithms: ``flashviz_kernels.recorder.run``."""
        found = gather(run)
        self.provenance = [provenance(trace) for trace in found.traces.values()]
        self.set_board(speed.BEATS, {})
        return SpeedFilm(self, found)


Boxes = Callable[[Rect, float, float], list[Rect]]  # what a bar is drawn as: of its place, an amount, and the most that has room


class Pair:
    """One quantity of both algorithms: a bar of either, and a figure.

    Args:
        name: Tag of its bars, and of its figures.
        figures: What either comes to.
    """

    def __init__(
        self, name: str, hues: Mapping[str, str], boxes: Boxes, places: Mapping[str, Rect], figures: Mapping[str, speed.Figure], ink: str
    ) -> None:
        wide = BESIDE + max(text_width(each.text, NUMBER) for each in figures.values())
        self.boxes, self.places = boxes, {side: rect.before(wide) for side, rect in places.items()}
        self.amounts = {side: each.value for side, each in figures.items()}
        self.bars = {side: Rectangles(hue, name=f"{name} {side}") for side, hue in hues.items()}
        self.figures = {
            side: Word(each.text, NUMBER, ink, self.end(side) + BESIDE, middle(places[side], NUMBER), f"{name} figure {side}")
            for side, each in figures.items()
        }

    @property
    def parts(self) -> list[Mobject]:
        """All of it."""
        return [*self.bars.values(), *self.figures.values()]

    def end(self, side: str) -> float:
        """Where a bar ends."""
        return max(each.x1 for each in self.drawn(side, self.amounts[side]))

    def drawn(self, side: str, amount: float) -> list[Rect]:
        """A bar of so much."""
        return self.boxes(self.places[side], amount, max(self.amounts.values()))

    def grow(self, start: float, stop: float) -> Shows:
        """Bars become so long, each at most as long as it is."""

        def show(share: float) -> None:
            for side, bar in self.bars.items():
                amount = min(start + share * (stop - start), self.amounts[side])
                bar.display(edges(self.drawn(side, amount)))
                bar.values = np.array([amount])

        return Shows(Group(*self.bars.values()), show)


class Row(Group):
    """Steps of an algorithm in their order: products are full, waits are hatched, what is made again is lit."""

    def __init__(self, side: str, steps: Sequence[Step], rect: Rect, most: int, hue: str, skin: palette.Theme) -> None:
        self.steps, self.most, self.done = steps, most, 0.0
        lit = {"product": hue, "again": skin.stats}
        self.full = {what: Rectangles(color, name=f"{what} {side}") for what, color in lit.items()}
        self.hatch, self.frames = Hatch(skin.warn, f"wait {side}"), plane(skin.panel, skin.warn, f"waits {side}")
        self.plate, self.track = Rectangles(skin.panel, name="plate"), Rectangles(skin.panel, name="track")
        self.letters = []
        for step, box in zip(steps, self.boxes(rect), strict=True):
            text = first_that_fits((STANDS.get(step.name, step.name), step.name.split()[0]), LABEL, box.width - 2 * SEAM, Face.STRONG)
            self.letters.append(heading(box, text, skin.ink if step.what == "wait" else skin.ground, LABEL, "step"))
        super().__init__(self.track, self.frames, self.hatch, *self.full.values(), self.plate, *self.letters)
        self.place(rect)

    def boxes(self, rect: Rect) -> list[Rect]:
        """Of all steps, in a rectangle that has room for the most."""
        return [each.inset(SEAM, 0.0) for each in columns(rect, self.most)[: len(self.steps)]]

    def place(self, rect: Rect) -> Row:
        """Stand in a rectangle, as far as it was done."""
        self.rect = rect
        return self.display(self.done)

    def display(self, done: float) -> Row:
        """So many steps; a letter comes when its step is done."""
        self.done, whole = done, self.boxes(self.rect)
        self.track.display(edges([self.rect]))
        there = [
            (step, box.left(box.width * min(done - at, 1.0)))
            for at, (step, box) in enumerate(zip(self.steps, whole, strict=True))
            if at < done
        ]
        waits = [box for step, box in there if step.what == "wait"]
        for what, each in self.full.items():
            each.display(edges([box for step, box in there if step.what == what]))
        self.hatch.display(edges(waits).reshape(-1, 4))
        self.frames.display(edges(waits))
        self.frames.values = np.array([done])
        plates = []
        for at, (letter, step, box) in enumerate(zip(self.letters, self.steps, whole, strict=True)):
            letter.put_at(box.center[0] - letter.wide / 2, middle(box, letter.px))
            letter.set_fill(opacity=float(at + 1 <= done + 1e-9))
            if at + 1 <= done + 1e-9 and step.what == "wait":
                plates.append(centered(*box.center[:2], min(letter.wide + 4 * SEAM, box.width), PLATE))
        self.plate.display(edges(plates))
        return self

    def goes(self, to: Rect) -> Shows:
        """To another place."""
        start = self.rect
        return Shows(self, lambda share: self.place(start.toward(to, share)), rate_func=ease_in_out_cubic)

    def goes_on(self, until: float) -> Shows:
        """Steps become so many."""
        start = self.done
        return Shows(self, lambda share: self.display(start + (until - start) * share))


class Carried(Group):
    """A tile on its way with its letter, large."""

    def __init__(self, tensor: str, way: Way, skin: palette.Theme) -> None:
        self.way = way
        self.square = Rectangles(skin.hue(tensor), name=f"carried {tensor}")
        self.letter = heading(centered(0.0, 0.0, CARRIED, CARRIED), tensor, skin.ground, LABEL, "part")
        super().__init__(self.square, self.letter)
        self.display(0.0)

    def display(self, share: float) -> Carried:
        """So far on its way; nothing is seen at either end."""
        x, y = self.way.at(ease_in_out_cubic(float(np.clip(share, 0.0, 1.0))))
        seen = centered(x, y, CARRIED, CARRIED)
        self.square.display(edges([seen] if 0 < share < 1 else []))
        self.letter.put_at(x - self.letter.wide / 2, middle(seen, LABEL))
        self.letter.set_fill(opacity=float(0 < share < 1))
        return self


class Machine(Group):
    """HBM with all tensors, the chip, the pipe between them, and the tiles that cross, of one algorithm."""

    def __init__(self, film: SpeedFilm, side: str) -> None:
        self.film, self.side, self.place, self.found, skin = film, side, film.place, film.found, film.skin
        self.crossings = film.found.crossings(side)
        self.squares = {name: Rectangles(skin.hue(name), name=f"crossing {name}") for name in "QKVOSP"}
        self.tile = {name: Picture(film.tiles(name, 0, 0), skin, name, f"tile {name}") for name in "SP"}
        self.letters = {name: heading(self.place["slot"], name, skin.ink, NAME, "part") for name in "SP"}
        self.plate = Rectangles(skin.ground, name="plate", opacity=palette.LIT)
        self.output = Matrix(film.outputs(0, 1), self.place["output"], skin, "O", *film.spread)
        self.output_name = heading(self.place["output name"], "O", skin.hue("O"), NAME)
        self.state = {text: amid([text], color, self.place["state"], "state") for text, color in ((COMPUTES, skin.ink), (WAITS, skin.warn))}
        super().__init__(*self.squares.values(), *self.tile.values(), self.plate, *self.letters.values(), *self.state.values())
        self.says("")
        self.shows({})

    def says(self, state: str) -> None:
        """What the chip does."""
        for text, each in self.state.items():
            each.set_fill(opacity=float(text == state))

    def shows(self, parts: Mapping[str, Rect], rect: Rect | None = None) -> None:
        """Parts of tiles of S and P in the slot, or wherever they are; with a letter where one is large."""
        slot = rect or self.place["slot"]
        large = [name for name, part in parts.items() if rect is None and part.width > slot.width / 2]
        for name, tile in self.tile.items():
            tile.display(slot, parts.get(name, slot.left(0.0)))
            self.letters[name].set_fill(opacity=float(name in large))
        self.plate.display(edges([centered(*slot.center[:2], CARRIED, CARRIED)] if large else []))

    def cell(self, crossing: Crossing) -> Rect:
        """Where a tile lies in HBM."""
        config = self.found.config
        if crossing.tensor in "SP":
            return self.film.grids[crossing.tensor].cell(crossing.i * config.col_blocks + crossing.j)
        count, at = (config.row_blocks, crossing.i) if crossing.tensor in "QO" else (config.col_blocks, crossing.j)
        return split(self.place[crossing.tensor], count)[at]

    def way(self, crossing: Crossing) -> Way:
        """Of a tile between HBM and the chip: what comes in and what goes out, each on its own side of the pipe."""
        pipe, spot = self.place["pipe"], self.place["output" if crossing.tensor == "O" else "slot"].center
        lying = pipe.width > pipe.height
        (near, far), cell = gates((split if lying else columns)(pipe, 2)[not crossing.out]), self.cell(crossing).center
        corners = [cell, (cell[0], near[1]), near, far, (spot[0], far[1]) if lying else (far[0], spot[1]), spot]
        return Way.of(*(corners[::-1] if crossing.out else corners))

    def stream(self, first: int, stop: int) -> Callable[[float], int]:
        """Crossings of these numbers, one after another, by the share of their time that is over: how many have crossed."""
        ways = {at: self.way(self.crossings[at]) for at in range(first, stop)}

        def show(share: float) -> int:
            clock = first + share * (stop - 1 - first + ALOFT)
            over = {at: (clock - at) / ALOFT for at in ways}
            for name, squares in self.squares.items():
                aloft = [square_at(*ways[at].at(ease_in_out_cubic(far))) for at, far in over.items()
                         if 0 < far < 1 and self.crossings[at].tensor == name]  # fmt: skip
                squares.display(np.array(aloft).reshape(-1, 4))
            arrived = first + sum(far >= 1 - 1e-9 for far in over.values())
            self.holds(arrived)
            return arrived

        return show

    def holds(self, arrived: int) -> None:
        """HBM and the chip when so many have crossed."""
        over = self.crossings[:arrived]
        for name in "SP":
            self.film.grids[name].display(sum(each.out and each.tensor == name for each in over))
        show_rows(self.film.whole["O"], np.arange(self.found.config.row_blocks) < sum(each.tensor == "O" for each in over))
        shown = [each for each in over if each.tensor in SHOWS]
        for name, tile in self.tile.items():
            of_it = [each for each in shown if SHOWS[each.tensor] == name]
            if of_it:
                tile.whole = self.film.pixels(name, of_it[-1].i, of_it[-1].j)
        if shown:
            self.shows({SHOWS[shown[-1].tensor]: self.place["slot"]})
        met = [each for each in shown if each.tensor == "V"]
        if met:
            self.output.display(self.film.outputs(met[-1].i, met[-1].j + 1))

    def comes(self, *crossings: Crossing) -> tuple[Shows, list[Carried]]:
        """Tiles come in with their letters, each a little after the one before."""
        tiles = [Carried(each.tensor, self.way(each), self.film.skin) for each in crossings]
        lag = 0.3 * (len(tiles) - 1)
        return Shows(Group(*tiles), lambda share: [each.display(share * (1 + lag) - 0.3 * at) for at, each in enumerate(tiles)]), tiles

    def leaves(self, crossing: Crossing) -> Shows:
        """A tile goes out to its place: large, small in the pipe, as small as its place is."""
        way, name, slot, cell = self.way(crossing), crossing.tensor, self.place["slot"], self.cell(crossing)
        sides = (slot.width, CARRIED, CARRIED, cell.width)

        def show(share: float) -> None:
            side = float(np.interp(share, GATES, sides))
            rect = centered(*way.at(share), side, side)
            self.shows({name: rect}, rect)
            self.says(WAITS if share > GATES[1] else COMPUTES)

        return Shows(self, show, rate_func=ease_in_out_cubic)


class SpeedFilm(ChapterFilm):
    """Everything on stage, made here once. ``gone``: what the last beat takes away."""

    gone: Sequence[Mobject]

    def __init__(self, scene: ShotScene, found: Speed) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.place = place = scene.shot("speed")
        self.hues = {"standard": self.skin.scores, "flash": self.skin.o}
        self.names = {side: word(text, NAME, self.skin.ink, place[f"{side} name"], "name side") for side, text in SIDES.items()}
        self.time, self.bytes = (
            Pair(name, self.hues, boxes, {side: place[f"{side} {name}"] for side in SIDES}, quoted(what), self.skin.ink)
            for name, boxes, what in (("time", bar, TIME), ("bytes", piled, BYTES))
        )
        figure = self.bytes.figures["flash"]
        unit = SQUARE.format(quoted(BYTES)["flash"].unit)
        self.unit = Word(unit, LABEL, self.skin.ink, figure.left + figure.wide + NAMED, figure.baseline, "unit", Face.TEXT)
        self.title = word(first_that_fits(TITLE, LABEL, place["title"].width), LABEL, self.skin.ink, place["title"], "name", Face.TEXT)
        self.source = [self.cited(), machine(FIGURE_2.setting, scene.settings.aspect, self.skin)]
        config, inputs = found.config, found.traces["flash"].inputs
        scores, weights = sheets(config, inputs)
        self.sheets = {"S": on_ground(scores), "P": on_ground(weights**BRIGHT)}
        self.outputs = cache(found.output)
        whole = np.concatenate([self.outputs(i, config.col_blocks) for i in range(config.row_blocks)])
        self.spread = palette.spread(whole)
        values = {**dict(zip("QKV", (each[0, 0].astype(np.float64) for each in inputs), strict=True)), "O": whole}
        self.whole = {name: Matrix(each, place[name], self.skin, name, *palette.spread(each)) for name, each in values.items()}
        grid = (config.row_blocks, config.col_blocks)
        self.grids = {name: Stored(self.sheets[name], place[name], grid, self.skin, name) for name in "SP"}
        self.machines = {side: Machine(self, side) for side in SIDES}
        most = max(len(each) for each in found.steps.values())
        self.rows = {side: Row(side, found.steps[side], place[f"{side} row"], most, self.hues[side], self.skin) for side in SIDES}
        self.stage = list(self.panels())
        self.counter = Counter(self.skin.ink, "counter")

    def tiles(self, name: str, i: int, j: int) -> np.ndarray:
        """The picture of a tile of S or P."""
        config = self.found.config
        return np.array_split(np.array_split(self.sheets[name], config.row_blocks)[i], config.col_blocks, axis=1)[j]

    def pixels(self, name: str, i: int, j: int) -> np.ndarray:
        """As it is drawn."""
        return Picture(self.tiles(name, i, j), self.skin, name, "").whole

    def panels(self) -> Iterator[Mobject]:
        """HBM, the chip and the pipe, with all that lies in HBM and with their names; dashed is where there is nothing yet."""
        place, skin = self.place, self.skin
        for part, texts in MEMORIES.items():
            yield Chip(skin).place(place[part])
            yield amid(texts, skin.ink, place[f"{part} name"], "memory")
        yield plane(skin.registers, skin.quiet, "pipe").display(edges([place["pipe"]]))
        yield Rectangles(skin.quiet, name="room").display(dashes(place["slot"]))
        yield from (heading(place[f"{name} name"], name, skin.hue(name), NAME) for name in "QKVSPO")
        yield from (*(self.whole[name] for name in "QKV"), *self.grids.values(), self.whole["O"])
        show_rows(self.whole["O"], np.zeros(self.found.config.row_blocks, dtype=bool))

    def cited(self) -> Named:
        """Whose figures these are, and of what, on as many lines as it takes."""
        rect = self.place["source"]
        lines = parted(f"{FIGURE_2.quote.citation}: {FIGURE_2.setting}", rect.width)
        places = split(rect.top(len(lines) * LINE), len(lines))
        words = [
            Word(each, LABEL, self.skin.ink, at.x0, middle(at, LABEL), "part", Face.TEXT) for each, at in zip(lines, places, strict=True)
        ]
        return Named(*words, tag="source", text=" ".join(lines))

    def race(self, pair: Pair) -> None:
        """Two bars grow equally fast, each to where it was measured, and only there has its number."""
        first, last = sorted(SIDES, key=lambda side: pair.amounts[side])
        few, most = pair.amounts[first], pair.amounts[last]
        self.scene.add(*pair.bars.values())
        self.move(pair.grow(0.0, few), seconds=RACE * few / most)
        self.move(FadeIn(pair.figures[first]), pair.grow(few, most), seconds=RACE * (1 - few / most))
        self.move(FadeIn(pair.figures[last]), seconds=TEXT)

    def pour(self, side: str, first: int, stop: int, steps: float, state: str, *along: Mobject) -> None:
        """These tiles cross, its row goes on until so many steps are done, and what is ``along`` changes with them."""
        machine, row = self.machines[side], self.rows[side]
        show, start = machine.stream(first, stop), row.done

        moving = Group(machine, row, *self.grids.values(), self.whole["O"], *along)

        def both(share: float) -> None:
            arrived = show(share)
            row.display(start + (steps - start) * share)
            self.count(side, arrived)

        machine.says(state)
        self.move(Shows(moving, both), seconds=STREAM)

    def named(self, side: str, part: str = "row name") -> Shows:
        """The name of an algorithm goes over its row."""
        place = self.place[f"{side} {part}"]
        return slid(self.names[side], place.x0, middle(place, NAME))

    def count(self, side: str, arrived: int) -> None:
        """Of FlashAttention: which tile it is."""
        if side == "flash":
            config = self.found.config
            done = max(1, sum(each.tensor == "V" for each in self.machines[side].crossings[:arrived]))
            text = f"tile {done} of {config.row_blocks * config.col_blocks}"
            self.counter.say(word(text, LABEL, self.skin.ink, self.place["counter"], "counter", Face.TEXT))


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


def piled(place: Rect, amount: float, most: float) -> list[Rect]:
    """A square for each unit."""
    return [each.inset(min(SEAM, each.height / 4)) for each in units(place, most, amount)]


# --------------------------------------------------------------------------------------------------------------- beats


@beat("time")
def time(film: SpeedFilm) -> None:
    """Two bars of time grow equally fast, each to where the paper measured it."""
    film.scene.add(film.title, *film.names.values(), *film.source)
    film.scene.hold(CALM)
    with film.scene.telling():
        film.race(film.time)


@beat("bytes")
def moved(film: SpeedFilm) -> None:
    """Under them, of the same run, its bytes: a square for each gigabyte."""
    with film.scene.telling():
        film.move(FadeIn(film.unit), seconds=TEXT)
        film.race(film.bytes)


@beat("out")
def out(film: SpeedFilm) -> None:
    """Standard attention alone: a tile of Q and one of K make a tile of S, which goes out to HBM; then all others."""
    machine, place, row = film.machines["standard"], film.place, film.rows["standard"]
    crossings, slot = machine.crossings, place["slot"]
    gone = [film.title, *film.source, *film.time.parts, *film.bytes.parts, film.unit, film.names["flash"]]
    film.move(FadeOut(*gone, rate_func=early), film.named("standard"), FadeIn(*film.stage, row), seconds=MOVE + TEXT)
    film.scene.add(machine)
    first = next(at for at, each in enumerate(crossings) if each.tensor == "S")
    last = max(at for at, each in enumerate(crossings) if each.tensor == "S" and each.out)
    with film.scene.telling():
        coming, tiles = machine.comes(*crossings[:first])
        film.move(coming, seconds=COME)
        film.scene.remove(*tiles)
        machine.says(COMPUTES)
        film.move(Shows(machine, lambda share: machine.shows({"S": slot.left(slot.width * share)})), seconds=MAKE)
        film.move(machine.leaves(crossings[first]), seconds=LEAVE)
        machine.holds(first + 1)
        film.pour("standard", first + 1, last + 1, 2.0, WAITS)


@beat("back")
def back(film: SpeedFilm) -> None:
    """Row by row S comes back and P goes out; then P comes back, and with V makes O."""
    machine = film.machines["standard"]
    crossings = machine.crossings
    first, last = (max(at for at, each in enumerate(crossings) if each.out and each.tensor == name) + 1 for name in "SP")
    with film.scene.telling():
        film.pour("standard", first, last, 4.0, WAITS)
        film.pour("standard", last, len(crossings), 6.0, WAITS, machine.output, machine.output_name)
        machine.says("")


@beat("scores")
def scores(film: SpeedFilm) -> None:
    """FlashAttention alone: a tile of S is made, becomes P and is used at once, tile after tile; none goes to HBM."""
    old, machine, place, config = film.machines["standard"], film.machines["flash"], film.place, film.found.config
    crossings, slot = machine.crossings, place["slot"]
    empty = [Stored(film.sheets[name], place[name], film.grids[name].grid, film.skin, name) for name in "SP"]
    film.scene.add(*empty)
    film.move(FadeOut(old, old.output, old.output_name, *film.grids.values(), film.whole["O"]), seconds=MOVE / 2)
    film.scene.remove(*empty)
    for each in film.grids.values():
        each.display(0)
    show_rows(film.whole["O"], np.zeros(config.row_blocks, dtype=bool))
    film.scene.add(*film.grids.values(), film.whole["O"], machine)
    film.move(FadeIn(film.names["flash"].put(place["flash row name"]), film.rows["flash"]), seconds=TEXT)
    never = [amid([NEVER, "empty"], film.skin.ink, place[name], "never") for name in "SP"]

    def wiped(name: str, other: str) -> Callable[[float], None]:
        return lambda share: machine.shows({name: slot.left(slot.width * share), other: slot.beyond(slot.width * share)})

    with film.scene.telling():
        coming, tiles = machine.comes(*crossings[:2])
        film.count("flash", 0)
        film.move(coming, FadeIn(film.counter), seconds=COME)
        film.scene.remove(*tiles)
        machine.says(COMPUTES)
        film.move(Shows(machine, lambda share: machine.shows({"S": slot.left(slot.width * share)})), seconds=MAKE)
        film.move(Shows(machine, wiped("P", "S")), seconds=MAKE)
        coming, tiles = machine.comes(crossings[2])
        film.move(coming, seconds=COME)
        film.scene.remove(*tiles)
        film.scene.add(machine.output)
        film.move(FadeIn(machine.output, machine.output_name), *(FadeIn(each) for each in never), seconds=2 * TEXT)
        film.pour("flash", 3, len(crossings), 2.0, COMPUTES, machine.output, film.counter)
        machine.says("")
    film.gone = [*film.stage, machine, machine.output, machine.output_name, film.counter, *never]


@beat("again")
def again(film: SpeedFilm) -> None:
    """The machine leaves; both rows become large and go on, backward: one waits for P, the other makes S again; gradients are alike."""
    moving = [row.goes(film.place[f"{side} end"]) for side, row in film.rows.items()]
    moving += [film.named(side, "end name") for side in SIDES]
    film.move(FadeOut(*film.gone, rate_func=early), *moving, FadeIn(*key(film), rate_func=late), seconds=MOVE)
    with film.scene.telling():
        named = [each for row in film.rows.values() for each in passes(film, row)]
        film.move(*(FadeIn(each) for each in named[::2]), seconds=TEXT)
        film.move(*(row.goes_on(forward(row) + 1) for row in film.rows.values()), seconds=1.2)
        film.move(FadeIn(*named[1::2]), FadeIn(*made_again(film)), seconds=2 * TEXT)
        film.move(*(row.goes_on(len(row.steps)) for row in film.rows.values()), seconds=1.2)


def forward(row: Row) -> int:
    """How many steps are of the forward pass."""
    return sum(step.forward for step in row.steps)


def passes(film: SpeedFilm, row: Row) -> Iterator[Word]:
    """Over its steps, of which pass they are."""
    boxes, first = row.boxes(row.rect), forward(row)
    for texts, part in ((FORWARD, boxes[:first]), (BACKWARD, boxes[first:])):
        yield amid(texts, film.skin.ink, Rect(part[0].x0, part[0].y1, part[-1].x1, part[0].y1 + NAMED), "pass")


def made_again(film: SpeedFilm) -> Iterator[Word]:
    """Under what was made before."""
    for row in film.rows.values():
        for step, box in zip(row.steps, row.boxes(row.rect), strict=True):
            if step.what == "again":
                yield amid([AGAIN], film.skin.ink, box.shifted(0.0, -box.height).top(NAMED), "again")


def key(film: SpeedFilm) -> Iterator[Mobject]:
    """What steps are."""
    place, skin = film.place["key"], film.skin
    lines = split(place, math.ceil(place.height / (1.5 * NAMED)))
    at = lines[0].x0
    for index, (what, text) in enumerate({**KEY, "": STEPS_NOT_TIMES}.items()):
        line = lines[min(index, len(lines) - 1)]
        at = line.x0 if len(lines) > index else at
        square = centered(at + em(LABEL) / 2, line.center[1], em(LABEL), em(LABEL))
        if what == "product":
            yield Rectangles(skin.scores, name="key").display(edges([square]))
        elif what == "wait":
            yield plane(skin.panel, skin.warn, "key").display(edges([square]))
            yield Hatch(skin.warn, "key").display(edges([square]))
        said = Word(text, LABEL, skin.ink, square.x1 + BESIDE if what else at, middle(line, LABEL), "key", Face.TEXT)
        at = said.left + said.wide + 2 * NAMED
        yield said
