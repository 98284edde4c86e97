"""Checksums of every frame of a film, as our renderer draws them, nothing encoded; and the file in which they are kept."""

from __future__ import annotations

import ctypes
import fcntl
import hashlib
import os
import re
import subprocess
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cairo
import msgspec
from manim import Camera, tempconfig

from flashviz.director import scene as trace_scene
from flashviz.director.film import closing
from flashviz.files import beside
from flashviz.outlines import PANGO
from flashviz.render import FilmWriter
from flashviz.render.damage import DamageCamera
from flashviz.render.renderer import FilmRenderer, replaced
from flashviz.settings import Settings, use_settings
from tests.conftest import ROOT

HASH = re.compile(r"\b[0-9a-f]{12}\b")  # on the card: of a trace, and of the text that was recorded
DRAWN_FROM = ("flashviz", "kernels", "scenes")


class Digests(msgspec.Struct):
    """What a file keeps: beat -> digest of each film and skin, the versions of what drew them, and the commit."""

    commit: str
    drawn_by: dict[str, str]
    films: dict[str, dict[str, str]]


def read(file: Path) -> Digests:
    """What ``file`` keeps; nothing of no film, by what draws here, where it is not there."""
    return msgspec.json.decode(file.read_bytes(), type=Digests) if file.is_file() else Digests(commit(), drawn_by(), {})


def keep(file: Path, film: str, digests: dict[str, str]) -> None:
    """Add a film, whole or not at all; another process may be adding one too."""
    file.parent.mkdir(parents=True, exist_ok=True)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        films = read(file).films | {film: digests}
        kept = Digests(commit(), drawn_by(), dict(sorted(films.items())))
        with beside(file) as partial:
            partial.write_bytes(msgspec.json.format(msgspec.json.encode(kept), indent=1) + b"\n")
    finally:
        os.close(folder)


def drawn_by() -> dict[str, str]:
    """What decides a frame besides our own code and fonts, by its version; cairo, Pango and FreeType are the system's."""
    return {
        "manim": version("manim"), "numpy": version("numpy"), "cairo": cairo.cairo_version_string(), "pango": PANGO, "freetype": freetype(),
    }  # fmt: skip


def freetype() -> str:
    """The version of the FreeType that Pango draws letters by."""
    library, handle = ctypes.CDLL("libpangoft2-1.0.so.0"), ctypes.c_void_p()
    numbers = [ctypes.c_int() for _ in range(3)]
    library.FT_Init_FreeType(ctypes.byref(handle))
    library.FT_Library_Version(handle, *map(ctypes.byref, numbers))
    library.FT_Done_FreeType(handle)
    return ".".join(str(number.value) for number in numbers)


def commit() -> str:
    """Of what is drawn here, and whether anything of it has changed since."""

    def git(*arguments: str) -> str:
        return subprocess.run(["git", "-C", str(ROOT), *arguments], check=True, capture_output=True, text=True).stdout.strip()

    return git("rev-parse", "HEAD")[:12] + (" and changes" if git("status", "--porcelain", "--", *DRAWN_FROM) else "")


def without_hashes(lines: list[str]) -> list[str]:
    """Lines of the card with zeros for its hashes: a comment in a twin changes them, and no picture else."""
    return [HASH.sub("0" * 12, line) for line in lines]


class Checksums(FilmRenderer):
    """Feeds a digest a beat with every picture and how many frames it stands."""

    def __init__(self) -> None:
        super().__init__(file_writer_class=FilmWriter, camera_class=DamageCamera)
        self.beats: dict[str, Any] = {}

    def play(self, scene: Any, *args: Any, **kwargs: Any) -> None:
        """As ever; a play belongs to the beat that the scene is in."""
        name = "" if scene.beat is None else scene.section(scene.beat)
        self.now = self.beats.setdefault(name, hashlib.sha256())
        super().play(scene, *args, **kwargs)

    def emit(self, frames: int) -> None:
        """Instead of the writer."""
        self.time += frames / self.camera.frame_rate
        self.now.update(self.camera.pixel_array)
        self.now.update(frames.to_bytes(4, "big"))


def checksums(scene_class: Callable[[], Any], settings: Settings, quality: str = "low_quality", **options: Any) -> dict[str, str]:
    """Beat -> 16 hex digits of all its frames, in the film's order; the card's hashes are zeros.

    Args:
        scene_class: A ``TraceScene``.
        settings: What it shows.
        quality: manim's name of it: 480 lines and 15 frames a second unless told otherwise.
        options: More of manim's configuration.
    """

    def renderer(_encode: str, _camera_class: type[Camera]) -> Checksums:
        return Checksums()

    said = closing.provenance_lines

    with tempfile.TemporaryDirectory(prefix="flashviz-") as folder, use_settings(settings):
        quiet = {"quality": quality, "dry_run": True, "verbosity": "ERROR", "progress_bar": "none", "media_dir": folder}
        masked = replaced(closing, "provenance_lines", lambda film: without_hashes(said(film)))
        with tempconfig(quiet | options), replaced(trace_scene, "make_renderer", renderer), masked:
            scene = scene_class()
            scene.render()
            return {name: digest.hexdigest()[:16] for name, digest in scene.renderer.beats.items()}
