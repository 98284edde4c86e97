"""The compiler's word: what fits on an SM, where the tiles lie in shared memory, and what is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from flashviz.cli import main
from flashviz.config import AttentionConfig
from flashviz.device import SMS, Resources, programs_per_sm
from flashviz.errors import ConfigError, FlashvizError
from flashviz_kernels.aot import allocation_map, encoded
from flashviz_kernels.compiler import FORWARD, _source_of_launches, compile_variants, imported, resources_of, without_trace
from flashviz_kernels.modes import installed

needs_triton = pytest.mark.skipif(not installed(), reason="the kernel is compiled where triton is installed")

DUMP = """// -----// IR Dump Before SomePass (early) //----- //
  %q_61 = ttg.local_alloc %q_60 : (tensor<64x64xf16, #blocked>) -> !ttg.memdesc<64x64xf16, #shared, #smem>
// -----// IR Dump Before NextPass (next) //----- //
  %q_61 = ttg.local_alloc %q_60 {allocation.offset = 32768 : i32} : (tensor<64x64xf16, #blocked>) -> !ttg.memdesc<64x64xf16, #shared, #smem>
  %k_64 = ttg.local_alloc {allocation.offset = 0 : i32} : () -> !ttg.memdesc<2x64x64xf16, #shared, #smem, mutable> loc(#loc150)
  %k_146 = ttg.local_alloc {allocation.offset = 0 : i32} : () -> !ttg.memdesc<2x64x64xf16, #shared, #smem, mutable> loc(#loc150)
  %10 = ttg.convert_layout %9 {allocation.offset = 0 : i32, allocation.size = 8192 : i32} : tensor<64x64xf16, #mma> -> tensor<64x64xf16>
// -----// IR Dump Before LastPass (last) //----- //
"""


@pytest.fixture(autouse=True, scope="module")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    patch = pytest.MonkeyPatch()
    patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    yield
    patch.undo()


# ------------------------------------------------------------------------------------------------------------- what is kept


def test_what_a_kernel_and_its_launch_import_is_in_the_key_and_nothing_else(tmp_path: Path) -> None:
    """Codes of events, limits of devices, helpers of the kernels: at any depth; nothing that draws."""
    kernel = tmp_path / "k.py"
    kernel.write_text("import triton\nfrom flashviz.trace import Kind\nfrom flashviz_kernels import altered\n", encoding="utf-8")
    known = {"/".join(file.parts[-2:]) for file in imported(kernel)}
    assert known >= {f"{tmp_path.name}/k.py", "trace/__init__.py", "trace/events.py", "flashviz/config.py", "flashviz/device.py"}
    assert known >= {f"flashviz_kernels/{name}.py" for name in ("altered", "twins", "log", "recorder")}
    assert not {name for name in known if name.split("/")[0] in ("director", "mobjects", "render", "cli")}
    assert all(file.is_file() for file in imported(kernel))


def test_one_changed_letter_of_what_is_imported_is_another_key(monkeypatch: pytest.MonkeyPatch) -> None:
    read, before = Path.read_text, _source_of_launches(FORWARD)
    assert _source_of_launches(FORWARD) == before

    def other(path: Path, *args: Any, **kwargs: Any) -> str:
        return read(path, *args, **kwargs) + ("\n" if path.name == "events.py" else "")

    monkeypatch.setattr(Path, "read_text", other)
    assert _source_of_launches(FORWARD) != before


# ----------------------------------------------------------------------------------------------------------- occupancy


@pytest.mark.parametrize(
    ("arch", "shared", "registers", "warps", "programs", "why"),
    [
        ("sm_90", 40 * 1024, 128, 4, 4, "registers: 65,536 / (128 x 32) = 16 warps, four blocks of 4"),
        ("sm_90", 80 * 1024, 64, 4, 2, "shared: 228 KiB / 81 KiB = 2"),
        ("sm_90", 0, 16, 1, 32, "blocks: at most 32"),
        ("sm_90", 0, 16, 32, 2, "warps: 64 / 32"),
        ("sm_80", 24 * 1024, 195, 4, 2, "registers: 195 x 32 = 6,240, in units of 256 6,400; 10 warps, in fours 8; two blocks"),
        ("sm_86", 40 * 1024, 64, 4, 2, "shared: 100 KiB / 41 KiB = 2"),
        ("sm_89", 0, 16, 1, 24, "blocks: at most 24"),
        ("sm_90", 227 * 1024, 32, 4, 1, "the most that one block may have"),
        ("sm_90", 227 * 1024 + 1, 32, 4, 0, "one byte more"),
        ("sm_120", 99 * 1024, 255, 8, 1, "registers: 8,192 a warp, 8 warps"),
    ],
)
def test_programs_on_one_sm_by_hand(arch: str, shared: int, registers: int, warps: int, programs: int, why: str) -> None:
    assert programs_per_sm(arch, shared=shared, registers=registers, warps=warps) == programs, why
    given = Resources(arch=arch, shared=shared, buffers=(), registers=registers, spilled=0, warps=warps, stages=2)
    scarce = {"registers": "registers", "shared": "shared memory", "the most that one block may have": "shared memory"}.get(
        why.split(":", maxsplit=1)[0]
    )
    assert (given.scarce.name if given.scarce else None) == scarce
    assert given.scarce is None or given.scarce.whole // given.scarce.each == programs


@given(
    st.sampled_from(list(SMS)), st.integers(0, 230_000), st.integers(1, 255), st.sampled_from([1, 2, 4, 8, 16]), st.integers(0, 50_000),
    st.integers(0, 100),
)  # fmt: skip
def test_more_of_anything_never_lets_more_programs_in(arch: str, shared: int, registers: int, warps: int, more: int, extra: int) -> None:
    fitting = programs_per_sm(arch, shared=shared, registers=registers, warps=warps)
    assert 0 <= fitting <= SMS[arch].blocks
    assert fitting * warps <= SMS[arch].warps
    assert fitting * (shared + 1024) <= SMS[arch].shared
    assert programs_per_sm(arch, shared=shared + more, registers=registers, warps=warps) <= fitting
    assert programs_per_sm(arch, shared=shared, registers=registers + extra, warps=warps) <= fitting
    assert programs_per_sm(arch, shared=shared, registers=registers, warps=2 * warps) <= fitting


def test_an_unknown_architecture_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"arch must be one of sm_80, .* got sm_75; choose one of them"):
        programs_per_sm("sm_75", shared=0, registers=32, warps=4)


# -------------------------------------------------------------------------------------------------------------- the map


def test_the_map_is_read_once_the_offsets_are_there() -> None:
    assert allocation_map(DUMP) == [
        {"name": "K", "offset": 0, "nbytes": 16384, "copies": 2, "scratch": False},
        {"name": "Q", "offset": 32768, "nbytes": 8192, "copies": 1, "scratch": False},
        {"name": "convert_layout", "offset": 0, "nbytes": 8192, "copies": 1, "scratch": True},
    ]
    assert allocation_map("nothing of the kind") == []


@pytest.mark.slow
@needs_triton
@pytest.mark.parametrize("stages", [2, 3])
def test_the_maps_tiles_fill_the_shared_memory(stages: int) -> None:
    """On sm_90 shared memory is Q + stages x (K + V), tile beside tile."""
    config = AttentionConfig(stages=stages)
    found = resources_of(config)
    tile = config.block_n * config.head_dim * config.itemsize
    assert {buffer.name: (buffer.nbytes, buffer.copies) for buffer in found.buffers if not buffer.scratch} == {
        "Q": (tile, 1), "K": (stages * tile, stages), "V": (stages * tile, stages),
    }  # fmt: skip
    places = sorted((buffer.offset, buffer.offset + buffer.nbytes) for buffer in found.buffers if not buffer.scratch)
    assert places[0][0] == 0
    assert all(end == start for (_, end), (start, _) in pairwise(places))
    assert found.shared == places[-1][1]
    assert (found.arch, found.stages, found.spilled) == ("sm_90", stages, 0)
    assert found.programs == programs_per_sm("sm_90", shared=found.shared, registers=found.registers, warps=found.warps)


@pytest.mark.slow
@needs_triton
def test_answers_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    first = resources_of(AttentionConfig(stages=2))
    monkeypatch.setattr("flashviz_kernels.compiler._compiled", lambda *_: pytest.fail("compiled again"))
    assert resources_of(AttentionConfig(stages=2)) == first


@pytest.mark.slow
@needs_triton
def test_a_kernel_with_a_clock_is_described_as_it_runs() -> None:
    """It reports, and waits before it does: more registers, and fewer programs, than the kernel that is timed."""
    plain, clocked = (resources_of(AttentionConfig(), clock=clock) for clock in (False, True))
    assert clocked.registers > plain.registers
    assert clocked.programs < plain.programs


SASS = """        /*0000*/                   LDC R1, c[0x0][0x28] ;                         /* 0x00000a00ff017b82 */
                                                                                          /* 0x000fe20000000800 */
        /*0010*/                   S2R R0, SR_TID.X ;                             /* 0x0000000000007919 */
                                                                                          /* 0x000e220000002100 */
"""


def test_an_instruction_is_counted_once() -> None:
    """Each stands in two words of 64 bits."""
    assert encoded(SASS) == ["0x00000a00ff017b82 0x000fe20000000800", "0x0000000000007919 0x000e220000002100"]


# ------------------------------------------------------------------------------------------------------- the command line


@pytest.mark.slow
@needs_triton
def test_compile_reports_every_architecture() -> None:
    archs = ["sm_80", "sm_90", "sm_100"]
    answer = CliRunner().invoke(main, ["compile", "--causal", "--arch", ",".join(archs), "--json"])
    assert answer.exit_code == 0, answer.stderr
    made = json.loads(answer.stdout)["compiled"]
    assert [each["arch"] for each in made] == archs
    for each in made:
        assert each["trace_free"] is True
        assert each["machine_instructions"] > 500
        assert each["programs_per_sm"] >= 1
        assert 0 < each["registers"] <= 255
        assert {"Q", "K", "V"} <= {buffer["name"] for buffer in each["buffers"]} or each["arch"] == "sm_100"
    assert made[0]["instructions"]["mma.sync"] > 0
    assert made[1]["instructions"]["wgmma"] > 0
    screen = CliRunner().invoke(main, ["compile", "--causal", "--arch", "sm_90"])
    assert "identical to a kernel without trace code" in screen.stdout
    assert f"{made[1]['registers']} a thread" in screen.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--arch", "sm_75"), 2, "arch "),
        (("--arch", "sm_80,"), 2, "--arch=sm_80,: expected names with commas between them"),
        (
            ("--block-m", "256", "--block-n", "256", "--head-dim", "256"),
            2,
            "tiles must fit sm_90's 232,448 B of shared memory, got 655,360 B",
        ),
        (("--stages", "8", "--block-n", "128", "--arch", "sm_86"), 2, "tiles must fit sm_86's 101,376 B of shared memory, got 262,144 B"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_numbers(arguments: tuple[str, ...], code: int, message: str) -> None:
    answer = CliRunner().invoke(main, ["compile", *arguments])
    assert (answer.exit_code, answer.stdout) == (code, "")
    assert answer.stderr.startswith(f"flashviz: {message}")
    assert len(answer.stderr.splitlines()) == 1


def test_without_triton_it_is_a_missing_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flashviz_kernels.compiler.installed", lambda: False)
    answer = CliRunner().invoke(main, ["compile"])
    assert answer.exit_code == 3
    assert answer.stderr.startswith("flashviz: expected triton to compile with, got none for ")


@needs_triton
def test_a_compiler_that_fails_is_one_line(tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("raise ValueError('no kernel here')", encoding="utf-8")
    with pytest.raises(FlashvizError, match=r"expected triton to compile broken\.py, got: ValueError: no kernel here; try"):
        compile_variants(broken, [{"arch": 90}])


@pytest.mark.parametrize(
    ("traced", "bare"),
    [
        ("if skip:\n    if TRACE:\n        report()\nx = 1", "x = 1"),
        ("if skip:\n    if TRACE:\n        report()\nelse:\n    x = 1", "if skip:\n    pass\nelse:\n    x = 1"),
        ("if skip:\n    x = 1\nelse:\n    if TRACE_VALUES:\n        keep()", "if skip:\n    x = 1"),
        ("if TRACE:\n    report()\nelse:\n    x = 1", "x = 1"),
        ("for j in range(4):\n    if a:\n        if TRACE:\n            report()\nx = 1", "x = 1"),
        ("for j in range(4):\n    x = j\n    if TRACE:\n        report()", "for j in range(4):\n    x = j"),
        ("step = 0\nif skip:\n    if TRACE:\n        report()\n    if TRACE:\n        step += 1\nx = 1", "x = 1"),
    ],
)
def test_an_empty_block_is_cut_with_its_report(traced: str, bare: str) -> None:
    assert without_trace(traced) == bare


def test_without_trace_cuts_reports_alone() -> None:
    source = FORWARD.read_text(encoding="utf-8")
    bare = without_trace(source)
    assert "if TRACE" not in bare
    assert bare.count("tl.dot") == source.count("tl.dot")
    assert bare.count("tl.load(K") == source.count("tl.load(K") == 1


def test_what_a_kernel_imports_is_found_without_running_it() -> None:
    """Some of it imports torch, which imports Triton, which then would compile where it is to be interpreted."""
    script = (
        "import sys; from pathlib import Path; from flashviz_kernels import algorithms; from flashviz_kernels.compiler import imported;"
        "found = imported(Path(algorithms.__file__).with_name('backward.py'));"
        "print('autograd.py' in {each.name for each in found}, {'torch', 'triton'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "set()"]


@needs_triton
@pytest.mark.slow
def test_a_backward_pass_is_recorded_where_torch_is_installed(tmp_path: Path) -> None:
    """In a process of its own, as it is typed."""
    size = ("--seq-len", "32", "--block-m", "16", "--block-n", "16", "--head-dim", "16")
    env = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    command = [sys.executable, "-c", "from flashviz.cli import main; main()", "trace", "--algorithm", "backward", *size]
    done = subprocess.run([*command, "--out", str(tmp_path / "b.npz")], capture_output=True, text=True, check=False, env=env)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "b.npz").is_file()
