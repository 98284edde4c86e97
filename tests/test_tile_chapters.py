"""Chapters on the tiles of the stage: grouped heads. Figures are held to closed forms, by beat."""

from __future__ import annotations

import ast
import itertools
import re
from functools import cache
from typing import Any

import numpy as np
import pytest

from flashviz.config import AttentionConfig
from flashviz.director.scene import Snapshot
from flashviz.errors import ConfigError
from flashviz.figures import kib
from flashviz.layout import ASPECTS, CAPTION_LINES, Aspect, frame
from flashviz.lettering import CAPTION_PX, wrap
from flashviz.memory import closed_form
from flashviz.settings import Settings
from flashviz.trace.events import Kind
from tests.conftest import ROOT
from tests.drawn import in_roles
from tests.films import played, scenes

SCENES = {"grouped_query": "GroupedQueryScene"}
BEATS = {
    "grouped_query": ["own", "shared", "loads", "sum"],
}
WORDS = ("caption", "note", "bytes")
FIVE_BY_SEVEN = (("seq_q", 300), ("seq_k", 420))
every = pytest.mark.parametrize("file", SCENES)


@cache
def tiles(file: str, config: tuple[tuple[str, Any], ...] = (), **film: Any) -> Any:
    settings = Settings(config=AttentionConfig(**dict(config)), source="numpy", **film)
    return played(getattr(scenes(file), SCENES[file]), settings)


def at(scene: Any, beat: str) -> Snapshot:
    found: Snapshot = next(snapshot for snapshot in scene.snapshots if snapshot.beat == beat)
    return found


def said(snapshot: Snapshot, name: str) -> list[str]:
    return [item.text for item in snapshot.shown if item.name == name]


@every
def test_beats_are_played_once_in_order_and_to_the_second(file: str) -> None:
    scene = tiles(file)
    assert [snapshot.beat for snapshot in scene.snapshots] == BEATS[file]
    for snapshot, beat in zip(scene.snapshots, scene.board, strict=True):
        assert snapshot.seconds == pytest.approx(beat.seconds, abs=0.35), beat.name
        assert said(snapshot, "caption") == [beat.caption]
        assert "{" not in beat.caption
    assert 20 <= scene.now <= 60
    subtitles = scene.renderer.file_writer.subcaptions
    assert [line.content for line in subtitles] == [beat.caption for beat in scene.board]
    assert all(first.end <= second.start for first, second in itertools.pairwise(subtitles))
    assert scene.provenance


@every
@pytest.mark.parametrize("aspect", ASPECTS)
@pytest.mark.parametrize("config", [(), (("seq_q", 420), ("seq_k", 300), ("heads", 32), ("kv_heads", 4))], ids=str)
def test_captions_fit_and_words_stay_apart_within_the_frame(file: str, aspect: Aspect, config: Any) -> None:
    scene, whole = tiles(file, config, aspect=aspect), frame(aspect)
    for snapshot in scene.snapshots:
        assert len(wrap(snapshot.caption, scene.caption_rect.width, CAPTION_PX)) <= CAPTION_LINES[aspect]
        words = [item for item in snapshot.shown if item.text and item.name.startswith(WORDS)]
        for item in words:
            x0, y0, x1, y1 = item.box
            assert whole.x0 < x0 <= x1 < whole.x1, (snapshot.beat, item)
            assert whole.y0 < y0 <= y1 < whole.y1, (snapshot.beat, item)
        for a, b in itertools.combinations(words, 2):
            apart = a.box[2] <= b.box[0] or b.box[2] <= a.box[0] or a.box[3] <= b.box[1] or b.box[3] <= a.box[1]
            assert apart, (snapshot.beat, a, b)


@every
def test_skins_differ_in_colour_alone(file: str) -> None:
    dark, light = tiles(file), tiles(file, theme="light")
    assert in_roles(dark) == in_roles(light)


@every
def test_a_scene_file_holds_no_number_at_all(file: str) -> None:
    tree = ast.parse((ROOT / "scenes" / f"{file}.py").read_text(encoding="utf-8"))
    assert not [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, int | float | complex)]


