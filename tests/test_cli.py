"""The command line: what it prints, where, and with which exit code."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import flashviz
from flashviz.cli import films, main
from flashviz.errors import FlashvizError, UsageError, WriteError
from flashviz.files import beside
from flashviz.settings import TYPES
from flashviz.trace import Trace
from tests.conftest import ROOT

SMALL = ("--seq-len", "64", "--head-dim", "16", "--block-m", "16", "--block-n", "16", "--source", "numpy")
SCENES = """
from manim import RIGHT, Scene, Square

from flashviz.render import make_renderer
from flashviz.settings import load_settings


class TinyScene(Scene):
    subject, poster, told = "", "", ()

    def __init__(self):
        self.settings = load_settings()
        self.provenance = [{"source": "numpy", "hash": str(self.settings.config.seq_q)}]
        super().__init__(renderer=make_renderer())

    def construct(self):
        print("chatter")
        self.play(Square().animate.shift(RIGHT), run_time=0.4)
        self.on_progress(0.4, 0.4)


class OtherScene(TinyScene):
    pass


class BrokenScene(TinyScene):
    def construct(self):
        raise OSError(28, "No space left on device", "film.mp4")


class _HiddenScene(TinyScene):
    pass
"""


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def flash(*arguments: str) -> Answer:
    result = CliRunner().invoke(main, arguments)
    return Answer(result.exit_code, result.stdout, result.stderr)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def tiny_scenes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "scenes"
    folder.mkdir()
    (folder / "tiny.py").write_text(SCENES, encoding="utf-8")
    monkeypatch.setattr(films, "CHECKOUT", folder)
    return folder


def test_help_is_instant() -> None:
    """Nothing heavy is imported to say what the commands are."""
    script = """
import sys
from flashviz.cli import main
for arguments in (["--help"], ["render", "--help"], ["--version"]):
    try: main(arguments)
    except SystemExit as done: assert done.code == 0
