"""RooflineScene: how tall a tile may be: what a height saves under an A100's roof (Williams et al. 2009), and what it takes of an SM."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from flashviz.chapters.measured import Point, Sweep, sweep_of
from flashviz.chapters.memory_hierarchy import bytes_of
from flashviz.citations import A100_MEMORIES, H100_MEMORIES, PEAK_TFLOPS, Peak
from flashviz.config import BLOCKS, SHARED_LIMIT, AttentionConfig, tiles_bytes
from flashviz.device import REGISTERS, WARP, Resources
from flashviz.errors import ConfigError, MissingPartError
from flashviz.forms import compulsory
from flashviz.memory import FLOAT32, traffic
from flashviz.storyboard import Beat
from flashviz.trace import Trace

BEATS: tuple[Beat, ...] = (
    Beat("roof", "The roof", 8.0, shot="roof", late=True, caption="No faster than bytes arrive; no faster than arithmetic."),
    Beat("standard", "Standard attention", 6.3, shot="roof", late=True, caption="Standard attention: {standard} operations a byte."),
    Beat("tile", "A low tile", 7.8, shot="tile", late=True, caption="FlashAttention: how tall should a query tile be?"),
    Beat("climb", "Taller tiles", 11.8, shot="tile", late=True, caption="Twice as tall: K and V are read half as often."),
    Beat("full", "A full SM", 5.4, shot="tile", late=True, caption="No register is left: what does not fit goes out and back."),
    Beat("answer", "How tall", 6.2, shot="tile", late=True, caption="{rows} rows: the tallest tile that spills nothing."),
    Beat("gpu", "Measured on a GPU", 10.2, shot="measured", fresh=True, caption="An {device}, measured. Each algorithm has a roof."),
    Beat("close", "What it buys", 3.8, shot="measured", late=True, caption="The same N: {standard_rate} against {flash_rate} TFLOP/s."),
)  # fmt: skip
FULL = 0.9  # of an SM's registers
ARCH = "sm_80"  # of the device whose roof it is
DEVICE = "A100"
HBM = {"A100": (A100_MEMORIES, A100_MEMORIES.memories[1]), "H100": (H100_MEMORIES, H100_MEMORIES.memories[-1])}
MEASURED = {"standard": "standard", "flash": "fa2"}  # what is shown, and how it tiles
SIXTEEN_BIT = 2  # bytes of a number that the quoted peak is for


@dataclass(frozen=True)
class Ends:
    """Operations a byte of one algorithm: as its trace counts bytes, and where a perfect cache lets each tensor cross once."""

    counted: float
    once: float


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
    """A query tile of so many rows: operations a byte as its trace counts them; what the compiler gives a program, where there is one."""

    rows: int
    intensity: float
    given: Resources | None

    @property
    def share(self) -> float:
        """Of an SM's registers, that one program takes."""
        return 0.0 if self.given is None else self.given.registers * WARP * self.given.warps / REGISTERS

    @property
    def spilled_bytes(self) -> int:
        """Bytes that one program puts elsewhere."""
        return 0 if self.given is None else self.given.spilled * WARP * self.given.warps

    @property
    def spilled(self) -> float:
        """Of the bytes of an SM's registers, that one program puts elsewhere."""
        return self.spilled_bytes / (FLOAT32 * REGISTERS)


@dataclass(frozen=True)
class Rate:
    """What one algorithm attained at one N, TFLOP/s, and at the most: its roof at the operations a byte of a perfect cache."""

    intensity: float
    attained: float
    most: float


@dataclass(frozen=True)
class Rates:
    """TFLOP/s that were measured, N growing, under the roof of their device."""

    device: str
    roof: Roof
    sweep: Sweep
    of: dict[str, tuple[Rate, ...]]

    @property
    def lengths(self) -> tuple[int, ...]:
        """N of each rate."""
        return tuple(int(n) for n, _ in self.sweep.flops)


