"""How far an output is from the truth: what the film's last beat pairs, and the chapter on exactness charts."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from flashviz.config import AttentionConfig
from flashviz.inputs import make_inputs, numpy_dtype
from flashviz_kernels.reference import max_error, naive, tiled


@lru_cache(maxsize=1)
def truth_of(config: AttentionConfig) -> np.ndarray:
    """O [B, H, N_q, d] in float64, of the config's own inputs. Treat it as read-only: a film asks for it once an algorithm."""
    return naive(*make_inputs(config), scale=config.scale, causal=config.causal)[0]


def error_against_float64(config: AttentionConfig, o: np.ndarray) -> float:
    """max |O - O64| over all heads, O [B, H, N_q, d] computed from the config's own inputs, O64 by ``naive`` in float64."""
    return max_error(o, truth_of(config))


def stored_error(config: AttentionConfig) -> float:
    """max |O64 - O64 rounded to the config's dtype|: no output in that dtype can be closer everywhere."""
    truth = truth_of(config)
    return max_error(truth.astype(numpy_dtype(config.dtype)), truth)


def reordering_error(config: AttentionConfig) -> float:
    """max |O| difference of FlashAttention-2, tile by tile, and whole rows, both in float64: what another order of sums costs."""
    arrays = make_inputs(config)
    whole, _ = naive(*arrays, scale=config.scale, causal=config.causal)
    by_tiles, _ = tiled(*arrays, scale=config.scale, causal=config.causal, block_m=config.block_m, block_n=config.block_n)
    return max_error(by_tiles, whole)
