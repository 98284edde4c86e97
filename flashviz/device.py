"""What one streaming multiprocessor (SM) of each architecture holds, and how many programs fit on it at once.

CUDA C++ Programming Guide, chapter "Compute Capabilities": table "Technical Specifications per Compute Capability"; the rules of
allocation are those of NVIDIA's CUDA Occupancy Calculator.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from flashviz.errors import ConfigError

KIB = 1024
REGISTERS = 64 * KIB  # 32-bit, of every SM below
WARP = 32  # threads
REGISTER_UNIT, WARP_UNIT = 256, 4  # registers are given to a warp in units, and to warps four at a time
SHARED_UNIT, SHARED_RESERVED = 128, KIB  # each block also holds 1 KiB for the system


@dataclass(frozen=True)
class Sm:
    """Limits of one SM: resident warps and blocks (a block is a program), bytes of shared memory in all and for one block."""

    warps: int
    blocks: int
    shared: int
    shared_per_block: int


SMS: dict[str, Sm] = {
    "sm_80": Sm(64, 32, 164 * KIB, 163 * KIB),
    "sm_86": Sm(48, 16, 100 * KIB, 99 * KIB),
    "sm_89": Sm(48, 24, 100 * KIB, 99 * KIB),
    "sm_90": Sm(64, 32, 228 * KIB, 227 * KIB),
    "sm_100": Sm(64, 32, 228 * KIB, 227 * KIB),
    "sm_120": Sm(48, 24, 100 * KIB, 99 * KIB),
}


class Buffer(msgspec.Struct, frozen=True):
    """A piece of one program's shared memory: ``copies`` tiles of a tensor, or scratch that the compiler needs for a while."""

    name: str
    offset: int
    nbytes: int
    copies: int = 1
    scratch: bool = False


class Room(NamedTuple):
    """What programs on one SM share: bytes in all, and of one program."""

    name: str
    whole: int
    each: int


class Resources(msgspec.Struct, frozen=True, kw_only=True):
    """What the compiler gave one program: bytes of shared memory and how they are laid out, registers a thread, spilled bytes a thread."""

    arch: str
    shared: int
    buffers: tuple[Buffer, ...]
    registers: int
    spilled: int
    warps: int
    stages: int

    def __post_init__(self) -> None:
        """Refuse what no compiler gives: from a file."""
        least = {"shared": 0, "registers": 1, "spilled": 0, "warps": 1, "stages": 1}
        for name, low in least.items():
            if not low <= getattr(self, name) < 1 << 31:
                raise ConfigError(f"{name} of a program must be from {low} on, got {getattr(self, name)}; compile again")
        _ = self.programs

    @property
    def programs(self) -> int:
        """Programs that fit on one SM at once."""
        return programs_per_sm(self.arch, shared=self.shared, registers=self.registers, warps=self.warps)

    @property
    def rooms(self) -> tuple[Room, Room]:
        """The registers and the shared memory of an SM, and what a program takes of each."""
        shared = Room("shared memory", SMS[self.arch].shared, _rounded(self.shared + SHARED_RESERVED, SHARED_UNIT))
        return Room("registers", 4 * REGISTERS, 4 * self.warps * _rounded(self.registers * WARP, REGISTER_UNIT)), shared

    @property
    def scarce(self) -> Room | None:
        """What no further program would find on the SM; None where the SM takes no more warps or blocks, whatever is left."""
        return next((room for room in self.rooms if 0 < room.whole // room.each == self.programs), None)


def programs_per_sm(arch: str, *, shared: int, registers: int, warps: int) -> int:
    """How many blocks of so many warps fit on one SM.

    Args:
        arch: As ``sm_90``.
        shared: Bytes of shared memory a block.
        registers: A thread.
        warps: A block.

    Raises:
        ConfigError: The architecture is not known.
    """
    if arch not in SMS:
        raise ConfigError(f"arch must be one of {', '.join(SMS)}, got {arch}; choose one of them")
    sm = SMS[arch]
    per_warp = _rounded(max(registers, 1) * WARP, REGISTER_UNIT)
    warps_by_registers = REGISTERS // per_warp // WARP_UNIT * WARP_UNIT
    by_shared = sm.shared // _rounded(shared + SHARED_RESERVED, SHARED_UNIT)
    fitting = min(sm.blocks, sm.warps // warps, warps_by_registers // warps, by_shared)
    return fitting if shared <= sm.shared_per_block else 0


def _rounded(value: int, unit: int) -> int:
    return -(-value // unit) * unit
