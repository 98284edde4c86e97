"""bfloat16 in the interpreter, held to torch: every operation that upstream does on the bit patterns."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from flashviz.errors import UsageError

pytest.importorskip("ml_dtypes")
if importlib.util.find_spec("triton") is None or importlib.util.find_spec("torch") is None:
    pytest.skip("needs triton and torch", allow_module_level=True)

N = 64


@pytest.fixture(scope="module")
def kernels() -> Any:
    from flashviz_kernels.modes import load_triton

    load_triton(interpreted=True)
    return importlib.import_module("tests.bfloat16_kernels")


def numbers(*shape: int, seed: int = 0) -> Any:
    torch = importlib.import_module("torch")
    values = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
    values.reshape(-1)[:2] = [1.0, -1.0]
    return torch.from_numpy(values).bfloat16()


def launched(kernel: Any, *arguments: Any, **constants: Any) -> None:
    from flashviz_kernels.any_kernel import trace_kernel

    trace_kernel(kernel, lambda traced: traced[(1,)](*arguments, **constants))


@pytest.mark.parametrize("op", ["add", "subtract", "multiply", "divide", "maximum", "minimum"])
def test_arithmetic_is_rounded_once_from_float32(kernels: Any, op: str) -> None:
    torch = importlib.import_module("torch")
    x, y, out = numbers(N), numbers(N, seed=1), torch.zeros(N, dtype=torch.bfloat16)
    launched(kernels.binary, x, y, out, N=N, OP=op)
    assert torch.equal(out, getattr(torch, op)(x, y))


def test_where_and_comparison(kernels: Any) -> None:
    torch = importlib.import_module("torch")
    x, y, out = numbers(N), numbers(N, seed=1), torch.zeros(N, dtype=torch.bfloat16)
    launched(kernels.binary, x, y, out, N=N, OP="where")
    assert torch.equal(out, torch.where(x > y, x, y * y))
    smaller = torch.zeros(N, dtype=torch.int32)
    launched(kernels.less, x, y, smaller, N=N)
    assert torch.equal(smaller, (x < y).int())


def test_fused_multiply_add_rounds_once(kernels: Any) -> None:
    torch = importlib.import_module("torch")
    x, y, out = numbers(N), numbers(N, seed=1), torch.zeros(N, dtype=torch.bfloat16)
    launched(kernels.binary, x, y, out, N=N, OP="fma")
    assert torch.equal(out, (x.double() * y.double() + x.double()).bfloat16())


@pytest.mark.parametrize(
    ("op", "expected"), [("negative", lambda x: -x), ("abs", lambda x: x.abs()), ("exp", lambda x: x.float().exp().bfloat16())]
)
def test_functions_of_one_operand(kernels: Any, op: str, expected: Callable[[Any], Any]) -> None:
    torch = importlib.import_module("torch")
    x, out = numbers(N), torch.zeros(N, dtype=torch.bfloat16)
    launched(kernels.unary, x, out, N=N, OP=op)
    assert torch.equal(out, expected(x))


@pytest.mark.parametrize("op", ["sum", "amax", "amin"])
def test_reductions(kernels: Any, op: str) -> None:
    torch = importlib.import_module("torch")
    x, out = numbers(8, N), torch.zeros(8, dtype=torch.bfloat16)
    launched(kernels.reduce, x, out, ROWS=8, N=N, OP=op)
    assert torch.equal(out, getattr(x.float(), op)(1).bfloat16())


def test_argmax_and_scan(kernels: Any) -> None:
    torch = importlib.import_module("torch")
    x, at = numbers(8, N), torch.zeros(8, dtype=torch.int32)
    launched(kernels.arg_max, x, at, ROWS=8, N=N)
    assert torch.equal(at, x.argmax(1).int())
    row, out = numbers(N), torch.zeros(N, dtype=torch.bfloat16)
    launched(kernels.scan, row, out, N=N)
    assert (out.float() - row.float().cumsum(0)).abs().max() <= 2**-8 * row.float().cumsum(0).abs().max()


@pytest.mark.parametrize("other", ["float32", "float16", "float64", "int32", "int8", "bool"])
def test_casts_there_and_back(kernels: Any, other: str) -> None:
    torch = importlib.import_module("torch")
    dtype = getattr(torch, other)
    x = (numbers(N) * 20).to(torch.bfloat16)
    there = torch.zeros(N, dtype=dtype)
    launched(kernels.cast, x, there, N=N)
    assert torch.equal(there, x.to(dtype))
    source = (torch.randn(N, generator=torch.Generator().manual_seed(0)) * 300).clamp(-100, 100).to(dtype)
    back = torch.zeros(N, dtype=torch.bfloat16)
    launched(kernels.cast, source, back, N=N)
    assert torch.equal(back, source.to(torch.bfloat16))


def test_products_are_of_numbers_and_not_of_bit_patterns(kernels: Any) -> None:
    torch = importlib.import_module("torch")
    x, y, out = numbers(16, 16), numbers(16, 16, seed=1), torch.zeros(16, 16)
    launched(kernels.product, x, y, out, N=16)
    assert (out - x.float() @ y.float()).abs().max() < 1e-5


def test_atomics_are_refused(kernels: Any) -> None:
    torch = importlib.import_module("torch")
    with pytest.raises(UsageError, match=r"expected atomics of a type .* got bfloat16; use float32"):
        launched(kernels.atomic, numbers(N), torch.zeros(N, dtype=torch.bfloat16), N=N)


def test_the_interpreter_is_left_as_it_was(kernels: Any) -> None:
    from triton.runtime import interpreter

    before = dict(vars(interpreter.interpreter_builder)), interpreter.ReduceOps.apply_impl, interpreter.InterpretedFunction.run
    launched(kernels.unary, numbers(N), numbers(N), N=N, OP="abs")
    after = dict(vars(interpreter.interpreter_builder)), interpreter.ReduceOps.apply_impl, interpreter.InterpretedFunction.run
    assert {*before[0]} == {*after[0]}
    assert before[1:] == after[1:]
