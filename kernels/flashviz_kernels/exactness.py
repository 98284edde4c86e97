"""How far an output is from the truth: what the film's last beat pairs, and the chapter on exactness measures."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from flashviz.config import AttentionConfig
from flashviz.inputs import make_inputs, numpy_dtype
from flashviz_kernels import twins
from flashviz_kernels.algorithms.standard import ALGORITHM
from flashviz_kernels.reference import causal_mask, max_error, naive, slabs


@lru_cache(maxsize=1)
def truth_of(config: AttentionConfig) -> np.ndarray:
    """O [B, H, N_q, d] in float64, of the config's own inputs. Treat it as read-only: a film asks for it once an algorithm."""
    return naive(*make_inputs(config), scale=config.scale, causal=config.causal)[0]


def scores_stored(config: AttentionConfig) -> np.ndarray:
    """O [B, H, N_q, d] in float64 as ``truth_of`` has it, but S is rounded to the dtype: standard attention stores it so."""
    _, _, v = make_inputs(config)
    stored = numpy_dtype(config.dtype)
    o = np.zeros((*v.shape[:1], config.heads, config.seq_q, config.head_dim))
    for (b, h), rows, exact in scores(config):
        s = exact.astype(stored).astype(np.float64)
        m = s.max(axis=1, keepdims=True)
        p = np.exp(s - np.where(m == -np.inf, 0, m))
        l = p.sum(axis=1, keepdims=True)
        o[b, h, rows] = p / np.where(l == 0, 1, l) @ v[b, h // config.group].astype(np.float64)
    return o


def row_furthest(
    config: AttentionConfig, o: np.ndarray
) -> tuple[tuple[int, int, int, int], dict[str, tuple[np.ndarray, np.ndarray]]]:  # fmt: skip
    """Where standard attention's O [B, H, N_q, d] is furthest from the truth, and what of: the entry's place in O, and of its row the
    scores S [N_k] and the weights P [N_k], in float64 (``truth``) and as standard attention's twin stores them (``standard``).
    """
    b, h, row, column = (int(each) for each in np.unravel_index(np.abs(o - truth_of(config)).argmax(), o.shape))
    exact = next(s[row - rows.start] for place, rows, s in scores(config) if place == (b, h) and row in range(*rows.indices(config.seq_q)))
    e = np.exp(exact - exact.max())
    q, k, _ = twins.grouped(*make_inputs(config))
    wave, log = twins.row_blocks(config, row // config.block_m, row // config.block_m + 1), ALGORITHM.log(config)
    s = twins._scores(q, k, config, log, wave, slice(int(wave[1][0]), int(wave[2][0])))
    at = (b, *divmod(h, config.group), row % config.block_m)
    stored = (s[at].astype(np.float64), twins._softmax(s, config, log, wave)[at].astype(np.float64))
    return (b, h, row, column), {"truth": (exact, e / e.sum()), "standard": stored}


def scores(config: AttentionConfig) -> Iterator[tuple[tuple[int, int], slice, np.ndarray]]:
    """S = scale Q K^T in float64 by batch and head, some rows [rows, N_k] at a time; -inf where a query does not see a key."""
    q, k, _ = (each.astype(np.float64) for each in make_inputs(config))
    for b, h in np.ndindex(q.shape[:2]):
        for rows in slabs(config.seq_q, config.seq_k * q.itemsize):
            s = q[b, h, rows] @ k[b, h // config.group].T * config.scale
            yield (b, h), rows, np.where(causal_mask(config.seq_q, config.seq_k, rows), s, -np.inf) if config.causal else s


def block_error(config: AttentionConfig, program: tuple[int, int], o: np.ndarray) -> float:
    """max |O_i - O64_i| of one row block, O_i [rows, d] computed by ``program`` = (pid_m, pid_bh) from the config's own inputs."""
    return max_error(o, truth_of_block(config, program))


@lru_cache(maxsize=1)
def truth_of_block(config: AttentionConfig, program: tuple[int, int]) -> np.ndarray:
    """The same rows in float64. Treat them as read-only.

    The rows up to some row of a causal problem, with the keys that they see, are a causal problem of their own.
    """
    q, k, v = make_inputs(config)
    b, h = divmod(program[1], config.heads)
    group = slice(h // config.group, h // config.group + 1)
    start, stop = program[0] * config.block_m, min((program[0] + 1) * config.block_m, config.seq_q)
    seen = max(0, config.seq_k - config.seq_q + stop) if config.causal else config.seq_k
    truth, _ = naive(
        q[b : b + 1, h : h + 1, start:stop], k[b : b + 1, group, :seen], v[b : b + 1, group, :seen], scale=config.scale,
        causal=config.causal,
    )  # fmt: skip
    return np.asarray(truth[0, 0])
