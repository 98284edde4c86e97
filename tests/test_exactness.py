"""ExactnessScene: differences are the twins' own, a score snaps to its dtype's own numbers, dots stand where their errors are."""

from __future__ import annotations

import math
import re
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashviz.chapters.exactness import SIGNIFICAND, Exactness, Stored, gather
from flashviz.config import AttentionConfig, DType
from flashviz.errors import ConfigError
from flashviz.figures import roughly
from flashviz.inputs import make_inputs, numpy_dtype
from flashviz.layout import ASPECTS, Rect, shot
from flashviz.layout.exactness import rulers
from flashviz.mobjects.overlay import Overlay
from flashviz.palette import THEMES
from flashviz_kernels.exactness import score_most_rounded, scores_stored, truth_of
from flashviz_kernels.recorder import run
from tests.directed import at, said, scene, shown, written
from tests.test_directed import FILMS

FILM = FILMS["exactness"]
DTYPES = get_args(DType)
CONFIGS: dict[str, dict[str, Any]] = {"default": {}, **FILM.configs}
every = pytest.mark.parametrize("name", CONFIGS)


def truth(config: AttentionConfig) -> np.ndarray:
    """Softmax attention in float64, written without tiles."""
    q, k, v = (array.astype(np.float64) for array in make_inputs(config))
    s = np.einsum("bhqd,bhkd->bhqk", q, k) * config.scale
    hidden = np.arange(config.seq_k) > np.arange(config.seq_q)[:, None] + config.seq_k - config.seq_q
    s = np.where(hidden & config.causal, -np.inf, s)
    weights = np.exp(s - s.max(-1, keepdims=True))
    return np.asarray(weights / weights.sum(-1, keepdims=True) @ v)


def largest_errors(config: AttentionConfig) -> list[float]:
    """Of both twins, computed here anew."""
    exact = truth(config)
    outputs = [run(config, source="numpy", algorithm=name).o.astype(np.float64) for name in ("standard", "fa2")]
    return [float(np.abs(o - exact).max()) for o in outputs]


