"""What the compiler makes of the kernel for a configuration: asked ahead of time, without a GPU, in a process that does not interpret."""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import Any

import msgspec

from flashviz.config import AttentionConfig
from flashviz.device import SMS, Buffer, Resources
from flashviz.errors import ConfigError, FlashvizError, MissingPartError, UsageError
from flashviz_kernels import algorithms, hopper
from flashviz_kernels.algorithms import DEFAULT, find
from flashviz_kernels.attending import problem_of
from flashviz_kernels.modes import installed

FORWARD = Path(__file__).parent / "forward.py"
ARCHS = tuple(SMS)
OURS = ("flashviz", "flashviz_kernels")
GUARDS = ("TRACE", "TRACE_VALUES", "CLOCK")  # a statement under one of them belongs to the recording


@dataclass(frozen=True)
class Compiled:
    """One configuration on one architecture.

    ``instructions`` counts what was found in the PTX. ``trace_free`` says whether the kernel with TRACE=False is, instruction for
    instruction, the machine code of the kernel whose trace statements were cut out of the source; None for one that has no trace.
    """

    kernel: str
    resources: Resources
    instructions: dict[str, int]
    machine_instructions: int
    trace_free: bool | None


def compile_for(config: Any, archs: Sequence[str], kernel: str | None = None, algorithm: str = DEFAULT) -> list[Compiled]:
    """Compile the kernels of an algorithm, those that report with and without their trace statements in the source.

    Args:
        config: A problem of the algorithm.
        archs: One kernel after the other is compiled for each.
        kernel: ``hopper`` compiles what it takes instead.
        algorithm: By its name, or FILE.py:NAME.

    Raises:
        UsageError: There is no such algorithm, or it has no kernel.
        ConfigError: An architecture is not known, or the tiles do not fit it: by the closed form, or by the compiler's figure; or it is
            no problem of ``hopper``'s.
        MissingPartError: triton is missing.
    """
    if kernel == "hopper":
        return [_for_hopper(config, arch) for arch in archs]
    chosen = find(algorithm)
    if chosen.calls is None or chosen.arrays is None:
        raise UsageError(f"expected an algorithm with a kernel to compile, got {chosen.name}; try {DEFAULT}")
    fitting = [_fitting(config, arch) for arch in archs]
    made: dict[str, list[Compiled]] = {arch: [] for arch in archs}
    for at, call in enumerate(chosen.calls(config, chosen.arrays(config), None)):
        variants = [_variant(each, arch, algorithm, at) | {"sass": True, "map": True} for each, arch in zip(fitting, archs, strict=True)]
        answers, bare = compile_variants(call.kernel.file, variants), _bare(call.kernel.file, variants) if chosen.reports else None
        for which, (arch, answer) in enumerate(zip(archs, answers, strict=True)):
            trace_free = None if bare is None else answer["sass"] == bare[which]["sass"]
            resources = _resources(arch, answer)
            made[arch].append(Compiled(answer["kernel"], resources, answer["instructions"], len(answer["sass"]), trace_free))
    return [each for arch in archs for each in made[arch]]


