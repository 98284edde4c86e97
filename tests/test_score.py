"""ScoreScene: what is shown of a query and a key is the trace's, and stacks into the score that the kernel computed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashviz import figures
from flashviz.chapters.rescale import gather
from flashviz.chapters.score import PAIRS, Score, score_of, spread_of
from flashviz.config import AttentionConfig
from flashviz.layout import Rect
from flashviz.mobjects.walks import Walks
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


@given(st.integers(0, 50), st.sampled_from([16, 64, 128]))
def test_random_sums_spread_by_the_root_of_how_many_are_added(seed: int, d: int) -> None:
    """The mean square of the first c products is c, within five of its own deviations; the walk starts at zero."""
    sums = spread_of(AttentionConfig(seed=seed, head_dim=d))
    assert sums.shape == (PAIRS, d + 1)
    assert (sums[:, 0] == 0).all()
    for c in (d // 4, d):
        assert (sums[:, c] ** 2).mean() == pytest.approx(c, rel=5 * np.sqrt((2 + 6 / c) / PAIRS))  # kurtosis of a sum of c products


def test_both_widths_are_told_and_why_only_where_it_is_the_root() -> None:
    film = scene(FILM)
    assert film.drawn_at["± 8"] < film.drawn_at["± 1"]
    assert shown(at(film, "spread"), "q"), "which the next chapter begins with"
    assert "spread" not in [beat.name for beat in scene(FILM, scale=0.3).board]


def test_walks_and_their_edge_stand_on_one_scale() -> None:
    walks = Walks(np.array([[0.0, 1.0, -2.0], [0.0, 0.5, 1.0]]), "#FFFFFF", 1.0, name="walks").display(Rect(0, 0, 2, 4), 0.5)
    assert len(walks.get_subpaths()) == 2
    assert walks.get_bottom()[1] == pytest.approx(2 - 2 * 0.5)
    assert walks.get_right()[0] == pytest.approx(2)
    assert len(walks.display(Rect(0, 0, 2, 4), 0.5, 0.5).points) == 2 * 4, "half of two steps"
