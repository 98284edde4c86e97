"""The kernels for Hopper: what they cover, how they compile, and both against float64.

``descriptors`` is interpreted by Triton; Gluon has no interpreter, and ``pipeline`` runs on ``tests/gluon.py``. On a GPU both are held to
float64 by ``gpu_checks``: ``hopper_float16``, ``hopper_bfloat16``.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from flashviz.cli import main
from flashviz.config import AttentionConfig, DType
from flashviz.device import SMS
from flashviz.errors import InputError
from flashviz.inputs import make_inputs
from flashviz_kernels import flash_attention, hopper, record
from flashviz_kernels.attending import problem_of
from flashviz_kernels.interpreter import mended
from flashviz_kernels.modes import installed, load_triton
from flashviz_kernels.problem import Problem
from flashviz_kernels.reference import max_error, naive, tolerance
from flashviz_kernels.tensors import HostTensor
from tests import gluon
from tests.kernels import FORWARD, mutant
from tests.test_forward import compile_all, launched, variant

needs_triton = pytest.mark.skipif(not installed(), reason="the kernel is interpreted where triton is installed")

DESCRIPTORS = FORWARD.parent / "descriptors.py"
SMALL: dict[str, Any] = {"block_m": 32, "block_n": 32, "head_dim": 32}
PLAIN = AttentionConfig(seq_q=96, **SMALL)
CAUSAL = AttentionConfig(seq_q=70, seq_k=100, causal=True, **SMALL)
UNSEEN = AttentionConfig(seq_q=100, seq_k=40, causal=True, **SMALL)
RAGGED = AttentionConfig(seq_q=40, seq_k=72, **SMALL | {"head_dim": 40})
GROUPED = AttentionConfig(heads=4, kv_heads=2, batch=2, seq_q=64, causal=True, **SMALL)
CONFIGS = {"plain": PLAIN, "causal": CAUSAL, "unseen rows": UNSEEN, "ragged": RAGGED, "grouped": GROUPED}
HOW = hopper.Descriptors(block_m=32, block_n=32)


# ------------------------------------------------------------------------------------------------------- descriptors, interpreted


def broken(kernel: Any, config: AttentionConfig) -> bool:
    """Whether O or LSE lie outside the tolerance."""
    arrays = make_inputs(config)
    o, lse = np.full(arrays[0].shape, np.nan, arrays[0].dtype), np.full(arrays[0].shape[:3], np.nan, np.float32)
    with mended():
        hopper.launch_descriptors(kernel, [HostTensor(each) for each in (*arrays, o, lse)], problem_of(config), HOW)
    truth, true_lse = naive(*arrays, scale=config.scale, causal=config.causal)
    allowed = tolerance(arrays, config)
    return not (max_error(o, truth) <= allowed.output and max_error(lse, true_lse) <= allowed.lse)


@needs_triton
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", CONFIGS)
def test_descriptors_are_within_the_films_bounds(name: str, dtype: DType, tmp_path: Path) -> None:
    with mutant(tmp_path, of=DESCRIPTORS) as kernel:
        assert not broken(kernel, replace(CONFIGS[name], dtype=dtype))


WALK = "tl.range(full * MASKED, visited if MASKED else full, num_stages=STAGES)"
WRONG = {
    "no rescale of acc": (PLAIN, "acc = acc * alpha[:, None]", "acc = acc * 1.0"),
    "no rescale of l": (PLAIN, "l_i = l_i * alpha + tl.sum(p, 1)", "l_i = l_i + tl.sum(p, 1)"),
    "the base forgotten": (PLAIN, "qk_scale = sm_scale * LOG2_E", "qk_scale = sm_scale"),
    "LSE in log2": (PLAIN, "(m_i + tl.math.log2(l_use)) * LN_2", "m_i + tl.math.log2(l_use)"),
    "the last tile dropped": (PLAIN, WALK, WALK.replace("else full", "else full - 1")),
    "the diagonal dropped": (CAUSAL, WALK, "tl.range(full * MASKED, full, num_stages=STAGES)"),
    "top-left causal": (CAUSAL, "seen &= rows[:, None] + N_K - N_Q >= cols[None, :]", "seen &= rows[:, None] >= cols[None, :]"),
    "zeros beyond the keys counted": (RAGGED, "seen = cols[None, :] < N_K", "seen = cols[None, :] < N_K + BLOCK_N"),
    "another head's keys": (GROUPED, "h_kv = h // (H // H_KV)", "h_kv = h % H_KV"),
    "another row block": (GROUPED, "i = T_R - 1 - pid // (B * H)", "i = pid // (B * H)\n        i = tl.minimum(i + 1, T_R - 1)"),
    "no guard for unseen rows": (UNSEEN, "m_use = tl.where(m_new == float(\"-inf\"), 0.0, m_new)", "m_use = m_new"),
}  # fmt: skip


@needs_triton
@pytest.mark.parametrize("name", WRONG)
def test_wrong_descriptors_break_the_bounds(name: str, tmp_path: Path) -> None:
    config, old, new = WRONG[name]
    with mutant(tmp_path, (old, new), of=DESCRIPTORS) as kernel:
        assert broken(kernel, config)


# ------------------------------------------------------------------------------------------------------- the pipeline, in NumPy


PIPELINE = FORWARD.parent / "pipeline.py"
TILES: dict[str, Any] = {"heads": 2, "kv_heads": 1}  # in tiles of 128 x 128
PIPED = {
    "plain": AttentionConfig(seq_q=256, seq_k=640, head_dim=128, **TILES),
    "causal in pairs": AttentionConfig(seq_q=512, causal=True, **TILES),
    "causal, odd": AttentionConfig(seq_q=384, causal=True, head_dim=128, **TILES),
    "more keys": AttentionConfig(seq_q=256, seq_k=640, causal=True, **TILES),
    "unseen rows": AttentionConfig(seq_q=640, seq_k=256, causal=True, **TILES),
    "grouped": AttentionConfig(batch=2, heads=4, kv_heads=2, seq_q=128, seq_k=256),
}


def piped(config: AttentionConfig, *changes: tuple[str, str], copies_early: bool) -> bool:
    """Whether O and LSE of the pipeline lie within the tolerance."""
    arrays = make_inputs(config)
    o, lse = np.full(arrays[0].shape, np.nan, arrays[0].dtype), np.full(arrays[0].shape[:3], np.nan, np.float32)
    kernel = gluon.Kernel(PIPELINE, *changes, copies_early=copies_early)
    hopper.launch_pipeline(kernel, [HostTensor(each) for each in (*arrays, o, lse)], problem_of(config), hopper.PIPELINES[config.head_dim])
    truth, true_lse = naive(*arrays, scale=config.scale, causal=config.causal)
    allowed = tolerance(arrays, config)
    return max_error(o, truth) <= allowed.output and max_error(lse, true_lse) <= allowed.lse


@needs_triton
@pytest.mark.parametrize("sms", [2, 132])  # few: a program works through several row blocks, and its places in the ring go round
@pytest.mark.parametrize("copies_early", [True, False])
@pytest.mark.parametrize("name", PIPED)
def test_the_pipeline_is_within_the_films_bounds(name: str, *, copies_early: bool, sms: int, monkeypatch: pytest.MonkeyPatch) -> None:
    load_triton(interpreted=True)
    monkeypatch.setattr(hopper, "SMS", sms)
    for dtype in ("float16", "bfloat16"):
        assert piped(replace(PIPED[name], dtype=dtype), copies_early=copies_early)


K_FREE = "    mbarrier.arrive(k_free.index(place), count=1)\n"
V_READ = "    acc, p_next, alpha = warpgroup_mma_wait(0, deps=[acc_soon, p_next, alpha])\n"
V_FREE = "    mbarrier.arrive(v_free.index(before), count=1)\n"
MISDIRECTED = {
    "no rescale of acc": ("plain", "    acc = acc * gl.convert_layout(alpha, gl.SliceLayout(1, ACC))[:, None]\n", ""),
    "no rescale of l": ("plain", "l_i * alpha + gl.sum(p, 1)", "l_i + gl.sum(p, 1)"),
    "the base forgotten": ("plain", "qk_scale = sm_scale * LOG2_E", "qk_scale = sm_scale"),
    "LSE in log2": ("plain", "(m_i + gl.log2(l_use)) * LN_2", "m_i + gl.log2(l_use)"),
    "the first tile dropped": ("plain", "for x in range(1, visited):", "for x in range(1, visited - 1):"),
    "another tile of keys": ("plain", "(visited - 1 - x) * BLOCK\n", "x // 2 * BLOCK\n"),
    "the other group's rows": ("plain", "[row + ROWS, 0]", "[row, 0]"),
    "another head's keys": ("grouped", "bh // GROUP * N_K", "bh * N_K // GROUP // N_K * N_K % (2 * N_K)"),
    "top-left causal": ("more keys", "W * ROWS + N_K - N_Q - (", "W * ROWS - ("),
    "no mask on the diagonal": ("causal, odd", "gl.where(seen, eights, float(\"-inf\"))", "eights"),
    "one column more": ("causal, odd", "- c[None, None, :] >= 8", "- c[None, None, :] + 1 >= 8"),
    "columns of eights in another order": ("causal, odd", "8 * g[None, :, None]", "8 * (g[None, :, None] ^ 1)"),
    "the mask of the other group": ("causal, odd", "s, i * BLOCK + W * ROWS", "s, i * BLOCK + (1 - W) * ROWS"),
    "the diagonal dropped": ("more keys", "(i + 1) * BLOCK + N_K - N_Q, BLOCK)", "i * BLOCK + N_K - N_Q, BLOCK)"),
    "no guard for unseen rows": ("unseen rows", "m_use = gl.where(m_new == float(\"-inf\"), 0.0, m_new)", "m_use = m_new"),
    "a row block twice": ("causal in pairs", "if x % 2 == 0:", "if x % 4 == 0:"),
    "a head twice": ("causal, odd", "bh = group * HEADS + at % heads", "bh = group * HEADS + at % heads // 2"),
    "K is not waited for": ("plain", "((c + 1) // STAGES) & 1, pred=more", "((c + 1) // STAGES) & 1, pred=False"),
    "V is not waited for": ("plain", "    mbarrier.wait(v_full.index(before), ((c - 1) // STAGES) & 1)\n", ""),
    "Q is not waited for": ("plain", "        mbarrier.wait(q_full, r & 1)\n", ""),
    "V is freed while it is read": ("plain", V_READ + V_FREE, V_FREE + V_READ),
    "Q is freed while it is read": (
        "causal in pairs", "        s = warpgroup_mma_wait(0, deps=[s_soon])\n",
        "        mbarrier.arrive(q_free, count=1)\n        s = warpgroup_mma_wait(0, deps=[s_soon])\n",
    ),
    "O is overwritten while it leaves": (
        "causal in pairs", "        tma.store_wait(0)  # the row block before has left the same place\n", ""
    ),
    "K is never freed": ("plain", K_FREE, ""),
    "the ring's phase stands still": ("plain", "phase = (c // STAGES) & 1", "phase = 0"),
}  # fmt: skip


@needs_triton
@pytest.mark.parametrize("name", MISDIRECTED)
def test_a_pipeline_that_goes_wrong_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its result, or since it waits for ever, whether copies come early or late."""
    load_triton(interpreted=True)
    monkeypatch.setattr(hopper, "SMS", 2)
    which, old, new = MISDIRECTED[name]

    def right(*, copies_early: bool) -> bool:
        try:
            return piped(PIPED[which], (old, new), copies_early=copies_early)
        except gluon.StuckError:
            return False

    assert not all(right(copies_early=early) for early in (True, False))


