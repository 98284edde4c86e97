"""RooflineScene: tiles, dots and their division are what traces count and papers print, by formulas written here anew."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashviz.chapters import roofline
from flashviz.chapters.roofline import NAMES, STATISTICS, WAYS, Roof, gather, moment, passage, steps_of
from flashviz.citations import PEAK_TFLOPS
from flashviz.config import AttentionConfig
from flashviz.director.scene import Shown
from flashviz.errors import ConfigError
from flashviz.layout import ASPECTS, Aspect, Rect, shot
from flashviz.layout.roofline import BEYOND, FILLED, Axes, Cells, Chip, Squares
from flashviz.memory import traffic
from flashviz.palette import DARK
from flashviz_kernels.recorder import record
from tests.directed import at, said, scene, shown, written
from tests.test_directed import FILMS

FILM = FILMS["roofline"]
N, D = 512, 64  # keys of the default configuration; numbers of two bytes
HEIGHTS = (64, 128, 256)
BANDWIDTH, PEAK = 1.5e12, 312e12  # Dao et al. 2022, Fig. 1; Dao 2023, section 3.1
CONFIGS: dict[str, dict[str, Any]] = {"default": {}, **FILM.configs, "narrow": {"head_dim": 32, "seq_q": 200, "block_n": 32}}
every = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS.keys())


def operations(rows: int) -> int:
    """Two products, each of 2 d operations a score."""
    return 4 * rows * N * D


def flash_bytes(rows: int) -> int:
    """Of one row block: Q and O, all of K and V, float32 LSE."""
    return 2 * (2 * rows * D + 2 * N * D) + 4 * rows


def standard_bytes(rows: int) -> int:
    """The same without LSE, and S and P out and back."""
    return 2 * (2 * rows * D + 2 * N * D + 4 * rows * N)


def attained(intensity: float) -> float:
    """min(peak, bandwidth x intensity) in TFLOP/s: Williams, Waterman & Patterson 2009, equation 1."""
    return min(PEAK, BANDWIDTH * intensity) / 1e12


def found(**config: Any) -> roofline.Roofline:
    return gather(AttentionConfig(**config), "numpy", record)


def middle(item: Shown) -> tuple[float, float]:
    """Of a thing on screen."""
    x0, y0, x1, y1 = item.box
    return (x0 + x1) / 2, (y0 + y1) / 2


def axes_of(film: Any) -> Axes:
    return Axes(film.shot("roof")["plot"], (BEYOND * PEAK / BANDWIDTH, PEAK / 1e12))


# ------------------------------------------------------------------------------------------------------- what is counted


def test_a_row_block_is_counted_by_formula() -> None:
    """Of every height and of standard attention: a share of what the whole head moves, 400 and 144 1/4 KiB of the bill's tiles."""
    line = found()
    assert [each.rows for each in line.heights] == list(HEIGHTS)
    assert [each.count.nbytes for each in line.heights] == [flash_bytes(rows) for rows in HEIGHTS]
    assert [each.count.operations for each in line.heights] == [operations(rows) for rows in HEIGHTS]
    assert (line.standard.count.nbytes, line.standard.count.operations) == (standard_bytes(64), operations(64))
    assert standard_bytes(64) == 400 * 1024
    assert flash_bytes(64) == 144.25 * 1024
    whole = record(AttentionConfig(), source="numpy", algorithm="standard")
    assert traffic(whole).total == N // 64 * standard_bytes(64)


@every
def test_ways_are_all_that_a_trace_moves(config: dict[str, Any]) -> None:
    line = found(**config)
    for trace, height in zip(line.traces, (*line.heights, line.standard), strict=True):
        assert height.count.nbytes == traffic(trace).total
        assert height.count.operations == trace.columns["flops"].sum()
        assert height.rows == trace.config.seq_q
    kept = [nbytes for way, nbytes in zip(WAYS, line.heights[0].count.ways, strict=True) if way.tensor in "SP"]
    assert kept == [0.0] * 4, "S and P stay on chip"
    assert all(bool(nbytes) is (way.tensor != "LSE") for way, nbytes in zip(WAYS, line.standard.count.ways, strict=True))


