"""Lanes of a clocked recording: what each program of a kernel did when, and how much of every pixel it covers. No manim.

A report is made when something is done. So the bar of an event reaches from the report before it, of the same program, to its own. The two
products are waited for where the kernel has a clock, and copies of K and V behind the second product of the turn before (the compiler's
order at two stages, held to the machine code in tests/test_pipeline.py): their bars hold all of their time, and the reports' own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from flashviz.errors import UsageError
from flashviz.trace import Kind, Trace

K, V, SCORES, SOFTMAX, BLEND, STORE = STATES = ("K", "V", "scores", "softmax", "blend", "store")
PRODUCTS = (SCORES, BLEND)
KINDS: Mapping[str, tuple[Kind, ...]] = {
    K: (Kind.LOAD_K,),
    V: (Kind.LOAD_K,),  # both have been waited for when K's tile is reported
    SCORES: (Kind.QK_DOT,),
    SOFTMAX: (
        Kind.MASK, Kind.SOFTMAX_M, Kind.ALPHA, Kind.SOFTMAX_P, Kind.SOFTMAX_L, Kind.RESCALE_ACC, Kind.LOAD_V, Kind.NORMALIZE,
    ),
    BLEND: (Kind.PV_DOT,),
    STORE: (Kind.STORE_O, Kind.STORE_LSE),
}  # fmt: skip
STAGES = 2  # of the copies, for which the order above holds
PLACES = 2  # programs of an SM that are shown at once
IDLE = len(STATES)  # the colour of time in which nobody multiplies, behind those of the states


@dataclass(frozen=True, eq=False)
class Program:
    """One program of a recording: where and when it ran, in ns.

    ``place`` counts the programs that were on its SM at once: the lowest that was free. ``bars`` [n, 2] by state, in their order.
    """

    pid_m: int
    pid_bh: int
    sm: int
    place: int
    start: int
    stop: int
    bars: Mapping[str, np.ndarray]

    @property
    def seconds(self) -> int:
        """How long it ran, in ns."""
        return self.stop - self.start


def programs_of(trace: Trace) -> list[Program]:
    """The programs of a clocked recording in the order in which they began.

    Raises:
        UsageError: It has no clock, or another order of copies than is known.
    """
    header, columns = trace.header, trace.columns
    if header.clock is None or header.resources is None or header.resources.stages != STAGES:
        raise UsageError(
            f"expected a recording with a clock, of a kernel with {STAGES} stages, got another; record with --clock --stages 2"
        )
    found = []
    for first, stop in zip(trace.bounds[:-1].tolist(), trace.bounds[1:].tolist(), strict=True):
        kinds, ends = columns["kind"][first:stop], columns["t_ns"][first:stop]
        if (np.diff(ends) < 0).any():
            raise UsageError("expected reports of a program in their order, got a clock that runs backwards; record again")
        begins = np.concatenate([ends[:1], ends[:-1]])
        bars = {state: np.stack([begins, ends], 1)[np.isin(kinds, KINDS[state]) & (ends > begins)] for state in STATES}
        pid = int(columns["pid_m"][first]), int(columns["pid_bh"][first])
        found.append(Program(*pid, int(columns["sm"][first]), 0, int(ends[0]), int(ends[-1]), bars))
    return placed(found)


def placed(programs: Sequence[Program]) -> list[Program]:
    """Each on the lowest place of its SM that is free when it begins."""
    free: dict[int, list[int]] = {}  # when the program that was last on each place of an SM ended
    found = []
    for p in sorted(programs, key=lambda p: (p.start, p.sm)):
        ends = free.setdefault(p.sm, [])
        place = next((at for at, end in enumerate(ends) if end <= p.start), len(ends))
        ends[place : place + 1] = [p.stop]
        found.append(Program(p.pid_m, p.pid_bh, p.sm, place, p.start, p.stop, p.bars))
    return found


def places_of(programs: Sequence[Program]) -> int:
    """Most programs that were on one SM at once."""
    return 1 + max(p.place for p in programs)


# ------------------------------------------------------------------------------------------------------------- what is counted


def products_of(programs: Sequence[Program], states: Sequence[str] = PRODUCTS) -> np.ndarray:
    """Bars of both products of all these programs, or of one of them, by their begin: [n, 2], ns."""
    both = np.concatenate([np.empty((0, 2), int), *(p.bars[state] for p in programs for state in states)])
    return both[np.argsort(both[:, 0], kind="stable")]


def at_work(programs: Sequence[Program], window: tuple[float, float]) -> float:
    """The share of a window of time, ns, in which at least one of these programs multiplies."""
    starts, stops = np.clip(products_of(programs), *window).T
    before = np.maximum.accumulate(np.concatenate([window[:1], stops[:-1]]))  # until when what began earlier lasts
    return float(np.maximum(stops - np.maximum(starts, before), 0).sum() / (window[1] - window[0]))


def joined(programs: Sequence[Program], states: Sequence[str] = PRODUCTS) -> np.ndarray:
    """When at least one of these programs multiplies, or does one of the two products: disjoint, sorted [n, 2], ns."""
    bars = products_of(programs, states)
    if not len(bars):
        return bars
    last = np.maximum.accumulate(bars[:, 1])
    begins = np.concatenate([[True], bars[1:, 0] > last[:-1]])
    return np.stack([bars[begins, 0], last[np.concatenate([begins[1:], [True]])]], 1)


def between(bars: np.ndarray, window: tuple[float, float]) -> np.ndarray:
    """What disjoint, sorted ``bars`` [n, 2] leave of a window that holds them: [m, 2]."""
    gaps = np.concatenate([window[:1], bars.ravel(), window[1:]]).reshape(-1, 2)
    return gaps[gaps[:, 1] > gaps[:, 0]]


def common(bars: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The times that lie in both of two sets of disjoint, sorted bars: [n, 2]."""
    starts, stops = np.maximum(bars[:, None, 0], others[None, :, 0]), np.minimum(bars[:, None, 1], others[None, :, 1])
    return np.stack([starts[stops > starts], stops[stops > starts]], 1)


