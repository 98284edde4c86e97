"""BackwardScene: what is drawn is what the recorded backward pass computed, and stands to float64 and to the forward pass as it should."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashviz.chapters.backward import Backward, added, aligned, digits, gather, products
from flashviz.config import AttentionConfig
from flashviz.director import backward
from flashviz.errors import TraceError
from flashviz.inputs import make_inputs
from flashviz.layout import shot
from flashviz.layout.backward import Grid, arrivals, magnified
from flashviz.layout.rect import Rect
from flashviz.mobjects.areas import Areas
from flashviz.mobjects.tile_walk import Walk
from flashviz.mobjects.tiles import Rectangles
from flashviz.palette import DARK, MOST_WEIGHTS
from flashviz_kernels.differentiating import inputs
from flashviz_kernels.recorder import run
from flashviz_kernels.reference import gradients
from tests.directed import at, said, scene, shown, values_of, written
from tests.test_directed import FILMS

FILM = FILMS["backward"]
CONFIGS: dict[str, dict[str, Any]] = {"default": {}, **FILM.configs}
every = pytest.mark.parametrize("name", CONFIGS)
several = pytest.mark.parametrize("name", [name for name in CONFIGS if name != "one tile"])


@cache
def found(name: str) -> Backward:
    return gather(AttentionConfig(**CONFIGS[name]), "numpy", run, inputs)


def gathered(back: Backward) -> tuple[np.ndarray, np.ndarray]:
    """dK_j and dV_j of the followed key tile [keys, d], after all row blocks of its walk."""
    gains = [back.gained(block) for block in back.walks[back.key_tile]]
    return added([dk for dk, _ in gains]), added([dv for _, dv in gains])


@every
def test_tiles_put_together_are_the_gradients_of_float64(name: str) -> None:
    """Each dQ, dK and dV of the followed tiles, within what rounding to the dtype, and S in float32, leave of the largest."""
    back, c = found(name), found(name).config
    b, shared, g = back.head
    head, i, j = shared * c.group + g, back.row_block % c.row_blocks, back.key_tile
    given = back.given
    truth = gradients(*(given[each] for each in ("Q", "K", "V", "dO", "O", "LSE")), scale=c.scale, causal=c.causal)
    rows, keys = slice(i * c.block_m, (i + 1) * c.block_m), slice(j * c.block_n, (j + 1) * c.block_n)
    dk, dv = gathered(back)
    unit = 2e-6 if c.dtype == "float32" else 2e-3
    mine = (back.parts.sum(0), truth[0][b, head, rows]), (dk, truth[1][b, shared, keys]), (dv, truth[2][b, shared, keys])
    for made, true in mine:
        assert np.abs(made - true).max() <= unit * max(np.abs(each).max() for each in truth)


@every
def test_either_order_gives_what_the_recorded_pass_computed(name: str) -> None:
    """The twin adds key tile after key tile; its dQ, dK and dV are rounded once, ours not yet."""
    back, c = found(name), found(name).config
    outputs = run(c, source="numpy", algorithm="backward").outputs
    b, shared, g = back.head
    rows = back.row_block % c.row_blocks * c.block_m + np.arange(len(back.orders[0]))
    dq = outputs["dQ"][b, shared * c.group + g, rows]
    for each in back.orders:
        assert each.astype(dq.dtype).astype(float) == pytest.approx(dq.astype(float), rel=2e-3, abs=1e-5)
    for mine, tensor in zip(gathered(back), ("dK", "dV"), strict=True):
        keys = back.key_tile * c.block_n + np.arange(len(mine))
        stored = outputs[tensor][b, shared, keys].astype(float)
        assert mine == pytest.approx(stored, rel=2e-3, abs=2e-3 * np.abs(stored).max())


@every
def test_p_made_again_is_the_forward_passs(name: str) -> None:
    """By LSE, and by the last m and the last sum: two ways, the same weights."""
    back = found(name)
    values, t = back.forward.values, back.forward.t
    m, total = values.m_new[-1], values.l_new[-1]
    by_last = np.exp(np.where(np.isfinite(values.m_new[t]), values.m_new[t] - np.where(np.isfinite(m), m, 0), 0))
    weights = (values.p[t] * (by_last / np.where(total == 0, 1, total))[:, None])[:, : len(values.k[t])]
    assert weights.max() > 1e-4, "there is something to compare"
    assert back.followed.p == pytest.approx(weights, abs=1e-5)
    rows = sum(back.tile(back.row_block, j).p.sum(1) for j in back.programs)
    seen = np.isfinite(back.rows_of("LSE", back.row_block))
    assert rows == pytest.approx(np.where(seen, 1.0, 0.0), abs=1e-4), "weights of all tiles"


@every
def test_rows_of_ds_sum_to_nothing_since_weights_sum_to_one(name: str) -> None:
    back = found(name)
    total = sum(back.tile(back.row_block, j).ds.sum(1) for j in back.programs)
    largest = max(np.abs(back.tile(back.row_block, j).dp).max() for j in back.programs)
    unit = 1e-5 if back.config.dtype == "float32" else 2e-3  # D is of O as it was stored
    assert np.abs(total).max() <= unit * largest


@every
def test_d_is_the_rows_average_of_dp(name: str) -> None:
    """In float64, by weight over all keys, from the O that was stored: sum_j p_j (dO . v_j) = dO . O."""
    back = found(name)
    tiles = [back.tile(back.row_block, j) for j in back.programs]
    mean = sum((tile.p.astype(np.float64) * tile.dp).sum(1) for tile in tiles)
    unit = 1e-5 if back.config.dtype == "float32" else 2e-3
    assert np.abs(back.followed.d).max() > 0
    assert back.followed.d == pytest.approx(mean, abs=unit * max(float(np.abs(tile.dp).max()) for tile in tiles))


@every
def test_walks_are_the_pairs_that_meet_each_once(name: str) -> None:
    back, c = found(name), found(name).config
    met = {(g * c.row_blocks + i, j) for g in range(c.group) for i in range(c.row_blocks) for j in c.key_tiles(i)}
    walked = [(block, j) for j, walk in enumerate(back.walks) for block in walk]
    assert len(walked) == len(met)
    assert set(walked) == met
    assert (back.row_block, back.key_tile) in met


@several
def test_an_order_is_a_bit_different_and_no_worse(name: str) -> None:
    """By the bound of sums: (n - 1) roundings of at most the sum of sizes."""
    back = found(name)
    first, last = back.orders
    assert 0 < back.differ < first.size, "some numbers differ, some do not"
    assert first[back.number] != last[back.number]
    bound = (len(back.parts) - 1) * 2.0**-24 * np.abs(back.parts).sum(0).max() * 1.01
    exact = back.parts.astype(np.float64).sum(0)
    assert 0 < max(np.abs(each - exact).max() for each in (first, last)) <= bound
    for side, steps, order in zip(("first", "last"), back.steps, (first, last), strict=True):
        assert steps[-1] == order[back.number]
        assert [steps[0] + steps[1], steps[2] + steps[3]] == [steps[2], steps[4]], "float32, rounded after each step"
        written = [np.float32(back.said[f"{side} {at}"].replace(" ", "").replace("−", "-")) for at in range(5)]
        assert written == list(steps), "with all digits that tell it from every other"
    assert (back.steps[0][[0, 1, 3]] == back.steps[1][[0, 3, 1]]).all(), "the same three, the last two in the other order"


@several
def test_the_exact_sum_is_of_the_three_that_are_added_and_stands_beneath_their_points(name: str) -> None:
    """As fractions, to within half of the last place that is written; no order's sum is further from it than its two roundings."""
    back = found(name)
    held, one, _, other, _ = (Fraction(float(each)) for each in back.steps[0])
    exact, text = held + one + other, back.exact
    places = len(text.partition(".")[2])
    assert abs(Fraction(text.replace(" ", "").replace("−", "-")) - exact) <= Fraction(1, 2 * 10**places)
    assert text.index(".") == back.said["first 0"].index(".")
    for steps in back.steps:
        rounding = sum(Fraction(float(np.spacing(abs(steps[at])))) / 2 for at in (2, 4))
        assert abs(Fraction(float(steps[-1])) - exact) <= rounding


