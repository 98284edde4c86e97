"""RooflineScene: areas, dots and bands are what traces count, papers print and the compiler gives, by formulas written here anew."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashviz.chapters import roofline
from flashviz.chapters.roofline import Roof, gather
from flashviz.citations import PEAK_TFLOPS
from flashviz.config import AttentionConfig
from flashviz.director.roofline import RooflineFilm, falling
from flashviz.errors import ConfigError, MissingPartError
from flashviz.layout import ASPECTS, Aspect, shot
from flashviz.layout.roofline import BEYOND, Axes, Work
from flashviz.memory import traffic
from flashviz.palette import DARK
from flashviz_kernels.compiler import resources_of
from flashviz_kernels.modes import installed
from flashviz_kernels.recorder import record
from tests.directed import at, said, scene, shown, written
from tests.test_directed import FILMS

FILM = FILMS["roofline"]
N, D = 512, 64  # of the default configuration; numbers of two bytes
HEIGHTS = (64, 128, 256)
OPERATIONS = 4 * N * N * D
BANDWIDTH, PEAK = 1.5e12, 312e12  # Dao et al. 2022, Fig. 1; Dao 2023, section 3.1
compiler = pytest.mark.skipif(not installed(), reason="no triton")


def flash_bytes(rows: int) -> int:
    """Q and O once, K and V once a row block, float32 LSE."""
    return 2 * (2 * N * D + 2 * N * D * -(-N // rows)) + 4 * N


def missing(config: AttentionConfig) -> Any:
    raise MissingPartError(f"no compiler for {config.arch}")


def found(**config: Any) -> roofline.Roofline:
    return gather(AttentionConfig(**config), "numpy", record, missing)


# ---------------------------------------------------------------------------------------------------- the tile, and its dot


def test_dots_are_the_operations_a_byte_of_the_counted_traces() -> None:
    heights = found().heights
    assert [each.rows for each in heights] == list(HEIGHTS)
    assert [each.intensity for each in heights] == pytest.approx([OPERATIONS / flash_bytes(rows) for rows in HEIGHTS])
    assert [each.count.nbytes for each in heights] == [flash_bytes(rows) for rows in HEIGHTS]
    end = at(scene(FILM), "climb")
    assert said(end, "number") == [f"{OPERATIONS / flash_bytes(HEIGHTS[-1]):.0f}"]
    assert said(end, "who") == [f"FlashAttention-2, query tiles of {HEIGHTS[-1]} rows"]


def test_dots_stand_on_the_roof() -> None:
    """Marks are as far right as their intensities, from zero, and as high as min(peak, bandwidth x intensity)."""
    film = scene(FILM)
    climbing = [OPERATIONS / flash_bytes(rows) for rows in HEIGHTS]
    axes = Axes(film.shot("roof")["plot"], (BEYOND * PEAK / BANDWIDTH, PEAK / 1e12))
    for item, intensity in zip(shown(at(film, "climb"), "mark"), climbing, strict=True):
        middle = (item.box[0] + item.box[2]) / 2, (item.box[1] + item.box[3]) / 2
        assert middle == pytest.approx((axes.x(intensity), axes.y(attained(intensity))), abs=0.02)


def test_divisions_check_by_hand() -> None:
    """Operations by bytes, as they are written, are the number at the dot: one count from beat to beat."""
    film = scene(FILM)
    streamed = standard_bytes() - 8 * N * N  # without S and P out and back
    ends = {"stream": streamed, "standard": standard_bytes(), "flash": flash_bytes(64), "climb": flash_bytes(256)}
    for beat, nbytes in ends.items():
        (text,) = said(at(film, beat), "division")
        operations, by, result = map(float, re.findall(r"\d+(?:\.\d+)?", text))
        assert (operations, by) == pytest.approx((OPERATIONS / 1e6, nbytes / 1e6), rel=0.005)
        assert round(operations / by) == result == round(OPERATIONS / nbytes)
        assert said(at(film, beat), "number") == [f"{result:.0f}"]
    assert said(at(film, "roof"), "division") == ["67.1 M operations"], "nothing crossed yet"
    assert said(at(film, "flash"), "standard name") == [f"standard attention: {OPERATIONS / standard_bytes():.0f}"]


# ---------------------------------------------------------------------------------------------------------- what crosses

SIZES: dict[str, dict[str, Any]] = {"default": {}, **FILM.configs, "narrow": {"head_dim": 32, "seq_q": 200, "block_n": 32}}


def area(boxes: np.ndarray) -> float:
    """Of rectangles, x0, y0, x1, y1, together."""
    return float(((boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])).sum())


@pytest.mark.parametrize("config", SIZES.values(), ids=SIZES.keys())
@pytest.mark.parametrize("aspect", ASPECTS)
def test_equal_areas_are_equal_bytes(config: dict[str, Any], aspect: Aspect) -> None:
    """Of K and V by every height, of S and P out and back, of Q and O: what a trace moved of each, on one scale, whatever the tiles."""
    c = AttentionConfig(**config)
    work = Work.of(shot(c, aspect, "roof")["grid"], c.seq_q, c.seq_k, c.block_m, c.head_dim)
    standard = traffic(record(c, source="numpy", algorithm="standard"))
    scale = standard.read["Q"] / area(np.array(work.strip("Q").edges))
    assert standard.written["O"] == pytest.approx(scale * area(np.array(work.strip("O").edges)))
    for name in "KV":  # a copy's worth; where it comes from and its copies are equally large
        assert c.seq_k * c.head_dim * c.itemsize == pytest.approx(scale * area(np.array(work.strip(name).edges)))
    for index, moved in enumerate(side[name] for name in "SP" for side in (standard.written, standard.read)):
        assert moved == pytest.approx(scale * area(work.way(index, 1.0)))
    for rows in (c.block_m, 2 * c.block_m):
        problem = replace(c, block_m=rows)
        moved_tiles = traffic(record(problem, source="numpy", algorithm="fa2"))
        boxes = work.copies(rows, c.block_n, [len(problem.key_tiles(i)) for i in range(problem.row_blocks)])
        assert [moved_tiles.read[name] for name in "KV"] == pytest.approx([scale * area(each) for each in boxes])
    assert shot(c, aspect, "roof")["grid"].contains(work.grid)


def test_a_band_is_filled_by_what_standard_attention_moves() -> None:
    """K, V and four times S or P, edge to edge: none lies over another, and a band of B_r queries is full."""
    work = Work.of(shot(AttentionConfig(), "16:9", "roof")["grid"], N, N, 64, D)
    boxes = [*work.copies(64, N, [1] * (N // 64)), *(work.way(index, 1.0) for index in range(4))]
    for band in range(N // 64):
        edges = sorted((each[band][1], each[band][3]) for each in boxes)
        assert [low for low, _ in edges[1:]] == pytest.approx([high for _, high in edges[:-1]])
        assert (edges[0][0], edges[-1][1]) == pytest.approx(tuple(work.tops(np.array([64 * (band + 1), 64 * band]))))


def test_taller_tiles_leave_half_of_the_copies() -> None:
    film = scene(FILM)
    for beat, rows in (("stream", 64), ("flash", 64), ("climb", 256), ("answer", 64)):
        for name in "KV":
            (copies,) = shown(at(film, beat), f"copies {name}")
            assert copies.values == written([N / rows * N / 64]), "a tile of 64 keys a row block"
        assert shown(at(film, beat), "row blocks")[0].values == written([rows])
    ways = {beat: len([item for n in range(4) for item in shown(at(film, beat), f"way {n}")]) for beat in ("stream", "standard", "flash")}
    assert ways == {"stream": 0, "standard": 4, "flash": 0}


@given(st.floats(0.0, 1.0), st.integers(1, 40))
def test_copies_leave_their_source_and_arrive_each_in_its_turn(share: float, count: int) -> None:
    start, stop = np.zeros((2, count, 4)), np.ones((2, count, 4))
    boxes, there = falling(start, stop, share)
    ways = boxes[0, :, 0]
    assert (np.diff(ways) <= 1e-12).all(), "none overtakes"
    assert 0 <= there <= count
    assert falling(start, stop, 0.0)[1] == 0.0
    assert falling(start, stop, 1.0)[0].min() == 1.0


@compiler
def test_rings_are_the_heights_that_spill() -> None:
    """Hollow and in the colour of what is lost, where the compiler spills; filled where it does not."""
    end = at(scene(FILM), "answer")
    for rows, mark, words in zip(HEIGHTS, shown(end, "mark"), shown(end, "mark rows"), strict=True):
        spills = resources_of(AttentionConfig(block_m=rows, arch="sm_80")).spilled > 0
        assert words.text == f"{rows} rows"
        fill = next(paint for paint in mark.paint if paint.how == "fill")
        assert fill.colour == (DARK.ground if spills else DARK.o)


@compiler
def test_the_sm_is_filled_as_the_compiler_says() -> None:
    """Bands are a program's share of 64 Ki registers; as many of them as fit; what is spilled is to scale."""
    film = scene(FILM)
    for beat, rows in (("full", 256), ("answer", 64)):
        if beat not in [each.name for each in film.board]:
            continue  # as by Triton 3.6, whose smallest tile spills
        given_ = resources_of(AttentionConfig(block_m=rows, arch="sm_80"))
        held = 4 * given_.registers * 32 * given_.warps  # bytes
        (bands,) = shown(at(film, beat), "programs")
        assert bands.values == written([held / 2**18, given_.programs])
        assert said(at(film, beat), "taken") == [f"{held / 1024:g} KiB"] * given_.programs
        assert held * given_.programs <= 2**18
        spilled = given_.programs * given_.spilled * 32 * given_.warps
        assert said(at(film, beat), "spill") == [f"{spilled // 1024} KiB spill" if spilled else "nothing spills"]
        assert [item.values for item in shown(at(film, beat), "spilled")] == (
            [written([spilled / given_.programs / 2**18])] if spilled else []
        )
    lost = [
        given_.programs * given_.spilled * 32 * given_.warps
        for given_ in map(resources_of, (AttentionConfig(block_m=rows, arch="sm_80") for rows in HEIGHTS))
    ]
    assert all(f"{each // 1024} KiB spill" in film.drawn_at for each in lost if each), "of all programs that fit"
    assert said(at(film, "full"), "name") == ["registers of an SM: 256 KiB"]


