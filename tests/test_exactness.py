"""ExactnessScene: a score snaps to its dtype's own numbers, pictures and numbers are the twins' own errors."""

from __future__ import annotations

import re
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashviz.chapters.exactness import SIGNIFICAND, Stored
from flashviz.config import AttentionConfig, DType
from flashviz.director.exactness import largest_of, taken
from flashviz.errors import ConfigError
from flashviz.inputs import make_inputs, numpy_dtype
from flashviz.layout import ASPECTS, Aspect, Rect
from flashviz.layout.exactness import Axis
from flashviz.mobjects.tiles import Matrix, Rectangles
from flashviz.palette import THEMES
from flashviz.trace import Kind
from flashviz_kernels.exactness import scores_stored
from flashviz_kernels.recorder import run
from tests.directed import at, said, scene, shown, values_of, written
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


def causes(name: str) -> bool:
    """Whether a film lays the error to S."""
    return "back" in [beat.name for beat in scene(FILM, **CONFIGS[name]).board]


@every
def test_the_answer_is_both_largest_errors_as_numbers_and_as_bars_of_one_unit(name: str) -> None:
    """Of the twins' errors computed here anew, FlashAttention's first: as written, to three digits of the larger one, and as long."""
    film, config = scene(FILM, **CONFIGS[name]), AttentionConfig(**CONFIGS[name])
    end, errors = film.snapshots[-1], dict(zip(("flash", "standard"), reversed(largest_errors(config)), strict=True))
    values = sorted(shown(end, "value"), key=lambda item: -item.box[3])
    assert [float(item.text) for item in values] == pytest.approx(list(errors.values()), abs=0.0051 * max(errors.values()))
    assert len({len(item.text) for item in values}) == 1, "as many decimals"
    bars = {side: shown(end, f"bar {side}")[0].box for side in errors}
    assert bars["flash"][0] == pytest.approx(bars["standard"][0])
    long = {side: box[2] - box[0] for side, box in bars.items()}
    assert long["flash"] / long["standard"] == pytest.approx(errors["flash"] / errors["standard"], abs=0.01)
    (said_of,) = said(end, "where")
    assert said_of.endswith(f"{np.abs(truth(config)).max():.2f}")
    for side, algorithm in (("flash", "fa2"), ("standard", "standard")):
        off, rect = off_by(config, algorithm), film.shot("errors")[side]
        row, column = np.unravel_index(off.argmax(), off.shape)
        place = rect.x0 + (column + 0.5) / off.shape[1] * rect.width, rect.y1 - (row + 0.5) / off.shape[0] * rect.height
        assert middle(end, f"ring {side}") == pytest.approx(place, abs=0.02)
    assert sorted(said(end, "what")) == sorted(said(at(film, "magnify"), "what")), "as much magnified"
    assert sorted(values_of(end, "error")) == sorted(values_of(at(film, "magnify"), "error"))
    assert film.board[-1].name == ("exact" if errors["standard"] / errors["flash"] >= 1.2 else "equal")
    assert film.poster == ("back" if "back" in {beat.name for beat in film.board} else "equal"), "one score off, where that is shown"


def off_by(config: AttentionConfig, algorithm: str) -> np.ndarray:
    """|O - truth| [d, N_q] of the head in which it is largest, as a share of O's largest value."""
    exact = truth(config)
    off = np.abs(run(config, source="numpy", algorithm=algorithm).o.astype(np.float64) - exact) / np.abs(exact).max()
    heads = off.reshape(-1, *off.shape[2:])
    return np.asarray(heads[heads.max((1, 2)).argmax()].T)


