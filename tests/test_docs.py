"""Every promise in prose is run: code blocks, commands, links, and the tables that list what the program takes."""

from __future__ import annotations

import importlib.util
import re
import shlex
import tomllib
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from sybil import Example, Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.markdown import CodeBlockParser

from flashviz.cli import films, main
from flashviz.errors import FlashvizError, MissingPartError, UsageError, VerificationError
from flashviz.settings import CONFIG_TYPES, FILM_TYPES, load_settings
from tests.conftest import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
RUN = (ROOT / "run.sh").read_text(encoding="utf-8")


def run_python(example: Example) -> None:
    """A block that begins with a file's name is that file, for the commands that follow; any other is run."""
    if "import torch" in example.parsed and importlib.util.find_spec("torch") is None:
        pytest.skip("needs torch")
    name = re.match(r"# (\w+\.py)\n", example.parsed)
    if name:
        Path(name[1]).write_text(example.parsed, encoding="utf-8")
    else:
        PythonEvaluator()(example)


def run_flashviz(example: Example) -> None:
    """``flashviz ...`` lines, as they stand, in this process."""
    for line in example.parsed.splitlines():
        program, *arguments = shlex.split(line)
        assert program == "flashviz", f"{line}: a bash block is flashviz commands"
        if any(".py:" in argument for argument in arguments) and importlib.util.find_spec("triton") is None:
            pytest.skip("needs triton")
        result = CliRunner().invoke(main, arguments)
        assert result.exit_code == 0, f"{line}: {result.stderr}"


def check_commands(example: Example) -> None:
    """``$ ...`` lines take long, or a part that may be missing: not run, but each is a command that is there and takes its options."""
    commands = [line.removeprefix("$ ") for line in example.parsed.splitlines() if line.startswith("$ ")]  # the rest is what they print
    assert commands
    for line in commands:
        check_command(line)


def leave(context: click.Context, out: Path) -> None:
    """A file or a folder where the command would write one: the next command may want it."""
    (kind,) = (option.type for option in context.command.params if option.name == "out")
    if isinstance(kind, click.Path) and not kind.file_okay:
        out.mkdir(exist_ok=True)
    else:
        out.touch()


def check_command(line: str) -> None:
    program, *arguments = shlex.split(line)
    if program.startswith("FLASHVIZ_"):  # VARIABLE=value in front of a command
        assert program.partition("=")[0].removeprefix("FLASHVIZ_").lower() in CONFIG_TYPES | FILM_TYPES, line
        program, *arguments = arguments
    if program == "./run.sh":
        verb, *rest = arguments
        assert f"\n  {verb})" in RUN, f"{line}: run.sh has no verb {verb}"
        if verb == "render":
            given = [argument for argument in rest if argument != "--no-triton"]
            context = main.commands["render"].make_context("render", given)
            films.find_scenes(context.params["scenes"])
    elif program == "flashviz":
        verb, *rest = arguments
        context = main.commands[verb].make_context(verb, rest)
        if context.params.get("out") is not None:
            leave(context, Path(context.params["out"]))
    elif program == "manim":
        *_, file, scene = arguments
        (found,) = films.find_scenes((scene,))
        assert found.file == ROOT / file
    else:
        assert line == "source .venv/bin/activate", f"{line}: this test does not know the command"


def load_toml(example: Example) -> None:
    """A settings file: it is read, and every key takes effect or is refused."""
    Path("flashviz.toml").write_text(example.parsed, encoding="utf-8")
    load_settings(environ={}, folder=Path())
    Path("flashviz.toml").unlink()


SYBIL = Sybil(
    parsers=[
        CodeBlockParser("python", run_python),
        CodeBlockParser("bash", run_flashviz),
        CodeBlockParser("console", check_commands),
        CodeBlockParser("toml", load_toml),
    ]
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for example in SYBIL.parse(page).examples():
        example.evaluate()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_in_the_text_are_real(page: Path) -> None:
    for line in re.findall(r"`(\./run\.sh \w[^`]*)`", page.read_text(encoding="utf-8")):
        check_command(line)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_pictures_are_there(page: Path) -> None:
    prose = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)#]+)\)", prose):
        if not target.startswith("https://"):
            assert (page.parent / target).resolve().exists(), f"{page.name} links to {target}, which is not there"


def test_the_index_has_every_page() -> None:
    linked = set(re.findall(r"\]\(([\w-]+\.md)\)", (ROOT / "docs" / "index.md").read_text(encoding="utf-8")))
    assert linked == {page.name for page in (ROOT / "docs").glob("*.md")} - {"index.md"}


def test_the_settings_page_lists_the_settings_and_their_defaults() -> None:
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([\w-]+)` \| ([^|]+) \|", text, re.MULTILINE))
    assert [name.replace("-", "_") for name in rows] == [*CONFIG_TYPES, *FILM_TYPES]
    settings = load_settings(environ={}, folder=ROOT / "tests")
    for name, stated in rows.items():
        if name == "seq-len" or stated.startswith(("as ", "1/sqrt", "triton where", "none")):
            continue
        holder = settings.config if name.replace("-", "_") in CONFIG_TYPES else settings
        value = getattr(holder, name.replace("-", "_"))
        assert stated == (str(value).lower() if isinstance(value, bool) else str(value)), name


def test_the_exit_codes_are_those_of_the_errors() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    codes = {int(code): meaning for code, meaning in re.findall(r"^\| (\d) \| (.+) \|$", text, re.MULTILINE)}
    assert set(codes) == {0, *(error.exit_code for error in (FlashvizError, UsageError, MissingPartError))}
    assert "verification" in codes[VerificationError.exit_code]
    assert "missing" in codes[MissingPartError.exit_code]


def test_the_rooms_of_the_architecture_are_there() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = text[text.index("| room |") : text.index("`./run.sh lint`")]
    named = [room for cell in re.findall(r"^\| (`.+?) \|", table, re.MULTILINE) for room in re.findall(r"`([\w/.]+)`", cell)]
    folder = Path("flashviz")
    rooms = [Path(room) if "/" in room else folder / room for room in named]
    assert all((ROOT / room).exists() for room in rooms), [room for room in rooms if not (ROOT / room).exists()]
    listed = {room.name for room in rooms if room.parts[0] == "flashviz"}
    there = {path.name for path in (ROOT / "flashviz").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert there - listed == {"__init__.py", "errors.py", "figures.py"}


def test_the_requirements_are_those_of_the_script() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    oldest = project["requires-python"].removeprefix(">=")
    assert f"Python {oldest} or newer" in readme
    assert f"({', '.join(oldest.split('.'))})" in RUN
    for package in ("gcc", "pkg-config", "libcairo2-dev", "libpango1.0-dev", "chromium", "pkgconf"):
        assert package in readme
        assert package in RUN
