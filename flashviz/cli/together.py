"""Several films over the same processes: longest first; a process without a film of its own helps with the one that has most left."""

from __future__ import annotations

import tempfile
import time
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from flashviz.cli.drawing import TICK, draw_share, helpers, render_film, still_drawing, submit
from flashviz.cli.films import DEFAULT_SCENE, Job, Rendered, rendered_by
from flashviz.cli.made import Made, newest_note
from flashviz.render import Claims, LostSegmentsError, probe

HELPFUL = 20.0  # seconds of film that must be left: a helper runs the whole scene to find its plays


def render_films(jobs: list[Job], workers: int) -> list[Rendered]:
    """Render films, those that are made already left as they are; one after another where there is one process or one film.

    Args:
        jobs: The films, in the order in which they are reported.
        workers: How many processes draw them.
    """
    notes = [Made.of(job).note() for job in jobs]
    left = sorted((job for job, note in zip(jobs, notes, strict=True) if note is None), key=expected, reverse=True)
    if workers > 1 and len(left) > 1:
        _together(left, workers)
    return [render_film(job, workers) for job in jobs]  # finds them made; draws what a process that died left undone


def expected(job: Job) -> tuple[float, bool]:
    """Seconds of film: as it was when last made; a film that never was may be long."""
    note = newest_note(job)
    return (float("inf") if note is None else probe(Path(note.path)).seconds, job.source.name == DEFAULT_SCENE)


def _together(jobs: list[Job], workers: int) -> None:
    from flashviz.cli.screen import film_progress

    with tempfile.TemporaryDirectory(prefix="flashviz-claims-") as folder, film_progress(f"{len(jobs)} films") as on_progress:
        for job in jobs:
            (Path(folder) / job.source.name).mkdir()
        with helpers(min(workers, 2 * len(jobs))) as pool:
            crew = submit(pool, workers, draw_films, jobs, Path(folder))
            while still_drawing(crew):
                on_progress(*_progress(jobs, Path(folder)))
            for member in crew:
                if not isinstance(member.exception(), BrokenProcessPool):
                    member.result()


def _progress(jobs: list[Job], folder: Path) -> tuple[float, float]:
    """Seconds of film drawn, and to be drawn as far as is known."""
    drawn = sum(Claims(folder / job.source.name).seconds for job in jobs)
    return drawn, sum(_total(folder, job) for job in jobs)


def _total(folder: Path, job: Job) -> float:
    """Seconds of a film, said by the process that leads it; 0 before that."""
    said = folder / f"{job.source.name}.seconds"
    return float(said.read_text(encoding="ascii") or 0) if said.exists() else 0.0


def draw_films(jobs: list[Job], folder: Path) -> None:
    """What each process does: lead the next film that nobody leads; then help where most is left."""
    for job in jobs:
        if Claims(folder).takes(f"{job.source.name}.led"):
            lead(job, folder)
    while True:
        remaining = {job.source.name: _total(folder, job) - Claims(folder / job.source.name).seconds for job in jobs}
        most = max(jobs, key=lambda job: remaining[job.source.name])
        if remaining[most.source.name] < HELPFUL:
            return
        claims = Claims(folder / most.source.name)
        try:
            draw_share(most, claims)
        finally:
            claims.release()


def lead(job: Job, folder: Path) -> None:
    """Draw a film, with whoever helps, and join it."""
    claims = Claims(folder / job.source.name)
    said = folder / f"{job.source.name}.seconds"

    def gather() -> None:
        while claims.pending:
            time.sleep(TICK)

    try:
        rendered = _led(job, claims, gather, said)
    except LostSegmentsError:  # a helper gave its plays back
        rendered = _led(job, None, None, said)
    Made.of(job).write(rendered)


def _led(job: Job, claims: Claims | None, gather: Any, said: Path) -> Rendered:
    with job.scene() as scene:
        scene.on_progress = lambda _done, total: said.write_text(repr(total), encoding="ascii")
        writer = scene.renderer.file_writer
        writer.share, writer.gather = claims, gather
        scene.render()
        return rendered_by(job, scene)
