"""Compiles the kernel ahead of time, which needs no GPU, and prints what came out as JSON. Run as a script: it must not interpret.

Arguments: file of the kernel, then one JSON object a variant.
"""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

POINTERS = {"LSE": "*fp32", "trace_events": "*i32", "trace_stats": "*fp32", "trace_tiles": "*fp32", "trace_slots": "*i32"}
CONSTANTS = ("D", "BLOCK_D", "BLOCK_M", "BLOCK_N", "CAUSAL", "STAGES", "PRECISION", "TRACE", "TRACE_VALUES", "CLOCK")


def compiled(kernel: Any, variant: dict[str, Any]) -> dict[str, Any]:
    """Shared memory, registers, spilled bytes and instructions of one variant."""
    import triton
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    names = kernel.arg_names
    kinds = dict.fromkeys("QKVO", f"*{variant['dtype']}") | POINTERS | dict.fromkeys(CONSTANTS, "constexpr") | {"sm_scale": "fp32"}
    signature = {name: kinds.get(name, "i32") for name in names}
    aligned = {
        (at,): [["tt.divisibility", 16]]
        for at, name in enumerate(names)
        if name in {*"QKVO", "LSE"} or name.startswith(("stride", "trace"))
    }
    constants = {
        "D": variant["d"],
        "BLOCK_D": variant["d"],
        "BLOCK_M": variant["block_m"],
        "BLOCK_N": variant["block_n"],
        "CAUSAL": variant["causal"],
        "STAGES": variant["stages"],
        "PRECISION": "tf32x3" if variant["dtype"] == "fp32" else "tf32",
        "TRACE": variant["trace"],
        "TRACE_VALUES": variant["trace"],
        "CLOCK": variant.get("clock", False),
    }
    source = ASTSource(kernel, signature, constexprs=constants, attrs=aligned)
    options = {"num_warps": variant["warps"], "num_stages": variant["stages"]}
    done = triton.compile(source, target=GPUTarget("cuda", variant["arch"], 32), options=options)
    tools = Path(triton.__file__).parent / "backends" / "nvidia" / "bin"
    with tempfile.NamedTemporaryFile(suffix=".cubin") as cubin:
        cubin.write(done.asm["cubin"])
        cubin.flush()
        usage = run(tools / "cuobjdump", "--dump-resource-usage", cubin.name)
        sass = run(tools / "nvdisasm", "--print-instruction-encoding", cubin.name) if variant.get("sass") else ""
    found = re.search(r"REG:(\d+) STACK:(\d+)", usage)
    assert found is not None, usage
    return {
        "shared": done.metadata.shared, "registers": int(found[1]), "spilled": int(found[2]),
        "tensor_cores": "wgmma.mma_async" in done.asm["ptx"], "async_copies": "cp.async" in done.asm["ptx"],
        "clock": {name: done.asm["ptx"].count(name) for name in ("%globaltimer", "%smid")},
        "sass": re.findall(r"/\* 0x[0-9a-f]{16} \*/", sass),
    }  # fmt: skip


def run(*command: str | Path) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def main(path: str, *variants: str) -> None:
    spec = importlib.util.spec_from_file_location("kernel_to_compile", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    print(json.dumps([compiled(module.forward, json.loads(text)) for text in variants]))  # noqa: T201  # a script's answer


if __name__ == "__main__":
    main(*sys.argv[1:])
