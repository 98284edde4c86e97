"""manim's file writer with three things mended: colour tags, faststart, and files that are whole or not there.

manim 0.22 encodes H.264 in BT.601 without saying so, and browsers then guess BT.709: #009E73 is shown as (0, 141, 114).
The pixels stay as they are; the stream says what they are. The MP4's index stands at its end, so that a browser must
load all of it before the first frame. And a segment or film is written in place: a render that is killed leaves half
a file, and the segment cache would take it for a whole one.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import av
import srt
from manim import config, tempconfig
from manim.scene.scene_file_writer import SceneFileWriter
from manim.scene.video_segment_encoder import VideoSegmentEncoder
from PIL import Image

from flashviz.errors import UsageError
from flashviz.files import beside
from flashviz.interrupts import uninterrupted
from flashviz.render.segments import Patch, SegmentEncoder, check_options
from flashviz.render.share import LostSegmentsError, Share, missing

if TYPE_CHECKING:
    from manim.typing import RGBAPixelArray


MP4 = {"format": "mp4", "dry_run": False, "save_last_frame": False, "transparent": False}  # whatever a manim.cfg says


@contextmanager
def manim_for(scene_file: Path, quality: str, media_dir: Path, text_dir: Path) -> Iterator[None]:
    """manim's configuration for one MP4, as its own command would have it, with no output on standard output.

    Args:
        scene_file: names the folder under ``media_dir/videos``.
        quality: manim's name of it, such as ``medium_quality``.
        media_dir: Where films and their segments go.
        text_dir: Where manim keeps the outlines of texts; two processes must not share it, since it writes them in place.
    """
    options = {
        "input_file": str(scene_file),
        "quality": quality,
        "media_dir": str(media_dir),
        "verbosity": "WARNING",
        "progress_bar": "none",
        "text_dir": str(text_dir),
        "tex_dir": str(text_dir),
    } | MP4
    with tempconfig(options), redirect_stdout(sys.stderr):
        yield


def check_place(media_dir: Path) -> None:
    """Refuse a folder whose name a film's list of segments cannot hold, before anything is drawn.

    Raises:
        UsageError: There is a line break in it.
    """
    if any(sign in str(media_dir) for sign in "\n\r"):
        raise UsageError(f"--media-dir {media_dir}: expected a path of one line, since films are joined by a list with a line a segment")


class FilmWriter(SceneFileWriter):
    """manim's writer; each file appears under its name when it is whole, and an MP4 has its index first."""

    starts = 0.0  # seconds of the scene before the part that is rendered (manim's -n)
    ends = 0.0  # of the scene, where that part ends
    share: Share | None = None  # of the plays, where several processes draw one film
    gather: Callable[[], None] | None = None  # waits for the other processes; of the one that joins the segments
    joins = True

    def is_already_cached(self, hash_invocation: str) -> bool:
        """Whether a play need not be drawn here: its segment is there, or another process draws it."""
        if super().is_already_cached(hash_invocation):
            return True
        return self.share is not None and self.output_spec.is_video and not self.share.takes(hash_invocation)

    def finish(self) -> None:
        """Join the segments, where this process does, once all are there.

        Raises:
            LostSegmentsError: A process ended without the segments that it had taken.
            UsageError: manim's ``-n`` asks for a part in which the scene has no play.
        """
        if not self.joins:
            self.join_all_encode_jobs()
            return
        if self.output_spec.is_video and all(segment is None for segment in self.partial_movie_files):
            part = f"-n {config.from_animation_number},{config.upto_animation_number}".removesuffix(",inf")
            raise UsageError(f"{part}: expected plays of the scene, counted from 0, got none; take a first that it has, not after the last")
        if self.gather is not None:
            self.join_all_encode_jobs()
            self.gather()
            lost = missing(self.partial_movie_files)
            if lost:
                raise LostSegmentsError(f"{len(lost)} segments were not written")
        super().finish()

    def open_partial_movie_stream(self, **options: Any) -> None:
        """As manim, which must not be interrupted before it knows the encoder's thread."""
        with uninterrupted():
            super().open_partial_movie_stream(**options)

    def close_partial_movie_stream(self) -> None:
        """As manim, which must not be interrupted between noting that a segment has ended and telling its encoder."""
        with uninterrupted():
            super().close_partial_movie_stream()

    def write_frame(self, pixels: RGBAPixelArray | Sequence[Patch], *, repeat: int = 1) -> None:
        """As manim, which must not be interrupted while it holds the queue of the encoder's thread."""
        with uninterrupted():
            super().write_frame(cast("RGBAPixelArray", pixels), repeat=repeat)  # manim hands it to the encoder unread

    def abort_encode_jobs(self, reraise_encoder_failures: bool = False) -> None:
        """As manim, which must not be interrupted before the encoder's thread knows that nothing more comes."""
        with uninterrupted():
            super().abort_encode_jobs(reraise_encoder_failures)

    @property
    def takes_patches(self) -> bool:
        """Whether a frame may be given as what changed: segments of video may, in 4:2:0; pictures and alpha are written whole."""
        spec = self.video_encoder
        return self.output_spec.is_video and not self.output_spec.is_image_sequence and spec is not None and spec.pixel_format == "yuv420p"

    def combine_files(self, input_files: list[str], output_file: Path, create_gif: bool = False, includes_sound: bool = False) -> None:
        """Join segments into ``output_file``, which replaces an older one only when it is whole."""
        output_file.parent.mkdir(parents=True, exist_ok=True)
        with beside(output_file) as joined:
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

    @staticmethod
    def _concat_manifest_bytes(input_files: list[str]) -> bytes:
        """The list of segments by which FFmpeg joins them, quoted as it reads it: an apostrophe stands outside the quotes."""
        paths = (Path(each).as_posix().replace("'", "'\\''") for each in input_files)
        return "".join(f"file 'file:{path}'\n" for path in paths).encode()

    def write_subcaption_file(self) -> None:
        """The captions of the part that is rendered, from its beginning on; the file is whole or not there."""
        if not self.output_spec.is_video:
            return
        file = self.output_plan.subcaption_file
        assert file is not None
        start, length = timedelta(seconds=self.starts), timedelta.max
        if 0 <= config.upto_animation_number < math.inf:  # what was said before the play that is left out does not belong to the part
            length = timedelta(seconds=self.ends - self.starts)
        shown = [
            srt.Subtitle(each.index, max(each.start - start, timedelta()), min(each.end - start, length), each.content, each.proprietary)
            for each in self.subcaptions
            if each.end > start and each.start - start < length
        ]
        file.parent.mkdir(parents=True, exist_ok=True)
        with beside(file) as partial:
            partial.write_text(srt.compose(shown), encoding="utf-8")

    def _create_segment_encoder(self, target: Path) -> VideoSegmentEncoder:
        if self.video_encoder is None:
            raise RuntimeError("a still was asked to encode a video segment")
        check_options(self.video_encoder)
        return SegmentEncoder(target=target, spec=self.video_encoder)


def index_first(path: Path) -> None:
    """Rewrite an MP4 with its index before its pictures (faststart). The packets are copied, not encoded again."""
    with (
        beside(path) as moved,
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
    with beside(path) as partial:
        image.save(partial)
