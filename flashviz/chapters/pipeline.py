"""PipelineScene: a recording of the kernel by a GPU's own clock: one program, the programs of one SM, all SMs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from flashviz.chapters.lanes import (
    BLEND,
    IDLE,
    PLACES,
    SCORES,
    SOFTMAX,
    STATES,
    STORE,
    K,
    Program,
    Strips,
    V,
    at_work,
    between,
    by_end,
    common,
    joined,
    places_of,
    products_of,
    programs_of,
    pushed,
)
from flashviz.errors import UsageError
from flashviz.layout import Aspect, Rect, frame
from flashviz.lettering import em
from flashviz.storyboard import Beat
from flashviz.trace import Trace

BEATS: tuple[Beat, ...] = (
    Beat("one", "One program", 6.4, fresh=True, late=True, along=True, caption="One key tile: copy K and V, multiply, softmax, multiply."),
    Beat("copy", "Gaps", 6.4, fresh=True, late=True, along=True, caption="During copies and softmax the tensor cores wait."),
    Beat("two", "Two programs", 7.4, fresh=True, late=True, along=True, caption="A second program multiplies in the gaps of the first."),
    Beat(
        "sm", "One SM", 5.6, fresh=True, late=True, along=True,
        caption="{places} programs fit at once; when one ends, the next begins.",
    ),
    Beat("all", "All SMs", 5.6, fresh=True, late=True, along=True, caption="All {sms} SMs: a line each, only its tensor cores."),
    Beat(
        "pushed", "Work and waiting", 6.6, fresh=True, late=True, along=True,
        caption="Work pushed left: the second program nearly doubles it.",
    ),
)  # fmt: skip
READ = 14  # letters a second, after half a second
TURNS = 2  # of a program, that are seen closely
AROUND = 0.05  # of them, before and behind
OUT = 1.3  # heights of the stage, to what is not in the shot

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
    sms: list[int]  # by their last report
    places: int
    span: int  # ns

    @property
    def rank(self) -> Mapping[int, int]:
        """Of each SM in ``sms``."""
        return {sm: at for at, sm in enumerate(self.sms)}

    @property
    def machine(self) -> str:
        """Which device it was, and what was computed, in one line."""
        c = self.trace.config
        return f"{self.trace.header.versions['device']}: N = {c.seq_q:,}, {c.heads} heads, d = {c.head_dim}, {c.dtype}."


@dataclass(frozen=True, eq=False)
class Pipeline:
    """The recording, the SM that is followed in it, and the time that is seen closely.

    ``gaps`` are times in it at which the SM's first program multiplies nothing, ns, each with what it does. ``shares`` say by beat in how
    much of the time that is seen there any program that is seen multiplies, of all SMs on average; ``parts``, in how much of all the time
    a program of each SM's first place does, only one of its second place, and none.
    """

    recorded: Recorded
    sm: int
    window: Interval
    gaps: tuple[tuple[str, Interval], ...]
    shares: Mapping[str, float]
    parts: tuple[float, ...]
    said: Mapping[str, str]

    @property
    def followed(self) -> list[Program]:
        """Programs of the followed SM."""
        return [p for p in self.recorded.programs if p.sm == self.sm]


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
    ran = {sm: sum(p.sm == sm for p in found.programs) for sm in found.sms}
    sm = min(ran, key=lambda sm: (-ran[sm], sm))
    own = [p for p in found.programs if p.sm == sm]
    window = closely(own)
    whole = (0, found.span)
    each = [[float(np.diff(bars).sum()) / found.span for bars in cores(found, sm)] for sm in found.sms]
    parts = tuple(np.mean(each, 0).tolist())
    shares = {
        "copy": at_work([p for p in own if p.place == 0], window), "two": at_work(own, window), "sm": at_work(own, whole),
        "all": sum(parts[:PLACES]),
    }  # fmt: skip
    said = {"places": f"{found.places}", "sms": f"{len(found.sms)}"}
    return Pipeline(found, sm, window, gaps(_first(own), window), shares, parts, said)


def percent(share: float) -> str:
    """As it is written."""
    return f"{100 * share:.0f}%"


def cores(recording: Recorded, sm: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """An SM's time, ns, in disjoint bars: a program of its first place multiplies, only one of its second does, none does."""
    own = [p for p in recording.programs if p.sm == sm]
    first, both = joined([p for p in own if p.place == 0]), joined(own)
    whole = (0.0, float(recording.span))
    return first, common(both, between(first, whole)), between(both, whole)


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
    return Recorded(trace, programs, by_end(programs), places_of(programs), max(p.stop for p in programs))


