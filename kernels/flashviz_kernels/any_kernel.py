"""Trace a Triton kernel that was not written for this project: unedited, launched by a function of its own."""

from __future__ import annotations

import contextlib
import importlib
import inspect
from collections.abc import Iterator
from typing import Any

from flashviz.errors import FlashvizError, UsageError, VerificationError
from flashviz.trace import Trace
from flashviz_kernels.auditor import Auditor
from flashviz_kernels.loading import Launcher, as_script, load_function, measured, raise_missing, told
from flashviz_kernels.modes import is_interpreted, load_triton
from flashviz_kernels.narrow_floats import replaced
from flashviz_kernels.standin import standing_in, torch_on_cpu

__all__ = ["LauncherError", "is_jit", "load_function", "trace_kernel"]


class LauncherError(VerificationError):
    """A launcher found its result wrong, after its launches: ``trace`` is what was seen of them."""

    def __init__(self, message: str, trace: Trace) -> None:
        super().__init__(message)
        self.trace = trace


def trace_kernel(kernel: Any, launcher: Launcher) -> Trace:
    """What a kernel does when ``launcher(kernel)`` launches it, once or several times.

    Args:
        kernel: A function under ``triton.jit``, also with ``triton.heuristics``, or with ``triton.autotune``: since nothing can be timed
            here, the first config that its own pruning leaves is taken.
        launcher: Takes the kernel, makes NumPy arrays or torch tensors on the CPU, and calls ``kernel[grid](...)``. Other kernels
            that it launches are traced too.

    Raises:
        UsageError: It is no such kernel, nothing is launched, or the interpreter cannot run it.
        VerificationError: An access out of bounds, with tensor, offset, program and line.
        LauncherError: The launcher's own assertion failed after a launch, or it exited with an error; ``trace`` is what was seen.
        MissingPartError: triton is missing, or too old for this NumPy; or a package that the launcher imports.
    """
    load_triton(interpreted=True)
    auditor, name = Auditor(), getattr(launcher, "__name__", type(launcher).__name__)
    if inspect.iscoroutinefunction(launcher) or inspect.isgeneratorfunction(launcher):  # a call would run nothing of it
        raise UsageError(f"expected {name}(kernel) to be a plain function, got one that is async or yields; write it without")
    _check(kernel)
    failed: BaseException | None = None
    torch = torch_on_cpu() if "torch" in getattr(getattr(launcher, "__code__", None), "co_names", ()) else contextlib.nullcontext()
    with auditor.watching(), standing_in(), torch, first_configs(), as_script(None):  # device_print is no part of an answer
        try:
            launcher(kernel)
        except (FlashvizError, KeyboardInterrupt):
            raise
        except (AssertionError, SystemExit) as error:
            failed = None if isinstance(error, SystemExit) and not error.code else error
        except BaseException as error:  # pytest.skip raises no Exception
            raise_missing(error)
            raise UsageError(f"expected {name}(kernel) to launch it, got {told(error)}") from error
    if failed is not None and auditor.launches:
        message = f"expected {name}(kernel) to end well, got {told(failed)}"
        raise LauncherError(message, auditor.trace(name)) from failed
    if failed is not None:
        raise UsageError(f"expected {name}(kernel) to launch it, got {told(failed)}") from failed
    if not auditor.launches:
        raise UsageError(f"expected {name}(kernel) to call kernel[grid](...), got no launch; call it there")
    return auditor.trace(name)


def _check(kernel: Any) -> None:
    """Refuse what is no kernel for the interpreter."""
    innermost = kernel
    while hasattr(innermost, "fn") and not is_jit(innermost):
        innermost = innermost.fn
    if not is_interpreted(innermost):
        remedy = "start a process that has not imported triton before" if is_jit(innermost) else "decorate it with triton.jit"
        raise UsageError(f"expected a kernel for Triton's interpreter, got {getattr(kernel, '__name__', type(kernel).__name__)}; {remedy}")


def is_jit(fn: object) -> bool:
    """Whether this is what ``triton.jit`` makes, interpreted or compiled."""
    return type(fn).__name__ in ("InterpretedFunction", "JITFunction")


@contextlib.contextmanager
def first_configs() -> Iterator[None]:
    """Every autotuned kernel runs with the first configuration that its own pruning leaves, its hooks with it. Nothing is timed."""
    autotuner, testing = importlib.import_module("triton.runtime.autotuner").Autotuner, importlib.import_module("triton.testing")

    def run(tuner: Any, *args: Any, **kwargs: Any) -> Any:
        tuner.nargs = dict(zip(tuner.arg_names, args, strict=False))
        configs = tuner.prune_configs(kwargs) if len(tuner.configs) > 1 else tuner.configs
        config = tuner.best_config = configs[0]
        given = {**tuner.nargs, **kwargs, **config.all_kwargs()}
        if len(configs) > 1:  # what timing would have left behind is reset
            if tuner.user_defined_pre_hook:
                tuner.pre_hook(given, reset_only=True)
            else:
                for name in tuner.reset_to_zero:
                    _zero(given[name])
        if config.pre_hook is not None:
            config.pre_hook(given)
        try:
            return tuner.fn.run(*args, **kwargs, **config.all_kwargs())
        finally:
            tuner.nargs = None

    with contextlib.ExitStack() as stack:
        stack.callback(replaced(autotuner, "run", lambda _run: run))
        for name in ("do_bench", "do_bench_cudagraph"):
            stack.callback(replaced(testing, name, lambda _run: measured))
        yield


def _zero(array: Any) -> None:
    if array is not None:
        (array.zero_ if hasattr(array, "zero_") else lambda: array.fill(0))()
