"""FlashAttention-2, forward pass, in Triton: one program keeps one row block of Q on chip and walks over the keys.

Paper: Dao 2023, arXiv 2307.08691, Algorithm 1 (with line 10 corrected: acc <- alpha acc + P V). Shapes stand beside the
statements. With TRACE the kernel reports each statement as one row of 8 x int32, with CLOCK one of 12; without them those lines are
compiled away.
"""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-decorators
# (Triton's compiler reads annotations as constexpr marks; a kernel's arguments have no Python types)

from __future__ import annotations

import triton
import triton.language as tl
from triton.language.extra.cuda import globaltimer, smid

from flashviz.forms import fa2
from flashviz.trace import Kind

LOAD_Q = tl.constexpr(int(Kind.LOAD_Q))
LOAD_K = tl.constexpr(int(Kind.LOAD_K))
QK_DOT = tl.constexpr(int(Kind.QK_DOT))
MASK = tl.constexpr(int(Kind.MASK))
SOFTMAX_M = tl.constexpr(int(Kind.SOFTMAX_M))
ALPHA = tl.constexpr(int(Kind.ALPHA))
SOFTMAX_P = tl.constexpr(int(Kind.SOFTMAX_P))
SOFTMAX_L = tl.constexpr(int(Kind.SOFTMAX_L))
RESCALE_ACC = tl.constexpr(int(Kind.RESCALE_ACC))
LOAD_V = tl.constexpr(int(Kind.LOAD_V))
PV_DOT = tl.constexpr(int(Kind.PV_DOT))
NORMALIZE = tl.constexpr(int(Kind.NORMALIZE))
STORE_O = tl.constexpr(int(Kind.STORE_O))
STORE_LSE = tl.constexpr(int(Kind.STORE_LSE))
EVENTS_A_BLOCK = tl.constexpr(fa2.A_BLOCK)
EVENTS_A_TILE = tl.constexpr(fa2.MASKED)


@triton.jit
def clock():
    """Cycles of this SM's own clock, 32 bits of them."""
    return tl.inline_asm_elementwise("mov.u32 $0, %clock;", "=r", [], dtype=tl.int32, is_pure=False, pack=1)


@triton.jit
def settled(x):
    """``x`` once it is there: a product is waited for, so that the report behind it tells when it was done and not when it was issued."""
    return tl.inline_asm_elementwise("mov.b32 $0, $1;", "=r,r", [x], dtype=tl.float32, is_pure=False, pack=1)


@triton.jit
def trace(events, kind: tl.constexpr, step, pid, j, r0, r1, c0, c1, CLOCK: tl.constexpr):
    """Report one event: a row of 8 x int32. Returns the next step.

    With CLOCK there are four more: at a program's first and last event the GPU's time in ns (64 bits), which the clocks of all SMs are
    aligned by; the SM; its clock.
    """
    ROW: tl.constexpr = 12 if CLOCK else 8
    events += step * ROW
    if CLOCK:
        tl.store(events + 11, clock())
        tl.store(events + 10, smid())
        if kind == LOAD_Q or kind == STORE_LSE:  # noqa: PLR1714, SIM109  # Triton knows no membership
            tl.store((events + 8).to(tl.pointer_type(tl.int64)), globaltimer())
    f = tl.arange(0, 8)
    program = tl.where(f == 0, kind, tl.where(f == 1, step, tl.where(f == 2, pid, j)))
    box = tl.where(f == 4, r0, tl.where(f == 5, r1, tl.where(f == 6, c0, c1)))
    tl.store(events + f, tl.where(f < 4, program, box))
    return step + 1


@triton.jit
def trace_values(
    stats, tiles, slots, pid, t, T_C, m, l, alpha, s, p, acc,
    BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_D: tl.constexpr,
):  # fmt: skip
    """Keep the values after key tile ``t`` of a program that has a slot: m, l, alpha; and of some also S, P and acc."""
    rows = tl.arange(0, BLOCK_M)
    slot = tl.load(slots + 2 * pid)
    if slot >= 0:
        at = stats + (slot.to(tl.int64) * T_C + t) * 3 * BLOCK_M + rows
        tl.store(at, m)
        tl.store(at + BLOCK_M, l)
        tl.store(at + 2 * BLOCK_M, alpha)
    slot = tl.load(slots + 2 * pid + 1)
    if slot >= 0:
        cols = tl.arange(0, BLOCK_N)
        WIDTH: tl.constexpr = 2 * BLOCK_N + BLOCK_D
        at = tiles + (slot.to(tl.int64) * T_C + t) * BLOCK_M * WIDTH + rows[:, None] * WIDTH
        tl.store(at + cols[None, :], s)
        tl.store(at + BLOCK_N + cols[None, :], p)
        tl.store(at + 2 * BLOCK_N + tl.arange(0, BLOCK_D)[None, :], acc)


