"""Every frame of ours is stock manim's, pixel by pixel: as drawn, and as it is given to the encoder.

What the encoder makes of equal pictures is not compared: in sizes that 16 does not divide, x264 under load gives other bytes
now and then, for stock manim as for us (1 of 25 renders here).
"""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import cairo
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from manim import (
    BLUE,
    DEGREES,
    DOWN,
    LEFT,
    ORIGIN,
    RED,
    RIGHT,
    UP,
    WHITE,
    YELLOW,
    Arc,
    Camera,
    Circle,
    DashedLine,
    Dot,
    FadeIn,
    FadeOut,
    Group,
    ImageMobject,
    LaggedStart,
    Line,
    MovingCamera,
    MovingCameraScene,
    PointCloudDot,
    Polygon,
    Rotate,
    Scene,
    Square,
    Star,
    Text,
    Transform,
    Triangle,
    ValueTracker,
    VGroup,
    VMobject,
)  # fmt: skip
from manim._config.video_encoder import VideoEncoderSpec
from PIL import Image

from flashviz.config import AttentionConfig
from flashviz.director import scene as trace_scene
from flashviz.render import FilmWriter, probe
from flashviz.render.damage import Box, DamageCamera, MovingDamageCamera, merged, rows_of
from flashviz.render.renderer import FilmClock, FilmRenderer
from flashviz.render.segments import SegmentEncoder, patch, planes
from flashviz.settings import Settings, use_settings
from tests.conftest import ManimConfig
from tests.films import SCENES as FILES
from tests.films import scenes

# manim's images ask Pillow for what Pillow will drop
pytestmark = pytest.mark.filterwarnings("ignore:'mode' parameter for changing data types:DeprecationWarning")

Frames = list[tuple[int, int, int]]  # play, checksum, repeats


class Stock(FilmClock):
    """manim's own drawing, with our clock and tags; notes every frame."""

    def __init__(self, camera_class: type[Camera] = Camera) -> None:
        super().__init__(file_writer_class=FilmWriter, camera_class=camera_class)
        self.frames: Frames = []

    def add_frame(self, frame: np.ndarray, num_frames: int = 1) -> None:
        if not self.skip_animations:
            self.frames.append((self.num_plays, zlib.crc32(frame.tobytes()), num_frames))
        super().add_frame(frame, num_frames)


class Ours(FilmRenderer):
    """The film's renderer; notes every frame."""

    def __init__(self, camera_class: type[DamageCamera] = DamageCamera) -> None:
        super().__init__(file_writer_class=FilmWriter, camera_class=camera_class)
        self.frames: Frames = []
        self.painted = 0

    def emit(self, frames: int) -> None:
        self.frames.append((self.num_plays, zlib.crc32(self.camera.pixel_array.tobytes()), frames))
        self.painted += sum(box.area for box in self.damage)
        super().emit(frames)


def shapes(scene: Scene) -> None:
    """Outlines, gradients, joints, caps, dashes, z-order, images, trackers, updaters, stills."""
    square = Square(fill_opacity=0.4, fill_color=[BLUE, RED], stroke_width=9, stroke_color=WHITE).shift(LEFT)
    star = Star(fill_opacity=1, color=YELLOW, z_index=2).scale(0.6)
    behind = Circle(fill_opacity=0.7, color=RED, z_index=-1).set_stroke(width=14, background=True)
    text = Text("max", font_size=40).shift(2 * UP)
    scene.add(square, star, behind, text, DashedLine(3 * LEFT, 3 * RIGHT).shift(2 * DOWN))
    scene.wait(0.3)
    scene.play(square.animate.shift(RIGHT), Rotate(star, 70 * DEGREES), run_time=0.5)
    ramp = (np.add.outer(np.arange(12), np.arange(20)) * 8).astype(np.uint8)
    image = ImageMobject(np.stack([ramp, 255 - ramp, ramp, np.full_like(ramp, 200)], axis=-1)).set_z_index(1)
    image.stretch_to_fit_height(2).move_to(RIGHT + UP)
    scene.play(FadeIn(image), FadeOut(text), run_time=0.4)
    tracker = ValueTracker(0.0)
    dot = Dot().add_updater(lambda d: d.move_to((3 * tracker.get_value() - 1, -1, 0)))
    scene.add(tracker, dot)
    scene.play(tracker.animate.set_value(1), image.animate.shift(LEFT), run_time=0.5)
    scene.wait(0.2)
    scene.play(Transform(square, Triangle(fill_opacity=0.3).shift(UP)), run_time=0.4)
    scene.bring_to_back(star)
    scene.play(LaggedStart(*(FadeIn(Arc().shift(x * RIGHT)) for x in range(3)), lag_ratio=0.3), run_time=0.5)
    scene.remove(behind)
    scene.wait(0.2)


