"""manim's file writer with three things mended: colour tags, faststart, and files that are whole or not there.

manim 0.22 encodes H.264 in BT.601 without saying so, and browsers then guess BT.709: #009E73 is shown as (0, 141, 114).
The pixels stay as they are; the stream says what they are. The MP4's index stands at its end, so that a browser must
load all of it before the first frame. And a segment or film is written in place: a render that is killed leaves half
a file, and the segment cache would take it for a whole one.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np
from manim import CairoRenderer, config, tempconfig
from manim.constants import RendererType
from manim.scene.scene_file_writer import SceneFileWriter
from manim.scene.video_segment_encoder import VideoSegmentEncoder
from PIL import Image

from flashviz.errors import UsageError

if TYPE_CHECKING:
    from manim import Scene
    from manim._config.render_session import RenderSessionSpec
    from manim._config.video_encoder import VideoEncoderSpec
    from manim.scene.scene_file_writer import _SceneFileWriterSettings
    from manim.typing import RGBAPixelArray

# sRGB's primaries; its transfer as video names it; the matrix with which swscale makes yuv420p of RGB.
X264_COLOURS = "colorprim=bt709:transfer=bt709:colormatrix=smpte170m"
SEGMENTS_KEPT = 2000  # manim keeps 100; a film has more plays than that, and would evict its own
ENCODERS_AHEAD = 4  # segments that may still be encoding while the next is drawn; manim waits for each


def make_renderer() -> FilmRenderer:
    """The renderer that a scene hands to ``manim.Scene.__init__(renderer=...)``.

    Raises:
        UsageError: manim was asked for its OpenGL renderer, which draws neither these scenes' text nor their files.
    """
    if config.renderer == RendererType.OPENGL:
        raise UsageError("--renderer=opengl: these scenes are drawn by cairo; leave the option out")
    return FilmRenderer(file_writer_class=FilmWriter)


@contextmanager
def manim_for(scene_file: Path, quality: str, media_dir: Path) -> Iterator[None]:
    """manim's configuration for one render, as its own command would have it, with no output on standard output.

    Args:
        scene_file: names the folder under ``media_dir/videos``.
        quality: manim's name of it, such as ``medium_quality``.
    """
    options = {
        "input_file": str(scene_file),
        "quality": quality,
        "media_dir": str(media_dir),
        "verbosity": "WARNING",
        "progress_bar": "none",
    }
    with tempconfig(options), redirect_stdout(sys.stderr):
        yield


class FilmRenderer(CairoRenderer):
    """Cairo, with an encoder that tags its colours, and a clock that counts frames.

    The tags change the bytes, so they are in manim's cache key. manim's clock runs by frames while it draws and by
    nominal seconds where it skips or finds a segment in its cache; a scene that fills a beat up to the second would then
    be another film the second time. Here both go by frames.
    """

    def play(self, scene: Scene, *args: Any, **kwargs: Any) -> None:
        """As manim; afterwards ``time`` is a whole number of frames, the same whether they were drawn or not."""
        rate, start = self.camera.frame_rate, self.time
        super().play(scene, *args, **kwargs)
        frames = _frames(scene, rate) if self.skip_animations else round((self.time - start) * rate)
        self.time = (round(start * rate) + frames) / rate

    def freeze_current_frame(self, duration: float) -> None:
        """Hold the picture for the nearest number of frames; manim rounds down, and 2.0 s could lose one."""
        self.add_frame(self.get_frame(), num_frames=_still_frames(duration, self.camera.frame_rate))

    def init_scene(self, scene: Scene, session_spec: RenderSessionSpec, file_writer_settings: _SceneFileWriterSettings) -> None:
        """Replace the encoder in the scene's own session, from which manim takes its cache key, and in the writer's."""
        encoder = _tagged(session_spec.video_encoder)
        kept = file_writer_settings.max_files_cached
        scene.session_spec = replace(session_spec, video_encoder=encoder)
        scene.file_writer_settings = replace(
            file_writer_settings,
            video_encoder=encoder,
            max_files_cached=kept if kept == -1 else max(kept, SEGMENTS_KEPT),
            max_inflight_encoders=max(file_writer_settings.max_inflight_encoders, ENCODERS_AHEAD),
        )
        super().init_scene(scene, scene.session_spec, scene.file_writer_settings)


def _frames(scene: Scene, rate: float) -> int:
    """How many frames the play that ``scene`` has just been given takes, as manim steps through it."""
    if scene.is_current_animation_frozen_frame():
        return _still_frames(scene.duration, rate)
    return len(np.arange(0, scene.duration, 1 / rate))


def _still_frames(seconds: float, rate: float) -> int:
    return max(1, round(seconds * rate))


def _tagged(encoder: VideoEncoderSpec | None) -> VideoEncoderSpec | None:
    """``encoder`` with the colour tags before the user's own x264-params; other codecs as they are."""
    if encoder is None or encoder.codec != "libx264":
        return encoder
    options = dict(encoder.options)
    own = options.get("x264-params")
    options["x264-params"] = f"{X264_COLOURS}:{own}" if own else X264_COLOURS
    return replace(encoder, options=tuple(sorted(options.items())))


