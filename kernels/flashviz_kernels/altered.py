"""FlashAttention-2 with one thing changed, for what is learnt from it: without the rescale, or with key tiles in another order.

Traces of their own, kept out of ``record``: their header says what was altered, and neither ``verify`` nor a film takes them for the
algorithm. One program runs after the other here; else the statements are those of ``twins.fa2``.
"""

# l and O are the symbols of the papers; comments are their equations

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from flashviz.config import AttentionConfig
from flashviz.errors import UsageError
from flashviz.inputs import make_inputs
from flashviz.trace import Kind, Trace
from flashviz.trace.recording import NO_RESCALE
from flashviz_kernels.log import EventLog, Kept
from flashviz_kernels.recorder import Run, header_of
from flashviz_kernels.reference import rounded
from flashviz_kernels.source import source_of
from flashviz_kernels.twins import INF, ONE, ZERO, cut, dot, grouped, masked, row_blocks, seen

IN_ORDER = "key tiles in the order "

ORDERS = 64  # that are tried

Program = tuple[int, int]


def without_rescale(config: AttentionConfig, snapshots: Iterable[Program] | None = None) -> Run:
    """The algorithm without alpha: l and acc keep terms that were measured from older maxima. Right only where no max rises.

    Args:
        config: The problem; its inputs are made by its own recipe.
        snapshots: Programs whose values are kept; None for all.
    """
    return _run(config, range(config.col_blocks), snapshots, rescale=False, altered=NO_RESCALE)


def in_order(config: AttentionConfig, order: Sequence[int], snapshots: Iterable[Program] | None = None) -> Run:
    """The algorithm with key tiles visited in ``order``: the same O up to rounding, and the same bytes.

    Raises:
        UsageError: ``order`` is not every key tile once.
    """
    if sorted(order) != list(range(config.col_blocks)):
        raise UsageError(
            f"order must name each of {config.col_blocks} key tiles once, got {list(order)}; shuffle range({config.col_blocks})"
        )
    return _run(config, order, snapshots, rescale=True, altered=IN_ORDER + ", ".join(map(str, order)))


def shuffled(scores: np.ndarray, block_n: int) -> list[int]:
    """The first random order of key tiles that begins elsewhere and in which a row with these ``scores`` [N_k] rises again later.

    Where there is none (one tile, or the row sees one alone), the reverse.
    """
    peaks = [float(scores[at : at + block_n].max()) for at in range(0, len(scores), block_n)]
    for seed in range(ORDERS):
        order = [int(j) for j in np.random.default_rng(seed).permutation(len(peaks))]
        if order[:1] != [0] and peaks[order[0]] < max(peaks):
            return order
    return list(range(len(peaks)))[::-1]


def _run(
    config: AttentionConfig, order: Sequence[int], snapshots: Iterable[Program] | None, *, rescale: bool, altered: str
) -> Run:  # fmt: skip
    every = [(i, bh) for bh in range(config.batch * config.heads) for i in range(config.row_blocks)]
    kept = Kept.of(config, every if snapshots is None else snapshots, stats=False)
    arrays, log = make_inputs(config), EventLog(config)
    o, lse = fa2_altered(*arrays, config, log, kept, order=order, rescale=rescale)
    text = source_of(fa2_altered)
    header = header_of(config, "fa2", "numpy", arrays, text, {}, altered=altered)
    return Run(Trace(header, log.columns(), snapshots=kept.snapshots()), o, lse)