def _bare(file: Path, variants: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same of a file whose trace statements were cut out."""
    with tempfile.TemporaryDirectory(prefix="flashviz-compile-") as folder:
        bare = Path(folder) / f"bare_{file.name}"
        bare.write_text(without_trace(file.read_text(encoding="utf-8")), encoding="utf-8")
        return compile_variants(bare, [variant | {"map": False} for variant in variants])


def _for_hopper(config: AttentionConfig, arch: str) -> Compiled:
    """What ``hopper`` launches for a config whose arrays are contiguous."""
    if arch != hopper.ARCH:
        raise ConfigError(f"kernel hopper is for {hopper.ARCH}, got {arch}; leave --arch or --kernel out")
    why = hopper.refusal(problem_of(config), (), arch)
    if why is not None:
        raise ConfigError(f"kernel hopper covers 16-bit problems of {hopper.ARCH}, got {why}; leave --kernel out")
    (found,) = compile_variants(FORWARD, [_variant(config, arch) | {"kernel": "hopper", "sass": True}])
    return Compiled(found["kernel"], _resources(arch, found), found["instructions"], len(found["sass"]), None)


def resources_of(config: AttentionConfig, *, clock: bool = False, algorithm: str = DEFAULT) -> Resources:
    """What a program of an algorithm's first kernel gets on the config's architecture: without its trace, or as it is traced with a clock.

    Raises:
        UsageError: There is no such algorithm, or it has no kernel.
        ConfigError: It does not fit.
        MissingPartError: triton is missing.
    """
    chosen = find(algorithm)
    if chosen.calls is None or chosen.arrays is None:
        raise UsageError(f"expected an algorithm with a kernel to compile, got {chosen.name}; try {DEFAULT}")
    first, *_ = chosen.calls(config, chosen.arrays(config), None)
    variant = _variant(_fitting(config, config.arch), config.arch, algorithm) | {"trace": clock, "clock": clock, "map": True}
    (answer,) = compile_variants(first.kernel.file, [variant])
    return _resources(config.arch, answer)


def compile_variants(path: Path, variants: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Answers of ``flashviz_kernels.aot``, of which those that were given before are kept in the user's cache folder.

    Raises:
        MissingPartError: triton is missing.
        FlashvizError: The compiler fails.
    """
    if not installed():
        raise MissingPartError(f"expected triton to compile with, got none for {sys.platform}; install flashviz[triton] on Linux")
    kept = [_cache_folder() / f"{_key(_source_of_launches(path, variant.get('algorithm', DEFAULT)), variant)}.json" for variant in variants]
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


def _key(source: str, variant: dict[str, Any]) -> str:
    """Of all source that a launch goes through, triton, and the variant."""
    parts = [source, importlib.metadata.version("triton"), json.dumps(variant, sort_keys=True)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _source_of_launches(path: Path, algorithm: str = DEFAULT) -> str:
    """The text of a kernel's file, of what launches it, of the algorithm's, and of all of this project that they import."""
    file, _, name = algorithm.rpartition(":")
    own = Path(file) if file else Path(algorithms.__file__).with_name(f"{name}.py")
    return "\0".join(each.read_text(encoding="utf-8") for each in sorted(imported(path, own, Path(__file__).with_name("aot.py"))))


def imported(*files: Path) -> set[Path]:
    """These files and those of this project that they import, at any depth."""
    found: set[Path] = set()
    wanted = list(files)
    while wanted:
        file = wanted.pop()
        if file not in found:
            found.add(file)
            wanted += [Path(spec.origin) for name in _names(file) if (spec := _spec(name)) is not None and spec.origin is not None]
    return found


def _names(file: Path) -> Iterator[str]:
    """Modules of this project that a file may import: what stands behind ``import`` is a module of a package, or a name in one."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        yield from (name for name in names if name.split(".")[0] in OURS)


def _spec(name: str) -> ModuleSpec | None:
    """Where a module of this project is; None where there is none of that name. None runs for it: some import torch, and it Triton."""
    top, *inner = name.split(".")
    spec = importlib.util.find_spec(top)
    for part in inner:
        if spec is None or spec.submodule_search_locations is None:  # a name in a module that is no package
            return None
        spec = PathFinder.find_spec(f"{spec.name}.{part}", spec.submodule_search_locations)
    return spec


def _keep(file: Path, answer: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(f".{os.getpid()}.part")
    partial.write_text(json.dumps(answer), encoding="utf-8")
    partial.replace(file)


def _fitting(config: Any, arch: str) -> Any:
    """The config for another architecture; one of attention itself refuses tiles that do not fit there."""
    if arch not in SMS:
        raise ConfigError(f"arch must be one of {', '.join(ARCHS)}, got {arch!r}; choose one of them (on older ones the kernel spills)")
    return replace(config, arch=arch) if isinstance(config, AttentionConfig) else config


def _variant(config: Any, arch: str, algorithm: str = DEFAULT, call: int = 0) -> dict[str, Any]:
    """A launch of an algorithm's on the config's problem, without a trace."""
    file, _, name = algorithm.rpartition(":")
    spec = f"{Path(file).resolve()}:{name}" if file else algorithm
    asked = {"algorithm": spec, "config": asdict(config), "call": call}
    return asked | {"arch": int(arch.removeprefix("sm_")), "trace": False, "values": False, "clock": False}


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
    """The kernel's source with every statement that is guarded by one of ``GUARDS`` cut out, and the counter of steps."""
    return ast.unparse(_Cut().visit(ast.parse(source)))


class _Cut(ast.NodeTransformer):
    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt] | None:  # ast's name
        """Of a guarded statement what runs without a trace."""
        if isinstance(node.test, ast.Name) and node.test.id in GUARDS:
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
