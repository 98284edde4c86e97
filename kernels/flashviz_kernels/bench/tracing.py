"""What a trace costs: the twin's events a second and memory, the file, and the interpreted kernel with and without tracing."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from flashviz.config import AttentionConfig
from flashviz.errors import FlashvizError
from flashviz.inputs import make_inputs
from flashviz.trace import Trace, load
from flashviz_kernels.algorithms import DEFAULT, named
from flashviz_kernels.any_kernel import load_function, trace_kernel
from flashviz_kernels.attending import problem_of
from flashviz_kernels.attention import attend
from flashviz_kernels.bench.memory import high_water
from flashviz_kernels.bench.report import Cost, Overhead, Recorded, Report, begin
from flashviz_kernels.log import Kept
from flashviz_kernels.modes import installed
from flashviz_kernels.recorder import record
from flashviz_kernels.tensors import HostTensor
from flashviz_kernels.witness import pointers_of

SIZES = ((1024, 1), (2048, 1), (4096, 1), (4096, 4), (8192, 4), (8192, 7))  # N and heads: 2e3 to over 1e6 events with 64 x 64 tiles
HOW = (
    "twin: wall clock of record(config, source='numpy') with 64 x 64 tiles, d = 64, float16, each size in a fresh process, peak memory "
    "that of the whole process; file: save and load of that trace; overhead: attend() on the default config, traced and untraced in turn, "
    "after one call each; any kernel: trace_kernel(), wall clock, after one call"
)


def bench(repeat: int, max_events: int, note: Callable[[str], None]) -> Report:
    """Measure.

    Args:
        repeat: Repetitions of each.
        max_events: Sizes with more are left out.
        note: Told what is being measured.
    """
    report = begin("trace", HOW)
    costs = []
    for n, heads in SIZES:
        if events_of(n, heads) <= max_events:
            note(f"the twin, {events_of(n, heads):,} events")
            costs.append(cost(n, heads, repeat))
    overhead: Overhead | None = None
    pointers: tuple[Recorded, ...] = ()
    if installed():
        note("the interpreted kernel, traced and untraced")
        overhead = interpreted(repeat)
        note("the pointers of any kernel")
        pointers = any_kernels(repeat)
    return msgspec.structs.replace(report, twin=tuple(costs), overhead=overhead, recorded=pointers)


def events_of(n: int, heads: int) -> int:
    """Of the twin, not causal, 64 x 64 tiles."""
    return named(DEFAULT).events(AttentionConfig(seq_q=n, heads=heads))


def cost(n: int, heads: int, repeat: int) -> Cost:
    """One size, in a fresh process, so that its memory is its own."""
    command = [sys.executable, "-m", "flashviz_kernels.bench.tracing", json.dumps([n, heads, repeat])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise FlashvizError(f"expected the twin to record N = {n}, got: {(done.stderr.strip().splitlines() or ['nothing'])[-1]}")
    return msgspec.json.decode(done.stdout, type=Cost)


def recorded(n: int, heads: int, repeat: int) -> Cost:
    """The same, in this process."""
    config = AttentionConfig(seq_q=n, heads=heads)
    seconds = []
    for _ in range(repeat):
        start = time.perf_counter()
        trace = record(config, source="numpy")
        seconds.append(time.perf_counter() - start)
    peak = high_water()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trace.npz"
        start = time.perf_counter()
        trace.save(path)
        saved = time.perf_counter()
        size = path.stat().st_size
        again = time.perf_counter()
        load(path)
        loaded = time.perf_counter()
    return Cost(
        n=n, heads=heads, events=len(trace), seconds=tuple(seconds), peak_memory=peak, file_bytes=size, save_seconds=saved - start,
        load_seconds=loaded - again,
    )  # fmt: skip


def interpreted(repeat: int) -> Overhead:
    """The default config's kernel in Triton's interpreter, untraced and traced in turn."""
    config = AttentionConfig()
    arrays, problem = make_inputs(config), problem_of(config)
    kept, reports, clock = Kept.of(config, (), stats=False), named(DEFAULT).reports, False
    assert reports is not None  # the default one's kernel does
    untraced: list[float] = []
    traced: list[float] = []
    events = 0
    for turn in range(repeat + 1):
        start = time.perf_counter()
        attend(*arrays, problem)
        middle = time.perf_counter()
        (buffers,) = reports.room(config, kept, clock)
        attend(*arrays, problem, buffers.each(HostTensor))
        end = time.perf_counter()
        if turn:  # the first of each warms up
            untraced.append(middle - start)
            traced.append(end - middle)
        events = int((buffers.events[:, :, 0] >= 0).sum())
    return Overhead(events=events, untraced=tuple(untraced), traced=tuple(traced))


def any_kernels(repeat: int) -> tuple[Recorded, ...]:
    """Kernels as ``flashviz trace --kernel`` records them: the film's own on the default config, and a softmax of 1823 x 781."""
    folder = Path(__file__).parent
    kernel, launcher = (load_function(f"{folder / 'softmax.py'}:{name}", name) for name in ("softmax", "launch"))
    found = []
    kinds: dict[str, Callable[[], Trace]] = {
        "the film's own": lambda: pointers_of(AttentionConfig()),
        "softmax 1823 x 781": lambda: trace_kernel(kernel, launcher),
    }
    for name, run in kinds.items():
        seconds, events = [], 0
        for _ in range(repeat + 1):
            start = time.perf_counter()
            events = len(run())
            seconds.append(time.perf_counter() - start)
        found.append(Recorded(kernel=name, events=events, seconds=tuple(seconds[1:])))  # the first warms up
    return tuple(found)


def main(arguments: Sequence[str]) -> None:
    """Answer one size as JSON."""
    print(msgspec.json.encode(recorded(*json.loads(arguments[0]))).decode())  # noqa: T201  # a script's answer


if __name__ == "__main__":
    main(sys.argv[1:])
