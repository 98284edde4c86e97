"""Events that execute statements: what a recording of attention and one of any kernel have in common, and how either is searched."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, ClassVar

import msgspec
import numpy as np

from flashviz.errors import TraceError
from flashviz.trace import npz
from flashviz.trace.statements import Statement
from flashviz.trace.traffic import Touches, Transfers, before, running


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """What the header of any recording has: versions of what ran, SHA-256 of the traced text, and what its events mean."""

    schema: int = npz.SCHEMA
    versions: dict[str, str]
    kernel_hash: str
    statements: tuple[Statement, ...]


class Executed:
    """Columns of events, sorted by (launch, program, step), and the statements that explain them. Treat its arrays as read-only.

    Args:
        header: Provenance, and ``statements``: what the events mean.
        columns: Arrays of equal length: ``kind``, the code of the statement; ``step``, ``nbytes``, those of ``PROGRAM``, and more.

    Raises:
        TraceError: An event's code is that of no statement.
    """

    PROGRAM: ClassVar[tuple[str, ...]]  # columns that tell programs apart, ``launch`` first

    def __init__(self, header: Recorded, columns: Mapping[str, np.ndarray]) -> None:
        self.header: Recorded = header
        self.columns, statements = dict(columns), header.statements
        self.statements = {statement.code: statement for statement in statements}
        self._touches: dict[tuple[str, bool], Touches] = {}
        codes, known = self.columns["kind"], np.zeros(self._codes + 1, bool)  # the last for all that no statement has
        known[list(self.statements)] = True
        wrong = np.flatnonzero(~known[np.where((codes < 0) | (codes >= self._codes), self._codes, codes)])
        if len(wrong):
            got = f"kind {codes[wrong[0]]} in event {wrong[0]:,}"
            raise TraceError(f"expected events of the header's {len(statements)} statements, got {got}; {npz.AGAIN}")

    def __len__(self) -> int:
        return len(self.columns["kind"])

    def placed(self, index: int) -> int:
        """An index from the front, as Python counts.

        Raises:
            IndexError: There is no such event.
        """
        if not -len(self) <= index < len(self):
            raise IndexError(f"expected an event below {len(self):,}, got {index}; trace has {len(self):,} events")
        return index % len(self)

    # ---------------------------------------------------------------------------------------------------------- the file

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """All that is kept, by its name in the file."""
        return {f"column/{name}": column for name, column in self.columns.items()}

    @cached_property
    def digest(self) -> str:
        """64 hex digits over the header and every array: what stands for the whole recording where something is made from it."""
        return npz.digest(self.header, self.arrays)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a compressed npz file, beside its place first and then renamed."""
        npz.write(path, self.header, self.arrays)

    # ---------------------------------------------------------------------------------------------------------- programs

    @property
    def _codes(self) -> int:
        """One more than the largest code."""
        return 1 + max(self.statements, default=-1)

    def of_events(self, value: Callable[[Statement], Any]) -> np.ndarray:
        """What holds of the statement of each event: a number, a truth or a row of numbers."""
        values = np.array([value(each) for each in self.statements.values()] or np.zeros(0, np.int64))
        table = np.zeros((self._codes, *values.shape[1:]), values.dtype)
        table[list(self.statements)] = values
        return np.asarray(table[self.columns["kind"]])

    @property
    def order(self) -> np.ndarray:
        """Which of the statements, in the header's order, each event executed."""
        at = {code: index for index, code in enumerate(self.statements)}
        return self.of_events(lambda each: at[each.code])

    @cached_property
    def bounds(self) -> np.ndarray:
        """First event of each program in the trace's order, and one past the last event."""
        if not len(self):
            return np.zeros(1, np.int64)
        columns = [self.columns[name] for name in self.PROGRAM]
        changes = np.flatnonzero(np.logical_or.reduce([column[1:] != column[:-1] for column in columns])) + 1
        return np.concatenate([[0], changes, [len(self)]])

    @cached_property
    def spans(self) -> dict[tuple[int, ...], range]:
        """Values of ``PROGRAM`` -> the events of that program, in the trace's order."""
        keys = np.stack([self.columns[name][self.bounds[:-1]] for name in self.PROGRAM], axis=1).tolist()
        ends = zip(self.bounds[:-1].tolist(), self.bounds[1:].tolist(), strict=True)
        return {tuple(key): range(*span) for key, span in zip(keys, ends, strict=True)}

    # --------------------------------------------------------------------------------------------------- statements

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
            sides = [self.column(name)[events].tolist() for name in (self.sides(tensor) if len(events) else ())]
            boxes: dict[tuple[int, ...], int] = {}
            which = [boxes.setdefault(box, len(boxes)) for box in (zip(*sides, strict=True) if sides else [()] * len(events))]
            self._touches[key] = Touches(list(boxes), events, np.array(which, np.int32))
        return self._touches[key]

    def sides(self, tensor: str) -> tuple[str, ...]:
        """Columns that tell boxes of a tensor apart."""
        raise NotImplementedError

    def column(self, name: str) -> np.ndarray:
        """One number of every event."""
        return self.columns[name]

    @property
    def transfers(self) -> list[Transfers]:
        """What crossed between HBM and the chip, statement by statement."""
        return [
            Transfers(each.tensor, self.places[each.code], self.sums[each.code], reads=each.reads, writes=each.writes)
            for each in self.statements.values()
            if each.tensor is not None
        ]
