"""KernelFilm: what any kernel's trace shows. Tensors in HBM, one program's statements on the chip, bytes, source lines.

A generic trace has no values and no lifetimes: a block on the chip is what its statement last loaded or computed, and stays until
the statement runs again or its place is needed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from manim import Group, Mobject

from flashviz import palette
from flashviz.director.kernel_stage import KernelStageScene, bare, worth_a_line
from flashviz.director.pictures import card_lines, note
from flashviz.director.scene import beat
from flashviz.errors import UsageError
from flashviz.figures import amount, counter, times
from flashviz.generic.story import Part, count_of, events_of, kernel_board, parts_of
from flashviz.layout import Rect, centered, rows
from flashviz.lettering import CODE_PX, KEY_PX, LINE_PITCH, NOTE_PX, TITLE_PX, Face, em, text_width, wrap
from flashviz.memory import Traffic as Moved
from flashviz.memory import traffic
from flashviz.mobjects.motion import FadeIn
from flashviz.mobjects.named import Named
from flashviz.mobjects.readout import ADVANCE, Readout
from flashviz.mobjects.sheets import fit
from flashviz.mobjects.tiles import box, panel
from flashviz.trace import TensorInfo, Trace, load

TITLE_LINES = 2  # of the kernels' names, and of a launch's arguments
NUMBER_W = 24 * ADVANCE * em(NOTE_PX) + 0.2  # of the bill's numbers


def launch_beat(name: str) -> Callable[[Callable[[Any, Part], None]], Callable[[Any, Part], None]]:
    """As ``beat``, for a method that is played once for each launch."""

    def decorate(method: Callable[[Any, Part], None]) -> Callable[[Any, Part], None]:
        @wraps(method)
        def played(scene: Any, part: Part) -> None:
            found = scene.on_board(part.beat(name))
            if found is not None:
                scene.begin_beat(found)
                method(scene, part)
                scene.end_beat()

        return played

    return decorate


class KernelFilm(KernelStageScene):
    """All beats of the film of any kernel."""

    def open(self) -> None:
        """Read the trace that the settings name, choose what is shown of it, build the stage.

        Raises:
            UsageError: No trace is named, it is one of FlashAttention, or no kernel in it did anything.
        """
        self.trace = generic_trace(self.settings.trace)
        self.parts = parts_of(self.trace)
        self.board = kernel_board(self.trace, self.parts)
        self.provenance = [provenance(self.trace)]
        self.set_stage(self.trace, self.parts)

    # ----------------------------------------------------------------------------------------------------------- beats

    @beat("title")
    def title(self) -> None:
        """The kernel's name, its file, its launches."""
        room, header = self.set.center_stage.inset(0.3, 0.2), self.trace.header
        names = list(dict.fromkeys(launch.kernel for launch in header.launches))
        texts = [(line, KEY_PX, self.skin.ink) for line in beginning(", ".join(names), room.width, KEY_PX)]
        said = [f"{launch.kernel}: grid {extent_of_grid(launch.grid)}{arguments(launch.arguments)}" for launch in header.launches[:3]]
        if len(header.launches) > 3:
            said.append(f"and {count_of(len(header.launches) - 3, 'further launch', 'further launches')}")
        for text in said:
            texts += [(line, NOTE_PX, self.skin.quiet) for line in beginning(text, room.width, NOTE_PX)]
        high = sum(em(px) * LINE_PITCH for _, px, _ in texts)
        drawn = Named(
            card_lines(texts, room), self.source_text(room.below(high + 0.25)), tag="title", text="\n".join(t for t, _, _ in texts)
        )
        self.move(FadeIn(drawn), seconds=0.6)
        self.arrived()
        self.finish = [drawn]

    def source_text(self, room: Rect) -> Named:
        """The text of the kernel that was launched first, without decorators, docstring and comments: as many whole statements as there is
        room for."""
        pitch = em(CODE_PX) * LINE_PITCH
        shown = beginning_of(self.trace, int((room.height - 0.3) / pitch))
        ground = panel(room.top(len(shown) * pitch + 0.3), fill=self.skin.panel, edge=self.skin.edge)
        places = rows(room.top(len(shown) * pitch + 0.3).inset(0.2, 0.15), max(1, len(shown)))
        texts = [
            Readout(fit(text, at, CODE_PX), CODE_PX, self.skin.ink, name="source").at(at) for text, at in zip(shown, places, strict=False)
        ]
        return Named(ground, *texts, tag="source text")

    @beat("tensors")
    def tensors(self) -> None:
        """HBM with its arrays; the empty chip."""
        self.wipe()
        self.move(*(FadeIn(part) for part in (self.hbm, self.slot, self.chip, self.code_ground)), seconds=0.6)
        for sheet in self.sheets.values():
            self.move(FadeIn(sheet), seconds=min(0.6, 2.4 / len(self.sheets)))
        self.add(self.now_line)
        self.arrived()

    @launch_beat("before")
    def before(self, part: Part) -> None:
        """Programs before the followed one: counters are never ahead of what was seen."""
        self.clear_chip("on chip: each program")
        self.sweep(part.before, self.motion)

    @launch_beat("slow")
    def slow(self, part: Part) -> None:
        """The first events of one program, each by itself."""
        self.clear_chip(f"on chip: program {part.pid}")
        self.skip_to(part.head.start)
        self.one_by_one(part.head)

    @launch_beat("middle")
    def middle(self, part: Part) -> None:
        """The events in between, at a linear pace."""
        self.sweep(part.middle, self.motion)

    @launch_beat("tail")
    def tail(self, part: Part) -> None:
        """The last events of the program."""
        self.one_by_one(part.tail)

    @launch_beat("all")
    def all_programs(self, part: Part) -> None:
        """Every program of the launch, from its first event on; counters start where the launch starts."""
        self.name_chip("on chip: each program")
        self.skip_to(part.events.start)
        self.sweep(part.events, self.motion)

    @beat("later")
    def later_launches(self) -> None:
        """Launches after those that were shown."""
        self.clear_chip("on chip: each program")
        start = events_of(self.trace, self.parts[-1].launch).stop
        self.skip_to(start)
        self.sweep(range(start, len(self.trace)), self.motion)

    @beat("bill")
    def bill(self) -> None:
        """Bytes of each tensor, read and written, and how often a tensor crossed."""
        self.wipe()
        table = self.bill_table()
        self.move(FadeIn(table), seconds=0.8)
        self.arrived()
        self.event = len(self.trace)
        self.finish = [table]

    @beat("card")
    def card(self) -> None:
        """Where everything came from."""
        self.wipe()
        room, ink, quiet = self.set.center_stage.inset(0.4, 0.2), self.skin.ink, self.skin.quiet
        texts = [("flashviz: what moved is what the kernel did", TITLE_PX, ink), ("", NOTE_PX, quiet)]
        for text in self.provenance_lines():
            texts += [(line, NOTE_PX, ink) for line in wrap(text, room.width, NOTE_PX)]
        texts += [("", NOTE_PX, quiet), ("Film CC BY 4.0", NOTE_PX, quiet)]
        card = Named(card_lines(texts, room), tag="card", text="\n".join(text for text, _, _ in texts))
        self.move(FadeIn(card), seconds=0.5)

    # ------------------------------------------------------------------------------------------------- bill and card

    def bill_table(self) -> Group:
        """A row a tensor: name, size, bars of bytes read and written, and how often its size was read."""
        moved, header = traffic(self.trace), self.trace.header
        room = self.set.center_stage.inset(0.3, 0.15)
        dots = int(self.trace.columns["flops"].sum())
        foot = ["× how often the whole array; logical transfers, caches not counted"]
        if dots:
            foot.append(f"matrix products: {dots:,} FLOP, {times(dots / max(moved.total, 1))} for each byte that crossed")
        others = [info.name for at, info in enumerate(header.tensors) if at not in self.shown]
        if others:
            read, written = (sum(crossed.get(name, 0) for name in others) for crossed in (moved.read, moved.written))
            foot.append(f"and {count_of(len(others), 'further array', 'further arrays')}: {amount(read)} read, {amount(written)} written")
        lines = [line for text in foot for line in wrap(text, room.width, NOTE_PX)]
        foot_h = em(NOTE_PX) * LINE_PITCH * (len(lines) + 0.5)
        body = room.above(foot_h)
        table = Group()
        names = [header.tensors[tensor].name for tensor in self.shown]
        high = min(1.1, body.height / max(1, len(names)))
        most = max([1, *moved.read.values(), *moved.written.values()])
        name_w = min(0.3 * body.width, max((len(n) for n in names), default=1) * 0.62 * em(NOTE_PX) + 0.2)
        for place, tensor in zip(rows(body.top(high * max(1, len(names))), max(1, len(names))), self.shown, strict=False):
            table.add(*self.bill_row(place, header.tensors[tensor], moved, most, name_w))
        for text, place in zip(lines, rows(room.bottom(foot_h), len(lines)), strict=True):
            table.add(note(text, NOTE_PX, self.skin.quiet, place))
        return table

    def bill_row(self, place: Rect, info: TensorInfo, moved: Moved, most: int, name_w: float) -> list[Mobject]:
        """One tensor: a bar and a number for what was read, and for what was written, where it was."""
        name, hue = info.name, self.hue(info.name)
        at = place.left(name_w)
        drawn: list[Mobject] = [Readout(fit(name, at), NOTE_PX, hue, name=f"bill name {name}", face=Face.MONO_STRONG).at(at)]
        sides = (("read", moved.read, palette.LIT), ("wrote", moved.written, palette.FAINT))
        crossing = [(verb, crossed[name], shade) for verb, crossed, shade in sides if name in crossed]
        for index, (verb, nbytes, shade) in enumerate(crossing):
            middle = centered(*place.center[:2], place.width, min(place.height, len(crossing) * 0.42))
            line = rows(middle, len(crossing))[index]
            bar, number = line.beyond(name_w).before(NUMBER_W).inset(0.05, 0.08), line.right(NUMBER_W)
            drawn.append(box(bar.left(max(0.03, bar.width * nbytes / most)), stroke=hue, opacity=shade, width=0))
            text = fit(f"{verb} {counter(nbytes, nbytes)} = {times(nbytes / max(info.nbytes, 1))} ×", number)
            drawn.append(Readout(text, NOTE_PX, self.skin.ink, name=f"bill {verb} {name}", anchor="right").at(number))
        return drawn

    def provenance_lines(self) -> list[str]:
        """Kernels, files, versions and hashes."""
        header = self.trace.header
        versions = ", ".join(f"{name} {version}" for name, version in header.versions.items())
        launches = count_of(len(header.launches), "launch", "launches")
        return [
            f"{count_of(len(self.trace), 'event', 'events')}, {launches}, trace {self.trace.hash}",
            f"Kernel source {header.kernel_hash[:12]}, unedited; launched by {header.algorithm}",
            f"{header.source}: {versions}",
            "Tensors and bytes are derived from the pointers; masked lanes touch nothing.",
            "A block on the chip is what its statement last loaded or computed; when it is dropped is not recorded.",
            "The order shown is that of the program numbers, not hardware time.",
        ]


