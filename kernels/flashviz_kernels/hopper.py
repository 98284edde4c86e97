"""The fast forward pass on Hopper (sm_90): which of two kernels covers a problem, with which tiles, and its launch.

``pipeline`` (Gluon) where it can, ``descriptors`` (Triton) where lengths are no multiples of its tiles; ``refusal`` says why neither can,
and ``forward`` then runs.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flashviz.config import ITEMSIZE, padded_head_dim

if TYPE_CHECKING:
    from flashviz_kernels.problem import Problem

ARCH = "sm_90"
GLUON = (3, 6)  # the first triton whose Gluon has what the pipeline needs
SIXTEEN_BIT = ("float16", "bfloat16")
ALIGNMENT = 16  # bytes: of what a descriptor describes, and of its strides
DESCRIPTOR_DIMS = (16, 128)
BLOCK = 128  # rows of a program of the pipeline, and keys of its tiles
L2_BYTES = 32 << 20  # of K and V that a group of heads may have: most of the 50 MB
SMS = 132  # of an H100 SXM; a GPU with fewer runs some programs after others


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """How ``pipeline`` is launched. Registers are a thread's: 2 x 240 + 24 is what an SM has for three groups of 128 threads."""

    stages: int = 2
    compute_registers: int = 240
    copy_registers: int = 24


@dataclass(frozen=True, kw_only=True)
class Descriptors:
    """How ``descriptors`` is launched."""

    block_m: int = 128
    block_n: int = 128
    stages: int = 2
    warps: int = 8


def refusal(problem: Problem, tensors: Sequence[Any], arch: str) -> str | None:
    """Why no kernel here covers a problem on q, k, v, in words; None where one does."""
    low, high = DESCRIPTOR_DIMS
    itemsize = ITEMSIZE[problem.dtype]

    def aligned(tensor: Any) -> bool:
        return not tensor.data_ptr() % ALIGNMENT and not any(step * itemsize % ALIGNMENT for step in tensor.stride()[:3])

    reasons = (
        (arch != ARCH, f"a GPU of {arch}"),
        (problem.dtype not in SIXTEEN_BIT, problem.dtype),
        (not low <= problem.d <= high or problem.d * itemsize % ALIGNMENT, f"a head dim of {problem.d}"),
        (not problem.scale > 0, f"a scale of {problem.scale:g}"),  # the max is taken before the scale
        (not problem.n_k, "no keys"),
        (not all(aligned(tensor) for tensor in tensors), f"arrays that are not aligned to {ALIGNMENT} B"),
    )
    return next((why for holds, why in reasons if holds), None)


def covers_pipeline(problem: Problem, tensors: Sequence[Any]) -> bool:
    """Whether the explicit pipeline takes it, of what ``refusal`` lets through: whole tiles, contiguous, and a triton with Gluon."""
    whole = problem.n_q % BLOCK == 0 and problem.n_k % BLOCK == 0 and problem.d in PIPELINES
    return whole and all(_contiguous(tensor) for tensor in tensors) and has_gluon()


def has_gluon() -> bool:
    """Whether this triton's Gluon has what the pipeline needs."""
    version = sys.modules["triton"].__version__ if "triton" in sys.modules else importlib.import_module("triton").__version__
    return tuple(int(part) for part in version.split(".")[:2]) >= GLUON


def here() -> bool:
    """Whether torch's current device is a Hopper."""
    torch = importlib.import_module("torch")
    return bool(torch.cuda.is_available()) and torch.cuda.get_device_capability() == (9, 0)


def kernel_for(tensors: Sequence[Any], problem: Problem) -> Any:
    """The kernel that covers a problem on (q, k, v, o, ...), of what ``refusal`` lets through."""
    name = "pipeline" if covers_pipeline(problem, tensors[:4]) else "descriptors"
    return getattr(importlib.import_module(f"flashviz_kernels.{name}"), name)


