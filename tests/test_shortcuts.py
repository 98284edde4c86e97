"""What an interpreted kernel computes faster is what Triton's own interpreter computes: types, shapes, bytes, and its errors."""

from __future__ import annotations

import contextlib
import operator
from collections.abc import Callable
from itertools import product
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashviz_kernels.interpreter import mended
from flashviz_kernels.modes import installed, load_triton

pytestmark = pytest.mark.skipif(not installed(), reason="needs triton")

DTYPES = ("int1", "int8", "uint8", "int16", "int32", "uint32", "int64", "uint64", "float16", "bfloat16", "float32", "float64", "float8e5")
SHAPES = ((), (4,), (8,), (4, 1), (1, 8), (4, 8), (2, 4, 8), (2, 1, 1))
NUMBERS = (0, 1, -1, 3, 200, -129, 70_000, 2**31 - 1, 2**31, -(2**31), 2**40, True, False, 0.5, -2.0, 1e-40, 3e38, float("inf"))
OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "truediv": operator.truediv, "floordiv": operator.floordiv,
    "mod": operator.mod, "lt": operator.lt, "ge": operator.ge, "eq": operator.eq, "ne": operator.ne, "and": operator.and_,
    "or": operator.or_, "xor": operator.xor, "lshift": operator.lshift, "rshift": operator.rshift,
}  # fmt: skip
FUNCTIONS = ("minimum", "maximum", "where", "masked load")
Operand = tuple[str, tuple[int, ...], int] | float | bool
Case = tuple[str, tuple[Operand, Operand]]

tensors = st.tuples(st.sampled_from(DTYPES), st.sampled_from(SHAPES), st.integers(0, 9))


cases = st.tuples(
    st.sampled_from((*OPERATORS, *FUNCTIONS)),
    st.tuples(tensors, tensors | st.sampled_from(NUMBERS)) | st.tuples(st.sampled_from(NUMBERS), tensors),
)


@given(st.lists(cases, min_size=1, max_size=30))
def test_operations_give_what_triton_gives(several: list[Case]) -> None:
    """Twice over, since what was seen before is remembered."""
    assert outcomes(several * 2) == outcomes(several * 2, plain=True)


@pytest.mark.parametrize("name", OPERATORS)
def test_a_number_beside_a_block_is_cast_as_triton_casts_it(name: str) -> None:
    """Also where another number was seen before: whether a type takes a number depends on the number."""
    several: list[Case] = []
    for dtype in DTYPES:
        block = (dtype, (4,), 1)
        for number in (*NUMBERS, *NUMBERS[::-1]):
            several += [(name, (block, number)), (name, (number, block))]
    assert outcomes(several) == outcomes(several, plain=True)


def test_pointers_move_as_triton_moves_them() -> None:
    several: list[Case] = []
    for dtype, shape, start in product(("int8", "int32", "uint32", "int64", "pointer"), SHAPES, SHAPES):
        pointers, offsets = ("pointer", start, 0), (dtype, shape, 2)
        several += [(name, pair) for name in ("add", "sub", "lt", "eq") for pair in ((pointers, offsets), (offsets, pointers))]
    assert outcomes(several) == outcomes(several, plain=True)


# ---------------------------------------------------------------------------------------------------------------------- helpers


def outcomes(several: list[Case], *, plain: bool = False) -> list[tuple[Any, ...]]:
    """Type, shape and bytes of each result, or the error; ``plain`` without what is told here to change nothing."""
    tl = load_triton(interpreted=True).language
    without = patch("flashviz_kernels.interpreter.shortcuts", contextlib.nullcontext) if plain else contextlib.nullcontext()
    with without, mended():
        return [_told(OPERATORS.get(name) or _function(tl, name), [_made(tl, each) for each in operands]) for name, operands in several]


def _function(tl: Any, name: str) -> Callable[[Any, Any], Any]:
    if name == "where":
        return lambda a, b: tl.where(a == a, a, b)  # noqa: PLR0124  # false where NaN
    if name == "masked load":
        memory, at = np.arange(32, dtype=np.float32), np.arange(32, dtype=np.uint64).reshape(4, 8)
        pointers = _tensor(tl, memory.ctypes.data + 4 * at, tl.pointer_type(tl.float32))
        every_third = _tensor(tl, at % 3 == 0, tl.int1)

        def masked_load(a: Any, b: Any) -> Any:
            if len(getattr(b, "shape", ())) > len(at.shape):  # it would move the pointers, and not the mask
                return a
            return tl.load(pointers, mask=every_third, other=b) if memory.size else a

        return masked_load
    return getattr(tl, name)  # type: ignore[no-any-return]


def _made(tl: Any, given_: Any) -> Any:
    """A tensor of Triton's with a few numbers, or the number."""
    if not isinstance(given_, tuple):
        return given_
    dtype, shape, seed = given_
    rng = np.random.default_rng(seed)
    if dtype == "pointer":
        return _tensor(
            tl,
            (1 << 40) + 4 * np.arange(max(1, int(np.prod(shape))), dtype=np.uint64).reshape(shape or 1),
            tl.pointer_type(tl.float32),
            shape,
        )
    from triton.runtime.interpreter import _get_np_dtype

    kind = getattr(tl, dtype)
    numpy_dtype = _get_np_dtype(kind)
    values = (
        rng.integers(0, 60, shape or 1)
        if numpy_dtype.kind in "iu"
        else rng.integers(0, 2, shape or 1)
        if dtype == "int1"
        else rng.normal(size=shape or 1)
    )
    return _tensor(tl, values.astype(numpy_dtype), kind, shape)


def _tensor(tl: Any, data: np.ndarray, kind: Any, shape: tuple[int, ...] | None = None) -> Any:
    from triton.runtime.interpreter import TensorHandle

    shape = data.shape if shape is None else shape
    return tl.tensor(TensorHandle(data, kind), tl.block_type(kind, list(shape)) if shape else kind)


def _told(call: Callable[..., Any], arguments: list[Any]) -> tuple[Any, ...]:
    try:
        result = call(*arguments)
    except Exception as error:  # noqa: BLE001  # Triton's own, whatever it is
        while error.__cause__ is not None:
            error = error.__cause__  # type: ignore[assignment]
        return type(error).__name__, str(error)
    if not hasattr(result, "handle"):
        return (repr(result),)
    data = result.handle.data
    return str(result.type), [side.value for side in result.shape], result.numel.value, data.dtype.str, data.shape, data.tobytes()
