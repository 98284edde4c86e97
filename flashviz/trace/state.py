"""state_at(trace, k): what is on chip, and what has crossed the bus, after the first k events. A query, not a fold.

A product is on chip iff, within the program, the last event that made it is later than the last that freed it: one binary search
a statement, however many events there are.
"""

# l and O are the symbols of the papers

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from flashviz.errors import TraceError
from flashviz.trace.kept import values_of
from flashviz.trace.recording import Trace
from flashviz.trace.statements import Statement
from flashviz.trace.traffic import before, traffic


@dataclass(frozen=True, slots=True)
class Held:
    """A tile on chip: rows r0..r1, columns c0..c1 of ``tensor``, made by ``event``."""

    tensor: str
    memory: Literal["SMEM", "REG"]
    event: int
    i: int
    j: int
    r0: int
    r1: int
    c0: int
    c1: int
    nbytes: int


@dataclass(frozen=True)
class State:
    """On chip and in HBM after ``k`` events. A value that is not held, or was not kept in the trace, is None, never zero.

    ``program`` is the one that was running: (pid_m, pid_bh) of attention, (x, y, z) of any kernel. ``held`` are its tiles, by product;
    there are none once it has ended, nor where nothing is known of the chip. ``m``, ``l``, ``alpha`` [rows], ``acc`` [rows, d], ``s`` and
    ``p`` [rows, columns] are float32, natural-log units. ``hbm_read`` and ``hbm_written`` are bytes by tensor over all programs so far.
    """

    trace: Trace = field(repr=False, compare=False)
    k: int
    program: tuple[int, ...] | None
    held: dict[str, Held] = field(default_factory=dict)
    m: np.ndarray | None = None
    l: np.ndarray | None = None
    alpha: np.ndarray | None = None
    acc: np.ndarray | None = None
    s: np.ndarray | None = None
    p: np.ndarray | None = None
    hbm_read: dict[str, int] = field(default_factory=dict)
    hbm_written: dict[str, int] = field(default_factory=dict)

    def reads(self, tensor: str) -> dict[tuple[int, ...], int]:
        """How often each box of a tensor in HBM was read so far, by the numbers of its ``trace.sides``."""
        return self.trace.touches(tensor, writes=False).before(self.k)

    def writes(self, tensor: str) -> dict[tuple[int, ...], int]:
        """How often each was written: by several programs, where they add to it."""
        return self.trace.touches(tensor, writes=True).before(self.k)

    @property
    def smem(self) -> dict[str, Held]:
        """Tiles in shared memory."""
        return {product: tile for product, tile in self.held.items() if tile.memory == "SMEM"}

    @property
    def registers(self) -> dict[str, Held]:
        """Tiles in registers."""
        return {product: tile for product, tile in self.held.items() if tile.memory == "REG"}

    @property
    def sram_bytes(self) -> int:
        """Bytes on chip: shared memory and registers."""
        return sum(tile.nbytes for tile in self.held.values())


def state_at(trace: Trace, k: int) -> State:
    """The state after the first ``k`` events. Costs some dozen binary searches, not k events.

    Raises:
        TraceError: ``k`` is not in 0..len(trace).
    """
    if not 0 <= k <= len(trace):
        raise TraceError(f"expected 0 <= k <= {len(trace):,} events, got k={k}; count the events of this trace")
    if k == 0:
        return State(trace, k=0, program=None)
    at = int(np.searchsorted(trace.bounds, k - 1, side="right")) - 1
    first, stop = int(trace.bounds[at]), int(trace.bounds[at + 1])
    moved, held = traffic(trace, k), {} if k == stop else held_at(trace, first, k)
    program = tuple(int(trace.columns[name][k - 1]) for name in trace.header.program[1:])
    values = values_of(trace, first, k, {product: tile.event for product, tile in held.items()})
    return State(trace, k=k, program=program, held=held, hbm_read=moved.read, hbm_written=moved.written, **values)


def held_at(trace: Trace, first: int, k: int) -> dict[str, Held]:
    """Tiles on chip after events first..k-1 of one program, by product."""
    lasts = {code: trace.last(code, first, k) for code in trace.statements}
    held = {}
    for product, (makers, killers) in trace.products.items():
        maker = max(makers, key=lambda each: lasts[each.code])
        made, freed = lasts[maker.code], max((lasts[each.code] for each in killers), default=-1)
        if made > freed:
            held[product] = _tile(trace, maker, made, _begun(trace, makers, lasts, max(freed, first - 1)))
    return held


def _begun(trace: Trace, makers: Sequence[Statement], lasts: Mapping[int, int], freed: int) -> int:
    """The event with which began what is on chip: the last that made it anew, or, where tiles are gathered, the first after ``freed``."""
    whole = max((lasts[each.code] for each in makers if each.makes is not None and not each.makes.gathers), default=-1)
    if whole > freed:
        return whole
    places = (trace.places[each.code] for each in makers)
    return min(int(events[at]) for events in places if (at := before(events, freed + 1)) < len(events))


def _tile(trace: Trace, maker: Statement, made: int, begun: int) -> Held:
    """What event ``made`` of a statement left on chip, its columns from those of event ``begun`` on."""
    assert maker.makes is not None  # it is a maker
    product, at = maker.makes, {name: int(trace.columns[name][made]) for name in ("i", "j", "r0", "r1", "c0", "c1")}
    at["c0"] = int(trace.columns["c0"][begun])
    nbytes = (at["r1"] - at["r0"]) * (at["c1"] - at["c0"]) * product.itemsize
    return Held(product.name, product.memory, made, **at, nbytes=nbytes)
