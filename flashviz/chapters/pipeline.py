"""PipelineScene: two recordings of the kernel by a GPU's own clock: one program, the programs of one SM, all SMs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from flashviz.chapters.lanes import (
    BLEND,
    PRODUCTS,
    SCORES,
    SOFTMAX,
    STATES,
    STORE,
    K,
    Program,
    Shared,
    Strips,
    V,
    by_end,
    empty,
    places_of,
    programs_of,
    scheduled,
    shared,
)
from flashviz.errors import UsageError
from flashviz.layout import Aspect, Rect, frame
from flashviz.lettering import em
from flashviz.storyboard import Beat
from flashviz.trace import Trace

BEATS: tuple[Beat, ...] = (
    Beat("one", "One program", 7.2, fresh=True, late=True, along=True, caption="One key tile: copy K and V, multiply, softmax, multiply."),
    Beat(
        "copy", "Nothing hides the copy", 6.2, fresh=True, late=True, along=True,
        caption="While it copies K and V, it multiplies nothing.",
    ),
    Beat("pause-a", "Question", 4, pause=True, caption="Who could use the tensor cores meanwhile?"),
    Beat("two", "Two programs", 8, fresh=True, late=True, along=True, caption="A second program on this SM: one copies, one multiplies."),
    Beat("sm", "One SM", 5.2, fresh=True, late=True, along=True, caption="This SM ran {programs} programs, {places} at a time."),
    Beat("all", "All SMs", 6.2, fresh=True, late=True, along=True, caption="All {sms} SMs: equal programs end almost together."),
    Beat(
        "causal", "A causal mask", 8.4, fresh=True, late=True, along=True,
        caption="A causal mask: long programs begin last, and leave a tail.",
    ),
    Beat(
        "longest", "Longest first", 7.4, fresh=True, late=True, along=True,
        caption="Longest first: computed from these times, not measured.",
    ),
)  # fmt: skip
READ = 14  # letters a second, after half a second
PLACES = 2  # on an SM, of the recording without a mask: the stage has lanes for two
TURNS = 2  # of a program, that are seen closely
AROUND = 0.05  # of them, before and behind
RIBBON = 0.9  # of an SM's height, where all are seen
LATE, TALLER = 1 / 16, 1.6  # of the programs, those that began last; their height where they are spoken of, in SMs
EARLIER = 0.4  # how much is seen of the others meanwhile
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
    def empty(self) -> float:
        """Share of all places' time in which no program stood on them."""
        return empty([p.seconds for p in self.programs], self.places * len(self.sms), self.span)

    @property
    def longest_first(self) -> list[tuple[int, int]]:
        """(place, start) of each program, were they to begin in the order of how long they took."""
        order = sorted(range(len(self.programs)), key=lambda at: -self.programs[at].seconds)
        found = dict(zip(order, scheduled([self.programs[at].seconds for at in order], self.places * len(self.sms)), strict=True))
        return [found[at] for at in range(len(self.programs))]

    @property
    def machine(self) -> str:
        """Which device it was, and what was computed, in one line."""
        c = self.trace.config
        mask = ", causal" if c.causal else ""
        return f"{self.trace.header.versions['device']}: N = {c.seq_q:,}, {c.heads} heads, d = {c.head_dim}, {c.dtype}{mask}."


@dataclass(frozen=True, eq=False)
class Pipeline:
    """Both recordings, the SM that is followed in the first, and the time that is seen closely.

    ``meanwhile`` are copies, ns, during which the other program of the SM multiplied.
    """

    plain: Recorded
    causal: Recorded
    sm: int
    window: Interval
    meanwhile: tuple[Interval, ...]
    shares: Mapping[int, Shared]
    said: Mapping[str, str]

    @property
    def followed(self) -> list[Program]:
        """Programs of the followed SM."""
        return [p for p in self.plain.programs if p.sm == self.sm]


