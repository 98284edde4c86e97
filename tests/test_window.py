"""A mask that the project does not know, from a folder of its own: a sliding window, whose row blocks skip their first key tiles."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from flashviz.cli import main
from flashviz.config import AttentionConfig
from flashviz.errors import TraceError
from flashviz.export import player_json
from flashviz.export.player import MODULE
from flashviz.settings import Settings
from flashviz.storyboard import follow_in
from flashviz.trace import Kind, Snapshot, Trace, replay, state_at
from flashviz_kernels.algorithm import Algorithm
from flashviz_kernels.algorithms import find
from flashviz_kernels.recorder import programs_of, run
from flashviz_kernels.verify import verify
from tests.films import played, scenes
from tests.kernels import shipped_untouched
from tests.test_embedding import served
from tests.test_player import STATES, same
from tests.test_slides import browser_page, needs_browser
from tests.window import TEXT

pytestmark = pytest.mark.skipif(importlib.util.find_spec("triton") is None, reason="its kernel is interpreted where triton is installed")

SPEC, W = "window.py:ALGORITHM", 20
SHOWN = AttentionConfig(heads=2, seq_q=40, seq_k=80, head_dim=16, block_m=16, block_n=16, causal=True)
SHAPE = ("--heads", "2", "--seq-q", "40", "--seq-k", "80", "--head-dim", "16", "--block-m", "16", "--block-n", "16", "--causal")
CONFIGS = {
    "it skips": SHOWN,
    "ragged": replace(SHOWN, batch=2, seq_q=24, seq_k=50, block_n=32, dtype="float32"),
    "rows that see no key": replace(SHOWN, seq_q=70, seq_k=40),
    "no keys": replace(SHOWN, seq_k=0),
}
FAULTS = {  # what is changed, and what then differs
    "the kernel begins a tile late": ("tl.range(first, last)", "tl.range(first + 1, last)"),
    "the kernel begins with the first tile": ("    first = tl.maximum(r0 + N_K - N_Q - SPAN + 1, 0) // BLOCK_N\n", "    first = 0 * r0\n"),
    "the twin begins a tile late": ("for j in key_tiles(c, i):", "for j in key_tiles(c, i)[1:]:"),
    "values are kept by tile and not by visit": ("pid, j - first, T_C", "pid, j, T_C"),
    "the window is one key narrower": ("(ahead < SPAN)", "(ahead < SPAN - 1)"),
    "the closed form counts from the first tile": ("return range(max(first, 0) // c.block_n", "return range(0 * c.block_n"),
}


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the algorithm, which is the working directory; afterwards no file of the package is another."""
    with shipped_untouched(tmp_path_factory.mktemp("window"), "window.py", TEXT) as made:
        yield made


@pytest.fixture(scope="module")
def window(folder: Path) -> Algorithm:
    return find(f"{folder}/{SPEC}")


@pytest.fixture(scope="module")
def shown(window: Algorithm) -> Trace:
    """The kernel's recording of all that it keeps."""
    return run(SHOWN, source="triton", algorithm=window, snapshots=programs_of(SHOWN), stats=True).trace


