"""The stage of the film of any kernel, and what can happen on it: load, compute, store, sweep.

Each move stands for events of the trace: the clock is set to an event, and what is shown is what the trace has touched until then.
"""

from __future__ import annotations

import math
import textwrap
from typing import Any

import numpy as np
from manim import LEFT, Animation, Group, Mobject, linear

from flashviz import palette
from flashviz.director.scene import TraceScene
from flashviz.director.sweep import Sample, Traffic
from flashviz.figures import amount
from flashviz.generic.layout import block, code_lines, kernel_stage, room_for
from flashviz.generic.story import Part, largest_block, said, sites_of
from flashviz.generic.touches import Replay, flat_box
from flashviz.layout import Rect, centered
from flashviz.lettering import CODE_PX, NOTE_PX, em
from flashviz.memory import Traffic as Moved
from flashviz.memory import traffic
from flashviz.mobjects.code import CodePane
from flashviz.mobjects.hbm import HbmPanel, Slot
from flashviz.mobjects.motion import Enlarge, FadeIn, FadeOut, Flight
from flashviz.mobjects.named import Act
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.sheets import Block, TensorSheet, extent, fit, rect_at_least
from flashviz.mobjects.tiles import box, panel
from flashviz.trace import Event, Op, SourceText, Trace

Site = tuple[int, int, Op, str | None]  # file, line, operation, tensor
SMALLEST_FLYER = 0.1


