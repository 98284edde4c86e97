"""Two reporting launches with grids of their own, one by key tiles with atomics: verified, compiled, recorded; what is wrong is found."""

from __future__ import annotations

import importlib.util
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from flashviz.cli import main
from flashviz.config import AttentionConfig
from flashviz.errors import TraceError
from flashviz.export import player_json, timeline_of
from flashviz.export.timeline import Texts
from flashviz.trace import Trace, state_at, traffic
from flashviz_kernels.again import load_checked
from flashviz_kernels.algorithms import find
from flashviz_kernels.recorder import run
from flashviz_kernels.verify import verify
from tests.grams import TEXT
from tests.kernels import package

pytestmark = pytest.mark.skipif(importlib.util.find_spec("triton") is None, reason="its kernels are interpreted where triton is installed")

SPEC = "grams.py:ALGORITHM"
SMALL: dict[str, Any] = {"head_dim": 32, "block_m": 16, "block_n": 32, "dtype": "float32"}
FEW = AttentionConfig(heads=2, seq_q=20, seq_k=40, **SMALL)
CONFIGS = {
    "ragged": AttentionConfig(batch=2, heads=2, seq_q=40, seq_k=56, **SMALL),
    "one tile": AttentionConfig(seq_q=16, seq_k=32, **SMALL),
    "more key tiles than row blocks": AttentionConfig(heads=3, seq_q=17, seq_k=100, **SMALL),
    "more row blocks than key tiles": AttentionConfig(seq_q=100, seq_k=17, **SMALL),
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the algorithm, which is the working directory; afterwards no file of the package is another."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    Path("grams.py").write_text(TEXT, encoding="utf-8")
    before = package()
    yield tmp_path
    assert package() == before


def flash(*arguments: str) -> Result:
    shape = ("--seq-q", "40", "--seq-k", "56", "--head-dim", "32", "--block-m", "16", "--block-n", "32", "--dtype", "float32")
    return CliRunner().invoke(main, [*arguments, "--algorithm", SPEC, *shape])


@pytest.mark.parametrize("name", CONFIGS)
def test_kernels_twin_pointers_truth_and_closed_form_agree(name: str) -> None:
    found = verify(CONFIGS[name], source="triton", algorithm=SPEC)
    assert (found.checked, found.twin_equals_kernel, found.kernel_equals_pointers, found.ok) == ("kernel", True, True, True)
    assert list(found.outputs) == ["G", "E"]
    assert found.events == find(SPEC).events(CONFIGS[name])
    assert verify(CONFIGS[name], source="numpy", algorithm=SPEC).ok


def test_its_recording_is_read_again() -> None:
    """Launches, programs of key tiles, reads and writes of an atomic, what is on chip; a stranger is not taken at its word."""
    config = CONFIGS["more key tiles than row blocks"]
    trace = run(config, source="triton", algorithm=SPEC).trace
    trace.save("x.npz")
    again = Trace.load("x.npz")
    assert again.hash == trace.hash
    twin = run(config, source="numpy", algorithm=SPEC).trace
    assert [each.kernel for each in again.header.launches] == [each.kernel for each in twin.header.launches] == ["squares", "gram"]
    assert [span[:2] for span in again.spans if span[2] == 0] == [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2), (1, 3)]
    moved, added = traffic(again), again.config.heads * again.config.col_blocks * again.config.seq_q * again.config.head_dim * 4
    assert moved.read["E"] == moved.written["E"] == added
    last = state_at(again, len(again))
    assert (last.hbm_read, last.hbm_written, last.held) == (moved.read, moved.written, {})
    c = again.config
    rows = [(bh, i * c.block_m, min((i + 1) * c.block_m, c.seq_q)) for bh in range(c.heads) for i in range(c.row_blocks)]
    added_to = {(*row, 0, c.head_dim): c.col_blocks for row in rows}
    assert last.writes("E") == last.reads("E") == added_to, "each key tile's program adds to every box"
    assert set(last.writes("G").values()) == {1}
    held = [set(state_at(again, k).held) for k in again.spans[1, 0, 0]]
    assert held[:8] == [set(), {"K"}, {"K", "Q"}, {"K", "Q", "D"}, {"K", "Q", "D", "S"}, {"K", "S", "ACC"}, {"K", "ACC", "E"}, {"K", "ACC"}]
    with pytest.raises(
        TraceError, match=r"algorithm must be one of backward, backward_deterministic, fa1, fa2, standard, .* got 'grams'; record again"
    ):
        load_checked("x.npz")


