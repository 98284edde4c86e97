"""FlashAttention whose rescale is skipped while no max rises by more than a threshold: a tiled algorithm in which values decide.

A program keeps the max from which it measures until a row of a new tile rises by TAU above it; then, and only then, alpha is computed,
l and acc are multiplied by it, and the new max is taken. P = e^(S - m) is at most e^TAU. No file of the project knows it.
"""

TEXT = '''
from dataclasses import replace
from enum import IntEnum
from pathlib import Path

import numpy as np
import triton
import triton.language as tl
from msgspec.structs import replace as changed

from flashviz.config import AttentionConfig
from flashviz.forms import fa2 as form
from flashviz.trace import Kind, Op
from flashviz_kernels import attending, twins
from flashviz_kernels.algorithm import Algorithm, Call, Kernel
from flashviz_kernels.algorithms.fa2 import statements as of_fa2
from flashviz_kernels.described import Described
from flashviz_kernels.forward import trace, trace_values
from flashviz_kernels.log import EventLog
from flashviz_kernels.reference import rounded
from flashviz_kernels.reporting import by_row_blocks
from flashviz_kernels.statements import compute

TAU = 1.0


class Code(IntEnum):
    RISE = 60


LOAD_Q, LOAD_K, QK_DOT, MASK = tl.constexpr(0), tl.constexpr(1), tl.constexpr(2), tl.constexpr(3)
SOFTMAX_M, ALPHA, SOFTMAX_P, SOFTMAX_L = tl.constexpr(4), tl.constexpr(5), tl.constexpr(6), tl.constexpr(7)
RESCALE_ACC, LOAD_V, PV_DOT, NORMALIZE = tl.constexpr(8), tl.constexpr(9), tl.constexpr(10), tl.constexpr(11)
STORE_O, STORE_LSE, RISE = tl.constexpr(12), tl.constexpr(13), tl.constexpr(60)


@triton.jit
def lazy(
    Q, K, V, O, LSE, scale, tau, H, N_Q, N_K, trace_margins, trace_events, trace_stats, trace_tiles, trace_slots,
    D: tl.constexpr, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, CAUSAL: tl.constexpr, TRACE: tl.constexpr, VALUES: tl.constexpr,
):
    pid = tl.program_id(0)
    T_R, T_C = tl.cdiv(N_Q, BLOCK_M), tl.cdiv(N_K, BLOCK_N)
    bh = pid // T_R
    r0 = pid % T_R * BLOCK_M
    r1 = tl.minimum(r0 + BLOCK_M, N_Q)
    rows, dims = r0 + tl.arange(0, BLOCK_M), tl.arange(0, D)
    if TRACE:
        trace_events += pid * (4 + 11 * T_C) * 8
    step = 0
    q = tl.load(Q + (bh * N_Q + rows[:, None]) * D + dims[None, :], mask=rows[:, None] < N_Q, other=0.0)
    if TRACE:
        step = trace(trace_events, LOAD_Q, step, pid, -1, r0, r1, 0, D, False)
    m_i = tl.full([BLOCK_M], float("-inf"), tl.float32)
    l_i = tl.zeros([BLOCK_M], tl.float32)
    acc = tl.zeros([BLOCK_M, D], tl.float32)
    seen_cols = N_K
    if CAUSAL:
        seen_cols = tl.maximum(tl.minimum(r1 + N_K - N_Q, N_K), 0)
    for j in tl.range(0, tl.cdiv(seen_cols, BLOCK_N)):
        c0 = j * BLOCK_N
        c1 = tl.minimum(c0 + BLOCK_N, N_K)
        cols = c0 + tl.arange(0, BLOCK_N)
        k = tl.load(K + (bh * N_K + cols[:, None]) * D + dims[None, :], mask=cols[:, None] < N_K, other=0.0)
        if TRACE:
            step = trace(trace_events, LOAD_K, step, pid, j, c0, c1, 0, D, False)
        s = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
        if TRACE:
            step = trace(trace_events, QK_DOT, step, pid, j, r0, r1, c0, c1, False)
        hidden = c0 + BLOCK_N > N_K
        if CAUSAL:
            hidden = hidden | (c0 + BLOCK_N - 1 > r0 + N_K - N_Q)
        if hidden:
            seen = cols[None, :] < N_K
            if CAUSAL:
                seen &= rows[:, None] + N_K - N_Q >= cols[None, :]
            s = tl.where(seen, s, float("-inf"))
            if TRACE:
                step = trace(trace_events, MASK, step, pid, j, r0, r1, c0, c1, False)
        m_new = tl.maximum(m_i, tl.max(s, 1))
        if TRACE:
            step = trace(trace_events, SOFTMAX_M, step, pid, j, r0, r1, 0, 1, False)
        rise = tl.where(m_new == m_i, 0.0, m_new - m_i)  # no key seen yet: nothing rises
        margin = tl.max(tl.where(rows < N_Q, rise, float("-inf")), 0) - tau
        if TRACE:
            step = trace(trace_events, RISE, step, pid, j, r0, r1, 0, 1, False)
        if TRACE:
            tl.store(trace_margins + pid * T_C + j, margin)
        alpha = tl.full([BLOCK_M], 1.0, tl.float32)
        if margin >= 0:
            alpha = tl.exp(m_i - tl.where(m_new == float("-inf"), 0.0, m_new))
            if TRACE:
                step = trace(trace_events, ALPHA, step, pid, j, r0, r1, 0, 1, False)
            acc = acc * alpha[:, None]
            if TRACE:
                step = trace(trace_events, RESCALE_ACC, step, pid, j, r0, r1, 0, D, False)
            m_i = m_new
        p = tl.exp(s - tl.where(m_i == float("-inf"), 0.0, m_i)[:, None])
        if TRACE:
            step = trace(trace_events, SOFTMAX_P, step, pid, j, r0, r1, c0, c1, False)
        l_i = l_i * alpha + tl.sum(p, 1)
        if TRACE:
            step = trace(trace_events, SOFTMAX_L, step, pid, j, r0, r1, 0, 1, False)
        v = tl.load(V + (bh * N_K + cols[:, None]) * D + dims[None, :], mask=cols[:, None] < N_K, other=0.0)
        if TRACE:
            step = trace(trace_events, LOAD_V, step, pid, j, c0, c1, 0, D, False)
        acc = tl.dot(p.to(v.dtype), v, acc, input_precision="ieee")
        if TRACE:
            step = trace(trace_events, PV_DOT, step, pid, j, r0, r1, 0, D, False)
        if VALUES:
            trace_values(trace_stats, trace_tiles, trace_slots, pid, j, T_C, m_i, l_i, alpha, s, p, acc, BLOCK_M, BLOCK_N, D)
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


def statements(c):
    rise = changed(compute(Kind.SOFTMAX_M, "RISE", "how far the max has risen", Op.REDUCE, dims=("BLOCK_M",)), code=60, name="RISE")
    return (*of_fa2(c), rise)


def twin(q, k, v, c, log, kept, *, branches):
    """One program after the other: each goes its own way."""
    scale, tau = np.float32(c.scale), np.float32(TAU)
    O, LSE = np.full(q.shape, np.nan, q.dtype), np.full(q.shape[:-1], np.nan, np.float32)
    for pid in range(c.batch * c.heads * c.row_blocks):
        (bh, i), own = divmod(pid, c.row_blocks), np.array([pid])
        at = np.unravel_index(bh, (c.batch, c.heads))
        _, r0, r1 = twins.row_blocks(c, i, i + 1)
        rows, d = slice(r0[0], r1[0]), c.head_dim
        q_i = q[at][rows]
        log(Kind.LOAD_Q, own, ((r0, r1), (0, d)), nbytes=q_i.nbytes)
        m_i, l_i = np.full(len(q_i), -np.inf, np.float32), np.zeros(len(q_i), np.float32)
        acc = np.zeros(q_i.shape, np.float32)
        for j in c.key_tiles(i):
            c0, c1 = j * c.block_n, min((j + 1) * c.block_n, c.seq_k)
            k_j = k[at][c0:c1]
            log(Kind.LOAD_K, own, ((c0, c1), (0, d)), j=j, nbytes=k_j.nbytes)
            s = twins.dot(q_i[:, ::-1], k_j[:, ::-1].T) * scale
            log(Kind.QK_DOT, own, ((r0, r1), (c0, c1)), j=j, flops=2 * (r1 - r0) * len(k_j) * d)
            if twins.masked(c, r0, j).any():
                s = np.where(twins.seen(c, r0[0], len(q_i), c0, c1), s, -np.float32(np.inf))
                log(Kind.MASK, own, ((r0, r1), (c0, c1)), j=j)
            m_new = np.maximum(m_i, s.max(axis=-1))
            log(Kind.SOFTMAX_M, own, ((r0, r1), (0, 1)), j=j)
            with np.errstate(invalid="ignore"):
                margin = np.where(m_new == m_i, np.float32(0), m_new - m_i).max() - tau
            log(Code.RISE, own, ((r0, r1), (0, 1)), j=j)
            alpha = np.ones(len(q_i), np.float32)
            if branches.taken("trace_margins", margin, (pid, j)):
                alpha = np.exp(m_i - np.where(m_new == -np.inf, np.float32(0), m_new))
                log(Kind.ALPHA, own, ((r0, r1), (0, 1)), j=j)
                acc = acc * alpha[:, None]
                log(Kind.RESCALE_ACC, own, ((r0, r1), (0, d)), j=j)
                m_i = m_new
            p = np.exp(s - np.where(m_i == -np.inf, np.float32(0), m_i)[:, None])
            log(Kind.SOFTMAX_P, own, ((r0, r1), (c0, c1)), j=j)
            l_i = l_i * alpha + p.sum(axis=-1)
            log(Kind.SOFTMAX_L, own, ((r0, r1), (0, 1)), j=j)
            v_j = v[at][c0:c1]
            log(Kind.LOAD_V, own, ((c0, c1), (0, d)), j=j, nbytes=v_j.nbytes)
            acc = acc + twins.dot(rounded(p, v.dtype), v_j)
            log(Kind.PV_DOT, own, ((r0, r1), (0, d)), j=j, flops=2 * (r1 - r0) * len(v_j) * d)
            keep(kept, c, (i, bh), j, r0[0], {"m": m_i, "l": l_i, "alpha": alpha, "acc": acc, "s": s, "p": p})
        l_use = np.where(l_i == 0, np.float32(1), l_i)
        o_i = acc / l_use[:, None]
        log(Kind.NORMALIZE, own, ((r0, r1), (0, d)))
        O[at][rows] = o_i.astype(q.dtype)
        log(Kind.STORE_O, own, ((r0, r1), (0, d)), nbytes=O[at][rows].nbytes)
        LSE[at][rows] = np.where(l_i == 0, -np.float32(np.inf), m_i + np.log(l_use))
        log(Kind.STORE_LSE, own, ((r0, r1), (0, 1)), nbytes=LSE[at][rows].nbytes)
    return O, LSE


def keep(kept, c, program, t, first, values):
    if kept.stats is not None:
        kept.stats.put(program[1], t, first, values["m"], values["l"], values["alpha"])
    if program in kept.programs:
        kept.put(program, values)


def arrays(c):
    return attending.arrays(c) | {"trace_margins": Described("float32", (c.batch * c.heads * c.row_blocks, max(1, c.col_blocks)))}


def rounding(inputs, c):
    """Two maxima, each of sums of d products: every term rounded, in any order."""
    q, k = (np.abs(inputs[name].astype(np.float64)) for name in "QK")
    most = c.scale * c.head_dim * q.max(initial=0) * k.max(initial=0)
    return {"trace_margins": float(4 * (c.head_dim + 2) * 2.0**-24 * most + 2.0**-23 * TAU)}


def calls(c, t, buffers):
    one = t["LSE"]
    traced = (one,) * 4 if buffers is None else (buffers[0].events, buffers[0].stats, buffers[0].tiles, buffers[0].slots)
    constants = {
        "D": c.head_dim, "BLOCK_M": c.block_m, "BLOCK_N": c.block_n, "CAUSAL": c.causal, "TRACE": buffers is not None,
        "VALUES": buffers is not None and buffers[0].values,
    }
    given = (*(t[name] for name in ("Q", "K", "V", "O", "LSE")), c.scale, TAU, c.heads, c.seq_q, c.seq_k, t["trace_margins"], *traced)
    return (Call(Kernel(Path(__file__), "lazy"), (c.batch * c.heads * c.row_blocks,), given, constants),)


ALGORITHM = Algorithm(
    name="lazy", config=AttentionConfig, statements=statements, inputs=attending.inputs, outputs=("O", "LSE"),
    twin=attending.twin(twin), text=(twin,),
    log=lambda c: EventLog(statements(c), (c.row_blocks,), copies=c.batch * c.heads, apart=True), reference=attending.reference,
    tolerance=attending.tolerance(), closed_form=form.moved, flops=form.FORM.flops,
    events=lambda c: c.batch * c.heads * c.row_blocks * (4 + 11 * c.col_blocks),
    arrays=arrays, calls=calls, reports=by_row_blocks(lambda c: 4 + 11 * c.col_blocks), by_value=rounding, tiled=True, keeps=True,
)
'''
