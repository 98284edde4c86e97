"""Algorithm: all that recorder, verification, compiler and benchmarks know of what is computed. They know no algorithm by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from flashviz.errors import UsageError
from flashviz.memory import Traffic
from flashviz.trace import Statement

if TYPE_CHECKING:
    from flashviz_kernels.described import Described
    from flashviz_kernels.log import EventLog, Kept
    from flashviz_kernels.problem import TraceBuffers

Named = dict[str, np.ndarray]  # arrays by name: that of the kernel's parameter, where a kernel is given them


@dataclass(frozen=True)
class Kernel:
    """A Triton kernel by its file and its name in it: nothing is imported before it is launched."""

    file: Path
    name: str


@dataclass(frozen=True)
class Call:
    """One launch: ``kernel[grid](*arguments, **constants)``."""

    kernel: Kernel
    grid: tuple[int, ...]
    arguments: tuple[Any, ...]
    constants: Mapping[str, Any] = field(default_factory=dict)

    def on(self, kernel: Any) -> None:
        """Launch it, as this kernel: interpreted or compiled, or what compiles it without running it."""
        kernel[self.grid](*self.arguments, **self.constants)


@dataclass(frozen=True)
class Bound:
    """How far an output may be from float64, and how far an untiled reference in the same precision is."""

    allowed: float
    reference_error: float


@dataclass(frozen=True)
class Reports:
    """How the kernels of an algorithm report what they do.

    Args:
        room: Buffers of each call, for a config, the values that are to be kept, and with a clock or without.
        keep: Puts the values that were written into such buffers where a recording keeps them.
        a_head: (config, launch) -> programs of a head: program p is number p % a_head of head p // a_head.
        tiles: (launch, number in its head, inner tile that an event named) -> row block i and key tile j.
        heads: (config, launch) -> heads of a batch entry that programs are told apart by: H, or H_kv where one serves a whole group; row
            block i of head g of the group is then number g T_r + i.
        clocked: They read a clock where they are asked to.
    """

    room: Callable[[Any, Kept, bool], tuple[TraceBuffers, ...]]
    keep: Callable[[Any, Kept, Sequence[TraceBuffers]], None]
    a_head: Callable[[Any, int], int]
    tiles: Callable[[int, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
    heads: Callable[[Any, int], int] = lambda config, _launch: int(config.heads)
    clocked: bool = False


Calls = Callable[[Any, Mapping[str, Any], "Sequence[TraceBuffers] | None"], tuple[Call, ...]]


@dataclass(frozen=True, kw_only=True)
class Algorithm:
    """What is computed: by a twin, and by kernels where there are any.

    Args:
        name: What it is asked for by.
        config: The type of its problem; made without arguments it is the default one.
        statements: Of a config: what its events mean, in no text yet.
        inputs: Of a config: the arrays that are given, made by the config's own recipe.
        outputs: Names of what is computed and held to float64.
        twin: (inputs, config, log, kept, **options) -> outputs by name; it reports its events to ``log``.
        text: The twin's functions: the text of its recordings, of each file from the first of them to the last.
        log: Of a config: an empty log for the twin.
        reference: (inputs, config) -> outputs in float64; and others that the algorithm does not compute.
        tolerance: (inputs, config) -> the bound of each of them.
        closed_form: Of a config: bytes that must cross, by formula.
        flops: Of a config: operations of its products, by formula; none where it has no product.
        events: Of a config: how many a recording has, by formula; at most, where values decide.
        arrays: Of a config: what lies in HBM, by name: what kernels are given. What is no input is zeros before the first launch: outputs,
            and what one launch leaves to another. None where there is no kernel, and programs have no tiles.
        calls: (config, tensors by name, buffers to report to or None) -> launches, in order. None where there is no kernel.
        reports: How the kernels report. None where their pointers alone tell what they do.
        tiled: Its programs are a row block and a head, and its events have tiles: the headers of its recordings have the config, and films
            show them.
        keeps: Its programs keep a row block on chip, whose values a recording may keep.
        altered: (words of a header, config) -> options of the twin. None where nothing can be altered.
        by_value: Where a value decides which statements run: (inputs, config) -> by name of the array in which the kernels keep how far
            each decision lies from its edge, how far two computations of that margin may lie apart. The twin then takes ``branches``
            (``flashviz_kernels.branches``) and asks them which way to go. None where events depend on no value. An array that is there
            for the trace alone is called ``trace_...``, as the kernel's parameter is: it is no traffic.
        deterministic: What its variant whose sums have one order is asked for by. None where there is none.

    Raises:
        UsageError: Its parts contradict each other.
    """

    name: str
    config: type[Any]
    statements: Callable[[Any], tuple[Statement, ...]]
    inputs: Callable[[Any], Named]
    outputs: tuple[str, ...]
    twin: Callable[..., Named]
    text: tuple[Callable[..., Any], ...]
    log: Callable[[Any], EventLog]
    reference: Callable[[Named, Any], Named]
    tolerance: Callable[[Named, Any], dict[str, Bound]]
    closed_form: Callable[[Any], Traffic]
    events: Callable[[Any], int]
    flops: Callable[[Any], int] = lambda _config: 0
    arrays: Callable[[Any], dict[str, Described]] | None = None
    calls: Calls | None = None
    reports: Reports | None = None
    tiled: bool = False
    keeps: bool = False
    altered: Callable[[str, Any], dict[str, Any]] | None = None
    by_value: Callable[[Named, Any], dict[str, float]] | None = None
    deterministic: str | None = None

    def __post_init__(self) -> None:
        """Refuse what no recorder could run."""
        if self.arrays is None and (self.calls is not None or self.tiled):
            raise UsageError(f"algorithm {self.name} must have the arrays that it works on, got calls or tiles alone; give arrays")
        if self.tiled and self.calls is not None and self.reports is None:
            raise UsageError(f"algorithm {self.name} has tiles, so its kernels must report theirs, got no reports; give them, or no tiles")

    def given(self, config: Any, inputs: Named) -> Named:
        """What kernels are given before their first launch: the inputs, and zeros."""
        described = {} if self.arrays is None else self.arrays(config)
        return inputs | {name: each.zeros() for name, each in described.items() if name not in inputs}
