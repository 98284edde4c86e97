"""Triton's interpreter without what it does again and again: each result is what its own code gives, computed once or by NumPy at once.

Of an interpreted kernel's time, most goes to objects that describe shapes: a type for each operation, a constant for each side, a dict of
dtypes for each cast. Types and shapes are values; here they are made once for each that differs.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

import numpy as np

from flashviz_kernels.narrow_floats import replaced


@contextlib.contextmanager
def shortcuts() -> Iterator[None]:
    """While inside, interpreted kernels take less time."""
    import triton.language as tl
    from triton.runtime import interpreter

    with contextlib.ExitStack() as stack:
        stack.callback(replaced(interpreter, "_get_np_dtype", _once_a_type))
        stack.callback(replaced(tl.block_type, "__init__", _shared_types))
        stack.callback(replaced(tl.tensor, "__init__", _shared_shapes))
        semantic = type(interpreter.interpreter_semantic)
        stack.callback(replaced(semantic, "broadcast_impl_value", _broadcast))
        stack.callback(replaced(semantic, "cast", _cast))
        stack.callback(replaced(semantic, "scalar_constant", _once_a_constant))
        stack.callback(replaced(tl.core, "_unwrap_if_constexpr", _unwrap))
        yield


def builtin_call(member: Any, semantic: Any) -> Callable[..., Any]:
    """A builtin of Triton's language as a kernel calls it: without the check that it is called from a kernel."""
    inner = getattr(member, "__wrapped__", member)

    @wraps(inner)
    def call(*args: Any, **kwargs: Any) -> Any:
        kwargs["_semantic"] = semantic
        return inner(*args, **kwargs)

    return call


def _once_a_type(make: Callable[[Any], np.dtype]) -> Callable[[Any], np.dtype]:
    found: dict[int, tuple[Any, np.dtype]] = {}

    def np_dtype(kind: Any) -> np.dtype:
        known = found.get(id(kind))
        if known is None or known[0] is not kind:
            known = found[id(kind)] = kind, make(kind)
        return known[1]

    return np_dtype


def _shared_types(make: Callable[..., None]) -> Callable[..., None]:
    found: dict[Any, tuple[Any, dict[str, Any]]] = {}

    def init(block_type: Any, element_ty: Any, shape: Any) -> None:
        key = (id(element_ty), *(getattr(side, "value", side) for side in shape))
        known = found.get(key)
        if known is None or known[0] is not element_ty:
            make(block_type, element_ty, shape)
            found[key] = element_ty, dict(vars(block_type))
        else:
            vars(block_type).update(known[1])

    return init


def _shared_shapes(make: Callable[..., None]) -> Callable[..., None]:
    found: dict[Any, tuple[Any, Any]] = {}

    def init(tensor: Any, handle: Any, kind: Any) -> None:
        key = tuple(kind.shape) if kind.is_block() else ()
        known = found.get(key)
        if known is None:
            make(tensor, handle, kind)
            found[key] = tensor.shape, tensor.numel
        else:
            tensor.handle, tensor.type, tensor.dtype = handle, kind, kind.scalar
            tensor.shape, tensor.numel = known

    return init


def _broadcast(run: Callable[..., Any]) -> Callable[..., Any]:
    import triton.language as tl
    from triton.runtime.interpreter import TensorHandle

    def block(tensor: Any, shape: tuple[int, ...]) -> Any:
        scalar, data = tensor.type.scalar, tensor.handle.data
        if not tensor.type.is_block():
            data = np.full(shape, data.reshape(-1)[0], data.dtype)
        return tl.tensor(TensorHandle(np.broadcast_to(data, shape), scalar), tl.block_type(scalar, list(shape)))

    def broadcast_impl_value(semantic: Any, lhs: Any, rhs: Any) -> Any:
        left, right = lhs.type.is_block(), rhs.type.is_block()
        if not left and not right:
            return lhs, rhs
        a, b = lhs.handle.data.shape, rhs.handle.data.shape
        if left and right:
            if a == b:
                return lhs, rhs
            if len(a) != len(b) or any(m != n and 1 not in (m, n) for m, n in zip(a, b, strict=True)):
                return run(semantic, lhs, rhs)  # of another rank, or an error of theirs
            shape = tuple(map(max, a, b))
            return lhs if a == shape else block(lhs, shape), rhs if b == shape else block(rhs, shape)
        return (lhs, block(rhs, a)) if left else (block(lhs, b), rhs)

    return broadcast_impl_value


def _cast(run: Callable[..., Any]) -> Callable[..., Any]:
    def cast(semantic: Any, operand: Any, dst_ty: Any, *rest: Any, **options: Any) -> Any:
        if dst_ty is operand.dtype and not rest and not options:
            return operand
        return run(semantic, operand, dst_ty, *rest, **options)

    return cast


def _once_a_constant(make: Callable[..., Any]) -> Callable[..., Any]:
    """Whole numbers: what stands in a kernel's text is asked for again in each program."""
    found: dict[tuple[int, int], tuple[Any, Any]] = {}

    def scalar_constant(semantic: Any, value: Any, dtype: Any) -> Any:
        if type(value) is not int:
            return make(semantic, value, dtype)
        known = found.get((value, id(dtype)))
        if known is None or known[0] is not dtype:
            known = found[value, id(dtype)] = dtype, make(semantic, value, dtype)
        return known[1]

    return scalar_constant


def _unwrap(run: Callable[[Any], Any]) -> Callable[[Any], Any]:
    import triton.language as tl

    as_it_is = (tl.tensor, int, float, bool, str, type(None), tl.dtype, tl.block_type, tl.pointer_type)
    constexpr = tl.constexpr

    def unwrap_if_constexpr(operand: Any) -> Any:
        kind = type(operand)
        if kind is constexpr:
            return operand.value
        return operand if kind in as_it_is else run(operand)

    return unwrap_if_constexpr
