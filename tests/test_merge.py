"""OnlineSoftmaxScene: pairs merge as logsumexp does, blocks have the areas of their sums, and the end is the trace's."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashviz.chapters.online_softmax import DIGITS, Pair, gather, merge, pair_of
from flashviz.config import AttentionConfig
from flashviz.director.online_softmax import Accs, MergeFilm
from flashviz.errors import ConfigError
from flashviz.figures import number
from flashviz.inputs import make_inputs
from flashviz.layout import Rect
from flashviz.lettering import PX_PER_UNIT
from flashviz.mobjects.merging import Block, Merging
from flashviz.palette import THEMES
from flashviz_kernels.recorder import run
from tests.directed import at, said, scene, shown, values_of, written
from tests.test_directed import FILMS

FILM = FILMS["merge"]
CONFIGS: dict[str, dict[str, Any]] = {"default": {}, **FILM.configs}
every = pytest.mark.parametrize("name", CONFIGS)
SIDES = ("left", "right")
HUES = (THEMES["dark"].stats, THEMES["dark"].further[1])
scores = st.lists(st.floats(-50, 50) | st.just(-np.inf), min_size=1, max_size=30)


@given(scores, st.data())
def test_pairs_of_any_parts_in_any_order_give_the_whole_rows(row: list[float], data: st.DataObject) -> None:
    """Against logsumexp of the whole row, which knows no parts: m + log l."""
    order = data.draw(st.permutations(row))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(row)), max_size=4)))
    parts = [order[a:b] for a, b in itertools.pairwise([0, *cuts, len(row)])]
    merged = Pair(-np.inf, 0.0)
    for part in parts:
        merged = merge(merged, pair_of(np.array(part)))
    assert merged.m == max(row)
    with np.errstate(divide="ignore"):
        assert merged.m + np.log(merged.l) == pytest.approx(np.logaddexp.reduce(row), abs=1e-9) or merged == (-np.inf, 0.0)


@pytest.mark.parametrize("name", ["default", "causal", "gaussian", "ragged", "one tile", "narrow tiles", "wide tiles"])
def test_the_parts_come_first_then_the_rest_as_it_stands(name: str) -> None:
    """Each tile once; each is taken by one beat, and those that raise the max by the beat that says so."""
    found = found_in(name)
    first = list(dict.fromkeys(part.tile for part in found.parts))
    assert list(found.order[: len(first)]) == first
    assert list(found.order[len(first) :]) == [tile for tile in range(len(found.tiles)) if tile not in first]
    assert sorted(at for times in found.times.values() for at in times) == list(range(len(first), len(found.tiles)))
    rises = [at for at in range(len(first), len(found.tiles)) if found.path[at].m > found.path[at - 1].m]
    assert list(found.times["higher"]) == rises[:1]
    assert not set(rises) & {*found.times["lower"], *found.times["low"]}


def found_in(name: str) -> Any:
    return gather(AttentionConfig(**CONFIGS[name]), "numpy", run)


def row_of(name: str) -> np.ndarray:
    """The followed row's scores, recomputed in float64 from the inputs; a key that it does not see is -inf."""
    c = AttentionConfig(**CONFIGS[name])
    q, k, _ = make_inputs(c)
    row = found_in(name).row
    scores = q[0, 0, row].astype(np.float64) @ k[0, 0].astype(np.float64).T * c.scale
    hidden = np.arange(c.seq_k) > row + c.seq_k - c.seq_q if c.causal else np.zeros(c.seq_k, bool)
    return np.where(hidden, -np.inf, scores)


@every
def test_parts_are_tiles_of_the_row_and_their_blocks_are_their_sums(name: str) -> None:
    film, found, row, c = scene(FILM, **CONFIGS[name]), found_in(name), row_of(name), AttentionConfig(**CONFIGS[name])
    tiles = [row[j * c.block_n : (j + 1) * c.block_n] for j in range(c.col_blocks)]
    tiles = [seen for tile in tiles if len(seen := tile[np.isfinite(tile)])]
    parts = np.array_split(tiles[0], 2) if len(tiles) == 1 else tiles
    for side, part in zip(SIDES, found.parts, strict=True):
        (match,) = [each for each in parts if len(each) == len(part.scores) and np.allclose(each, part.scores, atol=2e-3)]
        assert part.pair.m == pytest.approx(match.max(), abs=2e-3)
        assert part.pair.l == pytest.approx(np.exp(match - match.max()).sum(), rel=5e-3)
        assert values_of(at(film, "other"), f"block {side}") == [written([part.pair.l, 1.0])]
    assert said(at(film, "other"), "m") == [number(part.pair.m) for part in found.parts]