@every
def test_what_float64_leaves_of_both_outputs_is_magnified_alike_and_no_more_than_can_be_seen(name: str) -> None:
    """By the largest power of two that leaves 99 % of either's errors below O's largest value; before, they are as small as they are."""
    config, film = AttentionConfig(**CONFIGS[name]), scene(FILM, **CONFIGS[name])
    left = {side: off_by(config, which) for side, which in (("flash", "fa2"), ("standard", "standard"))}
    magnified = at(film, "magnify")
    labels = [item.text for item in shown(magnified, "what")]
    assert len(labels) == 2
    (power,) = {int(numbers(label.replace(",", ""))[0]) for label in labels}
    most = max(np.quantile(each, 0.99) for each in left.values())
    assert power & (power - 1) == 0
    assert power * most <= 1 < 2 * power * most
    for end, times in ((at(film, "apart"), 1), (magnified, power)):
        pictures = sorted(shown(end, "error"), key=lambda item: -item.box[3])
        for picture, off in zip(pictures, left.values(), strict=True):
            assert numbers(picture.values)[2:4] == pytest.approx(numbers(written((times * off).ravel()))[1:3], rel=1e-3, abs=1e-3)
    assert not shown(at(film, "apart"), "O"), "all of O in float64 is taken"


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_columns_of_both_outputs_go_up_to_the_edge(share: float) -> None:
    values, skin = np.arange(12.0).reshape(3, 4), THEMES["dark"]
    outputs = [Matrix(values, Rect(left, 0.0, left + 4.0, 3.0), skin, "O", 0.0, 12.0) for left in (0.0, 5.0)]
    edge = Rectangles(skin.ink, name="edge")
    taken(outputs, edge, share)
    for output in outputs:
        clear = output.image.pixel_array[..., 3] == 0
        assert clear.all(0).tolist() == clear.any(0).tolist() == [column < round(4 * share) for column in range(4)]
        assert np.abs(edge.points[:, 0] - output.rect.x0 - 4 * share).min() < 0.05


@given(st.integers(1, 9), st.integers(1, 9), st.data())
def test_the_ring_is_about_the_largest_entry(rows: int, columns: int, data: st.DataObject) -> None:
    row, column = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, columns - 1))
    values = np.zeros((rows, columns))
    values[row, column] = 1.0
    found = largest_of(Rect(2.0, 1.0, 2.0 + columns, 1.0 + rows), values)
    assert found.center[:2] == pytest.approx((2.5 + column, 0.5 + rows - row))


@pytest.mark.parametrize("aspect", ASPECTS)
@every
def test_the_error_whose_cause_is_sought_is_ringed(name: str, aspect: Aspect) -> None:
    """In standard attention's picture its largest, with its number; and that number goes along to where its cause is shown."""
    if not causes(name):
        return
    film, config = scene(FILM, aspect, **CONFIGS[name]), AttentionConfig(**CONFIGS[name])
    off, rect = off_by(config, "standard"), film.shot("errors")["standard"]
    row, column = np.unravel_index(off.argmax(), off.shape)
    place = rect.x0 + (column + 0.5) / off.shape[1] * rect.width, rect.y1 - (row + 0.5) / off.shape[0] * rect.height
    assert middle(at(film, "worst"), "ring standard") == pytest.approx(place, abs=0.02)
    (ringed,), (gone_along,) = said(at(film, "worst"), "largest"), said(at(film, "score"), "largest")
    assert ringed == gone_along
    assert float(ringed) == pytest.approx(largest_errors(config)[0], rel=0.0051)


@every
def test_what_is_rounded_is_said_to_the_end(name: str) -> None:
    """Beneath either's name: standard attention's trace stores S in HBM, FlashAttention's does not; both kernels round P and O."""
    config, end = AttentionConfig(**CONFIGS[name]), scene(FILM, **CONFIGS[name]).snapshots[-1]
    for side, algorithm in (("rounds P and O to {}", "fa2"), ("rounds S, P and O to {}", "standard")):
        stored = {Kind(code).name for code in run(config, source="numpy", algorithm=algorithm).trace.columns["kind"].tolist()}
        assert ("STORE_S" in stored) == (algorithm == "standard")
        assert (side.format(config.dtype) in said(end, "note")) == (config.dtype != "float32")
    assert ("S stays on chip" in said(end, "note")) == (config.dtype == "float32")