@dataclass(frozen=True)
class Roofline:
    """The roof, standard attention under it, tiles of every height, the traces that were counted, and what the captions say.

    ``gpu`` is None where no GPU that a source quotes was measured.
    """

    roof: Roof
    standard: Ends
    heights: tuple[Height, ...]  # smallest first
    gpu: Rates | None
    traces: tuple[Trace, ...]

    @property
    def tallest(self) -> Height | None:
        """The last height before one that spills; None where none does, or all do."""
        spilling = next((at for at, height in enumerate(self.heights) if height.spilled), 0)
        return self.heights[spilling - 1] if spilling else None

    @property
    def beats(self) -> tuple[Beat, ...]:
        """Nothing is said of a GPU that was not measured, nor of an SM that is not full."""
        last = self.heights[-1]
        left_out = {
            "gpu": self.gpu is None,
            "close": self.gpu is None,
            "full": not (last.spilled or last.share > FULL),
            "answer": self.tallest is None,
        }
        return tuple(beat for beat in BEATS if not left_out.get(beat.name, False))

    @property
    def said(self) -> dict[str, str]:
        rates = {f"{name}_rate": f"{self.gpu.of[name][-1].attained:.0f}" if self.gpu else "" for name in MEASURED}
        rows = f"{self.tallest.rows:,}" if self.tallest else ""
        return {"standard": f"{self.standard.counted:.0f}", "rows": rows, "device": self.gpu.device if self.gpu else "", **rates}


def gather(
    config: AttentionConfig, source: str | None, record: Callable[..., Trace], report: Any, compiled: Callable[..., Resources]
) -> Roofline:
    """Trace one head of the config with query tiles of every height that an A100 holds, and standard attention as the config tiles it.

    Args:
        config: N, d, dtype, mask and BLOCK_N are kept; batch and heads are 1, and BLOCK_M is varied.
        source: Kernel or twin, for FlashAttention; None as ``record`` takes it.
        record: ``flashviz_kernels.recorder.record``.
        report: What was measured: ``flashviz_kernels.bench.report.Report`` of ``flashviz bench kernel``.
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
    found = tuple(Height(c.block_m, ends_of(t).counted, r) for c, t, r in zip(problems, taller, given, strict=True))
    return Roofline(roof_of(DEVICE, config.itemsize), ends_of(standard), found, measured_rates(report), (*taller, standard))


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
    slope = (f"{memory.speed} from HBM", hierarchy.quote.citation)
    return (slope,) if roof.peak is None else (slope, (f"{roof.peak.value:.0f} TFLOP/s", roof.peak.quote.citation))


def measured_rates(report: Any) -> Rates | None:
    """Rates that were measured, where a source quotes the roof of their device.

    An intensity is that of a perfect cache: what the GPU's caches saved is not known, so a roof is as high as it can be.
    """
    device = next((name for name in HBM if name in (report.machine.gpu or "")), None)
    if device is None:
        return None
    sweep = sweep_of(report)
    roof = roof_of(device, sweep.itemsize)
    of: dict[str, tuple[Rate, ...]] = {}
    for name, algorithm in MEASURED.items():
        rates = []
        for (n, seconds), (_, flops) in zip(sweep.seconds(name), sweep.flops, strict=True):
            problem = AttentionConfig(seq_q=int(n), head_dim=sweep.d, heads=sweep.heads, dtype="float16")
            intensity = flops / compulsory(problem, algorithm).total
            rates.append(Rate(intensity, flops / seconds / 10**12, roof.at(intensity)))
        of[name] = tuple(rates)
    return Rates(device, roof, sweep, of)


def heights(config: AttentionConfig) -> list[AttentionConfig]:
    """The config with query tiles of every height that its GPU can hold: powers of two, up to the first that holds all queries.

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
    return found


def bytes_at(rows: int, config: AttentionConfig) -> int:
    """Bytes of FlashAttention-2 at any tile height, by formula: Q and O once, K and V once a row block that visits them, LSE in float32."""
    c = config
    ends = np.minimum(np.arange(rows, c.seq_q + rows, rows), c.seq_q)  # of each row block
    keys = np.full(len(ends), c.seq_k)
    if c.causal:
        seen = np.clip(ends + c.seq_k - c.seq_q, 0, c.seq_k)
        keys = np.minimum(-(-seen // c.block_n) * c.block_n, c.seq_k)
    return 2 * c.head_dim * c.itemsize * (c.seq_q + int(keys.sum())) + FLOAT32 * c.seq_q


def ends_of(trace: Trace) -> Ends:
    """The interval of a trace's intensity: its operations over its bytes, and over what it must move at the least."""
    operations = float(trace.columns["flops"].sum())
    return Ends(operations / traffic(trace).total, operations / compulsory(trace.config, trace.header.algorithm).total)
