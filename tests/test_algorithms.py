"""Who computes, checks, compiles and exports knows algorithms as objects, and none by its name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import flashviz
import flashviz_kernels
from flashviz.cli import main
from flashviz.cli.options import AlgorithmName
from flashviz.errors import UsageError
from flashviz_kernels.algorithms import DEFAULT, NAMES, every, find, named

LIBRARY, KERNELS = Path(flashviz.__file__).parent, Path(flashviz_kernels.__file__).parent
RECORDING = ("recorder", "kernel_run", "reporting", "log", "source", "statements", "algorithm", "gpu", "again", "untiled")
UNKNOWING = [
    *(KERNELS / f"{name}.py" for name in (*RECORDING, "verify", "witness", "compiler", "aot")),
    *(KERNELS / "bench" / f"{name}.py" for name in ("tracing", "report")),
    *(LIBRARY / "cli" / f"{name}.py" for name in ("commands", "options", "problem", "compiling", "bench", "export", "screen")),
    *(LIBRARY / "export" / f"{name}.py" for name in ("timeline", "perfetto", "protobuf")),
]  # fmt: skip


def names_in(text: str) -> Iterator[tuple[int, str]]:
    """Lines that name an algorithm in code: as a string, an identifier, an attribute or a module; docstrings and comments may."""
    tree = ast.parse(text)
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        said: list[str] = []
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            said = [node.value]
        elif isinstance(node, ast.Name):
            said = [node.id]
        elif isinstance(node, ast.Attribute):
            said = [node.attr]
        elif isinstance(node, ast.alias):
            said = node.name.split(".")
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            said = [node.name]
        yield from ((node.lineno, name) for name in said if name in NAMES)  # type: ignore[attr-defined]


@pytest.mark.parametrize("file", UNKNOWING, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_it_names_no_algorithm(file: Path) -> None:
    assert list(names_in(file.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "text",
    ["x == 'fa2'", "def f():\n    return {'standard': 1}", "from a.algorithms import fa1", "twins.fa2(q)", "fa1(q)", "def standard(): ..."],
)
def test_a_name_would_be_found(text: str) -> None:
    assert {name for _, name in names_in(text)} & set(NAMES)


def test_prose_may_name_them() -> None:
    assert not list(names_in('"""fa2"""\n# fa2\ndef f():\n    "fa1"\n'))


def test_the_files_of_the_folder_are_the_choices() -> None:
    assert {each.name for each in every()} == set(NAMES)
    assert tuple(sorted(file.stem for file in (KERNELS / "algorithms").glob("*.py") if file.stem != "__init__")) == NAMES
    assert DEFAULT in NAMES
    (parameter,) = (each for each in main.commands["verify"].params if each.name == "algorithm")
    assert isinstance(parameter.type, AlgorithmName)
    assert parameter.type.get_metavar(parameter) == "|".join([*NAMES, "FILE.py:NAME"])


def test_a_name_runs_no_file(tmp_path: Path) -> None:
    """What a trace's header says is data: only what the user types may name a file."""
    file = tmp_path / "x.py"
    file.write_text("raise SystemExit(3)", encoding="utf-8")
    with pytest.raises(UsageError, match="algorithm must be one of"):
        named(f"{file}:ALGORITHM")


def test_an_algorithm_is_itself() -> None:
    assert find(find("fa1")) is find("fa1")
