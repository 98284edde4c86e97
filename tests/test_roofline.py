"""RooflineScene: bytes against tile height and the roofline are what traces count and papers print, by formulas written here anew."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashviz.chapters import roofline
from flashviz.chapters.roofline import Roof
from flashviz.citations import PEAK_TFLOPS
from flashviz.config import AttentionConfig
from flashviz.errors import ConfigError
from flashviz.memory import traffic
from flashviz_kernels.bench.measured import FOLDER
from flashviz_kernels.bench.measured import measured as report
from flashviz_kernels.bench.report import read as read_report
from flashviz_kernels.recorder import record
from tests.chapters import FLASH, agree, at, chapter, measured, read

N, D = 512, 64  # of the default configuration; numbers of two bytes
HEIGHTS = (16, 32, 64, 128, 256)
OPERATIONS = 4 * N * N * D
CACHED = 2 * (4 * N * D + 4 * N * N)  # FACTS.md: standard attention with a perfect cache
BANDWIDTH, PEAK = 1.5e12, 312e12  # Dao et al. 2022, Fig. 1; Dao 2023, section 3.1


def flash_bytes(rows: int) -> int:
    """Q and O once, K and V once a row block, float32 LSE."""
    return 2 * (2 * N * D + 2 * N * D * -(-N // rows)) + 4 * N


def found(**config: Any) -> roofline.Roofline:
    return roofline.gather(AttentionConfig(**config), "numpy", record, report())


def said(chapter: roofline.Roofline, name: str) -> str:
    """The caption of a beat."""
    (beat,) = [beat for beat in chapter.told(roofline.SCRIPT) if beat.name == name]
    return beat.caption.format(**chapter.said)


# --------------------------------------------------------------------------------------------------------------- heights


def test_bytes_against_height_are_counted_and_the_line_goes_through_them() -> None:
    scene = chapter("roofline")
    agree(read(at(scene, "flip"), "rows"), [(rows, flash_bytes(rows)) for rows in HEIGHTS])
    series = scene.found.over_rows.named("rows")
    assert series.points == tuple((rows, flash_bytes(rows)) for rows in HEIGHTS)
    assert series.curve == tuple((rows, flash_bytes(rows)) for rows in range(16, 257))
    falls = [flash_bytes(rows) / flash_bytes(2 * rows) for rows in HEIGHTS[:-1]]
    assert f"{min(falls):.1f} to {max(falls):.1f} × fewer" in at(scene, "taller").caption


def test_the_bill_flips_where_the_caption_says() -> None:
    scene = chapter("roofline")
    (said,) = re.findall(r"From (\d+) rows on", at(scene, "flip").caption)
    assert flash_bytes(int(said)) < CACHED <= flash_bytes(int(said) - 1)
    assert f"At 16 rows it moves {flash_bytes(16) / 2**20:.3g} MiB, more than the {CACHED / 2**20:.3g} MiB" in at(scene, "flip").caption
    assert {y for _, y in scene.found.over_rows.named("cached").curve} == {CACHED}


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"head_dim": 16}, r"^Even at 16 rows it moves [\d.]+ MiB, less than"),  # half of d is less than the smallest tile
        ({"head_dim": 256, "dtype": "float32", "block_m": 16, "stages": 1}, r"^Even at 64 rows it moves [\d.]+ MiB, against"),
    ],
)
def test_where_the_bill_does_not_flip_the_caption_says_so(config: dict[str, Any], words: str) -> None:
    assert re.search(words, said(found(**config), "flip"))


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


@pytest.mark.parametrize("config", [{"causal": True}, {"seq_q": 100, "seq_k": 203}, {"seq_q": 203, "seq_k": 100, "causal": True}], ids=str)
def test_dots_lie_on_the_line_of_other_problems(config: dict[str, Any]) -> None:
    series = found(**config).over_rows.named("rows")
    line = dict(series.curve)
    assert all(line[rows] == moved for rows, moved in series.points)


def test_heights_are_those_that_the_gpu_holds_and_the_queries_fill() -> None:
    config = AttentionConfig(head_dim=256, arch="sm_90", block_m=16, block_n=64, stages=2)
    assert [c.block_m for c in roofline.heights(config)] == [16, 32, 64, 128]  # 128 KiB of K and V, 512 B a row
    assert [c.block_m for c in roofline.heights(AttentionConfig(seq_q=100))] == [16, 32, 64, 128]
    with pytest.raises(ConfigError, match=r"expected two tile heights that suit N = 16 and sm_90, got 1; take a seq_q above 16"):
        roofline.heights(AttentionConfig(seq_q=16))
    with pytest.raises(ConfigError, match="seq_k must be at least 1"):
        found(seq_k=0)


# -------------------------------------------------------------------------------------------------------------- roofline


def intensities() -> dict[str, tuple[float, float]]:
    """(As counted, with a perfect cache), from the formulas: S and P out and back; every tensor once."""
    standard = 2 * (2 * N * D * (1 + N // 64) + 4 * N * N)
    return {
        "standard": (OPERATIONS / standard, OPERATIONS / CACHED),
        "flash": (OPERATIONS / flash_bytes(64), OPERATIONS / (2 * 4 * N * D + 4 * N)),
    }


def attained(intensity: float) -> float:
    """min(peak, bandwidth x intensity) in TFLOP/s: Williams, Waterman & Patterson 2009, equation 1."""
    return min(PEAK, BANDWIDTH * intensity) / 1e12


def test_intervals_are_the_formulas_and_stand_on_the_roof() -> None:
    scene = chapter("roofline")
    for name, ends in intensities().items():
        agree(read(at(scene, "flash"), name), [(x, attained(x)) for x in ends])
        assert scene.found.ends[name].counted == pytest.approx(ends[0])
        assert scene.found.ends[name].once == pytest.approx(ends[1])
        words = [item.text for item in at(scene, "flash").shown if item.name == f"value {name}"]
        assert words == [f"{x:.0f}" for x in ends]
        assert all(f"{x:.0f} " in at(scene, name).caption for x in ends)
    assert intensities()["standard"][1] < PEAK / BANDWIDTH < intensities()["flash"][1]
    assert at(scene, "standard").caption.endswith("Bytes limit it.")
    assert at(scene, "flash").caption.endswith("The knee lies between: caches decide.")


def test_the_roof_bends_at_the_ratio_of_two_quoted_figures_and_names_both() -> None:
    snapshot = at(chapter("roofline"), "roof")
    knee = PEAK / BANDWIDTH
    agree(read(snapshot, "roof"), [(knee, PEAK / 1e12)])
    assert snapshot.texts()["value roof"] == f"{knee:.0f}"
    assert f"From {knee:.0f} operations a byte on" in snapshot.caption
    note = snapshot.texts()["note"]
    assert "312 TFLOP/s matmul (Dao 2023, section 3.1)" in note
    assert "1.5 TB/s from HBM (Dao et al. 2022, Fig. 1 and section 2.1)" in note


def test_taller_tiles_climb_the_roof() -> None:
    scene = chapter("roofline")
    climbing = [OPERATIONS / flash_bytes(rows) for rows in HEIGHTS]
    agree(read(at(scene, "tiles"), "tiles"), [(x, attained(x)) for x in climbing])
    assert [item.text for item in at(scene, "tiles").shown if item.name == "value tiles"] == [str(rows) for rows in HEIGHTS]
    assert f"{climbing[0]:.0f} operations a byte at 16 rows, {climbing[-1]:.0f} at 256" in at(scene, "tiles").caption


def test_measured_rates_lie_under_their_own_devices_roof() -> None:
    """x: 4 N^2 d operations over what must cross once; y: the same operations of 32 heads over the median of the committed seconds."""
    scene = chapter("roofline")
    snapshot = at(scene, "gpu")
    for name, method, once in (
        ("standard", "standard", (4 * D, 4, 0)), ("flash", FLASH, (4 * D, 0, 2)),
    ):  # fmt: skip
        # numbers of two bytes that cross once: N times Q, K, V and O, N^2 times S and P out and back, LSE as two of them
        rows, scores, lse = once
        expected = [
            (4 * n * n * D / (2 * (rows * n + scores * n * n + lse * n)), 32 * 4 * n * n * D / s / 1e12)
            for n, s in measured(method, "seconds")
        ]
        agree(read(snapshot, f"measured {name}"), expected)
        assert all(rate < min(989.0, 3.35 * intensity) for intensity, rate in expected), "Shah et al. 2024, section 3.1 and Table 1"
    rates = [32 * 4 * n * n * D / s / 1e12 for n, s in measured(FLASH, "seconds")]
    slow = [32 * 4 * n * n * D / s / 1e12 for n, s in measured("standard", "seconds")]
    assert f"stays at {min(slow):.0f} to {max(slow):.0f} TFLOP/s, FlashAttention climbs with N to {max(rates):.0f}." in snapshot.caption
    assert "H100" in snapshot.caption
    assert "989 TFLOPS of FP16 matmul (Shah et al. 2024, section 3.1)" in snapshot.texts()["note"]


def test_without_a_gpu_that_a_source_quotes_nothing_is_claimed_of_one() -> None:
    cpu = roofline.gather(AttentionConfig(), "numpy", record, read_report(FOLDER / "kernel-cpu.json"))
    assert cpu.gpu is None
    assert [beat.name for beat in cpu.told(roofline.SCRIPT)] == [beat.name for beat in roofline.BEATS if beat.name != "gpu"]


@pytest.mark.parametrize("config", [{}, {"causal": True}, {"seq_q": 300, "seq_k": 420, "block_n": 32}], ids=str)
def test_intensity_is_the_traces_own(config: dict[str, Any]) -> None:
    trace = record(AttentionConfig(**config), source="numpy", algorithm="fa2")
    dots = int(trace.columns["flops"].sum())
    assert roofline.ends_of(trace).counted == pytest.approx(dots / traffic(trace).total)
    assert roofline.ends_of(trace).once >= roofline.ends_of(trace).counted


def test_float32_has_no_quoted_peak_and_no_knee() -> None:
    other = found(dtype="float32")
    roof = other.roofline.named("roof")
    assert roof.points == ()
    assert all(y == pytest.approx(BANDWIDTH * x / 1e12) for x, y in roof.curve)
    assert "No source here quotes a peak for float32" in said(other, "roof")
    assert "312" not in other.roofline.note
    assert all(said(other, name).endswith("with a perfect cache.") for name in ("standard", "flash"))


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"seq_q": 128}, "Bytes limit it too."),
        ({"seq_q": 2048, "block_m": 256, "block_n": 32, "head_dim": 128}, "Arithmetic limits it."),
        ({}, "caches decide."),
    ],
)
def test_what_limits_flashattention_is_where_its_interval_lies(config: dict[str, Any], words: str) -> None:
    """fp16: as counted at most BLOCK_M operations a byte, with a perfect cache about N / 2."""
    other = found(**config)
    ends, knee = other.ends["flash"], PEAK / BANDWIDTH
    assert said(other, "flash").endswith(words)
    assert (ends.once <= knee, ends.counted >= knee) == (words == "Bytes limit it too.", words == "Arithmetic limits it.")


@given(st.floats(0.1, 1e4), st.floats(1.01, 100))
def test_a_stretch_of_the_roof_is_its_ends_and_the_knee_between(low: float, factor: float) -> None:
    roof = Roof(BANDWIDTH / 1e12, PEAK_TFLOPS["A100"])
    stretch = roof.between(low, low * factor)
    assert [y for _, y in stretch] == pytest.approx([attained(x) for x, _ in stretch])
    assert len(stretch) == 2 + (low < 208 < low * factor)
