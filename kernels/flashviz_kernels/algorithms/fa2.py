"""FlashAttention-2: each program keeps one row block on chip and walks the keys. The kernel is ``forward``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flashviz.config import AttentionConfig
from flashviz.errors import UsageError
from flashviz.forms import fa2 as form
from flashviz.trace import Kind, Statement
from flashviz_kernels import attending, twins
from flashviz_kernels.algorithm import Algorithm
from flashviz_kernels.reporting import by_row_blocks
from flashviz_kernels.statements import compute, dots, load, softmax, store, tile_of

NAME = "fa2"
IN_ORDER = "key tiles in the order "


def statements(config: AttentionConfig) -> tuple[Statement, ...]:
    """A K or V tile is dead after its dot, S once P is made of it, P after its dot."""
    return (
        load(Kind.LOAD_Q, "Q", tile_of("Q", config.itemsize)),
        load(Kind.LOAD_K, "K", tile_of("K", config.itemsize)),
        load(Kind.LOAD_V, "V", tile_of("V", config.itemsize)),
        *dots(qk_frees=("K",), pv_frees=("V", "P")),
        *softmax(),
        compute(Kind.ALPHA, "ALPHA", "α = e^(old m − new m), one factor a row"),
        compute(Kind.RESCALE_ACC, "ACC", "acc is multiplied by α"),
        compute(Kind.NORMALIZE, "ACC", "O = acc / ℓ, once"),
        store(Kind.STORE_O, "O"),
        store(Kind.STORE_LSE, "LSE"),
    )


def in_words(order: Sequence[int]) -> str:
    """How a header says that key tiles were visited in ``order``."""
    return IN_ORDER + ", ".join(map(str, order))


def options(altered: str, config: AttentionConfig) -> dict[str, Any]:
    """Options of the twin that a header's words name: without the rescale, or with key tiles in another order.

    Raises:
        UsageError: They name nothing that is known, or an order that is not every key tile once.
    """
    if altered == form.NO_RESCALE:
        return {"rescale": False}
    named = altered.removeprefix(IN_ORDER).split(", ") if altered != IN_ORDER else []
    if not altered.startswith(IN_ORDER) or not all(tile.isascii() and tile.isdigit() for tile in named):
        raise UsageError(f"expected an alteration that is known, got {altered[:80]!r}; leave it out")
    if sorted(named) != sorted(map(str, range(config.col_blocks))):
        got = ", ".join(named)[:80]
        raise UsageError(f"order must name each of {config.col_blocks} key tiles once, got [{got}]; shuffle range({config.col_blocks})")
    return {"order": [int(tile) for tile in named]}


ALGORITHM = Algorithm(
    name=NAME, config=AttentionConfig, statements=statements, inputs=attending.inputs, outputs=("O", "LSE"),
    twin=attending.twin(twins.fa2), text=(twins.fa2, twins._fa2_tile), log=attending.log(statements),
    reference=attending.reference, tolerance=attending.tolerance(), closed_form=form.moved, flops=form.FORM.flops,
    events=form.events, arrays=attending.arrays, calls=attending.forward_calls,
    reports=by_row_blocks(form.most_events), tiled=True, keeps=True, altered=options,
)  # fmt: skip
