"""What a film costs depends on its length, not on its trace's: events read, runs recorded, memory. Nothing is timed here."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flashviz.config import AttentionConfig
from flashviz.settings import Settings
from flashviz.trace import Trace
from flashviz_kernels.recorder import record, run
from tests.films import Film, play

TALL: dict[str, Any] = {"seq_k": 256, "block_m": 16, "block_n": 16, "head_dim": 16}
MANY = 64  # row blocks: as many as are searched for a row to follow


def counted(monkeypatch: pytest.MonkeyPatch, config: AttentionConfig, trace: Path | None = None) -> tuple[Film, int, list[dict[str, Any]]]:
    """A digest, how many events it read one by one, and what it asked the recorder for."""
    reads, asked = 0, []
    one: Callable[[Trace, int], Any] = Trace.__getitem__

    def read(given: Trace, index: int) -> Any:
        nonlocal reads
        reads += 1
        return one(given, index)

    def recorded(config: AttentionConfig, **options: Any) -> Any:
        asked.append(options)
        return run(config, **options)

    with monkeypatch.context() as patched:
        patched.setattr(Trace, "__getitem__", read)
        film = play("DigestScene", Settings(config=config, source="numpy", trace=trace), recorded)
    return film, reads, asked


@pytest.mark.parametrize("longer", ["seq_q", "seq_k"])
def test_a_longer_trace_is_read_no_more(longer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """More programs, or longer ones: only the followed one is read event by event, once."""
    config = AttentionConfig(seq_q=16 * MANY, **TALL)
    short, few, _ = counted(monkeypatch, config)
    long, many, _ = counted(monkeypatch, replace(config, **{longer: 16 * getattr(config, longer)}))
    assert len(long.trace) > 14 * len(short.trace)
    program = long.trace.program(*long.material.chosen.program)
    assert many <= 1.1 * few + 2 * len(program)


def test_no_value_is_computed_that_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    film, _, asked = counted(monkeypatch, AttentionConfig(seq_q=256, **TALL))
    shown, pictured = film.material.chosen.program[0], range(film.trace.config.row_blocks)  # O of a short problem is shown whole
    assert [(options["algorithm"], options["computed"]) for options in asked] == [
        ("fa2", range(0)), ("fa2", range(shown, shown + 1)), ("standard", range(shown, shown + 1)),
        ("fa2", range(0)), ("standard", pictured), ("fa2", pictured),
    ]  # fmt: skip


def test_of_a_given_trace_only_the_events_are_recorded_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    config = AttentionConfig(seq_q=256, **TALL)
    record(config, source="numpy").save(tmp_path / "trace.npz")
    film, _, asked = counted(monkeypatch, AttentionConfig(), tmp_path / "trace.npz")
    assert film.trace.config == config
    assert (asked[0]["algorithm"], asked[0]["computed"]) == ("fa2", range(0))
    assert [options["algorithm"] for options in asked[1:]] == ["standard", "fa2", "standard", "fa2"]


@pytest.mark.slow
def test_a_million_events_take_little_memory(tmp_path: Path) -> None:
    """Two traces of a million events each: their columns, and no more than as much again while they are made."""
    script = """
import sys
from flashviz.config import AttentionConfig
from flashviz.settings import Settings
from flashviz_kernels.bench.memory import high_water
from tests.films import play
def film(n):
    return play("DigestScene", Settings(config=AttentionConfig(seq_q=n, block_m=16, block_n=16, head_dim=32), source="numpy"))
film(256)
before = high_water()
material = film(5376).material
columns = sum(column.nbytes for trace in (material.fa2, material.standard) for column in trace.columns.values())
print(len(material.fa2), columns, high_water() - before, high_water())
"""
    root = Path(__file__).parent.parent
    quiet = os.environ | {"PYTHONPATH": str(root), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path, env=quiet)
    events, columns, grown, peak = (int(word) for word in done.stdout.split()[-4:])
    assert events > 1_000_000
    assert columns <= 2 * 32 * events
    assert grown <= 2 * columns + 64 * 2**20
    assert peak < 1_500_000_000
