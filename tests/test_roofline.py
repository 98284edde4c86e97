"""RooflineScene: squares, dots and their division are what traces count and papers print, by formulas written here anew."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashviz.chapters import roofline
from flashviz.chapters.roofline import WAYS, Roof, gather, passage, steps_of
from flashviz.citations import PEAK_TFLOPS
from flashviz.config import AttentionConfig
from flashviz.director.scene import Shown
from flashviz.errors import ConfigError
from flashviz.layout import ASPECTS, Aspect, Rect, shot
from flashviz.layout.roofline import BEYOND, FILLED, Axes, Lanes, Squares
from flashviz.memory import traffic
from flashviz.mobjects.roof import Clocks
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
    kept = [nbytes for way, nbytes in zip(WAYS, line.heights[0].count.ways, strict=True) if way.scored]
    assert kept == [0.0] * 4, "S and P stay on chip"
    assert all(nbytes > 0 for way, nbytes in zip(WAYS, line.standard.count.ways, strict=True) if way.standard)


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


def test_between_hbm_and_the_chip() -> None:
    """Both are named, with the tensor cores, while squares cross; what was loaded lies at the chip's side, what was stored at HBM's."""
    end = at(scene(FILM), "block")
    assert said(end, "place") == ["HBM", "chip"]
    (hbm,), (chip,), (cores,) = shown(end, "hbm"), shown(end, "chip"), shown(end, "cores")
    assert Rect(*chip.box).contains(Rect(*cores.box))
    for way in WAYS:
        for item in shown(end, f"way {way.name}"):
            near, far = item.box[0] - hbm.box[2], chip.box[0] - item.box[2]
            assert (far < near) is way.inward, way.name


# ------------------------------------------------------------------------------------------------------------- on screen


def test_squares_are_tiles_and_products() -> None:
    """One a tile of 8 KiB, way by way; one a product of tiles, of Q K^T and of P V. Twice the rows: twice the products, the same K, V."""
    film = scene(FILM)
    assert (found().square, found().product) == (8 * 1024, 2 * 64 * 64 * D)
    head = {f"8 KiB each: 64 × {D} × 2 bytes", "tensor cores", "Q Kᵀ", "P V"}
    assert head == set(said(at(film, "block"), "legend"))
    for beat, rows, scores in (("block", 64, 64 * N * 2), ("flash", 64, 0), ("climb", 256, 0)):
        end = at(film, beat)
        moved = {"Q in": 2 * rows * D, "K in": 2 * N * D, "V in": 2 * N * D, "O out": 2 * rows * D}
        moved |= dict.fromkeys(("S out", "S back", "P out", "P back"), scores)
        for way, nbytes in moved.items():
            assert [item.values for item in shown(end, f"way {way}")] == ([written([nbytes])] if nbytes else [])
        for name in ("Q Kᵀ", "P V"):
            assert [item.values for item in shown(end, f"product {name}")] == [written([operations(rows) / 2])]


def test_how_much_a_product_is_stands_there() -> None:
    assert said(at(scene(FILM), "block"), "note") == [
        f"2 × 64 queries × 64 keys × {D} numbers (d)", f"= {2 * 64 * 64 * D:,} operations a square",
    ]  # fmt: skip


def test_the_way_names_are_those_that_are_counted() -> None:
    film = scene(FILM)
    assert set(said(at(film, "block"), "way name")) == {way.name for way in WAYS} - {"LSE"}
    assert set(said(at(film, "flash"), "way name")) == {"Q in", "K in", "V in", "O out", "LSE"}
    assert [item.values for item in shown(at(film, "flash"), "way LSE")] == [written([4 * 64])], "one number a query"
    assert said(at(film, "flash"), "way note") == ["one number a query"]


def test_times_are_said_to_be_ideal_and_bytes_to_be_without_a_cache() -> None:
    assert said(at(scene(FILM), "block"), "cited") == ["ideal, no cache: Dao et al. 2022; Dao 2023"]


@pytest.mark.parametrize(
    ("beat", "nbytes", "rows"),
    [
        ("clocks", standard_bytes(64), 64), ("flash", flash_bytes(64), 64), ("climb", flash_bytes(256), 256),
        ("roof", flash_bytes(256), 256),
    ],
)  # fmt: skip
def test_clocks_are_bytes_by_bandwidth_and_operations_by_peak(beat: str, nbytes: int, rows: int) -> None:
    """As they are written, checked by hand; equal lengths are equal times; what is through first waits until the other is."""
    film = scene(FILM)
    end = at(film, beat)
    (moved, computed) = sorted(said(end, "clock"), key=lambda text: "operations" in text)
    kib, speed, moving = map(float, re.findall(r"\d+(?:\.\d+)?", moved))
    millions, peak, computing = map(float, re.findall(r"\d+(?:\.\d+)?", computed))
    assert (kib, speed * 1e12) == (round(nbytes / 1024), BANDWIDTH)
    assert millions == pytest.approx(operations(rows) / 1e6, rel=0.005)
    assert peak * 1e12 == PEAK
    assert moving == pytest.approx(nbytes / BANDWIDTH * 1e9, abs=0.5)
    assert computing == pytest.approx(operations(rows) / PEAK * 1e9, abs=0.5)
    ways = [item for way in WAYS for item in shown(end, f"time of {way.name}")]
    (products,) = shown(end, "time of operations")
    long, short = max(item.box[2] for item in ways) - ways[0].box[0], products.box[2] - products.box[0]
    assert short / long == pytest.approx((operations(rows) / PEAK) / (nbytes / BANDWIDTH), rel=0.01)
    (waits,) = shown(end, "waits")
    assert (waits.box[0], waits.box[2]) == pytest.approx((products.box[2], max(item.box[2] for item in ways)), abs=0.03)


@every
def test_a_count_takes_as_long_as_the_slower_of_both(config: dict[str, Any]) -> None:
    """Its rate under the roof is its operations by that time."""
    line = found(**config)
    for height in (line.standard, *line.heights):
        moving, computing = line.roof.times(height.count)
        assert height.count.operations / max(moving, computing or 0.0) / 1e3 == pytest.approx(line.roof.at(height.intensity))


def test_dots_stand_on_the_roof() -> None:
    """As far right as their operations a byte, from zero, and as high as min(peak, bandwidth x intensity)."""
    film = scene(FILM)
    axes, standard = axes_of(film), operations(64) / standard_bytes(64)
    climbing = [operations(rows) / flash_bytes(rows) for rows in HEIGHTS]
    assert climbing == sorted(climbing)
    marked = sorted(shown(at(film, "ratio"), "mark"), key=lambda item: item.box[0])
    for item, intensity in zip(marked, [standard, *climbing], strict=True):
        assert middle(item) == pytest.approx((axes.x(intensity), axes.y(attained(intensity))), abs=0.02)
    marks = {
        "standard attention: 31 TFLOP/s",
        *(f"{rows} queries: {attained(each):.0f} TFLOP/s" for rows, each in zip(HEIGHTS, climbing, strict=True)),
    }
    assert set(said(at(film, "ratio"), "mark rows")) == marks


def test_the_number_under_a_dot_is_operations_by_bytes() -> None:
    """For the tallest block it is divided in full, of figures that stand there; each stands beneath its dot."""
    film = scene(FILM)
    end, intensities = at(film, "ratio"), [operations(64) / standard_bytes(64), *(operations(rows) / flash_bytes(rows) for rows in HEIGHTS)]
    assert {f"{each:.0f}" for each in intensities} < set(said(end, "intensity"))
    numbers = [item for item in shown(end, "intensity") if "=" not in item.text]
    for dot, item in zip(*(sorted(each, key=lambda item: item.box[0]) for each in (shown(end, "mark"), numbers)), strict=True):
        assert middle(item)[0] == pytest.approx(middle(dot)[0], abs=0.05)
    assert (
        f"{operations(256) / 1e6:.1f} M operations divided by 193 KiB = {operations(256) / flash_bytes(256):.0f} per byte" in film.drawn_at
    )


@pytest.mark.parametrize("aspect", ASPECTS)
def test_both_times_become_the_place_on_the_axis(aspect: Aspect) -> None:
    """The bytes' time reaches from the roof's zero to its ridge; where the operations' ends stands the dot, and the line to it."""
    film = scene(FILM, aspect)
    end, axes, intensity = at(film, "ratio"), axes_of(film), operations(64) / standard_bytes(64)
    ways = [item for way in WAYS for item in shown(end, f"time of {way.name}")]
    assert min(item.box[0] for item in ways) == pytest.approx(axes.rect.x0, abs=0.02)
    assert max(item.box[2] for item in ways) == pytest.approx(axes.x(PEAK / BANDWIDTH), abs=0.02)
    (computing,), (guide,), (dot,) = shown(end, "time of operations"), shown(end, "guide"), shown(end, "point")
    for x in (computing.box[2], middle(guide)[0], middle(dot)[0]):
        assert x == pytest.approx(axes.x(intensity), abs=0.03)
    words = {item.text for item in shown(end, "clock") if item.text}
    assert {re.findall(r"\d+$", text)[0] for text in words} == {f"{intensity:.0f}", f"{PEAK / BANDWIDTH:.0f}"}


