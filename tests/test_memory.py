"""The IO model. The closed forms are also recounted here by plain loops over tiles, and against the papers' own formulas."""

from __future__ import annotations

import pytest
from hypothesis import given

from flashviz.config import AttentionConfig
from flashviz.errors import ConfigError
from flashviz.forms import closed_form, compulsory, hbm_extra
from flashviz.memory import sram_peak, tile_bytes, traffic
from flashviz_kernels import record
from tests.strategies import configs

KIB = 1024


@given(configs())
def test_fa2_by_counting(config: AttentionConfig) -> None:
    c, row = config, config.head_dim * config.itemsize
    read = written = 0
    for i in range(c.row_blocks):
        rows = min(c.block_m, c.seq_q - i * c.block_m)
        read += rows * row
        written += rows * row + rows * 4
        for j in c.key_tiles(i):
            read += 2 * min(c.block_n, c.seq_k - j * c.block_n) * row
    form = closed_form(config, "fa2")
    assert (form.total_read, form.total_written) == (c.batch * c.heads * read, c.batch * c.heads * written)


@given(configs())
def test_fa1_by_counting(config: AttentionConfig) -> None:
    c, row = config, config.head_dim * config.itemsize
    read, written = 0, c.seq_q * (row + 8)
    for j in range(c.col_blocks):
        read += 2 * min(c.block_n, c.seq_k - j * c.block_n) * row
        for i in range(c.row_blocks):
            if j in c.key_tiles(i):
                rows = min(c.block_m, c.seq_q - i * c.block_m)
                read += rows * (2 * row + 8)
                written += rows * (row + 8)
    form = closed_form(config, "fa1")
    assert (form.total_read, form.total_written) == (c.batch * c.heads * read, c.batch * c.heads * written)


def test_the_papers_formulas() -> None:
    """One head, not causal, e bytes an element, T_r row blocks, T_c column blocks: TRACE, "The trace"."""
    c = AttentionConfig(seq_q=200, seq_k=120, block_m=32, block_n=64, head_dim=40)
    n_q, n_k, d, e, t_r, t_c = 200, 120, 40, 2, 7, 2
    fa2, fa1, standard = closed_form(c, "fa2"), closed_form(c, "fa1"), closed_form(c, "standard")
    assert (fa2.total_read, fa2.total_written) == (n_q * d * e + 2 * t_r * n_k * d * e, n_q * d * e + 4 * n_q)
    assert fa1.total_read == 2 * n_k * d * e + t_c * (2 * n_q * d * e + 8 * n_q)
    assert fa1.total_written == (t_c + 1) * (n_q * d * e + 8 * n_q)
    assert standard.total_read == n_q * d * e + 2 * t_r * n_k * d * e + 2 * n_q * n_k * e
    assert standard.total_written == 2 * n_q * n_k * e + n_q * d * e


def test_standard_and_fa2_differ_by_scores_weights_and_lse() -> None:
    c = AttentionConfig(seq_q=130, seq_k=70, heads=2)
    standard, fa2 = closed_form(c, "standard"), closed_form(c, "fa2")
    scores = 2 * 130 * 70 * 2
    assert standard.total - fa2.total == 4 * scores - 2 * 130 * 4
    assert {t: standard.read[t] for t in "QKV"} == {t: fa2.read[t] for t in "QKV"}


def test_the_figures_of_the_default_film() -> None:
    """FACTS: 3,200 KiB in equal tiling, 2,304 with a perfect cache, 1,154 for FlashAttention-2; 400 tiles against 144 1/4."""
    c = AttentionConfig()
    assert [closed_form(c, "standard").total, compulsory(c, "standard").total, closed_form(c, "fa2").total] == [
        3200 * KIB, 2304 * KIB, 1154 * KIB,
    ]  # fmt: skip
    assert (3200 / 8, 2304 / 8, 1154 / 8) == (400, 288, 144.25)
    assert compulsory(c, "standard").total == (4 * 512 * 64 + 4 * 512 * 512) * 2


def test_the_honest_ratio() -> None:
    """FACTS 9: N = 192, causal, 64 x 64 tiles: 18 tiles of 8 KiB and 768 B of LSE."""
    c = AttentionConfig(seq_q=192, causal=True)
    assert closed_form(c, "fa2").total == 18 * 8 * KIB + 768
    assert compulsory(c, "standard").total == 393_216


def test_loop_orders_on_a_grid_of_64_by_64() -> None:
    """FACTS 9: causal, FA1 -> FA2 saves 65 x on O, 1.49 x on the tiles of Q, K, V and O."""
    c = AttentionConfig(seq_q=1024, block_m=16, block_n=16, head_dim=16, causal=True)
    tile = tile_bytes(c)["Q"]
    fa1, fa2 = (
        {t: form.read.get(t, 0) + form.written.get(t, 0) for t in "QKVO"} for form in (closed_form(c, "fa1"), closed_form(c, "fa2"))
    )
    assert fa1["O"] / fa2["O"] == 65 + 1  # the initialisation of O, which FACTS leaves out, is the 66th
    assert (sum(fa1.values()) // tile - 64, sum(fa2.values()) // tile) == (6368, 4288)


@given(configs())
def test_a_perfect_cache_is_never_worse(config: AttentionConfig) -> None:
    for algorithm in ("standard", "fa1", "fa2"):
        form, least = closed_form(config, algorithm), compulsory(config, algorithm)
        assert all(least.read.get(t, 0) <= n for t, n in form.read.items())
        assert all(least.written[t] <= n for t, n in form.written.items())


def test_extra_memory() -> None:
    c = AttentionConfig(seq_q=512, heads=2)
    extra = {algorithm: hbm_extra(c, algorithm) for algorithm in ("standard", "fa1", "fa2")}
    assert extra == {"standard": 2 * 2 * 512 * 512 * 2, "fa1": 2 * 2 * 512 * 4, "fa2": 2 * 512 * 4}
    with pytest.raises(ConfigError, match="algorithm must be one of fa1, fa2, standard, got 'fa3'"):
        hbm_extra(c, "fa3")


def test_tiles_and_peak_at_the_default() -> None:
    c = AttentionConfig()
    sizes = tile_bytes(c)
    assert (sizes["Q"], sizes["S"], sizes["ACC"], sizes["M"]) == (8 * KIB, 16 * KIB, 16 * KIB, 256)
    peak = sizes["Q"] + sizes["V"] + sizes["P"] + sizes["ACC"] + 3 * sizes["M"]  # when V_j has arrived
    assert sram_peak(record(c, source="numpy")) == peak == 49_920


def test_traffic_of_an_empty_walk() -> None:
    c = AttentionConfig(seq_q=20, seq_k=0)
    moved = traffic(record(c, source="numpy"))
    assert (moved.read, moved.written) == ({"Q": 20 * 128}, {"O": 20 * 128, "LSE": 80})