def launch(tensors: Sequence[Any], problem: Problem, kernel: Any = None) -> None:
    """One launch on (q, k, v, o, lse), all on a Hopper, of what ``refusal`` lets through; o and lse are contiguous.

    Args:
        tensors: Each with ``data_ptr()``, ``stride()``, ``shape`` and ``dtype``.
        problem: The launch.
        kernel: What is launched as ``kernel_for``'s: ahead of time, something that compiles it.
    """
    kernel = kernel_for(tensors, problem) if kernel is None else kernel
    if covers_pipeline(problem, tensors[:4]):
        launch_pipeline(kernel, tensors, problem, PIPELINES[problem.d])
    else:
        launch_descriptors(kernel, tensors, problem, DESCRIPTORS[padded_head_dim(problem.d)])


# by head dim, padded: the fastest of those tried on an H100 (docs/benchmarks.md) that spill nothing
PIPELINES = {64: Pipeline(stages=3), 128: Pipeline(stages=2)}
DESCRIPTORS = {width: Descriptors(block_n=64, stages=3, warps=4) for width in (16, 32, 64)} | {128: Descriptors()}


def launch_pipeline(kernel: Any, tensors: Sequence[Any], p: Problem, how: Pipeline) -> None:
    """``pipeline.pipeline``, on whole tiles."""
    gl = importlib.import_module("triton.experimental.gluon.language")
    described = importlib.import_module("triton.experimental.gluon.nvidia.hopper").TensorDescriptor
    q, k, v, o, lse = tensors
    element = gl.float16 if p.dtype == "float16" else gl.bfloat16

    def tiles(tensor: Any, rows: int) -> Any:
        block = [rows, p.d]
        flat = tensor.shape[0] * tensor.shape[1] * tensor.shape[2]
        return described(tensor, [flat, p.d], [p.d, 1], block, gl.NVMMASharedLayout.get_default_for(block, element))

    row_blocks = p.n_q // BLOCK
    total = p.batch * p.heads * row_blocks
    paired = p.causal and row_blocks % 2 == 0
    one_each = p.causal and not paired  # then the device's own order of programs evens out what differs
    heads = max(1, min(p.batch * p.heads, L2_BYTES // (2 * p.n_k * p.d * ITEMSIZE[p.dtype])))
    kernel[(total if one_each else min(total // (2 if paired else 1), SMS),)](
        tiles(q, BLOCK // 2), tiles(k, BLOCK), tiles(v, BLOCK), tiles(o, BLOCK // 2), lse,
        p.scale, p.n_q, p.n_k, p.heads // p.kv_heads, heads, total,
        D=p.d, STAGES=how.stages, CAUSAL=p.causal, PAIRED=paired,
        COMPUTE_REGISTERS=how.compute_registers, COPY_REGISTERS=how.copy_registers, num_warps=4,
    )  # fmt: skip


def launch_descriptors(kernel: Any, tensors: Sequence[Any], p: Problem, how: Descriptors) -> None:
    """``descriptors.descriptors``, on any lengths."""
    described = importlib.import_module("triton.tools.tensor_descriptor").TensorDescriptor
    q, k, v, o, lse = tensors
    width = padded_head_dim(p.d)

    def tiles(tensor: Any, rows: int) -> Any:
        return described(tensor, list(tensor.shape), list(tensor.stride()), [1, 1, rows, width])

    kernel[(p.batch * p.heads * -(-p.n_q // how.block_m),)](
        tiles(q, how.block_m), tiles(k, how.block_n), tiles(v, how.block_n), tiles(o, how.block_m), lse,
        p.scale, p.batch, p.heads, p.kv_heads, p.n_q, p.n_k,
        BLOCK_D=width, BLOCK_M=how.block_m, BLOCK_N=how.block_n, CAUSAL=p.causal, STAGES=how.stages, num_warps=how.warps,
    )  # fmt: skip


def _contiguous(tensor: Any) -> bool:
    """Row after row, head after head."""
    expected, steps = 1, []
    for size in reversed(tensor.shape):
        steps.append(expected)
        expected *= size
    return tuple(tensor.stride()) == tuple(reversed(steps))
