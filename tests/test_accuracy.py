"""The grid of truth: kernel and twins against float64 and torch, over the shapes that FlashAttention's own tests run."""

from __future__ import annotations

import importlib.util
import re
from dataclasses import replace
from functools import lru_cache
from itertools import combinations, product
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from flashviz.config import AttentionConfig
from flashviz.inputs import numpy_dtype
from flashviz_kernels import flash_attention_backward, twins
from flashviz_kernels.algorithm import Bound, Named
from flashviz_kernels.algorithms import find
from flashviz_kernels.attending import problem_of
from flashviz_kernels.attention import attend
from flashviz_kernels.modes import installed, load_kernel
from flashviz_kernels.recorder import run
from flashviz_kernels.reference import causal_mask, largest_score, max_error, naive, rounding, tolerance
from tests.conftest import ROOT
from tests.grid import SHAPES, VARIATIONS, Cell, all_pairs, allowed, backward_cells, cells, points, truth

HEADROOM = re.compile(r"^\| (\w+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|$", re.MULTILINE)
needs_triton = pytest.mark.skipif(not installed(), reason="the kernel is interpreted where triton is installed")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """By their scope pytest runs all tests of a cell one after another: truth and tolerance are computed once."""
    if "cell" in metafunc.fixturenames:
        metafunc.parametrize("cell", cells(full=metafunc.config.getoption("--full-grid")), ids=str, scope="module")
    if "backward_cell" in metafunc.fixturenames:
        metafunc.parametrize("backward_cell", backward_cells(full=metafunc.config.getoption("--full-grid")), ids=str, scope="module")


@pytest.fixture(scope="module")
def torch() -> ModuleType:
    if installed():
        load_kernel(interpreted=True)  # before torch may import triton its own way
    module: ModuleType = pytest.importorskip("torch", reason="torch is compared with where it is installed")
    return module


@lru_cache(maxsize=1)
def headroom() -> dict[tuple[str, str], float]:
    """What docs/accuracy.md says: the largest error over tolerance, by implementation and dtype."""
    rows = HEADROOM.findall((ROOT / "docs" / "accuracy.md").read_text(encoding="utf-8"))
    return {(name, dtype): float(share) for name, *shares in rows for dtype, share in zip(SHAPES["dtype"], shares, strict=True)}


# ------------------------------------------------------------------------------------------------------------------ the grid


ROUNDED = {"standard": {"rounded_scores": True}, "fa1": {"rounded_output": True}}  # what a tolerance has room for besides


def judge(name: str, cell: Cell, o: np.ndarray, lse: np.ndarray | None) -> None:
    """O and LSE lie within the share of the tolerance that the page states."""
    _, o64, lse64 = truth(cell.config)
    most = allowed(cell.config, **ROUNDED.get(name, {}))
    assert np.isfinite([most.output, most.lse]).all()
    assert o.dtype == numpy_dtype(cell.dtype)
    assert max_error(o, o64) <= headroom()[name, cell.dtype] * most.output
    if lse is not None:
        assert max_error(lse, lse64) <= headroom()[name, cell.dtype] * most.lse


@needs_triton
def test_the_kernel(cell: Cell) -> None:
    """And, where torch is there, the criterion of FlashAttention's own tests: at most twice torch's error, plus one rounding."""
    arrays, o64, _ = truth(cell.config)
    o, lse = attend(*arrays, problem_of(cell.config))
    judge("kernel", cell, o, lse)
    if importlib.util.find_spec("torch") is None or not cell.config.seq_k:
        return
    import torch

    theirs, _ = torch_attention(torch, cell, getattr(torch, cell.dtype))
    slack = rounding(o64, numpy_dtype(cell.dtype))
    if cell.dtype == "float32":  # a float32 score is off by eps |S|, and so is its weight
        slack += unit(np.dtype(np.float32)) * largest_score(*arrays[:2], cell.config.scale) * float(np.abs(arrays[2]).max())
    assert max_error(o, o64) <= 2 * max_error(theirs, o64) + slack


