"""Standard attention: three passes over HBM, S and P stored between them."""

from __future__ import annotations

from flashviz.config import AttentionConfig
from flashviz.forms import standard as form
from flashviz.trace import Kind, Product, Statement
from flashviz_kernels import attending, twins
from flashviz_kernels.algorithm import Algorithm
from flashviz_kernels.described import Described
from flashviz_kernels.statements import FLOAT32, dots, launched, load, numbers, softmax, store, tile_of

NAME = "standard"


def statements(config: AttentionConfig) -> tuple[Statement, ...]:
    """Scores, softmax over whole rows, output: a launch each. S is dead once P is made of it, P and a V tile after their dot."""
    qk, mask, pv = dots(qk_frees=("K",), pv_frees=("P", "V"))
    return (
        load(Kind.LOAD_Q, "Q", tile_of("Q", config.itemsize)),
        load(Kind.LOAD_K, "K", tile_of("K", config.itemsize)),
        qk,
        mask,
        store(Kind.STORE_S, "S", frees=("S",)),
        *launched(1, [
            load(Kind.LOAD_S, "S", Product("S", "REG", FLOAT32, gathers=True)),
            *softmax(columns="N_K"),  # statistics of whole rows
            store(Kind.STORE_P, "P"),
        ]),
        *launched(2, [
            load(Kind.LOAD_P, "P", numbers("P", config.itemsize)),
            load(Kind.LOAD_V, "V", tile_of("V", config.itemsize)),
            pv,
            store(Kind.STORE_O, "O"),
        ]),
    )  # fmt: skip


def arrays(config: AttentionConfig) -> dict[str, Described]:
    """Q, K, V and O; S and P [B, H, N_q, N_k]."""
    shape = (config.batch, config.heads, config.seq_q, config.seq_k)
    return {name: attending.arrays(config)[name] for name in "QKVO"} | {name: Described(config.dtype, shape) for name in "SP"}


ALGORITHM = Algorithm(
    name=NAME, config=AttentionConfig, statements=statements, inputs=attending.inputs, outputs=("O",),
    twin=attending.twin(twins.standard), text=(twins.standard, twins._scores, twins._softmax, twins._blend),
    log=attending.log(statements, launches=3), reference=attending.reference,
    tolerance=attending.tolerance(rounded_scores=True), closed_form=form.moved, flops=form.FORM.flops,
    events=form.events, arrays=arrays, tiled=True,
)  # fmt: skip
