"""Files for ui.perfetto.dev, read back with Perfetto's own schema: every event is a slice with its arguments, nothing overlaps."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from perfetto.protos.perfetto.trace import perfetto_trace_pb2 as schema

from flashviz.cli import main
from flashviz.config import AttentionConfig
from flashviz.errors import TraceError, UsageError
from flashviz.export import protobuf, timeline_of, write_perfetto
from flashviz.memory import traffic
from flashviz.trace import Trace, load
from flashviz_kernels import record
from flashviz_kernels.modes import installed
from flashviz_kernels.reporting import CLOCK
from tests.strategies import configs

CONFIG = AttentionConfig(seq_q=70, seq_k=50, heads=2, kv_heads=1, causal=True, block_m=32, block_n=16, head_dim=24)


@dataclass
class Slice:
    """What a viewer shows of one."""

    track: str
    name: str
    start: int
    args: dict[str, int | str]
    stop: int = -1


@dataclass
class Seen:
    """A file as a viewer reads it: packets in the order of time, equal times in the order of the file."""

    processes: list[str] = field(default_factory=list)
    tracks: list[str] = field(default_factory=list)
    slices: list[Slice] = field(default_factory=list)
    counters: dict[str, list[tuple[int, int]]] = field(default_factory=dict)


def read(path: Path) -> Seen:
    """Checks on the way that slices of a track end before the next one begins."""
    content = path.read_bytes()
    trace = schema.Trace.FromString(content)
    trace.DiscardUnknownFields()
    assert trace.ByteSize() == len(content), "every field is one of the schema"
    packets = list(trace.packet)
    assert {packet.trusted_packet_sequence_id for packet in packets} == {1}
    first = packets[0]
    assert first.sequence_flags & schema.TracePacket.SEQ_INCREMENTAL_STATE_CLEARED
    names = {entry.iid: entry.name for entry in first.interned_data.event_names}
    keys = {entry.iid: entry.name for entry in first.interned_data.debug_annotation_names}
    strings = {entry.iid: entry.str.decode() for entry in first.interned_data.debug_annotation_string_values}
    seen, label, parents = Seen(), {}, set()
    for packet in packets:
        if packet.HasField("track_descriptor"):
            track = packet.track_descriptor
            assert track.uuid not in label
            label[track.uuid] = track.process.process_name if track.HasField("process") else track.name
            if track.HasField("process"):
                seen.processes.append(track.process.process_name)
                parents.add(track.uuid)
            elif track.HasField("counter"):
                assert track.counter.unit == schema.CounterDescriptor.UNIT_SIZE_BYTES
                seen.counters[track.name] = []
            else:
                assert track.parent_uuid in parents
                seen.tracks.append(track.name)
    opened: dict[int, Slice] = {}
    for packet in sorted((packet for packet in packets if packet.HasField("track_event")), key=lambda packet: packet.timestamp):
        event = packet.track_event
        assert packet.sequence_flags == schema.TracePacket.SEQ_NEEDS_INCREMENTAL_STATE
        if event.type == schema.TrackEvent.TYPE_COUNTER:
            seen.counters[label[event.track_uuid]].append((packet.timestamp, event.counter_value))
        elif event.type == schema.TrackEvent.TYPE_SLICE_BEGIN:
            assert event.track_uuid not in opened, "slices overlap"
            args = {
                keys[a.name_iid]: strings[a.string_value_iid] if a.HasField("string_value_iid") else a.uint_value
                for a in event.debug_annotations
            }
            opened[event.track_uuid] = Slice(label[event.track_uuid], names[event.name_iid], packet.timestamp, args)
        else:
            assert event.type == schema.TrackEvent.TYPE_SLICE_END
            ended = opened.pop(event.track_uuid)
            ended.stop = packet.timestamp
            seen.slices.append(ended)
    assert not opened
    return seen


def written(trace: Trace, folder: Path) -> Seen:
    write_perfetto(timeline_of(trace), folder / "x.pftrace")
    assert [path.name for path in folder.iterdir()] == ["x.pftrace"]
    return read(folder / "x.pftrace")


def told(trace: Trace) -> Iterator[tuple[Any, ...]]:
    """What each event must be shown as, without its place on the axis."""
    for event in trace:
        args: dict[str, int | str] = {"tensor": event.statement.subject, "statement": trace.line_text(event)}
        args |= {name: getattr(event, name) for name in ("r0", "r1", "c0", "c1", "pid_m", "pid_bh", "step", "line")}
        args |= {name: getattr(event, name) for name in ("i", "j") if getattr(event, name) >= 0}
        args |= {"bytes": event.nbytes} if event.is_load or event.is_store else {}
        args |= {"flops": event.flops} if event.flops else {}
        yield event.kind.name, args


def spelled(row: Any) -> str:
    """To sort by: the same for equal rows."""
    return json.dumps(row, sort_keys=True)


def check_counters(seen: Seen, trace: Trace) -> None:
    moved = traffic(trace)
    for name, total in (("HBM read", moved.total_read), ("HBM written", moved.total_written)):
        values = [value for _, value in seen.counters[name]]
        assert values == sorted(values)
        assert (values[0], values[-1]) == (0, total)


# --------------------------------------------------------------------------------------------------------------- by step


@pytest.mark.parametrize("algorithm", ["standard", "fa1", "fa2"])
def test_every_event_is_a_slice_of_one_step(algorithm: str, tmp_path: Path) -> None:
    trace = record(CONFIG, source="numpy", algorithm=algorithm)
    seen = written(trace, tmp_path)
    assert seen.tracks == [f"program (pid_m {m}, pid_bh {bh}), by step" for _, m, bh in trace.spans]
    assert len(seen.processes) == (3 if algorithm == "standard" else 1)
    assert all("steps, not time" in process for process in seen.processes)
    launches = trace.columns["launch"]
    after = np.cumsum([0, *(trace.columns["step"][launches == at].max() + 1 for at in range(launches.max() + 1))])
    expected = [
        (f"program (pid_m {event.pid_m}, pid_bh {event.pid_bh}), by step", 1000 * int(after[event.launch] + event.step), *what)
        for event, what in zip(trace, told(trace), strict=True)
    ]
    found = [(slice_.track, slice_.start, slice_.name, slice_.args) for slice_ in seen.slices]
    assert all(slice_.stop - slice_.start == 1000 for slice_ in seen.slices)
    assert sorted(found, key=spelled) == sorted(expected, key=spelled)
    check_counters(seen, trace)


@settings(max_examples=25, deadline=None)
@given(config=configs())
def test_any_config(config: AttentionConfig, tmp_path_factory: pytest.TempPathFactory) -> None:
    trace = record(config, source="numpy")
    seen = written(trace, tmp_path_factory.mktemp("export"))
    assert sorted(((s.name, s.args) for s in seen.slices), key=spelled) == sorted(told(trace), key=spelled)
    check_counters(seen, trace)


def test_in_pieces_it_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trace = record(CONFIG, source="numpy")
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    whole.mkdir()
    parts.mkdir()
    expected = written(trace, whole)
    monkeypatch.setattr("flashviz.export.perfetto.CHUNK", 7)
    assert written(trace, parts) == expected


@pytest.mark.skipif(not installed(), reason="any kernel is traced where triton is installed")
def test_a_trace_of_any_kernel(tmp_path: Path) -> None:
    from flashviz_kernels.witness import pointers_of

    trace = pointers_of(CONFIG)
    seen = written(trace, tmp_path)
    assert seen.tracks == [f"program ({x}, {y}, {z}), by step" for _, x, y, z in trace.spans]
    by_place = {(slice_.track, slice_.start): slice_ for slice_ in seen.slices}
    assert len(by_place) == len(trace)
    for event in trace:
        shown = by_place[f"program ({', '.join(map(str, event.pid))}), by step", 1000 * event.step]
        assert shown.name == event.op.name + (f" {event.tensor}" if event.tensor else "")
        assert shown.args.get("tensor") == event.tensor
        assert [(shown.args.get(f"start{a}"), shown.args.get(f"stop{a}")) for a in range(len(event.box))] == list(event.box)
        assert shown.args.get("bytes", 0) == event.nbytes
        assert shown.args.get("flops", 0) == event.flops
        assert shown.args["statement"] == trace.line_text(event)
        assert shown.args["block"] == " x ".join(map(str, event.shape))
    check_counters(seen, trace)


def test_a_trace_without_events(tmp_path: Path) -> None:
    trace = record(CONFIG, source="numpy")
    nothing = Trace(trace.header, {name: column[:0] for name, column in trace.columns.items()})
    assert written(nothing, tmp_path) == Seen(counters={"HBM read": [(0, 0)], "HBM written": [(0, 0)]})


# --------------------------------------------------------------------------------------------------------------- by time


@st.composite
def timed(draw: st.DrawFn) -> Trace:
    """Programs on few SMs, with times that stand still or go on."""
    twin = record(AttentionConfig(seq_q=draw(st.integers(16, 96)), seq_k=16, block_m=16, block_n=16, head_dim=16), source="numpy")
    spans = list(zip(twin.bounds[:-1].tolist(), twin.bounds[1:].tolist(), strict=True))
    t_ns, sm = np.zeros(len(twin), np.int64), np.zeros(len(twin), np.int32)
    for first, stop in spans:
        ticks = draw(st.lists(st.sampled_from((0, 0, 32, 1024)), min_size=stop - first, max_size=stop - first))
        t_ns[first:stop] = 32 * draw(st.integers(0, 50)) + np.cumsum(ticks)
        sm[first:stop] = draw(st.integers(0, 2))
    clocked = replace(twin.header, clock=CLOCK, versions=twin.header.versions | {"device": "a GPU"})
    return Trace(clocked, twin.columns | {"t_ns": t_ns - t_ns.min(), "sm": sm})


@settings(max_examples=50, deadline=None)
@given(trace=timed())
def test_with_a_clock_a_slice_reaches_from_the_report_before_to_its_own(trace: Trace, tmp_path_factory: pytest.TempPathFactory) -> None:
    """On the track of its SM; ``read`` has found that no two overlap there."""
    seen = written(trace, tmp_path_factory.mktemp("export"))
    (process,) = seen.processes
    assert process.endswith("on a GPU, reported at: SM clocks aligned by globaltimer, ns")
    before: dict[tuple[int, int], int] = {}
    expected = []
    for event, (name, args) in zip(trace, told(trace), strict=True):
        program = event.pid_m, event.pid_bh
        expected.append((before.get(program, event.t_ns), event.t_ns, name, args))
        before[program] = event.t_ns or 0
    assert sorted(((s.start, s.stop, s.name, s.args) for s in seen.slices), key=spelled) == sorted(expected, key=spelled)
    sm_of = {(e.pid_m, e.pid_bh): e.sm for e in trace}
    lanes: dict[tuple[Any, Any], set[str]] = {}
    for slice_ in seen.slices:
        program = int(slice_.args["pid_m"]), int(slice_.args["pid_bh"])
        assert slice_.track.split(" (")[0] == f"SM {sm_of[program]}"
        lanes.setdefault(program, set()).add(slice_.track)
    assert all(len(tracks) == 1 for tracks in lanes.values()), "a program stays on its track"
    alone = {f"SM {sm}" for sm in set(sm_of.values())}
    assert alone <= set(seen.tracks), "further tracks only where an SM has a first"
    check_counters(seen, trace)


def test_programs_that_follow_one_another_share_a_track(tmp_path: Path) -> None:
    """The later one stands first in the trace, and begins at the very time at which the other ends."""
    twin = record(AttentionConfig(seq_q=32, seq_k=16, block_m=16, block_n=16, head_dim=16), source="numpy")
    middle, events = int(twin.bounds[1]), len(twin)
    t_ns = np.concatenate([100 + 10 * np.arange(middle), 100 - 10 * np.arange(events - middle)[::-1]])
    header = replace(twin.header, clock=CLOCK)
    after = Trace(header, twin.columns | {"t_ns": t_ns - t_ns.min(), "sm": np.zeros(events, np.int32)})
    assert written(after, tmp_path).tracks == ["SM 0"]
    together = Trace(header, twin.columns | {"t_ns": 10 * twin.columns["step"], "sm": np.zeros(events, np.int32)})
    assert written(together, tmp_path).tracks == ["SM 0", "SM 0 (2)"]


def test_a_clock_that_runs_backwards_is_refused() -> None:
    twin = record(CONFIG, source="numpy")
    header = replace(twin.header, clock=CLOCK)
    backwards = Trace(header, twin.columns | {"t_ns": 10**6 - twin.columns["step"].astype(np.int64), "sm": 0 * twin.columns["step"]})
    with pytest.raises(TraceError, match="expected times that never run backwards within a program, got others"):
        timeline_of(backwards)


# ------------------------------------------------------------------------------------------------------- the wire format


@given(st.lists(st.tuples(st.integers(0, 2**63 - 1), st.booleans(), st.integers(0, 300)), min_size=1))
def test_messages_are_those_of_protobuf(values: list[tuple[int, bool, int]]) -> None:
    """Perfetto's own messages, byte for byte: numbers of every width, fields left out, messages within messages."""
    stamps, present, uuids = (np.array(column) for column in zip(*values, strict=True))
    event = protobuf.number(9, np.ones(len(values), int)).where(present) + protobuf.number(11, uuids)
    ours = protobuf.message(1, protobuf.number(8, stamps) + protobuf.message(11, event)).tobytes()
    theirs = schema.Trace()
    for stamp, is_slice, uuid in values:
        packet = theirs.packet.add(timestamp=stamp)
        packet.track_event.track_uuid = uuid
        if is_slice:
            packet.track_event.type = schema.TrackEvent.TYPE_SLICE_BEGIN
    assert ours == theirs.SerializeToString()


