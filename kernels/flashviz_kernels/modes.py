"""Triton in one of two modes, and a process has one: kernels compiled for a GPU, or interpreted on a CPU (``interpreter``).

Nothing here needs the interpreter: a machine with a GPU imports none of it.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from flashviz.errors import MissingPartError, UsageError

NUMPY_24, TRITON_36, TRITON_37 = (2, 4), (3, 6), (3, 7)  # 3.6 is the lower bound, which an installer that took no extra has not held


def installed() -> bool:
    """Whether triton can be imported; it exists for Linux (and as triton-windows)."""
    return importlib.util.find_spec("triton") is not None


def load_kernel(*, interpreted: bool, name: str = "forward", file: str | None = None) -> Any:
    """The kernel ``flashviz_kernels.FILE.NAME``, by default of a file of its name, interpreted or compiled.

    Triton reads which one when a kernel is decorated.

    Raises:
        MissingPartError: triton is missing, or too old for this NumPy to interpret.
        UsageError: This process has already imported triton in the other mode.
    """
    triton = load_triton(interpreted=interpreted)
    kernel = getattr(importlib.import_module(f"flashviz_kernels.{file or name}"), name)
    if interpreted != all(is_interpreted(fn) for fn in (kernel, triton.language.max)):
        mode, remedy = ("interpreted", "set TRITON_INTERPRET=1") if interpreted else ("compiled", "unset TRITON_INTERPRET")
        raise UsageError(f"expected kernels to be {mode}, got a process that has imported triton otherwise; {remedy} and start a new one")
    return kernel


def load_triton(*, interpreted: bool) -> ModuleType:
    """triton, such that kernels which are decorated from now on are interpreted, where this process has not imported it otherwise.

    Raises:
        MissingPartError: triton is missing, or too old for us or for this NumPy to interpret.
        UsageError: The environment forbids to interpret.
    """
    if sys.modules.get("triton") is None and not installed():  # looking for it takes longer than a launch
        raise MissingPartError(
            f"expected triton, got none for {sys.platform}; install flashviz[triton] on Linux, or use the NumPy twin (source numpy)"
        )
    if interpreted and "triton" not in sys.modules:
        if os.environ.get("TRITON_INTERPRET", "1") != "1":
            raise UsageError(
                f"arrays on a CPU are interpreted, got TRITON_INTERPRET={os.environ['TRITON_INTERPRET']}; unset it or use CUDA tensors"
            )
        with _interpret_in_environment():
            importlib.import_module("triton")
        sys.modules["triton"].knobs.runtime.interpret = True
    triton = importlib.import_module("triton")
    if interpreted:
        _check_version(triton)
    return triton


@contextlib.contextmanager
def _interpret_in_environment() -> Iterator[None]:
    before = os.environ.get("TRITON_INTERPRET")
    os.environ["TRITON_INTERPRET"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["TRITON_INTERPRET"]


def _check_version(triton: ModuleType) -> None:
    """Before 3.6 the interpreter has not the hooks that are needed here; the one of 3.6 fails with numpy >= 2.4."""
    version, numpy_version = (tuple(int(part) for part in text.split(".")[:2]) for text in (triton.__version__, np.__version__))
    if version < TRITON_36:
        raise MissingPartError(f"expected triton 3.6 or newer, got {triton.__version__}; install triton>=3.6, or use source numpy")
    if version < TRITON_37 and numpy_version >= NUMPY_24:
        raise MissingPartError(
            f"triton {triton.__version__} cannot interpret with numpy {np.__version__}; "
            "install triton>=3.7 or numpy<2.4, or use source numpy"
        )


def is_interpreted(fn: object) -> bool:
    """Whether a decorated function will run in the interpreter."""
    return type(fn).__name__ == "InterpretedFunction"


def plain_module(path: Path) -> ModuleType:
    """A file run as it stands, once: in a process where kernels are compiled."""
    key = f"flashviz_compiled_{path.stem}_{abs(hash(path.resolve())):x}"
    if key not in sys.modules:
        spec = importlib.util.spec_from_file_location(key, path)
        if spec is None or spec.loader is None:
            raise UsageError(f"expected a Python file, got {path}; name a .py file")
        sys.modules[key] = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(sys.modules[key])
        except BaseException:
            del sys.modules[key]
            raise
    return sys.modules[key]