class KernelStageScene(TraceScene):
    """Actors of the stage, built once from the layout, and the moves."""

    def set_stage(self, trace: Trace, parts: list[Part]) -> None:
        """Build the actors. Nothing is shown yet."""
        self.trace, self.parts, self.replay = trace, parts, Replay(trace)
        moved = traffic(trace)
        both = bool(set(moved.read) & set(moved.written))
        self.shown = most_crossed(trace, room_for(self.settings.aspect, both=both))
        skin, header = self.skin, self.trace.header
        shapes = [header.tensors[tensor].shape for tensor in self.shown]
        self.set = kernel_stage(shapes, max(sites_of(self.trace, part.program) for part in self.parts), self.settings.aspect, both=both)
        count = len(header.tensors)
        self.hbm = HbmPanel(
            self.set.hbm, self.set.hbm_title, skin, "HBM" if count == len(self.shown) else f"HBM: {len(self.shown)} of {count:,} arrays"
        )
        self.slot = Slot(self.set.slot, skin)
        self.chip = HbmPanel(self.set.chip, self.set.chip_title, skin, "on chip: one program")
        self.chip.tag = "chip"
        self.sheets = {
            tensor: TensorSheet(
                header.tensors[tensor], sheet, self.hue(header.tensors[tensor].name), skin,
                given=self.replay.given(tensor), final=self.bytes_of(moved, tensor),
                written=self.replay.pictures[tensor][1],
            )
            for tensor, sheet in zip(self.shown, self.set.sheets, strict=True)
        }  # fmt: skip
        self.code: CodePane | None = None
        self.code_lines = code_lines(self.settings.aspect)
        self.now_line = Readout("", NOTE_PX, skin.ink, name="now").at(self.set.now)
        self.blocks: dict[Site, tuple[int, Block]] = {}  # what is on the chip: place and picture, the oldest use first
        self.largest = max(largest_block(self.trace, part.program) for part in self.parts)
        self.code_ground = panel(self.set.code, fill=skin.panel, edge=skin.edge)
        self.event = 0

    def hue(self, tensor: str) -> str:
        """Colour of a tensor: by its order among those that are shown; the others, which never stand alone, have the ink of values."""
        names = [self.trace.header.tensors[at].name for at in self.shown]
        return self.skin.hues[names.index(tensor)] if tensor in names else self.skin.scores

    # ------------------------------------------------------------------------------------------------------- the clock

    def reach(self, index: int) -> Event:
        """Set the clock just after an event: its source line is lit, and it is said."""
        event = self.trace[index]
        self.event = index + 1
        self.show_line(event)
        self.now_line.display(fit(said_of(event), self.set.now))
        return event

    def skip_to(self, k: int) -> None:
        """Cut to the state after ``k`` events."""
        self.event = k
        for tensor, sheet in self.sheets.items():
            sheet.display(k)
            sheet.point_at(None)
            for readout, text in sheet.counters(*self.bytes_of(self.replay.traffic(k), tensor)).items():
                readout.display(text)

    def bytes_of(self, moved: Moved, tensor: int) -> tuple[int, int]:
        """Read and written, of one tensor."""
        name = self.trace.header.tensors[tensor].name
        return moved.read.get(name, 0), moved.written.get(name, 0)

    def show_line(self, event: Event) -> None:
        """The statement of an event among its neighbours."""
        if event.file < 0:
            return
        room = int(self.set.code.inset(0.15, 0.1).width / (0.6 * em(CODE_PX)))
        lines = excerpt(self.trace, event, self.code_lines, room)
        pane = CodePane(self.set.code, lines, event.line, self.skin, self.code_lines)
        pane.text = " ".join(text.strip() for number, text in lines if number == event.line)
        if self.code is not None:
            self.remove(self.code)
        self.code = pane
        self.add(pane)

    def turned(self, k: int) -> list[Animation]:
        """Counters flip to the bytes after ``k`` events."""
        moved = self.replay.traffic(k)
        flips: list[Animation] = []
        for tensor, sheet in self.sheets.items():
            for readout, text in sheet.counters(*self.bytes_of(moved, tensor)).items():
                if readout.text != text:
                    flips.append(readout.turn(text))
        return flips

    # ----------------------------------------------------------------------------------------------------------- moves

    def one_by_one(self, events: range) -> None:
        """Each event by itself, in equal time."""
        for done, index in enumerate(events):
            self.happen(index, max(0.4, self.motion) / (len(events) - done))

    def happen(self, index: int, seconds: float) -> None:
        """One event: a load arrives, a store leaves, a result appears."""
        event = self.reach(index)
        place, picture = self.prepare(event)
        tensor = self.tensor_of(event)
        if tensor is None:
            self.install(event, place, picture)
            self.move(FadeIn(picture), seconds=seconds * 0.5)
        elif event.is_store:
            self.install(event, place, picture)
            self.move(FadeIn(picture), seconds=seconds * 0.2)
            self.fly(event, tensor, picture, seconds * 0.45, away=True)
            self.sheets[tensor].display(index + 1)
            self.move(*self.turned(index + 1), Still(picture), seconds=seconds * 0.2)
        else:
            flyer = self.fly(event, tensor, picture, seconds * 0.45, away=False)
            self.install(event, place, picture)
            self.move(Enlarge(picture.face, flyer.width, flyer.height), *self.turned(index + 1), seconds=seconds * 0.25)
        self.hold(seconds * 0.12)

    def tensor_of(self, event: Event) -> int | None:
        """The sheet of what an event touched; none where it touched no tensor that is shown, or nothing of it."""
        if event.tensor is None or event.nbytes == 0:
            return None
        tensor = next(at for at, info in enumerate(self.trace.header.tensors) if info.name == event.tensor)
        return tensor if tensor in self.sheets else None

    def fly(self, event: Event, tensor: int, picture: Block, seconds: float, *, away: bool) -> Mobject:
        """A piece of a tensor travels between HBM and chip; its size in flight is its size in HBM."""
        sheet = self.sheets[tensor]
        sheet.point_at(self.where(event, tensor))
        piece = self.piece(event, tensor)
        flyer = box(piece, stroke=self.hue(event.tensor or ""), opacity=palette.LIT).set_z_index(8)
        path = self.route(piece.center, picture.body.center)
        if away:
            path = path[::-1]
            flyer.move_to(path[0])
        self.add(flyer)
        self.play(Flight(flyer, path, run_time=seconds))
        self.remove(flyer)
        return flyer

    def piece(self, event: Event, tensor: int) -> Rect:
        """What flies: as large as the touched box; where an access leaves elements of its box out, as small as its bytes."""
        where, info = self.where(event, tensor), self.trace.header.tensors[tensor]
        area = math.prod(stop - start for start, stop in event.box) * info.itemsize
        side = math.sqrt(min(1.0, event.nbytes / max(area, 1)))
        return Rect(*rect_at_least(centered(*where.center[:2], where.width * side, where.height * side), SMALLEST_FLYER))

    def where(self, event: Event, tensor: int) -> Rect:
        """Where the box of an event lies in HBM."""
        return self.sheets[tensor].sheet.part(*flat_box(event.box, self.trace.header.tensors[tensor].shape))

    def route(self, start: tuple[float, float, float], end: tuple[float, float, float]) -> np.ndarray:
        """Corner points from HBM through the slot to a place on the chip."""
        slot = self.set.slot
        if self.set.aspect == "9:16":
            gates = [(slot.center[0], slot.y1, 0.0), (slot.center[0], slot.y0, 0.0)]
        else:
            gates = [(slot.x0, slot.center[1], 0.0), (slot.x1, slot.center[1], 0.0)]
        return np.array([start, *gates, end], dtype=float)

    def prepare(self, event: Event) -> tuple[int, Block]:
        """The place that an event's block takes, its own again or the one not used for longest; and the block."""
        site = site_of(event)
        if site in self.blocks:
            place = self.blocks[site][0]
        else:
            taken = {used for used, _ in self.blocks.values()}
            free = [at for at in range(len(self.set.places)) if at not in taken]
            place = free[0] if free else next(iter(self.blocks.values()))[0]
        hue = self.skin.scores if event.tensor is None else self.hue(event.tensor)
        title = said(event.op) if event.tensor is None else f"{'' if event.op is Op.LOAD else said(event.op) + ' '}{event.tensor}"
        shape = event.shape if event.op is not Op.DOT else event.shape[:-1]
        body = block(trimmed(shape), self.largest, self.set.places[place].body)
        return place, Block(title, trimmed(event.shape), self.set.places[place], body, hue, self.skin)

    def install(self, event: Event, place: int, picture: Block) -> None:
        """Let a block take its place from whatever stood there."""
        site = site_of(event)
        for other, (used, old) in list(self.blocks.items()):
            if used == place:
                self.remove(*old.get_family())  # moving its face has made manim list its parts one by one
                del self.blocks[other]
            else:
                old.face.set_fill(opacity=palette.RESTING)
        self.blocks[site] = place, picture
        self.add(picture)

    def clear_chip(self, title: str) -> None:
        """Nothing of the last program is left; the panel says whose turn it is."""
        self.remove(*(part for _, picture in self.blocks.values() for part in picture.get_family()))
        self.blocks = {}
        self.name_chip(title)

    def name_chip(self, title: str) -> None:
        """Say whose turn it is."""
        self.now_line.display("")
        fresh = HbmPanel(self.set.chip, self.set.chip_title, self.skin, title).title
        fresh.align_to((self.set.chip_title.x0, 0, 0), LEFT)
        self.chip.title.become(fresh)
        self.chip.text = title

    def sweep(self, events: range, seconds: float) -> None:
        """Events at a linear pace: sampled transfers fly; counters, sheets and cursors are true at every frame."""
        nbytes = np.asarray(self.trace.columns["nbytes"][events.start : events.stop])
        flights = Traffic.of(nbytes, events.start, seconds, self.sampled, self.hue)
        self.now_line.display("")
        if self.code is not None:
            self.remove(self.code)
        self.add(flights)
        self.move(KernelSweep(self, events), flights.run(), seconds=seconds)
        self.remove(flights)
        self.reach(events.stop - 1)

    def sampled(self, index: int, start: float) -> Sample:
        """The flight of one event in a sweep."""
        event = self.trace[index]
        tensor = self.tensor_of(event)
        where = self.set.hbm if tensor is None else self.piece(event, tensor)
        block = self.blocks.get(site_of(event))
        path = self.route(where.center, self.set.chip.center if block is None else block[1].body.center)
        small = rect_at_least(Rect(0, 0, 0, 0), SMALLEST_FLYER)
        width, height = (where.width, where.height) if tensor is not None else (small[2] - small[0], small[3] - small[1])
        return Sample(event.tensor or "", start, path[::-1] if event.is_store else path, width, height)

    def wipe(self) -> None:
        """Everything but the caption goes."""
        gone = self.picture
        self.finish = []
        if gone:
            self.move(*(FadeOut(thing) for thing in gone), seconds=0.5)
            self.remove(*gone)