def many(scene: Scene) -> None:
    """A swarm that crosses texts, and a group whose parts change."""
    grid = VGroup(
        *(
            Square(0.3, fill_opacity=0.5, stroke_width=1).shift((i - 4) * 0.4 * RIGHT + (j - 3) * 0.4 * UP)
            for i in range(9)
            for j in range(7)
        )
    )
    scene.add(grid, Text("scores").scale(0.6))
    scene.play(*(cell.animate.shift(0.7 * (UP if k % 2 else DOWN)) for k, cell in enumerate(grid) if k % 5 == 0), run_time=0.5)
    grid.remove(*grid[:20])
    scene.play(grid.animate.set_fill(RED, opacity=0.9), run_time=0.3)
    scene.play(Group(*grid[5:9]).animate.scale(2), Line(ORIGIN, UP).animate.shift(LEFT), run_time=0.4)


def unknown(scene: Scene) -> None:
    """A point cloud: manim paints those frames, and ours go on afterwards."""
    square = Polygon(ORIGIN, UP, RIGHT, fill_opacity=1)
    scene.play(square.animate.shift(LEFT), run_time=0.3)
    cloud = PointCloudDot(radius=0.6, density=20)
    scene.add(cloud)
    scene.play(square.animate.shift(RIGHT), run_time=0.3)
    scene.remove(cloud)
    scene.play(square.animate.shift(UP), run_time=0.3)


def sections(scene: Scene) -> None:
    scene.next_section("seen")
    square = Square()
    scene.play(square.animate.shift(LEFT), run_time=0.3)
    scene.next_section("skipped", skip_animations=True)
    scene.play(square.animate.shift(RIGHT), run_time=0.3)
    scene.next_section("seen again")
    scene.play(square.animate.rotate(1), run_time=0.3)
    scene.wait(0.2)


SCENES: dict[str, Callable[[Scene], None]] = {"shapes": shapes, "many": many, "unknown": unknown, "sections": sections}


def rendered(
    kind: Callable[[], Any], construct: Callable[[Scene], None], base: type[Scene] = Scene, **scene_options: Any
) -> tuple[Any, Any]:
    """A scene through one renderer; the renderer, and the scene's file writer."""
    scene_class = type("Parity", (base,), {"construct": construct})
    renderer = kind()
    scene: Any = scene_class(renderer=renderer, **scene_options)
    scene.render()
    return renderer, scene.renderer.file_writer


@pytest.mark.parametrize("size", [(160, 90), (214, 120)])
@pytest.mark.parametrize("name", SCENES)
def test_every_frame_is_stock_manims(name: str, size: tuple[int, int], manim_config: ManimConfig, tmp_path: Path) -> None:
    seen = []
    for kind in (Stock, Ours):
        with manim_config(pixel_width=size[0], pixel_height=size[1], media_dir=str(tmp_path / kind.__name__)):
            renderer, writer = rendered(kind, SCENES[name])
            seen.append((renderer.frames, probe(Path(writer.final_file_path)).frames, renderer.time))
    assert len(seen[0][0]) > 5
    assert seen[0] == seen[1]


def panned(scene: Any) -> None:
    """The camera goes in beside standing and moving shapes, stands, follows a dot, and goes back."""
    frame, square = scene.camera.frame, Square(fill_opacity=0.5, stroke_width=8)
    pixels = np.arange(4 * 6 * 4, dtype=np.uint8).reshape(4, 6, 4) | 128
    scene.add(square, Text("max").shift(UP), ImageMobject(pixels).scale(40).shift(2 * LEFT), DashedLine(3 * LEFT, 3 * RIGHT))
    scene.play(frame.animate.scale(0.4).shift(RIGHT), run_time=0.5)
    scene.play(square.animate.rotate(1), run_time=0.4)
    dot = Dot().move_to(frame)
    frame.add_updater(lambda f: f.move_to(dot))
    scene.add(frame)
    scene.play(dot.animate.shift(UP + 2 * LEFT), FadeOut(square), run_time=0.5)
    frame.clear_updaters()
    scene.wait(0.2)
    scene.play(frame.animate.scale(3).move_to(ORIGIN), run_time=0.5)


