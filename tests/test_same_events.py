"""Recordings have the events that they had: SHA-256 of every column, kept from before traces of attention and of any kernel came together.

Written at c79be44, by reading the columns as little-endian int64 in the order of ``COLUMNS``; what a statement means is held elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from itertools import product
from typing import Any

import numpy as np
import pytest

from flashviz.config import AttentionConfig
from flashviz.trace import COMPARED, Trace
from flashviz_kernels import record
from tests.conftest import ROOT

KEPT: dict[str, str] = json.loads((ROOT / "tests" / "golden" / "events.json").read_text(encoding="utf-8"))
LENGTHS = ((64, 64), (40, 0), (1, 1), (100, 70), (70, 100), (130, 33))
SMALL: dict[str, Any] = {"block_m": 16, "block_n": 16, "head_dim": 16, "dtype": "float16"}
RAGGED: dict[str, Any] = {"block_m": 32, "block_n": 64, "head_dim": 40, "dtype": "float32"}
PROBLEMS = list(product(LENGTHS, (False, True), (SMALL, RAGGED), ((1, 1), (4, 2))))


def digest(trace: Trace) -> str:
    """Of all columns but clocks."""
    found = hashlib.sha256()
    for name in (*COMPARED, "launch"):
        found.update(np.ascontiguousarray(trace.columns[name]).astype("<i8").tobytes())
    return found.hexdigest()[:16]


@pytest.mark.parametrize("name", KEPT)
def test_events_are_as_they_were(name: str) -> None:
    number, algorithm, source = name.split("/")
    (seq_q, seq_k), causal, tiles, (heads, kv_heads) = PROBLEMS[int(number)]
    config = AttentionConfig(seq_q=seq_q, seq_k=seq_k, causal=causal, heads=heads, kv_heads=kv_heads, **tiles)
    assert digest(record(config, source=source, algorithm=algorithm)) == KEPT[name]
