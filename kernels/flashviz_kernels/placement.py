"""Arrays of one launch, moved to where nothing else is near: an address says whose element it is, or whose bounds it has left."""

from __future__ import annotations

import ctypes
import gc
import math
import mmap
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from flashviz.errors import UsageError
from flashviz_kernels import tensors

GUARD = 256 << 20  # bytes of address space, never touched, on either side: an address in it has left this array and no other
ALIGNMENT = 64
ORIGIN = np.zeros(1, np.int64)
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
    return tensors.as_array(value)


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

    @cached_property
    def low(self) -> int:
        """Its first byte, whatever the signs of its strides."""
        return self.address + sum((size - 1) * step for size, step in zip(self.shape, self.strides, strict=True) if step < 0)

    @cached_property
    def axes(self) -> list[int]:
        """The axes that take part in an address, the widest step first."""
        moving = [axis for axis, (size, step) in enumerate(zip(self.shape, self.strides, strict=True)) if size > 1 and step]
        return sorted(moving, key=lambda axis: -abs(self.strides[axis]))

    @cached_property
    def reach(self) -> list[int]:
        """For each of ``axes``: how many bytes the axes after it span, but for one element."""
        spans = [(self.shape[axis] - 1) * abs(self.strides[axis]) for axis in self.axes]
        return [sum(spans[at + 1 :]) for at in range(len(spans))]

    @cached_property
    def nested(self) -> bool:
        """Whether a step along an axis leaves everything that the axes after it reach: then each element has an address of its own."""
        return all(abs(self.strides[axis]) >= reach + self.itemsize for axis, reach in zip(self.axes, self.reach, strict=True))

    def coordinates(self, addresses: np.ndarray, within: int) -> list[np.ndarray] | None:
        """The index along every axis of the elements whose first ``within`` bytes hold the addresses; None where one is not there.

        Where several elements of a view share their memory, it is one of them.
        """
        if 0 in self.shape:
            return None
        left = addresses.astype(np.int64) - self.low
        if self.nested:
            found, left = self._divided(left)
            fits = (left >= 0) & (left < within)
        else:
            found = [np.zeros(len(left), np.int64) for _ in self.shape]
            fits = self._search(left, within, 0, found)
        if not fits.all():
            return None
        return [self.shape[axis] - 1 - at if self.strides[axis] < 0 else at for axis, at in enumerate(found)]

    def _divided(self, left: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
        """Steps from the lowest address along each axis, and the bytes that remain."""
        found = [np.zeros(len(left), np.int64) for _ in self.shape]
        for axis in self.axes:
            step, size = abs(self.strides[axis]), self.shape[axis]
            at = left // step
            if len(at) and (at[0] >= size or at[-1] >= size or at.max() >= size or at.min() < 0):
                at = np.clip(at, 0, size - 1)
            left = left - at * step
            found[axis] = at
        return found, left

    def _search(self, left: np.ndarray, within: int, depth: int, found: list[np.ndarray]) -> np.ndarray:
        """As ``_divided`` where steps overlap: of the steps along an axis that leave what the rest may reach, the first that it does."""
        if depth == len(self.axes):
            return np.asarray((left >= 0) & (left < within))
        axis, reach = self.axes[depth], self.reach[depth]
        step, last = abs(self.strides[axis]), self.shape[axis] - 1
        most = np.minimum(left // step, last)
        done = np.zeros(len(left), bool)
        for back in range(reach // step + 2):
            at = most - back
            open_ = ~done & (at >= 0) & (left - at * step < reach + self.itemsize)
            if not open_.any():
                if back and (done | (at < 0) | (left - at * step >= reach + self.itemsize)).all():
                    break
                continue
            below = [each[open_] for each in found]
            fits = self._search((left - at * step)[open_], within, depth + 1, below)
            where = np.flatnonzero(open_)[fits]
            for each, part in zip(found, below, strict=True):
                each[where] = part[fits]
            found[axis][where] = at[where]
            done[where] = True
        return done

    def flat(self, elements: list[np.ndarray]) -> np.ndarray:
        """Where elements lie in the row-major order of the shape."""
        index: Any = np.zeros(1, np.int64)
        for size, at in zip(self.shape, elements, strict=True):
            index = index * size + at
        return np.asarray(index)


@dataclass(frozen=True)
class Touched:
    """What one access touched of a tensor: element indices along each axis, and how many distinct bytes."""

    resident: Resident
    elements: list[np.ndarray]
    nbytes: int

    def access(self) -> Access:
        """Its box, and its elements where they do not fill it."""
        box = tuple((int(at.min()), int(at.max()) + 1) for at in self.elements)
        flat = self.resident.flat(self.elements)
        area = math.prod(stop - start for start, stop in box)
        if area == 1 or (area == len(flat) and _rises(flat)):
            return Access(self.resident.tensor, box, self.nbytes)
        flat = np.unique(flat)
        return Access(self.resident.tensor, box, self.nbytes, None if len(flat) == area else runs_of(flat))


@dataclass(frozen=True)
class Access:
    """What one access touched of a tensor: its box, distinct bytes, and runs [n, 2] of its elements, None where they are the whole box."""

    tensor: int
    box: tuple[tuple[int, int], ...]
    nbytes: int
    runs: np.ndarray | None = None


def runs_of(flat: np.ndarray) -> np.ndarray:
    """Rising element indices as (first, one past the last) of each stretch without a gap."""
    cuts = np.flatnonzero(np.diff(flat) != 1)
    return np.stack([flat[np.concatenate([[0], cuts + 1])], flat[np.concatenate([cuts, [len(flat) - 1]])] + 1], axis=1)


def _rises(values: np.ndarray) -> bool:
    return bool((values[1:] > values[:-1]).all())


@dataclass(frozen=True)
class Lanes:
    """The addresses of one access, each of ``width`` bytes; kept as sums of one term an axis where they are such, as those of a tile are.

    ``terms`` rise from 0 and are distinct, their sums begin at ``low``; None where the addresses are not such sums.
    """

    width: int
    count: int  # lanes that are not masked
    first: int  # address of the first of them
    low: int
    high: int  # of the last one
    terms: list[np.ndarray] | None
    loose: np.ndarray | None  # the addresses, where there are no terms

    @classmethod
    def of(cls, addresses: np.ndarray, mask: np.ndarray | None, width: int) -> Lanes | None:
        """None where every lane is masked."""
        signed = addresses.astype(np.int64, copy=False) if addresses.dtype == np.int64 else addresses.view(np.int64)
        terms = _terms(signed)
        if mask is not None and not mask.all():
            kept = _kept(mask) if terms is not None else None
            if kept is None:
                loose = signed[mask]
                return cls._loose(loose, width) if len(loose) else None
            start = int(signed[tuple(int(np.argmax(keep)) for keep in kept)])
            terms = [term[keep] for term, keep in zip(terms or (), kept, strict=True)]
        else:
            start = int(signed.flat[0]) if signed.size else 0
        if terms is None:
            return cls._loose(signed.reshape(-1), width)
        count = math.prod(len(term) for term in terms)
        if not count:
            return None
        low, rising = start, []
        for term in terms:
            low += int(term.min()) - int(term[0])
            distinct = term if _rises(term) else np.unique(term)
            rising.append(distinct - distinct[0])
        return cls(width, count, start, low, low + sum(int(term[-1]) for term in rising), rising, None)

    @classmethod
    def _loose(cls, lanes: np.ndarray, width: int) -> Lanes:
        return cls(width, len(lanes), int(lanes[0]), int(lanes.min()), int(lanes.max()), None, lanes)

    @cached_property
    def addresses(self) -> np.ndarray:
        """Every address, once where they have terms."""
        if self.loose is not None:
            return self.loose
        total = np.array([self.low], np.int64)
        for term in self.terms or ():
            total = (total[:, None] + term[None, :]).reshape(-1)
        return total


def _terms(addresses: np.ndarray) -> list[np.ndarray] | None:
    """For each axis, how far an address is from the first one along it; None where addresses are not the sums of these."""
    if not addresses.size:
        return None
    if addresses.ndim == 1:
        return [addresses - addresses[0]]
    origin = (0,) * addresses.ndim
    terms, total = [], addresses[origin]
    for axis in range(addresses.ndim):
        along: Any = (*origin[:axis], slice(None), *origin[axis + 1 :])
        line = addresses[along] - addresses[origin]
        terms.append(line)
        total = total + line.reshape([-1 if at == axis else 1 for at in range(addresses.ndim)])
    return terms if np.array_equal(total, addresses) else None


def _kept(mask: np.ndarray) -> list[np.ndarray] | None:
    """Which places along each axis a mask keeps; None where that does not say it all."""
    if mask.ndim == 1:
        return [mask]
    others = [tuple(other for other in range(mask.ndim) if other != axis) for axis in range(mask.ndim)]
    kept = [np.asarray(mask.any(axis=other)) for other in others]
    whole: Any = np.ones((), bool)
    for axis, keep in enumerate(kept):
        whole = whole & keep.reshape([-1 if at == axis else 1 for at in range(mask.ndim)])
    return kept if np.array_equal(whole, mask) else None


@dataclass
class Zone:
    """Memory of one array, or of several that overlap, with a copy of its bytes between two guards."""

    low: int
    high: int
    members: list[tuple[int, str, np.ndarray]] = field(default_factory=list)
    written: bool = False
    guard: int = GUARD
    shift: int = 0
    residents: list[Resident] = field(default_factory=list)

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
        signed = addresses.astype(np.int64)
        for resident in self.residents:
            found = resident.coordinates(signed, 1) if width == resident.itemsize else None
            if found is not None:
                return Touched(resident, found, (len(signed) if _rises(signed) else len(np.unique(signed))) * width)
        each_byte = np.unique(signed[:, None] + np.arange(width))  # seen as another type, or not aligned
        for resident in self.residents:
            found = resident.coordinates(each_byte, resident.itemsize)
            if found is not None:
                return Touched(resident, found, each_byte.size)
        return None

    @cached_property
    def is_solid(self) -> bool:
        """Whether every byte is some element's, of one array."""
        return len(self.residents) == 1 and self.high - self.low == math.prod(self.residents[0].shape) * self.residents[0].itemsize

    def holds(self, lanes: Lanes) -> bool:
        """Whether all addresses are between the first byte of the zone and its last."""
        return self.low + self.shift <= lanes.low and lanes.high + lanes.width <= self.high + self.shift

    def accesses(self, lanes: Lanes) -> list[Access] | None:
        """What lanes touch of the arrays here: of one that holds them all, else of each as many as the ones before left over.

        None where a lane is in none of them.
        """
        if not self.holds(lanes):
            return None
        for resident in self.residents:
            access = _tile(resident, lanes) if lanes.terms is not None and resident.nested else None
            if access is not None:
                return [access]
        whole = self.owner(lanes.addresses, lanes.width)
        if whole is not None:
            return [whole.access()]
        return self._shared(lanes) if len(self.residents) > 1 else None

    def _shared(self, lanes: Lanes) -> list[Access] | None:
        left, found = np.unique(lanes.addresses), []
        for resident in self.residents:
            alone = Zone(self.low, self.high, residents=[resident])
            own = np.array([alone.owner(left[at : at + 1], lanes.width) is not None for at in range(len(left))], bool)
            touched = alone.owner(left[own], lanes.width) if own.any() else None
            if touched is not None:
                found.append(touched.access())
                left = left[~own]
        return None if len(left) else found


def _tile(resident: Resident, lanes: Lanes) -> Access | None:  # noqa: PLR0911  # reasons why it is none
    """An access whose terms lie along different axes of a tensor; None where they do not, or leave it."""
    if lanes.width != resident.itemsize or 0 in resident.shape:
        return None
    left, first = lanes.low - resident.low, [0] * len(resident.shape)
    for axis in resident.axes:
        first[axis], left = divmod(left, abs(resident.strides[axis]))
    if left or min(first, default=0) < 0:
        return None
    lasts, sides = list(first), [ORIGIN] * len(first)
    for term in lanes.terms or ():
        reach = int(term[-1])
        if not reach:
            continue
        axis = next((axis for axis in resident.axes if abs(resident.strides[axis]) <= reach), -1)
        if axis < 0 or len(sides[axis]) > 1:  # between elements; or two terms along one axis, whose sums may meet
            return None
        step = abs(resident.strides[axis])
        sides[axis] = term // step
        if not np.array_equal(sides[axis] * step, term):  # along more than one axis
            return None
        lasts[axis] += reach // step
    if any(last >= size for last, size in zip(lasts, resident.shape, strict=True)):
        return None
    count = math.prod(len(side) for side in sides)
    flipped = [step < 0 for step in resident.strides]
    box = tuple(
        (size - 1 - last, size - low) if turned else (low, last + 1)
        for low, last, size, turned in zip(first, lasts, resident.shape, flipped, strict=True)
    )
    nbytes = count * lanes.width
    if count == math.prod(stop - start for start, stop in box):
        return Access(resident.tensor, box, nbytes)
    elements = [
        (size - 1 - low - side)[::-1] if turned else low + side
        for low, side, size, turned in zip(first, sides, resident.shape, flipped, strict=True)
    ]
    return Access(resident.tensor, box, nbytes, runs_of(resident.flat(list(np.ix_(*elements))).reshape(-1)))


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