def beginning_of(trace: Trace, count: int) -> list[str]:
    """The first statements of the kernel that was launched first, in at most ``count`` lines; a last one says that there are more."""
    for source in trace.header.sources:
        function = next((each for each in source.functions if each.name == trace.header.kernel), None)
        if function is not None:
            written = source.lines
            texts = [[bare(written[at - source.first_line]) for at in range(first, last + 1)] for first, last in function.statements]
            break
    else:
        texts = [[bare(text)] for source in trace.header.sources[:1] for text in source.lines]
    wholes = [[line for line in lines if worth_a_line(line)] for lines in texts]
    indent = min((len(line) - len(line.lstrip()) for lines in wholes for line in lines), default=0)
    shown: list[str] = []
    for at, lines in enumerate(wholes):
        more = any(wholes[at + 1 :])
        if len(shown) + len(lines) + more > count:
            return [*shown, "…"][:count]
        shown += [line[indent:] for line in lines]
    return shown


def beginning(text: str, width: float, px: float) -> list[str]:
    """The first lines of a text, a word that is wider than a line cut short."""
    words = (next(word[:end] for end in range(len(word), 0, -1) if text_width(word[:end], px) <= width) for word in text.split())
    lines = wrap(" ".join(words), width, px)
    return lines if len(lines) <= TITLE_LINES else [*lines[:TITLE_LINES], "…"]


