"""What the header of a recording records again: its events, which depend on no value; so it costs no attention."""

from __future__ import annotations

import os

from flashviz.errors import TraceError, UsageError
from flashviz.trace import Header, Trace
from flashviz.trace.recording import check_events
from flashviz_kernels.algorithms import named
from flashviz_kernels.recorder import run


def load_checked(path: str | os.PathLike[str]) -> Trace:
    """A recording of attention from a file, every event of which is the one that the twin reports.

    Raises:
        TraceError: The file is missing, damaged or of another kind, or an event is another; the first is named.
    """
    trace = Trace.load(path)
    if trace.header.config is None:
        kernel = trace.header.kernel[:80]
        raise TraceError(f"expected a trace of attention, got {path} of kernel {kernel}; show it with flashviz render --trace")
    check_events(trace, events_again(trace.header), path)
    return trace


def events_again(header: Header) -> Trace:
    """The events of a header's config, algorithm and, where it was altered, alteration.

    Raises:
        TraceError: Its algorithm is not known, or was altered in a way that is not.
    """
    assert header.config is not None  # it is of attention
    try:
        return run(header.config, source="numpy", algorithm=named(header.algorithm), computed=range(0), altered=header.altered).trace
    except UsageError as error:
        raise TraceError(f"{str(error).rpartition('; ')[0]}; record again with flashviz trace or player") from error
