"""SpeedScene: bars, squares and blocks are what the paper prints and what is counted; then the committed seconds of each N."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashviz.director.speed import TRIPS, blocks, parted
from flashviz.figures import roughly, seconds
from flashviz.layout import ASPECTS, Aspect, Rect
from flashviz.layout.speed import Chart, units
from flashviz.lettering import LABEL_PX, PX_PER_UNIT, text_width
from tests.chapters import FLASH, measured
from tests.directed import at, said, scene, shown, written
from tests.test_directed import FILMS

FILM = FILMS["speed"]
MS = {"standard": 41.7, "flash": 7.3}  # FACTS.md: Dao et al. 2022, Fig. 2 left
GB = {"standard": 40.3, "flash": 4.4}
OURS = {side: measured(method, "seconds") for side, method in (("standard", "standard"), ("flash", FLASH))}
RATIOS = [standard / flash for (_, standard), (_, flash) in zip(*OURS.values(), strict=True)]
BLOCKS = 8  # of 64 rows, or keys, in the default configuration


def wide(snapshot: Any, name: str) -> float:
    """Pixels from the left edge of a part to its right one."""
    (part,) = shown(snapshot, name)
    return (part.box[2] - part.box[0]) * PX_PER_UNIT


def test_bars_stop_where_the_paper_measured_and_are_to_scale() -> None:
    for beat in ("race", "again"):
        end = at(scene(FILM), beat)
        for side, time in MS.items():
            assert shown(end, f"bar {side}")[0].values == written([time])
            assert said(end, f"time {side}") == [f"{time} ms"]
        assert wide(end, "bar flash") == pytest.approx(wide(end, "bar standard") * MS["flash"] / MS["standard"], abs=2)


def test_every_product_has_its_block_and_s_is_made_once_more() -> None:
    """Forward S and O, backward a part each of dV, dP, dQ and dK; FlashAttention's backward pass makes S anew, where P was not kept."""
    end = at(scene(FILM), "again")
    kept = ["S", "O", "dV", "dP", "dQ", "dK"]
    assert sorted(said(end, "product")) == sorted([*kept, *kept, "S again"])
    assert (said(end, "count standard"), said(end, "count flash")) == (["6"], ["7"])
    for side, count in (("standard", 6), ("flash", 7)):
        assert shown(end, f"products {side}")[0].values == written([count])
    assert wide(end, "products flash") / wide(end, "products standard") == pytest.approx(7 / 6, abs=0.01)


def test_a_square_is_a_gigabyte_in_both_piles() -> None:
    end = at(scene(FILM), "again")
    for side, amount in GB.items():
        assert shown(end, f"bytes {side}")[0].values == written([amount])
        assert said(end, f"amount {side}") == [f"{amount} GB"]


def test_no_number_is_seen_that_was_not_measured() -> None:
    """Bars grow; a figure comes where one ends, and none in between."""
    figures = {text for text in scene(FILM).drawn_at if text.endswith((" ms", " µs", " GB")) and text[0].isdigit()}
    quoted = {f"{time} ms" for time in MS.values()} | {f"{amount} GB" for amount in GB.values()}
    assert figures == quoted | {seconds(median) for points in OURS.values() for _, median in points}


def test_s_and_p_go_out_and_come_back_in_standard_attention_alone() -> None:
    film = scene(FILM)
    standard, flash = at(film, "stored"), at(film, "kept")
    ways = {"Q in", "S out", "S back", "P out", "P back", "O out"}
    assert {item.name for item in standard.shown} & ways == ways
    assert {item.name for item in flash.shown} & ways == {"Q in", "O out"}
    for name in "SP":
        assert shown(standard, f"stored {name}")[0].values == written([BLOCKS**2])  # all of its tiles
        assert shown(flash, f"stored {name}")[0].values == "(1,) sum 0.0000 abs 0.0000 first 0.0000"
    assert said(flash, "nowhere") == ["never stored"] * 2
    assert [said(each, "who") for each in (standard, flash)] == [["standard attention"], ["FlashAttention"]]


def test_a_bar_of_bytes_grows_as_its_matrices_cross_each_tile_as_fast() -> None:
    """288 tiles of one and 32 of the other; and the pace of bytes is the same to some per cent, since 288 / 32 is near 40.3 / 4.4."""
    tiles = {side: sum(BLOCKS**2 if name in "SP" else BLOCKS for name, *_ in trips) for side, trips in TRIPS.items()}
    assert tiles == {"standard": 4 * BLOCKS**2 + 4 * BLOCKS, "flash": 4 * BLOCKS}
    pace = {side: GB[side] / tiles[side] for side in GB}
    assert pace["flash"] == pytest.approx(pace["standard"], rel=0.03)
    for beat, side in (("stored", "standard"), ("kept", "flash")):
        end = at(scene(FILM), beat)
        assert shown(end, f"bytes {side}")[0].values == written([GB[side]])
        assert said(end, f"amount {side}") == [f"{GB[side]} GB"]


def test_a_ratio_is_of_what_is_counted_here_and_of_nothing_quoted() -> None:
    assert said(at(scene(FILM), "again"), "ratio") == [f"{roughly(7 / 6)} times as many"]


