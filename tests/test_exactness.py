"""ExactnessScene: pictures, bars and sums are the twins' own errors."""

from __future__ import annotations

import re
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashviz.config import AttentionConfig, DType
from flashviz.director.exactness import largest_of, rounded, taken
from flashviz.errors import ConfigError
from flashviz.inputs import make_inputs, numpy_dtype
from flashviz.layout import ASPECTS, Aspect, Rect
from flashviz.layout.exactness import FULL, Chart
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
    return "sum" in [beat.name for beat in scene(FILM, **CONFIGS[name]).board]


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
    (of,) = said(end, "where")
    assert numbers(of.replace(",", ""))[:3] == [config.batch * config.heads * config.seq_q * config.head_dim, config.seq_k, config.head_dim]
    assert config.dtype in of
    for side, algorithm in (("flash", "fa2"), ("standard", "standard")):
        off, rect = off_by(config, algorithm), film.shot("largest errors")[side]
        row, column = np.unravel_index(off.argmax(), off.shape)
        place = rect.x0 + (column + 0.5) / off.shape[1] * rect.width, rect.y1 - (row + 0.5) / off.shape[0] * rect.height
        assert middle(end, f"ring {side}") == pytest.approx(place, abs=0.02)
    (power,) = said(at(film, "magnify"), "times")
    assert {numbers(text.replace(",", ""))[0] for text in said(end, "what")} == {numbers(power.replace(",", ""))[0]}, "as much magnified"
    smaller = [numbers(text)[0] for text in said(end, "smaller")]
    ratio = errors["standard"] / errors["flash"]
    assert smaller == ([pytest.approx(ratio, abs=0.051)] if ratio > 2 else [])
    assert ("its largest, another entry" in said(end, "most")) == (ratio > 2)
    assert sorted(values_of(end, "error")) == sorted(values_of(at(film, "magnify"), "error"))
    assert film.board[-1].name == ("exact" if errors["standard"] / errors["flash"] >= 1.2 else "equal")
    assert film.poster == ("sum" if causes(name) else "equal"), "where the error comes from, if that is shown"


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
    (label,) = said(magnified, "times")
    power = int(numbers(label.replace(",", ""))[0])
    most = max(np.quantile(each, 0.99) for each in left.values())
    assert power & (power - 1) == 0
    (bright,) = said(magnified, "key high")
    clips = max(each.max() for each in left.values()) * power > 1
    assert bool(re.search("more|≥", bright)) == clips, "the brightest colour is of larger errors, too"
    assert float(re.findall(r"[0-9][0-9.e−-]*", bright)[0]) == pytest.approx(np.abs(truth(config)).max() / power, rel=0.06), (
        "the brightest colour stands for as much less"
    )
    assert power * most <= 1 < 2 * power * most
    for end, times in ((at(film, "apart"), 1), (magnified, power)):
        pictures = sorted(shown(end, "error"), key=lambda item: -item.box[3])
        for picture, off in zip(pictures, left.values(), strict=True):
            assert numbers(picture.values)[2:4] == pytest.approx(numbers(written((times * off).ravel()))[1:3], rel=1e-3, abs=1e-3)
    assert not shown(at(film, "apart"), "O"), "all of O in float64 is taken"


