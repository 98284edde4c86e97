"""What the statements of standard, fa1 and fa2 do: what they move, what they leave on chip, what nobody needs after them.

Written once for a kernel and its twin, which report their codes. A K or V tile is dead after its dot, S once P is made of it, P after
its dot; in fa1 K_j and V_j serve every row block, and what belongs to row block i is written back at the end of the inner step.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from flashviz.config import AttentionConfig
from flashviz.errors import FlashvizError
from flashviz.trace import Kind, Op, Product, Statement
from flashviz.trace.counts import Algorithm

FLOAT32 = 4
TILES = {"K": "K tile {j}", "V": "V tile {j}", "S": "S tile ({i}, {j})", "P": "P tile ({i}, {j})"}  # the others are of a row block


def statements_of(algorithm: Algorithm, config: AttentionConfig, lines: Mapping[Kind, int]) -> tuple[Statement, ...]:
    """The statements of an algorithm that stand in a text, by their codes.

    Args:
        algorithm: ``standard``, ``fa1`` or ``fa2``.
        config: Says how wide an element of the inputs is.
        lines: Source line of each statement that the text reports.

    Raises:
        FlashvizError: The text reports a statement that the algorithm has not.
    """
    known = {each.code: each for each in all_statements(algorithm, config)}
    unknown = next((kind for kind in lines if kind not in known), None)
    if unknown is not None:
        raise FlashvizError(f"expected statements of {algorithm}, got {unknown.name} in line {lines[unknown]}; say what it does")
    return tuple(replace(known[kind], line=lines[kind]) for kind in sorted(lines))


def all_statements(algorithm: Algorithm, config: AttentionConfig) -> tuple[Statement, ...]:
    """The statements of an algorithm, in no text yet: in line 0."""
    made = {"standard": _standard, "fa1": _fa1, "fa2": _fa2}[algorithm](config.itemsize)
    return tuple(sorted(made, key=lambda each: each.code))


def tensor_itemsizes(config: AttentionConfig) -> dict[str, int]:
    """Bytes an element in HBM of what the kernel of fa2 is given."""
    return {**dict.fromkeys(("Q", "K", "V", "O"), config.itemsize), "LSE": FLOAT32}


def _fa2(itemsize: int) -> list[Statement]:
    return [
        _load(Kind.LOAD_Q, "Q", _tile_of("Q", itemsize)),
        _load(Kind.LOAD_K, "K", _tile_of("K", itemsize)),
        _load(Kind.LOAD_V, "V", _tile_of("V", itemsize)),
        *_products(qk_frees=("K",), pv_frees=("V", "P")),
        *_softmax(),
        _compute(Kind.ALPHA, "ALPHA", "α = e^(old m − new m), one factor a row"),
        _compute(Kind.RESCALE_ACC, "ACC", "acc is multiplied by α"),
        _compute(Kind.NORMALIZE, "ACC", "O = acc / ℓ, once"),
        _store(Kind.STORE_O, "O"),
        _store(Kind.STORE_LSE, "LSE"),
    ]


def _fa1(itemsize: int) -> list[Statement]:
    return [
        _store(Kind.INIT_O, "O"),
        _store(Kind.INIT_L, "L"),
        _store(Kind.INIT_M, "M"),
        _load(Kind.LOAD_K, "K", _tile_of("K", itemsize)),
        _load(Kind.LOAD_V, "V", _tile_of("V", itemsize)),
        _load(Kind.LOAD_Q, "Q", _tile_of("Q", itemsize)),
        _load(Kind.LOAD_O, "O", _numbers("ACC")),
        _load(Kind.LOAD_L, "L", _numbers("L")),
        _load(Kind.LOAD_M, "M", _numbers("M")),
        *_products(qk_frees=("Q",), pv_frees=("P",)),
        *_softmax(),
        _compute(Kind.ALPHA, "ALPHA", "α = e^(old m − new m), one factor a row"),
        _compute(Kind.RESCALE_ACC, "ACC", "acc is multiplied by α"),
        _compute(Kind.NORMALIZE, "ACC", "O = acc / ℓ, anew at every key tile"),
        _store(Kind.STORE_O, "O", frees=("ACC",)),
        _store(Kind.STORE_L, "L", frees=("L",)),
        _store(Kind.STORE_M, "M", frees=("M", "ALPHA")),
    ]


def _standard(itemsize: int) -> list[Statement]:
    qk, mask, pv = _products(qk_frees=("K",), pv_frees=("P", "V"))
    return [
        _load(Kind.LOAD_Q, "Q", _tile_of("Q", itemsize)),
        _load(Kind.LOAD_K, "K", _tile_of("K", itemsize)),
        qk,
        mask,
        _store(Kind.STORE_S, "S", frees=("S",)),
        *_launch(1, [
            _load(Kind.LOAD_S, "S", Product("S", "REG", FLOAT32, gathers=True)),
            *_softmax(columns="N_K"),  # statistics of whole rows
            _store(Kind.STORE_P, "P"),
        ]),
        *_launch(2, [
            _load(Kind.LOAD_P, "P", _numbers("P", itemsize)),
            _load(Kind.LOAD_V, "V", _tile_of("V", itemsize)),
            pv,
            _store(Kind.STORE_O, "O"),
        ]),
    ]  # fmt: skip


def _products(qk_frees: tuple[str, ...], pv_frees: tuple[str, ...]) -> tuple[Statement, Statement, Statement]:
    """S = Q K^T, its mask, and acc + P V."""
    qk = _compute(Kind.QK_DOT, "S", "S = Q Kᵀ · scale: {scores} scores, in registers", Op.DOT, qk_frees, ("BLOCK_M", "BLOCK_N", "BLOCK_D"))
    pv = _compute(
        Kind.PV_DOT, "ACC", "acc takes in P̃ V: V and P̃ are not needed any more", Op.DOT, pv_frees, ("BLOCK_M", "BLOCK_D", "BLOCK_N")
    )
    return qk, _compute(Kind.MASK, "S", "scores that a row may not see become −∞"), pv


def _softmax(columns: str = "BLOCK_N") -> list[Statement]:
    """m, P and l of a block of so many columns."""
    return [
        _compute(Kind.SOFTMAX_M, "M", "m becomes the largest score of each row so far", Op.REDUCE, dims=("BLOCK_M", columns)),
        _compute(Kind.SOFTMAX_P, "P", "P̃ = e^(S − m): S is not needed any more", frees=("S",)),
        _compute(Kind.SOFTMAX_L, "L", "the row sums of P̃ join ℓ", Op.REDUCE, dims=("BLOCK_M", columns)),
    ]


def _launch(at: int, statements: list[Statement]) -> list[Statement]:
    """The same, executed by a later launch."""
    return [replace(each, launch=at) for each in statements]


def _load(kind: Kind, tensor: str, makes: Product) -> Statement:
    """HBM -> chip."""
    says = f"{TILES.get(tensor, f'{tensor} tile {{i}}')} moves from HBM to the chip: {{bytes}} bytes"
    return Statement(code=int(kind), name=kind.name, op=Op.LOAD, launch=0, line=0, tensor=tensor, makes=makes, says=says)


def _store(kind: Kind, tensor: str, frees: tuple[str, ...] = ()) -> Statement:
    """Chip -> HBM; the initialisation of O, l and m is one."""
    says = f"{TILES.get(tensor, f'{tensor} tile {{i}}')} moves from the chip to HBM: {{bytes}} bytes"
    return Statement(code=int(kind), name=kind.name, op=Op.STORE, launch=0, line=0, tensor=tensor, frees=frees, says=says)


def _compute(
    kind: Kind, makes: str, says: str, op: Op = Op.COMPUTE, frees: tuple[str, ...] = (), dims: tuple[str, ...] = ()
) -> Statement:  # fmt: skip
    """On chip, in float32."""
    return Statement(
        code=int(kind), name=kind.name, op=op, launch=0, line=0, makes=_numbers(makes), frees=frees, dims=dims, says=says
    )  # fmt: skip


def _tile_of(tensor: str, itemsize: int) -> Product:
    """A tile in shared memory, as it lies in HBM."""
    return Product(tensor, "SMEM", itemsize)


def _numbers(name: str, itemsize: int = FLOAT32) -> Product:
    """In registers."""
    return Product(name, "REG", itemsize)
