"""Run the traced Triton kernel on a config's inputs and read back what it reported: interpreted, or compiled where a GPU is."""

# l and O are the symbols of the papers

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from flashviz.config import AttentionConfig, padded_head_dim
from flashviz.errors import FlashvizError, MissingPartError, UsageError
from flashviz.inputs import Arrays
from flashviz.trace import Op
from flashviz.trace.recording import Source
from flashviz_kernels import gpu
from flashviz_kernels.attention import attend, choose_warps
from flashviz_kernels.interpreter import HostTensor, load_kernel
from flashviz_kernels.log import Kept
from flashviz_kernels.problem import Problem, TraceBuffers
from flashviz_kernels.statements import all_statements, tensor_itemsizes

ROW = 8  # int32 an event: kind, step, pid, j, r0, r1, c0, c1
CLOCK_ROW = 12  # and with a clock: 64 bits of the GPU's time at a program's first and last event, the SM, its clock
CLOCK = "SM clocks aligned by globaltimer, ns"
CYCLE_NS = (0.2, 5.0)  # of any GPU that runs the kernel: 200 MHz to 5 GHz
EVENTS_LIMIT = 1 << 30  # bytes


@dataclass(frozen=True, eq=False)
class KernelRun:
    """Outputs, columns, and where the kernel ran. What was kept has been put into ``Kept``."""

    o: np.ndarray
    lse: np.ndarray
    columns: dict[str, np.ndarray]
    source: Source
    function: Callable[..., Any]  # the kernel's Python function
    versions: dict[str, str]
    clock: str | None


def run_kernel(config: AttentionConfig, arrays: Arrays, kept: Kept, *, clock: bool = False) -> KernelRun:
    """Trace the kernel on ``arrays``: compiled where a GPU is, interpreted elsewhere.

    Args:
        config: The problem.
        arrays: Its Q, K and V.
        kept: Which values to keep; they are put into it.
        clock: Have each event say when and on which SM it was reported.

    Raises:
        UsageError: The events do not fit the trace buffer, or the tiles not the device.
        MissingPartError: No triton, or one that cannot be used here; a clock where the kernel would be interpreted.
    """
    obstacle = gpu.why_not()
    if clock and obstacle is not None:
        raise MissingPartError(f"a clock needs the kernel compiled for a CUDA device, got {obstacle}; leave the clock out")
    buffers = make_buffers(config, kept, clock=clock)
    kernel = load_kernel(interpreted=obstacle is not None)
    versions = {"triton": sys.modules["triton"].__version__}
    source: Source
    if obstacle is None:
        o, lse, buffers = gpu.run_on("cuda", kernel, arrays, problem_of(config), buffers)
        source, versions = "triton-gpu", versions | gpu.versions()
    else:
        o, lse = attend(*arrays, problem_of(config), buffers.each(HostTensor))
        source = "triton-interpreter"
    _keep(config, kept, buffers)
    return KernelRun(o, lse, expand(buffers.events, config), source, kernel.fn, versions, CLOCK if clock else None)


def problem_of(config: AttentionConfig) -> Problem:
    """The launch that a config describes."""
    c = config
    return Problem(
        batch=c.batch, heads=c.heads, kv_heads=c.kv_heads, n_q=c.seq_q, n_k=c.seq_k, d=c.head_dim, dtype=c.dtype, causal=c.causal,
        scale=c.scale, block_m=c.block_m, block_n=c.block_n, stages=c.stages, num_warps=choose_warps(c.block_m, c.head_dim),
    )  # fmt: skip


