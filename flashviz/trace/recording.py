"""One recording: a header, typed columns, and the values that were kept. Its file is npz without pickle."""

# l and O are the symbols of the papers

from __future__ import annotations

import hashlib
import json
import mmap
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np

from flashviz.config import AttentionConfig
from flashviz.device import Resources
from flashviz.errors import TraceError
from flashviz.forms import NAMES, form_of
from flashviz.inputs import Arrays, inputs_hash, make_inputs
from flashviz.trace import npz
from flashviz.trace.events import Event
from flashviz.trace.executed import Executed, Recorded
from flashviz.trace.statements import check_statements

Source = Literal["numpy", "triton-interpreter", "triton-gpu"]

# Columns that two recordings of one configuration must agree upon, in the order of the file format.
COMPARED = ("kind", "step", "pid_m", "pid_bh", "i", "j", "r0", "r1", "c0", "c1", "nbytes", "flops")
COLUMNS = (*COMPARED, "launch")
BOX = ("pid_bh", "r0", "r1", "c0", "c1")  # of a tensor: what was touched
CLOCKED = ("t_ns", "sm")  # there where the header names a clock
AT_ONCE = 1 << 15  # numbers that are widened for the hash: they stay in a core's cache
LARGE = 1 << 20  # events, from which on a film keeps its traces on disk
WIDTHS = (np.int16, np.int32, np.int64)
ROW_VALUES = frozenset({"M", "L", "ALPHA", "ACC"})  # what a row block is worked on with
NAME = 80  # letters of an algorithm's
WIDEST = 8  # bytes of the widest: where arrays begin in a file, so that they are aligned in memory
SNAPSHOT = re.compile(r"snapshot/(?P<pid_m>0|[1-9]\d{0,8})/(?P<pid_bh>0|[1-9]\d{0,8})/(?P<field>m|l|alpha|s|p|acc)")


class Header(Recorded, frozen=True, kw_only=True):
    """Where a recording comes from, and what its events mean.

    ``statements`` are those of the traced function, whose text is ``kernel_source``, so that a film can show its lines.

    Raises:
        TraceError: The statements contradict each other, or name lines that the text has not.
    """

    kind: Literal["attention"] = "attention"
    algorithm: str
    source: Source
    config: AttentionConfig
    kernel_file: str
    kernel_first_line: int
    kernel_source: str
    inputs_recipe: str
    inputs_hash: str
    resources: Resources | None = None  # what the compiler gave a program, where it was asked
    clock: str | None = None
    altered: str | None = None  # what differs from the algorithm, on purpose

    def __post_init__(self) -> None:
        """Refuse what no recorder writes: from a file."""
        if not (self.algorithm.isidentifier() and len(self.algorithm) <= NAME):
            raise TraceError(f"an algorithm must have a name of at most {NAME} letters, got {self.algorithm[:NAME]!r}")
        check_statements(self.statements)
        lines = range(self.kernel_first_line, self.kernel_first_line + self.kernel_source.count("\n"))
        astray = next((each for each in self.statements if each.line not in lines), None)
        if astray is not None:
            raise TraceError(f"statements must stand in lines {lines.start} to {lines.stop - 1}, got {astray.name[:80]!r} in {astray.line}")

    @property
    def keeps_rows(self) -> bool:
        """Whether a program keeps m, l, alpha and acc of its row block on chip from the first tile to the last: nothing frees them."""
        made = {each.makes.name for each in self.statements if each.makes is not None}
        return made - {name for each in self.statements for name in each.frees} >= ROW_VALUES


