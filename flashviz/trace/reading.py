"""The file of a trace, read and checked: what its events say fits what the header says, and one another."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from flashviz.config import AttentionConfig
from flashviz.errors import TraceError
from flashviz.forms import NAMES, form_of
from flashviz.trace import npz
from flashviz.trace.events import Kind
from flashviz.trace.header import COUNTABLE, Header, hash_of
from flashviz.trace.parts import PARTS
from flashviz.trace.statements import Statement
from flashviz.trace.values import Snapshot, Stats

# Columns that two recordings of one configuration must agree upon, in the order of the file format.
COMPARED = ("kind", "step", "pid_m", "pid_bh", "i", "j", "r0", "r1", "c0", "c1", "nbytes", "flops")
CLOCKED = ("t_ns", "sm")  # there where the header names a clock
WIDE = ("nbytes", "touched", "flops")
SNAPSHOT = re.compile(r"snapshot/(?P<pid_m>0|[1-9]\d{0,8})/(?P<pid_bh>0|[1-9]\d{0,8})/(?P<field>m|l|alpha|s|p|acc)")


def columns_of(header: Header, axes: int) -> tuple[str, ...]:
    """The columns of a recording, whose boxes have so many axes where its events have no tiles."""
    clocked = () if header.clock is None else CLOCKED
    if header.config is not None:
        return (*COMPARED, "launch", *clocked)
    sides = (f"{side}{axis}" for axis in range(axes) for side in ("start", "stop"))
    return (*header.program, "step", "kind", *WIDE, *sides, *(f"block{axis}" for axis in range(axes)), *clocked)


def axes_of(names: Mapping[str, object]) -> int:
    """How many axes boxes and blocks have, by the names of the columns."""
    return sum(name.startswith("block") for name in names)


def bounds_of(program: Sequence[np.ndarray]) -> np.ndarray:
    """First event of each program in the trace's order, and one past the last event; ``program`` has the columns that tell them apart."""
    events = len(program[0])
    if not events:
        return np.zeros(1, np.int64)
    changes = np.flatnonzero(np.logical_or.reduce([column[1:] != column[:-1] for column in program])) + 1
    return np.concatenate([[0], changes, [events]])


def of_codes(statements: Sequence[Statement], codes: np.ndarray, value: Callable[[Statement], Any]) -> np.ndarray:
    """What holds of the statement that each code names: a number, a truth or a row of numbers."""
    values = np.array([value(each) for each in statements] or np.zeros(0, np.int64))
    table = np.zeros((1 + max((each.code for each in statements), default=-1), *values.shape[1:]), values.dtype)
    table[[each.code for each in statements]] = values
    return np.asarray(table[codes])


def header_in(contents: npz.Contents) -> Header:
    """The header of a file.

    Raises:
        TraceError: No recorder writes such a one, or the sources are not those that it names by their hash.
    """
    header = npz.typed_header(contents.path, contents.raw, Header)
    if hash_of(header.sources) != header.kernel_hash:
        raise TraceError(f"expected the kernel's source that {contents.path} names by its hash, got another; {npz.AGAIN}")
    return header


def read(path: str | os.PathLike[str]) -> tuple[Header, dict[str, np.ndarray]]:
    """Header and arrays of a file, by their names in it. What the header says decides which arrays there are, and how large.

    Raises:
        TraceError: The file is missing, is not a trace, has another schema, is damaged, or holds what no recording has.
    """
    contents = npz.Contents(path)
    header, members = header_in(contents), contents.members
    columns = {name: contents.array(f"column/{name}") for name in _check_columns(contents.path, header, members)}
    check_codes(header, columns["kind"])
    if len(columns["kind"]):
        _check_numbers(contents.path, header, columns)
        _check_programs(contents.path, header, columns)
        if header.config is None:
            _check_boxes(contents.path, header, columns)
    kept = {name: member for name, member in members.items() if not name.startswith("column/")}
    if header.config is None:
        _check_parts_members(contents.path, len(columns["kind"]), kept)
    else:
        _check_kept(contents.path, header, header.config, columns, kept)
    arrays = {name: contents.array(name) for name in kept}
    if header.config is None:
        _check_parts(contents.path, *(arrays[f"parts/{name}"] for name in PARTS))
    return header, {f"column/{name}": column for name, column in columns.items()} | arrays