def closely(programs: Sequence[Program]) -> Interval:
    """The turns of an SM's first program in which it and its neighbour use each other's copies best.

    A turn runs from its copies to the next one's. Best is where the lesser of both times, one's copies while the other multiplies, is
    largest.
    """
    one, other = _first(programs), next(p for p in programs if p.place == 1)
    begins = one.bars[K][:, 0]
    turns = list(zip(begins[:-TURNS].tolist(), begins[TURNS:].tolist(), strict=True))
    start, stop = max(turns, key=lambda turn: min(_used(a.bars[K], products_of([b]), turn) for a, b in ((one, other), (other, one))))
    margin = AROUND * (stop - start)
    return start - margin, stop + margin


def _first(programs: Sequence[Program]) -> Program:
    return next(p for p in programs if p.place == 0)


def gaps(program: Program, window: Interval) -> tuple[tuple[str, Interval], ...]:
    """From one of a program's products to its next one, where that is whole in a window, with what it does meanwhile."""
    found = []
    for (_, start), (stop, _) in pairwise(products_of([program]).tolist()):
        if window[0] <= start < stop <= window[1]:
            copies = program.bars[K]
            found.append((K if ((copies[:, 0] >= start) & (copies[:, 1] <= stop)).any() else SOFTMAX, (start, stop)))
    return tuple(found)


def _used(copies: np.ndarray, products: np.ndarray, window: Interval) -> int:
    """How long the other's products took, ns, during the copy within a window for which that is longest."""
    within = copies[(copies[:, 0] >= window[0]) & (copies[:, 1] <= window[1])].tolist()
    times = (np.clip(np.minimum(products[:, 1], stop) - np.maximum(products[:, 0], start), 0, None).sum() for start, stop in within)
    return max(map(int, times), default=0)


# ------------------------------------------------------------------------------------------------------------ where it stands

# Lanes in an SM's height, downwards from 0 to 1, of the program on its first place and of the one on its second. The tensor cores are the
# SM's: products of both stand in one lane.
Lanes = tuple[Mapping[str, Interval], Mapping[str, Interval]]


def _lanes(copies: Interval, softmax: Interval, products: Interval) -> dict[str, Interval]:
    """Of each state: V's copy is drawn beneath K's."""
    middle = sum(copies) / 2
    return {
        K: (copies[0], middle), V: (middle, copies[1]), SOFTMAX: softmax, SCORES: products, BLEND: products, STORE: copies,
    }  # fmt: skip


ALONE: Mapping[str, Interval] = {"copies": (0.05, 0.27), "softmax": (0.37, 0.59), "tensor cores": (0.74, 0.96)}
UPPER: Mapping[str, Interval] = {"copies": (0.02, 0.15), "softmax": (0.19, 0.32), "tensor cores": (0.4, 0.5)}
LOWER: Mapping[str, Interval] = {"tensor cores": (0.5, 0.6), "softmax": (0.68, 0.81), "copies": (0.85, 0.98)}
SHARED: Interval = (UPPER["tensor cores"][0], LOWER["tensor cores"][1])


def _of(lanes: Mapping[str, Interval], down: float = 0.0) -> dict[str, Interval]:
    moved = {name: (top + down, bottom + down) for name, (top, bottom) in lanes.items()}
    return _lanes(moved["copies"], moved["softmax"], moved["tensor cores"])


def both_named() -> dict[str, Interval]:
    """Lanes of both programs by their names, numbered where each program has one of its own."""
    numbered = {f"{at}: {name}": lanes[name] for at, lanes in ((1, UPPER), (2, LOWER)) for name in ("copies", "softmax")}
    return numbered | {"tensor cores": SHARED}


