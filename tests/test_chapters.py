"""The chapters that are charts: what stands on screen is what was measured, computed or quoted, and nothing covers anything.

Scenes are played without a frame being drawn. Dots are read back from where they stand, by the ticks beside them, as a viewer does.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import json
import math
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any, get_args

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import flashviz_kernels.bench.measured
from flashviz.chapters import figure as fig
from flashviz.chapters import io_complexity
from flashviz.chapters.measured import sweep_of
from flashviz.chapters.placing import spread
from flashviz.cli.films import Job, find_scenes
from flashviz.cli.made import Made
from flashviz.config import AttentionConfig, DType
from flashviz.director.scene import Shown, Snapshot
from flashviz.errors import ConfigError, UsageError
from flashviz.inputs import make_inputs
from flashviz.layout import ASPECTS, CAPTION_LINES, Aspect, frame
from flashviz.lettering import CAPTION_PX, wrap
from flashviz.memory import traffic
from flashviz.settings import Settings
from flashviz.storyboard import Beat
from flashviz_kernels.bench.measured import ATTENTION
from flashviz_kernels.bench.measured import measured as measurement
from flashviz_kernels.bench.report import Report
from flashviz_kernels.exactness import reordering_error, stored_error
from flashviz_kernels.recorder import record, run
from tests.conftest import ROOT
from tests.films import played, scenes

CHAPTERS = {
    "memory_scaling": "MemoryScalingScene",
    "speed": "SpeedScene",
    "exactness": "ExactnessScene",
    "io_complexity": "IOScene",
}
BOTH = ("standard", "flash")
SECONDS = (20, 60)  # STORYBOARD
SECONDS_OFF = 0.35
SIZES = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "s": 1.0, "ms": 1e-3, "µs": 1e-6}
DTYPES = get_args(DType)
PLAIN = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−", "-0123456789-")

chapters = pytest.mark.parametrize("file", CHAPTERS)
aspects = pytest.mark.parametrize("aspect", ASPECTS)


@cache
def chapter(file: str, aspect: Aspect = "16:9", theme: Any = "dark", **film: Any) -> Any:
    """A chapter after its last beat."""
    settings = Settings(config=AttentionConfig(), source="numpy", aspect=aspect, theme=theme, **film)
    watched = type(CHAPTERS[file], (getattr(scenes(file), CHAPTERS[file]),), {"next_section": _next_section})
    return played(watched, settings, lambda scene: setattr(scene, "begun", []))


def _next_section(scene: Any, name: str, **options: Any) -> None:
    super(type(scene), scene).next_section(name, **options)
    scene.begun.append(name)


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


def drawn(count: int, *names: str, lines: int = 0, values: bool = False) -> dict[str, int]:
    """``count`` dots and a name for each series, with its figures; the first ``lines`` of them with their formulas."""
    found = {f"point {name}": count for name in names} | {f"name {name}": 1 for name in names}
    found |= {f"{what} {name}": 1 for what in ("curve", "formula") for name in names[:lines]}
    return found | ({f"value {name}": count for name in names} if values else {})


STRUCTURE: dict[str, dict[str, dict[str, int]]] = {
    "memory_scaling": {
        "question": {}, "standard": drawn(6, "standard"), "square": drawn(6, "standard", lines=1), "flash": drawn(6, *BOTH, lines=1),
        "linear": drawn(6, *BOTH, lines=2), "gap": drawn(6, *BOTH, lines=2) | {"span": 1},
    },
    "speed": {
        "question": {}, "standard": drawn(6, "standard"), "flash": drawn(6, *BOTH), "gap": drawn(6, *BOTH) | {"span": 1},
        "square": drawn(6, *BOTH, lines=2) | {"span": 1}, "pause-a": drawn(6, *BOTH, lines=2) | {"span": 1},
        "paper": {"quoted GFLOPs": 2, "quoted HBM reads and writes": 2, "quoted runtime": 2},
    },
    "exactness": {
        "identity": {"formula": 2}, "reordered": {}, "question": {}, "standard": drawn(3, "standard", values=True),
        "flash": drawn(3, *BOTH, values=True), "rounded": drawn(3, *BOTH, "rounded", values=True),
    },
    "io_complexity": {
        "question": {}, "standard": drawn(5, "standard"), "flash": drawn(5, *BOTH), "lines": drawn(5, *BOTH, lines=2),
        "gap": drawn(5, *BOTH, lines=2) | {"span": 1}, "memory": {}, "larger": drawn(5, "first"), "theorem": drawn(5, "first", lines=1),
        "crossing": drawn(5, "first", lines=1) | {"name cached": 1, "curve cached": 1, "formula cached": 1},
    },
}  # fmt: skip


@chapters
def test_each_beat_leaves_what_it_should(file: str) -> None:
    """Series, their lines, names and figures on screen at the end of each beat; a chart with its ticks where there is one."""
    kinds = ("point ", "name ", "curve ", "formula", "value ", "span", "quoted ")
    for snapshot in chapter(file).snapshots:
        names = Counter(item.name for item in snapshot.shown if item.name.startswith(kinds) and item.name != "span line")
        assert names == STRUCTURE[file][snapshot.beat], snapshot.beat
        charted = any(item.name == "chart" for item in snapshot.shown)
        assert charted == (snapshot.beat not in ("paper", "identity", "reordered"))
        assert any(item.name == "caption" and item.text == snapshot.caption for item in snapshot.shown)


@chapters
def test_sections_are_the_beats_and_subtitles_do_not_overlap(file: str) -> None:
    scene = chapter(file)
    subtitles = scene.renderer.file_writer.subcaptions
    assert [line.content for line in subtitles] == [beat.caption for beat in scene.board]
    for first, second in itertools.pairwise(subtitles):
        assert first.end <= second.start
    assert scene.begun == [beat.name for beat in scene.board]


@chapters
def test_a_scene_file_holds_no_number_at_all(file: str) -> None:
    tree = ast.parse((ROOT / "scenes" / f"{file}.py").read_text(encoding="utf-8"))
    assert not [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, int | float | complex)]


@chapters
def test_ticks_stand_at_their_values(file: str) -> None:
    """Logarithms at equal distances: a figure under a wrong tick would be seen by no one."""
    for snapshot in chapter(file).snapshots:
        for side in "xy":
            ticks = [item for item in snapshot.shown if item.name == f"tick {side}" and item.text not in DTYPES]
            if ticks:
                reading = scale(snapshot, side)
                for item in ticks:
                    assert reading(middle(item)[side == "y"]) == pytest.approx(value_of(item.text), rel=0.02), item


CONFIGS: tuple[dict[str, Any], ...] = (
    {"causal": True, "inputs": "gaussian"},
    {"head_dim": 40, "block_m": 32, "block_n": 16, "seq_q": 100},
    {"seq_q": 113, "seq_k": 203, "heads": 4, "kv_heads": 2, "dtype": "bfloat16"},
    {"head_dim": 256, "block_m": 64, "block_n": 32, "arch": "sm_86", "stages": 1},
)


@pytest.mark.parametrize("config", CONFIGS, ids=str)
@pytest.mark.parametrize("file", ["exactness", "io_complexity"])
def test_other_configurations_leave_nothing_covered(file: str, config: dict[str, Any]) -> None:
    """What is computed now depends on the settings: so do ticks, figures and where names stand."""
    frames: tuple[Aspect, ...] = ("16:9", "9:16")
    for aspect in frames:
        settings = Settings(config=AttentionConfig(**config), source="numpy", aspect=aspect)
        uncovered(played(getattr(scenes(file), CHAPTERS[file]), settings), aspect)


@pytest.mark.parametrize(("config", "remedy"), [({"seq_k": 0}, "more keys"), ({"scale": 1e4, "inputs": "gaussian"}, "a smaller scale")])
def test_errors_that_no_logarithm_can_show_are_refused(config: dict[str, Any], remedy: str) -> None:
    settings = Settings(config=AttentionConfig(**config), source="numpy")
    with pytest.raises(ConfigError, match=rf"above 0 and finite to be drawn, got .*; try {remedy}"):
        played(scenes("exactness").ExactnessScene, settings)


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


def uncovered(scene: Any, aspect: Aspect) -> None:
    """No words cover words or dots, at the end of any beat, and all are within the frame."""
    whole = frame(aspect)
    for snapshot in scene.snapshots:
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
@aspects
def test_nothing_covers_anything_or_leaves_the_frame(file: str, aspect: Aspect) -> None:
    """Words, dots and the ratio, at the end of every beat. Two dots may touch: their values may be equal."""
    uncovered(chapter(file, aspect), aspect)


@chapters
def test_skins_differ_in_colour_alone(file: str) -> None:
    dark, light = chapter(file), chapter(file, theme="light")
    assert [snapshot.shown for snapshot in dark.snapshots] == [snapshot.shown for snapshot in light.snapshots]


@chapters
def test_no_figure_is_typed_into_a_caption(file: str) -> None:
    """Numbers are filled in; what stands in a template is a coefficient before a symbol, or the name of a dtype or theorem."""
    tree = ast.parse((ROOT / "flashviz" / "chapters" / f"{file}.py").read_text(encoding="utf-8"))
    beats = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Beat"]
    assert beats
    for beat in beats:
        (said,) = [keyword.value.value for keyword in beat.keywords if keyword.arg == "caption" and isinstance(keyword.value, ast.Constant)]
        assert isinstance(said, str)
        assert not re.findall(r"\d+(?! [NHd])", re.sub(r"\{\w+\}|float\d\d|Theorem \d", "", said)), said


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


@pytest.mark.parametrize("file", ["memory_scaling", "speed"])
def test_the_machine_is_named(file: str) -> None:
    report = json.loads((ROOT / "docs" / "bench" / "kernel-cpu.json").read_text(encoding="utf-8"))
    note = at(chapter(file), "gap").texts()["note"]
    for part in (report["machine"]["processor"], report["date"][:10], report["versions"]["torch"], "torch's FlashAttention", "float32"):
        assert part in note


# -------------------------------------------------------------------------------------------------------------- speed


def test_time_is_what_was_measured() -> None:
    snapshot = at(chapter("speed"), "square")
    agree(read(snapshot, "standard"), measured("standard", "seconds"))
    agree(read(snapshot, "flash"), measured("torch flash", "seconds"))


def test_the_captions_of_speed_are_the_files_figures() -> None:
    scene = chapter("speed")
    (n, slow), (_, fast) = measured("standard", "seconds")[-1], measured("torch flash", "seconds")[-1]
    assert at(scene, "standard").caption == f"Standard attention: {slow:.3g} s at N = {n:,.0f}."
    assert at(scene, "flash").caption.endswith(f": {fast * 1e3:.3g} ms.")
    assert f"{slow / fast:.1f} × faster" in at(scene, "gap").caption
    assert at(scene, "gap").texts()["span"] == f"{slow / fast:.1f} ×"


def test_the_lines_of_time_are_the_operations_at_one_rate() -> None:
    """4 N^2 d operations a head; the line meets the last dot, and says its rate."""
    row = bench()[0]
    for name, method in (("standard", "standard"), ("flash", "torch flash")):
        (n, last), series = measured(method, "seconds")[-1], chapter("speed").found.figure.named(name)
        operations = 4 * n * n * row["d"] * row["heads"]
        assert series.curve[-1] == pytest.approx(series.points[-1])
        assert series.formula == f"line: {operations / last / 1e9:.3g} GFLOP/s"
        for (x, y), (x_next, y_next) in itertools.pairwise(series.curve):
            assert y_next / y == pytest.approx((x_next / x) ** 2)


def test_the_papers_figures_stand_apart_with_their_citation() -> None:
    """As FACTS.md took them down; nothing that was measured here stands beside them, and none of them in a chart."""
    scene = chapter("speed")
    last = at(scene, "paper")
    shown = [item.text for item in last.shown if item.text]
    for text in ("66.6", "75.2", "40.3 GB", "4.4 GB", "41.7 ms", "7.3 ms", "Dao et al. 2022, Fig. 2 left"):
        assert text in shown
    assert any("A100" in text and "GPT-2 medium" in text and "forward and backward" in text for text in shown)
    assert not [item for item in last.shown if item.name.startswith(("point", "curve", "tick", "chart"))]
    for snapshot in scene.snapshots[:-1]:
        assert not [item for item in snapshot.shown if item.name.startswith("quoted")]


# ---------------------------------------------------------------------------------------------------------- exactness


def test_errors_are_those_of_the_twins() -> None:
    """Computed here anew, and written beside their dots, which stand where they say."""
    snapshot = at(chapter("exactness"), "rounded")
    height = scale(snapshot, "y")
    for name, algorithm in (("standard", "standard"), ("flash", "fa2")):
        dots = sorted((item for item in snapshot.shown if item.name == f"point {name}"), key=middle)
        texts = sorted((item for item in snapshot.shown if item.name == f"value {name}"), key=middle)
        assert len(dots) == len(texts) == len(DTYPES)
        for dtype, dot, text in zip(DTYPES, dots, texts, strict=True):
            config = AttentionConfig(dtype=dtype)
            q, k, v = (array.astype(np.float64) for array in make_inputs(config))
            s = np.einsum("bhqd,bhkd->bhqk", q, k) * config.scale
            weights = np.exp(s - s.max(-1, keepdims=True))
            truth = weights / weights.sum(-1, keepdims=True) @ v
            error = np.abs(run(config, source="numpy", algorithm=algorithm).o.astype(np.float64) - truth).max()
            assert float(text.text.replace("−", "-")) == pytest.approx(error, rel=0.06)
            assert height(middle(dot)[1]) == pytest.approx(error, rel=0.06)
            assert middle(dot)[0] == pytest.approx(middle(text)[0], abs=0.02)


def test_no_output_is_closer_than_the_true_one_rounded() -> None:
    figure = chapter("exactness").found.figure
    for name in ("standard", "flash"):
        for (_, least), (_, error) in zip(figure.named("rounded").points, figure.named(name).points, strict=True):
            assert 0 < least <= error


@pytest.mark.parametrize("dtype", DTYPES)
def test_rounding_costs_at_most_half_a_unit_in_the_last_place(dtype: DType) -> None:
    config = AttentionConfig(seq_q=64, dtype=dtype)
    digits = {"float16": 10, "bfloat16": 7, "float32": 23}[dtype]
    largest = float(np.abs(make_inputs(config)[2].astype(np.float64)).max())  # O is an average of V
    assert 0 < stored_error(config) <= 2.0 ** (math.ceil(math.log2(largest)) - digits - 1)


def test_another_order_of_sums_costs_rounding_alone() -> None:
    scene = chapter("exactness")
    (number,) = [float(t.text.replace("−", "-")) for t in at(scene, "reordered").shown if re.fullmatch(r"[\d.]+e−\d+", t.text)]
    assert 0 < number < 1e-13
    assert number == pytest.approx(reordering_error(AttentionConfig()), rel=0.06)


@given(st.lists(st.floats(-30, 30), min_size=1, max_size=8), st.floats(-20, 20))
def test_the_identity_holds_for_every_m(scores: list[float], m: float) -> None:
    """What beat 1 says, in numbers: numerator and denominator share the factor e^(-m)."""
    s, v = np.array(scores), np.arange(1.0, len(scores) + 1)
    weighted = [(np.exp(s - shift) * v).sum() / np.exp(s - shift).sum() for shift in (m, s.max())]
    assert weighted[0] == pytest.approx(weighted[1], rel=1e-9)


# ----------------------------------------------------------------------------------------------------------------- IO


def elements_moved(n: int, d: int, rows: int) -> tuple[int, int]:
    """FACTS.md, by hand: Q and O once, K and V once a row block, S and P out and back; LSE is two fp16 numbers a row."""
    loads = 2 * n * d * (1 + n // rows)
    return loads + 4 * n * n, loads + 2 * n


def test_bytes_against_n_are_counted_and_the_lines_go_through_them() -> None:
    scene = chapter("io_complexity")
    snapshot = at(scene, "gap")
    lengths = (128, 256, 512, 1024, 2048)
    moved = {n: elements_moved(n, 64, 64) for n in lengths}
    for index, name in enumerate(("standard", "flash")):
        agree(read(snapshot, name), [(n, 2 * moved[n][index]) for n in lengths])
        series = scene.found.over_n.named(name)
        on_the_line = dict(series.curve)
        assert all(on_the_line[x] == y for x, y in series.points)
        assert [y for _, y in series.points] == [2 * moved[n][index] for n in lengths]
        assert series.curve[1][0] - series.curve[0][0] == 64, "the line knows what lies between the dots"
    ratio = moved[2048][0] / moved[2048][1]
    assert snapshot.texts()["span"] == f"{ratio:.1f} ×"
    assert f"At N = 2,048 FlashAttention moves {ratio:.1f} × fewer bytes" in snapshot.caption


def test_bytes_against_m_are_algorithm_1s() -> None:
    """Loads and stores of its listing at N = 1024, d = 64: T_c = N / Bc passes over Q, O, l, m; K and V once; float32 l and m."""
    n, d = 1024, 64
    expected = []
    for columns in (16, 32, 64, 128, 256):
        passes = n // columns
        nbytes = 2 * 2 * n * d + (2 * n * d + 8 * n) + passes * (3 * 2 * n * d + 16 * n)
        expected.append((float(4 * d * columns), float(nbytes)))
    scene = chapter("io_complexity")
    agree(read(at(scene, "crossing"), "first"), expected)
    series = scene.found.over_m.named("first")
    assert list(series.points) == expected
    for m, y in expected:
        assert io_complexity.bytes_at(m, AttentionConfig(seq_q=n)) == pytest.approx(y)
    falls = [a[1] / b[1] for a, b in itertools.pairwise(expected)]
    assert f"{min(falls):.1f} to {max(falls):.1f} ×" in at(scene, "theorem").caption


def test_where_the_lines_cross_both_move_the_same() -> None:
    """A perfect cache: 4 N d + 4 N^2 elements (FACTS.md)."""
    scene = chapter("io_complexity")
    (said,) = re.findall(r"M = ([\d,]+)", at(scene, "crossing").caption)
    cached = 2 * (4 * 1024 * 64 + 4 * 1024**2)
    assert {y for _, y in scene.found.over_m.named("cached").curve} == {cached}
    assert io_complexity.bytes_at(float(said.replace(",", "")), AttentionConfig(seq_q=1024)) == pytest.approx(cached, rel=1e-4)


def test_theorem_2_is_quoted_with_its_place() -> None:
    note = at(chapter("io_complexity"), "theorem").texts()["note"]
    assert note.startswith("Dao et al. 2022, Theorem 2: for d ≤ M ≤ N d ")
    assert "Θ(Nd + N²)" in note
    assert "Θ(N²d²/M)" in note


@pytest.mark.parametrize("d", [16, 40, 64, 256])
def test_on_chip_memories_are_those_that_the_theorem_speaks_of(d: int) -> None:
    n = 1024
    chips = io_complexity.chip_sizes(AttentionConfig(seq_q=n, head_dim=d, block_m=16, block_n=16))
    for chip in chips:
        assert d <= 4 * d * chip.block_n <= n * d
        assert chip.block_m <= max(16, d)
        assert traffic(record(chip, source="numpy", algorithm="fa1")).total == pytest.approx(
            io_complexity.bytes_at(4 * d * chip.block_n, chip)
        )


def test_a_recording_is_refused() -> None:
    film = Settings(config=AttentionConfig(), trace=Path("some.npz"))
    for file, name in CHAPTERS.items():
        with pytest.raises(UsageError, match=r"since a chapter makes its own, got trace some\.npz; leave it out"):
            played(getattr(scenes(file), name), film)


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
