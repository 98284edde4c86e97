"""Segments of a film: encoded beside their place, from frames or from the rectangles that changed since the last one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import av
import numpy as np
from av.video.reformatter import VideoReformatter
from manim.scene.video_segment_encoder import VideoSegmentEncoder

from flashviz.errors import UsageError, WriteError
from flashviz.files import partial_name
from flashviz.render.damage import Box
from flashviz.render.held import KEY_EVERY, Slice, for_one_picture, held_slice

if TYPE_CHECKING:
    from manim._config.video_encoder import VideoEncoderSpec

REACH = 2  # pixels around a changed one whose chroma changes with it
MARGIN = 16  # pixels around a rectangle that its conversion sees, so that the chroma filter meets the true neighbours
GRID = 32  # to which a rectangle's surroundings are aligned: few sizes, and swscale's vector loops are whole
SIZES_KEPT = 64
AVX2 = "asm=AVX2,FMA3,BMI1,BMI2,LZCNT"  # the instructions before AVX-512, in x264's names


class Patch(NamedTuple):
    """Pixels of ``around``, of which those in ``box`` are new; both have even corners, as 4:2:0 needs."""

    box: Box
    around: Box
    pixels: np.ndarray


def patch(pixels: np.ndarray, box: Box) -> Patch:
    """A copy of a rectangle of a frame [height, width, 4], with its surroundings."""
    height, width = pixels.shape[:2]
    even = Box(
        max(0, box.x0 - REACH) & ~1, max(0, box.y0 - REACH) & ~1,
        min(width, (box.x1 + REACH + 1) & ~1), min(height, (box.y1 + REACH + 1) & ~1),
    )  # fmt: skip
    around = Box(
        max(0, even.x0 - MARGIN) & ~(GRID - 1),
        max(0, even.y0 - MARGIN) & ~(GRID - 1),
        min(width, (even.x1 + MARGIN + GRID - 1) & ~(GRID - 1)),
        min(height, (even.y1 + MARGIN + GRID - 1) & ~(GRID - 1)),
    )
    return Patch(even, around, np.ascontiguousarray(pixels[around.y0 : around.y1, around.x0 : around.x1]).copy())


@cache
def reproducible(spec: VideoEncoderSpec) -> VideoEncoderSpec:
    """``spec`` so that equal pictures give equal bytes: x264's macroblock tree in AVX-512 reads memory that nothing was written to.

    Found with x264 of PyAV 18.1: with ``MALLOC_PERTURB_`` the bytes followed what glibc filled new memory with; with AVX2 they did not, and
    the time is the same. Options of the user's own come after ours and win.
    """
    options = dict(spec.options)
    if spec.codec != "libx264" or not has_avx512():
        return spec
    options["x264-params"] = ":".join(part for part in (AVX2, options.get("x264-params")) if part)
    return replace(spec, options=tuple(sorted(options.items())))


def has_avx512() -> bool:
    """Whether this CPU has AVX-512, and with it all of AVX2, as NumPy found when it was imported."""
    simd = np.show_config(mode="dicts").get("SIMD Extensions", {})
    return any(name == "X86_V4" or name.startswith("AVX512") for name in [*simd.get("baseline", ()), *simd.get("found", ())])


@cache
def check_options(spec: VideoEncoderSpec) -> None:
    """Refuse options of a ``manim.cfg`` that the encoder does not take, before anything is drawn.

    Raises:
        UsageError: It does not open with them.
    """
    encoder = av.CodecContext.create(spec.codec, "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = spec.width, spec.height, spec.pixel_format
    encoder.time_base, encoder.options = 1 / spec.frame_rate, dict(spec.options)
    try:
        encoder.open()
    except (av.FFmpegError, ValueError) as error:
        given = ", ".join(f"{name} = {value}" for name, value in spec.options)
        raise UsageError(f"expected options that {spec.codec} takes, got {given}; correct [video_encoder.options] in manim.cfg") from error


class SegmentEncoder(VideoSegmentEncoder):
    """Encodes one segment beside its place in the cache; ``finish`` moves it there.

    A frame is RGBA pixels, or the patches that changed: then only these are converted to the stream's 4:2:0, into a picture
    that persists. The picture is the one that converting the whole frame would have given. A segment that stands still from its
    first frame to its last has that one encoded, and pictures that repeat it.
    """

    def __init__(self, *, target: Path, spec: VideoEncoderSpec) -> None:
        self._partial = partial_name(target)
        super().__init__(target=self._partial, spec=reproducible(spec))
        self.target = target  # the name by which manim knows the segment
        self.picture: av.VideoFrame | None = None
        self._waiting = 0  # frames of the first picture that are not encoded yet: it may be the only one
        self._converters: dict[tuple[int, int], VideoReformatter] = {}

    def write_frame(self, pixels: np.ndarray | Sequence[Patch], *, repeat: int = 1) -> None:
        """Encode a frame ``repeat`` times."""
        try:
            self._encode_waiting()
            if isinstance(pixels, np.ndarray):
                self._validate_frame(pixels, repeat)
                self.picture = self.converted(pixels)
            else:
                for changed in pixels:
                    self._apply(changed)
            if self._next_pts == 0 and repeat > 1:
                self._waiting = repeat
            else:
                self._encode(repeat)
        except (TypeError, ValueError):  # manim's words on a frame that is none
            raise
        except BaseException as error:
            raise self._operation_error("encode", error) from error

    def _encode_waiting(self) -> None:
        waiting, self._waiting = self._waiting, 0
        if waiting:
            self._encode(waiting)

    def _encode(self, repeat: int) -> None:
        assert self.picture is not None, "a segment begins with a whole frame"
        self.picture.time_base = 1 / self.spec.frame_rate
        for _ in range(repeat):
            self.picture.pts = self._next_pts
            self._container.mux(self._stream.encode(self.picture))
            self._next_pts += 1

    def _finish_still(self, held: Slice) -> None:
        """End a segment of one picture: it is encoded once; between its key frames are slices that skip every macroblock."""
        assert self.picture is not None, "a segment begins with a whole frame"
        self._stream.codec_context.options = for_one_picture(self.spec)
        self.picture.pts, self.picture.time_base = 0, 1 / self.spec.frame_rate
        key = b"".join(bytes(packet) for packet in [*self._stream.encode(self.picture), *self._stream.encode(None)])
        delay = self._stream.codec_context.reorder_depth  # frames from decoding to showing, as in the segments that move
        for at in range(self._waiting):
            number = at % KEY_EVERY
            packet = av.Packet(held.at(number) if number else key)
            packet.stream, packet.time_base, packet.is_keyframe = self._stream, self.picture.time_base, number == 0
            packet.pts, packet.dts, packet.duration = at, at - delay, 1
            self._container.mux(packet)
        self._container.close()
        self._closed = True

    def _operation_error(self, operation: str, error: BaseException) -> RuntimeError:
        """As manim; in one line where the system is at fault, such as a disk that is full."""
        if isinstance(error, OSError):
            return WriteError(f"expected room for a segment in {self.target.parent}, got {error.strerror}; free some, then render again")
        return super()._operation_error(operation, error)

    def converted(self, pixels: np.ndarray) -> av.VideoFrame:
        """The frame as the stream wants it, converted as PyAV would by itself."""
        size = pixels.shape[0], pixels.shape[1]
        if size not in self._converters:
            if len(self._converters) >= SIZES_KEPT:
                self._converters.clear()
            self._converters[size] = VideoReformatter()
        frame = av.VideoFrame.from_numpy_buffer(
            np.ascontiguousarray(pixels), format="rgba"
        )  # from_ndarray's copy takes longer than swscale
        return self._converters[size].reformat(frame, format=self.spec.pixel_format)

    def _apply(self, changed: Patch) -> None:
        assert self.picture is not None, "a segment begins with a whole frame"
        part = self.converted(changed.pixels)
        box, around = changed.box, changed.around
        for index, (into, plane) in enumerate(zip(planes(self.picture), planes(part), strict=True)):
            half = 1 if index == 0 else 2  # chroma planes have half the size
            x0, y0, x1, y1 = (at // half for at in box)
            left, top = around.x0 // half, around.y0 // half
            into[y0:y1, x0:x1] = plane[y0 - top : y1 - top, x0 - left : x1 - left]

    def finish(self) -> None:
        """Flush, close, and put the segment in its place."""
        if self._closed:
            return
        held = held_slice(self.spec) if self._waiting else None
        try:
            if held is not None:
                self._finish_still(held)
            else:
                self._encode_waiting()
        except BaseException as error:
            raise self._operation_error("finish", error) from error
        super().finish()
        try:
            self._partial.replace(self.target)
        except OSError as error:
            raise self._operation_error("finish", error) from error

    def abort(self) -> None:
        """Close, and leave nothing: neither the partial file nor one under the segment's name."""
        try:
            super().abort()
        finally:
            self._partial.unlink(missing_ok=True)


def planes(frame: av.VideoFrame) -> list[np.ndarray]:
    """Writable views of a frame's planes, without the padding of their lines."""
    return [
        np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width] for plane in frame.planes
    ]  # fmt: skip
