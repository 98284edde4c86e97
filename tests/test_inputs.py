from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from flashviz.config import AttentionConfig
from flashviz.inputs import inputs_hash, make_inputs, numpy_dtype
from flashviz.storyboard import follow
from flashviz_kernels import record
from tests.strategies import configs


@given(configs())
def test_shapes_dtypes_and_repetition(config: AttentionConfig) -> None:
    q, k, v = make_inputs(config)
    assert q.shape == (config.batch, config.heads, config.seq_q, config.head_dim)
    assert k.shape == v.shape == (config.batch, config.kv_heads, config.seq_k, config.head_dim)
    assert {array.dtype for array in (q, k, v)} == {numpy_dtype(config.dtype)}
    assert all(np.isfinite(array.astype(np.float32)).all() for array in (q, k, v))
    assert inputs_hash((q, k, v)) == inputs_hash(make_inputs(config))


@pytest.mark.parametrize("recipe", ["structured", "gaussian"])
def test_seed_batch_and_head_each_change_the_values(recipe: str) -> None:
    config = AttentionConfig(batch=2, heads=4, kv_heads=2, seq_q=64, inputs=recipe)  # type: ignore[arg-type]
    other = AttentionConfig(batch=2, heads=4, kv_heads=2, seq_q=64, inputs=recipe, seed=config.seed + 1)  # type: ignore[arg-type]
    q, k, _ = make_inputs(config)
    assert inputs_hash(make_inputs(config)) != inputs_hash(make_inputs(other))
    heads = [*q.reshape(-1, 64, 64), *k.reshape(-1, 64, 64)]
    assert not any(np.array_equal(a, b) for at, a in enumerate(heads) for b in heads[:at])


def test_a_tile_of_structured_scores_has_shape() -> None:
    """Moderate scores, a bright diagonal, and tiles that differ from each other more than noise would."""
    config = AttentionConfig()
    q, k, _ = (array[0, 0].astype(np.float32) for array in make_inputs(config))
    s = q @ k.T * config.scale
    assert 3 < np.median(s.max(axis=1)) < 12
    near = np.mean([np.diag(s, -lag).mean() for lag in range(6, 13)])
    assert near > s.mean() + 1.5 * s.std()
    segments = s.reshape(16, 32, 16, 32).mean(axis=(1, 3))
    assert segments.std() > 5 * s.std() / 32


def test_the_default_film_has_its_rise() -> None:
    """STORYBOARD's rule finds a row: a calm start, a first rise with alpha in 0.25..0.5, and a later one where the sum falls."""
    stats = record(AttentionConfig(), source="numpy", stats=True).stats
    assert stats is not None
    rows = {(i, 0): slice(64 * i, 64 * (i + 1)) for i in range(8)}
    found = follow({p: stats.alpha[0, :, r] for p, r in rows.items()}, {p: stats.l[0, :, r] for p, r in rows.items()})
    assert (found.rule, found.later is not None) == ("rise", True)


@pytest.mark.parametrize("d", [16, 24, 33, 256])
def test_odd_head_dims_and_no_keys(d: int) -> None:
    q, k, v = make_inputs(AttentionConfig(seq_q=5, seq_k=0, head_dim=d, block_n=16, block_m=16))
    assert (q.shape[3], k.size, v.size) == (d, 0, 0)