@every
def test_steps_add_up_one_event_at_a_time(config: dict[str, Any]) -> None:
    """From nothing to all of it; each either moves bytes or multiplies; the first moves bytes, so that no dot begins at full rate."""
    line = found(**config)
    steps = steps_of(line.traces[-1])
    assert (steps[0].nbytes, steps[0].operations, steps[0].intensity) == (0.0, 0.0, 0.0)
    assert (steps[-1].nbytes, steps[-1].operations) == (line.standard.count.nbytes, line.standard.count.operations)
    for before, after in pairwise(steps):
        grown = after.nbytes > before.nbytes, after.operations > before.operations
        assert grown.count(True) == 1
    assert steps[1].intensity == 0.0
    assert max(step.intensity for step in steps) < (line.roof.knee or np.inf)


@given(st.floats(0.0, 1.0))
def test_between_two_counts_all_goes_alike(share: float) -> None:
    line = found()
    first, second = line.standard.count, line.heights[-1].count
    between = first.toward(second, share)
    assert between.nbytes == pytest.approx(first.nbytes + (second.nbytes - first.nbytes) * share)
    assert between.operations == pytest.approx(first.operations + (second.operations - first.operations) * share)


@every
def test_nothing_is_read_before_it_was_written_or_multiplied_before_it_came(config: dict[str, Any]) -> None:
    """As it is seen: steps are counted in their order; S and P have all landed in HBM before they set out again."""
    steps, flight = steps_of(found(**config).traces[-1]), 5.0
    times = passage(steps, flight)
    way = [int(np.argmax(after.ways - before.ways)) if after.nbytes > before.nbytes else None for before, after in pairwise(steps)]
    inward = [at is not None and WAYS[at].inward for at in way]
    done = np.where(inward, times[:, 1], times[:, 0])
    assert (np.diff(done) >= 1.0).all()
    assert np.ptp(times, axis=1) == pytest.approx([0.0 if at is None else flight for at in way])
    for tensor in "SP":
        written_at = [landed for at, (_, landed) in zip(way, times, strict=True) if at is not None and WAYS[at].name == f"{tensor} out"]
        read_from = [left for at, (left, _) in zip(way, times, strict=True) if at is not None and WAYS[at].name == f"{tensor} back"]
        assert max(written_at) <= min(read_from)


# -------------------------------------------------------------------------------------------------------- what is on chip


def held_at(config: dict[str, Any], which: int, flight: float, share: float) -> roofline.Moment:
    steps = steps_of(found(**config).traces[which])
    times = passage(steps, flight)
    return moment(steps, times, share * times.max())


@every
@pytest.mark.parametrize("which", [0, -1], ids=["flash", "standard"])
def test_a_moment_ends_with_all_that_the_trace_counts(config: dict[str, Any], which: int) -> None:
    """Nothing is on chip before the first tile came; at the end all is counted, all of O is summed, and nothing is under way."""
    line = found(**config)
    height = (line.heights[0], line.standard)[which]
    begun, ended = (held_at(config, which, 3.0, share) for share in (0.0, 1.0))
    assert (begun.held, begun.aloft, begun.count.nbytes) == ({}, (), 0.0)
    assert ended.aloft == ()
    assert ended.held["O"] == 1.0
    for count in (ended.count, ended.landed):
        assert (count.operations, count.nbytes) == pytest.approx((height.count.operations, height.count.nbytes))


@given(st.floats(0.0, 1.0), st.sampled_from([1.0, 4.0]), st.sampled_from([0, -1]))
def test_what_is_multiplied_is_on_chip(share: float, flight: float, which: int) -> None:
    """S is made where Q and K are, and O where P and V are; S and P are one place, which one of them has."""
    now = held_at({}, which, flight, share)
    growing = (now.count.products != now.landed.products) & (now.count.products > 0)
    if 0 < now.held.get("S", 0.0) < 1:
        assert {"Q", "K"} <= set(now.held)
    if growing[1]:
        assert {"P", "V", "O"} <= set(now.held)
    assert not {"S", "P"} <= set(now.held)


