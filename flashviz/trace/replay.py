"""replay(trace, program): every value of one program, tile by tile, from its snapshot or recomputed from its events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from flashviz.errors import TraceError
from flashviz.inputs import numpy_dtype
from flashviz.trace.events import Event, Kind
from flashviz.trace.header import ROW_VALUES
from flashviz.trace.recording import Trace
from flashviz.trace.values import Snapshot

REPLAYED = ROW_VALUES | {"S", "P"}


@dataclass(frozen=True, eq=False)
class ProgramValues:
    """One program over its visited tiles t = 0..T-1, float32, natural-log units with the scale applied.

    ``s`` and ``p`` are padded with NaN beyond N_k; ``l_scaled`` = l_old * alpha and ``acc_scaled`` = acc_old * alpha are what the
    new terms join. ``source`` says whether the values were kept by the traced kernel or recomputed here from its events.
    """

    program: tuple[int, int]
    source: Literal["snapshot", "recomputed"]
    rows: tuple[int, int]
    j: np.ndarray  # [T] key tile
    s: np.ndarray  # [T, rows, B_c] scores, masked
    m_old: np.ndarray  # [T, rows]
    m_new: np.ndarray
    alpha: np.ndarray
    p: np.ndarray  # [T, rows, B_c]
    l_old: np.ndarray  # [T, rows]
    l_scaled: np.ndarray
    l_new: np.ndarray
    acc_old: np.ndarray  # [T, rows, d]
    acc_scaled: np.ndarray
    acc_new: np.ndarray
    q: np.ndarray  # [rows, d], as are the tiles of k and v in the inputs' dtype
    k: list[np.ndarray]
    v: list[np.ndarray]
    o: np.ndarray  # [rows, d] in the inputs' dtype
    lse: np.ndarray  # [rows]


def replay(trace: Trace, program: tuple[int, int]) -> ProgramValues:
    """All values of ``program`` = (pid_m, pid_bh) of a trace whose programs keep a row block on chip, as FlashAttention-2's do.

    Raises:
        TraceError: The trace's do not; it has no such program, or its inputs cannot be made again here.
    """
    if not trace.header.keeps_rows:
        got = trace.header.algorithm
        raise TraceError(f"expected a trace whose programs keep a row block on chip to be replayed, got {got}; record FlashAttention-2")
    events = [trace[index] for index in trace.program(*program)]
    arrays = trace.inputs
    b, h = divmod(program[1], trace.config.heads)
    q, k, v = arrays[0][b, h], arrays[1][b, h // trace.config.group], arrays[2][b, h // trace.config.group]
    load_q = events[0]
    tile_q = q[load_q.r0 : load_q.r1]
    loads_k = [event for event in events if event.statement.code == Kind.LOAD_K]
    tiles_k = [k[event.r0 : event.r1] for event in loads_k]
    tiles_v = [v[event.r0 : event.r1] for event in events if event.statement.code == Kind.LOAD_V]
    kept = trace.snapshots.get(program)
    source: Literal["snapshot", "recomputed"] = "recomputed" if kept is None else "snapshot"
    if kept is None:
        kept = _recompute(trace, events, q, k, v)
    return _assemble(trace, program, source, load_q, [event.j for event in loads_k], kept, tile_q, tiles_k, tiles_v)


def _recompute(  # noqa: C901, PLR0912  # one case a statement of the kernel
    trace: Trace, events: list[Event], q: np.ndarray, k: np.ndarray, v: np.ndarray
) -> Snapshot:
    """Do what the events say, one after the other, in float32 (FlashAttention-2, Algorithm 1; line 10 without its slip)."""
    config = trace.config
    n_rows, block = events[0].r1 - events[0].r0, config.block_n
    m, base, l_sum = np.full(n_rows, -np.inf, np.float32), np.zeros(n_rows, np.float32), np.zeros(n_rows, np.float32)
    acc = np.zeros((n_rows, config.head_dim), np.float32)
    kept: dict[str, list[np.ndarray]] = {name: [] for name in ("m", "l", "alpha", "s", "p", "acc")}
    for event in events:
        match event.statement.code:
            case Kind.LOAD_Q:
                q_tile = q[event.r0 : event.r1].astype(np.float32)
            case Kind.LOAD_K:
                k_tile = k[event.r0 : event.r1].astype(np.float32)
            case Kind.LOAD_V:
                v_tile = v[event.r0 : event.r1].astype(np.float32)
            case Kind.QK_DOT:
                s = q_tile @ k_tile.T * np.float32(config.scale)
                alpha = np.ones(n_rows, np.float32)  # unless the max is taken
            case Kind.MASK:
                row, column = np.arange(event.r0, event.r1)[:, None], np.arange(event.c0, event.c1)[None, :]
                seen = row + config.seq_k - config.seq_q >= column if config.causal else np.ones(s.shape, bool)
                s = np.where(seen, s, np.float32(-np.inf))
            case Kind.SOFTMAX_M:
                m_new = np.maximum(m, s.max(axis=1))
            case Kind.ALPHA:
                m_old, m = m, m_new  # a kernel that skips this keeps the old max
                base = np.where(m == -np.inf, np.float32(0), m)
                alpha = np.exp(m_old - base)
            case Kind.SOFTMAX_P:
                p = np.exp(s - base[:, None])
            case Kind.SOFTMAX_L:
                l_sum = l_sum * alpha + p.sum(axis=1)
            case Kind.RESCALE_ACC:
                acc = acc * alpha[:, None]
            case Kind.PV_DOT:
                acc = acc + p.astype(numpy_dtype(config.dtype)).astype(np.float32) @ v_tile
                for name, value in zip(("m", "l", "alpha", "s", "p", "acc"), (m, l_sum, alpha, s, p, acc), strict=True):
                    kept[name].append(_padded(value, block) if name in "sp" else value)
            case Kind.NORMALIZE:
                pass  # as the stores: what it makes is made of what was kept
            case _ if event.statement.makes is not None and event.statement.makes.name in REPLAYED:
                made, by = event.statement.makes.name, event.statement.name[:80]
                raise TraceError(f"expected {made} made by FlashAttention-2's statements, got {by}; keep this program's values")
    shapes = {"s": (0, n_rows, block), "p": (0, n_rows, block), "acc": (0, *acc.shape)}
    return Snapshot(**{
        name: np.stack(values) if values else np.zeros(shapes.get(name, (0, n_rows)), np.float32) for name, values in kept.items()
    })  # fmt: skip


def _padded(tile: np.ndarray, block: int) -> np.ndarray:
    """A score tile widened to B_c columns with NaN."""
    return np.pad(tile, ((0, 0), (0, block - tile.shape[1])), constant_values=np.nan)


def _assemble(
    trace: Trace,
    program: tuple[int, int],
    source: Literal["snapshot", "recomputed"],
    load_q: Event,
    j: list[int],
    kept: Snapshot,
    q: np.ndarray,
    k: list[np.ndarray],
    v: list[np.ndarray],
) -> ProgramValues:
    """Old, scaled and new values from what was kept after each tile; O = acc / l, LSE = m + log l."""
    n_rows = load_q.r1 - load_q.r0
    start = np.full((1, n_rows), -np.inf, np.float32)
    m_old = np.concatenate([start, kept.m])[:-1]
    l_old = np.concatenate([np.zeros((1, n_rows), np.float32), kept.l])[:-1]
    acc_old = np.concatenate([np.zeros((1, n_rows, trace.config.head_dim), np.float32), kept.acc])
    total = kept.l[-1] if j else np.zeros(n_rows, np.float32)
    m_end = kept.m[-1] if j else start[0]
    divisor = np.where(total == 0, np.float32(1), total)
    beyond = np.arange(trace.config.block_n) >= np.array([len(tile) for tile in k]).reshape(-1, 1, 1)
    return ProgramValues(
        program=program,
        source=source,
        rows=(load_q.r0, load_q.r1),
        j=np.array(j, np.int64),
        s=np.where(beyond, np.float32(np.nan), kept.s),
        m_old=m_old,
        m_new=kept.m,
        alpha=kept.alpha,
        p=np.where(beyond, np.float32(np.nan), kept.p),
        l_old=l_old,
        l_scaled=l_old * kept.alpha,
        l_new=kept.l,
        acc_old=acc_old[:-1],
        acc_scaled=acc_old[:-1] * kept.alpha[:, :, None],
        acc_new=acc_old[1:],
        q=q,
        k=k,
        v=v,
        o=(acc_old[-1] / divisor[:, None]).astype(numpy_dtype(trace.config.dtype)),
        lse=np.where(total == 0, np.float32(-np.inf), m_end + np.log(divisor)),
    )
