"""IOScene: a tile as large as on-chip memory allows, and what FlashAttention's first algorithm moves with it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flashviz.citations import MEMORY_SPEEDS
from flashviz.config import BLOCKS, SHARED_LIMIT, AttentionConfig
from flashviz.errors import ConfigError
from flashviz.figures import KIB
from flashviz.forms import Traffic, compulsory
from flashviz.memory import FLOAT32, traffic
from flashviz.storyboard import Beat
from flashviz.trace import Trace

BEATS: tuple[Beat, ...] = (
    Beat("chip", "The chip", 4.3, shot="io", late=True, along=True, caption="How much must cross, with so small a chip?"),
    Beat("visit", "A visit", 5.5, shot="io", late=True, along=True, caption="Q × K makes scores, scores × V a part of O."),
    Beat("sweep", "A sweep", 4.1, shot="io", late=True, along=True, caption="K and V stay, all of Q and O pass: one sweep."),
    Beat("back", "O again", 4.1, shot="io", late=True, along=True, caption="O is unfinished, so it comes again."),
    Beat("again", "All sweeps", 8.8, shot="io", late=True, along=True, caption="Each block of K and V: all of Q and O pass again."),
    Beat("more", "Too small", 5.5, shot="io", late=True, along=True, caption="So small a chip moves more than standard attention."),
    Beat("less", "Less already", 5.5, shot="io", late=True, along=True, caption="Even this chip moves less than standard attention."),
    Beat("wider", "Twice M", 3.8, shot="io", late=True, along=True, caption="Twice the memory: half the sweeps."),
    Beat("below", "Twice again", 4.2, shot="io", late=True, along=True, caption="Twice again: less than standard attention."),
    Beat("twice", "Twice again", 4.2, shot="io", late=True, along=True, caption="Twice again: half the sweeps again."),
    Beat("real", "A real chip", 3.6, shot="io", late=True, along=True, caption="On an {device} a program may use {room}."),
    Beat("law", "The law", 7.9, shot="io", late=True, along=True, caption="M counts numbers: sweeps times what one sweep moves."),
    Beat("answer", "Half", 4.4, shot="io", late=True, along=True, caption="Twice the memory: about half the traffic."),
)  # fmt: skip
LENGTH = 8  # N, in tiles, at least
SWEEPS = 64  # at most: blocks of fewer keys are too thin to be seen
SHOWN = 3  # on-chip memories, each twice the one before

Record = Callable[..., Any]


@dataclass(frozen=True)
class Step:
    """Algorithm 1 at one M: how its tile is cut, and what crosses."""

    m: float
    columns: int  # Bc
    rows: int  # Br
    sweeps: int
    nbytes: float


@dataclass(frozen=True)
class Way:
    """One way across, between HBM and the chip: what it is called, whose hue it has, and its bytes."""

    name: str
    tensor: str
    nbytes: int


@dataclass(frozen=True)
class IO:
    """The problem, Algorithm 1 at doubled M as traces counted it, and what standard attention moves."""

    config: AttentionConfig
    steps: tuple[Step, ...]  # smallest M first
    moved: Traffic  # of standard attention, with each of its matrices once a direction
    traces: tuple[Trace, ...]

    @property
    def matrix(self) -> int:
        """Bytes of Q, K, V or O: there are as many rows of each."""
        return self.config.seq_q * self.config.head_dim * self.config.itemsize

    @property
    def standard(self) -> int:
        """Bytes of standard attention, the fewest that it can do with: each matrix crosses once a direction."""
        return self.moved.total

    @property
    def sums(self) -> int:
        """Bytes of the rows' sums and maxima l and m, in float32."""
        return 2 * self.config.seq_q * FLOAT32

    def law(self, m: float) -> float:
        """Theorem 2: bytes of 12 N^2 d^2 / M numbers."""
        c = self.config
        return 12 * c.seq_k**2 * c.head_dim**2 / m * c.itemsize

    @property
    def each(self) -> tuple[Way, ...]:
        """Of one sweep: Q in, O in and out; with O its rows' sums and maxima."""
        both = [Way(name, tensor, nbytes) for name in ("O in", "O out") for tensor, nbytes in (("O", self.matrix), ("L", self.sums))]
        return (Way("Q in", "Q", self.matrix), *both)

    @property
    def starts(self) -> tuple[Way, ...]:
        """However many sweeps there are: K and V in, block by block, and O, with its sums and maxima, as before the first sweep."""
        ways = (("K in", "K"), ("V in", "V"), ("first O out", "O"))
        return (*(Way(name, tensor, self.matrix) for name, tensor in ways), Way("first O out", "L", self.sums))

    @property
    def pieces(self) -> tuple[Way, ...]:
        """Standard attention's transfers, each once: Q, K and V in, S and P out and back, O out."""
        read, written = self.moved.read, self.moved.written
        inputs = [Way("Q, K, V in", name, read[name]) for name in "QKV"]
        scores = [Way(f"{name} out and back", "S", side[name]) for name in "SP" for side in (written, read)]
        return (*inputs, *scores, Way("O out", "O", written["O"]))

    @property
    def room(self) -> int:
        """Bytes of shared memory that one thread block may have on the config's GPU."""
        return SHARED_LIMIT[self.config.arch]

    @property
    def device(self) -> str:
        """The config's GPU, where it is one that is quoted."""
        return MEMORY_SPEEDS[self.config.arch].device if self.config.arch in MEMORY_SPEEDS else ""

    @property
    def real(self) -> Step:
        """Algorithm 1 with all of that memory, by formula: no power of two fills it."""
        return step_at(self.room / self.config.itemsize, self.config)

    @property
    def sweep(self) -> int:
        """Bytes of one sweep."""
        return sum(way.nbytes for way in self.each)

    @property
    def once(self) -> int:
        """Bytes that cross however many sweeps there are."""
        return sum(way.nbytes for way in self.starts)

    @property
    def beats(self) -> tuple[Beat, ...]:
        """The smallest chip moves more than standard attention, or less; a GPU that is not quoted has no beat."""
        first, second, *third = (step.nbytes > self.standard for step in self.steps)
        gone = {"less" if first else "more", "" if self.device else "real"}
        gone |= {"twice" if second and not third[0] else "below"} if third else {"twice", "below"}
        return tuple(beat for beat in BEATS if beat.name not in gone)


