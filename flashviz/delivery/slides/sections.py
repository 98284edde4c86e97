"""A film cut at its beats. Packets are copied: a beat begins with a play, and each play is encoded on its own."""

from __future__ import annotations

from bisect import bisect
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from typing import Any

import av

from flashviz.delivery.manifest import Manifest
from flashviz.errors import FlashvizError
from flashviz.storyboard import Told


@dataclass(frozen=True)
class Section:
    """One beat's files: the clip, its first picture and its last."""

    clip: Path
    first: Path
    last: Path


def cut(folder: Path, manifest: Manifest, target: Path) -> list[Section]:
    """Cut a delivered film into its beats, exactly to the frame, and save the first picture and the last of each.

    Args:
        folder: Of the delivered film.
        manifest: Its manifest.
        target: An empty folder for the clips and stills, which are numbered in order.

    Raises:
        FlashvizError: No picture that stands on its own begins a beat: the film is not as it was rendered.
    """
    clips = split(folder / manifest.files.film, manifest, [(beat,) for beat in manifest.beats], target)
    sections = [Section(clip, *(target / f"{clip.stem}-{end}.png" for end in ("first", "last"))) for clip in clips]
    for section in sections:
        _stills(section)
    return sections


def split(film: Path, manifest: Manifest, runs: Sequence[Sequence[Told]], target: Path) -> list[Path]:
    """Cut one of the films of a manifest into runs of its beats, exactly to the frame.

    Args:
        film: The one with captions in its picture, or the clean one.
        manifest: The film's, whose beats the runs are, in order and all of them.
        runs: Each becomes a file.
        target: Where the files are written, as ``NN.mp4``.

    Raises:
        FlashvizError: No picture that stands on its own begins a beat: the film is not as it was rendered.
    """
    firsts = [0, *accumulate(len(run) for run in runs[:-1])]
    with av.open(str(film)) as source:
        stream = source.streams.video[0]
        packets = [packet for packet in source.demux(stream) if packet.pts is not None]
        base = stream.time_base or Fraction(1, 90_000)
        keys = [float(packet.pts * base) for packet in packets if packet.is_keyframe]
        began = begins(keys, manifest.beats, manifest.fps, film)
        starts = [round(began[first] / base) for first in firsts]
        clips = [target / f"{number:02}.mp4" for number in range(1, len(runs) + 1)]
        for number, clip in enumerate(clips, 1):
            _copy([packet for packet in packets if bisect(starts, packet.pts) == number], stream, clip)
    return clips


def begins(keys: Sequence[float], beats: Sequence[Told], fps: float, film: Path) -> list[float]:
    """Seconds at which beats begin: of the pictures in ``keys``, which stand on their own, those nearest to what was told.

    Joined segments end at whole milliseconds, so that a film falls behind what was told by a little more with each beat.
    """
    found: list[float] = []
    late = 0.0
    for beat in beats:
        nearest = min(keys, key=lambda key: abs(key - beat.start - late))
        if abs(nearest - beat.start - late) > 0.5 / fps:
            raise FlashvizError(
                f"expected a picture that stands on its own {beat.start:.2f} s into {film}, got the next at {nearest:.2f} s; deliver again"
            )
        late = nearest - beat.start
        found.append(nearest)
    return found


def _copy(packets: Sequence[Any], template: Any, target: Path) -> None:
    """These packets, on a clock of their own."""
    with av.open(str(target), "w", options={"movflags": "+faststart"}) as clip:
        stream = clip.add_stream_from_template(template)
        start = packets[0].pts
        for packet in packets:
            packet.pts, packet.dts, packet.stream = packet.pts - start, packet.dts - start, stream
            clip.mux(packet)


def _stills(section: Section) -> None:
    with av.open(str(section.clip)) as clip:
        pictures = clip.decode(video=0)
        first = next(pictures)
        last = deque(pictures, maxlen=1)
        first.to_image().save(section.first)
        (last[0] if last else first).to_image().save(section.last)
