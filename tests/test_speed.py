"""SpeedScene: bars and squares are what the paper prints; tiles cross as the traces say, and are counted as they pass the pipe."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashviz.chapters.speed import ALGORITHMS, SIDES, gather
from flashviz.config import AttentionConfig
from flashviz.director.speed import BOTH, DONE, ELSE, MOVED, NEVER, SHARED, SIDE, TIP, WHY, SpeedFilm, parted
from flashviz.figures import kib
from flashviz.forms import closed_form
from flashviz.layout import ASPECTS, Aspect, Rect
from flashviz.layout.speed import units
from flashviz.lettering import LABEL_PX, PX_PER_UNIT, text_width
from flashviz.storyboard import crossed_bytes
from flashviz.trace import Kind
from flashviz_kernels.recorder import run
from tests.directed import at, said, scene, shown, values_of, written
from tests.test_directed import FILMS

FILM = FILMS["speed"]
MS = {"standard": 41.7, "flash": 7.3}  # FACTS.md: Dao et al. 2022, Fig. 2 left
GB = {"standard": 40.3, "flash": 4.4}
KIBS = {"standard": 3200, "flash": 1154}  # FACTS.md, 9
QUOTED, COUNTED = ("time", "bytes"), ("whole", "tile", "pace", "short", "rest", "difference")


def film_of(aspect: Aspect) -> SpeedFilm:
    """A film of its own, which a test may play with."""
    return SpeedFilm(scene(FILM, aspect), gather(run))


def wide(snapshot: Any, name: str) -> float:
    """Pixels from the left edge of a part to its right one."""
    (part,) = shown(snapshot, name)
    return (part.box[2] - part.box[0]) * PX_PER_UNIT


@pytest.mark.parametrize("aspect", ASPECTS)
def test_bars_stop_where_they_were_measured_and_are_to_scale(aspect: Aspect) -> None:
    end = at(scene(FILM, aspect), "bytes")
    for name, values, unit in (("time", MS, "ms"), ("bytes", GB, "GB")):
        for side, value in values.items():
            assert shown(end, f"{name} {side}")[0].values == written([value])
            assert said(end, f"{name} figure {side}") == [f"{value} {unit}"]
    assert wide(end, "time flash") == pytest.approx(wide(end, "time standard") * MS["flash"] / MS["standard"], abs=2)
    assert "1 square = 1 GB" in said(end, "name")


def test_no_number_is_seen_that_was_not_measured() -> None:
    """Bars grow; a figure comes where one ends, and none in between."""
    figures = {text for text in scene(FILM).drawn_at if re.fullmatch(r"[\d.,]+ (ms|µs|GB)", text)}
    assert figures == {f"{time} ms" for time in MS.values()} | {f"{amount} GB" for amount in GB.values()}


def test_the_papers_figures_stand_with_their_citation_and_apart_from_what_is_counted() -> None:
    """Where they stand, so does their setting, and nothing that is counted here."""
    for snapshot in scene(FILM).snapshots:
        texts = " ".join(item.text for item in snapshot.shown if item.name != "caption")
        quoted = snapshot.beat in QUOTED
        for part in ("Dao et al. 2022, Fig. 2 left", "GPT-2 medium", "N = 1,024", "16 heads", "batch 64", "A100", "41.7 ms"):
            assert (part in texts) == quoted, (snapshot.beat, part)
        assert ("40.3 GB" in texts) == ("bytes to and from HBM" in texts) == (snapshot.beat == "bytes"), "no label without its data"
        assert ("KiB" in texts) == (WHY[0].format(AttentionConfig().seq_q) in texts) == (snapshot.beat in COUNTED)
        assert "66.6" not in texts
        assert "75.2" not in texts


def test_a_ratio_is_of_nothing_quoted() -> None:
    """What is said to cross several times is counted here: the trace's K, and V."""
    assert {text for text in scene(FILM).drawn_at if "×" in text or "times as" in text} == {"8 × 64 KiB"}


