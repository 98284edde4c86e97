"""PipelineScene: what a clock recorded is what is counted, drawn and said. Figures are found again by counting nanoseconds one by one."""

from __future__ import annotations

import ast
import itertools
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flashviz.catalogue import read_catalogue
from flashviz.chapters import lanes, pipeline
from flashviz.chapters.lanes import BLEND, SCORES, SOFTMAX, STATES, K, Program, Strips, V
from flashviz.config import AttentionConfig
from flashviz.director.captions import check_fit
from flashviz.director.scene import Snapshot
from flashviz.errors import UsageError
from flashviz.layout import ASPECTS, CAPTION_LINES, Aspect, frame
from flashviz.lettering import CAPTION_PX, TITLE_PX, wrap
from flashviz.mobjects.lanes import LanesPicture, View
from flashviz.palette import DARK
from flashviz.settings import Settings
from flashviz.storyboard import Beat
from flashviz.trace import Kind, Trace
from flashviz_kernels import record
from flashviz_kernels.bench.measured import clocked
from flashviz_kernels.compiler import FORWARD
from flashviz_kernels.modes import installed
from tests.conftest import ROOT
from tests.drawn import in_roles
from tests.films import played, scenes
from tests.simulated import ALTERED, simulated

SMALLEST_PX, LONGEST_LINE = 33, 60  # SHOTS
WORDS = ("caption", "note", "letter", "tick x")  # swatches and frames are no words
MACHINE = "NVIDIA H100 80GB HBM3"
CAUSAL = ROOT / "docs" / "bench" / "clocked-4096-d64-causal.npz"
aspects = pytest.mark.parametrize("aspect", ASPECTS)


@cache
def film(aspect: Aspect = "16:9", theme: Any = "dark") -> Any:
    """The scene after its last beat; what the picture showed at the end of each beat is kept."""

    def end_beat(scene: Any) -> None:
        super(type(scene), scene).end_beat()
        scene.seen.append((scene.beat.name, scene.lanes, scene.lanes.view, list(scene.bands), scene.origin))

    watched = type("PipelineScene", (scenes("pipeline").PipelineScene,), {"end_beat": end_beat})
    made = Settings(config=AttentionConfig(), source="numpy", aspect=aspect, theme=theme)
    return played(watched, made, lambda scene: setattr(scene, "seen", []))


def at(scene: Any, beat: str) -> Snapshot:
    found: Snapshot = next(snapshot for snapshot in scene.snapshots if snapshot.beat == beat)
    return found


def said(snapshot: Snapshot, name: str) -> list[str]:
    return [item.text for item in snapshot.shown if item.name == name]


@cache
def recorded() -> Trace:
    return clocked()


@cache
def programs() -> list[Program]:
    return lanes.programs_of(recorded())


small = st.builds(
    simulated,
    st.builds(
        AttentionConfig, seq_q=st.just(64), block_m=st.just(16), block_n=st.just(16), head_dim=st.just(16), heads=st.just(2),
        causal=st.booleans(),
    ),
    sms=st.integers(1, 3), places=st.integers(1, 3), seed=st.integers(0, 100),
)  # fmt: skip
few = settings(max_examples=20, deadline=None)


# ------------------------------------------------------------------------------------------------------------- the film


def test_beats_are_played_once_in_order_and_to_the_second() -> None:
    scene = film()
    assert [snapshot.beat for snapshot in scene.snapshots] == [beat.name for beat in pipeline.BEATS]
    for snapshot, beat in zip(scene.snapshots, scene.board, strict=True):
        assert snapshot.seconds == pytest.approx(beat.seconds, abs=0.35), beat.name
        assert "{" not in beat.caption
        assert said(snapshot, "caption") == [beat.caption]
    assert 25 <= scene.now <= 45
    subtitles = scene.renderer.file_writer.subcaptions
    assert [line.content for line in subtitles] == [beat.caption for beat in scene.board]
    assert all(first.end <= second.start for first, second in itertools.pairwise(subtitles))
    assert len(scene.provenance) == 1


def test_a_caption_stands_as_long_as_it_is_read() -> None:
    """Half a second, and a second for 14 letters, before the beat ends; whatever moves, moves before."""
    scene = film()
    for line, told in zip(scene.renderer.file_writer.subcaptions, scene.told, strict=True):
        assert line.end.total_seconds() - line.start.total_seconds() >= 0.5 + len(line.content) / 14 - 0.1, told.name


