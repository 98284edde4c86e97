"""Trace a Triton kernel that was not written for this project: unedited, launched by a function of its own."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
import sysconfig
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from flashviz.errors import FlashvizError, UsageError
from flashviz.trace import GenericTrace
from flashviz_kernels.auditor import Auditor
from flashviz_kernels.interpreter import is_interpreted, load_triton

Launcher = Callable[[Any], object]


def trace_kernel(kernel: Any, launcher: Launcher) -> GenericTrace:
    """What a kernel does when ``launcher(kernel)`` launches it, once or several times.

    Args:
        kernel: A function under ``triton.jit``, also with ``triton.heuristics``, or with ``triton.autotune``: since nothing can be timed
            here, its first config is taken.
        launcher: Takes the kernel, makes NumPy arrays or torch tensors on the CPU, and calls ``kernel[grid](...)``. Other kernels
            that it launches are traced too.

    Raises:
        UsageError: It is no such kernel, nothing is launched, or the interpreter cannot run it.
        VerificationError: An access out of bounds, with tensor, offset, program and line.
        MissingPartError: triton is missing, or too old for this NumPy.
    """
    load_triton(interpreted=True)
    innermost = kernel
    with contextlib.ExitStack() as stack:
        while hasattr(innermost, "fn") and not is_jit(innermost):
            if hasattr(innermost, "configs"):
                stack.enter_context(_one_config(innermost))
            innermost = innermost.fn
        if not is_interpreted(innermost):
            remedy = "start a process that has not imported triton before" if is_jit(innermost) else "decorate it with triton.jit"
            raise UsageError(
                f"expected a kernel for Triton's interpreter, got {getattr(kernel, '__name__', type(kernel).__name__)}; {remedy}"
            )
        auditor = Auditor()
        stack.enter_context(auditor.watching())
        stack.enter_context(contextlib.redirect_stdout(sys.stderr))  # device_print is no part of an answer
        name = getattr(launcher, "__name__", type(launcher).__name__)
        try:
            launcher(kernel)
        except FlashvizError:
            raise
        except Exception as error:
            raise UsageError(f"expected {name}(kernel) to launch it, got {_told(error)}") from error
    if not auditor.launches:
        raise UsageError(f"expected {name}(kernel) to call kernel[grid](...), got no launch; call it there")
    return auditor.trace(name)


def is_jit(fn: object) -> bool:
    """Whether this is what ``triton.jit`` makes, interpreted or compiled."""
    return type(fn).__name__ in ("InterpretedFunction", "JITFunction")


@contextlib.contextmanager
def _one_config(autotuner: Any) -> Iterator[None]:
    """An autotuner that has its first config only."""
    configs = autotuner.configs
    autotuner.configs = configs[:1]
    try:
        yield
    finally:
        autotuner.configs = configs


def load_function(spec: str, what: str) -> Any:
    """The object that ``FILE.py:NAME`` names. Its file is run once, with its folder first on the path, as Python runs a script.

    Raises:
        UsageError: No such file or name, or the file fails.
    """
    file, _, name = spec.rpartition(":")
    path = Path(file)
    if not file or not name.isidentifier():
        raise UsageError(f"expected --{what} FILE.py:NAME, got {spec}; name the file and the function in it")
    if not path.is_file():
        raise UsageError(f"expected --{what} FILE.py:NAME, got {path}, which is no file; check the path")
    load_triton(interpreted=True)
    module = _module(path)
    if not hasattr(module, name):
        own = (key for key, value in vars(module).items() if hasattr(value, "fn") or getattr(value, "__module__", "") == module.__name__)
        defined = ", ".join(own)
        raise UsageError(f"expected {name} in {path}, got only {defined or 'no functions'}; check the name")
    return getattr(module, name)


def _module(path: Path) -> ModuleType:
    """A file as a module, once: kernel and launcher may stand together."""
    key = f"flashviz_traced_{path.stem}_{abs(hash(path.resolve())):x}"
    if key in sys.modules:
        return sys.modules[key]
    spec = importlib.util.spec_from_file_location(key, path.resolve())
    if spec is None or spec.loader is None:
        raise UsageError(f"expected a Python file, got {path}; name a .py file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[key] = module
    folder = str(path.resolve().parent)
    sys.path.insert(0, folder)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[key]
        raise UsageError(
            f"expected {path} to be importable without a GPU, got {_told(error)}; move kernel and launcher to a file that only defines them"
        ) from error
    finally:
        sys.path.remove(folder)
    return module


def _told(error: BaseException) -> str:
    """An error of somebody else's code, with the last line of theirs that it passed through: an assertion often says nothing more."""
    said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    installed = sysconfig.get_path("purelib")
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if Path(frame.filename).is_file() and not frame.filename.startswith(installed) and Path(frame.filename) != Path(__file__):
            return f"{said} (at {Path(frame.filename).name}:{frame.lineno})"
    return said
