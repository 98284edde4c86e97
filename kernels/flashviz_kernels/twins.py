"""The NumPy twins: standard attention, FlashAttention (K/V outer) and FlashAttention-2 (Q outer), each reporting its events.

They say the same, in the same order and with the same names, as the Triton kernel; only, programs that would run side by side on
a GPU run here in lockstep: each statement is executed at once for all row blocks and heads that reach it. A twin takes
the bytes of its transfers from the slices that it has really cut (``array.nbytes``). Shapes carry [B, H_kv, H / H_kv] in front.
Events depend on no value: where ``kept.computed`` names some row blocks, all are reported and those are computed.
"""

# l and O are the symbols of the papers; comments are their equations

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from flashviz.config import AttentionConfig
from flashviz.inputs import numpy_dtype
from flashviz.trace import Kind
from flashviz_kernels.log import EventLog, Kept
from flashviz_kernels.reference import rounded

LANES = 1 << 18  # scores that are computed in lockstep at once: 1 MiB, so that they stay in a core's cache
INF = np.float32(np.inf)
ONE, ZERO = np.float32(1), np.float32(0)

Output = tuple[np.ndarray, np.ndarray | None]
Wave = tuple[np.ndarray, np.ndarray, np.ndarray]  # row blocks, their first rows, one past their last rows

# ---------------------------------------------------------------------------------------------------------------------- fa2


def fa2(
    q: np.ndarray, k: np.ndarray, v: np.ndarray, c: AttentionConfig, log: EventLog, kept: Kept,
    *, order: Sequence[int] | None = None, rescale: bool = True,
) -> Output:  # fmt: skip
    """FlashAttention-2, Algorithm 1: each program keeps one row block on chip and walks the keys.

    Args:
        q: [B, H, N_q, d].
        k: [B, H_kv, N_k, d], as ``v``.
        v: Values.
        c: The config that they were made for.
        log: Takes the events.
        kept: Takes the values that a film asks for.
        order: Key tiles in the order in which they are visited; None as they stand.
        rescale: False is wrong on purpose: l and acc keep terms that were measured from older maxima.

    Returns:
        O [B, H, N_q, d] in the inputs' dtype and LSE [B, H, N_q] in float32.
    """
    Q, K, V = grouped(q, k, v)
    O, LSE = np.full_like(Q, np.nan), np.full(Q.shape[:-1], np.nan, np.float32)
    for first, last in waves(c, 0, c.row_blocks, c.block_n, kept):
        blocks, r0, r1 = row_blocks(c, first, last)
        rows = computed(c, kept, first, last)
        # load Q_i: HBM -> SRAM
        q_i = Q[..., rows, :].astype(np.float32)
        log(Kind.LOAD_Q, blocks, ((r0, r1), (0, c.head_dim)), nbytes=cut(Q, r0, r1))
        m_i = np.full(q_i.shape[:-1], -INF)
        l_i = np.zeros(q_i.shape[:-1], np.float32)
        acc = np.zeros(q_i.shape, np.float32)
        for j, live in meetings(c, blocks, order):
            _fa2_tile(q_i, K, V, (m_i, l_i, acc), c, log, kept, live, j, rows, rescale=rescale)
        # divide once: O_i = acc / l
        l_use = np.where(l_i == 0, ONE, l_i)
        o_i = acc / l_use[..., None]
        log(Kind.NORMALIZE, blocks, ((r0, r1), (0, c.head_dim)))
        # store O_i: SRAM -> HBM
        O[..., rows, :] = o_i.astype(q.dtype)
        log(Kind.STORE_O, blocks, ((r0, r1), (0, c.head_dim)), nbytes=cut(O, r0, r1))
        # store LSE_i = m + ln l: SRAM -> HBM
        LSE[..., rows] = np.where(l_i == 0, -INF, m_i + np.log(l_use))
        log(Kind.STORE_LSE, blocks, ((r0, r1), (0, 1)), nbytes=cut(LSE, r0, r1, axis=-1))
    return O.reshape(q.shape), LSE.reshape(q.shape[:-1])