@aspects
def test_captions_fit_and_words_stay_apart_within_the_frame(aspect: Aspect) -> None:
    scene, whole = film(aspect), frame(aspect)
    for snapshot in scene.snapshots:
        lines = wrap(snapshot.caption, scene.caption_rect.width, CAPTION_PX)
        assert len(lines) <= min(2, CAPTION_LINES[aspect])
        assert max(map(len, lines)) <= LONGEST_LINE
        words = [item for item in snapshot.shown if item.text and item.name in WORDS]
        for item in words:
            x0, y0, x1, y1 = item.box
            assert whole.x0 < x0 <= x1 < whole.x1, (snapshot.beat, item)
            assert whole.y0 < y0 <= y1 < whole.y1, (snapshot.beat, item)
        for a, b in itertools.combinations(words, 2):
            apart = a.box[2] <= b.box[0] or b.box[2] <= a.box[0] or a.box[3] <= b.box[1] or b.box[3] <= a.box[1]
            assert apart, (snapshot.beat, a, b)


@aspects
def test_captions_stand_in_the_middle(aspect: Aspect) -> None:
    for snapshot in film(aspect).snapshots:
        (box,) = (item.box for item in snapshot.shown if item.name == "caption")
        assert (box[0] + box[2]) / 2 == pytest.approx(0, abs=0.03)


@aspects
def test_parts_of_the_stage_are_in_the_frame_and_apart(aspect: Aspect) -> None:
    stage, whole = pipeline.stage(aspect), frame(aspect)
    assert all(whole.contains(rect) for rect in stage.values())
    for (a, one), (b, other) in itertools.combinations(stage.items(), 2):
        assert not one.overlaps(other), (a, b)


def test_nothing_is_smaller_than_the_last_row_reads() -> None:
    assert TITLE_PX >= SMALLEST_PX
    tree = ast.parse((ROOT / "flashviz" / "director" / "pipeline.py").read_text(encoding="utf-8"))
    sizes = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id.endswith("_PX")}
    assert sizes == {"TITLE_PX", "CAPTION_PX", "FIGURE_PX"}


def test_skins_differ_in_colour_alone() -> None:
    assert in_roles(film()) == in_roles(film(theme="light"))


def test_a_scene_file_holds_no_number_at_all() -> None:
    tree = ast.parse((ROOT / "scenes" / "pipeline.py").read_text(encoding="utf-8"))
    assert not [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, int | float)]


def test_no_figure_is_typed_into_a_caption_or_a_note() -> None:
    assert not [beat for beat in pipeline.BEATS if re.search(r"\d", beat.caption)]
    tree = ast.parse((ROOT / "flashviz" / "director" / "pipeline.py").read_text(encoding="utf-8"))
    texts = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    assert not [text for text in texts if re.search(r"\d", text) and " " in text and "\n" not in text]


def test_the_page_says_how_long_it_is_and_shows_it() -> None:
    page = (ROOT / "docs" / "chapters.md").read_text(encoding="utf-8")
    (seconds,) = re.findall(r"^\| `PipelineScene` \| (\d+) \|", page, re.MULTILINE)
    assert int(seconds) == round(film().now)
    assert "../media/gallery/pipeline.png" in page
    assert f"{film().found.said['idle']} is waiting](../media/gallery/pipeline.png)" in page


def test_a_recording_from_outside_is_refused() -> None:
    with pytest.raises(UsageError, match="expected no recording"):
        played(scenes("pipeline").PipelineScene, Settings(config=AttentionConfig(), source="numpy", trace=ROOT / "any.npz"))


@aspects
def test_german_fits(aspect: Aspect) -> None:
    german, band = read_catalogue("de"), pipeline.stage(aspect)["caption"]
    beats = german.translated("PipelineScene", pipeline.BEATS)
    filled = [filled_in(beat, film().found.said) for beat in beats]
    check_fit(filled, band, aspect, german)
    assert all(len(beat.caption) <= LONGEST_LINE for beat in filled)


def filled_in(beat: Beat, values: Any) -> Beat:
    return replace(beat, caption=beat.caption.format(**values))


def test_the_machine_stands_on_screen_all_the_time() -> None:
    """In the header of the recording, not typed; and that reporting takes time where a share stands, and nowhere else."""
    for snapshot in film().snapshots:
        assert len([text for text in said(snapshot, "note") if text.startswith(MACHINE)]) == 1
        honest = "Recording slows the kernel: shares are this recording's." in said(snapshot, "note")
        assert honest == any("%" in text for text in (snapshot.caption, *said(snapshot, "share"), *said(snapshot, "tick x")))


# ----------------------------------------------------------------------------------------- what is said, counted once more