def test_the_papers_figures_stand_with_their_citation_and_apart_from_ours() -> None:
    for snapshot in scene(FILM).snapshots:
        texts = " ".join(item.text for item in snapshot.shown if item.name != "caption")
        ours, timed = snapshot.beat == "measured", snapshot.beat in ("race", "again")
        assert ("Dao et al. 2022, Fig. 2 left" in texts) != ours
        assert any(f"{time} ms" in texts for time in MS.values()) == timed
        assert ("GPT-2 medium" in texts) == timed
        assert ("A100" in texts) != ours
        assert ("H100" in texts) == ours
        assert (" GB" in texts.replace("80GB", "")) == (snapshot.beat in ("stored", "kept", "again"))
        assert "66.6" not in texts
        assert "75.2" not in texts


def test_what_is_compared_is_named() -> None:
    """GPU, dtype and pass; whose kernel each is."""
    end = at(scene(FILM), "measured")
    (setting,) = said(end, "measured")
    for part in ("NVIDIA H100", "float16", "d = 64", "batch 1", "32 heads", "one forward pass"):
        assert part in setting
    assert said(end, "name side") == ["standard attention: torch", "FlashAttention: this project's kernel for Hopper"]


@pytest.mark.parametrize("aspect", ASPECTS)
def test_each_length_has_both_committed_seconds_and_columns_of_their_ratio(aspect: Aspect) -> None:
    """From the left, N growing; one unit is FlashAttention's time, the highest column is the largest ratio."""
    end = at(scene(FILM, aspect), "measured")
    for side, points in OURS.items():
        assert shown(end, f"times {side}")[0].values == written([median for _, median in points])
        assert said(end, f"time {side}") == [seconds(median) for _, median in points]
    assert [text.removeprefix("N = ") for text in said(end, "N")] == [f"{n:,.0f}" for n, _ in OURS["flash"]]
    assert said(end, "ratio") == [f"{roughly(ratio)} ×" for ratio in RATIOS]
    high = {side: shown(end, f"times {side}")[0].box[3] - shown(end, f"times {side}")[0].box[1] for side in OURS}
    assert high["standard"] == pytest.approx(high["flash"] * max(RATIOS), abs=0.011 * (1 + max(RATIOS))), "boxes are rounded to 0.01"


@pytest.mark.parametrize("aspect", ASPECTS)
def test_the_largest_ratio_is_marked_and_what_follows_is_explained_by_both_times(aspect: Aspect) -> None:
    film = scene(FILM, aspect)
    end, peak = at(film, "measured"), RATIOS.index(max(RATIOS))
    ratios, (mark,) = shown(end, "ratio"), [item for item in end.shown if item.text == "largest"]
    assert max(ratios, key=lambda item: item.box[3] - item.box[1]) is ratios[peak]
    assert mark.box[0] < (ratios[peak].box[0] + ratios[peak].box[2]) / 2 < mark.box[2]
    note = " ".join(item.text for item in sorted(shown(end, "part"), key=lambda item: -item.box[3]))
    for side in OURS:
        (_, before), (_, last) = OURS[side][-2:]
        assert f" {roughly(last / before)}" in note
    assert f"{OURS['flash'][-2][0]:,.0f} to {OURS['flash'][-1][0]:,.0f}" in note
    assert f"N = {OURS['flash'][peak][0]:,.0f}" in next(each.caption for each in film.told if each.name == "measured")


@given(st.lists(st.floats(0.1, 40.0), min_size=1, max_size=9))
def test_columns_are_as_high_as_their_numbers_on_one_baseline(ratios: list[float]) -> None:
    rect = Rect(0, 0, 9, 8)
    chart = Chart(rect, len(ratios), max(ratios))
    for at_, ratio in enumerate(ratios):
        first, second = chart.pair(at_, ratio, 1.0)
        assert (first.height, second.height) == pytest.approx((ratio * chart.unit, chart.unit))
        assert first.y0 == second.y0 == pytest.approx(chart.foot(at_)["N"].y1)
        assert rect.contains(first)
        assert not first.overlaps(second)


@given(st.floats(0.01, 60.0), st.floats(0.0, 1.0))
def test_so_many_unit_squares_stand_in_their_place(most: float, share: float) -> None:
    """Their area is the amount, whatever it is, and they are as large as those of the most."""
    bar, amount = Rect(0, 0, 8, 1), most * share
    made, all_of_them = units(bar, most, amount), units(bar, most, most)
    side = all_of_them[0].width
    assert sum(each.width * each.height for each in made) == pytest.approx(amount * side**2, abs=1e-9)
    assert all(bar.contains(each, slack=1e-9) for each in made)


@given(st.integers(1, 9), st.floats(0.0, 1.0))
def test_blocks_are_as_wide_as_their_count(most: int, share: float) -> None:
    bar, count = Rect(1, 0, 8, 1), most * share
    made = blocks(bar, most, count)
    assert sum(each.width for each in made) == pytest.approx(bar.width * share, abs=1e-9)
    assert all(bar.contains(each, slack=1e-9) for each in made)


def test_lines_break_at_commas() -> None:
    text = "GPT-2 medium, N = 1,024, d = 64, 16 heads"
    for width_ in (2.0, 4.0, 20.0):
        lines: list[Any] = parted(text, width_)
        assert " ".join(lines) == text
        assert all("N =" not in line or "N = 1,024" in line for line in lines)
    assert len(parted(text, 20.0)) == 1 or text_width(text, LABEL_PX) > 20
