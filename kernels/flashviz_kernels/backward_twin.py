"""The NumPy twin of the backward pass, reporting the same events as the kernels in ``backward``, with which it shares no code.

As in ``twins``, programs run in lockstep, each statement at once for all that reach it, and bytes are those of the slices that were really
cut. Shapes carry [B, H_kv, H / H_kv] in front.
"""

# comments are the equations of the papers

from __future__ import annotations

import numpy as np

from flashviz.config import AttentionConfig
from flashviz_kernels.algorithm import Named
from flashviz_kernels.backward_codes import Code
from flashviz_kernels.log import EventLog, Kept
from flashviz_kernels.twins import INF, cut, dot, grouped, masked, meetings, of_rows, row_blocks, seen


def backward(given: Named, c: AttentionConfig, log: EventLog, _kept: Kept | None, *, atomic: bool) -> Named:
    """FlashAttention-2, Algorithm 2.

    Args:
        given: Q, O, dO [B, H, N_q, d], K, V [B, H_kv, N_k, d], and LSE [B, H, N_q] in float32, by name.
        c: The config that they were made for.
        log: Takes the events.
        atomic: dQ is added up tile by tile, in float32; else row block by row block, in a launch of its own.

    Returns:
        dQ, dK and dV, by name, as Q, K and V.
    """
    Q, K, V = grouped(given["Q"], given["K"], given["V"])
    O, dO = (given[name].reshape(Q.shape) for name in ("O", "dO"))
    LSE = given["LSE"].reshape(Q.shape[:-1])
    D, SUM = _preprocess(O, dO, c, log, atomic=atomic)
    dK, dV = _keys(Q, K, V, (dO, LSE, D, SUM), c, log, atomic=atomic)
    dQ = SUM
    if not atomic:
        dQ = _rows(Q, K, V, (dO, LSE, D), c, log)
    elif c.dtype != "float32":
        dQ = _convert(SUM, Q.dtype, c, log)
    return {"dQ": dQ.reshape(given["Q"].shape), "dK": dK.reshape(given["K"].shape), "dV": dV.reshape(given["V"].shape)}


def _preprocess(O: np.ndarray, dO: np.ndarray, c: AttentionConfig, log: EventLog, *, atomic: bool) -> tuple[np.ndarray, np.ndarray]:
    """First launch: D of every row, and zeros in dQ."""
    blocks, r0, r1 = row_blocks(c, 0, c.row_blocks)
    # load dO_i and O_i: HBM -> SRAM
    do = dO.astype(np.float32)
    log(Code.FIRST_DO, blocks, ((r0, r1), (0, c.head_dim)), nbytes=cut(dO, r0, r1))
    o = O.astype(np.float32)
    log(Code.FIRST_O, blocks, ((r0, r1), (0, c.head_dim)), nbytes=cut(O, r0, r1))
    # D = rowsum(dO o O)
    D = (do * o).sum(axis=-1)
    log(Code.ROWSUM_D, blocks, ((r0, r1), (0, 1)))
    # store D_i: SRAM -> HBM
    stored = D
    log(Code.STORE_D, blocks, ((r0, r1), (0, 1)), nbytes=cut(stored, r0, r1, axis=-1))
    SUM = np.zeros(O.shape, np.float32)
    if atomic:
        # zeros in dQ_i
        SUM[...] = 0
        log(Code.CLEAR_DQ, blocks, ((r0, r1), (0, c.head_dim)), nbytes=cut(SUM, r0, r1))
    return stored, SUM


def _convert(SUM: np.ndarray, dtype: np.dtype[np.generic], c: AttentionConfig, log: EventLog) -> np.ndarray:
    """Last launch: dQ in fewer bits."""
    blocks, r0, r1 = row_blocks(c, 0, c.row_blocks)
    dq = SUM
    log(Code.LOAD_SUM, blocks, ((r0, r1), (0, c.head_dim)), nbytes=cut(SUM, r0, r1))
    dQ = dq.astype(dtype)
    log(Code.CONVERT_DQ, blocks, ((r0, r1), (0, c.head_dim)), nbytes=cut(dQ, r0, r1))
    return dQ