def numbers(text: str) -> list[float]:
    """In some words."""
    return [float(each) for each in re.findall(r"-?[0-9]+\.?[0-9]*", text)]


@given(st.floats(1e-3, 6e4), st.booleans(), st.sampled_from(DTYPES))
def test_a_score_lies_between_two_numbers_of_its_dtype(size: float, negative: bool, dtype: DType) -> None:
    """Neighbours are the dtype's own and a gap apart; the one that it snaps to is among them and at most half a gap away."""
    score = -size if negative else size
    stored = Stored(score, float(np.asarray(score).astype(numpy_dtype(dtype)).astype(np.float64)), dtype)
    near = np.array(stored.neighbours)
    assert near.astype(numpy_dtype(dtype)).astype(np.float64).tolist() == near.tolist()
    assert np.diff(near) == pytest.approx(stored.gap)
    assert len(near) >= 2
    assert stored.stored in stored.neighbours
    assert abs(score - stored.stored) <= stored.gap / 2
    before, after, off = (float(stored.written(each).replace("−", "-")) for each in (score, stored.stored, stored.off))
    assert off == pytest.approx(after - before, abs=1e-9), "what is written adds up"


@pytest.mark.parametrize(("config", "remedy"), [({"seq_k": 0}, "more keys"), ({"scale": 1e4, "inputs": "gaussian"}, "a smaller scale")])
def test_errors_that_no_bar_can_show_are_refused(config: dict[str, Any], remedy: str) -> None:
    with pytest.raises(ConfigError, match=rf"above 0 and finite to be drawn, got .*; try {remedy}"):
        scene(FILM, **config)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_s_is_named_only_where_rounding_it_makes_standard_attention_s_error(dtype: str) -> None:
    """Float64 attention whose S alone is rounded is as far off in 16 bits; in float32 FlashAttention keeps no more of S."""
    config = AttentionConfig(dtype=dtype)  # type: ignore[arg-type]
    standard, flash = largest_errors(config)
    alone = float(np.abs(caused(config) - truth(config)).max())
    film = scene(FILM) if dtype == "float16" else scene(FILM, dtype=dtype)
    assert (
        {"worst", "score", "store", "back", "entry"} <= {beat.name for beat in film.board}
        if dtype != "float32"
        else [beat.name for beat in film.board] == ["outputs", "apart", "magnify", "equal"]
    )
    if dtype != "float32":
        assert alone == pytest.approx(standard, rel=0.1)
        assert flash < standard / 2


@every
def test_the_cause_is_float64_attention_that_rounds_s_and_nothing_else(name: str) -> None:
    config = AttentionConfig(**CONFIGS[name])
    assert scores_stored(config) == pytest.approx(caused(config), rel=1e-9, abs=1e-12)


