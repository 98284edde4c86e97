"""Sparse and ragged kernels in the styles of MegaBlocks, tritonbench and generative-recommenders: gathers, jagged rows, blocks."""

import numpy as np
import triton
import triton.language as tl

RANDOM = np.random.default_rng(0)


@triton.autotune([triton.Config({"BLOCK_X": x}, num_warps=2) for x in (32, 64)], key=["NUM_COLUMNS"])
@triton.jit
def padded_copy(
    a, b, indices, bin_ids, weights, bins, padded_bins, NUM_COLUMNS: tl.constexpr, TOP_K: tl.constexpr, BLOCK_X: tl.constexpr,
    A_TO_B: tl.constexpr, SCALE: tl.constexpr,
):  # fmt: skip
    index_a, bin_idx = tl.load(indices + tl.program_id(0)), tl.load(bin_ids + tl.program_id(0))
    offset_in_bin = tl.program_id(0)
    if bin_idx > 0:
        offset_in_bin -= tl.load(bins + bin_idx - 1)
    index_b = offset_in_bin
    if bin_idx > 0:
        index_b += tl.load(padded_bins + bin_idx - 1)
    offset = index_a // TOP_K if A_TO_B else index_a
    a += tl.multiple_of(offset * NUM_COLUMNS, NUM_COLUMNS)
    b += tl.multiple_of(index_b * NUM_COLUMNS, NUM_COLUMNS)
    offsets = tl.max_contiguous(tl.arange(0, BLOCK_X), BLOCK_X)
    scale = tl.load(weights + index_a) if SCALE else 1
    iptr, optr = a if A_TO_B else b, b if A_TO_B else a
    for _ in range(tl.cdiv(NUM_COLUMNS, BLOCK_X)):
        mask = offsets < NUM_COLUMNS
        x = tl.load(iptr + offsets, mask=mask)
        tl.store(optr + offsets, x.to(tl.float32) * scale, mask=mask)
        offsets += BLOCK_X


def launch_padded_copy(kernel):
    """Three tokens for each of two experts, gathered beside each other; each expert's rows padded to four."""
    a, b, weights = RANDOM.standard_normal((6, 40)).astype(np.float32), np.zeros((8, 40), np.float32), RANDOM.random(6).astype(np.float32)
    order, owners = np.array([4, 1, 0, 5, 2, 3], np.int32), np.array([0, 0, 0, 1, 1, 1], np.int32)
    kernel[(6,)](a, b, order, owners, weights, np.array([3, 6]), np.array([4, 8]), NUM_COLUMNS=40, TOP_K=1, A_TO_B=True, SCALE=True)
    assert np.allclose(b[[0, 1, 2, 4, 5, 6]], a[order] * weights[order, None])
    assert not b[[3, 7]].any()


@triton.jit
def blocks_product(a, b, values, row_indices, column_indices, N, K, BLOCK: tl.constexpr):
    """Only those blocks of a b that are asked for, as in a product of dense matrices with a sparse result."""
    at = tl.program_id(0)
    row, column = tl.load(row_indices + at).to(tl.int32), tl.load(column_indices + at).to(tl.int32)
    i, j, k = row * BLOCK + tl.arange(0, BLOCK), column * BLOCK + tl.arange(0, BLOCK), tl.arange(0, BLOCK)
    acc = tl.zeros((BLOCK, BLOCK), tl.float32)
    for start in range(0, K, BLOCK):
        left = tl.load(a + i[:, None] * K + (start + k)[None, :])
        acc += tl.dot(left, tl.load(b + (start + k)[:, None] * N + j[None, :]))
    within = tl.arange(0, BLOCK)
    tl.store(values + at * BLOCK * BLOCK + within[:, None] * BLOCK + within[None, :], acc)


def launch_blocks_product(kernel):
    a, b = RANDOM.standard_normal((48, 32)).astype(np.float32), RANDOM.standard_normal((32, 64)).astype(np.float32)
    rows, columns, values = np.array([0, 0, 2], np.int16), np.array([1, 3, 0], np.int16), np.empty((3, 16, 16), np.float32)
    kernel[(3,)](a, b, values, rows, columns, 64, 32, BLOCK=16)
    whole = (a @ b).reshape(3, 16, 4, 16)
    assert np.allclose(values, whole[rows, :, columns], atol=1e-4)


