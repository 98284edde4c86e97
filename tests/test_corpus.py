"""Kernels in the styles that people write, traced unedited: results, counts, bytes and boxes against closed forms.

``tests/corpus`` has kernels of our own with their launchers; each launcher holds the result to NumPy's, so tracing changed nothing.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import itertools
import math
import re
import sys
from collections import Counter
from functools import cache
from typing import Any

import pytest

from flashviz.errors import UsageError, VerificationError
from flashviz.memory import traffic
from flashviz.trace import Op, Trace
from flashviz_kernels.any_kernel import load_function, trace_kernel
from flashviz_kernels.modes import load_triton
from tests.conftest import ROOT

pytestmark = [
    pytest.mark.skipif(importlib.util.find_spec("triton") is None, reason="needs triton"),
    pytest.mark.filterwarnings("ignore:tl.make_block_ptr is deprecated"),  # until 3.9, which has removed it
]

CORPUS = ROOT / "tests" / "corpus"


def interpreter() -> Any:
    load_triton(interpreted=True)
    return importlib.import_module("triton.runtime.interpreter")


@cache
def traced(file: str, kernel: str, launcher: str) -> Trace:
    path = CORPUS / f"{file}.py"
    if file in ("with_torch", "serving"):
        pytest.importorskip("torch")
    if kernel == "microscaled" and not hasattr(interpreter().interpreter_builder, "create_dot_scaled"):
        pytest.skip("this triton does not interpret tl.dot_scaled")
    try:
        return trace_kernel(load_function(f"{path}:{kernel}", "kernel"), load_function(f"{path}:{launcher}", "launch"))
    finally:
        sys.modules.pop("helpers", None)


def pieces(n: int, size: int) -> list[int]:
    """Lengths of the blocks that n elements are cut into."""
    return [min(size, n - start) for start in range(0, n, size)]


# file, kernel, launcher: programs that did something, operations, bytes read, bytes written, FLOPs; written as the algorithm says it.
EXPECTED: dict[tuple[str, str, str], tuple[int, dict[str, int], dict[str, int], dict[str, int], int]] = {
    ("elementwise", "vector_add", "launch_vector_add"): (3, {"LOAD": 6, "STORE": 3}, {"x": 4 * 300, "y": 4 * 300}, {"out": 4 * 300}, 0),
    ("elementwise", "outer_add", "launch_outer_add"): (
        4 * 3, {"LOAD": 24, "STORE": 12}, {"x": 3 * 4 * 100, "y": 4 * 4 * 90}, {"out": 4 * 90 * 100}, 0,
    ),
    ("elementwise", "choose", "launch_choose"): (1, {"LOAD": 2, "STORE": 1}, {"x": 8 * 4, "keep": 8}, {"out": 8 * 8}, 0),
    ("elementwise", "unpack_int4", "launch_unpack_int4"): (1, {"LOAD": 1, "STORE": 1}, {"words": 2 * 4}, {"out": 16 * 4}, 0),
    ("elementwise", "transpose", "launch_transpose"): (1, {"LOAD": 1, "STORE": 1}, {"x": 64 * 4}, {"out": 64 * 4}, 0),
    ("elementwise", "transpose", "launch_padded_rows"): (1, {"LOAD": 1, "STORE": 1}, {"x": 64 * 4}, {"out": 64 * 4}, 0),
    ("elementwise", "transpose", "launch_zero_stride"): (1, {"LOAD": 1, "STORE": 1}, {"x": 8 * 4}, {"out": 64 * 4}, 0),  # 8 in memory
    ("elementwise", "pairs", "launch_pairs"): (1, {"LOAD": 1, "STORE": 2}, {"x": 32}, {"evens": 16, "out": 32}, 0),
    ("elementwise", "gather_rows", "launch_gather_rows"): (1, {"LOAD": 8, "STORE": 8}, {"x": 8 * 16 * 4}, {"out": 8 * 16 * 4}, 0),
    ("elementwise", "low_halves", "launch_low_halves"): (1, {"LOAD": 1, "STORE": 1}, {"x": 4 * 2}, {"out": 4 * 2}, 0),
    ("elementwise", "add_all", "launch_add_all"): (
        1, {"LOAD": 3, "STORE": 1}, {"inputs[0]": 64, "inputs[1]": 64, "inputs[2]": 64}, {"out": 64}, 0,
    ),
    ("elementwise", "double", "launch_in_place"): (1, {"LOAD": 1, "STORE": 1}, {"x": 16 * 8}, {"x": 16 * 8}, 0),
    ("elementwise", "dropout", "launch_dropout"): (2, {"LOAD": 2, "STORE": 2}, {"x": 400}, {"out": 400}, 0),
    ("elementwise", "scale", "launch_descriptors"): (4, {"LOAD": 4, "STORE": 4}, {"x": 64 * 32 * 4}, {"out": 64 * 32 * 4}, 0),
    ("rows", "softmax", "launch_softmax"): (4, {"LOAD": 23, "STORE": 23, "REDUCE": 2 * 23}, {"x": 9200}, {"out": 9200}, 0),
    ("rows", "online_softmax", "launch_online_softmax"): (
        5, {"LOAD": 2 * 5 * 4, "STORE": 5 * 4, "REDUCE": 2 * 5 * 4}, {"x": 2 * 5 * 100 * 4}, {"out": 5 * 100 * 4}, 0,
    ),
    ("rows", "layer_norm", "launch_layer_norm"): (
        6, {"LOAD": 6 * 5 * 3, "STORE": 6 * 5, "REDUCE": 6 * 2},
        {"x": 3 * 6 * 90 * 2, "weight": 6 * 90 * 2, "bias": 6 * 90 * 2}, {"out": 6 * 90 * 2, "mean_out": 24, "rstd_out": 24}, 0,
    ),
    ("rows", "total", "launch_two_stages"): (
        8 + 1, {"LOAD": 9, "STORE": 9, "REDUCE": 9}, {"values": 4000, "out": 8 * 4}, {"out": 8 * 4, "out#2": 4}, 0,
    ),
    ("products", "matmul", "launch_matmul"): (
        4 * 3, {"LOAD": 2 * 12 * 4, "STORE": 12, "DOT": 12 * 4},
        {"a": 3 * 100 * 50 * 2, "b": 4 * 50 * 72 * 2}, {"c": 100 * 72 * 2}, 12 * 4 * 2 * 32 * 32 * 16,
    ),
    ("products", "tuned", "launch_tuned"): (  # the first of the configurations: 32 x 32 x 16
        4, {"LOAD": 2 * 4 * 2, "STORE": 4, "DOT": 4 * 2}, {"a": 2 * 64 * 32 * 4, "b": 2 * 32 * 64 * 4}, {"c": 64 * 64 * 4},
        2 * 64 * 64 * 32,
    ),
    ("products", "batched", "launch_batched"): (
        2 * 2 * 3, {"LOAD": 24, "STORE": 12, "DOT": 12}, {"a": 2 * 3 * 4096, "b": 2 * 3 * 4096}, {"c": 3 * 4096}, 3 * 2 * 32**3,
    ),
    ("products", "quantised", "launch_quantised"): (
        1, {"LOAD": 3, "STORE": 1, "DOT": 1}, {"a": 16 * 32 * 4, "packed": 4 * 16 * 4, "scales": 64}, {"c": 1024}, 2 * 16 * 16 * 32,
    ),
    ("products", "split_k", "launch_split_k"): (
        4, {"LOAD": 8, "ATOMIC": 4, "DOT": 4}, {"a": 4096, "b": 4096, "c": 4 * 1024}, {"c": 4 * 1024}, 2 * 16 * 16 * 64,
    ),
    ("products", "convolve", "launch_convolve"): (
        4, {"LOAD": 4 * 9 * 2, "STORE": 4},
        {"image": 4 * 4 * sum((8 - i) * (16 - j) for i, j in itertools.product(range(3), repeat=2)), "weights": 4 * 9 * 4},
        {"out": 4 * 8 * 16 * 4}, 0,
    ),
    ("products", "smooth", "launch_smooth"): (  # a tap to the right finds that much less
        4, {"LOAD": 4 * 5 * 2, "STORE": 4}, {"x": 4 * (100 + 100 + 100 + 99 + 98), "weights": 4 * 5 * 4}, {"out": 400}, 0,
    ),
    ("products", "attention", "launch_attention"): (
        4 * 2, {"LOAD": 8 + 2 * 8 * 4, "STORE": 8, "DOT": 2 * 8 * 4, "REDUCE": 2 * 8 * 4},
        {"q": 2 * 100 * 16 * 4, "k": 4 * 2 * 100 * 16 * 4, "v": 4 * 2 * 100 * 16 * 4}, {"out": 2 * 100 * 16 * 4},
        8 * 4 * 2 * 2 * 32 * 32 * 16,
    ),
    ("control", "histogram", "launch_histogram"): (2, {"LOAD": 2, "ATOMIC": 2}, {"x": 400, "out": 2 * 40}, {"out": 2 * 40}, 0),
    ("control", "tickets", "launch_tickets"): (
        4, {"LOAD": 4, "STORE": 8, "ATOMIC": 8}, {"lock": 2 * 4 * 4, "count": 16}, {"out": 16, "lock": 2 * 4 * 4, "count": 16}, 0,
    ),
    ("control", "atomics", "launch_atomics"): (1, {"ATOMIC": 3}, {"x": (2 + 1 + 1) * 8}, {"x": (2 + 1 + 1) * 8}, 0),
    ("control", "early", "launch_early"): (3, {"LOAD": 3, "STORE": 3}, {"x": 3}, {"out": 3}, 0),
    ("control", "even_or_not", "launch_even_or_not"): (7, {"LOAD": 7, "STORE": 7}, {"x": 8 * 196}, {"out": 8 * 196}, 0),
    ("control", "halve", "launch_halve"): (1, {"LOAD": 1, "STORE": 1}, {"x": 4}, {"steps": 4}, 0),
    ("control", "masked_out", "launch_masked_out"): (2, {"LOAD": 2, "STORE": 2}, {"x": 40}, {"out": 40}, 0),
    ("with_torch", "add_bias", "launch_expanded"): (  # the bias is one row in memory, and loaded by each of four programs
        4, {"LOAD": 8, "STORE": 4}, {"x": 4 * 24 * 2, "bias": 4 * 24 * 2}, {"out": 4 * 24 * 2}, 0,
    ),
    ("with_torch", "widen", "launch_float8"): (2, {"LOAD": 2, "STORE": 2}, {"x": 32, "x#2": 32}, {"out": 128, "out#2": 128}, 0),
    ("with_torch", "scale", "launch_host_descriptors"): (4, {"LOAD": 4, "STORE": 4}, {"x": 60 * 32 * 4}, {"out": 60 * 32 * 4}, 0),
    ("with_torch", "grouped", "launch_grouped"): (
        3, {"LOAD": 3 * 5, "STORE": 3, "DOT": 3},
        {f"{name}_addresses": 3 * 8 for name in "abc"} | {f"pointee{at}": 16 * 16 * 4 for at in ("", "#2", "#4", "#5", "#7", "#8")},
        {f"pointee#{at}": 16 * 16 * 4 for at in (3, 6, 9)}, 3 * 2 * 16**3,
    ),
    ("with_torch", "microscaled", "launch_microscaled"): (
        1, {"LOAD": 4, "STORE": 1, "DOT": 1}, {"a": 32 * 64, "a_scale": 32 * 2, "b": 64 * 32, "b_scale": 32 * 2}, {"c": 32 * 32 * 4},
        2 * 32 * 32 * 64,
    ),
    ("with_torch", "square", "launch_autograd"): (2, {"LOAD": 2, "STORE": 2}, {"x": 80}, {"out": 80}, 0),
    ("booleans", "both", "launch_both"): (1, {"LOAD": 1, "STORE": 1}, {"x": 3 * 2 * 4}, {"out": 8 * 8 * 4}, 0),
    ("booleans", "nested", "launch_nested"): (1, {"LOAD": 1, "STORE": 1}, {"x": ((10 - 2) - 2 + 1) * 4}, {"out": 64}, 0),
    ("booleans", "chained", "launch_chained"): (1, {"LOAD": 1, "STORE": 1}, {"x": (9 - 3) * 4}, {"out": 64}, 0),
    ("booleans", "mixed", "launch_mixed"): (
        1 + 1, {"LOAD": 2 + 1, "STORE": 1 + 1}, {"x": (5 + 9) * 4, "bias": 4}, {"out": (5 + 9) * 4}, 0,
    ),
    ("booleans", "scalar_conditions", "launch_scalar_conditions"): (  # one load for each condition of the loop, one after it
        1, {"LOAD": 4 + 1, "STORE": 1}, {"counts": (4 + 1) * 4}, {"out": 4}, 0,
    ),
    ("booleans", "negated", "launch_negated"): (1, {"LOAD": 1, "STORE": 1}, {"x": 6 * 4}, {"out": 8 * 4}, 0),
    ("booleans", "every_operand", "launch_every_operand"): (1, {"LOAD": 4, "STORE": 1}, {"x": 4 * 4}, {"out": 4}, 0),
    ("booleans", "least_and_most", "launch_least_and_most"): (1, {"LOAD": 1, "STORE": 2}, {"x": 6 * 4}, {"out": 2 * 8 * 4}, 0),
    ("memory", "pick", "launch_pick"): (1, {"LOAD": 2, "STORE": 1}, {"a": 4 * 4, "b": 4 * 4}, {"out": 8 * 4}, 0),
    ("memory", "scatter_to_three", "launch_scatter_to_three"): (  # ten elements: four, three, three; stored, then added to
        1, {"LOAD": 1, "STORE": 3, "ATOMIC": 3}, {"x": 40, "a": 16, "b": 12, "c": 12}, {"a": 2 * 16, "b": 2 * 12, "c": 2 * 12}, 0,
    ),
    ("memory", "sides", "launch_sides"): (2, {"LOAD": 2, "STORE": 2}, {"x": 8 * 4, "other": 8 * 4}, {"out": 2 * 8 * 4}, 0),
    **{
        ("memory", "move", f"launch_{name}"): (
            1, {"LOAD": 1, "STORE": 1}, {"x": 4 * len({a * i + b * j for i in range(m) for j in range(n)})}, {"out": 4 * m * n}, 0,
        )
        for name, (m, n, a, b) in {
            "dilated": (5, 3, 3, 2), "sliding": (13, 6, 1, 1), "backwards": (13, 6, 1, -1), "toeplitz": (16, 8, 1, -1),
            "sparse_steps": (7, 5, 5, 3),
        }.items()
    },
    ("memory", "compare_and_swap", "launch_compare_and_swap"): (  # two of four find what they expect
        1, {"ATOMIC": 1, "ATOMIC_LOAD": 1, "STORE": 1}, {"locks": 4 * 4}, {"locks": 2 * 4, "seen": 4 * 4}, 0,
    ),
    ("training", "rms_norm_forward", "launch_rms_norm_forward"): (
        6, {"LOAD": 2 * 6, "STORE": 2 * 6, "REDUCE": 6}, {"X_ptr": 6 * 90 * 4, "W_ptr": 6 * 90 * 4},
        {"Y_ptr": 6 * 90 * 4, "RSTD_ptr": 24}, 0,
    ),
    ("training", "rms_norm_backward", "launch_rms_norm_backward"): (
        3, {"LOAD": 3 + 3 * 7, "STORE": 7 + 3, "REDUCE": 7},
        {"dY_ptr": 7 * 60 * 4, "X_ptr": 7 * 60 * 4, "W_ptr": 3 * 60 * 4, "RSTD_ptr": 28}, {"dX_ptr": 7 * 60 * 4, "dW_ptr": 3 * 60 * 4}, 0,
    ),
    ("training", "swiglu_forward", "launch_swiglu_forward"): (
        5, {"LOAD": 10, "STORE": 5}, {"a_ptr": 5 * 40 * 2, "b_ptr": 5 * 40 * 2}, {"c_ptr": 5 * 40 * 2}, 0,
    ),
    ("training", "geglu_forward", "launch_geglu_forward"): (5, {"LOAD": 10, "STORE": 5}, {"a": 800, "b": 800}, {"c": 800}, 0),
    ("training", "rope_embedding", "launch_rope_embedding"): (  # forwards and backwards: six rows, two groups of at most four of six heads
        2 * 6 * 2, {"LOAD": 2 * (6 * 2 * 2 + 6 * 6 * 2), "STORE": 2 * 6 * 6 * 2},
        {"Q": 2 * 6 * 120 * 4, "cos": 2 * 6 * 2 * 10 * 4, "sin": 2 * 6 * 2 * 10 * 4}, {"Q": 2 * 6 * 120 * 4}, 0,
    ),
    ("training", "cross_entropy_forward", "launch_cross_entropy_forward"): (  # one label of five is ignored
        5, {"LOAD": 5 * 2 + 4, "STORE": 5 * 2, "REDUCE": 5 * 2}, {"logits_ptr": (5 * 50 + 4) * 4, "labels_ptr": 5 * 8},
        {"loss_ptr": 20, "logsumexp_ptr": 20}, 0,
    ),
    ("training", "online_cross_entropy", "launch_online_cross_entropy"): (  # the ignored row only writes zeros, by three blocks
        4, {"LOAD": 4 + 3 * (1 + 2 * 3), "STORE": 4 * 3 + 3, "REDUCE": 3 * 3 * 2},
        {"X_ptr": 3 * (1 + 2 * 70) * 4, "Y_ptr": 4 * 8}, {"X_ptr": 4 * 70 * 4, "loss_ptr": 12}, 0,
    ),
    ("training", "tv_distance", "launch_tv_distance"): (
        3, {"LOAD": 3 * 2 * 2, "STORE": 3 * 2 + 3, "REDUCE": 3 * 2}, {"p_ptr": 600, "q_ptr": 600}, {"loss_ptr": 12, "grads_ptr": 600}, 0,
    ),
    ("sequences", "chunk_local_cumsum", "launch_chunk_local_cumsum"): (
        4 * 6, {"LOAD": 24, "SCAN": 24, "STORE": 24}, {"s": 2 * 50 * 3 * 4}, {"o": 2 * 50 * 3 * 4}, 0,
    ),
    ("sequences", "chunk_state", "launch_chunk_state"): (
        2 * 2, {"LOAD": 4 * 2 * 3, "STORE": 4 * 3, "DOT": 4 * 3}, {"k": 2 * 40 * 24 * 4, "v": 2 * 40 * 20 * 4}, {"h": 3 * 24 * 20 * 4},
        4 * 3 * 2 * 16**3,
    ),
    ("sequences", "fused_recurrent", "launch_fused_recurrent"): (
        2, {"LOAD": 2 * (1 + 4 * 6), "STORE": 2 * (6 + 1), "REDUCE": 2 * 6},
        {"q": 2 * 6 * 12 * 4, "k": 2 * 6 * 12 * 4, "v": 6 * 10 * 4, "g": 2 * 6 * 4, "h0": 12 * 10 * 4},
        {"o": 6 * 10 * 4, "ht": 12 * 10 * 4}, 0,
    ),
    ("sequences", "selective_scan", "launch_selective_scan"): (
        1, {"LOAD": 2, "SCAN": 1, "REDUCE": 1, "STORE": 2}, {"a": 4 * 13 * 4, "x": 4 * 13 * 4}, {"y": 4 * 13 * 4, "last": 16}, 0,
    ),
    ("sequences", "state_passing", "launch_state_passing"): (
        2 * 2, {"LOAD": 4 * 4 * 2, "STORE": 4 * (1 + 4)}, {"states": 4 * 2 * 20 * 4, "dA": 2 * 2 * 4 * 4},
        {"out": 4 * 2 * 20 * 4, "final": 2 * 20 * 4}, 0,
    ),
    ("sequences", "causal_conv", "launch_causal_conv"): (  # blocks reach past the last token, so each tap sees them all
        2, {"LOAD": 2 * (1 + 2 * 3), "STORE": 2}, {"x": 3 * 20 * 8 * 4, "w": 2 * 8 * 3 * 4, "bias": 2 * 8 * 4}, {"out": 20 * 8 * 4}, 0,
    ),
    ("sequences", "token_shift", "launch_token_shift"): (  # 5, 0, 13 and 3 tokens in blocks of four: 2 + 0 + 4 + 1 of sixteen programs work
        16, {"LOAD": 16 * 2 + 7 * 2, "STORE": 7}, {"x": (21 + 21 - 3) * 8 * 4, "cu_seqlens": 16 * 2 * 8}, {"out": 21 * 8 * 4}, 0,
    ),
    ("sequences", "own_reductions", "launch_own_reductions"): (
        1, {"LOAD": 1, "REDUCE": 3, "SCAN": 1, "STORE": 4}, {"x": 256}, {"best": 32, "sums": 32, "back": 256, "total": 4}, 0,
    ),
    ("serving", "reshape_and_cache", "launch_reshape_and_cache"): (
        5, {"LOAD": 5 + 4, "STORE": 4}, {"key": 4 * 16 * 2, "slot_mapping": 5 * 8}, {"key_cache": 4 * 16 * 2}, 0,
    ),
    ("serving", "paged_decode", "launch_paged_decode"): (  # 11, 8 and 17 keys in pages of eight: 2 + 1 + 3
        3, {"LOAD": 3 * 2 + 6 * 3, "STORE": 3, "REDUCE": 6 * 4},
        {"q": 3 * 64, "k_cache": (11 + 8 + 17) * 64, "v_cache": (11 + 8 + 17) * 64, "block_tables": 6 * 4, "seq_lens": 12},
        {"out": 3 * 64}, 0,
    ),
    ("serving", "decode_stage1", "launch_decode_stage1"): (  # nine keys in splits of three, so the fourth is empty; blocks of two
        2 * 4 + 2, {"LOAD": 2 * (4 + 3 * 2 * 2) + 2 * 3 * 2, "STORE": 2 * 3 * 2 + 2, "REDUCE": 2 * 3 * 2 * 4},
        {"q": 2 * 4 * 64, "k": 2 * 9 * 64, "v": 2 * 9 * 64, "partial": 2 * 3 * 64, "lse": 2 * 3 * 4},
        {"partial": 2 * 3 * 64, "lse": 2 * 3 * 4, "out": 2 * 64}, 0,
    ),
    ("serving", "fused_moe", "launch_fused_moe"): (  # three blocks of tokens, one an expert, and one too many; two blocks of columns
        (3 + 1) * 2, {"LOAD": 2 * (3 * (3 + 3 * 2 + 1) - 3 + 3 + 1), "STORE": 6, "DOT": 6 * 3},
        {"a_ptr": 2 * 18 * 40 * 4, "b_ptr": 3 * 40 * 32 * 4, "topk_weights_ptr": 2 * 18 * 4, "sorted_token_ids_ptr": 6 * 16 * 4,
         "expert_ids_ptr": 6 * 4, "num_tokens_post_padded_ptr": 8 * 4},
        {"c_ptr": 18 * 32 * 4}, 6 * 3 * 2 * 16**3,
    ),
    ("serving", "per_token_group_quant", "launch_per_token_group_quant"): (
        18, {"LOAD": 18, "STORE": 36, "REDUCE": 18}, {"y_ptr": 6 * 48 * 2}, {"y_q_ptr": 6 * 48, "y_s_ptr": 18 * 4}, 0,
    ),
    ("serving", "weight_dequant", "launch_weight_dequant"): (6, {"LOAD": 12, "STORE": 6}, {"x_ptr": 960, "s_ptr": 24}, {"y_ptr": 3840}, 0),
    ("serving", "fp8_gemm", "launch_fp8_gemm"): (  # 16 x 16 tiles of 20 x 32; rows past the end wrap around, so 16 are read again
        2 * 2, {"LOAD": 4 * 2 * 4, "STORE": 4, "DOT": 4 * 2},
        {"a_ptr": 2 * (16 + 16) * 64, "b_ptr": 2 * 32 * 64, "a_s_ptr": 2 * 2 * 2 * 16 * 4, "b_s_ptr": 4 * 2 * 4}, {"c_ptr": 20 * 32 * 4},
        8 * 2 * 16 * 16 * 32,
    ),
    ("serving", "sampled", "launch_sampled"): (  # a sort of 32 takes 1 + 2 + 3 + 4 + 5 exchanges
        4, {"LOAD": 8, "STORE": 4, "REDUCE": 4 * (15 + 2)}, {"logits": 4 * 30 * 4, "noise": 4 * 5 * 4}, {"out": 16}, 0,
    ),
    ("sparse", "padded_copy", "launch_padded_copy"): (  # those of the second expert look up both bins
        6, {"LOAD": 6 * 3 + 3 * 2 + 6 * 2, "STORE": 6 * 2},
        {"a": 6 * 40 * 4, "indices": 24, "bin_ids": 24, "weights": 24, "bins": 3 * 8, "padded_bins": 3 * 8}, {"b": 6 * 40 * 4}, 0,
    ),
    ("sparse", "blocks_product", "launch_blocks_product"): (
        3, {"LOAD": 3 * (2 + 2 * 2), "STORE": 3, "DOT": 3 * 2},
        {"a": 3 * 16 * 32 * 4, "b": 3 * 32 * 16 * 4, "row_indices": 6, "column_indices": 6},
        {"values": 3 * 1024}, 6 * 2 * 16**3,
    ),
    ("sparse", "blocks_times_dense", "launch_blocks_times_dense"): (
        3 * 2, {"LOAD": 6 * 2 + 2 * 3 * 3, "STORE": 6, "DOT": 2 * 3},
        {"values": 2 * 3 * 1024, "column_indices": 2 * 3 * 8, "offsets": 6 * 16, "dense": 3 * 16 * 20 * 4},
        {"out": 48 * 20 * 4}, 6 * 2 * 16**3,
    ),
    ("sparse", "jagged_to_dense", "launch_jagged_to_dense"): (
        3 * 2, {"LOAD": 6 * 3, "STORE": 6}, {"values": 12 * 8 * 4, "offsets": 6 * 16}, {"out": 3 * 7 * 8 * 4}, 0,
    ),
    ("sparse", "jagged_sum", "launch_jagged_sum"): (  # the first configuration: four rows by sixteen columns
        3 * 2, {"LOAD": 6 * 2 + 6 * 2, "STORE": 6, "REDUCE": 6}, {"values": 12 * 20 * 4, "offsets": 6 * 16}, {"out": 3 * 20 * 4}, 0,
    ),
    ("sparse", "concat_2d_jagged", "launch_concat_2d_jagged"): (
        5 * 2, {"LOAD": 10 * 4 + 9, "STORE": 9}, {"offsets_a": 160, "values_a": 5 * 32, "offsets_b": 160, "values_b": 4 * 32},
        {"out": 9 * 32}, 0,
    ),
    ("sparse", "hstu_attention", "launch_hstu_attention"): (
        # 20, 0 and 10 tokens in blocks of 16: blocks see one, two and one tile of keys
        2 * 3, {"LOAD": 6 * 2 + 3 + (1 + 2 + 1) * 2, "STORE": 3, "DOT": (1 + 2 + 1) * 2},
        {"q": 30 * 64, "k": (16 + 20 + 10) * 64, "v": (16 + 20 + 10) * 64, "offsets": 6 * 16}, {"out": 30 * 64}, 4 * 2 * 2 * 16**3,
    ),
    ("sparse", "embedding_backward", "launch_embedding_backward"): (  # of eight ids and of two, distinct ones: 5 and 1
        2, {"LOAD": 4, "ATOMIC": 2}, {"grad": 10 * 32, "ids": 80, "table_grad": (5 + 1) * 32}, {"table_grad": (5 + 1) * 32}, 0,
    ),
}  # fmt: skip


@pytest.mark.parametrize("which", EXPECTED, ids=lambda which: which[2].removeprefix("launch_"))
def test_counts_and_bytes_are_the_closed_forms(which: tuple[str, str, str]) -> None:
    programs, operations, read, written, flops = EXPECTED[which]
    trace = traced(*which)
    assert len(trace.spans) == programs
    assert Counter(event.op.name for event in trace) == operations
    moved = traffic(trace)
    assert (moved.read, moved.written) == (read, written)
    assert int(trace.columns["flops"].sum()) == flops


@pytest.mark.parametrize("which", EXPECTED, ids=lambda which: which[2].removeprefix("launch_"))
def test_every_event_has_its_line_and_lies_within_its_tensor(which: tuple[str, str, str]) -> None:
    trace = traced(*which)
    shapes = {info.name: info.shape for info in trace.header.tensors}
    itemsizes = {info.name: info.itemsize for info in trace.header.tensors}
    words = {Op.LOAD: "load|gather", Op.STORE: "store|scatter", Op.ATOMIC: "atomic", Op.ATOMIC_LOAD: "atomic_cas", Op.DOT: "dot"}
    for event in trace:
        assert re.search(words.get(event.op, "tl."), trace.line_text(event))
        if event.tensor is not None:
            assert all(0 <= start <= stop <= size for (start, stop), size in zip(event.box, shapes[event.tensor], strict=True))
            area = math.prod(stop - start for start, stop in event.box) * itemsizes[event.tensor]
            assert event.touched is not None
            assert event.nbytes <= max(area, event.touched)


def boxes(trace: Trace, op: Op, tensor: str, pid: tuple[int, int, int]) -> list[Any]:
    return [event.box for event in trace if (event.op, event.tensor, event.pid) == (op, tensor, pid)]


def test_tiles_of_a_product_by_hand() -> None:
    """Program 5 of 4 x 3 tiles in groups of two rows: the sixth of its group goes down first, so row 1, column 2."""
    trace = traced("products", "matmul", "launch_matmul")
    assert boxes(trace, Op.STORE, "c", (5, 0, 0)) == [((32, 64), (64, 72))]
    assert boxes(trace, Op.LOAD, "a", (5, 0, 0)) == [
        ((32, 64), (k, k + size)) for k, size in zip((0, 16, 32, 48), pieces(50, 16), strict=True)
    ]
    assert boxes(trace, Op.LOAD, "b", (5, 0, 0)) == [
        ((k, k + size), (64, 72)) for k, size in zip((0, 16, 32, 48), pieces(50, 16), strict=True)
    ]
    shapes = {event.shape for event in trace if event.op == Op.DOT}
    assert shapes == {(32, 32, 16)}


def test_tiles_of_a_batch_by_hand() -> None:
    """A 3-D grid: (1, 0, 2) is rows 16 to 32, columns 0 to 16 of the third matrix."""
    trace = traced("products", "batched", "launch_batched")
    assert boxes(trace, Op.STORE, "c", (1, 0, 2)) == [((2, 3), (16, 32), (0, 16))]
    assert boxes(trace, Op.LOAD, "b", (1, 0, 2)) == [((2, 3), (0, 16), (0, 32))]


def test_attention_of_another_style_by_hand() -> None:
    trace = traced("products", "attention", "launch_attention")
    assert boxes(trace, Op.LOAD, "k", (3, 1, 0)) == [
        ((1, 2), (j, j + size), (0, 16)) for j, size in zip((0, 32, 64, 96), pieces(100, 32), strict=True)
    ]
    assert boxes(trace, Op.STORE, "out", (3, 1, 0)) == [((1, 2), (96, 100), (0, 16))]


def test_block_pointers_whether_triton_has_them_or_not() -> None:
    """3.9 has removed them."""
    trace = traced("rows", "row_sums", "launch_block_pointers")
    assert boxes(trace, Op.LOAD, "x", (2, 0, 0)) == [
        ((32, 40), (k, k + size)) for k, size in zip((0, 16, 32, 48), pieces(50, 16), strict=True)
    ]
    assert traffic(trace).read == {"x": 40 * 50 * 4}


def test_states_before_each_chunk_by_hand() -> None:
    """Block pointers with a transposed tensor: program (1, 1) has keys 16 to 24 and values 16 to 20."""
    trace = traced("sequences", "chunk_state", "launch_chunk_state")
    spans = [(0, 16), (16, 32), (32, 40)]
    assert boxes(trace, Op.LOAD, "k", (1, 1, 0)) == [(span, (16, 24)) for span in spans]
    assert boxes(trace, Op.LOAD, "v", (1, 1, 0)) == [(span, (16, 20)) for span in spans]
    assert boxes(trace, Op.STORE, "h", (1, 1, 0)) == [((t, t + 1), (16, 24), (16, 20)) for t in range(3)]


def test_pages_by_hand() -> None:
    """The third sequence has 17 keys in pages 1, 3 and 4."""
    trace = traced("serving", "paged_decode", "launch_paged_decode")
    assert boxes(trace, Op.LOAD, "k_cache", (2, 0, 0)) == [
        ((page, page + 1), (0, size), (0, 16)) for page, size in ((1, 8), (3, 8), (4, 1))
    ]


def test_what_is_gathered_is_no_box_and_known_all_the_same() -> None:
    """Tokens 0, 2, 3, 5, 6 and 7 are expert 0's: rows of the result that are written, each whole."""
    trace = traced("serving", "fused_moe", "launch_fused_moe")
    mine = [2 * token + slot for token, slot in ((0, 0), (2, 0), (3, 0), (5, 0), (6, 0), (7, 1))]
    (store,) = [event for event in trace if event.op == Op.STORE and event.pid == (0, 0, 0)]
    assert store.box == ((min(mine), max(mine) + 1), (0, 16))
    assert trace.elements(store.index).tolist() == [row * 32 + column for row in mine for column in range(16)]


