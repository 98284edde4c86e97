"""SpeedScene: bars and squares are what the paper prints; packets cross as the traces say, and are counted as they pass the pipe."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashviz.chapters.speed import ALGORITHMS, SIDES, gather
from flashviz.config import AttentionConfig
from flashviz.director.speed import BOTH, DONE, NEVER, Clock, SpeedFilm, parted
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
QUOTED, COUNTED = ("time", "bytes"), ("whole", "short", "difference")


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
        assert ("KiB" in texts) == (f"Why? One head, N = {AttentionConfig().seq_q}, forward pass" in texts) == (snapshot.beat in COUNTED)
        assert "66.6" not in texts
        assert "75.2" not in texts


def test_a_ratio_is_of_nothing_quoted() -> None:
    """What is said to cross several times is counted here: the trace's K, and V."""
    assert {text for text in scene(FILM).drawn_at if "×" in text or "times as" in text} == {"8 × 64 KiB"}


@pytest.mark.parametrize(("side", "algorithm"), ALGORITHMS.items())
@pytest.mark.parametrize("name", "KV")
def test_k_and_v_cross_as_a_whole_once_for_each_row_block(side: str, algorithm: str, name: str) -> None:
    config, crossing = AttentionConfig(), crossed(algorithm)["LOAD", name]
    packets = [each for each in gather(run).packets[side] if each.tensor == name]
    assert len(packets) == config.row_blocks == 8
    assert {each.stop - each.start for each in packets} == {config.seq_k * config.head_dim * 2} == {64 * 1024}
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
def test_a_bar_is_as_long_as_what_has_passed_the_pipe(side: str, aspect: Aspect) -> None:
    """Both on one scale, at one pace, a part a way; a packet is in the pipe, in its own half, while its bytes are counted."""
    film = film_of(aspect)
    machine, bar, pipe = film.machines[side], film.bars[side], film.place["pipe"]
    most, pace = max(film.found.moved.values()), set()
    for each in machine.passages:
        now = each.packet.middle + machine.waits[machine.packets.index(each.packet)]
        (seen,) = each.seen(now)
        assert machine.crossed(now) == pytest.approx(each.packet.middle)
        assert seen.center[:2] == pytest.approx(half_of(pipe, aspect, out=each.packet.out).center[:2])
        (later,) = each.seen(now + 1)
        pace.add(round(float(np.hypot(*np.subtract(later.center, seen.center)[:2])) * most, 6))
        assert each.seen(each.leaves) == each.seen(each.arrives) == []
        assert not any(each.seen(at)[0].overlaps(film.place["slot"]) for at in np.linspace(each.leaves, each.arrives, 40)[1:-1])
    assert len(pace) == 1
    for share in np.linspace(0, 1, 17):
        amount = share * film.found.moved[side]
        bar.display(amount)
        assert bar.boxes(amount)[-1].x1 - bar.rect.x0 == pytest.approx(bar.rect.width * amount / most)
        assert bar.counter.text == kib(amount // 1024 * 1024)
    assert bar.rect.width == film.bars["standard"].rect.width
    whole = dict(zip(bar.parts, bar.amounts(film.found.moved[side]), strict=True))
    assert whole == {(name, way == "STORE"): nbytes for (way, name), nbytes in crossed(ALGORITHMS[side]).items()}


@pytest.mark.parametrize("aspect", ASPECTS)
def test_the_first_tile_is_made_before_it_goes_out_and_has_landed_before_the_next_comes(aspect: Aspect) -> None:
    machine = film_of(aspect).machines["standard"]
    _, k, scores, _, following = machine.passages[:5]
    assert [each.packet.tensor for each in (k, scores, following)] == ["K", "S", "K"]
    assert scores.leaves - k.arrives > machine.rate / 2, "half a second"
    assert scores.arrives < following.arrives


def test_a_square_is_the_larger_the_more_bytes_it_is_and_has_room_for_its_letter() -> None:
    for machine in film_of("16:9").machines.values():
        sizes = sorted((each.packet.stop - each.packet.start, each.side) for each in machine.passages)
        assert [side for _, side in sizes] == sorted(side for _, side in sizes)
        for each in machine.passages:
            assert np.ptp(machine.glyphs[each.packet.tensor][:, 0]) < each.side


def half_of(pipe: Rect, aspect: Aspect, *, out: bool) -> Rect:
    """Of the pipe, the half of a direction; in the tall frame the chip is beneath HBM."""
    if aspect != "9:16":
        return pipe.top(pipe.height / 2) if out else pipe.bottom(pipe.height / 2)
    return pipe.right(pipe.width / 2) if out else pipe.left(pipe.width / 2)


def test_a_clock_says_how_far_the_longer_bar_was() -> None:
    """When the shorter one is as long as it is: the same bytes a second, so the same length."""
    film = film_of("16:9")
    for side, bar in film.bars.items():
        bar.display(film.found.moved[side])
    clock = Clock(film.bars["standard"], film.skin)
    for share in (0.0, 0.3, 1.0):
        amount = share * film.found.moved["flash"]
        clock.display(amount)
        assert clock.line.get_center()[0] == pytest.approx(film.bars["flash"].boxes(amount)[-1].x1)
        assert film.bars["standard"].counter.text == f"{int(amount / 1024):,} of 3,200 KiB"


def test_the_longer_bar_goes_on_to_its_end_at_the_same_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the shorter one is done."""
    film, took = film_of("16:9"), []

    def move(*acts: Any, seconds: float) -> None:
        took.append(seconds)
        for act in acts:
            act.show(1.0)

    monkeypatch.setattr(film, "move", move)
    for bar in film.bars.values():
        bar.display(bar.packets[-1].stop)
    clock = Clock(film.bars["standard"], film.skin)
    few, most = film.found.moved["flash"], film.found.moved["standard"]
    film.rest(clock, few)
    assert took == [pytest.approx((most - few) / film.machines["flash"].rate)]
    assert film.bars["standard"].counter.text == "3,200 of 3,200 KiB"
    assert clock.line.get_center()[0] == pytest.approx(film.bars["standard"].rect.x1)


def test_s_and_p_fill_hbm_in_standard_attention_alone() -> None:
    film, config = scene(FILM), AttentionConfig()
    tiles = config.row_blocks * config.col_blocks
    for beat, count in {"whole": tiles, "short": 0}.items():
        for name in "SP":
            assert values_of(at(film, beat), f"stored {name}") == [written([count])], beat
    assert said(at(film, "short"), "never") == [NEVER[0], NEVER[0]]
    assert said(at(film, "short"), "done") == [DONE]
    assert not {name for _, name in crossed("fa2")} & set("SP")
    assert not [item for snapshot in film.snapshots for item in snapshot.shown if item.name.startswith("crossing ")], "all have landed"


@pytest.mark.parametrize("aspect", ASPECTS)
def test_the_end_says_the_bytes_of_both_and_of_s_and_p(aspect: Aspect) -> None:
    end = at(scene(FILM, aspect), "difference")
    assert [said(end, f"moved {side}") for side in SIDES] == [[f"{KIBS[side]:,} KiB"] for side in SIDES]
    (bracket,), moved = shown(end, "bracket"), crossed("standard")
    both = sum(nbytes for (_, name), nbytes in moved.items() if name in "SP")
    assert said(end, "both") == [BOTH.format(kib(both))] == ["S and P, out and back: 2,048 KiB"]
    place = scene(FILM, aspect).shot("speed")["standard end"]
    assert (bracket.box[2] - bracket.box[0]) / place.width == pytest.approx(both / sum(moved.values()), abs=0.01)
    parts = {**{("standard", *key): nbytes for key, nbytes in moved.items()}, **{("flash", *key): n for key, n in crossed("fa2").items()}}
    texts = [f"8 × {kib(n / 8)}" if name in "KV" else kib(n) if name in "SP" else f"{name} {kib(n)}" for (*_, name), n in parts.items()]
    assert sorted(each.replace("8×64", "8 × 64") for each in said(end, "part bytes")) == sorted(texts), "closer where it is narrow"
    assert [text for text in said(end, "part name") if text[0] in "SP"] == ["S out", "S back", "P out", "P back"]


def test_o_of_all_key_tiles_is_softmaxs() -> None:
    found = gather(run)
    c, (q, k, v) = found.config, (each[0, 0].astype(np.float64) for each in found.traces["flash"].inputs)
    scores = q[: c.block_m] @ k.T * c.scale
    weights = np.exp(scores - scores.max(1, keepdims=True))
    assert found.output(0) == pytest.approx(weights / weights.sum(1, keepdims=True) @ v)


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
