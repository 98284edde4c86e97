"""A timeline as a file of Perfetto's own format, for ui.perfetto.dev: TracePackets with TrackEvents, in protobuf.

Field numbers are those of protos/perfetto/trace/perfetto_trace.proto; perfetto.dev/docs/reference/synthetic-track-event says what the
packets mean. The format is written here, and not by the ``perfetto`` package, which builds one packet after the other in Python: a million
events would take minutes, and a plain install two packages more. Tests read the files back with that package.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import numpy as np

from flashviz.export.protobuf import Rows, message, number, one, text
from flashviz.export.timeline import Numbers, Texts, Timeline
from flashviz.files import beside

CHUNK = 1 << 15  # slices that are encoded at once

PACKET = 1  # of Trace
TIMESTAMP, SEQUENCE, TRACK_EVENT, INTERNED, FLAGS, DESCRIPTOR = 8, 10, 11, 12, 13, 60  # of TracePacket
ANNOTATION, TYPE, NAME_IID, TRACK, COUNTER_VALUE = 4, 9, 10, 11, 30  # of TrackEvent
ANNOTATION_NAME_IID, UINT, STRING_IID = 1, 3, 17  # of DebugAnnotation
EVENT_NAMES, ANNOTATION_NAMES, STRINGS = 2, 3, 29  # of InternedData; each has iid = 1 and its text = 2
UUID, NAME, PROCESS, PARENT, COUNTER, ORDERING, RANK = 1, 2, 3, 5, 8, 11, 12  # of TrackDescriptor
PID, PROCESS_NAME, UNIT = 1, 6, 3  # of ProcessDescriptor and CounterDescriptor
BEGIN, END, COUNT = 1, 2, 4  # TrackEvent.Type
BYTES, EXPLICIT = 3, 3  # CounterDescriptor.Unit, TrackDescriptor.ChildTracksOrdering
CLEARED, NEEDED = 1, 2  # TracePacket.SequenceFlags: texts are numbered anew from here on; a packet uses such numbers


def write_perfetto(timeline: Timeline, path: str | os.PathLike[str]) -> None:
    """Write ``timeline``, beside its place first and then renamed.

    Raises:
        UsageError: The path cannot be written.
    """
    with beside(path) as partial, partial.open("wb") as file:
        for packets in _packets(timeline):
            file.write(packets)


def _packets(timeline: Timeline) -> Iterator[bytes]:
    """The file, in pieces."""
    strings: dict[str, int] = {}  # text -> iid; 0 is none
    for arg in timeline.args.values():
        for string in arg.texts if isinstance(arg, Texts) else ():
            strings.setdefault(string, len(strings) + 1)
    yield _interned(timeline, strings)
    processes = range(1, len(timeline.processes) + 1)
    tracks = np.arange(len(timeline.tracks)) + processes.stop  # uuids
    counters = range(processes.stop + len(tracks), processes.stop + len(tracks) + len(timeline.counters))
    for uuid, name in zip(processes, timeline.processes, strict=True):
        yield _described(one(UUID, uuid) + message(PROCESS, one(PID, uuid) + text(PROCESS_NAME, name)) + one(ORDERING, EXPLICIT))
    for rank, (uuid, (process, name)) in enumerate(zip(tracks.tolist(), timeline.tracks, strict=True)):
        yield _described(one(UUID, uuid) + text(NAME, name) + one(PARENT, process + 1) + one(RANK, rank))
    for uuid, (name, counter) in zip(counters, timeline.counters.items(), strict=True):
        yield _described(one(UUID, uuid) + text(NAME, name) + message(COUNTER, one(UNIT, BYTES)))
        for first in range(0, len(counter.at), CHUNK):
            part = slice(first, first + CHUNK)
            at, values = counter.at[part], counter.values[part]
            event = _all(TYPE, COUNT, at) + _all(TRACK, uuid, at) + number(COUNTER_VALUE, values)
            yield _event(at, event).tobytes()
    for first in range(0, len(timeline), CHUNK):
        yield _slices(timeline, slice(first, first + CHUNK), tracks, strings)


def _slices(timeline: Timeline, part: slice, tracks: np.ndarray, strings: dict[str, int]) -> bytes:
    """Begin and end of each slice."""
    start, uuid = timeline.start[part], tracks[timeline.track[part]]
    begin = _all(TYPE, BEGIN, start) + number(NAME_IID, timeline.names.index[part] + 1) + number(TRACK, uuid)
    for name_iid, arg in enumerate(timeline.args.values(), 1):
        begin += _annotation(name_iid, arg, part, strings)
    ends = _event(timeline.stop[part], _all(TYPE, END, start) + number(TRACK, uuid))
    return (_event(start, begin) + ends).tobytes()


def _annotation(name_iid: int, arg: Texts | Numbers, part: slice, strings: dict[str, int]) -> Rows:
    """One argument of each slice; nothing where a slice has none."""
    if isinstance(arg, Texts):
        index = arg.index[part]
        present, content = index >= 0, number(STRING_IID, np.array([*map(strings.__getitem__, arg.texts), 0])[index])
    else:
        present = arg.present[part]
        content = number(UINT, np.where(present, arg.values[part], 0))
    return message(ANNOTATION, _all(ANNOTATION_NAME_IID, name_iid, present) + content).where(present)


def _event(at: np.ndarray, event: Rows) -> Rows:
    """Packets with a TrackEvent each."""
    packet = number(TIMESTAMP, at) + _all(SEQUENCE, 1, at) + _all(FLAGS, NEEDED, at) + message(TRACK_EVENT, event)
    return message(PACKET, packet)


def _all(field: int, value: int, like: np.ndarray) -> Rows:
    """The same number in every message."""
    return number(field, np.full(len(like), value))


def _described(descriptor: Rows) -> bytes:
    """A packet that says what a track is."""
    return message(PACKET, one(SEQUENCE, 1) + message(DESCRIPTOR, descriptor)).tobytes()


def _interned(timeline: Timeline, strings: dict[str, int]) -> bytes:
    """The first packet: texts that later ones give by their number."""
    numbered = [(EVENT_NAMES, iid, name) for iid, name in enumerate(timeline.names.texts, 1)]
    numbered += [(ANNOTATION_NAMES, iid, name) for iid, name in enumerate(timeline.args, 1)]
    numbered += [(STRINGS, iid, string) for string, iid in strings.items()]
    content = b"".join(message(kind, one(1, iid) + text(2, string)).tobytes() for kind, iid, string in numbered)
    interned = Rows(np.frombuffer(content, np.uint8)[None, :], np.ones((1, len(content)), bool))
    return message(PACKET, one(SEQUENCE, 1) + one(FLAGS, CLEARED | NEEDED) + message(INTERNED, interned)).tobytes()
