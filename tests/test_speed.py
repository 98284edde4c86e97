"""SpeedScene: blocks, squares and bars are what is counted and what the paper prints; then the committed seconds of each N."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashviz.chapters.measured import sweep_of
from flashviz.chapters.speed import gather
from flashviz.director.speed import blocks, parted
from flashviz.figures import roughly, seconds
from flashviz.layout import ASPECTS, Aspect, Rect
from flashviz.layout.speed import units
from flashviz.lettering import LABEL_PX, PX_PER_UNIT, text_width
from flashviz_kernels.bench.measured import measured as report
from flashviz_kernels.recorder import run
from tests.chapters import FLASH, measured
from tests.directed import at, said, scene, shown, written
from tests.test_directed import FILMS

FILM = FILMS["speed"]
MS = {"standard": 41.7, "flash": 7.3}  # FACTS.md: Dao et al. 2022, Fig. 2 left
GB = {"standard": 40.3, "flash": 4.4}
OURS = {side: measured(method, "seconds") for side, method in (("standard", "standard"), ("flash", FLASH))}
RATIOS = [standard / flash for (_, standard), (_, flash) in zip(*OURS.values(), strict=True)]
CACHE = 50 * 2**20  # FACTS.md: Shah et al. 2024, Table 1: L2 of an H100


def wide(snapshot: Any, name: str) -> float:
    """Pixels from the left edge of a part to its right one."""
    (part,) = shown(snapshot, name)
    return (part.box[2] - part.box[0]) * PX_PER_UNIT


def test_bars_stop_where_the_paper_measured_and_are_to_scale() -> None:
    for beat in ("race", "again", "bytes"):
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
    end = at(scene(FILM), "bytes")
    for side, amount in GB.items():
        assert shown(end, f"bytes {side}")[0].values == written([amount])
        assert said(end, f"amount {side}") == [f"{amount} GB"]


def test_no_number_is_seen_that_was_not_measured() -> None:
    """Bars grow; a figure comes where one ends, and none in between."""
    figures = {text for text in scene(FILM).drawn_at if text.endswith((" ms", " µs", " GB")) and text[0].isdigit()}
    quoted = {f"{time} ms" for time in MS.values()} | {f"{amount} GB" for amount in GB.values()}
    assert figures == quoted | {seconds(median) for points in OURS.values() for _, median in points}


def test_s_and_p_go_out_and_come_back() -> None:
    end = at(scene(FILM), "stored")
    assert {"S out", "S back", "P out", "P back"} <= {item.text for item in end.shown}
    for name in "SP":
        (sheet,) = shown(end, f"stored {name}")
        assert sheet.values == written([64])  # all of its tiles
    order = [scene(FILM).drawn_at[text] for text in ("S out", "S back", "P out", "P back")]
    assert order == sorted(order)


def test_the_papers_figures_stand_with_their_citation_and_apart_from_ours() -> None:
    for snapshot in scene(FILM).snapshots:
        texts = " ".join(item.text for item in snapshot.shown if item.name != "caption")
        quoted, ours = snapshot.beat in ("race", "again", "bytes"), snapshot.beat == "measured"
        assert ("Dao et al. 2022, Fig. 2 left" in texts) == quoted
        assert any(f"{time} ms" in texts for time in MS.values()) == quoted
        assert ("A100" in texts) != ours
        assert ("H100" in texts) == ours
        assert (" GB" in texts) == (snapshot.beat == "bytes")
        assert "66.6" not in texts
        assert "75.2" not in texts
    assert "GPT-2 medium" in said(at(scene(FILM), "race"), "setting")[0]


def test_what_is_compared_is_named() -> None:
    """GPU, dtype and pass; whose kernel each is."""
    end = at(scene(FILM), "measured")
    (setting,) = said(end, "measured")
    for part in ("NVIDIA H100", "float16", "d = 64", "32 heads", "forward"):
        assert part in setting
    assert said(end, "name side") == ["standard attention: torch", "FlashAttention: this project's kernel for Hopper"]


@pytest.mark.parametrize("aspect", ASPECTS)
def test_each_length_has_both_committed_seconds_on_one_scale_and_their_ratio(aspect: Aspect) -> None:
    end = at(scene(FILM, aspect), "measured")
    top = {side: sorted(shown(end, f"time {side}"), key=lambda item: -item.box[3]) for side in OURS}
    for side, points in OURS.items():
        assert shown(end, f"times {side}")[0].values == written([median for _, median in points])
        assert [item.text for item in top[side]] == [seconds(median) for _, median in points]
    assert wide(end, "times flash") == pytest.approx(wide(end, "times standard") * OURS["flash"][-1][1] / OURS["standard"][-1][1], abs=2)
    assert sorted(said(end, "N"), key=lambda text: float(text.replace(",", ""))) == [f"{n:,.0f}" for n, _ in OURS["flash"]]
    ratios = sorted(shown(end, "ratio"), key=lambda item: -item.box[3])
    assert [item.text for item in ratios] == [roughly(ratio) for ratio in RATIOS]


@pytest.mark.parametrize("aspect", ASPECTS)
def test_the_line_stands_over_the_first_length_whose_scores_are_larger_than_the_cache(aspect: Aspect) -> None:
    """S of 32 heads, two bytes a number; the cache is quoted beside the machine."""
    end = at(scene(FILM, aspect), "measured")
    first = next(n for n, _ in OURS["flash"] if 32 * n * n * 2 > CACHE)
    places = {item.text: (item.box[1] + item.box[3]) / 2 for item in shown(end, "N")}
    (line,) = shown(end, "outgrown")
    assert places[f"{first:,.0f}"] < line.box[1] < places[f"{first / 2:,.0f}"]
    assert "50 MiB: Shah et al. 2024, Table 1" in said(end, "measured")[0]


def test_another_machine_has_no_line() -> None:
    """No cache is quoted for it."""
    ours = sweep_of(report())
    other = replace(ours, provenance=ours.provenance | {"machine": "a CPU"})
    assert gather(ours, run).outgrown is not None
    assert gather(other, run).outgrown is None
    assert len(gather(other, run).setting) == 1


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
