"""``flashviz trace | info | verify | render``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import cloup

from flashviz.cli import options, screen
from flashviz.cli.bench import bench
from flashviz.cli.captions import captions
from flashviz.cli.compiling import compile_command
from flashviz.cli.deliver import deliver_command
from flashviz.cli.embed import embed
from flashviz.cli.errors import Flashviz
from flashviz.cli.export import export
from flashviz.cli.handout import handout
from flashviz.cli.lecture import lecture
from flashviz.cli.player import player
from flashviz.cli.problem import problem_of
from flashviz.cli.quiz import quiz
from flashviz.cli.scenes import scenes as scenes_command
from flashviz.cli.slides import slides
from flashviz.errors import UsageError, VerificationError
from flashviz.interrupts import ends_orderly
from flashviz.settings import load_settings
from flashviz.version import __version__

if TYPE_CHECKING:
    from flashviz.trace import Trace

TRACE_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@cloup.group(cls=Flashviz, name="flashviz", context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="flashviz")
def main() -> None:
    """FlashAttention, replayed from a real kernel's own trace."""


@main.command()
@options.with_config
@options.with_algorithm
@options.with_source
@options.with_kernel
@cloup.option("--clock", is_flag=True, default=None, help="When, and on which SM, each event was reported. Needs a CUDA device.")
@cloup.option("--values", is_flag=True, default=None, help="Keep m, l, alpha, S, P and acc of every program after each key tile.")
@cloup.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.npz")
@options.with_json
def trace(
    out: Path, algorithm: str | None, kernel: str | None, launch: str | None, clock: bool | None, values: bool | None, as_json: bool,
    **flags: Any,
) -> None:  # fmt: skip
    """Record one forward pass and write its trace; or, with --kernel and --launch, what any Triton kernel does."""
    _check_out(out)
    recorded: Trace
    failed: VerificationError | None = None
    if kernel is None and launch is None:
        recorded = _record(algorithm, flags, clock=bool(clock), values=bool(values))
    else:
        recorded, failed = _trace_kernel(kernel, launch, options.spell({"algorithm": algorithm, "clock": clock, "values": values, **flags}))
    recorded.save(out)
    screen.show_trace(out, recorded, as_json=as_json)
    if failed is not None:
        raise failed


def _record(algorithm: str | None, flags: dict[str, Any], *, clock: bool, values: bool) -> Trace:
    asked = problem_of(algorithm, flags)
    from flashviz_kernels import record
    from flashviz_kernels.recorder import programs_of
    from flashviz_kernels.untiled import run_untiled

    with screen.status("recording"):
        if asked.algorithm.tiled:
            kept = programs_of(asked.config) if values else ()
            return record(asked.config, source=asked.source, algorithm=asked.name, snapshots=kept, clock=clock, resources=True)
        if clock or values:
            what, flag = ("a clock is read", "--clock") if clock else ("values are kept", "--values")
            raise UsageError(f"{what} by kernels that report, got {asked.name}, whose pointers are read; leave {flag} out")
        return run_untiled(asked.algorithm, asked.config, asked.source)[0]


def _trace_kernel(kernel: str | None, launch: str | None, given: str) -> tuple[Trace, VerificationError | None]:
    """Trace a kernel that is not ours; what is computed is then said by its launcher alone. With it, what the launcher found wrong."""
    if kernel is None or launch is None:
        missing = "--kernel" if kernel is None else "--launch"
        raise UsageError(f"expected both --kernel FILE.py:FUNCTION and --launch FILE.py:LAUNCHER, got no {missing}; name it")
    if given:
        raise UsageError(f"{launch} says itself what is computed; leave out {given}")
    from flashviz_kernels.any_kernel import LauncherError, load_function, trace_kernel

    with screen.status(f"tracing {kernel}"):
        try:
            return trace_kernel(load_function(kernel, "kernel"), load_function(launch, "launch")), None
        except LauncherError as error:
            return error.trace, error


