"""The grid of truth: shapes that FlashAttention's own tests run (``test_flash_attn_output``, ``test_flash_attn_causal``), and more.

By default a covering design: every two values of any two axes meet in some cell. ``--full-grid`` takes the product of all shapes.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import combinations, product
from typing import Any

import numpy as np

from flashviz.config import AttentionConfig
from flashviz.inputs import Arrays, make_inputs
from flashviz_kernels.reference import Tolerance, largest_score, naive, tolerance

LARGEST = 1e4  # |S| of the large cells

LENGTHS = (
    (113, 203), (128, 217), (108, 256), (256, 512), (1, 239), (3, 799), (127, 513), (203, 113), (512, 256), (239, 1), (1, 1), (40, 0),
)  # fmt: skip
LONG = (1023, 1024)  # interpreted for seconds: by default with a few head dims only
MORE_LENGTHS = (
    LONG, (1024, 1024), (1024, 1023), (2048, 2048), (113, 211), (127, 512),
    (799, 3), (513, 127), (512, 127), (217, 128), (211, 113), (256, 108),
)  # fmt: skip
HEAD_DIMS = (16, 32, 40, 59, 64, 96, 111, 128, 192, 255, 256)
MORE_HEAD_DIMS = (17, 80, 160, 224)
HEADS = {"mha": (2, 2), "mqa": (3, 1), "gqa": (4, 2)}  # H and H_kv
SHAPES: dict[str, Sequence[Any]] = {
    "lengths": LENGTHS,
    "head_dim": HEAD_DIMS,
    "dtype": ("float16", "bfloat16", "float32"),
    "heads": tuple(HEADS),
    "causal": (False, True),
}
VARIATIONS: dict[str, Sequence[Any]] = {
    "tile": ((64, 64), (128, 32), (32, 64)),
    "scores": ("gaussian", "structured", "large"),
}


BACKWARD: dict[str, Sequence[Any]] = SHAPES | {  # five products for two: by default fewer lengths and head dims
    "lengths": ((113, 203), (128, 217), (1, 239), (203, 113), (239, 1), (40, 0)),
    "head_dim": (16, 40, 64, 111, 128, 256),
}


@dataclass(frozen=True)
class Cell:
    """One point of the grid."""

    lengths: tuple[int, int]
    head_dim: int
    dtype: str
    heads: str
    causal: bool
    tile: tuple[int, int]
    scores: str

    def __str__(self) -> str:
        (n_q, n_k), (block_m, block_n) = self.lengths, self.tile
        mask = "causal" if self.causal else "full"
        return f"{n_q}x{n_k}-d{self.head_dim}-{self.dtype}-{self.heads}-{mask}-{block_m}x{block_n}-{self.scores}"

    @cached_property
    def config(self) -> AttentionConfig:
        """The problem; of large cells the scale is such that max |S| = ``LARGEST``."""
        (heads, kv_heads), (block_m, block_n) = HEADS[self.heads], self.tile
        config = AttentionConfig(
            heads=heads, kv_heads=kv_heads, seq_q=self.lengths[0], seq_k=self.lengths[1], head_dim=self.head_dim, block_m=block_m,
            block_n=block_n, dtype=self.dtype, causal=self.causal, stages=1,  # type: ignore[arg-type]  # one of DType
            inputs="structured" if self.scores == "structured" else "gaussian",
        )  # fmt: skip
        if self.scores != "large" or not config.seq_k:
            return config
        q, k, _ = make_inputs(config)
        return replace(config, scale=LARGEST / largest_score(q, k, 1.0))


FOUND = (  # a float32 score is a sum of d products, whose order the machine chooses
    Cell((1, 239), 256, "float32", "mha", causal=False, tile=(32, 64), scores="large"),
    Cell((1, 1), 192, "float32", "mha", causal=True, tile=(64, 64), scores="structured"),
)


@lru_cache(maxsize=4)
def truth(config: AttentionConfig) -> tuple[Arrays, np.ndarray, np.ndarray]:
    """Inputs, O and LSE in float64."""
    arrays = make_inputs(config)
    return arrays, *naive(*arrays, scale=config.scale, causal=config.causal)


@lru_cache(maxsize=12)
def allowed(config: AttentionConfig, **rounded: bool) -> Tolerance:
    """How far from it a result may be."""
    return tolerance(truth(config)[0], config, **rounded)


def cells(*, full: bool) -> list[Cell]:
    """All pairs; or all shapes, over which tile and scores are drawn, always the same."""
    if not full:
        axes = SHAPES | VARIATIONS
        return [Cell(**row) for row in all_pairs(axes) + all_pairs(axes | {"lengths": (LONG,), "head_dim": (59, 64, 256)})]
    shapes = product(*(SHAPES | {"lengths": LENGTHS + MORE_LENGTHS, "head_dim": HEAD_DIMS + MORE_HEAD_DIMS}).values())
    draw = random.Random(0)
    return [Cell(*shape, *map(draw.choice, VARIATIONS.values())) for shape in shapes]


def backward_cells(*, full: bool) -> list[Cell]:
    """The same of the backward pass; and cells of the whole grid that were once beyond their tolerance."""
    return cells(full=True) if full else [*(Cell(**row) for row in all_pairs(BACKWARD | VARIATIONS)), *FOUND]


def all_pairs(axes: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Rows in which every two values of any two axes meet.

    Each row starts with a pair that is missing, then takes what covers most others; of equals, the least used.
    """
    missing = {frozenset(pair) for a, b in combinations(axes, 2) for pair in product(points(axes, a), points(axes, b))}
    rows, used = [], Counter[tuple[str, Any]]()
    for start in (pair for a, b in combinations(axes, 2) for pair in product(points(axes, a), points(axes, b))):
        if frozenset(start) not in missing:
            continue
        row = list(start)
        for name in (name for name in axes if name not in dict(start)):
            gain = {point: sum(frozenset((point, other)) in missing for other in row) for point in points(axes, name)}
            row.append(max(gain, key=lambda point: (gain[point], -used[point])))
        missing -= {frozenset(pair) for pair in combinations(row, 2)}
        used.update(row)
        rows.append(dict(row))
    return rows


def points(axes: Mapping[str, Sequence[Any]], name: str) -> list[tuple[str, Any]]:
    """The values of an axis with its name, so that equal values of two axes differ."""
    return [(name, value) for value in axes[name]]
