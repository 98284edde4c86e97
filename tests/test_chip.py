"""What the compiler said, on the chip, in the caption and on the card; and nothing of the kind where it was not asked."""

from __future__ import annotations

import msgspec
import pytest

from flashviz.config import AttentionConfig
from flashviz.device import Buffer, Resources
from flashviz.settings import Settings
from flashviz.trace import Trace
from flashviz_kernels.recorder import run
from tests.films import altered, film, play

TILE = 64 * 64 * 2
RESOURCES = Resources(
    arch="sm_90", shared=5 * TILE, registers=128, spilled=0, warps=4, stages=2,
    buffers=(
        Buffer("K", 0, 2 * TILE, 2), Buffer("V", 2 * TILE, 2 * TILE, 2), Buffer("Q", 4 * TILE, TILE), Buffer("x", 0, 8, 4, scratch=True),
    ),
)  # fmt: skip


def with_resources(trace: Trace) -> Trace:
    header = msgspec.structs.replace(trace.header, resources=RESOURCES)
    return Trace(header, trace.columns, stats=trace.stats, snapshots=trace.snapshots)


@pytest.mark.slow
def test_the_film_says_what_the_compiler_said() -> None:
    """On its card, and where tiles are taller: twice the rows, and fewer programs on an SM."""
    settings = Settings(config=AttentionConfig(), source="numpy")
    told = play(
        "FlashAttentionScene", settings, altered(run, with_resources), compiled=lambda _: msgspec.structs.replace(RESOURCES, registers=254)
    )
    held = [item.text for item in told.at("taller").shown if item.name == "held"]
    assert held == ["64 KiB a program", "128 KiB a program"], "of 256 KiB of registers: 128 and 256 x 4 bytes x 128 threads"
    assert [item.text for item in told.at("taller").shown if item.name == "programs"] == ["4", "2"]
    card = told.at("card").texts()["card"].replace("\n", " ")
    assert "Compiled for sm_90: 41 of 228 KiB of shared memory and 128 registers a thread for one program, 4 programs on one SM." in card


@pytest.mark.slow
def test_a_film_of_a_twin_does_not_guess() -> None:
    silent = film("FlashAttentionScene")
    assert not [item for item in silent.at("taller").shown if item.name == "fit"]
    assert "no compiler was asked" in silent.at("card").texts()["card"]
