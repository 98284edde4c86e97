"""The GPU's path: what of it runs without one, the kernel with a clock as it is compiled, and on a GPU all of it."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from flashviz.cli import main
from flashviz.config import AttentionConfig
from flashviz.errors import FlashvizError, InputError, MissingPartError, TraceError, UsageError
from flashviz.inputs import make_inputs
from flashviz.trace import COMPARED, Trace
from flashviz_kernels import attending, gpu, record, reporting
from flashviz_kernels.algorithms.fa2 import ALGORITHM
from flashviz_kernels.attending import problem_of
from flashviz_kernels.attention import attend
from flashviz_kernels.checking import refused_by_device
from flashviz_kernels.interpreter import mended
from flashviz_kernels.log import Kept
from flashviz_kernels.modes import installed, load_kernel
from flashviz_kernels.problem import TraceBuffers
from flashviz_kernels.reporting import CLOCK, CLOCK_ROW, ROW, clock_columns
from flashviz_kernels.tensors import HostTensor
from tests.conftest import ROOT
from tests.gpu_checks import CHECKS, SKIPPED
from tests.kernels import FORWARD, columns_of, event_rows
from tests.test_forward import compile_all, variant


def room(config: AttentionConfig, kept: Kept, *, clock: bool) -> TraceBuffers:
    """What the film's kernel reports to."""
    assert ALGORITHM.reports is not None
    (buffers,) = ALGORITHM.reports.room(config, kept, clock)
    return buffers


needs_triton = pytest.mark.skipif(not installed(), reason="the kernel is interpreted where triton is installed")
needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="tensors are torch's")

SMALL: dict[str, Any] = {"block_m": 16, "block_n": 16, "head_dim": 16}
CONFIGS = {
    "plain": AttentionConfig(seq_q=40, seq_k=50, **SMALL),
    "causal, grouped, bfloat16": AttentionConfig(seq_q=50, heads=2, kv_heads=1, causal=True, dtype="bfloat16", **SMALL),
    "no keys, float32": AttentionConfig(seq_q=20, seq_k=0, dtype="float32", **SMALL),
}
T0, TICK, CYCLES, PROCESSOR = 1 << 40, 7, 10, 5  # a look takes 10 cycles, 7 ns


# ------------------------------------------------------------------------------------------------------------ on the host


@needs_triton
@pytest.mark.parametrize("name", CONFIGS)
def test_a_report_in_one_operation_is_that_of_the_kernel(name: str) -> None:
    """While interpreted, reports are written in one operation; the same rows as from the kernel's own device function."""
    config = CONFIGS[name]
    buffers = room(config, Kept.of(config, (), stats=False), clock=False)
    attend(*make_inputs(config), problem_of(config), buffers.each(HostTensor))
    np.testing.assert_array_equal(buffers.events, event_rows(load_kernel(interpreted=True), config))
    from triton.runtime import interpreter

    assert load_kernel(interpreted=True).fn.__globals__["trace"].__name__ == "trace", "afterwards the kernel's own is in its place"
    assert interpreter.interpreter_builder.options == interpreter.InterpreterOptions()


@needs_triton
@needs_torch
@pytest.mark.parametrize("name", CONFIGS)
def test_through_torch_it_is_the_same(name: str) -> None:
    """Tensors there and back: outputs, rows and kept values as through NumPy."""
    config = CONFIGS[name]
    kept = Kept.of(config, [(0, 0)], stats=True)
    here, arrays = room(config, kept, clock=False), make_inputs(config)
    with mended():
        written, (there,) = gpu.run_on("cpu", arrays_of(config), [here], launched(load_kernel(interpreted=True), config))
    untouched = room(config, kept, clock=False)
    assert np.array_equal(here.events, untouched.events), "a launch starts from buffers as they were given"
    expected = attend(*arrays, problem_of(config), here.each(HostTensor))
    for mine, theirs in zip(
        (written["O"], written["LSE"], there.events, there.stats, there.tiles),
        (*expected, here.events, here.stats, here.tiles),
        strict=True,
    ):
        assert mine.dtype == theirs.dtype
        np.testing.assert_array_equal(mine, theirs)


def arrays_of(config: AttentionConfig) -> dict[str, np.ndarray]:
    """Inputs and empty outputs, by name."""
    return ALGORITHM.given(config, ALGORITHM.inputs(config))


