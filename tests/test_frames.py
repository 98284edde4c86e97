"""Whether a change leaves every frame of every film as it was: ``--frames FOLDER`` keeps checksums, and compares with those kept there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from manim import Square, config

from flashviz import palette
from flashviz.chapters.film import DIGEST
from flashviz.cli.films import KERNEL_SCENE, known_scenes, load_scene
from flashviz.config import AttentionConfig
from flashviz.settings import Settings
from tests.frames import checksums
from tests.generic_traces import product

SMALL: dict[str, Any] = {"seq_q": 128, "block_m": 32, "block_n": 32, "head_dim": 32}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """All films in both skins, where a folder is given."""
    if "kept_in" in metafunc.fixturenames:
        folder = metafunc.config.getoption("--frames")
        films = [(folder, name, theme) for name in known_scenes() for theme in palette.THEMES] if folder else []
        metafunc.parametrize(("kept_in", "name", "theme"), films, ids=[f"{name}-{theme}" for _, name, theme in films])


@pytest.mark.filterwarnings("ignore:'mode' parameter for changing data types:DeprecationWarning")  # in manim's camera
def test_frames_are_those_that_were_kept(kept_in: Path, name: str, theme: Any, tmp_path: Path) -> None:
    """To keep others: give another folder."""
    trace = tmp_path / "kernel.npz"
    if name == KERNEL_SCENE:
        product().save(trace)
    settings = Settings(config=AttentionConfig(), source="numpy", theme=theme, trace=trace if name == KERNEL_SCENE else None)
    found, kept = checksums(load_scene(known_scenes()[name]), settings), kept_in / f"{name}-{theme}.json"
    if not kept.is_file():
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        pytest.skip(f"there was no {kept}; it is kept now")
    assert differing(json.loads(kept.read_text(encoding="utf-8")), found) == []


def differing(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Beats with other frames, and those that are in one film alone."""
    return [beat for beat in {**before, **after} if before.get(beat) != after.get(beat)]


@pytest.mark.filterwarnings("ignore:'mode' parameter for changing data types:DeprecationWarning")
def test_checksums_are_the_same_twice_and_see_what_differs() -> None:
    """A beat that lasts a frame longer, a beat with one dim pixel more."""
    film: Any = load_scene(known_scenes()["DigestScene"])

    class Other(film):  # type: ignore[misc]  # known once its file has run
        def end_beat(self) -> None:
            if self.beat.name == "sum":
                dot = Square(0.02, stroke_width=0, fill_color=self.skin.ink, fill_opacity=0.1)
                self.add(dot)
                with self.unhurried():  # a frame, whatever this beat's pace
                    self.hold(1 / config.frame_rate)
                self.remove(dot)
            super().end_beat()
            if self.beat.name == "ruler":
                with self.unhurried():
                    self.hold(1 / config.frame_rate)

    Other.__name__ = film.__name__
    settings: dict[str, Any] = {"config": AttentionConfig(**SMALL), "source": "numpy"}
    true, again, other = (checksums(kind, Settings(**settings), frame_rate=4) for kind in (film, film, Other))
    assert again == true
    assert len(set(true.values())) == len(true) == len(DIGEST)
    assert differing(true, other) == ["sum", "ruler"]
    assert differing(true, checksums(film, Settings(**settings, theme="light"), frame_rate=4)) == [*true]
