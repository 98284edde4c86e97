"""FlashAttention-2, backward pass, in Triton: one program keeps dK_j and dV_j of one key tile on chip and walks over the row blocks.

Paper: Dao 2023, arXiv 2307.08691, Algorithm 2. Of the forward pass O and LSE were kept, one number a row; S and P were not, and are made
again: P = e^(S - LSE). With dO given, tile by tile,

    dV_j += P^T dO_i        dP = dO_i V_j^T        dS = P o (dP - D_i), where D = rowsum(dO o O)
    dQ_i += scale dS K_j    dK_j += scale dS^T Q_i

``preprocess`` makes D; ``backward`` dK and dV, which have one owner each, and with ATOMIC adds to dQ, which all key tiles share: in an
order that nobody fixes. ``convert`` then rounds dQ, where it is wanted in fewer bits. Without ATOMIC ``backward_rows`` makes dQ, one
program a row block, at the price of S and dP once more: seven products a pair of tiles and not five. All arrays are contiguous. Shapes
stand beside the statements. With TRACE each is reported as in ``forward``; row block i of head g of a group is number g T_R + i.
"""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-decorators

from __future__ import annotations

import triton
import triton.language as tl

from flashviz_kernels.backward_codes import Code
from flashviz_kernels.forward import trace

CLOCK = tl.constexpr(0)  # nobody reads one here
FIRST_DO = tl.constexpr(int(Code.FIRST_DO))
FIRST_O = tl.constexpr(int(Code.FIRST_O))
ROWSUM_D = tl.constexpr(int(Code.ROWSUM_D))
STORE_D = tl.constexpr(int(Code.STORE_D))
CLEAR_DQ = tl.constexpr(int(Code.CLEAR_DQ))
LOAD_SUM = tl.constexpr(int(Code.LOAD_SUM))
CONVERT_DQ = tl.constexpr(int(Code.CONVERT_DQ))
KEYS_K = tl.constexpr(int(Code.KEYS_K))
KEYS_V = tl.constexpr(int(Code.KEYS_V))
LOAD_Q = tl.constexpr(int(Code.LOAD_Q))
RECOMPUTE_S = tl.constexpr(int(Code.RECOMPUTE_S))
REMASK = tl.constexpr(int(Code.REMASK))
LOAD_LSE = tl.constexpr(int(Code.LOAD_LSE))
RECOMPUTE_P = tl.constexpr(int(Code.RECOMPUTE_P))
LOAD_DO = tl.constexpr(int(Code.LOAD_DO))
DV_DOT = tl.constexpr(int(Code.DV_DOT))
DP_DOT = tl.constexpr(int(Code.DP_DOT))
LOAD_D = tl.constexpr(int(Code.LOAD_D))
DS = tl.constexpr(int(Code.DS))
DQ_DOT = tl.constexpr(int(Code.DQ_DOT))
ATOMIC_DQ = tl.constexpr(int(Code.ATOMIC_DQ))
DK_DOT = tl.constexpr(int(Code.DK_DOT))
STORE_DK = tl.constexpr(int(Code.STORE_DK))
STORE_DV = tl.constexpr(int(Code.STORE_DV))
ROW_Q = tl.constexpr(int(Code.ROW_Q))
ROW_DO = tl.constexpr(int(Code.ROW_DO))
ROW_LSE = tl.constexpr(int(Code.ROW_LSE))
ROW_D = tl.constexpr(int(Code.ROW_D))
ROW_K = tl.constexpr(int(Code.ROW_K))
ROW_S = tl.constexpr(int(Code.ROW_S))
ROW_MASK = tl.constexpr(int(Code.ROW_MASK))
ROW_P = tl.constexpr(int(Code.ROW_P))
ROW_V = tl.constexpr(int(Code.ROW_V))
ROW_DP_DOT = tl.constexpr(int(Code.ROW_DP_DOT))
ROW_DS = tl.constexpr(int(Code.ROW_DS))
ROW_DQ_DOT = tl.constexpr(int(Code.ROW_DQ_DOT))
STORE_DQ = tl.constexpr(int(Code.STORE_DQ))


