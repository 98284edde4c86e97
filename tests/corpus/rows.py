"""Rows: reductions, scans, sorts; in one block, in a loop, over several launches."""

import numpy as np
import triton
import triton.language as tl
from helpers import centre, load_wide


@triton.jit
def softmax(out, x, stride, n_rows, n_cols, BLOCK: tl.constexpr, STAGES: tl.constexpr):
    for row in tl.range(tl.program_id(0), n_rows, tl.num_programs(0), num_stages=STAGES):
        i = tl.arange(0, BLOCK)
        value = tl.load(x + row * stride + i, mask=i < n_cols, other=-float("inf"))
        top = tl.exp(value - tl.max(value, axis=0))
        tl.store(out + row * stride + i, top / tl.sum(top, axis=0), mask=i < n_cols)


def launch_softmax(kernel):
    x = np.random.default_rng(0).standard_normal((23, 100), np.float32)
    out = np.empty_like(x)
    kernel[(4, 1, 1)](out, x, 100, 23, 100, 128, 2)
    assert np.allclose(out, np.exp(x) / np.exp(x).sum(1, keepdims=True), atol=1e-6)


@triton.jit
def online_softmax(x, out, n, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    m, l = -float("inf"), 0.0
    for start in range(0, n, BLOCK):
        i = start + tl.arange(0, BLOCK)
        value = tl.load(x + row * n + i, mask=i < n, other=-float("inf"))
        new = tl.maximum(m, tl.max(value, 0))
        l = l * tl.exp(m - new) + tl.sum(tl.exp(value - new), 0)
        m = new
    for start in range(0, n, BLOCK):
        i = start + tl.arange(0, BLOCK)
        value = tl.load(x + row * n + i, mask=i < n, other=-float("inf"))
        tl.store(out + row * n + i, tl.exp(value - m) / l, mask=i < n)


def launch_online_softmax(kernel):
    x = np.random.default_rng(0).standard_normal((5, 100), np.float32)
    out = np.empty_like(x)
    kernel[(5,)](x, out, 100, BLOCK=32)
    assert np.allclose(out, np.exp(x) / np.exp(x).sum(1, keepdims=True), atol=1e-6)


@triton.jit
def layer_norm(x, out, weight, bias, mean_out, rstd_out, n, eps, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    x += row * n
    out += row * n
    total = tl.zeros([BLOCK], dtype=tl.float32)
    for start in range(0, n, BLOCK):
        i = start + tl.arange(0, BLOCK)
        total += load_wide(x + i, i < n)
    mean = tl.sum(total, axis=0) / n
    squares = tl.zeros([BLOCK], dtype=tl.float32)
    for start in range(0, n, BLOCK):
        i = start + tl.arange(0, BLOCK)
        value = centre(tl.load(x + i, mask=i < n, other=0.0).to(tl.float32), mean, i < n)
        squares += value * value
    rstd = 1 / tl.sqrt(tl.sum(squares, axis=0) / n + eps)
    tl.store(mean_out + row, mean)
    tl.store(rstd_out + row, rstd)
    for start in range(0, n, BLOCK):
        i = start + tl.arange(0, BLOCK)
        mask = i < n
        value = (tl.load(x + i, mask=mask, other=0.0).to(tl.float32) - mean) * rstd
        tl.store(out + i, value * tl.load(weight + i, mask=mask) + tl.load(bias + i, mask=mask), mask=mask)


def launch_layer_norm(kernel):
    random = np.random.default_rng(0)
    x, weight, bias = (random.standard_normal(shape).astype(np.float16) for shape in ((6, 90), 90, 90))
    out, mean, rstd = np.empty_like(x), np.empty(6, np.float32), np.empty(6, np.float32)
    kernel[(6,)](x, out, weight, bias, mean, rstd, 90, 1e-5, BLOCK=32, num_warps=4)
    exact = x.astype(np.float64)
    exact = (exact - exact.mean(1, keepdims=True)) / np.sqrt(exact.var(1, keepdims=True) + 1e-5) * weight + bias
    assert np.abs(out - exact).max() < 1e-2


@triton.jit
def total(values, out, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out + tl.program_id(0), tl.sum(tl.load(values + i, mask=i < n, other=0.0)))


def launch_two_stages(kernel):
    values, partial, out = np.arange(1000, dtype=np.float32), np.zeros(8, np.float32), np.zeros(1, np.float32)
    kernel[(8,)](values, partial, 1000, BLOCK=128)
    kernel[(1,)](partial, out, 8, BLOCK=8)
    assert out[0] == 499_500


@triton.jit
def plus(a, b):
    return a + b


@triton.jit
def orders(x, sums, last, ranked, back, N: tl.constexpr):
    i = tl.arange(0, N)
    value = tl.load(x + i)
    tl.store(sums + i, tl.associative_scan(value, 0, plus))
    tl.store(last, tl.argmax(value, 0))
    tl.store(ranked + i, tl.sort(value))
    tl.store(back + i, tl.flip(tl.cumsum(value, 0), 0))


def launch_orders(kernel):
    x = np.random.default_rng(0).permutation(16).astype(np.float32)
    sums, last, ranked, back = np.empty_like(x), np.zeros(1, np.int32), np.empty_like(x), np.empty_like(x)
    kernel[(1,)](x, sums, last, ranked, back, 16)
    assert (sums == x.cumsum()).all()
    assert last[0] == x.argmax()
    assert (ranked == np.sort(x)).all()
    assert (back == x.cumsum()[::-1]).all()


@triton.jit
def row_sums(x, out, M, N, BM: tl.constexpr, BN: tl.constexpr):
    block = tl.make_block_ptr(x, shape=(M, N), strides=(N, 1), offsets=(tl.program_id(0) * BM, 0), block_shape=(BM, BN), order=(1, 0))
    acc = tl.zeros((BM,), tl.float32)
    for _ in range(0, N, BN):
        acc += tl.sum(tl.load(block, boundary_check=(0, 1), padding_option="zero"), 1)
        block = tl.advance(block, (0, BN))
    rows = tl.program_id(0) * BM + tl.arange(0, BM)
    tl.store(out + rows, acc, mask=rows < M)


def launch_block_pointers(kernel):
    x, out = np.random.default_rng(0).standard_normal((40, 50), np.float32), np.empty(40, np.float32)
    kernel[(3,)](x, out, 40, 50, 16, 16)
    assert np.allclose(out, x.sum(1), atol=1e-4)
