"""Files of kernels and launchers as people have them: encodings, closures, tuning, a GPU that is asked for, exits, missing packages."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from flashviz.cli import main
from flashviz.trace import Op, Trace
from flashviz_kernels.auditor import AN_EVENT

pytestmark = pytest.mark.skipif(importlib.util.find_spec("triton") is None, reason="needs triton")
needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="needs torch")

HEAD = "import numpy as np\nimport triton\nimport triton.language as tl\n\n\n"
COPY = """@triton.jit
def copy(x, out, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out + i, tl.load(x + i, mask=i < n), mask=i < n)


"""
LAUNCH = """def launch(kernel):
    x, out = np.arange(100, dtype=np.float32), np.empty(100, np.float32)
    kernel[(4,)](x, out, 100, BLOCK=32)
    assert (out == x).all()
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def traced(kernel: str = "k.py:copy", launcher: str = "k.py:launch") -> tuple[int, str, str]:
    answer = CliRunner().invoke(main, ["trace", "--kernel", kernel, "--launch", launcher, "--out", "x.npz", "--json"])
    return answer.exit_code, answer.stdout, answer.stderr


def ran(text: str | bytes, kernel: str = "k.py:copy", launcher: str = "k.py:launch") -> Trace:
    Path("k.py").write_bytes(text.encode() if isinstance(text, str) else text)
    code, _, err = traced(kernel, launcher)
    assert code == 0, err
    return Trace.load("x.npz")


# ---------------------------------------------------------------------------------------------------------------- source text


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "\f\n" + COPY + "\x0c\n" + LAUNCH,
        (HEAD + COPY + LAUNCH).replace("\n", "\r\n").encode(),
        b"\xef\xbb\xbf" + (HEAD + COPY + LAUNCH).encode(),
        ("# -*- coding: latin-1 -*-\n# caf\xe9\n" + HEAD + COPY + LAUNCH).encode("latin-1"),
        HEAD + "WORDS = 'a\u2028b'  # \x85 \x1c\n" + COPY + LAUNCH,
        HEAD + COPY.replace("    i = ", "    # \x0c a form feed within\n    i = ") + LAUNCH,
        HEAD + '"""\ndef copy(a docstring of the module):\n"""\n' + COPY + LAUNCH,
    ],
    ids=["form feed", "CRLF", "BOM", "PEP 263", "separators", "form feed within", "a def in text"],
)  # fmt: skip
def test_the_line_shown_is_the_line_that_ran(text: str | bytes) -> None:
    trace = ran(text)
    assert {trace.line_text(event) for event in trace} == {"tl.store(out + i, tl.load(x + i, mask=i < n), mask=i < n)"}
    (source,) = trace.header.sources
    assert source.text.splitlines() == source.lines  # whoever splits it otherwise gets the same lines


NESTED = """
def make(factor):
    shift = 3

    @triton.jit
    def scaled(x, out, n, BLOCK: tl.constexpr):
        i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        def_ = i < n
        tl.store(out + i, tl.load(x + i, mask=def_) * factor + shift, mask=def_)

    return scaled


copy = make(2)


def launch(kernel):
    x, out = np.arange(100, dtype=np.float32), np.empty(100, np.float32)
    kernel[(4,)](x, out, 100, BLOCK=32)
    assert (out == 2 * x + 3).all()
"""


def test_a_kernel_made_in_a_function_keeps_what_it_closes_over() -> None:
    trace = ran(HEAD + NESTED)
    assert trace.line_text(trace[0]) == "tl.store(out + i, tl.load(x + i, mask=def_) * factor + shift, mask=def_)"


OTHER_DECORATIONS = """
def plain(x, out, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(
        out + i,
        tl.load(x + i, mask=i < n),
        mask=i < n,
    )


copy = triton.jit(plain)


@triton.heuristics(
    {"BLOCK": lambda args: 32}
)
@triton.jit(
    do_not_specialize=["n"]
)
def stacked(x, out, n, BLOCK: tl.constexpr):
    '''def not_this(x):'''
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out + i, tl.load(x + i, mask=i < n), mask=i < n)


def launch_stacked(kernel):
    x, out = np.arange(100, dtype=np.float32), np.empty(100, np.float32)
    kernel[(4,)](x, out, 100)
    assert (out == x).all()


"""


