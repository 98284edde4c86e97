"""Linear attention and state spaces in the styles of flash-linear-attention and Mamba: chunks, recurrences, scans, block pointers."""

import numpy as np
import triton
import triton.language as tl

RANDOM = np.random.default_rng(0)


@triton.heuristics({"HAS_SCALE": lambda args: args["scale"] is not None, "REVERSE": lambda args: False})
@triton.autotune(configs=[triton.Config({}, num_warps=warps) for warps in (1, 2, 4)], key=["BT"])
@triton.jit(do_not_specialize=["T"])
def chunk_local_cumsum(s, o, scale, T, H: tl.constexpr, BT: tl.constexpr, REVERSE: tl.constexpr, HAS_SCALE: tl.constexpr):
    i_t, i_bh = tl.program_id(0), tl.program_id(1)
    i_b, i_h = i_bh // H, i_bh % H
    p_s = tl.make_block_ptr(s + i_b * T * H + i_h, (T,), (H,), (i_t * BT,), (BT,), (0,))
    p_o = tl.make_block_ptr(o + i_b * T * H + i_h, (T,), (H,), (i_t * BT,), (BT,), (0,))
    b_s = tl.load(p_s, boundary_check=(0,)).to(tl.float32)
    b_o = tl.cumsum(b_s, axis=0)
    if HAS_SCALE:
        b_o *= scale
    tl.store(p_o, b_o.to(p_o.dtype.element_ty), boundary_check=(0,))


def launch_chunk_local_cumsum(kernel):
    s = RANDOM.standard_normal((2, 50, 3)).astype(np.float32)
    o = np.empty_like(s)
    kernel[(4, 6)](s, o, 2.0, 50, H=3, BT=16)
    want = np.concatenate([s[:, at : at + 16].cumsum(1) for at in range(0, 50, 16)], axis=1)
    assert np.allclose(o, 2 * want, atol=1e-5)


@triton.jit
def chunk_state(k, v, h, T: tl.constexpr, K: tl.constexpr, V: tl.constexpr, BT: tl.constexpr, BK: tl.constexpr, BV: tl.constexpr):
    """h_t = sum over the chunks before t of k^T v, stored as it is before each chunk."""
    i_k, i_v = tl.program_id(0), tl.program_id(1)
    b_h = tl.zeros([BK, BV], dtype=tl.float32)
    for i_t in range(tl.cdiv(T, BT)):
        p_h = tl.make_block_ptr(h + i_t * K * V, (K, V), (V, 1), (i_k * BK, i_v * BV), (BK, BV), (1, 0))
        tl.store(p_h, b_h.to(p_h.dtype.element_ty), boundary_check=(0, 1))
        p_k = tl.make_block_ptr(k, (K, T), (1, K), (i_k * BK, i_t * BT), (BK, BT), (0, 1))
        p_v = tl.make_block_ptr(v, (T, V), (V, 1), (i_t * BT, i_v * BV), (BT, BV), (1, 0))
        b_k = tl.load(p_k, boundary_check=(0, 1))
        b_v = tl.load(p_v, boundary_check=(0, 1))
        b_h += tl.dot(b_k, b_v)


def launch_chunk_state(kernel):
    k, v = RANDOM.standard_normal((40, 24)).astype(np.float32), RANDOM.standard_normal((40, 20)).astype(np.float32)
    h = np.empty((3, 24, 20), np.float32)
    kernel[(2, 2)](k, v, h, T=40, K=24, V=20, BT=16, BK=16, BV=16)
    assert np.allclose(h, [k[: 16 * t].T @ v[: 16 * t] for t in range(3)], atol=1e-4)


@triton.jit
def fused_recurrent(q, k, v, g, o, h0, ht, T, K: tl.constexpr, V: tl.constexpr, BK: tl.constexpr, BV: tl.constexpr,
                    USE_INITIAL_STATE: tl.constexpr, STORE_FINAL_STATE: tl.constexpr):  # fmt: skip
    i_v = tl.program_id(0)
    o_k, o_v = tl.arange(0, BK), i_v * BV + tl.arange(0, BV)
    p_q, p_k, p_v, p_o = q + o_k, k + o_k, v + o_v, o + o_v
    mask_k, mask_v = o_k < K, o_v < V
    mask_h = mask_v[:, None] & mask_k[None, :]
    b_h = tl.zeros([BV, BK], dtype=tl.float32)
    if USE_INITIAL_STATE:
        b_h += tl.load(h0 + o_k[None, :] * V + o_v[:, None], mask=mask_h, other=0)
    for t in range(T):
        b_k = tl.load(p_k, mask=mask_k, other=0)
        b_v = tl.load(p_v, mask=mask_v, other=0)
        b_q = tl.load(p_q, mask=mask_k, other=0)
        b_g = tl.load(g + t)
        b_h = b_h * tl.exp(b_g) + b_k[None, :] * b_v[:, None]
        tl.store(p_o, tl.sum(b_h * b_q[None, :], axis=1), mask=mask_v)
        p_q += K
        p_k += K
        p_v += V
        p_o += V
    if STORE_FINAL_STATE:
        tl.store(ht + o_k[None, :] * V + o_v[:, None], b_h, mask=mask_h)


