"""What the header of a recording records again: its events; where they depend on no value, that costs no attention."""

from __future__ import annotations

import os
from collections.abc import Mapping

import numpy as np

from flashviz.errors import TraceError, UsageError, VerificationError
from flashviz.trace import Header, Trace
from flashviz.trace.recording import check_events
from flashviz_kernels.algorithm import Algorithm
from flashviz_kernels.algorithms import recorded_by
from flashviz_kernels.recorder import run


def load_checked(path: str | os.PathLike[str], algorithm: str | Algorithm | None = None) -> Trace:
    """A recording of attention from a file, every event of which is the one that the twin reports.

    Args:
        path: The file.
        algorithm: What was computed, where that stands in a file of its own.

    Raises:
        TraceError: The file is missing, damaged or of another kind, or an event is another; the first is named.
    """
    trace = Trace.load(path)
    if trace.header.config is None:
        kernel = trace.header.kernel[:80]
        raise TraceError(f"expected a trace of attention, got {path} of kernel {kernel}; show it with flashviz render --trace")
    check_events(trace, events_again(trace.header, trace.margins, algorithm), path)
    return trace


def events_again(
    header: Header, margins: Mapping[str, np.ndarray] | None = None, algorithm: str | Algorithm | None = None
) -> Trace:  # fmt: skip
    """The events of a header's config, algorithm and, where it was altered, alteration.

    Args:
        header: Of a recording of attention.
        margins: Where values decide, those that it kept: then attention is computed again, and takes its branches.
        algorithm: As for ``load_checked``.

    Raises:
        TraceError: Its algorithm is not known, or was altered in a way that is not; or a margin is none of its own.
    """
    assert header.config is not None  # it is of attention
    try:
        chosen = recorded_by(header.algorithm, algorithm)
        computed = range(0) if chosen.by_value is None else None
        return run(header.config, source="numpy", algorithm=chosen, computed=computed, altered=header.altered, margins=margins).trace
    except (UsageError, VerificationError) as error:
        raise TraceError(f"{str(error).rpartition('; ')[0]}; record again with flashviz trace or player") from error
