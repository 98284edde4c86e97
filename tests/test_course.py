"""The course: every chapter once, in order, the same as by itself, without gaps and without repeating itself."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashviz.chapters.film import COURSE
from flashviz.config import AttentionConfig
from flashviz.delivery.captions import cues
from flashviz.director import course as course_film
from flashviz.director.course import JOINT, first_scene
from flashviz.director.joint import Joint, mapped
from flashviz.director.scene import Shown, Snapshot, TraceScene
from flashviz.errors import UsageError
from flashviz.layout import Rect
from flashviz.mobjects.motion import Fade
from flashviz.render.renderer import replaced
from flashviz.settings import Settings, load_settings
from tests.conftest import ROOT
from tests.drawn import check_drawn, check_said
from tests.films import SCENES, played, scenes
from tests.pictures import changed

# whichever test is the first to play the course: in manim's camera
pytestmark = pytest.mark.filterwarnings("ignore:'mode' parameter for changing data types:DeprecationWarning")

PACE = 17  # letters a second that are read without haste
LONGEST = 16 * 60  # seconds
NAME = "running head"
SHARES = (0.0, 0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9, 1.0)
CHAPTERS = (
    "score", "memory_hierarchy", "standard_attention", "online_softmax", "flash", "loop_order", "causal", "grouped_query",
    "training_memory", "backward", "memory_scaling", "io_complexity", "roofline", "exactness", "speed", "pipeline", "references",
)  # fmt: skip


@dataclass
class Seen:
    """A joint: how many parts both pictures have, and its frames without the caption: the one before it, then at each share."""

    chapter: str
    shared: int
    frames: list[np.ndarray]


@dataclass
class Course:
    """The course after its last beat, and what was seen on the way: its joints, drawn, and where it stood still on an empty screen."""

    scene: Any
    joints: list[Seen]
    empty: list[tuple[str, float]]


LOOKS: dict[str, dict[str, Any]] = {"wide": {}, "tall": {"aspect": "9:16", "theme": "light"}}
looks = pytest.mark.parametrize("look", LOOKS)


@cache
def seen(look: str = "wide") -> Course:
    """Played once for all tests: it lasts as long as all films."""
    joints: list[Seen] = []
    empty: list[tuple[str, float]] = []
    move, hold, end_beat = TraceScene.move, TraceScene.hold, TraceScene.end_beat
    built: list[int] = []
    last: list[np.ndarray] = []

    class Noted(Joint):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given)
            built.append(len(self.leaves) - 2)  # besides all else, and a machine

    def watched(scene: Any, *animations: Any, seconds: float) -> None:
        if not scene.joined and built:
            joints.append(Seen(type(scene).__name__, built.pop(), [last.pop(), *drawn(scene, animations)]))
        move(scene, *animations, seconds=seconds)

    def held(scene: Any, seconds: float) -> None:
        if not scene.picture:
            empty.append((scene.section(scene.beat), seconds))
        hold(scene, seconds)

    def ended(scene: Any) -> None:
        end_beat(scene)
        last[:] = [photographed(scene)] if scene.beat.name == scene.board[-1].name else []

    settings = Settings(config=AttentionConfig(), source="numpy", **LOOKS[look])
    with (
        replaced(TraceScene, "move", watched), replaced(TraceScene, "hold", held), replaced(TraceScene, "end_beat", ended),
        replaced(course_film, "Joint", Noted),
    ):  # fmt: skip
        scene = played(scenes("course").CourseScene, settings, watch=check_said)
    return Course(scene, joints, empty)


def drawn(scene: Any, animations: Sequence[Any]) -> Iterator[np.ndarray]:
    """What is seen at each share of a move; the stage is as it was."""
    comes = [each for each in animations if not scene.on_stage(each.mobject)]
    for each in animations:
        each.begin()
    scene.add(*(each.mobject for each in comes))
    for share in SHARES:
        for each in animations:
            each.interpolate(share)
        yield photographed(scene)
    for each in animations:
        if isinstance(each, Fade):
            each.show(1)
    scene.remove(*(each.mobject for each in comes))


def photographed(scene: Any) -> np.ndarray:
    """[rows, columns, 3] the picture, without caption and chapter's name."""
    camera = scene.renderer.camera
    camera.reset()
    kept = [thing for thing in scene.mobjects if thing is not scene.caption and vars(thing).get("tag") != NAME]
    camera.capture_mobjects(kept)
    return np.array(camera.pixel_array[..., :3])