class FilmWriter(SceneFileWriter):
    """manim's writer; each file appears under its name when it is whole, and an MP4 has its index first."""

    def combine_files(self, input_files: list[str], output_file: Path, create_gif: bool = False, includes_sound: bool = False) -> None:
        """Join segments into ``output_file``, which replaces an older one only when it is whole."""
        output_file.parent.mkdir(parents=True, exist_ok=True)
        with _beside(output_file) as joined:
            super().combine_files(input_files, joined, create_gif, includes_sound)
            if output_file.suffix == ".mp4":
                index_first(joined)

    def combine_to_movie(self) -> None:
        """As manim; where it has muxed sound into the film, the index is moved once more."""
        super().combine_to_movie()
        if self.includes_sound and self.output_spec.is_video and self.movie_file_path.suffix == ".mp4":
            index_first(self.movie_file_path)

    def output_image(self, image: Image.Image) -> None:
        """One numbered frame of a PNG sequence."""
        path = self.output_plan.image_frame_path(self.frame_count)
        _save(image, path)
        self.frame_count += 1

    def save_image(self, pixels: RGBAPixelArray) -> None:
        """The still that ``-s`` asks for."""
        if self.output_spec.enabled:
            _save(Image.fromarray(pixels), self.image_file_path)
            self.print_file_ready_message(self.image_file_path)

    def _create_segment_encoder(self, target: Path) -> VideoSegmentEncoder:
        if self.video_encoder is None:
            raise RuntimeError("a still was asked to encode a video segment")
        return SegmentEncoder(target=target, spec=self.video_encoder)


class SegmentEncoder(VideoSegmentEncoder):
    """Encodes one segment beside its place in the cache; ``finish`` moves it there."""

    def __init__(self, *, target: Path, spec: VideoEncoderSpec) -> None:
        self._partial = _partial(target)
        super().__init__(target=self._partial, spec=spec)
        self.target = target  # the name by which manim knows the segment

    def finish(self) -> None:
        """Flush, close, and put the segment in its place."""
        if not self._closed:
            super().finish()
            self._partial.replace(self.target)

    def abort(self) -> None:
        """Close, and leave nothing: neither the partial file nor one under the segment's name."""
        try:
            super().abort()
        finally:
            self._partial.unlink(missing_ok=True)


def index_first(path: Path) -> None:
    """Rewrite an MP4 with its index before its pictures (faststart). The packets are copied, not encoded again."""
    with (
        _beside(path) as moved,
        av.open(str(path)) as source,
        av.open(str(moved), "w", options={"movflags": "+faststart"}) as target,
    ):
        target.metadata.update(source.metadata)
        streams = {stream.index: target.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.dts is not None:  # PyAV ends each stream with an empty packet
                packet.stream = streams[packet.stream.index]
                target.mux(packet)


def _save(image: Image.Image, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with _beside(path) as partial:
        image.save(partial)


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A hidden name beside ``path``: moved onto it when the block ends well, removed when it does not."""
    partial = _partial(path)
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _partial(path: Path) -> Path:
    """A name that manim's cache leaves alone and that two renders at once do not share; the suffix stays."""
    return path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
