"""What a person or a program reads: tables in KiB, or one JSON object in bytes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from flashviz.figures import KIB, kib
from flashviz.interrupts import uninterrupted

if TYPE_CHECKING:
    from flashviz.cli.films import Rendered
    from flashviz.trace import Trace
    from flashviz_kernels.verify import Verification

OnProgress = Callable[[float, float], None]


def printable(text: str) -> str:
    """Text in which no sign steers a terminal or turns its direction: names come from files of others."""
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


def _text(said: str) -> Text:
    """The same for rich, which reads brackets in a ``str`` as its markup."""
    return Text(printable(said))


def status(doing: str) -> AbstractContextManager[Any]:
    """A spinner on standard error while something is being done; silent where that is no terminal."""
    return Console(stderr=True).status(_text(f"{doing} ..."))


@contextmanager
def film_progress(name: str) -> Iterator[OnProgress]:
    """A bar on standard error, fed with seconds of film done and to be done; the estimate follows from their pace."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[film]}"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True, force_jupyter=False)) as progress:  # whose widgets need ipywidgets
        task = progress.add_task(f"{name}: traces", total=None, film="")

        def on_progress(done: float, total: float) -> None:
            done = min(done, total)  # the film's length: frames round each play up, and some play may be drawn twice
            film = f"{done:.0f} of {total:.0f} s of film"
            with uninterrupted():  # the bar's thread shares its lock
                progress.update(task, description=name, completed=done, total=total, film=film)

        try:
            yield on_progress
        except BaseException:
            progress.live.transient = True  # what went wrong is said in one line, not after a bar
            progress.live.stop()
            progress.disable = True
            raise


def show_trace(path: Path, trace: Trace, *, as_json: bool) -> None:
    """What a trace holds."""
    generic = trace.header.config is None
    summary = (_generic_summary if generic else _trace_summary)(path, trace)
    if as_json:
        _print_json(summary)
        return
    table = _table(_text(str(path)))
    for name, value in (_generic_rows if generic else _attention_rows)(summary):
        table.add_row(name, _text(value))
    table.add_row("hash", summary["hash"])
    Console().print(table)