def grids(trace: Trace) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Each SM, and for every nanosecond how many programs and products there are. From the columns alone."""
    columns = trace.columns
    kind, time, sm = columns["kind"], columns["t_ns"], columns["sm"]
    begin = np.concatenate([[0], time[:-1]])
    whole = int(time.max()) + 1
    firsts, lasts = kind == Kind.LOAD_Q, kind == Kind.STORE_LSE
    for each in np.unique(sm).tolist():
        steps = np.zeros((2, whole + 1), np.int64)
        np.add.at(steps[0], time[firsts & (sm == each)], 1)
        np.add.at(steps[0], time[lasts & (sm == each)], -1)
        chosen = np.isin(kind, [Kind.QK_DOT, Kind.PV_DOT]) & (sm == each)
        np.add.at(steps[1], begin[chosen], 1)
        np.add.at(steps[1], time[chosen], -1)
        present, multiplying = steps.cumsum(axis=1)[:, :whole]
        yield each, present, multiplying


def test_parts_are_those_of_the_columns_and_so_is_what_the_second_program_lifts() -> None:
    """Of every nanosecond of every SM: who multiplies. The last picture's numbers, and what its caption says."""
    trace, whole, alone = recorded(), [], []
    first = {(p.pid_m, p.pid_bh) for p in programs() if p.place == 0}
    kind, stop, sm = trace.columns["kind"], trace.columns["t_ns"], trace.columns["sm"]
    begin = np.concatenate([[0], stop[:-1]])
    own = np.array([pid in first for pid in zip(trace.columns["pid_m"].tolist(), trace.columns["pid_bh"].tolist(), strict=True)])
    for each, _, products in grids(trace):
        steps = np.zeros(int(stop.max()) + 2, np.int64)
        chosen = np.isin(kind, [Kind.QK_DOT, Kind.PV_DOT]) & own & (sm == each)
        np.add.at(steps, begin[chosen], 1)
        np.add.at(steps, stop[chosen], -1)
        alone.append((steps.cumsum()[:-2] > 0).mean())
        whole.append((products[: int(stop.max())] > 0).mean())
    expected = np.mean(alone), np.mean(whole) - np.mean(alone), 1 - np.mean(whole)
    assert film().found.recorded.parts == pytest.approx(expected, abs=1e-9)
    end, written = at(film(), "all"), [f"{100 * part:.0f}%" for part in expected]
    busy = f"{100 * np.mean(whole):.0f}%"
    assert said(end, "tick x") == ["0%", f"{busy} busy", "100%"]
    assert said(end, "share") == [written[0], f"+ {written[1]}", f"{written[2]} waiting"]
    assert end.caption == f"Tensor cores: busy {busy} of the time, waiting {written[-1]}."
    assert int(written[0][:-1]) + int(written[1][:-1]) == int(busy[:-1])


def test_keys_of_the_turns_are_those_of_the_columns() -> None:
    """Of the product that begins a turn of the program that is followed: its tile's columns."""
    found, columns = film().found, recorded().columns
    own = found.followed[0]
    mine = (columns["pid_m"] == own.pid_m) & (columns["pid_bh"] == own.pid_bh) & (columns["kind"] == Kind.QK_DOT)
    for text, (start, stop) in found.tiles:
        (row,) = np.flatnonzero(mine & (columns["t_ns"] > start) & (columns["t_ns"] < stop))
        assert text == f"keys {columns['c0'][row]}–{columns['c1'][row] - 1}"
    assert [turn[0] for _, turn in found.tiles] + [found.tiles[-1][1][1]] == [found.window[0], found.tiles[0][1][1], found.window[1]]
    assert {item.text for item in at(film(), "one").shown if item.text.startswith("keys ")} == {text for text, _ in found.tiles}


def test_where_both_multiply_is_counted_once() -> None:
    """Second by second of what is seen closely: the lines stand where two products run, and only there."""
    found = film().found
    products = next(products for sm, _, products in grids(recorded()) if sm == found.sm)
    start, stop = map(int, found.window)
    drawn = np.zeros(stop - start, bool)
    for begin, end in found.meeting.astype(int).tolist():
        drawn[begin - start : end - start] = True
    assert np.array_equal(drawn, products[start:stop] > 1)
    assert len([item for item in at(film(), "two").shown if item.name == "meeting"]) == len(found.meeting) > 0
    once = pipeline.strips(replace(found.recorded, programs=found.followed), pipeline.SHOTS["once"])
    line = found.recorded.rank[found.sm]
    share = lanes.coverage(once, found.window, (line, line + 1), (200, 900), lanes.IDLE + 1)
    assert share.sum(axis=0).max() <= 1 + 1e-4
    begin, end = found.longest_wait
    assert not products[int(begin) : int(end)].any()


