"""Attention by several methods: seconds, TFLOP/s, memory, and whether the result was right, in one run.

On a GPU: this kernel, standard attention (materialised), and torch's flash, cuDNN and memory-efficient back-ends; sizes and counting as in
FlashAttention-2 (Dao 2023, section 4.1): batch x N = 16k tokens, H x d = 2048, 4 N^2 d FLOPs a head, half of it where causal; and one
sequence as N doubles, for what grows with it.
On a CPU: torch's own flash back-end against standard attention, one sequence of a few heads, as N doubles.
With gradients each call is a forward and a backward pass, as in training, and 3.5 times the FLOPs are counted: 7 products for 2.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from flashviz.citations import PEAK_TFLOPS
from flashviz.errors import FlashvizError, MissingPartError
from flashviz.forms import BASELINE
from flashviz_kernels import reference
from flashviz_kernels.bench.memory import status
from flashviz_kernels.bench.report import Measured, Report, begin
from flashviz_kernels.gpu import driver
from flashviz_kernels.tensors import as_array

Call = Callable[..., Any]  # q, k, v -> O; with gradients q, k, v, dO -> dQ, dK, dV
WARM_UP = 2
ROWS_CHECKED = 256  # of a long sequence: float64 attention of all rows would take longer than the benchmark
FLUSH = 256 << 20  # bytes written between repetitions on a GPU: more than any L2 cache
HEAD_START = 2_000_000  # GPU cycles, about a millisecond: the host has queued a call before the first event passes
RAMP_S = 0.3  # of matrix products before anything is timed: until a GPU's clocks have risen
TOKENS, WIDTH = 16 * 1024, 2048
EPSILON = {"float16": 2.0**-11, "bfloat16": 2.0**-8, "float32": 2.0**-24}


@dataclass(frozen=True)
class Problem:
    """One size. Heads x d and batch x N as the paper keeps them, on a GPU."""

    n: int
    d: int
    batch: int
    heads: int
    causal: bool
    dtype: str
    gradients: bool = False

    @property
    def flops(self) -> int:
        """Of both products: 4 N^2 d a head, half of it where causal; the backward pass has 2.5 times as many (Dao 2023, section 4.1)."""
        products = 7 if self.gradients else 2
        whole = products * 2 * self.n**2 * self.d * self.batch * self.heads
        return whole // 2 if self.causal else whole


@dataclass(frozen=True)
class Check:
    """What a method is called with to see whether it is right; (what it returns) -> its error, and how large that may be."""

    arrays: tuple[Any, ...]
    error: Callable[[Any], float]
    tolerance: float


def on_gpu(max_n: int) -> list[Problem]:
    """One sequence as N doubles; then as many tokens at each N: d 64 and 128, causal and not, fp16 and bf16."""
    lengths = [n for n in (512, 1024, 2048, 4096, 8192, 16384) if n <= max_n]
    one = [Problem(n, 64, 1, WIDTH // 64, causal=False, dtype="float16") for n in (256, *lengths) if n <= max_n]
    as_published = [
        Problem(n, d, max(1, TOKENS // n), WIDTH // d, causal, dtype)
        for dtype in ("float16", "bfloat16") for d in (64, 128) for causal in (False, True) for n in lengths
    ]  # fmt: skip
    return list(dict.fromkeys(one + as_published))


def on_cpu(max_n: int) -> list[Problem]:
    """One sequence of four heads, float32, N from 256 on."""
    lengths = [256 * 2**k for k in range(12) if 256 * 2**k <= max_n]
    return [Problem(n, 64, 1, 4, causal, "float32") for causal in (False, True) for n in lengths]


def materialised(q: Any, k: Any, v: Any, *, causal: bool) -> Any:
    """softmax(scale Q K^T) V with S and P materialised."""
    torch = sys.modules["torch"]
    s = (q @ k.transpose(-1, -2)) * q.shape[-1] ** -0.5
    if causal:
        s = s.masked_fill(torch.ones(s.shape[-2:], dtype=torch.bool, device=s.device).triu(1), float("-inf"))
    return torch.softmax(s, -1) @ v


def methods(problem: Problem, device: str) -> dict[str, Call]:
    """Name -> call on q, k, v, and with gradients on dO too."""
    sdpa = importlib.import_module("torch.nn.attention")
    backends = {"torch flash": "FLASH_ATTENTION"}
    found: dict[str, Call] = {BASELINE: lambda q, k, v: materialised(q, k, v, causal=problem.causal)}
    if device == "cuda":
        from flashviz_kernels import hopper
        from flashviz_kernels.attention import flash_attention

        found["flashviz"] = lambda q, k, v: flash_attention(q, k, v, causal=problem.causal, kernel="forward")
        if problem.gradients:
            found["flashviz, one order"] = lambda q, k, v: flash_attention(
                q, k, v, causal=problem.causal, kernel="forward", deterministic=True
            )
        if hopper.here():
            found["flashviz hopper"] = lambda q, k, v: flash_attention(q, k, v, causal=problem.causal, kernel="hopper")
        backends |= {"torch cuDNN": "CUDNN_ATTENTION", "torch memory-efficient": "EFFICIENT_ATTENTION"}

    def by(backend: Any) -> Call:
        def call(q: Any, k: Any, v: Any) -> Any:
            with sdpa.sdpa_kernel(backend):
                return sys.modules["torch"].nn.functional.scaled_dot_product_attention(q, k, v, is_causal=problem.causal)

        return call

    found |= {name: by(getattr(sdpa.SDPBackend, backend)) for name, backend in backends.items()}
    return {name: differentiated(call) for name, call in found.items()} if problem.gradients else found


def differentiated(call: Call) -> Call:
    """Forward and backward."""

    def both(q: Any, k: Any, v: Any, d_o: Any) -> Any:
        learning = [each.detach().requires_grad_() for each in (q, k, v)]
        return sys.modules["torch"].autograd.grad(call(*learning), learning, d_o)

    return both


def bench(device: str | None, max_n: int | None, repeat: int, note: Callable[[str], None], *, gradients: bool = False) -> Report:
    """Measure every method on every problem.

    Args:
        device: ``cuda`` or ``cpu``; None takes a GPU where torch sees one.
        max_n: The longest sequence.
        repeat: Repetitions of each, in turn.
        note: Told what is being measured.
        gradients: Forward and backward, instead of forward alone.

    Raises:
        MissingPartError: torch is missing, or the GPU that was asked for.
    """
    if importlib.util.find_spec("torch") is None:
        raise MissingPartError("expected torch to compare with, got none; pip install torch")
    torch = importlib.import_module("torch")
    there = bool(torch.cuda.is_available())
    if device == "cuda" and not there:
        raise MissingPartError("expected a CUDA device that torch can use, got none; leave out --device, or use --device cpu")
    device = device or ("cuda" if there else "cpu")
    problems = on_gpu(max_n or 16384) if device == "cuda" else on_cpu(max_n or 8192)
    problems = [replace(problem, gradients=gradients) for problem in problems]
    how = _how(device, repeat, torch, gradients=gradients)
    gpu = torch.cuda.get_device_name() if device == "cuda" else None
    report = begin("kernel", how, gpu=gpu, driver=driver())
    found: list[Measured] = []
    if device == "cuda":
        _ramp_up(torch)
    for problem in problems:
        note(f"N = {problem.n:,}, d = {problem.d}, {'causal' if problem.causal else 'not causal'}, {problem.dtype}")
        found += measured(problem, methods(problem, device), device, repeat, gpu)
    return msgspec.structs.replace(report, **{"training" if gradients else "attention": tuple(found)})


def measured(problem: Problem, calls: dict[str, Call], device: str, repeat: int, gpu: str | None = None) -> list[Measured]:
    """Every method on one problem: checked, then timed in turn, so that a change of the machine's pace meets all of them."""
    arrays = inputs(problem, device)
    check = (expected_gradients if problem.gradients else expected)(problem, arrays)
    base = Measured(method="", n=problem.n, d=problem.d, batch=problem.batch, heads=problem.heads, causal=problem.causal,
                    dtype=problem.dtype, flops=problem.flops, tolerance=check.tolerance)  # fmt: skip
    errors: dict[str, float] = {}
    refused: dict[str, str] = {}
    for name, call in calls.items():
        try:
            errors[name] = check.error(call(*check.arrays))
            for _ in range(WARM_UP - 1):
                call(*arrays)
        except (RuntimeError, ValueError, FlashvizError) as error:  # a back-end refuses, or memory is out: it is said and not skipped
            refused[name] = " ".join(str(error).split())[:300]
    times: dict[str, list[float]] = {name: [] for name in errors}
    for _ in range(repeat):
        for name in errors:
            times[name].append(timed(lambda call=calls[name]: call(*arrays), device))  # type: ignore[misc]
    made = []
    for name, call in calls.items():
        if name in refused:
            made.append(msgspec.structs.replace(base, method=name, unavailable=refused[name]))
            continue
        memory = peak_memory(problem, name, call, arrays, device)
        one = msgspec.structs.replace(base, method=name, seconds=tuple(times[name]), max_error=errors[name], peak_memory=memory)
        made.append(msgspec.structs.replace(one, peak_fraction=peak_fraction(one, gpu)))
    return made


