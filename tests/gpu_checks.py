"""What is checked on a GPU: ``python -m tests.gpu_checks NAME``, a process each, since a process that interprets cannot compile.

Exits with 77, and the reason on standard output, where the kernel cannot be compiled and run.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np

from flashviz.config import AttentionConfig, DType
from flashviz.trace import COMPARED
from flashviz_kernels import flash_attention, gpu, hopper, record
from flashviz_kernels.recorder import run
from flashviz_kernels.reporting import CLOCK
from flashviz_kernels.verify import agree, verify
from tests import differentiated

SKIPPED = 77
CONFIGS: dict[str, dict[str, Any]] = {
    "default": {},
    "ragged": {"seq_q": 200, "seq_k": 300},
    "causal": {"seq_q": 512, "causal": True},
    "causal, fewer keys": {"seq_q": 300, "seq_k": 100, "causal": True},
    "grouped": {"batch": 2, "heads": 4, "kv_heads": 2, "seq_q": 130},
    "no keys": {"seq_q": 70, "seq_k": 0},
    "head dim 80": {"seq_q": 150, "head_dim": 80, "block_m": 32, "block_n": 32},
}
# heads, of K and V, N_q, N_k, causal
HOPPER = (
    (2, 2, 128, 128, False), (4, 2, 1024, 768, False), (2, 1, 512, 512, True), (2, 2, 256, 640, True), (2, 2, 640, 256, True),
    (2, 2, 200, 300, False), (2, 1, 300, 200, True), (3, 3, 1920, 1920, True),
)  # fmt: skip
DTYPES: tuple[DType, ...] = ("float16", "bfloat16", "float32")


def configs(dtype: DType) -> dict[str, AttentionConfig]:
    blocks: dict[str, Any] = {"block_m": 32, "block_n": 32} if dtype == "float32" else {}
    return {name: AttentionConfig(**blocks | changes, dtype=dtype) for name, changes in CONFIGS.items()}


def recording_equals_twin() -> None:
    """Columns, kept values, bytes and results, for every dtype."""
    for dtype in DTYPES:
        for name, config in configs(dtype).items():
            everything = [(i, bh) for bh in range(config.batch * config.heads) for i in range(config.row_blocks)]
            kernel = run(config, source="triton", snapshots=everything, stats=True).trace
            twin = run(config, source="numpy", snapshots=everything, stats=True).trace
            assert kernel.header.source == "triton-gpu", (name, dtype)
            assert agree(kernel, twin), (name, dtype)
            found = verify(config, source="triton")
            assert found.ok, (name, dtype, found)


def clock() -> None:
    """Times never run backwards within a program, a program stays on its SM, and the events are those of the twin."""
    torch = importlib.import_module("torch")
    processors = torch.cuda.get_device_properties(torch.cuda.current_device()).multi_processor_count
    for dtype in DTYPES:
        for name, config in configs(dtype).items():
            trace = record(config, clock=True)
            twin = record(config, source="numpy")
            for column in COMPARED:
                assert np.array_equal(trace.columns[column], twin.columns[column]), (name, dtype, column)
            t_ns, sm = trace.columns["t_ns"], trace.columns["sm"]
            assert t_ns.min() == 0, (name, dtype)
            assert t_ns.max() < 1e9, (name, dtype, "the launch that was timed did not compile")
            assert sm.min() >= 0, (name, dtype)
            assert sm.max() < processors, (name, dtype)
            for first, stop in zip(trace.bounds[:-1], trace.bounds[1:], strict=True):
                assert (np.diff(t_ns[first:stop]) >= 0).all(), (name, dtype, first)
                assert len(set(sm[first:stop].tolist())) == 1, (name, dtype, first)
            assert trace.header.clock == CLOCK
            assert {"torch", "triton", "device"} <= set(trace.header.versions)


def attention_against_torch() -> None:
    """No more than twice the error of torch's own attention, against float64, and one rounding."""
    torch = importlib.import_module("torch")
    attention = torch.nn.functional.scaled_dot_product_attention
    torch.manual_seed(0)
    for dtype in DTYPES:
        for causal in (False, True):
            made = (torch.randn(2, heads, 300, 64, dtype=getattr(torch, dtype), device="cuda") for heads in (4, 2, 2))
            q, k, v = made
            truth = attention(q.double(), k.double(), v.double(), is_causal=causal, enable_gqa=True)
            theirs = (attention(q, k, v, is_causal=causal, enable_gqa=True).double() - truth).abs().max().item()
            by_each = (flash_attention(q, k, v, causal=causal, kernel=kernel) for kernel in (None, "forward"))
            ours = max((o.double() - truth).abs().max().item() for o in by_each)
            one_rounding = torch.finfo(getattr(torch, dtype)).eps * truth.abs().max().item()
            tf32x3 = 1e-5 if dtype == "float32" else 0.0
            assert ours <= 2 * theirs + one_rounding + tf32x3, (dtype, causal, ours, theirs)


