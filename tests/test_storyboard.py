"""Beats: which row is followed, which beats a film has, what their captions say and how long they last."""

from __future__ import annotations

import string
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from flashviz.chapters.film import COURSE, DIGEST, DIGEST_SECONDS, EXCERPT, SCRIPT
from flashviz.config import AttentionConfig
from flashviz.figures import amount, number, quarters, total
from flashviz.forms import closed_form
from flashviz.storyboard import (
    CALM_TILES,
    FIRST_RISE,
    Follow,
    checks,
    crossed_bytes,
    facts,
    follow,
    reading,
    stored_score_tiles,
    tile_unit,
)
from flashviz.trace import replay
from flashviz_kernels.recorder import record, run

Table = Sequence[Sequence[float]]


def carried(alpha: Table, added: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """alpha [tiles, rows] and the l [tiles, rows] that it makes where each tile adds as much."""
    factors = np.array(alpha, float)
    l_new = np.zeros_like(factors)
    past = np.zeros(factors.shape[1])
    for t, factor in enumerate(factors):
        past = l_new[t] = past * factor + added
    return factors, l_new


def chosen_of(*programs: Table, added: float = 1.0) -> Follow:
    pairs = {(i, 0): carried(alpha, added) for i, alpha in enumerate(programs)}
    return follow({p: a for p, (a, _) in pairs.items()}, {p: l for p, (_, l) in pairs.items()})


# ----------------------------------------------------------------------------------------------------- the followed row


def test_row_with_two_calm_tiles_and_a_moderate_rise_is_followed() -> None:
    rows: Table = [[0, 0, 0], [1, 0.4, 1], [1, 1, 1], [1, 1, 0.4], [1, 1, 1]]
    assert chosen_of(rows) == Follow((0, 0), 2, "rise", 3, None)


def test_rise_at_tile_one_or_two_is_no_rise_of_the_rule() -> None:
    found = chosen_of([[0, 0], [0.4, 1], [1, 0.4], [1, 1]])
    assert found.rule == "variation"


@pytest.mark.parametrize(("alpha", "rule"), [(0.24, "variation"), (0.25, "rise"), (0.5, "rise"), (0.51, "variation")])
def test_first_rise_lies_between_a_quarter_and_a_half(alpha: float, rule: str) -> None:
    assert chosen_of([[0], [1], [1], [alpha], [1]]).rule == rule


def test_row_at_whose_second_rise_l_falls_is_preferred() -> None:
    rows: Table = [[0, 0], [1, 1], [1, 1], [0.4, 0.4], [1, 1], [0.9, 0.2]]
    assert chosen_of(rows) == Follow((0, 0), 1, "rise", 3, 5)


def test_second_rise_is_one_at_which_l_falls_where_there_is_one() -> None:
    rows: Table = [[0], [1], [1], [0.4], [0.9], [0.2]]
    assert chosen_of(rows).later == 5
    assert chosen_of([[0], [1], [1], [0.4], [0.95], [0.99]], added=9.0).later == 4


def test_earlier_program_is_followed_so_that_less_is_swept() -> None:
    calm: Table = [[0], [1], [1], [1]]
    rise: Table = [[0], [1], [1], [0.4]]
    assert chosen_of(calm, rise, rise).program == (1, 0)


def test_without_a_fitting_row_the_most_variation_is_followed() -> None:
    rows: Table = [[0, 0, 0], [0.9, 0.6, 1], [1, 0.6, 0.1]]
    assert chosen_of(rows) == Follow((0, 0), 2, "variation", 2, None)
    assert chosen_of([[0, 0], [0.9, 0.2], [1, 0.2]]) == Follow((0, 0), 1, "variation", 1, 2)


def test_where_nothing_rises_the_first_row_that_sees_a_key_is_followed() -> None:
    assert chosen_of([[0, 0], [1, 1], [1, 1]]) == Follow((0, 0), 0, "calm", None, None)
    assert chosen_of([[0, 0]]) == Follow((0, 0), 0, "calm", None, None)
    empty, masked = np.zeros((0, 2)), np.zeros((1, 2))
    seen = np.array([[0.0, 1.0]])
    programs = {(0, 0): empty, (1, 0): masked, (2, 0): masked}
    assert follow(programs, {(0, 0): empty, (1, 0): masked, (2, 0): seen}) == Follow((2, 0), 1, "calm", None, None)


def test_masked_rows_do_not_rise() -> None:
    """alpha is e^(-inf - 0) = 0 where a row has seen no key, and l is 0."""
    alpha = np.zeros((4, 2))
    alpha[1:, 1] = 1.0
    l_new = np.array([[0.0, 1.0]] * 4)
    assert follow({(0, 0): alpha}, {(0, 0): l_new}) == Follow((0, 0), 1, "calm", None, None)


def test_rise_so_steep_that_alpha_is_zero_is_still_a_rise() -> None:
    assert chosen_of([[0], [0.0], [0.9]]) == Follow((0, 0), 0, "variation", 1, 2)


alphas = hnp.arrays(
    np.float64,
    st.tuples(st.integers(1, 7), st.integers(1, 6)),
    elements=st.sampled_from([1.0, 1.0, 1.0, 0.4, 0.3, 0.9, 0.05, 0.0]),
)


@given(st.lists(alphas, min_size=1, max_size=4))
def test_followed_rise_is_the_rows_first_and_nothing_rose_before(factors: list[np.ndarray]) -> None:
    pairs = {(i, 0): carried(alpha.tolist()) for i, alpha in enumerate(factors)}
    found = follow({p: a for p, (a, _) in pairs.items()}, {p: l for p, (_, l) in pairs.items()})
    alpha = pairs[found.program][0]
    rises = [t for t in range(1, len(alpha)) if alpha[t, found.row] < 1]
    assert found.rise == (rises[0] if rises else None)
    assert found.later is None or found.later in rises[1:]
    assert (found.rule == "calm") == all((a[1:] == 1).all() for a, _ in pairs.values())
    if found.rule == "rise":
        assert found.rise is not None
        assert found.rise > CALM_TILES
        assert FIRST_RISE[0] <= alpha[found.rise, found.row] <= FIRST_RISE[1]


def test_digits_check_only_where_they_do_by_hand() -> None:
    assert checks(10.0, 0.5, 8.0)  # 10.00 x 0.500 = 5.00, + 3.00 = 8.00
    assert not checks(32.444, 0.38249, 20.0)  # 32.44 x 0.382 = 12.39, yet 12.41


@pytest.fixture(scope="module")
def default() -> AttentionConfig:
    return AttentionConfig()


def test_default_film_follows_a_row_of_the_first_program_whose_digits_check(default: AttentionConfig) -> None:
    trace = record(default, source="numpy")
    seen = {p: replay(trace, p) for p in trace.programs}
    found = follow({p: v.alpha for p, v in seen.items()}, {p: v.l_new for p, v in seen.items()})
    values = seen[found.program]
    assert found.rule == "rise"
    assert found.rise is not None
    assert found.program == (0, 0), "another program means that programs before it are swept"
    assert found.later is not None
    t, row = found.rise, found.row
    assert checks(values.l_old[t, row], values.alpha[t, row], values.l_new[t, row])
    assert values.l_new[found.later, row] < values.l_new[found.later - 1, row], "l even falls"


# ------------------------------------------------------------------------------------------------------------ the board

ROSE, CALM = Follow((0, 0), 3, "rise", 3, 5), Follow((0, 0), 0, "calm", None, None)


def test_digest_lasts_a_minute_and_the_film_four_and_a_quarter_at_most() -> None:
    assert 180 <= sum(beat.seconds for beat in SCRIPT) <= 255
    assert sum(beat.seconds for beat in DIGEST) == pytest.approx(60, abs=1)


def test_beats_have_names_and_titles_of_their_own_and_time_to_be_read() -> None:
    for script in (SCRIPT, DIGEST):
        assert len({beat.name for beat in script}) == len(script)
        for beat in script:
            assert reading(beat.caption) < beat.seconds, beat.name
            assert beat.title, beat.name
            assert len(beat.caption) <= 60, beat.name
    assert all(beat.caption.endswith("?") for beat in SCRIPT if beat.pause)


def test_beats_of_the_course_and_of_the_excerpt_are_the_films_in_its_order() -> None:
    names = [beat.name for beat in SCRIPT]
    for some in (EXCERPT, COURSE, DIGEST_SECONDS):
        assert [name for name in names if name in some] == list(some)


def test_captions_have_no_number_of_their_own() -> None:
    """Every digit comes through a brace, but for the 1 of a ceiling and of alpha = 1."""
    for beat in (*SCRIPT, *DIGEST):
        typed = "".join(text for text, *_ in string.Formatter().parse(beat.caption))
        assert not set("023456789") & set(typed), beat.caption


# --------------------------------------------------------------------------------------------------- what captions say


@settings(deadline=None, max_examples=12)
@given(
    n_q=st.integers(1, 200),
    n_k=st.integers(1, 200),
    block_m=st.sampled_from([16, 32, 64]),
    block_n=st.sampled_from([16, 32, 64]),
    causal=st.booleans(),
    heads=st.integers(1, 2),
)
def test_facts_are_the_traces(n_q: int, n_k: int, block_m: int, block_n: int, causal: bool, heads: int) -> None:
    config = AttentionConfig(heads=heads, seq_q=n_q, seq_k=n_k, head_dim=16, block_m=block_m, block_n=block_n, causal=causal)
    fa2, standard = record(config, source="numpy"), record(config, source="numpy", algorithm="standard")
    seen = {p: replay(fa2, p) for p in fa2.programs if config.key_tiles(p[0])}
    found = follow({p: v.alpha for p, v in seen.items()}, {p: v.l_new for p, v in seen.items()})
    values = seen[found.program]
    said = facts(fa2, standard, found, values, errors={"flash": 1e-4, "standard": 2e-4})
    model = [closed_form(config, "standard").total, closed_form(config, "fa2").total]
    assert [crossed_bytes(standard), crossed_bytes(fa2)] == model
    unit = min(block_n, n_k) * 16 * 2
    assert tile_unit(fa2) == unit
    assert said["standard_tiles"] == quarters(model[0] / unit)
    assert said["flash_tiles"] == quarters(model[1] / unit)
    assert said["ratio"] == f"{model[0] / model[1]:.1f}"
    assert said["scores_bytes"] == amount(2 * heads * n_q * n_k * 2)
    assert stored_score_tiles(standard) == 2 * heads * -(-n_q // block_m) * -(-n_k // block_n)
    assert stored_score_tiles(fa2) == 0
    assert said["programs"] == f"{heads * -(-n_q // block_m):,}"
    assert said["m0"] == number(values.m_new[0, found.row])
    if found.rise is not None:
        t, row = found.rise, found.row
        alpha = np.exp(np.float64(values.m_old[t, row]) - np.float64(values.m_new[t, row]))
        assert said["alpha"] == number(float(values.alpha[t, row]))
        assert abs(alpha - values.alpha[t, row]) < 1e-5
        assert said["l_new"] == total(values.l_new[t, row])
        assert abs(values.l_old[t, row] * alpha + np.nansum(values.p[t, row]) - values.l_new[t, row]) < 1e-3


def test_default_bill_is_the_storyboards(default: AttentionConfig) -> None:
    """N = 512, d = 64, 64 x 64, fp16: 3,200 KiB against 1,154; 400 tiles against 144 1/4; 2.8 x; 1 MiB of scores."""
    fa2 = record(default, source="numpy")
    standard = run(default, source="numpy", algorithm="standard").trace
    values = replay(fa2, (0, 0))
    said = facts(fa2, standard, CALM, values, errors={"flash": 0.0, "standard": 0.0})
    assert (said["standard_tiles"], said["flash_tiles"], said["ratio"]) == ("400", "144 1/4", "2.8")
    assert (said["scores_bytes"], said["stored"], said["scores"]) == ("1 MiB", "128", "4,096")
    assert (said["tile"], said["unit"], said["programs"]) == ("64 × 64", "8 KiB", "8")


def test_tiles_of_two_shapes_are_both_named() -> None:
    config = AttentionConfig(seq_q=40, seq_k=256, head_dim=64, block_m=128, block_n=64)
    fa2 = record(config, source="numpy")
    standard = record(config, source="numpy", algorithm="standard")
    said = facts(fa2, standard, CALM, replay(fa2, (0, 0)), errors={"flash": 0.0, "standard": 0.0})
    assert (said["tile_q"], said["tile_k"]) == ("40 × 64", "64 × 64")
    assert (said["unit_q"], said["unit_k"]) == ("5 KiB", "8 KiB")
