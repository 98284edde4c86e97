"""The codes of attention's statements, and one event of a trace. What a code means, the header's statements say."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from flashviz.trace.statements import Memory, Op, Statement


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
    """One event: program ``pid`` of a launch executed ``statement`` as its ``step``-th.

    ``box`` bounds what was touched of ``tensor``, one (start, stop) an axis; ``Trace.elements`` says which. ``nbytes`` are those of the
    distinct elements, which crossed between HBM and the chip (0 for arithmetic); ``touched``, where it is known, counts an element as often
    as lanes asked for it. ``flops`` are those of products. ``shape`` is that of the block on chip; for a DOT (..., m, n, k).

    Where programs are (pid_m, pid_bh) and events have tiles, the box is that of the tile, rows r0..r1 and columns c0..c1, of arithmetic
    too, and ``shape`` is empty; ``i`` and ``j`` are tile indices, -1 where the event belongs to no one row block or key tile. With a clock,
    ``t_ns`` is when the event was reported, and ``sm`` where.
    """

    index: int
    statement: Statement
    launch: int
    pid: tuple[int, ...]
    step: int
    box: tuple[tuple[int, int], ...]
    shape: tuple[int, ...]
    nbytes: int
    flops: int
    touched: int | None = None
    i: int = -1
    j: int = -1
    t_ns: int | None = None
    sm: int | None = None

    @property
    def kind(self) -> Kind:
        """The statement's code, by the name that attention has for it."""
        return Kind(self.statement.code)

    @property
    def op(self) -> Op:
        return self.statement.op

    @property
    def file(self) -> int:
        """Index of the traced file; -1 where the statement stands in none."""
        return self.statement.file

    @property
    def line(self) -> int:
        """The source line in the traced file."""
        return self.statement.line

    @property
    def tensor(self) -> str | None:
        """The tensor that is moved between HBM and the chip; None for arithmetic."""
        return self.statement.tensor

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

    # ------------------------------------------------------------------------------------------------------------- tiles

    @property
    def pid_m(self) -> int:
        return self.pid[0]

    @property
    def pid_bh(self) -> int:
        return self.pid[1]

    @property
    def r0(self) -> int:
        return self.box[0][0]

    @property
    def r1(self) -> int:
        return self.box[0][1]

    @property
    def c0(self) -> int:
        return self.box[1][0]

    @property
    def c1(self) -> int:
        return self.box[1][1]
