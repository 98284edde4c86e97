"""What a picture of a tensor shows after k events is what the first k events touched, element by element."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashviz.generic.touches import NEVER, PIXELS, Replay, flat, flat_box, touched
from flashviz.trace import GenericTrace, Op
from flashviz.trace.generic import READS, WRITES
from tests.generic_traces import Did, product, tensor, trace_of, traces


def by_hand(trace: GenericTrace, at: int, ops: frozenset[Op], k: int) -> np.ndarray:
    """Share of each element [rows, cols]: the densest of the boxes that have touched it wholly or, first, in part."""
    info = trace.header.tensors[at]
    whole, part = np.zeros(info.shape), np.full(info.shape, np.nan)
    for event in itertools.islice(trace, k):
        if event.op in ops and event.tensor == info.name and event.nbytes:
            box = tuple(slice(*span) for span in event.box)
            share = event.nbytes / info.itemsize / whole[box].size
            if share >= 1:
                whole[box] = 1
            else:
                part[box] = np.where(np.isnan(part[box]), share, part[box])
    return np.where(whole == 1, 1, np.nan_to_num(part)).reshape(flat(info.shape))


@given(traces(), st.data())
def test_a_picture_after_k_events(trace: GenericTrace, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, len(trace)))
    for at, ops in itertools.product(range(len(trace.header.tensors)), (READS, WRITES)):
        assert (touched(trace, at, ops).share(k) == by_hand(trace, at, ops, k)).all()


@given(traces(), st.data())
def test_bytes_after_k_events(trace: GenericTrace, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, len(trace)))
    read, written = Counter[str](), Counter[str]()
    for event in itertools.islice(trace, k):
        if event.tensor is not None:
            read[event.tensor] += event.nbytes * event.is_load
            written[event.tensor] += event.nbytes * event.is_store
    moved = Replay(trace).traffic(k)
    assert (moved.read, moved.written) == (dict(+read), dict(+written))


@given(traces(), st.data())
def test_the_latest_access(trace: GenericTrace, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, len(trace)))
    for at, info in enumerate(trace.header.tensors):
        found = [event.index for event in itertools.islice(trace, k) if event.tensor == info.name]
        assert Replay(trace).latest(at, k) == (found[-1] if found else None)


@given(st.lists(st.integers(1, 6), min_size=1, max_size=4), st.data())
def test_a_box_is_drawn_around_all_that_it_holds(shape: list[int], data: st.DataObject) -> None:
    starts = [data.draw(st.integers(0, size - 1)) for size in shape]
    spans = [(start, data.draw(st.integers(start + 1, size))) for start, size in zip(starts, shape, strict=True)]
    held = np.zeros(shape, bool)
    held[tuple(slice(*span) for span in spans)] = True
    rows, cols = np.nonzero(held.reshape(flat(tuple(shape))))
    assert flat_box(tuple(spans), tuple(shape)) == (rows.min(), rows.max() + 1, cols.min(), cols.max() + 1)


def test_many_elements_share_a_pixel_and_its_middle_one_speaks() -> None:
    size = 10 * PIXELS
    parts = [Did(Op.STORE, 0, ((start, start + 5),), 20) for start in range(0, size, 5)]
    trace = trace_of([tensor("x", size)], parts)
    found = touched(trace, 0, WRITES)
    assert found.whole.shape == (1, PIXELS)
    assert (found.whole[0] == 2 * np.arange(PIXELS) + 1).all(), "element 10 p + 5 is of the part 2 p + 1"


def test_nothing_is_painted_before_it_is_written() -> None:
    trace = product()
    found = touched(trace, 2, WRITES)
    stores = [event.index for event in trace if event.op == Op.STORE]
    assert (touched(trace, 0, WRITES).whole == NEVER).all()
    for done, index in enumerate(stores):
        assert found.share(index).sum() == done * 32 * 32
        assert found.share(index + 1).sum() == (done + 1) * 32 * 32


def test_what_is_read_before_it_is_written_was_given() -> None:
    done = [
        Did(Op.LOAD, 0, ((0, 4),), 16),
        Did(Op.STORE, 1, ((0, 4),), 16),
        Did(Op.LOAD, 1, ((0, 4),), 16),
        Did(Op.ATOMIC, 2, ((0, 1),), 4),
    ]
    replay = Replay(trace_of([tensor(name, 4) for name in "xyz"], done))
    assert [replay.given(at) for at in range(3)] == [True, False, False]


@pytest.mark.parametrize("axes", [1, 2])
def test_a_million_events_are_looked_at_once(axes: int) -> None:
    """A trace repeats its boxes: the work per distinct box, in Python, does not grow with the trace. Counted, not timed."""
    trace = product(32, 32, 32)
    columns = {name: np.concatenate([column] * 50_000) for name, column in trace.columns.items()}
    large = GenericTrace(trace.header, columns)
    assert len(large) == 200_000
    small, found = touched(trace, axes, READS | WRITES), touched(large, axes, READS | WRITES)
    assert (small.whole == found.whole).all()
