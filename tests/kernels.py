"""Running kernels in tests: the interpreted one, and mutants of it that must be caught."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flashviz_kernels
from flashviz.config import AttentionConfig
from flashviz.inputs import make_inputs
from flashviz_kernels.algorithms.fa2 import ALGORITHM
from flashviz_kernels.attending import problem_of
from flashviz_kernels.attention import launch
from flashviz_kernels.interpreter import mended
from flashviz_kernels.modes import load_triton
from flashviz_kernels.problem import TraceBuffers
from flashviz_kernels.reporting import ROW, expand
from flashviz_kernels.tensors import HostTensor
from tests.conftest import ROOT

FORWARD = Path(flashviz_kernels.__file__).parent / "forward.py"


@contextmanager
def mutant(folder: Path, *changes: tuple[str, str], of: Path = FORWARD) -> Iterator[Any]:
    """The kernel that ``of`` defines by its own name, interpreted, with some text replaced: every text must be there, exactly once."""
    load_triton(interpreted=True)
    source = of.read_text(encoding="utf-8")
    for old, new in changes:
        assert source.count(old) == 1, f"{old!r} stands {source.count(old)} times in the kernel"
        source = source.replace(old, new)
    name = f"mutant_{of.stem}"
    path = folder / f"{name}.py"
    path.write_text(source, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
        yield getattr(module, of.stem)
    finally:
        del sys.modules[name]


def outputs(kernel: Any, config: AttentionConfig) -> tuple[np.ndarray, np.ndarray]:
    """O and LSE of a kernel on the config's inputs."""
    arrays = make_inputs(config)
    o, lse = np.zeros(arrays[0].shape, arrays[0].dtype), np.zeros(arrays[0].shape[:3], np.float32)
    with mended():
        launch(kernel, [HostTensor(array) for array in (*arrays, o, lse)], problem_of(config), None)
    return o, lse


def columns_of(rows: np.ndarray, config: AttentionConfig) -> dict[str, np.ndarray]:
    """Columns of a trace from such rows."""
    return expand(ALGORITHM, config, [rows])


def event_rows(kernel: Any, config: AttentionConfig) -> np.ndarray:
    """Rows [programs, capacity, 8] that a traced kernel writes; -1 where it wrote none."""
    arrays = make_inputs(config)
    o, lse = np.zeros(arrays[0].shape, arrays[0].dtype), np.zeros(arrays[0].shape[:3], np.float32)
    programs = config.batch * config.heads * config.row_blocks
    rows = np.full((programs, 4 + 10 * config.col_blocks, ROW), -1, np.int32)
    nothing = np.zeros(1, np.float32)
    buffers = TraceBuffers(rows, nothing, nothing, np.full((programs, 2), -1, np.int32), values=False)
    with mended():
        launch(kernel, [HostTensor(array) for array in (*arrays, o, lse)], problem_of(config), buffers.each(HostTensor))
    return rows


@contextmanager
def shipped_untouched(made: Path, name: str, text: str) -> Iterator[Path]:
    """``made`` with a file of this text, as the working directory; afterwards no file of the package is another."""
    before = package()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made)
        patch.setenv("XDG_CACHE_HOME", str(made / "cache"))
        Path(name).write_text(text, encoding="utf-8")
        yield made
    assert package() == before


def package() -> dict[Path, tuple[int, int]]:
    """Files of the project that are shipped, with size and time."""
    roots = (ROOT / "flashviz", ROOT / "kernels" / "flashviz_kernels")
    files = (file for root in roots for file in root.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
    return {file: (file.stat().st_size, file.stat().st_mtime_ns) for file in files}
