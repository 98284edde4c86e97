"""One recording, of whatever kernel: a header, columns of events sorted by (launch, program, step), and what was kept beside them."""

# l and O are the symbols of the papers

from __future__ import annotations

import hashlib
import json
import mmap
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from functools import cached_property
from typing import Any

import msgspec
import numpy as np

from flashviz.config import AttentionConfig
from flashviz.errors import TraceError
from flashviz.inputs import Arrays, inputs_hash, make_inputs
from flashviz.trace import npz
from flashviz.trace.events import Event, Kind
from flashviz.trace.header import Header
from flashviz.trace.parts import PARTS, Parts
from flashviz.trace.reading import CLOCKED, COMPARED, WIDE, axes_of, bounds_of, check_codes, columns_of, of_codes, read
from flashviz.trace.statements import Statement
from flashviz.trace.traffic import Touches, Transfers, before, running
from flashviz.trace.values import Snapshot, Stats

AT_ONCE = 1 << 15  # numbers that are widened for the hash: they stay in a core's cache
LARGE = 1 << 20  # events, from which on a film keeps its traces on disk
WIDTHS = (np.int16, np.int32, np.int64)
WIDEST = 8  # bytes of the widest: where arrays begin in a file, so that they are aligned in memory


class Trace:
    """A recording of some launches, sorted by (launch, program, step). Treat its arrays as read-only.

    Args:
        header: Provenance, and ``statements``: what the events mean.
        columns: Integer arrays of equal length, by ``columns_of(header, axes)``. Times are kept as int64, all else in the narrowest of
            ``WIDTHS`` that holds it: a recording may have ten million events. ``kind`` is the code of the statement; ``start0`` to
            ``stop0`` is the box along the tensor's first axis, ``block0`` the block's first side, each padded to one number of axes: boxes
            behind with 0 to 1, blocks in front with 1. Of a tile the box is ``r0`` to ``r1``, ``c0`` to ``c1``.
        parts: The elements of accesses that are no whole box; without it, all are.
        stats: m, l, alpha of all programs, where they were kept.
        snapshots: All values of some programs, by (pid_m, pid_bh).
        margins: Where values decide which statements run, how far each decision lay from its edge: arrays by their names in the header.

    Raises:
        TraceError: An event's code is that of no statement.
    """

    def __init__(
        self,
        header: Header,
        columns: Mapping[str, np.ndarray],
        *,
        parts: Parts | None = None,
        stats: Stats | None = None,
        snapshots: Mapping[tuple[int, int], Snapshot] | None = None,
        margins: Mapping[str, np.ndarray] | None = None,
    ) -> None:
        check_codes(header, columns["kind"])
        self.header = header
        self.axes = 2 if header.config is not None else axes_of(columns)
        self.columns = {
            name: np.ascontiguousarray(columns[name], np.int64) if name in CLOCKED else narrowed(columns[name])
            for name in columns_of(header, self.axes)
        }
        self.statements = {statement.code: statement for statement in header.statements}
        self.parts = Parts.none(len(columns["kind"])) if parts is None else parts
        self.stats = stats
        self.snapshots = dict(snapshots or {})
        self.margins = dict(margins or {})
        self._touches: dict[tuple[str, bool], Touches] = {}
        self._mapped: mmap.mmap | None = None

    @property
    def config(self) -> AttentionConfig:
        """The problem of attention.

        Raises:
            TraceError: It is a recording of another kernel.
        """
        if self.header.config is None:
            raise TraceError(f"expected a trace of attention, got one of kernel {self.header.kernel[:80]}; record one with flashviz trace")
        return self.header.config

    @cached_property
    def inputs(self) -> Arrays:
        """Q, K and V, made again by the header's recipe.

        Raises:
            TraceError: They are not those that were recorded.
        """
        arrays = make_inputs(self.config)
        if inputs_hash(arrays) != self.header.inputs_hash:
            what = f"Q, K and V of a trace of {self.header.algorithm[:80]} by its config's recipe"
            raise TraceError(f"expected {what}, got a hash of others; record again, or ask its algorithm for all of its inputs")
        return arrays

    # ------------------------------------------------------------------------------------------------------------ events

    def __len__(self) -> int:
        return len(self.columns["kind"])

    def __getitem__(self, index: int) -> Event:
        if not -len(self) <= index < len(self):
            raise IndexError(f"expected an event below {len(self):,}, got {index}; trace has {len(self):,} events")
        index %= len(self)
        at = {name: int(column[index]) for name, column in self.columns.items()}
        statement = self.statements[at["kind"]]
        axes = self.axes if self.header.config is not None else len(self._shape(statement))
        return Event(
            index=index, statement=statement, launch=at["launch"], pid=tuple([at[name] for name in self.header.program[1:]]),
            step=at["step"], box=tuple([(at[start], at[stop]) for start, stop in self.box_sides[:axes]]),
            shape=tuple([at[name] for name in self.block_sides]), i=at.get("i", -1), j=at.get("j", -1), nbytes=at["nbytes"],
            touched=at.get("touched"), flops=at["flops"], t_ns=at.get("t_ns"), sm=at.get("sm"),
        )  # fmt: skip

    def __iter__(self) -> Iterator[Event]:
        return (self[index] for index in range(len(self)))

    def line_text(self, event: Event) -> str:
        """The source line behind an event, without its indentation; empty where its file is unknown."""
        return self.header.sources[event.file].line(event.line) if event.file >= 0 else ""

    # ------------------------------------------------------------------------------------------------------------- boxes

    @cached_property
    def box_sides(self) -> tuple[tuple[str, str], ...]:
        """Columns with start and stop of each axis of a box."""
        if self.header.config is not None:
            return ("r0", "r1"), ("c0", "c1")
        return tuple((f"start{axis}", f"stop{axis}") for axis in range(self.axes))

    @cached_property
    def block_sides(self) -> tuple[str, ...]:
        """Columns with the sides of a block on chip; a tile has those of its box."""
        return () if self.header.config is not None else tuple(f"block{axis}" for axis in range(self.axes))

    def boxes(self, events: Any = slice(None)) -> np.ndarray:
        """Start and stop along each axis [events, axes, 2]."""
        sides = [self.columns[name][events] for pair in self.box_sides for name in pair]
        return np.stack(sides, axis=1).reshape(-1, self.axes, 2)

    def blocks(self, events: Any = slice(None)) -> np.ndarray:
        """Sides of the blocks on chip [events, axes]; of a DOT (..., m, n, k)."""
        return np.stack([self.columns[name][events] for name in self.block_sides], axis=1)

    def sides(self, tensor: str) -> tuple[str, ...]:
        """Columns that tell boxes of a tensor apart: of a tile the head whose program it was, rows and columns."""
        if self.header.config is not None:
            return "pid_bh", "r0", "r1", "c0", "c1"
        axes = len(self.header.tensors[self.tensor_at[tensor]].shape)
        return tuple(name for pair in self.box_sides[:axes] for name in pair)

    def elements(self, index: int) -> np.ndarray:
        """Which elements of its tensor an event touched, as indices in the row-major order of the shape, rising; where several share their
        memory, one of them. Of a recording without tiles."""
        part, statement = int(self.parts.event[index]), self.statements[int(self.columns["kind"][index])]
        if part >= 0:
            return self.parts.elements(part)
        flat: Any = np.zeros(1 if statement.tensor is not None and self.columns["nbytes"][index] else 0, np.int64)
        for (start, stop), size in zip(self[index].box, self._shape(statement), strict=True):
            flat = (flat[:, None] * size + np.arange(start, stop)).reshape(-1)
        return np.asarray(flat)

    def _shape(self, statement: Statement) -> tuple[int, ...]:
        """Of the tensor that a statement touches; that of a number, where it touches none."""
        return () if statement.tensor is None else self.header.tensors[self.tensor_at[statement.tensor]].shape

    @cached_property
    def tensor_at(self) -> dict[str, int]:
        """Name -> index of a tensor in the header."""
        return {info.name: at for at, info in enumerate(self.header.tensors)}

    @property
    def tensors(self) -> np.ndarray:
        """Index of the tensor that each event touched, -1 where it touched none."""
        return self.of_events(lambda each: -1 if each.tensor is None else self.tensor_at[each.tensor])

    @property
    def ops(self) -> np.ndarray:
        """The operation of each event."""
        return self.of_events(lambda each: int(each.op))

    # ---------------------------------------------------------------------------------------------------------- programs

    @cached_property
    def bounds(self) -> np.ndarray:
        """First event of each program in the trace's order, and one past the last event."""
        return bounds_of([self.columns[name] for name in self.header.program])

    @cached_property
    def spans(self) -> dict[tuple[int, ...], range]:
        """By launch and pid, the events of each program that did something, in the trace's order."""
        keys = np.stack([self.columns[name][self.bounds[:-1]] for name in self.header.program], axis=1).tolist()
        ends = zip(self.bounds[:-1].tolist(), self.bounds[1:].tolist(), strict=True)
        return {tuple(key): range(*span) for key, span in zip(keys, ends, strict=True)}

    @property
    def programs(self) -> list[tuple[int, int]]:
        """(pid_m, pid_bh) of the programs of the first launch of attention, in the trace's order.

        Raises:
            TraceError: It is a recording of another kernel, whose ``spans`` have its programs.
        """
        _ = self.config
        return [(pid_m, pid_bh) for launch, pid_m, pid_bh in self.spans if launch == 0]

    def program(self, *pid: int, launch: int = 0) -> range:
        """Indices of the events of one program; none where it did nothing.

        Raises:
            TraceError: The launch has no such program.
        """
        launches = self.header.launches
        axes = len(self.header.program) - 1
        inside = 0 <= launch < len(launches) and len(pid) == axes
        if not (inside and all(0 <= at < size for at, size in zip(pid, launches[launch].grid[:axes], strict=True))):
            grids = ", ".join(str(each.grid) for each in launches)
            raise TraceError(f"expected a program of {len(launches)} launches with grids {grids}, got launch {launch}, program {pid}")
        return self.spans.get((launch, *pid), range(0))

    def key_tiles(self, *pid: int) -> np.ndarray:
        """Key tiles j [T] that a program of attention's first launch visits, in its order: each visit begins with its scores."""
        span = self.program(*pid)
        codes, j = (self.columns[name][span.start : span.stop] for name in ("kind", "j"))
        return np.asarray(j[codes == Kind.QK_DOT])

    # -------------------------------------------------------------------------------------------------------- statements

    def of_events(self, value: Callable[[Statement], Any]) -> np.ndarray:
        """What holds of the statement of each event: a number, a truth or a row of numbers."""
        return of_codes(self.header.statements, self.columns["kind"], value)

    @property
    def order(self) -> np.ndarray:
        """Which of the statements, in the header's order, each event executed."""
        at = {code: index for index, code in enumerate(self.statements)}
        return self.of_events(lambda each: at[each.code])

    @cached_property
    def places(self) -> dict[int, np.ndarray]:
        """Code -> indices of the events that executed the statement, rising: what a query searches."""
        codes = self.columns["kind"]
        return {code: np.flatnonzero(codes == code).astype(np.int32) for code in self.statements}

    def last(self, code: int, first: int, k: int) -> int:
        """The last of events first..k-1 that executed a statement; -1 where none did."""
        places = self.places[code]
        found = int(places[at - 1]) if (at := before(places, k)) else -1
        return found if found >= first else -1

    def count(self, code: int, first: int, k: int) -> int:
        """How many of events first..k-1 executed a statement; none did where the trace has no such statement."""
        places = self.places.get(code)
        return 0 if places is None else before(places, k) - before(places, first)

    @cached_property
    def products(self) -> dict[str, tuple[list[Statement], list[Statement]]]:
        """Name -> statements that make a product on chip, and statements that free it."""
        made: dict[str, list[Statement]] = {}
        for each in self.statements.values():
            if each.makes is not None:
                made.setdefault(each.makes.name, []).append(each)
        return {product: (makers, [each for each in self.statements.values() if product in each.frees]) for product, makers in made.items()}

    # ------------------------------------------------------------------------------------------------------------- bytes

    @cached_property
    def sums(self) -> dict[int, np.ndarray]:
        """Code -> bytes that a statement's events moved before each of them, and after the last; of those that touch HBM."""
        nbytes, moving = self.columns["nbytes"], [each.code for each in self.statements.values() if each.tensor is not None]
        return {code: running(nbytes[self.places[code]]) for code in moving}

    def touches(self, tensor: str, *, writes: bool) -> Touches:
        """Which boxes of a tensor in HBM its events read, or wrote; an atomic operation does both. There are none of an unknown tensor."""
        key = tensor, writes
        if key not in self._touches:
            moving = (each for each in self.statements.values() if each.tensor == tensor and (each.writes if writes else each.reads))
            events = np.sort(np.concatenate([np.zeros(0, np.int32), *(self.places[each.code] for each in moving)]))
            sides = [self.columns[name][events].tolist() for name in (self.sides(tensor) if len(events) else ())]
            boxes: dict[tuple[int, ...], int] = {}
            which = [boxes.setdefault(box, len(boxes)) for box in (zip(*sides, strict=True) if sides else [()] * len(events))]
            self._touches[key] = Touches(list(boxes), events, np.array(which, np.int32))
        return self._touches[key]

    @property
    def transfers(self) -> list[Transfers]:
        """What crossed between HBM and the chip, statement by statement."""
        return [
            Transfers(each.tensor, self.places[each.code], self.sums[each.code], reads=each.reads, writes=each.writes)
            for each in self.statements.values()
            if each.tensor is not None
        ]

    # ---------------------------------------------------------------------------------------------------- files and hashes

    @property
    def compared(self) -> list[np.ndarray]:
        """What two recordings of one problem agree upon: of tiles ``COMPARED``; of any kernel all, and what each event did where, whatever
        the code of its statement."""
        if self.header.config is not None:
            return [self.columns[name] for name in COMPARED]
        did = [self.of_events(value) for value in (lambda each: each.file, lambda each: each.line)]
        own = [self.columns[name] for name in (*self.header.program, "step")]
        wide = [self.columns[name] for name in WIDE]
        return [*own, self.ops, self.tensors, *did, *wide, self.boxes(), self.blocks(), *(getattr(self.parts, name) for name in PARTS)]

    @cached_property
    def hash(self) -> str:
        """Twelve hex digits over what is ``compared``."""
        digest = hashlib.sha256()
        for array in self.compared:
            for at in range(0, len(array), AT_ONCE):
                digest.update(array[at : at + AT_ONCE].astype("<i8").tobytes())
        return digest.hexdigest()[:12]

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """All that is kept, by its name in the file."""
        arrays = {f"column/{name}": column for name, column in self.columns.items()}
        if self.header.config is None:
            arrays |= {f"parts/{name}": getattr(self.parts, name) for name in PARTS}
        if self.stats is not None:
            arrays |= {f"stats/{field.name}": getattr(self.stats, field.name) for field in fields(Stats)}
        for (pid_m, pid_bh), snapshot in self.snapshots.items():
            arrays |= {f"snapshot/{pid_m}/{pid_bh}/{field.name}": getattr(snapshot, field.name) for field in fields(Snapshot)}
        return arrays | {f"margin/{name}": margins for name, margins in self.margins.items()}

    @cached_property
    def digest(self) -> str:
        """64 hex digits over the header and every array: what stands for the whole recording where something is made from it."""
        return npz.digest(self.header, self.arrays)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a compressed npz file, beside its place first and then renamed."""
        npz.write(path, self.header, self.arrays)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Trace:
        """Read a file that ``save`` wrote.

        Raises:
            TraceError: The file is missing, is not a trace, has another schema or is damaged.
        """
        header, arrays = read(path)

        def group(prefix: str) -> dict[str, Any]:
            return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}

        programs = sorted({tuple(map(int, name.split("/")[:2])) for name in group("snapshot/")})
        return cls(
            header, group("column/"), parts=Parts(**group("parts/")) if header.config is None else None,
            stats=Stats(**group("stats/")) if group("stats/") else None,
            snapshots={(pid_m, pid_bh): Snapshot(**group(f"snapshot/{pid_m}/{pid_bh}/")) for pid_m, pid_bh in programs},
            margins=group("margin/"),
        )  # fmt: skip

    def to_json(self) -> str:
        """Header and columns as lists: for small traces."""
        document = {
            "header": msgspec.to_builtins(self.header),
            "hash": self.hash,
            "columns": {name: column.tolist() for name, column in self.columns.items()},
        }
        return json.dumps(document, ensure_ascii=False)

    # ------------------------------------------------------------------------------------------------------- large traces

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


def narrowed(column: np.ndarray) -> np.ndarray:
    """The same numbers in the narrowest of ``WIDTHS`` that holds them."""
    low, high = (int(column.min()), int(column.max())) if len(column) else (0, 0)
    fitting = (width for width in WIDTHS if np.iinfo(width).min <= low and high <= np.iinfo(width).max)
    return np.ascontiguousarray(column, next(fitting))


def first_difference(found: Trace, expected: Trace) -> str | None:
    """What ``found`` says of the first event of which ``expected``, a recording of the same config, says something else.

    What its statements mean is compared, and every column that a config decides: those in ``COMPARED``, and the launch. Source lines
    are each recorder's own.
    """
    said, known = found.header.statements, expected.header.statements
    if len(said) != len(known):
        return f"{len(said)} statements, not {len(known)}"
    pairs = ((one, msgspec.structs.replace(one, file=other.file, line=other.line), other) for one, other in zip(said, known, strict=True))
    odd = next((one for one, there, other in pairs if there != other), None)
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