@triton.jit
def preprocess(
    O, dO, D, dQ,  # in HBM: twice [B, H, N_Q, HEAD_DIM], [B, H, N_Q] in float32, [B, H, N_Q, HEAD_DIM] in float32
    N_Q, trace_events,
    HEAD_DIM: tl.constexpr, BLOCK_D: tl.constexpr, BLOCK_M: tl.constexpr, ATOMIC: tl.constexpr, TRACE: tl.constexpr,
):  # fmt: skip
    """D_i = rowsum(dO_i o O_i) for one row block; and zeros where ``backward`` will add to dQ_i."""
    # this program: row block i of one query head
    pid = tl.program_id(0)
    T_R = tl.cdiv(N_Q, BLOCK_M)
    r0 = pid % T_R * BLOCK_M
    r1 = tl.minimum(r0 + BLOCK_M, N_Q)
    rows = r0 + tl.arange(0, BLOCK_M)
    dims = tl.arange(0, BLOCK_D)[None, :]
    q_mask = (rows[:, None] < N_Q) & (dims < HEAD_DIM)
    head = (pid // T_R).to(tl.int64) * N_Q  # the first row of this head
    q_tile = head * HEAD_DIM + rows[:, None] * HEAD_DIM + dims
    if TRACE:
        trace_events += pid.to(tl.int64) * 5 * 8
    step = 0

    # load dO_i and O_i: HBM -> SRAM
    do = tl.load(dO + q_tile, mask=q_mask, other=0.0)  # [BLOCK_M, HEAD_DIM]
    if TRACE:
        step = trace(trace_events, FIRST_DO, step, pid, -1, r0, r1, 0, HEAD_DIM, CLOCK)
    o = tl.load(O + q_tile, mask=q_mask, other=0.0)  # [BLOCK_M, HEAD_DIM]
    if TRACE:
        step = trace(trace_events, FIRST_O, step, pid, -1, r0, r1, 0, HEAD_DIM, CLOCK)

    # D_i = rowsum(dO_i o O_i), which equals rowsum(P o dP): what softmax takes off every entry of a row
    d = tl.sum(do.to(tl.float32) * o.to(tl.float32), 1)  # [BLOCK_M]
    if TRACE:
        step = trace(trace_events, ROWSUM_D, step, pid, -1, r0, r1, 0, 1, CLOCK)
    tl.store(D + head + rows, d, mask=rows < N_Q)
    if TRACE:
        step = trace(trace_events, STORE_D, step, pid, -1, r0, r1, 0, 1, CLOCK)
    if ATOMIC:
        # zeros in dQ_i, before anybody adds to it
        tl.store(dQ + q_tile, tl.zeros([BLOCK_M, BLOCK_D], tl.float32), mask=q_mask)
        if TRACE:
            step = trace(trace_events, CLEAR_DQ, step, pid, -1, r0, r1, 0, HEAD_DIM, CLOCK)


@triton.jit
def convert(
    dQ_SUM, dQ,  # in HBM, [B, H, N_Q, HEAD_DIM]: in float32, and in the dtype of Q
    N_Q, trace_events,
    HEAD_DIM: tl.constexpr, BLOCK_D: tl.constexpr, BLOCK_M: tl.constexpr, TRACE: tl.constexpr,
):  # fmt: skip
    """dQ_i is rounded once, when all key tiles have been added."""
    # this program: row block i of one query head
    pid = tl.program_id(0)
    T_R = tl.cdiv(N_Q, BLOCK_M)
    r0 = pid % T_R * BLOCK_M
    r1 = tl.minimum(r0 + BLOCK_M, N_Q)
    rows = r0 + tl.arange(0, BLOCK_M)
    dims = tl.arange(0, BLOCK_D)[None, :]
    q_mask = (rows[:, None] < N_Q) & (dims < HEAD_DIM)
    q_tile = (pid // T_R).to(tl.int64) * N_Q * HEAD_DIM + rows[:, None] * HEAD_DIM + dims
    if TRACE:
        trace_events += pid.to(tl.int64) * 2 * 8
    step = 0

    dq = tl.load(dQ_SUM + q_tile, mask=q_mask, other=0.0)  # [BLOCK_M, HEAD_DIM]
    if TRACE:
        step = trace(trace_events, LOAD_SUM, step, pid, -1, r0, r1, 0, HEAD_DIM, CLOCK)
    tl.store(dQ + q_tile, dq.to(dQ.dtype.element_ty), mask=q_mask)
    if TRACE:
        step = trace(trace_events, CONVERT_DQ, step, pid, -1, r0, r1, 0, HEAD_DIM, CLOCK)


@triton.jit
def backward(  # noqa: C901, PLR0912, PLR0915  # the whole algorithm in one piece, and each of its statements can report
    Q, K, V, dO, LSE, D, dQ, dK, dV,  # in HBM: Q, dO, dQ [B, H, N_Q, HEAD_DIM]; K, V, dK, dV [B, H_KV, N_K, HEAD_DIM]; LSE, D [B, H, N_Q]
    sm_scale, H, H_KV, N_Q, N_K, trace_events,
    HEAD_DIM: tl.constexpr, BLOCK_D: tl.constexpr, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr,
    CAUSAL: tl.constexpr, ATOMIC: tl.constexpr, STAGES: tl.constexpr, PRECISION: tl.constexpr, TRACE: tl.constexpr,
):  # fmt: skip
    """dK_j and dV_j for one key tile, in one walk over the row blocks of the heads that share it; what it adds to each dQ_i."""
    # this program: key tile j of key/value head h_kv in batch b
    pid = tl.program_id(0)
    T_R = tl.cdiv(N_Q, BLOCK_M)
    T_C = tl.cdiv(N_K, BLOCK_N)
    G = H // H_KV  # grouped-query: so many heads share one K and V, and their gradients are summed
    c0 = pid % T_C * BLOCK_N
    c1 = tl.minimum(c0 + BLOCK_N, N_K)
    cols = c0 + tl.arange(0, BLOCK_N)
    dims = tl.arange(0, BLOCK_D)[None, :]
    k_mask = (cols[:, None] < N_K) & (dims < HEAD_DIM)
    k_tile = (pid // T_C).to(tl.int64) * N_K * HEAD_DIM + cols[:, None] * HEAD_DIM + dims
    if TRACE:
        trace_events += pid.to(tl.int64) * (4 + 13 * G * T_R) * 8
    step = 0

    # load K_j and V_j: HBM -> SRAM, where they stay
    k = tl.load(K + k_tile, mask=k_mask, other=0.0)  # [BLOCK_N, HEAD_DIM]
    if TRACE:
        step = trace(trace_events, KEYS_K, step, pid, -1, c0, c1, 0, HEAD_DIM, CLOCK)
    v = tl.load(V + k_tile, mask=k_mask, other=0.0)  # [BLOCK_N, HEAD_DIM]
    if TRACE:
        step = trace(trace_events, KEYS_V, step, pid, -1, c0, c1, 0, HEAD_DIM, CLOCK)

    dk = tl.zeros([BLOCK_N, BLOCK_D], tl.float32)  # dK, not yet scaled
    dv = tl.zeros([BLOCK_N, BLOCK_D], tl.float32)

    # row blocks: those before first see nothing of this tile; [first, whole) are cut by the diagonal or by N_K; the rest see all of it
    first = 0
    whole = tl.where(c0 + BLOCK_N > N_K, T_R, 0)
    if CAUSAL:  # query r sees keys up to r + N_K - N_Q
        first = tl.maximum(c0 + N_Q - N_K, 0) // BLOCK_M
        whole = tl.minimum(tl.maximum(whole, tl.cdiv(tl.maximum(c0 + BLOCK_N - 1 + N_Q - N_K, 0), BLOCK_M)), T_R)
    for g in tl.range(0, G):
        head = (pid // T_C * G + g).to(tl.int64) * N_Q  # the first row of this query head
        for WHOLE in tl.static_range(2):
            for i in tl.range(whole if WHOLE else first, T_R if WHOLE else whole, num_stages=STAGES):
                r0 = i * BLOCK_M
                r1 = tl.minimum(r0 + BLOCK_M, N_Q)
                rows = r0 + tl.arange(0, BLOCK_M)
                q_mask = (rows[:, None] < N_Q) & (dims < HEAD_DIM)
                q_tile = head * HEAD_DIM + rows[:, None] * HEAD_DIM + dims

                # load Q_i: HBM -> SRAM
                q = tl.load(Q + q_tile, mask=q_mask, other=0.0)  # [BLOCK_M, HEAD_DIM]
                if TRACE:
                    step = trace(trace_events, LOAD_Q, step, pid, g * T_R + i, r0, r1, 0, HEAD_DIM, CLOCK)

                # S_ij = scale Q_i K_j^T, again
                s = tl.dot(q, tl.trans(k), input_precision=PRECISION) * sm_scale  # [BLOCK_M, BLOCK_N]
                if TRACE:
                    step = trace(trace_events, RECOMPUTE_S, step, pid, g * T_R + i, r0, r1, c0, c1, CLOCK)
                if not WHOLE:
                    seen = cols[None, :] < N_K
                    if CAUSAL:
                        seen &= rows[:, None] + N_K - N_Q >= cols[None, :]
                    s = tl.where(seen, s, float("-inf"))
                    if TRACE:
                        step = trace(trace_events, REMASK, step, pid, g * T_R + i, r0, r1, c0, c1, CLOCK)

                # P_ij = e^(S_ij - LSE_i), again: what the forward pass divided by l is in LSE = m + ln l
                lse = tl.load(LSE + head + rows, mask=rows < N_Q, other=float("inf"))  # [BLOCK_M]
                if TRACE:
                    step = trace(trace_events, LOAD_LSE, step, pid, g * T_R + i, r0, r1, 0, 1, CLOCK)
                lse = tl.where(lse == float("-inf"), float("inf"), lse)  # a row that sees no key has P = 0
                p = tl.exp(s - lse[:, None])  # [BLOCK_M, BLOCK_N]
                if TRACE:
                    step = trace(trace_events, RECOMPUTE_P, step, pid, g * T_R + i, r0, r1, c0, c1, CLOCK)

                # load dO_i: HBM -> SRAM
                do = tl.load(dO + q_tile, mask=q_mask, other=0.0)  # [BLOCK_M, HEAD_DIM]
                if TRACE:
                    step = trace(trace_events, LOAD_DO, step, pid, g * T_R + i, r0, r1, 0, HEAD_DIM, CLOCK)

                # dV_j <- dV_j + P_ij^T dO_i
                dv = tl.dot(tl.trans(p.to(do.dtype)), do, dv, input_precision=PRECISION)  # [BLOCK_N, HEAD_DIM]
                if TRACE:
                    step = trace(trace_events, DV_DOT, step, pid, g * T_R + i, c0, c1, 0, HEAD_DIM, CLOCK)

                # dP_ij = dO_i V_j^T
                dp = tl.dot(do, tl.trans(v), input_precision=PRECISION)  # [BLOCK_M, BLOCK_N]
                if TRACE:
                    step = trace(trace_events, DP_DOT, step, pid, g * T_R + i, r0, r1, c0, c1, CLOCK)

                # dS_ij = P_ij o (dP_ij - D_i)
                d = tl.load(D + head + rows, mask=rows < N_Q, other=0.0)  # [BLOCK_M]
                if TRACE:
                    step = trace(trace_events, LOAD_D, step, pid, g * T_R + i, r0, r1, 0, 1, CLOCK)
                ds = (p * (dp - d[:, None])).to(q.dtype)  # [BLOCK_M, BLOCK_N]
                if TRACE:
                    step = trace(trace_events, DS, step, pid, g * T_R + i, r0, r1, c0, c1, CLOCK)

                if ATOMIC:
                    # dQ_i <- dQ_i + scale dS_ij K_j, in HBM, where all key tiles add to it
                    dq = tl.dot(ds, k, input_precision=PRECISION) * sm_scale  # [BLOCK_M, HEAD_DIM]
                    if TRACE:
                        step = trace(trace_events, DQ_DOT, step, pid, g * T_R + i, r0, r1, 0, HEAD_DIM, CLOCK)
                    tl.atomic_add(dQ + q_tile, dq, mask=q_mask, sem="relaxed")
                    if TRACE:
                        step = trace(trace_events, ATOMIC_DQ, step, pid, g * T_R + i, r0, r1, 0, HEAD_DIM, CLOCK)

                # dK_j <- dK_j + dS_ij^T Q_i
                dk = tl.dot(tl.trans(ds), q, dk, input_precision=PRECISION)  # [BLOCK_N, HEAD_DIM]
                if TRACE:
                    step = trace(trace_events, DK_DOT, step, pid, g * T_R + i, c0, c1, 0, HEAD_DIM, CLOCK)

    # store dK_j and dV_j, once: SRAM -> HBM
    tl.store(dK + k_tile, (dk * sm_scale).to(dK.dtype.element_ty), mask=k_mask)
    if TRACE:
        step = trace(trace_events, STORE_DK, step, pid, -1, c0, c1, 0, HEAD_DIM, CLOCK)
    tl.store(dV + k_tile, dv.to(dV.dtype.element_ty), mask=k_mask)
    if TRACE:
        step = trace(trace_events, STORE_DV, step, pid, -1, c0, c1, 0, HEAD_DIM, CLOCK)


@triton.jit
def backward_rows(  # noqa: C901, PLR0912, PLR0915  # as above
    Q, K, V, dO, LSE, D, dQ,  # in HBM: Q, dO, dQ [B, H, N_Q, HEAD_DIM]; K, V [B, H_KV, N_K, HEAD_DIM]; LSE, D [B, H, N_Q]
    sm_scale, H, H_KV, N_Q, N_K, trace_events,
    HEAD_DIM: tl.constexpr, BLOCK_D: tl.constexpr, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr,
    CAUSAL: tl.constexpr, STAGES: tl.constexpr, PRECISION: tl.constexpr, TRACE: tl.constexpr,
):  # fmt: skip
    """dQ_i for one row block, in one walk over the key tiles, always in the same order: S and dP are made a second time."""
    # this program: row block i of query head h in batch b
    pid = tl.program_id(0)
    T_R = tl.cdiv(N_Q, BLOCK_M)
    T_C = tl.cdiv(N_K, BLOCK_N)
    r0 = pid % T_R * BLOCK_M
    r1 = tl.minimum(r0 + BLOCK_M, N_Q)
    rows = r0 + tl.arange(0, BLOCK_M)
    dims = tl.arange(0, BLOCK_D)[None, :]
    q_mask = (rows[:, None] < N_Q) & (dims < HEAD_DIM)
    head = (pid // T_R).to(tl.int64) * N_Q  # the first row of this query head
    q_tile = head * HEAD_DIM + rows[:, None] * HEAD_DIM + dims
    keys = (pid // T_R // (H // H_KV)).to(tl.int64) * N_K * HEAD_DIM  # grouped-query: H / H_KV heads share one K and V
    if TRACE:
        trace_events += pid.to(tl.int64) * (5 + 8 * T_C) * 8
    step = 0

    # load Q_i, dO_i, LSE_i and D_i: HBM -> SRAM, where they stay
    q = tl.load(Q + q_tile, mask=q_mask, other=0.0)  # [BLOCK_M, HEAD_DIM]
    if TRACE:
        step = trace(trace_events, ROW_Q, step, pid, -1, r0, r1, 0, HEAD_DIM, CLOCK)
    do = tl.load(dO + q_tile, mask=q_mask, other=0.0)  # [BLOCK_M, HEAD_DIM]
    if TRACE:
        step = trace(trace_events, ROW_DO, step, pid, -1, r0, r1, 0, HEAD_DIM, CLOCK)
    lse = tl.load(LSE + head + rows, mask=rows < N_Q, other=float("inf"))  # [BLOCK_M]
    if TRACE:
        step = trace(trace_events, ROW_LSE, step, pid, -1, r0, r1, 0, 1, CLOCK)
    d = tl.load(D + head + rows, mask=rows < N_Q, other=0.0)  # [BLOCK_M]
    if TRACE:
        step = trace(trace_events, ROW_D, step, pid, -1, r0, r1, 0, 1, CLOCK)

    lse = tl.where(lse == float("-inf"), float("inf"), lse)  # a row that sees no key has P = 0
    dq = tl.zeros([BLOCK_M, BLOCK_D], tl.float32)  # dQ, not yet scaled

    # key tiles: [0, full) need no mask; [full, visited) are cut by the diagonal or by N_K; the rest are never loaded
    full = N_K // BLOCK_N
    visited = T_C
    if CAUSAL:  # query r sees keys up to r + N_K - N_Q
        full = tl.minimum(full, tl.maximum(r0 + N_K - N_Q + 1, 0) // BLOCK_N)
        visited = tl.minimum(visited, tl.cdiv(tl.maximum(r1 + N_K - N_Q, 0), BLOCK_N))
    for MASKED in tl.static_range(2):
        for j in tl.range(full * MASKED, visited if MASKED else full, num_stages=STAGES):
            c0 = j * BLOCK_N
            c1 = tl.minimum(c0 + BLOCK_N, N_K)
            cols = c0 + tl.arange(0, BLOCK_N)
            k_mask = (cols[:, None] < N_K) & (dims < HEAD_DIM)
            k_tile = keys + cols[:, None] * HEAD_DIM + dims

            # load K_j: HBM -> SRAM
            k = tl.load(K + k_tile, mask=k_mask, other=0.0)  # [BLOCK_N, HEAD_DIM]
            if TRACE:
                step = trace(trace_events, ROW_K, step, pid, j, c0, c1, 0, HEAD_DIM, CLOCK)

            # S_ij = scale Q_i K_j^T and P_ij = e^(S_ij - LSE_i), again
            s = tl.dot(q, tl.trans(k), input_precision=PRECISION) * sm_scale  # [BLOCK_M, BLOCK_N]
            if TRACE:
                step = trace(trace_events, ROW_S, step, pid, j, r0, r1, c0, c1, CLOCK)
            if MASKED:
                seen = cols[None, :] < N_K
                if CAUSAL:
                    seen &= rows[:, None] + N_K - N_Q >= cols[None, :]
                s = tl.where(seen, s, float("-inf"))
                if TRACE:
                    step = trace(trace_events, ROW_MASK, step, pid, j, r0, r1, c0, c1, CLOCK)
            p = tl.exp(s - lse[:, None])  # [BLOCK_M, BLOCK_N]
            if TRACE:
                step = trace(trace_events, ROW_P, step, pid, j, r0, r1, c0, c1, CLOCK)

            # load V_j: HBM -> SRAM
            v = tl.load(V + k_tile, mask=k_mask, other=0.0)  # [BLOCK_N, HEAD_DIM]
            if TRACE:
                step = trace(trace_events, ROW_V, step, pid, j, c0, c1, 0, HEAD_DIM, CLOCK)

            # dP_ij = dO_i V_j^T, again, and dS_ij = P_ij o (dP_ij - D_i)
            dp = tl.dot(do, tl.trans(v), input_precision=PRECISION)  # [BLOCK_M, BLOCK_N]
            if TRACE:
                step = trace(trace_events, ROW_DP_DOT, step, pid, j, r0, r1, c0, c1, CLOCK)
            ds = (p * (dp - d[:, None])).to(q.dtype)  # [BLOCK_M, BLOCK_N]
            if TRACE:
                step = trace(trace_events, ROW_DS, step, pid, j, r0, r1, c0, c1, CLOCK)

            # dQ_i <- dQ_i + dS_ij K_j
            dq = tl.dot(ds, k, dq, input_precision=PRECISION)  # [BLOCK_M, HEAD_DIM]
            if TRACE:
                step = trace(trace_events, ROW_DQ_DOT, step, pid, j, r0, r1, 0, HEAD_DIM, CLOCK)

    # store dQ_i, once: SRAM -> HBM
    tl.store(dQ + q_tile, (dq * sm_scale).to(dQ.dtype.element_ty), mask=q_mask)
    if TRACE:
        step = trace(trace_events, STORE_DQ, step, pid, -1, r0, r1, 0, HEAD_DIM, CLOCK)
