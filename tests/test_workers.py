"""Films drawn by several processes: the same film, also when one of them dies or the render is interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import av
import pytest
from click.testing import CliRunner

from flashviz.cli import films, main
from flashviz.cli.drawing import draw_share, render_film
from flashviz.cli.films import Job, find_scenes
from flashviz.cli.together import draw_films, expected, render_films
from flashviz.config import AttentionConfig
from flashviz.render.share import Claims, Interleaved
from flashviz.settings import Settings
from tests.generic_traces import product

SCENES = """
import os
import signal
from pathlib import Path

from manim import DOWN, RIGHT, UP, Circle, Scene, Square

from flashviz.director.words import Word
from flashviz.mobjects.motion import Shows
from flashviz.render import make_renderer

LEADER = os.environ.get("LEADER")


class ManyScene(Scene):
    provenance = []
    subject, poster, told = "", "", ()
    on_progress = None

    def __init__(self):
        super().__init__(renderer=make_renderer())

    def construct(self):
        shapes = [Square().shift(at * RIGHT) for at in range(4)]
        self.add(*shapes)
        for turn in range(8):
            self.play(*(shape.animate.shift(UP if turn % 2 else DOWN) for shape in shapes), run_time=0.2 + 0.1 * turn)
            self.wait(0.2)
            self.on_progress and self.on_progress(self.renderer.time, 10.0)


class WordsScene(ManyScene):
    def construct(self):
        self.word = Word("the sum", 72, "#ffffff", -4.1, -2.3, "words")
        self.add(self.word)
        super().construct()

    def play(self, *animations, **options):
        super().play(*animations, **options)
        if animations and not isinstance(animations[0], Shows):
            start = self.word.left
            self.play(Shows(self.word, lambda share: self.word.put_at(start + share / 3, -2.3 + share)), run_time=0.5)


class DeadlyScene(ManyScene):
    def construct(self):
        if LEADER and str(os.getpid()) != LEADER:
            claimed = self.renderer.file_writer.share
            play = self.renderer.file_writer.share.takes

            def takes(key):
                taken = play(key)
                if taken:
                    os.kill(os.getpid(), signal.SIGKILL)  # with a play claimed and not drawn
                return taken

            claimed.takes = takes
        super().construct()


class OtherScene(ManyScene):
    def construct(self):
        for turn in range(3):
            self.play(Circle().animate.shift(UP * turn), run_time=0.4)
            self.on_progress and self.on_progress(self.renderer.time, 1.2)


class SlowScene(ManyScene):
    def construct(self):
        super().construct()
        for turn in range(200):
            self.play(Circle().animate.shift(UP * turn / 100), run_time=1)