def test_programs_of_sms_and_where_one_pair_follows_another() -> None:
    """How many programs the SMs at the top ran, and that the arrow stands amid the starts of those that followed others."""
    found, trace = film().found, recorded()
    of: dict[int, list[int]] = {}
    for first in trace.bounds[:-1].tolist():
        of.setdefault(int(trace.columns["sm"][first]), []).append(int(trace.columns["t_ns"][first]))
    counts = [len(starts) for starts in of.values()]
    fewer = [count for count in counts if count < max(counts)]
    assert found.fewer == (" or ".join(map(str, sorted(set(fewer)))), len(fewer))
    assert all(len(of[sm]) < max(counts) for sm in found.recorded.sms[: len(fewer)])
    later = [start for starts in of.values() for start in sorted(starts)[lanes.PLACES :]]
    assert found.next_pair == pytest.approx(np.mean(later))
    assert min(later) < found.next_pair < max(later)


@pytest.mark.parametrize("count", [1, 7, 108, 132])
def test_all_sms_stand_in_the_picture_one_by_one(count: int) -> None:
    for aspect in ASPECTS:
        whole = pipeline.stage(aspect)["lanes"]
        cells = pipeline.grid(whole, count)
        assert len(cells) == count
        assert all(whole.contains(cell) for cell in cells)
        assert not any(a.overlaps(b) for a, b in itertools.combinations(cells, 2))
        assert pipeline.within(whole, whole, cells[-1]).edges == pytest.approx(cells[-1].edges)


def test_registers_on_screen_say_how_many_programs_fit_and_so_many_were_there() -> None:
    trace = recorded()
    resources = trace.header.resources
    assert resources is not None
    assert max(present.max() for _, present, _ in grids(trace)) == resources.programs
    assert f"One SM: {len(film().found.followed)} programs, {resources.programs} at a time" in said(at(film(), "sm"), "note")
    assert f"{len(np.unique(trace.columns['sm']))} SMs, {len(trace.programs)} programs" in said(at(film(), "together"), "note")


def test_boxes_of_the_first_turn_are_named_in_the_order_of_the_columns() -> None:
    """One turn without a gap, from its copies on; both copies, both products and softmax carry a name."""
    found = film().found
    turn = pipeline.turn(found.followed[0], found.window[0])
    assert [state for state, _ in turn] == [K, SCORES, SOFTMAX, BLEND]
    assert turn[0][1][0] == found.window[0]
    assert all(one[1] == other[0] for (_, one), (_, other) in itertools.pairwise(turn))
    written = said(at(film(), "one"), "letter")
    assert sorted(written) == sorted(2 * ["copy K", "copy V", "QKᵀ", "softmax", "PV"]), "both turns"


def test_products_meet_only_while_both_programs_multiply() -> None:
    """A product is as high as the lane while its program multiplies alone; halves lie beside each other and never on one another."""
    found = film().found
    made = pipeline.strips(replace(found.recorded, programs=found.followed), pipeline.SHOTS["two"])
    share = lanes.coverage(
        made, found.window, (found.recorded.rank[found.sm], found.recorded.rank[found.sm] + 1), (200, 900), lanes.IDLE + 1
    )
    top, bottom = (round(200 * edge) for edge in pipeline.SHARED)
    assert share.sum(axis=0).max() <= 1 + 1e-4
    drawn = share[:, top:bottom].sum(axis=0).mean()
    assert drawn == pytest.approx(lanes.at_work(found.followed, found.window), abs=2e-3)


def test_frames_stand_where_the_program_multiplies_nothing() -> None:
    """Each reaches from the end of a product to the begin of the next one, and is named by what lies in it."""
    found = film().found
    products = lanes.products_of(found.followed[:1])
    assert [state for state, _ in found.gaps] == [K, SOFTMAX] * pipeline.TURNS
    for state, (start, stop) in found.gaps:
        assert found.window[0] <= start < stop < found.window[1]
        assert start in products[:, 1]
        assert stop in products[:, 0]
        assert not np.clip(np.minimum(products[:, 1], stop) - np.maximum(products[:, 0], start), 0, None).any()
        bars = found.followed[0].bars[state]
        assert ((bars[:, 0] >= start) & (bars[:, 1] <= stop)).any()


def test_a_second_program_multiplies_in_each_kind_of_gap() -> None:
    """As the caption says: of the turns that are shown, while the first one copies and in its softmax."""
    found = film().found
    other = lanes.products_of([p for p in found.followed if p.place == 1])
    filled = {state for state, gap in found.gaps if (np.minimum(other[:, 1], gap[1]) > np.maximum(other[:, 0], gap[0])).any()}
    assert filled == {K, SOFTMAX}


# ------------------------------------------------------------------------------------------------ what is drawn, read back


