"""IOScene: sweeps are Algorithm 1's, bars and areas are what traces counted, chips stand at what a program may use."""

from __future__ import annotations

import itertools
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashviz.chapters import io_complexity
from flashviz.chapters.io_complexity import gather, rounded, step_at
from flashviz.config import AttentionConfig
from flashviz.device import SMS
from flashviz.director.io_complexity import IOFilm
from flashviz.errors import ConfigError
from flashviz.layout import ASPECTS, Aspect, Rect, shot
from flashviz.layout.io_complexity import Plot, Square
from flashviz.lettering import PX_PER_UNIT
from flashviz.memory import traffic
from flashviz_kernels.recorder import record, run
from tests.directed import at, said, scene, shown, written
from tests.test_directed import FILMS

FILM = FILMS["io"]
CONFIGS: dict[str, dict[str, Any]] = {"default": {}, **FILM.configs}
every = pytest.mark.parametrize("name", CONFIGS)
N, D = 2048, 64  # of the default film; numbers of two bytes


def algorithm_1(columns: int) -> int:
    """Its listing's loads and stores: N / Bc passes over Q, O, l, m; K and V once; O, l, m initialised; l and m in float32."""
    passes = -(-N // columns)
    return 2 * 2 * N * D + (2 * N * D + 8 * N) + passes * (3 * 2 * N * D + 16 * N)


def test_bars_are_algorithm_1s() -> None:
    film = scene(FILM)
    for beat, columns in (("sweep", 256), ("half", 32), ("wider", 256)):
        end = at(film, beat)
        assert shown(end, "bar bytes")[0].values == written([4.0 * D * columns, algorithm_1(columns)])
        assert rounded(algorithm_1(columns)) in said(end, "bytes")
        assert said(end, "numbers") == [f"M = {4 * D * columns:,} numbers = {4 * D * columns * 2 // 1024} KiB"]
        assert shown(end, "moved 0")[0].values == written([columns, N / columns])
        sweeps, each, once = map(int, re.findall(r"\d+", said(end, "sum")[0]))
        assert sweeps == N // columns
        assert sweeps * each + once == algorithm_1(columns) / 1024, "checks by hand"


def test_half_the_chip_leaves_a_bar_each_time() -> None:
    """Each with its bytes and its KiB of chip; none stands under another's words."""
    end = at(scene(FILM), "half")
    bars, columns = shown(end, "counted"), (32, 64, 128, 256)
    assert [bar.values for bar in bars] == [written([4.0 * D * each, algorithm_1(each)]) for each in columns]
    assert said(end, "tick M") == [f"{4 * D * each * 2 // 1024} KiB" for each in columns]
    assert said(end, "bytes") == [rounded(algorithm_1(each)) for each in columns]


@every
def test_what_crosses_but_once_stands_beneath_the_sweeps(name: str) -> None:
    """K and V once, O, l and m initialised: its height is to the whole bar's as its bytes are, whatever M."""
    film, found = scene(FILM, **CONFIGS[name]), gather(AttentionConfig(**CONFIGS[name]), run)
    n, d, size = found.config.seq_q, found.config.head_dim, found.config.itemsize
    once = 3 * size * n * d + 8 * n
    for beat, step in (("half", found.steps[0]), ("wider", found.steps[-1])):
        (base,), (bar,) = shown(at(film, beat), "bar once"), shown(at(film, beat), "bar bytes")
        assert base.values == written([once])
        whole = bar.box[3] - base.box[1]
        assert base.box[3] - base.box[1] == pytest.approx(whole * once / step.nbytes, abs=0.03), "less a seam"
        assert base.box[1] < base.box[3] <= bar.box[1]


@every
def test_heights_of_bars_are_to_scale_to_a_pixel(name: str) -> None:
    film, found = scene(FILM, **CONFIGS[name]), gather(AttentionConfig(**CONFIGS[name]), run)
    first, second = (shown(at(film, beat), "bar bytes")[0].box for beat in ("half", "wider"))
    ground = shown(at(film, "half"), "bar once")[0].box[1]
    tall = [(box[3] - ground) * PX_PER_UNIT for box in (first, second)]
    assert tall[1] == pytest.approx(tall[0] * found.steps[-1].nbytes / found.steps[0].nbytes, abs=4)
    line = shown(at(film, "square"), "cached")[0].box
    middle = (line[1] + line[3]) / 2 - ground
    assert middle == pytest.approx((first[3] - ground) * found.cached / found.steps[0].nbytes, abs=0.03)
    n, d, size = found.config.seq_q, found.config.head_dim, found.config.itemsize
    assert found.cached == size * (4 * n * d + 4 * n * n), "FACTS.md: a perfect cache"


def test_the_line_says_of_what_it_is() -> None:
    end = at(scene(FILM), "square")
    assert said(end, "cached name") == ["standard attention, perfect cache: 33 MiB"]
    assert said(end, "cached sum") == ["4 × 8 MiB of S and P, the rest Q, K, V, O"]
    assert 4 * 2 * N * N == 4 * 8 * 2**20
    assert 4 * 2 * (N * N + N * D) == 33 * 2**20


@every
def test_the_curve_is_the_closed_form_and_goes_through_every_trace(name: str) -> None:
    film, found = scene(FILM, **CONFIGS[name]), gather(AttentionConfig(**CONFIGS[name]), run)
    for step, trace in zip(found.steps, found.traces, strict=True):
        assert step.nbytes == traffic(trace).total == io_complexity.bytes_at(step.m, found.config)
        assert step.sweeps == trace.config.col_blocks
    last, end = found.chips[-1][1] if found.chips else found.steps[-1], film.snapshots[-1]
    assert shown(end, "bar bytes")[0].values == written([last.m, last.nbytes])
    (curve,) = [item for item in end.shown if item.name == "curve"]
    assert curve.values.startswith("(")
    falls = [before.nbytes / after.nbytes for before, after in itertools.pairwise(found.steps)]
    assert all(1.4 < fall < 2.0 for fall in falls), "up to twice"


def test_chips_are_marked_at_what_one_program_may_use() -> None:
    found = gather(AttentionConfig(), run)
    assert [(name, step.m) for name, step in found.chips] == [("A100", 163 * 1024 / 2), ("H100", 227 * 1024 / 2)]
    assert [SMS[arch].shared_per_block for arch in ("sm_80", "sm_90")] == [163 * 1024, 227 * 1024]
    assert said(at(scene(FILM), "chips"), "chip") == ["A100, 163 KiB", "H100, 227 KiB"]
    marks = shown(at(scene(FILM), "chips"), "chip mark")
    plot = Plot.of(scene(FILM).shot("io")["plot"], found.steps[0].m, found.largest, found.steps[0].nbytes)
    assert [(mark.box[0] + mark.box[2]) / 2 for mark in marks] == pytest.approx([plot.x(step.m) for _, step in found.chips], abs=0.011)
    assert any("CUDA C++ Programming Guide" in text for text in said(at(scene(FILM), "chips"), "cited"))
    assert said(at(scene(FILM), "wider"), "cited") == ["order N² d² / M: Dao et al. 2022, Theorem 2"]


def test_sweeps_by_their_bytes_are_of_the_order_that_is_said() -> None:
    """3 N d numbers of Q and O a sweep, 4 N d / M sweeps: 12 N^2 d^2 / M."""
    for step in gather(AttentionConfig(), run).steps:
        assert 3 * N * D * step.sweeps == 12 * N**2 * D**2 / step.m


@every
def test_the_crossing_is_the_smallest_m_that_moves_no_more(name: str) -> None:
    """Where there is one the bar sinks through the line: it stands over it before the beat, and no higher after it."""
    film, found = scene(FILM, **CONFIGS[name]), gather(AttentionConfig(**CONFIGS[name]), run)
    m = found.crossing
    if m is None:
        fewer = [step.nbytes <= found.cached for step in (found.steps[0], found.last)]
        assert fewer[0] == fewer[1]
        assert "cached" not in [beat.name for beat in film.board]
        return
    assert io_complexity.bytes_at(m, found.config) <= found.cached < io_complexity.bytes_at(m - 1, found.config)
    (line,) = shown(at(film, "cached"), "cached")
    before, after = (shown(at(film, beat), "bar bytes")[0].box[3] for beat in ("half", "cached"))
    assert before > line.box[3]
    if any(step.nbytes <= found.cached for step in found.steps):
        assert after <= line.box[3]


def test_where_a_perfect_cache_is_better_no_chip_is_said_to_beat_it() -> None:
    """With d = 256."""
    beats = [beat.name for beat in gather(AttentionConfig(head_dim=256), run).beats]
    assert beats == ["square", "sweep", "half", "wider"]


@given(st.sampled_from([16, 64, 100]), st.integers(1, 8), st.floats(0.0, 1.0), st.sampled_from(sorted(ASPECTS)))
def test_equal_areas_in_columns_are_equal_bytes(least: int, times: int, swept: float, aspect: Aspect) -> None:
    """What sweeps moved is as large as they are many, whatever their width; columns of the least width are full."""
    square = Square.of(shot(AttentionConfig(), aspect, "io")["square"], 1600, least)
    columns = least * times
    starts = square.starts(columns)
    assert len(starts) == -(-1600 // columns)
    full = square.grid.height * least * square.unit
    shares = (0.3, 0.3, 0.3, 0.1)
    boxes = [square.moved(columns, sum(shares[:at]), share, swept * len(starts)) for at, share in enumerate(shares)]
    areas = [float(((each[:, 2] - each[:, 0]) * (each[:, 3] - each[:, 1])).sum()) for each in boxes]
    assert areas == pytest.approx([share * swept * len(starts) * full for share in shares], abs=1e-9)
    if times == 1 and swept == 1 and 1600 % least == 0:
        assert sum(areas) == pytest.approx(square.grid.width * square.grid.height)
    for before, after in itertools.pairwise(boxes):
        assert after[:, 0] == pytest.approx(before[:, 2]), "side by side"
    for each in boxes:
        assert all(square.grid.contains(Rect(*box), slack=1e-9) for box in each.tolist())


def test_parts_of_a_sweep_are_its_bytes() -> None:
    """Q in, O in, O out, and l and m in and out, in float32."""
    film = IOFilm(scene(FILM), gather(AttentionConfig(), run))
    held = [2 * N * D, 2 * N * D, 2 * N * D, 4 * 4 * N]
    assert [part.share for part in film.square.parts] == pytest.approx([each / sum(held) for each in held])
    assert [part.tensor for part in film.square.parts] == ["Q", "O", "O", "L"]


def test_the_chip_stands_over_the_keys_that_pass_and_then_over_the_first() -> None:
    """Over the last ones when the sweeps are through; while M changes, over the first, as wide as its keys."""
    film = scene(FILM)
    square = Square.of(film.shot("io")["square"], N, 32)
    for beat, key, columns in (("square", 0, 256), ("sweep", N - 256, 256), ("half", 0, 32), ("wider", 0, 256)):
        for name in "KVQO":
            (box,) = [item.box for item in shown(at(film, beat), f"quarter {name}")]
            rect = square.quarter(name, key, columns)
            assert (box[0], box[2]) == pytest.approx((rect.x0, rect.x1), abs=0.011)


@given(st.integers(1, 256), st.integers(0, 1600), st.sampled_from(sorted(ASPECTS)))
def test_the_chip_has_four_equal_quarters(columns: int, key: int, aspect: Aspect) -> None:
    """One over the other above the grid, over the keys that it holds; K's and V's on their strips."""
    square = Square.of(shot(AttentionConfig(), aspect, "io")["square"], 2048, 32)
    quarters = [square.quarter(name, key, columns) for name in "KVQO"]
    for upper, lower in itertools.pairwise(quarters):
        assert upper.y0 == pytest.approx(lower.y1)
        assert (upper.x0, upper.x1, upper.height) == pytest.approx((lower.x0, lower.x1, lower.height))
    assert quarters[0].width == pytest.approx(min(columns, 2048 - key) * square.unit)
    assert all(square.strip(name).contains(each, slack=1e-9) for name, each in zip("KV", quarters, strict=False))
    assert quarters[-1].y0 > square.grid.y1


@pytest.mark.parametrize("d", [16, 40, 64, 256])
def test_on_chip_memories_are_those_that_the_theorem_speaks_of(d: int) -> None:
    n = 1024
    chips = io_complexity.chip_sizes(AttentionConfig(seq_q=n, head_dim=d, block_m=16, block_n=16))
    for chip in chips:
        assert d <= 4 * d * chip.block_n <= n * d
        assert chip.block_m <= max(16, d)
        moved = traffic(record(chip, source="numpy", algorithm="fa1")).total
        assert moved == io_complexity.bytes_at(4 * d * chip.block_n, chip)


@given(st.floats(1.0, 1e6))
def test_any_m_makes_whole_sweeps(m: float) -> None:
    step = step_at(m, AttentionConfig(seq_q=N))
    assert (step.columns - 1) * 4 * D < m <= step.columns * 4 * D
    assert step.rows == min(step.columns, D)
    assert (step.sweeps - 1) * step.columns < N <= step.sweeps * step.columns


@given(st.floats(256, 1e6), st.floats(1.1, 64), st.floats(0.1, 1.0))
def test_parts_stay_in_their_places(m: float, factor: float, share: float) -> None:
    for aspect in ASPECTS:
        place = shot(AttentionConfig(), aspect, "io")
        plot = Plot.of(place["plot"], m, m * factor, 1e6)
        for bar in (plot.bar(m, 1e6), plot.bar(m * factor, share * 1e6)):
            assert place["plot"].contains(bar)
        square = Square.of(place["square"], N, 32)
        for rect in (square.grid, *(square.strip(name) for name in "KVQO"), square.quarter("O", 0.0, N)):
            assert place["square"].contains(rect)
        assert square.grid.width == pytest.approx(square.grid.height)


def test_too_few_tilings_are_refused() -> None:
    with pytest.raises(ConfigError, match="expected two on-chip memories M = 4 d Bc up to N d"):
        scene(FILM, block_m=256, block_n=16, head_dim=256, stages=1, arch="sm_80")


def test_a_step_of_the_sweep_adds_the_bytes_of_one() -> None:
    found = gather(AttentionConfig(), run)
    assert found.sweep == 3 * 2 * N * D + 16 * N
    differences = {round((a.nbytes - b.nbytes) / (a.sweeps - b.sweeps)) for a, b in itertools.pairwise(found.steps)}
    assert differences == {found.sweep}
    assert np.isclose(found.steps[0].nbytes - found.steps[0].sweeps * found.sweep, 6 * N * D + 8 * N)
