"""What a kernel calls from another file."""

import triton
import triton.language as tl


@triton.jit
def centre(value, mean, mask):
    return tl.where(mask, value - mean, 0.0)
