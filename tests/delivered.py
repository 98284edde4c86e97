"""A small film, rendered and delivered: three beats, the middle one a question, each of one colour."""

from __future__ import annotations

import shutil
from pathlib import Path

import av

from flashviz.cli.films import Job, Rendered, SceneSource, render_film
from flashviz.delivery.manifest import Files, Manifest, write_manifest
from flashviz.settings import Settings, load_settings

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


def three_colours(folder: Path, **flags: object) -> Rendered:
    """The film, rendered into ``folder/media``; 480 lines, 15 frames a second."""
    settings: Settings = load_settings(environ={}, folder=folder, **flags)
    return render_film(Job(scene_file(folder), settings, "low_quality", folder / "media"), workers=1)


def delivered(folder: Path, **flags: object) -> Path:
    """The folder of the delivered film, as its manifest describes it: the film with and without captions, a poster and captions."""
    rendered = three_colours(folder, **flags)
    film, target = rendered.film, folder / "ThreeScene"
    target.mkdir()
    shutil.copyfile(film.path, target / "ThreeScene.mp4")
    shutil.copyfile(three_colours(folder, **flags | {"captions": False}).film.path, target / "ThreeScene-clean.mp4")
    with av.open(str(film.path)) as video:
        *_, last = video.decode(video=0)
        last.to_image().save(target / "ThreeScene.png")
    cues = [f"{stamp(told.start)} --> {stamp(told.start + told.seconds)}\n{told.caption}\n" for told in rendered.told]
    (target / "ThreeScene.vtt").write_text("\n".join(["WEBVTT\n", *cues]), encoding="utf-8")
    files = Files(film="ThreeScene.mp4", clean="ThreeScene-clean.mp4", poster="ThreeScene.png", srt="", vtt="ThreeScene.vtt", transcript="")
    manifest = Manifest(
        scene="ThreeScene", subject=rendered.subject, about="Three colours.", seconds=film.seconds, width=film.width, height=film.height,
        fps=15, language="en", settings={}, traces=rendered.provenance, versions={}, poster_beat=rendered.poster, beats=rendered.told,
        files=files, sha256={},
    )  # fmt: skip
    write_manifest(target, manifest)
    return target


def stamp(seconds: float) -> str:
    """As WebVTT writes a time."""
    return f"00:{int(seconds) // 60:02}:{seconds % 60:06.3f}"
