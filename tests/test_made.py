"""An unchanged film is found and not rendered again; whatever it is made of, once changed, makes it anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from flashviz import __version__
from flashviz.cli import films, made
from flashviz.cli.films import Job, find_scenes, render_film
from flashviz.cli.made import Made
from flashviz.config import AttentionConfig
from flashviz.settings import Settings

SCENE = """
from pathlib import Path

from manim import RIGHT, Scene, Square

from flashviz.render import make_renderer


class TinyScene(Scene):
    provenance = [{"hash": "abc"}]
    subject, poster, told = "Tiny", "", ()

    def __init__(self):
        super().__init__(renderer=make_renderer())

    def construct(self):
        with Path("drawn").open("a") as count:
            count.write("x")
        self.play(Square().animate.shift(RIGHT), run_time=0.2)
"""


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    folder = tmp_path / "scenes"
    folder.mkdir()
    (folder / "tiny.py").write_text(SCENE, encoding="utf-8")
    monkeypatch.setattr(films, "CHECKOUT", folder)
    monkeypatch.chdir(tmp_path)
    (scene,) = find_scenes(("TinyScene",))
    return Job(scene, Settings(config=AttentionConfig()), "low_quality", tmp_path / "media")


def times_drawn() -> int:
    return len(Path("drawn").read_text(encoding="utf-8"))


def test_an_unchanged_film_is_found(job: Job) -> None:
    first, second = render_film(job, 1), render_film(job, 1)
    assert first == second
    assert second.provenance == [{"hash": "abc"}]
    assert times_drawn() == 1


CHANGES: dict[str, Callable[[Job], Job]] = {
    "settings": lambda job: replace(job, settings=replace(job.settings, theme="light")),
    "config": lambda job: replace(job, settings=replace(job.settings, config=AttentionConfig(seq_q=64))),
    "quality": lambda job: replace(job, quality="medium_quality"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_another_film_is_rendered(name: str, job: Job) -> None:
    render_film(job, 1)
    render_film(CHANGES[name](job), 1)
    assert times_drawn() == 2


def test_a_changed_scene_is_rendered(job: Job) -> None:
    render_film(job, 1)
    job.source.file.write_text(job.source.file.read_text(encoding="utf-8") + "\n# an edit\n", encoding="utf-8")
    render_film(job, 1)
    assert times_drawn() == 2


def test_a_film_that_was_replaced_or_removed_is_rendered(job: Job) -> None:
    film = render_film(job, 1).film.path
    film.write_bytes(b"something else")
    assert render_film(job, 1).film.frames == 3
    film.unlink()
    assert render_film(job, 1).film.frames == 3
    assert times_drawn() == 3


def test_versions_and_code_are_part_of_the_key(job: Job, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    keys = {Made.of(job).place.name}
    monkeypatch.setattr(made, "version", lambda _name: __version__)
    keys.add(Made.of(job).place.name)
    other = tmp_path / "other.py"
    other.write_text("x = 1", encoding="utf-8")
    monkeypatch.setattr(made, "code", lambda: [other])
    keys.add(Made.of(job).place.name)
    (tmp_path / "manim.cfg").write_text("[CLI]\nbackground_color = WHITE\n", encoding="utf-8")
    keys.add(Made.of(job).place.name)
    assert len(keys) == 4


def test_a_damaged_note_is_no_note(job: Job) -> None:
    render_film(job, 1)
    Made.of(job).place.write_bytes(b"{")
    assert Made.of(job).note() is None
