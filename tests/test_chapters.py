"""The chapters that are charts: what stands on screen is what was measured, computed or quoted, and nothing covers anything.

Scenes are played without a frame being drawn. Dots are read back from where they stand, by the ticks beside them, as a viewer does.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import flashviz_kernels.bench.measured
from flashviz.chapters import figure as fig
from flashviz.chapters.measured import sweep_of
from flashviz.chapters.placing import spread
from flashviz.cli.films import Job, find_scenes
from flashviz.cli.made import Made
from flashviz.config import AttentionConfig
from flashviz.director.scene import Shown, Snapshot
from flashviz.errors import UsageError
from flashviz.layout import ASPECTS, CAPTION_LINES, Aspect, frame
from flashviz.lettering import CAPTION_PX, wrap
from flashviz.settings import Settings
from flashviz.storyboard import Beat
from flashviz_kernels.bench.measured import ATTENTION
from flashviz_kernels.bench.measured import measured as measurement
from flashviz_kernels.bench.report import Report
from tests.conftest import ROOT
from tests.films import played, scenes

CHAPTERS = {"memory_scaling": "MemoryScalingScene"}
SECONDS = (20, 70)
SECONDS_OFF = 0.35
SIZES = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "s": 1.0, "ms": 1e-3, "µs": 1e-6}
PLAIN = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−", "-0123456789-")

chapters = pytest.mark.parametrize("file", CHAPTERS)
aspects = pytest.mark.parametrize("aspect", ASPECTS)


@cache
def chapter(file: str, aspect: Aspect = "16:9", theme: Any = "dark", **film: Any) -> Any:
    """A chapter after its last beat."""
    settings = Settings(config=AttentionConfig(), source="numpy", aspect=aspect, theme=theme, **film)
    return played(getattr(scenes(file), CHAPTERS[file]), settings)


def bench() -> list[dict[str, Any]]:
    """The measurement as it lies in the repository, without a mask."""
    report = json.loads((ROOT / "docs" / "bench" / "kernel-cpu.json").read_text(encoding="utf-8"))
    return [row for row in report["attention"] if not row["causal"]]


def measured(method: str, key: str) -> list[tuple[float, float]]:
    """(N, median or value) of a method."""
    return sorted((row["n"], float(np.median(row[key]))) for row in bench() if row["method"] == method)


# ------------------------------------------------------------------------------------------------- reading the screen


def middle(item: Shown) -> tuple[float, float]:
    x0, y0, x1, y1 = item.box
    return (x0 + x1) / 2, (y0 + y1) / 2


def value_of(text: str) -> float:
    """1,024 or 16 MiB or 10⁻³ or 100 ms as a number."""
    if text.startswith("10") and text[2:] and text[2] in "⁻⁰¹²³⁴⁵⁶⁷⁸⁹":
        return float(10.0 ** int(text[2:].translate(PLAIN)))
    number, _, unit = text.replace(",", "").partition(" ")
    return float(number) * SIZES[unit] if unit else float(number)


def scale(snapshot: Snapshot, side: str) -> Any:
    """Position -> value, from the ticks of one side."""
    ticks = [item for item in snapshot.shown if item.name == f"tick {side}"]
    assert len(ticks) >= 3
    places = [middle(item)[side == "y"] for item in ticks]
    slope, start = np.polyfit(places, np.log([value_of(item.text) for item in ticks]), 1)
    return lambda place: float(np.exp(start + slope * place))


def read(snapshot: Snapshot, name: str) -> list[tuple[float, float]]:
    """The dots of one series as a viewer reads them."""
    x, y = scale(snapshot, "x"), scale(snapshot, "y")
    return sorted((x(middle(item)[0]), y(middle(item)[1])) for item in snapshot.shown if item.name == f"point {name}")


def at(scene: Any, beat: str) -> Snapshot:
    found: Snapshot = next(snapshot for snapshot in scene.snapshots if snapshot.beat == beat)
    return found


def agree(seen: list[tuple[float, float]], expected: list[tuple[float, float]]) -> None:
    assert len(seen) == len(expected)
    for got, want in zip(seen, expected, strict=True):
        assert got == pytest.approx(want, rel=0.03)  # a hundredth of a unit on an axis of decades


# --------------------------------------------------------------------------------------------- what holds of every one


def calls(file: str) -> list[str]:
    tree = ast.parse(inspect.getsource(getattr(scenes(file), CHAPTERS[file])))
    return [node.func.attr for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]


@chapters
def test_beats_are_played_once_in_the_boards_order_and_to_the_second(file: str) -> None:
    scene = chapter(file)
    board: tuple[Beat, ...] = scene.board
    assert [snapshot.beat for snapshot in scene.snapshots] == [beat.name for beat in board]
    assert len(calls(file)) == 1 + len(board)
    for snapshot, beat in zip(scene.snapshots, board, strict=True):
        assert snapshot.seconds == pytest.approx(beat.seconds, abs=SECONDS_OFF), beat.name
        assert snapshot.caption == beat.caption
        assert "{" not in beat.caption
    assert SECONDS[0] <= scene.now <= SECONDS[1]


@chapters
def test_pauses_are_left_out_on_demand(file: str) -> None:
    whole, without = chapter(file).board, chapter(file, pauses=False).board
    assert [beat.name for beat in without] == [beat.name for beat in whole if not beat.pause]


@chapters
@aspects
def test_captions_fit(file: str, aspect: Aspect) -> None:
    scene = chapter(file, aspect)
    for beat in scene.board:
        assert 0 < len(wrap(beat.caption, scene.caption_rect.width, CAPTION_PX)) <= CAPTION_LINES[aspect], beat.caption


@chapters
@aspects
def test_nothing_covers_anything_or_leaves_the_frame(file: str, aspect: Aspect) -> None:
    """Words, dots and the ratio, at the end of every beat. Two dots may touch: their values may be equal."""
    whole = frame(aspect)
    for snapshot in chapter(file, aspect).snapshots:
        solid = [item for item in snapshot.shown if item.name.startswith("point") or (item.text and item.name not in ("chart", "axes"))]
        for item in solid:
            x0, y0, x1, y1 = item.box
            assert whole.x0 < x0 < x1 < whole.x1, (snapshot.beat, item)
            assert whole.y0 < y0 < y1 < whole.y1, (snapshot.beat, item)
        for a, b in itertools.combinations(solid, 2):
            if not (a.name.startswith("point") and b.name.startswith("point")):
                apart = a.box[2] <= b.box[0] or b.box[2] <= a.box[0] or a.box[3] <= b.box[1] or b.box[3] <= a.box[1]
                assert apart, (snapshot.beat, a, b)


@chapters
def test_skins_differ_in_colour_alone(file: str) -> None:
    dark, light = chapter(file), chapter(file, theme="light")
    assert [snapshot.shown for snapshot in dark.snapshots] == [snapshot.shown for snapshot in light.snapshots]


@chapters
def test_no_figure_is_typed_into_a_caption(file: str) -> None:
    """Numbers are filled in; what stands in a template is a coefficient before a symbol, or the name of a dtype."""
    tree = ast.parse((ROOT / "flashviz" / "chapters" / f"{file}.py").read_text(encoding="utf-8"))
    beats = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Beat"]
    assert beats
    for beat in beats:
        (said,) = [keyword.value.value for keyword in beat.keywords if keyword.arg == "caption" and isinstance(keyword.value, ast.Constant)]
        assert isinstance(said, str)
        assert not re.findall(r"\d+(?! [NHd])", re.sub(r"\{\w+\}|float\d\d", "", said)), said


@chapters
def test_chapters_say_what_they_were_computed_from(file: str) -> None:
    assert chapter(file).provenance


# ------------------------------------------------------------------------------------------------------------- memory


def test_memory_is_what_was_measured() -> None:
    snapshot = at(chapter("memory_scaling"), "gap")
    agree(read(snapshot, "standard"), measured("standard", "peak_memory"))
    agree(read(snapshot, "flash"), measured("torch flash", "peak_memory"))


def test_the_lines_of_memory_are_the_closed_forms() -> None:
    """S and P: 2 N^2 float32 a head, and O: N d."""
    found = chapter("memory_scaling").found.figure
    row = bench()[0]
    heads, d = row["heads"], row["d"]
    for n, y in found.named("standard").curve:
        assert y == pytest.approx(heads * (2 * n * n + n * d) * 4)
    for n, y in found.named("flash").curve:
        assert y == pytest.approx(heads * n * d * 4)
    for (n, y), (_, least) in zip(found.named("standard").points, found.named("flash").points, strict=True):
        assert heads * (2 * n * n + n * d) * 4 < y < 1.15 * heads * (2 * n * n + n * d) * 4, "the line goes through the points"
        assert heads * n * d * 4 < least


def test_the_captions_of_memory_are_the_files_figures() -> None:
    scene = chapter("memory_scaling")
    standard, flash = measured("standard", "peak_memory"), measured("torch flash", "peak_memory")
    (n, most), least = standard[-1], flash[-1][1]
    assert f"twice the tokens, {most / standard[-2][1]:.1f} ×" in at(scene, "standard").caption
    said = at(scene, "gap").caption
    assert said.startswith(f"At N = {n:,.0f}: {most / 2**30:.3g} GiB against {least / 2**20:.3g} MiB, {most / least:.0f} × less.")
    assert at(scene, "gap").texts()["span"] == f"{most / least:.0f} ×"
    row = bench()[0]
    over = max(y - row["heads"] * x * row["d"] * 4 for x, y in flash)
    assert f"at most {over / 2**20:.3g} MiB" in at(scene, "linear").caption


def test_the_machine_is_named() -> None:
    report = json.loads((ROOT / "docs" / "bench" / "kernel-cpu.json").read_text(encoding="utf-8"))
    note = at(chapter("memory_scaling"), "gap").texts()["note"]
    for part in (report["machine"]["processor"], report["date"][:10], report["versions"]["torch"], "torch's FlashAttention", "float32"):
        assert part in note


# -------------------------------------------------------------------------------------------------------------- charts


@given(st.lists(st.tuples(st.floats(0, 10), st.floats(0.1, 0.9)), min_size=1, max_size=6))
def test_names_do_not_overlap_and_keep_their_order(wishes: list[tuple[float, float]]) -> None:
    wanted, heights = [w for w, _ in wishes], [h for _, h in wishes]
    got = spread(wanted, heights, 0.0, 10.0)
    boxes = sorted((y - h / 2, y + h / 2) for y, h in zip(got, heights, strict=True))
    assert boxes[0][0] >= -1e-9
    assert boxes[-1][1] <= 10 + 1e-9
    assert all(low[1] <= high[0] + 1e-9 for low, high in itertools.pairwise(boxes))
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    assert [got[i] for i in order] == sorted(got)


@given(st.floats(0.05, 9.0), st.floats(0.1, 0.5))
def test_a_name_alone_stands_at_its_wish(wish: float, height: float) -> None:
    assert spread([wish], [height], 0.0, 10.0)[0] == pytest.approx(min(max(wish, height / 2), 10 - height / 2))


@given(st.lists(st.floats(1e-9, 1e12), min_size=1, max_size=8))
def test_axes_hold_their_values_and_ticks_say_what_they_are(values: list[float]) -> None:
    for axis in (fig.in_tens("", values), fig.in_tens("", values, "s"), fig.in_bytes("", [max(1.0, v) for v in values])):
        assert all(0 <= axis.share(max(axis.low, v)) <= 1 for v in values)
        assert 1 <= len(axis.ticks) <= fig.MOST_TICKS + 1
        assert all(0 <= axis.share(tick) <= 1 for tick, _ in axis.ticks)
        assert axis.low <= min(max(v, axis.low) for v in values)
        texts = [text for _, text in axis.ticks]
        assert len(set(texts)) == len(texts)


@pytest.mark.parametrize(
    ("text", "value"), [(fig.size(2**24), 2**24), (fig.size(512), 512), (fig.seconds(0.01), 0.01), (fig.seconds(1e-4), 1e-4),
                        (fig.ten_to(1e-7), 1e-7), (fig.seconds(10.0), 10.0)],
)  # fmt: skip
def test_ticks_read_back(text: str, value: float) -> None:
    assert value_of(text) == pytest.approx(value)


@pytest.mark.parametrize(("value", "text"), [(2.16e9, "2.01 GiB"), (9912320, "9.45 MiB"), (1000, "1000 B"), (2048, "2 KiB")])
def test_measured_bytes_have_three_digits(value: float, text: str) -> None:
    assert fig.compact(value) == text


# ------------------------------------------------------------------------------------------------------- the measurement


def report_of(**changes: Any) -> Report:
    return msgspec.structs.replace(measurement(), **changes)


def test_a_report_without_two_lengths_is_refused_in_one_line() -> None:
    whole = report_of()
    one = tuple(row for row in whole.attention if row.n == 256)
    for rows, count in ((one, 1), ((), 0), (tuple(row for row in whole.attention if row.method == "standard"), 0)):
        with pytest.raises(UsageError, match=rf"at 2 lengths or more, got {count}; run flashviz bench kernel"):
            sweep_of(report_of(attention=rows))


def test_a_method_that_was_refused_is_not_taken_for_measured() -> None:
    whole = report_of()
    refused = tuple(
        msgspec.structs.replace(row, seconds=(), peak_memory=None, unavailable="no") if row.n > 1024 else row for row in whole.attention
    )
    assert [n for n, _ in sweep_of(report_of(attention=refused)).memory("flash")] == [256, 512, 1024]


def test_this_kernel_is_shown_where_it_was_measured() -> None:
    whole = report_of()
    ours = tuple(msgspec.structs.replace(row, method="flashviz") for row in whole.attention if row.method == "torch flash")
    sweep = sweep_of(report_of(attention=whole.attention + ours, machine=msgspec.structs.replace(whole.machine, gpu="some GPU")))
    assert "this kernel" in sweep.note
    assert "Measured on some GPU, " in sweep.note
    assert sweep.seconds("flash") == sweep_of(whole).seconds("flash")


def test_another_measurement_makes_another_film(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (job,) = (Job(source, Settings(config=AttentionConfig()), "l", tmp_path) for source in find_scenes(("MemoryScalingScene",)))
    before = Made.of(job).place
    folder = tmp_path / "bench"
    folder.mkdir()
    (folder / ATTENTION.name).write_bytes(ATTENTION.read_bytes().replace(b"2514944", b"2514945"))
    monkeypatch.setattr(flashviz_kernels.bench.measured, "FOLDER", folder)
    assert Made.of(job).place != before
