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
from flashviz.chapters.lanes import BLEND, PRODUCTS, SCORES, SOFTMAX, STATES, K, Program, Strips, V
from flashviz.citations import PING_PONG
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
WORDS = ("caption", "note", "letter", "share", "tick x")  # swatches and frames are no words
MACHINE = "NVIDIA H100 80GB HBM3"
CAUSAL = ROOT / "docs" / "bench" / "clocked-4096-d64-causal.npz"
aspects = pytest.mark.parametrize("aspect", ASPECTS)


@cache
def film(aspect: Aspect = "16:9", theme: Any = "dark") -> Any:
    """The scene after its last beat; what the picture showed at the end of each beat is kept."""

    def end_beat(scene: Any) -> None:
        super(type(scene), scene).end_beat()
        scene.seen.append((scene.beat.name, scene.lanes, scene.lanes.view, scene.origin))

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
    assert 25 <= scene.now <= 50
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
    assert sizes == {"TITLE_PX", "CAPTION_PX"}


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
    assert f"{pipeline.percent(film().found.recorded.parts[-1])} is waiting](../media/gallery/pipeline.png)" in page


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
    """From the recording's header, not typed: its model in the corner; in full, and that timers take time, twice."""
    for snapshot in film().snapshots:
        (model,) = said(snapshot, "machine")
        assert model in MACHINE
    for beat in ("one", "copy", "all"):
        (note,) = (text for text in said(at(film(), beat), "note") if text.startswith(MACHINE))
        assert note.endswith("Times include the timers.")


def test_what_is_said_of_flash_attention_3_stands_with_its_source() -> None:
    snapshot = at(film(), "plan")
    assert PING_PONG.source.name in snapshot.caption
    words = " ".join(said(snapshot, "note"))  # lines, from the top
    gain = "it raised 570 to 620-640 TFLOP/s"  # as its authors measured it
    assert f"{PING_PONG.source.name}, a schematic, not to scale; {gain} ({PING_PONG.citation})" in words
    assert not said(snapshot, "tick x")
    assert not [text for text in said(snapshot, "note") if text.startswith(MACHINE)], "the machine stands at what was recorded on it"


def test_in_the_plan_one_half_multiplies_while_the_other_does_softmax() -> None:
    """At any time of the schematic exactly one half has a product; after softmax comes P V, before it Q Kᵀ."""
    halves = [pipeline.planned(place, 1.0) for place in range(2)]
    for time in np.linspace(0, 1, 97)[:-1] + 1e-6:
        now = [next(state for state, (start, stop) in steps if start <= time < stop) for steps in halves]
        assert sum(state in PRODUCTS for state in now) == sum(state == SOFTMAX for state in now) == 1
    for steps in halves:
        order = [state for state, _ in steps]
        assert set(itertools.pairwise(order)) == {(BLEND, SCORES), (SCORES, SOFTMAX), (SOFTMAX, BLEND)}
    scene = film()
    end = at(scene, "plan")
    jobs = [item.box for item in end.shown if item.name == "job"]
    rect, (top, bottom) = pipeline.stage("16:9")["lanes"], pipeline.ROWS["plan"].cores
    assert len(jobs) == sum(state in PRODUCTS for steps in halves for state, _ in steps)
    for x0, _, x1, _ in jobs:
        assert x1 - x0 == pytest.approx(rect.width / len(jobs), abs=0.03)
    assert sorted(round(x0, 2) for x0, *_ in jobs) == pytest.approx(
        [rect.x0 + share * rect.width for share in np.linspace(0, 1, len(jobs), endpoint=False)], abs=0.03
    ), "tensor cores have one after another, without a gap"
    for _, y0, _, y1 in jobs:
        assert y0 < rect.y1 - bottom * rect.height + 0.03
        assert y1 > rect.y1 - top * rect.height - 0.03


