"""Checksums of every frame of a film, as our renderer draws them: nothing is encoded or written."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from typing import Any

from manim import Camera, tempconfig

from flashviz.director import scene as trace_scene
from flashviz.render import FilmWriter
from flashviz.render.damage import DamageCamera
from flashviz.render.renderer import FilmRenderer, replaced
from flashviz.settings import Settings, use_settings


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
    """Beat -> 16 hex digits of all its frames, in the film's order.

    Args:
        scene_class: A ``TraceScene``.
        settings: What it shows.
        quality: manim's name of it: 480 lines and 15 frames a second unless told otherwise.
        options: More of manim's configuration.
    """

    def renderer(_encode: str, _camera_class: type[Camera]) -> Checksums:
        return Checksums()

    with tempfile.TemporaryDirectory(prefix="flashviz-") as folder, use_settings(settings):
        quiet = {"quality": quality, "dry_run": True, "verbosity": "ERROR", "progress_bar": "none", "media_dir": folder}
        with tempconfig(quiet | options), replaced(trace_scene, "make_renderer", renderer):
            scene = scene_class()
            scene.render()
            return {name: digest.hexdigest()[:16] for name, digest in scene.renderer.beats.items()}