def expand(rows: np.ndarray, config: AttentionConfig) -> dict[str, np.ndarray]:
    """Columns from the kernel's rows [programs, capacity, 8]. Bytes come from the box that the kernel reported, flops from its tiles.

    With a clock rows have 12 numbers, and there are two columns more: ``t_ns``, from the first report of the launch on, and ``sm``.

    Raises:
        FlashvizError: A program did not number its steps 0, 1, 2, ..., or reported a statement that fa2 has not.
    """
    used = rows[:, :, 0] >= 0
    program, slot = np.nonzero(used)
    kind, step, pid, j, r0, r1, c0, c1 = (rows[used][:, at] for at in range(ROW))
    gaps = slot >= used.sum(axis=1)[program]
    if gaps.any() or not np.array_equal(step, slot) or not np.array_equal(pid, program):
        raise FlashvizError("expected each program to number its steps 0, 1, 2, ..., got gaps; the trace buffer was overwritten")
    area, pid_m = (r1 - r0).astype(np.int64) * (c1 - c0), pid % config.row_blocks
    sides = {  # of a block, clipped at N_q, N_k and d
        "BLOCK_M": np.minimum((pid_m + 1) * config.block_m, config.seq_q) - pid_m * config.block_m,
        "BLOCK_N": np.minimum((j + 1) * config.block_n, config.seq_k) - j * config.block_n,
        "BLOCK_D": np.full_like(kind, config.head_dim),
    }
    nbytes, flops = np.zeros_like(area), np.zeros_like(area)
    itemsizes, known = tensor_itemsizes(config), np.zeros(len(kind), bool)
    for statement in all_statements("fa2", config):
        where = kind == statement.code
        known |= where
        if statement.tensor is not None:
            nbytes[where] = area[where] * itemsizes[statement.tensor]
        if statement.op == Op.DOT:
            flops[where] = 2 * np.prod([sides[name][where].astype(np.int64) for name in statement.dims], axis=0)
    if not known.all():
        raise FlashvizError(f"expected statements of fa2, got kind {kind[~known][0]}; say in statements.py what it does")
    pid_bh = pid // config.row_blocks
    return {
        "launch": np.zeros_like(kind), "kind": kind, "step": step, "pid_m": pid_m, "pid_bh": pid_bh, "i": pid_m, "j": j,
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


def make_buffers(config: AttentionConfig, kept: Kept, *, clock: bool = False) -> TraceBuffers:
    """Room for events and kept values; slot [p, 0] says where program p keeps m, l, alpha, and [p, 1] where all else; -1 nowhere.

    Raises:
        UsageError: There would be too many events.
    """
    programs = config.batch * config.heads * config.row_blocks
    capacity, row = 4 + 10 * config.col_blocks, CLOCK_ROW if clock else ROW
    need = programs * capacity * row * 4
    if need > EVENTS_LIMIT:
        raise UsageError(f"events must fit a trace buffer of {EVENTS_LIMIT:,} B, got {need:,} B for this config; use source numpy")
    slots = np.full((programs, 2), -1, np.int32)
    for at, (pid_m, pid_bh) in enumerate(kept.programs):
        slots[pid_bh * config.row_blocks + pid_m] = at
    if kept.stats is not None:
        slots[:, 0] = np.arange(programs)
    n_stats = programs if kept.stats is not None else len(kept.programs)
    wide = 2 * config.block_n + padded_head_dim(config.head_dim)
    return TraceBuffers(
        events=np.full((programs, capacity, row), -1, np.int32),
        stats=np.full((max(1, n_stats), max(1, config.col_blocks), 3, config.block_m), np.nan, np.float32),
        tiles=np.full((max(1, len(kept.programs)), max(1, config.col_blocks), config.block_m, wide), np.nan, np.float32),
        slots=slots,
        values=bool(n_stats),
        clock=clock,
    )


def _keep(config: AttentionConfig, kept: Kept, buffers: TraceBuffers) -> None:
    """Put what the kernel stored where the recording keeps it: clipped to the rows of the row block."""
    for pid, (stats_slot, tile_slot) in enumerate(buffers.slots.tolist()):
        pid_bh, pid_m = divmod(pid, config.row_blocks)
        first = pid_m * config.block_m
        n_rows = min(config.block_m, config.seq_q - first)
        for t in range(config.visited(pid_m) if stats_slot >= 0 else 0):
            m, l, alpha = buffers.stats[stats_slot, t, :, :n_rows]
            if kept.stats is not None:
                kept.stats.put(pid_bh, t, first, m, l, alpha)
            if tile_slot >= 0:
                keys = min(config.block_n, config.seq_k - t * config.block_n)
                s, p, acc = np.split(buffers.tiles[tile_slot, t, :n_rows], [config.block_n, 2 * config.block_n], axis=1)
                tile = {"s": s[:, :keys], "p": p[:, :keys], "acc": acc[:, : config.head_dim]}
                kept.put((pid_m, pid_bh), {"m": m, "l": l, "alpha": alpha} | tile)