def rooted(values: np.ndarray) -> np.ndarray:
    """The root of each number's size, on its own side of zero."""
    return np.asarray(np.copysign(np.sqrt(np.abs(values)), values))


def test_pictures_are_of_these_values() -> None:
    stage, back = scene(FILM), found("default")
    again, dv, upstream, softmax, dq, shared, order = (
        at(stage, beat) for beat in ("again", "dv", "upstream", "softmax", "dq", "shared", "order")
    )
    assert values_of(again, "P") == [written(np.sqrt(back.followed.p))]
    assert values_of(dv, "dO") == [written(rooted(back.rows_of("dO", back.row_block)))]
    assert values_of(upstream, "dP") == [written(rooted(back.followed.dp))]
    assert values_of(softmax, "dS") == [written(rooted(back.followed.ds))]
    assert values_of(softmax, "D") == [written(rooted(back.followed.d[:, None]))]
    dk, gained = back.gained(back.row_block)
    here = back.parts[back.programs.index(back.key_tile)]
    for tensor, values in (("dK", dk.T), ("dV", gained.T), ("dQ", here), ("dS", back.followed.ds)):
        assert values_of(dq, tensor) == [written(rooted(values))], tensor
    assert values_of(shared, "added") == [written([sum(map(len, back.walks))])]
    assert values_of(shared, "stored dK") == values_of(shared, "stored dV") == [written([back.config.col_blocks])]
    for side in ("first", "last"):
        assert [said(order, f"sum {side} {at}") for at in range(6)] == [[back.said[f"{side} {at}"]] for at in range(6)]
    assert values_of(order, "dQ") == [written(rooted(back.orders[1]))]


