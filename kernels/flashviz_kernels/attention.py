"""flash_attention(q, k, v): the public entry point. Refuses what would be wrong, silently or late, before anything runs."""

from __future__ import annotations

import contextlib
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, cast

import numpy as np

from flashviz.config import BLOCKS, HEAD_DIMS, ITEMSIZE, MAX_STAGES, SHARED_LIMIT

from flashviz.config import check_power_of_two, check_scale, padded_head_dim, tiles_bytes  # isort: skip
from flashviz.errors import InputError, MissingPartError
from flashviz_kernels import hopper
from flashviz_kernels.interpreter import HostTensor, load_kernel, mended, reports_at_once
from flashviz_kernels.problem import Problem, TraceBuffers

INT32 = 2**31 - 1
MAX_WARPS = 16
DEFAULT_ARCH = "sm_90"
KERNELS = (None, "forward", "hopper")


def flash_attention(
    q: Any, k: Any, v: Any, *, causal: bool = False, scale: float | None = None, block_m: int | None = None, block_n: int | None = None,
    stages: int = 2, num_warps: int | None = None, return_lse: bool = False, kernel: str | None = None,
) -> Any:  # fmt: skip
    """softmax(scale Q K^T) V by FlashAttention-2 (Dao 2023, Algorithm 1), forward pass only.

    NumPy arrays and torch tensors on the CPU are interpreted (slow, and exact to the kernel); CUDA tensors run compiled, on Hopper by a
    faster kernel where it covers the problem (``hopper``).

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

    Returns:
        O as ``q``, and with ``return_lse`` LSE [B, H, N_q] in float32. NaN and infinities propagate.

    Raises:
        InputError: What was expected, what was got, and the remedy.
        MissingPartError: No triton here, or it is too old for this NumPy.
    """
    arrays = {"q": q, "k": k, "v": v}
    device = _device(arrays)
    _check_shapes(arrays)
    _check_memory(arrays)
    if kernel not in KERNELS:
        raise InputError(f"kernel must be one of {', '.join(map(str, KERNELS))}, got {kernel!r}; leave it out to have it chosen")
    problem = _problem(
        arrays, causal=causal, scale=scale, block_m=block_m, block_n=block_n, stages=stages, num_warps=num_warps
    )  # fmt: skip
    usual = (block_m, block_n, stages, num_warps) == (None, None, 2, None)
    if _by_hopper(problem, arrays, device, kernel, usual=usual):
        o, lse = _on_gpu(arrays, problem, hopper.launch)
        return (o, lse) if return_lse else o
    _check_shared(problem, device, q)
    if device == "numpy":
        o, lse = attend(q, k, v, problem)
    elif device == "cpu":
        o, lse = _on_torch_cpu(arrays, problem)
    else:
        o, lse = _on_gpu(arrays, problem, partial(launch, load_kernel(interpreted=False), buffers=None))
    return (o, lse) if return_lse else o