def test_decorated_elsewhere_and_over_several_lines() -> None:
    trace = ran(HEAD + OTHER_DECORATIONS + LAUNCH)
    assert [trace.line_text(event) for event in trace][:2] == ["tl.load(x + i, mask=i < n),", "tl.store("]
    trace = ran(HEAD + OTHER_DECORATIONS + LAUNCH, "k.py:stacked", "k.py:launch_stacked")
    (function,) = trace.header.sources[0].functions
    words = [trace.header.sources[0].line(first) for first, _ in function.statements]
    assert words == ["def stacked(x, out, n, BLOCK: tl.constexpr):", words[1], words[2]]
    assert words[2].startswith("tl.store")


def test_annotations_that_are_text() -> None:
    trace = ran("from __future__ import annotations\n" + HEAD + COPY + LAUNCH)
    assert trace.header.launches[0].arguments == {"n": 100, "BLOCK": 32}


def test_a_kernel_of_a_class() -> None:
    methods = "\n".join("    " + line for line in (COPY + "@staticmethod\n" + LAUNCH).splitlines())
    ran(HEAD + "class Ops:\n" + methods + "\n", "k.py:Ops.copy", "k.py:Ops.launch")
    code, _, err = traced("k.py:Ops.none", "k.py:Ops.launch")
    assert (code, "expected Ops.none in k.py, got only copy, launch" in err) == (2, True)


BEFORE = """
@triton.jit
def inner(n):
    return tl.zeros((n, 3), tl.float32)


@triton.jit
def copy(x, out, n, BLOCK: tl.constexpr):
    value = inner(BLOCK)
    tl.store(out, value)


"""


def test_a_line_before_the_first_access_is_named() -> None:
    Path("k.py").write_text(HEAD + BEFORE + LAUNCH, encoding="utf-8")
    code, _, err = traced()
    assert code == 2
    assert err.splitlines()[-1].startswith("flashviz: k.py:9, program (0, 0, 0): expected a kernel that Triton's interpreter runs, got")


def test_names_that_were_imported_one_by_one() -> None:
    names = "from triton.language import arange, constexpr, load, program_id, static_range, store\n"
    kernel = """@triton.jit
def copy(x, out, n, BLOCK: constexpr):
    i = program_id(0) * BLOCK + arange(0, BLOCK)
    for at in static_range(1):
        store(out + i + at, load(x + i + at, mask=i + at < n), mask=i + at < n)


"""
    assert len(ran("import numpy as np\nimport triton\n" + names + "\n\n" + kernel + LAUNCH)) == 8


# --------------------------------------------------------------------------------------------------------------------- tuning


TUNED = """
import helper

sizes = [triton.Config({"BLOCK": b}) for b in (64, 32)]
zeroed = []


def hook(given):
    zeroed.append(sorted(given))
    given["out"].fill(0)


@triton.autotune([triton.Config({"BLOCK": b}, pre_hook=hook) for b in (32, 64)], key=["n"], use_cuda_graph=True, warmup=5, rep=10)
@triton.heuristics({"EVEN": lambda args: args["n"] % args["BLOCK"] == 0})
@triton.jit
def copy(x, out, n, BLOCK: tl.constexpr, EVEN: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.atomic_add(out + i, tl.load(x + i, mask=EVEN or i < n), mask=EVEN or i < n)


@triton.heuristics({"EVEN": lambda args: args["n"] % 64 == 0})
@triton.autotune(sizes, key=["n"], reset_to_zero=["out"])
@triton.jit
def second(x, out, n, BLOCK: tl.constexpr, EVEN: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.atomic_add(out + i, tl.load(x + i, mask=i < n), mask=i < n)


@triton.autotune(sizes, key=["n"], prune_configs_by={"perf_model": lambda **given: given["BLOCK"], "top_k": 1})
@triton.jit
def modelled(x, out, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out + i, tl.load(x + i, mask=i < n), mask=i < n)


def launch(kernel):
    x, out = np.arange(100, dtype=np.float32), np.full(100, 5, np.float32)
    grid = lambda meta: (triton.cdiv(100, meta["BLOCK"]),)
    kernel[grid](x, out, 100)
    assert (out == x).all()
    kernel[grid](x, out, 100)
    assert (out == x).all()
    modelled[grid](x, out, 100)
    out[:] = 5
    second[grid](x, out, 100)
    assert (out == x).all()
    helper.doubled[grid](out, 100)
    assert (out == 2 * x).all()
    assert len(zeroed) == 2


"""
HELPER = """import triton
import triton.language as tl


def small(configs, named, **rest):
    return [c for c in configs if c.kwargs["B"] <= named["n"] // 4]


@triton.autotune([triton.Config({"B": 128}), triton.Config({"B": 16})], key=["n"], prune_configs_by={"early_config_prune": small})
@triton.jit
def doubled(x, n, B: tl.constexpr):
    for start in range(tl.program_id(0) * B, n, tl.num_programs(0) * B):
        i = start + tl.arange(0, B)
        tl.store(x + i, tl.load(x + i, mask=i < n) * 2, mask=i < n)
"""


