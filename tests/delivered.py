"""A small film, rendered and delivered: three beats, the middle one a question, each of one colour."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec

from flashviz.cli.deliver import assemble
from flashviz.cli.drawing import render_film
from flashviz.cli.films import Job, SceneSource
from flashviz.delivery.manifest import write_manifest
from flashviz.settings import load_settings

SCENE = '''
from manim import Rectangle

from flashviz.director.scene import TraceScene, beat
from flashviz.storyboard import Beat


class {name}(TraceScene):
    """Three colours."""

    subject = "Three colours & a <question>"
    poster = "last"

    def construct(self):
        self.provenance = [{{"source": "numpy", "hash": "0123456789abcdef"}}]
        self.take([
            Beat("first", "First", {seconds}, "The first is green.", still=0.2),
            Beat("ask", "Question", {seconds}, "Which is next?", still=0.2, pause=True),
            Beat("last", "Last", {seconds}, "The next is orange.", still=0.2),
        ])
        self.first()
        self.ask()
        self.last()

    def fill(self, colour):
        """A colour for most of the picture, which moves."""
        box = Rectangle(width=6, height=3, fill_color=colour, fill_opacity=1, stroke_width=0)
        self.add(box)
        self.move(box.animate.shift([0.3, 0, 0]), seconds=0.3)

    @beat("first")
    def first(self):
        self.fill("#009E73")

    @beat("ask")
    def ask(self):
        self.fill("#0072B2")

    @beat("last")
    def last(self):
        self.fill("#D55E00")
'''
COLOURS = {"first": (0, 158, 115), "ask": (0, 114, 178), "last": (213, 94, 0)}
SECONDS = 1.0


def scene_file(folder: Path, name: str = "ThreeScene") -> SceneSource:
    """The scene's file, written into ``folder``."""
    file = folder / f"{name.lower()}.py"
    file.write_text(SCENE.format(name=name, seconds=SECONDS), encoding="utf-8")
    return SceneSource(name, file)


def delivered(folder: Path, **flags: object) -> Path:
    """The film in a folder within ``folder``, with a clean one beside it; 480 lines, 15 frames a second."""
    target = folder / "ThreeScene"
    target.mkdir()
    job, clean = (_job(folder, **flags | {"captions": captions}) for captions in (True, False))
    manifest = assemble(job, render_film(job, workers=1), target, extras=False)
    shutil.copyfile(render_film(clean, workers=1).film.path, target / "ThreeScene-clean.mp4")
    write_manifest(target, msgspec.structs.replace(manifest, files=msgspec.structs.replace(manifest.files, clean="ThreeScene-clean.mp4")))
    return target


def _job(folder: Path, **flags: object) -> Job:
    return Job(scene_file(folder), load_settings(environ={}, folder=folder, **flags), "low_quality", folder / "media")
