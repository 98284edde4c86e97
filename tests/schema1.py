"""Reading trace files of schema 1, in which every event had a line and a kind implied what it did. ``python -m tests.schema1 FILE...``
writes files anew as they are written now."""

from __future__ import annotations

import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from flashviz.config import AttentionConfig
from flashviz.trace import Header, Kind, Launch, Parts, Snapshot, SourceText, Stats, TensorInfo, Trace
from flashviz_kernels.algorithms import named
from flashviz_kernels.described import tensor_of
from flashviz_kernels.source import event_lines
from flashviz_kernels.statements import DID, statements_of, statements_seen
from tests.generic_traces import sides


def load(path: Path) -> Trace:
    """A file of schema 1, as a trace of today."""
    with np.load(path) as loaded:
        arrays: dict[str, Any] = dict(loaded)
    raw = msgspec.json.decode(arrays.pop("header").tobytes())
    assert raw.pop("schema") == 1
    columns = {name.removeprefix("column/"): array for name, array in arrays.items() if name.startswith("column/")}
    return _any_kernel(raw, columns, arrays) if raw["kind"] == "generic" else _attention(raw, columns, arrays)


def _any_kernel(raw: dict[str, Any], columns: dict[str, np.ndarray], arrays: dict[str, Any]) -> Trace:
    """One statement for what was seen of each line; a column a side of boxes and blocks."""
    tensors = msgspec.convert(raw["tensors"], list[TensorInfo])
    statements, columns["kind"] = statements_seen(np.stack([columns[name] for name in DID], axis=1), tensors)
    header = Header(
        source="triton-interpreter", versions=raw["versions"], algorithm=raw["launcher"], kernel_hash=raw["kernel_hash"],
        sources=msgspec.convert(raw["sources"], list[SourceText]), tensors=tensors,
        launches=msgspec.convert(raw["launches"], list[Launch]), statements=statements,
    )  # fmt: skip
    return Trace(
        header, columns | sides(columns["box"], columns["shape"]),
        parts=Parts(*(arrays[f"parts/{name}"] for name in ("event", "bounds", "runs"))),
    )  # fmt: skip


def _attention(raw: dict[str, Any], columns: dict[str, np.ndarray], arrays: dict[str, Any]) -> Trace:
    """Statements by what a kind implied and the line that its first event had; tensors and launches by the algorithm."""
    first, line, text = raw["kernel_first_line"], columns.pop("line"), raw["kernel_source"]
    lines = event_lines(text, first)
    kinds, at = np.unique(columns["kind"], return_index=True)
    lines |= {Kind(kind).name: int(line[index]) for kind, index in zip(kinds.tolist(), at.tolist(), strict=True)}
    algorithm, config = named(raw["algorithm"]), msgspec.convert(raw["config"], AttentionConfig)
    assert algorithm.arrays is not None
    header = Header(
        source=raw["source"], versions=raw["versions"], algorithm=raw["algorithm"], kernel_hash=raw["kernel_hash"],
        sources=[SourceText(raw["kernel_file"], first, text)],
        tensors=[tensor_of(name, each) for name, each in algorithm.arrays(config).items()],
        launches=[Launch(algorithm.name, grid, {}, {}) for grid in algorithm.log(config).grids],
        statements=statements_of(algorithm, config, {name: (0, number) for name, number in lines.items()}), config=config,
        inputs_hash=raw["inputs_hash"], altered=raw.get("altered"),
    )  # fmt: skip
    snapshots: dict[tuple[int, int], dict[str, np.ndarray]] = {}
    for name, array in arrays.items():
        if name.startswith("snapshot/"):
            _, pid_m, pid_bh, value = name.split("/")
            snapshots.setdefault((int(pid_m), int(pid_bh)), {})[value] = array
    stats = Stats(**{field.name: arrays[f"stats/{field.name}"] for field in fields(Stats)}) if "stats/m" in arrays else None
    return Trace(header, columns, stats=stats, snapshots={program: Snapshot(**values) for program, values in snapshots.items()})


if __name__ == "__main__":
    for given in map(Path, sys.argv[1:]):
        load(given).save(given)