def inputs(problem: Problem, device: str) -> tuple[Any, ...]:
    """Q, K, V, and with gradients dO, of normal numbers, from a fixed seed, made where they are used."""
    torch = sys.modules["torch"]
    shape = problem.batch, problem.heads, problem.n, problem.d
    generator = torch.Generator(device).manual_seed(0)
    count = 4 if problem.gradients else 3
    return tuple(torch.randn(shape, generator=generator, device=device).to(getattr(torch, problem.dtype)) for _ in range(count))


def _ramp_up(torch: Any) -> None:
    """Matrix products for ``RAMP_S``."""
    a = torch.randn(4096, 4096, device="cuda", dtype=torch.float16)
    start = time.perf_counter()
    while time.perf_counter() - start < RAMP_S:
        for _ in range(10):
            a @ a
        torch.cuda.synchronize()


def expected(problem: Problem, arrays: tuple[Any, ...]) -> Check:
    """float64 attention of some rows of the first head, and the error that rounding may cause there.

    Rows of softmax add up to one, so an output's rounding error is within some units in the last place of the largest value.
    """
    torch = sys.modules["torch"]
    q, k, v = (array[0, 0].double().cpu() for array in arrays)
    rows = torch.linspace(0, problem.n - 1, min(problem.n, ROWS_CHECKED)).round().long().unique()
    s = (q[rows] @ k.T) * problem.d**-0.5
    if problem.causal:
        s = s.masked_fill(torch.arange(problem.n)[None] > rows[:, None], float("-inf"))
    o64 = torch.softmax(s, -1) @ v
    scores = float(s[torch.isfinite(s)].abs().max())
    of_scores = scores if problem.dtype == "float32" else 4 * scores  # weights too are rounded to 16 bits
    tolerance = EPSILON[problem.dtype] * float(v.abs().max()) * (4 + of_scores)

    def error(output: Any) -> float:
        """max |O - O64| over those rows; infinite where O is not finite."""
        difference = float((output[0, 0][rows.to(output.device)].double().cpu() - o64).abs().max())
        return difference if np.isfinite(difference) else float("inf")

    return Check(arrays, error, tolerance)


