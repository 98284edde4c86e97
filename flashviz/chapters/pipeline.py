"""PipelineScene: a recording of the kernel by a GPU's own clock: one program, the programs of one SM, all SMs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise

import numpy as np

from flashviz.chapters.lanes import (
    BLEND,
    IDLE,
    PLACES,
    PRODUCTS,
    SCORES,
    SOFTMAX,
    STATES,
    STORE,
    K,
    Program,
    Strips,
    V,
    between,
    by_work,
    common,
    joined,
    places_of,
    products_of,
    programs_of,
    pushed,
)
from flashviz.errors import UsageError
from flashviz.layout import GAP, Aspect, Rect, columns, frame, rows
from flashviz.lettering import em
from flashviz.storyboard import Beat
from flashviz.trace import Trace

BEATS: tuple[Beat, ...] = (
    Beat(
        "one", "One program", 11.6, fresh=True, late=True, along=True,
        caption="Each step waits for the one before. Copies wait for PV.",
    ),
    Beat("copy", "Gaps", 4.6, fresh=True, late=True, along=True, caption="During copies and softmax the tensor cores wait."),
    Beat("two", "Two programs", 7.2, fresh=True, late=True, along=True, caption="A second program multiplies in the gaps of the first."),
    Beat("sm", "One SM", 5.6, fresh=True, late=True, along=True, caption="All of this SM's time: what its tensor cores do."),
    Beat(
        "together", "Pushed together", 7.4, fresh=True, late=True, along=True,
        caption="All {sms} SMs: work is pushed left, waiting is left over.",
    ),
    Beat("all", "All SMs", 6.8, fresh=True, late=True, along=True, caption="Tensor cores: busy {both} of the time, waiting {idle}."),
)  # fmt: skip
READ = 14  # letters a second, after half a second
TURNS = 2  # of a program, that are seen closely
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
    sms: list[int]  # by how many programs they ran, then by their last report
    places: int
    span: int  # ns

    @cached_property
    def pieces(self) -> list[tuple[Program, str, np.ndarray, bool]]:
        """Bars of each program and state, products in two parts: those during which no other program of the SM multiplies, and the rest."""
        found: list[tuple[Program, str, np.ndarray, bool]] = []
        for sm in self.sms:
            own = [p for p in self.programs if p.sm == sm]
            for p in own:
                others = joined([other for other in own if other is not p])
                free = between(others, (0.0, float(self.span)))
                for state, bars in p.bars.items():
                    if state in PRODUCTS:
                        found += [(p, state, common(bars, free), False), (p, state, common(bars, others), True)]
                    else:
                        found.append((p, state, bars, False))
        return found

    @property
    def rank(self) -> Mapping[int, int]:
        """Of each SM in ``sms``."""
        return {sm: at for at, sm in enumerate(self.sms)}

    @cached_property
    def parts(self) -> tuple[float, ...]:
        """Shares of all the time, of all SMs on average: a program of the first place multiplies, only one of the second, none."""
        each = [[float(np.diff(bars).sum()) / self.span for bars in cores(self, sm)] for sm in self.sms]
        return tuple(np.mean(each, 0).tolist())

    @cached_property
    def ran(self) -> Mapping[int, int]:
        """How many programs each SM ran."""
        return {sm: sum(p.sm == sm for p in self.programs) for sm in self.sms}

    @property
    def machine(self) -> str:
        """Which device it was, and what was computed, in one line."""
        c = self.trace.config
        return f"{self.trace.header.versions['device']}: N = {c.seq_q:,}, {c.heads} heads, d = {c.head_dim}, {c.dtype}."


@dataclass(frozen=True, eq=False)
class Pipeline:
    """The recording, the SM that is followed in it, and the time that is seen closely.

    ``gaps`` are times in it at which the SM's first program multiplies nothing, ns, each with what it does. ``tiles`` are its turns, each
    with the keys whose tile it works on.
    """

    recorded: Recorded
    sm: int
    window: Interval
    gaps: tuple[tuple[str, Interval], ...]
    tiles: tuple[tuple[str, Interval], ...]
    said: Mapping[str, str]

    @property
    def followed(self) -> list[Program]:
        """Programs of the followed SM."""
        return [p for p in self.recorded.programs if p.sm == self.sm]

    @property
    def meeting(self) -> np.ndarray:
        """When both of its programs multiply within the time that is seen closely: [n, 2], ns."""
        first, second = (joined([p for p in self.followed if p.place == place]) for place in range(PLACES))
        return common(common(first, second), np.array([self.window]))

    @property
    def longest_wait(self) -> Interval:
        """The longest time within what is seen closely in which neither multiplies, ns."""
        waits = between(common(joined(self.followed), np.array([self.window])), self.window).tolist()
        return max(((start, stop) for start, stop in waits), key=lambda wait: wait[1] - wait[0])

    @property
    def next_pair(self) -> float:
        """When the programs that are not the first of their place begin, ns, on average."""
        firsts: set[tuple[int, int]] = set()
        later = []
        for p in self.recorded.programs:
            if (p.sm, p.place) in firsts:
                later.append(p.start)
            firsts.add((p.sm, p.place))
        return float(np.mean(later))

    @property
    def fewer(self) -> tuple[str, int]:
        """How many programs ran on SMs that had not the most, in words, and on how many SMs."""
        counts = self.recorded.ran.values()
        less = [count for count in counts if count < max(counts)]
        return " or ".join(map(str, sorted(set(less)))), len(less)


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
    window = closely(own)
    said = {"sms": f"{len(found.sms)}", "both": percent(sum(found.parts[:PLACES])), "idle": percent(found.parts[-1])}
    return Pipeline(found, sm, window, gaps(_first(own), window), tiles(_first(own), window, trace.config.block_n), said)


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
    return Recorded(trace, programs, by_work(programs), places_of(programs), max(p.stop for p in programs))


def closely(programs: Sequence[Program]) -> Interval:
    """The turns of an SM's first program in which it and its neighbour use each other's copies best.

    A turn runs from its copies to the next one's. Best is where the lesser of both times, one's copies while the other multiplies, is
    largest.
    """
    one, other = _first(programs), next(p for p in programs if p.place == 1)
    begins = one.bars[K][:, 0]
    turns = list(zip(begins[:-TURNS].tolist(), begins[TURNS:].tolist(), strict=True))
    return max(turns, key=lambda turn: min(_used(a.bars[K], products_of([b]), turn) for a, b in ((one, other), (other, one))))


def turn(program: Program, start: float) -> list[tuple[str, Interval]]:
    """What a program does in the turn that begins at ``start``, ns, one after another: copies, product, softmax, product."""

    def following(state: str, time: float) -> Interval:
        begin, stop = next(bar for bar in program.bars[state].tolist() if bar[0] >= time)
        return begin, stop

    copies = following(K, start)
    scores = following(SCORES, copies[1])
    blend = following(BLEND, scores[1])
    return [(K, copies), (SCORES, scores), (SOFTMAX, (scores[1], blend[0])), (BLEND, blend)]


def tiles(program: Program, window: Interval, block: int) -> tuple[tuple[str, Interval], ...]:
    """A program's turns in a window, which is whole turns, each with the keys of its tile of ``block`` keys."""
    begins = program.bars[K][:, 0].tolist()
    first, stop = begins.index(window[0]), begins.index(window[1])
    turns = pairwise(begins[first : stop + 1])
    return tuple((f"keys {at * block}–{(at + 1) * block - 1}", turn) for at, turn in enumerate(turns, first))


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


