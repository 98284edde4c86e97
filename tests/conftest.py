"""What every test shares: a quiet manim that writes under a test's own folder, and the last lines about torch."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol

import hypothesis
import pytest

from tests.rooms import ROOMS

hypothesis.settings.register_profile("flashviz", deadline=None)  # no time decides a test
hypothesis.settings.load_profile("flashviz")

REQUIRE_TORCH = "FLASHVIZ_REQUIRE_TORCH"
REQUIRE_BROWSER = "FLASHVIZ_REQUIRE_BROWSER"
ROOT = Path(__file__).parent.parent

# Tests run on every core. Threads that wait for one another's core have stood still for minutes, and torch's take twice the CPU time.
for threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(threads, "1")


# What the tests of a file share, and no other's. No longer, since Playwright's loop runs while it is open, and others have loops too.
of_file = ExitStack()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """After the last test of a file that this process has been given, what they shared is closed."""
    if nextitem is None or nextitem.path != item.path:
        of_file.close()


class ManimConfig(Protocol):
    """``manim_config(**options)``: manim's configuration for one small, quick render."""

    def __call__(self, **options: Any) -> AbstractContextManager[None]: ...


@pytest.fixture
def manim_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ManimConfig:
    """manim, writing small films under ``tmp_path``, which is also the working directory."""
    monkeypatch.chdir(tmp_path)

    def configured(**options: Any) -> AbstractContextManager[None]:
        quick = {
            "media_dir": str(tmp_path / "media"),
            "pixel_width": 160,
            "pixel_height": 90,
            "frame_rate": 10,
            "verbosity": "ERROR",
            "progress_bar": "none",
        }
        return _with_fonts(quick | options)

    return configured


@contextmanager
def _with_fonts(options: dict[str, Any]) -> Iterator[None]:
    from manim import tempconfig  # only here: the rooms that draw nothing are tested without it

    from flashviz.outlines import register_fonts

    with tempconfig(options):
        register_fonts()  # before a test's own text: afterwards Pango would not see them
        yield


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--full-grid``: every combination where pairs are tried; ``--frames``: every frame of every film."""
    parser.addoption("--frames", type=Path, metavar="FILE", help="compare all frames of all films with the digests in FILE: minutes")
    parser.addoption(
        "--full-grid",
        action="store_true",
        help="all of what is tried in part: test_accuracy.py (hours), and test_backward, bench, directed, film and hopper",
    )
    parser.addoption(
        "--configurations", type=int, default=500, help="how many random ones twin and kernel are compared on (test_bad_input.py)"
    )
    parser.addoption("--configurations-seed", type=int, default=1, help="of these")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of films stand together: a process is given tests that stand together, and plays a film once for all of them."""
    of_films = {f"test_{name}" for name in (*ROOMS["director"], *ROOMS["chapters"])}
    items.sort(key=lambda item: item.path.stem not in of_films)


def pytest_sessionstart() -> None:
    """Where torch or a browser is insisted upon, its absence is an error and not a skipped test."""
    if os.environ.get(REQUIRE_TORCH) and not _has_torch():
        raise pytest.UsageError(f"{REQUIRE_TORCH} is set and torch is not installed; run ./run.sh test")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: Any) -> Iterator[None]:
    """The last lines, after pytest's own, say when the suite has run without torch."""
    yield
    if not _has_torch():
        terminalreporter.section("without torch")
        terminalreporter.line("The comparisons with torch were left out: no CPU build of torch could be had here.")


def _has_torch() -> bool:
    return importlib.util.find_spec("torch") is not None