def expected_gradients(problem: Problem, arrays: tuple[Any, ...]) -> Check:
    """float64 gradients of the first head, of a dO that is zero but in its last rows: then nothing comes from any other.

    The error is the worst of dQ, dK and dV, each as a share of ``reference.gradient_tolerance``, with room for scores of 16 bits, as
    standard attention stores them.
    """
    q, k, v, d_o = arrays
    last = slice(max(0, problem.n - ROWS_CHECKED), problem.n)
    alone = sys.modules["torch"].zeros_like(d_o)
    alone[0, 0, last] = d_o[0, 0, last]
    keys, values = (as_array(array[:1, :1].cpu()) for array in (k, v))
    queries, their_d_o = (as_array(array[:1, :1, last].cpu()) for array in (q, d_o))
    scale, causal = problem.d**-0.5, problem.causal
    given = (queries, keys, values, their_d_o)
    o64, lse64 = reference.naive(queries, keys, values, scale=scale, causal=causal)
    truth, terms = (
        reference.gradients(*given, o64, lse64, scale=scale, causal=causal, absolute=absolute) for absolute in (False, True)
    )  # fmt: skip
    kept = (o64.astype(queries.dtype), lse64.astype(np.float32))
    allowed = [bound for bound, _ in reference.gradient_tolerance((*given, *kept), queries.dtype, scale=scale, causal=causal)]
    if problem.dtype != "float32":
        of_scores = 4 * EPSILON[problem.dtype] * reference.largest_score(queries, keys, scale)
        allowed = [bound + of_scores * float(most.max()) for bound, most in zip(allowed, terms, strict=True)]

    def error(found: Any) -> float:
        """Of what comes from those rows; to others nothing may come."""
        dq, dk, dv = (as_array(each[:1, :1].cpu()) for each in found)
        gaps = [reference.max_error(mine, right) for mine, right in zip((dq[:, :, last], dk, dv), truth, strict=True)]
        return max(gap / bound for gap, bound in zip(gaps, allowed, strict=True)) if not dq[:, :, : last.start].any() else float("inf")

    return Check((q, k, v, alone), error, 1.0)


