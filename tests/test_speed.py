"""SpeedScene: bars, squares and blocks are what was measured, what the paper prints and what is counted; a tile goes as the trace says."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashviz.chapters.measured import sweep_of
from flashviz.chapters.speed import gather
from flashviz.config import AttentionConfig
from flashviz.director.speed import ALOFT, BRINGS, COMES, CROSSING, LIVES, MADE, PACE, WEIGHED, SpeedFilm, blocks, lives, parted
from flashviz.figures import seconds
from flashviz.layout import ASPECTS, Aspect, Rect
from flashviz.layout.speed import units
from flashviz.lettering import LABEL_PX, PX_PER_UNIT, text_width
from flashviz.trace import Kind
from flashviz_kernels.bench.measured import measured as measurement
from flashviz_kernels.recorder import run
from tests.chapters import FLASH, measured
from tests.directed import at, said, scene, shown, written
from tests.test_directed import FILMS

FILM = FILMS["speed"]
MS = {"standard": 41.7, "flash": 7.3}  # FACTS.md: Dao et al. 2022, Fig. 2 left
GB = {"standard": 40.3, "flash": 4.4}
OURS = {side: measured(method, "seconds")[-1] for side, method in (("standard", "standard"), ("flash", FLASH))}


def film_of(aspect: Aspect) -> SpeedFilm:
    """A film of its own, which a test may play with."""
    return SpeedFilm(scene(FILM, aspect), gather(sweep_of(measurement()), run))


def wide(snapshot: Any, name: str) -> float:
    """Pixels from the left edge of a part to its right one."""
    (part,) = shown(snapshot, name)
    return (part.box[2] - part.box[0]) * PX_PER_UNIT


@pytest.mark.parametrize("aspect", ASPECTS)
def test_bars_stop_where_they_were_measured_and_are_to_scale(aspect: Aspect) -> None:
    """Here, at the largest N that was measured of both; and by the paper."""
    film = scene(FILM, aspect)
    times = {side: median for side, (_, median) in OURS.items()}
    assert {n for n, _ in OURS.values()} == {max(n for n, _ in measured(FLASH, "seconds"))}
    for beat, bars, label, values, texts in (
        ("time", "bar", "time", MS, {side: f"{each} ms" for side, each in MS.items()}),
        ("again", "bar", "time", MS, {side: f"{each} ms" for side, each in MS.items()}),
        ("measured", "measured", "seconds", times, {side: seconds(each) for side, each in times.items()}),
    ):
        end = at(film, beat)
        for side, time in values.items():
            assert shown(end, f"{bars} {side}")[0].values == written([time])
            assert said(end, f"{label} {side}") == [texts[side]]
        assert wide(end, f"{bars} flash") == pytest.approx(wide(end, f"{bars} standard") * values["flash"] / values["standard"], abs=2)


def test_every_product_has_its_block_and_s_is_made_once_more() -> None:
    """Forward S and O, backward a part each of dV, dP, dQ and dK; FlashAttention's backward pass makes S anew, where P was not kept."""
    end = at(scene(FILM), "again")
    kept = ["S", "O", "dV", "dP", "dQ", "dK"]
    assert sorted(said(end, "product")) == sorted([*kept, *kept, "S"])
    assert said(end, "again") == ["made again"]
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
    figures = {text for text in scene(FILM).drawn_at if re.fullmatch(r"[\d.,]+ (ms|µs|GB)", text)}
    quoted = {f"{time} ms" for time in MS.values()} | {f"{amount} GB" for amount in GB.values()}
    assert figures == quoted | {seconds(median) for _, median in OURS.values()}


@pytest.mark.parametrize("aspect", ASPECTS)
def test_bytes_go_through_both_pipes_at_one_pace_until_there_is_none_left(aspect: Aspect) -> None:
    """As many are counted on both sides as have had their turn; the others are in their pipe, which are equal; every other one goes out."""
    film = film_of(aspect)
    few, most = (film.poured[side] for side in ("flash", "standard"))
    for share in np.linspace(0, 1, 30):
        clock = share * (len(most.pile) - 1 + ALOFT)
        for poured in film.poured.values():
            poured.pour(float(share))
            over = min(max(int(clock + 1e-9) - ALOFT + 1, 0), len(poured.pile))
            assert poured.values == pytest.approx([sum(poured.shares[:over])])
            boxes = poured.points.reshape(-1, 16, 3)
            places = [Rect(*box[:, :2].min(0), *box[:, :2].max(0)) for box in boxes]
            assert all(pile.contains(place) for pile, place in zip(poured.pile, places[:over], strict=False))
            assert all(poured.pipe.contains(place, slack=0.05) for place in places[over:])
            assert len(places) <= over + ALOFT
    assert [few.pour(few.done).values, most.pour(1.0).values] == [pytest.approx([GB[side]]) for side in ("flash", "standard")]
    assert (few.pipe.width, few.pipe.height) == pytest.approx((most.pipe.width, most.pipe.height))
    for index in range(4):
        first, later = (most.aloft(index, share).center[0] for share in (0.3, 0.6))
        assert (later < first) == (index % 2 == 1)


def test_s_and_p_go_out_and_come_back_in_standard_attention_alone() -> None:
    end = at(scene(FILM), "scores")
    assert sorted(said(end, "way")) == sorted([*CROSSING, "Q, K, V in", "O out", "S and P: never"])
    stored = {item.name for item in end.shown if item.name.startswith("stored ")}
    assert stored == {"stored S standard", "stored P standard"}


