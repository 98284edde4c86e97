"""IOScene: sweeps are Algorithm 1's, bars and areas are what traces counted, standard attention's bytes are its closed forms."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashviz.chapters import io_complexity
from flashviz.chapters.io_complexity import gather, on_chip, scores_bytes, step_at
from flashviz.config import AttentionConfig
from flashviz.errors import ConfigError
from flashviz.layout import ASPECTS, Aspect, Rect, shot
from flashviz.layout.io_complexity import Plot, Room, Square, round_steps
from flashviz.lettering import PX_PER_UNIT
from flashviz.memory import tile_bytes, traffic
from flashviz_kernels.recorder import record, run
from tests.directed import at, said, scene, shown, written
from tests.test_directed import FILMS

FILM = FILMS["io"]
CONFIGS: dict[str, dict[str, Any]] = {"default": {}, **FILM.configs}
every = pytest.mark.parametrize("name", CONFIGS)
N, D = 512, 64  # of the default film, and of all others; numbers of two bytes
COLUMNS = (32, 64, 128)  # Bc, each of twice the chip


def algorithm_1(columns: int) -> int:
    """Its listing's loads and stores: N / Bc passes over Q, O, l, m; K and V once; O, l, m initialised; l and m in float32."""
    passes = -(-N // columns)
    return 2 * 2 * N * D + (2 * N * D + 8 * N) + passes * (3 * 2 * N * D + 16 * N)


def kibs(nbytes: float) -> str:
    return f"{nbytes / 1024:,g} KiB"


def numbers_of(texts: list[str]) -> list[int]:
    """Numbers of a list, smallest first: the total is last."""
    return sorted(int(text.split()[0].replace(",", "")) for text in texts if text[0].isdigit())


def test_bars_are_algorithm_1s() -> None:
    film = scene(FILM)
    for beat, columns in (("sweep", 32), ("wider", 128), ("answer", 128)):
        end = at(film, beat)
        (bar,) = shown(end, "bar")
        assert bar.values == written([4.0 * D * columns, algorithm_1(columns)])
        assert beat == "answer" or said(end, "numbers") == [
            f"chip: M = {4 * D * columns:,} numbers × 2 B = {4 * D * columns * 2 // 1024} KiB"
        ]
        assert said(end, "blocks")[-1] == f"{N // columns} blocks of {columns} keys"
        assert shown(end, "swept")[-1].values == written([columns, N / columns])
        sweeps, each, once, total = (int(text.replace(",", "")) for text in re.findall(r"[\d,]+", said(end, "sum")[0]))
        assert sweeps == N // columns
        assert sweeps * each + once == total == algorithm_1(columns) / 1024, "checks by hand"


def test_the_film_has_the_problem_of_all_others() -> None:
    """N, d and dtype are the configuration's, where N has eight tiles."""
    c = gather(AttentionConfig(), run).config
    assert (c.seq_q, c.seq_k, c.head_dim, c.dtype) == (N, N, D, AttentionConfig().dtype)
    assert gather(AttentionConfig(seq_q=64, block_m=16, block_n=16, head_dim=16), run).config.seq_k == 128


def test_twice_the_chip_leaves_a_bar_each_time() -> None:
    """Each with its bytes, its sweeps and its KiB of chip."""
    end = at(scene(FILM), "wider")
    assert [bar.values for bar in shown(end, "counted")] == [written([4.0 * D * each, algorithm_1(each)]) for each in COLUMNS]
    assert said(end, "tick M") == [f"{4 * D * each * 2 // 1024}" for each in COLUMNS]
    words = " ".join((*said(end, "bytes"), *said(end, "sweep count")))
    for each in COLUMNS:
        assert kibs(algorithm_1(each)) in words
        assert f"{N // each} sweeps" in words


def test_what_a_sweep_moves_and_what_crosses_once_add_up() -> None:
    end = at(scene(FILM), "sweep")
    for name, total in (("each", 3 * 2 * N * D + 16 * N), ("once", 3 * 2 * N * D + 8 * N)):
        *terms, result = numbers_of(said(end, name))
        assert sum(terms) == result == total / 1024
    differences = {(a.nbytes - b.nbytes) / (a.sweeps - b.sweeps) for a, b in itertools.pairwise(gather(AttentionConfig(), run).steps)}
    assert differences == {3 * 2 * N * D + 16 * N}


def test_the_end_says_why() -> None:
    """The block by M, sweeps by the block, as both squares are cut; that bytes fall as 1 / M is Theorem 2."""
    end = at(scene(FILM), "answer")
    why = said(end, "why")
    assert why == [
        "room for a quarter of M each: block = M / 4d",
        f"sweeps = N / block: {N} / {COLUMNS[0]} = {N // COLUMNS[0]}, {N} / {COLUMNS[-1]} = {N // COLUMNS[-1]}",
        f"bytes ≈ sweeps × {kibs(3 * 2 * N * D + 16 * N)}, so they fall as 1 / M",
        "of order N² d² / M: Dao et al. 2022, Theorem 2",
    ]
    assert [item.values for item in shown(end, "blocks K")] == [written([each, N / each]) for each in (COLUMNS[0], COLUMNS[-1])]


# ------------------------------------------------------------------------------------------------------ standard attention


def test_standard_attention_comes_after_the_first_bar() -> None:
    film = scene(FILM)
    assert not shown(at(film, "sweep"), "standard")
    assert shown(at(film, "sweep"), "counted")
    assert shown(at(film, "standard"), "standard")


@every
def test_standard_attention_is_its_trace(name: str) -> None:
    """A line at what its own tiles move without a cache, to scale, and what that is the sum of."""
    film, found = scene(FILM, **CONFIGS[name]), gather(AttentionConfig(**CONFIGS[name]), run)
    n, size = found.config.seq_q, found.config.itemsize
    moved = traffic(record(found.config, source="numpy", algorithm="standard"))
    assert found.standard == moved.total == sum(found.ways.values())
    assert found.ways["S out, back"] == found.ways["P out, back"] == 2 * n * n * size
    end = at(film, "standard")
    (line,), (bar,) = shown(end, "standard"), shown(end, "counted")
    assert line.values == written([found.standard])
    unit = (bar.box[3] - bar.box[1]) / found.steps[0].nbytes
    assert (line.box[1] + line.box[3]) / 2 - bar.box[1] == pytest.approx(unit * found.standard, abs=0.05)


def test_its_sum_checks_by_hand() -> None:
    """400 tiles of 8 KiB, as in the bill and in the roofline's eight row blocks."""
    end = at(scene(FILM), "standard")
    assert said(end, "standard bytes") == ["3,200 KiB"]
    assert 2 * (2 * N * D * (1 + N // 64) + 4 * N * N) == 3200 * 1024
    *terms, total = numbers_of(said(end, "ways"))
    assert terms == [128, 1024, 1024, 1024]
    assert sum(terms) == total == 3200


def test_on_chip_memory_is_rounded_up_to_kib() -> None:
    c = AttentionConfig()
    assert [on_chip(m, c) for m in (8192, 13057, 13312, 13313)] == ["16 KiB", "26 KiB", "26 KiB", "27 KiB"]


@given(st.floats(1.0, 1e7))
def test_the_axis_has_few_round_numbers(most: float) -> None:
    ticks = round_steps(most)
    assert 1 <= len(ticks) <= 4
    assert ticks[-1] <= most < ticks[-1] + 2 * ticks[0]
    assert ticks == pytest.approx([ticks[0] * each for each in range(1, len(ticks) + 1)])


# ------------------------------------------------------------------------------------------------------------- to scale


@every
def test_heights_of_bars_are_to_scale_to_a_pixel(name: str) -> None:
    film, found = scene(FILM, **CONFIGS[name]), gather(AttentionConfig(**CONFIGS[name]), run)
    bars = shown(at(film, "wider"), "counted")
    tall = [(bar.box[3] - bar.box[1]) * PX_PER_UNIT for bar in bars]
    assert tall == pytest.approx([tall[0] * step.nbytes / found.steps[0].nbytes for step in found.steps], abs=2.0)
    left = [(bar.box[0] + bar.box[2]) / 2 for bar in bars]
    whole = film.shot("io")["plot"].x0
    assert [x - whole for x in left] == pytest.approx([(left[0] - whole) * step.m / found.steps[0].m for step in found.steps], abs=0.02)


@every
def test_a_bar_is_of_its_tensors(name: str) -> None:
    """Heights of a hue's pieces are that tensor's bytes: K and V once, O and l, m once and with each sweep, Q with each."""
    film, found = scene(FILM, **CONFIGS[name]), gather(AttentionConfig(**CONFIGS[name]), run)
    step = found.steps[-1]
    trace = traffic(found.traces[-1])
    bars = film_bars(film, found)
    for tensor, names in (("K", "K"), ("V", "V"), ("Q", "Q"), ("O", "O"), ("L", "LM")):
        moved = sum(side.get(part, 0) for part in names for side in (trace.read, trace.written))
        assert bars[tensor] == pytest.approx(moved / step.nbytes)


def film_bars(film: Any, found: io_complexity.IO) -> dict[str, float]:
    """Of each hue, its share of the whole bar's area."""
    (bar,) = [part for top in film.mobjects for part in top.get_family() if vars(part).get("tag") == "bar"]
    assert bar.values[1] == found.steps[-1].nbytes
    area = {}
    for tensor, part in bar.parts.items():
        boxes = part.points.reshape(-1, 16, 3)
        area[tensor] = float(((boxes[..., 0].max(1) - boxes[..., 0].min(1)) * (boxes[..., 1].max(1) - boxes[..., 1].min(1))).sum())
    return {tensor: each / sum(area.values()) for tensor, each in area.items()}


@every
def test_the_closed_form_goes_through_every_trace(name: str) -> None:
    found = gather(AttentionConfig(**CONFIGS[name]), run)
    for step, trace in zip(found.steps, found.traces, strict=True):
        assert step.nbytes == traffic(trace).total == io_complexity.bytes_at(step.m, found.config)
        assert step.sweeps == trace.config.col_blocks
    falls = [before.nbytes / after.nbytes for before, after in itertools.pairwise(found.steps)]
    assert all(1.4 < fall < 2.0 for fall in falls), "up to twice"


def test_sweeps_by_their_bytes_are_of_the_order_that_is_said() -> None:
    """3 N d numbers of Q and O a sweep, 4 N d / M sweeps: 12 N^2 d^2 / M."""
    for step in gather(AttentionConfig(), run).steps:
        assert 3 * N * D * step.sweeps == 12 * N**2 * D**2 / step.m


# -------------------------------------------------------------------------------------------------------------- the chip


@every
def test_the_chip_is_m_in_quarters_and_s_besides(name: str) -> None:
    """Equal areas are equal bytes: a block of each matrix, and float32 scores of one tile."""
    film, found = scene(FILM, **CONFIGS[name]), gather(AttentionConfig(**CONFIGS[name]), run)
    for beat, step, trace in (("square", found.steps[0], found.traces[0]), ("wider", found.steps[-1], found.traces[-1])):
        end = at(film, beat)
        assert scores_bytes(step) <= tile_bytes(trace.config)["S"], "the tile's rows are min(Bc, d)"
        quarters = [shown(end, f"quarter {tensor}")[0] for tensor in "KVQO"]
        (scores,) = shown(end, "scores besides")
        quarter = step.m * found.config.itemsize / 4
        held = {"K": quarter, "V": quarter, **dict.fromkeys("QO", step.rows * found.config.head_dim * found.config.itemsize)}
        assert [item.values for item in quarters] == [written([held[tensor]]) for tensor in "KVQO"], "Q and O in blocks of min(Bc, d) rows"
        assert scores.values == written([scores_bytes(step)])
        assert any(kibs(scores_bytes(step)) in text for text in said(end, "besides"))
        (whole,) = shown(end, "chip panel")
        assert all(Rect(*whole.box).contains(Rect(*item.box), slack=0.02) for item in (*quarters, scores)), "all of it is on chip"


@given(st.floats(0.05, 1.0), st.floats(0.5, 2.0), st.sampled_from(sorted(ASPECTS)))
def test_areas_of_the_chip_are_bytes(share: float, ratio: float, aspect: Aspect) -> None:
    place = shot(AttentionConfig(), aspect, "io")["room"]
    room = Room(place, 1000.0)
    quarters = [room.quarter(at, 1000 * share) for at in range(4)]
    scores = room.besides(1000 * share, 1000 * share * ratio)
    areas = [rect.width * rect.height for rect in (*quarters, scores)]
    assert areas == pytest.approx([areas[0]] * 4 + [areas[0] * ratio])
    assert areas[0] == pytest.approx(share * room.half * room.slot)
    assert all(place.contains(rect, slack=1e-6) for rect in (*quarters, scores))
    for upper, lower in itertools.pairwise(quarters):
        assert upper.y0 >= lower.y1 - 1e-9
    assert scores.x0 > quarters[0].x1


@given(st.integers(1, 600), st.integers(100, 600))
def test_blocks_are_all_keys_and_the_last_is_what_is_left(columns: int, n: int) -> None:
    square = Square.of(shot(AttentionConfig(), "16:9", "io")["square"], n)
    starts = square.starts(columns)
    rects = [square.block("K", float(key), columns) for key in starts]
    assert rects[0].x0 == pytest.approx(square.grid.x0)
    assert rects[-1].x1 == pytest.approx(square.grid.x1)
    for before, after in itertools.pairwise(rects):
        assert before.x1 == pytest.approx(after.x0)
    assert rects[-1].width == pytest.approx((n - columns * (len(rects) - 1)) * square.unit)


def test_keys_are_written_in_blocks_that_hold_them() -> None:
    film = scene(FILM)
    assert said(at(film, "wider"), "keys") == ["128"] * 4
    assert not said(at(film, "square"), "keys"), "too narrow"


@pytest.mark.parametrize("d", [16, 40, 64, 256])
def test_on_chip_memories_are_those_that_the_theorem_speaks_of(d: int) -> None:
    n = 1024
    chips = io_complexity.chip_sizes(AttentionConfig(seq_q=n, head_dim=d, block_m=16, block_n=16))
    assert 2 <= len(chips) <= 3
    for chip in chips:
        assert d <= 4 * d * chip.block_n <= n * d
        assert chip.block_m <= max(16, d)
        moved = traffic(record(chip, source="numpy", algorithm="fa1")).total
        assert moved == io_complexity.bytes_at(4 * d * chip.block_n, chip)
    for before, after in itertools.pairwise(chips):
        assert after.block_n == 2 * before.block_n


@given(st.floats(1.0, 1e6))
def test_any_m_makes_whole_sweeps(m: float) -> None:
    step = step_at(m, AttentionConfig(seq_q=N))
    assert (step.columns - 1) * 4 * D < m <= step.columns * 4 * D
    assert step.rows == min(step.columns, D)
    assert (step.sweeps - 1) * step.columns < N <= step.sweeps * step.columns


@given(st.floats(256, 1e6), st.floats(1.1, 4), st.floats(0.1, 1.0))
def test_parts_stay_in_their_places(m: float, factor: float, share: float) -> None:
    for aspect in ASPECTS:
        place = shot(AttentionConfig(), aspect, "io")
        plot = Plot.of(place["plot"], (m, m * factor), 1e6)
        for bar in (plot.bar(m, 1e6), plot.bar(m * factor, share * 1e6)):
            assert place["plot"].contains(bar)
        square = Square.of(place["square"], N)
        for rect in (square.grid, *(square.strip(name) for name in "KVQO")):
            assert place["square"].contains(rect)
        assert square.grid.width == pytest.approx(square.grid.height)
        assert place["plot"].contains(Rect(plot.x(0.0), plot.y(0.0), plot.x(m * factor), plot.y(1e6)))


def test_too_few_tilings_are_refused() -> None:
    with pytest.raises(ConfigError, match="expected two on-chip memories M = 4 d Bc up to N d"):
        scene(FILM, seq_q=4096, head_dim=256, dtype="float32", block_m=16, block_n=16, stages=1, arch="sm_80")
