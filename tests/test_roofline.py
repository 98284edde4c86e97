"""RooflineScene: tiles, dots and bands are what traces count, papers print and the compiler gives, by formulas written here anew."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashviz.chapters import roofline
from flashviz.chapters.roofline import Roof, gather
from flashviz.citations import PEAK_TFLOPS
from flashviz.config import AttentionConfig
from flashviz.errors import ConfigError, MissingPartError
from flashviz.layout import ASPECTS, shot
from flashviz.layout.roofline import BEYOND, Axes
from flashviz.memory import traffic
from flashviz.mobjects.roof import Registers
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
    assert said(end, "rows") == [f"{HEIGHTS[-1]} rows"]


def test_dots_stand_on_the_roof() -> None:
    """Marks are as far right as their intensities, from zero, and as high as min(peak, bandwidth x intensity)."""
    film = scene(FILM)
    climbing = [OPERATIONS / flash_bytes(rows) for rows in HEIGHTS]
    axes = Axes(film.shot("tile")["plot"], (BEYOND * PEAK / BANDWIDTH, PEAK / 1e12))
    for item, intensity in zip(shown(at(film, "climb"), "mark"), climbing, strict=True):
        middle = (item.box[0] + item.box[2]) / 2, (item.box[1] + item.box[3]) / 2
        assert middle == pytest.approx((axes.x(intensity), axes.y(attained(intensity))), abs=0.02)


def test_divisions_check_by_hand() -> None:
    """Operations by bytes, as they are written, are the number that stands on the axis: one count from beat to beat."""
    film = scene(FILM)
    assert said(at(film, "standard"), "sum name") == ["standard attention, N = 512, d = 64"]
    written_out = [" ".join(said(at(film, "standard"), "sum"))]
    both = shown(at(film, "flash"), "sum")
    lowest = min(item.box[1] for item in both)
    written_out.append(" ".join(item.text for item in both if item.box[1] < lowest + 0.5))  # the lower line
    written_out += said(at(film, "tile"), "division") + said(at(film, "climb"), "division")
    for text, nbytes in zip(written_out, [standard_bytes(), *map(flash_bytes, (64, 64, 256))], strict=True):
        operations, by, result = map(float, re.findall(r"\d+(?:\.\d+)?", text))
        assert (operations, by) == pytest.approx((OPERATIONS / 1e6, nbytes / 1e6), rel=0.005)
        assert round(operations / by) == result == round(OPERATIONS / nbytes)


@compiler
def test_rings_are_the_heights_that_spill() -> None:
    """Hollow and in the colour of what is lost, where the compiler spills; filled where it does not."""
    end = at(scene(FILM), "climb")
    for rows, mark, words in zip(HEIGHTS, shown(end, "mark"), shown(end, "mark rows"), strict=True):
        spills = resources_of(AttentionConfig(block_m=rows, arch="sm_80")).spilled > 0
        assert words.text == (f"{rows}: spills" if spills else f"{rows} rows")
        fill = next(paint for paint in mark.paint if paint.how == "fill")
        assert fill.colour == (DARK.ground if spills else DARK.o)


@compiler
def test_the_sm_is_filled_as_the_compiler_says() -> None:
    """Bands are a program's share of 64 Ki registers; as many of them as fit; what is spilled is to scale."""
    film = scene(FILM)
    for beat, rows in (("tile", 64), ("climb", 256)):
        given_ = resources_of(AttentionConfig(block_m=rows, arch="sm_80"))
        share = given_.registers * 32 * given_.warps / 65536
        (bands,) = shown(at(film, beat), "programs")
        assert bands.values == written([share, given_.programs])
        assert said(at(film, beat), "fit")[0].split()[0] == str(given_.programs)
        assert share * given_.programs <= 1.0
    (over,) = shown(at(film, "full"), "spilled")
    assert over.values == written([given_.spilled * 32 * given_.warps / (4 * 65536)])
    kib, rest = divmod(given_.spilled * 32 * given_.warps, 1024)
    assert rest == 0
    assert said(at(film, "full"), "spill") == [f"{kib} KiB spill to memory"]


