"""The launches of the backward pass on arrays of a problem: by the algorithms that record it, and by ``flash_attention`` for its users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flashviz.config import padded_head_dim
from flashviz_kernels.algorithm import Call, Kernel
from flashviz_kernels.problem import Problem, TraceBuffers

FILE = Path(__file__).with_name("backward.py")


def backward_calls(
    tensors: Mapping[str, Any], problem: Problem, buffers: Sequence[TraceBuffers] | None = None, *, atomic: bool
) -> tuple[Call, ...]:  # fmt: skip
    """D by row blocks; dK and dV by key tiles; then dQ, converted or by row blocks.

    Args:
        tensors: Contiguous, by name: Q, O, dO, dQ [B, H, N_q, d], K, V, dK, dV [B, H_kv, N_k, d]; LSE, D [B, H, N_q] in float32; and, with
            ``atomic`` where the dtype is smaller, dQ_SUM [B, H, N_q, d] in float32.
        problem: Their shape and tiling.
        buffers: Where each launch reports to; None where nothing is reported.
        atomic: dQ is added up in HBM, in an order that nobody fixes; else row block by row block, in a launch of its own.
    """
    p, t = problem, tensors
    widths = {"HEAD_DIM": p.d, "BLOCK_D": padded_head_dim(p.d), "BLOCK_M": p.block_m, "TRACE": buffers is not None}
    walk = widths | {
        "BLOCK_N": p.block_n, "CAUSAL": p.causal, "STAGES": p.stages, "PRECISION": "tf32x3" if p.dtype == "float32" else "tf32",
        "num_warps": p.num_warps,
    }  # fmt: skip
    by_rows, by_keys = (p.programs,), (p.batch * p.kv_heads * -(-p.n_k // p.block_n),)
    shape = (p.scale, p.heads, p.kv_heads, p.n_q, p.n_k)
    small = atomic and p.dtype != "float32"
    summed = t["dQ_SUM"] if small else t["dQ"]
    e = [t["D"]] * 3 if buffers is None else [each.events for each in buffers]
    inputs = tuple(t[name] for name in ("Q", "K", "V", "dO", "LSE", "D"))
    calls = [
        Call(Kernel(FILE, "preprocess"), by_rows, (t["O"], t["dO"], t["D"], summed, p.n_q, e[0]), widths | {"ATOMIC": atomic}),
        Call(Kernel(FILE, "backward"), by_keys, (*inputs, summed, t["dK"], t["dV"], *shape, e[1]), walk | {"ATOMIC": atomic}),
    ]
    if small:
        calls.append(Call(Kernel(FILE, "convert"), by_rows, (summed, t["dQ"], p.n_q, e[2]), widths))
    if not atomic:
        calls.append(Call(Kernel(FILE, "backward_rows"), by_rows, (*inputs, t["dQ"], *shape, e[2]), walk))
    return tuple(calls)
