"""Benchmarks: what they count, what they hold results to, what they write. No time decides anything here."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import av
import msgspec
import pytest
from click.testing import CliRunner
from rich.table import Table

from flashviz.chapters import references
from flashviz.chapters.film import EXCERPT, SCRIPT
from flashviz.cli import main, rendering
from flashviz.cli.bench import rendering_table
from flashviz.errors import InputError, UsageError
from flashviz.memory import traffic
from flashviz_kernels import record
from flashviz_kernels.bench import attention as bench
from flashviz_kernels.bench import report as reports
from flashviz_kernels.bench.attention import Problem, measured, methods, on_cpu, on_gpu, peak_fraction, timed
from flashviz_kernels.bench.report import Measured, Rendering, Report
from flashviz_kernels.bench.tracing import events_of, recorded

needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="needs torch")
SMALL = Problem(96, 16, 2, 3, causal=True, dtype="float32")


def test_flops_by_hand() -> None:
    """Two products of N x N x d, a multiplication and an addition each: 4 N^2 d a head; half where causal."""
    assert Problem(512, 64, 2, 3, causal=False, dtype="float16").flops == 4 * 512 * 512 * 64 * 6 == 402_653_184
    assert Problem(512, 64, 2, 3, causal=True, dtype="float16").flops == 201_326_592
    assert Problem(512, 64, 2, 3, causal=True, dtype="float16", gradients=True).flops == 201_326_592 + 5 * 201_326_592 // 2


def test_sizes_are_the_papers_on_a_gpu_and_double_on_a_cpu() -> None:
    problems = on_gpu(16384)
    one = [p for p in problems if (p.batch, p.d, p.causal, p.dtype) == (1, 64, False, "float16")]
    assert [p.n for p in one] == [256, 512, 1024, 2048, 4096, 8192, 16384], "one sequence as N doubles"
    assert {p.n * p.batch for p in problems if p not in one} == {16 * 1024}
    assert len(set(problems)) == len(problems)
    assert {p.heads * p.d for p in problems} == {2048}
    assert {(p.d, p.causal, p.dtype) for p in problems} == {
        (d, c, t) for d in (64, 128) for c in (False, True) for t in ("float16", "bfloat16")
    }
    lengths = [p.n for p in on_cpu(4096) if not p.causal]
    assert lengths == [256, 512, 1024, 2048, 4096]


@needs_torch
def test_a_wrong_or_refusing_method_is_said() -> None:
    import torch

    def right(q: Any, k: Any, v: Any) -> Any:
        return torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)

    def refusing(_q: Any, _k: Any, _v: Any) -> Any:
        raise RuntimeError("No available kernel.\n  Aborting.")

    def unfit(_q: Any, _k: Any, _v: Any) -> Any:
        raise InputError("expected smaller tiles")

    calls = {
        "right": right,
        "scaled": lambda q, k, v: right(q, k, v) * 1.01,
        "nan": lambda q, k, v: right(q, k, v) * float("nan"),
        "none": refusing,
        "ours": unfit,
    }
    found = {each.method: each for each in measured(SMALL, calls, "cpu", repeat=2)}
    assert found["right"].right is True
    assert found["scaled"].right is False
    assert found["nan"].right is False
    assert found["none"].unavailable == "No available kernel. Aborting."
    assert found["ours"].unavailable == "expected smaller tiles", "a refusal of ours ends no bench"
    assert found["none"].seconds == ()
    assert found["none"].tflops is None
    assert all(len(found[name].seconds) == 2 for name in ("right", "scaled", "nan"))
    median = found["right"].median
    assert median is not None
    assert found["right"].tflops == pytest.approx(SMALL.flops / median / 1e12)


@needs_torch
def test_on_a_gpu_the_host_is_ahead_of_what_is_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the events lies the call alone: the cache is overwritten, and the GPU kept waiting, before the first."""
    torch, done = importlib.import_module("torch"), []

    class Event:
        def __init__(self, *, enable_timing: bool) -> None:
            assert enable_timing

        def record(self) -> None:
            done.append("event")

        def elapsed_time(self, _other: Event) -> float:
            return 1500.0

    monkeypatch.setattr(torch, "empty", lambda *_shape, **_options: SimpleNamespace(zero_=lambda: done.append("flush")))
    monkeypatch.setattr(torch.cuda, "_sleep", lambda _cycles: done.append("sleep"), raising=False)
    monkeypatch.setattr(torch.cuda, "Event", Event)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: done.append("wait"))
    assert timed(lambda: done.append("call"), "cuda") == 1.5
    assert done == ["flush", "sleep", "event", "call", "event", "wait"]