TILES: Interval = (0.0, 0.1)  # of a program alone: which keys it works on, and what it is
ALONE: Mapping[str, Interval] = {"copies": (0.15, 0.35), "softmax": (0.43, 0.63), "tensor cores": (0.71, 0.91)}
UPPER: Mapping[str, Interval] = {"copies": (0.0, 0.13), "softmax": (0.16, 0.29), "tensor cores": (0.34, 0.5)}
LOWER: Mapping[str, Interval] = {"tensor cores": (0.54, 0.7), "softmax": (0.74, 0.86), "copies": (0.88, 1.0)}
SHARED: Interval = UPPER["tensor cores"]
HALVES: tuple[Interval, Interval] = ((SHARED[0], sum(SHARED) / 2), (sum(SHARED) / 2, SHARED[1]))  # of it, while both multiply


def _of(lanes: Mapping[str, Interval], down: float = 0.0) -> dict[str, Interval]:
    moved = {name: (top + down, bottom + down) for name, (top, bottom) in lanes.items()}
    return _lanes(moved["copies"], moved["softmax"], moved["tensor cores"])


OWN = ("copies", "softmax")  # lanes that each program has for itself
BETWEEN: Interval = LOWER["tensor cores"]  # free once the second program's products have joined the first one's


def named(place: int) -> dict[str, Interval]:
    """Lanes of the program on a place by their names, of which each program has one of its own."""
    return {f"{place + 1}: {name}": (UPPER, LOWER)[place][name] for name in OWN}


