"""A trace of any kernel -> beats: which launches and which program are shown, how long, and what is said. No manim.

Seconds do not depend on how many events the trace has: a few are shown one by one, all others pass in sweeps.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from flashviz.figures import amount, times
from flashviz.generic.touches import flat
from flashviz.memory import traffic
from flashviz.storyboard import Beat
from flashviz.trace import Op, Trace

ONE_BY_ONE = {1: (9, 3), 2: (6, 2), 3: (4, 2)}  # launches shown -> events of the followed program that are shown singly: first, last
FEW = 3  # so many more are shown singly too: a sweep of so few would not be worth its beat
EVENT_SECONDS = 1.7
PLURALS = {Op.LOAD: "loads", Op.STORE: "stores", Op.ATOMIC: "atomics", Op.DOT: "dots", Op.REDUCE: "reductions", Op.SCAN: "scans",
           Op.ATOMIC_LOAD: "atomic loads", Op.COMPUTE: "computations"}  # fmt: skip


@dataclass(frozen=True)
class Part:
    """What is shown of one launch: programs before the followed one; its events, first ones, middle, last ones; and all programs."""

    launch: int
    pid: tuple[int, ...]
    head: range
    middle: range
    tail: range
    events: range

    @property
    def before(self) -> range:
        """Events of programs with smaller numbers."""
        return range(self.events.start, self.head.start)

    @property
    def program(self) -> range:
        """All events of the followed program."""
        return range(self.head.start, (self.tail or self.head).stop)

    def beat(self, name: str) -> str:
        """A beat's name in this launch."""
        return f"{name}-{self.launch}"


def parts_of(trace: Trace) -> list[Part]:
    """The first launches that did anything, at most three; of each the first program with at least half of the most events."""
    worked = np.unique(trace.columns["launch"]).tolist()[: max(ONE_BY_ONE)]
    return [_part(trace, launch, *ONE_BY_ONE[len(worked)]) for launch in worked]


def _part(trace: Trace, launch: int, first: int, last: int) -> Part:
    events = events_of(trace, launch)
    spans = [span for (at, *_), span in trace.spans.items() if at == launch]
    span = next(span for span in spans if 2 * len(span) >= max(map(len, spans)))
    pid = trace[span.start].pid
    if len(span) <= first + last + FEW:
        return Part(launch, pid, span, range(span.stop, span.stop), range(span.stop, span.stop), events)
    return Part(launch, pid, span[:first], span[first:-last], span[-last:], events)


def sites_of(trace: Trace, events: range) -> int:
    """How many statements these events are of."""
    return len(np.unique(trace.columns["kind"][events.start : events.stop]))


def largest_block(trace: Trace, events: range) -> int:
    """The longest side of the blocks of these events; of a dot its result's."""
    shape, op = trace.blocks(slice(events.start, events.stop)), trace.ops[events.start : events.stop]
    most = 1
    for is_dot in (False, True):
        for sides in np.unique(shape[(op == Op.DOT) == is_dot], axis=0).tolist():
            most = max(most, *flat(tuple(sides[:-1] if is_dot else sides)))
    return most


def events_of(trace: Trace, launch: int) -> range:
    """Indices of a launch's events."""
    first, stop = np.searchsorted(trace.columns["launch"], [launch, launch + 1]).tolist()
    return range(first, stop)


def kernel_board(trace: Trace, parts: list[Part]) -> tuple[Beat, ...]:
    """The beats with their captions."""
    beats = [
        Beat("title", "The kernel", 6, title_caption(trace), fresh=True),
        Beat("tensors", "Its arrays", 7, tensors_caption(trace), fresh=True),
    ]
    for part in parts:
        beats += _beats_of(trace, part)
    later = sum(1 for launch in np.unique(trace.columns["launch"]).tolist() if launch not in {part.launch for part in parts})
    if later:
        beats.append(Beat("later", "Further launches", 10, f"{count_of(later, 'further launch', 'further launches')}, one after another."))
    return (*beats, Beat("bill", "The bill", 11, bill_caption(trace), fresh=True), Beat("card", "Provenance", 6, "", still=0.0))


def _beats_of(trace: Trace, part: Part) -> list[Beat]:
    programs = int(np.prod(trace.header.launches[part.launch].grid))
    where = f"Program {part.pid}" if len(trace.header.launches) == 1 else f"Launch {part.launch}, program {part.pid}"
    beats = []
    if part.before:
        beats.append(Beat(part.beat("before"), "Earlier programs", 6, "Earlier programs, in passing: they have less to do.", still=0.8))
    beats += [Beat(part.beat("slow"), "One program", 3.2 + EVENT_SECONDS * len(part.head), still=1.2, caption=
                  f"{where} of {programs:,}, statement by statement: a place on the chip for each.")]  # fmt: skip
    if part.middle:
        said = f"{len(part.middle):,} more events of this program: {operations(trace, part.middle)}."
        beats.append(Beat(part.beat("middle"), "Its middle", 8, said, still=0.6))
        beats.append(
            Beat(part.beat("tail"), "Its end", 2.4 + EVENT_SECONDS * len(part.tail), f"Its last {len(part.tail)} events.", still=0.6)
        )
    if len(part.events) > len(part.program):
        said = f"All {programs:,} programs, in the order of their numbers. On a GPU many run at once; the bytes are the same."
        beats.append(Beat(part.beat("all"), "All programs", 12, said, still=0.8))
    return beats


def title_caption(trace: Trace) -> str:
    """What was run."""
    programs = count_of(sum(int(np.prod(launch.grid)) for launch in trace.header.launches), "program", "programs")
    launches = len(trace.header.launches)
    of = "of an unedited Triton kernel" if launches == 1 else f"in {launches:,} launches of unedited Triton kernels"
    return f"{programs} {of}: what their pointers touched, in {count_of(len(trace), 'event', 'events')}."


def tensors_caption(trace: Trace) -> str:
    """What lies in HBM."""
    tensors = trace.header.tensors
    size = amount(sum(tensor.nbytes for tensor in tensors))
    return f"In HBM: {count_of(len(tensors), 'array', 'arrays')}, {size}. Nothing is on the chip yet."


def bill_caption(trace: Trace) -> str:
    """What crossed, and what crossed more than once."""
    moved = traffic(trace)
    said = f"{amount(moved.total_read)} read, {amount(moved.total_written)} written."
    over = {tensor.name: moved.read.get(tensor.name, 0) / max(tensor.nbytes, 1) for tensor in trace.header.tensors}
    most = max(over, key=lambda name: over[name], default="")
    if not most or over[most] <= 1:
        return f"{said} No array is read more often than once."
    return f"{said} {most} is read {times(over[most])} times over."


def operations(trace: Trace, events: Iterable[int]) -> str:
    """As ``48 loads, 24 dots``."""
    at = np.asarray(list(events) if not isinstance(events, range) else np.arange(events.start, events.stop, events.step))
    counts = Counter(trace.ops[at].tolist())
    return ", ".join(count_of(counts[op], said(op), name) for op, name in PLURALS.items() if counts[op])


def said(op: Op) -> str:
    """An operation in words."""
    return op.name.lower().replace("_", " ")


def count_of(count: int, one: str, many: str) -> str:
    """A count with its noun."""
    return f"{count:,} {one if count == 1 else many}"
