"""Scenes and films: found without being imported, asked for as a job, and what is said of a finished one."""

from __future__ import annotations

import ast
import difflib
import importlib.util
import os
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flashviz.errors import MissingPartError, UsageError
from flashviz.settings import Settings, use_settings

if TYPE_CHECKING:
    from flashviz.render import Film
    from flashviz.storyboard import Told

DEFAULT_SCENE, KERNEL_SCENE = "FlashAttentionScene", "KernelScene"
CHECKOUT = Path(__file__).parents[2] / "scenes"
INSTALLED = Path(sysconfig.get_path("data")) / "share" / "flashviz" / "scenes"


@dataclass(frozen=True)
class SceneSource:
    """A scene class by its name, and the file that defines it."""

    name: str
    file: Path


@dataclass(frozen=True)
class Rendered:
    """A finished film: the scene, the file as probed, which traces it shows, and its beats with the one that is its poster."""

    scene: str
    film: Film
    provenance: list[dict[str, Any]]
    subject: str
    poster: str
    told: tuple[Told, ...]


def find_scenes(names: tuple[str, ...], folder: Path | None = None) -> list[SceneSource]:
    """The scenes of these names, each once. Files are parsed, not run.

    Raises:
        UsageError: no file defines a scene of that name.
        MissingPartError: there is no folder of scenes.
    """
    known = known_scenes(folder)
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
            remedy = f"did you mean {near[0]}?" if near else "known are " + ", ".join(known)
            raise UsageError(f"no scene is called {name}; {remedy}")
    return [known[name] for name in dict.fromkeys(names)]


def known_scenes(folder: Path | None = None) -> dict[str, SceneSource]:
    """All scenes by name."""
    return {
        node.name: SceneSource(node.name, file)
        for file in sorted((folder or find_folder()).glob("*.py"))
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and node.name.endswith("Scene") and not node.name.startswith("_")
    }


def every_scene(settings: Settings) -> list[SceneSource]:
    """What ``--all`` renders: all films; of another kernel's recording its one film."""
    only = default_scene(settings) == KERNEL_SCENE
    return [scene for name, scene in known_scenes().items() if (name == KERNEL_SCENE) == only]


def find_folder() -> Path:
    """Where the scenes are: in a checkout, or as they were installed.

    Raises:
        MissingPartError: there is no folder of scenes.
    """
    found = next((place for place in (CHECKOUT, INSTALLED) if place.is_dir()), None)
    if found is None:
        raise MissingPartError(f"no scenes at {CHECKOUT} or {INSTALLED}; install flashviz again")
    return found


def default_scene(settings: Settings) -> str:
    """What is rendered where no scene is named: the film of FlashAttention, or of the kernel whose recording is given."""
    if settings.trace is None:
        return DEFAULT_SCENE
    from flashviz.trace import load_header

    return KERNEL_SCENE if load_header(settings.trace).config is None else DEFAULT_SCENE


@dataclass(frozen=True)
class Job:
    """One film to render, as another process is told it."""

    source: SceneSource
    settings: Settings
    quality: str
    media_dir: Path

    @contextmanager
    def scene(self) -> Iterator[Any]:
        """The scene under its settings and manim's configuration, which writes outlines of formulas in place: into a folder of its own."""
        from flashviz.render import check_place, manim_for

        check_place(self.media_dir)
        with (
            tempfile.TemporaryDirectory(prefix="flashviz-texts-") as texts,
            use_settings(self.settings),
            manim_for(self.source.file, self.quality, self.media_dir, Path(texts)),
        ):
            yield load_scene(self.source)()


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def rendered_by(job: Job, scene: Any) -> Rendered:
    """What a scene that has rendered left."""
    from flashviz.render import probe

    film = probe(Path(scene.renderer.file_writer.final_file_path))
    told = tuple(scene.told)
    poster = scene.poster or (told[-1].name if told else "")
    return Rendered(job.source.name, film, list(scene.provenance), scene.subject or job.source.name, poster, told)


def load_scene(source: SceneSource) -> Any:
    """The scene class, from its file run under a name of its own, so that it shadows no module."""
    spec = importlib.util.spec_from_file_location(f"flashviz_scene_{source.file.stem}", source.file)
    if spec is None or spec.loader is None:
        raise UsageError(f"{source.file} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # manim's hashing looks classes up by their module
    spec.loader.exec_module(module)
    return getattr(module, source.name)