@given(st.text())
def test_texts_are_those_of_protobuf(string: str) -> None:
    assert protobuf.text(2, string).tobytes() == schema.EventName(name=string).SerializeToString()


# ------------------------------------------------------------------------------------------------------------ the command


def test_the_command(tmp_path: Path) -> None:
    trace = record(CONFIG, source="numpy")
    trace.save(tmp_path / "x.npz")
    out = tmp_path / "x.pftrace"
    command = ["export", str(tmp_path / "x.npz"), "--perfetto", "--out", str(out)]
    said = CliRunner().invoke(main, command)
    assert said.exit_code == 0
    assert f"{len(trace):,} slices on 6 tracks (steps, not time: 1 us is one step)" in said.stdout
    summary = json.loads(CliRunner().invoke(main, [*command, "--json"]).stdout)
    assert summary["slices"] == len(trace) == len(read(out).slices)
    assert (summary["tracks"], summary["bytes"]) == (6, out.stat().st_size)
    assert load(tmp_path / "x.npz").hash == trace.hash


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "expected one format to export to, got none; add --perfetto or --player"),
        (["--perfetto", "--out", "x.json"], "--out x.json: expected a .pftrace file, got .json; try x.pftrace"),
        (["--perfetto", "--out", "none/x.pftrace"], "--out none/x.pftrace: there is no folder none; make it first"),
    ],
)
def test_what_the_command_refuses(options: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    record(CONFIG, source="numpy").save("x.npz")
    said = CliRunner().invoke(main, ["export", "x.npz", *(options or ["--out", "x.pftrace"])])
    assert (said.exit_code, said.stderr) == (2, f"flashviz: {message}\n")
    assert [path.name for path in tmp_path.iterdir()] == ["x.npz"]


def test_a_path_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"expected a path that can be written, got .*; choose another"):
        write_perfetto(timeline_of(record(CONFIG, source="numpy")), tmp_path / "none" / "x.pftrace")


@pytest.mark.slow
def test_a_million_events_stream_to_disk(tmp_path: Path) -> None:
    """In a process of its own: what the export adds to its memory is a small part of what it writes."""
    script = """
import os
from flashviz.config import AttentionConfig
from flashviz.export import timeline_of, write_perfetto
from flashviz_kernels import record
from flashviz_kernels.bench.memory import high_water
trace = record(AttentionConfig(seq_q=5376, block_m=16, block_n=16, head_dim=32), source="numpy")
before = high_water()
write_perfetto(timeline_of(trace), "big.pftrace")
print(len(trace), high_water() - before, os.path.getsize("big.pftrace"))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path)
    events, memory, size = map(int, done.stdout.split())
    assert events > 1_000_000
    assert size > 1e8
    assert memory < size
