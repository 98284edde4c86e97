"""The ladder: each rung against the one before, and the truth against torch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flashviz.config import AttentionConfig
from flashviz.inputs import make_inputs, numpy_dtype
from flashviz_kernels.reference import largest_score, max_error, merge, naive, online_softmax, rounded, rounding, tiled, tolerance
from tests.strategies import configs


@given(configs())
def test_tiled_is_naive(config: AttentionConfig) -> None:
    arrays = make_inputs(config)
    truth = naive(*arrays, scale=config.scale, causal=config.causal)
    rung = tiled(*arrays, scale=config.scale, causal=config.causal, block_m=config.block_m, block_n=config.block_n)
    assert max_error(rung[0], truth[0]) < 1e-12
    assert max_error(rung[1], truth[1]) < 1e-11


@given(st.integers(0, 2**32), st.integers(1, 40), st.integers(1, 50))
def test_online_softmax_is_softmax(seed: int, n: int, width: int) -> None:
    s = np.random.default_rng(seed).normal(0, 10, (3, n))
    p = np.exp(s - s.max(axis=-1, keepdims=True))
    assert max_error(online_softmax(s, width), p / p.sum(axis=-1, keepdims=True)) < 1e-13


@given(st.lists(st.tuples(st.floats(-30, 30), st.floats(0.1, 50)), min_size=3, max_size=3))
def test_merge_is_associative_and_commutative(pairs: list[tuple[float, float]]) -> None:
    a, b, c = ((np.array(m), np.array(total)) for m, total in pairs)
    left, right = merge(*merge(*a, *b), *c), merge(*a, *merge(*b, *c))
    turned = merge(*c, *merge(*b, *a))
    for one in (right, turned):
        assert left[0] == one[0]
        np.testing.assert_allclose(left[1], one[1], rtol=1e-12)


@pytest.mark.parametrize("name", ["float16", "bfloat16", "float32"])
def test_rounded_is_the_cast(name: str) -> None:
    """Every float16 from 0 to 1 and what lies between two of them, halfway and beside; and arbitrary weights."""
    halves = np.arange(0x3C01, dtype=np.uint16).view(np.float16).astype(np.float32)
    middles = (halves[1:] + halves[:-1]) / 2
    beside = [np.nextafter(middles, np.float32(x), dtype=np.float32) for x in (0, 1)]
    some = np.random.default_rng(0).random(100_000, np.float32) ** 8
    p = np.concatenate([halves, middles, *beside, some, np.exp(np.linspace(-110, 0, 10_000, dtype=np.float32))])
    np.testing.assert_array_equal(rounded(p, numpy_dtype(name)), p.astype(numpy_dtype(name)).astype(np.float32))
    assert np.isnan(rounded(np.array([np.nan], np.float32), numpy_dtype(name))).all()


def test_rows_that_see_nothing() -> None:
    config = AttentionConfig(seq_q=5, seq_k=2, causal=True)
    o, lse = naive(*make_inputs(config), scale=config.scale, causal=True)
    assert (o[0, 0, :3] == 0).all()
    assert (lse[0, 0, :3] == -np.inf).all()
    assert np.isfinite(lse[0, 0, 3:]).all()


@settings(max_examples=30, deadline=None)
@given(configs())
def test_naive_is_torchs_attention(config: AttentionConfig) -> None:
    torch = pytest.importorskip("torch", reason="torch is compared with where it is installed")
    if not config.seq_k:
        return
    q, k, v = (torch.from_numpy(array.astype(np.float64)) for array in make_inputs(config))
    rows, keys = torch.arange(config.seq_q)[:, None], torch.arange(config.seq_k)[None, :]
    seen = rows + config.seq_k - config.seq_q >= keys if config.causal else torch.ones(config.seq_q, config.seq_k, dtype=torch.bool)
    want = torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=seen, scale=config.scale, enable_gqa=True).numpy()
    o, _ = naive(*make_inputs(config), scale=config.scale, causal=config.causal)
    sighted = seen.any(dim=1).numpy()  # torch gives rows that see no key NaN or zero, by version
    assert max_error(o[:, :, sighted], want[:, :, sighted]) < 1e-12


def test_max_error_of_what_is_not_finite() -> None:
    inf, nan = np.inf, np.nan
    assert max_error(np.array([inf, nan, 1.0]), np.array([inf, nan, 1.5])) == 0.5
    assert max_error(np.array([nan]), np.array([1.0])) == np.inf
    assert max_error(np.array([-inf]), np.array([inf])) == np.inf


def test_tolerance_grows_as_the_dtype_gets_coarser() -> None:
    bounds = []
    for dtype in ("float32", "float16", "bfloat16"):
        config = AttentionConfig(seq_q=64, dtype=dtype)
        bounds.append(tolerance(make_inputs(config), config).output)
    assert bounds[0] < 1e-4 < bounds[1] < 0.05
    assert bounds[1] < bounds[2] < 0.2


def test_fa1_may_round_once_a_key_tile() -> None:
    config = AttentionConfig(seq_q=128, block_n=32)
    arrays = make_inputs(config)
    truth, _ = naive(*arrays, scale=config.scale)
    fa1, fa2 = (tolerance(arrays, config, rounded_output=rounded).output for rounded in (True, False))
    assert fa1 - fa2 == pytest.approx(2 * 3 * rounding(truth, np.dtype(np.float16)))


def test_largest_score() -> None:
    config = AttentionConfig(seq_q=40, heads=2, kv_heads=1, scale=-0.5)
    q, k, _ = (array.astype(np.float64) for array in make_inputs(config))
    assert largest_score(q, k, config.scale) == pytest.approx(np.abs(q @ k.swapaxes(-1, -2) * 0.5).max(), rel=1e-5)
