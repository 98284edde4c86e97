"""ScoreScene: what is shown of a query and a key is the trace's, and stacks into the score that the kernel computed."""

from __future__ import annotations

import numpy as np
import pytest

from flashviz import figures
from flashviz.chapters.rescale import gather
from flashviz.chapters.score import Score, score_of
from flashviz.config import AttentionConfig
from flashviz_kernels.recorder import run
from tests.directed import at, said, scene, shown
from tests.test_directed import FILMS

FILM = FILMS["score"]
CONFIGS = {
    "default": AttentionConfig(),
    "causal, heads": AttentionConfig(seq_q=200, heads=4, kv_heads=2, head_dim=32, block_m=32, block_n=32, causal=True),
    "nothing rises": AttentionConfig(seq_q=64, seq_k=40),
    "another scale": AttentionConfig(seq_q=128, head_dim=80, scale=0.3),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_the_pair_is_of_the_inputs_and_its_sum_is_the_kernels_score(name: str) -> None:
    config = CONFIGS[name]
    found = gather(config, "numpy", run)
    pair = score_of(found)
    q, k, _ = found.trace.inputs
    b, h = divmod(found.chosen.program[1], config.heads)
    row, column = q[b, h, pair.query], k[b, h * config.kv_heads // config.heads, pair.key]
    assert np.array_equal(pair.q, row.astype(np.float64))
    assert np.array_equal(pair.k, column.astype(np.float64))
    assert pair.score == pytest.approx(row.astype(np.float64) @ column.astype(np.float64) * config.scale, rel=1e-5, abs=1e-5)
    if found.rises:
        assert pair.score == float(found.of("m_new"))  # the m that the film rises to


@pytest.mark.parametrize(
    ("d", "scale", "words"), [(64, 0.125, "8 = √64"), (80, 80**-0.5, "8.944 = √80"), (64, 0.3, "3.333"), (64, -0.5, "-2"), (64, 0.0, "∞")]
)
def test_the_divisor_is_a_root_only_where_it_is_one(d: int, scale: float, words: str) -> None:
    assert Score(0, 0, np.zeros(d), np.zeros(d), 0.0, scale).divisor == words


def test_products_stack_end_to_end_and_the_sum_shrinks_on_their_scale() -> None:
    film = scene(FILM)
    pair = score_of(gather(film.settings.config, "numpy", run))
    (products,), (whole,) = (shown(at(film, "stack"), name) for name in ("products", "sum"))
    (score,) = shown(at(film, "scale"), "sum")
    ends = np.append(0.0, np.cumsum(pair.products))
    unit = (products.box[3] - products.box[1]) / np.ptp(ends)
    assert whole.box[3] - whole.box[1] == pytest.approx(abs(ends[-1]) * unit, abs=0.03)
    assert score.box[3] - score.box[1] == pytest.approx(abs(pair.score) * unit, abs=0.03)
    assert said(at(film, "scale"), "number") == [figures.number(float(ends[-1])), "/", "8", "=", figures.number(pair.score)]
