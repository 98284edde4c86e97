"""ScoreScene: what is shown of a query and a key is the trace's, and stacks into the score that the kernel computed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import special  # type: ignore[import-untyped]

from flashviz import figures
from flashviz.chapters.rescale import gather
from flashviz.chapters.score import KEYS, Score, score_of, softmax, spread_of
from flashviz.config import AttentionConfig
from flashviz.director.score import ScoreFilm
from flashviz.layout import Rect
from flashviz.lettering import Face
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.walks import Walks
from flashviz_kernels.recorder import run
from tests.directed import at, said, scene, shown, written
from tests.test_directed import FILMS

FILM = FILMS["score"]
SEEDS = 40
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
    assert said(at(film, "stack"), "total") == [figures.number(float(ends[-1]))]
    assert said(at(film, "scale"), "number") == [figures.number(float(ends[-1])), "/", "8", "=", figures.number(pair.score)]


def test_a_product_stands_on_the_one_before_it_in_its_column() -> None:
    """Half of the products are drawn where the kernel's pair has them, and the next one is lit with its two factors."""
    film = scene(FILM)
    pair = score_of(gather(film.settings.config, "numpy", run))
    shown_film, half = ScoreFilm(film, pair), len(pair.q) // 2
    shown_film.multiplied(half + 0.25)
    corners, falls = (bars.points.reshape(len(pair.q), 16, 3) for bars in (shown_film.bars["products"], shown_film.falls))
    zero, unit = shown_film.ground
    rises, drops = (np.ptp(each[..., 1], axis=1) for each in (corners, falls))
    assert drops[pair.products > 0] == pytest.approx(0), "another tone for what is taken away"
    assert rises[pair.products < 0] == pytest.approx(0)
    so_far = shown_film.bars["sum"].points[:, 1]
    total = pair.products[:half].sum() + 0.25 * pair.products[half]
    assert (so_far.min(), so_far.max()) == pytest.approx(sorted((zero, zero + unit * total)), abs=1e-6), "beside them stands their sum"
    heights = rises + drops
    assert heights[:half] == pytest.approx(np.abs(pair.products[:half]) * unit, abs=1e-6)
    assert heights[half] == pytest.approx(0.25 * abs(pair.products[half]) * unit, abs=1e-6)
    assert heights[half + 1 :] == pytest.approx(0)
    low, high = shown_film.lit.get_left()[0], shown_film.lit.get_right()[0]
    for points in (corners[half], *(bars.points for bars in shown_film.factors.values())):
        assert low < points[:, 0].min() < points[:, 0].max() < high
    assert shown_film.product.text == " ".join(
        [figures.number(pair.q[half]), "×", figures.number(pair.k[half]), "=", figures.total(pair.products[half])]
    )


@pytest.mark.parametrize("d", [16, 64])
def test_random_sums_spread_by_the_root_of_how_many_are_added(d: int) -> None:
    """Over many seeds the mean square of the first c products is c, within five of its own deviations; each walk starts at zero."""
    sums = np.array([spread_of(AttentionConfig(seed=seed, head_dim=d)) for seed in range(SEEDS)])
    assert sums.shape == (SEEDS, KEYS, d + 1)
    assert (sums[..., 0] == 0).all()
    for c in (d // 2, d):  # given the query the sums are normal; its own square has a variance of 2 c
        assert (sums[..., c] ** 2).mean() == pytest.approx(c, rel=5 * np.sqrt((2 / KEYS + 2 / c) / SEEDS))


@given(arrays(np.float64, st.integers(1, 50), elements=st.floats(-500, 500)))
def test_weights_are_softmax(scores: np.ndarray) -> None:
    assert softmax(scores) == pytest.approx(special.softmax(scores), rel=1e-9, abs=1e-300)


def test_what_the_division_does_to_weights_is_computed_and_said() -> None:
    """The same sums, undivided and divided: a bar of all weights is 1 high, and its largest is said over it and in the caption."""
    film, sums = scene(FILM), spread_of(AttentionConfig())[:, -1]
    place = film.shot("pair")["weights"]
    for beat, divisor in (("weights", 1.0), ("divided", 8.0)):
        weights, end = special.softmax(sums / divisor), at(film, beat)
        most = figures.number(float(weights.max()))
        (bar,), (largest,), (line,) = (shown(end, name) for name in ("weights", "largest weight", "largest sum"))
        assert bar.values == written(np.sort(weights))
        assert bar.box[3] - bar.box[1] == pytest.approx(place.height, abs=0.03)
        assert largest.box[3] - largest.box[1] == pytest.approx(float(weights.max()) * place.height, abs=0.03)
        assert line.values == written(sums.max(keepdims=True))
        assert said(end, "largest") == ["largest weight:", most]
        assert most in end.caption
    assert f"for {KEYS} random keys" in said(at(film, "weights"), "name")[0]


def test_the_pair_among_random_keys_takes_what_softmax_gives_it() -> None:
    film = scene(FILM)
    pair, sums = score_of(gather(film.settings.config, "numpy", run)), spread_of(AttentionConfig())[:, -1]
    weight, end = special.softmax(np.append(sums / 8, pair.score))[-1], at(film, "match")
    (bar,) = shown(end, "match weight")
    assert bar.box[3] - bar.box[1] == pytest.approx(float(weight) * film.shot("pair")["weights"].height, abs=0.03)
    assert said(end, "largest") == ["its weight:", figures.number(float(weight))]
    assert figures.number(float(weight)) in end.caption
    assert said(end, "score") == [figures.number(float(pair.products.sum())), "/", "8", "=", figures.number(pair.score)]
    (match,), (most,) = (shown(end, name) for name in ("match", "largest sum"))
    zero = film.shot("pair")["fan"].center[1]
    ratio = pair.score / (sums.max() / 8)
    assert (match.box[3] - zero) / (most.box[3] - zero) == pytest.approx(ratio, rel=0.02), "on one scale"


def test_a_minus_is_as_wide_as_a_minus() -> None:
    drawn = [Readout("−", 100, "#FFFFFF", name="n", face=Face.MONO_STRONG, minus=minus).width for minus in (None, Face.STRONG)]
    equals = Readout("=", 100, "#FFFFFF", name="n", face=Face.MONO_STRONG).width
    assert drawn[0] < 0.8 * equals < drawn[1]


def test_both_widths_are_told_and_why_only_where_it_is_the_root() -> None:
    film = scene(FILM)
    assert film.drawn_at["± √64 = 8"] < film.drawn_at["± 1"]
    assert shown(at(film, "divided"), "weights"), "which the next chapter begins with"
    assert not shown(at(film, "spread"), "k"), "the pair is not among random keys"
    assert [beat.name for beat in scene(FILM, scale=0.3).board] == ["pair", "products", "stack", "scale"]


def test_walks_and_their_edge_stand_on_one_scale() -> None:
    walks = Walks(np.array([[0.0, 1.0, -2.0], [0.0, 0.5, 1.0]]), "#FFFFFF", 1.0, name="walks").display(Rect(0, 0, 2, 4), 0.5)
    assert len(walks.get_subpaths()) == 2
    assert walks.get_bottom()[1] == pytest.approx(2 - 2 * 0.5)
    assert walks.get_right()[0] == pytest.approx(2)
    assert len(walks.display(Rect(0, 0, 2, 4), 0.5, 0.5).points) == 2 * 4, "half of two steps"
