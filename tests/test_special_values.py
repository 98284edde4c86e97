"""NaN, infinity and rows without a key: what comes out is what docs/accuracy.md says, in the kernel and in every twin."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from flashviz.config import AttentionConfig
from flashviz.inputs import Arrays, make_inputs
from flashviz_kernels.algorithms import computing, find
from flashviz_kernels.attending import problem_of
from flashviz_kernels.attention import attend
from flashviz_kernels.log import Kept
from flashviz_kernels.modes import installed
from flashviz_kernels.reference import naive

N, TILE = 96, 32
KEY = 40  # spoiled; of the second of three tiles
rows = np.arange(N)

implementation = pytest.mark.parametrize(
    "name",
    [pytest.param("kernel", marks=pytest.mark.skipif(not installed(), reason="needs triton to interpret the kernel")), *computing("O")],
)
masks = pytest.mark.parametrize("causal", [False, True], ids=["full", "causal"])
dtypes = pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])


def inputs(causal: bool, dtype: str) -> tuple[AttentionConfig, Arrays]:
    """One head, whose queries all have a first feature of one: a key's first feature is then a term of all its scores."""
    config = AttentionConfig(
        heads=1, kv_heads=1, seq_q=N, head_dim=16, block_m=TILE, block_n=TILE, causal=causal, dtype=dtype, inputs="gaussian"  # type: ignore[arg-type]
    )  # fmt: skip
    q, k, v = make_inputs(config)
    q[..., 0] = 1
    return config, (q, k, v)


@np.errstate(invalid="ignore", over="ignore")
def outputs(name: Any, config: AttentionConfig, arrays: Arrays) -> tuple[np.ndarray, np.ndarray | None]:
    """O [N, d] and LSE [N], in float64; standard attention has no LSE."""
    lse: np.ndarray | None
    if name == "kernel":
        o, lse = attend(*arrays, problem_of(config))
    else:
        algorithm = find(name)
        named = dict(zip("QKV", arrays, strict=True))
        found = algorithm.twin(named, config, algorithm.log(config), Kept.of(config, (), stats=False))
        o, lse = found["O"], found.get("LSE")
    return o[0, 0].astype(np.float64), None if lse is None else lse[0, 0].astype(np.float64)


def seen(causal: bool, key: int) -> np.ndarray:
    """The rows that see the key."""
    return rows >= key if causal else np.ones(N, bool)


@implementation
@masks
@dtypes
def test_nan_in_a_query_spoils_its_row_alone(name: str, causal: bool, dtype: str) -> None:
    config, (q, k, v) = inputs(causal, dtype)
    before, _ = outputs(name, config, (q.copy(), k, v))
    q[0, 0, KEY, 3] = np.nan
    o, lse = outputs(name, config, (q, k, v))
    assert np.isnan(o[KEY]).all()
    assert (np.delete(o, KEY, 0) == np.delete(before, KEY, 0)).all()
    assert lse is None or (np.isnan(lse) == (rows == KEY)).all()


@implementation
@masks
@dtypes
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_or_an_infinite_score_spoils_the_rows_that_see_the_key(name: str, causal: bool, dtype: str, value: float) -> None:
    config, (q, k, v) = inputs(causal, dtype)
    k[0, 0, KEY, 0] = value
    o, lse = outputs(name, config, (q, k, v))
    assert (np.isnan(o) == seen(causal, KEY)[:, None]).all()
    assert lse is None or (np.isnan(lse) == seen(causal, KEY)).all()


@implementation
@masks
@dtypes
def test_a_score_of_minus_infinity_weighs_nothing(name: str, causal: bool, dtype: str) -> None:
    """A tile of them, too: the first that the kernel visits, when the running maximum is still -inf."""
    config, (q, k, v) = inputs(causal, dtype)
    k[0, 0, :TILE, 0] = -np.inf
    k[0, 0, KEY, 0] = -np.inf
    o, lse = outputs(name, config, (q, k, v))
    with np.errstate(invalid="ignore"):
        o64, lse64 = naive(q, k, v, scale=config.scale, causal=causal)
    blind = rows < TILE if causal else np.zeros(N, bool)
    assert not np.isnan(o).any()
    assert (o[blind] == 0).all()
    assert np.abs(o - o64[0, 0]).max() <= {"float16": 4e-3, "bfloat16": 3e-2, "float32": 1e-5}[dtype]
    if lse is not None:
        assert (np.isneginf(lse) == blind).all()
        assert np.abs(lse[~blind] - lse64[0, 0][~blind]).max() <= 1e-5


@implementation
@masks
@dtypes
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_spoiled_value_reaches_every_row_of_the_tiles_that_are_visited(name: str, causal: bool, dtype: str, value: float) -> None:
    """An unseen key weighs 0, and 0 x NaN is NaN, as in torch: tiles that a causal kernel skips are out of reach, the diagonal's not."""
    config, (q, k, v) = inputs(causal, dtype)
    v[0, 0, KEY, 3] = value
    o, lse = outputs(name, config, (q, k, v))
    visited = rows >= (KEY // TILE) * TILE if causal and name != "standard" else np.ones(N, bool)
    assert (np.isfinite(o[:, 3]) == ~visited).all()
    assert (o[seen(causal, KEY), 3] == np.inf).all() or np.isnan(value)
    assert np.isfinite(np.delete(o, 3, 1)).all()
    assert lse is None or np.isfinite(lse).all()


@implementation
@dtypes
def test_rows_that_see_nothing_are_zero(name: str, dtype: str) -> None:
    """More queries than keys, causal, bottom-right aligned: the first rows see no key; and no keys at all."""
    for n_k in (40, 0):
        config = AttentionConfig(
            heads=1, kv_heads=1, seq_q=N, seq_k=n_k, head_dim=16, block_m=TILE, block_n=TILE, causal=True, dtype=dtype  # type: ignore[arg-type]
        )  # fmt: skip
        o, lse = outputs(name, config, make_inputs(config))
        blind = rows < N - n_k
        assert ((o == 0).all(axis=1) == blind).all()
        assert lse is None or (np.isneginf(lse) == blind).all()
