"""Where and when the accesses of a generic trace touched a tensor: what a picture of the tensor shows after k events.

A tensor is drawn as rows of its last axis: (..., rows, cols) -> [all leading axes flattened, cols]; one axis is one row. A picture
has at most ``PIXELS`` pixels a side: a pixel stands for its share of the elements, and is as lit as that share is touched.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property

import numpy as np

from flashviz.forms import Traffic
from flashviz.trace.recording import Trace
from flashviz.trace.statements import READS, WRITES, Op
from flashviz.trace.traffic import before, traffic

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


class Touch:
    """Of one tensor and direction: when each element was touched first, and what share of each pixel that makes.

    Args:
        shape: Rows and columns that the tensor is drawn with.
        first: Per element [rows x cols], in that order: the first event that touched it, or ``NEVER``. Elements that share their memory
            are touched together.
    """

    def __init__(self, shape: tuple[int, int], first: np.ndarray) -> None:
        self.first = first
        self.size = min(shape[0], PIXELS), min(shape[1], PIXELS)
        counts = [np.bincount(np.arange(of) * many // max(of, 1), minlength=many) for many, of in zip(self.size, shape, strict=True)]
        self.elements = np.outer(*counts)  # of each pixel
        touched_at = np.flatnonzero(first != NEVER)
        order = np.argsort(first[touched_at], kind="stable")
        row, col = np.divmod(touched_at[order], max(shape[1], 1))
        self.at = first[touched_at[order]]  # rising
        self.pixel = row * self.size[0] // max(shape[0], 1) * self.size[1] + col * self.size[1] // max(shape[1], 1)
        self._done, self._count = 0, np.zeros(self.size[0] * self.size[1], np.int64)

    def share(self, k: int) -> np.ndarray:
        """What share of the elements of each pixel [rows, cols] the first ``k`` events have touched, 0..1, exactly."""
        done = int(np.searchsorted(self.at, k))
        if done < self._done:
            self._done, self._count = 0, np.zeros_like(self._count)
        self._count += np.bincount(self.pixel[self._done : done], minlength=len(self._count))
        self._done = done
        return np.asarray(self._count.reshape(self.size) / np.maximum(self.elements, 1))


def touched(trace: Trace, tensor: int, ops: Collection[Op]) -> Touch:
    """When the events of these operations touched each element of a tensor."""
    info = trace.header.tensors[tensor]
    axes = len(info.shape)
    wanted = trace.of_events(lambda each: each.tensor == info.name and each.op in ops)
    events = np.flatnonzero(wanted & (trace.columns["nbytes"] > 0))
    boxes, parts = trace.boxes(events)[:, :axes], trace.parts.event[events]
    order = first_of_each(boxes.reshape(len(events), 2 * axes), parts)
    memory = np.zeros(info.extent, np.int64)  # of each element that is stored: the event's number from 1 on, 0 for none
    view = info.over(memory)
    for index, box, part in zip(events[order][::-1].tolist(), boxes[order][::-1], parts[order][::-1].tolist(), strict=True):
        where = tuple(slice(start, stop) for start, stop in box) if part < 0 else np.unravel_index(trace.parts.elements(part), info.shape)
        view[where] = index + 1  # from the last event to the first: the first stays
    first = view.reshape(-1) - 1
    first[first < 0] = NEVER
    return Touch(flat(info.shape), first)


def first_of_each(boxes: np.ndarray, parts: np.ndarray) -> np.ndarray:
    """Where each distinct row of ``boxes`` [n, ...] with its part occurs first, in order: a trace repeats most of its boxes."""
    factors = np.random.default_rng(0).integers(1, 2**62, boxes.shape[1] + 1, dtype=np.uint64) | np.uint64(1)
    keys = (np.column_stack([boxes, parts]).astype(np.uint64) * factors).sum(axis=1, dtype=np.uint64)
    return np.sort(np.unique(keys, return_index=True)[1])


class Replay:
    """A generic trace after k events: bytes that crossed, what was touched last, pictures of the tensors."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace

    def traffic(self, k: int) -> Traffic:
        """Bytes of the first ``k`` events, by tensor; tensors that did not cross are left out."""
        return traffic(self.trace, k)

    def latest(self, tensor: int, k: int) -> int | None:
        """The last of the first ``k`` events that touched the tensor: one of which every lane is masked did not."""
        found = (each[n - 1] for each in self._touching[tensor] if (n := before(each, k)))
        return max(map(int, found), default=None)

    @cached_property
    def _touching(self) -> list[list[np.ndarray]]:
        """Of each tensor the events that touched it, a statement each."""
        moved = [(each.tensor, each.events[np.diff(each.sums) > 0]) for each in self.trace.transfers]
        return [[events for tensor, events in moved if tensor == info.name] for info in self.trace.header.tensors]

    @cached_property
    def pictures(self) -> list[tuple[Touch, Touch]]:
        """Reads and writes of each tensor."""
        count = len(self.trace.header.tensors)
        return [(touched(self.trace, tensor, READS), touched(self.trace, tensor, WRITES)) for tensor in range(count)]

    def given(self, tensor: int) -> bool:
        """Whether a kernel read something of the tensor that no kernel had written: it held values before the first launch. An atomic
        operation reads before it writes."""
        reads, writes = self.pictures[tensor]
        return bool(((reads.first <= writes.first) & (reads.first != NEVER)).any())
