"""Gradients for users: torch goes back through flash_attention by our kernels; held to torch.autograd of attention in float64."""

# ruff: noqa: E501  # messages stand whole, one case a line

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flashviz.errors import InputError
from flashviz_kernels import flash_attention, flash_attention_backward, gradients
from flashviz_kernels.modes import installed, load_kernel
from tests import differentiated

pytestmark = pytest.mark.skipif(not installed(), reason="kernels are interpreted where triton is installed")

# batch, heads, of K and V, N_q, N_k, d, causal
PROBLEMS = {
    "plain": (1, 2, 2, 40, 70, 32, False),
    "causal, grouped, ragged": (2, 4, 2, 50, 77, 20, True),
    "rows that see no key": (1, 2, 1, 60, 25, 16, True),
    "one query": (1, 3, 1, 1, 90, 64, True),
    "wide": (1, 1, 1, 33, 40, 256, False),
}
DTYPES = ("float16", "bfloat16", "float32")
each_problem = pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)


@pytest.fixture
def torch() -> ModuleType:
    load_kernel(interpreted=True)  # before torch may import triton its own way
    module: ModuleType = pytest.importorskip("torch", reason="torch is compared with where it is installed")
    return module


def made(torch: ModuleType, problem: tuple[int, int, int, int, int, int, bool], dtype: str) -> tuple[list[Any], Any, bool]:
    """Q, K and V that require a gradient, dO, and whether the mask is causal."""
    batch, heads, kv_heads, n_q, n_k, d, causal = problem
    torch.manual_seed(0)
    shapes = [(batch, heads, n_q, d), *[(batch, kv_heads, n_k, d)] * 2, (batch, heads, n_q, d)]
    *learning, d_o = (torch.randn(shape).to(getattr(torch, dtype)) for shape in shapes)
    return [each.requires_grad_() for each in learning], d_o, causal


# ------------------------------------------------------------------------------------------------------------------ results


