"""A recording of any kernel: what an unedited Triton kernel loaded, stored, multiplied and reduced, as its pointers say."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np

from flashviz.errors import TraceError
from flashviz.trace import npz
from flashviz.trace.executed import Executed, Recorded
from flashviz.trace.statements import MOST, READS, WRITES, Op, Statement, check_statements

SCALARS = ("launch", "pid_x", "pid_y", "pid_z", "step", "kind")
WIDE = ("nbytes", "touched", "flops")
DTYPES: dict[str, type[np.signedinteger[Any]]] = {**dict.fromkeys(SCALARS, np.int32), **dict.fromkeys(WIDE, np.int64)}
COUNTABLE = 1 << 53  # bytes, beyond which a number in a page is not exact
BLOCKS = ("box", "shape")  # [events, axes, 2] and [events, axes]
PARTS = ("event", "bounds", "runs")  # of ``Parts``
DID = ("launch", "op", "tensor", "file", "line")  # of an event, as it was seen: statements are made of it


class TensorInfo(msgspec.Struct, frozen=True):
    """An array that a kernel was given: named after its parameter. Strides count elements."""

    name: str
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: str
    itemsize: int

    @property
    def nbytes(self) -> int:
        """Of all elements that are stored: where a stride is zero, or steps overlap, several indices are one of them."""
        if 0 in self.shape:
            return 0
        moving = sorted((abs(step), size) for size, step in zip(self.shape, self.strides, strict=True) if size > 1 and step)
        reach = 0
        for step, size in moving:
            if step <= reach:  # it does not leave what the smaller steps reach: mark what is reached
                return int(self.stored.sum()) * self.itemsize
            reach += (size - 1) * step
        return math.prod(size for _, size in moving) * self.itemsize

    @property
    def stored(self) -> np.ndarray:
        """Which elements are stored, from the lowest address of the tensor to its highest."""
        marks = np.zeros(self.extent, bool)
        self.over(marks)[...] = True
        return marks

    @property
    def extent(self) -> int:
        """How many elements lie between its lowest address and its highest, whether they are its own or not."""
        if 0 in self.shape:
            return 0
        return 1 + sum((size - 1) * abs(step) for size, step in zip(self.shape, self.strides, strict=True))

    def over(self, memory: np.ndarray) -> np.ndarray:
        """``memory`` [extent], seen as the tensor's shape with its strides: where elements share memory, they share it here too."""
        if 0 in self.shape:
            return np.zeros(self.shape, memory.dtype)
        first = sum((size - 1) * -step for size, step in zip(self.shape, self.strides, strict=True) if step < 0)
        steps = tuple(step * memory.itemsize for step in self.strides)
        return np.lib.stride_tricks.as_strided(memory[first:], self.shape, steps)


class Launch(msgspec.Struct, frozen=True):
    """One call of a kernel: its grid, which tensor each pointer parameter was, and the other arguments as they were given."""

    kernel: str
    grid: tuple[int, int, int]
    tensors: dict[str, int]
    arguments: dict[str, int | float | str | bool | None]


class FunctionText(msgspec.Struct, frozen=True):
    """A function that ran: its lines from its def on, and the first and last line of each statement, for one with a body of its head.

    Decorators, docstring and comments are no statements.
    """

    name: str
    first_line: int
    last_line: int
    statements: list[tuple[int, int]]


class SourceText(msgspec.Struct, frozen=True):
    """The text of one file's traced functions, from ``first_line`` on."""

    file: str
    first_line: int
    text: str
    functions: list[FunctionText] = []

    def line(self, number: int) -> str:
        """One line of the file, without its indentation."""
        return self.lines[number - self.first_line].strip()

    @property
    def lines(self) -> list[str]:
        """Its lines."""
        return self.text.split("\n")[:-1] if self.text.endswith("\n") else self.text.split("\n")

    def function(self, number: int) -> FunctionText | None:
        """The innermost function that a line is in."""
        around = [each for each in self.functions if each.first_line <= number <= each.last_line]
        return max(around, key=lambda each: each.first_line, default=None)


