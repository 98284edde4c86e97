"""Renders that are killed, that meet each other or a full disk, in folders with odd names, under odd configurations of manim."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import srt
from manim import Scene, Square, tempconfig
from manim.constants import RIGHT

from flashviz.cli.manim_cfg import refused_by_manim
from flashviz.config import AttentionConfig
from flashviz.director import TraceScene
from flashviz.errors import UsageError
from flashviz.interrupts import ends_orderly, heed
from flashviz.render import check_place, make_renderer, probe
from flashviz.render.writer import FilmWriter
from tests.checksum import plain
from tests.conftest import ManimConfig
from tests.killed import RUN, Trial, ended, full, tried

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="process groups and mounts as Linux has them")


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Trial:
    return Trial(tmp_path_factory.mktemp("trial"))


@pytest.mark.slow
def test_ended_renders_leave_nothing_and_resume(tmp_path: Path) -> None:
    """``python -m tests.killed`` is the same at 200 moments."""
    found = tried(ended, 3, random.Random().randrange(1 << 30), tmp_path)
    assert (found["tried"], found["wrong"]) == (3, []), found


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_that_python_dropped_is_heeded(number: signal.Signals) -> None:
    class Collected:
        def __del__(self) -> None:
            signal.raise_signal(number)
            sum(range(10))  # the interrupt is raised here, and nobody hears of it

    with ends_orderly():
        heed()
        Collected()
        with pytest.raises(KeyboardInterrupt):
            heed()
    heed()


DROPS = """
import signal
import sys
class Drops:
    def find_spec(self, name, path=None, target=None):
        if name == "manim":
            try:
                signal.raise_signal(signal.SIGINT)
            except BaseException:
                print("dropped", file=sys.stderr)
sys.meta_path.insert(0, Drops())
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupt_that_an_import_dropped_is_heeded(trial: Trial, tmp_path: Path, workers: int) -> None:
    """Of 35 that came while manim and what it needs were imported, 5 were dropped there, and the render went on."""
    process = trial.start(tmp_path, workers, before=DROPS)
    said = trial.check(process.wait(), 130, process)
    assert said.split("\n")[0] == "dropped"
    assert said.strip().split("\n")[-1] == "flashviz: interrupted"
    assert not list(tmp_path.rglob("*.mp4"))


@pytest.mark.slow
def test_a_disk_that_fills_is_one_line(tmp_path: Path) -> None:
    found = tried(full, 3, random.Random().randrange(1 << 30), tmp_path)
    assert (found["tried"], found["wrong"]) == (3, []), found


@pytest.mark.slow
def test_two_renders_at_once_in_one_folder(trial: Trial, tmp_path: Path) -> None:
    both = [trial.start(tmp_path / "media", workers) for workers in (1, 2)]
    for process in both:
        trial.check(process.wait(), 0, process)
    trial.whole_or_absent(tmp_path / "media")
    assert trial.film(tmp_path / "media") == (trial.frames, trial.captions)


@pytest.mark.slow
def test_folders_of_any_name(trial: Trial, tmp_path: Path) -> None:
    """Each in the one before: whichever name is not borne, there is no film at the end."""
    media = tmp_path.joinpath("it's 'mine'", "# %d %", "a" * 200, 'tab\t"two" \\n', "ünï 日本", "-q", "$HOME;ls")
    done = trial.start(media, 2)
    trial.check(done.wait(), 0, done)
    assert trial.film(media) == (trial.frames, trial.captions)


def test_a_folder_whose_name_has_two_lines_is_refused_before_it_is_drawn(trial: Trial, tmp_path: Path) -> None:
    done = trial.start(tmp_path / "two\nlines", 1)
    said = trial.check(done.wait(), 2, done)
    assert said.startswith("flashviz: --media-dir")
    assert "expected a path of one line" in said
    assert not list(tmp_path.rglob("*.mp4"))
    with pytest.raises(UsageError, match="expected a path of one line"):
        check_place(Path("a\rb"))


def test_a_media_folder_that_is_a_file_or_holds_one(trial: Trial, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "videos").write_text("", encoding="utf-8")
    for media, code in ((tmp_path / "file", 2), (tmp_path / "media", 1)):
        done = trial.start(media, 2)
        said = trial.check(done.wait(), code, done)
        assert said.startswith("flashviz: ")
        assert said.count("\n") == 1, said


UNMOVED = """
import errno
import os
from pathlib import Path
move = Path.replace
def refused(self, target):
    if {name!r} in str(target):
        raise OSError(errno.EPERM, os.strerror(errno.EPERM), str(self))
    return move(self, target)
Path.replace = refused
"""


