"""What the compiler makes of the kernel for a configuration: asked ahead of time, without a GPU, in a process that does not interpret."""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from flashviz.config import AttentionConfig, padded_head_dim
from flashviz.device import SMS, Buffer, Resources
from flashviz.errors import ConfigError, FlashvizError, MissingPartError
from flashviz_kernels.attention import choose_warps
from flashviz_kernels.interpreter import installed

FORWARD = Path(__file__).parent / "forward.py"
ARCHS = tuple(SMS)
TRITON_DTYPE = {"float16": "fp16", "bfloat16": "bf16", "float32": "fp32"}


@dataclass(frozen=True)
class Compiled:
    """One configuration on one architecture.

    ``instructions`` counts what was found in the PTX. ``trace_free`` says whether the kernel with TRACE=False is, instruction for
    instruction, the machine code of the kernel whose trace statements were cut out of the source.
    """

    resources: Resources
    instructions: dict[str, int]
    machine_instructions: int
    trace_free: bool


def compile_for(config: AttentionConfig, archs: Sequence[str]) -> list[Compiled]:
    """Compile the kernel, with and without its trace statements in the source.

    Raises:
        ConfigError: An architecture is not known, or the tiles do not fit it: by the closed form, or by the compiler's figure.
        MissingPartError: triton is missing.
    """
    variants = [_variant(_fitting(config, arch), trace=False) | {"sass": True, "map": True} for arch in archs]
    with tempfile.TemporaryDirectory(prefix="flashviz-compile-") as folder:
        bare = Path(folder) / "bare_forward.py"
        bare.write_text(without_trace(FORWARD.read_text(encoding="utf-8")), encoding="utf-8")
        ours, theirs = compile_variants(FORWARD, variants), compile_variants(bare, [v | {"map": False} for v in variants])
    made = []
    for arch, mine, other in zip(archs, ours, theirs, strict=True):
        resources = _resources(arch, mine)
        made.append(Compiled(resources, mine["instructions"], len(mine["sass"]), mine["sass"] == other["sass"]))
    return made


def resources_of(config: AttentionConfig) -> Resources:
    """What one program of the config's kernel gets on the config's architecture.

    Raises:
        ConfigError: It does not fit.
        MissingPartError: triton is missing.
    """
    (answer,) = compile_variants(FORWARD, [_variant(_fitting(config, config.arch), trace=False) | {"map": True}])
    return _resources(config.arch, answer)


def compile_variants(path: Path, variants: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Answers of ``flashviz_kernels.aot``, of which those that were given before are kept in the user's cache folder.

    Raises:
        MissingPartError: triton is missing.
        FlashvizError: The compiler fails.
    """
    if not installed():
        raise MissingPartError(f"expected triton to compile with, got none for {sys.platform}; install flashviz[triton] on Linux")
    kept = [_cache_folder() / f"{_key(path, variant)}.json" for variant in variants]
    wanted = [at for at, file in enumerate(kept) if not file.is_file()]
    if wanted:
        for at, answer in zip(wanted, _compiled(path, [variants[at] for at in wanted]), strict=True):
            _keep(kept[at], answer)
    return [json.loads(file.read_bytes()) for file in kept]


def _compiled(path: Path, variants: list[dict[str, Any]]) -> list[dict[str, Any]]:
    environment = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    done = subprocess.run(
        [sys.executable, "-m", "flashviz_kernels.aot"], input=json.dumps({"path": str(path), "variants": variants}),
        capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        raise FlashvizError(f"expected triton to compile {path.name}, got: {last}; try other block sizes, or another --arch")
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers


def _cache_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "flashviz" / "compiled"


def _key(path: Path, variant: dict[str, Any]) -> str:
    """Of the kernel's source, the asking code, triton, and the variant."""
    parts = [path.read_text(encoding="utf-8"), (Path(__file__).parent / "aot.py").read_text(encoding="utf-8")]
    parts += [importlib.metadata.version("triton"), json.dumps(variant, sort_keys=True)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _keep(file: Path, answer: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(f".{os.getpid()}.part")
    partial.write_text(json.dumps(answer), encoding="utf-8")
    partial.replace(file)


def _fitting(config: AttentionConfig, arch: str) -> AttentionConfig:
    """The config for another architecture; AttentionConfig itself refuses tiles that do not fit there."""
    if arch not in SMS:
        raise ConfigError(f"arch must be one of {', '.join(ARCHS)}, got {arch!r}; choose one of them (on older ones the kernel spills)")
    return replace(config, arch=arch)


def _variant(config: AttentionConfig, *, trace: bool) -> dict[str, Any]:
    return {
        "arch": int(config.arch.removeprefix("sm_")), "dtype": TRITON_DTYPE[config.dtype], "d": config.head_dim,
        "block_d": padded_head_dim(config.head_dim), "block_m": config.block_m, "block_n": config.block_n, "causal": config.causal,
        "stages": config.stages, "warps": choose_warps(config.block_m, config.head_dim), "trace": trace,
    }  # fmt: skip


def _resources(arch: str, answer: dict[str, Any]) -> Resources:
    shared, limit = answer["shared"], SMS[arch].shared_per_block
    if shared > limit:
        raise ConfigError(
            f"tiles must fit {arch}'s {limit:,} B of shared memory, the compiler needs {shared:,} B; try smaller blocks or stages"
        )
    return Resources(
        arch=arch, shared=shared, buffers=tuple(msgspec.convert(buffer, Buffer) for buffer in answer["buffers"]),
        registers=answer["registers"], spilled=answer["spilled"], warps=answer["warps"], stages=answer["stages"],
    )  # fmt: skip


def without_trace(source: str) -> str:
    """The kernel's source with every statement that is guarded by TRACE or TRACE_VALUES cut out, and the counter of steps."""
    return ast.unparse(_Cut().visit(ast.parse(source)))


class _Cut(ast.NodeTransformer):
    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt] | None:  # ast's name
        """Of a guarded statement what runs without a trace."""
        if isinstance(node.test, ast.Name) and node.test.id in ("TRACE", "TRACE_VALUES"):
            rest = ast.Module(node.orelse, [])
            self.generic_visit(rest)
            return rest.body
        return self._filled(node)

    def visit_For(self, node: ast.For) -> ast.AST | None:  # the same
        """None for a loop that only reports."""
        return self._filled(node)

    def _filled(self, node: ast.If | ast.For) -> ast.AST | None:
        """None where nothing is left in it; Python has no empty block."""
        self.generic_visit(node)
        if not node.body and not node.orelse:
            return None
        node.body = node.body or [ast.Pass()]
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST | None:  # the same
        """None for the counter."""
        return None if ast.unparse(node) == "step = 0" else node