class GenericHeader(Recorded, frozen=True, kw_only=True):
    """Where a recording comes from."""

    kind: Literal["generic"] = "generic"
    source: Literal["triton-interpreter", "numpy"] = "triton-interpreter"  # an interpreted kernel's pointers, or a twin's report
    kernel: str  # the first that was launched
    launcher: str
    sources: list[SourceText]
    tensors: list[TensorInfo]
    launches: list[Launch]

    def __post_init__(self) -> None:
        """Refuse statements that no recorder writes: from a file."""
        check_statements(self.statements)
        tensors = {info.name for info in self.tensors}
        lines = [range(source.first_line, source.first_line + len(source.text.splitlines())) for source in self.sources]
        for each in self.statements:
            if each.tensor is not None and each.tensor not in tensors:
                raise TraceError(f"statements must touch tensors of the header, got {each.name[:80]!r}; {npz.AGAIN}")
            if not -1 <= each.file < len(lines) or (each.file >= 0 and each.line not in lines[each.file]):
                raise TraceError(f"statements must stand in lines of the sources, got {each.name[:80]!r} in line {each.line}; {npz.AGAIN}")
            if each.makes is not None:
                raise TraceError(f"statements seen from outside must leave nothing on chip, got {each.name[:80]!r}; {npz.AGAIN}")
            if each.launch >= len(self.launches):
                raise TraceError(f"statements must be of {len(self.launches)} launches, got {each.name[:80]!r} of {each.launch}")


def statements_of(did: np.ndarray, tensors: Sequence[TensorInfo]) -> tuple[tuple[Statement, ...], np.ndarray]:
    """One statement for each file, line, operation and tensor that events were seen with.

    Args:
        did: [events, 5], as ``DID`` names them; -1 for no tensor, and for no file.
        tensors: The header's.

    Returns:
        The statements, and the code of each event's.

    Raises:
        TraceError: There are more than a trace may have.
    """
    launch, op, tensor, file, line = did.astype(np.int64).T
    key = ((file + 1) * (1 + line.max(initial=0)) + line) * (len(tensors) + 1) + tensor + 1
    _, first, code = np.unique(key * len(Op) + op, return_index=True, return_inverse=True)
    if len(first) > MOST:
        raise TraceError(f"expected at most {MOST:,} statements, got {len(first):,}; record fewer launches at once")
    low, high = np.full(len(first), np.iinfo(np.int64).max), np.full(len(first), -1)
    np.minimum.at(low, code, launch)
    np.maximum.at(high, code, launch)
    found = []
    for at, event in enumerate(first.tolist()):
        what, name = Op(int(op[event])), tensors[tensor[event]].name if tensor[event] >= 0 else None
        words = what.name.lower().replace("_", " ")
        found.append(Statement(
            code=at, name=what.name if name is None else f"{what.name} {name}", op=what, launch=int(low[at]) if low[at] == high[at] else -1,
            file=int(file[event]), line=int(line[event]), tensor=name, says=words if name is None else f"{words} {name}: {{bytes}} bytes",
        ))  # fmt: skip
    return tuple(found), code


@dataclass(frozen=True, slots=True)
class GenericEvent:
    """One event: program ``pid`` of a launch did ``op`` as its ``step``-th.

    ``box`` bounds what was touched of ``tensor``, one (start, stop) an axis; ``GenericTrace.elements`` says which. ``nbytes`` are those
    of the distinct elements. ``touched`` counts an element as often as lanes asked for it. ``shape`` is that of the block on
    chip; for a DOT (..., m, n, k). ``tensor`` is None and ``box`` empty where memory is not touched.
    """

    index: int
    launch: int
    pid: tuple[int, int, int]
    step: int
    op: Op
    tensor: str | None
    box: tuple[tuple[int, int], ...]
    shape: tuple[int, ...]
    nbytes: int
    touched: int
    flops: int
    file: int
    line: int

    @property
    def is_load(self) -> bool:
        return self.op in READS

    @property
    def is_store(self) -> bool:
        return self.op in WRITES


