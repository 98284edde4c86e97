"""Each figure of the chapters is what was measured, computed or quoted: dots where they stand, captions, formulas."""

from __future__ import annotations

import itertools
import json
import math
import re
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import flashviz_kernels.bench.measured
from flashviz.chapters import io_complexity
from flashviz.chapters.measured import FLASH_METHODS, sweep_of
from flashviz.cli.films import Job, find_scenes
from flashviz.cli.made import Made
from flashviz.config import AttentionConfig, DType
from flashviz.errors import UsageError
from flashviz.inputs import make_inputs
from flashviz.layout import Aspect
from flashviz.memory import traffic
from flashviz.settings import Settings
from flashviz_kernels.bench.measured import ATTENTION, FOLDER
from flashviz_kernels.bench.measured import measured as measurement
from flashviz_kernels.bench.report import Report
from flashviz_kernels.exactness import reordering_error, stored_error
from flashviz_kernels.recorder import record, run
from tests.chapters import BENCH, CHAPTERS, DTYPES, FLASH, agree, at, bench, chapter, measured, middle, read, scale
from tests.films import played, scenes

# -------------------------------------------------------------------------------------------------------------- speed


@pytest.mark.parametrize("file", ["speed"])
def test_the_machine_is_named(file: str) -> None:
    report = json.loads(BENCH.read_text(encoding="utf-8"))
    note = at(chapter(file), "gap").texts()["note"]
    for part in (report["machine"]["gpu"], report["date"][:10], report["versions"]["torch"], "kernel for Hopper", "float16"):
        assert part in note


def test_time_is_what_was_measured() -> None:
    snapshot = at(chapter("speed"), "square")
    agree(read(snapshot, "standard"), measured("standard", "seconds"))
    agree(read(snapshot, "flash"), measured(FLASH, "seconds"))


def test_the_captions_of_speed_are_the_files_figures() -> None:
    scene = chapter("speed")
    (n, slow), (_, fast) = measured("standard", "seconds")[-1], measured(FLASH, "seconds")[-1]
    assert at(scene, "standard").caption == f"Standard attention: {slow * 1e3:.3g} ms at N = {n:,.0f}."
    assert at(scene, "flash").caption.endswith(f": {fast * 1e3:.3g} ms.")
    assert f"{slow / fast:.1f} × faster" in at(scene, "gap").caption
    assert at(scene, "gap").texts()["span"] == f"{slow / fast:.1f} ×"


def test_the_lines_of_time_are_the_operations_at_one_rate() -> None:
    """4 N^2 d operations a head; the line meets the last dot, and says its rate."""
    row = bench()[0]
    for name, method in (("standard", "standard"), ("flash", FLASH)):
        (n, last), series = measured(method, "seconds")[-1], chapter("speed").found.figure.named(name)
        operations = 4 * n * n * row["d"] * row["heads"]
        assert series.curve[-1] == pytest.approx(series.points[-1])
        assert series.formula == f"line: {operations / last / 1e12:.3g} TFLOP/s"
        for (x, y), (x_next, y_next) in itertools.pairwise(series.curve):
            assert y_next / y == pytest.approx((x_next / x) ** 2)


def test_the_papers_figures_stand_apart_with_their_citation() -> None:
    """As FACTS.md took them down; nothing that was measured here stands beside them, and none of them in a chart."""
    scene = chapter("speed")
    last = at(scene, "paper")
    shown = [item.text for item in last.shown if item.text]
    for text in ("66.6", "75.2", "40.3 GB", "4.4 GB", "41.7 ms", "7.3 ms", "Dao et al. 2022, Fig. 2 left"):
        assert text in shown
    assert any("A100" in text and "GPT-2 medium" in text and "forward and backward" in text for text in shown)
    assert not [item for item in last.shown if item.name.startswith(("point", "curve", "tick", "chart"))]
    for snapshot in scene.snapshots[:-1]:
        assert not [item for item in snapshot.shown if item.name.startswith("quoted")]


