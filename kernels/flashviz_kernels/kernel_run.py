"""Run an algorithm's reporting kernels and read back what they reported: interpreted, or compiled where a GPU is."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from flashviz.errors import MissingPartError
from flashviz.trace.header import Source
from flashviz_kernels import gpu
from flashviz_kernels.algorithm import Algorithm, Kernel, Named
from flashviz_kernels.log import Kept
from flashviz_kernels.modes import load_kernel, load_triton, plain_module
from flashviz_kernels.problem import TraceBuffers
from flashviz_kernels.reporting import CLOCK, expand
from flashviz_kernels.tensors import HostTensor

OURS = Path(__file__).parent


@dataclass(frozen=True, eq=False)
class KernelRun:
    """All arrays by name as the kernels left them, columns, and where they ran. What was kept has been put into ``Kept``."""

    written: Named
    columns: dict[str, np.ndarray]
    source: Source
    functions: tuple[Callable[..., Any], ...]  # the kernels' Python functions
    versions: dict[str, str]
    clock: str | None


def run_kernels(algorithm: Algorithm, config: Any, arrays: Named, kept: Kept, *, clock: bool = False) -> KernelRun:
    """Trace the kernels on ``arrays``: compiled where a GPU is, interpreted elsewhere.

    Args:
        algorithm: Its kernels report.
        config: The problem.
        arrays: Its inputs.
        kept: Which values to keep; they are put into it.
        clock: Have each event say when and on which SM it was reported.

    Raises:
        UsageError: The events do not fit the trace buffer, or the tiles not the device.
        MissingPartError: No triton, or one that cannot be used here; a clock where the kernel would be interpreted.
    """
    assert algorithm.calls is not None  # it reports, so it has kernels
    assert algorithm.reports is not None
    obstacle = gpu.why_not()
    if clock and obstacle is not None:
        raise MissingPartError(f"a clock needs the kernel compiled for a CUDA device, got {obstacle}; leave the clock out")
    load_triton(interpreted=obstacle is not None)
    given = algorithm.given(config, arrays)
    buffers: Sequence[TraceBuffers] = algorithm.reports.room(config, kept, clock)
    kernels: dict[Kernel, Any] = {}

    def launch(
        tensors: Mapping[str, Any], reports: Sequence[TraceBuffers], within: Callable[[Any], AbstractContextManager[None]] | None = None
    ) -> None:  # fmt: skip
        assert algorithm.calls is not None
        for call in algorithm.calls(config, tensors, reports):
            if call.kernel not in kernels:
                kernels[call.kernel] = load(call.kernel, interpreted=obstacle is not None)
            kernel = kernels[call.kernel]
            with contextlib.nullcontext() if within is None else within(kernel):
                call.on(kernel)

    source: Source
    if obstacle is None:
        written, buffers = gpu.run_on("cuda", given, buffers, launch)
        source, versions = "triton-gpu", gpu.versions()
    else:
        from flashviz_kernels.interpreter import mended, reports_at_once  # which a GPU does without

        tensors = {name: HostTensor(array, name) for name, array in given.items()}
        with mended():
            launch(tensors, [each.each(HostTensor) for each in buffers], reports_at_once)
        written, source, versions = given, "triton-interpreter", {}
    algorithm.reports.keep(config, kept, buffers)
    columns = expand(algorithm, config, [each.events for each in buffers])
    functions = tuple(kernel.fn for kernel in kernels.values())
    versions = {"triton": sys.modules["triton"].__version__} | versions
    return KernelRun(written, columns, source, functions, versions, CLOCK if clock else None)


def load(kernel: Kernel, *, interpreted: bool) -> Any:
    """A kernel that can be launched.

    Raises:
        MissingPartError: triton is missing, or too old for this NumPy to interpret.
        UsageError: There is no such kernel, or this process has already imported triton in the other mode.
    """
    if kernel.file.parent == OURS:
        return load_kernel(interpreted=interpreted, name=kernel.name, file=kernel.file.stem)
    if interpreted:
        from flashviz_kernels.loading import load_function  # it imports triton's interpreter

        return load_function(f"{kernel.file}:{kernel.name}", "kernel")
    return getattr(plain_module(kernel.file), kernel.name)
