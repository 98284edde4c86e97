"""Files that are no traces, traces that were damaged, and traces that were tampered with: one line, exit 2, never a picture of them."""

from __future__ import annotations

import io
import json
import tracemalloc
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from flashviz.cli import main
from flashviz.config import AttentionConfig
from flashviz.errors import ConfigError, TraceError
from flashviz.forms import form_of
from flashviz.trace import Trace, load, npz
from flashviz.trace.recording import first_difference
from flashviz.visits import visits_of
from flashviz_kernels import record
from flashviz_kernels.again import events_again, load_checked
from flashviz_kernels.algorithms.fa2 import ALGORITHM
from flashviz_kernels.altered import in_order, without_rescale
from flashviz_kernels.fitting import limit_here, recording_bytes
from tests import damaged, generic_traces
from tests.strategies import configs

ALGORITHMS = ("standard", "fa1", "fa2")
CONFIG = AttentionConfig(seq_q=64, block_m=16, block_n=16, head_dim=16)
Change = Callable[[dict[str, np.ndarray]], object]


def one_line(*arguments: str) -> str:
    """What a command says that refuses: one line, exit 2."""
    answer = CliRunner().invoke(main, arguments)
    assert (answer.exit_code, answer.stdout, len(answer.stderr.splitlines())) == (2, "", 1), answer.output
    assert answer.stderr.startswith("flashviz: expected ")
    return answer.stderr


