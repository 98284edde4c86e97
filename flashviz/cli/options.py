"""The options that several commands share."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, get_args

import click
import cloup

from flashviz.settings import Source

MOST_WORKERS = 256  # processes; one that drew a film of 4 s took 228 MB
QUALITIES = {"l": "low_quality", "m": "medium_quality", "h": "high_quality", "k": "fourk_quality"}

Command = TypeVar("Command", bound=Callable[..., Any])


class AlgorithmName(click.types.StringParamType):
    """One of the files in ``flashviz_kernels/algorithms``, or FILE.py:NAME; whoever looks it up refuses others.

    The help lists them without importing them: it is there at once.
    """

    name = "algorithm"

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:  # noqa: ARG002  # as click asks
        """Their names."""
        spec = importlib.util.find_spec("flashviz_kernels")
        folders = [] if spec is None else spec.submodule_search_locations or []
        return "|".join(sorted(file.stem for folder in folders for file in Path(folder, "algorithms").glob("[!_]*.py"))) + "|FILE.py:NAME"


def together(*options: Callable[[Any], Any]) -> Callable[[Command], Command]:
    """Several options, in this order, and no heading over them."""

    def with_options(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return with_options


with_config = cloup.option_group(
    "CONFIG",
    cloup.option("--batch", type=int, metavar="N", help="Sequences. [default: 1]"),
    cloup.option("--heads", type=int, metavar="N", help="Query heads. [default: 1]"),
    cloup.option("--kv-heads", type=int, metavar="N", help="Key and value heads. [default: as --heads]"),
    cloup.option("--seq-len", type=int, metavar="N", help="Both lengths at once. [default: 512]"),
    cloup.option("--seq-q", type=int, metavar="N", help="Queries. [default: 512]"),
    cloup.option("--seq-k", type=int, metavar="N", help="Keys and values. [default: as --seq-q]"),
    cloup.option("--head-dim", type=int, metavar="N", help="Features a head. [default: 64]"),
    cloup.option("--block-m", type=int, metavar="N", help="Rows of a query tile. [default: 64]"),
    cloup.option("--block-n", type=int, metavar="N", help="Rows of a key tile. [default: 64]"),
    cloup.option("--dtype", type=click.Choice(["float16", "bfloat16", "float32"]), help="[default: float16]"),
    cloup.option("--causal/--no-causal", default=None, help="No query sees a later key. [default: no]"),
    cloup.option("--scale", type=float, metavar="X", help="Factor on the scores. [default: 1/sqrt(head dim)]"),
    cloup.option("--inputs", type=click.Choice(["structured", "gaussian"]), help="Recipe. [default: structured]"),
    cloup.option("--seed", type=int, metavar="N", help="Of the inputs."),
    cloup.option("--arch", metavar="sm_NN", help="GPU whose memory is shown. [default: sm_90]"),
    cloup.option("--stages", type=int, metavar="N", help="K and V tiles in flight. [default: 2]"),
    help="What is computed. Also settings: flashviz.toml and FLASHVIZ_* are read.",
)
with_algorithm = together(  # the second one is among the flags that ``problem_of`` is given
    cloup.option("--algorithm", type=AlgorithmName(), help="What is computed; FILE.py:NAME is an Algorithm of your own. [default: fa2]"),
    cloup.option("--deterministic", is_flag=True, default=None, help="Its variant whose sums have one order: backward has one."),
)
with_source = cloup.option(
    "--source",
    type=click.Choice(get_args(Source)),
    help="The Triton kernel or its NumPy twin. [default: triton where it is installed]",
)
with_kernel = cloup.option_group(
    "ANY KERNEL",
    cloup.option("--kernel", metavar="FILE.py:FUNCTION", help="A Triton kernel, traced unedited in Triton's interpreter."),
    cloup.option("--launch", metavar="FILE.py:LAUNCHER", help="LAUNCHER(kernel) makes its arrays and calls kernel[grid](...)."),
    help="Instead of the config.",
)
with_film = together(  # how a film looks, who draws it, and where it is kept
    cloup.option("--trace", type=click.Path(exists=True, dir_okay=False), metavar="FILE.npz", help="Show this recording."),
    cloup.option("--theme", type=click.Choice(["dark", "light"]), help="[default: dark]"),
    cloup.option("--captions/--no-captions", default=None, help="Captions in the picture. [default: yes]"),
    cloup.option("--catalogue", metavar="FILE.toml|LANGUAGE", help="Captions in another language. [default: English]"),
    cloup.option("--pauses/--no-pauses", default=None, help="Stills with a question. [default: yes]"),
    cloup.option("--aspect", type=click.Choice(["16:9", "4:3", "1:1", "9:16"]), help="[default: 16:9]"),
    cloup.option("--encode", type=click.Choice(["same", "fast"]), help="As manim encodes, or in a third of the time. [default: same]"),
    cloup.option("--workers", type=click.IntRange(1, MOST_WORKERS), metavar="N", help="Processes that draw. [default: the cores]"),
    cloup.option("--media-dir", type=click.Path(file_okay=False, path_type=Path), default=Path("media"), help="[default: media]"),
)
with_json = cloup.option("--json", "as_json", is_flag=True, help="One JSON object on standard output, in bytes.")


def spell(values: dict[str, Any]) -> str:
    """The options that were given, as they are typed."""
    return ", ".join("--" + name.replace("_", "-") for name, value in values.items() if value is not None)