def _fa2_tile(
    q_i: np.ndarray, K: np.ndarray, V: np.ndarray, chip: tuple[np.ndarray, np.ndarray, np.ndarray],
    c: AttentionConfig, log: EventLog, kept: Kept, live: np.ndarray, j: int, rows: slice, *, rescale: bool,
) -> None:  # fmt: skip
    """Key tile ``j`` for the ``live`` row blocks of a wave whose ``rows`` are computed: one turn of the kernel's loop.

    Line 10 of the paper prints a wrong inverse; correct is acc <- diag(alpha) acc + P V_j with alpha = e^(m - m').
    """
    blocks, r0, r1 = row_blocks(c, live[0], live[-1] + 1)
    c0, c1, d = j * c.block_n, min((j + 1) * c.block_n, c.seq_k), c.head_dim
    first, last = (min(max(int(at), rows.start), rows.stop) for at in (r0[0], r1[-1]))  # of the live rows that are computed
    q_i, m_i, l_i, acc = (array[:, :, :, first - rows.start : last - rows.start] for array in (q_i, *chip))
    # load K_j: HBM -> SRAM
    k_j = K[..., c0:c1, :]
    log(Kind.LOAD_K, blocks, ((c0, c1), (0, d)), j=j, nbytes=k_j[0, 0, 0].nbytes)
    # S = scale Q_i K_j^T
    s = dot(q_i, k_j.swapaxes(-1, -2)) * np.float32(c.scale)
    log(Kind.QK_DOT, blocks, ((r0, r1), (c0, c1)), j=j, flops=2 * (r1 - r0) * k_j.shape[-2] * d)
    if len(by_mask := blocks[masked(c, r0, j)]):
        # S = -inf where a key is not seen
        s = np.where(seen(c, first, s.shape[-2], c0, c1), s, -INF)
        log(Kind.MASK, by_mask, (of_rows(c, by_mask[0], by_mask[-1] + 1), (c0, c1)), j=j)
    # m' = max(m, rowmax S)
    m_new = np.maximum(m_i, s.max(axis=-1))
    log(Kind.SOFTMAX_M, blocks, ((r0, r1), (0, 1)), j=j)
    m_use = np.where(m_new == -INF, ZERO, m_new)
    # alpha = e^(m - m')
    alpha = np.exp(m_i - m_use)
    log(Kind.ALPHA, blocks, ((r0, r1), (0, 1)), j=j)
    # P = e^(S - m')
    p = np.exp(s - m_use[..., None])
    log(Kind.SOFTMAX_P, blocks, ((r0, r1), (c0, c1)), j=j)
    # l <- alpha l + rowsum P
    l_i[...] = (l_i * alpha if rescale else l_i) + p.sum(axis=-1)
    log(Kind.SOFTMAX_L, blocks, ((r0, r1), (0, 1)), j=j)
    if rescale:
        # acc <- alpha acc
        acc[...] = acc * alpha[..., None]
        log(Kind.RESCALE_ACC, blocks, ((r0, r1), (0, d)), j=j)
    # load V_j: HBM -> SRAM
    v_j = V[..., c0:c1, :]
    log(Kind.LOAD_V, blocks, ((c0, c1), (0, d)), j=j, nbytes=v_j[0, 0, 0].nbytes)
    # acc <- acc + P V_j
    acc[...] += dot(rounded(p, K.dtype), v_j)
    log(Kind.PV_DOT, blocks, ((r0, r1), (0, d)), j=j, flops=2 * (r1 - r0) * v_j.shape[-2] * d)
    m_i[...] = m_new
    kept.tile(first, {"m": m_i, "l": l_i, "alpha": alpha, "acc": acc, "s": s, "p": p})


# ---------------------------------------------------------------------------------------------------------------------- fa1