class Still(Act):
    """Nothing changes: keeps a play alive that has no other motion."""

    def interpolate_mobject(self, alpha: float) -> None:
        pass


class KernelSweep(Act):
    """Counters, sheets and cursors at every frame as the trace has them."""

    def __init__(self, scene: KernelStageScene, events: range, **kwargs: Any) -> None:
        self.scene, self.events = scene, events
        self.faces = {site: picture.face for site, (_, picture) in scene.blocks.items()}
        super().__init__(Group(*scene.sheets.values(), *self.faces.values()), rate_func=linear, **kwargs)

    def interpolate_mobject(self, alpha: float) -> None:
        scene = self.scene
        k = self.events.start + round(alpha * len(self.events))
        moved = scene.replay.traffic(k)
        now = site_of(scene.trace[k - 1]) if k > self.events.start else None
        for site, face in self.faces.items():
            face.set_fill(opacity=palette.LIT if site == now else palette.RESTING)
        for tensor, sheet in scene.sheets.items():
            sheet.display(k)
            for readout, text in sheet.counters(*scene.bytes_of(moved, tensor)).items():
                if readout.text != text:
                    readout.display(text)
            last = scene.replay.latest(tensor, k)
            within = last is not None and last >= self.events.start
            sheet.point_at(scene.where(scene.trace[last], tensor) if within and last is not None else None)