# ------------------------------------------------------------------------------------------------------------- what is covered


def tensor(*shape: int, itemsize: int = 2, address: int = 1 << 12, stride: tuple[int, ...] | None = None) -> Any:
    steps = stride or tuple(int(np.prod(shape[at + 1 :])) for at in range(len(shape)))
    return SimpleNamespace(shape=shape, data_ptr=lambda: address, stride=lambda: steps, itemsize=itemsize)


def problem(**changes: Any) -> Problem:
    return problem_of(AttentionConfig(**{"seq_q": 256, "seq_k": 384, "heads": 4, "kv_heads": 2} | changes))


def tensors(p: Problem) -> list[Any]:
    rows, keys = (p.batch, p.heads, p.n_q, p.d), (p.batch, p.kv_heads, p.n_k, p.d)
    return [tensor(*shape) for shape in (rows, keys, keys, rows)]


@pytest.mark.parametrize(
    ("changes", "arch", "why"),
    [
        ({}, "sm_90", None),
        ({}, "sm_80", "a GPU of sm_80"),
        ({}, "sm_100", "a GPU of sm_100"),
        ({"dtype": "float32", "block_m": 32, "block_n": 32}, "sm_90", "float32"),
        ({"head_dim": 80}, "sm_90", None),
        ({"head_dim": 84}, "sm_90", "a head dim of 84"),
        ({"head_dim": 256, "block_m": 32, "block_n": 32}, "sm_90", "a head dim of 256"),
        ({"seq_k": 0}, "sm_90", "no keys"),
    ],
)
def test_what_is_refused(changes: dict[str, Any], arch: str, why: str | None) -> None:
    p = problem(**changes)
    assert hopper.refusal(p, tensors(p)[:3], arch) == why