def test_names_in_a_file_neither_are_markup_nor_steer_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of ``info`` and of what is refused. rich reads [/] as the end of something."""
    trace, hostile = generic_traces.product(), "[/]\x1b[31m\u202e"
    launches = [msgspec.structs.replace(each, kernel=hostile, arguments={hostile: hostile}) for each in trace.header.launches]
    monkeypatch.chdir(tmp_path)
    path = Path("[bold].npz")
    Trace(msgspec.structs.replace(trace.header, launches=launches), trace.columns, parts=trace.parts).save(path)
    answer = CliRunner().invoke(main, ["info", str(path)], color=True, env={"COLUMNS": "300"})
    assert answer.exit_code == 0, answer.output
    shown = r"[/]\x1b[31m\u202e"
    assert f"{shown} (triton-interpreter)" in answer.stdout
    assert f"{shown}={shown}" in answer.stdout
    assert "[bold].npz" in answer.stdout
    assert hostile[3:] not in answer.stdout
    assert shown in one_line("player", str(path), "--out", "x.html")


def test_damaged_files_end_as_a_trace_or_as_one_refusal(tmp_path: Path) -> None:
    """``python -m tests.damaged`` is the same with a million files."""
    found = damaged.damage(600, folder=tmp_path)
    assert (found["files"], found["tracebacks"], found["slow"]) == (600, 0, 0), found
    assert found["by_way"]["columns"]["refused"] > 60


def test_a_file_that_ends_in_a_traceback_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_path: Path) -> str:
        raise StopIteration

    monkeypatch.setattr(damaged, "used", broken)
    assert damaged.damage(5, folder=tmp_path)["tracebacks"] == 5
    assert len(list(tmp_path.glob("traceback-*.npz"))) == 5


# ---------------------------------------------------------------------------------------------------------------- tampered with


def changed(path: Path, change: Change, trace: Trace | None = None) -> Path:
    """A recording of ``CONFIG`` with other columns."""
    trace = record(CONFIG, source="numpy") if trace is None else trace
    columns = {name: column.copy() for name, column in trace.columns.items()}
    change(columns)
    Trace(trace.header, columns).save(path)
    return path


def put(name: str, at: int, value: int) -> Change:
    return lambda columns: columns[name].__setitem__(at, value)


TAMPERED: dict[str, tuple[Change, str]] = {
    "a key tile below all": (put("j", 1, -7), "j from -1 to 3, got {} with j -7 in event 1"),
    "a key tile beyond all": (put("j", 1, 9999), "j from -1 to 3, got {} with j 9999 in event 1"),
    "another key tile": (put("j", 1, 2), "got event 1 with j 2, not 0"),
    "another box": (put("c1", 5, 3), "got event 5 with c1 3, not 1"),
    "bytes": (put("nbytes", 0, 513), "got event 0 with nbytes 513, not 512"),
    "a program that is none": (put("pid_m", 40, 77), "pid_m from 0 to 3, got {} with pid_m 77 in event 40"),
    "another program": (put("pid_m", 40, 3), "expected a program's events together, got others in event 120"),
    "another launch": (put("launch", 7, 1), "launch from 0 to 0, got {} with launch 1 in event 7"),
    "backwards": (
        lambda columns: columns.update({n: column[::-1] for n, column in columns.items()}),
        "expected steps that count 0, 1, 2, ... in a program, got others in event 0",
    ),
    "two exchanged": (lambda columns: columns["kind"].__setitem__([2, 3], columns["kind"][[3, 2]]), "got event 2 with kind 4, not 2"),
}  # fmt: skip


@pytest.mark.parametrize("what", TAMPERED)
def test_a_trace_that_was_tampered_with_is_never_shown(what: str, tmp_path: Path) -> None:
    change, said = TAMPERED[what]
    path = changed(tmp_path / "t.npz", change)
    for arguments in (
        ("player", str(path), "--out", str(tmp_path / "p.html")),
        ("export", str(path), "--player", "--out", str(tmp_path / "p.json")),
        ("export", str(path), "--perfetto", "--out", str(tmp_path / "p.pftrace")),
        ("render", "--trace", str(path), "-q", "l", "--workers", "1", "--media-dir", str(tmp_path / "media")),
    ):
        assert said.format(path) in one_line(*arguments)
    assert not list(tmp_path.glob("p.*")) + list(tmp_path.glob("media/**/*.mp4"))


def product(name: str, memory: str, itemsize: int) -> dict[str, Any]:
    return {"makes": {"name": name, "memory": memory, "itemsize": itemsize, "gathers": False}}


MEANT: dict[str, tuple[int, dict[str, Any], str]] = {
    "a line beyond the text": (0, {"line": 9999}, "statements must stand in lines"),
    "the code of another": (1, {"code": 0}, "statements must have codes of their own and a product one memory"),
    "a code that no column has": (1, {"code": 1 << 15}, "must have a code from 0 to 32767"),
    "a product in two memories": (3, product("Q", "REG", 2), "statements must have codes of their own and a product one memory"),
    "something that none makes is freed": (2, {"frees": ["X"]}, "must free what one of them makes, got 'X'"),
    "a load without a tensor": (1, {"tensor": None}, "must have a tensor where HBM is read or written"),
    "elements of no size": (0, product("Q", "SMEM", 0), "must have elements of 1 to 16 bytes"),
    "a sentence with another blank": (0, {"says": "{x}"}, "must have no blanks but bytes, i, j, scores"),
    "a statement that is missing": (-1, {"code": 99}, "expected events of the header's 14 statements, got kind 13 in event 39"),
    "a store that loads": (12, {"op": 0}, "got statement 'STORE_O' with another meaning"),
    "a tensor that is none": (0, {"tensor": "X"}, "statements must touch tensors of the header, got 'LOAD_Q'"),
    "a launch that is none": (0, {"launch": 1}, "statements must be of 1 launches, got 'LOAD_Q' of 1"),
    "another tensor": (0, {"tensor": "K"}, "got statement 'LOAD_Q' with another meaning"),
    "another product": (3, product("T", "REG", 4), "got statement 'MASK' with another meaning"),
    "other words": (5, {"says": "α"}, "got statement 'ALPHA' with another meaning"),
    "something else is freed": (6, {"frees": ["Q"]}, "got statement 'SOFTMAX_P' with another meaning"),
}  # fmt: skip


@pytest.mark.parametrize("what", MEANT)
def test_a_statement_that_was_tampered_with_is_never_shown(what: str, tmp_path: Path) -> None:
    at, change, said = MEANT[what]
    trace = record(CONFIG, source="numpy")
    raw: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(trace.header))
    raw["statements"][at] |= change
    arrays: dict[str, Any] = {f"column/{name}": column for name, column in trace.columns.items()}
    np.savez(tmp_path / "t.npz", header=np.frombuffer(json.dumps(raw).encode(), np.uint8), **arrays)
    assert said in one_line("export", str(tmp_path / "t.npz"), "--player", "--out", str(tmp_path / "p.json"))
    assert not list(tmp_path.glob("p.*"))


def test_a_statement_of_another_launch_is_refused(tmp_path: Path) -> None:
    trace = record(CONFIG, source="numpy", algorithm="standard")
    first, *others = trace.header.statements
    moved = msgspec.structs.replace(trace.header, statements=(msgspec.structs.replace(first, launch=2), *others))
    Trace(moved, trace.columns).save(tmp_path / "t.npz")
    assert "expected statements in their own launch, got others in event 0 of" in one_line("info", str(tmp_path / "t.npz"))


def test_a_trace_without_events_and_one_of_fewer(tmp_path: Path) -> None:
    for keep in (0, 5):
        path = changed(tmp_path / "t.npz", lambda columns, keep=keep: columns.update({n: c[:keep] for n, c in columns.items()}))  # type: ignore[misc]
        for arguments in (("info", str(path)), ("player", str(path), "--out", str(tmp_path / "p.html")), ("render", "--trace", str(path))):
            assert f"expected {len(record(CONFIG, source='numpy')):,} events, as fa2 of its config has" in one_line(*arguments)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_recording_is_recorded_again(algorithm: str, tmp_path: Path) -> None:
    """Nothing of a whole file is refused; the twin that computes nothing reports what the one that computes all does."""
    config = replace(CONFIG, seq_q=40, seq_k=70, heads=2, kv_heads=1, causal=True)
    trace = record(config, source="numpy", algorithm=algorithm)
    trace.save(tmp_path / "t.npz")
    assert load_checked(tmp_path / "t.npz").hash == trace.hash


def test_altered_recordings_are_recorded_again(tmp_path: Path) -> None:
    for made in (without_rescale(CONFIG), in_order(CONFIG, [2, 0, 3, 1])):
        assert made.trace.header.altered
        made.trace.save(tmp_path / "t.npz")
        assert load_checked(tmp_path / "t.npz").hash == made.trace.hash
    other = msgspec.structs.replace(made.trace.header, altered="key tiles in the order 0, 1, 2, 3")
    assert first_difference(made.trace, events_again(other)) == "event 1 with j 2, not 0"
    known, order = "expected an alteration that is known", "order must name each of 4 key tiles once, got"
    for unknown, said in (
        ("", known), ("key tiles in the order 0, 0, 1, 2", order), ("key tiles in the order", known), ("better", known),
        (f"key tiles in the order {'9' * 5000}", order), ("key tiles in the order ", order), ("key tiles in the order a, b", known),
    ):  # fmt: skip
        with pytest.raises(TraceError, match=said):
            events_again(msgspec.structs.replace(made.trace.header, altered=unknown))


def test_an_algorithm_that_is_not_known_here_is_read_by_its_statements_and_never_taken_at_its_word(tmp_path: Path) -> None:
    trace = record(CONFIG, source="numpy")
    Trace(msgspec.structs.replace(trace.header, algorithm="fa9"), trace.columns).save(tmp_path / "t.npz")
    assert Trace.load(tmp_path / "t.npz").hash == trace.hash
    with pytest.raises(
        TraceError,
        match=r"algorithm must be one of backward, backward_deterministic, fa1, fa2, standard, or FILE.py:NAME, got 'fa9'; record again",
    ):
        load_checked(tmp_path / "t.npz")


# --------------------------------------------------------------------------------------------------------------------- damaged


def unusual(path: Path, write: Callable[[zipfile.ZipFile, str, bytes], None], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    """A trace whose members are written otherwise."""
    record(CONFIG, source="numpy").save(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            write(archive, name, content)
    return path


def with_field(path: Path, offset: int, value: int) -> Path:
    """A trace with one 16-bit field of its first central directory entry set."""
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02") + offset
    data[at : at + 2] = value.to_bytes(2, "little")
    path.write_bytes(data)
    return path


def npy(said: str, content: bytes = b"", version: int = 1) -> bytes:
    return b"\x93NUMPY" + bytes((version, 0)) + len(said).to_bytes(2, "little") + said.encode() + content


def in_place_of(name: str, content: bytes) -> Callable[[zipfile.ZipFile, str, bytes], None]:
    return lambda archive, each, whole: archive.writestr(each, content if each == name else whole)


def twice(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    for _ in range(1 + name.endswith("j.npy")):
        archive.writestr(name, content)


DAMAGED: dict[str, Callable[[Path], Path]] = {
    "bzip2": lambda path: unusual(path, zipfile.ZipFile.writestr, zipfile.ZIP_BZIP2),
    "lzma": lambda path: unusual(path, zipfile.ZipFile.writestr, zipfile.ZIP_LZMA),
    "an unknown compression": lambda path: with_field(unusual(path, zipfile.ZipFile.writestr), 10, 77),
    "zip 18.1": lambda path: with_field(unusual(path, zipfile.ZipFile.writestr), 6, 181),
    "encrypted": lambda path: with_field(unusual(path, zipfile.ZipFile.writestr), 8, 1),
    "patched": lambda path: with_field(unusual(path, zipfile.ZipFile.writestr), 8, 0x20),
    "a name that is no UTF-8": lambda path: unusual(path, lambda a, n, c: a.writestr("é".encode("latin-1").decode("cp437") + n, c)),
    "a header cut off": lambda path: unusual(path, in_place_of("column/j.npy", npy("{'descr': '<i2', 'fortran_ord"))),
    "brackets": lambda path: unusual(path, in_place_of("column/j.npy", npy("(" * 9000))),
    "a record type": lambda path: unusual(
        path, in_place_of("column/j.npy", npy("{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (1,), }\n", bytes(4)))
    ),
    "another version": lambda path: unusual(
        path, in_place_of("column/j.npy", npy("{'descr': '<i2', 'fortran_order': False, 'shape': (1,), }\n", bytes(2), 3))
    ),
    "10^12 rows": lambda path: unusual(
        path, in_place_of("column/j.npy", npy("{'descr': '<i8', 'fortran_order': False, 'shape': (1000000000000,), }\n", bytes(8)))
    ),
    "text": lambda path: unusual(path, in_place_of("column/j.npy", b"hello")),
    "a member that is no array": lambda path: unusual(path, lambda a, n, c: a.writestr(n.removesuffix(".npy"), c)),
    "invalid UTF-8": lambda path: unusual(
        path, in_place_of("header.npy", npy("{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }\n", b'"\xff"'))
    ),
    "deep": lambda path: unusual(
        path, in_place_of("header.npy", npy("{'descr': '|u1', 'fortran_order': False, 'shape': (9000,), }\n", b"[" * 9000))
    ),
    "a header that is a list": lambda path: unusual(
        path, in_place_of("header.npy", npy("{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }\n", b"[1]"))
    ),
    "one member twice": lambda path: unusual(path, twice),
    "another's": lambda path: unusual(path, in_place_of("column/j.npy", b"")),
    "/dev/zero": lambda _: Path("/dev/zero"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("what", DAMAGED)
def test_a_damaged_file_is_one_line(what: str, tmp_path: Path) -> None:
    path = DAMAGED[what](tmp_path / "t.npz")
    assert "expected a trace" in one_line("info", str(path))


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    """Arrays of more bytes than a file may have; arrays longer than the header's config; a header that would fill the memory."""
    record(CONFIG, source="numpy").save(tmp_path / "whole.npz")
    with zipfile.ZipFile(tmp_path / "whole.npz") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    zeros = bytes(1 << 22)
    for name, megabytes, said in (
        ("column/j.npy", 1200, "expected a trace of at most 1,073,741,824 B of arrays"),
        ("column/j.npy", 200, "events, as fa2 of its config has"),
        ("header.npy", 200, "expected a trace with a header"),
    ):
        dtype, width = ("<i2", 2) if name != "header.npy" else ("|u1", 1)
        with zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
            for each, content in members.items():
                with archive.open(each, "w", force_zip64=True) as file:
                    if each != name:
                        file.write(content)
                        continue
                    file.write(npy(f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': ({(megabytes << 20) // width},), }}\n"))
                    for _ in range(megabytes // 4):
                        file.write(zeros)
        assert (tmp_path / "bomb.npz").stat().st_size < 3 << 20
        tracemalloc.start()
        assert said in one_line("info", str(tmp_path / "bomb.npz"))
        assert tracemalloc.get_traced_memory()[1] < 32 << 20
        tracemalloc.stop()


def test_more_than_a_file_may_have_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(npz, "LIMIT", 1000)
    with pytest.raises(TraceError, match="expected a trace of at most 1,000 B of arrays, got"):
        record(CONFIG, source="numpy").save(tmp_path / "t.npz")
    assert not list(tmp_path.iterdir())


def test_the_kernels_source_is_the_one_that_was_hashed(tmp_path: Path) -> None:
    trace = record(CONFIG, source="numpy")
    other = [msgspec.structs.replace(trace.header.sources[0], text="import this\n" * 900)]
    Trace(msgspec.structs.replace(trace.header, sources=other), trace.columns).save(tmp_path / "t.npz")
    assert "expected the kernel's source that" in one_line("info", str(tmp_path / "t.npz"))


@pytest.mark.parametrize(
    ("name", "at", "value", "said"),
    [
        ("pid_x", 5, 9, "programs of the launch's grid"), ("pid_x", 0, 1, "a program's events together"),
        ("step", 5, 7, "steps that count 0, 1, 2, ..."), ("kind", 5, -1, "events of the header's 4 statements"),
        ("nbytes", 5, -4, "nbytes from 0 to 9007199254740992"),
        ("stop0", 3, 65, "boxes within their tensors"), ("start0", 3, 33, "boxes within their tensors"),
        ("block0", 5, -1, "block0 from 0 to"), ("kind", 5, 4, "events of the header's 4 statements"),
        ("stop0", 2, 2, "boxes within their tensors"),
    ],
)  # fmt: skip
def test_a_recording_of_any_kernel_fits_its_header(name: str, at: int, value: int, said: str, tmp_path: Path) -> None:
    trace = generic_traces.product()
    trace.save(tmp_path / "t.npz")
    assert load(tmp_path / "t.npz").hash == trace.hash
    trace.columns[name][at] = value
    trace.save(tmp_path / "t.npz")
    assert f"expected {said}" in one_line("info", str(tmp_path / "t.npz"))


@pytest.mark.parametrize("change", [
    {"grid": (-1, 1, 1)}, {"tensors": {"a": 7}}, {"shape": (-3, 2)}, {"shape": (1 << 40, 1 << 40)}, {"strides": (1,)},
])  # fmt: skip
def test_tensors_and_launches_that_cannot_be(change: dict[str, object], tmp_path: Path) -> None:
    trace = generic_traces.product()
    raw: dict[str, Any] = msgspec.to_builtins(trace.header)
    (raw["launches"] if set(change) & {"grid", "tensors"} else raw["tensors"])[0] |= change
    (tmp_path / "t.npz").write_bytes(damaged.packed(json.dumps(raw).encode(), trace.arrays))
    assert "tensors must have a stride an axis" in (said := one_line("info", str(tmp_path / "t.npz"))) or "launches must be over" in said


# ---------------------------------------------------------------------------------------------------------------------- counts


@settings(max_examples=60)
@given(configs(longest=130), st.sampled_from(ALGORITHMS))
def test_events_and_flops_are_counted_without_recording(config: AttentionConfig, algorithm: str) -> None:
    assert visits_of(config) == sum(len(config.key_tiles(i)) for i in range(config.row_blocks))
    trace, form = record(config, source="numpy", algorithm=algorithm), form_of(algorithm)
    assert form.events(config, None) == len(trace)
    assert form.flops(config) == int(trace.columns["flops"].sum(dtype=np.int64))


@pytest.mark.parametrize("flag", ["--seq-q", "--seq-k", "--seq-len", "--batch", "--heads"])
@pytest.mark.parametrize("value", ["999999999999", "3000000"])
def test_a_recording_that_would_not_fit_is_refused_with_what_would(flag: str, value: str, tmp_path: Path) -> None:
    for arguments in (
        ("trace", "--out", str(tmp_path / "t.npz")), ("verify",), ("player", "--out", str(tmp_path / "p.html")),
        ("render", "-q", "l", "--media-dir", str(tmp_path)),
    ):  # fmt: skip
        answer = CliRunner().invoke(main, [*arguments, flag, value])
        assert (answer.exit_code, len(answer.stderr.splitlines())) == (2, 1), answer.output
        assert "; try " in answer.stderr
        assert "at most" in answer.stderr


def test_the_lengths_that_are_offered_fit() -> None:
    for config in (
        AttentionConfig(seq_q=1 << 20),
        AttentionConfig(seq_q=700, seq_k=1 << 23),
        AttentionConfig(heads=1 << 12, seq_q=1 << 14),
    ):
        with pytest.raises(ConfigError) as caught:
            record(config)
        offered = dict(part.split("=") for part in str(caught.value).partition("try ")[2].split(", "))
        smaller = replace(config, seq_q=int(offered["seq_q"]), seq_k=int(offered["seq_k"]))
        assert recording_bytes(smaller, ALGORITHM.events) <= limit_here() < recording_bytes(config, ALGORITHM.events)


def test_a_small_machine_has_a_small_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = tmp_path / "memory.max"
    monkeypatch.setattr("flashviz_kernels.fitting.CGROUP", said)
    whole = limit_here()
    for text, limit in (("max\n", whole), ("2000000\n", 1_000_000)):
        said.write_text(text, encoding="ascii")
        assert limit_here() == limit
    with pytest.raises(ConfigError, match="a recording must take at most 1,000,000 B here, got an estimate of 14,451,712 B"):
        record(AttentionConfig(seq_q=2048), source="numpy")


def test_json_of_a_header_is_what_the_file_has(tmp_path: Path) -> None:
    """``Contents`` reads what NumPy wrote, and NumPy reads what we wrote."""
    record(CONFIG, source="numpy").save(tmp_path / "t.npz")
    contents = npz.Contents(tmp_path / "t.npz")
    with np.load(tmp_path / "t.npz") as loaded:
        assert contents.raw == json.loads(loaded["header"].tobytes())
        assert set(contents.members) == set(loaded.files) - {"header"}
        for name in contents.members:
            np.testing.assert_array_equal(contents.array(name), loaded[name])
    blob = io.BytesIO()
    np.savez(blob, header=np.frombuffer(b'{"schema": 2}', np.uint8), x=np.asfortranarray(np.arange(6, dtype=np.int16).reshape(2, 3)))
    (tmp_path / "f.npz").write_bytes(blob.getvalue())
    np.testing.assert_array_equal(npz.Contents(tmp_path / "f.npz").array("x"), [[0, 1, 2], [3, 4, 5]])
