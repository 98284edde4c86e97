"""A tiled algorithm in which values decide, from a folder of its own: the rescale is skipped while no max rises by much."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from flashviz.cli import main
from flashviz.config import AttentionConfig
from flashviz.errors import FlashvizError, TraceError, UsageError
from flashviz.export import player_json
from flashviz.export.player import MODULE
from flashviz.trace import Kind, Op, Statement, Trace, replay, state_at
from flashviz_kernels.again import load_checked
from flashviz_kernels.algorithm import Algorithm
from flashviz_kernels.algorithms import find
from flashviz_kernels.log import EventLog
from flashviz_kernels.recorder import programs_of, run
from flashviz_kernels.verify import verify
from tests import test_perfetto
from tests.kernels import shipped_untouched
from tests.lazy import TEXT
from tests.test_embedding import served
from tests.test_player import STATES, same
from tests.test_slides import browser_page, needs_browser

pytestmark = pytest.mark.skipif(importlib.util.find_spec("triton") is None, reason="its kernel is interpreted where triton is installed")

SPEC = "lazy.py:ALGORITHM"
FEW = AttentionConfig(seq_q=24, seq_k=56, head_dim=16, block_m=16, block_n=16, dtype="float16", causal=True)
CONFIGS = {
    "causal": replace(FEW, heads=2, kv_heads=2, seq_q=40, seq_k=120),
    "ragged": replace(FEW, batch=2, heads=2, kv_heads=2, seq_k=50, causal=False, dtype="float32", block_n=32),
    "rows that see no key": replace(FEW, seq_q=70, seq_k=40),
    "no keys": replace(FEW, seq_k=0, causal=False),
}
SHOWN = CONFIGS["causal"]
TAU = "TAU = 1.0\n"


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the algorithm, which is the working directory; afterwards no file of the package is another."""
    with shipped_untouched(tmp_path_factory.mktemp("lazy"), "lazy.py", TEXT) as made:
        yield made


@pytest.fixture(scope="module")
def lazy(folder: Path) -> Algorithm:
    return find(f"{folder}/{SPEC}")


@pytest.fixture(scope="module")
def shown(lazy: Algorithm) -> Trace:
    """The kernel's recording of all that it keeps."""
    return run(SHOWN, source="triton", algorithm=lazy, snapshots=programs_of(SHOWN), stats=True).trace


@pytest.fixture(scope="module")
def edge(lazy: Algorithm, folder: Path) -> Algorithm:
    """The same with a threshold between what kernel and twin, which add in different orders, take one rise of a second tile to be."""
    kernel, twin = (run(SHOWN, source=source, algorithm=lazy).trace.margins["trace_margins"] for source in ("triton", "numpy"))
    pid = int(np.flatnonzero((kernel[:, 1] != twin[:, 1]) & (kernel[:, 1] > -0.9))[0])  # which path led there does not matter
    tau = max(float(kernel[pid, 1]), float(twin[pid, 1])) + 1.0
    (folder / "edge.py").write_text(TEXT.replace(TAU, f"TAU = {tau!r}\n"), encoding="utf-8")
    return find(f"{folder}/edge.py:ALGORITHM")


# ------------------------------------------------------------------------------------------------------------ verification


@pytest.mark.parametrize("name", CONFIGS)
def test_kernel_twin_pointers_truth_and_closed_form_agree(name: str, lazy: Algorithm) -> None:
    found = verify(CONFIGS[name], source="triton", algorithm=lazy)
    assert (found.checked, found.twin_equals_kernel, found.kernel_equals_pointers, found.ok) == ("kernel", True, True, True), found
    assert verify(CONFIGS[name], source="numpy", algorithm=lazy).ok


def test_some_tiles_are_rescaled_and_others_not_and_heads_differ(shown: Trace) -> None:
    visits, rescaled = (len(shown.places[kind]) for kind in (Kind.QK_DOT, Kind.RESCALE_ACC))
    assert len(shown.programs) < rescaled < visits, "more than the first tile of each"
    own = [[trace_codes(shown, (0, bh)), trace_codes(shown, (2, bh))] for bh in range(2)]
    assert own[0] != own[1]
    assert rescaled == int((taken(shown)).sum())