def fa1(q: np.ndarray, k: np.ndarray, v: np.ndarray, c: AttentionConfig, log: EventLog, kept: Kept) -> Output:
    """FlashAttention, Algorithm 1: K/V outer, Q inner; O, l, m go through HBM at every inner step and O stays normalised.

    One program a head. The printed algorithm leaves out the scale; it is applied here. Arguments and result as ``fa2``; LSE is
    m + ln l of what the algorithm leaves in HBM.
    """
    Q, K, V = grouped(q, k, v)
    blocks, r0, r1 = row_blocks(c, 0, c.row_blocks)
    clock = log.in_turn(blocks, np.full(len(blocks), 3), 0)
    O = np.zeros_like(Q)
    log(Kind.INIT_O, blocks, ((r0, r1), (0, c.head_dim)), nbytes=cut(O, r0, r1))
    L = np.zeros(Q.shape[:-1], np.float32)
    log(Kind.INIT_L, blocks, ((r0, r1), (0, 1)), nbytes=cut(L, r0, r1, axis=-1))
    M = np.full(Q.shape[:-1], -INF)
    log(Kind.INIT_M, blocks, ((r0, r1), (0, 1)), nbytes=cut(M, r0, r1, axis=-1))
    for j, reached in meetings(c, blocks):
        c0, c1 = j * c.block_n, min((j + 1) * c.block_n, c.seq_k)
        clock = log.in_turn(reached[:1], np.array([2]), clock)
        # load K_j, V_j: HBM -> SRAM
        k_j = K[..., c0:c1, :]
        log(Kind.LOAD_K, reached[:1], ((c0, c1), (0, c.head_dim)), j=j, nbytes=k_j[0, 0, 0].nbytes, i=-1)
        v_j = V[..., c0:c1, :]
        log(Kind.LOAD_V, reached[:1], ((c0, c1), (0, c.head_dim)), j=j, nbytes=v_j[0, 0, 0].nbytes, i=-1)
        clock = log.in_turn(reached, FA1_STATEMENTS + masked(c, reached * c.block_m, j), clock)
        for first, last in waves(c, reached[0], reached[-1] + 1, c.block_n, kept):
            _fa1_tile(Q, k_j, v_j, (O, L, M), c, log, j, first, last, computed(c, kept, first, last))
    lse = np.where(L == 0, -INF, M + np.log(np.where(L == 0, ONE, L)))
    return O.reshape(q.shape), lse.reshape(q.shape[:-1])


FA1_STATEMENTS = 15  # of the inner step, without MASK


def _fa1_tile(
    Q: np.ndarray, k_j: np.ndarray, v_j: np.ndarray, hbm: tuple[np.ndarray, np.ndarray, np.ndarray],
    c: AttentionConfig, log: EventLog, j: int, first: int, last: int, rows: slice,
) -> None:  # fmt: skip
    """Row blocks ``first`` to ``last`` against key tile ``j``, ``rows`` computed: lines 8 to 13 of FlashAttention's Algorithm 1."""
    O, L, M = hbm
    blocks, r0, r1 = row_blocks(c, first, last)
    rows = slice(min(max(int(r0[0]), rows.start), rows.stop), rows.stop)
    c0, c1, d = j * c.block_n, min((j + 1) * c.block_n, c.seq_k), c.head_dim
    # load Q_i, O_i, l_i, m_i: HBM -> SRAM
    q_i = Q[..., rows, :]
    log(Kind.LOAD_Q, blocks, ((r0, r1), (0, d)), j=j, nbytes=cut(Q, r0, r1))
    o_i = O[..., rows, :].astype(np.float32)
    log(Kind.LOAD_O, blocks, ((r0, r1), (0, d)), j=j, nbytes=cut(O, r0, r1))
    l_i = L[..., rows]
    log(Kind.LOAD_L, blocks, ((r0, r1), (0, 1)), j=j, nbytes=cut(L, r0, r1, axis=-1))
    m_i = M[..., rows]
    log(Kind.LOAD_M, blocks, ((r0, r1), (0, 1)), j=j, nbytes=cut(M, r0, r1, axis=-1))
    # S = scale Q_i K_j^T
    s = dot(q_i, k_j.swapaxes(-1, -2)) * np.float32(c.scale)
    log(Kind.QK_DOT, blocks, ((r0, r1), (c0, c1)), j=j, flops=2 * (r1 - r0) * k_j.shape[-2] * d)
    if len(by_mask := blocks[masked(c, r0, j)]):
        # S = -inf where a key is not seen
        s = np.where(seen(c, rows.start, s.shape[-2], c0, c1), s, -INF)
        log(Kind.MASK, by_mask, (of_rows(c, by_mask[0], by_mask[-1] + 1), (c0, c1)), j=j)
    # m' = max(m, rowmax S)
    m_new = np.maximum(m_i, s.max(axis=-1))
    log(Kind.SOFTMAX_M, blocks, ((r0, r1), (0, 1)), j=j)
    m_use = np.where(m_new == -INF, ZERO, m_new)
    # alpha = e^(m - m')
    alpha = np.exp(m_i - m_use)
    log(Kind.ALPHA, blocks, ((r0, r1), (0, 1)), j=j)
    # P = e^(S - m')
    p = np.exp(s - m_use[..., None])
    log(Kind.SOFTMAX_P, blocks, ((r0, r1), (c0, c1)), j=j)
    # l' = alpha l + rowsum P
    l_new = l_i * alpha + p.sum(axis=-1)
    log(Kind.SOFTMAX_L, blocks, ((r0, r1), (0, 1)), j=j)
    # O_i <- (alpha l O_i + P V_j) / l'
    o_i = o_i * (l_i * alpha)[..., None]
    log(Kind.RESCALE_ACC, blocks, ((r0, r1), (0, d)), j=j)
    o_i = o_i + dot(rounded(p, Q.dtype), v_j)
    log(Kind.PV_DOT, blocks, ((r0, r1), (0, d)), j=j, flops=2 * (r1 - r0) * v_j.shape[-2] * d)
    o_i = o_i / np.where(l_new == 0, ONE, l_new)[..., None]
    log(Kind.NORMALIZE, blocks, ((r0, r1), (0, d)), j=j)
    # store O_i, l', m': SRAM -> HBM
    O[..., rows, :] = o_i.astype(Q.dtype)
    log(Kind.STORE_O, blocks, ((r0, r1), (0, d)), j=j, nbytes=cut(O, r0, r1))
    L[..., rows] = l_new
    log(Kind.STORE_L, blocks, ((r0, r1), (0, 1)), j=j, nbytes=cut(L, r0, r1, axis=-1))
    M[..., rows] = m_new
    log(Kind.STORE_M, blocks, ((r0, r1), (0, 1)), j=j, nbytes=cut(M, r0, r1, axis=-1))


