"""What the two algorithms of the backward pass share: inputs and outputs by name, statements, truth and tolerance, bytes, reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from flashviz.config import AttentionConfig
from flashviz.forms import Traffic
from flashviz.forms import closed_form as forward_form
from flashviz.inputs import make_inputs, numpy_dtype
from flashviz.trace import Op, Product, Statement
from flashviz.visits import scores_visited, visits_of
from flashviz_kernels import backward_twin, gradients
from flashviz_kernels import reference as ladder
from flashviz_kernels.algorithm import Algorithm, Bound, Call, Named, Reports
from flashviz_kernels.attending import problem_of
from flashviz_kernels.backward_codes import Code
from flashviz_kernels.described import Described
from flashviz_kernels.log import EventLog, Kept
from flashviz_kernels.problem import TraceBuffers
from flashviz_kernels.reporting import rows_only
from flashviz_kernels.statements import FLOAT32, numbers, tile_of

OUTPUTS = ("dQ", "dK", "dV")
SEED_OF_DO = 1  # beside the config's own: what comes from the loss is independent of Q, K and V


def algorithm(name: str, *, atomic: bool, deterministic: str | None = None) -> Algorithm:
    """The backward pass, with dQ added up by atomics or in a launch of its own; the name of the variant in a fixed order, if another."""
    twin = backward_twin
    parts = (twin._preprocess, twin._convert, twin._keys, *(() if atomic else (twin._rows,)))
    return Algorithm(
        name=name, config=AttentionConfig, statements=partial(statements, atomic=atomic), inputs=inputs, outputs=OUTPUTS,
        twin=partial(twin.backward, atomic=atomic), text=parts, log=partial(_log, atomic=atomic), reference=reference, tolerance=tolerance,
        closed_form=partial(closed_form, atomic=atomic), flops=partial(flops, atomic=atomic), events=partial(events, atomic=atomic),
        arrays=partial(arrays, atomic=atomic),
        calls=partial(_calls, atomic=atomic), tiled=True, deterministic=deterministic,
        reports=Reports(room=partial(_room, atomic=atomic), keep=_keep, a_head=_a_head, tiles=_tiles, heads=_heads),
    )  # fmt: skip


# ---------------------------------------------------------------------------------------------------------------- arrays


def inputs(config: AttentionConfig) -> Named:
    """Q, K and V by the config's recipe, dO [B, H, N_q, d] of standard normal numbers, and what the forward pass kept.

    That is O as Q, and LSE [B, H, N_q] in float32: of float64 attention, rounded once.
    """
    c = config
    q, k, v = make_inputs(c)
    rng = np.random.default_rng((c.seed, SEED_OF_DO))
    do = rng.standard_normal(q.shape, np.float32).astype(q.dtype)
    o, lse = ladder.naive(q, k, v, scale=c.scale, causal=c.causal)
    return {"Q": q, "K": k, "V": v, "O": o.astype(q.dtype), "LSE": lse.astype(np.float32), "dO": do}


def arrays(config: AttentionConfig, *, atomic: bool) -> dict[str, Described]:
    """As ``gradients.arrays``, of a config."""
    return gradients.arrays(problem_of(config), atomic=atomic)


def _calls(
    config: AttentionConfig, tensors: Mapping[str, Any], buffers: Sequence[TraceBuffers] | None, *, atomic: bool
) -> tuple[Call, ...]:  # fmt: skip
    return gradients.backward_calls(tensors, problem_of(config), buffers, atomic=atomic)


# ------------------------------------------------------------------------------------------------------------ statements

SIDES = {"S": ("BLOCK_M", "BLOCK_N", "BLOCK_D"), "dQ": ("BLOCK_M", "BLOCK_D", "BLOCK_N"), "dK": ("BLOCK_N", "BLOCK_D", "BLOCK_M")}


def statements(config: AttentionConfig, *, atomic: bool) -> tuple[Statement, ...]:
    """S is dead once P is made of it, P once dS is, dP likewise; a tile of Q and dS after dK has taken them in."""
    e, summed = config.itemsize, "dQ_SUM" if atomic and config.dtype != "float32" else "dQ"
    again = "again, since it was not kept"
    return (
        _load(Code.FIRST_DO, 0, "dO", tile_of("dO", e)),
        _load(Code.FIRST_O, 0, "O", tile_of("O", e)),
        _compute(Code.ROWSUM_D, 0, "D", "D = rowsum(dO ∘ O), one number a row", Op.REDUCE, ("dO", "O"), ("BLOCK_M", "BLOCK_D")),
        _store(Code.STORE_D, 0, "D", ("D",)),
        _store(Code.CLEAR_DQ, 0, summed),
        _load(Code.KEYS_K, 1, "K", tile_of("K", e)),
        _load(Code.KEYS_V, 1, "V", tile_of("V", e)),
        _load(Code.LOAD_Q, 1, "Q", tile_of("Q", e)),
        _compute(Code.RECOMPUTE_S, 1, "S", f"S = Q Kᵀ · scale, {again}: {{scores}} scores", Op.DOT, (), SIDES["S"]),
        _compute(Code.REMASK, 1, "S", "scores that a row may not see become −∞"),
        _load(Code.LOAD_LSE, 1, "LSE", numbers("LSE")),
        _compute(Code.RECOMPUTE_P, 1, "P", f"P = e^(S − LSE), {again}", frees=("S", "LSE")),
        _load(Code.LOAD_DO, 1, "dO", tile_of("dO", e)),
        _compute(Code.DV_DOT, 1, "dV", "dV takes in Pᵀ dO", Op.DOT, (), SIDES["dK"]),
        _compute(Code.DP_DOT, 1, "dP", "dP = dO Vᵀ: dO is not needed any more", Op.DOT, ("dO",), SIDES["S"]),
        _load(Code.LOAD_D, 1, "D", numbers("D")),
        _compute(Code.DS, 1, "dS", "dS = P ∘ (dP − D): P and dP are not needed any more", frees=("P", "dP", "D")),
        _compute(Code.DQ_DOT, 1, "dQ", "dS K · scale, this key tile's part of dQ", Op.DOT, (), SIDES["dQ"]),
        _moves(Code.ATOMIC_DQ, 1, summed, Op.ATOMIC, f"{summed} {{i}} is added to in HBM, whoever comes first: {{bytes}} bytes", ("dQ",)),
        _compute(Code.DK_DOT, 1, "dK", "dK takes in dSᵀ Q: dS and Q are not needed any more", Op.DOT, ("dS", "Q"), SIDES["dK"]),
        _store(Code.STORE_DK, 1, "dK", ("dK", "K")),
        _store(Code.STORE_DV, 1, "dV", ("dV", "V")),
        _load(Code.LOAD_SUM, 2, summed, numbers("dQ")),
        _store(Code.CONVERT_DQ, 2, "dQ", ("dQ",)),
        _load(Code.ROW_Q, 2, "Q", tile_of("Q", e)),
        _load(Code.ROW_DO, 2, "dO", tile_of("dO", e)),
        _load(Code.ROW_LSE, 2, "LSE", numbers("LSE")),
        _load(Code.ROW_D, 2, "D", numbers("D")),
        _load(Code.ROW_K, 2, "K", tile_of("K", e)),
        _compute(Code.ROW_S, 2, "S", "S = Q Kᵀ · scale, a third time: {scores} scores", Op.DOT, (), SIDES["S"]),
        _compute(Code.ROW_MASK, 2, "S", "scores that a row may not see become −∞"),
        _compute(Code.ROW_P, 2, "P", "P = e^(S − LSE)", frees=("S",)),
        _load(Code.ROW_V, 2, "V", tile_of("V", e)),
        _compute(Code.ROW_DP_DOT, 2, "dP", "dP = dO Vᵀ, a second time: V is not needed any more", Op.DOT, ("V",), SIDES["S"]),
        _compute(Code.ROW_DS, 2, "dS", "dS = P ∘ (dP − D)", frees=("P", "dP")),
        _compute(Code.ROW_DQ_DOT, 2, "dQ", "dQ takes in dS K", Op.DOT, ("dS", "K"), SIDES["dQ"]),
        _store(Code.STORE_DQ, 2, "dQ", ("dQ",)),
    )


def _moves(
    code: Code, launch: int, tensor: str, op: Op, says: str, frees: tuple[str, ...] = (), makes: Product | None = None
) -> Statement:  # fmt: skip
    return Statement(code=int(code), name=code.name, op=op, launch=launch, line=0, tensor=tensor, makes=makes, frees=frees, says=says)


def _load(code: Code, launch: int, tensor: str, makes: Product) -> Statement:
    return _moves(code, launch, tensor, Op.LOAD, f"{_tile(tensor)} moves from HBM to the chip: {{bytes}} bytes", makes=makes)


def _store(code: Code, launch: int, tensor: str, frees: tuple[str, ...] = ()) -> Statement:
    return _moves(code, launch, tensor, Op.STORE, f"{_tile(tensor)} moves from the chip to HBM: {{bytes}} bytes", frees)


def _tile(tensor: str) -> str:
    return f"{tensor} tile {'{j}' if tensor in ('K', 'V', 'dK', 'dV') else '{i}'}"


def _compute(
    code: Code, launch: int, makes: str, says: str, op: Op = Op.COMPUTE, frees: tuple[str, ...] = (), dims: tuple[str, ...] = ()
) -> Statement:  # fmt: skip
    return Statement(
        code=int(code), name=code.name, op=op, launch=launch, line=0, makes=numbers(makes), frees=frees, dims=dims, says=says
    )  # fmt: skip


# --------------------------------------------------------------------------------------------------------------- reports


def _heads(config: AttentionConfig, launch: int) -> int:
    """A program of a key tile serves all heads of its group."""
    return config.kv_heads if launch == 1 else config.heads


def _a_head(config: AttentionConfig, launch: int) -> int:
    return config.col_blocks if launch == 1 else config.row_blocks


def _tiles(launch: int, own: np.ndarray, inner: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return (inner, own) if launch == 1 else (own, inner)


def _launches(config: AttentionConfig, *, atomic: bool) -> int:
    """dQ in float32 needs no conversion."""
    return 2 if atomic and config.dtype == "float32" else 3


def _log(config: AttentionConfig, *, atomic: bool) -> EventLog:
    launches = range(_launches(config, atomic=atomic))
    copies = [config.batch * _heads(config, launch) for launch in launches]
    return EventLog(statements(config, atomic=atomic), [_a_head(config, launch) for launch in launches], copies=copies)


def _room(config: AttentionConfig, _kept: Kept, _clock: bool, *, atomic: bool) -> tuple[TraceBuffers, ...]:
    """Buffers of the launches; how many events each program reports at most, their kernels know too.

    Raises:
        UsageError: There would be too many events.
    """
    c = config
    most = (5, 4 + 13 * c.group * c.row_blocks, 2 if atomic else 5 + 8 * c.col_blocks)[: _launches(c, atomic=atomic)]
    return rows_only([(c.batch * _heads(c, launch) * _a_head(c, launch), count) for launch, count in enumerate(most)])


def _keep(_config: AttentionConfig, _kept: Kept, _written: Sequence[TraceBuffers]) -> None:
    """No values are kept."""


# ----------------------------------------------------------------------------------------------------------- closed forms


def closed_form(config: AttentionConfig, *, atomic: bool) -> Traffic:
    """Bytes that must cross; of S and P none.

    O and dO cross for D. K and V cross once, as do dK and dV; Q, dO, LSE and D once for each key tile that their row block meets, as does Q
    in FlashAttention of 2022, whose outer loop is over key tiles too. dQ is filled with zeros, read and written by each addition, in
    float32, and converted. Or it is made row block by row block, and K and V cross as in the forward pass of FlashAttention-2.
    """
    c = config
    row, row32 = c.head_dim * c.itemsize, c.head_dim * FLOAT32
    rows, keys = c.batch * c.heads * c.seq_q, c.batch * c.kv_heads * c.seq_k * row
    visits = forward_form(c, "fa1").read.get("Q", 0) // row  # rows, once for each key tile that their block meets
    read = {
        "O": rows * row,
        "dO": (rows + visits) * row,
        "Q": visits * row,
        "LSE": visits * FLOAT32,
        "D": visits * FLOAT32,
        "K": keys,
        "V": keys,
    }
    written = {"D": rows * FLOAT32, "dK": keys, "dV": keys}
    if not atomic:
        again = forward_form(c, "fa2").read
        read |= {"Q": read["Q"] + rows * row, "dO": read["dO"] + rows * row}
        read |= {name: read[name] + rows * FLOAT32 for name in ("LSE", "D")} | {name: keys + again.get(name, 0) for name in ("K", "V")}
        written |= {"dQ": rows * row}
    elif c.dtype == "float32":
        read, written = read | {"dQ": visits * row32}, written | {"dQ": (rows + visits) * row32}
    else:
        read, written = read | {"dQ_SUM": (visits + rows) * row32}, written | {"dQ_SUM": (rows + visits) * row32, "dQ": rows * row}
    return Traffic(*({tensor: moved for tensor, moved in side.items() if moved} for side in (read, written)))


def flops(config: AttentionConfig, *, atomic: bool) -> int:
    """Five products of 2 B_r B_c d a pair of tiles that meet, clipped at N_q and N_k; seven where dQ has a launch of its own."""
    c = config
    return c.batch * c.heads * (5 if atomic else 7) * 2 * c.head_dim * scores_visited(c)


def events(config: AttentionConfig, *, atomic: bool) -> int:
    """Statements of the launches: of a row block, of a key tile, and of each pair that meets, with its mask where it has one."""
    c = config
    first_rows = np.arange(c.row_blocks) * c.block_m
    seen_by_first = np.clip(first_rows + c.seq_k - c.seq_q + 1, 0, c.seq_k) if c.causal else np.full(c.row_blocks, c.seq_k)
    visits = visits_of(c)
    masks = visits - int((seen_by_first // c.block_n).sum())
    walk = 12 * visits + masks if atomic else 10 * visits + masks + 7 * visits + masks
    a_block = (4 + 5) if not atomic else 5 if c.dtype == "float32" else 5 + 2
    return c.batch * (c.heads * (walk + a_block * c.row_blocks) + c.kv_heads * 4 * c.col_blocks)


# ------------------------------------------------------------------------------------------------------- truth, tolerance


def reference(given: Named, config: AttentionConfig) -> Named:
    """dQ, dK and dV in float64, whole rows at once, of what the forward pass would be in float64."""
    q, k, v, do = (given[name] for name in ("Q", "K", "V", "dO"))
    o, lse = ladder.naive(q, k, v, scale=config.scale, causal=config.causal)
    return dict(zip(OUTPUTS, ladder.gradients(q, k, v, do, o, lse, scale=config.scale, causal=config.causal), strict=True))


def tolerance(given: Named, config: AttentionConfig) -> dict[str, Bound]:
    """By ``reference.gradient_tolerance``."""
    arrays = tuple(given[name] for name in ("Q", "K", "V", "dO", "O", "LSE"))
    found = ladder.gradient_tolerance(arrays, numpy_dtype(config.dtype), scale=config.scale, causal=config.causal)
    return {name: Bound(*each) for name, each in zip(OUTPUTS, found, strict=True)}
