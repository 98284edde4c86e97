"""A trace as tracks with slices, and counters: what a timeline shows, in no format.

With a clock there is one track an SM and the axis is time: the slice of an event reaches from the report before it, of the same program,
to its own. Without one there is one track a program and the axis is the step: programs count their own, and the picture says nothing of
which of them ran first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from flashviz.errors import TraceError
from flashviz.trace import Op, Trace

STEP_NS = 1000  # of the axis, without a clock
STEPS = "steps, not time: 1 us is one step"


@dataclass(frozen=True, eq=False)
class Texts:
    """One of few texts for each slice; -1 where it has none."""

    index: np.ndarray
    texts: list[str]


@dataclass(frozen=True, eq=False)
class Numbers:
    """A number, not negative, for each slice that has it."""

    values: np.ndarray
    present: np.ndarray


@dataclass(frozen=True, eq=False)
class Counter:
    """A running total: ``values`` from the times ``at`` on."""

    at: np.ndarray
    values: np.ndarray


@dataclass(frozen=True, eq=False)
class Timeline:
    """Slices of one track do not overlap, and stand in the order in which they begin.

    Args:
        axis: What the axis counts, in words.
        processes: What tracks stand under.
        tracks: Process and name of each.
        track: Of each slice.
        start: In ns.
        stop: In ns.
        names: Of the slices.
        args: What a slice says of itself.
        counters: By name, in bytes.
    """

    axis: str
    processes: list[str]
    tracks: list[tuple[int, str]]
    track: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    names: Texts
    args: dict[str, Texts | Numbers]
    counters: dict[str, Counter]

    def __len__(self) -> int:
        return len(self.track)


def timeline_of(trace: Trace) -> Timeline:
    """The timeline of a recording.

    Raises:
        TraceError: Its clock runs backwards within a program.
    """
    described = _generic(trace) if trace.header.config is None else _attention(trace)
    if trace.header.clock is not None:
        return _by_time(trace, described)
    return _by_step(trace, described)


# -------------------------------------------------------------------------------------------------------------- what a slice says


@dataclass(frozen=True, eq=False)
class _Events:
    """What is said of each event, whatever its place on the axis; ``read`` and ``written`` are its bytes."""

    title: str
    programs: list[str]
    names: Texts
    args: dict[str, Texts | Numbers]
    read: np.ndarray
    written: np.ndarray


def _attention(trace: Trace) -> _Events:
    columns, statements, always = trace.columns, trace.header.statements, np.ones(len(trace), bool)
    sources = trace.header.sources
    before = np.cumsum([0, *(len(source.lines) for source in sources)])  # lines of the files before each
    tensors = {name: at for at, name in enumerate(sorted({each.subject for each in statements}))}
    line = trace.of_events(lambda each: each.line)
    args: dict[str, Texts | Numbers] = {
        "tensor": Texts(trace.of_events(lambda each: tensors[each.subject]), list(tensors)),
        **{name: Numbers(columns[name], always) for name in ("r0", "r1", "c0", "c1")},
        **{name: Numbers(columns[name], columns[name] >= 0) for name in ("i", "j")},
        "bytes": Numbers(columns["nbytes"], trace.of_events(lambda each: each.tensor is not None)),
        "flops": Numbers(columns["flops"], columns["flops"] > 0),
        **{name: Numbers(columns[name], always) for name in ("pid_m", "pid_bh", "step")},
        "line": Numbers(line, always),
        "statement": Texts(
            trace.of_events(lambda each: before[each.file] + each.line - sources[each.file].first_line),
            [text.strip() for source in sources for text in source.lines],
        ),
    }
    header = trace.header
    return _Events(
        title=f"{header.algorithm} ({header.source})",
        programs=[f"program (pid_m {columns['pid_m'][at]}, pid_bh {columns['pid_bh'][at]})" for at in trace.bounds[:-1]],
        names=Texts(trace.order, [each.name for each in statements]),
        args=args,
        **_moved(trace),
    )


def _moved(trace: Trace) -> dict[str, np.ndarray]:
    """Bytes that each event read and wrote."""
    nbytes = trace.columns["nbytes"]
    return {
        "read": np.where(trace.of_events(lambda each: each.reads), nbytes, 0),
        "written": np.where(trace.of_events(lambda each: each.writes), nbytes, 0),
    }


def _generic(trace: Trace) -> _Events:
    columns, header, statements = trace.columns, trace.header, trace.header.statements
    tensor, moves = trace.tensors, trace.tensors >= 0
    axes = np.array([*(len(info.shape) for info in header.tensors), 0])[tensor]
    labels = {name: at for at, name in enumerate(sorted({each.name for each in statements}))}
    file, line = trace.of_events(lambda each: each.file), trace.of_events(lambda each: each.line)
    shapes, of_shape = np.unique(trace.blocks(), axis=0, return_inverse=True)
    args: dict[str, Texts | Numbers] = {
        "tensor": Texts(tensor, [info.name for info in header.tensors]),
        **{side: Numbers(columns[side], moves & (axes > axis)) for axis, sides in enumerate(trace.box_sides) for side in sides},
        "bytes": Numbers(columns["nbytes"], moves),
        "touched": Numbers(columns["touched"], moves),
        "block": Texts(of_shape.reshape(-1), [" x ".join(map(str, shape)) for shape in shapes.tolist()]),
        "flops": Numbers(columns["flops"], trace.ops == Op.DOT),
        "step": Numbers(columns["step"], np.ones(len(trace), bool)),
        "line": Numbers(line, file >= 0),
        "file": Texts(file, [source.file for source in header.sources]),
        "statement": Texts(trace.order, ["" if each.file < 0 else header.sources[each.file].line(each.line) for each in statements]),
    }
    return _Events(
        title=f"{header.kernel} ({header.source})",
        programs=[f"program ({', '.join(map(str, pid))})" for _, *pid in trace.spans],
        names=Texts(trace.of_events(lambda each: labels[each.name]), list(labels)),
        args=args,
        **_moved(trace),
    )


# --------------------------------------------------------------------------------------------------------------- where it stands


def _by_step(trace: Trace, events: _Events) -> Timeline:
    """One track a program; each launch begins after the longest program of the one before."""
    launch, step = trace.columns["launch"], trace.columns["step"].astype(np.int64)
    launches = int(launch.max(initial=-1)) + 1
    lengths = [int(step[launch == at].max(initial=-1)) + 1 for at in range(launches)]
    offsets = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    start = (offsets[launch] + step) * STEP_NS
    program = np.repeat(np.arange(len(events.programs)), np.diff(trace.bounds))
    under = launch[trace.bounds[:-1]].tolist()
    return Timeline(
        axis=STEPS,
        processes=[f"{events.title}, launch {at}: {STEPS}" for at in range(launches)],
        tracks=[(process, f"{name}, by step") for process, name in zip(under, events.programs, strict=True)],
        track=program, start=start, stop=start + STEP_NS, names=events.names, args=events.args,
        counters=_totals(events, start + STEP_NS),
    )  # fmt: skip


def _by_time(trace: Trace, events: _Events) -> Timeline:
    """One track an SM, and one more where programs share it."""
    stop, bounds = trace.columns["t_ns"], trace.bounds
    start = np.concatenate([stop[:1], stop[:-1]])
    start[bounds[:-1]] = stop[bounds[:-1]]  # no one says when a program began: its first report has no length
    if (stop < start).any():
        raise TraceError("expected times that never run backwards within a program, got others; record again with flashviz trace --clock")
    begins, ends, sms = start[bounds[:-1]], stop[bounds[1:] - 1], trace.columns["sm"][bounds[:-1]]
    order = np.lexsort((ends, begins)).tolist()
    places = _places(begins, ends, sms, order)
    known = sorted(set(places))
    rank = {place: at for at, place in enumerate(known)}
    track = np.repeat([rank[place] for place in places], np.diff(bounds))
    device = trace.header.versions.get("device", "GPU")
    made = Timeline(
        axis=str(trace.header.clock),
        processes=[f"{events.title} on {device}, reported at: {trace.header.clock}"],
        tracks=[(0, f"SM {sm}" + (f" ({lane + 1})" if lane else "")) for sm, lane in known],
        track=track, start=start, stop=stop, names=events.names, args=events.args, counters=_totals(events, stop),
    )  # fmt: skip
    return _reordered(made, np.concatenate([np.arange(bounds[program], bounds[program + 1]) for program in order]))


def _places(begins: np.ndarray, ends: np.ndarray, sms: np.ndarray, order: list[int]) -> list[tuple[int, int]]:
    """(SM, lane) of each program: the first lane of its SM on which, in the order of their beginnings, no other is still running."""
    places = [(0, 0)] * len(order)
    taken_until: dict[tuple[int, int], int] = {}
    for program in order:
        place = int(sms[program]), 0
        while taken_until.get(place, -1) > begins[program]:
            place = place[0], place[1] + 1
        taken_until[place] = int(ends[program])
        places[program] = place
    return places


def _reordered(timeline: Timeline, order: np.ndarray) -> Timeline:
    """The same slices in another order."""

    def arg(value: Texts | Numbers) -> Texts | Numbers:
        if isinstance(value, Texts):
            return Texts(value.index[order], value.texts)
        return Numbers(value.values[order], value.present[order])

    return replace(
        timeline, track=timeline.track[order], start=timeline.start[order], stop=timeline.stop[order],
        names=Texts(timeline.names.index[order], timeline.names.texts), args={name: arg(value) for name, value in timeline.args.items()},
    )  # fmt: skip


def _totals(events: _Events, at: np.ndarray) -> dict[str, Counter]:
    """Bytes that have crossed between HBM and the chip, of all programs together, when the slices have ended."""
    totals = {}
    for name, nbytes in (("HBM read", events.read), ("HBM written", events.written)):
        times, which = np.unique(at[nbytes > 0], return_inverse=True)
        sums = np.bincount(which, nbytes[nbytes > 0], len(times)).astype(np.int64)
        totals[name] = Counter(np.concatenate([[0], times]), np.concatenate([[0], np.cumsum(sums)]))
    return totals