def timed(call: Callable[[], Any], device: str) -> float:
    """Seconds of one call: by events on a GPU, after its L2 cache was overwritten, the host being ahead; by the clock on a CPU."""
    if device != "cuda":
        start = time.perf_counter()
        call()
        return time.perf_counter() - start
    torch = sys.modules["torch"]
    torch.empty(FLUSH, dtype=torch.int8, device="cuda").zero_()
    torch.cuda._sleep(HEAD_START)
    first, last = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    first.record()
    call()
    last.record()
    torch.cuda.synchronize()
    return float(first.elapsed_time(last)) / 1e3


def peak_memory(problem: Problem, name: str, call: Call, arrays: tuple[Any, ...], device: str) -> int | None:
    """Bytes beyond the inputs: torch's own count on a GPU; on a CPU the high-water mark of a fresh process, where the system keeps one."""
    if device == "cuda":
        torch = sys.modules["torch"]
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        call(*arrays)
        torch.cuda.synchronize()
        return int(torch.cuda.max_memory_allocated() - before)
    if not Path("/proc/self/clear_refs").exists():
        return None
    request = json.dumps([asdict(problem), name])
    done = subprocess.run([sys.executable, "-m", "flashviz_kernels.bench.attention", request], capture_output=True, text=True, check=False)
    return int(done.stdout) if done.returncode == 0 else None


def high_water(call: Callable[[], Any]) -> int:
    """Bytes by which this process grew at most during a call."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the mark falls to what is resident now
    before = status("VmHWM")
    call()
    return status("VmHWM") - before


def peak_fraction(one: Measured, gpu: str | None) -> float | None:
    """Of the device's quoted peak for dense matrix products; None where it is not quoted here."""
    quoted = next((figure for name, figure in PEAK_TFLOPS.items() if gpu is not None and name in gpu), None)
    return one.tflops / quoted.value if quoted is not None and one.tflops is not None else None


def _how(device: str, repeat: int, torch: Any, *, gradients: bool = False) -> str:
    error = "error against float64 in the same run"
    if gradients:
        error = f"a call is a forward and a backward pass; {error}, as a share of its tolerance"
    shared = f"median of {repeat} repetitions, methods in turn, after {WARM_UP} calls to warm up; {error}"
    if device == "cuda":
        memory = "torch.cuda.max_memory_allocated beyond the inputs"
        return f"GPU events around each call, L2 overwritten before it, the host ahead of the GPU; {shared}; memory: {memory}"
    memory = "growth of a fresh process's high-water mark (VmHWM) during one call, inputs not counted"
    return f"wall clock around each call, {torch.get_num_threads()} threads; {shared}; memory: {memory}"


def main(arguments: Sequence[str]) -> None:
    """Print the high-water mark of one method on one problem, in a process that has done nothing else."""
    importlib.import_module("torch")
    asked, name = json.loads(arguments[0])
    problem = Problem(**asked)
    call = methods(problem, "cpu")[name]
    small = replace(problem, n=64)
    call(*inputs(small, "cpu"))  # libraries load and threads start outside the measurement
    arrays = inputs(problem, "cpu")
    print(high_water(lambda: call(*arrays)))  # noqa: T201  # a script's answer


if __name__ == "__main__":
    main(sys.argv[1:])
