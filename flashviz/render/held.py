"""Held pictures: those of a still after its first, each in some fifty bytes and without an encoder.

A slice of H.264 in which every macroblock is skipped (P_Skip) repeats the picture before it, whatever that shows: it has neither motion nor
residual (ITU-T H.264, section 8.4.1.1). x264 finds that out anew for every macroblock of every frame, which takes longer than for a frame
that moves. Here it makes one such slice, of two grey frames; the slices of a still differ from that one in two fields alone, the number
of the frame and its place in the order of display (section 7.3.3).
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import av
import numpy as np

if TYPE_CHECKING:
    from manim._config.video_encoder import VideoEncoderSpec

IPRATIO, QCOMP = 1.4, 0.6  # x264's
AS_IT_IS = 60.0  # frames per second at which a key frame is good enough without more bits
KEY_EVERY = 250  # frames of a still from one key frame to the next, as x264 has it: a player that seeks begins there
GREY = 128  # which intra prediction has without any neighbour (section 8.3.3), so that no macroblock has a residual
START_CODE = re.compile(b"\x00\x00\x00?\x01")
ESCAPED, ESCAPE = re.compile(b"\x00\x00\x03"), re.compile(b"\x00\x00(?=[\x00-\x03])")
SLICE, SPS = 1, 7  # types of NAL units, table 7-1
HIGH = 100  # profile_idc; its parameter sets say more, section 7.3.2.1.1


class Field(NamedTuple):
    """So many bits of a slice's header, from ``start``."""

    start: int
    bits: int


class Slice(NamedTuple):
    """A slice that skips every macroblock.

    Attributes:
        payload: The NAL unit, without start code and escapes.
        frame_num: Counts the pictures since the last key frame.
        order: pic_order_cnt_lsb, twice that; None where pictures are shown in the order in which they are coded.
    """

    payload: bytes
    frame_num: Field
    order: Field | None

    def at(self, number: int) -> bytes:
        """The ``number``-th picture after a key frame, as x264 gives its packets (annex B)."""
        payload = _written(self.payload, self.frame_num, number)
        if self.order is not None:
            payload = _written(payload, self.order, 2 * number)
        return b"\x00\x00\x00\x01" + ESCAPE.sub(b"\x00\x00\x03", payload)


@cache
def held_slice(spec: VideoEncoderSpec) -> Slice | None:
    """The slice that repeats a picture in a film encoded like ``spec``.

    None where there is none: x264 would not make it, as where every frame is a key frame, or a decoder, which is tried first, would not
    show the same picture.
    """
    if (spec.codec, spec.pixel_format) != ("libx264", "yuv420p"):
        return None
    grey = np.full((spec.height * 3 // 2, spec.width), GREY, np.uint8)
    first, second = map(_units, _encoded(spec, grey, frames=2))
    sets = [unit for unit in first if unit[0] & 31 == SPS]
    slices = [unit for unit in second if unit[0] & 31 == SLICE]
    sizes = _field_sizes(sets[0]) if sets else None
    if sizes is None or len(slices) != 1:
        return None
    header = _Bits(slices[0][1:])
    _first_macroblock, _kind, _parameters = header.unsigned(), header.unsigned(), header.unsigned()
    frame_num = Field(8 + header.at, sizes[0])
    found = Slice(slices[0], frame_num, Field(frame_num.start + frame_num.bits, sizes[1]) if sizes[1] else None)
    return found if _repeats(spec, found) else None


def for_one_picture(spec: VideoEncoderSpec) -> dict[str, str]:
    """x264's options for the first picture of a still; its parameter sets are those of ``spec``.

    There is nothing to look ahead to. By looking ahead x264 gives what stands still more bits, the longer each frame lasts
    (a quantiser by the power ``1 - QCOMP`` of its duration): so does ``ipratio`` here.
    """
    rate = min(float(spec.frame_rate), AS_IT_IS)
    alone = f"rc-lookahead=0:mbtree=0:ipratio={IPRATIO * (AS_IT_IS / rate) ** (1 - QCOMP):.2f}"
    options = dict(spec.options)
    return {**options, "x264-params": ":".join(part for part in (options.get("x264-params"), alone) if part)}


def _encoded(spec: VideoEncoderSpec, picture: np.ndarray, frames: int) -> list[av.Packet]:
    """The same picture, planes one below the other, so many times."""
    context = av.CodecContext.create(spec.codec, "w")
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height, context.pix_fmt = spec.width, spec.height, spec.pixel_format
    context.framerate, context.time_base = spec.frame_rate, 1 / spec.frame_rate
    context.options = for_one_picture(spec)
    packets: list[av.Packet] = []
    for number in range(frames):
        frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
        frame.pts = number
        packets += context.encode(frame)
    packets += context.encode(None)
    return packets


def _repeats(spec: VideoEncoderSpec, held: Slice) -> bool:
    """Whether a decoder shows again what it has shown before, a picture with detail everywhere."""
    detail = np.resize(np.arange(251, dtype=np.uint8), (spec.height * 3 // 2, spec.width))
    decoder = av.CodecContext.create("h264", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    packets = [*_encoded(spec, detail, frames=1), *(av.Packet(held.at(number)) for number in (1, 2)), None]
    try:
        shown = [frame.to_ndarray() for packet in packets for frame in decoder.decode(packet)]
    except av.error.FFmpegError:
        return False
    return len(shown) == len(packets) - 1 and all(np.array_equal(shown[0], one) for one in shown)


def _units(packet: av.Packet) -> list[bytes]:
    """NAL units of a packet, without start codes and escapes (section 7.4.1)."""
    return [ESCAPED.sub(b"\x00\x00", unit) for unit in START_CODE.split(bytes(packet)) if unit]


def _field_sizes(sps: bytes) -> tuple[int, int] | None:
    """Bits of frame_num and of pic_order_cnt_lsb, 0 where there is none, by a sequence parameter set (section 7.3.2.1.1).

    None where it has scaling matrices, which are not read here.
    """
    bits = _Bits(sps[4:])  # after the unit's header, profile, constraints, level
    bits.unsigned()  # its number
    if sps[1] >= HIGH:
        for _chroma_and_two_depths in range(3):
            bits.unsigned()
        _lossless, matrices = bits.fixed(1), bits.fixed(1)
        if matrices:
            return None
    frame_num, kind = bits.unsigned() + 4, bits.unsigned()
    return frame_num, bits.unsigned() + 4 if kind == 0 else 0


class _Bits:
    """Reads a payload bit by bit (section 7.2)."""

    def __init__(self, payload: bytes) -> None:
        self.payload, self.at = payload, 0

    def fixed(self, count: int) -> int:
        """u(n)."""
        value = 0
        for at in range(self.at, self.at + count):
            value = 2 * value + (self.payload[at // 8] >> (7 - at % 8) & 1)
        self.at += count
        return value

    def unsigned(self) -> int:
        """ue(v), an Exp-Golomb code (section 9.1)."""
        zeros = 0
        while not self.fixed(1):
            zeros += 1
        return (1 << zeros) - 1 + self.fixed(zeros)


def _written(payload: bytes, field: Field, value: int) -> bytes:
    """``payload`` with the lowest bits of ``value`` in a field."""
    whole, shift = int.from_bytes(payload), 8 * len(payload) - field.start - field.bits
    mask = (1 << field.bits) - 1
    return ((whole & ~(mask << shift)) | ((value & mask) << shift)).to_bytes(len(payload))
