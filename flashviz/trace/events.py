"""The vocabulary of a trace: one kind a statement of the kernel, and what each kind moves."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Literal

Memory = Literal["HBM", "SMEM", "REG"]


class Kind(enum.IntEnum):
    """What one event did. The numbers are part of the file format: they are never reused."""

    LOAD_Q = 0
    LOAD_K = 1
    QK_DOT = 2
    MASK = 3
    SOFTMAX_M = 4
    ALPHA = 5
    SOFTMAX_P = 6
    SOFTMAX_L = 7
    RESCALE_ACC = 8
    LOAD_V = 9
    PV_DOT = 10
    NORMALIZE = 11
    STORE_O = 12
    STORE_LSE = 13
    LOAD_O = 14
    LOAD_L = 15
    LOAD_M = 16
    LOAD_S = 17
    LOAD_P = 18
    STORE_L = 19
    STORE_M = 20
    STORE_S = 21
    STORE_P = 22
    INIT_O = 23
    INIT_L = 24
    INIT_M = 25


IN_SHARED_MEMORY = frozenset({"Q", "K", "V"})
STATISTICS = frozenset({"M", "L", "LSE"})  # float32 in HBM, one a row, whatever the inputs' dtype

# What a kind that does not touch HBM computes, in registers.
COMPUTES: dict[Kind, str] = {
    Kind.QK_DOT: "S",
    Kind.MASK: "S",
    Kind.SOFTMAX_M: "M",
    Kind.ALPHA: "ALPHA",
    Kind.SOFTMAX_P: "P",
    Kind.SOFTMAX_L: "L",
    Kind.RESCALE_ACC: "ACC",
    Kind.PV_DOT: "ACC",
    Kind.NORMALIZE: "ACC",
}


def is_load(kind: Kind) -> bool:
    """HBM -> chip."""
    return kind.name.startswith("LOAD_")


def is_store(kind: Kind) -> bool:
    """Chip -> HBM; the initialisation of O, l and m is one."""
    return kind.name.startswith(("STORE_", "INIT_"))


def tensor_of(kind: Kind) -> str:
    """The tensor that a kind moves or computes: Q K V O S P M L LSE in HBM; S P M L ALPHA ACC on chip."""
    return COMPUTES[kind] if kind in COMPUTES else kind.name.split("_", 1)[1]


TRANSFERS = tuple(kind for kind in Kind if is_load(kind) or is_store(kind))


@dataclass(frozen=True, slots=True)
class Event:
    """One event: program (pid_m, pid_bh) did ``kind`` as its ``step``-th, on rows r0..r1 and columns c0..c1 of ``tensor``.

    ``i`` and ``j`` are tile indices, -1 where the event belongs to no one row block or key tile. ``nbytes`` crossed between HBM
    and the chip (0 for arithmetic); ``flops`` are those of the two products. ``line`` is the source line in the traced file.
    With a clock, ``t_ns`` is when the event was reported, and ``sm`` where.
    """

    index: int
    kind: Kind
    step: int
    pid_m: int
    pid_bh: int
    i: int
    j: int
    r0: int
    r1: int
    c0: int
    c1: int
    nbytes: int
    flops: int
    line: int
    launch: int = 0
    t_ns: int | None = None
    sm: int | None = None

    @property
    def tensor(self) -> str:
        return tensor_of(self.kind)

    @property
    def is_load(self) -> bool:
        return is_load(self.kind)

    @property
    def is_store(self) -> bool:
        return is_store(self.kind)

    @property
    def src(self) -> Memory:
        return "HBM" if self.is_load else "REG"

    @property
    def dst(self) -> Memory:
        if self.is_store:
            return "HBM"
        return "SMEM" if self.tensor in IN_SHARED_MEMORY else "REG"
