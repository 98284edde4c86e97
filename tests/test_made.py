"""An unchanged film is found and not rendered again; whatever it is made of, once changed, makes it anew."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from flashviz import __version__
from flashviz.cli import films, made
from flashviz.cli.drawing import render_film
from flashviz.cli.films import Job, find_scenes
from flashviz.cli.made import Made
from flashviz.config import AttentionConfig
from flashviz.settings import Settings
from tests.conftest import ROOT

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
    monkeypatch.setattr(made, "code", lambda _scenes: [other])
    keys.add(Made.of(job).place.name)
    (tmp_path / "manim.cfg").write_text("[CLI]\nbackground_color = WHITE\n", encoding="utf-8")
    keys.add(Made.of(job).place.name)
    assert len(keys) == 4


READ_WHILE_DRAWN = """
import os, sys
from pathlib import Path

from flashviz.cli.films import Job, KERNEL_SCENE, known_scenes, load_scene
from flashviz.cli.made import Made
from flashviz.config import AttentionConfig
from flashviz.settings import Settings, load_settings
from tests.films import played

root = Path.cwd()
settings = Settings(config=AttentionConfig(seq_q=256), source="numpy", catalogue=load_settings(catalogue="de").catalogue)
for name in ("DigestScene", "MemoryScalingScene"):
    played(load_scene(known_scenes()[name]), settings if name == "DigestScene" else Settings(config=settings.config, source="numpy"))
read = [path for path in root.rglob("*") if path.is_file() and path.stat().st_atime_ns]
read = [path for path in read if "__pycache__" not in path.parts and path.relative_to(root).parts[0] != "tests"]
job = Job(known_scenes()["DigestScene"], settings, "low_quality", root)
keys = {Made.of(job).place.name: None}
for path in read:
    given = path.read_bytes()
    path.write_bytes(given + b" ")
    keys.setdefault(Made.of(job).place.name, path)
    path.write_bytes(given)
print(*sorted(str(path.relative_to(root)) for path in read), sep=chr(10))
print("not in the key:", *sorted(str(path.relative_to(root)) for path in {*read} - {*keys.values()}))
"""


def test_whatever_is_read_while_a_film_is_drawn_is_in_its_key(tmp_path: Path) -> None:
    """In a copy of the code whose files say when they were last read: each of those that a film reads, changed, is another key.

    Files that a library opens, as Pango opens fonts, are seen too.
    """
    copy = tmp_path / "copy"
    for folder in ("flashviz", "kernels", "scenes", "docs/bench"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "tests").mkdir()
    for name in ("__init__.py", "films.py"):
        shutil.copy(ROOT / "tests" / name, copy / "tests")
    never_read(copy)
    (copy / "scenes" / "flash.py").read_bytes()
    if not (copy / "scenes" / "flash.py").stat().st_atime_ns:
        pytest.skip("this file system does not note when a file was read")
    never_read(copy)
    environment = os.environ | {"PYTHONPATH": f"{copy}:{copy / 'kernels'}", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, "-c", READ_WHILE_DRAWN], cwd=copy, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    *read, verdict = done.stdout.splitlines()
    for name in ("flashviz/fonts/FlashvizSans-Regular.otf", "flashviz/catalogues/de.toml", "docs/bench/kernel-gpu.json", "scenes/flash.py"):
        assert name in read
    assert verdict.strip() == "not in the key:"


def never_read(folder: Path) -> None:
    """Set the time of each file's last reading to the epoch: the next one is noted where the file system notes any."""
    for path in folder.rglob("*"):
        os.utime(path, ns=(0, path.stat().st_mtime_ns))


def test_the_course_is_made_of_the_other_scenes(job: Job) -> None:
    first = Made.of(job).place
    (job.source.file.parent / "chapter.py").write_text("x = 1", encoding="utf-8")
    assert Made.of(job).place != first


def test_the_systems_cairo_and_pango_are_part_of_the_key(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {Made.of(job).place.name}
    monkeypatch.setattr("cairo.cairo_version_string", lambda: "0.1")
    keys.add(Made.of(job).place.name)
    monkeypatch.setattr("flashviz.outlines.PANGO", "0.1")
    keys.add(Made.of(job).place.name)
    assert len(keys) == 3


def test_a_damaged_note_is_no_note(job: Job) -> None:
    render_film(job, 1)
    Made.of(job).place.write_bytes(b"{")
    assert Made.of(job).note() is None