def launch_fused_recurrent(kernel):
    q, k = (RANDOM.standard_normal((6, 12)).astype(np.float32) for _ in range(2))
    v, g = RANDOM.standard_normal((6, 10)).astype(np.float32), -RANDOM.random(6).astype(np.float32)
    h0, o, ht = RANDOM.standard_normal((12, 10)).astype(np.float32), np.empty((6, 10), np.float32), np.empty((12, 10), np.float32)
    kernel[(2,)](q, k, v, g, o, h0, ht, 6, K=12, V=10, BK=16, BV=8, USE_INITIAL_STATE=True, STORE_FINAL_STATE=True)
    h = h0
    for t in range(6):
        h = h * np.exp(g[t]) + k[t][:, None] * v[t]
        assert np.allclose(o[t], q[t] @ h, atol=1e-4)
    assert np.allclose(ht, h, atol=1e-4)


@triton.jit
def first_order(decay_left, value_left, decay_right, value_right):
    return decay_left * decay_right, value_left * decay_right + value_right


@triton.jit
def selective_scan(a, x, y, last, T, D: tl.constexpr, BLOCK: tl.constexpr):
    """h_t = a_t h_{t-1} + x_t by an associative scan along the last axis, D channels at once."""
    d, t = tl.arange(0, D)[:, None], tl.arange(0, BLOCK)[None, :]
    mask = t < T
    decay = tl.load(a + d * T + t, mask=mask, other=1.0)
    value = tl.load(x + d * T + t, mask=mask, other=0.0)
    _, h = tl.associative_scan((decay, value), -1, first_order)
    tl.store(y + d * T + t, h, mask=mask)
    whole, end = tl.reduce((decay, value), -1, first_order)
    tl.store(last + tl.arange(0, D), end)


def launch_selective_scan(kernel):
    a, x = RANDOM.random((4, 13)).astype(np.float32), RANDOM.standard_normal((4, 13)).astype(np.float32)
    y, last = np.empty_like(x), np.empty(4, np.float32)
    kernel[(1,)](a, x, y, last, 13, D=4, BLOCK=16)
    h = np.zeros(4, np.float32)
    for t in range(13):
        h = a[:, t] * h + x[:, t]
        assert np.allclose(y[:, t], h, atol=1e-5)
    assert np.allclose(last, h, atol=1e-5)


@triton.jit
def state_passing(states, out, final, dA, nchunks, stride_chunk, dim, BLOCK: tl.constexpr, HAS_INITSTATES: tl.constexpr = False):
    pid_m, pid_h = tl.program_id(0), tl.program_id(1)
    states_ptr = states + pid_h * dim
    out_ptr = out + pid_h * dim
    offs_m = pid_m * BLOCK + tl.arange(0, BLOCK)
    state = tl.zeros((BLOCK,), dtype=tl.float32)
    tl.store(out_ptr + offs_m, state, mask=offs_m < dim)
    out_ptr += stride_chunk
    for c in range(nchunks):
        new_states = tl.load(states_ptr + offs_m, mask=offs_m < dim, other=0.0)
        scale = tl.exp(tl.load(dA + pid_h * nchunks + c))
        state = scale * state + new_states
        if c < nchunks - 1:
            tl.store(out_ptr + offs_m, state, mask=offs_m < dim)
        else:
            tl.store(final + pid_h * dim + offs_m, state, mask=offs_m < dim)
        states_ptr += stride_chunk
        out_ptr += stride_chunk


