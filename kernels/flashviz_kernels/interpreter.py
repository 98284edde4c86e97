"""Triton's interpreter on a CPU, without torch: the kernel runs on NumPy arrays.

A defect of the interpreter is mended while a kernel runs: it computes with the bit patterns of bfloat16 (``bfloat16.py``). What it
does in vain is left out: it looks for overflows that nobody then hears of, and patches the language at every call of a function.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import importlib.util
import os
import sys
import warnings
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import ml_dtypes
import numpy as np

from flashviz.errors import MissingPartError, UsageError
from flashviz_kernels.bfloat16 import correct_bfloat16

NUMPY_24, TRITON_37 = (2, 4), (3, 7)


class DtypeName(str):
    """A dtype by its name, with what triton's descriptors ask a torch.dtype."""

    __slots__ = ()

    @property
    def itemsize(self) -> int:
        return np.dtype(getattr(ml_dtypes, self, self)).itemsize

    @property
    def is_floating_point(self) -> bool:
        return "float" in self


class HostTensor:
    """A NumPy array with just as much of torch.Tensor's surface as the interpreter asks for. Strides count elements."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array
        self.dtype = DtypeName(array.dtype.name)
        self.shape = array.shape

    def data_ptr(self) -> int:
        return int(self.array.ctypes.data)

    def stride(self) -> tuple[int, ...]:
        return tuple(step // self.array.itemsize for step in self.array.strides)

    def size(self) -> tuple[int, ...]:
        return self.array.shape

    def storage_offset(self) -> int:
        return 0

    def untyped_storage(self) -> HostTensor:
        return self

    def cpu(self) -> HostTensor:
        return self

    def new_empty(self, *_shape: object, **_options: object) -> HostTensor:
        return self

    def set_(self, *_storage: object) -> None:
        """The interpreter would set a copy; here host and device are one memory."""

    def copy_(self, _other: object) -> None:
        """Nothing to copy back, for the same reason."""


def installed() -> bool:
    """Whether triton can be imported; it exists for Linux (and as triton-windows)."""
    return importlib.util.find_spec("triton") is not None


def load_kernel(*, interpreted: bool) -> Any:
    """``flashviz_kernels.forward.forward``, interpreted or compiled. Triton reads which one when a kernel is decorated.

    Raises:
        MissingPartError: triton is missing, or too old for this NumPy to interpret.
        UsageError: This process has already imported triton in the other mode.
    """
    triton = load_triton(interpreted=interpreted)
    kernel = importlib.import_module("flashviz_kernels.forward").forward
    if interpreted != all(is_interpreted(fn) for fn in (kernel, triton.language.max)):
        mode, remedy = ("interpreted", "set TRITON_INTERPRET=1") if interpreted else ("compiled", "unset TRITON_INTERPRET")
        raise UsageError(f"expected kernels to be {mode}, got a process that has imported triton otherwise; {remedy} and start a new one")
    return kernel


def load_triton(*, interpreted: bool) -> ModuleType:
    """triton, such that kernels which are decorated from now on are interpreted, where this process has not imported it otherwise.

    Raises:
        MissingPartError: triton is missing, or too old for this NumPy to interpret.
        UsageError: The environment forbids to interpret.
    """
    if "triton" not in sys.modules and not installed():  # looking for it takes longer than a launch
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
    """The interpreter of triton <= 3.6 fails with numpy >= 2.4."""
    version, numpy_version = (tuple(int(part) for part in text.split(".")[:2]) for text in (triton.__version__, np.__version__))
    if version < TRITON_37 and numpy_version >= NUMPY_24:
        raise MissingPartError(
            f"triton {triton.__version__} cannot interpret with numpy {np.__version__}; "
            "install triton>=3.7 or numpy<2.4, or use source numpy"
        )


def is_interpreted(fn: object) -> bool:
    """Whether a decorated function will run in the interpreter."""
    return type(fn).__name__ == "InterpretedFunction"


@contextlib.contextmanager
def mended() -> Iterator[None]:
    """The interpreter with correct bfloat16, and without what it does in vain."""
    import triton.language as tl
    from triton.runtime import interpreter

    builder = interpreter.interpreter_builder
    patch_lang, options = interpreter._patch_lang, builder.options
    patched: dict[frozenset[int], Any] = {}

    def patch_once(fn: Any) -> _Standing:
        key = frozenset(id(module) for module in fn.__globals__.values() if module is tl or module is tl.core)
        if key not in patched:
            patched[key] = patch_lang(fn)
        return _Standing()

    interpreter._patch_lang = patch_once
    builder.options = dataclasses.replace(options, sanitize_overflow=False)  # without debug, which is off, it asserts nothing
    try:
        with correct_bfloat16(), np.errstate(all="ignore"), warnings.catch_warnings():  # as on a GPU: infinities and NaN propagate silently
            warnings.filterwarnings("ignore", "All-NaN slice encountered", RuntimeWarning)
            yield
    finally:
        interpreter._patch_lang, builder.options = patch_lang, options
        for scope in reversed(patched.values()):
            if scope is not None:  # early versions patch for good
                scope.restore()


class _Standing:
    """What a launch would undo at its end: here the language stays patched for the launches and calls to come."""

    def restore(self) -> None:
        """Nothing: ``mended`` does it."""


@contextlib.contextmanager
def reports_at_once(kernel: Any) -> Iterator[None]:
    """Within ``mended``, each report of an event in one operation: those of ``forward.trace`` would take longer than the kernel's own."""
    scope = kernel.fn.__globals__
    device_function, scope["trace"] = scope["trace"], _report
    try:
        yield
    finally:
        scope["trace"] = device_function


def _report(events: Any, kind: Any, step: Any, *rest: Any) -> int:
    """``forward.trace`` without a clock: the same eight numbers, stored by Triton at the same place."""
    import triton.language as tl
    from triton.runtime.interpreter import TensorHandle

    *fields, clock = (_number(value) for value in (kind, step, *rest))
    assert not clock, "no clock is interpreted"
    row = np.array(fields, np.int32)
    first = events.handle.data + np.uint64(row.nbytes * fields[1])
    addresses = first + np.arange(0, row.nbytes, row.itemsize, dtype=np.uint64)
    pointers = tl.tensor(TensorHandle(addresses, events.dtype), tl.block_type(events.dtype, [row.size]))
    tl.store(pointers, tl.tensor(TensorHandle(row, tl.int32), tl.block_type(tl.int32, [row.size])))
    return fields[1] + 1


def _number(value: Any) -> int:
    """A scalar of the interpreter, a constexpr or a plain number."""
    if hasattr(value, "handle"):
        return int(value.handle.data.item())
    return int(getattr(value, "value", value))
