"""Twin = kernel, event by event, over a wide grid; results within the tolerance; a million events in seconds."""

from __future__ import annotations

import ast
import inspect
import os
import subprocess
import sys
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flashviz.config import AttentionConfig
from flashviz.errors import MissingPartError, UsageError
from flashviz.forms import closed_form
from flashviz.inputs import make_inputs
from flashviz.memory import traffic
from flashviz.trace import COMPARED, Kind, Trace, state_at
from flashviz_kernels import record, twins
from flashviz_kernels.algorithms import find
from flashviz_kernels.exactness import block_error
from flashviz_kernels.modes import installed, load_kernel
from flashviz_kernels.recorder import run
from flashviz_kernels.reference import max_error, naive
from flashviz_kernels.source import event_lines, source_of
from flashviz_kernels.verify import agree, verify
from tests.strategies import configs

needs_triton = pytest.mark.skipif(not installed(), reason="the kernel is interpreted where triton is installed")

SMALL: dict[str, Any] = {"block_m": 32, "block_n": 32, "head_dim": 32}
GRID: dict[str, dict[str, Any]] = {
    "one tile": {"seq_q": 16, "block_m": 16, "block_n": 16, "head_dim": 16},
    "default": {},
    "ragged rows": {**SMALL, "seq_q": 70, "seq_k": 64},
    "ragged keys": {**SMALL, "seq_q": 64, "seq_k": 70},
    "ragged both": {**SMALL, "seq_q": 65, "seq_k": 33},
    "shorter than a tile": {"seq_q": 5, "seq_k": 3},
    "causal": {**SMALL, "seq_q": 96, "causal": True},
    "causal, ragged": {**SMALL, "seq_q": 75, "causal": True},
    "causal, fewer keys": {**SMALL, "seq_q": 100, "seq_k": 40, "causal": True},
    "causal, more keys": {**SMALL, "seq_q": 40, "seq_k": 100, "causal": True},
    "causal, wide keys": {**SMALL, "seq_q": 96, "block_m": 16, "block_n": 64, "causal": True},
    "causal, tall queries": {**SMALL, "seq_q": 96, "block_m": 64, "block_n": 16, "causal": True},
    "one query": {**SMALL, "seq_q": 1, "seq_k": 100, "causal": True},
    "no keys": {**SMALL, "seq_q": 40, "seq_k": 0},
    "no keys, causal": {**SMALL, "seq_q": 40, "seq_k": 0, "causal": True},
    "grouped query": {**SMALL, "batch": 2, "heads": 4, "kv_heads": 2, "seq_q": 48},
    "multi-query": {**SMALL, "heads": 4, "kv_heads": 1, "seq_q": 48, "causal": True},
    "head dim 24": {**SMALL, "head_dim": 24, "seq_q": 50},
    "head dim 80": {**SMALL, "head_dim": 80, "seq_q": 50},
    "head dim 256": {**SMALL, "head_dim": 256, "seq_q": 50, "block_m": 16, "block_n": 16},
    "large scores": {**SMALL, "seq_q": 64, "scale": 4.0},
    "negative scale": {**SMALL, "seq_q": 64, "scale": -0.3},
    "gaussian": {**SMALL, "seq_q": 64, "inputs": "gaussian"},
    "blocks of 128": {"seq_q": 200, "block_m": 128, "block_n": 128, "causal": True},
}
DTYPES = ("float16", "bfloat16", "float32")


def everything(config: AttentionConfig) -> list[tuple[int, int]]:
    return [(i, bh) for bh in range(config.batch * config.heads) for i in range(config.row_blocks)]


@needs_triton
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", GRID)
def test_twin_equals_kernel(name: str, dtype: str) -> None:
    hold_together(AttentionConfig(**GRID[name], dtype=dtype))  # type: ignore[arg-type]


@needs_triton
@settings(max_examples=40, deadline=None)
@given(configs())
def test_twin_equals_kernel_for_any_config(config: AttentionConfig) -> None:
    hold_together(config)


def hold_together(config: AttentionConfig) -> None:
    """Columns equal, values of all programs agree, both outputs within the tolerance, bytes = closed form."""
    twin = run(config, source="numpy", snapshots=everything(config), stats=True)
    kernel = run(config, source="triton", snapshots=everything(config), stats=True)
    assert kernel.trace.header.source in ("triton-interpreter", "triton-gpu")
    for column in COMPARED:
        np.testing.assert_array_equal(twin.trace.columns[column], kernel.trace.columns[column], err_msg=column)
    assert agree(twin.trace, kernel.trace)
    for ran in (twin, kernel):
        assert traffic(ran.trace) == closed_form(config, "fa2")
        within_bounds(config, ran.o, ran.lse, "fa2", ran.trace)


