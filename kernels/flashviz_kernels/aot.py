"""Compile the kernel ahead of time, which needs no GPU and no torch. Run as a script, in a process that does not interpret:

    python -m flashviz_kernels.aot < request.json > answer.json

The request names the kernel's file and its variants; the answer has one object a variant.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

POINTERS = {"LSE": "*fp32", "trace_events": "*i32", "trace_stats": "*fp32", "trace_tiles": "*fp32", "trace_slots": "*i32"}
CONSTANTS = ("D", "BLOCK_D", "BLOCK_M", "BLOCK_N", "CAUSAL", "STAGES", "PRECISION", "TRACE", "TRACE_VALUES", "CLOCK")
INSTRUCTIONS = {
    "wgmma": r"wgmma\.mma_async", "mma.sync": r"(?<!wg)mma\.sync", "tcgen05.mma": r"tcgen05\.mma", "ldmatrix": r"ldmatrix",
    "cp.async": r"cp\.async\.c[ag]", "cp.async.bulk": r"cp\.async\.bulk(?!\.tensor)", "cp.async.bulk.tensor": r"cp\.async\.bulk\.tensor",
    "mbarrier": r"mbarrier\.", "ex2.approx": r"ex2\.approx", "setmaxnreg": r"setmaxnreg",
    "%globaltimer": r"%globaltimer", "%smid": r"%smid",
}  # fmt: skip
ELEMENT = {"f16": 2, "bf16": 2, "f32": 4, "i8": 1, "i16": 2, "i32": 4, "i64": 8}
ALLOCATION = re.compile(
    r"%(?P<name>\w+?)(?:_\d+)? = ttg\.(?P<op>\w+).*?allocation\.offset = (?P<offset>\d+) : i32(?:, allocation\.size = (?P<size>\d+))?"
)  # fmt: skip
MEMDESC = re.compile(r"-> !ttg\.memdesc<(?P<shape>(?:\d+x)+)(?P<element>\w+)")


def compiled(kernel: Any, variant: dict[str, Any]) -> dict[str, Any]:
    """What came out of one variant: shared memory and its map, registers, spilled bytes, instructions; machine code where asked for."""
    import triton
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    names = kernel.arg_names
    kinds = dict.fromkeys("QKVO", f"*{variant['dtype']}") | POINTERS | dict.fromkeys(CONSTANTS, "constexpr") | {"sm_scale": "fp32"}
    aligned = {
        (at,): [["tt.divisibility", 16]]
        for at, name in enumerate(names)
        if name in {*"QKVO", "LSE"} or name.startswith(("stride", "trace"))
    }
    constants = {
        "D": variant["d"], "BLOCK_D": variant.get("block_d", variant["d"]), "BLOCK_M": variant["block_m"], "BLOCK_N": variant["block_n"],
        "CAUSAL": variant["causal"], "STAGES": variant["stages"], "PRECISION": "tf32x3" if variant["dtype"] == "fp32" else "tf32",
        "TRACE": variant["trace"], "TRACE_VALUES": variant["trace"], "CLOCK": variant.get("clock", False),
    }  # fmt: skip
    source = ASTSource(kernel, {name: kinds.get(name, "i32") for name in names}, constexprs=constants, attrs=aligned)
    options = {"num_warps": variant["warps"], "num_stages": variant["stages"]}
    with contextlib.ExitStack() as stack:
        dump = stack.enter_context(_dumped()) if variant.get("map") else []
        done = triton.compile(source, target=GPUTarget("cuda", variant["arch"], 32), options=options)
    registers, spilled, sass = _inspected(done.asm["cubin"], Path(triton.__file__).parent, want_sass=bool(variant.get("sass")))
    found = {name: len(re.findall(pattern, done.asm["ptx"])) for name, pattern in INSTRUCTIONS.items()}
    return {
        "shared": done.metadata.shared, "registers": registers, "spilled": spilled, "warps": variant["warps"], "stages": variant["stages"],
        "instructions": {name: count for name, count in found.items() if count}, "sass": sass,
        "buffers": allocation_map("".join(dump)), "triton": triton.__version__,
    }  # fmt: skip


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


def _inspected(cubin: bytes, triton_folder: Path, *, want_sass: bool) -> tuple[int, int, list[str]]:
    """Registers and spilled bytes a thread, and the encoded instructions, by the tools that triton brings."""
    tools = triton_folder / "backends" / "nvidia" / "bin"
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(cubin)
        file.flush()
        usage = _run(tools / "cuobjdump", "--dump-resource-usage", file.name)
        sass = _run(tools / "nvdisasm", "--print-instruction-encoding", file.name) if want_sass else ""
    found = re.search(r"REG:(\d+) STACK:(\d+)", usage)
    if found is None:
        raise RuntimeError(f"cuobjdump answered {usage!r}")
    return int(found[1]), int(found[2]), re.findall(r"/\* 0x[0-9a-f]{16} \*/", sass)


def _run(*command: str | Path) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def main() -> None:
    """Answer the request on standard input."""
    request = json.load(sys.stdin)
    spec = importlib.util.spec_from_file_location("kernel_to_compile", request["path"])
    if spec is None or spec.loader is None:
        raise RuntimeError(f"{request['path']} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    json.dump([compiled(module.forward, variant) for variant in request["variants"]], sys.stdout)


if __name__ == "__main__":
    main()