def products_named(place: int) -> dict[str, Interval]:
    """The lane of a program's products before they join those of the first one."""
    return {f"{place + 1}: multiply": BETWEEN}


@dataclass(frozen=True)
class Shot:
    """Lanes of each place, the one of the tensor cores, and how much is seen: of the programs, of waiting, of an SM's work as a whole.

    ``both`` are each place's lanes for what is multiplied while another program of the SM multiplies, too; ``whose`` is how far the
    first program's bars have its own hue instead of their state's.
    """

    lanes: Lanes
    both: tuple[Interval, Interval]
    cores: Interval
    programs: float = 1.0
    waiting: float = 0.0
    work: float = 0.0
    whose: float = 1.0


LINE: Interval = (0.0, 1.0)  # of an SM, where all are seen
ONE_LINE: Mapping[str, Interval] = dict.fromkeys(STATES, LINE)
ONCE: tuple[Interval, Interval] = (SHARED, (SHARED[1], SHARED[1]))  # what both multiply at once counts as the first one's
_BELOW, _MEETING = _of(LOWER, OUT), _of({**LOWER, "tensor cores": SHARED})
SHOTS: Mapping[str, Shot] = {
    "one": Shot((_of(ALONE), _BELOW), (ALONE["tensor cores"], _BELOW[SCORES]), ALONE["tensor cores"], whose=0.0),
    "beside": Shot((_of(UPPER), _of(LOWER)), (SHARED, LOWER["tensor cores"]), SHARED),
    "two": Shot((_of(UPPER), _MEETING), HALVES, SHARED),
    "once": Shot((_of(UPPER), _MEETING), ONCE, SHARED, waiting=1.0),
    "cores": Shot((_of(UPPER), _MEETING), ONCE, SHARED, programs=0.0, waiting=1.0, work=1.0),
    "all": Shot((ONE_LINE, ONE_LINE), (LINE, LINE), LINE, programs=0.0, waiting=1.0, work=1.0),
}


# What is seen in every picture, and the look that it has there.
FIRST, SECOND = STATES.index(SCORES), len(STATES) + STATES.index(SCORES)
LOOKS: Mapping[str, int] = {"program 1": FIRST, "2 alone": SECOND, "waiting": IDLE}


def swatch(look: int) -> Strips:
    """A bar of one look that takes all of a picture."""
    one = np.ones(1)
    return Strips([np.array([[0.0, 1.0]])], np.array([look]), 0 * one, one, 0 * one, one)


