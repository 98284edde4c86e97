"""SpeedScene: bars, squares and blocks are what was measured, what the paper prints and what is counted; tiles go as the trace says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashviz.config import AttentionConfig
from flashviz.director.speed import LIFE, STEPS, WHOLE, Machine, blocks, parted
from flashviz.figures import seconds
from flashviz.layout import ASPECTS, Aspect, Rect
from flashviz.layout.speed import units
from flashviz.lettering import LABEL_PX, PX_PER_UNIT, text_width
from flashviz.trace import Kind
from flashviz_kernels.recorder import run
from tests.chapters import FLASH, measured
from tests.directed import at, said, scene, shown, written
from tests.test_directed import FILMS

FILM = FILMS["speed"]
MS = {"standard": 41.7, "flash": 7.3}  # FACTS.md: Dao et al. 2022, Fig. 2 left
GB = {"standard": 40.3, "flash": 4.4}
OURS = {side: measured(method, "seconds")[-1] for side, method in (("standard", "standard"), ("flash", FLASH))}
BLOCKS = 8  # of 64 rows, or keys, in the default configuration


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
        ("measured", "measured", "seconds", times, {side: seconds(each) for side, each in times.items()}),
        ("again", "bar", "time", MS, {side: f"{each} ms" for side, each in MS.items()}),
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
    assert sorted(said(end, "product")) == sorted([*kept, *kept, "S again"])
    assert (said(end, "count standard"), said(end, "count flash")) == (["6"], ["7"])
    for side, count in (("standard", 6), ("flash", 7)):
        assert shown(end, f"products {side}")[0].values == written([count])
    assert wide(end, "products flash") / wide(end, "products standard") == pytest.approx(7 / 6, abs=0.01)


def test_what_the_pairs_are_of_is_said_before_a_bar_grows() -> None:
    """The last beat is of another machine and of training: both stand a second before anything else comes."""
    film, training = scene(FILM), "Training on an A100, N = 1,024"
    assert said(at(film, "again"), "training") == [training]
    (work,) = [item.text for item in shown(at(film, "again"), "name") if item.text.startswith("work: ")]
    assert "S again in the backward pass" in work
    assert film.drawn_at[work] - max(film.drawn_at[training], film.drawn_at["A100"]) >= 1.0


def test_a_square_is_a_gigabyte_in_both_piles() -> None:
    end = at(scene(FILM), "again")
    for side, amount in GB.items():
        assert shown(end, f"bytes {side}")[0].values == written([amount])
        assert said(end, f"amount {side}") == [f"{amount} GB"]


def test_no_number_is_seen_that_was_not_measured() -> None:
    """Bars grow; a figure comes where one ends, and none in between."""
    figures = {text for text in scene(FILM).drawn_at if text.endswith((" ms", " µs", " GB")) and text[0].isdigit()}
    quoted = {f"{time} ms" for time in MS.values()} | {f"{amount} GB" for amount in GB.values()}
    assert figures == quoted | {seconds(median) for _, median in OURS.values()}


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
    assert [said(each, "name side") for each in (standard, flash)] == [["standard attention"], ["FlashAttention"]]
    assert [said(each, "pass") for each in (standard, flash)] == [["one head, forward pass"]] * 2


def kinds(algorithm: str) -> list[str]:
    """What a trace does, each once, in the order in which it first does it."""
    trace = run(AttentionConfig(), source="numpy", algorithm=algorithm, computed=range(0)).trace
    return [Kind(code).name for code in dict.fromkeys(trace.columns["kind"].tolist())]


def test_matrices_cross_in_the_order_of_the_trace() -> None:
    """Standard attention's: which, and where to. FlashAttention's: neither S nor P, and K before S, S before V, O at last."""
    crossing = [name for name in kinds("standard") if name.startswith(("LOAD_", "STORE_"))]
    assert crossing == [f"{'STORE' if out else 'LOAD'}_{name}" for name, out, *_ in WHOLE]
    flash = kinds("fa2")
    assert not {name for name in flash if name in ("STORE_S", "LOAD_S", "STORE_P", "LOAD_P")}
    assert [name for name in flash if name in ("LOAD_Q", "LOAD_K", "LOAD_V", "STORE_O")] == ["LOAD_Q", "LOAD_K", "LOAD_V", "STORE_O"]


def test_a_tile_of_s_is_made_used_and_dropped_on_chip() -> None:
    """S is there when K has come, whole before P V begins, and nothing of it afterwards; O grows and stays."""
    model = Machine(scene(FILM).shot("lanes"), scene(FILM).skin)

    def width(name: str, step: float) -> float:
        model.tile(0, step / STEPS)
        if name in model.score_tiles:
            return float(model.score_tiles[name].values[0]) * model.slots[name].width
        points = model.strip_tiles[name].points
        return float(np.ptp(points[:, 0])) if len(points) else 0.0

    whole = model.slots["S"].width
    assert [width("S", step) for step in (0.5, 1.5, 2.5, 3.5)] == pytest.approx([0, whole / 2, whole, 0])
    assert [width("P", step) for step in (2.5, 3.25, 3.75)] == pytest.approx([0, 0.75 * whole, 0.25 * whole])
    assert [width("O", step) for step in (2.5, 3.5, 4)] == pytest.approx([0, model.slots["O"].width / 2, model.slots["O"].width])
    assert [width(name, 4) for name in "KVSP"] == [0] * 4
    assert sorted(said(at(scene(FILM), "kept"), "note")) == sorted(texts[0] for texts in LIFE)


@pytest.mark.parametrize("aspect", ASPECTS)
@pytest.mark.parametrize("name", ["K", "V"])
def test_squares_of_k_and_v_go_around_s_and_are_no_wider_than_they_lie_in_hbm(name: str, aspect: Aspect) -> None:
    model = Machine(scene(FILM, aspect).shot("lanes"), scene(FILM, aspect).skin)
    boxes = np.concatenate([model.walk(name, share, model.cells[name]) for share in np.linspace(0, 1, 60)])
    assert len(boxes) > 60
    assert boxes[:, 2] - boxes[:, 0] == pytest.approx(model.cells[name][0].width)
    assert not any(Rect(*each).overlaps(model.slots[other]) for each in boxes for other in "QSO")


def test_a_ratio_is_of_nothing_quoted() -> None:
    assert not [text for text in scene(FILM).drawn_at if "×" in text or "times" in text]


def test_the_papers_figures_stand_with_their_citation_and_apart_from_ours() -> None:
    for snapshot in scene(FILM).snapshots:
        texts = " ".join(item.text for item in snapshot.shown if item.name != "caption")
        paper, ours = snapshot.beat == "again", snapshot.beat == "measured"
        assert ("Dao et al. 2022, Fig. 2 left" in texts) == paper
        assert any(f"{time} ms" in texts for time in MS.values()) == paper
        assert ("GPT-2 medium" in texts) == paper
        assert ("A100" in texts) == paper
        assert ("H100" in texts) == ours
        assert any(f"{amount} GB" in texts for amount in GB.values()) == paper
        assert "66.6" not in texts
        assert "75.2" not in texts


@pytest.mark.parametrize("aspect", ASPECTS)
def test_what_is_compared_is_named(aspect: Aspect) -> None:
    """GPU, dtype, N and pass; whose programs they are."""
    (setting,) = said(at(scene(FILM, aspect), "measured"), "measured")
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