@main.command()
@cloup.argument("file", type=TRACE_FILE)
@options.with_json
def info(file: Path, as_json: bool) -> None:
    """Say what a trace holds: its config or launches, its events, its bytes."""
    from flashviz.trace import load

    screen.show_trace(file, load(file), as_json=as_json)


@main.command()
@cloup.argument("file", type=TRACE_FILE, required=False)
@options.with_config
@options.with_algorithm
@options.with_source
@options.with_json
def verify(file: Path | None, algorithm: str | None, source: str | None, as_json: bool, **flags: Any) -> None:
    """Check kernel against twin, counted bytes against closed forms, and the result against float64.

    With FILE, record again from its header and compare every column.
    """
    from flashviz_kernels.verify import verify as check

    if file is not None:
        given = options.spell({"source": source, **flags})  # of an algorithm that is not here, its header has the name alone
        if given:
            raise UsageError(f"{file} says itself how it was recorded; leave out {given}")
        from flashviz.trace import Trace

        subject: Any = Trace.load(file)
    else:
        asked = problem_of(algorithm, {"source": source, **flags})
        subject, source, algorithm = asked.config, asked.source, asked.name
    with screen.status("verifying"):
        found = check(subject, source=source, algorithm=algorithm)
    screen.show_verification(found, as_json=as_json)
    if not found.ok:
        raise VerificationError(f"verification failed: {screen.failures(found)}")


@main.command()
@cloup.argument("scenes", nargs=-1, metavar="[SCENE]...")
@cloup.option("--all", "every", is_flag=True, help="All films, over the same processes.")
@cloup.option("-q", "--quality", type=click.Choice(list(options.QUALITIES)), default="m", help="480p, 720p, 1080p, 4K. [default: m]")
@options.with_config
@options.with_source
@options.with_film
@cloup.option("--cluster", metavar="ADDRESS", help="Draw with the workers of this Dask cluster, as tcp://host:8786.")
@options.with_json
@ends_orderly()
def render(
    scenes: tuple[str, ...], quality: str, media_dir: Path, as_json: bool, workers: int | None, cluster: str | None, every: bool,
    **flags: Any,
) -> None:  # fmt: skip
    """Render films (FlashAttentionScene unless others are named; KernelScene of another kernel's recording)."""
    from flashviz.catalogue import check_scenes
    from flashviz.cli.drawing import render_film
    from flashviz.cli.films import Job, cores, default_scene, every_scene, find_scenes, known_scenes
    from flashviz.cli.together import render_films

    if every and scenes:
        raise UsageError(f"--all renders every film, {', '.join(scenes)} among them; leave one out")
    if cluster is not None and workers is not None:
        raise UsageError(f"--workers {workers} are processes here, --cluster {cluster} has its own; leave one out")
    settings = load_settings(**flags)
    if settings.catalogue is not None:
        check_scenes(settings.catalogue, known_scenes())
    found = every_scene(settings) if every else find_scenes(scenes or (default_scene(settings),))
    jobs = [Job(scene, settings, options.QUALITIES[quality], media_dir.resolve()) for scene in found]
    films = render_films(jobs, workers or cores()) if cluster is None else [render_film(job, 1, cluster) for job in jobs]
    screen.show_films(films, as_json=as_json)


def _check_out(out: Path) -> None:
    """Refuse a target that cannot be written before the work is done for it."""
    if out.suffix != ".npz":
        raise UsageError(f"--out {out}: a trace is an .npz file; try {out.with_suffix('.npz')}")
    if not out.parent.is_dir():
        raise UsageError(f"--out {out}: there is no folder {out.parent}; make it first")


main.add_command(bench)
main.add_command(captions)
main.add_command(compile_command)
main.add_command(deliver_command, "deliver")
main.add_command(embed)
main.add_command(export)
main.add_command(handout)
main.add_command(lecture)
main.add_command(player)
main.add_command(quiz)
main.add_command(scenes_command)
main.add_command(slides)