@aspects
def test_ticks_stand_at_their_times(aspect: Aspect) -> None:
    """Read as a viewer does: bands between ticks are the copies, to the pixel of a film."""
    scene = film(aspect)
    for beat, _, view, bands, origin in scene.seen:
        ticks = [item for item in at(scene, beat).shown if item.name == "tick"]
        if beat == "together":
            assert not ticks, "pushed together, a place is no time"
            continue
        texts = said(at(scene, beat), "tick x")
        assert len(ticks) == len(texts) >= 2
        whole = scene.found.recorded.span / 100  # of a percent
        read = [float(text.split("%")[0]) * whole if "%" in text else origin + float(text.split()[0]) * 1000 for text in texts]
        places, times = zip(*((tick.box[0], time) for tick, time in zip(ticks, read, strict=True)), strict=True)
        slope, start = np.polyfit(places, times, 1) if len(places) > 2 else _through(places, times)
        rect = pipeline.stage(aspect)["lanes"]
        tolerance = 0.02 * (view.across[1] - view.across[0])
        for edge, time in zip((rect.x0, rect.x1), view.across, strict=True):
            assert start + slope * edge == pytest.approx(time, abs=tolerance), beat
        if beat == "copy":
            drawn = [(start + slope * band.get_left()[0], start + slope * band.get_right()[0]) for band in bands]
            assert np.array(drawn) == pytest.approx(np.array([gap for _, gap in scene.found.gaps]), abs=tolerance)


def _through(places: Any, times: Any) -> tuple[float, float]:
    slope = (times[1] - times[0]) / (places[1] - places[0])
    return slope, times[0] - slope * places[0]


def test_one_picture_from_one_program_to_all_sms() -> None:
    pictures = {beat: picture for beat, picture, *_ in film().seen}
    assert len({id(picture) for picture in pictures.values()}) == 1
    views = {beat: view for beat, _, view, *_ in film().seen}
    spans = [view.across[1] - view.across[0] for view in (views["one"], views["two"], views["sm"])]
    assert spans[0] == spans[1] < spans[2] / 20
    followed = film().found.recorded.rank[film().found.sm]
    assert views["sm"].down == (followed, followed + 1)
    assert views["sm"].across == views["together"].across == views["all"].across
    assert views["all"].down == (0, len(film().found.recorded.sms))
    assert all(np.isinf(view.now) for view in views.values()), "at the end of a beat all that was measured is seen"


@pytest.mark.parametrize(("pushed", "level"), [(0.0, 0.0), (1.0, 0.0), (1.0, 0.4), (1.0, 1.0)])
def test_all_of_the_time_is_drawn_and_no_more(pushed: float, level: float) -> None:
    """Where all SMs are seen, the area of work and of waiting is the time that the columns have for it, pushed or levelled."""
    view = film().overall(pushed, level)
    share = lanes.coverage(view.strips, view.across, view.down, (400, 700), lanes.IDLE + 1)
    pixel = (view.across[1] - view.across[0]) / 700 * (view.down[1] - view.down[0]) / 400
    span, sms = film().found.recorded.span, len(film().found.recorded.sms)
    nanoseconds = sum(int((products[:span] > 0).sum()) for _, _, products in grids(recorded()))
    assert share[: lanes.IDLE].sum() * pixel == pytest.approx(nanoseconds, rel=1e-3)
    assert share[lanes.IDLE].sum() * pixel == pytest.approx(span * sms - nanoseconds, rel=1e-3)
    assert share.sum(axis=0) == pytest.approx(1, abs=1e-3)


def test_a_state_takes_as_much_room_as_the_columns_have_time_for_it() -> None:
    """Of all programs, each on a line as high as its SM."""
    found, columns = film().found.recorded, recorded().columns
    programs_alone = replace(pipeline.SHOTS["all"], programs=1.0, waiting=0.0, work=0.0, whose=0.0)
    share = lanes.coverage(pipeline.strips(found, programs_alone), (0, found.span), (0, len(found.sms)), (400, 700), lanes.IDLE + 1)
    pixel, lengths = found.span / 700 * len(found.sms) / 400, np.diff(columns["t_ns"], prepend=0)
    for index, state in enumerate(STATES):
        time = lengths[np.isin(columns["kind"], lanes.KINDS[state])].sum()
        assert share[[index, len(STATES) + index]].sum() * pixel == pytest.approx(time, rel=1e-3), state


def test_pushed_together_work_stands_left_of_waiting() -> None:
    """Of every SM: bars of the first program end where those of the second begin, and theirs where waiting begins, up to the end."""
    made = next(view for beat, _, view, *_ in film().seen if beat == "together").strips
    shown = [bars for bars, weight in zip(made.bars, made.weight.tolist(), strict=True) if weight]
    for first in range(0, len(shown), 3):
        bars = np.concatenate(shown[first : first + 3])
        assert np.array_equal(bars[1:, 0], bars[:-1, 1])
        assert (bars[0, 0], bars[-1, 1]) == (0, film().found.recorded.span)


