"""The trace: its file, its programs, and state_at as a fold that is checked against one written otherwise."""

from __future__ import annotations

import json
import mmap
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flashviz.config import AttentionConfig
from flashviz.errors import TraceError, UsageError
from flashviz.memory import sram_peak, traffic
from flashviz.trace import COMPARED, SCHEMA, Kind, Trace, replay, state_at
from flashviz.trace.recording import first_difference, narrowed
from flashviz_kernels import record
from flashviz_kernels.altered import without_rescale
from flashviz_kernels.reference import max_error, naive
from flashviz_kernels.verify import agree
from tests import folds, generic_traces, schema1
from tests.strategies import configs

ALGORITHMS = ("standard", "fa1", "fa2")
SCHEMA_1 = Path(__file__).parent / "golden" / "schema1"  # files that this project wrote before schema 2
CONFIG = AttentionConfig(seq_q=70, seq_k=100, heads=2, kv_heads=1, block_m=32, block_n=32, head_dim=24, causal=True)


@pytest.fixture(scope="module")
def trace() -> Trace:
    programs = [(i, h) for h in range(2) for i in range(3)]
    return record(CONFIG, source="numpy", snapshots=programs, stats=True)


# ------------------------------------------------------------------------------------------------------- events and programs


def test_events_are_ordered_by_launch_program_and_step(trace: Trace) -> None:
    for each in (trace, *(record(CONFIG, source="numpy", algorithm=a) for a in ALGORITHMS)):
        keys = [(e.launch, e.pid_bh, e.pid_m, e.step) for e in each]
        assert keys == sorted(set(keys))
        assert [e.index for e in each] == list(range(len(each)))


def test_programs_partition_the_trace(trace: Trace) -> None:
    assert trace.programs == [(i, h) for h in range(2) for i in range(3)]
    indices = [index for program in trace.programs for index in trace.program(*program)]
    assert indices == list(range(len(trace)))
    with pytest.raises(TraceError, match=r"of 1 launches with grids \(3, 2, 1\), got launch 0, program \(3, 0\)"):
        trace.program(3, 0)
    standard = record(CONFIG, source="numpy", algorithm="standard")
    parts = [standard.program(0, 0, launch=launch) for launch in range(3)]
    assert [standard[part[0]].kind for part in parts] == [Kind.LOAD_Q, Kind.LOAD_S, Kind.LOAD_P]


def test_an_event_speaks(trace: Trace) -> None:
    first = trace[0]
    assert (first.kind, first.tensor, first.src, first.dst, first.is_load, first.is_store) == (Kind.LOAD_Q, "Q", "HBM", "SMEM", True, False)
    assert (first.r0, first.r1, first.c0, first.c1, first.nbytes, first.flops) == (0, 32, 0, 24, 32 * 24 * 2, 0)
    last = trace[-1]
    assert (last.kind, last.tensor, last.src, last.dst, last.nbytes) == (Kind.STORE_LSE, "LSE", "REG", "HBM", 6 * 4)
    dot = next(e for e in trace if e.kind == Kind.QK_DOT)
    assert (dot.tensor, dot.statement.subject, dot.dst, dot.nbytes, dot.flops) == (None, "S", "REG", 0, 2 * 32 * 32 * 24)
    assert trace[-1] == trace[len(trace) - 1]
    with pytest.raises(IndexError, match="expected an event below"):
        trace[len(trace)]


def test_kinds_keep_their_numbers() -> None:
    """They are part of the file format."""
    assert [kind.name for kind in sorted(Kind)] == [
        "LOAD_Q",
        "LOAD_K",
        "QK_DOT",
        "MASK",
        "SOFTMAX_M",
        "ALPHA",
        "SOFTMAX_P",
        "SOFTMAX_L",
        "RESCALE_ACC",
        "LOAD_V",
        "PV_DOT",
        "NORMALIZE",
        "STORE_O",
        "STORE_LSE",
        "LOAD_O",
        "LOAD_L",
        "LOAD_M",
        "LOAD_S",
        "LOAD_P",
        "STORE_L",
        "STORE_M",
        "STORE_S",
        "STORE_P",
        "INIT_O",
        "INIT_L",
        "INIT_M",
    ]


