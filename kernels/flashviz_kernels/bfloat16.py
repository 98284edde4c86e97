"""Correct bfloat16 in Triton's interpreter (seen in triton 3.4 to 3.9), which keeps such numbers as their bit patterns, in uint16.

Upstream, products, sums, comparisons and reductions of bfloat16 work on the bit patterns, and casts to it truncate. Here an operand is
widened to float32, the operation runs on that, and the result is rounded to nearest, ties to even, as the hardware does. Tests hold
each to torch. Left as they are: atomics of bfloat16, which are refused, and float8, which kernels must widen themselves on a GPU too.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import ml_dtypes
import numpy as np

from flashviz.errors import UsageError


@contextlib.contextmanager
def correct_bfloat16() -> Iterator[None]:
    """While inside, bfloat16 is right in interpreted kernels."""
    from triton.runtime import interpreter

    builder = interpreter.interpreter_builder
    on_builder = {
        "binary_op": _arithmetic, "unary_op": _arithmetic, "ternary_op": _arithmetic, "create_fma": _arithmetic, "create_dot": _dot,
        "cast_impl": _cast, "create_fp_to_fp": _cast, "create_atomic_rmw": _refused,
    }  # fmt: skip
    with contextlib.ExitStack() as stack:
        for name, mend in on_builder.items():
            stack.callback(replaced(builder, name, mend))
        for kind in (interpreter.ReduceOps, interpreter.ScanOps):
            stack.callback(replaced(kind, "apply_impl", _reduction))
        yield


def replaced(owner: Any, name: str, make: Callable[[Any], Any]) -> Callable[[], None]:
    """Put ``make(method)`` in a method's place; the function that is returned takes it out again. May be nested."""
    own = vars(owner).get(name)
    setattr(owner, name, make(getattr(owner, name)))
    return lambda: delattr(owner, name) if own is None else setattr(owner, name, own)


def _arithmetic(run: Callable[..., Any]) -> Callable[..., Any]:
    def operation(*operands: Any) -> Any:
        if not any(_is_bfloat16(operand) for operand in operands):
            return run(*operands)
        result = run(*(_widened(operand) for operand in operands))
        return result if result.data.dtype == np.bool_ else _rounded(result)

    return operation


def _dot(run: Callable[..., Any]) -> Callable[..., Any]:
    return lambda a, b, d, *options: run(_widened(a), _widened(b), d, *options)  # d, and so the sum, is float32


def _cast(run: Callable[..., Any]) -> Callable[..., Any]:
    import triton.language as tl
    from triton.runtime import interpreter

    towards_zero = interpreter._ir.ROUNDING_MODE.RTZ

    def cast(src: Any, dst_type: Any, *mode: Any) -> Any:
        if dst_type.scalar == tl.bfloat16 and not (_is_bfloat16(src) or src.dtype.scalar.is_fp8() or towards_zero in mode):
            return _rounded(src)
        if _is_bfloat16(src) and dst_type.scalar != tl.bfloat16:
            return _widened(src) if dst_type.scalar == tl.float32 else run(_widened(src), dst_type, *mode)
        return run(src, dst_type, *mode)

    return cast


def _reduction(run: Callable[..., Any]) -> Callable[..., Any]:
    import triton.language as tl

    def apply_impl(reduction: Any, operands: Any) -> Any:
        narrow = [_is_bfloat16(operand.handle) for operand in operands]
        if not any(narrow):
            return run(reduction, operands)
        wide = tuple(
            tl.core.tensor(_widened(operand.handle), tl.block_type(tl.float32, list(operand.shape))) if is_narrow else operand
            for operand, is_narrow in zip(operands, narrow, strict=True)
        )
        results = run(reduction, wide)
        several = isinstance(results, (list, tuple))
        rounded = [
            tl.core.tensor(_rounded(result.handle), tl.block_type(tl.bfloat16, list(result.shape)) if result.shape else tl.bfloat16)
            if is_narrow and result.handle.dtype.scalar == tl.float32
            else result
            for result, is_narrow in zip(results if several else [results], narrow, strict=False)
        ]
        return tuple(rounded) if several else rounded[0]

    return apply_impl


def _refused(run: Callable[..., Any]) -> Callable[..., Any]:
    def atomic(operation: Any, pointers: Any, value: Any, *rest: Any) -> Any:
        if _is_bfloat16(value):
            raise UsageError("expected atomics of a type that Triton's interpreter adds correctly, got bfloat16; use float32 there")
        return run(operation, pointers, value, *rest)

    return atomic


def _is_bfloat16(operand: Any) -> bool:
    import triton.language as tl

    return bool(getattr(getattr(operand, "dtype", None), "scalar", None) == tl.bfloat16 and operand.data.dtype == np.uint16)


def _widened(operand: Any) -> Any:
    import triton.language as tl

    if not _is_bfloat16(operand):
        return operand
    return type(operand)(operand.data.view(ml_dtypes.bfloat16).astype(np.float32), tl.float32)


def _rounded(operand: Any) -> Any:
    import triton.language as tl

    return type(operand)(operand.data.astype(ml_dtypes.bfloat16).view(np.uint16), tl.bfloat16)
