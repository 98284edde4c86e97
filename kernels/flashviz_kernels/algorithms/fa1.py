"""FlashAttention (2022): key tiles outside, row blocks inside; O, l and m go through HBM at every inner step."""

from __future__ import annotations

from flashviz.config import AttentionConfig
from flashviz.forms import fa1 as form
from flashviz.trace import Kind, Statement
from flashviz_kernels import attending, twins
from flashviz_kernels.algorithm import Algorithm
from flashviz_kernels.described import Described
from flashviz_kernels.statements import compute, dots, load, numbers, softmax, store, tile_of

NAME = "fa1"


def statements(config: AttentionConfig) -> tuple[Statement, ...]:
    """K_j and V_j serve every row block; what belongs to row block i is written back at the end of the inner step."""
    return (
        store(Kind.INIT_O, "O"),
        store(Kind.INIT_L, "L"),
        store(Kind.INIT_M, "M"),
        load(Kind.LOAD_K, "K", tile_of("K", config.itemsize)),
        load(Kind.LOAD_V, "V", tile_of("V", config.itemsize)),
        load(Kind.LOAD_Q, "Q", tile_of("Q", config.itemsize)),
        load(Kind.LOAD_O, "O", numbers("ACC")),
        load(Kind.LOAD_L, "L", numbers("L")),
        load(Kind.LOAD_M, "M", numbers("M")),
        *dots(qk_frees=("Q",), pv_frees=("P",)),
        *softmax(),
        compute(Kind.ALPHA, "ALPHA", "α = e^(old m − new m), one factor a row"),
        compute(Kind.RESCALE_ACC, "ACC", "acc is multiplied by α"),
        compute(Kind.NORMALIZE, "ACC", "O = acc / ℓ, anew at every key tile"),
        store(Kind.STORE_O, "O", frees=("ACC",)),
        store(Kind.STORE_L, "L", frees=("L",)),
        store(Kind.STORE_M, "M", frees=("M", "ALPHA")),
    )


def arrays(config: AttentionConfig) -> dict[str, Described]:
    """Q, K, V and O; l and m [B, H, N_q]."""
    shape = (config.batch, config.heads, config.seq_q)
    return {name: attending.arrays(config)[name] for name in "QKVO"} | {name: Described("float32", shape) for name in "LM"}


ALGORITHM = Algorithm(
    name=NAME, config=AttentionConfig, statements=statements, inputs=attending.inputs, outputs=("O", "LSE"),
    twin=attending.twin(twins.fa1), text=(twins.fa1, twins._fa1_tile), log=attending.log(statements, walks=True),
    reference=attending.reference, tolerance=attending.tolerance(rounded_output=True),
    closed_form=form.moved, flops=form.FORM.flops, events=form.events, arrays=arrays, tiled=True,
)  # fmt: skip
