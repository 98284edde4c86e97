"""How far an output is from the truth: what the film's last beat pairs."""

from __future__ import annotations

import numpy as np

from flashviz.config import AttentionConfig
from flashviz.inputs import make_inputs
from flashviz_kernels.reference import max_error, naive


def error_against_float64(config: AttentionConfig, o: np.ndarray) -> float:
    """max |O - O64| over all heads, O [B, H, N_q, d] computed from the config's own inputs, O64 by ``naive`` in float64."""
    truth, _ = naive(*make_inputs(config), scale=config.scale, causal=config.causal)
    return max_error(o, truth)
