"""Addresses do not lie: the attention kernel's report is held to its pointers, and a kernel that reports or reads wrongly is caught."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace as replace_struct

from flashviz.config import AttentionConfig
from flashviz.errors import VerificationError
from flashviz.memory import traffic
from flashviz.trace import Kind, Op, SourceText, Trace
from flashviz_kernels import record
from flashviz_kernels.verify import verify
from tests.kernels import event_rows, mutant

pytestmark = pytest.mark.skipif(importlib.util.find_spec("triton") is None, reason="needs triton")

SMALL = AttentionConfig(seq_q=40, seq_k=56, heads=4, kv_heads=2, batch=2, head_dim=24, block_m=16, block_n=32, causal=True)
CONFIGS = [
    SMALL,
    AttentionConfig(seq_q=64, block_m=32, block_n=16, head_dim=32),
    AttentionConfig(seq_q=33, seq_k=17, block_m=16, block_n=16, head_dim=40, dtype="bfloat16"),
    AttentionConfig(seq_q=48, seq_k=16, block_m=16, block_n=16, head_dim=16, dtype="float32", causal=True),  # rows that see no key
    AttentionConfig(seq_q=20, seq_k=0, block_m=16, block_n=16, head_dim=16),
]


@pytest.fixture(scope="module")
def seen() -> Trace:
    from flashviz_kernels.witness import pointers_of

    return pointers_of(SMALL)


@pytest.fixture(scope="module")
def said() -> Trace:
    return record(SMALL, source="triton")


@pytest.mark.parametrize("config", CONFIGS, ids=lambda c: f"{c.seq_q}x{c.seq_k}-{c.dtype}")
def test_the_kernel_reports_what_its_pointers_say(config: AttentionConfig) -> None:
    found = verify(config, source="triton")
    assert found.kernel_equals_pointers is True
    assert found.disagreement is None
    assert found.ok


def test_bytes_by_tensor_are_those_of_the_pointers(seen: Trace, said: Trace) -> None:
    assert traffic(seen) == traffic(said)
    assert [info.name for info in seen.header.tensors[:5]] == ["Q", "K", "V", "O", "LSE"]


@pytest.mark.parametrize("column", ["kind", "pid_m", "pid_bh", "r0", "r1", "c0", "c1", "nbytes"])
def test_one_wrong_number_in_the_report_is_found(column: str, seen: Trace, said: Trace) -> None:
    from flashviz_kernels.witness import first_disagreement

    assert first_disagreement(said, seen) is None
    at = int(np.flatnonzero(said.columns["kind"] == Kind.LOAD_V)[5])
    columns = {name: array.copy() for name, array in said.columns.items()}
    columns[column][at] += {"kind": Kind.LOAD_K - Kind.LOAD_V, "pid_bh": 2}.get(column, 1)
    wrong = first_disagreement(Trace(said.header, columns), seen)
    assert wrong is not None
    assert "where the pointers say" in wrong


@pytest.mark.parametrize("change", [{"line": 7}, {"dims": ("BLOCK_M", "BLOCK_M", "BLOCK_N")}, {"op": Op.REDUCE}, {"op": Op.COMPUTE}])
def test_a_statement_that_says_something_else_is_found(change: dict[str, Any], seen: Trace, said: Trace) -> None:
    from flashviz_kernels.witness import first_disagreement

    others = tuple(replace_struct(each, **change) if each.code == Kind.PV_DOT else each for each in said.header.statements)
    header = replace_struct(said.header, statements=others, sources=[SourceText("forward.py", 1, "\n" * 999)])
    assert first_disagreement(Trace(header, said.columns), seen) is not None


def test_a_missing_event_is_found(seen: Trace, said: Trace) -> None:
    from flashviz_kernels.witness import first_disagreement

    kept = np.arange(len(said)) != int(np.flatnonzero(said.columns["kind"] == Kind.PV_DOT)[3])
    fewer = Trace(said.header, {name: array[kept] for name, array in said.columns.items()})
    assert first_disagreement(fewer, seen) == f"{len(seen) - 1:,} events reported, {len(seen):,} seen"


def test_a_failed_witness_fails_the_verification() -> None:
    found = verify(AttentionConfig(seq_q=16, block_m=16, block_n=16, head_dim=16), source="triton")
    assert found.ok
    assert not replace(found, kernel_equals_pointers=False).ok


WRONG_READS = {
    "Q past its rows": ("q_mask = (rows[:, None] < N_Q) & (dims < D)", "q_mask = dims < D", "Q"),
    "K past its end": ("k_mask = (cols[:, None] < N_K) & (dims < D)", "k_mask = (cols[:, None] < N_K + 1) & (dims < D)", "K"),
    "O before its start": ("tl.store(O + rows[:, None]", "tl.store(O - 1 + rows[:, None]", "O"),
}


@pytest.mark.parametrize(("old", "new", "tensor"), WRONG_READS.values(), ids=WRONG_READS)
def test_a_kernel_that_leaves_its_tensors_is_an_error_that_names_them(old: str, new: str, tensor: str, tmp_path: Path) -> None:
    from flashviz_kernels.auditor import Auditor

    config = AttentionConfig(seq_q=24, seq_k=40, block_m=16, block_n=16, head_dim=16)
    with mutant(tmp_path, (old, new)) as kernel, pytest.raises(VerificationError) as error, Auditor().watching():
        event_rows(kernel, config)
    message = str(error.value)
    assert f"within {tensor} of shape" in message
    assert "mutant_forward.py:" in message
    assert "element offset" in message


def test_a_trace_buffer_that_is_too_small_is_an_error(tmp_path: Path) -> None:
    from flashviz_kernels.auditor import Auditor

    config = AttentionConfig(seq_q=16, block_m=16, block_n=16, head_dim=16)
    auditor = Auditor(quiet=lambda name: name.startswith("trace_"))
    with (
        mutant(tmp_path, ("step = 0\n", "step = 40\n")) as kernel,
        pytest.raises(VerificationError, match=r"a store within trace_events of shape"),
        auditor.watching(),
    ):
        event_rows(kernel, config)
    assert not any(info.name in launch.tensors for launch in auditor.launches for info in auditor.tensors if info.name.startswith("trace_"))


def test_a_kernel_that_reports_another_tile_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The report says tile j + 1 where tile j is loaded: the values are right, and only the pointers tell."""
    from flashviz_kernels import kernel_run

    config = AttentionConfig(seq_q=16, seq_k=64, block_m=16, block_n=16, head_dim=16)
    report = "trace(trace_events, LOAD_K, step, pid, j, {}, {}, 0, D, CLOCK)"
    lie = report.format("c0", "c1"), report.format("c0 + 1", "c1 + 1")
    with mutant(tmp_path, lie) as kernel:
        load: Any = lambda **_: kernel  # noqa: E731  # in place of a function
        monkeypatch.setattr("flashviz_kernels.attention.load_kernel", load)
        monkeypatch.setattr(kernel_run, "load_kernel", load)
        found = verify(config, source="triton")
    assert found.kernel_equals_pointers is False
    assert found.disagreement is not None
    assert found.disagreement.startswith("program 0, load 1 of ")
    assert "r0 1 where the pointers say 0" in found.disagreement
    assert found.outputs["O"].holds
