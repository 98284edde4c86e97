"""The step trace: what a kernel did, event by event.

statements  Statement, Product, Op: what events mean
events      Kind, Event: the codes of attention's statements, one event
traffic     traffic(trace, k): bytes that crossed between HBM and the chip
executed    Executed: events and the statements that explain them, searched; what both recordings are
generic     GenericHeader, GenericTrace: what any kernel did, as its pointers say
recording   Header, Snapshot, Stats, Trace: one recording, its columns and its file
state       state_at(trace, k): what is on chip and what has crossed the bus after k events
replay      replay(trace, program): every value of one program
"""

import os

from flashviz.trace import generic, npz, recording
from flashviz.trace.events import Event, Kind
from flashviz.trace.executed import Executed
from flashviz.trace.generic import GenericEvent, GenericHeader, GenericTrace, Launch, SourceText, TensorInfo
from flashviz.trace.npz import SCHEMA
from flashviz.trace.recording import COMPARED, Header, Snapshot, Stats, Trace
from flashviz.trace.replay import ProgramValues, replay
from flashviz.trace.state import Held, State, state_at
from flashviz.trace.statements import Op, Product, Statement
from flashviz.trace.traffic import Traffic, traffic

__all__ = [
    "COMPARED", "SCHEMA", "Event", "Executed", "GenericEvent", "GenericHeader", "GenericTrace", "Header", "Held", "Kind", "Launch", "Op",
    "Product", "ProgramValues", "Snapshot", "SourceText", "State", "Statement", "Stats", "TensorInfo", "Trace", "Traffic", "load",
    "load_header", "replay", "state_at", "traffic",
]  # fmt: skip


def load(path: str | os.PathLike[str]) -> Trace | GenericTrace:
    """Read a trace file of either kind.

    Raises:
        TraceError: The file is missing, is not a trace, has another schema or is damaged.
    """
    contents = npz.Contents(path)
    if contents.raw.get("kind") == "generic":
        return generic.assembled(contents)
    return recording.assembled(contents)


def load_header(path: str | os.PathLike[str]) -> Header | GenericHeader:
    """The header of a trace file of either kind; its events are not read.

    Raises:
        TraceError: As ``load``.
    """
    raw = npz.Contents(path).raw
    return npz.typed_header(path, raw, GenericHeader) if raw.get("kind") == "generic" else npz.typed_header(path, raw, Header)
