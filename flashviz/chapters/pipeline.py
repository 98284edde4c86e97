"""PipelineScene: a recording of the kernel by a GPU's own clock: one program, two on one SM, all SMs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy as np

from flashviz.chapters.lanes import (
    BLEND,
    IDLE,
    PLACES,
    SCORES,
    SOFTMAX,
    STATES,
    K,
    Program,
    Strips,
    V,
    at_work,
    between,
    common,
    joined,
    places_of,
    products_of,
    programs_of,
    swept,
)
from flashviz.citations import PING_PONG, PING_PONG_GAIN
from flashviz.errors import UsageError
from flashviz.layout import Aspect, Rect, frame
from flashviz.lettering import em
from flashviz.storyboard import Beat
from flashviz.trace import Trace

BEATS: tuple[Beat, ...] = (
    Beat("one", "One turn", 6.5, fresh=True, late=True, along=True, caption="One turn takes one tile of K and V, step after step."),
    Beat("copy", "Gaps", 6.5, fresh=True, late=True, along=True, caption="Tensor cores do the two matrix products. Else they wait."),
    Beat(
        "two", "Two programs", 7.0, fresh=True, late=True, along=True,
        caption="A second program, out of step, fills some of the waiting.",
    ),
    Beat("sm", "One SM", 6.4, fresh=True, late=True, along=True, caption="That was one turn. This SM does many, for {time} µs."),
    Beat("sort", "Sorted", 5.5, fresh=True, late=True, along=True, caption="Sorted: both products to the left, waiting to the right."),
    Beat("together", "All SMs", 4.5, fresh=True, late=True, along=True, caption="The other SMs wait about as long, or longer."),
    Beat("all", "On average", 4.7, fresh=True, late=True, along=True, caption="On average, tensor cores wait for most of the time."),
    Beat("plan", "Taking turns", 8.8, fresh=True, late=True, along=True, caption="{planner}: two halves take turns multiplying."),
)  # fmt: skip
READ = 14  # letters a second, after half a second

Interval = tuple[float, float]


def reading(caption: str) -> float:
    """Seconds that a caption is read."""
    return 0.5 + len(caption) / READ


# ---------------------------------------------------------------------------------------------------------- what is counted


@dataclass(frozen=True, eq=False)
class Recorded:
    """A recording, its programs in the order in which they began, and how many places its SMs have."""

    trace: Trace
    programs: list[Program]
    places: int
    span: int  # ns

    @cached_property
    def work(self) -> Mapping[int, tuple[np.ndarray, ...]]:
        """Each SM's time, ns, in disjoint bars: Q Kᵀ runs in at least one program, otherwise P V does, neither does."""
        found = {}
        for sm in dict.fromkeys(p.sm for p in self.programs):
            own = [p for p in self.programs if p.sm == sm]
            scores, both, whole = joined(own, (SCORES,)), joined(own), (0.0, float(self.span))
            found[sm] = scores, common(both, between(scores, whole)), between(both, whole)
        return found

    @cached_property
    def shares(self) -> Mapping[int, tuple[float, ...]]:
        """Of each SM's time, what ``work`` takes."""
        return {sm: tuple(float(np.diff(bars).sum()) / self.span for bars in parts) for sm, parts in self.work.items()}

    @cached_property
    def sms(self) -> list[int]:
        """Those first that wait least."""
        return sorted(self.shares, key=lambda sm: (self.shares[sm][-1], sm))

    @cached_property
    def rank(self) -> Mapping[int, int]:
        """Of each SM in ``sms``."""
        return {sm: at for at, sm in enumerate(self.sms)}

    @cached_property
    def parts(self) -> tuple[float, ...]:
        """``shares`` of all SMs on average."""
        return tuple(np.mean(list(self.shares.values()), 0).tolist())

    @cached_property
    def ran(self) -> Mapping[int, int]:
        """How many programs each SM ran."""
        return {sm: sum(p.sm == sm for p in self.programs) for sm in self.work}

    @property
    def machine(self) -> str:
        """Which device it was, and what was computed, in one line."""
        c = self.trace.config
        device = self.trace.header.versions["device"]
        return f"{device}: N = {c.seq_q:,}, {c.heads} heads, d = {c.head_dim}, {c.dtype}. Times include the timers."


