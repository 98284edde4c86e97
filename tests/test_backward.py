"""The backward pass: kernels, twin, pointers, truth and closed forms agree; what is wrong is found; its truth is torch's autograd."""

# ruff: noqa: E501  # replacements stand whole, one case a line

from __future__ import annotations

import importlib.util
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from flashviz.cli import main
from flashviz.config import AttentionConfig
from flashviz.inputs import make_inputs
from flashviz.trace import Trace, state_at, traffic
from flashviz_kernels.algorithm import Algorithm, Call
from flashviz_kernels.algorithms import every, find
from flashviz_kernels.backward_codes import Code
from flashviz_kernels.compiler import compile_variants
from flashviz_kernels.differentiating import flops
from flashviz_kernels.gradients import FILE
from flashviz_kernels.problem import backward_blocks
from flashviz_kernels.recorder import run
from flashviz_kernels.reference import gradients, naive
from flashviz_kernels.verify import verify
from tests import differentiated

BOTH = ("backward", "backward_deterministic")
SMALL: dict[str, Any] = {"block_m": 16, "block_n": 32}
CONFIGS = {
    "plain": AttentionConfig(seq_q=32, seq_k=64, head_dim=16, **SMALL),
    "causal, grouped, ragged": AttentionConfig(batch=2, heads=4, kv_heads=2, seq_q=40, seq_k=56, head_dim=20, causal=True, **SMALL),
    "rows that see no key": AttentionConfig(heads=2, seq_q=56, seq_k=20, head_dim=16, causal=True, dtype="float32", **SMALL),
    "one key head": AttentionConfig(heads=3, kv_heads=1, seq_q=17, seq_k=70, head_dim=32, dtype="bfloat16", **SMALL),
    "no key": AttentionConfig(seq_q=17, seq_k=0, head_dim=16, **SMALL),
    "tall tiles": AttentionConfig(seq_q=50, seq_k=40, head_dim=40, causal=True, block_m=32, block_n=16, seed=3),
    "wide": AttentionConfig(seq_q=16, seq_k=33, head_dim=256, dtype="float32", **SMALL),
}
needs_triton = pytest.mark.skipif(importlib.util.find_spec("triton") is None, reason="interpreted where triton is installed")
needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch differentiates")


@needs_triton
@pytest.mark.parametrize("algorithm", BOTH)
@pytest.mark.parametrize("name", CONFIGS)
def test_kernels_twin_pointers_truth_and_closed_form_agree(name: str, algorithm: str) -> None:
    found = verify(CONFIGS[name], source="triton", algorithm=algorithm)
    assert (found.checked, found.twin_equals_kernel, found.kernel_equals_pointers, found.ok) == ("kernel", True, True, True)
    assert list(found.outputs) == ["dQ", "dK", "dV"]


@pytest.mark.parametrize("algorithm", BOTH)
@pytest.mark.parametrize("name", CONFIGS)
def test_events_and_flops_are_the_closed_forms(name: str, algorithm: str) -> None:
    config = CONFIGS[name]
    assert verify(config, source="numpy", algorithm=algorithm).ok
    trace = run(config, source="numpy", algorithm=algorithm).trace
    assert len(trace) == find(algorithm).events(config)
    assert int(trace.columns["flops"].sum()) == flops(config, atomic=algorithm == BOTH[0])


def test_five_products_where_the_forward_pass_has_two_and_seven_in_a_fixed_order() -> None:
    config = CONFIGS["tall tiles"]
    forward = int(run(config, source="numpy", algorithm="fa2").trace.columns["flops"].sum())
    assert [2 * flops(config, atomic=atomic) / forward for atomic in (True, False)] == [5, 7]


def test_s_and_p_never_cross() -> None:
    moved = traffic(run(CONFIGS["plain"], source="numpy", algorithm="backward").trace)
    assert set(moved.read) == {"Q", "K", "V", "O", "dO", "LSE", "D", "dQ_SUM"}
    assert set(moved.written) == {"D", "dQ_SUM", "dQ", "dK", "dV"}


@needs_torch
@pytest.mark.parametrize("name", CONFIGS)
def test_the_truth_is_autograd_of_attention_in_float64(name: str) -> None:
    import torch

    c = CONFIGS[name]
    q, k, v = (torch.tensor(each.astype(np.float64)) for each in make_inputs(c))
    do = find("backward").inputs(c)["dO"].astype(np.float64)
    expected = differentiated.gradients((q, k, v, torch.tensor(do)), scale=c.scale, causal=c.causal)
    arrays = (q.numpy(), k.numpy(), v.numpy())
    o, lse = naive(*arrays, scale=c.scale, causal=c.causal)
    found = gradients(*arrays, do, o, lse, scale=c.scale, causal=c.causal)
    for mine, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, theirs.numpy(), rtol=1e-9, atol=1e-12)