"""


@pytest.fixture(autouse=True)
def _scenes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "scenes"
    folder.mkdir()
    (folder / "many.py").write_text(SCENES, encoding="utf-8")
    monkeypatch.setattr(films, "CHECKOUT", folder)
    monkeypatch.setenv("LEADER", str(os.getpid()))
    monkeypatch.chdir(tmp_path)


def job(name: str, media: str) -> Job:
    (scene,) = find_scenes((name,))
    return Job(scene, Settings(config=AttentionConfig()), "low_quality", Path(media).resolve())


def pictures(path: Path) -> list[int]:
    with av.open(str(path)) as film:
        return [zlib.crc32(frame.to_ndarray()) for frame in film.decode(video=0)]


def leftovers(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if ".part" in path.name]


@pytest.mark.slow
def test_the_film_is_the_same_whatever_the_number_of_workers() -> None:
    """And twice in a row: the decoded pictures, and the names of the segments, none of which two processes drew."""
    made = [render_film(job("WordsScene", f"media{at}"), workers) for at, workers in enumerate((1, 1, 2, 4))]
    first, *others = [pictures(rendered.film.path) for rendered in made]
    assert len(first) > 120
    assert all(other == first for other in others)
    named, *also = [sorted(path.name for path in segments_in(f"media{at}")) for at in range(len(made))]
    assert all(names == named for names in also)
    assert leftovers(Path()) == []


@pytest.mark.slow
def test_plays_of_a_worker_that_dies_are_drawn_again() -> None:
    whole = render_film(job("ManyScene", "whole"), 1)
    made = render_film(job("DeadlyScene", "deadly"), 2)
    assert pictures(made.film.path) == pictures(whole.film.path)


@pytest.mark.slow
def test_several_films_over_the_same_processes() -> None:
    names = ("OtherScene", "ManyScene")
    alone = [pictures(render_film(job(name, "alone"), 1).film.path) for name in names]
    made = render_films([job(name, "together") for name in names], 2)
    assert [rendered.scene for rendered in made] == list(names)
    assert [pictures(rendered.film.path) for rendered in made] == alone
    assert leftovers(Path()) == []
    before = [rendered.film.path.stat().st_mtime_ns for rendered in made]
    again = render_films([job(name, "together") for name in names], 2)
    assert [rendered.film.path.stat().st_mtime_ns for rendered in again] == before, "what is made already is left as it is"


@pytest.mark.slow
def test_films_of_processes_that_die_are_drawn_here() -> None:
    """Every process of the pool kills itself with its first play claimed."""
    whole = pictures(render_film(job("ManyScene", "whole"), 1).film.path)
    other, deadly = render_films([job("OtherScene", "deadly"), job("DeadlyScene", "deadly")], 2)
    assert pictures(deadly.film.path) == whole
    assert len(pictures(other.film.path)) == 18


@pytest.mark.slow
def test_a_helper_draws_where_most_is_left(tmp_path: Path) -> None:
    """And goes when too little is left to run a scene for."""
    many, other = job("ManyScene", "media"), job("OtherScene", "media")
    for name in ("ManyScene", "OtherScene"):
        (tmp_path / name).mkdir()
        Claims(tmp_path).takes(f"{name}.led")
    (tmp_path / "ManyScene.seconds").write_text("100.0", encoding="ascii")
    (tmp_path / "OtherScene.seconds").write_text("19.0", encoding="ascii")
    ends_early = Claims(tmp_path / "ManyScene")
    draw_share(many, ends_early)
    assert ends_early.seconds == pytest.approx(5.0, abs=0.5)
    assert not ends_early.pending
    (tmp_path / "ManyScene.seconds").write_text("12.0", encoding="ascii")
    draw_films([many, other], tmp_path)
    assert Claims(tmp_path / "OtherScene").seconds == 0


def test_long_films_come_first_and_unknown_ones_before_them() -> None:
    shorter, longer, unknown = job("OtherScene", "media"), job("ManyScene", "media"), job("SlowScene", "media")
    for made in (shorter, longer):
        render_film(made, 1)
    assert sorted([shorter, unknown, longer], key=expected, reverse=True) == [unknown, longer, shorter]


def test_what_was_not_drawn_is_given_back(tmp_path: Path) -> None:
    folder = tmp_path / "claims"
    folder.mkdir()
    claims = Claims(folder)
    assert all(map(claims.takes, "ab"))
    claims.drew("a", 2.0)
    assert claims.pending
    claims.release()
    assert not claims.pending
    assert [path.name for path in folder.iterdir()] == ["a"]


def test_all_films_but_those_that_need_a_recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    product().save(tmp_path / "x.npz")
    settings = Settings(config=AttentionConfig())
    names = [scene.name for scene in films.every_scene(settings)]
    assert "FlashAttentionScene" in names
    assert "KernelScene" not in names
    assert set(names) | {"KernelScene"} == set(films.known_scenes())
    assert [scene.name for scene in films.every_scene(replace(settings, trace=tmp_path / "x.npz"))] == ["KernelScene"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--all", "DigestScene"), "--all renders every film, DigestScene among them; leave one out"),
        (("--workers", "2", "--cluster", "tcp://x:1"), "--workers 2 are processes here, --cluster tcp://x:1 has its own; leave one out"),
    ],
)
def test_what_contradicts_itself_is_refused(arguments: tuple[str, ...], message: str) -> None:
    answer = CliRunner().invoke(main, ["render", *arguments])
    assert (answer.exit_code, answer.stderr) == (2, f"flashviz: {message}\n")


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_a_second_run_goes_on_from_the_segments_of_an_interrupted_one(workers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = pictures(render_film(job("ManyScene", "whole"), 1).film.path)

    @contextmanager
    def for_a_while(_name: str) -> Iterator[Callable[[float, float], None]]:
        def on_progress(done: float, _total: float) -> None:
            if done > 2:
                raise KeyboardInterrupt

        yield on_progress

    with monkeypatch.context() as patched:
        patched.setattr("flashviz.cli.screen.film_progress", for_a_while)
        with pytest.raises(KeyboardInterrupt):
            render_film(job("ManyScene", "media"), workers)
    kept = {path: path.stat().st_ino for path in segments_in("media")}
    assert 3 <= len(kept) < 12
    assert leftovers(Path()) == []
    assert not list(Path("media").rglob("ManyScene.mp4"))
    assert pictures(render_film(job("ManyScene", "media"), workers).film.path) == whole
    assert {path: path.stat().st_ino for path in kept} == kept, "what was drawn is not drawn again"


@pytest.mark.slow
@pytest.mark.parametrize(("end", "films"), [("SIGINT", "SlowScene"), ("SIGTERM", "SlowScene"), ("SIGINT", "SlowScene ManyScene")])
def test_an_interrupt_leaves_nothing_half_written_and_no_process(tmp_path: Path, end: str, films: str) -> None:
    """Ctrl-C reaches every process of the terminal, SIGTERM the leader alone."""
    process = started(tmp_path, films)
    segments = some_segments(tmp_path / "media")
    (os.killpg if end == "SIGINT" else os.kill)(process.pid, getattr(signal, end))
    _, complaint = process.communicate(timeout=60)
    assert process.returncode == 130
    assert complaint.strip().splitlines()[-1] == "flashviz: interrupted"
    assert leftovers(tmp_path) == []
    assert not list((tmp_path / "media").rglob("SlowScene.mp4"))
    assert ends(process.pid)
    for segment in segments:
        assert pictures(segment)


@pytest.mark.slow
@pytest.mark.parametrize("films", ["SlowScene", "SlowScene ManyScene"])
def test_helpers_of_a_leader_that_is_killed_end(tmp_path: Path, films: str) -> None:
    process = started(tmp_path, films)
    some_segments(tmp_path / "media")
    process.kill()
    process.communicate(timeout=60)
    assert ends(process.pid)
    assert all(pictures(segment) for segment in segments_in(tmp_path / "media"))


def started(folder: Path, films: str) -> subprocess.Popen[str]:
    """The command line in a process group of its own, with two processes that draw."""
    script = f"""
