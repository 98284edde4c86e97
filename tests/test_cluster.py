"""A film drawn by a Dask cluster of two processes: the same film, also when a worker is killed; and what cannot be is said in one line."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import psutil
import pytest
from click.testing import CliRunner

from flashviz.cli import cluster, main
from flashviz.cli.drawing import render_film
from flashviz.cli.films import Job, find_scenes
from flashviz.config import AttentionConfig
from flashviz.errors import UsageError
from flashviz.settings import Settings

SCENE = "MemoryScalingScene"

distributed = pytest.importorskip("distributed", reason="a cluster is tried where distributed is installed")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as started:
        yield started.scheduler_address


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the film was drawn by one process."""
    media = tmp_path_factory.mktemp("alone")
    render_film(job(media), 1)
    return media


def job(media: Path, name: str = SCENE) -> Job:
    (scene,) = find_scenes((name,))
    return Job(scene, Settings(config=AttentionConfig()), "low_quality", media)


def film_in(media: Path) -> Path:
    (path,) = media.rglob(f"{SCENE}.mp4")
    return path


def pictures(path: Path) -> list[int]:
    with av.open(str(path)) as film:
        return [zlib.crc32(frame.to_ndarray()) for frame in film.decode(video=0)]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # distributed's own, when a worker is gone
def test_the_film_is_the_same_though_a_worker_is_killed(tmp_path: Path, address: str, alone: Path) -> None:
    """The segments came from the workers alone."""
    killed: list[int] = []

    def kill() -> None:
        deadline = time.monotonic() + 60
        while not killed and time.monotonic() < deadline:
            for process in drawers():
                worker = process.parent()
                if worker is not None and worker.pid not in (os.getpid(), 1):
                    os.kill(worker.pid, signal.SIGKILL)
                    killed.append(worker.pid)
                    return
            time.sleep(0.05)

    thread = threading.Thread(target=kill)
    thread.start()
    made = render_film(job(tmp_path / "far"), 1, address)
    thread.join()
    assert killed
    assert pictures(made.film.path) == pictures(film_in(alone))
    names = [sorted(path.name for path in media.rglob("partial_movie_files/*/*.mp4")) for media in (alone, tmp_path / "far")]
    assert names[0] == names[1]
    assert not list(tmp_path.rglob("*.part*"))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_an_interrupt_ends_what_the_workers_draw(tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def for_a_moment(_name: str) -> Iterator[Callable[[float, float], None]]:
        yield lambda _done, _total: moment.set()

    def until_then(_futures: Any) -> Iterator[Any]:
        assert moment.wait(60)
        raise KeyboardInterrupt
        yield

    moment = threading.Event()
    monkeypatch.setattr("flashviz.cli.screen.film_progress", for_a_moment)
    monkeypatch.setattr(distributed, "as_completed", until_then)
    with pytest.raises(KeyboardInterrupt):
        render_film(job(tmp_path, "FlashAttentionScene"), 1, address)  # minutes, were it drawn
    drawing = drawers()
    assert drawing
    assert not psutil.wait_procs(drawing, timeout=30)[1]
    assert not drawers(), "nor is a share given to another worker"
    assert not list(tmp_path.rglob("*.mp4"))


def drawers() -> list[psutil.Process]:
    """Processes that draw a share."""
    return [process for process in psutil.process_iter(["cmdline"]) if "flashviz.cli.cluster" in (process.info["cmdline"] or [])]


@pytest.mark.slow
def test_shares_are_drawn_in_full_and_what_is_known_is_left_out(tmp_path: Path) -> None:
    """What a worker's process draws: every other play; then nothing, where all is known."""
    drawn: list[set[str]] = []
    for index in range(2):
        folder = tmp_path / str(index)
        folder.mkdir()
        order = cluster.Order(job(Path("elsewhere")), None, index, 2, frozenset(), "topic")
        (folder / "order").write_bytes(pickle.dumps(order))
        cluster.main(folder)
        drawn.append({Path(name).stem for name in cluster.drawn(folder)})
    assert all(drawn)
    assert not drawn[0] & drawn[1]
    rest = tmp_path / "rest"
    rest.mkdir()
    (rest / "order").write_bytes(pickle.dumps(cluster.Order(job(Path("elsewhere")), None, 0, 1, frozenset(drawn[0] | drawn[1]), "topic")))
    cluster.main(rest)
    assert not cluster.drawn(rest)
    first, *others = sorted(drawn[0])
    later = tmp_path / "later"
    later.mkdir()
    order = cluster.Order(job(Path("elsewhere")), None, 0, 2, frozenset(), "topic", frozenset(others))
    (later / "order").write_bytes(pickle.dumps(order))
    cluster.main(later)
    assert {Path(name).stem for name in cluster.drawn(later)} == {first}, "what has come back is not drawn again, nor another's instead"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_an_interrupted_render_resumes_where_workers_last_sent(
    tmp_path: Path, address: str, alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slices of no length: each comes back with what is whole by then. What had come back is not drawn again."""
    monkeypatch.setattr(cluster, "SLICE", 0.0)
    distributed_keep, kept = cluster.keep, []

    def keep_two(segments: dict[str, bytes], place: Path) -> None:
        distributed_keep(segments, place)
        kept.append(set(segments))
        if len(kept) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(cluster, "keep", keep_two)
    with pytest.raises(KeyboardInterrupt):
        render_film(job(tmp_path / "far"), 1, address)
    there = {path: path.stat().st_ino for path in (tmp_path / "far").rglob("partial_movie_files/*/*.mp4")}
    assert {path.name for path in there} == set().union(*kept)
    monkeypatch.undo()
    made = render_film(job(tmp_path / "far"), 1, address)
    assert {path: path.stat().st_ino for path in there} == there
    assert pictures(made.film.path) == pictures(film_in(alone))


def test_workers_with_other_code_are_refused() -> None:
    cluster.check_workers("tcp://x:1", {"tcp://y:2": cluster.fingerprint()})
    with pytest.raises(
        UsageError, match=r"expected workers with this flashviz and its versions, got others at tcp://z:3; install the same"
    ):
        cluster.check_workers("tcp://x:1", {"tcp://y:2": cluster.fingerprint(), "tcp://z:3": "other"})
    with pytest.raises(UsageError, match=r"expected workers at tcp://x:1, got none; start some, see docs/rendering\.md"):
        cluster.check_workers("tcp://x:1", {})


def test_without_a_scheduler_it_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cluster, "TIMEOUT", "0.3s")
    answer = CliRunner().invoke(main, ["render", SCENE, "-q", "l", "--cluster", "tcp://127.0.0.1:9", "--media-dir", str(tmp_path)])
    assert answer.exit_code == 2
    assert "flashviz: expected a Dask scheduler at tcp://127.0.0.1:9, got none" in answer.stderr


def test_without_distributed_it_is_a_missing_part(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    hidden: Any = None
    monkeypatch.setitem(sys.modules, "distributed", hidden)
    answer = CliRunner().invoke(main, ["render", SCENE, "-q", "l", "--cluster", "tcp://127.0.0.1:9", "--media-dir", str(tmp_path)])
    assert answer.exit_code == 3
    assert answer.stderr.splitlines()[-1] == "flashviz: expected distributed for --cluster, got none; pip install 'flashviz[cluster]'"


def test_segments_are_whole_or_not_there(tmp_path: Path) -> None:
    cluster.keep({"a.mp4": b"one", "b.mp4": b"two"}, tmp_path / "cache")
    assert {path.name: path.read_bytes() for path in (tmp_path / "cache").iterdir()} == {"a.mp4": b"one", "b.mp4": b"two"}
