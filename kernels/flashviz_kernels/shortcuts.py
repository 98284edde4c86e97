"""Triton's interpreter without what it does again and again: each result is what its own code gives, computed once or by NumPy at once.

Of an interpreted kernel's time, most goes to objects that describe shapes: a type for each operation, a constant for each side, a dict of
dtypes for each cast. Types and shapes are values; here they are made once for each that differs.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import cache, wraps
from typing import Any

import numpy as np

from flashviz_kernels.narrow_floats import replaced

DESCRIBED = "_described"  # where a type keeps the shape and number of elements of its tensors, as Triton's constants


@contextlib.contextmanager
def shortcuts() -> Iterator[None]:
    """While inside, interpreted kernels take less time."""
    import triton.language as tl
    from triton.runtime import interpreter

    with contextlib.ExitStack() as stack:
        stack.callback(replaced(interpreter, "_get_np_dtype", _once_a_type))
        stack.callback(replaced(tl.block_type, "__init__", _shared_types))
        stack.callback(replaced(tl.tensor, "__init__", _shared_shapes))
        stack.callback(replaced(interpreter.TensorHandle, "__post_init__", _checked_once))
        semantic = type(interpreter.interpreter_semantic)
        stack.callback(replaced(semantic, "binary_op_type_checking_impl", _operands))
        stack.callback(replaced(semantic, "broadcast_impl_value", _broadcast))
        stack.callback(replaced(semantic, "cast", _cast))
        stack.callback(replaced(semantic, "load", _load))
        stack.callback(replaced(semantic, "scalar_constant", _once_a_constant))
        stack.callback(replaced(tl.core, "_unwrap_if_constexpr", _unwrap))
        yield


@cache
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
        key = id(element_ty), *[side if type(side) is int else getattr(side, "value", side) for side in shape]
        known = found.get(key)
        if known is None or known[0] is not element_ty:
            make(block_type, element_ty, shape)
            found[key] = element_ty, vars(block_type)
        else:
            vars(block_type).update(known[1])

    return init


def _shared_shapes(make: Callable[..., None]) -> Callable[..., None]:
    """What a tensor says of its shape is kept with its type; ``_shared_types`` hands it on."""
    import triton.language as tl

    scalar: list[Any] = []
    block = tl.block_type

    def init(tensor: Any, handle: Any, kind: Any) -> None:
        described = vars(kind).get(DESCRIBED) if type(kind) is block else scalar
        if not described:
            make(tensor, handle, kind)
            described = tensor.shape, tensor.numel
            if type(kind) is block:
                vars(kind)[DESCRIBED] = described
            elif not kind.is_block():
                scalar[:] = described
        else:
            tensor.handle, tensor.type, tensor.dtype = handle, kind, kind.scalar
            tensor.shape, tensor.numel = described

    return init


def _checked_once(check: Callable[[Any], None]) -> Callable[[Any], None]:
    """Whether NumPy's numbers fit Triton's type: asked once for each pair of them."""
    fitting: dict[tuple[int, int], Any] = {}

    def post_init(handle: Any) -> None:
        kind = handle.dtype
        key = id(kind), handle.data.itemsize
        if fitting.get(key) is not kind:
            check(handle)
            fitting[key] = kind

    return post_init


def _operands(run: Callable[..., Any]) -> Callable[..., Any]:
    """The operands of an element-wise operation, cast and broadcast. To which types depends on theirs alone, and is asked once.

    A broadcast operand has the type of the result and keeps its own few numbers: what comes next is one operation of NumPy, which
    broadcasts them itself.
    """
    import triton.language as tl

    plain, number = tl.tensor, int
    known: dict[Any, tuple[Any, Any, Any, Any]] = {}

    def checked(semantic: Any, lhs: Any, rhs: Any, *rules: Any, **named: Any) -> Any:
        left = lhs.dtype if type(lhs) is plain else number if _is_int32(lhs) else None
        right = rhs.dtype if type(rhs) is plain else number if _is_int32(rhs) else None
        if left is None or right is None or left is right is number:
            return run(semantic, lhs, rhs, *rules, **named)
        key = id(left), id(right), rules, *named.items()
        found = known.get(key)
        if found is None or found[0] is not left or found[1] is not right:
            a, b = run(semantic, lhs, rhs, *rules, **named)
            if (left is not number or _is_wide(a.dtype)) and (right is not number or _is_wide(b.dtype)):  # others may refuse a number
                known[key] = left, right, a.dtype, b.dtype
            return a, b
        _, _, a_type, b_type = found
        a = semantic.scalar_constant(lhs, a_type) if left is number else lhs if left is a_type else semantic.cast(lhs, a_type)
        b = semantic.scalar_constant(rhs, b_type) if right is number else rhs if right is b_type else semantic.cast(rhs, b_type)
        return _broadcast_types(semantic, a, b)

    def _broadcast_types(semantic: Any, a: Any, b: Any) -> tuple[Any, Any]:
        left, right = a.type.is_block(), b.type.is_block()
        if not (left or right):
            return a, b
        if not right:
            return a, typed(b, a.type)
        if not left:
            return typed(a, b.type), b
        m, n = a.type.shape, b.type.shape
        if m == n:
            return a, b
        if len(m) != len(n) or any(i != j and 1 not in (i, j) for i, j in zip(m, n, strict=True)):
            return semantic.broadcast_impl_value(a, b)  # type: ignore[no-any-return]  # of another rank, or an error of theirs
        shape = list(map(max, m, n))
        return typed(a, tl.block_type(a.dtype, shape)), typed(b, tl.block_type(b.dtype, shape))

    def typed(operand: Any, like: Any) -> Any:
        scalar = operand.dtype
        return plain(operand.handle, like if like.element_ty is scalar else tl.block_type(scalar, like.shape))

    return checked


def _is_int32(value: Any) -> bool:
    return type(value) is int and -(1 << 31) <= value < 1 << 31


def _is_wide(kind: Any) -> bool:
    """Whether a type takes any number of 32 bits with a sign."""
    return bool(kind.is_floating() or (kind.is_int_signed() and kind.int_bitwidth >= 32))


def _broadcast(run: Callable[..., Any]) -> Callable[..., Any]:
    import triton.language as tl
    from triton.runtime.interpreter import TensorHandle

    def block(tensor: Any, shape: tuple[int, ...]) -> Any:
        scalar, data = tensor.type.scalar, tensor.handle.data
        data = np.broadcast_to(data, shape) if tensor.type.is_block() else np.full(shape, data.reshape(-1)[0], data.dtype)
        return tl.tensor(TensorHandle(data, scalar), tl.block_type(scalar, list(shape)))

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


def _load(run: Callable[..., Any]) -> Callable[..., Any]:
    """One number in place of masked elements is cast before it is broadcast."""

    def load(semantic: Any, ptr: Any, mask: Any, other: Any, *rest: Any, **options: Any) -> Any:
        if other is not None and ptr.type.is_block() and not other.type.is_block():
            element = getattr(ptr.dtype, "element_ty", None)
            if element is not None and element.is_floating():
                other = semantic.cast(other, element)
        return run(semantic, ptr, mask, other, *rest, **options)

    return load


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