def kinds(algorithm: str) -> list[str]:
    """What a trace does, each once, in the order in which it first does it."""
    trace = run(AttentionConfig(), source="numpy", algorithm=algorithm, computed=range(0)).trace
    return [Kind(code).name for code in dict.fromkeys(trace.columns["kind"].tolist())]


def test_a_tile_goes_the_ways_of_the_trace() -> None:
    """Standard attention's scores and weights, each out and back; FlashAttention's not at all, tile after tile."""
    ways = {f"{way}_{name}": f"{name} {said}" for name in "SP" for way, said in (("STORE", "out"), ("LOAD", "back"))}
    assert [ways[name] for name in kinds("standard") if name in ways] == [step for step in LIVES["standard"] if step in CROSSING]
    assert not set(kinds("fa2")) & set(ways)
    assert not set(LIVES["flash"]) & set(CROSSING)
    assert sum(PACE[step] for step in LIVES["flash"]) == pytest.approx(sum(PACE[step] for step in LIVES["standard"])), "both take as long"


@pytest.mark.parametrize("side", LIVES)
def test_q_k_and_v_come_in_and_o_goes_out_as_the_trace_says(side: str) -> None:
    """Q once, K and V as often as a tile is made and used; O at the end."""
    film = film_of("16:9")
    life, clock, seen, before = lives(film)[side], 0.0, list[str](), list[str]()
    for step in life.steps:
        for part in np.linspace(0.01, 0.99, 50):
            life.display(clock + PACE[step] * part)
            now = [name for name, load in life.loads.items() if len(load.square.points)]
            assert all(lane_contains(film, side, load.square.points) for load in life.loads.values())
            seen += [name for name in now if name not in before]
            before = now
        clock += PACE[step]
    tiles = life.steps.count(MADE)
    trace = run(
        AttentionConfig(seq_q=64, seq_k=64 * tiles), source="numpy", algorithm={"flash": "fa2"}.get(side, side), computed=range(0)
    ).trace
    names = [Kind(code).name for code in trace.columns["kind"].tolist()]
    moved = [name.split("_")[1] for name in names if name in ("LOAD_Q", "LOAD_K", "LOAD_V", "STORE_O")]
    assert seen == moved


def lane_contains(film: SpeedFilm, side: str, points: np.ndarray) -> bool:
    """Whether all of a square is in its pipe."""
    pipe = film.lanes[side].pipe
    return len(points) == 0 or pipe.contains(Rect(*points[:, :2].min(0), *points[:, :2].max(0)))


def test_a_tile_is_in_one_place_on_chip_and_stays_in_hbm_once_it_was_stored() -> None:
    film = film_of("16:9")
    life = lives(film)["standard"]

    def seen(picture: Any) -> float:
        """Width, of what is seen."""
        return float(np.ptp(picture.points[:, 0])) if picture.pixel_array[:, :, 3].any() else 0.0

    slot, clock = life.lane.slot.width, 0.0
    for at_, step in enumerate(life.steps):
        pace = PACE[step]
        life.display(clock + pace * ((1 + COMES) / 2 if step in BRINGS else 0.5))
        tile, before = life.tiles[0], life.steps[:at_]
        half = {MADE: (0.5, 0.0), WEIGHED: (0.5, 0.5), "used": (0.0, 0.5)}.get(step, (0.0, 0.0))
        assert [seen(tile[name]) / slot for name in "SP"] == pytest.approx(half)
        assert [seen(life.aloft[name]) > 0 for name in "SP"] == [step.startswith(f"{name} ") for name in "SP"]
        assert [seen(life.stored[name]) > 0 for name in "SP"] == [f"{name} out" in before for name in "SP"]
        clock += pace


def test_a_ratio_is_of_nothing_quoted() -> None:
    assert not [text for text in scene(FILM).drawn_at if "×" in text or "times" in text]


def test_the_papers_figures_stand_with_their_citation_and_apart_from_ours() -> None:
    for snapshot in scene(FILM).snapshots:
        texts = " ".join(item.text for item in snapshot.shown if item.name != "caption")
        paper, ours = snapshot.beat != "measured", snapshot.beat == "measured"
        assert ("Dao et al. 2022, Fig. 2 left" in texts) == paper
        assert any(f"{time} ms" in texts for time in MS.values()) == paper
        assert ("GPT-2 medium" in texts) == paper
        assert ("A100" in texts) == paper
        assert ("H100" in texts) == ours
        assert any(f"{amount} GB" in texts for amount in GB.values()) == (paper and snapshot.beat != "time")
        assert "66.6" not in texts
        assert "75.2" not in texts


@pytest.mark.parametrize("aspect", ASPECTS)
def test_what_is_compared_is_named(aspect: Aspect) -> None:
    """GPU, dtype, N and pass; whose programs they are."""
    end = at(scene(FILM, aspect), "measured")
    setting = " ".join([*said(end, "source"), *said(end, "program")])
    n = f"N = {OURS['flash'][0]:,.0f}"
    for part in ("NVIDIA H100", "float16", "d = 64", n, "32 heads", "one forward pass", "torch's", "this project's kernel for Hopper"):
        assert part in setting


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
