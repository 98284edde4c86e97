"""What is wrong on purpose is wrong, and no more than that; another order of key tiles changes no result."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from flashviz.cli import main
from flashviz.config import AttentionConfig
from flashviz.errors import UsageError
from flashviz.forms import closed_form
from flashviz.forms.fa2 import NO_RESCALE
from flashviz.memory import traffic
from flashviz.settings import load_settings
from flashviz.trace import Kind, Trace, replay, state_at
from flashviz_kernels.altered import in_order, shuffled, without_rescale
from flashviz_kernels.recorder import run
from flashviz_kernels.reference import max_error, naive, tolerance
from flashviz_kernels.verify import verify

CONFIG = AttentionConfig(seq_q=128, seq_k=160, head_dim=32, block_m=32, block_n=32)
RAGGED = AttentionConfig(causal=True, seq_q=70, seq_k=90, heads=4, kv_heads=2, head_dim=16, block_m=32, block_n=16)


def truth(config: AttentionConfig, trace: Trace) -> np.ndarray:
    return naive(*trace.inputs, scale=config.scale, causal=config.causal)[0]


@pytest.mark.parametrize("config", [CONFIG, RAGGED])
def test_in_the_usual_order_it_is_the_twin(config: AttentionConfig) -> None:
    ours, twin = in_order(config, range(config.col_blocks)), run(config, source="numpy")
    assert ours.trace.hash == twin.trace.hash
    assert ours.o == pytest.approx(twin.o, abs=2e-3)
    assert ours.lse is not None
    assert twin.lse is not None
    assert ours.lse == pytest.approx(twin.lse, abs=1e-5)


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), causal=st.booleans(), n=st.integers(17, 130), tile=st.sampled_from([16, 32]))
def test_any_order_gives_the_same_result_for_the_same_bytes(seed: int, causal: bool, n: int, tile: int) -> None:
    config = AttentionConfig(seq_q=n, seq_k=n + 9, head_dim=16, block_m=32, block_n=tile, causal=causal)
    order = np.random.default_rng(seed).permutation(config.col_blocks).tolist()
    ran = in_order(config, order)
    assert max_error(ran.o, truth(config, ran.trace)) <= tolerance(ran.trace.inputs, config).output
    assert traffic(ran.trace) == closed_form(config, "fa2")
    first = [event.j for event in ran.trace if event.kind == Kind.LOAD_K and event.pid_m == config.row_blocks - 1]
    assert first == [j for j in order if j in config.key_tiles(config.row_blocks - 1)]


def test_an_order_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match=r"order must name each of 5 key tiles once, got \[0, 1, 1, 2, 3\]; shuffle range\(5\)"):
        in_order(CONFIG, [0, 1, 1, 2, 3])


def test_without_the_rescale_a_row_is_wrong_exactly_where_its_max_rises_and_the_past_counts() -> None:
    ran, right = without_rescale(CONFIG), run(CONFIG, source="numpy", snapshots=[(i, 0) for i in range(4)])
    allowed = tolerance(ran.trace.inputs, CONFIG).output
    errors = np.abs(ran.o[0, 0].astype(np.float64) - truth(CONFIG, ran.trace)[0, 0]).max(axis=-1)
    seen = set()
    for program in right.trace.programs:
        values = replay(right.trace, program)
        rises = np.any(values.alpha[1:] < 1, axis=0).tolist()
        for row, rises_here in zip(range(*values.rows), rises, strict=True):
            seen.add(rises_here)
            if not rises_here:
                assert errors[row] <= allowed
    assert seen == {True, False}
    assert errors.max() > 10 * allowed
    assert traffic(ran.trace) == closed_form(CONFIG, "fa2")
    assert not np.isin(ran.trace.columns["kind"], Kind.RESCALE_ACC).any()


def test_its_values_are_those_that_went_wrong() -> None:
    """l after a tile is l before it and the new terms: nothing of the past has shrunk."""
    trace = without_rescale(CONFIG).trace
    values = replay(trace, (1, 0))
    added = np.nansum(values.p, axis=-1)
    assert values.source == "snapshot"
    assert values.l_new == pytest.approx(values.l_old + added, rel=1e-5)
    written = state_at(trace, len(trace)).writes("O")
    assert {(box[0], box[1] // CONFIG.block_m): count for box, count in written.items()} == {(0, i): 1 for i in range(CONFIG.row_blocks)}


@given(peaks=st.lists(st.integers(-3, 3), min_size=1, max_size=8))
def test_the_shuffle_lets_the_row_rise_where_any_order_does(peaks: list[int]) -> None:
    order = shuffled(np.repeat(np.array(peaks, np.float32), 4), 4)
    assert sorted(order) == list(range(len(peaks)))
    if any(peak < max(peaks) for peak in peaks[1:]):
        assert order[0] != 0
        assert peaks[order[0]] < max(peaks)


def test_nobody_takes_it_for_the_algorithm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    small = replace(CONFIG, seq_q=64, seq_k=64)
    trace = without_rescale(small).trace
    trace.save("x.npz")
    assert Trace.load("x.npz").header.altered == NO_RESCALE
    with pytest.raises(UsageError, match=r"verify takes what an algorithm did, got a trace that was altered \(broken on purpose: "):
        verify(trace)
    said = CliRunner().invoke(main, ["verify", "x.npz"])
    assert (said.exit_code, said.stderr.count("\n")) == (2, 1)
    with pytest.raises(UsageError, match=r"got x.npz, which was altered \(broken .*; show it with flashviz player"):
        load_settings(trace="x.npz")
