"""What statements do. Of attention: what they move, what they leave on chip, what nobody needs after them.

An algorithm (``algorithms``) puts its own together of these, once for its kernel and its twin, which report their codes. Of any kernel
they are made of what it was seen to do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from msgspec.structs import replace

from flashviz.errors import FlashvizError, TraceError
from flashviz.trace import Kind, Op, Product, Statement, TensorInfo
from flashviz.trace.statements import MOST
from flashviz_kernels.algorithm import Algorithm

FLOAT32 = 4
DID = ("launch", "op", "tensor", "file", "line")  # of an event, as it was seen from outside: statements are made of it
TILES = {"K": "K tile {j}", "V": "V tile {j}", "S": "S tile ({i}, {j})", "P": "P tile ({i}, {j})"}  # the others are of a row block


def statements_of(algorithm: Algorithm, config: Any, lines: Mapping[str, tuple[int, int]]) -> tuple[Statement, ...]:
    """The statements of an algorithm that stand in a text, by their codes.

    Args:
        algorithm: What they are of.
        config: Its problem; it may say how wide an element is.
        lines: File, by its number, and source line of each statement that the text reports, by name.

    Raises:
        FlashvizError: The text reports a statement that the algorithm has not.
    """
    known = {each.name: each for each in algorithm.statements(config)}
    unknown = next((name for name in lines if name not in known), None)
    if unknown is not None:
        raise FlashvizError(f"expected statements of {algorithm.name}, got {unknown} in line {lines[unknown][1]}; say what it does")
    found = (replace(known[name], file=file, line=line) for name, (file, line) in lines.items())
    return tuple(sorted(found, key=lambda each: each.code))


def statements_seen(did: np.ndarray, tensors: Sequence[TensorInfo]) -> tuple[tuple[Statement, ...], np.ndarray]:
    """One statement for each file, line, operation and tensor that events were seen with.

    Args:
        did: [events, 5], as ``DID`` names them; -1 for no tensor, and for no file.
        tensors: The header's.

    Returns:
        The statements, and the code of each event's.

    Raises:
        TraceError: There are more than a trace may have.
    """
    launch, op, tensor, file, line = did.astype(np.int64).T
    key = ((file + 1) * (1 + line.max(initial=0)) + line) * (len(tensors) + 1) + tensor + 1
    _, first, code = np.unique(key * len(Op) + op, return_index=True, return_inverse=True)
    if len(first) > MOST:
        raise TraceError(f"expected at most {MOST:,} statements, got {len(first):,}; record fewer launches at once")
    low, high = np.full(len(first), np.iinfo(np.int64).max), np.full(len(first), -1)
    np.minimum.at(low, code, launch)
    np.maximum.at(high, code, launch)
    found = []
    for at, event in enumerate(first.tolist()):
        what, name = Op(int(op[event])), tensors[tensor[event]].name if tensor[event] >= 0 else None
        words = what.name.lower().replace("_", " ")
        found.append(Statement(
            code=at, name=what.name if name is None else f"{what.name} {name}", op=what, launch=int(low[at]) if low[at] == high[at] else -1,
            file=int(file[event]), line=int(line[event]), tensor=name, says=words if name is None else f"{words} {name}: {{bytes}} bytes",
        ))  # fmt: skip
    return tuple(found), code


def dots(qk_frees: tuple[str, ...], pv_frees: tuple[str, ...]) -> tuple[Statement, Statement, Statement]:
    """S = Q K^T, its mask, and acc + P V."""
    qk = compute(Kind.QK_DOT, "S", "S = Q Kᵀ · scale: {scores} scores, in registers", Op.DOT, qk_frees, ("BLOCK_M", "BLOCK_N", "BLOCK_D"))
    pv = compute(
        Kind.PV_DOT, "ACC", "acc takes in P̃ V: V and P̃ are not needed any more", Op.DOT, pv_frees, ("BLOCK_M", "BLOCK_D", "BLOCK_N")
    )
    return qk, compute(Kind.MASK, "S", "scores that a row may not see become −∞"), pv


def softmax(columns: str = "BLOCK_N") -> list[Statement]:
    """m, P and l of a block of so many columns."""
    return [
        compute(Kind.SOFTMAX_M, "M", "m becomes the largest score of each row so far", Op.REDUCE, dims=("BLOCK_M", columns)),
        compute(Kind.SOFTMAX_P, "P", "P̃ = e^(S − m): S is not needed any more", frees=("S",)),
        compute(Kind.SOFTMAX_L, "L", "the row sums of P̃ join ℓ", Op.REDUCE, dims=("BLOCK_M", columns)),
    ]


def launched(at: int, statements: list[Statement]) -> list[Statement]:
    """The same, executed by a later launch."""
    return [replace(each, launch=at) for each in statements]


def load(kind: Kind, tensor: str, makes: Product) -> Statement:
    """HBM -> chip."""
    says = f"{TILES.get(tensor, f'{tensor} tile {{i}}')} moves from HBM to the chip: {{bytes}} bytes"
    return Statement(code=int(kind), name=kind.name, op=Op.LOAD, launch=0, line=0, tensor=tensor, makes=makes, says=says)


def store(kind: Kind, tensor: str, frees: tuple[str, ...] = ()) -> Statement:
    """Chip -> HBM; the initialisation of O, l and m is one."""
    says = f"{TILES.get(tensor, f'{tensor} tile {{i}}')} moves from the chip to HBM: {{bytes}} bytes"
    return Statement(code=int(kind), name=kind.name, op=Op.STORE, launch=0, line=0, tensor=tensor, frees=frees, says=says)


def compute(
    kind: Kind, makes: str, says: str, op: Op = Op.COMPUTE, frees: tuple[str, ...] = (), dims: tuple[str, ...] = ()
) -> Statement:  # fmt: skip
    """On chip, in float32."""
    return Statement(
        code=int(kind), name=kind.name, op=op, launch=0, line=0, makes=numbers(makes), frees=frees, dims=dims, says=says
    )  # fmt: skip


def tile_of(tensor: str, itemsize: int) -> Product:
    """A tile in shared memory, as it lies in HBM."""
    return Product(tensor, "SMEM", itemsize)


def numbers(name: str, itemsize: int = FLOAT32) -> Product:
    """In registers."""
    return Product(name, "REG", itemsize)