def _attention_rows(summary: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "algorithm", f"{summary['algorithm']} ({summary['source']})"
    yield "config", "  ".join(f"{name}={value}" for name, value in summary["config"].items())
    yield "events", f"{summary['events']:,}"
    yield from _traffic_rows(summary)
    yield "on-chip peak", kib(summary["sram_peak"])


def _generic_rows(summary: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "kernel", f"{summary['kernel']} ({summary['source']})"
    for launch in summary["launches"]:
        given = "  ".join(f"{name}={value}" for name, value in launch["arguments"].items())
        yield "launch", f"{launch['kernel']}  grid {' x '.join(map(str, launch['grid']))}  {given}".strip()
    for tensor in summary["tensors"]:
        shape, strides = tensor["shape"], tuple(tensor["strides"])
        seen = "" if strides == row_major(shape) else f"  strides {' x '.join(map(str, strides))}"
        yield "tensor", f"{tensor['name']}  {' x '.join(map(str, shape)) or 'one element'}  {tensor['dtype']}{seen}"
    parts = ", ".join(f"{count:,} {op.lower().replace('_', ' ')}" for op, count in summary["operations"].items())
    programs = f"{summary['programs']:,} program{'' if summary['programs'] == 1 else 's'}"
    yield "events", f"{summary['events']:,} in {programs}  ({parts})" if parts else "none"
    yield from _traffic_rows(summary)
    yield "flops of dots", f"{summary['flops']:,}"


def row_major(shape: Sequence[int]) -> tuple[int, ...]:
    """Strides in elements of an array without gaps, its last axis the innermost."""
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


def _traffic_rows(summary: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for direction in ("read", "written"):
        parts = summary[f"hbm_{direction}_by_tensor"]
        each = ", ".join(f"{tensor} {_size(count)}" for tensor, count in parts.items())
        yield f"HBM {direction}", f"{_size(summary[f'hbm_{direction}'])}  ({each})" if each else "nothing"


def _size(nbytes: int) -> str:
    """Bytes as bytes below a KiB."""
    return kib(nbytes) if nbytes >= KIB else f"{nbytes:,} B"


def _generic_summary(path: Path, trace: Trace) -> dict[str, Any]:
    from flashviz.memory import traffic
    from flashviz.trace import Op

    moved = traffic(trace)
    counts = {op.name: sum(len(trace.places[each.code]) for each in trace.statements.values() if each.op == op) for op in Op}
    header = trace.header
    return {
        "path": str(path),
        "kind": "generic",
        "kernel": header.kernel,
        "launcher": header.algorithm,
        "source": header.source,
        "launches": [{"kernel": each.kernel, "grid": each.grid, "arguments": each.arguments} for each in header.launches],
        "tensors": [{"name": each.name, "shape": each.shape, "strides": each.strides, "dtype": each.dtype} for each in header.tensors],
        "events": len(trace),
        "programs": len(trace.spans),
        "operations": {name: count for name, count in counts.items() if count},
        "hbm_read": moved.total_read,
        "hbm_written": moved.total_written,
        "hbm_read_by_tensor": moved.read,
        "hbm_written_by_tensor": moved.written,
        "flops": int(trace.columns["flops"].sum()),
        "hash": trace.hash,
        "kernel_hash": header.kernel_hash,
    }


def _trace_summary(path: Path, trace: Trace) -> dict[str, Any]:
    from flashviz.memory import sram_peak, traffic

    moved = traffic(trace)
    return {
        "path": str(path),
        "algorithm": trace.header.algorithm,
        "source": trace.header.source,
        "config": trace.config.to_dict(),
        "events": len(trace),
        "hbm_read": sum(moved.read.values()),
        "hbm_written": sum(moved.written.values()),
        "hbm_read_by_tensor": moved.read,
        "hbm_written_by_tensor": moved.written,
        "sram_peak": sram_peak(trace),
        "hash": trace.hash,
        "inputs_hash": trace.header.inputs_hash,
        "kernel_hash": trace.header.kernel_hash,
    }


def show_verification(found: Verification, *, as_json: bool) -> None:
    """What was checked, against what, and how it came out."""
    if as_json:
        _print_json(found.as_dict())
        return
    how = ("ok", "green") if found.ok else ("failed", "red")
    table = _table(_text(f"{found.algorithm}, {found.checked}: ").append(*how))
    if found.twin_equals_kernel is not None:
        kernel = "kernel's pointers" if found.checked == "pointers" else "kernel"
        table.add_row(f"twin = {kernel}", f"{_yes(found.twin_equals_kernel)}, {found.events:,} events")
    if found.kernel_equals_pointers is not None:
        table.add_row("kernel = its pointers", _yes(found.kernel_equals_pointers))
    if found.file_equals_recording is not None:
        table.add_row("file = recording", _yes(found.file_equals_recording))
    for at, (name, each) in enumerate(found.outputs.items()):
        if each.error is not None:
            table.add_row(_text(f"error of {name}") if at else "error", f"{each.error:.3g}, allowed {each.allowed:.3g}")
    table.add_row("HBM read", f"{_size(found.hbm_read)}, closed form {_size(found.closed_form_read)}")
    table.add_row("HBM written", f"{_size(found.hbm_written)}, closed form {_size(found.closed_form_written)}")
    if found.flops:
        table.add_row("flops of dots", f"{found.flops:,}, closed form {found.closed_form_flops:,}")
    if found.sram_peak is not None:
        table.add_row("on-chip peak", kib(found.sram_peak))
    Console().print(table)


def failures(found: Verification) -> str:
    """Which of the checks failed, in words."""
    bytes_hold = found.bytes_equal_by_tensor and (found.hbm_read, found.hbm_written) == (
        found.closed_form_read,
        found.closed_form_written,
    )
    said = "" if found.kernel_equals_pointers is False else f": {found.disagreement}"
    checks = {
        f"twin and kernel differ{said}": found.twin_equals_kernel is not False,
        f"the kernel reports what its pointers do not: {found.disagreement}": found.kernel_equals_pointers is not False,
        "the file is not what its header records again": found.file_equals_recording is not False,
        **{
            f"{f'{name} ' if at else ''}error {each.error:.3g} over {each.allowed:.3g}": each.holds
            for at, (name, each) in enumerate(found.outputs.items())
            if each.error is not None
        },
        "bytes are not the closed forms'": bytes_hold,
        f"{found.flops:,} FLOPs are not the closed form's {found.closed_form_flops:,}": found.flops == found.closed_form_flops,
    }
    return "; ".join(what for what, holds in checks.items() if not holds)


def show_films(films: list[Rendered], *, as_json: bool) -> None:
    """Where the films are and what they show."""
    if as_json:
        _print_json({"films": [_film_summary(rendered) for rendered in films]})
        return
    for rendered in films:
        click.echo(rendered.film.path)


def _film_summary(rendered: Rendered) -> dict[str, Any]:
    film = rendered.film
    return {
        "scene": rendered.scene,
        "path": str(film.path.resolve()),
        "seconds": film.seconds,
        "frames": film.frames,
        "width": film.width,
        "height": film.height,
        "traces": rendered.provenance,
    }


def _table(title: Text) -> Table:
    table = Table(title=title, title_justify="left", show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    return table


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _print_json(value: dict[str, Any]) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))
