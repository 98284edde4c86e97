"""RooflineScene: how tall a tile may be: what a height saves under an A100's roof (Williams et al. 2009), and what it takes of an SM."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from flashviz.chapters.measured import Point
from flashviz.chapters.memory_hierarchy import bytes_of
from flashviz.citations import A100_MEMORIES, H100_MEMORIES, PEAK_TFLOPS, Peak
from flashviz.config import BLOCKS, SHARED_LIMIT, AttentionConfig, tiles_bytes
from flashviz.device import REGISTERS, WARP, Resources
from flashviz.errors import ConfigError, MissingPartError
from flashviz.memory import FLOAT32, traffic
from flashviz.storyboard import Beat
from flashviz.trace import Trace

BEATS: tuple[Beat, ...] = (
    Beat("roof", "The roof", 6.2, shot="roof", late=True, along=True, caption="No faster than bytes arrive; no faster than arithmetic."),
    Beat("ridge", "The ridge", 6.4, shot="roof", late=True, along=True, caption="Fewer than {knee} operations a byte: arithmetic waits."),
    Beat("stream", "K and V", 7.4, shot="roof", late=True, along=True, caption="No cache: K and V cross for each of {blocks} row blocks."),
    Beat("standard", "S and P", 6.2, shot="roof", late=True, along=True, caption="S and P go out and back: at best {rate} TFLOP/s."),
    Beat("flash", "FlashAttention", 4.8, shot="roof", late=True, along=True, caption="FlashAttention-2's kernel: S and P stay on chip."),
    Beat("climb", "Taller tiles", 5.4, shot="roof", late=True, along=True, caption="Twice as tall: K and V are read half as often."),
    Beat("full", "A full SM", 5.4, shot="roof", late=True, along=True, caption="No register is left: the rest goes out and back."),
    Beat("answer", "How tall", 5.8, shot="roof", late=True, along=True, caption="{rows} rows: the tallest tile that spills nothing."),
)  # fmt: skip
WAYS = ("S out", "S back", "P out", "P back")
ARCH = "sm_80"  # of the device whose roof it is
DEVICE = "A100"
HBM = {"A100": (A100_MEMORIES, A100_MEMORIES.memories[1]), "H100": (H100_MEMORIES, H100_MEMORIES.memories[-1])}
SIXTEEN_BIT = 2  # bytes of a number that the quoted peak is for


@dataclass(frozen=True)
class Count:
    """What a trace counts: operations of its products, and all bytes that cross between HBM and the chip."""

    operations: float
    nbytes: int

    @property
    def intensity(self) -> float:
        """Operations a byte."""
        return self.operations / self.nbytes


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
    """A query tile of so many rows: what its trace counts; what the compiler gives a program, where there is one."""

    rows: int
    count: Count
    given: Resources | None

    @property
    def intensity(self) -> float:
        """Operations a byte."""
        return self.count.intensity

    @property
    def held(self) -> int:
        """Bytes of registers that one program takes."""
        return 0 if self.given is None else FLOAT32 * self.given.registers * WARP * self.given.warps

    @property
    def share(self) -> float:
        """Of an SM's registers, that one program takes."""
        return self.held / (FLOAT32 * REGISTERS)

    @property
    def spilled_bytes(self) -> int:
        """Bytes that one program puts elsewhere."""
        return 0 if self.given is None else self.given.spilled * WARP * self.given.warps

    @property
    def spilled(self) -> float:
        """Of the bytes of an SM's registers, that one program puts elsewhere."""
        return self.spilled_bytes / (FLOAT32 * REGISTERS)