@needs_torch
@pytest.mark.parametrize(("dtype", "causal"), [("float32", False), ("bfloat16", True)])
def test_wrong_gradients_are_said(dtype: str, causal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forward and backward by both of torch's ways, longer than what is checked; dK and dV exchanged, half of the rows left out."""
    problem = Problem(300, 16, 2, 3, causal, dtype, gradients=True)
    monkeypatch.setattr(bench, "peak_memory", lambda *_: None)  # a process for each method
    both = methods(problem, "cpu")
    assert list(both) == ["standard", "torch flash"]

    def exchanged(*arrays: Any) -> Any:
        dq, dk, dv = both["standard"](*arrays)
        return dq, dv, dk

    def half(q: Any, k: Any, v: Any, d_o: Any) -> Any:
        d_o = d_o.clone()
        d_o[:, :, 172:] = 0
        return both["standard"](q, k, v, d_o)

    def nothing(*arrays: Any) -> Any:
        return [each * float("nan") for each in both["standard"](*arrays)]

    calls = both | {"exchanged": exchanged, "half": half, "nan": nothing}
    right = {each.method: each.right for each in measured(problem, calls, "cpu", repeat=1)}
    assert right == {"standard": True, "torch flash": True, "exchanged": False, "half": False, "nan": False}


def test_a_fraction_of_the_peak_needs_a_quoted_peak() -> None:
    one = Measured(method="m", n=1, d=1, batch=1, heads=1, causal=False, dtype="float16", flops=312 * 10**9, seconds=(2e-3,))
    assert peak_fraction(one, "NVIDIA A100-SXM4-80GB") == pytest.approx(0.5)
    assert peak_fraction(one, "NVIDIA H200") is None
    assert peak_fraction(one, None) is None


def test_events_of_the_twin_are_those_that_it_records() -> None:
    made = recorded(256, 2, 1)
    assert made.events == events_of(256, 2)
    assert len(made.seconds) == 1
    assert made.file_bytes > 0
    from flashviz.config import AttentionConfig

    trace = record(AttentionConfig(seq_q=256, heads=2), source="numpy")
    assert len(trace) == made.events
    assert traffic(trace).total > 0


@pytest.mark.slow
@needs_torch
def test_bench_kernel_with_gradients_on_a_cpu(tmp_path: Path) -> None:
    file = tmp_path / "kernel.json"
    answer = CliRunner().invoke(
        main, ["bench", "kernel", "--device", "cpu", "--max-n", "512", "--repeat", "1", "--gradients", "--out", str(file)]
    )
    assert answer.exit_code == 0, answer.stderr
    report = reports.read(file)
    assert report.attention == ()
    assert "a forward and a backward pass" in report.how
    assert [(each.method, each.n, each.causal) for each in report.training] == [
        (method, n, causal) for causal in (False, True) for n in (256, 512) for method in ("standard", "torch flash")
    ]
    assert all(each.right for each in report.training)
    assert all(each.flops == 14 * each.n**2 * 64 * 4 // (2 if each.causal else 1) for each in report.training)
    assert all(each.peak_memory is None or each.peak_memory > 0 for each in report.training)


@pytest.mark.slow
@needs_torch
def test_bench_kernel_on_a_cpu(tmp_path: Path) -> None:
    file = tmp_path / "kernel.json"
    answer = CliRunner().invoke(main, ["bench", "kernel", "--device", "cpu", "--max-n", "512", "--repeat", "2", "--out", str(file)])
    assert answer.exit_code == 0, answer.stderr
    report = reports.read(file)
    assert report.benchmark == "kernel"
    assert report.machine.gpu is None
    assert report.machine.cores > 0
    assert {"torch", "numpy", "flashviz"} <= set(report.versions)
    assert [(each.method, each.n, each.causal) for each in report.attention] == [
        (method, n, causal) for causal in (False, True) for n in (256, 512) for method in ("standard", "torch flash")
    ]
    assert all(each.right for each in report.attention)
    assert all(each.peak_memory is None or each.peak_memory > 0 for each in report.attention)
    for each in report.attention:
        assert f"{each.median * 1e3:.2f}" in answer.stdout  # type: ignore[operator]  # it was measured
    assert [path.name for path in tmp_path.iterdir()] == ["kernel.json"]


@pytest.mark.slow
@needs_torch
def test_memory_of_standard_attention_grows_with_the_square(tmp_path: Path) -> None:
    """S and P are N x N: four times as many bytes for twice the length; flash keeps rows."""
    file = tmp_path / "kernel.json"
    CliRunner().invoke(main, ["bench", "kernel", "--device", "cpu", "--max-n", "2048", "--repeat", "1", "--out", str(file)])
    memory = {(each.method, each.n): each.peak_memory for each in reports.read(file).attention if not each.causal}
    if None in memory.values():
        pytest.skip("this system keeps no high-water mark")
    assert 3 < memory["standard", 2048] / memory["standard", 1024] < 5  # type: ignore[operator]
    assert memory["torch flash", 2048] < memory["standard", 2048] / 5  # type: ignore[operator]


@pytest.mark.slow
def test_bench_trace(tmp_path: Path) -> None:
    file = tmp_path / "trace.json"
    answer = CliRunner().invoke(main, ["bench", "trace", "--max-events", "10000", "--repeat", "1", "--out", str(file)])
    assert answer.exit_code == 0, answer.stderr
    report = reports.read(file)
    assert [cost.events for cost in report.twin] == [events_of(1024, 1), events_of(2048, 1)]
    assert f"{report.twin[1].events:,}" in answer.stdout
    if report.overhead is not None:
        assert report.overhead.events == 608
        assert f"{report.overhead.ratio:.2f} x" in answer.stdout
        assert [(each.kernel, each.events) for each in report.recorded] == [
            ("the film's own", 408),
            ("softmax 1823 x 781", 4 * -(-1823 // 16)),
        ]
        assert "pointers of softmax 1823 x 781: 456 events" in answer.stdout


ONE = Measured(
    method="m", n=256, d=64, batch=1, heads=1, causal=False, dtype="float32", flops=1, seconds=(1.0, 2.0), max_error=0.1, tolerance=1.0
)
SOME: dict[str, dict[str, Any]] = {
    "kernel": {"attention": (ONE,)},
    "trace": {"overhead": reports.Overhead(events=608, untraced=(1.0,), traced=(1.5,))},
    "render": {},
}


@pytest.mark.parametrize("command", SOME)
def test_json_is_one_object_on_standard_output_and_out_the_same_in_a_file(
    command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = msgspec.structs.replace(reports.begin(cast("Any", command), "by hand"), **SOME[command])
    measures = {"kernel": "flashviz_kernels.bench.attention", "trace": "flashviz_kernels.bench.tracing", "render": "flashviz.cli.rendering"}
    monkeypatch.setattr(f"{measures[command]}.bench", lambda *_, **__: made)
    monkeypatch.setattr("flashviz.cli.bench.rendering_table", lambda _report: Table())
    file = tmp_path / "x.json"
    answer = CliRunner().invoke(main, ["bench", command, "--json", "--out", str(file)])
    assert answer.exit_code == 0, answer.stderr
    assert msgspec.json.decode(answer.stdout, type=reports.Report) == made
    assert reports.read(file) == made
    plain = CliRunner().invoke(main, ["bench", command])
    assert "by hand" in plain.stdout
    assert "{" not in plain.stdout


@pytest.mark.parametrize("rows", ["attention", "training"])
def test_a_wrong_result_fails_the_command(rows: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = msgspec.structs.replace(ONE, max_error=1.1)
    made = msgspec.structs.replace(reports.begin("kernel", "by hand"), **{rows: (wrong,)})
    monkeypatch.setattr("flashviz_kernels.bench.attention.bench", lambda *_, **__: made)
    answer = CliRunner().invoke(main, ["bench", "kernel"])
    assert answer.exit_code == 1
    assert "WRONG" in answer.stdout
    assert answer.stderr.splitlines()[-1].startswith(
        "flashviz: expected results within their tolerance of float64, got others: m at N = 256"
    )


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("kernel", "--out", "none/x.json"), 2, "--out none/x.json: there is no folder none; make it first"),
        (("trace", "--out", "none/x.json"), 2, "--out none/x.json: there is no folder none; make it first"),
        (("render", "--out", "none/x.json"), 2, "--out none/x.json: there is no folder none; make it first"),
        (("kernel", "--device", "tpu"), 2, "Invalid value for '--device'"),
    ],
)
def test_wrong_usage_is_one_line(arguments: tuple[str, ...], code: int, message: str) -> None:
    answer = CliRunner().invoke(main, ["bench", *arguments])
    assert (answer.exit_code, answer.stdout) == (code, "")
    assert answer.stderr.startswith(f"flashviz: {message}")


def test_without_torch_it_is_a_missing_part(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "torch" else find(name, *rest))
    answer = CliRunner().invoke(main, ["bench", "kernel"])
    assert answer.exit_code == 3
    assert answer.stderr.startswith("flashviz: expected torch to compare with, got none")


def test_another_file_is_no_report(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    with pytest.raises(UsageError, match="expected a benchmark's json, got"):
        reports.read(file)
    file.write_text(json.dumps({"benchmark": "other"}), encoding="utf-8")
    with pytest.raises(UsageError, match="expected a benchmark's json, got"):
        reports.read(file)


def test_a_report_comes_back_as_it_was_written(tmp_path: Path) -> None:
    made = reports.begin("trace", "by hand")
    reports.write(made, tmp_path / "x.json")
    assert reports.read(tmp_path / "x.json") == made
    assert isinstance(made, Report)


@pytest.mark.parametrize("file", sorted((Path(__file__).parent.parent / "docs" / "bench").glob("*.json")), ids=lambda path: path.name)
def test_committed_figures_name_their_machine_and_were_right(file: Path) -> None:
    report = reports.read(file)
    assert report.machine.processor
    assert report.versions["numpy"]
    assert all(each.right or each.unavailable for each in report.attention)


@pytest.mark.slow
def test_stock_and_ours_render_the_same_frames(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Each in a process of its own, as the benchmark does; encoding alone takes as many frames. ``--full-grid``: the benchmark's scene."""
    whole = request.config.getoption("--full-grid")
    scene, beats = (None, [beat for beat in SCRIPT if beat.name in EXCERPT]) if whole else ("ReferencesScene", references.BEATS)
    stock, ours, exact = (
        rendering.alone(method, encode, 1, scene, "low_quality", tmp_path / method)
        for method, encode in (("stock", "same"), ("flashviz", "same"), ("lossless", "fast"))
    )
    seconds = sum(beat.seconds for beat in beats)
    assert stock["frames"] == ours["frames"] == pytest.approx(seconds * 15, rel=0.03)
    noise = [rendering.psnr(Path(made["path"]), Path(exact["path"])) for made in (stock, ours)]
    assert 40 < noise[0] < noise[1] + 0.1  # dB: ours is no noisier than stock; of another picture it would be below 35
    wall, cpu = rendering.floor(Path(ours["path"]), "fast", 2)
    assert 0 < wall < cpu < min(stock["cpu"], 60)
    assert all(made["size"] == Path(made["path"]).stat().st_size and made["memory"] > 1e8 for made in (stock, ours))


def test_noise_by_hand(tmp_path: Path) -> None:
    """One grey level off everywhere: 20 log10 255 = 48.1 dB; nothing off: the limit."""
    for name, grey in (("a", 100), ("b", 101)):
        with av.open(str(tmp_path / f"{name}.mkv"), "w") as film:
            stream = film.add_stream("ffv1", rate=10)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            for _ in range(30):
                frame = av.VideoFrame(64, 48, "yuv420p")
                for plane in frame.planes:
                    plane.update(bytes([grey]) * plane.buffer_size)
                film.mux(stream.encode(frame))
            film.mux(stream.encode(None))
    a, b = tmp_path / "a.mkv", tmp_path / "b.mkv"
    assert rendering.psnr(a, b) == pytest.approx(48.13, abs=0.01)
    assert rendering.psnr(a, a) > 130


def test_the_table_of_renders_says_ratios() -> None:
    def one(method: str, encode: str, wall: float, **more: Any) -> Rendering:
        return Rendering(method=method, encode=encode, workers=2, frames=600, film_seconds=10.0, wall=(wall,), cpu=(2 * wall,), **more)

    renders = one("stock", "same", 40.0), one("flashviz", "same", 10.0, psnr=46.25, file_bytes=1 << 20), one("floor", "same", 8.0)
    made = msgspec.structs.replace(reports.begin("render", "by hand"), renders=renders)
    table = rendering_table(made)
    cells = [list(column.cells) for column in table.columns]
    assert cells[4] == ["1.00 x", "4.00 x", "5.00 x"]
    assert cells[5] == ["0.25 x", "1.00 x", "1.25 x"]
    assert cells[6] == ["5.00 x", "1.25 x", "1.00 x"]
    assert cells[9:] == [["", "1.0 MiB", ""], ["", "46.2 dB", ""]]
