"""Recordings of algorithms without tiles: what a kernel's pointers say, and what a twin reports."""

from __future__ import annotations

import math
import platform
from typing import Any

import numpy as np
from msgspec.structs import replace

from flashviz.errors import UsageError
from flashviz.trace import Header, Launch, Trace
from flashviz.version import __version__
from flashviz_kernels.algorithm import Algorithm, Call, Named
from flashviz_kernels.any_kernel import trace_kernel
from flashviz_kernels.branches import options_of
from flashviz_kernels.described import tensor_of
from flashviz_kernels.kernel_run import load
from flashviz_kernels.modes import installed
from flashviz_kernels.source import source_of
from flashviz_kernels.statements import statements_of
from flashviz_kernels.tensors import HostTensor
from flashviz_kernels.witness import SHOWN


def takes_kernel(algorithm: Algorithm, source: str | None) -> bool:
    """Whether a source means its kernels; None takes them where there are any and this triton can say what pointers touch."""
    return source == "triton" or (source is None and algorithm.calls is not None and installed())


def run_untiled(algorithm: Algorithm, config: Any, source: str | None = None) -> tuple[Trace, Named]:
    """A recording on a config's own inputs, and the outputs by name.

    Args:
        algorithm: Without tiles.
        config: Its problem.
        source: ``triton`` for its kernels, interpreted; ``numpy`` for its twin; None as ``takes_kernel``.

    Raises:
        UsageError: It has no kernel, or one that the interpreter cannot run.
        VerificationError: A kernel touched what is no element of its arrays.
        MissingPartError: triton is missing, or too old to say what pointers touch.
    """
    if not takes_kernel(algorithm, source):
        return of_twin(algorithm, config)
    trace, written = of_kernels(algorithm, config)
    return trace, {name: written[name] for name in algorithm.outputs}


def of_kernels(algorithm: Algorithm, config: Any) -> tuple[Trace, Named]:
    """What the kernels' pointers say, and all arrays as they left them.

    Raises:
        UsageError, VerificationError, MissingPartError: As ``run_untiled``.
    """
    if algorithm.calls is None:
        raise UsageError(f"source triton needs a kernel, got algorithm {algorithm.name}, which has none; use source numpy for it")
    given = algorithm.given(config, algorithm.inputs(config))
    calls = algorithm.calls(config, {name: HostTensor(array) for name, array in given.items()}, None)

    def launch(_kernel: Any) -> None:
        for call in calls:
            call.on(load(call.kernel, interpreted=True))

    launch.__name__ = algorithm.name
    return trace_kernel(load(calls[0].kernel, interpreted=True), launch), given


def of_twin(algorithm: Algorithm, config: Any, written: Named | None = None) -> tuple[Trace, Named]:
    """What the twin reports, and its outputs.

    Args:
        algorithm: Without tiles.
        config: Its problem.
        written: What its kernels wrote: where values decide, the twin takes their branches.

    Raises:
        UsageError: Its launches are not the kernels'.
        VerificationError: A kernel took a branch that rounding does not explain.
    """
    arrays, log, text = algorithm.inputs(config), algorithm.log(config), source_of(*algorithm.text)
    outputs = algorithm.twin(arrays, config, log, None, **options_of(algorithm, config, arrays, written))
    given = outputs | algorithm.given(config, arrays)
    tensors = [tensor_of(name, array) for name, array in given.items()]
    itemsizes = {info.name: info.itemsize for info in tensors}
    calls = () if algorithm.calls is None else algorithm.calls(config, {name: HostTensor(array) for name, array in given.items()}, None)
    launches = _launches(algorithm, calls, log.programs)
    statements = tuple(replace(each, makes=None, frees=()) for each in statements_of(algorithm, config, text.lines))
    header = Header(
        source="numpy", algorithm=algorithm.name, tensors=tensors, launches=launches, statements=statements,
        versions={"flashviz": __version__, "python": platform.python_version(), "numpy": np.__version__},
        sources=list(text.files), kernel_hash=text.hash,
    )  # fmt: skip
    columns = log.columns()
    axes = sum(name.startswith("start") for name in columns)
    width = np.zeros(1 + max(each.code for each in statements), np.int64)
    for each in statements:
        width[each.code] = 0 if each.tensor is None else itemsizes[each.tensor]
    touched = columns["nbytes"] // np.maximum(1, width[columns["kind"]])
    pids = _pids(launches, columns["launch"], columns["program"])
    own = {name: column for name, column in columns.items() if name not in ("program", "copy")} | {"touched": touched}
    own |= {f"block{axis}": columns[f"stop{axis}"] - columns[f"start{axis}"] for axis in range(axes)}
    order = np.lexsort([columns["step"], *(pids[name] for name in ("pid_z", "pid_y", "pid_x")), columns["launch"]])
    return Trace(header, {name: column[order] for name, column in (own | pids).items()}), outputs


def _launches(algorithm: Algorithm, calls: tuple[Call, ...], programs: tuple[int, ...]) -> list[Launch]:
    """The launches of the kernels; of a twin alone, one a launch of its log.

    Raises:
        UsageError: The twin's launches are not the kernels'.
    """
    if not calls:
        return [Launch(algorithm.name, (number, 1, 1), {}, {}) for number in programs]
    grids = [(*call.grid, 1, 1)[:3] for call in calls]
    if tuple(math.prod(grid) for grid in grids) != programs:
        sizes = ", ".join(map(str, grids))
        raise UsageError(f"the twin of {algorithm.name} must log the kernels' programs, got {programs} of grids {sizes}; mend its log")
    return [Launch(call.kernel.name, (x, y, z), {}, {}) for call, (x, y, z) in zip(calls, grids, strict=True)]


def _pids(launches: list[Launch], launch: np.ndarray, program: np.ndarray) -> dict[str, np.ndarray]:
    """A program's place in its grid: x counts fastest."""
    grids = np.array([each.grid for each in launches])[launch]
    x, y = grids[:, 0], grids[:, 1]
    return {"pid_x": program % x, "pid_y": program // x % y, "pid_z": program // (x * y)}


def first_difference(twin: Trace, kernel: Trace) -> str | None:
    """The first event of which a twin says something else than the pointers of the kernel, in words; None where there is none.

    Compared are launch, program, operation, tensor, box, bytes and FLOPs, of what the interpreter is seen to do. A box bounds what was
    touched; elements within it that were not count in the bytes.
    """
    said, shown = _rows(twin), _rows(kernel)
    if len(said) != len(shown):
        return f"{len(said):,} events of the twin, {len(shown):,} of the kernel"
    for at, (mine, theirs) in enumerate(zip(said, shown, strict=True)):
        if mine != theirs:
            return f"event {at:,}: the twin says {_told(mine)}, the kernel's pointers say {_told(theirs)}"
    return None


Row = tuple[Any, ...]


def _rows(trace: Trace) -> list[Row]:
    return [
        (event.launch, event.pid, event.op.name.lower(), event.tensor, event.box, event.nbytes, event.flops)
        for event in trace
        if event.op in SHOWN
    ]


def _told(row: Row) -> str:
    launch, pid, op, tensor, box, nbytes, flops = row
    where = "" if tensor is None else f" {tensor} {' x '.join(f'{start}:{stop}' for start, stop in box)}, {nbytes:,} B"
    return f"launch {launch}, program {pid}: {op}{where}{f', {flops:,} FLOP' if flops else ''}"
