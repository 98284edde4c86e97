"""Finding scenes without importing them, and rendering one in this process."""

from __future__ import annotations

import ast
import difflib
import importlib.util
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flashviz.errors import MissingPartError, UsageError
from flashviz.settings import Settings, use_settings

if TYPE_CHECKING:
    from flashviz.render import Film

DEFAULT_SCENE = "FlashAttentionScene"
CHECKOUT = Path(__file__).parents[2] / "scenes"
INSTALLED = Path(sysconfig.get_path("data")) / "share" / "flashviz" / "scenes"


@dataclass(frozen=True)
class SceneSource:
    """A scene class by its name, and the file that defines it."""

    name: str
    file: Path


@dataclass(frozen=True)
class Rendered:
    """A finished film: the scene, the file as probed, and which traces it shows."""

    scene: str
    film: Film
    provenance: list[dict[str, Any]]


def find_scenes(names: tuple[str, ...], folder: Path | None = None) -> list[SceneSource]:
    """The scenes of these names, each once. Files are parsed, not run.

    Raises:
        UsageError: no file defines a scene of that name.
        MissingPartError: there is no folder of scenes.
    """
    folder = folder or next((place for place in (CHECKOUT, INSTALLED) if place.is_dir()), None)
    if folder is None:
        raise MissingPartError(f"no scenes at {CHECKOUT} or {INSTALLED}; install flashviz again")
    known = {
        node.name: SceneSource(node.name, file)
        for file in sorted(folder.glob("*.py"))
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and node.name.endswith("Scene") and not node.name.startswith("_")
    }
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
            remedy = f"did you mean {near[0]}?" if near else "known are " + ", ".join(known)
            raise UsageError(f"no scene is called {name}; {remedy}")
    return [known[name] for name in dict.fromkeys(names)]


def render_film(source: SceneSource, settings: Settings, quality: str, media_dir: Path) -> Rendered:
    """Render one scene into the folders that manim would use, with a progress bar on standard error."""
    from flashviz.cli.screen import film_progress
    from flashviz.render import manim_for, probe

    with use_settings(settings), manim_for(source.file, quality, media_dir):
        with film_progress(source.name) as on_progress:
            scene = _load(source)()
            scene.on_progress = on_progress
            scene.render()
        film = probe(Path(scene.renderer.file_writer.final_file_path))
    return Rendered(source.name, film, list(scene.provenance))


def _load(source: SceneSource) -> Any:
    """The scene class, from its file run under a name of its own, so that it shadows no module."""
    spec = importlib.util.spec_from_file_location(f"flashviz_scene_{source.file.stem}", source.file)
    if spec is None or spec.loader is None:
        raise UsageError(f"{source.file} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # manim's hashing looks classes up by their module
    spec.loader.exec_module(module)
    return getattr(module, source.name)
