"""The course: every chapter once, in order, the same as by itself, without gaps and without repeating itself."""

from __future__ import annotations

import itertools
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from flashviz.chapters.film import COURSE
from flashviz.config import AttentionConfig
from flashviz.delivery.captions import cues
from flashviz.director.course import MARK, first_scene
from flashviz.director.scene import TraceScene
from flashviz.errors import UsageError
from flashviz.settings import Settings, load_settings
from tests.conftest import ROOT
from tests.films import SCENES, played, scenes

PACE = 17  # letters a second that are read without haste
LONGEST = 16 * 60  # seconds
GAP = 0.6  # seconds that nothing may be on screen
CHAPTERS = (
    "score", "memory_hierarchy", "standard_attention", "online_softmax", "flash", "loop_order", "causal", "grouped_query",
    "memory_scaling", "io_complexity", "roofline", "exactness", "speed", "pipeline", "references",
)  # fmt: skip


@cache
def course() -> Any:
    return played(scenes("course").CourseScene, Settings(config=AttentionConfig(), source="numpy"))


def test_every_chapter_is_played_once_and_none_is_left_out() -> None:
    names = [first_scene(SCENES / f"{file}.py") for file in CHAPTERS]
    assert [name for name, _ in itertools.groupby(beat.chapter for beat in course().told)] == [scene.subject for scene in names]
    assert {path.stem for path in SCENES.glob("*.py")} - set(CHAPTERS) == {
        "course",
        "kernel",
        "rescale",
    }  # the film has the rescale's beats


def test_it_lasts_less_than_sixteen_minutes_and_beats_follow_one_another() -> None:
    told = course().told
    assert told[0].start == 0
    for beat, following in itertools.pairwise(told):
        assert 0 <= following.start - (beat.start + beat.seconds) <= 1.2, beat  # the wipe
    assert course().now < LONGEST


def test_sections_have_names_of_their_own_and_nothing_is_said_twice() -> None:
    told = [beat for beat in course().told if not beat.name.endswith(f"-{MARK.name}")]
    assert len({beat.name for beat in told}) == len(told)
    captions = [beat.caption for beat in told if beat.caption]
    assert len(set(captions)) == len(captions)


def test_a_chapter_is_the_same_as_by_itself() -> None:
    alone = played(scenes("causal").CausalScene, Settings(config=AttentionConfig(), source="numpy"))
    within = [beat for beat in course().told if beat.name.startswith("CausalScene-")]
    assert [(beat.caption, beat.title) for beat in within] == [(beat.caption, beat.title) for beat in alone.told]
    assert [beat.seconds for beat in within] == pytest.approx([beat.seconds for beat in alone.told])
    first = next(at for at, beat in enumerate(course().told) if beat is within[0])
    shown = [snapshot.shown for snapshot in course().snapshots[first : first + len(within)]]
    assert shown == [snapshot.shown for snapshot in alone.snapshots]


def test_of_the_film_only_what_chapters_do_not_say() -> None:
    names = [beat.name.partition("-")[2] for beat in course().told if beat.name.startswith("FlashAttentionScene-")]
    assert names == list(COURSE)


def test_captions_can_be_read() -> None:
    for cue in cues(course().told):
        assert len(cue.text) / (cue.end - cue.start) <= PACE, cue


# What learners ask (FACTS.md), and the words on screen that answer it.
ANSWERS = {
    "what a score is": ("ScoreScene", "The 64 products stack into one number."),
    "which loop is outside": (
        "LoopOrderScene",
        "Queries outside: O waits on chip.",
    ),
    "O's own traffic": ("LoopOrderScene", "O crosses 17 times a row, not once."),
    "M counts numbers": ("IOScene", "M numbers fit on chip"),
    "SRAM is not one thing": ("MemoryHierarchyScene", "Of shared memory one program may use 227 KiB."),
    "softmax needs whole rows": ("StandardAttentionScene", "Softmax needs whole rows: S comes back, P goes out."),
    "tile by tile": ("OnlineSoftmaxScene", "All 8 tiles, any order: the same m and ℓ."),
    "recompute": ("SpeedScene", "backward pass redoes S"),
    "causal tiles": ("CausalScene", "28 tiles skipped: nothing is loaded."),
    "causal alignment": ("CausalScene", "The last query sees the last key."),
    "O is N x d": ("MemoryScalingScene", "No score is stored. O is left."),
    "honest ratios": ("FlashAttentionScene", "At equal speed: 144 1/4 tiles, then 400."),
    "with a perfect cache": ("IOScene", "Only a large enough chip beats a perfect cache."),
    "why to both": ("FlashAttentionScene", "Both shrank. The answer did not move."),
    "the rescale of l and acc": ("FlashAttentionScene", "So both are multiplied by α. Watch acc / ℓ."),
}


