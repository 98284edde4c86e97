"""torch's tensors on the CPU and NumPy's arrays, in one memory. torch knows no bfloat16 of NumPy's and is given its bits, and back."""

from __future__ import annotations

import importlib
from typing import Any, cast

import ml_dtypes
import numpy as np


def as_array(tensor: Any) -> np.ndarray:
    """A view of a tensor on the CPU, without its gradient."""
    torch = importlib.import_module("torch")
    if tensor.dtype == torch.bfloat16:
        return cast("np.ndarray", tensor.detach().view(torch.int16).numpy().view(ml_dtypes.bfloat16))
    return cast("np.ndarray", tensor.detach().numpy())


def as_tensor(array: np.ndarray) -> Any:
    """A tensor of the same memory."""
    torch = importlib.import_module("torch")
    return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16) if array.dtype == ml_dtypes.bfloat16 else torch.from_numpy(array)