def test_both_bars_are_stretched_alike_and_it_is_said() -> None:
    """Under the axis both are times, on one scale; by the same factor each becomes operations a byte, bytes' the ridge's."""
    film, line = scene(FILM), found()
    assert f"both bars stretched alike, until the bytes end at {PEAK / BANDWIDTH:.0f}" in film.drawn_at
    axes, lanes = axes_of(film), film.shot("roof")["lanes"]
    most = max(line.roof.times(height.count)[0] for height in (line.standard, *line.heights))
    ridge = Rect(axes.rect.x0, lanes.y0, axes.x(PEAK / BANDWIDTH), lanes.y1)
    under = Rect(axes.rect.x0, lanes.y0, lanes.x1, lanes.y1)
    drawn = Clocks(Lanes(lanes, most), Lanes(under, most, head=0.0), ridge, line.roof, ("312 TFLOP/s", "1.5 TB/s"), DARK)
    for height in (line.standard, *line.heights):
        widths = []
        for ratio in (0.0, 0.3, 1.0):
            drawn.display(height.count, under=1.0, ratio=ratio)
            ways = [way for way in drawn.ways if len(way.points)]
            low = min(way.get_left()[0] for way in ways)
            assert low == pytest.approx(axes.rect.x0)
            widths.append((drawn.operations.width, max(way.get_right()[0] for way in ways) - low))
        short, long = zip(*widths, strict=True)
        assert np.divide(short, long) == pytest.approx([height.intensity / (PEAK / BANDWIDTH)] * 3), "one factor for both"
        assert long[0] == pytest.approx(line.roof.times(height.count)[0] / most * under.width)
        assert low + long[-1] == pytest.approx(axes.x(PEAK / BANDWIDTH))
        assert low + short[-1] == pytest.approx(axes.x(height.intensity))


