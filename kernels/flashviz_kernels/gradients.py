"""flash_attention_backward: the gradients of attention; and the launches of the backward pass, for those too who record it."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from flashviz.config import padded_head_dim
from flashviz.errors import InputError
from flashviz_kernels.algorithm import Call, Kernel, Named
from flashviz_kernels.checking import (
    check_dtypes,
    check_reach,
    check_shapes,
    check_switch,
    device_of,
    dtype_of,
    problem_of,
    refused_by_device,
)
from flashviz_kernels.described import Described
from flashviz_kernels.modes import load_kernel, load_triton
from flashviz_kernels.problem import Problem, TraceBuffers, backward_blocks
from flashviz_kernels.tensors import HostTensor, as_array, as_tensor

FILE = Path(__file__).with_name("backward.py")


def flash_attention_backward(
    q: Any, k: Any, v: Any, o: Any, lse: Any, d_o: Any, *, causal: bool = False, scale: float | None = None,
    block_m: int | None = None, block_n: int | None = None, stages: int = 2, num_warps: int | None = None, deterministic: bool = False,
) -> tuple[Any, Any, Any]:  # fmt: skip
    """dQ, dK and dV of the sum of dO o O, where O = softmax(scale Q K^T) V, by FlashAttention-2 (Dao 2023, Algorithm 2).

    P is made again, tile by tile, from LSE: P = e^(scale Q K^T - LSE). NumPy arrays and torch tensors on the CPU are interpreted; CUDA
    tensors run compiled. What is not contiguous is copied.

    Args:
        q: [B, H, N_q, d] as ``flash_attention`` was given it.
        k: [B, H_kv, N_k, d], likewise.
        v: As ``k``.
        o: [B, H, N_q, d] as it returned it.
        lse: [B, H, N_q] in float32, as it returned it with ``return_lse``.
        d_o: As ``o``: what comes from the loss.
        causal: As ``flash_attention``.
        scale: Likewise.
        block_m: Rows of a query tile, a power of two from 16 to 256; None as ``backward_blocks``.
        block_n: Rows of a key tile, likewise.
        stages: Tiles in flight.
        num_warps: Warps a program; None chooses 4 or 8.
        deterministic: Sums have one order: dQ has a launch of its own, at seven products a pair of tiles instead of five. Else key tiles
            add to dQ in an order that a GPU does not fix, and its last bits change from run to run. torch tensors take it also where
            ``torch.use_deterministic_algorithms`` is on.

    Returns:
        dQ as ``q``, dK and dV as ``k``, contiguous; those of a group are summed over the H / H_kv heads that share K and V. A row that sees
        no key has dQ = 0 and adds nothing. NaN and infinities propagate (docs/accuracy.md).

    Raises:
        InputError: What was expected, what was got, and the remedy.
        MissingPartError: No triton here, or it is too old for this NumPy.
    """
    given = {"q": q, "k": k, "v": v, "o": o, "lse": lse, "d_o": d_o}
    device = device_of(given)
    check_shapes({name: given[name] for name in ("q", "k", "v")})
    _check_kept(given)
    check_dtypes({name: each for name, each in given.items() if name != "lse"})
    for name in ("q", "k"):
        check_reach(name, given[name].shape[2] * given[name].shape[3], "split N")
    check_switch("deterministic", deterministic)
    problem = problem_of(
        given, causal=causal, scale=scale, block_m=block_m, block_n=block_n, stages=stages, num_warps=num_warps, blocks=backward_blocks
    )  # fmt: skip
    atomic = not deterministic and (device == "numpy" or not sys.modules["torch"].are_deterministic_algorithms_enabled())
    contiguous = (np.ascontiguousarray(each) if device == "numpy" else each.detach().contiguous() for each in given.values())
    named = dict(zip(("Q", "K", "V", "O", "LSE", "dO"), contiguous, strict=True))
    made = {"numpy": _interpreted, "cpu": _on_torch_cpu, "cuda": _on_gpu}[device](named, problem, atomic=atomic)
    return made["dQ"], made["dK"], made["dV"]


def arrays(problem: Problem, *, atomic: bool) -> dict[str, Described]:
    """As Q [B, H, N_q, d] O, dO and dQ; as K [B, H_kv, N_k, d] V, dK and dV; LSE and D [B, H, N_q]; and dQ's sum in float32."""
    p = problem
    rows, keys = (p.batch, p.heads, p.n_q), (p.batch, p.kv_heads, p.n_k, p.d)
    found = {name: Described(p.dtype, (*rows, p.d)) for name in ("Q", "O", "dO", "dQ")}
    found |= {name: Described(p.dtype, keys) for name in ("K", "V", "dK", "dV")}
    found |= {name: Described("float32", rows) for name in ("LSE", "D")}
    return found | ({"dQ_SUM": Described("float32", (*rows, p.d))} if atomic and p.dtype != "float32" else {})


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


# ------------------------------------------------------------------------------------------------------------ where it runs


def _interpreted(given: Named, problem: Problem, *, atomic: bool) -> Named:
    """The kernels, interpreted, on NumPy arrays that were checked. Returns all arrays by name."""
    load_triton(interpreted=True)  # before it is mended, which imports it
    from flashviz_kernels.interpreter import mended  # which a GPU does without

    named = {name: each.zeros() for name, each in arrays(problem, atomic=atomic).items() if name not in given} | given
    tensors = {name: HostTensor(array, name) for name, array in named.items()}
    with mended():
        _launch(backward_calls(tensors, problem, atomic=atomic), interpreted=True)
    return named


def _on_torch_cpu(given: dict[str, Any], problem: Problem, *, atomic: bool) -> dict[str, Any]:
    """torch tensors on the CPU, as NumPy views of the same memory."""
    named = _interpreted({name: as_array(tensor) for name, tensor in given.items()}, problem, atomic=atomic)
    return {name: as_tensor(array) for name, array in named.items()}


def _on_gpu(given: dict[str, Any], problem: Problem, *, atomic: bool) -> dict[str, Any]:
    """CUDA tensors, compiled. Every element of what is made is written before it is read."""
    torch = sys.modules["torch"]
    device = given["Q"].device
    with refused_by_device(), torch.cuda.device(device):
        made = {
            name: torch.empty(each.shape, dtype=getattr(torch, each.dtype), device=device)
            for name, each in arrays(problem, atomic=atomic).items() if name not in given
        }  # fmt: skip
        _launch(backward_calls(made | given, problem, atomic=atomic), interpreted=False)
    return made


def _launch(calls: Sequence[Call], *, interpreted: bool) -> None:
    for call in calls:
        call.on(load_kernel(interpreted=interpreted, name=call.kernel.name, file=call.kernel.file.stem))


def _check_kept(given: dict[str, Any]) -> None:
    """O and dO belong to Q, and LSE to its rows.

    Raises:
        InputError: They do not, or torch would go back through what is made here.
    """
    rows = tuple(given["q"].shape)
    for name, shape in (("o", rows), ("lse", rows[:3]), ("d_o", rows)):
        if tuple(given[name].shape) != shape:
            raise InputError(f"{name} must have shape {shape}, as q has {rows}, got {tuple(given[name].shape)}; give what goes with q")
    if dtype_of(given["lse"]) != "float32":
        raise InputError(f"lse must be float32, got {dtype_of(given['lse'])}; give what flash_attention(..., return_lse=True) returned")
    learning = [name for name, each in given.items() if not isinstance(each, np.ndarray) and each.requires_grad]
    if learning and sys.modules["torch"].is_grad_enabled():
        raise InputError(f"first derivatives only are made here, got {', '.join(learning)} with a gradient required; detach it")