def within_bounds(config: AttentionConfig, o: np.ndarray, lse: np.ndarray | None, algorithm: str, trace: Trace) -> None:
    o64, lse64 = naive(*trace.inputs, scale=config.scale, causal=config.causal)
    allowed = find(algorithm).tolerance(find(algorithm).inputs(config), config)
    assert max_error(o, o64) <= allowed["O"].allowed
    if lse is not None:
        assert max_error(lse, lse64) <= allowed["LSE"].allowed


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("algorithm", ["standard", "fa1"])
@pytest.mark.parametrize("name", GRID)
def test_the_other_twins(name: str, algorithm: str, dtype: str) -> None:
    config = AttentionConfig(**GRID[name], dtype=dtype)  # type: ignore[arg-type]
    ran = run(config, source="numpy", algorithm=algorithm)
    assert traffic(ran.trace) == closed_form(config, algorithm)
    within_bounds(config, ran.o, ran.lse, algorithm, ran.trace)


@settings(max_examples=60, deadline=None)
@given(configs())
def test_the_other_twins_for_any_config(config: AttentionConfig) -> None:
    for algorithm in ("standard", "fa1"):
        ran = run(config, source="numpy", algorithm=algorithm)
        assert traffic(ran.trace) == closed_form(config, algorithm)
        within_bounds(config, ran.o, ran.lse, algorithm, ran.trace)