@pytest.mark.parametrize("deterministic", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
@each_problem
def test_no_further_from_float64_than_twice_torchs_own_error(problem: Any, dtype: str, deterministic: bool, torch: ModuleType) -> None:
    """The criterion of FlashAttention's own tests: twice the error of attention in the same dtype, and a rounding."""
    learning, d_o, causal = made(torch, problem, dtype)
    found = torch.autograd.grad(flash_attention(*learning, causal=causal, deterministic=deterministic), learning, d_o)
    how = {"scale": problem[5] ** -0.5, "causal": causal}
    exact = differentiated.gradients((each.double() for each in (*learning, d_o)), **how)
    theirs = differentiated.gradients((*learning, d_o), **how)
    for mine, low, truth, given_ in zip(found, theirs, exact, learning, strict=True):
        assert (mine.dtype, mine.shape) == (given_.dtype, given_.shape)
        rounding = torch.finfo(mine.dtype).eps * truth.abs().max()
        assert (mine.double() - truth).abs().max() <= 2 * (low.double() - truth).abs().max() + rounding


@pytest.mark.filterwarnings("ignore:Input #:UserWarning")  # gradcheck asks for float64, which no kernel here computes in
@pytest.mark.parametrize(
    ("problem", "fast"),
    [((1, 2, 1, 3, 5, 16, True), True), ((1, 1, 1, 5, 3, 16, True), True), ((1, 1, 1, 1, 3, 16, False), False)],
    ids=["grouped", "rows that see no key", "every column of the Jacobian"],
)
def test_gradcheck(problem: Any, fast: bool, torch: ModuleType) -> None:
    """Central differences in float32: with a step h = 2^-5 they err by some h^2 / 6 = 2e-4 of a third derivative, of the order of one,
    and by eps / h = 4e-6 of rounding: the best that float32 has, near the cube root of its eps. So 2e-3 has room for both.
    """  # fmt: skip
    learning, _, causal = made(torch, problem, "float32")
    assert torch.autograd.gradcheck(
        lambda *q: flash_attention(*q, causal=causal), learning, eps=2**-5, atol=2e-3, rtol=2e-3, fast_mode=fast
    )


@given(
    st.integers(1, 40),
    st.integers(1, 40),
    st.sampled_from([(1, 1), (3, 1), (4, 2)]),
    st.booleans(),
    st.booleans(),
    st.integers(0, 2**32 - 1),
)
@settings(max_examples=15)
def test_what_must_add_up(n_q: int, n_k: int, heads: tuple[int, int], causal: bool, deterministic: bool, seed: int) -> None:
    """Closed forms. A row's weights add up to one: so dV adds up to dO of the rows that see a key. A vector that is added to all keys changes
    no weight: so dK adds up to zero. S = scale Q K^T is as much Q's as K's: so the sum of Q o dQ is that of K o dK, in each group.
    """  # fmt: skip
    rng = np.random.default_rng(seed)
    h, h_kv = heads
    q, d_o = (rng.standard_normal((1, h, n_q, 16), np.float32) for _ in range(2))
    k, v = (rng.standard_normal((1, h_kv, n_k, 16), np.float32) for _ in range(2))
    o, lse = flash_attention(q, k, v, causal=causal, return_lse=True)
    dq, dk, dv = flash_attention_backward(q, k, v, o, lse, d_o, causal=causal, deterministic=deterministic)
    seeing = d_o[:, :, max(0, n_q - n_k) if causal else 0 :]
    groups = (1, h_kv, h // h_kv, -1)
    np.testing.assert_allclose(dv.sum(2), seeing.reshape(1, h_kv, h // h_kv, -1, 16).sum((2, 3)), atol=1e-4)
    np.testing.assert_allclose(dk.sum(2), 0, atol=1e-4)
    np.testing.assert_allclose((q * dq).reshape(groups).sum((2, 3)), (k * dk).reshape(1, h_kv, -1).sum(2), atol=1e-3)


@each_problem
def test_numpy_and_torch_have_the_same_bits(problem: Any, torch: ModuleType) -> None:
    learning, d_o, causal = made(torch, problem, "bfloat16")
    o, lse = flash_attention(*learning, causal=causal, return_lse=True)
    by_torch = torch.autograd.grad(o, learning, d_o)
    arrays = [each.detach().view(torch.int16).numpy().view(ml_dtypes.bfloat16) for each in (*learning, o, d_o)]
    arrays.insert(4, lse.detach().numpy())
    for mine, theirs in zip(flash_attention_backward(*arrays, causal=causal), by_torch, strict=True):
        assert mine.dtype == ml_dtypes.bfloat16
        np.testing.assert_array_equal(mine.view(np.int16), theirs.view(torch.int16).numpy())


def test_views_and_a_loss_that_is_a_sum(torch: ModuleType) -> None:
    """[B, N, H, d] in memory, as most models have it; a sum's dO is one number, repeated by steps of zero."""
    (q, k, v), _, _ = made(torch, PROBLEMS["plain"], "float32")
    views = [each.detach().transpose(1, 2).contiguous().transpose(1, 2).requires_grad_() for each in (q, k, v)]
    assert not any(each.is_contiguous() for each in views)
    expected = torch.autograd.grad(flash_attention(q, k, v), (q, k, v), torch.ones(q.shape))
    for mine, theirs in zip(torch.autograd.grad(flash_attention(*views).sum(), views), expected, strict=True):
        assert torch.equal(mine, theirs)


def test_only_what_is_asked_for(torch: ModuleType) -> None:
    (q, k, v), d_o, causal = made(torch, PROBLEMS["causal, grouped, ragged"], "float16")
    all_three = torch.autograd.grad(flash_attention(q, k, v, causal=causal), (q, k, v), d_o)
    q, k = q.detach(), k.detach()
    flash_attention(q, k, v, causal=causal).backward(d_o)
    assert (q.grad, k.grad) == (None, None)
    assert torch.equal(v.grad, all_three[2])


def test_without_a_gradient_nothing_changes(torch: ModuleType) -> None:
    (q, k, v), _, _ = made(torch, PROBLEMS["plain"], "float32")
    learning = flash_attention(q, k, v)
    assert learning.requires_grad
    with torch.no_grad():
        plain = flash_attention(q, k, v)
    detached = flash_attention(q.detach(), k.detach(), v.detach())
    assert not plain.requires_grad
    assert not detached.requires_grad
    assert torch.equal(plain, learning.detach())
    assert torch.equal(plain, detached)


def test_no_keys(torch: ModuleType) -> None:
    q = torch.randn(1, 1, 5, 16, requires_grad=True)
    k, v = (torch.zeros(1, 1, 0, 16, requires_grad=True) for _ in range(2))
    dq, dk, dv = torch.autograd.grad(flash_attention(q, k, v).sum(), (q, k, v))
    assert not dq.any()
    assert dk.shape == dv.shape == k.shape


def test_a_fixed_order_where_it_is_asked_for(torch: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the argument, or by torch's own switch: then nobody adds to dQ in HBM."""
    (q, k, v), d_o, _ = made(torch, PROBLEMS["plain"], "float16")
    launched: list[list[str]] = []
    launch = gradients._launch

    def watched(calls: Any, *, interpreted: bool) -> None:
        launched.append([call.kernel.name for call in calls])
        launch(calls, interpreted=interpreted)

    monkeypatch.setattr(gradients, "_launch", watched)
    flash_attention(q, k, v).backward(d_o)
    flash_attention(q, k, v, deterministic=True).backward(d_o)
    torch.use_deterministic_algorithms(mode=True)
    try:
        flash_attention(q, k, v).backward(d_o)
    finally:
        torch.use_deterministic_algorithms(mode=False)
    atomic, fixed = ["preprocess", "backward", "convert"], ["preprocess", "backward", "backward_rows"]
    assert launched == [atomic, fixed, fixed]


def test_alone_in_a_process_and_without_torch() -> None:
    """Four equal keys: S = 16 / 4, so LSE = 4 + ln 4, O = V, and each row's dO reaches dV in quarters."""
    script = (
        "import sys, numpy as np; from flashviz_kernels import flash_attention_backward;"
        "q = np.ones((1, 1, 4, 16), np.float16); lse = np.full((1, 1, 4), 4 + np.log(4), np.float32);"
        "print(flash_attention_backward(q, q, q, q, lse, q)[2].sum(), 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["64.0", "False"]


# ----------------------------------------------------------------------------------------------------------- special values

TILE, AT, COLUMN = 32, 40, 3  # rows of a tile, and the spoiled number, in the second of three tiles
N = np.arange(3 * TILE)


def spoilt(which: str, bad: float, *, causal: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which elements of dQ, dK and dV [N, d] docs/accuracy.md says are not finite."""
    whole, column = np.ones(16, bool), np.arange(16) == COLUMN
    seeing = N >= AT if causal else N >= 0  # rows that see the key
    visiting = N >= AT // TILE * TILE if causal else N >= 0  # rows whose block visits its tile
    visited = N < (AT // TILE + 1) * TILE if causal else N >= 0  # keys that the row's block visits
    nothing, everything = (N < 0)[:, None] & whole, (N >= 0)[:, None] & whole
    if which == "Q":
        return (N == AT)[:, None] & whole, visited[:, None] & whole, visited[:, None] & whole
    if which == "K" and bad == -np.inf:
        return visiting[:, None] & column, nothing, nothing
    if which == "K":
        return seeing[:, None] & whole | visiting[:, None] & column, everything, everything
    if which == "V":
        return visiting[:, None] & whole, everything, nothing
    return (N == AT)[:, None] & whole, visited[:, None] & whole, visited[:, None] & column


@pytest.mark.parametrize("deterministic", [False, True])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("which", ["Q", "K", "V", "dO"])
@pytest.mark.parametrize("causal", [False, True])
def test_what_nan_and_infinities_reach(causal: bool, which: str, bad: float, deterministic: bool, torch: ModuleType) -> None:
    """What the page says; and where nothing is masked, what they reach in torch, in float64."""
    rng = np.random.default_rng(0)
    arrays = {name: rng.standard_normal((1, 1, len(N), 16), np.float32) for name in ("Q", "K", "V", "dO")}
    arrays["Q"][..., COLUMN] = 1  # a key's infinite feature is then its score
    arrays[which][0, 0, AT, COLUMN] = bad
    q, k, v, d_o = arrays.values()
    with np.errstate(invalid="ignore", over="ignore"):
        o, lse = flash_attention(q, k, v, causal=causal, return_lse=True)
        found = flash_attention_backward(q, k, v, o, lse, d_o, causal=causal, block_m=TILE, block_n=TILE, deterministic=deterministic)
    for mine, expected in zip(found, spoilt(which, bad, causal=causal), strict=True):
        np.testing.assert_array_equal(~np.isfinite(mine[0, 0]), expected)
    if not causal:
        theirs = differentiated.gradients((torch.from_numpy(each).double() for each in arrays.values()), scale=0.25, causal=False)
        for mine, reached in zip(found, theirs, strict=True):
            np.testing.assert_array_equal(np.isfinite(mine), np.isfinite(reached.numpy()))


# --------------------------------------------------------------------------------------------------------- what is refused


def test_a_second_derivative(torch: ModuleType) -> None:
    """The first may be taken with its graph: what else depends on it can be differentiated again."""
    (q, k, v), _, _ = made(torch, PROBLEMS["plain"], "float32")
    (dq,) = torch.autograd.grad(flash_attention(q, k, v).sum(), q, create_graph=True)
    assert dq.isfinite().all()
    with pytest.raises(InputError) as caught:
        dq.square().sum().backward()
    assert str(caught.value) == (
        "flash_attention has first derivatives, got a second one asked for; detach the first ones, "
        "or take torch's scaled_dot_product_attention under sdpa_kernel(SDPBackend.MATH)"
    )


def test_a_loss_of_lse(torch: ModuleType) -> None:
    (q, k, v), _, _ = made(torch, PROBLEMS["plain"], "float32")
    message = "a loss must depend on O alone to go back through flash_attention, got one of LSE too; use lse.detach()"
    for loss in (lambda o, lse: o.sum() + lse.sum(), lambda _, lse: lse.sum()):
        with pytest.raises(InputError) as caught:
            loss(*flash_attention(q, k, v, return_lse=True)).backward()  # type: ignore[no-untyped-call]
        assert str(caught.value) == message
    o, lse = flash_attention(q, k, v, return_lse=True)
    (o.sum() + lse.detach().sum()).backward()
    assert q.grad.isfinite().all()


@pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")  # torch's own, on its way to torch.func
def test_transforms_are_refused(torch: ModuleType) -> None:
    """A tangent that is not carried on would be a derivative of zero."""
    (q, k, v), _, _ = made(torch, PROBLEMS["plain"], "float32")
    q, k, v = (each.detach() for each in (q, k, v))
    forward_ad = torch.autograd.forward_ad
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(k, k)
        cases: dict[str, Callable[[], Any]] = {
            "q must": lambda: torch.func.grad(lambda each: flash_attention(each, k, v).sum())(q),
            "k must": lambda: flash_attention(q, dual, v),
            "v must": lambda: torch.func.vmap(lambda each: flash_attention(q, k, each))(v[None]),
        }
        for begin, case in cases.items():
            with pytest.raises(InputError, match=f"{begin} be a plain tensor, got one of a transform") as caught:
                case()
            assert "\n" not in str(caught.value)
    assert torch.func.grad(lambda each: each.square().sum())(flash_attention(q, k, v)).shape == q.shape, "around it they are welcome"


@pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning", r"ignore:The \.grad attribute of a Tensor:UserWarning")
def test_in_a_model_that_torch_compiles(torch: ModuleType) -> None:
    """As docs/gradients.md says: left alone, it gives in a compiled function what it gives without."""
    (q, k, v), _, _ = made(torch, PROBLEMS["plain"], "float32")
    alone = torch.compiler.disable(flash_attention)

    def loss(attention: Any) -> Any:
        return (attention(2 * q, k, v) * v.mean()).square().sum()

    expected = torch.autograd.grad(loss(flash_attention), (q, k, v))
    found = torch.autograd.grad(torch.compile(loss, backend="aot_eager")(alone), (q, k, v))
    for mine, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(mine, theirs)


def test_a_change_in_place_is_torchs_own_error(torch: ModuleType) -> None:
    (q, k, v), _, _ = made(torch, PROBLEMS["plain"], "float32")
    o = flash_attention(q, k, v)
    with torch.no_grad():
        k.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        o.sum().backward()


Q, K = np.zeros((1, 2, 8, 16), np.float16), np.zeros((1, 1, 6, 16), np.float16)
LSE = np.zeros((1, 2, 8), np.float32)
GIVEN: dict[str, Any] = {"q": Q, "k": K, "v": K, "o": Q, "lse": LSE, "d_o": Q}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "O of other queries": ({"o": Q[:, :, :7]}, "o must have shape (1, 2, 8, 16), as q has (1, 2, 8, 16), got (1, 2, 7, 16); give what goes with q"),
    "dO as K": ({"d_o": K}, "d_o must have shape (1, 2, 8, 16), as q has (1, 2, 8, 16), got (1, 1, 6, 16); give what goes with q"),
    "LSE with a last axis": ({"lse": LSE[..., None]}, "lse must have shape (1, 2, 8), as q has (1, 2, 8, 16), got (1, 2, 8, 1); give what goes with q"),
    "LSE in float16": ({"lse": LSE.astype(np.float16)}, "lse must be float32, got float16; give what flash_attention(..., return_lse=True) returned"),
    "dO in float32": ({"d_o": Q.astype(np.float32)}, "q, k, v, o and d_o must have one dtype, got q float16, k float16, v float16, o float16, d_o float32; convert them to one"),
    "K and V": ({"v": K[:, :, :5]}, "k and v must have one shape, got (1, 1, 6, 16) and (1, 1, 5, 16); give each key its value"),
    "a list": ({"lse": LSE.tolist()}, "lse must be a NumPy array or a torch tensor, got list; convert it first"),
    "deterministic": ({"deterministic": 1}, "deterministic must be true or false, got 1; give one of them"),
    "block_n": ({"block_n": 8}, "block_n must be an integer from 16 to 256, got 8; try 64"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str) -> None:
    changes, message = REFUSED[name]
    with pytest.raises(InputError) as caught:
        flash_attention_backward(**GIVEN | changes)
    assert str(caught.value) == message


def test_torch_tensors_that_are_refused(torch: ModuleType) -> None:
    q, k, lse = (torch.from_numpy(each.copy()) for each in (Q, K, LSE))
    with pytest.raises(
        InputError, match=r"q, k, v, o, lse and d_o must be arrays of one kind on one device, got q on cpu, .* lse on numpy, d_o on cpu"
    ):
        flash_attention_backward(q, k, k, q, LSE, q)
    k.requires_grad_()
    with pytest.raises(InputError, match="first derivatives only are made here, got k, v with a gradient required; detach it"):
        flash_attention_backward(q, k, k, q, lse, q)
    with torch.no_grad():
        assert flash_attention_backward(q, k, k, q, lse, q)[1].shape == k.shape
    with pytest.raises(InputError, match="deterministic must be true or false, got None"):
        flash_attention(q, k, k, deterministic=None)  # type: ignore[arg-type]


def test_a_contiguous_copy_too_large_for_int32() -> None:
    """Nothing so large is allocated: a row that is repeated by steps of zero is refused before it is copied."""
    far = np.lib.stride_tricks.as_strided(np.zeros(16, np.float16), (1, 1, 2**28, 16), (0, 0, 0, 2))
    with pytest.raises(InputError, match=r"k must keep offsets within a head below 2\^31 elements, got 4,294,967,296"):
        flash_attention_backward(Q[:, :1], far, far, Q[:, :1], LSE[:, :1], Q[:, :1])