def fa2_altered(
    q: np.ndarray, k: np.ndarray, v: np.ndarray, c: AttentionConfig, log: EventLog, kept: Kept,
    *, order: Sequence[int], rescale: bool,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """FlashAttention-2 over key tiles in ``order``; without ``rescale`` it is wrong on purpose. Arguments as ``twins.fa2``."""
    Q, K, V = grouped(q, k, v)
    O, LSE, d = np.full_like(Q, np.nan), np.full(Q.shape[:-1], np.nan, np.float32), c.head_dim
    for i in range(c.row_blocks):
        block, r0, r1 = row_blocks(c, i, i + 1)
        rows = slice(r0[0], r1[0])
        # load Q_i: HBM -> SRAM
        q_i = Q[..., rows, :].astype(np.float32)
        log(Kind.LOAD_Q, block, -1, r0, r1, 0, d, nbytes=cut(Q, r0, r1))
        m_i, l_i, acc = np.full(q_i.shape[:-1], -INF), np.zeros(q_i.shape[:-1], np.float32), np.zeros(q_i.shape, np.float32)
        for t, j in enumerate(j for j in order if j < c.visited(i)):
            c0, c1 = j * c.block_n, min((j + 1) * c.block_n, c.seq_k)
            # load K_j: HBM -> SRAM
            k_j = K[..., c0:c1, :]
            log(Kind.LOAD_K, block, j, c0, c1, 0, d, nbytes=k_j[0, 0, 0].nbytes)
            # S = scale Q_i K_j^T
            s = dot(q_i, k_j.swapaxes(-1, -2)) * np.float32(c.scale)
            log(Kind.QK_DOT, block, j, r0, r1, c0, c1, flops=2 * (r1 - r0) * (c1 - c0) * d)
            if masked(c, r0, j).any():
                # S = -inf where a key is not seen
                s = np.where(seen(c, rows.start, s.shape[-2], c0, c1), s, -INF)
                log(Kind.MASK, block, j, r0, r1, c0, c1)
            # m' = max(m, rowmax S)
            m_new = np.maximum(m_i, s.max(axis=-1))
            log(Kind.SOFTMAX_M, block, j, r0, r1, 0, 1)
            m_use = np.where(m_new == -INF, ZERO, m_new)
            # alpha = e^(m - m')
            alpha = np.exp(m_i - m_use)
            log(Kind.ALPHA, block, j, r0, r1, 0, 1)
            # P = e^(S - m')
            p = np.exp(s - m_use[..., None])
            log(Kind.SOFTMAX_P, block, j, r0, r1, c0, c1)
            # l <- alpha l + rowsum P
            l_i = (l_i * alpha if rescale else l_i) + p.sum(axis=-1)
            log(Kind.SOFTMAX_L, block, j, r0, r1, 0, 1)
            if rescale:
                # acc <- alpha acc
                acc = acc * alpha[..., None]
                log(Kind.RESCALE_ACC, block, j, r0, r1, 0, d)
            # load V_j: HBM -> SRAM
            v_j = V[..., c0:c1, :]
            log(Kind.LOAD_V, block, j, c0, c1, 0, d, nbytes=v_j[0, 0, 0].nbytes)
            # acc <- acc + P V_j
            acc = acc + dot(rounded(p, K.dtype), v_j)
            log(Kind.PV_DOT, block, j, r0, r1, 0, d, flops=2 * (r1 - r0) * (c1 - c0) * d)
            m_i = m_new
            kept.tile(t, rows.start, {"m": m_i, "l": l_i, "alpha": alpha, "acc": acc, "s": s, "p": p})
        # divide once: O_i = acc / l
        l_use = np.where(l_i == 0, ONE, l_i)
        o_i = acc / l_use[..., None]
        log(Kind.NORMALIZE, block, -1, r0, r1, 0, d)
        # store O_i: SRAM -> HBM
        O[..., rows, :] = o_i.astype(q.dtype)
        log(Kind.STORE_O, block, -1, r0, r1, 0, d, nbytes=cut(O, r0, r1))
        # store LSE_i = m + ln l: SRAM -> HBM
        LSE[..., rows] = np.where(l_i == 0, -INF, m_i + np.log(l_use))
        log(Kind.STORE_LSE, block, -1, r0, r1, 0, 1, nbytes=cut(LSE, r0, r1, axis=-1))
    return O.reshape(q.shape), LSE.reshape(q.shape[:-1])
