"""ExactnessScene: differences are the twins' own, dots stand where their errors are, marks where rounding is."""

from __future__ import annotations

import itertools
import math
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from manim import Line

from flashviz.chapters.exactness import NAMES, SIGNIFICAND, gather
from flashviz.config import AttentionConfig, DType
from flashviz.errors import ConfigError
from flashviz.figures import power, roughly
from flashviz.inputs import make_inputs, numpy_dtype
from flashviz.layout import ASPECTS, Rect, shot
from flashviz.layout.exactness import alone, rulers
from flashviz.mobjects.overlay import Overlay
from flashviz.palette import THEMES
from flashviz_kernels.exactness import scores_stored, truth_of
from flashviz_kernels.recorder import run
from tests.directed import at, said, scene, shown, written
from tests.test_directed import FILMS

FILM = FILMS["exactness"]
DTYPES = get_args(DType)
DIGITS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
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


def caused(config: AttentionConfig) -> np.ndarray:
    """Float64 attention whose S and P alone are rounded, as they are stored; written without heads' loops."""
    q, k, v = (np.repeat(a, config.heads // a.shape[1], 1).astype(np.float64) for a in make_inputs(config))
    stored = numpy_dtype(config.dtype)
    s = (np.einsum("bhqd,bhkd->bhqk", q, k) * config.scale).astype(stored).astype(np.float64)
    s = np.where((np.arange(config.seq_k) > np.arange(config.seq_q)[:, None] + config.seq_k - config.seq_q) & config.causal, -np.inf, s)
    p = np.exp(s - s.max(-1, keepdims=True))
    return np.asarray((p / p.sum(-1, keepdims=True)).astype(stored).astype(np.float64) @ v)


@every
def test_numbers_are_the_errors_in_units_of_the_rounding(name: str) -> None:
    end = at(scene(FILM, **CONFIGS[name]), "dtypes")
    written_down = sorted(said(end, "times"))
    expected = []
    for dtype in DTYPES:
        config = AttentionConfig(**{**CONFIGS[name], "dtype": dtype})
        unit = 2.0 ** -SIGNIFICAND[dtype] * float(np.abs(truth(config)).max())
        expected += [error / unit for error in largest_errors(config)]
    numbers = sorted(float(text.removesuffix(" roundings").replace(",", "")) for text in written_down)
    assert numbers == pytest.approx(sorted(expected), abs=0.51, rel=0.06)
    assert len(numbers) == len(NAMES) * len(DTYPES)


@every
def test_dots_and_marks_stand_where_their_numbers_are(name: str) -> None:
    """Distances on the last picture are octaves: a dot's from its mark is the logarithm of its number."""
    film = scene(FILM, **CONFIGS[name])
    end, found = at(film, "dtypes"), gather(AttentionConfig(**CONFIGS[name]), "numpy", run, truth_of, scores_stored)
    marks = sorted((item.box[0] + item.box[2]) / 2 for item in shown(end, "mark"))
    units = sorted(each.unit for each in found.errors)
    pitch = (marks[-1] - marks[0]) / math.log2(units[-1] / units[0])
    assert (marks[1] - marks[0]) / pitch == pytest.approx(math.log2(units[1] / units[0]), abs=0.05)
    assert [item.values for item in shown(end, "mark")] == [written([unit]) for unit in units]
    for lane, key in enumerate(("standard", "flash")):
        dots = sorted((item.box[0] + item.box[2]) / 2 for item in shown(end, f"point {key}"))
        places = sorted(marks[units.index(each.unit)] + pitch * math.log2(each.shares[lane] / each.unit) for each in found.errors)
        assert dots == pytest.approx(places, abs=0.05)


@every
def test_what_is_left_is_the_difference_of_the_two_outputs(name: str) -> None:
    film, config = scene(FILM, **CONFIGS[name]), AttentionConfig(**CONFIGS[name])
    standard, flash = (run(config, source="numpy", algorithm=which).o[0, 0].astype(float) for which in ("standard", "fa2"))
    apart = np.abs(standard - flash)
    found = gather(config, "numpy", run, truth_of, scores_stored)
    assert said(at(film, "outputs"), "title") == ["their difference"]
    low, high = found.ramp
    cut = np.mean(apart * found.magnified > high - low)
    said_so = f", {cut:.1%} off the scale" if cut else ""
    assert said(at(film, "speckle"), "title") == [f"their difference, shown × {found.magnified:,}{said_so}"]
    left = next(item for item in at(film, "speckle").shown if item.name == "O" and item.values)
    assert left.values == written((apart * found.magnified).ravel()).replace(f"({apart.size},)", str(apart.shape))
    assert said(at(film, "speckle"), "most")[0].startswith(f"at most {power(float(apart.max()))}")
    assert math.log2(found.magnified).is_integer()


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
    """Both errors magnified as the difference was, each with the largest of its head."""
    config, end = AttentionConfig(**CONFIGS[name]), at(scene(FILM, **CONFIGS[name]), "truth")
    exact, found = truth(config)[0, 0], gather(AttentionConfig(**CONFIGS[name]), "numpy", run, truth_of, scores_stored)
    outputs = [run(config, source="numpy", algorithm=which).o[0, 0].astype(float) for which in ("standard", "fa2")]
    assert [text.partition(",")[0].partition(" in ")[0] for text in said(end, "most")] == [
        f"at most {power(float(np.abs(o - exact).max()))}" for o in outputs
    ]  # fmt: skip
    squares = [item.values for item in shown(end, "O") if item.values]
    for square, o in zip(squares, outputs, strict=True):
        error = np.abs(o - exact) * found.magnified
        assert square.partition(" first")[0] == written(error).partition(" first")[0]


@given(st.lists(st.floats(1e-9, 1e-2), min_size=2, max_size=9))
def test_rulers_have_a_place_for_every_share(shares: list[float]) -> None:
    for aspect in ASPECTS:
        rect = shot(AttentionConfig(), aspect, "rulers")["rulers"]
        for ruler in (*rulers(rect, 3, tuple(shares), 3, 1.5), alone(rect, tuple(shares), 3, 2.0, 1.5)):
            assert all(rect.x0 - 1e-9 <= ruler.x(share) <= rect.x1 + 1e-9 for share in shares)
            assert all(ruler.line < y < ruler.top for y in ruler.heights)
            assert rect.contains(ruler.rect)


@pytest.mark.parametrize(("config", "remedy"), [({"seq_k": 0}, "more keys"), ({"scale": 1e4, "inputs": "gaussian"}, "a smaller scale")])
def test_errors_that_no_logarithm_can_show_are_refused(config: dict[str, Any], remedy: str) -> None:
    with pytest.raises(ConfigError, match=rf"above 0 and finite to be drawn, got .*; try {remedy}"):
        scene(FILM, **config)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_s_and_p_are_named_only_where_rounding_them_goes_beyond_the_mark(dtype: str) -> None:
    """Float64 attention whose S and P alone are rounded, as they are stored, is further off than the mark in 16 bits."""
    config = AttentionConfig(dtype=dtype)  # type: ignore[arg-type]
    exact = truth(config)
    beyond = np.abs(caused(config) - exact).max() / np.abs(exact).max() > 2.0 ** -SIGNIFICAND[dtype]
    film = scene(FILM) if dtype == "float16" else scene(FILM, dtype=dtype)
    if dtype != "float32":
        assert beyond
    assert ("why" in [beat.name for beat in film.board]) == (dtype != "float32")


@every
def test_the_cause_is_float64_attention_that_rounds_s_and_p_and_nothing_else(name: str) -> None:
    """Where the beat is shown, a ring stands where its largest error is, with how many roundings that is: near standard attention's."""
    config = AttentionConfig(**CONFIGS[name])
    assert scores_stored(config) == pytest.approx(caused(config), rel=1e-9, abs=1e-12)
    film = scene(FILM, **CONFIGS[name])
    if "why" not in [beat.name for beat in film.board]:
        return
    exact, end = truth(config), at(film, "why")
    share = float(np.abs(caused(config) - exact).max() / np.abs(exact).max())
    unit = 2.0 ** -SIGNIFICAND[config.dtype]
    assert f"{roughly(share / unit)} roundings" in said(end, "times")
    places = {item.name: (item.box[0] + item.box[2]) / 2 for item in end.shown if item.name.startswith(("mark", "point"))}
    own = largest_errors(config)[0] / float(np.abs(exact).max())
    pitch = (places["point standard"] - places["mark"]) / math.log2(own / unit)
    assert (places["point cause"] - places["mark"]) / pitch == pytest.approx(math.log2(share / unit), abs=0.05)


@every
def test_a_line_goes_from_each_mark_to_the_next(name: str) -> None:
    """The finest dtype is last and its mark leftmost: errors go with it."""
    end = at(scene(FILM, **CONFIGS[name]), "exact")
    marks = sorted(shown(end, "mark"), key=lambda item: -item.box[3])
    assert [item.values for item in marks] == [written([2.0**-bits]) for bits in sorted(SIGNIFICAND.values())]
    centers = [(item.box[0] + item.box[2]) / 2 for item in marks]
    assert centers == sorted(centers, reverse=True)
    lines = [part for part in scene(FILM, **CONFIGS[name]).mobjects if isinstance(part, Line)]
    for line, (upper, lower) in zip(lines, itertools.pairwise(marks), strict=True):
        assert line.get_start()[:2] == pytest.approx([(upper.box[0] + upper.box[2]) / 2, upper.box[1]], abs=0.02)
        assert line.get_end()[:2] == pytest.approx([(lower.box[0] + lower.box[2]) / 2, lower.box[3]], abs=0.02)


def test_tall_ticks_are_numbered_and_stand_at_their_powers_of_two() -> None:
    """As far apart as their exponents, in the unit of the marks."""
    end = at(scene(FILM), "dtypes")
    ticks = {int(item.text[1:].translate(DIGITS)): (item.box[0] + item.box[2]) / 2 for item in shown(end, "tick")}
    marks = sorted((item.box[0] + item.box[2]) / 2 for item in shown(end, "mark"))
    pitch = (marks[-1] - marks[0]) / (24 - 8)  # bfloat16's mark and float32's
    assert len(ticks) >= 4
    assert all(exponent % 4 == 0 for exponent in ticks)
    assert [x for _, x in sorted(ticks.items())] == pytest.approx([marks[0] + (each + 24) * pitch for each in sorted(ticks)], abs=0.04)
