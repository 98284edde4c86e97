"""IOScene: a tile as large as on-chip memory allows, and what FlashAttention's first algorithm moves with it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from flashviz.citations import THEOREM_2
from flashviz.config import BLOCKS, SHARED_LIMIT, AttentionConfig, tiles_bytes
from flashviz.errors import ConfigError
from flashviz.figures import KIB, amount
from flashviz.forms import closed_form, compulsory
from flashviz.memory import FLOAT32, traffic
from flashviz.storyboard import Beat
from flashviz.trace import Trace

BEATS: tuple[Beat, ...] = (
    Beat("square", "The chip", 6.4, shot="io", late=True, along=True, caption="A chip of M numbers: a quarter each for K, V, Q and O."),
    Beat("sweep", "A sweep", 9.4, shot="io", late=True, along=True, caption="K and V stay, all of Q and O pass: that is one sweep."),
    Beat("cached", "What to beat", 5.6, shot="io", late=True, along=True, caption="Standard attention: {most}; perfect cache: {least}."),
    Beat("wider", "Twice M", 8.6, shot="io", late=True, along=True, caption="A larger chip: wider blocks of K and V, so fewer sweeps."),
    Beat("crossing", "Fewer bytes", 5.4, shot="io", late=True, along=True,
         caption="From {crossing} on: fewer bytes than standard attention."),
    Beat("answer", "Twice, half, half", 6.2, shot="io", late=True, along=True,
         caption="Twice the chip: half the sweeps, about half the bytes."),
)  # fmt: skip
LENGTH = 8  # N, in tiles, at least
SWEEPS = 64  # at most: blocks of fewer keys are too thin to be seen
SHOWN = 3  # on-chip memories, each twice the one before
BOUND = tuple(f"{order}{THEOREM_2.citation}" for order in ("order N² d² / M: ", "N² d² / M: ", ""))

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
class IO:
    """The problem, Algorithm 1 at doubled M as traces counted it, what standard attention moves, and what is said."""

    config: AttentionConfig
    steps: tuple[Step, ...]  # smallest M first
    standard: int  # bytes of standard attention in the config's tiles, without a cache
    cached: int  # bytes of standard attention, each tensor once a direction
    traces: tuple[Trace, ...]

    @property
    def matrix(self) -> int:
        """Bytes of Q, K, V or O: there are as many rows of each."""
        return self.config.seq_q * self.config.head_dim * self.config.itemsize

    @property
    def statistic(self) -> int:
        """Bytes of l or m."""
        return self.config.seq_q * FLOAT32

    @property
    def each(self) -> dict[str, int]:
        """Bytes of one sweep, way by way: Q in, O in and out, and l and m as O."""
        return {"Q": self.matrix, "O in": self.matrix, "O out": self.matrix, "ℓ, m": 4 * self.statistic}

    @property
    def starts(self) -> dict[str, int]:
        """Bytes that cross however many sweeps there are: K and V in, and O, l and m as they are before the first sweep."""
        return {"K": self.matrix, "V": self.matrix, "O": self.matrix, "ℓ, m": 2 * self.statistic}

    @property
    def sweep(self) -> int:
        """Bytes of one sweep."""
        return sum(self.each.values())

    @property
    def once(self) -> int:
        """Bytes that cross however many sweeps there are."""
        return sum(self.starts.values())

    @property
    def crossing(self) -> int | None:
        """The smallest M at which Algorithm 1 moves no more than standard attention with a perfect cache; None where all or none do.

        So many whole sweeps are affordable; their columns must fit.
        """
        first, last, c = self.steps[0], self.steps[-1], self.config
        affordable = (self.cached - self.once) // self.sweep
        if affordable >= first.sweeps or affordable < 1:
            return None
        m = elements(-(-c.seq_k // affordable) - 1, c.head_dim) + 1
        return m if m < last.m else None

    @property
    def beats(self) -> tuple[Beat, ...]:
        """Nothing is said of a crossing where there is none."""
        return tuple(beat for beat in BEATS if beat.name != "crossing" or self.crossing is not None)

    @property
    def said(self) -> dict[str, str]:
        """What the captions' braces stand for."""
        crossing = "" if self.crossing is None else on_chip(self.crossing, self.config)
        return {"most": amount(self.standard), "least": amount(self.cached), "crossing": crossing}


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
    return IO(problem, steps, closed_form(problem, "standard").total, compulsory(problem, "standard").total, tuple(traces))


def chip_sizes(config: AttentionConfig) -> list[AttentionConfig]:
    """Algorithm 1's largest tilings: Bc rows of K and V for which M = 4 d Bc, with d <= M <= N d, that the config's GPU can hold.

    Br, min(Bc, d) in the paper, is its power of two; no transfer depends on it.

    Raises:
        ConfigError: Fewer than two tilings suit the problem.
    """
    found = []
    d = config.head_dim
    for columns in (2**power for power in range(BLOCKS[0].bit_length() - 1, BLOCKS[1].bit_length())):
        rows = min(columns, 1 << (d.bit_length() - 1))
        held = tiles_bytes(block_m=rows, block_n=columns, head_dim=d, itemsize=config.itemsize, stages=1, arch=config.arch)
        suits = d <= elements(columns, d) <= config.seq_k * d and config.seq_k <= SWEEPS * columns
        if suits and held <= SHARED_LIMIT[config.arch]:
            found.append(replace(config, block_m=rows, block_n=columns, stages=1))
    if len(found) < 2:
        raise ConfigError(f"expected two on-chip memories M = 4 d Bc up to N d, got {len(found)} for N = {config.seq_k}; take larger tiles")
    return found[-SHOWN:]


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


def on_chip(m: float, config: AttentionConfig) -> str:
    """M numbers in whole KiB, no fewer than they need."""
    return f"{math.ceil(m * config.itemsize / KIB):,} KiB"


def scores_bytes(step: Step) -> int:
    """Of the tile of S, float32, for which there must be room besides."""
    return step.rows * step.columns * FLOAT32
