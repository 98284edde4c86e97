"""What answers for a GPU where there is none, so that files that ask for one can be imported and launched as they stand.

Triton's driver, ``torch.cuda`` and devices named ``cuda`` are stood in for: tensors lie on the CPU, figures are those of an H100. What
is recorded does not depend on them but where a kernel's launcher asks for them, for a grid of one program an SM, say.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any

CAPABILITY = (9, 0)
SMS = 132
CUDA = "12.8"
PROPERTIES = {  # as triton.runtime.driver.active.utils.get_device_properties has them
    "max_shared_mem": 232_448, "max_num_regs": 65_536, "multiprocessor_count": SMS, "warpSize": 32,
    "sm_clock_rate": 1_980_000, "mem_clock_rate": 2_619_000, "mem_bus_width": 5120,
}  # fmt: skip
NAME = "stand-in for a GPU (flashviz)"


class Driver:
    """Triton's driver of a GPU, as far as host code asks for it."""

    utils = types.SimpleNamespace(get_device_properties=lambda _device=0: dict(PROPERTIES))

    def get_active_torch_device(self) -> Any:
        return importlib.import_module("torch").device("cpu")

    def get_current_target(self) -> Any:
        return importlib.import_module("triton.backends.compiler").GPUTarget("cuda", 10 * CAPABILITY[0] + CAPABILITY[1], 32)

    def get_device_capability(self, _device: int = 0) -> tuple[int, int]:
        return CAPABILITY

    def get_current_device(self) -> int:
        return 0

    def set_current_device(self, _device: int) -> None:
        """There is one."""

    def get_current_stream(self, _device: int = 0) -> int:
        return 0

    def get_device_interface(self) -> Any:
        return importlib.import_module("torch").cuda

    def get_benchmarker(self) -> Callable[..., Any]:
        return importlib.import_module("triton.testing").do_bench  # type: ignore[no-any-return]

    def get_empty_cache_for_benchmark(self) -> None:
        return None

    def clear_cache(self, _cache: object) -> None:
        """Nothing is cached."""


class CompiledKernel:
    """What ``kernel.warmup(...)`` gives on a GPU, as far as host code asks for it: some registers, some shared memory, and a launch."""

    n_regs, n_spills = 32, 0
    metadata = types.SimpleNamespace(shared=1024, num_warps=4, num_stages=2)
    asm: Mapping[str, str] = types.MappingProxyType({})

    def __init__(self, kernel: Any) -> None:
        self.kernel = kernel

    def _init_handles(self) -> None:
        """There are none."""

    def __getitem__(self, grid: Any) -> Callable[..., Any]:
        return lambda *args: self.kernel.run(*args, grid=grid, warmup=False)


class Event:
    """A moment on a GPU. A day lies between any two, so that who measures repeats nothing."""

    def __init__(self, **_options: object) -> None:
        """There is no clock."""

    def record(self, _stream: object = None) -> None:
        """Nothing runs beside."""

    def synchronize(self) -> None:
        """Nothing to wait for."""

    def elapsed_time(self, _later: Event) -> float:
        return 86_400_000.0


@contextlib.contextmanager
def standing_in() -> Iterator[None]:
    """A GPU is stood in for, where there is none."""
    driver = importlib.import_module("triton.runtime.driver").driver
    with contextlib.ExitStack() as stack:
        if not _has_driver(driver):
            before = driver._active
            driver.set_active(Driver())
            stack.callback(setattr, driver, "_active", before)
            libtriton = importlib.import_module("triton._C.libtriton")
            if hasattr(libtriton, "nvidia") and hasattr(libtriton.nvidia, "cublas"):
                cublas = libtriton.nvidia.cublas
                stack.callback(setattr, cublas, "CublasLt", cublas.CublasLt)
                cublas.CublasLt = lambda *_workspace: (
                    types.SimpleNamespace()
                )  # a benchmark's rival: made when a module is imported, not used here
        if "torch" in sys.modules:
            stack.enter_context(torch_on_cpu())
        yield


def _has_driver(driver: Any) -> bool:
    if driver._active is not None:
        return True
    try:
        return driver.active is not None
    except RuntimeError:  # "0 active drivers"
        return False


_standing: list[bool] = []


@contextlib.contextmanager
def torch_on_cpu() -> Iterator[None]:
    """``torch.cuda`` answers, and what is put on ``cuda`` is put on the CPU. Does nothing where there is a GPU, or within itself."""
    torch = importlib.import_module("torch")
    if _standing or torch.cuda.is_available():
        yield
        return
    from torch.overrides import TorchFunctionMode

    class OnCpu(TorchFunctionMode):  # type: ignore[misc]  # torch may be absent where types are checked
        """Every call of torch's with its devices replaced."""

        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            if func is torch.Tensor.cuda:
                return args[0]
            if func == torch.Tensor.is_cuda.__get__:
                return True
            if func is torch.device:
                return func("cpu") if str(args[0]).split(":")[0] == "cuda" else func(*args, **(kwargs or {}))
            return func(*map(_placed, args), **{name: _placed(value) for name, value in (kwargs or {}).items()})

    def _placed(value: Any) -> Any:
        if isinstance(value, (str, torch.device)) and str(value).split(":")[0] == "cuda":
            return torch.device("cpu")
        return value

    generator: Any = torch.Generator

    class Generator(generator):  # type: ignore[misc]  # torch may be absent where types are checked
        """Random numbers of the CPU."""

        def __new__(cls, device: Any = "cpu") -> Any:
            return super().__new__(cls, device=_placed(device))

    properties = types.SimpleNamespace(
        name=NAME, major=CAPABILITY[0], minor=CAPABILITY[1], multi_processor_count=SMS, total_memory=80 << 30, warp_size=32,
        shared_memory_per_block=49_152, shared_memory_per_block_optin=232_448, shared_memory_per_multiprocessor=233_472,
        regs_per_multiprocessor=65_536, max_threads_per_multi_processor=2048, L2_cache_size=50 << 20, gcnArchName="",
    )  # fmt: skip
    answers: dict[str, Any] = {
        "is_available": lambda: True, "current_device": lambda: 0, "device_count": lambda: 1, "set_device": lambda _device: None,
        "get_device_capability": lambda *_device: CAPABILITY, "get_device_properties": lambda *_device: properties,
        "get_device_name": lambda *_device: NAME, "synchronize": lambda *_device: None, "empty_cache": lambda: None,
        "device": lambda *_device: contextlib.nullcontext(), "device_of": lambda *_tensor: contextlib.nullcontext(),
        "current_stream": lambda *_device: types.SimpleNamespace(cuda_stream=0, synchronize=lambda: None),
        "max_memory_allocated": lambda *_device: 0, "memory_allocated": lambda *_device: 0,
        "reset_peak_memory_stats": lambda *_device: None,
        "Event": Event, "is_bf16_supported": lambda *_including: True,
    }  # fmt: skip
    with contextlib.ExitStack() as stack:
        for owner, name, answer in (
            *((torch.cuda, *each) for each in answers.items()),
            (torch.version, "cuda", CUDA),
            (torch, "Generator", Generator),
        ):
            stack.callback(setattr, owner, name, getattr(owner, name))
            setattr(owner, name, answer)
        _standing.append(True)
        stack.callback(_standing.pop)
        stack.enter_context(OnCpu())
        yield


def has_torch() -> bool:
    """Whether torch is installed."""
    return importlib.util.find_spec("torch") is not None
