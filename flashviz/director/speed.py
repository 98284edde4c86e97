"""How fast: time and bytes that the paper measured; then one pipe: either algorithm moves its bytes through it at one pace, into a bar."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from manim import Group, Mobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import palette
from flashviz.chapters import speed
from flashviz.chapters.speed import BYTES, SIDES, TIME, Packet, Speed, gather, quoted
from flashviz.citations import FIGURE_2
from flashviz.director.film.parts import Way, gates, heading, show_rows
from flashviz.director.material import provenance, sheets
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, NUMBER, Counter, Word, amid, labelled, machine, middle, slid, word
from flashviz.figures import KIB, kib
from flashviz.layout import Rect, Shot, centered, columns
from flashviz.layout import rows as split
from flashviz.layout.speed import BESIDE, LINE, units
from flashviz.lettering import Face, em, text_width, wrap
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, early, late
from flashviz.mobjects.named import Named, NamedPath
from flashviz.mobjects.stored import Picture, Stored, on_ground
from flashviz.mobjects.tiles import Hatch, Matrix, Rectangles, dashes, edges, plane, span
from flashviz.mobjects.whole import Chip

BEGUN = 0.2  # of the shorter bar, which is there in the first frame
RACE = 2.4  # seconds: of the longer of two bars
RUN = 6.0  # seconds: of the longer of two runs
PACE, NARROW = em(1000), em(740)  # scene units a second: of a packet in HBM, and in the pipe, where they are closer together
PACKET, ROOT = em(56), 1 / 6  # side of the largest, and the power of its bytes by which a smaller one still has room for its letter
WAITS = {"standard": (1.0, 1.3), "flash": (0.0, 0.0)}  # seconds: the first tile is made before it goes out, and has gone before the next
SLIVER = em(5)  # width of LSE in a bar
SEAM = em(2)  # around squares, and parts of a bar
PLATE = em(50)  # side of what is behind a letter on a picture, and behind words on a hatching
TOLD = em(28)  # from the middle of a high bar up to its parts' names, and down to their bytes
TICK, TALL, FINE = 1000 * KIB, em(8), em(2)  # between two ticks of the axis; half of how high one is, and of how thick
SPACE = em(40)  # between what stands on one line
HEADS = {
    TIME: ("time", "forward and backward, one GPU"),
    BYTES: ("bytes to and from HBM", "1 square = 1 {}"),
}
MEMORIES = {"hbm": ("HBM: large, slow", "HBM"), "chip": ("on chip: small, fast", "on chip")}
WHY, AXIS = "Why? One head, N = {}, forward pass", "bytes moved"
PIPE = "one pipe: same bytes a second"
NEVER = ("stays empty", "empty")
DONE, SO_FAR, TIMES = "done", "{:,.0f} of {}", ("{} × {}", "{}×{}")
LEFT = 0.72  # of the ground, over what is still to be moved
BOTH = "S and P, out and back: {}"
BRIGHT = 0.6  # the power by which small weights are seen
SMALL = ("Q", "O", "LSE")  # short parts of a bar: their bytes stand beside it
SHOWN = "QKVOSP"  # what is seen on its way; LSE, which is small, leaves with O
SHOWS = {"K": "S", "S": "S", "V": "P", "P": "P"}  # what the chip works on, by what crossed last


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
    """One quantity of both algorithms as the paper has it: what it is, and of either a name, a bar and a figure.

    Args:
        name: Tag of its bars, and of its figures; its places have it in their names.
        what: What the paper calls it.
    """

    def __init__(self, name: str, what: str, boxes: Boxes, place: Shot, skin: palette.Theme) -> None:
        figures, hues = quoted(what), {"standard": skin.scores, "flash": skin.o}
        wide = BESIDE + max(text_width(each.text, NUMBER) for each in figures.values())
        self.boxes, self.places = boxes, {side: place[f"{side} {name}"].before(wide) for side in SIDES}
        title, note = HEADS[what]
        self.head = labelled(place[f"{name} what"], (title, skin.ink), (note.format(figures["flash"].unit), skin.ink))
        self.names = {side: word(text, NAME, skin.ink, place[f"{side} {name} name"], "name side") for side, text in SIDES.items()}
        self.amounts = {side: each.value for side, each in figures.items()}
        self.bars = {side: Rectangles(hue, name=f"{name} {side}") for side, hue in hues.items()}
        self.figures = {
            side: Word(each.text, NUMBER, skin.ink, self.end(side) + BESIDE, middle(self.places[side], NUMBER), f"{name} figure {side}")
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


@dataclass(frozen=True)
class Passage:
    """A packet on its way. It is amid the pipe when half of it is counted.

    Args:
        times: [n] when it is at each corner: bytes that could have crossed by then, had nothing waited.
    """

    packet: Packet
    way: Way
    times: np.ndarray
    side: float

    def seen(self, now: float) -> list[Rect]:
        """Where it is; nothing is seen at either end."""
        x, y = (float(np.interp(now, self.times, self.way.corners[:, axis])) for axis in (0, 1))
        return [centered(x, y, self.side, self.side)] if self.leaves < now < self.arrives else []

    @property
    def leaves(self) -> float:
        return float(self.times[0])

    @property
    def arrives(self) -> float:
        return float(self.times[-1])

    @property
    def chip(self) -> float:
        """When it is on chip: it has come, or it leaves."""
        return self.leaves if self.packet.out else self.arrives


class Machine(Group):
    """HBM and the chip while one algorithm's packets cross, all at one pace."""

    def __init__(self, film: SpeedFilm, side: str) -> None:
        self.film, self.place, self.found, skin = film, film.place, film.found, film.skin
        self.rate = max(self.found.moved.values()) / RUN  # bytes a second
        self.packets = self.found.packets[side]
        first, (made, gone) = next(at for at, each in enumerate(self.packets) if each.out), WAITS[side]
        self.waits = self.rate * np.cumsum([made * (at == first) + gone * (at == first + 1) for at in range(len(self.packets))])
        self.passages = [self.passage(*each) for each in zip(self.packets, self.waits.tolist(), strict=True) if each[0].tensor in SHOWN]
        self.begin, self.end = min(each.leaves for each in self.passages), max(each.arrives for each in self.passages)
        self.squares = {name: Rectangles(skin.hue(name), name=f"crossing {name}") for name in SHOWN}
        self.letters = NamedPath("letters", stroke_width=0, fill_color=skin.ground, fill_opacity=1)
        self.glyphs = {name: glyphs(heading(centered(0.0, 0.0, PACKET, PACKET), name, skin.ground, LABEL)) for name in SHOWN}
        slot = self.place["slot"]
        self.tile = {name: Picture(film.tile(name, 0), skin, name, f"tile {name}") for name in "SP"}
        self.names = {name: heading(slot, name, skin.ink, NAME, "part") for name in "SP"}
        self.plate = Rectangles(skin.ground, name="plate", opacity=palette.LIT)
        self.output = Matrix(film.outputs(0), self.place["output"], skin, "O", *film.spread)
        self.output_name = heading(self.place["output name"], "O", skin.hue("O"), NAME)
        super().__init__(
            *self.tile.values(), self.plate, *self.names.values(), self.output, self.output_name, *self.squares.values(), self.letters
        )
        self.display(self.begin)

    def cell(self, packet: Packet) -> Rect:
        """Where a packet lies in HBM: all of K or V, rows of any other; S and P come to one side and leave from the other."""
        rect = self.place[packet.tensor]
        if packet.tensor in "SP":
            rect = columns(rect, 2)[not packet.out]
        return rect if packet.tensor in "KV" else split(rect, self.found.config.row_blocks)[packet.i]

    def passage(self, packet: Packet, wait: float) -> Passage:
        """A packet's way between its place in HBM and the edge of what the chip works on; each direction has its half of the pipe."""
        place, cell = self.place, self.cell(packet).center
        pipe, slot = place["pipe"], place["slot"]
        lying = place["chip"].x0 >= place["hbm"].x1
        half = split(pipe, 2)[not packet.out] if lying else columns(pipe, 2)[packet.out]
        near, _ = gates(half)
        level = split(place["lane"], 2)[not packet.out].center[1]
        most = max(each.stop - each.start for each in self.packets)
        side = PACKET * ((packet.stop - packet.start) / most) ** ROOT
        spot = (slot.x0 - side / 2, near[1]) if lying else (near[0], slot.y1 + side / 2)
        way = Way.of(cell, (cell[0], level), (near[0], level), near, half.center, spot)
        pieces = np.diff(way.reached) / np.repeat([PACE, NARROW], [3, 2]) * self.rate
        times = np.concatenate([[0.0], np.cumsum(pieces)])
        times -= times[4]
        if packet.out:
            way, times = Way(way.corners[::-1]), -times[::-1]
        return Passage(packet, way, packet.middle + wait + times, side)

    def crossed(self, now: float) -> float:
        """Bytes: packets wait, and then are at the same pace again."""
        begun = [each.start for each in self.packets] + self.waits
        done = [each.stop for each in self.packets] + self.waits
        sums = [(each.start, each.stop) for each in self.packets]
        return float(np.interp(now, np.stack([begun, done], axis=1).ravel(), np.ravel(sums)))

    def display(self, now: float) -> Machine:
        """HBM, the pipe and the chip when so many bytes could have crossed."""
        film, seen = self.film, [(each.packet, rect) for each in self.passages for rect in each.seen(now)]
        for name, squares in self.squares.items():
            squares.display(edges([rect for packet, rect in seen if packet.tensor == name]))
        points = [self.glyphs[packet.tensor] + np.array(rect.center) for packet, rect in seen]
        self.letters.points = np.concatenate([np.zeros((0, 3)), *points])
        there = [each.packet for each in self.passages if each.packet.out and each.arrives <= now]
        for name, grid in film.grids.items():
            grid.display(sum(each.tensor == name for each in there) * grid.grid[1])
        show_rows(film.whole["O"], np.arange(self.found.config.row_blocks) < sum(each.tensor == "O" for each in there))
        met = [each.packet for each in sorted(self.passages, key=lambda each: each.chip) if each.chip <= now]
        self.works([each for each in met if each.tensor in SHOWS])
        return self

    def works(self, met: Sequence[Packet]) -> None:
        """What the chip works on, after these packets: a tile of S or P, and the rows of O that are made of the last V."""
        now = SHOWS[met[-1].tensor] if met else ""
        for name, tile in self.tile.items():
            tile.whole = self.film.pixels(name, met[-1].i if name == now else 0)  # one that is not seen is the same, whatever came before
            tile.display(self.place["slot"], opacity=float(name == now))
            self.names[name].set_fill(opacity=float(name == now))
        self.plate.display(edges([centered(*self.place["slot"].center[:2], PLATE, PLATE)] if now else []))
        rows = [each.i for each in met if each.tensor == "V"]
        self.output.display(self.film.outputs(rows[-1] if rows else 0))
        show_rows(self.output, np.array([bool(rows)]))
        self.output_name.set_fill(opacity=float(bool(rows)))