@pytest.mark.filterwarnings("ignore:warmup, rep, and use_cuda_graph")
def test_several_tuned_kernels_with_hooks_heuristics_and_pruning() -> None:
    Path("helper.py").write_text(HELPER.replace('meta["BLOCK"]', 'meta["B"]'), encoding="utf-8")
    text = TUNED.replace("helper.doubled[grid]", 'helper.doubled[lambda meta: (triton.cdiv(100, meta["B"]),)]')
    trace = ran(HEAD + text)
    taken = [(launch.kernel, launch.arguments.get("BLOCK", launch.arguments.get("B"))) for launch in trace.header.launches]
    assert taken == [("copy", 32), ("copy", 32), ("modelled", 32), ("second", 64), ("doubled", 16)]
    sys.modules.pop("helper", None)


def test_a_pruning_that_leaves_nothing_is_said() -> None:
    tuned = COPY.replace(
        "@triton.jit\n",
        '@triton.autotune([triton.Config({"BLOCK": 32}), triton.Config({"BLOCK": 64})], key=["n"],'
        ' prune_configs_by={"early_config_prune": lambda configs, named, **rest: []})\n@triton.jit\n',
    )
    Path("k.py").write_text(HEAD + tuned + LAUNCH.replace(", BLOCK=32", ""), encoding="utf-8")
    code, _, err = traced()
    assert code == 2
    assert "No valid autotuner configs after pruning" in err


# ------------------------------------------------------------------------------------------------------------ a GPU is asked for


ASKS = """
target = triton.runtime.driver.active.get_current_target()
assert target.backend == "cuda"
SMS = triton.runtime.driver.active.utils.get_device_properties(0)["multiprocessor_count"]


"""


def test_a_module_that_asks_triton_for_a_gpu() -> None:
    launcher = LAUNCH + "    kernel[(SMS,)](x, out, 100, BLOCK=1)\n"
    trace = ran(HEAD + ASKS + COPY + launcher)
    assert trace.header.launches[1].grid == (132, 1, 1)


TORCH = """import torch
import triton
import triton.language as tl

assert torch.cuda.is_available()
DEVICE = triton.runtime.driver.active.get_active_torch_device()
MAJOR, MINOR = torch.cuda.get_device_capability()
HERE = torch.device("cuda", torch.cuda.current_device())
NOISE = torch.randn(4, device=HERE, generator=torch.Generator(device="cuda").manual_seed(0))
SMS = torch.cuda.get_device_properties(torch.cuda.current_device()).multi_processor_count


"""
TORCH_LAUNCH = """def copied(x):
    assert x.is_cuda
    out = torch.empty_like(x, device="cuda")
    with torch.cuda.device(x.device):
        copy[(4,)](x, out, x.numel(), BLOCK=32)
    return out


torch.manual_seed(0)
x = torch.rand(100, device=DEVICE)
y = copied(x)
print(y, file=open("ran", "w"))
torch.testing.assert_close(x, y)


@triton.testing.perf_report(triton.testing.Benchmark(["n"], [128], "provider", ["a"], ["a"], ylabel="ms", plot_name="p", args={}))
def benchmark(n, provider):
    return triton.testing.do_bench(lambda: copied(torch.rand(n, device=DEVICE)))


benchmark.run(print_data=True)


def launch(kernel):
    given = torch.arange(100, dtype=torch.float32).cuda().to("cuda")
    assert torch.equal(copied(given), given)
    torch.cuda.synchronize()
"""


@needs_torch
def test_a_module_that_launches_and_measures_when_it_is_imported() -> None:
    Path("k.py").write_text(TORCH + COPY + TORCH_LAUNCH, encoding="utf-8")
    code, out, err = traced()
    assert code == 0, err
    assert json.loads(out)["operations"] == {"LOAD": 4, "STORE": 4}
    assert "flashviz: left out at k.py:" in err
    assert not Path("ran").exists()