# ---------------------------------------------------------------------------------------------------------- exactness


def test_errors_are_those_of_the_twins() -> None:
    """Computed here anew, and written beside their dots, which stand where they say."""
    snapshot = at(chapter("exactness"), "rounded")
    height = scale(snapshot, "y")
    for name, algorithm in (("standard", "standard"), ("flash", "fa2")):
        dots = sorted((item for item in snapshot.shown if item.name == f"point {name}"), key=middle)
        texts = sorted((item for item in snapshot.shown if item.name == f"value {name}"), key=middle)
        assert len(dots) == len(texts) == len(DTYPES)
        for dtype, dot, text in zip(DTYPES, dots, texts, strict=True):
            config = AttentionConfig(dtype=dtype)
            q, k, v = (array.astype(np.float64) for array in make_inputs(config))
            s = np.einsum("bhqd,bhkd->bhqk", q, k) * config.scale
            weights = np.exp(s - s.max(-1, keepdims=True))
            truth = weights / weights.sum(-1, keepdims=True) @ v
            error = np.abs(run(config, source="numpy", algorithm=algorithm).o.astype(np.float64) - truth).max()
            assert float(text.text.replace("−", "-")) == pytest.approx(error, rel=0.06)
            assert height(middle(dot)[1]) == pytest.approx(error, rel=0.06)
            assert middle(dot)[0] == pytest.approx(middle(text)[0], abs=0.02)


@pytest.mark.parametrize("aspect", ["1:1", "9:16"])
def test_where_figures_do_not_fit_beside_their_dots_they_stand_in_rows_beneath_the_dtypes(aspect: Aspect) -> None:
    """The same figures as in a wide frame, each under its dtype, each row named."""
    snapshot = at(chapter("exactness", aspect), "rounded")
    columns = [(item.text, middle(item)[0]) for item in snapshot.shown if item.name == "tick x"]
    for name, label in (("standard", "standard attention"), ("flash", "FlashAttention"), ("rounded", "true O, rounded")):
        figures = [item for item in snapshot.shown if item.name == f"value {name}"]
        wide = [item.text for item in at(chapter("exactness"), "rounded").shown if item.name == f"value {name}"]
        assert [item.text for item in figures] == wide
        assert [text for text, _ in columns] == list(DTYPES)
        assert [middle(item)[0] for item in figures] == pytest.approx([x for _, x in columns], abs=0.02)
        assert [middle(item)[1] for item in figures] == pytest.approx([middle(figures[0])[1]] * len(figures), abs=0.02)
        assert snapshot.texts()[f"row {name}"] == label


def test_no_output_is_closer_than_the_true_one_rounded() -> None:
    figure = chapter("exactness").found.figure
    for name in ("standard", "flash"):
        for (_, least), (_, error) in zip(figure.named("rounded").points, figure.named(name).points, strict=True):
            assert 0 < least <= error


@pytest.mark.parametrize("dtype", DTYPES)
def test_rounding_costs_at_most_half_a_unit_in_the_last_place(dtype: DType) -> None:
    config = AttentionConfig(seq_q=64, dtype=dtype)
    digits = {"float16": 10, "bfloat16": 7, "float32": 23}[dtype]
    largest = float(np.abs(make_inputs(config)[2].astype(np.float64)).max())  # O is an average of V
    assert 0 < stored_error(config) <= 2.0 ** (math.ceil(math.log2(largest)) - digits - 1)


def test_another_order_of_sums_costs_rounding_alone() -> None:
    scene = chapter("exactness")
    (number,) = [float(t.text.replace("−", "-")) for t in at(scene, "reordered").shown if re.fullmatch(r"[\d.]+e−\d+", t.text)]
    assert 0 < number < 1e-13
    assert number == pytest.approx(reordering_error(AttentionConfig()), rel=0.06)


