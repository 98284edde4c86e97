"""Accesses whose lanes lie in several arrays, and views whose steps overlap."""

import numpy as np
import triton
import triton.language as tl


@triton.jit
def pick(a, b, out, N: tl.constexpr):
    i = tl.arange(0, N)
    tl.store(out + i, tl.load(tl.where(i % 2 == 0, a + i, b + i)))


def launch_pick(kernel):
    a, b, out = np.arange(8, dtype=np.float32), -np.arange(8, dtype=np.float32), np.empty(8, np.float32)
    kernel[(1,)](a, b, out, N=8)
    assert (out == np.where(np.arange(8) % 2 == 0, a, b)).all()


@triton.jit
def scatter_to_three(x, a, b, c, n, N: tl.constexpr):
    i = tl.arange(0, N)
    to = tl.where(i % 3 == 0, a + i // 3, tl.where(i % 3 == 1, b + i // 3, c + i // 3))
    tl.store(to, tl.load(x + i, mask=i < n), mask=i < n)
    tl.atomic_add(to, 1.0, mask=i < n)


def launch_scatter_to_three(kernel):
    x = np.arange(16, dtype=np.float32)
    a, b, c = (np.zeros(6, np.float32) for _ in range(3))
    kernel[(1,)](x, a, b, c, 10, N=16)
    for at, each in enumerate((a, b, c)):
        want = x[:10][at::3] + 1
        assert (each[: len(want)] == want).all()
        assert not each[len(want) :].any()


@triton.jit
def sides(x, other, out, N: tl.constexpr):
    i = tl.arange(0, N)
    first = tl.program_id(0) == 0
    tl.store(out + tl.program_id(0) * N + i, tl.load((x if first else other) + i))


def launch_sides(kernel):
    both = np.arange(16, dtype=np.float32)
    out = np.empty(16, np.float32)
    kernel[(2,)](both[:8], both[8:], out, N=8)
    assert (out == both).all()


@triton.jit
def move(x, out, s0, s1, M, N, BM: tl.constexpr, BN: tl.constexpr):
    i, j = tl.arange(0, BM)[:, None], tl.arange(0, BN)[None, :]
    m = (i < M) & (j < N)
    tl.store(out + i * N + j, tl.load(x + i * s0 + j * s1, mask=m, other=0.0) + 1, mask=m)


def _windows(kernel, view):
    out = np.empty(view.shape, np.float32)
    steps = [step // 4 for step in view.strides]
    kernel[(1,)](view, out, *steps, *view.shape, BM=16, BN=8)
    assert (out == view + 1).all()


def launch_dilated(kernel):
    _windows(kernel, np.lib.stride_tricks.sliding_window_view(np.arange(20, dtype=np.float32), 5)[::3, ::2][:5])


def launch_sliding(kernel):
    _windows(kernel, np.lib.stride_tricks.sliding_window_view(np.arange(18, dtype=np.float32), 6))


def launch_backwards(kernel):
    _windows(kernel, np.lib.stride_tricks.sliding_window_view(np.arange(18, dtype=np.float32), 6)[:, ::-1])


def launch_toeplitz(kernel):
    base = np.arange(31, dtype=np.float32)
    _windows(kernel, np.lib.stride_tricks.as_strided(base[7:], (16, 8), (4, -4)))


def launch_sparse_steps(kernel):
    base = np.arange(60, dtype=np.float32)
    _windows(kernel, np.lib.stride_tricks.as_strided(base, (7, 5), (5 * 4, 3 * 4)))


@triton.jit
def compare_and_swap(locks, seen, N: tl.constexpr):
    i = tl.arange(0, N)
    tl.store(seen + i, tl.atomic_cas(locks + i, tl.full((N,), 0, tl.int32), tl.full((N,), 7, tl.int32)))


def launch_compare_and_swap(kernel):
    locks, seen = np.array([0, 1, 0, 2], np.int32), np.empty(4, np.int32)
    kernel[(1,)](locks, seen, N=4)
    assert locks.tolist() == [7, 1, 7, 2]
    assert seen.tolist() == [0, 1, 0, 2]
