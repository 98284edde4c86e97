"""Whether all films are as they were: ``--frames FILE`` compares every frame with its digests, and keeps those that it has not."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from manim import Square, config

from flashviz import palette
from flashviz.chapters.film import DIGEST
from flashviz.cli.films import KERNEL_SCENE, known_scenes, load_scene
from flashviz.config import AttentionConfig
from flashviz.settings import Settings
from tests import frames
from tests.frames import checksums
from tests.generic_traces import product

SMALL: dict[str, Any] = {"seq_q": 128, "block_m": 32, "block_n": 32, "head_dim": 32}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """All films in both skins, where a file is given."""
    if "kept_in" in metafunc.fixturenames:
        file = metafunc.config.getoption("--frames")
        films = [(file, name, theme) for name in known_scenes() for theme in palette.THEMES] if file else []
        metafunc.parametrize(("kept_in", "name", "theme"), films, ids=[f"{name}-{theme}" for _, name, theme in films])


@pytest.mark.filterwarnings("ignore:'mode' parameter for changing data types:DeprecationWarning")  # in manim's camera
def test_frames_are_those_that_were_kept(kept_in: Path, name: str, theme: Any, tmp_path: Path) -> None:
    """To keep others: give another file."""
    trace = tmp_path / "kernel.npz"
    if name == KERNEL_SCENE:
        product().save(trace)
    settings = Settings(config=AttentionConfig(), source="numpy", theme=theme, trace=trace if name == KERNEL_SCENE else None)
    assert compared(kept_in, f"{name}-{theme}", lambda: checksums(load_scene(known_scenes()[name]), settings)) == []


def compared(file: Path, film: str, draw: Callable[[], dict[str, str]]) -> list[str]:
    """Beats of a film that are not as they were kept. Skips where they were drawn by other versions, or none were kept; now they are."""
    kept, here = frames.read(file), frames.drawn_by()
    if kept.drawn_by != here:
        differ = (f"{name} {kept.drawn_by.get(name)}, not {own}" for name, own in here.items() if kept.drawn_by.get(name) != own)
        pytest.skip(f"{file} was drawn at {kept.commit} by {'; '.join(differ)}: frames drawn here say nothing of it")
    found = draw()
    if film not in kept.films:
        frames.keep(file, film, found)
        pytest.skip(f"{file} had no digests of some films; they are kept now")
    return differing(kept.films[film], found)


def differing(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Beats with other frames, and those that are in one film alone."""
    return [beat for beat in {**before, **after} if before.get(beat) != after.get(beat)]


@pytest.mark.filterwarnings("ignore:'mode' parameter for changing data types:DeprecationWarning")
def test_checksums_are_the_same_twice_and_see_what_differs() -> None:
    """All beats of a film that is drawn again but two: one lasts a frame longer, one has a dim pixel more."""
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
    true, other = (checksums(kind, Settings(**settings), frame_rate=4) for kind in (film, Other))
    assert len(set(true.values())) == len(true) == len(DIGEST)
    assert differing(true, other) == ["sum", "ruler"]
    assert differing(true, checksums(film, Settings(**settings, theme="light"), frame_rate=4)) == [*true]


def test_digests_are_kept_compared_and_left_alone_where_others_drew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, drawn = tmp_path / "kept" / "frames.json", {"title": "0f", "sum": "1e"}
    with pytest.raises(pytest.skip.Exception, match=r"had no digests of some films; they are kept now$"):
        compared(file, "Film-dark", lambda: drawn)
    assert compared(file, "Film-dark", lambda: dict(drawn)) == []
    assert compared(file, "Film-dark", lambda: drawn | {"sum": "1f", "end": "2d"}) == ["sum", "end"]
    assert compared(file, "Film-dark", lambda: {"sum": "1e"}) == ["title"]
    with pytest.raises(pytest.skip.Exception):
        compared(file, "Film-light", lambda: drawn)
    kept = frames.read(file)
    assert (kept.films, kept.drawn_by) == ({"Film-dark": drawn, "Film-light": drawn}, frames.drawn_by())
    assert re.fullmatch(r"[0-9a-f]{12}( and changes)?", kept.commit)
    monkeypatch.setattr(frames, "freetype", lambda: "2.0.0")
    with pytest.raises(
        pytest.skip.Exception, match=rf"was drawn at {kept.commit} by freetype .*, not 2\.0\.0: frames drawn here say nothing"
    ):
        compared(file, "Film-dark", lambda: pytest.fail("nothing is to be drawn"))


@given(st.text(alphabet="0123456789abcdef", min_size=12, max_size=12), st.text(alphabet="0123456789abcdef", min_size=12, max_size=12))
def test_a_cards_hashes_are_no_picture(trace: str, kernel: str) -> None:
    line = "fa2: numpy, 752 events, trace {}, kernel {}"
    assert frames.without_hashes([line.format(trace, kernel), "seed 12"]) == [line.format("0" * 12, "0" * 12), "seed 12"]
