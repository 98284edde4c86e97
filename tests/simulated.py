"""A recording whose times are made up, and which says so: for tests. Films refuse it."""

from __future__ import annotations

import heapq

import msgspec
import numpy as np

from flashviz.config import AttentionConfig
from flashviz.device import Resources
from flashviz.trace import Trace
from flashviz_kernels import record

ALTERED = "times are simulated"


def simulated(config: AttentionConfig, *, sms: int, places: int, seed: int) -> Trace:
    """The twin's events at random times: each program on the place that is free first, some of its reports at the same time."""
    trace = record(config, source="numpy")
    random = np.random.default_rng(seed)
    free = [(int(random.integers(0, 50)), sm, place) for sm in range(sms) for place in range(places)]
    heapq.heapify(free)
    times, where = np.zeros(len(trace), np.int64), np.zeros(len(trace), np.int64)
    for first, stop in zip(trace.bounds[:-1].tolist(), trace.bounds[1:].tolist(), strict=True):
        start, sm, place = heapq.heappop(free)
        times[first:stop] = start + np.cumsum([0, *random.integers(0, 40, stop - first - 1)])
        where[first:stop] = sm
        heapq.heappush(free, (int(times[stop - 1]) + int(random.integers(0, 20)), sm, place))
    resources = Resources(arch="sm_90", shared=0, buffers=(), registers=173, spilled=0, warps=4, stages=2)
    header = msgspec.structs.replace(trace.header, clock="simulated, ns", altered=ALTERED, resources=resources)
    return Trace(header, trace.columns | {"t_ns": times - times.min(), "sm": where})