def test_the_turn_that_is_seen_is_counted_as_the_loop_does() -> None:
    """From the columns: of the first program's reports of K, the one that comes in the turn, and how many there are."""
    found, columns = film().found, recorded().columns
    own = next(p for p in found.followed if p.place == 0)
    mine = (columns["pid_m"] == own.pid_m) & (columns["pid_bh"] == own.pid_bh) & (columns["kind"] == Kind.LOAD_K)
    tiles, times = columns["j"][mine], columns["t_ns"][mine]
    (turn,) = tiles[(times > found.window[0]) & (times <= found.window[1])].tolist()
    (title,) = (text for text in said(at(film(), "one"), "note") if "turn" in text)
    assert title.endswith(f"turn {turn + 1} of {mine.sum()}")


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


def counted_of(sm: int) -> dict[str, np.ndarray]:
    """Nanosecond by nanosecond of an SM: whether Q Kᵀ runs, and whether either product does. From the columns alone."""
    columns = recorded().columns
    kind, stop = columns["kind"], columns["t_ns"]
    begin, found = np.concatenate([[0], stop[:-1]]), {}
    for name, kinds in (("scores", [Kind.QK_DOT]), ("busy", [Kind.QK_DOT, Kind.PV_DOT])):
        steps = np.zeros(int(stop.max()) + 2, np.int64)
        chosen = np.isin(kind, kinds) & (columns["sm"] == sm)
        np.add.at(steps, begin[chosen], 1)
        np.add.at(steps, stop[chosen], -1)
        found[name] = steps.cumsum()[:-2] > 0
    return found


def test_shares_are_those_of_the_columns() -> None:
    """Of every nanosecond of every SM: Q Kᵀ, otherwise P V, or neither. The numbers of the last pictures, and what the caption says."""
    found = film().found
    each = {}
    for sm in np.unique(recorded().columns["sm"]).tolist():
        runs = counted_of(sm)
        scores, busy = runs["scores"].mean(), runs["busy"].mean()
        each[sm] = scores, busy - scores, 1 - busy
    for sm, shares in each.items():
        assert found.recorded.shares[sm] == pytest.approx(shares, abs=1e-9)
    mean = np.mean(list(each.values()), 0)
    assert found.recorded.parts == pytest.approx(mean, abs=1e-9)
    written = [f"{100 * share:.0f}%" for share in mean]
    assert sum(int(text[:-1]) for text in written) == 100
    assert said(at(film(), "all"), "share") == said(at(film(), "plan"), "share") == written
    assert mean[-1] > 0.5, "most of the time, as the caption says"
    for beat in ("sort", "together", "all"):
        assert said(at(film(), beat), "tick x") == ["0%", "50%", "100%"]
    assert {"µs" in text for text in said(at(film(), "sm"), "tick x")} == {True}
    assert f"{found.recorded.span / 1000:.0f} µs" in at(film(), "sm").caption


def test_the_other_sms_wait_about_as_long_or_longer() -> None:
    """As the caption says: none waits for less by more than two hundredths of the time."""
    shares, sm = film().found.recorded.shares, film().found.sm
    assert min(each[-1] for each in shares.values()) > shares[sm][-1] - 0.02
    waits = [shares[sm][-1] for sm in film().found.recorded.sms]
    assert waits == sorted(waits)


@pytest.mark.parametrize(("beat", "places"), [("copy", 1), ("two", 2)])
def test_the_share_of_waiting_is_that_of_the_turn(beat: str, places: int) -> None:
    """Of the nanoseconds that are seen: in how many none of the programs that are seen multiplies."""
    found, columns = film().found, recorded().columns
    start, stop = map(int, found.window)
    busy = np.zeros(stop - start, bool)
    begin = np.concatenate([[0], columns["t_ns"][:-1]])
    for place in range(places):
        own = next(p for p in found.followed if p.place == place)
        mine = (columns["pid_m"] == own.pid_m) & (columns["pid_bh"] == own.pid_bh) & np.isin(columns["kind"], [Kind.QK_DOT, Kind.PV_DOT])
        for a, b in zip(begin[mine].tolist(), columns["t_ns"][mine].tolist(), strict=True):
            busy[max(a - start, 0) : max(b - start, 0)] = True
    assert said(at(film(), beat), "share") == [f"{100 * (1 - busy.mean()):.0f}% waiting in this turn"]