@triton.jit
def forward(  # noqa: C901, PLR0912, PLR0915  # the whole algorithm in one piece, and each of its statements can report
    Q, K, V, O, LSE,  # in HBM: [B, H, N_Q, D], twice [B, H_KV, N_K, D], [B, H, N_Q, D], [B, H, N_Q]; D is contiguous
    sm_scale, H, H_KV, N_Q, N_K,
    stride_qb, stride_qh, stride_qn, stride_kb, stride_kh, stride_kn,
    stride_vb, stride_vh, stride_vn, stride_ob, stride_oh, stride_on,
    trace_events, trace_stats, trace_tiles, trace_slots,
    D: tl.constexpr, BLOCK_D: tl.constexpr, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr,
    CAUSAL: tl.constexpr, STAGES: tl.constexpr, PRECISION: tl.constexpr,
    TRACE: tl.constexpr, TRACE_VALUES: tl.constexpr, CLOCK: tl.constexpr,
):  # fmt: skip
    """O_i = softmax(scale Q_i K^T) V and LSE_i for one row block, in one walk over the key tiles."""
    # this program: row block i of query head h in batch b
    pid = tl.program_id(0)
    T_R = tl.cdiv(N_Q, BLOCK_M)
    T_C = tl.cdiv(N_K, BLOCK_N)
    i = pid % T_R
    b = pid // T_R // H
    h = pid // T_R % H
    h_kv = h // (H // H_KV)  # grouped-query: H / H_KV heads share one K and V
    r0 = i * BLOCK_M
    r1 = tl.minimum(r0 + BLOCK_M, N_Q)
    rows = r0 + tl.arange(0, BLOCK_M)
    dims = tl.arange(0, BLOCK_D)[None, :]
    q_mask = (rows[:, None] < N_Q) & (dims < D)
    Q += b.to(tl.int64) * stride_qb + h.to(tl.int64) * stride_qh
    K += b.to(tl.int64) * stride_kb + h_kv.to(tl.int64) * stride_kh
    V += b.to(tl.int64) * stride_vb + h_kv.to(tl.int64) * stride_vh
    O += b.to(tl.int64) * stride_ob + h.to(tl.int64) * stride_oh
    LSE += (pid // T_R).to(tl.int64) * N_Q
    if TRACE:
        trace_events += pid.to(tl.int64) * (EVENTS_A_BLOCK + EVENTS_A_TILE * T_C) * (12 if CLOCK else 8)
    step = 0

    # load Q_i: HBM -> SRAM
    q = tl.load(Q + rows[:, None] * stride_qn + dims, mask=q_mask, other=0.0)  # [BLOCK_M, D]
    if TRACE:
        step = trace(trace_events, LOAD_Q, step, pid, -1, r0, r1, 0, D, CLOCK)

    m_i = tl.full([BLOCK_M], float("-inf"), tl.float32)  # running max
    l_i = tl.zeros([BLOCK_M], tl.float32)  # running denominator
    acc = tl.zeros([BLOCK_M, BLOCK_D], tl.float32)  # O, not yet divided by l

    # key tiles: [0, full) need no mask; [full, visited) are cut by the diagonal or by N_K; the rest are never loaded
    full = N_K // BLOCK_N
    visited = T_C
    if CAUSAL:  # query r sees keys up to r + N_K - N_Q
        full = tl.maximum(tl.minimum(full, (r0 + N_K - N_Q + 1) // BLOCK_N), 0)
        visited = tl.maximum(tl.minimum(visited, tl.cdiv(r1 + N_K - N_Q, BLOCK_N)), 0)
    for MASKED in tl.static_range(2):
        for j in tl.range(full * MASKED, visited if MASKED else full, num_stages=STAGES):
            c0 = j * BLOCK_N
            c1 = tl.minimum(c0 + BLOCK_N, N_K)
            cols = c0 + tl.arange(0, BLOCK_N)
            k_mask = (cols[:, None] < N_K) & (dims < D)

            # load K_j: HBM -> SRAM
            k = tl.load(K + cols[:, None] * stride_kn + dims, mask=k_mask, other=0.0)  # [BLOCK_N, D]
            if TRACE:
                step = trace(trace_events, LOAD_K, step, pid, j, c0, c1, 0, D, CLOCK)

            # S_ij = scale Q_i K_j^T, on chip
            s = tl.dot(q, tl.trans(k), input_precision=PRECISION) * sm_scale  # [BLOCK_M, BLOCK_N]
            if TRACE:
                step = trace(trace_events, QK_DOT, step, pid, j, r0, r1, c0, c1, CLOCK)
            if MASKED:
                seen = cols[None, :] < N_K
                if CAUSAL:
                    seen &= rows[:, None] + N_K - N_Q >= cols[None, :]
                s = tl.where(seen, s, float("-inf"))
                if TRACE:
                    step = trace(trace_events, MASK, step, pid, j, r0, r1, c0, c1, CLOCK)

            # online softmax: the row max may rise; then all that was summed before is measured anew
            m_new = tl.maximum(m_i, tl.max(s, 1))  # [BLOCK_M]  m' = max(m, rowmax S)
            if TRACE:
                step = trace(trace_events, SOFTMAX_M, step, pid, j, r0, r1, 0, 1, CLOCK)
            m_use = tl.where(m_new == float("-inf"), 0.0, m_new)  # a row that sees no key has no max
            alpha = tl.exp(m_i - m_use)  # [BLOCK_M]  alpha = e^(m - m')
            if TRACE:
                step = trace(trace_events, ALPHA, step, pid, j, r0, r1, 0, 1, CLOCK)
            p = tl.exp(s - m_use[:, None])  # [BLOCK_M, BLOCK_N]  P = e^(S - m')
            if TRACE:
                step = trace(trace_events, SOFTMAX_P, step, pid, j, r0, r1, c0, c1, CLOCK)
            l_i = l_i * alpha + tl.sum(p, 1)  # [BLOCK_M]  l <- alpha l + rowsum P
            if TRACE:
                step = trace(trace_events, SOFTMAX_L, step, pid, j, r0, r1, 0, 1, CLOCK)
            acc = acc * alpha[:, None]  # [BLOCK_M, D]  acc <- alpha acc
            if TRACE:
                step = trace(trace_events, RESCALE_ACC, step, pid, j, r0, r1, 0, D, CLOCK)

            # load V_j: HBM -> SRAM
            v = tl.load(V + cols[:, None] * stride_vn + dims, mask=k_mask, other=0.0)  # [BLOCK_N, D]
            if TRACE:
                step = trace(trace_events, LOAD_V, step, pid, j, c0, c1, 0, D, CLOCK)

            # acc <- acc + P_ij V_j
            acc = tl.dot(p.to(v.dtype), v, acc, input_precision=PRECISION)  # [BLOCK_M, D]
            if CLOCK:
                acc = settled(acc)
            if TRACE:
                step = trace(trace_events, PV_DOT, step, pid, j, r0, r1, 0, D, CLOCK)
            m_i = m_new
            if TRACE_VALUES:
                trace_values(trace_stats, trace_tiles, trace_slots, pid, j, T_C, m_i, l_i, alpha, s, p, acc, BLOCK_M, BLOCK_N, BLOCK_D)

    # divide once: O_i = acc / l
    l_use = tl.where(l_i == 0.0, 1.0, l_i)  # a row that sees no key gives O = 0
    acc = acc / l_use[:, None]
    if TRACE:
        step = trace(trace_events, NORMALIZE, step, pid, -1, r0, r1, 0, D, CLOCK)

    # store O_i: SRAM -> HBM
    tl.store(O + rows[:, None] * stride_on + dims, acc.to(O.dtype.element_ty), mask=q_mask)
    if TRACE:
        step = trace(trace_events, STORE_O, step, pid, -1, r0, r1, 0, D, CLOCK)

    # store LSE_i = m + ln l: SRAM -> HBM
    lse = tl.where(l_i == 0.0, float("-inf"), m_i + tl.log(l_use))  # [BLOCK_M]
    tl.store(LSE + rows, lse, mask=rows < N_Q)
    if TRACE:
        step = trace(trace_events, STORE_LSE, step, pid, -1, r0, r1, 0, 1, CLOCK)
