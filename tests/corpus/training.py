"""Fused training kernels in the styles of Liger Kernel and unsloth: norms, gates, rotary positions, losses; forwards and backwards."""

import numpy as np
import triton
import triton.language as tl
from triton.language.extra.libdevice import rsqrt, tanh

RANDOM = np.random.default_rng(0)


@triton.jit
def rms_norm_forward(
    Y_ptr, Y_row_stride, X_ptr, X_row_stride, W_ptr, RSTD_ptr, RSTD_row_stride, n_cols, eps, offset, BLOCK_SIZE: tl.constexpr
):  # fmt: skip
    row = tl.program_id(0).to(tl.int64)
    cols = tl.arange(0, BLOCK_SIZE)
    mask = cols < n_cols
    X_row = tl.load(X_ptr + row * X_row_stride + cols, mask=mask, other=0).to(tl.float32)
    W_row = tl.load(W_ptr + cols, mask=mask, other=0)
    rstd = rsqrt(tl.sum(X_row * X_row, axis=0) / n_cols + eps)
    tl.store(RSTD_ptr + row * RSTD_row_stride, rstd)
    tl.store(Y_ptr + row * Y_row_stride + cols, X_row * rstd * (offset + W_row), mask=mask)


def launch_rms_norm_forward(kernel):
    x, w = RANDOM.standard_normal((6, 90)).astype(np.float32), RANDOM.standard_normal(90).astype(np.float32)
    y, rstd = np.empty_like(x), np.empty(6, np.float32)
    kernel[(6,)](y, 90, x, 90, w, rstd, 1, 90, 1e-6, 1.0, BLOCK_SIZE=128, num_warps=4)
    assert np.allclose(y, x / np.sqrt((x * x).mean(1, keepdims=True) + 1e-6) * (1 + w), atol=1e-5)


@triton.jit
def rms_norm_backward(dY_ptr, X_ptr, W_ptr, RSTD_ptr, dX_ptr, dW_ptr, n_rows, n_cols, rows_per_program, BLOCK_SIZE: tl.constexpr):
    block = tl.program_id(0)
    start, end = block * rows_per_program, min((block + 1) * rows_per_program, n_rows)
    cols = tl.arange(0, BLOCK_SIZE)
    mask = cols < n_cols
    dW = tl.zeros((BLOCK_SIZE,), dtype=tl.float32)
    W_row = tl.load(W_ptr + cols, mask=mask, other=0.0)
    for row in range(start, end):
        dY_row = tl.load(dY_ptr + row * n_cols + cols, mask=mask, other=0.0)
        X_row = tl.load(X_ptr + row * n_cols + cols, mask=mask, other=0.0)
        rstd = tl.load(RSTD_ptr + row)
        m = dY_row * W_row
        dX = rstd * m - rstd * (1 / n_cols) * rstd * rstd * tl.sum(m * X_row, axis=0) * X_row
        dW += dY_row * (X_row * rstd)
        tl.store(dX_ptr + row * n_cols + cols, dX, mask=mask)
    tl.store(dW_ptr + block * n_cols + cols, dW, mask=mask)


def launch_rms_norm_backward(kernel):
    x, dy = (RANDOM.standard_normal((7, 60)).astype(np.float32) for _ in range(2))
    w = RANDOM.standard_normal(60).astype(np.float32)
    rstd = (1 / np.sqrt((x * x).mean(1))).astype(np.float32)
    dx, dw = np.empty_like(x), np.empty((3, 60), np.float32)
    kernel[(3,)](dy, x, w, rstd, dx, dw, 7, 60, 3, BLOCK_SIZE=64)
    assert np.allclose(dw.sum(0), (dy * x * rstd[:, None]).sum(0), atol=1e-4)


@triton.jit
def silu(x):
    return x * tl.sigmoid(x)


@triton.jit
def swiglu_forward(a_ptr, b_ptr, c_ptr, stride, n_cols: tl.constexpr, BLOCK_SIZE: tl.constexpr):
    program_id = tl.program_id(0).to(tl.int64)
    a_ptr += program_id * stride
    b_ptr += program_id * stride
    c_ptr += program_id * stride
    col_offsets = tl.arange(0, BLOCK_SIZE)
    mask = col_offsets < n_cols
    a_row = tl.load(a_ptr + col_offsets, mask=mask, other=0).to(tl.float32)
    b_row = tl.load(b_ptr + col_offsets, mask=mask, other=0)
    tl.store(c_ptr + col_offsets, silu(a_row).cast(b_row.dtype) * b_row, mask=mask)