@every
def test_weighed_rows_add_up_to_the_key_s_dv(name: str) -> None:
    """Against float64, from P and dO: the followed key's column. Written are the followed row and those in which it weighs most."""
    back = found(name)
    weights, terms = back.weighed
    given = back.rows_of("dO", back.row_block).astype(np.float64)
    assert terms == pytest.approx(weights[:, None] * given, abs=1e-6)
    assert terms.sum(0) == pytest.approx(back.gained(back.row_block)[1][back.key], abs=1e-4)
    assert back.written == sorted(set(back.written))
    assert back.row in back.written
    rest, others = np.delete(weights, back.written), [row for row in back.written if row != back.row]
    assert not len(rest) or weights[others].min() >= rest.max()


def test_rows_are_weighed_and_fall_into_one_sum() -> None:
    """What stands in the sum's place, at any share of the fall, is the sum of those rows that are no longer on their way."""
    back = found("default")
    place = shot(AttentionConfig(), "16:9", "one tile")
    film = backward.BackwardFilm(SimpleNamespace(skin=DARK, add=lambda *_: None), back)  # type: ignore[arg-type]
    film.tiles["do"] = film.matrix("dO", back.rows_of("dO", back.row_block), place["rows"])
    weights, terms = back.weighed
    strips = [film.matrix("dO", terms[row][None], place[f"term {at}"]) for at, row in enumerate(back.written)]
    one = film.matrix("dV", terms[:1], place["sum"])
    fall = backward.fall(film, one, strips)
    fall.interpolate(0.0)
    assert np.isnan(one.values).all()
    fall.interpolate(0.3)
    assert one.values == pytest.approx(rooted(terms[back.written[:2]].sum(0)[None]), abs=1e-5)
    fall.interpolate(1.0)
    assert one.values == pytest.approx(rooted(back.gained(back.row_block)[1][back.key][None]), abs=1e-3)
    assert not any(strip.image.pixel_array[:, :, 3].any() for strip in strips)
    come = backward.come_weighed(strips[0], place["term 0"], back.rows_of("dO", back.row_block)[back.written[0]], terms[back.written[0]])
    come.interpolate(1.0)
    assert strips[0].values == pytest.approx(rooted(terms[back.written[0]][None]))
    assert 0 < weights[back.written[0]] < 1


