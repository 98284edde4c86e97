"""flash_attention: right against float64 and torch, and everything that it must refuse, with expected, got and remedy."""

# ruff: noqa: E501  # messages and replacements stand whole, one case a line

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from types import ModuleType
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from flashviz.config import AttentionConfig
from flashviz.errors import InputError, MissingPartError, UsageError
from flashviz.inputs import make_inputs, numpy_dtype
from flashviz_kernels import flash_attention, interpreter
from flashviz_kernels.checking import check_strides
from flashviz_kernels.modes import installed, load_kernel, load_triton
from flashviz_kernels.problem import choose_warps
from flashviz_kernels.reference import max_error, naive, tolerance

pytestmark = pytest.mark.skipif(not installed(), reason="the kernel is interpreted where triton is installed")

DTYPES = ("float16", "bfloat16", "float32")
BLOCKS: dict[str, Any] = {"block_m": 32, "block_n": 32}


@pytest.fixture
def torch() -> ModuleType:
    load_kernel(interpreted=True)  # before torch may import triton its own way
    module: ModuleType = pytest.importorskip("torch", reason="torch is compared with where it is installed")
    return module


def zeros(*shape: int, dtype: Any = np.float16) -> np.ndarray:
    return np.zeros(shape, dtype)


Q, K = zeros(1, 2, 8, 16), zeros(1, 2, 6, 16)


# ------------------------------------------------------------------------------------------------------------------- results


@pytest.mark.parametrize("dtype", DTYPES)
def test_numpy_arrays(dtype: str) -> None:
    config = AttentionConfig(batch=2, heads=4, kv_heads=2, seq_q=50, seq_k=70, head_dim=40, causal=True, dtype=dtype)  # type: ignore[arg-type]
    arrays = make_inputs(config)
    o, lse = flash_attention(*arrays, causal=True, return_lse=True, **BLOCKS)
    truth, lse_truth = naive(*arrays, scale=config.scale, causal=True)
    allowed = tolerance(arrays, config)
    assert (o.dtype, o.shape, lse.dtype, lse.shape) == (numpy_dtype(dtype), (2, 4, 50, 40), np.float32, (2, 4, 50))
    assert max_error(o, truth) <= allowed.output
    assert max_error(lse, lse_truth) <= allowed.lse


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("causal", [False, True])
def test_torch_tensors_against_its_own_attention(dtype: str, causal: bool, torch: ModuleType) -> None:
    """No further from torch in float64 than torch in the same dtype: twice its error, and a rounding of the output."""
    torch.manual_seed(0)
    q, k, v = (torch.randn(2, h, 60, 48, dtype=getattr(torch, dtype)) for h in (4, 2, 2))
    o = flash_attention(q, k, v, causal=causal, **BLOCKS)
    attention = torch.nn.functional.scaled_dot_product_attention
    exact = attention(q.double(), k.double(), v.double(), is_causal=causal, enable_gqa=True)
    theirs = (attention(q, k, v, is_causal=causal, enable_gqa=True).double() - exact).abs().max()
    assert o.dtype == q.dtype
    assert (o.double() - exact).abs().max() <= 2 * theirs + torch.finfo(q.dtype).eps * exact.abs().max()


def test_strided_views_are_read_in_place(torch: ModuleType) -> None:
    """[B, N, H, d] in memory, as most models have it; and every other row of a longer sequence."""
    rng = np.random.default_rng(0)
    q, k, v = (rng.standard_normal((1, 40, 2, 32)).astype(np.float32).swapaxes(1, 2) for _ in range(3))
    want = flash_attention(*(np.ascontiguousarray(a) for a in (q, k, v)), **BLOCKS)
    np.testing.assert_array_equal(flash_attention(q, k, v, **BLOCKS), want)
    tensors = [torch.from_numpy(np.ascontiguousarray(a.swapaxes(1, 2))).transpose(1, 2) for a in (q, k, v)]
    np.testing.assert_array_equal(flash_attention(*tensors, **BLOCKS).numpy(), want)
    halves = [np.ascontiguousarray(a[:, :, ::2]) for a in (q, k, v)]
    np.testing.assert_array_equal(flash_attention(*(a[:, :, ::2] for a in (q, k, v)), **BLOCKS), flash_attention(*halves, **BLOCKS))