heavy = {"manim", "triton", "torch", "numpy", "av", "PIL"} & {name.partition(".")[0] for name in sys.modules}
sys.exit(f"imported {heavy}" if heavy else 0)
"""
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)


def test_without_a_command_the_help_is_shown() -> None:
    answer = flash()
    assert answer.code == 2
    assert answer.err.startswith("Usage: ")
    assert len(answer.err.splitlines()) > 5


def test_version_is_the_packages() -> None:
    assert flashviz.__version__ in flash("--version").out
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == flashviz.__version__


def test_every_setting_has_its_flag() -> None:
    flags = {parameter.name for parameter in main.commands["render"].params}
    assert set(TYPES) <= flags


def test_trace_then_info(tmp_path: Path) -> None:
    recorded = flash("trace", *SMALL, "--out", "t.npz", "--json").json
    again = flash("info", "t.npz", "--json").json
    assert recorded == again
    trace = Trace.load(tmp_path / "t.npz")
    assert (again["events"], again["hash"], again["algorithm"]) == (len(trace), trace.hash, "fa2")
    assert again["hbm_read"] == sum(again["hbm_read_by_tensor"].values()) == 64 * 16 * 2 + 2 * 4 * 64 * 16 * 2
    assert again["config"]["seq_k"] == 64


def test_screens_show_kib() -> None:
    flash("trace", *SMALL, "--out", "t.npz")
    answer = flash("info", "t.npz")
    assert "18 KiB" in answer.out
    assert answer.err == ""


@pytest.mark.parametrize("algorithm", ["standard", "fa1", "fa2"])
def test_verify_prints_one_object(algorithm: str) -> None:
    answer = flash("verify", *SMALL, "--algorithm", algorithm, "--json")
    found = answer.json
    assert (answer.code, found["ok"], found["twin_equals_kernel"]) == (0, True, None)
    assert found["hbm_read"] == found["closed_form_read"] > 0
    assert found["hbm_written"] == found["closed_form_written"] > 0
    assert found["flops"] == found["closed_form_flops"] > 0
    assert 0 <= found["max_abs_error"] <= found["tolerance"]
    assert (found["lse_error"] is None) == (found["lse_tolerance"] is None) == (algorithm == "standard")
    assert {"checked", "events", "reference_error", "sram_peak"} <= set(found)


def test_verify_a_file_and_a_file_that_lies(tmp_path: Path) -> None:
    flash("trace", *SMALL, "--out", "t.npz")
    assert flash("verify", "t.npz", "--json").json["ok"]
    trace = Trace.load(tmp_path / "t.npz")
    trace.columns["nbytes"] = trace.columns["nbytes"].copy()
    trace.columns["nbytes"][0] += 1
    trace.save(tmp_path / "lie.npz")
    answer = flash("verify", "lie.npz", "--json")
    assert (answer.code, answer.json["ok"]) == (1, False)
    assert answer.err.startswith("flashviz: verification failed: ")
    assert len(answer.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("tracee",), "No such command 'tracee'. Did you mean 'trace'?"),
        (("--sek",), "No such option '--sek'"),
        (("trace", "--sek-len", "3"), "No such option '--sek-len'"),
        (("trace",), "Missing option '--out'"),
        (("trace", "--seq-len", "many", "--out", "t.npz"), "Invalid value for '--seq-len'"),
        (("trace", "--seq-len", "64", "--seq-q", "32", "--out", "t.npz"), "--seq-len=64 sets both lengths"),
        (("trace", "--block-n", "48", "--out", "t.npz"), "block_n=48 must be a power of two; try 32 or 64"),
        (("trace", "--heads", "3", "--kv-heads", "2", "--out", "t.npz"), "kv_heads must divide heads"),
        (("trace", "--out", "t.json"), "--out t.json: a trace is an .npz file; try t.npz"),
        (("trace", "--out", "no/t.npz"), "--out no/t.npz: there is no folder no; make it first"),
        (("trace", "--algorithm", "standard", "--source", "triton", "--out", "t.npz"), "source triton"),
        (("info", "none.npz"), "Invalid value for 'FILE': File 'none.npz' does not exist."),
        (("info", "bad.npz"), "expected a trace file, got bad.npz"),
        (("verify", "bad.npz"), "expected a trace file, got bad.npz"),
        (("verify", "bad.npz", "--seq-len", "64"), "bad.npz says itself how it was recorded; leave out --seq-len"),
        (("render", "TinyScen"), "no scene is called TinyScen; did you mean TinyScene?"),
        (("render", "--theme", "drak"), "Invalid value for '--theme'"),
        (("render", "--trace", "none.npz"), "Invalid value for '--trace'"),
    ],
)
@pytest.mark.usefixtures("tiny_scenes")
def test_wrong_usage_is_one_line_and_exit_2(arguments: tuple[str, ...], message: str, tmp_path: Path) -> None:
    (tmp_path / "bad.npz").write_bytes(b"not a trace")
    before = sorted(tmp_path.rglob("*"))
    answer = flash(*arguments)
    assert answer.code == 2
    assert answer.err.startswith(f"flashviz: {message}")
    assert len(answer.err.splitlines()) == 1
    assert answer.out == ""
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.skipif(sys.platform == "win32", reason="files have a largest size where there are POSIX limits")
@pytest.mark.parametrize(
    "arguments",
    [
        ("trace", *SMALL, "--out", "t.npz"),
        ("player", "whole.npz", "--out", "x.html"),
        ("player", "--gallery", "--out", "g"),
        ("export", "whole.npz", "--player", "--out", "x.json"),
        ("export", "whole.npz", "--perfetto", "--out", "x.pftrace"),
        ("captions", "--out", "x.toml"),
        ("quiz", *SMALL[:-2], "--out", "q"),
        ("handout", "--out", "h"),
        ("bench", "trace", "--max-events", "1000", "--repeat", "1", "--out", "b.json"),
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_a_disk_that_fills_is_one_line_and_exit_1(arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files may not become longer than 500 bytes."""
    import resource

    monkeypatch.chdir(tmp_path)
    assert flash("trace", *SMALL, "--out", "whole.npz").code == 0
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, before[1]))
    try:
        answer = flash(*arguments)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (answer.code, answer.out, len(answer.err.splitlines())) == (1, "", 1), answer
    assert answer.err.startswith(f"flashviz: expected {'room for' if arguments[0] != 'handout' else 'a path that can be written, got'} ")
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["whole.npz"]


