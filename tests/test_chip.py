"""What the compiler said, on the chip, in the caption and on the card; and nothing of the kind where it was not asked."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from flashviz.config import AttentionConfig
from flashviz.device import Buffer, Resources
from flashviz.layout import stage
from flashviz.mobjects.chip import further_copies, shared_note
from flashviz.palette import THEMES
from flashviz.settings import Aspect, Settings
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
    assert held == ["16 KiB", "32 KiB", "32 KiB", "2"]
    card = told.at("card").texts()["card"].replace("\n", " ")
    assert "Compiled for sm_90: 40 of 228 KiB of shared memory and 128 registers a thread for one program, 4 programs on one SM." in card


@pytest.mark.slow
def test_a_film_of_a_twin_does_not_guess() -> None:
    silent = film("FlashAttentionScene")
    assert not [item for item in silent.at("taller").shown if item.name == "fit"]
    assert "no compiler was asked" in silent.at("card").texts()["card"]


def test_k_and_v_have_a_place_for_each_copy() -> None:
    tiles = stage(AttentionConfig(), "16:9").tiles
    places = further_copies(tiles, RESOURCES, THEMES["dark"])
    assert len(places) == 2  # scratch is no tile, Q has one copy
    three = msgspec.structs.replace(RESOURCES, buffers=(Buffer("K", 0, 3 * TILE, 3),))
    first, second = further_copies(tiles, three, THEMES["dark"])
    assert tiles.k.center[0] < first.get_center()[0] < second.get_center()[0]


@pytest.mark.parametrize("aspect", ["16:9", "4:3", "1:1", "9:16"])
@pytest.mark.parametrize("blocks", [(64, 64, 64), (16, 16, 16), (128, 32, 128), (32, 128, 64)])
def test_the_note_stays_in_its_corner(aspect: Aspect, blocks: tuple[int, int, int]) -> None:
    config: Any = AttentionConfig(block_m=blocks[0], block_n=blocks[1], head_dim=blocks[2])
    corner = stage(config, aspect).tiles.note_shared
    note = shared_note(corner, RESOURCES, THEMES["light"])
    assert note.get_left()[0] >= corner.x0 - 0.01
    assert note.get_right()[0] <= corner.x1 + 0.01
    assert note.get_bottom()[1] >= corner.y0 - 0.02
