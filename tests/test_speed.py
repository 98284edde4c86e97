"""SpeedScene: bars and squares are what the paper prints, on one scale; then bars that are the committed seconds of each N."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashviz.director.speed import parted
from flashviz.figures import seconds
from flashviz.layout import ASPECTS, Aspect, Rect
from flashviz.layout.speed import Lane
from flashviz.lettering import LABEL_PX, PX_PER_UNIT, text_width
from tests.chapters import FLASH, measured
from tests.directed import at, said, scene, shown, written
from tests.test_directed import FILMS

FILM = FILMS["speed"]
MS = {"standard": 41.7, "flash": 7.3}  # FACTS.md: Dao et al. 2022, Fig. 2 left
GB = {"standard": 40.3, "flash": 4.4}
OURS = {side: measured(method, "seconds") for side, method in (("standard", "standard"), ("flash", FLASH))}


def wide(snapshot: Any, name: str) -> float:
    """Pixels from the left edge of a part to its right one."""
    (part,) = shown(snapshot, name)
    return (part.box[2] - part.box[0]) * PX_PER_UNIT


def test_bars_stop_where_the_paper_measured_and_are_to_scale() -> None:
    for beat in ("race", "stored", "again"):
        end = at(scene(FILM), beat)
        for side, time in MS.items():
            assert shown(end, f"bar {side}")[0].values == written([time])
            assert said(end, f"time {side}") == [f"{time} ms"]
        assert wide(end, "bar flash") == pytest.approx(wide(end, "bar standard") * MS["flash"] / MS["standard"], abs=2)


def test_a_square_is_a_gigabyte_in_both_piles() -> None:
    """Both pour equally fast until FlashAttention's has ended, standard attention's goes on; then both run again to the same ends."""
    first = at(scene(FILM), "bytes")
    assert wide(first, "squares standard") == pytest.approx(wide(first, "squares flash"), abs=1)
    for side, amount in GB.items():
        assert shown(first, f"squares {side}")[0].values == written([GB["flash"]])
        for beat in ("stored", "again"):
            assert shown(at(scene(FILM), beat), f"squares {side}")[0].values == written([amount])
            assert said(at(scene(FILM), beat), f"bytes {side}") == [f"{amount} GB"]


@pytest.mark.parametrize("aspect", ASPECTS)
def test_the_largest_pile_is_as_wide_as_the_longest_bar(aspect: Aspect) -> None:
    """But for its last column, which is not full: what time and bytes shrank to is seen on one length."""
    end, lane = at(scene(FILM, aspect), "again"), Lane.of(scene(FILM, aspect).shot("lanes")["standard"], GB["standard"])
    assert 0 <= wide(end, "squares standard") + 4 - wide(end, "bar standard") <= lane.side * PX_PER_UNIT + 4


def test_the_papers_figures_stand_with_their_citation_and_apart_from_ours() -> None:
    film = scene(FILM)
    for snapshot in film.snapshots:
        texts = " ".join(item.text for item in snapshot.shown if item.name != "caption")
        ours = snapshot.beat == "measured"
        assert ("Dao et al. 2022, Fig. 2 left" in texts) != ours
        assert ("A100" in texts) != ours
        assert ("H100" in texts) == ours
        assert any(f"{time} ms" in texts for time in MS.values()) != ours
        assert ("GB" in texts.replace("80GB", "")) == (snapshot.beat not in ("race", "measured"))
        assert "66.6" not in texts
        assert "75.2" not in texts
    assert "GPT-2 medium" in said(at(film, "race"), "setting")[0]


def test_what_is_compared_is_named() -> None:
    """GPU, dtype and pass; whose kernel each is."""
    end = at(scene(FILM), "measured")
    (setting,) = said(end, "setting")
    for word in ("NVIDIA H100", "float16", "d = 64", "32 heads", "forward"):
        assert word in setting
    assert said(end, "name side") == ["standard attention", "FlashAttention"]
    assert said(end, "note") == ["torch: S and P are stored", "this project's kernel for Hopper"]


def test_bars_are_the_committed_seconds_of_each_length_on_one_scale() -> None:
    end = at(scene(FILM), "measured")
    for side, points in OURS.items():
        assert shown(end, f"bar {side}")[0].values == written([median for _, median in points])
        assert said(end, f"time {side}") == [seconds(points[-1][1])]
    assert wide(end, "bar flash") == pytest.approx(wide(end, "bar standard") * OURS["flash"][-1][1] / OURS["standard"][-1][1], abs=2)
    assert said(end, "N") == [f"N = {OURS['flash'][-1][0]:,.0f}"]


def test_a_mark_stands_beneath_where_its_length_ended() -> None:
    """N, read from the mark, has the time at which it stands; the longest bars have one each."""
    end, ends = at(scene(FILM), "measured"), {f"{n:,.0f}": median for n, median in OURS["standard"]}
    (bar,) = shown(end, "bar standard")
    marks = [mark for mark in shown(end, "mark") if mark.box[1] > 0]
    assert [mark.text for mark in marks] == [text for text in ends if text in {mark.text for mark in marks}]
    assert len(marks) >= 3
    for mark in marks:
        middle = (mark.box[0] + mark.box[2]) / 2
        share = (middle - bar.box[0]) / (bar.box[2] - bar.box[0])
        assert share == pytest.approx(ends[mark.text] / max(ends.values()), abs=0.01), mark.text


@given(st.floats(0.01, 60.0), st.floats(0.0, 1.0))
def test_so_many_unit_squares_stand_in_their_place(most: float, share: float) -> None:
    """Their area is the amount, whatever it is, and they stand on the bar, within the lane."""
    lane, amount = Lane.of(Rect(0, 0, 8, 3), most), most * share
    made = lane.squares(amount)
    assert sum(each.width * each.height for each in made) == pytest.approx(amount * lane.side**2, abs=1e-9)
    assert all(lane.pile.contains(each, slack=1e-9) for each in made)
    assert lane.rect.contains(lane.pile, slack=1e-9)
    assert not lane.pile.overlaps(lane.thin)
    assert lane.full * lane.rows == pytest.approx(most * lane.side)


def test_lines_break_at_commas() -> None:
    text = "GPT-2 medium, N = 1,024, d = 64, 16 heads"
    for width_ in (2.0, 4.0, 20.0):
        lines: list[Any] = parted(text, width_)
        assert " ".join(lines) == text
        assert all("N =" not in line or "N = 1,024" in line for line in lines)
    assert len(parted(text, 20.0)) == 1 or text_width(text, LABEL_PX) > 20
