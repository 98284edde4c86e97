"""A benchmark's report as the chapters need it: two methods over growing N, and what they were measured on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flashviz.config import ITEMSIZE
from flashviz.errors import UsageError

Point = tuple[float, float]  # where a value stands in a chart: (x, y)
# the project's own kernels where they were measured, which takes a GPU; else torch's
FLASH_METHODS = {"flashviz hopper": "this project's kernel for Hopper", "flashviz": "this kernel", "torch flash": "torch's FlashAttention"}
LEAST = 2  # lengths that a sweep needs: a growth is a ratio of two


@dataclass(frozen=True)
class Sweep:
    """One problem at growing N. ``bytes`` and ``seconds`` by ``standard`` and ``flash`` are (N, value), N growing."""

    d: int
    batch: int
    heads: int  # of the whole batch
    dtype: str
    note: str
    provenance: dict[str, object]
    flops: tuple[Point, ...]
    memories: dict[str, tuple[Point, ...]]
    times: dict[str, tuple[Point, ...]]

    @property
    def itemsize(self) -> int:
        """Bytes of a number."""
        return ITEMSIZE[self.dtype]

    def memory(self, method: str) -> tuple[Point, ...]:
        """(N, peak bytes beyond the inputs)."""
        return self.memories[method]

    def seconds(self, method: str) -> tuple[Point, ...]:
        """(N, median seconds)."""
        return self.times[method]


def sweep_of(report: Any) -> Sweep:
    """The report's longest sweep without a mask whose batch and heads stay the same.

    Args:
        report: ``flashviz_kernels.bench.report.Report`` of ``flashviz bench kernel``.

    Raises:
        UsageError: It has no such sweep of standard and flash attention.
    """
    usable = [m for m in report.attention if not m.causal and m.median is not None and m.peak_memory is not None]
    flash = next((name for name in FLASH_METHODS if any(m.method == name for m in usable)), None)
    problems = {(m.d, m.batch, m.heads, m.dtype) for m in usable}
    found: list[tuple[int, list[Any], list[Any]]] = []
    for problem in sorted(problems):
        of = [m for m in usable if (m.d, m.batch, m.heads, m.dtype) == problem]
        standard = {m.n: m for m in of if m.method == "standard"}
        tiled = {m.n: m for m in of if m.method == flash}
        lengths = sorted(standard.keys() & tiled.keys())
        found.append((len(lengths), [standard[n] for n in lengths], [tiled[n] for n in lengths]))
    count, standard_rows, flash_rows = max(found, key=lambda one: one[0], default=(0, [], []))
    if count < LEAST:
        raise UsageError(
            f"expected standard and flash attention measured at {LEAST} lengths or more, got {count}; run flashviz bench kernel"
        )
    first = standard_rows[0]
    rows = {"standard": standard_rows, "flash": flash_rows}
    return Sweep(
        d=first.d, batch=first.batch, heads=first.heads * first.batch, dtype=first.dtype, note=_note(report, first, str(flash)),
        provenance={"benchmark": report.benchmark, "date": report.date, "machine": _machine(report), "versions": report.versions},
        flops=tuple((m.n, float(m.flops)) for m in standard_rows),
        memories={name: tuple((m.n, float(m.peak_memory)) for m in some) for name, some in rows.items()},
        times={name: tuple((m.n, float(m.median)) for m in some) for name, some in rows.items()},
    )  # fmt: skip


def _note(report: Any, first: Any, flash: str) -> str:
    """Machine, software and problem, in one line."""
    torch = f"torch {report.versions['torch']}" if "torch" in report.versions else "no torch"
    problem = f"{first.heads * first.batch} heads, d = {first.d}, {first.dtype}"
    return f"Measured on {_machine(report)}, {report.date[:10]}: {torch}, {FLASH_METHODS[flash]}; {problem}"


def _machine(report: Any) -> str:
    machine = report.machine
    return machine.gpu or f"{machine.processor}, {machine.cores} CPU cores"
