"""Addresses do not lie: what the attention kernel reports of itself, held to what its pointers, products and reductions say."""

from __future__ import annotations

import numpy as np

from flashviz.config import AttentionConfig, padded_head_dim
from flashviz.trace import GenericTrace, Op, Trace
from flashviz_kernels.auditor import Auditor
from flashviz_kernels.recorder import run

SHOWN = frozenset({Op.LOAD, Op.STORE, Op.DOT, Op.REDUCE})  # what the interpreter is seen to do; elementwise arithmetic it does not show
TENSORS = ("Q", "K", "V", "O", "LSE")
COMPARED = ("program", "op", "tensor", "batch", "head", "r0", "r1", "c0", "c1", "nbytes", "m", "n", "k", "line")


def pointers_of(config: AttentionConfig) -> GenericTrace:
    """The kernel, interpreted on a config's inputs and traced as any kernel is. Its own trace buffers are held to their bounds only.

    Raises:
        VerificationError: It touched what is no element of its arrays.
        MissingPartError: triton is missing.
    """
    auditor = Auditor(quiet=lambda parameter: parameter.startswith("trace_"))
    with auditor.watching():
        run(config, source="triton")
    return auditor.trace("record")


def first_disagreement(trace: Trace, seen: GenericTrace) -> str | None:
    """The first event that is not reported as its pointers have it, in words; None where there is none."""
    said, shown = _reported(trace), _observed(seen)
    if said.shape != shown.shape:
        return f"{len(said):,} events reported, {len(shown):,} seen"
    wrong = np.flatnonzero((said != shown).any(axis=1))
    if not len(wrong):
        return None
    at = int(wrong[0])
    pairs = zip(COMPARED, said[at].tolist(), shown[at].tolist(), strict=True)
    what = ", ".join(f"{name} {mine} where the pointers say {theirs}" for name, mine, theirs in pairs if mine != theirs)
    return f"program {said[at][0]}, {Op(int(said[at][1])).name.lower()} {at:,} of {len(said):,}: {what}"


def _reported(trace: Trace) -> np.ndarray:
    """One row of ``COMPARED`` for each event that can be seen, from the kernel's own report."""
    c = trace.config
    shown = trace.of_events(lambda each: each.op in SHOWN)
    events = {name: column[shown].astype(np.int64) for name, column in trace.columns.items()}
    sides = {"BLOCK_M": c.block_m, "BLOCK_N": c.block_n, "BLOCK_D": padded_head_dim(c.head_dim)}
    tensor = trace.of_events(lambda each: -1 if each.tensor is None else TENSORS.index(each.tensor))[shown]
    op, line = (trace.of_events(value)[shown] for value in (lambda each: int(each.op), lambda each: each.line))
    dims = {each.code: [sides[name] for name in each.dims] for each in trace.statements.values()}
    shape = trace.of_events(lambda each: [1] * (3 - len(dims[each.code])) + dims[each.code] if each.dims else [0] * 3)[shown]
    pid_bh, moves = events["pid_bh"], tensor >= 0
    shared = np.isin(tensor, [TENSORS.index(name) for name in "KV"])  # H / H_kv query heads read one key head
    head = pid_bh % c.heads
    kv_head = head // (c.heads // c.kv_heads)
    box = [events[name] for name in ("r0", "r1", "c0", "c1", "nbytes")]
    where = [pid_bh // c.heads, np.where(shared, kv_head, head), *box]
    return np.stack([
        pid_bh * c.row_blocks + events["pid_m"], op, tensor,
        *(np.where(moves, column, 0) for column in where), *shape.T, line,
    ], axis=1)  # fmt: skip


def _observed(seen: GenericTrace) -> np.ndarray:
    """The same rows, from what the auditor saw. Tensors have the axes [B, H, N, d]; LSE [B, H, N_q] is one column."""
    columns = seen.columns
    order = [TENSORS.index(info.name) if info.name in TENSORS else len(TENSORS) for info in seen.header.tensors]
    tensor = np.array([*order, -1])[seen.tensors]
    moves = tensor >= 0
    box = np.where(moves[:, None, None], columns["box"], 0)
    batch, head, rows = box[:, 0], box[:, 1], box[:, 2]
    cols = np.where((tensor == TENSORS.index("LSE"))[:, None], np.where(moves[:, None], [0, 1], 0), box[:, 3])
    several = moves & ((batch[:, 1] - batch[:, 0] != 1) | (head[:, 1] - head[:, 0] != 1))  # a tile is of one head; -1 agrees with nothing
    shape = np.where(moves[:, None], 0, columns["shape"][:, -3:])
    return np.stack([
        columns["pid_x"], seen.ops, tensor, np.where(several, -1, batch[:, 0]), head[:, 0],
        *rows.T, *cols.T, np.where(moves, columns["nbytes"], 0), *shape.T, seen.of_events(lambda each: each.line),
    ], axis=1).astype(np.int64)  # fmt: skip
