"""record(config) -> Trace: run a kernel or a twin on the config's own inputs and write down what it did."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from flashviz.config import AttentionConfig
from flashviz.device import Resources
from flashviz.errors import UsageError
from flashviz.inputs import Arrays, inputs_hash, make_inputs
from flashviz.trace import Header, Trace
from flashviz.trace.counts import Algorithm, check_recording
from flashviz.trace.recording import Source
from flashviz.version import __version__
from flashviz_kernels import twins
from flashviz_kernels.compiler import resources_of
from flashviz_kernels.interpreter import installed
from flashviz_kernels.kernel_run import run_kernel
from flashviz_kernels.log import EventLog, Kept
from flashviz_kernels.source import KernelSource, source_of
from flashviz_kernels.statements import statements_of

ALGORITHMS: tuple[Algorithm, ...] = ("standard", "fa1", "fa2")
SOURCES = ("numpy", "triton")
INTERPRETED_TILES = 8192  # at some 20 ms each: about three minutes

TWINS: dict[Algorithm, tuple[Callable[..., Any], ...]] = {
    "fa2": (twins.fa2, twins._fa2_tile),
    "fa1": (twins.fa1, twins._fa1_tile),
    "standard": (twins.standard, twins._scores, twins._softmax, twins._blend),
}


@dataclass(frozen=True, eq=False)
class Run:
    """A recording and what its algorithm computed: O [B, H, N_q, d], and LSE [B, H, N_q] where it has one."""

    trace: Trace
    o: np.ndarray
    lse: np.ndarray | None


def record(
    config: AttentionConfig,
    *,
    source: str | None = None,
    algorithm: str = "fa2",
    snapshots: Iterable[tuple[int, int]] = (),
    stats: bool = False,
    clock: bool = False,
    resources: bool = False,
) -> Trace:
    """The trace of one attention forward pass.

    Args:
        config: The problem; its inputs are made by its own recipe.
        source: ``triton`` for the kernel, compiled where a GPU is and interpreted elsewhere; ``numpy`` for the twin; None takes the
            kernel for fa2 where triton is installed, unless it has more than ``INTERPRETED_TILES`` tiles to visit.
        algorithm: ``fa2``, ``fa1`` or ``standard``.
        snapshots: Programs (pid_m, pid_bh) whose every value is kept (fa2 only).
        stats: Keep m, l and alpha of all programs (fa2 only).
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
    algorithm: str = "fa2",
    snapshots: Iterable[tuple[int, int]] = (),
    stats: bool = False,
    clock: bool = False,
    resources: bool = False,
    computed: range | None = None,
) -> Run:
    """As ``record``, with the outputs.

    Args:
        computed: Row blocks that a twin computes, with O and LSE of all others NaN: the events of all are reported, since they depend
            on no value. None computes all, as does the kernel in any case.
    """
    if algorithm not in ALGORITHMS:
        raise UsageError(f"algorithm must be one of {', '.join(ALGORITHMS)}, got {algorithm!r}; try fa2")
    if source not in (None, *SOURCES):
        raise UsageError(f"source must be one of {', '.join(SOURCES)}, got {source!r}; leave it out to take triton where it is installed")
    if source == "triton" and algorithm != "fa2":
        raise UsageError(f"source triton has the kernel of fa2, got algorithm {algorithm}; use source numpy for it")
    snapshots = tuple(snapshots)
    if (snapshots or stats) and algorithm != "fa2":
        raise UsageError(f"snapshots and stats are kept of fa2, got algorithm {algorithm}; leave them out")
    if clock and (source == "numpy" or algorithm != "fa2"):
        raise UsageError(f"a clock is read by the kernel of fa2, got {algorithm} from {source or 'numpy'}; leave the clock out")
    kept = Kept.of(config, snapshots, stats=stats, computed=computed)
    check_recording(config, algorithm)
    arrays = make_inputs(config)
    if clock or source == "triton" or (source is None and algorithm == "fa2" and worth_interpreting(config)):
        return _run_kernel(config, arrays, kept, clock=clock, resources=resources_of(config, clock=clock) if resources else None)
    return _run_twin(config, algorithm, arrays, kept)


def worth_interpreting(config: AttentionConfig) -> bool:
    """Whether ``source=None`` takes the kernel: triton is installed, and its interpreter would not need many minutes."""
    tiles = config.batch * config.heads * sum(config.visited(i) for i in range(config.row_blocks))
    return installed() and tiles <= INTERPRETED_TILES


def _run_kernel(config: AttentionConfig, arrays: Arrays, kept: Kept, *, clock: bool, resources: Resources | None) -> Run:
    done = run_kernel(config, arrays, kept, clock=clock)
    text = source_of(done.function)
    header = header_of(config, "fa2", done.source, arrays, text, done.versions, clock=done.clock, resources=resources)
    return Run(Trace(header, done.columns, stats=kept.stats, snapshots=kept.snapshots()), done.o, done.lse)


def _run_twin(config: AttentionConfig, algorithm: Algorithm, arrays: Arrays, kept: Kept) -> Run:
    functions = TWINS[algorithm]
    log = EventLog(config, one_program=algorithm == "fa1")
    with np.errstate(over="ignore", invalid="ignore"):  # a score beyond the dtype's range is infinite and spoils its row, as in the kernel
        o, lse = functions[0](*arrays, config, log, kept)
    text = source_of(*functions)
    header = header_of(config, algorithm, "numpy", arrays, text, {})
    trace = Trace(header, log.columns(), stats=kept.stats, snapshots=kept.snapshots())
    return Run(trace, o, lse)


def header_of(
    config: AttentionConfig, algorithm: Algorithm, source: Source, arrays: Arrays, text: KernelSource, versions: dict[str, str],
    *, clock: str | None = None, resources: Resources | None = None, altered: str | None = None,
) -> Header:  # fmt: skip
    """Where a recording comes from, and what its events mean."""
    versions = versions | {"flashviz": __version__, "python": platform.python_version(), "numpy": np.__version__}
    return Header(
        algorithm=algorithm, source=source, config=config, versions=versions, kernel_file=text.file,
        kernel_first_line=text.first_line, kernel_source=text.text, kernel_hash=text.hash,
        statements=statements_of(algorithm, config, text.lines), inputs_recipe=config.inputs, inputs_hash=inputs_hash(arrays), clock=clock,
        resources=resources, altered=altered,
    )  # fmt: skip