def arguments(given: dict[str, Any]) -> str:
    """The launch's other arguments, after a comma."""
    return "".join(
        f", {name} = {value:,}" if isinstance(value, int) and not isinstance(value, bool) else f", {name} = {value}"
        for name, value in given.items()
    )


def extent_of_grid(grid: tuple[int, int, int]) -> str:
    """A grid without its trailing ones."""
    used = max((at + 1 for at, size in enumerate(grid) if size != 1), default=1)
    return " × ".join(f"{size:,}" for size in grid[:used])


def generic_trace(path: Any) -> Trace:
    """The trace to show.

    Raises:
        UsageError: None is named, or it is no trace of any kernel, or it is empty.
    """
    remedy = "record one with flashviz trace --kernel FILE.py:FUNCTION --launch FILE.py:LAUNCHER --out x.npz"
    if path is None:
        raise UsageError(f"expected --trace with a recording of a kernel, got none; {remedy}")
    trace = load(path)
    if trace.header.config is not None:
        raise UsageError(f"expected a recording of any kernel, got {path} of FlashAttention; render FlashAttentionScene, or {remedy}")
    if not len(trace):
        raise UsageError(f"expected a recording with events, got {path} without any; {remedy}")
    return trace


def provenance(trace: Trace) -> dict[str, object]:
    """What the card and the CLI say of the trace."""
    header = trace.header
    return {
        "algorithm": header.kernel, "source": header.source, "events": len(trace), "hash": trace.hash,
        "kernel": header.kernel_hash[:12], "versions": dict(header.versions),
    }  # fmt: skip
