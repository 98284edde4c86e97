"""IOScene: bytes between HBM and the chip, counted in traces, against N and against the size M of on-chip memory."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

from flashviz.chapters.figure import SOURCES, Figure, Point, Series, compact, doubling, in_bytes, ratio_at_the_end, times
from flashviz.citations import THEOREM_2
from flashviz.config import BLOCKS, SHARED_LIMIT, AttentionConfig, tiles_bytes
from flashviz.errors import ConfigError
from flashviz.memory import FLOAT32, closed_form, compulsory, traffic
from flashviz.storyboard import Beat
from flashviz.trace import Trace

BEATS: tuple[Beat, ...] = (
    Beat("question", "The question", 5, fresh=True, still=1.2, caption="How many bytes cross between HBM and the chip?"),
    Beat("standard", "Standard attention", 7, still=1.2, caption=
         "Each dot is a trace of standard attention: every load and store, counted."),
    Beat("flash", "FlashAttention", 7, still=1.2, caption="FlashAttention on the same inputs, queries outside: no score crosses."),
    Beat("lines", "The closed forms", 8, still=1.2, caption="The lines are closed forms, written without the loop."),
    Beat("gap", "The gap", 5, still=1.0, caption="Both grow as N². At N = {n} FlashAttention moves {ratio} × fewer bytes."),
    Beat("memory", "On-chip memory", 6, fresh=True, still=1.6, caption="What does a larger on-chip memory buy? M numbers fit into it."),
    Beat("larger", "Larger blocks", 7, still=1.2, caption=
         "FlashAttention's first algorithm, keys outside: each dot is a trace with blocks as tall as M allows."),
    Beat("theorem", "Theorem 2", 7, still=1.2, caption=
         "Theorem 2: Θ(N²d²/M) accesses. Each time M doubles, bytes fall {least} to {most} ×."),
    Beat("crossing", "Too small", 7, still=1.2, caption=
         "Below M = {crossing} it would move more than standard attention with a perfect cache."),
)  # fmt: skip
LENGTHS = (2, 4, 8, 16, 32)  # N in tiles
WHERE_M_VARIES = 3  # which of them
SAMPLES = 64
AT_ANY_M = "line: 12 N²d²/M + 3 N d + ℓ, m"
CLOSED = "line: closed form of the visited tiles"

Record = Callable[..., Trace]


@dataclass(frozen=True)
class IO:
    """Both charts, the traces that were counted, and what the captions say."""

    over_n: Figure
    over_m: Figure
    traces: tuple[Trace, ...]
    said: dict[str, str]


def gather(config: AttentionConfig, source: str | None, record: Record) -> IO:
    """Trace one head of the config's tiles at growing N, and Algorithm 1 of FlashAttention at growing M.

    Args:
        config: Its tiles, d, dtype and mask are kept; batch and heads are 1, and M is varied without a mask.
        source: Kernel or twin, for FlashAttention; None as ``record`` takes it.
        record: ``flashviz_kernels.recorder.record``.
    """
    tile = max(config.block_m, config.block_n)
    lengths = [count * tile for count in LENGTHS]
    problems = [replace(config, batch=1, heads=1, kv_heads=1, seq_q=n, seq_k=n) for n in lengths]
    standard = [record(c, source="numpy", algorithm="standard") for c in problems]
    flash = [record(c, source=source, algorithm="fa2") for c in problems]
    chips = chip_sizes(replace(problems[WHERE_M_VARIES], causal=False))
    first = [record(c, source="numpy", algorithm="fa1") for c in chips]
    over_n = _over_n(problems, standard, flash)
    over_m, crossing = _over_m(chips, first)
    (n, most), (_, least) = over_n.named("standard").end, over_n.named("flash").end
    falls = [before / after for (_, before), (_, after) in pairwise(over_m.named("first").points)]
    said = {
        "n": f"{n:,.0f}", "ratio": times(most / least), "crossing": f"{crossing:,.0f}",
        "least": times(min(falls)), "most": times(max(falls)),
    }  # fmt: skip
    return IO(over_n, over_m, (*standard, *flash, *first), said)


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
        if d <= elements(columns, d) <= config.seq_k * d and held <= SHARED_LIMIT[config.arch]:
            found.append(replace(config, block_m=rows, block_n=columns, stages=1))
    if len(found) < 2:
        raise ConfigError(f"expected two on-chip memories M = 4 d Bc up to N d, got {len(found)} for N = {config.seq_k}; take larger tiles")
    return found


def elements(columns: int, d: int) -> int:
    """M of Algorithm 1, in elements: Q, K, V and O blocks of Bc rows."""
    return 4 * d * columns


def bytes_at(m: float, config: AttentionConfig) -> float:
    """Bytes of Algorithm 1 at any M, without a mask and with N/Bc blocks uncut, Bc = M / 4d.

    K and V once, O, l, m initialised once; Q, O, l, m read and O, l, m written N/Bc times: (N/Bc) 3 N d = 12 N^2 d^2 / M elements.
    """
    n, d, size = config.seq_k, config.head_dim, config.itemsize
    passes = n * 4 * d / m
    return 2 * n * d * size + n * d * size + 2 * n * FLOAT32 + passes * (3 * n * d * size + 4 * n * FLOAT32)


def _over_n(problems: list[AttentionConfig], standard: list[Trace], flash: list[Trace]) -> Figure:
    c = problems[-1]
    tile = max(c.block_m, c.block_n)
    steps = [replace(c, seq_q=n, seq_k=n) for n in range(problems[0].seq_q, c.seq_q + 1, tile)]

    def dots(traces: list[Trace]) -> tuple[Point, ...]:
        return tuple((p.seq_q, traffic(trace).total) for p, trace in zip(problems, traces, strict=True))

    loads = f"line: 2 N d (1+N/{c.block_m})"
    series = (
        Series("standard", "standard attention", "S", dots(standard),
               tuple((p.seq_q, closed_form(p, "standard").total) for p in steps), loads + " + 4 N²" if not c.causal else CLOSED),
        Series("flash", "FlashAttention", "O", dots(flash),
               tuple((p.seq_q, closed_form(p, "fa2").total) for p in steps), loads + " + LSE" if not c.causal else CLOSED),
    )  # fmt: skip
    mask = "causal" if c.causal else "not causal"
    return Figure(
        title="Bytes between HBM and the chip, one head",
        x=doubling("N, tokens", [p.seq_q for p in problems]),
        y=in_bytes("", [y for each in series for _, y in each.points]),
        series=series,
        note=f"d = {c.head_dim}, tiles {c.block_m} × {c.block_n}, {c.dtype}, {mask}; logical transfers, caches not counted; "
        f"traces: {sources(*standard, *flash)}",
        span=ratio_at_the_end(series[1], series[0]),
    )


def sources(*traces: Trace) -> str:
    """What recorded them."""
    return "; ".join(dict.fromkeys(SOURCES[trace.header.source] for trace in traces))


def _over_m(chips: list[AttentionConfig], traces: list[Trace]) -> tuple[Figure, float]:
    """The chart over M, and the M at which Algorithm 1 moves as much as standard attention with a perfect cache."""
    c = chips[0]
    sizes = [float(elements(chip.block_n, c.head_dim)) for chip in chips]
    dots = tuple((m, float(traffic(trace).total)) for m, trace in zip(sizes, traces, strict=True))
    samples = [sizes[0] * (sizes[-1] / sizes[0]) ** (step / SAMPLES) for step in range(SAMPLES + 1)]
    cached = float(compulsory(c, "standard").total)
    once = bytes_at(math.inf, c)
    crossing = (bytes_at(1.0, c) - once) / (cached - once)  # bytes_at is once + passes / M
    figure = Figure(
        title=f"Bytes between HBM and the chip at N = {c.seq_k:,}, one head",
        x=doubling("M, numbers that fit on chip", sizes),
        y=in_bytes("", [y for _, y in dots] + [cached]),
        series=(
            Series("first", "FlashAttention, keys outside", "O", dots, tuple((m, bytes_at(m, c)) for m in samples), AT_ANY_M),
            Series("cached", "standard attention", "S", (), tuple((m, cached) for m in samples), "perfect cache: every tensor once"),
        ),
        note=f"{THEOREM_2.citation}: {THEOREM_2.text}. Here d = {c.head_dim}, {c.dtype}, {compact(c.itemsize)} a number; "
        f"traces: {sources(*traces)}",
    )
    return figure, crossing
