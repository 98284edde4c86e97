"""Plays a film without drawing a frame: every animation is begun and finished, nothing is captured or written."""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from manim import ImageMobject, Mobject, VMobject, tempconfig

from flashviz.config import AttentionConfig
from flashviz.director import Snapshot, TraceScene
from flashviz.director.material import Material
from flashviz.layout import Rect
from flashviz.render.renderer import replaced
from flashviz.settings import Settings, use_settings
from flashviz.trace import Trace

SCENES = Path(__file__).parent.parent / "scenes"
FLASH_BEATS = ("score", "finish", "strips", "rest")  # in which FlashAttention's HBM is seen

Run = Callable[..., Any]


@dataclass
class Film:
    """What a played film left: the scene, its snapshots, whatever was seen in HBM's score grid on the way, and ghosts."""

    scene: Any
    in_grid: list[str] = field(default_factory=list)
    ghosts: list[str] = field(default_factory=list)
    sections: list[str] = field(default_factory=list)

    @property
    def snapshots(self) -> list[Snapshot]:
        return list(self.scene.snapshots)

    @property
    def material(self) -> Material:
        found: Material = self.scene.film.material
        return found

    @property
    def trace(self) -> Trace:
        return self.material.fa2

    def at(self, beat: str) -> Snapshot:
        return next(snapshot for snapshot in self.snapshots if snapshot.beat == beat)


@cache
def scenes(name: str = "flash") -> ModuleType:
    """The module of a scene file, which is no package."""
    spec = importlib.util.spec_from_file_location(f"scene_{name}", SCENES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@cache
def _media() -> tempfile.TemporaryDirectory[str]:
    """Where manim keeps the outlines of texts: a folder of this process, since it deletes what it has just written."""
    return tempfile.TemporaryDirectory(prefix="flashviz-")


def play(name: str, settings: Settings, run: Run | None = None, compiled: Run | None = None) -> Film:
    """Play scene ``name`` to its end; ``run`` stands in for the recorder's, ``compiled`` for the compiler's."""
    module = scenes()
    watched = type(name, (getattr(module, name),), {"end_beat": _end_beat, "move": _move, "next_section": _next_section})
    given = module.run, module.resources_of
    try:
        module.run, module.resources_of = run or given[0], compiled or given[1]  # type: ignore[attr-defined]
        film: Film = played(watched, settings, lambda scene: setattr(scene, "watched", Film(scene))).watched
    finally:
        module.run, module.resources_of = given  # type: ignore[attr-defined]
    return film


def played(
    scene_class: Callable[[], Any], settings: Settings, prepare: Callable[[Any], None] = lambda _scene: None,
    watch: Callable[[Any], None] = lambda _scene: None,
) -> Any:  # fmt: skip
    """A scene after its last beat; no frame is drawn. ``watch`` sees it at the end of each."""
    end_beat = TraceScene.end_beat

    def watched(scene: Any) -> None:
        end_beat(scene)
        watch(scene)

    quiet = {"dry_run": True, "verbosity": "ERROR", "progress_bar": "none", "frame_rate": 30}
    quiet |= {"pixel_width": 320, "pixel_height": 180, "media_dir": _media().name}
    with tempconfig(quiet), use_settings(settings), replaced(TraceScene, "end_beat", watched):
        scene = scene_class()
        prepare(scene)
        renderer = scene.renderer
        renderer._original_skipping_status = True
        renderer.update_frame = renderer.save_static_frame_data = lambda *_args, **_kwargs: None
        scene.render()
    if scene.told:
        assert scene.poster in {beat.name for beat in scene.told}, f"{scene_class} has no beat {scene.poster} for its poster"
    return scene


@cache
def film_of(name: str, settings: Settings) -> Film:
    """The same, once for all tests of a run."""
    return play(name, settings)


def film(name: str = "DigestScene", *, film: tuple[tuple[str, Any], ...] = (), **config: Any) -> Film:
    """A film of this configuration, recorded from the twin unless ``film`` names another source."""
    return film_of(name, Settings(config=AttentionConfig(**config), **{"source": "numpy", **dict(film)}))


def _end_beat(scene: Any) -> None:
    super(type(scene), scene).end_beat()
    _watch(scene)


def _next_section(scene: Any, name: str, **options: Any) -> None:
    super(type(scene), scene).next_section(name, **options)
    scene.watched.sections.append(name)


def _move(scene: Any, *animations: Any, seconds: float) -> None:
    with ghosts(scene, animations, scene.watched.ghosts):
        super(type(scene), scene).move(*animations, seconds=seconds)
    if scene.beat is not None and scene.beat.name == "rest":
        _watch(scene)


@contextmanager
def ghosts(scene: Any, animations: Sequence[Any], found: list[str]) -> Iterator[None]:
    """Note parts that are taken out of what moves: manim lists these when a play begins, and draws them to its end."""
    before = [each.mobject.family_members_with_points() for each in animations]
    yield
    for each, parts in zip(animations, before, strict=True):
        stay = {id(part) for part in each.mobject.get_family()}
        found += [f"{scene.now:.1f} s: {type(part).__name__} of {each.mobject!r}" for part in parts if id(part) not in stay]


def _watch(scene: Any) -> None:
    """Note what paints inside the grid of FlashAttention's HBM."""
    if scene.beat.name not in FLASH_BEATS or not scene.on_stage(scene.film.hbm):
        return
    for top in scene.mobjects:
        for part in top.get_family():
            if _fills(part, scene):
                scene.watched.in_grid.append(f"{scene.beat.name}: {type(part).__name__} {vars(part).get('tag', '')}")


def _fills(part: Mobject, scene: Any) -> bool:
    """Whether a part paints inside the grid: the cursor and the row blocks' frames are hollow."""
    if not len(part.points):
        return False
    clear = isinstance(part, ImageMobject) and not part.pixel_array[..., 3].any()
    painted = (isinstance(part, ImageMobject) and not clear) or (isinstance(part, VMobject) and bool(part.get_fill_opacity() > 0))
    low, high = part.points.min(0), part.points.max(0)
    grid: Rect = scene.film.hbm.cross.grid
    return painted and grid.inset(0.01).overlaps(Rect(float(low[0]), float(low[1]), float(high[0]), float(high[1])))


def altered(run: Run, change: Callable[[Trace], Trace]) -> Run:
    """A recorder that changes the trace that will be shown: the one with the values of the followed program."""

    def recorded(config: AttentionConfig, **options: Any) -> Any:
        result = run(config, **options)
        if result.trace.snapshots:
            object.__setattr__(result, "trace", change(result.trace))
        return result

    return recorded


def columns_with(trace: Trace, name: str, index: int, value: int) -> Trace:
    """The same trace with one number of one event changed."""
    columns = {key: np.array(column) for key, column in trace.columns.items()}
    columns[name][index] = value
    return Trace(trace.header, columns, stats=trace.stats, snapshots=trace.snapshots)