@dataclass(frozen=True)
class Shot:
    """Lanes of each place, the one of the tensor cores, and how much is seen: of the programs, of waiting, of an SM's work as a whole."""

    lanes: Lanes
    cores: Interval
    programs: float = 1.0
    waiting: float = 0.0
    work: float = 0.0


LINE: Interval = (0.0, 1.0)  # of an SM, where all are seen
ONE_LINE: Mapping[str, Interval] = dict.fromkeys(STATES, LINE)
SHOTS: Mapping[str, Shot] = {
    "one": Shot((_of(ALONE), _of(LOWER, OUT)), ALONE["tensor cores"]),
    "two": Shot((_of(UPPER), _of(LOWER)), SHARED),
    "waits": Shot((_of(UPPER), _of(LOWER)), SHARED, waiting=1.0),
    "all": Shot((ONE_LINE, ONE_LINE), LINE, programs=0.0, waiting=1.0, work=1.0),
}


def strips(recording: Recorded, shot: Shot, together: float = 0.0) -> Strips:
    """Bars of a recording's programs on the lanes of their places; SM by SM, the one that ended first at the top.

    Behind them what each SM's tensor cores do as a whole: work of its first place, of its second one, waiting; ``together`` is how far
    it is pushed to the left, from when it was (0) to one bar behind the other (1).
    """
    found = []
    for p in recording.programs:
        for state in STATES:
            look = p.place * len(STATES) + STATES.index(state)
            found.append((p.bars[state], look, shot.lanes[p.place][state], recording.rank[p.sm], shot.programs))
    for sm in dict.fromkeys(p.sm for p in recording.programs):
        start = 0.0
        looks = (STATES.index(SCORES), shot.work), (len(STATES) + STATES.index(SCORES), shot.work), (IDLE, shot.waiting)
        for bars, (look, seen) in zip(cores(recording, sm), looks, strict=True):
            goal = pushed(bars, start)
            start = float(goal[-1, 1]) if len(goal) else start
            found.append((bars + together * (goal - bars), look, shot.cores, recording.rank[sm], seen))
    bars, colour, lanes, rank, seen = zip(*found, strict=True)
    spans = np.array(lanes) + np.array(rank)[:, None]
    return Strips(bars, np.array(colour), spans[:, 0], spans[:, 1], np.zeros(len(bars)), np.array(seen))


Table = Mapping[str, tuple[float, float, float, float]]

# Pixels of a frame whose short side has 1080, from its top left corner: left, top, right, bottom.
STAGE: Mapping[Aspect, Table] = {
    "16:9": {
        "title": (100, 52, 1080, 108), "about": (100, 108, 1080, 156), "figure": (1090, 40, 1820, 166),
        "names": (100, 190, 330, 780), "lanes": (340, 190, 1820, 780), "ticks": (340, 786, 1820, 832), "note": (100, 850, 1820, 938),
        "caption": (100, 946, 1820, 1072),
    },
    "4:3": {
        "title": (60, 40, 1380, 92), "about": (60, 92, 740, 186), "figure": (750, 92, 1380, 216),
        "names": (60, 232, 282, 730), "lanes": (290, 232, 1380, 730), "ticks": (290, 736, 1380, 782), "note": (60, 790, 1380, 926),
        "caption": (60, 940, 1380, 1072),
    },
    "1:1": {
        "title": (40, 30, 1040, 82), "about": (40, 82, 1040, 128), "figure": (40, 134, 1040, 256),
        "names": (40, 268, 262, 700), "lanes": (270, 268, 1040, 700), "ticks": (270, 706, 1040, 752), "note": (40, 758, 1040, 938),
        "caption": (40, 944, 1040, 1072),
    },
    "9:16": {
        "title": (60, 110, 1020, 166), "about": (60, 166, 1020, 260), "figure": (60, 270, 1020, 396),
        "names": (60, 420, 282, 1130), "lanes": (290, 420, 1020, 1130), "ticks": (290, 1136, 1020, 1182), "note": (60, 1190, 1020, 1376),
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
