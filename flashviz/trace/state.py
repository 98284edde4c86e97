"""state_at(trace, k): what is on chip, and what has crossed the bus, after the first k events. A pure fold."""

# l and O are the symbols of the papers

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from flashviz.errors import TraceError
from flashviz.trace.events import IN_SHARED_MEMORY, TRANSFERS, Event, Kind, is_store, tensor_of
from flashviz.trace.recording import Trace

FLOAT32 = 4
OPERANDS = frozenset({"Q", "K", "V", "P"})  # stay in the inputs' dtype when they are loaded

# What is dead once a statement has run: a K or V tile after its dot, S after P is made of it, P after its dot.
DIES_AFTER: dict[str, dict[Kind, tuple[str, ...]]] = {
    "fa2": {Kind.QK_DOT: ("K",), Kind.SOFTMAX_P: ("S",), Kind.PV_DOT: ("V", "P")},
    # K_j and V_j serve every row block; what belongs to row block i is written back at the end of the inner step.
    "fa1": {
        Kind.QK_DOT: ("Q",),
        Kind.SOFTMAX_P: ("S",),
        Kind.PV_DOT: ("P",),
        Kind.STORE_O: ("ACC",),
        Kind.STORE_L: ("L",),
        Kind.STORE_M: ("M", "ALPHA"),
    },
    "standard": {
        Kind.QK_DOT: ("K",),
        Kind.STORE_S: ("S",),
        Kind.SOFTMAX_P: ("S",),
        Kind.PV_DOT: ("P", "V"),
    },
}


@dataclass(frozen=True, slots=True)
class Held:
    """A tile on chip: rows r0..r1, columns c0..c1 of ``tensor``."""

    tensor: str
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

    ``smem`` and ``registers`` are the tiles of the running program, by tensor; both are empty once it has ended. ``m``, ``l``,
    ``alpha`` [rows], ``acc`` [rows, d], ``s`` and ``p`` [rows, columns] are float32, natural-log units. ``hbm_read`` and
    ``hbm_written`` are bytes by tensor over all programs so far; ``o_stored`` the (pid_bh, i) whose tile of O is in HBM.
    """

    k: int
    program: tuple[int, int] | None
    smem: dict[str, Held] = field(default_factory=dict)
    registers: dict[str, Held] = field(default_factory=dict)
    m: np.ndarray | None = None
    l: np.ndarray | None = None
    alpha: np.ndarray | None = None
    acc: np.ndarray | None = None
    s: np.ndarray | None = None
    p: np.ndarray | None = None
    hbm_read: dict[str, int] = field(default_factory=dict)
    hbm_written: dict[str, int] = field(default_factory=dict)
    o_stored: frozenset[tuple[int, int]] = frozenset()

    @property
    def sram_bytes(self) -> int:
        """Bytes on chip: shared memory and registers."""
        return sum(held.nbytes for held in (*self.smem.values(), *self.registers.values()))


def state_at(trace: Trace, k: int) -> State:
    """The state after the first ``k`` events. Costs some dozen events and a count over one program, not k.

    Raises:
        TraceError: ``k`` is not in 0..len(trace).
    """
    if not 0 <= k <= len(trace):
        raise TraceError(f"expected 0 <= k <= {len(trace):,} events, got k={k}; count the events of this trace")
    if k == 0:
        return State(k=0, program=None)
    at = int(np.searchsorted(trace.bounds, k - 1, side="right")) - 1
    first, stop = int(trace.bounds[at]), int(trace.bounds[at + 1])
    read, written = _traffic(trace, at, first, k)
    indices, tiles = trace.o_stores
    last = trace[k - 1]
    program = (last.pid_m, last.pid_bh)
    tiles_held = {} if k == stop else held_after(decisive(trace, first, k), trace.header.algorithm)
    return State(
        k=k,
        program=program,
        smem={tensor: tile for tensor, tile in tiles_held.items() if tensor in IN_SHARED_MEMORY},
        registers={tensor: tile for tensor, tile in tiles_held.items() if tensor not in IN_SHARED_MEMORY},
        hbm_read=read,
        hbm_written=written,
        o_stored=frozenset(tiles[: int(np.searchsorted(indices, k))]),
        **_values(trace, program, first, last, set(tiles_held)),
    )


def decisive(trace: Trace, first: int, k: int) -> list[Event]:
    """The first and the last event of each kind among the events first..k-1 of one program, in their order.

    What is held depends on no other: the last of a kind undoes all before it, and only a row of S gathered by ``standard`` reaches
    back, to the first of its loads.
    """
    kinds = trace.columns["kind"][first:k]
    found, firsts = np.unique(kinds, return_index=True)
    lasts = [len(kinds) - 1 - int(np.argmax(kinds[::-1] == kind)) for kind in found]
    return [trace[first + at] for at in sorted({*firsts.tolist(), *lasts})]


def held_after(events: Iterable[Event], algorithm: str) -> dict[str, Held]:
    """Tiles on chip after these events of one program, by tensor. Operands of the products count as loaded, the rest in float32."""
    dies = DIES_AFTER[algorithm]
    held: dict[str, Held] = {}
    for event in events:
        step(held, event, dies)
    return held


def step(held: dict[str, Held], event: Event, dies: dict[Kind, tuple[str, ...]]) -> None:
    """Fold one event into what is held: what it brings or computes arrives, what it used up leaves."""
    if not event.is_store:
        tensor = "ACC" if event.tensor == "O" else event.tensor
        c0 = event.c0
        if event.kind == Kind.LOAD_S and "S" in held:  # standard softmax gathers whole rows
            c0 = held["S"].c0
        operand = event.is_load and tensor in OPERANDS
        nbytes = event.nbytes if operand else (event.r1 - event.r0) * (event.c1 - c0) * FLOAT32
        held[tensor] = Held(tensor, event.i, event.j, event.r0, event.r1, c0, event.c1, nbytes)
    for tensor in dies.get(event.kind, ()):
        held.pop(tensor, None)


def _traffic(trace: Trace, at: int, first: int, k: int) -> tuple[dict[str, int], dict[str, int]]:
    """Bytes read and written by tensor: of the programs before bound ``at``, from the prefix sums, and of this one's events first..k-1."""
    totals: tuple[dict[str, int], dict[str, int]] = ({}, {})
    for (tensor, loaded), sums in trace.traffic_before.items():
        if sums[at]:
            totals[not loaded][tensor] = int(sums[at])
    kinds, nbytes = trace.columns["kind"][first:k], trace.columns["nbytes"][first:k]
    count, moved = np.bincount(kinds, minlength=len(Kind)), np.bincount(kinds, nbytes, minlength=len(Kind))
    for kind in TRANSFERS:
        if count[kind]:
            side, tensor = totals[is_store(kind)], tensor_of(kind)
            side[tensor] = side.get(tensor, 0) + int(moved[kind])
    return totals