@given(st.floats(0.0, 1.0))
def test_in_flash_attention_s_and_p_never_leave(share: float) -> None:
    """No tile of both is under way, ever; in standard attention S is away once it was made."""
    flash, standard = (held_at({}, which, 1.0, share) for which in (0, -1))
    for before, after, _ in flash.aloft:
        assert WAYS[int(np.argmax(after.ways - before.ways))].tensor not in "SP"
    if standard.landed.ways[NAMES.index("S out")] == 64 * N * 2 and not standard.landed.ways[NAMES.index("S back")]:
        assert "S" not in standard.held


def chip_of(film: Any) -> Chip:
    return Chip(film.shot("work")["core"], 64, D, STATISTICS, found().capacity, 512)


@pytest.mark.parametrize("aspect", ASPECTS)
def test_the_chip_is_to_scale(aspect: Aspect) -> None:
    """One pitch a number: registers are as wide as the queries that fill them; S stands between Q and K, O beside V and under S."""
    chip = chip_of(scene(FILM, aspect))
    assert chip.registers.width * chip.registers.height / chip.pitch**2 == pytest.approx(65536), "of 32 bits each"
    for rows in (*HEIGHTS, 512):
        q, k, v, s, o, lse = (chip.slot(name, rows) for name in ("Q", "K", "V", "S", "O", "LSE"))
        areas = [each.width * each.height / chip.pitch**2 for each in (q, k, v, s, o, lse)]
        assert areas == pytest.approx([rows * D, 64 * D, 64 * D, rows * 64, rows * D, 2 * rows])
        assert (q.x0, q.x1, k.y0, k.y1) == pytest.approx((s.x0, s.x1, s.y0, s.y1))
        assert (o.x0, o.x1, o.y1, v.y0, v.y1) == pytest.approx((s.x0, s.x1, s.y0, o.y0, o.y1))
        assert (chip.registers.x0, chip.registers.y1, lse.y0) == pytest.approx((s.x0, s.y1, chip.registers.y0))
        assert chip.rect.contains(q)
        assert chip.rect.contains(lse)
        assert (s.x1 > chip.registers.x1) is (rows == 512)


# ------------------------------------------------------------------------------------------------------------- on screen


def test_hbm_has_a_square_a_tile() -> None:
    """Q, K and V from the start, S and P as they are written; in FlashAttention none of these."""
    film = scene(FILM)
    assert found().square == 8 * 1024
    assert said(at(film, "block"), "legend") == ["8 KiB a tile"]
    assert set(said(at(film, "standard"), "tensor")) == {"Q", "K", "V", "S", "P", "O"}
    assert set(said(at(film, "flash"), "tensor")) == {"Q", "K", "V", "O", "LSE"}
    for beat, rows, scores in (("standard", 64, 64 * N * 2), ("flash", 64, 0), ("climb", 256, 0)):
        stored = {"Q": 2 * rows * D, "K": 2 * N * D, "V": 2 * N * D, "O": 2 * rows * D, "S": scores, "P": scores}
        for name, nbytes in stored.items():
            assert [item.values for item in shown(at(film, beat), f"stored {name}")] == ([written([nbytes])] if nbytes else []), (
                beat,
                name,
            )
    first = at(film, "block")
    assert [item.values for item in shown(first, "stored S")] == [written([8 * 1024])], "one tile has left"
    assert not shown(first, "held S")
    assert not shown(first, "stored P")


def test_queries_and_keys_are_named() -> None:
    film = scene(FILM)
    assert said(at(film, "block"), "who") == ["standard attention: 64 queries, 512 keys in 8 tiles"]
    whose = [said(at(film, beat), "who")[0] for beat in ("flash", "climb", "limit")]
    assert whose == [f"FlashAttention-2: {rows} queries, 512 keys in 8 tiles" for rows in (64, 256, 512)]


