"""Products: tiled, grouped, batched, quantised, split along K; a convolution; attention in another style than ours."""

import numpy as np
import triton
import triton.language as tl


@triton.jit
def matmul(a, b, c, M, N, K, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr, GROUP: tl.constexpr):
    pid = tl.program_id(0)
    n_rows, n_cols = tl.cdiv(M, BM), tl.cdiv(N, BN)
    group = pid // (GROUP * n_cols)
    size = tl.minimum(n_rows - group * GROUP, GROUP)
    row = group * GROUP + (pid % (GROUP * n_cols)) % size
    col = (pid % (GROUP * n_cols)) // size
    i, j, k = row * BM + tl.arange(0, BM), col * BN + tl.arange(0, BN), tl.arange(0, BK)
    acc = tl.zeros((BM, BN), tl.float32)
    for start in range(0, K, BK):
        x = tl.load(a + i[:, None] * K + (start + k)[None, :], mask=(i[:, None] < M) & ((start + k)[None, :] < K), other=0.0)
        y = tl.load(b + (start + k)[:, None] * N + j[None, :], mask=((start + k)[:, None] < K) & (j[None, :] < N), other=0.0)
        acc = tl.dot(x, y, acc)
    tl.store(c + i[:, None] * N + j[None, :], acc.to(tl.float16), mask=(i[:, None] < M) & (j[None, :] < N))


def launch_matmul(kernel):
    random = np.random.default_rng(0)
    a, b = (random.standard_normal(shape).astype(np.float16) for shape in ((100, 50), (50, 72)))
    c = np.empty((100, 72), np.float16)
    kernel[lambda meta: (triton.cdiv(100, meta["BM"]) * triton.cdiv(72, meta["BN"]),)](a, b, c, 100, 72, 50, BM=32, BN=32, BK=16, GROUP=2)
    assert np.abs(c - a.astype(np.float32) @ b.astype(np.float32)).max() < 2e-2


@triton.autotune([triton.Config({"BM": 32, "BN": 32, "BK": 16}), triton.Config({"BM": 64, "BN": 64, "BK": 16})], key=["N"])
@triton.jit
def tuned(a, b, c, N, K, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr):
    i, j = tl.program_id(0) * BM + tl.arange(0, BM), tl.program_id(1) * BN + tl.arange(0, BN)
    acc = tl.zeros((BM, BN), tl.float32)
    for start in range(0, K, BK):
        k = start + tl.arange(0, BK)
        acc += tl.dot(tl.load(a + i[:, None] * K + k[None, :]), tl.load(b + k[:, None] * N + j[None, :]))
    tl.store(c + i[:, None] * N + j[None, :], acc)