# ----------------------------------------------------------------------------------------------------------------- standard


def standard(q: np.ndarray, k: np.ndarray, v: np.ndarray, c: AttentionConfig, log: EventLog, kept: Kept) -> Output:
    """Attention in three passes over HBM: S = scale Q K^T, P = softmax(S), O = P V. S and P are stored in the inputs' dtype.

    Each pass is a launch of its own; softmax has its statistics over whole rows. Arguments as ``fa2``; there is no LSE.
    """
    Q, K, V = grouped(q, k, v)
    O = np.full_like(Q, np.nan)
    for first, last in waves(c, 0, c.row_blocks, max(1, c.seq_k // 8), kept):  # only a wave's rows of S and P are held at once
        wave = row_blocks(c, first, last)
        rows = computed(c, kept, first, last)
        S = _scores(Q, K, c, log, wave, rows)
        P = _softmax(S, c, log, wave)
        del S
        O[..., rows, :] = _blend(P, V, O, c, log, wave)
    return O.reshape(q.shape), None


def _scores(Q: np.ndarray, K: np.ndarray, c: AttentionConfig, log: EventLog, wave: Wave, rows: slice) -> np.ndarray:
    """First pass: each tile of S is computed, masked where a query does not see a key, and stored."""
    blocks, r0, r1 = wave
    # load Q_i: HBM -> SRAM
    q_i = Q[..., rows, :]
    log(Kind.LOAD_Q, blocks, ((r0, r1), (0, c.head_dim)), nbytes=cut(Q, r0, r1))
    S = np.zeros((*q_i.shape[:-1], c.seq_k), Q.dtype)
    in_hbm = scores_in_hbm(c)
    for j in range(c.col_blocks):
        c0, c1 = j * c.block_n, min((j + 1) * c.block_n, c.seq_k)
        # load K_j: HBM -> SRAM
        k_j = K[..., c0:c1, :]
        log(Kind.LOAD_K, blocks, ((c0, c1), (0, c.head_dim)), j=j, nbytes=k_j[0, 0, 0].nbytes)
        # S = scale Q_i K_j^T
        s = dot(q_i, k_j.swapaxes(-1, -2)) * np.float32(c.scale)
        log(Kind.QK_DOT, blocks, ((r0, r1), (c0, c1)), j=j, flops=2 * (r1 - r0) * k_j.shape[-2] * c.head_dim)
        if len(by_mask := blocks[masked(c, r0, j)]):
            # S = -inf where a key is not seen
            s = np.where(seen(c, rows.start, s.shape[-2], c0, c1), s, -INF)
            log(Kind.MASK, by_mask, (of_rows(c, by_mask[0], by_mask[-1] + 1), (c0, c1)), j=j)
        # store S_ij: SRAM -> HBM
        S[..., c0:c1] = s.astype(Q.dtype)
        log(Kind.STORE_S, blocks, ((r0, r1), (c0, c1)), j=j, nbytes=cut(in_hbm[..., c0:c1], r0, r1))
    return S


def _softmax(S: np.ndarray, c: AttentionConfig, log: EventLog, wave: Wave) -> np.ndarray:
    """Second pass: whole rows of S come back, their weights P are stored."""
    blocks, r0, r1 = wave
    s, in_hbm = np.zeros(S.shape, np.float32), scores_in_hbm(c)
    for j in range(c.col_blocks):
        c0, c1 = j * c.block_n, min((j + 1) * c.block_n, c.seq_k)
        # load S_ij: HBM -> SRAM
        s[..., c0:c1] = S[..., c0:c1]
        log(Kind.LOAD_S, blocks, ((r0, r1), (c0, c1)), j=j, nbytes=cut(in_hbm[..., c0:c1], r0, r1))
    # m = rowmax S
    m = s.max(axis=-1, initial=-INF)
    log(Kind.SOFTMAX_M, blocks, ((r0, r1), (0, 1)))
    e = np.exp(s - np.where(m == -INF, ZERO, m)[..., None], out=s)
    # l = rowsum e^(S - m)
    l_i = e.sum(axis=-1)
    log(Kind.SOFTMAX_L, blocks, ((r0, r1), (0, 1)))
    # weights P = e^(S - m) / l
    p = np.divide(e, np.where(l_i == 0, ONE, l_i)[..., None], out=e)
    log(Kind.SOFTMAX_P, blocks, ((r0, r1), (0, c.seq_k)))
    P = np.zeros_like(S)
    for j in range(c.col_blocks):
        c0, c1 = j * c.block_n, min((j + 1) * c.block_n, c.seq_k)
        # store P_ij: SRAM -> HBM
        P[..., c0:c1] = rounded(p[..., c0:c1], S.dtype)
        log(Kind.STORE_P, blocks, ((r0, r1), (c0, c1)), j=j, nbytes=cut(in_hbm[..., c0:c1], r0, r1))
    return P


def _blend(P: np.ndarray, V: np.ndarray, O: np.ndarray, c: AttentionConfig, log: EventLog, wave: Wave) -> np.ndarray:
    """Third pass: P comes back and blends V."""
    blocks, r0, r1 = wave
    acc, in_hbm = np.zeros((*P.shape[:-1], c.head_dim), np.float32), scores_in_hbm(c)
    for j in range(c.col_blocks):
        c0, c1 = j * c.block_n, min((j + 1) * c.block_n, c.seq_k)
        # load P_ij, V_j: HBM -> SRAM
        p = P[..., c0:c1]
        log(Kind.LOAD_P, blocks, ((r0, r1), (c0, c1)), j=j, nbytes=cut(in_hbm[..., c0:c1], r0, r1))
        v_j = V[..., c0:c1, :]
        log(Kind.LOAD_V, blocks, ((c0, c1), (0, c.head_dim)), j=j, nbytes=v_j[0, 0, 0].nbytes)
        # acc <- acc + P V_j
        acc += dot(p, v_j)
        log(Kind.PV_DOT, blocks, ((r0, r1), (0, c.head_dim)), j=j, flops=2 * (r1 - r0) * v_j.shape[-2] * c.head_dim)
    # store O_i: SRAM -> HBM
    o_i = acc.astype(P.dtype)
    log(Kind.STORE_O, blocks, ((r0, r1), (0, c.head_dim)), nbytes=cut(O, r0, r1))
    return o_i


# ------------------------------------------------------------------------------------------------------------ tiles and rows


def grouped(q: np.ndarray, k: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Views [B, H_kv, H / H_kv, N, d]: query heads beside the key/value head that they share."""
    b, h, n_q, d = q.shape
    return q.reshape(b, k.shape[1], h // k.shape[1], n_q, d), k[:, :, None], v[:, :, None]


def waves(c: AttentionConfig, first: int, last: int, width: int, kept: Kept) -> Iterator[tuple[int, int]]:
    """Row blocks ``first`` to ``last`` in stretches whose computed scores, ``width`` columns of all heads, stay within ``LANES``."""
    many = max(1, LANES // (c.batch * c.heads * c.block_m * width)) if kept.computed is None else c.row_blocks
    return ((at, min(at + many, int(last))) for at in range(int(first), int(last), many))


def computed(c: AttentionConfig, kept: Kept, first: int, last: int) -> slice:
    """The rows of row blocks ``first`` to ``last`` that are computed: all, or those of ``kept.computed``, which is one wave's."""
    start, stop = (first, last) if kept.computed is None else (kept.computed.start, kept.computed.stop)
    return slice(min(start * c.block_m, c.seq_q), min(stop * c.block_m, c.seq_q))


def meetings(c: AttentionConfig, blocks: np.ndarray, order: Sequence[int] | None = None) -> Iterator[tuple[int, np.ndarray]]:
    """Key tiles that some of the row ``blocks`` visit, in ``order`` or as they stand, and which do: neighbours, under any mask here."""
    first, last = np.array([(tiles.start, tiles.stop) for tiles in map(c.key_tiles, blocks.tolist())]).T
    for j in range(c.col_blocks) if order is None else order:
        if len(live := blocks[(first <= j) & (j < last)]):
            yield j, live


def row_blocks(c: AttentionConfig, first: int, last: int) -> Wave:
    """Indices of the row blocks ``first`` to ``last``, their first rows and one past their last rows, clipped at N_q."""
    blocks = np.arange(first, last)
    return blocks, blocks * c.block_m, np.minimum((blocks + 1) * c.block_m, c.seq_q)


def of_rows(c: AttentionConfig, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
    """First rows of the row blocks ``first`` to ``last``, and one past their last rows: an axis of a box."""
    _, r0, r1 = row_blocks(c, first, last)
    return r0, r1


def scores_in_hbm(c: AttentionConfig) -> np.ndarray:
    """S or P as HBM has it, [1, 1, 1, N_q, N_k]: its shape and dtype, of which tiles are cut; a wave holds its own rows' numbers."""
    return np.broadcast_to(np.zeros((), numpy_dtype(c.dtype)), (1, 1, 1, c.seq_q, c.seq_k))


def cut(array: np.ndarray, r0: np.ndarray, r1: np.ndarray, axis: int = -2) -> np.ndarray | int:
    """Bytes of each row block's slice of one head: one number, unless the last row block is less high than the others."""
    head = array[0, 0, 0]
    assert head.ndim == -axis
    first, last = head[r0[0] : r1[0]].nbytes, head[r0[-1] : r1[-1]].nbytes
    return first if first == last else np.append(np.full(len(r0) - 1, first), last)


def dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Product of tiles of the inputs' dtype, accumulated in float32."""
    return np.asarray(np.matmul(a.astype(np.float32, copy=False), b.astype(np.float32, copy=False)))


def masked(c: AttentionConfig, r0: np.ndarray | int, j: np.ndarray | int) -> np.ndarray:
    """Row blocks that meet key tile j on the masked path, or of several which ones: those ragged or beyond the first row's sight."""
    ragged = (j + 1) * c.block_n > c.seq_k
    diagonal = (j + 1) * c.block_n - 1 > r0 + c.seq_k - c.seq_q
    return np.asarray(ragged | (c.causal & diagonal))


def seen(c: AttentionConfig, first_row: int, rows: int, c0: int, c1: int) -> np.ndarray:
    """Which keys c0..c1 the rows see; a ragged tile has no others, since slices are clipped."""
    if not c.causal:
        return np.ones((rows, c1 - c0), bool)
    return first_row + np.arange(rows)[:, None] + c.seq_k - c.seq_q >= np.arange(c0, c1)[None, :]