def trace_codes(trace: Trace, program: tuple[int, int]) -> list[int]:
    span = trace.program(*program)
    codes: list[int] = trace.columns["kind"][span.start : span.stop].tolist()
    return codes


def taken(trace: Trace) -> np.ndarray:
    """[programs, T_c] of visited tiles: by its margins."""
    c = trace.config
    visited = [[j in c.key_tiles(i) for j in range(c.col_blocks)] for _ in range(c.batch * c.heads) for i in range(c.row_blocks)]
    return np.asarray((trace.margins["trace_margins"] >= 0) & np.array(visited))


def test_the_twin_takes_the_kernels_branches_where_rounding_decides(edge: Algorithm) -> None:
    """By itself it goes another way, which is no fault of either."""
    kernel, twin = (run(SHOWN, source=source, algorithm=edge).trace for source in ("triton", "numpy"))
    assert (taken(kernel) != taken(twin)).any()
    assert kernel.hash != twin.hash
    found = verify(SHOWN, source="triton", algorithm=edge)
    assert (found.twin_equals_kernel, found.kernel_equals_pointers, found.disagreement, found.ok) == (True, True, None, True)
    assert verify(SHOWN, source="numpy", algorithm=edge).ok


REPORTED = """            m_i = m_new
        elif TRACE:
            step = trace(trace_events, RESCALE_ACC, step, pid, j, r0, r1, 0, D, False)
        p = tl.exp"""