@needs_torch
def test_an_imported_module_that_launches_when_it_is_imported() -> None:
    Path("tutorial.py").write_text(TORCH + COPY + TORCH_LAUNCH, encoding="utf-8")
    Path("k.py").write_text("from tutorial import copied, copy, launch\n", encoding="utf-8")
    try:
        code, _, err = traced()
    finally:
        sys.modules.pop("tutorial", None)
    assert code == 0, err
    assert not list(Path().rglob("*.pyc"))


@needs_torch
def test_what_measures_runs_once_and_a_local_may_be_named_as_a_builtin() -> None:
    head = TORCH.replace("import torch\n", "import torch\nfrom triton.testing import do_bench\n")
    kernel = COPY.replace("n, BLOCK", "n, min, BLOCK").replace("mask=i < n), mask", "mask=i < n) + min, mask")
    launcher = """def launch(kernel):
    x = torch.rand(100, device="cuda")
    out = torch.empty_like(x)
    assert do_bench(lambda: kernel[(4,)](x, out, 100, 0.0, BLOCK=32)) == 0
    assert triton.testing.do_bench(lambda: kernel[(4,)](x, out, 100, 0.0, BLOCK=32), quantiles=[0.5, 0.2]) == [0, 0]
    assert torch.equal(x, out)
"""
    assert len(ran(head + kernel + launcher).header.launches) == 2


# --------------------------------------------------------------------------------------------------------- exits and prints


@pytest.mark.parametrize(
    ("end", "code", "said"),
    [
        ("    import sys; sys.exit(0)", 0, ""),
        ("    raise SystemExit", 0, ""),
        ("    import sys; sys.exit(3)", 1, "expected launch(kernel) to end well, got sys.exit(3) (at k.py:16)"),
        ("    import sys; sys.exit('no good')", 1, "expected launch(kernel) to end well, got sys.exit('no good') (at k.py:16)"),
        ("    assert out[0] == 5, 'five'", 1, "expected launch(kernel) to end well, got AssertionError: five (at k.py:16)"),
        ("    np.testing.assert_allclose(out, x + 1)", 1, "expected launch(kernel) to end well, got AssertionError"),
        ("    raise ValueError('odd')", 2, "expected launch(kernel) to launch it, got ValueError: odd (at k.py:16)"),
        ("    import pytest; pytest.skip('no GPU')", 2, "expected launch(kernel) to launch it, got Skipped: no GPU (at k.py:16)"),
        ("    raise GeneratorExit", 2, "expected launch(kernel) to launch it, got GeneratorExit (at k.py:16)"),
        ("    import nowhere", 3, "expected the package nowhere, got none (imported at k.py:16); install it"),
    ],
)  # fmt: skip
def test_how_a_launcher_ends(end: str, code: int, said: str) -> None:
    Path("k.py").write_text(HEAD + COPY + LAUNCH + end + "\n", encoding="utf-8")
    found, out, err = traced()
    assert found == code
    last = err.splitlines()[-1] if err else ""
    assert said in last
    assert Path("x.npz").exists() == (code in (0, 1))
    if code in (0, 1):
        assert json.loads(out)["events"] == 8


def test_an_exit_before_any_launch_is_no_trace() -> None:
    Path("k.py").write_text(HEAD + COPY + "def launch(kernel):\n    raise SystemExit(0)\n", encoding="utf-8")
    code, _, err = traced()
    assert (code, "got no launch" in err, Path("x.npz").exists()) == (2, True, False)


ARGUMENTS = """import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--size", type=int, default=100)
print("parsing")
args = parser.parse_args()


"""


