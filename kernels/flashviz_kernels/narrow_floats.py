"""Correct bfloat16 and float8 in Triton's interpreter (seen in triton 3.4 to 3.9), which keeps such numbers as their bit patterns.

Upstream, products, sums, comparisons and reductions of them work on the bit patterns; casts to bfloat16 truncate, and casts to float8 lose
a carry of the mantissa. Here an operand is widened to float32, the operation runs on that, and the result is rounded to nearest, ties
to even, as the hardware does. A float8 has no infinity to overflow to: as NVIDIA's ``cvt.rn.satfinite``, a cast ends at its largest
number. Tests hold each to torch or ml_dtypes. Atomics of bfloat16 are refused, and float8e4b15 is left as it is.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import ml_dtypes
import numpy as np

from flashviz.errors import UsageError


@contextlib.contextmanager
def correct_narrow_floats() -> Iterator[None]:
    """While inside, bfloat16 and float8 are right in interpreted kernels."""
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
    setattr(owner, name, make(getattr(owner, name, None)))
    return lambda: delattr(owner, name) if own is None else setattr(owner, name, own)


@cache
def _numpy_type_of() -> dict[Any, Any]:
    """Triton's narrow types, as ml_dtypes has them."""
    import triton.language as tl

    return {
        tl.bfloat16: ml_dtypes.bfloat16, tl.float8e5: ml_dtypes.float8_e5m2, tl.float8e4nv: ml_dtypes.float8_e4m3fn,
        tl.float8e4b8: ml_dtypes.float8_e4m3fnuz, tl.float8e5b16: ml_dtypes.float8_e5m2fnuz,
    }  # fmt: skip


def _arithmetic(run: Callable[..., Any]) -> Callable[..., Any]:
    from triton.runtime.interpreter import TensorHandle

    def operation(*operands: Any) -> Any:
        for operand in operands:
            if type(operand) is TensorHandle and (narrow := _narrow(operand)) is not None:
                break
        else:
            return run(*operands)
        result = run(*(_widened(operand) if isinstance(operand, TensorHandle) else operand for operand in operands))
        return result if result.data.dtype == np.bool_ else _rounded(result, narrow)

    return operation


def _dot(run: Callable[..., Any]) -> Callable[..., Any]:
    return lambda a, b, d, *options: run(_widened(a), _widened(b), d, *options)  # d, and so the sum, is float32


def _cast(run: Callable[..., Any]) -> Callable[..., Any]:
    from triton.runtime import interpreter

    towards_zero = interpreter._ir.ROUNDING_MODE.RTZ

    def cast(src: Any, dst_type: Any, *mode: Any) -> Any:
        dst, wide = dst_type.scalar, _widened(src)
        if towards_zero in mode and _narrow(src) is None:
            return run(src, dst_type, *mode)
        if not dst.is_ptr() and dst in _numpy_type_of():
            return src if src.dtype.scalar == dst else _rounded(wide, dst)
        if wide is src and not (mode and dst.is_floating()):
            return run(src, dst_type, *mode)
        return type(src)(wide.data.astype(interpreter._get_np_dtype(dst)), dst)

    return cast


def _reduction(run: Callable[..., Any]) -> Callable[..., Any]:
    import triton.language as tl

    def apply_impl(reduction: Any, operands: Any) -> Any:
        narrow = [_narrow(operand.handle) for operand in operands]
        if not any(kind is not None for kind in narrow):
            return run(reduction, operands)
        wide = tuple(
            operand if kind is None else tl.core.tensor(_widened(operand.handle), tl.block_type(tl.float32, list(operand.shape)))
            for operand, kind in zip(operands, narrow, strict=True)
        )
        results = run(reduction, wide)
        several = isinstance(results, (list, tuple))
        rounded = [
            tl.core.tensor(_rounded(result.handle, kind), tl.block_type(kind, list(result.shape)) if result.shape else kind)
            if kind is not None and result.handle.dtype.scalar == tl.float32
            else result
            for result, kind in zip(results if several else [results], narrow, strict=False)
        ]
        return tuple(rounded) if several else rounded[0]

    return apply_impl


def _refused(run: Callable[..., Any]) -> Callable[..., Any]:
    import triton.language as tl

    def atomic(operation: Any, pointers: Any, value: Any, *rest: Any) -> Any:
        if _narrow(value) == tl.bfloat16:
            raise UsageError("expected atomics of a type that Triton's interpreter adds correctly, got bfloat16; use float32 there")
        return run(operation, pointers, value, *rest)

    return atomic


def _narrow(operand: Any) -> Any | None:
    """The narrow type of an operand that holds bit patterns of it."""
    if operand.data.dtype.char not in "HB":  # uint16, uint8
        return None
    kind = operand.dtype.scalar
    return kind if kind in _numpy_type_of() else None


def _widened(operand: Any) -> Any:
    import triton.language as tl

    kind = _narrow(operand)
    return operand if kind is None else type(operand)(operand.data.view(_numpy_type_of()[kind]).astype(np.float32), tl.float32)


def _rounded(operand: Any, kind: Any) -> Any:
    numpy_type, values = _numpy_type_of()[kind], operand.data
    if np.dtype(numpy_type).itemsize == 1:
        largest = float(ml_dtypes.finfo(numpy_type).max)
        values = np.clip(values, -largest, largest)  # NaN stays
        return type(operand)(values.astype(numpy_type).view(np.uint8), kind)
    return type(operand)(values.astype(numpy_type).view(np.uint16), kind)