def glyphs(drawn: Word) -> np.ndarray:
    """[n, 3] a word's outlines, about the middle of the frame."""
    return np.concatenate([part.points for part in drawn.get_family() if len(part.points)])


class Bar(Group):
    """Bytes that an algorithm has moved, on one scale for both: a part for each way of a matrix; S and P, which come back, are hatched.

    Args:
        name: The algorithm's, which goes where the bar goes.
    """

    def __init__(self, film: SpeedFilm, side: str, name: Word) -> None:
        self.packets, self.most, self.label = film.found.packets[side], max(film.found.moved.values()), name
        self.skin = skin = film.skin
        self.parts = list(dict.fromkeys(each.part for each in self.packets))
        self.full = {(name, out): Rectangles(skin.hue(name), name=f"{name} {side}") for name, out in self.parts if name not in "SP"}
        self.hatch, self.frames = Hatch(skin.warn, f"hatch {side}"), plane(skin.panel, skin.warn, f"scores {side}")
        self.plates = Rectangles(skin.panel, name="plate")
        self.words = {part: heading(film.place[f"{side} bar"], named(*part), self.ink(part[0]), LABEL, "part name") for part in self.parts}
        self.counter = Counter(skin.ink, f"moved {side}")
        super().__init__(self.frames, self.hatch, *self.full.values(), self.plates, *self.words.values(), self.counter)
        self.crossed, self.px = 0.0, float(NAME)
        self.place(film.place[f"{side} bar"])

    def ink(self, tensor: str) -> str:
        """Of words on a part."""
        return self.skin.ink if tensor in "SP" else self.skin.ground

    def amounts(self, crossed: float) -> list[float]:
        """Bytes of each part."""
        each = dict.fromkeys(self.parts, 0.0)
        for packet in self.packets:
            each[packet.part] += min(max(crossed - packet.start, 0.0), packet.stop - packet.start)
        return list(each.values())

    def boxes(self, crossed: float) -> list[Rect]:
        """Of each part, side by side."""
        ends = self.rect.x0 + self.rect.width / self.most * np.cumsum([0.0, *self.amounts(crossed)])
        return [Rect(left, self.rect.y0, right, self.rect.y1) for left, right in pairwise(ends.tolist())]

    def scores(self) -> Rect:
        """From the first part of S or P to the last one."""
        boxes = [box for part, box in zip(self.parts, self.boxes(self.crossed), strict=True) if part[0] in "SP"]
        return Rect(boxes[0].x0, self.rect.y0, boxes[-1].x1, self.rect.y1)

    def place(self, rect: Rect) -> Bar:
        """Stand in a rectangle, as far as it has grown."""
        self.rect = rect
        return self.display(self.crossed)

    def display(self, crossed: float) -> Bar:
        """So many bytes; a part has its name as soon as there is room."""
        self.crossed = float(np.clip(crossed, 0.0, self.packets[-1].stop))
        found = dict(zip(self.parts, self.boxes(self.crossed), strict=True))
        there = {part: self.drawn(part[0], box) for part, box in found.items() if box.width > 0}
        for part, each in self.full.items():
            each.display(edges([there[part]] if part in there else []))
        scores = edges([box for part, box in there.items() if part[0] in "SP"]).reshape(-1, 4)
        self.frames.display(scores)
        self.hatch.display(scores)
        self.frames.values = np.array([self.crossed])
        plates = []
        for part, said in self.words.items():
            box = found[part]
            plate = centered(box.center[0], box.center[1] + self.told, said.wide + 2 * SEAM, PLATE)
            shown = box.width >= plate.width
            said.put_at(plate.x0 + SEAM, middle(plate, LABEL))
            said.set_fill(opacity=float(shown))
            if shown and part[0] in "SP":
                plates.append(plate)
        self.plates.display(edges(plates))
        self.says(kib(self.crossed // KIB * KIB))
        return self

    def drawn(self, tensor: str, box: Rect) -> Rect:
        """A part between seams; LSE's sliver is drawn wider than it is, or it would not be seen."""
        return box.left(max(box.width, SLIVER)) if tensor == "LSE" else box.inset(min(SEAM, box.width / 4), 0.0)

    def says(self, text: str) -> None:
        """Beside its name."""
        self.counter.say(Word(text, self.px, self.skin.ink, self.label.left + self.label.wide + SPACE, self.label.baseline, "moved"))

    def goes(self, to: Rect, name: Rect, px: float) -> Shows:
        """To another place with its name, its figure in another size."""
        start, left, baseline, size = self.rect, self.label.left, self.label.baseline, self.px
        goal = middle(name, NAME)

        def show(share: float) -> None:
            self.label.put_at(left + (name.x0 - left) * share, baseline + (goal - baseline) * share)
            self.px = size + (px - size) * share
            self.place(start.toward(to, share))

        return Shows(Group(self, self.label), show, rate_func=ease_in_out_cubic)

    @property
    def told(self) -> float:
        """How far above the middle names stand: where there is room for bytes beneath them."""
        return min(max(self.rect.height / 2 - PLATE, 0.0), TOLD)

    def bytes_of_parts(self) -> Iterator[Mobject]:
        """How many bytes each part has, under its name; of K and V, which cross as a whole for each row block, how often they do."""
        for part, amount, box in zip(self.parts, self.amounts(self.crossed), self.boxes(self.crossed), strict=True):
            if part[0] in SMALL:
                continue
            count = sum(each.part == part for each in self.packets) if part[0] in "KV" else 1
            texts = [each.format(count, kib(amount / count)) for each in TIMES] if count > 1 else [kib(amount)]
            line = centered(box.center[0], box.center[1] - self.told, box.width, PLATE)
            said = amid(texts, self.ink(part[0]), line, "part bytes")
            if part[0] in "SP":
                plate = centered(*line.center[:2], said.wide + 2 * SEAM, PLATE)
                yield Rectangles(self.skin.panel, name="plate").display(edges([plate]))
            yield said

    def bytes_of_short_parts(self) -> Iterator[Mobject]:
        """Q's stand beneath it, O's and LSE's where the bar ends: beneath, or, where there is room, beside it."""
        amounts = dict(zip([tensor for tensor, _ in self.parts], self.amounts(self.crossed), strict=True))
        texts = {tensor: f"{tensor} {kib(amounts[tensor])}" for tensor in SMALL if tensor in amounts}
        end = self.boxes(self.crossed)[-1].x1
        beneath, beside = Rect(self.rect.x0, self.rect.y0 - PLATE, end, self.rect.y0), self.rect.beyond(end - self.rect.x0 + BESIDE)
        last = [tensor for tensor in texts if tensor != "Q"]
        lines = dict(zip(last, split(centered(*beside.center[:2], beside.width, len(last) * PLATE), len(last)), strict=True))
        for tensor, text in texts.items():
            wide = text_width(text, LABEL)
            place = lines[tensor] if tensor in lines and wide < beside.width else beneath
            left = place.x1 - wide if place is beneath and tensor in lines else place.x0
            yield Word(text, LABEL, self.skin.hue(tensor), left, middle(place, LABEL), "part bytes", Face.TEXT)


class Clock(Group):
    """How far the longer bar was when the other one was as far as it is: a line on it, a veil over the rest, and a count of both."""

    def __init__(self, longer: Bar, skin: palette.Theme) -> None:
        self.longer = longer
        self.veil, self.line = Rectangles(skin.ground, name="veil", opacity=LEFT), Rectangles(skin.ink, name="clock")
        super().__init__(self.veil, self.line)
        self.display(0.0)

    def display(self, crossed: float) -> Clock:
        """When so many bytes have crossed."""
        rect, most = self.longer.rect, self.longer.most
        left = rect.beyond(rect.width * min(max(crossed, 0.0) / most, 1.0))
        self.veil.display(edges([left]))
        self.line.display(np.array([(left.x0 - FINE, rect.y0 - TALL, left.x0 + FINE, rect.y1 + TALL)]))
        self.longer.says(SO_FAR.format(max(crossed, 0.0) // KIB, kib(most)))
        return self


def named(tensor: str, out: bool) -> str:
    """A part of a bar: S and P have been out before they come; short ones have their letter."""
    return tensor if tensor in SMALL else f"{tensor} {'out' if out else 'back' if tensor in 'SP' else 'in'}"


class SpeedFilm(ChapterFilm):
    """Everything on stage, made here once. ``gone``: what the last beat takes away; ``clock``: what it takes away first."""

    gone: Sequence[Mobject]
    clock: Sequence[Mobject]

    def __init__(self, scene: ShotScene, found: Speed) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.place = place = scene.shot("speed")
        self.time, self.bytes = (
            Pair(name, what, boxes, place, self.skin) for name, boxes, what in (("time", bar, TIME), ("bytes", piled, BYTES))
        )
        self.source = [self.cited(), machine(FIGURE_2.setting, scene.settings.aspect, self.skin)]
        config, inputs = found.config, found.traces["flash"].inputs
        scores, weights = sheets(config, inputs)
        self.sheets = {"S": on_ground(scores), "P": on_ground(weights**BRIGHT)}
        self.outputs, self.pixels = cache(found.output), cache(self.drawn_tile)
        whole = np.concatenate([self.outputs(i) for i in range(config.row_blocks)])
        self.spread = palette.spread(whole)
        values = {**dict(zip("QKV", (each[0, 0].astype(np.float64) for each in inputs), strict=True)), "O": whole}
        self.whole = {name: Matrix(each, place[name], self.skin, name, *palette.spread(each)) for name, each in values.items()}
        grid = (config.row_blocks, config.col_blocks)
        self.grids = {name: Stored(self.sheets[name], place[name], grid, self.skin, name) for name in "SP"}
        self.machines = {side: Machine(self, side) for side in SIDES}
        self.bars = {side: Bar(self, side, self.time.names[side]) for side in SIDES}
        self.stage = list(self.panels())
        self.why = word(WHY.format(f"{config.seq_q:,}"), NAME, self.skin.ink, place["why"], "why")
        left = place["what"].x1 - text_width(AXIS, LABEL)
        self.what = Word(AXIS, LABEL, self.skin.ink, left, middle(place["what"], LABEL), "axis name", Face.TEXT)
        self.axis = [*self.ticks(), self.what]

    def tile(self, name: str, i: int) -> np.ndarray:
        """The picture of a tile of S or P: the last one of a row of tiles."""
        config = self.found.config
        return np.array_split(np.array_split(self.sheets[name], config.row_blocks)[i], config.col_blocks, axis=1)[-1]

    def drawn_tile(self, name: str, i: int) -> np.ndarray:
        """Its pixels, which every frame of a run asks for."""
        return Picture(self.tile(name, i), self.skin, name, "").whole

    def panels(self) -> Iterator[Mobject]:
        """HBM, the chip and the pipe, with all that lies in HBM and with their names; dashed is where there is nothing yet."""
        place, skin = self.place, self.skin
        for part, texts in MEMORIES.items():
            yield Chip(skin).place(place[part])
            yield amid(texts, skin.ink, place[f"{part} name"], "memory")
        yield plane(skin.registers, skin.quiet, "pipe").display(edges([place["pipe"]]))
        said = wrap(PIPE, place["pipe name"].width, LABEL)
        for text, line in zip(said, split(place["pipe name"].bottom(len(said) * LINE), len(said)), strict=True):
            yield amid([text], skin.ink, line, "pipe name")
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

    def ticks(self) -> Iterator[Mobject]:
        """Beneath the bars: how long so many bytes are."""
        place, most = self.place["axis"], max(self.found.moved.values())
        marks = [(at, place.x0 + place.width * at / most) for at in range(0, most, TICK)]
        line = (place.x0, place.y1 - FINE, place.x1, place.y1 + FINE)
        yield Rectangles(self.skin.quiet, name="axis").display(
            np.array([line, *((x - FINE, place.y1 - TALL, x + FINE, place.y1 + TALL) for _, x in marks)])
        )
        for at, x in marks:
            text = kib(at) if at else "0"
            wide = text_width(text, LABEL)
            left = min(max(x - wide / 2, place.x0), place.x1 - wide)
            yield Word(text, LABEL, self.skin.ink, left, middle(place, LABEL), "tick", Face.TEXT)

    def race(self, pair: Pair, begun: float = 0.0) -> None:
        """Two bars grow equally fast, each to where it was measured, and only there has its number; some of them may be there at once."""
        first, last = sorted(SIDES, key=lambda side: pair.amounts[side])
        few, most = pair.amounts[first], pair.amounts[last]
        self.scene.add(*pair.bars.values())
        self.move(pair.grow(begun * few, few), seconds=RACE * (1 - begun) * few / most)
        self.move(FadeIn(pair.figures[first]), pair.grow(few, most), seconds=RACE * (1 - few / most))
        self.move(FadeIn(pair.figures[last]), seconds=TEXT)

    def run(self, side: str, *clock: Clock) -> None:
        """All packets cross, at one pace, and the bar grows by what is amid the pipe; a clock goes with it."""
        machine, bar = self.machines[side], self.bars[side]

        def show(share: float) -> None:
            now = machine.begin + (machine.end - machine.begin) * share
            machine.display(now)
            bar.display(machine.crossed(now))
            for each in clock:
                each.display(bar.crossed)

        moving = Group(machine, bar, *(part for each in clock for part in (each.longer, each)), *self.grids.values(), self.whole["O"])
        self.move(Shows(moving, show), seconds=(machine.end - machine.begin) / machine.rate)

    def rest(self, clock: Clock, crossed: float) -> None:
        """The longer bar goes on alone, at the same pace, to its end."""
        left = clock.longer.most - crossed
        goes_on = Shows(Group(clock.longer, clock), lambda share: clock.display(crossed + left * share))
        self.move(goes_on, seconds=RUN * left / clock.longer.most)


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
    film.time.grow(0.0, BEGUN * min(film.time.amounts.values())).show(1.0)
    film.scene.add(*film.time.head, *film.time.names.values(), *film.time.bars.values(), *film.source)
    with film.scene.telling():
        film.race(film.time, BEGUN)


@beat("bytes")
def moved(film: SpeedFilm) -> None:
    """Under them, of the same run, its bytes: a square for each gigabyte."""
    film.move(FadeIn(*film.bytes.head, *film.bytes.names.values()), seconds=TEXT)
    with film.scene.telling():
        film.race(film.bytes)


@beat("whole")
def whole(film: SpeedFilm) -> None:
    """Another run, as its title says: standard attention's packets cross one pipe, in, out and back, and their bytes make one bar."""
    gone = [*film.source, *film.time.head, *film.time.parts, *film.bytes.head, *film.bytes.parts, *film.bytes.names.values()]
    places = {side: film.place[f"{side} bar name"] for side in SIDES}
    moving = [slid(film.time.names[side], rect.x0, middle(rect, NAME)) for side, rect in places.items()]
    film.move(FadeOut(*gone, rate_func=early), *moving, FadeIn(film.why, rate_func=late), seconds=MOVE)
    film.move(FadeIn(*film.stage, *film.axis), seconds=2 * TEXT)
    film.scene.add(film.machines["standard"], film.bars["standard"].display(0.0))
    with film.scene.telling():
        film.run("standard")


@beat("short")
def short(film: SpeedFilm) -> None:
    """The same machine, empty again, and the same pace: FlashAttention's packets, none of S or P; its bar is done early."""
    old, place = film.machines["standard"], film.place
    empty = [Stored(film.sheets[name], place[name], film.grids[name].grid, film.skin, name) for name in "SP"]
    film.scene.add(*empty)
    film.move(FadeOut(old, *film.grids.values(), film.whole["O"]), seconds=MOVE / 2)
    film.scene.remove(*empty)
    film.machines["flash"].display(film.machines["flash"].begin)
    never = [amid(NEVER, film.skin.ink, place[name], "never") for name in "SP"]
    clock, bar = Clock(film.bars["standard"], film.skin), film.bars["flash"].display(0.0)
    film.scene.add(*film.grids.values(), film.whole["O"], film.machines["flash"], bar)
    with film.scene.telling():
        film.move(FadeIn(*never, clock), seconds=TEXT)
        film.run("flash", clock)
        done = word(DONE, NAME, film.skin.ink, bar.rect.beyond(bar.boxes(bar.crossed)[-1].x1 - bar.rect.x0 + SPACE), "done")
        film.move(FadeIn(done), seconds=TEXT)
        film.rest(clock, bar.crossed)
    film.gone, film.clock = [*film.stage, film.machines["flash"], *never], [clock, done]


@beat("difference")
def difference(film: SpeedFilm) -> None:
    """The machine leaves, and both bars are large: what S and P moved, out and back, stands under one bracket."""
    place, standard = film.place, film.bars["standard"]
    moving = [each.goes(place[f"{side} end"], place[f"{side} end name"], NUMBER) for side, each in film.bars.items()]
    up = slid(film.what, film.what.left, middle(place["end what"], LABEL))
    film.move(FadeOut(*film.clock), seconds=TEXT)
    film.move(FadeOut(*film.gone, rate_func=early), *moving, up, seconds=MOVE)
    scores, high = standard.scores(), place["both"]
    total = sum(amount for part, amount in zip(standard.parts, standard.amounts(standard.crossed), strict=True) if part[0] in "SP")
    bracket = Rectangles(film.skin.warn, name="bracket").display(span(scores.x0, scores.x1, high.y0, FINE, TALL))
    said = heading(Rect(scores.x0, high.y0, scores.x1, high.y1), BOTH.format(kib(total)), film.skin.ink, NAME, "both")
    with film.scene.telling():
        film.move(*(FadeIn(*each.bytes_of_parts(), *each.bytes_of_short_parts()) for each in film.bars.values()), seconds=2 * TEXT)
        film.move(FadeIn(bracket, said), seconds=2 * TEXT)