def test_a_script_that_parses_its_arguments() -> None:
    text = ARGUMENTS + HEAD + COPY + LAUNCH + "    print(args.size)\n\n\nif __name__ == '__main__':\n    launch(copy)\n"
    Path("k.py").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [Path(sys.executable).with_name("flashviz"), "trace", "--kernel", "k.py:copy", "--launch", "k.py:launch", "--out", "x.npz",
         "--json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["events"] == 8


def test_arguments_that_are_required_are_one_line() -> None:
    text = ARGUMENTS.replace("default=100", "required=True") + HEAD + COPY + LAUNCH
    Path("k.py").write_text(text, encoding="utf-8")
    code, out, err = traced()
    assert (code, out) == (2, "")
    assert err.splitlines()[-1].startswith("flashviz: expected k.py to be importable, got sys.exit(2) (at k.py:5)")


@pytest.mark.parametrize(
    ("top", "said"),
    [
        ("import pytest\npytest.skip('no GPU', allow_module_level=True)\n", "got Skipped: no GPU (at k.py:2)"),
        (HEAD + COPY + "@lambda run: run()\ndef launch():\n    copy[(1,)](0, 0, 0, BLOCK=16)\n", "got LaunchedOnImport (at k.py:14)"),
    ],
)
def test_a_file_that_ends_by_no_exception_is_one_line(top: str, said: str) -> None:
    Path("k.py").write_text(top, encoding="utf-8")
    code, out, err = traced()
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert f"expected k.py to be importable without a GPU, {said}" in err


def test_the_line_told_is_none_of_an_installed_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever it is installed: Debian's Python has packages of its own beside those of a virtual environment."""
    folder = Path("dist-packages").resolve()
    folder.mkdir()
    (folder / "installed_here.py").write_text("raise ValueError('odd')\n", encoding="utf-8")
    monkeypatch.syspath_prepend(folder)
    Path("k.py").write_text("\nimport installed_here\n", encoding="utf-8")
    _, _, err = traced()
    assert "got ValueError: odd (at k.py:2)" in err


def test_a_package_that_is_missing_is_named() -> None:
    Path("k.py").write_text("import tabulate_of_nobody\n" + HEAD + COPY + LAUNCH, encoding="utf-8")
    code, _, err = traced()
    assert code == 3
    assert "expected the package tabulate_of_nobody, got none (imported at k.py:1); install it" in err


# ------------------------------------------------------------------------------------------------------------------- scalars


def test_infinities_and_nan_among_the_arguments() -> None:
    kernel = COPY.replace("n, BLOCK", "n, low, high, nothing, BLOCK")
    launcher = LAUNCH.replace("100, BLOCK", "100, -float('inf'), np.float32('inf'), float('nan'), BLOCK")
    ran(HEAD + kernel + launcher)
    answer = CliRunner().invoke(main, ["info", "x.npz", "--json"])
    arguments = json.loads(answer.stdout)["launches"][0]["arguments"]
    assert {name: arguments[name] for name in ("low", "high", "nothing")} == {"low": "-inf", "high": "inf", "nothing": "nan"}
    assert "low=-inf  high=inf  nothing=nan" in CliRunner().invoke(main, ["info", "x.npz"], env={"COLUMNS": "200"}).stdout


def test_small_figures_are_in_bytes() -> None:
    ran(HEAD + COPY + LAUNCH.replace("100", "1").replace("(4,)", "(1,)"))
    said = CliRunner().invoke(main, ["info", "x.npz"]).stdout
    assert "2 in 1 program " in said
    assert "4 B  (x 4 B)" in said
    assert "KiB" not in said


def test_what_was_touched_is_exact_where_it_is_no_box() -> None:
    kernel = COPY.replace("mask=i < n), mask", "mask=(i < n) & (i % 3 == 0)), mask")
    trace = ran(HEAD + kernel + LAUNCH.replace("(out == x)", "(out[::3] == x[::3])"))
    loads = np.concatenate([trace.elements(event.index) for event in trace if event.op == Op.LOAD])
    assert loads.tolist() == list(range(0, 100, 3))


# ------------------------------------------------------------------------------------ what a launcher may do to our own process


def in_a_process(end: str) -> subprocess.CompletedProcess[str]:
    Path("k.py").write_text("import os\n" + HEAD + COPY + LAUNCH + end + "\n", encoding="utf-8")
    command = [sys.executable, "-c", "from flashviz.cli import main; main()", "trace", "--kernel", "k.py:copy", "--launch", "k.py:launch"]
    return subprocess.run([*command, "--out", "x.npz", "--json"], capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize(
    ("end", "said"),
    [
        ("    import sys; sys.stdout.close()", ""),
        ("    import sys; sys.__stdout__.close(); sys.__stderr__.close()", ""),
        ("    os.close(1); os.close(2)", ""),
        ("    os.system('echo printed by another process')", "printed by another process"),
        ("    os._exit(0)", ""),
        ("    os.chdir('/')", ""),
        ("    child = os.fork(); child and os.waitpid(child, 0)", "expected launches in one process, got a child that was forked"),
    ],
)
def test_a_launcher_neither_closes_streams_nor_leaves_unheard_nor_doubles(end: str, said: str) -> None:
    done = in_a_process(end)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["events"] == 8  # one object, and nothing else
    assert Path("x.npz").exists()
    assert len(done.stderr.splitlines()) == bool(said), done.stderr
    assert said in done.stderr


@pytest.mark.parametrize(
    ("end", "code", "said"),
    [
        ("    os._exit(3)", 1, "expected launch(kernel) to end well, got sys.exit(3)"),
        ("    os.execvp('true', ['true'])", 2, "expected a launcher that returns, got one that becomes"),
    ],
)
def test_a_launcher_that_ends_the_process_is_heard(end: str, code: int, said: str) -> None:
    done = in_a_process(end)
    assert done.returncode == code
    assert done.stderr.startswith(f"flashviz: {said}")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("there", "instead", "said"),
    [
        (
            "[(4,)]",
            "[(-1,)]",
            "expected copy[grid] of one to three whole numbers from 0 to at most 2,147,483,647, 65,535, 65,535, got (-1,)",
        ),
        ("[(4,)]", "[(1, 65536)]", "expected copy[grid] of one to three whole numbers"),
        ("[(4,)]", "[(2**31,)]", "expected copy[grid] of one to three whole numbers"),
        ("[(4,)]", "[(2.5,)]", "expected copy[grid] of one to three whole numbers"),
        ("[(4,)]", "[()]", "expected copy[grid] of one to three whole numbers"),
        ("[(4,)]", "[(2**31 - 1,)]", "events in a recording here, got a grid of 2,147,483,647 programs of copy; launch a smaller problem"),
        ("BLOCK=32", "BLOCK=32, BLOK=64", "got BLOK; did you mean BLOCK?"),
        ("BLOCK=32", "BLOCK=32, num_warps=3", "expected num_warps of copy to be one of 1, 2, 4, 8, 16, 32, got 3"),
        ("BLOCK=32", "BLOCK=32, num_warps=64", "expected num_warps of copy to be one of 1, 2, 4, 8, 16, 32, got 64"),
        ("BLOCK=32", "BLOCK=32, n=5", "expected each parameter of copy once, got n by its place and by its name; leave out one"),
    ],
)
def test_a_launch_that_no_gpu_takes_is_refused(there: str, instead: str, said: str) -> None:
    assert there in LAUNCH
    Path("k.py").write_text(HEAD + COPY + LAUNCH.replace(there, instead), encoding="utf-8")
    code, out, err = traced()
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert said in err
    assert not Path("x.npz").exists()


def test_options_of_the_compiler_are_no_parameters() -> None:
    assert len(ran(HEAD + COPY + LAUNCH.replace("BLOCK=32", "BLOCK=32, num_warps=2, num_stages=1, waves_per_eu=2"))) == 8


def test_a_kernel_without_an_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flashviz_kernels.auditor.limit_here", lambda: 100 * AN_EVENT)
    kernel = COPY + "    while True:\n        tl.store(out, 0.0)\n"
    Path("k.py").write_text(HEAD + kernel + LAUNCH, encoding="utf-8")
    code, _, err = traced()
    assert code == 2
    assert "program (0, 0, 0): expected at most 100 events in a recording here, got more; end the loop, or launch a smaller problem" in err


def test_an_event_takes_what_is_said() -> None:
    ran(HEAD + COPY + LAUNCH)  # what is kept for good is not an event's
    text = HEAD + COPY + LAUNCH.replace("(4,)", "(4000,)")
    tracemalloc.start()
    try:
        trace = ran(text)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert AN_EVENT * len(trace) / 4 < peak < AN_EVENT * len(trace) + (2 << 20)


def test_offsets_of_a_view_that_goes_backwards_are_told() -> None:
    Path("k.py").write_text(
        HEAD + COPY.replace("mask=i < n), mask", "), mask") + LAUNCH.replace("kernel[(4,)](x,", "kernel[(4,)](x[::-1],"), encoding="utf-8"
    )
    code, _, err = traced()
    assert code == 1
    assert "x of shape [100] and strides [-1], which are its offsets -99 to 0, got element offset 1 (byte 4)" in err
