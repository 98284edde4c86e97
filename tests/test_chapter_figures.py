"""Each figure of the chapters is what was measured, computed or quoted: dots where they stand, captions, formulas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

import flashviz_kernels.bench.measured
from flashviz.chapters.measured import FLASH_METHODS, sweep_of
from flashviz.cli.films import Job, find_scenes
from flashviz.cli.made import Made
from flashviz.config import AttentionConfig
from flashviz.errors import UsageError
from flashviz.settings import Settings
from flashviz_kernels.bench.measured import ATTENTION, FOLDER
from flashviz_kernels.bench.measured import measured as measurement
from flashviz_kernels.bench.report import Report
from tests.chapters import BENCH, CHAPTERS, FLASH, agree, at, bench, chapter, measured, read
from tests.films import played, scenes

# ------------------------------------------------------------------------------------------------------------- memory


def test_memory_is_what_was_measured() -> None:
    snapshot = at(chapter("memory_scaling"), "gap")
    agree(read(snapshot, "standard"), measured("standard", "peak_memory"))
    agree(read(snapshot, "flash"), measured(FLASH, "peak_memory"))


def test_the_lines_of_memory_are_the_closed_forms() -> None:
    """S and P: 2 N^2 numbers of 16 bits a head, and O: N d."""
    found = chapter("memory_scaling").found.figure
    row = bench()[0]
    heads, d = row["heads"], row["d"]
    for n, y in found.named("standard").curve:
        assert y == pytest.approx(heads * (2 * n * n + n * d) * 2)
    for n, y in found.named("flash").curve:
        assert y == pytest.approx(heads * n * d * 2)
    for (n, y), (_, least) in zip(found.named("standard").points, found.named("flash").points, strict=True):
        assert y == heads * (2 * n * n + n * d) * 2, "torch counts what the formula says, to the byte"
        assert least == heads * (n * d * 2 + n * 4), "O, and LSE"


def test_the_captions_of_memory_are_the_files_figures() -> None:
    scene = chapter("memory_scaling")
    standard, flash = measured("standard", "peak_memory"), measured(FLASH, "peak_memory")
    (n, most), least = standard[-1], flash[-1][1]
    assert f"twice the tokens, {most / standard[-2][1]:.1f} ×" in at(scene, "standard").caption
    said = at(scene, "gap").caption
    assert said.startswith(f"At N = {n:,.0f}: {most / 2**30:.3g} GiB against {least / 2**20:.3g} MiB, {most / least:.0f} × less.")
    assert at(scene, "gap").texts()["span"] == f"{most / least:.0f} ×"
    row = bench()[0]
    over = max(y - row["heads"] * x * row["d"] * 2 for x, y in flash)
    assert f"at most {over / 2**20:.3g} MiB" in at(scene, "linear").caption


@pytest.mark.parametrize("file", ["memory_scaling"])
def test_the_machine_is_named(file: str) -> None:
    report = json.loads(BENCH.read_text(encoding="utf-8"))
    note = at(chapter(file), "gap").texts()["note"]
    for part in (report["machine"]["gpu"], report["date"][:10], report["versions"]["torch"], "kernel for Hopper", "float16"):
        assert part in note


def test_a_recording_is_refused() -> None:
    film = Settings(config=AttentionConfig(), trace=Path("some.npz"))
    for file, name in CHAPTERS.items():
        with pytest.raises(UsageError, match=r"since a chapter makes its own, got trace some\.npz; leave it out"):
            played(getattr(scenes(file), name), film)


@pytest.mark.parametrize("file", ["memory_scaling"])
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
