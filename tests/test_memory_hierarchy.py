"""MemoryHierarchyScene: pipes are as wide as the printed bandwidths, areas as large as the printed capacities, all flows equally fast."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from flashviz.chapters.memory_hierarchy import MemoryHierarchy, bytes_of
from flashviz.citations import H100_MEMORIES, SHARED_PER_BLOCK
from flashviz.config import AttentionConfig
from flashviz.director.memory_hierarchy import stripes
from flashviz.figures import amount
from flashviz.layout import ASPECTS, Aspect, Rect, shot
from flashviz.layout.hierarchy import NEXT, Zoom, beyond, copies, pieces, pipe
from flashviz.lettering import em
from tests.directed import at, said, scene, shown
from tests.test_directed import FILMS

FILM = FILMS["hierarchy"]
aspects = pytest.mark.parametrize("aspect", ASPECTS)

# As printed. Shah et al. 2024, Table 1: bytes a second, and bytes
SPEED = {"GMEM": 3.35e12, "L2": 12e12, "SMEM": 31e12}
SIZES = [80 * 2**30, 50 * 2**20, 227 * 2**10]  # the last is sm_90's limit of a block


@aspects
def test_pipes_are_ten_pixels_wide_for_a_terabyte_a_second(aspect: Aspect) -> None:
    """34, 120 and 310 px; they reach from one station to the next."""
    film = scene(FILM, aspect)
    for item in at(film, "pipes").shown:
        if item.name.startswith("pipe "):
            x0, y0, x1, y1 = item.box
            lying = aspect in ("16:9", "4:3")
            assert (y1 - y0 if lying else x1 - x0) == pytest.approx(em(SPEED[item.name[5:]] / 1e11), abs=0.03)
    place = shot(AttentionConfig(), aspect, "pipes")
    names = [*SPEED, "used"]
    for before, after in itertools.pairwise(names):
        rect = pipe(place[before], place[after], 1.0)
        assert not rect.overlaps(place[before])
        assert not rect.overlaps(place[after])


def test_all_flows_equally_fast() -> None:
    """At any time what has passed is as long in every pipe, so that areas are as bandwidths."""
    found = MemoryHierarchy(AttentionConfig())
    place = shot(AttentionConfig(), "16:9", "pipes")
    names = [*SPEED, "used"]
    film = type("Film", (), {"place": place, "stations": names, "pipes": {
        name: pipe(place[name], place[after], found.flows[name]) for name, after in itertools.pairwise(names)
    }})()  # fmt: skip
    for seconds in (0.3, 1.0, 3.0):
        boxes = [stripes(film, rect, seconds) for rect in film.pipes.values()]
        assert all(
            (part[:, 0] >= rect.x0 - 1e-9).all() and (part[:, 2] <= rect.x1 + 1e-9).all()
            for part, rect in zip(boxes, film.pipes.values(), strict=True)
        )
        each = [((part[:, 2] - part[:, 0]) * (part[:, 3] - part[:, 1])).sum() for part in boxes]
        assert np.array(each) / each[0] == pytest.approx([speed / SPEED["GMEM"] for speed in SPEED.values()])


@aspects
def test_areas_are_as_large_as_the_capacities_throughout_the_zoom(aspect: Aspect) -> None:
    place = shot(AttentionConfig(), aspect, "capacities")
    zoom = Zoom(place["focus"], SIZES)
    for stage in np.linspace(0, 2, 21):
        areas = [rect.width * rect.height for rect in zoom.at(float(stage))]
        assert np.array(areas) / areas[-1] == pytest.approx(np.array(SIZES) / SIZES[-1])
        assert not any(a.overlaps(b) for a, b in itertools.combinations(zoom.at(float(stage)), 2))
    for stage in range(3):
        assert zoom.at(stage)[stage].edges == pytest.approx(place["focus"].edges)
    for before, after in itertools.pairwise(np.linspace(0, 2, 41)):
        ratio = zoom.at(float(after))[0].width / zoom.at(float(before))[0].width
        assert 1 < ratio < 1.25, "the zoom is even"
    (whole,) = zoom.tiles(SIZES[-1:])
    assert whole.width**2 == pytest.approx(place["focus"].width * place["focus"].height)
    assert all(place["focus"].contains(tile) for tile in zoom.tiles([16 * 1024] * 3))


def test_figures_are_the_tables_and_their_source_stands_beside_them() -> None:
    film = scene(FILM)
    quoted = H100_MEMORIES.quote.text
    last = at(film, "flow")
    assert {f"{speed / 1e12:g} TB/s" for speed in SPEED.values()} <= {item.text for item in last.shown}
    assert all(f"{speed / 1e12:g} TB/s" in quoted for speed in SPEED.values())
    times = sorted(item.text for item in last.shown if item.text.endswith("× HBM"))
    assert times == ["3.6 × HBM", "9.3 × HBM"] == [f"{SPEED[n] / SPEED['GMEM']:.1f} × HBM" for n in ("L2", "SMEM")]
    for beat in ("pipes", "flow", "hbm", "l2"):
        assert H100_MEMORIES.quote.citation in said(at(film, beat), "note")[0]
    assert sorted(said(at(film, "hbm"), "size")) == ["HBM 80 GiB", "L2 cache 50 MiB"]
    assert said(at(film, "hbm"), "beside") == ["about 1,640", "of these fill HBM"]
    assert [MemoryHierarchy(AttentionConfig()).next(index)[0] for index in range(2)] == ["about 1,640", "about 226"]
    assert [SIZES[0] / SIZES[1], SIZES[1] / SIZES[2]] == pytest.approx([1640, 226], rel=0.005)
    for beat in ("program", "tiles"):
        assert SHARED_PER_BLOCK in said(at(film, beat), "note")[0]
    assert said(at(film, "program"), "size") == ["shared memory, one thread block's 227 KiB"]
    assert "whole chip" in said(at(film, "flow"), "note")[0]


@pytest.mark.parametrize("config", [{}, {"head_dim": 128}, {"block_m": 128, "stages": 1}], ids=str)
def test_tiles_are_as_large_as_they_are_of_what_a_program_may_use(config: dict[str, Any]) -> None:
    film, c = scene(FILM, **config), AttentionConfig(**config)
    (x0, y0, x1, y1) = shown(at(film, "program"), "area program")[0].box
    numbers = {"S": c.block_m * c.block_n, "Q": c.block_m * c.head_dim, "K": c.block_n * c.head_dim, "V": c.block_n * c.head_dim}
    for tensor, count in numbers.items():
        (box,) = [item.box for item in shown(at(film, "tiles"), f"tile {tensor}")]
        share = count * c.itemsize / SIZES[-1]
        assert (box[2] - box[0]) * (box[3] - box[1]) == pytest.approx(share * (x1 - x0) * (y1 - y0), rel=0.03)
    assert said(at(film, "tiles"), "together") == [amount(sum(numbers.values()) * c.itemsize)]
    assert "of 227 KiB" in said(at(film, "tiles"), "beside")


@aspects
def test_all_scores_lie_on_what_a_program_may_use_on_one_scale(aspect: Aspect) -> None:
    film = scene(FILM, aspect)
    (x0, y0, x1, y1), (left, low, right, high) = (shown(at(film, "scores"), name)[0].box for name in ("area program", "matrix S"))
    assert (right - left) * (high - low) / ((x1 - x0) * (y1 - y0)) == pytest.approx(512 / 227, rel=0.03)
    assert (left, low) == pytest.approx((x0, y0), abs=0.05)
    (over,) = [item.box for item in shown(at(film, "scores"), "overflow")]
    assert (over[2], over[3]) == pytest.approx((right, high), abs=0.05)
    parts = beyond(Rect(left, low, right, high), Rect(x0, y0, x1, y1))
    inside = (min(right, x1) - left) * (min(high, y1) - low)
    assert ((parts[:, 2] - parts[:, 0]) * (parts[:, 3] - parts[:, 1])).sum() + inside == pytest.approx((right - left) * (high - low))
    place = shot(AttentionConfig(), aspect, "capacities")
    for size in (2**18, 2**19, 2**25, 2**33):
        small, square = Zoom(place["focus"], SIZES).under(size, place["scores"])
        assert square.width**2 / (small.width * small.height) == pytest.approx(size / SIZES[-1])
        assert place["scores"].contains(small)
        assert place["scores"].contains(square)
        assert max(small.x1, square.x1) + NEXT <= place["scores"].x1, "room for what is said"


@aspects
def test_as_many_tiles_of_s_lie_within_what_a_program_may_use_as_fit_into_its_bytes(aspect: Aspect) -> None:
    """28 of 8 KiB into 227 KiB, whole ones: its shape is that of 7 by 4 squares."""
    place = shot(AttentionConfig(), aspect, "capacities")
    small, square = Zoom(place["focus"], SIZES).under(2**19, place["scores"])
    within = [Rect(*piece) for piece in pieces(square, 8, 8, 0.0) if small.contains(Rect(*piece), slack=1e-6)]
    assert len(within) == 28 == SIZES[-1] // 2**13


@aspects
@pytest.mark.parametrize(("stage", "times"), [(0, 1640), (1, 226)])
def test_copies_of_the_next_area_fill_the_larger_one(aspect: Aspect, stage: int, times: int) -> None:
    zoom = Zoom(shot(AttentionConfig(), aspect, "capacities")["focus"], SIZES)
    whole, small = zoom.at(stage)[stage : stage + 2]
    boxes = copies(whole, small)
    sizes = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    assert sizes.sum() == pytest.approx(whole.width * whole.height, rel=1e-3)
    assert sizes.max() == pytest.approx(small.width * small.height)
    assert sizes.sum() / sizes.max() == pytest.approx(times, rel=0.005)


def test_a_memory_has_one_hue_as_a_station_and_as_an_area() -> None:
    film = scene(FILM)
    hue = {
        name: shown(at(film, "pipes"), f"{kind} {name}")[0].paint[0].colour
        for kind, name in (("area", "GMEM"), ("area", "L2"), ("station", "SMEM"))
    }
    assert len(set(hue.values())) == 3
    assert shown(at(film, "hbm"), "area GMEM")[0].paint[0].colour == hue["GMEM"]
    assert shown(at(film, "l2"), "area L2")[0].paint[0].colour == hue["L2"] == shown(at(film, "hbm"), "copies L2")[0].paint[0].colour
    assert (
        shown(at(film, "tiles"), "area program")[0].paint[0].colour
        == hue["SMEM"]
        == shown(at(film, "flow"), "flow SMEM")[0].paint[0].colour
    )


def test_where_all_scores_fit_there_is_no_such_beat() -> None:
    assert [beat.name for beat in scene(FILM, seq_q=256, seq_k=256).board][-2:] == ["program", "tiles"]


def test_without_room_for_the_tiles_there_is_no_such_beat() -> None:
    film = scene(FILM, block_m=256, block_n=128, head_dim=128, stages=1)
    assert [beat.name for beat in film.board][-1] == "scores"


@pytest.mark.parametrize(("text", "value"), [("> 1 TB", 1e12), ("228 KiB per SM", 228 * 1024), ("12.8 GB/s", 12.8e9), ("5 B", 5.0)])
def test_quoted_figures_are_read(text: str, value: float) -> None:
    assert bytes_of(text) == pytest.approx(value)


def test_what_has_no_unit_is_no_figure() -> None:
    with pytest.raises(ValueError, match="expected a figure with its unit, got '19'"):
        bytes_of("19")
