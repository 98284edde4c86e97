"""``flashviz scenes``: which films there are, without importing any."""

from __future__ import annotations

import ast

import click
import cloup
import msgspec

from flashviz.cli import options
from flashviz.cli.films import SceneSource, every_scene
from flashviz.settings import load_settings


class Scene(msgspec.Struct, frozen=True):
    """A film as its file says: the class, its name for people, and one sentence."""

    name: str
    subject: str
    about: str


@cloup.command()
@options.with_json
def scenes(as_json: bool) -> None:
    """List the films that can be rendered."""
    found = [describe(source) for source in every_scene(load_settings())]
    if as_json:
        click.echo(msgspec.json.encode({"scenes": found}))
    else:
        for scene in found:
            click.echo(f"{scene.name:<24} {scene.subject}")


def describe(source: SceneSource) -> Scene:
    """What a scene's class says of itself; its subject is its name where it has none."""
    module = ast.parse(source.file.read_text(encoding="utf-8"))
    (found,) = (node for node in module.body if isinstance(node, ast.ClassDef) and node.name == source.name)
    subject = next((value for node in found.body if (value := _subject(node)) is not None), source.name)
    return Scene(source.name, subject, (ast.get_docstring(found) or "").partition("\n")[0])


def _subject(node: ast.stmt) -> str | None:
    """The string of ``subject = "..."``; None of any other statement."""
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        named = [target.id for target in node.targets if isinstance(target, ast.Name)]
        return node.value.value if "subject" in named else None
    return None
