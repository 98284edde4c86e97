"""m, l, alpha, S, P and acc of what is on chip, as far as a recording kept them: of programs that keep a row block there."""

# l and O are the symbols of the papers

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from flashviz.errors import TraceError
from flashviz.trace.events import Kind
from flashviz.trace.recording import Trace
from flashviz.trace.values import Snapshot


def values_of(trace: Trace, first: int, k: int, held: Mapping[str, int]) -> dict[str, np.ndarray]:
    """Arrays by the names of ``State``'s fields, after events ``first`` to ``k`` - 1 of a program. The statement that made a tile decides.

    Args:
        trace: The recording.
        first: The program's first event.
        k: One past the last event.
        held: Product on chip -> the event that made it.
    """
    if not trace.snapshots and trace.stats is None:
        return {}
    last = trace[k - 1]
    kept = trace.snapshots.get((last.pid_m, last.pid_bh))
    statistics: list[np.ndarray] | None = None
    if kept is not None:
        statistics = [kept.m, kept.l, kept.alpha]
    elif trace.stats is not None:
        rows = slice(trace[first].r0, trace[first].r1)
        statistics = [array[last.pid_bh, :, rows] for array in (trace.stats.m, trace.stats.l, trace.stats.alpha)]
    if statistics is None:
        return {}
    values: dict[str, Any] = {}
    for name, kind, array in zip(("m", "l", "alpha"), (Kind.SOFTMAX_M, Kind.SOFTMAX_L, Kind.ALPHA), statistics, strict=True):
        made = held.get(name.upper())
        if made is not None and trace.columns["kind"][made] == kind:
            values[name] = array[_tile(trace, first, made)]
    if kept is None:
        return values
    unmasked = "S" in held and _makes(trace, k - 1) == _makes(trace, k) == "S"
    for name, array in (("s", kept.s), ("p", kept.p)):
        if name.upper() in held and not unmasked:  # scores before their mask are not kept
            values[name] = array[_tile(trace, first, held[name.upper()])][:, : _keys(trace, last.j)]
    if "ACC" in held:
        values["acc"] = _acc(trace, kept, first, held["ACC"])
    return values


def _tile(trace: Trace, first: int, event: int) -> int:
    """Which of its program's visited tiles an event is of: each begins with its scores. How often the statement ran does not say it: it
    may have been skipped."""
    return trace.count(Kind.QK_DOT, first, event + 1) - 1


def _makes(trace: Trace, event: int) -> str | None:
    """What an event leaves on chip."""
    made = trace.statements[int(trace.columns["kind"][event])].makes
    return None if made is None else made.name


def _keys(trace: Trace, j: int) -> int:
    """Keys of tile j, clipped at N_k."""
    return min(trace.config.block_n, trace.config.seq_k - j * trace.config.block_n)


def _acc(trace: Trace, kept: Snapshot, first: int, made: int) -> np.ndarray:
    """acc as event ``made`` left it: what was added, alpha times that, or O."""
    added = trace.count(Kind.PV_DOT, first, made + 1)
    before_it = kept.acc[added - 1] if added else np.zeros(kept.acc.shape[1:], np.float32)
    match int(trace.columns["kind"][made]):
        case Kind.PV_DOT:
            return np.asarray(before_it)
        case Kind.RESCALE_ACC:
            return np.asarray(before_it * kept.alpha[added][:, None])
        case Kind.NORMALIZE:
            total = kept.l[-1][:, None] if added else np.zeros((len(before_it), 1), np.float32)
            return np.asarray(before_it / np.where(total == 0, 1, total))
    raise TraceError(f"expected acc made by one of three statements of fa2, got kind {trace.columns['kind'][made]} in event {made:,}")
