"""Statements: what any kernel's events mean is looked up, and what is on chip is a query; held to a fold."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as replace_struct

from flashviz.config import AttentionConfig
from flashviz.errors import TraceError
from flashviz.memory import sram_peak
from flashviz.trace import Kind, Op, Product, Statement, Trace, replay, state_at, traffic
from flashviz_kernels import record
from flashviz_kernels.algorithms import find
from flashviz_kernels.altered import without_rescale
from tests import generic_traces

ANY = record(AttentionConfig(seq_q=16, block_m=16, block_n=16, head_dim=16), source="numpy", algorithm="fa1")
PRODUCTS = {"A": "SMEM", "B": "REG", "C": "REG"}
Tile = tuple[int, int, int, int, int, int, int]


@st.composite
def statements(draw: st.DrawFn) -> tuple[Statement, ...]:
    """Any statements over three products and two tensors: some move, some make, some gather, some free; one may do all of it."""
    codes = draw(st.lists(st.integers(0, 40), min_size=1, max_size=6, unique=True))
    ops = draw(st.lists(st.sampled_from([Op.LOAD, Op.STORE, Op.ATOMIC, Op.COMPUTE, Op.DOT]), min_size=len(codes), max_size=len(codes)))
    made = [draw(st.none() | st.sampled_from(sorted(PRODUCTS))) for _ in codes]
    known = [name for name in made if name is not None]
    return tuple(
        Statement(
            code=code, name=f"S{code}", op=op, launch=0, line=ANY.header.sources[0].first_line,
            tensor=draw(st.sampled_from("XY")) if op in (Op.LOAD, Op.STORE, Op.ATOMIC) else None,
            makes=None if name is None else Product(name, PRODUCTS[name], draw(st.sampled_from([2, 4])), gathers=draw(st.booleans())),  # type: ignore[arg-type]
            frees=tuple(draw(st.lists(st.sampled_from(known), max_size=2, unique=True))) if known else (), says="",
        )
        for code, op, name in zip(codes, ops, made, strict=True)
    )  # fmt: skip


@st.composite
def traces(draw: st.DrawFn) -> Trace:
    """Programs that execute any of their statements in any order."""
    made = draw(statements())
    programs = draw(st.lists(st.lists(st.sampled_from([each.code for each in made]), min_size=1, max_size=9), min_size=1, max_size=4))
    rows = [(pid, step, code) for pid, codes in enumerate(programs) for step, code in enumerate(codes)]
    pid, step, code = np.array(rows).T
    boxes = np.sort(np.array(draw(st.lists(st.tuples(*[st.integers(0, 9)] * 4), min_size=len(rows), max_size=len(rows)))), axis=1)
    zero = np.zeros(len(rows), np.int64)
    moves = np.isin(code, [each.code for each in made if each.tensor is not None])
    columns = {
        "kind": code, "step": step, "pid_m": pid, "pid_bh": zero, "i": pid, "j": step, "r0": boxes[:, 0], "r1": boxes[:, 1],
        "c0": boxes[:, 2], "c1": boxes[:, 3], "nbytes": np.where(moves, 1 + step, 0), "flops": zero, "launch": zero,
    }  # fmt: skip
    return Trace(replace_struct(ANY.header, statements=made, tensors=[generic_traces.tensor(name, 8, 8) for name in "XY"]), columns)


def folded(trace: Trace) -> list[tuple[dict[str, Tile], dict[str, int], dict[str, int]]]:
    """After each event: tiles on chip by product, bytes read and written by tensor. Told one event after the other."""
    read: dict[str, int] = {}
    written: dict[str, int] = {}
    held: dict[str, Tile] = {}
    found = []
    for event in trace:
        held = dict(held) if event.step else {}
        what = event.statement
        for side, applies in ((read, what.op in (Op.LOAD, Op.ATOMIC)), (written, what.op in (Op.STORE, Op.ATOMIC))):
            if applies and what.tensor is not None:
                side[what.tensor] = side.get(what.tensor, 0) + event.nbytes
        if what.makes is not None:
            before = held.get(what.makes.name)
            c0 = before[4] if what.makes.gathers and before is not None else event.c0
            size = (event.r1 - event.r0) * (event.c1 - c0) * what.makes.itemsize
            held[what.makes.name] = (event.i, event.j, event.r0, event.r1, c0, event.c1, size)
        for gone in what.frees:
            held.pop(gone, None)
        ended = event.index + 1 == len(trace) or trace[event.index + 1].step == 0
        found.append(({} if ended else held, dict(read), dict(written)))
    return found


@given(traces())
def test_any_kernels_state_is_the_one_that_a_fold_leaves(trace: Trace) -> None:
    peak = 0
    for k, (held, read, written) in enumerate(folded(trace), 1):
        state = state_at(trace, k)
        assert {name: (h.i, h.j, h.r0, h.r1, h.c0, h.c1, h.nbytes) for name, h in state.held.items()} == held
        assert {name: tile.memory for name, tile in state.held.items()} == {name: PRODUCTS[name] for name in held}
        assert (state.smem | state.registers, set(state.smem)) == (state.held, set(held) & {"A"})
        assert (state.hbm_read, state.hbm_written) == (read, written)
        assert all(trace[tile.event].statement.makes.name == name for name, tile in state.held.items())  # type: ignore[union-attr]
        peak = max(peak, state.sram_bytes)
        for tensor in "XYZ":
            for boxes, ops in ((state.reads(tensor), (Op.LOAD, Op.ATOMIC)), (state.writes(tensor), (Op.STORE, Op.ATOMIC))):
                did = [event for event in list(trace)[:k] if event.statement.tensor == tensor and event.statement.op in ops]
                assert boxes == Counter((event.pid_bh, event.r0, event.r1, event.c0, event.c1) for event in did)
    assert sram_peak(trace) == peak
    assert traffic(trace) == traffic(trace, len(trace))


@given(traces(), st.data())
def test_an_event_that_no_statement_explains_is_an_error(trace: Trace, data: st.DataObject) -> None:
    code = data.draw(st.integers(-(1 << 15), (1 << 15) - 1).filter(lambda code: code not in trace.statements))
    at = data.draw(st.integers(0, len(trace) - 1))
    kinds = trace.columns["kind"].copy()
    kinds[at] = code
    with pytest.raises(TraceError, match=rf"^expected events of the header's \d statements, got kind {code} in event {at}; record again"):
        Trace(trace.header, trace.columns | {"kind": kinds})


# ------------------------------------------------------------------------------------------------------- a skipped rescale


ACC = (Kind.RESCALE_ACC, Kind.PV_DOT)
CONFIG = AttentionConfig(seq_q=48, seq_k=96, head_dim=16, block_m=16, block_n=16)


def skipping(*tiles: int) -> Trace:
    """A recording in which some key tiles are not rescaled, as a kernel has it that sees that no max rises."""
    whole = record(CONFIG, source="numpy", snapshots=[(i, 0) for i in range(3)])
    kept = ~((whole.columns["kind"] == Kind.RESCALE_ACC) & np.isin(whole.columns["j"], tiles))
    columns = {name: column[kept].astype(np.int64) for name, column in whole.columns.items()}
    starts = np.maximum.accumulate(np.where(columns["step"] == 0, np.arange(kept.sum()), 0))
    columns["step"] = np.arange(kept.sum()) - starts
    return Trace(whole.header, columns, snapshots=whole.snapshots)


@pytest.mark.parametrize("tiles", [(2,), (0, 3), tuple(range(6))])
def test_acc_is_right_where_a_rescale_was_skipped(tiles: tuple[int, ...]) -> None:
    """It is told by the statement that made it; how often each has run says nothing."""
    trace = skipping(*tiles)
    for program in trace.programs:
        values, t, expected = replay(trace, program), -1, None
        for index in trace.program(*program):
            kind, state = trace[index].kind, state_at(trace, index + 1)
            t += kind == Kind.LOAD_K
            expected = {Kind.RESCALE_ACC: values.acc_scaled, Kind.PV_DOT: values.acc_new}[kind][t] if kind in ACC else expected
            if kind == Kind.NORMALIZE:
                np.testing.assert_array_equal(state.acc.astype(np.float16), values.o)  # type: ignore[union-attr]
                break
            if expected is None:
                assert state.acc is None
            else:
                np.testing.assert_array_equal(state.acc, expected)


def test_acc_without_any_rescale_is_what_was_added() -> None:
    trace = without_rescale(CONFIG).trace
    at = int(np.flatnonzero(trace.columns["kind"] == Kind.PV_DOT)[2])
    np.testing.assert_array_equal(state_at(trace, at + 1).acc, replay(trace, (0, 0)).acc_new[2])


def test_a_row_block_that_sees_no_key_has_zeros() -> None:
    config = replace(CONFIG, seq_k=16, causal=True)
    trace = record(config, source="numpy", snapshots=[(0, 0)])
    at = int(np.flatnonzero(trace.columns["kind"] == Kind.NORMALIZE)[0])
    np.testing.assert_array_equal(state_at(trace, at + 1).acc, np.zeros((16, 16), np.float32))


# ------------------------------------------------------------------------------------------------------------- the tables


@pytest.mark.parametrize("algorithm", ["standard", "fa1", "fa2"])
def test_every_statement_is_reported_in_the_launch_that_it_names(algorithm: Any) -> None:
    config = AttentionConfig(seq_q=40, seq_k=56, head_dim=16, block_m=16, block_n=16, causal=True)
    trace = record(config, source="numpy", algorithm=algorithm)
    assert tuple(replace_struct(each, line=0) for each in trace.header.statements) == tuple(
        sorted(find(algorithm).statements(config), key=lambda each: each.code)
    )
    for statement in trace.header.statements:
        assert set(trace.columns["launch"][trace.places[statement.code]].tolist()) == {statement.launch}
        assert statement.name == Kind(statement.code).name