@pytest.mark.parametrize("question", ANSWERS)
def test_what_learners_ask_is_answered_on_screen(question: str) -> None:
    scene, words = ANSWERS[question]
    assert [beat.name for beat in course().told if beat.name.startswith(f"{scene}-") and words in beat.caption]


def test_the_page_names_a_scene_for_each_question() -> None:
    """Every row names a film that there is, and one film or another answers each of the ten."""
    page = (ROOT / "docs" / "chapters.md").read_text(encoding="utf-8").partition("## Which question each answers")[2]
    rows = [line for line in page.splitlines() if line.startswith("| ")][2:]
    there = {first_scene(SCENES / f"{file}.py").__name__ for file in (*CHAPTERS, "rescale")}  # of which the film plays the beats
    assert len(rows) >= 10
    for row in rows:
        named = re.findall(r"\b[A-Z]\w+Scene\b", row)
        assert named or "the film" in row, row
        assert set(named) <= there, row
    assert {scene for scene, _ in ANSWERS.values()} - {"FlashAttentionScene"} <= set(re.findall(r"\b[A-Z]\w+Scene\b", page))


def test_the_screen_is_never_empty_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    hold, gaps = TraceScene.hold, []

    def watched(scene: Any, seconds: float) -> None:
        if not [thing for thing in scene.mobjects if thing is not scene.caption]:
            gaps.append((scene.section(scene.beat), seconds))
        hold(scene, seconds)

    monkeypatch.setattr(TraceScene, "hold", watched)
    settings = Settings(config=AttentionConfig(seq_q=64, block_m=16, block_n=16, head_dim=16), source="numpy")
    played(scenes("course").CourseScene, settings)
    assert [gap for gap in gaps if gap[1] > GAP] == []


@pytest.mark.parametrize(
    "film",
    [
        {"config": {"seq_q": 100, "block_m": 32, "block_n": 32, "head_dim": 32, "causal": True}, "aspect": "9:16", "theme": "light"},
        {"config": {"seq_q": 64, "block_m": 64, "block_n": 64, "heads": 4, "kv_heads": 2}, "aspect": "1:1", "pauses": False},
    ],
    ids=["ragged", "one tile"],
)
def test_it_obeys_the_settings(film: dict[str, Any]) -> None:
    config = AttentionConfig(**film["config"])
    scene = played(scenes("course").CourseScene, Settings(**film | {"config": config, "source": "numpy"}))
    assert {beat.chapter for beat in scene.told} == {beat.chapter for beat in course().told}
    assert any(beat.pause for beat in scene.told) == film.get("pauses", True)


def test_nothing_of_a_chapter_is_left() -> None:
    assert type(course()).__name__ == "CourseScene"
    assert course().mobjects == []
    assert not {"bill", "found", "material"} & set(vars(course()))


def test_a_chapter_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="expected a chapter in"):
        first_scene(tmp_path / "none.py")


def test_its_chapters_are_translated_each_by_its_own_table() -> None:
    """The whole course in German: beat by beat another text, of as many beats as in English."""
    german = played(scenes("course").CourseScene, load_settings(environ={}, catalogue="de", source="numpy"))
    english = played(scenes("course").CourseScene, load_settings(environ={}, source="numpy"))
    assert [beat.name for beat in german.told] == [beat.name for beat in english.told]
    same = [ours.name for ours, theirs in zip(german.told, english.told, strict=True) if ours.caption == theirs.caption and ours.caption]
    assert not same