@pytest.mark.parametrize(("side", "algorithm"), ALGORITHMS.items())
@pytest.mark.parametrize("name", "KV")
def test_k_and_v_cross_as_a_whole_once_for_each_row_block(side: str, algorithm: str, name: str) -> None:
    config, crossing = AttentionConfig(), crossed(algorithm)["LOAD", name]
    sums: Counter[tuple[int, int]] = Counter()
    for each in gather(run).packets[side]:
        if each.tensor == name:
            sums[each.launch, each.i] += each.stop - each.start
    assert len(sums) == config.row_blocks == 8
    assert set(sums.values()) == {config.seq_k * config.head_dim * 2} == {64 * 1024}
    assert crossing == 8 * 64 * 1024


def crossed(algorithm: str) -> dict[tuple[str, str], int]:
    """Bytes that a trace loads and stores, by tensor."""
    columns = run(AttentionConfig(), source="numpy", algorithm=algorithm, computed=range(0)).trace.columns
    found: Counter[tuple[str, str]] = Counter()
    for kind, nbytes in zip(columns["kind"].tolist(), columns["nbytes"].tolist(), strict=True):
        way, _, name = Kind(kind).name.partition("_")
        if nbytes:
            found[way, name] += nbytes
    return dict(found)


@pytest.mark.parametrize(("side", "algorithm"), ALGORITHMS.items())
def test_all_bytes_of_the_trace_cross_once_and_no_others(side: str, algorithm: str) -> None:
    found = gather(run)
    sums: Counter[tuple[str, str]] = Counter()
    for packet in found.packets[side]:
        sums["STORE" if packet.out else "LOAD", packet.tensor] += packet.stop - packet.start
    assert dict(sums) == crossed(algorithm)
    assert [each.start for each in found.packets[side][1:]] == [each.stop for each in found.packets[side][:-1]]
    closed = closed_form(AttentionConfig(), algorithm).total
    assert found.moved[side] == closed == crossed_bytes(found.traces[side]) == KIBS[side] * 1024


@pytest.mark.parametrize("aspect", ASPECTS)
@pytest.mark.parametrize("side", SIDES)
def test_a_tile_is_amid_its_half_of_the_pipe_when_half_of_it_is_counted(side: str, aspect: Aspect) -> None:
    """All are as large, as they are as many bytes, and go at one pace through the pipe: as long as its bytes."""
    film = film_of(aspect)
    machine, pipe = film.machines[side], film.place[f"{side} pipe"]
    for each in machine.passages:
        (seen,) = each.seen(each.amid)
        half = pipe.top(pipe.height / 2) if each.packet.out else pipe.bottom(pipe.height / 2)
        assert seen.center[:2] == pytest.approx(half.center[:2])
        assert machine.crossed(each.amid) == pytest.approx(each.packet.middle)
        assert each.packet.stop - each.packet.start == film.found.tile == 8 * 1024
        (later,) = each.seen(each.amid + film.found.tile / 4)
        assert abs(later.center[0] - seen.center[0]) == pytest.approx(SIDE / 4)
        assert each.seen(each.leaves) == each.seen(each.arrives) == []
        assert each.way.corners[0 if not each.packet.out else -1] == pytest.approx(machine.cell(each.packet).center[:2])
    assert machine.crossed(machine.end) == KIBS[side] * 1024


@pytest.mark.parametrize("aspect", ASPECTS)
def test_in_the_race_both_have_moved_the_same_until_one_is_done(aspect: Aspect) -> None:
    """One clock, in bytes: half of S is written when half of O is done, and all of S is out when FlashAttention is done."""
    film = film_of(aspect)
    standard, flash = (film.machines[side] for side in ("standard", "flash"))
    begin = max(each.packets[0].start + each.crossed(each.paused) for each in (standard, flash))
    for now in np.linspace(begin + 8 * 1024, 1152 * 1024, 23):
        assert (
            standard.crossed(now + standard.ahead)
            == pytest.approx(flash.crossed(now + flash.ahead), abs=1024)
            == pytest.approx(now, abs=1024)
        )
    texts = {each.display(film.half + each.ahead).counter.text for each in film.machines.values()}
    assert len(texts) == 1
    assert [each.state(film.half + each.ahead, "state").text for each in (standard, flash)] == ["half of S written", "half of O done"]
    assert standard.display(film.half + standard.ahead).grids["S"].values >= 32
    assert flash.arrived(film.half + flash.ahead) == ["O"] * 4
    assert flash.display(film.done + flash.ahead).counter.text == "1,154 KiB"
    passed = [each.packet for each in standard.passages if each.amid <= film.done + standard.ahead]
    assert [(each.tensor, each.out) for each in passed].count(("S", True)) == 64
    assert standard.display(standard.end).counter.text == "3,200 KiB"


