"""SpeedScene: bars and squares are what the paper prints; tiles cross as the traces say; steps are what either algorithm does."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashviz.chapters.speed import SIDES, gather
from flashviz.config import AttentionConfig
from flashviz.director.speed import AGAIN, ALOFT, NEVER, SpeedFilm, parted
from flashviz.layout import ASPECTS, Aspect, Rect
from flashviz.layout.speed import units
from flashviz.lettering import LABEL_PX, PX_PER_UNIT, text_width
from flashviz.trace import Kind
from flashviz_kernels.recorder import run
from tests.directed import at, said, scene, shown, values_of, written
from tests.test_directed import FILMS

FILM = FILMS["speed"]
MS = {"standard": 41.7, "flash": 7.3}  # FACTS.md: Dao et al. 2022, Fig. 2 left
GB = {"standard": 40.3, "flash": 4.4}
QUOTED, LANES = ("time", "bytes"), ("out", "back", "scores", "again")
ROUND_TRIPS = ["S out", "S back", "P out", "P back"]


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
    assert said(end, "unit") == ["1 square = 1 GB"]


def test_no_number_is_seen_that_was_not_measured() -> None:
    """Bars grow; a figure comes where one ends, and none in between."""
    figures = {text for text in scene(FILM).drawn_at if re.fullmatch(r"[\d.,]+ (ms|µs|GB)", text)}
    assert figures == {f"{time} ms" for time in MS.values()} | {f"{amount} GB" for amount in GB.values()}


def test_the_papers_figures_stand_with_their_citation_and_apart_from_what_is_counted() -> None:
    """Where they stand, so does their setting; no tile of ours crosses beside them, and no step of ours is drawn."""
    for snapshot in scene(FILM).snapshots:
        texts = " ".join(item.text for item in snapshot.shown if item.name != "caption")
        quoted = snapshot.beat in QUOTED
        for part in ("Dao et al. 2022, Fig. 2 left", "GPT-2 medium", "N = 1,024", "16 heads", "batch 64", "A100", "41.7 ms"):
            assert (part in texts) == quoted, (snapshot.beat, part)
        assert ("40.3 GB" in texts) == (snapshot.beat == "bytes")
        assert bool(shown(snapshot, "step")) == (snapshot.beat in LANES)
        assert "66.6" not in texts
        assert "75.2" not in texts


def test_a_ratio_is_of_nothing_quoted() -> None:
    assert not [text for text in scene(FILM).drawn_at if "×" in text or "times as" in text]


def crossed(algorithm: str) -> list[tuple[str, int, int]]:
    """What a trace loads and stores, but for statistics: name, row block, key tile."""
    columns = run(AttentionConfig(), source="numpy", algorithm=algorithm, computed=range(0)).trace.columns
    rows = zip(columns["kind"].tolist(), columns["i"].tolist(), columns["j"].tolist(), strict=True)
    named = [(Kind(kind).name, i, j) for kind, i, j in rows]
    return [each for each in named if each[0].split("_")[0] in ("LOAD", "STORE") and each[0].split("_")[1] in "QKVOSP"]


@pytest.mark.parametrize(("side", "algorithm"), [("standard", "standard"), ("flash", "fa2")])
def test_tiles_cross_in_the_order_of_the_trace(side: str, algorithm: str) -> None:
    """One after another, in both directions, each on its own half of the pipe; a square is in flight for a while and then has crossed."""
    film = film_of("16:9")
    machine = film.machines[side]
    assert [(f"{'STORE' if c.out else 'LOAD'}_{c.tensor}", c.i, c.j) for c in machine.crossings] == crossed(algorithm)
    count, pipe = len(machine.crossings), film.place["pipe"]
    show = machine.stream(0, count)
    for share in np.linspace(0, 1, 23):
        arrived = show(float(share))
        clock = share * (count - 1 + ALOFT)
        assert arrived == min(max(int(clock + 1e-9) - ALOFT + 1, 0), count)
        aloft = sum(len(each.points) // 16 for each in machine.squares.values())
        assert arrived + aloft <= count
        assert aloft <= ALOFT
    for crossing in machine.crossings[:3]:
        x, y = machine.way(crossing).at(0.0)
        assert machine.cell(crossing).contains(Rect(x, y, x, y)) != crossing.out
        half = pipe.top(pipe.height / 2) if crossing.out else pipe.bottom(pipe.height / 2)
        assert any(np.isclose(corner[1], half.center[1]) for corner in machine.way(crossing).corners)


def test_s_and_p_fill_hbm_in_standard_attention_alone() -> None:
    film, config = scene(FILM), AttentionConfig()
    tiles = config.row_blocks * config.col_blocks
    for beat, (s, p) in {"out": (tiles, 0), "back": (tiles, tiles), "scores": (0, 0)}.items():
        assert values_of(at(film, beat), "stored S") == [written([s])], beat
        assert values_of(at(film, beat), "stored P") == [written([p])], beat
    assert said(at(film, "scores"), "never") == [NEVER, NEVER]
    assert said(at(film, "scores"), "counter") == [f"tile {tiles} of {tiles}"]
    assert not {name for name, *_ in crossed("fa2")} & {f"{way}_{name}" for way in ("LOAD", "STORE") for name in "SP"}
    assert not [item for snapshot in film.snapshots for item in snapshot.shown if item.name.startswith("crossing ")], "all have landed"


def test_steps_are_what_the_traces_do() -> None:
    """Standard attention waits four times for S or P before it has O, and once more going back; FlashAttention makes S again."""
    found = gather(run)
    names = {side: [(step.name, step.what) for step in steps if step.forward] for side, steps in found.steps.items()}
    assert names["standard"] == [("S", "product"), *((each, "wait") for each in ROUND_TRIPS), ("O", "product")]
    assert names["flash"] == [("S", "product"), ("O", "product")]
    gradients = [(name, "product") for name in ("dV", "dP", "dQ", "dK")]
    back = {side: [(step.name, step.what) for step in steps if not step.forward] for side, steps in found.steps.items()}
    assert back == {"standard": [("P back", "wait"), *gradients], "flash": [("S", "again"), *gradients]}


@pytest.mark.parametrize("aspect", ASPECTS)
def test_every_step_has_a_block_as_wide_as_any_other(aspect: Aspect) -> None:
    film = film_of(aspect)
    for row in film.rows.values():
        boxes = row.boxes(row.rect)
        assert len(boxes) == len(row.steps)
        assert len({round(box.width, 6) for box in boxes}) == 1
    assert len({round(row.boxes(row.rect)[0].width, 6) for row in film.rows.values()}) == 1
    end = at(scene(FILM, aspect), "again")
    counts = Counter(step.what for step in film.found.steps["flash"])
    assert counts == {"product": 6, "again": 1}
    assert said(end, "again") == [AGAIN]
    for side in SIDES:
        assert len(said(end, "step")) == sum(len(each) for each in film.found.steps.values())
        waits = shown(end, f"waits {side}")
        assert bool(waits) == (side == "standard")


def test_o_of_all_key_tiles_is_softmaxs() -> None:
    found = gather(run)
    c, (q, k, v) = found.config, (each[0, 0].astype(np.float64) for each in found.traces["flash"].inputs)
    scores = q[: c.block_m] @ k.T * c.scale
    weights = np.exp(scores - scores.max(1, keepdims=True))
    assert found.output(0, c.col_blocks) == pytest.approx(weights / weights.sum(1, keepdims=True) @ v)


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
