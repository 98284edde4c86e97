"""Who computes, checks, compiles and exports knows algorithms as objects, and none by its name."""

from __future__ import annotations

import ast
import math
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import flashviz
import flashviz_kernels
from flashviz import forms
from flashviz.cli import main
from flashviz.cli.options import AlgorithmName
from flashviz.cli.player import GALLERY, OUTPUT
from flashviz.errors import UsageError
from flashviz_kernels.algorithms import DEFAULT, NAMES, computing, every, find, named
from tests.conftest import ROOT

LIBRARY, KERNELS = Path(flashviz.__file__).parent, Path(flashviz_kernels.__file__).parent
RECORDING = (
    "recorder",
    "fitting",
    "kernel_run",
    "reporting",
    "log",
    "source",
    "statements",
    "algorithm",
    "gpu",
    "again",
    "untiled",
    "branches",
)
UNKNOWING = [
    *(KERNELS / f"{name}.py" for name in (*RECORDING, "verify", "witness", "compiler", "aot")),
    *(KERNELS / "bench" / f"{name}.py" for name in ("attention", "tracing", "report")),
    *(LIBRARY / "cli" / f"{name}.py" for name in ("commands", "options", "problem", "compiling", "bench", "export", "player", "screen")),
    *(LIBRARY / "export" / f"{name}.py" for name in ("player", "timeline", "perfetto", "protobuf")),
    *(LIBRARY / f"{name}.py" for name in ("memory", "visits")), *(LIBRARY / "trace").glob("*.py"), ROOT / "docs" / "_ext" / "traces.py",
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


def test_the_list_imports_no_triton() -> None:
    """Kernels are loaded by their paths, before they are launched; so an algorithm is known where there is no triton."""
    code = "import sys; from flashviz_kernels.algorithms import every; every(); print({'triton', 'torch'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


def test_a_name_runs_no_file(tmp_path: Path) -> None:
    """What a trace's header says is data: only what the user types may name a file."""
    file = tmp_path / "x.py"
    file.write_text("raise SystemExit(3)", encoding="utf-8")
    with pytest.raises(UsageError, match="algorithm must be one of"):
        named(f"{file}:ALGORITHM")


def test_an_algorithm_is_itself() -> None:
    assert find(find("fa1")) is find("fa1")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"arrays": None}, "algorithm fa2 must have the arrays that it works on, got calls or tiles alone; give arrays"),
        ({"reports": None}, "algorithm fa2 has tiles, so its kernels must report theirs, got no reports"),
    ],
)
def test_parts_that_contradict_each_other_are_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=f"^{said}"):
        replace(named("fa2"), **change)


def test_the_pages_script_names_none() -> None:
    """Names in the player's own words are data of its file."""
    script = (LIBRARY / "player" / "flash-trace-player.js").read_text(encoding="utf-8")
    assert not re.findall(rf"""["'`]?\b({"|".join(NAMES)})["'`]?\s*(?:===|:)|===\s*["'`]({"|".join(NAMES)})\b""", script)


def test_a_form_is_an_algorithms() -> None:
    """What the library knows by formula is what is computed under that name."""
    assert set(forms.NAMES) <= set(NAMES)
    assert forms.BASELINE in forms.NAMES
    for name in forms.NAMES:
        mine, form = find(name), forms.form_of(name)
        assert mine.closed_form == form.moved
        assert id(mine.events) == id(form.events)


def rows(page: str, first: str) -> list[str]:
    """The first cells of the table of a page whose head begins with ``first``."""
    lines = (ROOT / "docs" / page).read_text(encoding="utf-8").splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith(first)) + 2
    body = lines[start : next(at for at in range(start, len(lines)) if not lines[at].startswith("|"))]
    return [line.split("|")[1].strip().strip("`") for line in body]


def test_tables_of_the_docs_have_every_algorithm() -> None:
    """Bytes of those that have a form; errors of those that compute O, and of the kernel."""
    assert sorted(rows("trace-format.md", "| | read | written |")) == sorted(forms.NAMES)
    assert sorted(rows("accuracy.md", "| of the tolerance, at most |")) == sorted({"kernel", *computing(OUTPUT)})
    smaller = sum(int(tile) < int(n) for n in GALLERY["N"] for tile in GALLERY["Tile"])
    recordings = len(computing(OUTPUT)) * smaller * math.prod(len(values) for name, values in GALLERY.items() if name not in ("N", "Tile"))
    assert f"changed among {recordings} recordings" in (ROOT / "docs" / "player.md").read_text(encoding="utf-8")
