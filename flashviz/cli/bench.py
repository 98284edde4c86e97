"""``flashviz bench kernel | trace | render``: measurements, as a table or as JSON."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import click
import cloup
from rich.console import Console
from rich.table import Table

from flashviz.cli.options import QUALITIES, with_json
from flashviz.errors import UsageError, VerificationError
from flashviz.figures import MIB, amount

if TYPE_CHECKING:
    from flashviz_kernels.bench.report import Measured, Report

JSON_FILE = click.Path(dir_okay=False, path_type=Path)
FILE_WIDTH = 130  # where there is no terminal to ask
with_repeat = cloup.option("--repeat", type=click.IntRange(min=1), default=5, show_default=True, metavar="N", help="Repetitions of each.")
with_out = cloup.option("--out", type=JSON_FILE, metavar="FILE", help="Also write every figure there, as JSON.")


@cloup.group(name="bench")
def bench() -> None:
    """Measure: how fast, how much memory, at what cost."""


@bench.command()
@cloup.option("--device", type=click.Choice(["cpu", "cuda"]), help="[default: a GPU where torch sees one]")
@cloup.option("--max-n", type=click.IntRange(min=256), metavar="N", help="The longest sequence. [default: 8192 on a CPU, 16384 on a GPU]")
@cloup.option("--gradients", is_flag=True, help="Forward and backward, as in training, instead of forward alone.")
@with_repeat
@with_out
@with_json
def kernel(device: str | None, max_n: int | None, gradients: bool, repeat: int, out: Path | None, as_json: bool) -> None:
    """Time attention: this kernel and torch's on a GPU; on a CPU torch's flash back-end against standard attention."""
    _check(out)
    from flashviz_kernels.bench.attention import bench as measure

    with Console(stderr=True).status("measuring") as spinner:
        report = measure(device, max_n, repeat, lambda what: spinner.update(f"measuring {what}"), gradients=gradients)
    _finish(report, attention_table(report), out, as_json=as_json)
    wrong = [f"{each.method} at N = {each.n:,}" for each in (*report.attention, *report.training) if each.right is False]
    if wrong:
        names = ", ".join(wrong)
        raise VerificationError(f"expected results within their tolerance of float64, got others: {names}; do not use the figures")


@bench.command()
@cloup.option("--max-events", type=click.IntRange(min=1), default=2_000_000, show_default=True, metavar="N", help="Of the largest trace.")
@with_repeat
@with_out
@with_json
def trace(max_events: int, repeat: int, out: Path | None, as_json: bool) -> None:
    """Time recording: the twin's events a second and memory, the file, and what tracing adds to the interpreted kernel."""
    _check(out)
    from flashviz_kernels.bench.tracing import bench as measure

    with Console(stderr=True).status("measuring") as spinner:
        report = measure(repeat, max_events, lambda what: spinner.update(f"measuring {what}"))
    _finish(report, tracing_table(report), out, as_json=as_json)
    if report.overhead is not None and not as_json:
        both = [median(seconds) for seconds in (report.overhead.untraced, report.overhead.traced)]
        click.echo(f"interpreted kernel: {both[0]:.3f} s untraced, {both[1]:.3f} s traced, {report.overhead.ratio:.2f} x")
    for each in report.recorded:
        click.echo(
            f"pointers of {each.kernel}: {each.events:,} events, {median(each.seconds):.3f} s, {each.events_per_second:,.0f} events/s"
        )


@bench.command()
@cloup.option("--scene", metavar="SCENE", help="A whole film instead of beats 7a to 9d: FlashAttentionScene takes an hour.")
@cloup.option("-q", "--quality", type=click.Choice(list(QUALITIES)), default="h", show_default=True, help="480p, 720p, 1080p, 4K.")
@cloup.option("--repeat", type=click.IntRange(min=1), default=1, show_default=True, metavar="N", help="Renders of each.")
@with_out
@with_json
def render(scene: str | None, quality: str, repeat: int, out: Path | None, as_json: bool) -> None:
    """Time rendering: stock manim, this renderer by profile and workers, and encoding alone, on the same frames."""
    _check(out)
    from flashviz.cli.rendering import bench as measure

    with Console(stderr=True).status("measuring") as spinner:
        report = measure(scene, QUALITIES[quality], repeat, lambda what: spinner.update(f"measuring {what}"))
    _finish(report, rendering_table(report), out, as_json=as_json)


def _check(out: Path | None) -> None:
    """Refuse a target before the work is done for it."""
    if out is not None and not out.parent.is_dir():
        raise UsageError(f"--out {out}: there is no folder {out.parent}; make it first")


def _finish(report: Report, table: Table, out: Path | None, *, as_json: bool) -> None:
    from flashviz_kernels.bench.report import encoded, write

    if out is not None:
        write(report, out)
    if as_json:
        click.echo(encoded(report))
        return
    machine = report.machine
    console = Console()
    (console if console.is_terminal else Console(width=FILE_WIDTH)).print(table)
    click.echo(f"{machine.gpu or machine.processor}, {machine.cores} cores, load {machine.load} when it began; {report.how}")


def attention_table(report: Report) -> Table:
    """A row a method and problem."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("method", "N", "d", "causal", "dtype", "ms", "TFLOP/s", "of peak", "memory", "error"):
        table.add_column(name, justify="left" if name in ("method", "dtype", "causal") else "right", no_wrap=True)
    for each in (*report.attention, *report.training):
        table.add_row(each.method, f"{each.n:,}", str(each.d), "yes" if each.causal else "no", each.dtype, *_figures(each))
    return table


def _figures(each: Measured) -> tuple[str, str, str, str, str]:
    if each.unavailable is not None or each.median is None or each.tflops is None:
        return "", "", "", "", f"unavailable: {(each.unavailable or '')[:60]}"
    fraction = "" if each.peak_fraction is None else f"{each.peak_fraction:.0%}"
    memory = "" if each.peak_memory is None else amount(each.peak_memory)
    return f"{each.median * 1e3:.2f}", f"{each.tflops:.3f}", fraction, memory, f"{each.max_error:.1e}" + ("" if each.right else " WRONG")


def rendering_table(report: Report) -> Table:
    """A row a method."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("method", "encode", "workers", "s", "of stock", "real time", "of floor", "CPU s", "memory", "file", "PSNR-Y"):
        table.add_column(name, justify="left" if name in ("method", "encode") else "right", no_wrap=True)
    stock = next(each.median for each in report.renders if each.method == "stock")
    floors = {each.encode: each.median for each in report.renders if each.method == "floor"}
    for each in report.renders:
        table.add_row(
            each.method, each.encode, str(each.workers), f"{each.median:.1f}", f"{stock / each.median:.2f} x",
            f"{each.film_seconds / each.median:.2f} x", f"{each.median / floors[each.encode]:.2f} x", f"{median(each.cpu):.1f}",
            "" if each.peak_memory is None else f"{each.peak_memory / MIB:,.0f} MiB",
            "" if each.file_bytes is None else f"{each.file_bytes / MIB:.1f} MiB", "" if each.psnr is None else f"{each.psnr:.1f} dB",
        )  # fmt: skip
    return table


def tracing_table(report: Report) -> Table:
    """A row a size."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("events", "s", "events/s", "peak memory", "file", "save s", "load s"):
        table.add_column(name, justify="right")
    for each in report.twin:
        table.add_row(
            f"{each.events:,}", f"{median(each.seconds):.3f}", f"{each.events_per_second:,.0f}", amount(each.peak_memory),
            amount(each.file_bytes), f"{each.save_seconds:.2f}", f"{each.load_seconds:.2f}",
        )  # fmt: skip
    return table
