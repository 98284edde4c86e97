"""The steps of ``gpu_session``, a process each: ``python -m tests.gpu_steps NAME --out DIR [--rehearse]``. Exits with 0 when it held.

A rehearsal takes tiny sizes and whatever is there: the interpreter, or where that fails the twin; it shows that every step runs, that its
json is valid, and nothing else.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from flashviz.config import AttentionConfig
from flashviz.trace import COMPARED, Trace
from flashviz_kernels import gpu, hopper, record
from flashviz_kernels.bench import attention as bench
from flashviz_kernels.bench.report import Measured, begin, read, write
from flashviz_kernels.problem import Problem, default_blocks
from tests import gpu_checks

PROGRAMS = 512  # of each clocked recording
CLOCKED = {
    "clocked-2048-d64": AttentionConfig(seq_q=2048, heads=16),
    "clocked-4096-d64-causal": AttentionConfig(seq_q=4096, heads=8, causal=True),
}


@dataclass(frozen=True)
class Session:
    """Where a step leaves what it makes, and whether it is only rehearsed."""

    out: Path
    rehearse: bool


def machine(_session: Session) -> None:
    """What is here."""
    print(f"{platform.platform()}, Python {platform.python_version()}")
    for name in ("numpy", "torch", "triton", "ml_dtypes", "msgspec"):
        print(name, getattr(importlib.import_module(name), "__version__", "?") if importlib.util.find_spec(name) else "none")
    if shutil.which("nvidia-smi"):
        query = "name,driver_version,clocks.sm,clocks.mem,clocks.max.sm,power.limit,temperature.gpu"
        subprocess.run(["nvidia-smi", f"--query-gpu={query}", "--format=csv"], check=False)
    print("GPU:", gpu.why_not() or gpu.versions())


def check(name: str) -> Callable[[Session], None]:
    """A check of ``gpu_checks``, which a rehearsal cannot run."""

    def run(session: Session) -> None:
        if session.rehearse:
            print(f"rehearsed: {gpu_checks.CHECKS[name].__doc__}")
            return
        code = gpu_checks.main(name)
        if code:
            sys.exit(code)
        print("held")

    return run


def clocked(session: Session) -> None:
    """Recordings with a clock, held to the twin and saved."""
    for name, whole in CLOCKED.items():
        config = dataclasses.replace(whole, seq_q=128, seq_k=128, heads=2, kv_heads=2) if session.rehearse else whole
        trace = record(config, source="numpy") if session.rehearse else record(config, clock=True, resources=True)
        twin = record(config, source="numpy")
        for column in COMPARED:
            assert np.array_equal(trace.columns[column], twin.columns[column]), (name, column)
        file = session.out / f"{name}.npz"
        trace.save(file)
        assert Trace.load(file).hash == trace.hash
        print(f"{file.name}: {len(trace):,} events, {file.stat().st_size:,} B")
        if trace.header.clock is not None:
            t_ns, sm = trace.columns["t_ns"], trace.columns["sm"]
            steps = np.diff(t_ns)[np.diff(trace.columns["step"]) == 1]
            print(
                f"  {t_ns.max() / 1e3:.1f} us, {len(set(sm.tolist()))} SMs; a step {steps.min()} ns or more, median {np.median(steps):.0f}"
            )
            print(f"  {trace.header.resources}")


def benched(name: str, longest: int, *, gradients: bool = False) -> Callable[[Session], None]:
    """Attention by several methods, as ``flashviz bench kernel``; with ``gradients`` forward and backward."""

    def run(session: Session) -> None:
        device, max_n, repeat = ("cpu", 256, 2) if session.rehearse else ("cuda", longest, 10)
        report = bench.bench(device, max_n, repeat, lambda what: print(what, flush=True), gradients=gradients)
        file = session.out / f"{name}-{'rehearsed' if session.rehearse else 'gpu'}.json"
        write(report, file)
        written = read(file)
        rows = written.training if gradients else written.attention
        table(rows)
        wrong = [each for each in rows if each.right is False]
        assert rows, "something was measured"
        assert not wrong, wrong

    return run


def table(rows: Sequence[Measured]) -> None:
    """A line a problem: TFLOP/s of every method, and where a result was wrong or refused."""
    problems = dict.fromkeys((each.dtype, each.d, each.causal, each.n) for each in rows)
    for dtype, d, causal, n in problems:
        mine = [each for each in rows if (each.dtype, each.d, each.causal, each.n) == (dtype, d, causal, n)]
        said = " ".join(
            f"{each.method.removeprefix('torch ')} " + ("refused" if each.tflops is None else f"{each.tflops:.0f}")
            + (" WRONG" if each.right is False else "") for each in mine
        )  # fmt: skip
        print(f"{dtype[:4]} d{d} {'causal' if causal else 'full'} {n}: {said}")


def variants(lengths: Sequence[int]) -> Callable[[Session], None]:
    """Ways to launch the kernels for Hopper, against torch's: right before they are timed."""

    def run(session: Session) -> None:
        if session.rehearse or not hopper.here():
            print("rehearsed: no Hopper here")
            return
        torch = importlib.import_module("torch")
        report = begin("kernel", "variants: " + bench._how("cuda", 10, torch), gpu=torch.cuda.get_device_name())
        bench._ramp_up(torch)
        found: list[Measured] = []
        for n in lengths:
            for d in (128, 64):
                for causal in (False, True):
                    problem = bench.Problem(n, d, max(1, bench.TOKENS // n), bench.WIDTH // d, causal, "float16")
                    theirs = bench.methods(problem, "cuda")
                    calls = {name: theirs[name] for name in ("flashviz", "torch flash", "torch cuDNN")} | _ways(problem)
                    rows = bench.measured(problem, calls, "cuda", 10, torch.cuda.get_device_name())
                    found += rows
                    for each in rows:
                        what = each.unavailable or f"{each.tflops:.0f} TFLOP/s, error {each.max_error:.1e}" + (
                            "" if each.right else " WRONG"
                        )
                        print(f"{n} d{d} {'causal' if causal else 'full':6} {each.method:34} {what}", flush=True)
        write(msgspec.structs.replace(report, attention=tuple(found)), session.out / f"variants-{max(lengths)}.json")

    return run


def _ways(problem: bench.Problem) -> dict[str, bench.Call]:
    """Candidates for ``hopper.PIPELINES`` and ``hopper.DESCRIPTORS``."""
    base = hopper.PIPELINES[problem.d]
    ways: dict[str, Any] = {
        "pipeline": base,
        "descriptors": hopper.DESCRIPTORS[problem.d],
        "descriptors, 128 x 128, 8 warps": hopper.Descriptors(block_n=128, stages=2, warps=8),
    }

    def call(how: Any) -> bench.Call:
        name, launched = (
            ("pipeline", hopper.launch_pipeline) if isinstance(how, hopper.Pipeline) else ("descriptors", hopper.launch_descriptors)
        )
        kernel = getattr(importlib.import_module(f"flashviz_kernels.{name}"), name)

        def by(q: Any, k: Any, v: Any) -> Any:
            torch = importlib.import_module("torch")
            o = torch.empty_like(q)
            lse = torch.empty(q.shape[:3], dtype=torch.float32, device=q.device)
            launched(kernel, [q, k, v, o, lse], launch_of(q, k, causal=problem.causal), how)
            return o

        return by

    return {name: call(how) for name, how in ways.items()}


def launch_of(q: Any, k: Any, *, causal: bool) -> Problem:
    """The launch on these tensors, as ``flash_attention`` would make it."""
    dtype = str(q.dtype).removeprefix("torch.")
    block_m, block_n = default_blocks(dtype, q.shape[3])
    return Problem(
        batch=q.shape[0], heads=q.shape[1], kv_heads=k.shape[1], n_q=q.shape[2], n_k=k.shape[2], d=q.shape[3], dtype=dtype, causal=causal,
        scale=q.shape[3] ** -0.5, block_m=block_m, block_n=block_n, stages=2, num_warps=4,
    )  # fmt: skip


STEPS: dict[str, Callable[[Session], None]] = {
    "machine": machine,
    **{name: check(name) for name in gpu_checks.CHECKS},
    "clocked": clocked,
    "bench": benched("kernel", 16384),
    "bench_gradients": benched("gradients", 4096, gradients=True),
    "variants_short": variants((512, 4096)),
    "variants_long": variants((1024, 16384)),
}


def main(arguments: Sequence[str]) -> None:
    """One step."""
    parser = argparse.ArgumentParser()
    parser.add_argument("step", choices=STEPS)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--rehearse", action="store_true")
    asked = parser.parse_args(arguments)
    STEPS[asked.step](Session(asked.out, asked.rehearse))


if __name__ == "__main__":
    main(sys.argv[1:])
