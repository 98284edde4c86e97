"""The file that a render leaves: its codec, its tags, its order, and that it is whole or not there."""

from __future__ import annotations

import json
import signal
import threading
from pathlib import Path
from queue import Queue
from typing import Any

import av
import numpy as np
import pytest
from manim import RIGHT, ManimColor, Scene, Square, config
from manim.constants import RendererType
from manim.scene import scene_file_writer
from PIL import Image, ImageSequence

from flashviz.errors import UsageError
from flashviz.interrupts import uninterrupted
from flashviz.render import FilmWriter, index_first, make_renderer, probe
from flashviz.render.segments import SegmentEncoder
from flashviz.settings import Encode
from tests.conftest import ManimConfig

BT709 = 1  # ITU-T H.273, tables 2 and 3
SMPTE170M = 6  # table 4
FILL = "#009E73"


class Tiny(Scene):
    """Two sections of a quarter and half a second, on a ground of known colour."""

    encode: Encode = "same"

    def __init__(self) -> None:
        renderer = make_renderer(self.encode)
        renderer.camera.background_color = ManimColor(FILL)
        super().__init__(renderer=renderer)

    def construct(self) -> None:
        square = Square()
        self.next_section("first")
        self.play(square.animate.shift(RIGHT), run_time=0.3)
        self.next_section("second")
        self.play(square.animate.shift(RIGHT), run_time=0.5)
        self.add_subcaption("moved", duration=0.2)


class ByTheClock(Tiny):
    """Fills each second up, as a film's beats do: what it plays depends on the clock."""

    def construct(self) -> None:
        square = Square()
        self.clock = []
        for second in (1, 2, 3):
            self.play(square.animate.shift(RIGHT / 3), run_time=0.33)
            self.wait(second - self.renderer.time)
            self.clock.append(self.renderer.time)


class FastByTheClock(ByTheClock):
    """The same, encoded ``fast``."""

    encode: Encode = "fast"


class Broken(Tiny):
    def construct(self) -> None:
        self.play(Square().animate.shift(RIGHT), run_time=0.3)
        raise KeyboardInterrupt


def rendered(manim_config: ManimConfig, scene: type[Tiny] = Tiny, **options: object) -> Path:
    with manim_config(**options):
        instance = scene()
        instance.render()
        return Path(instance.renderer.file_writer.final_file_path)


def leftovers(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if ".part" in path.name]


def test_mp4_plays_everywhere(manim_config: ManimConfig, tmp_path: Path) -> None:
    film = probe(rendered(manim_config))
    assert (film.codec, film.pixel_format) == ("h264", "yuv420p")
    assert (film.primaries, film.transfer, film.matrix) == (BT709, BT709, SMPTE170M)
    assert (film.width, film.height, film.frames) == (160, 90, 8)
    assert film.seconds == pytest.approx(0.8)
    assert film.faststart
    assert leftovers(tmp_path) == []


def ticks(film: Path, rate: int) -> dict[int, np.ndarray]:
    """At which tick each frame of a film begins, and its luma. Joining segments moves a frame by some microseconds."""
    with av.open(str(film)) as container:
        return {round(frame.time * rate): frame.to_ndarray()[: frame.height].astype(int) for frame in container.decode(video=0)}


def test_every_frame_of_a_still_is_in_the_file_and_shows_the_same(manim_config: ManimConfig) -> None:
    for scene in (ByTheClock, FastByTheClock):
        shown = ticks(rendered(manim_config, scene, frame_rate=30), 30)
        assert sorted(shown) == list(range(90))
        for second in (0, 30, 60):  # ten frames that move, twenty that stand still
            assert all(np.array_equal(shown[second + 10], shown[second + at]) for at in range(10, 30))
            assert not np.array_equal(shown[second + 5], shown[second + 10])


