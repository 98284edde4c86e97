"""RooflineScene: operations and bytes of one row block, and an A100's roof (Williams et al. 2009) over their ratio."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from flashviz.chapters.measured import Point
from flashviz.chapters.memory_hierarchy import bytes_of
from flashviz.citations import A100_MEMORIES, H100_MEMORIES, PEAK_TFLOPS, Peak
from flashviz.config import BLOCKS, SHARED_LIMIT, AttentionConfig, tiles_bytes
from flashviz.device import REGISTERS
from flashviz.errors import ConfigError
from flashviz.memory import FLOAT32, traffic
from flashviz.storyboard import Beat
from flashviz.trace import Kind, Trace

BEATS: tuple[Beat, ...] = (
    Beat("block", "One row block", 6.8, shot="work", late=True, along=True,
         caption="One block of queries: what is computed, what crosses?"),
    Beat("standard", "Standard attention", 7.0, shot="work", late=True, along=True,
         caption="Standard attention: S and P leave the chip and come back."),
    Beat("ratio", "One ratio", 5.0, shot="work", late=True, along=True,
         caption="Operations divided by bytes: a place on this axis."),
    Beat("ridge", "What the GPU needs", 5.2, shot="work", late=True, along=True,
         caption="Below {ridge} operations per byte, the GPU waits for bytes."),
    Beat("waits", "While a byte crosses", 5.6, shot="wait", late=True, along=True,
         caption="One byte crosses: time for {ridge}. It needs {standard}."),
    Beat("flash", "FlashAttention", 10.4, shot="work", late=True, along=True,
         caption="FlashAttention-2: S becomes P on chip. They never leave."),
    Beat("climb", "Larger blocks", 10.0, shot="work", late=True, along=True,
         caption="Twice the queries: twice the operations, the same K and V."),
    Beat("limit", "Registers", 5.6, shot="work", late=True, along=True,
         caption="Blocks are powers of two. The next one does not fit."),
    Beat("roof", "The roof", 8.4, shot="roof", late=True, along=True,
         caption="Bytes a second × operations per byte: the speed at best."),
    Beat("answer", "Up the roof", 5.8, shot="roof", late=True, along=True,
         caption="Larger blocks climb. Full registers end the climb."),
)  # fmt: skip
ARCH = "sm_80"  # of the device whose roof it is
DEVICE = "A100"
HBM = {"A100": (A100_MEMORIES, A100_MEMORIES.memories[1]), "H100": (H100_MEMORIES, H100_MEMORIES.memories[-1])}
TERA = 1e12
STATISTICS = 2  # m and l of a query
SIXTEEN_BIT = 2  # bytes of a number that the quoted peak is for


@dataclass(frozen=True)
class Way:
    """One way across, between HBM and the chip: what it is called, and whose reads or writes they are."""

    name: str
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()

    @property
    def tensor(self) -> str:
        """Whose hue it has."""
        return (*self.reads, *self.writes)[0]

    @property
    def inward(self) -> bool:
        """Whether it leads from HBM to the chip."""
        return bool(self.reads)

    @property
    def scored(self) -> bool:
        """Whether it is of S or P, which FlashAttention keeps on chip."""
        return self.tensor in ("S", "P")


WAYS = (
    Way("Q in", reads=("Q",)), Way("K in", reads=("K",)), Way("V in", reads=("V",)),
    Way("S out", writes=("S",)), Way("S back", reads=("S",)), Way("P out", writes=("P",)), Way("P back", reads=("P",)),
    Way("O out", writes=("O",)), Way("LSE", writes=("LSE",)),
)  # fmt: skip
NAMES = tuple(way.name for way in WAYS)
PRODUCTS = {"Q Kᵀ": Kind.QK_DOT, "P V": Kind.PV_DOT}


@dataclass(frozen=True)
class Count:
    """What a trace counts: operations of its products, by product, and bytes, by way."""

    products: np.ndarray  # [PRODUCTS]
    ways: np.ndarray  # [WAYS]

    @property
    def operations(self) -> float:
        """Of both products."""
        return float(self.products.sum())

    @property
    def nbytes(self) -> float:
        """All that cross."""
        return float(self.ways.sum())

    @property
    def intensity(self) -> float:
        """Operations a byte; 0 before the first one."""
        return self.operations / self.nbytes if self.operations else 0.0

    def toward(self, other: Count, share: float) -> Count:
        """So far on the way to another count."""
        return Count(self.products + (other.products - self.products) * share, self.ways + (other.ways - self.ways) * share)


@dataclass(frozen=True)
class Roof:
    """What a device attains at an intensity I: min(peak, bandwidth x I), TFLOP/s. ``peak`` is None where no source quotes one."""

    bandwidth: float  # TB/s
    peak: Peak | None

    @property
    def knee(self) -> float | None:
        """FLOP a byte at which both limits meet."""
        return self.peak.value / self.bandwidth if self.peak is not None else None

    def at(self, intensity: float) -> float:
        """TFLOP/s."""
        slope = self.bandwidth * intensity
        return slope if self.peak is None else min(self.peak.value, slope)

    def between(self, low: float, high: float) -> tuple[Point, ...]:
        """The roof from one intensity to another: its ends, and its knee where that lies between."""
        knee = [self.knee] if self.knee is not None and low < self.knee < high else []
        return tuple((x, self.at(x)) for x in (low, *knee, high))


@dataclass(frozen=True)
class Height:
    """A row block of so many queries, and what its trace counts."""

    rows: int
    count: Count

    @property
    def intensity(self) -> float:
        """Operations a byte."""
        return self.count.intensity


@dataclass(frozen=True)
class Roofline:
    """The roof, one row block of standard attention, the same of FlashAttention-2 at growing height, and the traces that were counted."""

    roof: Roof
    standard: Height
    heights: tuple[Height, ...]  # smallest first
    traces: tuple[Trace, ...]  # of the heights, then standard attention's

    @property
    def square(self) -> int:
        """Bytes of one tile of K or V."""
        c = self.traces[0].config
        return min(c.block_n, c.seq_k) * c.head_dim * c.itemsize

    @property
    def beats(self) -> tuple[Beat, ...]:
        """Nothing is said of full speed where no source quotes a peak."""
        return tuple(beat for beat in BEATS if beat.name not in ("ridge", "waits") or self.roof.peak is not None)

    @property
    def registers(self) -> int:
        """Bytes of registers that an SM has."""
        return REGISTERS * FLOAT32

    @property
    def keys(self) -> int:
        """Of one tile."""
        c = self.traces[0].config
        return min(c.block_n, c.seq_k)

    @property
    def numbers(self) -> int:
        """That registers keep of a row: S of one tile, O so far (the kernel's acc), m and l."""
        return self.keys + self.traces[0].config.head_dim + STATISTICS

    def held(self, rows: float) -> float:
        """Bytes of registers of so many rows, in float32."""
        return rows * self.numbers * FLOAT32

    @property
    def capacity(self) -> float:
        """Rows that would fill the registers."""
        return self.registers / self.held(1)

    @property
    def impossible(self) -> Height:
        """The first height that leaves no register: so many times the rows, so many times the products; of bytes, Q's, O's and LSE's."""
        tallest, rows = self.heights[-1], self.too_many
        more = np.array([rows / tallest.rows if way.tensor in ("Q", "O", "LSE") else 1.0 for way in WAYS])
        return Height(rows, Count(tallest.count.products * rows / tallest.rows, tallest.count.ways * more))

    @property
    def too_many(self) -> int:
        """The first height, each twice the one before, that leaves no register for anything else."""
        rows = self.heights[-1].rows
        while rows < self.capacity:
            rows *= 2
        return rows


def gather(config: AttentionConfig, source: str | None, record: Callable[..., Trace]) -> Roofline:
    """Trace one row block of one head: standard attention's, and FlashAttention-2's, of the config's own height and of greater ones.

    Args:
        config: N_k, d, dtype, mask and BLOCK_N are kept; batch and heads are 1, and BLOCK_M grows. Of a mask it is the last row block.
        source: Kernel or twin, for FlashAttention; None as ``record`` takes it.
        record: ``flashviz_kernels.recorder.record``.

    Raises:
        ConfigError: There is no key, or fewer than two heights suit the problem and an A100.
    """
    if config.seq_k == 0:
        raise ConfigError("seq_k must be at least 1 for this chapter, got 0; there is nothing to load")
    problems = [row_block(c) for c in heights(replace(config, batch=1, heads=1, kv_heads=1, arch=ARCH))]
    flash = [record(c, source=source, algorithm="fa2") for c in problems]
    standard = record(problems[0], source="numpy", algorithm="standard")
    found = [Height(trace.config.seq_q, count_of(trace)) for trace in (*flash, standard)]
    return Roofline(roof_of(DEVICE, config.itemsize), found[-1], tuple(found[:-1]), (*flash, standard))


def row_block(config: AttentionConfig) -> AttentionConfig:
    """The problem of one full row block, or of all queries where these are fewer."""
    return replace(config, seq_q=min(config.block_m, config.seq_q))


def roof_of(device: str, itemsize: int) -> Roof:
    """As papers quote it. Raises KeyError for another device."""
    _, memory = HBM[device]
    return Roof(bytes_of(memory.speed) / TERA, PEAK_TFLOPS[device] if itemsize == SIXTEEN_BIT else None)


def quotes_of(device: str, roof: Roof) -> tuple[tuple[str, str], ...]:
    """The limits of a roof with their sources: the slope's, and the flat part's where it has one."""
    hierarchy, memory = HBM[device]
    slope = (memory.speed, hierarchy.quote.citation)
    return (slope,) if roof.peak is None else (slope, (f"{roof.peak.value:.0f} TFLOP/s", roof.peak.quote.citation))


def heights(config: AttentionConfig) -> list[AttentionConfig]:
    """The config with query tiles of its own height and of greater ones: powers of two, up to the first that holds all queries.

    Only those that its GPU can hold; where its own is the last of them, the one before as well.

    Raises:
        ConfigError: Fewer than two do.
    """
    c, found = config, []
    for rows in (2**power for power in range(BLOCKS[0].bit_length() - 1, BLOCKS[1].bit_length())):
        held = tiles_bytes(block_m=rows, block_n=c.block_n, head_dim=c.head_dim, itemsize=c.itemsize, stages=c.stages, arch=c.arch)
        if held <= SHARED_LIMIT[c.arch] and rows < 2 * c.seq_q:
            found.append(replace(c, block_m=rows))
    if len(found) < 2:
        remedy = f"a seq_q above {BLOCKS[0]}" if c.seq_q <= BLOCKS[0] else "a smaller block_n"
        raise ConfigError(f"expected two tile heights that suit N = {c.seq_q} and {c.arch}, got {len(found)}; take {remedy}")
    return [each for each in found if each.block_m >= c.block_m or each in found[-2:]]


def count_of(trace: Trace, k: int | None = None) -> Count:
    """Of the first ``k`` events of a trace; of all where it is None."""
    moved = traffic(trace, k)
    sides = [[*(moved.read.get(t, 0) for t in way.reads), *(moved.written.get(t, 0) for t in way.writes)] for way in WAYS]
    kind, flops = trace.columns["kind"][:k], trace.columns["flops"][:k]
    products = [flops[kind == each].sum() for each in PRODUCTS.values()]
    return Count(np.array(products, float), np.array([sum(side) for side in sides], float))


def steps_of(trace: Trace) -> list[Count]:
    """What has been counted each time that something crosses or is multiplied, from nothing on."""
    counted = np.flatnonzero((trace.columns["nbytes"] > 0) | (trace.columns["flops"] > 0))
    return [count_of(trace, k) for k in (0, *(counted + 1).tolist())]


def passage(steps: Sequence[Count], flight: float) -> np.ndarray:
    """[n, 2] when each step sets out and when it is counted, in steps: one follows another, and what crosses is under way for ``flight``.

    A tile is loaded before what follows it, stored after what precedes it, and read again only when all that was written of it has landed.
    """
    now, landed, found = flight, dict.fromkeys((way.tensor for way in WAYS), 0.0), []
    for before, after in pairwise(steps):
        now += 1.0
        way = next((way for way, nbytes in zip(WAYS, after.ways - before.ways, strict=True) if nbytes > 0), None)
        if way is None:
            found.append((now, now))
        elif way.inward:
            now = max(now, landed[way.tensor] + flight)
            found.append((now - flight, now))
        else:
            landed[way.tensor] = now + flight
            found.append((now, now + flight))
    return np.array(found)


@dataclass(frozen=True)
class Moment:
    """What is seen of a row block while its trace runs."""

    count: Count  # all that was multiplied and moved, with so much of it as is under way
    landed: Count
    aloft: tuple[tuple[Count, Count, float], ...]  # from a count to one, so far on the way
    held: Mapping[str, float]  # how much is there of each tile on chip; of O: how much of it is summed


def moment(steps: Sequence[Count], times: np.ndarray, now: float) -> Moment:
    """Of ``steps`` at their ``times`` (``passage``). A product is made in the step before it is counted."""
    last, count, landed = steps[-1], steps[0], steps[0]
    flash = last.ways[NAMES.index("LSE")] > 0
    aloft, held = [], dict[str, float]()
    for (before, after), (left, counted) in zip(pairwise(steps), times, strict=True):
        start = left - 1.0 if counted == left else left
        share = float(np.clip((now - start) / (counted - start), 0.0, 1.0))
        if share == 0.0:
            continue
        count = Count(count.products + share * (after.products - before.products), count.ways + share * (after.ways - before.ways))
        if share == 1.0:
            landed = Count(landed.products + after.products - before.products, landed.ways + after.ways - before.ways)
        elif after.nbytes > before.nbytes:
            aloft.append((before, after, share))
        if after.nbytes > before.nbytes:
            _crossed(held, int(np.argmax(after.ways - before.ways)), share, first=before.ways[np.argmax(after.ways - before.ways)] == 0)
        elif after.products[0] > before.products[0]:
            held.pop("P", None)
            held |= {"S": share} | ({"LSE": max(share, held.get("LSE", 0.0))} if flash else {})
        else:
            held["O"] = (before.products[1] + share * (after.products[1] - before.products[1])) / last.products[1]
    return Moment(count, landed, tuple(aloft), held)


def _crossed(held: dict[str, float], at: int, share: float, *, first: bool) -> None:
    """What the chip holds once something has so far crossed: a kernel starts with nothing; S becomes P where it stands."""
    way = WAYS[at]
    if way.name in ("S back", "P back") and first:
        held.clear()
    if way.inward and share == 1.0:
        held[way.tensor] = 1.0
    if way.name == "S out":
        held.pop("S", None)
    if way.name == "P out" or (way.name == "V in" and held.get("S") == 1.0):
        held.pop("S", None)
        held["P"] = 1.0
