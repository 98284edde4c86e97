"""Finding scenes without importing them, and rendering one in this process."""

from __future__ import annotations

import ast
import difflib
import importlib.util
import multiprocessing
import os
import signal
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import wait as wait_for
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flashviz.errors import FlashvizError, MissingPartError, UsageError
from flashviz.interrupts import INTERRUPTED, heed, uninterrupted
from flashviz.settings import Settings, use_settings

if TYPE_CHECKING:
    from flashviz.cli.screen import OnProgress
    from flashviz.render import Film, Share
    from flashviz.storyboard import Told

DEFAULT_SCENE, KERNEL_SCENE = "FlashAttentionScene", "KernelScene"
CHECKOUT = Path(__file__).parents[2] / "scenes"
PATIENCE = 2.0  # seconds that a helper has to end a segment
TICK = 0.3  # seconds between looks at what others have done
INSTALLED = Path(sysconfig.get_path("data")) / "share" / "flashviz" / "scenes"


@dataclass(frozen=True)
class SceneSource:
    """A scene class by its name, and the file that defines it."""

    name: str
    file: Path


@dataclass(frozen=True)
class Rendered:
    """A finished film: the scene, the file as probed, which traces it shows, and its beats with the one that is its poster."""

    scene: str
    film: Film
    provenance: list[dict[str, Any]]
    subject: str
    poster: str
    told: tuple[Told, ...]


def find_scenes(names: tuple[str, ...], folder: Path | None = None) -> list[SceneSource]:
    """The scenes of these names, each once. Files are parsed, not run.

    Raises:
        UsageError: no file defines a scene of that name.
        MissingPartError: there is no folder of scenes.
    """
    known = known_scenes(folder)
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
            remedy = f"did you mean {near[0]}?" if near else "known are " + ", ".join(known)
            raise UsageError(f"no scene is called {name}; {remedy}")
    return [known[name] for name in dict.fromkeys(names)]


def known_scenes(folder: Path | None = None) -> dict[str, SceneSource]:
    """All scenes by name."""
    return {
        node.name: SceneSource(node.name, file)
        for file in sorted((folder or find_folder()).glob("*.py"))
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and node.name.endswith("Scene") and not node.name.startswith("_")
    }


def every_scene(settings: Settings) -> list[SceneSource]:
    """What ``--all`` renders: all films; of another kernel's recording its one film."""
    only = default_scene(settings) == KERNEL_SCENE
    return [scene for name, scene in known_scenes().items() if (name == KERNEL_SCENE) == only]


def find_folder() -> Path:
    """Where the scenes are: in a checkout, or as they were installed.

    Raises:
        MissingPartError: there is no folder of scenes.
    """
    found = next((place for place in (CHECKOUT, INSTALLED) if place.is_dir()), None)
    if found is None:
        raise MissingPartError(f"no scenes at {CHECKOUT} or {INSTALLED}; install flashviz again")
    return found


def default_scene(settings: Settings) -> str:
    """What is rendered where no scene is named: the film of FlashAttention, or of the kernel whose recording is given."""
    if settings.trace is None:
        return DEFAULT_SCENE
    from flashviz.trace import GenericHeader, load_header

    return KERNEL_SCENE if isinstance(load_header(settings.trace), GenericHeader) else DEFAULT_SCENE


@dataclass(frozen=True)
class Job:
    """One film to render, as another process is told it."""

    source: SceneSource
    settings: Settings
    quality: str
    media_dir: Path

    @contextmanager
    def scene(self) -> Iterator[Any]:
        """The scene under its settings and manim's configuration, which writes outlines of formulas in place: into a folder of its own."""
        from flashviz.render import check_place, manim_for

        check_place(self.media_dir)
        with (
            tempfile.TemporaryDirectory(prefix="flashviz-texts-") as texts,
            use_settings(self.settings),
            manim_for(self.source.file, self.quality, self.media_dir, Path(texts)),
        ):
            yield load_scene(self.source)()


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def render_film(job: Job, workers: int, cluster: str | None = None) -> Rendered:
    """Render one scene into the folders that manim would use, with a progress bar on standard error; or find it made already.

    Args:
        job: What to render.
        workers: How many processes draw it; this one is the first of them.
        cluster: The address of a Dask scheduler, whose workers then draw it; this process joins what they have drawn.
    """
    from flashviz.cli.made import Made
    from flashviz.render import probe

    made = Made.of(job)
    note = made.note()
    if note is not None:
        return Rendered(job.source.name, probe(Path(note.path)), note.provenance, note.subject, note.poster, note.told)
    rendered = _rendered_anew(job, workers, cluster)
    made.write(rendered)
    return rendered