def test_decoded_ground_has_the_colour_that_was_drawn(manim_config: ManimConfig) -> None:
    with av.open(str(rendered(manim_config))) as container:
        frame = next(container.decode(video=0))
        pixel = frame.to_ndarray(format="rgb24", src_colorspace="smpte170m")[2, 2]
    drawn = [int(FILL[at : at + 2], 16) for at in (1, 3, 5)]
    assert np.abs(pixel.astype(int) - drawn).max() <= 2


def test_stock_manim_is_neither_tagged_nor_faststart(manim_config: ManimConfig) -> None:
    """The reason for the writer: when this fails, manim has mended it and the writer can go."""

    class Stock(Tiny):
        def __init__(self) -> None:
            Scene.__init__(self)

    film = probe(rendered(manim_config, Stock))
    assert (film.primaries, film.faststart) != (BT709, True)


def test_tags_are_part_of_the_cache_key_and_cached_segments_are_used(manim_config: ManimConfig, tmp_path: Path) -> None:
    first = rendered(manim_config)
    segments = sorted((tmp_path / "media").rglob("partial_movie_files/*/*.mp4"))
    written = [path.stat().st_mtime_ns for path in segments]
    assert len(segments) == 2
    second = rendered(manim_config)
    assert second == first
    assert [path.stat().st_mtime_ns for path in segments] == written
    assert probe(second).matrix == SMPTE170M


def test_the_second_render_is_the_same_film_from_the_cache(manim_config: ManimConfig, tmp_path: Path) -> None:
    first = probe(rendered(manim_config, ByTheClock))
    segments = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("partial_movie_files/*/*.mp4")}
    second = probe(rendered(manim_config, ByTheClock))
    assert second == first
    assert first.frames == 30
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("partial_movie_files/*/*.mp4")} == segments


@pytest.mark.parametrize("options", [{}, {"from_animation_number": 4}, {"save_last_frame": True}, {"dry_run": True}])
def test_the_clock_is_the_same_whether_frames_are_drawn_or_not(manim_config: ManimConfig, options: dict[str, Any]) -> None:
    with manim_config(**options):
        scene = ByTheClock()
        scene.render()
    assert scene.clock == [1, 2, 3]


def test_own_x264_params_are_kept(manim_config: ManimConfig) -> None:
    film = probe(rendered(manim_config, video_encoder_options={"x264-params": "keyint=1"}))
    assert film.matrix == SMPTE170M
    with av.open(str(film.path)) as container:
        keys = [packet.is_keyframe for packet in container.demux(video=0) if packet.dts is not None]
    assert all(keys)


def test_sections_and_subcaptions(manim_config: ManimConfig) -> None:
    path = rendered(manim_config, save_sections=True)
    assert "moved" in path.with_suffix(".srt").read_text(encoding="utf-8")
    index = json.loads((path.parent / "sections" / "Tiny.json").read_text(encoding="utf-8"))
    assert [section["name"] for section in index] == ["first", "second"]
    assert all(probe(path.parent / "sections" / section["video"]).faststart for section in index)


def test_gif_and_stills(manim_config: ManimConfig, tmp_path: Path) -> None:
    with Image.open(rendered(manim_config, format="gif")) as gif:
        assert (gif.format, len(list(ImageSequence.Iterator(gif)))) == ("GIF", 8)
    with Image.open(rendered(manim_config, format="png")) as still:
        assert (still.format, still.size) == ("PNG", (160, 90))
    assert leftovers(tmp_path) == []


def test_a_range_of_plays(manim_config: ManimConfig) -> None:
    assert probe(rendered(manim_config, from_animation_number=1)).frames == 5
    assert probe(rendered(manim_config, upto_animation_number=0)).frames == 3


def test_dry_run_writes_nothing(manim_config: ManimConfig, tmp_path: Path) -> None:
    with manim_config(dry_run=True):
        Tiny().render()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_interrupted_render_leaves_the_old_film(manim_config: ManimConfig, tmp_path: Path) -> None:
    whole = rendered(manim_config, output_file="film")
    before = whole.read_bytes()
    with pytest.raises(KeyboardInterrupt):
        rendered(manim_config, Broken, output_file="film")
    assert whole.read_bytes() == before
    assert leftovers(tmp_path) == []


