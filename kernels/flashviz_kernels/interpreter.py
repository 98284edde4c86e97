"""Triton's interpreter on a CPU, without torch: the kernel runs on NumPy arrays.

Two defects of the interpreter (triton 3.4 to 3.9) are mended while a kernel of ours runs: ``tl.dot`` multiplies the bit patterns of
bfloat16 as if they were integers, and the cast from float32 to bfloat16 truncates. Tests hold both to torch.
"""

from __future__ import annotations

import contextlib
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

TRITON_NAME = {"float16": "fp16", "bfloat16": "bf16", "float32": "fp32", "int32": "i32"}
NUMPY_24, TRITON_37 = (2, 4), (3, 7)


class HostTensor:
    """A NumPy array with just as much of torch.Tensor's surface as the interpreter asks for. Strides count elements."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array
        self.dtype = TRITON_NAME[array.dtype.name]
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
        MissingPartError: triton is missing, or too old for this NumPy.
        UsageError: This process has already imported triton in the other mode.
    """
    if not installed():
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
    _check_version(triton)
    kernel = importlib.import_module("flashviz_kernels.forward").forward
    if interpreted != all(_is_interpreted(fn) for fn in (kernel, triton.language.max)):
        mode, remedy = ("interpreted", "set TRITON_INTERPRET=1") if interpreted else ("compiled", "unset TRITON_INTERPRET")
        raise UsageError(f"expected kernels to be {mode}, got a process that has imported triton otherwise; {remedy} and start a new one")
    return kernel


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


def _is_interpreted(fn: object) -> bool:
    return type(fn).__name__ == "InterpretedFunction"


@contextlib.contextmanager
def mended() -> Iterator[None]:
    """The interpreter with correct bfloat16, and without patching triton.language anew at every call of a device function."""
    import triton.language as tl
    from triton.runtime import interpreter

    builder, handle = interpreter.interpreter_builder, interpreter.TensorHandle
    dot, cast, fp_to_fp, patch_lang = (
        builder.create_dot,
        builder.cast_impl,
        builder.create_fp_to_fp,
        interpreter._patch_lang,
    )
    patched: dict[frozenset[int], Any] = {}

    def widened(operand: Any) -> Any:
        if operand.dtype.scalar != tl.bfloat16:
            return operand
        return handle(operand.data.view(ml_dtypes.bfloat16).astype(np.float32), tl.float32)

    def rounded(operand: Any) -> Any:
        return handle(operand.data.astype(ml_dtypes.bfloat16).view(np.uint16), tl.bfloat16)

    def narrows(src: Any, dst_type: Any) -> bool:
        return bool(src.dtype.scalar == tl.float32 and dst_type.scalar == tl.bfloat16)

    def patch_once(fn: Any) -> Any:
        key = frozenset(id(module) for module in fn.__globals__.values() if module is tl or module is tl.core)
        if key not in patched:
            patched[key] = patch_lang(fn)
        return patched[key]

    builder.create_dot = lambda a, b, d, *rest: dot(widened(a), widened(b), d, *rest)
    builder.cast_impl = lambda src, dst: rounded(src) if narrows(src, dst) else cast(src, dst)
    builder.create_fp_to_fp = lambda src, dst, mode: rounded(src) if narrows(src, dst) else fp_to_fp(src, dst, mode)
    interpreter._patch_lang = patch_once
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():  # as on a GPU: infinities and NaN propagate silently
            warnings.filterwarnings("ignore", "All-NaN slice encountered", RuntimeWarning)
            yield
    finally:
        for name in ("create_dot", "cast_impl", "create_fp_to_fp"):
            vars(builder).pop(name, None)
        interpreter._patch_lang = patch_lang
