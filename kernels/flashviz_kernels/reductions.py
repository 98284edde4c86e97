"""``tl.reduce`` and ``tl.associative_scan`` with a kernel's own combine function, along any axis, for all rows at once.

Upstream's interpreter goes from element to element, and at a negative axis as if nothing came before (seen in triton 3.6 to 3.9). The order
is upstream's: from the first element to the last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from flashviz_kernels.rewriting import BlockCondition

Arrays = list[np.ndarray]


def generic_reduce(reduction: Any, operands: Any) -> list[Any]:
    """In place of ReduceOps.generic_reduce."""
    arrays, axis, ndim = [each.handle.data for each in operands], reduction.axis, operands[0].handle.data.ndim
    if axis is None:
        arrays, axis = [each.reshape(-1) for each in arrays], 0
    axis %= arrays[0].ndim
    *_, last = _accumulated(reduction.combine_fn, arrays, axis, [each.dtype for each in operands])
    if reduction.keep_dims:
        last = [each.reshape((1,) * ndim) if reduction.axis is None else np.expand_dims(each, axis) for each in last]
    return [reduction.to_tensor(each if each.shape else each.item(), of.dtype) for each, of in zip(last, operands, strict=True)]


def generic_scan(scan: Any, operands: Any) -> list[Any]:
    """In place of ScanOps.generic_scan; who calls it turns what is reversed."""
    arrays = [each.handle.data for each in operands]
    axis = scan.axis % arrays[0].ndim
    steps = _accumulated(scan.combine_fn, arrays, axis, [each.dtype for each in operands])
    return [
        scan.to_tensor(np.stack(each, axis=axis), of.dtype) for each, of in zip(zip(*steps, strict=True), operands, strict=True)
    ]  # fmt: skip


def _accumulated(combine_fn: Any, arrays: Arrays, axis: int, dtypes: Sequence[Any]) -> list[Arrays]:
    """What is accumulated up to each place along the axis."""
    combine = combine_fn.rewrite() if hasattr(combine_fn, "rewrite") else combine_fn.fn
    rows = [np.moveaxis(each, axis, 0) for each in arrays]
    try:
        return _steps(combine, rows, dtypes)
    except BlockCondition:  # it asks something of each value: then value by value
        out = [np.empty_like(each) for each in rows]
        for at in np.ndindex(rows[0].shape[1:]):
            for k, step in enumerate(_steps(combine, [each[(slice(None), *at)] for each in rows], dtypes)):
                for whole, value in zip(out, step, strict=True):
                    whole[(k, *at)] = value
        return [[each[k] for each in out] for k in range(len(rows[0]))]


def _steps(combine: Callable[..., Any], rows: Arrays, dtypes: Sequence[Any]) -> list[Arrays]:
    so_far = [each[0] for each in rows]
    steps = [so_far]
    for k in range(1, len(rows[0])):
        found = combine(*map(_tensor, so_far, dtypes), *(_tensor(each[k], dtype) for each, dtype in zip(rows, dtypes, strict=True)))
        found = tuple(found) if isinstance(found, tuple) or type(found).__name__ == "tuple" else (found,)
        so_far = [_array(value, like) for value, like in zip(found, so_far, strict=True)]
        steps.append(so_far)
    return steps


def _tensor(data: np.ndarray, dtype: Any) -> Any:
    import triton.language as tl
    from triton.runtime.interpreter import TensorHandle

    data = np.asarray(data)
    handle = TensorHandle(data if data.shape else data.reshape(1), dtype.scalar)
    return tl.tensor(handle, tl.block_type(dtype.scalar, list(data.shape)) if data.shape else dtype.scalar)


def _array(value: Any, like: np.ndarray) -> np.ndarray:
    data = value.handle.data if hasattr(value, "handle") else np.asarray(getattr(value, "value", value))
    return np.broadcast_to(data.reshape(like.shape) if data.size == like.size else data, like.shape).astype(like.dtype)