def gather(config: AttentionConfig, run: Record) -> IO:
    """Trace Algorithm 1 of FlashAttention on one head at growing M.

    Args:
        config: Its N, tiles, d and dtype are kept; batch and heads are 1, N is 8 tiles at least, as many queries as keys, and unmasked.
        run: ``flashviz_kernels.recorder.run``.
    """
    n = max(config.seq_q, config.seq_k, LENGTH * max(config.block_m, config.block_n))
    problem = replace(config, batch=1, heads=1, kv_heads=1, seq_q=n, seq_k=n, causal=False)
    sizes = chip_sizes(problem)
    traces = [run(c, source="numpy", algorithm="fa1", computed=range(0)).trace for c in sizes]
    steps = tuple(replace(step_at(elements(c.block_n, c.head_dim), c), nbytes=traffic(t).total) for c, t in zip(sizes, traces, strict=True))
    return IO(problem, steps, compulsory(problem, "standard"), tuple(traces))


def chip_sizes(config: AttentionConfig) -> list[AttentionConfig]:
    """Algorithm 1's smallest tilings: Bc rows of K and V for which M = 4 d Bc, with d <= M <= N d, that a thread block of the GPU can hold.

    Br, min(Bc, d) in the paper, is its power of two; no transfer depends on it.

    Raises:
        ConfigError: Fewer than two tilings suit the problem.
    """
    found = []
    d = config.head_dim
    for columns in (2**power for power in range(BLOCKS[0].bit_length() - 1, BLOCKS[1].bit_length())):
        m = elements(columns, d)
        suits = d <= m <= config.seq_k * d and config.seq_k <= SWEEPS * columns
        if suits and m * config.itemsize <= SHARED_LIMIT[config.arch]:
            found.append(replace(config, block_m=min(columns, 1 << (d.bit_length() - 1)), block_n=columns, stages=1))
    if len(found) < 2:
        raise ConfigError(f"expected two on-chip memories M = 4 d Bc up to N d, got {len(found)} for N = {config.seq_k}; take larger tiles")
    return found[:SHOWN]


def elements(columns: int, d: int) -> int:
    """M of Algorithm 1, in elements: Q, K, V and O blocks of Bc rows."""
    return 4 * d * columns


def step_at(m: float, config: AttentionConfig) -> Step:
    """Algorithm 1 at any M, by formula: Bc = ceil(M / 4d), Br = min(Bc, d), N / Bc sweeps, the last of them as long as any."""
    columns = math.ceil(m / elements(1, config.head_dim))
    return Step(m, columns, min(columns, config.head_dim), -(-config.seq_k // columns), bytes_at(m, config))


def bytes_at(m: float, config: AttentionConfig) -> float:
    """Bytes of Algorithm 1 at any M, without a mask.

    K and V once, O, l, m initialised once; Q, O, l, m read and O, l, m written once a sweep. Where N / Bc blocks are uncut these are
    12 N^2 d^2 / M elements.
    """
    n, d, size = config.seq_k, config.head_dim, config.itemsize
    sweeps = -(-n // math.ceil(m / elements(1, d)))
    return 2 * n * d * size + n * d * size + 2 * n * FLOAT32 + sweeps * (3 * n * d * size + 4 * n * FLOAT32)


def named(ways: Sequence[Way]) -> dict[str, int]:
    """Bytes of each name, in their order."""
    return {name: sum(way.nbytes for way in ways if way.name == name) for name in dict.fromkeys(way.name for way in ways)}


def on_chip(m: float, config: AttentionConfig) -> str:
    """M numbers in whole KiB, no fewer than they need."""
    return f"{math.ceil(m * config.itemsize / KIB):,} KiB"
