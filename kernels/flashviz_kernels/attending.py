"""What the algorithms of attention share: their inputs and outputs by name, truth and tolerance, and the launch of ``forward``."""

# l and O are the symbols of the papers

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from flashviz.config import AttentionConfig
from flashviz.inputs import make_inputs
from flashviz.trace import Statement
from flashviz_kernels import reference as ladder
from flashviz_kernels.algorithm import Bound, Call, Kernel, Named
from flashviz_kernels.attention import forward_call
from flashviz_kernels.described import Described
from flashviz_kernels.log import EventLog, Kept
from flashviz_kernels.problem import Problem, TraceBuffers, choose_warps

INPUTS, OUTPUTS = ("Q", "K", "V"), ("O", "LSE")
FORWARD = Kernel(Path(__file__).with_name("forward.py"), "forward")


def inputs(config: AttentionConfig) -> Named:
    """Q [B, H, N_q, d], K and V [B, H_kv, N_k, d] by the config's recipe."""
    return dict(zip(INPUTS, make_inputs(config), strict=True))


def arrays(config: AttentionConfig) -> dict[str, Described]:
    """Q and O [B, H, N_q, d], K and V [B, H_kv, N_k, d], LSE [B, H, N_q]."""
    c = config
    rows, keys = (c.batch, c.heads, c.seq_q), (c.batch, c.kv_heads, c.seq_k)
    shapes = {"Q": (*rows, c.head_dim), **dict.fromkeys("KV", (*keys, c.head_dim)), "O": (*rows, c.head_dim)}
    return {name: Described(c.dtype, shape) for name, shape in shapes.items()} | {"LSE": Described("float32", rows)}


def twin(function: Callable[..., tuple[np.ndarray, np.ndarray | None]]) -> Callable[..., Named]:
    """A twin of Q, K and V that returns (O, LSE or None), by names."""

    def run(given: Named, config: AttentionConfig, log: EventLog, kept: Kept, **options: Any) -> Named:
        with np.errstate(
            over="ignore", invalid="ignore"
        ):  # a score beyond the dtype's range is infinite and spoils its row, as in a kernel
            found = function(*(given[name] for name in INPUTS), config, log, kept, **options)
        return {name: array for name, array in zip(OUTPUTS, found, strict=True) if array is not None}

    return run


def log(
    statements: Callable[[AttentionConfig], tuple[Statement, ...]], *, launches: int = 1, walks: bool = False
) -> Callable[[AttentionConfig], EventLog]:  # fmt: skip
    """Of a config: a log of as many launches, each of a program a row block and head, or, where one ``walks`` them all, one a head."""

    def empty(config: AttentionConfig) -> EventLog:
        return EventLog(statements(config), (config.row_blocks,) * launches, copies=config.batch * config.heads, walks=walks)

    return empty


def reference(given: Named, config: AttentionConfig) -> Named:
    """O and LSE in float64."""
    found = ladder.naive(*(given[name] for name in INPUTS), scale=config.scale, causal=config.causal)
    return dict(zip(OUTPUTS, found, strict=True))


def tolerance(*, rounded_scores: bool = False, rounded_output: bool = False) -> Callable[[Named, AttentionConfig], dict[str, Bound]]:
    """(inputs, config) -> bounds on O and LSE, by ``reference.tolerance``."""

    def bounds(given: Named, config: AttentionConfig) -> dict[str, Bound]:
        q, k, v = (given[name] for name in INPUTS)
        found = ladder.tolerance((q, k, v), config, rounded_scores=rounded_scores, rounded_output=rounded_output)
        return {"O": Bound(found.output, found.reference_error), "LSE": Bound(found.lse, found.reference_lse_error)}

    return bounds


def problem_of(config: AttentionConfig) -> Problem:
    """The launch that a config describes."""
    c = config
    return Problem(
        batch=c.batch, heads=c.heads, kv_heads=c.kv_heads, n_q=c.seq_q, n_k=c.seq_k, d=c.head_dim, dtype=c.dtype, causal=c.causal,
        scale=c.scale, block_m=c.block_m, block_n=c.block_n, stages=c.stages, num_warps=choose_warps(c.block_m, c.head_dim),
    )  # fmt: skip


def forward_calls(config: AttentionConfig, tensors: Mapping[str, Any], buffers: Sequence[TraceBuffers] | None) -> tuple[Call, ...]:
    """The one launch of ``forward`` on Q, K, V, O and LSE."""
    given = [tensors[name] for name in (*INPUTS, *OUTPUTS)]
    grid, arguments, constants = forward_call(given, problem_of(config), None if buffers is None else buffers[0])
    return (Call(FORWARD, grid, arguments, constants),)