def test_one_access_of_several_arrays_is_an_event_for_each() -> None:
    trace = traced("memory", "scatter_to_three", "launch_scatter_to_three")
    found = [(event.op.name, event.tensor, event.box) for event in trace if event.op in (Op.STORE, Op.ATOMIC)]
    assert found == [(op, name, ((0, size),)) for op in ("STORE", "ATOMIC") for name, size in (("a", 4), ("b", 3), ("c", 3))]
    picked = traced("memory", "pick", "launch_pick")
    assert [picked.elements(at).tolist() for at in range(2)] == [[0, 2, 4, 6], [1, 3, 5, 7]]


def test_a_block_is_no_condition() -> None:
    with pytest.raises(UsageError, match=r"booleans.py:\d+, program \(0, 0, 0\): .* expected one value as a condition, got a block of 8"):
        traced("booleans", "block_condition", "launch_block_condition")


def test_there_are_at_least_sixty_kernels() -> None:
    assert len({(file, kernel) for file, kernel, _ in EXPECTED}) >= 60


def test_a_view_is_seen_as_the_view() -> None:
    """Transposed, with padded rows, with a stride of zero: shapes and strides are those that the kernel was given."""
    infos = [
        traced("elementwise", "transpose", name).header.tensors[0]
        for name in ("launch_transpose", "launch_padded_rows", "launch_zero_stride")
    ]
    assert [(info.shape, info.strides) for info in infos] == [((8, 8), (1, 8)), ((8, 8), (16, 1)), ((8, 8), (0, 1))]


