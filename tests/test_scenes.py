"""Scene files are lists of named beats: nothing is computed, placed or coloured there."""

from __future__ import annotations

import ast
import itertools
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from flashviz.chapters.film import DIGEST, SCRIPT
from flashviz.director import TraceScene
from flashviz.storyboard import Beat
from tests.films import SCENES, film, scenes

FILES = sorted(SCENES.glob("*.py"))
MANIM_NAMES = ("Circle", "Square", "Text", "MathTex", "VGroup", "FadeIn", "Create")
COLOUR = re.compile(r"#[0-9A-Fa-f]{3,8}|(?i:red|blue|green|yellow|white|black|orange|purple|pink|grey|gray|teal)")

files = pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def constants(tree: ast.Module) -> list[Any]:
    """Every literal but the docstrings."""
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in said]


def classes(tree: ast.Module) -> list[ast.ClassDef]:
    return [node for node in tree.body if isinstance(node, ast.ClassDef)]


def calls(node: ast.AST) -> list[str]:
    """Names of the methods of self that are called, in order."""
    return [
        call.func.attr
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name)
        if call.func.value.id == "self"
    ]


def test_there_are_scene_files() -> None:
    assert "flash.py" in {path.name for path in FILES}


@files
def test_no_number_is_typed_in_a_scene(path: Path) -> None:
    numbers = [value for value in constants(tree_of(path)) if isinstance(value, int | float) and not isinstance(value, bool)]
    assert set(numbers) <= {0, 1, 2}, "a negative one is -1: the operator is no literal"


@files
def test_no_colour_is_named_in_a_scene(path: Path) -> None:
    for value in constants(tree_of(path)):
        assert not (isinstance(value, str) and COLOUR.fullmatch(value)), value


def all_names(node: ast.expr) -> bool:
    """Names of parts, and pairs of them: what a chapter begins and ends with."""
    if isinstance(node, ast.Tuple):
        return all(all_names(each) for each in node.elts)
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


@files
def test_no_coordinate_and_no_shape_is_made_in_a_scene(path: Path) -> None:
    tree = tree_of(path)
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.List | ast.Tuple) and len(node.elts) > 1 and not all_names(node)]
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert not imported & set(MANIM_NAMES)
    assert "*" not in imported


@files
def test_scenes_are_defined_in_their_file(path: Path) -> None:
    """manim ignores a scene that is only imported."""
    module, found = scenes(path.stem), classes(tree_of(path))
    assert found
    for node in found:
        defined = getattr(module, node.name)
        assert issubclass(defined, TraceScene)
        assert defined.__module__ == module.__name__
        assert node.name.endswith("Scene")
        assert ast.get_docstring(node)
        assert defined.subject
        assert defined.subject != defined.__name__


@files
def test_no_scene_file_shadows_a_module_of_the_standard_library(path: Path) -> None:
    """manim puts scenes/ first on the path of imports."""
    assert path.stem not in sys.stdlib_module_names


@pytest.mark.parametrize(("name", "script"), [("FlashAttentionScene", SCRIPT), ("DigestScene", DIGEST)])
def test_film_plays_every_beat_once_in_the_storyboards_order(name: str, script: tuple[Beat, ...]) -> None:
    """Each is a function of the film that says what moves."""
    module = scenes("flash")
    node = next(node for node in classes(tree_of(SCENES / "flash.py")) if node.name == name)
    assert calls(node) == ["open"]
    played = [
        getattr(getattr(module, call.func.value.id), call.func.attr)
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name)
        if call.func.value.id != "self"
    ]
    assert [play.beat for play in played] == [beat.name for beat in script]
    assert all(play.__doc__ for play in played)


def test_sections_are_the_beats() -> None:
    """Chapters of the film, of the player and of slides: one section a beat, named after it."""
    shown = film(seq_q=256, block_m=32, block_n=32, head_dim=32)
    assert shown.sections == [beat.name for beat in shown.scene.board] == [beat.name for beat in DIGEST]


def test_subcaptions_do_not_overlap_and_say_what_the_captions_say() -> None:
    shown = film(seq_q=256, block_m=32, block_n=32, head_dim=32)
    subtitles = shown.scene.renderer.file_writer.subcaptions
    assert [line.content for line in subtitles] == [beat.caption for beat in shown.scene.board if beat.caption]
    for first, second in itertools.pairwise(subtitles):
        assert first.end <= second.start