@every
def test_the_reference_stands_between_both_outputs(name: str) -> None:
    """O in float64 of FlashAttention's picture, and every picture of O has its colours."""
    config, film = AttentionConfig(**CONFIGS[name]), scene(FILM, **CONFIGS[name])
    above, between, below = sorted(shown(at(film, "reference"), "O"), key=lambda item: -item.box[3])
    assert above.box[1] > between.box[3] > between.box[1] > below.box[3]
    exact = truth(config)
    off = np.abs(run(config, source="numpy", algorithm="fa2").o.astype(np.float64) - exact).reshape(-1, *exact.shape[2:])
    head = exact.reshape(off.shape)[off.max((1, 2)).argmax()]
    assert numbers(between.values)[2:4] == pytest.approx(numbers(written(head.T.ravel()))[1:3], rel=1e-3, abs=1e-3)
    low, high = np.percentile(head, [1, 99.5])
    ends = [float(said(at(film, "reference"), f"key {end}")[0].replace("−", "-")) for end in ("low", "high")]
    assert ends == pytest.approx([low, high], rel=0.06, abs=1e-3)


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
    """In standard attention's picture its largest; and its number is what all of the row comes to in the end, where the ring is again."""
    if not causes(name):
        return
    film, config = scene(FILM, aspect, **CONFIGS[name]), AttentionConfig(**CONFIGS[name])
    off, rect = off_by(config, "standard"), film.shot("errors")["standard"]
    row, column = np.unravel_index(off.argmax(), off.shape)
    place = rect.x0 + (column + 0.5) / off.shape[1] * rect.width, rect.y1 - (row + 0.5) / off.shape[0] * rect.height
    assert middle(at(film, "worst"), "ring standard") == pytest.approx(place, abs=0.02)
    (ringed,) = said(at(film, "worst"), "largest")
    assert float(ringed) == pytest.approx(largest_errors(config)[0], rel=0.0051)
    end, chart = at(film, "sum"), film.shot("row errors")["standard"]
    added = min(shown(end, "up to"), key=lambda item: item.box[3])
    assert added.text == ringed
    x, y = middle(end, "ring")
    assert x == pytest.approx(chart.x1, abs=0.02)
    error, most = followed(config)["off"]["standard"], largest_drawn(config)
    assert not shown(scene(FILM, aspect, **CONFIGS[name]).snapshots[-1], "ring"), "nothing goes over the pictures"
    assert y - chart.center[1] == pytest.approx(error / most * FULL * chart.height / 2, abs=0.02)


@every
def test_what_is_rounded_is_said_to_the_end(name: str) -> None:
    """Beside either's picture: standard attention's trace stores S in HBM, FlashAttention's does not, and strikes it out."""
    config, end = AttentionConfig(**CONFIGS[name]), scene(FILM, **CONFIGS[name]).snapshots[-1]
    for algorithm in ("fa2", "standard"):
        stored = {Kind(code).name for code in run(config, source="numpy", algorithm=algorithm).trace.columns["kind"].tolist()}
        assert ("STORE_S" in stored) == (algorithm == "standard")
    text = f"rounds P and O to {config.dtype}"
    float32 = ["its scores S stay on chip, in float32", "its scores S go out to HBM, as float32"]
    assert sorted(said(end, "note")) == sorted(float32 if config.dtype == "float32" else [text, f"{text},", "and scores S"])
    words = {item.text: item for item in shown(end, "note")}
    if config.dtype != "float32":
        assert words[text].box[1] > words["and scores S"].box[3], "standard attention's is below"


def numbers(text: str) -> list[float]:
    """In some words."""
    return [float(each) for each in re.findall(r"-?[0-9]+\.?[0-9]*", text)]


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
        {"worst", "stored", "scores", "weights", "times", "sum"} <= {beat.name for beat in film.board}
        if dtype != "float32"
        else [beat.name for beat in film.board] == ["outputs", "reference", "apart", "magnify", "equal"]
    )
    if dtype != "float32":
        assert alone == pytest.approx(standard, rel=0.1)
        assert flash < standard / 2


@every
def test_the_cause_is_float64_attention_that_rounds_s_and_nothing_else(name: str) -> None:
    config = AttentionConfig(**CONFIGS[name])
    assert scores_stored(config) == pytest.approx(caused(config), rel=1e-9, abs=1e-12)


