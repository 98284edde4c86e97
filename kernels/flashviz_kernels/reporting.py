"""How kernels report what they do: buffers for rows and values, and the columns of a trace from what was written into them."""

# l and O are the symbols of the papers

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from flashviz.config import AttentionConfig, padded_head_dim
from flashviz.errors import FlashvizError, UsageError
from flashviz.trace import Kind, Op
from flashviz_kernels.algorithm import Algorithm, Reports
from flashviz_kernels.log import Kept
from flashviz_kernels.problem import TraceBuffers

ROW = 8  # int32 an event: kind, step, pid, j, r0, r1, c0, c1
CLOCK_ROW = 12  # and with a clock: 64 bits of the GPU's time at a program's first and last event, the SM, its clock
CLOCK = "SM clocks aligned by globaltimer, ns"
CYCLE_NS = (0.2, 5.0)  # of any GPU that runs the kernel: 200 MHz to 5 GHz
EVENTS_LIMIT = 1 << 30  # bytes


def expand(algorithm: Algorithm, config: AttentionConfig, rows: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """Columns from the rows [programs, capacity, 8] of each launch. Bytes come from the box that a kernel reported, flops from its tiles.

    With a clock rows have 12 numbers, and there are two columns more: ``t_ns``, from the first report of the launch on, and ``sm``.

    Args:
        algorithm: Says what an event means and where it stands; its kernels report.
        config: The problem.
        rows: What they wrote.

    Raises:
        FlashvizError: A program did not number its steps 0, 1, 2, ..., or reported a statement that the algorithm has not.
    """
    launches = [_launch_columns(algorithm, config, launch, each) for launch, each in enumerate(rows)]
    return {name: np.concatenate([columns[name] for columns in launches]) for name in launches[0]}


def _launch_columns(
    algorithm: Algorithm, config: AttentionConfig, launch: int, rows: np.ndarray
) -> dict[str, np.ndarray]:  # fmt: skip
    used = rows[:, :, 0] >= 0
    program, slot = np.nonzero(used)
    kind, step, pid, inner, r0, r1, c0, c1 = (rows[used][:, at] for at in range(ROW))
    gaps = slot >= used.sum(axis=1)[program]
    if gaps.any() or not np.array_equal(step, slot) or not np.array_equal(pid, program):
        raise FlashvizError("expected each program to number its steps 0, 1, 2, ..., got gaps; the trace buffer was overwritten")
    assert algorithm.reports is not None  # else nothing was written
    assert algorithm.arrays is not None
    arrays = algorithm.arrays(config)
    pid_bh, pid_m = np.divmod(pid, algorithm.reports.a_head(config, launch))
    i, j = algorithm.reports.tiles(launch, pid_m, inner)
    own = i % config.row_blocks  # of its head: the heads of a group may be numbered on
    area = (r1 - r0).astype(np.int64) * (c1 - c0)
    sides = {  # of a block, clipped at N_q, N_k and d
        "BLOCK_M": np.minimum((own + 1) * config.block_m, config.seq_q) - own * config.block_m,
        "BLOCK_N": np.minimum((j + 1) * config.block_n, config.seq_k) - j * config.block_n,
        "BLOCK_D": np.full_like(kind, config.head_dim),
    }
    nbytes, flops = np.zeros_like(area), np.zeros_like(area)
    known = np.zeros(len(kind), bool)
    for statement in algorithm.statements(config):
        where = kind == statement.code
        known |= where
        if statement.tensor is not None:
            nbytes[where] = area[where] * arrays[statement.tensor].itemsize
        if statement.op == Op.DOT:
            flops[where] = 2 * np.prod([sides[name][where].astype(np.int64) for name in statement.dims], axis=0)
    if not known.all():
        raise FlashvizError(f"expected statements of {algorithm.name}, got kind {kind[~known][0]}; say in its file what it does")
    return {
        "launch": np.full_like(kind, launch), "kind": kind, "step": step, "pid_m": pid_m, "pid_bh": pid_bh, "i": i, "j": j,
        "r0": r0, "r1": r1, "c0": c0, "c1": c1, "nbytes": nbytes, "flops": flops,
    } | (clock_columns(rows[used]) if rows.shape[-1] == CLOCK_ROW else {})  # fmt: skip


def clock_columns(rows: np.ndarray) -> dict[str, np.ndarray]:
    """Times in ns from the first report of the launch on, and SMs, of rows [events, 12].

    Each event has read its SM's clock, a program's first and last one the GPU's time too. All SMs tick at one rate, which is the slope of
    time over cycles on all of them; ``globaltimer`` shows the time of its last tick, never a later one, so that the largest difference
    on an SM sets its clock.

    Raises:
        FlashvizError: A row has no SM, or an SM no time: the kernel wrote none. Or the two clocks disagree.
    """
    sm = rows[:, ROW + 2]
    if (sm < 0).any():
        raise FlashvizError(f"expected each event to carry a clock and an SM, got {int((sm < 0).sum()):,} without; the kernel has no CLOCK")
    gpu_ns = np.ascontiguousarray(rows[:, ROW : ROW + 2]).view(np.int64)[:, 0]
    told = gpu_ns >= 0
    processors, which = np.unique(sm, return_inverse=True)
    if len(np.unique(which[told])) < len(processors):
        raise FlashvizError("expected the GPU's time once a program, got SMs without; the kernel's first or last event has no globaltimer")
    first = np.zeros(len(processors), np.int32)
    first[which[::-1]] = rows[::-1, ROW + 3]  # an event of each SM, from which its cycles are counted: 32 bits wrap after two seconds
    cycles = (rows[:, ROW + 3] - first[which]).astype(np.int64)
    origin = gpu_ns[told].min()
    x, y, at = cycles[told].astype(np.float64), (gpu_ns[told] - origin).astype(np.float64), which[told]
    per = np.bincount(at)
    dx, dy = x - (np.bincount(at, x) / per)[at], y - (np.bincount(at, y) / per)[at]
    slope = float(dx @ dy / (dx @ dx)) if (dx != 0).any() else 0.0
    if not CYCLE_NS[0] <= slope <= CYCLE_NS[1]:
        raise FlashvizError(f"expected an SM's cycle of {CYCLE_NS[0]} to {CYCLE_NS[1]} ns, got {slope:.3g}; record a longer launch")
    start = np.full(len(processors), -np.inf)
    np.maximum.at(start, at, y - slope * x)
    t_ns = np.rint(start[which] + slope * cycles).astype(np.int64)
    return {"t_ns": t_ns - t_ns.min(), "sm": sm}


def rows_only(calls: Sequence[tuple[int, int]], *, clock: bool = False) -> tuple[TraceBuffers, ...]:
    """Room for events and for no values.

    Args:
        calls: Programs of each call, and the most events that one of them reports.
        clock: With a clock.

    Raises:
        UsageError: There would be too many events.
    """
    none = np.zeros(1, np.float32)
    return tuple(
        TraceBuffers(_rows(programs, capacity, clock=clock), none, none, np.full((programs, 2), -1, np.int32), values=False, clock=clock)
        for programs, capacity in calls
    )


def _rows(programs: int, capacity: int, *, clock: bool) -> np.ndarray:
    row = CLOCK_ROW if clock else ROW
    need = programs * capacity * row * 4
    if need > EVENTS_LIMIT:
        raise UsageError(f"events must fit a trace buffer of {EVENTS_LIMIT:,} B, got {need:,} B for this config; use source numpy")
    return np.full((programs, capacity, row), -1, np.int32)


def by_row_blocks(most_events: Callable[[AttentionConfig], int]) -> Reports:
    """Of one launch of ``forward``, which reads a clock: a program a row block reports ``most_events`` of a config at most."""

    def room_of(config: AttentionConfig, kept: Kept, clock: bool) -> tuple[TraceBuffers]:
        return (room(config, kept, most_events(config), clock=clock),)

    return Reports(
        room_of, keep, a_head=lambda config, _launch: config.row_blocks, tiles=lambda _launch, own, inner: (own, inner), clocked=True
    )


def room(config: AttentionConfig, kept: Kept, capacity: int, *, clock: bool) -> TraceBuffers:
    """Room for events and kept values of a program a row block.

    Slot [p, 0] says where program p keeps m, l, alpha, and [p, 1] where all else; -1 nowhere.

    Raises:
        UsageError: There would be too many events.
    """
    programs = config.batch * config.heads * config.row_blocks
    rows = _rows(programs, capacity, clock=clock)
    slots = np.full((programs, 2), -1, np.int32)
    for at, (pid_m, pid_bh) in enumerate(kept.programs):
        slots[pid_bh * config.row_blocks + pid_m] = at
    if kept.stats is not None:
        slots[:, 0] = np.arange(programs)
    n_stats = programs if kept.stats is not None else len(kept.programs)
    wide = 2 * config.block_n + padded_head_dim(config.head_dim)
    return TraceBuffers(
        events=rows,
        stats=np.full((max(1, n_stats), max(1, config.col_blocks), 3, config.block_m), np.nan, np.float32),
        tiles=np.full((max(1, len(kept.programs)), max(1, config.col_blocks), config.block_m, wide), np.nan, np.float32),
        slots=slots,
        values=bool(n_stats),
        clock=clock,
    )


def keep(config: AttentionConfig, kept: Kept, written: Sequence[TraceBuffers]) -> None:
    """Put what the kernel stored where the recording keeps it: clipped to the rows of the row block."""
    (buffers,) = written
    for pid, (stats_slot, tile_slot) in enumerate(buffers.slots.tolist()):
        pid_bh, pid_m = divmod(pid, config.row_blocks)
        first = pid_m * config.block_m
        n_rows = min(config.block_m, config.seq_q - first)
        reported = buffers.events[pid] if stats_slot >= 0 else buffers.events[pid, :0]
        key_tiles = reported[reported[:, 0] == Kind.QK_DOT, 3]  # each visit begins with its scores
        for t, j in enumerate(key_tiles.tolist()):
            m, l, alpha = buffers.stats[stats_slot, t, :, :n_rows]
            if kept.stats is not None:
                kept.stats.put(pid_bh, t, first, m, l, alpha)
            if tile_slot >= 0:
                keys = min(config.block_n, config.seq_k - j * config.block_n)
                s, p, acc = np.split(buffers.tiles[tile_slot, t, :n_rows], [config.block_n, 2 * config.block_n], axis=1)
                tile = {"s": s[:, :keys], "p": p[:, :keys], "acc": acc[:, : config.head_dim]}
                kept.put((pid_m, pid_bh), {"m": m, "l": l, "alpha": alpha} | tile)