@pytest.mark.parametrize("algorithm", ["fa2", "fa1", "standard"])
def test_the_twins(algorithm: str, cell: Cell) -> None:
    ran = run(cell.config, source="numpy", algorithm=algorithm)
    assert (ran.lse is None) == (algorithm == "standard")
    judge(algorithm, cell, ran.o, ran.lse)


def test_standard_given_the_scores_that_it_stored(cell: Cell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stored scores of 1e4 are off by units, so O may be anything; but S must be the nearest to S64, and O what follows from S.

    The second is attention again: its queries are the rows of S, its keys unit vectors.
    """
    stored: list[np.ndarray] = []
    first_pass = twins._scores

    def scores(*arguments: Any) -> np.ndarray:
        stored.append(first_pass(*arguments))
        return stored[-1]

    config, dtype = cell.config, numpy_dtype(cell.dtype)
    (q, k, v), _, _ = truth(config)
    find("standard")  # which names the functions of its twin when it is first asked for: not the one that stands in
    monkeypatch.setattr(twins, "_scores", scores)
    o = run(config, source="numpy", algorithm="standard").o
    s = np.concatenate(stored, axis=-2).reshape(*q.shape[:3], config.seq_k)
    s64 = q.astype(np.float64) @ np.repeat(k, config.group, axis=1).astype(np.float64).swapaxes(-1, -2) * config.scale
    unseen = ~causal_mask(config.seq_q, config.seq_k) if config.causal else np.zeros(s.shape[-2:], bool)
    assert (s[..., unseen] == -np.inf).all()
    sums = config.head_dim * 2.0**-24 * largest_score(np.abs(q), np.abs(k), config.scale)  # of a float32 dot product: gamma_d |q| |k|
    seen, seen64 = s[..., ~unseen].astype(np.float64), s64[..., ~unseen]
    assert (np.abs(seen - seen64) <= unit(dtype) / 2 * np.abs(seen64) * (1 + unit(dtype)) + sums + tiny(dtype)).all()
    rows = np.where(unseen, dtype.type(0), s)
    keys = np.broadcast_to(np.eye(config.seq_k, dtype=dtype), (*k.shape[:2], config.seq_k, config.seq_k))
    o64, _ = naive(rows, keys, v, scale=1.0, causal=config.causal)
    most = tolerance((rows, keys, v), replace(config, scale=1.0), rounded_scores=True)
    assert max_error(o, o64) <= headroom()["standard", cell.dtype] * most.output


BACKWARD = pytest.mark.parametrize("algorithm", ["backward", "backward_deterministic"])


@lru_cache(maxsize=4)
def true_gradients(config: AttentionConfig) -> tuple[Named, Named, dict[str, Bound]]:
    """What the backward pass is given, dQ, dK and dV in float64, and their tolerance: the same of both algorithms."""
    algorithm = find("backward")
    given = algorithm.inputs(config)
    return given, algorithm.reference(given, config), algorithm.tolerance(given, config)


def judge_gradients(algorithm: str, cell: Cell, outputs: Named) -> None:
    """dQ, dK and dV lie within the share of the tolerance that the page states."""
    _, truth64, allowed = true_gradients(cell.config)
    for name, expected in truth64.items():
        assert np.isfinite(allowed[name].allowed)
        assert outputs[name].dtype == numpy_dtype(cell.dtype)
        assert max_error(outputs[name], expected) <= headroom()[algorithm, cell.dtype] * allowed[name].allowed, name


@needs_triton
@BACKWARD
def test_the_kernels_of_the_backward_pass(algorithm: str, backward_cell: Cell) -> None:
    c = backward_cell.config
    given, _, _ = true_gradients(c)
    found = flash_attention_backward(
        *(given[name] for name in ("Q", "K", "V", "O", "LSE", "dO")), causal=c.causal, scale=c.scale, block_m=c.block_m, block_n=c.block_n,
        stages=c.stages, deterministic=algorithm == "backward_deterministic",
    )  # fmt: skip
    judge_gradients(algorithm, backward_cell, dict(zip(("dQ", "dK", "dV"), found, strict=True)))


@BACKWARD
def test_the_twin_of_the_backward_pass(algorithm: str, backward_cell: Cell) -> None:
    judge_gradients(algorithm, backward_cell, run(backward_cell.config, source="numpy", algorithm=algorithm).outputs)


def unit(dtype: np.dtype[np.generic]) -> float:
    """Distance of 1 to the next number of the dtype."""
    return {"float16": 2.0**-10, "bfloat16": 2.0**-7, "float32": 2.0**-23}[dtype.name]


def tiny(dtype: np.dtype[np.generic]) -> float:
    """Half the distance of subnormal numbers."""
    return 2.0**-25 if dtype == np.float16 else 0.0


# --------------------------------------------------------------------------------------------------------------------- torch


def torch_attention(torch: ModuleType, cell: Cell, dtype: Any) -> tuple[np.ndarray, np.ndarray]:
    """torch's O in ``dtype`` and LSE in float64, with an explicit mask: its ``is_causal`` is aligned top-left. Blind rows give 0, -inf."""
    config = cell.config
    q, k, v = (torch.from_numpy(array.astype(np.float64)) for array in truth(config)[0])
    rows, keys = torch.arange(config.seq_q)[:, None], torch.arange(config.seq_k)[None, :]
    seen = rows + config.seq_k - config.seq_q >= keys if config.causal else torch.ones(config.seq_q, config.seq_k, dtype=torch.bool)
    attention = torch.nn.functional.scaled_dot_product_attention
    o = attention(q.to(dtype), k.to(dtype), v.to(dtype), attn_mask=seen, scale=config.scale, enable_gqa=True)
    o = torch.where(seen.any(dim=1)[:, None], o, 0.0)  # by its version torch gives blind rows NaN or 0
    scores = q @ k.repeat_interleave(config.group, dim=1).transpose(-1, -2) * config.scale
    lse = torch.logsumexp(scores.masked_fill(~seen, -torch.inf), dim=-1)
    return o.double().numpy(), lse.numpy()


def test_the_truth_is_torchs(cell: Cell, torch: ModuleType) -> None:
    if not cell.config.seq_k:  # torch's answer to no keys differs by version; ours is tests/test_special_values.py's
        return
    _, o64, lse64 = truth(cell.config)
    o, lse = torch_attention(torch, cell, torch.float64)
    assert max_error(o64, o) <= 1e-11
    assert max_error(lse64, lse) <= 1e-10


# ---------------------------------------------------------------------------------------------------------- the grid itself


def test_every_two_values_meet() -> None:
    axes = SHAPES | VARIATIONS
    met = {frozenset(pair) for row in all_pairs(axes) for pair in combinations(row.items(), 2)}
    assert met == {frozenset(pair) for a, b in combinations(axes, 2) for pair in product(points(axes, a), points(axes, b))}


def test_pairs_are_far_fewer_than_the_product() -> None:
    axes: dict[str, Any] = {name: range(4) for name in "abcde"}
    assert 16 <= len(all_pairs(axes)) <= 24  # of 1024; the first two axes alone need 16


def test_large_scores_are_large() -> None:
    cell = next(cell for cell in cells(full=False) if cell.scores == "large" and min(cell.lengths) > 100)
    q, k, _ = truth(cell.config)[0]
    assert largest_score(q, k, cell.config.scale) == pytest.approx(1e4)


def test_the_full_grid_has_every_shape() -> None:
    whole = cells(full=True)
    assert len({(c.lengths, c.head_dim, c.dtype, c.heads, c.causal) for c in whole}) == len(whole)
    assert {c.scores for c in whole} == set(VARIATIONS["scores"])
    assert {c.tile for c in whole} == set(VARIATIONS["tile"])
    assert {c.lengths for c in cells(full=False)} < {c.lengths for c in whole}
