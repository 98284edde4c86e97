"""FlashAttention-2's forward pass with tensor descriptors, in Triton: on Hopper the copy engine (TMA) fetches tiles by their coordinates.

For what ``pipeline`` does not cover: lengths that no tile divides, and triton without Gluon. As there, scores are in units of log2 with
the scale folded in, and the longest row blocks of a causal launch come first. Beyond an array's end a descriptor reads zeros and writes
nothing, so that only scores need a mask.
"""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-decorators
# (Triton's compiler reads annotations as constexpr marks; a kernel's arguments have no Python types)

from __future__ import annotations

import triton
import triton.language as tl

LOG2_E = tl.constexpr(1.4426950408889634)
LN_2 = tl.constexpr(0.6931471805599453)


@triton.jit
def descriptors(
    Q, K, V, O, LSE,  # descriptors of [B, H, N_Q, D], twice [B, H_KV, N_K, D], [B, H, N_Q, D]; [B, H, N_Q]
    sm_scale, B, H, H_KV, N_Q, N_K,
    BLOCK_D: tl.constexpr, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, CAUSAL: tl.constexpr, STAGES: tl.constexpr,
):  # fmt: skip
    """O_i = softmax(scale Q_i K^T) V and LSE_i for one row block; scale is positive, N_K at least 1."""
    # this program: row block i, the longest first, of query head h in batch b, heads fastest
    pid = tl.program_id(0)
    T_R = tl.cdiv(N_Q, BLOCK_M)
    i = pid % T_R
    bh = pid // T_R
    if CAUSAL:
        i = T_R - 1 - pid // (B * H)
        bh = pid % (B * H)
    b = bh // H
    h = bh % H
    h_kv = h // (H // H_KV)
    r0 = i * BLOCK_M
    rows = r0 + tl.arange(0, BLOCK_M)
    qk_scale = sm_scale * LOG2_E

    q = Q.load([b, h, r0, 0]).reshape(BLOCK_M, BLOCK_D)
    m_i = tl.full([BLOCK_M], float("-inf"), tl.float32)
    l_i = tl.zeros([BLOCK_M], tl.float32)
    acc = tl.zeros([BLOCK_M, BLOCK_D], tl.float32)

    # key tiles: [0, full) need no mask; [full, visited) are cut by the diagonal or by N_K; the rest are never loaded
    full = N_K // BLOCK_N
    visited = tl.cdiv(N_K, BLOCK_N)
    if CAUSAL:  # query r sees keys up to r + N_K - N_Q
        full = tl.maximum(tl.minimum(full, (r0 + N_K - N_Q + 1) // BLOCK_N), 0)
        visited = tl.maximum(tl.minimum(visited, tl.cdiv(tl.minimum(r0 + BLOCK_M, N_Q) + N_K - N_Q, BLOCK_N)), 0)
    for MASKED in tl.static_range(2):
        for j in tl.range(full * MASKED, visited if MASKED else full, num_stages=STAGES):
            k = K.load([b, h_kv, j * BLOCK_N, 0]).reshape(BLOCK_N, BLOCK_D)
            s = tl.dot(q, k.T)  # [BLOCK_M, BLOCK_N]
            if MASKED:
                cols = j * BLOCK_N + tl.arange(0, BLOCK_N)
                seen = cols[None, :] < N_K
                if CAUSAL:
                    seen &= rows[:, None] + N_K - N_Q >= cols[None, :]
                s = tl.where(seen, s, float("-inf"))
            m_new = tl.maximum(m_i, tl.max(s, 1) * qk_scale)  # [BLOCK_M]  m' = max(m, rowmax S)
            m_use = m_new
            if MASKED:
                m_use = tl.where(m_new == float("-inf"), 0.0, m_new)  # a row that sees no key has no max
            alpha = tl.math.exp2(m_i - m_use)  # [BLOCK_M]  alpha = 2^(m - m')
            p = tl.math.exp2(s * qk_scale - m_use[:, None])  # [BLOCK_M, BLOCK_N]  P = 2^(S - m')
            l_i = l_i * alpha + tl.sum(p, 1)
            acc = acc * alpha[:, None]  # [BLOCK_M, D]  acc <- alpha acc
            v = V.load([b, h_kv, j * BLOCK_N, 0]).reshape(BLOCK_N, BLOCK_D)
            acc = tl.dot(p.to(v.dtype), v, acc)  # [BLOCK_M, D]  acc <- acc + P V
            m_i = m_new

    l_use = tl.where(l_i == 0.0, 1.0, l_i)  # a row that sees no key gives O = 0, LSE = -inf
    O.store([b, h, r0, 0], (acc / l_use[:, None]).to(O.dtype).reshape(1, 1, BLOCK_M, BLOCK_D))
    lse = tl.where(l_i == 0.0, float("-inf"), (m_i + tl.math.log2(l_use)) * LN_2)
    tl.store(LSE + bh.to(tl.int64) * N_Q + rows, lse, mask=rows < N_Q)
