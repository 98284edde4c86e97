"""Python's boolean words and conditions, as compiled: element by element on blocks, every operand evaluated that is no constant."""

import numpy as np
import triton
import triton.language as tl


@triton.jit
def both(x, out, M, N, S: tl.constexpr):
    r, c = tl.arange(0, S)[:, None], tl.arange(0, S)[None, :]
    tl.store(out + r * S + c, tl.load(x + r * S + c, mask=(r < M) and (c < N), other=0.0))


def launch_both(kernel):
    x, out = np.ones((8, 8), np.float32), np.empty((8, 8), np.float32)
    kernel[(1,)](x, out, 3, 2, S=8)
    assert out.sum() == 6
    assert (out[:3, :2] == 1).all()


@triton.jit
def nested(x, out, n, LOW: tl.constexpr, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    keep = (i >= LOW and i < n and not (i == 4 or i == 6)) or i == 15
    tl.store(out + i, tl.load(x + i, mask=keep, other=-1.0))


def launch_nested(kernel):
    x, out = np.arange(16, dtype=np.float32), np.empty(16, np.float32)
    kernel[(1,)](x, out, 10, LOW=2, BLOCK=16)
    i = np.arange(16)
    keep = ((i >= 2) & (i < 10) & ~((i == 4) | (i == 6))) | (i == 15)
    assert (out == np.where(keep, x, -1)).all()


@triton.jit
def chained(x, out, low, high, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    tl.store(out + i, tl.load(x + i, mask=low <= i < high, other=0.0))


def launch_chained(kernel):
    x, out = np.ones(16, np.float32), np.empty(16, np.float32)
    kernel[(1,)](x, out, 3, 9, BLOCK=16)
    assert out.tolist() == [0] * 3 + [1] * 6 + [0] * 7


@triton.jit
def within(i, n, HAS_LIMIT: tl.constexpr):
    return i < n and (not HAS_LIMIT or i < 5)


@triton.jit
def mixed(x, bias, out, n, flag, HAS_BIAS: tl.constexpr, HAS_LIMIT: tl.constexpr, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    mask = within(i, n, HAS_LIMIT)
    value = tl.load(x + i, mask=mask, other=0.0)
    if HAS_BIAS and flag > 0 and n != 0:
        value += tl.load(bias)
    tl.store(out + i, value, mask=mask and flag > 0)


def launch_mixed(kernel):
    x, bias, out = np.arange(16, dtype=np.float32), np.full(1, 10, np.float32), np.full(16, -1, np.float32)
    kernel[(1,)](x, bias, out, 9, 1, HAS_BIAS=True, HAS_LIMIT=True, BLOCK=16)
    assert out.tolist() == [10, 11, 12, 13, 14] + [-1] * 11
    kernel[(1,)](x, None, out, 9, 1, HAS_BIAS=False, HAS_LIMIT=False, BLOCK=16)
    assert out.tolist() == list(range(9)) + [-1] * 7


@triton.jit
def scalar_conditions(counts, out, n, BLOCK: tl.constexpr):
    j = 0
    while j < n and tl.load(counts + j) > 0:
        j += 1
    found = 1 if (j == n or not tl.load(counts + j) > 0) else 2
    tl.store(out, j if found == 1 and j >= 0 else -1)


def launch_scalar_conditions(kernel):
    counts, out = np.array([3, 1, 2, 0, 5], np.int32), np.empty(1, np.int32)
    kernel[(1,)](counts, out, 5, BLOCK=1)
    assert out[0] == 3


@triton.jit
def negated(x, out, n, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    value = tl.load(x + i, mask=not (i >= n), other=0)
    tl.store(out + i, tl.where(not value, 7, value))


def launch_negated(kernel):
    x, out = np.array([0, 1, 0, 2, 3, 0, 0, 9], np.int32), np.empty(8, np.int32)
    kernel[(1,)](x, out, 6, BLOCK=8)
    assert out.tolist() == [7, 1, 7, 2, 3, 7, 7, 7]


@triton.jit
def every_operand(x, out, n, BLOCK: tl.constexpr):
    """The right operand of a scalar ``and`` is loaded whatever the left one is, as compiled."""
    hits = 0
    for j in range(n):
        if j > 1 and tl.load(x + j) > 0:
            hits += 1
    tl.store(out, hits)


def launch_every_operand(kernel):
    x, out = np.array([1, 1, 1, -1], np.float32), np.empty(1, np.int32)
    kernel[(1,)](x, out, 4, BLOCK=4)
    assert out[0] == 1


@triton.jit
def block_condition(x, out, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    value = tl.load(x + i)
    if value > 0:
        tl.store(out + i, value)


def launch_block_condition(kernel):
    kernel[(1,)](np.ones(8, np.float32), np.ones(8, np.float32), BLOCK=8)


@triton.jit
def least_and_most(x, out, n, N: tl.constexpr):
    i = tl.arange(0, N)
    value = tl.load(x + i, mask=i < min(n, 6), other=0.0)
    tl.store(out + i, max(value, 3.0))
    tl.store(out + N + i, min(value, value * 0 + 2.0, 5.0))


def launch_least_and_most(kernel):
    x, out = np.arange(8, dtype=np.float32), np.empty((2, 8), np.float32)
    kernel[(1,)](x, out, 9, N=8)
    x[6:] = 0
    assert (out == [np.maximum(x, 3), np.minimum(x, 2)]).all()