@pytest.mark.parametrize(
    ("number", "kind"),
    [(errno.ENOSPC, WriteError), (errno.EROFS, WriteError), (errno.ENOENT, UsageError), (errno.EACCES, UsageError)],
)
def test_whose_fault_it_is_that_a_path_cannot_be_written(number: int, kind: type[FlashvizError], tmp_path: Path) -> None:
    with pytest.raises(kind) as raised, beside(tmp_path / "x"):
        raise OSError(number, os.strerror(number))
    assert raised.value.exit_code == (1 if kind is WriteError else 2)
    assert os.strerror(number) in str(raised.value)


def test_missing_triton_is_exit_3(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "triton", None)
    answer = flash("verify", *SMALL[:-1], "triton")
    assert (answer.code, answer.out) == (3, "")
    assert len(answer.err.splitlines()) == 1


@pytest.mark.usefixtures("tiny_scenes")
def test_render_says_where_the_film_is_and_what_it_shows() -> None:
    answer = flash("render", "TinyScene", "-q", "l", "--seq-len", "128", "--json")
    assert answer.code == 0
    (film,) = answer.json["films"]
    assert (film["scene"], film["width"], film["height"], film["frames"]) == ("TinyScene", 854, 480, 6)
    assert film["traces"] == [{"source": "numpy", "hash": "128"}]
    assert Path(film["path"]).is_file()
    assert "chatter" in answer.err


@pytest.mark.usefixtures("tiny_scenes")
def test_render_goes_where_plain_manim_goes(tmp_path: Path) -> None:
    answer = flash("render", "OtherScene", "TinyScene", "OtherScene", "-q", "l", "--media-dir", "m")
    folder = tmp_path / "m" / "videos" / "tiny" / "480p15"
    assert answer.out.split() == [str(folder / "OtherScene.mp4"), str(folder / "TinyScene.mp4")]


@pytest.mark.usefixtures("tiny_scenes")
def test_settings_reach_the_scene_and_end_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASHVIZ_SEQ_Q", "64")
    (tmp_path / "flashviz.toml").write_text("seq-q = 32\nhead-dim = 16", encoding="utf-8")
    (film,) = flash("render", "TinyScene", "-q", "l", "--json").json["films"]
    assert film["traces"][0]["hash"] == "64"
    (film,) = flash("render", "TinyScene", "-q", "l", "--seq-q", "16", "--json").json["films"]
    assert film["traces"][0]["hash"] == "16"


@pytest.mark.usefixtures("tiny_scenes")
def test_a_trace_brings_its_config_and_refuses_another() -> None:
    flash("trace", *SMALL, "--out", "t.npz")
    (film,) = flash("render", "TinyScene", "-q", "l", "--trace", "t.npz", "--json").json["films"]
    assert film["traces"][0]["hash"] == "64"
    assert flash("render", "TinyScene", "-q", "l", "--trace", "t.npz", "--seq-q", "64").code == 0
    answer = flash("render", "TinyScene", "--trace", "t.npz", "--seq-q", "32")
    assert answer.code == 2
    assert answer.err == "flashviz: --seq-q=32 contradicts t.npz, recorded with 64; leave one out\n"
    answer = flash("render", "TinyScene", "--trace", "t.npz", "--source", "triton")
    assert answer.code == 2
    assert "contradicts t.npz" in answer.err


@pytest.mark.usefixtures("tiny_scenes")
def test_a_failure_of_the_system_is_one_line() -> None:
    answer = flash("render", "BrokenScene", "-q", "l")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.splitlines()[-1] == "flashviz: film.mp4: No space left on device"


def test_the_films_of_the_checkout_are_found() -> None:
    found = films.find_scenes(("FlashAttentionScene", "DigestScene"))
    assert {source.file for source in found} == {ROOT / "scenes" / "flash.py"}
