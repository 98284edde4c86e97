"""Rendering one film: here, with other processes or on a cluster; or finding it made already."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from multiprocessing.connection import wait as wait_for
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flashviz.cli.films import Job, Rendered, rendered_by
from flashviz.errors import FlashvizError
from flashviz.interrupts import INTERRUPTED, heed, uninterrupted

if TYPE_CHECKING:
    from flashviz.cli.screen import OnProgress
    from flashviz.render import Share

PATIENCE = 2.0  # seconds that a helper has to end a segment
TICK = 0.3  # seconds between looks at what others have done


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
