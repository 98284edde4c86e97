"""RooflineScene: bytes against the height of a query tile, and what they allow: the roofline (Williams et al. 2009)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from flashviz.chapters.figure import Figure, Point, Series, compact, doubling, in_bytes, in_powers, times
from flashviz.chapters.io_complexity import Record, sources
from flashviz.chapters.measured import sweep_of
from flashviz.chapters.memory_hierarchy import bytes_of
from flashviz.citations import A100_MEMORIES, H100_MEMORIES, PEAK_TFLOPS, Peak
from flashviz.config import BLOCKS, SHARED_LIMIT, AttentionConfig, tiles_bytes
from flashviz.errors import ConfigError
from flashviz.memory import FLOAT32, compulsory, traffic
from flashviz.storyboard import Beat
from flashviz.trace import Trace

BEATS: tuple[Beat, ...] = (
    Beat("height", "Tile height", 5.6, fresh=True, still=1.6, caption=
         "How tall should a query tile be? Each row block reads all of K and V again."),
    Beat("taller", "Taller tiles", 8, still=1.2, caption=
         "Dots: traces of FlashAttention. Line: its closed form. Twice the rows, {least} to {most} × fewer bytes."),
    Beat("flip", "Where the bill flips", 8, still=1.2, caption=
         "At {first} rows it moves {more}, more than the {cached} of standard attention with a perfect cache. "
         "From {cheaper} rows on the bill flips."),
    Beat("roof", "The roof", 8, fresh=True, still=1.6, caption=
         "No faster than bytes arrive: that is the slope. From {knee} operations a byte on, arithmetic is the limit."),
    Beat("standard", "Standard attention", 7, still=1.0, caption=
         "Standard attention: {standard} operations a byte as counted, {standard_once} with a perfect cache. Bytes limit it."),
    Beat("flash", "FlashAttention", 8, still=1.0, caption=
         "FlashAttention: {flash} as counted, {flash_once} with a perfect cache. The knee lies between: caches decide."),
    Beat("tiles", "Height and roof", 7, still=1.0, caption=
         "Taller tiles climb the roof: {low} operations a byte at {first} rows, {high} at {last}."),
    Beat("gpu", "Measured on a GPU", 8, fresh=True, still=1.6, caption=
         "Measured on an {device}: standard attention stays at {slow} TFLOP/s, FlashAttention climbs with N to {fast}."),
)  # fmt: skip
VARIANTS: tuple[Beat, ...] = (  # what some beats say instead
    Beat("flip-less", "Fewer bytes at any height", 8, caption=
         "Even at {first} rows it moves {more}, less than the {cached} of standard attention with a perfect cache."),
    Beat("flip-more", "More bytes at any height", 8, caption=
         "Even at {last} rows it moves {fewest}, against {cached} of standard attention with a perfect cache."),
    Beat("roof-slope", "The roof", 8, caption=
         "No faster than bytes arrive: that is the slope. No source here quotes a peak for {dtype}, so it goes on."),
    Beat("standard-plain", "Standard attention", 7, caption=
         "Standard attention: {standard} operations a byte as counted, {standard_once} with a perfect cache."),
    Beat("flash-plain", "FlashAttention", 8, caption="FlashAttention: {flash} as counted, {flash_once} with a perfect cache."),
    Beat("flash-bytes", "FlashAttention", 8, caption=
         "FlashAttention: {flash} as counted, {flash_once} with a perfect cache. Bytes limit it too."),
    Beat("flash-arithmetic", "FlashAttention", 8, caption=
         "FlashAttention: {flash} as counted, {flash_once} with a perfect cache. Arithmetic limits it."),
)  # fmt: skip
SCRIPT = (*BEATS, *VARIANTS)
DEVICE = "A100"
HBM = {"A100": (A100_MEMORIES, A100_MEMORIES.memories[1]), "H100": (H100_MEMORIES, H100_MEMORIES.memories[-1])}
ROOM = 2.0  # of intensity, left and right of all that is shown
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
class Roofline:
    """The charts, the traces that were counted, and what the captions say. ``gpu`` is None where no GPU that a source quotes was measured.

    ``rows`` are the tile heights, smallest first; ``variants`` the beats that say something else, by their names.
    """

    over_rows: Figure
    roofline: Figure
    gpu: Figure | None
    rows: tuple[int, ...]
    ends: dict[str, Ends]
    traces: tuple[Trace, ...]
    said: dict[str, str]
    variants: dict[str, str]

    def told(self, script: Sequence[Beat]) -> tuple[Beat, ...]:
        """The beats, with the words that ``script`` has for what was found."""
        words = {beat.name: beat for beat in script}
        beats = [beat for beat in BEATS if beat.name != "gpu" or self.gpu is not None]
        spoken = [words[self.variants.get(beat.name, beat.name)] for beat in beats]
        return tuple(replace(beat, title=each.title, caption=each.caption) for beat, each in zip(beats, spoken, strict=True))


def gather(config: AttentionConfig, source: str | None, record: Record, report: Any) -> Roofline:
    """Trace one head of the config with query tiles of every height, and standard attention as the config tiles it.

    Args:
        config: N, d, dtype, mask and BLOCK_N are kept; batch and heads are 1, and BLOCK_M is varied.
        source: Kernel or twin, for FlashAttention; None as ``record`` takes it.
        record: ``flashviz_kernels.recorder.record``.
        report: What was measured: ``flashviz_kernels.bench.report.Report`` of ``flashviz bench kernel``.

    Raises:
        ConfigError: There is no key, or fewer than two heights suit the problem and its GPU.
    """
    if config.seq_k == 0:
        raise ConfigError("seq_k must be at least 1 for this chapter, got 0; there is nothing to load")
    config = replace(config, batch=1, heads=1, kv_heads=1)
    problems = heights(config)
    taller = [record(c, source=source, algorithm="fa2") for c in problems]
    standard = record(config, source="numpy", algorithm="standard")
    flash = next((t for t in taller if t.config == config), None) or record(config, source=source, algorithm="fa2")
    ends = {"standard": ends_of(standard), "flash": ends_of(flash)}
    roof = roof_of(DEVICE, config.itemsize)
    gpu, rates = _measured(report)
    over_rows, moved = _over_rows(problems, taller)
    rows = tuple(c.block_m for c in problems)
    climbing = [ends_of(trace).counted for trace in taller]
    cheaper = next((height for height in sorted(moved) if moved[height] < over_rows.named("cached").end[1]), None)
    said = _said_of_heights(over_rows, moved, cheaper) | {
        "standard": times(ends["standard"].counted), "standard_once": times(ends["standard"].once),
        "flash": times(ends["flash"].counted), "flash_once": times(ends["flash"].once),
        "low": times(climbing[0]), "high": times(climbing[-1]), "dtype": config.dtype,
        "knee": "" if roof.knee is None else times(roof.knee),
    } | rates  # fmt: skip
    traces = (*taller, standard, *(() if flash in taller else (flash,)))
    variants = _variants(roof, ends, cheaper, rows[0])
    return Roofline(over_rows, _roofline(roof, ends, climbing, config, traces), gpu, rows, ends, traces, said, variants)


def roof_of(device: str, itemsize: int) -> Roof:
    """As papers quote it. Raises KeyError for another device."""
    _, memory = HBM[device]
    return Roof(bytes_of(memory.speed) / 10**12, PEAK_TFLOPS[device] if itemsize == SIXTEEN_BIT else None)


def _measured(report: Any) -> tuple[Figure | None, dict[str, str]]:
    """Rates that were measured, under the roof of their own device, and what the caption says.

    A dot's intensity is that of a perfect cache: what the GPU's caches saved is not known, so it stands as far to the right as it can.
    """
    device = next((name for name in HBM if name in (report.machine.gpu or "")), None)
    if device is None:
        return None, {}
    sweep = sweep_of(report)
    roof = roof_of(device, sweep.itemsize)
    dots: dict[str, tuple[Point, ...]] = {}
    for name, algorithm in MEASURED.items():
        points = []
        for (n, seconds), (_, flops) in zip(sweep.seconds(name), sweep.flops, strict=True):
            problem = AttentionConfig(seq_q=int(n), head_dim=sweep.d, heads=sweep.heads, dtype="float16")
            points.append((flops / compulsory(problem, algorithm).total, flops / seconds / 10**12))
        dots[name] = tuple(points)
    everything = [x for points in dots.values() for x, _ in points] + ([roof.knee] if roof.knee else [])
    low, high = min(everything) / ROOM, max(everything) * ROOM
    line = roof.between(low, high)
    hierarchy, memory = HBM[device]
    peak = roof.peak
    quoted = f"{memory.speed} from HBM ({hierarchy.quote.citation})" + (f", {peak.quote.text} ({peak.quote.citation})" if peak else "")
    figure = Figure(
        title="Measured TFLOP/s, by operations a byte",
        x=in_powers("operations (FLOP) a byte, with a perfect cache", [low, high], 2),
        y=in_powers("", [y for _, y in line] + [y for points in dots.values() for _, y in points], 2),
        series=(
            Series("limit", f"the roof of an {device}", "L", (), line, "a limit, not a measurement"),
            Series("measured standard", "standard attention", "S", dots["standard"]),
            Series("measured flash", "FlashAttention", "O", dots["flash"]),
        ),
        note=f"{sweep.note}, N = {int(sweep.flops[0][0]):,} to {int(sweep.flops[-1][0]):,}. Quoted: {quoted}",
    )
    slow, fast = ([rate for _, rate in dots[name]] for name in ("standard", "flash"))
    return figure, {"device": device, "slow": f"{min(slow):.0f} to {max(slow):.0f}", "fast": f"{max(fast):.0f}"}


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


def _over_rows(problems: Sequence[AttentionConfig], traces: Sequence[Trace]) -> tuple[Figure, dict[int, int]]:
    """The chart over BLOCK_M, and the closed form at every height between the smallest and the largest."""
    c = problems[0]
    dots = tuple((float(p.block_m), float(traffic(trace).total)) for p, trace in zip(problems, traces, strict=True))
    moved = {rows: bytes_at(rows, c) for rows in range(problems[0].block_m, problems[-1].block_m + 1)}
    cached = float(compulsory(c, "standard").total)
    formula = "line: 2 N d (1 + ⌈N/rows⌉) + LSE" if not c.causal and c.seq_q == c.seq_k else "line: closed form of the visited tiles"
    figure = Figure(
        title=f"Bytes between HBM and the chip at N = {c.seq_k:,}, one head",
        x=doubling("BLOCK_M, rows of a query tile", [x for x, _ in dots]),
        y=in_bytes("", [y for _, y in dots] + [cached]),
        series=(
            Series("rows", "FlashAttention", "O", dots, tuple((float(x), float(y)) for x, y in moved.items()), formula),
            Series("cached", "standard attention", "S", (), ((dots[0][0], cached), (dots[-1][0], cached)),
                   "perfect cache: every tensor once"),
        ),
        note=f"d = {c.head_dim}, {c.dtype}, {'causal' if c.causal else 'not causal'}; logical transfers, caches not counted; "
        f"traces: {sources(*traces)}",
    )  # fmt: skip
    return figure, moved


def _said_of_heights(figure: Figure, moved: dict[int, int], cheaper: int | None) -> dict[str, str]:
    """How bytes fall, and from which height on they are fewer than those of standard attention with a perfect cache."""
    points = figure.named("rows").points
    falls = [before / after for (_, before), (_, after) in pairwise(points)]
    smallest, tallest = min(moved), max(moved)
    return {
        "least": times(min(falls)), "most": times(max(falls)), "first": f"{smallest}", "last": f"{tallest}", "cheaper": str(cheaper or ""),
        "more": compact(moved[smallest]), "fewest": compact(moved[tallest]), "cached": compact(figure.named("cached").end[1]),
    }  # fmt: skip


def _variants(roof: Roof, ends: dict[str, Ends], cheaper: int | None, smallest: int) -> dict[str, str]:
    """Which beats say something else than for the default problem."""
    standard, flash = ends["standard"], ends["flash"]
    found = {}
    if cheaper is None or cheaper == smallest:
        found["flip"] = "flip-more" if cheaper is None else "flip-less"
    if roof.knee is None:
        return found | {"roof": "roof-slope", "standard": "standard-plain", "flash": "flash-plain"}
    if standard.once > roof.knee:
        found["standard"] = "standard-plain"
    if flash.once <= roof.knee:
        found["flash"] = "flash-bytes"
    elif flash.counted >= roof.knee:
        found["flash"] = "flash-arithmetic"
    return found


def _roofline(roof: Roof, ends: dict[str, Ends], climbing: Sequence[float], config: AttentionConfig, traces: Sequence[Trace]) -> Figure:
    """Attainable rate against intensity: the roof, each algorithm's stretch of it, and a dot for each tile height."""
    everything = [x for each in ends.values() for x in (each.counted, each.once)] + [*climbing] + ([roof.knee] if roof.knee else [])
    low, high = min(everything) / ROOM, max(everything) * ROOM
    line = roof.between(low, high)
    knee = ((roof.knee, roof.at(roof.knee)),) if roof.knee is not None else ()
    bandwidth = A100_MEMORIES.memories[1]
    quoted = f"{bandwidth.speed} from HBM ({A100_MEMORIES.quote.citation})"
    if roof.peak is not None:
        quoted = f"{roof.peak.quote.text} ({roof.peak.quote.citation}), {quoted}"
    looks = (("standard", "standard attention", "S"), ("flash", "FlashAttention", "O"))
    stretches = (
        Series(name, label, tensor, ((e.counted, roof.at(e.counted)), (e.once, roof.at(e.once))), roof.between(e.counted, e.once),
               "as counted, to a perfect cache")
        for (name, label, tensor), e in ((look, ends[look[0]]) for look in looks)
    )  # fmt: skip
    c = config
    return Figure(
        title="Attainable TFLOP/s, by operations a byte",
        x=in_powers("operations (FLOP) a byte", [low, high], 2),
        y=in_powers("", [y for _, y in line], 2),
        series=(
            Series("roof", f"the roof of an {DEVICE}", "L", knee, line, "a limit, not a measurement"),
            *stretches,
            Series("tiles", "dots: rows of a tile", "O", tuple((x, roof.at(x)) for x in climbing)),
        ),
        note=f"Quoted: {quoted}. Counted: N = {c.seq_k:,}, d = {c.head_dim}, tiles {c.block_m} × {c.block_n}, {c.dtype}, "
        f"{'causal' if c.causal else 'not causal'}; traces: {sources(*traces)}",
    )