@pytest.mark.parametrize("name", ["partial_movie_files", "MovedScene.mp4", "MovedScene.srt", ".made"])
def test_a_folder_in_which_nothing_can_be_renamed(trial: Trial, tmp_path: Path, name: str) -> None:
    """One line; what could not be moved to its place is not left beside it; the next render gives the film."""
    done = trial.start(tmp_path, 1, before=UNMOVED.format(name=name))
    assert done.wait() in (1, 2)
    (said,) = (line for line in trial.check(done.returncode, done.returncode, done).splitlines() if line.startswith("flashviz: "))
    assert said.startswith("flashviz: expected")
    assert "Operation not permitted" in said
    assert not list(tmp_path.rglob("*.part*"))
    trial.again(tmp_path, 1)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a mount, which root may make")
def test_a_folder_that_turns_read_only(trial: Trial, tmp_path: Path) -> None:
    mount = tmp_path / "media"
    mount.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "ro,size=1m", "tmpfs", str(mount)], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("root may not mount here")
    try:
        done = trial.start(mount, 1)
        said = trial.check(done.wait(), 1, done)
        assert "Read-only file system" in said
        assert said.count("\n") == 1, said
    finally:
        subprocess.run(["umount", str(mount)], check=True)


# ---------------------------------------------------------------------------------------------------------------- manim's own


def render(trial: Trial, media: Path, home: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", RUN, "-1", str(trial.folder / "scenes"), "render", "MovedScene", "-q", "l", "--workers", "1"]
    return subprocess.run(
        [*command, "--media-dir", str(media)], capture_output=True, text=True, check=False, cwd=media.parent,
        env=os.environ | {"HOME": str(home)},
    )  # fmt: skip


def rendered(trial: Trial, media: Path, home: Path) -> Path:
    done = render(trial, media, home)
    assert done.returncode == 0, done.stderr
    (film,) = (media / "videos").rglob("MovedScene.mp4")
    return film


@pytest.mark.slow
def test_a_manim_cfg_of_the_user_counts(trial: Trial, tmp_path: Path) -> None:
    """Once what it says of the encoder has changed, the film is another one."""
    place = tmp_path / "home" / ".config" / "manim" / "manim.cfg"
    place.parent.mkdir(parents=True)
    before = rendered(trial, tmp_path / "media", tmp_path / "home").stat().st_size
    place.write_text("[video_encoder.options]\ncrf = 45\n", encoding="utf-8")
    after = rendered(trial, tmp_path / "media", tmp_path / "home").stat().st_size
    assert after < 0.9 * before


@pytest.mark.slow
@pytest.mark.parametrize(
    "lines", ["format = none\ndry_run = True", "format = png\ntransparent = True", "format = gif\nsave_last_frame = True"]
)
def test_a_film_is_an_mp4_whatever_a_manim_cfg_says(trial: Trial, tmp_path: Path, lines: str) -> None:
    (tmp_path / "manim.cfg").write_text(f"[CLI]\n{lines}\n", encoding="utf-8")
    film = probe(rendered(trial, tmp_path / "media", tmp_path))
    assert (film.codec, film.frames) == ("h264", len(trial.frames))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[CLI\n", "expected a configuration that manim takes, got MissingSectionHeaderError"),
        (b"\xff", "expected a configuration that manim takes, got UnicodeDecodeError"),
        (b"[CLI]\nframe_rate = x\n", "expected a configuration that manim takes, got ValueError: could not convert string to float: 'x'"),
        (b"[CLI]\nvideo_dir = {nope}\n", "expected a configuration that manim takes, got KeyError"),  # found when the scene is made
        (b"[video_encoder.options]\ncrf = nope\n", "expected options that libx264 takes, got crf = nope"),
        (b"[CLI]\nframe_height = nan\n", "expected a configuration that manim takes, got ValueError: cannot convert float NaN"),
        (b"[CLI]\nframe_height = 0\n", "expected a frame of 0.001 to 100000 units a side, got 0 x 0"),
        (b"[CLI]\nframe_width = -14\n", "expected a frame of 0.001 to 100000 units a side, got -14 x "),
        (b"[CLI]\nframe_height = 1e300\n", "expected a frame of 0.001 to 100000 units a side, got 1.77778e+300 x 1e+300"),
        (b"[CLI]\npixel_width = 0\n", "expected a frame of 0.001 to 100000 units a side, got 0 x 8"),
    ],
)
def test_a_manim_cfg_that_manim_does_not_take_is_one_line(trial: Trial, tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "manim.cfg").write_bytes(content)
    done = render(trial, tmp_path / "media", tmp_path)
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert (done.returncode, len(lines)) == (2, 1), done.stderr
    assert lines[0].startswith(f"flashviz: {said}")
    assert lines[0].endswith("manim.cfg")
    assert not list(tmp_path.rglob("*.mp4"))