@dataclass(frozen=True, eq=False)
class Stats:
    """m, l and alpha of every row after every visited tile t: [B * H, T_c, N_q] float32, NaN where a row block visits no t-th tile."""

    m: np.ndarray
    l: np.ndarray
    alpha: np.ndarray

    @classmethod
    def room(cls, copies: int, tiles: int, rows: int) -> Stats:
        """Nothing kept yet."""
        return cls(*(np.full((copies, tiles, rows), np.nan, np.float32) for _ in range(3)))

    def put(self, bh: int | slice, t: int, first_row: int, m: np.ndarray, l_sum: np.ndarray, alpha: np.ndarray) -> None:
        """Keep [..., rows] of visited tile ``t``, from ``first_row`` on."""
        rows = slice(first_row, first_row + m.shape[-1])
        self.m[bh, t, rows], self.l[bh, t, rows], self.alpha[bh, t, rows] = m, l_sum, alpha


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Values of one program after each visited tile t, float32, natural-log units with the scale applied.

    m, l, alpha [T, rows]; s (masked), p [T, rows, B_c], whose columns beyond N_k mean nothing; acc [T, rows, d].
    """

    m: np.ndarray
    l: np.ndarray
    alpha: np.ndarray
    s: np.ndarray
    p: np.ndarray
    acc: np.ndarray


class Trace(Executed):
    """A recording of one attention call, sorted by (launch, program, step). Treat its arrays as read-only.

    Args:
        header: Provenance.
        columns: Integer arrays of equal length, one a name in ``COLUMNS``; and of ``CLOCKED`` where the header names a clock. Times
            are kept as int64, all else in the narrowest of ``WIDTHS`` that holds it: a recording may have ten million events.
        stats: m, l, alpha of all programs, where they were kept.
        snapshots: All values of some programs, by (pid_m, pid_bh).

    Raises:
        TraceError: An event's code is that of no statement.
    """

    PROGRAM = ("launch", "pid_m", "pid_bh")
    header: Header

    def __init__(
        self,
        header: Header,
        columns: Mapping[str, np.ndarray],
        *,
        stats: Stats | None = None,
        snapshots: Mapping[tuple[int, int], Snapshot] | None = None,
    ) -> None:
        super().__init__(header, {
            name: np.ascontiguousarray(columns[name], np.int64) if name in CLOCKED else narrowed(columns[name])
            for name in columns_of(header)
        })  # fmt: skip
        self.stats = stats
        self.snapshots = dict(snapshots or {})
        self._mapped: mmap.mmap | None = None

    @property
    def config(self) -> AttentionConfig:
        return self.header.config

    @cached_property
    def inputs(self) -> Arrays:
        """Q, K and V, made again by the header's recipe.

        Raises:
            TraceError: They are not those that were recorded.
        """
        arrays = make_inputs(self.config)
        if inputs_hash(arrays) != self.header.inputs_hash:
            raise TraceError("expected the inputs that the trace names, got others from its recipe; record again with flashviz trace")
        return arrays

    def __getitem__(self, index: int) -> Event:
        index = self.placed(index)
        values = {name: int(column[index]) for name, column in self.columns.items()}
        return Event(index=index, statement=self.statements[values.pop("kind")], **values)

    def __iter__(self) -> Iterator[Event]:
        return (self[index] for index in range(len(self)))

    @cached_property
    def hash(self) -> str:
        """Twelve hex digits over the compared columns."""
        digest = hashlib.sha256()
        for column in (self.columns[name] for name in COMPARED):
            for at in range(0, len(column), AT_ONCE):
                digest.update(column[at : at + AT_ONCE].astype("<i8").data)
        return digest.hexdigest()[:12]

    # ------------------------------------------------------------------------------------------------- programs

    @property
    def programs(self) -> list[tuple[int, int]]:
        """(pid_m, pid_bh) of the first launch, in the trace's order."""
        return [(pid_m, pid_bh) for launch, pid_m, pid_bh in self.spans if launch == 0]

    def program(self, pid_m: int, pid_bh: int, launch: int = 0) -> range:
        """Indices of the events of one program; only ``standard`` has launches beyond the first (scores, softmax, output).

        Raises:
            TraceError: There is no such program.
        """
        try:
            return self.spans[launch, pid_m, pid_bh]
        except KeyError:
            known = f"pid_m below {1 + max(s[1] for s in self.spans)}, pid_bh below {1 + max(s[2] for s in self.spans)}"
            raise TraceError(f"expected a program of this trace ({known}), got ({pid_m}, {pid_bh}); choose one of trace.programs") from None

    def line_text(self, event: Event) -> str:
        """The kernel's statement behind an event, without its indentation."""
        return self.header.kernel_source.splitlines()[event.line - self.header.kernel_first_line].strip()

    def sides(self, _tensor: str) -> tuple[str, ...]:
        """The head whose program it was, rows and columns."""
        return BOX

    # ----------------------------------------------------------------------------------------------------- files

    def spill(self) -> None:
        """Move the columns of a large trace, and what it is searched by, to a file without a name, of which only what is looked at
        takes memory.

        What is gathered from all events (hash, digest, bounds, places, sums) is so before.
        """
        if len(self) < LARGE:
            return
        for needed in ("hash", "digest", "spans"):
            getattr(self, needed)
        moved: list[dict[Any, np.ndarray]] = [self.columns, self.places, self.sums]
        with tempfile.TemporaryFile() as file:
            for array in (array for group in moved for array in group.values()):
                array.tofile(file)
                file.write(bytes(-array.nbytes % WIDEST))
            file.flush()
            self._mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        at = 0
        for group in moved:
            for name, array in group.items():
                group[name] = np.frombuffer(self._mapped, array.dtype, len(array), at)
                at += array.nbytes + -array.nbytes % WIDEST

    def let_go(self) -> None:
        """Free the memory of what was looked at since the trace was spilled; it is read again where it is looked at again."""
        if self._mapped is not None:
            self._mapped.madvise(mmap.MADV_DONTNEED)

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """All that is kept, by its name in the file."""
        arrays = super().arrays
        if self.stats is not None:
            arrays |= {f"stats/{field.name}": getattr(self.stats, field.name) for field in fields(Stats)}
        for (pid_m, pid_bh), snapshot in self.snapshots.items():
            arrays |= {f"snapshot/{pid_m}/{pid_bh}/{field.name}": getattr(snapshot, field.name) for field in fields(Snapshot)}
        return arrays

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Trace:
        """Read a file that ``save`` wrote.

        Raises:
            TraceError: The file is missing, is not a trace, has another schema or is damaged.
        """
        contents = npz.Contents(path)
        if contents.raw.get("kind") == "generic":
            kernel = str(contents.raw.get("kernel"))[:80]
            raise TraceError(f"expected a trace of attention, got {path} of kernel {kernel}; load it with flashviz.trace.load")
        return assembled(contents)

    def to_json(self) -> str:
        """Header and columns as lists: for small traces."""
        document = {
            "header": msgspec.to_builtins(self.header),
            "hash": self.hash,
            "columns": {name: column.tolist() for name, column in self.columns.items()},
        }
        return json.dumps(document, ensure_ascii=False)


