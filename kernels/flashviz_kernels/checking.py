"""What ``flash_attention`` and its gradients refuse, silently wrong or late otherwise; and the problem that arrays are."""

from __future__ import annotations

import contextlib
import math
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from flashviz.config import BLOCKS, HEAD_DIMS, ITEMSIZE, MAX_STAGES, SHARED_LIMIT, check_power_of_two, check_scale, tiles_bytes
from flashviz.errors import InputError, MissingPartError
from flashviz_kernels.problem import Problem, choose_warps, default_blocks

INT32 = 2**31 - 1
MAX_WARPS = 16
DEFAULT_ARCH = "sm_90"


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


def device_of(arrays: dict[str, Any]) -> str:
    """``numpy``, or the type of torch device that all tensors share.

    Raises:
        InputError: They are of several kinds or devices, or of one that no kernel runs on.
    """
    kinds = {name: _kind(name, array) for name, array in arrays.items()}
    if len(set(kinds.values())) > 1:
        got = ", ".join(f"{name} on {kind}" for name, kind in kinds.items())
        raise InputError(f"{listed(arrays)} must be arrays of one kind on one device, got {got}; move them together")
    kind = kinds["q"].split(":")[0]
    if kind not in ("numpy", "cpu", "cuda"):
        raise InputError(f"{listed(arrays)} must be on the CPU or on a CUDA device, got {kinds['q']}; move them with .to()")
    return kind


def _kind(name: str, array: Any) -> str:
    if isinstance(array, np.ndarray):
        return "numpy"
    if type(array).__module__.split(".")[0] != "torch" or not hasattr(array, "device"):
        raise InputError(f"{name} must be a NumPy array or a torch tensor, got {type(array).__name__}; convert it first")
    if _transformed(array):
        raise InputError(
            f"{name} must be a plain tensor, got one of a transform (torch.func, or forward-mode differentiation); "
            "take loss.backward() or torch.autograd.grad, and the batch axis for vmap"
        )
    return str(array.device)


def _transformed(tensor: Any) -> bool:
    """Whether it stands for others, so that it has no memory, or carries a tangent, which would be lost."""
    try:
        tensor.data_ptr()
    except RuntimeError:
        return True
    return sys.modules["torch"].autograd.forward_ad.unpack_dual(tensor).tangent is not None


def dtype_of(array: Any) -> str:
    """By NumPy's name."""
    return str(array.dtype).removeprefix("torch.")


def listed(arrays: Iterable[str]) -> str:
    """Their names, as a sentence has them."""
    *names, last = arrays
    return f"{', '.join(names)} and {last}"


def check_shapes(arrays: dict[str, Any]) -> None:
    """q, k and v are of one problem.

    Raises:
        InputError: They are not, or there is nothing to compute.
    """
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


def check_dtypes(arrays: dict[str, Any]) -> None:
    """One that a kernel computes in.

    Raises:
        InputError: Others.
    """
    dtypes = {name: dtype_of(array) for name, array in arrays.items()}
    for name, dtype in dtypes.items():
        if dtype not in ITEMSIZE:
            raise InputError(f"{name} must be float16, bfloat16 or float32, got {dtype}; convert it, for example with .astype or .to")
    if len(set(dtypes.values())) > 1:
        got = ", ".join(f"{name} {dtype}" for name, dtype in dtypes.items())
        raise InputError(f"{listed(arrays)} must have one dtype, got {got}; convert them to one")


def check_strides(arrays: dict[str, Any]) -> None:
    """Whole elements, forwards, along the head dim one by one; and offsets that the kernel's int32 arithmetic can hold.

    Raises:
        InputError: Other ones.
    """
    for name, array in arrays.items():
        if 0 in array.shape:  # nothing to read
            continue
        steps = [s / array.itemsize for s in array.strides] if isinstance(array, np.ndarray) else list(array.stride())
        if steps[3] != 1 and array.shape[3] > 1:
            raise InputError(f"{name} must be contiguous along the head dim, got a stride of {steps[3]:g}; make a contiguous copy")
        if any(step != int(step) or step < 0 for step in steps):
            raise InputError(f"{name} must have strides of whole elements, forwards, got {steps}; make a contiguous copy")
        check_reach(name, int((array.shape[2] - 1) * steps[2] + array.shape[3]), "make a contiguous copy or split N")


def check_reach(name: str, elements: int, remedy: str) -> None:
    """Of one head: where it begins is reckoned in 64 bits.

    Raises:
        InputError: It is too far.
    """
    if elements > INT32:
        raise InputError(f"{name} must keep offsets within a head below 2^31 elements, got {elements:,}; {remedy}")


def problem_of(
    arrays: dict[str, Any],
    *,
    causal: bool,
    scale: float | None,
    block_m: int | None,
    block_n: int | None,
    stages: int,
    num_warps: int | None,
    blocks: Callable[[str, int], tuple[int, int]] = default_blocks,
) -> Problem:
    """The launch on q, k and v.

    Args:
        arrays: All checked.
        causal: As ``flash_attention``, and so are the others.
        scale: Factor on the scores.
        block_m: Rows of a query tile; None takes those of ``blocks``.
        block_n: Rows of a key tile, likewise.
        stages: Tiles in flight.
        num_warps: Warps a program; None chooses them.
        blocks: Of a dtype and a head dim.

    Raises:
        InputError: An option is out of range.
    """
    (batch, heads, n_q, d), (_, kv_heads, n_k, _) = arrays["q"].shape, arrays["k"].shape
    check_switch("causal", causal)
    scale = 1 / math.sqrt(d) if scale is None else scale
    dtype = dtype_of(arrays["q"])
    usual = blocks(dtype, d)
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


def check_switch(name: str, value: object) -> None:
    """It is on or off.

    Raises:
        InputError: It is neither.
    """
    if not isinstance(value, (bool, np.bool_)):
        raise InputError(f"{name} must be true or false, got {value!r}; give one of them")


def check_shared(problem: Problem, device: str, q: Any) -> None:
    """Tiles of ``forward`` must fit the shared memory of one program: of this GPU, or of an sm_90 where none runs it.

    Raises:
        InputError: They do not.
        MissingPartError: This GPU is too old.
    """
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