def launched(kernel: Any, config: AttentionConfig) -> gpu.Launch:
    """What launches the kernel on tensors by name."""

    def launch(tensors: Any, buffers: Any) -> None:
        for call in attending.forward_calls(config, tensors, buffers):
            call.on(kernel)

    return launch


@contextmanager
def made_up_clock(kernel: Any) -> Iterator[list[int]]:
    """The kernel with clocks that tick at every look, which the interpreter has not. Yields the SM's cycles that were told.

    The GPU's time is that of the SM's last look, in ns.
    """
    import triton.language as tl
    from triton.runtime.interpreter import TensorHandle

    told: list[int] = []

    def scalar(value: int, dtype: Any, kind: Any) -> Any:
        return tl.tensor(TensorHandle(np.array([value], kind), dtype), dtype)

    def clock() -> Any:
        told.append(CYCLES * len(told))
        return scalar(told[-1], tl.int32, np.int32)

    scope = kernel.fn.__globals__
    names = ("globaltimer", "smid", "clock", "settled")
    before = {name: scope[name] for name in names}
    scope |= {
        "globaltimer": lambda: scalar(T0 + TICK * told[-1] // CYCLES, tl.int64, np.int64), "clock": clock,
        "smid": lambda: scalar(PROCESSOR, tl.int32, np.int32), "settled": lambda x: x,
    }  # fmt: skip
    try:
        yield told
    finally:
        scope |= before


@needs_torch
def test_the_launch_that_is_timed_begins_with_outputs_of_its_own() -> None:
    def added(tensors: Any, _buffers: Any) -> None:
        for name in ("O", "LSE"):
            tensors[name].add_(1)

    config = AttentionConfig(seq_q=32, **SMALL)
    buffers = room(config, Kept.of(config, (), stats=False), clock=True)
    written, _ = gpu.run_on("cpu", arrays_of(config), [buffers], added)
    assert (written["O"] == 1).all()
    assert (written["LSE"] == 1).all()


@needs_triton
@needs_torch
@pytest.mark.parametrize("name", CONFIGS)
def test_a_clock_adds_to_the_rows_and_changes_nothing_else(name: str) -> None:
    config = CONFIGS[name]
    kernel = load_kernel(interpreted=True)
    buffers = room(config, Kept.of(config, (), stats=False), clock=True)
    with mended(), made_up_clock(kernel) as told:
        _, (there,) = gpu.run_on("cpu", arrays_of(config), [buffers], launched(kernel, config))
    assert there.events.shape[-1] == CLOCK_ROW
    np.testing.assert_array_equal(there.events[..., :ROW], event_rows(kernel, config))
    columns, twin = columns_of(there.events, config), record(config, source="numpy")
    for column in COMPARED:
        np.testing.assert_array_equal(columns[column], twin.columns[column], err_msg=column)
    events = len(twin)
    assert len(told) == 2 * events, "the launch that compiles is not the one that is timed"
    assert columns["t_ns"].tolist() == [TICK * at for at in range(events)]
    assert set(columns["sm"].tolist()) == {PROCESSOR}


@given(
    st.integers(2, 6), st.floats(0.45, 1.3), st.integers(1, 1000), st.integers(0, 2**62 - 2**40), st.randoms(use_true_random=False)
)  # fmt: skip
def test_clocks_of_sms_are_aligned(processors: int, cycle_ns: float, tick: int, origin: int, random: Random) -> None:
    """Programs on SMs whose 32-bit clocks began anywhere, also before a wrap; a GPU's time that shows its last tick only.

    Within a program times are right to a rounding, and between SMs to a tick.
    """
    rows, true = [], []
    began = [random.randrange(2**32) for _ in range(processors)]
    for sm in range(processors):
        for _ in range(3):
            start = random.randrange(200_000)
            between = sorted(random.randrange(1000, 200_000) for _ in range(random.randrange(20)))
            steps = [random.randrange(1000), *between, random.randrange(200_000, 400_000)]
            for at, step in enumerate(steps):
                ns = start + step * cycle_ns
                row = np.full(CLOCK_ROW, -1, np.int32)
                if at in (0, len(steps) - 1):
                    row[ROW : ROW + 2] = np.array([(origin + int(ns)) // tick * tick], "<i8").view("<i4")
                row[ROW + 2] = sm
                row[ROW + 3] = np.uint32((began[sm] + round(ns / cycle_ns)) % 2**32).astype(np.int32)
                rows.append(row)
                true.append(ns)
    found = clock_columns(np.array(rows))
    assert found["t_ns"].min() == 0
    assert found["sm"].tolist() == [int(row[ROW + 2]) for row in rows]
    off = found["t_ns"] - np.array(true)
    assert off.max() - off.min() <= 4 * tick + 2 + 0.02 * max(true), "the slope is known to a tick over the launch's length"


def test_a_coarse_clock_by_hand() -> None:
    """Two SMs, cycles of half a ns, a GPU's time that ticks every 32 ns; the second SM's clock is about to wrap."""
    told = [  # GPU's time, SM, its cycles
        (1024, 0, 100), (-1, 0, 300), (2016, 0, 2100),
        (1056, 1, -50), (-1, 1, 2**31 - 2**31 + 50), (2048, 1, 1950),
    ]  # fmt: skip
    rows = np.full((len(told), CLOCK_ROW), -1, np.int32)
    rows[:, ROW : ROW + 2] = np.array([t for t, _, _ in told], "<i8").view("<i4").reshape(-1, 2)
    rows[:, ROW + 2 :] = [(sm, cycles) for _, sm, cycles in told]
    found = clock_columns(rows)
    slope = 992 / 2000
    assert found["t_ns"].tolist() == [0, round(200 * slope), 992, 32, round(32 + 100 * slope), 1024]
    assert found["sm"].tolist() == [0, 0, 0, 1, 1, 1]


def test_rows_without_a_time_are_no_clock() -> None:
    rows = np.full((3, CLOCK_ROW), -1, np.int32)
    rows[0, ROW:] = 1
    with pytest.raises(FlashvizError, match="expected each event to carry a clock and an SM, got 2 without"):
        clock_columns(rows)
    rows[1:, ROW + 2] = 2
    with pytest.raises(FlashvizError, match="expected the GPU's time once a program, got SMs without"):
        clock_columns(rows)


def test_clocks_that_disagree() -> None:
    """A GPU's time that stands still while an SM's clock runs."""
    rows = np.full((2, CLOCK_ROW), 1, np.int32)
    rows[1, ROW + 3] = 10_000
    with pytest.raises(FlashvizError, match=r"expected an SM's cycle of 0\.2 to 5\.0 ns, got 0; record a longer launch"):
        clock_columns(rows)


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19 01:15:15 UTC 2023\nGCC version: 12", "535.104.05"),
        ("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  550.54.15  Release Build  (root@b)", "550.54.15"),
        ("something else 1.2", None),
    ],
)
def test_the_driver_by_its_version(text: str, version: str | None) -> None:
    assert gpu.driver_version(text) == version


# ------------------------------------------------------------------------------------------------------------- the file


def clocked() -> Trace:
    """A recording with times that were made up."""
    from msgspec.structs import replace

    twin = record(AttentionConfig(seq_q=32, **SMALL), source="numpy")
    times = {"t_ns": np.arange(len(twin), dtype=np.int64) * 2**33, "sm": twin.columns["pid_m"] + 3}
    return Trace(replace(twin.header, clock=CLOCK), twin.columns | times)


def test_a_file_keeps_the_times(tmp_path: Path) -> None:
    trace = clocked()
    trace.save(tmp_path / "x.npz")
    again = Trace.load(tmp_path / "x.npz")
    assert again.header.clock == CLOCK == "SM clocks aligned by globaltimer, ns"
    assert again.hash == trace.hash == record(trace.config, source="numpy").hash, "times are not compared"
    assert (again[1].t_ns, again[1].sm) == (2**33, 3)
    assert record(trace.config, source="numpy")[1].t_ns is None


def test_a_file_that_names_a_clock_and_has_no_times_is_refused(tmp_path: Path) -> None:
    trace = clocked()
    del trace.columns["sm"]
    trace.save(tmp_path / "x.npz")
    with pytest.raises(TraceError, match=r"expected columns .*t_ns, sm of whole numbers"):
        Trace.load(tmp_path / "x.npz")


# ----------------------------------------------------------------------------------------------------- what is refused


def test_a_clock_without_a_gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TRITON_INTERPRET", raising=False)
    monkeypatch.setattr(gpu, "DEVICE_NODES", ())
    message = "a clock needs the kernel compiled for a CUDA device, got no NVIDIA device; leave the clock out"
    with pytest.raises(MissingPartError, match=message):
        record(AttentionConfig(seq_q=16, **SMALL), clock=True)
    result = CliRunner().invoke(main, ["trace", "--seq-len", "16", "--clock", "--out", str(tmp_path / "x.npz")])
    assert (result.exit_code, result.stderr) == (3, f"flashviz: {message}\n")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("options", [{"source": "numpy"}, {"algorithm": "fa1"}, {"algorithm": "backward"}])
def test_a_clock_that_nobody_reads(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=r"a clock is read by the kernel of fa2, got .*; leave the clock out"):
        record(AttentionConfig(seq_q=16, **SMALL), clock=True, **options)


@needs_torch
@needs_triton
def test_why_there_is_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each obstacle in turn, nearest first."""
    torch, triton = importlib.import_module("torch"), load_kernel(interpreted=True) and sys.modules["triton"]
    monkeypatch.setattr(gpu, "DEVICE_NODES", (os.devnull,))
    monkeypatch.setenv("TRITON_INTERPRET", "1")
    assert gpu.why_not() == "TRITON_INTERPRET=1"
    monkeypatch.delenv("TRITON_INTERPRET")
    assert gpu.why_not() == "a process that has imported triton to interpret"
    monkeypatch.setattr(triton.knobs.runtime, "interpret", False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert gpu.why_not() == "a torch that reaches no CUDA device"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: (7, 5))
    assert gpu.why_not() == "a GPU of sm_75, where the kernel spills"
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: (9, 0))
    assert gpu.why_not() is None
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    assert gpu.why_not() == "no torch"


@needs_triton
def test_what_a_device_has_too_little_of_is_one_line() -> None:
    from triton.runtime.errors import OutOfResources

    too_little = {
        OutOfResources(300_000, 232_448, "shared memory"): r"expected tiles that fit this GPU, got: .*300000.*; try smaller block_m, .*",
        type("OutOfMemoryError", (RuntimeError,), {})("no memory.\nTried to allocate"): r"expected arrays .*: no memory.; try fewer .*",
    }
    for error, message in too_little.items():
        with pytest.raises(InputError) as caught, refused_by_device():
            raise error
        assert re.fullmatch(message, str(caught.value))
    with pytest.raises(ZeroDivisionError), refused_by_device():
        raise ZeroDivisionError


def test_rows_of_a_clock_must_fit_too() -> None:
    config = AttentionConfig(seq_q=16384, block_m=16, block_n=16, head_dim=16, heads=3)
    make_sized = 3 * 1024 * (4 + 10 * 1024) * 4
    assert make_sized * ROW <= reporting.EVENTS_LIMIT < make_sized * CLOCK_ROW
    with pytest.raises(UsageError, match=r"events must fit a trace buffer of 1,073,741,824 B, got 1,510,"):
        room(config, Kept.of(config, (), stats=False), clock=True)


# ------------------------------------------------------------------------------------------------------------ compiled


@pytest.mark.slow
@needs_triton
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_with_a_clock_it_compiles_for_every_generation(dtype: str, tmp_path: Path) -> None:
    """One look at the SM's clock a report, of which there are 4 + 9 + 10, and two at the GPU's time; none where no clock is asked for."""
    blocks: dict[str, Any] = {"block_m": 32, "block_n": 32} if dtype == "float32" else {}
    clocks = (True, False) if dtype == "float16" else (True,)
    asked = [variant(arch=arch, dtype=dtype, trace=True, clock=clock, **blocks) for arch in (80, 90, 100) for clock in clocks]
    for made, found in zip(asked, compile_all(FORWARD, *asked, tmp_path=tmp_path), strict=True):
        cycles, times, processors = (found["instructions"].get(name, 0) for name in ("%clock", "%globaltimer", "%smid"))
        if made["clock"]:
            assert cycles >= 4 + 9 + 10
            assert times == 2
            assert processors >= 1
        else:
            assert (cycles, times, processors) == (0, 0, 0)


# ------------------------------------------------------------------------------------------------------------ on a GPU


@pytest.mark.gpu
@pytest.mark.parametrize("check", CHECKS)
def test_on_a_gpu(check: str) -> None:
    if not any(Path(node).exists() for node in gpu.DEVICE_NODES):
        pytest.skip("no NVIDIA device here")
    environment = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    command = [sys.executable, "-m", "tests.gpu_checks", check]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=environment)
    if done.returncode == SKIPPED:
        pytest.skip(done.stdout.strip())
    assert done.returncode == 0, done.stderr[-2000:]