@dataclass(frozen=True)
class Parts:
    """Elements of accesses that are no whole box: part p has the runs ``bounds[p]`` to ``bounds[p + 1]`` of ``runs``.

    A run is (first, one past the last) element in the row-major order of the tensor's shape. ``event`` has the part of each event, -1
    where it touched its whole box.
    """

    event: np.ndarray
    bounds: np.ndarray
    runs: np.ndarray

    @classmethod
    def of(cls, event: np.ndarray, parts: Sequence[np.ndarray]) -> Parts:
        """From the runs [n, 2] of each part."""
        bounds = np.concatenate([[0], np.cumsum([len(runs) for runs in parts], dtype=np.int64)]).astype(np.int64)
        return cls(np.ascontiguousarray(event, np.int32), bounds, np.concatenate([np.zeros((0, 2), np.int64), *parts]))

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """As they are in a file."""
        return {"parts/event": self.event, "parts/bounds": self.bounds, "parts/runs": self.runs}

    def elements(self, part: int) -> np.ndarray:
        """Indices of a part's elements, rising."""
        runs = self.runs[self.bounds[part] : self.bounds[part + 1]]
        lengths = runs[:, 1] - runs[:, 0]
        steps = np.repeat(runs[:, 0] - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths)
        return np.asarray(steps + np.arange(int(lengths.sum())))


class GenericTrace(Executed):
    """A recording of the launches of a kernel, sorted by (launch, program, step). Treat its arrays as read-only.

    Args:
        header: Provenance.
        columns: Arrays of equal length, one a name in ``DTYPES``; and ``box`` [events, axes, 2], ``shape`` [events, axes], both int32,
            padded with (0, 1) and with 1 (in front).
        parts: The elements of accesses that are no whole box; without it, all are.
    """

    PROGRAM = ("launch", "pid_x", "pid_y", "pid_z")
    header: GenericHeader

    def __init__(self, header: GenericHeader, columns: Mapping[str, np.ndarray], parts: Parts | None = None) -> None:
        self.parts = Parts.of(np.full(len(columns["kind"]), -1), []) if parts is None else parts
        dtypes = DTYPES | dict.fromkeys(BLOCKS, np.int32)
        super().__init__(header, {name: np.ascontiguousarray(columns[name], dtype) for name, dtype in dtypes.items()})

    def __getitem__(self, index: int) -> GenericEvent:
        index = self.placed(index)
        at = {name: int(self.columns[name][index]) for name in DTYPES}
        did = self.statements[at["kind"]]
        axes = 0 if did.tensor is None else len(self.header.tensors[self.tensor_at[did.tensor]].shape)
        box = self.columns["box"][index][:axes].tolist()
        return GenericEvent(
            index=index, launch=at["launch"], pid=(at["pid_x"], at["pid_y"], at["pid_z"]), step=at["step"], op=did.op,
            tensor=did.tensor, box=tuple((start, stop) for start, stop in box),
            shape=tuple(self.columns["shape"][index].tolist()), nbytes=at["nbytes"], touched=at["touched"], flops=at["flops"],
            file=did.file, line=did.line,
        )  # fmt: skip

    @cached_property
    def tensor_at(self) -> dict[str, int]:
        """Name -> index of a tensor in the header."""
        return {info.name: at for at, info in enumerate(self.header.tensors)}

    @property
    def tensors(self) -> np.ndarray:
        """Index of the tensor that each event touched, -1 where it touched none."""
        return self.of_events(lambda each: -1 if each.tensor is None else self.tensor_at[each.tensor])

    def sides(self, tensor: str) -> tuple[str, ...]:
        """Start and stop of each of its axes."""
        axes = range(len(self.header.tensors[self.tensor_at[tensor]].shape))
        return tuple(f"{side}{axis}" for axis in axes for side in ("start", "stop"))

    def column(self, name: str) -> np.ndarray:
        """As they are kept, and ``start0``, ``stop0``, ``start1``, ...: the sides of the box."""
        side = name.rstrip("0123456789")
        if side not in ("start", "stop"):
            return self.columns[name]
        return np.asarray(self.columns["box"][:, int(name.removeprefix(side)), int(side == "stop")])

    @property
    def ops(self) -> np.ndarray:
        """The operation of each event."""
        return self.of_events(lambda each: int(each.op))

    def elements(self, index: int) -> np.ndarray:
        """Which elements of its tensor an event touched, as indices in the row-major order of the shape, rising; where several share their
        memory, one of them."""
        part, tensor = int(self.parts.event[index]), self.statements[int(self.columns["kind"][index])].tensor
        if part >= 0:
            return self.parts.elements(part)
        shape = () if tensor is None else self.header.tensors[self.tensor_at[tensor]].shape
        flat: Any = np.zeros(1 if tensor is not None and self.columns["nbytes"][index] else 0, np.int64)
        for (start, stop), size in zip(self.columns["box"][index][: len(shape)].tolist(), shape, strict=True):
            flat = (flat[:, None] * size + np.arange(start, stop)).reshape(-1)
        return np.asarray(flat)

    def __iter__(self) -> Iterator[GenericEvent]:
        return (self[index] for index in range(len(self)))

    @cached_property
    def hash(self) -> str:
        """Twelve hex digits over all columns, and what each event did where, whatever the code of its statement."""
        digest = hashlib.sha256()
        did = {
            "op": self.ops,
            "tensor": self.tensors,
            "file": self.of_events(lambda each: each.file),
            "line": self.of_events(lambda each: each.line),
        }
        named = [*SCALARS[:-1], *did, *WIDE, *BLOCKS]
        for column in (*((self.columns | did)[name] for name in named), *self.parts.arrays.values()):
            digest.update(column.astype("<i8").tobytes())
        return digest.hexdigest()[:12]

    @property
    def programs(self) -> list[tuple[int, tuple[int, int, int]]]:
        """(launch, (x, y, z)) of every program that did something, in the trace's order."""
        return [(launch, (x, y, z)) for launch, x, y, z in self.spans]

    def program(self, launch: int, pid: tuple[int, int, int]) -> range:
        """Indices of the events of one program; none where it did nothing.

        Raises:
            TraceError: The launch has no such program.
        """
        launches = self.header.launches
        if not (0 <= launch < len(launches) and all(0 <= at < size for at, size in zip(pid, launches[launch].grid, strict=True))):
            grids = ", ".join(str(each.grid) for each in launches)
            raise TraceError(f"expected a program of {len(launches)} launches with grids {grids}, got launch {launch}, program {pid}")
        return self.spans.get((launch, *pid), range(0))

    def line_text(self, event: GenericEvent) -> str:
        """The statement behind an event, without its indentation; empty where its file is unknown."""
        return self.header.sources[event.file].line(event.line) if event.file >= 0 else ""

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """All that is kept, by its name in the file."""
        return super().arrays | self.parts.arrays

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> GenericTrace:
        """Read a file that ``save`` wrote.

        Raises:
            TraceError: The file is missing, is no generic trace, has another schema or is damaged.
        """
        contents = npz.Contents(path)
        if contents.raw.get("kind") != "generic":
            kind = str(contents.raw.get("kind"))[:80]
            raise TraceError(f"expected a trace of any kernel, got {path} of kind {kind}; load it with flashviz.trace.load")
        return assembled(contents)