def test_the_row_that_is_looked_at_is_one_of_the_film_s_with_its_numbers() -> None:
    """The product of its dO and O is D, and what is reckoned adds up as it is written."""
    stage, back = scene(FILM), found("default")
    dot, share = at(stage, "dot"), at(stage, "share")
    do, o = (back.rows_of(name, back.row_block)[back.row] for name in ("dO", "O"))
    assert float(do.astype(np.float64) @ o) == pytest.approx(float(back.said["mean"]), abs=0.005)
    assert " ".join(said(dot, "line 2")) == f"D = dO · O = {back.said['mean']}"
    assert said(dot, "level") == said(share, "level") == [f"D = {back.said['mean']}"]
    (reckoned,) = said(share, "sum")
    weight, gradient, mean, part = (float(number) for number in re.findall(r"[\d.]+", reckoned))
    assert weight * (gradient - mean) == pytest.approx(part, abs=0.005)
    assert weight == pytest.approx(back.followed.p[back.row].max(), abs=0.0005)


@every
def test_the_row_is_all_keys_that_the_query_sees_and_the_tile_is_in_it(name: str) -> None:
    back = found(name)
    for whole, own in zip((back.whole.p, back.whole.dp, back.whole.ds), (back.followed.p, back.followed.dp, back.followed.ds), strict=True):
        assert np.array_equal(whole[:, back.own], own)
    assert back.whole.p[back.row].sum() == pytest.approx(1.0, abs=1e-4)


def areas(name: str) -> Areas:
    back = found(name)
    row = back.row
    key = back.own.start + back.key
    return Areas(back.whole.p[row], back.whole.dp[row], float(back.followed.d[row]), back.own, key, Rect(0.0, 0.0, 8.0, 4.0), DARK)


def sizes(boxes: np.ndarray) -> np.ndarray:
    """[n] areas."""
    return np.asarray((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]))


@every
def test_areas_are_ds_and_cancel(name: str) -> None:
    """Of each key: P |dP - D|, in units of the whole width and of one; above as much as below, so that leveled bars stand at D."""
    back, drawn = found(name), areas(name)
    unit = drawn.plot.width * drawn.unit
    assert sizes(drawn.boxes(drawn.mean, drawn.values)) / unit == pytest.approx(np.abs(back.whole.ds[back.row]), abs=1e-4)
    above, below = (sizes(drawn.boxes(drawn.mean, side(drawn.values, drawn.mean))).sum() / unit for side in (np.maximum, np.minimum))
    assert above == pytest.approx(below, abs=2e-3 * np.abs(drawn.values).max())


def boxes_of(drawn: Rectangles) -> np.ndarray:
    """[n, 4] rectangles of a path, from their first and ninth corner."""
    corners = drawn.points.reshape(-1, 16, 3)
    return np.concatenate([corners[:, 0, :2], corners[:, 8, :2]], 1)


def test_leveled_bars_end_at_the_mean_and_parted_ones_at_their_values() -> None:
    drawn = areas("default")
    drawn.settle(1.0)
    level = np.array([drawn.zero, drawn.level_of(drawn.mean)])
    for part, count in ((drawn.own, drawn.chosen.sum()), (drawn.others, (~drawn.chosen).sum())):
        ends = boxes_of(part)
        assert len(ends) == count
        assert ends[:, [1, 3]] == pytest.approx(np.broadcast_to(level, (count, 2)))
    drawn.part(1.0)
    tops = np.concatenate([boxes_of(drawn.above), boxes_of(drawn.above_others)])[:, 3].max()
    lows = np.concatenate([boxes_of(drawn.below), boxes_of(drawn.below_others)])[:, 1].min()
    assert (tops, lows) == pytest.approx((drawn.level_of(drawn.values.max()), drawn.level_of(drawn.values.min())))