def followed(config: AttentionConfig) -> tuple[int, int]:
    """Query and key: in the row of standard attention's largest error the score whose weight moves that entry of O most, of those that
    are plainly rounded to one side: no tie, whose side would be an accident."""
    off = np.abs(run(config, source="numpy", algorithm="standard").o.astype(np.float64) - truth(config))
    b, h, query, column = np.unravel_index(off.argmax(), off.shape)
    exact, rounded = (each[b, h, query] for each in scores(config))
    values = np.repeat(make_inputs(config)[2], config.heads // config.kv_heads, 1)[b, h, :, column]
    p, r = (np.exp(each) / np.exp(each).sum() for each in (exact, rounded))
    plain = np.abs(rounded - exact) <= 0.45 * 2.0 ** (np.floor(np.log2(np.abs(exact))) + 1 - SIGNIFICAND[config.dtype])
    return int(query), int((np.abs((r - p) * values) * plain).argmax())


@every
def test_one_score_goes_out_and_comes_back_another_and_the_other_stays(name: str) -> None:
    """Places on every line are values: standard attention's dot ends over the tick that it snapped to, FlashAttention's where it was."""
    if not causes(name):
        return
    config = AttentionConfig(**CONFIGS[name])
    query, key = followed(config)
    score, stored = (float(each[0, 0, query, key]) for each in scores(config))
    film = scene(FILM, **CONFIGS[name])
    found = Stored(score, stored, config.dtype)
    before, after = found.written(score), found.written(stored)
    assert before != after
    assert said(at(film, "score"), "which") == [f"off in O of query {query}; its score for key {key}"]
    assert said(at(film, "score"), "title") == [before, before]
    assert sorted(said(at(film, "score"), "tick")) == sorted(found.written(each) for each in found.neighbours)
    assert f"1/{1 / found.gap:.0f} apart" in said(at(film, "score"), "where")
    first, out, returned = (at(film, beat) for beat in ("score", "store", "back"))
    axis = Axis(film.shot("way")["flash"], stored, 1.25 * found.gap)
    flash, standard = ([middle(end, f"dot {side}") for end in (first, out, returned)] for side in ("flash", "standard"))
    assert flash == [flash[0]] * 3
    assert [x for x, _ in (flash[0], *standard)] == pytest.approx([axis.x(each) for each in (score, score, stored, stored)], abs=0.02)
    assert standard[2][1] == pytest.approx(standard[0][1], abs=0.02), "it is on chip again"
    assert film.shot("way")["HBM"].y0 < standard[1][1] < film.shot("way")["HBM"].y1
    (tick,) = [item for item in shown(out, "tick") if item.text == after]
    assert (tick.box[0] + tick.box[2]) / 2 == pytest.approx(axis.x(stored), abs=0.05)
    (size,) = [text for text in said(returned, "title") if text.startswith("off by ")]
    assert float(size.split()[-1].replace("−", "-")) == pytest.approx(float(after) - float(before)), "with its sign"


@every
def test_the_score_is_followed_into_its_entry_of_o(name: str) -> None:
    """Beside float64's own: both algorithms' entries as written, as they stand on their lines, and by how much they are off."""
    if not causes(name):
        return
    config, film = AttentionConfig(**CONFIGS[name]), scene(FILM, **CONFIGS[name])
    exact = truth(config)
    outputs = [run(config, source="numpy", algorithm=which).o.astype(np.float64) for which in ("fa2", "standard")]
    place = np.unravel_index(np.abs(outputs[1] - exact).argmax(), exact.shape)
    end, entries = at(film, "entry"), [float(each[place]) for each in (exact, *outputs)]
    (which,) = said(end, "which")
    assert numbers(which) == [place[2], place[3]]
    lines = sorted(shown(end, "title"), key=lambda item: -item.box[3])
    half = 0.0051 * abs(entries[2] - entries[0])
    assert [float(item.text.replace("−", "-")) for item in lines] == pytest.approx(entries, abs=half), "as written"
    offs = sorted(shown(end, "off"), key=lambda item: -item.box[3])
    texts = [item.text for item in offs if item.text]
    assert [float(text.split()[-1].replace("−", "-")) for text in texts] == pytest.approx([e - entries[0] for e in entries[1:]], abs=half)
    x = {dot: middle(end, f"dot {dot}")[0] for dot in ("truth", "flash", "standard")}
    unit = (x["standard"] - x["truth"]) / (entries[2] - entries[0])
    assert unit > 0
    assert x["flash"] - x["truth"] == pytest.approx(unit * (entries[1] - entries[0]), abs=0.02)
    assert middle(end, "ring")[0] == pytest.approx(x["truth"], abs=0.02)
    assert abs(x["flash"] - x["truth"]) < abs(x["standard"] - x["truth"]) / 2, "FlashAttention's is the nearer one"


def middle(end: Any, name: str) -> tuple[float, float]:
    """Of the one thing of this name."""
    (item,) = shown(end, name)
    return (item.box[0] + item.box[2]) / 2, (item.box[1] + item.box[3]) / 2