def test_no_bytes_are_named_before_the_race_and_standard_attentions_stand_only_half_way() -> None:
    """A first row of S and a first block of O are not the same work, and the number of standard attention does not stop at another's."""
    film = scene(FILM)
    assert {beat: said(at(film, beat), "state") for beat in ("whole", "tile", "pace", "short")} == {
        "whole": ["1/8 of S written"],
        "tile": ["1/8 of S written", "1/8 of O done"],
        "pace": ["half of S written", "half of O done"],
        "short": [],
    }
    assert [said(at(film, beat), f"moved {side}") for beat in ("whole", "tile") for side in SIDES] == [[]] * 4
    assert said(at(film, "pace"), "moved standard") == said(at(film, "pace"), "moved flash") != []
    assert said(at(film, "short"), "moved standard") > said(at(film, "short"), "moved flash") == ["1,154 KiB"]
    assert said(at(film, "short"), "count name") == [MOVED]


@pytest.mark.parametrize("aspect", ASPECTS)
def test_a_lane_points_where_its_tiles_go(aspect: Aspect) -> None:
    film = film_of(aspect)
    for side, machine in film.machines.items():
        pipe, lanes = film.place[f"{side} pipe"], [each for each in machine.panels() if getattr(each, "tag", "") == "pipe"]
        for out, each in zip((True, False), lanes, strict=True):
            tip = pipe.x0 - TIP if out else pipe.x1 + TIP
            assert (min if out else max)(each.points[:, 0]) == pytest.approx(tip)
            passage = next(found for found in machine.passages if found.packet.out == out)
            (before,), (later,) = (passage.seen(passage.amid + step) for step in (-1024, 1024))
            assert (later.center[0] - before.center[0]) * (tip - pipe.center[0]) > 0
            assert each.get_center()[1] == pytest.approx(before.center[1])


def test_a_first_tile_is_seen_on_chip_and_then_goes_out_or_is_dropped() -> None:
    film = film_of("16:9")
    standard, flash = (film.machines[side] for side in ("standard", "flash"))
    (first,) = [each for each in standard.stays if each.tensor == "S" and each.start < standard.row and each.stop > each.start]
    scores = next(each for each in standard.passages if each.packet.tensor == "S")
    assert scores.leaves == first.stop
    assert first.stop - first.start > 8 * 1024
    made, weights = (next(each for each in flash.stays if each.tensor == name) for name in "SP")
    assert made.rect == weights.rect
    assert made.stop == weights.start
    assert not {each.packet.tensor for each in flash.passages} & set("SP")


def test_on_flash_attentions_chip_is_one_tile_and_o_is_brighter_with_each() -> None:
    machine = film_of("16:9").machines["flash"]
    tiles = sorted((each.start, each.stop) for each in machine.stays if each.tensor in "SP" and each.stop > each.start)
    assert len(tiles) == 2 * 64
    assert all(stop <= start + 1e-6 for (_, stop), (start, _) in pairwise(tiles))
    sums = [each for each in machine.stays if each.tensor == "O"]
    assert {each.rect for each in sums} == {machine.place("output")}
    assert [each.share for each in sums] == [share / 8 for share in range(1, 9)] * 8
    assert [machine.display(each.start).sum.get_fill_opacity() for each in sums[:8]] == [each.share for each in sums[:8]]


def test_s_and_p_fill_hbm_in_standard_attention_alone() -> None:
    film, config = scene(FILM), AttentionConfig()
    tiles = config.row_blocks * config.col_blocks
    for beat, counts in {"whole": (8, 0), "tile": (8, 0), "rest": (tiles, tiles)}.items():
        for name, count in zip("SP", counts, strict=True):
            assert values_of(at(film, beat), f"stored {name}") == [written([count])], beat
    assert values_of(at(film, "short"), "stored S") == [written([tiles])]
    assert [said(at(film, beat), "never") for beat in ("tile", "pace", "short", "rest")] == [[NEVER[0]]] * 4
    assert said(at(film, "short"), "done") == [DONE]
    assert said(at(film, "rest"), "done") == [DONE, DONE]
    assert not {name for _, name in crossed("fa2")} & set("SP")