@needs_triton
@pytest.mark.parametrize("algorithm", BOTH)
def test_a_row_that_sees_no_key_has_no_gradient(algorithm: str) -> None:
    config = CONFIGS["rows that see no key"]
    got = run(config, source="triton", algorithm=algorithm).outputs
    blind = config.seq_q - config.seq_k
    assert not got["dQ"][:, :, :blind].any()
    assert got["dQ"][:, :, blind + 1 :].any(axis=-1).all()
    assert all(np.isfinite(each).all() for each in got.values())


@needs_triton
def test_its_recording_is_read_again(tmp_path: Path) -> None:
    """One program serves a group: row blocks of its heads are numbered on; S and P are on chip only where they were made again."""
    config = CONFIGS["causal, grouped, ragged"]
    trace = run(config, source="triton", algorithm="backward").trace
    trace.save(tmp_path / "x.npz")
    again = Trace.load(tmp_path / "x.npz")
    assert again.hash == trace.hash
    assert verify(again).ok
    program = again.spans[1, 0, 0]
    rows = [again[k].i for k in program if again[k].statement.code == Code.DK_DOT]
    assert rows == [*range(config.row_blocks), *range(config.row_blocks, 2 * config.row_blocks)]
    held = {again[k].statement.code: set(state_at(again, k + 1).held) for k in program}
    assert held[Code.RECOMPUTE_P] >= {"K", "V", "Q", "P"}
    assert held[Code.DK_DOT] == {"K", "V", "dK", "dV"}


# ------------------------------------------------------------------------------------------------------------------ mutants

WALK = "tl.range(whole if WHOLE else first, T_R if WHOLE else whole, num_stages=STAGES)"
WRONG = {
    "P without LSE": ("plain", "                p = tl.exp(s - lse[:, None])", "                p = tl.exp(s)"),
    "dS without D": ("plain", "                ds = (p * (dp - d[:, None]))", "                ds = (p * dp)"),
    "D of another sum": ("plain", "d = tl.sum(do.to(tl.float32) * o.to(tl.float32), 1)", "d = tl.sum(do.to(tl.float32), 1)"),
    "dK not scaled": ("plain", "(dk * sm_scale).to", "dk.to"),
    "dQ not scaled": ("plain", "dq = tl.dot(ds, k, input_precision=PRECISION) * sm_scale", "dq = tl.dot(ds, k, input_precision=PRECISION)"),
    "the last row block dropped": ("plain", WALK, "tl.range(whole if WHOLE else first, T_R - 1 if WHOLE else whole)"),
    "the diagonal dropped": ("causal, grouped, ragged", WALK, "tl.range(whole, T_R if WHOLE else whole)"),
    "one head of the group": ("one key head", "for g in tl.range(0, G):", "for g in tl.range(0, 1):"),
    "a store in place of the atomic": ("plain", "tl.atomic_add(dQ + q_tile, dq, mask=q_mask, sem=\"relaxed\")", "tl.store(dQ + q_tile, dq, mask=q_mask)"),
    "top-left causal": ("causal, grouped, ragged", "                        seen &= rows[:, None] + N_K - N_Q >=", "                        seen &= rows[:, None] >="),
    "NaN where a row sees no key": ("rows that see no key", "                lse = tl.where(lse == float(\"-inf\"), float(\"inf\"), lse)", "                lse = lse * 1.0"),
}  # fmt: skip
LIES = {
    "another row block": ("trace(trace_events, LOAD_LSE, step, pid, g * T_R + i,", "trace(trace_events, LOAD_LSE, step, pid, g * T_R,"),
    "another box": ("trace(trace_events, KEYS_V, step, pid, -1, c0, c1,", "trace(trace_events, KEYS_V, step, pid, -1, c0, c0 + BLOCK_N,"),
    "another statement": ("trace(trace_events, DQ_DOT,", "trace(trace_events, DK_DOT,"),
    "another head's keys": ("k_tile = (pid // T_C).to(tl.int64) * N_K", "k_tile = (pid // T_C * 0).to(tl.int64) * N_K"),
}


def altered(algorithm: str, folder: Path, old: str, new: str) -> Algorithm:
    """The algorithm, with some text of its kernels replaced, which must be there once."""
    text, whole = FILE.read_text(encoding="utf-8"), find(algorithm)
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the kernels"
    file = folder / "backward_altered.py"
    file.write_text(text.replace(old, new), encoding="utf-8")

    def calls(*given: Any) -> tuple[Call, ...]:
        assert whole.calls is not None
        return tuple(replace(call, kernel=replace(call.kernel, file=file)) for call in whole.calls(*given))

    return replace(whole, calls=calls)


@needs_triton
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_kernel_breaks_the_tolerance(name: str, tmp_path: Path) -> None:
    config, old, new = WRONG[name]
    outputs = verify(CONFIGS[config], source="triton", algorithm=altered("backward", tmp_path, old, new)).outputs
    assert not all(each.holds for each in outputs.values())