def test_scales_and_arrays_that_are_refused() -> None:
    p = problem()
    q, k, v, _ = tensors(p)
    for scale in (0.0, -0.125):
        assert hopper.refusal(replace(p, scale=scale), [q, k, v], "sm_90") == f"a scale of {scale:g}"
    odd = tensor(*q.shape, stride=(1, 1, 65, 1))
    for wrong in (tensor(*q.shape, address=(1 << 12) + 2), odd):
        assert hopper.refusal(p, [wrong, k, v], "sm_90") == "arrays that are not aligned to 16 B"


@needs_triton
@pytest.mark.parametrize(
    ("changes", "covered"),
    [
        ({}, True), ({"causal": True}, True), ({"head_dim": 128}, True), ({"head_dim": 80}, False),
        ({"seq_q": 200}, False), ({"seq_k": 300}, False), ({"seq_k": 64}, False),
    ],
)  # fmt: skip
def test_what_the_pipeline_covers(changes: dict[str, Any], covered: bool) -> None:
    load_triton(interpreted=True)
    p = problem(**changes)
    assert hopper.covers_pipeline(p, tensors(p)) is covered
    q, k, v, o = tensors(p)
    padded = tensor(*q.shape, stride=(2 * p.heads * p.n_q * p.d, 2 * p.n_q * p.d, 2 * p.d, 1))
    assert not hopper.covers_pipeline(p, [padded, k, v, o]), "rows lie apart"