@compiler
def test_the_answer_is_the_last_height_before_one_that_spills() -> None:
    """By Triton 3.9 that is 64 rows; by 3.6 they spill too, and nothing is answered."""
    spilled = [resources_of(AttentionConfig(block_m=rows, arch="sm_80")).spilled for rows in HEIGHTS]
    first = next(at for at, registers in enumerate(spilled) if registers)
    assert ("answer" in [beat.name for beat in scene(FILM).board]) == (first > 0)
    if first == 0:
        return
    before, end = HEIGHTS[first - 1], at(scene(FILM), "answer")
    assert said(end, "who") == [f"FlashAttention-2, query tiles of {before} rows"]
    assert said(end, "number") == [f"{OPERATIONS / flash_bytes(before):.0f}"]
    assert said(end, "rate") == [f"{attained(OPERATIONS / flash_bytes(before)):.0f}"]
    assert end.caption.startswith(f"{before} rows")
    assert not shown(end, "spilled")


def test_without_a_compiler_nothing_is_said_of_an_sm() -> None:
    beats = [beat.name for beat in found().beats]
    assert beats == [beat.name for beat in roofline.BEATS if beat.name not in ("full", "answer")]


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


# -------------------------------------------------------------------------------------------------------------- the roof


def attained(intensity: float) -> float:
    """min(peak, bandwidth x intensity) in TFLOP/s: Williams, Waterman & Patterson 2009, equation 1."""
    return min(PEAK, BANDWIDTH * intensity) / 1e12