def columns_of(header: Header) -> tuple[str, ...]:
    """The columns of a recording."""
    return COLUMNS if header.clock is None else COLUMNS + CLOCKED


def narrowed(column: np.ndarray) -> np.ndarray:
    """The same numbers in the narrowest of ``WIDTHS`` that holds them."""
    low, high = (int(column.min()), int(column.max())) if len(column) else (0, 0)
    fitting = (width for width in WIDTHS if np.iinfo(width).min <= low and high <= np.iinfo(width).max)
    return np.ascontiguousarray(column, next(fitting))


def assembled(contents: npz.Contents) -> Trace:
    """The trace in a file whose header was read: what the header says decides which arrays there are, and how large.

    Raises:
        TraceError: The file holds others, or numbers that no recording has.
    """
    header = npz.typed_header(contents.path, contents.raw, Header)
    if hashlib.sha256(header.kernel_source.encode("utf-8", "replace")).hexdigest() != header.kernel_hash:
        raise TraceError(f"expected the kernel's source that {contents.path} names by its hash, got another; {npz.AGAIN}")
    names = columns_of(header)
    kept = {name: member for name, member in contents.members.items() if not name.startswith("column/")}
    columns = {name.removeprefix("column/"): member for name, member in contents.members.items() if name not in kept}
    if set(columns) != set(names) or any(member.dtype.kind != "i" or len(member.shape) != 1 for member in columns.values()):
        raise TraceError(f"expected columns {', '.join(names)} of whole numbers, got others in {contents.path}; {npz.AGAIN}")
    events = columns["kind"].shape[0]
    if header.algorithm in NAMES:  # of others the recorder knows how many there are
        events = form_of(header.algorithm).events(header.config, header.altered)
    wrong = next((f"{name} of {member.shape[0]:,}" for name, member in columns.items() if member.shape != (events,)), None)
    if wrong is not None:
        raise TraceError(
            f"expected {events:,} events, as {header.algorithm} of its config has, got {contents.path} with {wrong}; {npz.AGAIN}"
        )
    _check_kept(contents.path, header, kept)
    arrays = contents.arrays()
    _check_numbers(contents.path, header, {name: arrays[f"column/{name}"] for name in names})
    stats = Stats(**{field.name: arrays[f"stats/{field.name}"] for field in fields(Stats)}) if "stats/m" in kept else None
    programs = {(int(pid_m), int(pid_bh)) for _, pid_m, pid_bh, _ in (name.split("/") for name in kept if name.startswith("snapshot/"))}
    return Trace(
        header, {name: arrays[f"column/{name}"] for name in names}, stats=stats,
        snapshots={
            (pid_m, pid_bh): Snapshot(**{field.name: arrays[f"snapshot/{pid_m}/{pid_bh}/{field.name}"] for field in fields(Snapshot)})
            for pid_m, pid_bh in sorted(programs)
        },
    )  # fmt: skip


