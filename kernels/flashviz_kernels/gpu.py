"""The compiled kernel on a CUDA device, through torch tensors."""

# l and O are the symbols of the papers

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from flashviz_kernels.algorithm import Named
from flashviz_kernels.checking import refused_by_device
from flashviz_kernels.problem import TraceBuffers
from flashviz_kernels.tensors import as_array, as_tensor

DEVICE_NODES = ("/dev/nvidiactl", "/dev/dxg")  # Linux; Windows' subsystem for Linux
DRIVER = Path("/proc/driver/nvidia/version")
OLDEST = (8, 0)  # earlier ones spill

Launch = Callable[[Mapping[str, Any], Sequence[TraceBuffers]], None]


def why_not() -> str | None:
    """Why the kernel cannot be compiled and run on a GPU here, in words; None where it can."""
    if os.environ.get("TRITON_INTERPRET") == "1":
        return "TRITON_INTERPRET=1"
    if not any(Path(node).exists() for node in DEVICE_NODES):
        return "no NVIDIA device"
    if importlib.util.find_spec("torch") is None:
        return "no torch"
    triton = sys.modules.get("triton")
    if triton is not None and triton.knobs.runtime.interpret:
        return "a process that has imported triton to interpret"
    torch = importlib.import_module("torch")
    if not torch.cuda.is_available():
        return "a torch that reaches no CUDA device"
    capability = torch.cuda.get_device_capability()
    return None if capability >= OLDEST else "a GPU of sm_{}{}, where the kernel spills".format(*capability)


def run_on(device: str, arrays: Named, buffers: Sequence[TraceBuffers], launch: Launch) -> tuple[Named, list[TraceBuffers]]:
    """What kernels left in copies of ``arrays``, and wrote into copies of ``buffers``, as NumPy arrays.

    Args:
        device: As torch calls it; ``cuda`` is the current device.
        arrays: Inputs, and outputs as they are before the first launch, by name.
        buffers: Likewise, those of each call.
        launch: Makes the calls on tensors and buffers. With a clock it is called twice, on copies of their own: the first time compiles
            the kernels and meets cold caches, and what it wrote is thrown away.

    Raises:
        InputError: The tiles do not fit the device, or the arrays not its memory.
    """
    with refused_by_device():
        for _ in range(2 if any(each.clock for each in buffers) else 1):
            tensors = {name: _to_torch(array, device) for name, array in arrays.items()}  # a kernel that adds to them would do so twice
            there = [each.each(lambda buffer: _to_torch(buffer, device)) for each in buffers]
            launch(tensors, there)
        return {name: _to_numpy(tensor) for name, tensor in tensors.items()}, [each.each(_to_numpy) for each in there]


def versions() -> dict[str, str]:
    """torch, the device and its driver, by name."""
    torch = importlib.import_module("torch")
    known = driver()
    return {"torch": str(torch.__version__), "device": torch.cuda.get_device_name()} | ({"driver": known} if known else {})


def driver() -> str | None:
    """The version of NVIDIA's driver; None where there is none."""
    return driver_version(DRIVER.read_text(encoding="utf-8")) if DRIVER.exists() else None


def driver_version(text: str) -> str | None:
    """The driver's version in its own account of itself; None where it has none."""
    found = re.search(r"Kernel Module.*?\s(\d+(?:\.\d+)+)", text)
    return found[1] if found else None


def _to_torch(array: np.ndarray, device: str) -> Any:
    """A copy as a tensor."""
    return as_tensor(array.copy()).to(device)


def _to_numpy(tensor: Any) -> np.ndarray:
    """The same on the way back."""
    return as_array(tensor.cpu())