def site_of(event: Event) -> Site:
    """The statement of an event, and what it did there."""
    return event.file, event.line, event.op, event.tensor


def trimmed(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A block's shape without the padding in front."""
    at = next((at for at, size in enumerate(shape) if size != 1), len(shape) - 1)
    return shape[at:]


def said_of(event: Event) -> str:
    """One event in one line, as ``load x[0:64, 0:32] 4 KiB``."""
    if event.tensor is None:
        work = f", {event.flops:,} FLOP" if event.flops else ""
        return f"{said(event.op)} {extent(trimmed(event.shape))}{work}"
    where = ", ".join(f"{start}:{stop}" if stop - start != 1 else f"{start}" for start, stop in event.box)
    if not event.nbytes:
        return f"{said(event.op)} {event.tensor}: all lanes masked"
    return f"{said(event.op)} {event.tensor}[{where}] {amount(event.nbytes)}"


def excerpt(trace: Trace, event: Event, count: int, room: int) -> list[tuple[int, str]]:
    """The statement of an event, over as many of ``count`` lines of ``room`` characters as it takes, and its neighbours in the same
    function, each in one line; what is no statement is left out."""
    source = trace.header.sources[event.file]
    lines = statements(source, event.line)
    widest = max(len(text) - len(text.lstrip()) for number, text in lines if number == event.line)
    lines = [
        (number, " " * widest * (number == event.line) + piece)
        for number, text in lines
        for piece in (textwrap.wrap(text.strip(), max(20, room - 8), subsequent_indent="    ")[:count] if number == event.line else [text])
    ]
    at = next((k for k, (number, _) in enumerate(lines) if number == event.line), 0)
    lit = sum(1 for number, _ in lines if number == event.line)
    start = min(max(0, at - (count - min(lit, count)) // 2), max(0, len(lines) - count))
    chosen = lines[start : start + count]
    indent = min(len(text) - len(text.lstrip()) for _, text in chosen)
    return [(number, text[indent:]) for number, text in chosen]


def statements(source: SourceText, line: int) -> list[tuple[int, str]]:
    """The statements of the function that a line is in, each whole and in one line; ``line`` stands for the one that it is part of."""
    function, text = source.function(line), source.lines
    if function is None:
        every = [(source.first_line + at, bare(written)) for at, written in enumerate(text)]
        return [(number, written) for number, written in every if number == line or worth_a_line(written)]
    inner = max((span for span in function.statements if span[0] <= line <= span[1]), default=(line, line))
    found = []
    for first, last in sorted({*function.statements, inner}):
        written = [bare(text[number - source.first_line]) for number in range(first, last + 1)]
        found.append((line if (first, last) == inner else first, joined(written)))
    return found


def joined(lines: list[str]) -> str:
    """The lines of one statement as one, with the indentation of the first; comments and blank lines left out."""
    first, *rest = [line for line in lines if line.strip() and not line.strip().startswith("#")] or [""]
    whole = first.rstrip()
    for line in rest:
        glued = whole.endswith(("(", "[", "{")) or line.strip().startswith((")", "]", "}"))
        whole = whole.rstrip("\\").rstrip(",") if line.strip().startswith((")", "]", "}")) else whole.rstrip("\\").rstrip()
        whole += ("" if glued else " ") + line.strip()
    return whole


def worth_a_line(text: str) -> bool:
    """No comment, no blank line, no quotes of a docstring."""
    return bool(text.strip()) and not text.strip().startswith(("#", '"""', "'''"))


def most_crossed(trace: Trace, count: int) -> list[int]:
    """The tensors that are shown: all, or of many those that cross most, in their order."""
    moved = traffic(trace)
    crossing = [moved.read.get(t.name, 0) + moved.written.get(t.name, 0) for t in trace.header.tensors]
    return sorted(sorted(range(len(crossing)), key=lambda tensor: -crossing[tensor])[:count])


def bare(line: str) -> str:
    """A source line without its trailing comment."""
    return line.split("  #", maxsplit=1)[0].rstrip()