def test_segment_has_its_name_only_when_whole(manim_config: ManimConfig, tmp_path: Path) -> None:
    with manim_config():
        spec = Tiny().session_spec.video_encoder
    assert spec is not None
    target = tmp_path / "segment.mp4"
    encoder = SegmentEncoder(target=target, spec=spec)
    encoder.write_frame(np.zeros((90, 160, 4), np.uint8))
    assert not target.exists()
    encoder.finish()
    assert probe(target).frames == 1
    encoder = SegmentEncoder(target=tmp_path / "dropped.mp4", spec=spec)
    encoder.write_frame(np.zeros((90, 160, 4), np.uint8))
    encoder.abort()
    assert list(tmp_path.iterdir()) == [target]


def test_an_interrupt_while_a_segment_opens_leaves_no_thread(
    manim_config: ManimConfig, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """manim starts an encoder's thread before it knows the thread."""
    job = scene_file_writer._PartialMovieEncodeJob
    stock = job.__init__

    def interrupted(self: Any, **options: Any) -> None:
        stock(self, **options)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(job, "__init__", interrupted)
    with pytest.raises(KeyboardInterrupt):
        rendered(manim_config)
    assert not encoders()
    assert leftovers(tmp_path) == []


def test_an_interrupt_while_a_segment_ends_leaves_no_thread(
    manim_config: ManimConfig, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """manim notes that it has told an encoder of the end before it has, and then waits for it."""

    class Interrupted(Queue[Any]):
        def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
            if item[1] is None:
                signal.raise_signal(signal.SIGINT)
            super().put(item, block, timeout)

    monkeypatch.setattr(scene_file_writer, "Queue", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        rendered(manim_config)
    assert not encoders()
    assert leftovers(tmp_path) == []


def test_an_interrupt_in_a_frame_or_while_aborting_finds_no_lock_taken(
    manim_config: ManimConfig, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Ctrl-C while a frame is handed over, and again while the segment is given up: each waits until the queue is let go."""
    held = []

    class Interrupted(Queue[Any]):
        def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
            assert self.mutex.acquire()
            signal.raise_signal(signal.SIGINT)  # between taking the lock and the block that gives it back
            self.mutex.release()
            super().put(item, block, timeout)
            held.append(item[0])

    monkeypatch.setattr(scene_file_writer, "Queue", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        rendered(manim_config)
    assert held == [1, -1], "a frame, then the end"
    assert not encoders()
    assert leftovers(tmp_path) == []


def encoders() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("partial-movie-encoder")]


def test_interrupts_are_raised_at_the_end() -> None:
    reached = []

    def work() -> None:
        with uninterrupted():
            signal.raise_signal(signal.SIGINT)
            reached.append("the end")
        reached.append("not this")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert reached == ["the end"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_failed_join_keeps_the_old_film(manim_config: ManimConfig, tmp_path: Path) -> None:
    whole = rendered(manim_config)
    before = whole.read_bytes()
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"not a film")
    with manim_config():
        writer = Tiny().renderer.file_writer
    assert isinstance(writer, FilmWriter)
    with pytest.raises(av.error.FFmpegError):
        writer.combine_files([str(broken)], whole)
    assert whole.read_bytes() == before
    assert leftovers(tmp_path) == []


def test_index_first_keeps_every_packet(manim_config: ManimConfig) -> None:
    path = rendered(manim_config)
    before = packets(path)
    index_first(path)
    assert packets(path) == before


def packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.dts is not None]


def test_opengl_is_refused(manim_config: ManimConfig) -> None:
    with manim_config():
        config._d["renderer"] = RendererType.OPENGL  # the public setter also swaps manim's base classes, for the whole process
        with pytest.raises(UsageError, match="drawn by cairo"):
            make_renderer()
