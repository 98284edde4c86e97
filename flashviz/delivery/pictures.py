"""Pictures out of a film: a still of each beat, the poster, and a short loop for a README."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import av
from PIL import Image

from flashviz.errors import FlashvizError
from flashviz.storyboard import Told

A_MOMENT = 0.1  # seconds before the end of a beat: within its last still at every frame rate
POSTER_BYTES = 200_000
LOOP_SECONDS, LOOP_RATE, LOOP_WIDTH, LOOP_BYTES = 6.0, 10, 640, 2_000_000
LOOP_QUALITIES = (75, 50, 30)


def pictures(film: Path, times: Sequence[float]) -> Iterator[Image.Image]:
    """What the film shows at each of these ascending ``times``, in seconds; a frame lasts until the next one."""
    with av.open(str(film)) as source:
        frames = source.decode(video=0)
        shown, following = next(frames), next(frames, None)
        for time in times:
            while following is not None and (following.time or 0.0) <= time:
                shown, following = following, next(frames, None)
            yield shown.to_image()


def stills(film: Path, told: Sequence[Told], folder: Path) -> list[str]:
    """Save the last picture of each beat as ``NN-beat.webp``, without loss."""
    folder.mkdir()
    names = [f"{folder.name}/{number:02}-{beat.name}.webp" for number, beat in enumerate(told, 1)]
    ends = [beat.start + beat.seconds - A_MOMENT for beat in told]
    for name, picture in zip(names, pictures(film, ends), strict=True):
        picture.save(folder.parent / name, lossless=True)
    return names


def poster(film: Path, beat: Told, target: Path) -> None:
    """Save the last picture of a beat as PNG, with a palette where it would be too large.

    Raises:
        FlashvizError: It is over 200 kB with a palette, too.
    """
    (picture,) = pictures(film, [beat.start + beat.seconds - A_MOMENT])
    picture.save(target, optimize=True)
    if target.stat().st_size > POSTER_BYTES:
        picture.quantize(dither=Image.Dither.NONE).save(target, optimize=True)
    if target.stat().st_size > POSTER_BYTES:
        raise FlashvizError(f"expected a poster of at most {POSTER_BYTES:,} bytes, got {target.stat().st_size:,}; choose a lower --quality")


def loop(film: Path, beat: Told, target: Path) -> None:
    """Save the end of a beat as an animated WebP.

    Raises:
        FlashvizError: It is over 2 MB at the lowest quality.
    """
    seconds = min(LOOP_SECONDS, beat.seconds)
    first = beat.start + beat.seconds - seconds
    times = [first + at / LOOP_RATE for at in range(round(seconds * LOOP_RATE))]
    small = [_narrowed(picture) for picture in pictures(film, times)]
    for quality in LOOP_QUALITIES:
        small[0].save(target, save_all=True, append_images=small[1:], duration=round(1000 / LOOP_RATE), loop=0, quality=quality)
        if target.stat().st_size <= LOOP_BYTES:
            return
    raise FlashvizError(f"expected a loop of at most {LOOP_BYTES:,} bytes, got {target.stat().st_size:,}; name another beat as the poster")


def _narrowed(picture: Image.Image) -> Image.Image:
    if picture.width <= LOOP_WIDTH:
        return picture
    return picture.resize((LOOP_WIDTH, round(picture.height * LOOP_WIDTH / picture.width)), Image.Resampling.LANCZOS)
