"""Chapters that are pictures: beats, what each leaves on screen, and where every figure comes from."""

from __future__ import annotations

import ast
import itertools
import re
from collections import Counter
from typing import Any

import numpy as np
import pytest

from flashviz import theme
from flashviz.citations import SOURCES
from flashviz.config import AttentionConfig
from flashviz.errors import UsageError
from flashviz.layout import ASPECTS, CAPTION_LINES, Aspect, frame
from flashviz.lettering import CAPTION_PX, wrap
from flashviz.mobjects.papers import added
from flashviz.settings import Settings
from tests.conftest import ROOT
from tests.drawn import in_roles
from tests.films import played, scenes
from tests.ideas import IDEAS, at, idea, texts

every = pytest.mark.parametrize("file", IDEAS)
aspects = pytest.mark.parametrize("aspect", ASPECTS)
SECONDS = (20, 60)


@every
def test_beats_are_played_once_in_order_and_to_the_second(file: str) -> None:
    scene = idea(file)
    assert [snapshot.beat for snapshot in scene.snapshots] == [beat.name for beat in scene.board]
    for snapshot, beat in zip(scene.snapshots, scene.board, strict=True):
        assert snapshot.seconds == pytest.approx(beat.seconds, abs=0.35), beat.name
        assert "{" not in beat.caption
        assert texts(snapshot, "caption") == [beat.caption]
    assert SECONDS[0] <= scene.now <= SECONDS[1]
    subtitles = scene.renderer.file_writer.subcaptions
    assert [line.content for line in subtitles] == [beat.caption for beat in scene.board]
    assert all(first.end <= second.start for first, second in itertools.pairwise(subtitles))


@every
def test_pauses_are_left_out_on_demand(file: str) -> None:
    assert [b.name for b in idea(file, pauses=False).board] == [b.name for b in idea(file).board if not b.pause]


@every
def test_a_scene_file_holds_no_number_at_all(file: str) -> None:
    tree = ast.parse((ROOT / "scenes" / f"{file}.py").read_text(encoding="utf-8"))
    assert not [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, int | float | complex)]


@every
@aspects
def test_captions_fit_and_words_stay_apart_within_the_frame(file: str, aspect: Aspect) -> None:
    scene = idea(file, aspect)
    for snapshot in scene.snapshots:
        assert len(wrap(snapshot.caption, scene.caption_rect.width, CAPTION_PX)) <= CAPTION_LINES[aspect]
    words_stay_apart(scene, aspect)


def words_stay_apart(scene: Any, aspect: Aspect) -> None:
    whole = frame(aspect)
    for snapshot in scene.snapshots:
        words = [item for item in snapshot.shown if item.text and item.name.startswith(WORDS)]
        assert words
        for item in words:
            x0, y0, x1, y1 = item.box
            assert whole.x0 < x0 <= x1 < whole.x1, (snapshot.beat, item)
            assert whole.y0 < y0 <= y1 < whole.y1, (snapshot.beat, item)
        for a, b in itertools.combinations(words, 2):
            apart = a.box[2] <= b.box[0] or b.box[2] <= a.box[0] or a.box[3] <= b.box[1] or b.box[3] <= a.box[1]
            assert apart, (snapshot.beat, a, b)


WORDS = ("caption", "note", "formula", "kernel", "entry", "tile name", "sign", "bytes", "quoted", "reference")


@every
def test_skins_differ_in_colour_alone(file: str) -> None:
    dark, light = idea(file), idea(file, theme="light")
    assert in_roles(dark) == in_roles(light)


@every
def test_the_page_says_how_long_each_is_and_shows_it(file: str) -> None:
    page = (ROOT / "docs" / "chapters.md").read_text(encoding="utf-8")
    (said,) = re.findall(rf"^\| `{IDEAS[file]}` \| (\d+) \|", page, re.MULTILINE)
    assert int(said) == round(idea(file).now)
    assert f"../media/gallery/{file}.png" in page