@pytest.mark.parametrize("algorithm", ["standard", "fa1", "fa2"])
@pytest.mark.parametrize("causal", [False, True])
def test_waves_change_nothing(algorithm: str, causal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A twin works on as many row blocks at once as fit; one at a time gives the same trace and values."""
    config = AttentionConfig(seq_q=100, seq_k=90, causal=causal, heads=2, **SMALL)
    keep: dict[str, Any] = {"snapshots": everything(config), "stats": True} if algorithm == "fa2" else {}
    together = run(config, source="numpy", algorithm=algorithm, **keep)
    monkeypatch.setattr(twins, "LANES", 1)
    alone = run(config, source="numpy", algorithm=algorithm, **keep)
    assert together.trace.hash == alone.trace.hash
    assert agree(together.trace, alone.trace)
    assert max_error(together.o, alone.o) < 2e-3


@settings(max_examples=60, deadline=None)
@given(configs(), st.sampled_from(["standard", "fa2"]), st.data())
def test_row_blocks_that_are_not_computed_report_all_the_same(config: AttentionConfig, algorithm: str, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, config.row_blocks))
    part = range(first, data.draw(st.integers(first, config.row_blocks)))
    programs = [(i, bh) for i, bh in everything(config) if i in part] if algorithm == "fa2" else []
    whole = run(config, source="numpy", algorithm=algorithm, snapshots=programs)
    some = run(config, source="numpy", algorithm=algorithm, snapshots=programs, computed=part)
    for column, numbers in whole.trace.columns.items():
        np.testing.assert_array_equal(some.trace.columns[column], numbers, err_msg=column)
    assert agree(whole.trace, some.trace)
    rows = slice(part.start * config.block_m, part.stop * config.block_m)
    within_rounding(config, whole.o[:, :, rows], some.o[:, :, rows])
    assert np.isnan(np.delete(some.o.astype(np.float32), rows, axis=2)).all()


def within_rounding(config: AttentionConfig, first: np.ndarray, second: np.ndarray) -> None:
    """Equal but for the last bits, which depend on how many rows a product has."""
    step = {"float16": 2e-3, "bfloat16": 2e-2, "float32": 2e-5}[config.dtype]
    assert max_error(first, second) <= step * max(1.0, float(np.max(np.abs(first), initial=0)))


@settings(max_examples=40, deadline=None)
@given(configs(), st.data())
def test_the_error_of_a_row_block_is_that_of_its_rows(config: AttentionConfig, data: st.DataObject) -> None:
    i, bh = data.draw(st.sampled_from(everything(config)))
    b, h = divmod(bh, config.heads)
    rows = slice(i * config.block_m, (i + 1) * config.block_m)
    o64, _ = naive(*make_inputs(config), scale=config.scale, causal=config.causal)
    assert block_error(config, (i, bh), o64[b, h, rows]) <= 1e-12
    assert block_error(config, (i, bh), o64[b, h, rows] + 0.5) == pytest.approx(0.5)


# ------------------------------------------------------------------------------------------------------------- many events


@pytest.mark.slow
def test_a_million_events_in_seconds_and_in_bounded_memory(tmp_path: Path) -> None:
    script = """
import time
from flashviz.config import AttentionConfig
from flashviz_kernels import record
from flashviz_kernels.bench.memory import high_water
start = time.process_time()
trace = record(AttentionConfig(seq_q=5376, block_m=16, block_n=16, head_dim=32), source="numpy", snapshots=[(100, 0)])
seconds = time.process_time() - start
trace.save("big.npz")
print(len(trace), seconds, high_water())
"""
    alone = os.environ | {"OPENBLAS_NUM_THREADS": "1"}  # seconds of one core: other tests keep the rest busy
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path, env=alone)
    events, seconds, peak = (float(word) for word in done.stdout.split())
    assert events > 1_000_000
    assert seconds < 10
    assert peak < 1 << 30


@pytest.mark.slow
def test_states_of_a_large_trace_cost_one_program() -> None:
    trace = record(AttentionConfig(seq_q=2048, block_m=16, block_n=16, head_dim=16), source="numpy")
    state_at(trace, 1)
    start = time.perf_counter()
    for k in np.linspace(1, len(trace), 50).astype(int):
        state_at(trace, int(k))
    assert time.perf_counter() - start < 50 * 0.05


# ------------------------------------------------------------------------------------------------------------ source lines


def statements_before_reports(path: str) -> dict[int, str]:
    """Line -> the kind that is reported right after the statement on that line, read from the whole file's tree."""
    tree = ast.parse(Path(path).read_text(encoding="utf-8"))
    found: dict[int, str] = {}
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        run = [each for each in body if not ast.unparse(each).startswith("if CLOCK:")] if isinstance(body, list) else []
        for before, after in pairwise(run):
            text = ast.unparse(after)
            kinds = [kind.name for kind in Kind if f"{kind.name}," in text.split("\n")[-1]]
            reports = text.startswith(("if TRACE:", "log(")) and ("trace(" in text or text.startswith("log("))
            if reports and kinds and not text.startswith("if TRACE:\n    trace_events"):
                found[before.lineno] = max(kinds, key=len)
    return found


@needs_triton
def test_kernel_lines_are_the_statements_that_did_it() -> None:
    trace = record(AttentionConfig(seq_q=70, causal=True, **SMALL), source="triton")
    kernel = load_kernel(interpreted=True)
    path = inspect.getsourcefile(kernel.fn)
    assert path is not None
    expected = statements_before_reports(path)
    assert {(int(e.line), e.kind.name) for e in trace} == set(expected.items())
    assert len(expected) == 14
    begins = {
        Kind.LOAD_Q: "q = tl.load(Q",
        Kind.LOAD_K: "k = tl.load(K",
        Kind.LOAD_V: "v = tl.load(V",
        Kind.MASK: "s = tl.where(seen",
        Kind.SOFTMAX_M: "m_new = tl.maximum(m_i, tl.max(s, 1))",
        Kind.ALPHA: "alpha = tl.exp(m_i - ",
        Kind.SOFTMAX_P: "p = tl.exp(s - ",
        Kind.SOFTMAX_L: "l_i = l_i * alpha + tl.sum(p, 1)",
        Kind.RESCALE_ACC: "acc = acc * alpha[:, None]",
        Kind.QK_DOT: "s = tl.dot(q, tl.trans(k)",
        Kind.PV_DOT: "acc = tl.dot(p.to(v.dtype), v, acc",
        Kind.NORMALIZE: "acc = acc / l_use",
        Kind.STORE_O: "tl.store(O",
        Kind.STORE_LSE: "tl.store(LSE",
    }
    for event in trace:
        assert trace.line_text(event).startswith(begins[event.kind])


@pytest.mark.parametrize("algorithm", ["standard", "fa1", "fa2"])
def test_twin_lines_are_their_own_statements(algorithm: str) -> None:
    trace = record(AttentionConfig(seq_q=70, causal=True, **SMALL), source="numpy", algorithm=algorithm)
    expected = statements_before_reports(inspect.getsourcefile(twins) or "")
    for event in trace:
        assert expected[event.line] == event.kind.name
        assert not trace.line_text(event).startswith("log(")


def test_a_report_without_a_statement_has_no_line() -> None:
    assert event_lines("def f():\n    log(Kind.LOAD_Q)\n    x = 1\n", 1) == {}
    assert event_lines("def f():\n    if TRACE:\n        trace(LOAD_Q)\n", 1) == {}
    (file,) = source_of(twins.fa2, twins._fa2_tile).files
    assert file.text.startswith("def fa2(")


BRANCHES = """\
def tile(s, alpha, skip):
    s = product()
    if TRACE:
        trace(Rows, QK_DOT)
        step += 1
    if skip:
        if TRACE:
            trace(Rows, ALPHA)
    else:
        log(Kind.RESCALE_ACC)
        acc = acc * alpha
        log(Kind.PV_DOT)
        log(Kind.SOFTMAX_L)
    for tile in tiles:
        log(Kind.MASK)
    if TRACE:
        trace(Rows, STORE_O)
    store()
"""


def test_a_report_that_begins_a_branch_has_the_line_that_led_there() -> None:
    """Alone in its branch, first in it, in a loop; after a statement its line, though other reports stand between."""
    found = event_lines(BRANCHES, 101)
    assert found == {
        "QK_DOT": 102, "ALPHA": 106, "RESCALE_ACC": 106, "PV_DOT": 111, "SOFTMAX_L": 111, "MASK": 114, "STORE_O": 114,
    }  # fmt: skip


# --------------------------------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"algorithm": "fa3"},
            "algorithm must be one of backward, backward_deterministic, fa1, fa2, standard, or FILE.py:NAME, got 'fa3'; try fa2",
        ),
        ({"source": "cuda"}, "source must be one of numpy, triton, got 'cuda'; leave it out to take triton where it is installed"),
        (
            {"source": "triton", "algorithm": "fa1"},
            "source triton has the kernel of backward, backward_deterministic, fa2, got algorithm fa1; use source numpy for it",
        ),
        ({"algorithm": "standard", "stats": True}, "snapshots and stats are kept of fa2, got algorithm standard; leave them out"),
        ({"snapshots": [(9, 0)]}, "snapshots must name programs with pid_m below 8 and pid_bh below 1, got (9, 0); leave it out"),
        ({"snapshots": [(0, -1)]}, "snapshots must name programs with pid_m below 8 and pid_bh below 1, got (0, -1); leave it out"),
        ({"computed": range(2, 9)}, "computed must be row blocks below 8, got range(2, 9); leave it out to compute all"),
    ],
)
def test_requests_that_contradict_themselves(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        run(AttentionConfig(), **options)
    assert str(caught.value) == message


def test_more_values_than_are_kept() -> None:
    config = AttentionConfig(seq_q=65536, block_m=16, block_n=16, head_dim=16)
    with pytest.raises(UsageError, match=r"stats must fit 268,435,456 B, got 3,221,225,472 B"):
        record(config, stats=True)
    with pytest.raises(UsageError, match=r"snapshots must fit 1,073,741,824 B"):
        record(config, snapshots=[(i, 0) for i in range(100)])
    with pytest.raises(UsageError, match=r"a recording must take at most .* an estimate of 30,302,928,896 B for 151,011,328 events"):
        record(config)
    config = replace(config, causal=True, seq_q=29440, seq_k=29440)
    with pytest.raises(UsageError, match=r"events must fit a trace buffer of 1,073,741,824 B, got 1,083,627,520 B .* use source numpy"):
        record(config, source="triton")


def test_triton_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "triton", None)
    config = AttentionConfig(seq_q=16, **SMALL)
    with pytest.raises(MissingPartError, match=r"expected triton, got none for .*; install"):
        record(config, source="triton")
    assert record(config).header.source == "numpy"


@needs_triton
def test_the_default_source() -> None:
    assert record(AttentionConfig(seq_q=32, **SMALL)).header.source != "numpy"
    assert record(AttentionConfig(seq_q=32, **SMALL), algorithm="fa1").header.source == "numpy"
    long = AttentionConfig(seq_q=2048, block_m=16, block_n=16, head_dim=16)
    assert record(long).header.source == "numpy", "16,384 tiles would be interpreted for minutes"


def test_verify_takes_configs_and_traces_only() -> None:
    with pytest.raises(UsageError, match="verify takes an AttentionConfig or a Trace, got str"):
        verify("trace.npz")


@needs_triton
@pytest.mark.parametrize("algorithm", ["standard", "fa1", "fa2"])
def test_verify(algorithm: str) -> None:
    found = verify(AttentionConfig(seq_q=70, causal=True, heads=2, kv_heads=1, **SMALL), algorithm=algorithm)
    assert found.ok
    assert (found.checked, found.twin_equals_kernel) == (("kernel", True) if algorithm == "fa2" else ("twin", None))
    assert (found.outputs["LSE"].error is None) == (algorithm == "standard")
    assert found.file_equals_recording is None