def test_no_keys_and_rows_that_see_none() -> None:
    q = np.ones((1, 1, 5, 16), np.float16)
    o, lse = flash_attention(q, zeros(1, 1, 0, 16), zeros(1, 1, 0, 16), return_lse=True)
    assert (o == 0).all()
    assert (lse == -np.inf).all()
    o, lse = flash_attention(q, q[:, :, :2], q[:, :, :2], causal=True, return_lse=True)
    assert (o[0, 0, :3] == 0).all()
    assert (lse[0, 0, :3] == -np.inf).all()
    assert (o[0, 0, 3:] == 1).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("which", [0, 1, 2])
def test_nan_and_infinities_propagate(bad: float, which: int) -> None:
    arrays = [array.copy() for array in make_inputs(AttentionConfig(seq_q=40, head_dim=16, dtype="float32"))]
    arrays[which][0, 0, 7, 3] = bad
    o = flash_attention(*arrays, **BLOCKS)
    touched = ~np.isfinite(o)
    if which == 0:
        assert touched[0, 0, 7].all()
        assert not np.delete(touched, 7, axis=2).any()
    elif which == 1:  # a score of -inf is a weight of 0; one of +inf or NaN spoils its row
        spoilt = (arrays[0][0, 0, :, 3] > 0) | np.isnan(bad)
        assert touched[0, 0, spoilt].all()
        assert not touched[0, 0, ~spoilt].any()
    else:
        assert touched[..., 3].all()
        assert not np.delete(touched, 3, axis=3).any()


def test_bfloat16_is_rounded_to_nearest_even(torch: ModuleType) -> None:
    """Two keys of equal weight: O is the mean of two rows of V, rounded once. The unpatched interpreter truncates."""
    torch.manual_seed(1)
    v = torch.randn(1, 1, 2, 256, dtype=torch.bfloat16)
    k = torch.zeros(1, 1, 2, 256, dtype=torch.bfloat16)
    want = ((v[:, :, 0].float() + v[:, :, 1].float()) / 2).bfloat16()
    got = flash_attention(k[:, :, :1], k, v, block_m=16, block_n=16)[:, :, 0]
    assert torch.equal(got, want)
    exact = (v[:, :, 0].float() + v[:, :, 1].float()) / 2
    truncated = (exact.view(torch.int32) & -65536).view(torch.float32).bfloat16()
    assert not torch.equal(truncated, want), "the case must tell rounding from truncation"


def test_the_mended_interpreter_is_left_as_it_was() -> None:
    load_kernel(interpreted=True)
    from triton.runtime import interpreter as theirs

    before = theirs._patch_lang
    with interpreter.mended():
        assert theirs._patch_lang is not before
        assert "create_dot" in vars(theirs.interpreter_builder)
    assert theirs._patch_lang is before
    assert "create_dot" not in vars(theirs.interpreter_builder)