@given(st.lists(st.floats(-30, 30), min_size=1, max_size=8), st.floats(-20, 20))
def test_the_identity_holds_for_every_m(scores: list[float], m: float) -> None:
    """What beat 1 says, in numbers: numerator and denominator share the factor e^(-m)."""
    s, v = np.array(scores), np.arange(1.0, len(scores) + 1)
    weighted = [(np.exp(s - shift) * v).sum() / np.exp(s - shift).sum() for shift in (m, s.max())]
    assert weighted[0] == pytest.approx(weighted[1], rel=1e-9)


# ----------------------------------------------------------------------------------------------------------------- IO


def elements_moved(n: int, d: int, rows: int) -> tuple[int, int]:
    """FACTS.md, by hand: Q and O once, K and V once a row block, S and P out and back; LSE is two fp16 numbers a row."""
    loads = 2 * n * d * (1 + n // rows)
    return loads + 4 * n * n, loads + 2 * n


def test_bytes_against_n_are_counted_and_the_lines_go_through_them() -> None:
    scene = chapter("io_complexity")
    snapshot = at(scene, "gap")
    lengths = (128, 256, 512, 1024, 2048)
    moved = {n: elements_moved(n, 64, 64) for n in lengths}
    for index, name in enumerate(("standard", "flash")):
        agree(read(snapshot, name), [(n, 2 * moved[n][index]) for n in lengths])
        series = scene.found.over_n.named(name)
        on_the_line = dict(series.curve)
        assert all(on_the_line[x] == y for x, y in series.points)
        assert [y for _, y in series.points] == [2 * moved[n][index] for n in lengths]
        assert series.curve[1][0] - series.curve[0][0] == 64, "the line knows what lies between the dots"
    ratio = moved[2048][0] / moved[2048][1]
    assert snapshot.texts()["span"] == f"{ratio:.1f} ×"
    assert f"At N = 2,048 FlashAttention moves {ratio:.1f} × fewer bytes" in snapshot.caption


def test_bytes_against_m_are_algorithm_1s() -> None:
    """Loads and stores of its listing at N = 1024, d = 64: T_c = N / Bc passes over Q, O, l, m; K and V once; float32 l and m."""
    n, d = 1024, 64
    expected = []
    for columns in (16, 32, 64, 128, 256):
        passes = n // columns
        nbytes = 2 * 2 * n * d + (2 * n * d + 8 * n) + passes * (3 * 2 * n * d + 16 * n)
        expected.append((float(4 * d * columns), float(nbytes)))
    scene = chapter("io_complexity")
    agree(read(at(scene, "crossing"), "first"), expected)
    series = scene.found.over_m.named("first")
    assert list(series.points) == expected
    for m, y in expected:
        assert io_complexity.bytes_at(m, AttentionConfig(seq_q=n)) == pytest.approx(y)
    falls = [a[1] / b[1] for a, b in itertools.pairwise(expected)]
    assert f"{min(falls):.1f} to {max(falls):.1f} ×" in at(scene, "theorem").caption


def test_where_the_lines_cross_both_move_the_same() -> None:
    """A perfect cache: 4 N d + 4 N^2 elements (FACTS.md)."""
    scene = chapter("io_complexity")
    (said,) = re.findall(r"M = ([\d,]+)", at(scene, "crossing").caption)
    cached = 2 * (4 * 1024 * 64 + 4 * 1024**2)
    assert {y for _, y in scene.found.over_m.named("cached").curve} == {cached}
    assert io_complexity.bytes_at(float(said.replace(",", "")), AttentionConfig(seq_q=1024)) == pytest.approx(cached, rel=1e-4)


def test_theorem_2_is_quoted_with_its_place() -> None:
    note = at(chapter("io_complexity"), "theorem").texts()["note"]
    assert note.startswith("Dao et al. 2022, Theorem 2: for d ≤ M ≤ N d ")
    assert "Θ(Nd + N²)" in note
    assert "Θ(N²d²/M)" in note


@pytest.mark.parametrize("d", [16, 40, 64, 256])
def test_on_chip_memories_are_those_that_the_theorem_speaks_of(d: int) -> None:
    n = 1024
    chips = io_complexity.chip_sizes(AttentionConfig(seq_q=n, head_dim=d, block_m=16, block_n=16))
    for chip in chips:
        assert d <= 4 * d * chip.block_n <= n * d
        assert chip.block_m <= max(16, d)
        assert traffic(record(chip, source="numpy", algorithm="fa1")).total == pytest.approx(
            io_complexity.bytes_at(4 * d * chip.block_n, chip)
        )


def test_a_recording_is_refused() -> None:
    film = Settings(config=AttentionConfig(), trace=Path("some.npz"))
    for file, name in CHAPTERS.items():
        with pytest.raises(UsageError, match=r"since a chapter makes its own, got trace some\.npz; leave it out"):
            played(getattr(scenes(file), name), film)


@pytest.mark.parametrize("file", ["speed"])
def test_lines_stay_within_their_charts(file: str) -> None:
    """Also where a method is slower, or holds more, at small N than its line says."""
    figure = chapter(file).found.figure
    for series in figure.series:
        for x, y in (*series.points, *series.curve):
            assert 0 <= figure.x.share(x) <= 1, (series.name, x)
            assert 0 <= figure.y.share(y) <= 1, (series.name, y)


# ------------------------------------------------------------------------------------------------------- the measurement


def report_of(**changes: Any) -> Report:
    return msgspec.structs.replace(measurement(), **changes)


def test_a_report_without_two_lengths_is_refused_in_one_line() -> None:
    whole = report_of()
    one = tuple(row for row in whole.attention if row.n == 256)
    for rows, count in ((one, 1), ((), 0), (tuple(row for row in whole.attention if row.method == "standard"), 0)):
        with pytest.raises(UsageError, match=rf"at 2 lengths or more, got {count}; run flashviz bench kernel"):
            sweep_of(report_of(attention=rows))


def test_a_method_that_was_refused_is_not_taken_for_measured() -> None:
    whole = report_of()
    refused = tuple(
        msgspec.structs.replace(row, seconds=(), peak_memory=None, unavailable="no") if row.n > 1024 else row for row in whole.attention
    )
    assert [n for n, _ in sweep_of(report_of(attention=refused)).memory("flash")] == [256, 512, 1024]


def test_the_projects_own_kernel_is_shown_where_it_was_measured() -> None:
    """The fastest of its own; where none was measured, torch's."""
    whole = report_of()
    left = list(FLASH_METHODS)
    for method, said in FLASH_METHODS.items():
        rows = tuple(row for row in whole.attention if row.method in ("standard", *left))
        sweep = sweep_of(report_of(attention=rows, machine=msgspec.structs.replace(whole.machine, gpu="some GPU")))
        assert said in sweep.note
        assert "Measured on some GPU, " in sweep.note
        assert list(sweep.seconds("flash")) == measured(method, "seconds")
        left.remove(method)


def test_a_gpus_measurement_takes_the_place_of_a_cpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ATTENTION:
        (tmp_path / name).write_bytes((FOLDER / name).read_bytes())
    monkeypatch.setattr(flashviz_kernels.bench.measured, "FOLDER", tmp_path)
    assert measurement().machine.gpu is not None
    (tmp_path / "kernel-gpu.json").unlink()
    assert measurement().machine.gpu is None


def test_another_measurement_makes_another_film(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (job,) = (Job(source, Settings(config=AttentionConfig()), "l", tmp_path) for source in find_scenes(("MemoryScalingScene",)))
    before = Made.of(job).place
    folder = tmp_path / "bench"
    folder.mkdir()
    (folder / BENCH.name).write_bytes(BENCH.read_bytes().replace(b"34426847232", b"34426847233"))
    monkeypatch.setattr(flashviz_kernels.bench.measured, "FOLDER", folder)
    assert Made.of(job).place != before
