"""IOScene: a tile as large as on-chip memory allows, and what FlashAttention's first algorithm moves with it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from flashviz.citations import THEOREM_2
from flashviz.config import BLOCKS, SHARED_LIMIT, AttentionConfig, tiles_bytes
from flashviz.errors import ConfigError
from flashviz.figures import KIB, MIB
from flashviz.forms import compulsory
from flashviz.memory import FLOAT32, traffic
from flashviz.storyboard import Beat
from flashviz.trace import Trace

BEATS: tuple[Beat, ...] = (
    Beat("square", "The chip", 5.8, shot="io", late=True, along=True, caption="A chip of M numbers: a quarter each for K, V, Q and O."),
    Beat("sweep", "A sweep", 7.8, shot="io", late=True, along=True, caption="FlashAttention's first kernel: Q and O sweep past K and V."),
    Beat("half", "Half of M", 7.2, shot="io", late=True, along=True, caption="Half the chip: twice the sweeps, up to twice the bytes."),
    Beat("cached", "What to beat", 5.0, shot="io", late=True, along=True, caption="Only a large enough chip beats a perfect cache."),
    Beat("wider", "Twice M", 5.6, shot="io", late=True, along=True, caption="Twice M, half the sweeps: bytes go as N² / M."),
    Beat("chips", "Real chips", 6.4, shot="io", late=True, along=True, caption="What one program may use of an SM, a core of the GPU."),
)  # fmt: skip
LENGTH = 32  # N, in tiles
COLUMNS = 64  # sweeps, at most: more are too thin to be seen
CHIPS = {"A100": "sm_80", "H100": "sm_90"}  # what a program may use of whose on-chip memory is marked
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
    """The problem, Algorithm 1 at doubled M as traces counted it, the chips that are marked, and what is said."""

    config: AttentionConfig
    steps: tuple[Step, ...]
    chips: tuple[tuple[str, Step], ...]  # smallest first; only those of which the theorem speaks
    cached: int  # bytes of standard attention, each tensor once a direction
    traces: tuple[Trace, ...]

    @property
    def matrix(self) -> int:
        """Bytes of Q, K, V or O: there are as many rows of each."""
        return self.config.seq_q * self.config.head_dim * self.config.itemsize

    @property
    def scores(self) -> int:
        """Bytes of S or P."""
        return self.config.seq_q * self.config.seq_k * self.config.itemsize

    @property
    def statistic(self) -> int:
        """Bytes of l or m."""
        return self.config.seq_q * FLOAT32

    @property
    def sweep(self) -> int:
        """Bytes of one sweep: Q in, O in and out, and l and m as O."""
        return 3 * self.matrix + 4 * self.statistic

    @property
    def once(self) -> int:
        """Bytes that cross however many sweeps there are: K and V in, and O, l and m as they are before the first sweep."""
        return 3 * self.matrix + 2 * self.statistic

    @property
    def largest(self) -> float:
        """The last M that is shown."""
        return self.last.m

    @property
    def last(self) -> Step:
        """The largest chip, or the largest M that a trace counted."""
        return self.chips[-1][1] if self.chips else self.steps[-1]

    @property
    def crossing(self) -> int | None:
        """The smallest M at which Algorithm 1 moves no more than standard attention at its best; None where all or none do.

        So many whole sweeps are affordable; their columns must fit.
        """
        first, c = self.steps[0], self.config
        affordable = (self.cached - self.once) // self.sweep
        if affordable >= first.sweeps or affordable < 1:
            return None
        m = elements(-(-c.seq_k // affordable) - 1, c.head_dim) + 1
        return m if m < self.last.m else None

    @property
    def beats(self) -> tuple[Beat, ...]:
        """Nothing is said where neither is better, nor of a chip of which the theorem does not speak."""
        left_out = {"cached": self.crossing is None, "chips": not self.chips}
        return tuple(beat for beat in BEATS if not left_out.get(beat.name, False))


def gather(config: AttentionConfig, run: Record) -> IO:
    """Trace Algorithm 1 of FlashAttention on one head at growing M.

    Args:
        config: Its tiles, d and dtype are kept; batch and heads are 1, N is 32 tiles, and there is no mask.
        run: ``flashviz_kernels.recorder.run``.
    """
    n = LENGTH * max(config.block_m, config.block_n)
    problem = replace(config, batch=1, heads=1, kv_heads=1, seq_q=n, seq_k=n, causal=False)
    sizes = chip_sizes(problem)
    traces = [run(c, source="numpy", algorithm="fa1", computed=range(0)).trace for c in sizes]
    steps = tuple(replace(step_at(elements(c.block_n, c.head_dim), c), nbytes=traffic(t).total) for c, t in zip(sizes, traces, strict=True))
    held = ((name, SHARED_LIMIT[arch] / problem.itemsize) for name, arch in CHIPS.items())
    chips = tuple((name, step_at(m, problem)) for name, m in held if steps[-1].m < m <= n * problem.head_dim)
    return IO(problem, steps, chips, compulsory(problem, "standard").total, tuple(traces))


def chip_sizes(config: AttentionConfig) -> list[AttentionConfig]:
    """Algorithm 1's tilings of one problem: Bc rows of K and V for which M = 4 d Bc, with d <= M <= N d, that the config's GPU can hold.

    Br, min(Bc, d) in the paper, is its power of two; no transfer depends on it.

    Raises:
        ConfigError: Fewer than two tilings suit the problem.
    """
    found = []
    d = config.head_dim
    for columns in (2**power for power in range(BLOCKS[0].bit_length() - 1, BLOCKS[1].bit_length())):
        rows = min(columns, 1 << (d.bit_length() - 1))
        held = tiles_bytes(block_m=rows, block_n=columns, head_dim=d, itemsize=config.itemsize, stages=1, arch=config.arch)
        suits = d <= elements(columns, d) <= config.seq_k * d and config.seq_k <= COLUMNS * columns
        if suits and held <= SHARED_LIMIT[config.arch]:
            found.append(replace(config, block_m=rows, block_n=columns, stages=1))
    if len(found) < 2:
        raise ConfigError(f"expected two on-chip memories M = 4 d Bc up to N d, got {len(found)} for N = {config.seq_k}; take larger tiles")
    return found


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


def rounded(nbytes: float) -> str:
    """Bytes to two digits: how much, not how exactly."""
    unit, name = (MIB, "MiB") if nbytes >= MIB else (KIB, "KiB")
    value = nbytes / unit
    return f"{value:,.0f} {name}" if value >= 10 else f"{value:.1f} {name}"