@needs_triton
def test_a_recording_says_that_it_is_the_films_kernel() -> None:
    """The kernels for Hopper report nothing."""
    assert [source.file for source in record(AttentionConfig(seq_q=32, **SMALL), source="triton").header.sources] == [FORWARD.name]


def test_off_a_hopper_it_must_not_be_asked_for() -> None:
    q, k, v = make_inputs(PLAIN)
    with pytest.raises(InputError, match=r"16-bit arrays on an sm_90 as they are, got arrays on numpy; leave kernel out"):
        flash_attention(q, k, v, kernel="hopper")
    with pytest.raises(InputError, match=r"kernel must be one of None, forward, hopper, got 'fast'"):
        flash_attention(q, k, v, kernel="fast")


# ---------------------------------------------------------------------------------------------------------------- compiled


def loops(sass: list[str]) -> list[list[str]]:
    """The innermost loops of a disassembly: from a label to the branch back to it, where no other such branch lies between."""
    labels = {line.strip().rstrip(":"): at for at, line in enumerate(sass) if re.match(r"\s*\.L_x_\d+:", line)}
    back = []
    for at, line in enumerate(sass):
        target = re.search(r"BRA.*`\((\.L_x_\d+)\)", line)
        if target is not None and labels.get(target[1], at) < at:
            back.append((labels[target[1]], at))
    return [sass[a:b] for a, b in back if not any(a <= c and d <= b and (a, b) != (c, d) for c, d in back)]


ASKED: dict[str, dict[str, Any]] = {
    "d 64": {"head_dim": 64}, "d 64 causal": {"head_dim": 64, "causal": True},
    "d 128": {"head_dim": 128}, "d 128 causal": {"head_dim": 128, "causal": True},
    "ragged": {"head_dim": 128, "seq_q": 1000}, "ragged causal": {"head_dim": 128, "seq_q": 1000, "causal": True},
    "d 80 causal": {"head_dim": 80, "causal": True}, "odd row blocks": {"head_dim": 64, "causal": True, "seq_q": 640},
    "d 128 odd row blocks": {"head_dim": 128, "causal": True, "seq_q": 640},
    "d 128 grouped, more keys": {"head_dim": 128, "causal": True, "kv_heads": 2, "seq_k": 2048},
}  # fmt: skip