@pytest.mark.parametrize("aspect", ASPECTS)
def test_numbers_on_the_axis_of_rates_stand_at_their_heights(aspect: Aspect) -> None:
    film = scene(FILM, aspect)
    axes, levels = axes_of(film), shown(at(film, "roof"), "level")
    assert [item.text for item in levels] == ["300", "200", "100"], "from the top"
    for item in levels:
        assert middle(item)[1] == pytest.approx(axes.y(float(item.text)), abs=0.05)
        assert item.box[2] < axes.rect.x0


def test_the_end_is_the_climb_and_what_limits_it() -> None:
    """From standard attention's dot to the tallest tile's; S of a tile and acc in float32 fill one SM's registers: 65,536 of 4 bytes."""
    line, end = found(), at(scene(FILM), "answer")
    (climbed,) = shown(end, "climbed")
    assert climbed.values == written([operations(64) / standard_bytes(64), operations(256) / flash_bytes(256)])
    assert [paint.colour for paint in climbed.paint] == [DARK.o]
    assert [line.held(rows) for rows in HEIGHTS] == [rows * (64 + D) * 4 for rows in HEIGHTS]
    assert (line.registers, line.too_many) == (65536 * 4, 512)
    assert said(end, "registers") == ["512 queries would take all 256 KiB: nothing is left for the rest"]
    assert said(end, "stop") == ["64 queries", "128 queries", "256 queries", "512 queries"]
    assert [item.values for item in shown(end, "stops")] == [written([line.held(rows) for rows in (*HEIGHTS, 512)])]
    assert said(end, "block") == ["S 128 KiB", "acc 128 KiB"]
    (dot,), axes = shown(end, "no room"), axes_of(scene(FILM))
    assert line.beyond == operations(512) / flash_bytes(512) > PEAK / BANDWIDTH
    assert middle(dot) == pytest.approx((axes.x(line.beyond), axes.y(PEAK / 1e12)), abs=0.02)
    assert "512 queries: no room" in said(end, "mark rows")
    for name, of_row in (("S", 64), ("acc", D)):
        (filled,) = shown(end, f"filled {name}")
        assert filled.values == written([512 * of_row * 4])
        assert [paint.colour for paint in filled.paint] == [DARK.hue(name.upper())]