@dataclass(frozen=True)
class Roofline:
    """The roof, standard attention under it, tiles of growing height, the traces that were counted, and what the captions say."""

    roof: Roof
    standard: Count
    heights: tuple[Height, ...]  # smallest first
    traces: tuple[Trace, ...]

    @property
    def tallest(self) -> Height | None:
        """The last height before one that spills; None where none does, or all do."""
        spilling = next((at for at, height in enumerate(self.heights) if height.spilled), 0)
        return self.heights[spilling - 1] if spilling else None

    @property
    def beats(self) -> tuple[Beat, ...]:
        """Nothing is said of a ridge that no source quotes, nor of an SM that is not full."""
        left_out = {"ridge": self.roof.knee is None, "full": not self.heights[-1].spilled, "answer": self.tallest is None}
        return tuple(beat for beat in BEATS if not left_out.get(beat.name, False))

    @property
    def ways(self) -> tuple[int, ...]:
        """Bytes of S and P that standard attention moves: each out, and back."""
        moved = traffic(self.traces[-1])
        return tuple(side[name] for name in "SP" for side in (moved.written, moved.read))

    @property
    def said(self) -> dict[str, str]:
        """What the captions' braces stand for."""
        peak, knee = self.roof.peak, self.roof.knee
        rate = f"{self.roof.at(self.standard.intensity):.0f}"
        return {
            "knee": "" if knee is None else f"{knee:.0f}",
            "blocks": f"{self.traces[0].config.row_blocks:,}",
            "rate": rate if peak is None else f"{rate} of {peak.value:.0f}",
            "rows": f"{self.tallest.rows:,}" if self.tallest else "",
        }


def gather(config: AttentionConfig, source: str | None, record: Callable[..., Trace], compiled: Callable[..., Resources]) -> Roofline:
    """Trace one head of the config with query tiles of its own height and of greater ones, and standard attention as the config tiles it.

    Args:
        config: N, d, dtype, mask and BLOCK_N are kept; batch and heads are 1, and BLOCK_M grows.
        source: Kernel or twin, for FlashAttention; None as ``record`` takes it.
        record: ``flashviz_kernels.recorder.record``.
        compiled: ``flashviz_kernels.compiler.resources_of``.

    Raises:
        ConfigError: There is no key, or fewer than two heights suit the problem and an A100.
    """
    if config.seq_k == 0:
        raise ConfigError("seq_k must be at least 1 for this chapter, got 0; there is nothing to load")
    config = replace(config, batch=1, heads=1, kv_heads=1, arch=ARCH)
    problems = heights(config)
    taller = [record(c, source=source, algorithm="fa2") for c in problems]
    standard = record(config, source="numpy", algorithm="standard")
    given = given_to(problems, compiled)
    found = tuple(Height(c.block_m, count_of(t), r) for c, t, r in zip(problems, taller, given, strict=True))
    return Roofline(roof_of(DEVICE, config.itemsize), count_of(standard), found, (*taller, standard))


def given_to(problems: Sequence[AttentionConfig], compiled: Callable[..., Resources]) -> list[Resources | None]:
    """What the compiler gives a program of each height; nothing where it is missing."""
    try:
        return [compiled(c) for c in problems]
    except MissingPartError:
        return [None for _ in problems]


def roof_of(device: str, itemsize: int) -> Roof:
    """As papers quote it. Raises KeyError for another device."""
    _, memory = HBM[device]
    return Roof(bytes_of(memory.speed) / 10**12, PEAK_TFLOPS[device] if itemsize == SIXTEEN_BIT else None)


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


def bytes_at(rows: int, config: AttentionConfig) -> int:
    """Bytes of FlashAttention-2 at any tile height, by formula: Q and O once, K and V once a row block that visits them, LSE in float32."""
    c = config
    ends = np.minimum(np.arange(rows, c.seq_q + rows, rows), c.seq_q)  # of each row block
    keys = np.full(len(ends), c.seq_k)
    if c.causal:
        seen = np.clip(ends + c.seq_k - c.seq_q, 0, c.seq_k)
        keys = np.minimum(-(-seen // c.block_n) * c.block_n, c.seq_k)
    return 2 * c.head_dim * c.itemsize * (c.seq_q + int(keys.sum())) + FLOAT32 * c.seq_q


def count_of(trace: Trace) -> Count:
    """Of the whole trace."""
    return Count(float(trace.columns["flops"].sum()), traffic(trace).total)