def course() -> Any:
    return seen().scene


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
        assert following.start == pytest.approx(beat.start + beat.seconds), beat
    assert course().now < LONGEST
    page = (ROOT / "docs" / "chapters.md").read_text(encoding="utf-8")
    (seconds,) = re.findall(r"^\| `CourseScene` \| (\d+) \|", page, re.MULTILINE)
    assert int(seconds) == round(course().now)


def test_sections_have_names_of_their_own_and_nothing_is_said_twice() -> None:
    told = course().told
    assert len({beat.name for beat in told}) == len(told)
    captions = [beat.caption for beat in told if beat.caption]
    assert len(set(captions)) == len(captions)


def picture(snapshot: Snapshot) -> list[Shown]:
    """What stood on screen but the chapter's name and the outline that it is drawn with."""
    return [item for item in snapshot.shown if item.box not in {name.box for name in snapshot.shown if name.name == NAME}]


def test_a_chapter_is_the_same_as_by_itself() -> None:
    alone = played(scenes("causal").CausalScene, Settings(config=AttentionConfig(), source="numpy"))
    within = [beat for beat in course().told if beat.name.startswith("CausalScene-")]
    assert [(beat.caption, beat.title) for beat in within] == [(beat.caption, beat.title) for beat in alone.told]
    longer = [beat.seconds - by_itself.seconds for beat, by_itself in zip(within, alone.told, strict=True)]
    assert 0 < longer[0] <= JOINT + 1e-9, "the joint has its own time"
    assert longer[1:] == pytest.approx([0.0] * len(longer[1:]))
    first = next(at for at, beat in enumerate(course().told) if beat is within[0])
    shown = [picture(snapshot) for snapshot in course().snapshots[first : first + len(within)]]
    assert shown == [picture(snapshot) for snapshot in alone.snapshots]


def test_of_the_film_only_what_chapters_do_not_say() -> None:
    names = [beat.name.partition("-")[2] for beat in course().told if beat.name.startswith("FlashAttentionScene-")]
    assert names == [name for name in COURSE if name != "turns"], "of a twin the compiler says nothing"


def test_captions_can_be_read() -> None:
    for cue in cues(course().told):
        assert len(cue.text) / (cue.end - cue.start) <= PACE, cue


# What learners ask (FACTS.md; FRONTIER.md, questions 1 to 3), and the words on screen that answer it.
ANSWERS = {
    "what a score is": ("ScoreScene", "The 64 products stack into one number."),
    "which loop is outside": (
        "LoopOrderScene",
        "Queries outside: O waits on chip until its row ends.",
    ),
    "O's own traffic": ("LoopOrderScene", "O crosses 17 times a row block, not once."),
    "M counts numbers": ("IOScene", "M counts numbers"),
    "SRAM is not one thing": ("MemoryHierarchyScene", "Shared memory: 227 KiB per thread block (program)."),
    "softmax needs whole rows": ("StandardAttentionScene", "Kernel 2: softmax needs whole rows, so S comes back."),
    "tile by tile": ("OnlineSoftmaxScene", "All 8 tiles, any order: the same m and ℓ."),
    "recompute": ("BackwardScene", "Q, K and LSE make P again"),
    "causal tiles": ("CausalScene", "28 tiles skipped: nothing is loaded."),
    "causal alignment": ("CausalScene", "All rows: the last query sees the last key."),
    "O is N x d": ("MemoryScalingScene", "FlashAttention stores O and one number a row: LSE."),
    "honest ratios": ("FlashAttentionScene", "Tiles that cross: 144 1/4 against 400."),
    "with a perfect cache": ("FlashAttentionScene", "No caches counted. Loading no tile twice leaves this."),
    "less traffic is faster": ("SpeedScene", "FlashAttention moves fewer bytes, so it is done sooner."),
    "S and P out and back": ("StandardAttentionScene", "were S and P."),
    "a chip that is too small": ("IOScene", "So small a chip moves more than standard attention."),
    "what limits a block": ("RooflineScene", "Full registers end the climb"),
    "why to both": ("FlashAttentionScene", "Both shrank. The answer did not move."),
    "the rescale of l and acc": ("FlashAttentionScene", "So both are multiplied by α. Watch acc / ℓ."),
    "why dQ alone is not deterministic": ("BackwardScene", "Each column owns dK, dV; all share dQ."),
    "exact, and yet other bits": ("BackwardScene", "who is first sets the last digit"),
    "the attention map": ("BackwardScene", "Q, K and LSE make P again."),
    "what training keeps": ("TrainingMemoryScene", "Scores and LSE give back all weights of the row."),
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


@looks
def test_nothing_stands_still_on_an_empty_screen(look: str) -> None:
    assert seen(look).empty == []


@looks
def test_what_is_drawn_is_in_the_frame_and_in_the_skins_colours(look: str) -> None:
    """What is said, too: it is looked at while the course is played."""
    check_drawn(seen(look).scene)


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
    assert not {"bill", "found", "material", "film", "place"} & set(vars(course()))


def test_a_chapter_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="expected a chapter in"):
        first_scene(tmp_path / "none.py")


