"""What a play leaves behind, whether its frames were drawn or skipped: several processes draw one film, and each skips what others draw.

The two must be equal to the last bit. A part that is moved by the difference to where it stands rounds once a frame; the pictures of what
follows then depend on who drew what, by a pixel's last step, and its name in the cache with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from manim import ImageMobject, tempconfig

from flashviz.cli.films import KERNEL_SCENE, known_scenes, load_scene
from flashviz.config import AttentionConfig
from flashviz.director import scene as trace_scene
from flashviz.render.damage import DamageCamera
from flashviz.render.renderer import FilmRenderer, replaced
from flashviz.render.writer import FilmWriter
from flashviz.settings import Settings, use_settings
from tests.films import _media

RATE = 4  # frames a second, of which every part is moved and none is painted
QUIET = {"dry_run": True, "verbosity": "ERROR", "progress_bar": "none", "frame_rate": RATE}
FILMS = [name for name in known_scenes() if name not in {KERNEL_SCENE, "CourseScene"}]  # of another recording; of beats of the others


class Unpainted(FilmRenderer):
    """Moves what a film moves; after each play it notes its name in the cache, and every outline and image on stage."""

    def __init__(self, *, skips: bool) -> None:
        super().__init__(file_writer_class=FilmWriter, camera_class=DamageCamera)
        self.skips = skips
        self.left: list[tuple[str | None, list[tuple[str, bytes]]]] = []

    def init_scene(self, *session: Any) -> None:
        super().init_scene(*session)
        self.file_writer.is_already_cached = lambda _key: self.skips

    def update_frame(self, *_scene: Any, **_options: Any) -> None:
        pass

    def emit(self, frames: int) -> None:
        self.time += frames / self.camera.frame_rate

    def play(self, scene: Any, *args: Any, **kwargs: Any) -> None:
        super().play(scene, *args, **kwargs)
        stands = [(_name(part), _looks(part)) for top in scene.mobjects for part in top.get_family()]
        self.left.append((self.animations_hashes[-1], stands))


def _name(part: Any) -> str:
    return f"{type(part).__name__} {vars(part).get('tag', '')}"


def _looks(part: Any) -> bytes:
    arrays: Sequence[np.ndarray] = [part.points, part.pixel_array] if isinstance(part, ImageMobject) else [part.points]
    return b"".join(array.tobytes() for array in arrays)


def left_by(name: str, *, skips: bool) -> list[tuple[str | None, list[tuple[str, bytes]]]]:
    """The name of each play of a film, and what stands on stage after it."""
    with (
        tempconfig({**QUIET, "media_dir": _media().name}), use_settings(Settings(config=AttentionConfig(), source="numpy")),
        replaced(trace_scene, "make_renderer", lambda *_options: Unpainted(skips=skips)),  # made by the scene, once it has set its frame
    ):  # fmt: skip
        scene = load_scene(known_scenes()[name])()
        scene.render()
        left: list[tuple[str | None, list[tuple[str, bytes]]]] = scene.renderer.left
    return left


@pytest.mark.slow
@pytest.mark.parametrize("name", FILMS)
def test_a_skipped_play_leaves_what_a_drawn_one_leaves(name: str) -> None:
    drawn, skipped = left_by(name, skips=False), left_by(name, skips=True)
    assert len(drawn) == len(skipped) > 1
    assert all(key for key, _ in drawn)
    for number, ((key, one), (also_key, other)) in enumerate(zip(drawn, skipped, strict=True)):
        assert [part for part, _ in one] == [part for part, _ in other]
        differ = {part for (part, left), (_, also) in zip(one, other, strict=True) if left != also}
        assert not differ, f"play {number}"
        assert key == also_key, f"play {number} has another name in the cache"