@every
def test_the_page_says_how_long_each_is(file: str) -> None:
    page = (ROOT / "docs" / "chapters.md").read_text(encoding="utf-8")
    (seconds,) = re.findall(rf"^\| `{SCENES[file]}` \| (\d+) \|", page, re.MULTILINE)
    assert int(seconds) == round(tiles(file).now)


@every
def test_without_keys_there_is_nothing_to_show(file: str) -> None:
    with pytest.raises(ConfigError, match="seq_k must be at least 1"):
        tiles(file, (("seq_k", 0),))


# -------------------------------------------------------------------------------------------------------- grouped query


@pytest.mark.parametrize(
    ("config", "heads", "kv_heads"),
    [((), 8, 2), ((("heads", 6), ("kv_heads", 1), ("causal", True)), 6, 1), ((("heads", 4), ("kv_heads", 2), *FIVE_BY_SEVEN), 4, 2)],
    ids=str,
)
def test_stored_and_loaded_are_the_closed_forms(config: Any, heads: int, kv_heads: int) -> None:
    scene = tiles("grouped_query", config)
    c = AttentionConfig(**{**dict(config), "heads": heads, "kv_heads": kv_heads})
    pair = 2 * c.seq_k * c.head_dim * c.itemsize
    read = closed_form(c, "fa2").read
    shown = at(scene, "sum")
    assert said(shown, "bytes own") == [kib(heads * pair)]
    assert said(shown, "bytes stored") == [kib(kv_heads * pair)]
    assert said(shown, "bytes loaded") == [kib(read["K"] + read["V"])]
    times = (read["K"] + read["V"]) / (kv_heads * pair)
    assert float(shown.caption.partition("crossed, ")[2].split()[0]) == pytest.approx(times, abs=0.051)
    assert f"{heads // kv_heads} query heads share one pair" in at(scene, "shared").caption


def test_each_query_head_is_wired_to_the_pair_of_its_group() -> None:
    """Head h reads pair h // 4: by where the wires end."""
    scene = tiles("grouped_query")
    middles = [pair.get_center()[0] for pair in scene.pairs]
    ends = [wire[0].get_end()[0] for wire in scene.wires]
    assert ends == pytest.approx([middles[0]] * 4 + [middles[1]] * 4)


@pytest.mark.parametrize("config", [(), (("heads", 6), ("kv_heads", 3), ("causal", True), *FIVE_BY_SEVEN)], ids=str)
def test_tiles_fly_from_the_pair_of_their_group_to_the_head_that_loads_them(config: Any) -> None:
    """Tile j is the j-th part of its half of the pair; head h reads pair h // (H / H_kv)."""
    scene = tiles("grouped_query", config)
    trace, c = scene.found.trace, scene.found.trace.config
    loads = np.flatnonzero(np.isin(trace.columns["kind"], [Kind.LOAD_K, Kind.LOAD_V]))
    for k in loads[::5].tolist():
        event, sample = trace[k], scene.flight(k, 0.25)
        pair = scene.place.shared[event.pid_bh * c.kv_heads // c.heads]
        assert sample.width == pytest.approx(pair.width / c.col_blocks)
        assert sample.path[0][0] == pytest.approx(pair.x0 + pair.width * (event.j + 0.5) / c.col_blocks)
        assert (sample.path[0][1] > pair.center[1]) == (event.tensor == "K")
        assert tuple(sample.path[-1]) == scene.place.heads[event.pid_bh].center
        assert (sample.tensor, sample.start) == (event.tensor, 0.25)


def test_bars_are_as_long_as_their_bytes() -> None:
    scene = tiles("grouped_query")
    lengths = {name: bar.bar.width for name, bar in scene.bars.items()}
    assert lengths["own"] / lengths["stored"] == pytest.approx(8 / 2)
    assert lengths["loaded"] / lengths["own"] == pytest.approx(8)  # each of 8 row blocks loads all keys


def test_where_nothing_is_shared_there_is_nothing_to_show() -> None:
    with pytest.raises(ConfigError, match="expected fewer kv_heads than heads, got 4 of 4; try kv_heads=1"):
        tiles("grouped_query", (("heads", 4),))
