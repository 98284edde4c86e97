"""Where a recording comes from, and what its events mean: text, launches, tensors, statements, and what was computed."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from typing import Literal

import msgspec
import numpy as np

from flashviz.config import AttentionConfig
from flashviz.device import Resources
from flashviz.errors import TraceError
from flashviz.trace import npz
from flashviz.trace.statements import Statement, check_statements

Source = Literal["numpy", "triton-interpreter", "triton-gpu"]

ROW_VALUES = frozenset({"M", "L", "ALPHA", "ACC"})  # what a row block is worked on with
NAME = 80  # letters of an algorithm's
COUNTABLE = 1 << 53  # bytes, beyond which a number in a page is not exact
GRID, TILES = ("launch", "pid_x", "pid_y", "pid_z"), ("launch", "pid_m", "pid_bh")


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


def hash_of(sources: Iterable[SourceText]) -> str:
    """SHA-256 of their text, 64 hex digits: the ``kernel_hash`` of a header with these sources."""
    return hashlib.sha256("".join(source.text for source in sources).encode("utf-8", "replace")).hexdigest()


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


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """Where a recording comes from, and what its events mean.

    Args:
        source: What said what it did: a twin's or kernel's own report, or, of any kernel, its pointers.
        versions: Of what ran.
        algorithm: What was computed, by name; of a kernel traced from outside, the function that launched it.
        kernel_hash: SHA-256 of the sources' text.
        sources: The text of the traced functions, a file each.
        tensors: The arrays in HBM.
        launches: The launches, in order. Where programs are a row block or key tile and a head, a grid has so many of each.
        statements: What the events mean.
        config: The problem, where programs are a row block or key tile and a head, and events have tiles; None of any other kernel.
        inputs_hash: Of the arrays that the config's recipe makes.
        resources: What the compiler gave a program, where it was asked.
        clock: What the times are, where each event has one.
        altered: What differs from the algorithm, on purpose.

    Raises:
        TraceError: Its parts contradict each other.
    """

    schema: int = npz.SCHEMA
    source: Source
    versions: dict[str, str]
    algorithm: str
    kernel_hash: str
    sources: list[SourceText]
    tensors: list[TensorInfo]
    launches: list[Launch]
    statements: tuple[Statement, ...]
    config: AttentionConfig | None = None
    inputs_hash: str = ""
    resources: Resources | None = None
    clock: str | None = None
    altered: str | None = None

    def __post_init__(self) -> None:
        """Refuse what no recorder writes: from a file."""
        if self.config is not None and not (self.algorithm.isidentifier() and len(self.algorithm) <= NAME):
            raise TraceError(f"an algorithm must have a name of at most {NAME} letters, got {self.algorithm[:NAME]!r}")
        for info in self.tensors:
            size = math.prod(info.shape) * info.itemsize
            if len(info.shape) != len(info.strides) or min((info.itemsize, *info.shape), default=1) < 0 or not 0 <= size < COUNTABLE:
                raise TraceError(f"tensors must have a stride an axis, got {info.name[:80]!r}; {npz.AGAIN}")
        for launch in self.launches:
            if min(launch.grid) < 0 or any(not 0 <= at < len(self.tensors) for at in launch.tensors.values()):
                raise TraceError(f"launches must be over the tensors of the header, got {launch.kernel[:80]!r}; {npz.AGAIN}")
        self._check_statements()

    def _check_statements(self) -> None:
        check_statements(self.statements)
        tensors = {info.name for info in self.tensors}
        lines = [range(source.first_line, source.first_line + len(source.lines)) for source in self.sources]
        for each in self.statements:
            if each.tensor is not None and each.tensor not in tensors:
                raise TraceError(f"statements must touch tensors of the header, got {each.name[:80]!r}; {npz.AGAIN}")
            if not -1 <= each.file < len(lines) or (each.file >= 0 and each.line not in lines[each.file]):
                raise TraceError(f"statements must stand in lines of the sources, got {each.name[:80]!r} in line {each.line}; {npz.AGAIN}")
            if self.config is None and each.makes is not None:
                raise TraceError(f"statements seen from outside must leave nothing on chip, got {each.name[:80]!r}; {npz.AGAIN}")
            if each.launch >= len(self.launches):
                raise TraceError(f"statements must be of {len(self.launches)} launches, got {each.name[:80]!r} of {each.launch}")

    @property
    def kernel(self) -> str:
        """The kernel that was launched first."""
        return self.launches[0].kernel if self.launches else ""

    @property
    def program(self) -> tuple[str, ...]:
        """Columns that tell programs apart, ``launch`` first."""
        return GRID if self.config is None else TILES

    @property
    def keeps_rows(self) -> bool:
        """Whether a program keeps m, l, alpha and acc of its row block on chip from the first tile to the last: nothing frees them."""
        made = {each.makes.name for each in self.statements if each.makes is not None}
        return made - {name for each in self.statements for name in each.frees} >= ROW_VALUES
