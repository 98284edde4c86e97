"""The generic trace: its file, its programs, and what is said of a file that is damaged or of the other kind."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashviz.config import AttentionConfig
from flashviz.errors import TraceError
from flashviz.export import timeline_of
from flashviz.memory import traffic
from flashviz.trace import Header, Launch, Op, SourceText, TensorInfo, Trace, load
from flashviz.trace.reading import WIDE, columns_of
from flashviz_kernels import record
from flashviz_kernels.again import load_checked
from flashviz_kernels.statements import DID, statements_seen
from tests.generic_traces import sides

TENSORS = [TensorInfo("x", (4, 6), (6, 1), "float32", 4), TensorInfo("out", (4,), (1,), "float16", 2)]
TEXT = "@triton.jit\ndef total(x, out):\n    row = tl.load(x)\n    tl.atomic_add(out, tl.sum(row, 0))\n"
HEADER = Header(
    source="triton-interpreter", algorithm="launch", versions={"triton": "3.9.0"}, sources=[SourceText("total.py", 10, TEXT)],
    kernel_hash=hashlib.sha256(TEXT.encode()).hexdigest(),
    statements=(), tensors=TENSORS, launches=[Launch("total", (4, 1, 1), {"x": 0, "out": 1}, {"n": 6})],
)  # fmt: skip


def trace_of(programs: int = 4) -> Trace:
    """Each program loads a row of x, sums it and adds it to one element of out."""
    rows = [
        (0, pid, 0, 0, step, op, tensor, 0 if op != Op.REDUCE else -1, line, nbytes, nbytes, 0)
        for pid in range(programs)
        for step, (op, tensor, line, nbytes) in enumerate([(Op.LOAD, 0, 12, 24), (Op.REDUCE, -1, 13, 0), (Op.ATOMIC, 1, 13, 2)])
    ]
    seen = dict(zip(("launch", "pid_x", "pid_y", "pid_z", "step", "op", "tensor", "file", "line", *WIDE), np.array(rows).T, strict=True))
    statements, kind = statements_seen(np.stack([seen.pop(name) if name != "launch" else seen[name] for name in DID], axis=1), TENSORS)
    header, columns = msgspec.structs.replace(HEADER, statements=statements), seen | {"kind": kind}
    boxes = [box for pid in range(programs) for box in ([(pid, pid + 1), (0, 6)], [(0, 1), (0, 1)], [(pid, pid + 1), (0, 1)])]
    return Trace(header, columns | sides(np.array(boxes), np.array([(1, 8), (1, 8), (1, 1)] * programs)))


def test_events_say_what_they_touched() -> None:
    trace = trace_of()
    first, second, third = list(trace)[3:6]
    assert (first.op, first.tensor, first.box, first.nbytes, first.pid) == (Op.LOAD, "x", ((1, 2), (0, 6)), 24, (1, 0, 0))
    assert (second.op, second.tensor, second.box) == (Op.REDUCE, None, ())
    assert (third.tensor, third.box, third.is_load, third.is_store) == ("out", ((1, 2),), True, True)
    assert trace.line_text(first) == "row = tl.load(x)"
    assert trace.line_text(second) == ""


def test_atomics_read_and_write() -> None:
    moved = traffic(trace_of())
    assert moved.read == {"x": 96, "out": 8}
    assert moved.written == {"out": 8}


def test_programs() -> None:
    trace = trace_of()
    assert list(trace.spans) == [(0, pid, 0, 0) for pid in range(4)]
    assert trace.program(2, 0, 0) == range(6, 9)
    assert trace_of(2).program(3, 0, 0) == range(0)  # it is in the grid and did nothing
    with pytest.raises(TraceError, match=r"expected a program of 1 launches with grids \(4, 1, 1\), got launch 0, program \(4, 0, 0\)"):
        trace.program(4, 0, 0)


def test_a_file_holds_the_same_trace(tmp_path: Path) -> None:
    trace = trace_of()
    trace.save(tmp_path / "x.npz")
    again = load(tmp_path / "x.npz")
    assert again.hash == trace.hash
    assert again.header == trace.header
    assert list(again) == list(trace)
    assert [path.name for path in tmp_path.iterdir()] == ["x.npz"]


def test_any_recording_may_have_a_clock(tmp_path: Path) -> None:
    """Where its header names one, there are times; else the file is refused."""
    trace = trace_of()
    clocked = msgspec.structs.replace(trace.header, clock="ns, made up")
    times = {"t_ns": 10 * np.arange(len(trace)), "sm": np.zeros(len(trace), int)}
    Trace(clocked, trace.columns | times).save(tmp_path / "x.npz")
    again = load(tmp_path / "x.npz")
    assert [(event.t_ns, event.sm) for event in again] == [(10 * at, 0) for at in range(len(trace))]
    assert again.hash == trace.hash
    assert timeline_of(again).axis == "ns, made up"
    trace.header = clocked
    trace.save(tmp_path / "x.npz")
    with pytest.raises(TraceError, match=r"expected columns .*, t_ns, sm of whole numbers, got others"):
        load(tmp_path / "x.npz")


def test_what_needs_attention_refuses_another_kernel(tmp_path: Path) -> None:
    trace = trace_of()
    trace.save(tmp_path / "generic.npz")
    with pytest.raises(TraceError, match=r"expected a trace of attention, got one of kernel total; record one with flashviz trace"):
        _ = trace.config
    with pytest.raises(TraceError, match=r"expected a trace of attention, got one of kernel total"):
        _ = trace.programs
    with pytest.raises(TraceError, match=r"expected a trace of attention, got .*generic\.npz of kernel total; show it with"):
        load_checked(tmp_path / "generic.npz")


@pytest.mark.parametrize("algorithm", ["fa1", "fa2", "standard", "backward"])
def test_recordings_of_attention_have_launches_and_tensors(algorithm: str) -> None:
    """Grids of row blocks and heads, in which every program stands; tensors with as many elements as the problem has."""
    config = AttentionConfig(seq_q=40, seq_k=52, heads=2, kv_heads=1, block_m=16, block_n=16, head_dim=16)
    trace = record(config, source="numpy", algorithm=algorithm)
    grids = [launch.grid for launch in trace.header.launches]
    for launch, (blocks, heads, deep) in enumerate(grids):
        own = [pid for at, *pid in trace.spans if at == launch]
        assert own == [[pid_m, pid_bh] for pid_bh in range(heads) for pid_m in range(blocks)]
        assert deep == 1
    shapes = {info.name: info.shape for info in trace.header.tensors}
    assert (shapes["Q"], shapes["K"], shapes["O"]) == ((1, 2, 40, 16), (1, 1, 52, 16), (1, 2, 40, 16))
    assert {each.tensor for each in trace.header.statements if each.tensor is not None} <= set(shapes)
    for info in trace.header.tensors:  # what one statement stores is stored whole, once
        stores = [each for each in trace.header.statements if each.tensor == info.name and each.writes]
        assert len(stores) != 1 or traffic(trace).written[info.name] == info.nbytes


@pytest.mark.parametrize("name", columns_of(HEADER, 2))
def test_a_missing_column_is_said(name: str, tmp_path: Path) -> None:
    trace_of().save(tmp_path / "x.npz")
    with np.load(tmp_path / "x.npz") as file:
        arrays = {key: file[key] for key in file.files if key != f"column/{name}"}
    np.savez(tmp_path / "damaged.npz", **arrays)
    with pytest.raises(TraceError, match=r"expected columns .* of whole numbers, got others in .*damaged\.npz; record again"):
        load(tmp_path / "damaged.npz")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("kind", "expected events of the header's 3 statements, got kind 99 in event 4"),
        ("launch", "expected launch from 0 to 0"),
    ],
)
def test_numbers_out_of_range_are_said(name: str, said: str, tmp_path: Path) -> None:
    trace = trace_of()
    trace.columns[name][4] = 99
    trace.save(tmp_path / "x.npz")
    with pytest.raises(TraceError, match=said):
        load(tmp_path / "x.npz")


def test_a_statement_a_line_operation_and_tensor() -> None:
    """Numbered in the order of the text; what is in none comes first."""
    said = [(each.name, each.op, each.tensor, each.file, each.line, each.says) for each in trace_of().header.statements]
    assert said == [
        ("REDUCE", Op.REDUCE, None, -1, 13, "reduce"),
        ("LOAD x", Op.LOAD, "x", 0, 12, "load x: {bytes} bytes"),
        ("ATOMIC out", Op.ATOMIC, "out", 0, 13, "atomic out: {bytes} bytes"),
    ]


MOVES = (Op.LOAD, Op.STORE, Op.ATOMIC, Op.ATOMIC_LOAD)
seen = st.tuples(st.integers(0, 2), st.sampled_from(MOVES), st.integers(0, 1), st.integers(-1, 1), st.integers(0, 3)) | st.tuples(
    st.integers(0, 2), st.sampled_from([Op.DOT, Op.REDUCE, Op.SCAN]), st.just(-1), st.integers(-1, 1), st.integers(0, 3)
)


@given(st.lists(seen, max_size=30))
def test_statements_say_what_events_did(did: list[tuple[int, int, int, int, int]]) -> None:
    """Each event has the one statement of its file, line, operation and tensor; no two statements share them; none is of no event."""
    statements, codes = statements_seen(np.array(did, np.int64).reshape(len(did), len(DID)), TENSORS)
    places = [(each.op, each.tensor, each.file, each.line) for each in statements]
    assert len(set(places)) == len(places)
    assert [each.code for each in statements] == list(range(len(statements))) == sorted(set(codes.tolist()))
    for (launch, op, tensor, file, line), code in zip(did, codes.tolist(), strict=True):
        assert places[code] == (op, TENSORS[tensor].name if tensor >= 0 else None, file, line)
        launches = {other for (other, *_), same in zip(did, codes.tolist(), strict=True) if same == code}
        assert statements[code].launch == (launch if launches == {launch} else -1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"tensor": "y"}, "statements must touch tensors of the header, got 'LOAD x'"),
        ({"line": 99}, "statements must stand in lines of the sources, got 'LOAD x' in line 99"),
        ({"file": 1}, "statements must stand in lines of the sources, got 'LOAD x' in line 12"),
        ({"launch": 1}, "statements must be of 1 launches, got 'LOAD x' of 1"),
        ({"op": Op.DOT}, "a statement must have a tensor where HBM is read or written, and nowhere else"),
    ],
)
def test_statements_that_no_recorder_writes_are_said(change: dict[str, Any], said: str, tmp_path: Path) -> None:
    trace = trace_of()
    raw: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(trace.header))
    raw["statements"][1] |= change
    trace.save(tmp_path / "x.npz")
    with np.load(tmp_path / "x.npz") as file:
        arrays = dict(file)
    np.savez(tmp_path / "x.npz", **(arrays | {"header": np.frombuffer(json.dumps(raw).encode(), np.uint8)}))
    with pytest.raises(TraceError, match=said):
        load(tmp_path / "x.npz")


def test_another_schema_is_refused(tmp_path: Path) -> None:
    trace = trace_of()
    trace.header = msgspec.structs.replace(trace.header, schema=9)
    trace.save(tmp_path / "x.npz")
    with pytest.raises(TraceError, match="trace schema 9, this flashviz reads 2"):
        load(tmp_path / "x.npz")
