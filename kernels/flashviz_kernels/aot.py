"""Compile a kernel ahead of time, which needs no GPU and no torch. Run as a script, in a process that does not interpret:

    python -m flashviz_kernels.aot < request.json > answer.json

The request names the kernel's file and its variants; the answer has one object a variant. A variant is compiled by the very launch that
would run it, on arrays that are only described: so whatever Triton reads off a launch's arguments (which integers are 1, which ones 16
divides) is the same.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from flashviz_kernels import hopper
from flashviz_kernels.algorithm import Algorithm, Call
from flashviz_kernels.algorithms import DEFAULT, named
from flashviz_kernels.attending import problem_of
from flashviz_kernels.described import Described
from flashviz_kernels.modes import plain_module
from flashviz_kernels.problem import TraceBuffers

INSTRUCTIONS = {
    "wgmma": r"wgmma\.mma_async", "mma.sync": r"(?<!wg)mma\.sync", "tcgen05.mma": r"tcgen05\.mma", "ldmatrix": r"ldmatrix",
    "cp.async": r"cp\.async\.c[ag]", "cp.async.bulk": r"cp\.async\.bulk(?!\.tensor)", "cp.async.bulk.tensor": r"cp\.async\.bulk\.tensor",
    "mbarrier": r"mbarrier\.", "ex2.approx": r"ex2\.approx", "setmaxnreg": r"setmaxnreg",
    "%globaltimer": r"%globaltimer", "%smid": r"%smid", "%clock": r"%clock\b",
}  # fmt: skip
ELEMENT = {"f16": 2, "bf16": 2, "f32": 4, "i8": 1, "i16": 2, "i32": 4, "i64": 8}
ALLOCATION = re.compile(
    r"%(?P<name>\w+?)(?:_\d+)? = ttg\.(?P<op>\w+).*?allocation\.offset = (?P<offset>\d+) : i32(?:, allocation\.size = (?P<size>\d+))?"
)  # fmt: skip
MEMDESC = re.compile(r"-> !ttg\.memdesc<(?P<shape>(?:\d+x)+)(?P<element>\w+)")


class Ahead:
    """A kernel whose launch compiles it, for the architecture that is pretended to be there, and keeps what came out."""

    def __init__(self, kernel: Any) -> None:
        self.kernel = kernel
        self.compiled: Any = None

    def __getitem__(self, grid: tuple[int, ...]) -> Any:
        def compile_it(*arguments: Any, **options: Any) -> None:
            self.compiled = self.kernel.warmup(*arguments, grid=grid, **options)

        return compile_it

    @property
    def constants(self) -> list[str]:
        """Arguments that are constants in the code; those that are 1 among them."""
        return [self.kernel.arg_names[at] for (at, *_) in self.compiled.src.constants]

    @property
    def divisible(self) -> list[str]:
        """Arguments that the compiler knows 16 to divide."""
        attributes = self.compiled.src.attrs.items()
        return [self.kernel.arg_names[at] for (at, *_), known in attributes if ["tt.divisibility", 16] in [list(each) for each in known]]


class Pretended:
    """What Triton asks a driver for before it compiles; one device an architecture."""

    def __init__(self, arch: int) -> None:
        self.arch = arch

    def get_current_target(self) -> Any:
        from triton.backends.compiler import GPUTarget

        return GPUTarget("cuda", self.arch, 32)

    def get_current_device(self) -> int:
        return self.arch

    def get_current_stream(self, _device: int) -> int:
        return 0


def compiled(module: ModuleType, variant: dict[str, Any]) -> dict[str, Any]:
    """What came out of one variant: shared memory and its map, registers, spilled bytes, instructions; machine code where asked for.

    A variant has ``arch``, the ``config`` and the ``algorithm`` whose launch is compiled, number ``call`` of several, with a trace or not;
    or, as ``kernel``, ``hopper``.
    """
    import triton

    triton.runtime.driver.set_active(Pretended(variant["arch"]))
    algorithm = _algorithm(variant.get("algorithm", DEFAULT))
    config = algorithm.config(**variant["config"])
    assert algorithm.arrays is not None  # it has kernels
    tensors = algorithm.arrays(config)
    with contextlib.ExitStack() as stack:
        dump = stack.enter_context(_dumped()) if variant.get("map") else []
        if variant.get("kernel") == "hopper":
            given, problem = list(tensors.values()), problem_of(config)
            ahead = Ahead(hopper.kernel_for(given, problem))
            hopper.launch(given, problem, ahead)
        else:
            call = _call(algorithm, config, variant)
            ahead = Ahead(getattr(module, call.kernel.name))
            call.on(ahead)
    done = ahead.compiled
    registers, spilled, sass = _inspected(done.asm["cubin"], Path(triton.__file__).parent, want_sass="sass" in variant or "text" in variant)
    found = {name: len(re.findall(pattern, done.asm["ptx"])) for name, pattern in INSTRUCTIONS.items()}
    return {
        "kernel": done.name, "shared": done.metadata.shared, "registers": registers, "spilled": spilled, "warps": done.metadata.num_warps,
        "stages": getattr(config, "stages", done.metadata.num_stages),
        "instructions": {name: count for name, count in found.items() if count},
        "sass": encoded(sass) if variant.get("sass") else [], "text": sass.splitlines() if variant.get("text") else [],
        "constants": ahead.constants, "divisible": ahead.divisible,
        "buffers": allocation_map("".join(dump)), "triton": triton.__version__,
    }  # fmt: skip


def _algorithm(name: str) -> Algorithm:
    """By its name, or FILE.py:NAME: here kernels are compiled, so that the file is run as it stands."""
    file, _, attribute = name.rpartition(":")
    found: Algorithm = getattr(plain_module(Path(file)), attribute) if file else named(name)
    return found


def _call(algorithm: Algorithm, config: Any, variant: dict[str, Any]) -> Call:
    """The launch that a variant names, reporting where it is traced."""
    assert algorithm.arrays is not None
    assert algorithm.calls is not None
    calls: tuple[Call, ...] = algorithm.calls(config, algorithm.arrays(config), None)
    at: int = variant.get("call", 0)
    if not variant["trace"]:
        return calls[at]
    values = Described("float32", (1,))
    buffers = [
        TraceBuffers(Described("int32", (math.prod(call.grid), 1, 12)), values, values, Described("int32", (math.prod(call.grid), 1, 12)),
                     values=variant["values"], clock=variant["clock"])
        for call in calls
    ]  # fmt: skip
    return algorithm.calls(config, algorithm.arrays(config), buffers)[at]


@contextlib.contextmanager
def _dumped() -> Iterator[list[str]]:
    """MLIR's dump of each pass, which goes to the process's standard error: the only place that tells offsets in shared memory."""
    import triton

    lines: list[str] = []
    kept = os.dup(2)
    with tempfile.TemporaryFile("w+") as file:
        os.dup2(file.fileno(), 2)
        os.environ["MLIR_ENABLE_DUMP"] = "1"
        before = triton.knobs.compilation.always_compile
        triton.knobs.compilation.always_compile = True
        try:
            yield lines
        finally:
            triton.knobs.compilation.always_compile = before
            del os.environ["MLIR_ENABLE_DUMP"]
            os.dup2(kept, 2)
            os.close(kept)
            file.seek(0)
            lines.append(file.read())


def allocation_map(dump: str) -> list[dict[str, Any]]:
    """Buffers in shared memory by offset, named after the kernel's variables, from the first pass that has seen the allocation."""
    for text in dump.split("IR Dump Before ")[1:]:
        if "allocation.offset" in text:
            break
    else:
        return []
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for line in text.splitlines():
        where = ALLOCATION.search(line)
        if where is None:
            continue
        offset, described = int(where["offset"]), MEMDESC.search(line)
        if described is not None:
            sizes = [int(n) for n in described["shape"].rstrip("x").split("x")]
            nbytes = ELEMENT.get(described["element"], 0)
            for size in sizes:
                nbytes *= size
            copies = sizes[0] if len(sizes) > 2 else 1
            found[where["name"], offset] = {
                "name": where["name"].upper(), "offset": offset, "nbytes": nbytes, "copies": copies, "scratch": False,
            }  # fmt: skip
        else:
            found[where["op"], offset] = {
                "name": where["op"], "offset": offset, "nbytes": int(where["size"] or 0), "copies": 1, "scratch": True,
            }  # fmt: skip
    return sorted(found.values(), key=lambda buffer: (buffer["scratch"], buffer["offset"], buffer["name"]))


