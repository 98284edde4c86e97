"""torch's tensors on the CPU and NumPy's arrays, in one memory. torch knows no narrow floats of NumPy's and is given bits, and back."""

from __future__ import annotations

import importlib
import sys
from typing import Any, cast

import ml_dtypes
import numpy as np


def as_array(tensor: Any) -> np.ndarray:
    """A view of a tensor on the CPU, without its gradient."""
    torch, plain, name = sys.modules["torch"], tensor.detach(), str(tensor.dtype).removeprefix("torch.")
    if hasattr(ml_dtypes, name):  # bfloat16 and the kinds of float8, which torch does not hand to NumPy
        bits = plain.view({1: torch.uint8, 2: torch.int16}[plain.element_size()])
        return cast("np.ndarray", bits.numpy().view(getattr(ml_dtypes, name)))
    return cast("np.ndarray", plain.numpy())


def as_tensor(array: np.ndarray) -> Any:
    """A tensor of the same memory."""
    torch = importlib.import_module("torch")
    return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16) if array.dtype == ml_dtypes.bfloat16 else torch.from_numpy(array)


class DtypeName(str):
    """A dtype by its name, with what triton's descriptors ask a torch.dtype."""

    __slots__ = ()

    @property
    def itemsize(self) -> int:
        return np.dtype(getattr(ml_dtypes, self, self)).itemsize

    @property
    def is_floating_point(self) -> bool:
        return "float" in self


class HostTensor:
    """A NumPy array with just as much of torch.Tensor's surface as the interpreter asks for. Strides count elements.

    Where it has a name, whoever watches a launch calls it by that, and not by a kernel's parameter.
    """

    def __init__(self, array: np.ndarray, name: str | None = None) -> None:
        self.array = array
        self.name = name
        self.dtype = DtypeName(array.dtype.name)
        self.shape = array.shape

    def data_ptr(self) -> int:
        return int(self.array.ctypes.data)

    def stride(self) -> tuple[int, ...]:
        return tuple(step // self.array.itemsize for step in self.array.strides)

    def size(self) -> tuple[int, ...]:
        return self.array.shape

    def storage_offset(self) -> int:
        return 0

    def untyped_storage(self) -> HostTensor:
        return self

    def cpu(self) -> HostTensor:
        return self

    def new_empty(self, *_shape: object, **_options: object) -> HostTensor:
        return self

    def set_(self, *_storage: object) -> None:
        """The interpreter would set a copy; here host and device are one memory."""

    def copy_(self, _other: object) -> None:
        """Nothing to copy back, for the same reason."""
