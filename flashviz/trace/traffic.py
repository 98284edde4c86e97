"""Bytes that crossed between HBM and the chip: the one place where they are summed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from flashviz.forms import Traffic


@dataclass(frozen=True, eq=False)
class Transfers:
    """Events that moved one tensor in one way: where they stand, rising, and bytes moved before each of them and after the last."""

    tensor: str
    events: np.ndarray
    sums: np.ndarray
    reads: bool
    writes: bool


@dataclass(frozen=True, eq=False)
class Touches:
    """Events that read or wrote one tensor: the boxes that were touched, the events, rising, and which box each of them touched."""

    boxes: list[tuple[int, ...]]
    events: np.ndarray
    which: np.ndarray

    def before(self, k: int) -> dict[tuple[int, ...], int]:
        """How many of the first ``k`` events of a trace touched each box; boxes that none did are left out."""
        counts = np.bincount(self.which[: before(self.events, k)], minlength=len(self.boxes))
        return {self.boxes[at]: int(counts[at]) for at in np.flatnonzero(counts)}


class Moving(Protocol):
    """A recording, as far as bytes go."""

    def __len__(self) -> int: ...

    @property
    def transfers(self) -> list[Transfers]: ...


def traffic(trace: Moving, k: int | None = None) -> Traffic:
    """What the first ``k`` events of a trace moved, all where it is None. An atomic operation reads and writes.

    Tensors of which no byte crossed are left out.
    """
    read: dict[str, int] = {}
    written: dict[str, int] = {}
    for moved in trace.transfers:
        nbytes = int(moved.sums[-1] if k is None else moved.sums[before(moved.events, k)])
        for side, applies in ((read, moved.reads), (written, moved.writes)):
            if applies and nbytes:
                side[moved.tensor] = side.get(moved.tensor, 0) + nbytes
    return Traffic(read, written)


def before(events: np.ndarray, k: int) -> int:
    """How many of some events, rising, are among the first ``k`` of a trace."""
    return int(events.searchsorted(events.dtype.type(k)))  # another dtype would have all of them copied


def running(nbytes: np.ndarray) -> np.ndarray:
    """Sums before each of some numbers, and after the last."""
    sums = np.zeros(len(nbytes) + 1, np.int64)
    np.cumsum(nbytes, out=sums[1:])
    return sums
