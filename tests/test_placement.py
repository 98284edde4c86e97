"""Arrays moved apart: an address says whose element it is, or that it is nobody's."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flashviz_kernels.placement import GUARD, Lanes, as_array, span, zones_of

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


@st.composite
def overlapping(draw: st.DrawFn) -> np.ndarray:
    """A view whose steps may overlap, or be zero, forwards and backwards: windows, dilated windows, diagonals."""
    axes = draw(st.integers(1, 3))
    shape = tuple(draw(st.integers(1, 5)) for _ in range(axes))
    steps = tuple(draw(st.integers(-6, 6)) for _ in range(axes))
    low = sum((size - 1) * step for size, step in zip(shape, steps, strict=True) if step < 0)
    high = sum((size - 1) * step for size, step in zip(shape, steps, strict=True) if step > 0)
    base = np.arange(high - low + 1, dtype=np.float32)
    return np.lib.stride_tricks.as_strided(base[-low:], shape, tuple(4 * step for step in steps))


@given(overlapping())
@settings(max_examples=200)
def test_every_address_of_an_overlapping_view_is_some_elements_of_it(array: np.ndarray) -> None:
    (zone,) = zones_of([(0, "x", array)])
    (resident,) = zone.residents
    inside = addresses_of(array, zone.shift)
    found = zone.owner(inside, 4)
    assert found is not None
    at = np.stack(found.elements) if array.ndim else np.zeros((0, 1), int)
    assert all(index.min() >= 0 and index.max() < size for index, size in zip(at, array.shape, strict=True))
    again = resident.address + (np.array(array.strides)[:, None] * at).sum(0)
    assert (again == inside.astype(np.int64)).all(), "the element that is named lies at the address"
    low, high = int(inside.min()), int(inside.max())
    for address in range(low - 4, high + 8, 4):
        assert (zone.owner(np.array([address], np.uint64), 4) is not None) == (address in inside.tolist())


@given(st.one_of(views(), overlapping()), st.data())
@settings(max_examples=200)
def test_what_a_block_touches_is_what_its_lanes_do(array: np.ndarray, data: st.DataObject) -> None:
    """A tile of any step along any axes, masked in any way: the elements of the access are those of its lanes, one by one."""
    (zone,) = zones_of([(0, "x", array)])
    (resident,) = zone.residents
    width = array.itemsize
    sides, total = [], np.zeros((), np.int64)
    for axis, (size, step) in enumerate(zip(array.shape, array.strides, strict=True)):
        chosen = np.array(data.draw(st.lists(st.integers(0, size - 1), min_size=1, max_size=4)))
        sides.append(chosen)
        total = total[..., None] + (chosen * step).reshape([1] * axis + [-1])
    addresses = (np.int64(resident.address) + total).astype(np.uint64)
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=addresses.size, max_size=addresses.size))).reshape(addresses.shape)
    if data.draw(st.booleans()):  # a mask that is one condition an axis, as at the edge of a tensor
        edges = np.meshgrid(*(chosen < data.draw(st.integers(0, 5)) for chosen in sides), indexing="ij")
        mask = np.logical_and.reduce(edges)
    lanes = Lanes.of(addresses, mask, width)
    asked = {int(address) for address in addresses[mask]}
    assert (lanes is None) == (not asked)
    if lanes is None:
        return
    assert (lanes.count, lanes.first) == (int(mask.sum()), int(addresses[mask][0]))
    found = zone.accesses(lanes)
    assert found is not None
    (access,) = found
    assert access.nbytes == width * len(asked)
    if access.runs is None:
        inside = np.ix_(*(np.arange(start, stop) for start, stop in access.box))
    else:
        inside = np.unravel_index(np.concatenate([np.arange(*run) for run in access.runs]), array.shape)
    named = resident.address + sum(step * at for step, at in zip(array.strides, inside, strict=True))
    assert sorted(np.reshape(named, -1).tolist()) == sorted(asked)
    bounds = [(at.min(), at.max() + 1) for at in inside]
    assert access.box == tuple(bounds)


def test_arrays_that_overlap_share_what_no_one_of_them_holds() -> None:
    base = np.arange(20, dtype=np.float32)
    first, second = base[:12], base[8:]
    (zone,) = zones_of([(0, "first", first), (1, "second", second)])
    lanes = Lanes.of(addresses_of(base, zone.shift), None, 4)
    assert lanes is not None
    found = zone.accesses(lanes)
    assert found is not None
    assert [(access.tensor, access.box) for access in found] == [(0, ((0, 12),)), (1, ((4, 12),))]
    assert [access.tensor for access in zone.accesses(Lanes.of(addresses_of(second, zone.shift), None, 4)) or []] == [1]  # type: ignore[arg-type]