def test_the_order_within_a_tile_is_the_kernels(trace: Trace) -> None:
    kinds = [trace[index].kind.name for index in trace.program(2, 0)]
    tile = ["LOAD_K", "QK_DOT", "SOFTMAX_M", "ALPHA", "SOFTMAX_P", "SOFTMAX_L", "RESCALE_ACC", "LOAD_V", "PV_DOT"]
    masked = [*tile[:2], "MASK", *tile[2:]]
    # rows 64..69 of 70 see keys up to 94..99 of 100: tiles 0 and 1 whole, tile 2 cut by the diagonal (keys 64..95), tile 3 ragged
    assert kinds == ["LOAD_Q", *tile, *tile, *masked, *masked, "NORMALIZE", "STORE_O", "STORE_LSE"]


# --------------------------------------------------------------------------------------------------------------------- state


def slow_state(trace: Trace, k: int) -> dict[str, Any]:
    """state_at for fa2, written as prose would say it: no prefix sums, no tables."""
    read: dict[str, int] = {}
    written: dict[str, int] = {}
    for event in [trace[index] for index in range(k)]:
        side = read if event.is_load else written
        if event.tensor is not None and event.nbytes:
            side[event.tensor] = side.get(event.tensor, 0) + event.nbytes
    last = trace[k - 1]
    mine = [trace[index] for index in trace.program(last.pid_m, last.pid_bh) if index < k]
    names = {e.kind.name for e in mine}
    tile = [e.kind.name for e in mine if e.j == last.j and e.j >= 0]
    smem, registers = {"Q"}, set()
    if "LOAD_K" in tile and "QK_DOT" not in tile:
        smem.add("K")
    if "LOAD_V" in tile and "PV_DOT" not in tile:
        smem.add("V")
    if "QK_DOT" in tile and "SOFTMAX_P" not in tile:
        registers.add("S")
    if "SOFTMAX_P" in tile and "PV_DOT" not in tile:
        registers.add("P")
    later = {"SOFTMAX_M": "M", "ALPHA": "ALPHA", "SOFTMAX_L": "L", "RESCALE_ACC": "ACC", "NORMALIZE": "ACC"}
    registers |= {tensor for kind, tensor in later.items() if kind in names}
    if "STORE_LSE" in names:
        smem, registers = set(), set()
    return {"read": read, "written": written, "smem": smem, "registers": registers}


@settings(max_examples=60, deadline=None)
@given(configs(longest=50), st.data())
def test_state_at_is_the_slow_fold(config: AttentionConfig, data: st.DataObject) -> None:
    trace = record(config, source="numpy")
    for k in data.draw(st.lists(st.integers(1, len(trace)), min_size=1, max_size=8)):
        state, slow = state_at(trace, k), slow_state(trace, k)
        assert (state.hbm_read, state.hbm_written) == (slow["read"], slow["written"])
        assert (set(state.smem), set(state.registers)) == (slow["smem"], slow["registers"])
        stored = Counter((e.pid_bh, e.r0, e.r1, e.c0, e.c1) for e in trace if e.index < k and e.kind in (Kind.STORE_O, Kind.INIT_O))
        assert state.writes("O") == stored