@pytest.mark.slow
@needs_triton
def test_how_they_compile(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """wgmma and TMA; shared memory within the device's; nothing spilled; at most one wait a product in the loop.

    Of the pipeline, the softmax stands before the wait for P V, and nothing is masked in the loop. Each is compiled, for seconds, in one
    of two dtypes, so that masks, head dims and ragged ends meet both; with ``--full-grid`` in both.
    """
    both = ("float16", "bfloat16")
    each = request.config.getoption("--full-grid")
    asked = [
        variant(90, **{"kernel": "hopper", "text": True, "seq_q": 1024, "heads": 4, "causal": False, "dtype": dtype} | changes)
        for at, changes in enumerate(ASKED.values()) for dtype in (both if each else both[(at + at // 2) % 2 :][:1])
    ]  # fmt: skip
    for made, found in zip(asked, compile_all(FORWARD, *asked, tmp_path=tmp_path), strict=True):
        p = launched(made)
        whole = p["n_q"] % 128 == 0 and p["n_k"] % 128 == 0 and p["d"] in (64, 128)
        assert found["kernel"] == ("pipeline" if whole else "descriptors"), made
        assert found["shared"] <= SMS["sm_90"].shared_per_block
        assert found["instructions"]["wgmma"]
        assert found["instructions"]["cp.async.bulk.tensor"]
        inner = [loop for loop in loops(found["text"]) if any("HGMMA" in line for line in loop)]
        assert inner, "a loop of products"
        for loop in inner:
            waits = [at for at, line in enumerate(loop) if "WARPGROUP.DEPBAR" in line]
            assert len(waits) <= 2, "two products a tile"
            if whole:
                scores, blended = waits
                assert all(scores < at < blended for at, line in enumerate(loop) if "MUFU.EX2" in line), made
                assert not any("FSEL" in line for line in loop), made
        assert found["spilled"] == 0, made
        assert not any(re.search(r"\b(LDL|STL)\b", line) for line in found["text"]), made


@pytest.mark.slow
@needs_triton
def test_the_command_tells(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    shape = ("--seq-len", "1024", "--head-dim", "128")
    answer = CliRunner().invoke(main, ["compile", "--kernel", "hopper", *shape, "--json"])
    assert answer.exit_code == 0, answer.stderr
    (made,) = json.loads(answer.stdout)["compiled"]
    assert made["kernel"] == "pipeline"
    assert made["shared"] > 128 * 1024
    assert made["instructions"]["wgmma"]
    assert made["trace_free"] is None
    screen = CliRunner().invoke(main, ["compile", "--kernel", "hopper", *shape])
    assert "pipeline" in screen.stdout
    for arguments, message in (
        (("--arch", "sm_80"), "kernel hopper is for sm_90, got sm_80"),
        (("--dtype", "float32", "--block-m", "32", "--block-n", "32"), "kernel hopper covers 16-bit problems of sm_90, got float32"),
    ):
        refused = CliRunner().invoke(main, ["compile", "--kernel", "hopper", *arguments])
        assert refused.exit_code == 2
        assert refused.stderr.startswith(f"flashviz: {message}")


@pytest.mark.slow
@needs_triton
@pytest.mark.parametrize(("seq", "heads"), [(512, 1), (512, 16), (200, 3), (1, 1)])
def test_a_launch_is_specialised_as_triton_does_it(seq: int, heads: int, tmp_path: Path) -> None:
    """Integers that are 1 are constants in the code, and of those that 16 divides the compiler knows it."""
    made = variant(seq_q=seq, heads=heads)
    (found,) = compile_all(FORWARD, made, tmp_path=tmp_path)
    p = launched(made)
    for name, value in (("N_Q", p["n_q"]), ("N_K", p["n_k"]), ("H", p["heads"]), ("stride_qn", p["d"])):
        assert (name in found["constants"]) == (value == 1), (name, value)
        assert (name in found["divisible"]) == (value % 16 == 0), (name, value)
    assert asdict(Problem(**p)) == p
