"""``flashviz trace --kernel``: any kernel from its own file, and one line for whatever is wrong with it."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from flashviz.cli import main
from flashviz.errors import UsageError
from flashviz.trace import Op, Trace
from flashviz_kernels.any_kernel import trace_kernel

pytestmark = pytest.mark.skipif(importlib.util.find_spec("triton") is None, reason="needs triton")

KERNELS = """
import numpy as np
import triton
import triton.language as tl


@triton.jit
def add(x, y, out, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = i < n
    tl.device_print("chatter", n)
    tl.store(out + i, tl.load(x + i, mask=mask) + tl.load(y + i, mask=mask), mask=mask)


@triton.jit
def unmasked(x, y, out, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out + i, tl.load(x + i) + tl.load(y + i), mask=i < n)


@triton.jit
def wrong_shapes(x, y, out, n, BLOCK: tl.constexpr):
    tl.store(out + tl.arange(0, BLOCK), tl.load(x + tl.arange(0, 2 * BLOCK)))


@triton.autotune([triton.Config({"BLOCK": 64}), triton.Config({"BLOCK": 256})], key=["n"])
@triton.jit
def tuned(x, y, out, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out + i, tl.load(x + i, mask=i < n) + tl.load(y + i, mask=i < n), mask=i < n)


def not_a_kernel(x, y, out, n, BLOCK):
    pass


def launch(kernel):
    x, y = np.arange(300, dtype=np.float32), np.ones(300, np.float32)
    out = np.empty_like(x)
    if kernel is tuned:
        kernel[lambda meta: (triton.cdiv(300, meta["BLOCK"]),)](x, y, out, 300)
    else:
        kernel[(3,)](x, y, out, 300, BLOCK=128)
    assert (out == x + 1).all()


def twice(kernel):
    x, y, out = (np.ones(128, np.float32) for _ in range(3))
    kernel[(1,)](x, y, out, np.int32(128), BLOCK=128)
    kernel[(1,)](out, y, out, 128, BLOCK=128)
    assert (out == 3).all()


def strided(kernel):
    x, y, out = np.ones((2, 128), np.float32).T[:, 0], np.ones(128, np.float32), np.ones((8, 16), np.float32).T
    kernel[(1,)](x, y, out, 128, BLOCK=128)


def nobody(kernel):
    kernel[(0,)](*(np.ones(128, np.float32) for _ in range(3)), 128, BLOCK=128)


def forgets(kernel):
    pass


def fails(kernel):
    raise ValueError("no such data")


def no_grid(kernel):
    kernel(*(np.ones(128, np.float32) for _ in range(3)), 128, BLOCK=128)


def no_block(kernel):
    kernel[(1,)](*(np.ones(128, np.float32) for _ in range(3)), 128)


def one_too_many(kernel):
    kernel[(1,)](*(np.ones(128, np.float32) for _ in range(5)), 128, BLOCK=128)


def constant(kernel):
    kernel[(1,)](np.ones(128, np.float32), np.ones(128, np.float32), np.frombuffer(bytes(512), np.float32), 128, BLOCK=128)


def other_order(kernel):
    kernel[(1,)](*(np.ones(128, ">f4") for _ in range(3)), 128, BLOCK=128)


def disappointed(kernel):
    launch(kernel)
    assert np.reshape(0, 1) == 1
"""


@pytest.fixture(autouse=True)
def _kernels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "k.py").write_text(KERNELS, encoding="utf-8")
    (tmp_path / "needs_gpu.py").write_text("raise RuntimeError('no GPU here')", encoding="utf-8")


def traced(kernel: str, launcher: str = "launch") -> tuple[int, str, str]:
    answer = CliRunner().invoke(main, ["trace", "--kernel", f"k.py:{kernel}", "--launch", f"k.py:{launcher}", "--out", "x.npz", "--json"])
    return answer.exit_code, answer.stdout, answer.stderr


def test_an_unedited_kernel_is_traced_and_info_says_the_same() -> None:
    code, out, _ = traced("add")
    said = json.loads(out)  # what the kernel prints is no part of the answer
    assert code == 0
    assert said["operations"] == {"LOAD": 6, "STORE": 3}
    assert said["hbm_read_by_tensor"] == {"x": 1200, "y": 1200}
    assert said["hbm_written_by_tensor"] == {"out": 1200}
    assert said["launches"] == [{"kernel": "add", "grid": [3, 1, 1], "arguments": {"n": 300, "BLOCK": 128}}]
    again = CliRunner().invoke(main, ["info", "x.npz", "--json"])
    assert json.loads(again.stdout) == said
    screen = CliRunner().invoke(main, ["info", "x.npz"]).stdout
    assert "9 in 3 programs" in screen


def test_strides_are_told_where_an_array_is_not_row_major() -> None:
    _, out, _ = traced("add", "strided")
    assert [(each["shape"], each["strides"]) for each in json.loads(out)["tensors"]] == [([128], [1]), ([128], [1]), ([16, 8], [1, 16])]
    screen = CliRunner().invoke(main, ["info", "x.npz"]).stdout
    told = [" ".join(line.split()[1:]) for line in screen.splitlines() if line.startswith("tensor")]
    assert told == ["x 128 float32", "y 128 float32", "out 16 x 8 float32 strides 1 x 16"]


def test_a_grid_without_programs_did_nothing() -> None:
    assert json.loads(traced("add", "nobody")[1])["operations"] == {}
    screen = CliRunner().invoke(main, ["info", "x.npz"]).stdout
    assert [line.split()[-1] for line in screen.splitlines() if line.startswith(("events", "HBM"))] == ["none", "nothing", "nothing"]


def test_events_have_boxes_and_source_lines() -> None:
    traced("add")
    trace = Trace.load("x.npz")
    last = [trace[index] for index in trace.program(2, 0, 0)]
    assert [event.op for event in last] == [Op.LOAD, Op.LOAD, Op.STORE]
    assert all(event.box == ((256, 300),) and event.shape == (128,) and event.nbytes == 44 * 4 for event in last)
    assert {trace.line_text(event) for event in last} == {KERNELS.splitlines()[11].strip()}


def test_one_array_under_two_names_and_two_launches() -> None:
    _, out, _ = traced("add", "twice")
    said = json.loads(out)
    assert [tensor["name"] for tensor in said["tensors"]] == ["x", "y", "out"]
    trace = Trace.load("x.npz")
    assert [launch.tensors for launch in trace.header.launches] == [{"x": 0, "y": 1, "out": 2}, {"x": 2, "y": 1, "out": 2}]
    assert [event.tensor for event in trace] == ["x", "y", "out", "out", "y", "out"]
    assert np.array_equal(trace.columns["launch"], [0, 0, 0, 1, 1, 1])


def test_an_autotuned_kernel_takes_its_first_config() -> None:
    _, out, _ = traced("tuned")
    (launch,) = json.loads(out)["launches"]
    assert (launch["grid"], launch["arguments"]) == ([5, 1, 1], {"n": 300, "BLOCK": 64})


@pytest.mark.parametrize(
    ("kernel", "launcher", "code", "message"),
    [
        (
            "unmasked",
            "launch",
            1,
            "k.py:18, program (2, 0, 0): expected a load within x of shape [300] and strides [1], got",
        ),
        ("wrong_shapes", "launch", 2, "k.py:23, program (0, 0, 0): expected a kernel that Triton's interpreter runs, got"),
        ("not_a_kernel", "launch", 2, "expected a kernel for Triton's interpreter, got not_a_kernel; decorate it with triton.jit"),
        ("add", "forgets", 2, "expected forgets(kernel) to call kernel[grid](...), got no launch; call it there"),
        ("add", "fails", 2, "expected fails(kernel) to launch it, got ValueError: no such data (at k.py:68)"),
        ("add", "no_grid", 2, "expected add[grid](...), got add(...) without a grid; say how many programs there are"),
        (
            "add",
            "no_block",
            2,
            "add, before its first program: expected a launch that Triton's interpreter runs, got TypeError: add() missing 1 required",
        ),
        ("add", "one_too_many", 2, "expected at most 5 arguments of add, got 6; leave out the others"),
        ("add", "constant", 2, "expected a writeable array as out, got a read-only one that is stored to; pass a copy"),
        ("add", "other_order", 2, "expected numbers in this machine's byte order, got >f4; convert them"),
        ("ad", "launch", 2, "expected ad in k.py, got only add, unmasked, wrong_shapes, tuned, not_a_kernel, launch,"),
    ],
)
def test_what_is_wrong_is_one_line(kernel: str, launcher: str, code: int, message: str) -> None:
    exit_code, out, err = traced(kernel, launcher)
    assert (exit_code, out) == (code, "")
    assert err.splitlines()[-1].startswith(f"flashviz: {message}")
    assert not Path("x.npz").exists()


def test_a_launcher_whose_call_runs_nothing_is_refused() -> None:
    async def later(_kernel: object) -> None: ...

    def yielding(_kernel: object) -> Iterator[int]:
        yield 1

    for launcher in (later, yielding):
        with pytest.raises(UsageError, match=rf"expected {launcher.__name__}\(kernel\) to be a plain function, got one"):
            trace_kernel(None, launcher)


def test_a_failed_assertion_of_the_launcher_leaves_the_trace() -> None:
    code, out, err = traced("add", "disappointed")
    assert (code, json.loads(out)["events"]) == (1, 9)
    assert err.splitlines()[-1].startswith("flashviz: expected disappointed(kernel) to end well, got AssertionError (at k.py:93)")
    assert len(Trace.load("x.npz")) == 9


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--kernel", "k.py:add"), "expected both --kernel FILE.py:FUNCTION and --launch FILE.py:LAUNCHER, got no --launch"),
        (("--kernel", "k.py:add", "--launch", "k.py:launch", "--seq-len", "64"), "k.py:launch says itself what is computed; leave out"),
        (("--kernel", "k.py", "--launch", "k.py:launch"), "expected --kernel FILE.py:NAME, got k.py; name the file"),
        (("--kernel", "none.py:add", "--launch", "k.py:launch"), "expected --kernel FILE.py:NAME, got none.py, which is no file"),
        (
            ("--kernel", "needs_gpu.py:add", "--launch", "k.py:launch"),
            "expected needs_gpu.py to be importable without a GPU, got RuntimeError: no GPU here (at needs_gpu.py:1); move",
        ),
    ],
)  # fmt: skip
def test_wrong_usage_is_one_line(arguments: tuple[str, ...], message: str) -> None:
    answer = CliRunner().invoke(main, ["trace", *arguments, "--out", "x.npz"])
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert answer.stderr.startswith(f"flashviz: {message}")
    assert len(answer.stderr.splitlines()) == 1


def test_load_function_runs_a_file_once(tmp_path: Path) -> None:
    from flashviz_kernels.any_kernel import load_function

    path = tmp_path / "counted.py"
    path.write_text("with open('ran', 'a') as file: file.write('x')\ndef f(): pass\ndef g(): pass\n", encoding="utf-8")
    load_function(f"{path}:f", "kernel")
    load_function(f"{path}:g", "launch")
    assert Path("ran").read_text(encoding="utf-8") == "x"
    with pytest.raises(UsageError, match="expected h in"):
        load_function(f"{path}:h", "launch")
