"""The kernel as it is compiled: it fits, it uses the tensor cores, and without TRACE nothing of the trace is left in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from flashviz.config import AttentionConfig, DType, tiles_bytes
from flashviz_kernels.attending import problem_of
from flashviz_kernels.compiler import without_trace
from flashviz_kernels.modes import installed
from flashviz_kernels.problem import default_blocks
from tests.kernels import FORWARD

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not installed(), reason="the kernel is compiled where triton is installed"),
]

# Bytes a thread that ptxas spills to fit another program on an SM, by Triton's version (3.6 brings an older ptxas than 3.9), else none.
TRADED = {"3.6": 8}
REGISTERS, EIGHT = 65536, 8  # of an SM; a thread gets them by eights
SIXTEEN_BIT: tuple[DType, ...] = ("float16", "bfloat16")


def variant(arch: int = 90, **changes: Any) -> dict[str, Any]:
    """The kernel on a problem: an ``AttentionConfig``'s fields, and what is asked for besides."""
    asked = {name: changes.pop(name) for name in ("trace", "values", "clock", "sass", "text", "map", "kernel") if name in changes}
    config = AttentionConfig(**{"causal": True} | changes)
    return {"trace": False, "values": False, "clock": False} | asked | {"arch": arch, "config": config.to_dict()}


def launched(asked: dict[str, Any]) -> dict[str, Any]:
    """The fields of the launch that a variant names."""
    return asdict(problem_of(AttentionConfig(**asked["config"])))


def compile_all(path: Path, *variants: dict[str, Any], tmp_path: Path) -> list[dict[str, Any]]:
    """In a process of its own: this one interprets."""
    environment = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    environment |= {"TRITON_CACHE_DIR": str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, "-m", "flashviz_kernels.aot"], input=json.dumps({"path": str(path), "variants": variants}),
        capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    answer: list[dict[str, Any]] = json.loads(done.stdout)
    return answer


def test_sm_90_holds_q_and_the_stages_of_k_and_v(tmp_path: Path) -> None:
    """Shared memory is Q + stages x (K + V) exactly, nothing spills, wgmma and asynchronous copies are used."""
    variants = [variant(dtype=dtype, causal=causal) for dtype in SIXTEEN_BIT for causal in (False, True)]
    variants += [variant(stages=3), variant(block_m=128, head_dim=128, stages=2)]
    for asked, found in zip(variants, compile_all(FORWARD, *variants, tmp_path=tmp_path), strict=True):
        p = launched(asked)
        tiles = tiles_bytes(
            block_m=p["block_m"], block_n=p["block_n"], head_dim=p["d"], itemsize=2, stages=p["stages"], arch="sm_90"
        )  # fmt: skip
        assert found["shared"] == tiles
        assert found["spilled"] == 0
        assert found["instructions"]["wgmma"]
        assert found["instructions"]["cp.async"]


def test_float32_and_other_architectures_compile(tmp_path: Path) -> None:
    """float32 multiplies in three tf32 steps; its blocks are smaller so that nothing spills.

    By Triton 3.6 two of these, float32 on sm_80 and 16 bits on sm_120, give up two registers for a third program on an SM. One stage or a
    wider tile would spare float32's, at more shared memory or less overlap for all: the blocks are for the Triton that is installed today.
    """
    block_m, block_n = default_blocks("float32", 64)
    variants = [variant(arch=arch, dtype="float32", block_m=block_m, block_n=block_n) for arch in (80, 90)]
    variants += [variant(arch=80), variant(arch=89), variant(arch=120), variant(trace=True)]
    for asked, found in zip(variants, compile_all(FORWARD, *variants, tmp_path=tmp_path), strict=True):
        traded = TRADED.get(found["triton"].rpartition(".")[0], 0)
        assert found["spilled"] <= traded, asked
        if found["spilled"]:
            programs, fewer = (REGISTERS // (each * 32 * found["warps"]) for each in (found["registers"], found["registers"] + EIGHT))
            assert programs > fewer, asked
        assert found["instructions"]["cp.async"], asked


def test_without_trace_nothing_of_it_is_left(tmp_path: Path) -> None:
    """Instruction for instruction the machine code of a kernel that never had a trace."""
    bare = tmp_path / "bare_forward.py"
    bare.write_text(without_trace(FORWARD.read_text(encoding="utf-8")), encoding="utf-8")
    assert "if TRACE" not in bare.read_text(encoding="utf-8")
    variants = [variant(sass=True, causal=causal) for causal in (False, True)]
    ours = compile_all(FORWARD, *variants, variant(sass=True, trace=True), tmp_path=tmp_path)
    theirs = compile_all(bare, *variants, tmp_path=tmp_path)
    for mine, without in zip(ours, theirs, strict=False):
        assert len(mine["sass"]) > 500
        assert mine["sass"] == without["sass"]
    assert ours[2]["sass"] != ours[1]["sass"], "with TRACE the code differs"