def flash(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def seen(c: AttentionConfig) -> np.ndarray:
    """[N_q, N_k], row by row: the last W keys up to the row's own."""
    found = np.zeros((c.seq_q, c.seq_k), bool)
    for row in range(c.seq_q):
        own = row + c.seq_k - c.seq_q
        found[row, max(own - W + 1, 0) : max(own + 1, 0)] = True
    return found


def touched(c: AttentionConfig, i: int) -> list[int]:
    """Key tiles in which a row of row block ``i`` sees a key."""
    block = seen(c)[i * c.block_m : (i + 1) * c.block_m]
    return [j for j in range(c.col_blocks) if block[:, j * c.block_n : (j + 1) * c.block_n].any()]


# ------------------------------------------------------------------------------------------------- its kernel, twin and trace


@pytest.mark.parametrize("name", CONFIGS)
def test_kernel_twin_pointers_truth_and_closed_form_agree(name: str, window: Algorithm) -> None:
    found = verify(CONFIGS[name], source="triton", algorithm=window)
    assert (found.checked, found.twin_equals_kernel, found.kernel_equals_pointers, found.ok) == ("kernel", True, True, True), found
    assert verify(CONFIGS[name], source="numpy", algorithm=window).ok


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_fails_its_verification(fault: str, tmp_path: Path) -> None:
    old, new = FAULTS[fault]
    assert TEXT.count(old) == 1
    (tmp_path / "broken.py").write_text(TEXT.replace(old, new), encoding="utf-8")
    assert not verify(SHOWN, source="triton", algorithm=find(f"{tmp_path}/broken.py:ALGORITHM")).ok


@settings(max_examples=40)
@given(
    n_q=st.integers(1, 90), n_k=st.integers(0, 90), block_m=st.sampled_from([16, 32]), block_n=st.sampled_from([16, 32]),
    heads=st.integers(1, 2),
)  # fmt: skip
def test_a_trace_says_which_key_tiles_a_program_visits(
    window: Algorithm, n_q: int, n_k: int, block_m: int, block_n: int, heads: int
) -> None:
    """Those in which one of its rows sees a key, told row by row and key by key; of the values that were kept each has one."""
    c = replace(SHOWN, seq_q=n_q, seq_k=n_k, block_m=block_m, block_n=block_n, heads=heads, kv_heads=heads)
    trace = run(c, source="numpy", algorithm=window, snapshots=programs_of(c), stats=True).trace
    assert trace.stats is not None
    for i, bh in trace.programs:
        tiles = touched(c, i)
        assert trace.key_tiles(i, bh).tolist() == tiles
        assert len(trace.snapshots[i, bh].m) == len(tiles)
        kept = ~np.isnan(trace.stats.m[bh, :, i * block_m : (i + 1) * block_m])
        assert (kept == (np.arange(c.col_blocks) < len(tiles))[:, None]).all()


def test_row_blocks_skip_their_first_tiles(shown: Trace) -> None:
    assert [shown.key_tiles(i, 1).tolist() for i in range(3)] == [[1, 2, 3], [2, 3, 4], [3, 4]]
    assert follow_in(shown).program[1] == 0


# --------------------------------------------------------------------------------------------------------------------- state


def test_its_state_is_right_at_every_step(shown: Trace) -> None:
    """m, l and acc after each tile of every program against float64 over the keys that its rows have seen; S too, once it is masked."""
    mask, checked = seen(SHOWN), 0
    for i, bh in shown.programs:
        q, k, v = (array[np.unravel_index(bh, (SHOWN.batch, SHOWN.heads))].astype(np.float64) for array in shown.inputs)
        rows = slice(i * 16, min((i + 1) * 16, SHOWN.seq_q))
        scores = np.where(mask[rows], q[rows] @ k.T * SHOWN.scale, -np.inf)
        first = 16 * touched(SHOWN, i)[0]
        for at in shown.program(i, bh)[:-1]:
            event, state = shown[at], state_at(shown, at + 1)
            until = slice(first, (event.j + 1) * 16)
            if event.statement.code == Kind.QK_DOT:
                assert state.s is None, "before the mask"
            if event.statement.name == "WINDOW":
                np.testing.assert_allclose(there(state.s), scores[:, event.j * 16 : (event.j + 1) * 16], rtol=1e-4, atol=1e-5)
            if event.statement.code == Kind.SOFTMAX_M:
                np.testing.assert_allclose(there(state.m), scores[:, until].max(axis=1), rtol=1e-4, atol=1e-5)
            if event.statement.code == Kind.PV_DOT:
                m = scores[:, until].max(axis=1)
                p = np.exp(scores[:, until] - np.where(m == -np.inf, 0, m)[:, None])
                np.testing.assert_allclose(there(state.l), p.sum(axis=1), rtol=1e-4)
                np.testing.assert_allclose(there(state.acc), p @ v[until], atol=1e-2)  # P is float16
                checked += 1
    assert checked == len(shown.places[Kind.PV_DOT]) == 2 * (3 + 3 + 2)


def there(values: np.ndarray | None) -> np.ndarray:
    assert values is not None
    return values


def test_its_mask_is_not_guessed(shown: Trace) -> None:
    """Values that were not kept are not computed again by a mask that is another."""
    said = r"^expected S made by FlashAttention-2's statements, got WINDOW; keep this program's values$"
    assert (replay(shown, (2, 0)).source, replay(shown, (2, 0)).j.tolist()) == ("snapshot", [3, 4])
    with pytest.raises(TraceError, match=said):
        replay(Trace(shown.header, shown.columns), (2, 0))


@pytest.mark.parametrize("change", [lambda array: array[1:], lambda array: np.concatenate([array, array[:1]])], ids=["fewer", "more"])
def test_values_of_more_or_fewer_tiles_than_it_visits_are_refused(change: object, shown: Trace) -> None:
    assert callable(change)
    other = {program: Snapshot(**{name: change(array) for name, array in vars(kept).items()}) for program, kept in shown.snapshots.items()}
    Trace(shown.header, shown.columns, snapshots=other).save("z.npz")
    with pytest.raises(TraceError, match=r"^expected values of the shapes that the config gives them, got z.npz with snapshot/0/0/m; "):
        Trace.load("z.npz")


# -------------------------------------------------------------------------------------------------------- commands, film, page


@needs_browser
def test_a_page_knows_its_state_at_every_step(shown: Trace, folder: Path) -> None:
    shutil.copy(MODULE, folder / "module.js")
    (folder / "index.html").write_text("<!doctype html><title>window</title>", encoding="utf-8")
    (folder / "x.json").write_bytes(player_json(shown))
    with served(folder) as address, browser_page() as tab:
        tab.goto(f"{address}/index.html")
        states = tab.evaluate(STATES, "x.json")
    assert len(states) == len(shown) + 1
    for k, state in enumerate(states):
        same(state, state_at(shown, k), shown)


def test_it_is_traced_told_verified_and_shown_in_a_page() -> None:
    answer = flash("trace", "--algorithm", SPEC, "--source", "triton", *SHAPE, "--values", "--out", "w.npz")
    assert answer.exit_code == 0, answer.output
    trace, said = Trace.load("w.npz"), json.loads(flash("info", "w.npz", "--json").stdout)
    assert (said["events"], said["algorithm"], set(trace.snapshots)) == (len(trace), "window", set(programs_of(SHOWN)))
    again = flash("verify", "w.npz", "--algorithm", SPEC, "--json")
    assert (again.exit_code, json.loads(again.stdout)["file_equals_recording"]) == (0, True)
    for option, out in (("--perfetto", "w.pftrace"), ("--player", "w.json")):
        assert flash("export", "w.npz", option, "--algorithm", SPEC, "--out", out).exit_code == 0
    page = flash("player", "w.npz", "--algorithm", SPEC, "--out", "w.html")
    assert (page.exit_code, page.stdout.startswith("w.html: 1 traces, ")) == (0, True), page.output
    bare = flash("trace", "--algorithm", SPEC, "--source", "numpy", *SHAPE, "--out", "v.npz")
    assert bare.exit_code == 0, bare.output
    told = flash("player", "v.npz", "--algorithm", SPEC, "--out", "v.html")
    assert (told.exit_code, "got WINDOW; keep this program's values" in told.stderr) == (2, True)


def test_a_pages_errors_are_its_own_algorithms(window: Algorithm, monkeypatch: pytest.MonkeyPatch) -> None:
    """Differences from float64 within the window, which float64 without it has not."""
    from flashviz.cli import player as command

    given: list[np.ndarray] = []

    def noted(_trace: Trace, *, errors: np.ndarray) -> bytes:
        given.append(errors)
        return b"{}"

    monkeypatch.setattr("flashviz.export.player_json", noted)
    trace = run(SHOWN, source="numpy", algorithm=window, snapshots=programs_of(SHOWN)).trace
    assert len(list(command._choices(trace, SPEC))) == len(given) == 1
    assert 0 < given[0].max() < 2e-3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("player", "--algorithm", SPEC, "--out", "x.html"),
            f"expected the trace that {SPEC} is the algorithm of, got no FILE; record one",
        ),
        (("player", "--gallery", "--algorithm", SPEC, "--out", "x"), "got no FILE; record one with flashviz trace"),
        (
            ("trace", "--algorithm", "fa1", "--values", "--out", "x.npz"),
            "snapshots and stats are kept of fa2, got algorithm fa1; leave them out",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused(arguments: tuple[str, ...], said: str) -> None:
    answer = flash(*arguments)
    assert (answer.exit_code, answer.stderr.count("\n")) == (2, 1)
    assert said in answer.stderr


def test_the_film_of_any_kernel_shows_it() -> None:
    answer = flash("trace", "--kernel", "window.py:window", "--launch", "window.py:launch", "--out", "k.npz")
    assert answer.exit_code == 0, answer.output
    film = played(scenes("kernel").KernelScene, Settings(config=AttentionConfig(), trace=Path("k.npz")))
    assert [beat.name for beat in film.board][:2] == ["title", "tensors"]


@pytest.mark.slow
def test_it_is_compiled_and_free_of_its_trace() -> None:
    answer = flash("compile", "--algorithm", SPEC, "--head-dim", "64", "--arch", "sm_90", "--json")
    assert answer.exit_code == 0, answer.output
    (made,) = json.loads(answer.stdout)["compiled"]
    assert (made["kernel"], made["trace_free"]) == ("window", True)