def test_tiles_on_chip_say_what_they_are() -> None:
    film = scene(FILM)
    assert {text for text in said(at(film, "block"), "tile") if text} == {"Q", "K"}, "S has left"
    assert {text for text in said(at(film, "flash"), "tile") if text} == {"Q", "K", "V", "P", "O so far"}
    assert {item.text for item in shown(at(film, "flash"), "made")} == {"= softmax of S", "adds P V"}
    assert {"= Q Kᵀ", "= softmax of S", "adds P V"} <= set(film.drawn_at)


@pytest.mark.parametrize(
    ("beat", "done", "moved", "result"),
    [
        ("ratio", operations(64), standard_bytes(64), "20.5"), ("flash", operations(64), flash_bytes(64), "56.8"),
        ("climb", operations(256), flash_bytes(256), "170"), ("limit", operations(512), flash_bytes(512), "254"),
    ],
)  # fmt: skip
def test_operations_over_bytes_are_written_where_both_are(beat: str, done: int, moved: int, result: str) -> None:
    """As numbers of three digits, which can be divided by hand."""
    end = at(scene(FILM), beat)
    (above,), (below,) = said(end, "operations"), said(end, "bytes moved")
    assert (above.split(), below.split()) == ([f"{done:,}", "operations"], [f"{moved:,}", "bytes", "moved"])
    assert said(end, "result") == [result]
    assert float(f"{done / moved:.3g}") == float(result)


def test_the_climb_goes_to_the_right() -> None:
    """Each number comes down to its place, after those at its left: 20.5, 56.8, 102, 170; there it stands beneath its dot."""
    film = scene(FILM)
    end, axes = at(film, "climb"), axes_of(film)
    numbers = [item for item in shown(end, "intensity") if item.text != f"{PEAK / BANDWIDTH:.0f}"]
    expected = [operations(64) / standard_bytes(64), *(operations(rows) / flash_bytes(rows) for rows in HEIGHTS)]
    assert [item.text for item in numbers] == [f"{each:.3g}" for each in expected]
    came = [film.drawn_at[item.text] for item in numbers]
    assert came == sorted(came)
    for number, dot, each in zip(numbers, shown(end, "mark"), expected, strict=True):
        assert middle(number)[0] == pytest.approx(axes.x(each), abs=0.05)
        assert middle(dot) == pytest.approx((axes.x(each), axes.rect.y0), abs=0.02)
    assert said(end, "dot name") == ["standard", "64 queries", "128 queries", "256 queries"]


def test_the_gpus_own_ratio_is_of_both_quoted_rates() -> None:
    film = scene(FILM)
    end, axes = at(film, "ridge"), axes_of(film)
    assert set(said(end, "rate")) == {"312 × 10¹² operations/s", "1.5 × 10¹² bytes/s"}
    assert said(end, "needed") == ["208"] == [f"{PEAK / BANDWIDTH:.0f}"]
    assert said(end, "cited") == ["A100, at best: Dao et al. 2022; Dao 2023"]
    (line,), number = shown(end, "knee"), next(item for item in shown(end, "intensity") if item.text == "208")
    for item in (line, number):
        assert middle(item)[0] == pytest.approx(axes.x(PEAK / BANDWIDTH), abs=0.05)


def test_while_a_byte_crosses_most_of_the_time_there_is_nothing_to_do() -> None:
    """A cell an operation: as many as the GPU could do by its quoted rates, and those that the traces have for a byte."""
    end = at(scene(FILM), "waits")
    (could,), (done,), (lane,) = (shown(end, name) for name in ("time", "used", "rail"))
    assert (could.values, done.values) == (written([round(PEAK / BANDWIDTH)]), written([operations(64) / standard_bytes(64)]))
    assert could.box[2] == pytest.approx(lane.box[2], abs=0.1), "the last is done when the byte is there"
    assert said(end, "cells name") == ["meanwhile the GPU has time for 208 operations"]
    cells = Cells(shot(AttentionConfig(), "16:9", "wait")["cells"], 208)
    sides = cells.first(20.5)
    areas = (sides[:, 2] - sides[:, 0]) * (sides[:, 3] - sides[:, 1])
    assert areas.sum() / areas[0] == pytest.approx(20.5)