def _check_kept(path: Path, header: Header, members: Mapping[str, npz.Member]) -> None:
    """Values that were kept have the shapes that the config gives them."""
    c, expected = header.config, {}
    copies = c.batch * c.heads
    keeps = header.keeps_rows
    if keeps and "stats/m" in members:
        expected = {f"stats/{field.name}": (copies, c.col_blocks, c.seq_q) for field in fields(Stats)}
    for name in members:
        if keeps and (found := SNAPSHOT.fullmatch(name)) is not None:
            pid_m, pid_bh = int(found["pid_m"]), int(found["pid_bh"])
            rows, tiles = min(c.block_m, c.seq_q - pid_m * c.block_m), c.visited(pid_m)
            wide = {"s": (c.block_n,), "p": (c.block_n,), "acc": (c.head_dim,)}
            if rows >= 1 and pid_bh < copies:
                expected |= {
                    f"snapshot/{pid_m}/{pid_bh}/{field.name}": (tiles, rows, *wide.get(field.name, ())) for field in fields(Snapshot)
                }
    found_shapes = {name: member.shape for name, member in members.items()}
    if found_shapes != expected or any(member.dtype != np.float32 for member in members.values()):
        odd = next((name for name in (*members, *expected) if found_shapes.get(name) != expected.get(name)), "numbers that are not float32")
        raise TraceError(f"expected values of the shapes that the config gives them, got {path} with {odd}; {npz.AGAIN}")


def _check_numbers(path: Path, header: Header, columns: Mapping[str, np.ndarray]) -> None:
    """What every reader of a trace relies on; whether each event is the algorithm's own, ``first_difference`` says."""
    c, most = header.config, 1 << 53
    ours = header.algorithm in NAMES
    own = c.row_blocks if ours else max(c.row_blocks, c.col_blocks)  # a program of others may own a key tile
    most_rows = c.row_blocks if ours else c.row_blocks * c.group  # a group's heads may be numbered on
    limits = {
        "launch": (0, max((each.launch for each in header.statements), default=0)),
        "pid_m": (0, own - 1), "pid_bh": (0, c.batch * c.heads - 1),
        "step": (0, len(columns["kind"]) - 1), "i": (-1, most_rows - 1), "j": (-1, c.col_blocks - 1),
        "r0": (0, max(c.seq_q, c.seq_k)), "r1": (0, max(c.seq_q, c.seq_k)),
        "c0": (0, max(c.seq_k, c.head_dim)), "c1": (0, max(c.seq_k, c.head_dim)),
    }  # fmt: skip
    for name, column in columns.items():
        low, high = limits.get(name, (0, most))
        wrong = np.flatnonzero((column < low) | (column > high)) if len(column) else column
        if len(wrong):
            raise TraceError(
                f"expected {name} from {low} to {high}, got {path} with {name} {column[wrong[0]]} in event {wrong[0]:,}; {npz.AGAIN}"
            )


def first_difference(found: Trace, expected: Trace) -> str | None:
    """What ``found`` says of the first event of which ``expected``, a recording of the same config, says something else.

    What its statements mean is compared, and every column that a config decides: those in ``COMPARED``, and the launch. Source lines
    are each recorder's own.
    """
    said, known = found.header.statements, expected.header.statements
    if len(said) != len(known):
        return f"{len(said)} statements, not {len(known)}"
    odd = next((one for one, other in zip(said, known, strict=True) if msgspec.structs.replace(one, line=other.line) != other), None)
    if odd is not None:
        return f"statement {odd.name[:80]!r} with another meaning"
    if len(found) != len(expected):
        return f"{len(found):,} events, not {len(expected):,}"
    at, what = len(found), ""
    for name in (*COMPARED, "launch"):
        mine, theirs = found.columns[name], expected.columns[name]
        differs = mine[:at] != theirs[:at]
        first = int(np.argmax(differs)) if differs.any() else at
        if first < at:
            at, what = first, f"event {first:,} with {name} {mine[first]}, not {theirs[first]}"
    return what or None


def check_events(found: Trace, expected: Trace, path: str | os.PathLike[str]) -> None:
    """Refuse a recording of which an event is not the algorithm's.

    Raises:
        TraceError: With the first such event.
    """
    different = first_difference(found, expected)
    if different is not None:
        raise TraceError(f"expected the events that the header of {path} records again, got {different}; {npz.AGAIN}")