@every
def test_the_lower_max_yields_and_the_sum_is_that_of_both_parts(name: str) -> None:
    film, found = scene(FILM, **CONFIGS[name]), found_in(name)
    low, high = found.parts[found.lower], found.parts[1 - found.lower]
    assert low.pair.m <= high.pair.m
    factor = np.exp(low.pair.m - high.pair.m)
    assert values_of(at(film, "squeeze"), f"block {SIDES[found.lower]}") == [written([low.pair.l * factor, factor])]
    both = np.concatenate([low.scores, high.scores])
    assert found.merged.l == pytest.approx(np.exp(both - both.max()).sum())
    areas = [low.pair.l * factor, high.pair.l]
    order = areas[::-1] if found.lower == 1 else areas
    assert [values_of(at(film, "join"), f"block {side}") for side in SIDES] == [[written([area, 1.0])] for area in order]
    left, right = (shown(at(film, "join"), f"block {side}")[0].box for side in SIDES)
    assert left[2] == pytest.approx(right[0], abs=0.011), "one against the other"
    assert said(at(film, "join"), "m") == [number(high.pair.m)]


@every
def test_drawn_heights_after_are_the_factor_of_heights_before_to_a_pixel(name: str) -> None:
    film, found = scene(FILM, **CONFIGS[name]), found_in(name)
    before, after = (shown(at(film, beat), f"block {SIDES[found.lower]}")[0].box for beat in ("values", "squeeze"))
    tall = [(box[3] - box[1]) * PX_PER_UNIT for box in (before, after)]
    assert tall[1] == pytest.approx(found.factor * tall[0], abs=2 * 0.005 * PX_PER_UNIT + 1)  # boxes are rounded to 0.01 units
    assert after[2] - after[0] == pytest.approx(before[2] - before[0], abs=0.011)


@every
def test_the_lower_max_cancels_in_the_exponents_of_one_term(name: str) -> None:
    """e^(s - lower) x e^(lower - larger) = e^(s - larger): the score is one of the row's, and bar, factor and numbers are these."""
    film, found = scene(FILM, **CONFIGS[name]), found_in(name)
    low, high = found.parts[found.lower], found.parts[1 - found.lower]
    score = low.scores[found.key]
    assert low.terms[found.key] * found.factor == pytest.approx(np.exp(score - high.pair.m))
    formulas = [item.text.replace(" ", "") for item in shown(at(film, "term"), "formula")]
    s, m_low, m_high = (number(each).replace("−", "-") for each in (score, low.pair.m, high.pair.m))
    assert formulas == [f"e^({s}-{m_low})", "times", "=", f"e^({s}-{m_high})"]
    assert [item.text.replace(" ", "") for item in shown(at(film, "term"), "power")] == [f"e^({m_low}-{m_high})"]
    (lone,) = shown(at(film, "term"), "one term")
    block = shown(at(film, "term"), f"block {SIDES[found.lower]}")[0].box
    assert lone.box[3] - lone.box[1] == pytest.approx(low.terms[found.key] * found.factor * (block[3] - block[1]), abs=0.03)
    assert [text.split()[-1] for text in said(at(film, "term"), "note")] == [found.said[each] for each in ("term", "factor", "new")]


@every
def test_the_strip_is_the_whole_row_in_its_tiles(name: str) -> None:
    """Bars as high as the row's scores, recomputed, on one scale; and all are lit once every tile has come."""
    film, row = scene(FILM, **CONFIGS[name]), row_of(name)
    stage = MergeFilm(film, found_in(name))
    stage.unroll(0.0)
    boxes = np.concatenate(stage.strip.boxes)
    scores = np.where(np.isfinite(row), row, 0.0)[: len(boxes)]
    ups = boxes[scores > 0], scores[scores > 0]
    unit = (ups[0][:, 3] - ups[0][:, 1]) / ups[1]
    assert unit == pytest.approx(np.full(len(unit), np.median(unit)), rel=0.05)


@every
def test_in_any_order_the_tiles_end_where_the_trace_ends(name: str) -> None:
    """The row's order and backwards, merged in float64: one m, one l, one width; and the trace's own."""
    film, found, row = scene(FILM, **CONFIGS[name]), found_in(name), row_of(name)
    whole = row[np.isfinite(row)]
    for end in (found.end, found.path[-1], found.backward[-1]):
        assert end.m == pytest.approx(whole.max(), abs=2e-3)
        assert end.l == pytest.approx(np.exp(whole - whole.max()).sum(), rel=5e-3)
    assert found.backward[-1].l == pytest.approx(found.path[-1].l, rel=1e-9)
    if len(found.tiles) == 1:
        assert film.on_board("all") is None
        return
    end = at(film, "all")
    assert said(end, "m") == [number(found.end.m)]
    assert said(end, "l") == [found.path[-1].written[1]] * 2
    left, right = (shown(end, block)[0].box for block in ("block left", "block in order"))
    assert (left[1], left[2] - left[0], left[3]) == pytest.approx((right[1], right[2] - right[0], right[3]), abs=0.021)
    assert left[2] < right[0]