def _values(trace: Trace, program: tuple[int, int], first: int, last: Event, held: set[str]) -> dict[str, np.ndarray | None]:
    """The arrays of what is held after event ``last`` of a program that began with event ``first``, as far as the trace kept them.

    Only fa2 traces keep values.
    """
    kept = trace.snapshots.get(program)
    statistics: list[np.ndarray] | None = None
    if kept is not None:
        statistics = [kept.m, kept.l, kept.alpha]
    elif trace.stats is not None:
        rows = slice(trace[first].r0, trace[first].r1)
        statistics = [array[program[1], :, rows] for array in (trace.stats.m, trace.stats.l, trace.stats.alpha)]
    if statistics is None:
        return {}
    values: dict[str, np.ndarray | None] = {}
    counts = np.bincount(trace.columns["kind"][first : last.index + 1]).tolist()
    done = {Kind(kind): count for kind, count in enumerate(counts) if count}  # how often each has run: tile t is the newest of its kind
    for name, kind, array in zip(("m", "l", "alpha"), (Kind.SOFTMAX_M, Kind.SOFTMAX_L, Kind.ALPHA), statistics, strict=True):
        if name.upper() in held and kind in done:
            values[name] = array[done[kind] - 1]
    if kept is None:
        return values
    if "S" in held and not (last.kind == Kind.QK_DOT and trace.columns["kind"][last.index + 1] == Kind.MASK):
        values["s"] = kept.s[done[Kind.QK_DOT] - 1][:, : _keys(trace, last.j)]  # scores before their mask are not kept
    if "P" in held:
        values["p"] = kept.p[done[Kind.SOFTMAX_P] - 1][:, : _keys(trace, last.j)]
    if "ACC" in held:
        values["acc"] = _acc(kept.acc, kept.alpha, kept.l, done)
    return values


def _keys(trace: Trace, j: int) -> int:
    """Keys of tile j, clipped at N_k."""
    return min(trace.config.block_n, trace.config.seq_k - j * trace.config.block_n)


def _acc(acc: np.ndarray, alpha: np.ndarray, l_sum: np.ndarray, done: dict[Kind, int]) -> np.ndarray | None:
    """acc after RESCALE_ACC is alpha times the last one, after NORMALIZE it is O."""
    rescaled, added = done.get(Kind.RESCALE_ACC, 0), done.get(Kind.PV_DOT, 0)
    if not rescaled:
        return None
    if rescaled > added:
        before = acc[added - 1] if added else np.zeros_like(acc[0])
        return np.asarray(before * alpha[added][:, None])
    if Kind.NORMALIZE in done:
        total = l_sum[-1][:, None]
        return np.asarray(acc[-1] / np.where(total == 0, 1, total))
    return np.asarray(acc[added - 1])