def test_the_sorted_part_of_an_sm_is_what_was_before() -> None:
    """At any time of the sweep: bars of each kind take as long as in the columns."""
    found = film().found
    runs = counted_of(found.sm)
    for time in (0, 12_345, 60_000, found.recorded.span):
        made = pipeline.strips(found, pipeline.ROWS["sm"], work=1.0, time=time)
        line = found.recorded.rank[found.sm]
        share = lanes.coverage(made, (0, found.recorded.span), (line, line + 1), (100, found.recorded.span // 100), lanes.IDLE + 1)[:, 50]
        drawn = share.mean(axis=1)
        busy = runs["busy"].mean()
        assert [drawn[look] for look in pipeline.WORK] == pytest.approx(
            [runs["scores"].mean(), busy - runs["scores"].mean(), 1 - busy], abs=1e-4
        )
        assert share.sum(axis=0) == pytest.approx(1, abs=1e-3)


def test_registers_say_how_many_programs_fit_and_so_many_were_there() -> None:
    trace = recorded()
    resources = trace.header.resources
    assert resources is not None
    assert max(present.max() for _, present, _ in grids(trace)) == resources.programs
    assert [text for text in said(at(film(), "two"), "note") if text.startswith("program ")] == ["program 1", "program 2"]
    assert f"All {len(np.unique(trace.columns['sm']))} SMs, one line each" in said(at(film(), "together"), "note")


def test_steps_follow_one_another_and_carry_their_names() -> None:
    """All of the time that is seen, of both programs, without a gap; each step with the same word in either row."""
    found = film().found
    words = {K: ["copy K from HBM", "copy V from HBM"], SCORES: ["QKᵀ"], SOFTMAX: ["softmax"], BLEND: ["PV"]}
    assert [state for state, _ in found.steps(0)] == [K, SCORES, SOFTMAX, BLEND]
    written = []
    for place, beat in enumerate(("copy", "two")):
        steps = found.steps(place)
        assert (steps[0][1][0], steps[-1][1][1]) == found.window
        assert all(one[1] == other[0] for (_, one), (_, other) in itertools.pairwise(steps))
        own = next(p for p in found.followed if p.place == place)
        for state, (start, stop) in steps:
            covered = np.clip(np.minimum(own.bars[state][:, 1], stop) - np.maximum(own.bars[state][:, 0], start), 0, None).sum()
            assert covered == stop - start, "softmax is one bar, of its reports"
        written += [word for state, _ in steps for word in words[state]]
        dropped = [word for each in range(place + 1) for state, _ in found.steps(each) if state in PRODUCTS for word in words[state]]
        drawn = said(at(film(), beat), "letter")
        reasons = ["on other, slower units"] * (1 + place)  # of softmax, where there is room to say it
        assert sorted(drawn) == sorted(written + reasons + dropped)


def test_a_second_program_multiplies_in_each_gap_and_never_with_the_first() -> None:
    """Of the turn that is seen: while the first one copies, and in its softmax; its products are whole."""
    found, products = film().found, next(products for sm, _, products in grids(recorded()) if sm == film().found.sm)
    assert products[int(found.window[0]) : int(found.window[1])].max() == 1
    other = lanes.products_of([p for p in found.followed if p.place == 1])
    inside = other[(other[:, 1] > found.window[0]) & (other[:, 0] < found.window[1])]
    for start, stop in found.waits():
        assert ((inside[:, 0] >= start) & (inside[:, 1] <= stop)).any()
    seen, whole = (1 - lanes.at_work(found.followed, span) for span in (found.window, (0, found.recorded.span)))
    assert seen == pytest.approx(whole, abs=0.015), "a turn like others"
    assert len(inside) == sum(state in PRODUCTS for state, _ in found.steps(1)) == len(found.waits())


# ------------------------------------------------------------------------------------------------ what is drawn, read back


@aspects
def test_ticks_stand_at_their_times(aspect: Aspect) -> None:
    """Read as a viewer does: the picture's ends are those of its time; bands and products between ticks are those of the turn."""
    scene = film(aspect)
    rect = pipeline.stage(aspect)["lanes"]
    for beat, _, view, origin in scene.seen[:-1]:  # the plan has no times
        ticks, texts = [item for item in at(scene, beat).shown if item.name == "tick"], said(at(scene, beat), "tick x")
        assert len(ticks) == len(texts) >= 2
        whole = scene.found.recorded.span / 100  # of a percent
        read = [float(text.split("%")[0]) * whole if "%" in text else origin + float(text.split()[0]) * 1000 for text in texts]
        slope, start = np.polyfit([tick.box[0] for tick in ticks], read, 1)
        tolerance = 0.02 * (view.across[1] - view.across[0])
        for edge, time in zip((rect.x0, rect.x1), view.across, strict=True):
            assert start + slope * edge == pytest.approx(time, abs=tolerance), beat
        if beat in ("copy", "two"):
            drawn = {name: [item.box for item in at(scene, beat).shown if item.name == name] for name in ("band", "job")}
            jobs = [step[1] for place in range(1 + (beat == "two")) for step in scene.found.steps(place) if step[0] in PRODUCTS]
            for boxes, times in ((drawn["band"], scene.found.waits()), (drawn["job"], jobs)):
                seen = [(start + slope * box[0], start + slope * box[2]) for box in boxes]
                assert np.array(seen) == pytest.approx(np.array(times), abs=tolerance)


def test_one_picture_from_one_program_to_all_sms() -> None:
    pictures = {beat: picture for beat, picture, *_ in film().seen}
    assert len({id(picture) for picture in pictures.values()}) == 1
    views = {beat: view for beat, _, view, *_ in film().seen}
    spans = [view.across[1] - view.across[0] for view in (views["one"], views["two"], views["sm"])]
    assert spans[0] == spans[1] < spans[2] / 20
    followed = film().found.recorded.rank[film().found.sm]
    assert views["sm"].down == (followed, followed + 1)
    assert views["sm"].across == views["sort"].across == views["together"].across == views["all"].across == views["plan"].across
    sms = len(film().found.recorded.sms)
    assert views["all"].down == (0, sms)
    assert views["plan"].down == (0, pytest.approx(sms / pipeline.RECORDED[1]))
    scores = film().found.steps(0)[1][1]
    assert views["one"].now == scores[1], "until the first product is done"
    assert all(np.isinf(view.now) for beat, view in views.items() if beat != "one"), "all that was measured is seen"


@pytest.mark.parametrize("level", [0.0, 0.4, 1.0])
def test_all_of_the_time_is_drawn_and_no_more(level: float) -> None:
    """Where all SMs are seen, the area of work and of waiting is the time that the columns have for it, levelled or not."""
    view = film().overall(level)
    share = lanes.coverage(view.strips, view.across, view.down, (400, 700), lanes.IDLE + 1)
    pixel = (view.across[1] - view.across[0]) / 700 * (view.down[1] - view.down[0]) / 400
    span, sms = film().found.recorded.span, len(film().found.recorded.sms)
    nanoseconds = sum(int((products[:span] > 0).sum()) for _, _, products in grids(recorded()))
    assert share[: lanes.IDLE].sum() * pixel == pytest.approx(nanoseconds, rel=1e-3)
    assert share[lanes.IDLE].sum() * pixel == pytest.approx(span * sms - nanoseconds, rel=1e-3)
    assert share.sum(axis=0) == pytest.approx(1, abs=1e-3)


def test_a_state_takes_as_much_room_as_the_columns_have_time_for_it() -> None:
    """Of both programs that are seen closely, each in its row."""
    found, columns = film().found, recorded().columns
    rows, line = pipeline.ROWS["two"], found.recorded.rank[found.sm]
    own = {(p.pid_m, p.pid_bh) for p in found.followed}
    mine = np.array([pid in own for pid in zip(columns["pid_m"].tolist(), columns["pid_bh"].tolist(), strict=True)])
    share = lanes.coverage(
        pipeline.strips(found, rows, programs=1.0), (0, found.recorded.span), (line, line + 1), (400, 700), lanes.IDLE + 1
    )
    pixel, lengths = found.recorded.span / 700 / 400, np.diff(columns["t_ns"], prepend=0)
    for index, state in enumerate(STATES):
        time = lengths[np.isin(columns["kind"], lanes.KINDS[state]) & mine].sum()
        high = np.diff(pipeline.halves(rows.first)[state])[0]
        assert share[index].sum() * pixel == pytest.approx(time * high, rel=1e-3), state


def test_in_the_end_every_line_is_the_average() -> None:
    """The last picture: each SM's parts end where their means over all SMs do."""
    made, recorded = film().seen[-1][2].strips, film().found.recorded
    ends = recorded.span * np.cumsum(recorded.parts)
    for first in range(0, len(made.bars), 3):
        assert [bars[-1, 1] for bars in made.bars[first : first + 3]] == pytest.approx(ends)


@aspects
def test_each_number_stands_in_its_area(aspect: Aspect) -> None:
    """Of one SM and of all: in the lanes, amid what it counts; and so do the names of products and of waiting."""
    rect, found = pipeline.stage(aspect)["lanes"], film().found.recorded
    names = ["QKᵀ", "PV", "waiting"]
    for beat, parts, high in (
        ("sort", found.shares[film().found.sm], 1.0),
        ("all", found.parts, 1.0),
        ("plan", found.parts, pipeline.RECORDED[1]),
    ):
        ends = rect.x0 + np.concatenate([[0.0], np.cumsum(parts)]) * rect.width
        inside = [item for item in at(film(aspect), beat).shown if item.box[1] > rect.y1 - high * rect.height]
        shares, words = ([item for item in inside if item.name == name] for name in ("share", "letter"))
        assert [item.text for item in words] == names
        assert len(shares) == (0 if beat == "sort" else len(names))
        for items in (shares, words):
            for item, (start, stop) in zip(items, itertools.pairwise(ends), strict=bool(items)):
                x0, y0, x1, y1 = item.box
                assert start < x0 < x1 < stop, item
                assert (x0 + x1) / 2 == pytest.approx((start + stop) / 2, abs=0.06)
                assert rect.y0 < y0 < y1 < rect.y1


def test_bars_are_the_whole_of_a_program() -> None:
    """Without a gap and without an overlap: from its first report to its last. V's copy is K's time."""
    for p in programs():
        assert sum(int((bars[:, 1] - bars[:, 0]).sum()) for state, bars in p.bars.items() if state != V) == p.seconds
        assert np.array_equal(p.bars[V], p.bars[K])


# -------------------------------------------------------------------------------------------------------- as it must be


spans = st.lists(st.integers(0, 60), min_size=2, max_size=12, unique=True).map(
    lambda ends: np.array(sorted(ends)[: len(ends) // 2 * 2]).reshape(-1, 2)
)


@given(spans, st.integers(0, 30), st.integers(0, 61))
def test_between_common_and_swept_are_what_counting_finds(bars: np.ndarray, start: int, time: int) -> None:
    """Second by second: what bars leave of a window, what two have in common, and that a sweep keeps all of the time."""

    def inside(some: np.ndarray) -> np.ndarray:
        return np.array([((some[:, 0] <= at) & (at < some[:, 1])).any() for at in range(61)])

    rest = lanes.between(bars, (0, 61))
    assert np.array_equal(inside(rest), ~inside(bars))
    shifted = np.clip(bars + start, 0, 61)
    shifted = shifted[shifted[:, 1] > shifted[:, 0]]
    assert np.array_equal(inside(lanes.common(bars, shifted)), inside(bars) & inside(shifted))
    moved = lanes.swept(bars, time, 0)
    before = int(inside(bars)[:time].sum())
    assert moved[0].tolist() == [0, before]
    assert np.array_equal(inside(moved[1:]), inside(bars) & (np.arange(61) >= time))
    assert (moved[1:, 0] >= moved[:-1, 1]).all()


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