ASKED = 'branches.taken("trace_margins", margin, (pid, j))'
FAULTS = {  # what is changed, and what is then said
    "it keeps a margin far from its own": (", 0) - tau\n        if TRACE", ", 0) - tau - 0.5\n        if TRACE", "expected trace_margins["),
    "it goes by another margin": ("if margin >= 0:", "if margin >= 0.5:", "expected trace_margins["),  # what comes after it is other, too
    "it does not go by the last one": ("if margin >= 0:", "if (margin >= 0) & (j + 1 < T_C):", "400 events, not 402"),
    "it keeps the same margin always": ("pid * T_C + j, margin)", "pid * T_C + j, margin * 0)", "expected trace_margins["),
    "the twin does not ask": (ASKED, f"({ASKED}, margin >= 0.5)[1]", "expected trace_margins["),
    "a skipped rescale is reported": ("            m_i = m_new\n        p = tl.exp", REPORTED, "426 events, not 402"),
    "the max is taken and nothing rescaled": (
        "        alpha = tl.full",
        "        m_i = m_new\n        alpha = tl.full",
        "expected trace_margins[",
    ),
    "acc is not rescaled": ("acc = acc * alpha[:, None]\n            if", "acc = acc * 1.0\n            if", None),  # O says it alone
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_fails_its_verification(fault: str, tmp_path: Path) -> None:
    old, new, said = FAULTS[fault]
    assert TEXT.count(old) == 1
    (tmp_path / "broken.py").write_text(TEXT.replace(old, new), encoding="utf-8")
    found = verify(SHOWN, source="triton", algorithm=find(f"{tmp_path}/broken.py:ALGORITHM"))
    assert (found.ok, found.twin_equals_kernel) == (False, said is None)
    assert (found.disagreement or "").startswith(said or ""), found.disagreement
    assert said is not None or not found.outputs["O"].holds


@given(st.lists(st.integers(1, 4), min_size=1, max_size=2), st.integers(1, 3), st.data())
def test_programs_of_copies_that_go_apart_are_told_one_by_one(programs: list[int], copies: int, data: st.DataObject) -> None:
    """What is logged by number c * programs + p is program p of copy c, in its own order."""
    done = {(launch, p, c): data.draw(st.lists(st.integers(0, 9), max_size=4)) for launch, n in enumerate(programs)
            for p in range(n) for c in range(copies)}  # fmt: skip
    codes = [Statement(code=at, name=f"S{at}", op=Op.COMPUTE, launch=at, line=0, says="") for at in range(len(programs))]
    log = EventLog(codes, programs, copies=copies, apart=True)
    for turn in range(4):
        for launch, own in enumerate(programs):
            there = sorted((c * own + p, j[turn]) for (of, p, c), j in done.items() if of == launch and turn < len(j))
            if there:
                numbers, inner = np.array(there).T
                log(launch, numbers, ((0, 1),), j=inner)
    found: dict[tuple[int, int, int], list[int]] = {key: [] for key in done}
    if log.entries:
        columns = log.columns()
        rows = zip(*(columns[name].tolist() for name in ("launch", "program", "copy", "i", "step", "j")), strict=True)
        for launch, p, c, i, step, j in rows:
            assert (i, step) == (p, len(found[launch, p, c]))
            found[launch, p, c].append(j)
    assert found == done
    with pytest.raises(FlashvizError, match=r"^expected programs that walk, or that go apart, got both; "):
        EventLog(codes, programs, copies=copies, apart=True, walks=True)


# ------------------------------------------------------------------------------------------------------------------- files


def test_its_file_says_by_which_margins_it_was_decided(edge: Algorithm) -> None:
    """So that it is the same recording to whoever computes otherwise; margins that are not its own are refused."""
    recorded = run(SHOWN, source="triton", algorithm=edge).trace
    recorded.save("x.npz")
    found = Trace.load("x.npz")
    np.testing.assert_array_equal(found.margins["trace_margins"], recorded.margins["trace_margins"])
    assert found.digest == recorded.digest
    assert verify(found, algorithm=edge).file_equals_recording
    assert load_checked("x.npz", edge).hash == recorded.hash
    other = Trace(found.header, found.columns, margins={"trace_margins": np.where(taken(found), -0.5, found.margins["trace_margins"])})
    assert verify(other, algorithm=edge).file_equals_recording is False
    other.save("y.npz")
    with pytest.raises(TraceError, match=r"^expected trace_margins\[0, 0\] within .*; record again with flashviz trace or player$"):
        load_checked("y.npz", edge)
    bare = Trace(found.header, found.columns)
    with pytest.raises(UsageError, match=r"^lazy decides by trace_margins of its arrays, \(6, 8\), got none; keep them, or record again$"):
        verify(bare, algorithm=edge)
    with pytest.raises(UsageError, match=r"^expected the algorithm of a trace of lazy, got fa2; name its own, or none$"):
        verify(found, algorithm="fa2")


@pytest.mark.parametrize(
    "change", [lambda margins: margins[:-1], lambda margins: margins.astype(np.float64)], ids=["fewer", "of another dtype"]
)
def test_margins_of_another_shape_are_refused(change: Callable[[np.ndarray], np.ndarray], shown: Trace) -> None:
    Trace(shown.header, shown.columns, margins={"trace_margins": change(shown.margins["trace_margins"])}).save("z.npz")
    with pytest.raises(TraceError, match="expected values of the shapes that the config gives them"):
        Trace.load("z.npz")


def test_events_that_depend_on_values_are_not_told_without_them(lazy: Algorithm) -> None:
    with pytest.raises(UsageError, match=r"^computed needs events that depend on no value, got algorithm lazy, whose do; leave it out$"):
        run(SHOWN, source="numpy", algorithm=lazy, computed=range(0))


@pytest.mark.parametrize("change", [{"by_value": lambda _inputs, _config: {"none": 0.0}}, {"by_value": lambda _i, _c: {"O": 0.0}}])
def test_a_twin_that_asks_by_another_name_is_refused(change: dict[str, Any], lazy: Algorithm) -> None:
    with pytest.raises((UsageError, KeyError)):
        run(FEW, source="numpy", algorithm=replace(lazy, **change))


# ------------------------------------------------------------------------------------------------------------------- state


def exact(trace: Trace, program: tuple[int, int]) -> Callable[[int, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """(tiles, m) -> l and acc of a program in float64: all keys of so many tiles, measured from m. No recurrence."""
    c, (i, bh) = trace.config, program
    q, k, v = (array[np.unravel_index(bh, (c.batch, c.heads))].astype(np.float64) for array in trace.inputs)
    rows = slice(i * c.block_m, min((i + 1) * c.block_m, c.seq_q))
    scores = q[rows] @ k.T * c.scale
    hidden = np.arange(c.seq_q)[rows, None] + c.seq_k - c.seq_q < np.arange(c.seq_k)
    scores[hidden & c.causal] = -np.inf

    def of(tiles: int, m: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        p = np.exp(scores[:, : tiles * c.block_n] - m.astype(np.float64)[:, None])
        return p.sum(axis=1), p @ v[: tiles * c.block_n]

    return of


def test_its_state_is_right_at_every_step(shown: Trace) -> None:
    """m, l, alpha and acc by the statement that made them, however often the rescale ran: held to sums over all keys."""
    checked = 0
    for program in shown.programs:
        of, span, tile, made = exact(shown, program), shown.program(*program), -1, set()
        used = np.full(shown[span.start].r1 - shown[span.start].r0, -np.inf, np.float32)  # the max before this tile
        for at in span[:-1]:
            code, state = int(shown.columns["kind"][at]), state_at(shown, at + 1)
            tile += code == Kind.QK_DOT
            made.add(code)
            for value, kind in ((state.m, Kind.SOFTMAX_M), (state.l, Kind.SOFTMAX_L), (state.alpha, Kind.ALPHA)):
                assert (value is None) == (kind not in made)
            if code == Kind.ALPHA:
                np.testing.assert_allclose(there(state.alpha), np.exp(used - there(state.m)), rtol=1e-5)
            if code == Kind.SOFTMAX_L:
                used = there(state.m)
                np.testing.assert_allclose(there(state.l), of(tile + 1, used)[0], rtol=1e-5)
            if code in (Kind.PV_DOT, Kind.RESCALE_ACC):
                tiles = tile + (code == Kind.PV_DOT)
                np.testing.assert_allclose(there(state.acc), of(tiles, there(state.m))[1], atol=4e-3)  # P is float16
                checked += 1
            if code == Kind.NORMALIZE:
                total, acc = of(tile + 1, there(state.m))
                np.testing.assert_allclose(there(state.acc), acc / total[:, None], atol=2e-3)
    assert checked > len(shown.places[Kind.PV_DOT])


def there(values: np.ndarray | None) -> np.ndarray:
    assert values is not None
    return values


def test_replayed_from_its_events_it_has_the_values_that_the_kernel_kept(shown: Trace) -> None:
    bare = Trace(shown.header, shown.columns)
    for program in shown.programs:
        kept, told = replay(shown, program), replay(bare, program)
        assert (kept.source, told.source) == ("snapshot", "recomputed")
        for name in ("m_new", "alpha", "l_new", "l_scaled", "acc_scaled", "acc_new", "lse"):
            np.testing.assert_allclose(getattr(told, name), getattr(kept, name), rtol=1e-4, atol=2e-3)
        unmoved = (kept.alpha == 1).all(axis=1)
        assert (told.m_new[unmoved] == told.m_old[unmoved]).all()
    assert unmoved.any()


def test_what_makes_a_value_in_a_way_that_is_not_known_is_not_replayed(shown: Trace) -> None:
    """acc divided by a statement of another name: what it does is not guessed."""
    codes = shown.columns["kind"].copy()
    codes[codes == Kind.RESCALE_ACC] = 61
    other = [
        msgspec.structs.replace(each, code=61, name="SHRINK") if each.code == Kind.RESCALE_ACC else each for each in shown.header.statements
    ]
    trace = Trace(msgspec.structs.replace(shown.header, statements=tuple(other)), shown.columns | {"kind": codes})
    with pytest.raises(TraceError, match=r"^expected ACC made by FlashAttention-2's statements, got SHRINK; keep this program's values$"):
        replay(trace, (0, 0))


@needs_browser
def test_a_page_knows_its_state_at_every_step(shown: Trace, folder: Path) -> None:
    shutil.copy(MODULE, folder / "module.js")
    (folder / "index.html").write_text("<!doctype html><title>lazy</title>", encoding="utf-8")
    (folder / "x.json").write_bytes(player_json(shown))
    with served(folder) as address, browser_page() as tab:
        tab.goto(f"{address}/index.html")
        states = tab.evaluate(STATES, "x.json")
    assert len(states) == len(shown) + 1
    for k, seen in enumerate(states):
        same(seen, state_at(shown, k), shown)


@needs_browser
def test_a_page_shows_no_value_of_a_maker_that_it_does_not_know(shown: Trace, folder: Path) -> None:
    """As ``state_at``: m made by a statement of another name is not the m that was kept."""
    document = json.loads(player_json(shown))
    (kind,) = (each for each in document["statements"] if each["name"] == "SOFTMAX_M")
    kind["name"] = "PEAK"
    shutil.copy(MODULE, folder / "module.js")
    (folder / "index.html").write_text("<!doctype html><title>lazy</title>", encoding="utf-8")
    (folder / "peak.json").write_text(json.dumps(document), encoding="utf-8")
    with served(folder) as address, browser_page() as tab:
        tab.goto(f"{address}/index.html")
        states = tab.evaluate(STATES, "peak.json")
    assert all(state["m"] is None for state in states)
    assert any(state["l"] is not None for state in states)


# ------------------------------------------------------------------------------------------------------------- the commands


def test_it_is_traced_told_and_timed(folder: Path) -> None:
    shape = ("--seq-q", "24", "--seq-k", "56", "--head-dim", "16", "--block-m", "16", "--block-n", "16", "--dtype", "float16", "--causal")
    answer = CliRunner().invoke(main, ["trace", "--algorithm", SPEC, "--source", "triton", *shape, "--out", "c.npz"])
    assert answer.exit_code == 0, answer.output
    said = json.loads(CliRunner().invoke(main, ["info", "c.npz", "--json"]).stdout)
    trace = Trace.load("c.npz")
    assert (said["events"], said["algorithm"]) == (len(trace), "lazy")
    for option, out in (("--perfetto", "c.pftrace"), ("--player", "c.json")):
        exported = CliRunner().invoke(main, ["export", "c.npz", option, "--algorithm", SPEC, "--out", out])
        assert exported.exit_code == 0, exported.output
        assert "algorithm must be one of " in CliRunner().invoke(main, ["export", "c.npz", option, "--out", out]).stderr
    assert len(test_perfetto.read(Path("c.pftrace")).slices) == len(trace)
    assert json.loads(Path("c.json").read_bytes())["hash"] == trace.hash
    again = CliRunner().invoke(main, ["verify", "c.npz", "--algorithm", SPEC, "--json"])
    assert (again.exit_code, json.loads(again.stdout)["file_equals_recording"]) == (0, True)
    assert "algorithm must be one of " in CliRunner().invoke(main, ["verify", "c.npz"]).stderr
    assert CliRunner().invoke(main, ["verify", "--algorithm", SPEC, *shape, "--json"]).exit_code == 0
    assert folder.exists()


@pytest.mark.slow
def test_it_is_compiled_and_free_of_its_trace() -> None:
    answer = CliRunner().invoke(main, ["compile", "--algorithm", SPEC, "--head-dim", "64", "--arch", "sm_90", "--json"])
    assert answer.exit_code == 0, answer.output
    (made,) = json.loads(answer.stdout)["compiled"]
    assert (made["kernel"], made["trace_free"]) == ("lazy", True)