@given(st.lists(st.floats(1e-3, 1.0), min_size=1, max_size=40))
def test_levelled_terms_fill_the_block_of_their_sum(heights: list[float]) -> None:
    """The terms that have joined and levelled cover what the block covers that takes their place."""
    terms = np.array([*heights, 1.0])
    chart = Merging(Rect(0.0, 0.0, 10.0, 3.0), 0.1, HUES, THEMES["dark"]).pour(terms, 1.0, joined=1.0, level=1.0)
    low, high = chart.terms.points.min(0), chart.terms.points.max(0)
    assert (low[0], low[1], high[0], high[1]) == pytest.approx(chart.box(Block(1.0, float(terms.sum()))), abs=1e-6)


@given(st.floats(1e-3, 40.0), st.floats(0.05, 1.0))
def test_cells_fill_their_block_and_are_a_key_wide(area: float, tall: float) -> None:
    """But for the lines between them, which are the ground's; the last is what is left."""
    chart = Merging(Rect(0.0, 0.0, 10.0, 3.0), 0.1, HUES, THEMES["dark"])
    block = Block(1.0, area, tall)
    cells, (left, low, right, high) = chart.cells(block), chart.box(block)
    assert (cells[0, 0], cells[-1, 2]) == pytest.approx((left, right))
    assert np.diff(cells[:, 2])[:-1] == pytest.approx(0.1)
    assert len(cells) == pytest.approx(np.ceil(block.wide), abs=1)
    assert cells[:, 1] == pytest.approx(low)
    assert cells[:, 3] == pytest.approx(high)


@every
def test_acc_is_the_terms_times_v_and_shrinks_by_the_same_factor(name: str) -> None:
    """Of both parts together, against their scores and rows of V at once; and each against the inputs' own V."""
    film, found, c = scene(FILM, **CONFIGS[name]), found_in(name), AttentionConfig(**CONFIGS[name])
    scores, rows = (np.concatenate([getattr(part, each) for part in found.parts]) for each in ("scores", "values"))
    whole = np.exp(scores - scores.max()) @ rows
    low, high = found.parts[found.lower], found.parts[1 - found.lower]
    assert found.factor * low.acc + high.acc == pytest.approx(whole)
    (drawn,) = values_of(at(film, "join"), "acc left")
    assert drawn == written(found.factor * low.acc + high.acc)
    _, _, v = make_inputs(c)
    given_rows = v[0, 0].astype(np.float64)
    for part in found.parts:
        assert all((np.abs(given_rows - row).sum(1) < 1e-6).any() for row in part.values)


@every
def test_acc_follows_every_tile(name: str) -> None:
    """By one factor with l: after each tile acc / l is the average of the rows of V so far, by weight; at the end it is the trace's."""
    film, found = scene(FILM, **CONFIGS[name]), found_in(name)
    for count, (acc, pair) in enumerate(zip(found.accs, found.path, strict=True), start=1):
        scores, rows = (np.concatenate([of[tile] for tile in found.order[:count]]) for of in (found.tiles, found.values))
        weights = np.exp(scores - scores.max())
        assert acc / pair.l == pytest.approx(weights @ rows / weights.sum())
    assert found.accs[-1] == pytest.approx(found.acc, abs=5e-3 * found.end.l)
    for beat, times in found.times.items():
        if times:
            assert values_of(at(film, beat), "acc left") == [written(found.accs[times[-1]])]


def test_rows_of_v_are_stacked_one_by_one_and_never_clipped() -> None:
    film, found = scene(FILM), found_in("default")
    stage = MergeFilm(film, found)
    accs = Accs(stage)
    lower = found.parts[found.lower]
    assert found.second != found.key
    for row, (key, start) in enumerate(((found.key, 0.0), (found.second, accs.parts[0]))):
        accs.weigh(row, 1.0)
        drawn = accs.row[row].values
        assert drawn == pytest.approx(lower.terms[key] * lower.values[key])
        low, high = np.minimum(start, start + drawn), np.maximum(start, start + drawn)
        room = accs.row[row].rect
        assert (accs.row[row].zero + accs.row[row].unit * low).min() >= room.y0 - 1e-6
        assert (accs.row[row].zero + accs.row[row].unit * high).max() <= room.y1 + 1e-6
    for share in np.linspace(0, 1, 21):
        accs.fill(float(share))
        bars = accs.bars[accs.at]
        assert bars.values is not None
        assert bars.zero + bars.unit * bars.values.min() >= bars.rect.y0 - 1e-6
        assert bars.zero + bars.unit * bars.values.max() <= bars.rect.y1 + 1e-6
    assert accs.bars[accs.at].values == pytest.approx(lower.acc)