@pytest.mark.parametrize("size", [(160, 90), (214, 120)])
def test_a_camera_that_moves_inside_a_play(size: tuple[int, int], manim_config: ManimConfig, tmp_path: Path) -> None:
    seen = []
    for name, kind in (("stock", partial(Stock, MovingCamera)), ("ours", partial(Ours, MovingDamageCamera))):
        with manim_config(pixel_width=size[0], pixel_height=size[1], media_dir=str(tmp_path / name)):
            renderer, writer = rendered(kind, panned, MovingCameraScene)
            seen.append((renderer.frames, probe(Path(writer.final_file_path)).frames, renderer.time))
    assert len({checksum for _, checksum, _ in seen[0][0]}) > 12
    assert seen[0] == seen[1]


def test_a_film_may_move_its_camera(manim_config: ManimConfig) -> None:
    """Beside manim's scene of that kind a film has its camera."""
    mixed = type("Panned", (MovingCameraScene, trace_scene.TraceScene), {"construct": panned})
    with manim_config(), use_settings(Settings(config=AttentionConfig())):
        scene: Any = mixed()
        scene.render()
    assert isinstance(scene.camera, MovingDamageCamera)
    assert scene.camera.frame.width == pytest.approx(1.2 * scene.frame.width)


def test_what_manim_paints_is_said_once(manim_config: ManimConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr("flashviz.render.damage.logger.warning", lambda text, *values: said.append(text % values))
    with manim_config():
        rendered(Ours, unknown)
        assert said == ["PointCloudDot is painted by manim itself, the whole frame of it: slower, the same pixels"]
        rendered(Ours, shapes)
    assert len(said) == 1


def test_little_is_painted_where_little_moves(manim_config: ManimConfig) -> None:
    def one_dot(scene: Scene) -> None:
        scene.add(*(Square().shift(x * RIGHT) for x in range(-3, 3)))
        scene.play(Dot().animate.shift(0.2 * UP), run_time=2)

    with manim_config():
        renderer, _ = rendered(Ours, one_dot)
    assert renderer.painted < 160 * 90 * (1 + 0.1 * len(renderer.frames))


@pytest.mark.parametrize(
    "options",
    [
        {"format": "png"},
        {"format": "gif"},
        {"transparent": True, "format": "mov"},
        {"from_animation_number": 1, "upto_animation_number": 2},
        {"save_last_frame": True},
    ],
    ids=str,
)
def test_other_outputs_have_the_same_frames(options: dict[str, Any], manim_config: ManimConfig, tmp_path: Path) -> None:
    seen = []
    for kind in (Stock, Ours):
        folder = tmp_path / kind.__name__
        with manim_config(media_dir=str(folder), **options):
            renderer, _ = rendered(kind, shapes)
        pictures = sorted(path for path in folder.rglob("*.png"))
        seen.append((renderer.frames, [(path.name, zlib.crc32(np.asarray(Image.open(path)).tobytes())) for path in pictures]))
    assert seen[0][0] or seen[0][1]
    assert seen[0] == seen[1]


class Joined(scenes("course").CourseScene):  # type: ignore[misc]
    """A part that two pictures share, pictures that share none, a machine's name that comes and goes."""

    def construct(self) -> None:
        self.open(FILES)
        self.play_chapter("score")
        self.play_chapter("memory_hierarchy")
        self.play_chapter("references")


@pytest.mark.parametrize(("film", "theme"), [(scenes().DigestScene, "light"), (Joined, "dark")])
def test_every_frame_of_a_film(
    film: Callable[[], Scene], theme: Any, manim_config: ManimConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The digest, and three chapters of the course."""
    settings = Settings(config=AttentionConfig(seq_q=256), source="numpy", theme=theme)
    seen = []
    for kind in (Stock, Ours):
        with manim_config(frame_rate=4, media_dir=str(tmp_path / kind.__name__)), use_settings(settings):
            renderer = kind()
            monkeypatch.setattr(trace_scene, "make_renderer", lambda *_options, renderer=renderer: renderer)
            scene = film()
            scene.render()
            seen.append((renderer.frames, probe(Path(renderer.file_writer.final_file_path)).frames))
    assert len(seen[0][0]) > 150
    assert seen[0] == seen[1]


@given(st.integers(0, 2**32 - 1), st.sampled_from([(160, 90), (214, 120), (96, 64)]))
def test_patched_pictures_are_those_of_whole_frames(seed: int, size: tuple[int, int]) -> None:
    """Chroma is filtered over neighbouring pixels, so that a patch must be converted with its surroundings."""
    random = np.random.default_rng(seed)
    frame = random.integers(0, 256, (size[1], size[0], 4), np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        spec = VideoEncoderSpec("mp4", "libx264", "yuv420p", *size, Fraction(10), ())
        encoder = SegmentEncoder(target=Path(folder) / "segment.mp4", spec=spec)
        try:
            encoder.write_frame(frame.copy())
            for _ in range(3):
                found = []
                for _ in range(random.integers(1, 4)):
                    x0, y0 = int(random.integers(0, size[0] - 1)), int(random.integers(0, size[1] - 1))
                    box = Box(x0, y0, min(size[0], x0 + int(random.integers(1, 50))), min(size[1], y0 + int(random.integers(1, 50))))
                    frame[box.y0 : box.y1, box.x0 : box.x1] = random.integers(0, 256, 4)
                    found.append(box)
                encoder.write_frame([patch(frame, box) for box in merged(found, Box(0, 0, *size))], repeat=2)
                assert encoder.picture is not None
                for ours, whole in zip(planes(encoder.picture), planes(encoder.converted(frame)), strict=True):
                    assert np.array_equal(ours, whole)
        finally:
            encoder.abort()


@given(st.integers(0, 2**32 - 1))
def test_fills_of_some_rows_are_those_of_the_whole_frame(seed: int) -> None:
    """Edges that are nearly level, that leave the frame, that cross themselves; straight and curved; half clear too."""
    random = np.random.default_rng(seed)
    width, height = 320, 180
    reach = random.choice([10, 100, 1000])
    at = random.uniform((-50, -50), (width + 50, height + 50))
    points = at + random.uniform(-reach, reach, (3 * random.integers(1, 6) + 1, 2))
    if random.random() < 0.4:
        points[:, 1] = at[1] + random.uniform(-1, 1, len(points)) * random.choice([0.01, 0.1, 1, 5])
    curved, alpha = random.random() < 0.5, random.choice([1, 0.4, 0.01])
    y0 = int(random.integers(0, height - 1))
    y1 = int(random.integers(y0 + 1, height))
    ground = random.integers(0, 256, (height, width, 4), np.uint8)
    ground[..., 3] = 255
    painted = []
    for clipped in (False, True):
        pixels = ground.copy()
        context = cairo.Context(cairo.ImageSurface.create_for_data(pixels.data, cairo.FORMAT_ARGB32, width, height))
        context = rows_of(context, y0, y1) if clipped else context
        context.move_to(*points[0])
        for each in points[1:].reshape(-1, 6):
            if curved:
                context.curve_to(*each)
            else:
                context.line_to(*each[:2])
        context.close_path()
        context.set_source_rgba(0.2, 0.5, 0.9, alpha)
        context.fill()
        painted.append(pixels)
    assert np.array_equal(painted[0][y0:y1], painted[1][y0:y1])
    assert np.array_equal(np.delete(painted[1], np.s_[y0:y1], 0), np.delete(ground, np.s_[y0:y1], 0))


boxes = st.tuples(st.integers(-5, 60), st.integers(-5, 60), st.integers(0, 30), st.integers(0, 30)).map(
    lambda b: Box(b[0], b[1], b[0] + b[2], b[1] + b[3])
)


@given(st.lists(boxes, max_size=30))
def test_merged_rectangles_are_disjoint_and_cover_every_box(found: list[Box]) -> None:
    whole = Box(0, 0, 64, 48)
    rectangles = merged(found, whole)
    assert not any(a.overlaps(b) for at, a in enumerate(rectangles) for b in rectangles[:at])
    painted, wanted = np.zeros((48, 64), bool), np.zeros((48, 64), bool)
    for into, each in ((painted, rectangles), (wanted, found)):
        for box in each:
            into[max(0, box.y0) : max(0, box.y1), max(0, box.x0) : max(0, box.x1)] = True
    assert not (wanted & ~painted).any()


def test_a_picture_that_is_empty_or_outside(manim_config: ManimConfig, tmp_path: Path) -> None:
    def outside(scene: Scene) -> None:
        pixels = np.full((4, 4, 4), 255, np.uint8)
        scene.add(ImageMobject(pixels).shift(6 * RIGHT), VMobject(), Circle().shift(8 * LEFT))
        scene.play(ImageMobject(pixels).animate.shift(9 * UP), run_time=0.3)

    seen = []
    for kind in (Stock, Ours):
        with manim_config(media_dir=str(tmp_path / kind.__name__)):
            renderer, _ = rendered(kind, outside)
            seen.append(renderer.frames)
    assert seen[0] == seen[1]
