"""One kernel for each kind of operation on bfloat16, for tests: loaded only where triton interprets."""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-decorators

import triton
import triton.language as tl


@triton.jit
def binary(x, y, out, N: tl.constexpr, OP: tl.constexpr):
    i = tl.arange(0, N)
    a, b = tl.load(x + i), tl.load(y + i)
    if OP == "add":
        c = a + b
    elif OP == "subtract":
        c = a - b
    elif OP == "multiply":
        c = a * b
    elif OP == "divide":
        c = a / b
    elif OP == "maximum":
        c = tl.maximum(a, b)
    elif OP == "minimum":
        c = tl.minimum(a, b)
    elif OP == "where":
        c = tl.where(a > b, a, b * b)
    else:
        c = tl.fma(a, b, a)
    tl.store(out + i, c)


@triton.jit
def unary(x, out, N: tl.constexpr, OP: tl.constexpr):
    i = tl.arange(0, N)
    a = tl.load(x + i)
    tl.store(out + i, -a if OP == "negative" else (tl.abs(a) if OP == "abs" else tl.exp(a.to(tl.float32)).to(tl.bfloat16)))


@triton.jit
def less(x, y, out, N: tl.constexpr):
    i = tl.arange(0, N)
    tl.store(out + i, (tl.load(x + i) < tl.load(y + i)).to(tl.int32))


@triton.jit
def reduce(x, out, ROWS: tl.constexpr, N: tl.constexpr, OP: tl.constexpr):
    r = tl.arange(0, ROWS)
    a = tl.load(x + r[:, None] * N + tl.arange(0, N)[None, :])
    tl.store(out + r, tl.sum(a, 1) if OP == "sum" else (tl.max(a, 1) if OP == "amax" else tl.min(a, 1)))


@triton.jit
def arg_max(x, out, ROWS: tl.constexpr, N: tl.constexpr):
    r = tl.arange(0, ROWS)
    tl.store(out + r, tl.argmax(tl.load(x + r[:, None] * N + tl.arange(0, N)[None, :]), 1))


@triton.jit
def scan(x, out, N: tl.constexpr):
    i = tl.arange(0, N)
    tl.store(out + i, tl.cumsum(tl.load(x + i), 0))


@triton.jit
def cast(x, out, N: tl.constexpr):
    i = tl.arange(0, N)
    tl.store(out + i, tl.load(x + i).to(out.dtype.element_ty))


@triton.jit
def product(x, y, out, N: tl.constexpr):
    at = tl.arange(0, N)[:, None] * N + tl.arange(0, N)[None, :]
    tl.store(out + at, tl.dot(tl.load(x + at), tl.load(y + at)))


@triton.jit
def atomic(x, out, N: tl.constexpr):
    i = tl.arange(0, N)
    tl.atomic_add(out + i, tl.load(x + i))