def _keys(
    Q: np.ndarray, K: np.ndarray, V: np.ndarray, rest: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    c: AttentionConfig, log: EventLog, *, atomic: bool,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Launch by key tiles: dK and dV, each tile of which one program owns; and, where ``atomic``, what it adds to dQ."""
    dO, LSE, D, SUM = rest
    tiles, d, scale = np.arange(c.col_blocks), c.head_dim, np.float32(c.scale)
    c0, c1 = tiles * c.block_n, np.minimum((tiles + 1) * c.block_n, c.seq_k)
    # load K_j and V_j: HBM -> SRAM
    k, v = K[:, :, 0], V[:, :, 0]
    if c.col_blocks:
        log(Code.KEYS_K, tiles, ((c0, c1), (0, d)), i=-1, j=tiles, nbytes=cut(K, c0, c1))
        log(Code.KEYS_V, tiles, ((c0, c1), (0, d)), i=-1, j=tiles, nbytes=cut(V, c0, c1))
    dk, dv = np.zeros(k.shape, np.float32), np.zeros(v.shape, np.float32)
    walk = [(g, i) for g in range(c.group) for i in range(c.row_blocks) if c.key_tiles(i)]
    for g, i in walk:
        live, at = np.array(c.key_tiles(i)), g * c.row_blocks + i  # causal: the last key tiles begin with later row blocks
        r0, r1 = i * c.block_m, min((i + 1) * c.block_m, c.seq_q)
        rows, keys = slice(r0, r1), slice(int(c0[live[0]]), int(c1[live[-1]]))
        area = 2 * (r1 - r0) * (c1 - c0)[live] * d
        sides = (c0[live], c1[live])
        # load Q_i: HBM -> SRAM
        q_i = Q[:, :, g, rows]
        log(Code.LOAD_Q, live, ((r0, r1), (0, d)), i=at, j=live, nbytes=q_i[0, 0].nbytes)
        # S = scale Q_i K_j^T
        s = dot(q_i, k[..., keys, :].swapaxes(-1, -2)) * scale
        log(Code.RECOMPUTE_S, live, ((r0, r1), sides), i=at, j=live, flops=area)
        if len(by_mask := live[masked(c, r0, live)]):
            # S = -inf where a key is not seen
            s = np.where(seen(c, r0, r1 - r0, keys.start, keys.stop), s, -INF)
            log(Code.REMASK, by_mask, ((r0, r1), (c0[by_mask], c1[by_mask])), i=at, j=by_mask)
        # load LSE_i: HBM -> SRAM
        lse = LSE[:, :, g, rows]
        log(Code.LOAD_LSE, live, ((r0, r1), (0, 1)), i=at, j=live, nbytes=lse[0, 0].nbytes)
        # weights P = e^(S - LSE)
        p = np.exp(s - np.where(lse == -INF, INF, lse)[..., None])
        log(Code.RECOMPUTE_P, live, ((r0, r1), sides), i=at, j=live)
        # load dO_i: HBM -> SRAM
        do = dO[:, :, g, rows]
        log(Code.LOAD_DO, live, ((r0, r1), (0, d)), i=at, j=live, nbytes=do[0, 0].nbytes)
        # dV_j <- dV_j + P^T dO_i
        dv[..., keys, :] += dot(p.astype(Q.dtype).swapaxes(-1, -2), do)
        log(Code.DV_DOT, live, (sides, (0, d)), i=at, j=live, flops=area)
        # dP = dO_i V_j^T
        dp = dot(do, v[..., keys, :].swapaxes(-1, -2))
        log(Code.DP_DOT, live, ((r0, r1), sides), i=at, j=live, flops=area)
        # load D_i: HBM -> SRAM
        d_i = D[:, :, g, rows]
        log(Code.LOAD_D, live, ((r0, r1), (0, 1)), i=at, j=live, nbytes=d_i[0, 0].nbytes)
        # dS = P o (dP - D)
        ds = (p * (dp - d_i[..., None])).astype(Q.dtype)
        log(Code.DS, live, ((r0, r1), sides), i=at, j=live)
        if atomic:
            # dQ_i <- dQ_i + scale dS K_j, one key tile after the other
            dq = [dot(ds[..., a - keys.start : b - keys.start], k[..., a:b, :]) * scale for a, b in zip(*sides, strict=True)]
            log(Code.DQ_DOT, live, ((r0, r1), (0, d)), i=at, j=live, flops=area)
            SUM[:, :, g, rows] += sum(dq)
            log(Code.ATOMIC_DQ, live, ((r0, r1), (0, d)), i=at, j=live, nbytes=dq[0][0, 0].nbytes)
        # dK_j <- dK_j + dS^T Q_i
        dk[..., keys, :] += dot(ds.swapaxes(-1, -2), q_i)
        log(Code.DK_DOT, live, (sides, (0, d)), i=at, j=live, flops=area)
    # store dK_j and dV_j: SRAM -> HBM
    dK, dV = (dk * scale).astype(K.dtype)[:, :, None], dv.astype(V.dtype)[:, :, None]
    if c.col_blocks:
        log(Code.STORE_DK, tiles, ((c0, c1), (0, d)), i=-1, j=tiles, nbytes=cut(dK, c0, c1))
        log(Code.STORE_DV, tiles, ((c0, c1), (0, d)), i=-1, j=tiles, nbytes=cut(dV, c0, c1))
    return dK, dV


def _rows(
    Q: np.ndarray, K: np.ndarray, V: np.ndarray, rest: tuple[np.ndarray, np.ndarray, np.ndarray], c: AttentionConfig, log: EventLog
) -> np.ndarray:
    """Launch by row blocks: dQ, each tile of which one program owns."""
    dO, LSE, D = rest
    blocks, r0, r1 = row_blocks(c, 0, c.row_blocks)
    d, scale = c.head_dim, np.float32(c.scale)
    # load Q_i, dO_i, LSE_i and D_i: HBM -> SRAM
    q = Q
    log(Code.ROW_Q, blocks, ((r0, r1), (0, d)), nbytes=cut(q, r0, r1))
    do = dO
    log(Code.ROW_DO, blocks, ((r0, r1), (0, d)), nbytes=cut(do, r0, r1))
    lse = np.where(LSE == -INF, INF, LSE)
    log(Code.ROW_LSE, blocks, ((r0, r1), (0, 1)), nbytes=cut(LSE, r0, r1, axis=-1))
    d_i = D
    log(Code.ROW_D, blocks, ((r0, r1), (0, 1)), nbytes=cut(d_i, r0, r1, axis=-1))
    dq = np.zeros(Q.shape, np.float32)
    for j, live in meetings(c, blocks):
        _, r0, r1 = row_blocks(c, live[0], live[-1] + 1)
        c0, c1, rows = j * c.block_n, min((j + 1) * c.block_n, c.seq_k), slice(int(r0[0]), int(r1[-1]))
        area = 2 * (r1 - r0) * (c1 - c0) * d
        # load K_j: HBM -> SRAM
        k_j = K[..., c0:c1, :]
        log(Code.ROW_K, live, ((c0, c1), (0, d)), j=j, nbytes=k_j[0, 0, 0].nbytes)
        # S = scale Q_i K_j^T
        s = dot(q[..., rows, :], k_j.swapaxes(-1, -2)) * scale
        log(Code.ROW_S, live, ((r0, r1), (c0, c1)), j=j, flops=area)
        if len(by_mask := live[masked(c, r0, j)]):
            # S = -inf where a key is not seen
            s = np.where(seen(c, rows.start, s.shape[-2], c0, c1), s, -INF)
            log(Code.ROW_MASK, by_mask, (of_rows(c, by_mask[0], by_mask[-1] + 1), (c0, c1)), j=j)
        # weights P = e^(S - LSE)
        p = np.exp(s - lse[..., rows, None])
        log(Code.ROW_P, live, ((r0, r1), (c0, c1)), j=j)
        # load V_j: HBM -> SRAM
        v_j = V[..., c0:c1, :]
        log(Code.ROW_V, live, ((c0, c1), (0, d)), j=j, nbytes=v_j[0, 0, 0].nbytes)
        # dP = dO_i V_j^T
        dp = dot(do[..., rows, :], v_j.swapaxes(-1, -2))
        log(Code.ROW_DP_DOT, live, ((r0, r1), (c0, c1)), j=j, flops=area)
        # dS = P o (dP - D)
        ds = (p * (dp - d_i[..., rows, None])).astype(Q.dtype)
        log(Code.ROW_DS, live, ((r0, r1), (c0, c1)), j=j)
        # dQ_i <- dQ_i + dS K_j
        dq[..., rows, :] += dot(ds, k_j)
        log(Code.ROW_DQ_DOT, live, ((r0, r1), (0, d)), j=j, flops=area)
    blocks, r0, r1 = row_blocks(c, 0, c.row_blocks)
    # store dQ_i: SRAM -> HBM
    dQ = (dq * scale).astype(Q.dtype)
    log(Code.STORE_DQ, blocks, ((r0, r1), (0, d)), nbytes=cut(dQ, r0, r1))
    return dQ