def assembled(contents: npz.Contents) -> GenericTrace:
    """The trace in a file whose header was read, checked: what its events say fits what the header says, and one another.

    Raises:
        TraceError: The file holds other arrays, or numbers that no recording has.
    """
    path = contents.path
    header = npz.typed_header(path, contents.raw, GenericHeader)
    _check_header(path, header)
    names = {f"column/{name}" for name in (*DTYPES, *BLOCKS)}
    shapes = {name: member.shape for name, member in contents.members.items()}
    events, axes = (*shapes.get("column/shape", ()), -1, -1)[:2]
    expected = dict.fromkeys(names, (events,)) | {"column/shape": (events, axes), "column/box": (events, axes, 2)}
    expected |= {"parts/event": (events,), "parts/bounds": (*shapes.get("parts/bounds", ()), -1)[:1]}
    expected |= {"parts/runs": ((*shapes.get("parts/runs", ()), -1)[0], 2)}
    if shapes != expected or any(member.dtype.kind != "i" for member in contents.members.values()):
        raise TraceError(f"expected columns {', '.join((*DTYPES, *BLOCKS))} of one length, got others in {path}; {npz.AGAIN}")
    arrays = contents.arrays()
    columns = {name.removeprefix("column/"): array for name, array in arrays.items() if name in names}
    wrong = _impossible(header, columns)
    if wrong is not None:
        raise TraceError(f"expected {wrong[0]}, got others in event {wrong[1]:,} of {path}; {npz.AGAIN}")
    return GenericTrace(header, columns, _parts(path, arrays))