def test_one_machine_throughout() -> None:
    for snapshot in scene(FILM).snapshots:
        assert said(snapshot, "machine") == ["A100"]


# ------------------------------------------------------------------------------------------------------------- the squares


@given(st.floats(0.0, 40.0), st.integers(1, 12), st.integers(1, 9))
def test_squares_are_to_scale_and_stay_in_their_rows(amount: float, columns: int, rows: int) -> None:
    """Areas are amounts, whether they flow or stand in a row; those of a row stand beside one another."""
    squares = Squares(Rect(0.0, 0.0, 4.0, 3.0), columns, rows)
    one = (FILLED * squares.pitch) ** 2
    for boxes in (squares.of(0, amount), squares.flow(amount)):
        assert ((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])).sum() == pytest.approx(amount * one, abs=1e-9)
    line = squares.of(rows - 1, min(amount, columns))
    assert all(squares.line(rows - 1).contains(Rect(*box)) for box in line.tolist())
    flowing = squares.flow(min(amount, columns * rows))
    assert all(squares.rect.contains(Rect(*box)) for box in flowing.tolist())
    for before, after in pairwise(flowing.tolist()):
        assert after[0] > before[2] or after[3] < before[1], "none over another"


@given(st.floats(0.0, 7.0), st.floats(0.1, 3.0), st.floats(0.0, 1.0), st.booleans())
def test_what_crosses_comes_out_of_the_other_side_and_lands_in_its_place(start: float, more: float, share: float, right: bool) -> None:
    squares = Squares(Rect(1.0, 0.0, 9.0, 3.0), 10, 3)
    slots, begins, lands = (
        squares.of(1, start + more, start, right=right), *(squares.crossing(1, start + more, start, at, right=right) for at in (0.0, 1.0))
    )  # fmt: skip
    assert lands == pytest.approx(slots)
    assert (begins[:, 2] - begins[:, 0]).sum() == pytest.approx(0.0, abs=1e-9), "none of it is seen"
    assert all(
        squares.line(1).contains(Rect(*each), slack=1e-9) for each in squares.crossing(1, start + more, start, share, right=right).tolist()
    )


