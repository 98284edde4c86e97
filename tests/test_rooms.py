"""The tests of one room run alone, and without manim and cairo where the room draws nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.rooms import LIGHT, ROOMS

WITHOUT_MANIM = """
import sys


class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("manim", "manimpango", "cairo"):
            raise ModuleNotFoundError(f"{name} is not installed here", name=name)


sys.meta_path.insert(0, Absent())
"""


def run(*arguments: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    """``python -m tests`` in a process of its own; with ``path`` before all else on the way to modules."""
    environment = os.environ | {"PYTHONPATH": str(path or "")}
    command = [sys.executable, "-m", "tests", *arguments, "-p", "no:cacheprovider"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_every_test_has_a_room_and_every_room_its_tests() -> None:
    there = {path.stem.removeprefix("test_") for path in (ROOT / "tests").glob("test_*.py")}
    assert {name for names in ROOMS.values() for name in names} == there, "add the file to its room in tests/rooms.py"
    assert set(LIGHT) <= set(ROOMS)


@pytest.fixture
def without_manim(tmp_path: Path) -> Path:
    """A folder that makes a Python process one in which manim and cairo are not installed."""
    (tmp_path / "sitecustomize.py").write_text(WITHOUT_MANIM, encoding="utf-8")
    return tmp_path


def test_light_rooms_are_tested_without_manim(without_manim: Path) -> None:
    found = run(*LIGHT, "--collect-only", "-q", "-n", "0", path=without_manim)
    assert found.returncode == 0, found.stdout + found.stderr
    drawing = run("mobjects", "--collect-only", "-q", "-n", "0", path=without_manim)
    assert drawing.returncode != 0, "manim is absent indeed"
    assert "manim is not installed here" in drawing.stdout


def test_the_layout_is_tested_without_manim(without_manim: Path) -> None:
    """Its tests really pass there."""
    done = run("layout", "-q", "-n", "0", "-k", "ledger or captions", path=without_manim)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout


def test_a_room_that_is_not_there_is_one_line() -> None:
    done = run("layuot", "-x")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "tests: expected rooms, then options of pytest, got layuot; did you mean layout?\n"
    assert "rooms are config, trace" in run("zzz").stderr


def test_options_are_pytests() -> None:
    """A word behind an option is no room; a file is a file; none is all."""
    listed = run("citations", "layout", "-q", "--collect-only", "-k", "citations", "-n", "0")
    assert {line.partition("::")[0] for line in listed.stdout.splitlines() if "::" in line} == {"tests/test_citations.py"}
    one = run("tests/test_figures.py", "-q", "--collect-only", "-n", "0")
    assert {line.partition("::")[0] for line in one.stdout.splitlines() if "::" in line} == {"tests/test_figures.py"}
