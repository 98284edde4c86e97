"""IOScene: a tile as large as on-chip memory allows, and what FlashAttention's first algorithm moves with it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from flashviz.citations import THEOREM_2
from flashviz.config import BLOCKS, SHARED_LIMIT, AttentionConfig, tiles_bytes
from flashviz.errors import ConfigError
from flashviz.figures import KIB
from flashviz.forms import Traffic, closed_form
from flashviz.memory import FLOAT32, traffic
from flashviz.storyboard import Beat
from flashviz.trace import Trace

BEATS: tuple[Beat, ...] = (
    Beat("chip", "The chip", 5.8, shot="io", late=True, along=True, caption="M numbers fit on chip: a block each of K, V, Q and O."),
    Beat("tile", "One tile", 8.8, shot="io", late=True, along=True, caption="Scores are made and used up on chip. Only O goes back."),
    Beat("sweep", "A sweep", 6.4, shot="io", late=True, along=True, caption="K and V stay, all of Q and O pass: that is one sweep."),
    Beat("next", "The next block", 6.6, shot="io", late=True, along=True, caption="The next K and V: O comes again for its second part."),
    Beat("again", "All sweeps", 6.8, shot="io", late=True, along=True, caption="Each block of K and V is one more sweep of all Q and O."),
    Beat("more", "Too small", 4.5, shot="io", late=True, along=True, caption="So small a chip moves more than standard attention."),
    Beat("less", "Less already", 4.5, shot="io", late=True, along=True, caption="Even this chip moves less than standard attention."),
    Beat("wider", "Twice M", 10.0, shot="io", late=True, along=True, caption="Twice the memory: blocks twice as wide, half the sweeps."),
    Beat("answer", "Half", 11.8, shot="io", late=True, along=True, caption="Twice the memory: half the sweeps, half of what repeats."),
)  # fmt: skip
LENGTH = 8  # N, in tiles, at least
SWEEPS = 64  # at most: blocks of fewer keys are too thin to be seen
SHOWN = 3  # on-chip memories, each twice the one before
BOUND = tuple(text.format(THEOREM_2.citation) for text in ("of order N² d² / M: {}", "{}"))

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
    moved: Traffic  # of standard attention in the config's tiles, without a cache
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
    def standard(self) -> int:
        """Bytes of standard attention, every transfer counted."""
        return self.moved.total

    @property
    def each(self) -> tuple[Way, ...]:
        """Of one sweep: Q in, O in and out, and the softmax's row sums and maxima as O."""
        matrices = (Way("Q in", "Q", self.matrix), Way("O in", "O", self.matrix), Way("O out", "O", self.matrix))
        return (*matrices, Way("row max, sum", "L", 4 * self.statistic))

    @property
    def starts(self) -> tuple[Way, ...]:
        """However many sweeps there are: K and V in, block by block, and O, l and m as they are before the first sweep."""
        matrices = (Way("K in", "K", self.matrix), Way("V in", "V", self.matrix), Way("empty O out", "O", self.matrix))
        return (*matrices, Way("row max, sum", "L", 2 * self.statistic))

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
        """The smallest chip moves more than standard attention, or less."""
        other = "less" if self.steps[0].nbytes > self.standard else "more"
        return tuple(beat for beat in BEATS if beat.name != other)


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
    return IO(problem, steps, closed_form(problem, "standard"), tuple(traces))


def chip_sizes(config: AttentionConfig) -> list[AttentionConfig]:
    """Algorithm 1's largest tilings: Bc rows of K and V for which M = 4 d Bc, with d <= M <= N d, that the config's GPU can hold.

    Br, min(Bc, d) in the paper, is its power of two; no transfer depends on it. Where there are two of them, those are taken whose Bc is no
    more than d: blocks of Q and O are then as large as those of K and V, and M is full.

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
    full = [each for each in found if each.block_m == each.block_n]
    return (full if len(full) > 1 else found)[-SHOWN:]


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