def check_codes(header: Header, codes: np.ndarray) -> None:
    """Every event executes a statement of the header.

    Raises:
        TraceError: With the first that does not.
    """
    stop = 1 + max((each.code for each in header.statements), default=-1)
    known = np.zeros(stop + 1, bool)  # the last for all that no statement has
    known[[each.code for each in header.statements]] = True
    wrong = np.flatnonzero(~known[np.where((codes < 0) | (codes >= stop), stop, codes)])
    if len(wrong):
        got = f"kind {codes[wrong[0]]} in event {wrong[0]:,}"
        raise TraceError(f"expected events of the header's {len(header.statements)} statements, got {got}; {npz.AGAIN}")


def _check_columns(path: Path, header: Header, members: Mapping[str, npz.Member]) -> tuple[str, ...]:
    """The columns' names: there are these, of whole numbers, and one length, which a formula may know."""
    found = {name.removeprefix("column/"): member for name, member in members.items() if name.startswith("column/")}
    names = columns_of(header, max(1, axes_of(found)))
    if set(found) != set(names) or any(member.dtype.kind != "i" or len(member.shape) != 1 for member in found.values()):
        raise TraceError(f"expected columns {', '.join(names)} of whole numbers, got others in {path}; {npz.AGAIN}")
    events, said = found["kind"].shape[0], ""
    if header.config is not None and header.algorithm in NAMES:  # of others the recorder knows how many there are
        events, said = form_of(header.algorithm).events(header.config, header.altered), f", as {header.algorithm} of its config has"
    wrong = next((f"{name} of {member.shape[0]:,}" for name, member in found.items() if member.shape != (events,)), None)
    if wrong is not None:
        raise TraceError(f"expected {events:,} events{said}, got {path} with {wrong}; {npz.AGAIN}")
    return names


def _check_kept(
    path: Path, header: Header, c: AttentionConfig, columns: Mapping[str, np.ndarray], members: Mapping[str, npz.Member]
) -> None:  # fmt: skip
    """Values that were kept have the shapes that the config gives them, and those of a program a tile for each that it visits."""
    expected = {f"margin/{info.name}": info.shape for info in header.tensors if f"margin/{info.name}" in members}
    copies = c.batch * c.heads
    keeps, visits = header.keeps_rows, _visits(columns)
    if keeps and "stats/m" in members:
        expected |= {f"stats/{field.name}": (copies, c.col_blocks, c.seq_q) for field in fields(Stats)}
    for name in members:
        if keeps and (found := SNAPSHOT.fullmatch(name)) is not None:
            pid_m, pid_bh = int(found["pid_m"]), int(found["pid_bh"])
            rows, tiles = min(c.block_m, c.seq_q - pid_m * c.block_m), visits[pid_m, pid_bh]
            wide = {"s": (c.block_n,), "p": (c.block_n,), "acc": (c.head_dim,)}
            if rows >= 1 and pid_bh < copies:
                expected |= {
                    f"snapshot/{pid_m}/{pid_bh}/{field.name}": (tiles, rows, *wide.get(field.name, ())) for field in fields(Snapshot)
                }
    found_shapes = {name: member.shape for name, member in members.items()}
    if found_shapes != expected or any(member.dtype != np.float32 for member in members.values()):
        odd = next((name for name in (*members, *expected) if found_shapes.get(name) != expected.get(name)), "numbers that are not float32")
        raise TraceError(f"expected values of the shapes that the config gives them, got {path} with {odd}; {npz.AGAIN}")


def _visits(columns: Mapping[str, np.ndarray]) -> Counter[tuple[int, int]]:
    """How many key tiles each program (pid_m, pid_bh) of attention's first launch visits: each visit begins with its scores."""
    scores = (columns["kind"] == Kind.QK_DOT) & (columns["launch"] == 0)
    return Counter(zip(columns["pid_m"][scores].tolist(), columns["pid_bh"][scores].tolist(), strict=True))


