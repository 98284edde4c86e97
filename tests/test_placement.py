"""Arrays moved apart: an address says whose element it is, or that it is nobody's."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flashviz_kernels.placement import GUARD, as_array, span, zones_of

sides = st.integers(1, 7)


@st.composite
def views(draw: st.DrawFn) -> np.ndarray:
    """A view of a larger array: any steps, forwards or backwards, its axes in any order."""
    axes = draw(st.integers(1, 4))
    base = np.arange(9**axes, dtype=draw(st.sampled_from([np.int8, np.int16, np.float32, np.float64]))).reshape((9,) * axes)
    cuts = []
    for _ in range(axes):
        step = draw(st.sampled_from([1, 2, 3, -1, -2]))
        low, high = sorted((draw(st.integers(0, 8)), draw(st.integers(0, 8))))
        cuts.append(slice(low, high + 1, step) if step > 0 else slice(high, low - 1 if low else None, step))
    return base[tuple(cuts)].transpose(draw(st.permutations(range(axes))))


def addresses_of(array: np.ndarray, shift: int) -> np.ndarray:
    """Address of every element, by the definition of strides."""
    index = np.indices(array.shape).reshape(array.ndim, -1)
    return np.asarray(array.ctypes.data + shift + (np.array(array.strides)[:, None] * index).sum(0), np.uint64)


@given(views())
@settings(max_examples=60)
def test_every_element_is_found_by_its_address(array: np.ndarray) -> None:
    (zone,) = zones_of([(0, "x", array)])
    found = zone.owner(addresses_of(array, zone.shift), array.itemsize)
    assert found is not None
    index = np.indices(array.shape).reshape(array.ndim, -1)
    for axis, at in enumerate(found.elements):
        if array.shape[axis] > 1:
            assert (at == index[axis]).all()
    assert found.nbytes == array.nbytes
    assert (zone.moved(array) == array).all()


@given(views(), st.integers(-40, 40))
@settings(max_examples=60)
def test_what_is_no_element_is_nobodys(array: np.ndarray, offset: int) -> None:
    (zone,) = zones_of([(0, "x", array)])
    inside = addresses_of(array, zone.shift)
    low = span(array)[0] + zone.shift
    address = low + offset * array.itemsize
    found = zone.owner(np.array([address], np.uint64), array.itemsize)
    assert (found is not None) == (address in inside.tolist())
    assert zone.reaches(address)


def test_bytes_of_an_element_that_is_read_as_another_type() -> None:
    packed = np.arange(6, dtype=np.int32)
    (zone,) = zones_of([(0, "packed", packed)])
    start = packed.ctypes.data + zone.shift
    found = zone.owner(np.array([start + 5, start + 6], np.uint64), 1)
    assert found is not None
    assert (int(found.elements[0].min()), int(found.elements[0].max()), found.nbytes) == (1, 1, 2)
    assert zone.owner(np.array([start + 22], np.uint64), 4) is None  # two bytes past the end


def test_lanes_that_ask_for_one_element_count_it_once() -> None:
    x = np.arange(8, dtype=np.float32)
    (zone,) = zones_of([(0, "x", x)])
    found = zone.owner(np.full(64, x.ctypes.data + zone.shift, np.uint64), 4)
    assert found is not None
    assert found.nbytes == 4


def test_views_that_overlap_share_a_zone_and_others_are_far_apart() -> None:
    packed = np.zeros((4, 3, 8), np.float32)
    other = np.zeros(5, np.float32)
    zones = zones_of([(0, "q", packed[:, 0]), (1, "k", packed[:, 1]), (2, "other", other)])
    assert sorted(len(zone.members) for zone in zones) == [1, 2]
    shared = next(zone for zone in zones if len(zone.members) == 2)
    k = addresses_of(packed[:, 1], shared.shift)
    found = shared.owner(k, 4)
    assert found is not None
    assert found.resident.name == "k"
    first, second = sorted((zone.low + zone.shift, zone.high + zone.shift) for zone in zones)
    assert second[0] - first[1] >= GUARD


def test_only_what_was_written_is_given_back() -> None:
    x, y = np.arange(4, dtype=np.float32), np.arange(4, dtype=np.float32)
    zones = zones_of([(0, "x", x), (1, "y", y)])
    for zone in zones:
        zone.moved(zone.members[0][2])[1] = 99.0
        zone.written = zone.members[0][1] == "y"
        zone.move_out()
    assert x.tolist() == [0, 1, 2, 3]
    assert y.tolist() == [0, 99, 2, 3]


@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2)])
def test_scalars_and_empty_arrays(shape: tuple[int, ...]) -> None:
    array = np.zeros(shape, np.float32)
    (zone,) = zones_of([(0, "x", array)])
    assert zone.moved(array).shape == shape
    found = zone.owner(np.array([array.ctypes.data + zone.shift], np.uint64), 4)
    assert (found is None) == (0 in shape)


@pytest.mark.parametrize("name", ["float32", "float16", "bfloat16", "int8", "bool", "int64", "float8_e4m3fn"])
def test_torch_tensors_are_seen_in_place(name: str) -> None:
    torch: Any = pytest.importorskip("torch")
    tensor = torch.zeros(3, 5, dtype=getattr(torch, name)).t()
    array = as_array(tensor)
    assert array.ctypes.data == tensor.data_ptr()
    assert array.shape == (5, 3)
    assert array.dtype == np.dtype(getattr(ml_dtypes, name, name))