def gradients_against_float64() -> None:
    """No more than twice the error of torch's own gradients, against float64, and one rounding; in a fixed order the same bits again."""
    torch = importlib.import_module("torch")
    torch.manual_seed(0)
    for dtype, (d, causal), deterministic in product(DTYPES, ((64, False), (128, True)), (False, True)):
        shapes = [(2, 4, 300, d), (2, 2, 333, d), (2, 2, 333, d), (2, 4, 300, d)]
        *learning, d_o = (torch.randn(shape, dtype=getattr(torch, dtype), device="cuda") for shape in shapes)
        learning = [each.requires_grad_() for each in learning]
        once, again = (
            torch.autograd.grad(flash_attention(*learning, causal=causal, deterministic=deterministic), learning, d_o) for _ in range(2)
        )
        exact = differentiated.gradients((each.double() for each in (*learning, d_o)), scale=d**-0.5, causal=causal)
        theirs = differentiated.gradients((*learning, d_o), scale=d**-0.5, causal=causal)
        for name, mine, same, low, truth in zip(("dQ", "dK", "dV"), once, again, theirs, exact, strict=True):
            where = (name, dtype, d, causal, deterministic)
            ours, allowed = ((each.double() - truth).abs().max().item() for each in (mine, low))
            one_rounding = torch.finfo(mine.dtype).eps * truth.abs().max().item()
            tf32x3 = 1e-5 * truth.abs().max().item() if dtype == "float32" else 0.0
            assert ours <= 2 * allowed + one_rounding + tf32x3, (where, ours, allowed)
            assert torch.equal(mine, same) or not deterministic, where


def bottom_right(q: Any, k: Any, v: Any, *, causal: bool) -> tuple[Any, Any]:
    """O and LSE in float64, the mask aligned as here; a row that sees no key gives 0 and -inf."""
    torch = importlib.import_module("torch")
    group = q.shape[1] // k.shape[1]
    q, k, v = q.double(), *(each.double().repeat_interleave(group, 1) for each in (k, v))
    s = q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5
    if causal:
        seen = torch.ones(s.shape[-2:], dtype=torch.bool, device=s.device).tril(k.shape[2] - q.shape[2])
        s = s.masked_fill(~seen, float("-inf"))
    return torch.softmax(s, -1).nan_to_num(0.0) @ v, torch.logsumexp(s, -1)


def hopper_against_float64(dtype: DType) -> None:
    """Both kernels for Hopper, O and LSE, on everything that each covers."""
    torch = importlib.import_module("torch")
    torch.manual_seed(0)
    if not hopper.here():
        return
    for d in (64, 128, 80):
        for heads, kv_heads, n_q, n_k, causal in HOPPER:
            shapes = (2, heads, n_q, d), (2, kv_heads, n_k, d), (2, kv_heads, n_k, d)
            q, k, v = (torch.randn(shape, dtype=getattr(torch, dtype), device="cuda") for shape in shapes)
            truth, true_lse = bottom_right(q, k, v, causal=causal)
            theirs = (bottom_right_in(q, k, v, causal=causal).double() - truth).abs().max().item()
            o, lse = flash_attention(q, k, v, causal=causal, kernel="hopper", return_lse=True)
            where = (dtype, d, heads, kv_heads, n_q, n_k, causal)
            assert torch.isfinite(o).all(), where
            ours = (o.double() - truth).abs().max().item()
            assert ours <= 2 * theirs + torch.finfo(o.dtype).eps * truth.abs().max().item(), (where, ours, theirs)
            assert torch.equal(torch.isinf(lse), torch.isinf(true_lse)), where
            off = (lse.double() - true_lse).nan_to_num(0.0).abs().max().item()
            assert off <= 1e-3, (where, off)
            print(where, f"{ours:.1e} against {theirs:.1e}, LSE {off:.1e}", flush=True)


def bottom_right_in(q: Any, k: Any, v: Any, *, causal: bool) -> Any:
    """The same in the arrays' own dtype."""
    torch = importlib.import_module("torch")
    group = q.shape[1] // k.shape[1]
    k, v = (each.repeat_interleave(group, 1) for each in (k, v))
    s = (q @ k.transpose(-1, -2)).float() * q.shape[-1] ** -0.5
    if causal:
        seen = torch.ones(s.shape[-2:], dtype=torch.bool, device=s.device).tril(k.shape[2] - q.shape[2])
        s = s.masked_fill(~seen, float("-inf"))
    return torch.softmax(s, -1).nan_to_num(0.0).to(q.dtype) @ v


def hopper_float16() -> None:
    """``hopper_against_float64`` in fp16."""
    hopper_against_float64("float16")


def hopper_bfloat16() -> None:
    """``hopper_against_float64`` in bf16."""
    hopper_against_float64("bfloat16")


def memory_is_given_back() -> None:
    """Recordings leave no tensor on the device."""
    torch = importlib.import_module("torch")
    config = AttentionConfig(heads=4, seq_q=300)
    record(config, clock=True)
    before = torch.cuda.memory_allocated()
    for _ in range(10):
        record(config, clock=True, stats=True)
        record(config, source="triton")
    assert torch.cuda.memory_allocated() == before, (before, torch.cuda.memory_allocated())


CHECKS: dict[str, Callable[[], None]] = {
    check.__name__: check
    for check in (
        *(recording_equals_twin, clock, attention_against_torch, gradients_against_float64),
        *(memory_is_given_back, hopper_float16, hopper_bfloat16),
    )
}


def main(name: str) -> int:
    reason = gpu.why_not()
    if reason is not None:
        print(reason)
        return SKIPPED
    CHECKS[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