@needs_triton
@pytest.mark.parametrize("name", LIES)
def test_a_kernel_that_lies_is_found(name: str, tmp_path: Path) -> None:
    found = verify(CONFIGS["causal, grouped, ragged"], source="triton", algorithm=altered("backward", tmp_path, *LIES[name]))
    assert not found.ok
    assert found.twin_equals_kernel is False or found.kernel_equals_pointers is False


@needs_triton
def test_an_unaltered_copy_is_right(tmp_path: Path) -> None:
    assert verify(
        CONFIGS["plain"], source="triton", algorithm=altered("backward", tmp_path, "    dq = tl.load(dQ_SUM", "    dq = tl.load(dQ_SUM")
    ).ok


# ------------------------------------------------------------------------------------------------------------- command line

SHAPE = ("--seq-q", "20", "--seq-k", "40", "--head-dim", "16", "--block-m", "16", "--block-n", "16", "--causal")


@needs_triton
@pytest.mark.parametrize("algorithm", BOTH)
def test_the_command_line_takes_it(algorithm: str, tmp_path: Path) -> None:
    said = CliRunner().invoke(main, ["verify", "--algorithm", algorithm, *SHAPE, "--json"])
    assert said.exit_code == 0, said.output
    found = json.loads(said.stdout)
    assert (found["checked"], found["twin_equals_kernel"], found["ok"]) == ("kernel", True, True)
    file = str(tmp_path / "x.npz")
    said = CliRunner().invoke(main, ["trace", "--algorithm", algorithm, "--source", "numpy", *SHAPE, "--out", file])
    assert said.exit_code == 0, said.output
    assert CliRunner().invoke(main, ["verify", file]).exit_code == 0


@pytest.mark.parametrize("command", ["trace", "verify"])
def test_the_flag_names_the_variant_in_a_fixed_order(command: str, tmp_path: Path) -> None:
    file = tmp_path / "x.npz"
    out = ["--out", str(file)] if command == "trace" else ["--json"]
    asked = [command, "--algorithm", BOTH[0], "--deterministic", "--source", "numpy", *SHAPE, *out]
    said = CliRunner().invoke(main, asked)
    assert said.exit_code == 0, said.output
    assert (Trace.load(file).header.algorithm if command == "trace" else json.loads(said.stdout)["algorithm"]) == BOTH[1]


@pytest.mark.parametrize("name", ["fa1", "backward_deterministic", None])
def test_the_flag_where_there_is_no_such_variant(name: str | None) -> None:
    named = [] if name is None else ["--algorithm", name]
    said = CliRunner().invoke(main, ["verify", *named, "--deterministic", "--source", "numpy", *SHAPE])
    assert said.exit_code == 2
    message = f"--deterministic takes the variant in a fixed order of backward, got algorithm {name or 'fa2'}; leave it out"
    assert message in " ".join(said.stderr.split())


def test_the_variant_is_an_algorithm_of_the_folder() -> None:
    assert {each.name: find(each.deterministic).name for each in every() if each.deterministic is not None} == {BOTH[0]: BOTH[1]}


@pytest.mark.slow
@needs_triton
def test_each_kernel_is_compiled_and_free_of_its_trace(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For the H100; with ``--full-grid`` for the A100, too."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    architectures = ("sm_80", "sm_90") if request.config.getoption("--full-grid") else ("sm_90",)
    kernels = (("preprocess", "backward", "convert"), ("preprocess", "backward", "backward_rows"))
    for algorithm, names in zip(BOTH, kernels, strict=True):
        answer = CliRunner().invoke(
            main, ["compile", "--algorithm", algorithm, "--arch", ",".join(architectures), "--seq-len", "256", "--json"]
        )
        assert answer.exit_code == 0, answer.output
        made = json.loads(answer.stdout)["compiled"]
        assert [(each["arch"], each["kernel"]) for each in made] == [(arch, name) for arch in architectures for name in names]
        assert {each["trace_free"] for each in made} == {True}


@pytest.mark.slow
@needs_triton
@pytest.mark.parametrize("algorithm", BOTH)
def test_nothing_spills_with_the_blocks_that_users_get(algorithm: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """16 bits, head dims 64, 128 and 256, on the two architectures that ``backward_blocks`` speaks of."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    asked = []
    for d in (64, 128, 256):
        block_m, block_n = backward_blocks("float16", d)
        config = AttentionConfig(seq_q=256, head_dim=d, block_m=block_m, block_n=block_n, causal=True).to_dict()
        asked += [
            {"algorithm": algorithm, "config": config, "call": call, "arch": arch, "trace": False, "values": False, "clock": False}
            for call in ((1,) if algorithm == BOTH[0] else (1, 2)) for arch in (80, 90)
        ]  # fmt: skip
    assert [found["spilled"] for found in compile_variants(FILE, asked)] == [0] * len(asked)