def test_in_the_end_every_line_is_the_average() -> None:
    """The last picture: each SM's parts end where their means over all SMs do."""
    made, recorded = film().seen[-1][2].strips, film().found.recorded
    shown = [bars for bars, weight in zip(made.bars, made.weight.tolist(), strict=True) if weight]
    ends = recorded.span * np.cumsum(recorded.parts)
    for first in range(0, len(shown), 3):
        assert [bars[-1, 1] for bars in shown[first : first + 3]] == pytest.approx(ends)


def test_each_number_stands_in_its_area() -> None:
    """In the last picture, in every aspect: between the ends that the parts have on the axis, and in the lanes."""
    for aspect in ASPECTS:
        rect, ends = pipeline.stage(aspect)["lanes"], np.concatenate([[0.0], np.cumsum(film().found.recorded.parts)])
        shares = [item for item in at(film(aspect), "all").shown if item.name == "share"]
        for item, (start, stop) in zip(shares, itertools.pairwise(rect.x0 + ends * rect.width), strict=True):
            x0, y0, x1, y1 = item.box
            assert start < x0 < x1 < stop
            assert (x0 + x1) / 2 == pytest.approx((start + stop) / 2, abs=0.06)
            assert rect.y0 < y0 < y1 < rect.y1


@aspects
def test_each_step_of_the_first_turn_is_handed_to_the_next(aspect: Aspect) -> None:
    """An arrow at the end of each, from its lane to the next one's edge: copies, product, softmax, product, and copies again."""
    scene = film(aspect)
    rect, (start, stop) = pipeline.stage(aspect)["lanes"], scene.found.window
    turn, lane = pipeline.turn(scene.found.followed[0], start), pipeline.SHOTS["one"].lanes[0]
    arrows = [item for item in at(scene, "one").shown if item.name == "handed"]
    order = [state for state, _ in turn] + [K]
    for item, (_, (_, end)), (state, after) in zip(arrows, turn, itertools.pairwise(order), strict=True):
        x0, y0, x1, y1 = item.box
        assert (x0 + x1) / 2 == pytest.approx(rect.x0 + (end - start) / (stop - start) * rect.width, abs=0.03)
        upper, lower = sorted((lane[V if each == K else each] for each in (state, after)), key=lambda each: each[0])
        assert (y1, y0) == pytest.approx([rect.y1 - edge * rect.height for edge in (upper[1], lower[0])], abs=0.03)


def test_bars_are_the_whole_of_a_program() -> None:
    """Without a gap and without an overlap: from its first report to its last. V's copy is K's time."""
    for p in programs():
        assert sum(int((bars[:, 1] - bars[:, 0]).sum()) for state, bars in p.bars.items() if state != V) == p.seconds
        assert np.array_equal(p.bars[V], p.bars[K])


# -------------------------------------------------------------------------------------------------------- as it must be