def test_the_list_is_of_all_products_and_softmaxs_steps_and_is_ticked_as_they_are_made() -> None:
    """Products have the numbers of those that the trace has; softmax's two steps have none. All lines before the framed one are ticked."""
    stage, back = scene(FILM), found("default")
    made = [tensor for tensor in backward.RULES if tensor not in backward.SOFTMAX]
    assert made[:3] == products(back.trace)[:3]
    assert sorted(made) == sorted(products(back.trace)), "dK and dQ, of which neither needs the other, in either order"
    for beat, count in (("again", 1), ("dv", 2), ("upstream", 3), ("softmax", 4), ("dk", 5), ("dq", 7), ("recap", 7)):
        snapshot = at(stage, beat)
        rules = sorted(shown(snapshot, "rule"), key=lambda item: -item.box[1])
        assert [item.text for item in rules] == list(backward.RULES.values()), beat
        assert len(shown(snapshot, "tick")) == count, beat
        beside = {min(rules, key=lambda rule: abs(rule.box[1] - item.box[1])).text: item.text for item in shown(snapshot, "count")}
        assert beside == {backward.RULES[tensor]: f"{number}" for number, tensor in enumerate(made, 1)}, beat


def test_whose_each_gradient_is() -> None:
    """By the trace's walks: more than one program adds to a row block of dQ, and each column's dK and dV have one."""
    stage, back = scene(FILM), found("default")
    assert len(back.programs) > 1
    for tensor in ("dK", "dV"):
        assert said(at(stage, "recap"), f"whose {tensor}") == ["added up by one program"]
    assert said(at(stage, "recap"), "whose dQ") == ["added up by all programs"]


def test_the_number_is_pointed_at_where_it_stands_in_dq() -> None:
    stage, back = scene(FILM), found("default")
    (item,) = shown(at(stage, "order"), "entry")
    place = stage.shot("row of tiles")["dq"]
    (row, column), (rows, wide) = back.number, back.orders[0].shape
    x, y = (item.box[0] + item.box[2]) / 2, (item.box[1] + item.box[3]) / 2
    assert ((x - place.x0) / place.width, (place.y1 - y) / place.height) == pytest.approx(
        ((column + 0.5) / wide, (row + 0.5) / rows), abs=0.02
    )


def test_who_is_first_is_told_in_the_order_that_was_drawn() -> None:
    stage, back = scene(FILM), found("default")
    for side, drawn in zip(("first", "last"), back.drawn, strict=True):
        assert said(at(stage, "order"), side) == [f"program {drawn[-2]} first"]


@every
def test_without_a_second_program_nothing_is_shared(name: str) -> None:
    beats = [beat.name for beat in found(name).beats]
    assert ("shared" in beats) == (len(found(name).programs) > 1)
    assert ("order" in beats) == ("shared" in beats and found(name).differ > 0)
    assert beats[-1] == ("recap" if "shared" in beats else "dq")


def test_what_did_not_run_is_refused() -> None:
    """Another dO: the traces' hash is of all six inputs."""

    def other(config: AttentionConfig) -> dict[str, np.ndarray]:
        arrays = dict(inputs(config))
        return arrays | {"dO": arrays["dO"] + np.float16(1)}

    with pytest.raises(TraceError, match="expected the inputs that the backward pass ran with"):
        gather(AttentionConfig(seq_q=64, head_dim=16), "numpy", run, other)


singles = st.floats(width=32, allow_nan=False, allow_infinity=False, min_value=-1e6, max_value=1e6)


@given(st.lists(st.lists(singles, min_size=5, max_size=5), min_size=1, max_size=2))
def test_lines_of_sums_are_exact_and_their_points_stand_beneath_each_other(steps: list[list[float]]) -> None:
    lines = aligned([np.array(each, np.float32) for each in steps])
    flat = [line for each in lines for line in each]
    assert len({line.index(".") for line in flat}) == len({len(line) for line in flat}) == 1
    for texts, numbers in zip(lines, steps, strict=True):
        assert [np.float32(text.replace(" ", "").replace("−", "-")) for text in texts] == [np.float32(each) for each in numbers]
        assert [text[0] in "+−" for text in texts[1::2]] == [True, True]


