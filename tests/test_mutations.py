"""The checks bite: kernels that are wrong break the tolerance, kernels and traces that lie differ from the twin."""

# ruff: noqa: E501  # messages and replacements stand whole, one case a line

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from flashviz.config import AttentionConfig
from flashviz.errors import FlashvizError, TraceError
from flashviz.inputs import make_inputs
from flashviz.trace import COMPARED, Trace
from flashviz_kernels import record
from flashviz_kernels.modes import installed, load_kernel
from flashviz_kernels.reference import max_error, naive, tolerance
from flashviz_kernels.verify import agree, verify
from tests.kernels import columns_of, event_rows, mutant, outputs

pytestmark = pytest.mark.skipif(not installed(), reason="the kernel is interpreted where triton is installed")

PLAIN = AttentionConfig(seq_q=96, block_m=32, block_n=32, head_dim=32)
CAUSAL = AttentionConfig(seq_q=70, seq_k=100, block_m=32, block_n=32, head_dim=32, causal=True)
RAGGED = AttentionConfig(seq_q=40, seq_k=72, block_m=32, block_n=32, head_dim=40)
GROUPED = AttentionConfig(heads=4, kv_heads=2, seq_q=64, block_m=32, block_n=32, head_dim=32)
DTYPES = ("float16", "bfloat16", "float32")

RESCALE = "acc = acc * alpha[:, None]"
INVERSE = "acc = acc * tl.where(alpha == 0.0, 0.0, 1.0 / tl.where(alpha == 0.0, 1.0, alpha))[:, None]"
WALK = "tl.range(full * MASKED, visited if MASKED else full, num_stages=STAGES)"

WRONG = {
    "no rescale of acc": (PLAIN, RESCALE, "acc = acc * 1.0"),
    "the paper's inverse alpha": (PLAIN, RESCALE, INVERSE),
    "no rescale of l": (PLAIN, "l_i = l_i * alpha + tl.sum(p, 1)", "l_i = l_i + tl.sum(p, 1)"),
    "the first tile dropped": (PLAIN, WALK, "tl.range(full * MASKED + 1 - MASKED, visited if MASKED else full)"),
    "the last tile dropped": (PLAIN, WALK, "tl.range(full * MASKED, visited if MASKED else full - 1)"),
    "the diagonal dropped": (CAUSAL, WALK, "tl.range(full * MASKED, full, num_stages=STAGES)"),
    "the ragged tile unmasked": (RAGGED, "seen = cols[None, :] < N_K", "seen = cols[None, :] < N_K + BLOCK_N"),
    "the max of the last tile only": (PLAIN, "m_i = m_new\n", "m_i = tl.max(s, 1)\n"),
    "no scale": (PLAIN, "input_precision=PRECISION) * sm_scale", "input_precision=PRECISION)"),
    "top-left causal": (CAUSAL, "seen &= rows[:, None] + N_K - N_Q >= cols[None, :]", "seen &= rows[:, None] >= cols[None, :]"),
    "one key too few": (CAUSAL, "seen &= rows[:, None] + N_K - N_Q >=", "seen &= rows[:, None] + N_K - N_Q >"),
    "another head's keys": (GROUPED, "h_kv = h // (H // H_KV)", "h_kv = h % H_KV"),
    "O not normalised": (PLAIN, "acc = acc / l_use[:, None]", "acc = acc * 1.0"),
    "LSE without its max": (PLAIN, "m_i + tl.log(l_use))", "tl.log(l_use))"),
}


def broken(kernel: object, config: AttentionConfig) -> bool:
    """Whether the outputs lie outside the tolerance."""
    arrays = make_inputs(config)
    o, lse = outputs(kernel, config)
    truth, lse_truth = naive(*arrays, scale=config.scale, causal=config.causal)
    allowed = tolerance(arrays, config)
    return max_error(o, truth) > allowed.output or max_error(lse, lse_truth) > allowed.lse


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("config", [PLAIN, CAUSAL, RAGGED, GROUPED], ids=["plain", "causal", "ragged", "grouped"])
def test_the_kernel_itself_is_within_bounds(config: AttentionConfig, dtype: str) -> None:
    assert not broken(load_kernel(interpreted=True), AttentionConfig(**config.to_dict() | {"dtype": dtype}))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_kernel_breaks_the_tolerance(name: str, dtype: str, tmp_path: Path) -> None:
    config, old, new = WRONG[name]
    with mutant(tmp_path, (old, new)) as kernel:
        assert broken(kernel, AttentionConfig(**config.to_dict() | {"dtype": dtype}))


