"""What the header of a recording records again: its events, which depend on no value; so it costs no attention."""

from __future__ import annotations

import os

from flashviz.errors import TraceError
from flashviz.trace import Header, Trace
from flashviz.trace.recording import NO_RESCALE, check_events
from flashviz_kernels.altered import IN_ORDER, in_order, without_rescale
from flashviz_kernels.recorder import run


def load_checked(path: str | os.PathLike[str]) -> Trace:
    """A recording of attention from a file, every event of which is the one that the twin reports.

    Raises:
        TraceError: The file is missing, damaged or of another kind, or an event is another; the first is named.
    """
    trace = Trace.load(path)
    check_events(trace, events_again(trace.header), path)
    return trace


def events_again(header: Header) -> Trace:
    """The events of a header's config, algorithm and, where it was altered, alteration.

    Raises:
        TraceError: It was altered in a way that is not known.
    """
    config, altered = header.config, header.altered
    if altered is None:
        return run(config, source="numpy", algorithm=header.algorithm, computed=range(0)).trace
    if altered == NO_RESCALE:
        return without_rescale(config, ()).trace
    order = altered.removeprefix(IN_ORDER).split(", ")
    if not altered.startswith(IN_ORDER) or sorted(order) != sorted(map(str, range(config.col_blocks))):
        raise TraceError(f"expected an alteration that is known, got {altered[:80]!r}; record again with flashviz player")
    return in_order(config, [int(j) for j in order], ()).trace