def _check_header(path: Path, header: GenericHeader) -> None:
    """Tensors that can be, and launches of them."""
    for info in header.tensors:
        size = math.prod(info.shape) * info.itemsize
        if len(info.shape) != len(info.strides) or min((info.itemsize, *info.shape), default=1) < 0 or not 0 <= size < COUNTABLE:
            raise TraceError(f"expected tensors with a stride an axis, got {path} with {info.name[:80]!r}; {npz.AGAIN}")
    for launch in header.launches:
        if min(launch.grid) < 0 or any(not 0 <= at < len(header.tensors) for at in launch.tensors.values()):
            raise TraceError(f"expected launches over the tensors of the header, got {path} with {launch.kernel[:80]!r}; {npz.AGAIN}")


def _impossible(header: GenericHeader, columns: Mapping[str, np.ndarray]) -> tuple[str, int] | None:
    """What an event had to be, and the first event that is not."""
    axes = columns["shape"].shape[1]
    launch = columns["launch"]
    if (wrong := _first((launch < 0) | (launch >= len(header.launches)))) is not None:
        return f"launch from 0 to {len(header.launches) - 1}", wrong
    if not len(launch):
        return None
    tensors = {info.name: info for info in header.tensors}
    touched = {each.code: () if each.tensor is None else tensors[each.tensor].shape for each in header.statements}
    stop = 1 + max(touched, default=-1)
    codes = columns["kind"]
    if (wrong := _first((codes < 0) | (codes >= stop) | ~np.isin(codes, list(touched)))) is not None:
        return f"kind of {len(touched)} statements", wrong
    deep = np.array([len(touched.get(code, ())) > axes for code in range(stop)])[codes]
    if (wrong := _first(deep)) is not None:
        return f"boxes of as many axes as their tensors have, got {axes}", wrong
    grids = np.array([each.grid for each in header.launches])[launch]
    sides = np.array([(*touched.get(code, ()), *[1] * axes)[:axes] for code in range(stop)])[codes]
    only = {each.code: each.launch for each in header.statements}
    other = np.array([only.get(code, -1) for code in range(stop)])[codes]
    starts, stops = columns["box"][..., 0], columns["box"][..., 1]
    program = np.stack([columns[name] for name in GenericTrace.PROGRAM])
    at = np.arange(program.shape[1])
    begins = np.concatenate([[True], (program[:, 1:] != program[:, :-1]).any(axis=0)])
    first = np.flatnonzero(begins)
    again = np.ones(len(first), bool)  # each program stands in one place
    again[np.unique(program[:, first], axis=1, return_index=True)[1]] = False
    pids = program[1:].T
    rules = {
        "programs of the launch's grid": ((pids < 0) | (pids >= grids)).any(axis=1),
        "a program's events together": np.isin(at, first[again]),
        "steps that count 0, 1, 2, ... in a program": columns["step"] != at - np.maximum.accumulate(np.where(begins, at, 0)),
        "statements in their own launch": (other >= 0) & (other != launch),
        "boxes within their tensors": ((starts < 0) | (stops < starts) | (stops > sides)).any(axis=1),
        "sides that are not negative": (columns["shape"] < 0).any(axis=1),
        **{f"{name} that can be counted": (columns[name] < 0) | (columns[name] >= COUNTABLE) for name in WIDE},
    }  # fmt: skip
    return next(((rule, first_broken) for rule, broken in rules.items() if (first_broken := _first(broken)) is not None), None)


def _first(where: np.ndarray) -> int | None:
    """The first event of which it is true."""
    return int(np.argmax(where)) if where.any() else None


def _parts(path: Path, arrays: Mapping[str, np.ndarray]) -> Parts:
    """The parts in a file that was read, checked."""
    event, bounds, runs = (arrays[f"parts/{name}"] for name in PARTS)
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
    return Parts(event, bounds, runs)
