"""Two kernels that no file of this project knows, each from a folder of its own: traced, told, timed, filmed and shown in a page."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from flashviz.cli import main
from flashviz.config import AttentionConfig
from flashviz.export.player import MODULE
from flashviz.settings import Settings
from flashviz.trace import GenericTrace, Op, load, state_at
from tests import test_perfetto
from tests.films import played, scenes
from tests.test_embedding import served
from tests.test_player import STATES, page_of
from tests.test_slides import browser_page, needs_browser

pytestmark = pytest.mark.skipif(importlib.util.find_spec("triton") is None, reason="any kernel is traced where triton is installed")

HEAD = """import numpy as np
import triton
import triton.language as tl


"""

# Two launches with different grids, an atomic sum, two outputs.
TALLY = (
    HEAD
    + """@triton.jit
def tally(x, total, most, n, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    v = tl.load(x + at, mask=at < n, other=0.0)
    tl.atomic_add(total, tl.sum(v, 0))
    tl.store(most + tl.program_id(0), tl.max(v, 0))


@triton.jit
def finish(total, most, mean, peak, n, PARTS: tl.constexpr):
    tl.store(mean, tl.load(total) / n)
    tl.store(peak, tl.max(tl.load(most + tl.arange(0, PARTS)), 0))


def launch(kernel):
    x = np.arange(300, dtype=np.float32)
    total, most, mean, peak = (np.zeros(size, np.float32) for size in (1, 4, 1, 1))
    kernel[(4,)](x, total, most, 300, BLOCK=128)
    finish[(1,)](total, most, mean, peak, 300, PARTS=4)
    assert (mean[0], peak[0]) == (x.mean(), x.max())
"""
)

# A table says which rows are read; a negative one, that none is: which statements run depends on values.
PAGES = (
    HEAD
    + """@triton.jit
def pages(table, x, out, WIDTH: tl.constexpr):
    row = tl.program_id(0)
    page = tl.load(table + row)
    at = tl.arange(0, WIDTH)
    if page >= 0:
        tl.store(out + row * WIDTH + at, tl.load(x + page * WIDTH + at))
    else:
        tl.store(out + row * WIDTH + at, tl.zeros([WIDTH], tl.float16))


def launch(kernel):
    table, x = np.array([2, -1, 0, 2, -1], np.int32), np.arange(48, dtype=np.float16).reshape(3, 16)
    out = np.full((5, 16), 7, np.float16)
    kernel[(5,)](table, x, out, WIDTH=16)
    assert (out == np.where(table[:, None] < 0, 0, x[table])).all()
"""
)

TOYS: dict[str, tuple[str, dict[str, int], dict[str, int], dict[str, int]]] = {  # text, operations, bytes read, bytes written
    "tally": (
        TALLY,
        {"LOAD": 4 + 2, "STORE": 4 + 2, "ATOMIC": 4, "REDUCE": 8 + 1},  # all lanes of the fourth load are masked
        {"x": 4 * 300, "total": 4 * 4 + 4, "most": 4 * 4},
        {"total": 4 * 4, "most": 4 * 4, "mean": 4, "peak": 4},
    ),
    "pages": (PAGES, {"LOAD": 5 + 3, "STORE": 5}, {"table": 4 * 5, "x": 3 * 32}, {"out": 5 * 32}),
}


@pytest.fixture(params=TOYS)
def toy(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Its name; its recording is x.npz in the working directory."""
    name: str = request.param
    monkeypatch.chdir(tmp_path)
    Path("toy.py").write_text(TOYS[name][0], encoding="utf-8")
    answer = CliRunner().invoke(main, ["trace", "--kernel", f"toy.py:{name}", "--launch", "toy.py:launch", "--out", "x.npz", "--json"])
    assert answer.exit_code == 0, answer.output
    return name


def known(trace: GenericTrace) -> list[tuple[tuple[int, ...], dict[str, int], dict[str, int]]]:
    """After each event: the program, bytes read and written by tensor. Told one event after the other."""
    read: dict[str, int] = {}
    written: dict[str, int] = {}
    found: list[tuple[tuple[int, ...], dict[str, int], dict[str, int]]] = []
    for event in trace:
        for side, ops in ((read, (Op.LOAD, Op.ATOMIC, Op.ATOMIC_LOAD)), (written, (Op.STORE, Op.ATOMIC))):
            if event.op in ops and event.tensor is not None and event.nbytes:
                side[event.tensor] = side.get(event.tensor, 0) + event.nbytes
        found.append((event.pid, dict(read), dict(written)))
    return found


def test_it_is_told_timed_and_filmed(toy: str) -> None:
    _, operations, read_bytes, written_bytes = TOYS[toy]
    said = json.loads(CliRunner().invoke(main, ["info", "x.npz", "--json"]).stdout)
    assert said["operations"] == operations
    assert (said["hbm_read_by_tensor"], said["hbm_written_by_tensor"]) == (read_bytes, written_bytes)
    trace = load("x.npz")
    assert isinstance(trace, GenericTrace)
    assert CliRunner().invoke(main, ["export", "x.npz", "--perfetto", "--out", "x.pftrace"]).exit_code == 0
    seen = test_perfetto.read(Path("x.pftrace"))
    assert len(seen.slices) == len(trace) == sum(operations.values())
    test_perfetto.check_counters(seen, trace)
    film = played(scenes("kernel").KernelScene, Settings(config=AttentionConfig(), trace=Path("x.npz")))
    assert [beat.name for beat in film.board][:2] == ["title", "tensors"]


def test_its_state_is_known_at_every_step(toy: str) -> None:
    trace = load("x.npz")
    assert isinstance(trace, GenericTrace)
    for k, (program, read, written) in enumerate(known(trace), 1):
        state = state_at(trace, k)
        assert (state.program, state.hbm_read, state.hbm_written, state.held) == (program, read, written, {})
    assert {launch for launch, _ in trace.programs} == ({0, 1} if toy == "tally" else {0})


@needs_browser
def test_a_page_knows_its_state_at_every_step(toy: str, tmp_path: Path) -> None:
    trace: Any = load("x.npz")
    shutil.copy(MODULE, tmp_path / "module.js")
    (tmp_path / "index.html").write_text(f"<!doctype html><title>{toy}</title>", encoding="utf-8")
    (tmp_path / "x.json").write_bytes(page_of(trace))
    with served(tmp_path) as address, browser_page() as tab:
        tab.goto(f"{address}/index.html")
        states = tab.evaluate(STATES, "x.json")
    assert [(tuple(state["program"]), state["read"], state["written"]) for state in states[1:]] == known(trace)
    assert (states[0]["program"], states[0]["read"], states[0]["written"]) == (None, {}, {})
