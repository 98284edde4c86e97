"""What a finished video file is, read from the file itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av

BOX_HEADER = 8  # bytes: a 32-bit size, then four letters (ISO/IEC 14496-12, section 4.2)


@dataclass(frozen=True, kw_only=True)
class Film:
    """Facts about one video file; ``seconds`` is its length, ``faststart`` whether it plays before it is whole."""

    path: Path
    codec: str
    pixel_format: str
    width: int
    height: int
    frames: int
    seconds: float
    primaries: int
    transfer: int
    matrix: int
    faststart: bool


def probe(path: Path) -> Film:
    """Read the first video stream of ``path``. Colours are the code points of ITU-T H.273. Raises ``OSError``."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        duration = container.duration or 0
        return Film(
            path=path,
            codec=context.name,
            pixel_format=context.pix_fmt or "",
            width=context.width,
            height=context.height,
            frames=stream.frames,
            seconds=duration / av.time_base,
            primaries=context.color_primaries,
            transfer=context.color_trc,
            matrix=context.colorspace,
            faststart=_faststart(path),
        )


def _faststart(path: Path) -> bool:
    """Whether the index (``moov``) of an MP4 stands before its pictures (``mdat``)."""
    names = _boxes(path)
    return "moov" in names and "mdat" in names and names.index("moov") < names.index("mdat")


def _boxes(path: Path) -> list[str]:
    """Names of the top-level boxes of an MP4, in order."""
    names = []
    end = path.stat().st_size
    with path.open("rb") as file:
        at = 0
        while at + BOX_HEADER <= end:
            file.seek(at)
            size = int.from_bytes(file.read(4))
            names.append(file.read(4).decode("latin-1"))
            if size == 1:  # the true size follows in 64 bits
                size = int.from_bytes(file.read(8))
            if size < BOX_HEADER:  # 0: to the end of the file
                break
            at += size
    return names