def launch_state_passing(kernel):
    states, dA = RANDOM.standard_normal((4, 2, 20)).astype(np.float32), -RANDOM.random((2, 4)).astype(np.float32)
    out, final = np.empty_like(states), np.empty((2, 20), np.float32)
    kernel[(2, 2)](states, out, final, dA, 4, 40, 20, BLOCK=16)
    state = np.zeros((2, 20), np.float32)
    for c in range(4):
        assert np.allclose(out[c], state, atol=1e-5)
        state = np.exp(dA[:, c])[:, None] * state + states[c]
    assert np.allclose(final, state, atol=1e-5)


@triton.jit
def causal_conv(x, w, bias, out, T, D: tl.constexpr, W: tl.constexpr, BT: tl.constexpr, SILU: tl.constexpr):
    i_t, d = tl.program_id(0), tl.arange(0, D)
    t = i_t * BT + tl.arange(0, BT)
    acc = tl.zeros((BT, D), tl.float32) + tl.load(bias + d)[None, :]
    for i_w in tl.static_range(W):
        at = t - (W - 1) + i_w
        mask = (at >= 0) & (at < T)
        acc += tl.load(x + at[:, None] * D + d[None, :], mask=mask[:, None], other=0.0) * tl.load(w + d * W + i_w)[None, :]
    if SILU:
        acc = acc * tl.sigmoid(acc)
    tl.store(out + t[:, None] * D + d[None, :], acc, mask=(t < T)[:, None])


def launch_causal_conv(kernel):
    x, w, bias = (RANDOM.standard_normal(shape).astype(np.float32) for shape in ((20, 8), (8, 3), 8))
    out = np.empty_like(x)
    kernel[(2,)](x, w, bias, out, 20, D=8, W=3, BT=16, SILU=True)
    padded = np.concatenate([np.zeros((2, 8), np.float32), x])
    want = bias + sum(padded[at : at + 20] * w[:, at] for at in range(3))
    assert np.allclose(out, want / (1 + np.exp(-want)), atol=1e-5)


@triton.jit
def token_shift(x, cu_seqlens, out, D: tl.constexpr, BT: tl.constexpr):
    """Each token beside the one before it, within its own sequence; sequences are packed one after another."""
    i_n, i_t = tl.program_id(1), tl.program_id(0)
    bos, eos = tl.load(cu_seqlens + i_n).to(tl.int32), tl.load(cu_seqlens + i_n + 1).to(tl.int32)
    T = eos - bos
    if i_t * BT >= T:
        return
    t, d = i_t * BT + tl.arange(0, BT), tl.arange(0, D)
    here = (bos + t)[:, None] * D + d[None, :]
    value = tl.load(x + here, mask=(t < T)[:, None], other=0.0)
    before = tl.load(x + here - D, mask=((t < T) and (t > 0))[:, None], other=0.0)
    tl.store(out + here, value - before, mask=(t < T)[:, None])


def launch_token_shift(kernel):
    x, lengths = RANDOM.standard_normal((21, 8)).astype(np.float32), [5, 0, 13, 3]
    ends, out = np.cumsum([0, *lengths]).astype(np.int64), np.empty((21, 8), np.float32)
    kernel[(4, 4)](x, ends, out, D=8, BT=4)
    before = np.concatenate([np.zeros((1, 8), np.float32), x[:-1]])
    before[[end for end in ends[:-1] if end < 21]] = 0
    assert np.allclose(out, x - before)


@triton.jit
def larger(a, b):
    if a > b:
        return a
    return b


@triton.jit
def own_reductions(x, best, sums, back, total, N: tl.constexpr):
    """A combine function that asks something of each value; the last axis and all axes; a scan from behind."""
    i = tl.arange(0, N)
    p = i[:, None] * N + i[None, :]
    value = tl.load(x + p)
    tl.store(best + i, tl.reduce(value, -1, larger))
    tl.store(sums + i[:, None] + tl.zeros((N, 1), tl.int32), tl.reduce(value, -1, plus, keep_dims=True))
    tl.store(back + p, tl.associative_scan(value, -2, plus, reverse=True))
    tl.store(total, tl.reduce(value, None, plus))


@triton.jit
def plus(a, b):
    return a + b


def launch_own_reductions(kernel):
    x = RANDOM.permutation(64).astype(np.float32).reshape(8, 8)
    best, sums, back, total = np.empty(8, np.float32), np.empty(8, np.float32), np.empty_like(x), np.empty(1, np.float32)
    kernel[(1,)](x, best, sums, back, total, N=8)
    assert (best == x.max(1)).all()
    assert (sums == x.sum(1)).all()
    assert (back == x[::-1].cumsum(0)[::-1]).all()
    assert total[0] == x.sum()
