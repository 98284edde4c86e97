"""How far an output is from the truth: what the film's last beat pairs, and the chapter on exactness measures."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from flashviz.config import AttentionConfig
from flashviz.inputs import make_inputs, numpy_dtype
from flashviz_kernels.reference import causal_mask, max_error, naive, slabs


@lru_cache(maxsize=1)
def truth_of(config: AttentionConfig) -> np.ndarray:
    """O [B, H, N_q, d] in float64, of the config's own inputs. Treat it as read-only: a film asks for it once an algorithm."""
    return naive(*make_inputs(config), scale=config.scale, causal=config.causal)[0]


def scores_stored(config: AttentionConfig) -> np.ndarray:
    """O [B, H, N_q, d] in float64 as ``truth_of`` has it, but S and P are rounded to the dtype: standard attention stores them so."""
    q, k, v = (each.astype(np.float64) for each in make_inputs(config))
    stored = numpy_dtype(config.dtype)
    o = np.zeros_like(q)
    for b, h in np.ndindex(q.shape[:2]):
        keys, values = k[b, h // config.group], v[b, h // config.group]
        for rows in slabs(config.seq_q, config.seq_k * o.itemsize):
            s = (q[b, h, rows] @ keys.T * config.scale).astype(stored).astype(np.float64)
            s = np.where(causal_mask(config.seq_q, config.seq_k, rows), s, -np.inf) if config.causal else s
            m = s.max(axis=1, keepdims=True)
            p = np.exp(s - np.where(m == -np.inf, 0, m))
            l = p.sum(axis=1, keepdims=True)
            o[b, h, rows] = (p / np.where(l == 0, 1, l)).astype(stored).astype(np.float64) @ values
    return o


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
