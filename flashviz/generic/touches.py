"""Where and when the accesses of a generic trace touched a tensor: what a picture of the tensor shows after k events.

A tensor is drawn as rows of its last axis: (..., rows, cols) -> [all leading axes flattened, cols]; one axis is one row. A picture
has at most ``PIXELS`` pixels a side: a pixel stands for the element at its centre.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from flashviz.memory import Traffic
from flashviz.trace.generic import READS, WRITES, GenericTrace, Op

PIXELS = 192
NEVER = np.iinfo(np.int64).max


def flat(shape: tuple[int, ...]) -> tuple[int, int]:
    """Rows and columns that a tensor is drawn with."""
    return (int(np.prod(shape[:-1], dtype=np.int64)), shape[-1]) if shape else (1, 1)


def flat_box(box: tuple[tuple[int, int], ...], shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """First row, row after the last, first column, column after the last, of the smallest drawn rectangle around ``box``."""
    if not shape:
        return 0, 1, 0, 1
    first = last = 0
    for (start, stop), size in zip(box[:-1], shape[:-1], strict=True):
        first, last = first * size + start, last * size + stop - 1
    return first, last + 1, *box[-1]


@dataclass(frozen=True)
class Touch:
    """Per pixel [rows, cols] of one tensor and direction: the first event that touched it wholly, or partly and how densely.

    An access that leaves elements of its box out (a stride, a mask with holes) touches each pixel of the box partly: ``density`` is
    the share of the box's elements. ``NEVER`` where no event did.
    """

    whole: np.ndarray
    part: np.ndarray
    density: np.ndarray

    @property
    def first(self) -> np.ndarray:
        """The first event that touched a pixel at all."""
        return np.asarray(np.minimum(self.whole, self.part))

    def share(self, k: int) -> np.ndarray:
        """What share of each pixel the first ``k`` events have touched, 0..1; a lower bound where it is not whole."""
        return np.asarray(np.where(self.whole < k, 1.0, np.where(self.part < k, self.density, 0.0)))


def touched(trace: GenericTrace, tensor: int, ops: Iterable[Op]) -> Touch:
    """When the events of these operations touched each pixel of the tensor's picture."""
    info, columns = trace.header.tensors[tensor], trace.columns
    axes = len(info.shape)
    n_rows, n_cols = flat(info.shape)
    size = min(n_rows, PIXELS), min(n_cols, PIXELS)
    at_row, at_col = ((np.arange(count) + 0.5) * of / max(count, 1) for count, of in zip(size, (n_rows, n_cols), strict=True))
    lead = np.stack(np.unravel_index(at_row.astype(np.int64), info.shape[:-1] or (1,)), axis=1)[:, : max(axes - 1, 0)]  # [rows, axes - 1]
    whole, part, density = np.full(size, NEVER), np.full(size, NEVER), np.zeros(size)
    events = np.flatnonzero((columns["tensor"] == tensor) & np.isin(columns["op"], list(ops)) & (columns["nbytes"] > 0))
    boxes = columns["box"][events][:, :axes]
    elements = columns["nbytes"][events] // info.itemsize
    order = first_of_each(boxes.reshape(len(events), 2 * axes), elements)
    for index, box, count in zip(events[order][::-1].tolist(), boxes[order][::-1], elements[order][::-1].tolist(), strict=True):
        within = ((lead >= box[:-1, 0]) & (lead < box[:-1, 1])).all(axis=1) if axes else np.ones(1, bool)
        start, stop = np.searchsorted(at_col.astype(np.int64), box[-1]) if axes else (0, 1)
        share = count / max(1, int(np.prod(box[:, 1] - box[:, 0], dtype=np.int64)))
        if share >= 1:
            whole[within, start:stop] = index  # from the last event to the first: the first stays
        else:
            part[within, start:stop] = index
            density[within, start:stop] = share
    return Touch(whole, part, density)


def first_of_each(boxes: np.ndarray, elements: np.ndarray) -> np.ndarray:
    """Where each distinct row of ``boxes`` [n, ...] with its count occurs first, in order: a trace repeats most of its boxes."""
    factors = np.random.default_rng(0).integers(1, 2**62, boxes.shape[1] + 1, dtype=np.uint64) | np.uint64(1)
    keys = (np.column_stack([boxes, elements]).astype(np.uint64) * factors).sum(axis=1, dtype=np.uint64)
    return np.sort(np.unique(keys, return_index=True)[1])


class Replay:
    """A generic trace after k events: bytes that crossed, what was touched last, pictures of the tensors."""

    def __init__(self, trace: GenericTrace) -> None:
        self.trace = trace
        columns = trace.columns
        self._events = {
            (tensor, writes): np.flatnonzero((columns["tensor"] == tensor) & np.isin(columns["op"], list(WRITES if writes else READS)))
            for tensor in range(len(trace.header.tensors))
            for writes in (False, True)
        }
        self._bytes = {key: np.concatenate([[0], np.cumsum(columns["nbytes"][at])]) for key, at in self._events.items()}

    def traffic(self, k: int) -> Traffic:
        """Bytes of the first ``k`` events, by tensor; tensors that did not cross are left out."""
        read, written = (
            {
                info.name: int(self._bytes[tensor, writes][np.searchsorted(self._events[tensor, writes], k)])
                for tensor, info in enumerate(self.trace.header.tensors)
            }
            for writes in (False, True)
        )
        return Traffic({t: n for t, n in read.items() if n}, {t: n for t, n in written.items() if n})

    def latest(self, tensor: int, k: int) -> int | None:
        """The last of the first ``k`` events that accessed the tensor."""
        found = [int(at[n - 1]) for writes in (False, True) if (n := np.searchsorted(at := self._events[tensor, writes], k))]
        return max(found, default=None)

    @cached_property
    def pictures(self) -> list[tuple[Touch, Touch]]:
        """Reads and writes of each tensor."""
        count = len(self.trace.header.tensors)
        return [(touched(self.trace, tensor, READS), touched(self.trace, tensor, WRITES)) for tensor in range(count)]

    def given(self, tensor: int) -> bool:
        """Whether a kernel read something of the tensor that no kernel had written: it held values before the first launch."""
        reads, writes = self.pictures[tensor]
        return bool((reads.first < np.minimum(writes.first, NEVER)).any())
