"""Reading trace files of schema 1, in which every event had a line and a kind implied what it did. ``python -m tests.schema1 FILE...``
writes files anew as they are written now."""

from __future__ import annotations

import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from flashviz.trace import GenericHeader, GenericTrace, Header, Kind, Snapshot, Stats, Trace, generic
from flashviz_kernels.algorithms import named
from flashviz_kernels.source import event_lines
from flashviz_kernels.statements import statements_of


def load(path: Path) -> Trace | GenericTrace:
    """A file of schema 1, as a trace of today."""
    with np.load(path) as loaded:
        arrays: dict[str, Any] = dict(loaded)
    raw = msgspec.json.decode(arrays.pop("header").tobytes())
    assert raw.pop("schema") == 1
    columns = {name.removeprefix("column/"): array for name, array in arrays.items() if name.startswith("column/")}
    if raw["kind"] == "generic":
        parts = generic.Parts(*(arrays[f"parts/{name}"] for name in ("event", "bounds", "runs")))
        unlike = msgspec.convert(raw | {"statements": ()}, GenericHeader)
        statements, columns["kind"] = generic.statements_of(np.stack([columns[name] for name in generic.DID], axis=1), unlike.tensors)
        return GenericTrace(msgspec.structs.replace(unlike, statements=statements), columns, parts)
    first, line = raw["kernel_first_line"], columns.pop("line")
    lines = event_lines(raw["kernel_source"], first)
    kinds, at = np.unique(columns["kind"], return_index=True)
    lines |= {Kind(kind).name: int(line[index]) for kind, index in zip(kinds.tolist(), at.tolist(), strict=True)}
    bare = msgspec.convert(raw | {"statements": ()}, Header)
    header = msgspec.structs.replace(bare, statements=statements_of(named(bare.algorithm), bare.config, lines))
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