spans = st.lists(st.integers(0, 60), min_size=2, max_size=12, unique=True).map(
    lambda ends: np.array(sorted(ends)[: len(ends) // 2 * 2]).reshape(-1, 2)
)


@given(spans, st.integers(0, 30))
def test_between_common_and_pushed_are_what_counting_finds(bars: np.ndarray, start: int) -> None:
    """Second by second: what bars leave of a window, what two have in common, and that pushing keeps every length."""

    def inside(some: np.ndarray) -> np.ndarray:
        return np.array([((some[:, 0] <= at) & (at < some[:, 1])).any() for at in range(61)])

    rest = lanes.between(bars, (0, 61))
    assert np.array_equal(inside(rest), ~inside(bars))
    shifted = np.clip(bars + start, 0, 61)
    shifted = shifted[shifted[:, 1] > shifted[:, 0]]
    assert np.array_equal(inside(lanes.common(bars, shifted)), inside(bars) & inside(shifted))
    moved = lanes.pushed(bars, start)
    assert np.array_equal(np.diff(moved), np.diff(bars))
    assert moved[0, 0] == start
    assert np.array_equal(moved[1:, 0], moved[:-1, 1])


@few
@given(small)
def test_joined_is_what_counting_finds(trace: Trace) -> None:
    for sm, _, products in grids(trace):
        bars = lanes.joined([p for p in lanes.programs_of(trace) if p.sm == sm])
        found = np.zeros(len(products), bool)
        for begin, stop in bars.tolist():
            assert not found[begin:stop].any()
            found[begin:stop] = True
        assert np.array_equal(found, products > 0)


@given(spans, st.integers(0, 40), st.integers(1, 40), st.integers(1, 30))
def test_covered_is_what_counting_finds(bars: np.ndarray, start: int, length: int, width: int) -> None:
    """Against a count of fine samples, to within one at each end of a bar; the sum over all pixels is exact."""
    edges = np.linspace(start, start + length, width + 1)
    fine = 20
    centres = (edges[:-1, None] + (np.arange(width * fine).reshape(width, fine) % fine + 0.5) / fine * (length / width)).ravel()
    inside = ((centres[:, None] >= bars[:, 0]) & (centres[:, None] < bars[:, 1])).any(axis=1).reshape(width, fine).mean(axis=1)
    assert lanes.covered(bars, edges) == pytest.approx(inside, abs=2 * len(bars) / fine)
    assert lanes.covered(bars, edges).sum() * length / width == pytest.approx(
        np.clip(np.minimum(bars[:, 1], start + length) - np.maximum(bars[:, 0], start), 0, None).sum()
    )


@given(spans, st.floats(0, 3), st.floats(0.1, 2), st.integers(-20, 20), st.integers(1, 25), st.integers(1, 25))
def test_coverage_keeps_areas(bars: np.ndarray, top: float, height: float, shift: int, rows: int, columns: int) -> None:
    one = np.ones(1)
    strips = Strips([bars], np.zeros(1, int), top * one, (top + height) * one, shift * one, one)
    share = lanes.coverage(strips, (-20, 80), (0, 5.1), (rows, columns), 1)
    assert share.max(initial=0) <= 1 + 1e-5
    assert share.sum() * (100 / columns) * (5.1 / rows) == pytest.approx((bars[:, 1] - bars[:, 0]).sum() * height, rel=1e-4)


windows = st.tuples(st.floats(-100, 100), st.floats(0.5, 200)).map(lambda w: (w[0], w[0] + w[1]))


@given(windows, windows, st.floats(0, 1))
def test_a_zoom_ends_where_it_should_and_one_point_stands_still(start: tuple[float, float], end: tuple[float, float], share: float) -> None:
    assert lanes.zoomed(start, end, 0) == pytest.approx(start)
    assert lanes.zoomed(start, end, 1) == pytest.approx(end)
    before, after, now = start[1] - start[0], end[1] - end[0], lanes.zoomed(start, end, share)
    if abs(before - after) > 0.01 * before:
        fixed = (start[0] * after - end[0] * before) / (after - before)
        places = [(fixed - left) / (right - left) for left, right in (start, now)]
        assert places[0] == pytest.approx(places[1], abs=1e-6 * (1 + abs(places[0])))


@few
@given(small)
def test_programs_of_a_place_follow_one_another(trace: Trace) -> None:
    found = lanes.programs_of(trace)
    assert len(found) == len(trace.programs)
    present = max(int(p.max()) for _, p, _ in grids(trace))
    assert lanes.places_of(found) >= present
    for one, other in itertools.combinations(found, 2):
        if (one.sm, one.place) == (other.sm, other.place):
            assert one.stop <= other.start or other.stop <= one.start


@few
@given(small, st.integers(0, 200), st.integers(1, 400))
def test_at_work_is_what_counting_finds(trace: Trace, start: int, length: int) -> None:
    """Of all programs of an SM, in any window, against every nanosecond by itself."""
    found = lanes.programs_of(trace)
    for sm, _, products in grids(trace):
        own = [p for p in found if p.sm == sm]
        counted = (products[start : start + length] > 0).sum() / length
        assert lanes.at_work(own, (start, start + length)) == pytest.approx(counted)


@given(st.floats(1, 1e6), st.floats(10, 1e6), st.integers(3, 12))
def test_ticks_are_round_and_not_too_many(start: float, length: float, most: int) -> None:
    found = pipeline.ticks((start, start + length), most)
    assert len(found) <= most + 1
    assert all(start <= tick <= start + length for tick in found)
    steps = np.diff(found)
    if len(steps):
        assert f"{steps[0]:e}"[0] in "125"
        assert steps == pytest.approx(steps[0])


def test_a_picture_says_what_it_shows_by_its_pixels() -> None:
    """Half a lane for the first half of the time: opaque there and clear elsewhere; ``now`` hides what comes later."""
    one = np.ones(1)
    strips = Strips([np.array([[0, 50]])], np.zeros(1, int), 0 * one, 0.5 * one, 0 * one, one)
    picture = LanesPicture(frame("16:9"), View(strips, (0, 100), (0, 1)), DARK)
    rows, columns = picture.size
    alpha = picture.pixel_array[..., 3]
    assert (alpha[: rows // 2, : columns // 2] > 200).all()
    assert not alpha[rows // 2 + 1 :].any()
    assert not alpha[:, columns // 2 + 1 :].any()
    later = picture.display(View(strips, (0, 100), (0, 1), now=25.0)).pixel_array[..., 3]
    assert (later[0, : columns // 4 - 1] > 200).all()
    assert not later[:, columns // 4 + 1 :].any()


# --------------------------------------------------------------------------------------------------------- what is refused


def test_a_simulated_recording_is_no_film() -> None:
    made = simulated(AttentionConfig(seq_q=64, block_m=16, block_n=16, head_dim=16, heads=4), sms=2, places=2, seed=1)
    assert made.header.altered == ALTERED
    with pytest.raises(UsageError, match="expected what a GPU recorded, got one that was altered"):
        pipeline.gather(made)


def test_no_clock_no_lanes() -> None:
    plain = record(AttentionConfig(seq_q=64, block_m=16, block_n=16, head_dim=16), source="numpy")
    with pytest.raises(UsageError, match="expected what a GPU recorded, got numpy"):
        pipeline.gather(plain)
    with pytest.raises(UsageError, match="expected a recording with a clock"):
        lanes.programs_of(plain)


def test_other_stages_copy_in_another_order() -> None:
    trace = recorded()
    assert trace.header.resources is not None
    resources = msgspec.structs.replace(trace.header.resources, stages=3)
    other = Trace(msgspec.structs.replace(trace.header, resources=resources), trace.columns)
    with pytest.raises(UsageError, match="of a kernel with 2 stages"):
        lanes.programs_of(other)


def test_a_clock_that_runs_backwards_is_refused() -> None:
    trace = recorded()
    times = trace.columns["t_ns"].copy()
    times[5] = times[4] - 1
    with pytest.raises(UsageError, match="runs backwards"):
        lanes.programs_of(Trace(trace.header, trace.columns | {"t_ns": times}))


def test_a_recording_with_a_mask_is_refused() -> None:
    with pytest.raises(UsageError, match="expected a recording without a mask"):
        pipeline.gather(Trace.load(CAUSAL))


# ------------------------------------------------------------------------------------------------------ the compiler's order

ORDER = """
import re, subprocess, sys, tempfile
from pathlib import Path
import triton
from flashviz.config import AttentionConfig
from flashviz_kernels import aot, forward
from flashviz_kernels.algorithms.fa2 import ALGORITHM

config = AttentionConfig(seq_q=512, head_dim=64, block_m=64, block_n=64, stages=int(sys.argv[1]), causal=sys.argv[2] == "causal")
triton.runtime.driver.set_active(aot.Pretended(90))
ahead = aot.Ahead(forward.forward)
aot._call(ALGORITHM, config, {"trace": True, "values": False, "clock": True}).on(ahead)
with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
    file.write(ahead.compiled.asm["cubin"])
    file.flush()
    tool = Path(triton.__file__).parent / "backends" / "nvidia" / "bin" / "nvdisasm"
    code = subprocess.run([tool, file.name], capture_output=True, text=True, check=True).stdout
marks = {
    "copy": r"\\bLDGSTS", "wait": r"(?<!WARPGROUP\\.)\\bDEPBAR\\.LE SB0, 0x0", "product": r"\\bHGMMA", "done": r"WARPGROUP\\.DEPBAR",
    "report": r"CS2R\\.32 \\S+ SR_CLOCKLO", "back": r"\\bBRA ",
}
for line in code.splitlines():
    for name, pattern in marks.items():
        if re.search(pattern, line):
            print(name)
"""


def order_of(stages: int, mask: str) -> list[str]:
    """Copies, waits, products and reports of the loop's machine code, runs of one written once."""
    environment = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    done = subprocess.run(
        [sys.executable, "-c", ORDER, str(stages), mask],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
        cwd=FORWARD.parents[1],
    )
    return [name for name, _ in itertools.groupby(done.stdout.split())]


@pytest.mark.skipif(not installed(), reason="the kernel is compiled where triton is installed")
@pytest.mark.parametrize("mask", ["none", "causal"])
def test_copies_are_issued_behind_the_second_product_and_waited_for_before_the_first(mask: str) -> None:
    """One turn of the loop: wait, report K, multiply to the end, report ..., multiply to the end, report PV, copy, back."""
    text = " ".join(order_of(2, mask))
    turn = r"wait report product done report product done report copy back"
    assert len(re.findall(turn, text)) == 2, text  # the loop of full tiles, and that of cut ones


@pytest.mark.skipif(not installed(), reason="the kernel is compiled where triton is installed")
def test_of_more_stages_that_would_not_be_true() -> None:
    """What the film refuses to say of three stages: there the wait leaves copies under way."""
    text = " ".join(order_of(3, "none"))
    assert not re.findall(r"wait report product done report product done report copy back", text), text
