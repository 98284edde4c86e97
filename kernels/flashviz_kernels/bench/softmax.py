"""A kernel that stands for any kernel: softmax of a matrix, a block of rows a program."""

from __future__ import annotations

from typing import Any

import numpy as np
import triton
import triton.language as tl

ROWS, COLS, BLOCK_ROWS, BLOCK_COLS = 1823, 781, 16, 1024


@triton.jit  # type: ignore[untyped-decorator]
def softmax(x: Any, out: Any, M: Any, N: Any, BM: tl.constexpr, BN: tl.constexpr) -> None:
    """softmax(x) along the rows of x [M, N]."""
    rows, cols = tl.program_id(0) * BM + tl.arange(0, BM)[:, None], tl.arange(0, BN)[None, :]
    mask = (rows < M) & (cols < N)
    value = tl.load(x + rows * N + cols, mask=mask, other=-float("inf"))
    numerator = tl.exp(value - tl.max(value, 1)[:, None])
    tl.store(out + rows * N + cols, numerator / tl.sum(numerator, 1)[:, None], mask=mask)


def launch(kernel: Any) -> None:
    """On 1,823 x 781 numbers of float32."""
    x = np.random.default_rng(0).standard_normal((ROWS, COLS), np.float32)
    out = np.empty_like(x)
    kernel[(-(-ROWS // BLOCK_ROWS),)](x, out, ROWS, COLS, BM=BLOCK_ROWS, BN=BLOCK_COLS)