LIES = {
    "another tile": ("trace(trace_events, LOAD_K, step, pid, j, c0, c1, 0, D, CLOCK)", "trace(trace_events, LOAD_K, step, pid, j + 1, c0, c1, 0, D, CLOCK)"),
    "more rows": ("trace(trace_events, LOAD_V, step, pid, j, c0, c1, 0, D, CLOCK)", "trace(trace_events, LOAD_V, step, pid, j, c0, c0 + BLOCK_N, 0, D, CLOCK)"),
    "another kind": ("trace(trace_events, SOFTMAX_L,", "trace(trace_events, SOFTMAX_M,"),
    "a padded head dim": ("trace(trace_events, STORE_O, step, pid, -1, r0, r1, 0, D, CLOCK)", "trace(trace_events, STORE_O, step, pid, -1, r0, r1, 0, BLOCK_D, CLOCK)"),
    "a mask on every tile": ("                if TRACE:\n                    step = trace(trace_events, MASK", "            if TRACE:\n                step = trace(trace_events, MASK"),
}  # fmt: skip


@pytest.mark.parametrize("name", LIES)
def test_a_kernel_that_lies_differs_from_the_twin(name: str, tmp_path: Path) -> None:
    twin = record(RAGGED, source="numpy")
    with mutant(tmp_path, LIES[name]) as kernel:
        told = columns_of(event_rows(kernel, RAGGED), RAGGED)
    same = len(told["kind"]) == len(twin) and all(np.array_equal(told[column], twin.columns[column]) for column in COMPARED)
    assert not same


def test_the_honest_kernel_does_not_differ(tmp_path: Path) -> None:
    twin = record(RAGGED, source="numpy")
    with mutant(tmp_path) as kernel:
        told = columns_of(event_rows(kernel, RAGGED), RAGGED)
    assert all(np.array_equal(told[column], twin.columns[column]) for column in COMPARED)


def test_steps_that_skip_are_an_overwritten_buffer(tmp_path: Path) -> None:
    with (
        mutant(tmp_path, ("    return step + 1", "    return step + 1 + (step == 3)")) as kernel,
        pytest.raises(FlashvizError, match="steps 0, 1, 2"),
    ):
        columns_of(event_rows(kernel, PLAIN), PLAIN)


# ----------------------------------------------------------------------------------------------------------------- traces


@pytest.fixture(scope="module")
def honest() -> Trace:
    return record(CAUSAL, source="numpy", snapshots=[(1, 0)], stats=True)


UNREAD = {  # files that are not even read
    "pid_bh": "expected pid_bh from 0 to 0, got .* with pid_bh 1",  # there is one head
    "step": "expected steps that count 0, 1, 2, ... in a program, got others",
    "pid_m": "expected a program's events together, got others",
}


@pytest.mark.parametrize("column", COMPARED)
def test_one_changed_event_fails_the_file(column: str, honest: Trace, tmp_path: Path) -> None:
    honest.save(tmp_path / "t.npz")
    lying = Trace.load(tmp_path / "t.npz")
    assert verify(lying).ok
    lying.columns[column] = lying.columns[column].copy()
    lying.columns[column][len(lying) // 2] += 1
    lying.save(tmp_path / "lie.npz")
    if column in UNREAD:
        with pytest.raises(TraceError, match=UNREAD[column]):
            Trace.load(tmp_path / "lie.npz")
    found = verify(lying if column in UNREAD else Trace.load(tmp_path / "lie.npz"))
    assert found.file_equals_recording is False
    assert not found.ok


@pytest.mark.parametrize("name", ["m", "l", "alpha", "s", "p", "acc"])
def test_one_changed_value_fails_the_file(name: str, honest: Trace, tmp_path: Path) -> None:
    honest.save(tmp_path / "t.npz")
    lying = Trace.load(tmp_path / "t.npz")
    values = getattr(lying.snapshots[1, 0], name).copy()
    values[1, 3] += np.float32(0.02) * (1 + np.abs(values[1, 3]))
    lying.snapshots[1, 0] = replace(lying.snapshots[1, 0], **{name: values})
    assert not agree(lying, honest)
    assert not verify(lying).ok


def test_other_inputs_fail_the_file(honest: Trace) -> None:
    import msgspec

    header = msgspec.structs.replace(honest.header, inputs_hash="0" * 64)
    assert not verify(Trace(header, honest.columns)).ok