def standard_bytes() -> int:
    """S and P out and back, in equal tiling."""
    return 2 * (2 * N * D * (1 + N // 64) + 4 * N * N)


def test_standard_attention_is_the_formula_and_limited_by_bytes() -> None:
    standard = OPERATIONS / standard_bytes()
    assert found().standard.intensity == pytest.approx(standard)
    assert at(scene(FILM), "standard").caption == f"S and P go out and back: at best {attained(standard):.0f} of 312 TFLOP/s."
    assert standard < PEAK / BANDWIDTH


def test_a_dot_is_read_up_and_across() -> None:
    """Up from its operations a byte to the roof, across to operations a byte times bytes a second, which stands at the left."""
    film = scene(FILM)
    plot = film.shot("roof")["plot"]
    for beat, intensity in (("standard", OPERATIONS / standard_bytes()), ("flash", OPERATIONS / flash_bytes(64))):
        (reading,), (dot,) = shown(at(film, beat), "reading"), shown(at(film, beat), "point")
        assert reading.values == written([intensity, attained(intensity)])
        middle = (dot.box[0] + dot.box[2]) / 2, (dot.box[1] + dot.box[3]) / 2
        assert (reading.box[2], reading.box[3]) == pytest.approx(middle, abs=0.03)
        assert (reading.box[0], reading.box[1]) == pytest.approx((plot.x0, plot.y0), abs=0.011)
        assert said(at(film, beat), "rate") == [f"{attained(intensity):.0f}"]
        (side,) = shown(at(film, beat), "rate")
        assert (side.box[1] + side.box[3]) / 2 == pytest.approx(middle[1], abs=0.03)


def test_beyond_the_frame_no_dot_is_shown() -> None:
    film = RooflineFilm(scene(FILM), found())
    for nbytes in (0, OPERATIONS / film.axes.most[0] - 1):
        film.ride(OPERATIONS, nbytes)
        assert film.dot.get_fill_opacity() == film.dot.get_stroke_opacity() == film.reading.get_fill_opacity() == 0
        assert film.number.text == film.rate.text == ""
    film.ride(OPERATIONS, OPERATIONS / film.axes.most[0] + 1)
    assert film.dot.get_fill_opacity() == film.dot.get_stroke_opacity() == film.reading.get_fill_opacity() == 1
    assert film.number.text == f"{film.axes.most[0]:.0f}"


def test_the_ridge_is_computed_on_screen() -> None:
    """Arithmetic by bandwidth, both as they are quoted, is where the roof bends; what happens on either side stands there."""
    film = scene(FILM)
    end = at(film, "ridge")
    assert found().roof.knee == PEAK / BANDWIDTH == float(said(end, "intensity")[0])
    (line,), names = shown(end, "knee"), shown(end, "side")
    axes = Axes(film.shot("roof")["plot"], (BEYOND * PEAK / BANDWIDTH, PEAK / 1e12))
    assert (line.box[0] + line.box[2]) / 2 == pytest.approx(axes.x(PEAK / BANDWIDTH), abs=0.011)
    assert (line.box[1], line.box[3]) == pytest.approx((axes.rect.y0, axes.y(PEAK / 1e12)), abs=0.011)
    assert [item.text for item in names] == ["waits", "computes"]
    assert names[0].box[2] < line.box[0] < line.box[2] < names[1].box[0]
    assert at(film, "ridge").caption.startswith(f"Fewer than {PEAK / BANDWIDTH:.0f} operations a byte")
    drawn = film.drawn_at
    assert drawn["÷"] < drawn["208"], "cause before number"


def test_the_roof_is_two_quoted_figures_and_names_both() -> None:
    texts = [item.text for item in at(scene(FILM), "roof").shown if item.text]
    assert "HBM: 1.5 TB/s" in texts
    assert "312 TFLOP/s" in texts
    assert "Dao et al. 2022; Dao 2023" in texts
    assert found().roof.knee == pytest.approx(PEAK / BANDWIDTH)


def test_one_machine_throughout() -> None:
    for snapshot in scene(FILM).snapshots:
        assert said(snapshot, "machine") == ["A100"]


@pytest.mark.parametrize("config", [{}, {"causal": True}, {"seq_q": 300, "seq_k": 420, "block_n": 32}], ids=str)
def test_intensity_is_the_traces_own(config: dict[str, Any]) -> None:
    trace = record(AttentionConfig(**config), source="numpy", algorithm="fa2")
    dots = int(trace.columns["flops"].sum())
    assert roofline.count_of(trace).intensity == pytest.approx(dots / traffic(trace).total)


def test_float32_has_no_quoted_peak_and_no_knee() -> None:
    roof = found(dtype="float32").roof
    assert roof.peak is None
    assert roof.knee is None
    assert roof.at(1000.0) == pytest.approx(1000 * BANDWIDTH / 1e12)
    film = scene(FILM, dtype="float32")
    assert "ridge" not in [beat.name for beat in film.board]
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
