"""Drawing with the workers of a running Dask cluster: ``flashviz render --cluster tcp://host:8786``.

Each worker draws a share of the plays in a process and a folder of its own and sends the segments back, so no disk is shared. The segments
go into the cache here, and the film is then joined as if it had been drawn here; what did not come back is drawn here. Every ``SLICE``
seconds a worker sends what it has, so that a render that is interrupted resumes there.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flashviz.cli.made import code
from flashviz.errors import FlashvizError, MissingPartError, UsageError
from flashviz.files import beside

if TYPE_CHECKING:
    from flashviz.cli.films import Job
    from flashviz.cli.screen import OnProgress

TIMEOUT = "10s"  # for a scheduler to answer
RETRIES = 2  # of a share whose worker was lost
SLICE = 60.0  # seconds of drawing, after which a worker sends what it has
PROGRESS, FAILED = "progress ", "failed "


@dataclass(frozen=True)
class Order:
    """One share of a film, as a worker is sent it: a scene's name, not a path, and a trace's bytes."""

    job: Job
    trace: bytes | None
    index: int
    count: int
    known: frozenset[str]  # segments that were there when the render began
    topic: str
    sent: frozenset[str] = frozenset()  # segments of this share that have come back since
    slice: float = SLICE


def draw_with_cluster(job: Job, address: str, on_progress: OnProgress) -> None:
    """Have the cluster's workers draw what the cache of ``job`` lacks.

    Raises:
        MissingPartError: distributed is not installed.
        UsageError: There is no scheduler, it has no workers, or they have other code.
        FlashvizError: A worker cannot draw the scene.
    """
    try:
        from distributed import Client, as_completed
    except ImportError as error:
        raise MissingPartError("expected distributed for --cluster, got none; pip install 'flashviz[cluster]'") from error
    place = cache_of(job)
    try:
        client = Client(address, timeout=TIMEOUT)
    except (OSError, ValueError, TimeoutError) as error:
        raise UsageError(f"expected a Dask scheduler at {address}, got none ({error}); start one, see docs/rendering.md") from error
    with client:
        count = sum(client.nthreads().values())
        check_workers(address, client.run(fingerprint))
        topic = f"flashviz-{os.getpid()}-{job.source.name}"
        done: dict[int, tuple[float, float]] = {}

        def heard(event: tuple[Any, Any]) -> None:
            index, seconds, total = event[1]
            done[index] = seconds, total
            on_progress(sum(drawn for drawn, _ in done.values()), max(total for _, total in done.values()))

        client.subscribe_topic(topic, heard)
        trace = job.settings.trace.read_bytes() if job.settings.trace is not None else None
        known = frozenset(path.stem for path in place.glob("*.mp4"))
        orders = [Order(job, trace, index, count, known, topic, slice=SLICE) for index in range(count)]
        futures = client.map(draw_share, orders, pure=False, retries=RETRIES)
        try:
            coming = as_completed(futures)
            for future in coming:
                order, segments, finished = future.result()
                keep(segments, place)
                if not finished:
                    order = replace(order, sent=order.sent | {Path(name).stem for name in segments})
                    futures.append(client.submit(draw_share, order, pure=False, retries=RETRIES))
                    coming.add(futures[-1])
        except BaseException:
            client.cancel(futures)
            raise


def check_workers(address: str, fingerprints: dict[str, str]) -> None:
    """All workers have this code and these versions: else their segments would have other names, or other pictures."""
    if not fingerprints:
        raise UsageError(f"expected workers at {address}, got none; start some, see docs/rendering.md")
    others = [worker for worker, found in fingerprints.items() if found != fingerprint()]
    if others:
        raise UsageError(f"expected workers with this flashviz and its versions, got others at {', '.join(others)}; install the same there")


def fingerprint() -> str:
    """Of code, Python and the libraries that draw."""
    from flashviz.cli.films import find_folder
    from flashviz.cli.made import versions

    digest = hashlib.sha256(repr(sorted(versions().items())).encode())
    for path in code(find_folder()):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def cache_of(job: Job) -> Path:
    """Where manim looks for a scene's segments."""
    with job.scene() as scene:
        return Path(scene.renderer.file_writer.partial_movie_directory)


def keep(segments: dict[str, bytes], place: Path) -> None:
    """Put segments into the cache, each whole or not at all."""
    place.mkdir(parents=True, exist_ok=True)
    for name, content in segments.items():
        with beside(place / name) as partial:
            partial.write_bytes(content)


# ------------------------------------------------------------------------------------------------------------- on a worker


def draw_share(order: Order) -> tuple[Order, dict[str, bytes], bool]:
    """Draw a share, or a slice of it, in a process of its own: a worker's tasks are threads; manim's configuration is one a process.

    Returns:
        The order, the segments by file name, and whether they are all of it.
    """
    from distributed import get_worker

    worker = get_worker()
    key = worker.get_current_task()
    with tempfile.TemporaryDirectory(prefix="flashviz-share-") as folder:
        (Path(folder) / "order").write_bytes(pickle.dumps(order))
        command = [sys.executable, "-m", "flashviz.cli.cluster", folder]
        last, end = "", time.monotonic() + order.slice
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
            try:
                for line in process.stdout or ():
                    last = line.strip() or last
                    if line.startswith(PROGRESS):
                        seconds, total = map(float, line.removeprefix(PROGRESS).split())
                        worker.log_event(order.topic, (order.index, seconds, total))
                    task = worker.state.tasks.get(key)
                    if task is None or task.state == "cancelled":  # the render was interrupted, or whoever asked for it is gone
                        return order, {}, True
                    if time.monotonic() > end and (segments := drawn(Path(folder))):
                        return order, segments, False
                if process.wait():
                    raise FlashvizError(last.removeprefix(FAILED))
            finally:
                process.kill()
        return order, drawn(Path(folder)), True


def drawn(folder: Path) -> dict[str, bytes]:
    """The segments that are whole: those have their names."""
    return {path.name: path.read_bytes() for path in folder.rglob("partial_movie_files/*/[!.]*.mp4")}


def main(folder: Path) -> None:
    """Draw the share that ``folder/order`` describes into ``folder/media``."""
    from flashviz.cli.films import Job, find_scenes
    from flashviz.render import Interleaved

    order: Order = pickle.loads((folder / "order").read_bytes())
    settings = order.job.settings
    if order.trace is not None:
        (folder / "trace.npz").write_bytes(order.trace)
        settings = replace(settings, trace=folder / "trace.npz")
    (source,) = find_scenes((order.job.source.name,))
    share = Interleaved(order.index, order.count, order.known, order.sent)
    with Job(source, settings, order.job.quality, folder / "media").scene() as scene:
        scene.on_progress = lambda _done, total: print(f"{PROGRESS}{share.seconds} {total}", file=sys.__stdout__, flush=True)
        writer = scene.renderer.file_writer
        writer.share, writer.joins = share, False
        scene.render()


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except FlashvizError as error:
        print(f"{FAILED}{error}")  # noqa: T201  # the worker reads it
        sys.exit(1)
