"""Control: atomics, locks, loops that wait, programs that leave early, choices made at launch."""

import numpy as np
import triton
import triton.language as tl


@triton.jit
def histogram(x, out, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.atomic_add(out + tl.load(x + i, mask=i < n, other=0), 1, mask=i < n)


def launch_histogram(kernel):
    x, out = np.random.default_rng(0).integers(0, 10, 100).astype(np.int32), np.zeros(10, np.int32)
    kernel[(2,)](x, out, 100, BLOCK=64)
    assert (out == np.bincount(x, minlength=10)).all()


@triton.jit
def tickets(out, lock, count):
    while tl.atomic_cas(lock, 0, 1) == 1:
        pass
    taken = tl.load(count)
    tl.store(out + tl.program_id(0), taken)
    tl.store(count, taken + 1)
    tl.atomic_xchg(lock, 0)


def launch_tickets(kernel):
    out, lock, count = np.zeros(4, np.int32), np.zeros(1, np.int32), np.zeros(1, np.int32)
    kernel[(4,)](out, lock, count)
    assert out.tolist() == [0, 1, 2, 3]


@triton.jit
def atomics(x, n, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    tl.atomic_max(x + i % 2, i, mask=i < n)
    tl.atomic_and(x + 2, 6)
    tl.atomic_xchg(x + 3, 7)


def launch_atomics(kernel):
    x = np.full(4, 5, np.int64)
    kernel[(1,)](x, 8, 16)
    assert x.tolist() == [6, 7, 4, 7]


@triton.jit
def early(x, out, n):
    pid = tl.program_id(0)
    if pid >= n:
        return
    tl.store(out + pid, tl.load(x + pid))


def launch_early(kernel):
    x, out = np.arange(3, dtype=np.int8), np.zeros(3, np.int8)
    kernel[(8,)](x, out, 3)
    assert (out == x).all()


@triton.heuristics({"EVEN": lambda given: given["n"] % given["BLOCK"] == 0})
@triton.jit
def even_or_not(x, out, n, BLOCK: tl.constexpr, EVEN: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    if EVEN:
        tl.store(out + i, tl.load(x + i))
    else:
        tl.store(out + i, tl.load(x + i, mask=i < n), mask=i < n)


def launch_even_or_not(kernel):
    x, out = np.ones(100, np.float64), np.zeros(100)
    kernel[(4,)](x, out, 100, BLOCK=32)
    kernel[(3,)](x, out, 96, BLOCK=32)
    assert (out == 1).all()


@triton.jit
def halve(x, steps, n):
    value, count = tl.load(x), 0
    while value > n:
        value = value // 2
        count += 1
    tl.store(steps, count)


def launch_halve(kernel):
    x, steps = np.array([1000], np.int32), np.zeros(1, np.int32)
    kernel[(1,)](x, steps, 1)
    assert steps[0] == 9


@triton.jit
def masked_out(x, out, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out + i, tl.load(x + i, mask=i < n), mask=i < n)


def launch_masked_out(kernel):
    x, out = np.ones(10, np.float32), np.zeros(10, np.float32)
    kernel[(2,)](x, out, 10, BLOCK=16)
    assert (out == 1).all()