@triton.jit
def blocks_times_dense(values, column_indices, offsets, dense, out, N, BLOCK: tl.constexpr):
    """A block-sparse matrix, in compressed rows, times a dense one."""
    row, j = tl.program_id(0), tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    within = tl.arange(0, BLOCK)
    first, last = tl.load(offsets + row), tl.load(offsets + row + 1)
    acc = tl.zeros((BLOCK, BLOCK), tl.float32)
    for at in range(first, last):
        k = tl.load(column_indices + at) * BLOCK + within
        left = tl.load(values + at * BLOCK * BLOCK + within[:, None] * BLOCK + within[None, :])
        acc += tl.dot(left, tl.load(dense + k[:, None] * N + j[None, :], mask=(j < N)[None, :], other=0.0))
    tl.store(out + (row * BLOCK + within)[:, None] * N + j[None, :], acc, mask=(j < N)[None, :])


def launch_blocks_times_dense(kernel):
    values, dense = RANDOM.standard_normal((3, 16, 16)).astype(np.float32), RANDOM.standard_normal((64, 20)).astype(np.float32)
    columns, offsets, out = np.array([1, 3, 0]), np.array([0, 2, 2, 3]), np.empty((48, 20), np.float32)
    kernel[(3, 2)](values, columns, offsets, dense, out, 20, BLOCK=16)
    whole = np.zeros((3, 16, 4, 16), np.float32)
    whole[[0, 0, 2], :, columns] = values
    assert np.allclose(out, whole.reshape(48, 64) @ dense, atol=1e-4)


@triton.jit
def jagged_to_dense(values, offsets, out, max_len, D: tl.constexpr, BLOCK: tl.constexpr, padding=0.0):
    seq, t = tl.program_id(0), tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    start, end = tl.load(offsets + seq), tl.load(offsets + seq + 1)
    d = tl.arange(0, D)
    here = (t < end - start)[:, None]
    value = tl.load(values + (start + t)[:, None] * D + d[None, :], mask=here, other=0.0)
    value = tl.where(here, value, padding)
    tl.store(out + (seq * max_len + t)[:, None] * D + d[None, :], value, mask=(t < max_len)[:, None])


def launch_jagged_to_dense(kernel):
    values, offsets = RANDOM.standard_normal((12, 8)).astype(np.float32), np.array([0, 5, 5, 12])
    out = np.empty((3, 7, 8), np.float32)
    kernel[(3, 2)](values, offsets, out, 7, D=8, BLOCK=4, padding=-1.0)
    for seq in range(3):
        length = offsets[seq + 1] - offsets[seq]
        assert (out[seq, :length] == values[offsets[seq] : offsets[seq + 1]]).all()
        assert (out[seq, length:] == -1).all()


@triton.autotune([triton.Config({"BLOCK_RAGGED": r, "BLOCK_M": m}) for r in (4, 8) for m in (16, 32)], key=["M"])
@triton.jit
def jagged_sum(values, offsets, out, M, MAX_SEQLEN: tl.constexpr, BLOCK_RAGGED: tl.constexpr, BLOCK_M: tl.constexpr):
    pid = tl.program_id(axis=0)
    seq, part = pid // tl.cdiv(M, BLOCK_M), pid % tl.cdiv(M, BLOCK_M)
    m = part * BLOCK_M + tl.arange(0, BLOCK_M)
    start, end = tl.load(offsets + seq), tl.load(offsets + (seq + 1))
    buffer = tl.zeros((BLOCK_RAGGED, BLOCK_M), dtype=tl.float32)
    for at in range(0, MAX_SEQLEN, BLOCK_RAGGED):
        row = start + at + tl.arange(0, BLOCK_RAGGED)
        buffer += tl.load(values + row[:, None] * M + m[None, :], mask=(row < end)[:, None] and (m < M)[None, :], other=0)
    tl.store(out + seq * M + m, tl.sum(buffer, axis=0), mask=m < M)


def launch_jagged_sum(kernel):
    values, offsets = RANDOM.standard_normal((12, 20)).astype(np.float32), np.array([0, 5, 5, 12])
    out = np.empty((3, 20), np.float32)
    kernel[lambda meta: (3 * triton.cdiv(20, meta["BLOCK_M"]),)](values, offsets, out, 20, MAX_SEQLEN=7)
    assert np.allclose(out, [values[a:b].sum(0) for a, b in zip(offsets[:-1], offsets[1:], strict=True)], atol=1e-5)