@given(st.integers(1, 400), st.floats(0.2, 5.0))
def test_cells_are_in_their_place_and_apart(count: int, wide: float) -> None:
    rect = Rect(0.0, 0.0, wide, 1.0)
    boxes = Cells(rect, count).first(count)
    assert len(boxes) == count == len({(round(x, 9), round(y, 9)) for x, _, _, y in boxes.tolist()})
    assert boxes[:, :2].min() >= -1e-9
    assert boxes[:, 2].max() <= wide
    assert boxes[:, 3].max() <= 1.0


def test_registers_fill_until_a_block_spills() -> None:
    """Of 65,536 of 4 bytes: S of a tile, O so far, m and l, in float32; 512 queries would be past the ridge, and have no room."""
    line, film = found(), scene(FILM)
    assert [line.held(rows) for rows in HEIGHTS] == [rows * (64 + D + 2) * 4 for rows in HEIGHTS]
    assert (line.registers, line.too_many) == (65536 * 4, 512)
    assert line.held(256) < line.registers < line.held(512)
    assert said(at(film, "block"), "registers name") == ["registers: 256 KiB"]
    assert said(at(film, "flash"), "stop") == []
    assert said(at(film, "climb"), "stop") == ["64", "128", "256 queries", "512 queries"]
    use = "{} × 130 numbers × 4 bytes: {} KiB".format
    uses = {"flash": use(64, 32.5), "climb": use(256, 130), "limit": "512 queries need 260 KiB of 256 KiB"}
    assert {beat: said(at(film, beat), "use")[0] for beat in uses} == uses
    assert use(128, 65) in film.drawn_at
    chip = chip_of(film)
    for beat, rows in (("flash", 64), ("climb", 256), ("limit", 512)):
        for name in ("Q", "P", "O", "LSE"):
            (item,) = shown(at(film, beat), f"held {name}")
            assert item.box == pytest.approx(chip.slot(name, rows).edges, abs=0.011)
        assert len(shown(at(film, beat), "spilled")) == (rows == 512)
    (spilled,), (ring,) = shown(at(film, "limit"), "spilled"), shown(at(film, "limit"), "no room")
    assert spilled.values == written([512 - line.capacity])
    assert [paint.colour for paint in spilled.paint] == [DARK.warn]
    assert line.impossible.intensity == operations(512) / flash_bytes(512) > PEAK / BANDWIDTH
    assert middle(ring)[0] == pytest.approx(axes_of(film).x(line.impossible.intensity), abs=0.02)


def test_dots_stand_on_the_roof() -> None:
    """As far right as their operations a byte, from zero, and as high as min(peak, bandwidth x intensity)."""
    film = scene(FILM)
    axes, standard = axes_of(film), operations(64) / standard_bytes(64)
    climbing = [operations(rows) / flash_bytes(rows) for rows in HEIGHTS]
    assert climbing == sorted(climbing)
    marked = shown(at(film, "roof"), "mark")
    for item, intensity in zip(marked, [standard, *climbing], strict=True):
        assert middle(item) == pytest.approx((axes.x(intensity), axes.y(attained(intensity))), abs=0.02)
    marks = {
        "standard attention: 31 TFLOP/s",
        *(f"{rows} queries: {attained(each):.0f} TFLOP/s" for rows, each in zip(HEIGHTS, climbing, strict=True)),
    }
    assert set(said(at(film, "roof"), "mark rows")) == marks


