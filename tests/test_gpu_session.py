"""The session with a GPU, rehearsed: every step runs, in a process that has only what a machine with a GPU has."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from flashviz.trace import Trace
from flashviz_kernels.bench.report import read
from tests.conftest import ROOT
from tests.gpu_session import KILLED, PART_LIMIT_S, PARTS, TRACE_LIMIT, Step, run
from tests.gpu_steps import STEPS

THERE = ("torch", "triton", "numpy", "ml_dtypes", "msgspec")  # of what is installed here, with what they need

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="machines with a GPU run Linux")


def absent() -> set[str]:
    """Names that can be imported here and cannot on a machine with a GPU: those of every other distribution."""
    wanted, needed = [*THERE, "flashviz"], set()
    while wanted:
        name = canonicalize_name(wanted.pop())
        if name not in needed:
            needed.add(name)
            with contextlib.suppress(metadata.PackageNotFoundError):  # as others than Linux need
                asked = [] if name == "flashviz" else map(Requirement, metadata.requires(name) or ())
                wanted += [each.name for each in asked if each.marker is None or each.marker.evaluate({"extra": ""})]
    homes = {name: {canonicalize_name(each) for each in found} for name, found in metadata.packages_distributions().items()}
    return {name for name, found in homes.items() if name.isidentifier() and not found & needed}


def test_every_step_is_in_a_part_and_within_its_time() -> None:
    """A part ends in time whatever hangs; on an H100 a and b took five minutes together."""
    assert {step.name for part in PARTS.values() for row in part for step in row} == set(STEPS)
    assert set(PARTS) == {"a", "b", "c"}
    for rows in PARTS.values():
        assert sum(max(step.limit_s for step in row) for row in rows) < PART_LIMIT_S


@pytest.mark.slow
def test_the_rehearsal_runs_every_step(tmp_path: Path) -> None:
    """With packages that such a machine lacks made to fail on import: SciPy too, without which nothing is interpreted."""
    pytest.importorskip("torch", reason="a machine with a GPU has torch")
    lacking = absent()
    assert lacking >= {"manim", "scipy", "click", "pytest"}
    assert not lacking & {*THERE, "sympy"}
    blocked = tmp_path / "blocked"
    blocked.mkdir()
    for name in lacking:
        (blocked / f"{name}.py").write_text(f"raise ImportError('{name} is not here')\n", encoding="utf-8")
    path = os.pathsep.join([str(ROOT), str(ROOT / "kernels"), str(blocked)])
    environment = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"} | {"PYTHONPATH": path}
    command = [sys.executable, "-m", "tests.gpu_session", "--rehearse", "--out", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=environment)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    table = done.stdout.split("last line\n")[1].splitlines()
    assert [line.split()[0] for line in table] == [step.name for part in "abc" for row in PARTS[part] for step in row]
    assert {line.split()[1] for line in table} == {"0"}
    report = read(tmp_path / "out" / "kernel-rehearsed.json")
    training = read(tmp_path / "out" / "gradients-rehearsed.json").training
    assert report.attention
    assert training
    assert all(each.right for each in (*report.attention, *training) if each.unavailable is None)
    traces = sorted((tmp_path / "out").glob("clocked-*.npz"))
    assert len(traces) == 2
    for file in traces:
        assert file.stat().st_size < TRACE_LIMIT
        assert Trace.load(file).header.clock is None, "a rehearsal has no clock, and says so"


def test_a_step_that_fails_or_hangs_takes_nothing_along(tmp_path: Path) -> None:
    failed = run(Step("no such step", 60), tmp_path, rehearse=True)
    assert failed.code == 2
    assert "invalid choice" in failed.last
    hung = run(Step("bench", 0), tmp_path, rehearse=True)
    assert hung.code == KILLED
