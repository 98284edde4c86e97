"""Addresses do not lie: what the attention kernel reports of itself, held to what its pointers, products and reductions say."""

from __future__ import annotations

import numpy as np

from flashviz.config import AttentionConfig, padded_head_dim
from flashviz.trace import Op, Trace
from flashviz_kernels.algorithm import Algorithm
from flashviz_kernels.algorithms import DEFAULT, find
from flashviz_kernels.auditor import Auditor
from flashviz_kernels.recorder import run

# what the interpreter is seen to do; elementwise arithmetic it does not show
SHOWN = frozenset({Op.LOAD, Op.STORE, Op.ATOMIC, Op.ATOMIC_LOAD, Op.DOT, Op.REDUCE, Op.SCAN})
COMPARED = ("program", "op", "tensor", "batch", "head", "r0", "r1", "c0", "c1", "nbytes", "m", "n", "k", "line", "launch")


def pointers_of(config: AttentionConfig, algorithm: str | Algorithm = DEFAULT) -> Trace:
    """The kernels, interpreted on a config's inputs and traced as any kernel is. Their own trace buffers are held to their bounds only.

    Raises:
        VerificationError: One touched what is no element of its arrays.
        MissingPartError: triton is missing.
    """
    auditor = Auditor(quiet=lambda parameter: parameter.startswith("trace_"))
    with auditor.watching():
        run(config, source="triton", algorithm=algorithm)
    return auditor.trace("record")


def first_disagreement(trace: Trace, seen: Trace, algorithm: str | Algorithm = DEFAULT) -> str | None:
    """The first event that is not reported as its pointers have it, in words; None where there is none."""
    said, shown = _reported(trace, seen, find(algorithm)), _observed(seen)
    if said.shape != shown.shape:
        return f"{len(said):,} events reported, {len(shown):,} seen"
    wrong = np.flatnonzero((said != shown).any(axis=1))
    if not len(wrong):
        return None
    at = int(wrong[0])
    pairs = zip(COMPARED, said[at].tolist(), shown[at].tolist(), strict=True)
    what = ", ".join(f"{name} {mine} where the pointers say {theirs}" for name, mine, theirs in pairs if mine != theirs)
    return f"program {said[at][0]}, {Op(int(said[at][1])).name.lower()} {at:,} of {len(said):,}: {what}"


def _reported(trace: Trace, seen: Trace, algorithm: Algorithm) -> np.ndarray:
    """One row of ``COMPARED`` for each event that can be seen, from the kernels' own report."""
    c, reports = trace.config, algorithm.reports
    assert reports is not None  # a kernel has reported
    shown = trace.of_events(lambda each: each.op in SHOWN)
    events = {name: column[shown].astype(np.int64) for name, column in trace.columns.items()}
    sides = {"BLOCK_M": c.block_m, "BLOCK_N": c.block_n, "BLOCK_D": padded_head_dim(c.head_dim)}
    at, heads = seen.tensor_at, [info.shape[1] if len(info.shape) > 1 else 1 for info in seen.header.tensors]
    tensor = trace.of_events(lambda each: -1 if each.tensor is None else at.get(each.tensor, len(at)))[shown]
    op, line = (trace.of_events(value)[shown] for value in (lambda each: int(each.op), lambda each: each.line))
    dims = {each.code: [sides[name] for name in each.dims] for each in trace.statements.values()}
    shape = trace.of_events(lambda each: [1] * (3 - len(dims[each.code])) + dims[each.code] if each.dims else [0] * 3)[shown]
    pid_bh, moves = events["pid_bh"], tensor >= 0
    of_tensor = np.array([*heads, 1, 1])[tensor]  # H / H_kv query heads read one key head
    box = [events[name] for name in ("r0", "r1", "c0", "c1", "nbytes")]
    launches = range(1 + int(events["launch"].max(initial=0)))
    a_head, of_program = (np.array([of(c, launch) for launch in launches])[events["launch"]] for of in (reports.a_head, reports.heads))
    query_head = pid_bh % of_program * (c.heads // of_program) + np.maximum(events["i"], 0) // c.row_blocks
    where = [pid_bh // of_program, query_head // (c.heads // of_tensor), *box]
    return np.stack([
        pid_bh * a_head + events["pid_m"], op, tensor,
        *(np.where(moves, column, 0) for column in where), *shape.T, line, events["launch"],
    ], axis=1)  # fmt: skip


def _observed(seen: Trace) -> np.ndarray:
    """The same rows, from what the auditor saw. Tensors have the axes [B, H, N, d], or [B, H, N], which is one column."""
    columns, tensor = seen.columns, seen.tensors
    moves = tensor >= 0
    axes = np.array([*(len(info.shape) for info in seen.header.tensors), 0])[tensor]
    box = np.where(moves[:, None, None], seen.boxes(), 0)
    batch, head, rows = box[:, 0], box[:, 1], box[:, 2]
    cols = np.where((axes == 3)[:, None], [0, 1], box[:, 3])
    several = moves & ((batch[:, 1] - batch[:, 0] != 1) | (head[:, 1] - head[:, 0] != 1))  # a tile is of one head; -1 agrees with nothing
    shape = np.where(moves[:, None], 0, seen.blocks()[:, -3:])
    return np.stack([
        columns["pid_x"], seen.ops, tensor, np.where(several, -1, batch[:, 0]), head[:, 0],
        *rows.T, *cols.T, np.where(moves, columns["nbytes"], 0), *shape.T, seen.of_events(lambda each: each.line), columns["launch"],
    ], axis=1).astype(np.int64)  # fmt: skip
