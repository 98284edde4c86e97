"""What the tests of films that are directed in shots share: a film as it is played and as it is drawn, and how a snapshot writes values.

Thresholds are those of the rescale, on which SHOTS.md's checks were calibrated: 480 x 270 at ten frames a second.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from flashviz.config import AttentionConfig
from flashviz.director.scene import Shown, Snapshot
from flashviz.layout import Aspect, Rect
from flashviz.settings import Settings
from tests.drawn import check_said
from tests.films import ghosts, played, scenes
from tests.pictures import Drawn, Frame, changed, draw


@dataclass(frozen=True)
class Directed:
    """A film and what its checks must know.

    Args:
        subjects: Of a beat, the parts of its shot in which things move.
        configs: Names of configurations and what they change.
        actors: Names of things that are one from their first frame to their last.
        apart: Texts of these names are drawn over other words, or are parts of others.
        seconds: How long it may last.
    """

    file: str
    name: str
    subjects: dict[str, tuple[str, ...]]
    configs: dict[str, dict[str, Any]] = field(default_factory=dict)
    actors: tuple[str, ...] = ()
    apart: tuple[str, ...] = ("formula", "name", "part")
    seconds: tuple[float, float] = (20, 60)

    def __hash__(self) -> int:
        return hash(self.name)

    @property
    def scene_class(self) -> Any:
        return getattr(scenes(self.file), self.name)


def settings(aspect: Aspect = "16:9", **options: Any) -> Settings:
    """Options of the film and of its configuration, as they come."""
    config = {key: options.pop(key) for key in list(options) if key in AttentionConfig.__dataclass_fields__}
    return Settings(config=AttentionConfig(**config), source="numpy", aspect=aspect, **options)


def scene(film: Directed, aspect: Aspect = "16:9", **options: Any) -> Any:
    """A film after its last beat. ``drawn_at``: when each text came first; ``sizes``: its type; ``seen``: who had a name; ``ghosts``."""
    return _scene(film, settings(aspect, **options))


@cache
def _scene(film: Directed, made: Settings) -> Any:
    """Kept by what the settings come to, however they were given: half of the suite's films would be played twice."""
    given = film.scene_class
    watched = type(film.name, (given,), {"move": _move, "__module__": given.__module__, "actors": film.actors})
    watch = check_said if made.config == AttentionConfig() else lambda _scene: None  # as tests/test_drawn.py asks of all films
    return played(watched, made, _watch, watch)


def _watch(stage: Any) -> None:
    stage.drawn_at, stage.sizes, stage.seen, stage.ghosts = {}, {}, {}, []


def _move(stage: Any, *animations: Any, seconds: float) -> None:
    with ghosts(stage, animations, stage.ghosts):
        super(type(stage), stage).move(*animations, seconds=seconds)
    for part in (part for top in stage.mobjects for part in top.get_family()):
        tag, text = vars(part).get("tag"), vars(part).get("text")
        if tag in stage.actors:
            stage.seen.setdefault(tag, set()).add(id(part))
        if text and tag != "caption":
            stage.drawn_at.setdefault(text, stage.now)
            if "px" in vars(part):
                stage.sizes[text] = part.px


@cache
def drawn(film: Directed, aspect: Aspect = "16:9", **options: Any) -> Drawn:
    """Its frames, small."""
    return draw(film.scene_class, settings(aspect, **options))


def at(film: Any, beat: str) -> Snapshot:
    """What stood on screen when a beat ended."""
    found: Snapshot = next(snapshot for snapshot in film.snapshots if snapshot.beat == beat)
    return found


def shown(snapshot: Snapshot, name: str) -> list[Shown]:
    """Things of one name, from left to right and from the top."""
    return sorted((item for item in snapshot.shown if item.name == name), key=lambda item: (item.box[0], -item.box[3]))


def said(snapshot: Snapshot, name: str) -> list[str]:
    """What they say."""
    return [item.text for item in shown(snapshot, name)]


def values_of(snapshot: Snapshot, name: str) -> list[str]:
    """The values behind pictures of one name."""
    return [item.values for item in shown(snapshot, name)]


def written(values: Sequence[float] | np.ndarray) -> str:
    """As a snapshot writes the values behind a picture."""
    flat = np.asarray(values, dtype=float)
    return f"{flat.shape} sum {flat.sum():.4f} abs {np.abs(flat).sum():.4f} first {flat.flat[0]:.4f}"


def changes(film: Drawn, frames: Sequence[Frame], shot: str) -> Iterator[tuple[Frame, Frame, np.ndarray]]:
    """Frames in pairs, with where an eye sees a difference, captions left out."""
    band = film.scene.shot(shot)["caption"]
    for first, second in itertools.pairwise(frames):
        mask = changed(first.pixels, second.pixels)
        mask[film.slices(band, mask)] = False
        yield first, second, mask


def come(film: Drawn, frames: Sequence[Frame], shot: str) -> float:
    """When a beat's caption has come: the last change in its band, but for that of the last frame."""
    band, when = film.scene.shot(shot)["caption"], frames[0].time
    for first, second in itertools.pairwise(frames[:-1]):
        mask = changed(first.pixels, second.pixels)
        when = second.time if mask[film.slices(band, mask)].any() else when
    return when


def overlapping(words: Sequence[Shown]) -> Iterator[tuple[Shown, Shown]]:
    """Pairs of which one covers the other."""
    for first, second in itertools.combinations(words, 2):
        if Rect(*first.box).overlaps(Rect(*second.box), slack=0.011):
            yield first, second
