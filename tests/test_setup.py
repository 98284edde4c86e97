"""The set-up: run.sh on machines that lack one thing or another, played by stand-ins on its PATH; and the wheel."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

COREUTILS = ("bash", "dirname", "uname", "id", "env", "cmp", "cp", "sed", "getconf", "grep")
WORKING = {"cc": "exit 0", "pkg-config": "exit 0", "apt-get": 'echo "$@" >> "$LOG"', "chromium": "exit 0"}
PYTHON = """case "$*" in
  *version_info*) exit {modern} ;;
  *venv,*) exit {venv} ;;
  *Python.h*) exit {headers} ;;
  --version) echo "Python 3.{minor}.1" ;;
  *) echo "python3 $*" >> "$LOG"; exit 9 ;;
esac"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="run.sh's way through apt")


class Machine:
    """A copy of run.sh whose PATH holds nothing but what the test puts there."""

    def __init__(self, folder: Path) -> None:
        self.root, self.bin, self.log = folder / "clone", folder / "bin", folder / "log"
        self.root.mkdir()
        self.bin.mkdir()
        self.log.touch()
        for name in ("run.sh", "pyproject.toml"):
            shutil.copy(ROOT / name, self.root)
        for name in COREUTILS:
            (self.bin / name).symlink_to(shutil.which(name) or "/nowhere")
        for name, script in WORKING.items():
            self.put(name, script)
        self.put("id", "echo 0")

    def put(self, name: str, script: str) -> None:
        path = self.bin / name
        path.unlink(missing_ok=True)
        path.write_text(f"#!/bin/bash\n{script}\n", encoding="utf-8")
        path.chmod(0o755)

    def put_python(self, name: str = "python3", *, minor: int = 11, venv: int = 0, headers: int = 0) -> None:
        self.put(name, PYTHON.format(modern=int(minor < 11), minor=minor, venv=venv, headers=headers))

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": str(self.bin), "LOG": str(self.log), "HOME": str(self.root)}
        return subprocess.run([str(self.root / "run.sh"), *arguments], env=environment, capture_output=True, text=True, check=False)

    @property
    def calls(self) -> list[str]:
        return self.log.read_text(encoding="utf-8").splitlines()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_without_a_verb_it_says_what_it_takes(machine: Machine) -> None:
    for arguments in ((), ("dance",)):
        done = machine.run(*arguments)
        assert done.returncode == 2
        assert "./run.sh render" in done.stderr
        assert machine.calls == []


def test_an_old_python_is_refused(machine: Machine) -> None:
    machine.put_python(minor=9)
    done = machine.run("render")
    assert done.returncode == 3
    assert "found Python 3.9.1, needs Python 3.11 or newer; install one, or uv" in done.stderr
    assert machine.calls == []


def test_a_newer_python_beside_an_old_one_is_taken(machine: Machine) -> None:
    machine.put_python(minor=9)
    machine.put_python("python3.12", minor=12)
    done = machine.run("render")
    assert "making .venv with Python 3.12.1" in done.stderr
    assert machine.calls == [f"python3 -m venv --clear {machine.root}/.venv"]


def test_nothing_is_installed_where_nothing_is_missing(machine: Machine) -> None:
    machine.put_python()
    machine.run("render")
    assert machine.calls == [f"python3 -m venv --clear {machine.root}/.venv"]


def test_only_what_is_missing_is_installed_and_said_before(machine: Machine) -> None:
    machine.put_python(venv=1, headers=1)
    machine.put("pkg-config", "[[ $2 != pangocairo ]]")
    done = machine.run("render")
    assert machine.calls[0] == "update -qq"
    assert machine.calls[1].endswith("--no-install-recommends python3-venv python3-dev libpango1.0-dev")
    assert "installing with apt: python3-venv python3-dev libpango1.0-dev" in done.stderr


def test_a_bare_machine_gets_python_and_a_compiler(machine: Machine) -> None:
    for name in ("cc", "pkg-config"):
        (machine.bin / name).unlink()
    machine.run("render")
    assert machine.calls[1].endswith("python3 python3-venv python3-dev gcc libc6-dev pkg-config libcairo2-dev libpango1.0-dev")


def test_sudo_only_where_needed(machine: Machine) -> None:
    machine.put_python(headers=1)
    machine.put("id", "echo 1000")
    done = machine.run("render")
    assert done.returncode == 3
    assert "needs root and there is no sudo; run as root: apt-get update -qq" in done.stderr
    machine.put("sudo", 'echo "sudo $1" >> "$LOG"')
    machine.run("render")
    assert machine.calls[:2] == ["sudo apt-get", "sudo env"]