def test_two_launches_and_one_array_in_both() -> None:
    trace = traced("rows", "total", "launch_two_stages")
    assert [launch.grid for launch in trace.header.launches] == [(8, 1, 1), (1, 1, 1)]
    assert [launch.tensors for launch in trace.header.launches] == [{"values": 0, "out": 1}, {"values": 1, "out": 2}]
    assert boxes(trace, Op.LOAD, "out", (0, 0, 0)) == [((0, 8),)]


def test_a_helper_of_another_file_and_reductions_in_it() -> None:
    trace = traced("rows", "layer_norm", "launch_layer_norm")
    files = [source.file for source in trace.header.sources]
    assert sorted(files) == ["helpers.py", "rows.py"]
    first, *_ = (event for event in trace if event.op == Op.LOAD)
    assert trace.line_text(first) == "return tl.load(pointers, mask=mask, other=0.0).to(tl.float32)"
    orders = traced("rows", "orders", "launch_orders")
    assert Counter(event.op for event in orders)[Op.SCAN] == 2  # associative_scan and cumsum
    assert traffic(orders).written == {"sums": 64, "last": 4, "ranked": 64, "back": 64}


def test_a_wholly_masked_access_is_an_event_without_bytes() -> None:
    """Three blocks of 16 for 10 elements would have one; two of 16 have the second with none."""
    trace = traced("control", "masked_out", "launch_masked_out")
    assert [event.nbytes for event in trace] == [40, 40, 0, 0]