def followed(config: AttentionConfig) -> dict[str, Any]:
    """The row of standard attention's largest error, computed here anew: what scores, weights and the entry are off by, by side."""
    exact = truth(config)
    outputs = {side: run(config, source="numpy", algorithm=which).o.astype(np.float64) for side, which in ALGORITHMS.items()}
    b, h, query, column = np.unravel_index(np.abs(outputs["standard"] - exact).argmax(), exact.shape)
    hides, dtype = hidden(config)[query], numpy_dtype(config.dtype)
    s = np.where(hides, -np.inf, scores(config)[0][b, h, query])
    stored = s.astype(np.float32).astype(dtype).astype(np.float64)
    p, rounded = (np.exp(each - each.max()) / np.exp(each - each.max()).sum() for each in (s, stored))
    kept = np.exp(s - s.max()).astype(dtype).astype(np.float64) / np.exp(s - s.max()).sum()
    values = np.repeat(make_inputs(config)[2], config.heads // config.kv_heads, 1)[b, h, :, column].astype(np.float64)
    off = {side: float(o[b, h, query, column] - exact[b, h, query, column]) for side, o in outputs.items()}
    return {
        "scores": {"flash": 0 * p, "standard": np.where(hides, 0.0, stored - np.where(hides, 0.0, s))},
        "weights": {"flash": kept - p, "standard": rounded.astype(dtype).astype(np.float64) - p}, "values": values,
        "off": off, "p": p, "s": s,
    }  # fmt: skip


ALGORITHMS = {"flash": "fa2", "standard": "standard"}


def largest_drawn(config: AttentionConfig) -> float:
    """The largest size in either chart at any time."""
    row = followed(config)
    sums = np.append((row["weights"]["standard"] * row["values"]).cumsum(), row["off"]["standard"])
    apart = np.array(neighbours(config)[1:]) - neighbours(config)[0]
    return max(float(np.abs(each).max()) for each in (apart, row["scores"]["standard"], row["weights"]["standard"], sums))


def neighbours(config: AttentionConfig) -> tuple[float, float, float]:
    """Of the score that standard attention is furthest off with: in float64, as stored, and the dtype's number across from it."""
    row = followed(config)
    key = int(np.abs(row["scores"]["standard"]).argmax())
    exact, off = row["s"][key], row["scores"]["standard"][key]
    stored, dtype = np.asarray(exact + off, numpy_dtype(config.dtype)), numpy_dtype(config.dtype)
    sides = [float(np.nextafter(stored, np.asarray(sign * np.inf, dtype))) for sign in (-1, 1)]
    return float(exact), float(stored), sides[0] if off > 0 else sides[1]


@every
def test_bars_are_what_scores_and_weights_and_products_are_off_by(name: str) -> None:
    """One a key, in both charts on one scale; and their largest is what is written beside them."""
    if not causes(name):
        return
    config, film = AttentionConfig(**CONFIGS[name]), scene(FILM, **CONFIGS[name])
    row, unit = followed(config), FULL * film.shot("row errors")["standard"].height / 2 / largest_drawn(config)
    products = {side: off * row["values"] for side, off in row["weights"].items()}
    for beat, values in (("scores", row["scores"]), ("weights", row["weights"]), ("times", products)):
        end = at(film, beat)
        largest = dict(zip(("flash", "standard"), sorted(shown(end, "up to"), key=lambda item: -item.box[3]), strict=True))
        for side, off in values.items():
            (bars,), zero = shown(end, f"bars {side}"), film.shot("row errors")[side].center[1]
            reach = (bars.box[1] - zero) / unit, (bars.box[3] - zero) / unit
            # FlashAttention rounds P of other maxima on its way than here: its errors are as small, not the same
            other = np.abs(off).max() if side == "flash" else 0.0
            assert reach == pytest.approx((min(off.min(), 0.0), max(off.max(), 0.0)), abs=0.011 / unit + other), (beat, side)
            least = 10.0 ** -len(largest[side].text.split(".")[1])
            assert numbers(largest[side].text)[0] == pytest.approx(max(np.abs(off).max(), least), abs=other + least), (beat, side)


@every
def test_one_score_snaps_to_the_nearer_of_two_numbers_and_its_gap_is_the_tallest_bar(name: str) -> None:
    """Exact, stored and next are as written, at their heights; the gap is the largest error of all scores."""
    if not causes(name):
        return
    config, film = AttentionConfig(**CONFIGS[name]), scene(FILM, **CONFIGS[name])
    exact, stored, across = neighbours(config)
    assert abs(stored - exact) <= abs(across - exact)
    assert (stored - exact) * (across - exact) < 0
    end, chart = at(film, "stored"), film.shot("row errors")["standard"]
    unit = FULL * chart.height / 2 / largest_drawn(config)
    written_here = sorted(float(text.split()[-1]) for text in said(end, "number"))
    assert written_here == pytest.approx(sorted((exact, stored, across)), abs=0.51 * 10.0 ** -len(str(written_here[0]).split(".")[1]))
    (gap,), (lines,) = shown(end, "gap"), shown(end, "numbers")
    heights = sorted((0.0, (stored - exact) * unit))
    assert (gap.box[1] - chart.center[1], gap.box[3] - chart.center[1]) == pytest.approx(heights, abs=0.02)
    levels = sorted(((stored - exact) * unit, (across - exact) * unit))
    assert (lines.box[1] - chart.center[1], lines.box[3] - chart.center[1]) == pytest.approx(levels, abs=0.03)
    (off,) = said(end, "near")
    largest = min(shown(at(film, "scores"), "up to"), key=lambda item: item.box[3])
    assert off.split()[-1] == largest.text


@every
def test_errors_are_weighed_beneath_by_their_keys_weights_and_then_by_v(name: str) -> None:
    """Beneath the chart the weights in float64 of the keys that count most; what these gain or lose, and then their numbers in V."""
    if not causes(name):
        return
    config, film = AttentionConfig(**CONFIGS[name]), scene(FILM, **CONFIGS[name])
    row, strip = followed(config), film.shot("row errors")["factor"]
    off = row["weights"]["standard"]
    keys = np.argsort(-np.abs(off * row["values"]))[:2]
    near = said(at(film, "weights"), "near")
    assert sorted(float(text.split()[-1]) for text in near if "P" in text) == pytest.approx(sorted(row["p"][keys]), abs=0.0051)
    (bars,) = shown(at(film, "weights"), "weights")
    assert (bars.box[1], bars.box[3]) == pytest.approx((strip.y0, strip.y1), abs=0.02), "the largest weight is as high as there is room"
    changes = [text.split() for text in near if "P" not in text]
    least = 10.0 ** -len(changes[0][1].split(".")[1])
    changed = sorted({"gains": 1, "loses": -1}[way] * float(value) for way, value in changes)
    assert changed == pytest.approx(sorted(off[keys]), abs=0.51 * least)
    values = [float(text.split()[-1].replace("−", "-")) for text in said(at(film, "times"), "near")]
    assert sorted(values) == pytest.approx(sorted(row["values"][keys]), abs=0.0051)


@pytest.mark.parametrize("aspect", ASPECTS)
def test_what_a_chart_is_of_is_said_over_it_at_every_step(aspect: Aspect) -> None:
    film = scene(FILM, aspect)
    for beat, text in (
        ("scores", "off in each score S"),
        ("weights", "off in each weight P"),
        ("times", "off in P × V"),
        ("sum", "their sum"),
    ):
        titles = shown(at(film, beat), "title")
        assert [item.text.startswith(text) for item in titles] == [True, True]
        for item, side in zip(sorted(titles, key=lambda item: -item.box[3]), ("flash", "standard"), strict=True):
            assert item.box[1] > film.shot("row errors")[side].y1


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_ring_becomes_a_rectangle(share: float) -> None:
    """Its corners are quarters of a circle: all of one, where it is as wide and as high; none, where they have no radius."""
    points = rounded(Rect(1.0, 1.0, 3.0, 3.0), 1 - share)
    assert (points.min(0).tolist(), points.max(0).tolist()) == ([1.0, 1.0], [3.0, 3.0])
    far = np.linalg.norm(points - 2.0, axis=1)
    assert far.max() == pytest.approx(share * np.sqrt(2) + (1 - share))


@every
def test_both_walks_end_at_what_their_entry_is_off_by(name: str) -> None:
    """The number beside each is the twin's error there, with its side in words; FlashAttention's ends nearer to float64."""
    if not causes(name):
        return
    config, film = AttentionConfig(**CONFIGS[name]), scene(FILM, **CONFIGS[name])
    off, end = followed(config)["off"], at(film, "sum")
    ends = sorted(shown(end, "up to"), key=lambda item: -item.box[3])
    least = 10.0 ** -len(ends[0].text.split(".")[1])
    assert [float(item.text) for item in ends] == pytest.approx([abs(each) for each in off.values()], abs=0.51 * least)
    how = [item.text for item in sorted(shown(end, "how"), key=lambda item: -item.box[3])]
    assert how == [f"too {'large' if each > 0 else 'small'} by" for each in off.values()]
    assert abs(off["flash"]) < abs(off["standard"]) / 2


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=9), st.floats(0, 1))
def test_a_walk_is_as_high_as_what_was_added_up(values: list[float], share: float) -> None:
    """At each key up or down by its value, at the right edge as far as the last says; nothing is drawn beyond its share."""
    chart = Chart(Rect(1.0, 0.0, 7.0, 4.0), len(values), 0.2)
    sums = np.append(np.cumsum(values), 0.5)
    boxes = chart.walk(sums, 1.0)
    levels = boxes[boxes[:, 2] - boxes[:, 0] > 0.3]
    heights = (levels[:, 1] + levels[:, 3]) / 2
    assert heights == pytest.approx([float(chart.y(each)) for each in (0.0, *sums[:-1])])
    part = chart.walk(sums, share)
    assert not len(part) or part[:, 2].max() <= 1.0 + 6.0 * share + 0.1


def middle(end: Any, name: str) -> tuple[float, float]:
    """Of the one thing of this name."""
    (item,) = shown(end, name)
    return (item.box[0] + item.box[2]) / 2, (item.box[1] + item.box[3]) / 2