@compiler
def test_while_the_only_program_waits_nothing_computes() -> None:
    """Of each program a band, whatever it does; where two fit one computes while the other waits."""
    place = scene(FILM).shot("tile")
    sm = Registers(place["sm"], place["out"], DARK)
    for rows in HEIGHTS:
        given_ = resources_of(AttentionConfig(block_m=rows, arch="sm_80"))
        share = given_.registers * 32 * given_.warps / 65536
        for waits in (None, *range(given_.programs)):
            sm.display(share, given_.programs, 0.0, waits=waits)
            drawn, idle = (len(part.points) // 16 for part in (sm.bands, sm.waiting))
            assert (drawn, idle) == (given_.programs - (waits is not None), int(waits is not None))
    beats = [beat.name for beat in scene(FILM).board]
    assert ("alone" in beats) == (given_.programs == 1)
    assert said(at(scene(FILM), "alone"), "doing") == ["waits"]
    if "answer" in beats:
        assert sorted(said(at(scene(FILM), "answer"), "doing")) == ["computes", "waits"]


@compiler
def test_the_answer_is_the_last_height_before_one_that_spills() -> None:
    """By Triton 3.9 that is 64 rows; by 3.6 they spill too, and nothing is answered."""
    spilled = [resources_of(AttentionConfig(block_m=rows, arch="sm_80")).spilled for rows in HEIGHTS]
    before = next(at for at, registers in enumerate(spilled) if registers) - 1
    assert ("answer" in [beat.name for beat in scene(FILM).board]) == (before >= 0)
    if before < 0:
        return
    before, end = HEIGHTS[before], at(scene(FILM), "answer")
    assert said(end, "rows") == [f"{before} rows"]
    assert said(end, "number") == [f"{OPERATIONS / flash_bytes(before):.0f}"]
    assert said(end, "rate") == [f"{attained(OPERATIONS / flash_bytes(before)):.0f}"]
    assert end.caption.startswith(f"{before} rows")
    assert not shown(end, "spilled")


def test_without_a_compiler_nothing_is_said_of_an_sm() -> None:
    beats = [beat.name for beat in found().beats]
    assert beats == [beat.name for beat in roofline.BEATS if beat.name not in ("full", "alone", "answer")]


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
    assert at(scene(FILM), "standard").caption == f"Standard attention: at best {attained(standard):.0f} of 312 TFLOP/s."
    assert standard < PEAK / BANDWIDTH


def test_a_dot_is_read_up_and_across() -> None:
    """Up from its operations a byte to the roof, across to operations a byte times bytes a second; both numbers stand at its ends."""
    film = scene(FILM)
    plot, end = film.shot("roof")["plot"], at(film, "flash")
    counts = (OPERATIONS / standard_bytes(), "standard"), (OPERATIONS / flash_bytes(64), "flash")
    for (intensity, name), reading in zip(counts, sorted(shown(end, "reading"), key=lambda item: item.box[2]), strict=True):
        (dot,) = shown(end, f"point {name}")
        assert reading.values == written([intensity, attained(intensity)])
        middle = (dot.box[0] + dot.box[2]) / 2, (dot.box[1] + dot.box[3]) / 2
        assert (reading.box[2], reading.box[3]) == pytest.approx(middle, abs=0.03)
        assert (reading.box[0], reading.box[1]) == pytest.approx((plot.x0, plot.y0), abs=0.011)
        foot = next(item for item in shown(end, "intensity") if item.text == f"{intensity:.0f}")
        assert (foot.box[0] + foot.box[2]) / 2 == pytest.approx(middle[0], abs=0.03)
        side = next(item for item in shown(end, "rate") if item.text == f"{attained(intensity):.0f}")
        assert (side.box[1] + side.box[3]) / 2 == pytest.approx(middle[1], abs=0.03)
    assert not shown(at(film, "climb"), "rate")


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
    assert "Dao et al. 2022, Fig. 1 and section 2.1; Dao 2023, section 3.1" in texts
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
        for name in ("roof", "tile"):
            rect = shot(AttentionConfig(), aspect, name)["plot"]
            axes = Axes(rect, (x, y))
            assert axes.x(share * x) - rect.x0 == pytest.approx(share * rect.width)
            assert axes.y(share * y) - rect.y0 == pytest.approx(share * (axes.y(y) - rect.y0))
            assert rect.y0 < axes.y(y) < rect.y1