@every
def test_all_squares_have_a_place_in_every_aspect(config: dict[str, Any]) -> None:
    for aspect in ASPECTS:
        film = scene(FILM, aspect, **config)
        place = film.shot("work")
        for snapshot in film.snapshots:
            named = [("ways", f"way {way.name}") for way in WAYS] + [("first", "product Q Kᵀ"), ("second", "product P V")]
            for part, item in ((part, item) for part, name in named for item in shown(snapshot, name)):
                assert place[part].contains(Rect(*item.box), slack=0.02), (aspect, snapshot.beat, item.name)


@given(st.floats(0.1, 1e3), st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.sampled_from(sorted(ASPECTS)))
def test_equal_times_are_equal_lengths(most: float, first: float, second: float, aspect: Aspect) -> None:
    place = shot(AttentionConfig(), aspect, "work")["lanes"]
    lanes = Lanes(place, most)
    for index in range(2):
        bar = lanes.bar(index, min(first, second) * most, max(first, second) * most)
        assert place.contains(bar, slack=1e-6)
        assert bar.width == pytest.approx(abs(first - second) * place.width)
        assert not bar.overlaps(lanes.words(index))


# ------------------------------------------------------------------------------------------------- heights, and the closed form


def by_elements(rows: int, c: AttentionConfig) -> int:
    """Bytes from the mask: a row block loads a tile of K and V where one of its queries sees one of its keys."""
    moved = 0
    for first in range(0, c.seq_q, rows):
        block = range(first, min(first + rows, c.seq_q))
        moved += 2 * len(block) * c.head_dim * c.itemsize + 4 * len(block)
        for start in range(0, c.seq_k, c.block_n):
            if not c.causal or start <= max(block) + c.seq_k - c.seq_q:
                moved += 2 * min(c.block_n, c.seq_k - start) * c.head_dim * c.itemsize
    return moved


@given(
    rows=st.integers(1, 300), seq_q=st.integers(1, 300), seq_k=st.integers(1, 300), causal=st.booleans(),
    block_n=st.sampled_from([16, 32, 64]), dtype=st.sampled_from(["float16", "float32"]),
)  # fmt: skip
def test_the_closed_form_counts_visited_tiles_at_any_height(rows: int, **config: Any) -> None:
    c = AttentionConfig(head_dim=40, **config)
    assert roofline.bytes_at(rows, c) == by_elements(rows, c)


def test_a_row_block_is_of_the_closed_form() -> None:
    for height in found(seq_q=300, seq_k=420, block_n=32).heights:
        assert height.count.nbytes == roofline.bytes_at(height.rows, AttentionConfig(seq_q=height.rows, seq_k=420, block_n=32))


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
    assert "208 = 312 / 1.5" in said(end, "intensity")
    (line,), names = shown(end, "knee"), shown(end, "side")
    axes = axes_of(film)
    assert (line.box[0] + line.box[2]) / 2 == pytest.approx(axes.x(PEAK / BANDWIDTH), abs=0.011)
    assert (line.box[1], line.box[3]) == pytest.approx((axes.rect.y0, axes.y(PEAK / 1e12)), abs=0.011)
    assert {item.text for item in names if item.box[2] < line.box[0]} == {"waits for", "memory"}
    assert {item.text for item in names if item.box[0] > line.box[2]} == {"computes at", "full rate"}


def test_the_roof_is_two_quoted_figures_and_names_both() -> None:
    texts = [item.text for item in at(scene(FILM), "roof").shown if item.text]
    assert "HBM: 1.5 TB/s" in texts
    assert "312 TFLOP/s" in texts
    assert "Dao et al. 2022; Dao 2023" in texts


def test_float32_has_no_quoted_peak_and_no_knee() -> None:
    roof = found(dtype="float32").roof
    assert roof.peak is None
    assert roof.knee is None
    assert roof.at(1000.0) == pytest.approx(1000 * BANDWIDTH / 1e12)
    film = scene(FILM, dtype="float32")
    assert roof.times(found(dtype="float32").standard.count)[1] is None
    assert "clocks" not in [beat.name for beat in film.board]
    assert not any(shown(snapshot, "clocks") for snapshot in film.snapshots)
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