def attend(
    q: np.ndarray, k: np.ndarray, v: np.ndarray, problem: Problem, buffers: TraceBuffers | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The kernel, interpreted, on NumPy arrays that were checked. Returns O and LSE."""
    kernel = load_kernel(interpreted=True)
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


def default_blocks(dtype: str, head_dim: int) -> tuple[int, int]:
    """BLOCK_M and BLOCK_N that do not spill, or hardly, when compiled ahead of time for sm_80 and sm_90.

    float32 is multiplied in three tf32 steps and needs registers for all of them: beyond a head dim of 64 some 100 bytes spill.
    """
    padded = padded_head_dim(head_dim)
    if dtype == "float32":
        return {16: (32, 32), 32: (32, 32), 64: (32, 32), 128: (32, 16), 256: (16, 16)}[padded]
    return (64, 64) if padded <= 128 else (64, 32)


def choose_warps(block_m: int, head_dim: int) -> int:
    """Eight warps where four would spill: ahead-of-time compilation for sm_90 says so from 128 x 128 on."""
    return 8 if block_m * padded_head_dim(head_dim) > 64 * 128 else 4


# ------------------------------------------------------------------------------------------------------------ where it runs


def _on_torch_cpu(arrays: dict[str, Any], problem: Problem) -> tuple[Any, Any]:
    """torch tensors on the CPU, as NumPy views of the same memory."""
    torch = sys.modules["torch"]
    import ml_dtypes

    def view(tensor: Any) -> np.ndarray:
        tensor = tensor.detach()
        if problem.dtype == "bfloat16":
            return cast("np.ndarray", tensor.view(torch.int16).numpy().view(ml_dtypes.bfloat16))
        return cast("np.ndarray", tensor.numpy())

    o, lse = attend(view(arrays["q"]), view(arrays["k"]), view(arrays["v"]), problem)
    out = torch.from_numpy(o.view(np.int16)).view(torch.bfloat16) if problem.dtype == "bfloat16" else torch.from_numpy(o)
    return out, torch.from_numpy(lse)


@contextlib.contextmanager
def refused_by_device() -> Iterator[None]:
    """What a device has too little of becomes one line: Triton's OutOfResources, torch's OutOfMemoryError."""
    try:
        yield
    except Exception as error:
        remedies = {
            "OutOfResources": ("tiles that fit this GPU", "try smaller block_m, block_n or stages"),
            "OutOfMemoryError": ("arrays that fit this GPU's memory", "try fewer heads or a shorter sequence"),
        }
        if type(error).__name__ not in remedies:
            raise
        expected, remedy = remedies[type(error).__name__]
        raise InputError(f"expected {expected}, got: {str(error).splitlines()[0]}; {remedy}") from error


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


def _on_gpu(arrays: dict[str, Any], problem: Problem, launched: Callable[[Sequence[Any], Problem], None]) -> tuple[Any, Any]:
    """CUDA tensors, compiled."""
    torch = sys.modules["torch"]
    load_kernel(interpreted=False)  # refuses a process that interprets
    q = arrays["q"]
    o = torch.empty(q.shape, dtype=q.dtype, device=q.device)
    lse = torch.empty(q.shape[:3], dtype=torch.float32, device=q.device)
    with refused_by_device(), torch.cuda.device(q.device):
        launched([*(tensor.detach() for tensor in arrays.values()), o, lse], problem)
    return o, lse


# ------------------------------------------------------------------------------------------------------------- what is refused


def _device(arrays: dict[str, Any]) -> str:
    """``numpy``, or the type of torch device that all tensors share."""
    kinds = {name: _kind(name, array) for name, array in arrays.items()}
    if len(set(kinds.values())) > 1:
        got = ", ".join(f"{name} on {kind}" for name, kind in kinds.items())
        raise InputError(f"q, k and v must be arrays of one kind on one device, got {got}; move them together")
    kind = kinds["q"].split(":")[0]
    if kind not in ("numpy", "cpu", "cuda"):
        raise InputError(f"q, k and v must be on the CPU or on a CUDA device, got {kinds['q']}; move them with .to()")
    return kind


def _kind(name: str, array: Any) -> str:
    if isinstance(array, np.ndarray):
        return "numpy"
    if type(array).__module__.split(".")[0] != "torch" or not hasattr(array, "device"):
        raise InputError(f"{name} must be a NumPy array or a torch tensor, got {type(array).__name__}; convert it first")
    if array.requires_grad and sys.modules["torch"].is_grad_enabled():
        raise InputError(
            f"{name} must not require a gradient, since there is no backward pass here; use {name}.detach() or torch.no_grad()"
        )
    return str(array.device)


def _check_shapes(arrays: dict[str, Any]) -> None:
    for name, array in arrays.items():
        if array.ndim != 4:
            raise InputError(f"{name} must have 4 dimensions [B, H, N, d], got {array.ndim}; add the missing ones with reshape")
        if 0 in (array.shape[0], array.shape[1]):
            raise InputError(f"{name} must have at least one batch entry and head, got shape {tuple(array.shape)}; leave empty calls out")
    q, k, v = (tuple(array.shape) for array in arrays.values())
    if k != v:
        raise InputError(f"k and v must have one shape, got {k} and {v}; give each key its value")
    if q[0] != k[0] or q[3] != k[3]:
        raise InputError(f"q, k and v must agree in batch and head dim, got q {q} and k {k}; check the order [B, H, N, d]")
    if q[1] % k[1]:
        raise InputError(f"key/value heads must divide query heads, got H={q[1]} and H_kv={k[1]}; try H_kv={math.gcd(q[1], k[1])}")
    if not q[2]:
        raise InputError(f"q must have at least one row, got shape {q}; leave empty calls out")
    low, high = HEAD_DIMS
    if not low <= q[3] <= high:
        raise InputError(f"head dim must be {low} to {high}, got {q[3]}; split wider heads, pad narrower ones with zeros")


def _check_memory(arrays: dict[str, Any]) -> None:
    """Dtypes, strides, and offsets that the kernel's int32 arithmetic can hold."""
    dtypes = {name: str(array.dtype).removeprefix("torch.") for name, array in arrays.items()}
    for name, dtype in dtypes.items():
        if dtype not in ITEMSIZE:
            raise InputError(f"{name} must be float16, bfloat16 or float32, got {dtype}; convert it, for example with .astype or .to")
    if len(set(dtypes.values())) > 1:
        got = ", ".join(f"{name} {dtype}" for name, dtype in dtypes.items())
        raise InputError(f"q, k and v must have one dtype, got {got}; convert them to one")
    for name, array in arrays.items():
        if 0 in array.shape:  # nothing to read
            continue
        itemsize = ITEMSIZE[dtypes[name]]
        steps = [s / itemsize for s in array.strides] if isinstance(array, np.ndarray) else list(array.stride())
        if steps[3] != 1 and array.shape[3] > 1:
            raise InputError(f"{name} must be contiguous along the head dim, got a stride of {steps[3]:g}; make a contiguous copy")
        if any(step != int(step) or step < 0 for step in steps):
            raise InputError(f"{name} must have strides of whole elements, forwards, got {steps}; make a contiguous copy")
        reach = (array.shape[2] - 1) * steps[2] + array.shape[3]  # where a head begins is reckoned in 64 bits
        if reach > INT32:
            raise InputError(
                f"{name} must keep offsets within a head below 2^31 elements, got {int(reach):,}; make a contiguous copy or split N"
            )


def _problem(
    arrays: dict[str, Any],
    *,
    causal: bool,
    scale: float | None,
    block_m: int | None,
    block_n: int | None,
    stages: int,
    num_warps: int | None,
) -> Problem:
    (batch, heads, n_q, d), (_, kv_heads, n_k, _) = arrays["q"].shape, arrays["k"].shape
    if not isinstance(causal, (bool, np.bool_)):
        raise InputError(f"causal must be true or false, got {causal!r}; give one of them")
    scale = 1 / math.sqrt(d) if scale is None else scale
    dtype = str(arrays["q"].dtype).removeprefix("torch.")
    usual = default_blocks(dtype, d)
    block_m, block_n = usual[0] if block_m is None else block_m, usual[1] if block_n is None else block_n
    check_scale(scale, InputError)
    ranges: tuple[tuple[str, Any, int, int], ...] = (
        ("block_m", block_m, *BLOCKS), ("block_n", block_n, *BLOCKS), ("stages", stages, 1, MAX_STAGES),
        ("num_warps", 4 if num_warps is None else num_warps, 1, MAX_WARPS),
    )  # fmt: skip
    for name, value, low, high in ranges:
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not low <= value <= high:
            raise InputError(f"{name} must be an integer from {low} to {high}, got {value!r}; try {max(low, 4) if high < 64 else 64}")
        if name != "stages":
            check_power_of_two(name, int(value), InputError)
    return Problem(
        batch=batch, heads=heads, kv_heads=kv_heads, n_q=n_q, n_k=n_k, d=d,
        dtype=dtype, causal=bool(causal), scale=float(scale),
        block_m=int(block_m), block_n=int(block_n), stages=int(stages),
        num_warps=choose_warps(int(block_m), d) if num_warps is None else int(num_warps),
    )  # fmt: skip


def _check_shared(problem: Problem, device: str, q: Any) -> None:
    """Tiles must fit the shared memory of one program: of this GPU, or of an sm_90 where none runs it."""
    arch, limit = DEFAULT_ARCH, SHARED_LIMIT[DEFAULT_ARCH]
    if device == "cuda":
        about = sys.modules["torch"].cuda.get_device_properties(q.device)
        arch, limit = f"sm_{about.major}{about.minor}", about.shared_memory_per_block_optin
        if about.major < 8:
            raise MissingPartError(f"expected a GPU of sm_80 or later, got {arch}, where the kernel spills; use arrays on the CPU")
    p = problem
    need = tiles_bytes(
        block_m=p.block_m, block_n=p.block_n, head_dim=p.d, itemsize=ITEMSIZE[p.dtype], stages=p.stages, arch=arch
    )  # fmt: skip
    if need > limit:
        raise InputError(f"tiles must fit {arch}'s {limit:,} B of shared memory, got {need:,} B; try smaller block_m, block_n or stages")
