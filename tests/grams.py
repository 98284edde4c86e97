"""An algorithm of two reporting launches that no file of the project knows: what a backward pass is made of, and no more.

D = rowsum(Q o Q), a program a row block; then a program a key tile, which walks the row blocks: G_j = sum_i (S_ij + D_i)^T Q_i is kept on
chip and stored once, and E_i += S_ij K_j is added by atomics, where S = Q K^T.
"""

TEXT = '''
from enum import IntEnum
from pathlib import Path

import numpy as np
import triton
import triton.language as tl

from flashviz.config import AttentionConfig
from flashviz.inputs import make_inputs
from flashviz.memory import Traffic
from flashviz.trace import Op, Product, Statement
from flashviz_kernels.algorithm import Algorithm, Bound, Call, Kernel, Reports
from flashviz_kernels.described import Described
from flashviz_kernels.forward import trace
from flashviz_kernels.log import EventLog
from flashviz_kernels.reporting import rows_only


class Code(IntEnum):
    LOAD_Q = 100
    SQUARES = 101
    STORE_D = 102
    LOAD_K = 103
    AGAIN_Q = 104
    LOAD_D = 105
    S_DOT = 106
    G_DOT = 107
    E_DOT = 108
    ADD_E = 109
    STORE_G = 110


LOAD_Q, SQUARES, STORE_D = tl.constexpr(100), tl.constexpr(101), tl.constexpr(102)
LOAD_K, AGAIN_Q, LOAD_D, S_DOT = tl.constexpr(103), tl.constexpr(104), tl.constexpr(105), tl.constexpr(106)
G_DOT, E_DOT, ADD_E, STORE_G = tl.constexpr(107), tl.constexpr(108), tl.constexpr(109), tl.constexpr(110)


@triton.jit
def squares(Q, D, N_Q, trace_events, HEAD: tl.constexpr, BLOCK_M: tl.constexpr, TRACE: tl.constexpr):
    pid = tl.program_id(0)
    T_R = tl.cdiv(N_Q, BLOCK_M)
    r0 = pid % T_R * BLOCK_M
    r1 = tl.minimum(r0 + BLOCK_M, N_Q)
    rows, dims = r0 + tl.arange(0, BLOCK_M), tl.arange(0, HEAD)
    if TRACE:
        trace_events += pid * 3 * 8
    step = 0
    q = tl.load(Q + (pid // T_R * N_Q + rows[:, None]) * HEAD + dims[None, :], mask=rows[:, None] < N_Q, other=0.0)
    if TRACE:
        step = trace(trace_events, LOAD_Q, step, pid, -1, r0, r1, 0, HEAD, False)
    d = tl.sum(q * q, 1)
    if TRACE:
        step = trace(trace_events, SQUARES, step, pid, -1, r0, r1, 0, 1, False)
    tl.store(D + pid // T_R * N_Q + rows, d, mask=rows < N_Q)
    if TRACE:
        step = trace(trace_events, STORE_D, step, pid, -1, r0, r1, 0, 1, False)


@triton.jit
def gram(Q, K, D, G, E, N_Q, N_K, trace_events, HEAD: tl.constexpr, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, TRACE: tl.constexpr):
    pid = tl.program_id(0)
    T_R, T_C = tl.cdiv(N_Q, BLOCK_M), tl.cdiv(N_K, BLOCK_N)
    bh = pid // T_C
    c0 = pid % T_C * BLOCK_N
    c1 = tl.minimum(c0 + BLOCK_N, N_K)
    cols, dims = c0 + tl.arange(0, BLOCK_N), tl.arange(0, HEAD)
    if TRACE:
        trace_events += pid * (2 + 6 * T_R) * 8
    step = 0
    k = tl.load(K + (bh * N_K + cols[:, None]) * HEAD + dims[None, :], mask=cols[:, None] < N_K, other=0.0)
    if TRACE:
        step = trace(trace_events, LOAD_K, step, pid, -1, c0, c1, 0, HEAD, False)
    acc = tl.zeros([BLOCK_N, HEAD], tl.float32)
    for i in tl.range(0, T_R):
        r0 = i * BLOCK_M
        r1 = tl.minimum(r0 + BLOCK_M, N_Q)
        rows = r0 + tl.arange(0, BLOCK_M)
        q = tl.load(Q + (bh * N_Q + rows[:, None]) * HEAD + dims[None, :], mask=rows[:, None] < N_Q, other=0.0)
        if TRACE:
            step = trace(trace_events, AGAIN_Q, step, pid, i, r0, r1, 0, HEAD, False)
        d = tl.load(D + bh * N_Q + rows, mask=rows < N_Q, other=0.0)
        if TRACE:
            step = trace(trace_events, LOAD_D, step, pid, i, r0, r1, 0, 1, False)
        s = tl.dot(q, tl.trans(k), input_precision="ieee")
        if TRACE:
            step = trace(trace_events, S_DOT, step, pid, i, r0, r1, c0, c1, False)
        acc = tl.dot(tl.trans(s + d[:, None]), q, acc, input_precision="ieee")
        if TRACE:
            step = trace(trace_events, G_DOT, step, pid, i, c0, c1, 0, HEAD, False)
        e = tl.dot(s, k, input_precision="ieee")
        if TRACE:
            step = trace(trace_events, E_DOT, step, pid, i, r0, r1, 0, HEAD, False)
        tl.atomic_add(E + (bh * N_Q + rows[:, None]) * HEAD + dims[None, :], e, mask=rows[:, None] < N_Q)
        if TRACE:
            step = trace(trace_events, ADD_E, step, pid, i, r0, r1, 0, HEAD, False)
    tl.store(G + (bh * N_K + cols[:, None]) * HEAD + dims[None, :], acc, mask=cols[:, None] < N_K)
    if TRACE:
        step = trace(trace_events, STORE_G, step, pid, -1, c0, c1, 0, HEAD, False)


def does(code, op, launch, tensor=None, makes=None, frees=(), dims=()):
    product = None if makes is None else Product(makes, "SMEM" if tensor else "REG", 4)
    return Statement(
        code=int(code), name=code.name, op=op, launch=launch, line=0, tensor=tensor, makes=product, frees=frees, dims=dims, says=""
    )


def statements(c):
    return (
        does(Code.LOAD_Q, Op.LOAD, 0, "Q", "Q"),
        does(Code.SQUARES, Op.REDUCE, 0, makes="SQUARES", frees=("Q",), dims=("BLOCK_M", "BLOCK_D")),
        does(Code.STORE_D, Op.STORE, 0, "D", frees=("SQUARES",)), does(Code.LOAD_K, Op.LOAD, 1, "K", "K"),
        does(Code.AGAIN_Q, Op.LOAD, 1, "Q", "Q"), does(Code.LOAD_D, Op.LOAD, 1, "D", "D"),
        does(Code.S_DOT, Op.DOT, 1, makes="S", dims=("BLOCK_M", "BLOCK_N", "BLOCK_D")),
        does(Code.G_DOT, Op.DOT, 1, makes="ACC", frees=("D", "Q"), dims=("BLOCK_N", "BLOCK_D", "BLOCK_M")),
        does(Code.E_DOT, Op.DOT, 1, makes="E", frees=("S",), dims=("BLOCK_M", "BLOCK_D", "BLOCK_N")),
        does(Code.ADD_E, Op.ATOMIC, 1, "E", frees=("E",)), does(Code.STORE_G, Op.STORE, 1, "G", frees=("ACC", "K")),
    )


def inputs(c):
    q, k, _ = make_inputs(c)
    return {"Q": q, "K": k}


def twin(arrays, c, log, kept):
    Q, K, d = arrays["Q"], arrays["K"], c.head_dim
    own, tiles = np.arange(c.row_blocks), np.arange(c.col_blocks)
    r0, r1 = own * c.block_m, np.minimum((own + 1) * c.block_m, c.seq_q)
    c0, c1 = tiles * c.block_n, np.minimum((tiles + 1) * c.block_n, c.seq_k)
    q = Q
    log(Code.LOAD_Q, own, ((r0, r1), (0, d)), nbytes=(r1 - r0) * q[0, 0, :1].nbytes)
    D = (q * q).sum(axis=-1)
    log(Code.SQUARES, own, ((r0, r1), (0, 1)))
    log(Code.STORE_D, own, ((r0, r1), (0, 1)), nbytes=(r1 - r0) * D[0, 0, :1].nbytes)
    k = K
    log(Code.LOAD_K, tiles, ((c0, c1), (0, d)), i=-1, j=tiles, nbytes=(c1 - c0) * k[0, 0, :1].nbytes)
    G, E = np.zeros_like(K), np.zeros_like(Q)
    for i in range(c.row_blocks):
        rows = slice(r0[i], r1[i])
        q_i = Q[..., rows, :]
        log(Code.AGAIN_Q, tiles, ((r0[i], r1[i]), (0, d)), i=i, j=tiles, nbytes=q_i[0, 0].nbytes)
        d_i = D[..., rows]
        log(Code.LOAD_D, tiles, ((r0[i], r1[i]), (0, 1)), i=i, j=tiles, nbytes=d_i[0, 0].nbytes)
        s = q_i @ k.swapaxes(-1, -2)
        area = (r1[i] - r0[i]) * (c1 - c0) * d
        log(Code.S_DOT, tiles, ((r0[i], r1[i]), (c0, c1)), i=i, j=tiles, flops=2 * area)
        G += (s + d_i[..., None]).swapaxes(-1, -2) @ q_i
        log(Code.G_DOT, tiles, ((c0, c1), (0, d)), i=i, j=tiles, flops=2 * area)
        e = s @ k
        log(Code.E_DOT, tiles, ((r0[i], r1[i]), (0, d)), i=i, j=tiles, flops=2 * area)
        E[..., rows, :] += e
        log(Code.ADD_E, tiles, ((r0[i], r1[i]), (0, d)), i=i, j=tiles, nbytes=e[0, 0].nbytes)
    log(Code.STORE_G, tiles, ((c0, c1), (0, d)), i=-1, j=tiles, nbytes=(c1 - c0) * G[0, 0, :1].nbytes)
    return {"G": G, "E": E}


def reference(arrays, c):
    q, k = arrays["Q"].astype(np.float64), arrays["K"].astype(np.float64)
    s = q @ k.swapaxes(-1, -2)
    return {"G": (s + (q * q).sum(axis=-1)[..., None]).swapaxes(-1, -2) @ q, "E": s @ k}


def tolerance(arrays, c):
    """Sums of so many float32 products, each rounded."""
    truth, terms = reference(arrays, c), max(c.seq_q, c.seq_k) + c.head_dim
    return {name: Bound(terms * 2.0**-23 * float(np.abs(array).max()), 0.0) for name, array in truth.items()}


def closed_form(c):
    copies, row = c.batch * c.heads, 4 * c.head_dim
    rows, keys = copies * c.seq_q, copies * c.seq_k
    visits = rows * c.col_blocks
    read = {"Q": (rows + visits) * row, "D": 4 * visits, "K": keys * row, "E": visits * row}
    return Traffic(read, {"D": 4 * rows, "E": visits * row, "G": keys * row})


def arrays(c):
    rows, keys = (c.batch, c.heads, c.seq_q), (c.batch, c.heads, c.seq_k)
    shapes = {"Q": (*rows, c.head_dim), "K": (*keys, c.head_dim), "D": rows, "G": (*keys, c.head_dim), "E": (*rows, c.head_dim)}
    return {name: Described("float32", shape) for name, shape in shapes.items()}


def calls(c, t, buffers):
    events = [t["D"]] * 2 if buffers is None else [each.events for each in buffers]
    copies, file = c.batch * c.heads, Path(__file__)
    shape = {"HEAD": c.head_dim, "BLOCK_M": c.block_m, "TRACE": buffers is not None}
    return (
        Call(Kernel(file, "squares"), (copies * c.row_blocks,), (t["Q"], t["D"], c.seq_q, events[0]), shape),
        Call(
            Kernel(file, "gram"), (copies * c.col_blocks,), (t["Q"], t["K"], t["D"], t["G"], t["E"], c.seq_q, c.seq_k, events[1]),
            shape | {"BLOCK_N": c.block_n},
        ),
    )


def room(c, kept, clock):
    copies = c.batch * c.heads
    return rows_only([(copies * c.row_blocks, 3), (copies * c.col_blocks, 2 + 6 * c.row_blocks)], clock=clock)


REPORTS = Reports(
    room=room, keep=lambda c, kept, buffers: None, a_head=lambda c, launch: c.col_blocks if launch else c.row_blocks,
    tiles=lambda launch, own, inner: (inner, own) if launch else (own, inner),
)

ALGORITHM = Algorithm(
    name="grams", config=AttentionConfig, statements=statements, inputs=inputs, outputs=("G", "E"), twin=twin, text=(twin,),
    log=lambda c: EventLog(statements(c), (c.row_blocks, c.col_blocks), copies=c.batch * c.heads), reference=reference, tolerance=tolerance,
    closed_form=closed_form, flops=lambda c: 6 * c.batch * c.heads * c.seq_q * c.seq_k * c.head_dim,
    events=lambda c: c.batch * c.heads * (3 * c.row_blocks + c.col_blocks * (2 + 6 * c.row_blocks)),
    arrays=arrays, calls=calls, reports=REPORTS, tiled=True,
)
'''