@triton.jit
def concat_2d_jagged(offsets_a, values_a, offsets_b, values_b, out, D: tl.constexpr):
    """Row t of sequence z of two jagged arrays, one after the other: the array that is read depends on t."""
    z, t = tl.program_id(1), tl.program_id(0)
    a0, a1 = tl.load(offsets_a + z), tl.load(offsets_a + z + 1)
    b0, b1 = tl.load(offsets_b + z), tl.load(offsets_b + z + 1)
    length_a = a1 - a0
    if t >= length_a + b1 - b0:
        return
    d = tl.arange(0, D)
    to = out + (a0 + b0 + t) * D + d
    if t < length_a:
        tl.store(to, tl.load(values_a + (a0 + t) * D + d))
    else:
        tl.store(to, tl.load(values_b + (b0 + t - length_a) * D + d))


def launch_concat_2d_jagged(kernel):
    a, b = RANDOM.standard_normal((5, 8)).astype(np.float32), RANDOM.standard_normal((4, 8)).astype(np.float32)
    out = np.empty((9, 8), np.float32)
    kernel[(5, 2)](np.array([0, 3, 5]), a, np.array([0, 1, 4]), b, out, D=8)
    assert (out == np.concatenate([a[:3], b[:1], a[3:], b[1:]])).all()


@triton.jit
def hstu_attention(q, k, v, offsets, out, alpha, max_len, BM: tl.constexpr, BN: tl.constexpr, D: tl.constexpr):
    """silu(alpha q k^T) / n v, causal within each sequence."""
    z, i_m = tl.program_id(1), tl.program_id(0)
    start = tl.load(offsets + z)
    length = (tl.load(offsets + z + 1) - start).to(tl.int32)
    if i_m * BM >= length:
        return
    i, d = i_m * BM + tl.arange(0, BM), tl.arange(0, D)
    query = tl.load(q + (start + i)[:, None] * D + d[None, :], mask=(i < length)[:, None], other=0.0)
    acc = tl.zeros((BM, D), tl.float32)
    for low in range(0, tl.minimum((i_m + 1) * BM, length), BN):
        j = low + tl.arange(0, BN)
        keys = tl.load(k + (start + j)[None, :] * D + d[:, None], mask=(j < length)[None, :], other=0.0)
        values = tl.load(v + (start + j)[:, None] * D + d[None, :], mask=(j < length)[:, None], other=0.0)
        qk = tl.dot(query, keys) * alpha
        weights = tl.where(i[:, None] >= j[None, :], qk / (1 + tl.exp(-qk)) / max_len, 0.0)
        acc += tl.dot(weights, values)
    tl.store(out + (start + i)[:, None] * D + d[None, :], acc, mask=(i < length)[:, None])


def launch_hstu_attention(kernel):
    q, k, v = (RANDOM.standard_normal((30, 16)).astype(np.float32) for _ in range(3))
    offsets, out = np.array([0, 20, 20, 30]), np.empty((30, 16), np.float32)
    kernel[(2, 3)](q, k, v, offsets, out, 0.25, 20, BM=16, BN=16, D=16)
    for a, b in zip(offsets[:-1], offsets[1:], strict=True):
        qk = 0.25 * q[a:b] @ k[a:b].T
        assert np.allclose(out[a:b], np.tril(qk / (1 + np.exp(-qk)) / 20) @ v[a:b], atol=1e-5)


@triton.jit
def embedding_backward(grad, ids, table_grad, n, D: tl.constexpr, BLOCK: tl.constexpr):
    i, d = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK), tl.arange(0, D)
    token = tl.load(ids + i, mask=i < n, other=0)
    value = tl.load(grad + i[:, None] * D + d[None, :], mask=(i < n)[:, None], other=0.0)
    tl.atomic_add(table_grad + token[:, None] * D + d[None, :], value, mask=(i < n)[:, None])


def launch_embedding_backward(kernel):
    grad, ids = RANDOM.standard_normal((10, 8)).astype(np.float32), np.array([3, 1, 3, 0, 7, 7, 7, 2, 9, 9])
    table = np.zeros((10, 8), np.float32)
    kernel[(2,)](grad, ids, table, 10, D=8, BLOCK=8)
    want = np.zeros_like(table)
    np.add.at(want, ids, grad)
    assert np.allclose(table, want, atol=1e-6)
