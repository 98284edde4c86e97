"""state_at(trace, k): what is on chip, and what has crossed the bus, after the first k events. A query, not a fold.

A product is on chip iff, within the program, the last event that made it is later than the last that freed it: one binary search
a statement, however many events there are.
"""

# l and O are the symbols of the papers

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from flashviz.errors import TraceError
from flashviz.trace.events import Event, Kind
from flashviz.trace.recording import Trace
from flashviz.trace.statements import Statement
from flashviz.trace.traffic import before, traffic
from flashviz.trace.values import Snapshot


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
    known = _values(trace, first, trace[k - 1], held)
    return State(trace, k=k, program=program, held=held, hbm_read=moved.read, hbm_written=moved.written, **known)


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


def _values(trace: Trace, first: int, last: Event, held: dict[str, Held]) -> dict[str, Any]:
    """The arrays of what is held after event ``last`` of a program that began with event ``first``, as far as the trace kept them.

    Only fa2 traces keep values: of each visited tile those that its statements made last. The statement that made a tile decides.
    """
    if not trace.snapshots and trace.stats is None:
        return {}
    kept = trace.snapshots.get((last.pid_m, last.pid_bh))
    statistics: list[np.ndarray] | None = None
    if kept is not None:
        statistics = [kept.m, kept.l, kept.alpha]
    elif trace.stats is not None:
        rows = slice(trace[first].r0, trace[first].r1)
        statistics = [array[last.pid_bh, :, rows] for array in (trace.stats.m, trace.stats.l, trace.stats.alpha)]
    if statistics is None:
        return {}
    values: dict[str, Any] = {}
    for name, kind, array in zip(("m", "l", "alpha"), (Kind.SOFTMAX_M, Kind.SOFTMAX_L, Kind.ALPHA), statistics, strict=True):
        tile = held.get(name.upper())
        if tile is not None and trace.columns["kind"][tile.event] == kind:
            values[name] = array[trace.count(kind, first, tile.event + 1) - 1]
    if kept is None:
        return values
    unmasked = "S" in held and last.kind == Kind.QK_DOT and trace.columns["kind"][last.index + 1] == Kind.MASK
    for name, kind, array in (("s", Kind.QK_DOT, kept.s), ("p", Kind.SOFTMAX_P, kept.p)):
        if name.upper() in held and not unmasked:  # scores before their mask are not kept
            values[name] = array[trace.count(kind, first, last.index + 1) - 1][:, : _keys(trace, last.j)]
    if "ACC" in held:
        values["acc"] = _acc(trace, kept, first, held["ACC"].event)
    return values


def _keys(trace: Trace, j: int) -> int:
    """Keys of tile j, clipped at N_k."""
    return min(trace.config.block_n, trace.config.seq_k - j * trace.config.block_n)


def _acc(trace: Trace, kept: Snapshot, first: int, made: int) -> np.ndarray:
    """acc as event ``made`` left it: what was added, alpha times that, or O."""
    added = trace.count(Kind.PV_DOT, first, made + 1)
    before_it = kept.acc[added - 1] if added else np.zeros(kept.acc.shape[1:], np.float32)
    match int(trace.columns["kind"][made]):
        case Kind.PV_DOT:
            return np.asarray(before_it)
        case Kind.RESCALE_ACC:
            return np.asarray(before_it * kept.alpha[added][:, None])
        case Kind.NORMALIZE:
            total = kept.l[-1][:, None] if added else np.zeros((len(before_it), 1), np.float32)
            return np.asarray(before_it / np.where(total == 0, 1, total))
    raise TraceError(f"expected acc made by one of three statements of fa2, got kind {trace.columns['kind'][made]} in event {made:,}")
