"""The step trace: what a kernel did, event by event.

statements  Statement, Product, Op: what events mean
events      Kind, Event: the codes of attention's statements, one event
traffic     traffic(trace, k): bytes that crossed between HBM and the chip
header      Header, Launch, SourceText, TensorInfo: where a recording comes from
parts       Parts: elements of accesses that are no whole box
values      Snapshot, Stats: values of attention's programs that were kept
reading     read(path): the file, checked
recording   Trace: one recording of whatever kernel, its columns, how it is searched
kept        values_of(trace, ...): what was kept of what is on chip
state       state_at(trace, k): what is on chip and what has crossed the bus after k events
replay      replay(trace, program): every value of one program
"""

import os

from flashviz.trace.events import Event, Kind
from flashviz.trace.header import Header, Launch, SourceText, TensorInfo
from flashviz.trace.npz import SCHEMA, Contents
from flashviz.trace.parts import Parts
from flashviz.trace.reading import COMPARED, header_in
from flashviz.trace.recording import Trace
from flashviz.trace.replay import ProgramValues, replay
from flashviz.trace.state import Held, State, state_at
from flashviz.trace.statements import Op, Product, Statement
from flashviz.trace.traffic import traffic
from flashviz.trace.values import Snapshot, Stats

__all__ = [
    "COMPARED", "SCHEMA", "Event", "Header", "Held", "Kind", "Launch", "Op", "Parts", "Product", "ProgramValues", "Snapshot", "SourceText",
    "State", "Statement", "Stats", "TensorInfo", "Trace", "load", "load_header", "replay", "state_at", "traffic",
]  # fmt: skip

load = Trace.load


def load_header(path: str | os.PathLike[str]) -> Header:
    """The header of a trace file; its events are not read.

    Raises:
        TraceError: As ``load``.
    """
    return header_in(Contents(path))