@settings(max_examples=40, deadline=None)
@given(configs(longest=50), st.sampled_from(ALGORITHMS), st.data())
def test_what_is_held_is_what_a_fold_over_all_events_leaves(config: AttentionConfig, algorithm: str, data: st.DataObject) -> None:
    """And the bytes are those of all events before."""
    trace = record(config, source="numpy", algorithm=algorithm)
    at = data.draw(st.integers(0, len(trace.bounds) - 2))
    first, stop = int(trace.bounds[at]), int(trace.bounds[at + 1])
    for k in data.draw(st.lists(st.integers(first + 1, stop), min_size=1, max_size=8)):
        state = state_at(trace, k)
        folded = folds.held_after((trace[index] for index in range(first, k)), algorithm) if k < stop else {}
        assert {name: (h.i, h.j, h.r0, h.r1, h.c0, h.c1, h.nbytes) for name, h in state.held.items()} == folded
        assert set(state.smem) == set(folded) & folds.IN_SHARED_MEMORY
        assert all(folds.tensor_of(trace[tile.event].kind) in (name, "O") for name, tile in state.held.items())
        moved = sum(trace[index].nbytes for index in range(k))
        assert sum(state.hbm_read.values()) + sum(state.hbm_written.values()) == moved


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_end_of_a_trace_is_its_traffic(algorithm: str) -> None:
    trace = record(CONFIG, source="numpy", algorithm=algorithm)
    end, moved = state_at(trace, len(trace)), traffic(trace)
    assert (end.hbm_read, end.hbm_written, end.smem, end.registers) == (moved.read, moved.written, {}, {})
    assert {(head, r0 // CONFIG.block_m) for head, r0, *_ in end.writes("O")} == {(h, i) for h in range(2) for i in range(3)}
    assert sram_peak(trace) == max(state_at(trace, k).sram_bytes for k in range(len(trace) + 1))


def test_bytes_on_chip(trace: Trace) -> None:
    """Tiles in the inputs' dtype, registers in float32."""
    at = {e.kind: e.index + 1 for e in reversed(list(trace)) if e.pid_m == 2 and e.pid_bh == 0 and e.j in (-1, 0)}
    row = 24 * 2
    q, k, s, stat, acc = 6 * row, 32 * row, 6 * 32 * 4, 6 * 4, 6 * 24 * 4
    expected = {
        Kind.LOAD_Q: q, Kind.LOAD_K: q + k, Kind.QK_DOT: q + s, Kind.SOFTMAX_M: q + s + stat, Kind.ALPHA: q + s + 2 * stat,
        Kind.SOFTMAX_P: q + s + 2 * stat, Kind.SOFTMAX_L: q + s + 3 * stat, Kind.RESCALE_ACC: q + s + 3 * stat + acc,
        Kind.LOAD_V: q + s + 3 * stat + acc + k, Kind.PV_DOT: q + 3 * stat + acc,
    }  # fmt: skip
    assert {kind: state_at(trace, at[kind]).sram_bytes for kind in expected} == expected


def test_values_are_those_of_the_moment(trace: Trace) -> None:
    """Every value that a state has equals the one replayed for its tile; what is not held is None."""
    for program in trace.programs:
        values = replay(trace, program)
        t = -1
        for index in trace.program(*program):
            event, state = trace[index], state_at(trace, index + 1)
            t += event.kind == Kind.LOAD_K
            seen = {name for name in ("m", "l", "alpha", "acc", "s", "p") if getattr(state, name) is not None}
            unmasked = event.kind == Kind.QK_DOT and trace[index + 1].kind == Kind.MASK
            held = {name for name in ("m", "l", "alpha", "acc", "s", "p") if name.upper() in state.registers}
            assert seen == held - ({"s"} if unmasked else set())
            if state.s is not None:
                np.testing.assert_array_equal(state.s, values.s[t][:, : event.c1 - event.c0 if event.c1 > 1 else state.s.shape[1]])
                assert not np.isnan(state.s).any()
            if event.kind == Kind.ALPHA:
                with np.errstate(invalid="ignore"):
                    formula = np.exp(values.m_old[t] - values.m_new[t])
                dead = values.m_new[t] == -np.inf
                np.testing.assert_allclose(state.alpha[~dead], formula[~dead], rtol=1e-6)  # type: ignore[index]
            if event.kind == Kind.RESCALE_ACC:
                np.testing.assert_array_equal(state.acc, values.acc_scaled[t])
            if event.kind == Kind.PV_DOT:
                np.testing.assert_array_equal(state.acc, values.acc_new[t])
            if event.kind == Kind.SOFTMAX_L:
                np.testing.assert_array_equal(state.l, values.l_new[t])
            if event.kind == Kind.NORMALIZE:
                np.testing.assert_array_equal(state.acc.astype(np.float16), values.o)  # type: ignore[union-attr]


def test_what_was_not_kept_is_none() -> None:
    plain = record(CONFIG, source="numpy")
    some = record(CONFIG, source="numpy", snapshots=[(1, 0)])
    stats = record(CONFIG, source="numpy", stats=True)
    for index in plain.program(2, 0):
        state = state_at(plain, index + 1)
        assert [state.m, state.l, state.alpha, state.acc, state.s, state.p] == [None] * 6
        assert state_at(some, index + 1).m is None
        held = state_at(stats, index + 1)
        assert (held.m is None) == ("M" not in held.registers)
        assert held.acc is held.s is held.p is None


@pytest.mark.parametrize("k", [-1, 10**9])
def test_states_outside_the_trace_are_refused(trace: Trace, k: int) -> None:
    with pytest.raises(TraceError, match=f"got k={k}"):
        state_at(trace, k)


def test_state_before_the_first_event(trace: Trace) -> None:
    state = state_at(trace, 0)
    assert (state.program, state.smem, state.hbm_read, state.sram_bytes) == (None, {}, {}, 0)


# -------------------------------------------------------------------------------------------------------------------- replay


@settings(max_examples=40, deadline=None)
@given(configs(longest=50), st.data())
def test_replay_recomputed_is_replay_from_snapshots(config: AttentionConfig, data: st.DataObject) -> None:
    program = data.draw(st.sampled_from([(i, bh) for bh in range(config.batch * config.heads) for i in range(config.row_blocks)]))
    kept = replay(record(config, source="numpy", snapshots=[program]), program)
    again = replay(record(config, source="numpy"), program)
    assert (kept.source, again.source) == ("snapshot", "recomputed")
    for name in ("j", "s", "m_old", "m_new", "alpha", "p", "l_old", "l_scaled", "l_new", "q", "lse"):
        np.testing.assert_allclose(getattr(kept, name), getattr(again, name), rtol=2e-5, atol=2e-5, err_msg=name)
    b, h = divmod(program[1], config.heads)
    truth, _ = naive(*record(config, source="numpy").inputs, scale=config.scale, causal=config.causal)
    step = {"float16": 2e-3, "bfloat16": 2e-2, "float32": 2e-5}[config.dtype]
    for values in (kept, again):
        assert max_error(values.o, truth[b, h, values.rows[0] : values.rows[1]]) <= step * max(1, np.abs(truth).max()) * 2


def test_replay_needs_fa2_and_its_own_inputs(trace: Trace) -> None:
    with pytest.raises(TraceError, match="expected a trace whose programs keep a row block on chip to be replayed, got fa1"):
        replay(record(CONFIG, source="numpy", algorithm="fa1"), (0, 0))
    header = msgspec.structs.replace(trace.header, inputs_hash="0")
    with pytest.raises(TraceError, match=r"^expected Q, K and V of a trace of fa2 by its config's recipe, got a hash of others"):
        replay(Trace(header, trace.columns), (0, 0))


# ---------------------------------------------------------------------------------------------------------------------- file


def test_a_file_brings_everything_back(trace: Trace, tmp_path: Path) -> None:
    trace.save(tmp_path / "t.npz")
    again = Trace.load(tmp_path / "t.npz")
    assert (again.header, again.hash, len(again)) == (trace.header, trace.hash, len(trace))
    for name, column in trace.columns.items():
        np.testing.assert_array_equal(again.columns[name], column)
    assert again.stats is not None
    assert trace.stats is not None
    np.testing.assert_array_equal(again.stats.alpha, trace.stats.alpha)
    assert set(again.snapshots) == set(trace.snapshots)
    np.testing.assert_array_equal(again.snapshots[1, 1].acc, trace.snapshots[1, 1].acc)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["t.npz"]


def in_a_file(column: np.ndarray) -> bool:
    return isinstance(column.base, memoryview) and isinstance(column.base.obj, mmap.mmap)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_spilled_trace_is_the_same(algorithm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its columns lie in a file, and say what they said."""
    plain, spilled = (record(CONFIG, source="numpy", algorithm=algorithm) for _ in range(2))
    spilled.spill()
    assert not any(in_a_file(column) for column in spilled.columns.values()), "a small one stays where it is"
    monkeypatch.setattr("flashviz.trace.recording.LARGE", 100)
    spilled.spill()
    assert all(in_a_file(column) for column in spilled.columns.values())
    again = Trace(spilled.header, spilled.columns)
    assert (again.hash, again.digest) == (spilled.hash, spilled.digest) == (plain.hash, plain.digest)
    assert list(spilled) == list(plain)
    for k in range(0, len(plain) + 1, 7):
        assert state_at(spilled, k) == state_at(plain, k)


@given(st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(-40_000, 40_000), max_size=5))
def test_a_column_is_as_narrow_as_its_numbers(numbers: list[int]) -> None:
    column = narrowed(np.array(numbers, np.int64))
    assert column.tolist() == numbers
    widest = max((number.bit_length() if number >= 0 else (-number - 1).bit_length() for number in numbers), default=0)
    assert column.dtype.itemsize == (2 if widest < 16 else 4 if widest < 32 else 8)


def test_a_file_that_cannot_be_written_leaves_nothing(trace: Trace, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(UsageError, match="expected a path that can be written"):
        trace.save(tmp_path / "taken")
    with pytest.raises(UsageError, match="expected a path that can be written"):
        trace.save(tmp_path / "none" / "t.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def rewritten(path: Path, **changes: np.ndarray) -> Path:
    with np.load(path) as loaded:
        arrays = dict(loaded)
    for name, array in changes.items():
        arrays[name.replace("__", "/")] = array
    other = path.with_name("other.npz")
    np.savez(other, **arrays)
    return other


def test_files_that_are_refused(trace: Trace, tmp_path: Path) -> None:
    path = tmp_path / "t.npz"
    trace.save(path)
    whole = path.read_bytes()
    raw = json.loads(msgspec.json.encode(trace.header))

    def header(**changes: object) -> np.ndarray:
        return np.frombuffer(json.dumps(raw | changes).encode(), np.uint8)

    cases: list[tuple[Path, str]] = [
        (tmp_path / "none.npz", "expected a trace file, got .*none.npz"),
        (tmp_path, "expected a trace file"),
    ]
    for name, content in {
        "empty": b"",
        "text": b"hello",
        "cut": whole[: len(whole) // 2],
        "noise": whole[:200] + bytes(500) + whole[700:],
    }.items():
        (tmp_path / f"{name}.npz").write_bytes(content)
        cases.append((tmp_path / f"{name}.npz", "expected a trace file|expected columns|expected a trace with a header"))
    np.save(tmp_path / "array.npy", np.zeros(3))
    cases.append((tmp_path / "array.npy", "damaged or of another kind"))
    np.savez(tmp_path / "pickle.npz", header=np.array([{"a": 1}], dtype=object))
    cases.append((tmp_path / "pickle.npz", "damaged or of another kind"))
    for case, message in cases:
        with pytest.raises(TraceError, match=message):
            Trace.load(case)
    columns = {"kind": trace.columns["kind"].copy(), "r0": trace.columns["r0"][:-1]}
    columns["kind"][3] = 99
    refused: list[tuple[dict[str, np.ndarray], str]] = [
        (
            {"header": header(schema=SCHEMA + 1)},
            f"^trace schema {SCHEMA + 1}, this flashviz reads {SCHEMA}: record again with flashviz trace",
        ),
        ({"header": header(algorithm="fa 9")}, f"expected a header of schema {SCHEMA}.* an algorithm must have a name of at most"),
        ({"header": header(config=raw["config"] | {"kv_heads": 3})}, f"expected a header of schema {SCHEMA}.*kv_heads must divide"),
        ({"header": np.zeros(4, np.uint8)}, "expected a trace with a header"),
        ({"column__kind": columns["kind"]}, "expected events of the header's 14 statements, got kind 99 in event 3"),
        ({"column__r0": columns["r0"]}, f"expected {len(trace):,} events, as fa2 of its config has, got .* with r0 of {len(trace) - 1:,}"),
        ({"column__r0": trace.columns["r0"].astype(np.float32)}, "expected columns kind, step"),
        ({"snapshot__0": np.zeros(1)}, "expected values of the shapes that the config gives them, got .* with snapshot/0"),
    ]
    for changes, message in refused:
        with pytest.raises(TraceError, match=message):
            Trace.load(rewritten(path, **changes))


def test_json_names_everything(trace: Trace) -> None:
    document = json.loads(trace.to_json())
    assert document["header"]["config"]["head_dim"] == 24
    assert document["header"]["statements"][2]["name"] == "QK_DOT"
    assert document["columns"]["nbytes"] == trace.columns["nbytes"].tolist()
    assert document["hash"] == trace.hash


def test_hash_covers_the_compared_columns_only(trace: Trace) -> None:
    for name in (*COMPARED, "launch"):
        columns = {key: column.copy() for key, column in trace.columns.items()}
        columns[name][5] += 1
        assert (Trace(trace.header, columns).hash == trace.hash) == (name == "launch")


def test_files_of_schema_1_say_what_is_recorded_now() -> None:
    """The same columns, the same meaning of each, the same values."""
    small = AttentionConfig(seq_q=40, seq_k=52, heads=2, kv_heads=1, block_m=16, block_n=16, head_dim=16, causal=True)
    now = {
        "fa2": record(small, source="numpy", snapshots=[(1, 0), (2, 1)], stats=True),
        **{name: record(small, source="numpy", algorithm=name) for name in ("fa1", "standard")},
        "without-rescale": without_rescale(small, [(1, 0)]).trace,
    }
    for name, again in now.items():
        old = schema1.load(SCHEMA_1 / f"{name}.npz")
        assert isinstance(old, Trace)
        assert (old.hash, first_difference(old, again), agree(old, again)) == (again.hash, None, True)
    product = schema1.load(SCHEMA_1 / "product.npz")
    assert product.hash == generic_traces.product(m=32, n=32, k=32, tile=16).hash