def scores(config: AttentionConfig) -> tuple[np.ndarray, np.ndarray]:
    """S in float64 and as it is stored in the config's dtype [B, H, N_q, N_k]; written without heads' loops."""
    q, k, _ = (np.repeat(a, config.heads // a.shape[1], 1).astype(np.float64) for a in make_inputs(config))
    s = np.einsum("bhqd,bhkd->bhqk", q, k) * config.scale
    return s, s.astype(numpy_dtype(config.dtype)).astype(np.float64)


def hidden(config: AttentionConfig) -> np.ndarray:
    """[N_q, N_k] where a query does not see a key."""
    later = np.arange(config.seq_k) > np.arange(config.seq_q)[:, None] + config.seq_k - config.seq_q
    return np.asarray(later & config.causal)


def caused(config: AttentionConfig) -> np.ndarray:
    """Float64 attention whose S alone is rounded, as it is stored."""
    v = np.repeat(make_inputs(config)[2], config.heads // config.kv_heads, 1).astype(np.float64)
    s = np.where(hidden(config), -np.inf, scores(config)[1])
    p = np.exp(s - s.max(-1, keepdims=True))
    return np.asarray(p / p.sum(-1, keepdims=True) @ v)


def gathered(name: str) -> Exactness:
    """What the film shows."""
    return gather(AttentionConfig(**CONFIGS[name]), "numpy", run, truth_of, scores_stored, score_most_rounded)


def read(text: str) -> float:
    """A share that is written in percent, as the last of some words but for what it is of."""
    return float(re.findall(r"([0-9.]+)%", text)[0]) / 100


@every
def test_numbers_are_the_largest_errors_as_shares_of_the_largest_value(name: str) -> None:
    """Each dot's number, and how many times smaller FlashAttention's is, of the twins' errors computed here anew."""
    end, expected, times = at(scene(FILM, **CONFIGS[name]), "exact"), [], []
    for dtype in DTYPES:
        config = AttentionConfig(**{**CONFIGS[name], "dtype": dtype})
        errors, largest = largest_errors(config), float(np.abs(truth(config)).max())
        expected += [error / largest for error in errors]
        times.append(errors[0] / errors[1])
    assert sorted(read(text) for text in said(end, "value")) == pytest.approx(sorted(expected), rel=0.051)
    words = [words_of(dtype, each) for dtype, each in zip(DTYPES, times, strict=True)]
    assert sorted(said(end, "gap")) == sorted(words)


def words_of(dtype: str, times: float) -> str:
    """How many times smaller FlashAttention's error is."""
    if max(times, 1 / times) < 1.2:
        return "about equal: S is float32 in both" if dtype == "float32" else "about equal"
    return f"{roughly(max(times, 1 / times))} × {'smaller' if times > 1 else 'larger'}"


@every
def test_dots_stand_where_their_numbers_are_and_nowhere_else(name: str) -> None:
    """Distances are decades: a dot's from another is the logarithm of their ratio, when it comes as at the end."""
    film, found = scene(FILM, **CONFIGS[name]), gathered(name)
    for end in (at(film, "dtypes"), at(film, "exact")):
        places = [
            ((item.box[0] + item.box[2]) / 2, share)
            for lane, key in enumerate(("standard", "flash"))
            for item, share in zip(shown(end, f"point {key}"), sorted(each.shares[lane] for each in found.errors), strict=True)
        ]
        (low, least), (high, most) = min(places), max(places)
        pitch = (high - low) / math.log10(most / least)
        assert [x for x, _ in places] == pytest.approx([low + pitch * math.log10(share / least) for _, share in places], abs=0.05)


@every
def test_dtypes_stand_in_the_order_of_their_digits(name: str) -> None:
    end = at(scene(FILM, **CONFIGS[name]), "dtypes")
    names = sorted(shown(end, "dtype"), key=lambda item: -item.box[3])
    assert [item.text for item in names] == sorted(DTYPES, key=lambda dtype: SIGNIFICAND[dtype])
    about = [item.text for item in sorted(shown(end, "digits"), key=lambda item: -item.box[3])]
    assert about == [f"about {round(-math.log10(2.0 ** -SIGNIFICAND[item.text]))} digits" for item in names]


@every
def test_what_is_left_is_the_difference_of_the_two_outputs(name: str) -> None:
    film, config = scene(FILM, **CONFIGS[name]), AttentionConfig(**CONFIGS[name])
    standard, flash = (run(config, source="numpy", algorithm=which).o[0, 0].astype(float) for which in ("standard", "fa2"))
    difference, found = np.abs(standard - flash), gathered(name)
    unmagnified, magnified = (pictures(film, beat)[-1] for beat in ("outputs", "speckle"))
    assert pictures(film, "outputs")[:2] == [as_picture(standard), as_picture(flash)]
    assert unmagnified == as_picture(difference)
    assert magnified == as_picture(difference * found.magnified)
    assert f"magnified × {found.magnified:,}" in said(at(film, "speckle"), "seen")
    assert read(said(at(film, "speckle"), "most")[0]) == pytest.approx(difference.max() / np.abs(truth(config)).max(), rel=0.051)
    assert math.log2(found.magnified).is_integer()


def pictures(film: Any, beat: str) -> list[str]:
    """Values of the three pictures, from the left."""
    return [item.values for item in shown(at(film, beat), "O") if item.values]


def as_picture(values: np.ndarray) -> str:
    """As a snapshot writes a matrix."""
    return written(values.ravel()).replace(f"({values.size},)", str(values.shape))


def test_the_difference_is_seen_only_where_both_are() -> None:
    """Aligned, the picture is |first - second|; apart, each is itself."""
    first, second = np.array([[0.0, 1.0]]), np.array([[0.25, 1.0]])
    rect, skin = Rect(0, 0, 4, 1), THEMES["dark"]
    overlay = Overlay(first, second, rect, skin, 0.0, 1.0)
    whole = overlay.place(rect, rect).image.pixel_array[0]
    quarter, black = whole[10], whole[-10]
    assert (whole[:, 3] == 255).all()
    overlay.place(Rect(0, 0, 2, 1), Rect(2, 0, 4, 1))
    apart = overlay.image.pixel_array[0]
    assert (apart[10] == black).all(), "zero is the ground, whether a value or a difference"
    assert (apart[len(apart) // 2 + 10] == quarter).all()


@every
def test_each_output_is_held_against_float64_attention(name: str) -> None:
    """Both errors magnified as the difference was, which stays beside them, each with the largest of its head."""
    config, film = AttentionConfig(**CONFIGS[name]), scene(FILM, **CONFIGS[name])
    exact, found, largest = truth(config), gathered(name), float(np.abs(truth(config)).max())
    outputs = [run(config, source="numpy", algorithm=which).o[0, 0].astype(float) for which in ("standard", "fa2")]
    errors = [*(np.abs(o - exact[0, 0]) for o in outputs), np.abs(outputs[0] - outputs[1])]
    assert [read(text) for text in said(at(film, "truth"), "most")] == pytest.approx([each.max() / largest for each in errors], rel=0.051)
    for picture, error in zip(pictures(film, "truth"), errors, strict=True):
        assert picture.partition(" first")[0] == as_picture(error * found.magnified).partition(" first")[0]


@given(st.lists(st.floats(1e-9, 1e-2), min_size=2, max_size=9))
def test_rulers_have_a_place_for_every_share(shares: list[float]) -> None:
    for aspect in ASPECTS:
        rect = shot(AttentionConfig(), aspect, "rulers")["rulers"]
        for ruler in rulers(rect, 3, tuple(shares), 1.5, 1.0, 1.5):
            assert all(ruler.start + 1.0 - 1e-9 <= ruler.x(share) <= rect.x1 - 1.5 + 1e-9 for share in shares)
            assert all(ruler.line < y < ruler.rect.y1 for y in ruler.heights)
            assert rect.contains(ruler.rect)


@given(st.floats(1e-3, 6e4), st.booleans(), st.sampled_from(DTYPES))
def test_a_score_lies_between_two_numbers_of_its_dtype(size: float, negative: bool, dtype: DType) -> None:
    """Neighbours are the dtype's own and a gap apart; the one that it snaps to is among them and at most half a gap away."""
    score = -size if negative else size
    stored = Stored(score, float(np.asarray(score).astype(numpy_dtype(dtype)).astype(np.float64)), dtype)
    near = np.array(stored.neighbours)
    assert near.astype(numpy_dtype(dtype)).astype(np.float64).tolist() == near.tolist()
    assert np.diff(near) == pytest.approx(stored.gap)
    assert near.min() <= score <= near.max()
    assert stored.stored in stored.neighbours
    assert stored.off <= stored.gap / 2


@pytest.mark.parametrize(("config", "remedy"), [({"seq_k": 0}, "more keys"), ({"scale": 1e4, "inputs": "gaussian"}, "a smaller scale")])
def test_errors_that_no_logarithm_can_show_are_refused(config: dict[str, Any], remedy: str) -> None:
    with pytest.raises(ConfigError, match=rf"above 0 and finite to be drawn, got .*; try {remedy}"):
        scene(FILM, **config)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_s_is_named_only_where_rounding_it_makes_standard_attention_s_error(dtype: str) -> None:
    """Float64 attention whose S alone is rounded is as far off in 16 bits; in float32 FlashAttention keeps no more of S."""
    config = AttentionConfig(dtype=dtype)  # type: ignore[arg-type]
    standard, flash = largest_errors(config)
    alone = float(np.abs(caused(config) - truth(config)).max())
    film = scene(FILM) if dtype == "float16" else scene(FILM, dtype=dtype)
    assert ("why" in [beat.name for beat in film.board]) == (dtype != "float32")
    if dtype != "float32":
        assert alone == pytest.approx(standard, rel=0.1)
        assert flash < standard / 2


@every
def test_the_cause_is_float64_attention_that_rounds_s_and_nothing_else(name: str) -> None:
    """Where the beat is shown, its rows are the term's error, O's from S alone, and standard attention's."""
    config = AttentionConfig(**CONFIGS[name])
    assert scores_stored(config) == pytest.approx(caused(config), rel=1e-9, abs=1e-12)
    film, exact = scene(FILM, **CONFIGS[name]), truth(config)
    if "gap" not in [beat.name for beat in film.board]:
        return
    score, stored = score_most_rounded(config)
    offs = [
        math.exp(stored - score) - 1,
        *(each / np.abs(exact).max() for each in (np.abs(caused(config) - exact).max(), largest_errors(config)[0])),
    ]
    rows = sorted(shown(at(film, "gap"), "off by"), key=lambda item: -item.box[3])
    assert [read(item.text) for item in rows] == pytest.approx([abs(each) for each in offs], rel=0.051)


@every
def test_the_score_is_the_one_that_is_rounded_most(name: str) -> None:
    """In both boxes of S it is as it is kept, and on the line it ends on a tick."""
    config = AttentionConfig(**CONFIGS[name])
    exact, rounded = (np.where(hidden(config), 0.0, each) for each in scores(config))
    score, stored = score_most_rounded(config)
    assert abs(stored - score) == pytest.approx(np.abs(rounded - exact).max(), rel=1e-9)
    film = scene(FILM, **CONFIGS[name])
    if "gap" not in [beat.name for beat in film.board]:
        return
    found = Stored(score, stored, config.dtype)
    before, after = found.written(score), found.written(stored)
    assert before != after
    first, second = (said(at(film, "why"), f"marks {side}")[0] for side in ("standard", "flash"))
    assert f"{before} → {after}, rounded to {config.dtype}, stored in HBM" in first
    assert f"{before}, kept in float32, stays on chip" in second
    end = at(film, "gap")
    (tick,), (spot,) = [item for item in shown(end, "tick") if item.text == after], [item for item in shown(end, "score") if not item.text]
    assert (spot.box[0] + spot.box[2]) / 2 == pytest.approx((tick.box[0] + tick.box[2]) / 2, abs=0.05)


def test_ticks_are_numbered_and_stand_at_their_shares() -> None:
    """A decade apart, beside the dots' own numbers."""
    end, found = at(scene(FILM), "exact"), gathered("default")
    ticks = [((item.box[0] + item.box[2]) / 2, math.log10(read(item.text))) for item in shown(end, "tick")]
    assert len(ticks) >= 4
    pitch = (ticks[-1][0] - ticks[0][0]) / (ticks[-1][1] - ticks[0][1])
    (dot,) = [item for item in shown(end, "point standard") if item is shown(end, "point standard")[-1]]
    coarsest = math.log10(max(each.shares[0] for each in found.errors))
    assert (dot.box[0] + dot.box[2]) / 2 == pytest.approx(ticks[0][0] + pitch * (coarsest - ticks[0][1]), abs=0.05)