def gather(plain: Trace, causal: Trace) -> Pipeline:
    """Count both recordings.

    Raises:
        UsageError: One was not made by a GPU's clock or was altered, or they are not the pair that the film tells of.
    """
    first, second = recorded(plain), recorded(causal)
    if plain.config.causal or not causal.config.causal or first.places != PLACES:
        raise UsageError(
            f"expected a recording without a mask, {PLACES} programs an SM, and one with, got causal {plain.config.causal}, "
            f"{first.places} programs, and causal {causal.config.causal}; choose the recordings of docs/bench"
        )
    ran = {sm: sum(p.sm == sm for p in first.programs) for sm in first.sms}
    sm = min(ran, key=lambda sm: (-ran[sm], sm))
    window, meanwhile = closely([p for p in first.programs if p.sm == sm])
    said = {"programs": f"{ran[sm]}", "places": f"{first.places}", "sms": f"{len(first.sms)}"}
    return Pipeline(first, second, sm, window, meanwhile, shared(first.programs), said)


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


def closely(programs: Sequence[Program]) -> tuple[Interval, tuple[Interval, ...]]:
    """The turns of an SM's first program in which it and its neighbour use each other's copies best, and these copies.

    A turn runs from its copies to the next one's. Best is where the lesser of both times, one's copies while the other multiplies, is
    largest.
    """
    one = next(p for p in programs if p.place == 0)
    other = next(p for p in programs if p.place == 1)
    begins = one.bars[K][:, 0]
    found: tuple[int, Interval, tuple[Interval, ...]] | None = None
    for start, stop in zip(begins[:-TURNS].tolist(), begins[TURNS:].tolist(), strict=True):
        copies = [_used(a.bars[K], products_of(b), (start, stop)) for a, b in ((one, other), (other, one))]
        least = min(time for time, _ in copies)
        if found is None or least > found[0]:
            found = least, (start, stop), tuple(bar for _, bar in copies)
    assert found is not None
    _, (start, stop), meanwhile = found
    margin = AROUND * (stop - start)
    return (start - margin, stop + margin), meanwhile


def products_of(program: Program) -> np.ndarray:
    """Bars of both products, in their order."""
    both = np.concatenate([program.bars[state] for state in PRODUCTS])
    return both[np.argsort(both[:, 0])]


def _used(copies: np.ndarray, products: np.ndarray, window: Interval) -> tuple[int, Interval]:
    """The copy within a window during which the other's products took longest, and how long that was."""
    best, which = -1, window
    for start, stop in copies[(copies[:, 0] >= window[0]) & (copies[:, 1] <= window[1])].tolist():
        time = int(np.clip(np.minimum(products[:, 1], stop) - np.maximum(products[:, 0], start), 0, None).sum())
        if time > best:
            best, which = time, (start, stop)
    return best, which


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
UPPER: Mapping[str, Interval] = {"copies": (0.02, 0.16), "softmax": (0.2, 0.34), "tensor cores": (0.41, 0.56)}
LOWER: Mapping[str, Interval] = {"tensor cores": (0.44, 0.59), "softmax": (0.66, 0.8), "copies": (0.84, 0.98)}


def _of(lanes: Mapping[str, Interval], down: float = 0.0) -> dict[str, Interval]:
    moved = {name: (top + down, bottom + down) for name, (top, bottom) in lanes.items()}
    return _lanes(moved["copies"], moved["softmax"], moved["tensor cores"])


def both_named() -> dict[str, Interval]:
    """Lanes of both programs by their names, numbered where each program has one of its own."""
    numbered = {f"{name} {at}": lanes[name] for at, lanes in ((1, UPPER), (2, LOWER)) for name in ("copies", "softmax")}
    return numbered | {"tensor cores": (UPPER["tensor cores"][0], LOWER["tensor cores"][1])}


SHOTS: Mapping[str, Lanes] = {"one": (_of(ALONE), _of(LOWER, OUT)), "two": (_of(UPPER), _of(LOWER))}


def ribbons(places: int) -> list[dict[str, Interval]]:
    """Where all SMs are seen: a ribbon a place, on which a program's bars follow one another. K stands for both copies."""
    each = RIBBON / places
    return [dict.fromkeys(STATES, (at * each, (at + 1) * each)) | {V: ((at + 1) * each,) * 2} for at in range(places)]