def launch_swiglu_forward(kernel):
    a, b = (RANDOM.standard_normal((5, 40)).astype(np.float16) for _ in range(2))
    c = np.empty_like(a)
    kernel[(5,)](a, b, c, a.strides[-2] // 2, n_cols=40, BLOCK_SIZE=64, num_warps=8)
    wide = a.astype(np.float32)
    assert np.allclose(c, wide / (1 + np.exp(-wide)) * b, atol=1e-2)


@triton.jit
def geglu_forward(a, b, c, stride, n_cols: tl.constexpr, BLOCK_SIZE: tl.constexpr):
    program_id = tl.program_id(0).to(tl.int64)
    cols = tl.arange(0, BLOCK_SIZE)
    at = program_id * stride + cols
    a_row = tl.load(a + at, mask=cols < n_cols, other=0).to(tl.float32)
    b_row = tl.load(b + at, mask=cols < n_cols, other=0)
    tanh_arg = 0.7978845608028654 * (a_row + 0.044715 * a_row * a_row * a_row)
    tl.store(c + at, 0.5 * a_row * (1 + tanh(tanh_arg)) * b_row, mask=cols < n_cols)


def launch_geglu_forward(kernel):
    a, b = (RANDOM.standard_normal((5, 40)).astype(np.float32) for _ in range(2))
    c = np.empty_like(a)
    kernel[(5,)](a, b, c, 40, n_cols=40, BLOCK_SIZE=64)
    assert np.allclose(c, 0.5 * a * (1 + np.tanh(0.7978845608028654 * (a + 0.044715 * a**3))) * b, atol=1e-5)


@triton.heuristics({"BACKWARD_PASS": lambda args: bool(args["BACKWARD_PASS"])})
@triton.jit
def rope_embedding(
    Q, Q_row_stride: tl.constexpr, cos, cos_row_stride: tl.constexpr, sin, sin_row_stride: tl.constexpr, seqlen,
    head_dim: tl.constexpr, n_heads: tl.constexpr, BACKWARD_PASS: tl.constexpr, BLOCK_SIZE: tl.constexpr,
):  # fmt: skip
    ROPE_GROUP_SIZE = 4
    row, group = tl.program_id(0), tl.program_id(1)
    col_offsets = tl.arange(0, BLOCK_SIZE)
    half = head_dim // 2
    mask = col_offsets < half
    sin1 = tl.load(sin + (row % seqlen) * sin_row_stride + col_offsets, mask=mask, other=0)
    cos1 = tl.load(cos + (row % seqlen) * cos_row_stride + col_offsets, mask=mask, other=0)
    if BACKWARD_PASS:
        sin1 = -sin1
    head_start = group * ROPE_GROUP_SIZE
    head_end = min((head_start + ROPE_GROUP_SIZE), n_heads)
    for k in range(head_start, head_end):
        offs = row * Q_row_stride + k * head_dim + col_offsets
        Q1 = tl.load(Q + offs, mask=mask, other=0).to(sin1.dtype)
        Q2 = tl.load(Q + offs + half, mask=mask, other=0).to(sin1.dtype)
        tl.store(Q + offs, Q1 * cos1 - Q2 * sin1, mask=mask)
        tl.store(Q + offs + half, Q2 * cos1 + Q1 * sin1, mask=mask)


def launch_rope_embedding(kernel):
    q = RANDOM.standard_normal((2 * 3, 6 * 20)).astype(np.float32)  # two sequences of three, six heads of 20
    angle = RANDOM.standard_normal((3, 10)).astype(np.float32)
    cos, sin, before = np.cos(angle), np.sin(angle), q.copy()
    kernel[(6, 2)](q, 120, cos, 10, sin, 10, 3, head_dim=20, n_heads=6, BACKWARD_PASS=False, BLOCK_SIZE=16)
    assert not np.allclose(q, before)
    kernel[(6, 2)](q, 120, cos, 10, sin, 10, 3, head_dim=20, n_heads=6, BACKWARD_PASS=True, BLOCK_SIZE=16)
    assert np.allclose(q, before, atol=1e-5)


@triton.jit
def cross_entropy_forward(
    logits_ptr, logits_row_stride, loss_ptr, logsumexp_ptr, labels_ptr, VOCAB_SIZE: tl.constexpr, BLOCK_SIZE: tl.constexpr,
    DO_SOFTCAPPING: tl.constexpr, SOFTCAP: tl.constexpr,
):  # fmt: skip
    row_idx = tl.program_id(0)
    logits_ptr += row_idx * tl.cast(logits_row_stride, tl.int64)
    col_offsets = tl.arange(0, BLOCK_SIZE)
    mask = col_offsets < VOCAB_SIZE
    label_idx = tl.load(labels_ptr + row_idx).to(tl.int32)
    logits = tl.load(logits_ptr + col_offsets, mask=mask, other=-float("inf")).to(tl.float32)
    if DO_SOFTCAPPING:
        logits = SOFTCAP * tanh(logits / SOFTCAP)
    c = tl.max(logits, 0)
    logsumexp = c + tl.log(tl.sum(tl.exp(logits - c), 0))
    if label_idx != -100:
        x = tl.load(logits_ptr + label_idx).to(tl.float32)
        if DO_SOFTCAPPING:
            x = SOFTCAP * tanh(x / SOFTCAP)
        loss = logsumexp - x
    else:
        loss = 0.0
    tl.store(logsumexp_ptr + row_idx, logsumexp)
    tl.store(loss_ptr + row_idx, loss)


def launch_cross_entropy_forward(kernel):
    logits, labels = RANDOM.standard_normal((5, 50)).astype(np.float32), np.array([3, -100, 7, 49, 0], np.int64)
    loss, lse = np.empty(5, np.float32), np.empty(5, np.float32)
    kernel[(5,)](logits, 50, loss, lse, labels, VOCAB_SIZE=50, BLOCK_SIZE=64, DO_SOFTCAPPING=True, SOFTCAP=30.0)
    capped = 30 * np.tanh(logits / 30)
    want = np.log(np.exp(capped).sum(1))
    assert np.allclose(lse, want, atol=1e-5)
    assert np.allclose(loss, [0 if at < 0 else want[row] - capped[row, at] for row, at in enumerate(labels)], atol=1e-5)


@triton.jit
def online_cross_entropy(X_ptr, X_stride, Y_ptr, loss_ptr, n_cols, ignore_index, BLOCK_SIZE: tl.constexpr, WITH_GRADIENT: tl.constexpr):
    program_id = tl.program_id(0).to(tl.int64)
    y = tl.load(Y_ptr + program_id)
    X_ptr += program_id * X_stride
    if y == ignore_index:
        for i in range(0, n_cols, BLOCK_SIZE):
            X_offsets = i + tl.arange(0, BLOCK_SIZE)
            tl.store(X_ptr + X_offsets, 0.0, mask=X_offsets < n_cols)
        return
    m, d = float("-inf"), 0.0
    ori_X_y = tl.load(X_ptr + y)
    for i in range(0, n_cols, BLOCK_SIZE):
        X_offsets = i + tl.arange(0, BLOCK_SIZE)
        X_block = tl.load(X_ptr + X_offsets, mask=X_offsets < n_cols, other=float("-inf"))
        m_new = tl.maximum(m, tl.max(X_block))
        d = d * tl.exp(m - m_new) + tl.sum(tl.exp(X_block - m_new))
        m = m_new
    if WITH_GRADIENT:
        for i in range(0, n_cols, BLOCK_SIZE):
            X_offsets = i + tl.arange(0, BLOCK_SIZE)
            X_block = tl.load(X_ptr + X_offsets, mask=X_offsets < n_cols, other=float("-inf"))
            X_block = tl.where(X_offsets != y, tl.exp(X_block - m) / d, tl.exp(X_block - m) / d - 1)
            tl.store(X_ptr + X_offsets, X_block, mask=X_offsets < n_cols)
    tl.store(loss_ptr + program_id, m + tl.log(d) - ori_X_y)


def launch_online_cross_entropy(kernel):
    x, y = RANDOM.standard_normal((4, 70)).astype(np.float32), np.array([5, -1, 69, 0], np.int64)
    loss, given = np.zeros(4, np.float32), x.copy()
    kernel[(4,)](x, 70, y, loss, 70, -1, BLOCK_SIZE=32, WITH_GRADIENT=True)
    p = np.exp(given) / np.exp(given).sum(1, keepdims=True)
    assert np.allclose(loss, [0 if at < 0 else -np.log(p[row, at]) for row, at in enumerate(y)], atol=1e-5)
    p[[0, 2, 3], [5, 69, 0]] -= 1
    p[1] = 0
    assert np.allclose(x, p, atol=1e-5)


@triton.jit
def tv_distance(p_ptr, q_ptr, loss_ptr, grads_ptr, n_cols, BLOCK: tl.constexpr, REDUCTION: tl.constexpr = "batchmean"):
    row = tl.program_id(0).to(tl.int64)
    total = 0.0
    for i in range(0, n_cols, BLOCK):
        offsets = i + tl.arange(0, BLOCK)
        mask = offsets < n_cols
        p, q = tl.load(p_ptr + row * n_cols + offsets, mask=mask, other=0.0), tl.load(q_ptr + row * n_cols + offsets, mask=mask, other=0.0)
        tl.store(grads_ptr + row * n_cols + offsets, tl.where(p > q, 0.5, -0.5), mask=mask)
        total += tl.sum(0.5 * tl.abs(p - q), axis=0)
    if REDUCTION == "batchmean" or REDUCTION == "sum":
        tl.store(loss_ptr + row, total)


def launch_tv_distance(kernel):
    p, q = (RANDOM.random((3, 50)).astype(np.float32) for _ in range(2))
    loss, grads = np.empty(3, np.float32), np.empty_like(p)
    kernel[(3,)](p, q, loss, grads, 50, BLOCK=32)
    assert np.allclose(loss, 0.5 * np.abs(p - q).sum(1), atol=1e-5)
