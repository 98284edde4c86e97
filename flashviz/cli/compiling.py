"""``flashviz compile``: what the compiler makes of the kernel, for each architecture."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click
import cloup
import msgspec
from rich.console import Console
from rich.table import Table

from flashviz.cli import options
from flashviz.cli.problem import problem_of
from flashviz.cli.screen import status
from flashviz.errors import UsageError, VerificationError
from flashviz.figures import amount

if TYPE_CHECKING:
    from flashviz_kernels.compiler import Compiled


@cloup.command(name="compile")
@options.with_algorithm
@cloup.option("--kernel", type=click.Choice(["hopper"]), help="The fast one of sm_90, instead of the algorithm's own.")
@options.with_config
@options.with_json
def compile_command(algorithm: str | None, kernel: str | None, as_json: bool, **flags: Any) -> None:
    """Compile an algorithm's kernels ahead of time, without a GPU: shared memory, registers, instructions, programs an SM.

    --arch may name several architectures with commas between them; without it, the setting's.
    """
    archs = flags.pop("arch")
    wanted = None if archs is None else [arch.strip() for arch in archs.split(",")]
    if wanted is not None and "" in wanted:
        raise UsageError(f"--arch={archs}: expected names with commas between them, such as sm_80,sm_90, got an empty one; leave it out")
    asked = problem_of(algorithm, {"arch": None if wanted is None else wanted[0], **flags})
    from flashviz_kernels.compiler import compile_for

    wanted = wanted or [asked.arch]
    with status(f"compiling for {', '.join(wanted)}"):
        made = compile_for(asked.config, wanted, kernel, asked.name)
    if as_json:
        answer = {"config": asdict(asked.config), "compiled": [summary(each) for each in made]}
        click.echo(msgspec.json.format(msgspec.json.encode(answer), indent=2))
    else:
        for each in made:
            Console().print(_table(each))
    left = [each.resources.arch for each in made if each.trace_free is False]
    if left:
        raise VerificationError(f"expected TRACE=False to leave nothing of the trace, got other machine code for {', '.join(left)}")


def summary(made: Compiled) -> dict[str, Any]:
    """One architecture, in bytes."""
    found: dict[str, Any] = msgspec.to_builtins(made.resources)
    return found | {
        "kernel": made.kernel,
        "programs_per_sm": made.resources.programs,
        "instructions": made.instructions,
        "machine_instructions": made.machine_instructions,
        "trace_free": made.trace_free,
    }


def _table(made: Compiled) -> Table:
    found = made.resources
    table = Table(title=f"{made.kernel}, {found.arch}", title_justify="left", show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    table.add_row("shared memory", f"{amount(found.shared)} a program")
    for buffer in found.buffers:
        copies = f", {buffer.copies} copies" if buffer.copies > 1 else ""
        what = "scratch, " + buffer.name if buffer.scratch else buffer.name
        table.add_row("", f"{buffer.offset:>7,} B  {what}: {amount(buffer.nbytes)}{copies}")
    table.add_row("registers", f"{found.registers} a thread, {found.spilled} B spilled, {found.warps} warps")
    table.add_row("on one SM", f"{found.programs} programs at once")
    table.add_row("instructions", ", ".join(f"{name} {count}" for name, count in made.instructions.items()))
    if made.trace_free is None:
        table.add_row("machine code", f"{made.machine_instructions:,} instructions")
    else:
        same = "identical to" if made.trace_free else "differs from"
        table.add_row("TRACE=False", f"{same} a kernel without trace code, {made.machine_instructions:,} instructions")
    return table