def _inspected(cubin: bytes, triton_folder: Path, *, want_sass: bool) -> tuple[int, int, str]:
    """Registers and spilled bytes a thread, and the disassembly, by the tools that triton brings."""
    tools = triton_folder / "backends" / "nvidia" / "bin"
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(cubin)
        file.flush()
        usage = _run(tools / "cuobjdump", "--dump-resource-usage", file.name)
        sass = _run(tools / "nvdisasm", "--print-instruction-encoding", file.name) if want_sass else ""
    found = re.search(r"REG:(\d+) STACK:(\d+)", usage)
    if found is None:
        raise RuntimeError(f"cuobjdump answered {usage!r}")
    return int(found[1]), int(found[2]), sass


def encoded(sass: str) -> list[str]:
    """The instructions of a disassembly, encoded: each is two words of 64 bits."""
    words = re.findall(r"/\* (0x[0-9a-f]{16}) \*/", sass)
    return [f"{low} {high}" for low, high in zip(words[::2], words[1::2], strict=True)]


def _run(*command: str | Path) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def main() -> None:
    """Answer the request on standard input."""
    request = json.load(sys.stdin)
    module = plain_module(Path(request["path"]))
    json.dump([compiled(module, variant) for variant in request["variants"]], sys.stdout)


if __name__ == "__main__":
    main()