def swept(bars: np.ndarray, time: float, start: float) -> np.ndarray:
    """Disjoint, sorted ``bars`` [n, 2]: what was before ``time`` as one bar from ``start`` on, then what comes later: [m, 2]."""
    before = float(np.diff(np.minimum(bars, time)).sum())
    return np.concatenate([[[start, start + before]], np.maximum(bars[bars[:, 1] > time], time)])


# --------------------------------------------------------------------------------------------------------------- what is drawn


def covered(bars: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Share of each interval between ``edges`` [w + 1] that disjoint, sorted ``bars`` [n, 2] cover: [w]."""
    if not len(bars):
        return np.zeros(len(edges) - 1)
    before = np.concatenate([[0], np.cumsum(bars[:, 1] - bars[:, 0])])
    sums = np.interp(edges, bars.ravel(), np.repeat(before, 2)[1:-1])
    return np.asarray(np.diff(sums) / np.diff(edges))


@dataclass(frozen=True, eq=False)
class Strips:
    """Where bars stand: strip s shows ``bars[s]``, ns, moved by ``shift[s]``, between ``top[s]`` and ``bottom[s]``, downwards, in SMs.

    ``colour`` is which of the colours, ``weight`` how much of it is seen, 0 to 1.
    """

    bars: Sequence[np.ndarray]
    colour: np.ndarray
    top: np.ndarray
    bottom: np.ndarray
    shift: np.ndarray
    weight: np.ndarray


def coverage(strips: Strips, across: tuple[float, float], down: tuple[float, float], shape: tuple[int, int], colours: int) -> np.ndarray:
    """How much of each pixel the strips of each colour cover, exact areas: [colours, height, width].

    Args:
        across: Window of time, ns.
        down: Window of SMs, first and one past the last that is seen.
        shape: Height and width in pixels.
    """
    height, width = shape
    edges = np.linspace(*across, width + 1)
    tops, bottoms = ((side - down[0]) * height / (down[1] - down[0]) for side in (strips.top, strips.bottom))
    found = np.zeros((colours, height, width), np.float32)
    first, last = np.floor(np.clip(tops, 0, height)).astype(int), np.ceil(np.clip(bottoms, 0, height)).astype(int)
    for s in np.flatnonzero(last > first).tolist():
        bars = strips.bars[s]
        if not len(bars) or bars[0, 0] + strips.shift[s] >= across[1] or bars[-1, 1] + strips.shift[s] <= across[0]:
            continue
        seen = np.searchsorted(edges, (bars[0, 0] + strips.shift[s], bars[-1, 1] + strips.shift[s]))
        left, right = max(0, seen[0] - 1), min(width, seen[1])
        rows = np.arange(first[s], last[s])
        share = np.clip(np.minimum(rows + 1, bottoms[s]) - np.maximum(rows, tops[s]), 0, 1).astype(np.float32)
        line = covered(bars, edges[left : right + 1] - strips.shift[s]).astype(np.float32)
        found[strips.colour[s], first[s] : last[s], left:right] += share[:, None] * (strips.weight[s] * line)
    return found


def zoomed(start: tuple[float, float], end: tuple[float, float], share: float) -> tuple[float, float]:
    """A window between two: its length by equal ratios, about the one point that stays where it is."""
    before, after = start[1] - start[0], end[1] - end[0]
    length = before ** (1 - share) * after**share
    moved = share if before == after else (length - before) / (after - before)
    left = start[0] + moved * (end[0] - start[0])
    return left, left + length
