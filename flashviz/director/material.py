"""What a film of one configuration is made of: the traces, the followed row, and pictures of S and P."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from flashviz.config import AttentionConfig
from flashviz.errors import ConfigError, UsageError
from flashviz.inputs import Arrays
from flashviz.layout import BAND_LIMIT
from flashviz.storyboard import Follow, follow_in
from flashviz.trace import ProgramValues, Trace, load, replay
from flashviz.trace.recording import check_events

Run = Callable[..., Any]
ErrorOf = Callable[[AttentionConfig, tuple[int, int], np.ndarray], float]


@dataclass(frozen=True)
class Material:
    """What a film is made of: the traces, the followed program and row, and the errors that verification found."""

    fa2: Trace
    standard: Trace
    chosen: Follow
    values: ProgramValues
    errors: Mapping[str, float]
    sheet_s: np.ndarray  # S and P of the first head as pictures, shares 0..1
    sheet_p: np.ndarray
    first_tiles: Mapping[str, np.ndarray]  # Q, K, S of tile (0, 0)
    o_standard: np.ndarray  # [rows, d]: the followed block's O as standard attention has it


def gather(config: AttentionConfig, run: Run, error_of: ErrorOf, source: str | None, path: Path | None) -> Material:
    """Traces and values of the film; the fa2 trace is the given file's, or recorded.

    A film shows the events of all programs and the values of one: the twins compute no other, so that a film of a long trace costs
    little more than one of a short trace.
    """
    if config.seq_k == 0:
        raise ConfigError("seq_k must be at least 1 for a film, got 0; there is nothing to attend to")
    if path is not None:
        fa2 = flash_trace(path)
        config = fa2.config
        if fa2.header.algorithm != "fa2":
            raise UsageError(f"expected a recording of fa2, got {path} of {fa2.header.algorithm}; show it with flashviz player")
        check_events(fa2, run(config, source="numpy", algorithm="fa2", computed=range(0)).trace, path)
        chosen = follow_in(fa2)
    else:
        events = run(config, source="numpy", algorithm="fa2", computed=range(0)).trace
        chosen = follow_in(events)
        del events
        fa2 = run(config, source=source, algorithm="fa2", snapshots=[chosen.program], resources=True, computed=block_of(chosen)).trace
    values = replay(fa2, chosen.program)
    standard = run(config, source="numpy", algorithm="standard", computed=block_of(chosen))
    b, h = divmod(chosen.program[1], config.heads)
    o_standard = standard.o[b, h, slice(*values.rows)]
    sheet_s, sheet_p = sheets(config, fa2.inputs)
    return Material(
        fa2=fa2, standard=standard.trace, chosen=chosen, values=values, sheet_s=sheet_s, sheet_p=sheet_p,
        errors={"flash": error_of(config, chosen.program, values.o), "standard": error_of(config, chosen.program, o_standard)},
        first_tiles=first_tiles(config, fa2.inputs), o_standard=o_standard,
    )  # fmt: skip


def tile_values(values: ProgramValues, tensor: str, t: int) -> np.ndarray:
    """A tile that a program holds at visited tile ``t``, as it is drawn: K lies as K^T. What is masked is -inf, what is padded NaN."""
    match tensor:
        case "Q":
            return values.q
        case "K":
            return values.k[t].T
        case "V":
            return values.v[t]
        case _:
            held = {"S": values.s, "P": values.p, "ACC": values.acc_new}
            return np.asarray(held[tensor][t])


def block_of(chosen: Follow) -> range:
    """The followed row block alone."""
    return range(chosen.program[0], chosen.program[0] + 1)


def flash_trace(path: Path) -> Trace:
    """The trace to show.

    Raises:
        UsageError: It is of another kernel.
    """
    trace = load(path)
    if trace.header.config is None:
        raise UsageError(f"expected a recording of FlashAttention, got {path} of the kernel {trace.header.kernel}; render KernelScene")
    return trace


def first_tiles(config: AttentionConfig, inputs: Arrays) -> dict[str, np.ndarray]:
    """Q_0, K_0^T and S_00 of the first head."""
    q, k, _ = inputs
    q0, k0 = q[0, 0, : config.block_m].astype(np.float64), k[0, 0, : config.block_n].astype(np.float64)
    return {"Q": q0, "K": k0.T, "S": q0 @ k0.T * config.scale}


def sheets(config: AttentionConfig, inputs: Arrays) -> tuple[np.ndarray, np.ndarray]:
    """Pictures (shares 0..1) of S and P of the first head, coarse where the matrix is large.

    P by the root of its share of the row's largest weight, since few weights are large: these are pictures, no number is read off them.
    """
    q, k, _ = inputs
    step_m, step_n = (max(1, n // (8 * BAND_LIMIT)) for n in (config.seq_q, max(config.seq_k, 1)))
    scores = q[0, 0, ::step_m].astype(np.float64) @ k[0, 0, ::step_n].astype(np.float64).T * config.scale
    if config.causal:
        row, col = np.arange(config.seq_q)[::step_m], np.arange(config.seq_k)[::step_n]
        scores = np.where(row[:, None] + config.seq_k - config.seq_q >= col[None, :], scores, -np.inf)
    finite = scores[np.isfinite(scores)]
    low, high = np.percentile(finite, [1, 99.5]) if finite.size else (0.0, 1.0)
    top = np.max(scores, axis=1, keepdims=True, initial=-np.inf)
    weights = np.exp(scores - np.where(np.isfinite(top), top, 0.0))
    return np.clip((scores - low) / max(high - low, 1e-9), 0, 1) * 0.85 + 0.1, np.clip(weights, 0, 1) ** 0.5 * 0.9 + 0.06


def provenance(trace: Trace) -> dict[str, object]:
    """What the card, the CLI and a delivered film's manifest say of a trace; with its config it can be recorded again."""
    header = trace.header
    return {
        "algorithm": header.algorithm, "source": header.source, "events": len(trace), "hash": trace.hash,
        "kernel": header.kernel_hash[:12], "versions": dict(header.versions), "config": trace.config.to_dict(),
    }  # fmt: skip
