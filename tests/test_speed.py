"""SpeedScene: bars and areas are what the paper prints, ratios the committed seconds, the shade begins where S outgrows the L2."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashviz.chapters.measured import sweep_of
from flashviz.chapters.speed import BEATS, gather
from flashviz.config import AttentionConfig
from flashviz.director.speed import parted
from flashviz.layout import ASPECTS, Rect, shot
from flashviz.layout.speed import ACROSS, Pairs, side_of, squares
from flashviz.lettering import LABEL_PX, PX_PER_UNIT, text_width
from flashviz_kernels.bench.measured import FOLDER
from flashviz_kernels.bench.report import read as read_report
from tests.chapters import FLASH, bench, measured
from tests.directed import at, said, scene, shown, written
from tests.test_directed import FILMS

FILM = FILMS["speed"]
SIDES = ("standard", "flash")
MS = {"standard": 41.7, "flash": 7.3}  # FACTS.md: Dao et al. 2022, Fig. 2 left
GB = {"standard": 40.3, "flash": 4.4}


def test_bars_stop_where_the_paper_measured_and_are_to_scale() -> None:
    end = at(scene(FILM), "race")
    wide = {}
    for side in SIDES:
        (bar,) = shown(end, f"bar {side}")
        assert bar.values == written([MS[side]])
        assert said(end, f"time {side}") == [f"{MS[side]} ms"]
        wide[side] = bar.box[2] - bar.box[0]
    assert wide["flash"] * PX_PER_UNIT == pytest.approx(wide["standard"] * MS["flash"] / MS["standard"] * PX_PER_UNIT, abs=2)


def test_a_square_is_a_gigabyte_in_both_piles() -> None:
    """One side for both: nine a row and five rows for 40.3, four and four tenths of one for 4.4."""
    end = at(scene(FILM), "bytes")
    boxes = {}
    for name in SIDES:
        (pile,) = shown(end, f"squares {name}")
        assert pile.values == written([GB[name]])
        assert said(end, f"bytes {name}") == [f"{GB[name]} GB"]
        x0, y0, x1, y1 = pile.box
        boxes[name] = x1 - x0, y1 - y0
    side = boxes["standard"][0] / ACROSS
    assert boxes["standard"][1] == pytest.approx(5 * side, abs=0.05)
    assert boxes["flash"] == pytest.approx((4.4 * side, side), abs=0.05)


def test_the_papers_figures_stand_with_their_citation_and_apart_from_ours() -> None:
    film = scene(FILM)
    for snapshot in film.snapshots:
        texts = " ".join(item.text for item in snapshot.shown if item.name != "caption")
        ours = snapshot.beat in ("measured", "cache")
        assert ("Dao et al. 2022, Fig. 2 left" in texts) != ours
        assert ("A100" in texts) != ours
        assert ("H100" in texts) == ours
        assert "66.6" not in texts
        assert "75.2" not in texts
    assert "GPT-2 medium" in said(at(film, "race"), "setting")[0]


def test_ratios_are_those_of_the_committed_seconds() -> None:
    end = at(scene(FILM), "measured")
    slow, fast = measured("standard", "seconds"), measured(FLASH, "seconds")
    expected = [a / b for (_, a), (_, b) in zip(slow, fast, strict=True)]
    assert shown(end, "ratios")[0].values == written(expected)
    assert [float(text.removesuffix(" ×")) for text in said(end, "ratio")] == pytest.approx(expected, rel=0.06)
    assert [text.removeprefix("N = ") for text in said(end, "tick N")] == [f"{n:,.0f}" for n, _ in slow]
    (n, most), (_, least) = slow[-1], fast[-1]
    assert set(said(end, "last")) == {f"{most * 1e3:.3g} ms", f"against {least * 1e3:.3g} ms", f"at N = {n:,.0f}"}
    assert "H100" in said(end, "badge")[0]


def test_heights_are_the_ratios_to_a_pixel() -> None:
    end = at(scene(FILM), "measured")
    units, many = shown(end, "units")[0].box, shown(end, "ratios")[0].box
    tall = max(a / b for (_, a), (_, b) in zip(measured("standard", "seconds"), measured(FLASH, "seconds"), strict=True))
    assert (many[3] - many[1]) == pytest.approx((units[3] - units[1]) * tall, abs=0.1)


def test_the_shade_begins_where_s_of_all_heads_outgrows_the_cache() -> None:
    """Two bytes a score, 32 heads; Shah et al. 2024, Table 1: L2 50 MiB."""
    end, heads = at(scene(FILM), "cache"), bench()[0]["heads"]
    lengths = [int(n) for n, _ in measured("standard", "seconds")]
    first = next(n for n in lengths if 2 * heads * n * n > 50 * 2**20)
    assert shown(end, "shade")[0].values == written([first])
    (words,) = said(end, "cache")
    assert words.startswith(f"S: {2 * heads * first * first // 2**20} MiB")
    assert "50 MiB (Shah et al. 2024, Table 1)" in words
    edges = [(item.box[0] + item.box[2]) / 2 for item in shown(end, "tick N")]
    assert edges[lengths.index(first) - 1] < shown(end, "shade")[0].box[0] < edges[lengths.index(first)]


def test_without_a_quoted_cache_nothing_is_said_of_one() -> None:
    found = gather(sweep_of(read_report(FOLDER / "kernel-cpu.json")))
    assert found.cache is None
    assert [beat.name for beat in found.beats] == [beat.name for beat in BEATS if beat.name != "cache"]


@given(st.floats(0.01, 60.0), st.floats(0.0, 1.0))
def test_so_many_unit_squares_stand_in_their_place(most: float, share: float) -> None:
    """Their area is the amount, whatever it is, and they do not leave the place that the most of them fill."""
    rect = Rect(0, 0, 4, 3)
    side, amount = side_of(rect, most), most * share
    made = squares(rect, amount, side)
    assert sum(each.width * each.height for each in made) == pytest.approx(amount * side**2, abs=1e-9)
    assert all(rect.contains(each, slack=1e-9) for each in made)


@given(st.integers(2, 9), st.floats(1.0, 50.0))
def test_pairs_stay_in_their_columns(count: int, most: float) -> None:
    for aspect in ASPECTS:
        rect = shot(AttentionConfig(), aspect, "times")["plot"]
        pairs = Pairs.of(rect, count, most)
        for at_, column in enumerate(pairs.columns):
            unit, many = pairs.bars(at_, most)
            assert column.contains(unit) or most < 1
            assert column.contains(many)
            assert many.height == pytest.approx(most * unit.height)


def test_lines_break_at_commas() -> None:
    text = "GPT-2 medium, N = 1,024, d = 64, 16 heads"
    for width in (2.0, 4.0, 20.0):
        lines: list[Any] = parted(text, width)
        assert " ".join(lines) == text
        assert all("N =" not in line or "N = 1,024" in line for line in lines)
    assert len(parted(text, 20.0)) == 1 or text_width(text, LABEL_PX) > 20
