"""Q, K and V by recipe and seed; a trace names the hash of their bytes.

``structured``: what attention is said to find, made by hand. A query and a key score high where their positions are a few
tokens apart (rotary-like features of many wavelengths), where they speak of the same topic (segments of 32 tokens, six
topics), and at landmarks, single keys that every query looks at (one in 64, of different strength); a little noise on top. So
a tile of scores has bands, blocks and stripes, as a trained head's has. V wanders slowly along the sequence.
``gaussian``: independent standard normal numbers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import ml_dtypes
import numpy as np

from flashviz.config import AttentionConfig

SEGMENT = 32  # tokens that share a topic: a tile of 64 x 64 scores shows 2 x 2 blocks
TOPICS = 6
LAG = 9  # a query looks for keys that stand this many tokens before it
WAVELENGTHS = (24.0, 900.0)  # tokens
LANDMARK_EVERY = 64  # tokens
POSITION, TOPIC, NOISE, LANDMARK = 0.8, 0.7, 0.35, 0.8  # amplitudes

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray]


def numpy_dtype(name: str) -> np.dtype[np.generic]:
    """NumPy's dtype of that name; bfloat16 comes from ml_dtypes."""
    return np.dtype(ml_dtypes.bfloat16 if name == "bfloat16" else name)


def make_inputs(config: AttentionConfig) -> Arrays:
    """Q [B, H, N_q, d], K and V [B, H_kv, N_k, d] of the config's dtype."""
    recipe = _structured if config.inputs == "structured" else _gaussian
    q = np.empty((config.batch, config.heads, config.seq_q, config.head_dim), np.float32)
    k = np.empty((config.batch, config.kv_heads, config.seq_k, config.head_dim), np.float32)
    v = np.empty_like(k)
    for b in range(config.batch):
        for hk in range(config.kv_heads):
            rng = np.random.default_rng((config.seed, b, hk))
            heads = slice(hk * config.group, (hk + 1) * config.group)
            q[b, heads], k[b, hk], v[b, hk] = recipe(rng, config)
    dtype = numpy_dtype(config.dtype)
    return q.astype(dtype), k.astype(dtype), v.astype(dtype)


def inputs_hash(arrays: Iterable[np.ndarray]) -> str:
    """SHA-256 over the bytes of the inputs, one after the other: of attention's Q, K and V."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _gaussian(rng: np.random.Generator, config: AttentionConfig) -> Arrays:
    """Standard normal Q of one group [G, N_q, d], and its K and V [N_k, d]."""
    q = rng.standard_normal((config.group, config.seq_q, config.head_dim), np.float32)
    k, v = (rng.standard_normal((config.seq_k, config.head_dim), np.float32) for _ in range(2))
    return q, k, v


def _structured(rng: np.random.Generator, config: AttentionConfig) -> Arrays:
    """Structured Q of one group [G, N_q, d], and its K and V [N_k, d]. Each query head of a group has its own lag."""
    n_q, n_k, d = config.seq_q, config.seq_k, config.head_dim
    last = max(n_q, n_k)
    topics = rng.standard_normal((TOPICS, d))
    topic_of = np.repeat(rng.integers(0, TOPICS, -(-last // SEGMENT)), SEGMENT)
    key_at, query_at = np.arange(n_k) + last - n_k, np.arange(n_q) + last - n_q  # both end at the last token
    look, height = rng.standard_normal(d), np.zeros(n_k)
    landmarks = rng.choice(n_k, n_k // LANDMARK_EVERY, replace=False) if n_k else np.zeros(0, int)
    height[landmarks] = LANDMARK * rng.uniform(0.3, 1.0, len(landmarks))
    k = POSITION * _waves(key_at, d) + TOPIC * topics[topic_of[key_at]] + height[:, None] * look + NOISE * rng.standard_normal((n_k, d))
    q = np.stack([
        POSITION * _waves(query_at - LAG * (g + 1), d) + TOPIC * topics[topic_of[query_at]] + NOISE * rng.standard_normal((n_q, d)) + look
        for g in range(config.group)
    ])  # fmt: skip
    v = np.cumsum(rng.standard_normal((n_k, d)), axis=0) / 12
    return q, k, v - v.mean(axis=0, keepdims=True) if n_k else v


def _waves(position: np.ndarray, d: int) -> np.ndarray:
    """Cosines and sines of the position [N], one column each [N, d]; an odd d leaves out the last sine."""
    turns = 2 * np.pi / np.geomspace(*WAVELENGTHS, (d + 1) // 2)
    phase = position[:, None] * turns
    return np.concatenate([np.cos(phase), np.sin(phase)], axis=1)[:, :d]