def _check_numbers(path: Path, header: Header, columns: Mapping[str, np.ndarray]) -> None:
    """What every reader of a trace relies on; whether each event is the algorithm's own, ``first_difference`` says."""
    limits = dict.fromkeys(columns, (0, COUNTABLE)) | {"launch": (0, len(header.launches) - 1)}
    if (c := header.config) is not None:
        ours = header.algorithm in NAMES
        own = c.row_blocks if ours else max(c.row_blocks, c.col_blocks)  # a program of others may own a key tile
        most_rows = c.row_blocks if ours else c.row_blocks * c.group  # a group's heads may be numbered on
        limits |= {
            "pid_m": (0, own - 1), "pid_bh": (0, c.batch * c.heads - 1), "i": (-1, most_rows - 1), "j": (-1, c.col_blocks - 1),
            "r0": (0, max(c.seq_q, c.seq_k)), "r1": (0, max(c.seq_q, c.seq_k)),
            "c0": (0, max(c.seq_k, c.head_dim)), "c1": (0, max(c.seq_k, c.head_dim)),
        }  # fmt: skip
    for name, column in columns.items():
        low, high = limits[name]
        wrong = np.flatnonzero((column < low) | (column > high))
        if len(wrong):
            raise TraceError(
                f"expected {name} from {low} to {high}, got {path} with {name} {column[wrong[0]]} in event {wrong[0]:,}; {npz.AGAIN}"
            )


def _check_programs(path: Path, header: Header, columns: Mapping[str, np.ndarray]) -> None:
    """Programs stand in their launch's grid, each in one place, and count their steps."""
    launch, at = columns["launch"], np.arange(len(columns["launch"]))
    program = [columns[name] for name in header.program]
    bounds = bounds_of(program)
    first = bounds[:-1]
    again = np.ones(len(first), bool)  # each program stands in one place
    again[np.unique(np.stack([column[first] for column in program]), axis=1, return_index=True)[1]] = False
    grids = np.array([each.grid for each in header.launches]).reshape(-1, 3)
    own = of_codes(header.statements, columns["kind"], lambda each: each.launch)
    _refuse_first(path, {
        "programs of the launch's grid": np.logical_or.reduce([pid >= grids[launch, axis] for axis, pid in enumerate(program[1:])]),
        "a program's events together": np.isin(at, first[again]),
        "steps that count 0, 1, 2, ... in a program": columns["step"] != at - np.repeat(first, np.diff(bounds)),
        "statements in their own launch": (own >= 0) & (own != launch),
    })  # fmt: skip


def _check_boxes(path: Path, header: Header, columns: Mapping[str, np.ndarray]) -> None:
    """Boxes lie within their tensors."""
    axes, codes = axes_of(columns), columns["kind"]
    shapes: dict[str | None, tuple[int, ...]] = {None: ()} | {info.name: info.shape for info in header.tensors}
    deep = of_codes(header.statements, codes, lambda each: len(shapes[each.tensor]) > axes)
    _refuse_first(path, {f"boxes of as many axes as their tensors have, got {axes}": deep})
    sides = of_codes(header.statements, codes, lambda each: (*shapes[each.tensor], *[1] * axes)[:axes])
    out = [
        (columns[f"stop{axis}"] < columns[f"start{axis}"]) | (columns[f"stop{axis}"] > sides[:, axis]) for axis in range(axes)
    ]  # fmt: skip
    _refuse_first(path, {"boxes within their tensors": np.logical_or.reduce(out)})


def _refuse_first(path: Path, rules: Mapping[str, np.ndarray]) -> None:
    """Rules, and the events that break them."""
    for rule, broken in rules.items():
        if broken.any():
            raise TraceError(f"expected {rule}, got others in event {int(np.argmax(broken)):,} of {path}; {npz.AGAIN}")


def _check_parts_members(path: Path, events: int, members: Mapping[str, npz.Member]) -> None:
    shapes = {name: member.shape for name, member in members.items()}
    expected = {"parts/event": (events,), "parts/bounds": (*shapes.get("parts/bounds", ()), -1)[:1]}
    expected |= {"parts/runs": ((*shapes.get("parts/runs", ()), -1)[0], 2)}
    if shapes != expected or any(member.dtype.kind != "i" for member in members.values()):
        raise TraceError(f"expected the elements of each access, got none or damaged ones in {path}; {npz.AGAIN}")


def _check_parts(path: Path, event: np.ndarray, bounds: np.ndarray, runs: np.ndarray) -> None:
    whole = (
        len(bounds) > 0
        and bounds[0] == 0
        and bounds[-1] == len(runs)
        and not (np.diff(bounds) < 0).any()
        and not (runs[:, 0] >= runs[:, 1]).any()
        and not ((event < -1) | (event >= len(bounds) - 1)).any()
    )
    if not whole:
        raise TraceError(f"expected the elements of each access, got none or damaged ones in {path}; {npz.AGAIN}")