@every
def test_a_recording_from_outside_is_refused(file: str) -> None:
    settings = Settings(config=AttentionConfig(), source="numpy", trace=ROOT / "any.npz")
    with pytest.raises(UsageError, match="expected no recording"):
        played(getattr(scenes(file), IDEAS[file]), settings)


STRUCTURE: dict[str, dict[str, dict[str, int]]] = {
    "references": {
        "breath": {"reference": 1}, "papers": {"reference": 8}, "code": {"reference": 2}, "erratum": {"reference": 1, "formula": 2},
    },
}  # fmt: skip
KINDS = {name for beats in STRUCTURE.values() for kept in beats.values() for name in kept}


@every
def test_each_beat_leaves_what_it_should(file: str) -> None:
    for snapshot in idea(file).snapshots:
        seen = Counter(
            re.sub(r"( \d+)+$|(?<=^bytes) .*|(?<=^sheet) .*|(?<=^bar) .*|(?<=^area) .*", "", item.name) for item in snapshot.shown
        )
        assert {name: count for name, count in seen.items() if name in KINDS} == STRUCTURE[file][snapshot.beat], snapshot.beat


@every
def test_chapters_say_what_they_were_computed_from(file: str) -> None:
    assert idea(file).provenance


# ----------------------------------------------------------------------------------------------------------- references


def test_every_paper_stands_with_title_authors_and_number() -> None:
    said = texts(at(idea("references"), "papers"), "reference")
    for number in ("2205.14135", "2307.08691", "2407.08608", "1805.02867"):
        assert sum(number in text for text in said) == 1
    assert said[::2] == [source.title for source in SOURCES]
    assert texts(at(idea("references"), "code"), "reference") == ["github.com/Dao-AILab/flash-attention", "flashviz"]
    assert {"Dao et al. 2022", "Dao 2023", "Shah et al. 2024"} < set(texts(at(idea("references"), "code"), "note"))


def test_the_corrected_line_gives_attention_and_the_printed_one_does_not() -> None:
    """The two formulas carried out over tiles of a row whose max rises, against softmax of the whole row."""
    s, v = np.array([0.0, 1.0, 3.0, 2.0]), np.array([1.0, -2.0, 0.5, 4.0])
    whole = np.exp(s) @ v / np.exp(s).sum()

    def blended(power: int) -> float:
        m, total, acc = -np.inf, 0.0, 0.0
        for tile in (slice(0, 2), slice(2, 4)):
            new = max(m, s[tile].max())
            alpha = np.exp(m - new) if np.isfinite(m) else 1.0  # there is no past yet
            p = np.exp(s[tile] - new)
            m, total, acc = new, total * alpha + p.sum(), acc * alpha**power + p @ v[tile]
        return float(acc / total)

    assert blended(+1) == pytest.approx(whole)
    assert abs(blended(-1) - whole) > 0.1
    printed, correct = texts(at(idea("references"), "erratum"), "formula")
    assert printed.replace("^(-1)", "") == correct
    assert "^(-1)" in printed
    assert "line 10" in " ".join(texts(at(idea("references"), "erratum"), "note"))


@pytest.mark.usefixtures("manim_config")
@pytest.mark.parametrize(("longer", "shorter", "glyphs"), [("a^(-1) b", "a b", "- 1"), ("a + b + c", "a + c", "b +"), ("a b", "a", "b")])
def test_what_one_formula_has_beyond_another_is_found_by_its_glyphs(longer: str, shorter: str, glyphs: str) -> None:
    """As many as were put in, standing together: they are what is left when the shorter formula's are taken away."""
    ours, theirs = theme.maths(longer, 40, "#FFFFFF"), theme.maths(shorter, 40, "#FFFFFF")
    found = added(ours, theirs)
    family = ours.family_members_with_points()
    assert len(found) == len(glyphs.split())
    rest = [glyph for glyph in family if glyph not in found]
    assert [len(glyph.points) for glyph in rest] == [len(glyph.points) for glyph in theirs.family_members_with_points()]