@pytest.mark.parametrize("aspect", ASPECTS)
def test_at_the_end_s_and_p_are_aside_and_what_is_left_is_alike(aspect: Aspect) -> None:
    end, moved = at(scene(FILM, aspect), "difference"), {side: crossed(algorithm) for side, algorithm in ALGORITHMS.items()}
    assert [said(end, f"moved {side}") for side in SIDES] == [[f"{KIBS[side]:,} KiB"] for side in SIDES]
    both = sum(nbytes for (_, name), nbytes in moved["standard"].items() if name in "SP")
    assert said(end, "both") == [ELSE.format(kib(KIBS["standard"] * 1024 - both)), BOTH.format(kib(both))]
    assert said(end, "both") == ["all else: 1,152 KiB", "S and P, out and back: 2,048 KiB"]
    assert said(end, "shared") == [SHARED.format(8)]
    boxes = {}
    for side, bar in film_of(aspect).bars.items():
        assert dict(zip(bar.parts, bar.amounts, strict=True)) == {(name, way == "STORE"): n for (way, name), n in moved[side].items()}
        boxes[side] = dict(zip(bar.parts, bar.boxes(bar.most, 1.0), strict=True))
        wide = bar.rect.width * 0.96 / (KIBS["standard"] * 1024)
        assert [each.width for each in boxes[side].values()] == pytest.approx([wide * amount for amount in bar.amounts])
        assert bar.rect.contains(list(boxes[side].values())[-1])
    alike = [part for part in boxes["standard"] if part in boxes["flash"]]
    assert {name for name, _ in alike} == set("QKVO")
    for part in alike:
        assert (boxes["standard"][part].x0, boxes["standard"][part].x1) == (boxes["flash"][part].x0, boxes["flash"][part].x1)
    assert max(boxes["flash"][part].x1 for part in boxes["flash"]) < min(boxes["standard"]["S", out].x0 for out in (True, False))
    parts = [(name, n) for side in SIDES for (_, name), n in moved[side].items()]
    texts = [f"8 × {kib(n / 8)}" if name in "KV" else kib(n) if name in "SP" else f"{name} {kib(n)}" for name, n in parts]
    found = [each.split(":")[0].replace("8×64", "8 × 64") for each in said(end, "part bytes")]
    assert sorted(found) == sorted(texts), "closer where it is narrow"
    assert [text for text in said(end, "part name") if text[0] in "SP"] == ["S out", "S back", "P out", "P back"]


def test_o_is_softmaxs() -> None:
    found = gather(run)
    c, (q, k, v) = found.config, (each[0, 0].astype(np.float64) for each in found.traces["flash"].inputs)
    scores = q[: c.block_m] @ k.T * c.scale
    weights = np.exp(scores - scores.max(1, keepdims=True))
    assert found.output[: c.block_m] == pytest.approx(weights / weights.sum(1, keepdims=True) @ v)


@given(st.floats(0.01, 60.0), st.floats(0.0, 1.0))
def test_so_many_unit_squares_stand_in_their_place(most: float, share: float) -> None:
    """Their area is the amount, whatever it is, and they are as large as those of the most."""
    bar, amount = Rect(0, 0, 8, 1), most * share
    made, all_of_them = units(bar, most, amount), units(bar, most, most)
    side = all_of_them[0].width
    assert sum(each.width * each.height for each in made) == pytest.approx(amount * side**2, abs=1e-9)
    assert all(bar.contains(each, slack=1e-9) for each in made)


def test_lines_break_at_commas() -> None:
    text = "GPT-2 medium, N = 1,024, d = 64, 16 heads"
    for width_ in (2.0, 4.0, 20.0):
        lines: list[Any] = parted(text, width_)
        assert " ".join(lines) == text
        assert all("N =" not in line or "N = 1,024" in line for line in lines)
    assert len(parted(text, 20.0)) == 1 or text_width(text, LABEL_PX) > 20
