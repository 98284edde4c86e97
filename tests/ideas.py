"""What the tests of the chapters that are pictures share."""

from __future__ import annotations

from functools import cache
from typing import Any

from flashviz.config import AttentionConfig
from flashviz.director.scene import Snapshot
from flashviz.layout import Aspect
from flashviz.settings import Settings
from tests.films import played, scenes

IDEAS = {
    "references": "ReferencesScene",
}


@cache
def idea(file: str, aspect: Aspect = "16:9", theme: Any = "dark", pauses: bool = True, **config: Any) -> Any:
    """The scene after its last beat."""
    settings = Settings(config=AttentionConfig(**config), source="numpy", aspect=aspect, theme=theme, pauses=pauses)
    return played(getattr(scenes(file), IDEAS[file]), settings)


def texts(snapshot: Snapshot, name: str) -> list[str]:
    """What things of one name say, in drawing order."""
    return [item.text for item in snapshot.shown if item.name == name]


def at(scene: Any, beat: str) -> Snapshot:
    found: Snapshot = next(snapshot for snapshot in scene.snapshots if snapshot.beat == beat)
    return found