def test_kernels_may_stand_in_files_of_their_own(tmp_path: Path) -> None:
    """Each statement in its own: by the kernels' report, by the pointers, in a timeline; a page shows one file."""
    (tmp_path / "other.py").write_text("# the first launch\n" + TEXT, encoding="utf-8")
    assert TEXT.count('Kernel(file, "squares")') == 1
    Path("grams.py").write_text(TEXT.replace('Kernel(file, "squares")', 'Kernel(file.with_name("other.py"), "squares")'), encoding="utf-8")
    assert verify(FEW, source="triton", algorithm=SPEC).ok
    trace = run(FEW, source="triton", algorithm=SPEC).trace
    trace.save("x.npz")
    found = Trace.load("x.npz")
    assert [source.file for source in found.header.sources] == ["other.py", "grams.py"]
    said = {each.name: found.header.sources[each.file].line(each.line) for each in found.header.statements}
    assert said["SQUARES"] == "d = tl.sum(q * q, 1)"
    assert said["E_DOT"] == 'e = tl.dot(s, k, input_precision="ieee")'
    told = timeline_of(found).args["statement"]
    assert isinstance(told, Texts)
    assert Counter(told.texts[index] for index in told.index) == Counter(said[event.statement.name] for event in found)
    with pytest.raises(TraceError, match=r"^expected kernels in one file, whose text a page shows, got 2; put them into one"):
        player_json(found)


@pytest.mark.slow
def test_each_kernel_is_compiled_and_free_of_its_trace() -> None:
    answer = flash("compile", "--arch", "sm_80,sm_90", "--json")
    assert answer.exit_code == 0, answer.output
    made = json.loads(answer.stdout)["compiled"]
    assert [(each["arch"], each["kernel"]) for each in made] == [
        (arch, kernel) for arch in ("sm_80", "sm_90") for kernel in ("squares", "gram")
    ]
    assert {each["trace_free"] for each in made} == {True}


FAULTS = {
    "a report of another box": (
        "trace(trace_events, LOAD_K, step, pid, -1, c0, c1,",
        "trace(trace_events, LOAD_K, step, pid, -1, c0, c0 + 1,",
    ),
    "a report of another tile": (
        "trace(trace_events, AGAIN_Q, step, pid, i, r0, r1,",
        "trace(trace_events, AGAIN_Q, step, pid, 0, r0, r1,",
    ),
    "a report of another statement": ("trace(trace_events, ADD_E, step,", "trace(trace_events, E_DOT, step,"),
    "a load from elsewhere": ("tl.load(K + (bh * N_K + cols[:, None])", "tl.load(K + (cols[:, None])"),
    "a store in place of the atomic": ("tl.atomic_add(E +", "tl.store(E +"),
    "an output left out of the sum": ("acc = tl.dot(tl.trans(s + d[:, None]), q, acc,", "acc = tl.dot(tl.trans(s + d[:, None]), q,"),
    "a twin that adds other bytes": ("nbytes=e[0, 0].nbytes", "nbytes=2 * e[0, 0].nbytes"),
    "a twin that multiplies more": ("area = (r1[i] - r0[i]) * (c1 - c0) * d", "area = c.block_m * (c1 - c0) * d"),
    "a closed form of fewer products": ("flops=lambda c: 6 *", "flops=lambda c: 4 *"),
    "a closed form that forgets what an atomic reads": ('"E": visits * row}\n    return', '"E": 0}\n    return'),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_fails_its_verification(fault: str) -> None:
    old, new = FAULTS[fault]
    assert TEXT.count(old) == 1
    Path("grams.py").write_text(TEXT.replace(old, new), encoding="utf-8")
    assert not verify(FEW, source="triton", algorithm=SPEC).ok


def test_values_of_a_whole_recording_are_the_twins() -> None:
    """Outputs come by name, in the shapes that the algorithm says."""
    config, algorithm = CONFIGS["ragged"], find(SPEC)
    kernel, twin = (run(config, source=source, algorithm=algorithm).outputs for source in ("triton", "numpy"))
    assert algorithm.arrays is not None
    shapes = {name: each.shape for name, each in algorithm.arrays(config).items()}
    for name in algorithm.outputs:
        assert kernel[name].shape == twin[name].shape == shapes[name]
        np.testing.assert_allclose(kernel[name], twin[name], rtol=1e-3, atol=1e-2)