def test_an_error_of_ours_is_not_said_to_be_of_a_manim_cfg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "manim.cfg").write_text("", encoding="utf-8")
    called = compile("run()", "/packages/manim/_config/utils.py", "exec")
    with pytest.raises(ValueError, match="invalid literal") as manims:
        exec(called, {"run": lambda: int("x")})
    with pytest.raises(TypeError) as ours:
        exec(called, {"run": lambda: AttentionConfig.from_dict(None)})  # type: ignore[arg-type]  # what is wrong with it
    assert refused_by_manim(manims.value) is not None
    assert refused_by_manim(ours.value) is None


class SpokenScene(Scene):
    def __init__(self) -> None:
        super().__init__(renderer=make_renderer())

    def construct(self) -> None:
        square = Square()
        for turn in range(5):
            self.add_subcaption(f"turn {turn}", duration=1.0)
            self.play(square.animate.shift(RIGHT), run_time=1.0)


def test_captions_of_a_part_count_from_its_start(manim_config: ManimConfig) -> None:
    with manim_config(from_animation_number=2, upto_animation_number=3):
        scene = SpokenScene()
        scene.render()
        film = Path(scene.renderer.file_writer.final_file_path)
    captions = [
        (each.content, each.start.total_seconds(), each.end.total_seconds()) for each in srt.parse(film.with_suffix(".srt").read_text())
    ]
    assert captions == [("turn 2", 0.0, 1.0), ("turn 3", 1.0, 2.0)]
    assert probe(film).seconds == pytest.approx(2.0)


@pytest.mark.parametrize(("part", "said"), [((3, 2), "-n 3,2"), ((5, 7), "-n 5,7"), ((5, -1), "-n 5")])
def test_a_part_without_plays_is_refused(manim_config: ManimConfig, tmp_path: Path, part: tuple[int, int], said: str) -> None:
    with (
        manim_config(from_animation_number=part[0], upto_animation_number=part[1]),
        pytest.raises(UsageError, match=f"^{said}: expected plays of the scene, counted from 0, got none"),
    ):
        SpokenScene().render()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("size", "aspect", "said"),
    [
        ((640, 480), "16:9", "set FLASHVIZ_ASPECT=4:3"),
        ((500, 500), "9:16", "set FLASHVIZ_ASPECT=1:1"),
        ((700, 100), "16:9", "films are made in"),
    ],
)
def test_another_shape_is_said(size: tuple[int, int], aspect: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASHVIZ_ASPECT", aspect)
    with tempconfig({"pixel_width": size[0], "pixel_height": size[1]}), pytest.raises(UsageError, match=said):
        TraceScene()


@pytest.mark.parametrize(
    ("size", "aspect", "made"), [((640, 480), "4:3", (640, 480)), ((854, 480), "9:16", (480, 854)), ((480, 854), "9:16", (480, 854))]
)
def test_the_aspects_own_shape_is_kept(size: tuple[int, int], aspect: str, made: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    from manim import config

    monkeypatch.setenv("FLASHVIZ_ASPECT", aspect)
    with tempconfig({"pixel_width": size[0], "pixel_height": size[1]}):
        TraceScene()
        assert (config.pixel_width, config.pixel_height) == made


def test_what_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    from flashviz.render.writer import index_first

    with pytest.raises(UsageError, match=r"^expected a path that can be written, got .*film.mp4 \(No such file or directory\); "):
        index_first(tmp_path / "no" / "film.mp4")
    assert b"it'\\''s" in FilmWriter._concat_manifest_bytes(["/a/it's/b.mp4"])


# ------------------------------------------------------------------------------------------------------------ the same everywhere

# Two renders, and each variable is in one of them: whatever it spoils, the film would be another.
ENVIRONMENTS: dict[str, Mapping[str, str | None]] = {
    "plain C, no home, optimised": {
        "LC_ALL": "C", "LANG": None, "TZ": "Pacific/Kiritimati", "HOME": None, "PYTHONOPTIMIZE": "2", "PYTHONDONTWRITEBYTECODE": "1",
    },
    "Turkish, a home that cannot be, an old CPU": {
        "LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "7", "HOME": "/proc/nothing", "TMPDIR": "/does/not/exist", **plain(),
    },
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_film_is_the_same_in_any_environment(trial: Trial, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value in ENVIRONMENTS[name].items():
        monkeypatch.setenv(variable, value) if value is not None else monkeypatch.delenv(variable, raising=False)
    before = os.umask(0o077)
    try:
        done = trial.start(tmp_path / "media", 2)
    finally:
        os.umask(before)
    trial.check(done.wait(), 0, done)
    assert trial.film(tmp_path / "media") == (trial.frames, trial.captions)
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "media").rglob("*"))
