"""Clips for a lecture: runs of a film's beats that last 10 to 40 seconds, cut without encoding them again."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

import av
import msgspec

from flashviz.delivery import captions, container
from flashviz.delivery.manifest import Manifest
from flashviz.delivery.slides.sections import split
from flashviz.storyboard import Told

SHORTEST, LONGEST = 10, 40  # seconds, to the nearest one: a frame rate rounds beats to its frames


class Clip(msgspec.Struct, frozen=True, kw_only=True):
    """Some beats in a row, on a clock of their own.

    ``film``, ``clean`` and ``vtt`` are names within the clips' folder; ``clean`` is None of a film that was delivered without one.
    ``poster`` is the last picture, by its name in the film's folder; None of a film that was delivered without stills.
    """

    title: str
    seconds: float
    beats: tuple[Told, ...]
    film: str
    clean: str | None
    vtt: str
    poster: str | None

    @property
    def fits(self) -> bool:
        """Whether it is as short and as long as clips are meant to be."""
        return fits(self.beats)


def runs(told: Sequence[Told]) -> list[tuple[Told, ...]]:
    """Cut a film's beats into the runs that clips show.

    As few as can be are shorter than 10 s or longer than 40: short beats join their neighbours, a long one stays whole. Then no run holds
    two chapters, and a question ends its run, so that the player stops on it. Then there are as many runs as can be, as even as can be.
    """
    best: list[tuple[tuple[float, ...], int]] = [((0.0,) * 5, 0)]  # what the first so many beats cost, and where their last run begins
    for end in range(1, len(told) + 1):
        ways = ((added(best[start][0], cost(told[start:end])), start) for start in range(end))
        best.append(min(ways))
    found, end = [], len(told)
    while end:
        start = best[end][1]
        found.append(tuple(told[start:end]))
        end = start
    return found[::-1]


def cost(run: Sequence[Told]) -> tuple[float, ...]:
    """What speaks against a run, the gravest first; each run counts against another."""
    chapters = len({beat.chapter for beat in run}) - 1
    inside = sum(beat.pause for beat in run[:-1])
    return (float(not fits(run)), chapters, inside, -1.0, lasting(run) ** 2)


def added(one: Sequence[float], other: Sequence[float]) -> tuple[float, ...]:
    """Costs of two, part by part."""
    return tuple(a + b for a, b in zip(one, other, strict=True))


def lasting(run: Sequence[Told]) -> float:
    """Seconds."""
    return sum(beat.seconds for beat in run)


def fits(run: Sequence[Told]) -> bool:
    """Whether a run lasts 10 to 40 seconds."""
    return SHORTEST <= round(lasting(run)) <= LONGEST


def write_clips(folder: Path, manifest: Manifest, target: Path) -> list[Clip]:
    """Cut a delivered film, with captions in its picture and without, into clips with chapters, licence and captions of their own.

    Args:
        folder: Of the delivered film.
        manifest: Its manifest.
        target: An empty folder; gets ``NN-title.mp4``, ``NN-title-clean.mp4`` and ``NN-title.vtt``.

    Raises:
        FlashvizError: The film cannot be cut at its beats.
    """
    found = runs(manifest.beats)
    names = [f"{number:02}-{slug(run[0].title)}" for number, run in enumerate(found, 1)]
    clean = manifest.files.clean if manifest.files.clean != manifest.files.film else None
    for film, end in ((manifest.files.film, ""), (clean, "-clean")):
        if film is not None:
            _cut(folder / film, manifest, found, [target / f"{name}{end}.mp4" for name in names])
    stills = dict(zip(manifest.beats, manifest.files.stills, strict=False))  # a draft has none
    clips = []
    for name, run in zip(names, found, strict=True):
        beats = from_zero(run)
        (target / f"{name}.vtt").write_text(captions.vtt(beats), encoding="utf-8")
        clips.append(
            Clip(
                title=titled(run),
                seconds=lasting(run),
                beats=beats,
                film=f"{name}.mp4",
                vtt=f"{name}.vtt",
                clean=f"{name}-clean.mp4" if clean else None,
                poster=stills.get(run[-1]),
            )
        )
    return clips


def _cut(film: Path, manifest: Manifest, found: Sequence[Sequence[Told]], targets: Sequence[Path]) -> None:
    with av.open(str(film)) as opened:
        metadata = {key: opened.metadata[key] for key in ("copyright", "comment") if key in opened.metadata}
    with tempfile.TemporaryDirectory(prefix=".clips-", dir=targets[0].parent) as beside:
        for part, run, target in zip(split(film, manifest, found, Path(beside)), found, targets, strict=True):
            container.with_chapters(part, target, from_zero(run), {"title": f"{manifest.subject}: {titled(run)}", **metadata})


def from_zero(run: Sequence[Told]) -> tuple[Told, ...]:
    """The same beats on the clip's clock."""
    return tuple(msgspec.structs.replace(beat, start=beat.start - run[0].start) for beat in run)


def titled(run: Sequence[Told]) -> str:
    """The beats' titles, each once."""
    return ", ".join(dict.fromkeys(beat.title for beat in run))


def slug(title: str) -> str:
    """A title as part of a file's name, in any script."""
    return "-".join(re.findall(r"\w+", title.lower()))
