"""Run the traced Triton kernel on a config's inputs and read back what it reported: interpreted, or compiled where a GPU is."""

# l and O are the symbols of the papers

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from flashviz.config import AttentionConfig, padded_head_dim
from flashviz.errors import FlashvizError, UsageError
from flashviz.inputs import Arrays
from flashviz.trace import Kind
from flashviz.trace.events import STATISTICS, TRANSFERS, tensor_of
from flashviz.trace.recording import Source
from flashviz_kernels.attention import Problem, TraceBuffers, attend, choose_warps, launch
from flashviz_kernels.interpreter import HostTensor, load_kernel
from flashviz_kernels.log import FLOAT32, Kept

ROW = 8  # int32 an event: kind, step, pid, j, r0, r1, c0, c1
EVENTS_LIMIT = 1 << 30  # bytes


@dataclass(frozen=True, eq=False)
class KernelRun:
    """Outputs, columns without source lines, and where the kernel ran. What was kept has been put into ``Kept``."""

    o: np.ndarray
    lse: np.ndarray
    columns: dict[str, np.ndarray]
    source: Source
    function: Callable[..., Any]  # the kernel's Python function
    triton_version: str


def run_kernel(config: AttentionConfig, arrays: Arrays, kept: Kept) -> KernelRun:
    """Trace the kernel on ``arrays``.

    Raises:
        UsageError: The events do not fit the trace buffer.
        MissingPartError: No triton, or one that cannot be used here.
    """
    copies = config.batch * config.heads
    capacity = 4 + 10 * config.col_blocks
    need = copies * config.row_blocks * capacity * ROW * 4
    if need > EVENTS_LIMIT:
        raise UsageError(f"events must fit a trace buffer of {EVENTS_LIMIT:,} B, got {need:,} B for this config; use source numpy")
    problem = problem_of(config)
    buffers = _buffers(config, kept, capacity)
    compiled = _gpu_is_free()
    kernel = load_kernel(interpreted=not compiled)
    if compiled:
        o, lse, buffers = _on_gpu(kernel, arrays, problem, buffers)
    else:
        o, lse = attend(*arrays, problem, buffers.each(HostTensor))
    _keep(config, kept, buffers)
    source: Source = "triton-gpu" if compiled else "triton-interpreter"
    return KernelRun(o, lse, expand(buffers.events, config), source, kernel.fn, sys.modules["triton"].__version__)


def problem_of(config: AttentionConfig) -> Problem:
    """The launch that a config describes."""
    c = config
    return Problem(
        batch=c.batch, heads=c.heads, kv_heads=c.kv_heads, n_q=c.seq_q, n_k=c.seq_k, d=c.head_dim, dtype=c.dtype, causal=c.causal,
        scale=c.scale, block_m=c.block_m, block_n=c.block_n, stages=c.stages, num_warps=choose_warps(c.block_m, c.head_dim),
    )  # fmt: skip


def expand(rows: np.ndarray, config: AttentionConfig) -> dict[str, np.ndarray]:
    """Columns from the kernel's rows [programs, capacity, 8]. Bytes come from the box that the kernel reported, flops from its tiles.

    Raises:
        FlashvizError: A program did not number its steps 0, 1, 2, ...
    """
    used = rows[:, :, 0] >= 0
    program, slot = np.nonzero(used)
    kind, step, pid, j, r0, r1, c0, c1 = (rows[used][:, at] for at in range(ROW))
    gaps = slot >= used.sum(axis=1)[program]
    if gaps.any() or not np.array_equal(step, slot) or not np.array_equal(pid, program):
        raise FlashvizError("expected each program to number its steps 0, 1, 2, ..., got gaps; the trace buffer was overwritten")
    itemsize = np.zeros(len(Kind), np.int64)
    for transfer in TRANSFERS:
        itemsize[transfer] = FLOAT32 if tensor_of(transfer) in STATISTICS else config.itemsize
    area = (r1 - r0).astype(np.int64) * (c1 - c0)
    keys = np.minimum((j + 1) * config.block_n, config.seq_k) - j * config.block_n
    flops = np.select(
        [kind == Kind.QK_DOT, kind == Kind.PV_DOT], [2 * area * config.head_dim, 2 * area * keys.astype(np.int64)], default=0
    )  # fmt: skip
    pid_m, pid_bh = pid % config.row_blocks, pid // config.row_blocks
    return {
        "launch": np.zeros_like(kind), "kind": kind, "step": step, "pid_m": pid_m, "pid_bh": pid_bh, "i": pid_m, "j": j,
        "r0": r0, "r1": r1, "c0": c0, "c1": c1, "nbytes": area * itemsize[kind], "flops": flops,
    }  # fmt: skip


def _buffers(config: AttentionConfig, kept: Kept, capacity: int) -> TraceBuffers:
    """Room for events and kept values; slot [p, 0] says where program p keeps m, l, alpha, and [p, 1] where all else; -1 nowhere."""
    programs = config.batch * config.heads * config.row_blocks
    slots = np.full((programs, 2), -1, np.int32)
    for at, (pid_m, pid_bh) in enumerate(kept.programs):
        slots[pid_bh * config.row_blocks + pid_m] = at
    if kept.stats is not None:
        slots[:, 0] = np.arange(programs)
    n_stats = programs if kept.stats is not None else len(kept.programs)
    wide = 2 * config.block_n + padded_head_dim(config.head_dim)
    return TraceBuffers(
        events=np.full((programs, capacity, ROW), -1, np.int32),
        stats=np.full((max(1, n_stats), max(1, config.col_blocks), 3, config.block_m), np.nan, np.float32),
        tiles=np.full((max(1, len(kept.programs)), max(1, config.col_blocks), config.block_m, wide), np.nan, np.float32),
        slots=slots,
        values=bool(n_stats),
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


def _gpu_is_free() -> bool:
    """Whether the kernel can be compiled for a GPU here: one is there, torch can reach it, and this process does not interpret."""
    if os.environ.get("TRITON_INTERPRET") == "1" or not Path("/dev/nvidiactl").exists() or importlib.util.find_spec("torch") is None:
        return False
    triton = sys.modules.get("triton")
    if triton is not None and triton.knobs.runtime.interpret:
        return False
    return bool(importlib.import_module("torch").cuda.is_available())


def _on_gpu(kernel: Any, arrays: Arrays, problem: Problem, buffers: TraceBuffers) -> tuple[np.ndarray, np.ndarray, TraceBuffers]:
    torch = importlib.import_module("torch")
    brain_float = problem.dtype == "bfloat16"

    def there(array: np.ndarray) -> Any:
        plain = torch.from_numpy(array.view(np.int16)) if array.dtype.name == "bfloat16" else torch.from_numpy(array)
        moved = plain.cuda()
        return moved.view(torch.bfloat16) if array.dtype.name == "bfloat16" else moved

    q, k, v = (there(array) for array in arrays)
    o, lse = torch.zeros_like(q), torch.zeros(q.shape[:3], dtype=torch.float32, device=q.device)
    device = buffers.each(there)
    launch(kernel, [q, k, v, o, lse], problem, device)
    back = device.each(lambda buffer: buffer.cpu().numpy())
    out = o.view(torch.int16).cpu().numpy().view(arrays[0].dtype) if brain_float else o.cpu().numpy()
    return out, lse.cpu().numpy(), back
