"""What a picture of a tensor shows after k events is what the first k events touched, element by element."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashviz.generic.touches import NEVER, PIXELS, Replay, flat, flat_box, touched
from flashviz.trace import Op, Parts, TensorInfo, Trace
from flashviz.trace.statements import READS, WRITES
from tests.generic_traces import Did, product, tensor, trace_of, traces


def by_hand(trace: Trace, at: int, ops: frozenset[Op], k: int) -> np.ndarray:
    """Which elements [rows, cols] were touched, by marking each that an event says."""
    info = trace.header.tensors[at]
    marked = np.zeros(info.shape, bool)
    for event in itertools.islice(trace, k):
        if event.op in ops and event.tensor == info.name and event.nbytes:
            marked[np.unravel_index(trace.elements(event.index), info.shape)] = True
    return marked.reshape(flat(info.shape))


@given(traces(), st.data())
def test_a_picture_after_k_events(trace: Trace, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, len(trace)))
    for at, ops in itertools.product(range(len(trace.header.tensors)), (READS, WRITES)):
        assert (touched(trace, at, ops).share(k) == by_hand(trace, at, ops, k)).all()


@given(traces(), st.data())
def test_bytes_after_k_events(trace: Trace, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, len(trace)))
    read, written = Counter[str](), Counter[str]()
    for event in itertools.islice(trace, k):
        if event.tensor is not None:
            read[event.tensor] += event.nbytes * event.is_load
            written[event.tensor] += event.nbytes * event.is_store
    moved = Replay(trace).traffic(k)
    assert (moved.read, moved.written) == (dict(+read), dict(+written))


@given(traces(), st.data())
def test_the_latest_access(trace: Trace, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, len(trace)))
    for at, info in enumerate(trace.header.tensors):
        found = [event.index for event in itertools.islice(trace, k) if event.tensor == info.name and event.nbytes]
        assert Replay(trace).latest(at, k) == (found[-1] if found else None)


@given(st.lists(st.integers(1, 6), min_size=1, max_size=4), st.data())
def test_a_box_is_drawn_around_all_that_it_holds(shape: list[int], data: st.DataObject) -> None:
    starts = [data.draw(st.integers(0, size - 1)) for size in shape]
    spans = [(start, data.draw(st.integers(start + 1, size))) for start, size in zip(starts, shape, strict=True)]
    held = np.zeros(shape, bool)
    held[tuple(slice(*span) for span in spans)] = True
    rows, cols = np.nonzero(held.reshape(flat(tuple(shape))))
    assert flat_box(tuple(spans), tuple(shape)) == (rows.min(), rows.max() + 1, cols.min(), cols.max() + 1)


def test_a_pixel_is_as_lit_as_its_elements_are() -> None:
    """1,000 elements in 192 pixels, stored five by five: after k events 5 k elements are lit, at every k."""
    parts = [Did(Op.STORE, 0, ((start, start + 5),), 20) for start in range(0, 1000, 5)]
    found = touched(trace_of([tensor("x", 1000)], parts), 0, WRITES)
    assert found.size == (1, PIXELS)
    pixel_of = np.arange(1000) * PIXELS // 1000
    for k in (0, 1, 7, 100, 200, 3):
        lit = np.bincount(pixel_of[: 5 * k], minlength=PIXELS) / np.bincount(pixel_of)
        assert np.allclose(found.share(k), lit)


@pytest.mark.parametrize("rows", [3, 191, 193, 1000, 1823])
def test_a_copy_row_by_row_ends_wholly_lit(rows: int) -> None:
    done = [Did(Op.STORE, 0, ((row, row + 1), (0, 7)), 28) for row in range(rows)]
    found = touched(trace_of([tensor("x", rows, 7)], done), 0, WRITES)
    assert (found.share(rows) == 1).all()
    assert found.share(rows - 1).sum() < found.share(rows).sum()
    assert (found.share(1) > 0).any()


def test_elements_that_share_memory_are_touched_together() -> None:
    """One row seen four times over; and windows that overlap."""
    bias = TensorInfo("bias", (4, 24), (0, 1), "float32", 4)
    windows = TensorInfo("windows", (6, 4), (1, 1), "float32", 4)
    backwards = TensorInfo("backwards", (5,), (-2,), "float32", 4)
    done = [
        Did(Op.LOAD, 0, ((0, 1), (0, 12)), 48),
        Did(Op.LOAD, 1, ((2, 3), (0, 2)), 8),  # elements 2 and 3 of the nine
        Did(Op.LOAD, 2, ((1, 2),), 4),
    ]
    trace = trace_of([bias, windows, backwards], done)
    assert touched(trace, 0, READS).share(1).tolist() == [[1] * 12 + [0] * 12] * 4
    assert touched(trace, 1, READS).share(2).tolist() == [[float(i + j in (2, 3)) for j in range(4)] for i in range(6)]
    assert touched(trace, 2, READS).share(3).tolist() == [[0, 1, 0, 0, 0]]
    assert [info.nbytes for info in trace.header.tensors] == [96, 36, 20]


def test_elements_of_an_access_that_is_no_box() -> None:
    """Every third of ten, by runs; each run from its first element to one past its last."""
    trace = trace_of([tensor("x", 2, 5)], [Did(Op.STORE, 0, ((0, 2), (0, 5)), 16)])
    parts = Parts.of(np.zeros(1), [np.array([[0, 1], [3, 4], [6, 7], [9, 10]])])
    thirds = Trace(trace.header, trace.columns, parts=parts)
    assert thirds.elements(0).tolist() == [0, 3, 6, 9]
    assert touched(thirds, 0, WRITES).share(1).tolist() == [[1, 0, 0, 1, 0], [0, 1, 0, 0, 1]]


def test_nothing_is_painted_before_it_is_written() -> None:
    trace = product()
    found = touched(trace, 2, WRITES)
    stores = [event.index for event in trace if event.op == Op.STORE]
    assert (touched(trace, 0, WRITES).first == NEVER).all()
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
    assert [replay.given(at) for at in range(3)] == [True, False, True], "an atomic operation reads before it writes"


@pytest.mark.parametrize("axes", [1, 2])
def test_a_million_events_are_looked_at_once(axes: int) -> None:
    """A trace repeats its boxes: the work per distinct box, in Python, does not grow with the trace. Counted, not timed."""
    trace = product(32, 32, 32)
    columns = {name: np.concatenate([column] * 50_000) for name, column in trace.columns.items()}
    large = Trace(trace.header, columns)
    assert len(large) == 200_000
    small, found = touched(trace, axes, READS | WRITES), touched(large, axes, READS | WRITES)
    assert (small.first == found.first).all()
