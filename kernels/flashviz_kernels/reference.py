"""The ladder: naive attention -> online softmax -> tiled attention. Each rung is tested against the one before.

Everything here is float64 and knows nothing of traces. ``naive`` is the truth that every kernel and twin is held to.
"""

# l and O are the symbols of the papers

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from flashviz.config import AttentionConfig
from flashviz.inputs import numpy_dtype

MIB = 1 << 20
SLAB = 64 * MIB  # bytes of scores held at once


def causal_mask(n_q: int, n_k: int, rows: slice = slice(None)) -> np.ndarray:
    """Which key each query of ``rows`` sees [rows, N_k], bottom-right aligned: query r sees keys up to r + N_k - N_q."""
    return np.arange(n_q)[rows, None] + n_k - n_q >= np.arange(n_k)[None, :]


def naive(q: np.ndarray, k: np.ndarray, v: np.ndarray, *, scale: float, causal: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """O = softmax(scale Q K^T) V and LSE = log sum exp, in float64, whole rows at once.

    Args:
        q: [B, H, N_q, d].
        k: [B, H_kv, N_k, d], where H_kv divides H.
        v: The same shape as ``k``; here its last dimension may be another, d_v.
        scale: Factor on the scores.
        causal: Bottom-right aligned mask. A row that sees no key gives O = 0 and LSE = -inf.

    Returns:
        O [B, H, N_q, d_v] and LSE [B, H, N_q].
    """
    heads, n_q, n_k = q.shape[1], q.shape[2], k.shape[2]
    o, lse = np.zeros((*q.shape[:3], v.shape[-1])), np.full(q.shape[:3], -np.inf)
    if not n_k:
        return o, lse
    for b, h in np.ndindex(q.shape[:2]):
        hk = h // (heads // k.shape[1])
        keys, values = k[b, hk].astype(np.float64), v[b, hk].astype(np.float64)
        for rows in slabs(n_q, n_k * 8):
            s = q[b, h, rows].astype(np.float64) @ keys.T * scale
            s = np.where(causal_mask(n_q, n_k, rows), s, -np.inf) if causal else s
            m = np.max(s, axis=1, keepdims=True)
            p = np.exp(s - np.where(m == -np.inf, 0, m))
            l = p.sum(axis=1, keepdims=True)
            o[b, h, rows] = p @ values / np.where(l == 0, 1, l)
            lse[b, h, rows] = np.where(l == 0, -np.inf, m + np.log(np.where(l == 0, 1, l)))[:, 0]
    return o, lse


def slabs(n_rows: int, bytes_a_row: int) -> list[slice]:
    """Rows in slabs that take at most ``SLAB`` bytes each."""
    step = max(1, SLAB // max(1, bytes_a_row))
    return [slice(at, min(at + step, n_rows)) for at in range(0, n_rows, step)]


def merge(m_a: np.ndarray, l_a: np.ndarray, m_b: np.ndarray, l_b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The (max, sum) of two stretches of a row: associative and commutative (Milakov & Gimelshein 2018, section 3.1)."""
    m = np.maximum(m_a, m_b)
    base = np.where(m == -np.inf, 0, m)
    return m, l_a * np.exp(m_a - base) + l_b * np.exp(m_b - base)


def online_softmax(s: np.ndarray, width: int) -> np.ndarray:
    """softmax over the last axis of ``s`` [..., N], whose (m, l) come from one pass over stretches of ``width`` columns.

    Milakov & Gimelshein 2018, Algorithm 3.
    """
    m, l = np.full(s.shape[:-1], -np.inf), np.zeros(s.shape[:-1])
    for at in range(0, s.shape[-1], width):
        stretch = s[..., at : at + width]
        peak = stretch.max(axis=-1)
        m, l = merge(m, l, peak, np.exp(stretch - peak[..., None]).sum(axis=-1))
    return np.asarray(np.exp(s - m[..., None]) / l[..., None])


def tiled(
    q: np.ndarray, k: np.ndarray, v: np.ndarray, *, scale: float, causal: bool = False, block_m: int, block_n: int
) -> tuple[np.ndarray, np.ndarray]:
    """FlashAttention-2, Algorithm 1, tile by tile in float64. Shapes as in ``naive``.

    Line 10 of the paper prints a wrong inverse; correct is O_i <- diag(exp(m_old - m_new)) O_i + P V_j.
    """
    heads, n_q, n_k = q.shape[1], q.shape[2], k.shape[2]
    o, lse = np.zeros(q.shape), np.full(q.shape[:3], -np.inf)
    for b, h, r0 in ((b, h, r0) for b, h in np.ndindex(q.shape[:2]) for r0 in range(0, n_q, block_m)):
        rows, hk = slice(r0, min(r0 + block_m, n_q)), h // (heads // k.shape[1])
        q_i = q[b, h, rows].astype(np.float64)
        m, l, acc = np.full(len(q_i), -np.inf), np.zeros(len(q_i)), np.zeros(q_i.shape)
        for c0 in range(0, n_k, block_n):
            cols = slice(c0, min(c0 + block_n, n_k))
            s = q_i @ k[b, hk, cols].astype(np.float64).T * scale
            s = np.where(causal_mask(n_q, n_k, rows)[:, cols], s, -np.inf) if causal else s
            m_new = np.maximum(m, s.max(axis=1))
            base = np.where(m_new == -np.inf, 0, m_new)
            alpha = np.exp(m - base)
            p = np.exp(s - base[:, None])
            l = l * alpha + p.sum(axis=1)
            acc = acc * alpha[:, None] + p @ v[b, hk, cols].astype(np.float64)
            m = m_new
        divisor = np.where(l == 0, 1, l)
        o[b, h, rows] = acc / divisor[:, None]
        lse[b, h, rows] = np.where(l == 0, -np.inf, m + np.log(divisor))
    return o, lse


# ------------------------------------------------------------------------------------------------------ how exact is exact


@np.errstate(over="ignore", invalid="ignore")  # a score beyond the dtype's range is infinite and spoils its row
def low_precision(
    q: np.ndarray, k: np.ndarray, v: np.ndarray, *, scale: float, causal: bool, rounded_scores: bool
) -> tuple[np.ndarray, np.ndarray]:
    """The untiled reference in the precision of a kernel: S in float32, P rounded to the dtype, float32 accumulation, O rounded.

    Args:
        q: [B, H, N_q, d]; ``k`` and ``v`` [B, H_kv, N_k, d].
        k: Keys.
        v: Values.
        scale: Factor on the scores.
        causal: As in ``naive``.
        rounded_scores: S is rounded to the dtype too, as where standard attention stores it in HBM.

    Returns:
        O in the dtype of ``q``, LSE in float32. Scores beyond the range of what holds them are infinite and give NaN.
    """
    dtype, heads, n_q, n_k = q.dtype, q.shape[1], q.shape[2], k.shape[2]
    o, lse = np.zeros((*q.shape[:3], v.shape[-1]), dtype), np.full(q.shape[:3], -np.inf, np.float32)
    if not n_k:
        return o, lse
    for b, h in np.ndindex(q.shape[:2]):
        hk = h // (heads // k.shape[1])
        keys, values = k[b, hk].astype(np.float32), v[b, hk].astype(np.float32)
        for rows in slabs(n_q, n_k * 4):
            s = q[b, h, rows].astype(np.float32) @ keys.T * np.float32(scale)
            s = s.astype(dtype).astype(np.float32) if rounded_scores else s
            s = np.where(causal_mask(n_q, n_k, rows), s, np.float32(-np.inf)) if causal else s
            m = np.max(s, axis=1, keepdims=True)
            p = np.exp(s - np.where(m == -np.inf, np.float32(0), m))
            l = p.sum(axis=1, keepdims=True)
            weights = p / np.where(l == 0, np.float32(1), l) if rounded_scores else p
            out = rounded(weights, dtype) @ values
            o[b, h, rows] = (out if rounded_scores else out / np.where(l == 0, np.float32(1), l)).astype(dtype)
            lse[b, h, rows] = np.where(l == 0, -np.inf, m + np.log(np.where(l == 0, np.float32(1), l)))[:, 0]
    return o, lse


def rounded(p: np.ndarray, dtype: np.dtype[np.generic]) -> np.ndarray:
    """Weights 0..1 (float32) as ``p.astype(dtype)`` holds them, still in float32.

    NumPy's own cast to float16 needs some 100 ns for a number that becomes subnormal, and most weights do. Here: to nearest even
    at bit 13 of the mantissa; and below 2^-14, where float16 counts in steps of 2^-24, as does float32 between 1/2 and 1.
    """
    if dtype != np.float16:
        return np.asarray(p.astype(dtype).astype(np.float32))
    bits = p.view(np.uint32)
    normal = (bits + np.uint32(0x0FFF) + ((bits >> np.uint32(13)) & np.uint32(1))) & np.uint32(0xFFFFE000)
    return np.where(p < np.float32(2**-14), (p + np.float32(0.5)) - np.float32(0.5), normal.view(np.float32))


@dataclass(frozen=True)
class Tolerance:
    """Bounds on max |O - O64| and max |LSE - LSE64|, and the reference errors that they come from."""

    output: float
    lse: float
    reference_error: float
    reference_lse_error: float


def max_error(got: np.ndarray, truth: np.ndarray) -> float:
    """max |got - truth|; equal infinities differ by 0, a NaN on one side alone by infinity."""
    got, truth = got.astype(np.float64), truth.astype(np.float64)
    same = (got == truth) | (np.isnan(got) & np.isnan(truth))
    with np.errstate(invalid="ignore"):
        gap = np.where(same, 0.0, np.abs(got - truth))
    return float(np.max(np.where(np.isnan(gap), np.inf, gap), initial=0.0))


def rounding(truth: np.ndarray, dtype: np.dtype[np.generic]) -> float:
    """max |(o64 + 0.3 - 0.3) - o64| evaluated in the dtype: what storing and adding in it costs (flash-attention's own tests)."""
    step = dtype.type(0.3)
    stored = truth.astype(dtype)
    return max_error(stored + step - step, stored)


def tolerance(
    arrays: tuple[np.ndarray, np.ndarray, np.ndarray], config: AttentionConfig,
    *, rounded_scores: bool = False, rounded_output: bool = False,
) -> Tolerance:  # fmt: skip
    """How far a correct implementation may be from ``naive``.

    err <= 2 x (error of the low-precision reference) + 2 x (rounding of the dtype). fp32 besides scales with eps x max |S|. With
    ``rounded_scores`` S and P are rounded too, as standard attention stores them; with ``rounded_output`` there is T_c times the rounding
    term, since O is rounded at each step, as in FlashAttention of 2022. LSE: 2 x the float32 error + 1e-5 x max(1, |LSE|). A bound
    is infinite where the low-precision reference breaks down itself: nothing can be said of an output then.
    """
    q, k, v = arrays
    truth, lse = naive(q, k, v, scale=config.scale, causal=config.causal)
    o_low, lse_low = low_precision(q, k, v, scale=config.scale, causal=config.causal, rounded_scores=rounded_scores)
    dtype = numpy_dtype(config.dtype)
    reference_error, reference_lse_error = max_error(o_low, truth), max_error(lse_low, lse)
    bound = 2 * reference_error + 2 * rounding(truth, dtype) * (max(1, config.col_blocks) if rounded_output else 1)
    if config.dtype == "float32":
        bound += float(np.finfo(np.float32).eps) * largest_score(q, k, config.scale) * float(np.max(np.abs(v), initial=0))
    finite = np.abs(lse[np.isfinite(lse)])
    lse_bound = 2 * reference_lse_error + 1e-5 * max(1.0, float(np.max(finite, initial=0)))
    return Tolerance(bound, lse_bound, reference_error, reference_lse_error)


def largest_score(q: np.ndarray, k: np.ndarray, scale: float) -> float:
    """max |S| over all heads, before any mask."""
    group, largest = q.shape[1] // k.shape[1], 0.0
    for b, h in np.ndindex(q.shape[:2]):
        keys = k[b, h // group].astype(np.float32)
        for rows in slabs(q.shape[2], k.shape[2] * 4):
            largest = max(largest, float(np.max(np.abs(q[b, h, rows].astype(np.float32) @ keys.T), initial=0)))
    return abs(scale) * largest


# ------------------------------------------------------------------------------------------------------------------ gradients


@np.errstate(over="ignore", invalid="ignore")
def gradients(
    q: np.ndarray, k: np.ndarray, v: np.ndarray, do: np.ndarray, o: np.ndarray, lse: np.ndarray,
    *, scale: float, causal: bool, work: type[np.floating[Any]] = np.float64, narrow: np.dtype[Any] | None = None, absolute: bool = False,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """dQ, dK and dV of the sum of dO o O, whole rows at once (Dao et al. 2022, appendix B.4).

    dV = P^T dO, dP = dO V^T, dS = P o (dP - D) with D = rowsum(dO o O), dQ = scale dS K, dK = scale dS^T Q.

    Args:
        q: [B, H, N_q, d], as ``do`` and ``o``.
        k: [B, H_kv, N_k, d], as ``v``. Its gradient is summed over the H / H_kv heads that share it.
        v: Values.
        do: What comes from the loss.
        o: Of the forward pass.
        lse: Likewise, [B, H, N_q].
        scale: Factor on the scores.
        causal: As in ``naive``.
        work: In what is computed and summed.
        narrow: What P, dS and the gradients are rounded to: the precision of a kernel. None rounds nothing.
        absolute: All terms of the sums with their absolute values: what the rounding of terms and sums is measured by.

    Returns:
        dQ, dK and dV as ``q``, ``k`` and ``v``, in ``narrow``, or ``work`` where there is none.
    """
    heads, n_q, n_k = q.shape[1], q.shape[2], k.shape[2]
    as_stored = np.dtype(work) if narrow is None else narrow
    dq, dk, dv = (np.zeros(each.shape, work) for each in (q, k, v))
    for b, h in np.ndindex(q.shape[:2]):
        hk = h // (heads // k.shape[1])
        keys, values = k[b, hk].astype(work), v[b, hk].astype(work)
        for rows in slabs(n_q, max(1, n_k) * 8):
            q_i, do_i, o_i, lse_i = (each[b, h, rows].astype(work) for each in (q, do, o, lse))
            s = q_i @ keys.T * work(scale)
            s = np.where(causal_mask(n_q, n_k, rows), s, -work(np.inf)) if causal else s
            p = np.exp(s - np.where(lse_i == -np.inf, work(np.inf), lse_i)[:, None])
            if absolute:
                q_i, do_i, o_i, keys, values = (np.abs(each) for each in (q_i, do_i, o_i, keys, values))
            dp, d = do_i @ values.T, (do_i * o_i).sum(axis=1, keepdims=True)
            ds = (p * (dp + d if absolute else dp - d)).astype(as_stored).astype(work)
            dv[b, hk] += p.astype(as_stored).astype(work).T @ do_i
            dq[b, h, rows] = ds @ keys * work(abs(scale) if absolute else scale)
            dk[b, hk] += ds.T @ q_i * work(abs(scale) if absolute else scale)
    return dq.astype(as_stored), dk.astype(as_stored), dv.astype(as_stored)


def gradient_tolerance(
    arrays: tuple[np.ndarray, ...], dtype: np.dtype[Any], *, scale: float, causal: bool
) -> tuple[tuple[float, float], ...]:  # fmt: skip
    """How far dQ, dK and dV of a correct implementation may be from float64, each with the error of the low-precision reference.

    As ``tolerance``: 2 x that error + 2 x (rounding of the dtype); and, since S, dP and all sums are float32, eps of float32 x
    (1 + sqrt(d) / 2 x max sum |scale q k|) x the largest sum of absolute terms. A score is a sum of d products in an order that each
    machine chooses: it is off by sqrt(d) units of rounding of the sum of their sizes, where roundings are independent (Higham and Mary
    2019), and what it is off by is a relative error of its weight.

    Args:
        arrays: Q, K, V, dO, and O and LSE as the forward pass kept them.
        dtype: Theirs.
        scale: Factor on the scores.
        causal: As in ``naive``.
    """
    q, k, v, do, o, lse = arrays
    exact = naive(q, k, v, scale=scale, causal=causal)
    truth = gradients(q, k, v, do, *exact, scale=scale, causal=causal)
    low = gradients(q, k, v, do, o, lse, scale=scale, causal=causal, work=np.float32, narrow=dtype)
    terms = gradients(q, k, v, do, *exact, scale=scale, causal=causal, absolute=True)
    score = np.sqrt(q.shape[3]) / 2 * largest_score(np.abs(q), np.abs(k), scale)
    eps = float(np.finfo(np.float32).eps) * (1 + float(score))
    found = []
    for right, rough, most in zip(truth, low, terms, strict=True):
        error = max_error(rough, right)
        found.append((2 * error + 2 * rounding(right, dtype) + eps * float(np.max(most, initial=0)), error))
    return tuple(found)
