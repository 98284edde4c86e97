"""The step trace: what a kernel did, event by event.

events      Kind, Event: the vocabulary
recording   Header, Snapshot, Stats, Trace: one recording, its columns and its file
state       state_at(trace, k): what is on chip and what has crossed the bus after k events
replay      replay(trace, program): every value of one program
"""

from flashviz.trace.events import Event, Kind
from flashviz.trace.recording import COMPARED, SCHEMA, Header, Snapshot, Stats, Trace
from flashviz.trace.replay import ProgramValues, replay
from flashviz.trace.state import Held, State, state_at

__all__ = [
    "COMPARED", "SCHEMA", "Event", "Header", "Held", "Kind", "ProgramValues", "Snapshot", "State", "Stats", "Trace",
    "replay", "state_at",
]  # fmt: skip