@every
def test_a_raised_weight_takes_its_width_from_all(name: str) -> None:
    """It gains a piece, and nothing else changes; all lose the same share, together as much; then all are as wide as before."""
    drawn = areas(name)
    whole, gain = drawn.plot.width, drawn.wide(drawn.gain)
    before = drawn.right - drawn.left
    drawn.widen(1.0)
    assert drawn.right - drawn.left == pytest.approx(before)
    assert drawn.piece[1] - drawn.piece[0] == pytest.approx(gain)
    assert drawn.right[-1] + (gain if drawn.at == len(before) - 1 else 0.0) == pytest.approx(drawn.plot.x0 + whole + gain)
    slivers = drawn.slivers(0.0)
    assert slivers[:, 2] == pytest.approx(drawn.right), "at the right of each bar"
    drawn.gather(1.0)
    assert drawn.right - drawn.left == pytest.approx(before * (1 - gain / whole)), "the same share of each"
    gathered = boxes_of(drawn.lost)
    assert gathered[0, 0] == pytest.approx(drawn.piece[0])
    assert gathered[1:, 0] == pytest.approx(gathered[:-1, 2])
    assert gathered[-1, 2] == pytest.approx(drawn.piece[1]), "together as wide as the piece"
    drawn.close(1.0)
    assert (drawn.right - drawn.left).sum() + gain == pytest.approx(whole)
    drawn.settle(1.0)
    drawn.part(1.0)
    assert drawn.right - drawn.left == pytest.approx(before)


@every
def test_gain_less_loss_is_ds(name: str) -> None:
    """Of the key that is looked at: P dP gained, P D lost, in units of the whole width and of one; and so the loss's slope at its score.

    Where P is wider than what is drawn of it, both are so much of it. Against the derivative by a small step of that score, with softmax
    and all dP in float64.
    """
    back, drawn = found(name), areas(name)
    unit = drawn.plot.width * drawn.unit
    drawn.widen(1.0)
    drawn.gather(1.0)
    drawn.close(1.0)
    weight, slope, mean = drawn.weights[drawn.at], drawn.values[drawn.at], drawn.mean
    drawn_of_it = drawn.gain / weight / drawn.total
    height = np.ptp(boxes_of(drawn.gained)[0, [1, 3]]) / drawn.unit
    assert height * (drawn.piece[1] - drawn.piece[0]) / drawn.plot.width == pytest.approx(abs(drawn_of_it * weight * slope), abs=1e-4)
    signed = (drawn.slivers(1.0)[:, 3] + drawn.slivers(1.0)[:, 1] - 2 * drawn.zero) * (drawn.slivers(1.0)[:, 2] - drawn.slivers(1.0)[:, 0])
    assert signed.sum() / unit == pytest.approx(drawn_of_it * weight * mean, abs=2e-3 * np.abs(drawn.values).max())
    drawn.settle(1.0)
    assert sizes(boxes_of(drawn.lost)).sum() / unit == pytest.approx(abs(drawn_of_it * weight * mean), abs=1e-4)
    step = 1e-6
    raised = drawn.weights * np.where(np.arange(len(drawn.weights)) == drawn.at, np.exp(step), 1.0)
    change = (raised / raised.sum() - drawn.weights / drawn.total) @ drawn.values / step
    assert change == pytest.approx(float(back.whole.ds[back.row, drawn.at]), abs=2e-3 * np.abs(drawn.values).max())


def test_bars_of_other_tiles_come_from_outside_the_frame_on_either_side() -> None:
    back, drawn = found("default"), areas("default")
    frame = Rect(-1.0, -1.0, 9.0, 5.0)
    drawn.join(0.0, frame)
    start, before = boxes_of(drawn.others), back.own.start
    assert start[:before, 2].max() <= frame.x0 + 1e-9
    assert start[before:, 0].min() >= frame.x1 - 1e-9
    drawn.join(1.0, frame)
    assert boxes_of(drawn.others) == pytest.approx(drawn.boxes(0.0, drawn.values)[~drawn.chosen])


