"""IOScene: the tile is Algorithm 1's, bars and dots are what traces counted, chips stand at what a program may use."""

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
from flashviz.errors import ConfigError
from flashviz.layout import ASPECTS, Rect, shot
from flashviz.layout.io_complexity import Blocks, Plot, Square
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
    for beat, columns in (("sweep", 32), ("double", 64), ("wider", 256)):
        assert shown(at(film, beat), "bar bytes")[0].values == written([4.0 * D * columns, algorithm_1(columns)])
        assert said(at(film, beat), "bytes") == [rounded(algorithm_1(columns))]
        assert said(at(film, beat), "count") == [f"{N // columns} sweeps"]
        assert said(at(film, beat), "numbers") == [f"M = {4 * D * columns:,}"]
        assert shown(at(film, beat), "tile")[0].values == written([columns, min(columns, D)])
        texts = [at(film, beat).texts()[name] for name in ("count", "bytes each", "bytes once")]
        sweeps, each, once = (int(re.sub(r"\D", "", text)) for text in texts)
        assert sweeps * each + once == algorithm_1(columns) / 1024, "checks by hand"


@every
def test_what_crosses_but_once_stands_beneath_the_sweeps(name: str) -> None:
    """K and V once, O, l and m initialised: its height is to the whole bar's as its bytes are, whatever M."""
    film, found = scene(FILM, **CONFIGS[name]), gather(AttentionConfig(**CONFIGS[name]), run)
    n, d, size = found.config.seq_q, found.config.head_dim, found.config.itemsize
    once = 3 * size * n * d + 8 * n
    for beat, step in (("sweep", found.steps[0]), ("wider", found.steps[-1])):
        (base,), (bar,) = shown(at(film, beat), "bar once"), shown(at(film, beat), "bar bytes")
        assert base.values == written([once])
        whole = bar.box[3] - base.box[1]
        assert base.box[3] - base.box[1] == pytest.approx(whole * once / step.nbytes, abs=0.03), "less a seam"
        assert base.box[1] < base.box[3] <= bar.box[1]


@every
def test_heights_of_bars_are_to_scale_to_a_pixel(name: str) -> None:
    film, found = scene(FILM, **CONFIGS[name]), gather(AttentionConfig(**CONFIGS[name]), run)
    first, second = (shown(at(film, beat), "bar bytes")[0].box for beat in ("sweep", "double"))
    ground = shown(at(film, "sweep"), "bar once")[0].box[1]
    tall = [(box[3] - ground) * PX_PER_UNIT for box in (first, second)]
    assert tall[1] == pytest.approx(tall[0] * found.steps[1].nbytes / found.steps[0].nbytes, abs=4)
    line = shown(at(film, "sweep"), "cached")[0].box
    middle = (line[1] + line[3]) / 2 - ground
    assert middle == pytest.approx((first[3] - ground) * found.cached / found.steps[0].nbytes, abs=0.03)
    n, d, size = found.config.seq_q, found.config.head_dim, found.config.itemsize
    assert found.cached == size * (4 * n * d + 4 * n * n), "FACTS.md: a perfect cache"


@every
def test_standard_attentions_bytes_pile_up_to_its_line(name: str) -> None:
    """S out, S back, P out, P back, then Q, K, V and O: each part as tall as its bytes, all of them up to the line."""
    film, found = scene(FILM, **CONFIGS[name]), gather(AttentionConfig(**CONFIGS[name]), run)
    end = at(film, "best")
    n, d, size = found.config.seq_q, found.config.head_dim, found.config.itemsize
    parts = sorted(shown(end, "way"), key=lambda item: item.box[1])
    (line,), (base,) = shown(end, "cached"), shown(end, "base")
    ground, top = (base.box[1] + base.box[3]) / 2, (line.box[1] + line.box[3]) / 2
    bytes_of = [n * n * size] * 4 + [4 * n * d * size]
    assert sum(bytes_of) == found.cached
    edges = ground + np.cumsum([0, *bytes_of]) / found.cached * (top - ground)
    for part, low, high in zip(parts, edges[:-1], edges[1:], strict=True):
        assert (part.box[1], part.box[3]) == pytest.approx((low, high), abs=0.03), "less a seam"
    texts = sorted(shown(end, "way name"), key=lambda item: item.box[1])
    assert [item.text.partition(":")[0] for item in texts] == ["S out", "S back", "P out", "P back", "Q, K, V, O"]
    if name == "default":
        assert [item.text.rpartition(": ")[2] for item in texts] == ["8 MiB"] * 4 + ["1 MiB"]
        assert said(end, "cached bytes") == ["33 MiB"]
        assert said(end, "size") == ["S: 2,048 × 2,048 × 2 bytes = 8 MiB"]


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
    assert all(1.4 < fall < 2.0 for fall in falls)


def test_chips_are_marked_at_what_one_program_may_use() -> None:
    found = gather(AttentionConfig(), run)
    assert [(name, step.m) for name, step in found.chips] == [("A100", 163 * 1024 / 2), ("H100", 227 * 1024 / 2)]
    assert [SMS[arch].shared_per_block for arch in ("sm_80", "sm_90")] == [163 * 1024, 227 * 1024]
    assert said(at(scene(FILM), "chips"), "chip") == ["A100, 163 KiB", "H100, 227 KiB"]
    assert any("CUDA C++ Programming Guide" in text for text in said(at(scene(FILM), "chips"), "cited"))
    assert said(at(scene(FILM), "wider"), "cited") == ["order N² d² / M: Dao et al. 2022, Theorem 2"]