import signal
from pathlib import Path
from flashviz.cli import films, main
if __name__ == '__main__':
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that runs tests behind it would have it ignored
    films.CHECKOUT = Path({str(folder / "scenes")!r})
    main(["render", *{films.split()!r}, "-q", "l", "--workers", "2", "--media-dir", "media"])
"""
    (folder / "run.py").write_text(script, encoding="utf-8")
    return subprocess.Popen([sys.executable, "run.py"], cwd=folder, stderr=subprocess.PIPE, text=True, start_new_session=True)


def some_segments(media: Path) -> list[Path]:
    """Wait for them."""
    deadline = time.monotonic() + 60
    while len(found := segments_in(media)) < 6 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert found, "no segment within a minute"
    return found


def segments_in(media: str | Path) -> list[Path]:
    return list(Path(media).rglob("partial_movie_files/*/[0-9a-f]*.mp4"))


def ends(group: int) -> bool:
    """Whether every process of a group is gone within some seconds (multiprocessing's own tracker goes last)."""
    for _ in range(50):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def test_claims_are_taken_once(tmp_path: Path) -> None:
    folder = tmp_path / "claims"
    folder.mkdir()
    first, second = Claims(folder), Claims(folder)
    assert [first.takes("a"), second.takes("a"), second.takes("b"), first.takes("b"), first.takes("a")] == [True, False, True, False, True]
    first.drew("a", 1.5)
    assert second.seconds == 1.5


def test_interleaved_shares_are_disjoint_and_complete() -> None:
    keys = [f"play {at}" for at in (0, 1, 2, 3, 1, 4, 0, 5)]
    shares = [Interleaved(index, 3) for index in range(3)]
    taken = [[key for key in keys if share.takes(key)] for share in shares]
    assert sorted({key for own in taken for key in own}) == sorted(set(keys))
    assert all(not set(a) & set(b) for at, a in enumerate(taken) for b in taken[:at])
