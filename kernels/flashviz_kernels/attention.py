"""flash_attention(q, k, v): the public entry point. Refuses what would be wrong, silently or late, before anything runs."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from flashviz.config import padded_head_dim
from flashviz.errors import InputError
from flashviz_kernels import hopper
from flashviz_kernels.checking import (
    check_dtypes,
    check_shapes,
    check_shared,
    check_strides,
    check_switch,
    device_of,
    problem_of,
    refused_by_device,
)
from flashviz_kernels.gradients import flash_attention_backward
from flashviz_kernels.modes import load_kernel
from flashviz_kernels.problem import Problem, TraceBuffers
from flashviz_kernels.tensors import HostTensor, as_array, as_tensor

KERNELS = (None, "forward", "hopper")


def flash_attention(
    q: Any, k: Any, v: Any, *, causal: bool = False, scale: float | None = None, block_m: int | None = None, block_n: int | None = None,
    stages: int = 2, num_warps: int | None = None, return_lse: bool = False, kernel: str | None = None, deterministic: bool = False,
) -> Any:  # fmt: skip
    """softmax(scale Q K^T) V by FlashAttention-2 (Dao 2023, Algorithm 1).

    NumPy arrays and torch tensors on the CPU are interpreted (slow, and exact to the kernel); CUDA tensors run compiled, on Hopper by a
    faster kernel where it covers the problem (``hopper``). Where a tensor requires a gradient, torch goes back through O by
    ``flash_attention_backward``, with tiles of its own; Q, K, V, O and LSE are kept until then, and no score.

    Args:
        q: [B, H, N_q, d], d from 16 to 256, float16, bfloat16 or float32.
        k: [B, H_kv, N_k, d] where H_kv divides H. N_k may be 0: then O = 0 and LSE = -inf.
        v: As ``k``.
        causal: Query r sees keys up to r + N_k - N_q: aligned bottom-right (torch's ``is_causal`` is top-left).
        scale: Factor on the scores; None means 1 / sqrt(d).
        block_m: Rows of a query tile, a power of two from 16 to 256; None as ``default_blocks``.
        block_n: Rows of a key tile, likewise.
        stages: Key and value tiles in flight.
        num_warps: Warps a program; None chooses 4 or 8.
        return_lse: Return (O, LSE) instead of O.
        kernel: ``forward``, the film's own; ``hopper``, on sm_90; None takes ``hopper`` where it covers the problem and neither blocks nor
            warps were asked for.
        deterministic: Of the gradients, as ``flash_attention_backward``.

    Returns:
        O as ``q``, and with ``return_lse`` LSE [B, H, N_q] in float32. NaN and infinities propagate.

    Raises:
        InputError: What was expected, what was got, and the remedy. While torch goes back: a loss depends on LSE, or a second derivative is
            asked for.
        MissingPartError: No triton here, or it is too old for this NumPy.
    """
    arrays = {"q": q, "k": k, "v": v}
    device = device_of(arrays)
    check_shapes(arrays)
    check_dtypes(arrays)
    check_strides(arrays)
    if kernel not in KERNELS:
        raise InputError(f"kernel must be one of {', '.join(map(str, KERNELS))}, got {kernel!r}; leave it out to have it chosen")
    problem = problem_of(
        arrays, causal=causal, scale=scale, block_m=block_m, block_n=block_n, stages=stages, num_warps=num_warps
    )  # fmt: skip
    check_switch("deterministic", deterministic)
    usual = (block_m, block_n, stages, num_warps) == (None, None, 2, None)
    run: Callable[[Any, Any, Any], tuple[Any, Any]]
    if _by_hopper(problem, arrays, device, kernel, usual=usual):
        run = partial(_on_gpu, problem=problem, launched=hopper.launch)
    else:
        check_shared(problem, device, q)
        places: dict[str, Callable[..., tuple[Any, Any]]] = {"numpy": attend, "cpu": _on_torch_cpu, "cuda": _on_gpu}
        run = partial(places[device], problem=problem)
    if device != "numpy" and sys.modules["torch"].is_grad_enabled() and any(array.requires_grad for array in arrays.values()):
        from flashviz_kernels.autograd import differentiable  # it imports torch, which NumPy's arrays do without

        run = partial(
            differentiable, run, partial(flash_attention_backward, causal=problem.causal, scale=problem.scale, deterministic=deterministic)
        )
    o, lse = run(q, k, v)
    return (o, lse) if return_lse else o


def attend(
    q: np.ndarray, k: np.ndarray, v: np.ndarray, problem: Problem, buffers: TraceBuffers | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The kernel, interpreted, on NumPy arrays that were checked. Returns O and LSE."""
    kernel = load_kernel(interpreted=True)
    from flashviz_kernels.interpreter import mended, reports_at_once  # which a GPU does without

    o, lse = np.zeros(q.shape, q.dtype), np.zeros(q.shape[:3], np.float32)
    with mended(), contextlib.nullcontext() if buffers is None else reports_at_once(kernel):
        launch(kernel, [HostTensor(array) for array in (q, k, v, o, lse)], problem, buffers)
    return o, lse


def launch(kernel: Any, tensors: Sequence[Any], problem: Problem, buffers: TraceBuffers | None) -> None:
    """One launch of ``forward`` on (q, k, v, o, lse), each with ``stride()`` and ``data_ptr()``."""
    grid, arguments, constants = forward_call(tensors, problem, buffers)
    kernel[grid](*arguments, **constants)


def forward_call(
    tensors: Sequence[Any], problem: Problem, buffers: TraceBuffers | None
) -> tuple[tuple[int], tuple[Any, ...], dict[str, Any]]:  # fmt: skip
    """Grid, arguments and constants of that launch."""
    p = problem
    strides = [step for tensor in tensors[:4] for step in tensor.stride()[:3]]
    lse = tensors[4]
    traced = (lse, lse, lse, lse) if buffers is None else (buffers.events, buffers.stats, buffers.tiles, buffers.slots)
    constants = {
        "D": p.d, "BLOCK_D": padded_head_dim(p.d), "BLOCK_M": p.block_m, "BLOCK_N": p.block_n, "CAUSAL": p.causal, "STAGES": p.stages,
        "PRECISION": "tf32x3" if p.dtype == "float32" else "tf32",  # tf32 alone would err by 2e-4 in float32
        "TRACE": buffers is not None, "TRACE_VALUES": buffers is not None and buffers.values,
        "CLOCK": buffers is not None and buffers.clock, "num_warps": p.num_warps,
    }  # fmt: skip
    return (p.programs,), (*tensors, p.scale, p.heads, p.kv_heads, p.n_q, p.n_k, *strides, *traced), constants


# ------------------------------------------------------------------------------------------------------------ where it runs


def _on_torch_cpu(q: Any, k: Any, v: Any, problem: Problem) -> tuple[Any, Any]:
    """torch tensors on the CPU, as NumPy views of the same memory."""
    o, lse = attend(as_array(q), as_array(k), as_array(v), problem)
    return as_tensor(o), as_tensor(lse)


def _by_hopper(problem: Problem, arrays: dict[str, Any], device: str, kernel: str | None, *, usual: bool) -> bool:
    """Whether the kernels for Hopper run it.

    Raises:
        InputError: They were asked for and cannot.
    """
    if kernel == "forward" or (kernel is None and (device != "cuda" or not usual)):
        return False
    why = f"arrays on {device}" if device != "cuda" else None if usual else "blocks, stages or warps of one's own"
    if why is None:
        about = sys.modules["torch"].cuda.get_device_properties(arrays["q"].device)
        why = hopper.refusal(problem, list(arrays.values()), f"sm_{about.major}{about.minor}")
    if why is not None and kernel == "hopper":
        raise InputError(f"kernel hopper takes 16-bit arrays on an sm_90 as they are, got {why}; leave kernel out")
    return why is None


def _on_gpu(
    q: Any, k: Any, v: Any, problem: Problem, launched: Callable[[Sequence[Any], Problem], None] | None = None
) -> tuple[Any, Any]:  # fmt: skip
    """CUDA tensors, compiled: ``forward``, or what is launched in its place."""
    torch = sys.modules["torch"]
    kernel = load_kernel(interpreted=False)  # refuses a process that interprets
    o = torch.empty(q.shape, dtype=q.dtype, device=q.device)
    lse = torch.empty(q.shape[:3], dtype=torch.float32, device=q.device)
    tensors = [q.detach(), k.detach(), v.detach(), o, lse]
    with refused_by_device(), torch.cuda.device(q.device):
        if launched is None:
            launch(kernel, tensors, problem, None)
        else:
            launched(tensors, problem)
    return o, lse
