"""Arrays of one launch, moved to where nothing else is near: an address says whose element it is, or whose bounds it has left."""

from __future__ import annotations

import ctypes
import gc
import mmap
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from flashviz.errors import UsageError

GUARD = 256 << 20  # bytes of address space, never touched, on either side: an address in it has left this array and no other
ALIGNMENT = 64
NORESERVE = getattr(mmap, "MAP_NORESERVE", 0x4000)  # the guards cost no memory


def as_array(value: Any) -> np.ndarray:
    """A torch tensor on the CPU, or what stands for one, as a NumPy view of the same memory.

    Raises:
        UsageError: Its bytes are in the order of another machine.
    """
    if isinstance(value, np.ndarray):
        if not value.dtype.isnative:
            raise UsageError(f"expected numbers in this machine's byte order, got {value.dtype.str}; convert them")
        return value
    for wrapped in ("array", "base"):  # our HostTensor; triton.reinterpret's TensorWrapper
        if hasattr(value, wrapped):
            return as_array(getattr(value, wrapped))
    import ml_dtypes

    torch = sys.modules["torch"]
    tensor = value.detach()
    name = str(tensor.dtype).removeprefix("torch.")
    if hasattr(ml_dtypes, name):  # bfloat16 and the kinds of float8, which torch does not hand to NumPy
        plain = tensor.view({1: torch.uint8, 2: torch.int16}[tensor.element_size()])
        return np.asarray(plain.numpy().view(getattr(ml_dtypes, name)))
    return np.asarray(tensor.numpy())


def span(array: np.ndarray) -> tuple[int, int]:
    """First byte of an array and one past its last, whatever the signs of its strides."""
    start = int(array.ctypes.data)
    if not array.size:
        return start, start
    reach = [(size - 1) * step for size, step in zip(array.shape, array.strides, strict=True)]
    return start + sum(r for r in reach if r < 0), start + sum(r for r in reach if r > 0) + array.itemsize


@dataclass(frozen=True)
class Resident:
    """A tensor in its place: where its element 0 is, and how it goes on from there. ``strides`` count bytes."""

    tensor: int  # index in the trace's header
    name: str
    address: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    itemsize: int

    def coordinates(self, addresses: np.ndarray, within: int) -> list[np.ndarray] | None:
        """The index along every axis of the elements whose first ``within`` bytes hold the addresses; None where one is not there."""
        if 0 in self.shape:
            return None
        left = addresses.astype(np.int64) - self.address
        left = left - sum((size - 1) * step for size, step in zip(self.shape, self.strides, strict=True) if step < 0)
        found: list[np.ndarray] = [np.zeros(0)] * len(self.shape)
        for axis in sorted(range(len(self.shape)), key=lambda a: -abs(self.strides[a])):
            size, step = self.shape[axis], abs(self.strides[axis])
            at = np.clip(left // step, 0, size - 1) if step else np.zeros_like(left)
            left = left - at * step
            found[axis] = size - 1 - at if self.strides[axis] < 0 else at
        return None if ((left < 0) | (left >= within)).any() else found


@dataclass(frozen=True)
class Touched:
    """What one access touched of a tensor: element indices along each axis, and how many distinct bytes."""

    resident: Resident
    elements: list[np.ndarray]
    nbytes: int


@dataclass
class Zone:
    """Memory of one array, or of several that overlap, with a copy of its bytes between two guards."""

    low: int
    high: int
    members: list[tuple[int, str, np.ndarray]] = field(default_factory=list)
    written: bool = False
    guard: int = GUARD

    def move_in(self) -> None:
        """Copy the bytes; ``shift`` is then what to add to an old address."""
        size = self.high - self.low
        room = mmap.mmap(-1, 2 * GUARD + size + ALIGNMENT, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | NORESERVE)
        self.bytes = np.frombuffer(room, np.uint8)
        first = int(self.bytes.ctypes.data)
        start = first + GUARD + (self.low - first - GUARD) % ALIGNMENT
        self.shift = start - self.low
        self.offset = start - first
        ctypes.memmove(start, self.low, size)
        self._settle()

    def stay(self) -> None:
        """Leave the bytes where they are: a kernel has their address from memory."""
        self.shift = self.guard = 0
        self._settle()

    def _settle(self) -> None:
        self.residents = [
            Resident(tensor, name, array.ctypes.data + self.shift, array.shape, array.strides, array.itemsize)
            for tensor, name, array in self.members
        ]

    def moved(self, array: np.ndarray) -> np.ndarray:
        """The same array over the copied bytes."""
        offset = self.offset + array.ctypes.data - self.low
        return np.ndarray(array.shape, array.dtype, self.bytes.data, offset if array.size else 0, array.strides if array.size else None)

    def move_out(self) -> None:
        """Give back what was written.

        Raises:
            UsageError: The array is read-only: it may be a file, or a constant of Python's.
        """
        if self.written and self.shift:
            if not any(array.flags.writeable for _, _, array in self.members):
                raise UsageError(f"expected a writeable array as {self.members[0][1]}, got a read-only one that is stored to; pass a copy")
            ctypes.memmove(self.low, self.low + self.shift, self.high - self.low)

    def reaches(self, address: int) -> bool:
        """Whether an address is in this zone or in its guards."""
        return self.low + self.shift - self.guard <= address < self.high + self.shift + self.guard

    def owner(self, addresses: np.ndarray, width: int) -> Touched | None:
        """The first tensor that all addresses, of ``width`` bytes each, belong to, and what they touch of it; None where there is none."""
        for resident in self.residents:
            found = resident.coordinates(addresses, 1) if width == resident.itemsize else None
            if found is not None:
                return Touched(resident, found, np.unique(addresses).size * width)
        each_byte = np.unique(addresses[:, None] + np.arange(width, dtype=addresses.dtype))  # seen as another type, or not aligned
        for resident in self.residents:
            found = resident.coordinates(each_byte, resident.itemsize)
            if found is not None:
                return Touched(resident, found, each_byte.size)
        return None


def zones_of(arrays: Iterable[tuple[int, str, np.ndarray]]) -> list[Zone]:
    """One zone for each group of arrays whose memory overlaps, with the bytes moved in."""
    zones: list[Zone] = []
    for tensor, name, array in sorted(arrays, key=lambda member: span(member[2])):
        low, high = span(array)
        if not zones or low >= zones[-1].high:
            zones.append(Zone(low, high))
        zones[-1].high = max(zones[-1].high, high)
        zones[-1].members.append((tensor, name, array))
    for zone in zones:
        zone.members.sort(key=lambda member: member[0])
        zone.move_in()
    return zones


def pointee(address: int, zones: list[Zone]) -> np.ndarray | None:
    """A torch tensor that no launch was given, found by an address that a kernel read from memory, as grouped products keep them.

    Raises:
        UsageError: The launch was given that memory too: then the kernel would see two copies of it.
    """
    torch = sys.modules.get("torch")
    if torch is None:
        return None
    for value in gc.get_objects():
        if type(value) is torch.Tensor and value.device.type == "cpu" and value.layout == torch.strided:
            array = as_array(value)
            low, high = span(array)
            if low <= address < high:
                if any(zone.shift and low < zone.high and zone.low < high for zone in zones):
                    raise UsageError("expected an array to be passed, or reached through a pointer in memory, got both; pass a copy")
                return array
    return None