def strips(recording: Recorded, lanes: Sequence[Mapping[str, Interval]]) -> Strips:
    """Bars of a recording's programs on the lanes of their places; SM by SM, the one that ended first at the top."""
    each, rank = [(p, state) for p in recording.programs for state in STATES], recording.rank
    spans = np.array([lanes[p.place][state] for p, state in each]) + np.array([[rank[p.sm]] for p, _ in each])
    colour = np.array([STATES.index(state) for _, state in each])
    return Strips([p.bars[state] for p, state in each], colour, spans[:, 0], spans[:, 1], np.zeros(len(each)), np.ones(len(each)))


def late(recording: Recorded, drawn: Strips) -> Strips:
    """The same bars; the programs that began last are drawn taller, of the others only a little is seen."""
    begun = len(recording.programs) - round(LATE * len(recording.programs))
    chosen = np.repeat(np.arange(len(recording.programs)) >= begun, len(STATES)) & (drawn.bottom > drawn.top)
    middle = (drawn.top + drawn.bottom) / 2
    return replace(
        drawn, weight=np.where(chosen, 1.0, EARLIER),
        top=np.where(chosen, middle - TALLER / 2, drawn.top), bottom=np.where(chosen, middle + TALLER / 2, drawn.bottom),
    )  # fmt: skip


def rearranged(recording: Recorded, drawn: Strips) -> Strips:
    """The same bars, were the longest program to begin first. Places are in the order in which the last program on each ends."""
    found = recording.longest_first
    ends: dict[int, int] = {}
    for p, (place, start) in zip(recording.programs, found, strict=True):
        ends[place] = max(ends.get(place, 0), start + p.seconds)
    order = {place: at for at, place in enumerate(sorted(ends, key=lambda place: (ends[place], place)))}
    lanes = ribbons(recording.places)
    tops, bottoms, shift = [], [], []
    for p, (place, start) in zip(recording.programs, found, strict=True):
        sm, at = divmod(order[place], recording.places)
        for state in STATES:
            top, bottom = lanes[at][state]
            tops.append(sm + top)
            bottoms.append(sm + bottom)
            shift.append(start - p.start)
    return replace(drawn, top=np.array(tops), bottom=np.array(bottoms), shift=np.array(shift, float))


Table = Mapping[str, tuple[float, float, float, float]]

# Pixels of a frame whose short side has 1080, from its top left corner: left, top, right, bottom.
STAGE: Mapping[Aspect, Table] = {
    "16:9": {
        "title": (100, 52, 1080, 108), "about": (100, 108, 1080, 156), "first": (1090, 40, 1445, 166), "second": (1465, 40, 1820, 166),
        "names": (100, 190, 330, 780), "lanes": (340, 190, 1820, 780), "ticks": (340, 786, 1820, 832), "note": (100, 840, 1820, 934),
        "caption": (100, 946, 1820, 1072),
    },
    "4:3": {
        "title": (60, 40, 1380, 92), "about": (60, 92, 740, 186), "first": (750, 92, 1060, 216), "second": (1070, 92, 1380, 216),
        "names": (60, 232, 282, 730), "lanes": (290, 232, 1380, 730), "ticks": (290, 736, 1380, 782), "note": (60, 790, 1380, 926),
        "caption": (60, 940, 1380, 1072),
    },
    "1:1": {
        "title": (40, 30, 1040, 82), "about": (40, 82, 1040, 128), "first": (40, 134, 530, 256), "second": (550, 134, 1040, 256),
        "names": (40, 268, 262, 700), "lanes": (270, 268, 1040, 700), "ticks": (270, 706, 1040, 752), "note": (40, 758, 1040, 938),
        "caption": (40, 944, 1040, 1072),
    },
    "9:16": {
        "title": (60, 110, 1020, 166), "about": (60, 166, 1020, 260), "first": (60, 270, 530, 396), "second": (550, 270, 1020, 396),
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
