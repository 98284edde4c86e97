"""RooflineScene: tiles, dots and bands are what traces count, papers print and the compiler gives, by formulas written here anew."""

from __future__ import annotations

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
from flashviz.layout.roofline import Decades
from flashviz.memory import traffic
from flashviz.mobjects.roof import RoofView
from flashviz.palette import DARK
from flashviz_kernels.bench.measured import FOLDER
from flashviz_kernels.bench.measured import measured as report
from flashviz_kernels.bench.report import read as read_report
from flashviz_kernels.compiler import resources_of
from flashviz_kernels.modes import installed
from flashviz_kernels.recorder import record
from tests.chapters import FLASH, measured
from tests.directed import at, said, scene, shown, written
from tests.test_directed import FILMS

FILM = FILMS["roofline"]
N, D = 512, 64  # of the default configuration; numbers of two bytes
HEIGHTS = (16, 32, 64, 128, 256)
OPERATIONS = 4 * N * N * D
BANDWIDTH, PEAK = 1.5e12, 312e12  # Dao et al. 2022, Fig. 1; Dao 2023, section 3.1
compiler = pytest.mark.skipif(not installed(), reason="no triton")


def flash_bytes(rows: int) -> int:
    """Q and O once, K and V once a row block, float32 LSE."""
    return 2 * (2 * N * D + 2 * N * D * -(-N // rows)) + 4 * N


def missing(config: AttentionConfig) -> Any:
    raise MissingPartError(f"no compiler for {config.arch}")


def found(**config: Any) -> roofline.Roofline:
    return gather(AttentionConfig(**config), "numpy", record, report(), missing)


# ---------------------------------------------------------------------------------------------------- the tile, and its dot


def test_dots_are_the_operations_a_byte_of_the_counted_traces() -> None:
    heights = found().heights
    assert [each.rows for each in heights] == list(HEIGHTS)
    assert [each.intensity for each in heights] == pytest.approx([OPERATIONS / flash_bytes(rows) for rows in HEIGHTS])
    end = at(scene(FILM), "climb")
    assert said(end, "mark rows") == [f"{HEIGHTS[0]} rows", *(str(rows) for rows in HEIGHTS[1:])]
    assert said(end, "intensity") == [f"{OPERATIONS / flash_bytes(HEIGHTS[-1]):.0f}"]
    assert said(end, "rows") == [f"{HEIGHTS[-1]} rows"]


def test_dots_stand_on_the_roof_doubling_by_doubling() -> None:
    """Marks are as far apart as the logarithms of their intensities, and as high as min(peak, bandwidth x intensity)."""
    film = scene(FILM)
    climbing = [OPERATIONS / flash_bytes(rows) for rows in HEIGHTS]
    ends = min(20.48, *climbing), PEAK / BANDWIDTH
    plot = Decades.of(film.shot("tile")["plot"], ends, (attained(ends[0]), attained(ends[1])))
    for item, intensity in zip(shown(at(film, "climb"), "mark"), climbing, strict=True):
        middle = (item.box[0] + item.box[2]) / 2, (item.box[1] + item.box[3]) / 2
        assert middle == pytest.approx((plot.x(intensity), plot.y(attained(intensity))), abs=0.02)


@compiler
def test_the_sm_is_filled_as_the_compiler_says() -> None:
    """Bands are a program's share of 64 Ki registers; as many of them as fit; what is spilled is to scale."""
    film = scene(FILM)
    for beat, rows in (("tile", 16), ("climb", 256)):
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
    assert said(at(film, "full"), "spill") == [f"spilled: {kib} KiB"]


@compiler
def test_the_answer_is_the_last_height_before_one_that_spills() -> None:
    spilled = [resources_of(AttentionConfig(block_m=rows, arch="sm_80")).spilled for rows in HEIGHTS]
    before = HEIGHTS[next(at for at, registers in enumerate(spilled) if registers) - 1]
    end = at(scene(FILM), "answer")
    assert said(end, "rows") == [f"{before} rows"]
    assert said(end, "intensity") == [f"{OPERATIONS / flash_bytes(before):.0f}"]
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
    assert [c.block_m for c in roofline.heights(AttentionConfig(seq_q=100))] == [16, 32, 64, 128]
    with pytest.raises(ConfigError, match=r"expected two tile heights that suit N = 16 and sm_90, got 1; take a seq_q above 16"):
        roofline.heights(AttentionConfig(seq_q=16))
    with pytest.raises(ConfigError, match="seq_k must be at least 1"):
        found(seq_k=0)


# -------------------------------------------------------------------------------------------------------------- the roof


def attained(intensity: float) -> float:
    """min(peak, bandwidth x intensity) in TFLOP/s: Williams, Waterman & Patterson 2009, equation 1."""
    return min(PEAK, BANDWIDTH * intensity) / 1e12


def test_standard_attention_is_the_formula_and_limited_by_bytes() -> None:
    """S and P out and back, in equal tiling."""
    standard = OPERATIONS / (2 * (2 * N * D * (1 + N // 64) + 4 * N * N))
    assert found().standard.counted == pytest.approx(standard)
    assert at(scene(FILM), "standard").caption == f"Standard attention: {standard:.0f} operations a byte."
    assert said(at(scene(FILM), "standard"), "dot name") == [f"standard attention: {standard:.0f}"]
    assert standard < PEAK / BANDWIDTH


def test_a_dot_is_read_before_tiles_move() -> None:
    """Up from its operations a byte to the roof, across to operations a byte times bytes a second."""
    film, standard = scene(FILM), found().standard.counted
    end = at(film, "standard")
    (reading,), (dot,) = shown(end, "reading"), shown(end, "point standard")
    assert reading.values == written([standard, attained(standard)])
    middle = (dot.box[0] + dot.box[2]) / 2, (dot.box[1] + dot.box[3]) / 2
    assert (reading.box[2], reading.box[3]) == pytest.approx(middle, abs=0.03)
    plot = film.shot("roof")["plot"]
    assert (reading.box[0], reading.box[1]) == pytest.approx((plot.x0, plot.y0), abs=0.011)
    assert said(end, "product") == [f"{standard:.1f} × 1.5 TB/s = {attained(standard):.0f} TFLOP/s"]
    assert not shown(at(film, "tile"), "reading")


def test_numbers_at_the_left_stand_at_their_rates() -> None:
    roof = found().roof
    plot = Decades.of(shot(AttentionConfig(), "16:9", "roof")["plot"], (16.0, roof.knee or 0.0), (24.0, PEAK / 1e12))
    view = RoofView(roof, plot, shot(AttentionConfig(), "16:9", "roof")["ticks"], DARK)
    assert view.rates == [16.0, 32.0, 64.0, 128.0, 256.0]
    for rate, number in zip(view.rates, view.numbers, strict=True):
        assert number.get_center()[1] == pytest.approx(plot.y(rate))
    knee = view.knee.points[:, 0]
    assert (knee.min() + knee.max()) / 2 == pytest.approx(plot.x(PEAK / BANDWIDTH))


def test_the_knee_has_its_number_and_no_other_near_it() -> None:
    """Both roofs: the number stands beneath the knee, and a tick's number that would touch it is clear."""
    film = scene(FILM)
    for name in ("roof", "tile"):
        rect = film.shot(name)["plot"]
        view = RoofView(found().roof, Decades.of(rect, (15.5, 208.0), (23.0, 312.0)), film.shot(name)["ticks"], DARK)
        (ridge,) = view.ridge
        assert ridge.get_x() == pytest.approx(view.plot.x(PEAK / BANDWIDTH))
        seen = [word for word in view.words if word.get_fill_opacity() > 0]
        assert len(seen) >= 5
        assert all(abs(word.get_x() - ridge.get_x()) > (word.width + ridge.width) / 2 for word in seen)
        assert not view.place(view.plot, film.shot(name)["ticks"], 0.5).ridge[0].get_fill_opacity()


def test_the_roof_is_two_quoted_figures_and_names_both() -> None:
    texts = [item.text for item in at(scene(FILM), "roof").shown if item.text]
    assert "1.5 TB/s from HBM" in texts
    assert "312 TFLOP/s" in texts
    assert "Dao et al. 2022, Fig. 1 and section 2.1; Dao 2023, section 3.1" in texts
    assert found().roof.knee == pytest.approx(PEAK / BANDWIDTH)


def test_one_machine_at_a_time() -> None:
    for snapshot in scene(FILM).snapshots:
        badges = [text.split()[0] for text in said(snapshot, "machine")]
        assert badges == (["H100"] if snapshot.beat in ("gpu", "close") else ["A100"])


def test_bars_are_measured_rates_under_the_roofs_of_their_own_device() -> None:
    """Roofs: 4 N^2 d operations over what must cross once; bars: those of 32 heads over the median of the committed seconds."""
    rates, end = found().gpu, at(scene(FILM), "gpu")
    assert rates is not None
    for name, method, once in (("standard", "standard", (4 * D, 4, 0)), ("flash", FLASH, (4 * D, 0, 2))):
        # numbers of two bytes that cross once: N times Q, K, V and O, N^2 times S and P out and back, LSE as two of them
        rows, scores, lse = once
        intensities = [4 * n * n * D / (2 * (rows * n + scores * n * n + lse * n)) for n, _ in measured(method, "seconds")]
        roofs = [min(989.0, 3.35 * each) for each in intensities]  # Shah et al. 2024, section 3.1 and Table 1
        attained = [32 * 4 * n * n * D / s / 1e12 for n, s in measured(method, "seconds")]
        assert [each.intensity for each in rates.of[name]] == pytest.approx(intensities)
        assert [each.attained for each in rates.of[name]] == pytest.approx(attained)
        assert [each.most for each in rates.of[name]] == pytest.approx(roofs)
        assert all(rate < most for rate, most in zip(attained, roofs, strict=True))
        (bar,), (roof,) = shown(end, f"bar {name}"), shown(end, f"roof {name}")
        assert (bar.values, roof.values) == (written([attained[-1]]), written([roofs[-1]]))
        middle = (roof.box[1] + roof.box[3]) / 2
        assert (bar.box[3] - bar.box[1]) / (middle - bar.box[1]) == pytest.approx(attained[-1] / roofs[-1], abs=0.01)
        assert said(end, f"rate {name}") == [f"{attained[-1]:.0f} TFLOP/s"]
        assert f"{attained[-1]:.0f}" in at(scene(FILM), "close").caption
        why = "arithmetic, 989" if name == "flash" else f"{intensities[-1]:.1f} × 3.35 TB/s = {roofs[-1]:.0f}"
        assert said(end, f"roof {name} says") == [f"roof: {why}"]
    assert said(end, "length") == [f"N = {measured(FLASH, 'seconds')[-1][0]:,}"]
    assert "H100" in end.caption
    assert any("Shah et al. 2024, Table 1; Shah et al. 2024, section 3.1" in item.text for item in end.shown)


def test_without_a_gpu_that_a_source_quotes_nothing_is_claimed_of_one() -> None:
    cpu = gather(AttentionConfig(), "numpy", record, read_report(FOLDER / "kernel-cpu.json"), missing)
    assert cpu.gpu is None
    assert "gpu" not in [beat.name for beat in cpu.beats]


@pytest.mark.parametrize("config", [{}, {"causal": True}, {"seq_q": 300, "seq_k": 420, "block_n": 32}], ids=str)
def test_intensity_is_the_traces_own(config: dict[str, Any]) -> None:
    trace = record(AttentionConfig(**config), source="numpy", algorithm="fa2")
    dots = int(trace.columns["flops"].sum())
    assert roofline.ends_of(trace).counted == pytest.approx(dots / traffic(trace).total)
    assert roofline.ends_of(trace).once >= roofline.ends_of(trace).counted


def test_float32_has_no_quoted_peak_and_no_knee() -> None:
    roof = found(dtype="float32").roof
    assert roof.peak is None
    assert roof.knee is None
    assert roof.at(1000.0) == pytest.approx(1000 * BANDWIDTH / 1e12)
    assert not [text for text in said(at(scene(FILM, dtype="float32"), "roof"), "limit") if "TFLOP" in text]


@given(st.floats(0.1, 1e4), st.floats(1.01, 100))
def test_a_stretch_of_the_roof_is_its_ends_and_the_knee_between(low: float, factor: float) -> None:
    roof = Roof(BANDWIDTH / 1e12, PEAK_TFLOPS["A100"])
    stretch = roof.between(low, low * factor)
    assert [y for _, y in stretch] == pytest.approx([attained(x) for x, _ in stretch])
    assert len(stretch) == 2 + (low < 208 < low * factor)


@given(st.floats(1, 100), st.floats(1.5, 1000), st.floats(0.1, 10), st.floats(1.5, 1000))
def test_what_is_shown_has_a_place(x: float, wide: float, y: float, high: float) -> None:
    for aspect in ASPECTS:
        rect = shot(AttentionConfig(), aspect, "roof")["plot"]
        plot = Decades.of(rect, (x, x * wide), (y, y * high))
        for intensity, rate in ((x, y), (x * wide, y * high)):
            assert rect.x0 <= plot.x(intensity) <= rect.x1
            assert rect.y0 <= plot.y(rate) <= rect.y1
            assert plot.value(plot.x(intensity)) == pytest.approx(intensity)