@pytest.mark.parametrize("aspect", ASPECTS)
def test_numbers_on_the_axis_of_rates_stand_at_their_heights(aspect: Aspect) -> None:
    film = scene(FILM, aspect)
    axes, levels = axes_of(film), shown(at(film, "roof"), "level")
    assert [item.text for item in levels] == ["300", "200", "100"], "from the top"
    for item in levels:
        assert middle(item)[1] == pytest.approx(axes.y(float(item.text)), abs=0.05)
        assert item.box[2] < axes.rect.x0


def test_the_end_is_the_climb_and_what_limits_it() -> None:
    """From standard attention's dot to the tallest tile's; under the flat part a ring that has no room."""
    end = at(scene(FILM), "answer")
    (climbed,), (ring,), axes = shown(end, "climbed"), shown(end, "no room"), axes_of(scene(FILM))
    assert climbed.values == written([operations(64) / standard_bytes(64), operations(256) / flash_bytes(256)])
    assert [paint.colour for paint in climbed.paint] == [DARK.o]
    assert middle(ring) == pytest.approx((axes.x(found().impossible.intensity), axes.y(PEAK / 1e12)), abs=0.02)
    assert {"512 queries:", "no room in registers"} < set(said(end, "mark rows"))


def test_one_machine_throughout() -> None:
    for snapshot in scene(FILM).snapshots:
        assert said(snapshot, "machine") == ["A100"]


# ------------------------------------------------------------------------------------------------------------- the squares


@given(st.floats(0.0, 12.0), st.floats(0.0, 1.0))
def test_squares_are_to_scale_and_stay_in_their_row(amount: float, share: float) -> None:
    """Areas are amounts, beside one another; those from a start on are the others' rest."""
    squares = Squares(Rect(0.0, 0.0, 4.0, 3.0), 12)
    one, start = (FILLED * squares.pitch) ** 2, share * amount
    for boxes, expected in ((squares.of(amount), amount), (squares.of(amount, start), amount - start)):
        assert ((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])).sum() == pytest.approx(expected * one, abs=1e-9)
        assert all(squares.rect.contains(Rect(*box)) for box in boxes.tolist())
        assert all(after[0] > before[2] for before, after in pairwise(boxes.tolist()))


@every
def test_all_squares_have_a_place_in_every_aspect(config: dict[str, Any]) -> None:
    for aspect in ASPECTS:
        film = scene(FILM, aspect, **config)
        place = film.shot("work")
        for snapshot in film.snapshots:
            for name in ("Q", "K", "V", "S", "P", "O", "LSE"):
                assert all(place[name].contains(Rect(*item.box), slack=0.02) for item in shown(snapshot, f"stored {name}")), (aspect, name)
                assert all(place["core"].contains(Rect(*item.box), slack=0.02) for item in shown(snapshot, f"held {name}")), (aspect, name)


# ----------------------------------------------------------------------------------------------------------------- heights


@every
def test_the_first_height_that_has_no_room_has_its_rows_share(config: dict[str, Any]) -> None:
    """Twice the rows of the tallest, or so again: Q, O and LSE as many times, K and V as they are."""
    line = found(**config)
    c, rows = line.traces[0].config, line.impossible.rows
    assert rows // 2 < line.capacity <= rows
    assert line.impossible.count.operations == 4 * rows * c.seq_k * c.head_dim
    assert line.impossible.count.nbytes == 2 * c.itemsize * c.head_dim * (rows + c.seq_k) + 4 * rows


def test_heights_are_those_that_the_gpu_holds_and_the_queries_fill() -> None:
    config = AttentionConfig(head_dim=256, arch="sm_90", block_m=16, block_n=64, stages=2)
    assert [c.block_m for c in roofline.heights(config)] == [16, 32, 64, 128]  # 128 KiB of K and V, 512 B a row
    assert [c.block_m for c in roofline.heights(AttentionConfig(seq_q=100))] == [64, 128]
    assert [c.block_m for c in roofline.heights(AttentionConfig(seq_q=512, block_m=256))] == [128, 256], "the last, and the one before"
    assert [c.block_m for c in roofline.heights(AttentionConfig(seq_q=40))] == [32, 64]
    with pytest.raises(ConfigError, match=r"expected two tile heights that suit N = 16 and sm_90, got 1; take a seq_q above 16"):
        roofline.heights(AttentionConfig(seq_q=16))
    with pytest.raises(ConfigError, match="seq_k must be at least 1"):
        found(seq_k=0)