def test_one_program_goes_first_and_then_all_others() -> None:
    """Alone it adds one part to each dQ of its walk; then nothing that it added is taken back."""
    back = found("default")
    walk = Walk(back.walks, back.row_blocks, shot(AttentionConfig(), "16:9", "all tiles"), DARK)
    own = back.walks[back.key_tile]
    walk.run({(block, back.key_tile): (at + 1) / len(own) for at, block in enumerate(own)})(1.0)
    assert np.asarray(walk.added.values).tolist() == [len(own)]
    assert np.asarray(walk.own["dK"].values).tolist() == [1]
    show = walk.run(back.times(back.config.seed))
    assert np.asarray(walk.added.values).tolist() == [len(own)]
    show(1.0)
    assert np.asarray(walk.added.values).tolist() == [sum(map(len, back.walks))]


@given(singles, singles)
def test_digits_tell_two_numbers_apart_and_say_each_exactly(a: float, b: float) -> None:
    first, second = digits(np.float32(a), np.float32(b))
    assert len(first.partition(".")[2]) == len(second.partition(".")[2])
    assert [np.float32(each.replace("−", "-")) for each in (first, second)] == [np.float32(a), np.float32(b)]


@given(st.lists(st.floats(-100, 100, width=32), min_size=1, max_size=20))
def test_added_is_one_rounding_a_step(parts: list[float]) -> None:
    total = np.float32(0)
    for part in parts:
        total = np.float32(total + np.float32(part))
    assert added(np.array(parts, np.float32)[:, None])[0] == total


@given(st.lists(st.lists(st.integers(0, 9), unique=True, max_size=6).map(sorted), min_size=1, max_size=6), st.integers(0, 99))
def test_each_program_comes_in_the_order_of_its_walk(walks: list[list[int]], seed: int) -> None:
    when = arrivals(walks, seed)
    assert len(when) == sum(map(len, walks))
    for j, walk in enumerate(walks):
        times = [when[block, j] for block in walk]
        assert times == sorted(times)
        assert all(0 < time <= 1 for time in times)


def test_rows_of_dq_take_them_in_different_orders() -> None:
    """Else the picture would refute what is said of it."""
    back = found("default")
    when = arrivals(back.walks, back.config.seed)
    turns = {tuple(sorted(range(len(back.walks)), key=lambda j: when[block, j])) for block in range(back.row_blocks)}
    assert len(turns) > back.row_blocks // 2


@several
def test_the_orders_differ_in_the_last_two_who_meet(name: str) -> None:
    """The first is the one in which the programs reach the followed row block: the followed one first, then as all others run."""
    back = found(name)
    first, last = back.drawn
    assert sorted(first) == sorted(last) == back.programs
    assert first[:-2] == last[:-2]
    assert first[-2:] == last[:-3:-1]
    when = back.times(back.config.seed)
    times = [when[back.row_block, j] for j in first]
    assert times == sorted(times)


def test_zero_is_the_middle_of_the_ramp() -> None:
    """One scale, one key: of opposite numbers the colours are as far from zero's, on either side."""
    film = backward.BackwardFilm(SimpleNamespace(skin=DARK), found("default"))  # type: ignore[arg-type]
    for tensor in ("dO", "D", "dQ"):
        picture = film.matrix(tensor, np.array([[-4.0, -1.0, 0.0, 1.0, 4.0, -4.0, 4.0]]), Rect(0.0, 0.0, 1.0, 1.0))
        assert np.sign(picture.values).tolist() == [[-1, -1, 0, 1, 1, -1, 1]]
        pixels = picture.image.pixel_array[0, :, :3].astype(int)
        assert np.abs(pixels[3] + pixels[1] - 2 * pixels[2]).max() <= 2, "rounded to bytes"
        assert len({tuple(pixel) for pixel in pixels[:5]}) == 5


