"""The chapters that are charts: what stands on screen is what was measured, computed or quoted, and nothing covers anything.

Scenes are played without a frame being drawn. Dots are read back from where they stand, by the ticks beside them, as a viewer does.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import re
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashviz.chapters import figure as fig
from flashviz.chapters.placing import spread
from flashviz.config import AttentionConfig
from flashviz.director.scene import described
from flashviz.layout import ASPECTS, CAPTION_LINES, Aspect
from flashviz.lettering import CAPTION_PX, wrap
from flashviz.settings import Settings
from flashviz.storyboard import Beat
from tests.chapters import BOTH, CHAPTERS, DTYPES, SECONDS, SECONDS_OFF, chapter, middle, scale, uncovered, value_of
from tests.conftest import ROOT
from tests.drawn import in_roles
from tests.films import played, scenes

chapters = pytest.mark.parametrize("file", CHAPTERS)
READING = ("title", "axis x", "tick y", "note")  # the parts of a chart, as they are read
aspects = pytest.mark.parametrize("aspect", ASPECTS)


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
        "question": {}, "standard": drawn(7, "standard"), "square": drawn(7, "standard", lines=1), "flash": drawn(7, *BOTH, lines=1),
        "linear": drawn(7, *BOTH, lines=2), "gap": drawn(7, *BOTH, lines=2) | {"span": 1},
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


@chapters
def test_the_title_says_how_far_ticks_are_apart(file: str) -> None:
    for snapshot in chapter(file).snapshots:
        for title in (item for item in snapshot.shown if item.name == "title"):
            said = re.fullmatch(r".+; each tick ([\d,]+) × the one below", title.text)
            assert said is not None, title.text
            ticks = sorted(value_of(item.text) for item in snapshot.shown if item.name == "tick y")
            for lower, upper in itertools.pairwise(ticks):
                assert upper / lower == pytest.approx(value_of(said[1]))


def test_a_scale_that_counts_or_has_one_tick_is_not_said() -> None:
    alone = fig.in_tens("", [1.0])
    assert len(alone.ticks) == 1
    for axis in (alone, fig.categories("", ["a", "b"])):
        assert fig.Figure("title", axis, axis, ()).heading == "title"


@chapters
def test_an_empty_chart_arrives_in_the_order_in_which_it_is_read(file: str) -> None:
    """Title, x, y, note, each whole before the next begins; then it is one thing on stage, which leaves as one."""
    seen: list[set[str]] = []

    def watch(scene: Any) -> None:
        move = scene.move

        def moved(*animations: Any, seconds: float) -> None:
            seen.append({item.name for item in described(scene.mobjects)} & {*READING, "chart"})
            move(*animations, seconds=seconds)

        scene.move = moved

    played(getattr(scenes(file), CHAPTERS[file]), Settings(config=AttentionConfig(), source="numpy"), watch)
    entries = [index for index, names in enumerate(seen) if names == {"title"}]
    assert entries
    for first in entries:
        arriving = [set(READING[: count + 1]) for count in range(len(READING) - 1)]
        assert seen[first : first + len(arriving)] == arriving
        assert seen[first + len(arriving)] == {*READING, "chart"}


@chapters
def test_the_page_says_how_long_each_is_and_shows_it(file: str) -> None:
    page = (ROOT / "docs" / "chapters.md").read_text(encoding="utf-8")
    (said,) = re.findall(rf"^\| `{CHAPTERS[file]}` \| (\d+) \|", page, re.MULTILINE)
    assert int(said) == round(chapter(file).now)
    assert f"../media/gallery/{file}.png" in page


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
    uncovered(chapter(file, aspect), aspect)


@chapters
def test_skins_differ_in_colour_alone(file: str) -> None:
    dark, light = chapter(file), chapter(file, theme="light")
    assert in_roles(dark) == in_roles(light)


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
