"""IOScene: sweeps are Algorithm 1's, bars and areas are what traces counted, standard attention's bytes are its closed forms."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashviz.chapters import io_complexity
from flashviz.chapters.io_complexity import gather, on_chip, step_at
from flashviz.config import AttentionConfig
from flashviz.director.io_complexity import IOFilm
from flashviz.director.words import LABEL
from flashviz.errors import ConfigError
from flashviz.layout import ASPECTS, Rect, shot
from flashviz.layout.io_complexity import BAR, Columns, Square
from flashviz.lettering import PX_PER_UNIT, em
from flashviz.memory import traffic
from flashviz.mobjects.sweeps import SEAM, Sweeps
from flashviz.palette import THEMES
from flashviz_kernels.recorder import record, run
from tests.directed import at, said, scene, shown, written
from tests.test_directed import FILMS

FILM = FILMS["io"]
CONFIGS: dict[str, dict[str, Any]] = {"default": {}, **FILM.configs}
every = pytest.mark.parametrize("name", CONFIGS)
N, D = 512, 64  # of the default film, and of all others; numbers of two bytes
COLUMNS = (32, 64, 128)  # Bc, each of twice the chip
SWEEP, ONCE = 3 * 2 * N * D + 16 * N, 3 * 2 * N * D + 8 * N  # bytes: Q in, O in and out, l and m alike; K, V, and O, l, m set up


def algorithm_1(columns: int) -> int:
    """Its listing's loads and stores: N / Bc passes over Q, O, l, m; K and V once; O, l, m initialised; l and m in float32."""
    return ONCE + -(-N // columns) * SWEEP


def kibs(nbytes: float) -> str:
    return f"{nbytes / 1024:,g} KiB"


def test_bars_are_algorithm_1s() -> None:
    """After one sweep, after all at the smallest memory, and after all at each: slabs and bytes; the square is cut and swept alike."""
    film = scene(FILM)
    for beat, sweeps in (("sweep", (1,)), ("again", (16,)), ("wider", (16, 8, 4)), ("answer", (16, 8, 4))):
        end = at(film, beat)
        for index, count in enumerate(sweeps):
            assert [bar.values for bar in shown(end, f"bar {index}")] == [written([count, ONCE + count * SWEEP])]
    for beat, columns in (("again", 32), ("wider", 128)):
        end = at(film, beat)
        assert [item.values for item in shown(end, "blocks K")] == [written([columns, N / columns])]
        assert said(end, "chip") == [f"on chip: {4 * D * columns * 2 // 1024} KiB"]
        assert said(end, "numbers") == [f"M = {4 * D * columns:,} numbers"]


def test_the_film_has_the_problem_of_all_others() -> None:
    """N, d and dtype are the configuration's, where N has eight tiles."""
    c = gather(AttentionConfig(), run).config
    assert (c.seq_q, c.seq_k, c.head_dim, c.dtype) == (N, N, D, AttentionConfig().dtype)
    assert gather(AttentionConfig(seq_q=64, block_m=16, block_n=16, head_dim=16), run).config.seq_k == 128


def test_twice_the_memory_leaves_a_bar_each_time() -> None:
    """Each with its bytes and its sweeps over it, and its memory under it."""
    end = at(scene(FILM), "wider")
    words = " ".join((*said(end, "bytes"), *said(end, "size")))
    for columns in COLUMNS:
        assert kibs(algorithm_1(columns)) in words
        assert f"{N // columns} sweeps" in words
        assert f"{4 * D * columns * 2 // 1024} KiB on chip" in words


def test_what_a_sweep_moves_and_what_crosses_once_add_up() -> None:
    """Way by way, each in an outline of its bytes, that is full at the end of the sweep."""
    end = at(scene(FILM), "sweep")
    ways = dict(text.split(": ") for text in said(end, "way") if not text.startswith("softmax"))
    sweep = {"Q in": 64, "O in, unfinished": 64, "O out": 64}
    once = {"all of K in": 64, "all of V in": 64, "O out, all 0": 64}
    rows = [text.removeprefix("softmax sums, max: ") for text in said(end, "way") if text.startswith("softmax")]
    assert ways == {name: f"{kib} KiB" for name, kib in (sweep | once).items()}
    assert sorted(rows) == ["4 KiB", "8 KiB"], "before the first sweep, and at each"
    assert (sum(sweep.values()) + 8, sum(once.values()) + 4) == (SWEEP / 1024, ONCE / 1024) == (200, 196)
    assert said(end, "added") == ["once 196 + one sweep 200 = 396 KiB"]
    slots = shown(end, "slot")
    heights = [item.box[3] - item.box[1] for item in sorted(slots, key=lambda item: item.box[1])]
    unit = sum(heights) / 396
    assert heights == pytest.approx([unit * each for each in (64, 64, 64, 4, 64, 64, 64, 8)], abs=0.02)
    (bar,) = shown(end, "bar 0")
    assert bar.box == pytest.approx(
        (slots[0].box[0], min(s.box[1] for s in slots), slots[0].box[2], max(s.box[3] for s in slots)), abs=0.04
    )
    differences = {(a.nbytes - b.nbytes) / (a.sweeps - b.sweeps) for a, b in itertools.pairwise(gather(AttentionConfig(), run).steps)}
    assert differences == {SWEEP}


def test_the_end_says_what_halves_and_what_does_not() -> None:
    """Beside each bar what repeats, to scale; a line over all at what crosses once; who says how they fall."""
    end = at(scene(FILM), "answer")
    assert sorted(said(end, "repeated")) == sorted(["16 sweeps", "8 sweeps", "4 sweeps", *["× 200 KiB"] * 3])
    assert [item.values for item in shown(end, "repeats")] == [written([count * SWEEP]) for count in (16, 8, 4)]
    tall = [item.box[3] - item.box[1] for item in shown(end, "repeats")]
    assert tall == pytest.approx([tall[0], tall[0] / 2, tall[0] / 4], abs=0.1)
    assert [item.values for item in shown(end, "fixed")] == [written([ONCE])]
    assert said(end, "once") == [f"once: {kibs(ONCE)}"]
    assert said(end, "bound") == ["of order N² d² / M: Dao et al. 2022, Theorem 2"]
    assert [text.partition("; ")[2] for text in said(end, "size")] == ["", "", "Q, O: at most d rows"]
    (line,), (bar,) = shown(end, "standard"), shown(end, "bar 0")
    assert said(end, "standard bytes") == ["standard attention: 3,200 KiB"]
    unit = (bar.box[3] - bar.box[1]) / algorithm_1(COLUMNS[0])
    assert (line.box[1] + line.box[3]) / 2 - bar.box[1] == pytest.approx(unit * 3200 * 1024, abs=0.05)


# ------------------------------------------------------------------------------------------------------ standard attention


def test_standard_attention_comes_after_the_first_bar_and_stays() -> None:
    """To scale with all bars."""
    film = scene(FILM)
    assert not shown(at(film, "again"), "standard")
    for beat in ("more", "wider"):
        end = at(film, beat)
        (line,), (bar,) = shown(end, "standard"), shown(end, "bar 0")
        unit = (bar.box[3] - bar.box[1]) / algorithm_1(COLUMNS[0])
        assert (line.box[1] + line.box[3]) / 2 - bar.box[1] == pytest.approx(unit * 3200 * 1024, abs=0.05)
        assert said(end, "standard bytes") == ["standard attention: 3,200 KiB"]


@every
def test_standard_attention_is_piled_up_way_by_way(name: str) -> None:
    """Q, K and V in, K and V once a row block, and O out, then S and P, out and back; together they are the line."""
    found = gather(AttentionConfig(**CONFIGS[name]), run)
    moved = traffic(record(found.config, source="numpy", algorithm="standard"))
    assert [way.name for way in found.stored] == ["Q in", "K in", "V in", "O out", "scores S", "weights P"]
    for way in found.stored:
        assert way.nbytes == moved.read.get(way.tensor, 0) + moved.written.get(way.tensor, 0)
        assert (way.tensor in moved.read, way.tensor in moved.written) == (way.tensor != "O", way.tensor in "OSP")
        if way.tensor in "KV":
            assert way.nbytes == found.config.row_blocks * found.matrix
        if way.tensor in "SP":
            assert moved.read[way.tensor] == moved.written[way.tensor], "as much back as out"
    assert sum(way.nbytes for way in found.stored) == found.standard


def test_pieces_of_the_pile_are_to_scale() -> None:
    """Seen while it stands, each with its KiB beside it: of the default film Q and O 64, K and V 512, S and P 1,024."""
    film = scene(FILM)
    pieces, words = IOFilm(film, gather(AttentionConfig(), run)).piled()
    for piece in pieces:
        piece.interpolate(1.0)
    tall = np.array([np.ptp(piece.mobject.points[:, 1]) for piece in pieces]) + 2 * SEAM / 2
    kib = [64, 512, 512, 64, 1024, 1024]
    assert tall == pytest.approx(tall.sum() * np.array(kib) / sum(kib), abs=1e-6)
    assert [word.text for word in words] == [
        "Q, K, V in, O out: 1,152 KiB", "scores S: 512 out, 512 back", "weights P: 512 out, 512 back",
    ]  # fmt: skip
    assert all(above.baseline - below.baseline > em(LABEL) for below, above in itertools.pairwise(words))


@every
def test_standard_attention_is_its_trace(name: str) -> None:
    """A line at what its own tiles move without a cache, to scale; what the smallest memory moves beyond it is framed, where it does."""
    film, found = scene(FILM, **CONFIGS[name]), gather(AttentionConfig(**CONFIGS[name]), run)
    moved = traffic(record(found.config, source="numpy", algorithm="standard"))
    assert found.standard == moved.total
    is_more = found.steps[0].nbytes > found.standard
    end = at(film, "more" if is_more else "less")
    (line,), (bar,) = shown(end, "standard"), shown(end, "bar 0")
    assert line.values == written([found.standard])
    unit = (bar.box[3] - bar.box[1]) / found.steps[0].nbytes
    assert (line.box[1] + line.box[3]) / 2 - bar.box[1] == pytest.approx(unit * found.standard, abs=0.05)
    excess = [item.box[3] - item.box[1] for item in shown(end, "excess")]
    assert excess == pytest.approx([unit * (found.steps[0].nbytes - found.standard)] if is_more else [], abs=0.05)


def test_a_chip_may_be_too_small_and_the_film_says_so() -> None:
    """Of the default's 3,396 against 3,200 KiB, the 400 tiles of 8 KiB of the bill; with narrow rows the smallest moves less."""
    end = at(scene(FILM), "more")
    assert said(end, "standard bytes") == ["standard attention: 3,200 KiB"]
    assert "3,396 KiB" in said(end, "bytes")
    assert 2 * (2 * N * D * (1 + N // 64) + 4 * N * N) == 3200 * 1024
    assert [snapshot.beat for snapshot in scene(FILM, **CONFIGS["narrow"]).snapshots][3] == "less"


def test_what_m_counts_is_said_at_first() -> None:
    """Numbers of four blocks, as many as the chip's KiB hold, and how large the matrices are whose blocks these are."""
    film = scene(FILM)
    rows = f"K, V, Q, O: N = {N} rows of d = {D} numbers"
    for text in (
        f"M = 4 blocks of 32 × {D} = 8,192 numbers",
        rows,
        "S: never stored",
        "on a small chip: 16 KiB",
        "× 2 bytes each = 16 KiB",
    ):
        assert film.drawn_at[text] < 1.0
    assert 8192 * 2 == 4 * 2 * D * COLUMNS[0] == 16 * 1024
    assert not {"S", "P"} & {part for trace in gather(AttentionConfig(), run).traces for part in traffic(trace).written}


def test_the_first_block_stays_until_its_sweep_is_through() -> None:
    """Then the next one comes."""
    place = Square.of(shot(AttentionConfig(), "16:9", "io")["square"], N)
    square = Sweeps(place, THEMES["dark"])
    for swept, block in ((0.5, 0), (1.0, 0), (1.01, 1), (15.9, 15)):
        square.display(32, 32, swept)
        assert square.held["K"].points[:, 0].min() == pytest.approx(place.block("K", 32 * block, 32).x0, abs=2 * SEAM)
    square.display(32, 32, 16.0)
    assert not len(square.held["K"].points)


def test_on_chip_memory_is_rounded_up_to_kib() -> None:
    c = AttentionConfig()
    assert [on_chip(m, c) for m in (8192, 13057, 13312, 13313)] == ["16 KiB", "26 KiB", "26 KiB", "27 KiB"]


# ------------------------------------------------------------------------------------------------------------- to scale


@every
def test_the_largest_memory_is_outlined_from_the_start(name: str) -> None:
    """The first one fills its share of it and never changes its scale."""
    film, found = scene(FILM, **CONFIGS[name]), gather(AttentionConfig(**CONFIGS[name]), run)
    for beat in ("chip", "sweep", "again"):
        (outline,), (memory,) = shown(at(film, beat), "largest memory"), shown(at(film, beat), "memory")
        share = (memory.box[2] - memory.box[0]) / (outline.box[2] - outline.box[0])
        assert share == pytest.approx(found.steps[0].m / found.steps[-1].m, abs=0.02)
        assert on_chip(found.steps[-1].m, found.config) in said(at(film, beat), "larger")[0]


@every
def test_o_is_as_full_as_it_is_finished(name: str) -> None:
    """Each sweep adds the part of its block of keys, row by row; the words say how many have been added to all rows."""
    film, found = scene(FILM, **CONFIGS[name]), gather(AttentionConfig(**CONFIGS[name]), run)
    step, place = found.steps[0], Square.of(shot(AttentionConfig(), "16:9", "io")["square"], found.config.seq_k)
    square, strip = Sweeps(place, THEMES["dark"]), place.strip("O")
    for swept in np.arange(0.0, step.sweeps + 0.1, 0.5):
        square.display(step.columns, step.rows, float(swept))
        boxes = square.done.points.reshape(-1, 16, 3)
        area = float(np.prod(np.ptp(boxes[..., :2], axis=1), axis=1).sum()) / (strip.width * strip.height)
        assert area == pytest.approx(swept / step.sweeps, abs=step.rows / found.config.seq_q / step.sweeps)
    for beat, sweeps in (("again", found.steps[0].sweeps), ("wider", found.steps[-1].sweeps)):
        assert said(at(film, beat), "parts of O")[0].startswith(f"O: {sweeps} of {sweeps}")


@every
def test_heights_of_bars_are_to_scale_to_a_pixel(name: str) -> None:
    """And the memory under each is as wide as it is large."""
    film, found = scene(FILM, **CONFIGS[name]), gather(AttentionConfig(**CONFIGS[name]), run)
    for beat in ("wider", "answer"):
        end = at(film, beat)
        bars = [shown(end, f"bar {index}")[0] for index in range(len(found.steps))]
        tall = [(bar.box[3] - bar.box[1]) * PX_PER_UNIT for bar in bars]
        assert tall == pytest.approx([tall[0] * step.nbytes / found.steps[0].nbytes for step in found.steps], abs=2.0)
        wide = [item.box[2] - item.box[0] for item in shown(end, "memory kept")]
        assert wide == pytest.approx([wide[0] * step.m / found.steps[0].m for step in found.steps], abs=0.1)


@every
def test_a_bar_is_of_its_tensors(name: str) -> None:
    """Heights of a hue's pieces are that tensor's bytes: K and V once, O and l, m once and with each sweep, Q with each."""
    film, found = scene(FILM, **CONFIGS[name]), gather(AttentionConfig(**CONFIGS[name]), run)
    last = len(found.steps) - 1
    (bar,) = [part for top in film.mobjects for part in top.get_family() if vars(part).get("tag") == f"bar {last}"]
    trace, area = traffic(found.traces[-1]), {}
    for tensor, part in bar.parts.items():
        boxes = part.points.reshape(-1, 16, 3)
        area[tensor] = float(((boxes[..., 0].max(1) - boxes[..., 0].min(1)) * (boxes[..., 1].max(1) - boxes[..., 1].min(1))).sum())
    for tensor, names in (("K", "K"), ("V", "V"), ("Q", "Q"), ("O", "O"), ("L", "LM")):
        moved = sum(side.get(part, 0) for part in names for side in (trace.read, trace.written))
        assert area[tensor] / sum(area.values()) == pytest.approx(moved / found.steps[-1].nbytes)


@every
def test_the_closed_form_goes_through_every_trace(name: str) -> None:
    found = gather(AttentionConfig(**CONFIGS[name]), run)
    for step, trace in zip(found.steps, found.traces, strict=True):
        assert step.nbytes == traffic(trace).total == io_complexity.bytes_at(step.m, found.config)
        assert step.nbytes == found.once + step.sweeps * found.sweep
        assert step.sweeps == trace.config.col_blocks
    falls = [before.nbytes / after.nbytes for before, after in itertools.pairwise(found.steps)]
    assert all(1.4 < fall < 2.0 for fall in falls), "up to twice"


def test_the_law_is_that_of_the_bars_line_by_line() -> None:
    """M / 4d keys a block, 4 N d / M sweeps, 3 N d numbers of Q and O each: 12 N^2 d^2 / M."""
    lines = [item.text for item in sorted(shown(at(scene(FILM), "answer"), "law"), key=lambda item: -item.box[3])]
    assert lines == [
        "M = 4 blocks × width × d", "N / width = 4 N d / M sweeps",
        "× 3 N d numbers: Q in, O in, O out, sums aside", "= 12 N² d² / M: twice M, half as many",
    ]  # fmt: skip
    for step in gather(AttentionConfig(), run).steps:
        assert step.m == 4 * step.columns * D
        assert step.sweeps == N / step.columns == 4 * N * D / step.m
        assert 2 * 3 * N * D == SWEEP - 16 * N, "two bytes each, and sums and maxima of rows besides"
        assert 3 * N * D * step.sweeps == 12 * N**2 * D**2 / step.m


# -------------------------------------------------------------------------------------------------------------- the chip


@every
def test_the_memory_is_m_in_quarters(name: str) -> None:
    """Equal areas are equal bytes: M as wide as it is large once there are others, and a block of each matrix in a quarter of it."""
    film, found = scene(FILM, **CONFIGS[name]), gather(AttentionConfig(**CONFIGS[name]), run)
    place = film.shot("io")["held"]
    first, last = found.steps[0], found.steps[-1]
    for beat, step, scale in (("chip", first, last.m), ("again", first, last.m), ("wider", last, last.m)):
        end = at(film, beat)
        whole = place.width * step.m / scale
        (memory,) = shown(end, "memory")
        assert memory.box[2] - memory.box[0] == pytest.approx(whole, abs=0.02)
        quarters = [shown(end, f"memory {tensor}")[0] for tensor in "KVQO"]
        share = {"K": 1.0, "V": 1.0, **dict.fromkeys("QO", step.rows / step.columns)}
        for tensor, item in zip("KVQO", quarters, strict=True):
            assert item.box[2] - item.box[0] == pytest.approx(share[tensor] * whole / 4, abs=0.06)
            assert Rect(*memory.box).contains(Rect(*item.box), slack=0.02)


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


@given(st.integers(2, 3), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_parts_stay_in_their_places(count: int, low: float, share: float) -> None:
    for aspect in ASPECTS:
        place = shot(AttentionConfig(), aspect, "io")
        for plot, under in (("plot", "under"), ("wide", "wide under")):
            columns = Columns(place[plot], count, 1e6)
            for index in range(count):
                bar = columns.bar(index, low * 1e6, max(low, share) * 1e6)
                assert place[plot].contains(bar)
                assert bar.width == pytest.approx((BAR[1] - BAR[0]) * columns.pitch)
                assert place[under].contains(columns.memory(index, place[under], share))
        square = Square.of(place["square"], N)
        for rect in (square.grid, *(square.strip(name) for name in "KVQO")):
            assert place["square"].contains(rect)
        assert square.grid.width == pytest.approx(square.grid.height)


def test_too_few_tilings_are_refused() -> None:
    with pytest.raises(ConfigError, match="expected two on-chip memories M = 4 d Bc up to N d"):
        scene(FILM, seq_q=4096, head_dim=256, dtype="float32", block_m=16, block_n=16, stages=1, arch="sm_80")
