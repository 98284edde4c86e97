"""The codes of attention's statements, and one event of a trace. What a code means, the header's statements say."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from flashviz.trace.statements import Memory, Statement


class Kind(enum.IntEnum):
    """Codes of the statements of ``standard``, ``fa1`` and ``fa2``. They are part of the file format: they are never reused."""

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


@dataclass(frozen=True, slots=True)
class Event:
    """One event: program (pid_m, pid_bh) executed ``statement`` as its ``step``-th, on rows r0..r1 and columns c0..c1.

    ``i`` and ``j`` are tile indices, -1 where the event belongs to no one row block or key tile. ``nbytes`` crossed between HBM
    and the chip (0 for arithmetic); ``flops`` are those of the two products. With a clock, ``t_ns`` is when the event was reported,
    and ``sm`` where.
    """

    index: int
    statement: Statement
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
    launch: int = 0
    t_ns: int | None = None
    sm: int | None = None

    @property
    def kind(self) -> Kind:
        """The statement's code, by the name that attention has for it."""
        return Kind(self.statement.code)

    @property
    def line(self) -> int:
        """The source line in the traced file."""
        return self.statement.line

    @property
    def tensor(self) -> str:
        """The tensor that is moved or computed: Q K V O S P M L LSE in HBM; S P M L ALPHA ACC on chip."""
        return self.statement.subject

    @property
    def is_load(self) -> bool:
        return self.statement.reads

    @property
    def is_store(self) -> bool:
        return self.statement.writes

    @property
    def src(self) -> Memory:
        return "HBM" if self.is_load else "REG"

    @property
    def dst(self) -> Memory:
        made = self.statement.makes
        return "HBM" if made is None else made.memory
