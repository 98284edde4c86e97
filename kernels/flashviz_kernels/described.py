"""Arrays as a launch sees them: shape and dtype, with nothing behind them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from flashviz.inputs import numpy_dtype
from flashviz.trace import TensorInfo
from flashviz_kernels.tensors import DtypeName

ALIGNED = 1 << 20  # an address that every power of two up to it divides


@dataclass(frozen=True)
class Described:
    """A contiguous array of a dtype, which NumPy or ml_dtypes knows by that name."""

    dtype: str
    shape: tuple[int, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "dtype", DtypeName(self.dtype))  # what triton asks a dtype for

    @property
    def itemsize(self) -> int:
        """Bytes an element."""
        return numpy_dtype(self.dtype).itemsize

    def zeros(self) -> np.ndarray:
        """Such an array."""
        return np.zeros(self.shape, numpy_dtype(self.dtype))

    def data_ptr(self) -> int:
        return ALIGNED

    def ptr_range(self) -> int:
        """Bytes that its offsets span."""
        return math.prod(self.shape) * self.itemsize

    def stride(self) -> tuple[int, ...]:
        return tuple(math.prod(self.shape[at + 1 :]) for at in range(len(self.shape)))


def tensor_of(name: str, array: np.ndarray | Described) -> TensorInfo:
    """What a header says of an array."""
    steps = array.stride() if isinstance(array, Described) else tuple(step // array.itemsize for step in array.strides)
    return TensorInfo(name, array.shape, steps, str(array.dtype), array.itemsize)