def launch_tuned(kernel):
    a, b, c = np.ones((64, 32), np.float32), np.ones((32, 64), np.float32), np.empty((64, 64), np.float32)
    kernel[lambda meta: (64 // meta["BM"], 64 // meta["BN"])](a, b, c, 64, 32)
    assert (c == 32).all()


@triton.jit
def batched(a, b, c, N: tl.constexpr, T: tl.constexpr):
    z, i, j = tl.program_id(2) * N * N, tl.program_id(0) * T + tl.arange(0, T), tl.program_id(1) * T + tl.arange(0, T)
    k = tl.arange(0, N)
    x = tl.load(a + z + i[:, None] * N + k[None, :])
    y = tl.load(b + z + j[:, None] * N + k[None, :])
    tl.store(c + z + i[:, None] * N + j[None, :], tl.dot(x, tl.trans(y)))


def launch_batched(kernel):
    random = np.random.default_rng(0)
    a, b = (random.standard_normal((3, 32, 32)).astype(np.float32) for _ in range(2))
    c = np.empty_like(a)
    kernel[(2, 2, 3)](a, b, c, 32, 16)
    assert np.allclose(c, a @ b.transpose(0, 2, 1), atol=1e-4)


@triton.jit
def quantised(a, packed, scales, c, N: tl.constexpr, K: tl.constexpr, M: tl.constexpr):
    i, j, k = tl.arange(0, M), tl.arange(0, N), tl.arange(0, K)
    words = tl.load(packed + (k // 8)[:, None] * N + j[None, :])
    weights = (((words >> ((k % 8) * 4)[:, None]) & 0xF) - 8).to(tl.float32) * tl.load(scales + j)[None, :]
    tl.store(c + i[:, None] * N + j[None, :], tl.dot(tl.load(a + i[:, None] * K + k[None, :]), weights))


def launch_quantised(kernel):
    random = np.random.default_rng(0)
    a, weights = random.standard_normal((16, 32)).astype(np.float32), random.integers(0, 16, (32, 16))
    packed = sum(weights[at::8] << (4 * at) for at in range(8)).astype(np.uint32).view(np.int32)
    scales, c = random.random(16).astype(np.float32), np.empty((16, 16), np.float32)
    kernel[(1,)](a, packed, scales, c, 16, 32, 16)
    assert np.allclose(c, a @ ((weights - 8) * scales), atol=1e-4)


@triton.jit
def split_k(a, b, c, N: tl.constexpr, K: tl.constexpr, PART: tl.constexpr):
    i, k = tl.arange(0, N), tl.program_id(0) * PART + tl.arange(0, PART)
    part = tl.dot(tl.load(a + i[:, None] * K + k[None, :]), tl.load(b + k[:, None] * N + i[None, :]))
    tl.atomic_add(c + i[:, None] * N + i[None, :], part)


def launch_split_k(kernel):
    random = np.random.default_rng(0)
    a, b = random.standard_normal((16, 64)).astype(np.float32), random.standard_normal((64, 16)).astype(np.float32)
    c = np.zeros((16, 16), np.float32)
    kernel[(4,)](a, b, c, 16, 64, 16)
    assert np.allclose(c, a @ b, atol=1e-4)


@triton.jit
def convolve(image, weights, out, H: tl.constexpr, W: tl.constexpr, KH: tl.constexpr, KW: tl.constexpr):
    i, j = tl.arange(0, H)[:, None], tl.arange(0, W)[None, :]
    at = tl.program_id(0) * H * W
    acc = tl.zeros((H, W), tl.float32)
    for di in tl.static_range(KH):
        for dj in tl.static_range(KW):
            inside = (i + di < H) & (j + dj < W)
            acc += tl.load(image + at + (i + di) * W + j + dj, mask=inside, other=0.0) * tl.load(weights + di * KW + dj)
    tl.store(out + at + i * W + j, acc)


def launch_convolve(kernel):
    random = np.random.default_rng(0)
    image, weights = random.standard_normal((4, 8, 16)).astype(np.float32), random.standard_normal((3, 3)).astype(np.float32)
    out = np.empty_like(image)
    kernel[(4,)](image, weights, out, 8, 16, 3, 3)
    padded = np.pad(image, ((0, 0), (0, 2), (0, 2)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    assert np.allclose(out, np.einsum("bijkl,kl->bij", windows, weights), atol=1e-5)


@triton.jit
def smooth(x, weights, out, n, TAPS: tl.constexpr, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    acc = tl.zeros((BLOCK,), tl.float32)
    for tap in range(TAPS):
        at = i + tap - TAPS // 2
        acc += tl.load(x + at, mask=(at >= 0) & (at < n), other=0.0) * tl.load(weights + tap)
    tl.store(out + i, acc, mask=i < n)


def launch_smooth(kernel):
    random = np.random.default_rng(0)
    x, weights = random.standard_normal(100).astype(np.float32), random.standard_normal(5).astype(np.float32)
    out = np.empty_like(x)
    kernel[(4,)](x, weights, out, 100, TAPS=5, BLOCK=32)
    assert np.allclose(out, np.convolve(x, weights[::-1], "same"), atol=1e-5)


@triton.jit
def attention(q, k, v, out, n, scale, D: tl.constexpr, BM: tl.constexpr, BN: tl.constexpr):
    head = tl.program_id(1) * n * D
    i, d = tl.program_id(0) * BM + tl.arange(0, BM), tl.arange(0, D)
    queries = tl.load(q + head + i[:, None] * D + d[None, :], mask=i[:, None] < n, other=0.0)
    top, total = tl.full((BM,), -float("inf"), tl.float32), tl.zeros((BM,), tl.float32)
    acc = tl.zeros((BM, D), tl.float32)
    for start in range(0, n, BN):
        j = start + tl.arange(0, BN)
        keys = tl.load(k + head + j[None, :] * D + d[:, None], mask=j[None, :] < n, other=0.0)
        scores = tl.where(j[None, :] < n, tl.dot(queries, keys) * scale * 1.4426950408889634, -float("inf"))
        new = tl.maximum(top, tl.max(scores, 1))
        weights, factor = tl.exp2(scores - new[:, None]), tl.exp2(top - new)
        total = total * factor + tl.sum(weights, 1)
        values = tl.load(v + head + j[:, None] * D + d[None, :], mask=j[:, None] < n, other=0.0)
        acc = acc * factor[:, None] + tl.dot(weights.to(values.dtype), values)
        top = new
    tl.store(out + head + i[:, None] * D + d[None, :], acc / total[:, None], mask=i[:, None] < n)


def launch_attention(kernel):
    random = np.random.default_rng(0)
    q, k, v = (random.standard_normal((2, 100, 16)).astype(np.float32) for _ in range(3))
    out = np.empty_like(q)
    kernel[(4, 2)](q, k, v, out, 100, 0.25, D=16, BM=32, BN=32)
    scores = np.exp(q @ k.transpose(0, 2, 1) * 0.25)
    assert np.allclose(out, scores @ v / scores.sum(-1, keepdims=True), atol=1e-4)
