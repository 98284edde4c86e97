"""The measurement that the chapters show: whole, of one machine, and part of what a film is known by."""

from __future__ import annotations

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
from tests.chapters import BENCH, measured
from tests.films import played, scenes


def test_a_recording_is_refused() -> None:
    film = Settings(config=AttentionConfig(), trace=Path("some.npz"))
    for file, name in (("speed", "SpeedScene"), ("memory_scaling", "MemoryScalingScene"), ("io_complexity", "IOScene")):
        with pytest.raises(UsageError, match=r"since a chapter makes its own, got trace some\.npz; leave it out"):
            played(getattr(scenes(file), name), film)


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