@dataclass(frozen=True, eq=False)
class Pipeline:
    """The recording, the SM that is followed in it, and the time that is seen closely."""

    recorded: Recorded
    sm: int
    window: Interval
    said: Mapping[str, str]

    @property
    def followed(self) -> list[Program]:
        """Programs of the followed SM."""
        return [p for p in self.recorded.programs if p.sm == self.sm]

    def steps(self, place: int) -> list[tuple[str, Interval]]:
        """What the first program of a place does in the time that is seen closely, one after another: copies, products, softmax."""
        return steps(_first(self.followed, place), self.window)

    def waits(self, places: int = 1) -> list[Interval]:
        """When the first programs of so many places multiply nothing in that time, ns."""
        seen = [_first(self.followed, place) for place in range(places)]
        return _intervals(between(common(joined(seen), np.array([self.window])), self.window))

    @property
    def turn(self) -> int:
        """Which turn of its program's loop, of as many as it has tiles of keys, is seen closely; the first is 1."""
        return int((_first(self.followed, 0).bars[K][:, 0] <= self.window[0]).sum())

    @property
    def turns(self) -> int:
        """How many turns each program's loop has."""
        config = self.recorded.trace.config
        return -(-config.seq_k // config.block_n)


def gather(trace: Trace) -> Pipeline:
    """Count the recording.

    Raises:
        UsageError: It was not made by a GPU's clock or was altered, or has not what the film tells of.
    """
    found = recorded(trace)
    if trace.config.causal or found.places != PLACES:
        raise UsageError(
            f"expected a recording without a mask, {PLACES} programs an SM, got causal {trace.config.causal}, "
            f"{found.places} programs; choose the recording of docs/bench"
        )
    sm = min(found.ran, key=lambda sm: (-found.ran[sm], sm))
    own = [p for p in found.programs if p.sm == sm]
    said = {"sms": f"{len(found.sms)}", "time": f"{found.span / 1000:.0f}", "planner": PING_PONG.source.name, "gain": PING_PONG_GAIN}
    return Pipeline(found, sm, closely(own, found.shares[sm][-1]), said)


def percent(share: float) -> str:
    """As it is written."""
    return f"{100 * share:.0f}%"


def recorded(trace: Trace) -> Recorded:
    """A recording as it may be shown.

    Raises:
        UsageError: It was not made by a GPU's clock, or was altered.
    """
    header = trace.header
    if header.source != "triton-gpu" or header.altered is not None:
        what = header.source if header.altered is None else f"one that was altered ({header.altered})"
        raise UsageError(f"expected what a GPU recorded, got {what}; record on a GPU with flashviz trace --clock")
    programs = programs_of(trace)
    return Recorded(trace, programs, places_of(programs), max(p.stop for p in programs))


def closely(programs: Sequence[Program], waiting: float) -> Interval:
    """The turn of an SM's first program that waits most like ``waiting``, of those in whose every gap its neighbour multiplies, on its own.

    A turn runs from its copies to the next one's.
    """
    both = [_first(programs, place) for place in range(PLACES)]
    one, other = (products_of([program]) for program in both)

    def filled(turn: Interval) -> bool:
        inside = other[(other[:, 1] > turn[0]) & (other[:, 0] < turn[1])]
        gaps = between(common(one, np.array([turn])), turn)
        return np.array_equal(common(inside, gaps), inside) and all(len(common(inside, gap[None])) for gap in gaps)

    turns = filter(filled, pairwise(both[0].bars[K][:, 0].tolist()))
    return min(turns, key=lambda turn: abs(1 - at_work(both, turn) - waiting))


def steps(program: Program, window: Interval) -> list[tuple[str, Interval]]:
    """What a program does in a window, ns, one after another; softmax is what lies from Q Kᵀ to P V."""
    products, blends = program.bars[SCORES], program.bars[BLEND]
    softmax = np.stack([products[:, 1], blends[:, 0]], 1)
    found = [
        (state, bar)
        for state, bars in ((K, program.bars[K]), (SCORES, products), (SOFTMAX, softmax), (BLEND, blends))
        for bar in _intervals(common(bars, np.array([window])))
    ]
    return sorted(found, key=lambda step: step[1])


def planned(place: int, span: float) -> list[tuple[str, Interval]]:
    """What a half of a program of FlashAttention-3 does, in a schematic ``span`` long: its products while the other one does softmax.

    The products of a slot are P V of one tile and Q Kᵀ of the next (Shah et al. 2024, section 3.1).
    """
    found: list[tuple[str, Interval]] = []
    for slot, start in enumerate(np.linspace(0.0, span, SLOTS, endpoint=False).tolist()):
        stop, middle = start + span / SLOTS, start + span / SLOTS / 2
        found += [(BLEND, (start, middle)), (SCORES, (middle, stop))] if slot % PLACES == place else [(SOFTMAX, (start, stop))]
    return found


def _first(programs: Sequence[Program], place: int = 0) -> Program:
    return next(p for p in programs if p.place == place)


def _intervals(bars: np.ndarray) -> list[Interval]:
    return [(start, stop) for start, stop in bars.tolist()]


# ------------------------------------------------------------------------------------------------------------ where it stands


class Rows(NamedTuple):
    """Where an SM's first program, its tensor cores and its second program stand in the picture's height, downwards from 0 to 1."""

    first: Interval
    cores: Interval
    second: Interval

    def program(self, place: int) -> Interval:
        """Of the program of a place."""
        return (self.first, self.second)[place]

    def to(self, other: Rows, share: float) -> Rows:
        """On the way to other places."""
        return Rows(*(toward(one, two, share) for one, two in zip(self, other, strict=True)))


APART = 0.14  # of its height, above and below the line of an SM, as long as few are seen
RECORDED, HEADING = (0.0, 0.22), (0.24, 0.39)  # of the height, in the last picture: what was recorded, and of what the plan beneath is
SLOTS = 4  # of that plan
ROWS: Mapping[str, Rows] = {
    "one": Rows((0.03, 0.43), (0.57, 0.97), (1.2, 1.46)),
    "two": Rows((0.0, 0.27), (0.365, 0.635), (0.73, 1.0)),
    "sm": Rows((-0.37, -0.1), (APART, 1 - APART), (1.1, 1.37)),
    "plan": Rows((0.41, 0.57), (0.625, 0.785), (0.84, 1.0)),
}
WORK = (STATES.index(SCORES), STATES.index(BLEND), IDLE)  # looks of what an SM's tensor cores do


def toward(one: Interval, other: Interval, share: float) -> Interval:
    """A stretch on its way to another."""
    start, stop = ((1 - share) * a + share * b for a, b in zip(one, other, strict=True))
    return start, stop


def halves(row: Interval) -> Mapping[str, Interval]:
    """Where each state stands in a program's row: K and V are copied at once."""
    middle = sum(row) / 2
    return dict.fromkeys(STATES, row) | {K: (row[0], middle), V: (middle, row[1])}


def strips(found: Pipeline, rows: Rows, *, programs: float = 0.0, work: float = 0.0, time: float = 0.0) -> Strips:
    """Bars of the followed SM: what its programs do in their rows, what its tensor cores do in theirs, as far as either is seen.

    What was before ``time``, ns, of the tensor cores is sorted: Q Kᵀ, P V, waiting.
    """
    drawn = [
        (bars, STATES.index(state), halves(rows.program(p.place))[state], programs)
        for p in found.followed
        for state, bars in p.bars.items()
    ]
    start = 0.0
    for bars, look in zip(found.recorded.work[found.sm], WORK, strict=True):
        drawn.append((swept(bars, time, start), look, rows.cores, work))
        start = float(drawn[-1][0][0, 1])
    bars, looks, lanes, seen = zip(*drawn, strict=True)
    return _strips(bars, looks, np.array(lanes) + found.recorded.rank[found.sm], seen)


def stacked(recorded: Recorded, level: float = 0.0, apart: float = 0.0) -> Strips:
    """Each SM's time, sorted, on a line of its own; ``level`` is how far its parts are drawn as long as they are on average.

    ``apart`` of a line's height is free above it and below.
    """
    bars: list[np.ndarray] = []
    for sm in recorded.sms:
        shares = [(1 - level) * own + level * mean for own, mean in zip(recorded.shares[sm], recorded.parts, strict=True)]
        bars += [np.array([part]) * recorded.span for part in pairwise([0.0, *accumulate(shares)])]
    lines = np.repeat([(at + apart, at + 1 - apart) for at in range(len(recorded.sms))], len(WORK), axis=0)
    return _strips(bars, WORK * len(recorded.sms), lines, [1.0] * len(bars))


def _strips(bars: Sequence[np.ndarray], looks: Sequence[int], lines: np.ndarray, seen: Sequence[float]) -> Strips:
    return Strips(bars, np.array(looks), lines[:, 0], lines[:, 1], np.zeros(len(bars)), np.array(seen))


Table = Mapping[str, tuple[float, float, float, float]]

# Pixels of a frame whose short side has 1080, from its top left corner: left, top, right, bottom.
STAGE: Mapping[Aspect, Table] = {
    "16:9": {
        "title": (100, 40, 1820, 94),
        "names": (100, 120, 330, 822), "lanes": (340, 120, 1820, 822), "ticks": (340, 826, 1820, 870), "note": (100, 890, 1820, 938),
        "caption": (100, 946, 1820, 1072),
    },
    "4:3": {
        "title": (60, 34, 1380, 138),
        "names": (60, 156, 282, 764), "lanes": (290, 156, 1380, 764), "ticks": (290, 770, 1380, 814), "note": (60, 832, 1380, 934),
        "caption": (60, 940, 1380, 1072),
    },
    "1:1": {
        "title": (40, 26, 1040, 126),
        "names": (40, 144, 262, 770), "lanes": (270, 144, 1040, 770), "ticks": (270, 776, 1040, 820), "note": (40, 838, 1040, 938),
        "caption": (40, 944, 1040, 1072),
    },
    "9:16": {
        "title": (40, 110, 1040, 220),
        "names": (40, 250, 258, 1200), "lanes": (266, 250, 1040, 1200), "ticks": (266, 1206, 1040, 1252), "note": (40, 1270, 1040, 1376),
        "caption": (60, 1390, 1020, 1528),
    },
}  # fmt: skip


def stage(aspect: Aspect) -> dict[str, Rect]:
    """Where each part stands, in scene units."""
    whole = frame(aspect)

    def rect(left: float, top: float, right: float, bottom: float) -> Rect:
        return Rect(whole.x0 + em(left), whole.y1 - em(bottom), whole.x0 + em(right), whole.y1 - em(top))

    return {part: rect(*edges) for part, edges in STAGE[aspect].items()}


def ticks(window: Interval, most: int) -> list[float]:
    """Round times, ns, in a window: 1, 2 or 5 times a power of ten apart, at most so many."""
    step = next(step for power in range(12) for step in (10.0**power * base for base in (1, 2, 5)) if (window[1] - window[0]) / step < most)
    first, last = int(np.ceil(window[0] / step)), int(np.floor(window[1] / step))
    return [at * step for at in range(first, last + 1)]
