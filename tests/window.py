"""Attention within a sliding window: a row sees its own key and the W - 1 before it, so that row blocks skip their first key tiles.

No file of the project knows it. Its mask is a statement of its own, and its twin runs in lockstep over heads, a row block after another.
"""

TEXT = '''
from enum import IntEnum
from pathlib import Path

import numpy as np
import triton
import triton.language as tl
from msgspec.structs import replace as changed

from flashviz.config import AttentionConfig
from flashviz.inputs import make_inputs
from flashviz.memory import Traffic
from flashviz.trace import Kind
from flashviz_kernels import attending, twins
from flashviz_kernels.algorithm import Algorithm, Bound, Call, Kernel
from flashviz_kernels.algorithms.fa2 import statements as of_fa2
from flashviz_kernels.forward import trace, trace_values
from flashviz_kernels.reference import rounded
from flashviz_kernels.reporting import by_row_blocks

W = 20


class Code(IntEnum):
    WINDOW = 60


LOAD_Q, LOAD_K, QK_DOT = tl.constexpr(0), tl.constexpr(1), tl.constexpr(2)
SOFTMAX_M, ALPHA, SOFTMAX_P, SOFTMAX_L = tl.constexpr(4), tl.constexpr(5), tl.constexpr(6), tl.constexpr(7)
RESCALE_ACC, LOAD_V, PV_DOT, NORMALIZE = tl.constexpr(8), tl.constexpr(9), tl.constexpr(10), tl.constexpr(11)
STORE_O, STORE_LSE, WINDOW = tl.constexpr(12), tl.constexpr(13), tl.constexpr(60)


@triton.jit
def window(
    Q, K, V, O, LSE, scale, N_Q, N_K, trace_events, trace_stats, trace_tiles, trace_slots,
    D: tl.constexpr, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, SPAN: tl.constexpr, TRACE: tl.constexpr, VALUES: tl.constexpr,
):
    pid = tl.program_id(0)
    T_R, T_C = tl.cdiv(N_Q, BLOCK_M), tl.cdiv(N_K, BLOCK_N)
    bh = pid // T_R
    r0 = pid % T_R * BLOCK_M
    r1 = tl.minimum(r0 + BLOCK_M, N_Q)
    rows, dims = r0 + tl.arange(0, BLOCK_M), tl.arange(0, D)
    if TRACE:
        trace_events += pid * (4 + 10 * T_C) * 8
    step = 0
    q = tl.load(Q + (bh * N_Q + rows[:, None]) * D + dims[None, :], mask=rows[:, None] < N_Q, other=0.0)
    if TRACE:
        step = trace(trace_events, LOAD_Q, step, pid, -1, r0, r1, 0, D, False)
    m_i = tl.full([BLOCK_M], float("-inf"), tl.float32)
    l_i = tl.zeros([BLOCK_M], tl.float32)
    acc = tl.zeros([BLOCK_M, D], tl.float32)
    first = tl.maximum(r0 + N_K - N_Q - SPAN + 1, 0) // BLOCK_N
    last = tl.cdiv(tl.maximum(tl.minimum(r1 + N_K - N_Q, N_K), 0), BLOCK_N)
    for j in tl.range(first, last):
        c0 = j * BLOCK_N
        c1 = tl.minimum(c0 + BLOCK_N, N_K)
        cols = c0 + tl.arange(0, BLOCK_N)
        k = tl.load(K + (bh * N_K + cols[:, None]) * D + dims[None, :], mask=cols[:, None] < N_K, other=0.0)
        if TRACE:
            step = trace(trace_events, LOAD_K, step, pid, j, c0, c1, 0, D, False)
        s = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
        if TRACE:
            step = trace(trace_events, QK_DOT, step, pid, j, r0, r1, c0, c1, False)
        ahead = rows[:, None] + N_K - N_Q - cols[None, :]
        s = tl.where((cols[None, :] < N_K) & (ahead >= 0) & (ahead < SPAN), s, float("-inf"))
        if TRACE:
            step = trace(trace_events, WINDOW, step, pid, j, r0, r1, c0, c1, False)
        m_new = tl.maximum(m_i, tl.max(s, 1))
        if TRACE:
            step = trace(trace_events, SOFTMAX_M, step, pid, j, r0, r1, 0, 1, False)
        m_use = tl.where(m_new == float("-inf"), 0.0, m_new)
        alpha = tl.exp(m_i - m_use)
        if TRACE:
            step = trace(trace_events, ALPHA, step, pid, j, r0, r1, 0, 1, False)
        p = tl.exp(s - m_use[:, None])
        if TRACE:
            step = trace(trace_events, SOFTMAX_P, step, pid, j, r0, r1, c0, c1, False)
        l_i = l_i * alpha + tl.sum(p, 1)
        if TRACE:
            step = trace(trace_events, SOFTMAX_L, step, pid, j, r0, r1, 0, 1, False)
        acc = acc * alpha[:, None]
        if TRACE:
            step = trace(trace_events, RESCALE_ACC, step, pid, j, r0, r1, 0, D, False)
        v = tl.load(V + (bh * N_K + cols[:, None]) * D + dims[None, :], mask=cols[:, None] < N_K, other=0.0)
        if TRACE:
            step = trace(trace_events, LOAD_V, step, pid, j, c0, c1, 0, D, False)
        acc = tl.dot(p.to(v.dtype), v, acc, input_precision="ieee")
        if TRACE:
            step = trace(trace_events, PV_DOT, step, pid, j, r0, r1, 0, D, False)
        m_i = m_new
        if VALUES:
            trace_values(trace_stats, trace_tiles, trace_slots, pid, j - first, T_C, m_i, l_i, alpha, s, p, acc, BLOCK_M, BLOCK_N, D)
    l_use = tl.where(l_i == 0.0, 1.0, l_i)
    acc = acc / l_use[:, None]
    if TRACE:
        step = trace(trace_events, NORMALIZE, step, pid, -1, r0, r1, 0, D, False)
    tl.store(O + (bh * N_Q + rows[:, None]) * D + dims[None, :], acc.to(O.dtype.element_ty), mask=rows[:, None] < N_Q)
    if TRACE:
        step = trace(trace_events, STORE_O, step, pid, -1, r0, r1, 0, D, False)
    tl.store(LSE + bh * N_Q + rows, tl.where(l_i == 0.0, float("-inf"), m_i + tl.log(l_use)), mask=rows < N_Q)
    if TRACE:
        step = trace(trace_events, STORE_LSE, step, pid, -1, r0, r1, 0, 1, False)


def sees(c, rows, cols):
    """[rows, columns]: the W keys up to a row's own."""
    ahead = rows[:, None] + c.seq_k - c.seq_q - cols[None, :]
    return (ahead >= 0) & (ahead < W)


def key_tiles(c, i):
    """From the first key of the block's first row to the last one of its last row."""
    first, last = i * c.block_m + c.seq_k - c.seq_q - W + 1, min((i + 1) * c.block_m, c.seq_q) + c.seq_k - c.seq_q
    return range(max(first, 0) // c.block_n, -(-max(min(last, c.seq_k), 0) // c.block_n))


def statements(c):
    own = {"code": int(Code.WINDOW), "name": "WINDOW", "says": "scores outside of the window become −∞"}
    return tuple(changed(each, **own) if each.code == Kind.MASK else each for each in of_fa2(c))


def twin(q, k, v, c, log, kept):
    Q, K, V = twins.grouped(q, k, v)
    O, LSE = np.full_like(Q, np.nan), np.full(Q.shape[:-1], np.nan, np.float32)
    scale, d = np.float32(c.scale), c.head_dim
    for i in range(c.row_blocks):
        own, r0, r1 = twins.row_blocks(c, i, i + 1)
        rows = slice(int(r0[0]), int(r1[0]))
        q_i = Q[..., rows, :]
        log(Kind.LOAD_Q, own, ((r0, r1), (0, d)), nbytes=q_i[0, 0, 0].nbytes)
        m_i, l_i = np.full(q_i.shape[:-1], -np.inf, np.float32), np.zeros(q_i.shape[:-1], np.float32)
        acc = np.zeros(q_i.shape, np.float32)
        for j in key_tiles(c, i):
            c0, c1 = j * c.block_n, min((j + 1) * c.block_n, c.seq_k)
            k_j = K[..., c0:c1, :]
            log(Kind.LOAD_K, own, ((c0, c1), (0, d)), j=j, nbytes=k_j[0, 0, 0].nbytes)
            s = twins.dot(q_i, k_j.swapaxes(-1, -2)) * scale
            log(Kind.QK_DOT, own, ((r0, r1), (c0, c1)), j=j, flops=2 * (r1 - r0) * k_j.shape[-2] * d)
            s = np.where(sees(c, np.arange(c.seq_q)[rows], np.arange(c0, c1)), s, -np.float32(np.inf))
            log(Code.WINDOW, own, ((r0, r1), (c0, c1)), j=j)
            m_new = np.maximum(m_i, s.max(axis=-1))
            log(Kind.SOFTMAX_M, own, ((r0, r1), (0, 1)), j=j)
            m_use = np.where(m_new == -np.inf, np.float32(0), m_new)
            alpha = np.exp(m_i - m_use)
            log(Kind.ALPHA, own, ((r0, r1), (0, 1)), j=j)
            p = np.exp(s - m_use[..., None])
            log(Kind.SOFTMAX_P, own, ((r0, r1), (c0, c1)), j=j)
            l_i = l_i * alpha + p.sum(axis=-1)
            log(Kind.SOFTMAX_L, own, ((r0, r1), (0, 1)), j=j)
            acc = acc * alpha[..., None]
            log(Kind.RESCALE_ACC, own, ((r0, r1), (0, d)), j=j)
            v_j = V[..., c0:c1, :]
            log(Kind.LOAD_V, own, ((c0, c1), (0, d)), j=j, nbytes=v_j[0, 0, 0].nbytes)
            acc = acc + twins.dot(rounded(p, v.dtype), v_j)
            log(Kind.PV_DOT, own, ((r0, r1), (0, d)), j=j, flops=2 * (r1 - r0) * v_j.shape[-2] * d)
            m_i = m_new
            kept.tile(rows.start, {"m": m_i, "l": l_i, "alpha": alpha, "acc": acc, "s": s, "p": p})
        l_use = np.where(l_i == 0, np.float32(1), l_i)
        o_i = acc / l_use[..., None]
        log(Kind.NORMALIZE, own, ((r0, r1), (0, d)))
        O[..., rows, :] = o_i.astype(q.dtype)
        log(Kind.STORE_O, own, ((r0, r1), (0, d)), nbytes=O[0, 0, 0, rows].nbytes)
        LSE[..., rows] = np.where(l_i == 0, -np.float32(np.inf), m_i + np.log(l_use))
        log(Kind.STORE_LSE, own, ((r0, r1), (0, 1)), nbytes=LSE[0, 0, 0, rows].nbytes)
    return O.reshape(q.shape), LSE.reshape(q.shape[:-1])


def reference(given, c):
    """All keys at once, in float64."""
    q, k, v = (given[name].astype(np.float64) for name in "QKV")
    s = np.where(sees(c, np.arange(c.seq_q), np.arange(c.seq_k)), q @ k.swapaxes(-1, -2) * c.scale, -np.inf)
    m = s.max(axis=-1, keepdims=True, initial=-np.inf)
    p = np.exp(s - np.where(m == -np.inf, 0, m))
    l = p.sum(axis=-1, keepdims=True)
    l_use = np.where(l == 0, 1, l)
    return {"O": p @ v / l_use, "LSE": np.where(l == 0, -np.inf, m + np.log(l_use))[..., 0]}


def tolerance(given, c):
    """P and O are rounded once to the dtype; scores are sums of d float32 products."""
    eps = {"float16": 2.0**-11, "bfloat16": 2.0**-8, "float32": 2.0**-20}[c.dtype]
    return {"O": Bound(float(4 * eps * np.abs(given["V"]).max(initial=0)), 0.0), "LSE": Bound(1e-4, 0.0)}


def closed_form(c):
    """K and V once a row block that visits them, all else once."""
    row, copies = c.head_dim * c.itemsize, c.batch * c.heads
    tiles = [key_tiles(c, i) for i in range(c.row_blocks)]
    keys = row * copies * sum(min(each.stop * c.block_n, c.seq_k) - each.start * c.block_n for each in tiles if each)
    rows = copies * c.seq_q
    return Traffic({"Q": rows * row, "K": keys, "V": keys} if keys else {"Q": rows * row}, {"O": rows * row, "LSE": rows * 4})


def flops(c):
    blocks = ((min(c.block_m, c.seq_q - i * c.block_m), key_tiles(c, i)) for i in range(c.row_blocks))
    scores = sum(rows * (min(each.stop * c.block_n, c.seq_k) - each.start * c.block_n) for rows, each in blocks if each)
    return 4 * c.batch * c.heads * c.head_dim * scores


def calls(c, t, buffers):
    one = t["LSE"]
    traced = (one,) * 4 if buffers is None else (buffers[0].events, buffers[0].stats, buffers[0].tiles, buffers[0].slots)
    constants = {
        "D": c.head_dim, "BLOCK_M": c.block_m, "BLOCK_N": c.block_n, "SPAN": W, "TRACE": buffers is not None,
        "VALUES": buffers is not None and buffers[0].values,
    }
    given = (*(t[name] for name in ("Q", "K", "V", "O", "LSE")), c.scale, c.seq_q, c.seq_k, *traced)
    return (Call(Kernel(Path(__file__), "window"), (c.batch * c.heads * c.row_blocks,), given, constants),)


ALGORITHM = Algorithm(
    name="window", config=AttentionConfig, statements=statements, inputs=attending.inputs, outputs=("O", "LSE"),
    twin=attending.twin(twin), text=(twin,), log=attending.log(statements), reference=reference, tolerance=tolerance,
    closed_form=closed_form, flops=flops,
    events=lambda c: c.batch * c.heads * sum(4 + 10 * len(key_tiles(c, i)) for i in range(c.row_blocks)),
    arrays=attending.arrays, calls=calls, reports=by_row_blocks(lambda c: 4 + 10 * c.col_blocks), tiled=True, keeps=True,
)


def launch(kernel):
    """As any kernel, traced by its pointers alone."""
    c = AttentionConfig(seq_q=40, seq_k=80, head_dim=16, block_m=16, block_n=16, causal=True)
    q, k, v = make_inputs(c)
    o, lse = np.zeros_like(q), np.zeros(q.shape[:-1], np.float32)
    kernel[(c.row_blocks,)](
        q, k, v, o, lse, c.scale, c.seq_q, c.seq_k, lse, lse, lse, lse,
        D=c.head_dim, BLOCK_M=c.block_m, BLOCK_N=c.block_n, SPAN=W, TRACE=False, VALUES=False,
    )
    assert np.abs(o - reference({"Q": q, "K": k, "V": v}, c)["O"]).max() < 2e-3
'''