def test_scores_and_their_gradients_have_a_hue_on_either_side_of_zero() -> None:
    """Zero is the ground; opposite numbers are as far on the way to the hues that the key of the picture shows."""
    film = backward.BackwardFilm(SimpleNamespace(skin=DARK), found("default"))  # type: ignore[arg-type]
    ground, above, below = (np.array([int(hue[at : at + 2], 16) for at in (1, 3, 5)]) for hue in (DARK.panel, DARK.scores, DARK.below))
    for tensor in ("S", "dP", "dS"):
        picture = film.matrix(tensor, np.array([[-4.0, -1.0, 0.0, 1.0, 4.0]]), Rect(0.0, 0.0, 1.0, 1.0))
        low, half_low, zero, half, high = picture.image.pixel_array[0, :, :3].astype(int)
        assert (zero == ground).all()
        assert np.abs(high - above).max() <= 1
        assert np.abs(low - below).max() <= 1
        assert np.abs(2 * half - ground - above).max() <= 2
        assert np.abs(2 * half_low - ground - below).max() <= 2


def test_weights_are_dark_at_0_and_white_from_a_weight_on() -> None:
    """By the root: a quarter of it is the middle of the ramp. All but a few weights are below."""
    film = backward.BackwardFilm(SimpleNamespace(skin=DARK), found("default"))  # type: ignore[arg-type]
    ends = [int(DARK.panel[1:3], 16), int(DARK.scores[1:3], 16)]
    weights = found("default").followed.p
    bright = np.quantile(np.sqrt(weights), MOST_WEIGHTS) ** 2
    picture = film.matrix("P", bright * np.array([[0.0, 0.25, 1.0, 4.0]]), Rect(0.0, 0.0, 1.0, 1.0), weights)
    assert picture.image.pixel_array[0, :, 0].tolist() == pytest.approx([ends[0], sum(ends) / 2, ends[1], ends[1]], abs=2)
    assert (weights <= bright).mean() == pytest.approx(MOST_WEIGHTS, abs=0.01)


def test_cells_of_a_grid_are_apart_and_within() -> None:
    rect = Rect(0.0, 0.0, 4.0, 2.0)
    grid = Grid(rect, 3, 5)
    cells = [Rect(*edges) for edges in grid.cells]
    assert len(cells) == 15
    assert all(rect.contains(cell) for cell in cells)
    assert not any(a.overlaps(b) for a in cells for b in cells if a is not b)


def test_the_inputs_are_the_forward_passs() -> None:
    """Q, K and V of both passes are one recipe's."""
    back = found("default")
    for name, array in zip("QKV", make_inputs(back.config), strict=True):
        assert np.array_equal(back.given[name], array)


rects = st.tuples(*[st.floats(-8, 8)] * 2, *[st.floats(0.1, 8)] * 2).map(lambda r: Rect(r[0], r[1], r[0] + r[2], r[1] + r[3]))


@given(rects, rects, st.integers(1, 9), st.integers(1, 9), st.data())
def test_a_grid_that_comes_nearer_is_one_map_of_it(rect: Rect, to: Rect, rows: int, columns: int, data: st.DataObject) -> None:
    """One map of all of it: the cell fills the place, and the others stay as large as it and as far from one another."""
    row, column = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, columns - 1))
    small = Grid(rect, rows, columns)
    large = magnified(rect, small.cell(row, column), to)
    assert magnified(small.cell(row, column), small.cell(row, column), to).edges == pytest.approx(to.edges, abs=1e-6)
    wide, high = to.width / small.cell(row, column).width, to.height / small.cell(row, column).height
    assert (large.width, large.height) == pytest.approx((rect.width * wide, rect.height * high))
    assert (large.x0 - to.x0) / wide == pytest.approx(rect.x0 - small.cell(row, column).x0, abs=1e-6)
    assert (large.y1 - to.y1) / high == pytest.approx(rect.y1 - small.cell(row, column).y1, abs=1e-6)