def test_the_picture_goes_up_and_both_blocks_have_one_scale() -> None:
    film, found = scene(FILM), found_in("default")
    stage = MergeFilm(film, found)
    for share in (0.0, 0.5, 1.0):
        stage.rise(share)
        boxes = [stage.chart.box(block) for block in stage.own]
        wide, tall = [box[2] - box[0] for box in boxes], [box[3] - box[1] for box in boxes]
        assert wide[0] / wide[1] == pytest.approx(found.parts[0].pair.l / found.parts[1].pair.l)
        assert tall[0] == pytest.approx(tall[1])
    assert stage.chart.rect.edges == stage.place["upper"].edges


def test_a_line_has_the_arithmetic_of_the_last_tile() -> None:
    film, found = scene(FILM), found_in("default")
    orders = [item.text for item in shown(at(film, "all"), "order") if item.text != "tiles"]
    count = len(found.tiles)
    assert orders == [*(str(tile + 1) for tile in found.order), *(str(tile) for tile in range(count, 0, -1))]
    for beat, times in found.times.items():
        past, new, whole = found.path[times[-1] - 1], found.own(times[-1]), found.path[times[-1]]
        factor = number(float(np.exp(-abs(new.m - past.m))))
        sums = [past.written[1], new.written[1]]
        sums[new.m < past.m] += f" × {factor}"
        end = at(film, beat)
        line = " ".join(
            item.text for item in sorted((*shown(end, "sum"), *shown(end, "l")), key=lambda item: item.box[0]) if item.box[1] > 0
        )
        assert line.startswith(f"ℓ = {sums[0]} + {sums[1]} = {whole.written[1]}"), line


def test_a_higher_max_shrinks_the_sum_so_far_and_the_factor_stands_by_it() -> None:
    film, found = scene(FILM), found_in("default")
    (rises,) = found.times["higher"]
    past, whole = found.path[rises - 1], found.path[rises]
    old, new = (number(each).replace("−", "-") for each in (past.m, whole.m))
    end = at(film, "higher")
    assert [item.text.replace(" ", "") for item in shown(end, "power")] == [f"e^({old}-{new})"]
    assert [item.text for item in shown(end, "factor")] == [number(float(np.exp(past.m - whole.m)))]
    assert whole.l < past.l


def test_a_tile_with_a_large_sum_and_a_low_max_adds_next_to_nothing() -> None:
    film, found = scene(FILM), found_in("default")
    (low,) = found.times["low"]
    new, whole = pair_of(found.tiles[found.order[low]]), found.path[low]
    assert new.l > whole.l
    assert whole.l - found.path[low - 1].l < 0.05 * whole.l
    assert film.on_board("low") is not None
    assert scene(FILM, **CONFIGS["gaussian"]).on_board("low") is None


def test_digits_on_screen_check_by_hand() -> None:
    said_here = found_in("default").said
    value = {key: float(said_here[key].replace("−", "-")) for key in ("l", "l_lower", "factor", "shrunk", "sum")}
    sums = len(said_here["sum"].partition(".")[2])
    assert sums in [decimals for decimals, _ in DIGITS]
    assert round(value["l_lower"] * value["factor"], sums) == value["shrunk"]
    assert round(value["l"] + value["shrunk"], sums) == value["sum"]
    film = scene(FILM)
    words = " ".join(item.text for item in shown(at(film, "squeeze"), "sum"))
    assert words == f"× {said_here['factor']} = {said_here['shrunk']}"


@every
def test_the_quotient_is_the_rows_output(name: str) -> None:
    film, found, c = scene(FILM, **CONFIGS[name]), found_in(name), AttentionConfig(**CONFIGS[name])
    end = at(film, "once")
    assert values_of(end, "o") == [written(found.acc / found.end.l)]
    made = run(c, source="numpy", algorithm="fa2").o[0, 0, found.row].astype(np.float64)
    assert found.acc / found.end.l == pytest.approx(made, abs=2e-3)


def test_a_row_of_one_key_is_refused() -> None:
    with pytest.raises(ConfigError, match="seq_k must be at least 1"):
        scene(FILM, seq_k=0)
    with pytest.raises(ConfigError, match="expected a row that sees two keys or more"):
        scene(FILM, seq_k=1)