def test_sweeps_by_their_bytes_are_of_the_order_that_is_said() -> None:
    """3 N d numbers of Q and O a sweep, 4 N d / M sweeps: 12 N^2 d^2 / M."""
    for step in gather(AttentionConfig(), run).steps:
        assert 3 * N * D * step.sweeps == 12 * N**2 * D**2 / step.m


@every
def test_the_crossing_is_the_smallest_m_that_moves_no_more(name: str) -> None:
    film, found = scene(FILM, **CONFIGS[name]), gather(AttentionConfig(**CONFIGS[name]), run)
    m = found.crossing
    if m is None:
        fewer = [step.nbytes <= found.cached for step in (found.steps[0], found.last)]
        assert fewer[0] == fewer[1]
        assert "cached" not in [beat.name for beat in film.board]
        return
    assert io_complexity.bytes_at(m, found.config) <= found.cached < io_complexity.bytes_at(m - 1, found.config)
    assert shown(at(film, "cached"), "crossing")[0].values == written([float(m)])
    (text,) = said(at(film, "cached"), "equal")
    told, amount = text.removeprefix("equal at M ≈ ").split(", ")
    assert abs(int(told.replace(",", "")) / m - 1) < 0.005
    assert amount == rounded(int(told.replace(",", "")) * found.config.itemsize)
    assert not said(film.snapshots[-1], "equal"), "what follows has its place"


@every
def test_as_many_copies_of_the_last_bar_as_fit_beneath_the_line(name: str) -> None:
    """One on the other from the last bar on, the top one under the line, and one more would stand over it."""
    film, found = scene(FILM, **CONFIGS[name]), gather(AttentionConfig(**CONFIGS[name]), run)
    end = at(film, "ratio")
    (copies,), (line,) = shown(end, "copies"), shown(end, "cached")
    ground, top = shown(end, "bar once")[0].box[1], (line.box[1] + line.box[3]) / 2
    tall = found.last.nbytes / found.cached * (top - ground)
    times = int(found.cached / found.last.nbytes)
    assert said(end, "times") == [f"× {times}"]
    assert copies.box[1] == pytest.approx(ground + tall, abs=0.04)
    assert copies.box[3] == pytest.approx(ground + times * tall, abs=0.04)
    assert copies.box[3] <= top < ground + (times + 1) * tall
    assert f"over {times} times" in end.caption


def test_little_more_is_not_said() -> None:
    """With d = 256 the perfect cache is better: no ratio, and no crossing."""
    beats = [beat.name for beat in gather(AttentionConfig(head_dim=256), run).beats]
    assert beats == ["best", "square", "sweep", "double", "wider"]


def test_blocks_on_chip_stop_at_d_rows_and_widen_on() -> None:
    film = scene(FILM)
    for beat, columns in (("sweep", 32), ("double", 64), ("wider", 256)):
        snapshot = at(film, beat)
        assert shown(snapshot, "block S")[0].values == written([columns, min(columns, D)])
        s, q, k, v, o = (Rect(*shown(snapshot, f"block {name}")[0].box) for name in "SQKVO")
        assert [s.width / k.width, q.width / k.width] == pytest.approx([1.0, min(columns, D) / columns], abs=0.12)
        assert [v.width, o.width] == pytest.approx([k.width, q.width], abs=0.011)
        assert all(film.shot("io")["chip"].contains(each) for each in (s, q, k, v, o))


@given(st.integers(1, 256), st.floats(1.0, 4096.0))
def test_blocks_fill_the_box_of_m_numbers(d: int, columns: float) -> None:
    """To scale: a block of K or V is a quarter of M; all four fill it up to d rows; S is within from 2 d on, and out of it before."""
    rows = min(columns, d)
    for aspect in ASPECTS:
        rect = shot(AttentionConfig(), aspect, "io")["chip"]
        unit = Blocks.unit(rect, columns, d)
        blocks = Blocks.of(rect, unit, rows, columns, d)
        areas = {name: getattr(blocks, name).width * getattr(blocks, name).height / unit**2 for name in ("box", *"kvqos")}
        held = {"box": 4 * d * columns, "k": d * columns, "v": d * columns, "q": d * rows, "o": d * rows, "s": rows * columns}
        assert areas == pytest.approx(held)
        assert all(blocks.box.contains(each, slack=1e-6) for each in (blocks.k, blocks.v, blocks.q, blocks.o))
        assert blocks.box.contains(blocks.s, slack=1e-6) == (columns >= 2 * d * (1 - 1e-9))
        assert rect.contains(blocks.box, slack=1e-6)
        assert rect.contains(blocks.s, slack=1e-6)
        assert not any(a.overlaps(b, slack=1e-6) for a, b in itertools.combinations((blocks.k, blocks.v, blocks.q, blocks.o, blocks.s), 2))


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
        square = Square.of(place["square"])
        for rect in (square.grid, square.k, square.q, square.o):
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