def test_torch_is_not_imported() -> None:
    script = (
        "import sys, numpy as np; from flashviz_kernels import flash_attention; q = np.ones((1, 1, 4, 16), np.float16);"
        "print(flash_attention(q, q, q).sum(), 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["64.0", "False"]


# --------------------------------------------------------------------------------------------------------- what is refused

REFUSED: dict[str, tuple[tuple[Any, Any, Any], dict[str, Any], str]] = {
    "K and V lengths": ((Q, K, zeros(1, 2, 5, 16)), {}, "k and v must have one shape, got (1, 2, 6, 16) and (1, 2, 5, 16); give each key its value"),
    "head dims": ((Q, zeros(1, 2, 6, 32), zeros(1, 2, 6, 32)), {}, "q, k and v must agree in batch and head dim, got q (1, 2, 8, 16) and k (1, 2, 6, 32); check the order [B, H, N, d]"),
    "batch": ((Q, zeros(3, 2, 6, 16), zeros(3, 2, 6, 16)), {}, "q, k and v must agree in batch and head dim, got q (1, 2, 8, 16) and k (3, 2, 6, 16); check the order [B, H, N, d]"),
    "last stride": ((zeros(1, 2, 8, 32)[..., ::2], K, K), {}, "q must be contiguous along the head dim, got a stride of 2; make a contiguous copy"),
    "transposed": ((zeros(1, 2, 16, 8).swapaxes(2, 3), K, K), {}, "q must be contiguous along the head dim, got a stride of 8; make a contiguous copy"),
    "backwards": ((Q[:, :, ::-1], K, K), {}, "q must have strides of whole elements, forwards, got [256.0, 128.0, -16.0, 1.0]; make a contiguous copy"),
    "float64": ((Q.astype(float), K, K), {}, "q must be float16, bfloat16 or float32, got float64; convert it, for example with .astype or .to"),
    "integers": ((Q, K.astype(int), K), {}, "k must be float16, bfloat16 or float32, got int64; convert it, for example with .astype or .to"),
    "mixed dtypes": ((Q.astype(np.float32), K, K), {}, "q, k and v must have one dtype, got q float32, k float16, v float16; convert them to one"),
    "block_n below 16": ((Q, K, K), {"block_n": 8}, "block_n must be an integer from 16 to 256, got 8; try 64"),
    "block_m not a power of two": ((Q, K, K), {"block_m": 48}, "block_m=48 must be a power of two; try 32 or 64"),
    "block as float": ((Q, K, K), {"block_m": 64.0}, "block_m must be an integer from 16 to 256, got 64.0; try 64"),
    "warps": ((Q, K, K), {"num_warps": 3}, "num_warps=3 must be a power of two; try 2 or 4"),
    "stages": ((Q, K, K), {"stages": 0}, "stages must be an integer from 1 to 8, got 0; try 4"),
    "head dim 512": ((zeros(1, 2, 8, 512),) * 3, {}, "head dim must be 16 to 256, got 512; split wider heads, pad narrower ones with zeros"),
    "head dim 8": ((zeros(1, 2, 8, 8),) * 3, {}, "head dim must be 16 to 256, got 8; split wider heads, pad narrower ones with zeros"),
    "shared memory": ((zeros(1, 1, 8, 256),) * 3, {"block_m": 128, "block_n": 256}, "tiles must fit sm_90's 232,448 B of shared memory, got 589,824 B; try smaller block_m, block_n or stages"),
    "heads": ((zeros(1, 3, 8, 16), K, K), {}, "key/value heads must divide query heads, got H=3 and H_kv=2; try H_kv=1"),
    "3-D": ((Q[0], K, K), {}, "q must have 4 dimensions [B, H, N, d], got 3; add the missing ones with reshape"),
    "zero heads": ((zeros(1, 0, 8, 16), K, K), {}, "q must have at least one batch entry and head, got shape (1, 0, 8, 16); leave empty calls out"),
    "zero batch": ((zeros(0, 2, 8, 16), K, K), {}, "q must have at least one batch entry and head, got shape (0, 2, 8, 16); leave empty calls out"),
    "zero queries": ((zeros(1, 2, 0, 16), K, K), {}, "q must have at least one row, got shape (1, 2, 0, 16); leave empty calls out"),
    "scale": ((Q, K, K), {"scale": float("nan")}, "scale must be a finite number, got nan; leave it out for 1/sqrt(head_dim)"),
    "scale as text": ((Q, K, K), {"scale": "1"}, "scale must be a finite number, got '1'; leave it out for 1/sqrt(head_dim)"),
    "causal": ((Q, K, K), {"causal": 1}, "causal must be true or false, got 1; give one of them"),
    "lists": ((Q.tolist(), K, K), {}, "q must be a NumPy array or a torch tensor, got list; convert it first"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str) -> None:
    arrays, options, message = REFUSED[name]
    with pytest.raises(InputError) as caught:
        flash_attention(*arrays, **options)
    assert str(caught.value) == message


def test_offsets_beyond_int32() -> None:
    """Nothing so large is allocated: the view repeats its rows at a huge stride that is never read."""
    far = np.lib.stride_tricks.as_strided(zeros(1, 1, 3, 16), strides=(0, 0, 2**33, 2))
    with pytest.raises(InputError, match=r"k must keep offsets within a head below 2\^31 elements, got 8,589,934,608"):
        flash_attention(zeros(1, 1, 3, 16), far, far)


def test_torch_tensors_that_are_refused(torch: ModuleType) -> None:
    q = torch.zeros(1, 2, 8, 16, dtype=torch.float16)
    with pytest.raises(InputError, match="q, k and v must be arrays of one kind on one device, got q on numpy, k on cpu, v on cpu"):
        flash_attention(Q, q, q)
    meta = torch.zeros(1, 2, 8, 16, dtype=torch.float16, device="meta")
    with pytest.raises(InputError, match="got q on cpu, k on meta, v on meta; move them together"):
        flash_attention(q, meta, meta)
    with pytest.raises(InputError, match="q, k and v must be on the CPU or on a CUDA device, got meta"):
        flash_attention(meta, meta, meta)
    with pytest.raises(InputError, match="k must be float16, bfloat16 or float32, got int64"):
        flash_attention(q, q.long(), q)


def test_bfloat16_arrays_of_ml_dtypes() -> None:
    q = np.ones((1, 1, 4, 16), ml_dtypes.bfloat16)
    assert flash_attention(q, q, q).dtype == ml_dtypes.bfloat16


@pytest.mark.parametrize(
    ("environment", "first", "message"),
    [
        ({"TRITON_INTERPRET": "0"}, "", "arrays on a CPU are interpreted, got TRITON_INTERPRET=0; unset it or use CUDA tensors"),
        ({}, "import triton", "expected kernels to be interpreted, got a process that has imported triton otherwise; set TRITON_INTERPRET=1 and start a new one"),
    ],
)  # fmt: skip
def test_compiling_and_interpreting_do_not_mix(environment: dict[str, str], first: str, message: str) -> None:
    script = f"""
{first}
import numpy as np
from flashviz.errors import UsageError
from flashviz_kernels import flash_attention
q = np.ones((1, 1, 4, 16), np.float16)
try:
    flash_attention(q, q, q)
except UsageError as error:
    print(error)
"""
    outside = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=outside | environment)
    assert done.stdout.strip() == message


def test_compiling_after_interpreting() -> None:
    load_kernel(interpreted=True)
    with pytest.raises(UsageError, match="expected kernels to be compiled, got a process that has imported triton otherwise"):
        load_kernel(interpreted=False)


def test_triton_is_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking takes longer than a launch."""
    load_kernel(interpreted=True)
    monkeypatch.setattr(importlib.util, "find_spec", lambda *_: pytest.fail("looked for again"))
    load_kernel(interpreted=True)


def test_compiled_an_old_triton_takes_a_new_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the interpreter of triton 3.6 fails with it."""
    load_kernel(interpreted=True)
    monkeypatch.setattr(sys.modules["triton"], "__version__", "3.6.0")
    monkeypatch.setattr(np, "__version__", "2.5.2")
    assert load_triton(interpreted=False) is sys.modules["triton"]


def test_heads_that_lie_beyond_32_bits_are_taken() -> None:
    """Where a head begins is reckoned in 64 bits: a batch of 2^31 elements is no reason to refuse. Nothing so large is allocated."""
    steps = (2 * 2**31, 2 * 2**24, 2 * 128, 2)
    far = np.lib.stride_tricks.as_strided(zeros(1, 1, 1, 16), shape=(2, 128, 131_072, 128), strides=steps)
    check_strides({"q": far})


def test_an_old_triton_with_a_new_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    load_kernel(interpreted=True)
    monkeypatch.setattr(sys.modules["triton"], "__version__", "3.6.0")
    monkeypatch.setattr(np, "__version__", "2.4.1")
    with pytest.raises(MissingPartError, match=r"triton 3.6.0 cannot interpret with numpy 2.4.1; install triton>=3.7 or numpy<2.4"):
        flash_attention(Q, K, K)
    monkeypatch.setattr(np, "__version__", "2.3.5")
    assert flash_attention(Q, K, K).shape == Q.shape


def test_a_triton_below_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    load_kernel(interpreted=True)
    monkeypatch.setattr(sys.modules["triton"], "__version__", "3.5.1")
    with pytest.raises(MissingPartError, match=r"expected triton 3\.6 or newer, got 3\.5\.1; install triton>=3\.6, or use source numpy"):
        flash_attention(Q, K, K)


def test_no_triton(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "triton", None)
    with pytest.raises(MissingPartError, match="expected triton, got none") as caught:
        flash_attention(Q, K, K)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("d", [16, 64, 100, 256])
def test_default_blocks_fit(dtype: str, d: int) -> None:
    arrays = make_inputs(AttentionConfig(seq_q=40, head_dim=d, dtype=dtype, block_m=16, block_n=16))  # type: ignore[arg-type]
    truth, _ = naive(*arrays, scale=1 / np.sqrt(d))
    assert max_error(flash_attention(*arrays), truth) < {"float16": 5e-3, "bfloat16": 4e-2, "float32": 1e-4}[dtype]


def test_warps() -> None:
    assert [choose_warps(64, 64), choose_warps(64, 128), choose_warps(128, 128), choose_warps(128, 64)] == [4, 4, 8, 4]