def strips(recording: Recorded, shot: Shot, together: float = 0.0, level: float = 0.0) -> Strips:
    """Bars of a recording's programs on the lanes of their places; SM by SM, as ``sms`` has them.

    Behind them what each SM's tensor cores do as a whole: work of its first place, of its second one, waiting; ``together`` is how far
    that is pushed to the left, from when it was (0) to one bar behind the other (1), and ``level`` how far each SM's parts are then
    drawn as long as they are on average.
    """
    found = []
    rank = recording.rank
    for p, state, bars, both in recording.pieces:
        lane = shot.both[p.place] if both else shot.lanes[p.place][state]
        own = 0.0 if p.place else shot.whose  # a second place's looks are all of its hue
        found.append((bars, p.place * len(STATES) + STATES.index(state), lane, rank[p.sm], shot.programs * (1 - own)))
        if not p.place:
            found.append((bars, FIRST, lane, rank[p.sm], shot.programs * own))
    ends = recording.span * np.array([0.0, *accumulate(recording.parts[:-1]), 1.0])
    for sm in dict.fromkeys(p.sm for p in recording.programs):
        start = 0.0
        looks = (FIRST, shot.work), (SECOND, shot.work), (IDLE, shot.waiting)
        for bars, (look, seen), mean in zip(cores(recording, sm), looks, pairwise(ends.tolist()), strict=True):
            goal = pushed(bars, start)
            stop = float(goal[-1, 1]) if len(goal) else start
            drawn = (1 - level) * (bars + together * (goal - bars)) + level * np.interp(goal, (start, stop), mean)
            found.append((drawn, look, shot.cores, rank[sm], seen))
            start = stop
    drawn, colour, lanes, ranks, seen = zip(*found, strict=True)
    spans = np.array(lanes) + np.array(ranks)[:, None]
    return Strips(drawn, np.array(colour), spans[:, 0], spans[:, 1], np.zeros(len(drawn)), np.array(seen))


def grid(rect: Rect, count: int) -> list[Rect]:
    """Places for all SMs, row by row: as many columns as make each most like the whole."""
    wide = min((n for n in range(1, count + 1) if count % n == 0), key=lambda n: abs(n - count / n))
    across = max(wide, count // wide) if rect.width > rect.height else min(wide, count // wide)
    return [cell.inset(GAP / 2) for row in rows(rect, count // across) for cell in columns(row, across)]


def within(part: Rect, whole: Rect, cell: Rect) -> Rect:
    """Where a part of ``whole`` lies when that is as large as ``cell``."""
    x, y = ((part.x0 - whole.x0, part.x1 - whole.x0), (part.y0 - whole.y0, part.y1 - whole.y0))
    across, up = cell.width / whole.width, cell.height / whole.height
    return Rect(cell.x0 + x[0] * across, cell.y0 + y[0] * up, cell.x0 + x[1] * across, cell.y0 + y[1] * up)


Table = Mapping[str, tuple[float, float, float, float]]

# Pixels of a frame whose short side has 1080, from its top left corner: left, top, right, bottom.
STAGE: Mapping[Aspect, Table] = {
    "16:9": {
        "title": (100, 44, 1820, 98),
        "names": (100, 130, 330, 774), "lanes": (340, 130, 1820, 774), "ticks": (340, 780, 1820, 826), "note": (100, 850, 1820, 938),
        "caption": (100, 946, 1820, 1072),
    },
    "4:3": {
        "title": (60, 34, 1380, 138),
        "names": (60, 156, 282, 730), "lanes": (290, 156, 1380, 730), "ticks": (290, 736, 1380, 782), "note": (60, 790, 1380, 926),
        "caption": (60, 940, 1380, 1072),
    },
    "1:1": {
        "title": (40, 26, 1040, 126),
        "names": (40, 144, 262, 700), "lanes": (270, 144, 1040, 700), "ticks": (270, 706, 1040, 752), "note": (40, 758, 1040, 938),
        "caption": (40, 944, 1040, 1072),
    },
    "9:16": {
        "title": (60, 110, 1020, 220),
        "names": (60, 250, 282, 1116), "lanes": (290, 250, 1020, 1116), "ticks": (290, 1122, 1020, 1168), "note": (60, 1190, 1020, 1376),
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