def test_without_apt_it_says_what_to_install(machine: Machine) -> None:
    machine.put_python(headers=1)
    (machine.bin / "apt-get").unlink()
    done = machine.run("render")
    assert done.returncode == 3
    assert "cannot install here (no apt); install the like of: python3-dev" in done.stderr


def test_uv_is_used_where_it_is(machine: Machine) -> None:
    machine.put_python(minor=9)
    machine.put("uv", 'echo "uv $@" >> "$LOG"; exit 9')
    done = machine.run("render")
    assert "making .venv with uv" in done.stderr
    assert machine.calls == [f"uv venv -q --clear --seed --python >=3.11 {machine.root}/.venv"]


@pytest.mark.parametrize(
    ("offered", "wanted"),
    [
        (("torch", "sympy"), True),
        (("torch", "nvidia-cudnn-cu13"), False),
        (("torch", "cuda-bindings"), False),
        ((), False),
    ],
)
def test_torch_comes_only_without_cuda(machine: Machine, offered: tuple[str, ...], wanted: bool) -> None:
    """The venv's python stands for pip: it says what it would bring, and notes what it was asked to install."""
    report = ", ".join(f'{{"metadata": {{"name": "{name}"}}}}' for name in offered)
    answer = f"""echo '{{"install": [{report}]}}'""" if offered else "exit 1"
    stand_in = f"""case "$*" in
  *--dry-run*) {answer} ;;
  *"import json"*) exec {sys.executable} "$@" ;;
  *"import torch"* | *urllib*) exit 1 ;;
  *install*) echo "$@" >> "$LOG" ;;
  "-m tests layout -x") echo tests >> "$LOG" ;;
  *) exit 0 ;;
esac"""
    machine.put_python()
    (machine.root / ".venv" / "bin").mkdir(parents=True)
    machine.put("venv-python", stand_in)
    (machine.root / ".venv" / "bin" / "python").symlink_to(machine.bin / "venv-python")
    done = machine.run("test", "layout", "-x")
    assert any("torch==" in call for call in machine.calls) == wanted
    assert ("only CUDA builds of torch can be had here; the tests run without it" in done.stderr) != wanted
    assert machine.calls[-1] == "tests"


def test_the_wheel_holds_library_kernels_scenes_and_fonts(tmp_path: Path) -> None:
    names = zipfile.ZipFile(built("wheel", ROOT, tmp_path)).namelist()
    assert {"flashviz/cli/__init__.py", "flashviz_kernels/__init__.py", "flashviz/fonts/FlashvizSans-Regular.otf"} <= set(names)
    modules = {str(file.relative_to(root)) for root in (ROOT, ROOT / "kernels") for file in root.glob("flashviz*/**/*.py")}
    assert {"flashviz_kernels/algorithms/fa2.py", "flashviz_kernels/forward.py", "flashviz/trace/kept.py"} <= modules <= set(names)
    slides = ("notes.toml", "pages.typ", "reveal/reveal.js", "reveal/reveal.css", "reveal/notes.js", "reveal/LICENSE")
    assert {f"flashviz/delivery/slides/{name}" for name in slides} <= set(names)
    assert any(name.endswith("share/flashviz/scenes/flash.py") for name in names)
    assert any(name.endswith("share/flashviz/bench/kernel-cpu.json") for name in names)
    assert any(name.endswith("OFL.txt") for name in names)
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"flashviz", "flashviz_kernels"}


def test_the_sdist_holds_what_builds_tests_and_documents_it(tmp_path: Path) -> None:
    with tarfile.open(built("sdist", ROOT, tmp_path)) as archive:
        archive.extractall(tmp_path, filter="data")
    (folder,) = (path for path in tmp_path.iterdir() if path.is_dir())
    wheels = [zipfile.ZipFile(built("wheel", source, tmp_path / name)) for name, source in (("checkout", ROOT), ("sdist", folder))]
    assert [(info.filename, info.CRC) for info in wheels[0].infolist()] == [(info.filename, info.CRC) for info in wheels[1].infolist()]
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=False, capture_output=True, text=True).stdout.splitlines()
    missing = [name for name in listed if not name.startswith(".") and (ROOT / name).exists() and not (folder / name).exists()]
    assert not missing, missing


def built(kind: str, source: Path, out: Path) -> Path:
    """The one file that hatchling makes of a folder."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(out)]
    subprocess.run(command, cwd=source, check=True, capture_output=True, env=os.environ | {"SOURCE_DATE_EPOCH": "0"})
    (made,) = (path for path in out.iterdir() if path.suffix in (".whl", ".gz"))
    return made
