"""record(config) -> Trace: run a kernel or a twin on the config's own inputs and write down what it did."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from flashviz.config import AttentionConfig
from flashviz.device import Resources
from flashviz.errors import UsageError
from flashviz.inputs import inputs_hash
from flashviz.trace import Header, Launch, Trace
from flashviz.trace.header import Source
from flashviz.version import __version__
from flashviz_kernels.algorithm import Algorithm, Named
from flashviz_kernels.algorithms import DEFAULT, every, find
from flashviz_kernels.branches import options_of
from flashviz_kernels.compiler import resources_of
from flashviz_kernels.described import tensor_of
from flashviz_kernels.fitting import check_recording
from flashviz_kernels.kernel_run import run_kernels
from flashviz_kernels.log import Kept
from flashviz_kernels.modes import installed
from flashviz_kernels.source import KernelSource, source_of
from flashviz_kernels.statements import statements_of

SOURCES = ("numpy", "triton")
INTERPRETED_EVENTS = 80_000  # at some 2 ms each: about three minutes


@dataclass(frozen=True, eq=False)
class Run:
    """A recording and what its algorithm computed, by name."""

    trace: Trace
    outputs: Named

    @property
    def o(self) -> np.ndarray:
        """O [B, H, N_q, d]."""
        return self.outputs["O"]

    @property
    def lse(self) -> np.ndarray | None:
        """LSE [B, H, N_q], where the algorithm has one."""
        return self.outputs.get("LSE")


def record(
    config: AttentionConfig,
    *,
    source: str | None = None,
    algorithm: str | Algorithm = DEFAULT,
    snapshots: Iterable[tuple[int, int]] = (),
    stats: bool = False,
    clock: bool = False,
    resources: bool = False,
) -> Trace:
    """The trace of one attention forward pass.

    Args:
        config: The problem; its inputs are made by its own recipe.
        source: ``triton`` for the kernel, compiled where a GPU is and interpreted elsewhere; ``numpy`` for the twin; None takes the
            kernel where there is one and triton is installed, unless a recording has more than ``INTERPRETED_EVENTS``.
        algorithm: One of ``flashviz_kernels.algorithms``, by its name, or itself.
        snapshots: Programs (pid_m, pid_bh) whose every value is kept, where the algorithm keeps a row block on chip.
        stats: Keep m, l and alpha of all programs, likewise.
        clock: Have each event say when, and on which SM, it was reported: the columns ``t_ns`` and ``sm``. Takes the kernel, on a GPU.
        resources: Where the kernel runs, ask the compiler too what it gives a program: seconds, the first time.

    Raises:
        UsageError: The request contradicts itself or needs more memory than a recording may take.
        MissingPartError: ``triton`` was asked for and cannot be used here, or ``clock`` and there is no GPU.
    """
    return run(config, source=source, algorithm=algorithm, snapshots=snapshots, stats=stats, clock=clock, resources=resources).trace


def run(
    config: AttentionConfig,
    *,
    source: str | None = None,
    algorithm: str | Algorithm = DEFAULT,
    snapshots: Iterable[tuple[int, int]] = (),
    stats: bool = False,
    clock: bool = False,
    resources: bool = False,
    computed: range | None = None,
    altered: str | None = None,
    margins: Mapping[str, np.ndarray] | None = None,
) -> Run:
    """As ``record``, with the outputs.

    Args:
        computed: Row blocks that a twin computes, with the outputs of all others NaN: the events of all are reported, since they depend
            on no value. None computes all, as does the kernel in any case.
        altered: What the twin does otherwise, on purpose, in the words of its algorithm; the header has them.
        margins: Where values decide, those of another recording, whose branches the twin takes.

    Raises:
        VerificationError: One of the ``margins`` is not the twin's own, and rounding does not explain it.
    """
    chosen = find(algorithm)
    if not chosen.tiled:
        raise UsageError(f"expected an algorithm whose programs have tiles, got {chosen.name}; record it with flashviz_kernels.untiled")
    if source not in (None, *SOURCES):
        raise UsageError(f"source must be one of {', '.join(SOURCES)}, got {source!r}; leave it out to take triton where it is installed")
    if source == "triton" and chosen.calls is None:
        known = ", ".join(each.name for each in every() if each.calls is not None)
        raise UsageError(f"source triton has the kernel of {known}, got algorithm {chosen.name}; use source numpy for it")
    snapshots = tuple(snapshots)
    if (snapshots or stats) and not chosen.keeps:
        known = ", ".join(each.name for each in every() if each.keeps)
        raise UsageError(f"snapshots and stats are kept of {known}, got algorithm {chosen.name}; leave them out")
    if clock and (source == "numpy" or chosen.reports is None or not chosen.reports.clocked):
        known = ", ".join(each.name for each in every() if each.reports is not None and each.reports.clocked)
        raise UsageError(f"a clock is read by the kernel of {known}, got {chosen.name} from {source or 'numpy'}; leave the clock out")
    if computed is not None and chosen.by_value is not None:
        raise UsageError(f"computed needs events that depend on no value, got algorithm {chosen.name}, whose do; leave it out")
    options = _options(chosen, config, altered, source, stats=stats, clock=clock)
    kept = Kept.of(config, snapshots, stats=stats, computed=computed)
    check_recording(config, chosen.events)
    arrays = chosen.inputs(config)
    usual = source is None and altered is None and chosen.calls is not None and worth_interpreting(chosen, config)
    if clock or source == "triton" or usual:
        spec = chosen.name if isinstance(algorithm, Algorithm) else algorithm
        given = resources_of(config, clock=clock, algorithm=spec) if resources else None
        return _run_kernels(chosen, config, arrays, kept, clock=clock, resources=given)
    return _run_twin(chosen, config, arrays, kept, altered, options | options_of(chosen, config, arrays, margins))


def _options(
    algorithm: Algorithm, config: AttentionConfig, altered: str | None, source: str | None, *, stats: bool, clock: bool
) -> dict[str, Any]:  # fmt: skip
    """Options of the twin, where something is altered.

    Raises:
        UsageError: The algorithm knows no such words, or something was asked for that a twin which is altered has not.
    """
    if altered is None:
        return {}
    if algorithm.altered is None:
        known = ", ".join(each.name for each in every() if each.altered is not None)
        raise UsageError(f"what can be altered is {known}, got algorithm {algorithm.name}; leave altered out")
    if source == "triton" or clock or stats:
        raise UsageError("what is altered is the twin, of which snapshots are kept, got source triton, a clock or stats; leave them out")
    return algorithm.altered(altered, config)


def programs_of(config: AttentionConfig) -> list[tuple[int, int]]:
    """(pid_m, pid_bh) of every row block of every head, as ``snapshots`` takes them."""
    return [(i, bh) for bh in range(config.batch * config.heads) for i in range(config.row_blocks)]


def worth_interpreting(algorithm: Algorithm, config: AttentionConfig) -> bool:
    """Whether ``source=None`` takes the kernel: triton is installed, and its interpreter would not need many minutes."""
    return installed() and algorithm.events(config) <= INTERPRETED_EVENTS


def _run_kernels(
    algorithm: Algorithm, config: AttentionConfig, arrays: Named, kept: Kept, *, clock: bool, resources: Resources | None
) -> Run:  # fmt: skip
    done = run_kernels(algorithm, config, arrays, kept, clock=clock)
    text = source_of(*done.functions)
    header = header_of(algorithm, config, done.source, arrays, text, done.versions, clock=done.clock, resources=resources)
    trace = _trace(header, done.columns, kept, options_of(algorithm, config, arrays, done.written))
    return Run(trace, {name: done.written[name] for name in algorithm.outputs})


def _run_twin(
    algorithm: Algorithm, config: AttentionConfig, arrays: Named, kept: Kept, altered: str | None, options: dict[str, Any]
) -> Run:  # fmt: skip
    log = algorithm.log(config)
    outputs = algorithm.twin(arrays, config, log, kept, **options)
    header = header_of(algorithm, config, "numpy", arrays, source_of(*algorithm.text), {}, altered=altered)
    return Run(_trace(header, log.tiles(), kept, options), outputs)


def _trace(header: Header, columns: dict[str, np.ndarray], kept: Kept, options: Mapping[str, Any]) -> Trace:
    margins = options["branches"].margins if "branches" in options else None
    return Trace(header, columns, stats=kept.stats, snapshots=kept.snapshots(), margins=margins)


def header_of(
    algorithm: Algorithm, config: AttentionConfig, source: Source, arrays: Named, text: KernelSource, versions: dict[str, str],
    *, clock: str | None = None, resources: Resources | None = None, altered: str | None = None,
) -> Header:  # fmt: skip
    """Where a recording comes from, and what its events mean."""
    versions = versions | {"flashviz": __version__, "python": platform.python_version(), "numpy": np.__version__}
    assert algorithm.arrays is not None  # it has tiles
    grids, arrays_there = algorithm.log(config).grids, algorithm.arrays(config)
    calls = () if algorithm.calls is None else algorithm.calls(config, arrays_there, None)
    kernels = [call.kernel.name for call in calls] or [algorithm.name] * len(grids)
    statements = statements_of(algorithm, config, text.lines)
    return Header(
        algorithm=algorithm.name, source=source, config=config, versions=versions, kernel_hash=text.hash,
        sources=list(text.files),
        statements=tuple(each for each in statements if each.launch < len(grids)),  # a config may need fewer launches than the text has
        tensors=[tensor_of(name, each) for name, each in arrays_there.items()],
        launches=[Launch(kernel, grid, {}, {}) for kernel, grid in zip(kernels, grids, strict=True)],
        inputs_hash=inputs_hash(arrays.values()), clock=clock, resources=resources, altered=altered,
    )  # fmt: skip