def test_a_row_block_is_full_or_all_queries() -> None:
    assert [height.rows for height in found(seq_q=100).heights] == [64, 100]


@pytest.mark.parametrize("config", [{}, {"causal": True}, {"seq_q": 300, "seq_k": 420, "block_n": 32}], ids=str)
def test_intensity_is_the_traces_own(config: dict[str, Any]) -> None:
    trace = record(AttentionConfig(**config), source="numpy", algorithm="fa2")
    assert roofline.count_of(trace).intensity == pytest.approx(int(trace.columns["flops"].sum()) / traffic(trace).total)


# -------------------------------------------------------------------------------------------------------------- the roof


def test_the_ridge_is_where_both_limits_meet() -> None:
    """Arithmetic by bandwidth, both as they are quoted, and so it is written; what happens on either side stands there."""
    film = scene(FILM)
    end = at(film, "roof")
    assert found().roof.knee == PEAK / BANDWIDTH
    assert "208" in said(end, "intensity")
    (line,), names = shown(end, "knee"), shown(end, "side")
    axes = axes_of(film)
    assert (line.box[0] + line.box[2]) / 2 == pytest.approx(axes.x(PEAK / BANDWIDTH), abs=0.011)
    assert (line.box[1], line.box[3]) == pytest.approx((axes.rect.y0, axes.y(PEAK / 1e12)), abs=0.011)
    assert {item.text for item in names if item.box[2] < line.box[0]} == {"waits for", "memory"}
    assert {item.text for item in names if item.box[0] > line.box[2]} == {"computes at", "full rate"}


def test_the_roof_is_two_quoted_figures_and_names_both() -> None:
    texts = [item.text for item in at(scene(FILM), "roof").shown if item.text]
    assert "1.5 TB/s × operations per byte" in texts
    assert "312 TFLOP/s" in texts
    assert "A100, at best: Dao et al. 2022; Dao 2023" in texts


def test_float32_has_no_quoted_peak_and_no_knee() -> None:
    roof = found(dtype="float32").roof
    assert roof.peak is None
    assert roof.knee is None
    assert roof.at(1000.0) == pytest.approx(1000 * BANDWIDTH / 1e12)
    film = scene(FILM, dtype="float32")
    assert not {"ridge", "waits"} & {beat.name for beat in film.board}
    assert not any(shown(snapshot, "knee") for snapshot in film.snapshots)
    assert not [text for text in said(at(film, "roof"), "limit") if "TFLOP" in text]


@given(st.floats(0.1, 1e4), st.floats(1.01, 100))
def test_a_stretch_of_the_roof_is_its_ends_and_the_knee_between(low: float, factor: float) -> None:
    roof = Roof(BANDWIDTH / 1e12, PEAK_TFLOPS["A100"])
    stretch = roof.between(low, low * factor)
    assert [y for _, y in stretch] == pytest.approx([attained(x) for x, _ in stretch])
    assert len(stretch) == 2 + (low < 208 < low * factor)


@given(st.floats(0.0, 1.0), st.floats(0.1, 1e4), st.floats(0.1, 1e4))
def test_what_is_shown_has_a_place_in_proportion(share: float, x: float, y: float) -> None:
    for aspect in ASPECTS:
        rect = shot(AttentionConfig(), aspect, "roof")["plot"]
        axes = Axes(rect, (x, y))
        assert axes.x(share * x) - rect.x0 == pytest.approx(share * rect.width)
        assert axes.y(share * y) - rect.y0 == pytest.approx(share * (axes.y(y) - rect.y0))
        assert rect.y0 < axes.y(y) < rect.y1