def _rendered_anew(job: Job, workers: int, cluster: str | None) -> Rendered:
    from flashviz.cli.screen import film_progress
    from flashviz.render import LostSegmentsError

    with film_progress(job.source.name) as on_progress:
        if cluster is not None:
            from flashviz.cli.cluster import draw_with_cluster

            draw_with_cluster(job, cluster, on_progress)
        try:
            return _shared(job, workers, on_progress) if workers > 1 else _alone(job, on_progress)
        except LostSegmentsError:  # of a process that died: what it has not drawn is drawn here
            return _alone(job, on_progress)


def _alone(job: Job, on_progress: OnProgress) -> Rendered:
    with job.scene() as scene:
        scene.on_progress = on_progress
        scene.render()
        return rendered_by(job, scene)


def _shared(job: Job, workers: int, on_progress: OnProgress) -> Rendered:
    """With other processes, which take plays one by one as this one does."""
    from flashviz.render import Claims

    with tempfile.TemporaryDirectory(prefix="flashviz-claims-") as folder, helpers(workers - 1) as pool:
        claims = Claims(Path(folder))
        with job.scene() as scene:
            others = submit(pool, workers - 1, draw_share, job, claims)
            total = 0.0

            def progress(_done: float, seconds: float) -> None:
                nonlocal total
                total = seconds
                on_progress(claims.seconds, total)

            def gather() -> None:
                while still_drawing(others):
                    on_progress(claims.seconds, total)
                for other in others:
                    if isinstance(other.exception(), FlashvizError):
                        other.result()

            scene.on_progress = progress
            scene.renderer.file_writer.share = claims
            scene.renderer.file_writer.gather = gather
            scene.render()
            return rendered_by(job, scene)


def draw_share(job: Job, share: Share) -> None:
    """What a helping process does: run the scene, draw what it takes of it, join nothing."""
    with job.scene() as scene:
        scene.renderer.file_writer.share = share
        scene.renderer.file_writer.joins = False
        scene.render()


def submit(pool: ProcessPoolExecutor, times: int, work: Callable[..., None], *arguments: Any) -> list[Future[None]]:
    """Have so many processes of the pool do the same."""
    with uninterrupted():  # the pool's thread shares its locks
        return [pool.submit(work, *arguments) for _ in range(times)]


def still_drawing(others: list[Future[None]]) -> bool:
    """Whether one of them is not done after another moment."""
    heed()
    with uninterrupted():
        return bool(wait(others, timeout=TICK).not_done)


@contextmanager
def helpers(count: int) -> Iterator[ProcessPoolExecutor]:
    """So many fresh processes. An interrupt ends them, and they end their segments: nothing half-written stays behind."""
    pool = ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn"), initializer=_heed_the_leader)
    try:
        yield pool
    except BaseException:
        _end(list((pool._processes or {}).values()))
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _end(processes: list[BaseProcess]) -> None:
    """Tell processes to end until they have: Python drops an interrupt that it meets while it collects an object."""
    while alive := [process for process in processes if process.is_alive()]:
        for process in alive:
            process.terminate()
        wait_for([process.sentinel for process in alive], timeout=PATIENCE)


def _heed_the_leader() -> None:
    """Leave Ctrl-C to the leader; be ended by its SIGTERM as by ``sys.exit``: manim gives up its segment, and nothing is said of it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(INTERRUPTED))
    threading.Thread(target=_end_with_the_leader, daemon=True).start()


def _end_with_the_leader() -> None:
    """A leader that is killed tells nobody: its helpers would draw on, and then wait for ever."""
    leader = multiprocessing.parent_process()
    assert leader is not None, "a helper has been started by its leader"
    leader.join()
    while True:  # the first interrupt ends a segment, the next one the pool's own loop
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(PATIENCE)


def rendered_by(job: Job, scene: Any) -> Rendered:
    """What a scene that has rendered left."""
    from flashviz.render import probe

    film = probe(Path(scene.renderer.file_writer.final_file_path))
    told = tuple(scene.told)
    poster = scene.poster or (told[-1].name if told else "")
    return Rendered(job.source.name, film, list(scene.provenance), scene.subject or job.source.name, poster, told)


def load_scene(source: SceneSource) -> Any:
    """The scene class, from its file run under a name of its own, so that it shadows no module."""
    spec = importlib.util.spec_from_file_location(f"flashviz_scene_{source.file.stem}", source.file)
    if spec is None or spec.loader is None:
        raise UsageError(f"{source.file} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # manim's hashing looks classes up by their module
    spec.loader.exec_module(module)
    return getattr(module, source.name)