WRONG = {
    "launch_no_mask": (
        "past_the_end",
        "tl.store(",
        "program (2, 0, 0): expected a load within x of shape [40] and strides [1], got element offset 40",
    ),
    "launch_short_output": ("past_the_end", "tl.store(", "program (2, 0, 0): expected a store within out of shape [40] and strides [1]"),
    "launch_between_rows": ("past_the_end", "tl.store(", "program (0, 0, 0): expected a load within x of shape [4, 8] and strides [16, 1]"),
    "launch_too_tall": ("too_tall", "tl.store(", "expected a load within x of shape [32, 16] and strides [16, 1], got element offset 512"),
    "launch_lost": ("lost", "tl.store(", "expected a load from an array that the kernel was given, got address 0x1000, near none of them"),
    "launch_beyond": (
        "beyond",
        "tl.atomic_add(",
        "program (2, 0, 0): expected an atomic operation within x of shape [2] and strides [1], got element",
    ),
    "launch_shifted": (
        "before_the_start",
        "x + i - 1",
        "expected a load within x of shape [16] and strides [1], got element offset -1 (byte -4)",
    ),
}


@pytest.mark.parametrize("launcher", WRONG)
def test_a_wrong_kernel_is_told_tensor_offset_program_and_line(launcher: str) -> None:
    kernel, statement, message = WRONG[launcher]
    with pytest.raises(VerificationError) as error:
        traced("elementwise", kernel, launcher)
    told = str(error.value)
    assert message in told
    assert told.endswith(("mask it", "correct the pointer"))
    assert len(told.splitlines()) == 1
    lines = (CORPUS / "elementwise.py").read_text(encoding="utf-8").splitlines()
    start = next(at for at, text in enumerate(lines) if f"def {kernel}(" in text)
    number = next(at for at, text in enumerate(lines) if at > start and statement in text) + 1
    assert f"elementwise.py:{number}, program" in told


def test_the_interpreter_has_no_access_and_no_product_that_is_not_watched() -> None:
    """Whatever triton's builder does comes down to these: a new version that goes another way would be traced with gaps."""
    (builder,) = ast.parse(inspect.getsource(interpreter().InterpreterBuilder)).body
    assert isinstance(builder, ast.ClassDef)
    methods = {method.name: ast.unparse(method) for method in builder.body if isinstance(method, ast.FunctionDef)}
    accesses = {name for name, text in methods.items() if re.search(r"_interpreter\.(load|store|atomic)", text)}
    assert accesses == {"create_masked_load", "create_masked_store", "create_atomic_rmw", "create_atomic_cas"}
    products = {name for name, text in methods.items() if re.search(r"np\.(matmul|dot|einsum)| @ ", text)}
    assert products <= {"create_dot", "create_dot_scaled"}
