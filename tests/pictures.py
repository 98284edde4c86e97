"""Films as they are drawn: small frames, kept as numbers, nothing encoded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from manim import Mobject, tempconfig

from flashviz.director import scene as trace_scene
from flashviz.layout import Rect
from flashviz.render.damage import DamageCamera
from flashviz.render.renderer import FilmRenderer, replaced
from flashviz.render.writer import FilmWriter
from flashviz.settings import Settings, use_settings
from tests.films import _media

RATE, SHORT = 10, 270  # frames a second, and pixels of the short side: 480 x 270 at 16:9
CHANGED = 24  # a channel's step that an eye sees, of 255
DILATED = 24 * SHORT // 1080  # two things closer than this move as one


@dataclass
class Frame:
    """One picture: [rows, columns, 3], the beat it is of, when it came, and how long it stood."""

    pixels: np.ndarray
    beat: str
    time: float
    seconds: float


@dataclass
class Drawn:
    """A film: its scene after the last beat, and its frames."""

    scene: Any
    frames: list[Frame] = field(default_factory=list)

    def of(self, *beats: str) -> list[Frame]:
        return [frame for frame in self.frames if frame.beat in beats]

    def last(self, beat: str) -> Frame:
        return self.of(beat)[-1]

    def cut(self, frame: Frame | np.ndarray, rect: Rect) -> np.ndarray:
        """The pixels of a rectangle of the layout."""
        pixels = frame.pixels if isinstance(frame, Frame) else frame
        rows, columns = self.slices(rect, pixels)
        return np.asarray(pixels[rows, columns])

    def slices(self, rect: Rect, pixels: np.ndarray) -> tuple[slice, slice]:
        whole: Rect = self.scene.frame
        unit = pixels.shape[0] / whole.height
        return (
            slice(max(0, round((whole.y1 - rect.y1) * unit)), round((whole.y1 - rect.y0) * unit)),
            slice(max(0, round((rect.x0 - whole.x0) * unit)), round((rect.x1 - whole.x0) * unit)),
        )


class Kept(FilmRenderer):
    """Draws as the film does; frames are kept, and nothing is written."""

    film: Drawn

    def __init__(self) -> None:
        super().__init__(file_writer_class=FilmWriter, camera_class=DamageCamera)

    def emit(self, frames: int) -> None:
        scene = self.film.scene
        pixels = self.camera.pixel_array[..., :3].copy()
        self.film.frames.append(Frame(pixels, scene.beat.name if scene.beat else "", self.time, frames / self.camera.frame_rate))
        self.time += frames / self.camera.frame_rate


def draw(scene_class: Callable[..., Any], settings: Settings, rate: int = RATE, short: int = SHORT) -> Drawn:
    """A film, drawn small."""
    quiet = {"dry_run": True, "verbosity": "ERROR", "progress_bar": "none", "frame_rate": rate, "media_dir": _media().name}
    sizes = {"pixel_width": short * 16 // 9, "pixel_height": short, "disable_caching": True}
    with (
        tempconfig({**quiet, **sizes}), use_settings(settings),
        replaced(trace_scene, "make_renderer", lambda *_options: Kept()),  # made by the scene, once it has set frame and ground
    ):  # fmt: skip
        scene = scene_class()
        scene.renderer.film = film = Drawn(scene)
        scene.render()
    return film


def changed(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """[rows, columns] where an eye sees a difference. Steps are taken in bytes: in wider numbers they take 30 times as long."""
    step = np.maximum(before, after) - np.minimum(before, after)
    return np.asarray(np.maximum(np.maximum(step[..., 0], step[..., 1]), step[..., 2]) >= CHANGED)


def blobs(mask: np.ndarray) -> int:
    """How many separate things a mask shows, when what is closer than ``DILATED`` is one."""
    grown = mask.copy()
    for axis in (0, 1):
        grown = np.any([np.roll(grown, shift, axis) for shift in range(-DILATED, DILATED + 1)], axis=0)
    count, left = 0, grown
    while left.any():
        count += 1
        row, column = np.argwhere(left)[0]
        patch = np.zeros_like(left)
        patch[row, column] = True
        while True:
            spread = patch.copy()
            spread[1:] |= patch[:-1]
            spread[:-1] |= patch[1:]
            spread[:, 1:] |= patch[:, :-1]
            spread[:, :-1] |= patch[:, 1:]
            spread &= left
            if (spread == patch).all():
                break
            patch = spread
        left = left & ~patch
    return count


def families(mobjects: list[Mobject]) -> Iterator[Mobject]:
    """All parts of what is on stage."""
    for top in mobjects:
        yield from top.get_family()