def test_its_chapters_are_translated_each_by_its_own_table() -> None:
    """The whole course in German: beat by beat another text, of as many beats as in English."""
    german = played(scenes("course").CourseScene, load_settings(environ={}, catalogue="de", source="numpy"))
    assert [beat.name for beat in german.told] == [beat.name for beat in course().told]
    same = [ours.name for ours, theirs in zip(german.told, course().told, strict=True) if ours.caption == theirs.caption and ours.caption]
    assert not same


# ------------------------------------------------------------------------------------------------------------- the joints

LEAST = 0.002  # of the frame's pixels, that are drawn at any time
SHARED = {  # of a chapter's beginning and the end of the one before
    "MemoryHierarchyScene": 1, "StandardAttentionScene": 1, "OnlineSoftmaxScene": 1, "LoopOrderScene": 10, "IOScene": 2,
}  # fmt: skip


MACHINES = {  # chapters that end with a machine's figures, measured and quoted
    "memory_hierarchy": "H100", "memory_scaling": "H100", "roofline": "A100", "pipeline": "H100",
}  # fmt: skip


@looks
def test_a_picture_becomes_the_next_one(look: str) -> None:
    """At every joint something is drawn all the time, nothing jumps as it begins, and what both pictures have is found in both."""
    found = seen(look).joints
    assert [joint.chapter for joint in found] == [first_scene(SCENES / f"{file}.py").__name__ for file in CHAPTERS[1:]]
    assert {joint.chapter: joint.shared for joint in found if joint.shared} == SHARED
    for joint in found:
        ground = joint.frames[0][0, 0]
        for frame in joint.frames:
            assert changed(np.broadcast_to(ground, frame.shape), frame).mean() >= LEAST, joint.chapter
        first, start, *_, end = joint.frames
        assert not changed(first, start).any(), joint.chapter
        assert changed(first, end).any(), joint.chapter


edges = st.floats(-10, 10)


@given(*[st.tuples(edges, edges, st.floats(0.01, 10), st.floats(0.01, 10))] * 2)
def test_a_part_is_carried_from_one_rectangle_to_another(first: tuple[float, ...], second: tuple[float, ...]) -> None:
    own, to = (Rect(x, y, x + wide, y + high) for x, y, wide, high in (first, second))
    corners = [np.array([[rect.x0, rect.y0, 0], [rect.x1, rect.y1, 0], rect.center]) for rect in (own, to)]
    assert mapped(corners[0], own, to) == pytest.approx(corners[1])


def test_the_machine_stands_in_one_corner() -> None:
    """Its name is there when a chapter of its figures ends, always at one height and right edge, and is the one that other words name."""
    ends = {beat.chapter: snapshot for beat, snapshot in zip(course().told, course().snapshots, strict=True)}
    found = {chapter: [item for item in snapshot.shown if item.name == "machine"] for chapter, snapshot in ends.items()}
    machines = {first_scene(SCENES / f"{file}.py").subject: [model] for file, model in MACHINES.items()}
    assert {chapter: [item.text for item in items] for chapter, items in found.items() if items} == machines
    assert len({item.box[1:] for items in found.values() for item in items}) == 1
    for snapshot in course().snapshots:
        shown = [item for item in snapshot.shown if item.name not in ("chip", "caption")]  # of two chips on one axis
        models = {model for item in shown for model in re.findall(r"\b[AH]100\b", item.text)}
        assert models == {item.text for item in shown if item.name == "machine"}, snapshot.beat
