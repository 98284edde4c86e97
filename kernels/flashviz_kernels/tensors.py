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
