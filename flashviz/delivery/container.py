"""The file around a film: chapters, title, licence; and another codec where it is asked for."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import av
from av.codec import Codec
from av.codec.codec import UnknownCodecError

from flashviz.errors import MissingPartError
from flashviz.storyboard import Told

MILLISECONDS = Fraction(1, 1000)
AV1, AV1_DECODER = "libsvtav1", "libdav1d"
AV1_OPTIONS = {"preset": "8", "crf": "32"}


def with_chapters(source: Path, target: Path, told: Sequence[Told], metadata: Mapping[str, str]) -> None:
    """Copy a film's packets into a file with its chapters, its index before the pictures."""
    with av.open(str(source)) as given, av.open(str(target), "w", options={"movflags": "+faststart"}) as made:
        made.metadata.update(metadata)
        stream = made.add_stream_from_template(given.streams.video[0], opaque=True)  # copied: no encoder is asked for
        made.set_chapters([
            {
                "id": number, "start": round(start * 1000), "end": round(end * 1000), "time_base": MILLISECONDS,
                "metadata": {"title": title},
            }
            for number, (start, end, title) in enumerate(marks(told))
        ])  # fmt: skip
        for packet in given.demux(video=0):
            if packet.dts is not None:  # PyAV ends with an empty packet
                packet.stream = stream
                made.mux(packet)


def marks(told: Sequence[Told]) -> list[tuple[float, float, str]]:
    """Where chapters begin and end, in seconds, and their titles: those of a film that has some, else its beats."""
    runs = [list(run) for _, run in itertools.groupby(told, lambda beat: beat.chapter or beat)]
    return [(run[0].start, run[-1].start + run[-1].seconds, run[0].chapter or run[0].title) for run in runs]


def chapters(film: Path) -> list[tuple[float, str]]:
    """Seconds at which the chapters of a file begin, and their titles."""
    with av.open(str(film)) as source:
        return [(float(one["start"] * (one["time_base"] or MILLISECONDS)), one["metadata"].get("title", "")) for one in source.chapters()]


def as_av1(source: Path, target: Path) -> None:
    """Encode a film once more, as AV1 in MP4.

    Raises:
        MissingPartError: This PyAV has no encoder for it.
    """
    try:
        Codec(AV1, "w")
    except UnknownCodecError as error:
        raise MissingPartError(f"--av1 needs a PyAV with {AV1}, got one without; install av from PyPI") from error
    with av.open(str(source)) as given, av.open(str(target), "w", options={"movflags": "+faststart"}) as made:
        film = given.streams.video[0]
        stream = made.add_stream(AV1, rate=film.base_rate, options=AV1_OPTIONS)
        stream.width, stream.height, stream.pix_fmt = film.width, film.height, "yuv420p"
        coded, was = stream.codec_context, film.codec_context
        coded.color_primaries, coded.color_trc, coded.colorspace = was.color_primaries, was.color_trc, was.colorspace
        stream.time_base = film.time_base
        for frame in given.decode(film):
            made.mux(stream.encode(frame))
        made.mux(stream.encode(None))
